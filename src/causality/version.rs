//! Sets of events.

use alloc::vec::Vec;
use core::cmp::Ordering;
use core::fmt;

use smallvec::SmallVec;

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
/// 32 bytes for each interval: one for each replica, and one for each gap. Set operations are one pass,
/// `O(replicas + gaps)`, and `O(m log(n / m))` for `m` intervals against `n`; asking for one dot is `O(log n)`.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Version {
    /// Sorted; they neither overlap nor touch, so a set has one form only.
    runs: SmallVec<[Run; 1]>,
}

/// The events of a replica from `first` to `last`, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Run {
    replica: ReplicaId,
    first: u64,
    last: u64,
}

impl Run {
    fn start(&self) -> (ReplicaId, u64) {
        (self.replica, self.first)
    }

    fn end(&self) -> (ReplicaId, u64) {
        (self.replica, self.last)
    }

    /// Whether it ends before `other` begins, with a gap between.
    fn is_before(&self, other: &Run) -> bool {
        (self.replica, self.last + 1) < other.start()
    }

    #[inline]
    fn covers(&self, other: &Run) -> bool {
        self.replica == other.replica && self.first <= other.first && other.last <= self.last
    }

    /// Whether `other` begins in it, or right after it.
    #[inline]
    fn leads_to(&self, other: &Run) -> bool {
        self.replica == other.replica && self.first <= other.first && other.first <= self.last + 1
    }
}

impl Version {
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
            [only] if only.leads_to(&run) => {
                let grew = run.last > only.last;
                only.last = only.last.max(run.last);
                grew
            }
            _ => self.insert_anywhere(run),
        }
    }

    fn insert_anywhere(&mut self, run: Run) -> bool {
        // The runs that touch or overlap the new one are those from `start` up to `end`.
        let start = self.runs.partition_point(|r| r.is_before(&run));
        let end = start + gallop(&self.runs[start..], |r| !run.is_before(r));
        if start == end {
            self.runs.insert(start, run);
            return true;
        }
        let (from, to) = (self.runs[start], self.runs[end - 1]);
        self.runs[start] = Run { first: run.first.min(from.first), last: run.last.max(to.last), ..run };
        if end > start + 1 {
            self.runs.drain(start + 1..end);
        }
        self.runs[start] != from
    }

    /// Whether every event of `other` is in this set.
    pub fn covers(&self, other: &Version) -> bool {
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
    pub fn intersects(&self, other: &Version) -> bool {
        let (few, many) = if self.runs.len() < other.runs.len() { (self, other) } else { (other, self) };
        let mut at = 0;
        few.runs.iter().any(|run| {
            at = seek(&many.runs, at, |theirs| theirs.end() < run.start());
            many.runs.get(at).is_some_and(|theirs| theirs.start() <= run.end())
        })
    }

    /// Adds all events of `other`. Returns true if any was not there.
    pub fn union(&mut self, other: &Version) -> bool {
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
        let mut news = SmallVec::<[Run; 1]>::new();
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
        match news[..] {
            [] => grew,
            [run] => self.insert_anywhere(run),
            _ => {
                self.rebuild_with(&news);
                true
            }
        }
    }

    /// Adds sorted runs, in one pass.
    fn rebuild_with(&mut self, news: &[Run]) {
        let mine = core::mem::take(&mut self.runs);
        self.runs.reserve(mine.len() + news.len());
        let (mut mine, mut news) = (mine.iter().peekable(), news.iter().peekable());
        while let Some(run) = match (mine.peek(), news.peek()) {
            (Some(a), Some(b)) if a.start() <= b.start() => mine.next(),
            (_, Some(_)) => news.next(),
            _ => mine.next(),
        } {
            match self.runs.last_mut() {
                Some(before) if before.leads_to(run) => before.last = before.last.max(run.last),
                _ => self.runs.push(*run),
            }
        }
    }

    /// Takes all events of `other` away.
    pub fn subtract(&mut self, other: &Version) {
        if !self.intersects(other) {
            return;
        }
        let mut at = 0;
        let mut left = SmallVec::with_capacity(self.runs.len());
        for run in &self.runs {
            at = seek(&other.runs, at, |cut| cut.end() < run.start());
            let mut first = run.first;
            for cut in other.runs[at..].iter().take_while(|cut| cut.start() <= run.end()) {
                if first < cut.first {
                    left.push(Run { first, last: cut.first - 1, ..*run });
                }
                first = cut.last + 1;
            }
            if first <= run.last {
                left.push(Run { first, ..*run });
            }
        }
        self.runs = left;
    }

    /// The events of this set that are not in `other`: what a peer at version `other` lacks.
    pub fn difference(&self, other: &Version) -> Version {
        let mut result = self.clone();
        result.subtract(other);
        result
    }

    /// The events that are in both sets.
    pub(crate) fn intersection(&self, other: &Version) -> Version {
        self.difference(&self.difference(other))
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

/// From `at` on, the first run that is not passed over. Of the runs before `at` only the last may be in question.
#[inline]
fn seek(runs: &[Run], at: usize, is_passed: impl Fn(&Run) -> bool) -> usize {
    let at = at.saturating_sub(1);
    at + gallop(&runs[at..], is_passed)
}

/// How many runs are passed over, which come before all others: quick when it is few.
#[inline]
fn gallop(runs: &[Run], is_passed: impl Fn(&Run) -> bool) -> usize {
    let mut step = 1;
    while runs.get(step - 1).is_some_and(&is_passed) {
        step *= 2;
    }
    // Everything before `step / 2` is passed over; number `step - 1`, if there is one, is not.
    let (from, to) = (step / 2, runs.len().min(step - 1));
    from + runs[from..to].partition_point(is_passed)
}

/// One replica's counters in a [`Version`].
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counters<'a>(&'a [Run]);

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
        for dot in dots {
            self.insert(dot);
        }
    }
}

impl fmt::Debug for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let runs = |replica| -> Vec<_> { self.runs_of(replica).map(|(first, last)| first..=last).collect() };
        f.debug_map().entries(self.replicas().map(|replica| (replica, runs(replica)))).finish()
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for Version {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let runs = |replica| -> Vec<_> { self.runs_of(replica).collect() };
        let by_replica: Vec<_> = self.replicas().map(|replica| (replica, runs(replica))).collect();
        serializer.collect_seq(by_replica)
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for Version {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let entries: Vec<(_, Vec<_>)> = crate::sorted::pairs::deserialize_each(deserializer, Ok)?;
        let mut version = Version::new();
        if entries.into_iter().all(|(replica, runs)| version.push(replica, runs)) {
            Ok(version)
        } else {
            let wrong = "a version's intervals are empty, unsorted, touching or out of bounds";
            Err(serde::de::Error::custom(wrong))
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn dot((replica, counter): (u8, u64)) -> Dot {
        Dot::new(ReplicaId::from_u128(replica.into()), counter).unwrap()
    }

    fn dots() -> impl Strategy<Value = BTreeSet<Dot>> {
        prop::collection::btree_set((0..12u8, 1..30u64).prop_map(dot), 0..90)
    }

    fn set(version: &Version) -> BTreeSet<Dot> {
        version.dots().collect()
    }

    fn version(dots: &BTreeSet<Dot>) -> Version {
        let version: Version = dots.iter().copied().collect();
        assert!(version.runs.windows(2).all(|pair| pair[0].is_before(&pair[1])));
        assert!(version.runs.iter().all(|run| 0 < run.first && run.first <= run.last));
        version
    }

    proptest! {
        /// The oracle is std's set of dots, element by element.
        #[test]
        fn behaves_as_a_set_of_dots(a in dots(), b in dots(), probe in (0..12u8, 1..30u64)) {
            let (va, vb) = (version(&a), version(&b));
            prop_assert_eq!(set(&va), a.clone());
            prop_assert_eq!(va.dot_count(), a.len() as u128);
            prop_assert_eq!(va.contains(dot(probe)), a.contains(&dot(probe)));
            prop_assert_eq!(va.of(dot(probe).replica()).contains(probe.1), a.contains(&dot(probe)));
            prop_assert_eq!(va.covers(&vb), a.is_superset(&b));
            prop_assert_eq!(va.intersects(&vb), !a.is_disjoint(&b));
            prop_assert_eq!(va.partial_cmp(&vb).is_some(), a.is_superset(&b) || b.is_superset(&a));

            let union: BTreeSet<Dot> = &a | &b;
            let mut joined = va.clone();
            prop_assert_eq!(joined.union(&vb), union.len() > a.len());
            prop_assert_eq!(&joined, &version(&union));

            let difference: BTreeSet<Dot> = &a - &b;
            prop_assert_eq!(va.difference(&vb), version(&difference));
        }

        #[test]
        fn finds_the_last_counter(a in dots(), replica in 0..12u8) {
            let replica = ReplicaId::from_u128(replica.into());
            let last = a.iter().filter(|d| d.replica() == replica).map(|d| d.counter()).max();
            prop_assert_eq!(version(&a).last(replica), last.unwrap_or(0));
        }
    }

    #[test]
    fn the_last_counters_do_not_overflow() {
        let last = dot((1, Dot::MAX_COUNTER));
        let mut version: Version = [last].into_iter().collect();
        assert!(!version.insert(last));
        assert!(version.insert(dot((1, Dot::MAX_COUNTER - 1))));
        assert_eq!(version.interval_count(), 1);
        version.subtract(&[last].into_iter().collect());
        assert_eq!(version.last(last.replica()), Dot::MAX_COUNTER - 1);
    }
}
