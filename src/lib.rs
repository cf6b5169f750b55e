//! rejoin
#![cfg_attr(not(feature = "std"), no_std)]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod causality;
pub mod lattice;
#[cfg(feature = "serde")]
mod sorted;

pub use causality::{Dot, HybridClock, ReplicaId, Stamp, VectorClock, Version};
pub use lattice::{Crdt, Lattice, Max, Min, OpBased};
