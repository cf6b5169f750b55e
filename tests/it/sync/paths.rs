//! The ways in which two replicas come to be equal.

use proptest::prelude::*;
use rejoin::sync::{Config, Link, LogBounds, Numbered, Replica};
use rejoin::{
    Causal, Codec, Counter, GCounter, Lww, Map, MvRegister, OrSet, ReplicaId, RwSet, Writer, record,
};

use super::net::{Pair, mix};

type Set = Causal<OrSet<u64>>;

record! {
    #[derive(Debug, PartialEq, Codec)]
    struct Shop {
        books: OrSet<u64>,
        banned: RwSet<u64>,
        prices: Map<u64, MvRegister<u64>>,
        notes: Map<u64, Lww<String>>,
        sold: Map<u64, Counter>,
    }
}

fn replica<T: rejoin::sync::Replicated>(id: u128) -> Replica<T> {
    let mut next = id;
    let ids = std::sync::Mutex::new(move || {
        next += 1_000;
        ReplicaId::from_u128(next - 1_000)
    });
    Replica::from_writer(Writer::with_ids(T::default(), move || (ids.lock().unwrap())()))
}

const NO_LOG: LogBounds = LogBounds { entries: 0, bytes: 0 };

/// Writes something that depends on `choice`.
fn write(shop: &mut Replica<Causal<Shop>>, choice: u64) {
    let (key, value) = (choice / 16 % 12, choice / 256 % 5);
    shop.edit_at(choice % 1000, |shop| match choice % 16 {
        0..=3 => shop.books.insert(key),
        4 | 5 => {
            shop.books.remove(&key);
        }
        6 => shop.banned.insert(key),
        7 => shop.banned.remove(key),
        8 | 9 => shop.prices.entry(key).set(value),
        10 => {
            shop.prices.remove(&key);
        }
        11 => shop.notes.entry(key).set(value.to_string()),
        12 | 13 => shop.sold.entry(key).add(value as i64 - 2),
        14 => shop.sold.entry(key).reset(),
        _ => {
            shop.sold.remove(&key);
        }
    });
}

#[test]
fn equal_replicas_say_so_in_few_bytes() {
    let mut a = replica::<Set>(1);
    (0..1_000).for_each(|n| {
        a.edit_at(0, |set| set.insert(n));
    });
    let b = a.fork();
    let mut pair = Pair::new(a, b, 7);
    pair.run();
    let sent = pair.links[0].stats();
    assert!(sent.bytes / sent.frames <= 33, "{sent:?}");
    assert!(pair.bytes <= 130, "with calls and acknowledgements: {}", pair.bytes);
    assert_eq!(pair.links[0].stats().states + pair.links[1].stats().states, 0);
}

#[test]
fn who_is_known_is_told_of_a_write_at_once() {
    let (a, b) = (replica::<Set>(1), replica::<Set>(2));
    let mut pair = Pair::new(a, b, 7);
    pair.run();
    let (bytes, legs) = (pair.bytes, pair.legs);
    let token = pair.replicas[0].edit_at(0, |set| (0..1_000).for_each(|n| set.insert(n)));
    pair.step();
    assert!(pair.replicas[1].has(&token), "in one way");
    pair.run();
    assert!(pair.legs - legs <= 2);
    let elements = (0..1_000_u64).map(|n| n.encoded_len() - 5).sum::<u64>();
    let overhead = (pair.bytes - bytes) as f64 - elements as f64;
    assert!(overhead / 1_000.0 < 3.0, "{overhead} bytes for a thousand elements");
    assert_eq!(pair.replicas[0].state(), pair.replicas[1].state());
}

#[test]
fn nothing_is_sent_back_or_twice() {
    let mut pair = Pair::new(replica::<Set>(1), replica::<Set>(2), 3);
    for n in 0..200 {
        pair.replicas[(n % 2) as usize].edit_at(0, |set| set.insert(n));
        if n % 3 == 0 {
            pair.step();
        }
    }
    pair.run();
    let sent: u64 = pair.links.iter().map(|link| link.stats().events).sum();
    assert_eq!(sent, 200, "each event once");
    assert_eq!(pair.replicas[0].state(), pair.replicas[1].state());
}

#[test]
fn plain_lattices_are_kept_in_step_too() {
    let mut pair = Pair::new(replica::<Numbered<GCounter>>(1), replica::<Numbered<GCounter>>(2), 3);
    for n in 0..50 {
        pair.replicas[(n % 2) as usize].edit_at(0, |likes| likes.increment(1).unwrap());
        pair.step();
    }
    pair.run();
    assert_eq!(pair.replicas.each_ref().map(|replica| replica.get()), [50, 50]);
    assert_eq!(pair.replicas[0].state(), pair.replicas[1].state());

    // Beyond the log there is the whole state.
    pair.replicas[0].set_log_bounds(NO_LOG);
    pair.replicas[0].edit_at(0, |likes| likes.increment(1).unwrap());
    pair.run();
    assert_eq!(pair.replicas[1].get(), 51);
    assert_eq!(pair.links[0].stats().states, 1);
}

#[test]
fn beyond_the_log_the_difference_is_paid_for() {
    let mut a = replica::<Set>(1);
    a.edit_at(0, |set| set.extend((0..20_000).map(mix)));
    let mut b = a.fork();
    a.edit_at(0, |set| (0..100).for_each(|n| set.remove(&mix(n))));
    a.edit_at(0, |set| set.extend((30_000..30_100).map(mix)));
    b.edit_at(0, |set| (100..200).for_each(|n| set.remove(&mix(n))));
    b.edit_at(0, |set| set.extend((40_000..40_100).map(mix)));
    a.set_log_bounds(NO_LOG);
    b.set_log_bounds(NO_LOG);
    let mut expected = a.state().clone();
    expected.join_ref(b.state());

    let mut pair = Pair::new(a, b, 7);
    pair.run();
    assert_eq!(pair.replicas[0].state(), &expected);
    assert_eq!(pair.replicas[1].state(), &expected);
    let [a, b] = pair.links.each_ref().map(|link| link.stats());
    assert_eq!((a.states + b.states, a.comparisons + b.comparisons), (0, 1));
    // 400 differences; 200 of them bring 10 bytes each.
    assert!(pair.bytes < 400 * 22 + 200 * 12, "{} bytes, {a:?}, {b:?}", pair.bytes);
}

#[test]
fn who_has_nothing_gets_all() {
    let mut a = replica::<Set>(1);
    a.edit_at(0, |set| set.extend(0..5_000));
    a.set_log_bounds(NO_LOG);
    let mut pair = Pair::new(a, replica::<Set>(2), 7);
    pair.run();
    assert_eq!(pair.replicas[0].state(), pair.replicas[1].state());
    assert_eq!(pair.links[0].stats().states, 1);
}

proptest! {
    /// Logs of all lengths, writes while frames are on their way, losses: they end equal, and equal to a plain join.
    #[test]
    fn whatever_the_network_does_they_end_equal(
        seed: u64,
        before in 0..60u64,
        during in 0..60u64,
        entries in prop::sample::select(vec![0usize, 3, 1_000]),
        loss in 0..40u64,
        doubled in 0..40u64,
        latest in 1..300u64,
    ) {
        let mut pair = Pair::new(replica::<Causal<Shop>>(1), replica::<Causal<Shop>>(2), seed);
        pair.config(|config| (config.max_frame, config.window) = (200, 1_500));
        (pair.loss, pair.doubled, pair.latest) = (loss, doubled, latest);
        for n in 0..before {
            write(&mut pair.replicas[0], mix(seed + n));
        }
        if seed % 3 == 0 {
            let state = pair.replicas[0].state().clone();
            pair.replicas[1].join(std::borrow::Cow::Owned(state)).unwrap();
        }
        for replica in &mut pair.replicas {
            replica.set_log_bounds(LogBounds { entries, bytes: u64::MAX });
        }
        let mut twin = [0, 1].map(|n| pair.replicas[n].state().clone());
        for n in 0..during {
            let choice = mix(seed ^ n << 32);
            write(&mut pair.replicas[(choice >> 60) as usize % 2], choice);
            for _ in 0..choice >> 50 & 31 {
                pair.step();
            }
        }
        pair.run();
        let [a, b] = &pair.replicas;
        prop_assert_eq!(a.state(), b.state());
        prop_assert_eq!(a.state().encode(), b.state().encode());
        let [left, right] = &mut twin;
        left.join_ref(right);
        prop_assert!(a.has(left.version()), "nothing is lost");
    }
}

#[test]
fn two_who_have_drawn_the_same_number_end_equal() {
    for entries in [0, 1_000] {
        let mut pair = Pair::new(replica::<Causal<Shop>>(1), replica(2), 5);
        pair.links = [5, 5].map(|session| Link::new(session, Config::default()));
        for n in 0..40 {
            pair.replicas.iter_mut().for_each(|shop| write(shop, n));
        }
        pair.replicas.iter_mut().for_each(|shop| {
            shop.set_log_bounds(LogBounds { entries, bytes: u64::MAX });
        });
        pair.run();
        assert_eq!(pair.replicas[0].state(), pair.replicas[1].state());
    }
}
