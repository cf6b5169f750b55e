//! Messages that wait to be sent, cut into fragments only when there is room for them.

use alloc::collections::VecDeque;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::ops::Deref;

/// A message's bytes: its own, or those of a state that several links send.
#[derive(Clone, Debug)]
pub(in crate::sync) enum Bytes {
    Own(Vec<u8>),
    Shared(Arc<Vec<u8>>),
}

impl Deref for Bytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Bytes::Own(bytes) => bytes,
            Bytes::Shared(bytes) => bytes,
        }
    }
}

#[derive(Debug, Default)]
pub(super) struct Outgoing {
    messages: VecDeque<Bytes>,
    /// How much of the first message has been taken.
    taken: usize,
}

impl Outgoing {
    pub(super) fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    /// What it holds alone, in bytes.
    pub(super) fn held(&self) -> usize {
        let own = |bytes: &Bytes| if matches!(bytes, Bytes::Own(_)) { bytes.len() } else { 0 };
        self.messages.iter().map(own).sum()
    }

    pub(super) fn push(&mut self, message: Bytes) {
        debug_assert!(!message.is_empty(), "a message says something");
        self.messages.push_back(message);
    }

    /// How long the next fragment is.
    pub(super) fn next_len(&self, most: usize) -> Option<usize> {
        self.messages.front().map(|message| (message.len() - self.taken).min(most))
    }

    /// Shows the next fragment and whether it is the last of its message, and goes on behind it.
    pub(super) fn take<R>(&mut self, most: usize, show: impl FnOnce(&[u8], bool) -> R) -> Option<R> {
        let message = self.messages.front()?;
        let end = message.len().min(self.taken + most);
        let is_last = end == message.len();
        let shown = show(&message[self.taken..end], is_last);
        self.taken = end;
        if is_last {
            self.messages.pop_front();
            self.taken = 0;
        }
        Some(shown)
    }
}
