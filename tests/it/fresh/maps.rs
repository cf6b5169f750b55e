//! Histories of maps, also of maps: removals outside, writes inside.

use rejoin::{
    Causal, Counter, Crdt, Dot, Lattice, Map, MvRegister, OpBased, OrSet, ReplicaId, Store, Version, Writer,
};

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

fn counts<'a>(map: &Map<&'a str, Counter>) -> Vec<(&'a str, i128)> {
    map.iter().map(|(key, count)| (*key, count.get())).collect()
}

#[test]
fn counter_removed_and_counted_anew_is_one_by_state_by_delta_and_by_operation() {
    type Votes = Map<&'static str, Counter>;
    let [mut a, mut b, mut c] = trio::<Causal<Votes>>();
    let five = a.edit(|votes| votes.entry("tea").add(5));
    b.apply(five.clone());
    c.apply(five.clone());
    let mut by_op = c.state().clone();
    let removal = a.edit(|votes| votes.remove("tea"));
    let anew = a.edit(|votes| votes.entry("tea").add(1));
    assert_eq!(counts(&a), [("tea", 1)]);

    b.join_ref(a.state());
    c.apply(anew.clone());
    assert_eq!(counts(&c), [("tea", 6)], "it has not heard of the removal");
    c.apply(removal.clone());
    by_op.effect(removal);
    assert!(!by_op.contains_key("tea"));
    by_op.effect(anew);
    by_op.effect(five);
    assert_eq!(counts(&by_op), [("tea", 1)]);
    assert!(a.state() == b.state() && b.state() == c.state() && c.state() == &by_op);
}

#[test]
fn removal_of_a_key_leaves_the_write_it_has_not_seen_alone() {
    let [mut a, mut b, mut c] = trio::<Causal<Map<&str, Counter>>>();
    a.edit(|votes| votes.entry("tea").add(100));
    agree([&mut a, &mut b, &mut c]);
    let removal = a.edit(|votes| votes.remove("tea"));
    let one = b.edit(|votes| votes.entry("tea").add(1));
    let two = c.edit(|votes| votes.entry("tea").add(2));
    c.apply(one.clone());
    assert_eq!(counts(&c), [("tea", 103)]);
    c.apply(removal.clone());
    assert_eq!(counts(&c), [("tea", 3)]);
    b.apply(removal);
    let second = b.edit(|votes| votes.remove("tea")); // saw the one, and not the two
    assert!(b.is_empty() && !b.contains_key("tea"));
    a.apply(one);
    a.apply(two);
    a.apply(second);
    assert_eq!(counts(&a), [("tea", 2)]);
    agree([&mut a, &mut b, &mut c]);
}

#[test]
fn counter_at_zero_is_present_and_a_reset_one_is_not() {
    let [mut a, mut b, mut c] = trio::<Causal<Map<&str, Counter>>>();
    let up = a.edit(|map| map.entry("k").add(3));
    let down = b.edit(|map| map.entry("k").add(-3));
    c.apply(down);
    c.apply(up);
    assert_eq!(counts(&c), [("k", 0)]);
    let nothing = c.edit(|map| {
        map.entry("other");
        map.entry("k").add(0);
        map.remove("never there");
    });
    assert!(nothing.is_empty(), "looking changes nothing");
    let reset = c.edit(|map| map.entry("k").reset());
    assert!(!c.contains_key("k") && c.get("k").is_none() && c.is_empty());
    b.apply(reset);
    assert!(b.is_empty());
    agree([&mut a, &mut b, &mut c]);
    assert!(a.keys().next().is_none());
}

#[test]
fn maps_of_maps_keep_what_was_written_inside_while_the_outside_was_removed() {
    type Shelf = Map<&'static str, OrSet<u8>>;
    let [mut a, mut b, mut c] = trio::<Causal<Map<&str, Shelf>>>();
    a.edit(|house| {
        let mut cellar = house.entry("cellar");
        cellar.entry("left").extend([1, 2]);
        cellar.entry("right").insert(3);
    });
    agree([&mut a, &mut b, &mut c]);
    let stale = b.state().clone();
    let outer = a.edit(|house| house.remove("cellar"));
    let inner = b.edit(|house| house.entry("cellar").remove("left"));
    let write = c.edit(|house| house.entry("cellar").entry("left").insert(9));
    assert!(a.is_empty());

    b.apply(write.clone());
    let cellar = b.get("cellar").expect("it is there");
    assert!(cellar.get("left").is_some_and(|left| left.iter().eq(&[9])) && cellar.len() == 2);
    b.apply(outer);
    let cellar = b.get("cellar").expect("it holds the nine");
    assert!(cellar.keys().eq(&["left"]), "the right went with the cellar");
    a.apply(write);
    c.apply(inner);
    agree([&mut a, &mut b, &mut c]);
    assert!(!a.join_ref(&stale));
    assert_eq!(a.len(), 1);
    a.edit(|house| house.entry("cellar").entry("left").remove(&9));
    assert!(a.is_empty(), "an empty set leaves neither shelf nor cellar");
    agree([&mut a, &mut b, &mut c]);
}

#[test]
fn clears_at_two_depths_and_a_write_that_saw_neither() {
    let [mut a, mut b, mut c] = trio::<Causal<Map<u8, Map<u8, MvRegister<&str>>>>>();
    a.edit(|map| {
        map.entry(1).entry(1).set("old");
        map.entry(1).entry(2).set("old");
        map.entry(2).entry(1).set("old");
    });
    agree([&mut a, &mut b, &mut c]);
    let all = a.edit(|map| map.clear());
    b.edit(|map| {
        map.entry(1).clear();
        map.entry(1).entry(2).set("after b's clear");
    });
    c.edit(|map| {
        map.entry(1).entry(1).set("new");
        map.entry(1).entry(1).set("newer");
    });
    c.apply(all);
    assert_eq!(c.len(), 1);
    agree([&mut a, &mut b, &mut c]);
    let one = a.get(&1).expect("something in it survives");
    let texts: Vec<_> = one.iter().map(|(key, text)| (*key, text.get().copied())).collect();
    assert_eq!(texts, [(1, Some("newer")), (2, Some("after b's clear"))]);
    assert!(!a.contains_key(&2));
}

#[test]
fn removal_of_a_key_that_comes_before_what_it_removes_three_levels_down() {
    type Deep = Map<u8, Map<u8, Map<u8, Counter>>>;
    let [mut a, mut b, mut c] = trio::<Causal<Deep>>();
    let write = a.edit(|map| {
        map.entry(1).entry(1).entry(1).add(5);
        map.entry(1).entry(2).entry(1).add(7);
    });
    b.apply(write.clone());
    let removal = b.edit(|map| map.entry(1).remove(&1));
    let more = b.edit(|map| map.entry(1).entry(1).entry(1).add(1));
    c.apply(more);
    c.apply(removal.clone());
    c.apply(write);
    let deep = |map: &Deep, middle: u8| map.get(&1)?.get(&middle)?.get(&1).map(Counter::get);
    assert_eq!((deep(&c, 1), deep(&c, 2)), (Some(1), Some(7)));
    a.apply(removal);
    assert_eq!((deep(&a, 1), deep(&a, 2)), (None, Some(7)));
    agree([&mut a, &mut b, &mut c]);
    c.edit(|map| map.remove(&1));
    let half = a.edit(|map| map.entry(1).entry(2).entry(9).add(2));
    agree([&mut a, &mut b, &mut c]);
    assert_eq!((deep(&b, 1), deep(&b, 2)), (None, None));
    assert!(b.get(&1).is_some_and(|middle| middle.keys().eq(&[2])));
    assert!(!c.apply(half));
}

#[test]
fn transaction_over_several_keys_cut_in_three_arrives_backwards() {
    let [mut a, mut b, mut c] = trio::<Causal<Map<&str, MvRegister<u8>>>>();
    let before = a.edit(|map| map.entry("x").set(0));
    let delta = a.edit(|map| {
        map.entry("x").set(1);
        map.remove("x");
        map.entry("y").set(2);
    });
    let dots: Vec<_> = delta.events().dots().collect();
    assert_eq!(dots.len(), 3);
    let only = |dot: Dot| {
        let others: Version = dots.iter().copied().filter(|other| *other != dot).collect();
        delta.without(&others)
    };
    for dot in dots.iter().rev() {
        b.apply(only(*dot));
    }
    assert!(b.keys().eq(&["y"]));
    assert!(!b.apply(delta.clone()));
    b.apply(before.clone());
    assert!(b.keys().eq(&["y"]), "what was overwritten before it came does not come in");

    let mut group = only(dots[2]);
    group.join(before);
    c.apply(group);
    assert_eq!(c.get("x").and_then(MvRegister::get), Some(&0));
    c.apply(delta.clone());
    assert!(a.state() == b.state() && b.state() == c.state());
    let mut fresh = Causal::<Map<&str, MvRegister<u8>>>::default();
    fresh.join_ref(b.state());
    assert!(!fresh.apply(only(dots[0])) && &fresh == a.state());
}
