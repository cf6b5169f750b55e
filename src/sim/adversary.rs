//! Nodes of the simulated world that are not honest, and somebody in between who changes frames.
//!
//! ```text
//! Adversaries   all of them: which speaks next, and what it is told
//! Adversary     a node, under one address or many; what it does is drawn anew for each honest node, again and again
//! Talk          its conversation with one honest node, held by a Forger
//! Behaviour     what it does there
//! Middle        changes, repeats and cuts short the frames between honest nodes
//! ```
//!
//! An adversary lies about everything but events: it makes no two events of one name, and none in another's name. It tells
//! events of its own, out of order and some to one node only; the world writes them down, so it can check what they make.
//! A comparison that it would bring to a good end would be a lie about events, too, since what is not told as a fact counts as
//! removed: it brings none to an end. In a group it takes no member's name, for what a member says to have, others settle: docs/limits.md says what comes of
//! that.

mod behaviour;
mod middle;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

pub(super) use self::behaviour::Behaviour;
pub(super) use self::middle::Middle;
use super::world::ids;
use super::{Random, Workload};
use crate::sync::forger::Forger;
use crate::sync::{Config, Events, Replica, Replicated};
use crate::{ReplicaId, Version, Writer};

/// Addresses from here on are of adversaries.
const FIRST: usize = 1 << 20;
/// How many addresses one adversary may have.
const ALIASES: usize = 64;
/// Of these so many, at most, talk to one node at a time.
const MOST_ALIASES: usize = 24;
/// How many frames a conversation sends at once, at most.
const BURST: usize = 40;
/// How many events each adversary makes, and how many more replicas it makes events under.
const EVENTS: usize = 8;
const NAMES: usize = 12;

/// Whether this is the address of an adversary.
pub(super) fn is_adversary(address: usize) -> bool {
    address >= FIRST
}

/// The first address of an adversary.
pub(super) fn address(adversary: usize) -> usize {
    FIRST + adversary * ALIASES
}

fn adversary_at(address: usize) -> usize {
    (address - FIRST) / ALIASES
}

/// What adversaries know: all there is to know.
pub(super) struct Sight {
    pub(super) now: u64,
    /// The nodes that are up, and their replicas.
    pub(super) nodes: Vec<(usize, ReplicaId)>,
    pub(super) events: Version,
    pub(super) is_group: bool,
    /// The world heals: no events are told any more.
    pub(super) is_over: bool,
}

/// A frame, from an address to an honest node.
pub(super) struct Letter {
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) frame: Vec<u8>,
}

pub(super) struct Adversaries<T: Replicated> {
    all: Vec<Adversary<T>>,
    pub(super) middle: Middle,
    is_mute: bool,
}

impl<T: Replicated> Adversaries<T> {
    pub(super) fn none() -> Self {
        Adversaries { all: Vec::new(), middle: Middle::none(), is_mute: true }
    }

    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    /// Those that honest nodes believe to be their own.
    pub(super) fn members(&self) -> impl Iterator<Item = usize> + use<T> {
        let members: Vec<usize> = self.all.iter().filter(|it| it.is_member).map(|it| it.address).collect();
        members.into_iter()
    }

    /// How many addresses there may be.
    pub(super) fn addresses(&self) -> usize {
        self.all.len() * MOST_ALIASES
    }

    /// An adversary says something. Returns when it will again.
    pub(super) fn act(&mut self, adversary: usize, sight: &Sight) -> (u64, Vec<Letter>) {
        let it = &mut self.all[adversary];
        let next = sight.now + it.random.between(20, 400);
        let letters = if self.is_mute { Vec::new() } else { it.act(sight) };
        (next, letters)
    }

    /// A frame has come for one of them.
    pub(super) fn hear(&mut self, to: usize, from: usize, frame: &[u8], sight: &Sight) -> Vec<Letter> {
        if self.is_mute { Vec::new() } else { self.all[adversary_at(to)].hear(to, from, frame, sight) }
    }
}

/// So many adversaries, and the events that they tell.
pub(super) fn adversaries<W: Workload>(
    workload: &mut W,
    seed: u64,
    count: usize,
    is_mute: bool,
    config: &Config,
    wall: u64,
) -> (Adversaries<W::State>, Vec<<W::State as crate::Crdt>::Delta>) {
    let mut random = Random::new(super::mix(seed ^ 0x0BAD));
    let counter = Arc::new(AtomicU64::new(0));
    let mut told = Vec::new();
    let mut make = |workload: &mut W, random: &mut Random, writes: usize| {
        let writer = Writer::with_ids(W::State::default(), ids(&counter, super::mix(seed) ^ 1));
        let mut replica = Replica::from_writer(writer);
        let deltas = (0..writes).map(|_| replica.write_at(wall, |edit| workload.write(random, edit)));
        let deltas: Vec<_> = deltas.filter(|delta| !delta.events().is_empty()).collect();
        told.extend(deltas.iter().cloned());
        (replica.id(), deltas)
    };
    let all = (0..count).map(|at| {
        let writes = if W::IS_GROUP { 0 } else { EVENTS };
        let (id, mut events) = make(workload, &mut random, writes);
        if !W::IS_GROUP {
            (0..NAMES).for_each(|_| events.extend(make(workload, &mut random, 1).1));
        }
        Adversary {
            address: address(at),
            id,
            is_member: random.per_mille(500),
            random: Random::new(random.number()),
            events,
            config: config.clone(),
            talks: BTreeMap::new(),
        }
    });
    let all = all.collect();
    let middle = if count == 0 { Middle::none() } else { Middle::new(random.number(), is_mute) };
    (Adversaries { all, middle, is_mute }, told)
}

struct Adversary<T: Replicated> {
    /// The first of its addresses.
    address: usize,
    id: ReplicaId,
    is_member: bool,
    random: Random,
    events: Vec<T::Delta>,
    config: Config,
    /// By its own address, and the node.
    talks: BTreeMap<(usize, usize), Talk<T>>,
}

/// A conversation with one honest node.
pub(super) struct Talk<T: Replicated> {
    forger: Forger<T>,
    behaviour: Behaviour,
    /// When it does something else.
    until: u64,
    /// What has come in and was not read.
    unread: VecDeque<Vec<u8>>,
    /// When it read something last.
    read_at: u64,
    /// Frames that it has sent, to be sent again.
    sent: VecDeque<Vec<u8>>,
    /// Frames that no conversation would send.
    stray: Vec<Vec<u8>>,
}

impl<T: Replicated> Talk<T> {
    fn new(random: &mut Random, version: &Version, config: &Config) -> Self {
        let session = (random.number() >> 33) as u32;
        Talk {
            forger: Forger::new(session, version, config.clone()),
            behaviour: Behaviour::draw(random),
            until: 0,
            unread: VecDeque::new(),
            read_at: 0,
            sent: VecDeque::new(),
            stray: Vec::new(),
        }
    }

    /// What is to be sent now.
    fn frames(&mut self, now: u64) -> Vec<Vec<u8>> {
        let most = self.behaviour.burst();
        let mut frames = std::mem::take(&mut self.stray);
        while frames.len() < most
            && let Some(frame) = self.forger.poll_frame(now)
        {
            self.sent.push_back(frame.clone());
            frames.push(frame);
        }
        while self.sent.len() > 30 {
            self.sent.pop_front();
        }
        frames
    }
}

impl<T: Replicated> Adversary<T> {
    fn act(&mut self, sight: &Sight) -> Vec<Letter> {
        let mut letters = Vec::new();
        for (node, _) in &sight.nodes {
            let first = self.address;
            let is_crowd =
                self.talks.get(&(first, *node)).is_some_and(|talk| talk.behaviour == Behaviour::Crowd);
            let aliases = if is_crowd { MOST_ALIASES } else { 1 };
            for alias in 0..aliases {
                // A crowd does not speak all at once.
                if alias == 0 || self.random.per_mille(150) {
                    self.speak(first + alias, *node, sight, &mut letters);
                }
            }
        }
        letters
    }

    fn speak(&mut self, from: usize, to: usize, sight: &Sight, letters: &mut Vec<Letter>) {
        let Adversary { id, random, events, config, .. } = self;
        let talk = self.talks.entry((from, to)).or_insert_with(|| {
            let version = if random.per_mille(300) { Version::new() } else { sight.events.clone() };
            Talk::new(random, &version, config)
        });
        if sight.now >= talk.until {
            talk.behaviour = Behaviour::draw(random);
            talk.until = sight.now + random.between(500, 30_000);
        }
        let teller = behaviour::Teller { id: *id, node: to, random, events, sight };
        talk.act(teller);
        letters.extend(talk.frames(sight.now).into_iter().map(|frame| Letter { from, to, frame }));
    }

    fn hear(&mut self, to: usize, from: usize, frame: &[u8], sight: &Sight) -> Vec<Letter> {
        let Adversary { id, random, events, .. } = self;
        let Some(talk) = self.talks.get_mut(&(to, from)) else { return Vec::new() };
        let teller = behaviour::Teller { id: *id, node: from, random, events, sight };
        talk.hear(frame, teller);
        if talk.behaviour == Behaviour::EndlessState {
            return Vec::new();
        }
        let frames = talk.frames(sight.now);
        frames.into_iter().map(|frame| Letter { from: to, to: from, frame }).collect()
    }
}
