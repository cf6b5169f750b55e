//! One rumour among many nodes.

use rejoin::sim::{Delay, Network, Options, Random, Schedule, Topology, Workload, World};
use rejoin::store::Edit;
use rejoin::{Causal, OrSet};

use super::Told;
use crate::args::Sim;
use crate::measure::{bytes, percentile, time};
use crate::play::Play;
use crate::plot::{Chart, Series};
use crate::stage::Stage;

/// What is being told.
#[derive(Default)]
pub(crate) struct Rumours;

impl Workload for Rumours {
    type State = Causal<OrSet<u64>>;

    fn write(&mut self, random: &mut Random, rumours: &mut Edit<'_, OrSet<u64>>) {
        rumours.insert(random.number());
    }
}

const NETWORK: Network = Network { delay: Delay::Uniform(10, 90), loss: 50, doubled: 0 };
/// How many links more than a ring each node has drawn.
const MORE: usize = 2;

fn world(nodes: usize, more: usize, seed: u64) -> World<Rumours> {
    let schedule = Schedule { seed, nodes, network: NETWORK, steps: Vec::new() };
    let mut options = Options::default();
    options.topology = Topology::Random { more, seed };
    // Nobody writes while nodes get to know each other, and nothing is to be seen but the rumour.
    options.config.probe = 60_000;
    World::new(Rumours, &schedule, options)
}

/// How many nodes know of the rumour, in percent, by milliseconds.
pub(crate) fn curve(nodes: usize, more: usize, seed: u64) -> Vec<(f64, f64)> {
    let mut stage = Stage::silent();
    let mut play = Play::new(world(nodes, more, seed), &mut stage, &[]);
    play.pass(3_000);
    spread(&mut play).0
}

/// How long it takes until all know.
pub(crate) fn spread_to_all(nodes: usize, more: usize, seed: u64) -> u64 {
    let mut world = world(nodes, more, seed);
    world.run_until(3_000);
    world.write_with(0, |rumours| rumours.insert(1));
    world.run_until_converged(60_000);
    world.now() - 3_000
}

/// Tells node 0, and watches. Returns the curve, and when each node knew.
fn spread(play: &mut Play<'_, Rumours>) -> (Vec<(f64, f64)>, Vec<u64>) {
    let (nodes, since) = (play.world.nodes(), play.now());
    play.world.write_with(0, |rumours| rumours.insert(1));
    let token = play.world.replica(0).map(|replica| replica.version().clone()).unwrap_or_default();
    let mut knew: Vec<Option<u64>> = vec![None; nodes];
    let (mut points, mut knew_before) = (Vec::new(), 0);
    loop {
        let at = play.now() - since;
        for (node, knew) in knew.iter_mut().enumerate() {
            if knew.is_none() && play.has(node, &token) {
                *knew = Some(at);
            }
        }
        let known = knew.iter().flatten().count();
        if known > knew_before || points.is_empty() {
            points.push((at as f64, 100.0 * known as f64 / nodes as f64));
        }
        knew_before = known;
        if known == nodes || at > 60_000 {
            return (points, knew.into_iter().flatten().collect());
        }
        play.pass(5);
    }
}

pub(super) fn tell(stage: &mut Stage, sim: &Sim) -> Told {
    let nodes = sim.nodes.unwrap_or(120);
    stage.begin(
        &format!(
            "GOSSIP: {nodes} nodes in a ring, each with {MORE} more links that were drawn. Frames take 10 to 90 ms, 5 % are lost."
        ),
        4_000,
    );
    let mut play = Play::new(world(nodes, MORE, sim.seed), stage, &[]);
    let topology = Topology::Random { more: MORE, seed: sim.seed };
    let pairs = (0..nodes).flat_map(|a| (0..a).map(move |b| (a, b)));
    let links = pairs.filter(|(a, b)| topology.connects(*a, *b, nodes)).count();
    play.pass(3_000);
    let greeted = play.world.report().clone();
    play.say(format!(
        "The nodes have greeted each other over {links} links: {}, {} each.",
        bytes(greeted.bytes),
        bytes(greeted.bytes / nodes as u64)
    ));
    play.say("Node 0 hears a rumour.");
    let (points, mut knew) = spread(&mut play);
    let known = knew.len();
    play.check(known == nodes, || format!("after a minute only {known} of {nodes} nodes know"));
    let bars = |percent: f64| "█".repeat((percent / 2.0).round() as usize);
    let step = (points.len() / 10).max(1);
    let rows: Vec<String> = points
        .iter()
        .step_by(step)
        .chain(points.last().filter(|_| (points.len() - 1) % step != 0))
        .map(|(at, percent)| format!("{at:>6} ms {percent:>5.0} %  {}", bars(*percent)))
        .collect();
    play.show_rows(&rows);
    let (half, nearly, all) =
        (percentile(&mut knew, 50), percentile(&mut knew, 99), percentile(&mut knew, 100));
    let took = play.settle();
    play.say(format!(
        "Half knew after {}, 99 % after {}, all after {}.",
        time(half),
        time(nearly),
        time(all)
    ));
    let report = play.world.report();
    let (sent, frames) = (report.bytes - greeted.bytes, report.frames - greeted.frames);
    play.say(format!(
        "It took {frames} frames and {}: {} per node.",
        bytes(sent),
        bytes(sent / nodes as u64)
    ));
    play.show();
    let (mut summary, _, _) = play.finish("gossip", NETWORK.delay.mean());
    // All was well from the beginning; what is repaired is that nobody knew.
    summary.repair_ms = all.max(took);
    summary.rounds = summary.repair_ms.div_ceil(2 * NETWORK.delay.mean());
    summary.measured = vec![
        ("links", links as f64),
        ("half_ms", half as f64),
        ("p99_ms", nearly as f64),
        ("all_ms", all as f64),
        ("rumour_bytes_per_node", sent as f64 / nodes as f64),
    ];
    let chart = Chart {
        title: format!("gossip: a rumour among {nodes} nodes"),
        x: "milliseconds".into(),
        y: "nodes that know, in percent".into(),
        series: vec![Series::line("", points)],
        ..Chart::default()
    };
    Told::new(summary, chart.to_svg())
}
