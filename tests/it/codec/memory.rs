//! The memory that decoders take: never more than 256 bytes for each byte of input, and the limit.

use std::collections::{BTreeMap, BTreeSet};

use allocation_counter::measure;
use rejoin::codec::{Columns, Limits, Wrong};
use rejoin::store::{Edit, Editable, Handle};
use rejoin::*;

use super::id;

/// Room for blocks, of which each level has one.
const BLOCKS: u64 = 1 << 16;

/// An element that takes a bit when it is not there.
type Large = Option<[u8; 4096]>;

record! {
    #[derive(Debug, PartialEq, Codec)]
    struct Wide {
        a: EwFlag,
        b: Lww<String>,
        c: Counter,
        d: OrSet<u8>,
        e: MvRegister<u64>,
        f: Map<u8, Counter>,
        g: Lww<u128>,
        h: RwSet<u8>,
    }
}

record! {
    #[derive(Debug, PartialEq, Codec)]
    struct Tree {
        flag: EwFlag,
        twigs: Map<u8, Tree>,
    }
}

/// Decodes within the bounds, from a slice as from a stream; without any memory beside that for the bytes unless some is
/// given.
fn decode<T: Codec>(bytes: &[u8], memory: u64) -> Result<(), Wrong> {
    let mut limits = Limits::default();
    limits.memory = memory;
    let mut results = [Ok(()), Ok(())];
    let most = 256 * bytes.len() as u64 + BLOCKS + memory;
    let sliced =
        measure(|| results[0] = T::decode_within(bytes, &limits).map(drop).map_err(|error| error.wrong));
    assert!(sliced.bytes_max <= most, "{} of {most} for {} bytes", sliced.bytes_max, bytes.len());
    let mut rest = bytes;
    let mut more = |chunk: &mut Vec<u8>| {
        let (some, others) = rest.split_at(rest.len().min(1 << 10));
        chunk.extend_from_slice(some);
        rest = others;
    };
    let streamed = measure(|| {
        results[1] = T::decode_by(&mut more, &limits).map(drop).map_err(|error| error.wrong);
    });
    assert!(streamed.bytes_max <= most, "{} of {most} for {} bytes", streamed.bytes_max, bytes.len());
    let [sliced, streamed] = results;
    assert_eq!(sliced, streamed, "streams are read as slices are");
    sliced
}

const REFUSED: Result<(), Wrong> = Err(Wrong::Limit("memory"));

/// 25 kB took 1.6 GB.
#[test]
fn a_bit_does_not_stand_for_kilobytes() {
    let many = vec![Large::None; 200_000].encode();
    assert_eq!(many.len(), 25_013);
    assert_eq!(decode::<Vec<Large>>(&many, Limits::default().memory), REFUSED);
    assert_eq!(decode::<Vec<Large>>(&many, 0), REFUSED);
    assert_eq!(decode::<Vec<Large>>(&vec![Large::None; 4_000].encode(), Limits::default().memory), Ok(()));
}

#[test]
fn a_bit_does_not_stand_for_kilobytes_wherever_it_is() {
    fn refused<T: Codec>(value: &T) {
        assert_eq!(decode::<T>(&value.encode(), 0), REFUSED);
    }
    let none = || Large::None;
    refused(&vec![(none(), 1_u8); 3_000]);
    refused(&vec![((1_u8, none()), 1_u8); 3_000]);
    refused(&vec![Some(none()); 3_000]);
    refused(&vec![Some((1_u8, none())); 3_000]);
    refused(&vec![vec![none(); 100]; 100]);
    refused(&vec![Box::new(none()); 3_000]);
    refused(&(0..3_000).map(|n| (n, none())).collect::<BTreeMap<u16, Large>>());
    refused(&(0..200).map(|n| BTreeMap::from([(n, none())])).collect::<Vec<_>>());
    refused(&(0..3_000_u16).map(|n| (n, none())).collect::<BTreeSet<(u16, Large)>>());
    refused(&Max::from(vec![none(); 3_000]));
    refused(&vec![LwwRegister::<Large>::default(); 3_000]);
}

#[test]
fn what_is_really_there_is_read() {
    fn read<T: Codec>(value: &T) {
        assert_eq!(decode::<T>(&value.encode(), 0), Ok(()));
    }
    read(&vec![[7_u8; 4096]; 2_000]);
    read(&vec![Some([7_u8; 4096]); 1_030]);
    read(&vec![(Some([7_u8; 4096]), 1_u8); 1_030]);
    read(&vec![7_u64; 100_000]);
    read(&vec![Option::<u64>::None; 100_000]);
    read(&vec![Option::<String>::None; 100_000]);
    read(&vec![(Option::<u64>::None, Option::<u32>::None); 100_000]);
    read(&vec![vec![true; 9]; 10_000]);
    read(&(0..100_000_u32).collect::<BTreeSet<_>>());
    read(&(0..100_000_u32).map(|n| (n, String::new())).collect::<BTreeMap<_, _>>());
    read(&vec![(); 100_000]);
}

#[test]
fn maps_in_maps() {
    type Deep = BTreeMap<String, BTreeMap<String, BTreeMap<String, BTreeMap<String, u8>>>>;
    fn one<T>(inner: T) -> BTreeMap<String, T> {
        BTreeMap::from([(String::new(), inner)])
    }
    let deep: Vec<Deep> = vec![one(one(one(one(7)))); 3_000];
    assert_eq!(decode::<Vec<Deep>>(&deep.encode(), 0), Ok(()));
    let large: Vec<BTreeMap<Option<[u8; 64]>, u8>> = vec![BTreeMap::from([(None, 7)]); 3_000];
    assert_eq!(
        decode::<Vec<BTreeMap<Option<[u8; 64]>, u8>>>(&large.encode(), 0),
        REFUSED,
        "nodes have room for eleven"
    );
}

type Root<S> = Writer<Causal<S>>;

/// A state and the delta that makes it.
fn written<S: Columns + 'static>(write: impl FnOnce(&mut <S as Editable>::Edit<'_>)) -> (Vec<u8>, Vec<u8>) {
    let mut writer = Root::<S>::with_id(id(1));
    let delta = writer.edit_at(1, write);
    (writer.state().encode(), delta.encode())
}

/// Whether the state and the delta can be read without any memory beside that for their bytes.
fn both<S: Columns + 'static>(write: impl FnOnce(&mut <S as Editable>::Edit<'_>)) -> [bool; 2] {
    let (state, delta) = written::<S>(write);
    let within = [decode::<Causal<S>>(&state, 0), decode::<Delta<S>>(&delta, 0)];
    let default = Limits::default().memory;
    assert_eq!(decode::<Causal<S>>(&state, default), Ok(()), "{} bytes", state.len());
    assert_eq!(decode::<Delta<S>>(&delta, default), Ok(()), "{} bytes", delta.len());
    within.map(|result| {
        assert!([Ok(()), REFUSED].contains(&result), "{result:?}");
        result.is_ok()
    })
}

type Deep = Map<u16, Map<u8, Map<u8, Map<u8, EwFlag>>>>;

#[test]
fn sets_and_maps_are_read() {
    assert_eq!(both::<OrSet<u64>>(|set| set.extend(0..50_000)), [true; 2]);
    assert_eq!(both::<OrSet<String>>(|set| set.extend((0..9_000).map(|n| n.to_string()))), [true; 2]);
    assert_eq!(
        both::<LwwMap<u32, String>>(|map| (0..9_000).for_each(|n| map.insert(n, "x".into()))),
        [true; 2]
    );
    assert_eq!(both::<Map<u16, Counter>>(|map| (0..50_000).for_each(|n| map.entry(n).add(1))), [true; 2]);
    assert_eq!(
        both::<Map<u16, Map<u8, MvRegister<u8>>>>(|map| (0..9_000).for_each(|n| map.entry(n).entry(1).set(1))),
        [true; 2]
    );
    let deep = |map: &mut Edit<'_, Deep>| {
        (0..9_000).for_each(|n| map.entry(n).entry(1).entry(1).entry(1).enable());
    };
    assert_eq!(both::<Deep>(deep), [true; 2]);
}

#[test]
fn removals_are_read() {
    let mut set = Root::<OrSet<u32>>::with_id(id(1));
    set.edit(|set| set.extend(0..50_000));
    let removals = set.edit(|set| (0..50_000).step_by(2).for_each(|n| set.remove(&n)));
    assert_eq!(decode::<Delta<OrSet<u32>>>(&removals.encode(), 0), Ok(()));
    let mut count = Root::<Counter>::with_id(id(1));
    (0..9_000).for_each(|_| drop(count.edit(|count| count.add(1))));
    assert_eq!(decode::<Causal<Counter>>(&count.state().encode(), 0), Ok(()));
    let reset = count.edit(|count| count.reset());
    assert_eq!(decode::<Delta<Counter>>(&reset.encode(), 0), Ok(()));
}

/// In memory a record takes room for all of its fields, be only one of them used.
#[test]
fn records_with_little_in_them() {
    fn write(tree: &mut Handle<'_, Tree>, levels: u8) {
        if levels == 0 { tree.flag.enable() } else { write(&mut tree.twigs.entry(1), levels - 1) }
    }

    let flags = |map: &mut Edit<'_, Map<u32, Wide>>| (0..9_000).for_each(|n| map.entry(n).a.enable());
    assert_eq!(both::<Map<u32, Wide>>(flags), [false; 2]);
    let some = |map: &mut Edit<'_, Map<String, Wide>>| {
        for n in 0..9_000 {
            let mut wide = map.entry(format!("customer {n}"));
            wide.b.set("a name".into());
            wide.c.add(1);
        }
    };
    assert_eq!(both::<Map<String, Wide>>(some), [true; 2]);
    let chains = |map: &mut Edit<'_, Map<u16, Tree>>| (0..300).for_each(|n| write(&mut map.entry(n), 60));
    assert_eq!(both::<Map<u16, Tree>>(chains), [false; 2]);
}

#[test]
fn large_values_that_are_not_there() {
    let nothing = |map: &mut Edit<'_, Map<u16, MvRegister<Large>>>| {
        (0..3_000).for_each(|n| map.entry(n).set(None));
    };
    let (state, delta) = written::<Map<u16, MvRegister<Large>>>(nothing);
    assert_eq!(decode::<Causal<Map<u16, MvRegister<Large>>>>(&state, 0), REFUSED);
    assert_eq!(decode::<Delta<Map<u16, MvRegister<Large>>>>(&delta, 0), REFUSED);
    let something = |map: &mut Edit<'_, Map<u16, MvRegister<Large>>>| {
        (0..1_500).for_each(|n| map.entry(n).set(Some([7; 4096])));
    };
    assert_eq!(both::<Map<u16, MvRegister<Large>>>(something), [true; 2]);
}

#[test]
fn versions_with_gaps() {
    let dot = |id, n| Dot::new(ReplicaId::from_u128(id), n).unwrap();
    let of_one: Version = (1..50_000).map(|n| dot(1, 2 * n)).collect();
    let of_many: Version = (1..9_000).flat_map(|id| [dot(id, 2), dot(id, 4)]).collect();
    for version in [of_one, of_many] {
        assert_eq!(decode::<Version>(&version.encode(), 0), Ok(()));
        let mut state = Root::<OrSet<u64>>::with_id(id(1));
        let first = state.edit(|set| set.insert(1)).encode();
        assert_eq!(decode::<Delta<OrSet<u64>>>(&first, 0), Ok(()));
    }
}

/// A billion members, of which none is there.
#[test]
fn promises_take_what_can_be_afforded() {
    let billion = [0x80, 0x94, 0xEB, 0xDC, 0x03];
    let table = [&[1][..], &1_u128.to_be_bytes(), &[1, 0, 100]].concat();
    for kind in [1, 2] {
        let head = [b'r', b'j', 1, kind, 4, 0x31, 0x06, 0x30, 0x01];
        let ahead = if kind == 1 { &[0][..] } else { &[] };
        let state = [&head[..], &table, ahead, &billion, &[1; 1000]].concat();
        let refused = if kind == 1 {
            decode::<Causal<OrSet<u64>>>(&state, 0)
        } else {
            decode::<Delta<OrSet<u64>>>(&state, 0)
        };
        assert_eq!(refused, REFUSED);
    }
    let values = [&b"rj\x01\x00\x02\x15\x06"[..], &billion, &[1; 1000]].concat();
    assert_eq!(decode::<Vec<u64>>(&values, 0), REFUSED);
}
