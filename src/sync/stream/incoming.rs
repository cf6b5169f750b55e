//! Fragments that have come in, and the message that they make.

use alloc::borrow::Cow;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use smallvec::SmallVec;

use super::frame::HEAD;
use super::window::MOST_FLIGHTS;
use crate::codec::{DecodeError, Wrong};
use crate::sync::Config;

/// Messages that are complete; a message of one fragment is not copied.
pub(in crate::sync) type Messages<'a> = SmallVec<[Cow<'a, [u8]>; 1]>;

#[derive(Debug)]
pub(super) struct Incoming {
    /// The number of the fragment that comes next.
    expected: u64,
    /// Fragments that came before their turn, and whether they are the last of their message.
    early: BTreeMap<u64, (Vec<u8>, bool)>,
    early_bytes: usize,
    /// The message that is being put together.
    partial: Vec<u8>,
}

impl Incoming {
    pub(super) fn new() -> Self {
        Incoming { expected: 1, early: BTreeMap::new(), early_bytes: 0, partial: Vec::new() }
    }

    pub(super) fn expected(&self) -> u64 {
        self.expected
    }

    pub(super) fn is_partial(&self) -> bool {
        !self.partial.is_empty()
    }

    pub(super) fn held(&self) -> usize {
        self.early_bytes + self.partial.len()
    }

    /// The numbers after the expected one that have come in, as bits.
    pub(super) fn later(&self) -> u64 {
        let range = self.expected + 1..=self.expected + MOST_FLIGHTS as u64;
        self.early.range(range).fold(0, |bits, (number, _)| bits | 1 << (number - self.expected - 1))
    }

    /// Takes in a fragment. Returns whether it was the expected one.
    pub(super) fn take<'a>(
        &mut self,
        number: u64,
        fragment: &'a [u8],
        is_last: bool,
        config: &Config,
        messages: &mut Messages<'a>,
    ) -> Result<bool, DecodeError> {
        if number != self.expected {
            let size = fragment.len() + HEAD;
            let is_early = number > self.expected && number - self.expected <= MOST_FLIGHTS as u64;
            // A fragment for which there is no room will come again.
            if is_early && self.early_bytes + size <= config.window {
                self.early.entry(number).or_insert_with(|| {
                    self.early_bytes += size;
                    (fragment.to_vec(), is_last)
                });
            }
            return Ok(false);
        }
        self.put(Cow::Borrowed(fragment), is_last, config, messages)?;
        while let Some((fragment, is_last)) = self.early.remove(&self.expected) {
            self.early_bytes -= fragment.len() + HEAD;
            self.put(Cow::Owned(fragment), is_last, config, messages)?;
        }
        Ok(true)
    }

    fn put<'a>(
        &mut self,
        fragment: Cow<'a, [u8]>,
        is_last: bool,
        config: &Config,
        messages: &mut Messages<'a>,
    ) -> Result<(), DecodeError> {
        self.expected += 1;
        if (self.partial.len() + fragment.len()) as u64 > config.limits.bytes {
            return Err(DecodeError { at: 0, wrong: Wrong::Limit("bytes") });
        }
        if is_last && self.partial.is_empty() {
            messages.push(fragment);
            return Ok(());
        }
        self.partial.extend_from_slice(&fragment);
        if is_last {
            messages.push(Cow::Owned(core::mem::take(&mut self.partial)));
        }
        Ok(())
    }
}
