//! Bytes of our own format: the first byte chooses a type, the second what is decoded; the others are what comes after
//! the head, or all of it.
//!
//! Whatever is accepted is written again byte by byte; a good state that takes it in goes on, and can be read again.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use rejoin::codec::{Columns, Element};
use rejoin::{
    BoundedCounter, Causal, Codec, Counter, Crdt, Delta, Dot, DwFlag, EwFlag, GCounter, GSet, Lww, LwwMap,
    LwwRegister, Map, Max, MvRegister, OrSet, PnCounter, ReplicaId, RwSet, Stamp, TwoPhaseSet, VectorClock,
    Version, record,
};

use crate::formats::{decode_own, has_one_form, limits};

record! {
    #[derive(Debug, PartialEq, Codec)]
    struct Tree {
        name: Lww<String>,
        flag: DwFlag,
        twigs: Map<u8, Tree>,
    }
}

/// A value is accepted whole or not at all, from a slice as from a stream, and written again as it was. `empty` is any
/// value of the type as bytes, to take the head from.
fn accept<T: Codec + PartialEq>(empty: &[u8], how: u8, body: &[u8]) -> Option<T> {
    let bytes = if how & 0x80 == 0 { [&head(empty, how)[..], body].concat() } else { body.to_vec() };
    let value = decode_own::<T>(&bytes);
    let streamed = T::decode_from(&bytes[..], &limits());
    assert_eq!(value.is_ok(), streamed.is_ok(), "streams are read as slices are");
    let value = value.ok()?;
    assert!(has_one_form(&value, &bytes), "what is accepted has one form");
    assert!(streamed.is_ok_and(|streamed| streamed == value));
    Some(value)
}

/// The head of a value: in the first format magic, format, kind, the length of the type, and the type; in the second, which is
/// that of deltas, magic, kind, and the type in four bytes. `how` chooses the kind of a delta.
fn head(value: &[u8], how: u8) -> Vec<u8> {
    if value[1] == b'j' {
        return value[..5 + usize::from(value[4])].to_vec();
    }
    let mut head = value[..6].to_vec();
    head[1] = [0x22, 0x25, 0x24, 0x22][usize::from(how >> 5 & 3)];
    head
}

fn value<T: Element + PartialEq + Default>(how: u8, body: &[u8]) {
    accept::<T>(&T::default().encode(), how, body);
}

fn causal<S: Columns + 'static>(how: u8, body: &[u8])
where
    Causal<S>: PartialEq,
    Delta<S>: PartialEq,
{
    let mut good = Causal::<S>::default();
    if how & 1 == 0 {
        let Some(state) = accept::<Causal<S>>(&good.encode(), how, body) else { return };
        good.try_join(Cow::Owned(state)).expect("there is room");
    } else {
        let Some(delta) = accept::<Delta<S>>(&Delta::<S>::default().encode(), how, body) else { return };
        let half: Version = delta.events().dots().take(64).step_by(2).collect();
        let (some, rest) = (delta.only(&half), delta.without(&half));
        good.apply(rest);
        good.apply(some);
        let mut whole = Causal::<S>::default();
        whole.apply(delta);
        assert!(whole.same_version(&good));
    }
    let bytes = good.encode();
    let again = Causal::<S>::decode(&bytes).expect("what was taken in can be saved and loaded");
    assert!(again == good && again.encode() == bytes);
}

/// Decodes some bytes.
///
/// # Panics
///
/// If they show a mistake.
pub fn run(bytes: &[u8]) {
    let [chosen, how, body @ ..] = bytes else { return };
    let how = *how;
    match chosen % 24 {
        0 => causal::<EwFlag>(how, body),
        1 => causal::<DwFlag>(how, body),
        2 => causal::<OrSet<u8>>(how, body),
        3 => causal::<OrSet<String>>(how, body),
        4 => causal::<RwSet<u64>>(how, body),
        5 => causal::<MvRegister<Option<i16>>>(how, body),
        6 => causal::<Lww<(bool, char)>>(how, body),
        7 => causal::<LwwMap<i32, Vec<u8>>>(how, body),
        8 => causal::<Counter>(how, body),
        9 => causal::<Map<u8, Counter>>(how, body),
        10 => causal::<Map<String, Map<i8, RwSet<bool>>>>(how, body),
        11 | 12 => causal::<Tree>(how, body),
        13 => value::<GCounter>(how, body),
        14 => value::<PnCounter>(how, body),
        15 => value::<BoundedCounter>(how, body),
        16 => value::<(GSet<u16>, VectorClock)>(how, body),
        17 => value::<TwoPhaseSet<String>>(how, body),
        18 => value::<(LwwRegister<u8>, Max<i64>)>(how, body),
        19 => value::<Version>(how, body),
        20 => value::<BTreeMap<String, Option<BTreeSet<u32>>>>(how, body),
        21 => value::<Vec<(u128, Vec<()>, Option<bool>, [u8; 3])>>(how, body),
        22 => drop(accept::<Dot>(
            &Dot::new(ReplicaId::from_u128(1), 1).expect("1 is a counter").encode(),
            how,
            body,
        )),
        _ => value::<Option<Stamp>>(how, body),
    }
}
