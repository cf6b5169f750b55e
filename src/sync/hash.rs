//! Small hashes: quick, keyed, and not meant to withstand anybody who knows the key.

/// The finaliser of `SplitMix64`, by Steele, Lea and Flood.
pub(crate) fn mix(mut n: u64) -> u64 {
    n = n.wrapping_add(0x9E37_79B9_7F4A_7C15);
    n = (n ^ (n >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    n = (n ^ (n >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    n ^ (n >> 31)
}

/// The upper half.
pub(crate) fn high(n: u64) -> u32 {
    (n >> 32).try_into().unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first number that the published `SplitMix64` draws from this seed.
    #[test]
    fn mixes_as_published() {
        assert_eq!(mix(0), 0xE220_A839_7B1D_CDAF);
        assert_eq!(high(0x1234_5678_9ABC_DEF0), 0x1234_5678);
    }
}
