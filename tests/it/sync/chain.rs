//! A word counts only through a chain of admissions back to one that is known.

use rejoin::sync::{Refused, Standing, Unchanged};

use super::groups::{Meeting, World, sold};

/// A founder, and a member that it has retired, and that has not heard of it.
fn retired() -> (World, usize, usize) {
    let mut world = World::new(1);
    let founder = world.begin(true);
    let retired = world.fork(founder);
    world.sell(founder, 1);
    world.meet(founder, retired, Meeting::PLAIN);
    let id = world.id(retired);
    world.retire(founder, id);
    (world, founder, retired)
}

/// A retired member forks, the fork forks, and the second fork hears the founder: its events, and then what it has settled.
#[test]
fn forks_of_forks_of_a_retired_member_do_not_settle_with_the_founder() {
    let (mut world, founder, retired) = retired();
    let p = world.fork(retired);
    let q = world.fork(p);
    let s = world.fork(q);
    world.sell(founder, 10);
    world.meet(founder, q, Meeting::PLAIN);
    // What the founder settles does not know of this.
    world.reset(s);
    assert!(world.settle(founder));
    world.meet(founder, q, Meeting::PLAIN);
    for _ in 0..3 {
        world.meet(q, s, Meeting::PLAIN);
        world.check().unwrap();
    }
    assert!(world.replicas[q].horizon().is_empty() && world.replicas[s].horizon().is_empty());
    assert_eq!(sold(&world.replicas[founder]), 11);
}

/// The retired member and the founder let one newcomer in, which begins with the state of the former. It is refused, and so is its fork.
#[test]
fn a_fork_of_a_newcomer_that_is_refused_is_refused() {
    let (mut world, founder, retired) = retired();
    let newcomer = world.begin(false);
    let id = world.id(newcomer);
    world.admit(founder, id);
    world.admit(retired, id);
    world.meet(retired, newcomer, Meeting::PLAIN);
    world.reset(newcomer);
    let fork = world.fork(newcomer);
    world.sell(founder, 7);
    assert!(world.settle(founder) || sold(&world.replicas[founder]) == 8);
    let refused = world.meet(founder, newcomer, Meeting::PLAIN);
    assert!(!refused.is_empty());
    let refused = world.meet(founder, fork, Meeting::PLAIN);
    assert!(!refused.is_empty());
    assert_eq!(sold(&world.replicas[founder]), 8);
    world.check().unwrap();
}

/// As above, but the founder's log still has the admission, and tells the newcomer of it.
#[test]
fn a_newcomer_counts_from_the_admission_with_which_it_has_begun() {
    let mut world = World::new(2);
    let founder = world.begin(true);
    let retired = world.fork(founder);
    world.sell(founder, 1);
    world.meet(founder, retired, Meeting::PLAIN);
    let (newcomer, gone) = (world.begin(false), world.id(retired));
    let id = world.id(newcomer);
    world.retire(founder, gone);
    world.sell(founder, 10);
    assert!(world.settle_all(founder), "and its log is not trimmed");
    world.admit(founder, id);
    world.admit(retired, id);
    world.meet(retired, newcomer, Meeting::PLAIN);
    world.reset(newcomer);
    for _ in 0..3 {
        world.meet(founder, newcomer, Meeting::PLAIN);
        world.check().unwrap();
    }
    assert_eq!(sold(&world.replicas[founder]), 11, "the reset does not fit to what is settled");
}

#[test]
fn a_foreign_founder_is_a_stranger_also_when_it_was_admitted() {
    let mut world = World::new(3);
    let (founder, foreign) = (world.begin(true), world.begin(true));
    world.sell(founder, 1);
    world.settle(founder);
    world.sell(foreign, 5);
    world.reset(foreign);
    let id = world.id(foreign);
    world.admit(founder, id);
    for _ in 0..3 {
        let refused = world.meet(foreign, founder, Meeting::PLAIN);
        assert!(refused.iter().any(Refused::should_wait), "{refused:?}");
    }
    assert_eq!(sold(&world.replicas[founder]), 1);
    assert_eq!(world.replicas[founder].version().last(id), 0);
    world.check().unwrap();
}

/// A member that was let in by another since may come alone: it brings the chain.
#[test]
fn a_chain_of_new_members_is_followed() {
    let mut world = World::new(4);
    let founder = world.begin(true);
    let mut last = founder;
    for n in 0..6 {
        last = world.fork(last);
        world.sell(last, 1 << n);
    }
    assert!(world.meet(last, founder, Meeting::PLAIN).is_empty());
    assert_eq!(sold(&world.replicas[founder]), 0b11_1111);
    // It has said to have it all, but five others are to be waited for.
    world.settle(founder);
    assert!(world.replicas[founder].horizon().is_empty());
    world.check().unwrap();
}

/// A member relays events of a replica that nobody has admitted.
#[test]
fn events_of_replicas_that_nobody_has_admitted_are_refused() {
    let mut world = World::new(5);
    let founder = world.begin(true);
    let member = world.fork(founder);
    let stranger = world.begin(true);
    world.sell(stranger, 5);
    let id = world.id(stranger);
    // The member has joined a state that it should not have.
    let state = world.replicas[stranger].state().clone();
    world.replicas[member].join(std::borrow::Cow::Owned(state)).unwrap();
    let lie = world.replicas[stranger].since(&rejoin::Version::new()).unwrap();
    assert_eq!(world.replicas[founder].receive(lie), Err(rejoin::store::Refused::Behind));
    let refused = world.meet(member, founder, Meeting::PLAIN);
    assert!(refused.contains(&Refused::Stranger(id)), "{refused:?}");
    assert_eq!(world.replicas[founder].version().last(id), 0);
}

#[test]
fn events_of_a_member_that_has_left_are_still_taken_from_others() {
    let mut world = World::new(6);
    let founder = world.begin(true);
    let (member, leaver) = (world.fork(founder), world.fork(founder));
    world.meet(founder, member, Meeting::PLAIN);
    world.sell(leaver, 5);
    assert!(world.meet(leaver, member, Meeting::PLAIN).is_empty());
    let id = world.id(leaver);
    world.retire(founder, id);
    assert!(world.meet(member, founder, Meeting::PLAIN).is_empty());
    assert_eq!(sold(&world.replicas[founder]), 5);
    world.check().unwrap();
}

#[test]
fn admissions_and_retirements_without_effect_say_so() {
    let mut world = World::new(7);
    let founder = world.begin(true);
    let other = world.fork(founder);
    let (id, stranger) = (world.id(other), rejoin::ReplicaId::from_u128(99));
    let founder = &mut world.replicas[founder];
    assert_eq!(founder.retire(stranger), Err(Unchanged::Stranger(stranger)));
    founder.retire(id).unwrap();
    let before = founder.version().clone();
    assert_eq!(founder.admit(id), Err(Unchanged::HasLeft(id)));
    assert_eq!(founder.retire(id), Err(Unchanged::HasLeft(id)));
    assert_eq!(founder.version(), &before, "nothing was written");
    assert_eq!(founder.state().standing(id), Standing::Left);
}
