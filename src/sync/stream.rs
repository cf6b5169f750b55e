//! Messages in order and exactly once, over a network that loses, repeats, delays and damages frames.
//!
//! Each side draws a number for the conversation and *calls* until the other side has shown that it knows it. A side that
//! begins anew draws another number; a call that names the peer's present number comes from the peer itself, so the
//! peer begins anew as well. Late frames of an earlier conversation fail their check and do no harm.
//!
//! ```text
//! messages -> outgoing -> fragments -> window -> frames ~~~ frames -> incoming -> fragments -> messages
//!                                      (until acknowledged)           (in order)
//! ```
//!
//! An [ordered carrier](super::Carrier) delivers each frame once and in order, or breaks. Then nothing is numbered,
//! checked or sent again; acknowledgements remain, since they bound what is on its way.

mod frame;
mod incoming;
mod outgoing;
mod poll;
mod window;

use alloc::vec::Vec;

use self::frame::{Call, Data};
pub(super) use self::frame::{Frame, Payload};
use self::incoming::{Incoming, Messages};
pub(super) use self::outgoing::Bytes;
use self::outgoing::Outgoing;
use self::window::{Pace, Window};
use super::hash::{high, mix};
use super::{Carrier, Config, first_of};
use crate::codec::{DecodeError, Wrong};

/// How many numbers that the peer had before are remembered.
const REMEMBERED: usize = 16;
/// How many bytes go to an address that has not shown that it reads them: a call with a forged address must not
/// have a stranger flooded.
const MOST_UNMET: usize = 512;
/// An acknowledgement waits for so many fragments, or for a fraction of `Config::retry`.
const ACKNOWLEDGE_AFTER: u32 = 16;

#[derive(Debug)]
pub(super) struct Stream {
    mine: u32,
    greeting: Payload,
    peer: Option<Peer>,
    /// A number that has called, but not this side's present number. If it is the peer's, it shall learn that.
    hint: Option<u32>,
    /// The numbers that the peer had before.
    dead: Vec<u32>,
    must_call: bool,
    called_at: u64,
    call_at: u64,
    outgoing: Outgoing,
    window: Window,
    incoming: Incoming,
    owed: Owed,
    /// Smoothed, in milliseconds.
    round_trip: Option<u64>,
    /// When something was last heard of the peer; before that, when something was first sent to it.
    heard: Option<u64>,
    polled: u64,
    /// When a message of several fragments last went on, in either direction.
    went_on: u64,
}

/// The other side.
#[derive(Clone, Copy, Debug)]
struct Peer {
    number: u32,
    greeting: Payload,
    /// It has shown that it knows this side's number, so it is no echo of an earlier conversation.
    is_met: bool,
    /// It has been called by its number.
    is_called: bool,
    /// It has shown that it goes on with this side's number: until then it may be at an earlier conversation still, and ignore
    /// all but calls.
    has_met: bool,
}

/// The acknowledgement that is due.
#[derive(Debug, Default)]
struct Owed {
    fragments: u32,
    bytes: usize,
    at: Option<u64>,
}

/// What a frame has brought.
#[derive(Debug, Default)]
pub(super) struct Arrival<'a> {
    /// The conversation begins anew: whatever was known of the peer is void. It comes before all else.
    pub(super) is_anew: bool,
    /// The peer has shown that it is there.
    pub(super) is_met: bool,
    pub(super) messages: Messages<'a>,
}

impl Stream {
    /// `session` names this side of the conversation, and is not 0.
    pub(super) fn new(session: u32) -> Self {
        Stream {
            mine: session,
            greeting: Payload::default(),
            peer: None,
            hint: None,
            dead: Vec::new(),
            must_call: false,
            called_at: 0,
            call_at: 0,
            outgoing: Outgoing::default(),
            window: Window::new(),
            incoming: Incoming::new(),
            owed: Owed::default(),
            round_trip: None,
            heard: None,
            polled: 0,
            went_on: 0,
        }
    }

    /// A stream that begins anew, under another number.
    pub(super) fn renewed(&self) -> Self {
        Stream::new(high(mix(self.mine.into())).max(1))
    }

    /// This side's number and the peer's, once it is known.
    pub(super) fn sessions(&self) -> (u32, Option<u32>) {
        (self.mine, self.peer.map(|peer| peer.number))
    }

    /// What the peer has said of itself; it may yet be somebody else's echo.
    pub(super) fn greeting(&self) -> Option<Payload> {
        self.peer.map(|peer| peer.greeting)
    }

    /// What this side says of itself. It stays the same as long as the number does.
    pub(super) fn greet(&mut self, greeting: Payload) {
        self.greeting = greeting;
    }

    /// Whether there is room for another message.
    pub(super) fn has_room(&self, config: &Config) -> bool {
        self.outgoing.is_empty() && self.window.has_room(config)
    }

    /// Whether the last fragment of all messages is on its way.
    pub(super) fn has_begun_all(&self) -> bool {
        self.outgoing.is_empty()
    }

    /// Whether all that was sent has arrived.
    pub(super) fn is_quiet(&self) -> bool {
        self.outgoing.is_empty() && self.window.is_empty()
    }

    /// When a message of several fragments last went on, in either direction.
    pub(super) fn went_on(&self) -> u64 {
        self.went_on
    }

    /// The bytes that it holds.
    pub(super) fn held(&self) -> usize {
        self.outgoing.held() + self.window.bytes() + self.incoming.held()
    }

    /// Hands over a message.
    pub(super) fn send(&mut self, message: Bytes) {
        self.outgoing.push(message);
    }

    /// Takes in a frame.
    pub(super) fn handle<'a>(
        &mut self,
        frame: Frame<'a>,
        now: u64,
        config: &Config,
    ) -> Result<Arrival<'a>, DecodeError> {
        match frame {
            Frame::Call(call) => Ok(self.handle_call(call, now, config)),
            Frame::Data(data) => self.handle_data(&data, now, config),
        }
    }

    fn handle_call<'a>(&mut self, call: Call, now: u64, config: &Config) -> Arrival<'a> {
        let is_for_me = call.yours == self.mine;
        let caller = Peer {
            number: call.mine,
            greeting: call.greeting,
            is_met: is_for_me,
            is_called: false,
            has_met: is_for_me && call.is_met,
        };
        match self.peer {
            None => {
                self.peer = Some(caller);
                (self.must_call, self.heard) = (true, Some(now));
                Arrival { is_met: is_for_me, ..Arrival::default() }
            }
            Some(peer) if peer.number == call.mine => {
                Arrival { is_met: self.meet(peer, caller, call.is_met, now, config), ..Arrival::default() }
            }
            Some(_) if self.dead.contains(&call.mine) => {
                let is_anew = self.is_lost(now, config) && self.revive(call.mine, is_for_me);
                Arrival { is_anew, ..Arrival::default() }
            }
            // The caller knows this side's number, so it is the peer, under another number. No way leads back.
            Some(peer) if is_for_me => {
                self.begin_anew_with(caller, peer.number, now);
                Arrival { is_anew: true, is_met: true, ..Arrival::default() }
            }
            Some(_) => {
                self.hint = Some(call.mine);
                Arrival::default()
            }
        }
    }

    /// The peer has called. Returns true if that shows for the first time that it knows this side's number.
    fn meet(&mut self, before: Peer, caller: Peer, is_heard: bool, now: u64, config: &Config) -> bool {
        let is_for_me = caller.is_met;
        self.peer = Some(Peer {
            is_met: before.is_met || is_for_me,
            has_met: before.has_met || caller.has_met,
            greeting: if before.is_met || is_for_me { before.greeting } else { caller.greeting },
            ..before
        });
        // The caller has not heard this side, or does not know that it has been heard. A call that has crossed one
        // from here needs no answer.
        let has_missed = !is_heard && now >= self.called_at.saturating_add(config.retry / 2);
        self.must_call |= !is_for_me || !before.is_called || has_missed;
        if is_for_me {
            self.heard = Some(now);
        }
        is_for_me && !before.is_met
    }

    /// A number has called that was buried by mistake, since the peer that took its place is gone. Returns true if this side
    /// begins anew.
    fn revive(&mut self, number: u32, is_for_me: bool) -> bool {
        if is_for_me {
            *self = self.renewed();
        } else {
            // The caller may have made the same mistake.
            self.hint = Some(number);
        }
        is_for_me
    }

    /// The peer goes on under another number than `before`.
    fn begin_anew_with(&mut self, caller: Peer, before: u32, now: u64) {
        let mut dead = core::mem::take(&mut self.dead);
        dead.truncate(REMEMBERED - 1);
        dead.insert(0, before);
        *self = Stream {
            peer: Some(caller),
            must_call: true,
            dead,
            greeting: self.greeting,
            round_trip: self.round_trip,
            heard: Some(now),
            ..Stream::new(self.mine)
        };
    }

    fn is_lost(&self, now: u64, config: &Config) -> bool {
        now.saturating_sub(self.heard.unwrap_or(now)) > self.patience(config).saturating_mul(10)
    }

    fn handle_data<'a>(
        &mut self,
        data: &Data<'a>,
        now: u64,
        config: &Config,
    ) -> Result<Arrival<'a>, DecodeError> {
        let mut arrival = Arrival::default();
        let is_ordered = config.carrier == Carrier::Ordered;
        let Some(peer) = self.peer.as_mut().filter(|peer| {
            // An ordered carrier brings the call first; what comes before it belongs to an earlier conversation.
            if is_ordered { data.check.is_none() && peer.is_met } else { data.is_of(peer.number, self.mine) }
        }) else {
            return Ok(arrival);
        };
        arrival.is_met = !peer.is_met;
        (peer.is_met, peer.has_met, self.heard) = (true, true, Some(now));
        if let Some(acknowledged) = data.acknowledged
            && self.acknowledge(acknowledged, data.later, now, config)?
        {
            *self = self.renewed();
            return Ok(Arrival { is_anew: true, ..Arrival::default() });
        }
        if let Some(fragment) = data.fragment {
            let number = if is_ordered { self.incoming.expected() } else { data.number };
            let is_next =
                self.incoming.take(number, fragment, data.is_last, config, &mut arrival.messages)?;
            self.owe(is_next, fragment.len(), now, config);
            if self.incoming.is_partial() {
                self.went_on = now;
            }
        }
        Ok(arrival)
    }

    /// Takes in an acknowledgement. Returns true if the peer expects a fragment that is no longer held.
    fn acknowledge(
        &mut self,
        acknowledged: u64,
        later: u64,
        now: u64,
        config: &Config,
    ) -> Result<bool, DecodeError> {
        let told = self.window.acknowledge(acknowledged, later, now);
        let told = told.ok_or(DecodeError { at: 0, wrong: Wrong::Value("an acknowledgement") })?;
        if let Some(took) = told.round_trip {
            // To a silent peer not all fragments are sent again: then it was the silence that took longer, not the way.
            let took = took.min(self.patience(config));
            let mean = self.round_trip.unwrap_or(took);
            self.round_trip = Some(mean.saturating_mul(7).saturating_add(took) / 8);
        }
        if told.has_moved && !self.outgoing.is_empty() {
            self.went_on = now;
        }
        Ok(told.is_stuck)
    }

    fn owe(&mut self, is_next: bool, bytes: usize, now: u64, config: &Config) {
        self.owed.fragments += 1;
        self.owed.bytes += bytes;
        // A gap, or a fragment that came before, tells that something was lost: the peer had better know soon.
        let is_urgent =
            !is_next || self.owed.fragments >= ACKNOWLEDGE_AFTER || self.owed.bytes >= config.window / 4;
        let at = if is_urgent { now } else { now.saturating_add(config.retry / 4) };
        self.owed.at = Some(self.owed.at.map_or(at, |before| before.min(at)));
    }

    /// A frame that acknowledges what may never have come: for tests, and for the simulator's adversaries.
    #[cfg(any(test, feature = "sim"))]
    #[cfg_attr(not(feature = "sim"), allow(dead_code, reason = "only adversaries use it"))]
    pub(super) fn forge_acknowledgement(
        &self,
        acknowledged: u64,
        later: u64,
        config: &Config,
    ) -> Option<Vec<u8>> {
        let peer = self.peer?;
        let data = Data { acknowledged: Some(acknowledged), later, ..Data::default() };
        Some(data.write(numbers(config, self.mine, peer)))
    }

    /// When to call next. A peer that has been met is called again if it does not acknowledge: a call that was damaged, or that
    /// belongs to another conversation, may have had one of the two take a third for its peer.
    fn calls_at(&self, config: &Config) -> Option<u64> {
        if !self.peer.is_some_and(|peer| peer.is_met) {
            return Some(self.call_at);
        }
        // An idle peer says nothing for long, and then has as long to acknowledge as any other.
        let since = self.window.waits_since()?.max(self.heard.unwrap_or(0));
        let silent = since.saturating_add(self.patience(config).saturating_mul(4));
        Some(self.call_at.max(silent.saturating_add(1)))
    }

    /// When to poll again, if nothing comes in before.
    pub(super) fn timeout(&self, config: &Config) -> Option<u64> {
        let call = self.calls_at(config);
        let flights = match config.carrier {
            Carrier::Datagrams if self.peer.is_some_and(|peer| peer.is_met) => {
                self.window.timeout(self.pace(self.polled, config), config)
            }
            Carrier::Datagrams | Carrier::Ordered => None,
        };
        first_of([call, flights, self.owed.at])
    }

    fn pace(&self, now: u64, config: &Config) -> Pace {
        let (patience, heard) = (self.patience(config), self.heard.unwrap_or(now));
        let is_silent = now.saturating_sub(heard) > patience.saturating_mul(4);
        Pace { patience, silent_since: is_silent.then_some(heard) }
    }

    /// How long to wait for an acknowledgement.
    fn patience(&self, config: &Config) -> u64 {
        self.round_trip
            .map_or(config.retry, |mean| mean.saturating_mul(2).saturating_add(mean / 2).max(config.retry))
    }
}

/// The numbers that frames are checked by; none on an ordered carrier.
fn numbers(config: &Config, mine: u32, peer: Peer) -> Option<(u32, u32)> {
    (config.carrier == Carrier::Datagrams).then_some((mine, peer.number))
}

/// A frame of the conversation of these two that says just so much.
#[cfg(test)]
pub(super) fn forged_acknowledgement(acknowledged: u64, (sender, receiver): (u32, u32)) -> Vec<u8> {
    let data = Data { acknowledged: Some(acknowledged), ..Data::default() };
    data.write(Some((sender, receiver)))
}

#[cfg(test)]
mod tests;
