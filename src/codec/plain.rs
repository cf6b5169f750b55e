//! Plain values: what is inside, under a name of their own, and what must hold of it.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use super::{DecodeError, Element, Input, Output, Shape, Wrong};
use crate::lattice::Lex;
use crate::{
    BoundedCounter, Dot, GCounter, GSet, LwwRegister, Max, Min, OpSet, PnCounter, ReplicaId, SetOp, Stamp,
    TwoPhaseSet, VectorClock,
};

/// Types with the bounds on what is inside, its parts, their types, and what must hold.
macro_rules! plain {
    ($(
        $type:ident $(<$param:ident: $bound:ident $(+ $bounds:ident)*>)? { $($field:tt: $inner:ty),+ }
        $(if |$value:ident| $sound:expr, $what:literal)?;
    )+) => {
        $(
            impl $(<$param: Element + $bound $(+ $bounds)*>)? Element for $type $(<$param>)? {
                fn shape(shape: &mut Shape) {
                    shape.name(stringify!($type));
                    $($param::shape(shape);)?
                }

                fn write(&self, out: &mut Output<'_>) {
                    $(self.$field.write(out);)+
                }

                fn read(input: &mut Input<'_>) -> Result<Self, DecodeError> {
                    let read = $type { $($field: <$inner>::read(input)?),+ };
                    $(
                        let $value = &read;
                        input.check($sound, Wrong::Value($what))?;
                    )?
                    Ok(read)
                }
            }
        )+
    };
}

plain! {
    GCounter { shares: BTreeMap<ReplicaId, u64> }
        if |counter| counter.shares.values().all(|n| *n > 0), "a counter without empty shares";
    PnCounter { shares: BTreeMap<ReplicaId, (u64, u64)> }
        if |counter| counter.shares.values().all(|n| *n != (0, 0)), "a counter without empty shares";
    BoundedCounter { given: BTreeMap<(ReplicaId, ReplicaId), u64>, spent: BTreeMap<ReplicaId, u64> }
        if |counter| counter.given.values().chain(counter.spent.values()).all(|n| *n > 0),
        "a counter without empty accounts";
    VectorClock { counts: BTreeMap<ReplicaId, u64> }
        if |clock| clock.counts.values().all(|n| *n > 0), "a clock without empty counts";
    GSet<T: Ord + Clone> { members: BTreeSet<T> };
    TwoPhaseSet<T: Ord + Clone> { live: BTreeSet<T>, removed: BTreeSet<T> }
        if |set| set.live.is_disjoint(&set.removed), "a set in which nothing is both in and out";
    OpSet<T: Ord + Clone> { members: BTreeMap<T, BTreeSet<Dot>> }
        if |set| set.members.values().all(|insertions| !insertions.is_empty()), "a set of members with insertions";
    LwwRegister<V: Clone> { latest: Option<(Stamp, V)> };
    Max<T: Clone> { 0: Option<T> };
    Min<T: Clone> { 0: Option<T> };
}

impl<A: Element, B: Element> Element for Lex<A, B> {
    fn shape(shape: &mut Shape) {
        shape.name("Lex");
        A::shape(shape);
        B::shape(shape);
    }

    fn write(&self, out: &mut Output<'_>) {
        self.first.write(out);
        self.second.write(out);
    }

    fn read(input: &mut Input<'_>) -> Result<Self, DecodeError> {
        Ok(Lex { first: A::read(input)?, second: B::read(input)? })
    }
}

/// Which operation, the value, and the dots that it comes with.
impl<T: Element> Element for SetOp<T> {
    fn shape(shape: &mut Shape) {
        shape.name("SetOp");
        T::shape(shape);
    }

    fn write(&self, out: &mut Output<'_>) {
        match self {
            SetOp::Insert { value, dot, replaces } => {
                out.put(&[0]);
                value.write(out);
                dot.write(out);
                replaces.write(out);
            }
            SetOp::Remove { value, insertions } => {
                out.put(&[1]);
                value.write(out);
                insertions.write(out);
            }
        }
    }

    fn read(input: &mut Input<'_>) -> Result<Self, DecodeError> {
        match input.byte()? {
            0 => Ok(SetOp::Insert {
                value: T::read(input)?,
                dot: Dot::read(input)?,
                replaces: Vec::read(input)?,
            }),
            1 => Ok(SetOp::Remove { value: T::read(input)?, insertions: Vec::read(input)? }),
            _ => Err(input.error(Wrong::Value("an operation on a set"))),
        }
    }
}
