//! Formats other than JSON. Here `postcard`, which is all lengths and raw bytes, and does not say what it holds.

use std::fmt::Debug;

use rejoin::{Causal, Counter, Map, OrSet, Version, Writer, record};
use serde::Serialize;
use serde::de::DeserializeOwned;

fn travels<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: &T) {
    let bytes = postcard::to_stdvec(value).unwrap();
    assert_eq!(&postcard::from_bytes::<T>(&bytes).unwrap(), value);
}

record! {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Article {
        tags: OrSet<u8>,
        stock: Counter,
    }
}

/// Such formats write how many things come before the things, so everything must know that.
#[test]
fn lengths_are_known_before_the_things() {
    let mut a = Writer::<Causal<Map<u8, Article>>>::new();
    for keys in [1, 100] {
        let delta = a.edit(|map| (0..keys).for_each(|key| map.entry(key).tags.insert(key)));
        travels(&delta);
        travels(a.state());
        travels::<Version>(a.version());
    }
    travels(&a.edit(|map| map.clear()));
}
