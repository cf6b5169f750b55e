use core::borrow::Borrow;
use core::fmt;

use crate::Store;
use crate::store::{Edit, Keyed, Newtype};

/// Values by key, each of which merges on its own: registers, counters, sets, records, other maps.
///
/// # When replicas disagree
///
/// | one does | another does | both read |
/// |---|---|---|
/// | write under `k` | write under `k` | what the values' type says |
/// | write under `k` | `remove(k)` | `k` with that write alone; what the removal has seen is gone |
/// | write under `j` | write under `k` | both |
/// | `remove(k)` | `remove(k)` | no `k` |
/// | write under `k` | `clear()` | `k` with that write alone |
///
/// That holds at every depth: removing an outer key while somebody writes under an inner one leaves the inner one
/// alone.
///
/// # When a key is present
///
/// When there is something to see under it: a member in a set, a value in a register, an enabled flag, an increment in a
/// [`Counter`](crate::Counter) (also if increments sum to 0), a present key in a map, anything of these in a field of a
/// record. What only insists on a removal (in an [`RwSet`](crate::RwSet), a [`DwFlag`](crate::DwFlag)) does not
/// count. It is still there, though: [`remove`](Edit::remove) takes it away too, also under a key that is not present.
///
/// # Writing
///
/// In a transaction of a [`Writer`](crate::Writer), through [`Edit`](crate::Edit): `entry(key)` and
/// `get_mut(&key)`, which give handles on the value, `remove(&key)`, `clear()`.
///
/// # Example
///
/// ```
/// use rejoin::{Causal, Counter, Map, Writer};
///
/// let mut a = Writer::<Causal<Map<&str, Counter>>>::new();
/// a.edit(|votes| votes.entry("tea").add(5));
/// let mut b = a.fork();
///
/// a.edit(|votes| votes.remove("tea"));
/// b.edit(|votes| {
///     votes.entry("tea").add(1);
///     votes.entry("milk").add(1);
/// });
///
/// a.join_ref(b.state());
/// assert_eq!(a.get("tea").map(Counter::get), Some(1)); // not 6: the five were removed
/// assert_eq!(a.get("milk").map(Counter::get), Some(1));
/// ```
///
/// # Cost
///
/// `O(log n)` beside what the value costs. Removed keys leave nothing behind that their values do not.
///
/// # Not for
///
/// Plain lattices such as [`GCounter`](crate::GCounter), which cannot be removed; for maps of those take a
/// `BTreeMap<K, L>`, which is a [lattice](crate::lattice) of its own.
///
/// # Where it comes from
///
/// The nested maps of Riak and the delta CRDTs of Almeida, Shoker and Baquero (2018). Ours has no clocks inside: all
/// dots are the root's, so a child that is removed and written again cannot confuse anybody.
#[derive(Clone)]
pub struct Map<K, S> {
    children: Keyed<K, S>,
}

impl<K: Ord, S: Store> Map<K, S> {
    /// The value under `key`, if the key is present. `O(log n)`.
    pub fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&S>
    where
        K: Borrow<Q>,
    {
        self.children.get(key).filter(|child| child.is_present())
    }

    /// Whether the key is present. `O(log n)`.
    pub fn contains_key<Q: Ord + ?Sized>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        self.get(key).is_some()
    }
}

impl<K, S: Store> Map<K, S> {
    /// How many keys are present. `O(n)`.
    pub fn len(&self) -> usize {
        self.iter().count()
    }

    /// Whether no key is present.
    pub fn is_empty(&self) -> bool {
        self.iter().next().is_none()
    }

    /// The present keys with their values, in the order of the keys.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&K, &S)> {
        self.children.iter().filter(|(_, child)| child.is_present())
    }

    /// The present keys, in order.
    pub fn keys(&self) -> impl DoubleEndedIterator<Item = &K> {
        self.iter().map(|(key, _)| key)
    }

    /// The values of the present keys, in the order of the keys.
    pub fn values(&self) -> impl DoubleEndedIterator<Item = &S> {
        self.iter().map(|(_, value)| value)
    }
}

impl<K: Ord + Clone, S: Store> Edit<'_, Map<K, S>> {
    /// A handle on what is, or will be, under `key`. Only writing through it changes anything.
    pub fn entry(&mut self, key: K) -> S::Edit<'_> {
        self.inner().into_entry(key)
    }

    /// A handle on what is under `key`, if the key is present.
    pub fn get_mut<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<S::Edit<'_>>
    where
        K: Borrow<Q>,
    {
        if self.contains_key(key) { self.inner().into_mut(key) } else { None }
    }

    /// Removes all that this replica has seen under `key`, including what insists on removals there; if there is
    /// nothing, nothing happens.
    pub fn remove<Q: Ord + ?Sized>(&mut self, key: &Q)
    where
        K: Borrow<Q>,
    {
        self.inner().remove(key);
    }

    /// Removes all that this replica has seen under any key.
    pub fn clear(&mut self) {
        self.inner().clear();
    }
}

impl<K: Ord + Clone, S: Store> Newtype for Map<K, S> {
    type Inner = Keyed<K, S>;

    fn inner(&self) -> &Self::Inner {
        &self.children
    }

    fn inner_mut(&mut self) -> &mut Self::Inner {
        &mut self.children
    }

    fn into_inner(self) -> Self::Inner {
        self.children
    }
}

impl<K, S> Default for Map<K, S> {
    fn default() -> Self {
        Map { children: Keyed::default() }
    }
}

impl<K: PartialEq, S: Store + PartialEq> PartialEq for Map<K, S> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl<K: Eq, S: Store + Eq> Eq for Map<K, S> {}

impl<K: fmt::Debug, S: Store + fmt::Debug> fmt::Debug for Map<K, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}
