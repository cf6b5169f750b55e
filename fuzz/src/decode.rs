//! Any bytes, as any type that travels or is stored.
//!
//! The first byte chooses the type, and by its highest bit the format; or that the others say how to forge a state or a
//! delta and how to change it a little, so that more is nearly sound. What is accepted survives another journey, and
//! decoding takes memory in proportion to the bytes.

use std::collections::BTreeMap;
use std::fmt::Debug;

use rejoin::causality::{Mint, Ticks};
use rejoin::lattice::Lex;
use rejoin::{
    BoundedCounter, Causal, Codec, Counter, Delta, Dot, Dots, DwFlag, EwFlag, GCounter, GSet, Identity,
    Keyed, Lattice, Lww, LwwMap, LwwRegister, Map, Max, Min, MvRegister, OpBased, OpSet, OrSet, PnCounter,
    ReplicaId, RwSet, SetOp, Stamp, TwoPhaseSet, VectorClock, Version, Writer,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value as Json;

use crate::forge::{self, Alive};
use crate::formats::{Format, decode_own, has_one_form, survives};
use crate::roots::{Everything, Nested, Root, Set, Settings};
use crate::source::Source;
use crate::{tamper, wire};

/// A type that can be decoded.
#[derive(Debug)]
pub struct Type {
    /// What it is called.
    pub name: &'static str,
    /// Whether the bytes are accepted; panics if what they stand for does not survive.
    pub accepts: fn(Format, &[u8]) -> bool,
    /// What an honest replica may send.
    pub sample: fn(Format) -> Vec<u8>,
}

/// Decodes bytes.
///
/// # Panics
///
/// If something is wrong.
pub fn run(bytes: &[u8]) {
    let Some((chosen, bytes)) = bytes.split_first() else { return };
    let format = if *chosen < 128 { Format::Json } else { Format::Postcard };
    let chosen = usize::from(*chosen) % 128;
    if chosen >= FORGED {
        let (mut source, format) = (Source::new(bytes), Some(format).filter(|_| chosen % 8 < 4));
        match chosen % 4 {
            0 => forged::<Set>(format, &mut source),
            1 => forged::<Settings>(format, &mut source),
            2 => forged::<Nested>(format, &mut source),
            _ => forged::<Everything>(format, &mut source),
        }
    } else {
        (TYPES[chosen % TYPES.len()].accepts)(format, bytes);
    }
}

/// Choices from here on are of what is forged; those before are of types.
pub const FORGED: usize = 96;

/// In our own format, if in no other.
fn forged<R: Root>(format: Option<Format>, source: &mut Source<'_>) {
    if source.flip() {
        let json = forge::state(R::SHAPE, &Alive::new(), source);
        tampered::<Causal<R::Store>>(format, json, source);
    } else {
        let json = forge::delta(R::SHAPE, &Alive::new(), source);
        tampered::<Delta<R::Store>>(format, json, source);
    }
}

/// Whether a value is accepted still, after some changes to its form.
fn tampered<T>(format: Option<Format>, mut json: Json, source: &mut Source<'_>) -> bool
where
    T: Codec + Serialize + DeserializeOwned + PartialEq + Debug,
{
    match format {
        Some(Format::Json) => {
            tamper::json(&mut json, source);
            accepts::<T>(Format::Json, &Format::Json.encode(&json))
        }
        Some(Format::Postcard) => {
            let mut bytes = Format::Postcard.encode::<T>(&wire::decoded(&json));
            tamper::bytes(&mut bytes, source);
            accepts::<T>(Format::Postcard, &bytes)
        }
        None => {
            let mut bytes = wire::decoded::<T>(&json).encode();
            tamper::bytes(&mut bytes, source);
            let Ok(value) = decode_own::<T>(&bytes) else { return false };
            assert!(has_one_form(&value, &bytes), "what is accepted has one form");
            survives(&value);
            true
        }
    }
}

fn accepts<T: Serialize + DeserializeOwned + PartialEq + Debug>(format: Format, bytes: &[u8]) -> bool {
    let Ok(value) = format.decode_within_bounds::<T>(bytes) else { return false };
    survives(&value);
    assert!(!format!("{value:?}").is_empty());
    true
}

/// Two replicas, one of which knows what the other has written.
fn written<S>(write: impl Fn(&mut <Causal<S> as rejoin::store::Root>::Edit<'_>)) -> (Causal<S>, Delta<S>)
where
    S: rejoin::Store + 'static,
{
    let [mut a, mut b] = [1, 2].map(|id| Writer::<Causal<S>>::with_id(ReplicaId::from_u128(id)));
    a.edit_at(1_000, &write);
    b.join_ref(a.state());
    let mut group = b.edit_at(2_000, &write);
    a.edit_at(3_000, &write);
    group.join(a.edit_at(3_000, &write));
    b.apply(group.clone());
    (b.into_state(), group)
}

/// All types that travel or are stored: stores, each as a state and as a delta, and others, with a sample each. New
/// ones go to the end, because seeds choose by number.
macro_rules! types {
    (
        stores { $($store:ty: |$edit:ident| $write:expr;)+ }
        others { $($other:ty: $sample:expr;)+ }
    ) => {
        /// All of them.
        pub const TYPES: &[Type] = &[
            $(
                Type {
                    name: concat!("state of ", stringify!($store)),
                    accepts: accepts::<Causal<$store>>,
                    sample: |format| format.encode(&written::<$store>(|$edit| $write).0),
                },
                Type {
                    name: concat!("delta of ", stringify!($store)),
                    accepts: accepts::<Delta<$store>>,
                    sample: |format| format.encode(&written::<$store>(|$edit| $write).1),
                },
            )+
            $(
                Type {
                    name: stringify!($other),
                    accepts: accepts::<$other>,
                    sample: |format| format.encode::<$other>(&$sample),
                },
            )+
        ];
    };
}

const A: ReplicaId = ReplicaId::from_u128(1);
const B: ReplicaId = ReplicaId::from_u128(u128::MAX);

fn dot(replica: ReplicaId, counter: u64) -> Dot {
    Dot::new(replica, counter).expect("in bounds")
}

fn stamp() -> Stamp {
    Stamp::new(Ticks::at_millis(1_000), A)
}

fn bounded() -> BoundedCounter {
    let mut stock = BoundedCounter::new();
    stock.increment(A, 300).expect("there is room");
    stock.transfer(A, B, 5).expect("A has it");
    stock.decrement(B, 2).expect("B has it");
    stock
}

fn pn_counter() -> PnCounter {
    let mut counter = PnCounter::new();
    counter.add(A, 300).expect("there is room");
    counter.subtract(B, 7).expect("there is room");
    counter
}

fn two_phase_set() -> TwoPhaseSet<u8> {
    let mut set = TwoPhaseSet::from_iter([1, 2, 200]);
    set.remove(&2);
    set
}

fn op_set() -> (OpSet<u8>, SetOp<u8>, SetOp<u8>) {
    let (mut set, mut a, mut b) = (OpSet::new(), Mint::new(A), Mint::new(B));
    let both = [set.prepare_insert(1, &mut a), set.prepare_insert(1, &mut b)];
    both.into_iter().for_each(|op| set.effect(op));
    let (insertion, removal) = (set.prepare_insert(1, &mut a), set.prepare_remove(&1));
    (set, insertion, removal.expect("it is in"))
}

types! {
    stores {
        OrSet<u8>: |set| { set.insert(1); set.insert(200); set.remove(&1); };
        OrSet<String>: |set| set.insert("milk".to_string());
        OrSet<()>: |set| set.insert(());
        RwSet<u8>: |set| { set.insert(1); set.remove(2); };
        EwFlag: |flag| flag.enable();
        DwFlag: |flag| { flag.disable(); flag.enable(); };
        MvRegister<String>: |register| register.set("milk".to_string());
        MvRegister<Option<()>>: |register| register.set(None);
        Lww<u8>: |register| register.set(7);
        Counter: |counter| { counter.add(5); counter.reset(); counter.add(-300); };
        LwwMap<u8, u8>: |map| { map.insert(1, 2); map.insert(2, 3); map.remove(&1); };
        Map<u8, Counter>: |map| { map.entry(1).add(1); map.entry(2).add(1); map.remove(&1); };
        Map<String, Map<u8, RwSet<u8>>>: |map| map.entry("tea".to_string()).entry(1).insert(3);
        Keyed<u8, Dots<u8>>: |keyed| keyed.entry(1).add(1);
        Everything: |record| (11..22).for_each(|field| Everything::write(record, field, 16));
    }
    others {
        GCounter: { let mut c = GCounter::new(); c.increment(A, 300).expect("there is room"); c };
        PnCounter: pn_counter();
        BoundedCounter: bounded();
        GSet<u8>: GSet::from_iter([1, 200]);
        GSet<String>: GSet::from_iter(["milk".to_string(), "tea".to_string()]);
        GSet<()>: GSet::from_iter([()]);
        TwoPhaseSet<u8>: two_phase_set();
        Max<u8>: Max::new(7);
        Max<()>: Max::new(());
        Min<Option<u8>>: Min::new(None);
        LwwRegister<u8>: LwwRegister::written(stamp(), 7);
        LwwRegister<Option<u8>>: LwwRegister::written(stamp(), None);
        Lex<Max<u8>, GSet<u8>>: Lex::new(Max::new(1), GSet::from_iter([2]));
        BTreeMap<u8, GCounter>: BTreeMap::from([(1, GCounter::new())]);
        (Max<u8>, Option<GSet<u8>>): (Max::new(1), Some(GSet::from_iter([2])));
        OpSet<u8>: op_set().0;
        SetOp<u8>: op_set().1;
        SetOp<()>: { let mut mint = Mint::new(A); OpSet::new().prepare_insert((), &mut mint) };
        Version: [1, 2, 5, Dot::MAX_COUNTER].map(|n| dot(A, n)).into_iter().chain([dot(B, 1)]).collect();
        VectorClock: VectorClock::from_iter([(A, 3), (B, u64::MAX)]);
        Dot: dot(B, Dot::MAX_COUNTER);
        ReplicaId: B;
        Stamp: stamp();
        Ticks: Ticks::MAX;
        Identity: {
            let mut writer = Writer::<Causal<Lww<u8>>>::with_id(A);
            writer.edit_at(1_000, |register| register.set(1));
            writer.suspend().0
        };
    }
}
