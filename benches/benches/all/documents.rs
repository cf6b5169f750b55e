//! Documents: maps of texts to numbers, beside libraries that are made for documents.

use std::cell::RefCell;

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion};
use rejoin_benches::data::{is_quick, pairs};
use rejoin_benches::peers::{
    AutomergeDocument, Document, LoroDocument, OurDocument, StdDocument, YrsDocument,
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
            run::<StdDocument>(&mut group, work, n);
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
            let prepare = || (P::new(), pairs.clone());
            measure(group, P::NAME, n, n, prepare, |(document, pairs)| {
                document.set_all(std::mem::take(pairs))
            });
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

    let mut before = P::new();
    before.set_all(pairs.clone());
    let bytes = before.save();
    // Everybody has started from a file, as programs do.
    let mut here = P::load(&bytes);
    let version = here.version();
    let some = pairs.iter().step_by(100).map(|(key, value)| (key.clone(), value + 1));
    here.set_all(some.collect());
    match work {
        Work::Set | Work::SetEach => unreachable!("done above"),
        Work::Save => {
            // Some libraries keep what they have saved, until something changes.
            let before = RefCell::new(before);
            let prepare = || before.borrow_mut().set_all(vec![pairs[0].clone()]);
            measure(group, P::NAME, n, n, prepare, |()| before.borrow_mut().save());
        }
        Work::Load => measure(
            group,
            P::NAME,
            n,
            n,
            || (),
            |()| {
                let document = P::load(&bytes);
                assert!(document.get(&a_key).is_some());
                document
            },
        ),
        Work::Difference => measure_reading(group, P::NAME, n, n / 100, || here.difference(&version)),
        Work::Apply => {
            let difference = here.difference(&version);
            let prepare = || {
                let there = P::load(&bytes);
                // Some libraries load when they are read.
                assert!(there.get(&a_key).is_some());
                there
            };
            measure(group, P::NAME, n, n / 100, prepare, |there| there.apply_bytes(&difference));
        }
        Work::InSync => {
            let version = here.version();
            measure_reading(group, P::NAME, n, 1, || here.difference(&version));
        }
    }
}
