//! The asker's side of a comparison.

use alloc::sync::Arc;
use alloc::vec::Vec;

use super::common::Common;
use super::estimate::Estimator;
use super::message::{Answer, Ask, Message, Solved};
use super::serving::Shown;
use super::{Comparing, MOST_TABLES, Nonsense, Outcome, Scan, Step, check_facts, table_of};
use crate::Version;
use crate::store::Rest;
use crate::sync::sketch::{Solver, Table};
use crate::sync::{Events, Replicated};

/// An asker that waits for the answer.
#[derive(Debug)]
pub(in crate::sync) struct Asking<D> {
    pub(super) scan: Arc<Scan>,
    salt: u64,
    /// The facts that are news to the peer.
    news: D,
}

/// An asker that has too few cells.
#[derive(Debug)]
pub(in crate::sync) struct Solving<D> {
    pub(super) scan: Arc<Scan>,
    salt: u64,
    common: Common,
    solver: Solver,
    /// The sum of the hashes of the peer's facts.
    sum: u64,
    news: D,
    /// All that is missing here, except for what is gone.
    rest: Rest<D>,
}

/// A side that waits for the whole state of the other. That may have taken in more meanwhile, so events are not numbered before it
/// has come.
#[derive(Debug)]
pub(in crate::sync) struct Taking<D> {
    pub(super) scan: Arc<Scan>,
    pub(super) salt: u64,
    pub(super) news: D,
}

/// Asks a question: see [`Comparing::ask`].
pub(super) fn ask<T: Replicated>(scan: Arc<Scan>, state: &T, theirs: &Version, salt: u64) -> Step<T::Delta> {
    let Some(common) = Common::new(&scan.seen, theirs, salt) else { return Step::Incomparable };
    let lacking = scan.seen.difference(theirs).dot_count() + theirs.difference(&scan.seen).dot_count();
    let estimator = Estimator::new(&common, &scan.facts, Estimator::worth(lacking));
    let ask = Ask { salt, ahead: scan.ahead.clone(), horizon: scan.horizon.clone(), estimator };
    let news = scan.news(state, theirs);
    Step::Go(Comparing::Asking(Asking { scan, salt, news }), Message::Ask(ask))
}

impl<D: Events> Asking<D> {
    pub(super) fn answered(self, answer: Answer<D>, theirs: &Version) -> Result<Step<D>, Nonsense> {
        let Asking { scan, salt, news } = self;
        let Answer { ahead, sum, cells, facts } = answer;
        check_facts(&facts, theirs)?;
        let Some(common) = Common::new(&scan.seen, theirs, salt) else { return Ok(Step::Incomparable) };
        let rest = Rest { seen: theirs.clone(), ahead, facts, ..scan.rest() };
        Solving { scan, salt, common, solver: Solver::default(), sum, news, rest }.solve(&cells)
    }

    /// Gives its state: the server has more facts, and most of them differ.
    pub(super) fn give(self, ahead: Version, theirs: &Version) -> Step<D> {
        Shown { scan: self.scan, salt: self.salt, seen: theirs.clone(), ahead }.give()
    }

    pub(super) fn taking(self) -> Taking<D> {
        let Asking { scan, salt, news } = self;
        Taking { scan, salt, news }
    }
}

impl<D: Events> Solving<D> {
    pub(super) fn solve(mut self, cells: &[u8]) -> Result<Step<D>, Nonsense> {
        let turn = self.solver.turns();
        let theirs = Table::read(cells, turn, self.common.width());
        let theirs = theirs.ok_or(Nonsense("cells that are no table"))?;
        let (mine, sum) = table_of(&self.common, &self.scan.facts, turn, theirs.len());
        self.solver.take(theirs, &mine, &self.common);
        let Some(items) = self.solver.solution() else { return Ok(self.ask_more()) };
        let (only_mine, others) = self.common.live(&self.scan.facts, &items);
        let mut gone = items;
        gone.retain(|number| only_mine.binary_search(number).is_err());
        // A false item has passed for a true one, or the peer lies.
        if sum.wrapping_sub(self.sum_of(&only_mine)).wrapping_add(self.sum_of(&gone)) != self.sum {
            return Ok(self.ask_more());
        }
        let Solving { scan, common, solver, news, mut rest, .. } = self;
        rest.gone = common.events(&only_mine).ok_or(Nonsense("a sketch holds events that nobody has"))?;
        let solved = Message::Solved(Solved { gone, sum: others, facts: news });
        let (tables, cells) = (solver.turns(), solver.cells() as u64);
        Ok(Step::Done(Outcome { rest, scan, agrees: true, tables, cells }, Some(solved)))
    }

    /// The sum of the hashes of some events.
    fn sum_of(&self, numbers: &[u64]) -> u64 {
        let hashes = numbers.iter().filter_map(|number| self.common.event(*number)).map(|(_, hash)| hash);
        hashes.fold(0, u64::wrapping_add)
    }

    fn ask_more(self) -> Step<D> {
        if self.solver.turns() < MOST_TABLES {
            return Step::Go(Comparing::Solving(self), Message::More);
        }
        let ahead = self.scan.ahead.clone();
        Step::Go(Comparing::Taking(self.taking()), Message::Whole { ahead })
    }

    pub(super) fn taking(self) -> Taking<D> {
        let Solving { scan, salt, news, .. } = self;
        Taking { scan, salt, news }
    }
}

impl<D: Events> Taking<D> {
    /// Tells the peer what its state lacks, unless the two have settled different events.
    pub(super) fn take<T: Replicated<Delta = D>>(self, state: &T) -> Option<Message<D>> {
        let Taking { scan, salt, news } = self;
        if scan.horizon != state.horizon() {
            return None;
        }
        let common = Common::new(&scan.seen, state.version(), salt)?;
        let theirs = common.sorted(&state.list_facts());
        let mut mine = common.sorted(&scan.facts).into_iter().peekable();
        let (mut gone, mut sum) = (Vec::new(), 0_u64);
        for (number, value) in theirs {
            while mine.next_if(|(mine, _)| *mine < number).is_some() {}
            if mine.next_if(|(mine, _)| *mine == number).is_some() {
                sum = sum.wrapping_add(value);
            } else {
                gone.push(number);
            }
        }
        Some(Message::Solved(Solved { gone, sum, facts: news }))
    }
}
