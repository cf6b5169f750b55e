use core::cmp::Ordering;

use crate::{Crdt, Lattice};

/// A pair in which the greater first part decides, and takes its second part along.
///
/// While the first parts are equal, the second parts join. That makes the first part an *epoch*: raising it
/// throws away what was said in the second part before.
///
/// If `A` is only partially ordered (two version vectors, say) and the first parts are incomparable, the result
/// is their join with a bottom second part: neither side's second part has authority over the other's.
///
/// ```
/// use rejoin::{Lattice, Max, lattice::Lex};
/// use std::collections::BTreeSet;
///
/// // An advertisement that can be replaced as a whole: (edition, the shops that run it).
/// let mut here = Lex::new(Max::new(1), BTreeSet::from(["north", "south"]));
/// here.join(Lex::new(Max::new(1), BTreeSet::from(["east"])));
/// assert_eq!(here.second.len(), 3);
///
/// here.join(Lex::new(Max::new(2), BTreeSet::from(["west"])));
/// assert_eq!(here.second, BTreeSet::from(["west"]));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct Lex<A, B> {
    /// What decides.
    pub first: A,
    /// What belongs to `first`.
    pub second: B,
}

impl<A, B> Lex<A, B> {
    /// The pair of `first` and `second`.
    pub fn new(first: A, second: B) -> Self {
        Lex { first, second }
    }
}

impl<A: Lattice + PartialOrd, B: Lattice> Lattice for Lex<A, B> {
    fn join(&mut self, other: Self) -> bool {
        match self.first.partial_cmp(&other.first) {
            Some(Ordering::Greater) => false,
            Some(Ordering::Equal) => self.second.join(other.second),
            Some(Ordering::Less) => {
                *self = other;
                true
            }
            None => {
                self.first.join(other.first);
                self.second = B::default();
                true
            }
        }
    }
}

impl<A: Lattice + PartialOrd, B: Lattice> Crdt for Lex<A, B> {
    type Delta = Self;

    fn apply(&mut self, delta: Self) -> bool {
        self.join(delta)
    }
}
