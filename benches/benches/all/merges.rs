//! Merging two states of a set. std's figure is the limit: one walk, in place, over two maps with the same content.

use std::cell::{LazyCell, RefCell};

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion};
use rejoin_benches::data::{Element, elements, sizes};
use rejoin_benches::peers::{CrdtsSet, DsonSet, LatticesSet, OurSet, Set, StdWalk};
use serde::Serialize;

use crate::clock::{group, measure, measure_reading};

#[derive(Clone, Copy, PartialEq)]
enum News {
    /// Both have the same.
    None,
    /// The other side has all, and 1% more.
    Ahead,
    /// Each side has half of so many percent of its own.
    Diverged(usize),
    /// They have nothing in common.
    Disjoint,
}

const CASES: [(News, &str); 5] = [
    (News::None, "nothing new"),
    (News::Ahead, "the other is ahead"),
    (News::Diverged(1), "1% diverged"),
    (News::Diverged(50), "50% diverged"),
    (News::Disjoint, "nothing in common"),
];

pub(crate) fn all<T: Element + rejoin::codec::Element + Serialize>(criterion: &mut Criterion) {
    for (news, name) in CASES {
        let mut group = group(criterion, &format!("merge sets of {}: {name}", T::NAME));
        for n in sizes() {
            run::<T, OurSet<T>>(&mut group, news, n);
            run::<T, StdWalk<T>>(&mut group, news, n);
            // A merge of a million by `crdts` takes seconds, and a minute to set up often enough: once will do.
            if n <= 10_000 || (T::NAME == "u64" && matches!(news, News::None | News::Diverged(1))) {
                run::<T, CrdtsSet<T>>(&mut group, news, n);
            }
            run::<T, DsonSet<T>>(&mut group, news, n);
            run::<T, LatticesSet<T>>(&mut group, news, n);
        }
    }
}

fn pair<T: Element, P: Set<T>>(news: News, n: usize) -> (P, P) {
    let (common, here, there) = match news {
        News::None => (n, 0, 0),
        News::Ahead => (n, 0, (n / 100).max(1)),
        News::Diverged(percent) => (n, (n * percent / 200).max(1), (n * percent / 200).max(1)),
        News::Disjoint => (0, n, n),
    };
    let mut a = P::new();
    a.insert_all(elements(0, common));
    let mut b = a.fork();
    a = a.fork();
    a.insert_all(elements(common, common + here));
    b.insert_all(elements(common + here, common + here + there));
    (a, b)
}

fn run<T: Element, P: Set<T>>(group: &mut BenchmarkGroup<'_, WallTime>, news: News, n: usize) {
    if n > P::MOST {
        return;
    }
    let pair = LazyCell::new(|| RefCell::new(pair::<T, P>(news, n)));
    if news == News::None && !P::MERGES_BY_VALUE {
        measure_reading(group, P::NAME, n, 1, &pair, |pair| {
            let (a, b) = &mut *pair.borrow_mut();
            a.merge_borrowed(b);
        });
    } else {
        let prepare = || {
            let (a, b) = &*pair.borrow();
            (a.fork(), b.fork())
        };
        // What is ahead is given away, so that it can move in; else nobody needs to free the other's members.
        let merge = if news == News::Ahead { P::merge } else { P::merge_borrowed };
        measure(group, P::NAME, n, 1, prepare, |(a, b)| merge(a, b));
    }
}
