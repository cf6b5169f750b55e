//! What it takes to bring two sets together that have lost sight of each other.

use std::collections::BTreeMap;
use std::fmt::Write;

use rejoin::sync::{Replica, Replicated};
use rejoin::{Causal, Codec, Crdt, Delta, Lattice, OrSet};
use rejoin_benches::data::{is_quick, mix};
use rejoin_benches::draw::Panel;
use rejoin_benches::page::{count, digits, time};

use crate::clock::clock;
use crate::pair::{ALL_LOG, Cost, Meeting, NO_LOG, meet, replica};
use crate::{merkle, ranges};

pub(crate) type Set = Causal<OrSet<u64>>;

pub(crate) const SKETCH: &str = "rejoin, by sketch";
pub(crate) const LOG: &str = "rejoin, by log";
pub(crate) const WHOLE: &str = "whole state";
pub(crate) const RANGES: &str = "negentropy";
pub(crate) const MERKLE: &str = "Merkle tree";
const METHODS: [&str; 5] = [SKETCH, LOG, RANGES, MERKLE, WHOLE];

/// A replica of `n` elements.
pub(crate) fn base(n: u64) -> Replica<Set> {
    let mut base = replica::<Set>(1);
    base.edit_at(0, |set| set.extend((0..n).map(mix)));
    base
}

/// Two that differ in `d` elements: half of them inserted here, a quarter there, and the rest removed, in turns.
pub(crate) fn diverged(base: &Replica<Set>, d: u64) -> [Replica<Set>; 2] {
    let (here, there) = (d - d / 2, d / 4);
    let mut both = [base.fork(), base.fork()];
    both.iter_mut().for_each(|replica| replica.set_log_bounds(ALL_LOG));
    let mut insert = |of: usize, from: u64, many: u64| {
        both[of].edit_at(0, |set| set.extend((from..from + many).map(mix)));
    };
    insert(0, 1 << 40, here);
    insert(1, 1 << 41, there);
    let live: u64 = base.len() as u64;
    for (of, replica) in both.iter_mut().enumerate() {
        replica.edit_at(0, |set| {
            (0..d - here - there).filter(|n| n % 2 == of as u64).for_each(|n| {
                set.remove(&mix(n * (live / (d - here - there))));
            });
        });
    }
    both
}

pub(crate) fn insertions(d: u64) -> u64 {
    d - d / 2 + d / 4
}

/// What a system of states does: one sends its own, and gets back what it lacks.
fn whole([a, b]: &[Replica<Set>; 2]) -> Cost {
    let (mut a_state, mut b_state) = (a.state().clone(), b.state().clone());
    let start = clock();
    let there = a_state.encode();
    b_state.join(Set::decode(&there).expect("what was encoded"));
    // What the other lacks, from its log: the cheapest that an answer can be.
    let back = b.since(a.version()).expect("a log of all").encode();
    a_state.apply(Delta::decode(&back).expect("what was encoded"));
    let time = clock() - start;
    assert_eq!(a_state.version(), b_state.version());
    Cost { bytes: (there.len() + back.len()) as u64, legs: 2, time }
}

/// How many elements one side lacks of the other's log.
const NEWS: u64 = 1_000;

/// What each method has cost, and how many elements it has moved.
pub(crate) type Costs = BTreeMap<&'static str, (Cost, u64)>;

#[derive(Default)]
pub(crate) struct Together {
    cases: BTreeMap<(u64, u64), Costs>,
    equal: BTreeMap<u64, Meeting>,
    /// A thousand elements that one side lacks, with the log.
    news: Cost,
    pub(crate) scan: String,
}

pub(crate) fn measure() -> Together {
    let sizes: &[u64] = if is_quick() { &[10_000, 100_000] } else { &[10_000, 100_000, 1_000_000] };
    let mut together = Together::default();
    for n in sizes {
        let base = base(*n);
        together.equal.insert(*n, meet(&mut [base.fork(), base.fork()], *n));
        for d in [1, 10, 100, 1_000, 10_000, 100_000].into_iter().filter(|d| d <= n) {
            together.cases.insert((*n, d), case(&base, d));
        }
        let mut both = [base.fork(), base.fork()];
        both[0].edit_at(0, |set| set.extend((1 << 40..(1 << 40) + NEWS).map(mix)));
        together.news = meet(&mut both, *n).cost;
        if n == sizes.last().expect("a size") {
            together.scan = scan(&base);
        }
    }
    together
}

pub(crate) fn case(base: &Replica<Set>, d: u64) -> Costs {
    let mut costs = Costs::new();
    let mut both = diverged(base, d);
    let elements = both.each_ref().map(|replica| replica.iter().copied().collect::<Vec<u64>>());
    costs.insert(WHOLE, (whole(&both), 0));
    let mut without_logs = diverged(base, d);
    without_logs.iter_mut().for_each(|replica| replica.set_log_bounds(NO_LOG));
    for (name, replicas) in [(LOG, &mut both), (SKETCH, &mut without_logs)] {
        let mut expected = replicas[0].state().clone();
        expected.join_ref(replicas[1].state());
        let meeting = meet(replicas, d);
        assert!(replicas.iter().all(|replica| *replica.state() == expected), "{name}, {d}");
        // If whole states were sent, it was not by sketch.
        if name == LOG || meeting.stats.iter().all(|stats| stats.states == 0) {
            costs.insert(name, (meeting.cost, insertions(d)));
        }
    }
    for (name, meet) in [(RANGES, ranges::meet as fn(&[u64], &[u64]) -> _), (MERKLE, merkle::meet)] {
        let (cost, moved): (Cost, usize) = meet(&elements[0], &elements[1]);
        assert_eq!(moved as u64, d, "{name}");
        costs.insert(name, (cost, moved as u64));
    }
    // It tells which, and not what: each has yet to be sent.
    let (ranges, moved) = costs.get_mut(RANGES).expect("measured");
    ranges.bytes += 8 * *moved;
    ranges.legs += 1;
    costs
}

fn scan(base: &Replica<Set>) -> String {
    let n = base.len();
    let mut text = String::from("| work | n | time | per fact |\n|---|--:|--:|--:|\n");
    let mut row = |work: &str, took: std::time::Duration| {
        let ns = took.as_nanos() as f64;
        writeln!(text, "| {work} | {} | {} | {} |", count(n), time(ns), time(ns / n as f64)).unwrap();
    };
    let best = |work: &mut dyn FnMut()| {
        let runs = (0..3).map(|_| {
            let start = clock();
            work();
            clock() - start
        });
        runs.min().expect("some runs")
    };
    row("listing all facts, with hashes", best(&mut || drop(std::hint::black_box(base.state().list_facts()))));
    row("copying the state", best(&mut || drop(std::hint::black_box(base.state().clone()))));
    let mut both = diverged(base, 4);
    both.iter_mut().for_each(|replica| replica.set_log_bounds(NO_LOG));
    let meeting = meet(&mut both, 1);
    row("the longest turn: list, estimate, cells, news", meeting.longest);
    row("all of a comparison, both sides", meeting.cost.time);
    text
}

impl Together {
    fn table(&self, head: &str, show: impl Fn(u64, &Cost, u64) -> String, methods: &[&str]) -> String {
        let mut text = format!("| n | differences | {} |\n|--:|--:|", methods.join(" | "));
        writeln!(text, "{}", "--:|".repeat(methods.len())).unwrap();
        for ((n, d), costs) in &self.cases {
            let cells = methods.iter().map(|name| {
                costs.get(name).map_or("–".to_string(), |(cost, moved)| show(*d, cost, *moved))
            });
            let cells: Vec<_> = cells.collect();
            writeln!(text, "| {} | {} | {} |", count(*n as usize), count(*d as usize), cells.join(" | "))
                .unwrap();
        }
        format!("**{head}**\n\n{text}\n")
    }

    pub(crate) fn tables(&self) -> String {
        let per = |bytes: u64, d: u64| digits(bytes as f64 / d as f64);
        let bytes = self.table(
            "Bytes per difference, the elements included",
            |d, cost, _| per(cost.bytes, d),
            &METHODS,
        );
        let without: Vec<_> = METHODS.into_iter().filter(|name| *name != WHOLE).collect();
        let overhead = self.table(
            "Bytes per difference, without the 8 bytes of each element that moved",
            |d, cost, moved| per(cost.bytes.saturating_sub(8 * moved), d),
            &without,
        );
        let legs = self.table(
            "Ways from one to the other until both are equal, and time of both",
            |_, cost, _| format!("{}; {}", cost.legs, time(cost.time.as_nanos() as f64)),
            &METHODS,
        );
        format!("{bytes}{overhead}{legs}")
    }

    pub(crate) fn equal(&self) -> String {
        let mut text =
            String::from("| n | bytes, both ways | frames | largest frame | time |\n|--:|--:|--:|--:|--:|\n");
        for (n, it) in &self.equal {
            let took = time(it.cost.time.as_nanos() as f64);
            let n = count(*n as usize);
            writeln!(text, "| {n} | {} | {} | {} | {took} |", it.cost.bytes, it.frames, it.largest_frame)
                .unwrap();
        }
        text
    }

    pub(crate) fn panels(&self) -> Vec<Panel> {
        let sizes: std::collections::BTreeSet<u64> = self.cases.keys().map(|(n, _)| *n).collect();
        let panel = |n: u64| Panel {
            caption: format!("{} elements", count(n as usize)),
            figures: self
                .cases
                .range((n, 0)..=(n, u64::MAX))
                .map(|((_, d), costs)| {
                    let bytes =
                        costs.iter().map(|(name, (cost, _))| ((*name).to_string(), cost.bytes as f64));
                    (*d as usize, bytes.collect())
                })
                .collect(),
        };
        sizes.into_iter().map(panel).collect()
    }

    /// The most bytes of a frame between equals.
    pub(crate) fn worst_of_equals(&self) -> f64 {
        self.equal.values().map(|it| it.largest_frame as f64).fold(0.0, f64::max)
    }

    /// The most bytes per difference by sketch, without the elements, for `d` differences, if they are at most a tenth.
    pub(crate) fn worst_of_sketches(&self, from: u64) -> f64 {
        let cases = self.cases.iter().filter(|((n, d), _)| *d >= from && d * 10 <= *n);
        let costs = cases.filter_map(|((_, d), costs)| Some((*d, costs.get(SKETCH)?)));
        costs.map(|(d, (cost, moved))| (cost.bytes - 8 * moved) as f64 / d as f64).fold(0.0, f64::max)
    }

    /// What a thousand elements cost by log: bytes for each beside its own 8, and ways.
    pub(crate) fn news(&self) -> (f64, f64) {
        (self.news.bytes as f64 / NEWS as f64 - 8.0, self.news.legs as f64)
    }
}

/// How many cells it takes, and how often they are asked for, over many conversations.
pub(crate) fn cells() -> String {
    let n = if is_quick() { 10_000 } else { 100_000 };
    let base = base(n);
    let mut text = String::from(
        "| n | differences | cells per difference | at most | times asked | at most |\n|--:|--:|--:|--:|--:|--:|\n",
    );
    for d in [1, 10, 100, 1_000, 10_000].into_iter().filter(|d| d * 10 <= n) {
        let (mut cells, mut asked) = (Vec::new(), Vec::new());
        let before = diverged(&base, d);
        for session in 0..20 {
            let mut both = before.each_ref().map(Replica::fork);
            both.iter_mut().for_each(|replica| replica.set_log_bounds(NO_LOG));
            let stats = meet(&mut both, 1_000 + session).stats;
            cells.push(stats.iter().map(|stats| stats.cells).sum::<u64>() as f64 / d as f64);
            asked.push(stats.iter().map(|stats| stats.asked).sum::<u64>() as f64);
        }
        let row = [&cells, &asked].map(|of| {
            let mean = of.iter().sum::<f64>() / of.len() as f64;
            format!("{} | {}", digits(mean), digits(of.iter().copied().fold(0.0, f64::max)))
        });
        writeln!(text, "| {} | {} | {} |", count(n as usize), count(d as usize), row.join(" | ")).unwrap();
    }
    text
}

/// From which share of differing facts on whole states are cheaper.
pub(crate) fn crossover() -> String {
    let n = 10_000_u64;
    let mut text = String::from(
        "| what differs | share of the facts | rejoin, bytes | cells | whole states sent | one whole state and the rest back |\n\
         |---|--:|--:|--:|--:|--:|\n",
    );
    let mut row = |what: &str, mut both: [Replica<Set>; 2], d: u64| {
        let states = whole(&both);
        both.iter_mut().for_each(|replica| replica.set_log_bounds(NO_LOG));
        let facts = both.iter().map(|replica| replica.len() as u64).max().unwrap_or(1);
        let it = meet(&mut both, d);
        let sum = |of: fn(&rejoin::sync::Stats) -> u64| it.stats.iter().map(of).sum::<u64>() as usize;
        let share = 100.0 * d as f64 / facts as f64;
        let cells = [
            it.cost.bytes as usize,
            sum(|stats| stats.cells),
            sum(|stats| stats.states),
            states.bytes as usize,
        ];
        writeln!(text, "| {what} | {share:.0}% | {} |", cells.map(count).join(" | ")).unwrap();
    };
    let base = base(n);
    for d in (1..=6).map(|n| n * 2_000) {
        row("on both sides", diverged(&base, d), d);
    }
    for d in (1..=9).map(|tenth| tenth * n / 10) {
        let there = self::base(n - d);
        let mut here = there.fork();
        here.set_log_bounds(ALL_LOG);
        here.edit_at(0, |set| set.extend((n - d..n).map(mix)));
        // Who lacks something may be the one who asks or the other.
        row("one lacks facts", [here, there], d);
    }
    text
}
