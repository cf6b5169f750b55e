//! A peer is believed about this replica's identity only if the application vouches for it.

use rejoin::sync::{Config, Link, PeerName, Replica};
use rejoin::{Causal, OrSet, ReplicaId, Version, Writer};

use super::forger::{Forger, have};
use super::groups::{Group, Meeting, World, sell, sold, writer};

/// A version that has writes of a replica which that has never made.
fn claim(id: ReplicaId, writes: u64) -> Version {
    (1..=writes).map(|counter| rejoin::Dot::new(id, counter).unwrap()).collect()
}

/// 103 bytes that name a write which a member never made.
#[test]
fn hearsay_from_a_stranger_evicts_nobody() {
    let mut world = World::new(1);
    let founder = world.begin(true);
    let member = world.fork(founder);
    let (id, replica) = (world.id(member), &mut world.replicas[member]);
    let mut link = Link::new(1, Config::default());
    let mut stranger = Forger::meet(&mut link, replica);
    for writes in 10..60 {
        drop(stranger.say(&mut link, replica, &have(&claim(id, writes))));
    }
    assert_eq!(replica.claimed(), Some(59), "the application may ask");
    assert!(replica.is_member());
    sell(replica, 5);
    assert_eq!((replica.id(), replica.renewed()), (id, None));
    assert!(world.meet(member, founder, Meeting::PLAIN).is_empty());
    assert_eq!(sold(&world.replicas[founder]), 5);
}

#[test]
fn outside_groups_hearsay_from_a_stranger_costs_no_id() {
    let mut replica = Replica::<Causal<OrSet<u64>>>::from_writer(Writer::with_id(ReplicaId::from_u128(1)));
    replica.edit_at(0, |set| set.insert(1));
    let mut link = Link::new(1, Config::default());
    let mut stranger = Forger::meet(&mut link, &mut replica);
    let (id, lie) = (replica.id(), claim(replica.id(), 9));
    drop(stranger.say(&mut link, &mut replica, &have(&lie)));
    replica.edit_at(0, |set| set.insert(2));
    assert_eq!(replica.id(), id);
    assert_eq!(replica.version().interval_count(), 1);

    // The application has asked somebody whom it trusts.
    assert_eq!(replica.claimed(), Some(9));
    replica.hear_of(&lie);
    assert_ne!(replica.id(), id);
    assert_eq!(replica.claimed(), None);
}

/// A peer that the application vouches for lies as often as it can, over new connections.
#[test]
fn a_liar_that_is_vouched_for_costs_some_ids_an_hour() {
    let mut replica = Replica::<Causal<OrSet<u64>>>::from_writer(Writer::with_id(ReplicaId::from_u128(1)));
    let lie = |replica: &mut Replica<Causal<OrSet<u64>>>, now: u64| {
        let mut link = Link::new(1, Config::default()).vouched_for(PeerName::from_u128(7));
        let mut liar = Forger::meet(&mut link, replica);
        liar.now = now;
        drop(liar.say(&mut link, replica, &have(&claim(replica.id(), 1_000))));
    };
    let mut ids = std::collections::BTreeSet::from([replica.id()]);
    for n in 0..50 {
        lie(&mut replica, n);
        replica.edit_at(0, |set| set.insert(n));
        ids.insert(replica.id());
    }
    assert_eq!(ids.len(), 1 + 4);
    for hour in 1..100 {
        for n in 0..6 {
            lie(&mut replica, hour * 3_600_000 + n);
            replica.edit_at(0, |set| set.insert(n));
            ids.insert(replica.id());
        }
    }
    assert_eq!(ids.len(), 1 + 64);
}

/// A vouched-for peer lies to a member about its own writes: the member goes on under another id, which another member lets in.
#[test]
fn a_renewed_member_keeps_its_standing_and_its_memory() {
    let mut world = World::new(2);
    let founder = world.begin(true);
    let (member, liar) = (world.fork(founder), world.fork(founder));
    for other in [member, liar] {
        world.meet(founder, other, Meeting::PLAIN);
    }
    world.sell(member, 5); // and nobody has heard of it
    let old = world.id(member);
    let replica = &mut world.replicas[member];
    replica.hear_of(&claim(old, 1_000));
    assert!(replica.is_member() && replica.id() == old, "it is the member that it was");
    // What it writes meanwhile is told later.
    world.sell(member, 7);
    let new = world.id(member);
    assert_ne!(new, old);
    assert!(world.replicas[member].is_member());

    // A member that does not vouch for it hears nothing yet, and does not mind.
    assert!(world.meet(member, founder, Meeting::PLAIN).is_empty());
    assert_eq!(sold(&world.replicas[founder]), 0);
    for _ in 0..2 {
        assert!(world.meet(member, founder, Meeting::VOUCHED).is_empty());
    }
    assert_eq!(sold(&world.replicas[founder]), 12);
    let standings = [old, new].map(|id| world.replicas[founder].standing(id));
    assert_eq!(standings, [rejoin::sync::Standing::Left, rejoin::sync::Standing::Member]);

    // Nobody waits for the old id.
    for _ in 0..3 {
        for (a, b) in [(founder, member), (founder, liar), (member, liar)] {
            assert!(world.meet(a, b, Meeting::PLAIN).is_empty());
        }
        for at in [founder, member, liar] {
            world.settle(at);
        }
    }
    assert!(world.replicas[member].horizon().covers(&claim(old, 1)));
    world.check().unwrap();
    for at in [founder, liar] {
        assert_eq!(world.replicas[at].state(), world.replicas[member].state());
    }
}

/// A member restarts from an old copy of its identity and state, and is told by a member that vouches for it.
#[cfg(feature = "serde")]
#[test]
fn a_member_that_has_forgotten_writes_hears_of_them_before_it_writes() {
    let mut world = World::new(3);
    let founder = world.begin(true);
    let member = world.fork(founder);
    world.sell(member, 1);
    let (identity, state) = world.replicas[member].snapshot();
    let disk = (serde_json::to_string(identity).unwrap(), state.clone());
    world.sell(member, 10);
    assert!(world.meet(founder, member, Meeting::PLAIN).is_empty());
    let identity = serde_json::from_str(&disk.0).unwrap();
    let next = std::sync::atomic::AtomicU64::new(0xF00D);
    let ids = move || ReplicaId::from_u128(next.fetch_add(1, std::sync::atomic::Ordering::Relaxed).into());
    let restored = Group::in_group(Writer::resume_with_ids(identity, disk.1, ids));
    let old = restored.id();
    let restored = world.restore(restored);
    for _ in 0..2 {
        assert!(world.meet(founder, restored, Meeting::VOUCHED).is_empty());
    }
    assert_ne!(world.id(restored), old);
    world.sell(restored, 100);
    assert!(world.meet(founder, restored, Meeting::PLAIN).is_empty());
    assert_eq!(sold(&world.replicas[founder]), 111);
    assert_eq!(world.replicas[founder].state(), world.replicas[restored].state());
}

#[test]
fn a_newcomer_that_is_vouched_for_is_let_in() {
    let mut world = World::new(4);
    let founder = world.begin(true);
    world.sell(founder, 5);
    world.settle(founder);
    let newcomer = world.begin(false);
    world.meet(founder, newcomer, Meeting { vouched: [false, true], ..Meeting::PLAIN });
    assert!(world.replicas[newcomer].version().is_empty(), "the founder does not vouch for it");
    for _ in 0..2 {
        assert!(world.meet(founder, newcomer, Meeting::VOUCHED).is_empty());
    }
    assert!(world.replicas[newcomer].is_member());
    world.sell(newcomer, 1);
    assert!(world.meet(founder, newcomer, Meeting::PLAIN).is_empty());
    assert_eq!([founder, newcomer].map(|at| sold(&world.replicas[at])), [6, 6]);
}

/// A vouched-for peer brings newcomers without end.
#[test]
fn newcomers_on_one_name_have_an_allowance() {
    let mut founder = Group::found_as(writer(1));
    for n in 0..20 {
        let mut newcomer = Group::in_group(writer(2 + 1_000 * (n + 1)));
        super::groups::meet([&mut founder, &mut newcomer], [1, 2], Meeting::VOUCHED, n as u64, |_, _| {});
    }
    assert_eq!(founder.admitted.len(), 1 + 4);
}

/// A vouched-for liar gives itself a member's name, and says that it has begun elsewhere.
#[test]
fn a_member_is_not_sent_away_by_another_in_its_name() {
    let mut world = World::new(6);
    let founder = world.begin(true);
    let member = world.begin(false);
    for _ in 0..2 {
        world.meet(founder, member, Meeting::VOUCHED);
    }
    assert!(world.replicas[member].is_member());
    let mut liar = Group::found_as(Writer::with_id(world.id(member)));
    sell(&mut liar, 5);
    super::groups::meet([&mut world.replicas[founder], &mut liar], [0, 9], Meeting::VOUCHED, 3, |_, _| {});
    assert_eq!(world.replicas[founder].members().count(), 2);
    world.sell(member, 1);
    assert!(world.meet(founder, member, Meeting::PLAIN).is_empty());
    assert_eq!(sold(&world.replicas[founder]), 1);
}

/// A newcomer meets two groups at once, which both let it in. It begins in one, and the other does not wait for it.
#[test]
fn a_newcomer_that_has_begun_elsewhere_is_not_waited_for() {
    // The first meeting ends when the newcomer is let in, and has not heard of it.
    let cut_short = |rounds| {
        let mut world = World::new(7);
        let [a, b, newcomer] = [true, true, false].map(|founds| world.begin(founds));
        world.meet(a, newcomer, Meeting { rounds, ..Meeting::VOUCHED });
        let is_let_in = world.replicas[a].members().count() == 2;
        (is_let_in && world.replicas[newcomer].version().is_empty()).then_some((world, [a, b, newcomer]))
    };
    let (mut world, [a, b, newcomer]) = (0..10).find_map(cut_short).expect("there is such a moment");
    for _ in 0..2 {
        world.meet(b, newcomer, Meeting::VOUCHED);
    }
    for _ in 0..4 {
        for (x, y) in [(a, newcomer), (b, newcomer), (a, b)] {
            world.meet(x, y, Meeting::VOUCHED);
        }
        for at in [a, b, newcomer] {
            world.settle(at);
        }
    }
    world.check().unwrap();
    assert_eq!(world.replicas[a].members().count(), 3, "they are one group");
    assert_eq!(world.replicas[a].state(), world.replicas[newcomer].state());
}

/// What a peer names as its group costs its allowance, too.
#[test]
fn groups_that_are_made_up_have_an_allowance() {
    let mut founder = Group::found_as(writer(1));
    for n in 0..20 {
        founder.settle();
        let mut foreign = Group::found_as(writer(2 + 1_000 * (n + 1)));
        super::groups::meet(
            [&mut founder, &mut foreign],
            [1, 2],
            Meeting { rounds: 4, ..Meeting::VOUCHED },
            n as u64,
            |_, _| {},
        );
        let made_up: Vec<_> = founder.united.iter().copied().collect();
        for other in made_up {
            let _ = founder.retire(other);
        }
    }
    assert_eq!(founder.united.len(), 4);
}
