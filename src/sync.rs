//! Replication without I/O.

mod allowance;
mod compare;
mod fingerprint;
#[cfg(any(test, feature = "sim"))]
#[cfg_attr(not(feature = "sim"), allow(dead_code, reason = "only adversaries use all of it"))]
pub(crate) mod forger;
mod group;
mod hash;
mod heard;
#[cfg(test)]
mod hostile;
mod identity;
pub mod inbox;
mod link;
mod log;
mod membership;
mod message;
mod peer;
mod refused;
mod replica;
mod replicated;
mod sharing;
mod sketch;
mod storing;
mod stream;
mod swarm;
mod turn;
mod watcher;

use crate::codec::Limits;

pub use allowance::PeerName;
pub use group::{Shared, Unchanged};
pub use link::{Link, Stats};
pub use log::LogBounds;
pub use membership::Standing;
pub use refused::Refused;
pub use replica::Replica;
pub use replicated::{Events, Numbered, NumberedDelta, Replicated};
#[cfg(feature = "sim")]
pub(crate) use swarm::choose;
pub use swarm::{Gossip, Swarm};
pub use watcher::{News, Watcher};

/// What carries frames from one replica to the other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Carrier {
    /// Frames may be lost, doubled, damaged, and come late: datagrams, a message bus, a radio. Each frame is numbered,
    /// checked, and sent again until it is acknowledged.
    #[default]
    Datagrams,
    /// Each frame arrives once, whole and in order, or the connection breaks and with it the link: TCP, a pipe, a
    /// WebSocket. Frames are up to 8 bytes smaller, and nothing is sent twice. Both sides must say so.
    Ordered,
}

/// How a [`Link`] behaves. Times are in milliseconds, from wherever you count; they should not run backwards. Where 0 would
/// stand still or never rest, it is taken for 1.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Config {
    /// What carries the frames.
    pub carrier: Carrier,
    /// Bytes of a frame, at most.
    pub max_frame: usize,
    /// Bytes that may be on their way at once, and that are held if they come early.
    pub window: usize,
    /// How long to wait for an answer at least before a frame is sent again; the wait doubles each time.
    pub retry: u64,
    /// How long to wait for an answer at most.
    pub retry_at_most: u64,
    /// How often to tell this replica's version, though nothing calls for it: peers learn what is safe here, and whether they
    /// are right about it.
    pub probe: u64,
    /// How long a comparison or a transfer may stand still before it is given up.
    pub patience: u64,
    /// How long a link that pulls a state keeps the replica's others from doing so.
    pub turn: u64,
    /// How much work the peer may have this side do in a second, beyond what its own bytes take, counted in facts and
    /// intervals of versions that are looked at: some 50 ns each. What is asked for first is done at once, however much it is.
    pub work: u64,
    /// How many intervals of versions are held of the peer, at most: 32 bytes each. An honest version has one for each
    /// replica, and one for each gap.
    pub intervals: usize,
    /// How many replicas that are unknown here a peer may bring in the life of the link. Their names stay in the state for
    /// ever, and there is room for a million. A peer that is [vouched for](Link::vouched_for) may bring any number, and a replica
    /// that has nothing takes any number from the peer that it begins with. Two replicas that do not vouch for each other, and
    /// differ by more names in one comparison or state, stay apart until this is raised.
    pub names: usize,
    /// What a message may hold at most. Whole states are messages too.
    pub limits: Limits,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            carrier: Carrier::Datagrams,
            max_frame: 16 << 10,
            window: 256 << 10,
            retry: 200,
            retry_at_most: 20_000,
            probe: 5_000,
            patience: 60_000,
            turn: 10_000,
            work: 200_000,
            intervals: 4 << 20,
            names: 1 << 16,
            limits: Limits { bytes: 256 << 20, memory: 64 << 20, ..Limits::default() },
        }
    }
}

impl Config {
    /// With nothing that would stand still or never rest.
    fn sound(mut self) -> Self {
        for least in [&mut self.retry, &mut self.probe, &mut self.patience, &mut self.turn, &mut self.work] {
            *least = (*least).max(1);
        }
        self.window = self.window.max(1);
        self
    }
}

/// The first of some times, if there is any.
#[inline]
fn first_of<const N: usize>(times: [Option<u64>; N]) -> Option<u64> {
    let first = times.iter().fold(u64::MAX, |first, at| first.min(at.unwrap_or(u64::MAX)));
    (first < u64::MAX).then_some(first)
}
