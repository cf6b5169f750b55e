//! Replicas kept in step by links, over networks that behave badly.
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "numbers of tests are small, or random"
)]

mod group;
mod hostile;
#[cfg(feature = "serde")]
mod identity;
mod net;
mod paths;
mod swarm;
mod time;
