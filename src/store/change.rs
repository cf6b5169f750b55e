//! What travels: events, arranged as the store is that they change.
//!
//! ```text
//! store    Keyed<K, Dots<V>>              change   KeyedChange<K, DotsChange<V>>
//!          "milk" -> { A:7 }                       "milk" -> [ B:3 adds (), kills A:7 ]
//! ```
//!
//! Changes carry full dots, so they mean the same to every receiver. Each event owns its kills; a group of
//! events is the union of them, and can be split anywhere between events.

use alloc::vec::Vec;
use core::fmt;

use smallvec::SmallVec;

use super::Pen;
use super::facts::{Facts, Many};
use super::small_map::SmallMap;
use crate::Dot;

/// The part of a delta that belongs to one store.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be kept in a causal state",
    note = "a field of a record, or a value of a map, is not a store"
)]
pub trait Change: Default + Clone {
    /// Adds all events of `other`.
    fn union(&mut self, other: Self);

    /// Whether no event is in it.
    fn is_empty(&self) -> bool;

    /// Whether it is sure that the running transaction has left no empty places, neither in this nor in the store that
    /// this is a change of: because a fact was added last, everywhere.
    fn is_solid(&self) -> bool;

    /// Adds all events of `other` within a transaction, without comparing keys.
    fn append(&mut self, other: Self);

    /// Drops the killed facts that are kept in case the transaction fails.
    fn forget(&mut self);

    /// True if changes of this type never contain a record's.
    const IS_FLAT: bool;

    /// Returns the number of records around the deepest event.
    fn depth(&self) -> u32;

    /// The events whose dot `wanted` accepts, and nothing else.
    fn select(&self, wanted: &dyn Fn(Dot) -> bool) -> Self;

    /// Calls `visit` for every event with its dot, whether it adds a fact, and what it kills.
    fn visit(&self, visit: &mut dyn FnMut(Dot, bool, &[Dot]));
}

/// One mutation of one leaf: it adds a fact or not, and kills facts it has observed there or not.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct Event<V> {
    pub(crate) dot: Dot,
    #[cfg_attr(
        feature = "serde",
        serde(
            with = "crate::sorted::none_or_one",
            bound(serialize = "V: serde::Serialize", deserialize = "V: serde::Deserialize<'de>")
        )
    )]
    pub(crate) add: Option<V>,
    #[cfg_attr(feature = "serde", serde(deserialize_with = "crate::sorted::set::deserialize"))]
    pub(crate) kills: SmallVec<[Dot; 1]>,
}

impl<V> Event<V> {
    /// Which event it is.
    pub fn dot(&self) -> Dot {
        self.dot
    }

    /// The fact that it adds.
    pub fn add(&self) -> Option<&V> {
        self.add.as_ref()
    }

    /// The facts that it kills, sorted.
    pub fn kills(&self) -> &[Dot] {
        &self.kills
    }
}

/// The changes of a [`Dots`](crate::Dots): events, sorted by dot.
#[derive(Clone)]
pub struct DotsChange<V> {
    pub(crate) events: SmallVec<[Event<V>; 1]>,
    /// The facts that the running transaction has killed here, except for its own: they come back if it fails. Empty outside
    /// of transactions.
    lost: Facts<V>,
}

impl<V> DotsChange<V> {
    pub(crate) fn new(events: SmallVec<[Event<V>; 1]>) -> Self {
        DotsChange { events, lost: Facts::default() }
    }

    /// The events, sorted by dot.
    pub fn events(&self) -> &[Event<V>] {
        &self.events
    }

    /// Adds an event, unless it is there already.
    pub(super) fn insert(&mut self, event: Event<V>) {
        // Nearly always, since the dots of a transaction ascend.
        if self.events.last().is_none_or(|last| last.dot < event.dot) {
            self.events.push(event);
            return;
        }
        let place = self.events.partition_point(|e| e.dot < event.dot);
        if self.events.get(place).is_none_or(|e| e.dot != event.dot) {
            self.events.insert(place, event);
        }
    }

    /// Keeps facts that the transaction has killed, except for those that it wrote itself.
    #[inline]
    pub(super) fn keep(&mut self, mut killed: Facts<V>, pen: &Pen<'_>) {
        if killed.iter().any(|(tag, _)| pen.has_minted(*tag)) {
            killed.change(|facts| facts.retain(|(tag, _)| !pen.has_minted(*tag)));
        }
        if killed.is_empty() {
            return;
        }
        pen.note_kill();
        let more = core::mem::replace(&mut self.lost, killed);
        // Facts of others are killed once, all together; so there are no more as a rule.
        if !more.is_empty() {
            self.lost.change(|lost| lost.extend(more.into_many()));
        }
    }

    /// Takes out the facts that were kept.
    pub(super) fn take_lost(&mut self) -> Many<V> {
        self.lost.take()
    }
}

impl<V> Default for DotsChange<V> {
    fn default() -> Self {
        DotsChange::new(SmallVec::new())
    }
}

impl<V: PartialEq> PartialEq for DotsChange<V> {
    fn eq(&self, other: &Self) -> bool {
        self.events == other.events
    }
}

impl<V: Eq> Eq for DotsChange<V> {}

#[allow(clippy::missing_fields_in_debug, reason = "nothing is lost outside of transactions")]
impl<V: fmt::Debug> fmt::Debug for DotsChange<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DotsChange").field("events", &self.events).finish()
    }
}

impl<V: Clone> Change for DotsChange<V> {
    fn union(&mut self, other: Self) {
        if self.events.is_empty() {
            *self = other;
        } else if self.events.last().map(Event::dot) < other.events.first().map(Event::dot) {
            // As in logs, where events come in their order.
            self.events.extend(other.events);
        } else if other.events.len() <= 2 {
            other.events.into_iter().for_each(|event| self.insert(event));
        } else {
            let mut all: Vec<_> = core::mem::take(&mut self.events).into_iter().chain(other.events).collect();
            all.sort_by_key(|event| event.dot);
            all.dedup_by_key(|event| event.dot);
            self.events = all.into();
        }
    }

    fn append(&mut self, mut other: Self) {
        let lost = other.take_lost();
        if !lost.is_empty() {
            self.lost.change(|mine| mine.extend(lost));
        }
        other.events.into_iter().for_each(|event| self.insert(event));
    }

    fn forget(&mut self) {
        if !self.lost.is_empty() {
            self.lost.clear();
        }
    }

    const IS_FLAT: bool = true;

    fn depth(&self) -> u32 {
        0
    }

    fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    fn is_solid(&self) -> bool {
        // The dots of a transaction ascend.
        self.events.last().is_some_and(|event| event.add.is_some())
    }

    fn select(&self, wanted: &dyn Fn(Dot) -> bool) -> Self {
        DotsChange::new(self.events.iter().filter(|event| wanted(event.dot)).cloned().collect())
    }

    fn visit(&self, visit: &mut dyn FnMut(Dot, bool, &[Dot])) {
        for event in &self.events {
            visit(event.dot, event.add.is_some(), &event.kills);
        }
    }
}

/// The changes of a [`Keyed`](crate::Keyed), by key. No key has an empty change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyedChange<K, C> {
    pub(crate) keys: SmallMap<K, C>,
}

impl<K: Ord, C> KeyedChange<K, C> {
    /// The keys that change, in order, and how.
    pub fn iter(&self) -> impl Iterator<Item = (&K, &C)> {
        self.keys.iter()
    }
}

impl<K, C> KeyedChange<K, C> {
    pub(crate) fn of_one(key: K, change: C) -> Self {
        KeyedChange { keys: SmallMap::of_one(key, change) }
    }
}

impl<K, C> Default for KeyedChange<K, C> {
    fn default() -> Self {
        KeyedChange { keys: SmallMap::default() }
    }
}

impl<K: Ord + Clone, C: Change> Change for KeyedChange<K, C> {
    fn union(&mut self, other: Self) {
        self.keys.union(other.keys);
    }

    fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    fn append(&mut self, other: Self) {
        self.keys.append_all(other.keys);
    }

    fn forget(&mut self) {
        self.keys.for_each_value(C::forget);
    }

    const IS_FLAT: bool = C::IS_FLAT;

    fn depth(&self) -> u32 {
        if C::IS_FLAT { 0 } else { self.keys.iter().map(|(_, change)| change.depth()).max().unwrap_or(0) }
    }

    fn is_solid(&self) -> bool {
        !self.is_empty() && self.keys.is_settled() && self.keys.iter().all(|(_, change)| change.is_solid())
    }

    fn select(&self, wanted: &dyn Fn(Dot) -> bool) -> Self {
        let selected = self.keys.iter().map(|(key, change)| (key, change.select(wanted)));
        let keys = selected.filter(|(_, change)| !change.is_empty());
        KeyedChange { keys: keys.map(|(key, change)| (key.clone(), change)).collect() }
    }

    fn visit(&self, visit: &mut dyn FnMut(Dot, bool, &[Dot])) {
        self.keys.iter().for_each(|(_, change)| change.visit(visit));
    }
}

#[cfg(feature = "serde")]
mod wire {
    use core::marker::PhantomData;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::{Change, DotsChange, Event, KeyedChange};
    use crate::sorted;
    use crate::store::fields::{ReadChange, Within, read_whole};

    impl<V: Serialize> Serialize for DotsChange<V> {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            self.events.serialize(serializer)
        }
    }

    impl<'de, V: Deserialize<'de>> Deserialize<'de> for DotsChange<V> {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            read_whole(deserializer)
        }
    }

    /// No records are in it.
    impl<'de, V: Deserialize<'de>> ReadChange<'de> for DotsChange<V> {
        fn read_change<D: Deserializer<'de>>(deserializer: D, _: u32) -> Result<Self, D::Error> {
            let sound = |event: Event<V>| {
                if event.kills.binary_search(&event.dot).is_ok() {
                    Err("an event kills itself")
                } else {
                    Ok(event)
                }
            };
            let events = sorted::read(deserializer, PhantomData, sound, |a, b| a.dot < b.dot)?;
            Ok(DotsChange::new(events.into()))
        }
    }

    impl<K: Serialize + Ord, C: Serialize> Serialize for KeyedChange<K, C> {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            sorted::pairs::serialize(self.keys.iter(), serializer)
        }
    }

    impl<'de, K, C> Deserialize<'de> for KeyedChange<K, C>
    where
        K: Deserialize<'de> + Ord + Clone,
        C: ReadChange<'de> + Change,
    {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            read_whole(deserializer)
        }
    }

    impl<'de, K, C> ReadChange<'de> for KeyedChange<K, C>
    where
        K: Deserialize<'de> + Ord + Clone,
        C: ReadChange<'de> + Change,
    {
        fn read_change<D: Deserializer<'de>>(deserializer: D, records: u32) -> Result<Self, D::Error> {
            let pair = sorted::Pair(PhantomData, Within::<C>::new(records));
            let sound = |(key, change): (K, C)| {
                if change.is_empty() { Err("a key has no change") } else { Ok((key, change)) }
            };
            let keys = sorted::read(deserializer, pair, sound, |a, b| a.0 < b.0)?;
            Ok(KeyedChange { keys: keys.into_iter().collect() })
        }
    }
}
