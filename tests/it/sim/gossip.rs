//! Rumours, beside what theory says of them.

use rejoin::Causal;
use rejoin::OrSet;
use rejoin::sim::{Manner, Network, Options, Random, Rumour, Schedule, Topology, Workload, World};

/// Mean rounds until all know, for 10², 10³, 10⁴ and 10⁵ nodes.
const THEORY: [(Manner, usize, u64, [f64; 4]); 7] = [
    (Manner::Push, 1, 0, [12.30, 18.06, 23.68, 29.27]),
    (Manner::Pull, 1, 0, [9.81, 13.76, 17.60, 21.05]),
    (Manner::PushPull, 1, 0, [6.52, 9.15, 11.62, 14.00]),
    (Manner::Push, 3, 0, [5.65, 8.19, 10.55, 13.05]),
    (Manner::Pull, 3, 0, [5.06, 7.06, 8.89, 10.68]),
    (Manner::PushPull, 3, 0, [3.91, 5.06, 6.66, 8.00]),
    (Manner::Push, 1, 100, [13.39, 19.71, 25.99, 32.10]),
];

fn compare(sizes: std::ops::Range<usize>, runs: impl Fn(usize) -> u64) {
    for (manner, fanout, loss, theory) in THEORY {
        for (n, expected) in theory.iter().enumerate().filter(|(n, _)| sizes.contains(n)) {
            let nodes = 10_usize.pow(n as u32 + 2);
            let (mean, deviation) = Rumour { nodes, fanout, manner, loss }.rounds(runs(n), 7);
            println!(
                "{manner:?} k={fanout} loss={loss}/1000 n={nodes}: {mean:.2} ± {deviation:.2}, theory {expected}"
            );
            assert!(
                (mean - expected).abs() <= 0.3,
                "{manner:?} k={fanout} n={nodes}: {mean} rounds, not {expected}"
            );
        }
    }
}

#[test]
fn rumours_spread_as_theory_says() {
    compare(0..2, |n| if n == 0 { 400 } else { 100 });
}

/// `cargo test --release --all-features --test it sim::gossip -- --ignored --nocapture`: some three minutes.
#[test]
#[ignore = "takes minutes"]
fn rumours_spread_as_theory_says_among_many() {
    compare(0..4, |n| [2_000, 1_000, 300, 60][n]);
}

/// Pulling alone varies more from run to run, and a mean of runs is not the run of means: it is left out.
#[test]
fn after_each_round_as_many_know_as_theory_says() {
    for (manner, fanout, loss) in
        [(Manner::Push, 1, 0), (Manner::Push, 3, 0), (Manner::Push, 2, 100), (Manner::PushPull, 1, 0)]
    {
        let rumour = Rumour { nodes: 1_000, fanout, manner, loss };
        let runs: Vec<Vec<usize>> = (0..100).map(|seed| rumour.spread(seed).informed).collect();
        for (round, expected) in rumour.theory().iter().enumerate() {
            let known = |run: &Vec<usize>| *run.get(round).unwrap_or(&1_000) as f64;
            let mean = runs.iter().map(known).sum::<f64>() / 100.0;
            assert!(
                (mean - expected).abs() < 40.0,
                "{rumour:?}: {mean} after {round} rounds, not {expected}"
            );
        }
    }
}

#[derive(Default)]
struct Books;

impl Workload for Books {
    type State = Causal<OrSet<u64>>;

    fn write(&mut self, random: &mut Random, books: &mut rejoin::store::Edit<'_, OrSet<u64>>) {
        books.insert(random.below(1_000));
    }
}

/// The real thing: links that are opened and closed, digests before events, rounds that overlap.
#[test]
fn what_one_of_a_hundred_writes_all_know_after_some_rounds() {
    let mut options = Options::default();
    options.topology = Topology::Gossip { fanout: 1, interval: 1_000 };
    options.disks = false;
    let schedule = Schedule { seed: 3, nodes: 100, network: Network::default(), steps: Vec::new() };
    let mut world = World::new(Books, &schedule, options);
    world.run_until(5_000);
    world.write(42, 7);
    assert!(world.run_until_converged(60_000));
    assert!((0..100).all(|node| (3..20).contains(&world.links(node))), "some links each, not a hundred");
    let rounds = (world.now() - 5_000) / 1_000;
    // Links stay open for some rounds and push what is new at once: quicker than push and pull with one contact.
    assert!(rounds <= 7, "{rounds} rounds");
    let report = world.finish();
    assert!(report.violations.is_empty(), "{report}");
}
