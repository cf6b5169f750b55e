//! Frames that no honest replica sends.

use proptest::prelude::*;
use rejoin::sync::{Config, Link, LogBounds, Refused, Replica, Replicated, Shared};
use rejoin::{Causal, Codec, Counter, Dot, OrSet, ReplicaId, Version, Writer};

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
    fn what_is_refused_changes_nothing(seed: u64, at in 0..40u64, entries in prop::sample::select(vec![0usize, 1_000])) {
        let mut replicas = [set(1, 0..40), set(2, 20..60)];
        replicas.iter_mut().for_each(|replica| replica.set_log_bounds(LogBounds { entries, bytes: u64::MAX }));
        let mut links = [1, 2].map(|n| Link::<Set>::new(n, Config::default()));
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
        if let Some(frame) = to_counter.poll_frame(&mut set, 0) {
            drop(to_set.handle_frame(&mut counter, 0, &frame));
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

/// Says what it likes to a link, and acknowledges as much as it likes.
struct Forger {
    session: u32,
    theirs: u32,
    said: u64,
    acknowledged: u64,
    /// The greeting of the link.
    hello: Vec<u8>,
}

impl Forger {
    const HEAD: usize = 2 + 4 + 4;

    /// Gets acquainted.
    fn meet<T: Replicated>(link: &mut Link<T>, replica: &mut Replica<T>) -> Self {
        let mut forger = Forger { session: 0xBAD, theirs: 0, said: 0, acknowledged: 1, hello: Vec::new() };
        let call = forger.frame(None);
        link.handle_frame(replica, 0, &call).unwrap();
        let frame = link.poll_frame(replica, 0).unwrap();
        forger.theirs = u32::from_le_bytes(frame[2..6].try_into().unwrap());
        forger.hello = frame[Forger::HEAD + 3..].to_vec();
        let mut hello = forger.hello.clone();
        hello[5] ^= 1; // another digest
        forger.say(link, replica, &hello).unwrap();
        forger
    }

    fn frame(&mut self, message: Option<&[u8]>) -> Vec<u8> {
        let mut frame = vec![b'r', 1];
        frame.extend(self.session.to_le_bytes());
        frame.extend(self.theirs.to_le_bytes());
        let number = message.map_or(0, |_| {
            self.said += 1;
            self.said << 1 | 1
        });
        for number in [self.acknowledged, 0, number] {
            frame.extend(leb128(number));
        }
        frame.extend(message.unwrap_or_default());
        frame
    }

    fn say<T: Replicated>(
        &mut self,
        link: &mut Link<T>,
        replica: &mut Replica<T>,
        message: &[u8],
    ) -> Result<bool, Refused> {
        let frame = self.frame(Some(message));
        link.handle_frame(replica, 0, &frame)
    }
}

fn leb128(mut n: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while n > 127 {
        bytes.push(n as u8 | 128);
        n >>= 7;
    }
    bytes.push(n as u8);
    bytes
}

/// The bytes of a version inside a message.
fn part(version: &Version) -> Vec<u8> {
    // Behind a head that tells how long the description of the type is.
    let bytes = version.encode();
    bytes[5 + usize::from(bytes[4])..].to_vec()
}

#[test]
fn a_stranger_cannot_say_what_is_settled() {
    type Group = Causal<Shared<Counter>>;
    let mut founder = Replica::<Group>::found_as(Writer::with_id(ReplicaId::from_u128(1)));
    founder.admit(ReplicaId::from_u128(2)); // who has said nothing yet
    founder.edit_at(0, |shared| shared.data.add(5));
    let mut link = Link::new(1, Config::default());
    let mut stranger = Forger::meet(&mut link, &mut founder);
    let settled = [&[16][..], &part(founder.version())].concat();
    drop(stranger.say(&mut link, &mut founder, &settled));
    assert!(founder.horizon().is_empty());
}

#[test]
fn what_was_not_sent_cannot_be_acknowledged() {
    let (mut replica, mut link) = (set(1, 0..3), Link::new(1, Config::default()));
    let mut liar = Forger::meet(&mut link, &mut replica);
    assert!(link.poll_frame(&mut replica, 0).is_some());
    for acknowledged in [100, u64::MAX - 1, u64::MAX] {
        liar.acknowledged = acknowledged;
        assert!(matches!(liar.say(&mut link, &mut replica, &[]), Err(Refused::Malformed(_))));
        liar = Forger::meet(&mut link, &mut replica);
        assert!(link.poll_frame(&mut replica, 0).is_some());
    }
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

/// The number of a frame's fragment.
fn number_of(frame: &[u8]) -> u64 {
    // Numbers end with a byte below 128; this is the third.
    let third = frame[Forger::HEAD..].split_inclusive(|byte| *byte < 128).nth(2).unwrap();
    third.iter().rev().fold(0, |number, byte| number << 7 | u64::from(byte & 127)) >> 1
}

/// Reads and acknowledges all that a link has to say. Returns how many bytes it was.
fn drain<T: Replicated>(forger: &mut Forger, link: &mut Link<T>, replica: &mut Replica<T>) -> usize {
    let mut bytes = 0;
    while let Some(frame) = link.poll_frame(replica, 0) {
        bytes += frame.len();
        forger.acknowledged = forger.acknowledged.max(number_of(&frame) + 1);
        let acknowledgement = forger.frame(None);
        link.handle_frame(replica, 0, &acknowledgement).unwrap();
    }
    bytes
}

fn compare() -> Vec<u8> {
    [&[6][..], &[7; 8], &part(&Version::new()), &part(&Version::new())].concat()
}

#[test]
fn who_asks_again_and_again_is_answered_once() {
    let (mut replica, mut link) = (set(1, 0..1_000), Link::new(1, Config::default()));
    let mut greedy = Forger::meet(&mut link, &mut replica);
    for _ in 0..1_000 {
        greedy.say(&mut link, &mut replica, &[5]).unwrap();
    }
    drain(&mut greedy, &mut link, &mut replica);
    assert_eq!(link.stats().states, 1);

    greedy.say(&mut link, &mut replica, &compare()).unwrap();
    let more = [&[8][..], &leb128(1 << 16)].concat();
    for _ in 0..50 {
        greedy.say(&mut link, &mut replica, &more).unwrap();
    }
    let bytes = drain(&mut greedy, &mut link, &mut replica);
    assert!(bytes < 2_000_000, "{bytes}");
}

#[test]
fn who_does_not_wait_for_answers_is_refused() {
    let (mut replica, mut link) = (set(1, 0..10), Link::new(1, Config::default()));
    let mut greedy = Forger::meet(&mut link, &mut replica);
    let refused = (0..100).find_map(|_| greedy.say(&mut link, &mut replica, &compare()).err());
    assert!(matches!(refused, Some(Refused::Nonsense(_))), "{refused:?}");

    let mut greedy = Forger::meet(&mut link, &mut replica);
    let refused = greedy.say(&mut link, &mut replica, &[2; 10_000]).unwrap_err();
    assert!(matches!(refused, Refused::Malformed(_)), "{refused:?}");
}

#[test]
fn what_somebody_says_to_have_is_bounded() {
    let mut config = Config::default();
    config.limits.bytes = 1_000;
    let (mut replica, mut link) = (set(1, 0..10), Link::new(1, config));
    let mut liar = Forger::meet(&mut link, &mut replica);
    let refused = (0..20_u64).find_map(|n| {
        drain(&mut liar, &mut link, &mut replica);
        let dots = (0..100).map(|at| Dot::new(ReplicaId::from_u128(9), 1 + n * 200 + at * 2).unwrap());
        let have = [&[1][..], &part(&dots.collect()), &[0; 8]].concat();
        liar.say(&mut link, &mut replica, &have).err()
    });
    assert!(matches!(refused, Some(Refused::Malformed(_))), "{refused:?}");
}

/// Cells that never make sense, of a set that is said to be large.
#[test]
fn a_sketch_without_end_is_given_up() {
    let mut config = Config::default();
    config.limits.bytes = 100_000;
    let (mut replica, mut link) = (set(1, 0..3), Link::new(1, config));
    replica.set_log_bounds(LogBounds { entries: 0, bytes: 0 });
    let mut liar = Forger::meet(&mut link, &mut replica);
    let one = Version::from_iter(Dot::new(ReplicaId::from_u128(9), 1));
    liar.say(&mut link, &mut replica, &[&[1][..], &part(&one), &[0; 8], &[4]].concat()).unwrap();
    drain(&mut liar, &mut link, &mut replica);
    let (facts, none) = (1_u64 << 50, part(&Version::new()));
    liar.say(&mut link, &mut replica, &[&[7][..], &leb128(facts), &none, &none].concat()).unwrap();
    for at in (0..20_000).step_by(100) {
        drain(&mut liar, &mut link, &mut replica);
        let mut cells = leb128(100);
        for at in at..at + 100 {
            cells.extend([mix(at) as u8; 7]); // tag, value, check
            cells.extend(leb128(2 * (facts * 2 / (at + 2)) - 1)); // an empty count
        }
        let message = [&[9][..], &leb128(cells.len() as u64), &cells].concat();
        liar.say(&mut link, &mut replica, &message).unwrap();
    }
    assert!((100..10_000).contains(&link.stats().cells), "{}", link.stats().cells);
}
