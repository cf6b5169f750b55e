//! Serde for the changes of records: the fields that changed, by name.
//!
//! A record may contain itself, by way of a map, and is then read as deep as the bytes say. So how many records there may
//! be in one another is handed down from change to change, by [`ReadChange`].

use alloc::collections::BTreeSet;
use alloc::string::String;
use core::fmt;
use core::marker::PhantomData;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, Visitor};

/// How many records may be in one another: as many as in our own format.
const MOST: u32 = 64;

/// A change that may have records inside.
pub trait ReadChange<'de>: Sized {
    /// Reads it, if no more than so many records are in one another.
    #[allow(clippy::missing_errors_doc, reason = "never called but from within the crate")]
    fn read_change<D: Deserializer<'de>>(deserializer: D, records: u32) -> Result<Self, D::Error>;
}

/// Reads a change in which no more than so many records are in one another.
#[derive(Debug)]
pub struct Within<C>(u32, PhantomData<C>);

impl<C> Within<C> {
    /// Reads a change with so many records in one another at most.
    pub fn new(records: u32) -> Self {
        Within(records, PhantomData)
    }
}

impl<C> Clone for Within<C> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<C> Copy for Within<C> {}

impl<'de, C: ReadChange<'de>> DeserializeSeed<'de> for Within<C> {
    type Value = C;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<C, D::Error> {
        C::read_change(deserializer, self.0)
    }
}

/// Reads a change that is in no record.
#[allow(clippy::missing_errors_doc, reason = "never called but by what `record!` writes")]
pub fn read_whole<'de, D: Deserializer<'de>, C: ReadChange<'de>>(deserializer: D) -> Result<C, D::Error> {
    C::read_change(deserializer, MOST)
}

/// What `record!` writes for each record.
pub trait ReadFields<'de>: Default {
    /// The names of the fields.
    const NAMES: &'static [&'static str];

    /// Reads the value of the field `name`, which is one of `NAMES`.
    #[allow(clippy::missing_errors_doc, reason = "never called but from here")]
    fn read<A: MapAccess<'de>>(&mut self, name: &str, map: &mut A, records: u32) -> Result<(), A::Error>;
}

/// Reads fields in any order; those that are missing stay empty, those that are not known are refused.
impl<'de, C: ReadFields<'de>> ReadChange<'de> for C {
    fn read_change<D: Deserializer<'de>>(deserializer: D, records: u32) -> Result<C, D::Error> {
        struct Fields<C>(u32, PhantomData<C>);

        impl<'de, C: ReadFields<'de>> Visitor<'de> for Fields<C> {
            type Value = C;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the changed fields of a record")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<C, A::Error> {
                let (mut fields, mut read) = (C::default(), BTreeSet::new());
                while let Some(name) = map.next_key::<String>()? {
                    if !C::NAMES.contains(&name.as_str()) {
                        return Err(A::Error::unknown_field(&name, C::NAMES));
                    }
                    fields.read(&name, &mut map, self.0)?;
                    if !read.insert(name) {
                        return Err(A::Error::custom("a field comes twice"));
                    }
                }
                Ok(fields)
            }
        }

        let Some(inside) = records.checked_sub(1) else {
            return Err(D::Error::custom("too many records are in one another"));
        };
        deserializer.deserialize_map(Fields(inside, PhantomData))
    }
}
