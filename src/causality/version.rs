//! Sets of events.

mod run;
#[cfg(feature = "serde")]
mod serialized;

use alloc::vec::Vec;
use core::cmp::Ordering;
use core::fmt;
use core::ops::Range;

use smallvec::SmallVec;

pub(crate) use self::run::Counters;
use self::run::{Run, Runs, ends, gallop, push_or_extend, seek};
use crate::work::moved;
use crate::{Crdt, Dot, Lattice, ReplicaId};

/// A set of events.
///
/// A version says exactly which events a state has taken in. It is kept as intervals of counters, and nearly always there
/// is one of each replica, `1..=n`; but a version knows its gaps, so nothing is assumed about the order in which events
/// arrive.
///
/// The partial order is that of sets: `a <= b` iff `b` [covers](Self::covers) `a`, and versions of which neither
/// covers the other do not compare.
///
/// ```
/// use rejoin::{Dot, ReplicaId, Version};
///
/// let a = ReplicaId::from_u128(1);
/// let dot = |counter| Dot::new(a, counter).unwrap();
///
/// let mut seen: Version = [dot(1), dot(2), dot(5)].into_iter().collect();
/// assert!(seen.contains(dot(2)) && !seen.contains(dot(3)));
///
/// let news: Version = [dot(4), dot(5)].into_iter().collect();
/// assert_eq!(news.difference(&seen).dots().collect::<Vec<_>>(), [dot(4)]);
/// assert!(seen.union(&news));
/// assert!(news < seen);
/// ```
///
/// # Cost
///
/// 32 bytes for each interval: one for each replica, and one for each gap. Asking for one dot is `O(log n)`. Set operations
/// compare `O(m log(n / m))` intervals for `m` of the other set against `n`; those that change something, or make a new set,
/// also move or copy up to `n` intervals in a few blocks. Collecting `n` dots is `O(n)` if they ascend or descend, else
/// `O(n log n)`.
#[derive(Default, PartialEq, Eq, Hash)]
pub struct Version {
    /// Sorted; they neither overlap nor touch, so a set has one form only.
    runs: Runs,
}

/// Up to so many runs are inserted one by one, which moves the runs after them each time and is still quicker than a new list.
const FEW: usize = 4;

impl Version {
    /// The empty set, to lend.
    pub(crate) const EMPTY: &'static Version = &Version { runs: SmallVec::new_const() };

    /// The empty set.
    pub fn new() -> Self {
        Version::default()
    }

    /// Whether no event is in the set.
    pub fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    /// Whether the event is in the set.
    pub fn contains(&self, dot: Dot) -> bool {
        self.has_run(dot.replica(), dot.counter(), dot.counter())
    }

    /// The greatest counter of `replica` in the set; 0 if there is none.
    #[inline]
    pub fn last(&self, replica: ReplicaId) -> u64 {
        match &self.runs[..] {
            [] => 0,
            [only] if only.replica == replica => only.last,
            _ => self.of(replica).last(),
        }
    }

    /// The set of this event.
    pub(crate) fn of_one(dot: Dot) -> Self {
        let (replica, counter) = (dot.replica(), dot.counter());
        Version { runs: SmallVec::from_buf([Run { replica, first: counter, last: counter }]) }
    }

    /// The event, if it is the only one.
    pub(crate) fn only(&self) -> Option<Dot> {
        match self.runs[..] {
            [Run { replica, first, last }] if first == last => Some(Dot::trusted(replica, first)),
            _ => None,
        }
    }

    /// Adds an event. Returns true if it was not there.
    pub fn insert(&mut self, dot: Dot) -> bool {
        self.insert_run(dot.replica(), dot.counter(), dot.counter())
    }

    /// Adds `replica`'s events from `first` to `last`, both included and in bounds.
    #[inline]
    pub(crate) fn insert_run(&mut self, replica: ReplicaId, first: u64, last: u64) -> bool {
        debug_assert!(1 <= first && first <= last && last <= Dot::MAX_COUNTER);
        let run = Run { replica, first, last };
        match &mut self.runs[..] {
            // As in most deltas, and in states that one replica writes.
            [] => {
                self.runs.push(run);
                true
            }
            [only] if only.leads_to(&run) => only.extend(&run),
            _ => self.insert_anywhere(run),
        }
    }

    fn insert_anywhere(&mut self, run: Run) -> bool {
        // The runs that touch or overlap the new one are those from `start` up to `end`.
        let start = self.runs.partition_point(|r| r.is_before(&run));
        let end = start + gallop(&self.runs[start..], |r| !run.is_before(r));
        let Some((from, to)) = ends(&self.runs[start..end]) else {
            self.replace(start..end, &[run]);
            return true;
        };
        let whole = Run { first: run.first.min(from.first), last: run.last.max(to.last), ..run };
        self.replace(start..end, &[whole]);
        whole != from
    }

    /// Takes away the events of one interval.
    fn remove_run(&mut self, cut: &Run) {
        let start = self.runs.partition_point(|run| run.end() < cut.start());
        let end = start + gallop(&self.runs[start..], |run| run.start() <= cut.end());
        let Some((from, to)) = ends(&self.runs[start..end]) else { return };
        let before = (from.first < cut.first).then(|| Run { last: cut.first - 1, ..from });
        let after = (to.last > cut.last).then(|| Run { first: cut.last + 1, ..to });
        let left: SmallVec<[Run; 2]> = before.into_iter().chain(after).collect();
        self.replace(start..end, &left);
    }

    /// Puts some runs in the place of others. The runs after them are moved once, if at all.
    fn replace(&mut self, old: Range<usize>, new: &[Run]) {
        let both = old.len().min(new.len());
        self.runs[old.start..old.start + both].copy_from_slice(&new[..both]);
        if old.len() == new.len() {
            return;
        }
        moved(self.runs.len() - old.end);
        if both < old.len() {
            self.runs.drain(old.start + both..old.end);
        } else {
            self.runs.insert_from_slice(old.end, &new[both..]);
        }
    }

    /// Adds `other` if that is quick: if both are one run, and its events come right after those that are here.
    #[inline]
    pub(crate) fn append(&mut self, other: &Version) -> bool {
        let ([mine], [run]) = (&mut self.runs[..], &other.runs[..]) else { return false };
        let is_next = mine.replica == run.replica && mine.last + 1 == run.first;
        if is_next {
            mine.last = run.last;
        }
        is_next
    }

    /// Whether every event of `other` is in this set.
    #[inline]
    pub fn covers(&self, other: &Version) -> bool {
        match (&self.runs[..], &other.runs[..]) {
            ([mine], [run]) => mine.covers(run),
            _ => self.covers_all(other),
        }
    }

    fn covers_all(&self, other: &Version) -> bool {
        let (runs, mut at) = (&self.runs[..], 0);
        other.runs.iter().all(|run| {
            // Versions that meet have mostly the same replicas, and no gaps.
            if !runs.get(at).is_some_and(|mine| mine.covers(run)) {
                at = seek(runs, at, |mine| mine.end() < run.end());
                if !runs.get(at).is_some_and(|mine| mine.covers(run)) {
                    return false;
                }
            }
            at += 1;
            true
        })
    }

    /// Whether some event is in both sets.
    #[inline]
    pub fn intersects(&self, other: &Version) -> bool {
        match (&self.runs[..], &other.runs[..]) {
            ([a], [b]) => a.meets(b),
            ([], _) | (_, []) => false,
            _ => self.intersects_any(other),
        }
    }

    fn intersects_any(&self, other: &Version) -> bool {
        let (few, many) = if self.runs.len() < other.runs.len() { (self, other) } else { (other, self) };
        let mut at = 0;
        few.runs.iter().any(|run| {
            at = seek(&many.runs, at, |theirs| theirs.end() < run.start());
            many.runs.get(at).is_some_and(|theirs| theirs.start() <= run.end())
        })
    }

    /// Adds all events of `other`. Returns true if any was not there.
    #[inline]
    pub fn union(&mut self, other: &Version) -> bool {
        match (&mut self.runs[..], &other.runs[..]) {
            // As between two that talk all the time.
            ([mine], [run]) if mine.leads_to(run) => mine.extend(run),
            _ => self.union_any(other),
        }
    }

    fn union_any(&mut self, other: &Version) -> bool {
        if let [run] = other.runs[..] {
            return self.insert_run(run.replica, run.first, run.last);
        }
        let (runs, mut grew) = (&mut self.runs[..], false);
        // Versions that meet have mostly the same replicas, and no gaps. Where runs begin alike, each can grow up to where the
        // next begins.
        let alike =
            runs.iter().zip(&other.runs).take_while(|(mine, theirs)| mine.start() == theirs.start()).count();
        let mut at = if alike == runs.len() { alike } else { alike.saturating_sub(1) };
        for (mine, theirs) in runs[..at].iter_mut().zip(&other.runs) {
            grew |= theirs.last > mine.last;
            mine.last = theirs.last.max(mine.last);
        }
        let mut news = Runs::new();
        for run in &other.runs[at..] {
            if !runs.get(at).is_some_and(|mine| mine.leads_to(run)) {
                at = seek(runs, at, |mine| mine.is_before(run));
            }
            match &mut runs[at..] {
                [mine, ..] if mine.covers(run) => {}
                [mine, rest @ ..]
                    if mine.leads_to(run) && rest.first().is_none_or(|next| run.is_before(next)) =>
                {
                    mine.last = run.last;
                    grew = true;
                }
                _ => {
                    news.push(*run);
                    continue;
                }
            }
            at += 1;
        }
        if news.len() > FEW {
            self.rebuild_with(&news);
            return true;
        }
        for run in news {
            grew |= self.insert_anywhere(run);
        }
        grew
    }

    /// Adds sorted runs. Between them, what is here is copied as it stands.
    fn rebuild_with(&mut self, news: &[Run]) {
        moved(self.runs.len() + news.len());
        let mut runs = Runs::with_capacity(self.runs.len() + news.len());
        let mut mine = &self.runs[..];
        for run in news {
            let (before, rest) = mine.split_at(gallop(mine, |mine| mine.is_before(run)));
            let (met, rest) = rest.split_at(gallop(rest, |mine| !run.is_before(mine)));
            runs.extend_from_slice(before);
            let (first, last) = ends(met).map_or((run.first, run.last), |(from, to)| {
                (run.first.min(from.first), run.last.max(to.last))
            });
            push_or_extend(&mut runs, Run { first, last, ..*run });
            mine = rest;
        }
        runs.extend_from_slice(mine);
        self.runs = runs;
    }

    /// Takes all events of `other` away.
    pub fn subtract(&mut self, other: &Version) {
        if !self.intersects(other) {
            return;
        }
        if other.runs.len() <= FEW {
            other.runs.iter().for_each(|cut| self.remove_run(cut));
        } else {
            *self = self.difference(other);
        }
    }

    /// The events of this set that are not in `other`: what a peer at version `other` lacks.
    pub fn difference(&self, other: &Version) -> Version {
        let (mut mine, mut cuts) = (&self.runs[..], &other.runs[..]);
        let mut left = Runs::new();
        while let ([run, ..], [cut, ..]) = (mine, cuts) {
            if cut.end() < run.start() {
                cuts = &cuts[gallop(cuts, |cut| cut.end() < run.start())..];
            } else if run.end() < cut.start() {
                let (whole, rest) = mine.split_at(gallop(mine, |run| run.end() < cut.start()));
                moved(whole.len());
                left.extend_from_slice(whole);
                mine = rest;
            } else if cut.covers(run) {
                mine = &mine[gallop(mine, |run| cut.covers(run))..];
            } else {
                let mut first = run.first;
                for cut in cuts.iter().take_while(|cut| cut.start() <= run.end()) {
                    if first < cut.first {
                        left.push(Run { first, last: cut.first - 1, ..*run });
                    }
                    first = cut.last + 1;
                }
                if first <= run.last {
                    left.push(Run { first, ..*run });
                }
                mine = &mine[1..];
            }
        }
        moved(mine.len());
        left.extend_from_slice(mine);
        Version { runs: left }
    }

    /// The events that are in both sets.
    pub(crate) fn intersection(&self, other: &Version) -> Version {
        let (few, many) = if self.runs.len() < other.runs.len() { (self, other) } else { (other, self) };
        few.difference(&few.difference(many))
    }

    /// Whether all of `replica`'s events from `first` to `last` are in the set.
    pub(crate) fn has_run(&self, replica: ReplicaId, first: u64, last: u64) -> bool {
        let run = Run { replica, first, last };
        match &self.runs[..] {
            [only] => only.covers(&run),
            runs => {
                let at = runs.partition_point(|mine| mine.end() < run.end());
                runs.get(at).is_some_and(|mine| mine.covers(&run))
            }
        }
    }

    /// How many events of `replica` there are before the first that is missing.
    pub(crate) fn prefix(&self, replica: ReplicaId) -> u64 {
        self.runs_of(replica).next().map_or(0, |(first, last)| if first == 1 { last } else { 0 })
    }

    /// Whether no event is missing before the last of its replica.
    pub(crate) fn is_prefix(&self) -> bool {
        self.runs.iter().all(|run| run.first == 1)
    }

    /// The replicas that have an event in the set, in order.
    pub fn replicas(&self) -> impl Iterator<Item = ReplicaId> + '_ {
        self.runs.chunk_by(|a, b| a.replica == b.replica).map(|runs| runs[0].replica)
    }

    /// The intervals, as (replica, first counter, last counter), in order.
    pub fn intervals(&self) -> impl ExactSizeIterator<Item = (ReplicaId, u64, u64)> + '_ {
        self.runs.iter().map(|run| (run.replica, run.first, run.last))
    }

    /// The events one by one, by replica and then by counter.
    ///
    /// A version of a few bytes may hold as many events as its writer claims: do not collect a stranger's.
    pub fn dots(&self) -> impl Iterator<Item = Dot> + '_ {
        self.intervals().flat_map(|(replica, first, last)| {
            (first..=last).map(move |counter| Dot::trusted(replica, counter))
        })
    }

    /// How many events there are. `O(replicas + gaps)`.
    pub fn dot_count(&self) -> u128 {
        self.intervals().map(|(_, first, last)| u128::from(last - first + 1)).sum()
    }

    /// How many intervals there are: as many as replicas, unless there are gaps.
    pub fn interval_count(&self) -> usize {
        self.runs.len()
    }

    /// One replica's part of the set, to ask many times.
    pub(crate) fn of(&self, replica: ReplicaId) -> Counters<'_> {
        let from = &self.runs[self.runs.partition_point(|run| run.replica < replica)..];
        Counters(&from[..gallop(from, |run| run.replica == replica)])
    }

    /// The intervals of one replica.
    pub(crate) fn runs_of(&self, replica: ReplicaId) -> impl ExactSizeIterator<Item = (u64, u64)> {
        self.of(replica).runs()
    }

    /// Adds the intervals of a replica that comes after all that are here. There must be some, in bounds, in order, with
    /// gaps between them; otherwise nothing happens, and the answer is false.
    pub(crate) fn push(&mut self, replica: ReplicaId, runs: impl IntoIterator<Item = (u64, u64)>) -> bool {
        debug_assert!(self.runs.last().is_none_or(|last| last.replica < replica));
        let before = self.runs.len();
        for (first, last) in runs {
            let run = Run { replica, first, last };
            let follows = self.runs[before..].last().is_none_or(|before| before.is_before(&run));
            if first == 0 || first > last || last > Dot::MAX_COUNTER || !follows {
                self.runs.truncate(before);
                return false;
            }
            self.runs.push(run);
        }
        self.runs.len() > before
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        match (self.covers(other), other.covers(self)) {
            (true, true) => Some(Ordering::Equal),
            (true, false) => Some(Ordering::Greater),
            (false, true) => Some(Ordering::Less),
            (false, false) => None,
        }
    }
}

impl Clone for Version {
    #[inline]
    fn clone(&self) -> Self {
        let runs = match self.runs[..] {
            [run] => SmallVec::from_buf([run]),
            _ => SmallVec::from_slice(&self.runs),
        };
        Version { runs }
    }
}

impl Lattice for Version {
    fn join(&mut self, other: Self) -> bool {
        if self.is_empty() {
            *self = other;
            return !self.is_empty();
        }
        self.union(&other)
    }
}

impl Crdt for Version {
    type Delta = Self;

    fn apply(&mut self, delta: Self) -> bool {
        self.join(delta)
    }
}

impl FromIterator<Dot> for Version {
    fn from_iter<I: IntoIterator<Item = Dot>>(dots: I) -> Self {
        let mut version = Version::new();
        version.extend(dots);
        version
    }
}

impl Extend<Dot> for Version {
    fn extend<I: IntoIterator<Item = Dot>>(&mut self, dots: I) {
        let mut runs = Runs::new();
        for dot in dots {
            let run = Run { replica: dot.replica(), first: dot.counter(), last: dot.counter() };
            push_or_extend(&mut runs, run);
        }
        if runs.is_empty() {
            return;
        }
        runs.sort_unstable_by_key(Run::start);
        runs.dedup_by(|next, before| {
            let is_one = before.leads_to(next);
            if is_one {
                before.last = before.last.max(next.last);
            }
            is_one
        });
        self.join(Version { runs });
    }
}

impl fmt::Debug for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let runs = |replica| -> Vec<_> { self.runs_of(replica).map(|(first, last)| first..=last).collect() };
        f.debug_map().entries(self.replicas().map(|replica| (replica, runs(replica)))).finish()
    }
}

#[cfg(test)]
mod tests;
