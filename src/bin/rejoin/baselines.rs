//! What it costs to keep replicas in step: by links, and in two simpler ways, in rounds on a network that loses nothing.

use rejoin::sim::{Delay, Network, Random, Schedule, Topology, Workload, World};
use rejoin::{Causal, Codec, Delta, Lattice, ReplicaId, Writer};

use crate::stories::{Entries, Writes, node_options};

const NODES: usize = 10;
/// How many rounds there are in which each node writes once; each is a second.
const ROUNDS: u64 = 60;

/// Who talks to whom: a ring, and two more links for each node.
fn topology(seed: u64) -> Topology {
    Topology::Random { more: 2, seed }
}

/// What each node writes in a round: the same in each way.
fn choice(seed: u64, round: u64, node: usize) -> u64 {
    Random::new(seed ^ round.rotate_left(20) ^ (node as u64).rotate_left(40)).number()
}

struct Node {
    writer: Writer<Causal<Entries>>,
    /// What is to be sent in the next round.
    buffer: Delta<Entries>,
}

impl Node {
    fn write(&mut self, seed: u64, round: u64, node: usize) -> u64 {
        let mut random = Random::new(choice(seed, round, node));
        let delta = self.writer.edit_at(round * 1_000, |entries| Writes.write(&mut random, entries));
        let len = delta.encoded_len();
        self.buffer.join(delta);
        len
    }
}

fn nodes() -> Vec<Node> {
    let writer =
        |n: usize| Writer::with_id(ReplicaId::from_u128(u128::from(Random::new(n as u64).number()) + 1));
    (0..NODES).map(|n| Node { writer: writer(n), buffer: Delta::default() }).collect()
}

/// Rounds until all are equal; `exchange` moves bytes and returns how many.
fn rounds(seed: u64, mut exchange: impl FnMut(&mut [Node], &[(usize, usize)]) -> u64) -> u64 {
    let mut nodes = nodes();
    let ways: Vec<(usize, usize)> = (0..NODES)
        .flat_map(|a| (0..NODES).map(move |b| (a, b)))
        .filter(|(a, b)| a != b && topology(seed).connects(*a, *b, NODES))
        .collect();
    let mut bytes = 0;
    for round in 0.. {
        if round < ROUNDS {
            for (n, node) in nodes.iter_mut().enumerate() {
                node.write(seed, round, n);
            }
        } else if nodes.iter().all(|node| node.writer.same_version(&nodes[0].writer)) {
            break;
        }
        bytes += exchange(&mut nodes, &ways);
    }
    bytes
}

/// In each round, each sends its whole state to each that it talks to.
pub(crate) fn whole_states(seed: u64) -> u64 {
    rounds(seed, |nodes, ways| {
        let states: Vec<Causal<Entries>> = nodes.iter().map(|node| node.writer.state().clone()).collect();
        ways.iter().for_each(|(from, to)| {
            nodes[*to].writer.join_ref(&states[*from]);
        });
        ways.iter().map(|(from, _)| states[*from].encoded_len()).sum()
    })
}

/// In each round, each sends all that was news to it since the last one, to each that it talks to, whatever that one knows: the
/// basic algorithm of delta-state CRDTs.
pub(crate) fn blind_deltas(seed: u64) -> u64 {
    rounds(seed, |nodes, ways| {
        let groups: Vec<Delta<Entries>> =
            nodes.iter_mut().map(|node| std::mem::take(&mut node.buffer)).collect();
        let mut bytes = 0;
        for (from, to) in ways {
            let group = &groups[*from];
            if group.is_empty() {
                continue;
            }
            bytes += group.encoded_len();
            if nodes[*to].writer.apply(group.clone()) {
                nodes[*to].buffer.join(group.clone());
            }
        }
        bytes
    })
}

/// By links: all that is sent, also what is lost or only says what is known.
pub(crate) fn links(seed: u64, loss: u64) -> u64 {
    let network = Network { delay: Delay::Uniform(10, 90), loss, doubled: 0 };
    let schedule = Schedule { seed, nodes: NODES, network, steps: Vec::new() };
    let mut options = node_options(0);
    options.topology = topology(seed);
    let mut world = World::new(Writes, &schedule, options);
    for round in 0..ROUNDS {
        for node in 0..NODES {
            world.write(node, choice(seed, round, node));
        }
        world.run_until((round + 1) * 1_000);
    }
    world.run_until_converged(1_000_000);
    world.report().bytes
}

/// The least that can be: each delta once to each other node, without a byte beside it.
pub(crate) fn deltas_alone(seed: u64) -> u64 {
    let mut nodes = nodes();
    let mut bytes = 0;
    for round in 0..ROUNDS {
        for (n, node) in nodes.iter_mut().enumerate() {
            bytes += node.write(seed, round, n) * (NODES as u64 - 1);
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_knows_more_sends_less() {
        let (least, links, blind, whole) = (deltas_alone(1), links(1, 0), blind_deltas(1), whole_states(1));
        // Deltas that are sent on whatever the other knows come back again and again: that can cost more than whole states.
        assert!(least < links && links < whole.min(blind), "{least} {links} {blind} {whole}");
    }
}
