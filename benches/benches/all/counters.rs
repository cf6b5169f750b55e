//! Counters: counting, and merging two of which each has counted on its own. `yrs` has none.

use std::cell::LazyCell;

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion};
use rejoin_benches::data::is_quick;
use rejoin_benches::peers::{AutomergeCounter, Counter, CrdtsCounter, LoroCounter, OurCounter, StdCounter};

use crate::clock::{group, measure};

#[derive(Clone, Copy)]
enum Work {
    Count,
    CountEach,
    Merge,
}

const WORKS: [(Work, &str); 3] = [
    (Work::Count, "increments in one transaction"),
    (Work::CountEach, "increments"),
    (Work::Merge, "merge after increments on each side"),
];

pub(crate) fn all(criterion: &mut Criterion) {
    let counts: &[usize] = if is_quick() { &[1_000, 10_000] } else { &[1_000, 1_000_000] };
    for (work, name) in WORKS {
        let mut group = group(criterion, &format!("counter: {name}"));
        for &times in counts {
            run::<OurCounter>(&mut group, work, times);
            run::<StdCounter>(&mut group, work, times);
            run::<CrdtsCounter>(&mut group, work, times);
            run::<AutomergeCounter>(&mut group, work, times);
            run::<LoroCounter>(&mut group, work, times);
        }
    }
}

fn run<P: Counter>(group: &mut BenchmarkGroup<'_, WallTime>, work: Work, times: usize) {
    if times > P::MOST {
        return;
    }
    match work {
        Work::Count => measure(group, P::NAME, times, times, P::new, |counter| counter.increment(times)),
        Work::CountEach => {
            measure(group, P::NAME, times, times, P::new, |counter| counter.increment_each(times))
        }
        Work::Merge => {
            let pair = LazyCell::new(|| {
                let mut base = P::new();
                base.increment(1);
                let (mut a, mut b) = (base.fork(), base.fork());
                a.increment(times);
                b.increment(times);
                (a, b)
            });
            measure(group, P::NAME, times, 1, || (pair.0.fork(), pair.1.fork()), |(a, b)| a.merge(b));
        }
    }
}
