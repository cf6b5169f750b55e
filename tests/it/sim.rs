//! Worlds in which all goes wrong.

mod gossip;
mod identity;
mod seeds;
