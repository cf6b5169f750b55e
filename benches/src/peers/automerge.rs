//! `automerge`: `AutoCommit`, whose transaction is closed when something is asked of the whole.

use automerge::transaction::Transactable;
use automerge::{AutoCommit, ChangeHash, ROOT, ReadDoc, ScalarValue};

use super::{Counter, Document, Replica, TextMap};

pub struct AutomergeDocument(AutoCommit);

impl Replica for AutomergeDocument {
    const NAME: &'static str = "automerge";

    fn new() -> Self {
        AutomergeDocument(AutoCommit::new())
    }

    /// A copy rather than its `fork`, which needs the right to close the transaction.
    fn fork(&self) -> Self {
        AutomergeDocument(self.0.clone().with_actor(automerge::ActorId::random()))
    }

    fn merge(&mut self, other: &mut Self) {
        self.0.merge(&mut other.0).unwrap();
    }
}

impl TextMap for AutomergeDocument {
    fn set_all(&mut self, pairs: Vec<(String, i64)>) {
        for (key, value) in pairs {
            self.0.put(ROOT, key, value).unwrap();
        }
        self.0.commit();
    }
}

impl Document for AutomergeDocument {
    type Version = Vec<ChangeHash>;

    fn set_each(&mut self, pairs: Vec<(String, i64)>) -> usize {
        let messages = pairs.into_iter().map(|(key, value)| {
            self.0.put(ROOT, key, value).unwrap();
            self.0.commit();
            self.0.get_last_local_change().unwrap().raw_bytes().len()
        });
        messages.sum()
    }

    fn get(&self, key: &str) -> Option<i64> {
        self.0.get(ROOT, key).unwrap()?.0.as_i64()
    }

    fn version(&mut self) -> Vec<ChangeHash> {
        self.0.get_heads()
    }

    fn save(&mut self) -> Vec<u8> {
        self.0.save()
    }

    fn load(bytes: &[u8]) -> Self {
        AutomergeDocument(AutoCommit::load(bytes).unwrap())
    }

    fn difference(&mut self, version: &Vec<ChangeHash>) -> Vec<u8> {
        self.0.save_after(version)
    }

    fn apply_bytes(&mut self, bytes: &[u8]) {
        self.0.load_incremental(bytes).unwrap();
    }
}

pub struct AutomergeCounter(AutoCommit);

impl Replica for AutomergeCounter {
    const NAME: &'static str = "automerge";
    /// Each increment looks through those before it.
    const MOST: usize = 1_000;

    fn new() -> Self {
        let mut document = AutoCommit::new();
        document.put(ROOT, "count", ScalarValue::counter(0)).unwrap();
        document.commit();
        AutomergeCounter(document)
    }

    fn fork(&self) -> Self {
        AutomergeCounter(self.0.clone().with_actor(automerge::ActorId::random()))
    }

    fn merge(&mut self, other: &mut Self) {
        self.0.merge(&mut other.0).unwrap();
    }
}

impl Counter for AutomergeCounter {
    fn increment(&mut self, times: usize) {
        for _ in 0..times {
            self.0.increment(ROOT, "count", 1).unwrap();
        }
        self.0.commit();
    }

    fn increment_each(&mut self, times: usize) {
        (0..times).for_each(|_| self.increment(1));
    }

    fn value(&self) -> u64 {
        let (value, _) = self.0.get(ROOT, "count").unwrap().unwrap();
        value.as_i64().unwrap().cast_unsigned()
    }
}
