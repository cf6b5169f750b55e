use core::cmp::Ordering;
use core::fmt;
use core::str::FromStr;

use uuid::Uuid;

/// One incarnation of one writer: a UUID.
///
/// An id in two hands at once breaks every CRDT, so ids are random by default and owned by a
/// [`Writer`](crate::Writer), which is not `Clone`. `ReplicaId` itself is an ordinary value: naming a replica
/// is harmless, writing in its name is not.
///
/// ```
/// use rejoin::ReplicaId;
///
/// let id = ReplicaId::from_u128(7);
/// assert_eq!(id.to_string(), "00000000-0000-0000-0000-000000000007");
/// assert_eq!(id.to_string().parse(), Ok(id));
/// assert_ne!(ReplicaId::random(), ReplicaId::random());
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
pub struct ReplicaId(Uuid);

impl ReplicaId {
    /// A fresh id from the system's source of randomness.
    #[cfg(feature = "std")]
    pub fn random() -> Self {
        ReplicaId(Uuid::new_v4())
    }

    /// The id with the given bits. Nothing checks that it is unique: see [`random`](Self::random).
    pub const fn from_u128(bits: u128) -> Self {
        ReplicaId(Uuid::from_u128(bits))
    }

    /// The bits of the id.
    pub const fn as_u128(self) -> u128 {
        self.0.as_u128()
    }
}

/// As the bytes are ordered; as numbers they are compared without a loop.
impl Ord for ReplicaId {
    #[inline]
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_u128().cmp(&other.as_u128())
    }
}

impl PartialOrd for ReplicaId {
    #[inline]
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl From<Uuid> for ReplicaId {
    fn from(uuid: Uuid) -> Self {
        ReplicaId(uuid)
    }
}

impl From<ReplicaId> for Uuid {
    fn from(id: ReplicaId) -> Self {
        id.0
    }
}

impl FromStr for ReplicaId {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(ReplicaId)
    }
}

impl fmt::Display for ReplicaId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for ReplicaId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}
