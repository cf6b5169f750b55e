//! Finding out in which facts two states differ, where neither log reaches the other's version.
//!
//! ```text
//! asker                                       server
//!            versions, of both sides
//!   Ask      salt, estimator              ->
//!        <-  Answer   cells, sum, news
//!   is equal
//!   Solved   gone, sum, news              ->  is equal
//!
//! rarely, after Answer and Cells, when the cells do not suffice:
//!   More                                  ->
//!        <-  Cells    of another table
//!
//! instead of Answer, where a whole state takes fewer bytes:
//!        <-  the server's state, or         if the server has fewer facts to compare
//!        <-  Whole                          if the asker has fewer: it sends its state,
//!                                           and the server sends Solved
//! ```
//!
//! **Versions come first.** A fact is *news* if the other side does not know its event, and is sent as it is. A fact whose
//! event both sides know may be live on one side only: the other side has removed it. An [estimator](estimate) tells how many
//! such facts there are, and a [sketch](super::sketch) of that size tells which.
//!
//! **One walk.** A [`Scan`] lists the facts of a state once, for all comparisons of that state; all other work is passes over
//! that list. The state is not held, and events that it takes in meanwhile do no harm.
//!
//! **Trust.** The asker accepts a solution only if the sum of all hashes, which the server has sent, agrees. The server checks
//! that everything it is told to remove is live. A lying peer can cost a walk for each question and some passes for each
//! answer, and [`Comparing::cost`] tells how much beforehand; it can bring about no state that it could not bring about
//! by sending a whole state.

mod asking;
mod common;
mod estimate;
mod message;
mod scan;
mod serving;
#[cfg(test)]
mod tests;

use alloc::sync::Arc;

use self::asking::{Asking, Solving, Taking};
pub(super) use self::common::Common;
pub(super) use self::message::Ask;
pub(super) use self::message::Message;
pub(super) use self::scan::Scan;
use self::serving::{Serving, Shown};
use super::sketch::Table;
use super::{Events, Replicated};
use crate::Version;
use crate::codec::FactList;
use crate::store::{Full, Rest};
use crate::work::moved;

/// A message that no honest peer sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Nonsense(pub(super) &'static str);

/// What a side does next.
#[derive(Debug)]
pub(super) enum Step<D> {
    /// Send the message, and go on.
    Go(Comparing<D>, Message<D>),
    /// Send the whole state as it is now, and go on.
    Give(Comparing<D>),
    /// Complete the state, and send the message, if there is one.
    Done(Outcome<D>, Option<Message<D>>),
    /// Exchange whole states: the two sides have settled different events.
    Incomparable,
}

/// All that the state of one side lacks.
#[derive(Debug)]
pub(super) struct Outcome<D> {
    rest: Rest<D>,
    scan: Arc<Scan>,
    /// Whether facts of one event have the same value on both sides, as far as this side can tell. They differ only if a
    /// replica has lied about an event, and no exchange of states mends that.
    pub(super) agrees: bool,
    /// The number of tables that this side has read, and the number of cells in them.
    pub(super) tables: u64,
    pub(super) cells: u64,
}

impl<D: Events> Outcome<D> {
    /// The peer's version, which the completed state covers.
    pub(super) fn theirs(&self) -> &Version {
        &self.rest.seen
    }

    /// The version that was scanned here, which the peer's completed state covers.
    pub(super) fn mine(&self) -> &Version {
        &self.scan.seen
    }

    /// Joins `state` with the peer's state. `state` is the one that was scanned, or has taken in and settled more since.
    ///
    /// # Errors
    ///
    /// [`Full`] if `state` cannot name the replicas of both; nothing has changed.
    pub(super) fn complete<T: Replicated<Delta = D>>(self, state: &mut T) -> Result<(), Full> {
        state.complete(self.rest)
    }
}

/// One side of a comparison.
#[derive(Debug)]
pub(super) enum Comparing<D> {
    /// The asker waits for the answer,
    Asking(Asking<D>),
    /// or for more cells.
    Solving(Solving<D>),
    /// The server has sent cells.
    Serving(Serving),
    /// This side has sent its state.
    Giving(Shown),
    /// This side waits for the peer's state.
    Taking(Taking<D>),
}

/// The most tables that are read together. Each holds as many cells as those before, so all of them hold many times the
/// estimate.
const MOST_TABLES: u64 = 6;

impl<D: Events> Comparing<D> {
    /// Asks a peer whose version is `theirs`.
    ///
    /// `scan` is of `state`, and the peer must have been told the version of `state`. Those who have written the facts must not be
    /// able to foretell `salt`. The peer may: it can say of its own facts what it likes.
    pub(super) fn ask<T: Replicated<Delta = D>>(
        scan: Arc<Scan>,
        state: &T,
        theirs: &Version,
        salt: u64,
    ) -> Step<D> {
        asking::ask(scan, state, theirs, salt)
    }

    /// Answers a peer whose version is `theirs`.
    ///
    /// `scan` is of `state`, and the peer must be told the version of `state` before the answer. Cells are sent as long as they
    /// take fewer bytes than the smaller of the two states, of which a fact takes `fact_bytes`.
    pub(super) fn serve<T: Replicated<Delta = D>>(
        scan: Arc<Scan>,
        state: &T,
        theirs: &Version,
        ask: Ask,
        fact_bytes: u64,
    ) -> Step<D> {
        serving::serve(scan, state, theirs, ask, fact_bytes)
    }

    /// Handles any other message of the peer, whose version is `theirs`.
    pub(super) fn handle(self, message: Message<D>, theirs: &Version) -> Result<Step<D>, Nonsense> {
        match (self, message) {
            (Comparing::Asking(asking), Message::Answer(answer)) => asking.answered(answer, theirs),
            (Comparing::Asking(asking), Message::Whole { ahead }) => Ok(asking.give(ahead, theirs)),
            (Comparing::Solving(solving), Message::Cells(cells)) => solving.solve(&cells),
            (Comparing::Serving(serving), Message::More) => Ok(serving.more()),
            (Comparing::Serving(serving), Message::Whole { .. }) => Ok(serving.shown.give()),
            (
                Comparing::Serving(Serving { shown, .. }) | Comparing::Giving(shown),
                Message::Solved(solved),
            ) => shown.solved(solved),
            _ => Err(Nonsense("a part of a comparison out of turn")),
        }
    }

    /// Handles the whole state of the peer: returns the message that tells the peer what it lacks, if that can be told. The
    /// caller joins with `state`.
    pub(super) fn handle_state<T: Replicated<Delta = D>>(self, state: &T) -> Option<Message<D>> {
        match self {
            Comparing::Taking(taking) => taking.take(state),
            Comparing::Solving(solving) => solving.taking().take(state),
            Comparing::Asking(asking) => asking.taking().take(state),
            Comparing::Serving(_) | Comparing::Giving(_) => None,
        }
    }

    /// The whole state is sent, and `scan` is of it: it may have taken in more since it was first scanned.
    pub(super) fn given(&mut self, scan: Arc<Scan>) {
        if let Comparing::Giving(shown) = self {
            shown.scan = scan;
        }
    }

    /// The version that was scanned here.
    pub(super) fn mine(&self) -> &Version {
        &self.scan().seen
    }

    /// The scan of this side, for another comparison.
    pub(super) fn into_scan(self) -> Arc<Scan> {
        Arc::clone(self.scan())
    }

    /// Whether the whole state of the peer may come next.
    pub(super) fn takes_state(&self) -> bool {
        !matches!(self, Comparing::Serving(_) | Comparing::Giving(_))
    }

    /// The most facts that handling the next message visits: see [`Scan::cost`].
    pub(super) fn cost(&self) -> u64 {
        self.scan().cost()
    }

    fn scan(&self) -> &Arc<Scan> {
        match self {
            Comparing::Asking(Asking { scan, .. })
            | Comparing::Solving(Solving { scan, .. })
            | Comparing::Serving(Serving { shown: Shown { scan, .. }, .. })
            | Comparing::Giving(Shown { scan, .. })
            | Comparing::Taking(Taking { scan, .. }) => scan,
        }
    }
}

/// A table of the facts whose events both sides know, and the sum of their hashes.
fn table_of(common: &Common, facts: &FactList, turn: u64, cells: usize) -> (Table, u64) {
    let (mut table, mut sum) = (Table::new(turn, cells), 0_u64);
    moved(facts.facts.len());
    common.each(facts, |fact| {
        table.toggle(fact.number, fact.hash);
        sum = sum.wrapping_add(fact.hash);
    });
    (table, sum)
}

/// Checks that facts do nothing but add, and belong to events that their sender has seen.
fn check_facts<D: Events>(facts: &D, seen: &Version) -> Result<(), Nonsense> {
    if !facts.only_adds() {
        return Err(Nonsense("facts that do more than add"));
    }
    if !seen.covers(facts.events()) {
        return Err(Nonsense("facts of events that the peer has not seen"));
    }
    Ok(())
}
