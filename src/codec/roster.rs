//! Small numbers in place of replica ids, for bytes that are read in one conversation only.
//!
//! ```text
//! writer   Roster      id -> number, in order of first use; one for all peers, so that bytes are written once
//! reader   Directory   number -> id, as far as the peer has told; one for each peer
//! ```
//!
//! The bytes do not depend on the peer: a link tells each peer the [names](Roster::write_names) that it has not told yet, and
//! then sends the same bytes. An id that has no number is written in full, after a 0; so a full roster costs bytes, and
//! nothing else.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use smallvec::SmallVec;

use super::{DecodeError, Input, Output, Wrong};
use crate::ReplicaId;
use crate::causality::Ticks;

/// Numbers of a roster, sorted.
pub(crate) type Numbers = SmallVec<[u32; 4]>;

/// How many replicas get a number. Bounds what a peer can make a reader hold.
const MOST: u32 = 1 << 16;

/// The writer's side: numbers of replicas, and the time that others are counted from.
#[derive(Debug)]
pub(crate) struct Roster {
    ids: Vec<ReplicaId>,
    numbers: BTreeMap<ReplicaId, u32>,
    base: u64,
}

impl Roster {
    /// Counts times from `base`, in milliseconds since the Unix epoch.
    pub(crate) fn new(base: u64) -> Self {
        Roster { ids: Vec::new(), numbers: BTreeMap::new(), base: base.min(Ticks::MAX.millis()) }
    }

    /// The time that others are counted from, in milliseconds.
    pub(crate) fn base(&self) -> u64 {
        self.base
    }

    /// How many replicas have a number: these are all below it.
    pub(crate) fn len(&self) -> usize {
        self.ids.len()
    }

    /// The number of `id`, which gets one if it has none; `None` when all are taken.
    fn number(&mut self, id: ReplicaId) -> Option<u32> {
        if let Some(number) = self.numbers.get(&id) {
            return Some(*number);
        }
        let number = u32::try_from(self.ids.len()).ok().filter(|number| *number < MOST)?;
        self.ids.push(id);
        self.numbers.insert(id, number);
        Some(number)
    }

    /// Writes what these numbers mean, for [`Input::read_names`]. Numbers that were never given are left out.
    pub(crate) fn write_names(&self, numbers: &[u32], out: &mut Output<'_>) {
        let name = |number: &u32| Some((*number, *self.ids.get(*number as usize)?));
        let names: Vec<_> = numbers.iter().filter_map(name).collect();
        out.count(names.len());
        for (number, id) in names {
            out.number(number);
            out.put(&id.as_u128().to_be_bytes());
        }
    }
}

/// The reader's side: what the peer has told of its roster.
#[derive(Debug, Default)]
pub(crate) struct Directory {
    ids: BTreeMap<u32, ReplicaId>,
    base: u64,
}

impl Directory {
    /// Of a roster with this [`base`](Roster::base).
    pub(crate) fn new(base: u64) -> Self {
        Directory { ids: BTreeMap::new(), base }
    }

    /// How many names were told.
    pub(crate) fn len(&self) -> usize {
        self.ids.len()
    }

    /// Notes what a number means. False if no roster gives such a number, or if it means something else already.
    pub(crate) fn insert(&mut self, number: u32, id: ReplicaId) -> bool {
        number < MOST && *self.ids.entry(number).or_insert(id) == id
    }
}

impl<'a> Output<'a> {
    /// Goes on after `bytes`. Replicas are called by their numbers in `roster`, and times are counted from its base.
    pub(crate) fn within(bytes: Vec<u8>, roster: &'a mut Roster) -> Self {
        Output { base: Some(roster.base), roster: Some(roster), ..Output::after(bytes) }
    }

    /// The numbers that were written since this was last asked.
    pub(crate) fn used(&mut self) -> Numbers {
        let mut used = core::mem::take(&mut self.used);
        used.sort_unstable();
        used.dedup();
        used
    }

    pub(super) fn id(&mut self, id: ReplicaId) {
        if let Some(roster) = &mut self.roster {
            let number = roster.number(id);
            // 0 says that the id comes in full.
            self.number(number.map_or(0, |number| number + 1));
            if let Some(number) = number {
                if self.used.last() != Some(&number) {
                    self.used.push(number);
                }
                return;
            }
        }
        self.put(&id.as_u128().to_be_bytes());
    }
}

impl<'a> Input<'a> {
    /// As [`of`](Self::of): bytes that were written [within](Output::within) the roster of which `directory` knows.
    pub(crate) fn within(bytes: &'a [u8], limits: &super::Limits, directory: &'a mut Directory) -> Self {
        let mut input = Input::of(bytes, limits);
        input.base = Some(directory.base);
        input.directory = Some(directory);
        input
    }

    /// Reads [names](Roster::write_names), for what comes after them.
    pub(crate) fn read_names(&mut self) -> Result<(), DecodeError> {
        for _ in 0..self.count()? {
            let (number, id) = (self.number()?, self.array()?);
            let id = ReplicaId::from_u128(u128::from_be_bytes(id));
            let is_sound = self.directory.as_mut().is_some_and(|directory| directory.insert(number, id));
            self.check(is_sound, Wrong::Replica)?;
        }
        Ok(())
    }

    pub(super) fn id(&mut self) -> Result<ReplicaId, DecodeError> {
        if self.directory.is_some() {
            let number: u32 = self.number()?;
            if let Some(number) = number.checked_sub(1) {
                let id = self.directory.as_ref().and_then(|directory| directory.ids.get(&number));
                return self.ok(id.copied(), Wrong::Replica);
            }
        }
        self.array().map(u128::from_be_bytes).map(ReplicaId::from_u128)
    }
}

/// A time, counted from milliseconds that the reader knows: by how many it differs, and a bit that says whether a fraction
/// follows. Most times have none.
pub(super) fn write_time(ticks: Ticks, base: u64, out: &mut Output<'_>) {
    let millis = ticks.millis().cast_signed() - base.cast_signed();
    let folded = ((millis << 1) ^ (millis >> 63)).cast_unsigned();
    out.number(folded << 1 | u64::from(ticks.fraction() > 0));
    if ticks.fraction() > 0 {
        out.number(ticks.fraction() - 1);
    }
}

pub(super) fn read_time(base: u64, input: &mut Input<'_>) -> Result<Ticks, DecodeError> {
    let number: u64 = input.number()?;
    let (folded, has_fraction) = (number >> 1, number & 1 == 1);
    let millis = (folded >> 1).cast_signed() ^ -(folded & 1).cast_signed();
    let fraction = if has_fraction { u64::from(input.number::<u16>()?) + 1 } else { 0 };
    let ticks = base.checked_add_signed(millis).and_then(|millis| Ticks::of_parts(millis, fraction));
    input.ok(ticks, Wrong::Value("a time"))
}

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeMap;
    use alloc::string::{String, ToString};
    use core::fmt::Debug;

    use proptest::prelude::*;

    use super::*;
    use crate::codec::{Codec, Limits};
    use crate::{Causal, Dot, GCounter, Lattice, LwwMap, Stamp, Version, Writer};

    const BASE: u64 = 1_700_000_000_000;

    fn id(n: u128) -> ReplicaId {
        ReplicaId::from_u128(n)
    }

    fn write<T: Codec>(value: &T, roster: &mut Roster) -> (Vec<u8>, Numbers) {
        let mut out = Output::within(Vec::new(), roster);
        value.write_part(&mut out);
        let used = out.used();
        (out.finish(), used)
    }

    fn read<T: Codec>(bytes: &[u8], directory: &mut Directory) -> Result<T, Wrong> {
        let mut input = Input::within(bytes, &Limits::default(), directory);
        let value = T::read_part(&mut input).map_err(|error| error.wrong)?;
        if input.is_at_end() { Ok(value) } else { Err(Wrong::Trailing) }
    }

    /// What is written is read by a peer that was told the names that were used, and no others.
    fn travels<T: Codec + PartialEq + Debug>(value: &T, roster: &mut Roster) -> Vec<u8> {
        let (bytes, used) = write(value, roster);
        let mut names = Output::default();
        roster.write_names(&used, &mut names);
        let mut directory = Directory::new(roster.base());
        let names = names.finish();
        let mut input = Input::within(&names, &Limits::default(), &mut directory);
        input.read_names().unwrap();
        assert!(input.is_at_end());
        assert_eq!(directory.len(), used.len());
        assert_eq!(read(&bytes, &mut directory).as_ref(), Ok(value));
        bytes
    }

    #[test]
    fn numbers_are_given_in_order_of_first_use() {
        let mut roster = Roster::new(BASE);
        let version = |ids: &[u128]| -> Version { ids.iter().map(|n| Dot::trusted(id(*n), 7)).collect() };
        assert_eq!(write(&version(&[5, 9]), &mut roster).1[..], [0, 1]);
        assert_eq!(write(&version(&[9]), &mut roster).1[..], [1]);
        assert_eq!(write(&version(&[1, 5]), &mut roster).1[..], [0, 2]);
        assert_eq!(roster.len(), 3);
        // However a peer comes to know them.
        let (bytes, _) = write(&version(&[1, 5, 9]), &mut roster);
        let mut directory = Directory::new(BASE);
        for (number, n) in [(1, 9), (2, 1), (0, 5)] {
            assert_eq!(read::<Version>(&bytes, &mut directory), Err(Wrong::Replica));
            assert!(directory.insert(number, id(n)));
        }
        assert_eq!(read(&bytes, &mut directory), Ok(version(&[1, 5, 9])));
        assert!(directory.insert(1, id(9)) && !directory.insert(1, id(8)) && !directory.insert(MOST, id(4)));
    }

    #[test]
    fn order_is_that_of_ids_and_not_of_numbers() {
        let mut directory = Directory::new(BASE);
        assert!(directory.insert(0, id(9)) && directory.insert(1, id(5)) && directory.insert(2, id(5)));
        let two = |a: u8, b: u8| [0, 2, a, 1, 0, 0, b, 1, 0, 0];
        assert!(read::<Version>(&two(2, 1), &mut directory).is_ok());
        assert_eq!(read::<Version>(&two(1, 2), &mut directory), Err(Wrong::Order));
        assert_eq!(read::<Version>(&two(2, 3), &mut directory), Err(Wrong::Order), "two numbers of one id");
    }

    #[test]
    fn a_full_roster_writes_ids_in_full() {
        let mut roster = Roster::new(BASE);
        let ids = |n: u32| id(u128::from(n.reverse_bits()) << 64);
        assert!((0..MOST).all(|n| roster.number(ids(n)) == Some(n)));
        let dot = Dot::trusted(ids(MOST), 1);
        assert_eq!(travels(&dot, &mut roster).len(), 1 + 17 + 1);
        assert_eq!(travels(&Dot::trusted(ids(MOST - 1), 1), &mut roster).len(), 1 + 3 + 1);
    }

    #[test]
    fn times_take_few_bytes() {
        let mut roster = Roster::new(BASE);
        let mut len = |millis: i64, fraction: u64| {
            let ticks = Ticks::of_parts(BASE.checked_add_signed(millis).unwrap(), fraction).unwrap();
            travels(&ticks, &mut roster).len() - 1
        };
        let hour = 3_600_000;
        assert_eq!([len(0, 0), len(31, 0), len(4_000, 0), len(hour, 0), len(-hour, 0)], [1, 1, 2, 4, 4]);
        assert_eq!([len(31, 1), len(31, 128), len(hour, 200), len(hour, 65_535)], [2, 2, 6, 7]);
    }

    proptest! {
        #[test]
        fn all_times_travel(
            base: u64, times in prop::collection::vec(prop_oneof![any::<u64>(), (0..9_u64).prop_map(|n| n << 14)], 0..9),
        ) {
            let times: Vec<Ticks> = times.into_iter().filter_map(Ticks::new).collect();
            travels(&times, &mut Roster::new(base));
            travels(&times.first().copied(), &mut Roster::new(base));
        }

        #[test]
        fn wrong_bytes_are_refused_or_of_one_form(bytes in prop::collection::vec(0..9_u8, 0..40)) {
            let mut roster = Roster::new(3);
            let mut directory = Directory::new(3);
            for n in 0..4 {
                roster.number(id(7 - u128::from(n)));
                directory.insert(n, id(7 - u128::from(n)));
            }
            if let Ok(version) = read::<Version>(&bytes, &mut directory) {
                prop_assert!(!version.is_empty() || bytes == [0, 0]);
            }
            if let Ok(stamps) = read::<Vec<Stamp>>(&bytes, &mut directory)
                && stamps.iter().all(|stamp| stamp.replica() != id(0))
            {
                prop_assert_eq!(write(&stamps, &mut roster).0, bytes);
            }
        }
    }

    #[test]
    fn whatever_names_replicas_travels() {
        let mut roster = Roster::new(BASE);
        let mut counter = GCounter::new();
        for n in (1..4_u128).rev() {
            counter.increment(id(n << 90), 300).unwrap();
        }
        assert_eq!(travels(&counter, &mut roster).len(), 1 + 1 + 3 * (1 + 2));
        travels(&Stamp::new(Ticks::at_millis(7), id(3)), &mut roster);
        travels(&BTreeMap::from([((id(5), id(6)), Some(id(7))), ((id(5), id(7)), None)]), &mut roster);

        let [mut a, mut b] = [8, 2].map(|n| Writer::<Causal<LwwMap<String, u32>>>::with_id(id(n)));
        travels(&a.edit_at(BASE, |map| map.insert("tea".to_string(), 7)), &mut roster);
        let mut group = b.edit_at(BASE + 9, |map| map.insert("tea".to_string(), 8));
        b.join_ref(a.state());
        group.join(b.edit_at(BASE + 10, |map| map.insert("tea".to_string(), 9)));
        travels(&group, &mut roster);
        travels(b.state(), &mut roster);
    }
}
