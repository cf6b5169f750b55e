//! Every history, up to a bound.
//!
//! What replicas are like is a function of what they know: that is the law. So a world need not say who met whom and in
//! which order. It says what was done, by whom, and knowing what; and in each such *history* everybody who knows one part
//! of it meets everybody who knows another. Any merge and any delivery, at any time, of any old copy, is one of these
//! meetings.
//!
//! A meeting of two who know only a part of the history is a meeting in a smaller history, which has been looked at
//! before. So only those are held here that have to do with the whole of it.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::event_set::EventSet;
use super::world::{Delta, Verdict, broken, name, require, title};
use super::{Event, Failure, Hand, Known, Law, Subject};
use crate::{Crdt, Lattice, ReplicaId};

/// How far [`exhaust`] goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scope {
    /// How many replicas there are.
    pub replicas: usize,
    /// How many mutations they make altogether, at most.
    pub updates: usize,
    /// Whether deltas travel, one by one, in any order, and get lost: somebody may know any set of events. Otherwise whole
    /// states do: who knows an event knows what happened before it.
    pub deltas: bool,
}

/// How much [`exhaust`] has looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Explored {
    /// What was done, by whom, and knowing what.
    pub histories: usize,
    /// Two who know parts of one history, and meet.
    pub meetings: usize,
}

/// Goes through every history that replicas can bring about within `scope`, lets everybody meet everybody, and checks the
/// laws.
///
/// Steps that did not know of each other have no order. Replicas are interchangeable but for their ids, which are dealt in
/// ascending and in descending order.
///
/// # Errors
///
/// The first law that is broken; no shorter history breaks one.
///
/// # Panics
///
/// If the scope has more than 16 updates.
pub fn exhaust<S: Subject>(subject: &S, scope: Scope) -> Result<Explored, Failure> {
    assert!(scope.updates <= 16, "more than 16 updates would take for ever");
    let ids = |n: usize| ReplicaId::from_u128(n as u128 + 1);
    let ascending: Vec<ReplicaId> = (0..scope.replicas).map(ids).collect();
    let descending: Vec<ReplicaId> = (0..scope.replicas).rev().map(ids).collect();
    let mut explored = Explored::default();
    for updates in 0..=scope.updates {
        for ids in [&ascending, &descending] {
            let mut search = Search::new(subject, ids, scope.deltas);
            let found = search.go_on(updates);
            found.map_err(|(law, seen)| Failure { law, story: search.story(), seen })?;
            explored.histories += search.explored.histories;
            explored.meetings += search.explored.meetings;
        }
    }
    Ok(explored)
}

/// A set of events, bit by bit: what somebody knows.
type Part = usize;

/// A history, and the states of those who know parts of it.
struct Search<'a, S: Subject> {
    subject: &'a S,
    mutations: Vec<S::Mutation>,
    ids: &'a [ReplicaId],
    deltas_travel: bool,
    events: Vec<Event<S::Mutation>>,
    /// By event: what its author knew.
    knew: Vec<Part>,
    deltas: Vec<Delta<S>>,
    /// By event: the hand of its author after it.
    hands: Vec<Hand>,
    /// By the part that is known, if anybody can know just that.
    known: Vec<Option<Informed<S>>>,
    /// The last meeting, to be told if it ends badly.
    scene: String,
    explored: Explored,
}

/// Who knows a part of the history.
struct Informed<S: Subject> {
    /// Has heard of one event after the other.
    one_by_one: S::State,
    /// Has heard of all at once.
    at_once: S::State,
    group: Delta<S>,
}

impl<'a, S: Subject> Search<'a, S> {
    fn new(subject: &'a S, ids: &'a [ReplicaId], deltas_travel: bool) -> Self {
        let nobody = Informed {
            one_by_one: S::State::default(),
            at_once: S::State::default(),
            group: Delta::<S>::default(),
        };
        Search {
            subject,
            mutations: subject.mutations(),
            ids,
            deltas_travel,
            events: Vec::new(),
            knew: Vec::new(),
            deltas: Vec::new(),
            hands: Vec::new(),
            known: Vec::from([Some(nobody)]),
            scene: String::new(),
            explored: Explored::default(),
        }
    }

    /// Looks at all histories that have so many events more than this one.
    fn go_on(&mut self, updates: usize) -> Verdict {
        if updates == 0 {
            return self.look();
        }
        // A replica that has done nothing yet is like any other such.
        let active = self.events.iter().map(|event| event.by + 1).max().unwrap_or(0);
        for who in 0..self.ids.len().min(active + 1) {
            for knows in 0..self.known.len() {
                if self.known[knows].is_some() && self.comes_next(who, knows) {
                    for kind in 0..self.mutations.len() {
                        self.write(who, knows, kind)?;
                        self.go_on(updates - 1)?;
                        self.take_back();
                    }
                }
            }
        }
        Ok(())
    }

    /// Whether `who` may be the next to write, knowing that. Of all orders in which a history can be told, one is: where
    /// two events do not know of each other, the lesser replica's comes first.
    fn comes_next(&self, who: usize, knows: Part) -> bool {
        let mut own = (0..self.events.len()).filter(|n| self.events[*n].by == who);
        let forgets_nothing = own.all(|n| includes(knows, self.knew[n] | 1 << n));
        let since = (0..self.events.len()).rev().take_while(|n| !contains(knows, *n));
        forgets_nothing && since.into_iter().all(|n| self.events[n].by < who)
    }

    fn write(&mut self, who: usize, knows: Part, kind: usize) -> Verdict {
        let (event, mutation) = (self.events.len(), self.mutations[kind].clone());
        let before = self.known[knows].as_ref().map(|known| known.one_by_one.clone()).unwrap_or_default();
        let previous = self.events.iter().rposition(|event| event.by == who);
        let mut hand = previous.map_or_else(|| Hand::new(self.ids[who]), |n| self.hands[n].duplicate());
        let mut after = before.clone();
        let delta = self.subject.write(&mut after, &mut hand, &mutation);
        self.events.push(Event {
            mutation,
            by: who,
            replica: self.ids[who],
            knew: members(knows).collect(),
            well_informed: self.is_closed(knows),
        });
        self.knew.push(knows);
        self.deltas.push(delta.clone());
        self.hands.push(hand);

        self.scene = String::new();
        let mut joined = after.clone();
        joined.join(before.clone());
        require(Law::Inflates, &after, &joined)?;
        self.scene = "who was in the same state hears of it".to_string();
        let mut by_delta = before;
        by_delta.apply(delta.clone());
        require(Law::DeltaIsMutation, &after, &by_delta)?;

        for rest in 0..self.known.len() {
            let before = self.known[rest].as_ref().filter(|_| self.deltas_travel || includes(rest, knows));
            let informed = before.map(|known| {
                let mut one_by_one = known.one_by_one.clone();
                one_by_one.apply(delta.clone());
                let mut group = delta.clone();
                group.join(known.group.clone());
                let mut at_once = S::State::default();
                at_once.apply(group.clone());
                Informed { one_by_one, at_once, group }
            });
            self.known.push(informed);
        }
        if let Some(author) = &mut self.known[knows | 1 << event] {
            author.one_by_one = after;
        }
        Ok(())
    }

    fn take_back(&mut self) {
        self.known.truncate(self.known.len() / 2);
        self.events.pop();
        self.knew.pop();
        self.deltas.pop();
        self.hands.pop();
    }

    /// Everybody meets everybody, as far as it has to do with the whole history.
    fn look(&mut self) -> Verdict {
        self.explored.histories += 1;
        let whole: Part = self.known.len() - 1;
        for here in 0..=whole {
            let Some(me) = &self.known[here] else { continue };
            if self.past(here) == whole {
                self.scene = format!("{} hear of it one by one, and at once", self.titles(here));
                require(Law::SameEventsSameState, &me.one_by_one, &me.at_once)?;
                self.specified(here, &me.one_by_one)?;
            }
            for there in 0..=whole {
                let both = here | there;
                if self.past(both) != whole {
                    continue;
                }
                let (Some(other), Some(expected)) = (&self.known[there], &self.known[both]) else { continue };
                self.explored.meetings += 1;
                self.scene =
                    format!("who knows {} meets who knows {}", self.titles(here), self.titles(there));
                let mut merged = me.one_by_one.clone();
                let grew = merged.join(other.at_once.clone());
                arrived(&me.one_by_one, grew, &merged, expected)?;

                let mut told = me.at_once.clone();
                let grew = told.apply(other.group.clone());
                arrived(&me.at_once, grew, &told, expected)?;
            }
            for (event, delta) in self.deltas.iter().enumerate() {
                let both = here | 1 << event;
                if let Some(expected) = &self.known[both]
                    && self.past(both) == whole
                {
                    self.scene =
                        format!("who knows {} hears of {}", self.titles(here), self.titles(1 << event));
                    let mut told = me.one_by_one.clone();
                    let grew = told.apply(delta.clone());
                    arrived(&me.one_by_one, grew, &told, expected)?;
                }
            }
        }
        Ok(())
    }

    fn specified(&self, part: Part, state: &S::State) -> Verdict {
        let known: EventSet = members(part).collect();
        let known = Known { all: &self.events, known: &known };
        if self.is_closed(part)
            && let Some(expected) = self.subject.specify(&known)
        {
            let reading = self.subject.read(state);
            if reading != expected {
                return broken(Law::Specification, format!("it reads  {reading:?}\nspecified {expected:?}"));
            }
        }
        Ok(())
    }

    /// As [`World::is_closed`](super::world::World::is_closed).
    fn is_closed(&self, part: Part) -> bool {
        members(part).all(|n| self.events[n].well_informed && includes(part, self.knew[n]))
    }

    /// A part, and all that came before it.
    fn past(&self, part: Part) -> Part {
        // Events are numbered in an order in which they happened.
        (0..self.events.len())
            .rev()
            .fold(part, |past, n| if contains(past, n) { past | self.knew[n] } else { past })
    }

    fn titles(&self, part: Part) -> String {
        let titles: Vec<String> = members(part).map(|event| title(&self.events, event)).collect();
        if titles.is_empty() { "nothing".to_string() } else { titles.join(" and ") }
    }

    fn story(&self) -> Vec<String> {
        let mut story = Vec::new();
        for (n, event) in self.events.iter().enumerate() {
            let previous = (0..n).rev().find(|n| self.events[*n].by == event.by);
            let knew = previous.map_or(0, |n| self.knew[n] | 1 << n);
            if self.knew[n] != knew {
                story.push(format!("{} learns of {}", name(event.by), self.titles(self.knew[n] & !knew)));
            }
            story.push(format!("{} does {:?}", name(event.by), event.mutation));
        }
        story.extend(Some(self.scene.clone()).filter(|scene| !scene.is_empty()));
        story
    }
}

/// Whether somebody who has learned something is as expected, and was told so.
fn arrived<S: Subject>(before: &S::State, grew: bool, after: &S::State, expected: &Informed<S>) -> Verdict {
    require(Law::SameEventsSameState, &expected.one_by_one, after)?;
    if grew == (before != after) {
        Ok(())
    } else {
        broken(Law::TellsGrowth, format!("it said {grew}\nbefore: {before:?}\nafter:  {after:?}"))
    }
}

fn contains(part: Part, event: usize) -> bool {
    part >> event & 1 == 1
}

fn includes(part: Part, other: Part) -> bool {
    other & !part == 0
}

fn members(part: Part) -> impl Iterator<Item = usize> {
    (0..16).filter(move |event| contains(part, *event))
}
