//! The events that two replicas have both taken in, numbered.
//!
//! A fact of an event that only one side knows is news to the other. So what is compared is the facts of the events that
//! both know, and both can call these events by number: the first event of the first replica is 0, and so on in the order
//! of dots. A number takes as few bytes as there are such events.

use alloc::vec::Vec;
use core::ops::Range;

use crate::codec::FactList;
use crate::codec::digest::mix;
use crate::{Dot, ReplicaId, Version};

#[derive(Debug)]
pub(in crate::sync) struct Common {
    /// In the order of their dots.
    runs: Vec<Run>,
    total: u64,
}

/// Events of one replica in a row.
#[derive(Clone, Copy, Debug)]
struct Run {
    replica: ReplicaId,
    /// Its replica, salted.
    key: u64,
    first: u64,
    last: u64,
    /// The number of the first.
    number: u64,
}

impl Run {
    fn has(&self, counter: u64) -> bool {
        self.first <= counter && counter <= self.last
    }
}

/// A live fact of an event that both sides know.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fact {
    pub(super) number: u64,
    /// A salted hash of the dot.
    pub(super) hash: u64,
    /// A salted hash of the dot and the value.
    pub(super) value: u64,
}

/// More events than this are not numbered.
const MOST_EVENTS: u64 = 1 << 56;

impl Common {
    /// The events in both versions; `None` if they are too many to be numbered. Without knowing `salt`, nobody can choose
    /// events whose hashes go together.
    pub(in crate::sync) fn new(a: &Version, b: &Version, salt: u64) -> Option<Self> {
        let (mut runs, mut total) = (Vec::new(), 0_u64);
        for (replica, first, last) in a.intersection(b).intervals() {
            let id = replica.as_u128().to_le_bytes();
            let (halves, _) = id.as_chunks();
            let key = halves.iter().fold(salt, |key, half| mix(key ^ u64::from_le_bytes(*half)));
            runs.push(Run { replica, key, first, last, number: total });
            total = total.checked_add(last - first + 1).filter(|total| *total <= MOST_EVENTS)?;
        }
        Some(Common { runs, total })
    }

    /// How many bytes a number takes.
    pub(in crate::sync) fn width(&self) -> usize {
        let bits = u64::BITS - self.total.saturating_sub(1).leading_zeros();
        bits.div_ceil(8).max(1) as usize
    }

    /// The event of a number, if there is one, and its hash.
    pub(in crate::sync) fn event(&self, number: u64) -> Option<(Dot, u64)> {
        if number >= self.total {
            return None;
        }
        let run = self.runs.get(self.runs.partition_point(|run| run.number <= number).checked_sub(1)?)?;
        let counter = run.first + (number - run.number);
        Some((Dot::trusted(run.replica, counter), mix(run.key ^ counter)))
    }

    /// The events of sorted numbers, if there is one for each.
    pub(super) fn events(&self, numbers: &[u64]) -> Option<Version> {
        numbers.iter().map(|number| self.event(*number).map(|(dot, _)| dot)).collect()
    }

    /// The runs of one replica.
    fn runs_of(&self, replica: ReplicaId) -> Range<usize> {
        let from = self.runs.partition_point(|run| run.replica < replica);
        let len = self.runs[from..].partition_point(|run| run.replica == replica);
        from..from + len
    }

    /// Shows those of the facts whose events both sides know.
    #[inline]
    pub(super) fn each(&self, list: &FactList, mut visit: impl FnMut(Fact)) {
        let by_slot: Vec<&[Run]> = list.replicas.iter().map(|id| &self.runs[self.runs_of(*id)]).collect();
        for (tag, value) in &list.facts {
            let counter = tag.counter();
            let run = match by_slot[tag.slot() as usize] {
                // Nearly always.
                [run] => run,
                runs => match runs.get(runs.partition_point(|run| run.last < counter)) {
                    Some(run) => run,
                    None => continue,
                },
            };
            if run.has(counter) {
                let hash = mix(run.key ^ counter);
                let number = run.number + (counter - run.first);
                visit(Fact { number, hash, value: mix(hash ^ value) });
            }
        }
    }

    /// The numbers of the facts whose events both sides know, sorted, each with the hash of its value.
    pub(super) fn sorted(&self, list: &FactList) -> Vec<(u64, u64)> {
        let mut facts = Vec::new();
        self.each(list, |fact| facts.push((fact.number, fact.value)));
        facts.sort_unstable();
        facts
    }

    /// Which of some sorted numbers are live facts here; and the sum of the hashes of all others, with their values.
    pub(super) fn live(&self, list: &FactList, numbers: &[u64]) -> (Vec<u64>, u64) {
        let (mut live, mut others) = (Vec::new(), 0_u64);
        // Nearly all facts are none of these: a bit for each of the lowest bits of a number tells most of them.
        let mask = numbers.len().next_power_of_two() as u64 * 64 - 1;
        let mut bits = alloc::vec![0_u64; numbers.len().next_power_of_two()];
        let place = |number: u64| (((number & mask) / 64) as usize, 1 << (number % 64));
        for number in numbers {
            let (word, bit) = place(*number);
            bits[word] |= bit;
        }
        self.each(list, |fact| {
            let (word, bit) = place(fact.number);
            if bits[word] & bit != 0 && numbers.binary_search(&fact.number).is_ok() {
                live.push(fact.number);
            } else {
                others = others.wrapping_add(fact.value);
            }
        });
        live.sort_unstable();
        (live, others)
    }
}

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;
    use crate::causality::{Names, Tag};

    fn version(dots: &BTreeSet<(u8, u64)>) -> Version {
        dots.iter()
            .map(|(id, counter)| Dot::new(ReplicaId::from_u128((*id).into()), *counter).unwrap())
            .collect()
    }

    fn dots() -> impl Strategy<Value = BTreeSet<(u8, u64)>> {
        prop::collection::btree_set((0..4_u8, 1..20_u64), 0..50)
    }

    proptest! {
        /// The oracle is std's sets of pairs, which are in the order of dots.
        #[test]
        fn events_that_both_know_are_numbered_in_order(a in dots(), b in dots(), live in dots(), salt: u64) {
            let common = Common::new(&version(&a), &version(&b), salt).unwrap();
            let both: Vec<_> = a.intersection(&b).copied().collect();
            for (number, dot) in (0..).zip(&both) {
                let (event, _) = common.event(number).unwrap();
                prop_assert_eq!((event.replica().as_u128(), event.counter()), (u128::from(dot.0), dot.1));
            }
            prop_assert!(common.event(both.len() as u64).is_none());

            // The slots are in another order.
            let mut names = Names::new();
            for id in [2_u8, 0, 3, 1] {
                names.intern(ReplicaId::from_u128(id.into()));
            }
            let mut list = FactList::new(&names);
            let tag = |(id, counter): &(u8, u64)| Tag::new([1, 3, 0, 2][usize::from(*id)], *counter);
            list.facts = live.iter().map(|dot| (tag(dot), dot.1 % 3)).collect();
            let mut shown = Vec::new();
            common.each(&list, |fact| shown.push((fact.number, fact.hash)));
            let place = |dot: &(u8, u64)| both.binary_search(dot).ok().map(|at| at as u64);
            let expected: Vec<_> = live.iter().filter_map(place).map(|n| (n, common.event(n).unwrap().1)).collect();
            prop_assert_eq!(shown, expected.clone());

            let numbers: Vec<u64> = (0..both.len() as u64).filter(|n| n % 3 != salt % 3).collect();
            let (found, others) = common.live(&list, &numbers);
            let (chosen, rest): (Vec<_>, Vec<_>) = common.sorted(&list).into_iter().partition(|(n, _)| n % 3 != salt % 3);
            prop_assert_eq!(found, chosen.into_iter().map(|(n, _)| n).collect::<Vec<_>>());
            prop_assert_eq!(others, rest.into_iter().fold(0_u64, |sum, (_, value)| sum.wrapping_add(value)));
            let events = common.events(&numbers).unwrap();
            prop_assert_eq!(events, version(&both.iter().zip(0..).filter(|(_, n)| n % 3 != salt % 3).map(|(dot, _)| *dot).collect()));
        }
    }

    #[test]
    fn a_number_takes_as_few_bytes_as_there_are_events() {
        for (last, width) in [(1, 1), (256, 1), (257, 2), (65_536, 2), (65_537, 3), (Dot::MAX_COUNTER, 6)] {
            let mut version = Version::new();
            version.insert_run(ReplicaId::from_u128(1), 1, last);
            assert_eq!(Common::new(&version, &version, 1).unwrap().width(), width, "{last} events");
        }
        assert_eq!(Common::new(&Version::new(), &Version::new(), 1).unwrap().width(), 1);
    }

    #[test]
    fn too_many_events_are_not_numbered() {
        let mut version = Version::new();
        for id in 0..4_096 {
            version.insert_run(ReplicaId::from_u128(id), 1, Dot::MAX_COUNTER);
        }
        assert!(Common::new(&version, &version, 1).is_some());
        version.insert_run(ReplicaId::from_u128(5_000), 1, Dot::MAX_COUNTER);
        version.insert_run(ReplicaId::from_u128(5_001), 1, Dot::MAX_COUNTER);
        assert!(Common::new(&version, &version, 1).is_none());
    }

    /// Nobody who does not know the salt can tell where a fact falls.
    #[test]
    fn hashes_depend_on_the_salt() {
        let mut version = Version::new();
        version.insert_run(ReplicaId::from_u128(1), 1, 9);
        let [a, b] = [1, 2].map(|salt| Common::new(&version, &version, salt).unwrap());
        assert!((0..9).all(|n| a.event(n).unwrap().1 != b.event(n).unwrap().1));
    }
}
