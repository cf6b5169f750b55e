//! One event alone, as most deltas are: no table of replicas and no counts, since there is one of everything.
//!
//! ```text
//! event    dot   the way to its leaf ...   groups << 1 | adds   value?   group ...
//! group    first << 2 | more << 1 | other    id?    how many more - 2?    gaps ...      kills of one replica
//! ```

use smallvec::SmallVec;

use super::number::{fold, unfold};
use super::{DecodeError, Element, Input, Output, Wrong};
use crate::Dot;
use crate::store::Event;

/// Says whether a group of kills is of another replica than the event.
const OTHER: u64 = 1;
/// Says whether there is more than one kill in a group.
const MORE: u64 = 2;

pub(super) fn write<V: Element>(event: &Event<V>, out: &mut Output<'_>) {
    let groups = event.kills.chunk_by(|a, b| a.replica() == b.replica());
    out.number((groups.clone().count() as u64) << 1 | u64::from(event.add.is_some()));
    if let Some(value) = &event.add {
        value.write(out);
    }
    groups.for_each(|group| write_kills(event.dot, group, out));
}

/// Writes kills of one replica: the first by how far it is before the event, if it is of the event's replica.
fn write_kills(dot: Dot, kills: &[Dot], out: &mut Output<'_>) {
    let [first, rest @ ..] = kills else { return };
    let more = if rest.is_empty() { 0 } else { MORE };
    if first.replica() == dot.replica() {
        out.number(fold(dot.counter().cast_signed() - first.counter().cast_signed()) << 2 | more);
    } else {
        out.number(first.counter() << 2 | more | OTHER);
        first.replica().write(out);
    }
    if !rest.is_empty() {
        out.count(rest.len() - 1);
        for pair in kills.windows(2) {
            out.number(pair[1].counter() - pair[0].counter() - 1);
        }
    }
}

pub(super) fn read<V: Element>(dot: Dot, input: &mut Input<'_>) -> Result<Event<V>, DecodeError> {
    let head: u64 = input.number()?;
    let add = if head & 1 == 1 { Some(V::read(input)?) } else { None };
    let mut kills = SmallVec::new();
    for _ in 0..head >> 1 {
        read_kills(dot, &mut kills, input)?;
    }
    Ok(Event { dot, add, kills })
}

/// Reads kills of one replica, which comes after those of which there are some already.
fn read_kills(dot: Dot, kills: &mut SmallVec<[Dot; 1]>, input: &mut Input<'_>) -> Result<(), DecodeError> {
    let head: u64 = input.number()?;
    let (replica, mut counter) = if head & OTHER == 0 {
        let counter = dot.counter().checked_add_signed(-unfold(head >> 2));
        (dot.replica(), input.ok(counter, Wrong::Number)?)
    } else {
        let replica = crate::ReplicaId::read(input)?;
        input.check(replica != dot.replica(), Wrong::Replica)?;
        (replica, head >> 2)
    };
    input.check(kills.last().is_none_or(|last| last.replica() < replica), Wrong::Order)?;
    let more: u64 = if head & MORE == 0 { 0 } else { input.number::<u64>()?.saturating_add(1) };
    input.allow(more.saturating_add(1))?;
    kills.push(kill(dot, replica, counter, input)?);
    for _ in 0..more {
        counter = input.number::<u64>()?.saturating_add(counter + 1);
        kills.push(kill(dot, replica, counter, input)?);
    }
    Ok(())
}

/// A dot that the event may kill.
fn kill(event: Dot, replica: crate::ReplicaId, counter: u64, input: &Input<'_>) -> Result<Dot, DecodeError> {
    let dot = input.ok(Dot::new(replica, counter), Wrong::Number)?;
    input.check(dot != event, Wrong::Twice)?;
    Ok(dot)
}
