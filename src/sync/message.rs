//! What two replicas say to each other.

use alloc::sync::Arc;
use alloc::vec::Vec;

use super::Replicated;
use crate::codec::digest::Digest;
use crate::codec::{Codec, DecodeError, Element, Input, Limits, Output, Shape, Wrong};
use crate::{ReplicaId, Version};

/// How many things may be said at once. It takes few to fill a frame.
const MOST_AT_ONCE: usize = 1_000;

/// One thing that is said. A frame's worth of them is sent as one message.
pub(super) enum Message<T: Replicated> {
    /// The first: of which type the state is, and a digest of its version.
    Hello { shape: u64, digest: u128 },
    /// What I have that you do not know of; and a digest of all that I have. If it is whole, all that you knew is void.
    Have { news: Version, is_whole: bool, digest: u64 },
    /// Who I am; said once, by who is in a group.
    Name(ReplicaId),
    /// You are not in the group, or not any more: what you write is not taken in.
    Outside { has_left: bool },
    /// What is settled here, as of what I have just told you to have.
    Settled(Version),
    /// What you take me to have is not what I have: tell me what you have from the beginning.
    Repeat,
    /// What you lack, next in order.
    Events(T::Delta),
    /// You lack more than I remember: ask for it.
    Beyond,
    /// Send me the whole state.
    Whole,
    /// Let us compare our facts, mine as of what I have just told you to have, with these known to be dead ahead of it.
    Compare { salt: u64, ahead: Version, horizon: Version },
    /// So many facts are on my side, which is as of what I have just told you to have.
    Facts { count: u64, ahead: Version, horizon: Version },
    /// Send me so many cells.
    More(u64),
    /// The next cells, as they were written.
    Cells(Vec<u8>),
    /// The difference is known: these of your facts are gone here, these you lack, and those I want.
    Solved { gone: Version, facts: T::Delta, wanted: Version },
    /// The facts that you wanted, and the sum of the hashes of all that we both have now.
    Rest { facts: T::Delta, sum: u64 },
    /// The whole state.
    State(Arc<T>),
}

impl<T: Replicated> Message<T> {
    pub(super) fn write(&self, out: &mut Output<'_>) {
        match self {
            Message::Hello { shape, digest } => {
                out.put(&[0]);
                out.put(&shape.to_le_bytes()[..4]);
                out.put(&digest.to_le_bytes()[..12]);
            }
            Message::Have { news, is_whole, digest } => {
                out.put(&[if *is_whole { 13 } else { 1 }]);
                news.write(out);
                out.put(&digest.to_le_bytes());
            }
            Message::Name(id) => {
                out.put(&[14]);
                id.write(out);
            }
            Message::Outside { has_left } => {
                out.put(&[15]);
                has_left.write(out);
            }
            Message::Settled(horizon) => {
                out.put(&[16]);
                horizon.write(out);
            }
            Message::Repeat => out.put(&[2]),
            Message::Events(delta) => {
                out.put(&[3]);
                delta.write_part(out);
            }
            Message::Beyond => out.put(&[4]),
            Message::Whole => out.put(&[5]),
            Message::Compare { salt, ahead, horizon } => {
                out.put(&[6]);
                out.put(&salt.to_le_bytes());
                ahead.write(out);
                horizon.write(out);
            }
            Message::Facts { count, ahead, horizon } => {
                out.put(&[7]);
                out.number(*count);
                ahead.write(out);
                horizon.write(out);
            }
            Message::More(cells) => {
                out.put(&[8]);
                out.number(*cells);
            }
            Message::Cells(bytes) => {
                out.put(&[9]);
                out.count(bytes.len());
                out.put(bytes);
            }
            Message::Solved { gone, facts, wanted } => {
                out.put(&[10]);
                gone.write(out);
                wanted.write(out);
                facts.write_part(out);
            }
            Message::Rest { facts, sum } => {
                out.put(&[11]);
                out.put(&sum.to_le_bytes());
                facts.write_part(out);
            }
            Message::State(state) => {
                out.put(&[12]);
                state.write_part(out);
            }
        }
    }

    pub(super) fn read(input: &mut Input<'_>) -> Result<Self, DecodeError> {
        Ok(match input.byte()? {
            0 => {
                let shape = u64::from(u32::from_le_bytes(input.array()?));
                let mut digest = [0; 16];
                digest[..12].copy_from_slice(&input.array::<12>()?);
                Message::Hello { shape, digest: u128::from_le_bytes(digest) }
            }
            kind @ (1 | 13) => Message::Have {
                news: Version::read(input)?,
                is_whole: kind == 13,
                digest: u64::from_le_bytes(input.array()?),
            },
            2 => Message::Repeat,
            3 => Message::Events(T::Delta::read_part(input)?),
            4 => Message::Beyond,
            5 => Message::Whole,
            6 => Message::Compare {
                salt: u64::from_le_bytes(input.array()?),
                ahead: Version::read(input)?,
                horizon: Version::read(input)?,
            },
            7 => Message::Facts {
                count: input.number()?,
                ahead: Version::read(input)?,
                horizon: Version::read(input)?,
            },
            8 => Message::More(input.number()?),
            9 => {
                let n: usize = input.number()?;
                Message::Cells(input.bytes(n)?)
            }
            10 => Message::Solved {
                gone: Version::read(input)?,
                wanted: Version::read(input)?,
                facts: T::Delta::read_part(input)?,
            },
            11 => {
                let sum = u64::from_le_bytes(input.array()?);
                Message::Rest { facts: T::Delta::read_part(input)?, sum }
            }
            14 => Message::Name(ReplicaId::read(input)?),
            15 => Message::Outside { has_left: bool::read(input)? },
            16 => Message::Settled(Version::read(input)?),
            12 => Message::State(Arc::new(T::read_part(input)?)),
            _ => return Err(input.error(Wrong::Value("a message that is known here"))),
        })
    }

    /// All that is said in some bytes.
    pub(super) fn read_all(bytes: &[u8], limits: &Limits) -> Result<Vec<Self>, DecodeError> {
        let mut input = Input::of(bytes, limits);
        let mut messages = Vec::new();
        while !input.is_at_end() {
            // The shortest take more memory than bytes.
            input.check(messages.len() < MOST_AT_ONCE, Wrong::Limit("messages"))?;
            messages.push(Message::read(&mut input)?);
        }
        Ok(messages)
    }

    /// What tells the type of the state.
    pub(super) fn shape() -> u64 {
        let mut shape = Shape::default();
        T::shape(&mut shape);
        let mut digest = Digest::new();
        digest.write(&[T::KINDS[0] as u8]);
        digest.write(shape.bytes());
        low(digest.finish()) & u64::from(u32::MAX)
    }
}

/// A short name of a version, of 96 bits, which nobody can choose, since it depends on a number that was drawn for the
/// conversation.
pub(super) fn digest(version: &Version, salt: u32) -> u128 {
    let mut digest = Digest::keyed(salt.into());
    version.write_by(&mut |bytes| digest.write(bytes));
    digest.finish() >> 32
}

/// The lower half.
pub(super) fn low(n: u128) -> u64 {
    (n & u128::from(u64::MAX)).try_into().unwrap_or(u64::MAX)
}
