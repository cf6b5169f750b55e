use alloc::collections::BTreeSet;
use alloc::collections::btree_set;
use core::borrow::Borrow;
use core::fmt;

use crate::store::{Draft, Edit, Editable, Pen, Plain};
use crate::{Crdt, Lattice};

/// A set whose members can be removed once, and never come back.
///
/// # When replicas disagree
///
/// | one does | another does | both read |
/// |---|---|---|
/// | `insert(x)` | `remove(x)`, where `x` was in | `x` is out, for ever |
/// | `insert(x)` | `insert(y)` | both are in |
/// | `remove(x)` | `remove(x)` | `x` is out, for ever |
///
/// Inserting what was removed, and removing what is not in, does nothing.
///
/// # Writing
///
/// In a transaction of a [`Writer`](crate::Writer), through [`Edit`](crate::Edit): `insert(value)`,
/// `remove(&value)`, `extend(values)`.
///
/// # Example
///
/// ```
/// use rejoin::{TwoPhaseSet, Writer};
///
/// let mut a = Writer::<TwoPhaseSet<&str>>::new();
/// a.edit(|tickets| tickets.extend(["t1", "t2"]));
/// let mut b = a.fork();
///
/// let used = a.edit(|tickets| tickets.remove("t1"));
/// b.edit(|tickets| tickets.insert("t1"));
/// b.apply(used);
/// assert!(!b.contains("t1"));
///
/// b.edit(|tickets| tickets.insert("t1"));
/// assert!(!b.contains("t1")); // no second use
/// ```
///
/// # Cost
///
/// That of two `BTreeSet`s: removed members are kept for ever.
///
/// # Not for
///
/// Sets whose members come and go: take [`OrSet`](crate::OrSet).
///
/// # Where it comes from
///
/// The 2P-Set of Shapiro et al. (2011). Ours drops a member from the live set when it enters the removed one.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct TwoPhaseSet<T> {
    /// No value is in both sets.
    pub(crate) live: BTreeSet<T>,
    pub(crate) removed: BTreeSet<T>,
}

impl<T> TwoPhaseSet<T> {
    /// How many members there are.
    pub fn len(&self) -> usize {
        self.live.len()
    }

    /// Whether there are no members.
    pub fn is_empty(&self) -> bool {
        self.live.is_empty()
    }

    /// The members, in order.
    pub fn iter(&self) -> btree_set::Iter<'_, T> {
        self.live.iter()
    }

    /// What was removed, in order.
    pub fn removed(&self) -> btree_set::Iter<'_, T> {
        self.removed.iter()
    }
}

impl<T: Ord> TwoPhaseSet<T> {
    /// The empty set.
    pub fn new() -> Self {
        TwoPhaseSet::default()
    }

    /// Whether `value` is in the set. `O(log n)`.
    pub fn contains<Q: Ord + ?Sized>(&self, value: &Q) -> bool
    where
        T: Borrow<Q>,
    {
        self.live.contains(value)
    }

    /// Whether `value` was removed, and will never be in again. `O(log n)`.
    pub fn was_removed<Q: Ord + ?Sized>(&self, value: &Q) -> bool
    where
        T: Borrow<Q>,
    {
        self.removed.contains(value)
    }

    /// Adds a member, unless it was removed before, and returns the delta. `O(log n)`.
    pub fn insert(&mut self, value: T) -> Self
    where
        T: Clone,
    {
        let mut delta = TwoPhaseSet::new();
        if !self.removed.contains(&value) && self.live.insert(value.clone()) {
            delta.live.insert(value);
        }
        delta
    }

    /// Removes a member for ever, and returns the delta; if it is not in, nothing happens. `O(log n)`.
    pub fn remove<Q: Ord + ?Sized>(&mut self, value: &Q) -> Self
    where
        T: Borrow<Q> + Clone,
    {
        let mut delta = TwoPhaseSet::new();
        if let Some(value) = self.live.take(value) {
            self.removed.insert(value.clone());
            delta.removed.insert(value);
        }
        delta
    }
}

impl<T: Ord + Clone> Edit<'_, TwoPhaseSet<T>> {
    /// Adds a member, unless it was removed before. `O(log n)`.
    pub fn insert(&mut self, value: T) {
        // The change comes first, so that it has everything to undo, whichever comparison panics.
        if !self.state.removed.contains(&value) && !self.state.live.contains(&value) {
            self.change.delta.live.insert(value.clone());
            self.state.live.insert(value);
        }
    }

    /// Removes a member for ever; if it is not in, nothing happens. `O(log n)`.
    pub fn remove<Q: Ord + ?Sized>(&mut self, value: &Q)
    where
        T: Borrow<Q>,
    {
        let Some(member) = self.state.live.get(value).cloned() else { return };
        let TwoPhaseDraft { delta, brief } = &mut *self.change;
        if delta.live.contains(value) {
            brief.insert(member.clone());
        }
        delta.removed.insert(member.clone());
        self.state.removed.insert(member);
        self.state.live.remove(value);
        delta.live.remove(value);
    }
}

impl<T: Ord + Clone> Extend<T> for Edit<'_, TwoPhaseSet<T>> {
    fn extend<I: IntoIterator<Item = T>>(&mut self, values: I) {
        values.into_iter().for_each(|value| self.insert(value));
    }
}

impl<T: Ord + Clone> Editable for TwoPhaseSet<T> {
    type Change = TwoPhaseDraft<T>;
    type Edit<'a>
        = Edit<'a, Self>
    where
        T: 'a;

    fn edit<'a>(&'a mut self, change: &'a mut Self::Change, pen: &'a Pen<'a>) -> Edit<'a, Self> {
        Edit::new(self, change, pen)
    }
}

/// The writes of a transaction on a [`TwoPhaseSet`].
#[derive(Clone, Debug)]
pub struct TwoPhaseDraft<T> {
    /// The members that are new, and those that were removed.
    delta: TwoPhaseSet<T>,
    /// The members that were inserted and removed again.
    brief: BTreeSet<T>,
}

impl<T> Default for TwoPhaseDraft<T> {
    fn default() -> Self {
        TwoPhaseDraft { delta: TwoPhaseSet::default(), brief: BTreeSet::new() }
    }
}

impl<T: Ord> Draft<TwoPhaseSet<T>> for TwoPhaseDraft<T> {
    fn outline(&self) -> TwoPhaseSet<T> {
        TwoPhaseSet::new()
    }

    fn swap(&mut self, outline: &mut TwoPhaseSet<T>) {
        core::mem::swap(&mut self.delta, outline);
    }

    fn undo(&mut self, set: &mut TwoPhaseSet<T>) {
        // A member that was on its way from one set to the other may be in both.
        while let Some(value) = self.delta.removed.last() {
            if self.brief.contains(value) {
                set.live.remove(value);
                set.removed.remove(value);
            } else if let Some(value) = set.removed.take(value) {
                set.live.insert(value);
            }
            self.delta.removed.pop_last();
        }
        while let Some(value) = self.delta.live.last() {
            set.live.remove(value);
            self.delta.live.pop_last();
        }
    }
}

impl<T: Ord + Clone> Plain for TwoPhaseSet<T> {}

impl<T> Default for TwoPhaseSet<T> {
    fn default() -> Self {
        TwoPhaseSet { live: BTreeSet::new(), removed: BTreeSet::new() }
    }
}

impl<T: Ord> Lattice for TwoPhaseSet<T> {
    fn join(&mut self, other: Self) -> bool {
        let mut grew = false;
        for value in other.removed {
            self.live.remove(&value);
            grew |= self.removed.insert(value);
        }
        for value in other.live {
            if !self.removed.contains(&value) {
                grew |= self.live.insert(value);
            }
        }
        grew
    }
}

impl<T: Ord> Crdt for TwoPhaseSet<T> {
    type Delta = Self;

    fn apply(&mut self, delta: Self) -> bool {
        self.join(delta)
    }
}

impl<T: Ord> FromIterator<T> for TwoPhaseSet<T> {
    fn from_iter<I: IntoIterator<Item = T>>(values: I) -> Self {
        TwoPhaseSet { live: values.into_iter().collect(), removed: BTreeSet::new() }
    }
}

impl<'a, T> IntoIterator for &'a TwoPhaseSet<T> {
    type Item = &'a T;
    type IntoIter = btree_set::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<T: fmt::Debug> fmt::Debug for TwoPhaseSet<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TwoPhaseSet").field("live", &self.live).field("removed", &self.removed).finish()
    }
}

#[cfg(feature = "serde")]
impl<T: serde::Serialize> serde::Serialize for TwoPhaseSet<T> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(serde::Serialize)]
        #[serde(rename = "TwoPhaseSet")]
        struct Wire<'a, T> {
            live: &'a BTreeSet<T>,
            removed: &'a BTreeSet<T>,
        }
        Wire { live: &self.live, removed: &self.removed }.serialize(serializer)
    }
}

#[cfg(feature = "serde")]
impl<'de, T: serde::Deserialize<'de> + Ord> serde::Deserialize<'de> for TwoPhaseSet<T> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(serde::Deserialize)]
        #[serde(
            rename = "TwoPhaseSet",
            deny_unknown_fields,
            bound(deserialize = "T: serde::Deserialize<'de> + Ord")
        )]
        struct Wire<T> {
            #[serde(deserialize_with = "crate::sorted::set::deserialize")]
            live: BTreeSet<T>,
            #[serde(deserialize_with = "crate::sorted::set::deserialize")]
            removed: BTreeSet<T>,
        }
        let Wire { live, removed } = Wire::deserialize(deserializer)?;
        if live.is_disjoint(&removed) {
            Ok(TwoPhaseSet { live, removed })
        } else {
            Err(serde::de::Error::custom("a removed member is live"))
        }
    }
}
