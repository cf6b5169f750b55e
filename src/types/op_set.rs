use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;
use core::borrow::Borrow;

use crate::causality::Mint;
use crate::{Dot, OpBased};

/// An add-wins set that is replicated by operations alone.
///
/// It keeps no version: nothing tells it whether it has seen an operation before. So each operation must take effect
/// **exactly once** on every replica, and **after** the operations that its sender had seen. Where something else
/// already provides that (a replicated log, reliable causal broadcast), this is the smallest add-wins set there is;
/// everywhere else take [`OrSet`](crate::OrSet), which asks for nothing, or put a
/// [`CausalInbox`](crate::sync::inbox::CausalInbox) in between.
///
/// # When replicas disagree
///
/// | one does | another does | both read |
/// |---|---|---|
/// | `prepare_insert(x)` | `prepare_remove(x)` | `x` is in |
/// | `prepare_insert(x)` | `prepare_insert(x)` | `x` is in |
/// | `prepare_remove(x)` | `prepare_remove(x)` | `x` is out |
///
/// # Example
///
/// ```
/// use rejoin::{OpBased, OpSet, ReplicaId, causality::Mint};
///
/// let (mut a, mut b) = (OpSet::new(), OpSet::new());
/// let (mut at_a, mut at_b) = (Mint::new(ReplicaId::random()), Mint::new(ReplicaId::random()));
///
/// let first = a.prepare_insert("milk", &mut at_a);
/// a.effect(first.clone());
/// b.effect(first);
///
/// let removal = a.prepare_remove("milk").expect("it is in");
/// let second = b.prepare_insert("milk", &mut at_b);
/// a.effect(removal.clone());
/// b.effect(second.clone());
/// a.effect(second);
/// b.effect(removal);
///
/// assert!(a.contains("milk"));
/// assert_eq!(a, b);
/// ```
///
/// # Cost
///
/// `O(log n)`; a tree of dots per member, of which there is one, unless members are inserted concurrently.
/// Removed members leave nothing behind.
///
/// # Not for
///
/// Networks that lose, repeat or reorder, unless something in between mends that.
///
/// # Where it comes from
///
/// Specification 15 of Shapiro et al. (2011).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpSet<T> {
    pub(crate) members: BTreeMap<T, BTreeSet<Dot>>,
}

/// An operation on an [`OpSet`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
#[non_exhaustive]
pub enum SetOp<T> {
    /// Adds `value`, in place of the insertions that were observed.
    #[non_exhaustive]
    Insert {
        /// What is inserted.
        value: T,
        /// Which insertion it is.
        dot: Dot,
        /// The insertions it replaces.
        replaces: Vec<Dot>,
    },
    /// Removes the insertions of `value` that were observed.
    #[non_exhaustive]
    Remove {
        /// What is removed.
        value: T,
        /// Which insertions of it.
        insertions: Vec<Dot>,
    },
}

impl<T> OpSet<T> {
    /// The empty set.
    pub fn new() -> Self {
        OpSet::default()
    }

    /// How many members there are.
    pub fn len(&self) -> usize {
        self.members.len()
    }

    /// Whether there are no members.
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// The members, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &T> {
        self.members.keys()
    }
}

impl<T: Ord> OpSet<T> {
    /// Whether `value` is in the set. `O(log n)`.
    pub fn contains<Q: Ord + ?Sized>(&self, value: &Q) -> bool
    where
        T: Borrow<Q>,
    {
        self.members.contains_key(value)
    }

    /// An operation that inserts `value`. It changes nothing until it takes [effect](OpBased::effect), here as
    /// elsewhere.
    pub fn prepare_insert(&self, value: T, mint: &mut Mint) -> SetOp<T> {
        let replaces = self.insertions(&value);
        SetOp::Insert { value, dot: mint.mint(), replaces }
    }

    /// An operation that removes `value`; `None` if it is not in.
    pub fn prepare_remove<Q: Ord + ?Sized>(&self, value: &Q) -> Option<SetOp<T>>
    where
        T: Borrow<Q> + Clone,
    {
        let (value, insertions) = self.members.get_key_value(value)?;
        Some(SetOp::Remove { value: value.clone(), insertions: insertions.iter().copied().collect() })
    }

    fn insertions(&self, value: &T) -> Vec<Dot> {
        self.members.get(value).into_iter().flatten().copied().collect()
    }
}

impl<T: Ord> OpBased for OpSet<T> {
    type Op = SetOp<T>;

    /// Carries out an operation. Each must come exactly once, after those that its sender had seen.
    fn effect(&mut self, op: SetOp<T>) {
        match op {
            SetOp::Insert { value, dot, replaces } => {
                let insertions = self.members.entry(value).or_default();
                // Each is looked for among those that are here: either may be many, if strangers say so.
                replaces.iter().for_each(|dot| _ = insertions.remove(dot));
                insertions.insert(dot);
            }
            SetOp::Remove { value, insertions } => {
                if let Some(live) = self.members.get_mut(&value) {
                    insertions.iter().for_each(|dot| _ = live.remove(dot));
                    if live.is_empty() {
                        self.members.remove(&value);
                    }
                }
            }
        }
    }
}

impl<T> Default for OpSet<T> {
    fn default() -> Self {
        OpSet { members: BTreeMap::new() }
    }
}

#[cfg(feature = "serde")]
impl<T: serde::Serialize> serde::Serialize for OpSet<T> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        crate::sorted::pairs::serialize(&self.members, serializer)
    }
}

#[cfg(feature = "serde")]
impl<'de, T: serde::Deserialize<'de> + Ord> serde::Deserialize<'de> for OpSet<T> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let members = crate::sorted::pairs::deserialize_each(deserializer, |dots: Vec<Dot>| {
            let is_set = !dots.is_empty() && dots.is_sorted_by(|a, b| a < b);
            if is_set {
                Ok(BTreeSet::from_iter(dots))
            } else {
                Err("insertions are not a set of at least one")
            }
        })?;
        Ok(OpSet { members: members.into_iter().collect() })
    }
}
