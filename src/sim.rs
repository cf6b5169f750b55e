//! A world in which all goes wrong, the same way again for the same seed.
//!
//! Nodes with replicas of your type take writes, talk over [links](crate::sync::Link) through a network that delays, loses,
//! doubles and reorders, are cut off from each other, crash, lose their disks, are restored from old backups, join, leave
//! and are let go. Time is virtual: an hour takes milliseconds. A checker looks on, and tells what must not be: see [`Violation`].
//!
//! ```
//! use rejoin::sim::{self, Faults, Options, Random, Schedule, Workload};
//! use rejoin::store::Edit;
//! use rejoin::{Causal, OrSet};
//!
//! /// A type of your own, and what its users do to it.
//! #[derive(Default)]
//! struct Cart;
//!
//! impl Workload for Cart {
//!     type State = Causal<OrSet<u64>>;
//!
//!     fn write(&mut self, random: &mut Random, cart: &mut Edit<'_, OrSet<u64>>) {
//!         let item = random.below(20);
//!         if random.per_mille(300) {
//!             cart.remove(&item);
//!         } else {
//!             cart.insert(item);
//!         }
//!     }
//! }
//!
//! for seed in 0..20 {
//!     let schedule = Schedule::random(seed, &Faults::default());
//!     let report = sim::run(Cart, &schedule, &Options::default());
//!     assert!(report.violations.is_empty(), "{schedule}{report}");
//! }
//! ```
//!
//! A schedule that fails is made shorter by [`shrink`], and then shows what matters.

#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    clippy::cast_possible_wrap,
    reason = "what is drawn is small"
)]

mod adversary;
mod journal;
mod network;
mod random;
mod rumour;
mod schedule;
mod shrink;
mod world;

use std::fmt;

pub use journal::Violation;
pub use network::{Delay, Network};
pub use random::Random;
pub use rumour::{Manner, Rumour, Spread};
pub use schedule::{Faults, Schedule, Step, Timed};
pub use shrink::shrink;
pub use world::World;

use crate::store::Root;
use crate::sync::{Config, LogBounds, Replica, Replicated, Standing};
use crate::{ReplicaId, Writer};

/// What is replicated, and what clients do to it.
pub trait Workload: Default {
    /// The state.
    type State: Replicated;

    /// One write of a client. It must depend on nothing but its arguments.
    fn write(&mut self, random: &mut Random, edit: &mut <Self::State as Root>::Edit<'_>);

    /// Whether nodes are a [group](crate::sync::Shared), who settle what is stable. Then the methods below say how.
    const IS_GROUP: bool = false;

    /// The replica of a node: one in a group, if there is one.
    fn replica(&self, writer: Writer<Self::State>) -> Replica<Self::State> {
        Replica::from_writer(writer)
    }

    /// How a replica stands to the group. Who is no member does not write.
    fn standing(&self, state: &Self::State, id: ReplicaId) -> Standing {
        let _ = (state, id);
        Standing::Member
    }

    /// A member lets a replica in.
    fn admit(&mut self, edit: &mut <Self::State as Root>::Edit<'_>, id: ReplicaId) {
        let _ = (edit, id);
    }

    /// A member lets a replica go.
    fn retire(&mut self, edit: &mut <Self::State as Root>::Edit<'_>, id: ReplicaId) {
        let _ = (edit, id);
    }

    /// A node settles what is stable.
    fn settle(&self, replica: &mut Replica<Self::State>) {
        let _ = replica;
    }

    /// What must be true of every state.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    fn check(&self, state: &Self::State) -> Result<(), String> {
        let _ = state;
        Ok(())
    }
}

/// Who talks to whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Topology {
    /// All with all.
    Mesh,
    /// Each with the one before and the one after.
    Ring,
    /// Each with the one in the middle.
    Star,
    /// Each with one above, and so many below.
    Tree(usize),
    /// Each with the one before and the one after, and with so many more that a seed has drawn.
    Random {
        /// How many.
        more: usize,
        /// The seed.
        seed: u64,
    },
    /// Each with others that it draws anew in each round.
    Gossip {
        /// How many.
        fanout: usize,
        /// How long a round is, in milliseconds.
        interval: u64,
    },
}

impl Topology {
    /// Whether two of so many nodes talk to each other.
    pub fn connects(self, a: usize, b: usize, nodes: usize) -> bool {
        let (low, high) = (a.min(b), a.max(b));
        let is_ring = high == low + 1 || (low == 0 && high + 1 == nodes);
        match self {
            Topology::Mesh | Topology::Gossip { .. } => true,
            Topology::Ring => is_ring,
            Topology::Star => low == 0,
            Topology::Tree(below) => high > 0 && (high - 1) / below.max(1) == low,
            Topology::Random { more, seed } => {
                let draws = |from: usize, to: usize| {
                    let mut random = Random::new(seed ^ (from as u64).rotate_left(20));
                    (0..more).any(|_| random.index(nodes) == to)
                };
                is_ring || draws(a, b) || draws(b, a)
            }
        }
    }
}

/// How a world is run, beside its schedule.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
#[allow(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub struct Options {
    /// Of all links.
    pub config: Config,
    /// Of all replicas.
    pub log: LogBounds,
    /// Who talks to whom.
    pub topology: Topology,
    /// How long nodes have to converge when all is well again, in milliseconds.
    pub patience: u64,
    /// How often to write down how far apart nodes are, in milliseconds; 0 for never.
    pub sample: u64,
    /// What the clocks of clients show in the beginning, in milliseconds since the Unix epoch.
    pub epoch: u64,
    /// Whether nodes have disks: each write goes to the disk before it is told to anybody.
    pub disks: bool,
    /// Whether what was heard goes to the disk too, now and then. In groups it always does, before anything more is told.
    pub random_saves: bool,
    /// Whether logs and links are held to their bounds.
    pub check_bounds: bool,
    /// The largest message there may be: a state that is sent whole.
    pub largest_message: usize,
    /// How many nodes there are beside the honest ones that lie about everything but events: some are strangers, to some each
    /// honest node has a link. In half of the worlds there is also somebody in between who changes frames.
    pub adversaries: usize,
    /// Adversaries say nothing, and whoever is in between only loses frames: to compare with.
    pub mute_adversaries: bool,
    /// How many links a node may have to peers that it does not know.
    pub most_links: usize,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            config: Config::default(),
            log: LogBounds::default(),
            topology: Topology::Mesh,
            patience: 600_000,
            sample: 0,
            epoch: 1_700_000_000_000,
            disks: true,
            random_saves: true,
            check_bounds: true,
            largest_message: 1 << 20,
            adversaries: 0,
            mute_adversaries: false,
            most_links: 1_024,
        }
    }
}

/// How far apart the nodes were at some time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    /// When, in milliseconds.
    pub at: u64,
    /// How many versions there were among the nodes that were up.
    pub versions: usize,
    /// How many events all of them lacked, together.
    pub lacking: u64,
    /// How many bytes had been sent.
    pub bytes: u64,
}

/// What has happened in a world.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Report {
    /// The seed of the schedule.
    pub seed: u64,
    /// Nodes that are up in the end.
    pub replicas: usize,
    /// Whether they have the same version.
    pub converged: bool,
    /// When the schedule was at its end, and all was well again.
    pub healed: u64,
    /// When a node last learned something.
    pub last_news: u64,
    /// When it was over.
    pub ended: u64,
    /// Writes that were taken, and the events that they made.
    pub writes: u64,
    /// Events of these writes.
    pub events: u64,
    /// Reads of clients.
    pub reads: u64,
    /// How often a client had to wait, because a node did not have what it had seen.
    pub waits: u64,
    /// How often a node was down when a client came.
    pub unavailable: u64,
    /// How often a node did not listen to another, because it is not in the group.
    pub turned_away: u64,
    /// How often a node settled something.
    pub settled: u64,
    /// Events that were lost with the only disk, or memory, that had them.
    pub excused: u64,
    /// Frames sent.
    pub frames: u64,
    /// Bytes of them.
    pub bytes: u64,
    /// Frames of these that were sent to adversaries.
    pub told_adversaries: u64,
    /// Frames that adversaries have sent.
    pub lies: u64,
    /// How many of them were refused.
    pub lies_refused: u64,
    /// What must not be.
    pub violations: Vec<Violation>,
    /// How far apart nodes were.
    pub samples: Vec<Sample>,
    /// A number that is another if anything happens otherwise.
    pub digest: u64,
}

impl Report {
    fn new(seed: u64) -> Self {
        Report {
            seed,
            replicas: 0,
            converged: false,
            healed: 0,
            last_news: 0,
            ended: 0,
            writes: 0,
            events: 0,
            reads: 0,
            waits: 0,
            unavailable: 0,
            turned_away: 0,
            settled: 0,
            excused: 0,
            frames: 0,
            bytes: 0,
            told_adversaries: 0,
            lies: 0,
            lies_refused: 0,
            violations: Vec::new(),
            samples: Vec::new(),
            digest: 0,
        }
    }

    /// How long it took from when all was well again until nobody learned anything any more, in milliseconds.
    pub fn repair_time(&self) -> u64 {
        self.last_news.saturating_sub(self.healed)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = if self.converged { "at one version" } else { "at different versions" };
        writeln!(
            f,
            "seed {}: {} replicas {state} after {} writes, {} frames, {} bytes, {} ms of repair",
            self.seed,
            self.replicas,
            self.writes,
            self.frames,
            self.bytes,
            self.repair_time()
        )?;
        self.violations.iter().try_for_each(|violation| writeln!(f, "VIOLATION: {violation}"))
    }
}

/// Runs a schedule; then all is well again, and nodes have [`Options::patience`] to become equal.
pub fn run<W: Workload>(workload: W, schedule: &Schedule, options: &Options) -> Report {
    let mut world = World::new(workload, schedule, options.clone());
    for timed in &schedule.steps {
        world.run_until(timed.at);
        world.step(timed.step);
    }
    world.settle();
    world.finish()
}

fn mix(n: u64) -> u64 {
    Random::new(n).number()
}
