//! A side of a conversation that says what it likes: for tests, and for the simulator's adversaries.

use alloc::collections::{BTreeSet, VecDeque};
use alloc::vec::Vec;

use super::Replicated;
use super::fingerprint::Fingerprint;
use super::link::{Greeting, Report};
use super::message::{COMPARE, Message, NAMES, STATE};
use super::stream::{Bytes, Frame, Stream};
use super::{
    Config, compare,
    peer::{Name, Outside},
};
use crate::codec::roster::{Directory, Roster};
use crate::codec::{Codec, DecodeError, Element, Input, Output};
use crate::{ReplicaId, Version};

/// What a link waits for, and a forger may answer as it likes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cue {
    /// The whole state.
    Whole,
    /// An answer to the question that begins a comparison.
    Answer,
    /// What follows from an answer.
    Solved,
    /// Another table of cells.
    Cells,
}

/// A part of a comparison, of which nothing needs to be true.
#[derive(Debug)]
pub(crate) enum Part<'a, D> {
    Ask { salt: u64, ahead: &'a Version, horizon: &'a Version, facts: u64, buckets: &'a [u8] },
    Answer { ahead: &'a Version, sum: u64, cells: &'a [u8], facts: &'a D },
    More,
    Cells(&'a [u8]),
    Whole { ahead: &'a Version },
    Solved { gone: &'a [u64], sum: u64, facts: &'a D },
}

impl<D: Codec> Part<'_, D> {
    fn write(&self, out: &mut Output<'_>) {
        let put_bytes = |bytes: &[u8], out: &mut Output<'_>| {
            out.count(bytes.len());
            out.put(bytes);
        };
        match self {
            Part::Ask { salt, ahead, horizon, facts, buckets } => {
                out.put(&[0]);
                out.put(&salt.to_le_bytes());
                ahead.write(out);
                horizon.write(out);
                out.number(*facts);
                put_bytes(buckets, out);
            }
            Part::Answer { ahead, sum, cells, facts } => {
                out.put(&[1]);
                ahead.write(out);
                out.put(&sum.to_le_bytes());
                put_bytes(cells, out);
                facts.write_part(out);
            }
            Part::More => out.put(&[2]),
            Part::Cells(cells) => {
                out.put(&[3]);
                put_bytes(cells, out);
            }
            Part::Whole { ahead } => {
                out.put(&[4]);
                ahead.write(out);
            }
            Part::Solved { gone, sum, facts } => {
                out.put(&[5]);
                out.count(gone.len());
                // As distances, which may say anything.
                gone.iter().for_each(|distance| out.number(*distance));
                out.put(&sum.to_le_bytes());
                facts.write_part(out);
            }
        }
    }
}

/// It moves frames as a [`Link`](super::Link) does, so whatever it says arrives in its turn; and it has no replica, so it may
/// say anything.
pub(crate) struct Forger<T: Replicated> {
    stream: Stream,
    config: Config,
    roster: Roster,
    /// The numbers whose meaning the link has been told.
    told: BTreeSet<u32>,
    directory: Directory,
    /// What the link has said.
    heard: VecDeque<Message<T>>,
}

impl<T: Replicated> Forger<T> {
    /// A forger that greets as a replica of this version would.
    pub(crate) fn new(session: u32, version: &Version, config: Config) -> Self {
        let mut stream = Stream::new(session.max(1));
        stream.greet(Greeting::of::<T>(version, session.max(1)).write());
        Forger {
            stream,
            config,
            roster: Roster::default(),
            told: BTreeSet::new(),
            directory: Directory::default(),
            heard: VecDeque::new(),
        }
    }

    pub(crate) fn handle_frame(&mut self, now: u64, frame: &[u8]) -> Result<(), DecodeError> {
        let arrival = self.stream.handle(Frame::read(frame)?, now, &self.config)?;
        if arrival.is_anew {
            self.forget();
        }
        for bytes in &arrival.messages {
            let is_state = bytes.first() == Some(&STATE);
            let mut input = if is_state {
                Input::of(bytes, &self.config.limits)
            } else {
                Input::within(bytes, &self.config.limits, &mut self.directory)
            };
            let mut last = None;
            while let Some(message) = Message::read(&mut input, &mut last)? {
                self.heard.push_back(message);
            }
        }
        Ok(())
    }

    /// "I am this replica."
    #[cfg(test)]
    pub(crate) fn say_name(&mut self, id: ReplicaId) {
        self.say(&Message::Name(Name { id, founder: None, successor: None }));
    }

    /// This side's number and the link's, once it is known.
    #[cfg(test)]
    pub(crate) fn sessions(&self) -> (u32, Option<u32>) {
        self.stream.sessions()
    }

    #[must_use]
    pub(crate) fn poll_frame(&mut self, now: u64) -> Option<Vec<u8>> {
        self.stream.poll(now, &self.config)
    }

    /// What the link has said, one message after the other.
    pub(crate) fn next_heard(&mut self) -> Option<Message<T>> {
        self.heard.pop_front()
    }

    pub(crate) fn say(&mut self, message: &Message<T>) {
        let bytes = self.bytes_of(message);
        self.say_bytes(bytes);
    }

    /// Says what may be no message at all.
    pub(crate) fn say_bytes(&mut self, bytes: Vec<u8>) {
        if !bytes.is_empty() {
            self.stream.send(Bytes::Own(bytes));
        }
    }

    /// A message with the names that it uses and that the link has not been told.
    pub(crate) fn bytes_of(&mut self, message: &Message<T>) -> Vec<u8> {
        if let Message::State(_) = message {
            let mut out = Output::default();
            message.write(&mut out);
            return out.finish();
        }
        self.bytes_by(|out| message.write(out))
    }

    fn bytes_by(&mut self, write: impl FnOnce(&mut Output<'_>)) -> Vec<u8> {
        let mut out = Output::within(Vec::new(), &mut self.roster);
        write(&mut out);
        let (mut names, message) = (out.used(), out.finish());
        names.retain(|number| self.told.insert(*number));
        if names.is_empty() {
            return message;
        }
        let mut out = Output::after(alloc::vec![NAMES]);
        self.roster.write_names(&names, &mut out);
        out.put(&message);
        out.finish()
    }

    /// "I have all of this", with the fingerprint that goes with it.
    pub(crate) fn say_have(&mut self, version: &Version) {
        let print = Fingerprint::of(version, self.stream.sessions().0).short();
        self.say(&Message::Have(Report { news: version.clone(), is_whole: true, print }));
    }

    /// "I have some more", with any fingerprint.
    pub(crate) fn say_news(&mut self, news: Version, print: u64) {
        self.say(&Message::Have(Report { news, is_whole: false, print }));
    }

    /// "I am this replica, of this founder's group, and shall be that one."
    pub(crate) fn say_name_in(
        &mut self,
        id: ReplicaId,
        founder: Option<ReplicaId>,
        successor: Option<ReplicaId>,
    ) {
        self.say(&Message::Name(Name { id, founder, successor }));
    }

    pub(crate) fn say_events(&mut self, delta: T::Delta) {
        self.say(&Message::Events(delta));
    }

    /// "You lack more than my log has."
    pub(crate) fn say_beyond(&mut self) {
        self.say(&Message::Beyond);
    }

    /// "Say it again from the beginning."
    pub(crate) fn say_repeat(&mut self) {
        self.say(&Message::Repeat);
    }

    /// "You have left the group."
    pub(crate) fn say_left(&mut self) {
        self.say(&Message::Outside(Outside { has_left: true }));
    }

    /// "This is settled."
    pub(crate) fn say_settled(&mut self, horizon: Version) {
        self.say(&Message::Settled(horizon));
    }

    /// "Send me all."
    pub(crate) fn say_whole(&mut self) {
        self.say(&Message::Whole);
    }

    pub(crate) fn say_state(&mut self, state: T) {
        self.say(&Message::State(state));
    }

    pub(crate) fn say_part(&mut self, part: &Part<'_, T::Delta>) {
        let bytes = self.bytes_by(|out| {
            out.put(&[COMPARE]);
            part.write(out);
        });
        self.say_bytes(bytes);
    }

    /// The beginning of a state that has no end.
    pub(crate) fn say_beginning_of_state(&mut self, len: usize) {
        let mut bytes = alloc::vec![0; len.max(1)];
        bytes[0] = STATE;
        self.say_bytes(bytes);
    }

    /// Names of replicas that are not used.
    pub(crate) fn say_names(&mut self, ids: impl Iterator<Item = ReplicaId>) {
        let mut used = Output::within(Vec::new(), &mut self.roster);
        ids.for_each(|id| id.write(&mut used));
        let mut names = used.used();
        names.retain(|name| self.told.insert(*name));
        let mut out = Output::after(alloc::vec![NAMES]);
        self.roster.write_names(&names, &mut out);
        let bytes = out.finish();
        self.say_bytes(bytes);
    }

    /// A frame that acknowledges what may never have come; `None` before the link has answered.
    pub(crate) fn acknowledgement(&self, acknowledged: u64, later: u64) -> Option<Vec<u8>> {
        self.stream.forge_acknowledgement(acknowledged, later, &self.config)
    }

    /// What the link waits for since this was last asked.
    pub(crate) fn next_cue(&mut self) -> Option<Cue> {
        while let Some(message) = self.next_heard() {
            match message {
                Message::Whole | Message::Compare(compare::Message::Whole { .. }) => return Some(Cue::Whole),
                Message::Compare(compare::Message::Ask(_)) => return Some(Cue::Answer),
                Message::Compare(compare::Message::Answer(_) | compare::Message::Cells(_)) => {
                    return Some(Cue::Solved);
                }
                Message::Compare(compare::Message::More) => return Some(Cue::Cells),
                _ => {}
            }
        }
        None
    }

    /// Begins another conversation.
    pub(crate) fn begin_anew(&mut self, version: &Version) {
        self.stream = self.stream.renewed();
        let session = self.stream.sessions().0;
        self.stream.greet(Greeting::of::<T>(version, session).write());
        self.forget();
    }

    fn forget(&mut self) {
        (self.roster, self.directory) = (Roster::default(), Directory::default());
        self.told.clear();
        self.heard.clear();
    }
}
