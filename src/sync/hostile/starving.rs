//! Peers that let this replica wait for what they never send. One of them once kept all others from being pulled.

use super::*;
use crate::sync::compare::Message as Part;

/// How a peer goes on once it is asked for something.
#[derive(Clone, Copy, Debug)]
enum How {
    Silent,
    /// A fragment of a message without end, once in a while.
    Dripping,
    /// Cells that tell nothing, once in a while.
    Cells,
    /// It begins anew once in a while, before it is given up.
    Anew,
}

const ONCE_IN_A_WHILE: u64 = 50_000;

/// How a peer starves others, its side, the replica's side, and the session that it was last seen in.
type Other = (How, Forger<Set>, Link<Set>, Option<u32>);

/// One replica, honest peers of it, and others.
struct Crowd {
    replica: Replica<Set>,
    honest: Vec<(Replica<Set>, [Link<Set>; 2])>,
    others: Vec<Other>,
    now: u64,
    config: Config,
}

impl Crowd {
    fn new(honest: u32, others: &[How]) -> Self {
        let config = Config::default();
        let mut replica = set(1, 0..100);
        replica.set_log_bounds(NO_LOG);
        let link = |n: u32| Link::new(n, config.clone());
        let honest = (0..honest).map(|n| {
            let mut other = set(u128::from(n) + 2, u64::from(n) * 100..u64::from(n) * 100 + 150);
            other.set_log_bounds(NO_LOG);
            (other, [link(100 + n), link(200 + n)])
        });
        let others = (0..).zip(others).map(|(n, how)| {
            let forger = Forger::new(300 + n, &events(9_000 + u128::from(n), 1..=5), config.clone());
            (*how, forger, link(1_000 + n), None)
        });
        Crowd { honest: honest.collect(), others: others.collect(), now: 0, replica, config: config.clone() }
    }

    fn step(&mut self) {
        let (now, replica) = (self.now, &mut self.replica);
        for (n, (how, forger, link, session)) in (0..).zip(&mut self.others) {
            let version = events(9_000 + n, 1..=5);
            let is_time = now % ONCE_IN_A_WHILE == 0;
            if let (How::Anew, true) = (*how, is_time) {
                forger.begin_anew(&version);
                *session = None;
            }
            for _ in 0..3 {
                while let Some(frame) = forger.poll_frame(now) {
                    drop(link.handle_frame(replica, now, &frame));
                }
                while let Some(frame) = link.poll_frame(replica, now) {
                    drop(forger.handle_frame(now, &frame));
                }
                // In each conversation it lures.
                if forger.sessions().1 != *session {
                    *session = forger.sessions().1;
                    forger.say_have(&version);
                    forger.say(&Message::Beyond);
                }
            }
            let is_asked = core::iter::from_fn(|| forger.next_heard()).any(|message| {
                matches!(message, Message::Whole | Message::Compare(Part::Ask(_) | Part::More))
            });
            match how {
                How::Dripping if is_asked => forger.say_bytes(alloc::vec![6; 4 << 20]),
                How::Cells if is_time => forger.say(&Message::Compare(Part::Cells(Vec::new()))),
                _ => {}
            }
        }
        for (other, [there, back]) in &mut self.honest {
            for _ in 0..3 {
                while let Some(frame) = there.poll_frame(replica, now) {
                    back.handle_frame(other, now, &frame).unwrap();
                }
                while let Some(frame) = back.poll_frame(other, now) {
                    there.handle_frame(replica, now, &frame).unwrap();
                }
            }
        }
        self.now += 100;
    }

    fn are_equal(&self) -> bool {
        self.honest.iter().all(|(other, _)| other.state() == self.replica.state())
    }

    /// How long it takes until the honest ones are equal.
    fn run(&mut self, at_most: u64) -> u64 {
        while !self.are_equal() {
            self.step();
            assert!(self.now <= at_most, "{} of {} are equal", self.count_equal(), self.honest.len());
        }
        self.now
    }

    fn count_equal(&self) -> usize {
        self.honest.iter().filter(|(other, _)| other.state() == self.replica.state()).count()
    }
}

/// Without others the honest ones take some time; each of the others costs them its turn, and no more.
#[test]
fn a_peer_that_starves_this_replica_costs_the_others_its_turn() {
    let turn = Config::default().turn;
    for how in [How::Silent, How::Dripping, How::Cells, How::Anew] {
        let mut crowd = Crowd::new(3, &[how]);
        let took = crowd.run(3 * turn);
        assert!(took <= 3 * turn, "{how:?}: {took}");
    }
}

#[test]
fn many_that_starve_this_replica_cost_a_turn_each() {
    let kinds = [How::Silent, How::Dripping, How::Cells, How::Anew];
    for count in [4, 12] {
        let others: Vec<How> = kinds.into_iter().cycle().take(count).collect();
        let mut crowd = Crowd::new(3, &others);
        let turn = crowd.config.turn;
        let took = crowd.run((count as u64 + 2) * turn);
        assert!(took <= (count as u64 + 2) * turn, "{count}: {took}");
    }
}

/// The honest ones come later, when the others have been at it for long, and write again and again.
#[test]
fn what_honest_peers_write_later_is_pulled_as_well() {
    let others = [How::Silent, How::Dripping, How::Cells, How::Anew, How::Anew, How::Silent];
    let mut crowd = Crowd::new(2, &others);
    let turn = crowd.config.turn;
    crowd.run((others.len() as u64 + 2) * turn);
    for round in 1..10_u64 {
        let (other, _) = &mut crowd.honest[0];
        other.edit_at(0, |set| set.extend(round * 1_000..round * 1_000 + 10));
        let from = crowd.now;
        crowd.run(from + (others.len() as u64 + 2) * turn);
    }
}
