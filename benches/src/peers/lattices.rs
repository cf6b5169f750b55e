//! `lattices`: a set with tombstones, which is what it has for removals (what was removed never comes back), and a map
//! of pairs of time and value. A write is the merge of a lattice of one element, as in its documentation.

use lattices::map_union::{MapUnionHashMap, MapUnionSingletonMap};
use lattices::set_union_with_tombstones::{SetUnionWithTombstones, SetUnionWithTombstonesHashSet};
use lattices::{DomPair, Max, Merge};

use super::{Replica, Set, Table};
use crate::data::Element;

pub struct LatticesSet<T>(SetUnionWithTombstonesHashSet<T>);

impl<T: Element> Replica for LatticesSet<T> {
    const NAME: &'static str = "lattices";
    const MERGES_BY_VALUE: bool = true;

    fn new() -> Self {
        LatticesSet(SetUnionWithTombstonesHashSet::default())
    }

    fn fork(&self) -> Self {
        LatticesSet(self.0.clone())
    }

    fn merge(&mut self, other: &mut Self) {
        self.0.merge(std::mem::take(&mut other.0));
    }
}

impl<T: Element> Set<T> for LatticesSet<T> {
    type Delta = T;

    fn insert(&mut self, value: T) {
        self.0.merge(SetUnionWithTombstones::new(Some(value), None));
    }

    fn insert_and_tell(&mut self, value: T) -> T {
        self.insert(value.clone());
        value
    }

    fn apply(&mut self, delta: T) {
        self.insert(delta);
    }

    fn remove(&mut self, value: &T) {
        self.0.merge(SetUnionWithTombstones::new(None, Some(value.clone())));
    }

    fn contains(&self, value: &T) -> bool {
        self.0.as_reveal_ref().0.contains(value)
    }

    fn visit(&self, each: impl FnMut(&T)) {
        self.0.as_reveal_ref().0.iter().for_each(each);
    }
}

type Register = DomPair<Max<u64>, Max<u64>>;

pub struct LatticesRegisters {
    map: MapUnionHashMap<u64, Register>,
    time: u64,
}

impl Replica for LatticesRegisters {
    const NAME: &'static str = "lattices";
    const MERGES_BY_VALUE: bool = true;

    fn new() -> Self {
        LatticesRegisters { map: MapUnionHashMap::default(), time: 0 }
    }

    fn fork(&self) -> Self {
        LatticesRegisters { map: self.map.clone(), time: self.time }
    }

    fn merge(&mut self, other: &mut Self) {
        self.map.merge(std::mem::take(&mut other.map));
    }
}

impl Table for LatticesRegisters {
    fn write(&mut self, key: u64, value: u64) {
        self.time += 1;
        let register = Register::new(Max::new(self.time), Max::new(value));
        self.map.merge(MapUnionSingletonMap::new_from((key, register)));
    }

    fn count(&self) -> usize {
        self.map.as_reveal_ref().len()
    }
}
