use alloc::vec::Vec;
use core::fmt;

/// Where bytes are written to.
///
/// [`Element::write`](super::Element::write) puts into it what it wants to find again, in the same order.
#[derive(Default)]
pub struct Output<'a> {
    bytes: Vec<u8>,
    drain: Option<&'a mut Drain<'a>>,
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
    pub(super) fn after(bytes: Vec<u8>) -> Self {
        Output { bytes, drain: None }
    }

    /// Hands on what is written, bit by bit.
    pub(super) fn draining(drain: &'a mut Drain<'a>) -> Self {
        Output { bytes: Vec::new(), drain: Some(drain) }
    }

    pub(crate) fn finish(mut self) -> Vec<u8> {
        self.drain_from(1);
        self.bytes
    }

    /// How many bytes are waiting.
    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Bytes as they are.
    pub fn put(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
        self.drain_from(ENOUGH);
    }

    /// A number, the shorter the smaller: seven bits to the byte, the lowest first.
    pub fn number(&mut self, n: impl Into<u128>) {
        let mut n: u128 = n.into();
        while n > u128::from(u64::MAX) {
            self.bytes.push(n.to_le_bytes()[0] | 0x80);
            n >>= 7;
        }
        // Nearly all numbers are short, and those of 64 bits are quicker.
        let mut n = u64::try_from(n).unwrap_or(u64::MAX);
        while n >= 0x80 {
            self.bytes.push(n.to_le_bytes()[0] | 0x80);
            n >>= 7;
        }
        self.bytes.push(n.to_le_bytes()[0]);
        self.drain_from(ENOUGH);
    }

    /// A number that may be negative, the shorter the nearer to 0: 0, −1, 1, −2 as 0, 1, 2, 3.
    pub fn signed(&mut self, n: impl Into<i128>) {
        let n: i128 = n.into();
        self.number(((n << 1) ^ (n >> 127)).cast_unsigned());
    }

    /// How many there are of something.
    pub fn count(&mut self, n: usize) {
        self.number(n as u128);
    }

    fn drain_from(&mut self, enough: usize) {
        if self.bytes.len() >= enough
            && let Some(drain) = &mut self.drain
        {
            (drain.0)(&self.bytes);
            self.bytes.clear();
        }
    }
}
