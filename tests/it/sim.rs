//! Worlds in which all goes wrong.

mod frames;
mod gossip;
mod identity;
mod seeds;
