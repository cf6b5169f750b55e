use alloc::format;

use super::*;
use crate::{Causal, OrSet, ReplicaId, Writer};

type Set = Causal<OrSet<u64>>;
type Swarms = Swarm<Set, u64>;

fn replica(id: u128) -> Replica<Set> {
    Replica::from_writer(Writer::with_id(ReplicaId::from_u128(id)))
}

fn swarm() -> Swarms {
    Swarm::new(1, Config::default())
}

/// Drops all frames that are due now, and returns the peers that they were for.
fn poll(swarm: &mut Swarms, here: &mut Replica<Set>, now: u64) -> Vec<u64> {
    core::iter::from_fn(|| swarm.poll_frame(here, now).map(|(peer, _)| peer)).take(1_000).collect()
}

/// A peer of the swarm.
struct Peer {
    name: u64,
    replica: Replica<Set>,
    link: Link<Set>,
}

impl Peer {
    fn new(name: u64) -> Self {
        let link = Link::new(u32::try_from(name).unwrap() + 100, Config::default());
        Peer { name, replica: replica(u128::from(name) + 100), link }
    }

    /// Exchanges frames until both are silent. Frames for other peers are dropped.
    fn talk(&mut self, swarm: &mut Swarms, here: &mut Replica<Set>, now: u64) {
        loop {
            let (mut is_silent, Peer { name, replica, link }) = (true, &mut *self);
            while let Some(frame) = link.poll_frame(replica, now) {
                is_silent = false;
                swarm.handle_frame(here, now, *name, &frame).unwrap();
            }
            while let Some((to, frame)) = swarm.poll_frame(here, now) {
                if to == *name {
                    is_silent = false;
                    link.handle_frame(replica, now, &frame).unwrap();
                }
            }
            if is_silent {
                return;
            }
        }
    }

    /// Calls, and drops the answer. Returns whether it has a link.
    fn call(&mut self, swarm: &mut Swarms, here: &mut Replica<Set>, now: u64) -> bool {
        let frame = self.link.poll_frame(&mut self.replica, now).expect("a call");
        swarm.handle_frame(here, now, self.name, &frame).unwrap();
        swarm.link(&self.name).is_some()
    }
}

#[test]
fn the_links_are_those_of_its_peers() {
    let (mut swarm, mut here) = (swarm(), replica(1));
    assert_eq!((swarm.links().count(), swarm.poll_timeout()), (0, None));
    assert!(swarm.is_quiet(&here) && swarm.link(&5).is_none());
    swarm.keep(5);
    swarm.keep(7);
    assert_eq!(swarm.links().map(|(peer, _)| *peer).collect::<Vec<_>>(), [5, 7]);
    let numbers = [5, 7].map(|peer| swarm.link(&peer).unwrap().sessions().0);
    assert!(numbers[0] != numbers[1] && !numbers.contains(&1), "each link draws a number: {numbers:?}");
    assert_eq!((swarm.is_quiet(&here), swarm.poll_timeout()), (false, Some(0)));
    assert_eq!(poll(&mut swarm, &mut here, 0), [5, 7]);
    assert_eq!(swarm.poll_timeout(), Some(200), "then it calls again");
    let shown = format!("{swarm:?}");
    assert!(shown.starts_with("{5: Link { ") && shown.contains(", 7: Link { "), "{shown}");
    swarm.drop_peer(&5);
    assert_eq!(swarm.links().count(), 1);
    assert_eq!(
        (poll(&mut swarm, &mut here, 199), poll(&mut swarm, &mut here, 200)),
        (Vec::new(), Vec::from([7]))
    );
    swarm.drop_peer(&7);
    assert_eq!((swarm.poll_timeout(), swarm.wakes.len()), (None, 0));
}

#[test]
fn closed_links_stay_in_the_stats() {
    let (mut swarm, mut here) = (swarm(), replica(1));
    swarm.keep(5);
    swarm.keep(7);
    poll(&mut swarm, &mut here, 0);
    let stats = swarm.stats();
    assert_eq!((stats.frames, stats.bytes), (2, 2 * 27));
    swarm.drop_peer(&5);
    assert_eq!(swarm.stats(), stats);
    swarm.keep(5);
    poll(&mut swarm, &mut here, 1);
    swarm.drop_peer(&5);
    assert_eq!((swarm.stats().frames, swarm.closed.frames), (3, 2));
}

#[test]
fn a_kept_peer_is_no_stranger() {
    let (mut swarm, mut here) = (swarm(), replica(1));
    assert!(Peer::new(5).call(&mut swarm, &mut here, 0) && Peer::new(6).call(&mut swarm, &mut here, 0));
    assert_eq!(swarm.strangers, 2);
    (0..2).for_each(|_| swarm.keep(5));
    swarm.keep(7);
    assert_eq!(swarm.strangers, 1);
    swarm.drop_peer(&5);
    swarm.drop_peer(&9);
    assert_eq!(swarm.strangers, 1);
    swarm.drop_peer(&6);
    assert_eq!(swarm.strangers, 0);
}

/// A stranger that has answered nothing keeps its place for two retries, and one that has answered for a turn.
#[test]
fn a_stranger_that_is_of_no_use_gives_its_place_to_another() {
    let (mut swarm, mut here) = (swarm(), replica(1));
    swarm.set_most_links(2);
    swarm.keep(1);
    let [mut answers, mut calls] = [Peer::new(5), Peer::new(6)];
    answers.talk(&mut swarm, &mut here, 1_000);
    assert!(calls.call(&mut swarm, &mut here, 1_100));
    assert!(!Peer::new(7).call(&mut swarm, &mut here, 1_499));
    assert_eq!(swarm.full_until, 1_500);
    assert!(Peer::new(7).call(&mut swarm, &mut here, 1_500));
    assert_eq!(swarm.links().map(|(peer, _)| *peer).collect::<Vec<_>>(), [1, 5, 7]);
    assert!(Peer::new(8).call(&mut swarm, &mut here, 1_900), "7 has said no more");
    assert!(Peer::new(9).call(&mut swarm, &mut here, 2_300));
    let mut last = Peer::new(9);
    last.talk(&mut swarm, &mut here, 2_400);
    assert!(!Peer::new(10).call(&mut swarm, &mut here, 10_999));
    assert!(Peer::new(10).call(&mut swarm, &mut here, 11_000), "a turn after 5 has answered");
    assert!(swarm.link(&5).is_none() && swarm.link(&9).is_some());
}

/// An event in either direction makes a stranger useful again; a frame does not.
#[test]
fn events_make_a_stranger_useful_and_frames_do_not() {
    let (mut swarm, mut here) = (swarm(), replica(1));
    let mut peer = Peer::new(5);
    let useful = |swarm: &Swarms| (swarm.places[&5].useful, swarm.places[&5].used);
    peer.talk(&mut swarm, &mut here, 1_000);
    assert_eq!(useful(&swarm), (1_000, 1_000));
    peer.link.tell();
    peer.talk(&mut swarm, &mut here, 2_000);
    assert_eq!(useful(&swarm), (1_000, 2_000));
    peer.replica.edit_at(0, |set| set.insert(1));
    peer.talk(&mut swarm, &mut here, 3_000);
    assert_eq!(useful(&swarm), (3_000, 3_000), "it has brought one");
    here.edit_at(0, |set| set.insert(2));
    peer.talk(&mut swarm, &mut here, 4_000);
    // The acknowledgement comes a little later.
    peer.talk(&mut swarm, &mut here, 4_050);
    assert_eq!(useful(&swarm), (4_050, 4_050), "it has taken one");
    peer.link.tell();
    peer.talk(&mut swarm, &mut here, 5_000);
    assert_eq!(useful(&swarm), (4_050, 5_000));
}

#[test]
fn bytes_that_are_no_frame_close_no_link_that_was_open() {
    let (mut swarm, mut here) = (swarm(), replica(1));
    assert!(swarm.handle_frame(&mut here, 0, 5, b"rubbish").is_err());
    assert!(swarm.link(&5).is_none());
    Peer::new(5).talk(&mut swarm, &mut here, 0);
    assert!(swarm.handle_frame(&mut here, 0, 5, b"rubbish").is_err());
    assert!(swarm.link(&5).is_some());
}

#[test]
fn links_know_which_peers_the_application_vouches_for() {
    let (mut swarm, mut here) = (swarm(), replica(1));
    here.edit_at(0, |set| set.insert(1));
    swarm.vouch_for(|peer| (*peer == 5).then(|| PeerName::from_u128(5)));
    let mut lie = crate::Version::new();
    lie.insert_run(ReplicaId::from_u128(1), 1, 100);
    for (name, is_believed) in [(6, false), (5, true)] {
        let mut forger = crate::sync::forger::Forger::<Set>::new(9, &lie, Config::default());
        for _ in 0..4 {
            while let Some(frame) = forger.poll_frame(0) {
                swarm.handle_frame(&mut here, 0, name, &frame).unwrap();
            }
            while let Some((to, frame)) = swarm.poll_frame(&mut here, 0) {
                assert_eq!(to, name);
                forger.handle_frame(0, &frame).unwrap();
            }
            forger.say_have(&lie);
        }
        swarm.drop_peer(&name);
        here.edit_at(0, |set| set.insert(2));
        assert_eq!(here.id() != ReplicaId::from_u128(1), is_believed);
    }
}

fn gossip(peers: u64, fanout: usize, interval: u64, rounds_open: u64) -> Gossip<u64> {
    Gossip { peers: (0..peers).collect(), fanout, interval, rounds_open }
}

#[test]
fn rounds_begin_at_multiples_of_their_length() {
    let (mut swarm, mut here) = (swarm(), replica(1));
    swarm.gossip(Some(gossip(100, 3, 1_000, 1_000)));
    assert_eq!(swarm.poll_timeout(), Some(0));
    poll(&mut swarm, &mut here, 2_500);
    assert_eq!((swarm.next_round, swarm.links().count()), (3_000, 3));
    let before: Vec<u64> = swarm.places.keys().copied().collect();
    poll(&mut swarm, &mut here, 2_999);
    assert_eq!(swarm.links().count(), 3);
    poll(&mut swarm, &mut here, 3_000);
    assert!(swarm.next_round == 4_000 && (4..=6).contains(&swarm.links().count()), "others are drawn");
    assert!(before.iter().all(|peer| swarm.link(peer).is_some()));
    swarm.gossip(None);
    poll(&mut swarm, &mut here, 4_000);
    assert_eq!(swarm.next_round, 0);
}

/// Quiet links close after `rounds_open` rounds, unanswered ones after `Config::patience`, kept ones never.
#[test]
fn links_without_use_are_closed() {
    let config = Config { patience: 5_000, ..Config::default() };
    let (mut swarm, mut here) = (Swarm::<Set, u64>::new(1, config), replica(1));
    // A round of nobody: it only closes.
    swarm.gossip(Some(gossip(0, 0, 1_000, 2)));
    swarm.keep(1);
    Peer::new(5).talk(&mut swarm, &mut here, 0);
    assert!(Peer::new(6).call(&mut swarm, &mut here, 0));
    let open = |swarm: &mut Swarms, now| {
        swarm.close_idle(&here, now, 2_000);
        swarm.places.keys().copied().collect::<Vec<u64>>()
    };
    assert_eq!(open(&mut swarm, 1_999), [1, 5, 6]);
    assert_eq!(open(&mut swarm, 2_000), [1, 6]);
    assert_eq!(open(&mut swarm, 4_999), [1, 6]);
    assert_eq!(open(&mut swarm, 5_000), [1]);
}

#[test]
fn a_round_closes_before_it_draws() {
    let (mut swarm, mut here) = (swarm(), replica(1));
    swarm.gossip(Some(gossip(1, 1, 1_000, 1)));
    Peer::new(5).talk(&mut swarm, &mut here, 0);
    assert_eq!(swarm.links().count(), 2);
    poll(&mut swarm, &mut here, 3_000);
    assert_eq!(swarm.places.keys().copied().collect::<Vec<u64>>(), [0]);
}

/// A change is sent to all peers, once it is stored.
#[test]
fn all_links_are_polled_when_something_has_changed_and_is_stored() {
    let (mut swarm, mut here) = (swarm(), replica(1));
    let mut peers = [5, 6].map(Peer::new);
    peers.iter_mut().for_each(|peer| peer.talk(&mut swarm, &mut here, 0));
    peers.iter_mut().for_each(|peer| peer.talk(&mut swarm, &mut here, 50));
    assert!(swarm.due.is_empty());
    here.stored();
    here.edit_at(0, |set| set.insert(1));
    assert!(poll(&mut swarm, &mut here, 100).is_empty());
    here.stored();
    assert_eq!(poll(&mut swarm, &mut here, 100), [5, 6]);
    assert!(
        swarm.poll_timeout().is_some_and(|at| at <= 300),
        "sooner than before it had something to repeat"
    );
    assert!(poll(&mut swarm, &mut here, 101).is_empty());
}

#[test]
fn the_numbers_chosen_are_different_and_evenly_drawn() {
    let mut seed = 0_u64;
    let mut random = || {
        seed += 1;
        mix(seed)
    };
    assert_eq!(choose(3, 3, &mut random), [0, 1, 2]);
    assert_eq!(choose(0, 3, &mut random), []);
    let mut times = [0; 10];
    for _ in 0..3_000 {
        let mut chosen = choose(4, 10, &mut random);
        chosen.iter().for_each(|at| times[*at] += 1);
        chosen.sort_unstable();
        chosen.dedup();
        assert_eq!(chosen.len(), 4);
    }
    // 1,200 each, give or take.
    assert!(times.iter().all(|n| (1_050..1_350).contains(n)), "{times:?}");
    // The first of a row of ten; then the last of those that are left; then the first, which is where it was moved from.
    let mut drawn = [0, u64::MAX, 0].into_iter();
    assert_eq!(choose(3, 10, || drawn.next().unwrap()), [0, 9, 2]);
}
