//! Worlds in which all goes wrong.

mod frames;
mod seeds;
