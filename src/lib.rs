//! rejoin
#![cfg_attr(not(feature = "std"), no_std)]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![forbid(unsafe_code)]

extern crate alloc;

#[cfg(any(feature = "proptest", feature = "quickcheck"))]
mod arbitrary;
pub mod causality;
pub mod guide;
pub mod lattice;
#[cfg(feature = "serde")]
mod sorted;
pub mod store;
pub mod types;
pub mod writer;

pub use causality::{Dot, HybridClock, ReplicaId, Stamp, VectorClock, Version};
pub use lattice::{Crdt, Lattice, Max, Min, OpBased};
pub use store::{Causal, Delta, Dots, Edit, Keyed, Newtype, Store};
pub use types::{
    BoundedCounter, Counter, DwFlag, EwFlag, GCounter, GSet, Lww, LwwMap, LwwRegister, Map, MvRegister,
    NotEnough, OpSet, OrSet, Overflow, PnCounter, RwSet, SetOp, TwoPhaseSet,
};
pub use writer::Writer;

/// What [`record!`] writes into other crates.
#[doc(hidden)]
pub mod __private {
    pub use alloc::borrow::Cow;

    pub use crate::causality::Names;
    pub use crate::store::{Meeting, Naming, Receipt};
}
