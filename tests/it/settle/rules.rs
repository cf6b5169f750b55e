//! Each rule, by the history that breaks who does without it.

use std::borrow::Cow;

use super::*;

#[test]
fn increments_of_one_replica_become_one_under_the_last_of_their_dots() {
    let mut a = writer::<Counter>(1);
    for n in [1, 10, 100] {
        a.edit(|count| count.add(n));
    }
    assert!(a.settle(&up_to(&[(1, 2)])));
    assert_eq!(increments(&a), [(1, 2, 11), (1, 3, 100)]);
    assert_eq!(a.horizon(), &up_to(&[(1, 2)]));
    assert!(!a.settle(&up_to(&[(1, 2)])) && !a.settle(&up_to(&[(1, 1)])) && !a.settle(&Version::new()));
    assert!(a.settle(&up_to(&[(1, 3)])));
    assert_eq!((increments(&a), a.get()), (vec![(1, 3, 111)], 111));
}

/// A reset may have seen one and not the other.
#[test]
fn increments_of_two_replicas_stay_two() {
    let (mut a, mut b) = (writer::<Counter>(1), writer::<Counter>(2));
    for _ in 0..3 {
        a.edit(|count| count.add(1));
        b.edit(|count| count.add(10));
    }
    a.join_ref(b.state());
    a.settle(&up_to(&[(1, 3), (2, 2)]));
    assert_eq!(increments(&a), [(1, 3, 3), (2, 2, 20), (2, 3, 10)]);
}

/// In each place for itself.
#[test]
fn increments_under_two_keys_stay_two() {
    let mut a = writer::<Map<u8, Counter>>(1);
    for n in 1..=4 {
        a.edit(|counts| counts.entry(n % 2).add(n.into()));
    }
    let all = a.version().clone();
    a.settle(&all);
    for (key, last, sum) in [(0, 4, 6), (1, 3, 4)] {
        let facts: Vec<_> = a.facts(|counts| counts.get(&key).map(Counter::inner)).collect();
        assert_eq!(facts, [(dot(1, last), &sum)]);
    }
}

#[test]
fn only_what_has_no_gaps_and_was_seen_is_settled() {
    let mut a = writer::<Counter>(1);
    let deltas: Vec<_> = (0..5).map(|_| a.edit(|count| count.add(1))).collect();
    let mut b = Causal::<Counter>::default();
    for n in [0, 1, 3] {
        b.apply(deltas[n].clone());
    }

    assert!(!b.settle(&[dot(1, 2), dot(1, 4), dot(9, 1)].into_iter().collect()), "a horizon with gaps");
    assert!(b.settle(&up_to(&[(1, 5), (9, 3)])), "of a version with gaps, what is before them");
    assert_eq!(b.horizon(), &up_to(&[(1, 2)]));
    assert_eq!(increments(&b), [(1, 2, 2), (1, 4, 1)]);
    assert!(
        b.settle(&[dot(1, 1), dot(1, 2), dot(1, 4)].into_iter().collect())
            || b.horizon() == &up_to(&[(1, 2)])
    );
    b.apply(deltas[2].clone());
    assert!(b.settle(&up_to(&[(1, 5)])));
    assert_eq!(increments(&b), [(1, 4, 4)]);
}

#[test]
fn what_does_not_fit_stays_apart_however_often_it_was_settled() {
    for amounts in [
        vec![i64::MAX, 1, -1, 5],
        vec![i64::MAX, i64::MAX, i64::MAX],
        vec![i64::MIN, -1, 1, i64::MAX, 7, 7],
        vec![5, i64::MAX - 2, -3, i64::MIN, -9],
    ] {
        let mut a = writer::<Counter>(1);
        let mut step_by_step = Causal::<Counter>::default();
        for (n, amount) in (1..).zip(&amounts) {
            step_by_step.apply(a.edit(|count| count.add(*amount)));
            assert!(step_by_step.settle(&up_to(&[(1, n)])));
        }
        let all = a.version().clone();
        a.settle(&all);
        assert_eq!(a.state(), &step_by_step);
        assert_eq!(a.get(), amounts.iter().map(|n| i128::from(*n)).sum());
        assert!(increments(&a).len() < amounts.len() || amounts.iter().all(|n| *n == i64::MAX));
        // Whoever settles the same in one step after another of somebody else's ends there too.
        let mut other = Causal::<Counter>::default();
        other.join_ref(&step_by_step);
        assert_eq!(&other, a.state());
    }
}

/// C resets what it knows, and says nothing yet. Then it hears of the second increment: now everybody has seen both.
#[test]
fn everybody_has_seen_it_is_not_enough() {
    let (mut a, mut b, mut c) = (writer::<Counter>(1), writer::<Counter>(2), writer::<Counter>(3));
    let [first, second] = [1, 10].map(|n| a.edit(|count| count.add(n)));
    c.apply(first.clone());
    let unsent = c.edit(|count| count.reset());
    c.apply(second.clone());
    b.apply(first);
    b.apply(second);
    let both = up_to(&[(1, 2)]);
    assert!([a.version(), b.version(), c.version()].iter().all(|version| version.covers(&both)));

    let mut hasty = b.state().clone();
    hasty.settle(&both);
    hasty.apply(unsent.clone());
    let mut plain = b.state().clone();
    plain.apply(unsent.clone());
    assert_eq!((hasty.get(), plain.get(), c.get()), (11, 10, 10), "what was reset has come back");

    // By the rule: C's acknowledgement knows of an event of C that B has not seen.
    let acknowledged = |b: &Causal<Counter>| {
        [(1, a.version()), (2, b.version()), (3, c.version())]
            .map(|(n, version)| vec![(id(n), version.clone())])
    };
    let before = stable(&b, &acknowledged(&b));
    assert!(before.is_empty() && !b.settle(&before));
    b.apply(unsent);
    let after = stable(&b, &acknowledged(&b));
    assert!(after.covers(&both) && b.settle(&after));
    assert_eq!(b.get(), 10);
}

#[test]
fn a_reset_of_what_was_folded_reaches_who_has_not_folded_it() {
    let (mut a, mut b) = (writer::<Counter>(1), writer::<Counter>(2));
    for _ in 0..3 {
        b.apply(a.edit(|count| count.add(1)));
    }
    a.settle(&up_to(&[(1, 2)]));
    let meanwhile = b.edit(|count| count.add(100));
    let reset = a.edit(|count| count.reset());
    assert_eq!(reset.sweeps().len(), 1);
    let sweep = reset.sweeps().next().unwrap();
    assert_eq!(
        (sweep.events(), sweep.horizon()),
        (&up_to(&[(1, 4)]).difference(&up_to(&[(1, 3)])), a.horizon())
    );
    b.apply(reset);
    assert_eq!(increments(&b), [(2, 1, 100)]);
    a.apply(meanwhile);
    assert_eq!((a.get(), b.get()), (100, 100));
    a.join_ref(b.state());
    b.join_ref(a.state());
    assert_eq!(a.state(), b.state());
}

/// As it happens in maps, where the key is removed.
#[test]
fn a_removed_key_takes_what_was_folded_under_it_along() {
    let (mut a, mut b) = (writer::<Map<u8, Counter>>(1), writer::<Map<u8, Counter>>(2));
    for _ in 0..3 {
        b.apply(a.edit(|counts| counts.entry(7).add(1)));
    }
    let all = a.version().clone();
    a.settle(&all);
    for delta in [a.edit(|counts| counts.remove(&7)), a.edit(|counts| counts.entry(7).add(5))] {
        b.apply(delta);
    }
    assert_eq!(b.get(&7).map(Counter::get), Some(5));
}

/// What does not fold is removed by its dots alone, whatever is settled; and where nothing is settled nothing is swept.
#[test]
fn only_what_was_folded_or_dropped_is_swept() {
    let (mut set, mut count) = (writer::<OrSet<u8>>(1), writer::<Counter>(1));
    set.edit(|set| set.insert(1));
    let all = set.version().clone();
    assert!(set.settle(&all));
    assert_eq!(set.edit(|set| set.remove(&1)).sweeps().len(), 0);
    assert_eq!(set.edit(|set| set.insert(1)).sweeps().len(), 0);

    count.edit(|count| count.add(1));
    assert_eq!(count.edit(|count| count.reset()).sweeps().len(), 0);
    let all = count.version().clone();
    assert!(count.settle(&all));
    assert_eq!(count.edit(|count| count.add(1)).sweeps().len(), 0);
    assert_eq!(count.edit(|count| count.reset()).sweeps().len(), 0, "what it kills is not settled");
}

#[test]
fn a_removal_is_dropped_when_it_is_settled() {
    let mut a = writer::<RwSet<u8>>(1);
    a.edit(|set| set.extend([1, 2]));
    a.edit(|set| set.remove(1));
    a.edit(|set| set.remove(3));
    let places = |set: &Causal<RwSet<u8>>| set.inner().iter().map(|(key, _)| *key).collect::<Vec<_>>();
    assert_eq!(places(&a), [1, 2, 3]);
    a.settle(&up_to(&[(1, 3)]));
    assert_eq!(places(&a), [2, 3]);
    a.settle(&up_to(&[(1, 4)]));
    assert_eq!(places(&a), [2]);
    assert!(a.iter().eq(&[2]));

    let mut flag = writer::<DwFlag>(1);
    flag.edit(|flag| flag.enable());
    flag.settle(&up_to(&[(1, 1)]));
    assert!(flag.is_enabled());
    flag.edit(|flag| flag.disable());
    flag.settle(&up_to(&[(1, 2)]));
    assert!(!flag.is_enabled() && Store::is_empty(&**flag.state()));
}

/// A removal and an insertion that did not know of each other. Were the settled one dropped alone, the other would win.
#[test]
fn a_removal_is_dropped_whole_or_not_at_all() {
    let (mut a, mut b) = (writer::<RwSet<u8>>(1), writer::<RwSet<u8>>(2));
    a.edit(|set| set.remove(7));
    b.edit(|set| set.insert(7));
    a.join_ref(b.state());
    assert!(a.settle(&up_to(&[(1, 1)])));
    assert!(!a.contains(&7));
    assert_eq!(a.inner().get(&7).map(Dots::len), Some(2));
    assert!(a.settle(&up_to(&[(1, 1), (2, 1)])));
    assert!(!a.contains(&7) && a.inner().is_empty());
}

/// Both know the removal. A, who has dropped it, inserts again and has nothing left to name; B must not let the removal win.
#[test]
fn an_insertion_over_a_dropped_removal_reaches_who_has_not_dropped_it() {
    let (mut a, mut b) = (writer::<RwSet<u8>>(1), writer::<RwSet<u8>>(2));
    b.apply(a.edit(|set| set.remove(7)));
    let all = a.version().clone();
    a.settle(&all);
    assert!(a.inner().is_empty());
    let insertion = a.edit(|set| set.insert(7));
    b.apply(insertion);
    assert!(a.contains(&7) && b.contains(&7));
    let again = b.edit(|set| set.insert(8));
    a.apply(again);
    b.settle(&all);
    assert_eq!(a.state(), b.state());

    let (mut a, mut b) = (writer::<DwFlag>(1), writer::<DwFlag>(2));
    b.apply(a.edit(|flag| flag.disable()));
    let all = a.version().clone();
    a.settle(&all);
    b.apply(a.edit(|flag| flag.enable()));
    assert!(a.is_enabled() && b.is_enabled());
}

/// Folding and dropping change no reading: a key is present as before, also with a sum of 0.
#[test]
fn presence_does_not_change() {
    record! {
        #[derive(Debug, PartialEq)]
        struct Room { visits: Counter, banned: RwSet<u8>, open: DwFlag }
    }
    let mut a = writer::<Map<u8, Room>>(1);
    a.edit(|rooms| rooms.entry(1).visits.add(5));
    a.edit(|rooms| rooms.entry(1).visits.add(-5));
    a.edit(|rooms| rooms.entry(2).banned.remove(1));
    a.edit(|rooms| rooms.entry(3).open.disable());
    a.edit(|rooms| rooms.entry(4).open.enable());
    a.edit(|rooms| rooms.entry(4).banned.remove(9));
    let read = |state: &Causal<Map<u8, Room>>| format!("{:?}", **state);
    let before = read(&a);
    let all = a.version().clone();
    a.settle(&all);
    assert_eq!(read(&a), before);
    assert!(a.keys().eq(&[1, 4]));
    assert_eq!(a.get(&1).map(|room| room.visits.get()), Some(0));
    a.edit(|rooms| rooms.clear());
    assert!(Store::is_empty(&**a.state()), "and nothing is left of rooms 2 and 3");
}

/// Types of one's own settle as what is inside them.
#[test]
fn newtypes_inherit() {
    #[derive(Clone, Default)]
    struct Likes(Counter);

    impl Newtype for Likes {
        type Inner = Counter;

        fn inner(&self) -> &Counter {
            &self.0
        }

        fn inner_mut(&mut self) -> &mut Counter {
            &mut self.0
        }

        fn into_inner(self) -> Counter {
            self.0
        }
    }

    let (mut a, mut b) = (writer::<Map<u8, Likes>>(1), writer::<Map<u8, Likes>>(2));
    for _ in 0..3 {
        b.apply(a.edit(|likes| likes.entry(1).inner().add(1)));
    }
    let all = a.version().clone();
    a.settle(&all);
    assert_eq!(a.facts(|likes| likes.get(&1).map(|likes| likes.0.inner())).count(), 1);
    b.apply(a.edit(|likes| likes.remove(&1)));
    assert!(b.is_empty());
}

#[test]
fn who_is_behind_is_refused_whole_and_takes_a_state_first() {
    let (mut a, mut b) = (writer::<Counter>(1), writer::<Counter>(2));
    let [first, second] = [1, 2].map(|n| a.edit(|count| count.add(n)));
    let all = a.version().clone();
    a.settle(&all);
    let before = a.state().clone();
    let mut reset = a.edit(|count| count.reset());
    reset.join(a.edit(|count| count.add(100)));

    b.apply(first.clone());
    let untouched = b.state().clone();
    assert_eq!(b.try_apply(reset.clone()), Err(Refused::Behind));
    assert_eq!(b.state(), &untouched);
    let message = std::panic::catch_unwind(|| Causal::<Counter>::default().apply(reset.clone())).unwrap_err();
    assert!(message.downcast_ref::<String>().unwrap().contains("take a state first"));

    let mut with_what_is_missing = second.clone();
    with_what_is_missing.join(reset.clone());
    let mut by_delta = b.state().clone();
    assert_eq!(by_delta.try_apply(with_what_is_missing), Ok(true), "the delta brings what is missing along");

    b.join_ref(&before);
    assert_eq!(b.try_apply(reset.clone()), Ok(true));
    assert_eq!(b.state(), a.state());
    assert!(by_delta.settle(&all));
    assert_eq!(&by_delta, a.state());

    // What comes without the reset is taken.
    let addition = reset.without(&up_to(&[(1, 3)]));
    assert_eq!((addition.events().dot_count(), addition.sweeps().len()), (1, 0));
    assert_eq!(Causal::<Counter>::default().try_apply(addition), Ok(true));
}

#[test]
fn groups_keep_each_events_own_horizon() {
    let mut a = writer::<Map<u8, Counter>>(1);
    let mut group = Delta::default();
    for n in 1..=3_u8 {
        group.join(a.edit(|counts| (0..3).for_each(|key| counts.entry(key).add(n.into()))));
        let all = a.version().clone();
        a.settle(&all);
        group.join(a.edit(|counts| counts.remove(&n)));
        group.join(a.edit(|counts| counts.remove(&0)));
    }
    assert_eq!(group.sweeps().len(), 3, "a horizon for each round");
    assert!(group.sweeps().zip(group.sweeps().skip(1)).all(|(a, b)| a.horizon() < b.horizon()));

    let mut whole = Causal::<Map<u8, Counter>>::default();
    whole.apply(group.clone());
    for cut in 0..=group.events().dot_count() {
        let first: Version = group.events().dots().take(cut.try_into().unwrap()).collect();
        let (first, rest) = (group.only(&first), group.without(&first));
        let mut again = rest.clone();
        again.join(first.clone());
        assert!(again == group, "cut at {cut}");
        let mut again = first.clone();
        again.join(rest.clone());
        assert!(again == group, "cut at {cut}");
        let mut by_halves = Causal::<Map<u8, Counter>>::default();
        by_halves.apply(first);
        by_halves.apply(rest);
        assert_eq!(by_halves, whole, "cut at {cut}");
    }
    let all = whole.version().clone();
    whole.settle(&all);
    a.settle(&all);
    assert_eq!(a.state(), &whole);
}

/// Both have the fact of the last increment, and B has put the others into it.
#[test]
fn the_value_is_that_of_the_side_that_has_settled_more() {
    let mut a = writer::<Counter>(1);
    for _ in 0..3 {
        a.edit(|count| count.add(1));
    }
    let (mut b, mut c) = (writer::<Counter>(2), writer::<Counter>(3));
    b.join_ref(a.state());
    c.join_ref(a.state());
    b.settle(&up_to(&[(1, 3)]));
    b.edit(|count| count.add(10));
    c.edit(|count| count.add(100)); // so that neither has seen all of the other
    for (mine, theirs) in [(&b, &c), (&c, &b)] {
        for theirs in [Cow::Borrowed(theirs.state()), Cow::Owned(theirs.state().clone())] {
            let mut joined = mine.state().clone();
            assert_eq!(joined.try_join(theirs), Ok(true));
            assert_eq!(increments(&joined), [(1, 3, 3), (2, 1, 10), (3, 1, 100)]);
            assert_eq!(joined.horizon(), &up_to(&[(1, 3)]));
        }
    }
    // A fact alone in its place.
    let facts = |state: &Causal<Map<u8, Counter>>| {
        state.facts(|map| map.get(&1).map(Counter::inner)).map(|(_, n)| *n).collect::<Vec<_>>()
    };
    let mut a = writer::<Map<u8, Counter>>(1);
    a.edit(|map| map.entry(1).add(1));
    a.edit(|map| map.entry(1).add(1));
    let (mut b, mut c) = (writer::<Map<u8, Counter>>(2), writer::<Map<u8, Counter>>(3));
    b.join_ref(a.state());
    c.join_ref(a.state());
    b.settle(&up_to(&[(1, 2)]));
    b.edit(|map| map.entry(2).add(1));
    c.edit(|map| map.entry(3).add(1));
    let mut d = b.state().clone();
    d.join_ref(c.state());
    c.join_ref(b.state());
    assert_eq!((facts(&c), facts(&d)), (vec![2], vec![2]));
    assert_eq!(c.state(), &d);
    // And in both places, because one of them has not heard of what was put into it.
    let mut a = writer::<Map<u8, Counter>>(1);
    a.edit(|map| map.entry(1).add(5));
    let second = a.edit(|map| map.entry(1).add(7));
    let mut c = writer::<Map<u8, Counter>>(3);
    c.apply(second);
    c.edit(|map| map.entry(3).add(1));
    a.settle(&up_to(&[(1, 2)]));
    for theirs in [Cow::Borrowed(a.state()), Cow::Owned(a.state().clone())] {
        let mut joined = c.state().clone();
        assert_eq!((facts(&joined), facts(&theirs)), (vec![7], vec![12]));
        assert_eq!(joined.try_join(theirs), Ok(true));
        assert_eq!(facts(&joined), [12]);
    }
}

#[test]
fn who_has_seen_more_and_settled_less_settles() {
    let (mut a, mut b) = (writer::<Counter>(1), writer::<Counter>(2));
    a.edit(|count| count.add(1));
    a.edit(|count| count.add(1));
    b.join_ref(a.state());
    let mut settled = b.state().clone();
    settled.settle(&up_to(&[(1, 2)]));
    assert!(!settled.same_version(&b) && settled != *b.state());
    a.edit(|count| count.add(1));
    let (mut one, mut other) = (a.state().clone(), settled.clone());
    assert!(one.join_ref(&settled), "news, although no event is");
    assert!(!one.join_ref(&settled));
    assert!(other.join_ref(a.state()));
    assert_eq!(increments(&one), [(1, 2, 2), (1, 3, 1)]);
    assert!(one == other && one.same_version(&other));
}

/// A has settled the removal, B the insertion that did not know of it.
#[test]
fn a_place_of_which_each_has_settled_a_part_is_dropped_when_they_meet() {
    let (mut a, mut b) = (writer::<RwSet<u8>>(1), writer::<RwSet<u8>>(2));
    let (removal, insertion) = (a.edit(|set| set.remove(7)), b.edit(|set| set.insert(7)));
    a.apply(insertion);
    b.apply(removal);
    a.settle(&up_to(&[(1, 1)]));
    b.settle(&up_to(&[(2, 1)]));
    a.edit(|set| set.insert(1));
    b.edit(|set| set.insert(2));
    let (mut one, mut other) = (a.state().clone(), b.state().clone());
    one.join_ref(b.state());
    other.join_ref(a.state());
    assert_eq!(one, other);
    assert_eq!(one.horizon(), &up_to(&[(1, 1), (2, 1)]));
    assert!(one.iter().eq(&[1, 2]) && one.inner().get(&7).is_none());
}

#[test]
fn horizons_that_do_not_compare_join() {
    let (mut a, mut b) = (writer::<Counter>(1), writer::<Counter>(2));
    for _ in 0..3 {
        let (from_a, from_b) = (a.edit(|count| count.add(1)), b.edit(|count| count.add(10)));
        a.apply(from_b);
        b.apply(from_a);
    }
    a.settle(&up_to(&[(1, 3), (2, 1)]));
    b.settle(&up_to(&[(1, 2), (2, 3)]));
    a.edit(|count| count.add(100));
    b.edit(|count| count.add(1_000));
    let (mut one, mut other) = (a.state().clone(), b.state().clone());
    one.join_ref(b.state());
    other.join_ref(a.state());
    assert_eq!(one, other);
    assert_eq!(increments(&one), [(1, 3, 3), (1, 4, 100), (2, 3, 30), (2, 4, 1_000)]);
}

/// Kills of a part of what was folded are lies, if what was settled was stable. They may hit nothing; nothing breaks.
#[test]
fn who_lies_about_what_is_stable_breaks_nothing_but_the_count() {
    let mut a = writer::<Counter>(1);
    let [first, second] = [1, 10].map(|n| a.edit(|count| count.add(n)));
    let all = a.version().clone();
    a.settle(&all);
    for (hears, left) in [(&first, 11), (&second, 0)] {
        let mut liar = writer::<Counter>(2);
        liar.apply(hears.clone());
        let mut state = a.state().clone();
        assert!(state.apply(liar.edit(|count| count.reset())));
        assert_eq!(state.get(), left);
        assert!(state.ahead().is_empty());
        assert_eq!(Causal::decode(&state.encode()).as_ref(), Ok(&state));
        let mut joined = a.state().clone();
        joined.join_ref(&state);
        assert_eq!(joined, state);
    }
}

/// A writer goes on after it has settled, under its own dots.
#[test]
fn writers_fork_and_resume_with_what_is_settled() {
    let mut a = writer::<Counter>(1);
    a.edit(|count| count.add(1));
    a.edit(|count| count.add(1));
    let all = a.version().clone();
    assert!(a.settle(&all));
    let fork = a.fork();
    assert_eq!(fork.horizon(), &all);
    let (identity, state) = a.suspend();
    let mut a = Writer::resume(identity, state);
    a.edit(|count| count.add(1));
    assert!(a.renewed().is_none());
    assert_eq!(increments(&a), [(1, 2, 2), (1, 3, 1)]);
}

/// A transaction that fails half-way has swept nothing, neither here nor elsewhere.
#[test]
fn what_was_swept_before_a_transaction_failed_is_there_again() {
    let (mut a, mut b) = (writer::<Counter>(1), writer::<Counter>(2));
    for _ in 0..2 {
        b.apply(a.edit(|count| count.add(1)));
    }
    let all = a.version().clone();
    a.settle(&all);
    let before = a.state().clone();
    let failed = a.try_edit(|count| {
        count.reset();
        Err("no")
    });
    assert!(failed.is_err());
    assert_eq!(a.state(), &before);
    let next = a.edit(|count| count.add(5));
    assert_eq!(next.sweeps().len(), 0);
    b.apply(next);
    assert_eq!((a.get(), b.get()), (7, 7));
}
