//! Records: the fields in which there is anything, by name, each with its type and a column of its own.

use alloc::vec::Vec;

use super::facts::{FactReader, FactWriter};
use super::{DecodeError, Input, Output, Shape, Wrong};

/// A field of a record, or of a record's change: what `record!` writes for each.
#[allow(missing_debug_implementations, reason = "never seen but by what `record!` writes")]
pub struct Field<T> {
    /// As it is called in bytes.
    pub name: &'static str,
    /// Its type.
    pub shape: fn(&mut Shape),
    /// Whether there is nothing in it.
    pub is_empty: fn(&T) -> bool,
    /// Writes it for many records.
    pub write: fn(&[&T], &mut FactWriter<'_, '_>),
    /// Reads it for many records.
    pub read: fn(&mut [T], &mut FactReader<'_, '_>) -> Result<(), DecodeError>,
}

/// The type of any record: the fields say of which types they are when there is something in them.
pub fn shape(shape: &mut Shape) {
    shape.code(super::shape::RECORD);
}

/// Says which field comes, and of which type it is.
pub fn write_field(name: &'static str, shape: fn(&mut Shape), out: &mut Output<'_>) {
    out.field(name, &Shape::of(shape));
}

/// Reads which of these fields comes.
#[allow(clippy::missing_errors_doc, reason = "never called but by what `record!` writes")]
pub fn read_field(
    fields: impl Iterator<Item = (&'static str, fn(&mut Shape))>,
    input: &mut Input<'_>,
) -> Result<&'static str, DecodeError> {
    input.field(fields)
}

#[allow(clippy::missing_panics_doc, reason = "never called but by what `record!` writes")]
pub fn write<T>(records: &[&T], fields: &[Field<T>], writer: &mut FactWriter<'_, '_>) {
    let is_used = |field: &&Field<T>| !records.iter().all(|record| (field.is_empty)(record));
    writer.out.enter();
    let mut used: Vec<&Field<T>> = fields.iter().filter(is_used).collect();
    used.sort_unstable_by_key(|field| field.name);
    writer.out.count(used.len());
    for field in used {
        write_field(field.name, field.shape, writer.out);
        (field.write)(records, writer);
    }
    writer.out.leave();
}

#[allow(clippy::missing_errors_doc, reason = "never called but by what `record!` writes")]
pub fn read<T: Default>(
    n: usize,
    fields: &[Field<T>],
    reader: &mut FactReader<'_, '_>,
    take: &mut dyn FnMut(T),
) -> Result<(), DecodeError> {
    reader.input.enter()?;
    reader.input.room::<T>(n)?;
    let mut records: Vec<T> = (0..n).map(|_| T::default()).collect();
    let used = reader.input.count()?;
    let mut previous = None;
    for _ in 0..used {
        let name = read_field(fields.iter().map(|field| (field.name, field.shape)), reader.input)?;
        reader.input.check(previous < Some(name), Wrong::Order)?;
        previous = Some(name);
        let Some(field) = fields.iter().find(|field| field.name == name) else { continue };
        (field.read)(&mut records, reader)?;
        reader.input.check(!records.iter().all(field.is_empty), Wrong::Empty)?;
    }
    reader.input.leave();
    reader.input.release::<T>(n);
    records.into_iter().for_each(take);
    Ok(())
}
