//! Replicas, what each knows, and the laws that hold between them.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt::Debug;

use super::event_set::EventSet;
use super::{Event, Failure, Hand, Known, Law, Subject};
use crate::{Crdt, Lattice, OpBased, ReplicaId};

pub(super) type Delta<S> = <<S as Subject>::State as Crdt>::Delta;

/// A broken law, before it has a story.
pub(super) type Verdict = Result<(), (Law, String)>;

pub(super) fn broken<T>(law: Law, seen: String) -> Result<T, (Law, String)> {
    Err((law, seen))
}

pub(super) fn require<T: PartialEq + Debug>(law: Law, left: &T, right: &T) -> Verdict {
    if left == right {
        Ok(())
    } else {
        broken(law, format!("one way:      {left:?}\nthe other way: {right:?}"))
    }
}

/// What somebody has: a state, and the events that are in it.
#[derive(Clone, Debug)]
pub(super) struct Informed<T> {
    pub(super) state: T,
    pub(super) knows: EventSet,
}

impl<T: Default> Default for Informed<T> {
    fn default() -> Self {
        Informed { state: T::default(), knows: EventSet::default() }
    }
}

pub(super) struct World<'s, S: Subject> {
    subject: &'s S,
    pub(super) replicas: Vec<Informed<S::State>>,
    hands: Vec<Hand>,
    pub(super) events: Vec<Event<S::Mutation>>,
    pub(super) deltas: Vec<Delta<S>>,
    pub(super) snapshots: Vec<Informed<S::State>>,
    /// Everybody who was ever met, one per set of events.
    met: Vec<Informed<S::State>>,
    pub(super) story: Vec<Told>,
}

/// What happened, to be told if it ends badly.
#[derive(Clone, Debug)]
pub(super) enum Told {
    Does(usize, usize),
    Hears(usize, Vec<usize>),
    Merges(usize, String),
    Keeps(usize),
    Loads(usize),
    HearsAgain(usize),
    HearsOutOf(usize, usize, usize),
    Everything,
}

pub(super) fn name(replica: usize) -> char {
    char::from(b'A' + u8::try_from(replica % 26).unwrap_or(0))
}

/// What an event is called.
pub(super) fn title<M: Debug>(events: &[Event<M>], event: usize) -> String {
    format!("{}'s {:?}", name(events[event].by), events[event].mutation)
}

impl<'s, S: Subject> World<'s, S> {
    pub(super) fn new(subject: &'s S, replicas: usize) -> Self {
        // The order of ids is not the order of names, so that it cannot be relied upon.
        let id = |n: usize| ReplicaId::from_u128([3, 1, 4, 2, 5][n % 5] + 5 * (n / 5) as u128);
        World {
            subject,
            replicas: (0..replicas).map(|_| Informed::default()).collect(),
            hands: (0..replicas).map(|n| Hand::new(id(n))).collect(),
            events: Vec::new(),
            deltas: Vec::new(),
            snapshots: Vec::new(),
            met: Vec::new(),
            story: Vec::new(),
        }
    }

    fn tell(&self, told: &Told) -> String {
        match told {
            Told::Does(who, event) => format!("{} does {:?}", name(*who), self.events[*event].mutation),
            Told::Hears(who, events) => {
                let titles: Vec<_> = events.iter().map(|event| title(&self.events, *event)).collect();
                format!("{} hears of {}", name(*who), titles.join(", and at once of "))
            }
            Told::Merges(who, what) => format!("{} merges with {what}", name(*who)),
            Told::Keeps(who) => format!("a copy of {} is kept", name(*who)),
            Told::Loads(who) => format!("{} is saved and loaded", name(*who)),
            Told::HearsOutOf(who, event, other) => {
                let (title, other) = (title(&self.events, *event), title(&self.events, *other));
                format!("{} hears of {title}, taken out of a group with {other}", name(*who))
            }
            Told::HearsAgain(who) => format!("{} hears of it again", name(*who)),
            Told::Everything => {
                "everything reaches everybody, as states, as deltas, in groups, and backwards".to_string()
            }
        }
    }

    /// `who` does the mutation.
    pub(super) fn write(&mut self, who: usize, mutation: &S::Mutation) -> Verdict {
        self.story.push(Told::Does(who, self.events.len()));
        let before = self.replicas[who].clone();
        let replica = &mut self.replicas[who];
        let delta = self.subject.write(&mut replica.state, &mut self.hands[who], mutation);
        replica.knows.insert(self.events.len());
        let well_informed = self.is_closed(&before.knows);
        let knew = before.knows.clone();
        let replica = self.hands[who].replica();
        self.events.push(Event { mutation: mutation.clone(), by: who, replica, knew, well_informed });
        self.deltas.push(delta.clone());

        let after = &self.replicas[who].state;
        let mut with_before = after.clone();
        with_before.join(before.state.clone());
        require(Law::Inflates, after, &with_before)?;
        let mut by_delta = before.state;
        apply(&mut by_delta, delta.clone())?;
        require(Law::DeltaIsMutation, after, &by_delta)?;
        let mut again = after.clone();
        if again.apply(delta) || again != *after {
            self.story.push(Told::HearsAgain(who));
            return broken(
                Law::Idempotent,
                format!("before: {:?}\nafter:  {again:?}", self.replicas[who].state),
            );
        }
        self.look_at(who)
    }

    /// `who` hears of the given events, grouped into one delta.
    pub(super) fn hear(&mut self, who: usize, events: &[usize]) -> Verdict {
        self.story.push(Told::Hears(who, events.to_vec()));
        let group = self.group(events);
        self.take_in(who, events, group)
    }

    /// `who` hears of an event that was grouped with another, and taken out again.
    pub(super) fn hear_out_of(&mut self, who: usize, event: usize, other: usize) -> Verdict {
        let group = self.group(&[event, other]);
        let Some(delta) = self.subject.only(&group, &self.deltas[event]) else {
            return self.hear(who, &[event, other]);
        };
        self.story.push(Told::HearsOutOf(who, event, other));
        self.take_in(who, &[event], delta)
    }

    fn group(&self, events: &[usize]) -> Delta<S> {
        let mut group = Delta::<S>::default();
        for event in events {
            group.join(self.deltas[*event].clone());
        }
        group
    }

    fn take_in(&mut self, who: usize, events: &[usize], delta: Delta<S>) -> Verdict {
        let replica = &mut self.replicas[who];
        apply(&mut replica.state, delta.clone())?;
        events.iter().for_each(|event| replica.knows.insert(*event));
        let mut again = replica.state.clone();
        if again.apply(delta) || again != replica.state {
            return broken(Law::Idempotent, format!("once:  {:?}\ntwice: {again:?}", replica.state));
        }
        self.look_at(who)
    }

    pub(super) fn keep(&mut self, who: usize) {
        self.story.push(Told::Keeps(who));
        self.snapshots.push(self.replicas[who].clone());
    }

    pub(super) fn merge(&mut self, who: usize, other: &Informed<S::State>, what: String) -> Verdict {
        self.story.push(Told::Merges(who, what));
        let mine = &mut self.replicas[who];
        let mut other_way = other.state.clone();
        other_way.join(mine.state.clone());
        let before = mine.state.clone();
        let grew = mine.state.join(other.state.clone());
        mine.knows.union(&other.knows);
        if grew != (mine.state != before) {
            return broken(
                Law::TellsGrowth,
                format!("it said {grew}\nbefore: {before:?}\nafter:  {:?}", mine.state),
            );
        }
        require(Law::Commutative, &mine.state, &other_way)?;
        for part in [&other.state, &before] {
            let mut again = mine.state.clone();
            again.join(part.clone());
            require(Law::UpperBound, &mine.state, &again)?;
        }
        self.look_at(who)
    }

    pub(super) fn save_and_load(&mut self, who: usize) -> Verdict {
        let state = &self.replicas[who].state;
        let Some(loaded) = self.subject.save_and_load(state) else { return Ok(()) };
        self.story.push(Told::Loads(who));
        require(Law::RoundTrip, &self.replicas[who].state, &loaded)?;
        self.replicas[who].state = loaded;
        Ok(())
    }

    /// What holds of a replica at any time: its events name its state, and say how it reads.
    fn look_at(&mut self, who: usize) -> Verdict {
        let Informed { state, knows } = &self.replicas[who];
        if let Some(twin) = self.met.iter().find(|other| other.knows == *knows) {
            require(Law::SameEventsSameState, &twin.state, state)?;
            require(Law::SameBytes, &self.subject.encode(&twin.state), &self.subject.encode(state))?;
        } else {
            self.specified(state, knows)?;
            self.met.push(self.replicas[who].clone());
        }
        Ok(())
    }

    /// Whether everything is known that happened before something known, and nothing known was done by somebody of whom
    /// that did not hold. (Who removes what he sees, while what came before it is still under way, removes less than
    /// happened before; a textbook that knows causal delivery only does not say what should be.)
    pub(super) fn is_closed(&self, knows: &EventSet) -> bool {
        knows.iter().map(|event| &self.events[event]).all(|e| e.well_informed && e.knew.is_subset(knows))
    }

    fn specified(&self, state: &S::State, knows: &EventSet) -> Verdict {
        let closed = self.is_closed(knows);
        let events = Known { all: &self.events, known: knows };
        if closed && let Some(expected) = self.subject.specify(&events) {
            let reading = self.subject.read(state);
            if reading != expected {
                return broken(Law::Specification, format!("it reads  {reading:?}\nspecified {expected:?}"));
            }
        }
        Ok(())
    }

    /// Everything is delivered on every way, and the algebra is checked on states of this history.
    pub(super) fn end(&mut self) -> Verdict {
        let mut by_state = S::State::default();
        for replica in &self.replicas {
            by_state.join(replica.state.clone());
        }
        // Events that only a crashed replica had are in none of the states.
        for delta in &self.deltas {
            by_state.apply(delta.clone());
        }
        self.story.push(Told::Everything);
        let (mut forward, mut backward, mut grouped) = <(S::State, S::State, S::State)>::default();
        let mut group = Delta::<S>::default();
        for (delta, op) in self.deltas.iter().zip(self.deltas.iter().rev()) {
            forward.apply(delta.clone());
            backward.effect(op.clone());
            group.join(delta.clone());
        }
        grouped.apply(group);
        for other in [&forward, &backward, &grouped] {
            require(Law::SameEventsSameState, &by_state, other)?;
            require(Law::SameBytes, &self.subject.encode(&by_state), &self.subject.encode(other))?;
        }
        let everything = (0..self.events.len()).collect();
        self.specified(&by_state, &everything)?;
        let samples: Vec<S::State> = self.met.iter().rev().take(4).map(|other| other.state.clone()).collect();
        algebra(&samples)
    }

    /// The states that anybody was in who knew something, one for each set of events.
    pub(super) fn into_states(self) -> Vec<S::State> {
        self.met.into_iter().map(|other| other.state).collect()
    }

    pub(super) fn fail(&self, (law, seen): (Law, String)) -> Failure {
        let readings = self.replicas.iter().map(|replica| self.subject.read(&replica.state));
        let readings = readings.enumerate().map(|(n, reading)| format!("{} reads {reading:?}", name(n)));
        let seen = core::iter::once(seen).chain(readings).collect::<Vec<_>>().join("\n");
        Failure { law, story: self.story.iter().map(|told| self.tell(told)).collect(), seen }
    }
}

/// Applies a delta, and checks what `apply` says about it.
fn apply<T: Crdt + Clone + PartialEq + Debug>(state: &mut T, delta: T::Delta) -> Verdict {
    let before = state.clone();
    let grew = state.apply(delta);
    if grew == (*state != before) {
        Ok(())
    } else {
        broken(Law::TellsGrowth, format!("it said {grew}\nbefore: {before:?}\nafter:  {state:?}"))
    }
}

fn joined<L: Lattice + Clone>(a: &L, b: &L) -> L {
    let mut joined = a.clone();
    joined.join(b.clone());
    joined
}

/// The laws of a lattice, on all pairs and triples of some values.
fn algebra<L: Lattice + Clone + PartialEq + Debug>(samples: &[L]) -> Verdict {
    let bottom = L::default();
    for a in samples {
        require(Law::Idempotent, a, &joined(a, a))?;
        require(Law::BottomIsUnit, a, &joined(a, &bottom))?;
        require(Law::BottomIsUnit, a, &joined(&bottom, a))?;
        for b in samples {
            let mut ab = a.clone();
            let grew = ab.join(b.clone());
            if grew != (ab != *a) {
                return broken(Law::TellsGrowth, format!("it said {grew}\nbefore: {a:?}\nafter:  {ab:?}"));
            }
            require(Law::Commutative, &ab, &joined(b, a))?;
            require(Law::UpperBound, &ab, &joined(&ab, a))?;
            require(Law::UpperBound, &ab, &joined(&ab, b))?;
            for c in samples {
                require(Law::Associative, &joined(&ab, c), &joined(a, &joined(b, c)))?;
            }
        }
    }
    Ok(())
}

/// Checks the laws of a lattice on all pairs and triples of sample values.
///
/// For plain lattices, any values will do. States of a [`Causal`](crate::Causal) root must come of one history.
///
/// ```
/// use rejoin::{Max, laws};
/// use std::collections::BTreeSet;
///
/// laws::lattice(&[Max::default(), Max::new(3), Max::new(5)]).unwrap();
/// laws::lattice(&[BTreeSet::from([1, 2]), BTreeSet::from([2, 3]), BTreeSet::new()]).unwrap();
/// ```
///
/// # Errors
///
/// The law that is broken, and the values on which it is.
pub fn lattice<L: Lattice + Clone + PartialEq + Debug>(samples: &[L]) -> Result<(), Failure> {
    algebra(samples).map_err(|(law, seen)| Failure { law, story: Vec::new(), seen })
}
