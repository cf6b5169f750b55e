//! The facts of one leaf, in the room of one.
//!
//! ```text
//! one fact      tag, value           8 bytes for a member of a set, and as many to tell which it is
//! none, or many 0, a pointer or none
//! ```
//!
//! A tag is never 0, so a leaf with a value that is at least as large as a pointer takes no more than one fact does. That
//! is what a set of a million members is made of, so it counts.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;
use core::ops::{Deref, DerefMut};

use smallvec::{SmallVec, smallvec};

use crate::causality::Tag;
use crate::work::moved;

/// Facts that are being changed.
pub(crate) type Many<V> = SmallVec<[(Tag, V); 1]>;

/// For so many that come or go, moving those after them each time is quicker than moving all facts one by one.
const FEW: usize = 4;

#[derive(Clone)]
pub(crate) struct Facts<V>(Inner<V>);

#[derive(Clone)]
enum Inner<V> {
    One((Tag, V)),
    /// None, or two and more.
    Other(Option<Box<Many<V>>>),
}

impl<V> Facts<V> {
    pub(crate) fn one(tag: Tag, value: V) -> Self {
        Facts(Inner::One((tag, value)))
    }

    #[inline]
    pub(super) fn clear(&mut self) {
        *self = Facts::default();
    }

    /// Changes the facts in whatever way.
    pub(super) fn change<R>(&mut self, change: impl FnOnce(&mut Many<V>) -> R) -> R {
        if let Inner::Other(Some(many)) = &mut self.0 {
            let result = change(many);
            if many.len() <= 1 {
                *self = core::mem::take(&mut **many).into();
            }
            return result;
        }
        let mut few = self.take();
        let result = change(&mut few);
        *self = few.into();
        result
    }

    /// Inserts facts, each before the one that is at its place now. The places ascend.
    pub(super) fn insert_all(&mut self, news: Vec<(usize, (Tag, V))>) {
        if news.len() <= FEW {
            for (place, fact) in news.into_iter().rev() {
                moved(self.len() - place);
                self.change(|facts| facts.insert(place, fact));
            }
            return;
        }
        let mut all = Many::with_capacity(self.len() + news.len());
        moved(all.capacity());
        let (mut old, mut taken) = (self.take().into_iter(), 0);
        for (place, fact) in news {
            all.extend(old.by_ref().take(place - taken));
            all.push(fact);
            taken = place;
        }
        all.extend(old);
        *self = all.into();
    }

    /// Removes the facts at some places, which ascend.
    pub(super) fn remove_all(&mut self, places: &[usize]) {
        if places.len() <= FEW {
            for place in places.iter().rev() {
                moved(self.len() - place);
                self.change(|facts| facts.remove(*place));
            }
            return;
        }
        let (mut at, mut places) = (0, places.iter().peekable());
        self.change(|facts| {
            moved(facts.len());
            facts.retain(|_| {
                at += 1;
                places.next_if_eq(&&(at - 1)).is_none()
            });
        });
    }

    /// Leaves none.
    pub(super) fn take(&mut self) -> Many<V> {
        core::mem::take(self).into_many()
    }

    pub(super) fn into_many(self) -> Many<V> {
        match self.0 {
            Inner::One(fact) => smallvec![fact],
            Inner::Other(None) => SmallVec::new(),
            Inner::Other(Some(many)) => *many,
        }
    }
}

impl<V> From<Many<V>> for Facts<V> {
    fn from(mut facts: Many<V>) -> Self {
        if facts.len() > 1 {
            Facts(Inner::Other(Some(Box::new(facts))))
        } else {
            Facts(facts.pop().map_or(Inner::Other(None), Inner::One))
        }
    }
}

impl<V> Deref for Facts<V> {
    type Target = [(Tag, V)];

    fn deref(&self) -> &[(Tag, V)] {
        match &self.0 {
            Inner::One(fact) => core::slice::from_ref(fact),
            Inner::Other(None) => &[],
            Inner::Other(Some(many)) => many,
        }
    }
}

impl<V> DerefMut for Facts<V> {
    fn deref_mut(&mut self) -> &mut [(Tag, V)] {
        match &mut self.0 {
            Inner::One(fact) => core::slice::from_mut(fact),
            Inner::Other(None) => &mut [],
            Inner::Other(Some(many)) => many,
        }
    }
}

impl<V> Default for Facts<V> {
    fn default() -> Self {
        Facts(Inner::Other(None))
    }
}

impl<V: fmt::Debug> fmt::Debug for Facts<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_pointer_width = "64")]
    fn a_leaf_takes_little_room() {
        assert_eq!(size_of::<Facts<()>>(), 16);
        assert_eq!(size_of::<Facts<i64>>(), 16);
        assert_eq!(size_of::<Facts<(u64, i64)>>(), 24);
        assert_eq!(size_of::<Facts<alloc::string::String>>(), 32);
    }

    #[test]
    fn facts_come_and_go_together() {
        let facts =
            |numbers: &[u64]| -> Many<u64> { numbers.iter().map(|n| (Tag::new(0, *n), *n)).collect() };
        for n in [2, 12] {
            let (odd, even): (Vec<u64>, Vec<u64>) =
                ((1..2 * n).step_by(2).collect(), (2..=2 * n).step_by(2).collect());
            let mut both: Facts<u64> = facts(&odd).into();
            both.insert_all(facts(&even).into_iter().enumerate().map(|(at, fact)| (at + 1, fact)).collect());
            assert_eq!(both[..], facts(&(1..=2 * n).collect::<Vec<_>>())[..]);
            both.remove_all(&(1..=odd.len()).map(|at| 2 * at - 1).collect::<Vec<_>>());
            assert_eq!(both[..], facts(&odd)[..]);
            both.remove_all(&(0..odd.len()).collect::<Vec<_>>());
            assert!(both.is_empty());
        }
    }

    #[test]
    fn facts_come_and_go() {
        let tag = |n| Tag::new(0, n);
        let mut facts = Facts::default();
        assert!(facts.is_empty());
        for n in 1..=3 {
            facts.change(|facts| facts.push((tag(n), n)));
            assert_eq!(facts.len() as u64, n);
        }
        facts[1].1 = 7;
        for left in [2, 1, 0] {
            let last = facts.change(SmallVec::pop).map(|(_, value)| value);
            assert_eq!((facts.len(), last), (left, Some([1, 7, 3][left])));
            assert_eq!(matches!(facts.0, Inner::One(_)), left == 1, "one fact has no box");
        }
        let one: Facts<u64> = smallvec![(tag(9), 9)].into();
        assert!(matches!(one.0, Inner::One(_)));
        assert_eq!(alloc::format!("{one:?}"), alloc::format!("{:?}", [(tag(9), 9_u64)]));
        assert_eq!(Facts::one(tag(9), 9).take().into_vec(), [(tag(9), 9)]);
    }
}
