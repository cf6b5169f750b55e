//! One id, one hand: forks, restarts, restored backups, copies.

use std::sync::atomic::{AtomicU32, Ordering};

#[cfg(feature = "serde")]
use rejoin::writer::Because;
use rejoin::*;

type Set = Causal<OrSet<u32>>;

/// Ids in order, from `first`.
fn ids(first: u32) -> impl Fn() -> ReplicaId + Send + Sync + 'static {
    let next = AtomicU32::new(first);
    move || ReplicaId::from_u128(next.fetch_add(1, Ordering::Relaxed).into())
}

/// An identity as it comes back from storage. (It is not `Clone`; storage is what copies it.)
#[cfg(feature = "serde")]
fn stored(identity: &Identity) -> Identity {
    serde_json::from_str(&serde_json::to_string(identity).unwrap()).unwrap()
}

#[test]
fn a_writer_can_be_shared_between_threads() {
    fn shared<T: Send + Sync>() {}
    shared::<Writer<Set>>();
    shared::<Writer<GCounter>>();
}

#[test]
fn a_fork_has_an_id_of_its_own() {
    let mut a = Writer::with_ids(Set::default(), ids(1));
    a.edit_at(0, |set| set.insert(1));
    let mut b = a.fork();
    assert_ne!(a.replica(), b.replica());
    assert_eq!(a.state(), b.state());
    let (from_a, from_b) = (a.edit_at(0, |set| set.insert(2)), b.edit_at(0, |set| set.insert(3)));
    assert!(!from_a.events().intersects(from_b.events()));
    a.apply(from_b);
    b.apply(from_a);
    assert!(a.iter().eq(&[1, 2, 3]));
    assert_eq!(a.state(), b.state());
}

#[cfg(feature = "serde")]
#[test]
fn a_restart_with_all_that_was_written_keeps_the_id() {
    let mut before = Writer::with_ids(Set::default(), ids(1));
    before.edit_at(5_000, |set| set.insert(1));
    let (identity, state) = (stored(before.identity()), before.into_state());

    let mut after = Writer::resume_with_ids(identity, state, ids(100));
    let delta = after.edit_at(0, |set| set.insert(2));
    assert_eq!(after.renewed(), None);
    assert_eq!(delta.events().dots().collect::<Vec<_>>(), [Dot::new(ReplicaId::from_u128(1), 2).unwrap()]);
}

#[cfg(feature = "serde")]
#[test]
fn a_restart_that_has_forgotten_its_last_writes_takes_a_new_id() {
    let mut writer = Writer::with_ids(Set::default(), ids(1));
    writer.edit_at(0, |set| set.insert(1));
    let backup = (stored(writer.identity()), writer.state().clone());
    let lost = writer.edit_at(0, |set| set.insert(2));
    let mut peer = Set::default();
    peer.join_ref(writer.state());

    let mut restored = Writer::resume_with_ids(backup.0, backup.1, ids(100));
    restored.join_ref(&peer); // here it meets a dot of its own that it has not made
    let delta = restored.edit_at(0, |set| set.remove(&1));
    let renewal = restored.renewed().expect("it has forgotten something");
    assert_eq!((renewal.old.as_u128(), renewal.because), (1, Because::Forgotten));
    assert_eq!(renewal.new, restored.replica());
    assert_eq!(delta.events().replicas().collect::<Vec<_>>(), [renewal.new]);
    assert_eq!(restored.renewed(), None, "said once");

    peer.apply(delta);
    peer.apply(lost);
    assert_eq!(&peer, restored.state());
    assert!(peer.iter().eq(&[2]), "the acknowledged write is not erased");
}

#[cfg(feature = "serde")]
#[test]
fn a_kill_of_an_unmade_dot_is_noticed_too() {
    let mut writer = Writer::with_ids(Set::default(), ids(1));
    let backup = (stored(writer.identity()), writer.state().clone());
    let insertion = writer.edit_at(0, |set| set.insert(1));
    let mut peer = Writer::with_ids(Set::default(), ids(50));
    peer.apply(insertion);
    let removal = peer.edit_at(0, |set| set.remove(&1));

    let mut restored = Writer::resume_with_ids(backup.0, backup.1, ids(100));
    restored.apply(removal);
    restored.edit_at(0, |set| set.insert(9));
    assert!(restored.renewed().is_some());
    assert!(restored.contains(&9), "the new write is not the one that was removed");
}

#[cfg(feature = "serde")]
#[test]
fn a_state_older_than_the_identity_takes_a_new_id() {
    let mut writer = Writer::with_ids(Set::default(), ids(1));
    let old = writer.state().clone();
    writer.edit_at(0, |set| set.insert(1));
    let mut restored = Writer::resume_with_ids(stored(writer.identity()), old, ids(100));
    let delta = restored.edit_at(0, |set| set.insert(2));
    assert_eq!(restored.renewed().map(|renewal| renewal.because), Some(Because::Forgotten));
    assert!(!delta.events().intersects(writer.version()));
}

#[cfg(feature = "serde")]
#[test]
fn plain_counters_notice_amnesia_as_well() {
    fn forget<T>(write: impl Fn(&mut T::Edit<'_>) + Copy)
    where
        T: rejoin::store::Root + Clone,
    {
        let mut writer = Writer::with_ids(T::default(), ids(1));
        writer.edit_at(0, write);
        let backup = (stored(writer.identity()), writer.state().clone());
        writer.edit_at(0, write);
        let mut restored = Writer::resume_with_ids(backup.0, backup.1, ids(100));
        restored.join(writer.into_state());
        restored.edit_at(0, write);
        assert!(restored.renewed().is_some());
    }
    forget::<GCounter>(|counter| counter.increment(1).unwrap());
    forget::<PnCounter>(|counter| counter.subtract(1).unwrap());
    forget::<BoundedCounter>(|counter| counter.increment(1).unwrap());
    forget::<std::collections::BTreeMap<u8, GCounter>>(|map| map.entry(7).increment(1).unwrap());
    forget::<(GCounter, PnCounter)>(|(up, _)| up.increment(1).unwrap());
}

#[cfg(feature = "serde")]
#[test]
fn dots_do_not_run_out_under_a_writer() {
    let (id, most) = (ReplicaId::from_u128(1), <Set as rejoin::store::Root>::MOST_MADE);
    let most = u64::try_from(most).unwrap();
    for (made, renewed) in [(most, None), (most + 1, Some(Because::Exhausted))] {
        let mut state = Set::default();
        state.apply(claim(id, made));
        let identity = serde_json::json!({ "replica": id, "made": [0, made], "clock": [0, 0] });
        let mut writer = Writer::resume_with_ids(serde_json::from_value(identity).unwrap(), state, ids(100));
        let delta = writer.edit_at(0, |set| set.insert(1));
        assert_eq!(writer.renewed().map(|renewal| renewal.because), renewed);
        let counter = delta.events().dots().next().map(Dot::counter);
        assert_eq!(counter, Some(if renewed.is_some() { 1 } else { made + 1 }));
    }
}

/// A delta of one event with the given counter, whose change was undone within its group.
#[cfg(feature = "serde")]
fn claim(replica: ReplicaId, counter: u64) -> Delta<OrSet<u32>> {
    let events = serde_json::json!([[replica, [[counter, counter]]]]);
    serde_json::from_value(serde_json::json!({ "events": events, "change": [] })).unwrap()
}

#[test]
fn a_panic_in_a_transaction_leaves_nothing() {
    let mut writer = Writer::with_ids(Set::default(), ids(1));
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        writer.edit_at(0, |set| {
            set.insert(1);
            panic!("halfway");
        });
    }));
    assert!(panicked.is_err());
    assert_eq!(writer.state(), &Set::default());
    let delta = writer.edit_at(0, |set| set.insert(2));
    assert_eq!(delta.events(), writer.version());
    let mut peer = Set::default();
    peer.apply(delta);
    assert_eq!(&peer, writer.state());
}

#[test]
fn a_suspended_writer_goes_on_under_its_id() {
    let mut writer = Writer::with_ids(Set::default(), ids(1));
    writer.edit_at(0, |set| set.insert(1));
    let (identity, state) = writer.suspend();
    let mut writer = Writer::resume_with_ids(identity, state, ids(100));
    assert_eq!(writer.settle_identity(), None);
    assert_eq!(writer.edit_at(0, |set| set.insert(2)).events().last(ReplicaId::from_u128(1)), 2);
}

#[cfg(feature = "serde")]
#[test]
fn settling_names_the_id_that_writes_before_it_writes() {
    let mut writer = Writer::with_ids(BoundedCounter::default(), ids(1));
    let backup = (stored(writer.identity()), writer.state().clone());
    writer.edit_at(0, |stock| stock.increment(1).unwrap());
    let mut restored = Writer::resume_with_ids(backup.0, backup.1, ids(100));
    restored.join(writer.into_state());
    let renewal = restored.settle_identity().expect("it has forgotten an increment");
    assert_eq!(renewal.new, restored.replica());
    restored.edit_at(0, |stock| stock.increment(5).unwrap());
    assert_eq!(restored.rights(renewal.new), 5);
}

#[test]
fn a_clock_goes_on_after_a_panic_and_a_fork() {
    let mut writer = Writer::with_ids(LwwRegister::<u8>::default(), ids(1));
    writer.edit_at(9_000, |register| register.set(1).unwrap());
    let told = writer.stamp().unwrap();
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        writer.edit_at(10_000, |register| {
            register.set(2).unwrap();
            panic!("halfway");
        });
    }));
    assert!(panicked.is_err());
    assert_eq!(writer.stamp(), Some(told));
    let mut fork = writer.fork();
    for writer in [&mut writer, &mut fork] {
        writer.edit_at(1_000, |register| register.set(2).unwrap());
        assert!(writer.stamp().unwrap() > told);
    }
}

#[test]
fn the_clock_of_a_transaction_is_the_writers() {
    let mut map = Writer::with_ids(Causal::<LwwMap<char, u8>>::default(), ids(1));
    map.edit_at(5_000, |map| map.insert('x', 1));
    map.edit_at(3_000, |map| map.insert('y', 2));
    let mut other = Writer::with_ids(Causal::<LwwMap<char, u8>>::default(), ids(2));
    other.edit_at(4_000, |map| map.insert('y', 3));
    map.join_ref(other.state());
    assert_eq!(map.get(&'y'), Some(&2), "a clock does not go back when the wall clock does");

    let mut plain = Writer::with_ids(std::collections::BTreeMap::<char, LwwRegister<u8>>::new(), ids(1));
    plain.edit_at(5_000, |map| map.entry('x').set(1).unwrap());
    plain.edit_at(3_000, |map| map.entry('y').set(2).unwrap());
    assert!(plain[&'y'].stamp() > plain[&'x'].stamp());
}

#[test]
fn a_transaction_is_told_the_systems_time() {
    let now = || std::time::UNIX_EPOCH.elapsed().unwrap().as_millis();
    let (mut register, before) = (Writer::<Causal<Lww<u8>>>::new(), now());
    register.edit(|register| register.set(1));
    let written_at = u128::from(register.written_at().unwrap());
    assert!((before..=now()).contains(&written_at), "{written_at}");
}

#[test]
fn a_drift_bound_holds_for_the_writer_and_its_forks() {
    let mut ahead = Writer::with_ids(Causal::<Map<char, Lww<u8>>>::default(), ids(1));
    ahead.edit_at(1_100_000, |map| map.entry('x').set(1));
    let mut follower = Writer::with_ids(ahead.state().clone(), ids(10));
    follower.set_max_drift(200_000);
    let mut fork = follower.fork();
    let mut stranger = Writer::with_ids(ahead.state().clone(), ids(20));
    for (writer, time) in [(&mut follower, 1_100_000), (&mut fork, 1_100_000), (&mut stranger, 1_000_000)] {
        writer.edit_at(1_000_000, |map| map.entry('x').set(2)); // replaces what is 100 seconds ahead
        writer.edit_at(1_000_000, |map| map.entry('y').set(3));
        assert_eq!(writer.get(&'y').and_then(Lww::written_at), Some(time));
    }
}

/// What both directions of a counter have counted needs more than 64 bits.
#[cfg(feature = "serde")]
#[test]
fn a_restart_of_a_counter_that_has_counted_much_keeps_the_id() {
    let mut before = Writer::with_ids(PnCounter::default(), ids(1));
    before.edit_at(0, |counter| {
        counter.add(u64::MAX).unwrap();
        counter.subtract(u64::MAX).unwrap();
    });
    let (identity, state) = (stored(before.identity()), before.into_state());
    let mut after = Writer::resume_with_ids(identity, state, ids(100));
    assert_eq!(after.settle_identity(), None);
}

#[test]
fn a_writer_takes_in_what_strangers_send() {
    let [mut a, mut b] = [1, 2].map(|n| Writer::with_ids(Set::default(), ids(n)));
    let delta = a.edit_at(0, |set| set.insert(1));
    assert_eq!((b.try_apply(delta.clone()), b.try_apply(delta)), (Ok(true), Ok(false)));
    assert!(b.iter().eq(&[1]));
    a.edit_at(0, |set| set.insert(2));
    for news in [true, false] {
        assert_eq!(b.try_join(std::borrow::Cow::Borrowed(a.state())), Ok(news));
        assert_eq!(a.state(), b.state());
    }
}
