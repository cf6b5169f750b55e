//! Parts of states, for two replicas that know exactly in what their states differ.

use alloc::vec::Vec;

use super::passage::Selection;
use super::{Change, Delta, Full, Receipt, Settling, Store};
use crate::causality::Names;
use crate::codec::{Columns, FactList};
use crate::{Causal, Version};

/// What a state lacks to become the join of itself and another state.
///
/// It was found out for the state as it was at a `base`. The state may have taken in and settled more events since.
#[derive(Clone, Debug, Default)]
pub struct Rest<D> {
    /// What the state had seen when the two were compared.
    pub(crate) base: Version,
    /// What both states had settled then.
    pub(crate) horizon: Version,
    /// The other state's version.
    pub(crate) seen: Version,
    /// The facts that the other state knows to be dead without having seen them.
    pub(crate) ahead: Version,
    /// The facts within `base` that the other state has removed.
    pub(crate) gone: Version,
    /// The other state's live facts outside `base`.
    pub(crate) facts: D,
}

impl<S: Store> Causal<S> {
    /// The live ones of the facts that are wanted, as a delta that adds them and tells nothing else about their events.
    ///
    /// It is not to be applied: only to be completed with.
    pub(crate) fn facts_of(&self, wanted: &Version) -> Delta<S> {
        let change = self.store.export(&self.names, &Selection::new(&self.names, wanted));
        let mut dots = Vec::new();
        change.visit(&mut |dot, _, _| dots.push(dot));
        Delta { events: dots.into_iter().collect(), change, ..Delta::default() }
    }

    /// Becomes the join of itself and of another state, of which only the rest is at hand. The two had one horizon when they
    /// were compared.
    ///
    /// # Errors
    ///
    /// [`Full`] if it cannot name the replicas of both; nothing has changed.
    pub(crate) fn complete(&mut self, rest: Rest<Delta<S>>) -> Result<(), Full> {
        let Rest { base, horizon, seen, ahead, mut gone, facts } = rest;
        self.name_all(&seen, Names::FOR_STRANGERS)?;
        // Of the events outside the base, the other state has told which facts live. What it knows beside them is dead,
        // whether or not the events have come here by another way since.
        let mut dead = seen.difference(&base);
        dead.subtract(&facts.events);
        dead.union(&ahead);
        gone.union(&dead);
        if gone.intersects(&self.seen) {
            self.store.prune(&Selection::new(&self.names, &gone));
        }
        // A fact whose event is known here is live here, or was killed.
        let mut fresh = facts.events.difference(&self.seen);
        fresh.subtract(&self.ahead);
        fresh = fresh.intersection(&seen);
        self.seen.union(&seen);
        self.store.apply(
            facts.change,
            &mut Receipt {
                names: &self.names,
                fresh: &fresh,
                seen: &self.seen,
                ahead: &Version::new(),
                killed: Vec::new(),
                sweeping: Vec::new(),
            },
        );
        self.ahead.union(&ahead);
        self.ahead.subtract(&self.seen);
        if self.horizon != horizon {
            // As in a join: what was settled here since may be over now that something of it is gone.
            self.store.settle(&Settling::new(&self.names, &self.horizon, &self.horizon));
        }
        self.assert_invariants();
        Ok(())
    }
}

impl<S: Columns> Causal<S> {
    /// Lists all live facts.
    pub(crate) fn list_facts(&self) -> FactList {
        let mut list = FactList::new(&self.names);
        self.store.list_facts(&mut list);
        list
    }
}
