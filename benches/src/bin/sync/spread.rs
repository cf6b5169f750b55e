//! How many elements travel when many replicas write and tell their neighbours: the workloads of Enes, Almeida, Baquero and
//! Leitão, *Efficient Synchronization of State-based CRDTs* (2019).

mod deltas;
mod ours;
mod work;

use std::collections::BTreeMap;
use std::fmt::Write;

use rejoin_benches::draw::Row;
use rejoin_benches::page::{count, digits};

use deltas::Kind;
use work::Op;

pub(crate) const OURS: &str = "rejoin";
pub(crate) const BP_RR: &str = "BP+RR";
pub(crate) const CLASSIC: &str = "classic deltas";
pub(crate) const STATES: &str = "states";

pub(crate) const NODES: usize = 15;

/// Who is a neighbour of whom.
type Net = Vec<Vec<usize>>;

fn tree() -> Net {
    let is_edge = |a: usize, b: usize| b > 0 && (b - 1) / 2 == a;
    (0..NODES).map(|a| (0..NODES).filter(|b| is_edge(a, *b) || is_edge(*b, a)).collect()).collect()
}

/// A ring in which each knows the two nearest on either side.
fn mesh() -> Net {
    let is_near = |a: usize, b: usize| a != b && [1, 2].contains(&a.abs_diff(b).min(NODES - a.abs_diff(b)));
    (0..NODES).map(|a| (0..NODES).filter(|b| is_near(a, *b)).collect()).collect()
}

/// What was sent over all links until all were equal.
#[derive(Clone, Copy, Default)]
pub(crate) struct Sent {
    elements: u64,
    /// Only known of ours.
    bytes: u64,
    ticks: u64,
}

pub(crate) struct Spread {
    rows: Vec<(String, BTreeMap<&'static str, Sent>)>,
}

pub(crate) fn measure() -> Spread {
    let mut rows = Vec::new();
    for work in work::all() {
        for (name, net) in [("tree", tree()), ("mesh", mesh())] {
            let ours = match work.ticks[0][0].first() {
                Some(Op::Set(..)) => ours::registers(&work, &net),
                _ => ours::elements(&work, &net),
            };
            let sent = BTreeMap::from([
                (OURS, ours),
                (BP_RR, deltas::run(&work, &net, Kind::BpRr)),
                (CLASSIC, deltas::run(&work, &net, Kind::Classic)),
                (STATES, deltas::run(&work, &net, Kind::States)),
            ]);
            rows.push((format!("{}, {name}", work.name), sent));
        }
    }
    Spread { rows }
}

impl Spread {
    fn relative(of: &BTreeMap<&'static str, Sent>, name: &str) -> f64 {
        of[name].elements as f64 / of[BP_RR].elements as f64
    }

    /// The most elements, relative to BP+RR, in the workloads of the paper.
    pub(crate) fn worst(&self) -> f64 {
        let of_paper = self.rows.iter().filter(|(name, _)| !name.contains("another writer"));
        of_paper.map(|(_, of)| Spread::relative(of, OURS)).fold(0.0, f64::max)
    }

    pub(crate) fn table(&self) -> String {
        let mut text = String::from(
            "| work, net | BP+RR, elements sent | rejoin | classic deltas | states | rejoin, bytes per element | \
             ticks: rejoin, BP+RR |\n|---|--:|--:|--:|--:|--:|--:|\n",
        );
        for (name, of) in &self.rows {
            let times = |name| format!("{} ×", digits(Spread::relative(of, name)));
            let cells = [
                count(of[BP_RR].elements as usize),
                times(OURS),
                times(CLASSIC),
                times(STATES),
                digits(of[OURS].bytes as f64 / of[OURS].elements as f64),
                format!("{}, {}", of[OURS].ticks, of[BP_RR].ticks),
            ];
            writeln!(text, "| {name} | {} |", cells.join(" | ")).unwrap();
        }
        text
    }

    pub(crate) fn rows(&self) -> Vec<Row> {
        let row = |(name, of): &(String, BTreeMap<&'static str, Sent>)| {
            let others = [OURS, CLASSIC, STATES].map(|it| (it.to_string(), Spread::relative(of, it)));
            (name.clone(), others.into())
        };
        self.rows.iter().map(row).collect()
    }
}
