//! Short names: small numbers in place of replica ids, in both directions.

use alloc::vec::Vec;

use crate::codec::Output;
use crate::codec::roster::{Directory, Roster};
use crate::sync::message::NAMES;

/// Which names of this side's roster the peer has been told, and which names the peer has told.
#[derive(Debug)]
pub(super) struct Names {
    /// The numbers that were told, as bits.
    told: Vec<u64>,
    /// The names that the peer has told.
    pub(super) heard: Directory,
}

impl Names {
    pub(super) fn new() -> Self {
        Names { told: Vec::new(), heard: Directory::default() }
    }

    /// The bytes that it holds.
    pub(super) fn held(&self) -> usize {
        self.told.len() * 8 + self.heard.len() * 24
    }

    /// Puts ahead of a message the names that it uses and that the peer has not been told.
    pub(super) fn put_ahead(&mut self, numbers: &[u32], roster: &Roster, message: &mut Vec<u8>) {
        let mut news: Vec<u32> = numbers.iter().copied().filter(|number| self.tell(*number)).collect();
        if news.is_empty() {
            return;
        }
        news.sort_unstable();
        let mut out = Output::after(alloc::vec![NAMES]);
        roster.write_names(&news, &mut out);
        out.put(message);
        *message = out.finish();
    }

    /// Takes note that a number is told. Returns true if it was not before.
    fn tell(&mut self, number: u32) -> bool {
        let (word, bit) = (number as usize / 64, 1 << (number % 64));
        if self.told.len() <= word {
            self.told.resize(word + 1, 0);
        }
        let is_new = self.told[word] & bit == 0;
        self.told[word] |= bit;
        is_new
    }
}
