//! Times in few bytes, counted from milliseconds that the reader knows.
//!
//! ```text
//! time    how many milliseconds later, folded, << 3 | fraction      a fraction of 7 and more follows, less 7
//! ```
//!
//! Most times are the first of their millisecond, or among the first. Within four hours of what they are counted from, they
//! take four bytes.

use super::number::{fold, unfold};
use super::{DecodeError, Input, Output, Wrong};
use crate::causality::Ticks;

/// What times in a delta are counted from that stands alone: milliseconds since the Unix epoch, in November 2023. Up to the
/// year 2032, they take six bytes.
pub(super) const ALONE: u64 = 1_700_000_000_000;

/// The bits of the fraction that stand beside the milliseconds; all of them are set if more follows.
const BITS: u32 = 3;
const MORE: u64 = (1 << BITS) - 1;

pub(super) fn write(ticks: Ticks, base: u64, out: &mut Output<'_>) {
    let later = ticks.millis().cast_signed() - base.cast_signed();
    out.number(fold(later) << BITS | ticks.fraction().min(MORE));
    if ticks.fraction() >= MORE {
        out.number(ticks.fraction() - MORE);
    }
}

pub(super) fn read(base: u64, input: &mut Input<'_>) -> Result<Ticks, DecodeError> {
    let number: u64 = input.number()?;
    let more = if number & MORE == MORE { input.number::<u16>()? } else { 0 };
    let fraction = (number & MORE) + u64::from(more);
    let millis = base.checked_add_signed(unfold(number >> BITS));
    let ticks = millis.and_then(|millis| Ticks::of_parts(millis, fraction));
    input.ok(ticks, Wrong::Value("a time"))
}
