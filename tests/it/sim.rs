//! Worlds in which all goes wrong.
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "numbers of tests are small, or random"
)]

mod adversaries;
mod frames;
mod gossip;
mod identity;
mod seeds;
