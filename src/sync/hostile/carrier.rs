//! What can be done to frames, and by acknowledgements.

use super::*;
use crate::sync::Carrier;

/// Two links, and what is between them.
struct Wire {
    replicas: [Replica<Set>; 2],
    links: [Link<Set>; 2],
    now: u64,
    frames: usize,
}

impl Wire {
    fn new(config: &Config) -> Self {
        let links = [1, 2].map(|session| Link::new(session, config.clone()));
        Wire { replicas: [set(1, 0..3), set(2, 3..6)], links, now: 0, frames: 0 }
    }

    /// `change` says what becomes of a frame, and may drop it.
    fn step(&mut self, mut change: impl FnMut(usize, Vec<u8>) -> Option<Vec<u8>>) {
        for from in [0, 1] {
            while let Some(frame) = self.links[from].poll_frame(&mut self.replicas[from], self.now) {
                self.frames += 1;
                if let Some(frame) = change(from, frame) {
                    drop(self.links[1 - from].handle_frame(&mut self.replicas[1 - from], self.now, &frame));
                }
            }
        }
        self.now += 10;
    }

    fn is_equal(&self) -> bool {
        self.replicas[0].state() == self.replicas[1].state()
    }
}

/// One data frame is lost and the next acknowledgement says that it has arrived. The two were never equal again, and sent a
/// million frames per five minutes.
#[test]
fn a_lost_frame_and_a_changed_acknowledgement_do_not_stop_two_links() {
    for first in 0..12 {
        for claimed in 1..=4 {
            let mut wire = Wire::new(&Config::default());
            (0..100).for_each(|_| wire.step(|_, frame| Some(frame)));
            assert!(wire.is_equal());
            wire.replicas[0].edit_at(0, |set| set.insert(77));
            wire.replicas[1].edit_at(0, |set| set.insert(78));
            // The frames of the next moment are lost, and acknowledged by a frame that somebody forges.
            let (mine, yours) = wire.links[1].sessions();
            let mut count = 0;
            wire.step(|from, frame| {
                count += 1;
                (from == 1 || count <= first).then_some(frame)
            });
            for acknowledged in 1..=claimed + 3 {
                let forged =
                    crate::sync::stream::forged_acknowledgement(acknowledged, (mine, yours.unwrap()));
                drop(wire.links[0].handle_frame(&mut wire.replicas[0], wire.now, &forged));
            }
            wire.frames = 0;
            for n in 0..12_000 {
                if n % 500 == 0 {
                    wire.replicas[0].edit_at(0, |set| set.insert(1_000 + n));
                }
                wire.step(|_, frame| Some(frame));
            }
            assert!(wire.is_equal(), "after {first} frames, {claimed}");
            assert!(wire.frames < 2_000, "{} frames", wire.frames);
        }
    }
}

#[test]
fn an_acknowledgement_of_what_was_not_sent_is_refused() {
    for acknowledged in [100, u64::MAX - 1, u64::MAX] {
        let mut victim = Victim::new(set(1, 0..3), &events(9, 1..=1), &Config::default());
        let (mine, yours) = victim.link.sessions();
        let forged = crate::sync::stream::forged_acknowledgement(acknowledged, (yours.unwrap(), mine));
        victim.take(&forged);
        assert!(matches!(victim.refused[..], [Refused::Malformed(_)]), "{:?}", victim.refused);
        assert_eq!(victim.replica.len(), 3);
    }
}

/// Anybody can send anything to an address.
#[test]
fn noise_does_not_end_a_conversation() {
    let config = Config { max_frame: 1_000, window: 4_000, ..Config::default() };
    let mut wire = Wire::new(&config);
    wire.replicas[0].edit_at(0, |set| set.extend(0..20_000));
    let numbers = wire.links[0].sessions().0;
    for _ in 0..300 {
        wire.step(|_, frame| Some(frame));
        for side in [0, 1] {
            let refused = wire.links[side].handle_frame(&mut wire.replicas[side], wire.now, b"noise");
            assert!(refused.is_err());
        }
    }
    assert!(wire.is_equal());
    assert_eq!(wire.links[0].sessions().0, numbers, "it is the same conversation");
}

/// A call with a forged address once had the whole log sent there.
#[test]
fn a_call_from_a_forged_address_is_answered_by_little() {
    let mut replica = set(1, 0..5_000);
    for carrier in [Carrier::Datagrams, Carrier::Ordered] {
        let config = Config { carrier, ..Config::default() };
        let (mut link, mut forger) =
            (Link::new(7, config.clone()), Forger::<Set>::new(5, &events(9, 1..=1), config));
        let call = forger.poll_frame(0).unwrap();
        link.handle_frame(&mut replica, 0, &call).unwrap();
        let mut sent = 0;
        for now in (0..60_000).step_by(50) {
            while let Some(frame) = link.poll_frame(&mut replica, now) {
                sent += frame.len();
            }
        }
        assert!(sent <= 40 * call.len(), "{sent} bytes in a minute for one call of {}", call.len());
    }
}

/// What is told with the first call was sent again every 20 seconds, as long as nobody answered.
#[test]
fn a_forged_address_is_told_no_more_as_time_goes_by() {
    let (mut replica, config) = (set(1, 0..100), Config::default());
    let (mut link, mut forger) =
        (Link::new(7, config.clone()), Forger::<Set>::new(5, &events(9, 1..=1), config));
    link.handle_frame(&mut replica, 0, &forger.poll_frame(0).unwrap()).unwrap();
    let (mut now, mut told) = (0, 0);
    while now < 3_600_000 {
        while let Some(frame) = link.poll_frame(&mut replica, now) {
            told += if frame[0] == b'r' { 0 } else { frame.len() };
        }
        let next = link.poll_timeout().unwrap();
        assert!(next > now, "there is no use in polling at once");
        now = next;
    }
    assert!(told <= 600, "{told} bytes in an hour");
}

/// Repeated, the call is answered each time; by a call, and not by what there is to say.
#[test]
fn calls_from_a_forged_address_are_not_amplified() {
    let mut replica = crowd(1, 500);
    let config = Config::default();
    let (mut link, mut forger) =
        (Link::new(7, config.clone()), Forger::<Set>::new(5, &events(9, 1..=1), config));
    let call = forger.poll_frame(0).unwrap();
    let (mut came, mut sent) = (0, 0);
    for now in 0..10_000 {
        came += call.len();
        link.handle_frame(&mut replica, now, &call).unwrap();
        while let Some(frame) = link.poll_frame(&mut replica, now) {
            sent += frame.len();
        }
    }
    assert!(sent <= 2 * came, "{sent} for {came}");
}

/// Each fragment is taken, and the message never ends.
#[test]
fn a_message_without_end_is_refused_at_the_limit() {
    let mut config = Config::default();
    config.limits.bytes = 100_000;
    let mut victim = Victim::new(set(1, 0..3), &events(9, 1..=1), &config);
    victim.forger.say_bytes(alloc::vec![0; 10 << 20]);
    let mut most = 0;
    for _ in 0..200 {
        victim.now += 50;
        while let Some(frame) = victim.forger.poll_frame(victim.now) {
            victim.take(&frame);
            most = most.max(victim.link.held());
        }
        while let Some(frame) = victim.link.poll_frame(&mut victim.replica, victim.now) {
            victim.forger.handle_frame(victim.now, &frame).unwrap();
        }
    }
    assert!(matches!(victim.refused[..], [Refused::Malformed(_)]), "{:?}", victim.refused);
    assert!(most <= 100_000 + config.max_frame + 2_000, "{most} bytes held");
}

/// The peer takes frames and acknowledges none, while much is written.
#[test]
fn a_peer_that_acknowledges_nothing_has_little_held_for_it() {
    for carrier in [Carrier::Datagrams, Carrier::Ordered] {
        let config = Config { carrier, ..Config::default() };
        let mut victim = Victim::new(set(1, 0..3), &events(9, 1..=1), &config);
        let mut most = 0;
        for n in 0..2_000 {
            victim.now += 20;
            victim.replica.edit_at(0, |set| set.extend(100 * n..100 * n + 100));
            while victim.link.poll_frame(&mut victim.replica, victim.now).is_some() {}
            most = most.max(victim.link.held());
        }
        assert!(most <= config.window + 2 * config.max_frame + 2_000, "{most} bytes held");
    }
}

/// A call carries no check. One changed byte in it had a side take a number that nobody has for its peer's: each thought that it
/// was understood, and they were never equal again.
#[test]
fn a_changed_call_does_not_stop_two_links() {
    for which in 0..6 {
        for place in 2..11 {
            let mut wire = Wire::new(&Config::default());
            let mut count = 0;
            for _ in 0..20 {
                wire.step(|_, mut frame| {
                    if frame[0] == b'r' {
                        count += 1;
                        frame[place] ^= if count == which { 0xC1 } else { 0 };
                    }
                    Some(frame)
                });
            }
            wire.replicas[0].edit_at(0, |set| set.insert(77));
            wire.replicas[1].edit_at(0, |set| set.insert(78));
            (0..12_000).for_each(|_| wire.step(|_, frame| Some(frame)));
            assert!(wire.is_equal(), "call {which}, byte {place}: {:?}", wire.links);
        }
    }
}

/// Calls of a third replica come in, from the address of the peer.
#[test]
fn calls_of_a_third_do_not_stop_two_links() {
    for which in 0..4 {
        for number in [1, 2, 9] {
            let mut wire = Wire::new(&Config::default());
            let mut third = Forger::<Set>::new(number, &events(9, 1..=1), Config::default());
            for n in 0..20 {
                if n == which {
                    let call = third.poll_frame(0).unwrap();
                    for side in [0, 1] {
                        wire.links[side].handle_frame(&mut wire.replicas[side], wire.now, &call).unwrap();
                    }
                }
                wire.step(|_, frame| Some(frame));
            }
            wire.replicas[0].edit_at(0, |set| set.insert(77));
            wire.replicas[1].edit_at(0, |set| set.insert(78));
            (0..12_000).for_each(|_| wire.step(|_, frame| Some(frame)));
            assert!(wire.is_equal(), "at {which}, number {number}: {:?}", wire.links);
        }
    }
}
