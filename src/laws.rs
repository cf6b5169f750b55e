//! The merge laws, to be checked on your own types.
//!
//! Say what your type can do, in a [`Subject`], and [`check`] it. The kit lets replicas write, lose, repeat, reorder and
//! group what they send, merge old and new states, save and load; and after every step it asks whether the laws still
//! hold. A law that is broken is reported as a story, the shortest that the kit finds:
//!
//! ```should_panic
//! use rejoin::laws::{self, Hand, Subject};
//! use rejoin::{Crdt, Lattice};
//!
//! /// A counter that adds on merge. It looks right, until a state arrives twice.
//! #[derive(Clone, Debug, Default, PartialEq)]
//! struct Total(u64);
//!
//! impl Lattice for Total {
//!     fn join(&mut self, other: Self) -> bool {
//!         self.0 += other.0;
//!         other.0 > 0
//!     }
//! }
//!
//! impl Crdt for Total {
//!     type Delta = Self;
//!     fn apply(&mut self, delta: Self) -> bool {
//!         self.join(delta)
//!     }
//! }
//!
//! struct Totals;
//!
//! impl Subject for Totals {
//!     type State = Total;
//!     type Mutation = u64;
//!     type Reading = u64;
//!
//!     fn mutations(&self) -> Vec<u64> {
//!         vec![1, 5]
//!     }
//!     fn write(&self, total: &mut Total, _: &mut Hand, n: &u64) -> Total {
//!         total.0 += n;
//!         Total(*n)
//!     }
//!     fn read(&self, total: &Total) -> u64 {
//!         total.0
//!     }
//! }
//!
//! laws::check(&Totals);
//! // broken law: what has arrived already changes nothing
//! //   A does 1
//! //   A hears of it again
//! ```
//!
//! # What is checked
//!
//! See [`Law`]. Histories are generated, not states: arbitrary states need not be reachable, and states that do not share
//! a history use dots twice.
//!
//! # Ways to call it
//!
//! | | |
//! |---|---|
//! | [`check`] | random histories; panics with the story, and with the seed to replay it |
//! | [`run`] | one [`History`], which `proptest` and `quickcheck` generate and shrink (features of those names), and any bytes are: for fuzzers |
//! | [`states`] | one [`History`], for the states in it: generated values of causal types |
//! | [`exhaust`] | every history up to a [`Scope`] |
//! | [`lattice`] | sample values of a plain lattice, without any history |

mod event_set;
mod exhaust;
mod history;
mod subject;
mod world;

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

pub use exhaust::{Explored, Scope, exhaust};
#[cfg(feature = "std")]
pub use history::check;
pub use history::{History, check_with, run, states};
pub use subject::{Event, Hand, Known, Subject};
pub use world::lattice;

/// A law that every replicated type keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Law {
    /// a ⊔ b = b ⊔ a
    Commutative,
    /// (a ⊔ b) ⊔ c = a ⊔ (b ⊔ c)
    Associative,
    /// a ⊔ a = a, and a delta that has arrived already changes nothing.
    Idempotent,
    /// ⊥ ⊔ a = a ⊔ ⊥ = a
    BottomIsUnit,
    /// A join takes in both sides: (a ⊔ b) ⊔ a = a ⊔ b.
    UpperBound,
    /// `join` and `apply` return true iff something changed.
    TellsGrowth,
    /// A mutation grows the state: what there was before is covered by what there is after.
    Inflates,
    /// A mutation is what its delta says: m(x) = x ⊔ mδ(x).
    DeltaIsMutation,
    /// Who knows the same events is in the same state, by whatever ways the events came: as states, deltas, groups of
    /// deltas, operations.
    SameEventsSameState,
    /// Equal states have equal bytes, whoever met whom first.
    SameBytes,
    /// What was saved is loaded.
    RoundTrip,
    /// The reading is what the specification says.
    Specification,
}

impl fmt::Display for Law {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Law::Commutative => "a merge does not depend on who merges with whom",
            Law::Associative => "a merge does not depend on the order of merges",
            Law::Idempotent => "what has arrived already changes nothing",
            Law::BottomIsUnit => "merging with an empty state changes nothing",
            Law::UpperBound => "a merge takes in both sides",
            Law::TellsGrowth => "a join says whether anything changed",
            Law::Inflates => "a mutation only adds to what is known",
            Law::DeltaIsMutation => "a mutation is what its delta says",
            Law::SameEventsSameState => "who knows the same events is in the same state",
            Law::SameBytes => "equal states have equal bytes",
            Law::RoundTrip => "what was saved is loaded",
            Law::Specification => "the reading is what the specification says",
        })
    }
}

/// A broken law, and how it was broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The law.
    pub law: Law,
    /// What happened, step by step.
    pub story: Vec<String>,
    /// What was seen that should not have been.
    pub seen: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "broken law: {}", self.law)?;
        for step in &self.story {
            writeln!(f, "  {step}")?;
        }
        write!(f, "{}", self.seen)
    }
}

impl core::error::Error for Failure {}
