//! SipHash-2-4 with a result of 128 bits, by Aumasson and Bernstein.

/// The digest of bytes that come bit by bit.
pub(crate) struct Digest {
    state: [u64; 4],
    /// Bytes that do not fill a word yet, the first lowest, and how many.
    rest: u64,
    len: u64,
}

impl Digest {
    /// Under a key of zeroes.
    pub(crate) fn new() -> Self {
        Digest::keyed(0)
    }

    /// Under a key, of which both halves are the same.
    pub(crate) fn keyed(key: u64) -> Self {
        let state = [
            0x736F_6D65_7073_6575 ^ key,
            0x646F_7261_6E64_6F6D ^ 0xEE ^ key,
            0x6C79_6765_6E65_7261 ^ key,
            0x7465_6462_7974_6573 ^ key,
        ];
        Digest { state, rest: 0, len: 0 }
    }

    pub(crate) fn write(&mut self, mut bytes: &[u8]) {
        while !self.len.is_multiple_of(8)
            && let [byte, rest @ ..] = bytes
        {
            self.byte(*byte);
            bytes = rest;
        }
        let (words, rest) = bytes.as_chunks();
        for word in words {
            self.len += 8;
            self.word(u64::from_le_bytes(*word));
        }
        rest.iter().for_each(|byte| self.byte(*byte));
    }

    fn byte(&mut self, byte: u8) {
        self.rest |= u64::from(byte) << (8 * (self.len % 8));
        self.len += 1;
        if self.len.is_multiple_of(8) {
            let word = core::mem::take(&mut self.rest);
            self.word(word);
        }
    }

    pub(crate) fn finish(mut self) -> u128 {
        self.word(self.rest | self.len << 56);
        self.state[2] ^= 0xEE;
        let low = self.last();
        self.state[1] ^= 0xDD;
        u128::from(self.last()) << 64 | u128::from(low)
    }

    fn word(&mut self, word: u64) {
        self.state[3] ^= word;
        self.rounds(2);
        self.state[0] ^= word;
    }

    fn last(&mut self) -> u64 {
        self.rounds(4);
        self.state.iter().fold(0, |all, word| all ^ word)
    }

    fn rounds(&mut self, n: usize) {
        let v = &mut self.state;
        for _ in 0..n {
            v[0] = v[0].wrapping_add(v[1]);
            v[2] = v[2].wrapping_add(v[3]);
            v[1] = v[1].rotate_left(13) ^ v[0];
            v[3] = v[3].rotate_left(16) ^ v[2];
            v[0] = v[0].rotate_left(32).wrapping_add(v[3]);
            v[2] = v[2].wrapping_add(v[1]);
            v[3] = v[3].rotate_left(21) ^ v[0];
            v[1] = v[1].rotate_left(17) ^ v[2];
            v[2] = v[2].rotate_left(32);
        }
    }
}

/// The finaliser of `SplitMix64`, by Steele, Lea and Flood: each bit of the result depends on all bits of `n`.
#[inline]
pub(crate) fn mix(mut n: u64) -> u64 {
    n = n.wrapping_add(0x9E37_79B9_7F4A_7C15);
    n = (n ^ (n >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    n = (n ^ (n >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    n ^ (n >> 31)
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;
    use core::hash::Hasher;

    use proptest::prelude::*;
    use siphasher::sip128::{Hasher128, SipHasher24};

    use super::Digest;

    /// The first number that the published `SplitMix64` draws from this seed.
    #[test]
    fn mixes_as_published() {
        assert_eq!(super::mix(0), 0xE220_A839_7B1D_CDAF);
    }

    proptest! {
        #[test]
        fn is_as_in_the_crate_of_that_name(parts in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..4)) {
            let (mut ours, mut theirs) = (Digest::new(), SipHasher24::new());
            parts.iter().for_each(|part| ours.write(part));
            theirs.write(&parts.into_iter().flatten().collect::<Vec<u8>>());
            prop_assert_eq!(ours.finish(), theirs.finish128().as_u128());
        }

        #[test]
        fn under_a_key_too(key: u64, bytes: Vec<u8>) {
            let (mut ours, mut theirs) = (Digest::keyed(key), SipHasher24::new_with_keys(key, key));
            ours.write(&bytes);
            theirs.write(&bytes);
            prop_assert_eq!(ours.finish(), theirs.finish128().as_u128());
        }
    }
}
