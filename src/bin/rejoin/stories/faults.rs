//! Everything goes wrong at random, for many seeds.

use rejoin::sim::{self, Faults, Options, Report, Schedule, Step};

use super::nodes::Writes;
use super::{Told, nodes};
use crate::args::Sim;
use crate::measure::{bytes, percentile, time};
use crate::plot::{Bar, Bars};
use crate::stage::Stage;
use crate::summary::Summary;

/// How often what was done to the nodes.
#[derive(Default)]
struct Tally {
    crashes: u64,
    disks: u64,
    backups: u64,
    cuts: u64,
    clocks: u64,
    slow: u64,
    joins: u64,
    leaves: u64,
}

impl Tally {
    fn add(&mut self, schedule: &Schedule) {
        for timed in &schedule.steps {
            let count = match timed.step {
                Step::Crash { .. } => &mut self.crashes,
                Step::LoseDisk { .. } => &mut self.disks,
                Step::Restore { .. } => &mut self.backups,
                Step::Cut { .. } => &mut self.cuts,
                Step::Skew { .. } => &mut self.clocks,
                Step::Slow { millis, .. } if millis > 0 => &mut self.slow,
                Step::Join => &mut self.joins,
                Step::Retire { .. } => &mut self.leaves,
                _ => continue,
            };
            *count += 1;
        }
    }
}

/// The violations of a run, and the shortest schedule that still has any.
fn violations(schedule: &Schedule, report: &Report, options: &Options) -> Vec<String> {
    if report.violations.is_empty() {
        return Vec::new();
    }
    let run = |schedule: &Schedule| sim::run(Writes, schedule, options);
    let short = sim::shrink(schedule, |schedule| !run(schedule).violations.is_empty());
    let told = short.to_string() + &run(&short).to_string();
    report.violations.iter().map(|it| format!("seed {}: {it}", schedule.seed)).chain([told]).collect()
}

pub(super) fn tell(stage: &mut Stage, sim: &Sim) -> Told {
    let seeds = sim.seeds.unwrap_or(60);
    let faults = {
        let mut faults = Faults::default();
        faults.nodes = sim.nodes.unwrap_or(faults.nodes);
        faults
    };
    stage.begin(
        &format!("FAULTS: {} seeds, up to {} nodes each, and all that can go wrong.", seeds, faults.nodes),
        1,
    );
    let mut summary = Summary { story: "faults", seed: sim.seed, converged: true, ..Summary::default() };
    let (mut tally, mut repairs) = (Tally::default(), Vec::new());
    let (mut waits, mut excused, mut reads, mut rounds) = (0, 0, 0, 0);
    let options = nodes::options(0);
    for n in 0..seeds {
        let schedule = Schedule::random(sim.seed.wrapping_add(n), &faults);
        let report = sim::run(Writes, &schedule, &options);
        tally.add(&schedule);
        repairs.push(report.repair_time());
        rounds = report.repair_time().div_ceil(2 * schedule.network.delay.mean().max(1)).max(rounds);
        (waits, excused, reads) = (waits + report.waits, excused + report.excused, reads + report.reads);
        summary.replicas += report.replicas;
        summary.converged &= report.converged;
        summary.writes += report.writes;
        summary.frames += report.frames;
        summary.bytes += report.bytes;
        summary.violations.extend(violations(&schedule, &report, &options));
        if n % 5 == 4 && stage.frame().is_some() {
            let done = (40 * (n + 1) / seeds) as usize;
            let bar = format!("{}{}", "█".repeat(done), "·".repeat(40 - done));
            stage.draw(&[format!("{bar} {} of {} seeds, {} writes", n + 1, seeds, summary.writes)]);
        }
    }
    let Tally { crashes, disks, backups, cuts, clocks, slow, joins, leaves } = tally;
    stage.say("", &format!(
        "{} writes and {reads} reads, during {crashes} crashes, {disks} lost disks, {backups} restored backups, {cuts} ways \
         cut, {clocks} wrong clocks, {slow} slow nodes; {joins} nodes joined, {leaves} left. Up to 20 % of frames were lost, \
         and up to 10 % came twice.",
        summary.writes
    ));
    stage.say("", &format!(
        "Checked: all equal in the end; states are what their events make; causes before effects; no acknowledged write \
         lost ({excused} events were on the only disk that was lost: nobody can keep those); sessions go on where they \
         were ({waits} visits had to wait); no two writes of one name; memory within its bounds. {} sent in all.",
        bytes(summary.bytes)
    ));
    let [half, nearly, most] = [50, 95, 100].map(|percent| percentile(&mut repairs, percent));
    stage.say("", &format!(
        "After all was well again, half of the worlds were equal after {} at most, 95 % after {}, all after {}.",
        time(half), time(nearly), time(most)
    ));
    summary.repair_ms = most;
    summary.rounds = rounds;
    summary.measured = vec![
        ("seeds", seeds as f64),
        ("crashes", crashes as f64),
        ("lost_disks", disks as f64),
        ("restored_backups", backups as f64),
        ("cuts", cuts as f64),
        ("excused_events", excused as f64),
        ("waits", waits as f64),
        ("repair_p50_ms", half as f64),
        ("repair_p95_ms", nearly as f64),
    ];
    let bars = [10, 25, 50, 75, 90, 95, 100].map(|percent| {
        let value = percentile(&mut repairs, percent);
        Bar {
            label: format!("{percent} % of the worlds"),
            colour: 0,
            value: value as f64,
            figure: time(value),
        }
    });
    let title = format!("faults: how long until all are equal ({seeds} seeds)");
    let svg = Bars { title, names: Vec::new(), rows: bars.into() }.to_svg();
    Told::new(summary, svg)
}
