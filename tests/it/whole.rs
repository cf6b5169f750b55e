//! Transactions happen as a whole, or not at all.

mod causal;
mod depth;
mod key;
mod plain;
mod replicas;
