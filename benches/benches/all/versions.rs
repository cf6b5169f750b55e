//! Versions: what has been seen, by replica.

use std::cell::LazyCell;
use std::collections::BTreeMap;

use crdts::{CmRDT, CvRDT, VClock};
use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion};
use rejoin::{Dot, ReplicaId, Version};
use rejoin_benches::data::mix;

use crate::clock::{group, measure, measure_reading};

/// So that small versions are not measured one by one.
const AT_ONCE: usize = 10_000;

trait Seen: Clone {
    const NAME: &'static str;

    /// So many replicas, of each of which so much was seen.
    fn new(replicas: usize, each: u64) -> Self;
    fn covers(&self, other: &Self) -> bool;
    fn union(&mut self, other: &Self);
}

fn id(n: usize) -> u128 {
    u128::from(mix(n as u64)) << 64 | u128::from(mix(!(n as u64)))
}

impl Seen for Version {
    const NAME: &'static str = "rejoin";

    fn new(replicas: usize, each: u64) -> Self {
        let replicas = (0..replicas).map(|n| ReplicaId::from_u128(id(n)));
        replicas.flat_map(|id| (1..=each).map(move |counter| Dot::new(id, counter).unwrap())).collect()
    }

    fn covers(&self, other: &Self) -> bool {
        Version::covers(self, other)
    }

    fn union(&mut self, other: &Self) {
        Version::union(self, other);
    }
}

impl Seen for VClock<u128> {
    const NAME: &'static str = "crdts";

    fn new(replicas: usize, each: u64) -> Self {
        let mut clock = VClock::new();
        (0..replicas).for_each(|n| clock.apply(crdts::Dot::new(id(n), each)));
        clock
    }

    fn covers(&self, other: &Self) -> bool {
        self >= other
    }

    fn union(&mut self, other: &Self) {
        self.merge(other.clone());
    }
}

impl Seen for BTreeMap<u128, u64> {
    const NAME: &'static str = "std";

    fn new(replicas: usize, each: u64) -> Self {
        (0..replicas).map(|n| (id(n), each)).collect()
    }

    /// Both have the same keys here, so this need not search.
    fn covers(&self, other: &Self) -> bool {
        self.iter().zip(other).all(|(mine, theirs)| mine.0 == theirs.0 && mine.1 >= theirs.1)
    }

    fn union(&mut self, other: &Self) {
        for (mine, theirs) in self.iter_mut().zip(other) {
            assert_eq!(mine.0, theirs.0);
            *mine.1 = (*mine.1).max(*theirs.1);
        }
    }
}

pub(crate) fn all(criterion: &mut Criterion) {
    for replicas in [1, 10, 1_000, 10_000] {
        let mut covering = group(criterion, "version: covers an equal one, per replica");
        covers::<Version>(&mut covering, replicas);
        covers::<BTreeMap<u128, u64>>(&mut covering, replicas);
        covers::<VClock<u128>>(&mut covering, replicas);
        drop(covering);
        let mut uniting = group(criterion, "version: union, all is news, per replica");
        union::<Version>(&mut uniting, replicas);
        union::<BTreeMap<u128, u64>>(&mut uniting, replicas);
        union::<VClock<u128>>(&mut uniting, replicas);
    }
}

fn covers<V: Seen>(group: &mut BenchmarkGroup<'_, WallTime>, replicas: usize) {
    let pair = LazyCell::new(|| (V::new(replicas, 9), V::new(replicas, 9)));
    measure_reading(group, V::NAME, replicas, replicas, &pair, |(a, b)| a.covers(b));
}

fn union<V: Seen>(group: &mut BenchmarkGroup<'_, WallTime>, replicas: usize) {
    let pair = LazyCell::new(|| (V::new(replicas, 9), V::new(replicas, 10)));
    let copies = AT_ONCE / replicas;
    measure(
        group,
        V::NAME,
        replicas,
        AT_ONCE,
        || vec![pair.0.clone(); copies],
        |versions| versions.iter_mut().for_each(|version| version.union(&pair.1)),
    );
}
