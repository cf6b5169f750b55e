use alloc::vec::Vec;

use smallvec::SmallVec;

use super::facts::{FactReader, FactWriter, read_runs, runs};
use super::{BLOCK, DecodeError, Element, Few, Output, Shape, Wrong, few, shape};
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

    /// Reads so many stores.
    ///
    /// # Errors
    ///
    /// If what is there is not what `write_column` writes.
    fn read_column(n: usize, reader: &mut FactReader<'_, '_>) -> Result<Vec<Self>, DecodeError>;

    /// Writes some changes, no more than 1,024.
    fn write_changes(changes: &[&Self::Change], writer: &mut FactWriter<'_, '_>);

    /// Reads so many changes.
    ///
    /// # Errors
    ///
    /// If what is there is not what `write_changes` writes.
    fn read_changes(n: usize, reader: &mut FactReader<'_, '_>) -> Result<Vec<Self::Change>, DecodeError>;

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
fn write_parts<T, I: ExactSizeIterator<Item = T>>(
    wholes: impl Iterator<Item = I> + Clone,
    writer: &mut FactWriter<'_, '_>,
    mut write: impl FnMut(&[(bool, T)], &mut FactWriter<'_, '_>),
) {
    runs(wholes.clone().map(|parts| parts.len() as u128), writer.out);
    let mut block = Few::with_capacity(BLOCK.min(wholes.clone().map(|parts| parts.len()).sum()));
    for (n, part) in wholes.flat_map(Iterator::enumerate) {
        block.push((n == 0, part));
        if block.len() == BLOCK {
            write(&block, writer);
            block.clear();
        }
    }
    if !block.is_empty() {
        write(&block, writer);
    }
}

/// The parts of one whole: nearly always one.
type Parts<T> = SmallVec<[T; 1]>;

/// Reads parts that were written by [`write_parts`], and hands each to its whole.
fn read_parts<T>(
    n: usize,
    reader: &mut FactReader<'_, '_>,
    mut read: impl FnMut(&[bool], &mut FactReader<'_, '_>) -> Result<Vec<T>, DecodeError>,
) -> Result<Vec<Parts<T>>, DecodeError> {
    let sizes: Few<u64> = read_runs(n, reader.input)?;
    sizes.iter().try_for_each(|size| reader.input.allow(*size))?;
    let mut wholes: Vec<Parts<T>> = sizes.iter().map(|_| Parts::new()).collect();
    let (mut at, mut missing) = (0, sizes.first().copied().unwrap_or(0));
    loop {
        // Which part belongs to which whole, a block at a time.
        let mut owners: Few<usize> = Few::new();
        let mut is_first: Few<bool> = Few::new();
        while at < n && owners.len() < BLOCK {
            if missing == 0 {
                at += 1;
                missing = sizes.get(at).copied().unwrap_or(0);
            } else {
                is_first.push(missing == sizes[at]);
                owners.push(at);
                missing -= 1;
            }
        }
        if owners.is_empty() {
            return Ok(wholes);
        }
        let parts = read(&is_first, reader)?;
        owners.into_iter().zip(parts).for_each(|(owner, part)| wholes[owner].push(part));
    }
}

/// Writes keys and what is under them.
fn write_keyed<'a, K: Element + 'a, C: 'a, I: ExactSizeIterator<Item = (&'a K, &'a C)>>(
    maps: impl Iterator<Item = I> + Clone,
    writer: &mut FactWriter<'_, '_>,
    write: fn(&[&C], &mut FactWriter<'_, '_>),
) {
    write_parts(maps, writer, |block, writer| {
        let mut previous = None;
        for (is_first, (key, _)) in block {
            key.write_key(previous.filter(|_| !is_first), writer.out);
            previous = Some(*key);
        }
        let children = few(block.iter().map(|(_, (_, child))| *child));
        write(&children, writer);
    });
}

/// Reads keys and what is under them, of which none may be empty.
fn read_keyed<K: Element + Ord + Clone, C>(
    n: usize,
    reader: &mut FactReader<'_, '_>,
    read: fn(usize, &mut FactReader<'_, '_>) -> Result<Vec<C>, DecodeError>,
    is_empty: fn(&C) -> bool,
) -> Result<Vec<Parts<(K, C)>>, DecodeError> {
    read_parts(n, reader, |is_first, reader| {
        let mut keys: Vec<K> = Vec::with_capacity(is_first.len());
        for is_first in is_first {
            let previous = keys.last().filter(|_| !is_first);
            let key = K::read_key(previous, reader.input)?;
            reader.input.check(previous.is_none_or(|previous| *previous < key), Wrong::Order)?;
            keys.push(key);
        }
        let children = read(keys.len(), reader)?;
        reader.input.check(!children.iter().any(is_empty), Wrong::Empty)?;
        Ok(keys.into_iter().zip(children).collect())
    })
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
        write_parts(stores.iter().map(|dots| dots.facts.iter()), writer, |block, writer| {
            let dots = few(block.iter().map(|(_, (tag, _))| writer.tag(*tag)));
            writer.dots(&dots);
            V::write_column(&few(block.iter().map(|(_, (_, value))| value)), writer.out);
        });
    }

    fn read_column(n: usize, reader: &mut FactReader<'_, '_>) -> Result<Vec<Self>, DecodeError> {
        let mut before: Option<Tag> = None;
        let leaves = read_parts(n, reader, |is_first, reader| {
            let tags = reader.events(is_first.len())?;
            for (is_first, tag) in is_first.iter().zip(&tags) {
                let follows = before.is_none_or(|before| before < *tag);
                reader.input.check(*is_first || follows, Wrong::Order)?;
                before = Some(*tag);
            }
            Ok(tags.into_iter().zip(V::read_column(is_first.len(), reader.input)?).collect())
        })?;
        Ok(leaves.into_iter().map(|facts| Dots { facts: facts.into() }).collect())
    }

    fn write_changes(changes: &[&DotsChange<V>], writer: &mut FactWriter<'_, '_>) {
        write_parts(changes.iter().map(|change| change.events.iter()), writer, |block, writer| {
            let events: Few<&Event<V>> = few(block.iter().map(|(_, event)| *event));
            let dots = few(events.iter().map(|event| writer.dot(event.dot)));
            writer.dots(&dots);
            let adds = few(events.iter().map(|event| event.add.is_some()));
            bool::write_column(&few(adds.iter()), writer.out);
            V::write_column(
                &events.iter().filter_map(|event| event.add.as_ref()).collect::<Few<_>>(),
                writer.out,
            );
            runs(events.iter().map(|event| event.kills.len() as u128), writer.out);
            let kills: Few<_> =
                events.iter().flat_map(|event| &event.kills).map(|dot| writer.dot(*dot)).collect();
            kills.chunks(BLOCK).for_each(|block| writer.dots(block));
        });
    }

    fn read_changes(n: usize, reader: &mut FactReader<'_, '_>) -> Result<Vec<DotsChange<V>>, DecodeError> {
        let mut before: Option<Dot> = None;
        let leaves = read_parts(n, reader, |is_first, reader| {
            let tags = reader.events(is_first.len())?;
            let adds = bool::read_column(tags.len(), reader.input)?;
            let values = V::read_column(adds.iter().filter(|adds| **adds).count(), reader.input)?;
            let mut values = values.into_iter();
            let kills: Few<u64> = read_runs(tags.len(), reader.input)?;
            let mut events = Vec::with_capacity(tags.len());
            for (n, tag) in tags.into_iter().enumerate() {
                let dot = reader.full(tag);
                reader.input.check(is_first[n] || before.is_none_or(|before| before < dot), Wrong::Order)?;
                before = Some(dot);
                let add = if adds[n] { values.next() } else { None };
                events.push(Event { dot, add, kills: SmallVec::new() });
            }
            read_kills(&mut events, &kills, reader)?;
            Ok(events)
        })?;
        Ok(leaves.into_iter().map(|events| DotsChange { events }).collect())
    }
}

/// Reads what a block of events kills, so many each.
fn read_kills<V>(
    events: &mut [Event<V>],
    kills: &[u64],
    reader: &mut FactReader<'_, '_>,
) -> Result<(), DecodeError> {
    kills.iter().try_for_each(|kills| reader.input.allow(*kills))?;
    let (mut at, mut missing) = (0, kills.first().copied().unwrap_or(0));
    loop {
        let mut owners: Few<usize> = Few::new();
        while at < events.len() && owners.len() < BLOCK {
            if missing == 0 {
                at += 1;
                missing = kills.get(at).copied().unwrap_or(0);
            } else {
                owners.push(at);
                missing -= 1;
            }
        }
        if owners.is_empty() {
            return Ok(());
        }
        for (owner, tag) in owners.iter().zip(reader.dots(owners.len())?) {
            let (dot, event) = (reader.full(tag), &mut events[*owner]);
            reader.input.check(event.kills.last().is_none_or(|last| *last < dot), Wrong::Order)?;
            reader.input.check(dot != event.dot, Wrong::Twice)?;
            event.kills.push(dot);
        }
    }
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

    fn read_column(n: usize, reader: &mut FactReader<'_, '_>) -> Result<Vec<Self>, DecodeError> {
        let maps = read_keyed(n, reader, S::read_column, S::is_empty)?;
        Ok(maps.into_iter().map(|pairs| Keyed { children: pairs.into_iter().collect() }).collect())
    }

    fn write_changes(changes: &[&Self::Change], writer: &mut FactWriter<'_, '_>) {
        write_keyed(changes.iter().map(|change| change.keys.iter()), writer, S::write_changes);
    }

    fn read_changes(n: usize, reader: &mut FactReader<'_, '_>) -> Result<Vec<Self::Change>, DecodeError> {
        let maps = read_keyed(n, reader, S::read_changes, <S::Change as Change>::is_empty)?;
        Ok(maps.into_iter().map(|pairs| KeyedChange { keys: pairs.into_iter().collect() }).collect())
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

    fn read_column(n: usize, reader: &mut FactReader<'_, '_>) -> Result<Vec<Self>, DecodeError> {
        let wrap = |inner| {
            let mut store = T::default();
            *store.inner_mut() = inner;
            store
        };
        Ok(T::Inner::read_column(n, reader)?.into_iter().map(wrap).collect())
    }

    fn write_changes(changes: &[&Self::Change], writer: &mut FactWriter<'_, '_>) {
        T::Inner::write_changes(changes, writer);
    }

    fn read_changes(n: usize, reader: &mut FactReader<'_, '_>) -> Result<Vec<Self::Change>, DecodeError> {
        T::Inner::read_changes(n, reader)
    }
}
