//! How mutations are made: a handle on a place, which changes the place and writes down the change.
//!
//! ```text
//! Writer -- owns --> Author (identity, clock)
//! Root::edit(author) -- opens --> Pen (dots of this transaction)
//! Edit { state, change, pen }      a handle on one place; handles on parts are made from it
//! ```

use alloc::boxed::Box;
use core::cell::{Cell, RefCell};
use core::fmt;
use core::ops::Deref;

use crate::causality::{ClockError, Names, Tag};
use crate::{Dot, HybridClock, ReplicaId, Stamp, Version};

/// Something that a [`Writer`](crate::Writer) can hand out for writing.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be written to by a `Writer`, or be a part of something that can",
    label = "no handle for this type",
    note = "causal types go into a root: `Writer<Causal<{Self}>>`",
    note = "fields of records and values of maps are causal types: `OrSet`, `RwSet`, `MvRegister`, `Lww`, `Counter`, \
            `EwFlag`, `DwFlag`, `Map`, `LwwMap`, or another `record!`"
)]
pub trait Editable: Default {
    /// What writing leaves behind, to be sent.
    type Change: Default;

    /// The handle through which it is written.
    type Edit<'a>
    where
        Self: 'a;

    /// A handle that writes here and into `change`.
    fn edit<'a>(&'a mut self, change: &'a mut Self::Change, pen: &'a Pen<'a>) -> Self::Edit<'a>;
}

/// A handle on a `T` inside a transaction.
///
/// It reads as the `T` it points to, and writes through the methods below, which are listed by type. Everything
/// written through it is seen by later reads in the same transaction, and leaves in one delta.
pub struct Edit<'a, T: Editable> {
    pub(crate) state: &'a mut T,
    pub(crate) change: &'a mut T::Change,
    pub(crate) pen: &'a Pen<'a>,
}

impl<'a, T: Editable> Edit<'a, T> {
    pub(crate) fn new(state: &'a mut T, change: &'a mut T::Change, pen: &'a Pen<'a>) -> Self {
        Edit { state, change, pen }
    }

    /// Who is writing.
    pub fn replica(&self) -> ReplicaId {
        self.pen.replica()
    }
}

impl<T: Editable> Deref for Edit<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.state
    }
}

impl<T: Editable + fmt::Debug> fmt::Debug for Edit<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.state.fmt(f)
    }
}

/// Who writes: an identity and its clock.
///
/// Only a [`Writer`](crate::Writer) has one, so only a writer can open a transaction.
#[derive(Debug)]
pub struct Author {
    clock: HybridClock,
    /// The time of the next transaction; `None` to read the system's clock when it is asked for.
    now: Option<u64>,
    /// True if the last transaction failed and could not be undone: see [`Root::edit`](super::Root::edit).
    has_left_something: bool,
}

impl Author {
    pub(crate) fn new(clock: HybridClock) -> Self {
        Author { clock, now: None, has_left_something: false }
    }

    pub(crate) fn replica(&self) -> ReplicaId {
        self.clock.replica()
    }

    /// The clock of somebody else who goes on from here.
    pub(crate) fn clock_of(&self, replica: ReplicaId) -> HybridClock {
        HybridClock::resume(replica, self.clock.last()).with_max_drift(self.clock.max_drift())
    }

    pub(crate) fn clock(&mut self) -> &mut HybridClock {
        &mut self.clock
    }

    /// Sets the time of the next transaction; `None` to read the system's clock when it is asked for.
    pub(crate) fn begin(&mut self, now: Option<u64>) {
        self.now = now;
        self.has_left_something = false;
    }

    /// Notes whether writes of a failed transaction remain in the state.
    pub(super) fn set_left_something(&mut self, has: bool) {
        self.has_left_something = has;
    }

    /// Returns true if writes of the last transaction, which failed, remain in the state.
    pub(crate) fn has_left_something(&self) -> bool {
        self.has_left_something
    }
}

#[cfg(feature = "std")]
fn system_time() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// Without std a transaction is always given its time.
#[cfg(not(feature = "std"))]
fn system_time() -> u64 {
    0
}

/// What a transaction writes with: it mints dots and tells stamps.
#[derive(Debug)]
pub struct Pen<'a> {
    names: &'a Names,
    replica: ReplicaId,
    slot: u32,
    first: u64,
    next: Cell<u64>,
    /// The author's clock, as long as the transaction lasts.
    clock: RefCell<HybridClock>,
    now: Cell<Option<u64>>,
    /// The last time that the clock told in this transaction.
    stamp: Cell<Option<Stamp>>,
    /// What is settled here; `None` if nothing is.
    horizon: Option<&'a Version>,
    /// Events of this transaction that sweep; nearly always none.
    sweeping: RefCell<Option<Box<Version>>>,
    /// True if changes hold facts that this transaction has killed.
    has_killed: Cell<bool>,
}

impl<'a> Pen<'a> {
    /// A pen whose dots begin at `first`, in a state that calls the author `slot`.
    pub(super) fn new(
        author: &Author,
        names: &'a Names,
        horizon: Option<&'a Version>,
        slot: u32,
        first: u64,
    ) -> Self {
        Pen {
            names,
            replica: author.replica(),
            slot,
            first,
            next: Cell::new(first),
            clock: RefCell::new(author.clock.duplicate()),
            now: Cell::new(author.now),
            stamp: Cell::new(None),
            horizon,
            sweeping: RefCell::new(None),
            has_killed: Cell::new(false),
        }
    }

    /// A pen for plain values, which have no dots.
    pub(super) fn plain(author: &Author) -> Self {
        static NOBODY: Names = Names::new();
        Pen::new(author, &NOBODY, None, 0, 1)
    }

    /// Gives the clock back.
    pub(super) fn put_down(&self, author: &mut Author) {
        author.clock = self.clock.borrow().duplicate();
    }

    /// Who is writing.
    pub fn replica(&self) -> ReplicaId {
        self.replica
    }

    pub(crate) fn names(&self) -> &'a Names {
        self.names
    }

    /// The next dot of this transaction.
    ///
    /// # Panics
    ///
    /// When a replica has used all its dots. A `Writer` takes a new id long before.
    pub(super) fn mint(&self) -> Tag {
        let counter = self.next.get();
        assert!(counter <= Dot::MAX_COUNTER, "a single transaction has used up all dots of its replica");
        self.next.set(counter + 1);
        Tag::new(self.slot, counter)
    }

    pub(super) fn dot(&self, minted: Tag) -> Dot {
        Dot::trusted(self.replica, minted.counter())
    }

    /// Whether this transaction has minted the dot.
    #[inline]
    pub(super) fn has_minted(&self, tag: Tag) -> bool {
        tag.slot() == self.slot && tag.counter() >= self.first
    }

    /// Notes that a change holds killed facts.
    pub(super) fn note_kill(&self) {
        self.has_killed.set(true);
    }

    /// Returns true if changes hold killed facts.
    pub(super) fn has_killed(&self) -> bool {
        self.has_killed.get()
    }

    /// Whether the fact is settled.
    pub(super) fn has_settled(&self, tag: Tag) -> bool {
        self.horizon.is_some_and(|horizon| horizon.contains(self.names.dot(tag)))
    }

    /// Says that an event of this transaction replaces whatever is settled at its place, if anything is settled at all.
    pub(super) fn sweep(&self, minted: Tag) {
        if self.horizon.is_some() {
            self.sweeping.borrow_mut().get_or_insert_default().insert(self.dot(minted));
        }
    }

    /// The events that sweep, and up to where.
    #[inline]
    pub(super) fn sweeping(&mut self) -> Option<(Box<Version>, &'a Version)> {
        self.sweeping.get_mut().take().zip(self.horizon)
    }

    /// The dots minted so far, first and last.
    pub(super) fn minted(&self) -> Option<(u64, u64)> {
        (self.next.get() > self.first).then(|| (self.first, self.next.get() - 1))
    }

    /// A stamp for now that is greater than `floor`, what it replaces.
    ///
    /// It is the same for all writes of a transaction, unless one replaces what is as late: a transaction is one moment, and
    /// its times take next to no room when they are stored or sent.
    ///
    /// # Errors
    ///
    /// [`ClockError::Exhausted`] if there is no greater stamp.
    pub fn stamp_above(&self, floor: Option<Stamp>) -> Result<Stamp, ClockError> {
        let told = self.stamp.get().filter(|told| floor.is_none_or(|floor| floor < *told));
        if let Some(told) = told {
            return Ok(told);
        }
        let now = self.now.get().unwrap_or_else(system_time);
        self.now.set(Some(now));
        let mut clock = self.clock.borrow_mut();
        let stamp = match floor {
            Some(floor) => clock.tick_above(floor, now),
            None => clock.tick(now),
        }?;
        // Not a time that the clock itself does not follow, which would take the other writes along.
        if stamp.time() == clock.last() {
            self.stamp.set(Some(stamp));
        }
        Ok(stamp)
    }
}

/// The handle on a `T` in a transaction, by name: for functions of your own that write.
///
/// ```
/// use rejoin::store::Handle;
/// use rejoin::{Causal, Counter, OrSet, Writer, record};
///
/// record! {
///     struct Cart {
///         items: OrSet<&'static str>,
///         visits: Counter,
///     }
/// }
///
/// fn visit(cart: &mut Handle<'_, Cart>, item: &'static str) {
///     cart.items.insert(item);
///     cart.visits.add(1);
/// }
///
/// let mut phone = Writer::<Causal<Cart>>::new();
/// phone.edit(|cart| visit(cart, "milk"));
/// assert_eq!(phone.visits.get(), 1);
/// ```
pub type Handle<'a, T> = <T as Editable>::Edit<'a>;
