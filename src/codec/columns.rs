use alloc::vec::Vec;

use smallvec::SmallVec;

use super::element::read_few;
use super::facts::{FactReader, FactWriter, read_runs, runs};
use super::{BLOCK, DecodeError, Element, Few, Input, Output, Shape, Wrong, few, shape};
use crate::causality::{Names, Tag};
use crate::store::{Change, DotsChange, Event, Keyed, KeyedChange, Newtype, Store};
use crate::{Dot, Dots};

/// A store that can be written as bytes, many at once: what they have in common is written side by side.
///
/// A column of maps is the numbers of their keys, then the keys, then a column of what is under them. So a set of a
/// million members is a column of one, in which there is a column of a million, and the dots stand in one row.
///
/// [`Newtype`]s are written as what is inside; for structs, [`record!`](crate::record) writes this with
/// `#[derive(Columns)]`.
pub trait Columns: Store {
    /// Says which type it is.
    fn shape(shape: &mut Shape);

    /// Writes some stores, no more than 1,024.
    fn write_column(stores: &[&Self], writer: &mut FactWriter<'_, '_>);

    /// Reads so many stores, and hands on one after the other.
    ///
    /// # Errors
    ///
    /// If what is there is not what `write_column` writes.
    fn read_column(
        n: usize,
        reader: &mut FactReader<'_, '_>,
        take: &mut dyn FnMut(Self),
    ) -> Result<(), DecodeError>;

    /// Writes some changes, no more than 1,024.
    fn write_changes(changes: &[&Self::Change], writer: &mut FactWriter<'_, '_>);

    /// Reads so many changes, and hands on one after the other.
    ///
    /// # Errors
    ///
    /// If what is there is not what `write_changes` writes.
    fn read_changes(
        n: usize,
        reader: &mut FactReader<'_, '_>,
        take: &mut dyn FnMut(Self::Change),
    ) -> Result<(), DecodeError>;

    /// Shows all live facts.
    fn visit_facts(&self, visitor: &mut FactVisitor<'_>);
}

/// Sees the live facts of a store one by one, each with the bytes of its value.
#[allow(missing_debug_implementations, reason = "a closure and a buffer")]
pub struct FactVisitor<'a> {
    names: &'a Names,
    bytes: Vec<u8>,
    visit: &'a mut dyn FnMut(Dot, &[u8]),
}

impl<'a> FactVisitor<'a> {
    pub(crate) fn new(names: &'a Names, visit: &'a mut dyn FnMut(Dot, &[u8])) -> Self {
        FactVisitor { names, bytes: Vec::new(), visit }
    }
}

/// Writes how many parts each whole has, and then all parts, block by block.
fn write_parts<'a, T: 'a>(
    wholes: impl ExactSizeIterator<Item = &'a [T]> + Clone,
    writer: &mut FactWriter<'_, '_>,
    mut write: impl FnMut(&[&'a T], &mut FactWriter<'_, '_>),
) {
    runs(wholes.clone().map(|parts| parts.len() as u64), writer.out);
    let mut block = Few::new();
    for whole in wholes {
        for part in whole {
            block.push(part);
            if block.len() == BLOCK {
                write(&block, writer);
                block.clear();
            }
        }
    }
    if !block.is_empty() {
        write(&block, writer);
    }
}

/// The parts of one whole: nearly always one.
type Parts<T> = SmallVec<[T; 1]>;

/// In no more room than they need, if it is one.
fn into_vec<T>(parts: Parts<T>) -> Vec<T> {
    if parts.spilled() {
        return parts.into_vec();
    }
    let mut one = Vec::with_capacity(1);
    one.extend(parts);
    one
}

/// Puts parts together to wholes, as both come.
struct Wholes<'a, T> {
    /// How many parts there will be in the whole that is at work, and in those after it.
    size: Option<u64>,
    sizes: core::slice::Iter<'a, u64>,
    parts: Parts<T>,
    take: &'a mut dyn FnMut(Parts<T>),
}

impl<'a, T> Wholes<'a, T> {
    fn new(sizes: &'a [u64], take: &'a mut dyn FnMut(Parts<T>)) -> Self {
        let mut sizes = sizes.iter();
        let mut wholes = Wholes { size: sizes.next().copied(), sizes, parts: Parts::new(), take };
        wholes.hand_on();
        wholes
    }

    /// The part before the next one, unless that is the first of its whole.
    fn last(&self) -> Option<&T> {
        self.parts.last()
    }

    fn push(&mut self, part: T) {
        self.parts.push(part);
        self.hand_on();
    }

    fn hand_on(&mut self) {
        while self.size == Some(self.parts.len() as u64) {
            self.size = self.sizes.next().copied();
            (self.take)(core::mem::take(&mut self.parts));
        }
    }
}

/// Reads how many parts each of so many wholes has.
fn read_sizes(n: usize, input: &mut Input<'_>) -> Result<Few<u64>, DecodeError> {
    let sizes: Few<u64> = read_runs(n, input)?;
    sizes.iter().try_for_each(|size| input.allow(*size))?;
    Ok(sizes)
}

/// How many parts stand in each block.
fn blocks(sizes: &[u64]) -> impl Iterator<Item = usize> {
    let mut left: u64 = sizes.iter().sum();
    core::iter::from_fn(move || {
        let block = usize::try_from(left).map_or(BLOCK, |left| left.min(BLOCK));
        left -= block as u64;
        (block > 0).then_some(block)
    })
}

/// Writes keys and what is under them.
fn write_keyed<'a, K: Element + 'a, C: 'a, I: ExactSizeIterator<Item = (&'a K, &'a C)>>(
    maps: impl ExactSizeIterator<Item = I> + Clone,
    writer: &mut FactWriter<'_, '_>,
    write: fn(&[&C], &mut FactWriter<'_, '_>),
) {
    runs(maps.clone().map(|map| map.len() as u64), writer.out);
    let mut children = Few::new();
    for map in maps {
        let mut previous = None;
        for (key, child) in map {
            key.write_key(previous, writer.out);
            previous = Some(key);
            children.push(child);
            if children.len() == BLOCK {
                write(&children, writer);
                children.clear();
                previous = None;
            }
        }
    }
    if !children.is_empty() {
        write(&children, writer);
    }
}

/// Reads so many stores or changes, and hands them on.
type Read<C> = fn(usize, &mut FactReader<'_, '_>, &mut dyn FnMut(C)) -> Result<(), DecodeError>;

/// Reads keys and what is under them, of which none may be empty.
fn read_keyed<K: Element + Ord + Clone, C>(
    n: usize,
    reader: &mut FactReader<'_, '_>,
    read: Read<C>,
    is_empty: fn(&C) -> bool,
    take: &mut dyn FnMut(Vec<(K, C)>),
) -> Result<(), DecodeError> {
    let sizes = read_sizes(n, reader.input)?;
    let mut is_first = sizes.iter().flat_map(|size| (0..*size).map(|n| n == 0));
    let mut take = |pairs| take(into_vec(pairs));
    let mut wholes = Wholes::new(&sizes, &mut take);
    for block in blocks(&sizes) {
        let mut keys: Few<K> = Few::with_capacity(block);
        for is_first in is_first.by_ref().take(block) {
            let previous = keys.last().filter(|_| !is_first);
            let key = K::read_key(previous, reader.input)?;
            reader.input.check(previous.is_none_or(|previous| *previous < key), Wrong::Order)?;
            keys.push(key);
        }
        // The first may go on with a map of the block before.
        let goes_on = wholes.last().zip(keys.first()).is_none_or(|((last, _), first)| last < first);
        reader.input.check(goes_on, Wrong::Order)?;
        let mut keys = keys.into_iter();
        let mut is_sound = true;
        read(block, reader, &mut |child| {
            is_sound &= !is_empty(&child);
            wholes.push((keys.next().expect("a child for each key"), child));
        })?;
        reader.input.check(is_sound, Wrong::Empty)?;
    }
    Ok(())
}

impl<V: Element + Clone + Eq> Columns for Dots<V> {
    fn visit_facts(&self, visitor: &mut FactVisitor<'_>) {
        for (dot, value) in self.with_dots(visitor.names) {
            visitor.bytes.clear();
            let mut out = Output::after(core::mem::take(&mut visitor.bytes));
            value.write(&mut out);
            visitor.bytes = out.finish();
            (visitor.visit)(dot, &visitor.bytes);
        }
    }

    fn shape(shape: &mut Shape) {
        shape.code(shape::DOTS);
        V::shape(shape);
    }

    fn write_column(stores: &[&Self], writer: &mut FactWriter<'_, '_>) {
        write_parts(stores.iter().map(|dots| &*dots.facts), writer, |block, writer| {
            let dots = few(block.iter().map(|(tag, _)| writer.tag(*tag)));
            writer.dots(&dots);
            V::write_column(block.iter().map(|(_, value)| value), writer.out);
        });
    }

    fn read_column(
        n: usize,
        reader: &mut FactReader<'_, '_>,
        take: &mut dyn FnMut(Self),
    ) -> Result<(), DecodeError> {
        let sizes = read_sizes(n, reader.input)?;
        let mut take = |facts: Parts<(Tag, V)>| take(Dots { facts: facts.into() });
        let mut wholes = Wholes::new(&sizes, &mut take);
        for block in blocks(&sizes) {
            let mut tags = reader.events(block)?.into_iter();
            let mut is_sorted = true;
            V::read_column(block, reader.input, &mut |value| {
                let tag = tags.next().expect("a value for each tag");
                is_sorted &= wholes.last().is_none_or(|(before, _)| *before < tag);
                wholes.push((tag, value));
            })?;
            reader.input.check(is_sorted, Wrong::Order)?;
        }
        Ok(())
    }

    fn write_changes(changes: &[&DotsChange<V>], writer: &mut FactWriter<'_, '_>) {
        write_parts(changes.iter().map(|change| &change.events[..]), writer, |events, writer| {
            let dots = few(events.iter().map(|event| writer.dot(event.dot)));
            writer.dots(&dots);
            bool::write_column(
                events.iter().map(|event| if event.add.is_some() { &true } else { &false }),
                writer.out,
            );
            V::write_column(events.iter().filter_map(|event| event.add.as_ref()), writer.out);
            runs(events.iter().map(|event| event.kills.len() as u64), writer.out);
            let kills: Few<_> =
                events.iter().flat_map(|event| &event.kills).map(|dot| writer.dot(*dot)).collect();
            kills.chunks(BLOCK).for_each(|block| writer.dots(block));
        });
    }

    fn read_changes(
        n: usize,
        reader: &mut FactReader<'_, '_>,
        take: &mut dyn FnMut(DotsChange<V>),
    ) -> Result<(), DecodeError> {
        let sizes = read_sizes(n, reader.input)?;
        let mut take = |events| take(DotsChange { events });
        let mut wholes = Wholes::new(&sizes, &mut take);
        for block in blocks(&sizes) {
            let dots = reader.events(block)?.into_iter().map(|tag| reader.full(tag));
            let mut events: Few<Event<V>> =
                few(dots.map(|dot| Event { dot, add: None, kills: SmallVec::new() }));
            let adds = read_few::<bool>(block, reader.input)?;
            let mut adding = events.iter_mut().zip(&adds).filter(|(_, adds)| **adds);
            let values = adds.iter().filter(|adds| **adds).count();
            V::read_column(values, reader.input, &mut |value| {
                adding.next().expect("a value for each that adds").0.add = Some(value);
            })?;
            read_kills(&mut events, reader)?;
            for event in events {
                let is_sorted = wholes.last().is_none_or(|before: &Event<V>| before.dot < event.dot);
                reader.input.check(is_sorted, Wrong::Order)?;
                wholes.push(event);
            }
        }
        Ok(())
    }
}

/// Reads what a block of events kills.
fn read_kills<V>(events: &mut [Event<V>], reader: &mut FactReader<'_, '_>) -> Result<(), DecodeError> {
    let sizes = read_sizes(events.len(), reader.input)?;
    let mut killers = (0..).zip(&sizes).flat_map(|(at, size)| (0..*size).map(move |_| at));
    for block in blocks(&sizes) {
        for (tag, killer) in reader.dots(block)?.into_iter().zip(killers.by_ref()) {
            let (dot, event) = (reader.full(tag), &mut events[killer]);
            reader.input.check(event.kills.last().is_none_or(|last| *last < dot), Wrong::Order)?;
            reader.input.check(dot != event.dot, Wrong::Twice)?;
            event.kills.push(dot);
        }
    }
    Ok(())
}

impl<K: Element + Ord + Clone, S: Columns> Columns for Keyed<K, S> {
    fn visit_facts(&self, visitor: &mut FactVisitor<'_>) {
        self.children.values().for_each(|child| child.visit_facts(visitor));
    }

    fn shape(shape: &mut Shape) {
        shape.code(shape::KEYED);
        K::shape(shape);
        S::shape(shape);
    }

    fn write_column(stores: &[&Self], writer: &mut FactWriter<'_, '_>) {
        write_keyed(stores.iter().map(|keyed| keyed.children.iter()), writer, S::write_column);
    }

    fn read_column(
        n: usize,
        reader: &mut FactReader<'_, '_>,
        take: &mut dyn FnMut(Self),
    ) -> Result<(), DecodeError> {
        read_keyed(n, reader, S::read_column, S::is_empty, &mut |pairs| {
            take(Keyed { children: pairs.into_iter().collect() });
        })
    }

    fn write_changes(changes: &[&Self::Change], writer: &mut FactWriter<'_, '_>) {
        write_keyed(changes.iter().map(|change| change.keys.iter()), writer, S::write_changes);
    }

    fn read_changes(
        n: usize,
        reader: &mut FactReader<'_, '_>,
        take: &mut dyn FnMut(Self::Change),
    ) -> Result<(), DecodeError> {
        read_keyed(n, reader, S::read_changes, <S::Change as Change>::is_empty, &mut |pairs| {
            take(KeyedChange { keys: pairs.into_iter().collect() });
        })
    }
}

impl<T: Newtype<Inner: Columns>> Columns for T {
    fn visit_facts(&self, visitor: &mut FactVisitor<'_>) {
        self.inner().visit_facts(visitor);
    }

    fn shape(shape: &mut Shape) {
        T::Inner::shape(shape);
    }

    fn write_column(stores: &[&Self], writer: &mut FactWriter<'_, '_>) {
        T::Inner::write_column(&few(stores.iter().map(|store| store.inner())), writer);
    }

    fn read_column(
        n: usize,
        reader: &mut FactReader<'_, '_>,
        take: &mut dyn FnMut(Self),
    ) -> Result<(), DecodeError> {
        T::Inner::read_column(n, reader, &mut |inner| {
            let mut store = T::default();
            *store.inner_mut() = inner;
            take(store);
        })
    }

    fn write_changes(changes: &[&Self::Change], writer: &mut FactWriter<'_, '_>) {
        T::Inner::write_changes(changes, writer);
    }

    fn read_changes(
        n: usize,
        reader: &mut FactReader<'_, '_>,
        take: &mut dyn FnMut(Self::Change),
    ) -> Result<(), DecodeError> {
        T::Inner::read_changes(n, reader, take)
    }
}
