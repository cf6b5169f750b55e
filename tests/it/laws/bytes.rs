//! Histories from bytes: for the fuzzer, which looks for some that break a law, and for the test of those that it found.

use rejoin::laws::History;

use super::subject::Run;
use super::{causal, clocks, nested, plain};

/// The time that a history takes grows with the square of its steps.
const MOST_STEPS: usize = 32;

/// All subjects, by name.
pub(crate) fn all() -> impl Iterator<Item = &'static (&'static str, Run)> {
    causal::ALL.iter().chain(nested::ALL).chain(plain::ALL).chain(clocks::ALL)
}

/// The number of a subject, which the first byte chooses, and the history that the others are.
pub(crate) fn read(bytes: &[u8]) -> (usize, History) {
    let (chosen, bytes) = bytes.split_first().unwrap_or((&0, &[]));
    let mut history = History::from_bytes(bytes);
    history.steps.truncate(MOST_STEPS);
    (usize::from(*chosen) % all().count(), history)
}
