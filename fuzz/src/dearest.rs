//! What is the dearest that a peer can say? Bytes decide what it says: parts of honest conversations, repeated and changed, or
//! anything. The work of the replica that listens is counted, and must stay within ten times the dearest honest conversation,
//! byte for byte, beside what `Config::work` pays for.
//!
//! Work is counted by the elements: how often they are compared, cloned, written and read. An ordered carrier is used, whose
//! frames have no check.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::cmp::Ordering;

use rejoin::codec::{DecodeError, Element, Input, Output, Shape};
use rejoin::sync::{Carrier, Config, Link, LogBounds, Replica};
use rejoin::{Causal, OrSet, ReplicaId, Writer};

use crate::MEMORY;
use crate::source::Source;

thread_local! {
    static WORK: Cell<u64> = const { Cell::new(0) };
    static HONEST: RefCell<Option<Honest>> = const { RefCell::new(None) };
}

fn count() {
    WORK.set(WORK.get() + 1);
}

/// An element that counts what is done with it.
#[derive(Debug, PartialEq, Eq)]
struct Key(u16);

impl Ord for Key {
    fn cmp(&self, other: &Self) -> Ordering {
        count();
        self.0.cmp(&other.0)
    }
}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Clone for Key {
    fn clone(&self) -> Self {
        count();
        Key(self.0)
    }
}

impl Element for Key {
    fn shape(shape: &mut Shape) {
        u16::shape(shape);
    }

    fn write(&self, out: &mut Output<'_>) {
        count();
        self.0.write(out);
    }

    fn read(input: &mut Input<'_>) -> Result<Self, DecodeError> {
        count();
        u16::read(input).map(Key)
    }
}

type Set = Causal<OrSet<Key>>;

/// How many facts both have.
const FACTS: u16 = 1_000;
const MINE: u32 = 1;
const YOURS: u32 = 2;

/// The replica that listens, its link, and what its peer must know to be taken for one.
struct Listener {
    replica: Replica<Set>,
    link: Link<Set>,
    now: u64,
    bytes: u64,
    work: u64,
    /// The most bytes that were taken at once beside what there was.
    memory: u64,
    /// How many fragments it has sent.
    fragments: u64,
    /// Its number.
    number: [u8; 4],
}

fn config() -> Config {
    let mut config = Config::default();
    (config.carrier, config.work) = (Carrier::Ordered, 20_000);
    config
}

/// Two replicas that have much in common, and each something of its own.
fn replicas(has_log: bool) -> [Replica<Set>; 2] {
    let mut replicas = [1, 2].map(|id| {
        let mut replica = Replica::<Set>::from_writer(Writer::with_id(ReplicaId::from_u128(id)));
        if !has_log {
            replica.set_log_bounds(LogBounds { entries: 0, bytes: 0 });
        }
        replica
    });
    replicas[0].edit_at(0, |set| set.extend((0..FACTS).map(Key)));
    let both = replicas[0].state().clone();
    replicas[1].join(Cow::Owned(both)).expect("there is room");
    replicas[0].edit_at(0, |set| (0..5).for_each(|n| drop(set.remove(&Key(n)))));
    replicas[1].edit_at(0, |set| set.extend((2_000..2_005).map(Key)));
    replicas
}

impl Listener {
    fn new(replica: Replica<Set>) -> Self {
        let link = Link::new(MINE, config());
        Listener {
            replica,
            link,
            now: 0,
            bytes: 0,
            work: 0,
            memory: 0,
            fragments: 0,
            number: MINE.to_le_bytes(),
        }
    }

    fn handle(&mut self, frame: &[u8]) {
        self.bytes += frame.len() as u64;
        self.counted(|link, replica, now| drop(link.handle_frame(replica, now, frame)));
    }

    fn poll(&mut self) -> Option<Vec<u8>> {
        let frame = self.counted(|link, replica, now| link.poll_frame(replica, now))?;
        match frame[0] {
            b'r' => {
                if self.number != frame[2..6] {
                    self.number.copy_from_slice(&frame[2..6]);
                    self.fragments = 0;
                }
            }
            kind => self.fragments += u64::from(kind & 2 != 0),
        }
        Some(frame)
    }

    fn counted<R>(&mut self, act: impl FnOnce(&mut Link<Set>, &mut Replica<Set>, u64) -> R) -> R {
        WORK.set(0);
        MEMORY.reset_peak_usage();
        let before = MEMORY.current_usage();
        let result = act(&mut self.link, &mut self.replica, self.now);
        self.memory = self.memory.max(MEMORY.peak_usage().saturating_sub(before) as u64);
        self.work += WORK.get();
        result
    }
}

/// What honest peers say, and what it costs.
#[derive(Clone, Debug)]
struct Honest {
    frames: Vec<Vec<u8>>,
    /// The work of the dearest conversation, and the bytes that were said in it.
    work: u64,
    bytes: u64,
    /// The most memory that was taken at once.
    memory: u64,
}

fn honest() -> Honest {
    let cached = HONEST.with_borrow(Clone::clone);
    cached.unwrap_or_else(|| {
        let mut honest = Honest { frames: Vec::new(), work: 0, bytes: 1, memory: 0 };
        [true, false].into_iter().for_each(|has_log| listen_to_an_honest_peer(has_log, &mut honest));
        HONEST.set(Some(honest.clone()));
        honest
    })
}

fn listen_to_an_honest_peer(has_log: bool, honest: &mut Honest) {
    let [replica, mut peer] = replicas(has_log);
    let (mut listener, mut link) = (Listener::new(replica), Link::new(YOURS, config()));
    for _ in 0..200 {
        while let Some(frame) = link.poll_frame(&mut peer, listener.now) {
            listener.handle(&frame);
            honest.frames.push(frame);
        }
        while let Some(frame) = listener.poll() {
            link.handle_frame(&mut peer, listener.now, &frame).expect("nobody lies here");
        }
        listener.now += 100;
        if peer.version() == listener.replica.version() {
            break;
        }
    }
    assert!(peer.version() == listener.replica.version(), "honest replicas become equal");
    if listener.work * honest.bytes > honest.work * listener.bytes {
        (honest.work, honest.bytes) = (listener.work, listener.bytes);
    }
    honest.memory = honest.memory.max(listener.memory);
}

/// What a peer says next, as a frame that is to be taken in.
fn next_frame(honest: &Honest, last: &[u8], listener: &Listener, source: &mut Source<'_>) -> Vec<u8> {
    const MESSAGE: u8 = 0x83;
    match source.below(6) {
        0 => {
            let mut frame = vec![MESSAGE];
            frame.extend((0..source.below(32)).map(|_| source.byte()));
            frame
        }
        1 => honest.frames[source.below(honest.frames.len())].clone(),
        2 => {
            let mut frame = honest.frames[source.below(honest.frames.len())].clone();
            let place = source.below(frame.len());
            frame[place] = source.byte();
            frame
        }
        // The same things again, in one frame.
        3 if last.len() > 1 => {
            let mut frame = last.to_vec();
            let body = last[1..].to_vec();
            (0..source.below(64)).for_each(|_| frame.extend(&body));
            frame.truncate(16 << 10);
            frame
        }
        // Another conversation.
        4 => {
            let mut call = vec![b'r', 3];
            call.extend([source.byte().max(3), 0, 0, 0]);
            call.extend(listener.number);
            call.push(1);
            let greeting = honest.frames.iter().find(|frame| frame[0] == b'r').map(|call| &call[11..27]);
            call.extend(greeting.unwrap_or(&[0; 16]));
            call
        }
        _ => last.to_vec(),
    }
}

/// Says something to a replica.
///
/// # Panics
///
/// If it is too dear.
pub fn run(bytes: &[u8]) {
    let [how, script @ ..] = bytes else { return };
    let (mut source, honest) = (Source::new(script), honest());
    let [replica, _] = replicas(how & 1 == 0);
    let mut listener = Listener::new(replica);
    let mut last = Vec::new();
    // It begins as an honest peer does.
    let start =
        if how & 1 == 0 { 0 } else { honest.frames.iter().rposition(|frame| frame[0] == b'r').unwrap_or(0) };
    for frame in honest.frames.iter().skip(start).take(usize::from(how / 2 % 8)) {
        listener.handle(frame);
        while listener.poll().is_some() {}
    }
    while !source.is_empty() {
        last = next_frame(&honest, &last, &listener, &mut source);
        let times = [1, 1, 4, 32][source.below(4)];
        for _ in 0..times {
            listener.handle(&last);
            while listener.poll().is_some() {}
            // All that has come is acknowledged.
            let mut acknowledgement = vec![0x84];
            let mut number = listener.fragments + 1;
            while number > 127 {
                acknowledgement.push(number.to_le_bytes()[0] | 128);
                number >>= 7;
            }
            acknowledgement.push(number.to_le_bytes()[0]);
            listener.handle(&acknowledgement);
        }
        listener.now += [0, 0, 10, 1_000][source.below(4)];
    }
    assert_cheap(&listener, &honest);
}

fn assert_cheap(listener: &Listener, honest: &Honest) {
    const TIMES: u64 = 10;
    // A unit of work is a fact that is looked at: hashed, put into a table, compared with another.
    const EACH_UNIT: u64 = 4;
    let paid = EACH_UNIT * listener.now * config().work / 1_000;
    // What is asked for first is done at once.
    let bytes = listener.bytes + honest.bytes;
    let most = TIMES * honest.work * bytes / honest.bytes + paid;
    assert!(listener.work <= most, "{} for {} bytes, not {most}", listener.work, listener.bytes);
    let memory = TIMES * honest.memory + 256 * listener.bytes;
    assert!(listener.memory <= memory, "{} bytes of memory, not {memory}", listener.memory);
}
