//! Histories of counters: what counts, and how often.

use rejoin::{
    Causal, Counter, EditError, GCounter, Lattice, Overflow, PnCounter, ReplicaId, Store, Version, Writer,
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

#[test]
fn g_counter_deltas_doubled_late_and_grouped_count_once() -> Result<(), EditError<Overflow>> {
    let [mut a, mut b, mut c] = trio::<GCounter>();
    let two = a.try_edit(|likes| likes.increment(2))?;
    let three_more = a.try_edit(|likes| likes.increment(3))?;
    let by_b = b.try_edit(|likes| {
        likes.increment(4)?;
        likes.increment(6)
    })?;
    assert!(c.apply(three_more.clone()));
    assert_eq!(c.get(), 5, "a share knows what was counted before");
    assert!(!c.apply(two.clone()) && !c.apply(three_more.clone()));
    assert_eq!(c.get(), 5);
    let mut group = by_b.clone();
    group.join(two);
    group.join(three_more);
    b.apply(group.clone());
    assert!(c.apply(group));
    a.apply(by_b);
    assert_eq!((a.get(), b.get(), c.get()), (15, 15, 15));
    assert_eq!((c.share(a.replica()), c.share(b.replica()), c.share(c.replica())), (5, 10, 0));
    assert!(a.state() == b.state() && b.state() == c.state());
    Ok(())
}

#[test]
fn g_counter_refuses_to_overflow_a_share_and_reads_wider_than_any_sum() {
    let [mut a, mut b, mut c] = trio::<GCounter>();
    let full = a.try_edit(|likes| likes.increment(u64::MAX)).unwrap();
    assert_eq!(a.try_edit(|likes| likes.increment(1)), Err(EditError::Failed(Overflow)));
    assert_eq!(a.get(), u128::from(u64::MAX), "nothing has changed");
    let also_full = b.try_edit(|likes| likes.increment(u64::MAX)).unwrap();
    c.try_edit(|likes| likes.increment(5)).unwrap();
    c.apply(full);
    c.apply(also_full);
    assert_eq!(c.get(), 2 * u128::from(u64::MAX) + 5);
    assert!(a.try_edit(|likes| likes.increment(0)).is_ok(), "nothing more is not too much");
}

#[test]
fn g_counter_stale_state_changes_nothing_and_an_empty_increment_neither() -> Result<(), EditError<Overflow>> {
    let [mut a, mut b, mut c] = trio::<GCounter>();
    a.try_edit(|likes| likes.increment(1))?;
    let stale = a.state().clone();
    a.try_edit(|likes| likes.increment(1))?;
    b.try_edit(|likes| likes.increment(10))?;
    b.join(a.state().clone());
    assert!(!b.join(stale.clone()));
    assert!(c.join(stale));
    assert_eq!((b.get(), c.get()), (12, 1));
    let nothing = a.try_edit(|likes| likes.increment(0))?;
    assert!(!b.apply(nothing));
    c.join(b.state().clone());
    a.join(c.state().clone());
    assert!(a.state() == b.state() && b.state() == c.state());
    Ok(())
}

#[test]
fn pn_counter_adds_and_subtracts_apart_in_any_order() -> Result<(), EditError<Overflow>> {
    let [mut a, mut b, mut c] = trio::<PnCounter>();
    let plus = a.try_edit(|balance| balance.add(2))?;
    let minus = a.try_edit(|balance| balance.subtract(7))?;
    let by_b = b.try_edit(|balance| balance.subtract(5))?;
    c.apply(minus.clone());
    c.apply(by_b.clone());
    c.apply(plus.clone());
    assert!(!c.apply(minus) && !c.apply(plus) && !c.apply(by_b.clone()));
    assert_eq!(c.get(), -10);
    assert_eq!(c.share(a.replica()), (2, 7));
    let by_c = c.try_edit(|balance| {
        balance.add(1)?;
        balance.subtract(1)
    })?;
    a.apply(by_b);
    a.apply(by_c);
    b.join(a.state().clone());
    assert_eq!((a.get(), b.get()), (-10, -10));
    assert!(a.state() == b.state() && b.state() == c.state());
    Ok(())
}

#[test]
fn pn_counter_failed_transaction_counts_nothing() {
    let [mut a, mut b, mut c] = trio::<PnCounter>();
    a.try_edit(|balance| balance.subtract(1)).unwrap();
    let failed = a.try_edit(|balance| {
        balance.subtract(3)?;
        balance.add(u64::MAX)?;
        balance.add(1)
    });
    assert_eq!(failed, Err(EditError::Failed(Overflow)));
    assert_eq!(a.get(), -1);
    let next = a.try_edit(|balance| balance.subtract(1)).unwrap();
    b.apply(next);
    assert_eq!(b.get(), -2);
    c.try_edit(|balance| balance.add(2)).unwrap();
    c.join(b.state().clone());
    assert_eq!(c.get(), 0);
}

#[test]
fn pn_counter_stale_states_meet_in_a_ring() -> Result<(), EditError<Overflow>> {
    let [mut a, mut b, mut c] = trio::<PnCounter>();
    a.try_edit(|balance| balance.add(100))?;
    b.join(a.state().clone());
    a.try_edit(|balance| balance.subtract(1))?;
    b.try_edit(|balance| balance.subtract(10))?;
    c.join(b.state().clone());
    assert_eq!(c.get(), 90);
    c.try_edit(|balance| balance.add(1_000))?;
    a.join(c.state().clone());
    assert_eq!(a.get(), 1_089);
    b.join(a.state().clone());
    c.join(b.state().clone());
    assert_eq!((b.get(), c.get()), (1_089, 1_089));
    assert!(!a.join(b.state().clone()));
    Ok(())
}

#[test]
fn counter_reset_takes_what_it_saw_and_concurrent_increments_stay() {
    let [mut a, mut b, mut c] = trio::<Causal<Counter>>();
    a.edit(|visits| visits.add(100));
    agree([&mut a, &mut b, &mut c]);
    let stale = a.state().clone();
    let reset = a.edit(|visits| visits.reset());
    let one = b.edit(|visits| visits.add(1));
    c.apply(one.clone());
    assert_eq!(c.get(), 101);
    let second_reset = c.edit(|visits| visits.reset()); // has seen b's increment as well
    let minus = b.edit(|visits| visits.add(-5));
    a.apply(one);
    assert_eq!(a.get(), 1);
    a.apply(second_reset.clone());
    assert_eq!(a.get(), 0);
    a.apply(minus);
    assert_eq!(a.get(), -5);
    assert!(!a.join_ref(&stale));
    b.apply(second_reset);
    b.apply(reset);
    agree([&mut a, &mut b, &mut c]);
    assert_eq!(b.get(), -5);
}

#[test]
fn counter_reset_that_comes_before_the_increments_it_takes() {
    let [mut a, mut b, mut c] = trio::<Causal<Counter>>();
    let five = a.edit(|visits| visits.add(5));
    let seven = a.edit(|visits| visits.add(7));
    b.apply(seven.clone()); // and not the five
    assert_eq!(b.get(), 7);
    let reset = b.edit(|visits| visits.reset());
    c.apply(reset.clone());
    c.apply(seven.clone());
    assert_eq!(c.get(), 0);
    c.apply(five.clone());
    assert_eq!(c.get(), 5, "the reset had not seen the five");
    let mut group = reset;
    group.join(seven);
    a.apply(group);
    b.apply(five);
    agree([&mut a, &mut b, &mut c]);
    assert_eq!(a.get(), 5);
}

#[test]
fn counter_transaction_is_one_increment_and_a_reset_in_it_takes_what_came_before() {
    let [mut a, mut b, mut c] = trio::<Causal<Counter>>();
    let three = a.edit(|visits| {
        visits.add(1);
        visits.add(0);
        visits.add(2);
    });
    assert_eq!(three.events().dot_count(), 1);
    assert!(a.edit(|visits| visits.add(0)).is_empty());
    b.apply(three.clone());
    let anew = b.edit(|visits| {
        visits.add(10);
        visits.reset();
        assert_eq!(visits.get(), 0);
        visits.add(4);
    });
    assert_eq!(b.get(), 4);
    c.apply(anew.without(&Version::new()));
    assert_eq!(c.get(), 4);
    c.apply(three.clone());
    assert_eq!(c.get(), 4);
    let more = a.edit(|visits| visits.add(-1));
    c.apply(more.without(three.events()));
    a.apply(anew);
    agree([&mut a, &mut b, &mut c]);
    assert_eq!(a.get(), 3);
    a.edit(|visits| visits.reset());
    assert!(a.edit(|visits| visits.reset()).is_empty(), "there is nothing to take");
}

#[test]
fn counter_increments_of_a_failed_transaction_are_not_mixed_with_later_ones() {
    let [mut a, mut b, mut c] = trio::<Causal<Counter>>();
    let one = a.edit(|visits| visits.add(1));
    a.try_edit(|visits| {
        visits.add(1);
        Err(())
    })
    .expect_err("it fails");
    let next = a.edit(|visits| visits.add(2));
    assert!(!one.events().intersects(next.events()));
    b.apply(next.clone());
    assert_eq!(b.get(), 2);
    b.apply(one);
    let large = b.edit(|visits| {
        visits.add(i64::MAX);
        visits.add(i64::MAX); // the sum does not fit
    });
    assert_eq!(large.events().dot_count(), 2);
    c.apply(large);
    c.apply(next);
    assert_eq!(c.get(), 2 + 2 * i128::from(i64::MAX));
    agree([&mut a, &mut b, &mut c]);
    assert_eq!(a.get(), 3 + 2 * i128::from(i64::MAX));
}
