//! The owner of an identity.

use alloc::borrow::Cow;
use alloc::collections::VecDeque;
use alloc::sync::Arc;
use core::convert::Infallible;
use core::fmt;
use core::ops::Deref;

use crate::causality::Ticks;
use crate::store::{Author, EditError, Full, Refused, Root};
use crate::{Causal, Delta, HybridClock, ReplicaId, Store, Version};

/// A replica that can be written to: a state, and the only right to write under one replica id.
///
/// A transaction is a closure. It gets a handle that reads and writes like the plain collection would, and the
/// writer returns the *delta*: what to send to the other replicas, in any order, more than once if need be.
///
/// ```
/// use rejoin::{Causal, OrSet, Writer};
///
/// let mut phone = Writer::<Causal<OrSet<&str>>>::new();
/// let mut laptop = Writer::<Causal<OrSet<&str>>>::new();
///
/// let delta = phone.edit(|cart| {
///     cart.insert("milk");
///     cart.insert("bread");
/// });
/// laptop.apply(delta);
/// let removal = laptop.edit(|cart| cart.remove("milk"));
/// let again = phone.edit(|cart| cart.insert("milk")); // at the same time
///
/// phone.apply(removal);
/// laptop.apply(again);
/// assert!(phone.contains("milk")); // the removal had not seen the second milk
/// assert_eq!(phone.state(), laptop.state());
/// ```
///
/// # Identity
///
/// A replica id in two hands at once breaks every CRDT, so a writer is not `Clone`: [`fork`](Self::fork) gives a
/// second writer of its own id. States travel; identities do not.
///
/// Each start takes a new id, unless a stored [`Identity`] is [resumed](Self::resume). A writer that finds more
/// of its own writes in the state than it knows to have made, or fewer, has forgotten something, be it that a
/// backup was restored or that an id was copied. It takes a new id before its next write, and
/// [says so](Self::renewed). A state that names a million replicas has no room for more ids; then the writer keeps
/// its id, and goes on after all writes of it that the state knows.
pub struct Writer<T: Root> {
    author: Author,
    identity: Identity,
    state: T,
    /// The renewals that were not told yet.
    renewals: VecDeque<Renewal>,
    /// The id that the next write takes, if it must be known before.
    reserved: Option<ReplicaId>,
    ids: Arc<dyn Fn() -> ReplicaId + Send + Sync>,
}

/// The right to write under one replica id, at rest: what to store to go on under the same id after a restart.
///
/// It is not `Clone`, and it must not be: store it together with the state, in one atomic write, *before* any
/// delta leaves, and resume it once.
#[derive(Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct Identity {
    replica: ReplicaId,
    /// How much of the state is by this replica: see [`Root::made_by`].
    #[cfg_attr(feature = "serde", serde(with = "wide"))]
    made: u128,
    /// The last time that the clock told.
    clock: Ticks,
}

impl Identity {
    /// The replica id.
    pub fn replica(&self) -> ReplicaId {
        self.replica
    }

    /// What a disk holds of it. The simulator sees to it that only one of them writes.
    #[cfg(feature = "sim")]
    pub(crate) fn duplicate(&self) -> Self {
        Identity { ..*self }
    }
}

/// A writer has taken a new replica id: see [`Writer::renewed`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Renewal {
    /// The id until now. What was written under it stays.
    pub old: ReplicaId,
    /// The id from now on.
    pub new: ReplicaId,
    /// Why.
    pub because: Because,
}

/// Why a writer has taken a new replica id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Because {
    /// The state and the identity disagree about what the replica has written: one of them is older, or somebody
    /// else has written under the same id.
    Forgotten,
    /// The replica has used nearly all of its 2⁴⁴ dots.
    Exhausted,
}

#[cfg(feature = "std")]
impl<T: Root> Writer<T> {
    /// A writer of an empty state, under a random id.
    #[allow(clippy::new_without_default, reason = "two defaults of one type would be two different replicas")]
    pub fn new() -> Self {
        Writer::over(T::default())
    }

    /// A writer that goes on with `state`, under a random id.
    pub fn over(state: T) -> Self {
        Writer::with_ids(state, ReplicaId::random)
    }

    /// A writer of an empty state, under an id that is known to be unique: for tests whose outcome must not vary,
    /// and where ids are handed out by an authority.
    pub fn with_id(id: ReplicaId) -> Self {
        Writer::at_work(T::default(), HybridClock::new(id), Arc::new(ReplicaId::random))
    }

    /// Goes on under a stored identity: load, then *hear* what others know, then write. A writer that has lost its last
    /// writes notices when it hears of them; if it writes before, two writes have one name.
    ///
    /// The state must be the one that it was stored with, or that state after it
    /// has taken in more; otherwise the writer takes a new id before its next write.
    pub fn resume(identity: Identity, state: T) -> Self {
        Writer::resume_with_ids(identity, state, ReplicaId::random)
    }

    /// Runs a transaction, and returns what it changed. The time is the system's.
    ///
    /// If the closure panics, nothing is written. (If the code of a key or value panics, too, while the writes are undone,
    /// the process aborts.)
    ///
    /// # Panics
    ///
    /// As [`edit_at`](Self::edit_at).
    pub fn edit(&mut self, write: impl FnOnce(&mut T::Edit<'_>)) -> T::Delta {
        self.transact(None, surely::<T>(write), |_| true).unwrap_or_else(EditError::raise)
    }

    /// Runs a transaction that may fail, and returns what it changed. The time is the system's.
    ///
    /// # Errors
    ///
    /// As [`try_edit_at`](Self::try_edit_at): all or nothing.
    pub fn try_edit<E>(
        &mut self,
        write: impl FnOnce(&mut T::Edit<'_>) -> Result<(), E>,
    ) -> Result<T::Delta, EditError<E>> {
        self.transact(None, write, |_| true)
    }
}

impl<T: Root> Writer<T> {
    /// A writer that goes on with `state`, under ids from the given source, which must never repeat one.
    ///
    /// The source is asked now, by each [`fork`](Self::fork), and when the writer needs a new id.
    pub fn with_ids(state: T, ids: impl Fn() -> ReplicaId + Send + Sync + 'static) -> Self {
        let clock = HybridClock::new(ids());
        Writer::at_work(state, clock, Arc::new(ids))
    }

    /// As [`resume`](Self::resume), with new ids, should they be needed, from the given source.
    pub fn resume_with_ids(
        identity: Identity,
        state: T,
        ids: impl Fn() -> ReplicaId + Send + Sync + 'static,
    ) -> Self {
        let clock = HybridClock::resume(identity.replica, identity.clock);
        Writer { identity, ..Writer::at_work(state, clock, Arc::new(ids)) }
    }

    fn at_work(state: T, clock: HybridClock, ids: Arc<dyn Fn() -> ReplicaId + Send + Sync>) -> Self {
        let identity = Identity { replica: clock.replica(), made: 0, clock: clock.last() };
        Writer { author: Author::new(clock), identity, state, renewals: VecDeque::new(), reserved: None, ids }
    }

    /// The replica id that the next transaction writes under, unless the writer must take a new one.
    pub fn replica(&self) -> ReplicaId {
        self.identity.replica
    }

    /// The identity, to be stored with the state: see [`Identity`].
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// The state, to read, to send or to store. A writer also dereferences to it.
    pub fn state(&self) -> &T {
        &self.state
    }

    /// Returns true if the last transaction failed and some of its writes, which no delta carries, remain in the state.
    pub(crate) fn has_left_something(&self) -> bool {
        self.author.has_left_something()
    }

    /// To take in what comes from elsewhere. Writing goes through [`edit`](Self::edit).
    pub(crate) fn state_mut(&mut self) -> &mut T {
        &mut self.state
    }

    /// Sets how many milliseconds ahead of the wall clock a stamp may be for this writer's clock to follow it. See
    /// [`HybridClock`].
    pub fn set_max_drift(&mut self, millis: u64) {
        let clock = self.author.clock();
        *clock = HybridClock::resume(clock.replica(), clock.last()).with_max_drift(millis);
    }

    /// Runs a transaction at the given time, in milliseconds since the Unix epoch, and returns what it changed.
    ///
    /// If the closure panics, nothing is written. (If the code of a key or value panics, too, while the writes are undone,
    /// the process aborts.)
    ///
    /// # Panics
    ///
    /// If [`try_edit_at`](Self::try_edit_at) would return `TooDeep` or `Full`; nothing is written. So this is for types that
    /// do not contain themselves, and for states of fewer than a million replicas.
    pub fn edit_at(&mut self, now: u64, write: impl FnOnce(&mut T::Edit<'_>)) -> T::Delta {
        self.transact(Some(now), surely::<T>(write), |_| true).unwrap_or_else(EditError::raise)
    }

    /// Runs a transaction that may fail at the given time, in milliseconds since the Unix epoch.
    ///
    /// It is all or nothing: if it fails or panics, the state is as it was, and others never hear of it.
    ///
    /// ```
    /// use rejoin::{Causal, EditError, OrSet, Writer};
    ///
    /// let mut seats = Writer::<Causal<OrSet<u32>>>::new();
    /// seats.edit_at(1, |seats| seats.extend([11, 13]));
    ///
    /// let booked = seats.try_edit_at(2, |seats| {
    ///     for seat in [11, 12, 13] {
    ///         if !seats.contains(&seat) {
    ///             return Err("taken");
    ///         }
    ///         seats.remove(&seat);
    ///     }
    ///     Ok(())
    /// });
    /// assert_eq!(booked, Err(EditError::Failed("taken")));
    /// assert!(seats.iter().eq(&[11, 13]));
    /// ```
    ///
    /// # Errors
    ///
    /// [`EditError::Failed`] with the closure's error. [`EditError::TooDeep`] if the transaction writes more than 64 records deep
    /// into a record that contains itself. [`EditError::Full`] if the state names about a million replicas and cannot name
    /// the writer. Nothing is written.
    ///
    /// (Levels of keys and values are counted by [`Replica`](crate::sync::Replica) only. If the code of a key or value panics
    /// while a failed transaction is undone, the writes that are not undone yet remain, and no delta carries them: send
    /// the state.)
    ///
    /// # Cost
    ///
    /// A transaction that succeeds costs what it would cost without this. Undoing costs as much as writing.
    pub fn try_edit_at<E>(
        &mut self,
        now: u64,
        write: impl FnOnce(&mut T::Edit<'_>) -> Result<(), E>,
    ) -> Result<T::Delta, EditError<E>> {
        self.transact(Some(now), write, |_| true)
    }

    /// Takes in a delta from another replica. Returns true if anything in it was news.
    ///
    /// # Panics
    ///
    /// As [`Crdt::apply`](crate::Crdt::apply) of the state.
    pub fn apply(&mut self, delta: T::Delta) -> bool {
        self.state.apply(delta)
    }

    /// Takes in a state of another replica. Returns true if anything in it was news.
    ///
    /// # Panics
    ///
    /// As [`Lattice::join`](crate::Lattice::join) of the state.
    pub fn join(&mut self, other: T) -> bool {
        self.state.join(other)
    }

    /// A second writer of the same state, with an id of its own.
    pub fn fork(&self) -> Self
    where
        T: Clone,
    {
        let clock = self.author.clock_of((self.ids)());
        Writer::at_work(self.state.clone(), clock, Arc::clone(&self.ids))
    }

    /// Ends the writing, and keeps the state.
    ///
    /// The id is not used again. To go on under it later, store [`identity`](Self::identity) instead.
    pub fn into_state(self) -> T {
        self.state
    }

    /// Ends the writing for now, and gives out the identity and the state: to [resume](Self::resume) once, both
    /// together.
    pub fn suspend(self) -> (Identity, T) {
        (self.identity, self.state)
    }

    /// Finds out now, rather than at the next write, whether this writer must go on under a new replica id; and says so,
    /// as [`renewed`](Self::renewed) does.
    ///
    /// Good to call after a restart, when others have been heard and before anything is written: from here on
    /// [`replica`](Self::replica) is the id that writes.
    pub fn settle_identity(&mut self) -> Option<Renewal> {
        self.check_identity();
        self.renewed()
    }

    #[inline]
    fn check_identity(&mut self) {
        let (made, known) = (self.state.made_by(self.identity.replica), self.identity.made);
        if made != known || made > T::MOST_MADE || self.reserved.is_some() {
            self.mend_identity(made, known);
        }
    }

    #[cold]
    fn mend_identity(&mut self, made: u128, known: u128) {
        if self.reserved.is_some() {
            self.renew(Because::Forgotten);
        } else if made == known {
            self.renew(Because::Exhausted);
        } else if made < known || made > T::MOST_MADE || self.state.has_room() {
            self.renew(Because::Forgotten);
        } else {
            // Others could not name a new id. The writes under this one are known, so the next ones come after them.
            self.identity.made = made;
        }
    }

    /// Takes a new id if somebody knows more writes of this one than the state has: they are forgotten here.
    pub(crate) fn hear_of(&mut self, made: u128) {
        if self.is_behind(made) && self.state.has_room() {
            self.renew(Because::Forgotten);
        }
    }

    /// Whether the state has fewer writes of this replica.
    pub(crate) fn is_behind(&self, made: u128) -> bool {
        made > self.state.made_by(self.identity.replica)
    }

    /// Whether the next write takes a new id because something was forgotten.
    pub(crate) fn has_forgotten(&self) -> bool {
        self.reserved.is_some() || self.state.made_by(self.identity.replica) != self.identity.made
    }

    /// Draws the id that the next write takes, rather than the present one.
    pub(crate) fn reserve(&mut self) {
        if self.reserved.is_none() {
            self.reserved = Some(self.draw());
        }
    }

    /// The id that the next write takes, if it was [drawn](Self::reserve) already.
    pub(crate) fn reserved(&self) -> Option<ReplicaId> {
        self.reserved
    }

    /// Returns the new replica id that the writer has taken, and why. Each renewal is told once, the oldest first.
    pub fn renewed(&mut self) -> Option<Renewal> {
        self.renewals.pop_front()
    }

    /// Runs a transaction; `admit` may refuse its delta as too deep.
    pub(crate) fn transact<E>(
        &mut self,
        now: Option<u64>,
        write: impl FnOnce(&mut T::Edit<'_>) -> Result<(), E>,
        admit: impl FnOnce(&T::Delta) -> bool,
    ) -> Result<T::Delta, EditError<E>> {
        self.check_identity();
        self.author.begin(now);
        // The books are closed on the way out, also after a panic: some writes may remain.
        let book = Bookkeeping(self);
        let Writer { state, author, .. } = &mut *book.0;
        state.edit(author, write, admit)
    }

    fn renew(&mut self, because: Because) {
        let old = self.identity.replica;
        let new = self.reserved.take().unwrap_or_else(|| self.draw());
        self.author = Author::new(self.author.clock_of(new));
        self.identity.replica = new;
        self.identity.made = self.state.made_by(new);
        self.renewals.push_back(Renewal { old, new, because });
    }

    /// An id that was not used yet.
    fn draw(&self) -> ReplicaId {
        // Liars may have used up ids that can be foretold. A state names so many replicas and no more, so this ends.
        loop {
            let id = (self.ids)();
            if self.state.made_by(id) <= T::MOST_MADE {
                return id;
            }
        }
    }
}

/// Makes a closure that cannot fail one that could.
pub(crate) fn surely<T: Root>(
    write: impl FnOnce(&mut T::Edit<'_>),
) -> impl FnOnce(&mut T::Edit<'_>) -> Result<(), Infallible> {
    |edit| {
        write(edit);
        Ok(())
    }
}

/// Brings a writer's identity up to date when a transaction ends, in whatever way.
struct Bookkeeping<'a, T: Root>(&'a mut Writer<T>);

impl<T: Root> Drop for Bookkeeping<'_, T> {
    fn drop(&mut self) {
        let writer = &mut *self.0;
        writer.identity.made = writer.state.made_by(writer.identity.replica);
        writer.identity.clock = writer.author.clock().last();
    }
}

impl<S: Store + 'static> Writer<Causal<S>> {
    /// As [`apply`](Self::apply), for deltas from strangers.
    ///
    /// # Errors
    ///
    /// As [`Causal::try_apply`]; nothing has changed.
    pub fn try_apply(&mut self, delta: Delta<S>) -> Result<bool, Refused> {
        self.state.try_apply(delta)
    }

    /// Settles what is stable: see [`Causal::settle`]. Returns true if anything was settled that was not before.
    pub fn settle(&mut self, horizon: &Version) -> bool {
        self.state.settle(horizon)
    }

    /// As [`join`](Self::join) and [`join_ref`](Self::join_ref), for states from strangers.
    ///
    /// # Errors
    ///
    /// [`Full`] if the state cannot name the replicas of both; nothing has changed.
    pub fn try_join(&mut self, other: Cow<'_, Causal<S>>) -> Result<bool, Full> {
        self.state.try_join(other)
    }

    /// Takes in a borrowed state of another replica, cloning only what is new in it. Returns true if anything was.
    ///
    /// # Panics
    ///
    /// If the state cannot name more replicas: see [`try_join`](Self::try_join).
    pub fn join_ref(&mut self, other: &Causal<S>) -> bool {
        self.state.join_ref(other)
    }
}

impl<T: Root> Deref for Writer<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.state
    }
}

impl<T: Root + fmt::Debug> fmt::Debug for Writer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writer")
            .field("replica", &self.identity.replica)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

/// A wide integer as two of 64 bits, since not every format has wide ones.
#[cfg(feature = "serde")]
mod wide {
    use serde::de::{Deserialize, Deserializer};
    use serde::{Serialize, Serializer};

    #[allow(clippy::cast_possible_truncation, reason = "each half fits")]
    pub(super) fn serialize<S: Serializer>(value: &u128, serializer: S) -> Result<S::Ok, S::Error> {
        let [high, low] = [value >> 64, value & u128::from(u64::MAX)].map(|half| half as u64);
        (high, low).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u128, D::Error> {
        let (high, low) = <(u64, u64)>::deserialize(deserializer)?;
        Ok(u128::from(high) << 64 | u128::from(low))
    }
}

#[cfg(test)]
mod tests;
