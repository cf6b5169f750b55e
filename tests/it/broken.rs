//! Plausible mistakes, each of which the law kit must reject, by the law that it breaks and with a short story.

mod folding;
mod kernel;
mod plain;

use rejoin::laws::{self, Law, Subject};

/// The law that the kit finds broken must be one of these, and the story short.
fn is_rejected<S: Subject>(subject: &S, laws: &[Law], longest: usize) {
    let failure = laws::check_with(subject, 2_000, 1).expect_err("a broken type was accepted");
    println!("{failure}");
    assert!(laws.contains(&failure.law), "{failure}");
    assert!(failure.story.len() <= longest, "{failure}");
}
