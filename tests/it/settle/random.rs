//! Random histories of three members that acknowledge what they have seen, and settle what is stable, each when it likes;
//! and of a reader, whom nobody asks.
//!
//! Beside each replica there is its twin, which does and hears the same and never settles. Whenever all that happened before
//! what a replica knows is known to it too, the two must read the same, and the replica must be what one gets who takes in
//! the same events and settles once.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

record! {
    #[derive(Debug, PartialEq)]
    #[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
    #[derive(Codec)]
    struct Shop {
        visits: Counter,
        banned: RwSet<u8>,
        open: DwFlag,
        sold: Map<u8, Counter>,
        rooms: Map<u8, RwSet<u8>>,
        tags: OrSet<u8>,
    }
}

type Root = Causal<Shop>;

/// What is written: all kinds of things, or few, so that they collide.
const SUBJECTS: [&[u8]; 4] = [
    &[0, 4, 8, 12, 15, 16, 17, 18, 19, 20, 21, 22],
    &[0, 0, 0, 0, 0, 4],
    &[5, 5, 8, 9, 11],
    &[12, 12, 13, 13, 14],
];

fn write(shop: &mut store::Handle<'_, Shop>, subject: u8, what: u8, n: u8) {
    let subject = SUBJECTS[usize::from(subject) % SUBJECTS.len()];
    let what = subject[usize::from(what) % subject.len()];
    let place = if subject.len() > 6 { n } else { 0 };
    let amount = match n {
        0..=3 => i64::MAX,
        4..=6 => i64::MIN,
        n => i64::from(n) - 100,
    };
    match what {
        0..=3 => shop.visits.add(amount),
        4 => shop.visits.reset(),
        5..=7 => shop.banned.insert(place % 3),
        8 | 9 => shop.banned.remove(place % 3),
        10 => shop.banned.clear(),
        11 => shop.banned.reset(),
        12 => shop.open.enable(),
        13 => shop.open.disable(),
        14 => shop.open.reset(),
        15 | 16 => shop.sold.entry(place % 2).add(amount),
        17 => shop.sold.remove(&(place % 2)),
        18 => shop.rooms.entry(n % 2).insert(n / 2 % 2),
        19 => shop.rooms.entry(n % 2).remove(n / 2 % 2),
        20 => shop.rooms.remove(&(n % 2)),
        21 => shop.tags.insert(n % 3),
        _ => shop.tags.remove(&(n % 3)),
    }
}

struct Step {
    settling: Delta<Shop>,
    plain: Delta<Shop>,
    /// The steps that the writer knew.
    knew: BTreeSet<usize>,
}

struct Replica {
    settling: Writer<Root>,
    plain: Writer<Root>,
    /// Steps.
    knows: BTreeSet<usize>,
    /// By member.
    acknowledged: Vec<Vec<(ReplicaId, Version)>>,
}

struct World {
    subject: u8,
    replicas: Vec<Replica>,
    steps: Vec<Step>,
    /// Whether replicas write even if something is missing that happened before what they know.
    with_gaps: bool,
    dropped: usize,
    refused: usize,
}

const MEMBERS: usize = 3;
/// The last of them only reads.
const REPLICAS: usize = 4;

impl World {
    fn new(subject: u8, with_gaps: bool) -> Self {
        // The order of ids is not the order of names.
        let ids = [2, 3, 1, 4].map(id);
        let replica = |n: usize| Replica {
            settling: Writer::with_id(ids[n]),
            plain: Writer::with_id(ids[n]),
            knows: BTreeSet::new(),
            acknowledged: vec![Vec::new(); MEMBERS],
        };
        World {
            subject,
            replicas: (0..REPLICAS).map(replica).collect(),
            steps: Vec::new(),
            with_gaps,
            dropped: 0,
            refused: 0,
        }
    }

    fn is_closed(&self, knows: &BTreeSet<usize>) -> bool {
        knows.iter().all(|step| self.steps[*step].knew.is_subset(knows))
    }

    fn step(&mut self, [kind, who, a, b]: [u8; 4]) {
        let who = [0, 1, 2, 0, 1, 2, 3][usize::from(who) % 7];
        let other = (who + 1 + usize::from(a) % (REPLICAS - 1)) % REPLICAS;
        match kind % 12 {
            0..=3 if who < MEMBERS && (self.with_gaps || self.is_closed(&self.replicas[who].knows)) => {
                self.write(who, &[(a, b), (b, a)][..=usize::from(kind == 3)]);
            }
            // In order, or not.
            4 | 5 => {
                let missing = (0..self.steps.len()).filter(|step| !self.replicas[who].knows.contains(step));
                let some: Vec<_> = missing.take(1 + usize::from(b % 4)).collect();
                self.hear(who, &some);
            }
            6 if !self.steps.is_empty() => {
                self.hear(who, &[usize::from(a) * usize::from(b | 1) % self.steps.len()]);
            }
            7 => {
                // All that is missing, or most of it, in one group.
                let missing: Vec<_> =
                    (0..self.steps.len()).filter(|step| !(b > 200 && step % 3 == 0)).collect();
                self.hear(who, &missing);
            }
            8 => self.meet(who, other),
            9 => self.hear_acknowledgements(who, |member| b < 200 || member == other),
            10 | 11 if who < MEMBERS => {
                self.hear_acknowledgements(who, |_| b < 128);
                self.settle(who);
            }
            _ => {}
        }
        if b % 4 == 0 {
            self.check(who);
        }
        self.read(who);
    }

    fn write(&mut self, who: usize, writes: &[(u8, u8)]) {
        let (subject, knew) = (self.subject, self.replicas[who].knows.clone());
        let replica = &mut self.replicas[who];
        let run = |shop: &mut store::Handle<'_, Shop>| {
            writes.iter().for_each(|(what, n)| write(shop, subject, *what, *n))
        };
        let (settling, plain) = (replica.settling.edit_at(0, run), replica.plain.edit_at(0, run));
        assert!(Delta::decode(&settling.encode()).as_ref() == Ok(&settling));
        replica.knows.insert(self.steps.len());
        self.steps.push(Step { settling, plain, knew });
    }

    fn hear(&mut self, who: usize, steps: &[usize]) {
        let (mut settling, mut plain) = (Delta::default(), Delta::default());
        for step in steps {
            settling.join(self.steps[*step].settling.clone());
            plain.join(self.steps[*step].plain.clone());
        }
        let replica = &mut self.replicas[who];
        let before = replica.settling.state().clone();
        match replica.settling.try_apply(settling) {
            Ok(_) => {
                replica.plain.apply(plain);
                replica.knows.extend(steps);
            }
            Err(refused) => {
                assert_eq!(refused, Refused::Behind);
                assert!(who >= MEMBERS, "members have acknowledged what others have settled");
                assert_eq!(replica.settling.state(), &before);
                self.refused += 1;
            }
        }
    }

    fn meet(&mut self, who: usize, other: usize) {
        let (settling, plain) =
            (self.replicas[other].settling.state().clone(), self.replicas[other].plain.state().clone());
        let knows = self.replicas[other].knows.clone();
        let replica = &mut self.replicas[who];
        let before = (replica.settling.version().clone(), replica.settling.horizon().clone());
        let grew = replica.settling.join_ref(&settling);
        let after = (replica.settling.version().clone(), replica.settling.horizon().clone());
        assert_eq!(grew, before != after);
        let mut both = before.1;
        both.join(settling.horizon().clone());
        assert_eq!(after.1, both);
        replica.plain.join_ref(&plain);
        replica.knows.extend(knows);
    }

    fn hear_acknowledgements(&mut self, who: usize, of: impl Fn(usize) -> bool) {
        for member in (0..MEMBERS).filter(|member| of(*member)) {
            let version = self.replicas[member].settling.version().clone();
            let id = self.replicas[member].settling.replica();
            self.replicas[who].acknowledged[member].push((id, version));
        }
    }

    fn settle(&mut self, who: usize) {
        let replica = &mut self.replicas[who];
        replica.acknowledged[who] = vec![(replica.settling.replica(), replica.settling.version().clone())];
        let horizon = stable(&replica.settling, &replica.acknowledged);
        let facts = |writer: &Writer<Root>| {
            let mut n = 0;
            let all = store::Selection::new(writer.names(), writer.version());
            store::Change::visit(&writer.export(writer.names(), &all), &mut |_, _, _| n += 1);
            n
        };
        let before: usize = facts(&replica.settling);
        replica.settling.settle(&horizon);
        self.dropped += before - facts(&replica.settling);
    }

    /// Settling does not show.
    fn read(&self, who: usize) {
        let Replica { settling, plain, knows, .. } = &self.replicas[who];
        if !self.with_gaps && self.is_closed(knows) {
            assert_eq!(**settling.state(), **plain.state(), "settling shows");
        }
    }

    fn check(&self, who: usize) {
        let Replica { settling, knows, .. } = &self.replicas[who];
        let bytes = settling.state().encode();
        assert_eq!(Root::decode(&bytes).as_ref(), Ok(settling.state()));
        #[cfg(feature = "serde")]
        {
            let json = serde_json::to_string(settling.state()).unwrap();
            assert_eq!(&serde_json::from_str::<Root>(&json).unwrap(), settling.state());
        }
        if !self.is_closed(knows) {
            return;
        }
        // One way to here: all events at once, and settled once.
        let mut group = Delta::default();
        for step in &self.steps {
            group.join(step.settling.clone());
        }
        let mut at_once = Root::default();
        at_once.apply(group.only(settling.version()));
        at_once.settle(settling.horizon());
        assert_eq!(&at_once, settling.state(), "version and horizon do not name the state");
        assert_eq!(at_once.encode(), bytes);
    }

    fn end(mut self) -> (usize, usize) {
        for _ in 0..2 {
            for who in 0..REPLICAS {
                (0..REPLICAS).filter(|other| *other != who).for_each(|other| self.meet(who, other));
            }
        }
        for who in 0..REPLICAS {
            self.check(who);
            self.read(who);
            assert_eq!(self.replicas[who].settling.state(), self.replicas[0].settling.state());
        }
        // And now that all know all, all is stable.
        let all = self.replicas[0].settling.version().clone();
        for who in 0..REPLICAS {
            self.replicas[who].settling.settle(&all);
            assert_eq!(self.replicas[who].settling.horizon(), &all);
            self.check(who);
        }
        (self.dropped, self.refused)
    }
}

fn config() -> ProptestConfig {
    let cases = std::env::var("REJOIN_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(96);
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

/// Tells how many facts were folded or dropped, and how many deltas refused.
fn run(subject: u8, with_gaps: bool, steps: &[[u8; 4]]) -> (usize, usize) {
    let mut world = World::new(subject, with_gaps);
    steps.iter().for_each(|step| world.step(*step));
    world.end()
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn settling_does_not_show(subject in any::<u8>(), steps in prop::collection::vec(any::<[u8; 4]>(), 1..120)) {
        run(subject, false, &steps);
    }

    /// Who writes with gaps removes what is seen, which may be another thing in the twin; but all agree.
    #[test]
    fn all_agree_even_if_replicas_write_with_gaps(subject in any::<u8>(), steps in prop::collection::vec(any::<[u8; 4]>(), 1..120)) {
        run(subject, true, &steps);
    }
}

/// That in these histories something is settled.
#[test]
fn histories_settle() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;

    let mut runner = TestRunner::deterministic();
    let strategy = prop::collection::vec(any::<[u8; 4]>(), 100..120);
    let mut all = (0, 0);
    for n in 0..40 {
        let (dropped, refused) = run(n, false, &strategy.new_tree(&mut runner).unwrap().current());
        all = (all.0 + dropped, all.1 + refused);
    }
    assert!(all.0 > 50, "{all:?}");
}
