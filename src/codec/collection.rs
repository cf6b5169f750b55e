//! Values with values inside. Each container charges the input for its memory before it allocates.

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use super::{DecodeError, Element, Few, Input, Output, Shape, Wrong, shape};

/// Reads so many values, to have them at hand. The caller [releases](Input::release) their memory.
pub(super) fn read_few<T: Element>(n: usize, input: &mut Input<'_>) -> Result<Few<T>, DecodeError> {
    input.room::<T>(n)?;
    let mut values = Few::with_capacity(n);
    T::read_column(n, input, &mut |value| values.push(value))?;
    Ok(values)
}

impl<T: Element> Element for Box<T> {
    fn shape(shape: &mut Shape) {
        T::shape(shape);
    }

    fn write(&self, out: &mut Output<'_>) {
        T::write(self, out);
    }

    fn read(input: &mut Input<'_>) -> Result<Self, DecodeError> {
        input.room::<T>(1)?;
        T::read(input).map(Box::new)
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
        input.release::<bool>(n);
        input.release::<T>(values.len());
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
                    $(input.release::<$part>(n);)+
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
        input.room::<T>(n)?;
        let mut values = Vec::with_capacity(n);
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

/// How many bytes of memory std's tree takes that is made of so many entries at once: its nodes are full, and have room for
/// eleven entries each, be there only one.
pub(super) fn tree<K, V>(n: usize) -> u64 {
    let leaf = 16 + 11 * (size_of::<K>() as u64 + size_of::<V>() as u64);
    let mut nodes = if n == 0 { 0 } else { (n as u64 + 1).div_ceil(12) };
    let mut bytes = nodes.saturating_mul(leaf);
    while nodes > 1 {
        nodes = nodes.div_ceil(12);
        bytes = bytes.saturating_add(nodes.saturating_mul(leaf + 12 * 8));
    }
    bytes
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
        let n = input.count()?;
        input.hold(tree::<T, ()>(n))?;
        input.room::<T>(n)?;
        let mut set = Vec::with_capacity(n);
        read_keys(n, input, |value, _| {
            set.push(value);
            Ok(())
        })?;
        input.release::<T>(n);
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
        let n = input.count()?;
        input.hold(tree::<K, V>(n))?;
        input.room::<(K, V)>(n)?;
        let mut map = Vec::with_capacity(n);
        read_keys(n, input, |key, input| {
            map.push((key, V::read(input)?));
            Ok(())
        })?;
        input.release::<(K, V)>(n);
        Ok(map.into_iter().collect())
    }
}
