//! What several links of a replica share, so that peers which ask for the same cost no more than one of them.

use alloc::sync::{Arc, Weak};
use alloc::vec::Vec;

use super::Replicated;
use super::compare::Scan;
use super::message::STATE;
use crate::Version;
use crate::codec::Output;
use crate::work::moved;

/// Held by links, as long as they need it; a replica only remembers where it is.
#[derive(Debug, Default)]
pub(super) struct Sharing {
    /// The state, encoded.
    encoded: Option<Encoded>,
    /// Its facts.
    scan: Weak<Scan>,
}

#[derive(Debug)]
struct Encoded {
    version: Version,
    horizon: Version,
    bytes: Weak<Vec<u8>>,
}

impl Sharing {
    /// The facts of the state as it is, to be compared for a while.
    pub(super) fn scan<T: Replicated>(&mut self, state: &T) -> Arc<Scan> {
        if let Some(scan) = self.scan.upgrade()
            && scan.is_of(state)
        {
            return scan;
        }
        let scan = Arc::new(Scan::new(state));
        self.scan = Arc::downgrade(&scan);
        scan
    }

    /// The state as a message.
    pub(super) fn state_message<T: Replicated>(&mut self, state: &T) -> Arc<Vec<u8>> {
        let horizon = state.horizon();
        if let Some(encoded) = &self.encoded
            && encoded.version == *state.version()
            && encoded.horizon == horizon
            && let Some(bytes) = encoded.bytes.upgrade()
        {
            return bytes;
        }
        let mut out = Output::after(alloc::vec![STATE]);
        state.write_part(&mut out);
        let bytes = Arc::new(out.finish());
        moved(bytes.len());
        let version = state.version().clone();
        self.encoded = Some(Encoded { version, horizon, bytes: Arc::downgrade(&bytes) });
        bytes
    }
}
