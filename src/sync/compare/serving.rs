//! The server's side of a comparison.

use alloc::sync::Arc;

use super::common::Common;
use super::estimate::Estimator;
use super::message::{Answer, Ask, Message, Solved};
use super::{Comparing, MOST_TABLES, Nonsense, Outcome, Scan, Step, Taking, check_facts, table_of};
use crate::Version;
use crate::store::Rest;
use crate::sync::sketch::cells_for;
use crate::sync::{Events, Replicated};

/// A server that has sent cells.
#[derive(Debug)]
pub(in crate::sync) struct Serving {
    pub(super) shown: Shown,
    common: Common,
    /// The number of tables sent, the number of cells in them, and the number of cells that a whole state is cheaper than.
    tables: u64,
    cells: usize,
    most_cells: usize,
}

/// A side that has shown all its facts, in cells or as a whole state, and waits for the solution.
#[derive(Debug)]
pub(in crate::sync) struct Shown {
    /// Of the state that the peer has been shown.
    pub(super) scan: Arc<Scan>,
    pub(super) salt: u64,
    /// The peer's version, and the events that the peer knows to be dead ahead of it.
    pub(super) seen: Version,
    pub(super) ahead: Version,
}

/// The fewest cells of a table after the first.
const FEWEST_CELLS: usize = 32;

/// Answers a question: see [`Comparing::serve`].
pub(super) fn serve<T: Replicated>(
    scan: Arc<Scan>,
    state: &T,
    theirs: &Version,
    ask: Ask,
    fact_bytes: u64,
) -> Step<T::Delta> {
    let Ask { salt, ahead, horizon, estimator } = ask;
    // A settled fact of one side may be several facts on the other.
    let common = Common::new(&scan.seen, theirs, salt).filter(|_| horizon == scan.horizon);
    let Some(common) = common else { return Step::Incomparable };
    let mine = Estimator::new(&common, &scan.facts, estimator.len());
    let most_cells = worth_of_state(mine.facts().min(estimator.facts()), fact_bytes, common.width());
    let cells = usize::try_from(cells_for(mine.differing(&estimator))).unwrap_or(usize::MAX);
    if cells <= most_cells {
        let shown = Shown { scan, salt, seen: theirs.clone(), ahead };
        answer(shown, common, state, cells, most_cells)
    } else if mine.facts() <= estimator.facts() {
        Shown { scan, salt, seen: theirs.clone(), ahead }.give()
    } else {
        let (ahead, news) = (scan.ahead.clone(), scan.news(state, theirs));
        Step::Go(Comparing::Taking(Taking { scan, salt, news }), Message::Whole { ahead })
    }
}

/// The number of cells that take as many bytes as a state of `facts` facts.
fn worth_of_state(facts: u64, fact_bytes: u64, width: usize) -> usize {
    let cells = facts.saturating_mul(fact_bytes) / (width as u64 + 2);
    usize::try_from(cells).unwrap_or(usize::MAX)
}

fn answer<T: Replicated>(
    shown: Shown,
    common: Common,
    state: &T,
    cells: usize,
    most_cells: usize,
) -> Step<T::Delta> {
    let Shown { scan, seen, .. } = &shown;
    let (table, sum) = table_of(&common, &scan.facts, 0, cells);
    let cells = table.bytes(common.width());
    let answer = Answer { ahead: scan.ahead.clone(), sum, cells, facts: scan.news(state, seen) };
    let serving = Serving { shown, common, tables: 1, cells: table.len(), most_cells };
    Step::Go(Comparing::Serving(serving), Message::Answer(answer))
}

impl Serving {
    /// Sends another table, which doubles the number of cells.
    pub(super) fn more<D>(mut self) -> Step<D> {
        let cells = self.cells.max(FEWEST_CELLS);
        if self.tables >= MOST_TABLES || self.cells + cells > self.most_cells {
            return self.shown.give();
        }
        let (table, _) = table_of(&self.common, &self.shown.scan.facts, self.tables, cells);
        let cells = Message::Cells(table.bytes(self.common.width()));
        (self.tables, self.cells) = (self.tables + 1, self.cells + table.len());
        Step::Go(Comparing::Serving(self), cells)
    }
}

impl Shown {
    pub(super) fn give<D>(self) -> Step<D> {
        Step::Give(Comparing::Giving(self))
    }

    pub(super) fn solved<D: Events>(self, solved: Solved<D>) -> Result<Step<D>, Nonsense> {
        let Shown { scan, salt, seen, ahead } = self;
        let Solved { gone, sum, facts } = solved;
        check_facts(&facts, &seen)?;
        let common =
            Common::new(&scan.seen, &seen, salt).ok_or(Nonsense("a solution for too many events"))?;
        let (live, others) = common.live(&scan.facts, &gone);
        if live != gone {
            return Err(Nonsense("a solution removes facts that are not there"));
        }
        let gone = common.events(&gone).ok_or(Nonsense("a solution names events that nobody has"))?;
        let rest = Rest { seen, ahead, gone, facts, ..scan.rest() };
        Ok(Step::Done(Outcome { rest, scan, agrees: others == sum, tables: 0, cells: 0 }, None))
    }
}
