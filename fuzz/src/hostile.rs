//! Honest writers among liars.
//!
//! Bytes are a list of steps. Writers write, exchange, fork, are saved and resumed; liars forge deltas, states and plain
//! values that are well-formed and otherwise anything; all of these are grouped, split, merged and taken in.
//!
//! Liars are believed, as the documentation says: what they claim may hide what others write, and keep replicas
//! apart. But nobody panics, hangs or swells; what is said to have changed has, and nothing else; no dot is minted
//! twice; what was taken in can be saved and loaded; and who writes reads what he has written.

mod causal;
mod plain;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rejoin::ReplicaId;

use crate::MEMORY;
use crate::roots::{Everything, Nested, Set, Settings};
use crate::source::Source;

/// More steps than this are not taken: an execution should be fast.
const MOST_STEPS: usize = 40;

/// However the replicas are lied to.
const MOST_MEMORY: usize = 4 << 20;

/// Runs the steps that some bytes stand for. The first byte chooses what is replicated.
///
/// # Panics
///
/// If something is wrong.
pub fn run(bytes: &[u8]) {
    let before = MEMORY.current_usage();
    MEMORY.reset_peak_usage();
    let mut source = Source::new(bytes);
    match source.below(8) {
        0 | 1 => causal::run::<Everything>(&mut source),
        2 | 3 => causal::run::<Nested>(&mut source),
        4 => causal::run::<Set>(&mut source),
        5 => causal::run::<Settings>(&mut source),
        _ => plain::run(&mut source),
    }
    let taken = MEMORY.peak_usage().saturating_sub(before);
    assert!(taken < MOST_MEMORY, "{} bytes of lies took {taken}", bytes.len());
}

/// A source of ids that a liar can foretell.
fn ids() -> impl Fn() -> ReplicaId + Clone + Send + Sync + 'static {
    let given = Arc::new(AtomicU64::new(0));
    move || ReplicaId::from_u128(u128::from(given.fetch_add(1, Ordering::Relaxed)) + 1)
}
