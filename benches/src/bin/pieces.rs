//! What a write is made of: the same insertions, each time with a piece more, up to ours.
//!
//!     cargo run --release --manifest-path benches/Cargo.toml --bin pieces [ELEMENTS]
//!
//! All take turns, and the middle of their times counts. Dropping what was built is not in it.

use std::collections::{BTreeMap, BTreeSet};
use std::hint::black_box;
use std::time::Instant;

use rejoin::{Causal, LwwMap, OrSet, Writer};
use rejoin_benches::data::{elements, pairs};
use rejoin_benches::page::{count, time};

/// As much as one fact takes in a set.
type Member = [u64; 2];
/// As much as one fact takes in a register by time.
type Register = [u64; 3];
/// As much as the change of one member takes in a delta, beside the member, and that of one register.
type MemberChange = [u64; 9];
type RegisterChange = [u64; 11];

/// A step that is measured: its name, and what it does with the elements, so many nanoseconds each.
type Piece<'a, T> = (&'a str, fn(&[T]) -> f64);

/// Nanoseconds for each of `n`.
fn timed<R>(n: usize, work: impl FnOnce() -> R) -> f64 {
    let start = Instant::now();
    let result = black_box(work());
    let nanos = start.elapsed().as_secs_f64() * 1e9 / n as f64;
    drop(result);
    nanos
}

fn middle(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

/// The times of all pieces, in turns.
fn measure<T>(input: &[T], pieces: &[Piece<'_, T>]) -> Vec<f64> {
    let rounds = (3_000_000 / input.len()).clamp(7, 101);
    let mut times = vec![Vec::new(); pieces.len()];
    for _ in 0..rounds {
        for ((_, work), times) in pieces.iter().zip(&mut times) {
            times.push(work(input));
        }
    }
    times.into_iter().map(middle).collect()
}

fn print<T>(title: &str, inputs: &[Vec<T>], pieces: &[Piece<'_, T>]) {
    let columns: Vec<_> = inputs.iter().map(|input| measure(input, pieces)).collect();
    let sizes: String = inputs.iter().map(|input| format!(" {} | × std |", count(input.len()))).collect();
    println!("| {title} |{sizes}\n|---|{}", "--:|--:|".repeat(inputs.len()));
    for (row, (name, _)) in pieces.iter().enumerate() {
        let cell = |times: &Vec<f64>| format!(" {} | {:.2} |", time(times[row]), times[row] / times[0]);
        println!("| {name} |{}", columns.iter().map(cell).collect::<String>());
    }
    println!();
}

const SET: [Piece<'_, u64>; 6] = [
    ("`BTreeSet<u64>`", |keys| {
        let mut set = BTreeSet::<u64>::new();
        timed(keys.len(), || {
            set.extend(keys);
            set
        })
    }),
    ("… with 16 bytes beside each: a fact", |keys| {
        let mut map = BTreeMap::new();
        timed(keys.len(), || {
            map.extend(keys.iter().map(|key| (*key, Member::default())));
            map
        })
    }),
    ("… and an allocation for each: its delta", |keys| {
        let mut map = BTreeMap::new();
        timed(keys.len(), || {
            for key in keys {
                map.insert(*key, Member::default());
                drop(black_box(vec![(*key, MemberChange::default())]));
            }
            map
        })
    }),
    ("`rejoin`, each in a transaction", |keys| {
        let mut set = Writer::<Causal<OrSet<u64>>>::new();
        timed(keys.len(), || {
            keys.iter().for_each(|key| drop(black_box(set.edit(|set| set.insert(*key)))));
            set
        })
    }),
    ("a fact beside each, and all changes in one list, sorted", |keys| {
        let (mut map, mut changes) = (BTreeMap::new(), Vec::new());
        timed(keys.len(), || {
            for key in keys {
                map.insert(*key, Member::default());
                changes.push((*key, MemberChange::default()));
            }
            changes.sort_unstable_by_key(|(key, _)| *key);
            (map, changes)
        })
    }),
    ("`rejoin`, all in one transaction", |keys| {
        let mut set = Writer::<Causal<OrSet<u64>>>::new();
        timed(keys.len(), || {
            let delta = set.edit(|set| set.extend(keys.iter().copied()));
            (set, delta)
        })
    }),
];

const WALK: [Piece<'_, u64>; 3] = [
    ("`BTreeSet<u64>`", |keys| {
        let mut set = BTreeSet::<u64>::new();
        set.extend(keys);
        timed(keys.len(), || set.iter().fold(0, |sum, key| sum ^ key))
    }),
    ("… with 16 bytes beside each: a fact", |keys| {
        let mut map = BTreeMap::new();
        map.extend(keys.iter().map(|key| (*key, Member::default())));
        timed(keys.len(), || map.keys().fold(0, |sum, key| sum ^ key))
    }),
    ("`rejoin`", |keys| {
        let mut set = Writer::<Causal<OrSet<u64>>>::new();
        keys.iter().for_each(|key| drop(set.edit(|set| set.insert(*key))));
        timed(keys.len(), || set.iter().fold(0, |sum, key| sum ^ key))
    }),
];

const DOCUMENT: [Piece<'_, (String, i64)>; 5] = [
    ("`BTreeMap<String, i64>`", |pairs| {
        let (mut map, pairs) = (BTreeMap::new(), pairs.to_vec());
        timed(pairs.len(), || {
            map.extend(pairs);
            map
        })
    }),
    ("… with 24 bytes beside each: a fact", |pairs| {
        let (mut map, pairs) = (BTreeMap::new(), pairs.to_vec());
        timed(pairs.len(), || {
            map.extend(pairs.into_iter().map(|(key, _)| (key, Register::default())));
            map
        })
    }),
    ("… and a copy of each key, and its change, in a list", |pairs| {
        let (mut map, mut changes, pairs) = (BTreeMap::new(), Vec::new(), pairs.to_vec());
        timed(pairs.len(), || {
            for (key, _) in pairs {
                changes.push((key.clone(), RegisterChange::default()));
                map.insert(key, Register::default());
            }
            (map, changes)
        })
    }),
    ("… which is sorted", |pairs| {
        let (mut map, mut changes, pairs) = (BTreeMap::new(), Vec::new(), pairs.to_vec());
        timed(pairs.len(), || {
            for (key, _) in pairs {
                changes.push((key.clone(), RegisterChange::default()));
                map.insert(key, Register::default());
            }
            changes.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
            (map, changes)
        })
    }),
    ("`rejoin`, all in one transaction", |pairs| {
        let (mut map, pairs) = (Writer::<Causal<LwwMap<String, i64>>>::new(), pairs.to_vec());
        timed(pairs.len(), || {
            let delta = map.edit(|map| pairs.into_iter().for_each(|(key, value)| map.insert(key, value)));
            (map, delta)
        })
    }),
];

fn main() {
    let most = std::env::args().nth(1).map_or(1_000_000, |n| n.parse().expect("a number of elements"));
    let sizes = |sizes: [usize; 2]| {
        let mut sizes = sizes.map(|n| n.min(most)).to_vec();
        sizes.dedup();
        sizes
    };
    let sets: Vec<_> = sizes([10_000, 1_000_000]).into_iter().map(|n| elements(0, n)).collect();
    print("a set of u64, built", &sets, &SET);
    print("a set of u64, walked through", &sets, &WALK);
    let documents: Vec<_> = sizes([10_000, 100_000]).into_iter().map(pairs).collect();
    print("a document, set", &documents, &DOCUMENT);
}
