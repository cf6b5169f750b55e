//! Replicas kept in step by links, over networks that behave badly.
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "numbers of tests are small, or random"
)]

mod chain;
mod forger;
mod group;
mod groups;
mod hostile;
#[cfg(feature = "serde")]
mod identity;
mod net;
mod paths;
mod random_groups;
mod swarm;
mod time;
mod union;
mod vouched;
