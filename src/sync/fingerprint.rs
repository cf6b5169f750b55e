use super::hash::mix;
use crate::{ReplicaId, Version};

/// A short name of a version that can be kept up to date: the fingerprint of two sets without a common event is the sum
/// of theirs, so news cost what they are long, however long the version is.
///
/// Salted by a number that is drawn for the conversation, so that events whose fingerprints cancel out cannot be
/// prepared. A peer knows the salt, but deceives by it nobody but the side that asks what that peer has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fingerprint {
    salt: u32,
    sum: u128,
}

impl Fingerprint {
    /// The fingerprint of the empty set.
    pub(super) fn new(salt: u32) -> Self {
        Fingerprint { salt, sum: 0 }
    }

    pub(super) fn clear(&mut self) {
        self.sum = 0;
    }

    pub(super) fn of(version: &Version, salt: u32) -> Self {
        let mut print = Fingerprint::new(salt);
        print.add(version);
        print
    }

    /// Adds events, none of which is in it.
    pub(super) fn add(&mut self, events: &Version) {
        for (replica, first, last) in events.intervals() {
            // Where one run goes on from another, the ends in between cancel out.
            let run = self.end(replica, last + 1).wrapping_sub(self.end(replica, first));
            self.sum = self.sum.wrapping_add(run);
        }
    }

    #[allow(clippy::cast_possible_truncation, reason = "the id is taken in two halves")]
    fn end(self, replica: ReplicaId, counter: u64) -> u128 {
        let id = replica.as_u128();
        let a = mix(u64::from(self.salt) ^ id as u64);
        let b = mix(a ^ (id >> 64) as u64);
        let c = mix(b ^ counter);
        let d = mix(c.rotate_left(32) ^ u64::from(self.salt) << 32 ^ a);
        u128::from(c) << 64 | u128::from(d)
    }

    /// 96 bits of it.
    pub(super) fn long(self) -> [u8; 12] {
        let mut bytes = [0; 12];
        bytes.copy_from_slice(&self.sum.to_le_bytes()[4..]);
        bytes
    }

    /// 64 bits of it.
    pub(super) fn short(self) -> u64 {
        u64::try_from(self.sum >> 64).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Dot;

    /// A peer of another build computes the same.
    #[test]
    fn it_is_this_number() {
        let mut version = Version::new();
        version.insert_run(ReplicaId::from_u128(0x0123_4567_89AB_CDEF_FEDC_BA98_7654_3210), 3, 9);
        version.insert_run(ReplicaId::from_u128(5 << 64), 1, 1);
        let mut print = Fingerprint::of(&version, 0xC0FF_EE11);
        let golden = 0xA863_9BEA_6395_3E22_9367_6C1C_D0AB_5B7E_u128;
        assert_eq!(print.sum, golden);
        assert_eq!(u128::from(print.short()), golden >> 64);
        assert_eq!(print.long(), golden.to_le_bytes()[4..]);
        print.clear();
        assert_eq!(print, Fingerprint::new(0xC0FF_EE11));
    }

    proptest! {
        #[test]
        fn it_adds_up(dots in prop::collection::vec((0..3_u128, 1..40_u64, any::<bool>()), 0..60), salt: u32) {
            let mut parts = [Version::new(), Version::new()];
            for (id, counter, second) in dots {
                let dot = Dot::new(ReplicaId::from_u128(id << 70), counter).unwrap();
                if !parts.iter().any(|part| part.contains(dot)) {
                    parts[usize::from(second)].insert(dot);
                }
            }
            let mut sum = Fingerprint::of(&parts[0], salt);
            sum.add(&parts[1]);
            let [mut all, rest] = parts;
            all.union(&rest);
            prop_assert_eq!(sum, Fingerprint::of(&all, salt));
            prop_assert_eq!(sum.short() == Fingerprint::new(salt).short(), all.is_empty());
            prop_assert!(all.is_empty() || sum != Fingerprint::of(&all, salt ^ 1));
        }
    }
}
