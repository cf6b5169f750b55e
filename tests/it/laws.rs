//! The law kit on the crate's own types, each against its specification: what a reader should see, as a function of the
//! events that are known and of which happened before which. The specifications share nothing with the kernel.

pub(crate) mod bytes;
mod causal;
mod clocks;
mod kit;
mod nested;
mod ops;
mod plain;
mod subject;

use rejoin::laws::{self, History, Scope, Subject};

/// Random histories, and all histories up to a scope; `REJOIN_DEEP` asks for deeper ones, which take minutes.
fn keeps_the_laws<S: Subject>(subject: &S) {
    laws::check(subject);
    let is_deep = std::env::var_os("REJOIN_DEEP").is_some();
    let kinds = subject.mutations().len();
    let (most_by_states, most_by_deltas) = match (is_deep, std::any::type_name::<S::State>().contains("Map<"))
    {
        (false, _) => (2_500, 800),
        (true, true) => (150_000, 20_000),
        (true, false) => (1_100_000, 60_000),
    };
    let scopes = [
        Scope {
            replicas: 3,
            updates: updates(kinds, &[1, 3, 16, 102, 694, 4_961], most_by_states),
            deltas: false,
        },
        Scope { replicas: 3, updates: updates(kinds, &[1, 3, 18, 158, 1_825], most_by_deltas), deltas: true },
    ];
    for scope in scopes {
        let start = std::time::Instant::now();
        let explored = laws::exhaust(subject, scope).unwrap_or_else(|failure| panic!("{failure}"));
        let (name, time) = (std::any::type_name::<S::State>().replace("rejoin::", ""), start.elapsed());
        println!("{explored:?} of {name} in {scope:?}: {time:.1?}");
        assert!(explored.meetings > explored.histories && explored.histories > 10);
    }
}

/// How many updates there may be so that there are not many more histories than `most`: `shapes` are those of one kind of
/// mutation.
fn updates(kinds: usize, shapes: &[usize], most: usize) -> usize {
    let histories = (1..).zip(shapes).map(|(updates, shapes)| shapes * kinds.pow(updates));
    histories.take_while(|histories| *histories <= most).count()
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
