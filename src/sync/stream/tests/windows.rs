//! Acknowledgements, and the fragments that they are for.

use super::super::window::{MOST_FLIGHTS, Pace, Told, Window};
use super::*;

const PACE: Pace = Pace { patience: 100, silent_since: None };

/// A window in which fragments of 10 bytes are on their way, sent at 0.
fn window(fragments: u64) -> Window {
    let mut window = Window::new();
    (0..fragments).for_each(|_| window.push(alloc::vec![7; 10], 10, true, 0));
    window
}

fn told(round_trip: Option<u64>, has_moved: bool) -> Told {
    Told { round_trip, has_moved, is_stuck: false }
}

fn repeat(window: &mut Window, now: u64, pace: Pace) -> Vec<u64> {
    let config = Config::default();
    core::iter::from_fn(|| window.repeat(now, pace, &config).map(|(number, _, _)| number))
        .take(1_000)
        .collect()
}

#[test]
fn acknowledged_fragments_leave_the_window() {
    let mut window = window(5);
    assert_eq!((window.next(), window.bytes(), window.waits_since()), (6, 50, Some(0)));
    assert_eq!(window.acknowledge(7, 0, 10), None, "what was never sent");
    // 1 and 2 have arrived, and 4 and 5, and 3 not.
    assert_eq!(window.acknowledge(3, 0b11, 10), Some(told(Some(10), true)));
    assert_eq!((window.next(), window.bytes(), window.waits_since()), (6, 10, Some(10)));
    assert_eq!(window.acknowledge(3, 0b11, 20), Some(told(None, false)), "the same again");
    assert_eq!(window.acknowledge(6, 0, 30), Some(told(Some(30), true)));
    assert_eq!((window.is_empty(), window.bytes(), window.waits_since()), (true, 0, None));
    window.push(alloc::vec![7; 10], 10, true, 40);
    assert_eq!((window.next(), window.waits_since()), (7, Some(40)));
    assert_eq!(window.acknowledge(7, 0, 40), Some(told(Some(1), true)), "no round trip takes no time");
}

#[test]
fn the_last_of_64_bits_is_the_last_fragment() {
    let mut window = window(MOST_FLIGHTS as u64);
    assert!(!window.has_room(&Config::default()));
    assert_eq!(window.acknowledge(1, 1 << 62, 10), Some(told(Some(10), false)));
    assert_eq!(window.bytes(), 630);
    let turns = (2..64).collect::<Vec<u64>>();
    assert_eq!(repeat(&mut window, 100, PACE), [&[1][..], &turns].concat(), "all but the last");
}

#[test]
fn an_acknowledgement_from_long_ago_has_too_few_bits() {
    for acknowledged in [0, 1] {
        let mut window = window(MOST_FLIGHTS as u64);
        window.acknowledge(2, 0, 10).unwrap();
        window.push(alloc::vec![7; 10], 10, true, 20);
        let told = window.acknowledge(acknowledged, u64::MAX, 30).unwrap();
        assert!(told.has_moved && !told.is_stuck);
        assert_eq!(window.bytes(), if acknowledged == 0 { 10 } else { 0 });
    }
}

#[test]
fn room_is_counted_in_bytes_and_in_fragments() {
    let config = Config { window: 40, ..Config::default() };
    assert!(window(3).has_room(&config) && !window(4).has_room(&config));
    let config = Config::default();
    assert!(window(63).has_room(&config) && !window(64).has_room(&config));
}

/// A repetition is no measure: the acknowledgement may be of the first sending.
#[test]
fn a_fragment_that_was_sent_again_tells_no_round_trip() {
    let mut window = window(2);
    assert!(repeat(&mut window, 99, PACE).is_empty());
    assert_eq!(repeat(&mut window, 100, PACE), [1, 2]);
    assert_eq!(window.acknowledge(2, 0, 110), Some(told(None, true)));
    window.push(alloc::vec![7; 10], 10, true, 120);
    assert_eq!(window.acknowledge(4, 0, 150), Some(told(Some(30), true)));
}

#[test]
fn the_wait_for_an_answer_doubles_eight_times_at_most() {
    let mut window = window(1);
    let sent: Vec<u64> = (1..4_000).filter(|now| !repeat(&mut window, *now, PACE).is_empty()).collect();
    assert_eq!(sent, [100, 300, 700, 1_500, 2_300, 3_100, 3_900]);
    assert_eq!(window.timeout(PACE, &Config::default()), Some(4_700));
    let config = Config { retry: 50, retry_at_most: 60, ..Config::default() };
    assert_eq!(window.timeout(PACE, &config), Some(3_960), "but for `retry_at_most`");
    let config = Config { retry: 70, retry_at_most: 60, ..Config::default() };
    assert_eq!(window.timeout(PACE, &config), Some(3_970), "or `retry`");
}

#[test]
fn a_silent_peer_is_sent_one_fragment_after_half_of_the_silence() {
    let silent = Pace { silent_since: Some(1_000), ..PACE };
    let mut window = Window::new();
    (0..2).for_each(|_| window.push(alloc::vec![7; 10], 10, true, 3_000));
    assert_eq!(window.timeout(silent, &Config::default()), Some(4_000));
    assert_eq!(
        (repeat(&mut window, 3_999, silent), repeat(&mut window, 4_000, silent)),
        (Vec::new(), Vec::from([1]))
    );
    assert_eq!(window.timeout(silent, &Config::default()), Some(5_500));
}

/// A fragment is repeated at once, and once only, when three that were sent later have arrived.
#[test]
fn a_fragment_that_three_have_overtaken_is_sent_again() {
    let mut window = window(6);
    window.acknowledge(1, 0b11, 10).unwrap();
    assert!(repeat(&mut window, 10, PACE).is_empty(), "two have");
    window.acknowledge(1, 0b111, 10).unwrap();
    assert_eq!(repeat(&mut window, 10, PACE), [1]);
    window.acknowledge(1, 0b1_1111, 10).unwrap();
    assert!(repeat(&mut window, 10, PACE).is_empty(), "it was sent after those");
}

/// Fragment 1 is repeated before 2 to 5 are sent. An acknowledgement of 3 to 5 overtakes 1 and 2, but only 2 is repeated.
#[test]
fn a_repetition_is_overtaken_by_what_was_sent_after_it() {
    let mut window = window(1);
    assert_eq!(repeat(&mut window, 100, PACE), [1]);
    (0..4).for_each(|_| window.push(alloc::vec![7; 10], 10, true, 100));
    window.acknowledge(1, 0b1110, 110).unwrap();
    assert_eq!(repeat(&mut window, 110, PACE), [2], "a second repetition waits for its time");
    assert_eq!(window.timeout(PACE, &Config::default()), Some(300));
}

/// The peer expects a fragment that is no longer held, and has one that was sent after it first said so.
#[test]
fn a_peer_that_asks_for_what_was_dropped_is_stuck_once_it_has_what_came_later() {
    let mut window = window(3);
    let is_stuck = |window: &mut Window, acknowledged, later| {
        window.acknowledge(acknowledged, later, 10).unwrap().is_stuck
    };
    // Forged: 1 and 2 have not arrived.
    assert!(!is_stuck(&mut window, 3, 0));
    assert!(!is_stuck(&mut window, 1, 0b10), "3 may have been on its way");
    assert!(!is_stuck(&mut window, 1, 0b10));
    window.push(alloc::vec![7; 10], 10, true, 20);
    assert!(!is_stuck(&mut window, 1, 0b10));
    assert!(!is_stuck(&mut window, 0, 0b1111), "a frame from before that is late");
    assert!(is_stuck(&mut window, 1, 0b110), "4 was sent since");
    // A newer one begins anew.
    assert!(!is_stuck(&mut window, 2, 0b11));
    window.push(alloc::vec![7; 10], 10, true, 30);
    assert!(is_stuck(&mut window, 2, 0b100));
    assert!(!is_stuck(&mut window, 3, 0), "it gets on");
    assert!(!is_stuck(&mut window, 2, 0b100), "and the frame of before is late");
}
