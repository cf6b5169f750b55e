//! How long things get. The figures are promises.

use rejoin::*;

use super::id;

/// A permutation of 0..2⁶⁴.
fn mix(n: u64) -> u64 {
    let n = (n ^ (n >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let n = (n ^ (n >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    n ^ (n >> 31)
}

fn set<T: Ord + Clone + codec::Element + 'static>(values: impl Iterator<Item = T>) -> (usize, usize) {
    let mut set = Writer::<Causal<OrSet<T>>>::with_id(id(1));
    set.edit(|set| set.extend(values));
    (set.state().encode().len(), set.len())
}

#[test]
fn a_set_of_random_numbers_takes_twelve_bytes_each() {
    let (bytes, n) = set((0..100_000).map(mix));
    println!("{bytes} bytes for {n}: random u64");
    assert!(bytes <= 12 * n, "{bytes} bytes");
}

#[test]
fn what_is_appended_takes_two_bytes_over_the_element() {
    let text = |n: u64| format!("{n:020}");
    let (bytes, n) = set((0..20_000).map(text));
    println!("{bytes} bytes for {n}: appended text of 20");
    assert!(bytes <= (20 + 2) * n, "{bytes} bytes");
    let (bytes, n) = set(0..20_000_u64);
    println!("{bytes} bytes for {n}: appended u64");
    assert!(bytes <= 3 * n, "{bytes} bytes");
}

#[test]
fn a_single_insertion_takes_forty_bytes_over_its_text() {
    let mut set = Writer::<Causal<OrSet<String>>>::with_id(id(u128::MAX));
    set.edit(|set| set.extend((0..100_000).map(|n| n.to_string())));
    let delta = set.edit(|set| set.insert("milk and honey".to_string()));
    let bytes = delta.encode().len();
    println!("{bytes} bytes for a text of 14 and an id of 16");
    assert!(bytes <= 14 + 40, "{bytes} bytes");
    let again = set.edit(|set| set.remove("milk and honey"));
    assert!(again.encode().len() <= 14 + 44);
}

#[test]
fn of_what_is_written_at_once_the_time_takes_a_bit() {
    let mut map = Writer::<Causal<LwwMap<u64, u8>>>::with_id(id(1));
    map.edit(|map| (0..10_000).for_each(|n| map.insert(n, 7)));
    let bytes = map.state().encode().len();
    // Key, event and value take a byte each.
    println!("{bytes} bytes for 10000 keys");
    assert!(bytes <= 32_000, "{bytes} bytes");
}

#[test]
fn what_was_removed_leaves_nothing() {
    let mut set = Writer::<Causal<OrSet<u64>>>::with_id(id(1));
    for n in 0..10_000 {
        set.edit(|set| set.insert(n));
        set.edit(|set| set.remove(&n));
    }
    assert!(set.state().encode().len() < 40);
}
