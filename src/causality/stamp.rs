use core::fmt;

use crate::ReplicaId;

/// A moment at a replica, as told by a [`HybridClock`](crate::HybridClock).
///
/// Stamps are totally ordered, by time and then by the whole replica id, so two replicas never disagree about
/// which of two stamps is the greater. Time is milliseconds since the Unix epoch with a 16-bit fraction that
/// counts the stamps within one millisecond; when a millisecond has had 65,536 stamps, the next ones borrow from
/// the following millisecond.
///
/// The greatest time cannot be represented, so there is always a time to compare with that is greater still.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Stamp {
    ticks: u64,
    replica: ReplicaId,
}

/// Bits below the millisecond.
pub(super) const FRACTION_BITS: u32 = 16;

impl Stamp {
    /// The greatest time a stamp can have.
    pub const MAX_TICKS: u64 = u64::MAX - 1;

    /// The stamp at `ticks`, that is milliseconds × 2¹⁶ and a fraction; `None` beyond [`MAX_TICKS`](Self::MAX_TICKS).
    pub const fn new(ticks: u64, replica: ReplicaId) -> Option<Self> {
        if ticks > Self::MAX_TICKS { None } else { Some(Stamp { ticks, replica }) }
    }

    /// Milliseconds since the Unix epoch, times 2¹⁶, and the fraction.
    pub const fn ticks(self) -> u64 {
        self.ticks
    }

    /// Milliseconds since the Unix epoch.
    pub const fn millis(self) -> u64 {
        self.ticks >> FRACTION_BITS
    }

    /// Whose clock told it.
    pub const fn replica(self) -> ReplicaId {
        self.replica
    }
}

impl fmt::Debug for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fraction = self.ticks & ((1 << FRACTION_BITS) - 1);
        write!(f, "{}ms+{fraction}@{}", self.millis(), self.replica)
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for Stamp {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (self.ticks, self.replica).serialize(serializer)
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for Stamp {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (ticks, replica) = <(u64, ReplicaId)>::deserialize(deserializer)?;
        Stamp::new(ticks, replica).ok_or_else(|| serde::de::Error::custom("a stamp's time is out of bounds"))
    }
}
