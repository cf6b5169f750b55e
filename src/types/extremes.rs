//! How a [`Writer`](crate::Writer) writes to the lattices [`Max`] and [`Min`].

use crate::store::{Edit, Editable, Pen, Plain};
use crate::{Lattice, Max, Min};

impl<T: Ord + Clone> Edit<'_, Max<T>> {
    /// Offers a value.
    pub fn offer(&mut self, value: T) {
        let delta = self.state.offer(value);
        self.change.join(delta);
    }
}

impl<T: Ord + Clone> Editable for Max<T> {
    type Change = Self;
    type Edit<'a>
        = Edit<'a, Self>
    where
        T: 'a;

    fn edit<'a>(&'a mut self, change: &'a mut Self, pen: &'a Pen<'a>) -> Edit<'a, Self> {
        Edit::new(self, change, pen)
    }
}

impl<T: Ord + Clone> Plain for Max<T> {}

impl<T: Ord + Clone> Edit<'_, Min<T>> {
    /// Offers a value.
    pub fn offer(&mut self, value: T) {
        let delta = self.state.offer(value);
        self.change.join(delta);
    }
}

impl<T: Ord + Clone> Editable for Min<T> {
    type Change = Self;
    type Edit<'a>
        = Edit<'a, Self>
    where
        T: 'a;

    fn edit<'a>(&'a mut self, change: &'a mut Self, pen: &'a Pen<'a>) -> Edit<'a, Self> {
        Edit::new(self, change, pen)
    }
}

impl<T: Ord + Clone> Plain for Min<T> {}
