//! Types that are replicated by operations alone, in the order that they ask for: exactly once, and after what the sender
//! had seen. The kit then delivers in every such order there is.

use std::collections::BTreeSet;

use rejoin::causality::Mint;
use rejoin::laws::{Hand, Known, Subject};
use rejoin::*;

/// An operation, and the operations that its sender had seen.
type Sent = (Dot, BTreeSet<Dot>, Option<SetOp<u8>>);

/// A set behind an inbox, which holds back what comes too early and drops what comes again.
#[derive(Clone, Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Inbox {
    set: OpSet<u8>,
    done: Vec<Sent>,
    waiting: Vec<Sent>,
}

impl Inbox {
    fn seen(&self) -> BTreeSet<Dot> {
        self.done.iter().map(|(dot, ..)| *dot).collect()
    }

    fn all(&self) -> BTreeSet<Dot> {
        self.done.iter().chain(&self.waiting).map(|(dot, ..)| *dot).collect()
    }

    fn deliver(&mut self) {
        let seen = self.seen();
        if let Some(next) = self.waiting.iter().position(|(_, after, _)| after.is_subset(&seen)) {
            let (dot, after, op) = self.waiting.remove(next);
            op.iter().for_each(|op| self.set.effect(op.clone()));
            self.done.push((dot, after, op));
            self.deliver();
        }
    }
}

/// The order of what has been done is left out: all orders must end alike.
impl PartialEq for Inbox {
    fn eq(&self, other: &Self) -> bool {
        self.set == other.set && self.seen() == other.seen() && self.all() == other.all()
    }
}

impl Lattice for Inbox {
    fn join(&mut self, other: Self) -> bool {
        let known = self.all();
        let news = other.done.into_iter().chain(other.waiting).filter(|(dot, ..)| !known.contains(dot));
        self.waiting.extend(news);
        self.deliver();
        self.all() != known
    }
}

impl Crdt for Inbox {
    type Delta = Self;

    fn apply(&mut self, delta: Self) -> bool {
        self.join(delta)
    }
}

impl Inbox {
    /// Prepares an operation, which changes nothing, and sends it to everybody, itself included.
    fn send(&mut self, hand: &Hand, op: impl FnOnce(&OpSet<u8>, &mut Mint) -> Option<SetOp<u8>>) -> Self {
        let sent = self.done.iter().filter(|(dot, ..)| dot.replica() == hand.replica()).map(|(dot, ..)| *dot);
        let mut mint = sent.max().map_or_else(|| Mint::new(hand.replica()), Mint::resume);
        let before = self.set.clone();
        let op = op(&self.set, &mut mint);
        assert_eq!(self.set, before);
        let dot = match &op {
            Some(SetOp::Insert { dot, .. }) => *dot,
            _ => mint.mint(),
        };
        let delta = Inbox { waiting: vec![(dot, self.seen(), op)], ..Inbox::default() };
        self.join(delta.clone());
        delta
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Do {
    Insert(u8),
    Remove(u8),
}

struct This;

impl Subject for This {
    type State = Inbox;
    type Mutation = Do;
    type Reading = Vec<u8>;

    fn mutations(&self) -> Vec<Do> {
        vec![Do::Insert(1), Do::Insert(2), Do::Remove(1)]
    }

    fn write(&self, inbox: &mut Inbox, hand: &mut Hand, what: &Do) -> Inbox {
        match *what {
            Do::Insert(x) => inbox.send(hand, |set, mint| Some(set.prepare_insert(x, mint))),
            Do::Remove(x) => inbox.send(hand, |set, _| set.prepare_remove(&x)),
        }
    }

    fn read(&self, inbox: &Inbox) -> Vec<u8> {
        inbox.set.iter().copied().collect()
    }

    fn specify(&self, known: &Known<'_, Do>) -> Option<Vec<u8>> {
        let is_in = |x: &u8| {
            let mut live = known.live(|m| *m == Do::Insert(*x), |_, later| *later == Do::Remove(*x));
            live.next().is_some()
        };
        Some((1..=2).filter(is_in).collect())
    }

    #[cfg(feature = "serde")]
    fn save_and_load(&self, inbox: &Inbox) -> Option<Inbox> {
        serde_json::from_value(serde_json::to_value(inbox).unwrap()).ok()
    }
}

#[test]
fn keeps_the_laws() {
    super::keeps_the_laws(&This);
}
