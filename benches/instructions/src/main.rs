//! The operations that are called most, one at a time, for a count of their instructions: see `run.sh`.
//!
//! Without an argument it prints their names; with a name it does that one. Only what happens inside `measured` counts.

mod links;

use std::hint::black_box;

use rejoin::{
    Causal, Codec, Counter, Crdt, Delta, Dot, Lattice, LwwMap, Map, OrSet, ReplicaId, Version, Writer,
};

type Set<T> = Causal<OrSet<T>>;

/// How many elements are there before.
const MANY: u64 = 10_000;
/// How often what is small is done.
const TIMES: u64 = 1_000;

/// A permutation of all 64-bit numbers.
fn mix(n: u64) -> u64 {
    let n = (n ^ (n >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let n = (n ^ (n >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    n ^ (n >> 31)
}

fn id(n: u64) -> ReplicaId {
    ReplicaId::from_u128(u128::from(mix(n)) << 64)
}

#[inline(never)]
fn measured<T>(work: impl FnOnce() -> T) {
    black_box(work());
}

fn set() -> Writer<Set<u64>> {
    let mut set = Writer::<Set<u64>>::with_id(id(1));
    set.edit_at(0, |set| set.extend((0..MANY).map(mix)));
    set
}

/// Two sets of which each has inserted and removed one in two hundred that the other has not heard of.
fn diverged() -> (Set<u64>, Set<u64>) {
    let mut a = set();
    let mut b = a.fork();
    for (replica, from) in [(&mut a, MANY), (&mut b, 2 * MANY)] {
        replica.edit_at(0, |set| {
            set.extend((from..from + MANY / 200).map(mix));
            (from..from + MANY / 200).for_each(|n| set.remove(&mix(n % 3_989)));
        });
    }
    (a.into_state(), b.into_state())
}

/// So many replicas, of each of which so much was seen.
fn version(replicas: u64, each: u64) -> Version {
    let events = |n| (1..=each).map(move |counter| Dot::new(id(n), counter).expect("a dot"));
    (0..replicas).flat_map(events).collect()
}

/// The deltas of some writes to a map, each in a millisecond of its own.
fn writes() -> Vec<Delta<LwwMap<String, u32>>> {
    let mut map = Writer::<Causal<LwwMap<String, u32>>>::with_id(id(1));
    let mut write = |n: u64| {
        let value = (mix(n) >> 36) as u32;
        map.edit_at(1_700_000_000_000 + n, |map| {
            map.insert(format!("{:011}", mix(n) % 100_000_000_000), value)
        })
    };
    (0..MANY).for_each(|n| drop(write(n)));
    (MANY..MANY + TIMES).map(write).collect()
}

const WORKS: &[(&str, fn())] = &[
    ("insert, each in a transaction", || {
        let mut set = set();
        measured(|| (MANY..MANY + TIMES).for_each(|n| drop(set.edit_at(0, |set| set.insert(mix(n))))));
    }),
    ("insert, all in one transaction", || {
        let mut set = set();
        measured(|| set.edit_at(0, |set| set.extend((MANY..MANY + TIMES).map(mix))));
    }),
    ("remove, each in a transaction", || {
        let mut set = set();
        measured(|| (0..TIMES).for_each(|n| drop(set.edit_at(0, |set| set.remove(&mix(n))))));
    }),
    ("contains", || {
        let set = set();
        measured(|| (0..TIMES).filter(|n| set.contains(&mix(n * 20))).count());
    }),
    ("apply deltas of one insertion", || {
        let (mut source, mut set) = (Writer::<Set<u64>>::with_id(id(2)), set().into_state());
        let deltas: Vec<_> =
            (MANY..MANY + TIMES).map(|n| source.edit_at(0, |set| set.insert(mix(n)))).collect();
        measured(|| deltas.into_iter().map(|delta| set.apply(delta)).filter(|news| *news).count());
    }),
    ("join, nothing new", || {
        let (mut a, b) = diverged();
        a.join_ref(&b);
        measured(|| a.join_ref(&b));
    }),
    ("join, a hundredth diverged", || {
        let (mut a, b) = diverged();
        measured(|| a.join_ref(&b));
    }),
    ("join by value, a hundredth diverged", || {
        let (mut a, b) = diverged();
        measured(|| a.join(b));
    }),
    ("clone", || {
        let set = set();
        measured(|| set.state().clone());
    }),
    ("write to a map of registers", || {
        let mut map = Writer::<Causal<LwwMap<u64, u64>>>::with_id(id(1));
        map.edit_at(1, |map| (0..MANY).for_each(|n| map.insert(mix(n), n)));
        measured(|| (0..TIMES).for_each(|n| drop(map.edit_at(2, |map| map.insert(mix(n), 7)))));
    }),
    ("count in a map of counters", || {
        let mut map = Writer::<Causal<Map<u64, Counter>>>::with_id(id(1));
        map.edit_at(1, |map| (0..MANY).for_each(|n| map.entry(mix(n)).add(1)));
        measured(|| (0..TIMES).for_each(|n| drop(map.edit_at(2, |map| map.entry(mix(n)).add(1)))));
    }),
    ("version: covers, 1,000 replicas", || {
        let (a, b) = (version(TIMES, 7), version(TIMES, 7));
        measured(|| a.covers(&b));
    }),
    ("version: union, 1,000 replicas", || {
        let (mut a, b) = (version(TIMES, 7), version(TIMES, 8));
        measured(|| a.union(&b));
    }),
    ("encode", || {
        let set = set();
        measured(|| set.state().encode());
    }),
    ("decode", || {
        let bytes = set().state().encode();
        measured(|| Set::<u64>::decode(&bytes));
    }),
    ("digest", || {
        let set = set();
        measured(|| set.state().digest());
    }),
    ("a delta to bytes and back", || {
        let mut set = set();
        let delta = set.edit_at(0, |set| set.insert(7));
        measured(|| Delta::<OrSet<u64>>::decode(&delta.encode()));
    }),
    ("encode deltas of one write", || {
        let deltas = writes();
        let mut bytes = Vec::with_capacity(1 << 20);
        measured(|| deltas.iter().for_each(|delta| delta.encode_into(&mut bytes)));
    }),
    ("decode deltas of one write", || {
        let deltas = writes();
        let deltas: Vec<_> = deltas.iter().map(Codec::encode).collect();
        measured(|| deltas.iter().map(|bytes| Delta::<LwwMap<String, u32>>::decode(bytes)).for_each(drop));
    }),
    ("apply deltas of one write", || {
        let (mut map, deltas) = (Causal::<LwwMap<String, u32>>::default(), writes());
        measured(|| deltas.into_iter().map(|delta| map.apply(delta)).filter(|news| *news).count());
    }),
];

fn main() {
    let wanted = std::env::args().nth(1);
    for (name, work) in WORKS.iter().chain(links::WORKS) {
        match &wanted {
            None => println!("{name}"),
            Some(wanted) if wanted == name => work(),
            Some(_) => {}
        }
    }
}
