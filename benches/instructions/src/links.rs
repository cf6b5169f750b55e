//! One write over a link, beside the same write without one. All frames go through [`Side`].

use rejoin::sync::{Carrier, Config, Link, Replica, Replicated, Swarm};
use rejoin::{Causal, Codec, Crdt, Delta, LwwMap, Writer};

use crate::{MANY, Set, TIMES, id, measured, mix, set};

type Table = Causal<LwwMap<String, u32>>;

/// Milliseconds since the Unix epoch at the first write; another write follows each millisecond.
const START: u64 = 1_700_000_000_000;

pub(crate) const WORKS: &[(&str, fn())] = &[
    ("a write, applied on the other side", || {
        let mut here = table();
        let mut there = here.state().clone();
        let mut writes = writes().into_iter();
        measured(|| {
            for (now, key, value) in writes.by_ref() {
                there.apply(here.edit_at(now, |table| table.insert(key, value)));
            }
        });
        assert!(here.version() == there.version());
    }),
    ("a write, sent as bytes, applied", || {
        let mut here = table();
        let mut there = here.state().clone();
        let mut writes = writes().into_iter();
        measured(|| {
            for (now, key, value) in writes.by_ref() {
                let bytes = here.edit_at(now, |table| table.insert(key, value)).encode();
                there.apply(Delta::decode(&bytes).expect("bytes of a delta"));
            }
        });
        assert!(here.version() == there.version());
    }),
    ("a write over a link, both sides", || write_over_a_link(1)),
    ("a write over a link, 64 at a time", || write_over_a_link(64)),
    ("an insertion, applied on the other side", || {
        let mut here = set();
        let mut there = here.state().clone();
        measured(|| {
            for n in MANY..MANY + TIMES {
                there.apply(here.edit_at(START + n, |set| set.insert(mix(n))));
            }
        });
        assert!(here.version() == there.version());
    }),
    ("an insertion over a link, both sides", || insert_over_a_link(1)),
    ("an insertion over a link, 64 at a time", || insert_over_a_link(64)),
    ("a write, and a first peer told", || tell(0)),
    ("a further peer told of a write", || tell(1)),
    ("a write, and a swarm of one told", || tell_swarm(1)),
    ("a write, and a swarm of 17 told", || tell_swarm(17)),
];

/// Counts the writer's side: with no peers told before, the write and what its only peer takes; else what one more takes.
fn tell(before: u32) {
    let mut hub = hub();
    let mut earlier: Vec<_> = (1..=before).map(|n| Side::new(&mut hub, n)).collect();
    let mut side = Side::new(&mut hub, 0);
    for (now, key, value) in writes() {
        if before > 0 {
            hub.edit_at(now, |table| table.insert(key, value));
            for side in &mut earlier {
                carry(side, &mut hub, now);
            }
            measured(|| side.poll_here(&mut hub, now));
        } else {
            measured(|| {
                hub.edit_at(now, |table| table.insert(key, value));
                side.poll_here(&mut hub, now);
            });
        }
        side.answer(now);
        measured(|| {
            side.handle_here(&mut hub, now);
            side.poll_here(&mut hub, now);
        });
        assert!(side.wire.is_empty());
    }
    assert!(hub.version() == side.replica.version());
}

/// Counts the writer's side: a write, and what a swarm takes to tell its peers.
fn tell_swarm(peers: usize) {
    let mut hub = hub();
    let mut swarm = Swarm::<Table, usize>::new(7, config());
    (0..peers).for_each(|peer| swarm.keep(peer));
    let mut sides: Vec<_> = (0..peers as u32).map(|n| Side::apart(hub.state().clone(), n)).collect();
    let (mut there, mut back) = (Vec::new(), Vec::new());
    let mut answer = |there: &mut Vec<(usize, Vec<u8>)>, back: &mut Vec<(usize, Vec<u8>)>, now| {
        for (peer, frame) in there.drain(..) {
            sides[peer].wire.push(frame);
            sides[peer].answer(now);
            back.extend(sides[peer].wire.drain(..).map(|frame| (peer, frame)));
        }
    };
    for _ in 0..9 {
        there.extend(std::iter::from_fn(|| swarm.poll_frame(&mut hub, START)));
        answer(&mut there, &mut back, START);
        for (peer, frame) in back.drain(..) {
            swarm.handle_frame(&mut hub, START, peer, &frame).expect("a frame of a peer");
        }
    }
    for (now, key, value) in writes() {
        measured(|| {
            for (peer, frame) in back.drain(..) {
                swarm.handle_frame(&mut hub, now, peer, &frame).expect("a frame of a peer");
            }
            hub.edit_at(now, |table| table.insert(key, value));
            there.extend(std::iter::from_fn(|| swarm.poll_frame(&mut hub, now)));
        });
        assert!(there.len() == peers);
        answer(&mut there, &mut back, now);
    }
}

fn write_over_a_link(group: usize) {
    over_a_link(group, hub(), writes(), |hub, (now, key, value)| {
        hub.edit_at(now, |table| table.insert(key, value));
        now
    });
}

fn insert_over_a_link(group: usize) {
    over_a_link(group, Replica::from_writer(set()), MANY..MANY + TIMES, |hub: &mut Replica<Set<u64>>, n| {
        hub.edit_at(START + n, |set| set.insert(mix(n)));
        START + n
    });
}

/// Writes so many at a time between two polls. `write` returns the time.
fn over_a_link<T: Replicated + PartialEq, W>(
    group: usize,
    mut hub: Replica<T>,
    writes: impl IntoIterator<Item = W>,
    write: impl Fn(&mut Replica<T>, W) -> u64,
) {
    let mut side = Side::new(&mut hub, 0);
    let mut writes = writes.into_iter().collect::<Vec<_>>().into_iter();
    measured(|| {
        while writes.len() > 0 {
            let last = writes.by_ref().take(group).fold(START, |_, each| write(&mut hub, each));
            carry(&mut side, &mut hub, last);
        }
    });
    assert!(hub.version() == side.replica.version());
}

/// A table of [`MANY`] keys, all of which one writer has set.
fn table() -> Writer<Table> {
    let mut table = Writer::<Table>::with_id(id(1));
    table.edit_at(START - 1, |table| table.extend((0..MANY).map(|n| (key(n), value(n)))));
    table
}

fn config() -> Config {
    let mut config = Config::default();
    config.carrier = Carrier::Ordered;
    config
}

fn hub() -> Replica<Table> {
    Replica::from_writer(table())
}

/// Eleven bytes.
fn key(n: u64) -> String {
    format!("key-{n:07}")
}

/// A number of four bytes.
fn value(n: u64) -> u32 {
    (mix(!n) >> 40) as u32
}

/// A time, a key that the table has, and a new value for it.
type Write = (u64, String, u32);

fn writes() -> Vec<Write> {
    (1..=TIMES).map(|n| (START + n, key(mix(n) % MANY), value(MANY + n))).collect()
}

/// A peer of the hub: the hub's link to it, its own link, and its replica.
struct Side<T: Replicated> {
    here: Link<T>,
    there: Link<T>,
    replica: Replica<T>,
    /// The frames on their way, either to the peer or to the hub.
    wire: Vec<Vec<u8>>,
}

impl<T: Replicated> Side<T> {
    /// A peer in the hub's state, which both sides know.
    fn new(hub: &mut Replica<T>, n: u32) -> Self {
        let mut side = Side::apart(hub.state().clone(), n);
        while carry(&mut side, hub, START) {}
        side
    }

    /// A peer that has not been met.
    fn apart(state: T, n: u32) -> Self {
        let replica = Replica::from_writer(Writer::with_ids(state, move || id(100 + u64::from(n))));
        let link = |session| Link::new(session, config());
        Side { here: link(1_000 + n), there: link(2_000 + n), replica, wire: Vec::new() }
    }

    fn poll_here(&mut self, hub: &mut Replica<T>, now: u64) {
        while let Some(frame) = self.here.poll_frame(hub, now) {
            self.wire.push(frame);
        }
    }

    /// Hands the frames to the peer, and takes its own.
    fn answer(&mut self, now: u64) {
        for frame in self.wire.drain(..) {
            self.there.handle_frame(&mut self.replica, now, &frame).expect("a frame of the hub");
        }
        while let Some(frame) = self.there.poll_frame(&mut self.replica, now) {
            self.wire.push(frame);
        }
    }

    fn handle_here(&mut self, hub: &mut Replica<T>, now: u64) {
        for frame in self.wire.drain(..) {
            self.here.handle_frame(hub, now, &frame).expect("a frame of a peer");
        }
    }
}

/// Carries frames to the peer, and its answers back. Returns true if there were any.
fn carry<T: Replicated>(side: &mut Side<T>, hub: &mut Replica<T>, now: u64) -> bool {
    side.poll_here(hub, now);
    let has_asked = !side.wire.is_empty();
    side.answer(now);
    let is_answered = !side.wire.is_empty();
    side.handle_here(hub, now);
    has_asked || is_answered
}
