//! Swarms: whom they talk to, how often, and for how long.

use rejoin::sync::{Config, Gossip, Link, Replica, Swarm};
use rejoin::{Causal, OrSet, ReplicaId, Writer};

type Set = Causal<OrSet<u64>>;

fn replica(id: u128) -> Replica<Set> {
    let mut replica = Replica::<Set>::from_writer(Writer::with_id(ReplicaId::from_u128(id)));
    replica.edit_at(0, |set| set.insert(id as u64));
    replica
}

fn gossip(interval: u64, rounds_open: u64) -> Gossip<u64> {
    Gossip { peers: (0..100).collect(), fanout: 1, interval, rounds_open }
}

/// Frames go nowhere.
fn run(swarm: &mut Swarm<Set, u64>, replica: &mut Replica<Set>, times: std::ops::Range<u64>) {
    for now in times {
        if swarm.poll_timeout().is_none_or(|at| now >= at) {
            while swarm.poll_frame(replica, now).is_some() {}
        }
    }
}

#[test]
fn in_each_round_so_many_are_drawn_and_no_more() {
    let (mut swarm, mut replica) = (Swarm::new(1, Config::default()), replica(1));
    swarm.gossip(Some(gossip(60_000, 10)));
    run(&mut swarm, &mut replica, 0..59_999);
    assert_eq!(swarm.links().count(), 1, "one round");
    run(&mut swarm, &mut replica, 59_999..119_999);
    assert!(swarm.links().count() <= 2, "two rounds");
}

#[test]
fn rounds_may_be_of_any_length() {
    for (interval, rounds_open) in [(0, 3), (1_000, u64::MAX), (u64::MAX, 3)] {
        let (mut swarm, mut replica) = (Swarm::new(1, Config::default()), replica(1));
        swarm.gossip(Some(gossip(interval, rounds_open)));
        run(&mut swarm, &mut replica, 0..3_000);
        assert!(swarm.links().count() > 0);
    }
}

/// Who is kept is told at once, whatever it was that was waited for.
#[test]
fn who_is_kept_is_due() {
    let (mut swarm, mut replica) = (Swarm::new(1, Config::default()), replica(1));
    assert!(swarm.poll_frame(&mut replica, 0).is_none());
    swarm.keep(7);
    assert!(swarm.poll_timeout().is_some());
    assert!(swarm.poll_frame(&mut replica, 5).is_some());
}

/// Whether `peer` gets what there is, and how long it takes.
fn comes_through(swarm: &mut Swarm<Set, u64>, here: &mut Replica<Set>, peer: u64, from: u64) -> bool {
    let (mut there, mut link) = (replica(1_000), Link::new(0x5EED, Config::default()));
    for now in (from..from + 10_000).step_by(100) {
        while let Some(frame) = link.poll_frame(&mut there, now) {
            swarm.handle_frame(here, now, peer, &frame).unwrap();
        }
        while let Some((to, frame)) = swarm.poll_frame(here, now) {
            if to == peer {
                link.handle_frame(&mut there, now, &frame).unwrap();
            }
        }
    }
    there.version() == here.version()
}

#[test]
fn who_sends_nothing_of_sense_keeps_nobody_out() {
    let (mut swarm, mut here) = (Swarm::new(1, Config::default()), replica(1));
    swarm.set_most_links(8);
    for stranger in 0..8 {
        drop(swarm.handle_frame(&mut here, 0, stranger, b"rubbish"));
    }
    assert!(comes_through(&mut swarm, &mut here, 99, 1), "rubbish is not a reason for a link");
}

#[test]
fn who_is_silent_keeps_nobody_out() {
    let (mut swarm, mut here) = (Swarm::new(1, Config::default()), replica(1));
    swarm.set_most_links(8);
    for stranger in 0..8 {
        let mut there = replica(u128::from(stranger) + 10);
        let hello = Link::new(stranger as u32 + 1, Config::default()).poll_frame(&mut there, 0).unwrap();
        swarm.handle_frame(&mut here, 0, stranger, &hello).unwrap();
    }
    run(&mut swarm, &mut here, 0..3_000);
    assert!(comes_through(&mut swarm, &mut here, 99, 3_000), "a stranger that answers nothing has no place");
}

#[test]
fn who_is_kept_takes_nobodys_place() {
    let (mut swarm, mut here) = (Swarm::new(1, Config::default()), replica(1));
    swarm.set_most_links(1);
    (0..5).for_each(|peer| swarm.keep(peer));
    assert!(comes_through(&mut swarm, &mut here, 99, 0));
}

/// Somebody is in the list of its own peers.
#[test]
fn talking_to_oneself_comes_to_an_end() {
    let (mut swarm, mut here) = (Swarm::new(1, Config::default()), replica(1));
    swarm.keep(1);
    let mut frames = 0;
    for now in 0..60_000 {
        while let Some((_, frame)) = swarm.poll_frame(&mut here, now) {
            swarm.handle_frame(&mut here, now, 1, &frame).unwrap();
            frames += 1;
            assert!(frames < 1_000);
        }
        if now % 10_000 == 0 {
            here.edit_at(now, |set| set.insert(now));
        }
    }
}
