//! Fragments on their way: sent, and not yet acknowledged.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use smallvec::SmallVec;

use crate::sync::Config;

/// How many fragments may be on their way. Every walk over them is bounded by this.
pub(super) const MOST_FLIGHTS: usize = 64;
/// How many later fragments must have arrived for an earlier one to be taken as lost.
const LOST_AFTER: u32 = 3;

#[derive(Debug)]
pub(super) struct Window {
    flights: VecDeque<Flight>,
    /// The number of the first flight.
    first: u64,
    /// Bytes of fragments that have not arrived.
    bytes: usize,
    /// Counts all sendings, repeated ones too.
    turns: u64,
    behind: Option<Behind>,
    /// When the first flight was sent, or became the first.
    since: u64,
}

/// The peer has asked for a fragment that is no longer held. A frame that comes late does so too.
#[derive(Clone, Copy, Debug)]
struct Behind {
    acknowledged: u64,
    /// The number that was next when the peer first asked. If the peer has that fragment and still asks, it is no late frame.
    next: u64,
}

#[derive(Debug)]
struct Flight {
    /// Empty on an ordered carrier, which never asks for it again.
    bytes: Vec<u8>,
    len: usize,
    is_last: bool,
    sent: u64,
    tries: u32,
    has_arrived: bool,
    /// The place of its latest sending among all sendings.
    turn: u64,
    /// How many fragments that were sent later have arrived.
    passed: u32,
}

/// How often to send again.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    /// How long an acknowledgement may take.
    pub(super) patience: u64,
    /// Since when nothing has been heard, if that is long.
    pub(super) silent_since: Option<u64>,
}

impl Pace {
    /// How many fragments are sent again: to a silent peer one at a time.
    fn among(self, flights: &VecDeque<Flight>) -> usize {
        if self.silent_since.is_some() { 1 } else { flights.len() }
    }

    /// When to send a fragment again. For a peer that is heard the wait doubles with each sending, up to eight times: its
    /// network loses much. For a silent one it doubles with the silence, and ends with it.
    fn again_at(self, flight: &Flight, config: &Config) -> u64 {
        let wait = match self.silent_since {
            None => self.patience.saturating_mul(1 << (flight.tries - 1).min(3)),
            Some(since) => (flight.sent.saturating_sub(since) / 2).max(self.patience),
        };
        flight.sent.saturating_add(wait.min(config.retry_at_most.max(config.retry)))
    }
}

/// What an acknowledgement has told.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Told {
    /// How long a fragment that was sent once took, there and back.
    pub(super) round_trip: Option<u64>,
    /// The first fragment has arrived.
    pub(super) has_moved: bool,
    /// The peer expects a fragment that is no longer held here, and will expect it for ever.
    pub(super) is_stuck: bool,
}

impl Window {
    pub(super) fn new() -> Self {
        Window { flights: VecDeque::new(), first: 1, bytes: 0, turns: 0, behind: None, since: 0 }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.flights.is_empty()
    }

    /// Since when the first fragment waits for an acknowledgement.
    pub(super) fn waits_since(&self) -> Option<u64> {
        (!self.flights.is_empty()).then_some(self.since)
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(super) fn has_room(&self, config: &Config) -> bool {
        self.bytes < config.window && self.flights.len() < MOST_FLIGHTS
    }

    /// The number of the next fragment.
    pub(super) fn next(&self) -> u64 {
        self.first + self.flights.len() as u64
    }

    /// Takes note that a fragment is sent. `bytes` are kept for sending it again.
    pub(super) fn push(&mut self, bytes: Vec<u8>, len: usize, is_last: bool, now: u64) {
        if self.flights.is_empty() {
            self.since = now;
        }
        self.turns += 1;
        self.bytes += len;
        self.flights.push_back(Flight {
            bytes,
            len,
            is_last,
            sent: now,
            tries: 1,
            has_arrived: false,
            turn: self.turns,
            passed: 0,
        });
    }

    /// Takes in that the peer expects `acknowledged` next, and has those after it whose bits are set in `later`. `None` if
    /// that was never sent.
    pub(super) fn acknowledge(&mut self, acknowledged: u64, later: u64, now: u64) -> Option<Told> {
        if acknowledged > self.next() {
            return None;
        }
        let mut told = Told { is_stuck: self.is_stuck(acknowledged, later), ..Told::default() };
        // The turns of fragments that were sent once: only their arrival tells in which sending they arrived.
        let mut arrived: SmallVec<[u64; MOST_FLIGHTS]> = SmallVec::new();
        let mut arrive = |flight: &mut Flight| {
            if !core::mem::replace(&mut flight.has_arrived, true) {
                self.bytes -= flight.len;
                if flight.tries == 1 {
                    arrived.push(flight.turn);
                    told.round_trip = Some(now.saturating_sub(flight.sent).max(1));
                }
            }
        };
        let gone = usize::try_from(acknowledged.saturating_sub(self.first)).unwrap_or(usize::MAX);
        self.flights.iter_mut().take(gone).for_each(&mut arrive);
        if gone > 0 {
            self.flights.drain(..gone);
            (self.first, self.since, told.has_moved) = (acknowledged, now, true);
        }
        for (number, flight) in (self.first..).zip(&mut self.flights) {
            if number.checked_sub(acknowledged + 1).is_some_and(|bit| bit < 64 && later >> bit & 1 == 1) {
                arrive(flight);
            }
        }
        for flight in self.flights.iter_mut().filter(|flight| !flight.has_arrived) {
            flight.is_passed_by(&arrived);
        }
        // One that has arrived before, by a bit.
        while self.flights.front().is_some_and(|flight| flight.has_arrived) {
            self.flights.pop_front();
            self.first += 1;
            (told.has_moved, self.since) = (true, now);
        }
        Some(told)
    }

    /// Whether the peer keeps asking for a fragment that is no longer held, because a forged or damaged acknowledgement has
    /// had it dropped.
    fn is_stuck(&mut self, acknowledged: u64, later: u64) -> bool {
        if acknowledged >= self.first {
            self.behind = None;
            return false;
        }
        let next = self.next();
        let is_older = |behind: Behind| acknowledged < behind.acknowledged;
        let behind = match self.behind {
            Some(behind) if is_older(behind) => return false,
            Some(behind) if behind.acknowledged == acknowledged => behind,
            _ => *self.behind.insert(Behind { acknowledged, next }),
        };
        // The bits are those of the numbers after `acknowledged`.
        let bit = behind.next - acknowledged - 1;
        bit < 64 && later >> bit != 0
    }

    /// A fragment that is to be sent again, which counts as sent now: its number, its bytes, and whether it is the last
    /// of its message.
    pub(super) fn repeat(&mut self, now: u64, pace: Pace, config: &Config) -> Option<(u64, &[u8], bool)> {
        let among = pace.among(&self.flights);
        let is_due = |flight: &Flight| flight.is_overtaken() || now >= pace.again_at(flight, config);
        let at = self.flights.iter().take(among).position(|flight| !flight.has_arrived && is_due(flight))?;
        self.turns += 1;
        let (turn, flight) = (self.turns, &mut self.flights[at]);
        (flight.sent, flight.tries, flight.passed, flight.turn) =
            (now, flight.tries.saturating_add(1), 0, turn);
        Some((self.first + at as u64, &flight.bytes, flight.is_last))
    }

    /// When a fragment is to be sent again.
    pub(super) fn timeout(&self, pace: Pace, config: &Config) -> Option<u64> {
        let among = pace.among(&self.flights);
        let open = self.flights.iter().take(among).filter(|flight| !flight.has_arrived);
        open.map(|flight| pace.again_at(flight, config)).min()
    }
}

impl Flight {
    /// Takes note of the turns of others that have arrived. A fragment that was sent again is not overtaken by those that were
    /// sent before that: else each acknowledgement would call for more.
    fn is_passed_by(&mut self, arrived: &[u64]) {
        let later = arrived.len() - arrived.partition_point(|turn| *turn < self.turn);
        self.passed = self.passed.saturating_add(u32::try_from(later).unwrap_or(u32::MAX));
    }

    /// Once only: whatever is acknowledged, a second repetition waits for its time.
    fn is_overtaken(&self) -> bool {
        self.tries == 1 && self.passed >= LOST_AFTER
    }
}
