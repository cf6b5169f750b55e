//! Replication without I/O.

mod inbox;

pub use inbox::{CausalInbox, Envelope, InboxLimits, OpLog, Refused};
