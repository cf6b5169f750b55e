//! `crdts`: operations made under a context that is derived anew for each, as its documentation shows, and applied here.

use std::fmt::Debug;
use std::hash::Hash;

use crdts::{CmRDT, CvRDT, MVReg, Map, Orswot, PNCounter};
use serde::Serialize;

use super::{Counter, Replica, Set, Table};
use crate::data::Element;

type Actor = u128;

/// A state and who writes to it.
pub struct Crdts<S> {
    state: S,
    actor: Actor,
}

pub type CrdtsSet<T> = Crdts<Orswot<T, Actor>>;
pub type CrdtsRegisters = Crdts<Map<u64, MVReg<u64, Actor>, Actor>>;
pub type CrdtsCounters = Crdts<Map<u64, PNCounter<Actor>, Actor>>;
pub type CrdtsNested = Crdts<Map<u64, Map<String, MVReg<u64, Actor>, Actor>, Actor>>;
pub type CrdtsCounter = Crdts<PNCounter<Actor>>;

impl<S: Default + Clone + CvRDT + Serialize> Replica for Crdts<S> {
    const NAME: &'static str = "crdts";
    const MERGES_BY_VALUE: bool = true;

    fn new() -> Self {
        Crdts { state: S::default(), actor: 1 << 100 }
    }

    fn fork(&self) -> Self {
        Crdts { state: self.state.clone(), actor: self.actor + 1 }
    }

    fn merge(&mut self, other: &mut Self) {
        self.state.merge(std::mem::take(&mut other.state));
    }

    fn encoded(&self) -> Vec<(&'static str, usize)> {
        let postcard = postcard::to_stdvec(&self.state).unwrap();
        vec![
            ("bincode", bincode::serialized_size(&self.state).unwrap() as usize),
            ("postcard", postcard.len()),
        ]
    }
}

impl<T: Element + Serialize + Hash + Debug> Set<T> for CrdtsSet<T> {
    type Delta = crdts::orswot::Op<T, Actor>;

    fn insert(&mut self, value: T) {
        let context = self.state.read_ctx().derive_add_ctx(self.actor);
        self.state.apply(self.state.add(value, context));
    }

    fn insert_and_tell(&mut self, value: T) -> Self::Delta {
        let context = self.state.read_ctx().derive_add_ctx(self.actor);
        let operation = self.state.add(value, context);
        self.state.apply(operation.clone());
        operation
    }

    fn apply(&mut self, delta: Self::Delta) {
        self.state.apply(delta);
    }

    fn remove(&mut self, value: &T) {
        let context = self.state.contains(value).derive_rm_ctx();
        self.state.apply(self.state.rm(value.clone(), context));
    }

    fn contains(&self, value: &T) -> bool {
        self.state.contains(value).val
    }

    fn visit(&self, mut each: impl FnMut(&T)) {
        self.state.iter().for_each(|member| each(member.val));
    }
}

impl Table for CrdtsRegisters {
    fn write(&mut self, key: u64, value: u64) {
        let context = self.state.read_ctx().derive_add_ctx(self.actor);
        self.state.apply(self.state.update(key, context, |register, context| register.write(value, context)));
    }

    fn count(&self) -> usize {
        self.state.len().val
    }
}

impl Table for CrdtsCounters {
    fn write(&mut self, key: u64, value: u64) {
        let context = self.state.read_ctx().derive_add_ctx(self.actor);
        let actor = self.actor;
        self.state.apply(self.state.update(key, context, |counter, _| counter.inc_many(actor, value >> 8)));
    }

    fn count(&self) -> usize {
        self.state.len().val
    }
}

impl Table for CrdtsNested {
    fn write(&mut self, key: u64, value: u64) {
        for field in ["name", "seen", "votes"] {
            let context = self.state.read_ctx().derive_add_ctx(self.actor);
            self.state.apply(self.state.update(key, context, |row, context| {
                row.update(field, context, |register, context| register.write(value, context))
            }));
        }
    }

    fn count(&self) -> usize {
        self.state.len().val
    }
}

impl Counter for CrdtsCounter {
    fn increment(&mut self, times: usize) {
        for _ in 0..times {
            self.state.apply(self.state.inc(self.actor));
        }
    }

    fn increment_each(&mut self, times: usize) {
        self.increment(times);
    }

    fn value(&self) -> u64 {
        self.state.read().try_into().unwrap()
    }
}
