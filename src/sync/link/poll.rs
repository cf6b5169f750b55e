//! What is said next, and when.

use alloc::vec::Vec;

use super::greeting::{Greeting, Meeting};
use super::{Link, Phase};
use crate::codec::Output;
use crate::sync::message::Message;
use crate::sync::stream::Bytes;
use crate::sync::{Replica, Replicated, first_of};

/// What there may be to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Matter {
    Nothing,
    /// Nothing but events of the log.
    Events,
    Anything,
}

impl<T: Replicated> Link<T> {
    /// The next frame for the peer, if there is any. Call it until there is none, after frames have come in, after
    /// writing, and when it is [time](Self::poll_timeout). There is none as long as the replica has something that is to be
    /// [stored](Replica::stored).
    #[must_use = "a frame that is not sent is lost, until it is sent again"]
    pub fn poll_frame(&mut self, replica: &mut Replica<T>, now: u64) -> Option<Vec<u8>> {
        if self.has_said_all(replica, now) { None } else { self.poll(replica, now) }
    }

    /// Whether a frame has gone out after which there is nothing to say before something happens.
    pub(crate) fn has_said_all(&self, replica: &Replica<T>, now: u64) -> bool {
        self.said == Some((now, replica.changes()))
    }

    #[inline(never)]
    fn poll(&mut self, replica: &mut Replica<T>, now: u64) -> Option<Vec<u8>> {
        if !replica.is_stored() || now < self.rest.until {
            return None;
        }
        if self.hello.is_none() {
            self.greet(replica);
        }
        if let Phase::Open(open) = &mut self.phase {
            if open.poll_time(now, self.stream.went_on(), &mut self.here) {
                // The peer does not go on with what it was at.
                self.fail(now);
                return self.poll(replica, now);
            }
        } else if !self.here.allowance.is_open(now, self.here.config.work) {
            return None;
        }
        let config = &self.here.config;
        let mut frame = self.stream.poll_begun(now, config);
        if frame.is_none() && self.stream.has_room(config) {
            let matter = self.matter(replica);
            if matter != Matter::Nothing {
                frame = self.poll_message(replica, now, matter);
            }
        }
        if frame.is_none() {
            frame = self.stream.poll_acknowledgement(now, &self.here.config);
        }
        if let Some(frame) = &frame {
            self.here.stats.frames += 1;
            self.here.stats.bytes += frame.len() as u64;
        }
        frame
    }

    /// The frame that brings the next message, if there is something to say.
    #[inline]
    fn poll_message(&mut self, replica: &mut Replica<T>, now: u64, matter: Matter) -> Option<Vec<u8>> {
        let mut bytes = core::mem::take(&mut replica.spare);
        self.compose(replica, now, matter, &mut bytes);
        let frame = if bytes.is_empty() {
            // A whole state may wait to be sent.
            self.stream.poll_begun(now, &self.here.config)
        } else {
            self.stream.poll_message(&mut bytes, now, &self.here.config)
        };
        bytes.clear();
        replica.spare = bytes;
        if self.stream.has_begun_all() && self.matter(replica) == Matter::Nothing {
            self.said = Some((now, replica.changes()));
        }
        frame
    }

    /// When to [poll](Self::poll_frame) again if nothing happens before.
    pub fn poll_timeout(&self) -> Option<u64> {
        let phase = match &self.phase {
            Phase::Open(open) => open.timeout(self.stream.went_on(), &self.here),
            Phase::Calling { .. } | Phase::Differing { .. } => {
                self.here.allowance.opens_at(self.here.config.work)
            }
        };
        let first = first_of([self.stream.timeout(&self.here.config), phase])?;
        Some(first.max(self.rest.until))
    }

    /// What there may be to say. It costs less to ask than to look for it in vain.
    fn matter(&self, replica: &Replica<T>) -> Matter {
        match &self.phase {
            Phase::Open(open) if !open.has_message(replica, &self.here) => {
                if open.has_events(replica) {
                    Matter::Events
                } else {
                    Matter::Nothing
                }
            }
            _ => Matter::Anything,
        }
    }

    /// Puts together a message of about a frame, if there is something to say. A whole state is sent as it is.
    fn compose(&mut self, replica: &mut Replica<T>, now: u64, matter: Matter, bytes: &mut Vec<u8>) {
        let may_push = matter == Matter::Events || self.put_messages(replica, now, bytes);
        if let Phase::Open(open) = &mut self.phase
            && may_push
        {
            open.push(replica, now, (bytes, &mut self.names), &mut self.here);
        }
        self.names.put_ahead(replica.roster(), bytes);
    }

    /// Appends what is to be said before events, or sends a whole state. Returns whether events may follow.
    fn put_messages(&mut self, replica: &mut Replica<T>, now: u64, bytes: &mut Vec<u8>) -> bool {
        while bytes.len() < self.here.config.max_frame
            && let Some(message) = self.next_message(replica, now)
        {
            let mut out = Output::within(core::mem::take(bytes), replica.roster());
            message.write(&mut out);
            self.names.uses(&out.used());
            *bytes = out.finish();
        }
        let Phase::Open(open) = &mut self.phase else { return false };
        if self.here.peer.must_wait(replica, open.known.heard()) {
            return false;
        }
        let state = if bytes.is_empty() { open.next_state(replica, now, &mut self.here) } else { None };
        let may_push = state.is_none();
        if let Some(state) = state {
            self.stream.send(Bytes::Shared(state));
        }
        may_push
    }

    fn next_message(&mut self, replica: &mut Replica<T>, now: u64) -> Option<Message<T>> {
        let (mine, yours) = self.stream.sessions();
        // A name comes before all else, once there is anybody to hear it.
        if yours.is_some()
            && let Some(name) = self.here.peer.must_name(replica)
        {
            if !self.here.told.version().is_empty() {
                // Under another name it has to show that it has seen its admission before it brings anything.
                self.here.told.set_due();
            }
            return Some(Message::Name(name));
        }
        match &mut self.phase {
            // The version goes along with the first call that answers the peer's, if they differ.
            Phase::Calling { has_told } if !*has_told => {
                let (theirs, hello) = (self.stream.greeting()?, self.hello.as_ref()?);
                let meeting = Greeting::read(theirs).meets::<T>(hello, yours?).ok()?;
                *has_told = meeting != Meeting::Equal;
                has_told.then(|| Message::Have(self.here.told.tell(replica.version(), mine)))
            }
            Phase::Differing { has_told, .. } if !*has_told => {
                *has_told = true;
                Some(Message::Have(self.here.told.tell(replica.version(), mine)))
            }
            Phase::Calling { .. } | Phase::Differing { .. } => None,
            Phase::Open(open) => {
                if let Some(outside) = self.here.peer.must_tell_off(replica, open.known.heard()) {
                    return Some(Message::Outside(outside));
                }
                if self.here.peer.must_wait(replica, open.known.heard()) {
                    return None;
                }
                open.next_message(replica, now, (mine, yours), &mut self.here)
            }
        }
    }
}
