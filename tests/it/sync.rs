//! Replicas kept in step by links, over networks that behave badly.

mod net;
mod paths;
