//! `dson`: its direct interface, which its documentation has for work where time matters; transactions copy the store.
//!
//! It has maps of registers; a set is a map in which what is present is `true`.

use std::fmt::Debug;
use std::hash::Hash;

use dson::crdts::NoExtensionTypes;
use dson::crdts::mvreg::MvRegValue;
use dson::sentinel::DummySentinel;
use dson::{CausalDotStore, Identifier, OrMap};

use super::{Replica, Set, Table};
use crate::data::Element;

type State<K> = CausalDotStore<OrMap<K, NoExtensionTypes>>;

/// A state and who writes to it.
pub struct Dson<K: Hash + Eq> {
    state: State<K>,
    id: Identifier,
}

pub type DsonSet<T> = Dson<T>;
pub type DsonRegisters = Dson<u64>;

impl<K: Hash + Eq + Clone + Debug> Dson<K> {
    fn join(&mut self, delta: State<K>) {
        let Ok(()) = self.state.consume(delta, &mut DummySentinel);
    }

    /// What changes when `key` is set, which is not applied yet.
    fn put(&self, key: K, value: MvRegValue) -> State<K> {
        self.state.store.apply_to_register(
            |register, context, id| register.write(value, context, id),
            key,
            &self.state.context,
            self.id,
        )
    }
}

impl<K: Hash + Eq + Clone + Debug> Replica for Dson<K> {
    const NAME: &'static str = "dson";
    /// The cost of each write grows with the map.
    const MOST: usize = 1_000;
    const MERGES_BY_VALUE: bool = true;

    fn new() -> Self {
        Dson { state: CausalDotStore::default(), id: Identifier::new(1, 0) }
    }

    fn fork(&self) -> Self {
        Dson { state: self.state.clone(), id: self.id.checked_successor().unwrap() }
    }

    fn merge(&mut self, other: &mut Self) {
        self.join(std::mem::take(&mut other.state));
    }
}

impl<T: Element> Set<T> for DsonSet<T> {
    type Delta = State<T>;

    fn insert(&mut self, value: T) {
        let delta = self.put(value, MvRegValue::Bool(true));
        self.join(delta);
    }

    fn insert_and_tell(&mut self, value: T) -> Self::Delta {
        let delta = self.put(value, MvRegValue::Bool(true));
        self.join(delta.clone());
        delta
    }

    fn apply(&mut self, delta: Self::Delta) {
        self.join(delta);
    }

    fn remove(&mut self, value: &T) {
        let delta = self.state.store.remove(value, &self.state.context, self.id);
        self.join(delta);
    }

    fn contains(&self, value: &T) -> bool {
        self.state.store.get(value).is_some()
    }

    fn visit(&self, each: impl FnMut(&T)) {
        self.state.store.inner().keys().for_each(each);
    }
}

impl Table for DsonRegisters {
    fn write(&mut self, key: u64, value: u64) {
        let delta = self.put(key, MvRegValue::U64(value));
        self.join(delta);
    }

    fn count(&self) -> usize {
        self.state.store.len()
    }
}

/// Maps in a map.
pub struct DsonNested(Dson<u64>);

impl Replica for DsonNested {
    const NAME: &'static str = "dson";
    const MOST: usize = <Dson<u64>>::MOST;
    const MERGES_BY_VALUE: bool = true;

    fn new() -> Self {
        DsonNested(Dson::new())
    }

    fn fork(&self) -> Self {
        DsonNested(self.0.fork())
    }

    fn merge(&mut self, other: &mut Self) {
        self.0.merge(&mut other.0);
    }
}

impl Table for DsonNested {
    fn write(&mut self, key: u64, value: u64) {
        for field in ["name", "seen", "votes"] {
            let Dson { state, id } = &self.0;
            let delta = state.store.apply_to_map(
                |row, context, id| {
                    row.apply_to_register(
                        |register, context, id| register.write(MvRegValue::U64(value), context, id),
                        field.to_string(),
                        context,
                        id,
                    )
                },
                key,
                &state.context,
                *id,
            );
            self.0.join(delta);
        }
    }

    fn count(&self) -> usize {
        self.0.count()
    }
}
