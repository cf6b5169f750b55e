//! How a [`Writer`](crate::Writer) writes to plain lattices: [`Max`], [`Min`], and maps and pairs of what it can write.

use alloc::collections::BTreeMap;

use crate::ReplicaId;
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

impl<K: Ord + Clone, L: Plain> Edit<'_, BTreeMap<K, L>> {
    /// A handle on what is, or will be, under `key`. The key is there from now on: a map of lattices forgets nothing.
    pub fn entry(&mut self, key: K) -> L::Edit<'_> {
        let change = self.change.entry(key.clone()).or_default();
        self.state.entry(key).or_default().edit(change, self.pen)
    }
}

impl<K: Ord + Clone, L: Plain> Editable for BTreeMap<K, L> {
    type Change = Self;
    type Edit<'a>
        = Edit<'a, Self>
    where
        Self: 'a;

    fn edit<'a>(&'a mut self, change: &'a mut Self, pen: &'a Pen<'a>) -> Edit<'a, Self> {
        Edit::new(self, change, pen)
    }
}

/// Stock of many articles, likes of many posts: one writer for a map of plain lattices.
///
/// `entry` makes the key, also if what is done there is refused. (std's maps serialise with string keys only in JSON.)
///
/// ```
/// use rejoin::{BoundedCounter, NotEnough, Writer};
/// use std::collections::BTreeMap;
///
/// let mut shop = Writer::<BTreeMap<&str, BoundedCounter>>::new();
/// shop.try_edit(|stock| stock.entry("tea").increment(3))?;
/// assert!(shop.try_edit(|stock| stock.entry("tea").decrement(4)).is_err());
/// assert_eq!(shop["tea"].get(), 3);
/// # Ok::<(), NotEnough>(())
/// ```
impl<K: Ord + Clone, L: Plain> Plain for BTreeMap<K, L> {
    fn made_by(&self, replica: ReplicaId) -> u128 {
        self.values().map(|value| value.made_by(replica)).fold(0, u128::saturating_add)
    }
}

impl<A: Plain, B: Plain> Editable for (A, B) {
    type Change = Self;
    type Edit<'a>
        = (A::Edit<'a>, B::Edit<'a>)
    where
        Self: 'a;

    fn edit<'a>(&'a mut self, change: &'a mut Self, pen: &'a Pen<'a>) -> Self::Edit<'a> {
        (self.0.edit(&mut change.0, pen), self.1.edit(&mut change.1, pen))
    }
}

impl<A: Plain, B: Plain> Plain for (A, B) {
    fn made_by(&self, replica: ReplicaId) -> u128 {
        self.0.made_by(replica).saturating_add(self.1.made_by(replica))
    }
}
