//! Frames that no honest replica sends, as far as bytes can be changed from outside. Peers that say what they like are
//! beside the link, in `src/sync/hostile.rs`.

use proptest::prelude::*;
use rejoin::sync::{Carrier, Config, Link, LogBounds, Refused, Replica};
use rejoin::{Causal, Codec, Counter, OrSet, ReplicaId, Writer};

use super::net::mix;

type Set = Causal<OrSet<u64>>;

fn set(id: u128, members: std::ops::Range<u64>) -> Replica<Set> {
    let mut replica = Replica::<Set>::from_writer(Writer::with_id(ReplicaId::from_u128(id)));
    replica.edit_at(0, |set| set.extend(members));
    replica
}

proptest! {
    /// Somebody changes bytes of what is sent. The frames are taken or refused; who refuses stays as it was, unless
    /// something new came before, in the same frame, and has lost nothing.
    #[test]
    fn what_is_refused_changes_nothing(
        seed: u64,
        at in 0..40u64,
        entries in prop::sample::select(vec![0usize, 1_000]),
        is_ordered: bool,
    ) {
        let mut config = Config::default();
        if is_ordered {
            // Its frames have no check, so whatever was changed is looked at.
            config.carrier = Carrier::Ordered;
        }
        let mut replicas = [set(1, 0..40), set(2, 20..60)];
        replicas.iter_mut().for_each(|replica| replica.set_log_bounds(LogBounds { entries, bytes: u64::MAX }));
        let mut links = [1, 2].map(|n| Link::<Set>::new(n, config.clone()));
        let (mut random, mut sent) = (seed, 0);
        for now in 0..60 {
            for from in [0, 1] {
                while let Some(mut frame) = links[from].poll_frame(&mut replicas[from], now) {
                    sent += 1;
                    if sent >= at {
                        random = mix(random);
                        let place = (random >> 8) as usize % frame.len();
                        match random % 5 {
                            0 => frame[place] ^= 1 << (random >> 40 & 7),
                            1 => frame[place] = (random >> 48) as u8,
                            2 => frame.truncate(place),
                            3 => frame.insert(place, (random >> 48) as u8),
                            _ => {}
                        }
                    }
                    let mut before = replicas[1 - from].state().clone();
                    if links[1 - from].handle_frame(&mut replicas[1 - from], now, &frame).is_err() {
                        let after = replicas[1 - from].state();
                        if after.version() == before.version() {
                            prop_assert_eq!(before.encode(), after.encode());
                        }
                        before.join_ref(after);
                        prop_assert_eq!(&before, after);
                    }
                }
            }
        }
    }
}

#[test]
fn another_type_is_refused() {
    let mut counter = Replica::<Causal<Counter>>::from_writer(Writer::with_id(ReplicaId::from_u128(1)));
    let mut set = set(2, 0..3);
    let (mut to_set, mut to_counter) = (Link::new(1, Config::default()), Link::new(2, Config::default()));
    let refused = loop {
        if let Some(frame) = to_set.poll_frame(&mut counter, 0)
            && let Err(refused) = to_counter.handle_frame(&mut set, 0, &frame)
        {
            break refused;
        }
        if let Some(frame) = to_counter.poll_frame(&mut set, 0)
            && let Err(refused) = to_set.handle_frame(&mut counter, 0, &frame)
        {
            break refused;
        }
    };
    assert_eq!(refused, Refused::OtherType);
    assert!(refused.to_string().contains("another type"));
}

#[test]
fn more_than_the_limits_allow_is_refused() {
    let mut config = Config::default();
    config.limits.bytes = 1_000;
    let (mut large, mut small) = (set(1, 0..5_000), set(2, 0..1));
    let (mut there, mut back) = (Link::new(1, Config::default()), Link::new(2, config));
    let refused = (0..100_u64).find_map(|now| {
        while let Some(frame) = back.poll_frame(&mut small, now) {
            drop(there.handle_frame(&mut large, now, &frame));
        }
        while let Some(frame) = there.poll_frame(&mut large, now) {
            if let Err(refused) = back.handle_frame(&mut small, now, &frame) {
                return Some(refused);
            }
        }
        None
    });
    assert!(matches!(refused, Some(Refused::Malformed(_))), "{refused:?}");
    assert_eq!(small.len(), 1);
}

/// Anybody can send anything to an address.
#[test]
fn noise_does_not_end_a_conversation() {
    let mut replicas = [set(1, 0..20_000), set(2, 0..1)];
    let mut config = Config::default();
    (config.max_frame, config.window) = (1_000, 4_000);
    let mut links = [1, 2].map(|n| Link::<Set>::new(n, config.clone()));
    for now in 0..300 {
        for from in [0, 1] {
            while let Some(frame) = links[from].poll_frame(&mut replicas[from], now) {
                links[1 - from].handle_frame(&mut replicas[1 - from], now, &frame).unwrap();
            }
            assert!(links[from].handle_frame(&mut replicas[from], now, b"noise").is_err());
        }
    }
    assert_eq!(replicas[0].version(), replicas[1].version());
}
