use alloc::collections::btree_map::{BTreeMap, IntoIter as TreeIntoIter, Iter as TreeIter};
use alloc::vec::{IntoIter as VecIntoIter, Vec};
use core::slice::Iter as SliceIter;

/// An ordered map that nearly always has one entry: a sorted vector, and a tree once there are many.
///
/// A vector rather than inline places, because records may contain themselves.
#[derive(Clone, Debug)]
pub(crate) enum SmallMap<K, V> {
    Few(Vec<(K, V)>),
    Many(BTreeMap<K, V>),
}

/// How many entries a vector holds before inserting into its middle costs more than a tree does.
const FEW: usize = 32;

impl<K, V> SmallMap<K, V> {
    pub(crate) fn iter(&self) -> Iter<'_, K, V> {
        match self {
            SmallMap::Few(pairs) => Iter::Few(pairs.iter()),
            SmallMap::Many(tree) => Iter::Many(tree.iter()),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        match self {
            SmallMap::Few(pairs) => pairs.is_empty(),
            SmallMap::Many(tree) => tree.is_empty(),
        }
    }
}

impl<K: Ord, V> SmallMap<K, V> {
    /// The value of `key`, which gets a default one if it has none.
    pub(crate) fn entry(&mut self, key: K) -> &mut V
    where
        V: Default,
    {
        if let SmallMap::Few(pairs) = self
            && pairs.len() >= FEW
        {
            *self = SmallMap::Many(core::mem::take(pairs).into_iter().collect());
        }
        match self {
            SmallMap::Few(pairs) => {
                let place = match pairs.binary_search_by(|(k, _)| k.cmp(&key)) {
                    Ok(place) => place,
                    Err(place) => {
                        pairs.reserve_exact(usize::from(pairs.is_empty()));
                        pairs.insert(place, (key, V::default()));
                        place
                    }
                };
                &mut pairs[place].1
            }
            SmallMap::Many(tree) => tree.entry(key).or_default(),
        }
    }

    pub(crate) fn retain(&mut self, mut keep: impl FnMut(&K, &mut V) -> bool) {
        match self {
            SmallMap::Few(pairs) => pairs.retain_mut(|(k, v)| keep(k, v)),
            SmallMap::Many(tree) => tree.retain(keep),
        }
    }

    /// Adds the entries of `other`; `join` decides where both have the key.
    pub(crate) fn union(&mut self, other: Self, join: impl Fn(&mut V, V))
    where
        V: Default,
    {
        if self.is_empty() {
            *self = other;
        } else {
            other.into_iter().for_each(|(key, value)| join(self.entry(key), value));
        }
    }
}

impl<K, V> Default for SmallMap<K, V> {
    fn default() -> Self {
        SmallMap::Few(Vec::new())
    }
}

/// From pairs that are sorted and have different keys.
impl<K: Ord, V> FromIterator<(K, V)> for SmallMap<K, V> {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(pairs: I) -> Self {
        let pairs: Vec<_> = pairs.into_iter().collect();
        debug_assert!(pairs.is_sorted_by(|a, b| a.0 < b.0));
        if pairs.len() <= FEW { SmallMap::Few(pairs) } else { SmallMap::Many(pairs.into_iter().collect()) }
    }
}

impl<K: PartialEq, V: PartialEq> PartialEq for SmallMap<K, V> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl<K: Eq, V: Eq> Eq for SmallMap<K, V> {}

pub(crate) enum Iter<'a, K, V> {
    Few(SliceIter<'a, (K, V)>),
    Many(TreeIter<'a, K, V>),
}

impl<'a, K, V> Iterator for Iter<'a, K, V> {
    type Item = (&'a K, &'a V);

    fn next(&mut self) -> Option<Self::Item> {
        match self {
            Iter::Few(pairs) => pairs.next().map(|(k, v)| (k, v)),
            Iter::Many(tree) => tree.next(),
        }
    }

    /// Exact: formats that write lengths ask for it.
    fn size_hint(&self) -> (usize, Option<usize>) {
        match self {
            Iter::Few(pairs) => pairs.size_hint(),
            Iter::Many(tree) => tree.size_hint(),
        }
    }
}

impl<K, V> ExactSizeIterator for Iter<'_, K, V> {}

pub(crate) enum IntoIter<K, V> {
    Few(VecIntoIter<(K, V)>),
    Many(TreeIntoIter<K, V>),
}

impl<K, V> Iterator for IntoIter<K, V> {
    type Item = (K, V);

    fn next(&mut self) -> Option<Self::Item> {
        match self {
            IntoIter::Few(pairs) => pairs.next(),
            IntoIter::Many(tree) => tree.next(),
        }
    }
}

impl<K, V> IntoIterator for SmallMap<K, V> {
    type Item = (K, V);
    type IntoIter = IntoIter<K, V>;

    fn into_iter(self) -> IntoIter<K, V> {
        match self {
            SmallMap::Few(pairs) => IntoIter::Few(pairs.into_iter()),
            SmallMap::Many(tree) => IntoIter::Many(tree.into_iter()),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn behaves_as_a_tree(keys in prop::collection::vec(0..80u8, 0..120), more in prop::collection::vec(0..80u8, 0..60)) {
            let count = |keys: &[u8]| {
                let (mut small, mut tree) = (SmallMap::<u8, u32>::default(), BTreeMap::<u8, u32>::new());
                for key in keys {
                    *small.entry(*key) += 1;
                    *tree.entry(*key).or_default() += 1;
                }
                (small, tree)
            };
            let ((mut small, mut tree), (small2, tree2)) = (count(&keys), count(&more));
            prop_assert!(small.iter().eq(tree.iter()));
            small.union(small2, |mine, theirs| *mine += theirs);
            for (key, n) in tree2 {
                *tree.entry(key).or_default() += n;
            }
            small.retain(|key, _| key % 3 != 0);
            tree.retain(|key, _| key % 3 != 0);
            prop_assert_eq!(small.is_empty(), tree.is_empty());
            prop_assert!(small.into_iter().eq(tree));
        }
    }
}
