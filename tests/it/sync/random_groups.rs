//! Random histories of groups: members write, meet, fork, admit, retire and settle, over links that break; founders that founded apart
//! vouch for each other. Each replica is compared with a twin of the same events that never settles.
//!
//! `REJOIN_HISTORIES` says how many; the default is few.

use super::groups::{Meeting, World};
use super::net::mix;

fn histories() -> u64 {
    std::env::var("REJOIN_HISTORIES").ok().and_then(|n| n.parse().ok()).unwrap_or(24)
}

/// What may happen in a history, and how often, out of so many.
#[derive(Clone, Copy, Debug)]
struct Kind {
    founders: usize,
    most: usize,
    steps: u64,
    /// Of a hundred meetings, those in which each side vouches for the other.
    vouched: u64,
    /// Of a hundred steps.
    forks: u64,
    retirements: u64,
    /// Newcomers that somebody admits.
    newcomers: u64,
    /// Whether somebody else admits them too, be it in another group.
    twice: bool,
    /// A member claims writes that another has not made.
    claims: u64,
}

struct History {
    world: World,
    random: u64,
    kind: Kind,
    story: Vec<String>,
}

impl History {
    fn draw(&mut self, below: u64) -> u64 {
        self.random = mix(self.random);
        (self.random >> 16) % below
    }

    fn any(&mut self) -> usize {
        let len = self.world.replicas.len() as u64;
        self.draw(len) as usize
    }

    fn step(&mut self) {
        let (kind, at) = (self.kind, self.any());
        let has_room = self.world.replicas.len() < kind.most;
        let mut what = self.draw(100);
        let mut is = |share: u64| {
            let is = what < share;
            what = if is { u64::MAX } else { what - share };
            is
        };
        let (forks, newcomers) = (is(kind.forks), is(kind.newcomers));
        let (retires, claims, writes, settles) = (is(kind.retirements), is(kind.claims), is(25), is(12));
        let is_member = self.world.replicas[at].is_member();
        if forks && has_room && is_member {
            let fork = self.world.fork(at);
            self.story.push(format!("{at} forks {fork}"));
        } else if newcomers && has_room && kind.vouched > 70 {
            // Links let it in.
            let newcomer = self.world.begin(false);
            self.story.push(format!("{newcomer} comes"));
        } else if newcomers && has_room && is_member {
            let newcomer = self.world.begin(false);
            let (id, other) = (self.world.id(newcomer), self.any());
            self.world.admit(at, id);
            self.story.push(format!("{at} admits {newcomer}"));
            if kind.twice && self.draw(3) == 0 && self.world.replicas[other].is_member() {
                self.world.admit(other, id);
                self.story.push(format!("{other} admits {newcomer} too"));
            }
        } else if retires && is_member {
            let other = self.any();
            let id = self.world.id(other);
            self.world.retire(at, id);
            self.story.push(format!("{at} retires {other}"));
        } else if claims && is_member {
            let id = self.world.id(at);
            let lie = (1..10_000).map(|n| rejoin::Dot::new(id, n).unwrap()).collect();
            self.world.replicas[at].hear_of(&lie);
            self.story.push(format!("{at} believes that it has forgotten something"));
        } else if writes && is_member {
            let choice = self.draw(u64::MAX);
            self.world.write(at, choice);
            self.story.push(format!("{at} writes {}", choice % 10));
        } else if settles {
            let keeps_log = self.draw(2) == 0;
            let is_news = if keeps_log { self.world.settle_all(at) } else { self.world.settle(at) };
            self.story.push(format!("{at} settles {is_news}"));
        } else {
            self.meet(at);
        }
    }

    fn meet(&mut self, at: usize) {
        let other = self.any();
        if other == at {
            return;
        }
        let vouched = [(); 2].map(|()| self.draw(100) < self.kind.vouched);
        let rounds = if self.draw(4) == 0 { self.draw(6) } else { 40 };
        let refused = self.world.meet(at, other, Meeting { vouched, rounds });
        self.story.push(format!("{at} meets {other} for {rounds} rounds, {vouched:?}: {refused:?}"));
    }
}

fn run(seed: u64, kind: Kind) -> Result<World, String> {
    let mut history = History { world: World::new(seed), random: mix(seed), kind, story: Vec::new() };
    for _ in 0..kind.founders {
        history.world.begin(true);
    }
    for _ in 0..kind.steps {
        history.step();
        if history.draw(4) == 0 {
            history
                .world
                .check()
                .map_err(|error| format!("{error}, after:\n{}", history.story.join("\n")))?;
        }
    }
    history.world.check().map_err(|error| format!("{error}, after:\n{}", history.story.join("\n")))?;
    Ok(history.world)
}

/// Runs many, and returns how often somebody had settled something at the end.
fn run_all(kind: Kind) -> usize {
    let mut settled = 0;
    for seed in 0..histories() {
        let world = run(seed, kind).unwrap_or_else(|error| panic!("seed {seed} of {kind:?}: {error}"));
        settled += world.replicas.iter().filter(|replica| !replica.horizon().is_empty()).count();
    }
    settled
}

const ONE: Kind = Kind {
    founders: 1,
    most: 7,
    steps: 60,
    vouched: 0,
    forks: 8,
    retirements: 4,
    newcomers: 5,
    twice: true,
    claims: 0,
};

#[test]
fn one_group_that_forks_admits_and_retires() {
    assert!(run_all(ONE) > 0);
}

/// Little but what the rules are for.
#[test]
fn one_group_in_which_many_fork_and_many_are_retired() {
    assert!(run_all(Kind { most: 9, steps: 70, forks: 14, retirements: 9, newcomers: 9, ..ONE }) > 0);
}

#[test]
fn one_group_and_foreign_founders() {
    assert!(run_all(Kind { founders: 3, newcomers: 8, ..ONE }) > 0);
}

#[test]
fn one_group_of_peers_that_are_vouched_for() {
    assert!(run_all(Kind { vouched: 60, claims: 4, ..ONE }) > 0);
}

#[test]
fn groups_that_unite() {
    let kind = Kind { founders: 3, most: 8, steps: 90, vouched: 80, retirements: 0, newcomers: 3, ..ONE };
    assert!(run_all(kind) > 0);
}

#[test]
fn groups_that_unite_and_retire() {
    let kind = Kind { founders: 3, most: 9, steps: 90, vouched: 80, retirements: 3, claims: 2, ..ONE };
    assert!(run_all(kind) > 0);
}

/// Nobody leaves, and in the end all meet all: then all are equal.
#[test]
fn groups_that_unite_are_equal_in_the_end() {
    let kind = Kind {
        founders: 3,
        most: 7,
        steps: 50,
        vouched: 80,
        retirements: 0,
        newcomers: 2,
        twice: false,
        ..ONE
    };
    let mut united = 0;
    for seed in 0..histories().div_ceil(4) {
        let mut world = run(seed, kind).unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        let all = world.replicas.len();
        for _ in 0..12 {
            for a in 0..all {
                for b in 0..a {
                    world.meet(a, b, Meeting::VOUCHED);
                }
                world.settle(a);
            }
        }
        world.check().unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        for (at, replica) in world.replicas.iter().enumerate() {
            assert_eq!(replica.state(), world.replicas[0].state(), "seed {seed}, replica {at}");
        }
        united += usize::from(world.replicas[0].united.len() >= 2);
    }
    assert!(united > 0);
}
