//! Processor time, and how several works are measured in turns.

use std::time::Duration;

use cpu_time::ThreadTime;

/// The processor time of this thread: what other programs do meanwhile is not in it.
pub(crate) fn clock() -> Duration {
    ThreadTime::now().as_duration()
}

/// Sums up the time of some short stretches.
pub(crate) struct Stopwatch {
    total: Duration,
    /// The time that starting and stopping takes itself.
    own: Duration,
}

impl Stopwatch {
    pub(crate) fn new() -> Self {
        let mut watch = Stopwatch { total: Duration::ZERO, own: Duration::ZERO };
        let own = (0..1_000).map(|_| {
            watch.total = Duration::ZERO;
            watch.during(|| ());
            watch.total.as_secs_f64()
        });
        let own = Duration::from_secs_f64(median(own.collect()));
        Stopwatch { total: Duration::ZERO, own }
    }

    pub(crate) fn during<R>(&mut self, work: impl FnOnce() -> R) -> R {
        let start = clock();
        let result = work();
        self.total += (clock() - start).saturating_sub(self.own);
        result
    }

    /// The sum since this was last asked.
    pub(crate) fn take(&mut self) -> Duration {
        std::mem::take(&mut self.total)
    }
}

pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// A work that is done again and again; returns the nanoseconds that a part of it took.
pub(crate) type Turn<'a> = Box<dyn FnMut() -> f64 + 'a>;

/// The times of some works that took turns, so that what disturbs one of them disturbs all.
pub(crate) struct Turns(Vec<Vec<f64>>);

impl Turns {
    /// Lets each work do so many turns, after one that does not count.
    pub(crate) fn measure(rounds: usize, works: &mut [Turn<'_>]) -> Self {
        works.iter_mut().for_each(|work| {
            work();
        });
        let mut times = vec![Vec::with_capacity(rounds); works.len()];
        for _ in 0..rounds {
            for (work, times) in works.iter_mut().zip(&mut times) {
                times.push(work());
            }
        }
        Turns(times)
    }

    /// The median time of a work.
    pub(crate) fn time(&self, work: usize) -> f64 {
        median(self.0[work].clone())
    }

    /// The median, over all rounds, of something about the times of one round.
    pub(crate) fn median_of(&self, of: impl Fn(&[f64]) -> f64) -> f64 {
        let rounds = 0..self.0[0].len();
        let times = rounds.map(|round| of(&self.0.iter().map(|times| times[round]).collect::<Vec<_>>()));
        median(times.collect())
    }

    /// How many times as long as another work one takes.
    pub(crate) fn ratio(&self, work: usize, beside: usize) -> f64 {
        self.median_of(|times| times[work] / times[beside])
    }
}
