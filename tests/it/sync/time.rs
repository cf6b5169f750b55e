//! Clocks that stand, jump, and are read late.

use rejoin::sync::{Config, Link, Replica};
use rejoin::{Causal, OrSet, ReplicaId, Writer};

use super::net::Pair;

type Set = Causal<OrSet<u64>>;

fn replica(id: u128) -> Replica<Set> {
    Replica::<Set>::from_writer(Writer::with_id(ReplicaId::from_u128(id)))
}

/// Two who know each other; nothing is on its way.
fn pair() -> Pair<Set> {
    let mut pair = Pair::new(replica(1), replica(2), 3);
    pair.replicas[0].edit_at(0, |set| set.insert(0));
    pair.run();
    pair
}

/// Somebody is suspended for a while, or its timers fire late.
#[test]
fn who_polls_late_is_not_called_again_at_once() {
    for late in [100, 700, 900, 1_500, 10_000, 1_000_000, 100_000_000] {
        let mut pair = pair();
        let (link, replica, start) = (&mut pair.links[0], &mut pair.replicas[0], pair.now);
        for n in 1..=5 {
            replica.edit_at(0, |set| set.insert(n));
            assert!(link.poll_frame(replica, start + n).is_some());
        }
        let mut now = start + late;
        for _ in 0..50 {
            while link.poll_frame(replica, now).is_some() {}
            let next = link.poll_timeout().unwrap();
            assert!(next > now, "at {now} it asks to be polled at {next}");
            now = next;
        }
    }
}

#[test]
fn no_time_is_too_late_and_no_wait_too_long() {
    let waits = [1, 200, u64::MAX / 2, u64::MAX];
    for (retry, patience) in waits.into_iter().flat_map(|retry| waits.map(|patience| (retry, patience))) {
        for start in [0, 1 << 40, u64::MAX - 100] {
            let mut pair = Pair::new(replica(1), replica(2), 3);
            pair.config(|config| {
                (config.retry, config.retry_at_most, config.probe) = (retry, retry, patience);
                config.patience = patience;
            });
            pair.now = start;
            for n in 0..50 {
                pair.replicas[0].edit_at(0, |set| set.insert(n));
                pair.step();
            }
            assert_eq!(pair.replicas[0].state(), pair.replicas[1].state());
        }
    }
}

/// A clock that is set back loses time, and no more.
#[test]
fn a_clock_may_be_set_back() {
    let mut pair = pair();
    pair.now += 1_000_000;
    pair.replicas[0].edit_at(0, |set| set.insert(1));
    pair.run();
    pair.now -= 1_000_000;
    pair.replicas[1].edit_at(0, |set| set.insert(2));
    pair.run();
    assert_eq!(pair.replicas[0].state(), pair.replicas[1].state());
}

/// A state is longer on its way than anybody has patience with who stands still.
#[test]
fn what_takes_long_is_not_given_up_as_long_as_it_goes_on() {
    for first in [0, 1] {
        let mut config = Config::default();
        (config.max_frame, config.window, config.retry, config.patience) = (1_000, 4_000, 3_000, 5_000);
        let mut replicas = [replica(1), replica(2)];
        replicas[first].edit_at(0, |set| set.extend(0..20_000));
        replicas.iter_mut().for_each(|replica| {
            replica.set_log_bounds(rejoin::sync::LogBounds { entries: 0, bytes: 0 });
        });
        let mut links = [1, 2].map(|n| Link::<Set>::new(n, config.clone()));
        let mut wires = [std::collections::VecDeque::new(), std::collections::VecDeque::new()];
        // Each way carries a frame in 500 ms.
        for now in (0..200_000).step_by(500) {
            for from in [0, 1] {
                while let Some(frame) = links[from].poll_frame(&mut replicas[from], now) {
                    wires[from].push_back(frame);
                }
            }
            for from in [0, 1] {
                if let Some(frame) = wires[from].pop_front() {
                    links[1 - from].handle_frame(&mut replicas[1 - from], now, &frame).unwrap();
                }
            }
        }
        assert_eq!(replicas[0].version(), replicas[1].version());
    }
}
