//! Replicas, events, times and versions as elements.

use super::collection::read_few;
use super::roots::{read_runs, write_runs};
use super::{DecodeError, Element, Input, Output, Shape, Wrong, shape, time};
use crate::causality::Ticks;
use crate::{Dot, ReplicaId, Stamp, Version};

impl Element for ReplicaId {
    fn shape(shape: &mut Shape) {
        shape.code(shape::REPLICA);
    }

    fn write(&self, out: &mut Output<'_>) {
        out.replica(*self);
    }

    fn read(input: &mut Input<'_>) -> Result<Self, DecodeError> {
        input.replica()
    }
}

impl Element for Dot {
    fn shape(shape: &mut Shape) {
        shape.code(shape::DOT);
    }

    fn write(&self, out: &mut Output<'_>) {
        self.replica().write(out);
        out.number(self.counter());
    }

    fn read(input: &mut Input<'_>) -> Result<Self, DecodeError> {
        let (replica, counter) = (ReplicaId::read(input)?, input.number()?);
        input.ok(Dot::new(replica, counter), Wrong::Number)
    }
}

/// In columns, whether each is as the one before, and by how much the others differ from it.
impl Element for Ticks {
    fn shape(shape: &mut Shape) {
        shape.code(shape::TICKS);
    }

    fn write(&self, out: &mut Output<'_>) {
        match out.base_of(self.millis()) {
            Some(base) => time::write(*self, base, out),
            None => out.number(self.get()),
        }
    }

    fn read(input: &mut Input<'_>) -> Result<Self, DecodeError> {
        if let Some(base) = input.base()? {
            return time::read(base, input);
        }
        let ticks: u64 = input.number()?;
        input.ok(Ticks::new(ticks), Wrong::Value("a time"))
    }

    fn write_column<'a>(values: impl Iterator<Item = &'a Self> + Clone, out: &mut Output<'_>) {
        let mut others = values.clone();
        let Some(first) = others.next() else { return };
        first.write(out);
        let pairs = values.zip(others);
        bool::write_column(pairs.clone().map(|(a, b)| if a == b { &true } else { &false }), out);
        for (before, value) in pairs.filter(|(a, b)| a != b) {
            if out.is_compact() {
                time::write(*value, before.millis(), out);
            } else {
                out.signed(i128::from(value.get()) - i128::from(before.get()));
            }
        }
    }

    fn read_column(n: usize, input: &mut Input<'_>, take: &mut dyn FnMut(Self)) -> Result<(), DecodeError> {
        let Some(others) = n.checked_sub(1) else { return Ok(()) };
        let mut before = Ticks::read(input)?;
        take(before);
        for is_same in read_few::<bool>(others, input)? {
            if !is_same {
                let ticks = if input.is_compact() {
                    Some(time::read(before.millis(), input)?)
                } else {
                    let more: i128 = input.signed()?;
                    u64::try_from(more.wrapping_add(before.get().into())).ok().and_then(Ticks::new)
                };
                let ticks = ticks.filter(|ticks| *ticks != before);
                before = input.ok(ticks, Wrong::Value("a time"))?;
            }
            take(before);
        }
        Ok(())
    }
}

impl Element for Stamp {
    fn shape(shape: &mut Shape) {
        shape.code(shape::STAMP);
    }

    fn write(&self, out: &mut Output<'_>) {
        self.time().write(out);
        self.replica().write(out);
    }

    fn read(input: &mut Input<'_>) -> Result<Self, DecodeError> {
        Ok(Stamp::new(Ticks::read(input)?, ReplicaId::read(input)?))
    }
}

impl Element for Version {
    fn shape(shape: &mut Shape) {
        shape.code(shape::VERSION);
    }

    fn write(&self, out: &mut Output<'_>) {
        out.count(self.replicas().count());
        for replica in self.replicas() {
            replica.write(out);
            write_runs(self.runs_of(replica), out);
        }
    }

    fn read(input: &mut Input<'_>) -> Result<Self, DecodeError> {
        let n = input.count()?;
        input.check(n <= input.limits.replicas, Wrong::Limit("replicas"))?;
        let mut version = Version::new();
        let mut last = None;
        for _ in 0..n {
            let replica = ReplicaId::read(input)?;
            input.check(last < Some(replica), Wrong::Order)?;
            last = Some(replica);
            let runs = read_runs(input)?;
            input.check(!runs.is_empty(), Wrong::Empty)?;
            version.push(replica, runs);
        }
        Ok(version)
    }
}
