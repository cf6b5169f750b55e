//! Small changes to what is well-formed, so that much of it is nearly so and some of it still is.

use rejoin::{Dot, ReplicaId};
use serde_json::{Value as Json, json};

use crate::source::Source;

/// Changes a few parts: other values, other parts, parts left out, doubled, moved.
pub(crate) fn json(json: &mut Json, source: &mut Source<'_>) {
    for _ in 0..source.below(4) {
        let other = part(json, source).clone();
        let part = part(json, source);
        match (source.byte() % 8, part) {
            (0..=2, part) => *part = odd(source),
            (3, part) => *part = other,
            (4, Json::Number(n)) => *n = n.as_u64().unwrap_or(0).wrapping_add(1).into(),
            (5, Json::Array(items)) if !items.is_empty() => drop(items.remove(source.below(items.len()))),
            (6, Json::Array(items)) if !items.is_empty() => {
                let item = items[source.below(items.len())].clone();
                items.insert(source.below(items.len()), item);
            }
            (_, Json::Array(items)) if !items.is_empty() => items.rotate_left(1),
            (_, Json::Object(fields)) => {
                if let Some(name) = fields.keys().nth(source.below(fields.len())).cloned() {
                    let field = fields.remove(&name);
                    if source.flip() {
                        fields.insert(
                            source.one_of(&["flag", "title", "inside", "", "dot"]).to_string(),
                            field.into(),
                        );
                    }
                }
            }
            _ => {}
        }
    }
}

/// The whole, or a part of it, or a part of that ...
fn part<'a>(mut json: &'a mut Json, source: &mut Source<'_>) -> &'a mut Json {
    while source.below(8) > 0 {
        let parts = match &*json {
            Json::Array(items) => items.len(),
            Json::Object(fields) => fields.len(),
            _ => 0,
        };
        if parts == 0 {
            break;
        }
        let at = source.below(parts);
        json = match json {
            Json::Array(items) => &mut items[at],
            Json::Object(fields) => fields.values_mut().nth(at).expect("there are so many"),
            _ => unreachable!("it has parts"),
        };
    }
    json
}

fn odd(source: &mut Source<'_>) -> Json {
    match source.byte() % 16 {
        0 => json!(null),
        1 => json!(0),
        2 => json!(Dot::MAX_COUNTER),
        3 => json!(Dot::MAX_COUNTER + 1),
        4 => json!(u64::MAX),
        5 => json!(-1),
        6 => json!(0.5),
        7 => json!(""),
        8 => json!([]),
        9 => json!({}),
        10 => json!([[]]),
        11 => json!(true),
        12 => json!(ReplicaId::from_u128(source.byte().into())),
        13 => json!([ReplicaId::from_u128(1), source.byte()]),
        _ => json!(source.byte() % 8),
    }
}

/// Changes a few bytes: others, fewer, more.
pub(crate) fn bytes(bytes: &mut Vec<u8>, source: &mut Source<'_>) {
    for _ in 0..source.below(4) {
        let at = source.below(256) * bytes.len() / 256;
        match source.byte() % 8 {
            0 => bytes.truncate(at),
            1 | 2 => bytes.insert(at, source.byte()),
            3 if at < bytes.len() => drop(bytes.remove(at)),
            4 if at < bytes.len() => bytes[at] = bytes[at].wrapping_add(1),
            5 if at < bytes.len() => bytes[at] = bytes[at].wrapping_sub(1),
            6 => drop(bytes.splice(at..at, [255; 8])),
            _ if at < bytes.len() => bytes[at] = source.byte(),
            _ => {}
        }
    }
}
