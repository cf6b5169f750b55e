//! The pictures of docs/simulator.

use std::io;
use std::path::Path;
use std::thread;

use rejoin::sim::{Delay, Manner, Network, Rumour, Schedule, Step, World};

use crate::args::Sim;
use crate::baselines;
use crate::measure::{bytes, percentile};
use crate::plot::{Bar, Bars, Chart, Series};
use crate::stage::{Stage, line};
use crate::stories::{Story, Writes, node_options, spread_to_all};
use crate::summary::Summary;

/// Runs measured for each point.
const SEEDS: u64 = 40;

/// Measures, and draws a picture.
type Draw = fn() -> String;

/// Measures, and writes all pictures.
pub(crate) fn write_all(dir: &Path) -> io::Result<Vec<Summary>> {
    let mut summaries = Vec::new();
    for story in Story::All.stories() {
        let told = story.tell(&mut Stage::silent(), &Sim::default());
        line(&told.summary.to_json());
        summaries.push(told.summary);
        crate::save(dir, &told.plots)?;
    }
    let figures: [(&str, Draw); 5] = [
        ("fanout", || fanout().to_svg()),
        ("loss", || loss().to_svg()),
        ("protocols", || protocols().to_svg()),
        ("infection-push", || infection(Manner::Push).to_svg()),
        ("infection-push-pull", || infection(Manner::PushPull).to_svg()),
    ];
    let drawing = figures.map(|(name, draw)| (name, thread::spawn(draw)));
    for (name, svg) in drawing {
        let svg = svg.join().map_err(|_| io::Error::other(format!("{name} could not be measured")))?;
        crate::save(dir, &[(name.into(), svg)])?;
    }
    Ok(summaries)
}

/// The middle of many for each x, and where four of five lie.
fn middles(name: &str, colour: usize, points: impl Iterator<Item = (f64, Vec<u64>)>) -> Series {
    let (mut middle, mut band) = (Vec::new(), Vec::new());
    for (x, mut values) in points {
        let [low, half, high] = [10, 50, 90].map(|percent| percentile(&mut values, percent) as f64);
        middle.push((x, half));
        band.push((low, high));
    }
    Series::dots(name, colour, middle, band)
}

/// How long it takes until all know, by how many others each node draws.
fn fanout() -> Chart {
    let mut series = Vec::new();
    for (colour, nodes) in [30, 100, 300].into_iter().enumerate() {
        let runs: Vec<(f64, Vec<(u64, f64)>)> = (1..=5)
            .map(|fanout| {
                let runs = (1..=SEEDS / 4).map(|seed| spread_to_all(nodes, fanout, seed));
                (fanout as f64, runs.collect())
            })
            .collect();
        let measured = runs.iter().map(|(x, runs)| (*x, runs.iter().map(|run| run.0).collect()));
        series.push(middles(&format!("{nodes} nodes"), colour, measured));
        let mean = |runs: &[(u64, f64)]| runs.iter().map(|run| run.1).sum::<f64>() / runs.len() as f64;
        let theory = runs.iter().map(|(x, runs)| (*x, mean(runs)));
        series.push(Series::theory(if nodes == 300 { "theory" } else { "" }, colour, theory.collect()));
    }
    Chart {
        title: "Gossip: until all know of a write, by fan-out (5 % loss)".into(),
        x: "others that each node draws in a round".into(),
        y: "milliseconds: median, and where four of five runs lie".into(),
        series,
        ..Chart::default()
    }
}

/// How many know after each round: the mean of many rumours, and what theory says.
fn infection(manner: Manner) -> Chart {
    let (way, runs) = (if manner == Manner::Push { "told" } else { "told, and asked" }, 200);
    let mut series = Vec::new();
    for (colour, (nodes, name)) in
        [(100, "100 nodes"), (1_000, "1,000 nodes"), (10_000, "10,000 nodes")].into_iter().enumerate()
    {
        let rumour = Rumour { nodes, fanout: 1, manner, loss: 0 };
        let theory = rumour.theory();
        let spreads: Vec<Vec<usize>> = (1..=runs).map(|seed| rumour.spread(seed).informed).collect();
        let percent = |n: f64| 100.0 * n / nodes as f64;
        let (mut mean, mut band) = (Vec::new(), Vec::new());
        for round in 0..theory.len() {
            let known = spreads.iter().map(|informed| *informed.get(round).unwrap_or(&nodes) as u64);
            let mut known: Vec<u64> = known.collect();
            mean.push((round as f64, percent(known.iter().sum::<u64>() as f64 / known.len() as f64)));
            let [low, high] = [10, 90].map(|of| percent(percentile(&mut known, of) as f64));
            band.push((low, high));
        }
        let theory = theory.iter().enumerate().map(|(round, n)| (round as f64, percent(*n))).collect();
        series.push(Series::points(name, colour, mean, band));
        series.push(Series::theory(if colour == 2 { "theory" } else { "" }, colour, theory));
    }
    Chart {
        title: format!("A rumour, round by round: in each, one other is {way}"),
        x: "rounds".into(),
        y: format!("nodes that know, in percent: mean of {runs} runs, and where four of five lie"),
        series,
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
        ways().for_each(|(from, to)| world.step(Step::Cut { from, to }));
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
        middles(name, n, runs.iter().map(|(loss, runs)| (*loss, runs.iter().map(|run| run[n]).collect())))
    });
    Chart {
        title: "Until 8 nodes are equal, by loss (all with all)".into(),
        x: "frames lost, in percent".into(),
        y: "milliseconds: median, and where four of five runs lie".into(),
        series: series.collect(),
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
