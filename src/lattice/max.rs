use crate::{Crdt, Lattice};

/// The greatest value ever offered.
///
/// # When replicas disagree
///
/// | one does | another does | both read |
/// |---|---|---|
/// | `offer(3)` | `offer(5)` | 5 |
/// | `offer(5)` | `offer(5)` | 5 |
///
/// # Writing
///
/// In a transaction of a [`Writer`](crate::Writer), through [`Edit`](crate::Edit): `offer(value)`.
///
/// # Example
///
/// ```
/// use rejoin::{Max, Writer};
///
/// let mut a = Writer::<Max<u32>>::new();
/// let mut b = Writer::<Max<u32>>::new();
/// let from_a = a.edit(|score| score.offer(70));
/// let from_b = b.edit(|score| score.offer(90));
///
/// a.apply(from_b);
/// b.apply(from_a);
/// assert_eq!(a.get(), Some(&90));
/// assert_eq!(a.state(), b.state());
/// ```
///
/// # Cost
///
/// One value. It does not grow.
///
/// # Not for
///
/// A value that may go down again: take an [`MvRegister`](crate::MvRegister) or an
/// [`LwwRegister`](crate::LwwRegister).
///
/// # Where it comes from
///
/// The textbook join semilattice of a total order. Ours has a bottom for every `T`, by way of an option.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Max<T>(
    #[cfg_attr(
        feature = "serde",
        serde(
            with = "crate::sorted::none_or_one",
            bound(serialize = "T: serde::Serialize", deserialize = "T: serde::Deserialize<'de>")
        )
    )]
    pub(crate) Option<T>,
);

impl<T: Ord> Max<T> {
    /// A value that has been offered `value` and nothing else.
    pub fn new(value: T) -> Self {
        Max(Some(value))
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
        let delta = Max(Some(value));
        if self.join(delta.clone()) { delta } else { Max::default() }
    }
}

impl<T> Default for Max<T> {
    fn default() -> Self {
        Max(None)
    }
}

impl<T: Ord> Lattice for Max<T> {
    fn join(&mut self, other: Self) -> bool {
        let wins = match (&self.0, &other.0) {
            (_, None) => false,
            (None, Some(_)) => true,
            (Some(mine), Some(theirs)) => theirs > mine,
        };
        if wins {
            *self = other;
        }
        wins
    }
}

impl<T: Ord> Crdt for Max<T> {
    type Delta = Self;

    fn apply(&mut self, delta: Self) -> bool {
        self.join(delta)
    }
}

impl<T> From<T> for Max<T> {
    fn from(value: T) -> Self {
        Max(Some(value))
    }
}

impl<T: Ord> FromIterator<T> for Max<T> {
    fn from_iter<I: IntoIterator<Item = T>>(values: I) -> Self {
        let mut result = Max::default();
        result.extend(values);
        result
    }
}

impl<T: Ord> Extend<T> for Max<T> {
    fn extend<I: IntoIterator<Item = T>>(&mut self, values: I) {
        for value in values {
            self.join(Max(Some(value)));
        }
    }
}
