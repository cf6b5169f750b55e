//! Plain values: random transactions that fail at a random point, or panic at every point.

use std::collections::BTreeMap;
use std::fmt::Debug;

use rejoin::store::Root;
use rejoin::sync::{Numbered, Replica, Replicated};
use rejoin::{
    BoundedCounter, Codec, EditError, GCounter, GSet, LwwRegister, Max, Min, PnCounter, ReplicaId,
    TwoPhaseSet, Writer,
};

use super::key::{Key, Numbers, panicking};

/// Fails at a random point, panics at every point, and succeeds; beside a twin that only succeeds.
fn check<T>(write: impl Fn(&mut T::Edit<'_>, &mut Numbers) + Copy)
where
    T: Root<Delta: PartialEq + Debug> + Clone + PartialEq + Debug,
{
    let mut panics = 0;
    for seed in 0..20 {
        let all = move |edit: &mut T::Edit<'_>, seed, n| {
            let mut numbers = Numbers(seed);
            (0..n).for_each(|_| write(edit, &mut numbers));
        };
        let [mut writer, mut twin] = [1, 1].map(|n| Writer::<T>::with_id(ReplicaId::from_u128(n)));
        for now in 0..6 {
            let transaction = 100 * seed + now;
            let before = (writer.state().clone(), format!("{:?}", writer.identity()));
            let failed = writer.try_edit_at(now, |edit| {
                all(edit, transaction, transaction % 5);
                Err("no")
            });
            assert_eq!(failed, Err(EditError::Failed("no")));
            let mut done = None;
            for at in 1.. {
                assert_eq!((writer.state().clone(), format!("{:?}", writer.identity())), before, "{at}");
                done = panicking(at, 1, || writer.edit_at(now, |edit| all(edit, transaction, 4)));
                if done.is_some() {
                    break;
                }
                panics += 1;
            }
            assert_eq!(done, Some(twin.edit_at(now, |edit| all(edit, transaction, 4))));
            assert_eq!(writer.state(), twin.state());
        }
    }
    assert_eq!(panics > 0, std::any::type_name::<T>().contains("Key"), "{panics}");
}

/// As above, and what is numbered: also its bytes and its version.
fn check_numbered<T>(write: impl Fn(&mut T::Edit<'_>, &mut Numbers) + Copy)
where
    T: Root<Delta: PartialEq + Debug> + Clone + PartialEq + Debug,
    Numbered<T>: Replicated + for<'a> Root<Edit<'a> = T::Edit<'a>, Delta: PartialEq + Debug>,
{
    check::<T>(write);
    check::<Numbered<T>>(write);
    let mut replica = Replica::<Numbered<T>>::from_writer(Writer::with_id(ReplicaId::from_u128(1)));
    for seed in 0..20 {
        let before = (replica.state().encode(), replica.version().clone(), replica.log_len());
        let failed = replica.try_edit_at(seed, |edit| {
            write(edit, &mut Numbers(seed));
            Err(())
        });
        assert_eq!(failed, Err(EditError::Failed(())));
        assert_eq!((replica.state().encode(), replica.version().clone(), replica.log_len()), before);
        replica.edit_at(seed, |edit| write(edit, &mut Numbers(seed)));
    }
}

fn key(numbers: &mut Numbers) -> Key {
    Key(numbers.byte(9))
}

#[test]
fn counters() {
    check_numbered::<GCounter>(|edit, numbers| {
        let _ = edit.increment(numbers.below(3));
    });
    check_numbered::<PnCounter>(|edit, numbers| {
        let _ = if numbers.below(2) == 0 { edit.add(numbers.below(3)) } else { edit.subtract(1) };
    });
    check_numbered::<BoundedCounter>(|edit, numbers| {
        let _ = match numbers.below(3) {
            0 => edit.increment(numbers.below(9)),
            1 => edit.decrement(numbers.below(4)),
            _ => edit.transfer(ReplicaId::from_u128(numbers.below(3).into()), numbers.below(4)),
        };
    });
}

#[test]
fn registers() {
    check_numbered::<Max<Key>>(|edit, numbers| edit.offer(key(numbers)));
    check_numbered::<Min<Key>>(|edit, numbers| edit.offer(key(numbers)));
    check_numbered::<LwwRegister<Key>>(|edit, numbers| edit.set(key(numbers)).unwrap());
}

#[test]
fn sets() {
    check_numbered::<GSet<Key>>(|edit, numbers| edit.insert(key(numbers)));
    check_numbered::<TwoPhaseSet<Key>>(|edit, numbers| match numbers.below(3) {
        0 => edit.remove(&key(numbers)),
        _ => edit.insert(key(numbers)),
    });
}

#[test]
fn maps_and_pairs() {
    check_numbered::<BTreeMap<Key, GSet<Key>>>(|edit, numbers| edit.entry(key(numbers)).insert(key(numbers)));
    check_numbered::<BTreeMap<Key, BTreeMap<Key, TwoPhaseSet<Key>>>>(|edit, numbers| {
        let mut outer = edit.entry(key(numbers));
        let mut set = outer.entry(key(numbers));
        if numbers.below(3) == 0 { set.remove(&key(numbers)) } else { set.insert(key(numbers)) }
    });
    check::<(PnCounter, BTreeMap<Key, Max<Key>>)>(|(count, map), numbers| {
        count.add(1).unwrap();
        map.entry(key(numbers)).offer(key(numbers));
    });
}

/// Writes that cannot be undone need a number: otherwise equal versions would stand for different states.
#[test]
fn what_cannot_be_undone_has_a_number() {
    let (mut left, mut calls) = (0, 0);
    for at in 1.. {
        let mut replica =
            Replica::<Numbered<GSet<Key>>>::from_writer(Writer::with_id(ReplicaId::from_u128(1)));
        replica.edit_at(0, |set| set.extend([Key(1), Key(5)]));
        let before = replica.state().clone();
        let failed = panicking(at, 1, || {
            replica.try_edit_at(1, |set| {
                set.extend([Key(2), Key(3), Key(7)]);
                Err(())
            })
        });
        if failed.is_some() {
            break;
        }
        let is_same = replica.state() == &before;
        assert_eq!(replica.version() == before.version(), is_same, "at call {at}");
        left += u32::from(!is_same);
        calls = at;
    }
    assert!(left > 0 && calls > 10);
}
