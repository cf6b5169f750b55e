//! The intervals that a version is a sorted list of, and how they are found.

use smallvec::SmallVec;

use crate::ReplicaId;
use crate::work::compared;

pub(super) type Runs = SmallVec<[Run; 1]>;

/// The events of a replica from `first` to `last`, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Run {
    pub(super) replica: ReplicaId,
    pub(super) first: u64,
    pub(super) last: u64,
}

impl Run {
    pub(super) fn start(&self) -> (ReplicaId, u64) {
        compared();
        (self.replica, self.first)
    }

    pub(super) fn end(&self) -> (ReplicaId, u64) {
        compared();
        (self.replica, self.last)
    }

    /// Whether it ends before `other` begins, with a gap between.
    pub(super) fn is_before(&self, other: &Run) -> bool {
        (self.replica, self.last + 1) < other.start()
    }

    #[inline]
    pub(super) fn covers(&self, other: &Run) -> bool {
        compared();
        self.replica == other.replica && self.first <= other.first && other.last <= self.last
    }

    /// Whether some event is in both.
    #[inline]
    pub(super) fn meets(&self, other: &Run) -> bool {
        compared();
        self.replica == other.replica && self.first <= other.last && other.first <= self.last
    }

    /// Whether `other` begins in it, or right after it.
    #[inline]
    pub(super) fn leads_to(&self, other: &Run) -> bool {
        compared();
        self.replica == other.replica && self.first <= other.first && other.first <= self.last + 1
    }

    /// Goes on to where a run ends to which it leads. Returns true if that was not in it.
    #[inline]
    pub(super) fn extend(&mut self, other: &Run) -> bool {
        let grows = self.last < other.last;
        self.last = self.last.max(other.last);
        grows
    }
}

/// The first and the last of some runs.
pub(super) fn ends(runs: &[Run]) -> Option<(Run, Run)> {
    Some((*runs.first()?, *runs.last()?))
}

/// Adds a run that begins no earlier than the last one does.
pub(super) fn push_or_extend(runs: &mut Runs, run: Run) {
    match runs.last_mut() {
        Some(before) if before.leads_to(&run) => before.last = before.last.max(run.last),
        _ => runs.push(run),
    }
}

/// From `at` on, the first run that is not passed over. Of the runs before `at` only the last may be in question.
#[inline]
pub(super) fn seek(runs: &[Run], at: usize, is_passed: impl Fn(&Run) -> bool) -> usize {
    let at = at.saturating_sub(1);
    at + gallop(&runs[at..], is_passed)
}

/// How many runs are passed over, which come before all others: quick when it is few.
#[inline]
pub(super) fn gallop(runs: &[Run], is_passed: impl Fn(&Run) -> bool) -> usize {
    let mut step = 1;
    while runs.get(step - 1).is_some_and(&is_passed) {
        step *= 2;
    }
    // Everything before `step / 2` is passed over; number `step - 1`, if there is one, is not.
    let (from, to) = (step / 2, runs.len().min(step - 1));
    from + runs[from..to].partition_point(is_passed)
}

/// One replica's counters in a [`Version`](super::Version).
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counters<'a>(pub(super) &'a [Run]);

impl<'a> Counters<'a> {
    /// The intervals.
    pub(crate) fn runs(self) -> impl ExactSizeIterator<Item = (u64, u64)> + 'a {
        self.0.iter().map(|run| (run.first, run.last))
    }

    /// The greatest; 0 if there is none.
    pub(crate) fn last(self) -> u64 {
        self.0.last().map_or(0, |run| run.last)
    }

    #[inline]
    pub(crate) fn contains(self, counter: u64) -> bool {
        match self.0 {
            [run] => run.first <= counter && counter <= run.last,
            runs => {
                let place = runs.partition_point(|run| run.last < counter);
                runs.get(place).is_some_and(|run| run.first <= counter)
            }
        }
    }
}
