use core::fmt;

use crate::store::{Dots, DotsChange, Edit, Newtype, Pen, Settling, Store};

/// A count that goes up and down, and can be reset or removed.
///
/// This is the counter for records and maps. For a single count that is never reset, the plain
/// [`PnCounter`](crate::PnCounter) is smaller.
///
/// # When replicas disagree
///
/// | one does | another does | both read |
/// |---|---|---|
/// | `add(m)` | `add(n)` | `m + n` more |
/// | `add(n)` | `reset()` | `n`: the reset takes away what it has seen, which `n` is not part of |
/// | `reset()` | `reset()` | 0 |
///
/// # Writing
///
/// In a transaction of a [`Writer`](crate::Writer), through [`Edit`](crate::Edit): `add(n)`, `reset()`.
///
/// # Example
///
/// ```
/// use rejoin::{Causal, Counter, Writer};
///
/// let mut a = Writer::<Causal<Counter>>::new();
/// a.edit(|visits| visits.add(100));
/// let mut b = a.fork();
///
/// a.edit(|visits| visits.reset());
/// b.edit(|visits| visits.add(1));
///
/// a.join_ref(b.state());
/// assert_eq!(a.get(), 1);
/// ```
///
/// # Cost
///
/// 16 bytes per transaction that added to it since the last reset; reading is `O(k)` for `k` of them. Those that are known
/// to be stable can be [settled](crate::Causal::settle), and are then one for each replica (a few more, if sums do not fit 64
/// bits). Where nobody settles, count in batches, or take a [`PnCounter`](crate::PnCounter).
///
/// The sum is an `i128`, which the most dots that there can be do not overflow.
///
/// As a value in a [`Map`](crate::Map), a counter is present as long as any increment survives, also if they sum to 0.
///
/// # Not for
///
/// Stock that must not fall below zero: take [`BoundedCounter`](crate::BoundedCounter).
///
/// # Where it comes from
///
/// Resettable counters after Weidner and Almeida, *Oblivious Observed-Reset Counters* (2022) and the counters of
/// Riak's maps, whose resets lose concurrent increments or bring back those that were reset; ours keep each
/// increment by its own dot, so neither happens.
#[derive(Clone, Default)]
pub struct Counter {
    increments: Dots<i64>,
}

impl Counter {
    /// The sum of all increments that no reset has seen. `O(k)` for `k` increments.
    pub fn get(&self) -> i128 {
        self.increments.values().map(|n| i128::from(*n)).sum()
    }
}

impl Edit<'_, Counter> {
    /// Adds to the count, or takes from it if `n` is negative; 0 does nothing.
    ///
    /// Several additions in one transaction are one event (two, should their sum not fit 64 bits).
    pub fn add(&mut self, n: i64) {
        if n != 0 {
            self.inner().add_or_combine(n, |a, b| a.checked_add(*b));
        }
    }

    /// Takes away all increments that this replica has seen; if there are none, nothing happens.
    pub fn reset(&mut self) {
        self.state.clear(self.change, self.pen);
    }
}

impl Newtype for Counter {
    type Inner = Dots<i64>;

    fn inner(&self) -> &Dots<i64> {
        &self.increments
    }

    fn inner_mut(&mut self) -> &mut Dots<i64> {
        &mut self.increments
    }

    fn into_inner(self) -> Dots<i64> {
        self.increments
    }

    fn settle_facts(&mut self, settling: &Settling) {
        self.increments.fold(settling, |a, b| a.checked_add(*b));
    }

    fn clear_facts(&mut self, change: &mut DotsChange<i64>, pen: &Pen<'_>) {
        self.increments.clear_folded(change, pen);
    }
}

impl PartialEq for Counter {
    fn eq(&self, other: &Self) -> bool {
        self.get() == other.get()
    }
}

impl Eq for Counter {}

impl fmt::Debug for Counter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Counter").field(&self.get()).finish()
    }
}
