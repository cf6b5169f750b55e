use alloc::collections::btree_map::{BTreeMap, IntoIter as TreeIntoIter, Iter as TreeIter};
use alloc::vec::{IntoIter as VecIntoIter, Vec};
use core::slice::Iter as SliceIter;

use smallvec::SmallVec;

use super::Change;

/// What changes by key: a sorted vector; a tree once there are many that come in any order.
///
/// A vector rather than inline places, because records may contain themselves.
#[derive(Clone, Debug)]
pub(crate) enum SmallMap<K, V> {
    Sorted(Vec<(K, V)>),
    Tree(BTreeMap<K, V>),
    /// As [`push`](SmallMap::push) leaves them: in any order, and perhaps two of one key. Never outside a transaction.
    Loose(Vec<(K, V)>),
}

/// How many entries a vector holds before inserting into its middle costs more than a tree does.
const FEW: usize = 32;

impl<K, V> SmallMap<K, V> {
    pub(crate) fn of_one(key: K, value: V) -> Self {
        SmallMap::Sorted(alloc::vec![(key, value)])
    }

    pub(crate) fn iter(&self) -> Iter<'_, K, V> {
        match self {
            SmallMap::Sorted(pairs) | SmallMap::Loose(pairs) => Iter::Vec(pairs.iter()),
            SmallMap::Tree(tree) => Iter::Tree(tree.iter()),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        match self {
            SmallMap::Sorted(pairs) | SmallMap::Loose(pairs) => pairs.is_empty(),
            SmallMap::Tree(tree) => tree.is_empty(),
        }
    }

    pub(crate) fn is_settled(&self) -> bool {
        !matches!(self, SmallMap::Loose(_))
    }

    pub(crate) fn is_tree(&self) -> bool {
        matches!(self, SmallMap::Tree(_))
    }

    pub(crate) fn for_each_value(&mut self, mut call: impl FnMut(&mut V)) {
        match self {
            SmallMap::Sorted(pairs) | SmallMap::Loose(pairs) => pairs.iter_mut().for_each(|(_, v)| call(v)),
            SmallMap::Tree(tree) => tree.values_mut().for_each(call),
        }
    }

    /// Returns the last entry, in whatever order they are.
    pub(crate) fn last_mut(&mut self) -> Option<(&K, &mut V)> {
        match self {
            SmallMap::Sorted(pairs) | SmallMap::Loose(pairs) => pairs.last_mut().map(|(k, v)| (&*k, v)),
            SmallMap::Tree(tree) => tree.iter_mut().next_back(),
        }
    }
}

impl<K: Ord + Clone, V: Change> SmallMap<K, V> {
    /// The value of `key`, which gets a default one if it has none.
    pub(crate) fn entry(&mut self, key: K) -> &mut V {
        if self.is_empty() {
            return self.append(key);
        }
        self.prepare_for(&key);
        match self {
            SmallMap::Tree(tree) => tree.entry(key).or_default(),
            SmallMap::Sorted(pairs) | SmallMap::Loose(pairs) => {
                let place = if pairs.last().is_none_or(|(last, _)| *last < key) {
                    pairs.push((key, V::default()));
                    pairs.len() - 1
                } else {
                    pairs.binary_search_by(|(k, _)| k.cmp(&key)).unwrap_or_else(|place| {
                        pairs.insert(place, (key, V::default()));
                        place
                    })
                };
                &mut pairs[place].1
            }
        }
    }

    /// Brings the keys in order, and makes a tree if there are many and `key` would come into their middle.
    fn prepare_for(&mut self, key: &K) {
        let was_loose = !self.is_settled();
        self.settle();
        // Loose entries are sorted once only: a tree stays sorted, whatever comes next.
        if let SmallMap::Sorted(pairs) = self
            && pairs.len() >= FEW
            && (was_loose || pairs.last().is_some_and(|(last, _)| last >= key))
        {
            Planting::new(self).plant();
        }
    }

    /// A value of `key`, of which there may be another until they are [settled](Self::settle): much quicker than
    /// [`entry`](Self::entry) where there are many.
    pub(crate) fn push(&mut self, key: K) -> &mut V {
        match self {
            SmallMap::Sorted(pairs) if (1..FEW).contains(&pairs.len()) => self.entry(key),
            SmallMap::Tree(_) => self.entry(key),
            SmallMap::Sorted(_) | SmallMap::Loose(_) => self.append(key),
        }
    }

    /// Does what [`push`](Self::push) does, without comparing keys, so that no key can panic. Slow in trees.
    pub(crate) fn append(&mut self, key: K) -> &mut V {
        if let SmallMap::Sorted(pairs) = self
            && pairs.is_empty()
        {
            // Nearly all there is: a change of one key.
            *pairs = Vec::with_capacity(1);
        } else if self.is_settled() {
            self.loosen();
        }
        let (SmallMap::Sorted(pairs) | SmallMap::Loose(pairs)) = self else {
            unreachable!("trees are loosened")
        };
        pairs.push((key, V::default()));
        &mut pairs.last_mut().expect("it was pushed").1
    }

    /// Adds all entries of `other`, without comparing keys.
    pub(crate) fn append_all(&mut self, other: Self) {
        self.loosen();
        if let SmallMap::Loose(pairs) = self {
            pairs.extend(other);
        }
    }

    /// Lets entries be in any order, and two of one key.
    fn loosen(&mut self) {
        *self = SmallMap::Loose(match core::mem::take(self) {
            SmallMap::Sorted(pairs) | SmallMap::Loose(pairs) => pairs,
            SmallMap::Tree(tree) => tree.into_iter().collect(),
        });
    }

    /// Removes the last entry.
    pub(crate) fn pop(&mut self) {
        match self {
            SmallMap::Sorted(pairs) | SmallMap::Loose(pairs) => drop(pairs.pop()),
            SmallMap::Tree(tree) => drop(tree.pop_last()),
        }
    }

    /// Brings the keys in order, and together what belongs to one key.
    #[inline]
    pub(crate) fn settle(&mut self) {
        if !self.is_settled() {
            self.sort();
        }
    }

    fn sort(&mut self) {
        if let SmallMap::Loose(pairs) = self {
            if pairs.is_sorted_by(|(a, _), (b, _)| a < b) {
                *self = SmallMap::Sorted(core::mem::take(pairs));
                return;
            }
            sort_by_key(pairs);
            pairs.dedup_by(|(again, more), (key, value)| {
                let is_same = again == key;
                if is_same {
                    // Keys inside are brought in order later, when one of them is looked for.
                    value.append(core::mem::take(more));
                }
                is_same
            });
            *self = SmallMap::Sorted(core::mem::take(pairs));
        }
    }

    pub(crate) fn retain(&mut self, mut keep: impl FnMut(&K, &mut V) -> bool) {
        match self {
            SmallMap::Sorted(pairs) | SmallMap::Loose(pairs) => pairs.retain_mut(|(k, v)| keep(k, v)),
            SmallMap::Tree(tree) => tree.retain(keep),
        }
    }

    /// Adds the entries of `other`.
    pub(crate) fn union(&mut self, other: Self) {
        if self.is_empty() {
            *self = other;
        } else {
            other.into_iter().for_each(|(key, value)| self.entry(key).union(value));
        }
    }
}

/// Sorts pairs by sorting their places, since pairs are large. If a key panics when it is compared, no pair has moved.
fn sort_by_key<K: Ord, V>(pairs: &mut [(K, V)]) {
    let mut order: SmallVec<[usize; FEW]> = (0..pairs.len()).collect();
    order.sort_unstable_by(|a, b| pairs[*a].0.cmp(&pairs[*b].0));
    for first in 0..pairs.len() {
        let mut at = first;
        loop {
            let from = core::mem::replace(&mut order[at], at);
            if from == first {
                break;
            }
            pairs.swap(at, from);
            at = from;
        }
    }
}

/// A tree that is being made of sorted pairs. If a key panics when it is compared, the pairs become loose entries.
struct Planting<'a, K, V> {
    map: &'a mut SmallMap<K, V>,
    tree: BTreeMap<K, V>,
}

impl<'a, K: Ord + Clone, V: Default> Planting<'a, K, V> {
    fn new(map: &'a mut SmallMap<K, V>) -> Self {
        Planting { map, tree: BTreeMap::new() }
    }

    fn plant(mut self) {
        if let SmallMap::Sorted(pairs) = &mut *self.map {
            for (key, value) in &mut *pairs {
                *self.tree.entry(key.clone()).or_default() = core::mem::take(value);
            }
            let keys = core::mem::take(pairs);
            *self.map = SmallMap::Tree(core::mem::take(&mut self.tree));
            drop(keys);
        }
    }
}

impl<K, V> Drop for Planting<'_, K, V> {
    fn drop(&mut self) {
        if let SmallMap::Sorted(pairs) = &mut *self.map {
            pairs.extend(core::mem::take(&mut self.tree));
            *self.map = SmallMap::Loose(core::mem::take(pairs));
        }
    }
}

impl<K, V> Default for SmallMap<K, V> {
    fn default() -> Self {
        SmallMap::Sorted(Vec::new())
    }
}

/// From pairs that are sorted and have different keys.
impl<K: Ord, V> FromIterator<(K, V)> for SmallMap<K, V> {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(pairs: I) -> Self {
        let pairs: Vec<_> = pairs.into_iter().collect();
        debug_assert!(pairs.is_sorted_by(|a, b| a.0 < b.0));
        SmallMap::Sorted(pairs)
    }
}

impl<K: PartialEq, V: PartialEq> PartialEq for SmallMap<K, V> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl<K: Eq, V: Eq> Eq for SmallMap<K, V> {}

pub(crate) enum Iter<'a, K, V> {
    Vec(SliceIter<'a, (K, V)>),
    Tree(TreeIter<'a, K, V>),
}

impl<'a, K, V> Iterator for Iter<'a, K, V> {
    type Item = (&'a K, &'a V);

    fn next(&mut self) -> Option<Self::Item> {
        match self {
            Iter::Vec(pairs) => pairs.next().map(|(k, v)| (k, v)),
            Iter::Tree(tree) => tree.next(),
        }
    }

    /// Exact: formats that write lengths ask for it.
    fn size_hint(&self) -> (usize, Option<usize>) {
        match self {
            Iter::Vec(pairs) => pairs.size_hint(),
            Iter::Tree(tree) => tree.size_hint(),
        }
    }
}

impl<K, V> ExactSizeIterator for Iter<'_, K, V> {}

pub(crate) enum IntoIter<K, V> {
    Vec(VecIntoIter<(K, V)>),
    Tree(TreeIntoIter<K, V>),
}

impl<K, V> Iterator for IntoIter<K, V> {
    type Item = (K, V);

    fn next(&mut self) -> Option<Self::Item> {
        match self {
            IntoIter::Vec(pairs) => pairs.next(),
            IntoIter::Tree(tree) => tree.next(),
        }
    }
}

impl<K, V> IntoIterator for SmallMap<K, V> {
    type Item = (K, V);
    type IntoIter = IntoIter<K, V>;

    fn into_iter(self) -> IntoIter<K, V> {
        match self {
            SmallMap::Sorted(pairs) | SmallMap::Loose(pairs) => IntoIter::Vec(pairs.into_iter()),
            SmallMap::Tree(tree) => IntoIter::Tree(tree.into_iter()),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::store::{DotsChange, Event};
    use crate::{Dot, ReplicaId};

    fn event(n: u64) -> Event<()> {
        Event { dot: Dot::trusted(ReplicaId::from_u128(1), n), add: Some(()), kills: SmallVec::new() }
    }

    type Small = SmallMap<u8, DotsChange<()>>;
    type Tree = BTreeMap<u8, DotsChange<()>>;

    /// A step puts an event under a key, by one way or the other.
    fn both(steps: &[(u8, bool)], first: u64) -> (Small, Tree) {
        let (mut small, mut tree) = (Small::default(), Tree::default());
        for ((key, pushes), n) in steps.iter().zip(first..) {
            if *pushes { small.push(*key) } else { small.entry(*key) }.insert(event(n));
            tree.entry(*key).or_default().insert(event(n));
        }
        small.settle();
        (small, tree)
    }

    proptest! {
        #[test]
        fn behaves_as_a_tree(
            steps in prop::collection::vec((0..80u8, prop::bool::weighted(0.9)), 0..120),
            more in prop::collection::vec((0..80u8, any::<bool>()), 0..60),
        ) {
            let ((mut small, mut tree), (small2, tree2)) = (both(&steps, 1), both(&more, 1_000));
            prop_assert!(small.iter().eq(tree.iter()));
            small.union(small2);
            for (key, change) in tree2 {
                tree.entry(key).or_default().union(change);
            }
            small.retain(|key, _| key % 3 != 0);
            tree.retain(|key, _| key % 3 != 0);
            prop_assert_eq!(small.is_empty(), tree.is_empty());
            prop_assert!(small.is_settled());
            prop_assert!(small.into_iter().eq(tree));
        }
    }
}
