//! Worlds in which all goes wrong.

mod seeds;
