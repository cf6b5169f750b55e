//! Histories of flags and registers: who has the last word.

use rejoin::{Causal, DwFlag, EwFlag, MvRegister, Newtype, ReplicaId, Store, Writer};

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
fn ew_flag_stays_on_when_one_of_two_enablings_was_not_seen() {
    let [mut a, mut b, mut c] = trio::<Causal<EwFlag>>();
    assert!(!a.is_enabled(), "it starts disabled");
    let by_a = a.edit(|flag| flag.enable());
    let by_b = b.edit(|flag| flag.enable());
    c.apply(by_a.clone());
    let off = c.edit(|flag| flag.disable()); // saw a's, and not b's
    assert!(!c.is_enabled());
    a.apply(off.clone());
    assert!(!a.is_enabled());
    b.apply(off.clone());
    assert!(b.is_enabled());
    agree([&mut a, &mut b, &mut c]);
    assert!(a.is_enabled());
    let off_for_good = a.edit(|flag| flag.disable()); // saw them all
    c.apply(off_for_good.clone());
    b.apply(off_for_good);
    assert!(!c.apply(by_b) && !c.apply(by_a));
    assert!(!a.is_enabled() && !b.is_enabled() && !c.is_enabled());
}

#[test]
fn ew_flag_disabling_that_comes_before_the_enabling_holds_and_hits_no_other() {
    let [mut a, mut b, mut c] = trio::<Causal<EwFlag>>();
    let on = a.edit(|flag| flag.enable());
    b.apply(on.clone());
    let off = b.edit(|flag| flag.disable());
    let on_again = b.edit(|flag| flag.enable());
    c.apply(off);
    assert!(!c.is_enabled());
    c.apply(on);
    assert!(!c.is_enabled());
    c.apply(on_again.clone());
    assert!(c.is_enabled());
    a.apply(on_again);
    assert!(a.is_enabled(), "the enabling came without the disabling before it");
    agree([&mut a, &mut b, &mut c]);
    assert!(a.is_enabled());
}

#[test]
fn ew_flag_disabling_what_is_off_is_nothing_and_so_cannot_win() {
    let [mut a, mut b, mut c] = trio::<Causal<EwFlag>>();
    let nothing = a.edit(|flag| flag.disable());
    assert!(nothing.is_empty());
    let on = b.edit(|flag| flag.enable());
    c.apply(on);
    assert!(!c.apply(nothing));
    let both = c.edit(|flag| {
        flag.disable();
        flag.enable();
    });
    a.apply(both);
    agree([&mut a, &mut b, &mut c]);
    assert!(a.is_enabled());
}

#[test]
fn dw_flag_disabling_a_flag_that_was_never_on_beats_an_enabling_under_way() {
    let [mut a, mut b, mut c] = trio::<Causal<DwFlag>>();
    assert!(!a.is_enabled(), "it starts disabled");
    let off = a.edit(|flag| flag.disable());
    assert!(!off.is_empty());
    let on = b.edit(|flag| flag.enable());
    c.apply(on.clone());
    assert!(c.is_enabled());
    c.apply(off);
    assert!(!c.is_enabled());
    let knowing = c.edit(|flag| flag.enable());
    a.apply(knowing);
    assert!(a.is_enabled(), "whoever knows of the disabling may enable again");
    a.apply(on);
    agree([&mut a, &mut b, &mut c]);
    assert!(b.is_enabled());
}

#[test]
fn dw_flag_needs_an_enabling_that_saw_both_disablings() {
    let [mut a, mut b, mut c] = trio::<Causal<DwFlag>>();
    a.edit(|flag| flag.enable());
    agree([&mut a, &mut b, &mut c]);
    let stale = a.state().clone();
    let by_b = b.edit(|flag| flag.disable());
    c.edit(|flag| flag.disable());
    a.apply(by_b);
    a.edit(|flag| flag.enable());
    assert!(a.is_enabled());
    agree([&mut a, &mut b, &mut c]);
    assert!(!a.is_enabled());
    assert!(!a.join_ref(&stale));
    let on = b.edit(|flag| flag.enable());
    a.apply(on);
    assert!(a.is_enabled());
}

#[test]
fn dw_flag_reset_does_not_insist_and_forgets_only_what_it_saw() {
    let [mut a, mut b, mut c] = trio::<Causal<DwFlag>>();
    let off = a.edit(|flag| flag.disable());
    b.apply(off.clone());
    let reset = b.edit(|flag| flag.reset()); // forgets a's disabling
    assert!(!b.is_enabled());
    let on = c.edit(|flag| flag.enable()); // has seen nothing at all
    a.apply(on.clone());
    assert!(!a.is_enabled());
    a.apply(reset.clone());
    assert!(a.is_enabled(), "the disabling is gone, and the reset does not insist");
    c.apply(reset);
    assert!(c.is_enabled());
    c.apply(off);
    assert!(c.is_enabled(), "it was forgotten before it came");
    b.apply(on);
    agree([&mut a, &mut b, &mut c]);

    // The other way round: a disabling that the reset has not seen holds.
    a.edit(|flag| flag.reset());
    b.edit(|flag| flag.disable());
    c.edit(|flag| flag.enable());
    agree([&mut a, &mut b, &mut c]);
    assert!(!a.is_enabled());
}

#[test]
fn mv_register_keeps_three_concurrent_values_in_one_order_until_somebody_chooses() {
    let [mut a, mut b, mut c] = trio::<Causal<MvRegister<&str>>>();
    let by_a = a.edit(|title| title.set("zebra"));
    let by_b = b.edit(|title| title.set("mouse"));
    let by_c = c.edit(|title| title.set("apple"));
    a.apply(by_c.clone());
    a.apply(by_b.clone());
    b.apply(by_a.clone());
    b.apply(by_c);
    c.apply(by_b);
    assert!(c.values().eq(&["mouse", "apple"]));
    let choice = c.edit(|title| title.set("fox")); // has not seen the zebra
    c.apply(by_a);
    assert!(a.values().eq(&["zebra", "mouse", "apple"]), "by replica, and not by value or arrival");
    assert!(b.values().eq(a.values()) && b.get().is_none());
    assert!(c.values().eq(&["zebra", "fox"]) && c.is_conflicted());
    a.apply(choice);
    agree([&mut a, &mut b, &mut c]);
    assert!(a.values().eq(&["zebra", "fox"]));
    b.edit(|title| title.set("owl"));
    agree([&mut a, &mut b, &mut c]);
    assert_eq!((a.get(), a.is_conflicted()), (Some(&"owl"), false));
}

#[test]
fn mv_register_clear_takes_the_value_it_saw_and_leaves_the_other() {
    let [mut a, mut b, mut c] = trio::<Causal<MvRegister<u8>>>();
    let one = a.edit(|register| register.set(1));
    let two = b.edit(|register| register.set(2));
    c.apply(one.clone());
    let clearing = c.edit(|register| register.clear());
    assert!(c.is_empty() && c.get().is_none());
    b.apply(clearing);
    assert_eq!(b.get(), Some(&2), "it came before what it clears");
    b.apply(one);
    assert_eq!(b.get(), Some(&2));
    a.apply(two);
    assert!(a.is_conflicted());
    agree([&mut a, &mut b, &mut c]);
    assert_eq!(a.get(), Some(&2));
    a.edit(|register| register.clear());
    c.edit(|register| register.clear());
    agree([&mut a, &mut b, &mut c]);
    assert!(b.is_empty() && b.values().count() == 0);
}

#[test]
fn mv_register_equal_values_written_apart_read_as_one() {
    let [mut a, mut b, mut c] = trio::<Causal<MvRegister<&str>>>();
    a.edit(|register| register.set("tea"));
    b.edit(|register| register.set("tea"));
    let other = c.edit(|register| register.set("rum"));
    a.join_ref(b.state());
    assert_eq!((a.get(), a.is_conflicted(), a.values().count()), (Some(&"tea"), false, 1));
    let writers = a.facts(|register| Some(register.inner())).map(|(dot, _)| dot.replica().as_u128());
    assert!(writers.eq([1, 2]), "written twice");
    a.apply(other);
    assert!(a.values().eq(&["tea", "rum"]) && a.get().is_none());
    agree([&mut a, &mut b, &mut c]);
    c.edit(|register| register.set("rum")); // the same once more, but having seen the tea
    agree([&mut a, &mut b, &mut c]);
    assert_eq!(a.get(), Some(&"rum"));
}
