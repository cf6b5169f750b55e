//! A single master: all reads and writes go to one node, which puts them in one order. As good as it gets: it answers at once,
//! it never fails, and clients try again.

use rejoin::sim::{Delay, Random};

/// A client sends again if it has heard nothing for so long, and gives up after so long.
const RETRY: u64 = 500;
const PATIENCE: u64 = 2_000;

/// How a request ended for its client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// It was answered after so many milliseconds.
    After(u64),
    /// It was not, and nothing was done.
    Never,
    /// It was not, and it was done: the client cannot know.
    Unknown,
}

/// The way between a client and the master.
pub(crate) struct Way<'a> {
    pub(crate) delay: Delay,
    /// Frames lost, out of a thousand.
    pub(crate) loss: u64,
    /// Whether the way is cut at a time.
    pub(crate) is_cut: &'a dyn Fn(u64) -> bool,
}

impl Way<'_> {
    /// When a frame that leaves at `at` arrives, if it does.
    fn carry(&self, at: u64, random: &mut Random) -> Option<u64> {
        let delay = self.delay.draw(random);
        let is_lost = random.per_mille(self.loss) || (self.is_cut)(at);
        (!is_lost).then_some(at + delay)
    }
}

/// A client asks at `at`, until it has an answer or gives up.
pub(crate) fn ask(way: &Way<'_>, at: u64, random: &mut Random) -> Answer {
    let mut is_done = false;
    let mut answered: Option<u64> = None;
    for sent in (at..at + PATIENCE).step_by(RETRY as usize) {
        if answered.is_some_and(|answered| answered <= sent) {
            break;
        }
        let Some(arrived) = way.carry(sent, random) else { continue };
        is_done = true;
        if let Some(back) = way.carry(arrived, random) {
            answered = Some(answered.map_or(back, |earlier| earlier.min(back)));
        }
    }
    match answered.filter(|answered| *answered < at + PATIENCE) {
        Some(answered) => Answer::After(answered - at),
        None if is_done => Answer::Unknown,
        None => Answer::Never,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(loss: u64, is_cut: &dyn Fn(u64) -> bool) -> Answer {
        ask(&Way { delay: Delay::Fixed(40), loss, is_cut }, 1_000, &mut Random::new(1))
    }

    #[test]
    fn a_request_takes_a_round_trip_or_waits() {
        assert_eq!(asked(0, &|_| false), Answer::After(80));
        assert_eq!(asked(0, &|at| at < 1_200), Answer::After(580));
        assert_eq!(asked(0, &|_| true), Answer::Never);
        assert_eq!(asked(1_000, &|_| false), Answer::Never);
        assert_eq!(asked(0, &|at| at > 1_010), Answer::Unknown);
    }
}
