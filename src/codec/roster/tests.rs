use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::{String, ToString};
use core::fmt::Debug;

use proptest::prelude::*;

use super::*;
use crate::causality::Ticks;
use crate::codec::{Codec, Limits};
use crate::store::{Root, Store};
use crate::{
    Causal, Counter, Delta, Dot, DwFlag, EwFlag, GCounter, Lattice, Lww, LwwMap, Map, MvRegister, OrSet,
    RwSet, Stamp, Version, Writer,
};

const BASE: u64 = 1_765_000_000_000;

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
    let mut directory = Directory::default();
    let names = names.finish();
    let mut input = Input::within(&names, &Limits::default(), &mut directory);
    input.read_names().unwrap();
    assert!(input.is_at_end());
    assert_eq!(directory.len(), used.iter().filter(|number| **number > 0).count());
    assert_eq!(read(&bytes, &mut directory).as_ref(), Ok(value));
    assert_eq!(read(&bytes, &mut roster.directory(&used)).as_ref(), Ok(value));
    assert_eq!(write(value, roster), (bytes.clone(), used), "it is written again as it was");
    bytes
}

#[test]
fn numbers_are_given_in_order_of_first_use() {
    let mut roster = Roster::default();
    let version = |ids: &[u128]| -> Version { ids.iter().map(|n| Dot::trusted(id(*n), 7)).collect() };
    assert_eq!(write(&version(&[5, 9]), &mut roster).1[..], [1, 2]);
    assert_eq!(write(&version(&[9]), &mut roster).1[..], [2]);
    assert_eq!(write(&version(&[1, 5]), &mut roster).1[..], [1, 3]);
    assert_eq!(roster.len(), 3);
    // However a peer comes to know them.
    let (bytes, _) = write(&version(&[1, 5, 9]), &mut roster);
    let mut directory = Directory::default();
    for (number, n) in [(2, 9), (3, 1), (1, 5)] {
        assert_eq!(read::<Version>(&bytes, &mut directory), Err(Wrong::Name));
        assert!(directory.insert(number, Name::Replica(id(n))));
    }
    assert_eq!(read(&bytes, &mut directory), Ok(version(&[1, 5, 9])));
    for (number, is_new) in [(0, false), (1, false), (4, true), (16_384, true), (16_385, false)] {
        assert_eq!(directory.insert(number, Name::Replica(id(8))), is_new, "{number}");
    }
    // Those that were given in vain are given again.
    roster.truncate(2);
    assert_eq!(write(&version(&[1, 7]), &mut roster).1[..], [3, 4]);
    assert_eq!(write(&version(&[9]), &mut roster).1[..], [2]);
}

#[test]
fn order_is_that_of_ids_and_not_of_numbers() {
    let mut directory = Directory::default();
    for (number, n) in [(1, 9), (2, 5), (3, 5)] {
        assert!(directory.insert(number, Name::Replica(id(n))));
    }
    let two = |a: u8, b: u8| [0, 2, a, 1, 0, 0, b, 1, 0, 0];
    assert!(read::<Version>(&two(2, 1), &mut directory).is_ok());
    assert_eq!(read::<Version>(&two(1, 2), &mut directory), Err(Wrong::Order));
    assert_eq!(read::<Version>(&two(2, 3), &mut directory), Err(Wrong::Order), "two numbers of one id");
}

#[test]
fn a_full_roster_writes_ids_in_full() {
    let mut roster = Roster::default();
    let ids = |n: u32| id(u128::from(n.reverse_bits()) << 64);
    assert!((0..16_384).all(|n| roster.replica(ids(n)) == Some(n + 1)));
    let dot = Dot::trusted(ids(16_384), 1);
    assert_eq!(travels(&dot, &mut roster).len(), 1 + 17 + 1);
    assert_eq!(travels(&Dot::trusted(ids(16_383), 1), &mut roster).len(), 1 + 3 + 1);
}

#[test]
fn times_take_few_bytes() {
    let mut roster = Roster::default();
    let mut len = |millis: i64, fraction: u64| {
        let ticks = Ticks::of_parts(BASE.checked_add_signed(millis).unwrap(), fraction).unwrap();
        travels(&ticks, &mut roster).len() - 1
    };
    let hour = 3_600_000;
    // The first is what others are counted from.
    assert_eq!([len(0, 0), len(-8, 0), len(1_000, 0), len(hour, 0), len(-hour, 0)], [1, 1, 2, 4, 4]);
    assert_eq!([len(7, 6), len(7, 7), len(7, 134), len(7, 135)], [1, 2, 2, 3]);
    assert_eq!([len(4 * hour, 6), len(4 * hour, 200), len(4 * hour, 65_535)], [4, 6, 7]);
}

#[test]
fn the_last_times_travel_whatever_they_are_counted_from() {
    for first in [0, BASE, LATEST_BASE, LATEST_BASE + 1, Ticks::MAX.millis()] {
        let mut roster = Roster::default();
        for millis in [first, 0, BASE, Ticks::MAX.millis()] {
            for fraction in [0, 1, 6, 7, 65_534] {
                travels(&Ticks::of_parts(millis, fraction).unwrap(), &mut roster);
            }
        }
        assert_eq!(roster.base, Some(first.min(LATEST_BASE)));
    }
}

fn refused_names(bytes: &[u8]) -> Wrong {
    let mut directory = Directory::default();
    Input::within(bytes, &Limits::default(), &mut directory).read_names().unwrap_err().wrong
}

#[test]
fn names_are_told_once_and_within_bounds() {
    let replica = |number: u8| [&[number << 1][..], &[7; 16]].concat();
    assert_eq!(refused_names(&[&[2][..], &replica(1), &replica(1)].concat()), Wrong::Name);
    assert_eq!(refused_names(&[2, 0, 5, 0, 5]), Wrong::Name, "two times to count from");
    assert_eq!(refused_names(&[&[1][..], &replica(1)[..16]].concat()), Wrong::Truncated);
    assert_eq!(refused_names(&[&[1, 0x82, 0x80, 2][..], &[7; 16]].concat()), Wrong::Name, "the 16,385th");
    let field = |number: u32, name: usize, shape: usize| {
        let mut out = Output::default();
        out.number(number << 1 | 1);
        write_text(&"x".repeat(name), &mut out);
        out.count(shape);
        out.put(&[1].repeat(shape));
        out.finish()
    };
    assert_eq!(refused_names(&[&[1][..], &field(1, 256, 1)].concat()), Wrong::Name);
    assert_eq!(refused_names(&[&[1][..], &field(1, 1, 256)].concat()), Wrong::Name);
    assert_eq!(refused_names(&[&[1][..], &field(1, 1, 257)].concat()), Wrong::Type);
    let many =
        |n: u32| [&[0x81, 4][..], &(1..=n).flat_map(|n| field(n, 200, 56)).collect::<Vec<_>>()].concat();
    assert_eq!(refused_names(&many(512)), Wrong::Truncated);
    assert_eq!(refused_names(&many(513)), Wrong::Name, "513 fields");
    assert_eq!(refused_names(&[1, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F]), Wrong::Number);
    // Without a conversation there are no names.
    let mut input = Input::of(&[1, 0, 5], &Limits::default());
    assert_eq!(input.read_names().unwrap_err().wrong, Wrong::Name);
}

#[test]
fn numbers_that_stand_for_something_else_are_refused() {
    let mut directory = Directory::default();
    directory.insert(1, Name::Replica(id(1)));
    directory.insert(2, Name::Field(Box::new(("tea".into(), Shape::default()))));
    let mut wrong = |bytes: &[u8]| read::<Dot>(bytes, &mut directory).map(|dot| dot.counter());
    assert_eq!(wrong(&[0, 1, 7]), Ok(7));
    assert_eq!(wrong(&[0, 2, 7]), Err(Wrong::Name));
    assert_eq!(wrong(&[0, 3, 7]), Err(Wrong::Name));
    assert_eq!(wrong(&[0, 0, 7]), Err(Wrong::Truncated));
    assert_eq!(wrong(&[0, 0x80, 0x80, 0x80, 0x80, 0x10, 7]), Err(Wrong::Number));
    // A time, and nothing that it is counted from.
    assert_eq!(read::<Ticks>(&[0, 0], &mut directory), Err(Wrong::Name));
    directory.base = Some(u64::MAX);
    assert_eq!(read::<Ticks>(&[0, 0], &mut directory), Err(Wrong::Value("a time")));
}

proptest! {
    #[test]
    fn all_times_travel(
        times in prop::collection::vec(prop_oneof![any::<u64>(), (0..9_u64).prop_map(|n| n << 14)], 0..9),
    ) {
        let times: Vec<Ticks> = times.into_iter().filter_map(Ticks::new).collect();
        let mut roster = Roster::default();
        travels(&times, &mut roster);
        travels(&times.first().copied(), &mut roster);
    }

    /// Whatever is accepted without names in full is written again as it was.
    #[test]
    fn wrong_bytes_are_refused_or_of_one_form(bytes in prop::collection::vec(0..9_u8, 0..40)) {
        let mut roster = Roster::default();
        for n in 0..4 {
            roster.replica(id(7 - n));
        }
        travels(&Ticks::at_millis(3), &mut roster);
        let known = [7, 6, 5, 4].map(id);
        if let Ok(version) = read::<Version>(&bytes, &mut roster.directory(&[1, 2, 3, 4]))
            && version.replicas().all(|id| known.contains(&id))
        {
            prop_assert_eq!(&write(&version, &mut roster).0, &bytes);
        }
        if let Ok(stamps) = read::<Vec<Stamp>>(&bytes, &mut roster.directory(&[1, 2, 3, 4]))
            && stamps.iter().all(|stamp| known.contains(&stamp.replica()))
        {
            prop_assert_eq!(write(&stamps, &mut roster).0, bytes);
        }
    }
}

#[test]
fn whatever_names_replicas_travels() {
    let mut roster = Roster::default();
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

/// Keys of 11 bytes that have little in common, and numbers of 4 or 5 bytes.
fn pair(n: u64) -> (String, u32) {
    let n = (n ^ (n >> 30)).wrapping_add(1).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let n = (n ^ (n >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    let n = n ^ (n >> 31);
    (format!("{:011}", n % 100_000_000_000), u32::try_from(n >> 34).unwrap() + (1 << 21))
}

/// How many bytes one write takes: alone, alone in a conversation, in a transaction of 16, and in a group of 16, an hour
/// after the conversation began, after 100,000 writes.
fn sizes<S: crate::codec::Columns + Store<Change: PartialEq + Debug> + Debug + 'static>(
    write: impl Fn(&mut <Causal<S> as Root>::Edit<'_>, (String, u32)),
) -> [f64; 4] {
    let mut writer = Writer::<Causal<S>>::with_id(id(u128::MAX / 7));
    let mut roster = Roster::default();
    travels(&Ticks::at_millis(BASE), &mut roster);
    let (hour, pause) = (BASE + 3_600_000, 29);
    writer.edit_at(BASE, |edit| (0..100_000).for_each(|n| write(edit, pair(n))));
    let mut sizes = [0; 4];
    for n in 0..64_u64 {
        let mut group = Delta::<S>::default();
        for k in 0..16 {
            let pair = pair(200_000 + 16 * n + k);
            let delta = writer.edit_at(hour + (16 * n + k) * pause, |edit| write(edit, pair));
            sizes[0] += delta.encode().len();
            sizes[1] += travels(&delta, &mut roster).len();
            group.join(delta);
        }
        sizes[3] += travels(&group, &mut roster).len();
        let pairs = (0..16).map(|k| pair(300_000 + 16 * n + k));
        let delta =
            writer.edit_at(hour + (16 * n + 15) * pause, |edit| pairs.for_each(|pair| write(edit, pair)));
        sizes[2] += travels(&delta, &mut roster).len();
    }
    sizes.map(|bytes| f64::from(u32::try_from(bytes).unwrap()) / 1_024.0)
}

#[test]
fn writes_take_few_bytes() {
    let registers = sizes::<LwwMap<String, u32>>(|map, (key, value)| map.insert(key, value));
    let members = sizes::<OrSet<String>>(|set, (key, _)| set.insert(key));
    let counters = sizes::<Map<String, Counter>>(|map, (key, n)| map.entry(key).add(n.into()));
    std::println!("{registers:?} {members:?} {counters:?}");
    let fit = |sizes: [f64; 4], most: [f64; 4]| sizes.iter().zip(most).all(|(size, most)| *size <= most);
    assert!(fit(registers, [49.0, 27.0, 20.0, 22.0]), "{registers:?}");
    assert!(fit(members, [38.0, 18.0, 16.0, 16.0]), "{members:?}");
    assert!(fit(counters, [43.0, 23.0, 20.0, 20.0]), "{counters:?}");
}

crate::record! {
    #[derive(Debug, PartialEq, Codec)]
    struct Article {
        title: MvRegister<String>,
        tags: OrSet<u8>,
        #[serde(rename = "for-sale")]
        for_sale: EwFlag,
        parts: Map<u8, Article>,
    }
}

crate::record! {
    #[derive(Debug, PartialEq, Codec)]
    struct Other {
        title: MvRegister<u8>,
        tags: OrSet<u8>,
    }
}

#[test]
fn fields_are_named_once() {
    let mut writer = Writer::<Causal<Article>>::with_id(id(1));
    let mut roster = Roster::default();
    let title = writer.edit(|article| article.title.set("A book".to_string()));
    let part = writer.edit(|article| article.parts.entry(7).title.set("B".to_string()));
    assert_eq!(write(&title, &mut roster).1[..], [1, 2]);
    // Kind, replica, event, field, that it adds, and a text.
    assert_eq!(travels(&title, &mut roster), [&[5, 1, 1, 2, 1, 6][..], b"A book"].concat());
    assert_eq!(travels(&part, &mut roster), [&[5, 1, 2, 3, 7, 2, 1, 1][..], b"B"].concat());
    let mut group = writer.edit(|article| article.tags.insert(3));
    group.join(part);
    travels(&group, &mut roster);
    travels(writer.state(), &mut roster);

    let (bytes, used) = write(&title, &mut roster);
    assert_eq!(read::<Delta<Other>>(&bytes, &mut roster.directory(&used)), Err(Wrong::Type));
    let (bytes, used) = write(&writer.edit(|article| article.for_sale.enable()), &mut roster);
    let unknown = Err(Wrong::Field("for-sale".to_string()));
    assert_eq!(read::<Delta<Other>>(&bytes, &mut roster.directory(&used)), unknown);
    // The number of a replica, or of nothing.
    for number in [1, 9] {
        let bytes = [&[5, 1, 1, number, 1, 6][..], b"A book"].concat();
        assert_eq!(read::<Delta<Article>>(&bytes, &mut roster.directory(&[1, 2, 3, 4])), Err(Wrong::Name));
    }
    // In full, as where a roster is full.
    let bytes = [&[5, 1, 1, 0, 5][..], b"title", &[2, 0x30, 0x10], &[1, 6], b"A book"].concat();
    assert_eq!(read(&bytes, &mut roster.directory(&[1])), Ok(title));
}

#[test]
fn a_full_roster_writes_fields_in_full() {
    let mut roster = Roster::default();
    let names: Vec<&'static str> = (0..=512).map(|n| &*Box::leak(format!("{n}").into_boxed_str())).collect();
    assert_eq!(roster.field(names[0], Shape::default()), Some(1));
    for name in &names[..512] {
        assert!(roster.field(name, Shape::default()).is_some());
    }
    assert_eq!(roster.field(names[512], Shape::default()), None);
    assert_eq!(roster.len(), 512);
    roster.truncate(511);
    assert_eq!(roster.field(names[512], Shape::default()), Some(512));
    let long: &'static str = Box::leak("x".repeat(257).into_boxed_str());
    assert_eq!(Roster::default().field(long, Shape::default()), None);
    assert_eq!(Roster::default().field(&long[..256], Shape::default()), Some(1));
}

/// Who writes what, and whom it hears before.
type Step = (u8, u8, u8);

/// Replicas that write, meet and write again: each delta, groups of them, and states.
fn histories<S>(steps: &[Step], mut write: impl FnMut(&mut <Causal<S> as Root>::Edit<'_>, u8))
where
    S: crate::codec::Columns + Store<Change: PartialEq + Debug> + Debug + PartialEq + 'static,
{
    let mut roster = Roster::default();
    let mut writers: Vec<_> = [9, 3, 5].map(|n| Writer::<Causal<S>>::with_id(id(n))).into();
    let mut group = Delta::default();
    for (at, (who, what, heard)) in steps.iter().enumerate() {
        let (who, heard) = (usize::from(*who % 3), usize::from(*heard % 6));
        if let Some(other) = writers.get(heard).map(|other| other.state().clone()) {
            writers[who].join(other);
        }
        let delta = writers[who].edit_at(BASE + 700 * at as u64, |edit| write(edit, *what));
        travels(&delta, &mut roster);
        assert_eq!(Delta::decode(&delta.encode()).as_ref(), Ok(&delta));
        if what % 5 > 0 {
            group.join(delta);
        }
    }
    travels(&group, &mut roster);
    assert_eq!(Delta::decode(&group.encode()).as_ref(), Ok(&group));
    let mut gaps = Causal::<S>::default();
    crate::Crdt::apply(&mut gaps, group);
    travels(&gaps, &mut roster);
    writers.iter().for_each(|writer| drop(travels(writer.state(), &mut roster)));
}

proptest! {
    #[test]
    fn all_causal_types_travel(steps in prop::collection::vec(any::<Step>(), 0..12)) {
        histories::<OrSet<u8>>(&steps, |set, n| if n % 3 == 0 { set.remove(&(n % 4)) } else { set.insert(n % 4) });
        histories::<RwSet<String>>(&steps, |set, n| {
            let word = ["tea", "milk", "teapot"][usize::from(n % 3)].to_string();
            if n % 4 == 0 { set.remove(word) } else { set.insert(word) }
        });
        histories::<EwFlag>(&steps, |flag, n| if n % 2 == 0 { flag.disable() } else { flag.enable() });
        histories::<DwFlag>(&steps, |flag, n| if n % 2 == 0 { flag.disable() } else { flag.enable() });
        histories::<MvRegister<Option<i64>>>(&steps, |register, n| register.set((n % 3 > 0).then_some(n.into())));
        histories::<Lww<bool>>(&steps, |register, n| if n % 4 == 0 { register.clear() } else { register.set(n % 2 == 1) });
        histories::<Counter>(&steps, |counter, n| if n % 4 == 0 { counter.reset() } else { counter.add(i64::from(n) - 99) });
        histories::<LwwMap<u16, ReplicaId>>(&steps, |map, n| {
            if n % 4 == 0 { map.remove(&u16::from(n % 3)) } else { map.insert(u16::from(n % 3), id(n.into())) }
        });
        histories::<Map<String, Map<bool, Counter>>>(&steps, |map, n| match n % 4 {
            0 => map.remove("shop"),
            1 => map.entry("shop".to_string()).remove(&true),
            _ => map.entry(["shop", "bar"][usize::from(n % 2)].to_string()).entry(n % 3 > 0).add(1),
        });
        histories::<Article>(&steps, |article, n| match n % 6 {
            0 => article.title.set("A book".to_string()),
            1 => article.tags.insert(n),
            2 => article.parts.entry(n % 2).tags.insert(n % 7),
            3 => article.parts.remove(&1),
            4 => article.for_sale.enable(),
            _ => {
                article.for_sale.disable();
                article.parts.entry(1).parts.entry(n).title.set("A page".to_string());
            }
        });
    }
}

#[test]
fn settled_states_and_sweeping_deltas_travel() {
    let mut roster = Roster::default();
    let mut a = Writer::<Causal<Counter>>::with_id(id(8));
    let mut b = Writer::<Causal<Counter>>::with_id(id(2));
    a.edit(|count| count.add(1));
    b.edit(|count| count.add(2));
    a.join_ref(b.state());
    a.settle(&a.version().clone());
    travels(a.state(), &mut roster);
    let sweeping = a.edit(|count| count.reset());
    assert_eq!(sweeping.kind(), crate::codec::Kind::Sweeping);
    travels(&sweeping, &mut roster);
}

#[test]
fn numbered_values_travel() {
    use crate::sync::{Numbered, Replicated};
    let mut roster = Roster::default();
    let mut writer = Writer::<Numbered<GCounter>>::with_id(id(8));
    let delta = writer.edit(|counter| counter.increment(7).unwrap());
    // Kind, event; one count: whose, and how much.
    assert_eq!(travels(&delta, &mut roster), [5, 1, 1, 1, 1, 7]);
    let mut group = writer.edit(|counter| counter.increment(1).unwrap());
    group.join(delta.clone());
    travels(&group, &mut roster);
    travels(writer.state(), &mut roster);
    assert_eq!(writer.state().version().last(id(8)), 2);
    for delta in [delta, group] {
        type Change = <Numbered<GCounter> as crate::Crdt>::Delta;
        assert_eq!(Change::decode(&delta.encode()), Ok(delta));
    }
    // One event has one form.
    assert_eq!(
        read::<<Numbered<GCounter> as crate::Crdt>::Delta>(
            &[2, 1, 1, 1, 0, 0, 1, 1, 7],
            &mut roster.directory(&[1])
        ),
        Err(Wrong::Kind(2))
    );
}

/// Whatever single byte of a part is wrong, or missing, that is noticed, or it is another value.
fn noticed<T: Codec + PartialEq + Debug>(value: &T, roster: &mut Roster) {
    let (bytes, used) = write(value, roster);
    let again = |bytes: &[u8]| read::<T>(bytes, &mut roster.directory(&used));
    for end in 0..bytes.len() {
        assert_eq!(again(&bytes[..end]), Err(Wrong::Truncated), "cut off after {end}: {bytes:?}");
    }
    let (mut corrupted, mut others) = (bytes.clone(), Vec::new());
    for at in 0..bytes.len() {
        for byte in (0..=u8::MAX).filter(|byte| *byte != bytes[at]) {
            corrupted[at] = byte;
            if let Ok(other) = again(&corrupted) {
                assert_ne!(&other, value, "byte {at} as {byte}: {bytes:?}");
                others.push((other, corrupted.clone()));
            }
        }
        corrupted[at] = bytes[at];
    }
    assert!(!others.is_empty());
    for (other, corrupted) in others {
        assert_eq!(write(&other, roster).0, corrupted, "it has one form");
    }
}

#[test]
fn wrong_bytes_are_noticed() {
    let mut roster = Roster::default();
    let [mut a, mut b] = [8, 2].map(|n| Writer::<Causal<LwwMap<String, u32>>>::with_id(id(n)));
    let first = a.edit_at(BASE, |map| map.insert("tea".to_string(), 7));
    noticed(&first, &mut roster);
    let mut group = b.edit_at(BASE + 9, |map| map.insert("tea".to_string(), 8));
    b.join_ref(a.state());
    let both = b.edit_at(BASE + 10, |map| map.insert("tea".to_string(), 9));
    noticed(&both, &mut roster);
    group.join(first);
    group.join(both);
    noticed(&group, &mut roster);
    noticed(b.state(), &mut roster);
    noticed(b.version(), &mut roster);

    let mut article = Writer::<Causal<Article>>::with_id(id(1));
    let mut group = article.edit(|article| article.parts.entry(7).title.set("B".to_string()));
    noticed(&group, &mut roster);
    group.join(article.edit(|article| article.tags.insert(1)));
    noticed(&group, &mut roster);
}
