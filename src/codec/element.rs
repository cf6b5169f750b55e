use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

use uuid::Uuid;

use super::input::CHUNK;
use super::roster::{read_time, write_time};
use super::{DecodeError, Few, Input, Output, Shape, Wrong, shape};
use crate::causality::Ticks;
use crate::{Dot, ReplicaId, Stamp, Version};

/// A value or a key that can be written as bytes.
///
/// For types of your own, implement the first three methods. What is written must be all that is read, and a value must
/// have one form only: what `read` accepts, `write` writes again, byte by byte.
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

/// Reads so many values, to have them at hand.
pub(super) fn read_few<T: Element>(n: usize, input: &mut Input<'_>) -> Result<Few<T>, DecodeError> {
    let mut values = Few::new();
    T::read_column(n, input, &mut |value| values.push(value))?;
    Ok(values)
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

impl<T: Element> Element for Box<T> {
    fn shape(shape: &mut Shape) {
        T::shape(shape);
    }

    fn write(&self, out: &mut Output<'_>) {
        T::write(self, out);
    }

    fn read(input: &mut Input<'_>) -> Result<Self, DecodeError> {
        T::read(input).map(Box::new)
    }
}

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

impl Element for ReplicaId {
    fn shape(shape: &mut Shape) {
        shape.code(shape::REPLICA);
    }

    fn write(&self, out: &mut Output<'_>) {
        out.id(*self);
    }

    fn read(input: &mut Input<'_>) -> Result<Self, DecodeError> {
        input.id()
    }
}

impl Element for Dot {
    fn shape(shape: &mut Shape) {
        shape.code(shape::DOT);
    }

    fn write(&self, out: &mut Output<'_>) {
        self.replica().write(out);
        out.number(self.counter());
    }

    fn read(input: &mut Input<'_>) -> Result<Self, DecodeError> {
        let (replica, counter) = (ReplicaId::read(input)?, input.number()?);
        input.ok(Dot::new(replica, counter), Wrong::Number)
    }
}

/// In columns, whether each is as the one before, and by how much the others differ from it.
impl Element for Ticks {
    fn shape(shape: &mut Shape) {
        shape.code(shape::TICKS);
    }

    fn write(&self, out: &mut Output<'_>) {
        match out.base {
            Some(base) => write_time(*self, base, out),
            None => out.number(self.get()),
        }
    }

    fn read(input: &mut Input<'_>) -> Result<Self, DecodeError> {
        if let Some(base) = input.base {
            return read_time(base, input);
        }
        let ticks: u64 = input.number()?;
        input.ok(Ticks::new(ticks), Wrong::Value("a time"))
    }

    fn write_column<'a>(values: impl Iterator<Item = &'a Self> + Clone, out: &mut Output<'_>) {
        let mut others = values.clone();
        let Some(first) = others.next() else { return };
        first.write(out);
        let pairs = values.zip(others);
        bool::write_column(pairs.clone().map(|(a, b)| if a == b { &true } else { &false }), out);
        for (before, value) in pairs.filter(|(a, b)| a != b) {
            if out.base.is_some() {
                write_time(*value, before.millis(), out);
            } else {
                out.signed(i128::from(value.get()) - i128::from(before.get()));
            }
        }
    }

    fn read_column(n: usize, input: &mut Input<'_>, take: &mut dyn FnMut(Self)) -> Result<(), DecodeError> {
        let Some(others) = n.checked_sub(1) else { return Ok(()) };
        let mut before = Ticks::read(input)?;
        take(before);
        for is_same in read_few::<bool>(others, input)? {
            if !is_same {
                let ticks = if input.base.is_some() {
                    Some(read_time(before.millis(), input)?)
                } else {
                    let more: i128 = input.signed()?;
                    u64::try_from(more.wrapping_add(before.get().into())).ok().and_then(Ticks::new)
                };
                let ticks = ticks.filter(|ticks| *ticks != before);
                before = input.ok(ticks, Wrong::Value("a time"))?;
            }
            take(before);
        }
        Ok(())
    }
}

impl Element for Stamp {
    fn shape(shape: &mut Shape) {
        shape.code(shape::STAMP);
    }

    fn write(&self, out: &mut Output<'_>) {
        self.time().write(out);
        self.replica().write(out);
    }

    fn read(input: &mut Input<'_>) -> Result<Self, DecodeError> {
        Ok(Stamp::new(Ticks::read(input)?, ReplicaId::read(input)?))
    }
}

impl Element for Version {
    fn shape(shape: &mut Shape) {
        shape.code(shape::VERSION);
    }

    fn write(&self, out: &mut Output<'_>) {
        out.count(self.replicas().count());
        for replica in self.replicas() {
            replica.write(out);
            super::roots::write_runs(self.runs_of(replica), out);
        }
    }

    fn read(input: &mut Input<'_>) -> Result<Self, DecodeError> {
        let n = input.count()?;
        input.check(n <= input.limits.replicas, Wrong::Limit("replicas"))?;
        let mut version = Version::new();
        let mut last = None;
        for _ in 0..n {
            let replica = ReplicaId::read(input)?;
            input.check(last < Some(replica), Wrong::Order)?;
            last = Some(replica);
            let runs = super::roots::read_runs(input)?;
            input.check(!runs.is_empty(), Wrong::Empty)?;
            version.push(replica, runs);
        }
        Ok(version)
    }
}

impl<T: Element> Element for Option<T> {
    fn shape(shape: &mut Shape) {
        shape.code(shape::OPTION);
        T::shape(shape);
    }

    fn write(&self, out: &mut Output<'_>) {
        self.is_some().write(out);
        self.iter().for_each(|value| value.write(out));
    }

    fn read(input: &mut Input<'_>) -> Result<Self, DecodeError> {
        if bool::read(input)? { T::read(input).map(Some) } else { Ok(None) }
    }

    fn write_column<'a>(values: impl Iterator<Item = &'a Self> + Clone, out: &mut Output<'_>)
    where
        Self: 'a,
    {
        bool::write_column(values.clone().map(|value| if value.is_some() { &true } else { &false }), out);
        T::write_column(values.filter_map(Option::as_ref), out);
    }

    fn read_column(n: usize, input: &mut Input<'_>, take: &mut dyn FnMut(Self)) -> Result<(), DecodeError> {
        let is_some = read_few::<bool>(n, input)?;
        let values = read_few::<T>(is_some.iter().filter(|is| **is).count(), input)?;
        let mut values = values.into_iter();
        is_some.into_iter().for_each(|is| take(if is { values.next() } else { None }));
        Ok(())
    }
}

/// One part after the other; in columns, each part in a column of its own.
macro_rules! tuples {
    ($(($($part:ident $at:tt),+))+) => {
        $(
            impl<$($part: Element),+> Element for ($($part,)+) {
                fn shape(shape: &mut Shape) {
                    shape.code(shape::TUPLE);
                    shape.number([$($at),+].len() as u64);
                    $($part::shape(shape);)+
                }

                fn write(&self, out: &mut Output<'_>) {
                    $(self.$at.write(out);)+
                }

                fn read(input: &mut Input<'_>) -> Result<Self, DecodeError> {
                    Ok(($($part::read(input)?,)+))
                }

                fn write_column<'a>(values: impl Iterator<Item = &'a Self> + Clone, out: &mut Output<'_>)
                where
                    Self: 'a,
                {
                    $($part::write_column(values.clone().map(|value| &value.$at), out);)+
                }

                fn read_column(
                    n: usize,
                    input: &mut Input<'_>,
                    take: &mut dyn FnMut(Self),
                ) -> Result<(), DecodeError> {
                    let mut columns = ($(read_few::<$part>(n, input)?.into_iter(),)+);
                    core::iter::from_fn(|| Some(($(columns.$at.next()?,)+))).for_each(take);
                    Ok(())
                }
            }
        )+
    };
}

tuples! {
    (A 0)
    (A 0, B 1)
    (A 0, B 1, C 2)
    (A 0, B 1, C 2, D 3)
    (A 0, B 1, C 2, D 3, E 4)
    (A 0, B 1, C 2, D 3, E 4, F 5)
}

impl<T: Element> Element for Vec<T> {
    fn shape(shape: &mut Shape) {
        shape.code(shape::VEC);
        T::shape(shape);
    }

    fn write(&self, out: &mut Output<'_>) {
        out.count(self.len());
        for block in self.chunks(super::BLOCK) {
            T::write_column(block.iter(), out);
            // What takes no bytes is paid for, so that a few bytes cannot stand for a million of them.
            if size_of::<T>() == 0 {
                block.iter().for_each(|_| out.put(&[0]));
            }
        }
    }

    fn read(input: &mut Input<'_>) -> Result<Self, DecodeError> {
        let n = input.count()?;
        let mut values = Vec::new();
        while values.len() < n {
            let block = super::BLOCK.min(n - values.len());
            T::read_column(block, input, &mut |value| values.push(value))?;
            for _ in 0..if size_of::<T>() == 0 { block } else { 0 } {
                let byte = input.byte()?;
                input.check(byte == 0, Wrong::Value("0"))?;
            }
        }
        Ok(values)
    }
}

/// Reads so many keys, which are sorted.
fn read_keys<K: Element + Ord + Clone>(
    n: usize,
    input: &mut Input<'_>,
    mut then: impl FnMut(K, &mut Input<'_>) -> Result<(), DecodeError>,
) -> Result<(), DecodeError> {
    let mut previous: Option<K> = None;
    for _ in 0..n {
        let key = K::read_key(previous.as_ref(), input)?;
        input.check(previous.as_ref().is_none_or(|previous| *previous < key), Wrong::Order)?;
        previous = Some(key.clone());
        then(key, input)?;
    }
    Ok(())
}

impl<T: Element + Ord + Clone> Element for BTreeSet<T> {
    fn shape(shape: &mut Shape) {
        shape.code(shape::SET);
        T::shape(shape);
    }

    fn write(&self, out: &mut Output<'_>) {
        out.count(self.len());
        let mut previous = None;
        for value in self {
            value.write_key(previous, out);
            previous = Some(value);
        }
    }

    fn read(input: &mut Input<'_>) -> Result<Self, DecodeError> {
        let (n, mut set) = (input.count()?, Vec::new());
        read_keys(n, input, |value, _| {
            set.push(value);
            Ok(())
        })?;
        Ok(set.into_iter().collect())
    }
}

impl<K: Element + Ord + Clone, V: Element> Element for BTreeMap<K, V> {
    fn shape(shape: &mut Shape) {
        shape.code(shape::MAP);
        K::shape(shape);
        V::shape(shape);
    }

    fn write(&self, out: &mut Output<'_>) {
        out.count(self.len());
        let mut previous = None;
        for (key, value) in self {
            key.write_key(previous, out);
            value.write(out);
            previous = Some(key);
        }
    }

    fn read(input: &mut Input<'_>) -> Result<Self, DecodeError> {
        let (n, mut map) = (input.count()?, Vec::new());
        read_keys(n, input, |key, input| {
            map.push((key, V::read(input)?));
            Ok(())
        })?;
        Ok(map.into_iter().collect())
    }
}
