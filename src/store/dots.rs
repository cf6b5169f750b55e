use alloc::borrow::Cow;
use alloc::vec::Vec;
use core::cmp::Ordering;
use core::fmt;
use core::ops::Range;

use smallvec::SmallVec;

use super::change::{DotsChange, Event};
use super::facts::{Facts, Many};
use super::settling::Sweeping;
use super::{Edit, Editable, Meeting, Naming, Pen, Receipt, Selection, Settling, Store};
use crate::causality::{Names, Tag};
use crate::work::compared;
use crate::{Dot, ReplicaId, Version};

/// A leaf: live facts, each under the dot of the event that wrote it.
///
/// ```text
/// Dots<()>     a flag, or the presence of a set's member: live iff there is any fact
/// Dots<V>      a register: one fact, or several that were written concurrently
/// Dots<i64>    a counter: the sum of the facts
/// ```
///
/// Facts are ordered by full dot, so every replica lists them in the same order.
#[derive(Clone)]
pub struct Dots<V> {
    pub(crate) facts: Facts<V>,
}

impl<V> Dots<V> {
    /// How many facts are live.
    pub fn len(&self) -> usize {
        self.facts.len()
    }

    /// Whether no fact is live.
    pub fn is_empty(&self) -> bool {
        self.facts.is_empty()
    }

    /// The live facts, in the order of their dots.
    pub fn values(&self) -> impl DoubleEndedIterator<Item = &V> + ExactSizeIterator {
        self.facts.iter().map(|(_, value)| value)
    }

    /// Puts settled facts of one replica together into one, under the last of their dots, as far as `combine` can make one
    /// value of two. Facts of different replicas stay apart.
    ///
    /// From the first on, in the order of their dots: what could not be put together stays apart, and is not tried again. So
    /// the result does not depend on how often it was done on the way. `combine` must be associative, as far as it
    /// succeeds.
    pub fn fold(&mut self, settling: &Settling, combine: impl Fn(&V, &V) -> Option<V>) {
        if self.facts.len() < 2 || !self.facts.iter().any(|(tag, _)| settling.is_news(*tag)) {
            return;
        }
        self.facts.change(|facts| {
            let mut folded = Many::new();
            for (tag, value) in facts.drain(..) {
                // Facts are sorted by replica and counter, so what comes before a settled fact of its replica is settled.
                if settling.is_news(tag)
                    && let Some((last, sum)) = folded.last_mut()
                    && last.slot() == tag.slot()
                    && let Some(both) = combine(sum, &value)
                {
                    (*last, *sum) = (tag, both);
                } else {
                    folded.push((tag, value));
                }
            }
            *facts = folded;
        });
    }

    /// Drops all facts, if all of them are settled and `is_over`; a part of them is never dropped.
    pub fn drop_settled(&mut self, settling: &Settling, is_over: impl FnOnce(&Self) -> bool) {
        if self.facts.iter().all(|(tag, _)| settling.covers(*tag)) && is_over(self) {
            self.facts.clear();
        }
    }

    /// The live facts with their dots, in order. Names are those of the root that this leaf is in.
    pub(crate) fn with_dots<'a>(&'a self, names: &'a Names) -> impl ExactSizeIterator<Item = (Dot, &'a V)> {
        self.facts.iter().map(|(tag, value)| (names.dot(*tag), value))
    }

    fn find(&self, names: &Names, tag: Tag) -> Result<usize, usize> {
        self.facts.binary_search_by(|(fact, _)| by_dot(names, *fact, tag))
    }

    fn insert(&mut self, names: &Names, tag: Tag, value: V) {
        if let Err(place) = self.find(names, tag) {
            self.facts.change(|facts| facts.insert(place, (tag, value)));
        }
    }

    /// Takes in what fresh events add, unless it is dead already. The events are sorted, as the facts are.
    fn take_in(&mut self, events: &mut [Event<V>], receipt: &Receipt<'_>) {
        let names = receipt.names;
        let mut news = events.iter_mut().filter_map(|event| {
            let value = event.add.take().filter(|_| !receipt.ahead.contains(event.dot))?;
            Some((names.tag(event.dot)?, value))
        });
        let (Some((tag, value)), second) = (news.next(), news.next()) else { return };
        let Some(second) = second else { return self.insert(names, tag, value) };
        let all = [(tag, value), second].into_iter().chain(news);
        let placed = all.filter_map(|fact| Some((self.find(names, fact.0).err()?, fact))).collect();
        self.facts.insert_all(placed);
    }

    fn kill(&mut self, victim: Dot, receipt: &mut Receipt<'_>) {
        let live = receipt.names.tag(victim).and_then(|tag| self.find(receipt.names, tag).ok());
        if let Some(place) = live {
            self.facts.change(|facts| facts.remove(place));
        } else if !receipt.seen.contains(victim) {
            receipt.killed.push(victim);
        }
    }

    /// As `kill` of each victim, in one pass. They are sorted.
    fn kill_all(&mut self, victims: &[Dot], receipt: &mut Receipt<'_>) {
        receipt.killed.extend(victims.iter().filter(|victim| !receipt.seen.contains(**victim)));
        let tags = victims.iter().filter_map(|victim| receipt.names.tag(*victim));
        let places: Vec<usize> = tags.filter_map(|tag| self.find(receipt.names, tag).ok()).collect();
        self.facts.remove_all(&places);
    }

    /// Kills what is settled, as of any of the horizons. All of it was seen, so none of it can be ahead.
    fn sweep(&mut self, mut horizons: Vec<&Version>, names: &Names) {
        // The events of one writer have few horizons, and nearly always one.
        horizons.sort_unstable_by_key(|horizon| core::ptr::from_ref(*horizon));
        horizons.dedup_by_key(|horizon| core::ptr::from_ref(*horizon));
        let intervals = horizons.iter().map(|horizon| horizon.interval_count()).sum::<usize>();
        // The shorter one of horizon and facts is walked through, and the other one searched.
        let places: Vec<usize> = if intervals < horizons.len().saturating_mul(self.facts.len()) {
            let all = match horizons[..] {
                [only] => Cow::Borrowed(only),
                _ => Cow::Owned(union(&horizons)),
            };
            all.intervals().flat_map(|interval| self.places(names, interval)).collect()
        } else {
            let is_swept = |tag| horizons.iter().any(|horizon| horizon.contains(names.dot(tag)));
            (0..self.facts.len()).filter(|at| is_swept(self.facts[*at].0)).collect()
        };
        self.facts.remove_all(&places);
    }

    /// Where the facts of some events in a row are.
    fn places(&self, names: &Names, (replica, first, last): (ReplicaId, u64, u64)) -> Range<usize> {
        let Some(slot) = names.slot(replica) else { return 0..0 };
        let place = |tag, is_before: fn(Ordering) -> bool| {
            self.facts.partition_point(|(fact, _)| is_before(by_dot(names, *fact, tag)))
        };
        place(Tag::new(slot, first), Ordering::is_lt)..place(Tag::new(slot, last), Ordering::is_le)
    }

    fn kills(&self, names: &Names) -> SmallVec<[Dot; 1]> {
        if self.facts.is_empty() {
            return SmallVec::new();
        }
        self.facts.iter().map(|(tag, _)| names.dot(*tag)).collect()
    }

    /// Merges with their facts, which `own` makes mine. Both sides are sorted by full dot.
    fn merge_facts<T>(
        &mut self,
        theirs: impl ExactSizeIterator<Item = (Tag, T)>,
        own: impl Fn(T) -> V,
        meeting: &Meeting<'_>,
    ) {
        let mut theirs = theirs.map(|(tag, value)| (meeting.translate(tag), value)).peekable();
        let mut mine = self.facts.take().into_iter().peekable();
        let mut facts = Many::new();
        loop {
            let order = match (mine.peek(), theirs.peek()) {
                (Some((a, _)), Some((b, _))) => by_dot(meeting.names, *a, *b),
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (None, None) => break,
            };
            // One dot is one value, unless one side has folded others into it.
            if order.is_eq()
                && let Some((tag, value)) = theirs.next_if(|(tag, _)| meeting.prefers_theirs(*tag))
            {
                mine.next();
                facts.push((tag, own(value)));
                continue;
            }
            if order.is_le()
                && let Some((tag, value)) = mine.next()
                && (order.is_eq() || !meeting.known_there(tag))
            {
                facts.push((tag, value));
            }
            if order.is_ge()
                && let Some((tag, value)) = theirs.next()
                && order.is_gt()
                && !meeting.known_here(tag)
            {
                facts.push((tag, own(value)));
            }
        }
        self.facts = facts.into();
    }
}

fn union(versions: &[&Version]) -> Version {
    let mut all = Version::new();
    versions.iter().for_each(|version| {
        all.union(version);
    });
    all
}

fn by_dot(names: &Names, a: Tag, b: Tag) -> Ordering {
    compared();
    if a.slot() == b.slot() {
        a.counter().cmp(&b.counter())
    } else {
        names.id(a.slot()).cmp(&names.id(b.slot()))
    }
}

/// As a reader sees them: values, without dots.
impl<V: PartialEq> PartialEq for Dots<V> {
    fn eq(&self, other: &Self) -> bool {
        self.values().eq(other.values())
    }
}

impl<V: Eq> Eq for Dots<V> {}

impl<V> Default for Dots<V> {
    fn default() -> Self {
        Dots { facts: Facts::default() }
    }
}

impl<V: fmt::Debug> fmt::Debug for Dots<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.values()).finish()
    }
}

impl<V: Clone + Eq> Editable for Dots<V> {
    type Change = DotsChange<V>;
    type Edit<'a>
        = Edit<'a, Self>
    where
        V: 'a;

    fn edit<'a>(&'a mut self, change: &'a mut Self::Change, pen: &'a Pen<'a>) -> Edit<'a, Self> {
        Edit::new(self, change, pen)
    }
}

impl<V: Clone + Eq> Edit<'_, Dots<V>> {
    /// Adds a fact in place of all that are live here.
    pub fn write(&mut self, value: V) {
        let tag = self.pen.mint();
        let kills = self.state.kills(self.pen.names());
        self.change.insert(Event { dot: self.pen.dot(tag), add: Some(value.clone()), kills });
        let killed = core::mem::replace(&mut self.state.facts, Facts::one(tag, value));
        self.change.keep(killed, self.pen);
    }

    /// As [`write`](Self::write), in types that [drop](Dots::drop_settled) facts which are settled: the fact also takes the
    /// place of what was dropped here and still stands elsewhere.
    pub fn overwrite(&mut self, value: V) {
        let is_bare = self.state.is_empty();
        self.write(value);
        // Facts that are still here were written over what was dropped before.
        if is_bare && let [(tag, _)] = self.state.facts[..] {
            self.pen.sweep(tag);
        }
    }

    /// Adds a fact beside those that are live here.
    pub fn add(&mut self, value: V) {
        let tag = self.pen.mint();
        let event = Event { dot: self.pen.dot(tag), add: Some(value.clone()), kills: SmallVec::new() };
        self.change.insert(event);
        self.state.insert(self.pen.names(), tag, value);
    }

    /// Adds a fact beside those that are live here, or puts it together with one that this very transaction has
    /// added; `combine` makes one value of two, if it can.
    pub fn add_or_combine(&mut self, value: V, combine: impl Fn(&V, &V) -> Option<V>) {
        let names = self.pen.names();
        let mine = self.change.events.iter().rposition(|event| event.add.is_some());
        if let Some(event) = mine
            && let Some(tag) = names.tag(self.change.events[event].dot)
            && let Ok(place) = self.state.find(names, tag)
            && let fact = &mut self.state.facts[place].1
            && let Some(combined) = combine(fact, &value)
        {
            self.change.events[event].add = Some(combined.clone());
            *fact = combined;
        } else {
            self.add(value);
        }
    }

    /// Removes all facts that are live here. If there are none, nothing happens.
    pub fn clear(&mut self) {
        self.state.clear(self.change, self.pen);
    }
}

impl<V: Clone + Eq> Dots<V> {
    /// Removes all facts, in types that [fold](Self::fold) those which are settled: also those that were folded here and are
    /// still several elsewhere.
    pub fn clear_folded(&mut self, change: &mut DotsChange<V>, pen: &Pen<'_>) {
        let is_folded = self.facts.iter().any(|(tag, _)| pen.has_settled(*tag));
        if let Some(tag) = self.kill_here(change, pen)
            && is_folded
        {
            pen.sweep(tag);
        }
    }

    /// An event that kills all facts, unless there are none.
    fn kill_here(&mut self, change: &mut DotsChange<V>, pen: &Pen<'_>) -> Option<Tag> {
        if self.facts.is_empty() {
            return None;
        }
        let kills = self.kills(pen.names());
        let tag = pen.mint();
        change.insert(Event { dot: pen.dot(tag), add: None, kills });
        change.keep(core::mem::take(&mut self.facts), pen);
        Some(tag)
    }
}

impl<V: Clone + Eq> Store for Dots<V> {
    fn is_empty(&self) -> bool {
        self.facts.is_empty()
    }

    fn is_present(&self) -> bool {
        !self.facts.is_empty()
    }

    fn clear(&mut self, change: &mut Self::Change, pen: &Pen<'_>) {
        self.kill_here(change, pen);
    }

    fn apply(&mut self, mut change: Self::Change, receipt: &mut Receipt<'_>) {
        change.events.retain(|event| receipt.is_news(event.dot));
        // Facts first and kills after them: within one group, an event may kill what a greater dot has added.
        self.take_in(&mut change.events, receipt);
        match &change.events[..] {
            [event] if event.kills.len() <= 1 => {
                event.kills.iter().for_each(|victim| self.kill(*victim, receipt));
            }
            events => {
                let mut victims: Vec<Dot> =
                    events.iter().flat_map(|event| event.kills.iter().copied()).collect();
                victims.sort_unstable();
                victims.dedup();
                self.kill_all(&victims, receipt);
            }
        }
        if !receipt.sweeping.is_empty() && !self.is_empty() {
            let events = change.events.iter();
            let sweeping = events.filter_map(|event| Sweeping::find(&receipt.sweeping, event.dot));
            let horizons: Vec<_> = sweeping.map(|sweeping| sweeping.horizon).collect();
            if !horizons.is_empty() {
                self.sweep(horizons, receipt.names);
            }
        }
    }

    fn merge(&mut self, other: Cow<'_, Self>, meeting: &Meeting<'_>) {
        if let ([(mine, _)], [(theirs, _)]) = (&self.facts[..], &other.facts[..])
            && *mine == meeting.translate(*theirs)
            && !meeting.prefers_theirs(*mine)
        {
            return;
        }
        match other {
            Cow::Borrowed(other) => {
                self.merge_facts(other.facts.iter().map(|(tag, v)| (*tag, v)), V::clone, meeting);
            }
            Cow::Owned(mut other) => self.merge_facts(other.facts.take().into_iter(), |value| value, meeting),
        }
    }

    fn same(&self, other: &Self, naming: &Naming) -> bool {
        self.facts.len() == other.facts.len()
            && self
                .facts
                .iter()
                .zip(&*other.facts)
                .all(|((mine, a), (theirs, b))| Some(*mine) == naming.translate(*theirs) && a == b)
    }

    fn export(&self, names: &Names, wanted: &Selection<'_>) -> Self::Change {
        let event = |(tag, value): &(Tag, V)| {
            let (dot, add) = (names.dot(*tag), Some(value.clone()));
            Event { dot, add, kills: SmallVec::new() }
        };
        DotsChange::new(self.facts.iter().filter(|(tag, _)| wanted.has(*tag)).map(event).collect())
    }

    fn prune(&mut self, gone: &Selection<'_>) {
        if self.facts.iter().any(|(tag, _)| gone.has(*tag)) {
            self.facts.change(|facts| facts.retain(|(tag, _)| !gone.has(*tag)));
        }
    }

    fn settle(&mut self, _: &Settling) {}

    fn undo(&mut self, change: &mut Self::Change, pen: &Pen<'_>) {
        let undone = (core::mem::take(&mut change.events), self.facts.take());
        let (written, mut found): (Many<V>, Many<V>) =
            undone.1.into_iter().partition(|(tag, _)| pen.has_minted(*tag));
        found.extend(change.take_lost());
        found.sort_by(|(a, _), (b, _)| by_dot(pen.names(), *a, *b));
        self.facts = found.into();
        // Dropping a value may panic, so this comes last.
        drop((undone.0, written));
    }

    fn tidy(&mut self, _: &mut Self::Change, _: &Pen<'_>) {}
}
