//! What nodes say to each other, and what adversaries say.

use super::{Event, World};
use crate::Version;
use crate::sim::adversary::{self, Letter, Sight, is_adversary};
use crate::sim::journal::Violation;
use crate::sim::{Workload, mix};
use crate::sync::{Config, Events, Refused, Standing};

impl<W: Workload> World<W> {
    pub(super) fn arrive(&mut self, from: usize, to: usize, frame: &[u8]) {
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
                if self.options.random_saves && mix(self.digest).is_multiple_of(4) {
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
        if W::IS_GROUP && mix(self.digest ^ 2).is_multiple_of(4) {
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

    /// Sends what there is to send.
    pub(super) fn pump(&mut self, from: usize) {
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

    pub(super) fn carry(&mut self, from: usize, to: usize, frame: &[u8]) {
        let slow = self.nodes.get(to).map_or(0, |node| node.slow);
        for delay in self.wires.carry(from, to) {
            let number = self.push(self.now + delay.max(1) + slow, Event::Arrival { from, to });
            self.frames.insert(number, frame.to_vec());
        }
    }

    pub(super) fn wake(&mut self, node: usize, at: u64) {
        if self.nodes[node].wake.is_none_or(|earlier| at < earlier) {
            self.nodes[node].wake = Some(at);
            self.push(at, Event::Wake { node });
        }
    }

    /// Those whom nobody should have let in.
    pub(super) fn let_adversaries_in(&mut self, config: &Config) {
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

    pub(super) fn sight(&self) -> Sight {
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
    pub(super) fn post(&mut self, letters: Vec<Letter>) {
        for Letter { from, to, frame } in letters {
            self.count_with_adversaries(to, 1);
            self.report.lies += 1;
            self.carry(from, to, &frame);
        }
    }

    /// Counts a frame to an adversary (0) or from one (1). An honest node tells them no more than they have asked for, and
    /// what it would tell to peers that do not answer.
    pub(super) fn count_with_adversaries(&mut self, at: usize, way: usize) {
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
}
