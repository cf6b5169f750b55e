//! Random histories of every type.
//!
//! A history is a list of steps; four bytes make a step, whatever they are. Three to five replicas write, alone or in
//! transactions; deltas travel late, doubled, out of order, in groups, in parts of groups, or never; states are
//! merged, also old ones; replicas are saved and loaded, and fork.
//!
//! After each step the replica that it touched must hold exactly the facts that the *direct-kill function* gives for
//! its version: a fact is live iff its event is known and no known event kills it. That function is written here once
//! more, over plain sets, and shares no code with the kernel. In the end everything is delivered in all three faces,
//! and all must be equal.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

use proptest::prelude::*;
use rejoin::store::{Change, Root, Selection};
use rejoin::*;

/// How many histories per type: moderate, unless `REJOIN_CASES` says otherwise.
fn config() -> ProptestConfig {
    let cases = std::env::var("REJOIN_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(48);
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

/// A type under test: a root, and what random bytes do to it.
trait Subject {
    type Root: Observable + Savable + Clone + PartialEq + Debug;

    fn write(edit: &mut <Self::Root as Root>::Edit<'_>, what: u8, amount: u8);
}

type DeltaOf<T> = <<T as Subject>::Root as Crdt>::Delta;

/// What the oracle needs to see of a root. Plain values show nothing: they are only compared.
trait Observable: Root<Delta: Clone> {
    fn events(_: &Self::Delta) -> Vec<Event> {
        Vec::new()
    }

    fn facts(&self) -> Option<(BTreeSet<Dot>, Facts)> {
        None
    }

    /// What is left of a group for somebody who has `self`.
    fn lacks(&self, group: &Self::Delta) -> Self::Delta {
        group.clone()
    }
}

impl<S: Store + 'static> Observable for Causal<S> {
    fn events(delta: &Delta<S>) -> Vec<Event> {
        let mut events = Vec::new();
        delta.change().visit(&mut |dot, adds, kills| events.push(Event { dot, adds, kills: kills.to_vec() }));
        assert!(events.iter().map(|event| event.dot).collect::<Version>() == *delta.events());
        events
    }

    fn facts(&self) -> Option<(BTreeSet<Dot>, Facts)> {
        let mut live = BTreeSet::new();
        self.export(self.names(), &Selection::new(self.names(), self.version())).visit(
            &mut |dot, adds, kills| {
                assert!(adds && kills.is_empty() && live.insert(dot), "a fact is in two places");
            },
        );
        Some((self.version().dots().collect(), Facts { live, ahead: self.ahead().dots().collect() }))
    }

    fn lacks(&self, group: &Delta<S>) -> Delta<S> {
        group.without(self.version())
    }
}

macro_rules! plain {
    ($($plain:ty),+) => {
        $(impl Observable for $plain {})+
    };
}

plain!(GCounter, PnCounter, BoundedCounter, GSet<u8>, TwoPhaseSet<u8>, Max<u8>, Min<u8>, LwwRegister<u8>);

/// Through JSON where serde is on.
trait Savable: Sized {
    fn save_and_load(&self) -> Self;
}

#[cfg(feature = "serde")]
impl<T: serde::Serialize + serde::de::DeserializeOwned> Savable for T {
    fn save_and_load(&self) -> Self {
        serde_json::from_str(&serde_json::to_string(self).unwrap()).unwrap()
    }
}

#[cfg(not(feature = "serde"))]
impl<T: Clone> Savable for T {
    fn save_and_load(&self) -> Self {
        self.clone()
    }
}

struct Event {
    dot: Dot,
    adds: bool,
    kills: Vec<Dot>,
}

#[derive(Debug, PartialEq)]
struct Facts {
    live: BTreeSet<Dot>,
    ahead: BTreeSet<Dot>,
}

/// The oracle: everything that ever happened, and what follows from it for a version.
#[derive(Default)]
struct Chronicle(BTreeMap<Dot, Event>);

impl Chronicle {
    fn facts(&self, version: &BTreeSet<Dot>) -> Facts {
        let known: Vec<&Event> = version.iter().map(|dot| &self.0[dot]).collect();
        let killed: BTreeSet<Dot> = known.iter().flat_map(|event| event.kills.iter().copied()).collect();
        Facts {
            live: known.iter().filter(|e| e.adds && !killed.contains(&e.dot)).map(|e| e.dot).collect(),
            ahead: killed.difference(version).copied().collect(),
        }
    }
}

struct World<T: Subject> {
    replicas: Vec<Writer<T::Root>>,
    /// All deltas, as they were made.
    deltas: Vec<DeltaOf<T>>,
    snapshots: Vec<T::Root>,
    chronicle: Chronicle,
    ids: u128,
}

impl<T: Subject> World<T> {
    fn new(replicas: usize) -> Self {
        let mut world = World {
            replicas: Vec::new(),
            deltas: Vec::new(),
            snapshots: vec![T::Root::default()],
            chronicle: Chronicle::default(),
            ids: 0,
        };
        (0..replicas).for_each(|_| world.open(T::Root::default()));
        world
    }

    /// A replica under a new id; ids do not grow with time, so that their order means nothing.
    fn open(&mut self, state: T::Root) {
        self.ids += 1;
        let id = ReplicaId::from_u128(self.ids.wrapping_mul(0x9E37_79B9_7F4A_7C15) & 0xFFFF);
        let mut replica = Writer::<T::Root>::with_id(id);
        replica.join(state);
        self.replicas.push(replica);
    }

    fn write(&mut self, who: usize, now: u64, writes: &[(u8, u8)]) {
        let delta = self.replicas[who].edit_at(now, |edit| {
            writes.iter().for_each(|(what, amount)| T::write(edit, *what, *amount));
        });
        for event in T::Root::events(&delta) {
            assert!(self.chronicle.0.insert(event.dot, event).is_none(), "a dot was used twice");
        }
        self.deltas.push(delta);
    }

    fn step(&mut self, [kind, who, a, b]: [u8; 4]) {
        let pick = |n: u8, of: usize| usize::from(n) % of;
        let who = pick(who, self.replicas.len());
        let (x, y) = (pick(a, self.deltas.len().max(1)), pick(b, self.deltas.len().max(1)));
        match kind % 16 {
            0..=3 => self.write(who, u64::from(b), &[(a, b)]),
            4 => self.write(who, u64::from(a), &[(a, b), (b, a), (a ^ b, 1)]),
            5..=7 => {
                if let Some(delta) = self.deltas.get(x).cloned() {
                    self.replicas[who].apply(delta);
                }
            }
            8 | 9 => {
                if let Some(mut group) = self.deltas.get(x).cloned() {
                    group.join(self.deltas[y].clone());
                    group.join(self.deltas[(x + y) % self.deltas.len()].clone());
                    let part = self.replicas[pick(b, self.replicas.len())].state().lacks(&group);
                    self.replicas[who].apply(if kind % 2 == 0 { group } else { part });
                }
            }
            10 | 11 => {
                let other = self.replicas[pick(a, self.replicas.len())].state().clone();
                self.replicas[who].join(other);
            }
            12 => self.snapshots.push(self.replicas[who].state().clone()),
            13 => {
                let old = self.snapshots[pick(a, self.snapshots.len())].clone();
                self.replicas[who].join(old);
            }
            14 => {
                let loaded = self.replicas[who].state().save_and_load();
                assert_eq!(&loaded, self.replicas[who].state());
                self.replicas[who].join(loaded);
            }
            // A crash: the replica goes on from an old snapshot, under a new id.
            _ if self.replicas.len() < 5 => {
                let old = self.snapshots[pick(a, self.snapshots.len())].save_and_load();
                self.open(old);
            }
            _ => {}
        }
        self.check(who);
    }

    fn check(&self, who: usize) {
        if let Some((version, facts)) = self.replicas[who].state().facts() {
            assert_eq!(facts, self.chronicle.facts(&version), "the version does not name the state");
        }
    }

    /// Everything reaches everybody, on different ways; all end equal.
    fn end(mut self, order: &[prop::sample::Index]) {
        let mut by_state = T::Root::default();
        for replica in &self.replicas {
            by_state.join(replica.state().clone());
        }
        let mut shuffled = self.deltas.clone();
        for (n, index) in order.iter().enumerate() {
            if !shuffled.is_empty() {
                let (a, b) = (n % shuffled.len(), index.index(shuffled.len()));
                shuffled.swap(a, b);
            }
        }
        let (mut by_delta, mut by_op) = (T::Root::default(), T::Root::default());
        let mut group = DeltaOf::<T>::default();
        for delta in &shuffled {
            by_delta.apply(delta.clone());
            group.join(delta.clone());
        }
        for op in shuffled.iter().rev().chain(&shuffled) {
            by_op.effect(op.clone());
        }
        let mut by_group = T::Root::default();
        by_group.apply(group);
        assert_eq!(by_state, by_delta, "by state and by delta");
        assert_eq!(by_delta, by_op, "by delta and by op");
        assert_eq!(by_delta, by_group, "by delta and by group");
        for who in 0..self.replicas.len() {
            self.replicas[who].join(by_state.clone());
            assert!(!self.replicas[who].join(by_delta.clone()), "nothing should be new any more");
            assert_eq!(self.replicas[who].state(), &by_state);
            self.check(who);
        }
    }
}

fn run<T: Subject>(replicas: usize, steps: &[[u8; 4]], order: &[prop::sample::Index]) {
    let mut world = World::<T>::new(replicas);
    steps.iter().for_each(|step| world.step(*step));
    world.end(order);
}

/// A subject per line: a name, a root, and what random bytes do to it.
macro_rules! subjects {
    ($($name:ident: $root:ty, |$edit:ident, $what:ident, $amount:ident| $write:expr;)+) => {
        $(
            mod $name {
                use super::*;

                struct This;

                impl Subject for This {
                    type Root = $root;

                    fn write($edit: &mut <$root as Root>::Edit<'_>, $what: u8, $amount: u8) {
                        $write
                    }
                }

                proptest! {
                    #![proptest_config(config())]

                    #[test]
                    fn ends_equal(
                        replicas in 3..=4_usize,
                        steps in prop::collection::vec(any::<[u8; 4]>(), 1..70),
                        order in prop::collection::vec(any::<prop::sample::Index>(), 0..40),
                    ) {
                        run::<This>(replicas, &steps, &order);
                    }
                }
            }
        )+
    };
}

record! {
    #[derive(Debug, PartialEq)]
    #[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
    struct Everything {
        members: OrSet<u8>,
        banned: RwSet<u8>,
        title: MvRegister<u8>,
        color: Lww<u8>,
        visits: Counter,
        open: EwFlag,
        public: DwFlag,
        settings: LwwMap<u8, u8>,
        inside: Map<u8, Everything>,
    }
}

fn write_set(set: &mut Edit<'_, OrSet<u8>>, what: u8, value: u8) {
    match what % 8 {
        0..=3 => set.insert(value % 3),
        4..=6 => set.remove(&(value % 3)),
        _ => set.clear(),
    }
}

fn write_remove_wins(set: &mut Edit<'_, RwSet<u8>>, what: u8, value: u8) {
    match what % 9 {
        0..=3 => set.insert(value % 3),
        4..=6 => set.remove(value % 3),
        7 => set.clear(),
        _ => set.reset(),
    }
}

fn write_counter(counter: &mut Edit<'_, Counter>, what: u8, amount: u8) {
    if what < 64 { counter.reset() } else { counter.add(i64::from(amount) - 100) }
}

fn write_flag(flag: &mut Edit<'_, DwFlag>, what: u8) {
    match what % 5 {
        0 | 1 => flag.enable(),
        2 | 3 => flag.disable(),
        _ => flag.reset(),
    }
}

fn write_everything(record: &mut <Everything as rejoin::store::Editable>::Edit<'_>, what: u8, amount: u8) {
    let (field, what) = (what % 11, what / 11);
    match field {
        0 => write_set(&mut record.members, what, amount),
        1 => write_remove_wins(&mut record.banned, what, amount),
        2 => {
            if what % 3 == 0 {
                record.title.clear()
            } else {
                record.title.set(amount % 4)
            }
        }
        3 => {
            if what % 3 == 0 {
                record.color.clear()
            } else {
                record.color.set(amount)
            }
        }
        4 => write_counter(&mut record.visits, what, amount),
        5 => {
            if what % 2 == 0 {
                record.open.enable()
            } else {
                record.open.disable()
            }
        }
        6 => write_flag(&mut record.public, what),
        7 => match what % 4 {
            0 => record.settings.remove(&(amount % 2)),
            _ => record.settings.insert(amount % 2, amount),
        },
        8 => record.inside.remove(&(what % 2)),
        9 => {
            if what == 0 {
                record.inside.clear()
            }
        }
        _ => write_everything(&mut record.inside.entry(what % 2), what.wrapping_mul(37) ^ amount, amount / 3),
    }
}

subjects! {
    g_counter: GCounter, |counter, _what, n| counter.increment(n.into()).unwrap();
    pn_counter: PnCounter, |counter, what, n| match what % 2 {
        0 => counter.add(n.into()).unwrap(),
        _ => counter.subtract(n.into()).unwrap(),
    };
    bounded_counter: BoundedCounter, |stock, what, n| {
        let (before, rights) = (stock.get(), stock.rights(stock.replica()));
        let to = ReplicaId::from_u128(u128::from(n % 5 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15) & 0xFFFF);
        let done = match what % 4 {
            0 => stock.increment(n.into()).is_ok(),
            1 => stock.transfer(to, u64::from(n / 5)).is_ok() == (u128::from(n / 5) <= rights),
            _ => stock.decrement(n.into()).is_ok() == (u128::from(n) <= rights),
        };
        assert!(done && stock.get() + u128::from(n) >= before);
    };
    g_set: GSet<u8>, |set, _what, value| set.insert(value % 16);
    two_phase_set: TwoPhaseSet<u8>, |set, what, value| match what % 3 {
        0 => set.remove(&(value % 8)),
        _ => set.insert(value % 8),
    };
    max: Max<u8>, |max, _what, value| max.offer(value);
    min: Min<u8>, |min, _what, value| min.offer(value);
    lww_register: LwwRegister<u8>, |register, _what, value| register.set(value).unwrap();
    or_set: Causal<OrSet<u8>>, |set, what, value| write_set(set, what, value);
    rw_set: Causal<RwSet<u8>>, |set, what, value| write_remove_wins(set, what, value);
    ew_flag: Causal<EwFlag>, |flag, what, _n| if what < 128 { flag.enable() } else { flag.disable() };
    dw_flag: Causal<DwFlag>, |flag, what, _n| write_flag(flag, what);
    counter: Causal<Counter>, |counter, what, n| write_counter(counter, what, n);
    mv_register: Causal<MvRegister<u8>>, |register, what, value| match what % 4 {
        0 => register.clear(),
        _ => register.set(value % 3),
    };
    lww: Causal<Lww<u8>>, |register, what, value| match what % 4 {
        0 => register.clear(),
        _ => register.set(value % 3),
    };
    lww_map: Causal<LwwMap<u8, u8>>, |map, what, value| match what % 8 {
        0 => map.clear(),
        1 | 2 => map.remove(&(value % 3)),
        _ => map.insert(value % 3, what),
    };
    map_of_counters: Causal<Map<u8, Counter>>, |map, what, n| match what % 5 {
        0 => map.remove(&(n % 2)),
        _ => write_counter(&mut map.entry(n % 2), what, n),
    };
    map_of_maps: Causal<Map<u8, Map<u8, RwSet<u8>>>>, |map, what, n| match what % 6 {
        0 => map.remove(&(n % 2)),
        1 => map.entry(n % 2).remove(&(n / 2 % 2)),
        _ => write_remove_wins(&mut map.entry(n % 2).entry(n / 2 % 2), what / 6, n / 4),
    };
    record: Causal<Everything>, |record, what, n| write_everything(record, what, n);
}
