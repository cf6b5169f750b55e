//! All integration tests, in one binary.
#![allow(missing_docs, reason = "tests explain themselves by their names")]

mod broken;
#[cfg(feature = "serde")]
mod formats;
mod found;
mod fresh;
mod histories;
#[cfg(feature = "serde")]
mod hostile;
mod identity;
mod laws;
mod pitfalls;
mod record;
mod seeds;
mod semantics;
mod work;
