use std::collections::{BTreeMap, BTreeSet};

use super::Random;

/// How long frames take, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Delay {
    /// Always as long.
    Fixed(u64),
    /// Between two, evenly.
    Uniform(u64, u64),
    /// At least so long, and on average so much longer; now and then very much longer.
    LongTail {
        /// At least.
        least: u64,
        /// How much longer on average.
        mean: u64,
    },
}

impl Delay {
    /// How long one frame takes.
    pub fn draw(self, random: &mut Random) -> u64 {
        match self {
            Delay::Fixed(delay) => delay,
            Delay::Uniform(least, most) => random.between(least, most),
            Delay::LongTail { least, mean } => {
                least + (-(1.0 - random.unit()).ln() * mean as f64).min(1e9) as u64
            }
        }
    }

    /// How long frames take on average.
    pub fn mean(self) -> u64 {
        match self {
            Delay::Fixed(delay) => delay,
            Delay::Uniform(least, most) => u64::midpoint(least, most),
            Delay::LongTail { least, mean } => least.saturating_add(mean),
        }
    }
}

/// What happens to frames between two nodes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Network {
    /// How long they take. Frames that take different times overtake each other.
    pub delay: Delay,
    /// How many are lost, out of a thousand.
    pub loss: u64,
    /// How many come twice, out of a thousand.
    pub doubled: u64,
}

impl Default for Network {
    fn default() -> Self {
        Network { delay: Delay::Uniform(5, 50), loss: 0, doubled: 0 }
    }
}

/// A network at work: which ways are cut, and what happens to each frame.
#[derive(Debug)]
pub(super) struct Wires {
    network: Network,
    seed: u64,
    /// How many frames each way has been given.
    sent: BTreeMap<(usize, usize), u64>,
    cut: BTreeSet<(usize, usize)>,
    /// Of ways that are shorter or longer than others.
    delays: BTreeMap<(usize, usize), Delay>,
}

impl Wires {
    pub(super) fn new(network: Network, seed: u64) -> Self {
        Wires { network, seed, sent: BTreeMap::new(), cut: BTreeSet::new(), delays: BTreeMap::new() }
    }

    pub(super) fn cut(&mut self, from: usize, to: usize) {
        self.cut.insert((from, to));
    }

    pub(super) fn heal(&mut self, from: usize, to: usize) {
        self.cut.remove(&(from, to));
    }

    pub(super) fn heal_all(&mut self) {
        self.cut.clear();
    }

    pub(super) fn set_delay(&mut self, from: usize, to: usize, delay: Delay) {
        self.delays.insert((from, to), delay);
    }

    pub(super) fn is_cut(&self, from: usize, to: usize) -> bool {
        self.cut.contains(&(from, to))
    }

    /// After how long the next frame arrives, each time that it does.
    pub(super) fn carry(&mut self, from: usize, to: usize) -> impl Iterator<Item = u64> + use<> {
        let sent = self.sent.entry((from, to)).or_default();
        *sent += 1;
        let way = (from as u64) << 32 | to as u64;
        let mut random = Random::new(self.seed ^ way.rotate_left(17) ^ sent.rotate_left(40));
        random.number();
        let is_lost = self.is_cut(from, to) || random.per_mille(self.network.loss);
        let delay = self.delays.get(&(from, to)).copied().unwrap_or(self.network.delay);
        let first = delay.draw(&mut random);
        let again = random.per_mille(self.network.doubled).then(|| first + 3 * delay.draw(&mut random));
        [(!is_lost).then_some(first), again.filter(|_| !is_lost)].into_iter().flatten()
    }
}
