//! Sets of events.

mod runs;

use alloc::vec::Vec;
use core::cmp::Ordering;
use core::fmt;

use smallvec::SmallVec;

use self::runs::{Run, Runs};
use crate::{Crdt, Dot, Lattice, ReplicaId};

/// A set of events.
///
/// A version says exactly which events a state has taken in. It is kept as intervals of counters per replica,
/// and nearly always there is one interval, `1..=n`; but a version knows its gaps, so nothing is assumed about
/// the order in which events arrive.
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
/// One entry of 40 bytes per replica; runs beyond the first of a replica go to the heap. Set operations are one
/// pass, `O(replicas + gaps)`, and `O(m log(n / m))` for `m` replicas against `n`; asking for one dot is `O(log n)`.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Version {
    /// Sorted by replica; no runs are empty.
    entries: SmallVec<[(ReplicaId, Runs); 1]>,
}

impl Version {
    /// The empty set.
    pub fn new() -> Self {
        Version::default()
    }

    /// Whether no event is in the set.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Whether the event is in the set.
    pub fn contains(&self, dot: Dot) -> bool {
        self.find(dot.replica()).is_ok_and(|at| self.entries[at].1.contains(dot.counter()))
    }

    /// The greatest counter of `replica` in the set; 0 if there is none.
    #[inline]
    pub fn last(&self, replica: ReplicaId) -> u64 {
        self.find(replica).map_or(0, |at| self.entries[at].1.last())
    }

    /// Adds an event. Returns true if it was not there.
    pub fn insert(&mut self, dot: Dot) -> bool {
        self.insert_run(dot.replica(), dot.counter(), dot.counter())
    }

    /// Adds `replica`'s events from `first` to `last`, both included and in bounds.
    #[inline]
    pub(crate) fn insert_run(&mut self, replica: ReplicaId, first: u64, last: u64) -> bool {
        debug_assert!(1 <= first && first <= last && last <= Dot::MAX_COUNTER);
        match self.find(replica) {
            Ok(at) => self.entries[at].1.insert(Run { first, last }),
            Err(at) => {
                self.entries.insert(at, (replica, Runs::one(first, last)));
                true
            }
        }
    }

    /// Whether every event of `other` is in this set.
    pub fn covers(&self, other: &Version) -> bool {
        let mut mine = Search(&self.entries);
        other
            .entries
            .iter()
            .all(|(replica, theirs)| mine.find(*replica).is_some_and(|mine| mine.covers(theirs)))
    }

    /// Whether some event is in both sets.
    pub fn intersects(&self, other: &Version) -> bool {
        let mut mine = Search(&self.entries);
        other
            .entries
            .iter()
            .any(|(replica, theirs)| mine.find(*replica).is_some_and(|mine| mine.intersects(theirs)))
    }

    /// Adds all events of `other`. Returns true if any was not there.
    pub fn union(&mut self, other: &Version) -> bool {
        let (mut grew, mut strangers) = (false, 0);
        let mut mine = self.entries.iter_mut();
        for (replica, theirs) in &other.entries {
            let is_next = |mine: &[(ReplicaId, Runs)]| mine.first().is_some_and(|(id, _)| id == replica);
            if !is_next(mine.as_slice())
                && let before @ 1.. = gallop(mine.as_slice(), *replica)
            {
                mine.nth(before - 1);
            }
            if is_next(mine.as_slice()) {
                grew |= mine.next().is_some_and(|(_, runs)| runs.union(theirs));
            } else {
                strangers += 1;
            }
        }
        if strangers == 1 {
            // The usual case of a newcomer: one insertion, no rebuilding.
            let stranger = other.entries.iter().find_map(|entry| self.find(entry.0).err().zip(Some(entry)));
            if let Some((at, entry)) = stranger {
                self.entries.insert(at, entry.clone());
            }
        } else if strangers > 1 {
            let mine = core::mem::take(&mut self.entries);
            self.entries.reserve(mine.len() + strangers);
            let mut theirs = other.entries.iter().peekable();
            for entry in mine {
                while let Some(stranger) = theirs.next_if(|(id, _)| *id < entry.0) {
                    self.entries.push(stranger.clone());
                }
                theirs.next_if(|(id, _)| *id == entry.0);
                self.entries.push(entry);
            }
            self.entries.extend(theirs.cloned());
        }
        grew || strangers > 0
    }

    /// Takes all events of `other` away.
    pub fn subtract(&mut self, other: &Version) {
        let mut theirs = Search(&other.entries);
        self.entries.retain(|(replica, mine)| {
            if let Some(theirs) = theirs.find(*replica) {
                mine.subtract(theirs);
            }
            !mine.is_empty()
        });
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
        self.runs_of(replica).any(|(from, to)| from <= first && last <= to)
    }

    /// How many events of `replica` there are before the first that is missing.
    pub(crate) fn prefix(&self, replica: ReplicaId) -> u64 {
        self.runs_of(replica).next().map_or(0, |(first, last)| if first == 1 { last } else { 0 })
    }

    /// Whether no event is missing before the last of its replica.
    pub(crate) fn is_prefix(&self) -> bool {
        self.replicas().all(|replica| self.prefix(replica) == self.last(replica))
    }

    /// The replicas that have an event in the set, in order.
    pub fn replicas(&self) -> impl ExactSizeIterator<Item = ReplicaId> + '_ {
        self.entries.iter().map(|(replica, _)| *replica)
    }

    /// The intervals, as (replica, first counter, last counter), in order.
    pub fn intervals(&self) -> impl Iterator<Item = (ReplicaId, u64, u64)> + '_ {
        self.entries
            .iter()
            .flat_map(|(replica, runs)| runs.as_slice().iter().map(|run| (*replica, run.first, run.last)))
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
        self.entries.iter().map(|(_, runs)| runs.as_slice().len()).sum()
    }

    /// One replica's part of the set, to ask many times.
    pub(crate) fn of(&self, replica: ReplicaId) -> Counters<'_> {
        Counters(self.find(replica).map_or(&[], |at| self.entries[at].1.as_slice()))
    }

    /// The intervals of one replica.
    pub(crate) fn runs_of(&self, replica: ReplicaId) -> impl ExactSizeIterator<Item = (u64, u64)> {
        self.of(replica).0.iter().map(|run| (run.first, run.last))
    }

    /// Adds the intervals of a replica that comes after all that are here. Nothing happens if they are none.
    pub(crate) fn push(&mut self, replica: ReplicaId, runs: Vec<(u64, u64)>) {
        debug_assert!(self.entries.last().is_none_or(|(last, _)| *last < replica));
        self.entries.extend(Runs::checked(runs).map(|runs| (replica, runs)));
    }

    #[inline]
    fn find(&self, replica: ReplicaId) -> Result<usize, usize> {
        match &self.entries[..] {
            // As in most deltas, and in states that one replica writes.
            [(only, _)] if *only == replica => Ok(0),
            entries => entries.binary_search_by_key(&replica, |(id, _)| *id),
        }
    }
}

/// One replica's counters in a [`Version`].
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counters<'a>(&'a [Run]);

impl Counters<'_> {
    pub(crate) fn contains(self, counter: u64) -> bool {
        runs::contains(self.0, counter)
    }
}

/// The entries that are left when replicas are looked for in ascending order.
struct Search<'a>(&'a [(ReplicaId, Runs)]);

impl<'a> Search<'a> {
    #[inline]
    fn find(&mut self, replica: ReplicaId) -> Option<&'a Runs> {
        // Versions that meet have mostly the same replicas.
        if let [(id, runs), rest @ ..] = self.0
            && *id == replica
        {
            self.0 = rest;
            return Some(runs);
        }
        self.seek(replica)
    }

    #[inline(never)]
    fn seek(&mut self, replica: ReplicaId) -> Option<&'a Runs> {
        self.0 = &self.0[gallop(self.0, replica)..];
        self.0.first().filter(|(id, _)| *id == replica).map(|(_, runs)| runs)
    }
}

/// How many entries come before `replica`: quick when it is few.
fn gallop(entries: &[(ReplicaId, Runs)], replica: ReplicaId) -> usize {
    let mut step = 1;
    while entries.get(step - 1).is_some_and(|(id, _)| *id < replica) {
        step *= 2;
    }
    // Everything before `step / 2` is less; entry `step - 1`, if there is one, is not.
    let (from, to) = (step / 2, entries.len().min(step - 1));
    from + entries[from..to].partition_point(|(id, _)| *id < replica)
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
        f.debug_map()
            .entries(self.entries.iter().map(|(replica, runs)| {
                let runs: Vec<_> = runs.as_slice().iter().map(|run| run.first..=run.last).collect();
                (replica, runs)
            }))
            .finish()
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for Version {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.entries.iter().map(|(replica, runs)| {
            let runs: SmallVec<[(u64, u64); 1]> =
                runs.as_slice().iter().map(|run| (run.first, run.last)).collect();
            (*replica, runs)
        }))
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for Version {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        crate::sorted::pairs::deserialize_each(deserializer, |runs: Vec<(u64, u64)>| {
            Runs::checked(runs).ok_or("a version's intervals are empty, unsorted, touching or out of bounds")
        })
        .map(|entries| Version { entries: entries.into() })
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
        for (_, runs) in &version.entries {
            assert!(!runs.is_empty());
            assert!(runs.as_slice().windows(2).all(|pair| pair[0].last + 1 < pair[1].first));
        }
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
