//! Deltas and states as a liar may write them: well-formed, and otherwise anything.
//!
//! One event is in other places in other deltas, kills go anywhere and also hit what is alive in their place, events do
//! nothing or are in no place at all.

use std::collections::{BTreeMap, BTreeSet};

use rejoin::{Dot, Version};
use serde_json::{Value as Json, json};

use crate::source::Source;
use crate::wire::{self, Shape, Value};

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
                    // The first field is not far from a leaf.
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

/// Where something is alive: the bytes that lead to the place, and what is there.
pub(crate) type Alive = Vec<(Vec<u8>, Vec<Dot>)>;

/// Where something is alive in a state that was written as JSON.
pub(crate) fn alive(shape: &Shape, state: &Json) -> Alive {
    let mut alive = Alive::new();
    look(shape, &state["facts"], &mut Vec::new(), &mut alive);
    alive
}

fn look(shape: &Shape, facts: &Json, path: &mut Vec<u8>, alive: &mut Alive) {
    let mut enter = |byte: u8, child: &Shape, facts: &Json| {
        path.push(byte);
        look(child, facts, path, alive);
        path.pop();
    };
    match shape {
        Shape::Leaf(_) => {
            let events = facts.as_array().into_iter().flatten();
            alive.push((path.clone(), events.map(|event| wire::decoded(&event["dot"])).collect()));
        }
        Shape::Keyed(child) => {
            for pair in facts.as_array().into_iter().flatten() {
                enter(wire::decoded(&pair[0]), child, &pair[1]);
            }
        }
        Shape::Record(fields) => {
            for (byte, (name, child)) in (0..).zip(*fields) {
                if let Some(facts) = facts.get(name) {
                    enter(byte, child, facts);
                }
            }
        }
    }
}

/// Up to six events in a tree of places, each once. They may replace each other's like, but a state's kill nothing.
fn events(
    shape: &'static Shape,
    alive: &Alive,
    source: &mut Source<'_>,
    state: bool,
) -> (Place, BTreeSet<Dot>) {
    let (mut root, mut dots) = (Place::default(), BTreeSet::new());
    for _ in 0..source.below(7) {
        let dot = wire::dot(source);
        if !dots.insert(dot) {
            continue;
        }
        let near = if source.flip() { alive.get(source.below(alive.len())) } else { None };
        let (place, kind) = match near {
            Some((path, _)) => root.leaf(shape, &mut Source::new(path)),
            None => root.leaf(shape, source),
        };
        let effect = if state { 0 } else { source.byte() };
        let add = (effect % 4 != 1).then(|| wire::value(kind, source));
        let mut victim = || match near {
            Some((_, alive)) if source.flip() => source.one_of(alive),
            _ => wire::dot(source),
        };
        let kills = (0..effect / 4 % 4).map(|_| victim()).filter(|victim| *victim != dot).collect();
        place.events.insert(dot, Event { add, kills });
    }
    (root, dots)
}

fn covering(source: &mut Source<'_>, dots: &BTreeSet<Dot>) -> Version {
    let mut runs = wire::runs(source, 2);
    runs.extend(dots.iter().map(|dot| (dot.replica(), dot.counter(), dot.counter())));
    wire::version_of(runs)
}

/// A delta of a store of the given shape.
pub(crate) fn delta(shape: &'static Shape, alive: &Alive, source: &mut Source<'_>) -> Json {
    let (root, dots) = events(shape, alive, source, false);
    json!({ "events": covering(source, &dots), "change": root.json(shape) })
}

/// A state of a store of the given shape.
pub(crate) fn state(shape: &'static Shape, alive: &Alive, source: &mut Source<'_>) -> Json {
    let (root, dots) = events(shape, alive, source, true);
    let seen = covering(source, &dots);
    // Nothing is ahead of nothing.
    let ahead = if seen.is_empty() { Version::new() } else { wire::version(source).difference(&seen) };
    json!({ "version": seen, "ahead": ahead, "facts": root.json(shape) })
}
