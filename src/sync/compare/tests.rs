use alloc::borrow::Cow;
use alloc::vec::Vec;
use core::fmt::Debug;

use proptest::prelude::*;

use super::*;
use crate::codec::{Codec, Input, Limits, Output};
use crate::{Causal, Counter, Crdt, Delta, Lattice, LwwMap, Map, OrSet, ReplicaId, RwSet, Writer};

mod lies;

crate::record! {
    /// One of each kind of store.
    #[derive(Debug, Codec)]
    struct Shelf {
        set: OrSet<u8>,
        map: LwwMap<u8, u8>,
        strict: RwSet<u8>,
        sums: Map<u8, Counter>,
    }
}

type State = Causal<Shelf>;

fn id(n: u128) -> ReplicaId {
    ReplicaId::from_u128(n.wrapping_mul(0x1234_5678_9ABC_DEF0_1234_5678_9ABC_DEF1))
}

fn writer<T: Replicated>(n: u128) -> Writer<T> {
    Writer::with_ids(T::default(), move || id(n))
}

/// What was written and heard by three, in any order, with gaps.
#[derive(Clone, Debug)]
enum Act {
    Write {
        who: usize,
        what: u8,
        key: u8,
    },
    /// Hears of one delta.
    Hear {
        who: usize,
        delta: usize,
    },
    /// Hears of everything that one has.
    Meet {
        who: usize,
        other: usize,
    },
}

fn acts(most: usize) -> impl Strategy<Value = Vec<Act>> {
    let who = 0..3_usize;
    let act = prop_oneof![
        5 => (who.clone(), 0..7_u8, 0..6_u8).prop_map(|(who, what, key)| Act::Write { who, what, key }),
        4 => (who.clone(), any::<usize>()).prop_map(|(who, delta)| Act::Hear { who, delta }),
        1 => (who.clone(), who).prop_map(|(who, other)| Act::Meet { who, other }),
    ];
    prop::collection::vec(act, 0..most)
}

struct World {
    writers: [Writer<State>; 3],
    deltas: Vec<Delta<Shelf>>,
}

impl World {
    fn new() -> Self {
        World { writers: [writer(7), writer(2), writer(5)], deltas: Vec::new() }
    }

    fn act(&mut self, act: &Act) {
        match *act {
            Act::Write { who, what, key } => {
                let delta = self.writers[who].edit_at(1, |shelf| match what {
                    0 | 1 => shelf.set.insert(key),
                    2 => shelf.set.remove(&key),
                    3 => shelf.map.insert(key, what + key),
                    4 => shelf.map.remove(&key),
                    5 => shelf.strict.remove(key),
                    _ => shelf.sums.entry(key).add(3),
                });
                self.deltas.push(delta);
            }
            Act::Hear { who, delta } => {
                if let Some(delta) = self.deltas.get(delta % self.deltas.len().max(1)) {
                    self.writers[who].apply(delta.clone());
                }
            }
            Act::Meet { who, other } => {
                let other = self.writers[other].state().clone();
                self.writers[who].join(other);
            }
        }
    }

    /// As `act`, but nobody hears of an event before what it comes after.
    fn act_in_order(&mut self, act: &Act) {
        match *act {
            Act::Hear { who, delta } => self.act(&Act::Meet { who, other: delta % 3 }),
            _ => self.act(act),
        }
    }

    fn meet_all(&mut self) {
        for (who, other) in [(0, 1), (0, 2), (1, 0), (2, 0)] {
            self.act(&Act::Meet { who, other });
        }
    }

    fn states(&self) -> [State; 2] {
        [self.writers[0].state().clone(), self.writers[1].state().clone()]
    }
}

/// As it comes on the other side.
fn carried<D: Codec>(message: &Message<D>, bytes: &mut usize) -> Message<D> {
    let mut out = Output::default();
    message.write(&mut out);
    let written = out.finish();
    *bytes += written.len();
    let limits = Limits::default();
    let mut input = Input::of(&written, &limits);
    let read = Message::read(&mut input).expect("what was written");
    assert!(input.is_at_end());
    read
}

#[derive(Debug, Default)]
struct Course {
    bytes: usize,
    /// Messages, states included.
    messages: usize,
    tables: usize,
    states: usize,
    agrees: bool,
}

fn scan_of<T: Replicated>(state: &T) -> Arc<Scan> {
    Arc::new(Scan::new(state))
}

const FACT_BYTES: u64 = 12;

/// The first side asks. `meanwhile` happens after each message.
fn converse<T: Replicated + PartialEq + Debug>(
    states: &mut [T; 2],
    salt: u64,
    fact_bytes: u64,
    mut meanwhile: impl FnMut(&mut [T; 2]),
) -> Course {
    let mut course = Course::default();
    // Whose states they are that are compared.
    let mut compared = states.clone();
    let known = [0, 1].map(|n: usize| states[n].version().clone());
    let asked = Comparing::ask(scan_of(&states[0]), &states[0], &known[1], salt);
    let Step::Go(asking, mut message) = asked else { panic!("they can be compared") };
    meanwhile(states);
    // The one who serves tells what it has then.
    let mut sides = [Some(asking), None];
    let mut known = [known[0].clone(), states[1].version().clone()];
    let mut to = 1;
    loop {
        course.messages += 1;
        assert!(course.messages < 40, "it comes to an end");
        let said = carried(&message, &mut course.bytes);
        course.tables += usize::from(matches!(said, Message::Answer(_) | Message::Cells(_)));
        let step = match (sides[to].take(), said) {
            (None, Message::Ask(ask)) => {
                known[1] = states[1].version().clone();
                compared[1] = states[1].clone();
                Comparing::serve(scan_of(&states[1]), &states[1], &known[0], ask, fact_bytes)
            }
            (Some(side), said) => side.handle(said, &known[1 - to]).expect("what an honest one says"),
            (None, _) => panic!("a message to nobody"),
        };
        meanwhile(states);
        match step {
            Step::Go(side, next) => {
                sides[to] = Some(side);
                message = next;
            }
            Step::Give(mut side) => {
                side.given(scan_of(&states[to]));
                sides[to] = Some(side);
                // It tells what it has now, and sends that.
                let state = states[to].clone();
                known[to] = state.version().clone();
                compared[to] = state.clone();
                course.states += 1;
                course.messages += 1;
                course.bytes += state.encode().len();
                to = 1 - to;
                let other = sides[to].take().expect("who gets a state has asked for it");
                let horizon = state.horizon();
                let next = other.handle_state(&state);
                states[to].meet(Cow::Owned(state)).expect("room");
                let Some(next) = next else {
                    assert_ne!(horizon, compared[to].horizon(), "what the other lacks can be told");
                    break;
                };
                message = next;
            }
            Step::Done(outcome, next) => {
                course.agrees = outcome.agrees;
                let mut expected = states[to].clone();
                expected.meet(Cow::Borrowed(&compared[1 - to])).expect("room");
                assert_eq!(outcome.theirs(), compared[1 - to].version());
                assert_eq!(outcome.mine(), compared[to].version());
                outcome.complete(&mut states[to]).expect("room");
                assert_eq!(states[to], expected, "as by the whole state");
                let Some(next) = next else { break };
                message = next;
            }
            Step::Incomparable => panic!("they can be compared"),
        }
        to = 1 - to;
    }
    course
}

fn joined(states: &[State; 2]) -> State {
    let mut all = states[0].clone();
    all.join_ref(&states[1]);
    all
}

proptest! {
    #[test]
    fn both_become_the_join(acts in acts(120), salt: u64, fact_bytes in prop_oneof![Just(0), Just(FACT_BYTES), Just(1000)]) {
        let mut world = World::new();
        acts.iter().for_each(|act| world.act(act));
        let mut states = world.states();
        let expected = joined(&states);
        let course = converse(&mut states, salt, fact_bytes, |_| {});
        prop_assert!(course.agrees);
        prop_assert_eq!(&states[0], &expected);
        prop_assert_eq!(&states[1], &expected);
    }

    #[test]
    fn what_is_taken_in_meanwhile_does_no_harm(before in acts(60), after in acts(60), salt: u64, fact_bytes in 0..20_u64) {
        let mut world = World::new();
        before.iter().for_each(|act| world.act(act));
        let mut states = world.states();
        let mut after = after.into_iter();
        converse(&mut states, salt, fact_bytes, |states| {
            // Both go on as their writers do, and hear of whatever there is.
            after.by_ref().take(8).for_each(|act| world.act(&act));
            for (n, state) in states.iter_mut().enumerate() {
                state.join_ref(world.writers[n].state());
            }
        });
        for state in &states {
            prop_assert_eq!(state, &state_at(&world.deltas, state.version()));
        }
    }

    /// Of what all have, both settle some before, and either one settles more in between.
    #[test]
    fn what_is_settled_meanwhile_does_no_harm(
        phases in [acts(30), acts(30), acts(60)],
        late in acts(30),
        settles: u16,
        salt: u64,
        fact_bytes in 0..20_u64,
    ) {
        let mut world = World::new();
        let mut stable = Version::new();
        let mut states = None;
        for (n, acts) in phases.iter().enumerate() {
            acts.iter().for_each(|act| world.act_in_order(act));
            if n < 2 {
                world.meet_all();
                states.get_or_insert_with(|| world.writers[0].state().version().clone());
                stable = world.writers[0].state().version().clone();
            }
        }
        let before = states.expect("a first phase");
        let mut states = world.states();
        states.iter_mut().for_each(|state| {
            state.settle(&before);
        });
        let (mut late, mut turn) = (late.into_iter(), 0);
        converse(&mut states, salt, fact_bytes, |states| {
            late.by_ref().take(5).for_each(|act| world.act_in_order(&act));
            for (n, state) in states.iter_mut().enumerate() {
                state.join_ref(world.writers[n].state());
                // Not before they have seen that they can be compared.
                if settles >> turn & 1 == 1 && turn != 1 {
                    state.settle(&stable);
                }
                turn += 1;
            }
        });
    }
}

/// The state of a version, from its events.
fn state_at(deltas: &[Delta<Shelf>], version: &Version) -> State {
    let mut state = State::default();
    for delta in deltas {
        state.apply(delta.only(version));
    }
    state
}

/// Two sets that differ in as many inserted on the first, on the second, and removed on either side.
fn sets(n: u64, inserted: [u64; 2], removed: [u64; 2]) -> [Causal<OrSet<u64>>; 2] {
    let mut base = writer::<Causal<OrSet<u64>>>(1);
    base.edit_at(1, |set| set.extend(0..n));
    let mut first = 0;
    [0, 1].map(|side: usize| {
        let mut writer = Writer::with_ids(base.state().clone(), move || id(2 + side as u128));
        writer.edit_at(1, |set| {
            (first..first + removed[side]).for_each(|n| {
                set.remove(&n);
            });
            first += removed[side];
            set.extend((0..inserted[side]).map(|k| (side as u64 + 1) << 32 | k));
        });
        writer.into_state()
    })
}

fn course_of(n: u64, inserted: [u64; 2], removed: [u64; 2], salt: u64) -> Course {
    let mut states = sets(n, inserted, removed);
    let mut expected = states[0].clone();
    expected.join_ref(&states[1]);
    let course = converse(&mut states, salt, FACT_BYTES, |_| {});
    assert!(states.iter().all(|state| *state == expected));
    course
}

#[test]
fn insertions_alone_take_no_cells() {
    let course = course_of(3_000, [200, 100], [0, 0], 1);
    assert_eq!((course.messages, course.tables, course.states), (3, 1, 0));
    // The members, with their dots; and the estimator and what is around it.
    assert!(course.bytes < 300 * 12 + 128 + 150, "{course:?}");
}

#[test]
fn one_table_does_nearly_always() {
    let (mut tables, mut bytes) = (0, 0);
    for salt in 0..50 {
        let course = course_of(2_000, [20, 10], [40, 30], salt);
        assert_eq!(course.states, 0);
        tables += course.tables;
        bytes += course.bytes;
    }
    assert!(tables <= 51, "{tables} tables for 50 comparisons");
    assert!(bytes / 50 < 100 * 14, "{} bytes for 100 differences", bytes / 50);
}

/// The events that both know are numbered, and a side that sends its state may have heard of more of them meanwhile.
#[test]
fn what_the_giver_hears_before_it_gives_shifts_no_numbers() {
    type Set = Causal<OrSet<u64>>;
    let mut base = writer::<Set>(1);
    base.edit_at(1, |set| set.extend(0..10));
    let [mut asker, mut server] = [2, 3].map(|n| Writer::with_ids(base.state().clone(), move || id(n)));
    let mut third = Writer::with_ids(Set::default(), || ReplicaId::from_u128(1));
    let late = third.edit_at(2, |set| set.extend(20..23));
    asker.apply(late.clone());
    asker.edit_at(3, |set| (0..2).for_each(|n| set.remove(&n)));
    server.edit_at(3, |set| (4..10).for_each(|n| set.remove(&n)));
    let mut states = [asker.into_state(), server.into_state()];
    let (mut turn, mut expected) = (0, states[0].clone());
    expected.join_ref(&states[1]);
    let course = converse(&mut states, 5, 0, |states| {
        turn += 1;
        if turn == 2 {
            states[1].apply(late.clone());
        }
    });
    assert_eq!(course.states, 1);
    assert!(states.iter().all(|state| *state == expected), "{states:?} {expected:?}");
}

#[test]
fn who_has_cleared_everything_gives_its_state() {
    for removed in [[1_000, 0], [0, 1_000]] {
        let course = course_of(1_000, [3, 5], removed, 9);
        assert_eq!(course.states, 1);
        assert!(course.bytes < 2_500, "{course:?}");
    }
}
