//! What bytes begin with: that they are ours, in which format, what they are, and of which type.
//!
//! ```text
//! format 1    'r'   'j'           1   kind   how long the type is   type ...      states and plain values
//! format 2    'r'   0x20 | kind   the type in 4 bytes                             deltas
//! ```

use super::{Codec, DecodeError, Input, Kind, Output, Shape, Wrong, time};

const R: u8 = b'r';
const J: u8 = b'j';

/// The upper half of the byte that says of which kind bytes in format 2 are.
const TWO: u8 = 0x20;

impl Kind {
    /// In which format it is written.
    fn format(self) -> u8 {
        match self {
            Kind::Value | Kind::State | Kind::Settled => 1,
            Kind::Delta | Kind::Sweeping | Kind::Event => 2,
        }
    }

    /// Whether it can be read in a format.
    fn is_in(self, format: u8) -> bool {
        // Deltas were written in format 1 once, except for those of a kind that there was not.
        self.format() == format || format == 1 && self != Kind::Event
    }
}

pub(super) fn write<T: Codec>(kind: Kind, out: &mut Output<'_>) {
    let shape = Shape::of(T::shape);
    if kind.format() == 1 {
        out.put(&[R, J, 1, kind as u8]);
        shape.write(out);
    } else {
        let [a, b, c, d] = shape.hash();
        out.put(&[R, TWO | kind as u8, a, b, c, d]);
        out.base = Some(time::ALONE);
    }
}

pub(super) fn read<T: Codec>(input: &mut Input<'_>) -> Result<Kind, DecodeError> {
    let (format, kind) = match input.array()? {
        [R, J] => {
            let format = input.byte()?;
            input.check(format == 1, Wrong::Format(format))?;
            (format, input.byte()?)
        }
        [R, kind] if kind & 0xF0 == TWO => (2, kind & 0x0F),
        _ => return Err(input.error(Wrong::NotOurs)),
    };
    let known = T::KINDS.iter().copied().find(|known| *known as u8 == kind && known.is_in(format));
    let kind = input.ok(known, Wrong::Kind(kind))?;
    let shape = Shape::of(T::shape);
    if format == 1 {
        shape.check(input)?;
    } else {
        let is_same = input.array()? == shape.hash();
        input.check(is_same, Wrong::Type)?;
        input.base = Some(time::ALONE);
    }
    Ok(kind)
}
