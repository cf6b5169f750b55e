//! A million facts of which some differ, compared by sketch, beside other methods.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use rejoin_benches::page::{count, digits, time};

use crate::clock::median;
use crate::targets::Targets;
use crate::together::{Costs, MERKLE, RANGES, SKETCH, WHOLE, base, case};

const FACTS: u64 = 1_000_000;
/// Numbers of differences, and how often each is measured.
const CASES: [(u64, usize); 2] = [(100, 3), (1_000, 3)];
/// The number of differences that the time is wanted for.
const TIMED: u64 = 1_000;

pub(crate) fn measure(targets: &mut Targets) -> String {
    let mut text = String::from(
        "| facts | differences | method | bytes per difference | ways, at most | time of both |\n|--:|--:|---|--:|--:|--:|\n",
    );
    let base = base(FACTS);
    for (d, times) in CASES {
        let runs: Vec<Costs> = (0..times).map(|_| case(&base, d)).collect();
        let costs: BTreeMap<_, _> =
            [SKETCH, RANGES, MERKLE, WHOLE].map(|name| (name, middle(&runs, name))).into();
        for (name, [bytes, ways, took]) in &costs {
            let cells = [digits(bytes / d as f64), digits(*ways), time(*took)].join(" | ");
            writeln!(text, "| {} | {} | {name} | {cells} |", count(FACTS as usize), count(d as usize))
                .unwrap();
        }
        let [bytes, ways, took] = costs[SKETCH];
        let of = format!("by sketch, {} facts, {} differences", count(FACTS as usize), count(d as usize));
        let most = if d >= 1_000 { 20.0 } else { 26.0 };
        targets.at_most(&format!("{of}: at most {most} bytes for each"), bytes / d as f64, most);
        targets.at_most(&format!("{of}: at most 6 ways"), ways, 6.0);
        if d == TIMED {
            targets.at_most(&format!("{of}: at most 0.4 s of both sides' processor time"), took / 1e9, 0.4);
        }
    }
    text
}

/// Bytes, ways and nanoseconds of a method: medians, and the most ways. Not a number, where the method was not used.
fn middle(runs: &[Costs], method: &str) -> [f64; 3] {
    let costs = runs.iter().filter_map(|costs| Some(costs.get(method)?.0));
    let all: Vec<_> =
        costs.map(|cost| [cost.bytes as f64, cost.legs as f64, cost.time.as_nanos() as f64]).collect();
    if all.is_empty() {
        return [f64::NAN; 3];
    }
    let [bytes, took] = [0, 2].map(|n| median(all.iter().map(|of| of[n]).collect()));
    [bytes, all.iter().map(|of| of[1]).fold(0.0, f64::max), took]
}
