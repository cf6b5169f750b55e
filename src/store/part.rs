//! Parts of states, for two replicas that know exactly in what their states differ.

use alloc::vec::Vec;

use super::{Change, Delta, Full, Receipt, Store};
use crate::causality::Names;
use crate::codec::{Columns, FactVisitor};
use crate::{Causal, Dot, Version};

/// What a state lacks of another one: enough to become the join of the two.
pub(crate) struct Rest<'a, S: Store> {
    /// The other's version.
    pub(crate) seen: &'a Version,
    /// What the other knows to be dead without having seen it.
    pub(crate) ahead: &'a Version,
    /// The facts that are live here, and that the other has removed.
    pub(crate) gone: &'a Version,
    /// The facts that are live in the other, and that are not known here.
    pub(crate) facts: Delta<S>,
}

impl<S: Store> Causal<S> {
    /// The live ones of the facts that are wanted, as a delta that adds them and tells nothing else about their events.
    ///
    /// It is not to be applied: only to be completed with.
    pub(crate) fn facts_of(&self, wanted: &Version) -> Delta<S> {
        let change = self.store.export(&self.names, &|dot| wanted.contains(dot));
        let mut events = Version::new();
        change.visit(&mut |dot, _, _| {
            events.insert(dot);
        });
        Delta { events, change, ..Delta::default() }
    }

    /// Becomes the join of itself and of another state with the same horizon, of which only the rest is at hand.
    ///
    /// # Errors
    ///
    /// [`Full`] if it cannot name the replicas of both; nothing has changed.
    pub(crate) fn complete(&mut self, rest: Rest<'_, S>) -> Result<(), Full> {
        let Rest { seen, ahead, gone, facts } = rest;
        self.name_all(seen, Names::FOR_STRANGERS)?;
        // What the other does not say to know, it cannot have removed or have live.
        let says = |dot| seen.contains(dot) || ahead.contains(dot);
        self.store.prune(&self.names, &|dot| gone.contains(dot) && says(dot));
        let mut events = facts.events.difference(&self.seen);
        events.subtract(&self.ahead);
        let strangers = events.difference(seen);
        events.subtract(&strangers);
        self.seen.union(seen);
        let mut dead = Version::new();
        self.store.apply(
            facts.change,
            &mut Receipt {
                names: &self.names,
                fresh: &events,
                seen: &self.seen,
                ahead: &mut dead,
                sweeping: Vec::new(),
            },
        );
        self.ahead.union(ahead);
        self.ahead.subtract(&self.seen);
        self.assert_invariants();
        Ok(())
    }
}

impl<S: Columns> Causal<S> {
    /// Shows all live facts, each with the bytes of its value.
    pub(crate) fn visit_facts(&self, visit: &mut dyn FnMut(Dot, &[u8])) {
        self.store.visit_facts(&mut FactVisitor::new(&self.names, visit));
    }
}
