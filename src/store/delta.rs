use core::fmt;

use super::{Change, Store, Sweep, Sweeps};
use crate::{Dot, Lattice, Version};

/// What one or several transactions on a [`Causal`](super::Causal) changed; also the operation of the op-based face.
///
/// It names its events, and for each of them what it adds and what it kills. Deltas may be lost, repeated,
/// reordered, and grouped by joining; [`without`](Self::without) and [`only`](Self::only) split a group again, between
/// any two events. One delta that grows is a good log to answer peers from: `log.without(their_version)`.
pub struct Delta<S: Store> {
    pub(crate) events: Version,
    pub(crate) change: S::Change,
    pub(crate) sweeps: Sweeps,
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

    /// The event, if there is one that changes something, and nothing else.
    pub(crate) fn event(&self) -> Option<Dot> {
        self.events.only().filter(|_| self.sweeps.is_empty() && !self.change.is_empty())
    }

    /// Which of the events kill, beside what they name, whatever is settled at their places. None, unless their writer has
    /// [settled](super::Causal::settle) something.
    pub fn sweeps(&self) -> impl ExactSizeIterator<Item = &Sweep> {
        self.sweeps.as_slice().iter()
    }

    /// Whether it brings nothing: such a delta need not be sent.
    pub fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    /// What is left for a receiver who has seen `seen`. `O(delta)`; only what is left is cloned.
    pub fn without(&self, seen: &Version) -> Self {
        if seen.covers(&self.events) {
            return Delta::default();
        }
        if self.events.intersects(seen) { self.select(self.events.difference(seen)) } else { self.clone() }
    }

    /// The given events, as far as they are in this delta. `O(delta)`; only those are cloned.
    pub fn only(&self, wanted: &Version) -> Self {
        self.select(self.events.intersection(wanted))
    }

    fn select(&self, events: Version) -> Self {
        let sweeps = if self.sweeps.is_empty() { Sweeps::default() } else { self.sweeps.select(&events) };
        Delta { change: self.change.select(&|dot| events.contains(dot)), events, sweeps }
    }

    #[cfg(feature = "serde")]
    pub(super) fn from_parts(
        events: Version,
        change: S::Change,
        sweeps: alloc::vec::Vec<Sweep>,
    ) -> Result<Self, &'static str> {
        let mut dots = alloc::vec::Vec::new();
        change.visit(&mut |dot, _, _| dots.push(dot));
        if !dots.iter().all(|dot| events.contains(*dot)) {
            return Err("a change is not among the delta's events");
        }
        dots.sort_unstable();
        if dots.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err("an event is in two places");
        }
        let sweeps = Sweeps::checked(sweeps, &events).ok_or("events cannot have swept that")?;
        Ok(Delta { events, change, sweeps })
    }
}

impl<S: Store> Default for Delta<S> {
    fn default() -> Self {
        Delta { events: Version::new(), change: S::Change::default(), sweeps: Sweeps::default() }
    }
}

impl<S: Store> Lattice for Delta<S> {
    fn join(&mut self, other: Self) -> bool {
        if self.events.covers(&other.events) {
            return false;
        }
        // Each event is taken once, so that not even deltas that lie can bring one into two places.
        let news = if self.events.intersects(&other.events) { other.without(&self.events) } else { other };
        self.events.union(&news.events);
        self.change.union(news.change);
        if !news.sweeps.is_empty() {
            self.sweeps.union(news.sweeps);
        }
        true
    }
}

impl<S: Store> Clone for Delta<S> {
    fn clone(&self) -> Self {
        Delta { events: self.events.clone(), change: self.change.clone(), sweeps: self.sweeps.clone() }
    }
}

impl<S: Store<Change: PartialEq>> PartialEq for Delta<S> {
    fn eq(&self, other: &Self) -> bool {
        self.events == other.events && self.change == other.change && self.sweeps == other.sweeps
    }
}

impl<S: Store<Change: Eq>> Eq for Delta<S> {}

impl<S: Store<Change: fmt::Debug>> fmt::Debug for Delta<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut delta = f.debug_struct("Delta");
        delta.field("events", &self.events).field("change", &self.change);
        if !self.sweeps.is_empty() {
            delta.field("sweeps", &self.sweeps);
        }
        delta.finish()
    }
}

#[cfg(feature = "serde")]
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire<C> {
    events: Version,
    change: C,
    #[serde(default = "alloc::vec::Vec::new")]
    sweeps: alloc::vec::Vec<Sweep>,
}

#[cfg(feature = "serde")]
impl<S: Store<Change: serde::Serialize>> serde::Serialize for Delta<S> {
    fn serialize<Z: serde::Serializer>(&self, serializer: Z) -> Result<Z::Ok, Z::Error> {
        use serde::ser::SerializeStruct;

        // Formats that tell fields by their places need them all.
        let sweeps = !serializer.is_human_readable() || !self.sweeps.is_empty();
        let mut wire = serializer.serialize_struct("Delta", if sweeps { 3 } else { 2 })?;
        wire.serialize_field("events", &self.events)?;
        wire.serialize_field("change", &self.change)?;
        if sweeps {
            wire.serialize_field("sweeps", &self.sweeps.in_order())?;
        } else {
            wire.skip_field("sweeps")?;
        }
        wire.end()
    }
}

#[cfg(feature = "serde")]
impl<'de, S: Store<Change: serde::Deserialize<'de>>> serde::Deserialize<'de> for Delta<S> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let wire = Wire::<S::Change>::deserialize(deserializer)?;
        Delta::from_parts(wire.events, wire.change, wire.sweeps).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;
    use crate::store::{DotsChange, Root};
    use crate::{Causal, Counter, Crdt, EwFlag, HybridClock, MvRegister, ReplicaId};

    fn author(id: u128) -> crate::store::Author {
        let mut author = crate::store::Author::new(HybridClock::new(ReplicaId::from_u128(id)));
        author.begin(Some(0));
        author
    }

    fn write<S: Store + 'static>(
        state: &mut Causal<S>,
        id: u128,
        write: impl FnOnce(&mut S::Edit<'_>),
    ) -> Delta<S> {
        let write = |edit: &mut S::Edit<'_>| {
            write(edit);
            Ok::<(), ()>(())
        };
        state.edit(&mut author(id), write, |_| true).unwrap()
    }

    fn dots<V>(change: &DotsChange<V>) -> Vec<(u128, u64)> {
        change.events().iter().map(|e| (e.dot().replica().as_u128(), e.dot().counter())).collect()
    }

    #[test]
    fn a_group_is_the_sorted_union_of_its_events() {
        let (mut a, mut b) = (Causal::<MvRegister<u8>>::default(), Causal::<MvRegister<u8>>::default());
        let mut from_b = Delta::default();
        for value in 0..4 {
            from_b.join(write(&mut b, 2, |register| register.set(value)));
        }
        let mut group = write(&mut a, 9, |register| register.set(7));
        group.join(write(&mut a, 1, |register| register.set(8)));
        let before = group.clone();
        assert!(group.join(from_b.clone()));
        assert_eq!(dots(group.change()), [(1, 1), (2, 1), (2, 2), (2, 3), (2, 4), (9, 1)]);
        assert!(!group.join(before) && !group.join(from_b));
        assert_eq!(group.change().events().len(), 6, "nothing twice");
        let mut change = group.change().clone();
        for part in [&write(&mut a, 1, |register| register.clear()), &group] {
            change.union(part.change().clone());
            change.union(part.change().clone());
            assert_eq!(change.events().len(), 7, "not even of changes without their versions");
        }
    }

    #[test]
    fn a_group_can_be_split_between_any_two_events() {
        let mut a = Causal::<MvRegister<u8>>::default();
        let mut group = Delta::default();
        for value in 0..4 {
            group.join(write(&mut a, 1, |register| register.set(value)));
        }
        for known in 0..=4 {
            let mut b = Causal::<MvRegister<u8>>::default();
            let seen: Version = group.events().dots().take(known).collect();
            b.apply(group.only(&seen));
            assert_eq!(b.version(), &seen);
            let expected = known.checked_sub(1).map(|last| u8::try_from(last).unwrap());
            assert_eq!(b.get().copied(), expected);
            b.apply(group.without(b.version()));
            assert_eq!(a, b);
        }
        assert!(group.without(group.events()).is_empty());
    }

    #[test]
    fn increments_of_one_transaction_are_one_event_unless_they_do_not_fit() {
        let mut a = Causal::<Counter>::default();
        let one = write(&mut a, 1, |counter| (0..10).for_each(|n| counter.add(n)));
        assert_eq!((one.events().dot_count(), a.get()), (1, 45));
        let two = write(&mut a, 1, |counter| {
            counter.add(i64::MAX);
            counter.add(i64::MAX);
        });
        assert_eq!(two.events().dot_count(), 2);
        let reset = write(&mut a, 1, |counter| {
            counter.add(5);
            counter.reset();
            counter.add(1);
        });
        assert_eq!((reset.events().dot_count(), a.get()), (3, 1));
        let mut b = Causal::<Counter>::default();
        for delta in [reset, two, one] {
            b.apply(delta);
        }
        assert_eq!(a, b);
    }

    #[test]
    fn what_changes_nothing_mints_nothing() {
        let mut a = Causal::<EwFlag>::default();
        assert!(write(&mut a, 1, |flag| flag.disable()).is_empty());
        assert!(a.version().is_empty());
    }
}
