//! How a [`Writer`](crate::Writer) writes to plain lattices: [`Max`], [`Min`], and maps and pairs of what it can write.

use alloc::collections::BTreeMap;
use alloc::collections::btree_map::Entry;

use crate::ReplicaId;
use crate::store::{Draft, Edit, Editable, Kept, Pen, Plain};
use crate::{Crdt, Max, Min};

impl<T: Ord + Clone> Edit<'_, Max<T>> {
    /// Offers a value.
    pub fn offer(&mut self, value: T) {
        if self.state.get().is_none_or(|best| value > *best) {
            let copy = Max::new(value.clone());
            self.change.replace(self.state, Max::new(value), copy);
        }
    }
}

impl<T: Ord + Clone> Editable for Max<T> {
    type Change = Kept<Self>;
    type Edit<'a>
        = Edit<'a, Self>
    where
        T: 'a;

    fn edit<'a>(&'a mut self, change: &'a mut Self::Change, pen: &'a Pen<'a>) -> Edit<'a, Self> {
        Edit::new(self, change, pen)
    }
}

impl<T: Ord + Clone> Plain for Max<T> {}

impl<T: Ord + Clone> Edit<'_, Min<T>> {
    /// Offers a value.
    pub fn offer(&mut self, value: T) {
        if self.state.get().is_none_or(|best| value < *best) {
            let copy = Min::new(value.clone());
            self.change.replace(self.state, Min::new(value), copy);
        }
    }
}

impl<T: Ord + Clone> Editable for Min<T> {
    type Change = Kept<Self>;
    type Edit<'a>
        = Edit<'a, Self>
    where
        T: 'a;

    fn edit<'a>(&'a mut self, change: &'a mut Self::Change, pen: &'a Pen<'a>) -> Edit<'a, Self> {
        Edit::new(self, change, pen)
    }
}

impl<T: Ord + Clone> Plain for Min<T> {}

impl<K: Ord + Clone, L: Plain> Edit<'_, BTreeMap<K, L>> {
    /// A handle on what is, or will be, under `key`. The key is there from now on: a map of lattices forgets nothing.
    pub fn entry(&mut self, key: K) -> L::Edit<'_> {
        let place = self.change.entry(key.clone()).or_default();
        let value = match self.state.entry(key) {
            Entry::Occupied(value) => value.into_mut(),
            Entry::Vacant(vacant) => {
                place.is_new = true;
                vacant.insert(L::default())
            }
        };
        value.edit(&mut place.draft, self.pen)
    }
}

/// The writes of a transaction under one key of a map of plain values.
#[derive(Clone, Debug, Default)]
pub struct Place<D> {
    draft: D,
    /// True if the transaction made the key.
    is_new: bool,
}

impl<K: Ord + Clone, L: Plain> Draft<BTreeMap<K, L>> for BTreeMap<K, Place<L::Change>> {
    fn outline(&self) -> BTreeMap<K, L> {
        self.iter().map(|(key, place)| (key.clone(), place.draft.outline())).collect()
    }

    fn swap(&mut self, outline: &mut BTreeMap<K, L>) {
        for (place, delta) in self.values_mut().zip(outline.values_mut()) {
            place.draft.swap(delta);
        }
    }

    fn undo(&mut self, map: &mut BTreeMap<K, L>) {
        while let Some(mut last) = self.last_entry() {
            if let Some(value) = map.get_mut(last.key()) {
                last.get_mut().draft.undo(value);
            }
            if last.get().is_new {
                map.remove(last.key());
            }
            last.remove();
        }
    }
}

impl<K: Ord + Clone, L: Plain> Editable for BTreeMap<K, L> {
    type Change = BTreeMap<K, Place<L::Change>>;
    type Edit<'a>
        = Edit<'a, Self>
    where
        Self: 'a;

    fn edit<'a>(&'a mut self, change: &'a mut Self::Change, pen: &'a Pen<'a>) -> Edit<'a, Self> {
        Edit::new(self, change, pen)
    }
}

/// Stock of many articles, likes of many posts: one writer for a map of plain lattices.
///
/// `entry` makes the key, also if nothing is done there. (std's maps serialise with string keys only in JSON.)
///
/// ```
/// use rejoin::{BoundedCounter, NotEnough, Writer};
/// use std::collections::BTreeMap;
///
/// let mut shop = Writer::<BTreeMap<&str, BoundedCounter>>::new();
/// shop.try_edit(|stock| stock.entry("tea").increment(3))?;
/// assert!(shop.try_edit(|stock| stock.entry("tea").decrement(4)).is_err());
/// assert_eq!(shop["tea"].get(), 3);
/// # Ok::<(), rejoin::EditError<NotEnough>>(())
/// ```
impl<K: Ord + Clone, L: Plain> Plain for BTreeMap<K, L> {
    fn made_by(&self, replica: ReplicaId) -> u128 {
        self.values().map(|value| value.made_by(replica)).fold(0, u128::saturating_add)
    }
}

impl<A: Plain, B: Plain> Editable for (A, B) {
    type Change = (A::Change, B::Change);
    type Edit<'a>
        = (A::Edit<'a>, B::Edit<'a>)
    where
        Self: 'a;

    fn edit<'a>(&'a mut self, change: &'a mut Self::Change, pen: &'a Pen<'a>) -> Self::Edit<'a> {
        (self.0.edit(&mut change.0, pen), self.1.edit(&mut change.1, pen))
    }
}

impl<A: Crdt, B: Crdt, C: Draft<A>, D: Draft<B>> Draft<(A, B)> for (C, D) {
    fn outline(&self) -> (A, B) {
        (self.0.outline(), self.1.outline())
    }

    fn swap(&mut self, outline: &mut (A, B)) {
        self.0.swap(&mut outline.0);
        self.1.swap(&mut outline.1);
    }

    fn undo(&mut self, pair: &mut (A, B)) {
        self.0.undo(&mut pair.0);
        self.1.undo(&mut pair.1);
    }
}

impl<A: Plain, B: Plain> Plain for (A, B) {
    fn made_by(&self, replica: ReplicaId) -> u128 {
        self.0.made_by(replica).saturating_add(self.1.made_by(replica))
    }
}
