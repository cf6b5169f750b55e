//! What the fuzz targets have found, each as its shortest history.

use rejoin::{Causal, Counter, Map, RwSet, Writer};

/// A place inside another was looked at, and the other removed: both were empty, but the delta still named the inner one.
/// What names a place without a change is refused by whoever decodes it, and with it all else in the transaction.
#[test]
fn places_that_were_only_looked_at_do_not_travel() {
    let mut writer = Writer::<Causal<Map<u8, Map<u8, RwSet<u8>>>>>::new();
    let delta = writer.edit(|map| {
        map.entry(0).entry(1).reset();
        map.remove(&0);
    });
    assert!(delta.is_empty() && delta.change().iter().next().is_none());

    let mut writer = Writer::<Causal<Map<u8, Map<u8, Counter>>>>::new();
    let delta = writer.edit(|map| {
        map.entry(0).entry(1).add(0);
        map.clear();
        map.entry(0).entry(2).add(1);
    });
    let (_, inside) = delta.change().iter().next().unwrap();
    assert!(inside.iter().map(|(key, _)| key).eq(&[2]));
    assert!(writer.get(&0).unwrap().keys().eq(&[2]));
}
