use alloc::collections::BTreeMap;
use core::fmt;

use smallvec::SmallVec;

use crate::lattice::join_counts;
use crate::store::{Edit, Editable, KeptPart, Partial, Pen, Plain};
use crate::{Crdt, Lattice, ReplicaId};

/// A count that never falls below zero, on any replica, whatever happens at the same time.
///
/// Every unit that is added comes with the *right* to take it away again. The right belongs to the replica that added
/// the unit, which can spend it or give it to another. A replica spends only rights that it owns, without asking
/// anybody; so what is there is never spent twice.
///
/// # When replicas disagree
///
/// | one does | another does | both read |
/// |---|---|---|
/// | `increment(m)` | `increment(n)` | `m + n` more |
/// | `decrement(m)` | `decrement(n)` | `m + n` less: each has spent rights of its own |
/// | `decrement(m)` | `transfer(n)` | `m` less; the rights have moved |
/// | `increment(m)` | `decrement(n)` | `m` more and `n` less |
/// | `decrement(m)` with too few rights | `transfer(m)` to it | refused; it would have been done after the transfer arrived |
///
/// # Writing
///
/// In a transaction of a [`Writer`](crate::Writer), through [`Edit`](crate::Edit): `increment(n)`,
/// `decrement(n)`, `transfer(to, n)`.
///
/// # Example
///
/// ```
/// use rejoin::{BoundedCounter, EditError, Writer};
///
/// let mut north = Writer::<BoundedCounter>::new();
/// let mut south = Writer::<BoundedCounter>::new();
/// let delivery = north.try_edit(|stock| {
///     stock.increment(10)?;
///     stock.transfer(south.replica(), 4)
/// })?;
/// south.apply(delivery);
///
/// south.try_edit(|stock| stock.decrement(4))?;
/// let refused = south.try_edit(|stock| stock.decrement(1));
/// let Err(EditError::Failed(refused)) = refused else { panic!("there are no rights left") };
/// assert_eq!(refused.held, 0);
/// assert_eq!(refused.holder, Some((north.replica(), 6))); // ask there
///
/// north.join(south.into_state());
/// assert_eq!(north.get(), 6);
/// # Ok::<(), EditError<rejoin::NotEnough>>(())
/// ```
///
/// # Reading
///
/// [`get`](Self::get) is what this replica knows: too much, if it has not heard of a sale; too little, if it has heard
/// of a sale but not of the delivery before it; never less than zero. Only the [`rights`](Self::rights) of one's own
/// replica are exact. Rights on their way belong to nobody: they have left the giver, and the receiver has not heard.
///
/// # Rights and identity
///
/// Rights belong to a replica *id*. A replica that goes on under a new id (which is the default at each start) leaves
/// its rights behind. Before it ends, let it [`transfer`](Self::transfer) them; or let it go on under its id, with a
/// stored [`Identity`](crate::Identity). A backup has the rights of its day: what was spent after it was made could be spent
/// again. So after restoring one, take in what others know before spending, and go on under a new id if something is
/// missing.
///
/// # Cost
///
/// 24 bytes per replica that ever spent, and 40 per replica that ever added and per pair that ever moved rights.
/// Spending is `O(p)` in the number `p` of such pairs.
///
/// # Not for
///
/// Bounds other than zero: count the distance from the bound instead. Bounds on several counts together.
///
/// # Where it comes from
///
/// Balegas, Serra, Duarte et al., *Extending Eventually Consistent Cloud Databases for Enforcing Numeric Invariants*
/// (2015), after O'Neil's escrow method (1986).
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct BoundedCounter {
    /// The rights that the first replica has given to the second, ever; under (r, r) what r has added. Never 0.
    pub(crate) given: BTreeMap<(ReplicaId, ReplicaId), u64>,
    /// The rights that each replica has spent, ever. Never 0.
    pub(crate) spent: BTreeMap<ReplicaId, u64>,
}

impl BoundedCounter {
    /// A counter at 0.
    pub fn new() -> Self {
        BoundedCounter::default()
    }

    /// The count, as far as it is known here. `O(p)`.
    pub fn get(&self) -> u128 {
        let added: u128 = self.given.iter().filter(|((a, b), _)| a == b).map(|(_, n)| u128::from(*n)).sum();
        added.saturating_sub(self.spent.values().map(|n| u128::from(*n)).sum())
    }

    /// How much `replica` may take away, as far as it is known here; exact for one's own replica. `O(p)`.
    pub fn rights(&self, replica: ReplicaId) -> u128 {
        let (mut owned, mut gone) = (0, u128::from(self.spent.get(&replica).copied().unwrap_or(0)));
        for ((from, to), n) in &self.given {
            if *to == replica {
                owned += u128::from(*n);
            } else if *from == replica {
                gone += u128::from(*n);
            }
        }
        owned.saturating_sub(gone)
    }

    /// The replicas that may take something away, as far as it is known here, and how much. `O(p · r)`.
    pub fn holders(&self) -> impl Iterator<Item = (ReplicaId, u128)> {
        let replicas: alloc::collections::BTreeSet<ReplicaId> =
            self.given.keys().map(|(_, to)| *to).collect();
        replicas.into_iter().map(|replica| (replica, self.rights(replica))).filter(|(_, rights)| *rights > 0)
    }

    /// Adds `n` for `replica`, which gets the rights, and returns the delta.
    ///
    /// This is what a [`Writer`](crate::Writer) does for the replica that it owns. Two hands must not act for one
    /// replica.
    ///
    /// # Errors
    ///
    /// [`NotEnough`] room, if what the replica has added would pass `u64::MAX`; nothing has changed.
    pub fn increment(&mut self, replica: ReplicaId, n: u64) -> Result<Self, NotEnough> {
        let room = u64::MAX - self.given.get(&(replica, replica)).copied().unwrap_or(0);
        if n > room {
            return Err(NotEnough { asked: n, held: room.into(), holder: None });
        }
        Ok(self.give(replica, replica, n))
    }

    /// Takes away `n` for `replica`, and returns the delta.
    ///
    /// # Errors
    ///
    /// [`NotEnough`] if the replica does not own so many rights; nothing has changed.
    pub fn decrement(&mut self, replica: ReplicaId, n: u64) -> Result<Self, NotEnough> {
        let spent = self.spent.get(&replica).copied().unwrap_or(0);
        self.check(replica, n, u64::MAX - spent)?;
        let mut delta = BoundedCounter::new();
        if n > 0 {
            self.spent.insert(replica, spent + n);
            delta.spent.insert(replica, spent + n);
        }
        Ok(delta)
    }

    /// Gives `n` of the rights of replica `from` to replica `to`, and returns the delta.
    ///
    /// # Errors
    ///
    /// [`NotEnough`] if `from` does not own so many rights; nothing has changed.
    pub fn transfer(&mut self, from: ReplicaId, to: ReplicaId, n: u64) -> Result<Self, NotEnough> {
        let given = self.given.get(&(from, to)).copied().unwrap_or(0);
        self.check(from, n, if from == to { u64::MAX } else { u64::MAX - given })?;
        Ok(if from == to { BoundedCounter::new() } else { self.give(from, to, n) })
    }

    /// Whether `replica` has `n` rights, and its account has room for moving them.
    fn check(&self, replica: ReplicaId, n: u64, room: u64) -> Result<(), NotEnough> {
        let held = self.rights(replica).min(room.into());
        if u128::from(n) <= held {
            return Ok(());
        }
        let holder = self.holders().filter(|(other, _)| *other != replica).max_by_key(|(_, rights)| *rights);
        Err(NotEnough { asked: n, held, holder })
    }

    fn give(&mut self, from: ReplicaId, to: ReplicaId, n: u64) -> Self {
        let mut delta = BoundedCounter::new();
        if n > 0 {
            let given = self.given.entry((from, to)).or_insert(0);
            *given += n;
            delta.given.insert((from, to), *given);
        }
        delta
    }
}

/// A replica has not enough rights for what was asked. Nothing was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NotEnough {
    /// What was asked for.
    pub asked: u64,
    /// What the replica could have had: its rights, or, where an increment was refused, what its account has room for.
    pub held: u128,
    /// Of the other replicas the one with the most rights, as far as it is known here, and how many it has. There may
    /// be more: see [`BoundedCounter::holders`].
    pub holder: Option<(ReplicaId, u128)>,
}

impl fmt::Display for NotEnough {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} asked for, and {} held; nothing was changed", self.asked, self.held)?;
        match self.holder {
            Some((replica, rights)) => write!(f, " (replica {replica} holds {rights})"),
            None => Ok(()),
        }
    }
}

impl core::error::Error for NotEnough {}

impl Edit<'_, BoundedCounter> {
    /// Adds `n`, and the rights to take it away again to this replica.
    ///
    /// # Errors
    ///
    /// [`NotEnough`] room, if what this replica has added would pass `u64::MAX`; nothing has changed.
    pub fn increment(&mut self, n: u64) -> Result<(), NotEnough> {
        let replica = self.pen.replica();
        self.note(Account::Given(replica, replica));
        let delta = self.state.increment(replica, n)?;
        self.change.join(delta);
        Ok(())
    }

    /// Takes away `n`.
    ///
    /// # Errors
    ///
    /// [`NotEnough`] if this replica does not own so many rights; nothing has changed.
    pub fn decrement(&mut self, n: u64) -> Result<(), NotEnough> {
        let replica = self.pen.replica();
        self.note(Account::Spent(replica));
        let delta = self.state.decrement(replica, n)?;
        self.change.join(delta);
        Ok(())
    }

    /// Gives `n` of this replica's rights to replica `to`.
    ///
    /// # Errors
    ///
    /// [`NotEnough`] if this replica does not own so many rights; nothing has changed.
    pub fn transfer(&mut self, to: ReplicaId, n: u64) -> Result<(), NotEnough> {
        let replica = self.pen.replica();
        self.note(Account::Given(replica, to));
        let delta = self.state.transfer(replica, to, n)?;
        self.change.join(delta);
        Ok(())
    }

    /// Notes the balance of an account, before it changes.
    fn note(&mut self, account: Account) {
        let held = match account {
            Account::Given(from, to) => self.state.given.get(&(from, to)),
            Account::Spent(replica) => self.state.spent.get(&replica),
        };
        self.change.before().push((account, held.copied().unwrap_or(0)));
    }
}

/// Where a [`BoundedCounter`] keeps a number.
#[derive(Clone, Copy, Debug)]
pub enum Account {
    /// The rights that the first replica has given to the second.
    Given(ReplicaId, ReplicaId),
    /// The rights that a replica has spent.
    Spent(ReplicaId),
}

impl Partial for BoundedCounter {
    /// The balances before each of the writes, in the order of the writes.
    type Part = SmallVec<[(Account, u64); 1]>;

    fn put_back(&mut self, part: Self::Part) {
        for (account, held) in part.into_iter().rev() {
            match (account, held) {
                (Account::Given(from, to), 0) => drop(self.given.remove(&(from, to))),
                (Account::Given(from, to), _) => drop(self.given.insert((from, to), held)),
                (Account::Spent(replica), 0) => drop(self.spent.remove(&replica)),
                (Account::Spent(replica), _) => drop(self.spent.insert(replica, held)),
            }
        }
    }
}

impl Editable for BoundedCounter {
    type Change = KeptPart<Self>;
    type Edit<'a> = Edit<'a, Self>;

    fn edit<'a>(&'a mut self, change: &'a mut Self::Change, pen: &'a Pen<'a>) -> Edit<'a, Self> {
        Edit::new(self, change, pen)
    }
}

impl Plain for BoundedCounter {
    fn made_by(&self, replica: ReplicaId) -> u128 {
        let given = self.given.iter().filter(|((from, _), _)| *from == replica).map(|(_, n)| u128::from(*n));
        given.sum::<u128>() + u128::from(self.spent.get(&replica).copied().unwrap_or(0))
    }
}

impl Lattice for BoundedCounter {
    fn join(&mut self, other: Self) -> bool {
        join_counts(&mut self.given, other.given) | join_counts(&mut self.spent, other.spent)
    }
}

impl Crdt for BoundedCounter {
    type Delta = Self;

    fn apply(&mut self, delta: Self) -> bool {
        self.join(delta)
    }
}

impl fmt::Debug for BoundedCounter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BoundedCounter").field("given", &self.given).field("spent", &self.spent).finish()
    }
}

#[cfg(feature = "serde")]
mod wire {
    use alloc::collections::BTreeMap;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::{BoundedCounter, ReplicaId};
    use crate::sorted::pairs;

    struct Accounts<'a, K>(&'a BTreeMap<K, u64>);

    impl<K: Serialize> Serialize for Accounts<'_, K> {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            pairs::serialize(self.0, serializer)
        }
    }

    fn accounts<'de, D: Deserializer<'de>, K: Deserialize<'de> + Ord>(
        deserializer: D,
    ) -> Result<BTreeMap<K, u64>, D::Error> {
        let accounts =
            pairs::deserialize_each(
                deserializer,
                |n: u64| {
                    if n == 0 { Err("an account of nothing") } else { Ok(n) }
                },
            )?;
        Ok(accounts.into_iter().collect())
    }

    impl Serialize for BoundedCounter {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            #[derive(Serialize)]
            #[serde(rename = "BoundedCounter")]
            struct Wire<'a> {
                given: Accounts<'a, (ReplicaId, ReplicaId)>,
                spent: Accounts<'a, ReplicaId>,
            }
            Wire { given: Accounts(&self.given), spent: Accounts(&self.spent) }.serialize(serializer)
        }
    }

    impl<'de> Deserialize<'de> for BoundedCounter {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            #[derive(Deserialize)]
            #[serde(rename = "BoundedCounter", deny_unknown_fields)]
            struct Wire {
                #[serde(deserialize_with = "accounts")]
                given: BTreeMap<(ReplicaId, ReplicaId), u64>,
                #[serde(deserialize_with = "accounts")]
                spent: BTreeMap<ReplicaId, u64>,
            }
            let Wire { given, spent } = Wire::deserialize(deserializer)?;
            Ok(BoundedCounter { given, spent })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: ReplicaId = ReplicaId::from_u128(1);
    const B: ReplicaId = ReplicaId::from_u128(2);

    #[test]
    fn a_sale_known_before_its_delivery_reads_zero() {
        let (mut at_a, mut at_b) = (BoundedCounter::new(), BoundedCounter::new());
        let delivery = at_a.increment(A, 5).unwrap();
        at_b.join(at_a.clone());
        let rights = at_a.transfer(A, B, 5).unwrap();
        at_b.apply(rights.clone());
        let sale = at_b.decrement(B, 3).unwrap();

        let mut third = BoundedCounter::new();
        third.apply(sale);
        assert_eq!((third.get(), third.rights(B)), (0, 0));
        third.apply(rights);
        assert_eq!((third.get(), third.rights(B)), (0, 2));
        third.apply(delivery);
        assert_eq!((third.get(), third.rights(A), third.rights(B)), (2, 0, 2));
    }

    #[test]
    fn nothing_leaves_no_trace() {
        let mut counter = BoundedCounter::new();
        for delta in [counter.increment(A, 0), counter.decrement(A, 0), counter.transfer(A, B, 0)] {
            assert_eq!(delta, Ok(BoundedCounter::new()));
        }
        assert_eq!(counter, BoundedCounter::new());
    }

    #[test]
    fn accounts_are_checked_at_their_end() {
        let mut counter = BoundedCounter::new();
        counter.increment(A, u64::MAX).unwrap();
        assert!(counter.increment(A, 1).is_err());
        assert!(counter.transfer(A, A, 1).is_ok());
        counter.transfer(A, B, u64::MAX).unwrap();
        counter.transfer(B, A, u64::MAX).unwrap();
        // A has the rights, but what it has given to B can grow no more.
        assert_eq!(counter.rights(A), u64::MAX.into());
        assert!(counter.transfer(A, B, 1).is_err());
        assert!(counter.decrement(A, u64::MAX).is_ok());
        assert_eq!(counter.get(), 0);
    }
}
