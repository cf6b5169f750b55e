use core::fmt;

use super::{Change, Store};
use crate::{Lattice, Version};

/// What one or several transactions on a [`Causal`](super::Causal) changed; also the operation of the op-based face.
///
/// It names its events, and for each of them what it adds and what it kills. Deltas may be lost, repeated,
/// reordered, and grouped by joining; [`without`](Self::without) splits a group again.
pub struct Delta<S: Store> {
    pub(super) events: Version,
    pub(super) change: S::Change,
}

impl<S: Store> Delta<S> {
    /// The events it brings.
    pub fn events(&self) -> &Version {
        &self.events
    }

    /// What the events do, place by place.
    pub fn change(&self) -> &S::Change {
        &self.change
    }

    /// Whether it brings nothing: such a delta need not be sent.
    pub fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    /// What is left for a receiver who has seen `seen`.
    pub fn without(mut self, seen: &Version) -> Self {
        if self.events.intersects(seen) {
            self.events.subtract(seen);
            let events = &self.events;
            self.change.retain(&|dot| events.contains(dot));
        }
        self
    }

    #[cfg(feature = "serde")]
    pub(super) fn from_parts(events: Version, change: S::Change) -> Result<Self, &'static str> {
        let mut dots = alloc::vec::Vec::new();
        change.visit(&mut |dot, _, _| dots.push(dot));
        if !dots.iter().all(|dot| events.contains(*dot)) {
            return Err("a change is not among the delta's events");
        }
        dots.sort_unstable();
        if dots.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err("an event is in two places");
        }
        Ok(Delta { events, change })
    }
}

impl<S: Store> Default for Delta<S> {
    fn default() -> Self {
        Delta { events: Version::new(), change: S::Change::default() }
    }
}

impl<S: Store> Lattice for Delta<S> {
    fn join(&mut self, other: Self) -> bool {
        let grew = self.events.union(&other.events);
        if grew {
            self.change.union(other.change);
        }
        grew
    }
}

impl<S: Store> Clone for Delta<S> {
    fn clone(&self) -> Self {
        Delta { events: self.events.clone(), change: self.change.clone() }
    }
}

impl<S: Store<Change: PartialEq>> PartialEq for Delta<S> {
    fn eq(&self, other: &Self) -> bool {
        self.events == other.events && self.change == other.change
    }
}

impl<S: Store<Change: Eq>> Eq for Delta<S> {}

impl<S: Store<Change: fmt::Debug>> fmt::Debug for Delta<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Delta").field("events", &self.events).field("change", &self.change).finish()
    }
}

#[cfg(feature = "serde")]
#[derive(serde::Serialize)]
struct WireRef<'a, C> {
    events: &'a Version,
    change: &'a C,
}

#[cfg(feature = "serde")]
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire<C> {
    events: Version,
    change: C,
}

#[cfg(feature = "serde")]
impl<S: Store<Change: serde::Serialize>> serde::Serialize for Delta<S> {
    fn serialize<Z: serde::Serializer>(&self, serializer: Z) -> Result<Z::Ok, Z::Error> {
        WireRef { events: &self.events, change: &self.change }.serialize(serializer)
    }
}

#[cfg(feature = "serde")]
impl<'de, S: Store<Change: serde::Deserialize<'de>>> serde::Deserialize<'de> for Delta<S> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let wire = Wire::<S::Change>::deserialize(deserializer)?;
        Delta::from_parts(wire.events, wire.change).map_err(serde::de::Error::custom)
    }
}
