//! One write over a link, beside the same write without one. All frames go through [`Side`].

use rejoin::sync::{Carrier, Config, Link, Replica};
use rejoin::{Causal, Codec, Crdt, Delta, LwwMap, Writer};

use crate::{MANY, TIMES, id, measured, mix};

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
    ("a write over a link, both sides", || over_a_link(1)),
    ("a write over a link, 64 at a time", || over_a_link(64)),
    ("a write, and a first peer told", || tell(0)),
    ("a further peer told of a write", || tell(1)),
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

fn over_a_link(group: usize) {
    let mut hub = hub();
    let mut side = Side::new(&mut hub, 0);
    let mut groups = groups(group).into_iter();
    measured(|| {
        for writes in groups.by_ref() {
            let mut last = START;
            for (now, key, value) in writes {
                hub.edit_at(now, |table| table.insert(key, value));
                last = now;
            }
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

/// The writes, so many between two polls.
fn groups(of: usize) -> Vec<Vec<Write>> {
    let mut writes = writes().into_iter();
    let next = || Some(writes.by_ref().take(of).collect::<Vec<_>>()).filter(|group| !group.is_empty());
    std::iter::from_fn(next).collect()
}

/// A peer of the hub: the hub's link to it, its own link, and its replica.
struct Side {
    here: Link<Table>,
    there: Link<Table>,
    replica: Replica<Table>,
    /// The frames on their way, either to the peer or to the hub.
    wire: Vec<Vec<u8>>,
}

impl Side {
    /// A peer in the hub's state, which both sides know.
    fn new(hub: &mut Replica<Table>, n: u32) -> Self {
        let link = |session| {
            let mut config = Config::default();
            config.carrier = Carrier::Ordered;
            Link::new(session, config)
        };
        let state = hub.state().clone();
        let replica = Replica::from_writer(Writer::with_ids(state, move || id(100 + u64::from(n))));
        let mut side = Side { here: link(1_000 + n), there: link(2_000 + n), replica, wire: Vec::new() };
        while carry(&mut side, hub, START) {}
        side
    }

    fn poll_here(&mut self, hub: &mut Replica<Table>, now: u64) {
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

    fn handle_here(&mut self, hub: &mut Replica<Table>, now: u64) {
        for frame in self.wire.drain(..) {
            self.here.handle_frame(hub, now, &frame).expect("a frame of a peer");
        }
    }
}

/// Carries frames to the peer, and its answers back. Returns true if there were any.
fn carry(side: &mut Side, hub: &mut Replica<Table>, now: u64) -> bool {
    side.poll_here(hub, now);
    let has_asked = !side.wire.is_empty();
    side.answer(now);
    let is_answered = !side.wire.is_empty();
    side.handle_here(hub, now);
    has_asked || is_answered
}
