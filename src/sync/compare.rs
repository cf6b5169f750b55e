//! Two states that have lost sight of each other find out in which facts they differ.

use alloc::vec::Vec;

use super::Replicated;
use super::sketch::{Item, Sketch, mix, short};
use crate::{Dot, ReplicaId, Version};

/// What a state knows: its version, and what it knows to be dead without having seen it.
#[derive(Clone, Debug)]
pub(super) struct Knowledge {
    pub(super) seen: Version,
    pub(super) ahead: Version,
}

impl Knowledge {
    pub(super) fn of<T: Replicated>(state: &T) -> Self {
        Knowledge { seen: state.version().clone(), ahead: state.ahead() }
    }

    pub(super) fn contains(&self, dot: Dot) -> bool {
        self.seen.contains(dot) || self.ahead.contains(dot)
    }
}

/// How both sides call the dots that either knows: in as few bits as it takes.
#[derive(Debug)]
pub(super) struct Tags {
    replicas: Vec<ReplicaId>,
    counter_bits: u32,
    /// Bytes of a tag.
    pub(super) width: usize,
}

impl Tags {
    pub(super) fn new(a: &Knowledge, b: &Knowledge) -> Self {
        let mut all = a.seen.clone();
        [&a.ahead, &b.seen, &b.ahead].into_iter().for_each(|version| {
            all.union(version);
        });
        let replicas: Vec<_> = all.replicas().collect();
        let last = replicas.iter().map(|id| all.last(*id)).max().unwrap_or(0);
        let counter_bits = u64::BITS - last.leading_zeros();
        let bits = counter_bits + (usize::BITS - replicas.len().leading_zeros());
        Tags { replicas, counter_bits, width: bits.div_ceil(8).clamp(1, 8) as usize }
    }

    fn tag(&self, dot: Dot) -> Option<u64> {
        let place = self.replicas.binary_search(&dot.replica()).ok()?;
        Some((place as u64) << self.counter_bits | dot.counter())
    }

    pub(super) fn dot(&self, tag: u64) -> Option<Dot> {
        let place = tag.checked_shr(self.counter_bits).unwrap_or(0);
        let counter = tag & ((1 << self.counter_bits) - 1);
        Dot::new(*self.replicas.get(usize::try_from(place).ok()?)?, counter)
    }

    pub(super) fn sketch<T: Replicated>(&self, state: &T, salt: u64) -> Sketch {
        let mut items = Vec::new();
        state.hash_facts(salt, &mut |dot, hash| {
            items.extend(self.tag(dot).map(|tag| Item { tag, value: short(hash) }));
        });
        Sketch::new(items, salt)
    }
}

/// A short name of all facts of a state.
pub(super) fn sum<T: Replicated>(state: &T, salt: u64) -> u64 {
    let mut sum = 0_u64;
    state.hash_facts(salt, &mut |_, hash| sum = sum.wrapping_add(mix(hash)));
    sum
}
