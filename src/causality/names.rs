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
    /// How many a saved state may bring: more, since its own writers had come on top.
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

    /// Whether all of `ids` have a slot or could be given one, with at most `limit` slots taken.
    pub(crate) fn has_room_for(&self, ids: impl Iterator<Item = ReplicaId>, limit: u32) -> bool {
        let limit = limit as usize;
        ids.size_hint().1.is_some_and(|most| self.len() + most <= limit) || {
            let strangers = ids.filter(|id| self.place(*id).is_err()).count();
            strangers == 0 || self.len() + strangers <= limit
        }
    }

    /// The slot of `id`, which gets one if it has none; `None` when there are no slots left.
    pub(crate) fn intern(&mut self, id: ReplicaId) -> Option<u32> {
        match self.place(id) {
            Ok(at) => Some(self.sorted[at]),
            Err(at) => {
                let slot = u32::try_from(self.len()).ok().filter(|slot| *slot < Self::SLOTS)?;
                self.ids.push(id);
                self.sorted.insert(at, slot);
                Some(slot)
            }
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
        assert!(names.has_room_for([id(3), id(300)].into_iter(), Names::FOR_STRANGERS));
    }

    #[test]
    fn strangers_cannot_take_the_last_slots() {
        let full = Names::FOR_STRANGERS;
        let ids: Vec<_> = (0..full).map(|n| ReplicaId::from_u128(n.into())).collect();
        let mut names = Names { ids, sorted: (0..full).collect() };
        let stranger = ReplicaId::from_u128(u128::MAX);
        assert!(!names.has_room_for([stranger].into_iter(), full));
        assert!(names.has_room_for([ReplicaId::from_u128(5)].into_iter(), full));
        assert_eq!(names.intern(stranger), Some(full));
        let known = [ReplicaId::from_u128(5), stranger];
        assert!(names.has_room_for(known.into_iter(), full), "who has a name needs no room");
        let half_known = [ReplicaId::from_u128(5), ReplicaId::from_u128(u128::MAX - 1)];
        assert!(names.has_room_for(half_known.into_iter(), full + 2));
        assert!(!names.has_room_for(half_known.into_iter(), full + 1));
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
