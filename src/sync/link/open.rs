//! The conversation once both versions are known.

use alloc::borrow::Cow;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

use super::exchange::{Exchange, With};
use super::known::{Known, Report};
use super::names::Names;
use super::push::Push;
use super::{FREE, Here};
use crate::sync::compare::Message as Part;
use crate::sync::message::Message;
use crate::sync::peer::{Brings, Take, Tell};
use crate::sync::stream::Stream;
use crate::sync::{Config, Events, Refused, Replica, Replicated, first_of};

pub(super) struct Open<T: Replicated> {
    pub(super) known: Known,
    push: Push,
    exchange: Exchange<T>,
    /// The peer's version does not fit its fingerprint, so it must tell it from the beginning.
    must_ask_again: bool,
    next_probe: u64,
}

impl<T: Replicated> Open<T> {
    pub(super) fn new(known: Known, now: u64, config: &Config) -> Self {
        Open {
            known,
            push: Push::new(),
            exchange: Exchange::new(),
            must_ask_again: false,
            next_probe: now.saturating_add(config.probe),
        }
    }

    pub(super) fn is_quiet(&self, replica: &Replica<T>) -> bool {
        self.exchange.is_idle() && self.known.theirs().covers(replica.version())
    }

    /// Only another conversation tells the peer what this side has.
    pub(super) fn is_at_odds(&self) -> bool {
        self.exchange.is_at_odds()
    }

    /// Takes in the peer's version.
    pub(super) fn hear(&mut self, report: Report, is_quiet: bool, here: &mut Here) -> Result<(), Refused> {
        let heard = self.known.hear(report, is_quiet, &here.config)?;
        self.must_ask_again |= heard.is_misunderstood;
        // After a report the peer may lack something else than before.
        if heard.lacks_more || self.exchange.is_idle() && self.push.is_beyond() {
            self.push.look_again();
        }
        Ok(())
    }

    pub(super) fn take(
        &mut self,
        replica: &mut Replica<T>,
        now: u64,
        message: Message<T>,
        stream: &Stream,
        here: &mut Here,
    ) -> Result<bool, Refused> {
        match message {
            Message::Have(report) => {
                here.peer.hears(replica, &report.news, now);
                self.hear(report, stream.is_quiet(), here)?;
            }
            Message::Repeat => here.told.set_repeat(),
            Message::Settled(horizon) => {
                here.check_intervals(horizon.interval_count())?;
                here.peer.settled(horizon);
            }
            Message::Events(delta) => return self.take_events(replica, delta, here),
            Message::Beyond => self.exchange.wish(),
            Message::Whole => self.exchange.ask_whole(),
            Message::State(state) => return self.take_state(replica, state, here),
            Message::Compare(part) => return self.take_part(replica, now, part, stream.sessions(), here),
            Message::Name(_) | Message::Outside(_) => {}
        }
        Ok(false)
    }

    fn take_events(
        &mut self,
        replica: &mut Replica<T>,
        delta: T::Delta,
        here: &mut Here,
    ) -> Result<bool, Refused> {
        let take = here.peer.may_bring(replica, self.known.heard(), &Brings::Events(&delta))?;
        let strangers = here.introduce(replica, delta.events())?;
        self.known.has(delta.events().clone(), &here.config)?;
        if take == Take::Ignore {
            return Ok(false);
        }
        let grew = replica.receive(delta)?;
        here.introduced(strangers);
        Ok(grew)
    }

    fn take_state(&mut self, replica: &mut Replica<T>, state: T, here: &mut Here) -> Result<bool, Refused> {
        let shown = self.exchange.take_state(&state)?;
        let take =
            here.peer.may_bring(replica, self.known.heard(), &Brings::State(&state, state.version()))?;
        let strangers = here.introduce(replica, state.version())?;
        self.known.has(state.version().clone(), &here.config)?;
        if let Some(shown) = shown {
            self.known.sent(&shown);
        }
        self.is_done(here);
        if take == Take::Ignore {
            return Ok(false);
        }
        let grew = replica.join(Cow::Owned(state))?;
        here.introduced(strangers);
        Ok(grew)
    }

    fn take_part(
        &mut self,
        replica: &mut Replica<T>,
        now: u64,
        part: Part<T::Delta>,
        sessions: (u32, Option<u32>),
        here: &mut Here,
    ) -> Result<bool, Refused> {
        if matches!(part, Part::Answer(_) | Part::Solved(_))
            && here.peer.may_bring(replica, self.known.heard(), &Brings::Facts)? == Take::Ignore
        {
            self.exchange.ignore(&part);
            return Ok(false);
        }
        here.check_intervals(part.intervals())?;
        let is_stranger = here.peer.is_stranger(replica, self.known.heard());
        let with = With { known: &self.known, sessions, is_stranger, may_ask: true, now };
        let Some(outcome) = self.exchange.take_part(part, with, here)? else { return Ok(false) };
        let strangers = here.introduce(replica, outcome.theirs())?;
        self.known.has(outcome.theirs().clone(), &here.config)?;
        self.known.sent(outcome.mine());
        self.is_done(here);
        if replica.group().is_none() {
            let grew = replica.complete(|state| outcome.complete(state))?;
            here.introduced(strangers);
            return Ok(grew);
        }
        // What a member may bring is told by the state that its facts complete.
        let (mut state, seen) = (replica.state().clone(), outcome.theirs().clone());
        outcome.complete(&mut state)?;
        match here.peer.may_bring(replica, self.known.heard(), &Brings::State(&state, &seen))? {
            Take::Yes => {
                let grew = replica.join(Cow::Owned(state))?;
                here.introduced(strangers);
                Ok(grew)
            }
            Take::Ignore => Ok(false),
        }
    }

    /// A comparison, or a transfer, is at its end.
    fn is_done(&mut self, here: &mut Here) {
        self.exchange.is_done();
        self.push.forget_beyond();
        self.push.look_back();
        here.told.set_due();
    }

    /// Takes note of the time. Returns true if the peer does not go on with what it was at.
    pub(super) fn poll_time(&mut self, now: u64, went_on: u64, here: &mut Here) -> bool {
        if now >= self.next_probe {
            self.next_probe = now.saturating_add(here.config.probe);
            here.told.set_due();
        }
        self.exchange.is_stalled(now, went_on, &here.config)
    }

    pub(super) fn timeout(&self, went_on: u64, here: &Here) -> Option<u64> {
        let waits = self.push.must_look_again() || here.told.must_repeat();
        let opens = waits.then(|| here.allowance.opens_at(here.config.work)).flatten();
        first_of([Some(self.next_probe), opens, self.exchange.timeout(went_on, here)])
    }

    /// Whether anything but events may have to be said.
    pub(super) fn has_message(&self, replica: &Replica<T>, here: &Here) -> bool {
        let is_grouped = replica.membership.is_some();
        is_grouped || self.must_ask_again || here.told.has_news() || !self.exchange.is_idle()
    }

    /// Whether the log may have something that the peer lacks.
    pub(super) fn has_events(&self, replica: &Replica<T>) -> bool {
        self.push.has_events(replica)
    }

    /// What is to be said next, if anything. `sessions`: this side's number and the peer's.
    pub(super) fn next_message(
        &mut self,
        replica: &mut Replica<T>,
        now: u64,
        sessions: (u32, Option<u32>),
        here: &mut Here,
    ) -> Option<Message<T>> {
        if core::mem::take(&mut self.must_ask_again) {
            return Some(Message::Repeat);
        }
        if here.told.must_repeat() && here.allowance.is_open(now, here.config.work) {
            here.allowance.charge((replica.version().interval_count() as u64).saturating_sub(FREE), now);
            here.told.repeat();
        }
        if replica.version().is_empty() && !self.known.heard().is_empty() && replica.group().is_some() {
            // A newcomer begins with the state of a member.
            self.exchange.wish_whole();
        }
        if self.exchange.is_about_to(now, here) && here.told.version() != replica.version() {
            here.told.set_due();
        }
        // A newcomer that hears of nothing asks for nothing.
        let has_told_nothing =
            replica.group().is_some() && here.told.version().is_empty() && !replica.version().is_empty();
        if here.told.is_now_due() || has_told_nothing {
            return Some(Message::Have(here.told.tell(replica.version(), sessions.0)));
        }
        if let Some(horizon) = here.told.tell_settled(|| replica.state().horizon()) {
            return Some(Message::Settled(horizon));
        }
        let is_stranger = here.peer.is_stranger(replica, self.known.heard());
        let may_ask = here.peer.may_ask(replica, self.known.heard());
        let with = With { known: &self.known, sessions, is_stranger, may_ask, now };
        self.exchange.next_message(replica, with, here)
    }

    /// The whole state, if the peer has asked for it.
    pub(super) fn next_state(
        &mut self,
        replica: &mut Replica<T>,
        now: u64,
        here: &mut Here,
    ) -> Option<Arc<Vec<u8>>> {
        let state = self.exchange.next_state(replica, now, here)?;
        self.known.sent(replica.version());
        self.push.forget_beyond();
        Some(state)
    }

    /// Appends the events that the peer lacks, and takes note of the names that they use.
    pub(super) fn push(
        &mut self,
        replica: &mut Replica<T>,
        now: u64,
        out: (&mut Vec<u8>, &mut Names),
        here: &mut Here,
    ) {
        if self.exchange.is_busy() {
            return;
        }
        let with_events = match here.peer.tell(replica, self.known.heard()) {
            Tell::Nothing => return,
            Tell::Events => true,
            Tell::State => false,
        };
        self.push.poll(replica, &mut self.known, with_events, now, out, here);
    }
}

impl<T: Replicated> fmt::Debug for Open<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Open")
            .field("push", &self.push)
            .field("exchange", &self.exchange)
            .finish_non_exhaustive()
    }
}
