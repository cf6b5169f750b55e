use alloc::collections::VecDeque;

use super::Events;
use crate::Version;

/// The latest deltas of a replica, in the order in which it took them in: to tell others what they lack.
///
/// The order agrees with causality, so who takes in a part of it from the beginning on, and had what came before, knows of
/// no event without those that it depends on.
#[derive(Debug)]
pub(super) struct Log<D> {
    entries: VecDeque<Entry<D>>,
    /// The number of the first entry.
    first: u64,
    /// The events in it.
    events: Version,
    bytes: u64,
    bounds: LogBounds,
}

#[derive(Debug)]
pub(super) struct Entry<D> {
    pub(super) delta: D,
    bytes: u64,
}

/// How much a [`Replica`](super::Replica) remembers of what it took in. What is older is told by comparing states.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogBounds {
    /// Deltas, at most.
    pub entries: usize,
    /// Bytes, as the deltas are sent, at most.
    pub bytes: u64,
}

impl Default for LogBounds {
    fn default() -> Self {
        LogBounds { entries: 100_000, bytes: 16 << 20 }
    }
}

impl<D: Events> Log<D> {
    pub(super) fn new(bounds: LogBounds) -> Self {
        Log { entries: VecDeque::new(), first: 0, events: Version::new(), bytes: 0, bounds }
    }

    /// Takes down a delta all of whose events are news.
    pub(super) fn push(&mut self, delta: D) {
        debug_assert!(!self.events.intersects(delta.events()), "what is taken down is news");
        let bytes = delta.encoded_len();
        self.events.union(delta.events());
        self.bytes += bytes;
        self.entries.push_back(Entry { delta, bytes });
        self.trim();
    }

    pub(super) fn set_bounds(&mut self, bounds: LogBounds) {
        self.bounds = bounds;
        self.trim();
    }

    fn trim(&mut self) {
        while (self.entries.len() > self.bounds.entries || self.bytes > self.bounds.bytes)
            && let Some(entry) = self.entries.pop_front()
        {
            self.forget(&entry);
        }
    }

    /// Forgets what everybody has.
    pub(super) fn drop_known(&mut self, known: &Version) {
        while self.entries.front().is_some_and(|entry| known.covers(entry.delta.events()))
            && let Some(entry) = self.entries.pop_front()
        {
            self.forget(&entry);
        }
    }

    fn forget(&mut self, entry: &Entry<D>) {
        self.first += 1;
        self.bytes -= entry.bytes;
        self.events.subtract(entry.delta.events());
    }

    pub(super) fn events(&self) -> &Version {
        &self.events
    }

    /// The number of the first entry, and the one after the last.
    pub(super) fn span(&self) -> (u64, u64) {
        (self.first, self.first + self.entries.len() as u64)
    }

    pub(super) fn get(&self, number: u64) -> Option<&Entry<D>> {
        let at = number.checked_sub(self.first)?;
        self.entries.get(usize::try_from(at).ok()?)
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }
}

impl<D> Entry<D> {
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }
}
