//! A join says whether it brought news, and gossip goes on as long as one does: values of every plain lattice, each with
//! each. And what plain values are made from.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

use rejoin::lattice::Lex;
use rejoin::*;

/// All values against all, as states and as deltas.
fn tells_growth<T: Crdt<Delta = T> + Clone + PartialEq + Debug>(values: &[T]) {
    laws::lattice(values).unwrap_or_else(|failure| panic!("{failure}"));
    for a in values {
        for b in values {
            let mut joined = a.clone();
            joined.join(b.clone());
            let mut applied = a.clone();
            assert_eq!(applied.apply(b.clone()), joined != *a, "{b:?} is applied to {a:?}");
            assert_eq!(applied, joined);
        }
    }
}

const BOTH: [bool; 2] = [false, true];

#[test]
fn the_smallest_lattices_tell_growth() {
    tells_growth(&[()]);
    tells_growth(&BOTH);
    tells_growth(&[None, Some(false), Some(true)]);
}

#[test]
fn of_tuples_any_part_may_grow() {
    tells_growth(&BOTH.map(|a| BOTH.map(|b| (a, b))).concat());
    tells_growth(&BOTH.map(|a| BOTH.map(|b| BOTH.map(|c| (a, b, c))).concat()).concat());
}

#[test]
fn of_maps_any_key_may_come_or_grow() {
    let values = [vec![], vec![(1, false)], vec![(1, true)], vec![(2, true)], vec![(1, true), (2, false)]];
    tells_growth(&values.map(BTreeMap::from_iter));
    tells_growth(&[vec![], vec![1], vec![2], vec![1, 2]].map(BTreeSet::from_iter));
}

#[test]
fn lexicographic_pairs_tell_growth() {
    tells_growth(&BOTH.map(|first| BOTH.map(|second| Lex::new(first, second))).concat());
}

#[test]
fn versions_and_vector_clocks_tell_growth() {
    let [a, b] = [1, 2].map(ReplicaId::from_u128);
    let dot = |(replica, counter)| Dot::new(replica, counter).unwrap();
    let events = [vec![], vec![(a, 1)], vec![(a, 2)], vec![(b, 1)], vec![(a, 1), (b, 1)]];
    tells_growth(&events.map(|events| events.into_iter().map(dot).collect::<Version>()));
    let counts = [vec![], vec![(a, 1)], vec![(a, 2)], vec![(b, 1)], vec![(a, 1), (b, 1)]];
    let clocks = counts.map(VectorClock::from_iter);
    tells_growth(&clocks);
    assert!(clocks[2].is_concurrent_with(&clocks[3]) && clocks[3].is_concurrent_with(&clocks[2]));
    assert!(!clocks[1].is_concurrent_with(&clocks[2]) && !clocks[4].is_concurrent_with(&clocks[1]));
}

#[test]
fn extremes_are_made_of_what_was_offered() {
    tells_growth(&[None, Some(1), Some(2)].map(|offered| offered.into_iter().collect::<Max<u8>>()));
    tells_growth(&[None, Some(1), Some(2)].map(|offered| offered.into_iter().collect::<Min<u8>>()));
    assert_eq!((Max::from(3), Min::from(3)), (Max::new(3), Min::new(3)));
    let (mut most, mut least) = (Max::from_iter([3, 9, 4]), Min::from_iter([3, 1, 4]));
    assert_eq!((most.into_inner(), least.into_inner()), (Some(9), Some(1)));
    most.extend([10, 2]);
    least.extend([0, 2]);
    assert_eq!((most.get(), least.get()), (Some(&10), Some(&0)));
    assert!(Min::new(1) > Min::new(2) && Min::new(2) > Min::default(), "less is more");
}

#[test]
fn a_law_that_is_broken_is_found() {
    /// Takes the other's value, whatever it is.
    #[derive(Clone, Debug, Default, PartialEq)]
    struct Last(u8);
    impl Lattice for Last {
        fn join(&mut self, other: Self) -> bool {
            std::mem::replace(&mut self.0, other.0) != other.0
        }
    }
    assert!(laws::lattice(&[Last(1), Last(2)]).is_err());
}
