//! What libraries are asked to do.

mod automerge;
mod crdts;
mod dson;
mod lattices;
mod loro;
mod ours;
mod standard;
mod yrs;

use std::fmt::Debug;

pub use self::automerge::{AutomergeCounter, AutomergeDocument};
pub use self::crdts::{CrdtsCounter, CrdtsCounters, CrdtsNested, CrdtsRegisters, CrdtsSet};
pub use self::dson::{DsonNested, DsonRegisters, DsonSet};
pub use self::lattices::{LatticesRegisters, LatticesSet};
pub use self::loro::{LoroCounter, LoroDocument};
pub use self::ours::{OurCounter, OurCounters, OurDocument, OurNested, OurRegisters, OurSet};
pub use self::standard::{StdCounter, StdDocument, StdNested, StdSet, StdTable, StdWalk};
pub use self::yrs::YrsDocument;

/// A replica of anything.
pub trait Replica: Sized {
    /// The library.
    const NAME: &'static str;

    /// The most elements for which its figures are to be had within seconds. A gap in the tables above that is told
    /// in `docs/performance.md`.
    const MOST: usize = usize::MAX;

    /// Whether a merge needs the other side by value. Then `merge` is given one that was copied outside of the clock.
    const MERGES_BY_VALUE: bool = false;

    fn new() -> Self;

    /// A second replica in the same state, which writes under an id of its own.
    fn fork(&self) -> Self;

    /// Takes in all that the other has. What is left in the other does not matter.
    fn merge(&mut self, other: &mut Self);

    /// As `merge`, but the other stays as it is, if the library can do that.
    fn merge_borrowed(&mut self, other: &mut Self) {
        self.merge(other);
    }

    /// The whole state as bytes, by each of the formats that its users would take.
    fn encoded(&self) -> Vec<(&'static str, usize)> {
        Vec::new()
    }
}

/// A set of which members can be removed.
pub trait Set<T>: Replica {
    /// What one write changed, to be sent to others.
    type Delta: Clone + Debug;

    fn insert(&mut self, value: T);

    fn insert_all(&mut self, values: Vec<T>) {
        values.into_iter().for_each(|value| self.insert(value));
    }

    /// As `insert`, for somebody who sends on what has changed.
    fn insert_and_tell(&mut self, value: T) -> Self::Delta;

    fn apply(&mut self, delta: Self::Delta);

    fn remove(&mut self, value: &T);

    fn contains(&self, value: &T) -> bool;

    fn visit(&self, each: impl FnMut(&T));
}

/// Numbers by number: registers, counters, or rows of fields.
pub trait Table: Replica {
    fn write(&mut self, key: u64, value: u64);

    fn count(&self) -> usize;
}

/// A map from texts to numbers.
pub trait TextMap: Replica {
    /// In one transaction.
    fn set_all(&mut self, pairs: Vec<(String, i64)>);
}

/// Such a map with what goes over the wire to keep two of them alike.
pub trait Document: TextMap {
    /// What a replica has, to be told what it lacks.
    type Version;

    /// One transaction and one message for each; the result is the bytes of all messages.
    fn set_each(&mut self, pairs: Vec<(String, i64)>) -> usize;

    fn get(&self, key: &str) -> Option<i64>;

    fn version(&mut self) -> Self::Version;

    fn save(&mut self) -> Vec<u8>;

    fn load(bytes: &[u8]) -> Self;

    /// What somebody at `version` lacks, as bytes.
    fn difference(&mut self, version: &Self::Version) -> Vec<u8>;

    fn apply_bytes(&mut self, bytes: &[u8]);
}

/// A counter that goes up.
pub trait Counter: Replica {
    /// That many increments by one, one by one, in one transaction.
    fn increment(&mut self, times: usize);

    /// One transaction each.
    fn increment_each(&mut self, times: usize);

    fn value(&self) -> u64;
}
