use alloc::vec::Vec;
use core::fmt::Debug;

use super::event_set::EventSet;
use crate::store::{Author, EditError, Root};
use crate::{Crdt, HybridClock, ReplicaId};

/// A type under test: what it can do, and how it reads.
pub trait Subject {
    /// The state that is replicated.
    type State: Crdt<Delta: Clone> + Clone + PartialEq + Debug;
    /// Something that can be done to it.
    type Mutation: Clone + Debug;
    /// What a user sees of it.
    type Reading: PartialEq + Debug;

    /// All mutations to try: few, on one to three elements, so that replicas collide.
    fn mutations(&self) -> Vec<Self::Mutation>;

    /// Does a mutation, and returns its delta. States that a [`Writer`](crate::Writer) can own are written by
    /// [`Hand::edit`].
    fn write(
        &self,
        state: &mut Self::State,
        hand: &mut Hand,
        mutation: &Self::Mutation,
    ) -> <Self::State as Crdt>::Delta;

    /// What a user sees.
    fn read(&self, state: &Self::State) -> Self::Reading;

    /// What a user should see who knows these events: the specification, if there is one. It is asked only where the
    /// events are causally closed, that is where everything is known that happened before something known.
    fn specify(&self, known: &Known<'_, Self::Mutation>) -> Option<Self::Reading> {
        let _ = known;
        None
    }

    /// Of a group of deltas, what it has of the events of `wanted`, if groups can be taken apart. A delta of a causal state
    /// can: `Some(group.only(wanted.events()))`.
    fn only(
        &self,
        group: &<Self::State as Crdt>::Delta,
        wanted: &<Self::State as Crdt>::Delta,
    ) -> Option<<Self::State as Crdt>::Delta> {
        let _ = (group, wanted);
        None
    }

    /// The state as bytes, if equal states have equal bytes.
    fn encode(&self, state: &Self::State) -> Option<Vec<u8>> {
        let _ = state;
        None
    }

    /// The state after it was saved and loaded, if it can be.
    fn save_and_load(&self, state: &Self::State) -> Option<Self::State> {
        let _ = state;
        None
    }
}

/// The hand of one replica in a history: its identity and its clock.
#[derive(Debug)]
pub struct Hand {
    author: Author,
}

impl Hand {
    pub(super) fn new(replica: ReplicaId) -> Self {
        let mut author = Author::new(HybridClock::new(replica));
        author.begin(Some(0));
        Hand { author }
    }

    /// The hand of the same replica in another history.
    pub(super) fn duplicate(&self) -> Self {
        let mut author = Author::new(self.author.clock_of(self.replica()));
        author.begin(Some(0));
        Hand { author }
    }

    /// Who writes.
    pub fn replica(&self) -> ReplicaId {
        self.author.replica()
    }

    /// Runs a transaction on a state, and returns its delta.
    ///
    /// # Panics
    ///
    /// As [`Writer::edit`](crate::Writer::edit).
    pub fn edit<T: Root>(&mut self, state: &mut T, write: impl FnOnce(&mut T::Edit<'_>)) -> T::Delta {
        let write = |edit: &mut T::Edit<'_>| {
            write(edit);
            Ok(())
        };
        state.edit(&mut self.author, write, |_| true).unwrap_or_else(EditError::raise)
    }
}

/// A mutation that somebody has made.
#[derive(Clone, Debug)]
pub struct Event<M> {
    /// What was done.
    pub mutation: M,
    /// The replica that did it, as a number.
    pub by: usize,
    /// The id of that replica, for types to which ids matter.
    pub replica: ReplicaId,
    /// The events that the replica knew: those that happened before.
    pub(super) knew: EventSet,
    /// Whether it knew all that happened before those.
    pub(super) well_informed: bool,
}

/// Events that somebody knows, with the order in which they happened: what a specification is a function of.
#[derive(Debug)]
pub struct Known<'a, M> {
    pub(super) all: &'a [Event<M>],
    pub(super) known: &'a EventSet,
}

impl<'a, M> Known<'a, M> {
    /// The known events, by number.
    pub fn events(&self) -> impl Iterator<Item = (usize, &'a Event<M>)> {
        let all = self.all;
        self.known.iter().map(move |event| (event, &all[event]))
    }

    /// Whether event `a` happened before event `b`: whether who did `b` knew of `a`.
    pub fn before(&self, a: usize, b: usize) -> bool {
        self.all[b].knew.contains(a)
    }

    /// The known events of which `what` holds and that no known event replaces, of which `replaces(earlier, later)` holds
    /// and that happened after.
    pub fn live(
        &self,
        what: impl Fn(&M) -> bool,
        replaces: impl Fn(&M, &M) -> bool,
    ) -> impl Iterator<Item = (usize, &'a Event<M>)> {
        let kept = move |(n, event): &(usize, &'a Event<M>)| {
            what(&event.mutation)
                && !self
                    .events()
                    .any(|(later, by)| self.before(*n, later) && replaces(&event.mutation, &by.mutation))
        };
        self.events().filter(kept)
    }
}
