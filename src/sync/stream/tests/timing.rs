//! When frames go out, to the millisecond. `retry` is 200 ms.

use super::*;

/// Two sides that have met at time 0.
fn met(config: &Config) -> (Stream, Stream) {
    let (mut a, mut b) = (Stream::new(1), Stream::new(2));
    talk(&mut a, &mut b, 0, config, &mut Vec::new());
    (a, b)
}

fn send(stream: &mut Stream, len: usize) {
    stream.send(Bytes::Own(alloc::vec![7; len]));
}

fn frames(stream: &mut Stream, now: u64, config: &Config) -> Vec<Vec<u8>> {
    core::iter::from_fn(|| stream.poll(now, config)).take(1_000).collect()
}

fn is_call(frame: &[u8]) -> bool {
    matches!(Frame::read(frame), Ok(Frame::Call(_)))
}

fn call(stream: &mut Stream, number: u32, yours: u32, is_met: bool, now: u64) -> bool {
    let call = Call { mine: number, yours, is_met, greeting: [0; 16] };
    let arrival = stream.handle(Frame::Call(call), now, &Config::default()).unwrap();
    arrival.is_anew
}

/// The times at which a stream that hears nothing sends calls, and data. It must ask to be polled at these times.
fn sends(stream: &mut Stream, times: core::ops::Range<u64>) -> [Vec<u64>; 2] {
    let (config, mut sends) = (Config::default(), [Vec::new(), Vec::new()]);
    for now in times {
        let is_due = stream.timeout(&config).is_none_or(|at| at <= now);
        let frames = frames(stream, now, &config);
        assert!(frames.is_empty() || is_due, "it sends at {now}, and is to be polled then");
        for frame in frames {
            sends[usize::from(!is_call(&frame))].push(now);
        }
    }
    sends
}

#[test]
fn calls_that_nobody_answers_wait_for_half_of_the_silence() {
    let mut stream = Stream::new(1);
    assert_eq!(stream.timeout(&Config::default()), Some(0));
    let [calls, data] = sends(&mut stream, 1_000..100_000);
    let waits: Vec<u64> = calls.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert_eq!(calls[0], 1_000);
    let expected = [200, 200, 200, 300, 450, 675, 1_012, 1_518, 2_277, 3_416, 5_124, 7_686, 11_529, 17_293];
    assert_eq!((&waits[..14], &waits[14..]), (&expected[..], &[20_000, 20_000][..]));
    assert!(data.is_empty());
}

/// Both fragments go out again after 200 ms and 400 ms more. Then the peer counts as silent, and only the first is repeated.
const SENT_AGAIN: [u64; 11] = [0, 0, 200, 200, 600, 600, 900, 1_350, 2_025, 3_037, 4_555];

#[test]
fn a_fragment_that_nobody_acknowledges_is_sent_again_and_the_peer_is_called() {
    let config = Config::default();
    let (mut a, mut b) = met(&config);
    send(&mut b, 10);
    talk(&mut b, &mut a, 0, &config, &mut Vec::new());
    assert!(a.poll(50, &config).is_some(), "an acknowledgement");
    (0..2).for_each(|_| send(&mut a, 10));
    assert_eq!(sends(&mut a, 0..5_000), [Vec::from([801, 1_201, 1_801, 2_701, 4_051]), SENT_AGAIN.to_vec()]);
}

#[test]
fn a_lost_fragment_arrives_when_it_is_sent_again() {
    let (config, mut got) = (Config::default(), Vec::new());
    let (mut a, mut b) = met(&config);
    (0..2).for_each(|n| a.send(Bytes::Own(alloc::vec![n; 10])));
    let lost = frames(&mut a, 0, &config);
    assert_eq!(lost.len(), 2);
    deliver(&mut b, &lost[1], 0, &config, &mut got);
    assert!(got.is_empty());
    for frame in frames(&mut a, 200, &config).iter().filter(|frame| !is_call(frame)) {
        deliver(&mut b, frame, 200, &config, &mut got);
    }
    assert_eq!(got, [[0; 10], [1; 10]]);
}

/// The peer may not have heard any call, and then ignores all else.
#[test]
fn with_a_fragment_that_is_sent_again_goes_a_call_until_the_peer_has_shown_that_it_heard_one() {
    let (mut a, _) = met(&Config::default());
    (0..2).for_each(|_| send(&mut a, 10));
    assert_eq!(
        sends(&mut a, 0..5_000),
        [Vec::from([200, 600, 900, 1_350, 2_025, 3_037, 4_555]), SENT_AGAIN.to_vec()]
    );
}

#[test]
fn the_wait_for_an_acknowledgement_is_two_and_a_half_round_trips() {
    let config = Config::default();
    let (mut a, mut b) = met(&config);
    let mut round_trip = |a: &mut Stream, start: u64, took: u64, wait: u64| {
        send(a, 10);
        let there = a.poll(start, &config).expect("a fragment");
        assert_eq!(a.timeout(&config), Some(start + wait), "before a round trip of {took}");
        deliver(&mut b, &there, start, &config, &mut Vec::new());
        let back = b.poll(start + 50, &config).expect("an acknowledgement");
        deliver(a, &back, start + took, &config, &mut Vec::new());
    };
    round_trip(&mut a, 500, 160, 200);
    round_trip(&mut a, 1_100, 320, 400);
    round_trip(&mut a, 1_700, 100, 450);
    // (7 · 180 + 100) / 8 = 170
    round_trip(&mut a, 2_300, 100, 425);
}

#[test]
fn an_acknowledgement_waits_for_a_quarter_of_the_retry() {
    let config = Config { window: 4_000, ..Config::default() };
    let due = |fragments: u32, len: usize| {
        let (mut a, mut b) = met(&config);
        for _ in 0..fragments {
            send(&mut a, len);
            let frame = a.poll(1_000, &config).expect("a fragment");
            deliver(&mut b, &frame, 1_000, &config, &mut Vec::new());
        }
        let due = b.timeout(&config).unwrap();
        assert!(due == 1_000 || b.poll(due - 1, &config).is_none());
        assert!(b.poll(due, &config).is_some() && b.poll(due, &config).is_none(), "it is sent once");
        due
    };
    assert_eq!([due(1, 10), due(15, 10), due(16, 10)], [1_050, 1_050, 1_000], "or for sixteen fragments");
    assert_eq!(
        [due(1, 999), due(1, 1_000), due(2, 500)],
        [1_050, 1_000, 1_000],
        "or a quarter of the window"
    );
}

#[test]
fn the_first_fragment_says_when_to_acknowledge_and_a_gap_that_it_is_now() {
    let config = Config::default();
    let (mut a, mut b) = met(&config);
    let sent: Vec<Vec<u8>> = (0..4)
        .map(|_| {
            send(&mut a, 10);
            a.poll(1_000, &config).unwrap()
        })
        .collect();
    deliver(&mut b, &sent[0], 1_000, &config, &mut Vec::new());
    deliver(&mut b, &sent[1], 1_010, &config, &mut Vec::new());
    assert_eq!(b.timeout(&config), Some(1_050));
    deliver(&mut b, &sent[3], 1_020, &config, &mut Vec::new());
    assert_eq!(b.timeout(&config), Some(1_020), "a gap");
    assert!(b.poll(1_020, &config).is_some());
    deliver(&mut b, &sent[0], 1_030, &config, &mut Vec::new());
    assert_eq!(b.timeout(&config), Some(1_030), "a fragment that came before");
}

/// A call that crosses one from here needs no answer; one that comes half a retry later shows that this one was lost.
#[test]
fn a_call_is_answered_if_the_last_one_from_here_was_missed() {
    let config = Config::default();
    for (now, yours, is_met, is_answered) in [
        (99, 1, false, false),
        (100, 1, false, true),
        (100, 1, true, false),
        (99, 0, false, true),
        (1_000, 1, true, false),
    ] {
        let (mut a, _) = met(&config);
        assert!(!call(&mut a, 2, yours, is_met, now));
        let answer = a.poll(now, &config);
        assert_eq!(answer.is_some_and(|frame| is_call(&frame)), is_answered, "{yours} at {now}, {is_met}");
    }
}

/// A call under the peer's former number is late, unless the present number has been silent for ten times the patience.
#[test]
fn a_number_of_before_comes_back_only_once_the_present_one_is_silent() {
    let config = Config::default();
    for (silence, comes_back) in [(0, false), (2_000, false), (2_001, true)] {
        let (mut a, _) = met(&config);
        assert!(call(&mut a, 3, 1, true, 5_000));
        assert!(!call(&mut a, 2, 9, true, 5_000 + silence), "a call to another number says nothing");
        assert_eq!(call(&mut a, 2, 1, true, 5_000 + silence), comes_back, "after {silence}");
        assert_eq!(a.sessions().0 != 1, comes_back);
    }
}

#[test]
fn sixteen_numbers_of_before_are_remembered() {
    let mut a = Stream::new(1);
    for number in 10..=26 {
        assert_eq!(call(&mut a, number, 1, true, 0), number > 10);
    }
    assert!(!call(&mut a, 10, 1, true, 0), "the first of sixteen");
    assert!(call(&mut a, 27, 1, true, 0));
    assert!(!call(&mut a, 11, 1, true, 0));
    assert!(call(&mut a, 10, 1, true, 0), "the first of seventeen");
}

/// The round trip is a property of the network, so it survives a restart of the peer.
#[test]
fn the_round_trip_and_the_greeting_outlive_a_peer_that_begins_anew() {
    let config = Config::default();
    let (mut a, mut b) = met(&config);
    a.greet([5; 16]);
    send(&mut a, 10);
    let there = a.poll(1_000, &config).unwrap();
    deliver(&mut b, &there, 1_000, &config, &mut Vec::new());
    let back = b.poll(1_050, &config).unwrap();
    deliver(&mut a, &back, 1_400, &config, &mut Vec::new());
    assert!(call(&mut a, 3, 1, true, 1_500));
    let Ok(Frame::Call(answer)) = Frame::read(&a.poll(1_500, &config).unwrap()) else { panic!("a call") };
    assert_eq!((answer.yours, answer.is_met, answer.greeting), (3, true, [5; 16]));
    send(&mut a, 10);
    assert!(a.poll(1_500, &config).is_some());
    // Without a round trip before, no more than `Config::retry` is believed to be one.
    assert_eq!(a.timeout(&config), Some(2_000), "two and a half times 200 ms");
}

#[test]
fn an_address_that_has_not_answered_gets_512_bytes() {
    let config = Config::default();
    for (len, fragments) in [(512, 1), (513, 0), (256, 2), (257, 1)] {
        let mut a = Stream::new(1);
        call(&mut a, 9, 0, false, 0);
        (0..4).for_each(|_| send(&mut a, len));
        let data = frames(&mut a, 0, &config).iter().filter(|frame| !is_call(frame)).count();
        assert_eq!(data, fragments, "messages of {len}");
    }
}

#[test]
fn a_message_that_goes_on_says_so() {
    let config = Config { max_frame: 135, window: 1_000, ..Config::default() };
    let (mut a, mut b) = met(&config);
    assert_eq!(a.went_on(), 0);
    send(&mut a, 200);
    let there = frames(&mut a, 1_000, &config);
    assert_eq!((there.len(), a.has_room(&config)), (2, true));
    deliver(&mut b, &there[0], 1_000, &config, &mut Vec::new());
    assert_eq!(b.went_on(), 1_000, "it waits for the second");
    deliver(&mut b, &there[1], 1_100, &config, &mut Vec::new());
    assert_eq!(b.went_on(), 1_000, "it has all");
    let back = b.poll(2_000, &config).unwrap();
    deliver(&mut a, &back, 2_000, &config, &mut Vec::new());
    assert_eq!(a.went_on(), 0, "all of it was on its way");

    send(&mut a, 2_000);
    let there = frames(&mut a, 3_000, &config);
    assert_eq!((there.len(), a.has_room(&config)), (10, false));
    deliver(&mut b, &there[0], 3_000, &config, &mut Vec::new());
    let back = b.poll(3_050, &config).unwrap();
    deliver(&mut a, &back, 3_060, &config, &mut Vec::new());
    assert_eq!(a.went_on(), 3_060);
    deliver(&mut a, &back, 3_070, &config, &mut Vec::new());
    assert_eq!(a.went_on(), 3_060, "the same acknowledgement again");
}

#[test]
fn all_that_is_held_is_counted() {
    let config = Config { max_frame: 135, window: 1_000, ..Config::default() };
    let (mut a, mut b) = met(&config);
    assert_eq!(a.held(), 0);
    send(&mut a, 150);
    assert_eq!(a.held(), 150);
    let there = a.poll(0, &config).unwrap();
    // The message is held until all of it is on its way, and each fragment until it is acknowledged.
    assert_eq!(a.held(), 150 + 100);
    send(&mut a, 30);
    send(&mut b, 150);
    let back = b.poll(0, &config).unwrap();
    deliver(&mut a, &back, 0, &config, &mut Vec::new());
    assert_eq!(a.held(), 150 + 30 + 100 + 100);
    a.send(Bytes::Shared(alloc::sync::Arc::new(alloc::vec![7; 1_000])));
    assert_eq!(a.held(), 150 + 30 + 100 + 100, "a state is shared");
    deliver(&mut b, &there, 0, &config, &mut Vec::new());
    assert_eq!(b.held(), 150 + 100 + 100);
}

#[test]
fn there_is_no_room_for_a_message_behind_another() {
    let config = Config::default();
    let (mut a, _) = met(&config);
    assert!(a.has_room(&config));
    send(&mut a, 10);
    assert!(!a.has_room(&config) && !a.is_quiet());
    a.poll(0, &config).unwrap();
    assert!(a.has_room(&config) && !a.is_quiet());
}

/// On an ordered carrier a frame has one byte beside its fragment, and the acknowledgement if one is owed.
#[test]
fn on_an_ordered_carrier_an_acknowledgement_rides_along_only_if_it_is_owed() {
    let config = Config { carrier: Carrier::Ordered, ..Config::default() };
    let (mut a, mut b) = met(&config);
    let len = |from: &mut Stream, to: &mut Stream| {
        send(from, 20);
        let frame = from.poll(1_000, &config).unwrap();
        deliver(to, &frame, 1_000, &config, &mut Vec::new());
        frame.len()
    };
    assert_eq!(len(&mut a, &mut b), 21, "nothing is owed");
    assert_eq!(len(&mut b, &mut a), 22, "one is");
    assert_eq!(len(&mut b, &mut a), 21, "and was paid");
}
