//! What lying peers can and cannot bring about.

use core::cell::Cell as Counter;

use super::*;
use crate::codec::{DecodeError, Element, Shape};
use crate::sync::compare::estimate::Estimator;
use crate::sync::compare::message::{Answer, Solved};
use crate::{MvRegister, Newtype};

type Set = Causal<OrSet<u64>>;
type SetDelta = Delta<OrSet<u64>>;

/// Two sets of 400 with some differences of each kind, and the asker with its question.
fn asked() -> ([Set; 2], Comparing<SetDelta>, Ask) {
    let states = sets(400, [5, 3], [20, 10]);
    let step = Comparing::ask(scan_of(&states[0]), &states[0], states[1].version(), 1);
    let Step::Go(asking, Message::Ask(ask)) = step else { panic!("a question") };
    (states, asking, ask)
}

fn served(states: &[Set; 2], ask: Ask) -> Step<SetDelta> {
    Comparing::serve(scan_of(&states[1]), &states[1], states[0].version(), ask, FACT_BYTES)
}

fn answered(states: &[Set; 2], ask: Ask) -> (Comparing<SetDelta>, Answer<SetDelta>) {
    let Step::Go(serving, Message::Answer(answer)) = served(states, ask) else { panic!("an answer") };
    (serving, answer)
}

fn nothing() -> SetDelta {
    Delta::default()
}

#[test]
fn messages_out_of_turn_are_refused() {
    let solved = || Message::Solved(Solved { gone: Vec::new(), sum: 0, facts: nothing() });
    let whole = || Message::Whole { ahead: Version::new() };
    let (states, asking, ask) = asked();
    let theirs = states[1].version().clone();
    let asked_again = || Message::Ask(asked().2);
    assert!(asking.handle(Message::More, &theirs).is_err());
    for message in [asked_again(), solved(), Message::Cells(Vec::new())] {
        assert!(asked().1.handle(message, &theirs).is_err());
    }
    let (serving, answer) = answered(&states, ask);
    assert!(serving.handle(Message::Answer(answer), states[0].version()).is_err());
    for message in [asked_again(), Message::Cells(Vec::new())] {
        assert!(answered(&states, asked().2).0.handle(message, states[0].version()).is_err());
    }
    // A whole state is sent once.
    for message in [whole(), Message::More] {
        let given = answered(&states, asked().2).0.handle(whole(), states[0].version());
        let Ok(Step::Give(giving)) = given else { panic!("a state") };
        assert!(giving.handle(message, states[0].version()).is_err());
    }
}

#[test]
fn cells_without_a_solution_end_in_a_whole_state() {
    let (states, asking, ask) = asked();
    let (_, mut answer) = answered(&states, ask);
    answer.cells.iter_mut().enumerate().for_each(|(n, byte)| *byte ^= n.to_le_bytes()[0]);
    let cells = answer.cells.clone();
    let mut step = asking.handle(Message::Answer(answer), states[1].version());
    for more in 1.. {
        match step {
            Ok(Step::Go(solving, Message::More)) if more < MOST_TABLES => {
                step = solving.handle(Message::Cells(cells.clone()), states[1].version());
            }
            Ok(Step::Go(taking, Message::Whole { .. })) => {
                assert_eq!(more, MOST_TABLES);
                assert!(taking.handle_state(&states[1]).is_some());
                return;
            }
            _ => panic!("a question for more"),
        }
    }
}

#[test]
fn a_solution_with_another_sum_is_none() {
    let (states, asking, ask) = asked();
    let (_, mut answer) = answered(&states, ask);
    answer.sum ^= 1;
    let step = asking.handle(Message::Answer(answer), states[1].version());
    assert!(matches!(step, Ok(Step::Go(Comparing::Solving(_), Message::More))));
}

#[test]
fn cells_that_are_no_table_are_refused() {
    let (states, asking, ask) = asked();
    let (_, mut answer) = answered(&states, ask);
    answer.cells.pop();
    assert!(asking.handle(Message::Answer(answer), states[1].version()).is_err());
}

/// However often a peer asks for more, it gets no more cells than are worth a whole state, and then that, once.
#[test]
fn a_peer_that_always_asks_for_more_gets_no_more_than_a_state() {
    let (states, _, ask) = asked();
    let (mut serving, answer) = answered(&states, ask);
    let mut bytes = answer.cells.len();
    for turn in 1.. {
        match serving.handle(Message::More, states[0].version()) {
            Ok(Step::Go(next, Message::Cells(cells))) => {
                assert!(turn < MOST_TABLES);
                bytes += cells.len();
                serving = next;
            }
            Ok(Step::Give(_)) => break,
            _ => panic!("more cells, or a state"),
        }
    }
    assert!(bytes as u64 <= 400 * FACT_BYTES, "{bytes} bytes");
    assert!(bytes > 3 * answer.cells.len(), "each table doubles what there is: {bytes} bytes");
}

/// Two equal sets of 256 facts need no cells. If a fact takes a byte, a state takes as many bytes as 64 cells.
#[test]
fn tables_double_until_a_state_is_cheaper() {
    let mut base = writer::<Set>(1);
    base.edit_at(1, |set| set.extend(0..300));
    base.edit_at(1, |set| (0..44).for_each(|n| set.remove(&n)));
    let states = [base.state().clone(), base.state().clone()];
    let sizes = |fact_bytes| {
        let step = Comparing::ask(scan_of(&states[0]), &states[0], states[1].version(), 1);
        let Step::Go(_, Message::Ask(ask)) = step else { panic!("a question") };
        let mut step =
            Comparing::serve(scan_of(&states[1]), &states[1], states[0].version(), ask, fact_bytes);
        let mut sizes = Vec::new();
        loop {
            let (serving, cells) = match step {
                Step::Go(serving, Message::Answer(Answer { cells, .. }) | Message::Cells(cells)) => {
                    (serving, cells)
                }
                Step::Give(_) => return sizes,
                _ => panic!("cells, or a state"),
            };
            sizes.push(cells.len() / 4);
            step = serving.handle(Message::More, states[0].version()).unwrap();
        }
    };
    assert_eq!(sizes(1), [0, 32, 32]);
    assert_eq!(sizes(1_000), [0, 32, 32, 64, 128, 256]);
}

/// Each table costs a pass, so there are few, however dear a state is.
#[test]
fn few_tables_are_made_for_one_question() {
    let (states, _, ask) = asked();
    let step = Comparing::serve(scan_of(&states[1]), &states[1], states[0].version(), ask, 1 << 20);
    let Step::Go(mut serving, _) = step else { panic!("an answer") };
    for tables in 1.. {
        match serving.handle(Message::More, states[0].version()) {
            Ok(Step::Go(next, _)) => serving = next,
            _ => return assert_eq!(tables, MOST_TABLES),
        }
    }
}

/// What one side has put together is several facts on the other.
#[test]
fn states_that_have_settled_different_events_are_not_compared() {
    let mut writer = Writer::<Causal<crate::Counter>>::with_ids(Causal::default(), || id(1));
    (0..3).for_each(|n| {
        writer.edit_at(1, |counter| counter.add(n));
    });
    let mut states = [writer.state().clone(), writer.into_state()];
    let version = states[0].version().clone();
    for (settles, is_compared) in [(0, false), (1, true)] {
        let before = scan_of(&states[settles]);
        assert!(before.is_of(&states[settles]));
        states[settles].settle(&version);
        assert!(!before.is_of(&states[settles]));
        let step = Comparing::ask(scan_of(&states[0]), &states[0], &version, 1);
        let Step::Go(_, Message::Ask(ask)) = step else { panic!("a question") };
        let step = Comparing::serve(scan_of(&states[1]), &states[1], &version, ask, FACT_BYTES);
        assert_eq!(matches!(step, Step::Go(..)), is_compared);
        assert_eq!(matches!(step, Step::Incomparable), !is_compared);
    }
}

/// What a peer claims to have makes no table larger than the facts that are here.
#[test]
fn claims_are_bounded_by_what_is_here() {
    for facts in [0, 400, u64::MAX] {
        let (states, _, ask) = asked();
        let buckets = ask.estimator.bytes().iter().map(|bucket| bucket ^ 0x55).collect();
        let estimator = Estimator::read(buckets, facts).unwrap();
        match served(&states, Ask { estimator, ..ask }) {
            Step::Go(Comparing::Taking(_), Message::Whole { .. }) => assert_eq!(facts, 0),
            Step::Give(Comparing::Giving(_)) => assert!(facts >= 400),
            _ => panic!("a whole state"),
        }
    }
}

#[test]
fn what_is_not_live_cannot_be_gone() {
    let common = |states: &[Set; 2]| states[0].version().intersection(states[1].version()).dot_count();
    // The second side has removed 20..30, and no event has the last number.
    for gone in [25, 399 + 20 + 10, u64::MAX - 1] {
        let (states, _, ask) = asked();
        assert_eq!(common(&states), 400);
        let (serving, _) = answered(&states, ask);
        let solved = Solved { gone: [3, gone].into(), sum: 0, facts: nothing() };
        assert!(serving.handle(Message::Solved(solved), states[0].version()).is_err(), "{gone}");
    }
}

/// Deltas that a peer cannot have for facts: with kills, with events of which it tells nothing, of events that it has not
/// seen.
#[test]
fn facts_only_add() {
    let mut writer = Writer::with_ids(sets(400, [5, 3], [20, 10])[0].clone(), || id(2));
    let unseen = writer.edit_at(1, |set| set.insert(1 << 40));
    let mut bare = sets(400, [5, 3], [20, 10])[0].facts_of(&Version::new());
    bare.events = sets(400, [5, 3], [20, 10])[0].version().clone();
    let mut world = Writer::<Set>::with_ids(Causal::default(), || id(2));
    world.edit_at(1, |set| set.insert(7));
    let kills = world.edit_at(1, |set| set.remove(&7));
    for facts in [unseen, bare, kills] {
        let (states, asking, ask) = asked();
        let (serving, answer) = answered(&states, ask);
        let solved = Solved { gone: Vec::new(), sum: 0, facts: facts.clone() };
        assert!(serving.handle(Message::Solved(solved), states[0].version()).is_err());
        assert!(asking.handle(Message::Answer(Answer { facts, ..answer }), states[1].version()).is_err());
    }
}

/// A peer sends a fact of an event that is known here: nothing is done with it, be it live or removed.
#[test]
fn facts_of_known_events_are_not_taken_in() {
    let (mut states, asking, ask) = asked();
    let (_, answer) = answered(&states, ask);
    let mut expected = states[0].clone();
    expected.join_ref(&states[1]);
    let mut facts = states[1].facts_of(states[1].version());
    assert_eq!(facts.events().dot_count(), 393);
    facts.join(answer.facts);
    let answer = Answer { facts, ahead: answer.ahead, sum: answer.sum, cells: answer.cells };
    let step = asking.handle(Message::Answer(answer), states[1].version());
    let Ok(Step::Done(outcome, _)) = step else { panic!("a solution") };
    outcome.complete(&mut states[0]).unwrap();
    assert_eq!(states[0], expected);
}

/// One event with two values: both sides end as they would by whole states, and the server notices.
#[test]
fn two_values_of_one_event_are_noticed() {
    let state = |value: u8, n: u128| {
        let mut map = Writer::<Causal<LwwMap<u8, u8>>>::with_ids(Causal::default(), || id(1));
        map.edit_at(1, |map| map.insert(1, value));
        let mut map = Writer::with_ids(map.into_state(), move || id(n));
        map.edit_at(1, |map| map.insert(value, 0));
        map.into_state()
    };
    for (values, agree) in [([3, 4], false), ([3, 3], true)] {
        let mut states = [state(values[0], 2), state(values[1], 3)];
        let course = converse(&mut states, 3, FACT_BYTES, |_| {});
        assert_eq!((course.agrees, course.states), (agree, 0));
    }
}

/// Values that count how often they are written.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Counted(u64);

std::thread_local! {
    static WRITTEN: Counter<usize> = const { Counter::new(0) };
}

impl Element for Counted {
    fn shape(shape: &mut Shape) {
        <u64 as Element>::shape(shape);
    }

    fn write(&self, out: &mut Output<'_>) {
        WRITTEN.set(WRITTEN.get() + 1);
        self.0.write(out);
    }

    fn read(input: &mut Input<'_>) -> Result<Self, DecodeError> {
        u64::read(input).map(Counted)
    }
}

/// Whatever a peer asks for, and however often, the state is walked through once.
#[test]
fn a_state_is_scanned_once_for_all_that_is_asked() {
    type Values = Causal<MvRegister<Counted>>;
    let mut writers = [1, 2].map(|n| Writer::<Values>::with_ids(Causal::default(), move || id(n)));
    for n in 0..200_u64 {
        let mut concurrent = Writer::<Values>::with_ids(Causal::default(), move || id(10 + u128::from(n)));
        let delta = concurrent.edit_at(1, |register| register.set(Counted(n)));
        writers.iter_mut().for_each(|writer| {
            writer.apply(delta.clone());
        });
    }
    let state = writers[1].state();
    assert_eq!(state.inner().len(), 200);
    WRITTEN.set(0);
    let scan = scan_of(state);
    assert_eq!((WRITTEN.get(), scan.cost()), (200, 600));
    for salt in 0..5 {
        let step = Comparing::ask(scan_of(writers[0].state()), writers[0].state(), state.version(), salt);
        let Step::Go(_, Message::Ask(ask)) = step else { panic!("a question") };
        WRITTEN.set(0);
        let step = Comparing::serve(Arc::clone(&scan), state, writers[0].version(), ask, FACT_BYTES);
        let Step::Go(serving, Message::Answer(_)) = step else { panic!("an answer") };
        assert_eq!(serving.cost(), 600);
        let Ok(Step::Go(serving, Message::Cells(_))) = serving.handle(Message::More, writers[0].version())
        else {
            panic!("more cells")
        };
        let solved = Solved { gone: [7].into(), sum: 0, facts: Delta::default() };
        let Ok(Step::Done(..)) = serving.handle(Message::Solved(solved), writers[0].version()) else {
            panic!("all that is lacking")
        };
        assert_eq!(WRITTEN.get(), 0);
    }
}

proptest! {
    /// Whatever bytes come, and in whatever turn.
    #[test]
    fn no_bytes_do_any_harm(turn in 0..4_usize, at: prop::sample::Index, flip: u8, cut in 0..30_usize) {
        let (mut states, asking, ask) = asked();
        let mut bytes = 0;
        let change = |message: &Message<SetDelta>| -> Option<Message<SetDelta>> {
            let mut out = Output::default();
            message.write(&mut out);
            let mut written = out.finish();
            let at = at.index(written.len());
            written[at] ^= flip;
            written.truncate(written.len() - cut.min(written.len() / 2));
            Message::read(&mut Input::of(&written, &Limits::default())).ok()
        };
        let ask = Message::Ask(ask);
        let read = if turn == 0 { change(&ask) } else { Some(carried(&ask, &mut bytes)) };
        let Some(Message::Ask(ask)) = read else { return Ok(()) };
        let Step::Go(serving, answer) = served(&states, ask) else { return Ok(()) };
        let read = if turn == 1 { change(&answer) } else { Some(carried(&answer, &mut bytes)) };
        let Some(read) = read else { return Ok(()) };
        let Ok(Step::Done(outcome, Some(solved))) = asking.handle(read, states[1].version()) else { return Ok(()) };
        outcome.complete(&mut states[0]).unwrap();
        let read = if turn == 2 { change(&solved) } else { Some(carried(&solved, &mut bytes)) };
        let Some(read) = read else { return Ok(()) };
        let theirs = sets(400, [5, 3], [20, 10])[0].version().clone();
        if let Ok(Step::Done(outcome, None)) = serving.handle(read, &theirs) {
            outcome.complete(&mut states[1]).unwrap();
            prop_assert_eq!(states[0].version(), states[1].version());
        }
        // What is decoded is as well formed as any state.
        for state in &states {
            prop_assert_eq!(&Set::decode(&state.encode()).unwrap(), state);
        }
    }
}
