//! Settling: what only concurrency needed is put together, or goes.
//!
//! ```text
//! horizon   A 1..=4   B 1..=2              a prefix for each replica, within `seen`
//!
//! counter   A2=+1 A4=+2 A5=+1 B2=+7        becomes   A4=+3 A5=+1 B2=+7      one fact of each replica, the last of them
//! removals  tea: A3=out                    becomes   -                      if all that is known of it is settled
//! ```
//!
//! Whoever settles knows that every event which has not arrived yet was made knowing all that is settled. So from here on
//! such events kill of what was put together, or dropped, either all or nothing. What they cannot do is name it: a fact that
//! was folded elsewhere is still several here, and a removal that was dropped elsewhere still stands here. Therefore an event
//! may [sweep](Sweep): it kills, beside what it names, whatever is within the horizon of its writer, at its place.
//!
//! A receiver may have settled more than the writer. There is nothing to do then: an event that is news here was made
//! knowing all that is settled here, so of what was folded into one fact it names all or nothing, and the last of it is the
//! fact. What it names beside that is known and gone. (Of a liar's kills some may hit nothing; nothing breaks.)

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::cmp::Ordering;

use crate::causality::{Names, Tag};
use crate::work::compared;
use crate::{Dot, Version};

/// A horizon moving on: what was settled before, and what is now.
#[derive(Debug)]
pub struct Settling {
    /// By slot: up to which counter.
    before: Vec<u64>,
    now: Vec<u64>,
}

impl Settling {
    pub(super) fn new(names: &Names, before: &Version, now: &Version) -> Self {
        let by_slot = |horizon: &Version| names.ids().iter().map(|id| horizon.last(*id)).collect();
        Settling { before: by_slot(before), now: by_slot(now) }
    }

    pub(super) fn covers(&self, tag: Tag) -> bool {
        tag.counter() <= self.now[tag.slot() as usize]
    }

    /// Whether it was not settled before.
    pub(super) fn is_news(&self, tag: Tag) -> bool {
        self.covers(tag) && tag.counter() > self.before[tag.slot() as usize]
    }
}

/// Events that kill, beside what they name, whatever is settled at their places.
///
/// An event is in a place where settling folds or drops, so it may have observed facts that its writer could not name any
/// more: see [`Causal::settle`](crate::Causal::settle).
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct Sweep {
    pub(crate) events: Version,
    pub(crate) horizon: Version,
}

impl Sweep {
    /// The events.
    pub fn events(&self) -> &Version {
        &self.events
    }

    /// What was settled where they were made. Who takes them in must have seen it.
    pub fn horizon(&self) -> &Version {
        &self.horizon
    }

    fn first(&self) -> Option<Dot> {
        self.events.dots().next()
    }
}

/// The sweeps of a delta, in the order of their horizons: no two with one horizon, none empty, each event in one at most.
///
/// A pointer, because nearly always there are none, and deltas are moved about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(clippy::box_collection, reason = "a vector is three times as large")]
pub(crate) struct Sweeps(Option<Box<Vec<Sweep>>>);

impl Sweeps {
    /// What some events sweep.
    pub(super) fn one(events: Version, horizon: Version) -> Self {
        Sweeps(Some(Box::new(alloc::vec![Sweep { events, horizon }])))
    }

    /// Sweeps that were decoded; `None` unless they could be those of a delta with `events`, in the order of their first ones.
    pub(crate) fn checked(mut sweeps: Vec<Sweep>, events: &Version) -> Option<Self> {
        let is_sound = |Sweep { events: these, horizon }: &Sweep| {
            let is_some = !these.is_empty() && !horizon.is_empty();
            is_some && events.covers(these) && horizon.is_prefix() && !horizon.intersects(these)
        };
        let is_one_form = sweeps.iter().all(is_sound)
            && sweeps.is_sorted_by_key(Sweep::first)
            && by_event(&sweeps).windows(2).all(|pair| pair[0].last() < pair[1].first);
        sweeps.sort_unstable_by(by_horizon);
        let is_one_form = is_one_form && sweeps.windows(2).all(|pair| pair[0].horizon != pair[1].horizon);
        is_one_form.then(|| sweeps.into())
    }

    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// In the order of their horizons.
    pub(crate) fn as_slice(&self) -> &[Sweep] {
        self.0.as_deref().map_or(&[], Vec::as_slice)
    }

    /// In the order of their first events: as they are written.
    pub(crate) fn in_order(&self) -> Vec<&Sweep> {
        let mut sweeps: Vec<_> = self.as_slice().iter().collect();
        sweeps.sort_unstable_by_key(|sweep| sweep.first());
        sweeps
    }

    /// Which events sweep, in order.
    #[inline]
    pub(super) fn by_event(&self) -> Vec<Sweeping<'_>> {
        if self.is_empty() { Vec::new() } else { by_event(self.as_slice()) }
    }

    /// Adds sweeps of which no event is in one yet.
    pub(super) fn union(&mut self, other: Self) {
        let mine = self.0.get_or_insert_default();
        for sweep in other.0.into_iter().flat_map(|theirs| *theirs) {
            match mine.binary_search_by(|mine| by_horizon(mine, &sweep)) {
                Ok(at) => _ = mine[at].events.union(&sweep.events),
                Err(at) => mine.insert(at, sweep),
            }
        }
    }

    /// Of the given events only.
    pub(super) fn select(&self, wanted: &Version) -> Self {
        let each = self.as_slice().iter().map(|sweep| (sweep.events.intersection(wanted), &sweep.horizon));
        let some = each.filter(|(events, _)| !events.is_empty());
        some.map(|(events, horizon)| Sweep { events, horizon: horizon.clone() }).collect::<Vec<_>>().into()
    }

    /// Whether all that they sweep is known to somebody who has `seen`, and takes in `fresh`.
    #[inline]
    pub(super) fn are_within(&self, seen: &Version, fresh: &Version) -> bool {
        self.as_slice()
            .iter()
            .all(|Sweep { horizon, .. }| seen.covers(horizon) || fresh.covers(&horizon.difference(seen)))
    }
}

impl From<Vec<Sweep>> for Sweeps {
    fn from(sweeps: Vec<Sweep>) -> Self {
        Sweeps((!sweeps.is_empty()).then(|| Box::new(sweeps)))
    }
}

fn by_event(sweeps: &[Sweep]) -> Vec<Sweeping<'_>> {
    let each = sweeps.iter().flat_map(|Sweep { events, horizon }| {
        events.intervals().map(move |(replica, first, last)| Sweeping {
            first: Dot::trusted(replica, first),
            last,
            horizon,
        })
    });
    let mut all: Vec<_> = each.collect();
    all.sort_unstable_by_key(|sweeping| sweeping.first);
    all
}

/// Some events in a row, of one replica, that sweep up to `horizon`.
#[derive(Debug)]
pub(super) struct Sweeping<'a> {
    first: Dot,
    last: u64,
    pub(super) horizon: &'a Version,
}

impl Sweeping<'_> {
    fn last(&self) -> Dot {
        Dot::trusted(self.first.replica(), self.last)
    }

    /// The one that the event is in, of those that are sorted.
    pub(super) fn find(sorted: &[Self], event: Dot) -> Option<&Self> {
        let at = sorted.partition_point(|sweeping| sweeping.last() < event);
        sorted.get(at).filter(|sweeping| sweeping.first <= event)
    }
}

/// An order of no meaning, but for finding a horizon.
fn by_horizon(a: &Sweep, b: &Sweep) -> Ordering {
    compared();
    a.horizon.intervals().cmp(b.horizon.intervals())
}
