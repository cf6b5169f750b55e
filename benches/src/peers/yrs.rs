//! `yrs`: one `transact_mut` per transaction, updates in its first format, state vectors as versions. It has no counters.

use yrs::updates::decoder::Decode;
use yrs::{Any, Doc, Map, MapRef, ReadTxn, StateVector, Transact, Update};

use super::{Document, Replica, TextMap};

pub struct YrsDocument {
    document: Doc,
    map: MapRef,
}

impl Replica for YrsDocument {
    const NAME: &'static str = "yrs";

    fn new() -> Self {
        let document = Doc::new();
        let map = document.get_or_insert_map("map");
        YrsDocument { document, map }
    }

    /// Its `Doc` is a shared handle, so a second replica has to be told everything.
    fn fork(&self) -> Self {
        let mut fork = YrsDocument::new();
        fork.apply_bytes(&self.document.transact().encode_state_as_update_v1(&StateVector::default()));
        fork
    }

    fn merge(&mut self, other: &mut Self) {
        let news = other.difference(&self.version());
        self.apply_bytes(&news);
    }
}

impl TextMap for YrsDocument {
    fn set_all(&mut self, pairs: Vec<(String, i64)>) {
        let mut transaction = self.document.transact_mut();
        for (key, value) in pairs {
            self.map.insert(&mut transaction, key, Any::from(value));
        }
    }
}

impl Document for YrsDocument {
    type Version = StateVector;

    fn set_each(&mut self, pairs: Vec<(String, i64)>) -> usize {
        let messages = pairs.into_iter().map(|(key, value)| {
            let mut transaction = self.document.transact_mut();
            self.map.insert(&mut transaction, key, Any::from(value));
            transaction.encode_update_v1().len()
        });
        messages.sum()
    }

    fn get(&self, key: &str) -> Option<i64> {
        self.map.get(&self.document.transact(), key)?.cast().ok()
    }

    fn version(&mut self) -> StateVector {
        self.document.transact().state_vector()
    }

    fn save(&mut self) -> Vec<u8> {
        self.difference(&StateVector::default())
    }

    fn load(bytes: &[u8]) -> Self {
        let mut document = YrsDocument::new();
        document.apply_bytes(bytes);
        document
    }

    fn difference(&mut self, version: &StateVector) -> Vec<u8> {
        self.document.transact().encode_state_as_update_v1(version)
    }

    fn apply_bytes(&mut self, bytes: &[u8]) {
        let update = Update::decode_v1(bytes).unwrap();
        self.document.transact_mut().apply_update(update).unwrap();
    }
}
