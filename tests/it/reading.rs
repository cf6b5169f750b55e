//! What a reader sees: equality without dots, printing, iteration; and when two states, or two deltas, are not equal.

use std::fmt::Debug;

use rejoin::store::{Handle, Root};
use rejoin::*;

record! {
    #[derive(Debug, PartialEq)]
    struct Card {
        name: Lww<&'static str>,
        visits: Counter,
    }
}

fn writer<T: Root>(n: u128) -> Writer<T> {
    Writer::with_id(ReplicaId::from_u128(n))
}

/// Two replicas write the same, and read the same although their dots differ; then one of them writes more.
fn reads<S: Store + PartialEq + Debug + 'static>(
    printed: &str,
    write: fn(&mut Handle<'_, S>),
    more: fn(&mut Handle<'_, S>),
) {
    let [mut a, mut b] = [1, 2].map(writer::<Causal<S>>);
    a.edit_at(0, |store| write(store));
    b.edit_at(0, |store| write(store));
    assert!(**a == **b, "a reader sees no dots: {a:?}, {b:?}");
    assert!(a.state() != b.state(), "but roots are compared with them: {a:?}, {b:?}");
    assert_eq!(format!("{:?}", **a), printed);
    b.edit_at(1, |store| more(store));
    assert!(**a != **b, "something else is read: {a:?}, {b:?}");
}

#[test]
fn causal_types_are_compared_and_printed_as_they_read() {
    reads::<OrSet<u8>>("{1, 2}", |set| set.extend([2, 1]), |set| set.remove(&1));
    reads::<RwSet<u8>>("{1, 2}", |set| set.extend([2, 1]), |set| set.remove(1));
    reads::<EwFlag>("EwFlag(true)", |flag| flag.enable(), |flag| flag.disable());
    reads::<DwFlag>("DwFlag(true)", |flag| flag.enable(), |flag| flag.disable());
    reads::<MvRegister<u8>>("{7}", |register| register.set(7), |register| register.set(8));
    reads::<Lww<u8>>("Lww(Some(7))", |register| register.set(7), |register| register.set(8));
    reads::<Counter>("Counter(-3)", |counter| counter.add(-3), |counter| counter.add(1));
    reads::<LwwMap<u8, char>>("{1: 'a'}", |map| map.insert(1, 'a'), |map| map.insert(1, 'b'));
    reads::<Map<u8, Counter>>("{1: Counter(5)}", |map| map.entry(1).add(5), |map| map.entry(1).add(1));
    reads::<Dots<u8>>("[7]", |dots| dots.write(7), |dots| dots.write(8));
    reads::<Keyed<u8, Dots<u8>>>(
        "{1: [7]}",
        |keyed| keyed.entry(1).write(7),
        |keyed| keyed.entry(2).write(7),
    );
    let write = |card: &mut Handle<'_, Card>| {
        card.name.set("ada");
        card.visits.add(1);
    };
    reads::<Card>("Card { name: Lww(Some(\"ada\")), visits: Counter(1) }", write, |card| card.visits.add(1));
}

#[test]
fn siblings_and_empty_registers_read_as_what_they_are() {
    let [mut a, mut b] = [1, 2].map(writer::<Causal<MvRegister<u8>>>);
    assert!(a.is_empty());
    a.edit(|register| register.set(7));
    b.edit(|register| register.set(8));
    a.join_ref(b.state());
    assert!(!a.is_empty() && a.is_conflicted());
    assert_eq!((a.inner().len(), format!("{:?}", **a)), (2, "{7, 8}".to_string()));
    a.edit(|register| register.clear());
    assert!(a.is_empty() && a.inner().is_empty());

    let mut lww = writer::<Causal<Lww<u8>>>(1);
    assert!(lww.is_empty() && lww.get().is_none());
    lww.edit(|register| register.set(7));
    assert!(!lww.is_empty());
}

#[test]
fn plain_values_are_printed_whole() {
    let [a, b] = [1, 2].map(ReplicaId::from_u128);
    let (id, other) = ("00000000-0000-0000-0000-000000000001", "00000000-0000-0000-0000-000000000002");
    let print = |value: &dyn Debug| format!("{value:?}");
    let mut up = GCounter::new();
    up.increment(a, 3).unwrap();
    assert_eq!(print(&up), format!("GCounter({{{id}: 3}})"));
    let mut both = PnCounter::new();
    both.add(a, 3).unwrap();
    both.subtract(a, 1).unwrap();
    assert!(print(&both).starts_with(&format!("PnCounter({{{id}: ")), "{both:?}");
    let mut stock = BoundedCounter::new();
    stock.increment(a, 3).unwrap();
    stock.transfer(a, b, 1).unwrap();
    stock.decrement(a, 2).unwrap();
    let (given, spent) = (format!("({id}, {id}): 3, ({id}, {other}): 1"), format!("{id}: 2"));
    assert_eq!(print(&stock), format!("BoundedCounter {{ given: {{{given}}}, spent: {{{spent}}} }}"));
    assert_eq!(print(&GSet::from_iter([2, 1])), "{1, 2}");
    let mut once = TwoPhaseSet::from_iter([1, 2]);
    once.remove(&1);
    assert_eq!(print(&once), "TwoPhaseSet { live: {2}, removed: {1} }");
    let stamp = Stamp::new(causality::Ticks::at_millis(5), a);
    assert_eq!(print(&LwwRegister::written(stamp, 'x')), format!("LwwRegister(Some((5ms+0@{id}, 'x')))"));
}

#[test]
fn identities_versions_and_clocks_are_printed_by_name() {
    let a = ReplicaId::from_u128(1);
    let id = "00000000-0000-0000-0000-000000000001";
    assert_eq!((format!("{a}"), format!("{a:?}")), (id.to_string(), id.to_string()));
    assert_eq!(id.parse::<ReplicaId>().unwrap(), a);
    assert_eq!(ReplicaId::from(uuid::Uuid::from(a)), a);
    assert_eq!(uuid::Uuid::from(a).as_u128(), 1);
    let dots = [1, 2, 5].map(|counter| Dot::new(a, counter).unwrap());
    assert_eq!((format!("{}", dots[2]), format!("{:?}", dots[2])), (format!("{id}:5"), format!("{id}:5")));
    assert_eq!(format!("{:?}", Version::from_iter(dots)), format!("{{{id}: [1..=2, 5..=5]}}"));
    assert_eq!(format!("{:?}", VectorClock::from_iter([(a, 3)])), format!("{{{id}: 3}}"));
}

#[test]
fn roots_writers_handles_and_deltas_are_printed_with_what_is_in_them() {
    let mut a = writer::<Causal<OrSet<u8>>>(1);
    let mut within = String::new();
    let delta = a.edit(|set| {
        set.insert(7);
        within = format!("{set:?}");
    });
    assert_eq!(within, "{7}");
    let id = a.replica();
    let root = format!("Causal {{ store: {{7}}, version: {{{id}: [1..=1]}}, ahead: {{}}, .. }}");
    assert_eq!(format!("{:?}", a.state()), root);
    assert_eq!(format!("{a:?}"), format!("Writer {{ replica: {id}, state: {root}, .. }}"));
    let printed = format!("{delta:?}");
    assert!(printed.starts_with(&format!("Delta {{ events: {{{id}: [1..=1]}}, change: ")), "{printed}");
    assert!(printed.contains(&format!("dot: {id}:1")) && !printed.contains("sweeps"), "{printed}");
}

#[test]
fn errors_say_what_is_wrong_and_that_nothing_was_done() {
    let [a, b] = [1, 2].map(ReplicaId::from_u128);
    let mut stock = BoundedCounter::new();
    let asked = stock.decrement(a, 3).unwrap_err();
    assert_eq!(asked.to_string(), "3 asked for, and 0 held; nothing was changed");
    stock.increment(b, 9).unwrap();
    let asked = stock.decrement(a, 3).unwrap_err();
    assert_eq!(
        asked.to_string(),
        format!("3 asked for, and 0 held; nothing was changed (replica {b} holds 9)")
    );
    let mut counter = GCounter::new();
    counter.increment(a, u64::MAX).unwrap();
    assert!(!counter.increment(a, 1).unwrap_err().to_string().is_empty());
    assert_eq!(store::Full.to_string(), "the state cannot name more replicas; nothing was applied");
    let mut clock = HybridClock::resume(a, causality::Ticks::MAX);
    let exhausted = clock.tick(0).unwrap_err();
    assert_eq!(exhausted.to_string(), "there is no greater stamp; nothing was written");
    let drift =
        HybridClock::new(a).observe(Stamp::new(causality::Ticks::at_millis(100_000), b), 0).unwrap_err();
    assert!(drift.to_string().contains("100000 ms ahead"), "{drift}");
    let failure =
        laws::Failure { law: laws::Law::RoundTrip, story: vec!["A does".into()], seen: "this".into() };
    assert_eq!(failure.to_string(), "broken law: what was saved is loaded\n  A does\nthis");
}

/// Two roots whose first event has one name, as after a copied identity: not equal, although their versions are.
fn told_apart<S: Store<Change: PartialEq + Debug> + Debug + 'static>(
    one: fn(&mut Handle<'_, S>),
    other: fn(&mut Handle<'_, S>),
) {
    let [mut a, mut b] = [1, 1].map(writer::<Causal<S>>);
    let from_a = a.edit_at(0, |store| one(store));
    let from_b = b.edit_at(0, |store| other(store));
    assert!(a.same_version(&b));
    assert!(a.state() != b.state(), "{a:?}, {b:?}");
    assert!(from_a != from_b && from_a.events() == from_b.events(), "{from_a:?}, {from_b:?}");
    assert!(from_a == from_a.clone());
}

#[test]
fn states_and_deltas_are_compared_by_their_facts_and_not_by_their_versions_alone() {
    told_apart::<OrSet<u8>>(|set| set.insert(1), |set| set.insert(2));
    told_apart::<MvRegister<u8>>(|register| register.set(1), |register| register.set(2));
    told_apart::<Map<u8, Counter>>(|map| map.entry(1).add(1), |map| map.entry(1).add(2));
    told_apart::<Map<u8, Counter>>(|map| map.entry(1).add(1), |map| map.entry(2).add(1));
    told_apart::<Card>(|card| card.name.set("ada"), |card| card.visits.add(1));
    let [mut a, mut b] = [1, 2].map(writer::<Causal<OrSet<u8>>>);
    let (from_a, from_b) = (a.edit(|set| set.insert(1)), b.edit(|set| set.insert(1)));
    assert!(from_a != from_b, "the same change in other events");
}

#[test]
fn loops_over_collections_see_their_members() {
    let mut set = GSet::new();
    set.extend([3, 1]);
    assert_eq!((&set).into_iter().collect::<Vec<_>>(), [&1, &3]);
    assert_eq!(set.into_iter().collect::<Vec<_>>(), [1, 3]);
    let once = TwoPhaseSet::from_iter([3, 1]);
    assert_eq!((&once).into_iter().collect::<Vec<_>>(), [&1, &3]);

    let mut keyed = writer::<Causal<Keyed<u8, Dots<char>>>>(1);
    keyed.edit(|keyed| keyed.entry(3).write('c'));
    assert_eq!((&**keyed).into_iter().map(|(key, _)| *key).collect::<Vec<_>>(), [3]);

    let mut mint = causality::Mint::new(ReplicaId::from_u128(1));
    let mut ops = OpSet::new();
    assert!(ops.is_empty());
    for (value, len) in [(1, 1), (2, 2)] {
        ops.effect(ops.prepare_insert(value, &mut mint));
        assert_eq!((ops.len(), ops.is_empty()), (len, false));
    }
}

#[test]
fn what_is_under_a_key_can_be_written_if_it_is_there() {
    let mut map = writer::<Causal<Map<u8, Counter>>>(1);
    map.edit(|map| {
        assert!(map.get_mut(&1).is_none());
        map.entry(1).add(5);
        map.get_mut(&1).unwrap().add(1);
    });
    assert_eq!(map.get(&1).map(Counter::get), Some(6));
    let mut keyed = writer::<Causal<Keyed<u8, Dots<u8>>>>(1);
    keyed.edit(|keyed| {
        assert!(keyed.get_mut(&1).is_none());
        keyed.entry(1).write(5);
        keyed.get_mut(&1).unwrap().add(6);
    });
    assert!(keyed.get(&1).unwrap().values().eq(&[5, 6]));
}
