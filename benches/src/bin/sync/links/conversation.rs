//! Two replicas that talk over links all the time.

use std::ops::AddAssign;

use rejoin::sync::{Carrier, Config, Link, Replica, Replicated};
use rejoin_benches::data::mix;

use super::work::{Edit, START};
use crate::pair::writer;
use crate::wire::{handle, poll};

/// The default, over a carrier that is ordered, as TCP is.
pub(crate) fn config() -> Config {
    let mut config = Config::default();
    config.carrier = Carrier::Ordered;
    config
}

/// A link as applications make it.
pub(crate) fn link<T: Replicated>(n: u64) -> Link<T> {
    Link::new((mix(n) >> 32) as u32, config())
}

/// Two replicas, and a link on either side. The first one writes.
pub(crate) struct Conversation<T: Replicated> {
    pub(crate) replicas: [Replica<T>; 2],
    links: [Link<T>; 2],
    /// Milliseconds.
    pub(crate) now: u64,
    wire: Vec<Vec<u8>>,
}

/// The frames that went one way.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Carried {
    pub(crate) frames: u64,
    pub(crate) bytes: u64,
}

impl AddAssign for Carried {
    fn add_assign(&mut self, more: Carried) {
        self.frames += more.frames;
        self.bytes += more.bytes;
    }
}

impl<T: Replicated> Conversation<T> {
    /// A running conversation between a replica and another one in the same state.
    pub(crate) fn of(first: Replica<T>) -> Self {
        let second = Replica::from_writer(writer(2, first.state().clone()));
        let (replicas, links) = ([first, second], [link(1), link(2)]);
        let mut conversation = Conversation { replicas, links, now: 0, wire: Vec::new() };
        conversation.settle();
        conversation
    }

    pub(crate) fn edit(&mut self, write: impl FnOnce(&mut Edit<'_, T>)) {
        self.now += 1;
        self.replicas[0].edit_at(START + self.now, write);
    }

    /// Polls one side until it has no more frames, and hands them to the other side.
    pub(crate) fn carry(&mut self, from: usize) -> Carried {
        poll(&mut self.links[from], &mut self.replicas[from], self.now, &mut self.wire);
        let mut carried = Carried::default();
        for frame in self.wire.drain(..) {
            carried.frames += 1;
            carried.bytes += frame.len() as u64;
            handle(&mut self.links[1 - from], &mut self.replicas[1 - from], self.now, &frame);
        }
        carried
    }

    /// Carries frames until neither side has anything left to say.
    ///
    /// # Panics
    ///
    /// If the two are not equal then.
    pub(crate) fn settle(&mut self) {
        for _ in 0..10_000 {
            let carried = self.carry(0).frames + self.carry(1).frames;
            if carried > 0 {
                continue;
            }
            if (0..2).all(|side| self.links[side].is_quiet(&self.replicas[side])) {
                break;
            }
            let next = self.links.iter().filter_map(Link::poll_timeout).min();
            self.now = next.unwrap_or(0).max(self.now + 1);
        }
        assert!(self.replicas[0].version() == self.replicas[1].version(), "{:?}", self.links);
    }
}
