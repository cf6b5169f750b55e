//! Honest replicas among adversaries: they become equal as soon as without, or nearly, and nothing that must not be is.
//!
//! `REJOIN_SEEDS=10000 cargo test --release --all-features --test it sim::adversaries` for more of them.

use rejoin::sim::{self, Faults, Options, Random, Schedule, Workload};
use rejoin::sync::LogBounds;

use super::seeds::{GroupTrade, Likes, Trade, seeds};

/// So many probes are forgiven, and one turn: what is found out by a probe is found out a probe later if a lie was in the way,
/// and an adversary that is asked for its state has a turn like anybody else.
const PROBES: u64 = 2;

/// What adversaries can use up is little here, so they do.
fn options(config: impl FnOnce(&mut Options)) -> Options {
    let mut options = Options::default();
    options.config.limits.bytes = 1 << 20;
    options.config.intervals = 4_000;
    // A liar fills both: most of a message, and versions.
    options.largest_message = (1 << 20) + 4_000 * 32;
    options.config.names = 256;
    options.most_links = 8;
    config(&mut options);
    options
}

/// Up to a third of all nodes.
fn adversaries(seed: u64, nodes: usize) -> usize {
    let most = (nodes / 2).max(1) as u64;
    1 + Random::new(seed ^ 0x77).below(most) as usize
}

fn check<W: Workload>(name: &str, options: &Options) {
    let floor = PROBES * options.config.probe + options.config.turn;
    let (mut mute_total, mut total, mut lies, mut refused) = (0, 0, 0, 0);
    for seed in 0..seeds() {
        let schedule = Schedule::random(seed, &Faults::default());
        let mut options = options.clone();
        options.adversaries = adversaries(seed, schedule.nodes);
        options.mute_adversaries = true;
        let mute = sim::run(W::default(), &schedule, &options);
        options.mute_adversaries = false;
        let report = sim::run(W::default(), &schedule, &options);
        assert!(mute.violations.is_empty(), "{name}, mute: {mute}");
        assert!(report.violations.is_empty(), "{name}, {} adversaries: {report}", options.adversaries);
        let (before, after) = (mute.ended - mute.healed, report.ended - report.healed);
        assert!(after <= 2 * before + floor, "{name}, seed {seed}: {after} ms after {before}");
        (mute_total, total) = (mute_total + before + floor, total + after + floor);
        (lies, refused) = (lies + report.lies, refused + report.lies_refused);
    }
    println!(
        "{name}: {} seeds, {lies} lies, {refused} refused, {} ‰ of the time without",
        seeds(),
        1_000 * total / mute_total
    );
    assert!(lies > 0 && refused > 0, "they lie");
    assert!(total <= 2 * mute_total);
}

#[test]
fn with_long_logs() {
    check::<Trade>("long logs", &options(|_| {}));
}

#[test]
fn with_short_logs() {
    check::<Trade>("short logs", &options(short));
}

#[test]
fn plain_lattices() {
    check::<Likes>("plain lattices", &options(short));
}

fn short(options: &mut Options) {
    options.log = LogBounds { entries: 5, bytes: 10_000 };
    options.config.max_frame = 300;
    options.config.window = 3_000;
}

#[test]
fn groups() {
    check::<GroupTrade>("groups", &options(|_| {}));
}

#[test]
fn the_same_seed_is_the_same_world() {
    let schedule = Schedule::random(3, &Faults::default());
    let options = options(|options| options.adversaries = 2);
    let [a, b] = [(); 2].map(|()| sim::run(Trade, &schedule, &options));
    assert_eq!(a, b);
}
