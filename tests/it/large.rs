//! Transactions that change many keys, in any order, some of them several times.

use rejoin::*;

/// All numbers below 101, in no order.
fn scrambled() -> impl Iterator<Item = u32> {
    (0..101).map(|n| n * 37 % 101)
}

fn check<S>(write: impl Fn(&mut store::Handle<'_, S>)) -> Causal<S>
where
    S: codec::Columns + Store<Change: PartialEq + std::fmt::Debug> + PartialEq + std::fmt::Debug + 'static,
{
    let mut writer = Writer::<Causal<S>>::with_id(ReplicaId::from_u128(1));
    let first = writer.edit_at(1, |edit| write(edit));
    // Once more, over what is there.
    let second = writer.edit_at(2, |edit| write(edit));
    let mut group = first.clone();
    group.join(second.clone());
    for delta in [&first, &second, &group] {
        assert_eq!(Delta::decode(&delta.encode()).as_ref(), Ok(delta), "its one form");
        let every_other: Version = delta.events().dots().step_by(2).collect();
        let mut parts = delta.without(&every_other);
        parts.join(delta.only(&every_other));
        assert_eq!(&parts, delta);
    }
    let mut by_parts = Causal::<S>::default();
    by_parts.apply(second);
    by_parts.apply(first);
    let mut at_once = Causal::<S>::default();
    at_once.apply(group);
    assert_eq!(&by_parts, writer.state());
    assert_eq!(&at_once, writer.state());
    assert_eq!(Causal::decode(&at_once.encode()).as_ref(), Ok(&at_once));
    at_once
}

#[test]
fn of_a_set() {
    let set = check::<OrSet<u32>>(|set| {
        set.extend(scrambled());
        scrambled().filter(|n| n % 3 == 0).for_each(|n| set.remove(&n));
        set.extend(scrambled().filter(|n| n % 6 == 0));
    });
    assert!(set.iter().copied().eq((0..101).filter(|n| n % 3 != 0 || n % 6 == 0)));
}

#[test]
fn of_a_set_that_was_cleared_between() {
    let set = check::<OrSet<u32>>(|set| {
        set.extend(scrambled());
        set.clear();
        set.extend(scrambled().filter(|n| *n > 50));
    });
    assert!(set.iter().copied().eq(51..101));
}

#[test]
fn of_counters_that_count_again_and_again() {
    let map = check::<Map<u32, Counter>>(|map| {
        (0..3).for_each(|_| scrambled().for_each(|n| map.entry(n).add(1)));
    });
    assert_eq!(map.len(), 101);
    assert!(map.iter().all(|(_, counter)| counter.get() == 6));
    // Three increments in one transaction are one event.
    assert_eq!(map.version().dot_count(), 2 * 101);
}

#[test]
fn of_maps_in_maps() {
    let map = check::<Map<u32, Map<u32, OrSet<u32>>>>(|map| {
        for outer in scrambled().step_by(20) {
            for inner in scrambled() {
                map.entry(outer).entry(inner).insert(outer * inner);
                // Only looked at.
                let _ = map.entry(outer + 1_000).entry(inner);
            }
        }
        map.remove(&0);
    });
    assert!(map.iter().all(|(outer, inner)| *outer < 101 && inner.len() == 101));
    assert_eq!(map.len(), scrambled().step_by(20).filter(|n| *n != 0).count());
}

#[test]
fn of_records() {
    record! {
        #[derive(Debug, PartialEq, Codec)]
        struct Shelf {
            books: OrSet<u32>,
            note: Lww<u32>,
        }
    }
    let map = check::<Map<u32, Shelf>>(|map| {
        for n in scrambled() {
            map.entry(n).books.extend(scrambled());
            if n % 2 == 0 {
                map.entry(n).note.set(n);
            }
        }
    });
    assert_eq!(map.iter().map(|(_, shelf)| shelf.books.len()).sum::<usize>(), 101 * 101);
    assert_eq!(map.iter().filter(|(_, shelf)| shelf.note.get().is_some()).count(), 51);
}
