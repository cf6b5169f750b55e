use core::borrow::Borrow;
use core::fmt;

use crate::store::{Dots, Edit, Keyed, Newtype, Settling};

/// A set in which removing wins.
///
/// # When replicas disagree
///
/// | one does | another does | both read |
/// |---|---|---|
/// | `insert(x)` | `remove(x)` | `x` is out |
/// | `insert(x)` | `insert(x)` | `x` is in |
/// | `remove(x)` | `remove(x)` | `x` is out |
/// | `insert(x)` | `clear()` | `x` is out if the clearing had seen it in, else in |
/// | `insert(x)` | `reset()` | `x` is in: a reset takes away only what it has observed |
/// | `remove(x)` | `reset()` | `x` is out |
///
/// A member is in iff it was inserted, and every removal of it was seen by some insertion of it. A removal counts
/// even if the member was not in, because an insertion may be under way elsewhere.
///
/// # Writing
///
/// In a transaction of a [`Writer`](crate::Writer), through [`Edit`](crate::Edit): `insert(value)`,
/// `remove(value)`, `clear()`, `reset()`, `extend(values)`.
///
/// # Example
///
/// ```
/// use rejoin::{Causal, RwSet, Writer};
///
/// let mut a = Writer::<Causal<RwSet<&str>>>::new();
/// a.edit(|admins| admins.insert("eve"));
/// let mut b = a.fork();
///
/// a.edit(|admins| admins.remove("eve"));
/// b.edit(|admins| admins.insert("eve")); // has not heard yet
///
/// a.join_ref(b.state());
/// assert!(!a.contains("eve"));
///
/// a.edit(|admins| admins.insert("eve")); // knowing of the removal
/// assert!(a.contains("eve"));
/// ```
///
/// # Cost
///
/// Writing and asking are `O(log n)`, where `n` counts the removed members too: a removal leaves a fact of 16
/// bytes and the member, until the removal is [settled](crate::Causal::settle) or the set is [`reset`](Edit::reset). [`len`](Self::len) is `O(n)`.
///
/// # Not for
///
/// Sets with many short-lived members: they leave removals behind. Take [`OrSet`](crate::OrSet).
///
/// # Where it comes from
///
/// The remove-wins set of Bieniusa et al. (2012), here without timestamps: each operation replaces those that it has
/// observed.
#[derive(Clone)]
pub struct RwSet<T> {
    /// Under each member the operations that no later operation has seen: true inserts, false removes.
    operations: Keyed<T, Dots<bool>>,
}

fn is_in(operations: &Dots<bool>) -> bool {
    !operations.is_empty() && operations.values().all(|inserts| *inserts)
}

impl<T: Ord> RwSet<T> {
    /// Whether `value` is in the set. `O(log n)`.
    pub fn contains<Q: Ord + ?Sized>(&self, value: &Q) -> bool
    where
        T: Borrow<Q>,
    {
        self.operations.get(value).is_some_and(is_in)
    }
}

impl<T> RwSet<T> {
    /// How many members there are. `O(n)`.
    pub fn len(&self) -> usize {
        self.iter().count()
    }

    /// Whether there are no members. `O(n)`, where the members come first to be found.
    pub fn is_empty(&self) -> bool {
        self.iter().next().is_none()
    }

    /// The members, in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &T> {
        self.operations.iter().filter(|(_, operations)| is_in(operations)).map(|(value, _)| value)
    }
}

impl<T: Ord + Clone> Edit<'_, RwSet<T>> {
    /// Adds a member. `O(log n)`.
    pub fn insert(&mut self, value: T) {
        self.inner().into_place(value).overwrite(true);
    }

    /// Removes a member, also if it is not in; therefore it is taken by value. `O(log n)`.
    pub fn remove(&mut self, value: T) {
        self.inner().into_place(value).overwrite(false);
    }

    /// Removes all that are members here. What is out already, also by a conflict, is left as it is. `O(n)`.
    pub fn clear(&mut self) {
        let members: alloc::vec::Vec<T> = self.iter().cloned().collect();
        for value in members {
            self.remove(value);
        }
    }

    /// Forgets all that was inserted and removed here, as if it had never been. `O(n)`.
    ///
    /// Insertions elsewhere that this replica has not seen survive, also those that a forgotten removal would have
    /// beaten. Removing the key of a map under which the set is does the same.
    pub fn reset(&mut self) {
        self.inner().clear();
    }
}

impl<T: Ord + Clone> Extend<T> for Edit<'_, RwSet<T>> {
    fn extend<I: IntoIterator<Item = T>>(&mut self, values: I) {
        values.into_iter().for_each(|value| self.insert(value));
    }
}

impl<T: Ord + Clone> Newtype for RwSet<T> {
    type Inner = Keyed<T, Dots<bool>>;

    fn inner(&self) -> &Self::Inner {
        &self.operations
    }

    fn inner_mut(&mut self) -> &mut Self::Inner {
        &mut self.operations
    }

    fn into_inner(self) -> Self::Inner {
        self.operations
    }

    fn is_visible(&self) -> bool {
        !self.is_empty()
    }

    fn settle_facts(&mut self, settling: &Settling) {
        self.operations
            .settle_each(|operations| operations.drop_settled(settling, |operations| !is_in(operations)));
    }
}

impl<T> Default for RwSet<T> {
    fn default() -> Self {
        RwSet { operations: Keyed::default() }
    }
}

impl<T: PartialEq> PartialEq for RwSet<T> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl<T: Eq> Eq for RwSet<T> {}

impl<T: fmt::Debug> fmt::Debug for RwSet<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}
