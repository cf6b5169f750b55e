//! All integration tests, in one binary.
#![allow(missing_docs, reason = "tests explain themselves by their names")]

mod histories;
mod identity;
mod record;
mod work;
