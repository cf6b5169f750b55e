//! Causal roots.

use std::borrow::Cow;
use std::collections::BTreeSet;

use rejoin::store::{Handle, Refused};
use rejoin::{Causal, Delta, Dot, Identity, Lattice, ReplicaId, Store, Version, Writer};
use serde_json::json;

use crate::forge::{self, Alive};
use crate::formats::{Format, survives, survives_in_own};
use crate::roots::Root;
use crate::source::Source;
use crate::{tamper, wire};

/// How many of a kind are kept; more replace those that came first.
const MOST_KEPT: usize = 12;

/// A writer with others of its kind, who share a source of ids.
struct World<R: Root, I> {
    ids: I,
    writers: Vec<Writer<Causal<R::Store>>>,
    deltas: Vec<Delta<R::Store>>,
    states: Vec<Causal<R::Store>>,
    /// What honest writers have minted.
    minted: BTreeSet<Dot>,
    now: u64,
}

pub(super) fn run<R: Root>(source: &mut Source<'_>) {
    let ids = super::ids();
    let first = Writer::with_ids(Causal::<R::Store>::default(), ids.clone());
    let second = first.fork();
    let mut world = World::<R, _> {
        ids,
        writers: vec![first, second],
        deltas: Vec::new(),
        states: Vec::new(),
        minted: BTreeSet::new(),
        now: 1,
    };
    for _ in 0..super::MOST_STEPS {
        if source.is_empty() {
            break;
        }
        world.step(source);
    }
    world.end();
}

fn keep<T>(kept: &mut Vec<T>, new: T) {
    if kept.len() == MOST_KEPT {
        kept.remove(0);
    }
    kept.push(new);
}

/// A number in 0..12 whatever there is, so that few bytes choose something that is there.
fn choose<'a, T>(from: &'a [T], source: &mut Source<'_>) -> Option<&'a T> {
    let place = source.below(MOST_KEPT);
    from.get(place % from.len().max(1))
}

impl<R: Root, I: Fn() -> ReplicaId + Clone + Send + Sync + 'static> World<R, I> {
    fn step(&mut self, source: &mut Source<'_>) {
        let who = source.below(4) % self.writers.len();
        match source.byte() % 24 {
            0..=3 => self.write(who, source),
            4..=6 => {
                let delta: Delta<R::Store> = wire::decoded(&forge::delta(R::SHAPE, &self.alive(who), source));
                keep(&mut self.deltas, delta.clone());
                self.apply(who, delta);
            }
            7 | 8 => {
                let state = wire::decoded(&forge::state(R::SHAPE, &self.alive(who), source));
                self.join(who, &state, source.flip());
                keep(&mut self.states, state);
            }
            9 => self.tamper(source),
            10..=12 => {
                if let Some(delta) = choose(&self.deltas, source).cloned() {
                    self.apply(who, delta);
                }
            }
            13..=15 => {
                if let Some(state) = choose(&self.states, source).cloned() {
                    self.join(who, &state, source.flip());
                }
            }
            16 => self.group(source),
            17 => self.split(who, source),
            18 => {
                let state = self.writers[source.below(self.writers.len())].state().clone();
                self.join(who, &state, true);
            }
            19 => keep(&mut self.states, self.writers[who].state().clone()),
            20 => self.mix(source),
            21 => self.restart(who),
            22 if self.writers.len() < 4 => {
                let fork = self.writers[who].fork();
                self.writers.push(fork);
            }
            _ => {
                let _ = self.writers[who].settle_identity();
                self.edit(who, |edit| R::erase(edit));
                assert!(Store::is_empty(&**self.writers[who].state()), "everything was removed");
            }
        }
    }

    fn write(&mut self, who: usize, source: &mut Source<'_>) {
        let [what, value, more] = [source.byte(), source.byte(), source.byte()];
        self.now += u64::from(more / 2);
        self.edit(who, |edit| {
            R::write(edit, what, value);
            if more % 2 == 1 {
                R::write(edit, value, what);
            }
        });
    }

    /// A transaction: its events are new to everybody, and its delta is what it did.
    fn edit(&mut self, who: usize, write: impl FnOnce(&mut Handle<'_, R::Store>)) {
        let writer = &mut self.writers[who];
        let before = writer.state().clone();
        let delta = writer.edit_at(self.now, write);
        let _ = writer.renewed();
        let replica = writer.replica();
        assert!(!before.version().intersects(delta.events()) && !before.ahead().intersects(delta.events()));
        assert!(delta.events().dot_count() < 1_000);
        for dot in delta.events().dots() {
            assert_eq!(dot.replica(), replica);
            assert!(self.minted.insert(dot), "{dot} was minted twice");
        }
        let mut by_delta = before;
        assert_eq!(by_delta.try_apply(delta.clone()), Ok(!delta.is_empty()));
        assert_eq!(&by_delta, writer.state(), "a mutation is what its delta says");
        survives_in_own(&delta);
        survives_in_own(writer.state());
        keep(&mut self.deltas, delta);
    }

    /// What is alive at a writer, for liars to aim at.
    fn alive(&self, who: usize) -> Alive {
        forge::alive(R::SHAPE, &json!(self.writers[who].state()))
    }

    /// A delta or a state with some bytes changed, if it can be decoded still.
    fn tamper(&mut self, source: &mut Source<'_>) {
        if source.flip() {
            let Some(delta) = choose(&self.deltas, source) else { return };
            let mut bytes = Format::Postcard.encode(delta);
            tamper::bytes(&mut bytes, source);
            if let Ok(delta) = Format::Postcard.decode_within_bounds(&bytes) {
                keep(&mut self.deltas, delta);
            }
        } else {
            let Some(state) = choose(&self.states, source) else { return };
            let mut bytes = Format::Postcard.encode(state);
            tamper::bytes(&mut bytes, source);
            if let Ok(state) = Format::Postcard.decode_within_bounds(&bytes) {
                keep(&mut self.states, state);
            }
        }
    }

    fn apply(&mut self, who: usize, delta: Delta<R::Store>) {
        let writer = &mut self.writers[who];
        if writer.version().covers(delta.events()) {
            assert_eq!(writer.try_apply(delta), Ok(false));
            return;
        }
        let mut both = writer.version().clone();
        both.union(delta.events());
        if !delta.sweeps().all(|sweep| both.covers(sweep.horizon())) {
            let before = writer.state().clone();
            assert_eq!(writer.try_apply(delta), Err(Refused::Behind));
            assert_eq!(writer.state(), &before, "a refused delta changes nothing");
            return;
        }
        assert_eq!(writer.try_apply(delta.clone()), Ok(true));
        assert_eq!(writer.version(), &both, "a delta's events are taken in, and no others");
        let once = writer.state().clone();
        assert_eq!(writer.try_apply(delta), Ok(false));
        assert_eq!(writer.state(), &once);
        survives_in_own(&once);
    }

    fn join(&mut self, who: usize, state: &Causal<R::Store>, owned: bool) {
        let writer = &mut self.writers[who];
        let known = writer.version().covers(state.version()) && writer.horizon().covers(state.horizon());
        let mut both = writer.version().clone();
        both.union(state.version());
        let state = if owned { Cow::Owned(state.clone()) } else { Cow::Borrowed(state) };
        assert_eq!(writer.try_join(state.clone()), Ok(!known));
        if known {
            return;
        }
        assert_eq!(writer.version(), &both, "a state's events are taken in, and no others");
        let once = writer.state().clone();
        assert_eq!(writer.try_join(state), Ok(false));
        assert_eq!(writer.state(), &once);
        survives_in_own(&once);
    }

    fn group(&mut self, source: &mut Source<'_>) {
        let Some(mut group) = choose(&self.deltas, source).cloned() else { return };
        let Some(other) = choose(&self.deltas, source).cloned() else { return };
        let news = !group.events().covers(other.events());
        assert_eq!(group.join(other), news);
        survives_in_own(&group);
        keep(&mut self.deltas, group);
    }

    /// Splits a delta into two, which joined are the same again.
    fn split(&mut self, who: usize, source: &mut Source<'_>) {
        let Some(delta) = choose(&self.deltas, source) else { return };
        let between: Version = match source.byte() % 4 {
            0 => self.writers[who].version().clone(),
            1 => wire::version(source),
            _ => choose(&self.deltas, source).map(|other| other.events().clone()).unwrap_or_default(),
        };
        let (with, without) = (delta.only(&between), delta.without(&between));
        assert!(between.covers(with.events()) && !between.intersects(without.events()));
        for (a, b) in [(&with, &without), (&without, &with)] {
            let mut both = a.clone();
            assert_eq!(both.join(b.clone()), !b.is_empty());
            assert_eq!(&both, delta);
        }
        survives_in_own(&with);
        survives_in_own(&without);
        keep(&mut self.deltas, with);
        keep(&mut self.deltas, without);
    }

    /// Liars hear of others, too: a forged state takes in a delta or a state.
    fn mix(&mut self, source: &mut Source<'_>) {
        let Some(mut state) = choose(&self.states, source).cloned() else { return };
        if source.flip() {
            if let Some(delta) = choose(&self.deltas, source).cloned() {
                let news = !state.version().covers(delta.events());
                let applied = state.try_apply(delta);
                assert!(applied == Ok(news) || news && applied == Err(Refused::Behind));
            }
        } else if let Some(other) = choose(&self.states, source) {
            let news = !state.version().covers(other.version()) || !state.horizon().covers(other.horizon());
            assert_eq!(state.try_join(Cow::Borrowed(other)), Ok(news));
        }
        survives_in_own(&state);
        keep(&mut self.states, state);
    }

    /// A writer is saved, and loaded again.
    fn restart(&mut self, who: usize) {
        let mut writer = self.writers.remove(who);
        let _ = writer.settle_identity();
        let replica = writer.replica();
        let (identity, state) = writer.suspend();
        survives(&identity);
        let identity: Identity = Format::Json.decode(&Format::Json.encode(&identity)).expect("it survives");
        let state: Causal<R::Store> = Format::Json.decode(&Format::Json.encode(&state)).expect("it survives");
        let mut writer = Writer::resume_with_ids(identity, state, self.ids.clone());
        assert!(writer.settle_identity().is_none(), "nothing was forgotten");
        assert_eq!(writer.replica(), replica);
        self.writers.insert(who, writer);
    }

    /// Everybody hears of everybody, and goes on.
    fn end(mut self) {
        self.deltas.iter().for_each(survives);
        self.states.iter().for_each(survives);
        self.writers.iter().for_each(|writer| survives(writer.state()));
        let writers = self.writers.len();
        for (a, b) in (0..writers).flat_map(|a| (0..writers).map(move |b| (a, b))) {
            let state = self.writers[b].state().clone();
            self.join(a, &state, (a + b) % 2 == 0);
        }
        for who in 0..writers {
            let states: Vec<_> = self.writers.iter().map(|writer| writer.state().clone()).collect();
            self.edit(who, |edit| R::mark(edit));
            assert!(R::is_marked(self.writers[who].state()), "who writes reads it");
            let delta = self.deltas.last().expect("it was kept").clone();
            let mut newcomer = Causal::<R::Store>::default();
            // A state that somebody tampered with may say that something is settled.
            if delta.sweeps().len() == 0 {
                assert_eq!(newcomer.try_apply(delta.clone()), Ok(true));
                assert!(R::is_marked(&newcomer), "and so does a newcomer");
            }
            for other in 0..writers {
                self.apply(other, delta.clone());
                if states[other] == states[who] {
                    assert_eq!(self.writers[other].state(), self.writers[who].state());
                }
            }
            self.edit(who, |edit| R::erase(edit));
            assert!(Store::is_empty(&**self.writers[who].state()), "everything was removed");
            assert!(!format!("{:?}", self.writers[who]).is_empty());
        }
    }
}
