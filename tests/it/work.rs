//! What only the kernel makes possible, by counting work rather than time.
//!
//! The elements count how often they are compared and cloned. Everything that a state does with its elements it does
//! by comparing and cloning them, so what compares none has not looked at any.

use std::cell::Cell;
use std::cmp::Ordering;

use rejoin::*;

thread_local! {
    static COMPARED: Cell<usize> = const { Cell::new(0) };
    static CLONED: Cell<usize> = const { Cell::new(0) };
}

#[derive(Debug, PartialEq, Eq)]
struct Element(u32);

impl Ord for Element {
    fn cmp(&self, other: &Self) -> Ordering {
        COMPARED.set(COMPARED.get() + 1);
        self.0.cmp(&other.0)
    }
}

impl PartialOrd for Element {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Clone for Element {
    fn clone(&self) -> Self {
        CLONED.set(CLONED.get() + 1);
        Element(self.0)
    }
}

#[derive(Debug, PartialEq)]
struct Work {
    compared: usize,
    cloned: usize,
}

const NONE: Work = Work { compared: 0, cloned: 0 };

fn count<R>(work: impl FnOnce() -> R) -> (R, Work) {
    COMPARED.set(0);
    CLONED.set(0);
    let result = work();
    (result, Work { compared: COMPARED.get(), cloned: CLONED.get() })
}

type Set = Writer<Causal<OrSet<Element>>>;

/// Replica `id` with `n` elements, every other number.
fn replica(id: u128, n: u32) -> Set {
    let mut set = Set::with_id(ReplicaId::from_u128(id));
    set.edit(|set| set.extend((0..n).map(|i| Element(2 * i))));
    set
}

#[test]
fn a_version_names_a_state_without_looking_at_it() {
    let mut a = replica(1, 10_000);
    let mut b = a.fork();
    let delta = a.edit(|set| set.insert(Element(1)));
    assert_eq!(count(|| a.same_version(&b)), (false, NONE));
    b.apply(delta);
    assert_eq!(count(|| a.same_version(&b)), (true, NONE));

    let (equal, work) = count(|| a.state() == b.state());
    assert!(equal && work.cloned == 0, "and it told the truth");
}

#[test]
fn a_redundant_merge_looks_at_nothing() {
    let mut a = replica(1, 10_000);
    let mut b = a.fork();
    b.edit(|set| set.remove(&Element(4)));
    let old = a.state().clone();
    a.join_ref(b.state());
    assert_eq!(count(|| a.join_ref(b.state())), (false, NONE), "equal");
    assert_eq!(count(|| a.join_ref(&old)), (false, NONE), "older");
    assert_eq!(count(|| a.join(old)), (false, NONE), "older, by value");
}

#[test]
fn a_state_that_is_ahead_moves_in() {
    let mut a = replica(1, 10_000);
    let behind = a.state().clone();
    a.edit(|set| set.insert(Element(1)));
    let ahead = a.into_state();
    let mut b = Set::with_id(ReplicaId::from_u128(2));
    b.join(behind);
    assert_eq!(count(|| b.join(ahead)), (true, NONE));
    assert_eq!(b.len(), 10_001);
}

/// The work of making a delta, and of applying it at a replica that has diverged.
fn work_of_one_insertion_and_removal(n: u32) -> [Work; 4] {
    let (mut a, mut b) = (replica(1, n), replica(2, n));
    b.edit(|set| set.insert(Element(n - 1)));
    let (insertion, making) = count(|| a.edit(|set| set.insert(Element(n | 1))));
    let (news, applying) = count(|| b.apply(insertion));
    assert!(news && b.contains(&Element(n | 1)));
    let (removal, unmaking) = count(|| a.edit(|set| set.remove(&Element(n | 1))));
    let (news, unapplying) = count(|| b.apply(removal));
    assert!(news && !b.contains(&Element(n | 1)));
    [making, applying, unmaking, unapplying]
}

#[test]
fn a_delta_costs_what_it_changes_whatever_the_state_holds() {
    for n in [100, 1_000, 100_000] {
        for work in work_of_one_insertion_and_removal(n) {
            // A B-tree of this size is searched with at most 11 comparisons per level.
            assert!(work.compared <= 2 * 11 * (n.ilog(6) as usize + 1), "{work:?} at {n}");
            assert!(work.cloned <= 1, "{work:?}: the delta's own copy, and no other");
        }
    }
}

#[test]
fn a_merge_clones_the_news_alone_and_compares_each_element_a_few_times() {
    let mut a = replica(1, 10_000);
    let mut b = a.fork();
    a.edit(|set| set.extend((0..50).map(|i| Element(4 * i + 1))));
    b.edit(|set| set.extend((0..100).map(|i| Element(4 * i + 3))));
    let (news, work) = count(|| a.join_ref(b.state()));
    assert!(news && a.len() == 10_150);
    assert_eq!(work.cloned, 100);
    assert!(work.compared < 4 * 10_000, "{work:?}");
}

#[test]
fn reading_clones_nothing() {
    let set = replica(1, 1_000);
    let (sum, work) = count(|| set.iter().map(|element| u64::from(element.0)).sum::<u64>());
    assert_eq!((sum, work), (999 * 1_000, NONE));
    let (found, work) = count(|| set.contains(&Element(500)));
    assert!(found && work.cloned == 0);
}

#[test]
fn grouping_deltas_costs_their_sum() {
    let mut a = replica(1, 10_000);
    let deltas: Vec<_> = (0..1_000).map(|i| a.edit(|set| set.insert(Element(i)))).collect();
    let (group, work) = count(|| {
        let mut group = Delta::default();
        for delta in deltas {
            group.join(delta);
        }
        group
    });
    assert_eq!(group.events().dot_count(), 1_000);
    assert_eq!(work.cloned, 0);
    assert!(work.compared < 1_000 * 40, "{work:?}");
}

/// Undoing costs what the transaction wrote, however much there is beside it.
#[test]
fn a_failed_transaction_is_undone_by_looking_at_what_it_wrote() {
    let [few, many] = [1_000, 64_000].map(|n| {
        let mut set = replica(1, n);
        let before = set.state().clone();
        let fail = |set: &mut Edit<'_, OrSet<Element>>| {
            for i in 0..20 {
                set.insert(Element(2 * i + 1));
                set.remove(&Element(4 * i));
            }
            Err::<(), ()>(())
        };
        let (failed, work) = count(|| set.try_edit(fail));
        assert!(failed.is_err() && set.state() == &before);
        work
    });
    assert!(many.compared < 2 * few.compared, "{few:?} {many:?}");
    assert!(many.cloned <= 100, "{many:?}");
}

/// Writing to keys that the transaction has written before, and removing others, in turn.
#[test]
fn a_transaction_of_many_keys_does_not_bring_them_in_order_each_time() {
    let [few, many] = [1_000, 4_000].map(|n| {
        let mut map = Writer::<Causal<Map<Element, Counter>>>::with_id(ReplicaId::from_u128(1));
        let write = |map: &mut Edit<'_, Map<Element, Counter>>| {
            for i in 1..n {
                map.entry(Element(i)).add(1);
                map.entry(Element(i)).add(1);
                map.remove(&Element(i - 1));
            }
        };
        count(|| map.edit(write)).1
    });
    assert!(many.compared < 6 * few.compared, "{few:?} {many:?}");
}
