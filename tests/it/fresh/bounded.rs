//! Histories of bounded counters: who may take away what.

use rejoin::{BoundedCounter, EditError, Lattice, NotEnough, ReplicaId, Writer};

fn trio() -> [Writer<BoundedCounter>; 3] {
    [1, 2, 3].map(|n| Writer::with_id(ReplicaId::from_u128(n)))
}

#[test]
fn rights_are_owned_moved_and_spent_and_the_refusal_says_who_has_some() -> Result<(), EditError<NotEnough>> {
    let [mut a, mut b, mut c] = trio();
    let delivery = a.try_edit(|stock| {
        stock.increment(10)?;
        stock.transfer(b.replica(), 3)
    })?;
    b.apply(delivery.clone());
    c.apply(delivery);
    let onward = b.try_edit(|stock| stock.transfer(c.replica(), 2))?;
    let refused = c.try_edit(|stock| stock.decrement(1)).unwrap_err().failed().unwrap();
    assert_eq!((refused.asked, refused.held), (1, 0), "the grant is on its way");
    assert_eq!(refused.holder, Some((a.replica(), 7)));
    c.apply(onward.clone());
    let sale = c.try_edit(|stock| stock.decrement(2))?;
    a.apply(sale.clone());
    assert_eq!(a.get(), 8);
    a.apply(onward);
    b.apply(sale);
    for stock in [&a, &b, &c] {
        assert_eq!(stock.get(), 8);
        assert!(stock.holders().eq([(a.replica(), 7), (b.replica(), 1)]));
    }
    assert!(a.state() == b.state() && b.state() == c.state());
    Ok(())
}

#[test]
fn three_replicas_that_sell_apart_never_sell_more_than_there_is() -> Result<(), EditError<NotEnough>> {
    let [mut a, mut b, mut c] = trio();
    let delivery = a.try_edit(|stock| {
        stock.increment(6)?;
        stock.transfer(b.replica(), 2)?;
        stock.transfer(c.replica(), 2)
    })?;
    b.apply(delivery.clone());
    c.apply(delivery.clone());
    let mut sales = Vec::new();
    for shop in [&mut a, &mut b, &mut c] {
        assert_eq!(shop.get(), 6, "everybody believes that there are six");
        assert!(shop.try_edit(|stock| stock.decrement(3)).is_err());
        sales.push(shop.try_edit(|stock| stock.decrement(2))?);
        assert_eq!(shop.get(), 4);
    }
    for shop in [&mut a, &mut b, &mut c] {
        for sale in sales.iter().rev().chain(&sales) {
            shop.apply(sale.clone());
        }
        shop.apply(delivery.clone());
        assert_eq!(shop.get(), 0);
        assert_eq!(shop.holders().count(), 0);
        let refused = shop.try_edit(|stock| stock.decrement(1)).unwrap_err().failed().unwrap();
        assert_eq!(refused.holder, None);
    }
    assert!(a.state() == b.state() && b.state() == c.state());
    Ok(())
}

#[test]
fn sale_that_is_heard_of_before_the_delivery_never_reads_below_zero() -> Result<(), EditError<NotEnough>> {
    let [mut a, mut b, mut c] = trio();
    let delivery = a.try_edit(|stock| stock.increment(5))?;
    let grant = a.try_edit(|stock| stock.transfer(b.replica(), 4))?;
    b.apply(delivery.clone());
    b.apply(grant.clone());
    let sale = b.try_edit(|stock| stock.decrement(4))?;
    let own = c.try_edit(|stock| stock.increment(1))?;
    c.apply(sale.clone());
    c.try_edit(|stock| stock.decrement(1))?; // its own right, whatever else it knows
    assert_eq!(c.get(), 0);
    c.apply(grant);
    c.apply(delivery);
    assert_eq!(c.get(), 1);
    assert_eq!((c.rights(a.replica()), c.rights(b.replica()), c.rights(c.replica())), (1, 0, 0));
    a.apply(own);
    a.apply(sale);
    a.join(c.state().clone());
    assert_eq!(a.get(), 1);
    Ok(())
}

#[test]
fn lost_grant_comes_along_with_the_next_one_between_the_same_two() -> Result<(), EditError<NotEnough>> {
    let [mut a, mut b, mut c] = trio();
    let delivery = a.try_edit(|stock| stock.increment(10))?;
    b.apply(delivery.clone());
    let lost = a.try_edit(|stock| stock.transfer(b.replica(), 3))?;
    let next = a.try_edit(|stock| stock.transfer(b.replica(), 2))?;
    assert!(b.apply(next.clone()));
    assert_eq!(b.rights(b.replica()), 5);
    assert!(!b.apply(lost.clone()), "it is contained in the later one");
    assert_eq!((b.rights(b.replica()), b.rights(a.replica())), (5, 5));
    let mut group = lost;
    group.join(next);
    group.join(delivery);
    c.apply(group);
    assert_eq!(c.rights(b.replica()), 5);
    // And back again, more than was ever added by b.
    let back = b.try_edit(|stock| stock.transfer(a.replica(), 5))?;
    assert!(b.try_edit(|stock| stock.decrement(1)).is_err());
    c.apply(back.clone());
    a.apply(back);
    a.try_edit(|stock| stock.decrement(10))?;
    c.join(a.state().clone());
    b.join(c.state().clone());
    assert_eq!((a.get(), b.get(), c.get()), (0, 0, 0));
    assert!(a.state() == b.state() && b.state() == c.state());
    Ok(())
}

#[test]
fn increment_beyond_the_end_is_refused_and_changes_nothing() -> Result<(), EditError<NotEnough>> {
    let [mut a, mut b, mut c] = trio();
    let most = a.try_edit(|stock| stock.increment(u64::MAX - 1))?;
    let before = a.state().clone();
    let refused = a.try_edit(|stock| stock.increment(3)).unwrap_err().failed().unwrap();
    assert_eq!((refused.asked, refused.held), (3, 1), "there is room for one");
    assert!(a.state() == &before);
    let by_b = b.try_edit(|stock| stock.increment(u64::MAX))?;
    c.apply(most);
    c.apply(by_b);
    assert_eq!(c.get(), 2 * u128::from(u64::MAX) - 1);
    Ok(())
}
