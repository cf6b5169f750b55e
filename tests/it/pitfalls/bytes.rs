//! JSON: everything travels, nothing is mended, nothing is dropped.

use std::collections::BTreeSet;
use std::fmt::Debug;

use rejoin::causality::{Mint, Ticks};
use rejoin::lattice::Lex;
use rejoin::writer::Identity;
use rejoin::{
    BoundedCounter, Causal, Counter, Delta, Dot, DwFlag, EwFlag, GCounter, GSet, Lattice, Lww, LwwMap,
    LwwRegister, Map, Max, Min, MvRegister, OpBased, OpSet, OrSet, PnCounter, ReplicaId, RwSet, SetOp, Stamp,
    TwoPhaseSet, VectorClock, Version, Writer, record,
};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::ways::{Handle, NOON, Site, Way, agree, every_way, sites, through_json};

const A: ReplicaId = ReplicaId::from_u128(1);
const B: ReplicaId = ReplicaId::from_u128(2);

type Registers = Causal<Map<u8, MvRegister<u8>>>;

fn dot(replica: ReplicaId, counter: u64) -> Dot {
    Dot::new(replica, counter).unwrap()
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
enum Key {
    Unit,
    Tuple(u8, Option<char>),
    Struct { deep: Vec<(bool, i64)> },
}

fn keys() -> [Key; 4] {
    let deep = vec![(false, i64::MIN), (true, 1)];
    [Key::Unit, Key::Tuple(0, None), Key::Tuple(255, Some('"')), Key::Struct { deep }]
}

fn travels<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: &T) {
    let json = serde_json::to_string(value).expect("it can be written");
    let back: T = serde_json::from_str(&json).unwrap_or_else(|error| panic!("{json}: {error}"));
    assert_eq!(&back, value, "from {json}");
}

/// The state, its delta, and a state that knows nothing but the second half of it, which has gaps and is ahead.
fn travels_in_all_sizes<S>(
    write: impl Fn(&mut Handle<'_, Causal<S>>),
    erase: impl Fn(&mut Handle<'_, Causal<S>>),
) where
    S: rejoin::Store + Debug + 'static,
    S::Change: Serialize + DeserializeOwned + Debug + PartialEq,
{
    let [mut a, mut b] = [A, B].map(Writer::<Causal<S>>::with_id);
    let written = a.edit_at(NOON, &write);
    travels(&written);
    travels(a.state());
    b.edit_at(NOON, &write);
    a.join_ref(b.state());
    travels(a.state());
    assert!(a.is_present());
    let erased = a.edit_at(NOON, &erase);
    travels(&erased);
    travels(a.state());

    let mut early = Causal::<S>::default();
    rejoin::Crdt::apply(&mut early, erased.clone());
    assert_eq!(early.ahead().dot_count(), written.events().dot_count() * 2);
    travels(&early);
    let mut group = erased;
    group.join(written);
    travels(&group);
    travels(&group.without(&[dot(A, 1)].into_iter().collect()));
}

#[test]
fn everything_travels_as_json() {
    travels(&A);
    travels(&dot(A, Dot::MAX_COUNTER));
    travels(&Stamp::new(Ticks::MAX, B));
    travels(&Version::from_iter([dot(A, 1), dot(A, 2), dot(A, 5), dot(B, Dot::MAX_COUNTER)]));
    travels(&VectorClock::from_iter([(A, 1), (B, u64::MAX)]));
    travels::<Identity>(Writer::<Max<u8>>::with_id(A).identity());

    travels(&Max::new(Key::Tuple(1, None)));
    travels(&Min::<Key>::default());
    travels(&Lex::new(Max::new(1), BTreeSet::from(keys())));
    travels(&LwwRegister::written(Stamp::new(Ticks::at_millis(1), A), None::<Key>));
    travels(&LwwRegister::<Key>::new());
    travels(&GSet::from_iter(keys()));
    let mut two_phase = TwoPhaseSet::from_iter(keys());
    two_phase.remove(&Key::Unit);
    travels(&two_phase);

    let (mut g, mut pn, mut bounded) = (GCounter::new(), PnCounter::new(), BoundedCounter::new());
    for replica in [A, B] {
        g.increment(replica, u64::MAX).unwrap();
        pn.subtract(replica, u64::MAX).unwrap();
        bounded.increment(replica, u64::MAX).unwrap();
        bounded.decrement(replica, 1).unwrap();
    }
    bounded.transfer(A, B, 1).unwrap();
    travels(&g);
    travels(&pn);
    travels(&bounded);

    let (mut ops, mut mint) = (OpSet::new(), Mint::new(A));
    for key in keys() {
        let op: SetOp<Key> = ops.prepare_insert(key, &mut mint);
        travels(&op);
        ops.effect(op);
    }
    travels(&ops.prepare_remove(&Key::Unit).unwrap());
    travels(&ops);

    travels_in_all_sizes::<OrSet<Key>>(|set| set.extend(keys()), |set| set.clear());
    travels_in_all_sizes::<RwSet<Key>>(|set| set.extend(keys()), |set| set.clear());
    travels_in_all_sizes::<EwFlag>(|flag| flag.enable(), |flag| flag.disable());
    travels_in_all_sizes::<DwFlag>(|flag| flag.enable(), |flag| flag.disable());
    travels_in_all_sizes::<MvRegister<Option<Key>>>(
        |register| register.set(None),
        |register| register.clear(),
    );
    travels_in_all_sizes::<MvRegister<()>>(|register| register.set(()), |register| register.clear());
    travels_in_all_sizes::<Lww<Option<Key>>>(|register| register.set(None), |register| register.clear());
    travels_in_all_sizes::<Counter>(|counter| counter.add(i64::MIN), |counter| counter.reset());
    travels_in_all_sizes::<LwwMap<Key, Key>>(
        |map| map.extend(keys().into_iter().zip(keys())),
        |map| map.clear(),
    );
    travels_in_all_sizes::<Map<Key, Map<(u8, char), Counter>>>(
        |map| keys().into_iter().for_each(|key| map.entry(key).entry((1, 'x')).add(-1)),
        |map| map.clear(),
    );
    travels_in_all_sizes::<Album>(
        |album| {
            album.title.set("Émile \u{0} \"x\"".into());
            album.parts.entry(3).likes.add(1);
        },
        |album| {
            album.title.clear();
            album.parts.clear();
        },
    );
}

record! {
    #[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
    struct Album {
        title: Lww<String>,
        likes: Counter,
        parts: Map<u8, Album>,
    }
}

/// Wherever `places` point to, the entries come in one order, once each.
fn refuses_disorder<T: Serialize + DeserializeOwned>(value: &T, places: &[&str]) {
    let json = serde_json::to_value(value).unwrap();
    assert!(serde_json::from_value::<T>(json.clone()).is_ok());
    let entries_at = |place: &str, change: fn(&mut Vec<Value>)| {
        let mut json = json.clone();
        match json.pointer_mut(place) {
            Some(Value::Array(entries)) if entries.len() >= 2 => change(entries),
            other => panic!("no entries at {place}, but {other:?}"),
        }
        json
    };
    for place in places {
        for tampered in [
            entries_at(place, |entries| entries.reverse()),
            entries_at(place, |entries| entries.insert(0, entries[0].clone())),
            entries_at(place, |entries| entries.push(entries[0].clone())),
        ] {
            let text = tampered.to_string();
            assert!(serde_json::from_value::<T>(tampered).is_err(), "accepted: {text}");
        }
    }
}

#[test]
fn duplicates_and_disorder_are_refused() {
    let gaps = Version::from_iter([dot(A, 1), dot(A, 3), dot(B, 1)]);
    refuses_disorder(&gaps, &["", "/0/1"]);
    refuses_disorder(&VectorClock::from_iter([(A, 1), (B, 1)]), &[""]);
    refuses_disorder(&GSet::from_iter([1, 2]), &[""]);
    let mut two_phase = TwoPhaseSet::from_iter([1, 2, 3, 4]);
    two_phase.remove(&1);
    two_phase.remove(&2);
    refuses_disorder(&two_phase, &["/live", "/removed"]);

    let (mut g, mut pn, mut bounded) = (GCounter::new(), PnCounter::new(), BoundedCounter::new());
    for replica in [A, B] {
        g.increment(replica, 1).unwrap();
        pn.add(replica, 1).unwrap();
        bounded.increment(replica, 2).unwrap();
        bounded.decrement(replica, 1).unwrap();
    }
    refuses_disorder(&g, &[""]);
    refuses_disorder(&pn, &[""]);
    refuses_disorder(&bounded, &["/given", "/spent"]);

    let mut ops = OpSet::new();
    for (replica, key) in [(A, 1), (B, 2)] {
        ops.effect(OpSet::new().prepare_insert(key, &mut Mint::new(replica)));
    }
    ops.effect(OpSet::new().prepare_insert(1, &mut Mint::resume(dot(B, 1))));
    refuses_disorder(&ops, &["", "/0/1"]);

    let [mut a, mut b] = [A, B].map(Writer::<Registers>::with_id);
    for writer in [&mut a, &mut b] {
        writer.edit(|map| map.entry(1).set(1));
        writer.edit(|map| map.entry(2).set(2));
    }
    a.join_ref(b.state());
    refuses_disorder(a.state(), &["/version", "/facts", "/facts/0/1"]);
    let group = a.edit(|map| {
        map.entry(1).set(3);
        map.entry(1).set(4);
        map.remove(&2);
    });
    refuses_disorder(&group, &["/change", "/change/0/1", "/change/0/1/0/kills"]);
    let mut early = Registers::default();
    rejoin::Crdt::apply(&mut early, group);
    refuses_disorder(&early, &["/ahead"]);
}

#[test]
fn who_met_whom_first_cannot_be_seen() {
    every_way(|ways| {
        let mut writers = sites::<Registers, 3>();
        for (n, writer) in (0..).zip(&mut writers) {
            writer.edit(|map| {
                map.entry(0).set(n);
                map.entry(n).set(n);
            });
        }
        let [mut one, mut other] = [8, 9].map(|n| Site::<Registers>::called(ReplicaId::from_u128(n)));
        for who in [0, 1, 2] {
            one.hear_by(Way::State, &writers[who]);
        }
        let [first, second, third] = ways.shuffle([0, 1, 2]);
        other.hear(&writers[first], ways);
        other.hear(&writers[second], ways);
        other.hear_by(Way::Deltas, &writers[third]);
        assert_eq!(one.writer.state(), other.writer.state());
        assert_eq!(
            serde_json::to_string(one.writer.state()).unwrap(),
            serde_json::to_string(other.writer.state()).unwrap()
        );
        // What they write next shows no more of it.
        let [from_one, from_other] = [&one, &other]
            .map(|site| Writer::with_ids(site.writer.state().clone(), || A).edit(|map| map.clear()));
        assert_eq!(serde_json::to_string(&from_one).unwrap(), serde_json::to_string(&from_other).unwrap());
    });
}

mod old {
    use rejoin::{OrSet, record};

    record! {
        #[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
        pub(super) struct Cart {
            pub(super) items: OrSet<char>,
        }
    }
}

mod new {
    use rejoin::{Lww, OrSet, record};

    record! {
        #[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
        pub(super) struct Cart {
            pub(super) items: OrSet<char>,
            pub(super) note: Lww<String>,
        }
    }
}

type Carts<Cart> = Causal<Map<u8, Cart>>;

#[test]
fn a_field_that_the_code_does_not_know_is_refused_whole() {
    every_way(|ways| {
        let [mut a, mut b] = sites::<Carts<new::Cart>, 2>();
        let first = a.edit(|carts| carts.entry(1).items.insert('x'));
        let second = a.edit(|carts| {
            carts.entry(1).items.insert('y');
            carts.entry(1).note.set("ring twice".into());
        });
        let third = a.edit(|carts| carts.entry(1).items.insert('z'));

        // The old code knows of the first, refuses the second and the state, and writes something itself.
        let mut old = Writer::<Carts<old::Cart>>::with_id(ReplicaId::from_u128(7));
        let as_old = |delta: &Delta<_>| {
            serde_json::from_str::<Delta<Map<u8, old::Cart>>>(&serde_json::to_string(delta).unwrap())
        };
        old.apply(as_old(&first).expect("the new field is not in it"));
        let before = old.state().clone();
        assert!(as_old(&second).is_err());
        let state = serde_json::to_string(a.writer.state()).unwrap();
        assert!(serde_json::from_str::<Carts<old::Cart>>(&state).is_err());
        assert_eq!(old.state(), &before);
        old.edit(|carts| carts.entry(1).items.insert('w'));

        // So nothing is lost when it is brought up to date.
        let state: Carts<new::Cart> =
            serde_json::from_str(&serde_json::to_string(old.state()).unwrap()).unwrap();
        assert!(!state.version().intersects(second.events()));
        b.writer.join(state);
        b.writer.apply(Delta::clone(&third));
        for delta in [&first, &second, &third] {
            b.hear_only([delta], ways);
        }
        let cart = b.get(&1).unwrap();
        assert!(cart.items.iter().eq(&['w', 'x', 'y', 'z']));
        assert_eq!(cart.note.get().map(String::as_str), Some("ring twice"));
    });

    // So it goes for whatever else is unknown, at any depth.
    let mut a = Writer::<Carts<old::Cart>>::with_id(A);
    let delta = serde_json::to_value(a.edit(|carts| carts.entry(1).items.insert('x'))).unwrap();
    let state = serde_json::to_value(a.state()).unwrap();
    let tampered = |json: &Value, place: &str| {
        let mut json = json.clone();
        json.pointer_mut(place).and_then(Value::as_object_mut).unwrap().insert("more".into(), json!(null));
        json
    };
    for place in ["", "/change/0/1", "/change/0/1/items/0/1/0"] {
        assert!(
            serde_json::from_value::<Delta<Map<u8, old::Cart>>>(tampered(&delta, place)).is_err(),
            "{place}"
        );
    }
    for place in ["", "/facts/0/1", "/facts/0/1/items/0/1/0"] {
        assert!(serde_json::from_value::<Carts<old::Cart>>(tampered(&state, place)).is_err(), "{place}");
    }
    let identity = tampered(&serde_json::to_value(a.identity()).unwrap(), "");
    assert!(serde_json::from_value::<Identity>(identity).is_err());
}

#[test]
fn a_field_that_the_data_does_not_know_is_empty() {
    every_way(|ways| {
        let mut old = Writer::<Carts<old::Cart>>::with_id(A);
        let delta = old.edit(|carts| carts.entry(1).items.insert('x'));
        let (state, delta) =
            (serde_json::to_string(old.state()).unwrap(), serde_json::to_string(&delta).unwrap());

        let [mut a, mut b] = sites::<Carts<new::Cart>, 2>();
        a.note(serde_json::from_str(&delta).unwrap());
        a.writer.join(serde_json::from_str(&state).unwrap());
        assert_eq!(through_json(a.writer.state()), *a.writer.state());
        b.writer.apply(serde_json::from_str(&delta).unwrap());
        assert_eq!(a.writer.state(), b.writer.state());
        assert!(a.get(&1).unwrap().note.is_empty());

        a.edit(|carts| carts.entry(1).note.set("ring twice".into()));
        b.hear(&a, ways);
        agree(ways, [&mut a, &mut b], |carts| {
            let cart = carts.get(&1).unwrap();
            assert!(cart.items.contains(&'x') && cart.note.get().is_some());
        });
    });
}
