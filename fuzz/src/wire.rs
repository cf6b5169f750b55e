//! The parts of which deltas, states and plain values are made on the wire, from bytes.
//!
//! Few replicas and few counters, so that what is made up collides with the truth and with itself: the honest writers'
//! own events, events yet to come, the last that there can be.

use std::collections::BTreeMap;

use rejoin::{Dot, ReplicaId, Version};
use serde::de::DeserializeOwned;
use serde_json::{Value as Json, json};

use crate::source::Source;

/// What a change looks like.
#[derive(Debug)]
pub(crate) enum Shape {
    Leaf(Value),
    Keyed(&'static Shape),
    Record(&'static [(&'static str, &'static Shape)]),
}

/// What a leaf holds.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Value {
    Unit,
    Bool,
    Byte,
    Number,
    Timed,
}

/// The ids of honest writers begin at 1 and go on as new ones are needed, so that a liar knows those to come.
const REPLICAS: [u128; 7] = [1, 1, 2, 2, 3, 4, u128::MAX];

/// A writer takes a new id when it has used so many dots.
const NEARLY_ALL: u64 = Dot::MAX_COUNTER - (1 << 40);

pub(crate) fn replica(source: &mut Source<'_>) -> ReplicaId {
    ReplicaId::from_u128(source.one_of(&REPLICAS))
}

fn counter(source: &mut Source<'_>) -> u64 {
    let byte = u64::from(source.byte());
    match byte {
        0..=159 => 1 + byte % 6,
        160..=209 => 1 + byte % 30,
        210..=224 => Dot::MAX_COUNTER - byte % 5,
        225..=234 => NEARLY_ALL - 2 + byte % 5,
        _ => 1 << (byte % 22 * 2),
    }
}

pub(crate) fn dot(source: &mut Source<'_>) -> Dot {
    Dot::new(replica(source), counter(source)).expect("counters are in bounds")
}

/// A count that is not 0: small, or near the end.
pub(crate) fn count(source: &mut Source<'_>) -> u64 {
    let byte = u64::from(source.byte());
    if byte < 200 { 1 + byte % 9 } else { u64::MAX - byte % 9 }
}

/// A time: early, late, or the end of time.
pub(crate) fn ticks(source: &mut Source<'_>) -> Json {
    let byte = u64::from(source.byte());
    let end = u64::MAX >> 16;
    match byte {
        0..=199 => json!([byte % 4, byte / 4 % 4]),
        200..=229 => json!([end - byte % 2, 65_534 - byte % 3]),
        _ => json!([1_u64 << (byte % 48), 0]),
    }
}

pub(crate) fn value(kind: Value, source: &mut Source<'_>) -> Json {
    match kind {
        Value::Unit => Json::Null,
        Value::Bool => json!(source.flip()),
        Value::Byte => json!(source.byte() % 4),
        Value::Number => json!(source.one_of(&[1, -1, 5, 300, i64::MAX, i64::MIN])),
        Value::Timed => json!([ticks(source), source.byte() % 4]),
    }
}

pub(crate) fn runs(source: &mut Source<'_>, most: usize) -> Vec<(ReplicaId, u64, u64)> {
    (0..source.below(most + 1))
        .map(|_| {
            let (replica, a, b) = (replica(source), counter(source), counter(source));
            (replica, a.min(b), a.max(b))
        })
        .collect()
}

/// The one form of a set of events.
pub(crate) fn version_of(mut runs: Vec<(ReplicaId, u64, u64)>) -> Version {
    runs.sort_unstable();
    let mut entries: BTreeMap<ReplicaId, Vec<(u64, u64)>> = BTreeMap::new();
    for (replica, first, last) in runs {
        let runs = entries.entry(replica).or_default();
        match runs.last_mut() {
            Some(before) if first <= before.1 + 1 => before.1 = before.1.max(last),
            _ => runs.push((first, last)),
        }
    }
    let entries: Vec<_> = entries.into_iter().collect();
    decoded(&json!(entries))
}

pub(crate) fn version(source: &mut Source<'_>) -> Version {
    version_of(runs(source, 3))
}

/// What was forged is well-formed.
///
/// # Panics
///
/// If it is not.
pub(crate) fn decoded<T: DeserializeOwned>(json: &Json) -> T {
    T::deserialize(json).unwrap_or_else(|error| panic!("ill-formed: {error}\n{json}"))
}
