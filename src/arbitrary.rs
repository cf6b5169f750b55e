//! Arbitrary identities, versions and plain values, for the generators of `proptest` and `quickcheck`.
//!
//! Replica ids come from a small alphabet, so that two arbitrary values are likely to speak of the same replicas. There
//! are no arbitrary *causal* states: dots of states that do not share a history would be used twice. Generate what
//! replicas do instead, and let [`Writer`](crate::Writer)s do it.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use crate::causality::Ticks;
use crate::{
    Dot, GCounter, GSet, Lattice, LwwRegister, Max, Min, PnCounter, ReplicaId, Stamp, TwoPhaseSet,
    VectorClock, Version,
};

/// Both kinds of generator for a type, made from raw data that both can generate and shrink.
macro_rules! arbitrary {
    ($($type:ty $(where $param:ident)?: |$raw:ident: $from:ty| $make:expr;)+) => {
        $(
            #[cfg(feature = "proptest")]
            impl $(<$param: proptest::arbitrary::Arbitrary + Ord + Clone + 'static>)? proptest::arbitrary::Arbitrary
                for $type
            {
                type Parameters = ();
                type Strategy = proptest::strategy::BoxedStrategy<Self>;

                fn arbitrary_with((): ()) -> Self::Strategy {
                    use proptest::strategy::Strategy;
                    proptest::arbitrary::any::<$from>().prop_map(|$raw| $make).boxed()
                }
            }

            #[cfg(feature = "quickcheck")]
            impl $(<$param: quickcheck::Arbitrary + Ord>)? quickcheck::Arbitrary for $type {
                fn arbitrary(g: &mut quickcheck::Gen) -> Self {
                    let $raw = <$from as quickcheck::Arbitrary>::arbitrary(g);
                    $make
                }
            }
        )+
    };
}

fn replica(n: u8) -> ReplicaId {
    ReplicaId::from_u128(u128::from(n % 5) + 1)
}

fn dot((replica_, counter): (u8, u8)) -> Dot {
    Dot::trusted(replica(replica_), u64::from(counter % 16) + 1)
}

fn counts(raw: Vec<(u8, u32)>) -> BTreeMap<ReplicaId, u64> {
    raw.into_iter().filter(|(_, n)| *n > 0).map(|(id, n)| (replica(id), n.into())).collect()
}

arbitrary! {
    ReplicaId: |raw: u8| replica(raw);
    Dot: |raw: (u8, u8)| dot(raw);
    Version: |raw: Vec<(u8, u8)>| raw.into_iter().map(dot).collect();
    Ticks: |raw: (u32, u8)| Ticks::new((u64::from(raw.0) << 16) + u64::from(raw.1)).expect("far from the end");
    Stamp: |raw: (Ticks, u8)| Stamp::new(raw.0, replica(raw.1));
    VectorClock: |raw: Vec<(u8, u32)>| counts(raw).into_iter().collect();
    GCounter: |raw: Vec<(u8, u32)>| {
        let mut counter = GCounter::new();
        for (id, n) in counts(raw) {
            counter.increment(id, n).expect("from 0");
        }
        counter
    };
    PnCounter: |raw: Vec<(u8, u32, u32)>| {
        let mut counter = PnCounter::new();
        for (id, up, down) in raw.into_iter().take(8) {
            counter.add(replica(id), up.into()).expect("few additions");
            counter.subtract(replica(id), down.into()).expect("few subtractions");
        }
        counter
    };
    Max<T> where T: |raw: Option<T>| raw.into_iter().collect();
    Min<T> where T: |raw: Option<T>| raw.into_iter().collect();
    GSet<T> where T: |raw: Vec<T>| raw.into_iter().collect();
    TwoPhaseSet<T> where T: |raw: (Vec<T>, Vec<T>)| {
        let mut set: TwoPhaseSet<T> = raw.0.into_iter().chain(raw.1.iter().cloned()).collect();
        raw.1.iter().for_each(|value| drop(set.remove(value)));
        set
    };
    LwwRegister<T> where T: |raw: Vec<(Stamp, T)>| {
        raw.into_iter().fold(LwwRegister::new(), |mut register, (stamp, value)| {
            register.join(LwwRegister::written(stamp, value));
            register
        })
    };
}

#[cfg(test)]
mod tests {
    use super::{BTreeMap, ReplicaId, Vec, counts, dot, replica};

    /// Values that never speak of the same replicas, or of nobody, would test nothing.
    #[test]
    fn values_speak_of_five_replicas_and_sixteen_events() {
        let ids: Vec<ReplicaId> = (1..=5).map(ReplicaId::from_u128).collect();
        let all = |of: fn(u8) -> u128| (0..=u8::MAX).map(of).collect::<alloc::collections::BTreeSet<_>>();
        assert!(all(|n| replica(n).as_u128()).into_iter().eq(1..=5));
        assert!(all(|n| dot((0, n)).counter().into()).into_iter().eq(1..=16));
        assert_eq!(dot((6, 17)), dot((1, 1)));
        assert_eq!(counts(alloc::vec![(0, 7), (1, 0), (3, 1)]), BTreeMap::from([(ids[0], 7), (ids[3], 1)]));
    }

    #[cfg(feature = "quickcheck")]
    #[test]
    fn quickcheck_generates_what_joins() {
        use crate::{GCounter, Lattice, Version};

        fn commutes<L: Lattice + Clone + PartialEq>(a: &L, b: &L) -> bool {
            let (mut ab, mut ba) = (a.clone(), b.clone());
            ab.join(b.clone());
            ba.join(a.clone());
            ab == ba
        }
        quickcheck::quickcheck(
            (|a: (Version, GCounter), b: (Version, GCounter)| commutes(&a, &b))
                as fn((Version, GCounter), (Version, GCounter)) -> bool,
        );
    }

    #[cfg(feature = "proptest")]
    mod with_proptest {
        use proptest::prelude::*;

        use crate::causality::Ticks;
        use crate::{
            Lattice, LwwRegister, Max, Min, PnCounter, Stamp, TwoPhaseSet, VectorClock, lattice::Lex,
        };

        type Plain = ((PnCounter, TwoPhaseSet<u8>, LwwRegister<u8>), (Max<u8>, Min<u8>), VectorClock);

        proptest! {
            #[test]
            fn plain_values_form_a_lattice(a: Plain, b: Plain, c: Plain) {
                let join = |a: &Plain, b: &Plain| {
                    let mut joined = a.clone();
                    let grew = joined.join(b.clone());
                    (grew, joined)
                };
                let (grew, ab) = join(&a, &b);
                prop_assert_eq!(grew, ab != a);
                prop_assert_eq!(&ab, &join(&b, &a).1);
                prop_assert_eq!(join(&ab, &c).1, join(&a, &join(&b, &c).1).1);
                prop_assert_eq!(join(&a, &a), (false, a.clone()));
                prop_assert_eq!(join(&Plain::default(), &a).1, a);
            }

            #[test]
            fn lexicographic_pairs_form_a_lattice(
                a: (VectorClock, Max<u8>), b: (VectorClock, Max<u8>), c: (VectorClock, Max<u8>),
            ) {
                let [a, b, c] = [a, b, c].map(|(first, second)| Lex::new(first, second));
                let join = |a: &Lex<_, _>, b: &Lex<_, _>| {
                    let mut joined = a.clone();
                    let grew = joined.join(b.clone());
                    (grew, joined)
                };
                let (grew, ab) = join(&a, &b);
                prop_assert_eq!(grew, ab != a);
                prop_assert_eq!(&ab, &join(&b, &a).1);
                prop_assert_eq!(join(&ab, &c).1, join(&a, &join(&b, &c).1).1);
            }

            #[test]
            fn stamps_are_in_bounds(stamp: Stamp) {
                prop_assert!(stamp.time() < Ticks::MAX);
            }
        }
    }
}
