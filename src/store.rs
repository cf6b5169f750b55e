//! The kernel: facts tagged with the events that wrote them, and the root that keeps the version.
//!
//! ```text
//! Causal<S>        { version, ahead, horizon, store: S }   the root; what travels, is saved, compared and merged
//!   Keyed<K, S>    key -> store                   a set, a map; nested at will
//!     Dots<V>      dot -> V                       a leaf: flag, register, counter
//!   a record       a struct of stores, by record!
//! ```
//!
//! A mutation is an event, named by a dot. The event may add one fact, and it may *kill* facts that it has
//! observed, all in one leaf. A fact is live in a state iff its event is in the state's version and no event in
//! the version kills it. `ahead` remembers the facts that were killed before their own event arrived; it is
//! empty whenever delivery was causal.
//!
//! So store and `ahead` are functions of the version alone, whatever the order, repetition and grouping in which
//! deltas and whole states arrived. That is what makes it right to skip a merge by comparing versions, to send
//! what a peer's version lacks, and to call two states equal because their versions are.
//!
//! What only concurrency needed can be settled, up to a horizon; then store and `ahead` are functions of version and
//! horizon: see [`Causal::settle`].
//!
//! **Absent from the store and in the version means removed.** Therefore a change is applied whole or not at all,
//! and nothing is dropped silently.
//!
//! | item | for whom |
//! |---|---|
//! | [`Causal`], [`Delta`], [`record!`](crate::record) | everybody |
//! | [`Edit`], [`Handle`] | who writes functions that write |
//! | [`Editable`], [`Pen`], [`Root`], [`Plain`], [`Draft`], [`Author`] | who wants to know how mutations are made |
//! | [`Newtype`] | who gives a shape a meaning of their own: see [the guide](crate::guide::your_own_type) |
//! | [`Store`], [`Change`], [`Dots`], [`Keyed`]; [`Receipt`], [`Meeting`], [`Naming`], [`Selection`], [`Settling`], [`Sweep`] | who wants to read the kernel |

mod causal;
mod change;
#[cfg(test)]
mod costs;
mod delta;
mod dots;
mod edit;
mod facts;
#[cfg(feature = "serde")]
pub(crate) mod fields;
mod keyed;
mod newtype;
mod part;
mod passage;
mod plain;
mod record;
mod root;
mod settling;
mod small_map;
mod transaction;

use alloc::borrow::Cow;

pub use causal::{Causal, Full, Refused};
pub use change::{Change, DotsChange, Event, KeyedChange};
pub use delta::Delta;
pub use dots::Dots;
pub use edit::{Author, Edit, Editable, Handle, Pen};
pub use keyed::Keyed;
pub use newtype::Newtype;
pub use part::Rest;
pub use passage::{Meeting, Naming, Receipt, Selection};
pub use plain::{Draft, Kept, KeptPart, Partial, Plain};
pub use root::{EditError, Root};
pub(crate) use settling::Sweeps;
pub use settling::{Settling, Sweep};

use crate::causality::Names;

/// The most levels of records, keys and values within one another that can be written and read. A reader without such a limit
/// could be made to exhaust its stack by a few bytes for each level.
pub(crate) const MAX_DEPTH: u32 = 64;

/// A part of a causal state, without a version of its own: all its dots are minted from the root's.
///
/// The shapes [`Dots`] and [`Keyed`], every causal type of this crate, and every struct declared with
/// [`record!`](crate::record) are stores. You do not implement this trait by hand: see [`Newtype`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be kept in a causal state",
    label = "not a store",
    note = "fields of records and values of maps are causal types: `OrSet`, `RwSet`, `MvRegister`, `Lww`, `Counter`, \
            `EwFlag`, `DwFlag`, `Map`, `LwwMap`, or another `record!`",
    note = "plain lattices (`GCounter`, `PnCounter`, `LwwRegister`, `GSet`, ...) have no dots and cannot be removed; \
            use `Counter` for counts and `Lww` for registers"
)]
pub trait Store: Editable<Change: Change> + Clone {
    /// Whether no fact at all is live here. Empty children are not kept.
    fn is_empty(&self) -> bool;

    /// Whether a reader would say that something is here. Facts that only record removals do not count.
    fn is_present(&self) -> bool;

    /// Kills every fact that is live here.
    fn clear(&mut self, change: &mut Self::Change, pen: &Pen<'_>);

    /// Takes in the part of a delta that belongs here.
    fn apply(&mut self, change: Self::Change, receipt: &mut Receipt<'_>);

    /// Joins with the same part of another state.
    fn merge(&mut self, other: Cow<'_, Self>, meeting: &Meeting<'_>);

    /// Whether both hold the same facts under the same dots.
    fn same(&self, other: &Self, naming: &Naming) -> bool;

    /// The facts that are wanted, as a change that adds them.
    fn export(&self, names: &Names, wanted: &Selection<'_>) -> Self::Change;

    /// Drops the facts that are gone elsewhere, and the places that this leaves empty.
    fn prune(&mut self, gone: &Selection<'_>);

    /// Folds and drops what is settled. No reading changes.
    fn settle(&mut self, settling: &Settling);

    /// Undoes the writes of the running transaction, and takes them out of `change`.
    fn undo(&mut self, change: &mut Self::Change, pen: &Pen<'_>);

    /// Drops the empty places that handles have left in this store and in `change`.
    fn tidy(&mut self, change: &mut Self::Change, pen: &Pen<'_>);
}
