//! Plain values, of which any obey the laws; and operations.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

use rejoin::causality::Mint;
use rejoin::lattice::Lex;
use rejoin::store::Root;
use rejoin::{
    BoundedCounter, Edit, GCounter, GSet, Lattice, LwwRegister, Max, Min, NotEnough, OpBased, OpSet,
    PnCounter, ReplicaId, TwoPhaseSet, VectorClock, Version, Writer, laws,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value as Json, json};

use crate::formats::survives;
use crate::source::Source;
use crate::wire;

pub(super) fn run(source: &mut Source<'_>) {
    match source.below(14) {
        0 => write::<GCounter, _>(source, shares, |counter, _, n| counter.increment(n)),
        1 => write::<PnCounter, _>(source, pairs_of_shares, |counter, what, n| match what % 2 {
            0 => counter.add(n),
            _ => counter.subtract(n),
        }),
        2 | 3 => write::<BoundedCounter, _>(source, accounts, spend),
        4 => write::<GSet<u8>, _>(source, |source| json!(set(source)), |set, what, _| set.insert(what % 8)),
        5 => write::<TwoPhaseSet<u8>, _>(source, live_and_removed, |set, what, _| match what % 3 {
            0 => set.remove(&(what / 3 % 8)),
            _ => set.insert(what / 3 % 8),
        }),
        6 => write::<Max<u8>, _>(source, none_or_one, |max, what, _| max.offer(what % 8)),
        7 => write::<Min<u8>, _>(source, none_or_one, |min, what, _| min.offer(what % 8)),
        8 => write::<LwwRegister<u8>, _>(source, stamped, |register, what, _| register.set(what % 4)),
        9 => write::<BTreeMap<u8, GCounter>, _>(source, by_key, |map, what, n| {
            // Refused or not, there is a counter under the key now.
            let _ = map.entry(what % 4).increment(n);
        }),
        10 => write::<(GCounter, Max<u8>), _>(
            source,
            |source| json!([shares(source), none_or_one(source)]),
            |(counter, max), what, n| {
                max.offer(what % 8);
                let _ = counter.increment(n);
            },
        ),
        11 => {
            let _ = samples::<Lex<Max<u8>, GSet<u8>>>(
                source,
                |source| json!({ "first": none_or_one(source), "second": set(source) }),
            );
        }
        12 => {
            let _ = samples::<VectorClock>(source, shares);
            let _ = samples::<Version>(source, |source| json!(wire::version(source)));
        }
        _ => operations(source),
    }
}

/// What a write returns.
trait Outcome {
    fn is_refusal(&self) -> bool;
}

impl Outcome for () {
    fn is_refusal(&self) -> bool {
        false
    }
}

impl<E> Outcome for Result<(), E> {
    fn is_refusal(&self) -> bool {
        self.is_err()
    }
}

/// Some values that somebody has made up, checked against the laws of a lattice.
fn samples<T>(source: &mut Source<'_>, forge: fn(&mut Source<'_>) -> Json) -> Vec<T>
where
    T: Lattice + Clone + PartialEq + Debug + Serialize + DeserializeOwned,
{
    let samples: Vec<T> = (0..3).map(|_| wire::decoded(&forge(source))).collect();
    samples.iter().for_each(survives);
    laws::lattice(&samples).unwrap_or_else(|failure| panic!("{failure}"));
    samples
}

/// A writer, who hears of what was made up between its writes.
fn write<T, O>(
    source: &mut Source<'_>,
    forge: fn(&mut Source<'_>) -> Json,
    write: fn(&mut <T as Root>::Edit<'_>, u8, u64) -> O,
) where
    T: Root<Delta = T> + Clone + PartialEq + Debug + Serialize + DeserializeOwned,
    O: Outcome,
{
    let samples: Vec<T> = samples(source, forge);
    let mut writer = Writer::with_ids(T::default(), super::ids());
    for _ in 0..super::MOST_STEPS {
        if source.is_empty() {
            break;
        }
        if source.below(4) == 0 {
            let sample = &samples[source.below(samples.len())];
            let mut by_hand = writer.state().clone();
            let grew = by_hand.join(sample.clone());
            assert_eq!(writer.apply(sample.clone()), grew);
            assert!(!writer.apply(sample.clone()));
            assert_eq!(writer.state(), &by_hand);
        } else {
            let (now, what, n) = (u64::from(source.byte()), source.byte(), wire::count(source));
            let (mut before, mut refused) = (writer.state().clone(), false);
            let delta = writer.edit_at(now, |edit| refused = write(edit, what, n).is_refusal());
            assert!(!refused || writer.state() == &before, "what was refused has changed nothing");
            before.apply(delta.clone());
            assert_eq!(&before, writer.state(), "a mutation is what its delta says");
            survives(&delta);
        }
        survives(writer.state());
    }
}

fn spend(stock: &mut Edit<'_, BoundedCounter>, what: u8, n: u64) -> Result<(), NotEnough> {
    let (rights, me) = (stock.rights(stock.replica()), stock.replica());
    let to = ReplicaId::from_u128(u128::from(what / 4 % 5));
    let outcome = match what % 4 {
        0 => return stock.increment(n),
        1 if to == me => return stock.transfer(to, n),
        1 => stock.transfer(to, n),
        _ => stock.decrement(n),
    };
    match outcome {
        Ok(()) => assert_eq!(stock.rights(me) + u128::from(n), rights, "rights are spent or given away"),
        Err(refused) => assert!(refused.held < u128::from(n) && refused.held <= rights),
    }
    outcome
}

fn shares(source: &mut Source<'_>) -> Json {
    let shares: BTreeMap<ReplicaId, u64> =
        (0..source.below(4)).map(|_| (wire::replica(source), wire::count(source))).collect();
    json!(Vec::from_iter(shares))
}

fn pairs_of_shares(source: &mut Source<'_>) -> Json {
    let shares: BTreeMap<ReplicaId, (u64, u64)> = (0..source.below(4))
        .map(|_| {
            let (replica, n) = (wire::replica(source), wire::count(source));
            let others = [0, 1, n, wire::count(source)];
            (replica, if source.flip() { (n, source.one_of(&others)) } else { (source.one_of(&others), n) })
        })
        .collect();
    json!(Vec::from_iter(shares))
}

fn accounts(source: &mut Source<'_>) -> Json {
    let given: BTreeMap<(ReplicaId, ReplicaId), u64> = (0..source.below(6))
        .map(|_| ((wire::replica(source), wire::replica(source)), wire::count(source)))
        .collect();
    json!({ "given": Vec::from_iter(given), "spent": shares(source) })
}

fn set(source: &mut Source<'_>) -> BTreeSet<u8> {
    (0..source.below(6)).map(|_| source.byte() % 8).collect()
}

fn live_and_removed(source: &mut Source<'_>) -> Json {
    let (live, removed) = (set(source), set(source));
    json!({ "live": &live - &removed, "removed": removed })
}

fn none_or_one(source: &mut Source<'_>) -> Json {
    match source.byte() {
        0..=63 => json!([]),
        value => json!([value % 8]),
    }
}

fn stamped(source: &mut Source<'_>) -> Json {
    match source.byte() {
        0..=63 => Json::Null,
        value => json!([[wire::ticks(source), wire::replica(source)], value % 4]),
    }
}

fn by_key(source: &mut Source<'_>) -> Json {
    (0..source.below(4)).map(|_| ((source.byte() % 4).to_string(), shares(source))).collect()
}

/// An op-based set is given operations that were made up. That it agrees with others is not asked of it.
fn operations(source: &mut Source<'_>) {
    let (mut set, mut mint) = (OpSet::<u8>::new(), Mint::new(ReplicaId::from_u128(1)));
    for _ in 0..super::MOST_STEPS {
        if source.is_empty() {
            break;
        }
        let value = source.byte() % 4;
        match source.byte() % 4 {
            0 => {
                let op = set.prepare_insert(value, &mut mint);
                set.effect(op);
                assert!(set.contains(&value));
            }
            1 => {
                if let Some(op) = set.prepare_remove(&value) {
                    set.effect(op);
                }
                assert!(!set.contains(&value));
            }
            what => {
                let dots: Vec<_> = (0..source.below(3)).map(|_| wire::dot(source)).collect();
                let json = if what == 2 {
                    json!({ "Insert": { "value": value, "dot": wire::dot(source), "replaces": dots } })
                } else {
                    json!({ "Remove": { "value": value, "insertions": dots } })
                };
                set.effect(wire::decoded(&json));
            }
        }
        survives(&set);
    }
}
