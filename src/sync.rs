//! Replication without I/O.

mod compare;
mod group;
pub mod inbox;
mod link;
mod log;
mod message;
mod replica;
mod replicated;
mod sketch;
mod stream;
mod swarm;

use crate::codec::Limits;

pub use group::{Shared, Standing};
pub use link::{Link, Refused, Stats};
pub use log::LogBounds;
pub use replica::{News, Replica, Watcher};
pub use replicated::{Events, Numbered, NumberedDelta, Replicated};
#[cfg(feature = "sim")]
pub(crate) use swarm::choose;
pub use swarm::{Gossip, Swarm};

/// How a [`Link`] behaves. Times are in milliseconds, from wherever you count; they should not run backwards. Where 0 would
/// stand still or never rest, it is taken for 1.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Config {
    /// Bytes of a frame, at most.
    pub max_frame: usize,
    /// Bytes that may be on their way at once, and that are held if they come early.
    pub window: usize,
    /// How long to wait for an answer at least before a frame is sent again; the wait doubles each time.
    pub retry: u64,
    /// How long to wait for an answer at most.
    pub retry_at_most: u64,
    /// How often to say what this replica has, though nothing calls for it: others learn what is safe here, and whether they
    /// are right about it.
    pub probe: u64,
    /// How long a comparison or a transfer may stand still before it is given up.
    pub patience: u64,
    /// What a message may hold at most. Whole states are messages too.
    pub limits: Limits,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            max_frame: 16 << 10,
            window: 256 << 10,
            retry: 200,
            retry_at_most: 20_000,
            probe: 5_000,
            patience: 60_000,
            limits: Limits { bytes: 256 << 20, ..Limits::default() },
        }
    }
}
