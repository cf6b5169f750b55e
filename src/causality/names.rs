//! Short names for dots inside one state.
//!
//! A full dot is 24 bytes; a live fact carries 8:
//!
//! ```text
//! tag     slot (20 bits) | counter (44 bits)
//! names   slot -> replica id, in order of arrival
//! ```
//!
//! Slots differ from state to state, so a tag means something beside its [`Names`] only. Whatever can be seen
//! (order, equality, what is written) goes by full dots.

use alloc::vec::Vec;
use core::num::NonZeroU64;

use crate::work::moved;
use crate::{Dot, ReplicaId};

/// A dot by its short name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Tag(NonZeroU64);

const COUNTER_BITS: u32 = 44;

impl Tag {
    pub(crate) fn new(slot: u32, counter: u64) -> Self {
        debug_assert!(slot < Names::SLOTS && (1..=Dot::MAX_COUNTER).contains(&counter));
        Tag(NonZeroU64::new(u64::from(slot) << COUNTER_BITS | counter).expect("counters begin at 1"))
    }

    pub(crate) fn slot(self) -> u32 {
        (self.0.get() >> COUNTER_BITS) as u32
    }

    pub(crate) fn counter(self) -> u64 {
        self.0.get() & Dot::MAX_COUNTER
    }
}

/// The replicas that a state's tags may name.
///
/// A fact of a state carries a short name of its dot, and this is what the short names mean. Names are never
/// forgotten, and may hold ids that no fact uses any more; they are not part of what a state says.
#[derive(Clone, Debug, Default)]
pub struct Names {
    ids: Vec<ReplicaId>,
    /// The slots, ordered by the id they stand for.
    sorted: Vec<u32>,
}

impl Names {
    /// How many slots a tag can tell apart.
    pub(crate) const SLOTS: u32 = 1 << 20;
    /// How many names strangers may bring, so that they cannot lock this state's own writers out.
    pub(crate) const FOR_STRANGERS: u32 = Self::SLOTS - (1 << 10);
    /// The most names of a state that moves in as a whole: it may name writers of its own, and must leave room for those here.
    pub(crate) const FOR_STATES: u32 = Self::SLOTS - (3 << 8);
    /// The most names of a state that is read from bytes, and therefore of one that is written to.
    pub(crate) const FOR_SAVED: u32 = Self::SLOTS - (1 << 9);

    /// The names of replicas that are sorted already, in their order.
    pub(crate) fn sorted(ids: Vec<ReplicaId>) -> Self {
        debug_assert!(ids.is_sorted() && ids.len() <= Self::SLOTS as usize);
        Names { sorted: (0..Self::SLOTS).take(ids.len()).collect(), ids }
    }

    pub(crate) const fn new() -> Self {
        Names { ids: Vec::new(), sorted: Vec::new() }
    }

    pub(crate) fn len(&self) -> usize {
        self.ids.len()
    }

    pub(crate) fn id(&self, slot: u32) -> ReplicaId {
        self.ids[slot as usize]
    }

    pub(crate) fn ids(&self) -> &[ReplicaId] {
        &self.ids
    }

    pub(crate) fn slot(&self, id: ReplicaId) -> Option<u32> {
        self.place(id).ok().map(|at| self.sorted[at])
    }

    pub(crate) fn dot(&self, tag: Tag) -> Dot {
        Dot::trusted(self.id(tag.slot()), tag.counter())
    }

    pub(crate) fn tag(&self, dot: Dot) -> Option<Tag> {
        self.slot(dot.replica()).map(|slot| Tag::new(slot, dot.counter()))
    }

    /// The slot of `id`, which gets one if it has none; `None` when there are no slots left.
    pub(crate) fn intern(&mut self, id: ReplicaId) -> Option<u32> {
        match self.place(id) {
            Ok(at) => Some(self.sorted[at]),
            Err(at) => {
                let slot = u32::try_from(self.len()).ok().filter(|slot| *slot < Self::SLOTS)?;
                moved(self.sorted.len() - at);
                self.ids.push(id);
                self.sorted.insert(at, slot);
                Some(slot)
            }
        }
    }

    /// Gives a slot to each of `ids` that has none; if more than `limit` would be taken then, to none of them, and the answer
    /// is false. The ids must ascend. `O(m log n)` comparisons for `m` ids, and one move of the slots that are there.
    pub(crate) fn intern_all(&mut self, ids: impl Iterator<Item = ReplicaId>, limit: u32) -> bool {
        let strangers: Vec<_> = ids.filter_map(|id| Some((self.place(id).err()?, id))).collect();
        debug_assert!(strangers.is_sorted_by(|a, b| a.1 < b.1));
        if strangers.is_empty() {
            return true;
        }
        let (mut end, len) = (self.len(), self.len() + strangers.len());
        if len > limit as usize {
            return false;
        }
        self.ids.extend(strangers.iter().map(|(_, id)| id));
        self.sorted.resize(len, 0);
        // From the last on, so that what comes after one of them goes to its place at once.
        for ((before, slot), (place, _)) in (end..len).enumerate().zip(&strangers).rev() {
            moved(end - place);
            self.sorted.copy_within(*place..end, place + before + 1);
            self.sorted[place + before] = u32::try_from(slot).expect("no more slots than the limit");
            end = *place;
        }
        true
    }

    /// Removes the name that was given last, if it is this one.
    pub(crate) fn give_back(&mut self, id: ReplicaId) {
        if self.ids.last() == Some(&id)
            && let Ok(at) = self.place(id)
        {
            self.ids.pop();
            self.sorted.remove(at);
        }
    }

    #[inline]
    fn place(&self, id: ReplicaId) -> Result<usize, usize> {
        match self.ids[..] {
            // As in states that one replica writes.
            [only] if only == id => Ok(0),
            _ => self.sorted.binary_search_by_key(&id, |slot| self.id(*slot)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(n: u32) -> ReplicaId {
        ReplicaId::from_u128(u128::from(n.reverse_bits()))
    }

    #[test]
    fn a_tag_holds_the_last_slot_and_the_last_counter() {
        let tag = Tag::new(Names::SLOTS - 1, Dot::MAX_COUNTER);
        assert_eq!((tag.slot(), tag.counter()), (Names::SLOTS - 1, Dot::MAX_COUNTER));
    }

    #[test]
    fn the_limits_are_those_that_are_written_down() {
        use crate::{Causal, Counter, causality::Ticks, store::Root};

        assert_eq!(Dot::MAX_COUNTER, 17_592_186_044_415, "seventeen million million events of a replica");
        let left = u128::from(Dot::MAX_COUNTER) - <Causal<Counter> as Root>::MOST_MADE;
        assert_eq!(
            left, 1_099_511_627_776,
            "a million million for the transaction in which the others run out"
        );
        assert_eq!(Names::SLOTS, 1_048_576, "a million replicas");
        assert_eq!(Names::SLOTS - Names::FOR_STRANGERS, 1_024, "a thousand of them for local writers");
        #[cfg(feature = "serde")]
        assert_eq!(Names::SLOTS - Names::FOR_SAVED, 512, "some of those also after a restart");
        assert_eq!(Ticks::MAX.get(), u64::MAX - 1, "all times but one");
    }

    #[test]
    fn slots_follow_arrival_and_names_are_found_again() {
        let mut names = Names::new();
        for n in 0..100 {
            assert_eq!(names.intern(id(n)), Some(n));
        }
        for n in (0..100).rev() {
            assert_eq!(names.intern(id(n)), Some(n));
            assert_eq!(names.slot(id(n)), Some(n));
            let dot = Dot::trusted(id(n), 9);
            assert_eq!(names.tag(dot).map(|tag| names.dot(tag)), Some(dot));
        }
        assert_eq!(names.slot(id(100)), None);
    }

    #[test]
    fn many_get_their_slots_at_once() {
        let mut names = Names::new();
        let mut ids: Vec<_> = (0..100).map(id).collect();
        ids.sort_unstable();
        let (some, others) = (ids.iter().copied().step_by(3), ids.iter().copied());
        assert!(names.intern_all(some.clone(), Names::FOR_STRANGERS));
        assert!((0..).zip(some).all(|(slot, id)| names.slot(id) == Some(slot)));
        assert!(
            names.intern_all(others.clone(), 100) && names.intern_all(others, 0),
            "a second time no room is needed"
        );
        assert!(names.sorted.is_sorted_by_key(|slot| names.id(*slot)));
        assert!(ids.iter().all(|id| names.slot(*id).is_some_and(|slot| names.id(slot) == *id)));
        assert_eq!(names.len(), 100);
    }

    /// Strangers' names, by the million in one message, took 21 seconds.
    #[test]
    fn names_of_many_strangers_move_what_is_there_once() {
        let mut ids: Vec<_> = (0..20_000).map(id).collect();
        ids.sort_unstable();
        let mut names = Names::new();
        let (known, strangers) = (ids.iter().copied().step_by(2), ids.iter().copied().skip(1).step_by(2));
        assert!(names.intern_all(known, Names::FOR_STRANGERS));
        let (is_done, work) = crate::work::of(|| names.intern_all(strangers, Names::FOR_STRANGERS));
        assert!(is_done && work.moved <= 10_000, "{work:?}");
    }

    #[test]
    fn strangers_cannot_take_the_last_slots() {
        let full = Names::FOR_STRANGERS;
        let ids: Vec<_> = (0..full).map(|n| ReplicaId::from_u128(n.into())).collect();
        let mut names = Names { ids, sorted: (0..full).collect() };
        let stranger = ReplicaId::from_u128(u128::MAX);
        assert!(!names.intern_all([stranger].into_iter(), full));
        assert!(names.intern_all([ReplicaId::from_u128(5)].into_iter(), full));
        assert_eq!(names.intern(stranger), Some(full));
        let known = [ReplicaId::from_u128(5), stranger];
        assert!(names.intern_all(known.into_iter(), full), "who has a name needs no room");
        let half_known = [ReplicaId::from_u128(5), ReplicaId::from_u128(u128::MAX - 1)];
        assert!(!names.intern_all(half_known.into_iter(), full + 1));
        assert_eq!(names.len(), full as usize + 1, "none is taken");
        assert!(names.intern_all(half_known.into_iter(), full + 2));
    }

    #[test]
    fn the_last_slot_is_given_and_no_other() {
        let all_but_one = Names::SLOTS - 1;
        let ids: Vec<_> = (0..all_but_one).map(|n| ReplicaId::from_u128(n.into())).collect();
        let mut names = Names { ids, sorted: (0..all_but_one).collect() };
        assert_eq!(names.intern(ReplicaId::from_u128(u128::MAX - 1)), Some(all_but_one));
        assert_eq!(names.intern(ReplicaId::from_u128(u128::MAX)), None);
    }
}
