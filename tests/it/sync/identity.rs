//! Who has forgotten, and who is two.

use rejoin::sync::Replica;
use rejoin::{Causal, Counter, ReplicaId, Writer};

use super::net::Pair;

fn replica(id: u128) -> Replica<Causal<Counter>> {
    let next = std::sync::atomic::AtomicU64::new(0);
    let ids = move || {
        let n = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        ReplicaId::from_u128(id + u128::from(n) * 1_000)
    };
    Replica::from_writer(Writer::with_ids(Causal::default(), ids))
}

/// An old copy of identity and state, as a backup that somebody resumes by mistake.
fn copy(of: &Replica<Causal<Counter>>) -> Replica<Causal<Counter>> {
    let (identity, state) = of.snapshot();
    let bytes = serde_json::to_string(identity).unwrap();
    let next = std::sync::atomic::AtomicU64::new(1);
    let ids = move || {
        ReplicaId::from_u128(0xC0_FFEE + u128::from(next.fetch_add(1, std::sync::atomic::Ordering::Relaxed)))
    };
    Replica::from_writer(Writer::resume_with_ids(serde_json::from_str(&bytes).unwrap(), state.clone(), ids))
}

#[test]
fn who_hears_of_forgotten_writes_takes_a_new_id_before_it_writes() {
    let (mut shop, branch) = (replica(1), replica(2));
    shop.edit_at(0, |count| count.add(1));
    let backup = copy(&shop);
    shop.edit_at(0, |count| count.add(10));
    let mut pair = Pair::new(shop, branch, 5);
    pair.run();

    // The shop's disk breaks, and it goes on from the backup, under the id of then. It is told what the branch has before
    // it is told the events.
    let old = backup.id();
    pair.replace(0, backup);
    pair.vouch();
    while pair.replicas[0].renewed().is_none() {
        pair.step();
        assert!(pair.now < 100_000, "it notices");
    }
    pair.replicas[0].edit_at(0, |count| count.add(100));
    assert_ne!(pair.replicas[0].id(), old);
    pair.run();
    assert_eq!(pair.replicas.each_ref().map(|replica| replica.get()), [111, 111]);
    assert_eq!(pair.replicas[0].state(), pair.replicas[1].state());
}

#[test]
fn a_fork_writes_under_an_id_of_its_own() {
    let mut shop = replica(1);
    shop.edit_at(0, |count| count.add(1));
    let fork = shop.fork();
    assert_ne!(shop.id(), fork.id());
    let mut pair = Pair::new(shop, fork, 5);
    pair.replicas[0].edit_at(0, |count| count.add(10));
    pair.replicas[1].edit_at(0, |count| count.add(100));
    pair.run();
    assert_eq!(pair.replicas.each_ref().map(|replica| replica.get()), [111, 111]);
}

/// The parent writes and does not store, the fork stores and would tell, the parent crashes, goes on from its disk and writes: one
/// event with two values.
#[test]
fn what_the_parent_has_not_stored_is_not_told_by_a_fork() {
    let (mut shop, branch) = (replica(1), replica(2));
    shop.edit_at(0, |count| count.add(1));
    let disk = copy(&shop);
    shop.stored();
    shop.edit_at(0, |count| count.add(10));
    let mut fork = shop.fork();
    fork.stored();
    assert!(!fork.is_stored(), "its parent has not stored what it knows");
    let mut fork_of_fork = fork.fork();
    fork_of_fork.stored();
    let mut pair = Pair::new(fork, branch, 5);
    for now in (0..100_000).step_by(100) {
        assert!(pair.links[0].poll_frame(&mut pair.replicas[0], now).is_none());
    }
    drop(shop);
    let [fork, branch] = pair.replicas;
    let mut restored = disk;
    restored.edit_at(0, |count| count.add(100));
    let mut pair = Pair::new(restored, branch, 6);
    pair.run();
    assert_eq!(pair.replicas.each_ref().map(|replica| replica.get()), [101, 101]);
    assert!(!fork.is_stored() && !fork_of_fork.is_stored(), "and never will be");
}

#[test]
fn a_fork_speaks_when_both_are_stored() {
    let mut shop = replica(1);
    let fork = shop.fork();
    assert!(fork.is_stored(), "nobody stores anything");
    shop.stored();
    shop.edit_at(0, |count| count.add(1));
    let mut fork = shop.fork();
    fork.stored();
    let mut fork_of_fork = fork.fork();
    fork_of_fork.stored();
    shop.edit_at(0, |count| count.add(1));
    assert!(!fork.is_stored() && !fork_of_fork.is_stored());
    shop.stored();
    assert!(fork.is_stored() && fork_of_fork.is_stored());
    shop.edit_at(0, |count| count.add(1));
    assert!(fork.is_stored(), "it does not know of that");
    let fork = shop.fork();
    shop.stored();
    assert!(!fork.is_stored(), "it has to be stored itself");
}
