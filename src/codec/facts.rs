//! Dots in columns: which replica, for how many in a row; and by how much each counter differs from the one after the
//! last of that replica, where before the first comes the first event there is.

use super::{BLOCK, DecodeError, Few, Input, Output, Wrong, few};
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
        let last = table.iter().map(|id| before_first(events.of(*id))).collect();
        FactWriter { out, table, last, places }
    }

    /// How a tag of the state is written.
    #[inline]
    pub(super) fn tag(&self, tag: Tag) -> (u32, u64) {
        (self.places[tag.slot() as usize], tag.counter())
    }

    /// How a dot is written.
    pub(super) fn dot(&self, dot: Dot) -> (u32, u64) {
        (self.table.binary_search(&dot.replica()).map_or(u32::MAX, place), dot.counter())
    }

    pub(super) fn dots(&mut self, dots: &[(u32, u64)]) {
        runs(dots.iter().map(|(place, _)| u64::from(*place)), self.out);
        let last = &mut self.last[..];
        for (place, counter) in dots {
            let last = &mut last[*place as usize];
            self.out.signed(counter.cast_signed() - last.cast_signed() - 1);
            *last = *counter;
        }
    }
}

/// The counter before the first event; 0 if there is none.
fn before_first(events: Counters<'_>) -> u64 {
    events.runs().next().map_or(0, |(first, _)| first - 1)
}

fn place(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

/// Numbers, each with how often it comes again, unless it is the last that there can be. How many there are, who reads
/// them must know.
pub(super) fn runs(numbers: impl ExactSizeIterator<Item = u64>, out: &mut Output<'_>) {
    let mut left = numbers.len();
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
        numbers.push(number);
        if again > 0 {
            numbers.resize(numbers.len() + again, number);
        }
    }
    Ok(numbers)
}

/// Where facts are read from.
#[derive(Debug)]
pub struct FactReader<'a, 'i> {
    pub(super) input: &'a mut Input<'i>,
    places: Few<Place<'a>>,
    /// Every event that was met, so that none is met twice.
    met: Few<Tag>,
}

/// What is known of a replica while facts are read.
#[derive(Debug)]
struct Place<'a> {
    id: ReplicaId,
    /// The events there may be.
    seen: Counters<'a>,
    /// The last counter read.
    last: u64,
    /// Whether something of it was met.
    is_named: bool,
}

impl<'a, 'i> FactReader<'a, 'i> {
    pub(super) fn new(input: &'a mut Input<'i>, table: &[ReplicaId], seen: &'a Version) -> Self {
        let place = |id: &ReplicaId| {
            let seen = seen.of(*id);
            Place { id: *id, seen, last: before_first(seen), is_named: false }
        };
        FactReader { input, places: few(table.iter().map(place)), met: Few::new() }
    }

    /// So many dots, of whatever.
    pub(super) fn dots(&mut self, n: usize) -> Result<Few<Tag>, DecodeError> {
        debug_assert!(n <= BLOCK);
        let (input, places) = (&mut *self.input, &mut self.places[..]);
        let replicas: Few<u32> = read_runs(n, input)?;
        let mut tags = Few::with_capacity(n);
        for replica in &replicas[..] {
            let place = input.ok(places.get_mut(*replica as usize), Wrong::Replica)?;
            let counter = (place.last + 1).checked_add_signed(input.signed()?);
            let counter = counter.filter(|n| (1..=Dot::MAX_COUNTER).contains(n));
            place.last = input.ok(counter, Wrong::Number)?;
            place.is_named = true;
            tags.push(Tag::new(*replica, place.last));
        }
        Ok(tags)
    }

    /// So many events, all of them seen.
    pub(super) fn events(&mut self, n: usize) -> Result<Few<Tag>, DecodeError> {
        let tags = self.dots(n)?;
        let is_seen = |tag: &Tag| self.places[tag.slot() as usize].seen.contains(tag.counter());
        self.input.check(tags.iter().all(is_seen), Wrong::NotSeen)?;
        self.met.extend_from_slice(&tags);
        Ok(tags)
    }

    pub(super) fn full(&self, tag: Tag) -> Dot {
        Dot::trusted(self.places[tag.slot() as usize].id, tag.counter())
    }

    /// That no event was met twice. The replicas of which nothing was met.
    pub(super) fn finish(mut self) -> Result<Few<ReplicaId>, DecodeError> {
        let is_each_once = self.is_each_once();
        self.input.check(is_each_once, Wrong::Twice)?;
        Ok(self.places.iter().filter(|place| !place.is_named).map(|place| place.id).collect())
    }

    #[allow(clippy::cast_possible_truncation, reason = "no more than events that were met")]
    fn is_each_once(&mut self) -> bool {
        let total = self.places.iter().fold(0_u64, |sum, place| sum.saturating_add(place.seen.last()));
        if self.met.len() <= BLOCK || total / 64 >= self.met.len() as u64 {
            self.met.sort_unstable();
            return self.met.windows(2).all(|pair| pair[0] != pair[1]);
        }
        // A bit for each event up to the last is quicker, and here it takes no more room than the events that were met.
        let mut bits = alloc::vec![0_u64; (total / 64) as usize + 1];
        let mut before = 0;
        let firsts: Few<u64> = few(self.places.iter().map(|place| {
            before += place.seen.last();
            before - place.seen.last()
        }));
        self.met.iter().all(|tag| {
            let at = firsts[tag.slot() as usize] + tag.counter();
            let (word, bit) = (&mut bits[(at / 64) as usize], 1 << (at % 64));
            let is_new = *word & bit == 0;
            *word |= bit;
            is_new
        })
    }
}
