//! Data that may be written in several places at once, while they are apart, and always agrees once they rejoin.
//!
//! ```
//! use rejoin::{Causal, Counter, Lww, OrSet, Writer, record};
//!
//! record! {
//!     #[derive(Debug)]
//!     struct Cart {
//!         items: OrSet<&'static str>,
//!         note: Lww<&'static str>,
//!         visits: Counter,
//!     }
//! }
//!
//! let mut phone = Writer::<Causal<Cart>>::new();
//! let mut laptop = Writer::<Causal<Cart>>::new();
//!
//! // Both write, and neither waits for the other.
//! let from_phone = phone.edit(|cart| {
//!     cart.items.insert("tea");
//!     cart.items.insert("milk");
//!     cart.visits.add(1);
//! });
//! let from_laptop = laptop.edit(|cart| {
//!     cart.note.set("ring twice");
//!     cart.visits.add(1);
//! });
//!
//! // What they wrote may travel late, twice, in any order, in groups, ...
//! laptop.apply(from_phone.clone());
//! laptop.apply(from_phone);
//! phone.apply(from_laptop);
//! assert_eq!(phone.visits.get(), 2);
//!
//! // ... or as a whole state.
//! let removal = phone.edit(|cart| cart.items.remove("milk"));
//! laptop.join_ref(phone.state());
//! assert!(!laptop.apply(removal)); // nothing new in it
//! assert!(laptop.items.iter().eq(&["tea"]));
//! assert_eq!(phone.state(), laptop.state());
//! ```
//!
//! # The idea
//!
//! **Every mutation is an event. A version is a set of events. A version names a state.**
//!
//! A mutation returns a [delta](Delta): the events, what each adds, and which earlier facts each removes. A state
//! remembers, compactly, which events it has taken in. From that all else follows. Equal versions mean equal states,
//! so comparing and re-merging what is known costs `O(replicas)`, whatever the size; a delta costs what it changes;
//! removals are events, so none is ever missed by comparing versions; and delivery may be as bad as it likes.
//!
//! # Map of the documentation
//!
//! * **Which type?** The choosing table, with what each costs: [`types`].
//! * **How do I ...?** The [cookbook](guide::cookbook): a cart, likes, presence, settings, stock that is never
//!   oversold, two ledgers, saving and restarting.
//! * **My own type?** [Three ways](guide::your_own_type), the first of which is [`record!`]; and the [`laws`] to check it by.
//! * **How do replicas hear of each other?** [Over whatever carries bytes](guide::replicas): [`sync`].
//! * **What can it not do?** [Read this before relying on it](guide::limits).
//! * **How does it work?** [The kernel in one sitting](guide::how_it_works); then [`store`], which is the kernel.
//! * **Writing**: [`Writer`] owns an identity and hands out deltas. **Reading**: a writer, and a [`Causal`] root,
//!   dereference to the data. **The three faces**: [`Lattice`] (states), [`Crdt`] (deltas), [`OpBased`] (operations).
//! * **Causality**: identities, versions and clocks in [`causality`]; plain lattices in [`lattice`].
//!
//! # Guarantees
//!
//! * *Convergence.* Replicas that have taken in the same events are equal (`==`), by whatever ways and in whatever
//!   order and grouping the events came.
//! * *All or nothing.* What cannot be taken in whole is refused whole. Nothing is dropped silently.
//! * *Determinism.* Equal states iterate, print and serialise alike on every replica. There are no hash seeds, and no
//!   clock is read but by [`Writer::edit`] and [`Writer::try_edit`], which are `std` only.
//! * *No panics* from data off the network, as long as it is decoded by this crate and taken in by
//!   [`Causal::try_join`] and [`Causal::try_apply`]. Where a method can panic, its documentation says when.
//! * *No unsafe code*, and no `std` without the feature `std`.
//!
//! Hoped for, but not promised before 1.0: the serde format staying as it is.
//!
//! # Features
//!
//! | feature | what it adds |
//! |---|---|
//! | `std` (default) | random ids and the system's clock: [`Writer::new`], `over`, `with_id`, `resume`, `edit`, `try_edit`. Without it: `with_ids`, `resume_with_ids`, `edit_at`, `try_edit_at` |
//! | `serde` | `Serialize` and `Deserialize` for all that travels or is stored (roots, deltas, plain values, versions, identities), with keys of any kind in JSON too |
//! | `sim` | the simulator: replicas of a type of yours in a world where all goes wrong |
//! | `cli` | the command `rejoin`, which tells stories by it; libraries do not need it |
//! | `proptest`, `quickcheck` | generators of identities, versions, plain values and histories; causal states come of histories: [`laws::states`] |

#![cfg_attr(not(feature = "std"), no_std)]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![forbid(unsafe_code)]

extern crate alloc;

#[cfg(any(feature = "proptest", feature = "quickcheck"))]
mod arbitrary;
pub mod causality;
pub mod codec;
pub mod guide;
pub mod lattice;
pub mod laws;
#[cfg(feature = "sim")]
pub mod sim;
#[cfg(feature = "serde")]
mod sorted;
pub mod store;
pub mod sync;
pub mod types;
mod work;
pub mod writer;

pub use causality::{ClockError, Dot, HybridClock, ReplicaId, Stamp, VectorClock, Version};
pub use codec::Codec;
pub use lattice::{Crdt, Lattice, Max, Min, OpBased};
pub use store::{Causal, Delta, Dots, Edit, EditError, Keyed, Newtype, Store};
pub use types::{
    BoundedCounter, Counter, DwFlag, EwFlag, GCounter, GSet, Lww, LwwMap, LwwRegister, Map, MvRegister,
    NotEnough, OpSet, OrSet, Overflow, PnCounter, RwSet, SetOp, TwoPhaseSet,
};
pub use writer::{Identity, Writer};

/// What [`record!`] writes into other crates.
#[doc(hidden)]
pub mod __private {
    pub use alloc::borrow::Cow;
    pub use alloc::vec::Vec;
    #[cfg(feature = "serde")]
    pub use serde;

    #[cfg(feature = "serde")]
    pub use crate::store::fields::{ReadFields, Within, read_whole};
}

/// The snippets of the README are tests too.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
