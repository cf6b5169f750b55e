use alloc::borrow::Cow;
use alloc::vec::Vec;
use core::fmt;
use core::ops::Deref;

use super::passage::Side;
#[cfg(feature = "serde")]
use super::{Change, Selection};
use super::{Delta, Dots, Meeting, Naming, Receipt, Settling, Store};
use crate::causality::Names;
use crate::{Crdt, Dot, Lattice, ReplicaId, Version};

/// The root of a causal state: a store, and the version that names it.
///
/// Reading goes straight to the store, by `Deref`: a `Causal<OrSet<T>>` has the methods of
/// [`OrSet<T>`](crate::OrSet) that take `&self`. Writing goes through a [`Writer`](crate::Writer).
///
/// ```
/// use rejoin::{Causal, Crdt, Lattice, OrSet, Writer};
///
/// let mut shop = Writer::<Causal<OrSet<&str>>>::new();
/// let delta = shop.edit(|set| set.insert("milk"));
///
/// let mut by_delta = Causal::<OrSet<&str>>::default();
/// assert!(by_delta.apply(delta.clone()));
/// assert!(!by_delta.apply(delta)); // nothing new in it
///
/// let mut by_state = Causal::<OrSet<&str>>::default();
/// by_state.join_ref(shop.state());
/// assert_eq!(by_state, by_delta);
/// assert!(by_state.contains("milk"));
/// ```
///
/// # Cost
///
/// | | |
/// |---|---|
/// | [`same_version`](Self::same_version) | `O(replicas)` |
/// | [`apply`](Crdt::apply) | `O(delta · log n)` |
/// | [`join`](Lattice::join), [`join_ref`](Self::join_ref), nothing new in the other | `O(replicas)` |
/// | `join`, nothing here that the other lacks | `O(replicas)`: the other state moves in; and the old one is dropped |
/// | `join` of states that have diverged | `O(n)` |
/// | memory beside the store | some 100 bytes per replica: 32 in the version, 20 in the table of names, and slack |
///
/// # Elements
///
/// Keys and values are asked for the usual good manners: `Ord` is total, `Eq` agrees with it, `Clone` gives an equal
/// value, and what is equal is indistinguishable. If one of them panics in the middle of a merge, discard the state.
///
/// # Equality
///
/// `==` compares facts and dots, one by one. States of one root whose versions are equal are equal, so
/// [`same_version`](Self::same_version) says the same for less. Stores (`*state`) compare as a reader
/// sees them, without dots.
#[derive(Clone, Default)]
pub struct Causal<S> {
    /// Every replica in `seen` has a name. Names say nothing by themselves.
    pub(super) names: Names,
    /// The events that this state has taken in.
    pub(super) seen: Version,
    /// What those events have killed that is not in `seen`.
    pub(super) ahead: Version,
    /// What is settled: of each replica all up to some event, and within `seen`.
    pub(super) horizon: Version,
    pub(super) store: S,
}

impl<S: Default> Causal<S> {
    /// The empty state, which has taken in nothing.
    pub fn new() -> Self {
        Causal::default()
    }
}

impl<S> Causal<S> {
    /// The events that this state has taken in: its name, and a token for reading one's own writes.
    pub fn version(&self) -> &Version {
        &self.seen
    }

    /// The facts that this state knows to be dead although the events that wrote them have not arrived.
    ///
    /// Empty whenever deltas arrive in causal order.
    pub fn ahead(&self) -> &Version {
        &self.ahead
    }

    /// What is settled: see [`settle`](Self::settle).
    pub fn horizon(&self) -> &Version {
        &self.horizon
    }

    /// Whether both states have taken in, and settled, the same events; if they are of one root, they are equal.
    /// `O(replicas)`.
    pub fn same_version(&self, other: &Self) -> bool {
        self.seen == other.seen && self.horizon == other.horizon
    }

    /// The facts of one leaf with the dots of the events that wrote them, in the order of the dots; none if `leaf`
    /// finds no leaf.
    ///
    /// ```
    /// use rejoin::{Causal, MvRegister, Newtype, Writer};
    ///
    /// let mut a = Writer::<Causal<MvRegister<u8>>>::new();
    /// let mut b = Writer::<Causal<MvRegister<u8>>>::new();
    /// a.edit(|register| register.set(7));
    /// b.edit(|register| register.set(7));
    /// a.join_ref(b.state());
    ///
    /// assert_eq!(a.get(), Some(&7)); // one value,
    /// let writers: Vec<_> = a.facts(|register| Some(register.inner())).map(|(dot, _)| dot.replica()).collect();
    /// assert_eq!(writers.len(), 2); // written twice
    /// ```
    pub fn facts<V: 'static>(
        &self,
        leaf: impl for<'s> FnOnce(&'s S) -> Option<&'s Dots<V>>,
    ) -> impl Iterator<Item = (Dot, &V)> {
        leaf(&self.store).into_iter().flat_map(|dots| dots.with_dots(&self.names))
    }

    /// What the short names of this state's dots mean.
    pub fn names(&self) -> &Names {
        &self.names
    }
}

impl<S: Store> Causal<S> {
    /// Joins with a state that is only borrowed, and clones what is new in it.
    ///
    /// Returns true if any event was news, or settled. `O(replicas)` if none was.
    ///
    /// # Panics
    ///
    /// If the state cannot name more replicas: see [`try_join`](Self::try_join).
    pub fn join_ref(&mut self, other: &Self) -> bool {
        self.try_join(Cow::Borrowed(other)).unwrap_or_else(|full| panic!("{full}"))
    }

    /// Joins with a state, or refuses it whole.
    ///
    /// # Errors
    ///
    /// [`Full`] if the two have more than about a million replicas between them; nothing has changed.
    pub fn try_join(&mut self, other: Cow<'_, Self>) -> Result<bool, Full> {
        // What one has settled can be settled by whoever has seen as much.
        if self.seen.covers(&other.seen) {
            return Ok(!other.horizon.is_empty() && self.settle(&other.horizon));
        }
        if other.seen.covers(&self.seen) && other.names.len() <= Names::FOR_STATES as usize {
            let horizon = core::mem::take(&mut self.horizon);
            *self = other.into_owned();
            self.settle(&horizon);
            return Ok(true);
        }
        self.name_all(&other.seen, Names::FOR_STRANGERS)?;
        let (names, seen, ahead, horizon, store) = match other {
            Cow::Borrowed(Causal { names, seen, ahead, horizon, store }) => (
                Cow::Borrowed(names),
                Cow::Borrowed(seen),
                Cow::Borrowed(ahead),
                Cow::Borrowed(horizon),
                Cow::Borrowed(store),
            ),
            Cow::Owned(Causal { names, seen, ahead, horizon, store }) => (
                Cow::Owned(names),
                Cow::Owned(seen),
                Cow::Owned(ahead),
                Cow::Owned(horizon),
                Cow::Owned(store),
            ),
        };
        let here = Side { names: &self.names, seen: &self.seen, ahead: &self.ahead, horizon: &self.horizon };
        let there = Side { names: &names, seen: &seen, ahead: &ahead, horizon: &horizon };
        self.store.merge(store, &Meeting::new(here, there));
        self.seen.union(&seen);
        self.ahead.union(&ahead);
        self.ahead.subtract(&self.seen);
        if self.horizon != *horizon {
            self.horizon.union(&horizon);
            // Facts of one replica are those of the side that had settled more of it: as folded as can be. But a place may
            // be over and settled now of which each side had settled a part.
            self.store.settle(&Settling::new(&self.names, &self.horizon, &self.horizon));
        }
        self.assert_invariants();
        Ok(true)
    }

    /// Settles what is stable: puts together or drops facts that only concurrency needed. No reading changes. Returns true
    /// if anything was settled that was not before.
    ///
    /// | type | what is settled |
    /// |---|---|
    /// | [`Counter`](crate::Counter) | becomes one increment for each replica (a few, if a sum does not fit 64 bits) |
    /// | [`RwSet`](crate::RwSet), [`DwFlag`](crate::DwFlag) | removals and disablings are forgotten |
    /// | all others | stays as it is |
    ///
    /// **This loses data unless `horizon` is stable.** An event is stable here if every replica that may write has
    /// acknowledged a version which contains the event, *and* this state has seen all events of that replica in that
    /// version. Then whatever has not arrived here yet was made by somebody who knew the event. That everybody has seen it is
    /// not enough: a removal that was made without knowing of the event may be on its way.
    ///
    /// Of `horizon` is taken what has no gaps, neither there nor in what this state has seen: for each replica all events up
    /// to some. The rest does nothing.
    ///
    /// The [`horizon`](Self::horizon) is part of the state, of its equality, its bytes and its digest, and joins as the
    /// version does. States of one root that have seen and settled the same, and know the causes of all that they have seen,
    /// are equal. Deltas of a writer that has settled may have to be refused by who has not seen what was settled: see
    /// [`try_apply`](Self::try_apply).
    ///
    /// ```
    /// use rejoin::{Causal, Counter, Writer};
    ///
    /// let mut a = Writer::<Causal<Counter>>::new();
    /// for _ in 0..100 {
    ///     a.edit(|visits| visits.add(1));
    /// }
    /// let mut state = a.into_state(); // there is no other replica, so all of it is stable
    /// let all = state.version().clone();
    /// assert!(state.settle(&all));
    /// assert_eq!(state.get(), 100);
    /// assert_eq!(state.facts(|visits| Some(rejoin::Newtype::inner(visits))).count(), 1);
    /// ```
    ///
    /// # Cost
    ///
    /// `O(n)` if there is anything to settle, else `O(replicas)`. So settle now and then, not after each delta.
    pub fn settle(&mut self, horizon: &Version) -> bool {
        let mut news = Version::new();
        for replica in horizon.replicas() {
            let last = horizon.prefix(replica).min(self.seen.prefix(replica));
            if last > self.horizon.last(replica) {
                news.insert_run(replica, 1, last);
            }
        }
        if news.is_empty() {
            return false;
        }
        let before = self.horizon.clone();
        self.horizon.union(&news);
        self.store.settle(&Settling::new(&self.names, &before, &self.horizon));
        self.assert_invariants();
        true
    }

    /// Takes in a delta, or refuses it whole.
    ///
    /// # Errors
    ///
    /// [`Refused::Full`] if the state cannot name the replicas of the delta. [`Refused::Behind`] if the delta was made where
    /// something was [settled](Self::settle) that is not even known here, nor by the delta. Nothing has changed.
    pub fn try_apply(&mut self, delta: Delta<S>) -> Result<bool, Refused> {
        self.apply_within(delta, Names::FOR_STRANGERS)
    }

    pub(super) fn apply_within(&mut self, delta: Delta<S>, most_names: u32) -> Result<bool, Refused> {
        let mut fresh = delta.events;
        fresh.subtract(&self.seen);
        if fresh.is_empty() {
            return Ok(false);
        }
        if !delta.sweeps.are_within(&self.seen, &fresh) {
            return Err(Refused::Behind);
        }
        self.name_all(&fresh, most_names)?;
        self.seen.union(&fresh);
        let Causal { names, seen, ahead, store, .. } = self;
        let sweeping = delta.sweeps.by_event();
        let mut receipt = Receipt { names, fresh: &fresh, seen, ahead, killed: Vec::new(), sweeping };
        store.apply(delta.change, &mut receipt);
        let killed = receipt.killed;
        ahead.subtract(&fresh);
        ahead.extend(killed);
        self.assert_invariants();
        Ok(true)
    }

    /// What can be checked in `O(replicas)`. That each fact is in `seen`, in one place, and not killed is checked by
    /// decoding, and by the tests.
    pub(super) fn assert_invariants(&self) {
        debug_assert!(!self.ahead.intersects(&self.seen), "what is ahead has not been seen");
        debug_assert!(
            self.horizon.is_prefix() && self.seen.covers(&self.horizon),
            "what is settled was seen"
        );
        debug_assert!(
            self.seen.replicas().all(|id| self.names.slot(id).is_some()),
            "who was seen has a name"
        );
    }

    /// Gives a name to every replica of `version`, or to none.
    pub(super) fn name_all(&mut self, version: &Version, most_names: u32) -> Result<(), Full> {
        self.names.intern_all(version.replicas(), most_names).then_some(()).ok_or(Full)
    }
}

impl<S> Causal<S> {
    /// A state from parts that were read and checked, in which replicas are called by their place in `replicas`.
    pub(crate) fn from_decoded(
        replicas: Vec<ReplicaId>,
        seen: Version,
        ahead: Version,
        horizon: Version,
        store: S,
    ) -> Option<Self> {
        (replicas.len() <= Names::FOR_SAVED as usize).then(|| Causal {
            names: Names::sorted(replicas),
            seen,
            ahead,
            horizon,
            store,
        })
    }
}

#[cfg(feature = "serde")]
impl<S: Store> Causal<S> {
    fn from_parts(
        seen: Version,
        ahead: Version,
        horizon: Version,
        facts: S::Change,
    ) -> Result<Self, &'static str> {
        if !horizon.is_prefix() || !seen.covers(&horizon) {
            return Err("a state has settled what it has not seen");
        }
        // Whatever is ahead was killed by something that was seen.
        let mut sound = !seen.intersects(&ahead) && (ahead.is_empty() || !seen.is_empty());
        facts.visit(&mut |_, adds, kills| sound &= adds && kills.is_empty());
        if !sound {
            return Err("a state has live facts, and what it has seen is not ahead of it");
        }
        let mut state = Causal::<S>::default();
        state
            .apply_within(Delta::from_parts(seen, facts, Vec::new())?, Names::FOR_SAVED)
            .map_err(|_| "a state cannot name so many replicas")?;
        (state.ahead, state.horizon) = (ahead, horizon);
        Ok(state)
    }
}

#[cfg(feature = "serde")]
#[derive(serde::Deserialize)]
#[serde(rename = "Causal", deny_unknown_fields)]
struct Wire<C> {
    version: Version,
    ahead: Version,
    facts: C,
    #[serde(default)]
    horizon: Version,
}

/// A version, what is ahead of it, the live facts as a change that adds them, and the horizon, if there is one.
#[cfg(feature = "serde")]
impl<S: Store<Change: serde::Serialize>> serde::Serialize for Causal<S> {
    fn serialize<Z: serde::Serializer>(&self, serializer: Z) -> Result<Z::Ok, Z::Error> {
        use serde::ser::SerializeStruct;

        // Formats that tell fields by their places need them all.
        let horizon = !serializer.is_human_readable() || !self.horizon.is_empty();
        let mut wire = serializer.serialize_struct("Causal", if horizon { 4 } else { 3 })?;
        wire.serialize_field("version", &self.seen)?;
        wire.serialize_field("ahead", &self.ahead)?;
        wire.serialize_field(
            "facts",
            &self.store.export(&self.names, &Selection::new(&self.names, &self.seen)),
        )?;
        if horizon {
            wire.serialize_field("horizon", &self.horizon)?;
        } else {
            wire.skip_field("horizon")?;
        }
        wire.end()
    }
}

#[cfg(feature = "serde")]
impl<'de, S: Store<Change: serde::Deserialize<'de>>> serde::Deserialize<'de> for Causal<S> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let wire = Wire::<S::Change>::deserialize(deserializer)?;
        Causal::from_parts(wire.version, wire.ahead, wire.horizon, wire.facts)
            .map_err(serde::de::Error::custom)
    }
}

/// A state would have to name more than about a million replicas. Nothing was applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full;

impl fmt::Display for Full {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the state cannot name more replicas; nothing was applied")
    }
}

impl core::error::Error for Full {}

/// Why a state has refused a delta, whole. Nothing was applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refused {
    /// The state would have to name more than about a million replicas.
    Full,
    /// The delta was made where something was settled that is not even known here: join with a state of there, or of
    /// anybody who knows as much, and then apply the delta.
    Behind,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refused::Full => Full.fmt(f),
            Refused::Behind => f.write_str("the state is behind: take a state first; nothing was applied"),
        }
    }
}

impl core::error::Error for Refused {}

impl From<Full> for Refused {
    fn from(Full: Full) -> Self {
        Refused::Full
    }
}

impl<S> Deref for Causal<S> {
    type Target = S;

    fn deref(&self) -> &S {
        &self.store
    }
}

impl<S: Store> Lattice for Causal<S> {
    /// # Panics
    ///
    /// If the state cannot name more replicas: see [`Causal::try_join`].
    fn join(&mut self, other: Self) -> bool {
        self.try_join(Cow::Owned(other)).unwrap_or_else(|full| panic!("{full}"))
    }
}

impl<S: Store> Crdt for Causal<S> {
    type Delta = Delta<S>;

    /// # Panics
    ///
    /// If the state cannot name more replicas, or is behind what the delta's writer had settled: see
    /// [`Causal::try_apply`].
    fn apply(&mut self, delta: Delta<S>) -> bool {
        self.try_apply(delta).unwrap_or_else(|refused| panic!("{refused}"))
    }
}

impl<S> Causal<S> {
    /// The greatest counter of `replica` that this state has heard of.
    #[inline]
    pub(super) fn last_of(&self, replica: ReplicaId) -> u64 {
        self.seen.last(replica).max(self.ahead.last(replica))
    }
}

impl<S: Store> PartialEq for Causal<S> {
    fn eq(&self, other: &Self) -> bool {
        self.seen == other.seen
            && self.ahead == other.ahead
            && self.horizon == other.horizon
            && self.store.same(&other.store, &Naming::new(&self.names, &other.names))
    }
}

impl<S: Store> Eq for Causal<S> {}

impl<S: fmt::Debug> fmt::Debug for Causal<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut state = f.debug_struct("Causal");
        state.field("store", &self.store).field("version", &self.seen).field("ahead", &self.ahead);
        if !self.horizon.is_empty() {
            state.field("horizon", &self.horizon);
        }
        state.finish_non_exhaustive()
    }
}
