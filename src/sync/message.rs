//! What two replicas say to each other.
//!
//! Replicas are called by the numbers of the sender's [roster](crate::codec::roster), once [`NAMES`] has told what the
//! numbers mean. docs/sync.md has a table of all messages: who may send which, when, and what it costs.

use alloc::vec::Vec;

use super::compare;
use super::link::Report;
use super::peer::{Name, Outside};
use super::{Events, Replicated};
use crate::codec::digest::Digest;
use crate::codec::{Codec, DecodeError, Element, Input, Output, Shape, Wrong};
use crate::{Dot, Version};

/// One thing that is said. A frame's worth of them is sent as one message of the stream.
pub(crate) enum Message<T: Replicated> {
    /// The sender's version.
    Have(Report),
    /// The peer takes the sender's version for something else: it shall say the whole of its own again.
    Repeat,
    /// Events that the peer lacks, next in order. One that comes next after the one before is written without its dot.
    Events(T::Delta),
    /// The peer lacks more than the sender's log has.
    Beyond,
    /// The peer shall send its whole state.
    Whole,
    /// The sender's whole state.
    State(T),
    /// A part of a comparison.
    Compare(compare::Message<T::Delta>),
    /// How the sender stands to its group; said by a replica that is in one.
    Name(Name),
    /// The peer is not in the group, or has left it: what it writes is not taken in.
    Outside(Outside),
    /// What is settled at the sender's, as of the version that it has just told.
    Settled(Version),
}

/// The messages by number. `NAMES`, `NEXT` and `STATE` are written by the link: the one goes ahead of messages that need it, the
/// other is encoded once for all peers.
const HAVE: u8 = 0;
const HAVE_WHOLE: u8 = 1;
const REPEAT: u8 = 2;
const EVENTS: u8 = 3;
const BEYOND: u8 = 4;
const WHOLE: u8 = 5;
pub(super) const STATE: u8 = 6;
pub(super) const COMPARE: u8 = 7;
const NAME: u8 = 8;
const OUTSIDE: u8 = 9;
const SETTLED: u8 = 10;
pub(super) const NAMES: u8 = 11;
const NEXT: u8 = 12;

impl<T: Replicated> Message<T> {
    pub(crate) fn write(&self, out: &mut Output<'_>) {
        match self {
            Message::Have(Report { news, is_whole, print }) => {
                out.put(&[if *is_whole { HAVE_WHOLE } else { HAVE }]);
                news.write(out);
                out.put(&print.to_le_bytes());
            }
            Message::Repeat => out.put(&[REPEAT]),
            Message::Events(delta) => {
                out.put(&[EVENTS]);
                delta.write_part(out);
            }
            Message::Beyond => out.put(&[BEYOND]),
            Message::Whole => out.put(&[WHOLE]),
            Message::State(state) => {
                out.put(&[STATE]);
                state.write_part(out);
            }
            Message::Compare(part) => {
                out.put(&[COMPARE]);
                part.write(out);
            }
            Message::Name(name) => {
                out.put(&[NAME]);
                name.write(out);
            }
            Message::Outside(Outside { has_left }) => {
                out.put(&[OUTSIDE]);
                has_left.write(out);
            }
            Message::Settled(horizon) => {
                out.put(&[SETTLED]);
                horizon.write(out);
            }
        }
    }

    /// The next message, if there is one. The names that come before it are noted. `last` is the event of the message before,
    /// and then that of this one, if it is one.
    pub(super) fn read(input: &mut Input<'_>, last: &mut Option<Dot>) -> Result<Option<Self>, DecodeError> {
        while !input.is_at_end() {
            let message: Message<T> = match (input.byte()?, last.take()) {
                (NAMES, _) => {
                    input.read_names()?;
                    continue;
                }
                (NEXT, before) => {
                    let next = before.and_then(|dot| Dot::new(dot.replica(), dot.counter() + 1));
                    Message::Events(T::Delta::read_event(
                        input.ok(next, Wrong::Value("a next event"))?,
                        input,
                    )?)
                }
                (kind, _) => Message::read_kind(kind, input)?,
            };
            if let Message::Events(delta) = &message {
                *last = delta.events().only();
            }
            return Ok(Some(message));
        }
        Ok(None)
    }

    fn read_kind(kind: u8, input: &mut Input<'_>) -> Result<Self, DecodeError> {
        Ok(match kind {
            kind @ (HAVE | HAVE_WHOLE) => Message::Have(Report {
                news: Version::read(input)?,
                is_whole: kind == HAVE_WHOLE,
                print: u64::from_le_bytes(input.array()?),
            }),
            REPEAT => Message::Repeat,
            EVENTS => Message::Events(T::Delta::read_part(input)?),
            BEYOND => Message::Beyond,
            WHOLE => Message::Whole,
            STATE => Message::State(T::read_part(input)?),
            COMPARE => Message::Compare(compare::Message::read(input)?),
            NAME => Message::Name(Name::read(input)?),
            OUTSIDE => Message::Outside(Outside { has_left: bool::read(input)? }),
            SETTLED => Message::Settled(Version::read(input)?),
            _ => return Err(input.error(Wrong::Value("a message"))),
        })
    }
}

pub(super) fn put_beyond(out: &mut Vec<u8>) {
    out.push(BEYOND);
}

/// A delta as a message, of which `bytes` are the encoding.
#[inline]
pub(super) fn put_events(bytes: &[u8], out: &mut Vec<u8>) {
    out.reserve(1 + bytes.len());
    out.push(EVENTS);
    out.extend_from_slice(bytes);
}

/// An event that comes next after that of the message before, of which `change` are the encoded changes.
pub(super) fn put_next(change: &[u8], out: &mut Vec<u8>) {
    out.reserve(1 + change.len());
    out.push(NEXT);
    out.extend_from_slice(change);
}

/// Tells the type of the state.
pub(super) fn shape<T: Replicated>() -> u32 {
    let mut shape = Shape::default();
    T::shape(&mut shape);
    let mut digest = Digest::new();
    digest.write(&[T::KINDS[0] as u8]);
    digest.write(shape.bytes());
    u32::try_from(digest.finish() >> 96).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::Limits;
    use crate::codec::roster::{Directory, Roster};
    use crate::{Causal, Delta, Lattice, OrSet, ReplicaId, Writer};

    type Set = Causal<OrSet<u8>>;

    /// Writes a message of the stream, and reads the events that it brings.
    fn read(write: impl FnOnce(&mut Output<'_>)) -> Result<Vec<Version>, DecodeError> {
        let (mut roster, mut directory, limits) =
            (Roster::default(), Directory::default(), Limits::default());
        let mut out = Output::within(Vec::new(), &mut roster);
        write(&mut out);
        let (used, body) = (out.used(), out.finish());
        let mut out = Output::after(alloc::vec![NAMES]);
        roster.write_names(&used, &mut out);
        out.put(&body);
        let bytes = out.finish();
        let (mut input, mut last) = (Input::within(&bytes, &limits, &mut directory), None);
        let mut events = Vec::new();
        while let Some(message) = Message::<Set>::read(&mut input, &mut last)? {
            if let Message::Events(delta) = message {
                events.push(delta.events().clone());
            }
        }
        Ok(events)
    }

    fn deltas<const N: usize>() -> [Delta<OrSet<u8>>; N] {
        let mut writer = Writer::<Set>::with_id(ReplicaId::from_u128(1));
        core::array::from_fn(|n| writer.edit_at(0, |set| set.insert(u8::try_from(n).unwrap())))
    }

    fn next(delta: &Delta<OrSet<u8>>, out: &mut Output<'_>) {
        out.put(&[NEXT]);
        delta.write_event(out);
    }

    #[test]
    fn a_next_event_goes_on_from_the_one_before() {
        let [a, b, c] = deltas();
        let written = [&a, &b, &c].map(|delta| delta.events().clone());
        let events = read(|out| {
            Message::<Set>::Events(a).write(out);
            next(&b, out);
            next(&c, out);
        });
        assert_eq!(events.unwrap(), written);
    }

    #[test]
    fn a_next_event_that_goes_on_from_nothing_is_refused() {
        let [a, b, c] = deltas();
        assert!(read(|out| next(&a, out)).is_err());
        let mut both = a.clone();
        both.join(b.clone());
        assert!(
            read(|out| {
                Message::<Set>::Events(both).write(out);
                next(&c, out);
            })
            .is_err()
        );
        assert!(
            read(|out| {
                Message::<Set>::Events(a.clone()).write(out);
                Message::<Set>::Beyond.write(out);
                next(&b, out);
            })
            .is_err()
        );
        assert!(
            read(|out| {
                out.put(&[EVENTS, crate::codec::Kind::Event as u8]);
                Dot::new(ReplicaId::from_u128(1), Dot::MAX_COUNTER).unwrap().write(out);
                a.write_event(out);
                next(&b, out);
            })
            .is_err()
        );
    }
}
