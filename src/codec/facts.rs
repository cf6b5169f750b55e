//! Dots in columns: which replica, for how many in a row; and by how much each counter differs from the one after the
//! last of that replica, where before the first comes the first event there is.

use alloc::vec::Vec;

use super::{BLOCK, DecodeError, Few, Input, Output, Wrong};
use crate::causality::{Counters, Names, Tag};
use crate::{Dot, ReplicaId, Version};

/// Where facts are written to: an output, and what the replicas in it are called.
#[derive(Debug)]
pub struct FactWriter<'a, 'o> {
    pub(super) out: &'a mut Output<'o>,
    /// Sorted; a replica is called by its place.
    table: &'a [ReplicaId],
    /// By place: the last counter written.
    last: Few<u64>,
    /// By slot of the state that is written: its place.
    places: Few<u32>,
}

impl<'a, 'o> FactWriter<'a, 'o> {
    pub(super) fn new(
        out: &'a mut Output<'o>,
        table: &'a [ReplicaId],
        events: &Version,
        names: &Names,
    ) -> Self {
        let place = |id: &ReplicaId| table.binary_search(id).map_or(u32::MAX, place);
        let places = names.ids().iter().map(place).collect();
        FactWriter { out, table, last: before_first(table, events), places }
    }

    /// How a tag of the state is written.
    pub(super) fn tag(&self, tag: Tag) -> (u32, u64) {
        (self.places[tag.slot() as usize], tag.counter())
    }

    /// How a dot is written.
    pub(super) fn dot(&self, dot: Dot) -> (u32, u64) {
        (self.table.binary_search(&dot.replica()).map_or(u32::MAX, place), dot.counter())
    }

    pub(super) fn dots(&mut self, dots: &[(u32, u64)]) {
        runs(dots.iter().map(|(place, _)| u128::from(*place)), self.out);
        for (place, counter) in dots {
            let last = &mut self.last[*place as usize];
            self.out.signed(i128::from(*counter) - i128::from(*last) - 1);
            *last = *counter;
        }
    }
}

/// By place: the counter before the first event; 0 if there is none.
fn before_first(table: &[ReplicaId], events: &Version) -> Few<u64> {
    table.iter().map(|id| events.runs_of(*id).next().map_or(0, |(first, _)| first - 1)).collect()
}

fn place(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

/// Numbers, each with how often it comes again, unless it is the last that there can be. How many there are, who reads
/// them must know.
pub(super) fn runs(numbers: impl Iterator<Item = u128> + Clone, out: &mut Output<'_>) {
    let mut left = numbers.clone().count();
    let mut numbers = numbers.peekable();
    while let Some(number) = numbers.next() {
        let mut again = 0;
        while numbers.next_if_eq(&number).is_some() {
            again += 1;
        }
        out.number(number);
        if left > 1 {
            out.count(again);
        }
        left -= 1 + again;
    }
}

/// Reads numbers that were written as [`runs`].
pub(super) fn read_runs<T: TryFrom<u128> + PartialEq + Copy>(
    n: usize,
    input: &mut Input<'_>,
) -> Result<Few<T>, DecodeError> {
    let mut numbers: Few<T> = Few::new();
    while numbers.len() < n {
        let number: T = input.number()?;
        input.check(numbers.last() != Some(&number), Wrong::Number)?;
        let left = n - numbers.len();
        let again = if left > 1 { input.number()? } else { 0 };
        input.check(again < left, Wrong::Number)?;
        numbers.resize(numbers.len() + 1 + again, number);
    }
    Ok(numbers)
}

/// Where facts are read from.
#[derive(Debug)]
pub struct FactReader<'a, 'i> {
    pub(super) input: &'a mut Input<'i>,
    table: &'a [ReplicaId],
    last: Few<u64>,
    /// By place: the events there may be.
    seen: Few<Counters<'a>>,
    /// Every event that was met, so that none is met twice.
    met: Vec<Tag>,
    /// By place: whether something of that replica was met.
    named: Few<bool>,
}

impl<'a, 'i> FactReader<'a, 'i> {
    pub(super) fn new(input: &'a mut Input<'i>, table: &'a [ReplicaId], seen: &'a Version) -> Self {
        let (last, named) = (before_first(table, seen), Few::from_elem(false, table.len()));
        let seen = table.iter().map(|id| seen.of(*id)).collect();
        FactReader { input, table, last, seen, met: Vec::new(), named }
    }

    /// So many dots, of whatever.
    pub(super) fn dots(&mut self, n: usize) -> Result<Vec<Tag>, DecodeError> {
        debug_assert!(n <= BLOCK);
        let FactReader { input, last, named, .. } = self;
        let (last, named) = (&mut last[..], &mut named[..]);
        let places: Few<u32> = read_runs(n, input)?;
        let mut tags = Vec::with_capacity(n);
        for place in places {
            let last = input.ok(last.get_mut(place as usize), Wrong::Replica)?;
            let step: i128 = input.signed()?;
            let counter = step.checked_add(i128::from(*last) + 1).and_then(|n| u64::try_from(n).ok());
            let counter = counter.filter(|n| (1..=Dot::MAX_COUNTER).contains(n));
            *last = input.ok(counter, Wrong::Number)?;
            named[place as usize] = true;
            tags.push(Tag::new(place, *last));
        }
        Ok(tags)
    }

    /// So many events, all of them seen.
    pub(super) fn events(&mut self, n: usize) -> Result<Vec<Tag>, DecodeError> {
        let tags = self.dots(n)?;
        let is_seen = |tag: &Tag| self.seen[tag.slot() as usize].contains(tag.counter());
        self.input.check(tags.iter().all(is_seen), Wrong::NotSeen)?;
        self.met.extend_from_slice(&tags);
        Ok(tags)
    }

    pub(super) fn full(&self, tag: Tag) -> Dot {
        Dot::trusted(self.table[tag.slot() as usize], tag.counter())
    }

    /// That no event was met twice; and by place, whether something of that replica was met.
    pub(super) fn finish(mut self) -> Result<Few<bool>, DecodeError> {
        self.met.sort_unstable();
        self.input.check(self.met.windows(2).all(|pair| pair[0] != pair[1]), Wrong::Twice)?;
        Ok(self.named)
    }
}
