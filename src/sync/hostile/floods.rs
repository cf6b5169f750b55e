//! Many small messages. The work that they ask for is in proportion to their bytes, or it is paid for by time.

use super::*;
use crate::codec::Codec;
use crate::sync::compare::{Comparing, Message as Part, Step};

/// A unit of `Config::work` is some 50 ns, in which so many intervals are compared.
const EACH_UNIT: usize = 16;

/// For each byte that comes in: a comparison or a move or two, by each of the layers that look at it, times a logarithm.
const EACH_BYTE: usize = 40;

impl<T: Replicated> Victim<T> {
    /// The work was in proportion to the bytes, but for what `Config::work` pays for since `from`, and for what is asked first.
    fn assert_cheap(&self, first: usize, from: u64, config: &Config) {
        let paid = usize::try_from((self.now - from) * config.work / 1_000).unwrap();
        // What goes out is acknowledged, so it has cost the peer its bytes as well.
        let most = EACH_BYTE * self.bytes_in + first + EACH_UNIT * paid;
        assert!(self.work <= most, "{} for {} bytes, not {most}", self.work, self.bytes_in);
    }
}

/// What an honest peer would ask that has seen `seen`.
fn ask(asking: &mut Replica<Set>, theirs: &Version) -> Message<Set> {
    let scan = asking.scan();
    match Comparing::ask(scan, asking.state(), theirs, 77) {
        Step::Go(_, part) => Message::Compare(part),
        other => panic!("it asks: {other:?}"),
    }
}

/// 200 of them in 4.9 kB took 10.9 s.
#[test]
fn a_state_that_nobody_has_asked_for_is_refused() {
    let mut victim = Victim::new(set(1, 0..20_000), &events(9, 1..=1), &Config::default());
    let state = Message::State(set(9, 0..1).state().clone());
    for _ in 0..200 {
        victim.say(&state);
    }
    assert!(
        victim.refused.iter().all(|refused| matches!(refused, Refused::Nonsense(_))),
        "{:?}",
        victim.refused
    );
    assert!(!victim.refused.is_empty());
    assert!(victim.work < 20_000, "no state was joined: {}", victim.work);
    assert_eq!(victim.replica.version().replicas().count(), 1);
}

/// 32 of them in 365 bytes took 4.2 s.
#[test]
fn comparisons_in_a_row_are_refused() {
    let mut theirs = set(9, 0..10);
    let mut victim = Victim::new(set(1, 0..20_000), &theirs.version().clone(), &Config::default());
    let question = ask(&mut theirs, &Version::new());
    let one = victim.forger.bytes_of(&question);
    let mut bytes = one.clone();
    // The names come with the first alone.
    let again = victim.forger.bytes_of(&question);
    (0..31).for_each(|_| bytes.extend_from_slice(&again));
    victim.say_bytes(&one);
    let of_one = victim.work;
    victim.say_bytes(&bytes);
    assert!(
        victim.refused.iter().any(|refused| matches!(refused, Refused::Nonsense(_))),
        "{:?}",
        victim.refused
    );
    assert!(victim.work <= 3 * of_one, "{} for 33, {of_one} for one", victim.work);
    assert!(victim.link.stats().states <= 1);
}

/// In conversations of their own, each comparison is a first one.
#[test]
fn comparisons_in_new_conversations_wait_until_the_last_is_paid_for() {
    let config = Config::default();
    let mut theirs = set(9, 0..10);
    let version = theirs.version().clone();
    let mut victim = Victim::new(set(1, 0..20_000), &version, &config);
    let from = victim.now;
    for _ in 0..100 {
        victim.forger.begin_anew(&version);
        victim.exchange();
        victim.forger.say_have(&version);
        let question = ask(&mut theirs, &Version::new());
        victim.say(&question);
    }
    victim.assert_cheap(10 * 20_000, from, &config);
}

/// 900 of them took 73 s.
#[test]
fn versions_told_again_and_again_cost_their_bytes() {
    let config = Config::default();
    let mut victim = Victim::new(crowd(1, 2_000), &events(9, 1..=1), &config);
    let from = victim.now;
    for n in 0..900 {
        let print = super::super::fingerprint::Fingerprint::of(&events(9, 1..=n + 2), 5).short();
        let report = Report { news: events(9, n + 2..=n + 2), is_whole: false, print };
        victim.say(&Message::Have(report));
        victim.wait(if n % 10 == 0 { 50 } else { 0 });
    }
    assert!(victim.refused.is_empty(), "{:?}", victim.refused);
    victim.assert_cheap(30 * 2_000, from, &config);
}

/// A version that is told from the beginning voids what was known of the peer before.
#[test]
fn whole_versions_again_and_again_cost_their_bytes() {
    let config = Config::default();
    let mut victim = Victim::new(crowd(1, 2_000), &events(9, 1..=1), &config);
    let from = victim.now;
    for _ in 0..900 {
        victim.forger.say_have(&events(9, 1..=1));
        victim.exchange();
    }
    victim.wait(4_000);
    assert!(victim.refused.is_empty(), "{:?}", victim.refused);
    victim.assert_cheap(30 * 2_000, from, &config);
}

/// One byte each.
#[test]
fn floods_of_a_byte_cost_their_bytes() {
    let config = Config::default();
    let kinds = [(Message::<Set>::Beyond, "beyond"), (Message::Whole, "whole"), (Message::Repeat, "repeat")];
    for (message, name) in kinds {
        for is_one in [true, false] {
            let mut victim = Victim::new(crowd(1, 2_000), &events(9, 1..=1), &config);
            let (from, bytes) = (victim.now, victim.forger.bytes_of(&message));
            if is_one {
                let kind = bytes.last().copied().unwrap();
                victim.say_bytes(&alloc::vec![kind; 10_000]);
            } else {
                (0..1_000).for_each(|_| victim.say(&message));
            }
            assert!(victim.link.stats().states <= 1, "{name}");
            victim.wait(100);
            assert!(victim.refused.is_empty(), "{name}: {:?}", victim.refused);
            victim.assert_cheap(40 * 2_000, from, &config);
        }
    }
}

#[test]
fn a_peer_that_asks_for_its_version_again_is_not_sent_all_each_time() {
    let config = Config::default();
    let mut victim = Victim::new(crowd(1, 2_000), &events(9, 1..=1), &config);
    victim.say(&Message::Repeat);
    victim.begin_counting();
    for _ in 0..1_000 {
        victim.say(&Message::Repeat);
    }
    assert!(victim.bytes_out < 40 * 2_000 + 40 * victim.bytes_in, "{}", victim.bytes_out);
}

/// Each `Settled` once made the replica go through its state.
#[test]
fn floods_of_settled_cost_their_bytes() {
    let config = Config::default();
    let mut shop = set(1, 0..5_000);
    (0..500).for_each(|n| drop(shop.edit_at(n, |set| set.insert(n))));
    let version = shop.version().clone();
    let mut victim = Victim::new(shop, &version, &config);
    let from = victim.now;
    for n in 0..500 {
        victim.say(&Message::Settled(events(1, 1..=n + 1)));
    }
    victim.assert_cheap(10 * 5_000, from, &config);
}

#[test]
fn floods_of_settled_in_one_message_cost_their_bytes() {
    let config = Config::default();
    let shop = crowd(1, 2_000);
    let version = shop.version().clone();
    let mut victim = Victim::new(shop, &version, &config);
    let (from, mut bytes) = (victim.now, Vec::new());
    for _ in 0..2_000 {
        bytes.extend(victim.forger.bytes_of(&Message::Settled(Version::new())));
    }
    victim.say_bytes(&bytes);
    victim.assert_cheap(10 * 2_000, from, &config);
}

/// A member, which is believed about what is settled, says it again and again.
#[test]
fn floods_of_settled_by_a_member_cost_their_bytes() {
    let config = Config::default();
    let mut founder = Replica::<Group>::found_as(Writer::with_id(id(1)));
    founder.admit(id(2)).unwrap();
    (0..500).for_each(|n| drop(founder.edit_at(n, |shared| shared.data.add(1))));
    let version = founder.version().clone();
    let mut victim = Victim::new(founder, &version, &config);
    victim.forger.say_name(id(2));
    let from = victim.now;
    for n in 0..500 {
        victim.say(&Message::Settled(events(1, 1..=n + 1)));
    }
    victim.assert_cheap(10 * 2_000, from, &config);
}

#[test]
fn a_peer_that_wants_the_whole_state_again_gets_it_once_per_version() {
    let mut victim = Victim::new(set(1, 0..1_000), &events(9, 1..=1), &Config::default());
    for _ in 0..1_000 {
        victim.say(&Message::Whole);
    }
    victim.wait(30_000);
    assert_eq!(victim.link.stats().states, 1);
    victim.replica.edit_at(0, |set| set.insert(5_000));
    for _ in 0..1_000 {
        victim.say(&Message::Whole);
    }
    victim.wait(30_000);
    assert_eq!(victim.link.stats().states, 2);
}

/// In a new conversation the peer may have lost everything, so it is answered again, as often as time pays for.
#[test]
fn whole_states_in_new_conversations_wait_until_the_last_is_paid_for() {
    let config = Config { work: 10_000, ..Config::default() };
    let mut victim = Victim::new(set(1, 0..20_000), &events(9, 1..=1), &config);
    let from = victim.now;
    for _ in 0..200 {
        victim.forger.begin_anew(&events(9, 1..=1));
        victim.exchange();
        victim.forger.say_have(&events(9, 1..=1));
        victim.say(&Message::Whole);
        victim.wait(50);
    }
    let (states, bytes) = (victim.link.stats().states, victim.replica.state().encode().len() as u64);
    // A fact takes some 12 bytes of a state.
    let paid = (victim.now - from) * config.work / 1_000;
    assert!((states - 2) * bytes / 12 <= paid, "{states} states of {bytes} bytes");
}

/// Cells that never make sense: the comparison ends with as many tables as the protocol has.
#[test]
fn a_sketch_without_end_is_given_up() {
    let mut config = Config::default();
    config.limits.bytes = 100_000;
    let mut here = set(1, 0..500);
    here.set_log_bounds(NO_LOG);
    let mut theirs = set(9, 0..500);
    theirs.join(alloc::borrow::Cow::Borrowed(here.state())).unwrap();
    theirs.edit_at(0, |set| (0..100).for_each(|n| set.remove(&n)));
    let mut victim = Victim::new(here, &theirs.version().clone(), &config);
    victim.say(&Message::Beyond);
    victim.wait(100);
    let asked = victim.heard().into_iter().find_map(|message| match message {
        Message::Compare(Part::Ask(ask)) => Some(ask),
        _ => None,
    });
    let scan = theirs.scan();
    let step =
        Comparing::serve(scan, theirs.state(), victim.replica.version(), asked.expect("it asks"), 1_000_000);
    let Step::Go(_, Part::Answer(answer)) = step else { panic!("it answers: {step:?}") };
    let mut bytes = victim.forger.bytes_of(&Message::Compare(Part::Answer(answer)));
    let len = bytes.len();
    bytes[len / 4..len / 3].iter_mut().for_each(|byte| *byte ^= 0x55);
    victim.say_bytes(&bytes);
    for n in 0..2_000_u64 {
        let cells = (0..512).map(|at| crate::sync::hash::mix(n * 512 + at) as u8).collect();
        victim.say(&Message::Compare(Part::Cells(cells)));
        victim.wait(50);
    }
    assert!(victim.link.stats().asked < 2_000, "{}", victim.link.stats().asked);
    assert_eq!(victim.link.stats().comparisons, 0);
}

/// The peer asks for one table after the other.
#[test]
fn tables_without_end_are_not_served() {
    let mut theirs = set(9, 0..10);
    let mut here = set(1, 0..5_000);
    theirs.join(alloc::borrow::Cow::Borrowed(here.state())).unwrap();
    here.edit_at(0, |set| (0..50).for_each(|n| set.remove(&n)));
    let mut victim = Victim::new(here, &theirs.version().clone(), &Config::default());
    victim.wait(1_000);
    let question = ask(&mut theirs, &victim.replica.version().clone());
    victim.begin_counting();
    victim.say(&question);
    assert!(victim.refused.is_empty(), "{:?} {:?}", victim.refused, victim.link);
    let mut answers = 0;
    for _ in 0..50 {
        answers += victim.heard().iter().filter(|message| matches!(message, Message::Compare(_))).count();
        victim.say(&Message::Compare(Part::More));
    }
    assert!((2..=7).contains(&answers), "{answers}");
    assert!(victim.bytes_out < 200_000, "{}", victim.bytes_out);
    assert!(victim.link.stats().states <= 1);
}

/// Parts of a comparison, and all else, at the wrong time.
#[test]
fn messages_at_the_wrong_time_are_refused() {
    let parts = [[7_u8, 2].as_slice(), &[7, 3, 0], &[7, 4, 0], &[7, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]];
    for part in parts {
        let mut victim = Victim::new(set(1, 0..10), &events(9, 1..=1), &Config::default());
        victim.say_bytes(part);
        assert_eq!(victim.refused.len(), 1, "{part:?}: {:?}", victim.refused);
        assert!(victim.refused[0].is_fault(), "{part:?}: {:?}", victim.refused);
    }
    // Before the version.
    for kind in 2..=10 {
        let mut victim = Victim::new(set(1, 0..10), &events(9, 1..=1), &Config::default());
        victim.forger.begin_anew(&events(9, 1..=1));
        victim.exchange();
        victim.say_bytes(&[kind, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        let is_refused = !victim.refused.is_empty();
        assert!(is_refused || kind == 8, "kind {kind}: {:?}", victim.refused);
    }
}

#[test]
fn what_is_no_message_is_refused() {
    for bytes in [&[12_u8][..], &[255; 100], &[3], &[1, 255, 255], &[11, 255, 255, 255, 255]] {
        let mut victim = Victim::new(set(1, 0..10), &events(9, 1..=1), &Config::default());
        victim.say_bytes(bytes);
        assert!(matches!(victim.refused[..], [Refused::Malformed(_)]), "{bytes:?}: {:?}", victim.refused);
    }
}
