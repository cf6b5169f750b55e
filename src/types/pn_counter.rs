use alloc::collections::BTreeMap;
use core::fmt;

use crate::store::{Edit, Editable, KeptPart, Partial, Pen, Plain};
use crate::{Crdt, Lattice, Overflow, ReplicaId};

/// A count that goes up and down.
///
/// # When replicas disagree
///
/// | one does | another does | both read |
/// |---|---|---|
/// | `add(m)` | `add(n)` | `m + n` more |
/// | `add(m)` | `subtract(n)` | `m - n` more |
///
/// # Writing
///
/// In a transaction of a [`Writer`](crate::Writer), through [`Edit`](crate::Edit): `add(n)`, `subtract(n)`.
///
/// # Example
///
/// ```
/// use rejoin::{PnCounter, Writer};
///
/// let mut a = Writer::<PnCounter>::new();
/// let mut b = Writer::<PnCounter>::new();
/// let from_a = a.try_edit(|balance| balance.add(2))?;
/// let from_b = b.try_edit(|balance| balance.subtract(5))?;
///
/// a.apply(from_b);
/// b.apply(from_a);
/// assert_eq!(a.get(), -3);
/// assert_eq!(a.state(), b.state());
/// # Ok::<(), rejoin::EditError<rejoin::Overflow>>(())
/// ```
///
/// # Cost
///
/// 32 bytes per replica that ever counted. Counting is `O(log r)`, reading `O(r)`. The delta is one entry.
///
/// # Not for
///
/// Stock that must not fall below zero: take [`BoundedCounter`](crate::BoundedCounter). Counts that are reset or
/// removed: take [`Counter`](crate::Counter).
///
/// # Where it comes from
///
/// The PN-Counter of Shapiro et al. (2011). Ours reads as `i128`, which no sum of shares overflows.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct PnCounter {
    /// What each replica has added and subtracted; not both 0.
    pub(crate) shares: BTreeMap<ReplicaId, (u64, u64)>,
}

impl PnCounter {
    /// A counter at 0.
    pub fn new() -> Self {
        PnCounter::default()
    }

    /// The count. `O(r)`.
    pub fn get(&self) -> i128 {
        self.shares.values().map(|(added, subtracted)| i128::from(*added) - i128::from(*subtracted)).sum()
    }

    /// What `replica` has added and subtracted.
    pub fn share(&self, replica: ReplicaId) -> (u64, u64) {
        self.shares.get(&replica).copied().unwrap_or_default()
    }

    /// Adds `n` for `replica`, and returns the delta.
    ///
    /// This is what a [`Writer`](crate::Writer) does for the replica that it owns. Two hands must not count for
    /// one replica.
    ///
    /// # Errors
    ///
    /// [`Overflow`] if what the replica has added would pass `u64::MAX`; nothing has changed.
    pub fn add(&mut self, replica: ReplicaId, n: u64) -> Result<Self, Overflow> {
        let (added, subtracted) = self.share(replica);
        Ok(self.set(replica, (added.checked_add(n).ok_or(Overflow)?, subtracted), n))
    }

    /// Subtracts `n` for `replica`, and returns the delta.
    ///
    /// # Errors
    ///
    /// [`Overflow`] if what the replica has subtracted would pass `u64::MAX`; nothing has changed.
    pub fn subtract(&mut self, replica: ReplicaId, n: u64) -> Result<Self, Overflow> {
        let (added, subtracted) = self.share(replica);
        Ok(self.set(replica, (added, subtracted.checked_add(n).ok_or(Overflow)?), n))
    }

    /// Sets the share of `replica` after a change by `n`, and returns the delta.
    fn set(&mut self, replica: ReplicaId, share: (u64, u64), n: u64) -> Self {
        let mut delta = PnCounter::new();
        if n > 0 {
            self.shares.insert(replica, share);
            delta.shares.insert(replica, share);
        }
        delta
    }
}

impl Edit<'_, PnCounter> {
    /// Adds `n`.
    ///
    /// # Errors
    ///
    /// [`Overflow`] if what this replica has added would pass `u64::MAX`; nothing has changed.
    pub fn add(&mut self, n: u64) -> Result<(), Overflow> {
        let replica = self.pen.replica();
        self.change.before().get_or_insert((replica, self.state.share(replica)));
        let delta = self.state.add(replica, n)?;
        self.change.join(delta);
        Ok(())
    }

    /// Subtracts `n`.
    ///
    /// # Errors
    ///
    /// [`Overflow`] if what this replica has subtracted would pass `u64::MAX`; nothing has changed.
    pub fn subtract(&mut self, n: u64) -> Result<(), Overflow> {
        let replica = self.pen.replica();
        self.change.before().get_or_insert((replica, self.state.share(replica)));
        let delta = self.state.subtract(replica, n)?;
        self.change.join(delta);
        Ok(())
    }
}

impl Editable for PnCounter {
    type Change = KeptPart<Self>;
    type Edit<'a> = Edit<'a, Self>;

    fn edit<'a>(&'a mut self, change: &'a mut Self::Change, pen: &'a Pen<'a>) -> Edit<'a, Self> {
        Edit::new(self, change, pen)
    }
}

impl Partial for PnCounter {
    /// The share of the writer.
    type Part = Option<(ReplicaId, (u64, u64))>;

    fn put_back(&mut self, part: Self::Part) {
        match part {
            Some((replica, (0, 0))) => drop(self.shares.remove(&replica)),
            Some((replica, share)) => drop(self.shares.insert(replica, share)),
            None => {}
        }
    }
}

impl Plain for PnCounter {
    fn made_by(&self, replica: ReplicaId) -> u128 {
        let (added, subtracted) = self.share(replica);
        u128::from(added) + u128::from(subtracted)
    }
}

impl Lattice for PnCounter {
    fn join(&mut self, other: Self) -> bool {
        other.shares.into_iter().fold(false, |grew, (replica, theirs)| {
            let mine = self.shares.entry(replica).or_insert((0, 0));
            let both = (mine.0.max(theirs.0), mine.1.max(theirs.1));
            let news = both != *mine;
            *mine = both;
            news | grew
        })
    }
}

impl Crdt for PnCounter {
    type Delta = Self;

    fn apply(&mut self, delta: Self) -> bool {
        self.join(delta)
    }
}

impl fmt::Debug for PnCounter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PnCounter").field(&self.shares).finish()
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for PnCounter {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        crate::sorted::pairs::serialize(&self.shares, serializer)
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for PnCounter {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let shares = crate::sorted::pairs::deserialize_each(deserializer, |share: (u64, u64)| {
            if share == (0, 0) { Err("a share counts nothing") } else { Ok(share) }
        })?;
        Ok(PnCounter { shares: shares.into_iter().collect() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ends_are_checked_and_the_sum_is_wide() {
        let (a, b) = (ReplicaId::from_u128(1), ReplicaId::from_u128(2));
        let mut counter = PnCounter::new();
        counter.subtract(a, u64::MAX).unwrap();
        counter.subtract(b, u64::MAX).unwrap();
        assert_eq!(counter.subtract(a, 1), Err(Overflow));
        assert_eq!(counter.get(), -2 * i128::from(u64::MAX));
        counter.add(a, u64::MAX).unwrap();
        assert_eq!(counter.add(a, 1), Err(Overflow));
        assert_eq!(counter.get(), -i128::from(u64::MAX));
    }
}
