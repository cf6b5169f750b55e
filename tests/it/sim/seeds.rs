//! Schedules that seeds stand for: nothing that must not be may be.
//!
//! `REJOIN_SEEDS=10000 cargo test --release --all-features --test it sim::seeds` for more of them.

use std::time::{Duration, Instant};

use rejoin::sim::{self, Faults, Options, Random, Schedule, Step, Workload};
use rejoin::sync::{LogBounds, Numbered, Replica, Shared, Standing};
use rejoin::{
    Causal, Counter, DwFlag, GCounter, Lww, Map, MvRegister, OrSet, ReplicaId, RwSet, Writer, record,
};

record! {
    #[derive(Debug, PartialEq, Codec)]
    pub(crate) struct Shop {
        pub(crate) books: OrSet<u64>,
        pub(crate) banned: RwSet<u64>,
        prices: Map<u64, MvRegister<u64>>,
        notes: Map<u64, Lww<String>>,
        pub(crate) sold: Map<u64, Counter>,
        shut: DwFlag,
    }
}

/// Writes of all kinds to few keys.
#[derive(Default)]
pub(crate) struct Trade;

impl Workload for Trade {
    type State = Causal<Shop>;

    fn write(&mut self, random: &mut Random, shop: &mut <Shop as rejoin::store::Editable>::Edit<'_>) {
        let (key, value) = (random.below(12), random.below(5));
        match random.below(17) {
            0..=3 => shop.books.insert(key),
            4 | 5 => shop.books.remove(&key),
            6 => shop.banned.insert(key),
            7 => shop.banned.remove(key),
            8 | 9 => shop.prices.entry(key).set(value),
            10 => shop.prices.remove(&key),
            11 => shop.notes.entry(key).set(value.to_string()),
            12 | 13 => shop.sold.entry(key).add(value as i64 - 2),
            14 => shop.sold.entry(key).reset(),
            15 => shop.sold.remove(&key),
            _ => shop.shut.enable(),
        }
    }
}

#[derive(Default)]
pub(crate) struct Likes;

impl Workload for Likes {
    type State = Numbered<GCounter>;

    fn write(&mut self, random: &mut Random, likes: &mut rejoin::store::Edit<'_, GCounter>) {
        likes.increment(1 + random.below(3)).unwrap();
    }
}

/// The same in a group, which settles: every other write is one that settling too early would spoil.
#[derive(Default)]
pub(crate) struct GroupTrade(Trade);

impl Workload for GroupTrade {
    type State = Causal<Shared<Shop>>;
    const IS_GROUP: bool = true;

    fn write(
        &mut self,
        random: &mut Random,
        shared: &mut <Shared<Shop> as rejoin::store::Editable>::Edit<'_>,
    ) {
        let (key, shop) = (random.below(2), &mut shared.data);
        match random.below(10) {
            0 => shop.banned.insert(key),
            1 => shop.banned.remove(key),
            2 | 3 => shop.sold.entry(key).add(1 + key as i64),
            4 => shop.sold.entry(key).reset(),
            _ => self.0.write(random, shop),
        }
    }

    fn replica(&self, writer: Writer<Self::State>) -> Replica<Self::State> {
        Replica::in_group(writer)
    }

    fn standing(&self, state: &Self::State, id: ReplicaId) -> Standing {
        state.standing(id)
    }

    fn admit(&mut self, shared: &mut <Shared<Shop> as rejoin::store::Editable>::Edit<'_>, id: ReplicaId) {
        shared.admitted.insert(id);
    }

    fn retire(&mut self, shared: &mut <Shared<Shop> as rejoin::store::Editable>::Edit<'_>, id: ReplicaId) {
        shared.left.insert(id);
    }

    fn settle(&self, replica: &mut Replica<Self::State>) {
        replica.settle();
    }
}

pub(crate) fn seeds() -> u64 {
    std::env::var("REJOIN_SEEDS").ok().and_then(|seeds| seeds.parse().ok()).unwrap_or(15)
}

fn check<W: Workload>(name: &str, options: &Options) {
    let (mut writes, mut excused, mut settled) = (0, 0, 0);
    for seed in 0..seeds() {
        let schedule = Schedule::random(seed, &Faults::default());
        let report = sim::run(W::default(), &schedule, options);
        (writes, excused) = (writes + report.writes, excused + report.excused);
        settled += report.settled;
        if !report.violations.is_empty() {
            // Long enough to shrink it well.
            let end = Instant::now() + Duration::from_secs(60);
            let fails = |schedule: &Schedule| {
                Instant::now() < end && !sim::run(W::default(), schedule, options).violations.is_empty()
            };
            let short = sim::shrink(&schedule, fails);
            panic!("{name}: {report}\n{short}{}", sim::run(W::default(), &short, options));
        }
    }
    println!(
        "{name}: {} seeds, {writes} writes, {excused} of them lost with their disks, settled {settled} times",
        seeds()
    );
    assert_eq!(settled > 0, W::IS_GROUP, "groups settle");
}

#[test]
fn with_long_logs() {
    check::<Trade>("long logs", &Options::default());
}

#[test]
fn with_short_logs() {
    let mut options = Options::default();
    options.log = LogBounds { entries: 5, bytes: 10_000 };
    options.config.max_frame = 300;
    options.config.window = 3_000;
    check::<Trade>("short logs", &options);
}

#[test]
fn groups_that_settle() {
    let mut options = Options::default();
    options.config.probe = 1_000;
    check::<GroupTrade>("groups", &options);
}

#[test]
fn groups_that_settle_with_short_logs() {
    let mut options = Options::default();
    options.config.probe = 1_000;
    options.log = LogBounds { entries: 5, bytes: 10_000 };
    check::<GroupTrade>("groups, short logs", &options);
}

#[test]
fn plain_lattices() {
    let mut options = Options::default();
    options.log = LogBounds { entries: 10, bytes: 10_000 };
    check::<Likes>("plain lattices", &options);
}

#[test]
fn what_was_done_to_nodes_that_are_not_needed_is_left_out() {
    let is =
        |schedule: &Schedule, wanted: fn(&Step) -> bool| schedule.steps.iter().any(|it| wanted(&it.step));
    let fails = |schedule: &Schedule| {
        is(schedule, |step| matches!(step, Step::Write { .. }))
            && (schedule.nodes == 1 || is(schedule, |step| matches!(step, Step::Cut { .. })))
    };
    let faults = Faults::default();
    let schedule = (0..100).map(|seed| Schedule::random(seed, &faults)).find(fails).unwrap();
    let short = sim::shrink(&schedule, fails);
    assert_eq!((short.nodes, short.steps.len()), (1, 1), "{short}");
}

#[test]
fn the_same_seed_is_the_same_world() {
    for seed in 0..5 {
        let schedule = Schedule::random(seed, &Faults::default());
        let [a, b] = [(); 2].map(|()| sim::run(Trade, &schedule, &Options::default()));
        assert_eq!(a, b);
    }
}
