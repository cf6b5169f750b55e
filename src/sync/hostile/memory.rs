//! What is held of a peer is bounded by `Config`.

use super::*;
use crate::sync::PeerName;
use crate::sync::forger::Part;
use crate::{Delta, Lattice};

/// Versions with gaps: 8 MB of them once became 138 MB that stayed.
#[test]
fn versions_with_gaps_are_refused_beyond_the_bound() {
    let config = Config { intervals: 10_000, ..Config::default() };
    let mut victim = Victim::new(set(1, 0..3), &events(9, 1..=1), &config);
    let mut most = 0;
    for n in 0..100_u64 {
        let gaps = (0..1_000).map(|at| Dot::new(id(9), 3 + 2 * (1_000 * n + at)).unwrap());
        victim.say(&Message::Have(Report { news: gaps.collect(), is_whole: false, print: 0 }));
        most = most.max(victim.link.held());
        if !victim.refused.is_empty() {
            break;
        }
    }
    assert!(
        matches!(victim.refused[..], [Refused::Malformed(_) | Refused::Nonsense(_)]),
        "{:?}",
        victim.refused
    );
    assert!(most <= 32 * config.intervals + config.window, "{most}");
    assert!(victim.link.held() < 2_000, "nothing of it stays: {}", victim.link.held());
}

/// The same with fingerprints that fit, so that only the bound speaks against them; in events as well as in versions.
#[test]
fn sound_versions_with_gaps_are_refused_beyond_the_bound() {
    let config = Config { intervals: 10_000, ..Config::default() };
    let mut victim = Victim::new(set(1, 0..3), &Version::new(), &config);
    let (mut all, mut most) = (Version::new(), 0);
    for n in 0..100_u64 {
        let gaps: Version = (0..500).map(|at| Dot::new(id(9), 3 + 2 * (500 * n + at)).unwrap()).collect();
        all.union(&gaps);
        let print = super::super::fingerprint::Fingerprint::of(&all, 5).short();
        victim.say(&Message::Have(Report { news: gaps, is_whole: false, print }));
        most = most.max(victim.link.held());
    }
    assert!(
        victim.refused.iter().any(|refused| matches!(refused, Refused::Malformed(_))),
        "{:?}",
        victim.refused
    );
    assert!(most <= 32 * (config.intervals + 1_000) + config.window, "{most}");
}

/// What is said to be settled is held until it can be settled here.
#[test]
fn what_is_said_to_be_settled_is_held_once() {
    let config = Config { intervals: 10_000, ..Config::default() };
    let mut victim = Victim::new(set(1, 0..3), &events(9, 1..=1), &config);
    for n in 0..50_u64 {
        let gaps = (0..1_000).map(|at| Dot::new(id(9), 3 + 2 * (1_000 * n + at)).unwrap());
        victim.say(&Message::Settled(gaps.collect()));
        assert!(victim.link.held() <= 32 * config.intervals + config.window, "{}", victim.link.held());
    }
}

/// As a part of a comparison, and as what is settled, they were held as large as a message may be.
#[test]
fn versions_with_gaps_are_refused_beyond_the_bound_wherever_they_are() {
    let config = Config { intervals: 10_000, ..Config::default() };
    let gaps: Version = (0..20_000).map(|at| Dot::new(id(9), 3 + 2 * at).unwrap()).collect();
    let none = Version::new();
    for (ahead, horizon) in [(&gaps, &none), (&none, &gaps)] {
        let mut victim = Victim::new(set(1, 0..3), &events(9, 1..=1), &config);
        let buckets = [0; 32];
        victim.forger.say_part(&Part::Ask { salt: 1, ahead, horizon, facts: 1, buckets: &buckets });
        victim.exchange();
        assert!(matches!(victim.refused[..], [Refused::Malformed(_)]), "{:?}", victim.refused);
    }
    let mut victim = Victim::new(set(1, 0..3), &events(9, 1..=1), &config);
    victim.say(&Message::Settled(gaps));
    assert!(matches!(victim.refused[..], [Refused::Malformed(_)]), "{:?}", victim.refused);
}

/// Short names of replicas and of fields: no more than a roster gives.
#[test]
fn short_names_are_bounded() {
    let config = Config::default();
    let mut victim = Victim::new(set(1, 0..3), &events(9, 1..=1), &config);
    let mut most = 0;
    for n in 0..200_u32 {
        // So many names: a number, twice, and 16 bytes each.
        let mut bytes = alloc::vec![11, 0x80 | 0x64, 0];
        for at in 0..100 {
            let (mut number, id) = ((1_000 + n * 100 + at) << 1, u128::from(n * 100 + at) + 1_000);
            while number > 127 {
                bytes.push(number as u8 | 128);
                number >>= 7;
            }
            bytes.push(number as u8);
            bytes.extend(id.to_be_bytes());
        }
        bytes[1..3].copy_from_slice(&[0x64 | 0x80, 0]);
        bytes.remove(2);
        bytes[1] = 100;
        victim.say_bytes(&bytes);
        most = most.max(victim.link.held());
        if !victim.refused.is_empty() {
            break;
        }
    }
    assert!(matches!(victim.refused[..], [Refused::Malformed(_)]), "{:?}", victim.refused);
    assert!((100_000..1 << 20).contains(&most), "{most}");
}

/// A delta of replicas that nobody has heard of.
fn strangers(from: u128, count: u128) -> Delta<OrSet<u64>> {
    let mut all = Delta::default();
    for n in from..from + count {
        all.join(Writer::<Set>::with_id(id(n)).edit_at(0, |set| set.insert(n as u64)));
    }
    all
}

/// A delta of 19.9 MB filled the table of names, so that every newcomer was refused as `Full`.
#[test]
fn strangers_are_refused_beyond_the_bound_and_newcomers_find_room() {
    let config = Config { names: 1_000, ..Config::default() };
    let mut victim = Victim::new(set(1, 0..3), &events(9, 1..=1), &config);
    for n in 0..40 {
        victim.say(&Message::Events(strangers(10_000 + n * 300, 300)));
    }
    let known = victim.replica.version().replicas().count();
    assert!(victim.refused.contains(&Refused::TooManyNames), "{:?}", victim.refused);
    assert!(victim.refused.iter().all(Refused::is_fatal), "{:?}", victim.refused);
    assert!(known <= 1_001, "{known} names within the life of a link");
    let mut newcomer = set(2, 0..5);
    talk([&mut victim.replica, &mut newcomer], 0);
    assert!(newcomer.contains(&4) && victim.replica.has(&events(2, 1..=1)));
}

/// All at once, nothing of it is taken in.
#[test]
fn a_delta_of_too_many_strangers_leaves_nothing_behind() {
    let config = Config { names: 1_000, ..Config::default() };
    let mut victim = Victim::new(set(1, 0..3), &events(9, 1..=1), &config);
    victim.say(&Message::Events(strangers(10_000, 1_001)));
    assert_eq!(victim.refused, [Refused::TooManyNames]);
    assert_eq!(victim.replica.version().replicas().count(), 1);
    assert_eq!(victim.replica.log_len().0, 1);
}

/// Whoever has nothing begins with any number.
#[test]
fn a_newcomer_takes_what_its_first_peer_has() {
    let config = Config { names: 10, ..Config::default() };
    let mut victim = Victim::new(replica::<Set>(1), &events(9, 1..=1), &config);
    victim.say(&Message::Events(strangers(10_000, 100)));
    assert!(victim.refused.is_empty());
    assert_eq!(victim.replica.len(), 100);
}

/// Names that several liars have brought to one of two replicas, each within the bound, do not part the two if they vouch for
/// each other.
#[test]
fn a_peer_that_is_vouched_for_brings_any_number_of_names() {
    let config = Config { names: 100, ..Config::default() };
    for is_vouched in [true, false] {
        let (mut a, mut b) = (crowd(1, 270), set(2, 0..5));
        a.set_log_bounds(NO_LOG);
        let link = |session| {
            let link = Link::new(session, config.clone());
            if is_vouched { link.vouched_for(PeerName::from_u128(7)) } else { link }
        };
        let (mut there, mut back, mut refused) = (link(5), link(6), Vec::new());
        for now in (0..60_000).step_by(50) {
            while let Some(frame) = there.poll_frame(&mut a, now) {
                refused.extend(back.handle_frame(&mut b, now, &frame).err());
            }
            while let Some(frame) = back.poll_frame(&mut b, now) {
                there.handle_frame(&mut a, now, &frame).unwrap();
            }
        }
        assert_eq!(a.state() == b.state(), is_vouched);
        assert_eq!(refused.is_empty(), is_vouched);
        assert!(refused.iter().all(|refused| *refused == Refused::TooManyNames), "{refused:?}");
    }
}

/// An honest delta that comes too early is refused, and comes again and again until a state has come.
#[test]
fn names_that_were_not_taken_in_are_not_counted() {
    let config = Config { names: 4, ..Config::default() };
    let mut ahead = replica::<Causal<Counter>>(9);
    let before = ahead.edit_at(0, |counter| counter.add(5));
    ahead.settle_all(&before);
    ahead.edit_at(0, |counter| counter.reset());
    let mut delta = ahead.since(&before).unwrap();
    for n in 100..102 {
        delta.join(Writer::<Causal<Counter>>::with_id(id(n)).edit_at(0, |counter| counter.add(1)));
    }
    let mut here = replica::<Causal<Counter>>(1);
    here.edit_at(0, |counter| counter.add(1));
    let mut victim = Victim::new(here, &before, &config);
    for _ in 0..5 {
        victim.say(&Message::Events(delta.clone()));
        victim.wait(10_000);
        victim.forger.say_have(&before);
        victim.exchange();
    }
    assert!(victim.refused.len() > 3, "{:?}", victim.refused);
    assert!(victim.refused.iter().all(Refused::should_wait), "{:?}", victim.refused);
}
