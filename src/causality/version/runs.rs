//! The counters of one replica, as intervals.
//!
//! ```text
//! {1,2,3,4, 7, 9,10}  =  [1..=4] [7..=7] [9..=10]
//! ```
//!
//! Runs are sorted, not empty, and neither touch nor overlap, so a set has one form only. A replica whose events
//! arrive without gaps has a single run, kept inline.

use smallvec::{SmallVec, smallvec};

/// The counters from `first` to `last`, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Run {
    pub(super) first: u64,
    pub(super) last: u64,
}

#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct Runs(SmallVec<[Run; 1]>);

impl Runs {
    pub(super) fn one(first: u64, last: u64) -> Self {
        Runs(smallvec![Run { first, last }])
    }

    pub(super) fn as_slice(&self) -> &[Run] {
        &self.0
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The greatest counter; 0 if there is none.
    #[inline]
    pub(super) fn last(&self) -> u64 {
        self.0.last().map_or(0, |run| run.last)
    }

    pub(super) fn contains(&self, counter: u64) -> bool {
        contains(&self.0, counter)
    }

    #[inline]
    pub(super) fn covers(&self, other: &Self) -> bool {
        // Nearly all there is.
        if let ([mine], [theirs]) = (&self.0[..], &other.0[..]) {
            return mine.first <= theirs.first && theirs.last <= mine.last;
        }
        self.covers_runs(other)
    }

    fn covers_runs(&self, other: &Self) -> bool {
        let mut mine = self.0.iter();
        let mut current = mine.next();
        other.0.iter().all(|theirs| {
            while current.is_some_and(|run| run.last < theirs.last) {
                current = mine.next();
            }
            current.is_some_and(|run| run.first <= theirs.first)
        })
    }

    pub(super) fn intersects(&self, other: &Self) -> bool {
        let (mut a, mut b) = (self.0.iter().peekable(), other.0.iter().peekable());
        while let (Some(x), Some(y)) = (a.peek(), b.peek()) {
            if x.last < y.first {
                a.next();
            } else if y.last < x.first {
                b.next();
            } else {
                return true;
            }
        }
        false
    }

    /// Adds a run; true if that is news.
    #[inline]
    pub(super) fn insert(&mut self, run: Run) -> bool {
        // Nearly all there is: events that follow those of the only run, or that are in it.
        if let [only] = &mut self.0[..]
            && only.first <= run.first
            && run.first <= only.last + 1
        {
            let grew = run.last > only.last;
            only.last = only.last.max(run.last);
            return grew;
        }
        self.insert_anywhere(run)
    }

    fn insert_anywhere(&mut self, run: Run) -> bool {
        // The runs that touch or overlap the new one are those from `start` up to `end`.
        let start = self.0.partition_point(|r| r.last + 1 < run.first);
        let end = start + self.0[start..].partition_point(|r| r.first <= run.last + 1);
        if start == end {
            self.0.insert(start, run);
            return true;
        }
        let merged =
            Run { first: run.first.min(self.0[start].first), last: run.last.max(self.0[end - 1].last) };
        let grew = merged != self.0[start];
        self.0[start] = merged;
        self.0.drain(start + 1..end);
        grew
    }

    #[inline]
    pub(super) fn union(&mut self, other: &Self) -> bool {
        if let [run] = other.0[..] { self.insert(run) } else { self.union_runs(other) }
    }

    fn union_runs(&mut self, other: &Self) -> bool {
        // Few are put in one by one; many into many is one pass.
        if other.0.len() <= 2 {
            return other.0.iter().fold(false, |grew, &run| self.insert(run) | grew);
        }
        if self.covers(other) {
            return false;
        }
        let mut all: SmallVec<[Run; 1]> = SmallVec::with_capacity(self.0.len() + other.0.len());
        let (mut a, mut b) = (self.0.iter().peekable(), other.0.iter().peekable());
        while let Some(&run) = match (a.peek(), b.peek()) {
            (Some(x), Some(y)) if x.first <= y.first => a.next(),
            (_, Some(_)) => b.next(),
            _ => a.next(),
        } {
            match all.last_mut() {
                Some(end) if run.first <= end.last + 1 => end.last = end.last.max(run.last),
                _ => all.push(run),
            }
        }
        self.0 = all;
        true
    }

    pub(super) fn subtract(&mut self, other: &Self) {
        if !self.intersects(other) {
            return;
        }
        let mut left = SmallVec::new();
        let mut cuts = other.0.iter().peekable();
        for &run in &self.0 {
            let mut first = run.first;
            while let Some(cut) = cuts.peek() {
                if cut.last < first {
                    cuts.next();
                    continue;
                }
                if cut.first > run.last {
                    break;
                }
                if cut.first > first {
                    left.push(Run { first, last: cut.first - 1 });
                }
                first = cut.last + 1;
                if first > run.last {
                    break;
                }
            }
            if first <= run.last {
                left.push(Run { first, last: run.last });
            }
        }
        self.0 = left;
    }

    /// Runs as they were decoded; `None` unless they have the one form that such a set has.
    pub(super) fn checked(runs: impl IntoIterator<Item = (u64, u64)>) -> Option<Self> {
        let mut checked: SmallVec<[Run; 1]> = SmallVec::new();
        for (first, last) in runs {
            let follows = checked.last().is_none_or(|before| before.last + 1 < first);
            if first == 0 || first > last || last > crate::Dot::MAX_COUNTER || !follows {
                return None;
            }
            checked.push(Run { first, last });
        }
        (!checked.is_empty()).then_some(Runs(checked))
    }
}

pub(super) fn contains(runs: &[Run], counter: u64) -> bool {
    match runs {
        [run] => run.first <= counter && counter <= run.last,
        runs => {
            let place = runs.partition_point(|run| run.last < counter);
            runs.get(place).is_some_and(|run| run.first <= counter)
        }
    }
}
