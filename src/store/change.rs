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

use smallvec::SmallVec;

use super::Pen;
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
    fn is_solid(&self, pen: &Pen<'_>) -> bool;

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
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DotsChange<V> {
    pub(crate) events: SmallVec<[Event<V>; 1]>,
}

impl<V> DotsChange<V> {
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
}

impl<V> Default for DotsChange<V> {
    fn default() -> Self {
        DotsChange { events: SmallVec::new() }
    }
}

impl<V: Clone> Change for DotsChange<V> {
    fn union(&mut self, other: Self) {
        if self.events.is_empty() {
            *self = other;
        } else if other.events.len() <= 2 {
            other.events.into_iter().for_each(|event| self.insert(event));
        } else {
            let mut all: Vec<_> = core::mem::take(&mut self.events).into_iter().chain(other.events).collect();
            all.sort_by_key(|event| event.dot);
            all.dedup_by_key(|event| event.dot);
            self.events = all.into();
        }
    }

    fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    fn is_solid(&self, pen: &Pen<'_>) -> bool {
        // The dots of one transaction ascend.
        let last = self.events.iter().rfind(|event| pen.has_minted(event.dot));
        last.is_some_and(|event| event.add.is_some())
    }

    fn select(&self, wanted: &dyn Fn(Dot) -> bool) -> Self {
        DotsChange { events: self.events.iter().filter(|event| wanted(event.dot)).cloned().collect() }
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

    fn is_solid(&self, pen: &Pen<'_>) -> bool {
        !self.is_empty() && self.keys.is_settled() && self.keys.iter().all(|(_, change)| change.is_solid(pen))
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
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::{DotsChange, Event, KeyedChange};

    impl<V: Serialize> Serialize for DotsChange<V> {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            self.events.serialize(serializer)
        }
    }

    impl<'de, V: Deserialize<'de>> Deserialize<'de> for DotsChange<V> {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            let sound = |event: Event<V>| {
                if event.kills.binary_search(&event.dot).is_ok() {
                    Err("an event kills itself")
                } else {
                    Ok(event)
                }
            };
            let events = crate::sorted::read(deserializer, sound, |a, b| a.dot < b.dot)?;
            Ok(DotsChange { events: events.into() })
        }
    }

    impl<K: Serialize + Ord, C: Serialize> Serialize for KeyedChange<K, C> {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            crate::sorted::pairs::serialize(self.keys.iter(), serializer)
        }
    }

    impl<'de, K, C> Deserialize<'de> for KeyedChange<K, C>
    where
        K: Deserialize<'de> + Ord + Clone,
        C: Deserialize<'de> + super::Change,
    {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            let keys = crate::sorted::pairs::deserialize_each(deserializer, |change: C| {
                if change.is_empty() { Err("a key has no change") } else { Ok(change) }
            })?;
            Ok(KeyedChange { keys: keys.into_iter().collect() })
        }
    }
}
