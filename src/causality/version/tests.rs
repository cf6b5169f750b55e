use alloc::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::work;

fn dot((replica, counter): (u8, u64)) -> Dot {
    Dot::new(ReplicaId::from_u128(replica.into()), counter).unwrap()
}

fn dots() -> impl Strategy<Value = BTreeSet<Dot>> {
    prop::collection::btree_set((0..12u8, 1..30u64).prop_map(dot), 0..90)
}

fn set(version: &Version) -> BTreeSet<Dot> {
    version.dots().collect()
}

fn version(dots: &BTreeSet<Dot>) -> Version {
    let version: Version = dots.iter().copied().collect();
    assert!(version.runs.windows(2).all(|pair| pair[0].is_before(&pair[1])));
    assert!(version.runs.iter().all(|run| 0 < run.first && run.first <= run.last));
    version
}

proptest! {
    /// The oracle is std's set of dots, element by element.
    #[test]
    fn behaves_as_a_set_of_dots(a in dots(), b in dots(), probe in (0..12u8, 1..30u64)) {
        let (va, vb) = (version(&a), version(&b));
        prop_assert_eq!(set(&va), a.clone());
        prop_assert_eq!(va.dot_count(), a.len() as u128);
        prop_assert_eq!(va.contains(dot(probe)), a.contains(&dot(probe)));
        prop_assert_eq!(va.of(dot(probe).replica()).contains(probe.1), a.contains(&dot(probe)));
        prop_assert_eq!(va.covers(&vb), a.is_superset(&b));
        prop_assert_eq!(va.intersects(&vb), !a.is_disjoint(&b));
        prop_assert_eq!(va.partial_cmp(&vb).is_some(), a.is_superset(&b) || b.is_superset(&a));

        let union: BTreeSet<Dot> = &a | &b;
        let mut joined = va.clone();
        prop_assert_eq!(joined.union(&vb), union.len() > a.len());
        prop_assert_eq!(&joined, &version(&union));

        let difference: BTreeSet<Dot> = &a - &b;
        prop_assert_eq!(va.difference(&vb), version(&difference));
        prop_assert_eq!(va.intersection(&vb), version(&(&a & &b)));
        let mut rest = va.clone();
        rest.subtract(&vb);
        prop_assert_eq!(rest, version(&difference));
        let mut one_by_one = va.clone();
        vb.intervals().for_each(|(replica, first, last)| {
            one_by_one.subtract(&Version { runs: [Run { replica, first, last }].into() });
        });
        prop_assert_eq!(one_by_one, version(&difference));
        let mut extended = va.clone();
        extended.extend(b.iter().rev().copied());
        prop_assert_eq!(extended, joined);
    }

    #[test]
    fn finds_the_last_counter(a in dots(), replica in 0..12u8) {
        let replica = ReplicaId::from_u128(replica.into());
        let last = a.iter().filter(|d| d.replica() == replica).map(|d| d.counter()).max();
        prop_assert_eq!(version(&a).last(replica), last.unwrap_or(0));
    }
}

#[test]
fn the_last_counters_do_not_overflow() {
    let last = dot((1, Dot::MAX_COUNTER));
    let mut version: Version = [last].into_iter().collect();
    assert!(!version.insert(last));
    assert!(version.insert(dot((1, Dot::MAX_COUNTER - 1))));
    assert_eq!(version.interval_count(), 1);
    version.subtract(&[last].into_iter().collect());
    assert_eq!(version.last(last.replica()), Dot::MAX_COUNTER - 1);
}

/// So many intervals: of each replica two, so that there are gaps.
fn gappy(intervals: u32) -> Version {
    let ids = (0..intervals / 2).map(|n| u128::from(n.reverse_bits()) << 64);
    let dots = ids.flat_map(|id| [1, 3].map(|n| Dot::trusted(ReplicaId::from_u128(id), n)));
    let version: Version = dots.collect();
    assert_eq!(version.interval_count(), intervals as usize);
    version
}

/// 900 messages, each with a version of one or two intervals, kept a replica that had heard of 32,000 replicas busy for
/// a minute.
#[test]
fn a_few_intervals_are_compared_with_a_few_of_many() {
    for n in [1 << 9, 1 << 15] {
        let many = gappy(n);
        let known = ReplicaId::from_u128(7 << 93);
        let new = ReplicaId::from_u128(u128::MAX / 3);
        for few in
            [&[(known, 1)][..], &[(known, 2)], &[(new, 1)], &[(known, 2), (new, 5)], &[(known, 3), (new, 5)]]
        {
            let few: Version = few.iter().map(|(id, n)| Dot::trusted(*id, *n)).collect();
            let mut joined = many.clone();
            let acts: [&mut dyn FnMut(); 8] = [
                &mut || _ = joined.union(&few),
                &mut || many.clone().subtract(&few),
                &mut || _ = many.difference(&few),
                &mut || _ = few.difference(&many),
                &mut || _ = many.intersection(&few),
                &mut || _ = few.intersection(&many),
                &mut || _ = many.covers(&few),
                &mut || _ = few.intersects(&many),
            ];
            for (at, act) in acts.into_iter().enumerate() {
                let ((), work) = work::of(act);
                let most = 24 * n.ilog2() as usize;
                assert!(work.compared <= most, "act {at} with {few:?} at {n}: {work:?}");
                assert!(work.moved <= 2 * n as usize, "act {at} with {few:?} at {n}: {work:?}");
            }
        }
    }
}

#[test]
fn many_intervals_move_those_that_are_there_once() {
    let (mut all, odd) = (gappy(1 << 14), gappy(1 << 15));
    let (grew, work) = work::of(|| all.union(&odd));
    assert!(grew && all == odd && work.moved <= 3 << 14, "{work:?}");
    let ((), work) = work::of(|| all.subtract(&gappy(1 << 14)));
    assert!(all.interval_count() == 1 << 14 && work.moved <= 1 << 14, "{work:?}");
}

/// Dots in descending order were inserted one by one: 200,000 took 43 seconds.
#[test]
fn dots_are_collected_in_any_order() {
    let dots = || (1..=20_000_u64).map(|n| dot((1, 2 * n)));
    let mut mixed: Vec<Dot> = dots().collect();
    mixed.sort_by_key(|dot| dot.counter().wrapping_mul(0x9E37_79B9_7F4A_7C15));
    let version: Version = dots().collect();
    for dots in [dots().rev().collect(), mixed] {
        let (collected, work) = work::of(|| dots.into_iter().collect::<Version>());
        assert_eq!(collected, version);
        assert!(work.moved == 0 && work.compared < 20_000 * 4 * 15, "{work:?}");
    }
}
