//! The pictures of docs/sync.

use std::io;
use std::path::Path;

use rejoin::sim::{Delay, Network, Schedule, World};

use crate::args::Sim;
use crate::baselines;
use crate::measure::{bytes, percentile};
use crate::plot::{Bar, Bars, Chart, Series};
use crate::stage::{Stage, line};
use crate::stories::{Story, Writes, curve, node_options, spread_to_all};
use crate::summary::Summary;

/// Runs measured for each point.
const SEEDS: u64 = 40;

/// Measures, and writes all pictures.
pub(crate) fn write_all(dir: &Path) -> io::Result<Vec<Summary>> {
    let mut summaries = Vec::new();
    for story in Story::All.stories() {
        let told = story.tell(&mut Stage::silent(), &Sim::default());
        line(&told.summary.to_json());
        summaries.push(told.summary);
        crate::save(dir, &told.plots)?;
    }
    let charts = [("rumour", rumour()), ("links", links()), ("loss", loss())];
    let mut plots: Vec<(String, String)> =
        charts.into_iter().map(|(name, chart)| (name.into(), chart.to_svg())).collect();
    plots.push(("bytes".into(), protocols().to_svg()));
    crate::save(dir, &plots)?;
    line(&format!("written to {}", dir.display()));
    Ok(summaries)
}

/// The middle of many for each x, and where four of five lie.
fn middles(name: &str, points: impl Iterator<Item = (f64, Vec<u64>)>) -> Series {
    let (mut middle, mut band) = (Vec::new(), Vec::new());
    for (x, mut values) in points {
        let [low, half, high] = [10, 50, 90].map(|percent| percentile(&mut values, percent) as f64);
        middle.push((x, half));
        band.push((low, high));
    }
    Series::line(name, middle).with_band(band)
}

/// How a rumour spreads with so many links.
fn rumour() -> Chart {
    let series = [0, 1, 2, 4].map(|more| {
        let name = if more == 0 { "a ring".into() } else { format!("and {more} drawn links each") };
        Series::line(&name, curve(200, more, 1))
    });
    Chart {
        title: "A rumour among 200 nodes, by how many links each has (5 % loss)".into(),
        x: "milliseconds since it was written".into(),
        y: "nodes that know, in percent".into(),
        series: series.into(),
        ..Chart::default()
    }
}

fn links() -> Chart {
    let nodes = [30, 100, 300].map(|nodes| {
        let points = (1..=6).map(|more| (f64::from(more), nodes, more as usize));
        middles(
            &format!("{nodes} nodes"),
            points.map(|(x, nodes, more)| {
                (2.0 + 2.0 * x, (1..=SEEDS / 4).map(|seed| spread_to_all(nodes, more, seed)).collect())
            }),
        )
    });
    Chart {
        title: "Until all know of a write, by links per node (5 % loss)".into(),
        x: "links per node, on average".into(),
        y: "milliseconds: median, and where four of five runs lie".into(),
        series: nodes.into(),
        has_dots: true,
        ..Chart::default()
    }
}

/// How long a partition takes to mend, and a write to reach all, on a network that loses so much.
fn loss() -> Chart {
    let repair = |loss: u64, seed: u64| {
        let network = Network { delay: Delay::Uniform(10, 90), loss, doubled: 0 };
        let schedule = Schedule { seed, nodes: 8, network, steps: Vec::new() };
        let mut world = World::new(Writes, &schedule, node_options(0));
        world.run_until(20_000);
        let ways = || (0..4).flat_map(|a| (4..8).flat_map(move |b| [(a, b), (b, a)]));
        ways().for_each(|(from, to)| world.step(rejoin::sim::Step::Cut { from, to }));
        for n in 0..200 {
            world.write(n % 8, n as u64 ^ seed.rotate_left(30));
            world.run_until(world.now() + 25);
        }
        world.heal();
        let healed = world.now();
        world.run_until_converged(healed + 600_000);
        let repaired = world.now() - healed;
        world.run_until(world.now() + 10_000);
        let written = world.now();
        world.write(0, 4);
        world.run_until_converged(written + 600_000);
        [repaired, world.now() - written]
    };
    let losses = (0..=10).map(|n| n * 50);
    let runs: Vec<(f64, Vec<[u64; 2]>)> = losses
        .map(|loss| (loss as f64 / 10.0, (1..=SEEDS).map(|seed| repair(loss, seed)).collect()))
        .collect();
    let series = ["a partition of 5 s, with 200 writes", "one write"].iter().enumerate().map(|(n, name)| {
        middles(name, runs.iter().map(|(loss, runs)| (*loss, runs.iter().map(|run| run[n]).collect())))
    });
    Chart {
        title: "Until 8 nodes are equal, by loss (all with all)".into(),
        x: "frames lost, in percent".into(),
        y: "milliseconds: median, and where four of five runs lie".into(),
        series: series.collect(),
        has_dots: true,
        ..Chart::default()
    }
}

fn protocols() -> Bars {
    let rows = [
        ("whole states, each round", 1, baselines::whole_states(1)),
        ("deltas, sent on to all", 3, baselines::blind_deltas(1)),
        ("links, 20 % of frames lost", 0, baselines::links(1, 200)),
        ("links", 0, baselines::links(1, 0)),
        ("the deltas alone, once each", 4, baselines::deltas_alone(1)),
    ];
    let bars = rows.map(|(label, colour, value)| Bar {
        label: label.into(),
        colour,
        value: value as f64,
        figure: bytes(value),
    });
    Bars {
        title: "What it takes: 10 nodes, a minute, a write per second and node".into(),
        names: Vec::new(),
        rows: bars.into(),
    }
}
