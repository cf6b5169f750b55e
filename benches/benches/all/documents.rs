//! Documents: maps of texts to numbers, beside libraries that are made for documents.

use std::cell::{LazyCell, RefCell};

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion};
use rejoin_benches::data::{is_quick, pairs};
use rejoin_benches::peers::{
    AutomergeDocument, Document, LoroDocument, OurDocument, StdDocument, TextMap, YrsDocument,
};

use crate::clock::{group, measure, measure_reading};

#[derive(Clone, Copy)]
enum Work {
    Set,
    SetEach,
    Save,
    Load,
    Difference,
    Apply,
    InSync,
}

const WORKS: [(Work, &str); 7] = [
    (Work::Set, "set all, one transaction"),
    (Work::SetEach, "set all, a transaction and a message each"),
    (Work::Save, "save"),
    (Work::Load, "load and read one"),
    (Work::Difference, "make a difference of 1% of the keys"),
    (Work::Apply, "apply it"),
    (Work::InSync, "make a difference when in sync"),
];

pub(crate) fn all(criterion: &mut Criterion) {
    let n = if is_quick() { 10_000 } else { 100_000 };
    for (work, name) in WORKS {
        let mut group = group(criterion, &format!("document: {name}"));
        run::<OurDocument>(&mut group, work, n);
        if let Work::Set = work {
            set_all::<StdDocument>(&mut group, &pairs(n));
        }
        run::<AutomergeDocument>(&mut group, work, n);
        run::<YrsDocument>(&mut group, work, n);
        run::<LoroDocument>(&mut group, work, n);
    }
}

fn run<P: Document>(group: &mut BenchmarkGroup<'_, WallTime>, work: Work, n: usize) {
    let pairs = pairs(n);
    let a_key = pairs[n / 2].0.clone();
    match work {
        Work::Set => {
            set_all::<P>(group, &pairs);
            return;
        }
        Work::SetEach => {
            let prepare = || (P::new(), pairs.clone());
            measure(group, P::NAME, n, n, prepare, |(document, pairs)| {
                document.set_each(std::mem::take(pairs))
            });
            return;
        }
        _ => {}
    }

    let story = LazyCell::new(|| RefCell::new(Story::<P>::new(&pairs)));
    match work {
        Work::Set | Work::SetEach => unreachable!("done above"),
        Work::Save => {
            // Some libraries keep what they have saved, until something changes.
            let mut round = 0;
            let prepare = || {
                round += 1;
                story.borrow_mut().before.set_all(vec![(a_key.clone(), round)]);
            };
            measure(group, P::NAME, n, n, prepare, |()| story.borrow_mut().before.save());
        }
        Work::Load => {
            let prepare = || story.borrow().bytes.clone();
            measure(group, P::NAME, n, n, prepare, |bytes| load::<P>(bytes, &a_key));
        }
        Work::Difference => measure_reading(group, P::NAME, n, n / 100, &story, |story| {
            let Story { here, then, .. } = &mut *story.borrow_mut();
            here.difference(then)
        }),
        Work::Apply => {
            let prepare = || {
                let Story { here, then, bytes, .. } = &mut *story.borrow_mut();
                (load::<P>(bytes, &a_key), here.difference(then))
            };
            measure(group, P::NAME, n, n / 100, prepare, |(there, difference)| there.apply_bytes(difference));
        }
        Work::InSync => measure_reading(group, P::NAME, n, 1, &story, |story| {
            let Story { here, now, .. } = &mut *story.borrow_mut();
            here.difference(now)
        }),
    }
}

fn set_all<P: TextMap>(group: &mut BenchmarkGroup<'_, WallTime>, pairs: &[(String, i64)]) {
    let (n, prepare) = (pairs.len(), || (P::new(), pairs.to_vec()));
    measure(group, P::NAME, n, n, prepare, |(document, pairs)| document.set_all(std::mem::take(pairs)));
}

/// Somebody starts from a file, as programs do, and writes some.
struct Story<P: Document> {
    before: P,
    bytes: Vec<u8>,
    then: P::Version,
    here: P,
    now: P::Version,
}

impl<P: Document> Story<P> {
    fn new(pairs: &[(String, i64)]) -> Self {
        let mut before = P::new();
        before.set_all(pairs.to_vec());
        let bytes = before.save();
        let mut here = P::load(&bytes);
        let then = here.version();
        here.set_all(pairs.iter().step_by(100).map(|(key, value)| (key.clone(), value + 1)).collect());
        let now = here.version();
        Story { before, bytes, then, here, now }
    }
}

/// Some libraries load when they are read.
fn load<P: Document>(bytes: &[u8], a_key: &str) -> P {
    let document = P::load(bytes);
    assert!(document.get(a_key).is_some());
    document
}
