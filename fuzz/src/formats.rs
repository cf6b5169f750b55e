//! The ways in which values travel here.

use std::fmt::Debug;

use rejoin::Codec;
use rejoin::codec::{DecodeError, Limits};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::MEMORY;

/// JSON says what it holds; postcard does not, and is all lengths and raw bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// `serde_json`.
    Json,
    /// `postcard`.
    Postcard,
}

impl Format {
    const ALL: [Format; 2] = [Format::Json, Format::Postcard];

    /// # Panics
    ///
    /// If the value cannot be encoded: all can.
    pub fn encode<T: Serialize>(self, value: &T) -> Vec<u8> {
        match self {
            Format::Json => serde_json::to_vec(value).expect("all can be written as JSON"),
            Format::Postcard => postcard::to_stdvec(value).expect("all can be written in postcard"),
        }
    }

    /// The value that the bytes stand for, or why they stand for none.
    pub(crate) fn decode<T: DeserializeOwned>(self, bytes: &[u8]) -> Result<T, String> {
        match self {
            Format::Json => serde_json::from_slice(bytes).map_err(|error| error.to_string()),
            Format::Postcard => match postcard::take_from_bytes(bytes) {
                Ok((value, [])) => Ok(value),
                Ok(_) => Err("something follows".to_string()),
                Err(error) => Err(error.to_string()),
            },
        }
    }

    /// As [`decode`](Self::decode); memory must be in proportion to the bytes, whatever lengths they tell.
    pub(crate) fn decode_within_bounds<T: DeserializeOwned>(self, bytes: &[u8]) -> Result<T, String> {
        // Serde takes room for at most a mebibyte of what a length promises.
        within_bounds((5 << 18) + 256 * bytes.len(), || self.decode(bytes))
    }
}

/// No memory but in proportion to bytes.
pub(crate) fn limits() -> Limits {
    let mut limits = Limits::default();
    limits.memory = 0;
    limits
}

/// Decodes bytes of our own format; memory must be in proportion to them.
pub(crate) fn decode_own<T: Codec>(bytes: &[u8]) -> Result<T, DecodeError> {
    // Room for a block, and for what is in one.
    within_bounds((1 << 16) + 256 * bytes.len(), || T::decode_within(bytes, &limits()))
}

fn within_bounds<T>(bound: usize, decode: impl FnOnce() -> T) -> T {
    let before = MEMORY.current_usage();
    MEMORY.reset_peak_usage();
    let value = decode();
    let taken = MEMORY.peak_usage().saturating_sub(before);
    assert!(taken <= bound, "decoding took {taken} bytes, of which at most {bound} can be needed");
    value
}

/// What can be encoded is decoded to an equal value, and that is encoded to the same bytes.
///
/// # Panics
///
/// If it is not.
pub(crate) fn survives_in<T: Serialize + DeserializeOwned + PartialEq + Debug>(format: Format, value: &T) {
    let bytes = format.encode(value);
    match format.decode::<T>(&bytes) {
        Ok(back) => {
            assert_eq!(&back, value, "{format:?} changes it");
            assert_eq!(format.encode(&back), bytes, "equal values, different {format:?}");
        }
        // What nests deeply in postcard may be too deep for JSON.
        Err(error) if format == Format::Json && error.contains("recursion limit") => {}
        Err(error) => panic!("what was written in {format:?} cannot be read: {error}\n{value:?}"),
    }
}

/// The same in every format.
///
/// # Panics
///
/// If it is not so.
pub(crate) fn survives<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: &T) {
    Format::ALL.iter().for_each(|format| survives_in(*format, value));
}

/// The same in our own format.
///
/// # Panics
///
/// If it is not so.
pub(crate) fn survives_in_own<T: Codec + PartialEq + Debug>(value: &T) {
    let bytes = value.encode();
    match T::decode(&bytes) {
        Ok(back) => {
            assert_eq!(&back, value, "our own format changes it");
            assert_eq!(back.encode(), bytes, "equal values, different bytes");
        }
        Err(error) => panic!("what was written in our own format cannot be read: {error}\n{value:?}"),
    }
}

/// Whether bytes that were accepted are written again as they were; or, as deltas in the first format, in another format that
/// says the same.
pub(crate) fn has_one_form<T: Codec + PartialEq>(value: &T, bytes: &[u8]) -> bool {
    let again = value.encode();
    again == bytes || again[1] != b'j' && bytes.starts_with(b"rj") && T::decode(&again).as_ref() == Ok(value)
}
