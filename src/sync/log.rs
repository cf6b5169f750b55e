use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::marker::PhantomData;

use smallvec::SmallVec;

use super::Events;
use crate::Version;
use crate::codec::roster::{Numbers, Roster};
use crate::codec::{Element, Input, Kind, Limits, Output};

/// The latest deltas of a replica, in the order in which it took them in: to tell others what they lack.
///
/// ```text
/// entries   [ events | bytes | names ] [ events | bytes | names ] ...     numbered from `first` on
/// roster    number -> replica id, for all of them
/// ```
///
/// A delta is encoded once, when it is taken down, and all links send the same bytes. The order agrees with causality, so
/// a peer that takes in a part of it from the beginning on, and had what came before, knows of no event without those
/// that it depends on.
#[derive(Debug)]
pub(super) struct Log<D> {
    entries: VecDeque<Entry>,
    /// The number of the first entry.
    first: u64,
    /// The events in it.
    events: Version,
    bytes: u64,
    bounds: LogBounds,
    roster: Roster,
    /// Where deltas are encoded, one after the other.
    spare: Vec<u8>,
    deltas: PhantomData<fn() -> D>,
}

/// How many bytes a buffer may have that is kept for the next delta.
const MOST_SPARE: usize = 1 << 14;

/// An encoded delta.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) events: Version,
    /// A write of a few bytes is held in place: it takes no more memory so, and there are many.
    pub(super) bytes: SmallVec<[u8; 32]>,
    /// Where in the bytes it stands what an event changes, if there is one: after its dot.
    change: Option<usize>,
    /// The numbers of the roster that the bytes use.
    pub(super) names: Numbers,
}

impl Entry {
    /// How many events there are.
    pub(super) fn count(&self) -> u64 {
        if self.change.is_some() { 1 } else { u64::try_from(self.events.dot_count()).unwrap_or(u64::MAX) }
    }

    /// What it changes, if it is the event that comes next after another one of the same replica.
    pub(super) fn next_after(&self, before: &Entry) -> Option<&[u8]> {
        let (dot, last) = (self.events.only()?, before.events.only()?);
        let is_next = last.replica() == dot.replica() && last.counter() + 1 == dot.counter();
        self.change.filter(|_| is_next && before.change.is_some()).map(|at| &self.bytes[at..])
    }
}

/// How much a [`Replica`](super::Replica) remembers of the deltas that it has taken in. Peers that lack older ones compare states.
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
        Log {
            entries: VecDeque::new(),
            first: 0,
            events: Version::new(),
            bytes: 0,
            bounds,
            roster: Roster::default(),
            spare: Vec::new(),
            deltas: PhantomData,
        }
    }

    /// Encodes a delta, to be [pushed](Self::push) if it is taken in; and tells how many levels it nests.
    pub(super) fn prepare(&mut self, delta: &D) -> (Entry, u32) {
        let mut out = Output::within(core::mem::take(&mut self.spare), &mut self.roster);
        let only = delta.events().only().filter(|_| delta.kind() == Kind::Event);
        let change = if let Some(dot) = only {
            out.put(&[Kind::Event as u8]);
            dot.write(&mut out);
            let change = out.len();
            delta.write_event(&mut out);
            Some(change)
        } else {
            delta.write_part(&mut out);
            None
        };
        let (names, depth) = (out.used(), out.deepest());
        let mut bytes = out.finish();
        let entry =
            Entry { events: delta.events().clone(), bytes: SmallVec::from_slice(&bytes), change, names };
        bytes.clear();
        if bytes.capacity() <= MOST_SPARE {
            self.spare = bytes;
        }
        (entry, depth)
    }

    /// Forgets the names that were given for deltas which were then refused: there were `names` before.
    pub(super) fn refused(&mut self, names: usize) {
        self.roster.truncate(names);
    }

    /// Takes down a delta all of whose events are news.
    pub(super) fn push(&mut self, entry: Entry) {
        debug_assert!(!self.events.intersects(&entry.events), "a delta that is taken down is news");
        self.events.union(&entry.events);
        self.bytes += entry.bytes.len() as u64;
        self.entries.push_back(entry);
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

    /// Forgets the oldest deltas, as far as everybody has them.
    pub(super) fn drop_known(&mut self, known: &Version) {
        while self.entries.front().is_some_and(|entry| known.covers(&entry.events))
            && let Some(entry) = self.entries.pop_front()
        {
            self.forget(&entry);
        }
    }

    fn forget(&mut self, entry: &Entry) {
        self.first += 1;
        self.bytes -= entry.bytes.len() as u64;
        self.events.subtract(&entry.events);
    }

    pub(super) fn events(&self) -> &Version {
        &self.events
    }

    pub(super) fn roster(&mut self) -> &mut Roster {
        &mut self.roster
    }

    /// The number of the first entry, and the one after the last.
    pub(super) fn span(&self) -> (u64, u64) {
        (self.first, self.first + self.entries.len() as u64)
    }

    pub(super) fn get(&self, number: u64) -> Option<&Entry> {
        let at = number.checked_sub(self.first)?;
        self.entries.get(usize::try_from(at).ok()?)
    }

    /// Decodes a delta again.
    pub(super) fn read(&self, entry: &Entry) -> D {
        let mut directory = self.roster.directory(&entry.names);
        D::read_part(&mut Input::within(&entry.bytes, &Limits::default(), &mut directory))
            .expect("a delta that was written here can be read")
    }

    /// The events that a peer at version `seen` lacks, joined.
    pub(super) fn since(&self, seen: &Version) -> D {
        let mut news = D::default();
        for entry in self.entries.iter().filter(|entry| !seen.covers(&entry.events)) {
            let delta = self.read(entry);
            news.join(if seen.intersects(&entry.events) { delta.without(seen) } else { delta });
        }
        news
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Causal, Delta, OrSet, ReplicaId, Writer};

    type Set = OrSet<u64>;

    fn log(bounds: LogBounds, deltas: u64) -> (Log<Delta<Set>>, Vec<u64>) {
        let (mut log, mut sizes) = (Log::new(bounds), Vec::new());
        let mut writer = Writer::<Causal<Set>>::with_id(ReplicaId::from_u128(1));
        for n in 0..deltas {
            let delta = writer.edit_at(0, |set| set.insert(n));
            let (entry, _) = log.prepare(&delta);
            sizes.push(entry.bytes.len() as u64);
            log.push(entry);
        }
        (log, sizes)
    }

    fn events(first: u64, last: u64) -> Version {
        let mut version = Version::new();
        version.insert_run(ReplicaId::from_u128(1), first, last);
        version
    }

    #[test]
    fn it_keeps_as_many_deltas_as_its_bounds_allow() {
        let (mut all, sizes) = log(LogBounds::default(), 5);
        assert_eq!((all.len(), all.span(), all.bytes()), (5, (0, 5), sizes.iter().sum()));
        let last_two: u64 = sizes[3..].iter().sum();
        for bounds in [LogBounds { entries: 2, bytes: 1 << 20 }, LogBounds { entries: 100, bytes: last_two }]
        {
            let (log, _) = log(bounds, 5);
            assert_eq!(
                (log.len(), log.span(), log.bytes(), log.events()),
                (2, (3, 5), last_two, &events(4, 5))
            );
        }
        all.set_bounds(LogBounds { entries: 100, bytes: last_two - 1 });
        assert_eq!((all.len(), all.span()), (1, (4, 5)));
        all.set_bounds(LogBounds { entries: 0, bytes: 0 });
        assert_eq!((all.len(), all.span(), all.bytes()), (0, (5, 5), 0));
    }

    #[test]
    fn deltas_that_all_have_are_forgotten_from_the_first_on() {
        let (mut log, sizes) = log(LogBounds::default(), 5);
        log.drop_known(&events(2, 4));
        assert_eq!(log.len(), 5, "somebody lacks the first");
        log.drop_known(&events(1, 3));
        assert_eq!((log.len(), log.span(), log.bytes()), (2, (3, 5), sizes[3] + sizes[4]));
        assert!(log.get(2).is_none() && log.get(5).is_none());
        assert_eq!(log.get(3).map(|entry| &entry.events), Some(&events(4, 4)));
        assert_eq!(log.since(&events(1, 4)).events(), &events(5, 5));
        log.drop_known(&events(1, 5));
        assert_eq!((log.len(), log.span()), (0, (5, 5)));
    }
}
