use core::cmp::Ordering;

use crate::{Crdt, Lattice};

/// The least value ever offered.
///
/// # When replicas disagree
///
/// | one does | another does | both read |
/// |---|---|---|
/// | `offer(3)` | `offer(5)` | 3 |
/// | `offer(5)` | `offer(5)` | 5 |
///
/// # Writing
///
/// In a transaction of a [`Writer`](crate::Writer), through [`Edit`](crate::Edit): `offer(value)`.
///
/// # Example
///
/// ```
/// use rejoin::{Lattice, Min};
///
/// let mut first_seen = Min::new(1_700_000_300_u64);
/// let elsewhere = Min::new(1_700_000_100);
/// first_seen.join(elsewhere);
/// assert_eq!(first_seen.get(), Some(&1_700_000_100));
/// ```
///
/// # Cost
///
/// One value. It does not grow.
///
/// # Not for
///
/// A value that may go up again: take an [`MvRegister`](crate::MvRegister) or an
/// [`LwwRegister`](crate::LwwRegister).
///
/// # Where it comes from
///
/// [`Max`](crate::Max) over the reversed order, with the same bottom: nothing offered yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Min<T>(
    #[cfg_attr(
        feature = "serde",
        serde(
            with = "crate::sorted::none_or_one",
            bound(serialize = "T: serde::Serialize", deserialize = "T: serde::Deserialize<'de>")
        )
    )]
    pub(crate) Option<T>,
);

impl<T: Ord> Min<T> {
    /// A value that has been offered `value` and nothing else.
    pub fn new(value: T) -> Self {
        Min(Some(value))
    }

    /// What has won so far; `None` if nothing was ever offered.
    pub fn get(&self) -> Option<&T> {
        self.0.as_ref()
    }

    /// What has won so far, by value.
    pub fn into_inner(self) -> Option<T> {
        self.0
    }

    /// Offers a value, and returns the delta: bottom if it does not win.
    pub fn offer(&mut self, value: T) -> Self
    where
        T: Clone,
    {
        let delta = Min(Some(value));
        if self.join(delta.clone()) { delta } else { Min::default() }
    }
}

impl<T> Default for Min<T> {
    fn default() -> Self {
        Min(None)
    }
}

impl<T: Ord> Lattice for Min<T> {
    fn join(&mut self, other: Self) -> bool {
        let wins = match (&self.0, &other.0) {
            (_, None) => false,
            (None, Some(_)) => true,
            (Some(mine), Some(theirs)) => theirs < mine,
        };
        if wins {
            *self = other;
        }
        wins
    }
}

impl<T: Ord> Crdt for Min<T> {
    type Delta = Self;

    fn apply(&mut self, delta: Self) -> bool {
        self.join(delta)
    }
}

impl<T> From<T> for Min<T> {
    fn from(value: T) -> Self {
        Min(Some(value))
    }
}

impl<T: Ord> FromIterator<T> for Min<T> {
    fn from_iter<I: IntoIterator<Item = T>>(values: I) -> Self {
        let mut result = Min::default();
        result.extend(values);
        result
    }
}

impl<T: Ord> Extend<T> for Min<T> {
    fn extend<I: IntoIterator<Item = T>>(&mut self, values: I) {
        for value in values {
            self.join(Min(Some(value)));
        }
    }
}

/// The order of the lattice: less is more, and nothing offered is the bottom.
impl<T: Ord> Ord for Min<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        match (&self.0, &other.0) {
            (Some(mine), Some(theirs)) => theirs.cmp(mine),
            (mine, theirs) => mine.is_some().cmp(&theirs.is_some()),
        }
    }
}

impl<T: Ord> PartialOrd for Min<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
