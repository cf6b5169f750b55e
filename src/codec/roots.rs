//! What is at the root: a version, the names of replicas, and one column of one.

use alloc::vec::Vec;

use super::facts::{FactReader, FactWriter};
use super::{Codec, Columns, DecodeError, Element, Few, Input, Kind, Output, Shape, Wrong};
use crate::causality::Names;
use crate::store::{Sweep, Sweeps};
use crate::{Causal, Delta, Dot, ReplicaId, Version};

/// Intervals: how many, and of each, how far it is from the one before, and how long.
pub(super) fn write_runs(runs: impl ExactSizeIterator<Item = (u64, u64)>, out: &mut Output<'_>) {
    out.count(runs.len());
    // The first counter is 1, and between two intervals there is a gap of one at least.
    let mut earliest = 1;
    for (first, last) in runs {
        out.number(first - earliest);
        out.number(last - first);
        earliest = last + 2;
    }
}

/// An interval is held here, in a version that grows, and in copies of it while it is checked.
const ROOM_OF_RUNS: usize = 8;

pub(super) fn read_runs(input: &mut Input<'_>) -> Result<Few<(u64, u64)>, DecodeError> {
    let n = input.count()?;
    input.room::<[(u64, u64); ROOM_OF_RUNS]>(n)?;
    let (mut runs, mut earliest) = (Few::with_capacity(n), 1_u64);
    for _ in 0..n {
        let (gap, more): (u64, u64) = (input.number()?, input.number()?);
        let first = earliest.checked_add(gap).filter(|first| *first <= Dot::MAX_COUNTER);
        let first = input.ok(first, Wrong::Version)?;
        let last = first.checked_add(more).filter(|last| *last <= Dot::MAX_COUNTER);
        let last = input.ok(last, Wrong::Version)?;
        runs.push((first, last));
        earliest = last + 2;
    }
    Ok(runs)
}

/// The replicas, in order, and what there is of each.
fn write_table(table: &[ReplicaId], version: &Version, out: &mut Output<'_>) {
    out.count(table.len());
    table.iter().for_each(|id| id.write(out));
    table.iter().for_each(|id| write_runs(version.runs_of(*id), out));
}

fn read_table(input: &mut Input<'_>) -> Result<(Few<ReplicaId>, Version), DecodeError> {
    let n = input.count()?;
    input.check(n <= input.limits.replicas, Wrong::Limit("replicas"))?;
    let mut table: Few<ReplicaId> = Few::new();
    for _ in 0..n {
        let id = ReplicaId::read(input)?;
        input.check(table.last().is_none_or(|last| *last < id), Wrong::Order)?;
        table.push(id);
    }
    let version = read_version(&table, input)?;
    Ok((table, version))
}

fn read_version(table: &[ReplicaId], input: &mut Input<'_>) -> Result<Version, DecodeError> {
    let mut version = Version::new();
    for id in table {
        let runs = read_runs(input)?;
        if !runs.is_empty() {
            version.push(*id, runs);
        }
    }
    Ok(version)
}

/// Of each replica, how many events from the first on: all that there are in a horizon.
fn write_horizon(table: &[ReplicaId], horizon: &Version, out: &mut Output<'_>) {
    table.iter().for_each(|id| out.number(horizon.last(*id)));
}

fn read_horizon(table: &[ReplicaId], input: &mut Input<'_>) -> Result<Version, DecodeError> {
    let mut horizon = Version::new();
    for id in table {
        let last: u64 = input.number()?;
        input.check(last == 0 || horizon.push(*id, [(1, last)]), Wrong::Version)?;
    }
    input.check(!horizon.is_empty(), Wrong::Empty)?;
    Ok(horizon)
}

/// Which events sweep, and up to where.
fn write_sweeps(table: &[ReplicaId], sweeps: &Sweeps, out: &mut Output<'_>) {
    let sweeps = sweeps.in_order();
    out.count(sweeps.len());
    for sweep in sweeps {
        table.iter().for_each(|id| write_runs(sweep.events().runs_of(*id), out));
        write_horizon(table, sweep.horizon(), out);
    }
}

fn read_sweeps(table: &[ReplicaId], events: &Version, input: &mut Input<'_>) -> Result<Sweeps, DecodeError> {
    let n = input.count()?;
    input.check(n > 0, Wrong::Empty)?;
    input.room::<Sweep>(n)?;
    let mut sweeps = Vec::with_capacity(n);
    for _ in 0..n {
        let events = read_version(table, input)?;
        sweeps.push(Sweep { events, horizon: read_horizon(table, input)? });
    }
    input.ok(Sweeps::checked(sweeps, events), Wrong::Settled)
}

/// The replicas of two versions, in order.
fn replicas(a: &Version, b: &Version) -> Vec<ReplicaId> {
    let mut all = a.clone();
    all.union(b);
    all.replicas().collect()
}

/// A version, what is ahead of it, and the facts.
impl<S: Columns> Codec for Causal<S> {
    const KINDS: &'static [Kind] = &[Kind::State, Kind::Settled];

    fn kind(&self) -> Kind {
        if self.horizon().is_empty() { Kind::State } else { Kind::Settled }
    }

    fn shape(shape: &mut Shape) {
        S::shape(shape);
    }

    fn write_body(&self, out: &mut Output<'_>) {
        let table = replicas(self.version(), self.ahead());
        write_table(&table, self.version(), out);
        if self.kind() == Kind::Settled {
            write_horizon(&table, self.horizon(), out);
        }
        self.ahead().write(out);
        S::write_column(&[&**self], &mut FactWriter::new(out, &table, self.version(), self.names()));
    }

    fn read_body(kind: Kind, input: &mut Input<'_>) -> Result<Self, DecodeError> {
        let (table, seen) = read_table(input)?;
        let horizon = if kind == Kind::Settled { read_horizon(&table, input)? } else { Version::new() };
        input.check(seen.covers(&horizon), Wrong::Settled)?;
        let ahead = Version::read(input)?;
        let is_ahead = !seen.intersects(&ahead) && (ahead.is_empty() || !seen.is_empty());
        input.check(is_ahead, Wrong::Ahead)?;
        input.check(table[..] == replicas(&seen, &ahead), Wrong::Replica)?;
        let mut reader = FactReader::new(input, &table, &seen);
        let mut store = None;
        S::read_column(1, &mut reader, &mut |read| store = Some(read))?;
        reader.finish()?;
        let store = input.ok(store, Wrong::Truncated)?;
        input
            .ok(Causal::from_decoded(table.into_vec(), seen, ahead, horizon, store), Wrong::Limit("replicas"))
    }
}

impl<S: Columns> Delta<S> {
    /// Reads what an event changes.
    pub(crate) fn read_event(dot: Dot, input: &mut Input<'_>) -> Result<Self, DecodeError> {
        let change = S::read_event(dot, input)?;
        Ok(Delta { events: Version::of_one(dot), change, sweeps: Sweeps::default() })
    }
}

/// The events, and what they change.
impl<S: Columns> Codec for Delta<S> {
    const KINDS: &'static [Kind] = &[Kind::Event, Kind::Delta, Kind::Sweeping];

    fn kind(&self) -> Kind {
        match () {
            () if !self.sweeps.is_empty() => Kind::Sweeping,
            () if self.event().is_some() => Kind::Event,
            () => Kind::Delta,
        }
    }

    fn shape(shape: &mut Shape) {
        S::shape(shape);
    }

    fn write_body(&self, out: &mut Output<'_>) {
        if let Some(dot) = self.event() {
            dot.write(out);
            S::write_event(self.change(), out);
            return;
        }
        let mut table: Few<ReplicaId> = self.events().replicas().collect();
        let known = table.len();
        crate::store::Change::visit(self.change(), &mut |_, _, kills| {
            let strangers = kills.iter().map(|dot| dot.replica());
            table.extend(strangers.filter(|id| self.events().last(*id) == 0));
        });
        table.extend(self.sweeps().flat_map(|sweep| sweep.horizon().replicas()));
        if table.len() > known {
            table[known..].sort_unstable();
            table.sort();
            table.dedup();
        }
        write_table(&table, self.events(), out);
        if self.kind() == Kind::Sweeping {
            write_sweeps(&table, &self.sweeps, out);
        }
        S::write_changes(&[self.change()], &mut FactWriter::new(out, &table, self.events(), &Names::new()));
    }

    fn read_body(kind: Kind, input: &mut Input<'_>) -> Result<Self, DecodeError> {
        if kind == Kind::Event {
            return Delta::read_event(Dot::read(input)?, input);
        }
        let (table, events) = read_table(input)?;
        let sweeps = match kind {
            Kind::Sweeping => read_sweeps(&table, &events, input)?,
            _ => Sweeps::default(),
        };
        let mut reader = FactReader::new(input, &table, &events);
        let mut change = None;
        S::read_changes(1, &mut reader, &mut |read| change = Some(read))?;
        let without_facts = reader.finish()?;
        let has_events = |id: &ReplicaId| {
            events.last(*id) > 0 || sweeps.as_slice().iter().any(|sweep| sweep.horizon().last(*id) > 0)
        };
        input.check(without_facts.iter().all(has_events), Wrong::Replica)?;
        let change = input.ok(change, Wrong::Truncated)?;
        let delta = Delta { events, change, sweeps };
        // In the first format there was no other form for one event.
        input.check(delta.event().is_none() || !input.is_compact(), Wrong::Kind(kind as u8))?;
        Ok(delta)
    }
}
