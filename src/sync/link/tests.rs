use alloc::vec::Vec;

use super::*;
use crate::sync::forger::Forger;
use crate::sync::{LogBounds, Numbered, Shared};
use crate::{Causal, Counter, GCounter, OrSet, ReplicaId, Writer};

mod exchange;
mod parts;
mod talk;

type Set = Causal<OrSet<u64>>;

fn replica<T: Replicated>(id: u128) -> Replica<T> {
    Replica::from_writer(Writer::with_id(ReplicaId::from_u128(id)))
}

const NO_LOG: LogBounds = LogBounds { entries: 0, bytes: 0 };

/// Two replicas and their links.
struct Pair<T: Replicated> {
    replicas: [Replica<T>; 2],
    links: [Link<T>; 2],
    now: u64,
}

impl<T: Replicated> Pair<T> {
    fn new(replicas: [Replica<T>; 2], config: &Config) -> Self {
        let links = [1, 2].map(|session| Link::new(session, config.clone()));
        Pair { replicas, links, now: 0 }
    }

    /// One way there and one back.
    fn step(&mut self) {
        let mut frames = [Vec::new(), Vec::new()];
        for (side, frames) in frames.iter_mut().enumerate() {
            while let Some(frame) = self.links[side].poll_frame(&mut self.replicas[side], self.now) {
                frames.push(frame);
            }
        }
        self.now += 1;
        for (side, frames) in frames.iter().enumerate() {
            for frame in frames {
                self.links[1 - side].handle_frame(&mut self.replicas[1 - side], self.now, frame).unwrap();
            }
        }
    }

    fn is_quiet(&self) -> bool {
        (0..2).all(|side| self.links[side].is_quiet(&self.replicas[side]))
    }

    fn run(&mut self) {
        for _ in 0..20_000 {
            self.step();
            if self.is_quiet() {
                return;
            }
        }
        panic!("they come to an end: {:?}", self.links);
    }
}

#[test]
fn beyond_the_log_there_is_the_whole_state() {
    let mut pair = Pair::new([replica::<Numbered<GCounter>>(1), replica(2)], &Config::default());
    pair.replicas[0].set_log_bounds(NO_LOG);
    pair.run();
    pair.replicas[0].edit_at(0, |likes| likes.increment(1).unwrap());
    pair.run();
    assert_eq!(pair.replicas[1].get(), 1);
    assert!(pair.now < 1_000, "at {}", pair.now);
}

/// Two replicas that have written since they were equal, and have dropped their logs.
fn beyond_the_log() -> Pair<Set> {
    let mut pair = Pair::new([replica::<Set>(1), replica(2)], &Config::default());
    pair.replicas[0].edit_at(0, |set| set.extend(0..1_000));
    pair.run();
    pair.replicas.iter_mut().for_each(|replica| replica.set_log_bounds(NO_LOG));
    pair.replicas[0].edit_at(0, |set| set.extend(2_000..2_100));
    pair.replicas[1].edit_at(0, |set| (0..50).for_each(|n| set.remove(&n)));
    pair
}

#[test]
fn beyond_the_log_facts_are_compared() {
    let mut pair = beyond_the_log();
    pair.run();
    assert_eq!(pair.replicas[0].state(), pair.replicas[1].state());
    assert!(pair.now < 1_000, "at {}", pair.now);
    assert_eq!(pair.links.iter().map(|link| link.stats().comparisons).sum::<u64>(), 1);
}

/// The answer is to be of the version that the peer had when it asked: what it wrote since is in no part of the comparison,
/// and would be taken for removed.
#[test]
fn a_write_after_the_question_is_not_removed_by_the_answer() {
    let mut pair = beyond_the_log();
    let has_asked = |link: &Link<Set>| format!("{link:?}").contains("asked: true");
    let server = loop {
        pair.step();
        if let Some(server) = (0..2).find(|side| has_asked(&pair.links[*side])) {
            break server;
        }
        assert!(pair.now < 1_000, "a side asks");
    };
    // The server is slow, and the asker writes and tells its version.
    let asker = 1 - server;
    pair.replicas[asker].edit_at(0, |set| set.insert(5_000));
    pair.links[asker].tell();
    while let Some(frame) = pair.links[asker].poll_frame(&mut pair.replicas[asker], pair.now) {
        pair.links[server].handle_frame(&mut pair.replicas[server], pair.now, &frame).unwrap();
    }
    for _ in 0..100 {
        pair.step();
        pair.now += 500;
    }
    assert_eq!(pair.replicas[0].state(), pair.replicas[1].state());
    assert!(pair.replicas[server].contains(&5_000));
}

/// Carries frames between a link and a forger until both are silent.
fn converse<T: Replicated>(link: &mut Link<T>, replica: &mut Replica<T>, forger: &mut Forger<T>, now: u64) {
    loop {
        let (there, back) = (link.poll_frame(replica, now), forger.poll_frame(now));
        if there.is_none() && back.is_none() {
            return;
        }
        there.iter().for_each(|frame| forger.handle_frame(now, frame).unwrap());
        back.iter().for_each(|frame| assert!(link.handle_frame(replica, now, frame).is_ok()));
    }
}

/// A limit: what is told under one dot is believed, and equal versions are not compared.
#[test]
fn one_dot_with_two_payloads_makes_replicas_differ_for_ever() {
    let (mut honest, mut liar, other) = (replica::<Set>(1), replica::<Set>(1), replica::<Set>(2));
    honest.edit_at(0, |set| set.insert(1));
    liar.edit_at(0, |set| set.insert(2));
    let mut pair = Pair::new([other, liar], &Config::default());
    pair.run();
    let [other, _] = pair.replicas;
    let mut pair = Pair::new([other, honest], &Config::default());
    pair.run();
    let [other, honest] = &pair.replicas;
    assert_eq!(other.version(), honest.version());
    assert!(other.contains(&2) && honest.contains(&1) && other.state() != honest.state());
}

/// Nothing but the application tells who must have seen what is settled.
#[test]
fn outside_a_group_a_stranger_settles_nothing() {
    for is_vouched_for in [false, true] {
        let mut honest = replica::<Causal<Counter>>(1);
        honest.edit_at(0, |counter| counter.add(1));
        let version = honest.version().clone();
        let mut link = Link::new(1, Config::default());
        if is_vouched_for {
            link = link.vouched_for(PeerName::from_u128(7));
        }
        let mut liar = Forger::new(2, &Version::new(), Config::default());
        liar.say_have(&version);
        liar.say_settled(version.clone());
        for turn in 0..4 {
            converse(&mut link, &mut honest, &mut liar, turn * 1_000);
        }
        assert_eq!(!honest.state().horizon().is_empty(), is_vouched_for);
    }
}

/// A limit: a link does not know whose name is whose, so carriers must authenticate members.
#[test]
fn a_stranger_under_a_members_name_has_others_settle_what_the_member_has_not_seen() {
    type Group = Causal<Shared<Counter>>;
    let [one, two] = [1, 2].map(ReplicaId::from_u128);
    let mut honest = Replica::<Group>::found_as(Writer::with_id(one));
    honest.edit_at(0, |shared| shared.data.add(1));
    honest.admit(two).unwrap();
    honest.settle();
    assert!(honest.state().horizon().is_empty(), "the other member has seen nothing");
    let version = honest.version().clone();
    let (mut link, mut liar) =
        (Link::new(1, Config::default()), Forger::new(2, &Version::new(), Config::default()));
    liar.say_name_in(two, Some(one), None);
    liar.say_have(&version);
    for turn in 0..4 {
        converse(&mut link, &mut honest, &mut liar, turn * 1_000);
    }
    honest.settle();
    assert!(honest.state().horizon().intersects(&version));
}
