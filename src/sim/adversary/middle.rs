use std::collections::VecDeque;

use super::super::Random;

/// How many frames are kept, to be brought again.
const KEPT: usize = 64;

/// Somebody between honest nodes, who changes frames and brings old ones again.
///
/// It knows nothing of what it changes: somebody who does, and reads the calls of a conversation, can say whatever it likes
/// in the name of either side. Carriers that authenticate leave it nothing but to lose frames.
pub(in super::super) struct Middle {
    random: Random,
    per_mille: u64,
    kept: VecDeque<(usize, usize, Vec<u8>)>,
    /// It loses what it would change.
    is_mute: bool,
}

impl Middle {
    pub(super) fn none() -> Self {
        Middle { random: Random::new(0), per_mille: 0, kept: VecDeque::new(), is_mute: true }
    }

    pub(super) fn new(seed: u64, is_mute: bool) -> Self {
        let mut random = Random::new(seed);
        let per_mille = if random.per_mille(500) { random.between(1, 60) } else { 0 };
        Middle { random, per_mille, kept: VecDeque::new(), is_mute }
    }

    /// Whether frames that come from an honest node may be another's.
    pub(in super::super) fn is_there(&self) -> bool {
        self.per_mille > 0 && !self.is_mute
    }

    /// What arrives in place of a frame.
    pub(in super::super) fn pass(&mut self, from: usize, to: usize, frame: Vec<u8>) -> Vec<Vec<u8>> {
        if self.per_mille == 0 {
            return vec![frame];
        }
        if !self.random.per_mille(self.per_mille) {
            self.keep(from, to, &frame);
            return vec![frame];
        }
        let choice = self.random.below(4);
        if self.is_mute {
            return if choice == 0 { vec![frame] } else { Vec::new() };
        }
        match choice {
            0 => {
                let way = self.kept.iter().filter(|(a, b, _)| (*a, *b) == (from, to));
                let old = way.map(|(_, _, frame)| frame.clone()).take(1 + self.random.index(8));
                std::iter::once(frame).chain(old.collect::<Vec<_>>()).collect()
            }
            1 => vec![frame[..self.random.index(frame.len())].to_vec()],
            _ => vec![self.flip(frame)],
        }
    }

    fn keep(&mut self, from: usize, to: usize, frame: &[u8]) {
        if self.random.per_mille(50) {
            self.kept.push_back((from, to, frame.to_vec()));
            if self.kept.len() > KEPT {
                self.kept.pop_front();
            }
        }
    }

    fn flip(&mut self, mut frame: Vec<u8>) -> Vec<u8> {
        for _ in 0..=self.random.below(4) {
            let at = self.random.index(frame.len());
            frame[at] ^= 1 << self.random.below(8);
        }
        frame
    }
}
