//! States, classic deltas, and deltas with BP+RR, after the paper's algorithm 1 and 2, over networks that lose nothing.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::work::{Op, Work, added, follower};
use super::{NODES, Net, Sent};

/// What all workloads come down to: keys, each with a number, of which the greater wins. An element of a set has a 1.
#[derive(Clone, Default, PartialEq)]
struct Entries(BTreeMap<u64, u32>);

impl Entries {
    fn len(&self) -> u64 {
        self.0.len() as u64
    }

    fn has(&self, key: u64, value: u32) -> bool {
        self.0.get(&key).is_some_and(|mine| *mine >= value)
    }

    fn put(&mut self, key: u64, value: u32) {
        let mine = self.0.entry(key).or_default();
        *mine = value.max(*mine);
    }

    fn join(&mut self, other: &Entries) {
        other.0.iter().for_each(|(key, value)| self.put(*key, *value));
    }

    /// What of this `other` lacks: the least delta that, joined to `other`, is as good.
    fn without(&self, other: &Entries) -> Entries {
        Entries(
            self.0.iter().filter(|(key, value)| !other.has(**key, **value)).map(|(k, v)| (*k, *v)).collect(),
        )
    }
}

#[derive(Clone, Copy, PartialEq)]
pub(super) enum Kind {
    States,
    Classic,
    BpRr,
}

#[derive(Default)]
struct Node {
    state: Entries,
    /// What is to be told at the next tick, and from whom it came.
    buffer: Vec<(Entries, usize)>,
}

impl Node {
    /// Keeps a delta, with where it came from.
    fn store(&mut self, delta: Entries, from: usize) {
        self.state.join(&delta);
        self.buffer.push((delta, from));
    }

    fn write(&mut self, op: Op, me: usize) {
        let followers = |of: u32| {
            let known = self.state.0.range(follower(of, 0)..=follower(of, u32::MAX));
            known.map(|(key, _)| (key & u64::from(u32::MAX)) as u32).collect()
        };
        let value = if let Op::Set(_, value) = op { value } else { 1 };
        let entries = Entries(added(op, followers).into_iter().map(|key| (key, value)).collect());
        // The mutators are optimal: what is there is not in the delta.
        let delta = entries.without(&self.state);
        if delta.len() > 0 {
            self.store(delta, me);
        }
    }

    fn receive(&mut self, delta: &Entries, from: usize, kind: Kind) {
        match kind {
            Kind::States => self.state.join(delta),
            // All of it is kept if any of it is news.
            Kind::Classic => {
                if delta.without(&self.state).len() > 0 {
                    self.store(delta.clone(), from);
                }
            }
            // Removing what is redundant: only the news is kept.
            Kind::BpRr => {
                let news = delta.without(&self.state);
                if news.len() > 0 {
                    self.store(news, from);
                }
            }
        }
    }

    fn tell(&self, neighbour: usize, kind: Kind) -> Entries {
        let mut told = Entries::default();
        // Avoiding back-propagation: not to where it came from.
        let is_for = |from: &usize| kind != Kind::BpRr || *from != neighbour;
        self.buffer.iter().filter(|(_, from)| is_for(from)).for_each(|(delta, _)| told.join(delta));
        told
    }
}

pub(super) fn run(work: &Work, net: &Net, kind: Kind) -> Sent {
    let mut nodes: Vec<Node> = (0..NODES).map(|_| Node::default()).collect();
    let mut sent = Sent::default();
    loop {
        let writes = work.ticks.get(sent.ticks as usize);
        if writes.is_none() && nodes.iter().all(|node| node.state == nodes[0].state) {
            return sent;
        }
        for (me, ops) in writes.into_iter().flatten().enumerate() {
            ops.iter().for_each(|op| nodes[me].write(*op, me));
        }
        let mut wire = Vec::new();
        for (me, node) in nodes.iter_mut().enumerate() {
            let all = match kind {
                Kind::States => Some(Rc::new(node.state.clone())),
                Kind::Classic => Some(Rc::new(node.tell(me, kind))),
                Kind::BpRr => None,
            };
            for neighbour in &net[me] {
                let message = all.clone().unwrap_or_else(|| Rc::new(node.tell(*neighbour, kind)));
                sent.elements += message.len();
                wire.push((me, *neighbour, message));
            }
            node.buffer.clear();
        }
        for (from, to, message) in wire {
            nodes[to].receive(&message, from, kind);
        }
        sent.ticks += 1;
    }
}
