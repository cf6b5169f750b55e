//! The work that is measured, and who does it: `rejoin`, std's collections (the limit), and the peers.
//!
//! Every library does the same work on the same values, in the way that its own documentation recommends. What it is
//! asked to do is a trait; how it does that is in the file of `peers` that carries its name.

pub mod data;
pub mod draw;
pub mod page;
#[cfg(feature = "peers")]
pub mod peers;
