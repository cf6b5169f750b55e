//! The kit itself: what it tells, how far it looks, and that it looks everywhere it says.

use std::cell::RefCell;

use rejoin::laws::{self, Explored, Failure, Hand, History, Known, Law, Scope, Subject};
use rejoin::*;

type Set = Causal<OrSet<u8>>;

/// A set that is written to only; it forgets all when it is saved, and its specification may be wrong.
struct Diary {
    specified: fn(&Known<'_, u8>) -> Option<usize>,
}

impl Subject for Diary {
    type State = Set;
    type Mutation = u8;
    type Reading = usize;

    fn mutations(&self) -> Vec<u8> {
        vec![10, 20]
    }

    fn write(&self, state: &mut Set, hand: &mut Hand, value: &u8) -> Delta<OrSet<u8>> {
        hand.edit(state, |set| set.insert(*value))
    }

    fn read(&self, state: &Set) -> usize {
        state.len()
    }

    fn specify(&self, known: &Known<'_, u8>) -> Option<usize> {
        (self.specified)(known)
    }

    fn only(&self, group: &Delta<OrSet<u8>>, wanted: &Delta<OrSet<u8>>) -> Option<Delta<OrSet<u8>>> {
        Some(group.only(wanted.events()))
    }

    fn save_and_load(&self, _: &Set) -> Option<Set> {
        Some(Set::default())
    }
}

const UNSPECIFIED: Diary = Diary { specified: |_| None };

/// Bytes that are reduced in every way that there is: 7 is three replicas, 4 is the second of them, 29 is to hear.
#[test]
fn every_step_is_taken_and_told() {
    let steps = vec![
        [0, 0, 0, 0],
        [13, 4, 3, 0],
        [28, 4, 1, 0],
        [29, 5, 0, 0],
        [6, 2, 4, 0],
        [7, 0, 1, 4],
        [31, 2, 2, 1],
        [8, 1, 0, 0],
        [9, 1, 2, 0],
        [34, 3, 0, 4],
        [10, 2, 0, 1],
        [35, 1, 0, 0],
        [0, 0, 0, 0],
    ];
    let Failure { law, story, seen } = laws::run(&UNSPECIFIED, &History { replicas: 7, steps }).unwrap_err();
    assert_eq!(law, Law::RoundTrip);
    let told = [
        "A does 10",
        "B does 20",
        "B does 20",
        "C hears of A's 10",
        "C hears of B's 20",
        "A hears of B's 20, and at once of B's 20",
        "C hears of B's 20, taken out of a group with A's 10",
        "B merges with A",
        "B merges with C",
        "a copy of A is kept",
        "C merges with an old copy",
        "B is saved and loaded",
    ];
    assert_eq!(story, told);
    assert!(seen.ends_with("A reads 2\nB reads 2\nC reads 2"), "{seen}");
}

#[test]
fn steps_for_which_it_is_too_early_do_nothing() {
    let steps = vec![[5, 0, 0, 0], [7, 0, 0, 0], [7, 0, 0, 1], [10, 0, 0, 1], [0, 0, 0, 0], [11, 0, 0, 0]];
    let failure = laws::run(&UNSPECIFIED, &History { replicas: 0, steps }).unwrap_err();
    assert_eq!(failure.story, ["A does 10", "A is saved and loaded"]);
}

/// Wrong about whoever has seen another's writing.
fn nobody_reads(known: &Known<'_, u8>) -> Option<usize> {
    let read =
        |a: usize, b: usize| known.before(a, b) && known.events().any(|(n, event)| n == a && event.by == 0);
    let wrong = known.events().any(|(b, event)| event.by == 1 && (0..b).any(|a| read(a, b)));
    wrong.then_some(9)
}

#[test]
fn the_shortest_history_is_told_with_who_learned_what() {
    let scope = Scope { replicas: 3, updates: 4, deltas: true };
    let failure = laws::exhaust(&Diary { specified: nobody_reads }, scope).unwrap_err();
    let told = [
        "A does 10",
        "B learns of A's 10",
        "B does 10",
        "A's 10 and B's 10 hear of it one by one, and at once",
    ];
    assert_eq!((failure.law, &failure.story[..]), (Law::Specification, &told.map(String::from)[..]));
}

#[test]
fn so_many_histories_there_are() {
    let explored =
        |replicas, updates, deltas| laws::exhaust(&UNSPECIFIED, Scope { replicas, updates, deltas }).unwrap();
    // Of one mutation: none; one; two in a row, two apart, one that knows of the other. Of two mutations: twice for each
    // event. And all of that for ascending and for descending ids.
    assert_eq!(explored(3, 0, false).histories, 2);
    assert_eq!(explored(3, 1, false).histories, 2 * (1 + 2));
    assert_eq!(explored(1, 2, false).histories, 2 * (1 + 2 + 4));
    assert_eq!(explored(3, 2, false).histories, 2 * (1 + 2 + 3 * 4));
    assert_eq!(explored(3, 3, false).histories, 2 * (1 + 2 + 3 * 4 + 16 * 8));
    assert_eq!(explored(3, 3, true).histories, 2 * (1 + 2 + 3 * 4 + 18 * 8));
    // Of two events in a row, one may know nothing, the first, or both, and by deltas the second alone: 3 parts and 4. Of
    // their 9 and 16 meetings those count that have to do with the second.
    assert_eq!(explored(1, 2, false), Explored { histories: 14, meetings: 2 * (1 + 2 * 3 + 4 * (9 - 4)) });
    assert_eq!(explored(1, 2, true), Explored { histories: 14, meetings: 2 * (1 + 2 * 3 + 4 * (16 - 4)) });
}

/// Writes down what is done in each history.
#[derive(Default)]
struct Recorder(RefCell<Vec<Vec<bool>>>);

impl Subject for Recorder {
    type State = GCounter;
    type Mutation = bool;
    type Reading = u128;

    fn mutations(&self) -> Vec<bool> {
        self.0.borrow_mut().push(Vec::new());
        vec![true, false]
    }

    fn write(&self, state: &mut GCounter, hand: &mut Hand, what: &bool) -> GCounter {
        self.0.borrow_mut().last_mut().unwrap().push(*what);
        state.increment(hand.replica(), 1).unwrap()
    }

    fn read(&self, state: &GCounter) -> u128 {
        state.get()
    }
}

#[test]
fn random_histories_are_many_long_and_another_for_each_seed() {
    let histories = |seed| {
        let recorder = Recorder::default();
        laws::check_with(&recorder, 200, seed).unwrap();
        recorder.0.into_inner()
    };
    let (two, four) = (histories(2), histories(4));
    assert_eq!(two.len(), 200);
    assert_ne!(two, four);
    assert_eq!(two, histories(2));
    let longest = two.iter().map(Vec::len).max().unwrap();
    assert!((14..48).contains(&longest), "{longest} writes, in up to 48 steps");
}

#[test]
#[should_panic(expected = "broken law: what was saved is loaded")]
fn a_check_of_a_broken_type_panics() {
    laws::check(&UNSPECIFIED);
}

/// A set of which `apply` says that it grew, whether or not, if the delta is of so many elements; if that is three, if the
/// set is, and hears of 30.
#[derive(Clone, Debug, Default, PartialEq)]
struct Boast<const OF: usize>(GSet<u8>);

impl<const OF: usize> Lattice for Boast<OF> {
    fn join(&mut self, other: Self) -> bool {
        self.0.join(other.0)
    }
}

impl<const OF: usize> Crdt for Boast<OF> {
    type Delta = GSet<u8>;

    fn apply(&mut self, delta: GSet<u8>) -> bool {
        let boasts = if OF < 3 { delta.len() == OF } else { self.0.len() == OF && delta.iter().eq(&[30]) };
        self.0.join(delta) || boasts
    }
}

struct Boaster<const OF: usize>;

impl<const OF: usize> Subject for Boaster<OF> {
    type State = Boast<OF>;
    type Mutation = u8;
    type Reading = ();

    fn mutations(&self) -> Vec<u8> {
        vec![10, 20, 30]
    }

    fn write(&self, state: &mut Boast<OF>, _: &mut Hand, value: &u8) -> GSet<u8> {
        state.0.insert(*value)
    }

    fn read(&self, _: &Boast<OF>) {}
}

#[test]
fn what_says_that_it_grew_when_it_hears_of_the_same_again_is_not_idempotent() {
    let history = |steps| History { replicas: 0, steps };
    let own = laws::run(&Boaster::<1>, &history(vec![[0; 4]])).unwrap_err();
    assert_eq!(
        (own.law, own.story),
        (Law::Idempotent, vec!["A does 10".into(), "A hears of it again".into()])
    );
    let steps = vec![[0, 0, 0, 0], [0, 0, 1, 0], [7, 1, 0, 2]];
    let others = laws::run(&Boaster::<2>, &history(steps)).unwrap_err();
    assert_eq!(others.law, Law::Idempotent);
    assert_eq!(others.story[2], "B hears of A's 10, and at once of A's 20");
}

/// States travel only, so nobody knows the last event alone; but it is heard of alone.
#[test]
fn an_event_is_heard_of_alone_by_those_who_know_what_came_before_it() {
    let scope = Scope { replicas: 1, updates: 3, deltas: false };
    let failure = laws::exhaust(&Boaster::<3>, scope).unwrap_err();
    let scene = "who knows A's 10 and A's 20 and A's 30 hears of A's 30";
    let told = ["A does 10", "A does 20", "A does 30", scene];
    assert_eq!((failure.law, &failure.story[..]), (Law::TellsGrowth, &told.map(String::from)[..]));
}

#[test]
fn the_states_of_a_history_are_all_that_anybody_was_in() {
    let diary = Diary { specified: |_| None };
    let history = History { replicas: 0, steps: vec![[0, 0, 0, 0], [0, 1, 1, 0], [8, 0, 1, 0]] };
    let states = laws::states(&diary, &history).unwrap();
    assert_eq!(states.iter().map(|state| state.len()).collect::<Vec<_>>(), [1, 1, 2]);
    laws::lattice(&states).unwrap();
}
