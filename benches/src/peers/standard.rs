//! std's collections, which forget who wrote what: the limit.
//!
//! What they merge is what a CRDT would have to: maps with as many bytes beside each key as `rejoin` has, in one walk
//! over both, in place.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use super::{Counter, Replica, Set, Table, TextMap};
use crate::data::Element;

/// A bare set.
pub struct StdSet<T>(BTreeSet<T>);

/// What a set of `rejoin` holds, in a bare map.
pub struct StdWalk<T>(BTreeMap<T, [u64; 3]>);

/// One walk over both maps; what is missing here is cloned and inserted afterwards, as the tree cannot grow under a walk.
fn walk<K: Ord + Clone, V: Clone + Ord>(here: &mut BTreeMap<K, V>, there: &BTreeMap<K, V>) {
    let mut missing = Vec::new();
    let mut theirs = there.iter().peekable();
    for (key, value) in &mut *here {
        while let Some((other, news)) = theirs.peek() {
            match (*other).cmp(key) {
                Ordering::Less => missing.push(((*other).clone(), (*news).clone())),
                Ordering::Equal if *news > value => *value = (*news).clone(),
                Ordering::Equal => {}
                Ordering::Greater => break,
            }
            theirs.next();
        }
    }
    missing.extend(theirs.map(|(key, value)| (key.clone(), value.clone())));
    here.extend(missing);
}

impl<T: Element> Replica for StdSet<T> {
    const NAME: &'static str = "std";

    fn new() -> Self {
        StdSet(BTreeSet::new())
    }

    fn fork(&self) -> Self {
        StdSet(self.0.clone())
    }

    fn merge(&mut self, other: &mut Self) {
        self.0.append(&mut other.0);
    }
}

impl<T: Element> Set<T> for StdSet<T> {
    type Delta = T;

    fn insert(&mut self, value: T) {
        self.0.insert(value);
    }

    fn insert_and_tell(&mut self, value: T) -> T {
        self.0.insert(value.clone());
        value
    }

    fn apply(&mut self, delta: T) {
        self.0.insert(delta);
    }

    fn remove(&mut self, value: &T) {
        self.0.remove(value);
    }

    fn contains(&self, value: &T) -> bool {
        self.0.contains(value)
    }

    fn visit(&self, each: impl FnMut(&T)) {
        self.0.iter().for_each(each);
    }
}

impl<T: Element> Replica for StdWalk<T> {
    const NAME: &'static str = "std";

    fn new() -> Self {
        StdWalk(BTreeMap::new())
    }

    fn fork(&self) -> Self {
        StdWalk(self.0.clone())
    }

    fn merge(&mut self, other: &mut Self) {
        walk(&mut self.0, &other.0);
    }
}

impl<T: Element> Set<T> for StdWalk<T> {
    type Delta = T;

    fn insert(&mut self, value: T) {
        self.0.insert(value, [0; 3]);
    }

    fn insert_and_tell(&mut self, value: T) -> T {
        self.0.insert(value.clone(), [0; 3]);
        value
    }

    fn apply(&mut self, delta: T) {
        self.0.insert(delta, [0; 3]);
    }

    fn remove(&mut self, value: &T) {
        self.0.remove(value);
    }

    fn contains(&self, value: &T) -> bool {
        self.0.contains_key(value)
    }

    fn visit(&self, each: impl FnMut(&T)) {
        self.0.keys().for_each(each);
    }
}

/// Numbers by number, be they called registers or counters.
#[derive(Clone)]
pub struct StdTable(BTreeMap<u64, u64>);

impl Replica for StdTable {
    const NAME: &'static str = "std";

    fn new() -> Self {
        StdTable(BTreeMap::new())
    }

    fn fork(&self) -> Self {
        self.clone()
    }

    fn merge(&mut self, other: &mut Self) {
        walk(&mut self.0, &other.0);
    }
}

impl Table for StdTable {
    fn write(&mut self, key: u64, value: u64) {
        self.0.insert(key, value);
    }

    fn count(&self) -> usize {
        self.0.len()
    }
}

/// Maps of maps.
#[derive(Clone)]
pub struct StdNested(BTreeMap<u64, BTreeMap<String, u64>>);

impl Replica for StdNested {
    const NAME: &'static str = "std";

    fn new() -> Self {
        StdNested(BTreeMap::new())
    }

    fn fork(&self) -> Self {
        self.clone()
    }

    fn merge(&mut self, other: &mut Self) {
        walk(&mut self.0, &other.0);
    }
}

impl Table for StdNested {
    fn write(&mut self, key: u64, value: u64) {
        let row = self.0.entry(key).or_default();
        row.insert("name".into(), value);
        row.insert("seen".into(), value);
        row.insert("votes".into(), value);
    }

    fn count(&self) -> usize {
        self.0.len()
    }
}

/// A map that knows nothing of versions: only setting, copying and reading mean something.
#[derive(Clone)]
pub struct StdDocument(BTreeMap<String, i64>);

impl Replica for StdDocument {
    const NAME: &'static str = "std";

    fn new() -> Self {
        StdDocument(BTreeMap::new())
    }

    fn fork(&self) -> Self {
        self.clone()
    }

    fn merge(&mut self, other: &mut Self) {
        walk(&mut self.0, &other.0);
    }
}

impl TextMap for StdDocument {
    fn set_all(&mut self, pairs: Vec<(String, i64)>) {
        for (key, value) in pairs {
            self.0.insert(key, value);
        }
    }
}

/// A number.
pub struct StdCounter(u64);

impl Replica for StdCounter {
    const NAME: &'static str = "std";

    fn new() -> Self {
        StdCounter(0)
    }

    fn fork(&self) -> Self {
        StdCounter(self.0)
    }

    fn merge(&mut self, other: &mut Self) {
        self.0 = self.0.max(other.0);
    }
}

impl Counter for StdCounter {
    fn increment(&mut self, times: usize) {
        for _ in 0..times {
            self.0 = std::hint::black_box(self.0 + 1);
        }
    }

    fn increment_each(&mut self, times: usize) {
        self.increment(times);
    }

    fn value(&self) -> u64 {
        self.0
    }
}
