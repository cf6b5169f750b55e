//! How many facts differ, told from some bytes of each side.
//!
//! After Thorup and Zhang, *Tabulation based 4-universal hashing with applications to second moment estimation* (2004).
//! Each fact adds 1 to, or subtracts 1 from, one of the buckets, as its hash tells. What both sides have adds the same to
//! both, so the buckets of one side less those of the other are those of the difference; and since the signs are random,
//! their squares sum up to its size, on average. That is exact as long as no two share a bucket, and off by one part in the
//! root of half the buckets if many do.

use alloc::vec::Vec;

use super::common::Common;
use crate::codec::FactList;
use crate::sync::sketch::high;

/// A byte each: differences are of some tens for each bucket at most, so numbers that overflow do no harm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Estimator {
    buckets: Vec<u8>,
    /// How many facts there are.
    facts: u64,
}

impl Estimator {
    pub(super) const FEWEST: usize = 32;
    pub(super) const MOST: usize = 4_096;

    /// How many buckets are worth their bytes, if one side lacks so many events: what the estimate is off by is paid for
    /// with cells.
    pub(super) fn worth(events: u128) -> usize {
        let events = usize::try_from(events).unwrap_or(usize::MAX);
        // For `d` differences the best is some `(10 d) ^ (2/3)`, and `d` is a part of the events.
        let sizes =
            [(24, 32), (100, 64), (400, 128), (1_500, 256), (5_000, 512), (20_000, 1_024), (80_000, 2_048)];
        let worth =
            sizes.iter().find(|(most, _)| events <= *most).map_or(Self::MOST, |(_, buckets)| *buckets);
        if events <= 8 { Self::FEWEST } else { worth }
    }

    pub(super) fn new(common: &Common, list: &FactList, buckets: usize) -> Self {
        let mut estimator = Estimator { buckets: alloc::vec![0; buckets], facts: 0 };
        let mask = buckets - 1;
        common.each(list, |fact| {
            let bucket = &mut estimator.buckets[high(fact.hash) as usize & mask];
            *bucket = bucket.wrapping_add(if fact.hash >> 63 == 1 { 1 } else { u8::MAX });
            estimator.facts += 1;
        });
        estimator
    }

    /// The buckets as they were sent, if it can be so many.
    pub(super) fn read(buckets: Vec<u8>, facts: u64) -> Option<Self> {
        let len = buckets.len();
        (len.is_power_of_two() && (Self::FEWEST..=Self::MOST).contains(&len))
            .then_some(Estimator { buckets, facts })
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.buckets
    }

    pub(super) fn facts(&self) -> u64 {
        self.facts
    }

    pub(super) fn len(&self) -> usize {
        self.buckets.len()
    }

    /// How many facts are on one side only, told from the buckets of both sides: not less than there are, but for few cases in
    /// a hundred.
    pub(super) fn differing(&self, other: &Estimator) -> u64 {
        let off = |(a, b): (&u8, &u8)| u64::from(a.wrapping_sub(*b).cast_signed().unsigned_abs()).pow(2);
        let likely: u64 = self.buckets.iter().zip(&other.buckets).map(off).sum();
        // The root of half the buckets: an estimate is off by one part of that many. Two of them are added to what is left.
        let root = (self.len() as u64 / 2).isqrt();
        likely * root / (root - 2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Causal, OrSet, ReplicaId, Version, Writer};

    /// The estimate for a set that lacks `d` of `n` members, and what is said to be the most.
    fn differing(n: u64, d: u64, buckets: usize, salt: u64) -> u64 {
        let id = || ReplicaId::from_u128(5);
        let lists = [0, d].map(|from| {
            let mut set = Writer::<Causal<OrSet<u64>>>::with_ids(Causal::default(), id);
            set.edit_at(1, |set| set.extend(0..n));
            set.edit_at(1, |set| {
                (0..from).for_each(|n| {
                    set.remove(&n);
                })
            });
            set.state().list_facts()
        });
        let version: Version =
            lists[0].facts.iter().map(|(tag, _)| crate::Dot::new(id(), tag.counter()).unwrap()).collect();
        let common = Common::new(&version, &version, salt).unwrap();
        let [mine, theirs] = lists.map(|list| Estimator::new(&common, &list, buckets));
        assert_eq!((mine.facts(), theirs.facts()), (n, n - d));
        assert_eq!(Estimator::read(mine.bytes().to_vec(), n), Some(mine.clone()));
        assert_eq!(mine.differing(&theirs), theirs.differing(&mine));
        mine.differing(&theirs)
    }

    #[test]
    fn nothing_is_told_exactly_and_one_nearly() {
        for salt in 0..50 {
            assert_eq!(differing(300, 0, 32, salt), 0);
            assert_eq!(differing(300, 1, 32, salt), 2);
        }
    }

    #[test]
    fn it_is_rarely_too_little_and_never_far_too_much() {
        for (d, buckets) in [(20, 32), (100, 64), (400, 128)] {
            let estimates: Vec<u64> = (0..200).map(|salt| differing(500, d, buckets, salt)).collect();
            let too_few = estimates.iter().filter(|estimate| **estimate < d).count();
            assert!(too_few <= 8, "{too_few} of 200 for {d}");
            let mean = estimates.iter().sum::<u64>() / 200;
            assert!((d * 5 / 4..=d * 9 / 4).contains(&mean), "{mean} for {d}");
        }
    }

    #[test]
    fn more_events_are_worth_more_buckets() {
        let worth = [0, 9, 100, 101, 20_000, u128::MAX].map(Estimator::worth);
        assert_eq!(worth, [32, 32, 64, 128, 1_024, 4_096]);
    }

    #[test]
    fn other_numbers_of_buckets_are_refused() {
        for len in [0, 1, 8, 16, 31, 33, 48, 8_192] {
            assert_eq!(Estimator::read(alloc::vec![0; len], 3), None, "{len}");
        }
    }
}
