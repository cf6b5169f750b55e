//! Two replicas and the links between them, in memory.

use std::time::Duration;

use rejoin::sync::{Config, Link, LogBounds, Replica, Replicated, Stats};
use rejoin::{ReplicaId, Writer};
use rejoin_benches::data::mix;

use crate::clock::clock;
use crate::wire::{handle, poll};

pub(crate) const NO_LOG: LogBounds = LogBounds { entries: 0, bytes: 0 };
pub(crate) const ALL_LOG: LogBounds = LogBounds { entries: usize::MAX, bytes: u64::MAX };

/// A writer whose ids are the same in each run.
pub(crate) fn writer<T: Replicated>(n: u64, state: T) -> Writer<T> {
    let drawn = std::sync::atomic::AtomicU64::new(n << 32);
    Writer::with_ids(state, move || {
        let next = drawn.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        ReplicaId::from_u128(u128::from(mix(next)) << 64 | u128::from(mix(!next)))
    })
}

/// A replica whose ids are the same in each run.
pub(crate) fn replica<T: Replicated>(n: u64) -> Replica<T> {
    Replica::from_writer(writer(n, T::default()))
}

/// Room for all that can be on its way, so that what is counted are the turns of the conversation, and not those of the
/// window.
pub(crate) fn config() -> Config {
    let mut config = Config::default();
    config.window = 1 << 30;
    config
}

/// What it took to bring two replicas together.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Cost {
    pub(crate) bytes: u64,
    /// Ways from one to the other, until both were equal.
    pub(crate) legs: u64,
    /// The processor time of both.
    pub(crate) time: Duration,
}

pub(crate) struct Meeting {
    pub(crate) cost: Cost,
    pub(crate) frames: u64,
    pub(crate) largest_frame: u64,
    pub(crate) stats: [Stats; 2],
    /// The longest that one side took over what came in at once.
    pub(crate) longest: Duration,
}

/// Lets two replicas talk until neither has anything left to say.
pub(crate) fn meet<T: Replicated>(replicas: &mut [Replica<T>; 2], session: u64) -> Meeting {
    let mut links = [1, 2].map(|n| Link::new((mix(session * 2 + n) >> 32) as u32, config()));
    let (mut cost, mut frames, mut largest_frame) = (Cost::default(), 0, 0);
    let (mut legs, mut are_equal) = (0, false);
    let mut longest = Duration::ZERO;
    let start = clock();
    for now in 0.. {
        let mut wire = Vec::new();
        for from in [0, 1] {
            let mut polled = Vec::new();
            poll(&mut links[from], &mut replicas[from], now, &mut polled);
            for frame in polled {
                frames += 1;
                largest_frame = largest_frame.max(frame.len() as u64);
                cost.bytes += frame.len() as u64;
                wire.push((1 - from, frame));
            }
        }
        if wire.is_empty() && (0..2).all(|n| links[n].is_quiet(&replicas[n])) {
            break;
        }
        assert!(now < 10_000, "they come to an end: {links:?}");
        legs += u64::from(!wire.is_empty());
        for (to, frame) in wire {
            let began = clock();
            handle(&mut links[to], &mut replicas[to], now, &frame);
            longest = longest.max(clock() - began);
        }
        if !are_equal && replicas[0].version() == replicas[1].version() {
            (cost.legs, are_equal) = (legs, true);
        }
    }
    cost.time = clock() - start;
    assert!(are_equal);
    Meeting { cost, frames, largest_frame, stats: links.each_ref().map(|link| link.stats()), longest }
}
