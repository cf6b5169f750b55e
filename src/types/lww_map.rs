use core::borrow::Borrow;
use core::fmt;

use crate::Lww;
use crate::store::{Edit, Keyed, Newtype};

/// Plain values by key; of several written at the same time under one key, the latest by clock is read.
///
/// # When replicas disagree
///
/// | one does | another does | both read |
/// |---|---|---|
/// | `insert(k, x)` at 3 o'clock | `insert(k, y)` at 4 o'clock | `y` under `k` |
/// | `insert(k, x)` | `remove(k)` | `x` under `k`, whatever the clocks say |
/// | `insert(j, x)` | `insert(k, y)` | both |
/// | `remove(k)` | `remove(k)` | no `k` |
/// | `insert(k, x)` | `clear()` | `x` under `k`, and nothing else that the clearing had seen |
///
/// # Writing
///
/// In a transaction of a [`Writer`](crate::Writer), through [`Edit`](crate::Edit): `insert(key, value)`,
/// `remove(&key)`, `clear()`, `extend(pairs)`.
///
/// # Example
///
/// ```
/// use rejoin::{Causal, LwwMap, Writer};
///
/// let mut a = Writer::<Causal<LwwMap<&str, u32>>>::new();
/// let mut b = Writer::<Causal<LwwMap<&str, u32>>>::new();
/// a.edit_at(1_000, |settings| settings.insert("volume", 3));
/// b.edit_at(2_000, |settings| {
///     settings.insert("volume", 7);
///     settings.insert("brightness", 5);
/// });
///
/// a.join_ref(b.state());
/// assert_eq!(a.get("volume"), Some(&7));
/// assert_eq!(a.len(), 2);
/// ```
///
/// # Cost
///
/// `O(log n)`; 16 bytes per key beside key and value, and the tree's slack. Removed keys leave nothing behind.
///
/// # Not for
///
/// Values that should merge rather than win: take a [`Map`](crate::Map) of what merges them.
///
/// # Where it comes from
///
/// The tables of Cassandra and the maps of Akka and Automerge, whose removals are writes with a time of their own. Ours
/// remove what they have observed, so a fast clock elsewhere cannot undo a removal, nor a removal hide a write that it
/// has not seen.
#[derive(Clone)]
pub struct LwwMap<K, V> {
    values: Keyed<K, Lww<V>>,
}

impl<K: Ord, V> LwwMap<K, V> {
    /// The latest value under `key`. `O(log n)`.
    pub fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        self.values.get(key)?.get()
    }

    /// Whether there is a value under `key`. `O(log n)`.
    pub fn contains_key<Q: Ord + ?Sized>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        self.values.get(key).is_some()
    }
}

impl<K, V> LwwMap<K, V> {
    /// How many keys there are. `O(1)`.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether there are no keys.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// The keys with their latest values, in the order of the keys.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&K, &V)> {
        self.values.iter().filter_map(|(key, value)| Some((key, value.get()?)))
    }

    /// The keys, in order.
    pub fn keys(&self) -> impl DoubleEndedIterator<Item = &K> {
        self.iter().map(|(key, _)| key)
    }

    /// The latest values, in the order of the keys.
    pub fn values(&self) -> impl DoubleEndedIterator<Item = &V> {
        self.iter().map(|(_, value)| value)
    }
}

impl<K: Ord + Clone, V: Clone + Eq> Edit<'_, LwwMap<K, V>> {
    /// Sets the value under `key`. `O(log n)`.
    pub fn insert(&mut self, key: K, value: V) {
        self.inner().into_place(key).set(value);
    }

    /// Removes the key; if it is not there, nothing happens. `O(log n)`.
    pub fn remove<Q: Ord + ?Sized>(&mut self, key: &Q)
    where
        K: Borrow<Q>,
    {
        self.inner().remove(key);
    }

    /// Removes all keys.
    pub fn clear(&mut self) {
        self.inner().clear();
    }
}

impl<K: Ord + Clone, V: Clone + Eq> Extend<(K, V)> for Edit<'_, LwwMap<K, V>> {
    fn extend<I: IntoIterator<Item = (K, V)>>(&mut self, pairs: I) {
        pairs.into_iter().for_each(|(key, value)| self.insert(key, value));
    }
}

impl<K: Ord + Clone, V: Clone + Eq> Newtype for LwwMap<K, V> {
    type Inner = Keyed<K, Lww<V>>;

    fn inner(&self) -> &Self::Inner {
        &self.values
    }

    fn inner_mut(&mut self) -> &mut Self::Inner {
        &mut self.values
    }

    fn into_inner(self) -> Self::Inner {
        self.values
    }

    fn is_visible(&self) -> bool {
        !self.is_empty()
    }
}

impl<K, V> Default for LwwMap<K, V> {
    fn default() -> Self {
        LwwMap { values: Keyed::default() }
    }
}

impl<K: PartialEq, V: PartialEq> PartialEq for LwwMap<K, V> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl<K: Eq, V: Eq> Eq for LwwMap<K, V> {}

impl<K: fmt::Debug, V: fmt::Debug> fmt::Debug for LwwMap<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}
