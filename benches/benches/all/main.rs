//! All that is timed. `cargo bench --bench all -- 'set of u64'` runs what has that in its name; `run.sh` runs all and
//! draws up the report. With `QUICK` set nothing has more than 10,000 elements.
//!
//! One binary, so that the peers, which are large, are linked once.

mod clock;
mod counters;
mod documents;
mod merges;
mod sets;
mod tables;
mod versions;

use std::time::Duration;

use criterion::Criterion;

fn main() {
    let mut criterion = Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(50))
        .measurement_time(Duration::from_millis(200))
        .nresamples(2_000)
        .without_plots()
        .configure_from_args();
    sets::all::<u64>(&mut criterion);
    sets::all::<String>(&mut criterion);
    merges::all::<u64>(&mut criterion);
    merges::all::<String>(&mut criterion);
    tables::all(&mut criterion);
    counters::all(&mut criterion);
    versions::all(&mut criterion);
    documents::all(&mut criterion);
    criterion.final_summary();
}
