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
