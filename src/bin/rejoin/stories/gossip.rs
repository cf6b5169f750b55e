//! One rumour among many nodes, who draw whom to talk to: as it spreads, and as theory says that it does.

use rejoin::sim::{Delay, Manner, Network, Options, Random, Rumour, Schedule, Topology, Workload, World};
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

const NETWORK: Network = Network { delay: Delay::Uniform(40, 60), loss: 50, doubled: 0 };
/// How long a frame takes: a hop.
pub(crate) const HOP: u64 = 50;
/// How long a round is.
const ROUND: u64 = 1_000;
/// When the rumour begins: in the middle of a round, when nobody is being drawn and links stay as they are.
const BEGIN: u64 = 6 * ROUND + ROUND / 2;

/// A world that has gossiped for some rounds.
pub(crate) fn world(nodes: usize, fanout: usize, seed: u64) -> World<Rumours> {
    let schedule = Schedule { seed, nodes, network: NETWORK, steps: Vec::new() };
    let mut options = Options::default();
    options.topology = Topology::Gossip { fanout, interval: ROUND };
    // A rumour that is lost with its only node is no story.
    options.disks = false;
    World::new(Rumours, &schedule, options)
}

/// How many links a node has on average.
fn links(world: &World<Rumours>) -> f64 {
    (0..world.nodes()).map(|node| world.links(node)).sum::<usize>() as f64 / world.nodes() as f64
}

/// What theory takes passing on at once for: in each hop, who knows tells as many as a node has links.
fn passing_on(world: &World<Rumours>) -> Rumour {
    let fanout = links(world).round() as usize;
    Rumour { nodes: world.nodes(), fanout, manner: Manner::Push, loss: NETWORK.loss }
}

/// How long it takes until all know, and how long theory says.
pub(crate) fn spread_to_all(nodes: usize, fanout: usize, seed: u64) -> (u64, f64) {
    let mut world = world(nodes, fanout, seed);
    world.run_until(BEGIN);
    let theory = passing_on(&world).rounds(20, seed).0 * HOP as f64;
    world.write_with(0, |rumours| rumours.insert(1));
    world.run_until_converged(BEGIN + 60_000);
    (world.now() - BEGIN, theory)
}

/// Tells node 0, and watches: when each node knew, in order, in milliseconds.
fn spread(play: &mut Play<'_, Rumours>) -> Vec<u64> {
    let since = play.now();
    play.world.write_with(0, |rumours| rumours.insert(1));
    let token = play.world.replica(0).map(|replica| replica.version().clone()).unwrap_or_default();
    let mut waiting: Vec<usize> = (0..play.world.nodes()).collect();
    let mut knew = Vec::new();
    while !waiting.is_empty() && play.now() < since + 60_000 {
        let before = waiting.len();
        waiting.retain(|node| !play.has(*node, &token));
        knew.extend(vec![play.now() - since; before - waiting.len()]);
        play.pass(5);
    }
    knew
}

/// How many knew at a time.
fn known(knew: &[u64], at: u64) -> usize {
    knew.iter().filter(|when| **when <= at).count()
}

/// Hop by hop: how many knew, and how many theory says.
fn rows(nodes: usize, knew: &[u64], theory: &[f64]) -> Vec<String> {
    let hops = knew.last().map_or(0, |last| last.div_ceil(HOP) as usize).max(theory.len() - 1);
    let mut rows = vec![format!("{:<8}{:>8}{:>7}{:>8}", "", "know", "", "theory")];
    rows.extend((0..=hops).map(|hop| {
        let (at, most) = (hop as u64 * HOP, nodes as f64);
        let (known, expected) = (known(knew, at), theory.get(hop).copied().unwrap_or(most));
        let [measured, expects] = [known as f64, expected].map(|n| 100.0 * n / most);
        let bar = "█".repeat((measured / 2.5).round() as usize);
        format!("{at:>5} ms{known:>8}{measured:>5.0} %{expects:>6.0} %  {bar}")
    }));
    rows
}

pub(super) fn tell(stage: &mut Stage, sim: &Sim) -> Told {
    let (nodes, fanout) = (sim.nodes.unwrap_or(300), sim.fanout.unwrap_or(1));
    let drawn = if fanout == 1 { "one other".into() } else { format!("{fanout} others") };
    stage.begin(
        &format!(
            "GOSSIP: {nodes} nodes. In each round, of a second, each draws {drawn} to talk to, and stays in touch for three rounds. \
             Frames take 40 to 60 ms, 5 % are lost."
        ),
        BEGIN + ROUND / 2,
    );
    let mut play = Play::new(world(nodes, fanout, sim.seed), stage, &[]);
    play.pass(BEGIN - ROUND);
    let before = play.world.report().bytes;
    play.pass(ROUND);
    let idle = (play.world.report().bytes - before) as f64 / nodes as f64;
    let (links, rumour) = (links(&play.world), passing_on(&play.world));
    play.say(format!(
        "A node has {links:.1} links, to those it drew and to those who drew it. While there is nothing new it sends {} in a \
         round: who is drawn is greeted, with a digest of what is known.",
        bytes(idle as u64)
    ));
    let (begun, theory) = (play.world.report().clone(), rumour.theory());
    play.say("Node 0 hears a rumour. Whoever hears of it passes it on at once, over all links.");
    let mut knew = spread(&mut play);
    let heard = knew.len();
    play.check(heard == nodes, || format!("after a minute only {heard} of {nodes} nodes know"));
    let report = play.world.report();
    let (sent, frames) = (report.bytes - begun.bytes, report.frames - begun.frames);
    play.show_rows(&rows(nodes, &knew, &theory));
    let [half, nearly, all] = [50, 99, 100].map(|percent| percentile(&mut knew, percent));
    let (hops, deviation) = rumour.rounds(100, sim.seed);
    play.say(format!(
        "Half knew after {}, 99 % after {}, all after {}. Theory, if in each hop of {HOP} ms who knows tells {} others: all after \
         {hops:.1} hops, {}.",
        time(half),
        time(nearly),
        time(all),
        rumour.fanout,
        time((hops * HOP as f64) as u64)
    ));
    let contacts = Rumour { fanout, manner: Manner::PushPull, ..rumour };
    let (rounds, spread) = contacts.rounds(100, sim.seed);
    play.say(format!(
        "Were links not kept, and only those who are drawn in a round told and asked, theory says {rounds:.1} rounds, give or take \
         {spread:.1}: {}. Nobody would need more than that even if frames took a whole round.",
        time((rounds * ROUND as f64) as u64)
    ));
    play.check(all as f64 <= (rounds + 4.0 * spread + 2.0) * ROUND as f64, || {
        format!("all knew after {all} ms only, and theory says {rounds:.1} rounds of {ROUND} ms")
    });
    play.say(format!(
        "It took {frames} frames and {}, {} per node.",
        bytes(sent),
        bytes(sent / nodes as u64)
    ));
    let took = play.settle();
    play.show();
    let (mut summary, _) = play.finish("gossip", HOP);
    // All was well from the beginning; what is repaired is that nobody knew.
    summary.repair_ms = all.max(took);
    summary.rounds = summary.repair_ms.div_ceil(2 * HOP);
    summary.measured = vec![
        ("fanout", fanout as f64),
        ("links_per_node", links),
        ("idle_bytes_per_node_and_round", idle),
        ("half_ms", half as f64),
        ("p99_ms", nearly as f64),
        ("all_ms", all as f64),
        ("hops", all as f64 / HOP as f64),
        ("hops_in_theory", hops),
        ("hops_in_theory_deviation", deviation),
        ("contact_rounds_in_theory", rounds),
        ("rumour_bytes_per_node", sent as f64 / nodes as f64),
    ];
    let chart = chart(nodes, &knew, rumour.fanout, &theory);
    Told::new(summary, chart.to_svg())
}

fn chart(nodes: usize, knew: &[u64], links: usize, theory: &[f64]) -> Chart {
    let percent = |n: f64| 100.0 * n / nodes as f64;
    let last = knew.last().copied().unwrap_or(0).max((theory.len() as u64 - 1) * HOP);
    let measured = (0..=last).step_by(5).map(|at| (at as f64, percent(known(knew, at) as f64)));
    let expected = theory.iter().enumerate().map(|(hop, n)| ((hop as u64 * HOP) as f64, percent(*n)));
    Chart {
        title: format!("gossip: a rumour among {nodes} nodes"),
        x: "milliseconds since node 0 heard it".into(),
        y: "nodes that know, in percent".into(),
        series: vec![
            Series::line("measured", measured.collect()),
            Series::theory(&format!("theory: {links} told in each hop of {HOP} ms"), 1, expected.collect()),
        ],
        ..Chart::default()
    }
}
