use std::collections::BTreeMap;
use std::fmt;

use crate::sync::{Events, Refused, Replicated};
use crate::{Dot, ReplicaId, Version};

/// Something that must not be.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Violation {
    /// Long after all was well again, nodes still differ.
    NotConverged {
        /// What each node lacks of what any has.
        lacks: Vec<(usize, Version)>,
    },
    /// Nodes have taken in the same events, and their states differ.
    Differs {
        /// Which node differs from what its events make.
        node: usize,
        /// When it was noticed.
        at: u64,
    },
    /// Writes that were acknowledged, and that some disk had or some other node, are nowhere.
    Lost {
        /// Which.
        events: Version,
    },
    /// A node knows of a write, but not of all that its writer knew.
    OutOfOrder {
        /// The node.
        node: usize,
        /// When.
        at: u64,
        /// What it lacks.
        lacks: Version,
    },
    /// Two writes have one name.
    Twice {
        /// The name.
        event: Dot,
    },
    /// A client read what it had read, or written, before, and it was gone.
    Session {
        /// The client.
        session: usize,
        /// Where.
        node: usize,
    },
    /// A log, or what a link holds, is larger than its bounds.
    Unbounded {
        /// Where.
        node: usize,
        /// What.
        what: &'static str,
    },
    /// A node has refused what an honest node said.
    Refused {
        /// Who.
        node: usize,
        /// Why.
        because: Refused,
    },
    /// A node writes under another id, because of what an adversary has said.
    Evicted {
        /// Which.
        node: usize,
    },
    /// What the workload has to say.
    Workload {
        /// Where.
        node: usize,
        /// What it says.
        message: String,
    },
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Violation::NotConverged { lacks } => {
                write!(f, "nodes still differ long after all was well again:")?;
                lacks.iter().try_for_each(|(node, lacks)| write!(f, " node {node} lacks {lacks:?};"))
            }
            Violation::Differs { node, at } => {
                write!(f, "node {node} at {at} ms: the state is not what its events make")
            }
            Violation::Lost { events } => write!(f, "writes are lost: {events:?}"),
            Violation::OutOfOrder { node, at, lacks } => {
                write!(f, "node {node} at {at} ms knows of a write, but not of {lacks:?} that came before it")
            }
            Violation::Twice { event } => write!(f, "two writes are called {event:?}"),
            Violation::Session { session, node } => {
                write!(f, "client {session} misses at node {node} what it had seen")
            }
            Violation::Unbounded { node, what } => {
                write!(f, "{what} of node {node} is larger than its bounds")
            }
            Violation::Refused { node, because } => {
                write!(f, "node {node} refused an honest frame: {because}")
            }
            Violation::Evicted { node } => write!(f, "a lie has cost node {node} its id"),
            Violation::Workload { node, message } => write!(f, "at node {node}: {message}"),
        }
    }
}

/// All that was ever written, and what its writer knew: what a world is checked against.
#[derive(Debug)]
pub(super) struct Journal<T: Replicated> {
    writes: Vec<Written<T::Delta>>,
    /// By replica and first counter: the place in `writes`.
    places: BTreeMap<(ReplicaId, u64), usize>,
    events: Version,
    /// What was lost with the only disk, or memory, that had it.
    excused: Version,
}

#[derive(Debug)]
struct Written<D> {
    delta: D,
    /// What the writer knew before.
    context: Version,
}

impl<T: Replicated> Journal<T> {
    pub(super) fn new() -> Self {
        Journal {
            writes: Vec::new(),
            places: BTreeMap::new(),
            events: Version::new(),
            excused: Version::new(),
        }
    }

    pub(super) fn events(&self) -> &Version {
        &self.events
    }

    pub(super) fn write(&mut self, delta: T::Delta, context: Version) -> Result<(), Violation> {
        if let Some(event) = delta.events().dots().find(|dot| self.events.contains(*dot)) {
            return Err(Violation::Twice { event });
        }
        for (replica, first, _) in delta.events().intervals() {
            self.places.insert((replica, first), self.writes.len());
        }
        self.events.union(delta.events());
        self.writes.push(Written { delta, context });
        Ok(())
    }

    pub(super) fn excuse(&mut self, lost: &Version) {
        self.excused.union(lost);
    }

    /// These writes were lost before they were stored, and so before anybody was told: their dots are given out again.
    pub(super) fn forget(&mut self, events: &Version) {
        if !self.events.intersects(events) {
            return;
        }
        self.writes.retain(|written| !events.covers(written.delta.events()));
        self.events.subtract(events);
        let places = self.writes.iter().enumerate().flat_map(|(place, written)| {
            written.delta.events().intervals().map(move |(replica, first, _)| ((replica, first), place))
        });
        self.places = places.collect();
    }

    /// What a replica knew when it had written for the first time.
    pub(super) fn beginning(&self, id: ReplicaId) -> Option<Version> {
        let Written { delta, context } = &self.writes[*self.places.get(&(id, 1))?];
        let mut beginning = context.clone();
        beginning.union(delta.events());
        Some(beginning)
    }

    /// What should be somewhere, and is not in `version`.
    pub(super) fn lost(&self, version: &Version) -> Version {
        let mut lost = self.events.difference(version);
        lost.subtract(&self.excused);
        lost
    }

    /// What the writers of `news` knew, and somebody at `version` does not.
    pub(super) fn unknown_causes(&self, news: &Version, version: &Version) -> Version {
        let mut unknown = Version::new();
        for (replica, first, last) in news.intervals() {
            let before =
                self.places.range(..=(replica, first)).next_back().filter(|((id, _), _)| *id == replica);
            let from = before.map_or(first, |((_, counter), _)| *counter);
            for place in self.places.range((replica, from)..=(replica, last)).map(|(_, place)| *place) {
                let context = &self.writes[place].context;
                if !version.covers(context) {
                    unknown.union(&context.difference(version));
                }
            }
        }
        unknown
    }

    /// The state that these events make.
    pub(super) fn replay(&self, version: &Version) -> T {
        let mut state = T::default();
        for Written { delta, .. } in &self.writes {
            let unknown = delta.events().difference(version);
            if unknown != *delta.events() {
                let taken = state.take(delta.without(&unknown));
                debug_assert!(taken.is_ok(), "it was taken in once");
            }
        }
        state
    }
}
