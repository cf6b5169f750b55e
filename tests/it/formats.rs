//! Formats other than JSON. Here `postcard`, which is all lengths and raw bytes, and does not say what it holds.

use std::fmt::Debug;

use rejoin::{Causal, Counter, Delta, Dot, EwFlag, Map, Max, OrSet, ReplicaId, Version, Writer, record};
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

/// Things of no size take no bytes, so a stranger may promise any number of them.
#[test]
fn many_facts_of_no_size_are_refused_at_the_second() {
    assert_eq!(postcard::to_stdvec(&Max::new(())).unwrap(), [1]);
    let many = postcard::to_stdvec(&u64::MAX).unwrap();
    assert!(postcard::from_bytes::<Max<()>>(&many).is_err());
    assert!(postcard::from_bytes::<Max<()>>(&[2]).is_err());

    let dot = Dot::new(ReplicaId::from_u128(1), 1).unwrap();
    let events = postcard::to_stdvec(&Version::from_iter([dot])).unwrap();
    let dot = postcard::to_stdvec(&dot).unwrap();
    let enabling = |adds: &[u8]| [&events[..], &[1], &dot, adds, &[0], &[0]].concat();
    assert!(postcard::from_bytes::<Delta<EwFlag>>(&enabling(&[1])).is_ok());
    assert!(postcard::from_bytes::<Delta<EwFlag>>(&enabling(&many)).is_err());
}
