//! Bytes: compact, of one form, and safe to read from strangers.
//!
//! ```
//! use rejoin::codec::Limits;
//! use rejoin::{Causal, Codec, Delta, OrSet, Writer};
//!
//! let mut shop = Writer::<Causal<OrSet<String>>>::new();
//! let delta = shop.edit(|set| set.insert("milk".into()));
//!
//! let bytes = delta.encode(); // no feature is needed, nor std
//! let mut elsewhere = Writer::<Causal<OrSet<String>>>::new();
//! elsewhere.apply(Delta::decode(&bytes)?);
//!
//! assert_eq!(shop.state().encode(), elsewhere.state().encode()); // equal states are equal bytes,
//! assert_eq!(shop.state().digest(), elsewhere.state().digest()); // and have one digest
//!
//! let mut limits = Limits::default(); // for bytes from strangers
//! limits.bytes = 1 << 20;
//! assert!(Causal::<OrSet<String>>::decode_within(&bytes, &limits).is_err()); // it is a delta
//! # Ok::<(), rejoin::codec::DecodeError>(())
//! ```
//!
//! | trait | for whom |
//! |---|---|
//! | [`Codec`] | everybody: `encode`, `decode`, `encode_to`, `decode_from`, `encoded_len`, `digest` |
//! | [`Element`] | who has keys and values of their own type |
//! | [`Columns`] | nobody by hand: stores have it, and records by `#[derive(Codec)]` inside [`record!`](crate::record) |
//!
//! The format is told in [the guide](crate::guide::format).
//!
//! # Which one: this, or serde?
//!
//! This: smaller, faster, of one form, checked against lies of every kind, readable by later versions. serde: where
//! something else chooses the format, such as JSON for a browser or a document of which a state is a part.

mod causality;
mod collection;
mod columns;
pub(crate) mod digest;
mod element;
mod error;
mod event;
mod fact_list;
mod facts;
mod head;
mod input;
mod number;
mod output;
mod plain;
#[doc(hidden)]
pub mod record;
mod roots;
#[allow(dead_code, reason = "links do not use all of it yet")]
pub(crate) mod roster;
mod shape;
mod time;

use alloc::vec::Vec;

use smallvec::SmallVec;

use crate::store::MAX_DEPTH;

pub use columns::Columns;
pub use element::Element;
pub use error::{DecodeError, Wrong};
pub use fact_list::FactList;
pub use facts::{FactReader, FactWriter};
pub use input::Input;
pub use output::Output;
pub use shape::Shape;

/// How many elements stand in one block of a column.
const BLOCK: usize = 1 << 10;

/// What is needed for a while: off the heap where a delta of one change is written or read.
type Few<T> = SmallVec<[T; 2]>;

fn few<T>(items: impl ExactSizeIterator<Item = T>) -> Few<T> {
    // A vector is filled quicker.
    if items.len() > 2 { Few::from_vec(items.collect()) } else { items.collect() }
}

/// What some bytes are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[repr(u8)]
pub enum Kind {
    /// A plain value.
    Value = 0,
    /// A causal state.
    State = 1,
    /// A delta of a causal state.
    Delta = 2,
    /// A causal state of which something is settled.
    Settled = 3,
    /// A delta of a causal state, with events that sweep what was settled.
    Sweeping = 4,
    /// A delta of a causal state, of one event.
    Event = 5,
}

/// What a reader takes at most.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Bytes.
    pub bytes: u64,
    /// Elements of collections.
    pub elements: u64,
    /// Replicas in one version.
    pub replicas: usize,
    /// Levels of records, keys and values in one another: 64, which is also the most that [`Writer`](crate::Writer) and
    /// [`Replica`](crate::sync::Replica) write.
    pub depth: u32,
    /// Bytes of memory, beside 256 for each byte that there is to read.
    ///
    /// Values may be larger than their bytes: a `None` takes a bit, and in memory as much as a `Some`. A large number of wide
    /// records with little in them needs more than 256 times its bytes.
    pub memory: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { bytes: u64::MAX, elements: u64::MAX, replicas: 1 << 20, depth: MAX_DEPTH, memory: 16 << 20 }
    }
}

/// The demands that some bytes make on a reader.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Size {
    pub bytes: u64,
    /// Levels of records, keys and values in one another.
    pub depth: u32,
}

/// What can be written as bytes, and read again: states, deltas, versions and plain values.
///
/// See [the module](self) for an example.
pub trait Codec: Sized {
    /// What it may be.
    const KINDS: &'static [Kind];

    /// What it is: one of [`KINDS`](Self::KINDS).
    fn kind(&self) -> Kind {
        Self::KINDS[0]
    }

    /// Of which type it is.
    fn shape(shape: &mut Shape);

    /// Writes what comes after the head.
    fn write_body(&self, out: &mut Output<'_>);

    /// Reads what comes after the head.
    ///
    /// # Errors
    ///
    /// If what is there is not what `write_body` writes.
    fn read_body(kind: Kind, input: &mut Input<'_>) -> Result<Self, DecodeError>;

    /// The bytes.
    fn encode(&self) -> Vec<u8> {
        // Enough for a delta of one change.
        let mut bytes = Vec::with_capacity(96);
        self.encode_into(&mut bytes);
        bytes
    }

    /// Appends the bytes.
    fn encode_into(&self, bytes: &mut Vec<u8>) {
        let mut out = Output::after(core::mem::take(bytes));
        self.write_all(&mut out);
        *bytes = out.finish();
    }

    /// Head and body.
    #[doc(hidden)]
    fn write_all(&self, out: &mut Output<'_>) {
        head::write::<Self>(self.kind(), out);
        self.write_body(out);
    }

    /// Head and body.
    #[doc(hidden)]
    fn read_all(input: &mut Input<'_>) -> Result<Self, DecodeError> {
        let kind = head::read::<Self>(input)?;
        let value = Self::read_body(kind, input)?;
        let is_at_end = input.is_at_end();
        input.check(is_at_end, Wrong::Trailing)?;
        Ok(value)
    }

    /// As a part of something that tells its type: kind and body.
    #[doc(hidden)]
    fn write_part(&self, out: &mut Output<'_>) {
        out.put(&[self.kind() as u8]);
        self.write_body(out);
    }

    #[doc(hidden)]
    fn read_part(input: &mut Input<'_>) -> Result<Self, DecodeError> {
        let kind = input.byte()?;
        let known = Self::KINDS.iter().copied().find(|known| *known as u8 == kind);
        let kind = input.ok(known, Wrong::Kind(kind))?;
        Self::read_body(kind, input)
    }

    /// Reads all of `bytes`.
    ///
    /// # Errors
    ///
    /// [`DecodeError`], if they are not what `encode` makes.
    fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        Self::decode_within(bytes, &Limits::default())
    }

    /// A short name for the bytes, the same for equal values wherever they are: `SipHash-2-4` with a key of zeroes and a
    /// result of 128 bits.
    ///
    /// It tells apart what honest replicas have. Whoever wants two values to have one digest can find such values.
    fn digest(&self) -> u128 {
        let mut digest = digest::Digest::new();
        self.write_by(&mut |bytes| digest.write(bytes));
        digest.finish()
    }

    /// How many bytes there will be: for a frame around them. Takes the time of writing them, and no room.
    fn encoded_len(&self) -> u64 {
        self.size().bytes
    }

    /// Counts the bytes, and the levels that they nest.
    #[doc(hidden)]
    fn size(&self) -> Size {
        let mut bytes = 0;
        let depth = self.write_by(&mut |more| bytes += more.len() as u64);
        Size { bytes, depth }
    }

    /// Hands all bytes on as they come, and returns how many levels they nest.
    #[doc(hidden)]
    fn write_by(&self, write: &mut dyn FnMut(&[u8])) -> u32 {
        let mut drain = output::Drain(write);
        let mut out = Output::draining(&mut drain);
        self.write_all(&mut out);
        let depth = out.deepest();
        out.finish();
        depth
    }

    /// Writes the bytes as they come, without holding all of them.
    ///
    /// # Errors
    ///
    /// The first error of `writer`.
    #[cfg(feature = "std")]
    fn encode_to(&self, mut writer: impl std::io::Write) -> std::io::Result<()> {
        let mut result = Ok(());
        self.write_by(&mut |bytes| {
            if result.is_ok() {
                result = writer.write_all(bytes);
            }
        });
        result
    }

    /// Reads bytes as they come, up to the end, without holding all of them.
    ///
    /// # Errors
    ///
    /// The first error of `reader`; or [`DecodeError`], as the source of an error of the kind
    /// [`InvalidData`](std::io::ErrorKind::InvalidData).
    #[cfg(feature = "std")]
    fn decode_from(mut reader: impl std::io::Read, limits: &Limits) -> std::io::Result<Self> {
        let mut result = Ok(());
        let value = Self::decode_by(
            &mut |bytes| {
                use std::io::Read;
                if result.is_ok() {
                    result = reader.by_ref().take(input::CHUNK as u64).read_to_end(bytes).map(drop);
                }
            },
            limits,
        );
        result?;
        value.map_err(|error| std::io::Error::new(std::io::ErrorKind::InvalidData, error))
    }

    /// As `decode_from`, without `std`: `more` appends some bytes, or none if there are no more.
    ///
    /// # Errors
    ///
    /// [`DecodeError`], if they are not what `encode` makes, or too much.
    fn decode_by(more: &mut dyn FnMut(&mut Vec<u8>), limits: &Limits) -> Result<Self, DecodeError> {
        Self::read_all(&mut Input::from(more, limits))
    }

    /// Reads all of `bytes`, if they stay within limits.
    ///
    /// # Errors
    ///
    /// [`DecodeError`], if they are not what `encode` makes, or too much.
    fn decode_within(bytes: &[u8], limits: &Limits) -> Result<Self, DecodeError> {
        Self::read_all(&mut Input::of(bytes, limits))
    }
}

impl<T: Element> Codec for T {
    const KINDS: &'static [Kind] = &[Kind::Value];

    fn shape(shape: &mut Shape) {
        T::shape(shape);
    }

    fn write_body(&self, out: &mut Output<'_>) {
        self.write(out);
    }

    fn read_body(_: Kind, input: &mut Input<'_>) -> Result<Self, DecodeError> {
        Self::read(input)
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_sizes_are_those_that_are_written_down() {
        assert_eq!(super::BLOCK, 1_024, "the format's");
        assert_eq!((super::input::CHUNK, super::output::ENOUGH), (32_768, 32_768));
    }
}
