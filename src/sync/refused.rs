use core::fmt;

use crate::ReplicaId;
use crate::codec::DecodeError;
use crate::store::{self, Full};

/// Why something that came in a frame was not taken in. It has changed nothing, and the conversation begins anew.
///
/// # What to do about it
///
/// | | variants | do |
/// |---|---|---|
/// | [`is_fault`](Self::is_fault) | `Malformed`, `Nonsense` | no honest replica of this version says it. A network may have damaged a frame once; close the link if it repeats |
/// | [`is_fatal`](Self::is_fatal) | `OtherType`, `Full`, `TooManyNames`, `HasLeft`, `Left` | close: this link carries nothing more as long as both sides are what they are |
/// | [`should_wait`](Self::should_wait) | `Stranger`, `Outside`, `Behind` | keep the link: it goes on once a member has admitted the replica, or a state has arrived |
///
/// Each variant is in one of the three rows. [`is_ours`](Self::is_ours) says that the reason is this replica and not the peer:
/// it has `Left`, or is `Outside`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refused {
    /// The frame is not what a link of this version writes, or larger than the limits.
    Malformed(DecodeError),
    /// The peer's state is of another type.
    OtherType,
    /// The state cannot name the replicas that the message brings.
    Full,
    /// The peer has brought more replicas than a link may: see [`Config::names`](super::Config::names).
    TooManyNames,
    /// The message is based on what is settled at the peer, and not known here: a state must come first.
    Behind,
    /// This replica is not in the group, as far as is known here, so what it writes is not taken in: a member must
    /// [admit](super::Replica::admit) it first. It is the peer, or the writer of something that the peer brings.
    Stranger(ReplicaId),
    /// The peer has left the group. It must take a new id, and be admitted under that.
    HasLeft(ReplicaId),
    /// The others do not count this replica in: it is not in the group. If it was admitted, it was by a member that they have
    /// retired, and it must begin with nothing, under a new id.
    Outside,
    /// The other side does not take in what this replica writes any more: it has left the group. It must take a new id, and be
    /// admitted under that.
    Left,
    /// The message says what cannot be.
    Nonsense(&'static str),
}

impl Refused {
    /// Whether the peer has said what no honest replica of this version says. Close the link if it repeats.
    pub fn is_fault(&self) -> bool {
        matches!(self, Refused::Malformed(_) | Refused::Nonsense(_))
    }

    /// Whether the link carries nothing more: close it, and come back when one of the two replicas is another, or under
    /// another id.
    pub fn is_fatal(&self) -> bool {
        matches!(
            self,
            Refused::OtherType | Refused::Full | Refused::TooManyNames | Refused::HasLeft(_) | Refused::Left
        )
    }

    /// Whether the link goes on by itself once others have done something: a member admits a replica, or a state arrives. Keep
    /// it.
    pub fn should_wait(&self) -> bool {
        matches!(self, Refused::Stranger(_) | Refused::Outside | Refused::Behind)
    }

    /// Whether the reason is how this replica stands to the group, and not the peer.
    pub fn is_ours(&self) -> bool {
        matches!(self, Refused::Outside | Refused::Left)
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refused::Malformed(error) => write!(f, "a frame is malformed: {error}"),
            Refused::OtherType => f.write_str("the other replica's state is of another type"),
            Refused::Full => Full.fmt(f),
            Refused::TooManyNames => f.write_str("the peer has brought more replicas than it may"),
            Refused::Behind => store::Refused::Behind.fmt(f),
            Refused::Stranger(id) => write!(f, "{id} is not in the group: a member must admit it"),
            Refused::HasLeft(id) => write!(f, "{id} has left the group: it must take a new id"),
            Refused::Outside => f.write_str("this replica is not in the group: a member must admit it"),
            Refused::Left => f.write_str("this replica has left the group: it must take a new id"),
            Refused::Nonsense(what) => write!(f, "a frame says what cannot be: {what}"),
        }
    }
}

impl core::error::Error for Refused {}

impl From<DecodeError> for Refused {
    fn from(error: DecodeError) -> Self {
        Refused::Malformed(error)
    }
}

impl From<Full> for Refused {
    fn from(_: Full) -> Self {
        Refused::Full
    }
}

impl From<store::Refused> for Refused {
    fn from(refused: store::Refused) -> Self {
        match refused {
            store::Refused::Full => Refused::Full,
            store::Refused::Behind => Refused::Behind,
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;
    use crate::codec::Wrong;

    #[test]
    fn each_reason_asks_for_one_thing() {
        let id = ReplicaId::from_u128(1);
        let reasons = [
            (Refused::Malformed(DecodeError { at: 0, wrong: Wrong::Type }), [true, false, false]),
            (Refused::Nonsense("a test"), [true, false, false]),
            (Refused::OtherType, [false, true, false]),
            (Refused::Full, [false, true, false]),
            (Refused::TooManyNames, [false, true, false]),
            (Refused::HasLeft(id), [false, true, false]),
            (Refused::Left, [false, true, false]),
            (Refused::Stranger(id), [false, false, true]),
            (Refused::Outside, [false, false, true]),
            (Refused::Behind, [false, false, true]),
        ];
        for (refused, expected) in reasons {
            let asks = [refused.is_fault(), refused.is_fatal(), refused.should_wait()];
            assert_eq!(asks, expected, "{refused}");
            assert_eq!(refused.is_ours(), matches!(refused, Refused::Left | Refused::Outside));
            assert!(refused.to_string().len() > 10);
        }
    }
}
