//! Short names: small numbers in place of replica ids, in both directions.

use alloc::vec::Vec;

use crate::codec::Output;
use crate::codec::roster::{Directory, Numbers, Roster};
use crate::sync::message::NAMES;

/// Which names of this side's roster the peer has been told, and which names the peer has told.
#[derive(Debug)]
pub(super) struct Names {
    /// The numbers that were told, as bits.
    told: Vec<u64>,
    /// Those among them that are to be told ahead of the message that is being put together.
    news: Numbers,
    /// The names that the peer has told.
    pub(super) heard: Directory,
}

impl Names {
    pub(super) fn new() -> Self {
        Names { told: Vec::new(), news: Numbers::new(), heard: Directory::default() }
    }

    /// The bytes that it holds.
    pub(super) fn held(&self) -> usize {
        self.told.len() * 8 + self.heard.len() * 24
    }

    /// Takes note that the message that is being put together uses these numbers.
    #[inline]
    pub(super) fn uses(&mut self, numbers: &[u32]) {
        for number in numbers {
            if !self.has_told(*number) {
                self.tell(*number);
            }
        }
    }

    /// Puts ahead of a message the names that it uses and that the peer has not been told.
    #[inline]
    pub(super) fn put_ahead(&mut self, roster: &Roster, message: &mut Vec<u8>) {
        if !self.news.is_empty() {
            self.put_news_ahead(roster, message);
        }
    }

    fn put_news_ahead(&mut self, roster: &Roster, message: &mut Vec<u8>) {
        let mut news = core::mem::take(&mut self.news);
        news.sort_unstable();
        let mut out = Output::after(alloc::vec![NAMES]);
        roster.write_names(&news, &mut out);
        out.put(message);
        *message = out.finish();
    }

    #[inline]
    fn has_told(&self, number: u32) -> bool {
        let (word, bit) = place(number);
        self.told.get(word).is_some_and(|told| told & bit != 0)
    }

    fn tell(&mut self, number: u32) {
        let (word, bit) = place(number);
        if self.told.len() <= word {
            self.told.resize(word + 1, 0);
        }
        self.told[word] |= bit;
        self.news.push(number);
    }
}

/// The word and the bit that stand for a number.
fn place(number: u32) -> (usize, u64) {
    (number as usize / 64, 1 << (number % 64))
}
