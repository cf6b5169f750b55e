use alloc::vec::Vec;
use core::fmt;

use super::number;
use super::roster::{Numbers, Roster};

/// Where bytes are written to.
///
/// [`Element::write`](super::Element::write) puts into it what it wants to find again, in the same order.
#[derive(Default)]
pub struct Output<'a> {
    pub(super) bytes: Vec<u8>,
    pub(super) drain: Option<&'a mut Drain<'a>>,
    /// The numbers of names, in a conversation.
    pub(super) roster: Option<&'a mut Roster>,
    /// Which numbers of the roster were written.
    pub(super) used: Numbers,
    /// The milliseconds that times are counted from, in a delta in the second format.
    pub(super) base: Option<u64>,
    pub(super) depth: u32,
    /// The greatest depth so far.
    pub(super) deepest: u32,
}

/// Takes bytes that are ready.
pub(super) struct Drain<'a>(pub(super) &'a mut dyn FnMut(&[u8]));

impl fmt::Debug for Output<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Output").field("waiting", &self.bytes.len()).finish_non_exhaustive()
    }
}

/// How many bytes may be waiting to be taken.
pub(super) const ENOUGH: usize = 1 << 15;

impl<'a> Output<'a> {
    /// Goes on after `bytes`, and keeps all that is written.
    pub(crate) fn after(bytes: Vec<u8>) -> Self {
        Output { bytes, ..Output::default() }
    }

    /// Hands on what is written, bit by bit.
    pub(super) fn draining(drain: &'a mut Drain<'a>) -> Self {
        Output { drain: Some(drain), ..Output::default() }
    }

    pub(crate) fn finish(mut self) -> Vec<u8> {
        self.drain_from(1);
        self.bytes
    }

    /// How many bytes are waiting: all that were written, if they are kept.
    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Bytes as they are.
    pub fn put(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
        self.drain_from(ENOUGH);
    }

    /// A number, the shorter the smaller: seven bits to the byte, the lowest first.
    #[inline]
    pub fn number(&mut self, n: impl Into<u128>) {
        let n: u128 = n.into();
        if n < 0x80 {
            self.bytes.push(n.to_le_bytes()[0]);
            self.drain_from(ENOUGH);
        } else {
            self.long_number(n);
        }
    }

    fn long_number(&mut self, mut n: u128) {
        while n >> number::BITS != 0 {
            self.bytes.push(n.to_le_bytes()[0] | 0x80);
            n >>= 7;
        }
        number::put(u64::try_from(n).unwrap_or_default(), &mut self.bytes);
        self.drain_from(ENOUGH);
    }

    /// A number that may be negative, the shorter the nearer to 0: 0, −1, 1, −2 as 0, 1, 2, 3.
    #[inline]
    pub fn signed(&mut self, n: impl Into<i128>) {
        let n: i128 = n.into();
        match i64::try_from(n) {
            Ok(n) => self.number(number::fold(n)),
            Err(_) => self.long_number(((n << 1) ^ (n >> 127)).cast_unsigned()),
        }
    }

    /// How many there are of something.
    pub fn count(&mut self, n: usize) {
        self.number(n as u128);
    }

    /// Goes one level deeper, where a value may have another of its type inside. [`leave`](Self::leave) it afterwards, and do
    /// both when the value is [read](super::Input::enter), too.
    pub fn enter(&mut self) {
        self.depth += 1;
        self.deepest = self.deepest.max(self.depth);
    }

    /// Comes up again.
    pub fn leave(&mut self) {
        self.depth -= 1;
    }

    /// Returns how many levels deep it was written.
    pub(crate) fn deepest(&self) -> u32 {
        self.deepest
    }

    #[inline]
    fn drain_from(&mut self, enough: usize) {
        if self.bytes.len() >= enough {
            self.drain();
        }
    }

    #[cold]
    fn drain(&mut self) {
        if let Some(drain) = &mut self.drain {
            (drain.0)(&self.bytes);
            self.bytes.clear();
        }
    }
}
