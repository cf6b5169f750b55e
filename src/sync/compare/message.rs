//! What two sides of a comparison say to each other.

use alloc::vec::Vec;

use super::estimate::Estimator;
use crate::Version;
use crate::codec::{Codec, DecodeError, Element, Input, Output, Wrong};

/// A message of a comparison. `D` is the delta of the states that are compared.
#[derive(Debug)]
pub(crate) enum Message<D> {
    /// From the side that asks.
    Ask(Ask),
    /// From the side that serves.
    Answer(Answer<D>),
    /// The cells do not suffice: send another table.
    More,
    /// The cells of another table.
    Cells(Vec<u8>),
    /// Send the whole state instead: most differs, or the cells do not come to an end. What is known to be dead here without
    /// having been seen.
    Whole { ahead: Version },
    /// The difference is known.
    Solved(Solved<D>),
}

#[derive(Debug)]
pub(crate) struct Ask {
    pub(super) salt: u64,
    pub(super) ahead: Version,
    pub(super) horizon: Version,
    pub(super) estimator: Estimator,
}

#[derive(Debug)]
pub(crate) struct Answer<D> {
    pub(super) ahead: Version,
    /// The sum of the hashes of the facts here whose events both know.
    pub(super) sum: u64,
    pub(super) cells: Vec<u8>,
    /// The facts here that are news to the other side.
    pub(super) facts: D,
}

#[derive(Debug)]
pub(crate) struct Solved<D> {
    /// The numbers of the facts there that are gone here, sorted.
    pub(super) gone: Vec<u64>,
    /// The sum of the hashes, with their values, of the facts whose events both know, and that are live on both sides.
    pub(super) sum: u64,
    /// The facts here that are news to the other side.
    pub(super) facts: D,
}

impl<D> Message<D> {
    /// The intervals of the versions in it, which are held for a while.
    pub(in crate::sync) fn intervals(&self) -> usize {
        match self {
            Message::Ask(Ask { ahead, horizon, .. }) => ahead.interval_count() + horizon.interval_count(),
            Message::Answer(Answer { ahead, .. }) | Message::Whole { ahead } => ahead.interval_count(),
            Message::More | Message::Cells(_) | Message::Solved(_) => 0,
        }
    }
}

impl<D: Codec> Message<D> {
    pub(in crate::sync) fn write(&self, out: &mut Output<'_>) {
        match self {
            Message::Ask(Ask { salt, ahead, horizon, estimator }) => {
                out.put(&[0]);
                out.put(&salt.to_le_bytes());
                ahead.write(out);
                horizon.write(out);
                out.number(estimator.facts());
                write_bytes(estimator.bytes(), out);
            }
            Message::Answer(Answer { ahead, sum, cells, facts }) => {
                out.put(&[1]);
                ahead.write(out);
                out.put(&sum.to_le_bytes());
                write_bytes(cells, out);
                facts.write_part(out);
            }
            Message::More => out.put(&[2]),
            Message::Cells(cells) => {
                out.put(&[3]);
                write_bytes(cells, out);
            }
            Message::Whole { ahead } => {
                out.put(&[4]);
                ahead.write(out);
            }
            Message::Solved(Solved { gone, sum, facts }) => {
                out.put(&[5]);
                write_sorted(gone, out);
                out.put(&sum.to_le_bytes());
                facts.write_part(out);
            }
        }
    }

    pub(in crate::sync) fn read(input: &mut Input<'_>) -> Result<Self, DecodeError> {
        Ok(match input.byte()? {
            0 => {
                let salt = u64::from_le_bytes(input.array()?);
                let (ahead, horizon) = (Version::read(input)?, Version::read(input)?);
                let facts = input.number()?;
                let estimator = Estimator::read(read_bytes(input)?, facts);
                let estimator = input.ok(estimator, Wrong::Value("an estimate"))?;
                Message::Ask(Ask { salt, ahead, horizon, estimator })
            }
            1 => Message::Answer(Answer {
                ahead: Version::read(input)?,
                sum: u64::from_le_bytes(input.array()?),
                cells: read_bytes(input)?,
                facts: D::read_part(input)?,
            }),
            2 => Message::More,
            3 => Message::Cells(read_bytes(input)?),
            4 => Message::Whole { ahead: Version::read(input)? },
            5 => Message::Solved(Solved {
                gone: read_sorted(input)?,
                sum: u64::from_le_bytes(input.array()?),
                facts: D::read_part(input)?,
            }),
            _ => return Err(input.error(Wrong::Value("a message of a comparison"))),
        })
    }
}

fn write_bytes(bytes: &[u8], out: &mut Output<'_>) {
    out.count(bytes.len());
    out.put(bytes);
}

fn read_bytes(input: &mut Input<'_>) -> Result<Vec<u8>, DecodeError> {
    let len = input.number()?;
    input.bytes(len)
}

/// Sorted numbers, each as how many are left out before it.
fn write_sorted(numbers: &[u64], out: &mut Output<'_>) {
    out.count(numbers.len());
    let mut next = 0;
    for number in numbers {
        out.number(number - next);
        next = number + 1;
    }
}

fn read_sorted(input: &mut Input<'_>) -> Result<Vec<u64>, DecodeError> {
    let (count, mut numbers, mut next) = (input.count()?, Vec::new(), 0_u64);
    for _ in 0..count {
        let number = next.checked_add(input.number()?).filter(|number| *number < u64::MAX);
        let number = input.ok(number, Wrong::Number)?;
        numbers.push(number);
        next = number + 1;
    }
    Ok(numbers)
}
