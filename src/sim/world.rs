mod checks;
mod group;
mod nodes;
mod traffic;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::adversary::Adversaries;
use super::journal::{Journal, Violation};
use super::network::Wires;
use super::{Delay, Options, Random, Report, Sample, Schedule, Step, Workload};
use crate::store::Root;
use crate::sync::{Config, Events, Replica, Replicated, Swarm};
use crate::writer::Identity;
use crate::{ReplicaId, Version};

/// What a workload writes to.
type Edit<'a, T> = <T as Root>::Edit<'a>;

/// How often a group is tended, in milliseconds.
const TEND: u64 = 2_000;

/// So many violations are enough to know that a world is not as it should be.
const ENOUGH: usize = 100;

/// How long a node of a group takes at most until what it has heard is on its disk, in milliseconds. Until then it tells nobody
/// anything: what a member says to have, others may settle.
const SAVE: u64 = 100;

/// Nodes, what is between them, and a clock: all that happens follows from the schedule.
///
/// [`run`](super::run) runs a schedule from beginning to end and tells whether all was as it should be. A world can also be
/// led by hand, step by step, to see or to show what happens.
pub struct World<W: Workload> {
    workload: W,
    options: Options,
    seed: u64,
    now: u64,
    events: BinaryHeap<Reverse<(u64, u64, Event)>>,
    /// Frames on their way, by the number of their event.
    frames: BTreeMap<u64, Vec<u8>>,
    count: u64,
    wires: Wires,
    nodes: Vec<Node<W::State>>,
    journal: Journal<W::State>,
    sessions: Vec<Version>,
    ids: Arc<AtomicU64>,
    swarms: u64,
    /// Ids that nobody writes under any more, and that the group has not let go.
    gone: Vec<ReplicaId>,
    /// Who was let in, by which event.
    admissions: Vec<(ReplicaId, Version)>,
    /// Ids that the group has let go, while somebody may still write under them.
    expelled: Vec<ReplicaId>,
    adversaries: Adversaries<W::State>,
    is_healed: bool,
    report: Report,
    digest: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    /// A frame arrives.
    Arrival {
        from: usize,
        to: usize,
    },
    Wake {
        node: usize,
    },
    /// A node stores what it has.
    Save {
        node: usize,
    },
    /// An adversary says something.
    Lie {
        adversary: usize,
    },
    Tend,
    Sample,
}

struct Node<T: Replicated> {
    replica: Option<Replica<T>>,
    swarm: Swarm<T, usize>,
    disk: Option<Saved<T>>,
    backup: Option<Saved<T>>,
    skew: i64,
    slow: u64,
    is_leaving: bool,
    has_left: bool,
    wake: Option<u64>,
    /// What was found to be in order.
    checked: Version,
    /// What clients have written here, and were told that it is durable.
    acknowledged: Version,
    /// The id that it has, or had.
    id: Option<ReplicaId>,
    /// Bytes that it has sent.
    sent: u64,
    /// Frames to and from adversaries in this minute.
    with_adversaries: [u64; 2],
    minute: u64,
}

struct Saved<T> {
    identity: Identity,
    state: T,
}

impl<T: Clone> Saved<T> {
    fn copy(&self) -> Self {
        Saved { identity: self.identity.duplicate(), state: self.state.clone() }
    }
}

impl<T: Replicated> Node<T> {
    fn new(config: &Config) -> Self {
        Node {
            replica: None,
            swarm: Swarm::new(0, config.clone()),
            disk: None,
            backup: None,
            skew: 0,
            slow: 0,
            is_leaving: false,
            has_left: false,
            wake: None,
            checked: Version::new(),
            acknowledged: Version::new(),
            id: None,
            sent: 0,
            with_adversaries: [0; 2],
            minute: 0,
        }
    }
}

/// What a node has, in its memory and on its disk.
fn kept<T: Replicated>(node: &Node<T>) -> Version {
    let mut kept = node.replica.as_ref().map_or_else(Version::new, |replica| replica.version().clone());
    if let Some(saved) = &node.disk {
        kept.union(saved.state.version());
    }
    kept
}

/// Ids that are the same again in the same world.
pub(super) fn ids(counter: &Arc<AtomicU64>, seed: u64) -> impl Fn() -> ReplicaId + Send + Sync + use<> {
    let counter = Arc::clone(counter);
    move || {
        let n = counter.fetch_add(1, Ordering::Relaxed);
        let mut random = Random::new(seed ^ n.rotate_left(32));
        ReplicaId::from_u128(u128::from(random.number()) << 64 | u128::from(random.number()))
    }
}

impl<W: Workload> World<W> {
    /// A world as a schedule begins with it.
    pub fn new(workload: W, schedule: &Schedule, options: Options) -> Self {
        let mut world = World {
            workload,
            seed: schedule.seed,
            now: 0,
            events: BinaryHeap::new(),
            frames: BTreeMap::new(),
            count: 0,
            wires: Wires::new(schedule.network, schedule.seed),
            nodes: Vec::new(),
            journal: Journal::new(),
            sessions: vec![Version::new(); 8],
            ids: Arc::new(AtomicU64::new(0)),
            swarms: 0,
            gone: Vec::new(),
            admissions: Vec::new(),
            expelled: Vec::new(),
            adversaries: Adversaries::none(),
            is_healed: false,
            report: Report::new(schedule.seed),
            digest: schedule.seed,
            options,
        };
        let config = world.options.config.clone();
        world.nodes.extend((0..schedule.nodes).map(|_| Node::new(&config)));
        world.let_adversaries_in(&config);
        (0..schedule.nodes).for_each(|node| world.start(node));
        if W::IS_GROUP {
            // The first one founds the group, and knows who is to be in it.
            let ids: Vec<ReplicaId> =
                world.nodes.iter().filter_map(|node| Some(node.replica.as_ref()?.id())).collect();
            ids.into_iter().for_each(|id| world.admit(0, id));
            world.push(TEND, Event::Tend);
        }
        if world.options.sample > 0 {
            world.push(world.options.sample, Event::Sample);
        }
        world
    }

    /// The time, in milliseconds.
    pub fn now(&self) -> u64 {
        self.now
    }

    /// How many nodes there are, or have been.
    pub fn nodes(&self) -> usize {
        self.nodes.len()
    }

    /// The replica of a node, if it is up.
    pub fn replica(&self, node: usize) -> Option<&Replica<W::State>> {
        self.nodes.get(node)?.replica.as_ref()
    }

    /// Whether frames from one node to another are lost.
    pub fn is_cut(&self, from: usize, to: usize) -> bool {
        self.wires.is_cut(from, to)
    }

    /// How many links a node has: with gossip, to whom it has drawn of late, and from whom has drawn it.
    pub fn links(&self, node: usize) -> usize {
        self.nodes.get(node).map_or(0, |node| node.swarm.links().count())
    }

    /// How many bytes a node has sent.
    pub fn sent(&self, node: usize) -> u64 {
        self.nodes.get(node).map_or(0, |node| node.sent)
    }

    /// Frames from one node to another take so long from now on, whatever others take.
    pub fn set_delay(&mut self, from: usize, to: usize, delay: Delay) {
        self.wires.set_delay(from, to, delay);
    }

    /// Two nodes that talk to each other begin a new conversation, as they do over a connection that was made anew: at
    /// once, where the old one would wait until it is time to try again.
    pub fn reconnect(&mut self, a: usize, b: usize) {
        for (from, to) in [(a, b), (b, a)] {
            let Some(node) = self.nodes.get_mut(from) else { return };
            node.swarm.drop_peer(&to);
            node.swarm.keep(to);
            self.pump(from);
        }
    }

    /// What has happened until now.
    pub fn report(&self) -> &Report {
        &self.report
    }

    /// Whether all nodes that are up have the same version.
    pub fn is_converged(&self) -> bool {
        let mut states =
            self.nodes.iter().filter_map(|node| node.replica.as_ref()).map(|replica| replica.state());
        let Some(first) = states.next() else { return true };
        states.all(|state| state.version() == first.version() && state.horizon() == first.horizon())
    }

    /// How many versions there are among the nodes that are up, and how many events they lack in all.
    pub fn divergence(&self) -> (usize, u64) {
        let versions: Vec<&Version> = self
            .nodes
            .iter()
            .filter_map(|node| node.replica.as_ref())
            .map(|replica| replica.version())
            .collect();
        let mut distinct: Vec<&Version> = Vec::new();
        for version in &versions {
            if !distinct.contains(version) {
                distinct.push(version);
            }
        }
        let mut all = Version::new();
        distinct.iter().for_each(|version| {
            all.union(version);
        });
        let lacks = versions.iter().map(|version| all.dot_count() - version.dot_count()).sum::<u128>();
        (distinct.len(), u64::try_from(lacks).unwrap_or(u64::MAX))
    }

    /// Lets time pass.
    pub fn run_until(&mut self, time: u64) {
        while self.events.peek().is_some_and(|Reverse((at, _, _))| *at <= time) {
            self.step_event();
        }
        self.now = self.now.max(time);
    }

    /// Lets time pass until all nodes that are up have the same version, or it is `time`. Returns true if they have.
    pub fn run_until_converged(&mut self, time: u64) -> bool {
        while !self.is_converged() {
            let next = self.events.peek().map(|Reverse((at, _, _))| *at);
            if next.is_none_or(|at| at > time) {
                self.now = self.now.max(time);
                return false;
            }
            if self.report.violations.len() >= ENOUGH {
                return false;
            }
            self.step_event();
        }
        true
    }

    fn step_event(&mut self) {
        let Some(Reverse((at, number, event))) = self.events.pop() else { return };
        self.now = at;
        self.digest = super::mix(self.digest ^ at ^ number.rotate_left(32));
        match event {
            Event::Arrival { from, to } => {
                let Some(frame) = self.frames.remove(&number) else { return };
                self.arrive(from, to, &frame);
            }
            Event::Wake { node } => {
                if self.nodes[node].wake == Some(at) {
                    self.nodes[node].wake = None;
                    self.pump(node);
                }
            }
            Event::Save { node } => {
                self.save(node);
                self.pump(node);
            }
            Event::Lie { adversary } => {
                let sight = self.sight();
                let (next, letters) = self.adversaries.act(adversary, &sight);
                self.post(letters);
                self.push(next, Event::Lie { adversary });
            }
            Event::Tend => {
                self.tend();
                self.push(at + TEND, Event::Tend);
            }
            Event::Sample => {
                self.sample();
                self.push(at + self.options.sample, Event::Sample);
            }
        }
    }

    fn sample(&mut self) {
        let (versions, lacking) = self.divergence();
        self.report.samples.push(Sample { at: self.now, versions, lacking, bytes: self.report.bytes });
    }

    fn push(&mut self, at: u64, event: Event) -> u64 {
        self.count += 1;
        self.events.push(Reverse((at, self.count, event)));
        self.count
    }

    /// A client writes at a node. Returns true if the node is up.
    pub fn write(&mut self, node: usize, choice: u64) -> bool {
        let World { workload, .. } = self;
        let mut random = Random::new(choice);
        let mut workload = std::mem::take(workload);
        let done = self.write_with(node, |edit| workload.write(&mut random, edit));
        self.workload = workload;
        done
    }

    /// A client writes something of its own at a node. Returns true if the node is up.
    pub fn write_with(&mut self, at: usize, write: impl FnOnce(&mut Edit<'_, W::State>)) -> bool {
        if at >= self.nodes.len() || !self.may_write(at) {
            self.report.unavailable += 1;
            return false;
        }
        self.edit(at, write)
    }

    fn edit(&mut self, at: usize, write: impl FnOnce(&mut Edit<'_, W::State>)) -> bool {
        let wall = self.options.epoch.saturating_add(self.now);
        let Some(node) = self.nodes.get_mut(at) else { return false };
        let Some(replica) = &mut node.replica else { return false };
        let context = replica.version().clone();
        let delta = replica.write_at(wall.saturating_add_signed(node.skew), write);
        node.checked = replica.version().clone();
        node.acknowledged.union(delta.events());
        self.report.writes += 1;
        if let Err(violation) = self.journal.write(delta, context) {
            self.violation(violation);
        }
        // Durable first, and then told.
        self.save(at);
        self.pump(at);
        true
    }

    /// Does what a schedule says.
    pub fn step(&mut self, step: Step) {
        self.digest = super::mix(self.digest ^ self.now);
        let len = self.nodes.len();
        let is_there = |node: usize| node < len;
        match step {
            Step::Write { node, choice } => {
                self.write(node, choice);
            }
            Step::Read { session, node } => self.read(session, node),
            Step::SessionWrite { session, node, choice } => {
                self.read(session, node);
                let session = session % self.sessions.len();
                if self.replica(node).is_some_and(|replica| replica.has(&self.sessions[session]))
                    && self.write(node, choice)
                    && let Some(version) = self.replica(node).map(|replica| replica.version().clone())
                {
                    self.sessions[session] = version;
                }
            }
            Step::Cut { from, to } => self.wires.cut(from, to),
            Step::Heal { from, to } => self.wires.heal(from, to),
            Step::Crash { node } if is_there(node) => self.stop(node),
            Step::Start { node } if is_there(node) => self.start(node),
            // Whom nobody can let in again would not be in the group that the others are in.
            Step::LoseDisk { node } | Step::Restore { node } if is_there(node) && self.is_last(node) => {}
            Step::LoseDisk { node } if is_there(node) => self.replace(node, None),
            Step::Backup { node } if is_there(node) => {
                self.save(node);
                self.nodes[node].backup = self.nodes[node].disk.as_ref().map(Saved::copy);
            }
            Step::Restore { node } if is_there(node) => {
                let backup = self.nodes[node].backup.as_ref().map(Saved::copy);
                self.replace(node, backup);
            }
            Step::Skew { node, millis } if is_there(node) => self.nodes[node].skew = millis,
            Step::Slow { node, millis } if is_there(node) => self.nodes[node].slow = millis,
            Step::Join => self.join(),
            Step::Retire { node } if is_there(node) => {
                let others = self.nodes.iter().filter(|node| !node.has_left && !node.is_leaving).count();
                if self.nodes[node].replica.is_some() && others > 1 && !self.is_last(node) {
                    if let Some(id) = self.nodes[node].id.filter(|_| W::IS_GROUP && self.is_member(node)) {
                        self.retire(node, id);
                    }
                    self.nodes[node].is_leaving = true;
                    self.try_leave(node);
                }
            }
            Step::Expel { node } if is_there(node) => self.expel(node),
            _ => {}
        }
    }

    /// All ways are whole again, all nodes start again, and nothing more is lost.
    pub fn heal(&mut self) {
        self.is_healed = true;
        self.wires.heal_all();
        for node in 0..self.nodes.len() {
            self.nodes[node].slow = 0;
            self.start(node);
        }
    }

    /// Heals, and lets time pass until all are equal, or [`Options::patience`] is at its end. Returns true if they are.
    pub fn settle(&mut self) -> bool {
        self.heal();
        self.report.healed = self.now;
        self.run_until_converged(self.now.saturating_add(self.options.patience))
    }

    /// Checks all nodes, and tells what has happened.
    pub fn finish(mut self) -> Report {
        if !self.is_converged() {
            let mut all = Version::new();
            self.nodes.iter().filter_map(|node| node.replica.as_ref()).for_each(|replica| {
                all.union(replica.version());
            });
            let lacks = (0..self.nodes.len())
                .filter_map(|node| Some((node, all.difference(self.replica(node)?.version()))))
                .filter(|(_, lacks)| !lacks.is_empty())
                .collect();
            self.violation(Violation::NotConverged { lacks });
        }
        (0..self.nodes.len()).for_each(|node| self.check_state(node));
        let mut known = Version::new();
        self.nodes.iter().for_each(|node| {
            known.union(&kept(node));
        });
        let events = self.journal.lost(&known);
        if !events.is_empty() {
            self.violation(Violation::Lost { events });
        }
        self.report.converged = self.is_converged();
        self.report.replicas = self.nodes.iter().filter(|node| node.replica.is_some()).count();
        self.report.events = u64::try_from(self.journal.events().dot_count()).unwrap_or(u64::MAX);
        self.report.ended = self.now;
        self.report.digest = self.digest;
        self.report
    }
}

impl<W: Workload> fmt::Debug for World<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("World").field("now", &self.now).field("report", &self.report).finish_non_exhaustive()
    }
}
