use alloc::vec::Vec;
use core::fmt;

use super::roster::Directory;
use super::{DecodeError, Limits, Wrong, number};

/// Where bytes are read from.
pub struct Input<'a> {
    /// What is at hand, of which `read` has been read.
    window: Window<'a>,
    read: usize,
    /// How many bytes came before the window.
    before: u64,
    bytes_left: u64,
    elements_left: u64,
    depth_left: u32,
    /// How many bytes of memory may still be taken: what the limits give, and for each byte that is at hand or was.
    memory_left: u64,
    pub(super) limits: Limits,
    /// What numbers stand for, in a conversation.
    pub(super) directory: Option<&'a mut Directory>,
    /// The milliseconds that times are counted from, in a delta in the second format.
    pub(super) base: Option<u64>,
}

/// How many bytes of memory values may take for each byte of input. The buffers beside them take at most 32 more, so
/// all together is less than 256.
const MEMORY_PER_BYTE: u64 = 224;

enum Window<'a> {
    All(&'a [u8]),
    /// Bytes at hand, and where more come from.
    Some(Vec<u8>, &'a mut dyn FnMut(&mut Vec<u8>)),
}

/// How many bytes are fetched at once.
pub(super) const CHUNK: usize = 1 << 15;

impl fmt::Debug for Input<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Input").field("at", &self.at()).finish_non_exhaustive()
    }
}

impl<'a> Input<'a> {
    pub(crate) fn of(bytes: &'a [u8], limits: &Limits) -> Self {
        Input::new(Window::All(bytes), limits)
    }

    /// `more` appends some bytes, or none if there are no more.
    pub(super) fn from(more: &'a mut dyn FnMut(&mut Vec<u8>), limits: &Limits) -> Self {
        Input::new(Window::Some(Vec::new(), more), limits)
    }

    fn new(window: Window<'a>, limits: &Limits) -> Self {
        let at_hand = match &window {
            Window::All(bytes) => bytes.len() as u64,
            Window::Some(..) => 0,
        };
        Input {
            memory_left: limits.memory.saturating_add(at_hand.saturating_mul(MEMORY_PER_BYTE)),
            window,
            read: 0,
            before: 0,
            bytes_left: limits.bytes,
            elements_left: limits.elements,
            depth_left: limits.depth,
            limits: limits.clone(),
            directory: None,
            base: None,
        }
    }

    /// An error at this place: what [`Element::read`](super::Element::read) returns when something is wrong.
    #[cold]
    pub fn error(&self, wrong: Wrong) -> DecodeError {
        DecodeError { at: self.at(), wrong }
    }

    /// This, or an error at this place.
    #[inline]
    pub(crate) fn ok<T>(&self, value: Option<T>, wrong: Wrong) -> Result<T, DecodeError> {
        match value {
            Some(value) => Ok(value),
            None => Err(self.error(wrong)),
        }
    }

    /// Nothing, or an error at this place.
    #[inline]
    pub(crate) fn check(&self, is_sound: bool, wrong: Wrong) -> Result<(), DecodeError> {
        if is_sound { Ok(()) } else { Err(self.error(wrong)) }
    }

    fn at(&self) -> u64 {
        self.before + self.read as u64
    }

    /// Makes sure that so many bytes are at hand, of which there are not many.
    fn fetch(&mut self, n: usize) -> Result<&[u8], DecodeError> {
        debug_assert!(n <= CHUNK);
        self.bytes_left = self.ok(self.bytes_left.checked_sub(n as u64), Wrong::Limit("bytes"))?;
        if let Window::Some(bytes, _) = &mut self.window
            && bytes.len() - self.read < n
        {
            self.before += self.read as u64;
            bytes.drain(..self.read);
            self.read = 0;
            while self.at_hand().len() < n && self.more() {}
        }
        let (from, to) = (self.read, self.read + n);
        let has = self.at_hand().len() >= to;
        self.check(has, Wrong::Truncated)?;
        self.read = to;
        Ok(&self.at_hand()[from..to])
    }

    /// Gets more bytes at hand, if there are more.
    fn more(&mut self) -> bool {
        let Window::Some(bytes, more) = &mut self.window else { return false };
        let before = bytes.len();
        more(bytes);
        let more = (bytes.len() - before) as u64;
        self.memory_left = self.memory_left.saturating_add(more.saturating_mul(MEMORY_PER_BYTE));
        more > 0
    }

    fn at_hand(&self) -> &[u8] {
        match &self.window {
            Window::All(bytes) => bytes,
            Window::Some(bytes, _) => bytes,
        }
    }

    /// The next byte, if it is at hand and may be read.
    fn next_at_hand(&self) -> Option<u8> {
        self.at_hand().get(self.read).copied().filter(|_| self.bytes_left > 0)
    }

    /// The next byte.
    ///
    /// # Errors
    ///
    /// If there is none.
    pub fn byte(&mut self) -> Result<u8, DecodeError> {
        if let Some(byte) = self.next_at_hand() {
            self.read += 1;
            self.bytes_left -= 1;
            return Ok(byte);
        }
        self.fetch(1).map(|bytes| bytes[0])
    }

    /// So many bytes as there are in an array.
    ///
    /// # Errors
    ///
    /// If there are fewer.
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        let mut array = [0; N];
        array.copy_from_slice(self.fetch(N)?);
        Ok(array)
    }

    /// So many bytes. Memory is taken as they come, not as they are promised.
    ///
    /// # Errors
    ///
    /// If there are fewer.
    pub fn bytes(&mut self, n: usize) -> Result<Vec<u8>, DecodeError> {
        if n <= CHUNK {
            return self.fetch(n).map(<[u8]>::to_vec);
        }
        let mut bytes = Vec::new();
        self.append(n, &mut bytes)?;
        Ok(bytes)
    }

    /// As [`bytes`](Self::bytes), after those that are there.
    pub(super) fn append(&mut self, n: usize, bytes: &mut Vec<u8>) -> Result<(), DecodeError> {
        let end = bytes.len().saturating_add(n);
        while bytes.len() < end {
            bytes.extend_from_slice(self.fetch(CHUNK.min(end - bytes.len()))?);
        }
        Ok(())
    }

    /// Whether the next bytes are these.
    pub(super) fn is_next(&mut self, expected: &[u8]) -> Result<bool, DecodeError> {
        let mut is_same = true;
        for part in expected.chunks(CHUNK) {
            is_same &= self.fetch(part.len())? == part;
        }
        Ok(is_same)
    }

    /// A number, written by [`Output::number`](super::Output::number).
    ///
    /// # Errors
    ///
    /// If it does not fit a `T`, or could be shorter.
    #[inline]
    pub fn number<T: TryFrom<u128>>(&mut self) -> Result<T, DecodeError> {
        if let Some(byte @ ..0x80) = self.next_at_hand() {
            self.read += 1;
            self.bytes_left -= 1;
            return self.ok(T::try_from(byte.into()).ok(), Wrong::Number);
        }
        self.long_number()
    }

    #[inline(never)]
    fn long_number<T: TryFrom<u128>>(&mut self) -> Result<T, DecodeError> {
        let n = match self.word() {
            Some(n) => n.into(),
            None => self.number_by_bytes()?,
        };
        self.ok(T::try_from(n).ok(), Wrong::Number)
    }

    /// A number of up to eight bytes, if these are at hand and nothing is wrong with it.
    fn word(&mut self) -> Option<u64> {
        let rest = &self.at_hand()[self.read..];
        let (n, len) = match rest.first_chunk() {
            Some(word) => number::get(*word)?,
            None if rest.is_empty() => return None,
            // A number that goes on after the end could be shorter, by the zeroes that stand there.
            None => {
                let mut word = [0; 8];
                word[..rest.len()].copy_from_slice(rest);
                number::get(word)?
            }
        };
        self.bytes_left = self.bytes_left.checked_sub(len as u64)?;
        self.read += len;
        Some(n)
    }

    #[inline(never)]
    fn number_by_bytes(&mut self) -> Result<u128, DecodeError> {
        let (mut n, mut shift) = (0_u128, 0);
        // Eight bytes that all say that more follow are taken at once.
        if let Some(word) = self.at_hand()[self.read..].first_chunk()
            && let Some(first) = number::get_open(*word)
            && let Some(left) = self.bytes_left.checked_sub(8)
        {
            (n, shift) = (first.into(), number::BITS);
            (self.read, self.bytes_left) = (self.read + 8, left);
        }
        loop {
            let byte = self.byte()?;
            let bits = u128::from(byte & 0x7F);
            let fits = shift < 128 && bits << shift >> shift == bits && (byte != 0 || shift == 0);
            self.check(fits, Wrong::Number)?;
            n |= bits << shift;
            if byte < 0x80 {
                return Ok(n);
            }
            shift += 7;
        }
    }

    /// A number, written by [`Output::signed`](super::Output::signed).
    ///
    /// # Errors
    ///
    /// If it does not fit a `T`, or could be shorter.
    pub fn signed<T: TryFrom<i128>>(&mut self) -> Result<T, DecodeError> {
        let n: u128 = self.number()?;
        let n = (n >> 1).cast_signed() ^ -(n & 1).cast_signed();
        self.ok(T::try_from(n).ok(), Wrong::Number)
    }

    /// How many elements follow.
    ///
    /// # Errors
    ///
    /// If there are more than [`Limits::elements`](super::Limits::elements) allow.
    pub fn count(&mut self) -> Result<usize, DecodeError> {
        let count = self.number()?;
        self.allow(count)?;
        self.ok(usize::try_from(count).ok(), Wrong::Limit("elements"))
    }

    /// Takes note that so many elements follow.
    pub(super) fn allow(&mut self, elements: u64) -> Result<(), DecodeError> {
        self.elements_left = self.ok(self.elements_left.checked_sub(elements), Wrong::Limit("elements"))?;
        Ok(())
    }

    /// Charges the memory for so many values. A reader calls it before it allocates.
    ///
    /// # Errors
    ///
    /// If the input is too short for so much memory: see [`Limits::memory`](super::Limits::memory).
    #[inline]
    pub fn room<T>(&mut self, n: usize) -> Result<(), DecodeError> {
        self.hold((n as u64).saturating_mul(size_of::<T>() as u64))
    }

    /// As [`room`](Self::room), for so many bytes of memory.
    #[inline]
    pub(super) fn hold(&mut self, bytes: u64) -> Result<(), DecodeError> {
        if bytes > self.memory_left {
            self.afford(bytes)?;
        }
        self.memory_left -= bytes;
        Ok(())
    }

    /// Refunds the memory for so many values.
    #[inline]
    pub(super) fn release<T>(&mut self, n: usize) {
        self.memory_left = self.memory_left.saturating_add((n as u64).saturating_mul(size_of::<T>() as u64));
    }

    /// Reads ahead in a stream until its bytes pay for the memory.
    #[cold]
    fn afford(&mut self, bytes: u64) -> Result<(), DecodeError> {
        while bytes > self.memory_left {
            let unread = (self.at_hand().len() - self.read) as u64;
            let is_more = unread < self.bytes_left && self.more();
            self.check(is_more, Wrong::Limit("memory"))?;
        }
        Ok(())
    }

    /// Goes one level deeper, where a value may have another of its type inside. [`leave`](Self::leave) it afterwards, and do
    /// both when the value is [written](super::Output::enter), too.
    ///
    /// # Errors
    ///
    /// If it is too deep.
    pub fn enter(&mut self) -> Result<(), DecodeError> {
        self.depth_left = self.ok(self.depth_left.checked_sub(1), Wrong::Limit("levels"))?;
        Ok(())
    }

    /// Comes up again.
    pub fn leave(&mut self) {
        self.depth_left += 1;
    }

    /// How many bytes of those at hand have been read.
    pub(crate) fn position(&self) -> usize {
        self.read
    }

    /// Whether nothing is left.
    pub(crate) fn is_at_end(&mut self) -> bool {
        if self.at_hand().len() == self.read {
            self.more();
        }
        self.at_hand().len() == self.read
    }
}
