//! What the log no longer has: comparing facts, and sending whole states.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

use super::known::Known;
use super::{FREE, Here};
use crate::Version;
use crate::sync::compare::{self, Ask, Comparing, Message as Part, Outcome, Scan, Step};
use crate::sync::hash::mix;
use crate::sync::message::Message;
use crate::sync::turn::{Permit, Ticket};
use crate::sync::{Config, Refused, Replica, Replicated, first_of};

/// How many bytes a fact takes in a whole state, roughly.
const FACT_BYTES: u64 = 12;

pub(super) struct Exchange<T: Replicated> {
    task: Task<T>,
    /// When the task began, or the peer last went on with it; or when this side has been paid for it, if that is later: the peer
    /// may have as long to wait before it goes on.
    since: u64,
    /// The peer has more than its log tells, so this side is to pull.
    wish: Option<How>,
    /// This link's place among those that are to pull.
    ticket: Ticket,
    /// What the peer has asked for. It waits until the peer may have this side do so much work.
    asked: Option<Asked>,
    /// The scan for a comparison of this side that has given way to one of the peer: the work is done, and paid for.
    kept: Option<Arc<Scan>>,
    outbox: Option<Part<T::Delta>>,
    /// The peer takes this side to have what it has not: only another conversation tells it otherwise.
    is_at_odds: bool,
    /// The version of the last state that was sent: it is not sent twice.
    sent: Option<Version>,
}

#[allow(clippy::large_enum_variant, reason = "there is one for each link")]
enum Task<T: Replicated> {
    Idle,
    /// A whole state was asked for.
    Awaiting {
        _permit: Permit,
    },
    /// The side that has asked for it holds a permit.
    Comparing {
        comparing: Comparing<T::Delta>,
        permit: Option<Permit>,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum How {
    Comparing,
    Whole,
}

enum Asked {
    Whole,
    /// A comparison has shown that the state is to be sent, and has paid for it.
    Given,
    Comparison {
        ask: Ask,
        /// The peer's version when it asked. What it has learned since is in nothing that it says in this comparison.
        heard: Version,
    },
}

/// What a task must know of the conversation.
#[derive(Clone, Copy)]
pub(super) struct With<'a> {
    pub(super) known: &'a Known,
    /// This side's number and the peer's.
    pub(super) sessions: (u32, Option<u32>),
    /// The peer is not in the group, so nothing but a whole state is taken from it.
    pub(super) is_stranger: bool,
    /// The peer may be asked for what it has.
    pub(super) may_ask: bool,
    pub(super) now: u64,
}

impl<T: Replicated> Exchange<T> {
    pub(super) fn new() -> Self {
        Exchange {
            task: Task::Idle,
            since: 0,
            wish: None,
            ticket: Ticket::default(),
            asked: None,
            kept: None,
            outbox: None,
            is_at_odds: false,
            sent: None,
        }
    }

    /// Nothing is being exchanged, and nothing is about to be.
    pub(super) fn is_idle(&self) -> bool {
        !self.is_busy() && self.wish.is_none() && self.asked.is_none()
    }

    /// The peer takes this side to have what it has not.
    pub(super) fn is_at_odds(&self) -> bool {
        self.is_at_odds
    }

    /// A task is running: it is being found out what the peer lacks.
    pub(super) fn is_busy(&self) -> bool {
        !matches!(self.task, Task::Idle) || self.outbox.is_some()
    }

    /// The peer has more than its log can tell.
    pub(super) fn wish(&mut self) {
        self.wish = self.wish.or(Some(How::Comparing));
    }

    /// This side is to begin with the peer's state.
    pub(super) fn wish_whole(&mut self) {
        if !self.is_busy() {
            self.wish = Some(How::Whole);
        }
    }

    /// The peer asks for the whole state.
    pub(super) fn ask_whole(&mut self) {
        if let Task::Comparing { .. } = self.task {
            self.task = Task::Idle;
        }
        (self.asked, self.kept) = (Some(Asked::Whole), None);
    }

    /// The peer has sent its whole state, which must have been asked for. If that ends a comparison, what the peer lacks is
    /// told next, and the version that it has then is returned.
    pub(super) fn take_state(&mut self, state: &T) -> Result<Option<Version>, Refused> {
        match core::mem::replace(&mut self.task, Task::Idle) {
            Task::Awaiting { .. } => Ok(None),
            Task::Comparing { comparing, .. } if comparing.takes_state() => {
                let mine = comparing.mine().clone();
                self.outbox = comparing.handle_state(state);
                Ok(self.outbox.is_some().then_some(mine))
            }
            Task::Comparing { .. } | Task::Idle => {
                Err(Refused::Nonsense("a state that nobody has asked for"))
            }
        }
    }

    /// A comparison, or a transfer, is at its end.
    pub(super) fn is_done(&mut self) {
        (self.task, self.wish) = (Task::Idle, None);
    }

    /// A part of a comparison is not taken in. That ends the comparison, but not what this side has asked for meanwhile.
    pub(super) fn ignore(&mut self, part: &Part<T::Delta>) {
        let Task::Comparing { comparing, .. } = &self.task else { return };
        if comparing.takes_state() != matches!(part, Part::Solved(_)) {
            self.is_done();
        }
    }

    /// Whether the peer does not go on with the task. A whole state goes on with each of its fragments.
    pub(super) fn is_stalled(&self, now: u64, went_on: u64, config: &Config) -> bool {
        self.stalls_at(went_on, config).is_some_and(|at| now >= at)
    }

    fn stalls_at(&self, went_on: u64, config: &Config) -> Option<u64> {
        let is_running = !matches!(self.task, Task::Idle);
        is_running.then(|| self.since.max(went_on).saturating_add(config.patience))
    }

    pub(super) fn timeout(&self, went_on: u64, here: &Here) -> Option<u64> {
        if self.is_idle() {
            return None;
        }
        let is_waiting = self.asked.is_some() || self.wish.is_some();
        let opens = is_waiting.then(|| here.allowance.opens_at(here.config.work)).flatten();
        // While another link holds the permit, it is looked at now and then whether it still does.
        let is_queued = self.wish.is_some() && opens.is_none() && !self.is_busy();
        let turn = is_queued.then(|| self.since.saturating_add(here.config.retry));
        first_of([self.stalls_at(went_on, &here.config), opens, turn])
    }

    /// Something is about to be done for which the peer must know this replica's version.
    pub(super) fn is_about_to(&self, now: u64, here: &mut Here) -> bool {
        let wants = self.asked.is_some() || self.wish.is_some() && !self.is_busy();
        let is_paid = matches!(self.asked, Some(Asked::Given)) || self.kept.is_some();
        is_paid || wants && here.allowance.is_open(now, here.config.work)
    }

    /// What is to be said next. The peer knows this replica's version.
    pub(super) fn next_message(
        &mut self,
        replica: &mut Replica<T>,
        with: With<'_>,
        here: &mut Here,
    ) -> Option<Message<T>> {
        if self.outbox.is_none() && self.is_about_to(with.now, here) {
            if self.asked.is_some() {
                self.serve(replica, with, here);
            } else if with.may_ask && self.pull(replica, with, here) {
                return Some(Message::Whole);
            }
        }
        self.outbox.take().map(Message::Compare)
    }

    /// Answers a comparison that the peer has asked for.
    fn serve(&mut self, replica: &mut Replica<T>, with: With<'_>, here: &mut Here) {
        let (ask, heard) = match self.asked.take() {
            // Nothing is taken from a stranger, so it needs all.
            Some(Asked::Comparison { ask, heard }) if !with.is_stranger => (ask, heard),
            Some(Asked::Comparison { .. }) => {
                (self.asked, self.kept) = (Some(Asked::Whole), None);
                return;
            }
            asked => {
                self.asked = asked;
                return;
            }
        };
        let (kept, scan) = (self.kept.take(), replica.scan());
        if kept.is_none() {
            here.allowance.charge(scan.cost(), with.now);
        }
        let step = Comparing::serve(scan, replica.state(), &heard, ask, FACT_BYTES);
        self.go_on(step, None, with.now, here);
    }

    /// Begins to pull, if there is something to pull and it is this link's turn. Returns whether the whole state is to be
    /// asked for.
    fn pull(&mut self, replica: &mut Replica<T>, with: With<'_>, here: &mut Here) -> bool {
        let heard = with.known.heard();
        here.allowance.charge((heard.interval_count() as u64).saturating_sub(FREE), with.now);
        if replica.has(heard) {
            // The peer does not know it yet; its version was told just now.
            self.wish = None;
            return false;
        }
        self.since = with.now;
        let Some(permit) = replica.permit(&self.ticket, with.now, here.config.turn) else { return false };
        let (mine, yours) = with.sessions;
        let compares = T::HAS_FACTS
            && self.wish == Some(How::Comparing)
            && !with.is_stranger
            && !replica.version().is_empty()
            // Of two that ask at once the lesser number gives way; of two equal numbers neither does.
            && Some(mine) != yours;
        self.wish = None;
        if !compares {
            self.task = Task::Awaiting { _permit: permit };
            return true;
        }
        let scan = replica.scan();
        here.allowance.charge(scan.cost(), with.now);
        let salt = mix((u64::from(mine) << 32 | u64::from(yours.unwrap_or(0))) ^ mix(with.now));
        let step = Comparing::ask(scan, replica.state(), heard, salt);
        self.go_on(step, Some(permit), with.now, here);
        false
    }

    /// Takes in a part of a comparison. Returns what the state lacks, if that is known.
    pub(super) fn take_part(
        &mut self,
        part: Part<T::Delta>,
        with: With<'_>,
        here: &mut Here,
    ) -> Result<Option<Outcome<T::Delta>>, Refused> {
        if let Part::Ask(ask) = part {
            return self.take_ask(ask, with, here).map(|()| None);
        }
        // A state that was sent in place of an answer is answered by what its sender lacks, as if that could be taken in. The
        // sender may have asked for something itself meanwhile.
        let has_shown = matches!(&self.task, Task::Comparing { comparing, .. } if !comparing.takes_state());
        if matches!(part, Part::Solved(_)) && !has_shown {
            self.is_at_odds = true;
            return Ok(None);
        }
        let Task::Comparing { comparing, permit } = core::mem::replace(&mut self.task, Task::Idle) else {
            return Err(Refused::Nonsense("a part of a comparison that nobody has asked for"));
        };
        here.stats.visited += comparing.cost();
        here.allowance.charge(comparing.cost(), with.now);
        let is_mine = permit.is_some();
        let step = comparing.handle(part, with.known.heard());
        let step = step.map_err(|compare::Nonsense(what)| Refused::Nonsense(what))?;
        let outcome = self.go_on(step, permit, with.now, here);
        if let Some(outcome) = &outcome {
            here.stats.disagreed += u64::from(!outcome.agrees);
            if is_mine {
                here.stats.comparisons += 1;
                here.stats.cells += outcome.cells;
                here.stats.asked += outcome.tables;
            }
        }
        Ok(outcome)
    }

    fn take_ask(&mut self, ask: Ask, with: With<'_>, here: &mut Here) -> Result<(), Refused> {
        let (mine, yours) = with.sessions;
        match self.task {
            // The peer gives way when it hears of what was asked here.
            Task::Awaiting { .. } => return Ok(()),
            Task::Comparing { permit: Some(_), .. } if Some(mine) > yours => return Ok(()),
            Task::Comparing { permit: None, .. } => {
                return Err(Refused::Nonsense("a second comparison within the first"));
            }
            Task::Comparing { permit: Some(_), .. } | Task::Idle => {}
        }
        if self.asked.is_some() {
            return Err(Refused::Nonsense("questions without waiting for answers"));
        }
        if let Task::Comparing { comparing, .. } = core::mem::replace(&mut self.task, Task::Idle) {
            self.kept = Some(comparing.into_scan());
        }
        let heard = with.known.heard().clone();
        here.allowance.charge((heard.interval_count() as u64).saturating_sub(FREE), with.now);
        self.asked = Some(Asked::Comparison { ask, heard });
        Ok(())
    }

    fn go_on(
        &mut self,
        step: Step<T::Delta>,
        permit: Option<Permit>,
        now: u64,
        here: &Here,
    ) -> Option<Outcome<T::Delta>> {
        self.since = here.allowance.opens_at(here.config.work).map_or(now, |at| at.max(now));
        match step {
            Step::Go(comparing, part) => {
                self.outbox = Some(part);
                self.task = Task::Comparing { comparing, permit };
            }
            Step::Give(comparing) => {
                self.asked = Some(Asked::Given);
                self.task = Task::Comparing { comparing, permit };
            }
            // The peer has asked, and takes a state in place of an answer. One that it has not asked for it refuses.
            Step::Incomparable if permit.is_none() => self.asked = Some(Asked::Given),
            Step::Incomparable => self.wish = Some(How::Whole),
            Step::Done(outcome, part) => {
                self.outbox = part;
                return Some(outcome);
            }
        }
        None
    }

    /// The whole state as a message, if the peer has asked for it, and knows the version.
    pub(super) fn next_state(
        &mut self,
        replica: &mut Replica<T>,
        now: u64,
        here: &mut Here,
    ) -> Option<Arc<Vec<u8>>> {
        let (may_send, is_new) = match self.asked {
            Some(Asked::Whole) => {
                let is_new = self.sent.as_ref() != Some(replica.version());
                (here.allowance.is_open(now, here.config.work), is_new)
            }
            Some(Asked::Given) => (true, true),
            Some(Asked::Comparison { .. }) | None => (false, false),
        };
        if !may_send || here.told.version() != replica.version() {
            return None;
        }
        self.asked = None;
        if !is_new {
            return None;
        }
        if let Task::Comparing { comparing, .. } = &mut self.task
            && comparing.mine() != replica.version()
        {
            let scan = replica.scan();
            here.allowance.charge(scan.cost(), now);
            comparing.given(scan);
        }
        self.sent = Some(replica.version().clone());
        let state = replica.state_message();
        here.allowance.charge(state.len() as u64 / FACT_BYTES, now);
        here.stats.states += 1;
        Some(state)
    }
}

impl<T: Replicated> fmt::Debug for Exchange<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let task = match &self.task {
            Task::Idle => "idle",
            Task::Awaiting { .. } => "awaiting",
            Task::Comparing { permit: Some(_), .. } => "asking",
            Task::Comparing { permit: None, .. } => "serving",
        };
        f.debug_struct("Exchange")
            .field("task", &task)
            .field("wish", &self.wish)
            .field("asked", &self.asked.is_some())
            .finish_non_exhaustive()
    }
}
