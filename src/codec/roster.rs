//! Small numbers in place of what is named again and again, for bytes that are read in one conversation only.
//!
//! ```text
//! writer   Roster      name -> number, in order of first use; one for all peers, so that bytes are written once
//! reader   Directory   number -> name, as far as the peer has told; one for each peer
//! name     the id of a replica; or a field of a record, with its type
//! number   from 1 on; 0 is what times are counted from: the first that was written
//! ```
//!
//! The bytes do not depend on the peer: a link tells each peer the [names](Roster::write_names) that it has not told yet, and
//! then sends the same bytes. A name that has no number is written in full, after a 0; so a full roster costs bytes, and
//! nothing else.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use smallvec::SmallVec;

use super::element::{read_text, write_text};
use super::{DecodeError, Input, Limits, Output, Shape, Wrong};
use crate::ReplicaId;

/// Numbers of a roster that some bytes need, sorted.
pub(crate) type Numbers = SmallVec<[u32; 4]>;

/// How many names get a number, how many of them may be fields, and how many bytes those have at most: all that a peer can
/// make a reader hold.
const MOST: usize = 1 << 14;
const MOST_FIELDS: usize = 1 << 9;
const LONGEST_FIELD: usize = 1 << 8;

/// The number of what times are counted from.
const BASE: u32 = 0;
/// The latest that times are counted from, so that one clock that is wrong does not make all others dear: in the year 2039.
const LATEST_BASE: u64 = 1 << 41;

#[derive(Clone, Debug, PartialEq, Eq)]
enum Name<Text> {
    Replica(ReplicaId),
    Field(Box<(Text, Shape)>),
}

/// The writer's side: numbers of names, and the milliseconds that times are counted from.
#[derive(Debug, Default)]
pub(crate) struct Roster {
    /// Those from 1 on.
    names: Vec<Name<&'static str>>,
    replicas: BTreeMap<ReplicaId, u32>,
    /// The replica that was last asked for, as a rule the one that writes here, and its number.
    last: Option<(ReplicaId, u32)>,
    fields: BTreeMap<(&'static str, Shape), u32>,
    base: Option<u64>,
}

impl Roster {
    /// How many names have a number.
    pub(crate) fn len(&self) -> usize {
        self.names.len()
    }

    /// Takes back the numbers that were given after there were `len`, of bytes that were not kept.
    pub(crate) fn truncate(&mut self, len: usize) {
        self.last = None;
        for name in self.names.drain(len..) {
            match name {
                Name::Replica(id) => self.replicas.remove(&id),
                Name::Field(field) => self.fields.remove(&*field),
            };
        }
    }

    /// The number of a replica, which gets one if it has none; `None` when all are taken.
    fn replica(&mut self, id: ReplicaId) -> Option<u32> {
        if let Some((last, number)) = self.last
            && last == id
        {
            return Some(number);
        }
        let number = if let Some(number) = self.replicas.get(&id) {
            *number
        } else {
            let number = self.give(|| Name::Replica(id))?;
            self.replicas.insert(id, number);
            number
        };
        self.last = Some((id, number));
        Some(number)
    }

    /// The number of a field, as of a replica.
    fn field(&mut self, name: &'static str, shape: Shape) -> Option<u32> {
        let field = (name, shape);
        if let Some(number) = self.fields.get(&field) {
            return Some(*number);
        }
        if self.fields.len() == MOST_FIELDS || name.len() + field.1.bytes().len() > LONGEST_FIELD {
            return None;
        }
        let number = self.give(|| Name::Field(Box::new(field.clone())))?;
        self.fields.insert(field, number);
        Some(number)
    }

    fn give(&mut self, name: impl FnOnce() -> Name<&'static str>) -> Option<u32> {
        if self.names.len() == MOST {
            return None;
        }
        self.names.push(name());
        u32::try_from(self.names.len()).ok()
    }

    fn name(&self, number: u32) -> Option<&Name<&'static str>> {
        self.names.get((number as usize).checked_sub(1)?)
    }

    /// What these numbers mean, to read again what was written here.
    pub(crate) fn directory(&self, numbers: &[u32]) -> Directory {
        let mut directory = Directory { base: self.base, ..Directory::default() };
        for number in numbers {
            let name = match self.name(*number) {
                Some(Name::Replica(id)) => Name::Replica(*id),
                Some(Name::Field(field)) => Name::Field(Box::new((field.0.into(), field.1.clone()))),
                None => continue,
            };
            directory.insert(*number, name);
        }
        directory
    }

    /// Writes what these numbers mean, for [`Input::read_names`]. Numbers that were never given are left out.
    pub(crate) fn write_names(&self, numbers: &[u32], out: &mut Output<'_>) {
        let is_given = |number: &&u32| {
            if **number == BASE { self.base.is_some() } else { self.name(**number).is_some() }
        };
        out.count(numbers.iter().filter(is_given).count());
        for number in numbers {
            match self.name(*number) {
                Some(Name::Replica(id)) => {
                    out.number(number << 1);
                    out.put(&id.as_u128().to_be_bytes());
                }
                Some(Name::Field(field)) => {
                    out.number(number << 1 | 1);
                    write_text(field.0, out);
                    field.1.write(out);
                }
                None => {
                    if let Some(base) = self.base.filter(|_| *number == BASE) {
                        out.number(BASE);
                        out.number(base);
                    }
                }
            }
        }
    }
}

/// The reader's side: what the peer has told of its roster.
#[derive(Debug, Default)]
pub(crate) struct Directory {
    names: BTreeMap<u32, Name<Box<str>>>,
    fields: usize,
    base: Option<u64>,
}

impl Directory {
    /// How many names were told.
    pub(crate) fn len(&self) -> usize {
        self.names.len()
    }

    /// Notes what a number means. False if no roster gives such a number, or if it means something already.
    fn insert(&mut self, number: u32, name: Name<Box<str>>) -> bool {
        if let Name::Field(field) = &name {
            if self.fields == MOST_FIELDS || field.0.len() + field.1.bytes().len() > LONGEST_FIELD {
                return false;
            }
            self.fields += 1;
        }
        (1..=MOST).contains(&(number as usize)) && self.names.insert(number, name).is_none()
    }
}

impl<'a> Output<'a> {
    /// Goes on after `bytes`. Names are written as their numbers in `roster`, and times are counted from its base.
    pub(crate) fn within(bytes: Vec<u8>, roster: &'a mut Roster) -> Self {
        Output { roster: Some(roster), ..Output::after(bytes) }
    }

    /// The numbers that were written since this was last asked.
    pub(crate) fn used(&mut self) -> Numbers {
        let mut used = core::mem::take(&mut self.used);
        used.sort_unstable();
        used.dedup();
        used
    }

    /// Writes a number, or 0 if the name comes in full. Whether it is a number.
    fn name(&mut self, number: Option<u32>) -> bool {
        self.number(number.unwrap_or(0));
        number.map(|number| self.uses(number)).is_some()
    }

    fn uses(&mut self, number: u32) {
        if self.used.last() != Some(&number) {
            self.used.push(number);
        }
    }

    /// The milliseconds that a time is counted from, if it is to take few bytes.
    pub(super) fn base_of(&mut self, millis: u64) -> Option<u64> {
        let Some(roster) = &mut self.roster else { return self.base };
        let base = *roster.base.get_or_insert(millis.min(LATEST_BASE));
        self.uses(BASE);
        Some(base)
    }

    /// Whether this is a delta in the second format, or part of a conversation.
    pub(super) fn is_compact(&self) -> bool {
        self.base.is_some() || self.roster.is_some()
    }

    pub(super) fn replica(&mut self, id: ReplicaId) {
        let number = self.roster.as_mut().map(|roster| roster.replica(id));
        if !number.is_some_and(|number| self.name(number)) {
            self.put(&id.as_u128().to_be_bytes());
        }
    }

    /// Writes which field of a record comes, and of which type it is.
    pub(super) fn field(&mut self, name: &'static str, shape: &Shape) {
        let number = self.roster.as_mut().map(|roster| roster.field(name, shape.clone()));
        if !number.is_some_and(|number| self.name(number)) {
            write_text(name, self);
            shape.write(self);
        }
    }
}

impl<'a> Input<'a> {
    /// As [`of`](Self::of): bytes that were written [within](Output::within) the roster of which `directory` knows.
    pub(crate) fn within(bytes: &'a [u8], limits: &Limits, directory: &'a mut Directory) -> Self {
        let mut input = Input::of(bytes, limits);
        input.directory = Some(directory);
        input
    }

    /// Reads [names](Roster::write_names), for what comes after them.
    pub(crate) fn read_names(&mut self) -> Result<(), DecodeError> {
        for _ in 0..self.count()? {
            let number: u32 = self.number()?;
            if number == BASE {
                let base: u64 = self.number()?;
                let is_new = self.directory.as_mut().is_some_and(|names| names.base.replace(base).is_none());
                self.check(is_new, Wrong::Name)?;
                continue;
            }
            let name = if number & 1 == 0 {
                Name::Replica(ReplicaId::from_u128(u128::from_be_bytes(self.array()?)))
            } else {
                Name::Field(Box::new((read_text(self)?.into_boxed_str(), Shape::read(LONGEST_FIELD, self)?)))
            };
            let is_new = self.directory.as_mut().is_some_and(|names| names.insert(number >> 1, name));
            self.check(is_new, Wrong::Name)?;
        }
        Ok(())
    }

    /// The milliseconds that times are counted from, if they take few bytes.
    pub(super) fn base(&self) -> Result<Option<u64>, DecodeError> {
        match &self.directory {
            None => Ok(self.base),
            Some(directory) => self.ok(directory.base, Wrong::Name).map(Some),
        }
    }

    /// Whether this is a delta in the second format, or part of a conversation.
    pub(crate) fn is_compact(&self) -> bool {
        self.base.is_some() || self.directory.is_some()
    }

    /// What a number means, that comes next; nothing if names come in full.
    fn name(&mut self) -> Result<Option<&Name<Box<str>>>, DecodeError> {
        if self.directory.is_none() {
            return Ok(None);
        }
        let number: u32 = self.number()?;
        if number == 0 {
            return Ok(None);
        }
        let name = self.directory.as_ref().and_then(|directory| directory.names.get(&number));
        self.ok(name, Wrong::Name).map(Some)
    }

    pub(super) fn replica(&mut self) -> Result<ReplicaId, DecodeError> {
        match self.name()? {
            None => self.array().map(u128::from_be_bytes).map(ReplicaId::from_u128),
            Some(Name::Replica(id)) => Ok(*id),
            Some(Name::Field(_)) => Err(self.error(Wrong::Name)),
        }
    }

    /// Reads which of these fields of a record comes.
    pub(super) fn field(
        &mut self,
        mut fields: impl Iterator<Item = (&'static str, fn(&mut Shape))>,
    ) -> Result<&'static str, DecodeError> {
        match self.name()? {
            None => {
                let name = read_text(self)?;
                let Some((name, shape)) = fields.find(|(known, _)| *known == name) else {
                    return Err(self.error(Wrong::Field(name)));
                };
                Shape::of(shape).check(self)?;
                Ok(name)
            }
            Some(Name::Replica(_)) => Err(self.error(Wrong::Name)),
            Some(Name::Field(field)) => {
                let (name, told) = &**field;
                let Some((name, shape)) = fields.find(|(known, _)| *known == &**name) else {
                    let name = name.clone().into_string();
                    return Err(self.error(Wrong::Field(name)));
                };
                let is_same = Shape::of(shape) == *told;
                self.check(is_same, Wrong::Type)?;
                Ok(name)
            }
        }
    }
}

#[cfg(test)]
mod tests;
