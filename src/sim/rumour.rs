use super::Random;
use crate::sync::choose;

/// How a rumour spreads, in rounds: who is drawn by whom is drawn as a [`Swarm`](crate::sync::Swarm) draws, and all who
/// are drawn in a round know what they knew when it began.
///
/// This is the model of the theory. What it leaves out (delays, rounds that overlap, digests before payloads) is in a
/// [`World`](super::World) with [`Topology::Gossip`](super::Topology::Gossip).
///
/// ```
/// use rejoin::sim::{Manner, Rumour};
///
/// let rumour = Rumour { nodes: 1_000, fanout: 1, manner: Manner::PushPull, loss: 0 };
/// let informed = rumour.spread(7).informed;
/// assert_eq!(informed.first(), Some(&1));
/// assert_eq!(informed.last(), Some(&1_000));
/// assert!((7..=12).contains(&(informed.len() - 1)), "some nine rounds");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rumour {
    /// How many nodes there are; one of them knows it in the beginning.
    pub nodes: usize,
    /// How many others each one draws in a round.
    pub fanout: usize,
    /// Who tells whom.
    pub manner: Manner,
    /// How many contacts fail, out of a thousand.
    pub loss: u64,
}

/// Who tells whom when one has drawn another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// Who knows tells whom it draws.
    Push,
    /// Who does not know asks whom it draws.
    Pull,
    /// Both.
    PushPull,
}

/// How a rumour has spread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spread {
    /// How many knew it in the beginning, and after each round.
    pub informed: Vec<usize>,
    /// How often it was told, also to those who knew.
    pub told: u64,
}

impl Rumour {
    /// Spreads it until all know, or until nobody can have told anybody for long.
    pub fn spread(&self, seed: u64) -> Spread {
        let mut random = Random::new(seed);
        let mut knows = vec![false; self.nodes];
        knows[..self.nodes.min(1)].fill(true);
        let mut spread = Spread { informed: vec![self.nodes.min(1)], told: 0 };
        while spread.informed.last().is_some_and(|informed| *informed < self.nodes)
            && spread.informed.len() < 10_000
        {
            let mut next = knows.clone();
            for node in 0..self.nodes {
                // Who has nothing to tell and nobody to ask draws nobody.
                let (pushes, pulls) = match self.manner {
                    Manner::Push => (knows[node], false),
                    Manner::Pull => (false, !knows[node]),
                    Manner::PushPull => (knows[node], !knows[node]),
                };
                if !pushes && !pulls {
                    continue;
                }
                for peer in choose(self.fanout, self.nodes - 1, || random.number()) {
                    let peer = peer + usize::from(peer >= node);
                    if random.per_mille(self.loss) {
                        continue;
                    }
                    if pushes {
                        next[peer] = true;
                        spread.told += 1;
                    } else if knows[peer] {
                        next[node] = true;
                        spread.told += 1;
                    }
                }
            }
            knows = next;
            spread.informed.push(knows.iter().filter(|knows| **knows).count());
        }
        spread
    }

    /// How many know it in the beginning and after each round on average, as theory reckons: chances multiply, as if each
    /// round went as rounds go on average. The last is the round after which less than half a node does not know.
    ///
    /// ```
    /// use rejoin::sim::{Manner, Rumour};
    ///
    /// let rumour = Rumour { nodes: 1_000, fanout: 1, manner: Manner::Push, loss: 0 };
    /// let theory = rumour.theory();
    /// assert!((theory[1] - 2.0).abs() < 1e-9, "one has told another");
    /// assert!((16..=21).contains(&(theory.len() - 1)), "some eighteen rounds");
    /// ```
    pub fn theory(&self) -> Vec<f64> {
        let nodes = self.nodes as f64;
        let others = (nodes - 1.0).max(1.0);
        let (fanout, told) = ((self.fanout as f64).min(others), 1.0 - self.loss.min(1_000) as f64 / 1e3);
        let (pushes, pulls) = (self.manner != Manner::Pull, self.manner != Manner::Push);
        let mut informed = vec![nodes.min(1.0)];
        while informed.len() < 10_000 {
            let know = informed[informed.len() - 1];
            if nodes - know < 0.5 {
                break;
            }
            let missed = if pushes { (1.0 - told * fanout / others).powf(know) } else { 1.0 };
            let in_vain = if pulls { (1.0 - told * (know / others).min(1.0)).powf(fanout) } else { 1.0 };
            informed.push(nodes - (nodes - know) * missed * in_vain);
        }
        informed
    }

    /// How many rounds it takes until all know, over so many runs: the mean, and the standard deviation.
    pub fn rounds(&self, runs: u64, seed: u64) -> (f64, f64) {
        let rounds = |run| (self.spread(super::mix(seed ^ run)).informed.len() - 1) as f64;
        let all: Vec<f64> = (0..runs).map(rounds).collect();
        let mean = all.iter().sum::<f64>() / runs as f64;
        let variance = all.iter().map(|rounds| (rounds - mean).powi(2)).sum::<f64>() / runs as f64;
        (mean, variance.sqrt())
    }
}
