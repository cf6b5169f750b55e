//! Replicas kept in step by links, over networks that behave badly.

mod group;
mod hostile;
#[cfg(feature = "serde")]
mod identity;
mod net;
mod paths;
