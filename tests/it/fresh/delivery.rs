//! Histories of bad delivery: every order, every event on its own, groups, gaps and halves.

use rejoin::{
    Causal, Counter, Crdt, Delta, DwFlag, Lattice, Lww, Map, MvRegister, OrSet, ReplicaId, RwSet, Writer,
    record,
};

fn trio<T: rejoin::store::Root>() -> [Writer<T>; 3] {
    [1, 2, 3].map(|n| Writer::with_id(ReplicaId::from_u128(n)))
}

record! {
    #[derive(Debug, PartialEq)]
    struct All {
        tags: OrSet<u8>,
        barred: RwSet<u8>,
        open: DwFlag,
        title: MvRegister<u8>,
        color: Lww<u8>,
        votes: Map<u8, Counter>,
    }
}

/// All orders of the numbers below `n`.
fn orders(n: usize) -> Vec<Vec<usize>> {
    if n == 0 {
        return vec![Vec::new()];
    }
    let shorter = orders(n - 1);
    let extend = |order: &Vec<usize>, at: usize| {
        let mut longer = order.clone();
        longer.insert(at, n - 1);
        longer
    };
    shorter.iter().flat_map(|order| (0..n).map(move |at| extend(order, at))).collect()
}

/// Three replicas write everything against each other; what they sent, and the state in which they end.
fn turmoil() -> (Vec<Delta<All>>, Causal<All>) {
    let [mut a, mut b, mut c] = trio::<Causal<All>>();
    let first = a.edit_at(1_000, |all| {
        all.tags.extend([1, 2]);
        all.barred.insert(1);
        all.open.enable();
        all.votes.entry(1).add(5);
        all.color.set(1);
    });
    b.apply(first.clone());
    let by_b = b.edit_at(900, |all| {
        all.tags.remove(&1);
        all.barred.remove(1);
        all.open.disable();
        all.title.set(2);
        all.votes.remove(&1);
    });
    c.apply(first.clone());
    let by_c = c.edit_at(800, |all| {
        all.tags.extend([1, 3]);
        all.barred.extend([1, 2]);
        all.title.set(3);
        all.votes.entry(1).add(2);
        all.color.set(3);
    });
    a.apply(by_b.clone());
    let second = a.edit_at(700, |all| {
        all.tags.remove(&2);
        all.barred.insert(1); // knows of b's removal
        all.open.enable(); // and of b's disabling
        all.title.set(4); // replaces the 2
        all.votes.entry(1).add(1);
        all.color.set(4); // at the same instant as c's, just after the first
    });
    a.apply(by_c.clone());
    (vec![first, by_b, by_c, second], a.into_state())
}

#[test]
fn every_order_of_four_deltas_ends_in_the_same_state() {
    let (deltas, end) = turmoil();
    assert!(end.tags.iter().eq(&[1, 3]) && end.barred.iter().eq(&[1, 2]) && end.open.is_enabled());
    assert!(end.title.values().eq(&[4, 3]));
    assert_eq!(end.votes.get(&1).map(Counter::get), Some(3));
    assert_eq!(end.color.get(), Some(&3), "a tie, which goes to the greater replica");
    assert!(end.ahead().is_empty());
    for order in orders(deltas.len()) {
        let mut state = Causal::<All>::default();
        for n in &order {
            assert!(state.apply(deltas[*n].clone()), "news: {order:?}");
            assert!(!state.apply(deltas[*n].clone()), "no news: {order:?}");
        }
        assert_eq!(state, end, "{order:?}");
        assert!(state.ahead().is_empty() && state.same_version(&end));
    }
}

#[test]
fn every_event_on_its_own_and_backwards_ends_in_the_same_state() {
    let (deltas, end) = turmoil();
    let mut log = Delta::<All>::default();
    for delta in deltas.iter().rev().chain(&deltas) {
        log.join(delta.clone());
    }
    assert_eq!(log.events(), end.version());
    let single = |dot| {
        let mut others = log.events().clone();
        others.subtract(&[dot].into_iter().collect());
        log.without(&others)
    };
    let mut state = Causal::<All>::default();
    let dots: Vec<_> = end.version().dots().collect();
    for dot in dots.iter().rev() {
        assert!(state.apply(single(*dot)));
    }
    assert_eq!(state, end);

    // In two halves that overlap, of which one comes as a state.
    let (even, odd): (Vec<_>, Vec<_>) = dots.iter().partition(|dot| dot.counter() % 2 == 0);
    let mut by_state = Causal::<All>::default();
    by_state.apply(log.without(&odd.into_iter().copied().collect()));
    let mut other = Causal::<All>::default();
    other.apply(log.without(&even.into_iter().copied().collect()));
    assert!(other.version().interval_count() > 3, "a version knows its gaps");
    by_state.join_ref(&other);
    other.apply(log.clone());
    assert_eq!(by_state, end);
    assert_eq!(other, end);
    assert!(log.without(end.version()).is_empty());
}

#[test]
fn groups_joined_in_any_order_are_one_group() {
    let (deltas, end) = turmoil();
    for order in orders(deltas.len()) {
        let mut left = deltas[order[0]].clone();
        left.join(deltas[order[1]].clone());
        let mut right = deltas[order[2]].clone();
        right.join(deltas[order[3]].clone());
        right.join(deltas[order[0]].clone()); // is in both groups
        let mut state = Causal::<All>::default();
        state.apply(right.clone());
        let rest = left.without(state.version());
        assert_eq!(rest.events(), deltas[order[1]].events());
        state.apply(rest);
        assert_eq!(state, end, "{order:?}");
        assert!(left.join(right) && left.events() == end.version());
    }
}

#[test]
fn register_with_a_gap_shows_what_is_over_until_the_gap_closes() {
    let [mut a, mut b, mut c] = trio::<Causal<MvRegister<u32>>>();
    let first = a.edit(|register| register.set(1));
    b.apply(first.clone());
    let second = b.edit(|register| register.set(2)); // replaces the 1
    a.apply(second.clone());
    let third = a.edit(|register| register.set(3)); // replaces the 2
    c.apply(third);
    assert_eq!((c.get(), c.ahead()), (Some(&3), second.events()));
    c.apply(first.clone());
    assert!(c.values().eq(&[1, 3]), "only the 2 knows that the 1 is over");
    b.join_ref(c.state());
    assert_eq!(b.get(), Some(&3));
    c.apply(second);
    assert_eq!(c.get(), Some(&3));
    assert!(!c.apply(first) && c.ahead().is_empty());
    assert!(b.state() == c.state() && a.state() == c.state());
}

#[test]
fn peer_gets_what_it_lacks_from_somebody_who_did_not_write_it() {
    let [mut a, mut b, mut c] = trio::<Causal<OrSet<u8>>>();
    let mut log = Delta::<OrSet<u8>>::default();
    for n in 1..=5 {
        log.join(a.edit(|set| set.insert(n)));
    }
    b.apply(log.clone());
    let removal = b.edit(|set| set.remove(&2));
    log.join(removal.clone());
    c.apply(removal); // only this, by accident
    let missing = b.version().difference(c.version());
    assert_eq!(missing.dot_count(), 5);
    assert!(log.events().covers(&missing));
    let token = b.version().clone();
    assert!(!c.version().covers(&token));
    let answer = log.without(c.version());
    assert_eq!(answer.events(), &missing);
    assert!(c.apply(answer.clone()) && !c.apply(answer));
    assert!(c.version() >= &token && c.iter().eq(&[1, 3, 4, 5]));
    a.join(c.state().clone());
    assert!(a.state() == b.state() && !a.apply(log));
}

#[test]
fn transaction_that_failed_half_way_is_never_heard_of() {
    let [mut a, mut b, mut c] = trio::<Causal<OrSet<u8>>>();
    let failed = a.try_edit(|set| {
        set.insert(1);
        Err("no")
    });
    assert!(failed.is_err() && a.is_empty() && a.version().is_empty());
    let next = a.edit(|set| set.insert(2));
    assert_eq!(next.events().dot_count(), 1);
    b.apply(next);
    a.try_edit(|set| {
        set.remove(&2);
        set.insert(3);
        Err(())
    })
    .expect_err("it fails");
    assert!(b.iter().eq(&[2]) && a.state() == b.state());
    c.join_ref(a.state());
    assert!(c.iter().eq(&[2]) && b.state() == c.state());
}

#[test]
fn state_that_knows_of_a_death_meets_a_state_that_holds_the_dead() {
    type Shelves = Map<u8, Map<u8, OrSet<u8>>>;
    let [mut a, mut b, mut c] = trio::<Causal<Shelves>>();
    let write = a.edit(|map| {
        map.entry(1).entry(1).extend([1, 2]);
        map.entry(2).entry(1).insert(3);
    });
    b.apply(write.clone());
    let removal = b.edit(|map| map.remove(&1));
    let mut early = Causal::<Shelves>::default();
    early.apply(removal);
    assert_eq!(early.ahead().dot_count(), 2);
    c.apply(write);
    let also = c.edit(|map| map.entry(1).entry(1).insert(2)); // in place of the 2 that is dead elsewhere

    let mut late = early.clone();
    late.join_ref(a.state()); // who knows of the death takes in the dead
    a.join_ref(&early); // and the other way round
    assert_eq!(&late, a.state());
    assert!(a.keys().eq(&[2]) && a.ahead().is_empty());
    assert_eq!(a.state(), b.state());
    early.apply(also);
    assert!(early.get(&1).and_then(|map| map.get(&1)).is_some_and(|set| set.iter().eq(&[2])));
    assert_eq!(early.ahead().dot_count(), 2);
    c.join_ref(&early);
    early.join_ref(a.state());
    assert_eq!(&early, c.state());
    assert!(c.keys().eq(&[1, 2]));
}
