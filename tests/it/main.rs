//! All integration tests, in one binary.
#![allow(missing_docs, reason = "tests explain themselves by their names")]

mod broken;
#[cfg(feature = "cli")]
mod cli;
mod codec;
#[cfg(feature = "serde")]
mod formats;
mod found;
mod fresh;
mod growth;
mod histories;
#[cfg(feature = "serde")]
mod hostile;
mod identity;
mod inbox;
mod large;
mod laws;
mod pitfalls;
mod reading;
mod record;
mod seeds;
mod semantics;
mod settle;
#[cfg(feature = "sim")]
mod sim;
mod sync;
mod whole;
mod work;
