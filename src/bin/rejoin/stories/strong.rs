//! A single master beside replicas that are written anywhere, on the same network.

use rejoin::Version;
use rejoin::sim::{Delay, Network, Options, Random, Schedule, World};

use super::Told;
use super::nodes::Writes;
use crate::args::Sim;
use crate::master::{Answer, Way, ask};
use crate::measure::{percentile, time};
use crate::play::Play;
use crate::plot::{Bar, Bars};
use crate::stage::Stage;

const REGIONS: [&str; 3] = ["Europe", "America", "Asia"];
/// The master is in Europe; Asia is cut off for a while.
const MASTER: usize = 0;
const ASIA: usize = 2;
const CUT: std::ops::Range<u64> = 6_000..12_000;
const LENGTH: u64 = 18_000;
/// From a client to the node of its region.
const NEAR: Delay = Delay::Uniform(1, 3);
const LOSS: u64 = 10;

/// How long frames take from one region to another.
fn delay(a: usize, b: usize) -> Delay {
    match (a.min(b), a.max(b)) {
        (a, b) if a == b => NEAR,
        (0, 1) => Delay::Uniform(40, 60),
        (0, 2) => Delay::Uniform(90, 130),
        _ => Delay::Uniform(70, 110),
    }
}

/// What clients of a region have seen of one of both ways.
#[derive(Clone, Default)]
struct Seen {
    writes: Vec<u64>,
    reads: Vec<u64>,
    failed: u64,
    unknown: u64,
    failed_when_cut: u64,
    asked_when_cut: u64,
    stale: u64,
}

impl Seen {
    fn asked(&mut self, at: u64, is_write: bool, answer: Answer) {
        let is_cut = CUT.contains(&at);
        self.asked_when_cut += u64::from(is_cut);
        match answer {
            Answer::After(millis) if is_write => self.writes.push(millis),
            Answer::After(millis) => self.reads.push(millis),
            Answer::Never | Answer::Unknown => {
                self.failed += 1;
                self.failed_when_cut += u64::from(is_cut);
                self.unknown += u64::from(answer == Answer::Unknown && is_write);
            }
        }
    }

    fn availability(&self) -> f64 {
        100.0 * (1.0 - self.failed_when_cut as f64 / self.asked_when_cut.max(1) as f64)
    }

    fn row(&mut self, region: &str, way: &str) -> String {
        let [w50, w99] = [50, 99].map(|percent| percentile(&mut self.writes, percent));
        let [r50, r99] = [50, 99].map(|percent| percentile(&mut self.reads, percent));
        format!(
            "{region:<10}{way:<15}{w50:>7}{w99:>7}{r50:>9}{r99:>7}{:>10}{:>9.0} %{:>8}",
            self.failed,
            self.availability(),
            self.stale
        )
    }
}

/// A write to one of the replicas: which key, and what names it.
struct Written {
    key: usize,
    at: u64,
    event: Version,
    /// When all replicas had it.
    everywhere: Option<u64>,
}

struct Tale<'a> {
    play: Play<'a, Writes>,
    random: Random,
    strong: Vec<Seen>,
    eventual: Vec<Seen>,
    written: Vec<Written>,
}

impl Tale<'_> {
    /// A client of each region does something, the same with both.
    fn ask(&mut self) {
        let at = self.play.now();
        for region in 0..REGIONS.len() {
            let is_write = self.random.per_mille(300);
            let key = self.random.index(20);
            let is_cut = |at: u64| region == ASIA && CUT.contains(&at);
            let way = Way {
                delay: delay(region, MASTER),
                loss: if region == MASTER { 0 } else { LOSS },
                is_cut: &is_cut,
            };
            let answer = ask(&way, at, &mut self.random);
            self.strong[region].asked(at, is_write, answer);

            let near = Way { delay: NEAR, loss: 0, is_cut: &|_| false };
            let answer = ask(&near, at, &mut self.random);
            self.eventual[region].asked(at, is_write, answer);
            if is_write {
                self.write(region, key);
            } else {
                // What somebody has been told is written, and this reader does not see.
                let latest = self.written.iter().rev().find(|it| it.key == key);
                let is_stale = latest.is_some_and(|it| !self.play.has(region, &it.event));
                self.eventual[region].stale += u64::from(is_stale);
            }
        }
    }

    fn write(&mut self, region: usize, key: usize) {
        let Some(before) = self.play.world.replica(region).map(|replica| replica.version().clone()) else {
            return;
        };
        let value = self.random.below(1_000);
        self.play.world.write_with(region, |entries| entries.entry(format!("key{key}")).price.set(value));
        let Some(replica) = self.play.world.replica(region) else { return };
        let event = replica.version().difference(&before);
        self.written.push(Written { key, at: self.play.now(), event, everywhere: None });
    }

    fn look(&mut self) {
        let now = self.play.now();
        let play = &self.play;
        for written in self.written.iter_mut().filter(|it| it.everywhere.is_none()) {
            if (0..REGIONS.len()).all(|region| play.has(region, &written.event)) {
                written.everywhere = Some(now - written.at);
            }
        }
    }

    fn until(&mut self, time: u64) {
        while self.play.now() < time {
            if self.play.now().is_multiple_of(40) {
                self.ask();
            }
            self.play.pass(5);
            self.look();
        }
    }

    /// How long it took until all had the writes of a time that is and of a time that is not within the cut.
    fn everywhere(&self, is_cut: bool) -> Vec<u64> {
        let of = self.written.iter().filter(|it| CUT.contains(&it.at) == is_cut);
        of.filter_map(|it| it.everywhere).collect()
    }

    fn table(&mut self) -> Vec<String> {
        let mut rows = vec![
            format!(
                "{:<25}{:>14}{:>16}{:>10}{:>11}{:>8}",
                "", "write, ms", "read, ms", "no", "answered", "stale"
            ),
            format!(
                "{:<25}{:>7}{:>7}{:>9}{:>7}{:>10}{:>11}{:>8}",
                "", "p50", "p99", "p50", "p99", "answer", "while cut", "reads"
            ),
        ];
        for (region, name) in REGIONS.iter().enumerate() {
            rows.push(self.strong[region].row(name, "single master"));
            rows.push(self.eventual[region].row("", "replicas"));
        }
        rows
    }
}

pub(super) fn tell(stage: &mut Stage, sim: &Sim) -> Told {
    let network = Network { delay: delay(0, 1), loss: LOSS, doubled: 0 };
    let schedule = Schedule { seed: sim.seed, nodes: REGIONS.len(), network, steps: Vec::new() };
    let mut options = Options::default();
    options.config.retry_at_most = 1_000;
    options.sample = LENGTH / 200;
    stage.begin(
        "STRONG AND EVENTUAL: the same clients, the same delays and cuts; once with a single master in Europe, once with a \
         replica in each region.",
        LENGTH,
    );
    let mut world = World::new(Writes, &schedule, options);
    for (a, b) in (0..REGIONS.len()).flat_map(|a| (0..REGIONS.len()).map(move |b| (a, b))) {
        world.set_delay(a, b, delay(a, b));
    }
    let play = Play::new(world, stage, &REGIONS);
    let seen = vec![Seen::default(); REGIONS.len()];
    let random = Random::new(sim.seed ^ 0x570A);
    let mut tale = Tale { play, random, strong: seen.clone(), eventual: seen, written: Vec::new() };
    tale.play.say(
        "One way: Europe-America 40 to 60 ms, Europe-Asia 90 to 130, America-Asia 70 to 110; within a region 1 to 3. Every \
         40 ms a client of each region reads (70 %) or writes (30 %) one of 20 keys.",
    );
    tale.until(CUT.start);
    tale.play.lines_around(&[ASIA], false);
    tale.play.say("Asia is cut off. With a master, its clients get no answer; with replicas, they go on with what they have.");
    tale.until(CUT.end);
    let (_, lacking) = tale.play.world.divergence();
    tale.play.mark(CUT.start, "Asia is cut off");
    tale.play.lines_around(&[ASIA], true);
    tale.play.say(format!("Asia is back. The replicas lack {lacking} events, together."));
    let took = tale.play.pass_until_equal(10_000);
    tale.play.tell_of_repair(took);
    tale.until(LENGTH);
    tale.play.settle();
    tale.look();
    let rows = tale.table();
    tale.play.show_rows(&rows);
    let (mut well, mut cut) = (tale.everywhere(false), tale.everywhere(true));
    let never = tale.written.iter().filter(|it| it.everywhere.is_none()).count();
    tale.play.check(never == 0, || format!("{never} writes have not reached all replicas"));
    let unknown: u64 = tale.strong.iter().map(|seen| seen.unknown).sum();
    let failed: u64 = tale.eventual.iter().map(|seen| seen.failed).sum();
    tale.play.check(failed == 0, || format!("{failed} requests to replicas had no answer"));
    tale.play.say(format!(
        "The price of a master: distance, and whoever is cut off from it; {unknown} writes were done, and their clients not told \
         so. It buys that no read is stale and that writes have one order. The price of replicas: stale reads, and writes at the \
         same time, which the types merge. A write was everywhere after {} (median) and {} (p99), those during the cut \
         after {} at most.",
        time(percentile(&mut well, 50)),
        time(percentile(&mut well, 99)),
        time(percentile(&mut cut, 100))
    ));
    let svg = bars(&mut tale).to_svg();
    let p50 = |of: &mut Vec<u64>| percentile(of, 50) as f64;
    let measured = vec![
        ("asia_write_p50_ms_master", p50(&mut tale.strong[ASIA].writes)),
        ("asia_write_p50_ms_replicas", p50(&mut tale.eventual[ASIA].writes)),
        ("asia_answered_while_cut_percent_master", tale.strong[ASIA].availability()),
        ("asia_answered_while_cut_percent_replicas", tale.eventual[ASIA].availability()),
        ("stale_reads_replicas", tale.eventual.iter().map(|seen| seen.stale).sum::<u64>() as f64),
        ("everywhere_p50_ms", percentile(&mut well, 50) as f64),
    ];
    let mean = delay(0, 1).mean();
    let (mut summary, _) = tale.play.finish("strong", mean);
    summary.repair_ms = took.unwrap_or(summary.repair_ms);
    summary.rounds = summary.repair_ms.div_ceil(2 * mean);
    summary.measured = measured;
    Told::new(summary, svg)
}

fn bars(tale: &mut Tale<'_>) -> Bars {
    let mut bars = Vec::new();
    for (region, name) in REGIONS.iter().enumerate() {
        for (colour, seen) in [&mut tale.strong[region], &mut tale.eventual[region]].into_iter().enumerate() {
            let way = ["master", "replicas"][colour];
            let mut bar = |what: &str, value: u64| {
                let figure = format!("{value} ms");
                bars.push(Bar {
                    label: format!("{name}: {what}, {way}"),
                    colour,
                    value: value as f64,
                    figure,
                });
            };
            bar("write", percentile(&mut seen.writes, 50));
            bar("read", percentile(&mut seen.reads, 50));
        }
    }
    Bars {
        title: "strong: median latency for clients, by region".into(),
        names: vec!["single master in Europe".into(), "a replica in each region".into()],
        rows: bars,
    }
}
