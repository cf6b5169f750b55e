use alloc::collections::BTreeMap;
use core::fmt;

use crate::lattice::join_counts;
use crate::store::{Edit, Editable, KeptPart, Partial, Pen, Plain};
use crate::{Crdt, Lattice, ReplicaId};

/// A count that only goes up.
///
/// # When replicas disagree
///
/// | one does | another does | both read |
/// |---|---|---|
/// | `increment(m)` | `increment(n)` | `m + n` more |
///
/// # Writing
///
/// In a transaction of a [`Writer`](crate::Writer), through [`Edit`](crate::Edit): `increment(n)`.
///
/// # Example
///
/// ```
/// use rejoin::{GCounter, Writer};
///
/// let mut a = Writer::<GCounter>::new();
/// let mut b = Writer::<GCounter>::new();
/// let from_a = a.try_edit(|likes| likes.increment(2))?;
/// let from_b = b.try_edit(|likes| likes.increment(3))?;
///
/// a.apply(from_b.clone());
/// a.apply(from_b); // twice is once
/// b.apply(from_a);
/// assert_eq!(a.get(), 5);
/// assert_eq!(a.state(), b.state());
/// # Ok::<(), rejoin::EditError<rejoin::Overflow>>(())
/// ```
///
/// # Cost
///
/// 24 bytes per replica that ever counted. Incrementing is `O(log r)`, reading `O(r)`. The delta is one entry.
///
/// # Not for
///
/// Counts that go down, take a [`PnCounter`](crate::PnCounter); that are reset or removed, a
/// [`Counter`](crate::Counter); ids: two replicas may read the same number.
///
/// # Where it comes from
///
/// The G-Counter of Shapiro et al. (2011). Ours reads as `u128`, which no sum of `u64` shares overflows.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct GCounter {
    /// What each replica has counted; never 0.
    pub(crate) shares: BTreeMap<ReplicaId, u64>,
}

impl GCounter {
    /// A counter at 0.
    pub fn new() -> Self {
        GCounter::default()
    }

    /// The count. `O(r)`.
    pub fn get(&self) -> u128 {
        self.shares.values().map(|n| u128::from(*n)).sum()
    }

    /// What `replica` has counted.
    pub fn share(&self, replica: ReplicaId) -> u64 {
        self.shares.get(&replica).copied().unwrap_or(0)
    }

    /// Counts `n` for `replica`, and returns the delta.
    ///
    /// This is what a [`Writer`](crate::Writer) does for the replica that it owns. Two hands must not count for
    /// one replica.
    ///
    /// # Errors
    ///
    /// [`Overflow`] if the share of the replica would pass `u64::MAX`; nothing has changed.
    pub fn increment(&mut self, replica: ReplicaId, n: u64) -> Result<Self, Overflow> {
        let mut delta = GCounter::new();
        if n > 0 {
            let share = self.share(replica).checked_add(n).ok_or(Overflow)?;
            self.shares.insert(replica, share);
            delta.shares.insert(replica, share);
        }
        Ok(delta)
    }
}

/// A replica's share of a counter cannot take that much more. Nothing was counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Overflow;

impl fmt::Display for Overflow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the replica's share of the counter would pass its end; nothing was counted")
    }
}

impl core::error::Error for Overflow {}

impl Edit<'_, GCounter> {
    /// Counts `n`.
    ///
    /// # Errors
    ///
    /// [`Overflow`] if the share of this replica would pass `u64::MAX`; nothing has changed.
    pub fn increment(&mut self, n: u64) -> Result<(), Overflow> {
        let replica = self.pen.replica();
        self.change.before().get_or_insert((replica, self.state.share(replica)));
        let delta = self.state.increment(replica, n)?;
        self.change.join(delta);
        Ok(())
    }
}

impl Editable for GCounter {
    type Change = KeptPart<Self>;
    type Edit<'a> = Edit<'a, Self>;

    fn edit<'a>(&'a mut self, change: &'a mut Self::Change, pen: &'a Pen<'a>) -> Edit<'a, Self> {
        Edit::new(self, change, pen)
    }
}

impl Partial for GCounter {
    /// The share of the writer.
    type Part = Option<(ReplicaId, u64)>;

    fn put_back(&mut self, part: Self::Part) {
        match part {
            Some((replica, 0)) => drop(self.shares.remove(&replica)),
            Some((replica, share)) => drop(self.shares.insert(replica, share)),
            None => {}
        }
    }
}

impl Plain for GCounter {
    fn made_by(&self, replica: ReplicaId) -> u128 {
        self.share(replica).into()
    }
}

impl Lattice for GCounter {
    fn join(&mut self, other: Self) -> bool {
        join_counts(&mut self.shares, other.shares)
    }
}

impl Crdt for GCounter {
    type Delta = Self;

    fn apply(&mut self, delta: Self) -> bool {
        self.join(delta)
    }
}

impl fmt::Debug for GCounter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("GCounter").field(&self.shares).finish()
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for GCounter {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        crate::sorted::pairs::serialize(&self.shares, serializer)
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for GCounter {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let shares = crate::sorted::pairs::deserialize_each(deserializer, |share: u64| {
            if share == 0 { Err("a share counts nothing") } else { Ok(share) }
        })?;
        Ok(GCounter { shares: shares.into_iter().collect() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: ReplicaId = ReplicaId::from_u128(1);
    const B: ReplicaId = ReplicaId::from_u128(2);

    #[test]
    fn the_last_increments_are_checked_and_the_sum_is_wide() {
        let mut counter = GCounter::new();
        counter.increment(A, u64::MAX - 1).unwrap();
        counter.increment(A, 1).unwrap();
        assert_eq!(counter.increment(A, 1), Err(Overflow));
        assert_eq!(counter.increment(A, 0), Ok(GCounter::new()));
        counter.increment(B, u64::MAX).unwrap();
        assert_eq!(counter.get(), 2 * u128::from(u64::MAX));
    }
}
