use crate::{Crdt, Lattice};

/// A pair in which the greater first part decides, and takes its second part along.
///
/// While the first parts are equal, the second parts join. That makes the first part an *epoch*: raising it
/// throws away what was said in the second part before.
///
/// The greater first part is the one that the join of both equals. If it equals neither (two versions that have diverged,
/// say), the result is that join with a bottom second part: neither side's second part has authority over the other's.
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

impl<A: Lattice + Clone + PartialEq, B: Lattice> Lattice for Lex<A, B> {
    fn join(&mut self, other: Self) -> bool {
        // The order is that of the join, which need not be the one that `A` compares by: two sets are ordered as lists
        // are by `Ord`, and by inclusion here.
        if self.first == other.first {
            return self.second.join(other.second);
        }
        let mut first = self.first.clone();
        first.join(other.first.clone());
        if first == self.first {
            return false;
        }
        let second = if first == other.first { other.second } else { B::default() };
        *self = Lex { first, second };
        true
    }
}

impl<A: Lattice + Clone + PartialEq, B: Lattice> Crdt for Lex<A, B> {
    type Delta = Self;

    fn apply(&mut self, delta: Self) -> bool {
        self.join(delta)
    }
}

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeSet;

    use super::*;
    use crate::{Max, laws};

    #[test]
    fn the_order_is_that_of_the_join() {
        let lex = |first: &[u8], max, second: &[u8]| {
            let first: (BTreeSet<u8>, _) = (first.iter().copied().collect(), Max::new(max));
            Lex::new(first, second.iter().copied().collect::<BTreeSet<u8>>())
        };
        let samples = [lex(&[1], 9, &[1]), lex(&[2], 0, &[2]), lex(&[1, 2], 5, &[3]), lex(&[1, 2], 9, &[4])];
        laws::lattice(&samples).unwrap();
        let mut all = lex(&[1], 9, &[1]);
        all.join(lex(&[2], 0, &[2]));
        assert_eq!(all, lex(&[1, 2], 9, &[]));
    }
}
