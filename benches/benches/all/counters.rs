//! Counters: counting, and merging two of which each has counted on its own. `yrs` has none.

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion};
use rejoin_benches::data::is_quick;
use rejoin_benches::peers::{AutomergeCounter, Counter, CrdtsCounter, LoroCounter, OurCounter, StdCounter};

use crate::clock::{group, measure};

pub(crate) fn all(criterion: &mut Criterion) {
    let times = if is_quick() { 10_000 } else { 1_000_000 };
    let mut counting = group(criterion, "counter: increment");
    count::<OurCounter>(&mut counting, times);
    count::<StdCounter>(&mut counting, times);
    count::<CrdtsCounter>(&mut counting, times);
    count::<AutomergeCounter>(&mut counting, times);
    count::<LoroCounter>(&mut counting, times);
    drop(counting);
    for times in [10, 1_000] {
        let mut merging = group(criterion, "counter: merge, so many increments on each side");
        merge::<OurCounter>(&mut merging, times);
        merge::<StdCounter>(&mut merging, times);
        merge::<CrdtsCounter>(&mut merging, times);
        merge::<AutomergeCounter>(&mut merging, times);
        merge::<LoroCounter>(&mut merging, times);
    }
}

fn count<P: Counter>(group: &mut BenchmarkGroup<'_, WallTime>, times: usize) {
    measure(group, P::NAME, times, times, P::new, |counter| counter.increment(times));
}

fn merge<P: Counter>(group: &mut BenchmarkGroup<'_, WallTime>, times: usize) {
    let mut base = P::new();
    base.increment(1);
    let (mut a, mut b) = (base.fork(), base.fork());
    a.increment(times);
    b.increment(times);
    measure(group, P::NAME, times, 1, || (a.fork(), b.fork()), |(a, b)| a.merge(b));
}
