//! What adversaries do.

use super::super::Random;
use super::{BURST, Sight, Talk};
use crate::sync::forger::{Cue, Part};
use crate::sync::{Events, Replicated};
use crate::{ReplicaId, Version};

/// What an adversary does in a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Behaviour {
    /// Has events that never were, and those that were not told to it, also in the peer's own name.
    FalseVersions,
    /// Is whoever it likes, and somebody else at once.
    FalseNames,
    /// Compares nonsense, and never has enough of it.
    FalseSketches,
    /// Changes what it says, and sends it again and again.
    ChangedFrames,
    /// Calls and calls.
    Calls,
    /// Asks for everything that can be asked for, many times.
    Questions,
    /// Sends a state that has no end, and trickles.
    EndlessState,
    /// Greets, says what it has, and is silent.
    HalfConversation,
    /// Acknowledges what never came.
    FalseAcknowledgements,
    /// Asks for all, and reads a frame a minute.
    SlowReading,
    /// Is in a group of its own.
    OtherGroup,
    /// Has settled what nobody else has.
    FalseHorizons,
    /// Begins anew, and again.
    BeginningAnew,
    /// Comes under many addresses.
    Crowd,
    /// Sends states that nobody has asked for.
    UnaskedStates,
    /// Tells of replica after replica.
    Names,
    /// Sends bytes that are nothing.
    Noise,
    /// Tells events of its own, out of order, and to this node only.
    Events,
}

impl Behaviour {
    pub(in super::super) const ALL: [Behaviour; 18] = [
        Behaviour::FalseVersions,
        Behaviour::FalseNames,
        Behaviour::FalseSketches,
        Behaviour::ChangedFrames,
        Behaviour::Calls,
        Behaviour::Questions,
        Behaviour::EndlessState,
        Behaviour::HalfConversation,
        Behaviour::FalseAcknowledgements,
        Behaviour::SlowReading,
        Behaviour::OtherGroup,
        Behaviour::FalseHorizons,
        Behaviour::BeginningAnew,
        Behaviour::Crowd,
        Behaviour::UnaskedStates,
        Behaviour::Names,
        Behaviour::Noise,
        Behaviour::Events,
    ];

    pub(super) fn draw(random: &mut Random) -> Self {
        Self::ALL[random.index(Self::ALL.len())]
    }

    /// How many frames it sends at once.
    pub(super) fn burst(self) -> usize {
        if self == Behaviour::EndlessState { 1 } else { BURST }
    }

    fn reads(self) -> bool {
        self != Behaviour::HalfConversation
    }
}

/// Whoever tells something, and to whom.
pub(super) struct Teller<'a, T: Replicated> {
    pub(super) id: ReplicaId,
    pub(super) node: usize,
    pub(super) random: &'a mut Random,
    pub(super) events: &'a [T::Delta],
    pub(super) sight: &'a Sight,
}

impl<T: Replicated> Teller<'_, T> {
    fn id(&mut self) -> ReplicaId {
        ReplicaId::from_u128(u128::from(self.random.number()) << 64 | 1)
    }

    /// The id of an honest node, often of the one that it tells something.
    fn honest_id(&mut self) -> ReplicaId {
        let nodes = &self.sight.nodes;
        let own = nodes.iter().find(|(node, _)| *node == self.node);
        match own {
            Some((_, id)) if self.random.per_mille(400) => *id,
            _ if nodes.is_empty() => self.id,
            _ => nodes[self.random.index(nodes.len())].1,
        }
    }

    fn name(&mut self) -> ReplicaId {
        if self.random.per_mille(600) { self.honest_id() } else { self.id() }
    }

    /// A name to go by: in a group none of a member's.
    fn alias(&mut self) -> ReplicaId {
        if self.sight.is_group { self.id() } else { self.name() }
    }

    /// Events that never were, and all that were.
    fn version(&mut self) -> Version {
        let mut version = if self.random.per_mille(600) { self.sight.events.clone() } else { Version::new() };
        for _ in 0..self.random.below(4) {
            let (id, bits) = (self.name(), self.random.between(2, 40));
            let first = 1 + self.random.below(1 << bits);
            version.insert_run(id, first, first + self.random.below(1 << bits));
        }
        if self.random.per_mille(200) {
            let id = self.name();
            for n in 0..self.random.below(120) {
                version.insert_run(id, 3 * n + 1, 3 * n + 1);
            }
        }
        version
    }

    fn bytes(&mut self, most: u64) -> Vec<u8> {
        (0..self.random.below(most)).map(|_| self.random.number() as u8).collect()
    }

    fn buckets(&mut self) -> Vec<u8> {
        let len = 16 << self.random.below(8);
        (0..len).map(|_| self.random.number() as u8).collect()
    }

    fn delta(&mut self) -> T::Delta {
        let is_told = self.sight.is_over || self.events.is_empty() || self.random.per_mille(700);
        if is_told { T::Delta::default() } else { self.events[self.random.index(self.events.len())].clone() }
    }
}

impl<T: Replicated> Talk<T> {
    /// Takes in a frame, or does not.
    pub(super) fn hear(&mut self, frame: &[u8], mut teller: Teller<'_, T>) {
        if !self.behaviour.reads() {
            return;
        }
        if self.behaviour == Behaviour::SlowReading {
            self.unread.push_back(frame.to_vec());
            return;
        }
        self.read(frame, &mut teller);
    }

    fn read(&mut self, frame: &[u8], teller: &mut Teller<'_, T>) {
        let now = teller.sight.now;
        if self.forger.handle_frame(now, frame).is_err() && teller.random.per_mille(200) {
            self.forger.begin_anew(&teller.sight.events);
        }
        while let Some(cue) = self.forger.next_cue() {
            self.answer(cue, teller);
        }
    }

    fn answer(&mut self, cue: Cue, teller: &mut Teller<'_, T>) {
        let (bytes, delta, version) = (teller.bytes(800), teller.delta(), teller.version());
        let sum = teller.random.number();
        match cue {
            Cue::Whole | Cue::Answer if self.behaviour == Behaviour::EndlessState => {
                self.forger.say_beginning_of_state(1 << 20);
            }
            // Nothing: the peer waits, for as long as it has patience.
            _ if self.behaviour == Behaviour::HalfConversation || teller.random.per_mille(150) => {}
            Cue::Whole => self.forger.say_state(T::default()),
            Cue::Answer if teller.random.per_mille(200) => {
                self.forger.say_part(&Part::Whole { ahead: &version });
            }
            Cue::Answer => {
                self.forger.say_part(&Part::Answer { ahead: &version, sum, cells: &bytes, facts: &delta });
            }
            Cue::Solved if teller.random.per_mille(600) => self.forger.say_part(&Part::More),
            Cue::Solved => {
                // What is gone was seen, so a solution that fits would be a lie about events.
                let gone = (0..teller.random.below(30)).map(|_| teller.random.below(50));
                let gone: Vec<u64> = gone.chain([1 << 60]).collect();
                self.forger.say_part(&Part::Solved { gone: &gone, sum, facts: &delta });
            }
            Cue::Cells => self.forger.say_part(&Part::Cells(&bytes)),
        }
    }

    /// Says what it says in a conversation that goes on.
    pub(super) fn act(&mut self, mut teller: Teller<'_, T>) {
        let teller = &mut teller;
        match self.behaviour {
            Behaviour::FalseVersions => self.claim(teller),
            Behaviour::FalseNames => {
                for _ in 0..teller.random.below(6) {
                    let (id, founder) = (teller.alias(), teller.name());
                    let successor = teller.random.per_mille(300).then(|| teller.name());
                    self.forger.say_name_in(id, Some(founder), successor);
                }
                if teller.random.per_mille(100) {
                    self.forger.say_left();
                }
            }
            Behaviour::FalseSketches => self.compare(teller),
            Behaviour::ChangedFrames => self.change(teller),
            Behaviour::Calls | Behaviour::BeginningAnew => self.begin_anew(teller),
            Behaviour::Questions => self.ask(teller),
            Behaviour::EndlessState | Behaviour::HalfConversation | Behaviour::Crowd => {
                if teller.random.per_mille(200) {
                    self.claim(teller);
                    self.forger.say_beyond();
                }
            }
            Behaviour::FalseAcknowledgements => {
                for _ in 0..teller.random.below(8) {
                    let bits = teller.random.below(64);
                    let (number, later) = (teller.random.below(1 << bits), teller.random.number());
                    self.stray.extend(self.forger.acknowledgement(number, later));
                }
            }
            Behaviour::SlowReading => self.read_slowly(teller),
            Behaviour::OtherGroup => {
                let (id, founder) = (teller.id(), teller.id());
                self.forger.say_name_in(id, Some(founder), None);
                self.claim(teller);
            }
            Behaviour::FalseHorizons => {
                self.claim(teller);
                let horizon = teller.version();
                self.forger.say_settled(horizon);
            }
            Behaviour::UnaskedStates => {
                (0..teller.random.below(10)).for_each(|_| self.forger.say_state(T::default()));
            }
            Behaviour::Names => {
                let count = teller.random.below(200);
                let ids: Vec<ReplicaId> = (0..count).map(|_| teller.id()).collect();
                self.forger.say_names(ids.into_iter());
                self.tell_events(teller);
            }
            Behaviour::Noise => {
                (0..teller.random.below(6)).for_each(|_| self.stray.push(teller.bytes(300)));
                let bytes = teller.bytes(60);
                self.forger.say_bytes(bytes);
            }
            Behaviour::Events => self.tell_events(teller),
        }
    }

    /// Says to have what it has not.
    fn claim(&mut self, teller: &mut Teller<'_, T>) {
        let version = teller.version();
        if teller.random.per_mille(700) {
            self.forger.say_have(&version);
        } else {
            self.forger.say_news(version, teller.random.number());
        }
    }

    fn compare(&mut self, teller: &mut Teller<'_, T>) {
        if teller.random.per_mille(500) {
            self.claim(teller);
        }
        let (ahead, horizon, buckets) = (teller.version(), Version::new(), teller.buckets());
        let (salt, bits) = (teller.random.number(), teller.random.below(40));
        let facts = teller.random.below(1 << bits);
        match teller.random.below(4) {
            0 => self.forger.say_beyond(),
            1 => self.forger.say_part(&Part::More),
            _ => {
                let ask = Part::Ask { salt, ahead: &ahead, horizon: &horizon, facts, buckets: &buckets };
                self.forger.say_part(&ask);
            }
        }
    }

    fn change(&mut self, teller: &mut Teller<'_, T>) {
        self.claim(teller);
        for mut frame in self.sent.clone() {
            if teller.random.per_mille(300) {
                let at = teller.random.index(frame.len());
                frame[at] ^= 1 << teller.random.below(8);
                frame.truncate(1 + teller.random.index(2 * frame.len()));
            }
            if teller.random.per_mille(500) {
                self.stray.push(frame);
            }
        }
    }

    fn begin_anew(&mut self, teller: &mut Teller<'_, T>) {
        let calls = if self.behaviour == Behaviour::Calls { teller.random.below(12) } else { 0 };
        for _ in 0..calls {
            let version = teller.version();
            self.forger.begin_anew(&version);
            self.stray.extend(self.forger.poll_frame(teller.sight.now));
        }
        if self.behaviour == Behaviour::BeginningAnew {
            self.claim(teller);
            if teller.random.per_mille(400) {
                let version = teller.version();
                self.forger.begin_anew(&version);
            }
        }
    }

    fn ask(&mut self, teller: &mut Teller<'_, T>) {
        self.claim(teller);
        for _ in 0..teller.random.below(20) {
            match teller.random.below(4) {
                0 => self.forger.say_whole(),
                1 => self.forger.say_beyond(),
                2 => self.forger.say_repeat(),
                _ => self.forger.say_have(&Version::new()),
            }
        }
    }

    fn read_slowly(&mut self, teller: &mut Teller<'_, T>) {
        let now = teller.sight.now;
        if now >= self.read_at + 60_000
            && let Some(frame) = self.unread.pop_front()
        {
            self.read_at = now;
            self.read(&frame, teller);
        }
        if teller.random.per_mille(100) {
            self.forger.say_whole();
        }
    }

    /// Events of its own, in any order, and not to everybody.
    fn tell_events(&mut self, teller: &mut Teller<'_, T>) {
        let delta = teller.delta();
        if !delta.events().is_empty() {
            self.forger.say_events(delta);
        }
    }
}
