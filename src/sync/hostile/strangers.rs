//! Peers that are in no group, and peers that nobody keeps.

use super::*;
use crate::sync::Swarm;

#[test]
fn a_stranger_cannot_say_what_is_settled() {
    let mut founder = Replica::<Group>::found_as(Writer::with_id(id(1)));
    founder.admit(id(2)).unwrap(); // which has said nothing yet
    founder.edit_at(0, |shared| shared.data.add(5));
    let version = founder.version().clone();
    for named in [None, Some(id(9))] {
        let mut victim = Victim::new(founder, &version, &Config::default());
        if let Some(named) = named {
            victim.forger.say_name(named);
        }
        victim.say(&Message::Settled(version.clone()));
        assert!(victim.replica.horizon().is_empty(), "{named:?}");
        founder = victim.replica;
    }
}

/// Neither by events, nor by a state, nor by facts; named or not.
#[test]
fn a_stranger_brings_nothing_into_a_group() {
    let mut founder = Replica::<Group>::found_as(Writer::with_id(id(1)));
    founder.edit_at(0, |shared| shared.data.add(5));
    let mut foreign = Replica::<Group>::found_as(Writer::with_id(id(9)));
    foreign.edit_at(0, |shared| shared.data.add(100));
    let delta = foreign.since(&Version::new()).unwrap();
    for named in [None, Some(id(9)), Some(id(1))] {
        for is_state in [false, true] {
            let mut victim = Victim::new(founder, foreign.version(), &Config::default());
            if let Some(named) = named {
                victim.forger.say_name(named);
            }
            victim.exchange();
            let message = if is_state {
                Message::State(foreign.state().clone())
            } else {
                Message::Events(delta.clone())
            };
            victim.say(&message);
            assert_eq!(victim.replica.data.get(), 5, "{named:?} {is_state}");
            assert!(!victim.refused.is_empty(), "{named:?} {is_state}");
            founder = victim.replica;
        }
    }
}

/// A swarm, and strangers that each send a little once in a while.
fn with_strangers(
    swarm: &mut Swarm<Set, u32>,
    here: &mut Replica<Set>,
    count: u32,
    honest: u32,
    until: u64,
) -> u64 {
    let config = Config::default();
    let mut strangers: Vec<_> =
        (0..count).map(|n| Forger::<Set>::new(1_000 + n, &events(9, 1..=1), config.clone())).collect();
    let (mut there, mut link) = (set(1_000, 500..510), Link::<Set>::new(0x5EED, config));
    let start = 600_000;
    for now in (0..start + until).step_by(500) {
        for (n, stranger) in (0..count).zip(&mut strangers) {
            if now == 0 || (now + u64::from(n)) % 50_000 < 500 {
                if now > 0 {
                    stranger.say(&Message::Repeat);
                }
                while let Some(frame) = stranger.poll_frame(now) {
                    drop(swarm.handle_frame(here, now, n, &frame));
                }
            }
        }
        if now >= start {
            while let Some(frame) = link.poll_frame(&mut there, now) {
                drop(swarm.handle_frame(here, now, honest, &frame));
            }
        }
        while let Some((to, frame)) = swarm.poll_frame(here, now) {
            if to == honest {
                if now >= start {
                    link.handle_frame(&mut there, now, &frame).unwrap();
                }
            } else if let Some(stranger) = strangers.get_mut(to as usize) {
                drop(stranger.handle_frame(now, &frame));
            }
        }
        if there.version() == here.version() {
            return now - start;
        }
    }
    u64::MAX
}

/// 1,024 of them once kept an honest peer out for ever.
#[test]
fn strangers_that_are_of_no_use_keep_no_honest_peer_out() {
    let (mut swarm, mut here) = (Swarm::new(1, Config::default()), set(1, 0..5));
    swarm.set_most_links(64);
    let took = with_strangers(&mut swarm, &mut here, 64, 1_000_000, 120_000);
    assert!(took <= 2 * Config::default().turn, "{took}");
}

#[test]
fn a_kept_peer_has_its_place_whatever_strangers_do() {
    let (mut swarm, mut here) = (Swarm::new(1, Config::default()), set(1, 0..5));
    swarm.set_most_links(64);
    swarm.keep(1_000_000);
    let took = with_strangers(&mut swarm, &mut here, 64, 1_000_000, 120_000);
    // The swarm's own call to it waits longer the longer nobody answers.
    assert!(took <= 21_000, "{took}");
    assert!(swarm.link(&1_000_000).is_some());
}
