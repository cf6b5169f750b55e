use crate::{Dot, ReplicaId};

/// The only source of one replica's dots.
///
/// For op-based types that number their own operations, such as [`OpSet`](crate::OpSet). It is not `Clone`,
/// because a dot must not be used twice. Types kept in a [`Causal`](crate::Causal) do not need one: they mint
/// from the version of their root.
///
/// ```
/// use rejoin::{ReplicaId, causality::Mint};
///
/// let mut mint = Mint::new(ReplicaId::from_u128(1));
/// assert_eq!(mint.mint().counter(), 1);
/// assert_eq!(mint.mint().counter(), 2);
/// ```
#[derive(Debug)]
pub struct Mint {
    replica: ReplicaId,
    /// The counter of the last dot; 0 before the first.
    last: u64,
}

impl Mint {
    /// The source of the dots of `replica`, of which there must not be another.
    pub fn new(replica: ReplicaId) -> Self {
        Mint { replica, last: 0 }
    }

    /// Goes on after `last`, as a restart from durable storage does. `last` must have been durable before the
    /// operation that carried it left.
    pub fn resume(last: Dot) -> Self {
        Mint { replica: last.replica(), last: last.counter() }
    }

    /// Whose dots these are.
    pub fn replica(&self) -> ReplicaId {
        self.replica
    }

    /// The counter of the last dot; 0 before the first.
    pub(crate) fn last(&self) -> u64 {
        self.last
    }

    /// The next dot.
    ///
    /// # Panics
    ///
    /// If all 2⁴⁴ − 1 dots have been used, which takes half a year at a million a second.
    pub fn mint(&mut self) -> Dot {
        let dot = Dot::new(self.replica, self.last + 1)
            .expect("this replica has used all its dots: go on under a new replica id");
        self.last = dot.counter();
        dot
    }
}
