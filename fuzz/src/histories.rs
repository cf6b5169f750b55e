//! Histories of the law subjects that rejoin's tests have, against all laws and the specifications.
//!
//! The first byte chooses the subject; the others are the history.

#![allow(clippy::wildcard_imports, reason = "the subjects are tests, and tests may")]

#[path = "../../tests/it/laws/bytes.rs"]
mod bytes;
#[path = "../../tests/it/laws/causal.rs"]
mod causal;
#[path = "../../tests/it/laws/clocks.rs"]
mod clocks;
#[path = "../../tests/it/laws/nested.rs"]
mod nested;
#[path = "../../tests/it/laws/plain.rs"]
mod plain;
#[path = "../../tests/it/laws/subject.rs"]
mod subject;

/// What each subject brings a test for. Rejoin's own tests do it at length.
#[cfg(test)]
fn keeps_the_laws<S: rejoin::laws::Subject>(subject: &S) {
    rejoin::laws::check(subject);
}

/// Runs the history that some bytes stand for.
///
/// # Panics
///
/// If a law is broken, with the story.
pub fn run(bytes: &[u8]) {
    let (chosen, history) = bytes::read(bytes);
    let (name, run) = bytes::all().nth(chosen).expect("it is among them");
    run(&history).unwrap_or_else(|failure| panic!("{name}: {failure}"));
}
