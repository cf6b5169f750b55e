//! Histories of last-writer-wins registers under clocks that tie, go back, or are far ahead.

use rejoin::causality::Ticks;
use rejoin::{Causal, ClockError, EditError, Lww, LwwMap, LwwRegister, ReplicaId, Stamp, Store, Writer};
use std::collections::BTreeMap;

/// What a broken or hostile clock may tell: the year 9999.
const FAR: u64 = 253_370_764_800_000;

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

fn set<V: Ord + Clone + 'static>(writer: &mut Writer<LwwRegister<V>>, now: u64, value: V) -> LwwRegister<V> {
    writer.try_edit_at(now, |register| register.set(value)).expect("there are stamps left")
}

#[test]
fn lww_register_ties_go_to_the_greater_replica_and_then_to_the_greater_value() {
    let [mut a, mut b, mut c] = trio::<LwwRegister<&str>>();
    let by_a = set(&mut a, 5_000, "zebra");
    let by_b = set(&mut b, 5_000, "mouse");
    let by_c = set(&mut c, 4_999, "owl");
    assert!(a.apply(by_b.clone()));
    assert!(!b.apply(by_a.clone()), "an older write is no news");
    assert!(!a.apply(by_c));
    assert!(c.apply(by_a) && c.apply(by_b));
    assert_eq!((a.get(), b.get(), c.get()), (Some(&"mouse"), Some(&"mouse"), Some(&"mouse")));
    assert!(a.state() == b.state() && b.state() == c.state());

    // By mistake under one stamp: still no way to diverge.
    let stamp = a.stamp().expect("it was written");
    let twin = LwwRegister::written(stamp, "weasel");
    assert!(a.apply(twin.clone()));
    assert!(!c.apply(LwwRegister::written(stamp, "ant")) && c.apply(twin));
    assert_eq!((a.get(), c.get()), (Some(&"weasel"), Some(&"weasel")));
}

#[test]
fn lww_register_write_after_a_clock_went_back_still_comes_after() {
    let [mut a, mut b, mut c] = trio::<LwwRegister<&str>>();
    let first = set(&mut a, 9_000, "first");
    let second = set(&mut a, 1_000, "second"); // the clock was put right
    assert_eq!(a.get(), Some(&"second"));
    b.apply(second.clone());
    assert!(!b.apply(first.clone()));
    assert_eq!(b.get(), Some(&"second"));
    c.apply(first);
    let third = set(&mut c, 2_000, "third"); // having seen the first alone
    assert_eq!(third.stamp().map(Stamp::millis), Some(9_000), "just after what it replaces");
    assert_eq!(c.get(), Some(&"third"));
    // Both came one tick after the first: the greater replica has it.
    b.apply(third.clone());
    a.apply(third);
    c.apply(second);
    assert!(a.state() == b.state() && b.state() == c.state());
    assert_eq!(a.get(), Some(&"third"));
}

#[test]
fn lww_register_far_future_is_taken_in_and_replaced_and_not_followed() {
    let [mut a, mut b, mut c] = trio::<BTreeMap<&str, LwwRegister<&str>>>();
    let hostile = a.try_edit_at(FAR, |map| map.entry("x").set("hostile")).unwrap();
    assert!(b.apply(hostile.clone()), "no stamp is refused");
    assert_eq!(b["x"].get(), Some(&"hostile"));
    let repair = b.try_edit_at(1_000_000, |map| map.entry("x").set("mended")).unwrap();
    assert_eq!(b["x"].get(), Some(&"mended"), "a local write stamps above what it replaces");
    let other = b.try_edit_at(1_000_001, |map| map.entry("y").set("today")).unwrap();
    assert_eq!(b["y"].stamp().map(Stamp::millis), Some(1_000_001), "b's clock has not gone there");

    c.apply(repair.clone());
    c.apply(hostile);
    assert_eq!(c["x"].get(), Some(&"mended"));
    let unaware = c.try_edit_at(1_000_002, |map| map.entry("y").set("today, later")).unwrap();
    c.apply(other);
    b.apply(unaware);
    a.apply(repair);
    a.join(c.state().clone());
    assert_eq!(a["y"].get(), Some(&"today, later"));
    assert!(a.state() == c.state() && b.state() == c.state());
}

#[test]
fn lww_register_under_the_greatest_stamp_refuses_writes_and_says_so() {
    let [mut a, mut b, mut c] = trio::<LwwRegister<u8>>();
    let last = Stamp::new(Ticks::MAX, ReplicaId::from_u128(9));
    assert!(a.apply(LwwRegister::written(last, 1)));
    let before = a.state().clone();
    let refused = a.try_edit_at(1_000, |register| register.set(2)).unwrap_err();
    assert_eq!(refused, EditError::Failed(ClockError::Exhausted));
    assert!(a.state() == &before, "nothing has changed");
    let early = set(&mut b, 1_000, 3);
    assert!(!a.apply(early));
    c.join(a.state().clone());
    b.join(c.state().clone());
    assert_eq!((b.get(), c.get()), (Some(&1), Some(&1)));
}

#[test]
fn lww_later_clock_wins_between_writes_apart_and_knowledge_wins_otherwise() {
    let [mut a, mut b, mut c] = trio::<Causal<Lww<&str>>>();
    let late = a.edit_at(4_000, |color| color.set("red"));
    let early = b.edit_at(3_000, |color| color.set("blue"));
    c.apply(late.clone());
    c.apply(early);
    assert_eq!((c.get(), c.written_at()), (Some(&"red"), Some(4_000)));
    b.apply(late);
    let slow = b.edit_at(3_500, |color| color.set("green")); // its clock is slow, but it has seen both
    a.apply(slow.clone());
    c.apply(slow);
    assert_eq!((a.get(), b.get(), c.get()), (Some(&"green"), Some(&"green"), Some(&"green")));
    let slower = c.edit_at(10, |color| color.set("gold"));
    a.apply(slower);
    assert_eq!(a.get(), Some(&"gold"));
    agree([&mut a, &mut b, &mut c]);
    assert_eq!(b.get(), Some(&"gold"));
}

#[test]
fn lww_ties_go_to_the_greater_replica() {
    let [mut a, mut b, mut c] = trio::<Causal<Lww<&str>>>();
    c.edit_at(7_000, |value| value.set("ant"));
    b.edit_at(7_000, |value| value.set("bee"));
    a.edit_at(7_000, |value| value.set("cat"));
    a.join_ref(b.state());
    assert_eq!(a.get(), Some(&"bee"));
    agree([&mut a, &mut b, &mut c]);
    assert_eq!(a.get(), Some(&"ant"));
    assert_eq!(a.written_at(), Some(7_000));
}

#[test]
fn lww_clear_takes_what_it_saw_whatever_the_clocks_say() {
    let [mut a, mut b, mut c] = trio::<Causal<Lww<&str>>>();
    let great = a.edit_at(9_000, |value| value.set("great"));
    let small = c.edit_at(1_000, |value| value.set("small"));
    b.apply(great.clone());
    let clearing = b.edit_at(20_000, |value| value.clear()); // has not seen the small one
    assert!(b.is_empty() && b.written_at().is_none());
    c.apply(great);
    assert_eq!(c.get(), Some(&"great"));
    c.apply(clearing.clone());
    assert_eq!(c.get(), Some(&"small"), "written by somebody whom the clearing had not seen");
    b.apply(small.clone());
    a.apply(clearing);
    assert!(a.is_empty());
    a.apply(small);
    agree([&mut a, &mut b, &mut c]);
    assert_eq!(a.get(), Some(&"small"));
    let end = a.edit_at(0, |value| value.clear());
    assert!(a.edit_at(0, |value| value.clear()).is_empty());
    b.apply(end);
    assert!(b.is_empty());
}

#[test]
fn lww_far_future_does_not_wedge_nor_drag_clocks_along() {
    let [mut a, mut b, mut c] = trio::<Causal<LwwMap<&str, u8>>>();
    let hostile = a.edit_at(FAR, |map| map.insert("x", 1));
    b.apply(hostile.clone());
    let repair = b.edit_at(1_000_000, |map| map.insert("x", 2));
    assert_eq!(b.get("x"), Some(&2));
    let by_b = b.edit_at(1_000_000, |map| map.insert("y", 3));
    let by_c = c.edit_at(1_000_001, |map| map.insert("y", 4));
    c.apply(by_b);
    assert_eq!(c.get("y"), Some(&4), "b's clock has not followed");
    b.apply(by_c);
    c.apply(repair);
    assert_eq!(c.get("x"), Some(&2), "it came before what it replaces");
    c.apply(hostile);
    assert_eq!(c.get("x"), Some(&2));
    agree([&mut a, &mut b, &mut c]);
    assert_eq!((a.get("x"), a.get("y"), a.len()), (Some(&2), Some(&4), 2));
}

#[test]
fn lww_at_the_end_of_time_can_still_be_written_and_cleared() {
    let [mut a, mut b, mut c] = trio::<Causal<Lww<u8>>>();
    let first = a.edit_at(u64::MAX, |value| value.set(1));
    let second = a.edit_at(u64::MAX, |value| value.set(2));
    assert_eq!(a.get(), Some(&2));
    b.apply(second.clone());
    b.apply(first);
    assert_eq!(b.get(), Some(&2));
    let third = b.edit_at(1_000, |value| value.set(3));
    assert_eq!(b.get(), Some(&3));
    c.apply(third);
    assert_eq!(c.get(), Some(&3));
    c.apply(second);
    assert_eq!(c.get(), Some(&3));
    agree([&mut a, &mut b, &mut c]);
    a.edit_at(1_000, |value| value.clear());
    assert!(a.is_empty());
}

#[test]
fn a_clock_follows_what_its_writer_has_replaced_within_the_drift_bound() {
    let [mut a, mut b, mut c] = trio::<Causal<LwwMap<&str, &str>>>();
    let seen = a.edit_at(1_010_000, |map| map.insert("question", "when?"));
    b.apply(seen);
    let answer = b.edit_at(1_009_000, |map| {
        map.insert("question", "and when?");
        map.insert("answer", "after it");
    });
    let apart = c.edit_at(1_009_500, |map| map.insert("answer", "before it"));
    b.apply(apart);
    assert_eq!(b.get("answer"), Some(&"after it"));
    c.apply(answer);
    agree([&mut a, &mut b, &mut c]);
    assert_eq!(a.get("answer"), Some(&"after it"));
}
