//! The live facts of a state in one row, each with a hash of its value.

use alloc::vec::Vec;

use super::Output;
use super::digest::mix;
use crate::ReplicaId;
use crate::causality::{Names, Tag};

/// The live facts of a state, listed in one walk: which they are, and a hash of what each says.
///
/// 16 bytes for each fact. Values are hashed by their bytes, so two states that hold the same fact list it with the same
/// hash. The hash has no key: it tells apart what honest replicas have.
#[derive(Clone, Debug, Default)]
pub struct FactList {
    /// By slot: the replicas that the tags name.
    pub(crate) replicas: Vec<ReplicaId>,
    pub(crate) facts: Vec<(Tag, u64)>,
    bytes: Vec<u8>,
}

impl FactList {
    pub(crate) fn new(names: &Names) -> Self {
        FactList { replicas: names.ids().to_vec(), ..FactList::default() }
    }

    /// Adds a fact, whose value `write` writes.
    #[inline]
    pub(super) fn push(&mut self, tag: Tag, write: impl FnOnce(&mut Output<'_>)) {
        self.bytes.clear();
        let mut out = Output::after(core::mem::take(&mut self.bytes));
        write(&mut out);
        self.bytes = out.finish();
        self.facts.push((tag, hash(&self.bytes)));
    }
}

/// Eight bytes at a time. The length tells zeros at the end from none.
fn hash(bytes: &[u8]) -> u64 {
    if bytes.is_empty() {
        return 0;
    }
    let (words, rest) = bytes.as_chunks::<8>();
    let mut last = [0; 8];
    last[..rest.len()].copy_from_slice(rest);
    let words = words.iter().chain([&last]).map(|word| u64::from_le_bytes(*word));
    words.fold(mix(bytes.len() as u64), |hash, word| mix(hash ^ word))
}

#[cfg(test)]
mod tests {
    use super::hash;

    #[test]
    fn values_that_differ_in_one_byte_or_in_length_hash_apart() {
        let mut hashes = alloc::collections::BTreeSet::new();
        for len in 0..20 {
            let zeros = alloc::vec![0; len];
            hashes.insert(hash(&zeros));
            for at in 0..len {
                let mut bytes = zeros.clone();
                bytes[at] = 1;
                hashes.insert(hash(&bytes));
            }
        }
        assert_eq!(hashes.len(), 20 + (0..20).sum::<usize>());
    }
}
