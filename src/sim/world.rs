use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::adversary::{self, Adversaries, Letter, Sight, is_adversary};
use super::journal::{Journal, Violation};
use super::network::Wires;
use super::{Delay, Options, Random, Report, Sample, Schedule, Step, Topology, Workload};
use crate::store::Root;
use crate::sync::{Config, Events, Gossip, PeerName, Refused, Replica, Replicated, Standing, Swarm};
use crate::writer::Identity;
use crate::{Codec, Crdt, ReplicaId, Version, Writer};

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

    fn arrive(&mut self, from: usize, to: usize, frame: &[u8]) {
        let now = self.now;
        if is_adversary(to) {
            let sight = self.sight();
            let letters = self.adversaries.hear(to, from, frame, &sight);
            return self.post(letters);
        }
        let node = &mut self.nodes[to];
        // Either side may have started again since it was sent: the links find that out.
        let Some(replica) = &mut node.replica else { return };
        let mut was_told = false;
        let before = replica.version().clone();
        let result = node.swarm.handle_frame(replica, now, from, frame);
        self.note_writes(to, &before);
        match result {
            Ok(true) => {
                self.report.last_news = now;
                if self.options.random_saves && super::mix(self.digest).is_multiple_of(4) {
                    self.save(to);
                }
                self.check_order(to);
            }
            Ok(false) => {}
            // The application believes nobody whom its carrier has not authenticated.
            Err(_) if is_adversary(from) => self.report.lies_refused += 1,
            Err(Refused::Left) if W::IS_GROUP => {
                self.report.turned_away += 1;
                was_told = true;
            }
            Err(Refused::Stranger(_) | Refused::HasLeft(_) | Refused::Outside) if W::IS_GROUP => {
                self.report.turned_away += 1
            }
            Err(_) if self.adversaries.middle.is_there() => self.report.lies_refused += 1,
            Err(because) => self.violation(Violation::Refused { node: to, because }),
        }
        if W::IS_GROUP && super::mix(self.digest ^ 2).is_multiple_of(4) {
            self.settle_at(to);
        }
        // Whom others have let go begins with nothing.
        let is_out = was_told || self.standing(to) == Some(Standing::Left);
        let leaves = self.nodes[to].is_leaving && !self.is_expelled(to);
        if is_out && !leaves {
            self.replace(to, None);
        }
        self.save_soon(to);
        self.pump(to);
    }

    /// Writes down what a node has written by itself, because it is in a group: it takes in what links bring, and may let others in.
    fn note_writes(&mut self, at: usize, before: &Version) {
        let Some(replica) = self.nodes[at].replica.as_ref().filter(|_| W::IS_GROUP) else { return };
        let written = replica.written_since(before);
        let mut context = replica.version().clone();
        written.iter().for_each(|delta| context.subtract(delta.events()));
        for delta in written {
            let events = delta.events().clone();
            self.note_admissions(&delta);
            if let Err(violation) = self.journal.write(delta, context.clone()) {
                self.violation(violation);
            }
            context.union(&events);
        }
    }

    /// Writes down which nodes a delta lets in.
    fn note_admissions(&mut self, delta: &<W::State as Crdt>::Delta) {
        let mut alone = W::State::default();
        if alone.take(delta.clone()).is_ok() {
            let ids: Vec<ReplicaId> = self.nodes.iter().filter_map(|node| node.id).collect();
            let let_in = ids.into_iter().filter(|id| self.workload.standing(&alone, *id) == Standing::Member);
            let let_in: Vec<_> = let_in.map(|id| (id, delta.events().clone())).collect();
            self.admissions.extend(let_in);
        }
    }

    /// Stores what a node must have stored before it says anything more, in a while.
    fn save_soon(&mut self, node: usize) {
        if self.nodes[node].replica.as_ref().is_some_and(|replica| !replica.is_stored()) {
            let delay = 1 + super::mix(self.digest ^ 1) % SAVE;
            self.push(self.now + delay, Event::Save { node });
        }
    }

    fn settle_at(&mut self, node: usize) {
        if let Some(replica) = &mut self.nodes[node].replica {
            let before = replica.state().horizon();
            self.workload.settle(replica);
            self.report.settled += u64::from(before != replica.state().horizon());
        }
    }

    /// Sends what there is to send.
    fn pump(&mut self, from: usize) {
        let now = self.now;
        loop {
            let node = &mut self.nodes[from];
            let Some(replica) = &mut node.replica else { return };
            let Some((to, frame)) = node.swarm.poll_frame(replica, now) else { break };
            node.sent += frame.len() as u64;
            self.report.frames += 1;
            self.report.bytes += frame.len() as u64;
            if is_adversary(to) {
                self.count_with_adversaries(from, 0);
                self.carry(from, to, &frame);
            } else {
                let frames = self.adversaries.middle.pass(from, to, frame);
                frames.into_iter().for_each(|frame| self.carry(from, to, &frame));
            }
        }
        self.check_identity(from);
        if self.options.check_bounds {
            let bound = 2 * (self.options.config.window + self.options.config.max_frame)
                + self.options.largest_message;
            if self.nodes[from].swarm.links().any(|(_, link)| link.held() > bound) {
                self.violation(Violation::Unbounded { node: from, what: "a link" });
            }
        }
        if let Some(at) = self.nodes[from].swarm.poll_timeout() {
            self.wake(from, at.max(now + 1));
        }
        if self.nodes[from].is_leaving {
            self.try_leave(from);
        }
    }

    fn carry(&mut self, from: usize, to: usize, frame: &[u8]) {
        let slow = self.nodes.get(to).map_or(0, |node| node.slow);
        for delay in self.wires.carry(from, to) {
            let number = self.push(self.now + delay.max(1) + slow, Event::Arrival { from, to });
            self.frames.insert(number, frame.to_vec());
        }
    }

    fn wake(&mut self, node: usize, at: u64) {
        if self.nodes[node].wake.is_none_or(|earlier| at < earlier) {
            self.nodes[node].wake = Some(at);
            self.push(at, Event::Wake { node });
        }
    }

    fn save(&mut self, node: usize) {
        let node = &mut self.nodes[node];
        if let Some(replica) = &mut node.replica
            && self.options.disks
        {
            let (identity, state) = replica.snapshot();
            node.disk = Some(Saved { identity: identity.duplicate(), state: state.clone() });
            if W::IS_GROUP {
                replica.stored();
            }
        }
    }

    /// Starts a node from its disk.
    fn start(&mut self, at: usize) {
        let ids = ids(&self.ids, self.seed);
        let node = &mut self.nodes[at];
        if node.replica.is_some() || node.has_left {
            return;
        }
        let writer = match node.disk.as_ref().map(Saved::copy) {
            Some(Saved { identity, state }) => Writer::resume_with_ids(identity, state, ids),
            None => Writer::with_ids(W::State::default(), ids),
        };
        let mut replica = self.workload.replica(writer);
        replica.set_log_bounds(self.options.log);
        if W::IS_GROUP && self.options.disks {
            replica.stored();
        }
        if let Some(before) = node.id.replace(replica.id()).filter(|before| *before != replica.id()) {
            self.gone.push(before);
        }
        node.checked = replica.version().clone();
        node.replica = Some(replica);
        self.connect(at);
        self.pump(at);
    }

    /// Gives a node links to its peers, and them links to it.
    fn connect(&mut self, node: usize) {
        let (seed, len) = (self.links_seed(), self.nodes.len());
        let mut swarm = Swarm::new(seed, self.options.config.clone());
        // Frames come from whom they say they come from here.
        swarm.vouch_for(|peer: &usize| (!is_adversary(*peer)).then(|| PeerName::from_u128(*peer as u128)));
        swarm.set_most_links(self.options.most_links);
        self.nodes[node].swarm = swarm;
        if let Topology::Gossip { fanout, interval } = self.options.topology {
            let peers = (0..len).filter(|peer| *peer != node && !self.nodes[*peer].has_left).collect();
            let gossip = Gossip { peers, fanout, interval, rounds_open: 3 };
            self.nodes[node].swarm.gossip(Some(gossip));
            return;
        }
        for peer in (0..len).filter(|peer| *peer != node && self.options.topology.connects(node, *peer, len))
        {
            if !self.nodes[peer].has_left {
                self.nodes[node].swarm.keep(peer);
                self.nodes[peer].swarm.keep(node);
            }
        }
        for member in self.adversaries.members() {
            self.nodes[node].swarm.keep(member);
        }
    }

    /// Those whom nobody should have let in.
    fn let_adversaries_in(&mut self, config: &Config) {
        let (count, is_mute) = (self.options.adversaries, self.options.mute_adversaries);
        let (adversaries, told) =
            adversary::adversaries(&mut self.workload, self.seed, count, is_mute, config, self.options.epoch);
        self.adversaries = adversaries;
        for delta in told {
            // Nobody need ever hear of them.
            self.journal.excuse(delta.events());
            if let Err(violation) = self.journal.write(delta, Version::new()) {
                self.violation(violation);
            }
        }
        (0..count).for_each(|adversary| {
            self.push(1, Event::Lie { adversary });
        });
    }

    fn sight(&self) -> Sight {
        let up = self.nodes.iter().enumerate();
        let up = up.filter_map(|(at, node)| Some((at, node.replica.as_ref()?.id())));
        Sight {
            now: self.now,
            nodes: up.collect(),
            events: self.journal.events().clone(),
            is_group: W::IS_GROUP,
            is_over: self.is_healed,
        }
    }

    /// Sends what adversaries have to say.
    fn post(&mut self, letters: Vec<Letter>) {
        for Letter { from, to, frame } in letters {
            self.count_with_adversaries(to, 1);
            self.report.lies += 1;
            self.carry(from, to, &frame);
        }
    }

    /// Counts a frame to an adversary (0) or from one (1). An honest node tells them no more than they have asked for, and
    /// what it would tell to peers that do not answer.
    fn count_with_adversaries(&mut self, at: usize, way: usize) {
        let minute = self.now / 60_000;
        let node = &mut self.nodes[at];
        if minute != node.minute {
            (node.minute, node.with_adversaries) = (minute, [0; 2]);
        }
        node.with_adversaries[way] += 1;
        let [told, heard] = node.with_adversaries;
        self.report.told_adversaries += u64::from(way == 0);
        let most = 4 * heard + 200 * self.adversaries.addresses() as u64;
        if self.options.check_bounds && told > most {
            self.violation(Violation::Unbounded {
                node: at,
                what: "what is told to adversaries in a minute",
            });
        }
    }

    /// Whether a node is still who it was.
    fn check_identity(&mut self, at: usize) {
        let node = &self.nodes[at];
        let id = node.replica.as_ref().map(|replica| replica.id());
        if self.adversaries.len() > 0 && id.is_some() && node.id.is_some() && id != node.id {
            self.nodes[at].id = id;
            self.violation(Violation::Evicted { node: at });
        }
    }

    fn links_seed(&mut self) -> u64 {
        self.swarms += 1;
        super::mix(self.seed ^ self.swarms.rotate_left(32))
    }

    /// A node stops. What it had only heard, and only its memory had, is lost, and nobody is to blame.
    fn stop(&mut self, node: usize) {
        let mut before = kept(&self.nodes[node]);
        before.subtract(&self.nodes[node].acknowledged);
        self.nodes[node].replica = None;
        let lost = self.excuse(&before);
        // What it had written by itself, as a member, was not stored yet, and it goes on under the same id.
        let id = self.nodes[node].id;
        let own = lost.dots().filter(|dot| Some(dot.replica()) == id);
        self.journal.forget(&own.collect());
    }

    /// What a node had, and neither it nor any other has any more.
    fn excuse(&mut self, before: &Version) -> Version {
        let mut lost = before.clone();
        self.nodes.iter().for_each(|node| lost.subtract(&kept(node)));
        self.journal.excuse(&lost);
        self.report.excused += u64::try_from(lost.dot_count()).unwrap_or(u64::MAX);
        lost
    }

    fn violation(&mut self, violation: Violation) {
        if self.report.violations.len() < ENOUGH {
            self.report.violations.push(violation);
        }
    }

    fn check_order(&mut self, at: usize) {
        let node = &mut self.nodes[at];
        let Some(replica) = &node.replica else { return };
        let version = replica.version();
        let news = version.difference(&node.checked);
        let lacks = self.journal.unknown_causes(&news, version);
        node.checked = version.clone();
        if self.options.check_bounds {
            let (entries, bytes) = replica.log_len();
            if entries > self.options.log.entries || bytes > self.options.log.bytes {
                self.violation(Violation::Unbounded { node: at, what: "the log" });
            }
        }
        if !lacks.is_empty() {
            self.violation(Violation::OutOfOrder { node: at, at: self.now, lacks });
        }
    }

    /// Whether the state of a node is what its events make.
    fn check_state(&mut self, at: usize) {
        let Some(replica) = &self.nodes[at].replica else { return };
        let says = self.workload.check(replica.state());
        let mut expected = self.journal.replay(replica.version());
        expected.settle(&replica.state().horizon());
        if expected.encode() != replica.state().encode() {
            self.violation(Violation::Differs { node: at, at: self.now });
        }
        if let Err(message) = says {
            self.violation(Violation::Workload { node: at, message });
        }
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

    /// Whether a node is up and a member.
    fn may_write(&self, at: usize) -> bool {
        let node = &self.nodes[at];
        node.replica.as_ref().is_some_and(|replica| {
            !node.is_leaving && self.workload.standing(replica.state(), replica.id()) == Standing::Member
        })
    }

    /// What a node has in its memory, or would start with.
    fn state(&self, at: usize) -> Option<&W::State> {
        let node = &self.nodes[at];
        let saved = node.disk.as_ref().map(|saved| &saved.state);
        node.replica.as_ref().map(|replica| replica.state()).or(saved)
    }

    /// Whether a node is a member, as far as it knows, now or when it starts again, and is not mistaken.
    fn is_member(&self, at: usize) -> bool {
        self.standing(at) == Some(Standing::Member) && !self.is_expelled(at)
    }

    fn is_expelled(&self, at: usize) -> bool {
        self.nodes[at].id.is_some_and(|id| self.expelled.contains(&id))
    }

    /// How a node stands to the group, as far as it knows.
    fn standing(&self, at: usize) -> Option<Standing> {
        self.state(at).zip(self.nodes[at].id).map(|(state, id)| self.workload.standing(state, id))
    }

    /// Whether a group would be at its end without a node: no other will still be a member if it crashes.
    fn is_last(&self, at: usize) -> bool {
        let is_safe = |other: &usize| {
            let node = &self.nodes[*other];
            let saved = node.disk.as_ref().map(|saved| &saved.state).zip(node.id);
            !self.options.disks
                || saved.is_some_and(|(state, id)| self.workload.standing(state, id) == Standing::Member)
        };
        let stays = |other: &usize| !self.nodes[*other].is_leaving && self.is_member(*other);
        W::IS_GROUP && !(0..self.nodes.len()).any(|other| other != at && stays(&other) && is_safe(&other))
    }

    fn admit(&mut self, sponsor: usize, id: ReplicaId) {
        let before = kept(&self.nodes[sponsor]);
        let mut workload = std::mem::take(&mut self.workload);
        self.edit(sponsor, |edit| workload.admit(edit, id));
        self.workload = workload;
        self.admissions.push((id, kept(&self.nodes[sponsor]).difference(&before)));
    }

    /// What those do who run a group: they let new nodes in, and let those go that are gone. And nodes settle.
    fn tend(&mut self) {
        // One whom all others know: whom only those have let in that were let go is not inside.
        let able = (0..self.nodes.len()).filter(|at| self.may_write(*at) && self.is_member(*at));
        let Some(sponsor) = able.min_by_key(|at| self.inside(*at).len()) else { return };
        self.admit_all(sponsor);
        for id in std::mem::take(&mut self.gone) {
            self.retire(sponsor, id);
        }
        for at in 0..self.nodes.len() {
            self.settle_at(at);
            self.save_soon(at);
            self.pump(at);
        }
    }

    /// Lets in who is not a member yet.
    fn admit_all(&mut self, sponsor: usize) {
        let inside = self.inside(sponsor);
        for at in (0..self.nodes.len()).filter(|at| *at != sponsor) {
            let (Some(node), Some(here)) = (self.replica(at), self.replica(sponsor)) else { continue };
            let (id, version) = (node.id(), node.version());
            let standing = self.workload.standing(here.state(), id);
            if version.is_empty() {
                if standing == Standing::Stranger && !self.nodes[at].is_leaving {
                    self.admit(sponsor, id);
                }
                continue;
            }
            if !inside.contains(&at) && standing != Standing::Left {
                // Somebody has let it in who was let go meanwhile: nobody else knows of it.
                self.replace(at, None);
            }
        }
    }

    /// The nodes that are members for one, directly or by others that are: they have begun with an event that let them in, and
    /// that is known inside.
    fn inside(&self, sponsor: usize) -> Vec<usize> {
        let mut inside = vec![sponsor];
        let mut known = vec![kept(&self.nodes[sponsor])];
        let mut next = 0;
        while next < known.len() {
            for other in (0..self.nodes.len()).filter(|other| !inside.contains(other)).collect::<Vec<_>>() {
                let (id, has) = (self.nodes[other].id, kept(&self.nodes[other]));
                let beginning = id.and_then(|id| self.journal.beginning(id));
                let beginning = beginning.as_ref().unwrap_or(&has);
                let is_in = |(let_in, by): &(ReplicaId, Version)| {
                    id == Some(*let_in) && beginning.covers(by) && known[next].covers(by)
                };
                if self.admissions.iter().any(is_in) {
                    inside.push(other);
                    known.push(has);
                }
            }
            next += 1;
        }
        inside
    }

    fn retire(&mut self, by: usize, id: ReplicaId) {
        let mut workload = std::mem::take(&mut self.workload);
        self.edit(by, |edit| workload.retire(edit, id));
        self.workload = workload;
    }

    /// Another member lets a node go that may still be there.
    fn expel(&mut self, at: usize) {
        let is_able = |by: &usize| *by != at && self.may_write(*by) && self.is_member(*by);
        let (Some(id), Some(by)) = (self.nodes[at].id, (0..self.nodes.len()).find(is_able)) else { return };
        if W::IS_GROUP && !self.is_last(at) && !self.nodes[at].is_leaving {
            self.expelled.push(id);
            self.retire(by, id);
        }
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

    fn read(&mut self, session: usize, node: usize) {
        let session = session % self.sessions.len();
        let Some(replica) = self.replica(node) else {
            self.report.unavailable += 1;
            return;
        };
        if !replica.has(&self.sessions[session]) {
            self.report.waits += 1;
            return;
        }
        let version = replica.version().clone();
        self.report.reads += 1;
        if !version.covers(&self.sessions[session]) {
            self.violation(Violation::Session { session, node });
        }
        self.sessions[session] = version;
        self.check_state(node);
    }

    /// A node stops, and starts again with other data, under an id of its own.
    fn replace(&mut self, at: usize, saved: Option<Saved<W::State>>) {
        if self.nodes[at].has_left {
            return;
        }
        let before = kept(&self.nodes[at]);
        let node = &mut self.nodes[at];
        node.replica = None;
        // In a group, who has forgotten begins with nothing: an old copy may know what was settled without it.
        let saved = saved.filter(|_| !W::IS_GROUP);
        // The state goes on, the identity does not.
        node.disk = saved.map(|saved| {
            let writer = Writer::with_ids(saved.state, ids(&self.ids, self.seed));
            let (identity, state) = writer.suspend();
            Saved { identity, state }
        });
        self.excuse(&before);
        let left = kept(&self.nodes[at]);
        // A client that read here what is nowhere now has to begin anew.
        let excused = before.difference(&left);
        self.sessions.iter_mut().for_each(|token| token.subtract(&excused));
        self.start(at);
    }

    fn join(&mut self) {
        self.nodes.push(Node::new(&self.options.config));
        self.start(self.nodes.len() - 1);
    }

    fn try_leave(&mut self, at: usize) {
        let Some(replica) = &self.nodes[at].replica else { return };
        let version = replica.version();
        let is_known =
            self.nodes.iter().enumerate().filter(|(other, node)| *other != at && !node.is_leaving).any(
                |(other, node)| {
                    (!W::IS_GROUP || self.is_member(other))
                        && node.disk.as_ref().is_some_and(|saved| saved.state.version().covers(version))
                },
            );
        if is_known || !self.options.disks {
            self.nodes[at].has_left = true;
            self.nodes[at].replica = None;
            self.nodes[at].disk = None;
            for node in &mut self.nodes {
                node.swarm.drop_peer(&at);
            }
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
