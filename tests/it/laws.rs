//! The law kit on the crate's own types, each against its specification: what a reader should see, as a function of the
//! events that are known and of which happened before which. The specifications share nothing with the kernel.

pub(crate) mod bytes;
mod causal;
mod nested;
mod plain;
mod subject;

use rejoin::laws::{self, History, Scope, Subject};

/// Random histories, and all histories up to a scope; `REJOIN_DEEP` asks for deeper ones, which take minutes.
fn keeps_the_laws<S: Subject>(subject: &S) {
    laws::check(subject);
    let mut scopes = vec![(3, 3, false), (2, 3, true)];
    if std::env::var_os("REJOIN_DEEP").is_some() {
        scopes = vec![(2, 4, false), (3, 5, false), (3, 4, true)];
    }
    for (replicas, updates, deltas) in scopes {
        let scope = Scope { replicas, updates, deltas };
        let start = std::time::Instant::now();
        let explored = laws::exhaust(subject, scope).unwrap_or_else(|failure| panic!("{failure}"));
        println!("{explored:?} of {} in {scope:?}, {:?}", std::any::type_name::<S::State>(), start.elapsed());
        assert!(explored.meetings > explored.histories && explored.histories > 10);
    }
}

/// Any bytes are a history, so that a fuzzer can look for one that breaks a law; here are some long ones.
#[test]
fn bytes_are_histories() {
    for (name, run) in bytes::all() {
        for seed in 0..8_u32 {
            let bytes: Vec<u8> = (0..600)
                .scan(seed, |x, _| {
                    *x = x.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    Some((*x >> 24) as u8)
                })
                .collect();
            let history = History::from_bytes(&bytes);
            assert_eq!(history.steps.len(), 149);
            run(&history).unwrap_or_else(|failure| panic!("{name}: {failure}"));
        }
    }
}
