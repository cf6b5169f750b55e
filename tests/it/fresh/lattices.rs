//! Histories of the plain sets and extremes, which only ever grow.

use rejoin::{GSet, Lattice, Max, Min, ReplicaId, TwoPhaseSet, Writer};

fn trio<T: rejoin::store::Root>() -> [Writer<T>; 3] {
    [1, 2, 3].map(|n| Writer::with_id(ReplicaId::from_u128(n)))
}

#[test]
fn g_set_deltas_may_be_doubled_reordered_and_grouped() {
    let [mut a, mut b, mut c] = trio::<GSet<&str>>();
    let first = a.edit(|set| set.insert("x"));
    let second = a.edit(|set| set.extend(["y", "z"]));
    let nothing = a.edit(|set| set.insert("x"));
    assert!(nothing.is_empty(), "it was in");

    assert!(b.apply(second.clone()));
    assert!(b.iter().eq(&["y", "z"]));
    assert!(!b.apply(second.clone()));
    assert!(b.apply(first.clone()));

    let mut group = second;
    group.join(first);
    assert!(c.apply(group));
    assert!(!c.apply(nothing));
    assert!(a.state() == b.state() && b.state() == c.state());
    assert_eq!(c.len(), 3);
}

#[test]
fn g_set_of_three_who_all_insert_is_the_union_of_all() {
    let [mut a, mut b, mut c] = trio::<GSet<u8>>();
    a.edit(|set| set.extend([1, 2]));
    b.edit(|set| set.extend([2, 3]));
    let stale = b.state().clone();
    let by_b = b.edit(|set| set.insert(4));
    let by_c = c.edit(|set| set.insert(3));
    a.apply(by_c);
    a.apply(by_b);
    assert!(a.iter().eq(&[1, 2, 3, 4]), "the 3 came from c");
    assert!(!a.join(stale), "the 2 and the 3 are in");
    b.join(a.state().clone());
    c.join(b.state().clone());
    assert!(a.state() == b.state() && b.state() == c.state());
}

#[test]
fn g_set_stale_copy_brings_nothing_and_costs_nothing() {
    let [mut a, mut b, mut c] = trio::<GSet<&str>>();
    let empty = a.state().clone();
    let insertion = a.edit(|set| set.insert("x"));
    let copy = a.state().clone();
    assert!(b.join(copy.clone()));
    let more = b.edit(|set| set.insert("y"));
    assert!(!b.join(copy) && !b.join(empty) && !b.apply(insertion.clone()));
    assert!(c.apply(more));
    assert!(!c.contains("x") && c.contains("y"));
    assert!(c.apply(insertion));
    assert!(c.state() == b.state());
}

#[test]
fn two_phase_set_removal_wins_for_ever() {
    let [mut a, mut b, mut c] = trio::<TwoPhaseSet<&str>>();
    let sale = a.edit(|tickets| tickets.extend(["t1", "t2"]));
    b.apply(sale.clone());
    c.apply(sale.clone());
    let used = b.edit(|tickets| tickets.remove("t1"));
    c.edit(|tickets| tickets.insert("t1")); // it is in: nothing happens
    c.apply(used.clone());
    assert!(!c.contains("t1") && c.was_removed("t1"));
    c.edit(|tickets| tickets.insert("t1"));
    assert!(!c.contains("t1"));
    assert!(a.apply(used));
    assert!(!a.apply(sale), "an old message brings nothing back");
    assert!(a.iter().eq(&["t2"]) && a.removed().eq(&["t1"]));
    assert!(a.state() == b.state() && b.state() == c.state());
}

#[test]
fn two_phase_set_removal_may_come_before_the_insertion_and_holds_against_all_insertions() {
    let [mut a, mut b, mut c] = trio::<TwoPhaseSet<&str>>();
    let by_a = a.edit(|set| set.insert("x"));
    let by_c = c.edit(|set| set.insert("x"));
    a.edit(|set| set.insert("y"));
    let removal = a.edit(|set| set.remove("x"));

    assert!(b.apply(removal.clone()));
    assert!(b.was_removed("x") && b.is_empty());
    assert!(!b.apply(by_a), "what was removed does not come in");
    assert!(!b.apply(by_c));
    let nothing = b.edit(|set| set.insert("x"));
    assert!(!a.apply(nothing));
    c.apply(removal);
    assert!(!c.contains("x"), "removals are for ever, also of insertions that they have not seen");
    c.join(a.state().clone());
    b.join(c.state().clone());
    assert!(b.iter().eq(&["y"]) && a.state() == b.state() && b.state() == c.state());
}

#[test]
fn two_phase_set_removal_of_what_is_not_in_does_nothing() {
    let [mut a, mut b, mut c] = trio::<TwoPhaseSet<&str>>();
    let insertion = a.edit(|set| set.insert("x"));
    let nothing = b.edit(|set| set.remove("x")); // has not heard of it
    assert!(!b.was_removed("x"));
    assert!(b.apply(insertion.clone()));
    assert!(b.contains("x"));
    assert!(!a.apply(nothing.clone()));
    c.apply(nothing);
    c.apply(insertion);
    assert!(c.contains("x"));
    let removal = c.edit(|set| set.remove("x"));
    let twice = c.edit(|set| set.remove("x"));
    assert!(a.apply(removal) && !a.apply(twice));
    b.join(a.state().clone());
    assert!(a.state() == b.state() && b.state() == c.state() && b.is_empty());
}

#[test]
fn max_is_the_greatest_that_anybody_offered() {
    let [mut a, mut b, mut c] = trio::<Max<i32>>();
    assert_eq!(a.get(), None);
    let low = a.edit(|score| score.offer(-5));
    let high = b.edit(|score| {
        score.offer(70);
        score.offer(30); // too late
    });
    assert_eq!(b.get(), Some(&70));
    assert!(c.apply(high));
    assert!(!c.apply(low), "less is no news");
    assert!(a.apply(high));
    assert_eq!((a.get(), c.get()), (Some(&70), Some(&70)));
    let lost = a.edit(|score| score.offer(60));
    assert_eq!(lost, Max::default(), "an offer that does not win has an empty delta");
    assert!(a.state() == b.state() && b.state() == c.state());
}

#[test]
fn min_is_the_least_and_starts_above_everything() {
    let [mut a, mut b, mut c] = trio::<Min<i32>>();
    let none = *c.state();
    let by_a = a.edit(|price| price.offer(7));
    let by_b = b.edit(|price| price.offer(0));
    assert!(!a.join(none), "who was offered nothing knows nothing");
    let mut group = by_a;
    group.join(by_b);
    assert!(c.apply(by_a));
    assert_eq!(c.get(), Some(&7));
    assert!(c.apply(group));
    assert_eq!(c.get(), Some(&0));
    a.apply(by_b);
    assert!(!b.apply(Min::new(7)));
    assert!(a.state() == b.state() && b.state() == c.state());
}

#[test]
fn max_and_min_side_by_side_are_a_range_that_only_widens() {
    let [mut a, mut b, mut c] = trio::<(Min<u8>, Max<u8>)>();
    let day = |writer: &mut Writer<(Min<u8>, Max<u8>)>, degrees: u8| {
        writer.edit(|(low, high)| {
            low.offer(degrees);
            high.offer(degrees);
        })
    };
    let by_a = day(&mut a, 10);
    let by_b = day(&mut b, 20);
    let by_c = day(&mut c, 15);
    let stale = *c.state();
    c.apply(by_b);
    assert_eq!((c.0.get(), c.1.get()), (Some(&15), Some(&20)));
    c.apply(by_a);
    assert_eq!((c.0.get(), c.1.get()), (Some(&10), Some(&20)));
    assert!(!c.apply(by_c) && !c.join(stale));
    a.join(*c.state());
    b.join(*a.state());
    assert!(a.state() == b.state() && b.state() == c.state());
}
