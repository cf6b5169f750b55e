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
        if self.words.len() < other.words.len() {
            self.words.resize(other.words.len(), 0);
        }
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
