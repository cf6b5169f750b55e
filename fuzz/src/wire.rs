//! Deltas and states as a liar may write them: well-formed, and otherwise anything.
//!
//! Few replicas and few counters, so that lies collide with the truth and with each other: the honest writers' own
//! events, events yet to come, the last that there can be, one event in other places in other deltas, kills of
//! anything anywhere, events that do nothing.

use std::collections::{BTreeMap, BTreeSet};

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

fn value(kind: Value, source: &mut Source<'_>) -> Json {
    match kind {
        Value::Unit => Json::Null,
        Value::Bool => json!(source.flip()),
        Value::Byte => json!(source.byte() % 4),
        Value::Number => json!(source.one_of(&[1, -1, 5, 300, i64::MAX, i64::MIN])),
        Value::Timed => json!([ticks(source), source.byte() % 4]),
    }
}

fn runs(source: &mut Source<'_>, most: usize) -> Vec<(ReplicaId, u64, u64)> {
    (0..source.below(most + 1))
        .map(|_| {
            let (replica, a, b) = (replica(source), counter(source), counter(source));
            (replica, a.min(b), a.max(b))
        })
        .collect()
}

/// The one form of a set of events.
fn version_of(mut runs: Vec<(ReplicaId, u64, u64)>) -> Version {
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

#[derive(Debug)]
struct Event {
    add: Option<Json>,
    kills: BTreeSet<Dot>,
}

/// How many places may be inside each other.
const DEEP: u32 = 12;

/// Events in their places.
#[derive(Debug, Default)]
struct Place {
    events: BTreeMap<Dot, Event>,
    keys: BTreeMap<u8, Place>,
    fields: BTreeMap<&'static str, Place>,
}

impl Place {
    /// A leaf somewhere in here, and what it holds.
    fn leaf(&mut self, mut shape: &'static Shape, source: &mut Source<'_>) -> (&mut Place, Value) {
        let mut place = self;
        for depth in 0.. {
            (place, shape) = match shape {
                Shape::Leaf(kind) => return (place, *kind),
                Shape::Keyed(child) => (place.keys.entry(source.byte() % 4).or_default(), *child),
                Shape::Record(fields) => {
                    // The first field is a leaf, or not far from one.
                    let (name, child) = fields[source.below(if depth < DEEP { fields.len() } else { 1 })];
                    (place.fields.entry(name).or_default(), child)
                }
            };
        }
        unreachable!("shapes come to an end")
    }

    fn json(&self, shape: &Shape) -> Json {
        match shape {
            Shape::Leaf(_) => self
                .events
                .iter()
                .map(|(dot, event)| json!({ "dot": dot, "add": Vec::from_iter(&event.add), "kills": event.kills }))
                .collect(),
            Shape::Keyed(child) => {
                self.keys.iter().map(|(key, place)| json!([key, place.json(child)])).collect()
            }
            Shape::Record(fields) => {
                let child = |name| fields.iter().find(|(field, _)| *field == name).expect("a field of it").1;
                self.fields.iter().map(|(name, place)| (*name, place.json(child(*name)))).collect()
            }
        }
    }
}

/// Up to six events in a tree of places, each once.
fn forge(shape: &'static Shape, source: &mut Source<'_>, state: bool) -> (Place, BTreeSet<Dot>) {
    let (mut root, mut dots) = (Place::default(), BTreeSet::new());
    for _ in 0..source.below(7) {
        let dot = dot(source);
        if !dots.insert(dot) {
            continue;
        }
        let (place, kind) = root.leaf(shape, source);
        let effect = if state { 0 } else { source.byte() };
        let add = (effect % 4 != 1).then(|| value(kind, source));
        let kills = (0..effect / 4 % 4).map(|_| self::dot(source)).filter(|victim| *victim != dot).collect();
        place.events.insert(dot, Event { add, kills });
    }
    (root, dots)
}

fn covering(source: &mut Source<'_>, dots: &BTreeSet<Dot>) -> Version {
    let mut all = runs(source, 2);
    all.extend(dots.iter().map(|dot| (dot.replica(), dot.counter(), dot.counter())));
    version_of(all)
}

/// A delta of a store of the given shape.
pub(crate) fn delta(shape: &'static Shape, source: &mut Source<'_>) -> Json {
    let (root, dots) = forge(shape, source, false);
    json!({ "events": covering(source, &dots), "change": root.json(shape) })
}

/// A state of a store of the given shape.
pub(crate) fn state(shape: &'static Shape, source: &mut Source<'_>) -> Json {
    let (root, dots) = forge(shape, source, true);
    let seen = covering(source, &dots);
    let ahead = version(source).difference(&seen);
    json!({ "version": seen, "ahead": ahead, "facts": root.json(shape) })
}

/// What was forged is well-formed.
///
/// # Panics
///
/// If it is not.
pub(crate) fn decoded<T: DeserializeOwned>(json: &Json) -> T {
    T::deserialize(json).unwrap_or_else(|error| panic!("ill-formed: {error}\n{json}"))
}
