//! Bytes: what is written is read again, byte for byte; what was not written by us is refused; and how long it gets.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::sync::Arc;

use proptest::prelude::*;
use rejoin::causality::{Mint, Ticks};
use rejoin::codec::{Limits, Wrong};
use rejoin::*;
use uuid::Uuid;

mod golden;
mod hostile;
mod memory;
mod sizes;

/// What is written is read again; by streams too, a byte at a time; and no prefix of it is anything.
fn travels<T: Codec + PartialEq + Debug>(value: &T) -> Vec<u8> {
    let bytes = value.encode();
    assert_eq!(&T::decode(&bytes).unwrap(), value);
    let mut streamed = Vec::new();
    value.encode_to(&mut streamed).unwrap();
    assert_eq!(streamed, bytes);
    assert_eq!(value.encoded_len(), bytes.len() as u64);
    assert_eq!(&T::decode_from(Dripping(&bytes), &Limits::default()).unwrap(), value);
    bytes
}

/// A reader that hands out a byte at a time.
struct Dripping<'a>(&'a [u8]);

impl std::io::Read for Dripping<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let n = self.0.len().min(buffer.len()).min(1);
        buffer[..n].copy_from_slice(&self.0[..n]);
        self.0 = &self.0[n..];
        Ok(n)
    }
}

fn columns<T: codec::Element + Ord + Clone + PartialEq + Debug>(values: &[T]) {
    values.iter().for_each(|value| drop(travels(value)));
    travels(&values.iter().cloned().collect::<BTreeSet<T>>());
    travels(&values.iter().map(|value| (value.clone(), value.clone())).collect::<BTreeMap<T, T>>());
    travels(&values.iter().map(|value| (value.clone(), Some(value.clone()))).collect::<Vec<_>>());
    travels(&values.to_vec());
}

proptest! {
    #[test]
    fn elements_travel(
        small in any::<(bool, u8, i8, u16, i16)>(),
        unsigned in prop::collection::vec(any::<(u32, u64, u128)>(), 0..5),
        signed in prop::collection::vec(any::<(i32, i64, i128)>(), 0..5),
        texts in prop::collection::vec(any::<(String, char)>(), 0..5),
        flags in prop::collection::vec(any::<bool>(), 0..40),
        uuids in prop::collection::vec(any::<[u8; 16]>(), 0..3),
    ) {
        columns(&[small]);
        columns(&unsigned.iter().map(|n| n.0).collect::<Vec<_>>());
        columns(&unsigned.iter().map(|n| n.1).collect::<Vec<_>>());
        columns(&unsigned.iter().map(|n| n.2).collect::<Vec<_>>());
        columns(&unsigned);
        columns(&signed.iter().map(|n| n.0).collect::<Vec<_>>());
        columns(&signed.iter().map(|n| n.1).collect::<Vec<_>>());
        columns(&signed.iter().map(|n| n.2).collect::<Vec<_>>());
        columns(&texts.iter().map(|text| text.0.clone()).collect::<Vec<_>>());
        columns(&texts);
        columns(&flags);
        columns(&uuids.iter().map(|bytes| Uuid::from_bytes(*bytes)).collect::<Vec<_>>());
        columns(&uuids);
    }

    #[test]
    fn times_travel(
        times in prop::collection::vec(
            prop_oneof![Just(0), Just(1), Just(1 << 56), Just(u64::MAX - 1), 0..u64::MAX], 0..40,
        ),
    ) {
        let times: Vec<Ticks> = times.into_iter().filter_map(Ticks::new).collect();
        travels(&times);
        travels(&times.iter().map(|time| (*time, ())).collect::<Vec<_>>());
        columns(&times);
    }

    #[test]
    fn floats_are_in_order(a in any::<u64>(), b in any::<u64>(), c in any::<u32>(), d in any::<u32>()) {
        let (c, d) = (f32::from_bits(c), f32::from_bits(d));
        prop_assert_eq!(c.total_cmp(&d), c.encode().cmp(&d.encode()));
        prop_assert_eq!(f32::decode(&c.encode()).unwrap().to_bits(), c.to_bits());
        let (a, b) = (f64::from_bits(a), f64::from_bits(b));
        prop_assert_eq!(a.total_cmp(&b), a.encode().cmp(&b.encode()));
        prop_assert_eq!(f64::decode(&a.encode()).unwrap().to_bits(), a.to_bits());
    }
}

#[test]
fn the_ends_of_numbers_travel() {
    columns(&[u8::MIN, u8::MAX]);
    columns(&[u16::MIN, u16::MAX]);
    columns(&[u64::MIN, 127, 128, u64::MAX - 1, u64::MAX]);
    columns(&[u128::MIN, u128::MAX]);
    columns(&[i8::MIN, -1, 0, 1, i8::MAX]);
    columns(&[i64::MIN, i64::MIN + 1, -1, 0, 1, i64::MAX]);
    columns(&[i128::MIN, i128::MAX]);
    columns(&['\0', 'a', char::MAX]);
    columns(&[Ticks::default(), Ticks::at_millis(1_700_000_000_000), Ticks::MAX]);
    columns(&[(); 1]);
    travels(&vec![(); 3_000]);
    travels(&vec![vec![true; 1_025]; 3]);
    // More than is fetched, and handed on, at once.
    travels(&"text".repeat(10_000));
    // Bits beyond the last.
    let number = |last: &[u8]| u128::decode(&[&b"rj\x01\x00\x01\x07"[..], &[0xFF; 18], last].concat());
    assert_eq!(number(&[0x03]), Ok(u128::MAX));
    let wrong = |last: &[u8]| number(last).map_err(|error| error.wrong);
    assert_eq!(wrong(&[0x04]), Err(Wrong::Number));
    assert_eq!(wrong(&[0x83, 0x01]), Err(Wrong::Number));
}

fn id(n: u128) -> ReplicaId {
    ReplicaId::from_u128(n)
}

#[test]
fn plain_values_travel() {
    let stamp = Stamp::new(Ticks::at_millis(7), id(3));
    travels(&stamp);
    travels(&Dot::new(id(5), Dot::MAX_COUNTER).unwrap());
    travels(
        &[(1, 1), (1, 2), (1, 9), (2, 4)]
            .map(|(r, n)| Dot::new(id(r), n).unwrap())
            .into_iter()
            .collect::<Version>(),
    );
    travels(&LwwRegister::written(stamp, "x".to_string()));
    travels(&(Max::new(3_u8), Min::new(4_u8), Max::<u8>::default()));
    travels(&lattice::Lex::new(Max::new(1_u8), BTreeSet::from([1_u8, 2])));
    travels(&Some(GCounter::new()));
    travels(&Box::new(7_u8));
    travels::<Box<str>>(&"x".into());
    travels::<std::sync::Arc<str>>(&"x".into());
    travels(&VectorClock::new());
    let mut ledger = Writer::<BTreeMap<String, PnCounter>>::with_id(id(9));
    ledger.try_edit(|ledger| ledger.entry("tea".to_string()).add(3)).unwrap();
    ledger.try_edit(|ledger| ledger.entry("milk".to_string()).subtract(300)).unwrap();
    travels(ledger.state());
}

/// Columns are written in blocks of 1,024.
#[test]
fn blocks_travel() {
    for n in [1_023, 1_024, 1_025, 2_049] {
        // Facts and events in many leaves, each with a kill.
        let mut set = Writer::<Causal<OrSet<u32>>>::with_id(id(1));
        travels(&set.edit(|set| set.extend((0..n).map(|n| n % 1_024))));
        let mut delta = set.edit(|set| set.extend(0..n));
        delta.join(set.edit(|set| set.remove(&0)));
        travels(&delta);
        travels(set.state());
        // Facts and events in one leaf, an event that kills many, and one that kills none after it.
        let mut flag = Writer::<Causal<EwFlag>>::with_id(id(1));
        let mut group = Delta::<EwFlag>::default();
        for n in 1..=n {
            group.join(Writer::<Causal<EwFlag>>::with_id(id(n.into())).edit(|flag| flag.enable()));
        }
        flag.apply(group.clone());
        travels(flag.state());
        let delta = flag.edit(|flag| flag.disable());
        group.join(delta.clone());
        group.join(Writer::<Causal<EwFlag>>::with_id(id(1 << 80)).edit(|flag| flag.enable()));
        travels(&delta);
        travels(&group);
        // Maps of maps, of which some are larger than a block and some small.
        let mut map = Writer::<Causal<Map<u32, OrSet<u32>>>>::with_id(id(1));
        travels(&map.edit(|map| {
            (0..3).for_each(|key| map.entry(key).extend((0..n).filter(|n| *n % (3 * key + 1) == 0)));
        }));
        travels(map.state());
    }
}

/// The head of a value, as `docs/format.md` has it.
fn head<T: Codec>(value: &T, kind: u8, shape: &[u8]) {
    let head = [&b"rj\x01"[..], &[kind, u8::try_from(shape.len()).unwrap()], shape].concat();
    assert!(value.encode().starts_with(&head), "{:x?} is not {head:x?}", value.encode());
}

/// The head of a delta, as `docs/format.md` has it.
pub(crate) fn delta_head(kind: u8, shape: &[u8]) -> Vec<u8> {
    let step = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(1_099_511_628_211);
    let hash = shape.iter().fold(14_695_981_039_346_656_037, step);
    let hash = u32::try_from((hash >> 32) ^ (hash & 0xFFFF_FFFF)).unwrap();
    [&[b'r', 0x20 | kind][..], &hash.to_le_bytes()].concat()
}

#[test]
fn each_type_has_its_code() {
    head(&(), 0, &[0x01]);
    head(&true, 0, &[0x02]);
    head(&vec![(1_u8, 1_u16), (2, 2)], 0, &[0x15, 0x14, 2, 0x03, 0x04]);
    head(&(1_u32, 1_u64, 1_u128), 0, &[0x14, 3, 0x05, 0x06, 0x07]);
    head(&(1_i8, 1_i16, 1_i32, 1_i64, 1_i128), 0, &[0x14, 5, 0x08, 0x09, 0x0A, 0x0B, 0x0C]);
    head(&(1_f32, 1_f64, 'x', String::new()), 0, &[0x14, 4, 0x0D, 0x0E, 0x0F, 0x10]);
    head(&(Box::<str>::from("x"), Arc::<str>::from("x"), Box::new('x')), 0, &[0x14, 3, 0x10, 0x10, 0x0F]);
    head(&([0; 300], Uuid::nil()), 0, &[0x14, 2, 0x11, 0xAC, 0x02, 0x12]);
    head(&Some(BTreeSet::from([7_u8])), 0, &[0x13, 0x16, 0x03]);
    head(&BTreeMap::from([(7_u8, false)]), 0, &[0x17, 0x03, 0x02]);
    head(&id(1), 0, &[0x20]);
    head(&Dot::new(id(1), 1).unwrap(), 0, &[0x21]);
    head(&Ticks::default(), 0, &[0x22]);
    head(&Stamp::new(Ticks::default(), id(1)), 0, &[0x23]);
    head(&Version::new(), 0, &[0x24]);
    head(&GCounter::new(), 0, b"\x1F\x08GCounter");
    head(&GSet::<u8>::new(), 0, b"\x1F\x04GSet\x03");
    let insertion = OpSet::new().prepare_insert(7_u8, &mut Mint::new(id(1)));
    head(&insertion, 0, b"\x1F\x05SetOp\x03");
    head(
        &lattice::Lex::new(Max::new(7_u8), Min::new(7_u16)),
        0,
        b"\x1F\x03Lex\x1F\x03Max\x03\x1F\x03Min\x04",
    );
    head(&Causal::<EwFlag>::default(), 1, &[0x30, 0x01]);
    assert!(Delta::<DwFlag>::default().encode().starts_with(&delta_head(2, &[0x30, 0x02])));
    let times = Delta::<LwwMap<u8, [u8; 300]>>::default();
    let shape = [0x31, 0x03, 0x30, 0x14, 2, 0x22, 0x11, 0xAC, 0x02];
    assert!(times.encode().starts_with(&delta_head(2, &shape)));
    head(&Causal::<OrSet<u8>>::default(), 1, &[0x31, 0x03, 0x30, 0x01]);
    head(&Causal::<LwwMap<u8, char>>::default(), 1, &[0x31, 0x03, 0x30, 0x14, 2, 0x22, 0x0F]);
    head(&Causal::<Map<u8, Counter>>::default(), 1, &[0x31, 0x03, 0x30, 0x0B]);
}

#[test]
fn a_digest_is_of_the_bytes() {
    fn same<T: Codec>(value: &T) {
        let mut hasher = siphasher::sip128::SipHasher24::new();
        std::hash::Hasher::write(&mut hasher, &value.encode());
        assert_eq!(value.digest(), siphasher::sip128::Hasher128::finish128(&hasher).as_u128());
    }
    same(&7_u8);
    // More than is drained at once.
    same(&(0..20_000_u32).collect::<BTreeSet<_>>());
    same(&(0..20_000).map(|n| n * 1_000).collect::<Vec<u64>>());
    let mut set = Writer::<Causal<OrSet<u8>>>::with_id(id(1));
    set.edit(|set| set.insert(7));
    same(set.state());
}

#[test]
fn what_is_of_another_type_is_refused() {
    let mut set = Writer::<Causal<OrSet<u32>>>::with_id(id(1));
    let delta = set.edit(|set| set.insert(7));
    let (state, delta) = (set.state().encode(), delta.encode());
    assert!(Causal::<OrSet<u32>>::decode(&state).is_ok());
    let wrong = |error: codec::DecodeError| error.wrong;
    assert_eq!(Causal::<OrSet<u64>>::decode(&state).map_err(wrong), Err(Wrong::Type));
    assert_eq!(Causal::<RwSet<u32>>::decode(&state).map_err(wrong), Err(Wrong::Type));
    assert_eq!(Causal::<EwFlag>::decode(&state).map_err(wrong), Err(Wrong::Type));
    assert_eq!(Delta::<OrSet<u32>>::decode(&state).map_err(wrong), Err(Wrong::Kind(1)));
    assert_eq!(Causal::<OrSet<u32>>::decode(&delta).map_err(wrong), Err(Wrong::Kind(5)));
    assert_eq!(Delta::<OrSet<u64>>::decode(&delta).map_err(wrong), Err(Wrong::Type));
    let with = |head: &[u8]| Delta::<OrSet<u32>>::decode(&[head, &delta[6..]].concat()).map_err(wrong);
    assert!(with(&delta_head(5, &[0x31, 0x05, 0x30, 0x01])).is_ok());
    assert_eq!(with(&delta_head(6, &[0x31, 0x05, 0x30, 0x01])), Err(Wrong::Kind(6)));
    assert_eq!(
        with(b"rj\x01\x05\x04\x31\x05\x30\x01"),
        Err(Wrong::Kind(5)),
        "in the first format there was none"
    );
    assert_eq!(with(b"r\x35"), Err(Wrong::NotOurs));
    let in_format_2 = [&delta_head(1, &[0x31, 0x05, 0x30, 0x01])[..], &state[9..]].concat();
    assert_eq!(
        Causal::<OrSet<u32>>::decode(&in_format_2).map_err(wrong),
        Err(Wrong::Kind(1)),
        "nor states in the second"
    );
    assert_eq!(Version::decode(&state).map_err(wrong), Err(Wrong::Kind(1)));
    assert_eq!(Causal::<OrSet<u32>>::decode(b"{}").map_err(wrong), Err(Wrong::NotOurs));
    assert_eq!(Causal::<OrSet<u32>>::decode(b"").map_err(wrong), Err(Wrong::Truncated));
    let mut future = state.clone();
    future[2] = 2;
    assert_eq!(Causal::<OrSet<u32>>::decode(&future).map_err(wrong), Err(Wrong::Format(2)));
    let mut longer = state.clone();
    longer.push(0);
    assert_eq!(Causal::<OrSet<u32>>::decode(&longer).map_err(wrong), Err(Wrong::Trailing));
}

#[test]
fn limits_are_kept() {
    let mut sets: Vec<_> = (1..=3).map(|n| Writer::<Causal<OrSet<u32>>>::with_id(id(n))).collect();
    let mut all = Causal::<OrSet<u32>>::default();
    for (n, set) in (0..).zip(&mut sets) {
        set.edit(|set| set.insert(n));
        all.join_ref(set.state());
    }
    let bytes = all.encode();
    let within = |change: fn(&mut Limits)| {
        let mut limits = Limits::default();
        change(&mut limits);
        Causal::<OrSet<u32>>::decode_within(&bytes, &limits).map(drop).map_err(|error| error.wrong)
    };
    assert_eq!(within(|_| {}), Ok(()));
    assert_eq!(within(|limits| limits.replicas = 2), Err(Wrong::Limit("replicas")));
    assert_eq!(within(|limits| limits.bytes = 50), Err(Wrong::Limit("bytes")));
    assert_eq!(within(|limits| limits.elements = 2), Err(Wrong::Limit("elements")));
}

#[test]
fn all_bytes_count() {
    fn holds<T: Codec + PartialEq + Debug>(value: &T) {
        let bytes = value.encode();
        let mut limits = Limits::default();
        for n in 0..=bytes.len() {
            limits.bytes = n as u64;
            let read = T::decode_within(&bytes, &limits).map_err(|error| error.wrong);
            assert!(if n < bytes.len() {
                read == Err(Wrong::Limit("bytes"))
            } else {
                read.as_ref() == Ok(value)
            });
        }
    }
    holds(&vec![1_u64, 300, 70_000, u64::MAX]);
    holds(&"some text".to_string());
}

#[test]
fn siblings_are_not_deeper() {
    record! {
        #[derive(Debug, PartialEq, Codec)]
        struct Inner { flag: EwFlag }
    }
    record! {
        #[derive(Debug, PartialEq, Codec)]
        struct Outer { a: Inner, b: Inner, c: Inner }
    }
    let mut outer = Writer::<Causal<Outer>>::with_id(id(1));
    outer.edit(|outer| {
        outer.a.flag.enable();
        outer.b.flag.enable();
        outer.c.flag.enable();
    });
    let read = |depth| {
        let mut limits = Limits::default();
        limits.depth = depth;
        Causal::<Outer>::decode_within(&outer.encode(), &limits).map_err(|error| error.wrong)
    };
    assert_eq!(read(2).as_ref(), Ok(outer.state()));
    assert_eq!(read(1), Err(Wrong::Limit("levels")));
}

#[test]
fn streams_ask_for_no_more_than_they_need() {
    fn read(chunks: &[&[u8]]) -> (Result<u16, codec::DecodeError>, usize) {
        let (mut chunks, mut asked) = (chunks.iter(), 0);
        let mut more = |bytes: &mut Vec<u8>| {
            asked += 1;
            bytes.extend(chunks.next().copied().unwrap_or_default());
        };
        (u16::decode_by(&mut more, &Limits::default()), asked)
    }
    let bytes = 700_u16.encode();
    let (first, second) = bytes.split_at(3);
    assert_eq!(read(&[&bytes]), (Ok(700), 2)); // all, and whether there is more
    assert_eq!(read(&[first, second]), (Ok(700), 3));
    assert_eq!(read(&[&bytes, &[0]]).0.map_err(|error| error.wrong), Err(Wrong::Trailing));
    assert_eq!(read(&[first]).0, u16::decode(first));
}

#[test]
fn errors_are_the_same_in_streams() {
    let mut bytes = (0..20_000_u64).map(|n| n << 40).collect::<Vec<_>>().encode();
    let near_the_end = bytes.len() - 3;
    bytes[near_the_end] = 0xFF;
    bytes[near_the_end + 1] = 0xFF;
    bytes[near_the_end + 2] = 0xFF;
    let error = Vec::<u64>::decode(&bytes).unwrap_err();
    assert!(error.at > 100_000);
    let streamed = Vec::<u64>::decode_from(Dripping(&bytes), &Limits::default()).unwrap_err();
    assert_eq!(streamed.get_ref().unwrap().downcast_ref(), Some(&error));
}

/// Whoever writes elements of their own may want to print where they are.
#[test]
fn inputs_and_outputs_can_be_printed() {
    #[derive(Debug, PartialEq)]
    struct Printing(String);
    impl codec::Element for Printing {
        fn shape(shape: &mut codec::Shape) {
            shape.name("Printing");
        }

        fn write(&self, out: &mut codec::Output<'_>) {
            format!("{out:?}").write(out);
        }

        fn read(input: &mut codec::Input<'_>) -> Result<Self, codec::DecodeError> {
            String::read(input)?;
            Ok(Printing(format!("{input:?}")))
        }
    }
    let bytes = Printing(String::new()).encode();
    let text = "Output { waiting: 15, .. }";
    assert!(bytes.ends_with(text.as_bytes()), "{:?}", String::from_utf8_lossy(&bytes));
    assert_eq!(Printing::decode(&bytes).unwrap().0, format!("Input {{ at: {}, .. }}", bytes.len()));
}

#[test]
fn errors_say_what_and_where() {
    let say = |bytes: &[u8]| u16::decode(bytes).unwrap_err().to_string();
    assert_eq!(say(b"rj"), "the bytes end too early (at byte 2)");
    assert_eq!(say(b"xml!"), "these are not bytes of rejoin (at byte 2)");
    assert_eq!(say(b"rj\x07\x00"), "format 7 is not known here (at byte 3)");
    assert_eq!(say(b"rj\x01\x02"), "this is something else (kind 2) (at byte 4)");
    assert_eq!(say(b"rj\x01\x00\x01\x06"), "this is of another type (at byte 6)");
    assert_eq!(
        say(b"rj\x01\x00\x01\x04\xFF\xFF\x7F"),
        "a number does not fit, or could be shorter (at byte 9)"
    );
    assert_eq!(say(b"rj\x01\x00\x01\x04\x07\x00"), "the bytes go on after the end (at byte 7)");
    let others = [
        (Wrong::Field("note".to_string()), "the field `note` is not known here"),
        (Wrong::Order, "something comes twice, or out of order"),
        (Wrong::Empty, "something is empty"),
        (Wrong::Replica, "a replica is not what it should be"),
        (Wrong::Name, "a number does not stand for a name that is expected here"),
        (Wrong::Version, "intervals are empty, touching or out of bounds"),
        (Wrong::NotSeen, "something is of an event that was not seen"),
        (Wrong::Ahead, "something is ahead that cannot be"),
        (Wrong::Twice, "an event is in two places, or kills itself"),
        (Wrong::Value("a color"), "this is not a color"),
        (Wrong::Limit("bytes"), "too many bytes"),
    ];
    for (wrong, text) in others {
        assert_eq!(wrong.to_string(), text);
    }
    let failed = u16::decode_from(&b"rj"[..], &Limits::default()).unwrap_err();
    assert_eq!(failed.kind(), std::io::ErrorKind::InvalidData);
}
