//! What a store needs to know of the roots when something passes between two of them.

use alloc::vec::Vec;

use super::settling::Sweeping;
use crate::causality::{Counters, Names, Tag};
use crate::{Dot, ReplicaId, Version};

/// A delta being taken in.
#[derive(Debug)]
pub struct Receipt<'a> {
    pub(super) names: &'a Names,
    /// The events of the delta that are news here. Their replicas have names.
    pub(super) fresh: &'a Version,
    /// All events known here, those of the delta included.
    pub(super) seen: &'a Version,
    /// Facts killed before this delta. Of `seen`, only events of the delta may be among them.
    pub(super) ahead: &'a Version,
    /// Facts killed by the delta that are not in `seen`, in any order: they are added to `ahead` all at once.
    pub(super) killed: Vec<Dot>,
    /// Events of the delta that sweep, sorted; nearly always none.
    pub(super) sweeping: Vec<Sweeping<'a>>,
}

impl Receipt<'_> {
    pub(super) fn is_news(&self, dot: Dot) -> bool {
        self.fresh.contains(dot)
    }
}

/// Facts that are chosen by their events.
#[derive(Debug)]
pub struct Selection<'a> {
    /// By slot: the chosen events of that replica.
    by_slot: Vec<Counters<'a>>,
    /// A bit for each value of the lowest bits of a counter: set if a chosen event has it. Empty if there are few intervals,
    /// which are searched quickly, or too many events.
    bits: Vec<u64>,
}

impl<'a> Selection<'a> {
    /// The facts of `events`, in a state with these names.
    pub fn new(names: &Names, events: &'a Version) -> Self {
        let by_slot = names.ids().iter().map(|id| events.of(*id)).collect();
        let (intervals, mut bits) = (events.interval_count(), Vec::new());
        if intervals > 2 && events.dot_count() <= 16 * intervals as u128 {
            bits = alloc::vec![0; intervals.next_power_of_two()];
            for dot in events.dots() {
                let (word, bit) = place(&bits, dot.counter());
                bits[word] |= bit;
            }
        }
        Selection { by_slot, bits }
    }

    #[inline]
    pub(super) fn has(&self, tag: Tag) -> bool {
        if !self.bits.is_empty() {
            let (word, bit) = place(&self.bits, tag.counter());
            if self.bits[word] & bit == 0 {
                return false;
            }
        }
        self.by_slot[tag.slot() as usize].contains(tag.counter())
    }
}

/// The word and the bit of a counter, in a power of two of words.
#[inline]
fn place(bits: &[u64], counter: u64) -> (usize, u64) {
    ((counter / 64) as usize & (bits.len() - 1), 1 << (counter % 64))
}

/// How the tags of another state are called here.
#[derive(Debug)]
pub struct Naming {
    /// By their slot: mine, if I have that name.
    slots: Vec<Option<u32>>,
}

impl Naming {
    pub(super) fn new(mine: &Names, theirs: &Names) -> Self {
        Naming { slots: theirs.ids().iter().map(|id| mine.slot(*id)).collect() }
    }

    /// Their tag, as it is called here.
    pub(super) fn translate(&self, theirs: Tag) -> Option<Tag> {
        self.slots[theirs.slot() as usize].map(|slot| Tag::new(slot, theirs.counter()))
    }
}

/// Two states being joined into the first.
#[derive(Debug)]
pub struct Meeting<'a> {
    pub(super) names: &'a Names,
    naming: Naming,
    /// By my slot: what they have seen of that replica.
    seen_there: Vec<Counters<'a>>,
    /// By my slot: what I have seen of that replica.
    seen_here: Vec<Counters<'a>>,
    /// What the other side has killed before seeing it; `None` when empty, as it nearly always is.
    ahead_there: Option<&'a Version>,
    ahead_here: Option<&'a Version>,
    /// By my slot: whether they have settled more of that replica; `None` if nobody has, as nearly always.
    settled_there: Option<Vec<bool>>,
}

/// What one of two states that meet knows.
#[derive(Clone, Copy)]
pub(super) struct Side<'a> {
    pub(super) names: &'a Names,
    pub(super) seen: &'a Version,
    pub(super) ahead: &'a Version,
    pub(super) horizon: &'a Version,
}

impl<'a> Meeting<'a> {
    /// All replicas in `there.seen` must have names here.
    pub(super) fn new(here: Side<'a>, there: Side<'a>) -> Self {
        let by_slot = |version: &'a Version| -> Vec<Counters<'a>> {
            here.names.ids().iter().map(|id: &ReplicaId| version.of(*id)).collect()
        };
        Meeting {
            names: here.names,
            naming: Naming::new(here.names, there.names),
            seen_there: by_slot(there.seen),
            seen_here: by_slot(here.seen),
            ahead_there: Some(there.ahead).filter(|version| !version.is_empty()),
            ahead_here: Some(here.ahead).filter(|version| !version.is_empty()),
            settled_there: (!here.horizon.covers(there.horizon)).then(|| {
                let is_further = |id: &ReplicaId| there.horizon.last(*id) > here.horizon.last(*id);
                here.names.ids().iter().map(is_further).collect()
            }),
        }
    }

    /// Their tag, as it is called here.
    ///
    /// # Panics
    ///
    /// If the fact is not in their version, which no state that can be built or decoded allows.
    pub(super) fn translate(&self, theirs: Tag) -> Tag {
        self.naming.translate(theirs).expect("a state's version covers its facts")
    }

    /// Whether, of a fact that both have, theirs is the value: they may have folded into it what I have not.
    pub(super) fn prefers_theirs(&self, tag: Tag) -> bool {
        self.settled_there.as_ref().is_some_and(|further| further[tag.slot() as usize])
    }

    /// Whether they know the fact of this tag of mine: if they do and have it no more, it was removed.
    pub(super) fn known_there(&self, tag: Tag) -> bool {
        self.knows(&self.seen_there, self.ahead_there, tag)
    }

    /// Whether I know the fact of this (translated) tag of theirs.
    pub(super) fn known_here(&self, tag: Tag) -> bool {
        self.knows(&self.seen_here, self.ahead_here, tag)
    }

    fn knows(&self, seen: &[Counters<'_>], ahead: Option<&Version>, tag: Tag) -> bool {
        seen[tag.slot() as usize].contains(tag.counter())
            || ahead.is_some_and(|ahead| ahead.contains(self.names.dot(tag)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Few events and many, with gaps and without.
        #[test]
        fn a_selection_has_the_events_that_it_was_made_of(
            runs in prop::collection::vec((0..3_u8, 1..2_000_u64, 0..20_u64), 0..40),
            probes in prop::collection::vec((0..4_u8, 1..2_100_u64), 0..200),
        ) {
            let id = |n: u8| ReplicaId::from_u128(n.into());
            let mut names = Names::new();
            for n in [2, 0, 3, 1] {
                names.intern(id(n));
            }
            let mut events = Version::new();
            for (n, first, more) in runs {
                events.insert_run(id(n), first, first + more);
            }
            let selection = Selection::new(&names, &events);
            for dot in events.dots().chain(probes.into_iter().map(|(n, counter)| Dot::trusted(id(n), counter))) {
                prop_assert_eq!(selection.has(names.tag(dot).unwrap()), events.contains(dot));
            }
        }
    }
}
