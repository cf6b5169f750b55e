//! Peers that say what no honest one says: a test for each way in which one message could once hurt a replica.
//!
//! Costs are counted in comparisons, and in intervals and facts that are moved: see [`work`](crate::work).

#![allow(clippy::cast_possible_truncation, reason = "numbers of tests are small, or cut on purpose")]

mod carrier;
mod comparing;
mod eviction;
mod floods;
mod memory;
mod starving;
mod strangers;

use alloc::vec::Vec;
use core::ops::{Range, RangeInclusive};

use super::forger::Forger;
use super::link::Report;
use super::message::Message;
use super::{Config, Link, LogBounds, Refused, Replica, Replicated, Shared};
use crate::work::{self, Work};
use crate::{Causal, Counter, Dot, OrSet, ReplicaId, Version, Writer};

type Set = Causal<OrSet<u64>>;
type Group = Causal<Shared<Counter>>;

const NO_LOG: LogBounds = LogBounds { entries: 0, bytes: 0 };

fn id(n: u128) -> ReplicaId {
    ReplicaId::from_u128(n)
}

fn events(n: u128, counters: RangeInclusive<u64>) -> Version {
    counters.map(|counter| Dot::new(id(n), counter).unwrap()).collect()
}

fn replica<T: Replicated>(n: u128) -> Replica<T> {
    Replica::from_writer(Writer::with_id(id(n)))
}

fn set(n: u128, members: Range<u64>) -> Replica<Set> {
    let mut replica = replica::<Set>(n);
    replica.edit_at(0, |set| set.extend(members));
    replica
}

/// A replica that has heard of so many others.
fn crowd(n: u128, others: u128) -> Replica<Set> {
    let mut replica = replica::<Set>(n);
    for other in 1_000..1_000 + others {
        let delta = Writer::<Set>::with_id(id(other)).edit_at(0, |set| set.insert(other as u64));
        replica.receive(delta).unwrap();
    }
    replica
}

/// A replica, its link, and a peer that says what it likes.
struct Victim<T: Replicated> {
    replica: Replica<T>,
    link: Link<T>,
    forger: Forger<T>,
    now: u64,
    refused: Vec<Refused>,
    /// What the replica's side has done.
    work: usize,
    bytes_in: usize,
    bytes_out: usize,
}

impl<T: Replicated> Victim<T> {
    /// The forger greets as a replica of this version would, and has said so.
    fn new(replica: Replica<T>, says: &Version, config: &Config) -> Self {
        let link = Link::new(7, config.clone());
        Victim::over(replica, link, says, config)
    }

    fn over(replica: Replica<T>, link: Link<T>, says: &Version, config: &Config) -> Self {
        let forger = Forger::new(5, says, config.clone());
        let mut victim = Victim {
            replica,
            link,
            forger,
            now: 1_000,
            refused: Vec::new(),
            work: 0,
            bytes_in: 0,
            bytes_out: 0,
        };
        victim.exchange();
        victim.forger.say_have(says);
        victim.exchange();
        victim.begin_counting();
        victim
    }

    fn begin_counting(&mut self) {
        (self.work, self.bytes_in, self.bytes_out) = (0, 0, 0);
    }

    fn worked<R>(&mut self, (result, Work { compared, moved }): (R, Work)) -> R {
        // An interval that is moved costs a small part of one that is compared.
        self.work += compared + moved / 16;
        result
    }

    /// Frames go to and fro until both are silent. Whatever comes is acknowledged.
    fn exchange(&mut self) {
        loop {
            let before = (self.bytes_in, self.bytes_out);
            while let Some(frame) = self.forger.poll_frame(self.now) {
                self.take(&frame);
            }
            loop {
                let (now, link, replica) = (self.now, &mut self.link, &mut self.replica);
                let polled = work::of(|| link.poll_frame(replica, now));
                let Some(frame) = self.worked(polled) else { break };
                self.bytes_out += frame.len();
                self.forger.handle_frame(now, &frame).unwrap();
            }
            if before == (self.bytes_in, self.bytes_out) {
                return;
            }
        }
    }

    fn take(&mut self, frame: &[u8]) {
        self.bytes_in += frame.len();
        let (now, link, replica) = (self.now, &mut self.link, &mut self.replica);
        let taken = work::of(|| link.handle_frame(replica, now, frame));
        if let Err(refused) = self.worked(taken) {
            self.refused.push(refused);
        }
    }

    fn wait(&mut self, milliseconds: u64) {
        let until = self.now + milliseconds;
        while self.now < until {
            self.now = (self.now + 50).min(until);
            self.exchange();
        }
    }

    fn say(&mut self, message: &Message<T>) {
        self.forger.say(message);
        self.exchange();
    }

    fn say_bytes(&mut self, bytes: &[u8]) {
        self.forger.say_bytes(bytes.to_vec());
        self.exchange();
    }

    /// What the link has said since this was last asked.
    fn heard(&mut self) -> Vec<Message<T>> {
        core::iter::from_fn(|| self.forger.next_heard()).collect()
    }
}

/// Two replicas that talk honestly until both are quiet.
fn talk<T: Replicated>(replicas: [&mut Replica<T>; 2], from: u64) -> [Link<T>; 2] {
    let [a, b] = replicas;
    let (mut there, mut back) = (Link::new(101, Config::default()), Link::new(102, Config::default()));
    for now in (from..from + 200_000).step_by(50) {
        while let Some(frame) = there.poll_frame(a, now) {
            back.handle_frame(b, now, &frame).unwrap();
        }
        while let Some(frame) = back.poll_frame(b, now) {
            there.handle_frame(a, now, &frame).unwrap();
        }
        if there.is_quiet(a) && back.is_quiet(b) {
            return [there, back];
        }
    }
    panic!("they come to an end: {there:?} {back:?}");
}
