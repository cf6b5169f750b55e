//! A bookshop opens branches: offline by day, reconciled at night, and by telephone when somebody asks.

use rejoin::sim::{Delay, Network, Options, Random, Schedule, Step, Workload, World};
use rejoin::store::Edit;
use rejoin::{Causal, Map, OrSet};

use super::Told;
use crate::args::Sim;
use crate::measure::{bytes, time};
use crate::play::Play;
use crate::stage::Stage;

const NAMES: [&str; 4] = ["Centre", "Harbour", "Station", "Airport"];
const TITLES: [&str; 3] = ["Emma", "Moby-Dick", "Walden"];
const DAYS: [&str; 5] = ["Mon", "Tue", "Wed", "Thu", "Fri"];
const HOUR: u64 = 3_600_000;
/// The shops open at nine and close at six; what is told begins on Monday at nine.
const OPEN: u64 = 9 * HOUR;
const CLOSED: u64 = 15 * HOUR;

/// Who has bought what: numbers of customers by title.
type Ledger = Map<String, OrSet<u64>>;

#[derive(Default)]
struct Books;

impl Workload for Books {
    type State = Causal<Ledger>;

    fn write(&mut self, random: &mut Random, ledger: &mut Edit<'_, Ledger>) {
        ledger.entry(TITLES[random.index(3)].into()).insert(random.number());
    }
}

/// `Mon 14:05`.
fn clock(at: u64) -> String {
    let minutes = at / 60_000 + 9 * 60;
    let day = usize::try_from(minutes / (24 * 60)).unwrap_or(0);
    format!("{} {:02}:{:02}", DAYS[day % 5], minutes / 60 % 24, minutes % 60)
}

struct Tale<'a> {
    play: Play<'a, Books>,
    random: Random,
    sold: u64,
    calls: u64,
    /// When branches disagreed about how many of a title were sold, and for how long nights took.
    disagreements: u64,
    nights: Vec<u64>,
}

impl Tale<'_> {
    fn sales(&self, branch: usize, title: &str) -> usize {
        self.play.world.replica(branch).and_then(|it| it.state().get(title)).map_or(0, OrSet::len)
    }

    fn events(&self, branch: usize) -> u128 {
        self.play.world.replica(branch).map_or(0, |replica| replica.version().dot_count())
    }

    fn all_lines(&mut self, are_up: bool) {
        let branches = self.play.world.nodes();
        for (a, b) in (0..branches).flat_map(|a| (0..a).map(move |b| (a, b))) {
            self.play.line_between(a, b, are_up);
            if are_up {
                self.play.world.reconnect(a, b);
            }
        }
    }

    /// Customers come and buy, while no branch hears of another.
    fn day(&mut self, name: &str) {
        let since = self.play.now();
        self.all_lines(false);
        let before = self.sold;
        while self.play.now() < since + OPEN {
            let branch = self.random.index(self.play.world.nodes());
            let title = TITLES[self.random.index(TITLES.len())];
            self.sold += 1;
            let customer = self.sold;
            self.play.world.write_with(branch, |ledger| ledger.entry(title.into()).insert(customer));
            self.play.pass(self.random.between(5 * 60_000, 15 * 60_000));
            if name == "Thu" && self.random.per_mille(150) {
                self.call(branch);
            }
        }
        let counts: Vec<usize> = (0..self.play.world.nodes()).map(|it| self.sales(it, "Emma")).collect();
        self.disagreements += u64::from(counts.iter().any(|count| *count != counts[0]));
        let counts: Vec<String> =
            counts.iter().enumerate().map(|(it, n)| format!("{} {n}", self.play.name(it))).collect();
        let (_, lacking) = self.play.world.divergence();
        self.play.say(format!(
            "Closing time. {} books were sold today. Copies of Emma sold, as the branches see it: {}. They lack {lacking} sales.",
            self.sold - before,
            counts.join(", "),
        ));
        self.play.mark(since, name);
    }

    /// A branch is asked how a book sells, and calls the one that has sold the most: both know what either knew.
    fn call(&mut self, branch: usize) {
        let others = (0..self.play.world.nodes()).filter(|other| *other != branch);
        let Some(other) = others.max_by_key(|other| self.events(*other)) else { return };
        let Some(token) = self.play.world.replica(other).map(|replica| replica.version().clone()) else {
            return;
        };
        if self.play.has(branch, &token) {
            return;
        }
        let before = self.events(branch);
        self.play.line_between(branch, other, true);
        self.play.world.reconnect(branch, other);
        let took = self.play.pass_until_has(branch, &token, 60_000);
        self.play.line_between(branch, other, false);
        self.play.check(took.is_some(), || format!("a call from {branch} to {other} has brought nothing"));
        self.calls += 1;
        if self.calls == 1 {
            let (name, there, after) = (self.play.name(branch), self.play.name(other), self.events(branch));
            let took = time(took.unwrap_or(0));
            self.play.say(format!(
                "Somebody asks at {name} how books sell. {name} knows of {before} sales, telephones {there}, and knows of \
                 {after} when it answers, {took} later: a read that repairs."
            ));
        }
    }

    fn night(&mut self) {
        let before = self.play.world.report().bytes;
        self.all_lines(true);
        let took = self.play.pass_until_equal(HOUR);
        self.play.check(took.is_some(), || "a night was not enough to reconcile".into());
        let took = took.unwrap_or(HOUR);
        self.nights.push(took);
        self.play.say(format!(
            "The lines are up. All ledgers are equal after {} and {}; each knows of all {} sales.",
            time(took),
            bytes(self.play.world.report().bytes - before),
            self.events(0)
        ));
        for branch in 0..self.play.world.nodes() {
            let known = self.events(branch);
            self.play.check(known == u128::from(self.sold), || {
                format!("at night, branch {branch} knows of {known} sales, and there were more")
            });
        }
        self.play.pass(CLOSED - took);
    }
}

pub(super) fn tell(stage: &mut Stage, sim: &Sim) -> Told {
    let network = Network { delay: Delay::LongTail { least: 20, mean: 40 }, loss: 20, doubled: 5 };
    let schedule = Schedule { seed: sim.seed, nodes: 2, network, steps: Vec::new() };
    let mut options = Options::default();
    options.sample = HOUR / 4;
    // By day nobody is there to hear.
    options.config.retry_at_most = HOUR;
    options.config.probe = 4 * HOUR;
    let length = 4 * (OPEN + CLOSED) + OPEN;
    stage.begin(
        "BOOKSHOP: branches with a ledger each. By day the lines are down, at night they reconcile.",
        length,
    );
    let mut play = Play::new(World::new(Books, &schedule, options), stage, &NAMES).with_clock(clock);
    play.say("Two branches, Centre and Harbour, open for the week.");
    let random = Random::new(sim.seed ^ 0xB00C);
    let mut tale = Tale { play, random, sold: 0, calls: 0, disagreements: 0, nights: Vec::new() };
    for (n, name) in DAYS.iter().enumerate() {
        if n == 1 || n == 2 {
            tale.play.world.step(Step::Join);
            let branch = tale.play.world.nodes() - 1;
            tale.play.add_name(NAMES[branch]);
            let took = tale.play.pass_until_equal(HOUR);
            tale.play.check(took.is_some(), || "a new branch was not told of what had been sold".into());
            let (sales, took) = (tale.events(branch), time(took.unwrap_or(HOUR)));
            tale.play.say(format!(
                "{} opens, with an empty ledger; {took} later it knows of all {sales} sales.",
                NAMES[branch]
            ));
        }
        tale.day(name);
        if n + 1 < DAYS.len() {
            tale.night();
        }
    }
    tale.play.show();
    tale.all_lines(true);
    let took = tale.play.settle();
    tale.nights.push(took);
    tale.play.tell_of_repair(Some(took));
    let buyers: usize = TITLES.iter().map(|title| tale.sales(0, title)).sum();
    let (sold, calls) = (tale.sold, tale.calls);
    tale.play.check(buyers as u64 == sold, || format!("{sold} were sold, and {buyers} are in the ledger"));
    tale.play.say(format!(
        "{sold} sales, each in every ledger, once. The branches had {} evenings on which they disagreed; {calls} calls on \
         Thursday mended a ledger in between; the longest night took {}.",
        tale.disagreements,
        time(tale.nights.iter().copied().max().unwrap_or(0))
    ));
    tale.play.show();
    let measured = vec![
        ("sales", sold as f64),
        ("calls", calls as f64),
        ("evenings_of_disagreement", tale.disagreements as f64),
        ("longest_night_ms", tale.nights.iter().copied().max().unwrap_or(0) as f64),
    ];
    let (mut summary, mut chart) = tale.play.finish("bookshop", network.delay.mean());
    summary.measured = measured;
    chart.x = "hours".into();
    chart.y = "sales that branches have not heard of, together".into();
    chart.rescale_x(1.0 / 3_600.0);
    debug_assert_eq!(summary.replicas, 4);
    Told::new(summary, chart.to_svg())
}
