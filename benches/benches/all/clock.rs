//! What is inside the clock, and what is not.

use std::cell::LazyCell;
use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, BenchmarkId, Criterion, SamplingMode, Throughput};

/// Setting up may take much longer than what is measured: merging what is known takes a microsecond, and copying the
/// states to merge, a second. So a sample ends after so long, and what it has measured stands for the rest of it.
const SAMPLE: Duration = Duration::from_millis(50);

/// A group of measurements of one kind of work, told apart by library and size.
pub(crate) fn group<'a>(criterion: &'a mut Criterion, name: &str) -> BenchmarkGroup<'a, WallTime> {
    let mut group = criterion.benchmark_group(name);
    group.sampling_mode(SamplingMode::Flat);
    group
}

/// Measures `work` on what `prepare` makes, one by one. What it works on and what it returns are dropped outside of the
/// clock. `units` is what the figure is divided by: elements, mostly.
pub(crate) fn measure<S, R>(
    group: &mut BenchmarkGroup<'_, WallTime>,
    library: &str,
    n: usize,
    units: usize,
    mut prepare: impl FnMut() -> S,
    mut work: impl FnMut(&mut S) -> R,
) {
    group.throughput(Throughput::Elements(units as u64));
    group.bench_function(BenchmarkId::new(library, n), |bencher| {
        bencher.iter_custom(|times| {
            let began = Instant::now();
            let (mut spent, mut done) = (Duration::ZERO, 0);
            while done < times && (done == 0 || began.elapsed() < SAMPLE) {
                let mut subject = black_box(prepare());
                let start = Instant::now();
                let result = black_box(work(&mut subject));
                spent += start.elapsed();
                drop((subject, result));
                done += 1;
            }
            spent.mul_f64(times as f64 / done as f64)
        });
    });
}

/// Measures `work` that leaves things as they are, and may be too short for a clock. What it works on is made when it is
/// first needed, so that nothing is made for what is not measured.
pub(crate) fn measure_reading<S, R>(
    group: &mut BenchmarkGroup<'_, WallTime>,
    library: &str,
    n: usize,
    units: usize,
    subject: &LazyCell<S, impl FnOnce() -> S>,
    mut work: impl FnMut(&S) -> R,
) {
    group.throughput(Throughput::Elements(units as u64));
    group.bench_function(BenchmarkId::new(library, n), |bencher| {
        let subject = LazyCell::force(subject);
        bencher.iter(|| work(subject));
    });
}
