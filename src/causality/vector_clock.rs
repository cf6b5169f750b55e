use alloc::collections::BTreeMap;
use core::cmp::Ordering;
use core::fmt;

use crate::lattice::join_counts;
use crate::{Crdt, Lattice, ReplicaId};

/// An ordinary vector clock: how many events of each replica have been seen.
///
/// The partial order tells before (`<`), after (`>`), equal, and [concurrent](Self::is_concurrent_with)
/// (neither). The types of this crate do not use it: they keep a [`Version`](crate::Version), which also knows
/// gaps. It is here for protocols of your own that have causal order.
///
/// ```
/// use rejoin::{Lattice, ReplicaId, VectorClock};
///
/// let (a, b) = (ReplicaId::from_u128(1), ReplicaId::from_u128(2));
/// let mut at_a = VectorClock::new();
/// at_a.increment(a).unwrap();
/// let mut at_b = at_a.clone();
/// at_b.increment(b).unwrap();
/// assert!(at_a < at_b);
///
/// at_a.increment(a).unwrap();
/// assert!(at_a.is_concurrent_with(&at_b));
/// at_a.join(at_b);
/// assert_eq!(at_a.get(a), 2);
/// assert_eq!(at_a.get(b), 1);
/// ```
///
/// # Where it comes from
///
/// Fidge (1988) and Mattern (1989).
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct VectorClock {
    /// No count is 0: a replica of which nothing was seen has no entry.
    pub(crate) counts: BTreeMap<ReplicaId, u64>,
}

impl VectorClock {
    /// The clock before the first event.
    pub fn new() -> Self {
        VectorClock::default()
    }

    /// How many events of `replica` have been seen.
    pub fn get(&self, replica: ReplicaId) -> u64 {
        self.counts.get(&replica).copied().unwrap_or(0)
    }

    /// Counts one more event of `replica`, and returns the new count; `None`, and no change, if there is none
    /// beyond `u64::MAX`.
    pub fn increment(&mut self, replica: ReplicaId) -> Option<u64> {
        let next = self.get(replica).checked_add(1)?;
        self.counts.insert(replica, next);
        Some(next)
    }

    /// Whether neither clock has seen all that the other has.
    pub fn is_concurrent_with(&self, other: &Self) -> bool {
        self.partial_cmp(other).is_none()
    }

    /// The counts that are not 0, by replica.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (ReplicaId, u64)> + '_ {
        self.counts.iter().map(|(replica, count)| (*replica, *count))
    }

    fn covers(&self, other: &Self) -> bool {
        other.iter().all(|(replica, count)| self.get(replica) >= count)
    }
}

impl PartialOrd for VectorClock {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        match (self.covers(other), other.covers(self)) {
            (true, true) => Some(Ordering::Equal),
            (true, false) => Some(Ordering::Greater),
            (false, true) => Some(Ordering::Less),
            (false, false) => None,
        }
    }
}

impl Lattice for VectorClock {
    fn join(&mut self, other: Self) -> bool {
        join_counts(&mut self.counts, other.counts)
    }
}

impl Crdt for VectorClock {
    type Delta = Self;

    fn apply(&mut self, delta: Self) -> bool {
        self.join(delta)
    }
}

/// Of several counts for one replica the greatest is taken.
impl FromIterator<(ReplicaId, u64)> for VectorClock {
    fn from_iter<I: IntoIterator<Item = (ReplicaId, u64)>>(counts: I) -> Self {
        let mut clock = VectorClock::new();
        clock.extend(counts);
        clock
    }
}

/// Of several counts for one replica the greatest is taken.
impl Extend<(ReplicaId, u64)> for VectorClock {
    fn extend<I: IntoIterator<Item = (ReplicaId, u64)>>(&mut self, counts: I) {
        join_counts(&mut self.counts, counts.into_iter().filter(|(_, count)| *count > 0));
    }
}

impl fmt::Debug for VectorClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for VectorClock {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        crate::sorted::pairs::serialize(&self.counts, serializer)
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for VectorClock {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let counts = crate::sorted::pairs::deserialize_each(deserializer, |count: u64| {
            if count == 0 { Err("a vector clock has no entry that counts nothing") } else { Ok(count) }
        })?;
        Ok(VectorClock { counts: counts.into_iter().collect() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_count_is_not_passed() {
        let a = ReplicaId::from_u128(1);
        let mut clock = VectorClock::from_iter([(a, u64::MAX)]);
        assert_eq!(clock.increment(a), None);
        assert_eq!(clock.get(a), u64::MAX);
    }

    #[test]
    fn counting_nothing_leaves_no_trace() {
        let a = ReplicaId::from_u128(1);
        assert_eq!(VectorClock::from_iter([(a, 0)]), VectorClock::new());
    }
}
