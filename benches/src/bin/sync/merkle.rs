//! A Merkle tree over the hashes of elements, and the exchange of two of them.
//!
//! A node is a prefix of the hashes, and has 16 children. What is under a node that differs is told in one turn: the hashes
//! of its children, 8 bytes each, or, if there are few elements, these. So the two take turns, a level further each time.

use rejoin_benches::data::mix;

use crate::clock::clock;
use crate::pair::Cost;

const FAN_OUT_BITS: u32 = 4;
/// Elements that are told themselves, rather than the hashes of children.
const BUCKET: usize = 16;

/// The tree, as its leaves in order and the sums of their hashes: the hash of a node is a difference of two sums.
struct Tree {
    leaves: Vec<(u64, u64)>,
    sums: Vec<u64>,
}

#[derive(Clone, Copy)]
struct Node {
    prefix: u64,
    depth: u32,
}

impl Node {
    fn children(self) -> impl Iterator<Item = Node> {
        let depth = self.depth + FAN_OUT_BITS;
        (0..1 << FAN_OUT_BITS).map(move |n| Node { prefix: self.prefix | n << (64 - depth), depth })
    }
}

impl Tree {
    fn new(elements: &[u64]) -> Self {
        let mut leaves: Vec<_> = elements.iter().map(|element| (mix(element ^ 0xABCD), *element)).collect();
        leaves.sort_unstable();
        let mut sums = vec![0];
        sums.extend(leaves.iter().scan(0_u64, |sum, (hash, _)| {
            *sum = sum.wrapping_add(mix(!hash));
            Some(*sum)
        }));
        Tree { leaves, sums }
    }

    fn range(&self, node: Node) -> std::ops::Range<usize> {
        let from = self.leaves.partition_point(|(hash, _)| *hash < node.prefix);
        let last = node.prefix | u64::MAX.checked_shr(node.depth).unwrap_or(0);
        from..self.leaves.partition_point(|(hash, _)| *hash <= last)
    }

    fn hash(&self, node: Node) -> u64 {
        let range = self.range(node);
        self.sums[range.end].wrapping_sub(self.sums[range.start])
    }
}

/// Brings two sets together, and says how many elements moved.
pub(crate) fn meet(a: &[u64], b: &[u64]) -> (Cost, usize) {
    let start = clock();
    let trees = [Tree::new(a), Tree::new(b)];
    let mut cost = Cost { bytes: 8, legs: 1, ..Cost::default() };
    let mut moved = 0;
    let root = Node { prefix: 0, depth: 0 };
    let mut open = if trees[0].hash(root) == trees[1].hash(root) { vec![] } else { vec![root] };
    // What the last turn gave away, to be answered: elements that the other lacks.
    let mut owed = 0;
    let mut teller = 1;
    while !open.is_empty() || owed > 0 {
        let (tree, other) = (&trees[teller], &trees[1 - teller]);
        // Elements that are owed, with a byte for each bucket that was told in the last turn; then all open nodes.
        cost.bytes += owed;
        cost.legs += 1;
        owed = 0;
        let mut next = Vec::new();
        for node in open {
            let range = tree.range(node);
            if range.len() <= BUCKET {
                cost.bytes += 1 + 8 * range.len() as u64;
                let there = &other.leaves[other.range(node)];
                let here = &tree.leaves[range];
                let lacking = there.iter().filter(|leaf| here.binary_search(leaf).is_err()).count();
                moved += lacking + here.iter().filter(|leaf| there.binary_search(leaf).is_err()).count();
                owed += 1 + 8 * lacking as u64;
            } else {
                // A byte to say so, and the hashes; the answer says in two bytes which children differ.
                cost.bytes += 1 + 8 * (1 << FAN_OUT_BITS);
                owed += 2;
                next.extend(node.children().filter(|child| tree.hash(*child) != other.hash(*child)));
            }
        }
        open = next;
        teller = 1 - teller;
    }
    cost.time = clock() - start;
    (cost, moved)
}
