//! The law kit on the crate's own types, each against its specification: what a reader should see, as a function of the
//! events that are known and of which happened before which. The specifications share nothing with the kernel.

mod causal;
mod nested;
mod plain;
mod subject;

use rejoin::laws::{self, History, Scope, Subject};

/// Random histories, and all histories up to a scope; `REJOIN_DEEP` asks for deeper ones, which take minutes.
fn keeps_the_laws<S: Subject>(subject: &S) {
    laws::check(subject);
    let scopes = if std::env::var_os("REJOIN_DEEP").is_some() {
        [(2, 4, false), (3, 3, false), (2, 3, true)]
    } else {
        [(2, 3, false), (3, 2, false), (2, 2, true)]
    };
    for (replicas, updates, deltas) in scopes {
        let scope = Scope { replicas, updates, deltas };
        let worlds = laws::exhaust(subject, scope).unwrap_or_else(|failure| panic!("{failure}"));
        println!("{worlds} worlds of {} in {scope:?}", std::any::type_name::<S::State>());
        assert!(worlds > 10);
    }
}

/// Any bytes are a history, so that a fuzzer can look for one that breaks a law; here are some long ones.
#[test]
fn bytes_are_histories() {
    for (name, run) in causal::ALL.iter().chain(nested::ALL).chain(plain::ALL) {
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
