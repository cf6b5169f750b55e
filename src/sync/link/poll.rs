//! What is said next, and when.

use alloc::vec::Vec;

use super::greeting::{Greeting, Meeting};
use super::{Link, Phase};
use crate::codec::Output;
use crate::codec::roster::Numbers;
use crate::sync::message::Message;
use crate::sync::stream::Bytes;
use crate::sync::{Replica, Replicated};

impl<T: Replicated> Link<T> {
    /// The next frame for the peer, if there is any. Call it until there is none, after frames have come in, after
    /// writing, and when it is [time](Self::poll_timeout). There is none as long as the replica has something that is to be
    /// [stored](Replica::stored).
    #[must_use = "a frame that is not sent is lost, until it is sent again"]
    pub fn poll_frame(&mut self, replica: &mut Replica<T>, now: u64) -> Option<Vec<u8>> {
        if !replica.is_stored() || now < self.rest.until {
            return None;
        }
        self.greet(replica);
        if let Phase::Open(open) = &mut self.phase {
            if open.poll_time(now, self.stream.went_on(), &mut self.here) {
                // The peer does not go on with what it was at.
                self.fail(now);
                return self.poll_frame(replica, now);
            }
        } else if !self.here.allowance.is_open(now, self.here.config.work) {
            return None;
        }
        if self.stream.has_room(&self.here.config) {
            self.compose(replica, now);
        }
        let frame = self.stream.poll(now, &self.here.config)?;
        self.here.stats.frames += 1;
        self.here.stats.bytes += frame.len() as u64;
        Some(frame)
    }

    /// When to [poll](Self::poll_frame) again if nothing happens before.
    pub fn poll_timeout(&self) -> Option<u64> {
        let phase = match &self.phase {
            Phase::Open(open) => open.timeout(self.stream.went_on(), &self.here),
            Phase::Calling { .. } | Phase::Differing { .. } => {
                self.here.allowance.opens_at(self.here.config.work)
            }
        };
        let first = [self.stream.timeout(&self.here.config), phase].into_iter().flatten().min()?;
        Some(first.max(self.rest.until))
    }

    /// Hands about a frame full of messages to the stream, if there is something to say.
    fn compose(&mut self, replica: &mut Replica<T>, now: u64) {
        let (mut bytes, mut names) = (Vec::new(), Numbers::new());
        while bytes.len() < self.here.config.max_frame
            && let Some(message) = self.next_message(replica, now)
        {
            let mut out = Output::within(bytes, replica.roster());
            message.write(&mut out);
            names.extend(out.used());
            bytes = out.finish();
        }
        if let Phase::Open(open) = &mut self.phase
            && !self.here.peer.must_wait(replica, open.known.heard())
        {
            if bytes.is_empty()
                && let Some(state) = open.next_state(replica, now, &mut self.here)
            {
                self.stream.send(Bytes::Shared(state));
                return;
            }
            names.extend(open.push(replica, now, &mut bytes, &mut self.here));
        }
        if !bytes.is_empty() {
            self.names.put_ahead(&names, replica.roster(), &mut bytes);
            self.stream.send(Bytes::Own(bytes));
        }
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
