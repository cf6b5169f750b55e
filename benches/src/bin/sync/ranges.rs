//! Range-based reconciliation, by `negentropy`.

use negentropy::{Id, Negentropy, NegentropyStorageVector};
use rejoin_benches::data::mix;

use crate::clock::clock;
use crate::pair::Cost;

fn store(elements: &[u64]) -> NegentropyStorageVector {
    let mut store = NegentropyStorageVector::with_capacity(elements.len());
    for element in elements {
        let mut id = [0; 32];
        for (n, part) in (0..).zip(id.chunks_mut(8)) {
            part.copy_from_slice(&mix(element ^ mix(n)).to_le_bytes());
        }
        store.insert(0, Id::from_byte_array(id)).expect("room");
    }
    store.seal().expect("no duplicates");
    store
}

/// Lets the first of two sets find out in what they differ, and says in how many elements.
pub(crate) fn meet(a: &[u64], b: &[u64]) -> (Cost, usize) {
    let start = clock();
    let (a, b) = (store(a), store(b));
    let mut here = Negentropy::borrowed(&a, 0).expect("no limit");
    let mut there = Negentropy::borrowed(&b, 0).expect("no limit");
    let (mut have, mut need) = (Vec::new(), Vec::new());
    let mut cost = Cost::default();
    let mut next = Some(here.initiate().expect("a message"));
    while let Some(message) = next {
        let answer = there.reconcile(&message).expect("a message of ours");
        cost.bytes += (message.len() + answer.len()) as u64;
        cost.legs += 2;
        next = here.reconcile_with_ids(&answer, &mut have, &mut need).expect("a message of theirs");
    }
    cost.time = clock() - start;
    (cost, have.len() + need.len())
}
