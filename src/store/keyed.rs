use alloc::borrow::Cow;
use alloc::collections::BTreeMap;
use alloc::collections::btree_map::Entry;
use alloc::vec::Vec;
use core::borrow::Borrow;
use core::cmp::Ordering;
use core::fmt;

use super::change::{Change, KeyedChange};
use super::{Edit, Editable, Meeting, Naming, Pen, Receipt, Selection, Settling, Store};
use crate::causality::Names;

/// Stores by key: `Keyed<T, Dots<()>>` is an add-wins set, `Keyed<K, S>` a map, nested at will.
///
/// A key is here as long as a fact under it is live. Keys are ordered, so every replica iterates, prints and
/// encodes them alike.
#[derive(Clone)]
pub struct Keyed<K, S> {
    /// No child is empty, except while a handle is at work.
    pub(crate) children: BTreeMap<K, S>,
}

impl<K, S> Keyed<K, S> {
    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.children.len()
    }

    /// Whether there are no keys.
    pub fn is_empty(&self) -> bool {
        self.children.is_empty()
    }

    /// The keys and their stores, in the order of the keys.
    pub fn iter(&self) -> alloc::collections::btree_map::Iter<'_, K, S> {
        self.children.iter()
    }
}

impl<K: Ord, S> Keyed<K, S> {
    /// The store under `key`. `O(log n)`.
    pub fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&S>
    where
        K: Borrow<Q>,
    {
        self.children.get(key)
    }
}

impl<K: Ord, S: Store> Keyed<K, S> {
    /// Settles what is under each key in a way of its own. Keys under which nothing is left go.
    pub fn settle_each(&mut self, mut settle: impl FnMut(&mut S)) {
        crate::work::moved(self.children.len());
        self.children.retain(|_, child| {
            settle(child);
            !child.is_empty()
        });
    }
}

impl<K: Ord + Clone, S: Store> Keyed<K, S> {
    /// Merges with their children, which are sorted by key.
    fn merge_children<'o>(
        &mut self,
        theirs: impl Iterator<Item = (Cow<'o, K>, Cow<'o, S>)>,
        meeting: &Meeting<'_>,
    ) where
        K: 'o,
        S: 'o,
    {
        let nothing = S::default();
        let mut theirs = theirs.peekable();
        let (mut news, mut gone) = (Vec::new(), Vec::new());
        for (key, mine) in &mut self.children {
            loop {
                match theirs.peek().map(|(other, _)| (**other).cmp(key)) {
                    Some(Ordering::Less) => news.extend(theirs.next()),
                    Some(Ordering::Equal) => {
                        break if let Some((_, child)) = theirs.next() {
                            mine.merge(child, meeting);
                        };
                    }
                    Some(Ordering::Greater) | None => break mine.merge(Cow::Borrowed(&nothing), meeting),
                }
            }
            if mine.is_empty() {
                gone.push(key.clone());
            }
        }
        for key in gone {
            self.children.remove(&key);
        }
        for (key, child) in news.into_iter().chain(theirs) {
            let mut mine = S::default();
            mine.merge(child, meeting);
            if !mine.is_empty() {
                self.children.insert(key.into_owned(), mine);
            }
        }
    }
}

/// As a reader sees them, without dots.
impl<K: PartialEq, S: PartialEq> PartialEq for Keyed<K, S> {
    fn eq(&self, other: &Self) -> bool {
        self.children == other.children
    }
}

impl<K: Eq, S: Eq> Eq for Keyed<K, S> {}

impl<K, S> Default for Keyed<K, S> {
    fn default() -> Self {
        Keyed { children: BTreeMap::new() }
    }
}

impl<'a, K, S> IntoIterator for &'a Keyed<K, S> {
    type Item = (&'a K, &'a S);
    type IntoIter = alloc::collections::btree_map::Iter<'a, K, S>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<K: fmt::Debug, S: fmt::Debug> fmt::Debug for Keyed<K, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(&self.children).finish()
    }
}

impl<K: Ord + Clone, S: Store> Editable for Keyed<K, S> {
    type Change = KeyedChange<K, S::Change>;
    type Edit<'a>
        = Edit<'a, Self>
    where
        K: 'a,
        S: 'a;

    fn edit<'a>(&'a mut self, change: &'a mut Self::Change, pen: &'a Pen<'a>) -> Edit<'a, Self> {
        Edit::new(self, change, pen)
    }
}

impl<'a, K: Ord + Clone, S: Store> Edit<'a, Keyed<K, S>> {
    /// A handle on what is, or will be, under `key`. Using it for nothing changes nothing.
    pub fn entry(&mut self, key: K) -> S::Edit<'_> {
        Edit::new(&mut *self.state, &mut *self.change, self.pen).into_entry(key)
    }

    /// As [`entry`](Self::entry), where this handle is not needed any more.
    pub fn into_entry(self, key: K) -> S::Edit<'a> {
        let keys = &mut self.change.keys;
        match self.state.children.entry(key) {
            Entry::Occupied(child) => {
                let change = keys.entry(child.key().clone());
                child.into_mut().edit(change, self.pen)
            }
            // What was changed here before in this transaction is gone, so nobody will look for it.
            Entry::Vacant(place) => {
                let change = keys.push(place.key().clone());
                place.insert(S::default()).edit(change, self.pen)
            }
        }
    }

    /// As [`into_entry`](Self::into_entry), for who writes without regard to what this transaction has written there before:
    /// that need not be looked for.
    pub(crate) fn into_place(self, key: K) -> S::Edit<'a> {
        let change = self.change.keys.push(key.clone());
        self.state.children.entry(key).or_default().edit(change, self.pen)
    }

    /// A handle on what is under `key`, if there is anything.
    pub fn get_mut<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<S::Edit<'_>>
    where
        K: Borrow<Q>,
    {
        Edit::new(&mut *self.state, &mut *self.change, self.pen).into_mut(key)
    }

    /// As [`get_mut`](Self::get_mut), where this handle is not needed any more.
    pub fn into_mut<Q: Ord + ?Sized>(self, key: &Q) -> Option<S::Edit<'a>>
    where
        K: Borrow<Q>,
    {
        let own_key = self.state.children.get_key_value(key)?.0.clone();
        let child = self.state.children.get_mut(key)?;
        Some(child.edit(self.change.keys.entry(own_key), self.pen))
    }

    /// Removes everything under `key`. If there is nothing, nothing happens.
    pub fn remove<Q: Ord + ?Sized>(&mut self, key: &Q)
    where
        K: Borrow<Q>,
    {
        let keys = &mut self.change.keys;
        if !keys.is_tree() {
            if let Some((key, mut child)) = self.state.children.remove_entry(key) {
                child.clear(keys.append(key), self.pen);
            }
        } else if let Some((own_key, _)) = self.state.children.get_key_value(key) {
            // Comparing keys may panic, so it comes before the child leaves the map.
            let change = keys.entry(own_key.clone());
            if let Some(mut child) = self.state.children.remove(key) {
                child.clear(change, self.pen);
            }
        }
    }

    /// Removes everything under every key.
    pub fn clear(&mut self) {
        self.state.clear(self.change, self.pen);
    }
}

impl<K: Ord + Clone, S: Store> Store for Keyed<K, S> {
    fn is_empty(&self) -> bool {
        self.children.is_empty()
    }

    fn is_present(&self) -> bool {
        self.children.values().any(S::is_present)
    }

    fn clear(&mut self, change: &mut Self::Change, pen: &Pen<'_>) {
        if !change.keys.is_tree() {
            for (key, mut child) in core::mem::take(&mut self.children) {
                child.clear(change.keys.append(key), pen);
            }
            return;
        }
        while let Some(place) = self.children.first_entry() {
            // Comparing keys may panic, so it comes before the child leaves the map.
            let change = change.keys.entry(place.key().clone());
            place.remove().clear(change, pen);
        }
    }

    fn apply(&mut self, change: Self::Change, receipt: &mut Receipt<'_>) {
        for (key, change) in change.keys {
            match self.children.entry(key) {
                Entry::Occupied(mut child) => {
                    child.get_mut().apply(change, receipt);
                    if child.get().is_empty() {
                        child.remove();
                    }
                }
                Entry::Vacant(place) => {
                    let mut child = S::default();
                    child.apply(change, receipt);
                    if !child.is_empty() {
                        place.insert(child);
                    }
                }
            }
        }
    }

    fn merge(&mut self, other: Cow<'_, Self>, meeting: &Meeting<'_>) {
        match other {
            Cow::Borrowed(other) => {
                let theirs = other.children.iter().map(|(k, s)| (Cow::Borrowed(k), Cow::Borrowed(s)));
                self.merge_children(theirs, meeting);
            }
            Cow::Owned(other) => {
                let theirs = other.children.into_iter().map(|(k, s)| (Cow::Owned(k), Cow::Owned(s)));
                self.merge_children(theirs, meeting);
            }
        }
    }

    fn same(&self, other: &Self, naming: &Naming) -> bool {
        self.children.len() == other.children.len()
            && self.children.iter().zip(&other.children).all(|((k, a), (q, b))| k == q && a.same(b, naming))
    }

    fn export(&self, names: &Names, wanted: &Selection<'_>) -> Self::Change {
        let keys = self.children.iter().filter_map(|(key, child)| {
            let change = child.export(names, wanted);
            (!change.is_empty()).then(|| (key.clone(), change))
        });
        KeyedChange { keys: keys.collect() }
    }

    fn prune(&mut self, gone: &Selection<'_>) {
        self.children.retain(|_, child| {
            child.prune(gone);
            !child.is_empty()
        });
    }

    fn settle(&mut self, settling: &Settling) {
        self.settle_each(|child| child.settle(settling));
    }

    fn undo(&mut self, change: &mut Self::Change, pen: &Pen<'_>) {
        // Each key leaves the change when it is undone, in case one of the next panics when it is compared.
        while let Some((key, inner)) = change.keys.last_mut() {
            let child = self.children.entry(key.clone()).or_default();
            child.undo(inner, pen);
            if child.is_empty() {
                self.children.remove(key);
            }
            change.keys.pop();
        }
    }

    fn tidy(&mut self, change: &mut Self::Change, pen: &Pen<'_>) {
        change.keys.settle();
        change.keys.retain(|key, change| {
            if change.is_solid() {
                return true;
            }
            match self.children.get_mut(key) {
                Some(child) => {
                    child.tidy(change, pen);
                    if child.is_empty() {
                        self.children.remove(key);
                    }
                }
                // Removed in the same transaction; but the change may have empty places inside.
                None => S::default().tidy(change, pen),
            }
            !change.is_empty()
        });
    }
}
