use core::fmt;

use crate::ReplicaId;

/// A moment at a replica, as told by a [`HybridClock`](crate::HybridClock).
///
/// Stamps are totally ordered, by time and then by the whole replica id, so two replicas never disagree about
/// which of two stamps is the greater. Time is milliseconds since the Unix epoch with a 16-bit fraction that
/// counts the stamps within one millisecond; when a millisecond has had 65,536 stamps, the next ones borrow from
/// the following millisecond.
///
/// The greatest 64-bit number is not a time, so adding one to a time never overflows.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Stamp {
    time: Ticks,
    replica: ReplicaId,
}

/// The time of a [`Stamp`]: milliseconds since the Unix epoch, times 2¹⁶, and a fraction.
///
/// In serde a pair of milliseconds and fraction, neither of which is too large for JSON's numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticks(u64);

impl Ticks {
    /// The greatest time there is.
    pub const MAX: Ticks = Ticks(u64::MAX - 1);

    const FRACTION_BITS: u32 = 16;

    /// The time of so many ticks; `None` beyond [`MAX`](Self::MAX).
    pub const fn new(ticks: u64) -> Option<Self> {
        if ticks > Self::MAX.0 { None } else { Some(Ticks(ticks)) }
    }

    /// The first tick of a millisecond, or the greatest time if that is past it.
    pub const fn at_millis(millis: u64) -> Self {
        if millis > Self::MAX.millis() { Self::MAX } else { Ticks(millis << Self::FRACTION_BITS) }
    }

    /// The time at a fraction of a millisecond; `None` if there is no such time.
    pub(crate) const fn of_parts(millis: u64, fraction: u64) -> Option<Self> {
        let in_bounds = millis <= Self::MAX.millis() && fraction >> Self::FRACTION_BITS == 0;
        if in_bounds { Self::new(millis << Self::FRACTION_BITS | fraction) } else { None }
    }

    /// The ticks.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// Milliseconds since the Unix epoch.
    pub const fn millis(self) -> u64 {
        self.0 >> Self::FRACTION_BITS
    }

    /// How many ticks past the millisecond it is.
    pub const fn fraction(self) -> u64 {
        self.0 & ((1 << Self::FRACTION_BITS) - 1)
    }

    /// The next tick; `None` after the greatest time.
    pub const fn next(self) -> Option<Self> {
        Self::new(self.0 + 1)
    }
}

impl Stamp {
    /// The stamp of `replica` at `time`.
    pub const fn new(time: Ticks, replica: ReplicaId) -> Self {
        Stamp { time, replica }
    }

    /// When it was.
    pub const fn time(self) -> Ticks {
        self.time
    }

    /// When it was, in milliseconds since the Unix epoch.
    pub const fn millis(self) -> u64 {
        self.time.millis()
    }

    /// Whose clock told it.
    pub const fn replica(self) -> ReplicaId {
        self.replica
    }
}

impl fmt::Debug for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}ms+{}@{}", self.time.millis(), self.time.fraction(), self.replica)
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for Stamp {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (self.time, self.replica).serialize(serializer)
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for Stamp {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        <(Ticks, ReplicaId)>::deserialize(deserializer).map(|(time, replica)| Stamp { time, replica })
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for Ticks {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (self.millis(), self.fraction()).serialize(serializer)
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for Ticks {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (millis, fraction) = <(u64, u64)>::deserialize(deserializer)?;
        Ticks::of_parts(millis, fraction)
            .ok_or_else(|| serde::de::Error::custom("the time of a stamp is out of bounds"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn milliseconds_beyond_the_last_are_the_greatest_time_and_not_the_least() {
        let last = Ticks::MAX.millis();
        assert_eq!(Ticks::at_millis(last + 1), Ticks::MAX);
        assert_eq!(Ticks::at_millis(u64::MAX), Ticks::MAX);
        assert_eq!((Ticks::at_millis(last).millis(), Ticks::at_millis(last).fraction()), (last, 0));
    }

    #[test]
    fn a_time_is_what_it_was_made_of() {
        for ticks in [0, 1, 65_535, 65_536, u64::MAX - 1] {
            assert_eq!(Ticks::new(ticks).map(Ticks::get), Some(ticks));
        }
    }
}
