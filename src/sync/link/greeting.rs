//! The handshake: each side calls with the type of its state and a fingerprint of its version, so replicas that are
//! equal have said all there is to say.

use crate::Version;
use crate::sync::fingerprint::Fingerprint;
use crate::sync::message::shape;
use crate::sync::stream::Payload;
use crate::sync::{Refused, Replicated};

/// What a side says of itself, salted by its own number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::sync) struct Greeting {
    shape: u32,
    print: [u8; 12],
}

/// How two replicas stand to each other when they meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meeting {
    Equal,
    Different {
        /// The peer has nothing.
        is_new: bool,
    },
}

impl Greeting {
    pub(in crate::sync) fn of<T: Replicated>(version: &Version, session: u32) -> Self {
        Greeting { shape: shape::<T>(), print: Fingerprint::of(version, session).long() }
    }

    pub(super) fn read(payload: Payload) -> Self {
        let [a, b, c, d, print @ ..] = payload;
        Greeting { shape: u32::from_le_bytes([a, b, c, d]), print }
    }

    pub(in crate::sync) fn write(self) -> Payload {
        let mut payload = Payload::default();
        payload[..4].copy_from_slice(&self.shape.to_le_bytes());
        payload[4..].copy_from_slice(&self.print);
        payload
    }

    /// How a replica at `version` stands to the peer that has greeted so. `session` is the peer's number.
    pub(super) fn meets<T: Replicated>(self, version: &Version, session: u32) -> Result<Meeting, Refused> {
        if self.shape != shape::<T>() {
            return Err(Refused::OtherType);
        }
        Ok(if self.print == Fingerprint::of(version, session).long() {
            Meeting::Equal
        } else {
            Meeting::Different { is_new: self.print == Fingerprint::new(session).long() }
        })
    }
}
