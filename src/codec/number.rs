//! Numbers of two to eight bytes, all of their bytes at once: most that do not fit one byte are such.
//!
//! ```text
//! gathered     0 ... ddddddd ccccccc bbbbbbb aaaaaaa     56 bits in a row
//! spread       .ddddddd .ccccccc .bbbbbbb .aaaaaaa       seven of them to the byte; the dot: whether more bytes follow
//! ```

use alloc::vec::Vec;

/// A number that may be negative as one that is not: 0, −1, 1, −2 as 0, 1, 2, 3.
pub(super) fn fold(n: i64) -> u64 {
    ((n << 1) ^ (n >> 63)).cast_unsigned()
}

/// The inverse of `fold`.
pub(super) fn unfold(n: u64) -> i64 {
    (n >> 1).cast_signed() ^ -(n & 1).cast_signed()
}

/// The highest bit of each byte.
const MORE: u64 = 0x8080_8080_8080_8080;

/// How many bits such numbers have at most.
pub(super) const BITS: u32 = 56;

/// Seven bits to the byte: of the whole in halves, of these in quarters, of these in bytes.
fn spread(n: u64) -> u64 {
    let n = (n & 0x0000_0000_0FFF_FFFF) | (n & 0x00FF_FFFF_F000_0000) << 4;
    let n = (n & 0x0000_3FFF_0000_3FFF) | (n & 0x0FFF_C000_0FFF_C000) << 2;
    (n & 0x007F_007F_007F_007F) | (n & 0x3F80_3F80_3F80_3F80) << 1
}

/// The inverse of `spread`, whatever the highest bits are.
fn gather(n: u64) -> u64 {
    let n = (n & 0x007F_007F_007F_007F) | (n >> 1 & 0x3F80_3F80_3F80_3F80);
    let n = (n & 0x0000_3FFF_0000_3FFF) | (n >> 2 & 0x0FFF_C000_0FFF_C000);
    (n & 0x0000_0000_0FFF_FFFF) | (n >> 4 & 0x00FF_FFFF_F000_0000)
}

/// Appends a number.
pub(super) fn put(n: u64, bytes: &mut Vec<u8>) {
    debug_assert!(n >= 0x80 && n >> BITS == 0);
    // Nearly all numbers that have more than one byte.
    if n >> 14 == 0 {
        bytes.extend_from_slice(&[n.to_le_bytes()[0] | 0x80, (n >> 7).to_le_bytes()[0]]);
        return;
    }
    let after_first = n.ilog2() / 7;
    let more = MORE & ((1 << (8 * after_first)) - 1);
    // A whole word of which the end is cut off again is quicker than some bytes.
    bytes.extend_from_slice(&(spread(n) | more).to_le_bytes());
    bytes.truncate(bytes.len() - 7 + after_first as usize);
}

/// The number that these bytes begin with, and of how many of them it is; `None` if it is longer, or could be shorter.
pub(super) fn get(bytes: [u8; 8]) -> Option<(u64, usize)> {
    let word = u64::from_le_bytes(bytes);
    let last = (!word & MORE).trailing_zeros();
    let n = gather(word & u64::MAX.checked_shr(63_u32.checked_sub(last)?)?);
    let len = last as usize / 8 + 1;
    let is_shortest = len == 1 || n >> (7 * (len - 1)) != 0;
    is_shortest.then_some((n, len))
}

/// What these bytes contribute to a number that goes on after all of them; `None` if it does not.
pub(super) fn get_open(bytes: [u8; 8]) -> Option<u64> {
    let word = u64::from_le_bytes(bytes);
    (word & MORE == MORE).then(|| gather(word))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Byte by byte, as the format tells it.
    fn slowly(mut n: u64) -> Vec<u8> {
        let mut bytes = Vec::new();
        while n >= 0x80 {
            bytes.push(n.to_le_bytes()[0] | 0x80);
            n >>= 7;
        }
        bytes.push(n.to_le_bytes()[0]);
        bytes
    }

    /// Numbers of all lengths alike, and those beside the ends of lengths.
    fn numbers() -> impl Strategy<Value = u64> {
        prop_oneof![
            (any::<u64>(), 64 - BITS..57).prop_map(|(n, by)| n >> by),
            (0..8_u32, -1..=1_i64)
                .prop_map(|(len, by)| (1_u64 << (7 * len)).wrapping_add_signed(by) & ((1 << BITS) - 1)),
        ]
    }

    proptest! {
        #[test]
        fn is_as_byte_by_byte(n in numbers(), next: [u8; 8], before: Vec<u8>) {
            let mut bytes = before.clone();
            let expected = slowly(n);
            if n >= 0x80 {
                put(n, &mut bytes);
                prop_assert_eq!(&bytes[before.len()..], &expected[..]);
            }
            let mut at_hand = next;
            at_hand[..expected.len()].copy_from_slice(&expected);
            prop_assert_eq!(get(at_hand), Some((n, expected.len())));
        }

        #[test]
        fn has_one_form(bytes: [u8; 8], goes_on in any::<u8>()) {
            // Runs of bytes that go on, of every length.
            let bytes: [u8; 8] = core::array::from_fn(|at| if at < usize::from(goes_on % 9) { bytes[at] | 0x80 } else { bytes[at] });
            let mut zero_at_end = bytes;
            if let Some(last) = bytes.iter().position(|byte| *byte < 0x80) {
                zero_at_end[last] = 0;
                prop_assert_eq!(get(zero_at_end).is_some(), last == 0);
            } else {
                prop_assert_eq!(get(bytes), None);
            }
            if let Some((n, len)) = get(bytes) {
                prop_assert_eq!(slowly(n), &bytes[..len]);
            }
        }
    }
}
