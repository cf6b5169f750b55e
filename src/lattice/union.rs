//! The lattices that std's ordered collections are, key by key.

use alloc::collections::btree_map::{BTreeMap, Entry};
use alloc::collections::btree_set::BTreeSet;

use crate::{Crdt, Lattice};

/// Takes the greater of two counts, key by key. Counts of 0 are expected on neither side.
pub(crate) fn join_counts<K: Ord>(
    mine: &mut BTreeMap<K, u64>,
    theirs: impl IntoIterator<Item = (K, u64)>,
) -> bool {
    theirs.into_iter().fold(false, |grew, (key, theirs)| {
        let mine = mine.entry(key).or_insert(0);
        let news = theirs > *mine;
        *mine = theirs.max(*mine);
        news | grew
    })
}

impl<K: Ord, L: Lattice> Lattice for BTreeMap<K, L> {
    fn join(&mut self, other: Self) -> bool {
        let mut grew = false;
        for (key, theirs) in other {
            grew |= match self.entry(key) {
                Entry::Occupied(mut mine) => mine.get_mut().join(theirs),
                Entry::Vacant(place) => {
                    place.insert(theirs);
                    true
                }
            };
        }
        grew
    }
}

impl<K: Ord, L: Crdt> Crdt for BTreeMap<K, L> {
    type Delta = BTreeMap<K, L::Delta>;

    fn apply(&mut self, delta: Self::Delta) -> bool {
        let mut grew = false;
        for (key, change) in delta {
            let mine = self.entry(key);
            grew |= matches!(mine, Entry::Vacant(_));
            grew |= mine.or_default().apply(change);
        }
        grew
    }
}

impl<T: Ord> Lattice for BTreeSet<T> {
    fn join(&mut self, other: Self) -> bool {
        let before = self.len();
        self.extend(other);
        self.len() > before
    }
}

impl<T: Ord> Crdt for BTreeSet<T> {
    type Delta = Self;

    fn apply(&mut self, delta: Self) -> bool {
        self.join(delta)
    }
}
