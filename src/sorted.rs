//! Serde for collections whose one form is strictly sorted: duplicates and disorder are refused, not mended.
//!
//! Maps travel as sequences of pairs, so that their keys need not be strings in JSON.

use alloc::vec::Vec;
use core::fmt;
use core::marker::PhantomData;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, SeqAccess, Visitor};

/// Reads a sequence, making each element from its wire form, which `seed` reads; each must come after the one before it.
pub(crate) fn read<'de, D, S, T>(
    deserializer: D,
    seed: S,
    make: impl FnMut(S::Value) -> Result<T, &'static str>,
    follows: impl Fn(&T, &T) -> bool,
) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    S: DeserializeSeed<'de> + Copy,
{
    struct Reader<S, M, F>(S, M, F);

    impl<'de, S, T, M, F> Visitor<'de> for Reader<S, M, F>
    where
        S: DeserializeSeed<'de> + Copy,
        M: FnMut(S::Value) -> Result<T, &'static str>,
        F: Fn(&T, &T) -> bool,
    {
        type Value = Vec<T>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a strictly sorted sequence")
        }

        fn visit_seq<A: SeqAccess<'de>>(mut self, mut seq: A) -> Result<Vec<T>, A::Error> {
            // No capacity is taken from a stranger's hint.
            let mut items: Vec<T> = Vec::new();
            while let Some(wire) = seq.next_element_seed(self.0)? {
                let item = (self.1)(wire).map_err(Error::custom)?;
                if items.last().is_some_and(|before| !(self.2)(before, &item)) {
                    return Err(Error::custom("entries are duplicated or out of order"));
                }
                items.push(item);
            }
            Ok(items)
        }
    }

    deserializer.deserialize_seq(Reader(seed, make, follows))
}

/// Reads a pair, each half of it in its own way.
#[derive(Clone, Copy)]
pub(crate) struct Pair<K, V>(pub(crate) K, pub(crate) V);

impl<'de, K: DeserializeSeed<'de>, V: DeserializeSeed<'de>> DeserializeSeed<'de> for Pair<K, V> {
    type Value = (K::Value, V::Value);

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_tuple(2, self)
    }
}

impl<'de, K: DeserializeSeed<'de>, V: DeserializeSeed<'de>> Visitor<'de> for Pair<K, V> {
    type Value = (K::Value, V::Value);

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key and what belongs to it")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let Some(key) = seq.next_element_seed(self.0)? else {
            return Err(Error::invalid_length(0, &"a pair"));
        };
        let Some(value) = seq.next_element_seed(self.1)? else {
            return Err(Error::invalid_length(1, &"a pair"));
        };
        Ok((key, value))
    }
}

/// Sets, as sequences of their elements.
pub(crate) mod set {
    use super::{Deserialize, Deserializer, PhantomData, read};

    pub(crate) fn deserialize<'de, D, T, C>(deserializer: D) -> Result<C, D::Error>
    where
        D: Deserializer<'de>,
        T: Deserialize<'de> + Ord,
        C: FromIterator<T>,
    {
        Ok(read(deserializer, PhantomData::<T>, Ok, |a, b| a < b)?.into_iter().collect())
    }
}

/// Maps, as sequences of `[key, value]`.
pub(crate) mod pairs {
    use serde::{Serialize, Serializer};

    use super::{Deserialize, Deserializer, PhantomData, Vec, read};

    pub(crate) fn serialize<'a, S, K, V>(
        pairs: impl IntoIterator<Item = (&'a K, &'a V)>,
        serializer: S,
    ) -> Result<S::Ok, S::Error>
    where
        S: Serializer,
        K: Serialize + 'a,
        V: Serialize + 'a,
    {
        serializer.collect_seq(pairs)
    }

    /// Reads pairs whose values are made from their wire form by `make`.
    pub(crate) fn deserialize_each<'de, D, K, W, V>(
        deserializer: D,
        mut make: impl FnMut(W) -> Result<V, &'static str>,
    ) -> Result<Vec<(K, V)>, D::Error>
    where
        D: Deserializer<'de>,
        K: Deserialize<'de> + Ord,
        W: Deserialize<'de>,
    {
        read(deserializer, PhantomData, |(key, wire)| Ok((key, make(wire)?)), |a: &(K, V), b| a.0 < b.0)
    }
}

/// An optional value as a sequence of none or one, because `null` may be a value itself.
pub(crate) mod none_or_one {
    use serde::{Serialize, Serializer};

    use super::{Deserialize, Deserializer, PhantomData, read};

    #[allow(clippy::ref_option, reason = "serde passes the field as it is")]
    pub(crate) fn serialize<V: Serialize, S: Serializer>(v: &Option<V>, s: S) -> Result<S::Ok, S::Error> {
        s.collect_seq(v)
    }

    pub(crate) fn deserialize<'de, V: Deserialize<'de>, D: Deserializer<'de>>(
        d: D,
    ) -> Result<Option<V>, D::Error> {
        // The second value is refused as it comes: values of no size could be told without end.
        Ok(read(d, PhantomData::<V>, Ok, |_, _| false)?.pop())
    }
}
