//! The data types, one file each.
//!
//! # Which one?
//!
//! **Causal types** live in a [`Causal`](crate::Causal) root, alone, in a [`Map`], or as fields of a
//! [`record!`](crate::record). They can be removed and reset.
//!
//! | I need | take | when two replicas disagree |
//! |---|---|---|
//! | a set | [`OrSet`] | add ∥ remove → it is in |
//! | a set in which a removal must hold | [`RwSet`] | add ∥ remove → it is out |
//! | a flag | [`EwFlag`] | enable ∥ disable → enabled |
//! | a flag in which *off* must hold | [`DwFlag`] | enable ∥ disable → disabled |
//! | a value, without losing any | [`MvRegister`] | both are kept for somebody to choose |
//! | a value, the latest | [`Lww`] | the later one, by clock |
//! | a count that can be reset or removed | [`Counter`] | both count; a reset takes away what it has seen |
//! | values by key | [`Map`] | key by key; write ∥ remove → the write survives alone |
//! | plain values by key, the latest | [`LwwMap`] | as a `Map` of `Lww` |
//! | a struct | [`record!`](crate::record) | field by field |
//!
//! **Plain types** stand alone, or in tuples and maps of lattices. They only ever grow, and are smaller for it.
//!
//! | I need | take | when two replicas disagree |
//! |---|---|---|
//! | a count that only goes up | [`GCounter`] | both count |
//! | a count | [`PnCounter`] | both count |
//! | a stock that must not be oversold | [`BoundedCounter`] | each spends only what it holds the rights to |
//! | the greatest, the least | [`Max`](crate::Max), [`Min`](crate::Min) | the greater, the lesser |
//! | a set that only grows | [`GSet`] | both are in |
//! | a set from which things go for good | [`TwoPhaseSet`] | add ∥ remove → it is out, for ever |
//! | one value, the latest | [`LwwRegister`] | the later one, by clock |
//!
//! **An op-based type**, for replication by reliable causal broadcast or a [`CausalInbox`](crate::sync::inbox::CausalInbox): [`OpSet`].
//!
//! # What they cost
//!
//! `n` is the number of live entries, `r` of replicas that ever wrote. Memory is per entry, beside the entry's own bytes, as
//! allocated for 100,000 entries inserted in order (which leaves B-trees half empty: the worst case).
//!
//! | type | write | read | memory | grows with |
//! |---|---|---|---|---|
//! | [`OrSet`] | `O(log n)` | `O(log n)` | 56 bytes | live members |
//! | [`RwSet`] | `O(log n)` | `O(log n)` | 70 bytes | members *ever* removed, until that is settled |
//! | [`EwFlag`] | `O(1)` | `O(1)` | 24 bytes | nothing |
//! | [`DwFlag`] | `O(1)` | `O(1)` | 32 bytes | nothing |
//! | [`MvRegister`], [`Lww`] | `O(siblings)` | `O(siblings)` | 24 or 32 bytes | concurrent writes, until the next write |
//! | [`Counter`] | `O(log k)` | `O(k)` | 16 bytes per increment | increments `k` since the last reset; settled ones are one for each replica |
//! | [`Map`] | `O(log n)` + the value's | `O(log n)` + the value's | the value's | live keys |
//! | [`LwwMap`] | `O(log n)` | `O(log n)` | 77 bytes | live keys |
//! | [`GCounter`], [`PnCounter`] | `O(log r)` | `O(r)` | 49 bytes | replicas |
//! | [`BoundedCounter`] | `O(r)` | `O(r)` | some 50 or 80 bytes | replicas and pairs that ever moved rights |
//! | [`GSet`] | `O(log n)` | `O(log n)` | the tree's slack | members |
//! | [`TwoPhaseSet`] | `O(log n)` | `O(log n)` | the tree's slack | members, removed ones included, for ever |
//! | [`LwwRegister`], [`Max`](crate::Max), [`Min`](crate::Min) | `O(1)` | `O(1)` | 32 or 8 bytes | nothing |
//!
//! A [`Causal`](crate::Causal) root adds some 100 bytes per replica that ever wrote. What grows with removals and
//! increments is folded where it is [settled](crate::Causal::settle).

mod bounded_counter;
mod counter;
mod dw_flag;
mod ew_flag;

mod g_counter;
mod g_set;
mod lww;
mod lww_map;
mod lww_register;
mod map;
mod mv_register;
mod op_set;
mod or_set;
mod plain;
mod pn_counter;
mod rw_set;
mod two_phase_set;

pub use bounded_counter::{BoundedCounter, NotEnough};
pub use counter::Counter;
pub use dw_flag::DwFlag;
pub use ew_flag::EwFlag;
pub use g_counter::{GCounter, Overflow};
pub use g_set::GSet;
pub use lww::Lww;
pub use lww_map::LwwMap;
pub use lww_register::LwwRegister;
pub use map::Map;
pub use mv_register::MvRegister;
pub use op_set::{OpSet, SetOp};
pub use or_set::OrSet;
pub use pn_counter::PnCounter;
pub use rw_set::RwSet;
pub use two_phase_set::TwoPhaseSet;
