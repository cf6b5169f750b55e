//! `loro`: one `commit` per transaction, updates by version vector, snapshots to save.

use loro::{ExportMode, LoroDoc, LoroMap, VersionVector};

use super::{Counter, Document, Replica, TextMap};

pub struct LoroDocument {
    document: LoroDoc,
    map: LoroMap,
}

impl LoroDocument {
    fn over(document: LoroDoc) -> Self {
        let map = document.get_map("map");
        LoroDocument { document, map }
    }
}

/// Brings a document up to date with another.
fn merge(here: &LoroDoc, there: &LoroDoc) {
    let news = there.export(ExportMode::updates(&here.oplog_vv())).unwrap();
    here.import(&news).unwrap();
}

impl Replica for LoroDocument {
    const NAME: &'static str = "loro";

    fn new() -> Self {
        LoroDocument::over(LoroDoc::new())
    }

    fn fork(&self) -> Self {
        LoroDocument::over(self.document.fork())
    }

    fn merge(&mut self, other: &mut Self) {
        merge(&self.document, &other.document);
    }
}

impl TextMap for LoroDocument {
    fn set_all(&mut self, pairs: Vec<(String, i64)>) {
        for (key, value) in pairs {
            self.map.insert(&key, value).unwrap();
        }
        self.document.commit();
    }
}

impl Document for LoroDocument {
    type Version = VersionVector;

    fn set_each(&mut self, pairs: Vec<(String, i64)>) -> usize {
        let messages = pairs.into_iter().map(|(key, value)| {
            let before = self.document.oplog_vv();
            self.map.insert(&key, value).unwrap();
            self.document.commit();
            self.document.export(ExportMode::updates_owned(before)).unwrap().len()
        });
        messages.sum()
    }

    fn get(&self, key: &str) -> Option<i64> {
        self.map.get(key)?.into_value().ok()?.into_i64().ok()
    }

    fn version(&mut self) -> VersionVector {
        self.document.oplog_vv()
    }

    fn save(&mut self) -> Vec<u8> {
        self.document.export(ExportMode::Snapshot).unwrap()
    }

    fn load(bytes: &[u8]) -> Self {
        let document = LoroDoc::new();
        document.import(bytes).unwrap();
        LoroDocument::over(document)
    }

    fn difference(&mut self, version: &VersionVector) -> Vec<u8> {
        self.document.export(ExportMode::updates(version)).unwrap()
    }

    fn apply_bytes(&mut self, bytes: &[u8]) {
        self.document.import(bytes).unwrap();
    }
}

pub struct LoroCounter(LoroDoc);

impl Replica for LoroCounter {
    const NAME: &'static str = "loro";

    fn new() -> Self {
        LoroCounter(LoroDoc::new())
    }

    fn fork(&self) -> Self {
        LoroCounter(self.0.fork())
    }

    fn merge(&mut self, other: &mut Self) {
        merge(&self.0, &other.0);
    }
}

impl Counter for LoroCounter {
    fn increment(&mut self, times: usize) {
        let counter = self.0.get_counter("count");
        for _ in 0..times {
            counter.increment(1.0).unwrap();
        }
        self.0.commit();
    }

    fn increment_each(&mut self, times: usize) {
        (0..times).for_each(|_| self.increment(1));
    }

    /// It counts in floating point.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is a whole number here")]
    fn value(&self) -> u64 {
        self.0.get_counter("count").get() as u64
    }
}
