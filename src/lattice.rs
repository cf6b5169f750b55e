//! The three faces of a replicated type, and the plain lattices that larger ones are built from.
//!
//! | face | trait | what travels | what the network must do |
//! |---|---|---|---|
//! | state-based | [`Lattice`] | whole states | deliver one of them, now and then |
//! | delta-based | [`Crdt`] | small changes | deliver each at least once, in any order, grouped at will |
//! | op-based | [`OpBased`] | operations | what the type asks for; a [`Crdt`] asks for no more than a delta does |
//!
//! State and delta are one meaning at two sizes: `s.join(t)`, `s.apply(d)`, and delivering the events one by
//! one, end in equal states.
//!
//! The lattices here are plain values: they need no identity and no version, and their delta is a small value
//! of their own type.
//!
//! | lattice | join | bottom |
//! |---|---|---|
//! | [`Max<T>`] | the greater | nothing yet |
//! | [`Min<T>`] | the lesser | nothing yet |
//! | `bool` | or | `false` |
//! | `()` | nothing to join | `()` |
//! | `(A, B)`, `(A, B, C)` | each part on its own | both bottoms |
//! | [`Lex<A, B>`] | the second part of the greater first part | both bottoms |
//! | `Option<L>` | the joined insides | `None`, which is below `Some(bottom)` |
//! | `BTreeMap<K, L>` | key by key | the empty map, which is below one with a key, even one of a bottom |
//! | `BTreeSet<T>` | union | the empty set |

mod lex;
mod max;
mod min;
mod product;
mod union;

pub use lex::Lex;
pub use max::Max;
pub use min::Min;
pub(crate) use union::join_counts;

/// A value that can be joined with another of its kind, in any order and any number of times.
///
/// `join` is commutative, associative and idempotent, and `Default` is its unit, the bottom. Those four laws
/// are what lets replicas exchange whole states over a network that loses, repeats and reorders them.
///
/// ```
/// use rejoin::{Lattice, Max};
///
/// let mut high_score = Max::new(70);
/// assert!(high_score.join(Max::new(90)));
/// assert!(!high_score.join(Max::new(80)));
/// assert_eq!(high_score.get(), Some(&90));
/// ```
pub trait Lattice: Default {
    /// Takes in all that `other` knows. Returns true if `self` grew.
    ///
    /// For plain values, to grow is to change; for a [`Causal`](crate::Causal) state it is to have learned of
    /// an event, whether or not that event still changes a reading. Gossip goes on as long as this says true.
    fn join(&mut self, other: Self) -> bool;
}

/// A lattice whose changes can be sent alone.
///
/// A delta is itself a lattice, so deltas can be grouped (joined) while they wait to be sent. A receiver that
/// has part of a group already loses nothing and repeats nothing.
pub trait Crdt: Lattice {
    /// What one or several mutations changed.
    type Delta: Lattice;

    /// Takes in a change. Returns true if `self` grew.
    fn apply(&mut self, delta: Self::Delta) -> bool;
}

/// A type that is replicated by sending its operations.
///
/// Every [`Crdt`] is one, and its operations are its deltas: idempotent, and good in any order. Types that
/// implement this trait alone, such as [`OpSet`](crate::OpSet), need each operation *exactly once* and *after
/// the operations its sender had seen*; they say so, and have `prepare_*` methods that make the operations.
pub trait OpBased {
    /// One operation, as it travels.
    type Op;

    /// Carries out an operation, made here or elsewhere.
    fn effect(&mut self, op: Self::Op);
}

impl<T: Crdt> OpBased for T {
    type Op = T::Delta;

    fn effect(&mut self, op: Self::Op) {
        self.apply(op);
    }
}
