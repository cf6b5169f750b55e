//! `rejoin`: one transaction per write, through a [`Writer`], unless a row says otherwise.

use std::sync::atomic::{AtomicU64, Ordering};

use rejoin::codec::Element as Encodes;
use rejoin::{
    Causal, Codec, Counter, Delta, Lattice, LwwMap, Map, MvRegister, OrSet, ReplicaId, Store, Version,
    Writer, record,
};
use serde::Serialize;

use super::{Document, Replica, Set, Table, TextMap};
use crate::data::{Element, mix};

/// Ids that do not depend on chance.
fn next_id() -> ReplicaId {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let n = NEXT.fetch_add(1, Ordering::Relaxed);
    ReplicaId::from_u128(u128::from(mix(n)) << 64 | u128::from(mix(!n)))
}

/// A writer of whatever is replicated.
pub struct Ours<S: Store + 'static>(Writer<Causal<S>>);

pub type OurSet<T> = Ours<OrSet<T>>;
pub type OurRegisters = Ours<Map<u64, MvRegister<u64>>>;
pub type OurCounters = Ours<Map<u64, Counter>>;
pub type OurCounter = Ours<Counter>;
pub type OurNested = Ours<Map<u64, Row>>;

record! {
    #[derive(Codec, serde::Serialize)]
    pub struct Row {
        name: MvRegister<u64>,
        seen: MvRegister<u64>,
        votes: MvRegister<u64>,
    }
}

impl<S: Store + Clone + 'static> Replica for Ours<S>
where
    Causal<S>: Codec + Serialize,
{
    const NAME: &'static str = "rejoin";

    fn new() -> Self {
        Ours(Writer::with_ids(Causal::default(), next_id))
    }

    fn fork(&self) -> Self {
        Ours(self.0.fork())
    }

    /// By value: what the other has moves, if nothing here is missing there.
    fn merge(&mut self, other: &mut Self) {
        let other = std::mem::replace(other, Ours::new());
        self.0.join(other.0.into_state());
    }

    fn merge_borrowed(&mut self, other: &mut Self) {
        self.0.join_ref(other.0.state());
    }

    fn encoded(&self) -> Vec<(&'static str, usize)> {
        let postcard = postcard::to_stdvec(self.0.state()).unwrap();
        vec![("its own", self.0.state().encode().len()), ("postcard", postcard.len())]
    }
}

impl<T: Element + Encodes + Serialize> Set<T> for OurSet<T> {
    type Delta = Delta<OrSet<T>>;

    fn insert(&mut self, value: T) {
        self.0.edit(|set| set.insert(value));
    }

    fn insert_all(&mut self, values: Vec<T>) {
        self.0.edit(|set| set.extend(values));
    }

    fn insert_and_tell(&mut self, value: T) -> Self::Delta {
        self.0.edit(|set| set.insert(value))
    }

    fn apply(&mut self, delta: Self::Delta) {
        self.0.apply(delta);
    }

    fn remove(&mut self, value: &T) {
        self.0.edit(|set| set.remove(value));
    }

    fn contains(&self, value: &T) -> bool {
        self.0.contains(value)
    }

    fn visit(&self, each: impl FnMut(&T)) {
        self.0.iter().for_each(each);
    }
}

impl Table for OurRegisters {
    fn write(&mut self, key: u64, value: u64) {
        self.0.edit(|map| map.entry(key).set(value));
    }

    fn count(&self) -> usize {
        self.0.len()
    }
}

impl Table for OurCounters {
    fn write(&mut self, key: u64, value: u64) {
        self.0.edit(|map| map.entry(key).add(value.cast_signed() >> 8));
    }

    fn count(&self) -> usize {
        self.0.len()
    }
}

impl Table for OurNested {
    fn write(&mut self, key: u64, value: u64) {
        self.0.edit(|map| {
            let mut row = map.entry(key);
            row.name.set(value);
            row.seen.set(value);
            row.votes.set(value);
        });
    }

    fn count(&self) -> usize {
        self.0.len()
    }
}

/// A document that keeps what it wrote, to answer others from, until everybody has it.
pub struct OurDocument {
    writer: Writer<Causal<LwwMap<String, i64>>>,
    log: Delta<LwwMap<String, i64>>,
}

impl OurDocument {
    fn over(state: Causal<LwwMap<String, i64>>) -> Self {
        OurDocument { writer: Writer::with_ids(state, next_id), log: Delta::default() }
    }
}

impl Replica for OurDocument {
    const NAME: &'static str = "rejoin";

    fn new() -> Self {
        OurDocument::over(Causal::default())
    }

    /// The fork has all that the log could tell it, so both begin a new one.
    fn fork(&self) -> Self {
        OurDocument { writer: self.writer.fork(), log: Delta::default() }
    }

    fn merge(&mut self, other: &mut Self) {
        self.writer.join_ref(other.writer.state());
    }
}

impl TextMap for OurDocument {
    fn set_all(&mut self, pairs: Vec<(String, i64)>) {
        let delta = self.writer.edit(|map| map.extend(pairs));
        if self.log.is_empty() {
            self.log = delta;
        } else {
            self.log.join(delta);
        }
    }
}

impl Document for OurDocument {
    type Version = Version;

    fn set_each(&mut self, pairs: Vec<(String, i64)>) -> usize {
        let messages = pairs.into_iter().map(|(key, value)| {
            let delta = self.writer.edit(|map| map.insert(key, value));
            let bytes = delta.encode().len();
            self.log.join(delta);
            bytes
        });
        messages.sum()
    }

    fn get(&self, key: &str) -> Option<i64> {
        self.writer.get(key).copied()
    }

    fn version(&mut self) -> Version {
        self.writer.version().clone()
    }

    fn save(&mut self) -> Vec<u8> {
        self.writer.state().encode()
    }

    fn load(bytes: &[u8]) -> Self {
        OurDocument::over(Causal::decode(bytes).unwrap())
    }

    fn difference(&mut self, version: &Version) -> Vec<u8> {
        self.log.without(version).encode()
    }

    fn apply_bytes(&mut self, bytes: &[u8]) {
        self.writer.apply(Delta::decode(bytes).unwrap());
    }
}

impl super::Counter for OurCounter {
    fn increment(&mut self, times: usize) {
        self.0.edit(|counter| (0..times).for_each(|_| counter.add(1)));
    }

    fn increment_each(&mut self, times: usize) {
        for _ in 0..times {
            self.0.edit(|counter| counter.add(1));
        }
    }

    fn value(&self) -> u64 {
        self.0.get().try_into().unwrap()
    }
}
