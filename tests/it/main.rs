//! All integration tests, in one binary.
#![allow(missing_docs, reason = "tests explain themselves by their names")]

mod fresh;
mod histories;
mod identity;
mod record;
mod semantics;
mod work;
