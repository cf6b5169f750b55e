//! Histories of sets: who is in, after what was done apart, and in which order it became known.

use rejoin::{Causal, Lattice, OrSet, ReplicaId, RwSet, Store, Version, Writer};

fn trio<T: rejoin::store::Root>() -> [Writer<T>; 3] {
    [1, 2, 3].map(|n| Writer::with_id(ReplicaId::from_u128(n)))
}

/// Everybody hears of everything, by state, in an order of their own.
fn agree<S: Store + 'static>([a, b, c]: [&mut Writer<Causal<S>>; 3]) {
    c.join_ref(a.state());
    a.join_ref(b.state());
    a.join_ref(c.state());
    b.join_ref(c.state());
    b.join_ref(a.state());
    c.join_ref(b.state());
    assert!(a.state() == b.state() && b.state() == c.state());
}

#[test]
fn or_set_removal_arrives_before_the_insertion_it_removes() {
    let [mut a, mut b, mut c] = trio::<Causal<OrSet<&str>>>();
    let insertion = a.edit(|set| set.insert("milk"));
    b.apply(insertion.clone());
    let removal = b.edit(|set| set.remove("milk"));

    assert!(c.apply(removal.clone()));
    assert!(!c.contains("milk"));
    assert_eq!(c.ahead(), insertion.events());

    assert!(c.apply(insertion.clone()), "its event is news, though it is dead on arrival");
    assert!(!c.contains("milk"));
    assert!(c.ahead().is_empty());
    assert!(c.state() == b.state());

    assert!(!c.apply(insertion) && !c.apply(removal), "late copies bring nothing back");
    assert!(!c.join_ref(a.state()), "nor does a stale state");
    assert!(c.is_empty());
}

#[test]
fn or_set_removal_kills_the_one_of_two_insertions_that_it_saw() {
    let [mut a, mut b, mut c] = trio::<Causal<OrSet<&str>>>();
    let by_a = a.edit(|set| set.insert("x"));
    b.edit(|set| set.insert("x"));
    c.apply(by_a);
    c.edit(|set| set.remove("x"));
    assert!(!c.contains("x"));
    agree([&mut a, &mut b, &mut c]);
    assert!(a.contains("x") && b.contains("x") && c.contains("x"));

    // Now c removes it knowing of all insertions, while b adds it once more, and a sees b's first.
    let removal = c.edit(|set| set.remove("x"));
    let again = b.edit(|set| set.insert("x"));
    a.apply(again.clone());
    assert!(a.contains("x"));
    a.apply(removal);
    assert!(a.contains("x"));
    c.apply(again);
    assert!(c.contains("x"));
    let last = c.edit(|set| set.remove("x"));
    a.apply(last);
    assert!(!a.contains("x"));
    assert!(a.state() == c.state());
}

#[test]
fn or_set_clear_takes_what_it_saw_and_leaves_what_was_added_meanwhile() {
    let [mut a, mut b, mut c] = trio::<Causal<OrSet<&str>>>();
    a.edit(|set| set.extend(["x", "y", "z"]));
    agree([&mut a, &mut b, &mut c]);
    let stale = a.state().clone();
    b.edit(|set| set.clear());
    c.edit(|set| set.extend(["w", "y"]));
    a.edit(|set| set.remove("z"));
    agree([&mut a, &mut b, &mut c]);
    assert!(a.iter().eq(&["w", "y"]));
    assert_eq!(a.len(), 2);
    assert!(!a.join_ref(&stale));
    assert!(a.state() == b.state() && b.state() == c.state());
}

#[test]
fn or_set_second_insertion_survives_a_removal_that_saw_only_the_first() {
    let [mut a, mut b, mut c] = trio::<Causal<OrSet<&str>>>();
    let first = a.edit(|set| set.insert("x"));
    b.apply(first.clone());
    c.apply(first);
    let second = b.edit(|set| set.insert("x")); // replaces the first
    let removal = c.edit(|set| set.remove("x")); // of the first
    a.apply(removal.clone());
    assert!(!a.contains("x"));
    a.apply(second.clone());
    assert!(a.contains("x"));
    b.apply(removal);
    c.apply(second);
    assert!(a.state() == b.state() && b.state() == c.state());
    assert_eq!(a.len(), 1);
}

#[test]
fn or_set_transaction_of_three_writes_is_three_events_and_may_be_cut_anywhere() {
    let [mut a, mut b, mut c] = trio::<Causal<OrSet<&str>>>();
    let delta = a.edit(|set| {
        set.insert("x");
        assert!(set.contains("x"), "a transaction reads what it has written");
        set.remove("x");
        set.insert("y");
        set.remove("never there"); // does nothing, and is no event
    });
    assert_eq!(delta.events().dot_count(), 3);
    let dots: Vec<_> = delta.events().dots().collect();
    let all_but = |n: usize| -> Version {
        dots.iter().enumerate().filter(|(at, _)| *at != n).map(|(_, dot)| *dot).collect()
    };
    let [insertion, removal, other] = [0, 1, 2].map(|n| delta.without(&all_but(n)));

    b.apply(insertion.clone());
    assert!(b.iter().eq(&["x"]), "half a transaction, since somebody cut it");
    b.apply(other.clone());
    assert!(b.iter().eq(&["x", "y"]));
    b.apply(removal.clone());
    assert!(b.iter().eq(&["y"]));

    let mut group = removal;
    group.join(insertion);
    c.apply(other);
    c.apply(group);
    c.apply(delta);
    assert!(a.state() == b.state() && b.state() == c.state());
}

#[test]
fn rw_set_removal_beats_an_insertion_elsewhere_until_somebody_who_knows_inserts_again() {
    let [mut a, mut b, mut c] = trio::<Causal<RwSet<&str>>>();
    a.edit(|admins| admins.insert("eve"));
    agree([&mut a, &mut b, &mut c]);
    let stale = a.state().clone();
    b.edit(|admins| admins.remove("eve"));
    c.edit(|admins| admins.insert("eve"));
    agree([&mut a, &mut b, &mut c]);
    assert!(!a.contains("eve") && a.is_empty() && a.iter().next().is_none());
    let back = a.edit(|admins| admins.insert("eve"));
    assert!(a.contains("eve"));
    c.apply(back);
    c.join_ref(&stale);
    c.join_ref(b.state());
    assert!(c.contains("eve"));
    assert!(a.state() == c.state());
}

#[test]
fn rw_set_insertion_that_saw_the_removal_also_vouches_for_one_that_did_not() {
    let [mut a, mut b, mut c] = trio::<Causal<RwSet<&str>>>();
    a.edit(|set| set.insert("x"));
    agree([&mut a, &mut b, &mut c]);
    let removal = b.edit(|set| set.remove("x"));
    let unaware = c.edit(|set| set.insert("x"));
    a.apply(removal.clone());
    let aware = a.edit(|set| set.insert("x"));

    // By this road c has the insertion that killed the removal first, and by that one last.
    c.apply(aware.clone());
    assert!(c.contains("x"));
    c.apply(removal);
    assert!(c.contains("x"), "it was dead before it came");
    b.apply(unaware.clone());
    assert!(!b.contains("x"));
    b.apply(aware);
    assert!(b.contains("x"));
    a.apply(unaware);
    assert!(a.state() == b.state() && b.state() == c.state());
}

#[test]
fn rw_set_removal_of_what_is_not_in_beats_an_insertion_that_is_under_way() {
    let [mut a, mut b, mut c] = trio::<Causal<RwSet<&str>>>();
    let insertion = a.edit(|set| set.insert("eve"));
    let removal = b.edit(|set| set.remove("eve"));
    assert!(!removal.is_empty(), "a removal counts, even if the member was not in");
    c.apply(insertion.clone());
    assert!(c.contains("eve"));
    c.apply(removal.clone());
    assert!(!c.contains("eve"));
    b.apply(insertion);
    a.apply(removal);
    assert!(a.state() == b.state() && b.state() == c.state());
    assert_eq!(a.iter().count(), 0);
}

#[test]
fn rw_set_insertion_must_have_seen_every_removal_and_not_one_of_two() {
    let [mut a, mut b, mut c] = trio::<Causal<RwSet<&str>>>();
    a.edit(|set| set.insert("x"));
    agree([&mut a, &mut b, &mut c]);
    let by_b = b.edit(|set| set.remove("x"));
    let by_c = c.edit(|set| set.remove("x"));
    a.apply(by_b);
    let back = a.edit(|set| set.insert("x"));
    assert!(a.contains("x"));
    b.apply(back.clone());
    assert!(b.contains("x"));
    c.apply(back);
    assert!(!c.contains("x"), "nobody has inserted it knowing of c's removal");
    a.apply(by_c);
    assert!(!a.contains("x"));
    agree([&mut a, &mut b, &mut c]);
    assert!(!b.contains("x"));
    b.edit(|set| set.insert("x"));
    agree([&mut a, &mut b, &mut c]);
    assert!(c.iter().eq(&["x"]));
}

#[test]
fn rw_set_reset_forgets_what_it_saw_and_no_more() {
    let [mut a, mut b, mut c] = trio::<Causal<RwSet<&str>>>();
    a.edit(|set| set.extend(["x", "y"]));
    agree([&mut a, &mut b, &mut c]);
    let removal = b.edit(|set| set.remove("x"));
    a.apply(removal);
    let reset = a.edit(|set| set.reset()); // has seen both insertions and the removal of x
    let meanwhile = c.edit(|set| {
        set.insert("x"); // would have lost against the removal, which is forgotten
        set.remove("y"); // not seen by the reset
    });
    assert!(a.is_empty());
    a.apply(meanwhile.clone());
    assert!(a.iter().eq(&["x"]));
    b.apply(meanwhile);
    assert!(!b.contains("x"), "b still holds the removal");
    b.apply(reset);
    assert!(b.contains("x") && !b.contains("y"));
    let late = c.edit(|set| set.insert("z"));
    b.apply(late);
    agree([&mut a, &mut b, &mut c]);
    assert!(c.iter().eq(&["x", "z"]));
}

#[test]
fn rw_set_clear_beats_insertions_of_what_it_saw_in_and_of_nothing_else() {
    let [mut a, mut b, mut c] = trio::<Causal<RwSet<&str>>>();
    a.edit(|set| set.insert("seen"));
    agree([&mut a, &mut b, &mut c]);
    let clearing = b.edit(|set| set.clear());
    let insertions = c.edit(|set| set.extend(["seen", "new"]));
    a.apply(insertions.clone());
    a.apply(clearing.clone());
    b.apply(insertions);
    c.apply(clearing);
    assert!(a.iter().eq(&["new"]));
    assert!(a.state() == b.state() && b.state() == c.state());
}
