use std::fmt;

use super::{Network, Random};

/// One thing that happens in a world, at a time.
#[derive(Clone, Debug, PartialEq)]
pub struct Timed {
    /// Milliseconds from the beginning.
    pub at: u64,
    /// What happens.
    pub step: Step,
}

/// Something that is done to a world.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Step {
    /// A client writes at a node; what it writes is up to the workload, and to the number.
    Write {
        /// Where.
        node: usize,
        /// What.
        choice: u64,
    },
    /// A client whose session moves from node to node reads at this one, if the node has what the session has seen.
    Read {
        /// Who.
        session: usize,
        /// Where.
        node: usize,
    },
    /// A client of a session writes at a node, if the node has what the session has seen.
    SessionWrite {
        /// Who.
        session: usize,
        /// Where.
        node: usize,
        /// What.
        choice: u64,
    },
    /// Frames from one node to another are lost from now on. The other way is another way.
    Cut {
        /// From here.
        from: usize,
        /// To here.
        to: usize,
    },
    /// They are carried again.
    Heal {
        /// From here.
        from: usize,
        /// To here.
        to: usize,
    },
    /// A node stops; what it had written is on its disk, and what it had heard may be or not.
    Crash {
        /// Which.
        node: usize,
    },
    /// A node starts again, from its disk.
    Start {
        /// Which.
        node: usize,
    },
    /// A node stops, and its disk is lost. It starts again with nothing.
    LoseDisk {
        /// Which.
        node: usize,
    },
    /// A copy of a node's disk is put aside.
    Backup {
        /// Which.
        node: usize,
    },
    /// A node stops, and starts again from the copy, or with nothing if there is none.
    Restore {
        /// Which.
        node: usize,
    },
    /// A node's clock goes wrong by so many milliseconds.
    Skew {
        /// Which.
        node: usize,
        /// How much.
        millis: i64,
    },
    /// A node takes so long for everything that comes in.
    Slow {
        /// Which.
        node: usize,
        /// How long.
        millis: u64,
    },
    /// A node joins, with nothing.
    Join,
    /// A node leaves for good, once others have all that it has.
    Retire {
        /// Which.
        node: usize,
    },
    /// In a group: another member lets a node go, by mistake, for it is still there, and goes on until it is told.
    Expel {
        /// Which.
        node: usize,
    },
}

/// What happens in a world, from the beginning to the end.
#[derive(Clone, Debug, PartialEq)]
pub struct Schedule {
    /// Of everything that is drawn: delays, losses, ids.
    pub seed: u64,
    /// How many nodes there are in the beginning.
    pub nodes: usize,
    /// What happens to frames.
    pub network: Network,
    /// What is done, in order of time.
    pub steps: Vec<Timed>,
}

/// How much goes wrong in schedules that are drawn: how many times in each, at most.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Faults {
    /// Nodes in the beginning, at most.
    pub nodes: usize,
    /// Writes.
    pub writes: u64,
    /// Reads and writes of clients that move.
    pub sessions: u64,
    /// For how long things are done, in milliseconds.
    pub millis: u64,
    /// Frames lost, out of a thousand.
    pub loss: u64,
    /// Frames doubled, out of a thousand.
    pub doubled: u64,
    /// Ways that are cut and heal, each for itself.
    pub cuts: u64,
    /// Partitions of all nodes in two, both ways or one.
    pub partitions: u64,
    /// Crashes.
    pub crashes: u64,
    /// Disks lost.
    pub lost_disks: u64,
    /// Backups restored.
    pub restores: u64,
    /// Clocks that go wrong.
    pub skews: u64,
    /// Nodes that become slow.
    pub slow: u64,
    /// Nodes that join.
    pub joins: u64,
    /// Nodes that leave.
    pub retirements: u64,
    /// In groups: nodes that others let go, though they are still there.
    pub expulsions: u64,
}

impl Default for Faults {
    /// Some of everything.
    fn default() -> Self {
        Faults {
            nodes: 5,
            writes: 80,
            sessions: 40,
            millis: 20_000,
            loss: 200,
            doubled: 100,
            cuts: 6,
            partitions: 3,
            crashes: 3,
            lost_disks: 1,
            restores: 1,
            skews: 2,
            slow: 2,
            joins: 2,
            retirements: 1,
            expulsions: 1,
        }
    }
}

impl Faults {
    /// Nothing goes wrong.
    pub fn none() -> Self {
        Faults {
            loss: 0,
            doubled: 0,
            cuts: 0,
            partitions: 0,
            crashes: 0,
            lost_disks: 0,
            restores: 0,
            skews: 0,
            slow: 0,
            joins: 0,
            retirements: 0,
            expulsions: 0,
            ..Faults::default()
        }
    }
}

impl Schedule {
    /// A schedule that a seed stands for.
    pub fn random(seed: u64, faults: &Faults) -> Self {
        let mut draw = Draw { random: Random::new(seed), millis: faults.millis, steps: Vec::new() };
        let nodes = draw.random.between(2, faults.nodes.max(2) as u64) as usize;
        let delay = match draw.random.below(3) {
            0 => super::Delay::Fixed(draw.random.between(1, 100)),
            1 => super::Delay::Uniform(1, draw.random.between(2, 500)),
            _ => super::Delay::LongTail { least: 2, mean: draw.random.between(2, 300) },
        };
        let network = Network {
            delay,
            loss: draw.random.between(0, faults.loss),
            doubled: draw.random.between(0, faults.doubled),
        };
        draw.times(faults.writes, |draw, at| {
            let step = Step::Write { node: draw.random.index(nodes), choice: draw.random.number() };
            draw.push(at, step);
        });
        draw.times(faults.sessions, |draw, at| {
            let (session, node) = (draw.random.index(3), draw.random.index(nodes));
            let choice = draw.random.number();
            let is_read = draw.random.per_mille(500);
            draw.push(
                at,
                if is_read {
                    Step::Read { session, node }
                } else {
                    Step::SessionWrite { session, node, choice }
                },
            );
        });
        draw.times(faults.cuts, |draw, at| {
            let (from, to) = (draw.random.index(nodes), draw.random.index(nodes));
            draw.push(at, Step::Cut { from, to });
            draw.later(at, Step::Heal { from, to });
        });
        draw.times(faults.partitions, |draw, at| {
            let (side, both) = (draw.random.number(), draw.random.per_mille(700));
            let until = draw.after(at);
            for from in 0..nodes {
                for to in (0..nodes).filter(|to| (side >> from & 1, side >> to & 1) == (0, 1)) {
                    for (from, to) in [(from, to), (to, from)].into_iter().take(1 + usize::from(both)) {
                        draw.push(at, Step::Cut { from, to });
                        draw.push(until, Step::Heal { from, to });
                    }
                }
            }
        });
        draw.times(faults.crashes, |draw, at| {
            let node = draw.random.index(nodes);
            draw.push(at, Step::Crash { node });
            draw.later(at, Step::Start { node });
        });
        draw.times(faults.lost_disks, |draw, at| {
            let node = draw.random.index(nodes);
            draw.push(at, Step::LoseDisk { node });
        });
        draw.times(faults.restores, |draw, at| {
            let node = draw.random.index(nodes);
            draw.push(at, Step::Backup { node });
            draw.later(at, Step::Restore { node });
        });
        draw.times(faults.skews, |draw, at| {
            let millis = draw.random.between(0, 200_000) as i64 - 100_000;
            let node = draw.random.index(nodes);
            draw.push(at, Step::Skew { node, millis });
        });
        draw.times(faults.slow, |draw, at| {
            let (node, millis) = (draw.random.index(nodes), draw.random.between(10, 2_000));
            draw.push(at, Step::Slow { node, millis });
            draw.later(at, Step::Slow { node, millis: 0 });
        });
        draw.times(faults.joins, |draw, at| draw.push(at, Step::Join));
        draw.times(faults.retirements, |draw, at| {
            let node = draw.random.index(nodes);
            draw.push(at, Step::Retire { node });
        });
        draw.times(faults.expulsions, |draw, at| draw.expulsion(at, nodes));
        draw.writes_after_starts();
        draw.steps.sort_by_key(|timed| timed.at);
        Schedule { seed, nodes, network, steps: draw.steps }
    }
}

struct Draw {
    random: Random,
    millis: u64,
    steps: Vec<Timed>,
}

impl Draw {
    /// Up to `most` times, each at a time of its own.
    fn times(&mut self, most: u64, each: impl Fn(&mut Self, u64)) {
        for _ in 0..self.random.between(most / 2, most) {
            let at = self.random.below(self.millis);
            each(self, at);
        }
    }

    /// No word reaches a node any more, though its own may reach some; it is let go, and goes on writing.
    fn expulsion(&mut self, at: u64, nodes: usize) {
        let node = self.random.index(nodes);
        let expelled = at + self.random.below(2_000);
        for from in (0..nodes).filter(|from| *from != node) {
            self.push(at, Step::Cut { from, to: node });
            self.later(expelled, Step::Heal { from, to: node });
        }
        self.push(expelled, Step::Expel { node });
        for _ in 0..6 {
            let write = Step::Write { node, choice: self.random.number() };
            let at = expelled.saturating_sub(300) + self.random.below(600);
            self.push(at, write);
        }
    }

    /// Who starts again is written to before it has caught up.
    fn writes_after_starts(&mut self) {
        let starts = self.steps.iter().filter_map(|timed| match timed.step {
            Step::Start { node } => Some((timed.at, node)),
            _ => None,
        });
        for (at, node) in starts.collect::<Vec<_>>() {
            for _ in 0..2 {
                let (at, choice) = (at + self.random.below(30), self.random.number());
                self.push(at, Step::Write { node, choice });
            }
        }
    }

    fn push(&mut self, at: u64, step: Step) {
        self.steps.push(Timed { at, step });
    }

    fn after(&mut self, at: u64) -> u64 {
        at + self.random.between(1, self.millis / 3)
    }

    fn later(&mut self, at: u64, step: Step) {
        let at = self.after(at);
        self.push(at, step);
    }
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "seed {}, {} nodes, {:?}", self.seed, self.nodes, self.network)?;
        self.steps.iter().try_for_each(|Timed { at, step }| writeln!(f, "{at:>8} ms  {step}"))
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Step::Write { node, choice } => write!(f, "node {node} writes ({choice:#x})"),
            Step::Read { session, node } => write!(f, "client {session} reads at node {node}"),
            Step::SessionWrite { session, node, choice } => {
                write!(f, "client {session} writes at node {node} ({choice:#x})")
            }
            Step::Cut { from, to } => write!(f, "the way from node {from} to node {to} is cut"),
            Step::Heal { from, to } => write!(f, "the way from node {from} to node {to} is whole again"),
            Step::Crash { node } => write!(f, "node {node} crashes"),
            Step::Start { node } => write!(f, "node {node} starts again"),
            Step::LoseDisk { node } => write!(f, "node {node} loses its disk"),
            Step::Backup { node } => write!(f, "node {node} is backed up"),
            Step::Restore { node } => write!(f, "node {node} is restored from its backup"),
            Step::Skew { node, millis } => write!(f, "the clock of node {node} is off by {millis} ms"),
            Step::Slow { node, millis: 0 } => write!(f, "node {node} is quick again"),
            Step::Slow { node, millis } => write!(f, "node {node} takes {millis} ms for everything"),
            Step::Join => write!(f, "a node joins"),
            Step::Retire { node } => write!(f, "node {node} retires"),
            Step::Expel { node } => write!(f, "node {node} is let go by another"),
        }
    }
}
