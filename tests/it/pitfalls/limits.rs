//! The ends of numbers, and what should not grow.

use rejoin::causality::Mint;
use rejoin::{
    BoundedCounter, Causal, Counter, Crdt, Delta, GCounter, Lattice, LwwMap, Map, OpBased, OpSet, OrSet,
    Overflow, PnCounter, ReplicaId, Store, VectorClock, Writer,
};

use super::ways::{Handle, Site, Subject, agree, every_way, sites};

const TOP: u128 = u64::MAX as u128;

#[test]
fn counters_end_in_an_error_and_nothing_wraps() {
    every_way(|ways| {
        let [mut a, mut b] = sites::<GCounter, 2>();
        a.edit(|count| count.increment(u64::MAX).unwrap());
        b.edit(|count| count.increment(u64::MAX - 1).unwrap());
        a.edit(|count| assert_eq!(count.increment(1), Err(Overflow)));
        assert_eq!(a.get(), TOP);
        b.hear(&a, ways);
        b.edit(|count| assert_eq!(count.increment(2), Err(Overflow)));
        b.edit(|count| count.increment(1).unwrap());
        let mut c = a.fork();
        c.edit(|count| count.increment(7).unwrap());
        agree(ways, [&mut a, &mut b, &mut c], |count| assert_eq!(count.get(), 2 * TOP + 7));
    });
    every_way(|ways| {
        let [mut a, mut b] = sites::<PnCounter, 2>();
        a.edit(|count| {
            count.subtract(u64::MAX).unwrap();
            assert_eq!(count.subtract(1), Err(Overflow));
            count.add(3).unwrap();
            assert_eq!(count.add(u64::MAX - 2), Err(Overflow));
        });
        b.edit(|count| count.subtract(u64::MAX).unwrap());
        b.hear(&a, ways);
        agree(ways, [&mut a, &mut b], |count| assert_eq!(count.get(), 3 - 2 * TOP.cast_signed()));
    });
    every_way(|ways| {
        let [mut a, mut b] = sites::<BoundedCounter, 2>();
        a.edit(|stock| {
            stock.increment(u64::MAX).unwrap();
            assert!(stock.increment(1).is_err());
            stock.transfer(ReplicaId::from_u128(2), u64::MAX).unwrap();
        });
        b.edit(|stock| stock.increment(u64::MAX).unwrap());
        b.hear(&a, ways);
        assert_eq!(b.rights(b.id()), 2 * TOP);
        b.edit(|stock| {
            stock.decrement(u64::MAX).unwrap();
            assert!(
                stock.decrement(1).is_err(),
                "there are rights, but no more can be written down as spent"
            );
        });
        agree(ways, [&mut a, &mut b], |stock| assert_eq!(stock.get(), TOP));
    });
    every_way(|ways| {
        let [mut a, mut b] = sites::<Causal<Counter>, 2>();
        a.edit(|count| [i64::MAX, i64::MAX, 5].into_iter().for_each(|n| count.add(n)));
        b.edit(|count| [i64::MIN, i64::MIN, -5].into_iter().for_each(|n| count.add(n)));
        assert_eq!(a.get(), 2 * i128::from(i64::MAX) + 5);
        b.hear(&a, ways);
        agree(ways, [&mut a, &mut b], |count| assert_eq!(count.get(), -2));
    });
}

/// Somebody has counted to the end in the name of another, who must still be able to count.
fn goes_on<T: Subject>(
    forge: impl Fn(&mut Site<T>),
    count_one: impl Fn(&mut Site<T>),
    get: impl Fn(&T) -> i128,
) {
    every_way(|ways| {
        let [mut a, mut b] = sites::<T, 2>();
        count_one(&mut a);
        let mut thief = Site::called(a.id());
        forge(&mut thief);
        a.hear(&thief, ways);
        let before = get(&a);
        count_one(&mut a);
        assert_eq!(get(&a), before + 1);
        assert!(a.writer.renewed().is_some());
        count_one(&mut a);
        b.hear(&a, ways);
        agree(ways, [&mut a, &mut b], |state| assert_eq!(get(state), before + 2));
    });
}

#[test]
fn a_counter_at_its_end_from_a_peer_freezes_nobody() {
    goes_on::<GCounter>(
        |thief| drop(thief.edit(|count| count.increment(u64::MAX).unwrap())),
        |site| drop(site.edit(|count| count.increment(1).unwrap())),
        |count| count.get().cast_signed(),
    );
    goes_on::<PnCounter>(
        |thief| drop(thief.edit(|count| count.add(u64::MAX).unwrap())),
        |site| drop(site.edit(|count| count.add(1).unwrap())),
        PnCounter::get,
    );
    goes_on::<BoundedCounter>(
        |thief| drop(thief.edit(|stock| stock.increment(u64::MAX).unwrap())),
        |site| drop(site.edit(|stock| stock.increment(1).unwrap())),
        |stock| stock.get().cast_signed(),
    );

    let (a, b) = (ReplicaId::from_u128(1), ReplicaId::from_u128(2));
    let mut clock = VectorClock::from_iter([(a, 1)]);
    clock.join(VectorClock::from_iter([(a, u64::MAX)]));
    assert_eq!((clock.increment(a), clock.get(a)), (None, u64::MAX));
    assert_eq!(clock.increment(b), Some(1));
}

/// By a version that claims all events that a replica can ever have, by its last event, and by a removal of that.
#[test]
#[cfg(feature = "serde")]
fn a_peers_claim_of_the_last_dot_freezes_nobody() {
    use rejoin::Dot;
    use serde_json::json;

    let [a, _] = sites::<Causal<Counter>, 2>();
    let (victim, stranger) = (a.id(), ReplicaId::from_u128(9));
    let claims_all = json!({ "events": [[victim, [[2, Dot::MAX_COUNTER]]]], "change": [] });
    let claims_last = json!({
        "events": [[victim, [[Dot::MAX_COUNTER, Dot::MAX_COUNTER]]]],
        "change": [{ "dot": [victim, Dot::MAX_COUNTER], "add": [100], "kills": [] }],
    });
    let kills_last = json!({
        "events": [[stranger, [[1, 1]]]],
        "change": [{ "dot": [stranger, 1], "add": [], "kills": [[victim, Dot::MAX_COUNTER]] }],
    });
    for claim in [claims_all, claims_last, kills_last] {
        every_way(|ways| {
            let [mut a, mut b] = sites::<Causal<Counter>, 2>();
            a.edit(|count| count.add(1));
            let claim = b.note(serde_json::from_value(claim.clone()).unwrap());
            b.hear_only([&claim], ways);
            a.hear(&b, ways);
            let before = a.get();
            let delta = a.edit(|count| count.add(1));
            assert_eq!((a.get(), delta.events().last(victim)), (before + 1, 0));
            assert_eq!(a.writer.renewed().map(|renewal| renewal.old), Some(victim));
            a.edit(|count| count.add(1));
            agree(ways, [&mut a, &mut b], |count| assert_eq!(count.get(), before + 2));
        });
    }
}

/// How many facts a removal would have to kill.
fn dots_of(set: &Causal<OrSet<char>>) -> usize {
    let delta = Writer::over(set.clone()).edit(|set| set.clear());
    delta.change().iter().flat_map(|(_, leaf)| leaf.events()).map(|event| event.kills().len()).sum()
}

#[test]
fn an_element_added_by_a_thousand_replicas_has_one_dot() {
    let mut by_state = Causal::<OrSet<char>>::default();
    let mut deltas = Vec::new();
    for n in 1..=1_000 {
        let mut writer = Writer::with_ids(by_state, move || ReplicaId::from_u128(n));
        deltas.push(writer.edit(|set| set.insert('x')));
        by_state = writer.into_state();
    }
    assert_eq!((by_state.version().dot_count(), by_state.ahead().dot_count()), (1_000, 0));
    assert_eq!((by_state.len(), dots_of(&by_state)), (1, 1));

    let [mut by_deltas, mut backwards] = [0, 1].map(|_| Causal::<OrSet<char>>::default());
    let mut group = Delta::default();
    for (n, (delta, latest)) in deltas.iter().zip(deltas.iter().rev()).enumerate() {
        by_deltas.effect(delta.clone());
        backwards.effect(latest.clone());
        group.join(delta.clone());
        assert!(n % 50 > 0 || dots_of(&by_deltas) == 1 && dots_of(&backwards) == 1);
    }
    let mut by_group = Causal::<OrSet<char>>::default();
    by_group.effect(group);
    assert!(by_state == by_deltas && by_state == backwards && by_state == by_group);
    #[cfg(feature = "serde")]
    assert!(serde_json::to_value(&by_state).unwrap()["facts"].to_string().len() < 100);

    // Where all add at the same time, the next to add leaves one dot again.
    let mut crowd = Causal::<OrSet<char>>::default();
    for n in 1..=200 {
        let mut writer = Writer::<Causal<OrSet<char>>>::with_id(ReplicaId::from_u128(n));
        writer.edit(|set| set.insert('x'));
        crowd.join_ref(writer.state());
    }
    assert_eq!(dots_of(&crowd), 200);
    let mut writer = Writer::over(crowd);
    writer.edit(|set| set.insert('x'));
    assert_eq!(dots_of(writer.state()), 1);

    let (mut ops, mut killed) = (OpSet::new(), 0);
    for n in 1..=1_000 {
        let insertion = ops.prepare_insert('x', &mut Mint::new(ReplicaId::from_u128(n)));
        killed +=
            usize::from(matches!(&insertion, rejoin::SetOp::Insert { replaces, .. } if replaces.len() == 1));
        ops.effect(insertion);
    }
    assert_eq!((ops.len(), killed), (1, 999));
}

/// Three replicas write and take away `turns` times, turn about, and hear of each other now and then.
fn leaves_nothing<S>(
    turns: u32,
    put: impl Fn(&mut Handle<'_, Causal<S>>, u32),
    take: impl Fn(&mut Handle<'_, Causal<S>>, u32),
) where
    S: Store + 'static,
    Causal<S>: Subject + Crdt<Delta = Delta<S>>,
{
    let [mut a, mut b, mut c] = [1, 2, 3].map(|n| Writer::<Causal<S>>::with_id(ReplicaId::from_u128(n)));
    let mut observer = Causal::<S>::default();
    let mut most = 0;
    for turn in 0..turns {
        let put_in = a.edit_at(u64::from(turn), |handle| put(handle, turn));
        most = most.max(put_in.events().dot_count());
        b.apply(put_in.clone());
        let taken = b.edit_at(u64::from(turn), |handle| take(handle, turn));
        if turn % 2 == 0 {
            observer.effect(put_in);
            observer.effect(taken.clone());
        } else {
            observer.effect(taken.clone());
            observer.effect(put_in);
        }
        a.apply(taken);
        assert!(a.is_empty() && b.is_empty() && observer.is_empty());
        std::mem::swap(&mut b, &mut c);
        b.join_ref(c.state());
    }
    for state in [a.state(), b.state(), &observer] {
        assert!(state == a.state() && state.is_empty() && state.ahead().is_empty());
        assert_eq!(state.version().interval_count(), 3);
        assert!(state.version().dot_count() >= u128::from(turns));
        #[cfg(feature = "serde")]
        assert!(serde_json::to_string(state).unwrap().len() < 300);
    }
    assert!(most > 0);
}

#[test]
fn keys_that_come_and_go_leave_nothing() {
    // 100,000 keys, all different.
    let keys = |turn: u32| turn * 100..(turn + 1) * 100;
    leaves_nothing::<OrSet<u32>>(
        400,
        |set, turn| set.extend(keys(turn)),
        |set, turn| keys(turn).for_each(|key| set.remove(&key)),
    );
    leaves_nothing::<LwwMap<u32, u32>>(
        300,
        |map, turn| map.extend(keys(turn).map(|key| (key, key))),
        |map, _| map.clear(),
    );
    leaves_nothing::<Map<u32, Map<u32, Counter>>>(
        300,
        |map, turn| keys(turn).for_each(|key| map.entry(key).entry(key).add(1)),
        |map, turn| keys(turn).for_each(|key| map.remove(&key)),
    );
}
