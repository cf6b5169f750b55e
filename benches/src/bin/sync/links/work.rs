//! The writes that links carry.

use rejoin::store::Root;
use rejoin::sync::Replicated;
use rejoin::{Causal, LwwMap, OrSet, Writer};
use rejoin_benches::data::mix;

use crate::pair::writer;

/// Milliseconds since the Unix epoch when virtual time begins.
pub(crate) const START: u64 = 1_700_000_000_000;
/// How many keys a table has.
pub(crate) const KEYS: u64 = 100_000;

/// The handle through which a state is written.
pub(crate) type Edit<'a, T> = <T as Root>::Edit<'a>;

/// A state, and transactions of one write each.
pub(crate) trait Work: 'static {
    type State: Replicated;
    /// A write that is ready: making its key is no part of the work.
    type Write;

    const NAME: &'static str;

    /// The contents of the state before the first write.
    fn begin(edit: &mut Edit<'_, Self::State>);

    fn prepare(n: u64) -> Self::Write;

    fn write(edit: &mut Edit<'_, Self::State>, write: Self::Write);

    fn writer() -> Writer<Self::State> {
        let mut writer = writer(1, Self::State::default());
        writer.edit_at(START, |edit| Self::begin(edit));
        writer
    }
}

pub(crate) type Table = Causal<LwwMap<String, u32>>;

/// Eleven bytes.
pub(crate) fn key(n: u64) -> String {
    format!("key-{n:07}")
}

/// A number that is written in four bytes.
pub(crate) fn value(n: u64) -> u32 {
    (mix(!n) >> 40) as u32 | 1 << 23
}

/// Writes a key of a table that has [`KEYS`] of them.
pub(crate) struct Overwrite;

impl Work for Overwrite {
    type State = Table;
    type Write = (String, u32);

    const NAME: &'static str = "one of 100,000 keys";

    fn begin(edit: &mut Edit<'_, Table>) {
        edit.extend((0..KEYS).map(|n| (key(n), value(n))));
    }

    fn prepare(n: u64) -> (String, u32) {
        (key(mix(n) % KEYS), value(n + KEYS))
    }

    fn write(edit: &mut Edit<'_, Table>, (key, value): (String, u32)) {
        edit.insert(key, value);
    }
}

/// Inserts a number into a set that is empty at first.
pub(crate) struct Insert;

impl Work for Insert {
    type State = Causal<OrSet<u64>>;
    type Write = u64;

    const NAME: &'static str = "a number into a growing set";

    fn begin(_: &mut Edit<'_, Self::State>) {}

    fn prepare(n: u64) -> u64 {
        mix(n)
    }

    fn write(edit: &mut Edit<'_, Self::State>, number: u64) {
        edit.insert(number);
    }
}
