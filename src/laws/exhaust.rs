//! Every history, up to a bound.

use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
use alloc::string::ToString;
use alloc::vec::Vec;

use super::world::{Informed, Verdict, World, name, require};
use super::{Event, Failure, Law, Subject};

/// How far [`exhaust`] goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scope {
    /// How many replicas there are.
    pub replicas: usize,
    /// How many mutations they make altogether, at most.
    pub updates: usize,
    /// Whether deltas travel too, one by one, in any order, and get lost; otherwise states are merged only.
    pub deltas: bool,
}

/// Walks, breadth first, through every world that replicas can bring about within `scope`, and checks the laws in each;
/// returns how many worlds there are.
///
/// Worlds that differ only in the order of steps that did not know of each other are one. Whoever knows the same events
/// must be in the same state not only within one world, but across all of them.
///
/// # Errors
///
/// The first law that is broken; no shorter story breaks one.
pub fn exhaust<S: Subject>(subject: &S, scope: Scope) -> Result<usize, Failure> {
    let mutations = subject.mutations();
    let first = World::new(subject, scope.replicas);
    let mut worlds = BTreeSet::from([key(&first)]);
    let mut met = BTreeMap::new();
    let mut frontier = VecDeque::from([first]);
    while let Some(world) = frontier.pop_front() {
        for step in steps(&world, &scope, mutations.len()) {
            let mut next = world.clone();
            take(&mut next, &mutations, step)
                .and_then(|()| compare(&next, step.who(), &mut met))
                .map_err(|broken| next.fail(broken))?;
            if worlds.insert(key(&next)) {
                frontier.push_back(next);
            }
        }
    }
    Ok(worlds.len())
}

/// Whether the replica is in the state in which everybody was, in any world, who knew the same, done in the same
/// circumstances.
fn compare<S: Subject>(
    world: &World<'_, S>,
    who: usize,
    met: &mut BTreeMap<(BTreeSet<Deed>, BTreeSet<Place>), S::State>,
) -> Verdict {
    let Informed { state, knows } = &world.replicas[who];
    let places = places(world);
    let mut before: BTreeSet<usize> = knows.clone();
    let mut latest = before.clone();
    while !latest.is_empty() {
        latest = latest.iter().flat_map(|event| &world.events[*event].knew).copied().collect();
        latest.retain(|event| before.insert(*event));
    }
    let circumstances = before.iter().map(|event| deed(world, &places, *event)).collect();
    let known = knows.iter().map(|event| places[*event]).collect();
    let twin = met.entry((circumstances, known)).or_insert_with(|| state.clone());
    require(Law::SameEventsSameState, twin, state)
}

#[derive(Clone, Copy)]
enum Step {
    Write(usize, usize),
    Merge(usize, usize),
    Hear(usize, usize),
}

impl Step {
    fn who(self) -> usize {
        let (Step::Write(who, _) | Step::Merge(who, _) | Step::Hear(who, _)) = self;
        who
    }
}

fn steps<S: Subject>(world: &World<'_, S>, scope: &Scope, mutations: usize) -> Vec<Step> {
    let replicas = 0..world.replicas.len();
    let mut steps = Vec::new();
    for who in replicas.clone() {
        if world.events.len() < scope.updates {
            steps.extend((0..mutations).map(|mutation| Step::Write(who, mutation)));
        }
        let knows = &world.replicas[who].knows;
        steps.extend(
            replicas
                .clone()
                .filter(|other| !world.replicas[*other].knows.is_subset(knows))
                .map(|other| Step::Merge(who, other)),
        );
        if scope.deltas {
            steps.extend((0..world.events.len()).filter(|e| !knows.contains(e)).map(|e| Step::Hear(who, e)));
        }
    }
    steps
}

fn take<S: Subject>(world: &mut World<'_, S>, mutations: &[S::Mutation], step: Step) -> Verdict {
    match step {
        Step::Write(who, mutation) => world.write(who, mutation, &mutations[mutation]),
        Step::Hear(who, event) => world.hear(who, &[event]),
        Step::Merge(who, other) => {
            let state = world.replicas[other].clone();
            world.merge(who, &state, name(other).to_string())
        }
    }
}

/// An event by its place: whose it is, and the how-manieth.
type Place = (usize, usize);

/// An event with what it did, knowing what.
type Deed = (Place, usize, Vec<Place>);

fn places<S: Subject>(world: &World<'_, S>) -> Vec<Place> {
    let mut count = alloc::vec![0; world.replicas.len()];
    let mut place = |by: usize| {
        count[by] += 1;
        (by, count[by])
    };
    world.events.iter().map(|event| place(event.by)).collect()
}

fn deed<S: Subject>(world: &World<'_, S>, places: &[Place], event: usize) -> Deed {
    let Event { kind, knew, .. } = &world.events[event];
    let mut knew: Vec<Place> = knew.iter().map(|event| places[*event]).collect();
    knew.sort_unstable();
    (places[event], *kind, knew)
}

/// What tells two worlds apart: what was done, and what each replica knows.
fn key<S: Subject>(world: &World<'_, S>) -> (BTreeSet<Deed>, Vec<BTreeSet<Place>>) {
    let places = places(world);
    let knows = |replica: &Informed<S::State>| replica.knows.iter().map(|event| places[*event]).collect();
    (
        (0..world.events.len()).map(|event| deed(world, &places, event)).collect(),
        world.replicas.iter().map(knows).collect(),
    )
}
