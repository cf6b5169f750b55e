//! Serde for the changes of records: the fields that changed, by name.

use alloc::collections::BTreeSet;
use alloc::string::String;
use core::fmt;
use core::marker::PhantomData;

use serde::de::{Deserializer, Error, MapAccess, Visitor};

/// What `record!` writes for each record.
pub trait ReadFields<'de>: Default {
    /// The names of the fields.
    const NAMES: &'static [&'static str];

    /// Reads the value of the field `name`, which is one of `NAMES`.
    #[allow(clippy::missing_errors_doc, reason = "never called but from here")]
    fn read<A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error>;
}

/// Reads fields in any order; those that are missing stay empty, those that are not known are refused.
#[allow(clippy::missing_errors_doc, reason = "never called but by what `record!` writes")]
pub fn read_fields<'de, D: Deserializer<'de>, C: ReadFields<'de>>(deserializer: D) -> Result<C, D::Error> {
    struct Fields<C>(PhantomData<C>);

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
                fields.read(&name, &mut map)?;
                if !read.insert(name) {
                    return Err(A::Error::custom("a field comes twice"));
                }
            }
            Ok(fields)
        }
    }

    deserializer.deserialize_map(Fields(PhantomData))
}
