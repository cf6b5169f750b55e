use core::fmt;

use crate::ReplicaId;

/// One event: the `counter`-th mutation by `replica`.
///
/// Counters begin at 1 and end at [`Dot::MAX_COUNTER`], about 17 million million; a dot beyond those bounds
/// cannot be built or decoded.
///
/// ```
/// use rejoin::{Dot, ReplicaId};
///
/// let a = ReplicaId::from_u128(1);
/// let first = Dot::new(a, 1).unwrap();
/// assert_eq!(first.replica(), a);
/// assert_eq!(first.counter(), 1);
/// assert_eq!(Dot::new(a, 0), None);
/// assert_eq!(Dot::new(a, Dot::MAX_COUNTER + 1), None);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Dot {
    replica: ReplicaId,
    counter: u64,
}

impl Dot {
    /// The greatest counter a dot can have: 2⁴⁴ − 1.
    pub const MAX_COUNTER: u64 = (1 << 44) - 1;

    /// The `counter`-th event of `replica`; `None` if the counter is 0 or beyond [`MAX_COUNTER`](Self::MAX_COUNTER).
    pub const fn new(replica: ReplicaId, counter: u64) -> Option<Self> {
        if counter == 0 || counter > Self::MAX_COUNTER { None } else { Some(Dot { replica, counter }) }
    }

    /// A dot whose counter is known to be in bounds.
    pub(crate) fn trusted(replica: ReplicaId, counter: u64) -> Self {
        debug_assert!((1..=Self::MAX_COUNTER).contains(&counter), "dot counter {counter} out of bounds");
        Dot { replica, counter }
    }

    /// Who did it.
    pub const fn replica(self) -> ReplicaId {
        self.replica
    }

    /// The how-manieth event of its replica it is.
    pub const fn counter(self) -> u64 {
        self.counter
    }
}

impl fmt::Display for Dot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.replica, self.counter)
    }
}

impl fmt::Debug for Dot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for Dot {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (self.replica, self.counter).serialize(serializer)
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for Dot {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (replica, counter) = <(ReplicaId, u64)>::deserialize(deserializer)?;
        Dot::new(replica, counter)
            .ok_or_else(|| serde::de::Error::custom(format_args!("no event has the counter {counter}")))
    }
}
