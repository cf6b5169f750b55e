//! Sets of events, as bits.

use core::fmt;

use smallvec::SmallVec;

/// A set of events, by number. The last word is not 0, so that equal sets are equal words.
#[derive(Clone, Default, PartialEq, Eq)]
pub(super) struct EventSet {
    words: SmallVec<[u64; 2]>,
}

impl EventSet {
    pub(super) fn contains(&self, event: usize) -> bool {
        self.words.get(event / 64).is_some_and(|word| word >> (event % 64) & 1 == 1)
    }

    pub(super) fn insert(&mut self, event: usize) {
        if self.words.len() <= event / 64 {
            self.words.resize(event / 64 + 1, 0);
        }
        self.words[event / 64] |= 1 << (event % 64);
    }

    pub(super) fn union(&mut self, other: &EventSet) {
        self.words.resize(self.words.len().max(other.words.len()), 0);
        self.words.iter_mut().zip(&other.words).for_each(|(mine, theirs)| *mine |= theirs);
    }

    pub(super) fn is_subset(&self, other: &EventSet) -> bool {
        let theirs = other.words.iter().copied().chain(core::iter::repeat(0));
        self.words.iter().zip(theirs).all(|(mine, theirs)| mine & !theirs == 0)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = usize> {
        (0..64 * self.words.len()).filter(|event| self.contains(*event))
    }
}

impl FromIterator<usize> for EventSet {
    fn from_iter<I: IntoIterator<Item = usize>>(events: I) -> Self {
        let mut set = EventSet::default();
        events.into_iter().for_each(|event| set.insert(event));
        set
    }
}

impl fmt::Debug for EventSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeSet;
    use alloc::format;
    use alloc::vec::Vec;

    use proptest::prelude::*;

    use super::*;

    fn events() -> impl Strategy<Value = BTreeSet<usize>> {
        prop::collection::btree_set(prop_oneof![0..6_usize, 60..70_usize, 120..200_usize], 0..6)
    }

    proptest! {
        #[test]
        fn behaves_as_a_set_of_numbers(a in events(), b in events()) {
            let [set, other]: [EventSet; 2] = [&a, &b].map(|events| events.iter().copied().collect());
            prop_assert!(set.iter().eq(a.iter().copied()));
            prop_assert!((0..260).all(|event| set.contains(event) == a.contains(&event)));
            prop_assert_eq!(set.is_subset(&other), a.is_subset(&b));
            prop_assert_eq!(set == other, a == b);
            let mut union = set.clone();
            union.union(&other);
            prop_assert_eq!(union.iter().collect::<Vec<_>>(), (&a | &b).into_iter().collect::<Vec<_>>());
            prop_assert_eq!(union, (&a | &b).into_iter().collect());
            prop_assert_eq!(format!("{set:?}"), format!("{a:?}"));
        }
    }
}
