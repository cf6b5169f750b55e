use alloc::boxed::Box;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

use uuid::Uuid;

use super::input::CHUNK;
use super::{DecodeError, Input, Output, Shape, Wrong, shape};

/// A value or a key that can be written as bytes.
///
/// For types of your own, implement the first three methods. What is written must be all that is read, and a value must
/// have one form only: what `read` accepts, `write` writes again, byte by byte. If `read` makes room for many values, or for
/// large ones outside of `Self`, it asks for that first, by [`Input::room`].
///
/// ```
/// use rejoin::codec::{DecodeError, Element, Input, Output, Shape, Wrong};
/// use rejoin::{Causal, Codec, OrSet, Writer};
///
/// #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
/// enum Color {
///     Red,
///     Blue,
/// }
///
/// impl Element for Color {
///     fn shape(shape: &mut Shape) {
///         shape.name("Color");
///     }
///
///     fn write(&self, out: &mut Output<'_>) {
///         out.put(&[*self as u8]);
///     }
///
///     fn read(input: &mut Input<'_>) -> Result<Self, DecodeError> {
///         match input.byte()? {
///             0 => Ok(Color::Red),
///             1 => Ok(Color::Blue),
///             _ => Err(input.error(Wrong::Value("a color"))),
///         }
///     }
/// }
///
/// let mut colors = Writer::<Causal<OrSet<Color>>>::new();
/// colors.edit(|set| set.insert(Color::Blue));
/// let bytes = colors.state().encode();
/// assert_eq!(&Causal::decode(&bytes).unwrap(), colors.state());
/// ```
pub trait Element: Sized {
    /// Says which type it is, so that nothing is taken for another type.
    fn shape(shape: &mut Shape);

    /// Writes the value.
    fn write(&self, out: &mut Output<'_>);

    /// Reads a value.
    ///
    /// # Errors
    ///
    /// [`Input::error`], if what is there is not what `write` writes.
    fn read(input: &mut Input<'_>) -> Result<Self, DecodeError>;

    /// Writes a key that comes after `previous`, of which something may be left out.
    fn write_key(&self, previous: Option<&Self>, out: &mut Output<'_>) {
        let _ = previous;
        self.write(out);
    }

    /// Reads a key that comes after `previous`. That it does is checked elsewhere.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read).
    fn read_key(previous: Option<&Self>, input: &mut Input<'_>) -> Result<Self, DecodeError> {
        let _ = previous;
        Self::read(input)
    }

    /// Writes many values.
    fn write_column<'a>(values: impl Iterator<Item = &'a Self> + Clone, out: &mut Output<'_>)
    where
        Self: 'a,
    {
        values.for_each(|value| value.write(out));
    }

    /// Reads so many values, and hands on one after the other.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read).
    fn read_column(n: usize, input: &mut Input<'_>, take: &mut dyn FnMut(Self)) -> Result<(), DecodeError> {
        (0..n).try_for_each(|_| Self::read(input).map(&mut *take))
    }
}

impl Element for () {
    fn shape(shape: &mut Shape) {
        shape.code(shape::UNIT);
    }

    fn write(&self, _: &mut Output<'_>) {}

    fn read(_: &mut Input<'_>) -> Result<Self, DecodeError> {
        Ok(())
    }
}

/// One by one a byte; in columns a bit.
impl Element for bool {
    fn shape(shape: &mut Shape) {
        shape.code(shape::BOOL);
    }

    fn write(&self, out: &mut Output<'_>) {
        out.put(&[u8::from(*self)]);
    }

    fn read(input: &mut Input<'_>) -> Result<Self, DecodeError> {
        match input.byte()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(input.error(Wrong::Value("false or true"))),
        }
    }

    fn write_column<'a>(mut values: impl Iterator<Item = &'a Self> + Clone, out: &mut Output<'_>) {
        while let Some(first) = values.next() {
            let others = (1..8).zip(values.by_ref());
            out.put(&[others.fold(u8::from(*first), |bits, (at, value)| bits | u8::from(*value) << at)]);
        }
    }

    fn read_column(n: usize, input: &mut Input<'_>, take: &mut dyn FnMut(Self)) -> Result<(), DecodeError> {
        for first in (0..n).step_by(8) {
            let (bits, len) = (input.byte()?, 8.min(n - first));
            input.check(len == 8 || bits >> len == 0, Wrong::Value("false or true"))?;
            (0..len).for_each(|at| take(bits >> at & 1 == 1));
        }
        Ok(())
    }
}

impl Element for u8 {
    fn shape(shape: &mut Shape) {
        shape.code(shape::U8);
    }

    fn write(&self, out: &mut Output<'_>) {
        out.put(&[*self]);
    }

    fn read(input: &mut Input<'_>) -> Result<Self, DecodeError> {
        input.byte()
    }
}

/// Numbers; as keys, how much more than one they are after the key before.
macro_rules! integers {
    ($($int:ident $code:ident $method:ident $wide:ty;)+) => {
        $(
            impl Element for $int {
                fn shape(shape: &mut Shape) {
                    shape.code(shape::$code);
                }

                fn write(&self, out: &mut Output<'_>) {
                    out.$method(*self);
                }

                fn read(input: &mut Input<'_>) -> Result<Self, DecodeError> {
                    input.$method()
                }

                fn write_key(&self, previous: Option<&Self>, out: &mut Output<'_>) {
                    match previous {
                        Some(previous) => out.number(self.abs_diff(*previous) - 1),
                        None => self.write(out),
                    }
                }

                fn read_key(previous: Option<&Self>, input: &mut Input<'_>) -> Result<Self, DecodeError> {
                    let Some(previous) = previous else { return Self::read(input) };
                    let more: $wide = input.number()?;
                    let key = more.checked_add(1).and_then(|more| integers!(@add $method previous more));
                    input.ok(key, Wrong::Number)
                }
            }
        )+
    };
    (@add number $previous:ident $more:ident) => { $previous.checked_add($more) };
    (@add signed $previous:ident $more:ident) => { $previous.checked_add_unsigned($more) };
}

integers! {
    u16 U16 number u16;
    u32 U32 number u32;
    u64 U64 number u64;
    u128 U128 number u128;
    i8 I8 signed u8;
    i16 I16 signed u16;
    i32 I32 signed u32;
    i64 I64 signed u64;
    i128 I128 signed u128;
}

/// By the total order of their bits, so that there is one form for each of them, `NaN`s included.
macro_rules! floats {
    ($($float:ident $code:ident $bits:ty, $signed:ty;)+) => {
        $(
            impl Element for $float {
                fn shape(shape: &mut Shape) {
                    shape.code(shape::$code);
                }

                fn write(&self, out: &mut Output<'_>) {
                    let bits = self.to_bits();
                    let mask = (bits.cast_signed() >> (<$bits>::BITS - 1)).cast_unsigned() | 1 << (<$bits>::BITS - 1);
                    out.put(&(bits ^ mask).to_be_bytes());
                }

                fn read(input: &mut Input<'_>) -> Result<Self, DecodeError> {
                    let bits = <$bits>::from_be_bytes(input.array()?);
                    let mask = (!bits.cast_signed() >> (<$bits>::BITS - 1)).cast_unsigned() | 1 << (<$bits>::BITS - 1);
                    Ok($float::from_bits(bits ^ mask))
                }
            }
        )+
    };
}

floats! {
    f32 F32 u32, i32;
    f64 F64 u64, i64;
}

impl Element for char {
    fn shape(shape: &mut Shape) {
        shape.code(shape::CHAR);
    }

    fn write(&self, out: &mut Output<'_>) {
        out.number(u32::from(*self));
    }

    fn read(input: &mut Input<'_>) -> Result<Self, DecodeError> {
        let code: u32 = input.number()?;
        input.ok(char::from_u32(code), Wrong::Value("a character"))
    }
}

/// How much of the key before a text may be written without, so that a few bytes cannot stand for many.
const SHARED: usize = 64;

/// As keys, without what they have in common with the key before.
impl Element for String {
    fn shape(shape: &mut Shape) {
        shape.code(shape::STRING);
    }

    fn write(&self, out: &mut Output<'_>) {
        write_text(self, out);
    }

    fn read(input: &mut Input<'_>) -> Result<Self, DecodeError> {
        read_text(input)
    }

    fn write_key(&self, previous: Option<&Self>, out: &mut Output<'_>) {
        let Some(previous) = previous else { return self.write(out) };
        let pairs = self.bytes().zip(previous.bytes()).take(SHARED);
        let common = pairs.take_while(|(a, b)| a == b).count();
        out.count(common);
        out.count(self.len() - common);
        out.put(&self.as_bytes()[common..]);
    }

    fn read_key(previous: Option<&Self>, input: &mut Input<'_>) -> Result<Self, DecodeError> {
        let Some(previous) = previous else { return Self::read(input) };
        let (common, n): (usize, usize) = (input.number()?, input.number()?);
        let shared = &previous.as_bytes()[..SHARED.min(previous.len())];
        let old = input.ok(shared.get(..common), Wrong::Number)?;
        let mut text = Vec::with_capacity(common + n.min(CHUNK));
        text.extend_from_slice(old);
        input.append(n, &mut text)?;
        let goes_on = shared.get(common).is_some_and(|next| text.get(common) == Some(next));
        input.check(!goes_on, Wrong::Number)?;
        let text = String::from_utf8(text);
        input.ok(text.ok(), Wrong::Value("a text"))
    }
}

pub(super) fn write_text(text: &str, out: &mut Output<'_>) {
    out.count(text.len());
    out.put(text.as_bytes());
}

pub(super) fn read_text(input: &mut Input<'_>) -> Result<String, DecodeError> {
    let n = input.number()?;
    let text = String::from_utf8(input.bytes(n)?);
    input.ok(text.ok(), Wrong::Value("a text"))
}

/// As `String`.
macro_rules! texts {
    ($($text:ty),+) => {
        $(
            impl Element for $text {
                fn shape(shape: &mut Shape) {
                    String::shape(shape);
                }

                fn write(&self, out: &mut Output<'_>) {
                    write_text(self, out);
                }

                fn read(input: &mut Input<'_>) -> Result<Self, DecodeError> {
                    read_text(input).map(Into::into)
                }
            }
        )+
    };
}

texts!(Box<str>, Arc<str>);

impl<const N: usize> Element for [u8; N] {
    fn shape(shape: &mut Shape) {
        shape.code(shape::ARRAY);
        shape.number(N as u64);
    }

    fn write(&self, out: &mut Output<'_>) {
        out.put(self);
    }

    fn read(input: &mut Input<'_>) -> Result<Self, DecodeError> {
        let bytes = input.bytes(N)?;
        input.ok(bytes.try_into().ok(), Wrong::Truncated)
    }
}

impl Element for Uuid {
    fn shape(shape: &mut Shape) {
        shape.code(shape::UUID);
    }

    fn write(&self, out: &mut Output<'_>) {
        out.put(self.as_bytes());
    }

    fn read(input: &mut Input<'_>) -> Result<Self, DecodeError> {
        input.array().map(Uuid::from_bytes)
    }
}
