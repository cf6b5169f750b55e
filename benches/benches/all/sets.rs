//! Sets: what one replica does by itself, and deltas.

use std::cell::LazyCell;
use std::hint::black_box;

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion};
use rejoin_benches::data::{Element, elements, sizes};
use rejoin_benches::peers::{CrdtsSet, DsonSet, LatticesSet, OurSet, Set, StdSet};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::clock::{group, measure, measure_reading};

/// How many operations are timed together, on sets that have that many.
const AT_ONCE: usize = 1_000;

#[derive(Clone, Copy)]
enum Work {
    Build,
    BuildAtOnce,
    Insert,
    Tell,
    Apply,
    Remove,
    Churn,
    Contains,
    Iterate,
    Copy,
}

const WORKS: [(Work, &str); 10] = [
    (Work::Build, "build by inserts"),
    (Work::BuildAtOnce, "build in one transaction"),
    (Work::Insert, "insert"),
    (Work::Tell, "insert, keep the delta"),
    (Work::Apply, "apply a delta"),
    (Work::Remove, "remove"),
    (Work::Churn, "remove and insert again"),
    (Work::Contains, "contains"),
    (Work::Iterate, "iterate"),
    (Work::Copy, "clone"),
];

pub(crate) fn all<T>(criterion: &mut Criterion)
where
    T: Element + rejoin::codec::Element + Serialize + DeserializeOwned,
{
    for (work, name) in WORKS {
        let mut group = group(criterion, &format!("set of {}: {name}", T::NAME));
        for n in sizes() {
            run::<T, OurSet<T>>(&mut group, work, n);
            run::<T, StdSet<T>>(&mut group, work, n);
            run::<T, CrdtsSet<T>>(&mut group, work, n);
            run::<T, DsonSet<T>>(&mut group, work, n);
            run::<T, LatticesSet<T>>(&mut group, work, n);
        }
    }
}

fn run<T: Element, P: Set<T>>(group: &mut BenchmarkGroup<'_, WallTime>, work: Work, n: usize) {
    if n > P::MOST {
        return;
    }
    let many = AT_ONCE.min(n);
    let fresh = || elements::<T>(n, n + many);
    let base = LazyCell::new(|| {
        let mut base = P::new();
        base.insert_all(elements(0, n));
        base
    });
    let members: Vec<T> = elements(0, n).into_iter().step_by(n / many).collect();
    match work {
        Work::Build => measure(
            group,
            P::NAME,
            n,
            n,
            || (P::new(), elements(0, n)),
            |(set, values)| values.drain(..).for_each(|value| set.insert(value)),
        ),
        Work::BuildAtOnce => measure(
            group,
            P::NAME,
            n,
            n,
            || (P::new(), elements(0, n)),
            |(set, values)| set.insert_all(std::mem::take(values)),
        ),
        Work::Insert => {
            let prepare = || (base.fork(), fresh());
            measure(group, P::NAME, n, many, prepare, |(set, values)| {
                values.drain(..).for_each(|value| set.insert(value))
            });
        }
        Work::Tell => {
            let prepare = || (base.fork(), fresh(), Vec::with_capacity(many));
            measure(group, P::NAME, n, many, prepare, |(set, values, deltas)| {
                deltas.extend(values.drain(..).map(|value| set.insert_and_tell(value)))
            });
        }
        Work::Apply => {
            let deltas = LazyCell::new(|| {
                let mut other = base.fork();
                fresh().into_iter().map(|value| other.insert_and_tell(value)).collect::<Vec<_>>()
            });
            let prepare = || (base.fork(), deltas.to_vec());
            measure(group, P::NAME, n, many, prepare, |(set, deltas)| {
                deltas.drain(..).for_each(|delta| set.apply(delta))
            });
        }
        Work::Remove => {
            measure(
                group,
                P::NAME,
                n,
                many,
                || base.fork(),
                |set| members.iter().for_each(|member| set.remove(member)),
            );
        }
        // Not of `lattices`: what was removed from its set never comes back.
        Work::Churn if P::NAME == "lattices" => {}
        Work::Churn => {
            let prepare = || (base.fork(), members.clone());
            measure(group, P::NAME, n, 2 * many, prepare, |(set, values)| {
                for value in values.drain(..) {
                    set.remove(&value);
                    set.insert(value);
                }
            });
        }
        Work::Contains => {
            let absent = fresh();
            measure_reading(group, P::NAME, n, 2 * many, &base, |set| {
                members.iter().zip(&absent).filter(|(a, b)| set.contains(a) && !set.contains(b)).count()
            });
        }
        Work::Iterate => {
            measure_reading(group, P::NAME, n, n, &base, |set| {
                let mut sum = 0;
                set.visit(|member| sum ^= black_box(member).word());
                sum
            });
        }
        Work::Copy => {
            measure(group, P::NAME, n, n, || (), |()| base.fork());
        }
    }
}
