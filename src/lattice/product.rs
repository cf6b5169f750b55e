//! Lattices made of other lattices, part by part: nothing, tuples, options; and `bool`, the smallest of all.

use crate::{Crdt, Lattice};

impl Lattice for () {
    fn join(&mut self, (): Self) -> bool {
        false
    }
}

impl Crdt for () {
    type Delta = Self;

    fn apply(&mut self, (): Self) -> bool {
        false
    }
}

impl Lattice for bool {
    fn join(&mut self, other: Self) -> bool {
        let grew = other && !*self;
        *self |= other;
        grew
    }
}

impl Crdt for bool {
    type Delta = Self;

    fn apply(&mut self, delta: Self) -> bool {
        self.join(delta)
    }
}

impl<A: Lattice, B: Lattice> Lattice for (A, B) {
    fn join(&mut self, other: Self) -> bool {
        self.0.join(other.0) | self.1.join(other.1)
    }
}

impl<A: Crdt, B: Crdt> Crdt for (A, B) {
    type Delta = (A::Delta, B::Delta);

    fn apply(&mut self, delta: Self::Delta) -> bool {
        self.0.apply(delta.0) | self.1.apply(delta.1)
    }
}

impl<A: Lattice, B: Lattice, C: Lattice> Lattice for (A, B, C) {
    fn join(&mut self, other: Self) -> bool {
        self.0.join(other.0) | self.1.join(other.1) | self.2.join(other.2)
    }
}

impl<A: Crdt, B: Crdt, C: Crdt> Crdt for (A, B, C) {
    type Delta = (A::Delta, B::Delta, C::Delta);

    fn apply(&mut self, delta: Self::Delta) -> bool {
        self.0.apply(delta.0) | self.1.apply(delta.1) | self.2.apply(delta.2)
    }
}

impl<L: Lattice> Lattice for Option<L> {
    fn join(&mut self, other: Self) -> bool {
        match (self.as_mut(), other) {
            (_, None) => false,
            (Some(mine), Some(theirs)) => mine.join(theirs),
            (None, theirs) => {
                *self = theirs;
                true
            }
        }
    }
}

impl<L: Crdt> Crdt for Option<L> {
    type Delta = Option<L::Delta>;

    fn apply(&mut self, delta: Self::Delta) -> bool {
        let Some(delta) = delta else { return false };
        let was_none = self.is_none();
        self.get_or_insert_default().apply(delta) | was_none
    }
}
