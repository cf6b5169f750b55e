//! Fragments that come in, in whatever order.

use super::super::frame::HEAD;
use super::super::incoming::{Incoming, Messages};
use super::super::window::MOST_FLIGHTS;
use super::*;

/// Takes in fragments of ten bytes, each a message. Returns how many messages come out.
fn take(incoming: &mut Incoming, numbers: &[u64], config: &Config) -> usize {
    let mut messages = Messages::new();
    for number in numbers {
        let expected = incoming.expected();
        let is_next = incoming.take(*number, &[7; 10], true, config, &mut messages).unwrap();
        assert_eq!(is_next, *number == expected);
    }
    messages.len()
}

#[test]
fn early_fragments_wait_and_are_acknowledged_as_bits() {
    let (config, mut incoming) = (Config::default(), Incoming::new());
    assert_eq!(take(&mut incoming, &[1, 3, 5, 5], &config), 1);
    assert_eq!((incoming.expected(), incoming.later(), incoming.held()), (2, 0b101, 2 * (10 + HEAD)));
    assert_eq!(take(&mut incoming, &[2, 1, 3], &config), 2);
    assert_eq!((incoming.expected(), incoming.later(), incoming.held()), (4, 0b1, 10 + HEAD));
    assert_eq!(take(&mut incoming, &[4], &config), 2);
    assert_eq!((incoming.expected(), incoming.later(), incoming.held()), (6, 0, 0));
}

#[test]
fn fragments_beyond_the_window_are_dropped() {
    let (config, mut incoming) = (Config::default(), Incoming::new());
    let last = 1 + MOST_FLIGHTS as u64;
    assert_eq!(take(&mut incoming, &[last, last + 1], &config), 0);
    assert_eq!((incoming.later(), incoming.held()), (1 << 63, 10 + HEAD));
    for (spare, fragments) in [(0, 2), (1, 2), (10 + HEAD, 3)] {
        let config = Config { window: 2 * (10 + HEAD) + spare, ..Config::default() };
        let mut incoming = Incoming::new();
        take(&mut incoming, &[2, 3, 4], &config);
        assert_eq!(incoming.held(), fragments * (10 + HEAD));
        take(&mut incoming, &[1, 6, 7, 8], &config);
        assert_eq!(incoming.held(), if fragments == 2 { 2 } else { 3 } * (10 + HEAD), "there is room again");
    }
}

#[test]
fn a_message_is_as_long_as_the_limit_at_most() {
    let mut config = Config::default();
    config.limits.bytes = 20;
    let (mut incoming, mut messages) = (Incoming::new(), Messages::new());
    for number in 1..=2 {
        assert!(incoming.take(number, &[7; 10], false, &config, &mut messages).unwrap());
    }
    assert!(incoming.is_partial());
    assert!(incoming.take(3, &[7], true, &config, &mut messages).is_err());
    assert!(messages.is_empty());
}
