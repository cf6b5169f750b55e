//! Who did what, after having seen what: identities, events, sets of events, and clocks.
//!
//! > Every mutation is an event. A version is a set of events. A version names a state.
//!
//! | item | what it is |
//! |---|---|
//! | [`ReplicaId`] | one incarnation of one writer |
//! | [`Dot`] | one event: a replica and a counter |
//! | [`Version`] | a set of events, as intervals per replica |
//! | [`VectorClock`] | the ordinary vector clock: a count per replica |
//! | [`Stamp`], [`Ticks`], [`HybridClock`] | a moment, totally ordered, that comes after what was told or observed before |
//! | [`Mint`] | the only source of one replica's dots, for types that are not kept in a [`Causal`](crate::Causal) |

mod dot;
mod hybrid_clock;
mod mint;
mod names;
mod replica_id;
mod stamp;
mod vector_clock;
mod version;

pub use dot::Dot;
pub use hybrid_clock::{ClockError, HybridClock};
pub use mint::Mint;
pub use names::Names;
pub(crate) use names::Tag;
pub use replica_id::ReplicaId;
pub use stamp::{Stamp, Ticks};
pub use vector_clock::VectorClock;
pub(crate) use version::Counters;
pub use version::Version;
