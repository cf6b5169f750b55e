use core::borrow::Borrow;
use core::fmt;

use crate::store::{Dots, Edit, Keyed, Newtype};

/// A set in which adding wins.
///
/// # When replicas disagree
///
/// | one does | another does | both read |
/// |---|---|---|
/// | `insert(x)` | `remove(x)` | `x` is in: the removal had not seen this insertion |
/// | `insert(x)` | `insert(x)` | `x` is in, once |
/// | `remove(x)` | `remove(x)` | `x` is out |
/// | `insert(x)` | `clear()` | `x` is in, and nothing else that the clearing had seen |
/// | `insert(x)` | `insert(y)` | both are in |
///
/// A removal takes away the insertions it has observed and no others, so what was removed can be inserted again.
///
/// # Writing
///
/// In a transaction of a [`Writer`](crate::Writer), through [`Edit`](crate::Edit): `insert(value)`,
/// `remove(&value)`, `clear()`, `extend(values)`.
///
/// # Example
///
/// ```
/// use rejoin::{Causal, OrSet, Writer};
///
/// let mut a = Writer::<Causal<OrSet<&str>>>::new();
/// a.edit(|set| set.extend(["tea", "milk"]));
/// let mut b = a.fork();
///
/// a.edit(|set| set.remove("milk"));
/// b.edit(|set| set.insert("milk")); // bought again, meanwhile
///
/// a.join_ref(b.state());
/// b.join_ref(a.state());
/// assert!(a.iter().eq(["milk", "tea"].iter()));
/// assert_eq!(a.state(), b.state());
/// ```
///
/// # Cost
///
/// Writing and asking are `O(log n)`. A member costs 16 bytes beside itself, and the tree's slack. An insertion replaces the
/// insertions that it has observed, so re-adding does not grow the set, and removed members leave nothing behind.
///
/// # Not for
///
/// Sets from which a removal must hold whatever happens elsewhere, such as access rights: take [`RwSet`](crate::RwSet).
///
/// # Where it comes from
///
/// The observed-remove set of Shapiro, Preguiça, Baquero and Zawirski (2011), without tombstones after Bieniusa et al.
/// (2012). Ours gives removals events of their own, so that comparing versions never misses one.
#[derive(Clone)]
pub struct OrSet<T> {
    members: Keyed<T, Dots<()>>,
}

impl<T: Ord> OrSet<T> {
    /// Whether `value` is in the set. `O(log n)`.
    pub fn contains<Q: Ord + ?Sized>(&self, value: &Q) -> bool
    where
        T: Borrow<Q>,
    {
        self.members.get(value).is_some()
    }
}

impl<T> OrSet<T> {
    /// How many members there are. `O(1)`.
    pub fn len(&self) -> usize {
        self.members.len()
    }

    /// Whether there are no members.
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// The members, in order.
    pub fn iter(&self) -> Iter<'_, T> {
        self.members.iter().map(|(value, _)| value)
    }
}

type Iter<'a, T> =
    core::iter::Map<alloc::collections::btree_map::Iter<'a, T, Dots<()>>, fn((&'a T, &'a Dots<()>)) -> &'a T>;

impl<T: Ord + Clone> Edit<'_, OrSet<T>> {
    /// Adds a member. `O(log n)`.
    pub fn insert(&mut self, value: T) {
        self.inner().into_place(value).write(());
    }

    /// Removes a member; if it is not in, nothing happens. `O(log n)`.
    pub fn remove<Q: Ord + ?Sized>(&mut self, value: &Q)
    where
        T: Borrow<Q>,
    {
        self.inner().remove(value);
    }

    /// Removes all members. `O(n)`.
    pub fn clear(&mut self) {
        self.inner().clear();
    }
}

impl<T: Ord + Clone> Extend<T> for Edit<'_, OrSet<T>> {
    fn extend<I: IntoIterator<Item = T>>(&mut self, values: I) {
        values.into_iter().for_each(|value| self.insert(value));
    }
}

impl<T: Ord + Clone> Newtype for OrSet<T> {
    type Inner = Keyed<T, Dots<()>>;

    fn inner(&self) -> &Self::Inner {
        &self.members
    }

    fn inner_mut(&mut self) -> &mut Self::Inner {
        &mut self.members
    }

    fn into_inner(self) -> Self::Inner {
        self.members
    }

    fn is_visible(&self) -> bool {
        !self.is_empty()
    }
}

impl<T> Default for OrSet<T> {
    fn default() -> Self {
        OrSet { members: Keyed::default() }
    }
}

impl<T: PartialEq> PartialEq for OrSet<T> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl<T: Eq> Eq for OrSet<T> {}

impl<'a, T> IntoIterator for &'a OrSet<T> {
    type Item = &'a T;
    type IntoIter = Iter<'a, T>;

    fn into_iter(self) -> Iter<'a, T> {
        self.iter()
    }
}

impl<T: fmt::Debug> fmt::Debug for OrSet<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self).finish()
    }
}
