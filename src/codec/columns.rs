use alloc::vec::Vec;

use smallvec::SmallVec;

use super::collection::{read_few, tree};
use super::facts::{FactReader, FactWriter, read_runs, runs};
use super::{BLOCK, DecodeError, Element, FactList, Few, Input, Output, Shape, Wrong, event, few, shape};
use crate::causality::Tag;
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

    /// Writes a change of one event.
    fn write_event(change: &Self::Change, out: &mut Output<'_>);

    /// Reads a change of the event `dot`.
    ///
    /// # Errors
    ///
    /// If what is there is not what `write_event` writes.
    fn read_event(dot: Dot, input: &mut Input<'_>) -> Result<Self::Change, DecodeError>;

    /// Lists all live facts.
    fn list_facts(&self, list: &mut FactList);
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
        let size = sizes.next().copied();
        let mut wholes = Wholes { size: None, sizes, parts: Parts::new(), take };
        wholes.begin(size);
        wholes.hand_on();
        wholes
    }

    #[inline]
    fn begin(&mut self, size: Option<u64>) {
        self.size = size;
        if let Some(size @ 2..) = size {
            self.parts.reserve_exact(in_memory(size));
        }
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
            (self.take)(core::mem::take(&mut self.parts));
            let next = self.sizes.next().copied();
            self.begin(next);
        }
    }
}

/// Reads how many parts each of so many wholes has.
fn read_sizes(n: usize, input: &mut Input<'_>) -> Result<Few<u64>, DecodeError> {
    let sizes: Few<u64> = read_runs(n, input)?;
    sizes.iter().try_for_each(|size| input.allow(*size))?;
    Ok(sizes)
}

/// Charges the memory of wholes with several parts; one part is stored inline.
fn room_for_more<T>(sizes: &[u64], input: &mut Input<'_>) -> Result<(), DecodeError> {
    sizes
        .iter()
        .filter(|size| **size > 1)
        .try_for_each(|size| input.room::<T>(in_memory(*size).saturating_add(1)))
}

/// Not so many that room for them could be made.
fn in_memory(size: u64) -> usize {
    usize::try_from(size).unwrap_or(usize::MAX)
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

/// Reads keys and what is under them, of which none may be empty. Room has been made for them.
fn read_keyed<K: Element + Ord + Clone, C>(
    sizes: &[u64],
    reader: &mut FactReader<'_, '_>,
    read: Read<C>,
    is_empty: fn(&C) -> bool,
    take: &mut dyn FnMut(Vec<(K, C)>),
) -> Result<(), DecodeError> {
    let mut is_first = sizes.iter().flat_map(|size| (0..*size).map(|n| n == 0));
    let mut take = |pairs| take(into_vec(pairs));
    let mut wholes = Wholes::new(sizes, &mut take);
    for block in blocks(sizes) {
        reader.input.room::<K>(block)?;
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
        reader.input.release::<K>(block);
    }
    Ok(())
}

impl<V: Element + Clone + Eq> Columns for Dots<V> {
    fn list_facts(&self, list: &mut FactList) {
        self.facts.iter().for_each(|(tag, value)| list.push(*tag, |out| value.write(out)));
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
        room_for_more::<(Tag, V)>(&sizes, reader.input)?;
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
        room_for_more::<Event<V>>(&sizes, reader.input)?;
        let mut take = |events| take(DotsChange::new(events));
        let mut wholes = Wholes::new(&sizes, &mut take);
        for block in blocks(&sizes) {
            reader.input.room::<Event<V>>(block)?;
            let dots = reader.events(block)?.into_iter().map(|tag| reader.full(tag));
            let mut events: Few<Event<V>> =
                few(dots.map(|dot| Event { dot, add: None, kills: SmallVec::new() }));
            let adds = read_few::<bool>(block, reader.input)?;
            let mut adding = events.iter_mut().zip(&adds).filter(|(_, adds)| **adds);
            let values = adds.iter().filter(|adds| **adds).count();
            V::read_column(values, reader.input, &mut |value| {
                adding.next().expect("a value for each that adds").0.add = Some(value);
            })?;
            reader.input.release::<bool>(block);
            read_kills(&mut events, reader)?;
            reader.input.release::<Event<V>>(block);
            for event in events {
                let is_sorted = wholes.last().is_none_or(|before: &Event<V>| before.dot < event.dot);
                reader.input.check(is_sorted, Wrong::Order)?;
                wholes.push(event);
            }
        }
        Ok(())
    }

    fn write_event(change: &DotsChange<V>, out: &mut Output<'_>) {
        debug_assert_eq!(change.events.len(), 1);
        change.events.iter().for_each(|event| event::write(event, out));
    }

    fn read_event(dot: Dot, input: &mut Input<'_>) -> Result<DotsChange<V>, DecodeError> {
        Ok(DotsChange::new(SmallVec::from_buf([event::read(dot, input)?])))
    }
}

/// Reads what a block of events kills.
fn read_kills<V>(events: &mut [Event<V>], reader: &mut FactReader<'_, '_>) -> Result<(), DecodeError> {
    let sizes = read_sizes(events.len(), reader.input)?;
    room_for_more::<Dot>(&sizes, reader.input)?;
    for (event, size) in events.iter_mut().zip(&sizes).filter(|(_, size)| **size > 1) {
        event.kills.reserve_exact(in_memory(*size));
    }
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
    fn list_facts(&self, list: &mut FactList) {
        self.children.values().for_each(|child| child.list_facts(list));
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
        let sizes = read_sizes(n, reader.input)?;
        sizes.iter().try_for_each(|size| reader.input.hold(tree::<K, S>(in_memory(*size))))?;
        // The pairs of one map at a time are held beside the tree that is made of them.
        let largest = in_memory(sizes.iter().copied().max().unwrap_or(0));
        reader.input.room::<(K, S)>(largest)?;
        read_keyed(&sizes, reader, S::read_column, S::is_empty, &mut |pairs| {
            take(Keyed { children: pairs.into_iter().collect() });
        })?;
        reader.input.release::<(K, S)>(largest);
        Ok(())
    }

    fn write_changes(changes: &[&Self::Change], writer: &mut FactWriter<'_, '_>) {
        write_keyed(changes.iter().map(|change| change.keys.iter()), writer, S::write_changes);
    }

    fn read_changes(
        n: usize,
        reader: &mut FactReader<'_, '_>,
        take: &mut dyn FnMut(Self::Change),
    ) -> Result<(), DecodeError> {
        let sizes = read_sizes(n, reader.input)?;
        sizes.iter().try_for_each(|size| reader.input.room::<(K, S::Change)>(in_memory(*size)))?;
        read_keyed(&sizes, reader, S::read_changes, <S::Change as Change>::is_empty, &mut |pairs| {
            take(KeyedChange { keys: pairs.into_iter().collect() });
        })
    }

    fn write_event(change: &Self::Change, out: &mut Output<'_>) {
        debug_assert_eq!(change.keys.iter().len(), 1);
        for (key, change) in change.keys.iter() {
            key.write(out);
            S::write_event(change, out);
        }
    }

    fn read_event(dot: Dot, input: &mut Input<'_>) -> Result<Self::Change, DecodeError> {
        let (key, change) = (K::read(input)?, S::read_event(dot, input)?);
        Ok(KeyedChange::of_one(key, change))
    }
}

impl<T: Newtype<Inner: Columns>> Columns for T {
    fn list_facts(&self, list: &mut FactList) {
        self.inner().list_facts(list);
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

    fn write_event(change: &Self::Change, out: &mut Output<'_>) {
        T::Inner::write_event(change, out);
    }

    fn read_event(dot: Dot, input: &mut Input<'_>) -> Result<Self::Change, DecodeError> {
        T::Inner::read_event(dot, input)
    }
}
