use alloc::vec::Vec;

use proptest::prelude::*;

use super::poll::acknowledgement;
use super::*;

mod fragments;
mod frames;
mod timing;
mod windows;

fn deliver(side: &mut Stream, frame: &[u8], now: u64, config: &Config, got: &mut Vec<Vec<u8>>) {
    let arrival = side.handle(Frame::read(frame).unwrap(), now, config).unwrap();
    got.extend(arrival.messages.into_iter().map(|message| message.into_owned()));
}

/// A network between two sides.
struct Wire {
    random: u64,
    loss: u64,
    doubled: u64,
    latest: u64,
    frames: Vec<(u64, usize, Vec<u8>)>,
}

impl Wire {
    fn put(&mut self, now: u64, to: usize, frame: &[u8]) {
        for copy in 0..2 {
            self.random = mix(self.random);
            let r = self.random;
            let keep = if copy == 0 { r % 100 >= self.loss } else { r % 100 < self.doubled };
            if keep {
                self.frames.push((now + 1 + r / 128 % self.latest, to, frame.to_vec()));
            }
        }
    }

    fn due(&mut self, now: u64) -> Vec<(usize, Vec<u8>)> {
        let due = self.frames.extract_if(.., |(at, _, _)| *at <= now);
        due.map(|(_, to, frame)| (to, frame)).collect()
    }
}

proptest! {
    /// Whatever is lost, doubled and reordered, each side gets what the other has sent, in order.
    #[test]
    fn messages_arrive_once_and_in_order(
        seed: u64,
        sizes in prop::collection::vec(1..5_000usize, 1..30),
        loss in 0..60u64,
        doubled in 0..30u64,
        is_ordered: bool,
    ) {
        let mut config =
            Config { max_frame: 300, window: 2_000, retry: 20, retry_at_most: 1_000, ..Config::default() };
        let mut wire = Wire { random: seed, loss, doubled, latest: 40, frames: Vec::new() };
        if is_ordered {
            config.carrier = Carrier::Ordered;
            (wire.loss, wire.doubled, wire.latest) = (0, 0, 1);
        }
        let sent: Vec<Vec<u8>> = (0..).zip(&sizes).map(|(n, size)| alloc::vec![n; *size]).collect();
        let mut sides = [Stream::new(1), Stream::new(2)];
        for message in &sent {
            sides.iter_mut().for_each(|side| side.send(Bytes::Own(message.clone())));
        }
        let (mut got, mut now) = ([Vec::new(), Vec::new()], 0);
        while sides.iter().any(|side| !side.is_quiet()) {
            for from in [0, 1] {
                while let Some(frame) = sides[from].poll(now, &config) {
                    prop_assert!(frame.len() <= config.max_frame);
                    wire.put(now, 1 - from, &frame);
                }
            }
            now += 1;
            prop_assert!(now < 1_000_000, "it ends");
            for (to, frame) in wire.due(now) {
                deliver(&mut sides[to], &frame, now, &config, &mut got[to]);
                prop_assert!(sides[to].held() <= 2 * config.window + 5_000 * 30);
            }
        }
        prop_assert_eq!(&got[0], &sent);
        prop_assert_eq!(&got[1], &sent);
    }

    #[test]
    fn nothing_that_comes_in_makes_it_panic(
        frames in prop::collection::vec(any::<Vec<u8>>(), 0..20),
        is_known: bool,
    ) {
        let config = Config { carrier: Carrier::Ordered, ..Config::default() };
        let mut stream = Stream::new(7);
        if is_known {
            let call = Call { mine: 9, yours: 7, is_met: true, greeting: [0; 16] };
            stream.handle(Frame::Call(call), 0, &config).unwrap();
        }
        for frame in frames {
            let _ = Frame::read(&frame).and_then(|frame| stream.handle(frame, 0, &config).map(drop));
            let _ = stream.poll(0, &config);
        }
    }
}

/// Exchanges frames until both are silent.
fn talk(a: &mut Stream, b: &mut Stream, now: u64, config: &Config, got: &mut Vec<Vec<u8>>) -> usize {
    for frames in 0.. {
        let (there, back) = (a.poll(now, config), b.poll(now, config));
        there.iter().for_each(|frame| deliver(b, frame, now, config, got));
        back.iter().for_each(|frame| deliver(a, frame, now, config, got));
        if there.is_none() && back.is_none() {
            return frames;
        }
        assert!(frames < 10_000, "it ends");
    }
    unreachable!()
}

#[test]
fn a_side_that_restarts_is_met_anew() {
    for carrier in [Carrier::Datagrams, Carrier::Ordered] {
        let config = Config { carrier, ..Config::default() };
        let (mut a, mut b, mut got) = (Stream::new(1), Stream::new(2), Vec::new());
        a.send(Bytes::Own(b"one".to_vec()));
        talk(&mut a, &mut b, 0, &config, &mut got);
        assert_eq!(got, [b"one".to_vec()]);
        b.send(Bytes::Own(b"for the former".to_vec()));
        let late = b.poll(1, &config).unwrap();
        let mut a = Stream::new(3);
        deliver(&mut a, &late, 1, &config, &mut got);
        assert_eq!(got.len(), 1, "not for the present one");
        talk(&mut a, &mut b, 1, &config, &mut got);
        assert_eq!(b.sessions(), (2, Some(3)));
        a.send(Bytes::Own(b"two".to_vec()));
        b.send(Bytes::Own(b"for the present".to_vec()));
        talk(&mut a, &mut b, 2, &config, &mut got);
        assert_eq!(got[1..], [b"two".to_vec(), b"for the present".to_vec()]);
        if carrier == Carrier::Datagrams {
            deliver(&mut a, &late, 3, &config, &mut got);
            assert_eq!(got.len(), 3);
        }
    }
}

/// One data frame is lost, and an acknowledgement says that it arrived. After that both sides and the network are
/// honest.
#[test]
fn a_forged_acknowledgement_does_not_stop_two_honest_sides() {
    let config = Config::default();
    let (mut a, mut b, mut got) = (Stream::new(1), Stream::new(2), Vec::new());
    talk(&mut a, &mut b, 0, &config, &mut got);
    a.send(Bytes::Own(b"lost".to_vec()));
    a.poll(1, &config).expect("a frame that does not arrive");
    let forged = Data { acknowledged: Some(2), ..acknowledgement(&b.incoming, &mut Owed::default()) };
    deliver(&mut a, &forged.write(Some((2, 1))), 2, &config, &mut got);
    assert!(a.is_quiet(), "a believes that it arrived");

    let mut frames = 0;
    for now in 3..20_000 {
        // Whenever a begins anew, the layer above says again what the peer lacks.
        if a.sessions().0 != 1 && got.is_empty() && a.is_quiet() {
            a.send(Bytes::Own(b"again".to_vec()));
        } else if now % 100 == 0 && got.is_empty() && a.is_quiet() {
            a.send(Bytes::Own(b"next".to_vec()));
        }
        frames += talk(&mut a, &mut b, now, &config, &mut got);
    }
    assert_eq!(got.first().map(Vec::as_slice), Some(&b"again"[..]));
    assert!(frames < 1_000, "{frames} frames");
}

/// Whatever a peer acknowledges, nothing is sent more often than the back-off allows.
#[test]
fn acknowledgements_cannot_ask_for_more_than_the_back_off_allows() {
    let config = Config::default();
    let (mut a, mut b) = (Stream::new(1), Stream::new(2));
    talk(&mut a, &mut b, 0, &config, &mut Vec::new());
    let (mut sent, mut random) = (0_u64, 1);
    for now in 1..300_000_u64 {
        if now % 1_000 == 0 {
            a.send(Bytes::Own(alloc::vec![7; 100]));
        }
        while a.poll(now, &config).is_some() {
            sent += 1;
        }
        random = mix(random);
        let forged = Data {
            acknowledged: Some(1 + random % a.window.next()),
            later: mix(random),
            ..acknowledgement(&b.incoming, &mut Owed::default())
        };
        a.handle(Frame::read(&forged.write(Some((2, 1)))).unwrap(), now, &config).unwrap();
        if a.sessions().0 != 1 {
            (a, b) = (Stream::new(1), Stream::new(2));
            talk(&mut a, &mut b, now, &config, &mut Vec::new());
        }
    }
    assert!(sent < 3_000, "{sent} frames for 300 messages");
}

/// A call is answered by a call and a little, not by all that there is to say.
#[test]
fn a_call_from_a_forged_address_is_not_amplified() {
    let config = Config::default();
    let mut a = Stream::new(1);
    a.send(Bytes::Own(alloc::vec![7; 100_000]));
    let call = Call { mine: 9, yours: 0, is_met: false, greeting: [0; 16] };
    a.handle(Frame::Call(call), 0, &config).unwrap();
    let mut bytes = 0;
    while let Some(frame) = a.poll(0, &config) {
        bytes += frame.len();
    }
    assert!(bytes < 600, "{bytes}");
}

#[test]
fn a_frame_on_an_ordered_carrier_has_a_head_of_three_bytes_or_fewer() {
    let config = Config { carrier: Carrier::Ordered, ..Config::default() };
    let (mut a, mut b) = (Stream::new(1), Stream::new(2));
    talk(&mut a, &mut b, 0, &config, &mut Vec::new());
    for _ in 0..100 {
        a.send(Bytes::Own(alloc::vec![7; 20]));
        b.send(Bytes::Own(alloc::vec![7; 20]));
        let (there, back) = (a.poll(1, &config).unwrap(), b.poll(1, &config).unwrap());
        assert!(there.len() <= 23 && back.len() <= 23, "{} {}", there.len(), back.len());
        deliver(&mut a, &back, 1, &config, &mut Vec::new());
        deliver(&mut b, &there, 1, &config, &mut Vec::new());
    }
}

/// A side that has been met under an earlier number ignores all but calls, and the call that would tell it is lost.
#[test]
fn a_lost_call_after_a_restart_is_repeated() {
    let config = Config::default();
    let (mut a, mut b, mut got) = (Stream::new(1), Stream::new(2), Vec::new());
    talk(&mut a, &mut b, 0, &config, &mut got);
    let mut a = Stream::new(3);
    a.send(Bytes::Own(b"again".to_vec()));
    let call = a.poll(1, &config).unwrap();
    deliver(&mut b, &call, 1, &config, &mut got);
    let hint = b.poll(1, &config).unwrap();
    deliver(&mut a, &hint, 1, &config, &mut got);
    while a.poll(1, &config).is_some() {} // all lost
    assert_eq!(b.sessions(), (2, Some(1)));
    for now in (1..20).map(|turn| turn * config.retry) {
        talk(&mut a, &mut b, now, &config, &mut got);
    }
    assert_eq!(b.sessions(), (2, Some(3)));
    assert_eq!(got, [b"again".to_vec()]);
}

/// Calls under numbers that the sides had before come when both have met under others. Nothing tells such a call from that of a
/// side that has begun anew.
#[test]
fn late_calls_under_former_numbers_do_not_part_two_sides() {
    let config = Config::default();
    let late = |mine, yours, is_met| Call { mine, yours, is_met, greeting: [0; 16] }.write();
    for (who, are_both, is_met) in (1..4).flat_map(|who| {
        [(true, true), (true, false), (false, true), (false, false)].map(|(both, met)| (who, both, met))
    }) {
        let (mut a, mut b, mut got) = (Stream::new(1), Stream::new(2), Vec::new());
        talk(&mut a, &mut b, 0, &config, &mut got);
        deliver(&mut a, &late(77, 1, is_met), 1, &config, &mut got);
        if are_both {
            deliver(&mut b, &late(88, 2, is_met), 1, &config, &mut got);
        }
        assert_eq!(a.sessions(), (1, Some(77)));
        for (side, bit) in [(&mut a, 1), (&mut b, 2)] {
            if who & bit != 0 {
                side.send(Bytes::Own(b"are you there".to_vec()));
            }
        }
        let mut now = 1;
        talk(&mut a, &mut b, now, &config, &mut got);
        while a.sessions().1 != Some(b.sessions().0) || b.sessions().1 != Some(a.sessions().0) {
            let next = [a.timeout(&config), b.timeout(&config)].into_iter().flatten().min();
            now = next.expect("one of them waits for an answer").max(now + 1);
            talk(&mut a, &mut b, now, &config, &mut got);
            assert!(now < 1_000 * config.retry, "they find each other again");
        }
        b.send(Bytes::Own(b"good".to_vec()));
        talk(&mut a, &mut b, now, &config, &mut got);
        assert_eq!(got.last().unwrap(), b"good");
    }
}

/// While a peer is silent, only the first fragment is sent again; what is sent meanwhile may arrive, and be acknowledged late.
#[test]
fn a_silence_is_not_taken_for_a_long_way() {
    let config = Config::default();
    let (mut a, mut b, mut got) = (Stream::new(1), Stream::new(2), Vec::new());
    talk(&mut a, &mut b, 0, &config, &mut got);
    for n in 0..10 {
        a.send(Bytes::Own(b"into the silence".to_vec()));
        let now = (1 + n) * 10 * config.retry;
        while let Some(frame) = a.poll(now, &config) {
            deliver(&mut b, &frame, now, &config, &mut got);
        }
        while b.poll(now, &config).is_some() {} // all lost
    }
    assert_eq!(got.len(), 10);
    for now in (11..40).map(|n| n * 10 * config.retry) {
        talk(&mut a, &mut b, now, &config, &mut got);
    }
    assert!(a.is_quiet());
    assert!(a.round_trip.is_some_and(|mean| mean <= 2 * config.retry), "{:?}", a.round_trip);
}
