//! Maps of registers, of counters, and of records with three registers each.

use std::cell::{LazyCell, RefCell};

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion};
use rejoin_benches::data::{is_quick, mix};
use rejoin_benches::peers::{
    CrdtsCounters, CrdtsNested, CrdtsRegisters, DsonNested, DsonRegisters, LatticesRegisters, OurCounters,
    OurNested, OurRegisters, StdNested, StdTable, Table,
};

use crate::clock::{group, measure, measure_reading};

#[derive(Clone, Copy)]
enum Work {
    Build,
    Overwrite,
    MergeKnown,
    Merge,
}

const WORKS: [(Work, &str); 4] = [
    (Work::Build, "build key by key"),
    (Work::Overwrite, "write again"),
    (Work::MergeKnown, "merge, nothing new"),
    (Work::Merge, "merge, 1% diverged"),
];

pub(crate) fn all(criterion: &mut Criterion) {
    let sizes: &[usize] = if is_quick() { &[100, 1_000, 10_000] } else { &[100, 1_000, 10_000, 100_000] };
    for (work, name) in WORKS {
        for &n in sizes {
            let mut group_of = group(criterion, &format!("map of registers: {name}"));
            run::<OurRegisters>(&mut group_of, work, n);
            run::<StdTable>(&mut group_of, work, n);
            run::<CrdtsRegisters>(&mut group_of, work, n);
            run::<DsonRegisters>(&mut group_of, work, n);
            run::<LatticesRegisters>(&mut group_of, work, n);
            drop(group_of);
            let mut group_of = group(criterion, &format!("map of counters: {name}"));
            run::<OurCounters>(&mut group_of, work, n);
            run::<StdTable>(&mut group_of, work, n);
            run::<CrdtsCounters>(&mut group_of, work, n);
            drop(group_of);
            let mut group_of = group(criterion, &format!("map of records: {name}"));
            run::<OurNested>(&mut group_of, work, n);
            run::<StdNested>(&mut group_of, work, n);
            run::<CrdtsNested>(&mut group_of, work, n);
            run::<DsonNested>(&mut group_of, work, n);
        }
    }
}

fn write<P: Table>(table: &mut P, keys: impl Iterator<Item = usize>) {
    keys.for_each(|key| table.write(mix(key as u64), mix(!(key as u64))));
}

fn run<P: Table>(group: &mut BenchmarkGroup<'_, WallTime>, work: Work, n: usize) {
    if n > P::MOST {
        return;
    }
    if let Work::Build = work {
        measure(group, P::NAME, n, n, P::new, |table| write(table, 0..n));
        return;
    }
    let base = LazyCell::new(|| {
        let mut base = P::new();
        write(&mut base, 0..n);
        assert_eq!(base.count(), n);
        base
    });
    let pair = LazyCell::new(|| {
        let (mut a, mut b) = (base.fork(), base.fork());
        if let Work::Merge = work {
            let each = (n / 200).max(1);
            write(&mut a, (0..each).map(|key| 2 * key));
            write(&mut b, (0..each).map(|key| 2 * key + 1));
        }
        RefCell::new((a, b))
    });
    match work {
        Work::Build => unreachable!("done above"),
        Work::Overwrite => {
            let many = n.min(1_000);
            measure(group, P::NAME, n, many, || base.fork(), |table| write(table, (0..n).step_by(n / many)));
        }
        Work::MergeKnown if !P::MERGES_BY_VALUE => measure_reading(group, P::NAME, n, 1, &pair, |pair| {
            let (a, b) = &mut *pair.borrow_mut();
            a.merge_borrowed(b);
        }),
        Work::MergeKnown | Work::Merge => {
            let prepare = || {
                let (a, b) = &*pair.borrow();
                (a.fork(), b.fork())
            };
            measure(group, P::NAME, n, 1, prepare, |(a, b)| a.merge_borrowed(b));
        }
    }
}
