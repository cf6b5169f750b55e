//! What a comparison must know of one state.

use crate::Version;
use crate::codec::FactList;
use crate::store::Rest;
use crate::sync::Replicated;
use crate::work::moved;

/// The live facts of a state and what the state knows, taken in one walk and shared by all comparisons of that state.
///
/// 16 bytes for each fact. The state itself is not held, so its owner goes on writing.
#[derive(Debug)]
pub(in crate::sync) struct Scan {
    pub(super) seen: Version,
    pub(super) ahead: Version,
    pub(super) horizon: Version,
    pub(super) facts: FactList,
}

impl Scan {
    /// Walks through `state`.
    pub(in crate::sync) fn new<T: Replicated>(state: &T) -> Self {
        let facts = state.list_facts();
        moved(facts.facts.len());
        Scan { seen: state.version().clone(), ahead: state.ahead(), horizon: state.horizon(), facts }
    }

    /// Whether `state` is still as it was when it was scanned.
    pub(in crate::sync) fn is_of<T: Replicated>(&self, state: &T) -> bool {
        self.seen == *state.version() && self.horizon == state.horizon()
    }

    /// The most facts that any one step of a comparison visits: asking, serving or handling a message. Two passes, for an
    /// estimate or a table and for what it tells, and a walk through the state, for what is news or gone.
    pub(in crate::sync) fn cost(&self) -> u64 {
        3 * self.facts.facts.len() as u64
    }

    /// The rest of a state that has nothing which this one lacks.
    pub(super) fn rest<D: Default>(&self) -> Rest<D> {
        Rest { base: self.seen.clone(), horizon: self.horizon.clone(), ..Rest::default() }
    }

    /// The live facts that are unknown to a peer at version `theirs`.
    pub(super) fn news<T: Replicated>(&self, state: &T, theirs: &Version) -> T::Delta {
        debug_assert!(self.is_of(state), "facts are taken from the state that was scanned");
        let wanted = self.seen.difference(theirs);
        if wanted.is_empty() { T::Delta::default() } else { state.facts_of(&wanted) }
    }
}
