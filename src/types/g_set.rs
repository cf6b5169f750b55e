use alloc::collections::BTreeSet;
use alloc::collections::btree_set;
use core::borrow::Borrow;
use core::fmt;

use crate::store::{Draft, Edit, Editable, Pen, Plain};
use crate::{Crdt, Lattice};

/// A set that only grows.
///
/// # When replicas disagree
///
/// | one does | another does | both read |
/// |---|---|---|
/// | `insert(x)` | `insert(y)` | both are in |
/// | `insert(x)` | `insert(x)` | `x` is in, once |
///
/// # Writing
///
/// In a transaction of a [`Writer`](crate::Writer), through [`Edit`](crate::Edit): `insert(value)`,
/// `extend(values)`.
///
/// # Example
///
/// ```
/// use rejoin::{GSet, Lattice};
///
/// let mut here = GSet::from_iter(["a", "b"]);
/// let there = GSet::from_iter(["b", "c"]);
/// assert!(here.join(there.clone()));
/// assert!(!here.join(there));
/// assert!(here.iter().eq(&["a", "b", "c"]));
/// ```
///
/// # Cost
///
/// That of a `BTreeSet`, which it is. An insertion's delta is the element, or nothing if it was in.
///
/// # Not for
///
/// Sets from which something may have to be removed: take [`OrSet`](crate::OrSet) or
/// [`TwoPhaseSet`](crate::TwoPhaseSet).
///
/// # Where it comes from
///
/// The G-Set of Shapiro et al. (2011).
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct GSet<T> {
    pub(crate) members: BTreeSet<T>,
}

impl<T> GSet<T> {
    /// How many members there are.
    pub fn len(&self) -> usize {
        self.members.len()
    }

    /// Whether there are no members.
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// The members, in order.
    pub fn iter(&self) -> btree_set::Iter<'_, T> {
        self.members.iter()
    }
}

impl<T: Ord> GSet<T> {
    /// The empty set.
    pub fn new() -> Self {
        GSet::default()
    }

    /// Whether `value` is in the set. `O(log n)`.
    pub fn contains<Q: Ord + ?Sized>(&self, value: &Q) -> bool
    where
        T: Borrow<Q>,
    {
        self.members.contains(value)
    }

    /// Adds a member, and returns the delta: nothing, if it was in. `O(log n)`.
    pub fn insert(&mut self, value: T) -> Self
    where
        T: Clone,
    {
        if self.members.insert(value.clone()) { GSet::from_iter([value]) } else { GSet::default() }
    }
}

impl<T: Ord + Clone> Edit<'_, GSet<T>> {
    /// Adds a member. `O(log n)`.
    pub fn insert(&mut self, value: T) {
        // The change comes first, so that it has everything to undo, whichever comparison panics.
        if !self.state.contains(&value) {
            self.change.members.insert(value.clone());
            self.state.members.insert(value);
        }
    }
}

impl<T: Ord + Clone> Extend<T> for Edit<'_, GSet<T>> {
    fn extend<I: IntoIterator<Item = T>>(&mut self, values: I) {
        values.into_iter().for_each(|value| self.insert(value));
    }
}

impl<T: Ord + Clone> Editable for GSet<T> {
    type Change = Self;
    type Edit<'a>
        = Edit<'a, Self>
    where
        T: 'a;

    fn edit<'a>(&'a mut self, change: &'a mut Self, pen: &'a Pen<'a>) -> Edit<'a, Self> {
        Edit::new(self, change, pen)
    }
}

/// The members that were not there before.
impl<T: Ord> Draft<GSet<T>> for GSet<T> {
    fn outline(&self) -> Self {
        GSet::new()
    }

    fn swap(&mut self, outline: &mut Self) {
        core::mem::swap(self, outline);
    }

    fn undo(&mut self, set: &mut Self) {
        while let Some(value) = self.members.last() {
            set.members.remove(value);
            self.members.pop_last();
        }
    }
}

impl<T: Ord + Clone> Plain for GSet<T> {}

impl<T> Default for GSet<T> {
    fn default() -> Self {
        GSet { members: BTreeSet::new() }
    }
}

impl<T: Ord> Lattice for GSet<T> {
    fn join(&mut self, other: Self) -> bool {
        self.members.join(other.members)
    }
}

impl<T: Ord> Crdt for GSet<T> {
    type Delta = Self;

    fn apply(&mut self, delta: Self) -> bool {
        self.join(delta)
    }
}

impl<T: Ord> FromIterator<T> for GSet<T> {
    fn from_iter<I: IntoIterator<Item = T>>(values: I) -> Self {
        GSet { members: values.into_iter().collect() }
    }
}

impl<T: Ord> Extend<T> for GSet<T> {
    fn extend<I: IntoIterator<Item = T>>(&mut self, values: I) {
        self.members.extend(values);
    }
}

impl<T> IntoIterator for GSet<T> {
    type Item = T;
    type IntoIter = btree_set::IntoIter<T>;

    fn into_iter(self) -> Self::IntoIter {
        self.members.into_iter()
    }
}

impl<'a, T> IntoIterator for &'a GSet<T> {
    type Item = &'a T;
    type IntoIter = btree_set::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<T: fmt::Debug> fmt::Debug for GSet<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.members.fmt(f)
    }
}

#[cfg(feature = "serde")]
impl<T: serde::Serialize> serde::Serialize for GSet<T> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.members.serialize(serializer)
    }
}

#[cfg(feature = "serde")]
impl<'de, T: serde::Deserialize<'de> + Ord> serde::Deserialize<'de> for GSet<T> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        crate::sorted::set::deserialize(deserializer).map(|members| GSet { members })
    }
}
