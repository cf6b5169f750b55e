//! Groups that were founded apart unite.

use rejoin::sync::Refused;

use super::groups::{Meeting, World, reading, sold};

/// All meet all, and settle, until nothing changes any more.
fn converge(world: &mut World) {
    for _ in 0..8 {
        for a in 0..world.replicas.len() {
            for b in 0..a {
                world.meet(a, b, Meeting::VOUCHED);
                world.check().unwrap();
            }
            world.settle(a);
            world.check().unwrap();
        }
    }
}

fn are_equal(world: &World) -> bool {
    world.replicas.iter().all(|replica| replica.state() == world.replicas[0].state())
}

#[test]
fn founders_that_wrote_apart_unite_when_both_vouch() {
    let mut world = World::new(1);
    let [a, b] = [(); 2].map(|()| world.begin(true));
    world.sell(a, 1);
    world.sell(b, 10);
    for vouched in [[false, false], [true, false]] {
        world.meet(a, b, Meeting { vouched, ..Meeting::PLAIN });
        for at in [a, b] {
            world.settle(at);
        }
        world.meet(a, b, Meeting { vouched, ..Meeting::PLAIN });
        assert_eq!([a, b].map(|at| sold(&world.replicas[at])), [1, 10], "{vouched:?}");
        world.check().unwrap();
    }
    // The first has written down that it unites, and now the second does.
    for _ in 0..3 {
        world.meet(a, b, Meeting::VOUCHED);
        for at in [a, b] {
            world.settle(at);
        }
    }
    assert_eq!([a, b].map(|at| sold(&world.replicas[at])), [11, 11]);
    converge(&mut world);
    assert!(are_equal(&world));
    world.sell(a, 100);
    world.sell(b, 1_000);
    converge(&mut world);
    assert_eq!([a, b].map(|at| sold(&world.replicas[at])), [1_111, 1_111]);
    assert!(world.replicas[a].horizon().dot_count() > 4, "they settle together");
}

/// One group has settled a removal; the other has inserted what it removed. A member that had not settled it yet reads what the others
/// read.
#[test]
fn what_was_settled_before_a_union_is_settled_for_all() {
    let mut world = World::new(2);
    let a = world.begin(true);
    let c = world.fork(a);
    let b = world.begin(true);
    world.replicas[b].edit_at(0, |shared| shared.data.banned.insert(1));
    world.write(b, 0);
    world.settle(b);
    world.replicas[a].edit_at(0, |shared| shared.data.banned.insert(1));
    world.replicas[a].edit_at(0, |shared| shared.data.banned.remove(1));
    world.write(a, 0);
    // The first knows that the second has it all, and settles. The second has not heard of it.
    for _ in 0..2 {
        world.meet(c, a, Meeting::PLAIN);
    }
    assert!(world.settle(a));
    assert_ne!(world.replicas[c].horizon(), world.replicas[a].horizon());
    for _ in 0..3 {
        world.meet(a, b, Meeting::VOUCHED);
        world.settle(a);
        world.settle(b);
    }
    assert!(world.replicas[a].data.banned.contains(&1) && world.replicas[b].data.banned.contains(&1));
    world.meet(b, c, Meeting::VOUCHED);
    converge(&mut world);
    assert!(are_equal(&world));
    assert!(world.replicas[c].data.banned.contains(&1), "as for those who had forgotten the removal");
}

#[test]
fn three_groups_unite_in_different_places() {
    let mut world = World::new(3);
    let founders = [(); 3].map(|()| world.begin(true));
    let forks = founders.map(|founder| world.fork(founder));
    for (n, at) in founders.into_iter().chain(forks).enumerate() {
        world.sell(at, 10_i64.pow(n as u32));
        world.write(at, 6 + n as u64 % 4);
    }
    for _ in 0..3 {
        for (founder, fork) in founders.into_iter().zip(forks) {
            world.meet(founder, fork, Meeting::PLAIN);
            world.settle(founder);
            world.settle(fork);
        }
    }
    // In a ring, each by another member.
    for n in 0..3 {
        world.meet(founders[n], forks[(n + 1) % 3], Meeting::VOUCHED);
        world.check().unwrap();
    }
    converge(&mut world);
    assert!(are_equal(&world));
    assert_eq!(sold(&world.replicas[0]), 111_111);
}

/// A member that is still writing, or waits for others, is not at rest.
#[test]
fn a_group_unites_when_it_is_at_rest() {
    let mut world = World::new(4);
    let a = world.begin(true);
    let away = world.fork(a);
    let b = world.begin(true);
    world.sell(a, 1);
    world.sell(b, 10);
    world.settle(b);
    for _ in 0..3 {
        assert_eq!(world.meet(a, b, Meeting::VOUCHED), []);
        world.settle(a);
    }
    assert_eq!(reading(world.replicas[a].state()).0, 1, "one of its members has said nothing");
    let id = world.id(away);
    world.retire(a, id);
    world.settle(a);
    for _ in 0..3 {
        assert_eq!(world.meet(a, b, Meeting::VOUCHED), []);
        world.settle(b);
    }
    assert_eq!([a, b].map(|at| sold(&world.replicas[at])), [11, 11]);
}

/// The other group does not come back: retiring its founder gives the union up, and the group goes on.
#[test]
fn a_union_that_comes_to_nothing_is_given_up() {
    let mut world = World::new(5);
    let [a, b] = [(); 2].map(|()| world.begin(true));
    let c = world.fork(a);
    world.meet(a, c, Meeting::PLAIN);
    world.meet(a, c, Meeting::PLAIN);
    world.settle(a);
    world.sell(b, 10); // not at rest
    world.meet(a, b, Meeting::VOUCHED);
    assert_eq!(world.replicas[a].united.len(), 1);
    world.sell(a, 1);
    for _ in 0..2 {
        world.meet(a, c, Meeting::PLAIN);
    }
    assert!(!world.settle(a), "it waits for the other group");
    let id = world.id(b);
    world.retire(a, id);
    for _ in 0..2 {
        world.meet(a, c, Meeting::PLAIN);
    }
    assert!(world.settle(a));
    world.settle(b);
    let refused = world.meet(a, b, Meeting::VOUCHED);
    assert!(refused.iter().any(Refused::is_fatal), "{refused:?}");
    assert_eq!(sold(&world.replicas[a]), 1);
    world.check().unwrap();
}
