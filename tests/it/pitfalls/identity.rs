//! Ids in two hands, ids that have forgotten, dots used twice.

use std::panic::{AssertUnwindSafe, catch_unwind};

use rejoin::{Causal, EditError, Map, MvRegister, OrSet, Writer};

use super::ways::{Site, agree, every_way, sites};

type Set = Causal<OrSet<char>>;
type Registers = Causal<Map<char, MvRegister<u8>>>;

fn members(set: &OrSet<char>) -> String {
    set.iter().collect()
}

#[test]
fn a_replica_without_its_disk_erases_nothing() {
    every_way(|ways| {
        let [mut a, mut b] = sites::<Set, 2>();
        a.edit(|set| set.insert('x'));
        b.hear(&a, ways);

        let old = a.id();
        let mut a = Site::new(Writer::<Set>::new());
        let delta = a.edit(|set| set.insert('y'));
        assert_eq!(delta.events().last(old), 0, "a start takes an id that nobody has had");
        assert_eq!((members(&a), members(&b)), ("y".into(), "x".into()));

        agree(ways, [&mut a, &mut b], |set| assert_eq!(members(set), "xy"));
    });
}

/// Two writes are made and heard of. Then the writer restarts from a state and an identity that were stored when it
/// had made so many of them.
#[cfg(feature = "serde")]
fn restarts(state_knows: usize, identity_knows: usize, hears_before_it_writes: bool) {
    use super::ways::{Way, through_json};

    let goes_on = identity_knows == if hears_before_it_writes { 2 } else { state_knows };
    every_way(|ways| {
        let [mut a, mut b] = sites::<Set, 2>();
        let (mut states, mut identities, mut deltas) = (vec![], vec![], vec![]);
        for member in ['x', 'y', '-'] {
            states.push(a.writer.state().clone());
            identities.push(serde_json::to_string(a.writer.identity()).unwrap());
            deltas.push(a.edit(|set| set.insert(member)));
        }
        b.hear_only([&deltas[0], &deltas[1]], ways);

        let old = a.id();
        let identity = serde_json::from_str(&identities[identity_knows]).unwrap();
        let mut a = Site::new(Writer::resume(identity, through_json(&states[state_knows])));
        deltas[..state_knows].iter().for_each(|delta| drop(a.note(rejoin::Delta::clone(delta))));
        if hears_before_it_writes {
            a.hear_by(Way::State, &b);
        }
        assert_eq!((a.id(), a.writer.renewed()), (old, None), "nothing happens before the first write");

        let delta = a.edit(|set| set.insert('z'));
        let first = if goes_on { a.version().last(old) } else { 1 };
        assert_eq!(delta.events().intervals().collect::<Vec<_>>(), [(a.id(), first, first)]);
        match a.writer.renewed() {
            None => assert!(goes_on && a.id() == old),
            Some(renewal) => {
                assert_eq!((renewal.old, renewal.new), (old, a.id()));
                assert_eq!(renewal.because, rejoin::writer::Because::Forgotten);
                assert!(!goes_on && a.id() != old);
                assert_eq!(a.writer.renewed(), None, "it says so once");
            }
        }
        agree(ways, [&mut a, &mut b], |set| assert_eq!(members(set), "xyz"));
    });
}

#[test]
#[cfg(feature = "serde")]
fn an_identity_without_its_state_is_not_used_again() {
    restarts(0, 2, false);
    restarts(1, 2, false);
    restarts(0, 1, false);
    restarts(0, 2, true); // it has learned all that it had forgotten, and may go on
    restarts(2, 2, false);
}

#[test]
#[cfg(feature = "serde")]
fn an_identity_older_than_its_state_is_not_used_again() {
    restarts(1, 0, false);
    restarts(2, 1, false);
    restarts(1, 1, true); // a backup of both, which hears what has become of it
    restarts(0, 0, true);
}

#[test]
fn a_fork_writes_under_an_id_of_its_own() {
    assert_not_impl!(Writer<Set>: Clone);
    assert_not_impl!(rejoin::writer::Identity: Clone);
    every_way(|ways| {
        let [mut a] = sites::<Registers, 1>();
        a.edit(|map| map.entry('k').set(0));
        let mut b = a.fork();
        assert_ne!(a.id(), b.id());

        let ours = a.edit(|map| map.entry('k').set(1));
        let theirs = b.edit(|map| map.entry('k').set(2));
        assert!(!ours.events().intersects(theirs.events()));
        if ways.perhaps() {
            let mut c = b.fork();
            c.edit(|map| map.entry('k').set(2));
            b.hear(&c, ways);
        }

        agree(ways, [&mut a, &mut b], |map| assert!(map.get(&'k').unwrap().values().eq(&[1, 2])));
    });
}

#[test]
#[cfg(feature = "serde")]
fn a_copied_identity_is_found_out() {
    let [a] = sites::<Set, 1>();
    let json = serde_json::to_string(a.writer.identity()).unwrap();
    let [mut one, mut two] =
        [0, 1].map(|_| Writer::<Set>::resume(serde_json::from_str(&json).unwrap(), Set::default()));
    one.edit(|set| set.insert('x'));
    two.edit(|set| set.extend(['y', 'z']));
    assert_eq!(one.replica(), two.replica());

    one.join_ref(two.state());
    let delta = one.edit(|set| set.insert('w'));
    assert!(one.renewed().is_some());
    assert_eq!(delta.events().last(two.replica()), 0);
    two.apply(delta);
    assert_eq!((members(&two), two.state()), ("wyz".into(), one.state()));
}

#[test]
fn no_dot_is_used_twice_in_a_transaction() {
    every_way(|ways| {
        let [mut a, mut b] = sites::<Registers, 2>();
        let delta = a.edit(|map| {
            map.entry('x').set(1);
            map.entry('y').set(2);
            map.remove(&'x');
            map.entry('x').set(3);
        });
        assert_eq!(delta.events().intervals().collect::<Vec<_>>(), [(a.id(), 1, 4)]);
        let adds: Vec<_> = delta
            .change()
            .iter()
            .flat_map(|(_, leaf)| leaf.events())
            .filter(|event| event.add().is_some())
            .collect();
        assert_eq!(adds.iter().map(|event| event.dot().counter()).collect::<Vec<_>>(), [1, 4, 2]);

        b.edit(|map| map.entry('x').set(9));
        agree(ways, [&mut a, &mut b], |map| {
            assert!(map.get(&'x').unwrap().values().eq(&[3, 9]));
            assert!(map.get(&'y').unwrap().values().eq(&[2]));
        });
    });
}

#[test]
fn dots_of_a_transaction_that_failed_are_used_by_the_next() {
    every_way(|ways| {
        let [mut a, mut b] = sites::<Registers, 2>();
        let failed = a.writer.try_edit(|map| {
            map.entry('x').set(1);
            Err("no")
        });
        assert_eq!(failed, Err(EditError::Failed("no")));
        let panicked = catch_unwind(AssertUnwindSafe(|| {
            a.writer.edit(|map| {
                map.entry('y').set(2);
                std::panic::resume_unwind(Box::new("no")); // a panic without a message
            })
        }));
        assert!(panicked.is_err());

        let delta = a.edit(|map| map.entry('z').set(3));
        assert_eq!(delta.events().intervals().collect::<Vec<_>>(), [(a.id(), 1, 1)]);
        b.edit(|map| map.entry('x').set(9));
        agree(ways, [&mut a, &mut b], |map| {
            let all: Vec<_> =
                map.iter().map(|(key, value)| (*key, value.values().copied().collect())).collect();
            assert_eq!(all, [('x', vec![9]), ('z', vec![3])]);
        });
    });
}
