//! Tests that count the work for a delta: it is in proportion to the size of the delta, whatever the state holds.

use alloc::vec::Vec;

use smallvec::SmallVec;

use super::{Delta, DotsChange, Event, Refused, Store, Sweeps};
use crate::work::{self, Work};
use crate::{Causal, Counter, Crdt, Dot, Lattice, OrSet, ReplicaId, Version, Writer};

fn id(n: u128) -> ReplicaId {
    ReplicaId::from_u128(n)
}

fn dot(replica: u128, counter: u64) -> Dot {
    Dot::trusted(id(replica), counter)
}

/// In an order that has nothing to do with that of the numbers.
fn mix(n: u64) -> u64 {
    n.wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(29)
}

fn apply<S: Store>(state: &mut Causal<S>, delta: Delta<S>) -> Work {
    let (result, work) = work::of(|| state.try_apply(delta));
    assert_eq!(result, Ok(true));
    work
}

/// Increments, each of them an event, of one replica.
fn increments(replica: u128, n: u64) -> Delta<Counter> {
    let event = |counter| Event { dot: dot(replica, counter), add: Some(1), kills: SmallVec::new() };
    let change = DotsChange::new((1..=n).map(event).collect());
    Delta { events: (1..=n).map(|counter| dot(replica, counter)).collect(), change, ..Delta::default() }
}

fn sweep(events: impl IntoIterator<Item = Dot>, horizon: impl IntoIterator<Item = Dot>) -> Sweeps {
    Sweeps::one(events.into_iter().collect(), horizon.into_iter().collect())
}

/// 502 kB of kills took 22 seconds, and an honest removal of 160,000 members 1.8 seconds, if it came before the insertions.
#[test]
fn what_is_killed_before_it_comes_is_remembered_at_once() {
    let work_of = |n: u64| {
        let mut a = Writer::<Causal<OrSet<u64>>>::with_id(id(1));
        let insertions = a.edit(|set| set.extend((0..2 * n).map(mix)));
        // Every other event, in the order of the members.
        let mut b = a.fork();
        let removals = b.edit(|set| (0..n).for_each(|at| set.remove(&mix(2 * at))));
        let mut late = Causal::<OrSet<u64>>::default();
        let removing = apply(&mut late, removals);
        assert_eq!(late.ahead().dot_count(), n.into());
        assert_eq!(late.ahead().interval_count() as u64, n);
        let inserting = apply(&mut late, insertions);
        assert_eq!(&late, b.state());
        [removing, inserting]
    };
    for n in [1 << 10, 1 << 12] {
        for Work { compared, moved } in work_of(n) {
            assert!(moved as u64 <= 4 * n, "{moved} were moved for {n}");
            assert!(compared as u64 <= 24 * n * u64::from(n.ilog2()), "{compared} were compared for {n}");
        }
    }
}

#[test]
fn an_event_that_is_news_asks_little_of_what_is_ahead() {
    let mut a = Writer::<Causal<OrSet<u64>>>::with_id(id(1));
    a.edit(|set| set.extend((0..1 << 13).map(mix)));
    let removals = a.fork().edit(|set| (0..1 << 12).for_each(|at| set.remove(&mix(2 * at))));
    let mut late = Causal::<OrSet<u64>>::default();
    late.apply(removals);
    let gaps = (1..1 << 12).map(|n| dot(n, 7)).collect();
    late.apply(Delta { events: gaps, ..Delta::default() });
    let insertion = Writer::<Causal<OrSet<u64>>>::with_id(id(u128::MAX)).edit(|set| set.insert(1));
    // Debug assertions compare what is ahead with what was seen.
    let asserting = work::of(|| late.assert_invariants()).1.compared;
    let Work { compared, moved } = apply(&mut late, insertion);
    assert!(moved < 16 && compared - asserting < 24 * 12, "{moved} moved, {} compared", compared - asserting);
}

#[test]
fn a_few_facts_are_found_among_many() {
    let mut state = Causal::<Counter>::default();
    let n = 1 << 14;
    state.apply(increments(5, n));
    let mut both = increments(3, 2);
    both.join(increments(7, 2));
    let work = apply(&mut state, both);
    assert!(work.compared < 4 * 4 * 15 && work.moved as u64 <= 4 * n + 16, "{work:?}");

    let kills: SmallVec<[Dot; 1]> = (1..=4).map(|at| dot(5, at * n / 4)).collect();
    let change = DotsChange::new([Event { dot: dot(9, 1), add: None, kills }].into_iter().collect());
    let events = [dot(9, 1)].into_iter().collect();
    let work = apply(&mut state, Delta { events, change, ..Delta::default() });
    assert!(work.compared < 4 * 4 * 15 && work.moved as u64 <= 4 * n + 16, "{work:?}");
    assert_eq!(state.get(), i128::from(n));
}

/// 171 kB of events that swept took 20 seconds at a leaf of many facts.
#[test]
fn many_events_of_one_leaf_sweep_it_once() {
    let (facts, events) = (1 << 12, 1 << 10);
    let mut state = Causal::<Counter>::default();
    state.apply(increments(5, facts));
    state.apply(increments(6, 1));
    let mut sweeping = increments(9, events);
    sweeping.sweeps = sweep(sweeping.events.dots(), [dot(6, 1)]);
    let Work { compared, moved } = apply(&mut state, sweeping);
    assert!(moved as u64 <= 3 * (facts + events), "{moved} were moved");
    assert!(compared as u64 <= (facts + events) * 24, "{compared} were compared");
    assert_eq!(state.get(), i128::from(facts + events));
}

#[test]
fn events_with_a_horizon_each_sweep_their_leaf_once() {
    let (facts, events) = (1 << 12, 1 << 10);
    let mut state = Causal::<Counter>::default();
    state.apply(increments(5, facts));
    state.apply(increments(6, events));
    let mut sweeping = increments(9, events);
    for n in 1..=events {
        sweeping.sweeps.union(sweep([dot(9, n)], (1..=n).map(|n| dot(6, n))));
    }
    let Work { compared, moved } = apply(&mut state, sweeping);
    assert!(moved as u64 <= 3 * (facts + events), "{moved} were moved");
    assert!(compared as u64 <= (facts + events) * 40, "{compared} were compared");
    assert_eq!(state.get(), i128::from(facts + events));
}

#[test]
fn a_sweep_looks_for_what_is_settled_and_not_at_all_that_is_there() {
    let (facts, mut state) = (1 << 14, Causal::<Counter>::default());
    state.apply(increments(5, facts));
    state.apply(increments(6, 2));
    let mut sweeping = increments(9, 1);
    sweeping.sweeps = sweep([dot(9, 1)], [dot(6, 1)]);
    let work = apply(&mut state, sweeping);
    assert!(work.compared < 16 * 15, "{work:?}");
    assert_eq!(state.get(), i128::from(facts) + 2);
}

#[test]
fn what_is_swept_is_looked_for_in_what_was_seen() {
    let mut state = Causal::<Counter>::default();
    let many: Version = (1..1 << 13).map(|n| dot(2 * n, 7)).collect();
    state.apply(Delta { events: many, ..Delta::default() });
    state.apply(increments(6, 1));
    let mut sweeping = increments(9, 1);
    sweeping.sweeps = sweep([dot(9, 1)], [dot(6, 1)]);
    let asserting = work::of(|| state.assert_invariants()).1.compared;
    let Work { compared, .. } = apply(&mut state, sweeping);
    assert!(compared - asserting < 24 * 13, "{} were compared", compared - asserting);
}

#[test]
fn sweeping_deltas_are_joined_one_by_one() {
    let n = 1 << 10;
    let deltas: Vec<_> =
        (1..=n).map(|n| (increments(9, n).only(&[dot(9, n)].into_iter().collect()), n)).collect();
    let (joined, work) = work::of(|| {
        deltas.into_iter().fold(Delta::<Counter>::default(), |mut all, (mut delta, n)| {
            delta.sweeps = sweep([dot(9, n)], [dot(6, mix(n) % (1 << 40) + 1)]);
            all.join(delta);
            all
        })
    });
    assert_eq!(joined.sweeps().len() as u64, n);
    assert!(work.compared as u64 <= n * 16 * u64::from(n.ilog2()), "{work:?}");
}

/// Names are never forgotten, so what is refused leaves none.
#[test]
fn what_is_refused_leaves_no_names() {
    let mut state = Causal::<Counter>::default();
    state.apply(increments(5, 1));
    let mut behind = increments(9, 1);
    behind.sweeps = sweep([dot(9, 1)], [dot(6, 1)]);
    let before = state.clone();
    assert_eq!(state.try_apply(behind), Err(Refused::Behind));
    let mut too_many = increments(7, 1);
    too_many.join(increments(8, 1));
    assert_eq!(state.apply_within(too_many, 2), Err(Refused::Full));
    assert_eq!((state.names().ids(), &state), (before.names().ids(), &before));
}

/// Replicas that occur in kills and horizons only get no names.
#[test]
fn names_are_those_of_events_that_were_taken() {
    let mut state = Causal::<Counter>::default();
    state.apply(increments(5, 1));
    let kills = [dot(7, 1)].into();
    let change = DotsChange::new([Event { dot: dot(9, 1), add: None, kills }].into_iter().collect());
    let events = [dot(5, 1), dot(9, 1)].into_iter().collect();
    let sweeps = sweep([dot(9, 1)], [dot(5, 1)]);
    state.apply(Delta { events, change, sweeps });
    assert_eq!(state.names().ids(), [id(5), id(9)]);
    assert_eq!(state.ahead().replicas().collect::<Vec<_>>(), [id(7)]);
}
