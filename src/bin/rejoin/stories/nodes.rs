//! A key-value store on some nodes: a crash, a cut line, a partition; then all agree.

use rejoin::sim::{Delay, Network, Options, Random, Schedule, Step, Workload, World};
use rejoin::sync::Replica;
use rejoin::{Causal, Counter, Lww, Map, MvRegister, OrSet, record};

use super::Told;
use crate::args::Sim;
use crate::measure::time;
use crate::play::Play;
use crate::stage::Stage;

const NAMES: [&str; 5] = ["Ada", "Ben", "Cleo", "Dan", "Eve"];

record! {
    /// What is under a key: one of each kind, since each kind settles a disagreement in its own way.
    #[derive(Debug, PartialEq, Codec)]
    pub(crate) struct Entry {
        /// The latest is read.
        pub(crate) price: Lww<u64>,
        /// All that were written at the same time are read.
        pub(crate) owner: MvRegister<String>,
        /// Adding wins.
        pub(crate) tags: OrSet<String>,
        /// All count.
        pub(crate) visits: Counter,
    }
}

/// The store.
pub(crate) type Entries = Map<String, Entry>;

/// Writes of all kinds under few keys.
#[derive(Default)]
pub(crate) struct Writes;

impl Workload for Writes {
    type State = Causal<Entries>;

    fn write(&mut self, random: &mut Random, entries: &mut rejoin::store::Edit<'_, Entries>) {
        let key = format!("key{}", random.below(40));
        match random.below(10) {
            0..=2 => entries.entry(key).price.set(random.below(100)),
            3 | 4 => entries.entry(key).owner.set(format!("owner{}", random.below(9))),
            5 | 6 => entries.entry(key).tags.insert(format!("tag{}", random.below(9))),
            7 | 8 => entries.entry(key).visits.add(1),
            _ => entries.remove(&key),
        }
    }
}

/// How one key reads at a node.
fn reading(replica: Option<&Replica<Causal<Entries>>>) -> String {
    let Some(tea) = replica.and_then(|replica| replica.state().get("tea")) else { return "nothing".into() };
    let owners: Vec<&str> = tea.owner.values().map(String::as_str).collect();
    let tags: Vec<&str> = tea.tags.iter().map(String::as_str).collect();
    let price = tea.price.get().copied().unwrap_or(0);
    format!(
        "price {price}, owner {}, tags {}, visits {}",
        owners.join(" and "),
        tags.join("+"),
        tea.visits.get()
    )
}

pub(crate) fn options(length: u64) -> Options {
    let mut options = Options::default();
    // An application that talks to people would not wait for twenty seconds until it tries again.
    options.config.retry_at_most = 1_000;
    options.config.probe = 2_000;
    options.sample = length / 200;
    options
}

struct Tale<'a> {
    play: Play<'a, Writes>,
    random: Random,
}

impl Tale<'_> {
    /// Time passes, and random nodes take writes: 40 in a second.
    fn trade(&mut self, millis: u64) {
        for _ in 0..millis / 25 {
            let node = self.random.index(self.play.world.nodes());
            self.play.world.write(node, self.random.number());
            self.play.pass(25);
        }
    }

    fn readings(&mut self) -> Vec<String> {
        let nodes = 0..self.play.world.nodes();
        let reads = nodes.filter(|node| self.play.world.replica(*node).is_some()).map(|node| {
            format!("{:<12}reads tea: {}", self.play.name(node), reading(self.play.world.replica(node)))
        });
        reads.collect()
    }

    fn distinct_readings(&self) -> usize {
        let nodes = 0..self.play.world.nodes();
        let mut reads: Vec<String> =
            nodes.filter_map(|node| self.play.world.replica(node)).map(|it| reading(Some(it))).collect();
        reads.sort();
        reads.dedup();
        reads.len()
    }

    fn crash(&mut self) {
        let world = &mut self.play.world;
        world.step(Step::Crash { node: 1 });
        let (since, before) = (world.now(), world.report().writes);
        let name = self.play.name(1).to_string();
        self.play.say(format!("{name} is killed. What was written there is on the disk. The others go on."));
        self.trade(2_000);
        let missed = self.play.world.report().writes - before;
        self.play.mark(since, &format!("{name} is down"));
        self.play.world.step(Step::Start { node: 1 });
        self.play.say(format!("{name} starts again from its disk. There were {missed} writes meanwhile."));
        let took = self.play.pass_until_equal(10_000);
        self.play.check(took.is_some(), || format!("{name} has not caught up after a restart"));
        if let Some(took) = took {
            self.play.say(format!("{name} has caught up after {}: it asked for what it lacked.", time(took)));
        }
    }

    fn cut(&mut self) {
        let (a, b) = (self.play.name(0).to_string(), self.play.name(2).to_string());
        self.play.line_between(0, 2, false);
        let since = self.play.now();
        self.play
            .say(format!("The line between {a} and {b} is cut. They hear of each other by way of the rest."));
        self.trade(1_000);
        self.play.world.write_with(0, |entries| entries.entry("cut".into()).visits.add(1));
        let token = self.play.world.replica(0).map(|replica| replica.version().clone()).unwrap_or_default();
        let took = self.play.pass_until_has(2, &token, 5_000);
        self.play.check(took.is_some(), || {
            "what was written beyond a cut line did not come by another way".into()
        });
        if let Some(took) = took {
            self.play.say(format!("What {a} writes reaches {b} all the same, after {}.", time(took)));
        }
        self.play.mark(since, "a line is cut");
        self.play.line_between(0, 2, true);
    }

    fn partition(&mut self) {
        let here: Vec<usize> = (0..self.play.world.nodes() / 2).collect();
        let there = here.len();
        self.play.world.write_with(0, |entries| {
            let mut tea = entries.entry("tea".into());
            tea.price.set(5);
            tea.tags.insert("green".into());
            tea.visits.add(1);
        });
        let equal = self.play.pass_until_equal(5_000);
        self.play.check(equal.is_some(), || "not equal before the partition".into());

        self.play.lines_around(&here, false);
        let since = self.play.now();
        let names: Vec<&str> = here.iter().map(|node| self.play.name(*node)).collect();
        let names = names.join(" and ");
        self.play.say(format!(
            "A partition: {names} on one side, the rest on the other. Both sides go on writing."
        ));
        self.trade(1_500);
        let (first, second) = (self.play.name(0).to_string(), self.play.name(there).to_string());
        self.play.world.write_with(0, |entries| {
            let mut tea = entries.entry("tea".into());
            tea.price.set(7);
            tea.owner.set(first);
            tea.tags.remove("green");
            tea.visits.add(2);
        });
        self.trade(300);
        self.play.world.write_with(there, |entries| {
            let mut tea = entries.entry("tea".into());
            tea.price.set(9);
            tea.owner.set(second);
            tea.tags.extend(["green".into(), "hot".into()]);
            tea.visits.add(3);
        });
        self.trade(1_200);
        let (versions, lacking) = self.play.world.divergence();
        self.play.say(format!(
            "For now they disagree: {versions} versions, and {lacking} events that nodes lack, together. The same key:"
        ));
        let readings = self.readings();
        self.play.show_rows(&readings);
        self.play.check(self.distinct_readings() > 1, || "both sides of a partition read the same".into());
        self.play.mark(since, "partition");
    }
}

pub(super) fn tell(stage: &mut Stage, sim: &Sim) -> Told {
    let nodes = sim.nodes.unwrap_or(NAMES.len());
    let network = Network { delay: Delay::Uniform(10, 60), loss: 20, doubled: 10 };
    let schedule = Schedule { seed: sim.seed, nodes, network, steps: Vec::new() };
    let length = 10_000;
    stage.begin(
        &format!("NODES: a key-value store on {nodes} nodes. Frames take 10 to 60 ms, 2 % are lost, 1 % come twice."),
        length,
    );
    let play = Play::new(World::new(Writes, &schedule, options(length)), stage, &NAMES);
    let mut tale = Tale { play, random: Random::new(sim.seed ^ 0x90DE) };
    tale.play.say("Nodes take writes, and tell each other.");
    tale.trade(2_000);
    tale.crash();
    tale.cut();
    tale.partition();

    tale.play.show();
    tale.play.say("The partition heals.");
    let took = tale.play.settle();
    tale.play.tell_of_repair(Some(took));
    let readings = tale.readings();
    tale.play.show_rows(&readings[..readings.len().min(2)]);
    tale.play.check(tale.distinct_readings() == 1, || "nodes are equal, and read otherwise".into());
    tale.play.say("The later price is read; both owners are kept, to be asked about; adding the tag won; all visits count.");
    let tea = tale.play.world.replica(0).and_then(|replica| replica.state().get("tea")).map(|tea| {
        (tea.price.get().copied(), tea.owner.is_conflicted(), tea.tags.contains("green"), tea.visits.get())
    });
    tale.play.check(tea == Some((Some(9), true, true, 6)), || format!("tea was merged to {tea:?}"));
    tale.play.pass(500);
    tale.play.show();
    let (summary, chart) = tale.play.finish("nodes", network.delay.mean());
    Told::new(summary, chart.to_svg())
}
