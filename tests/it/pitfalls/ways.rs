//! Replicas that exchange what they know in every way there is.
//!
//! A story is run once for each combination of the choices that it makes, so "by states, by deltas, by ops, and by
//! any mixture of them" is one test.

use std::fmt::Debug;
use std::ops::Deref;
use std::rc::Rc;
use std::sync::atomic::{AtomicU32, Ordering};

use rejoin::store::Root;
use rejoin::{Causal, Crdt, Lattice, OpBased, ReplicaId, Store, Writer};

/// What can be sent as JSON, where there is JSON.
#[cfg(feature = "serde")]
pub(crate) trait Wire: serde::Serialize + serde::de::DeserializeOwned {}
#[cfg(feature = "serde")]
impl<T: serde::Serialize + serde::de::DeserializeOwned> Wire for T {}
#[cfg(not(feature = "serde"))]
pub(crate) trait Wire {}
#[cfg(not(feature = "serde"))]
impl<T> Wire for T {}

/// A state that stories are told about.
pub(crate) trait Subject: Root + Crdt<Delta: Clone + Wire> + Clone + Eq + Debug + Wire {
    /// Joins with a borrowed state, where the type has a way of its own to do so.
    fn join_borrowed(&mut self, other: &Self) -> bool {
        self.join(other.clone())
    }
}

impl<S: Store + Debug + 'static> Subject for Causal<S>
where
    Causal<S>: Wire,
    rejoin::Delta<S>: Wire,
{
    fn join_borrowed(&mut self, other: &Self) -> bool {
        self.join_ref(other)
    }
}

/// What is written through.
pub(crate) type Handle<'a, T> = <T as Root>::Edit<'a>;

/// How what one replica knows reaches another.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Way {
    /// The whole state, given away.
    State,
    /// The whole state, on loan.
    Borrowed,
    /// Delta by delta, in order.
    Deltas,
    /// Delta by delta, the latest first.
    Backwards,
    /// All deltas joined into one.
    Group,
    /// Operation by operation, each of them twice.
    Ops,
    /// The whole state, as JSON.
    #[cfg(feature = "serde")]
    StateAsJson,
    /// Delta by delta, as JSON.
    #[cfg(feature = "serde")]
    DeltasAsJson,
}

impl Way {
    const ALL: &[Way] = &[
        Way::State,
        Way::Borrowed,
        Way::Deltas,
        Way::Backwards,
        Way::Group,
        Way::Ops,
        #[cfg(feature = "serde")]
        Way::StateAsJson,
        #[cfg(feature = "serde")]
        Way::DeltasAsJson,
    ];
}

/// Tells `story` once for every combination of the choices that it makes.
pub(crate) fn every_way(mut story: impl FnMut(&mut Ways)) {
    let mut ways = Ways::default();
    loop {
        story(&mut ways);
        if !ways.advance() {
            return;
        }
    }
}

/// The choices of one telling, as the digits of a number that counts up.
#[derive(Default)]
pub(crate) struct Ways {
    /// What was chosen, out of how many.
    choices: Vec<(usize, usize)>,
    made: usize,
    /// The exchanges so far, in words, for whoever reads of a failure.
    told: Vec<String>,
}

impl Ways {
    fn choose(&mut self, out_of: usize) -> usize {
        if self.made == self.choices.len() {
            self.choices.push((0, out_of));
        }
        let (choice, before) = self.choices[self.made];
        assert_eq!(before, out_of, "a story must depend on nothing but its choices");
        self.made += 1;
        choice
    }

    fn advance(&mut self) -> bool {
        (self.made, self.told) = (0, Vec::new());
        while let Some((choice, out_of)) = self.choices.pop() {
            if choice + 1 < out_of {
                self.choices.push((choice + 1, out_of));
                return true;
            }
        }
        false
    }

    pub(crate) fn way(&mut self) -> Way {
        let way = Way::ALL[self.choose(Way::ALL.len())];
        self.told.push(format!("{way:?}"));
        way
    }

    /// Ways for a round of exchanges: all in turn, so that two exchanges are enough to see each of them in some telling.
    fn round(&mut self) -> impl Iterator<Item = Way> + use<> {
        let start = 2 * self.choose(Way::ALL.len() / 2);
        self.told.push(format!("from {:?} on", Way::ALL[start]));
        Way::ALL.iter().copied().cycle().skip(start)
    }

    /// Whether something happens that may happen or not.
    pub(crate) fn perhaps(&mut self) -> bool {
        let happens = self.choose(2) == 1;
        self.told.push(format!("perhaps: {happens}"));
        happens
    }

    /// The items in some order: over all tellings, in each of them.
    pub(crate) fn shuffle<T: Debug, const N: usize>(&mut self, mut items: [T; N]) -> [T; N] {
        for left in (2..=N).rev() {
            let pick = self.choose(left);
            items.swap(left - 1, pick);
        }
        self.told.push(format!("in the order {items:?}"));
        items
    }
}

impl Drop for Ways {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the story that failed went: {}", self.told.join(", "));
        }
    }
}

/// The time at which nothing special happens, in milliseconds.
pub(crate) const NOON: u64 = 1_000_000;

/// A writer, and every delta that it has made or heard.
pub(crate) struct Site<T: Subject> {
    pub(crate) writer: Writer<T>,
    log: Vec<Rc<T::Delta>>,
}

/// The replica ids 1, 2, 3, ...
pub(crate) fn sites<T: Subject, const N: usize>() -> [Site<T>; N] {
    std::array::from_fn(|n| Site::called(ReplicaId::from_u128(n as u128 + 1)))
}

impl<T: Subject> Site<T> {
    pub(crate) fn called(id: ReplicaId) -> Self {
        Site::over(id, T::default())
    }

    /// A site with a state but no deltas. The ids that it may need later are made of its own.
    fn over(id: ReplicaId, state: T) -> Self {
        let fresh = AtomicU32::new(0);
        let ids = move || {
            ReplicaId::from_u128(id.as_u128() ^ u128::from(fresh.fetch_add(1, Ordering::Relaxed)) << 100)
        };
        Site::new(Writer::with_ids(state, ids))
    }

    pub(crate) fn new(writer: Writer<T>) -> Self {
        Site { writer, log: Vec::new() }
    }

    /// A second site, which knows as much.
    pub(crate) fn fork(&self) -> Self {
        Site { writer: self.writer.fork(), log: self.log.clone() }
    }

    pub(crate) fn id(&self) -> ReplicaId {
        self.writer.replica()
    }

    pub(crate) fn edit(&mut self, write: impl FnOnce(&mut Handle<'_, T>)) -> Rc<T::Delta> {
        self.edit_at(NOON, write)
    }

    pub(crate) fn edit_at(&mut self, now: u64, write: impl FnOnce(&mut Handle<'_, T>)) -> Rc<T::Delta> {
        let delta = self.writer.edit_at(now, write);
        self.note(delta)
    }

    /// Keeps a delta that was made or heard in another way.
    pub(crate) fn note(&mut self, delta: T::Delta) -> Rc<T::Delta> {
        let delta = Rc::new(delta);
        self.log.push(Rc::clone(&delta));
        delta
    }

    /// Learns all that `other` knows, in some way. Each way must end where joining the states does.
    pub(crate) fn hear(&mut self, other: &Site<T>, ways: &mut Ways) {
        let way = ways.way();
        self.hear_by(way, other);
    }

    pub(crate) fn hear_by(&mut self, way: Way, other: &Site<T>) {
        let mut expected = self.writer.state().clone();
        expected.join(other.writer.state().clone());

        let deltas = || other.log.iter().map(|delta| T::Delta::clone(delta));
        match way {
            Way::State => _ = self.writer.join(other.writer.state().clone()),
            Way::Borrowed => self.replace_state(|mine| _ = mine.join_borrowed(other.writer.state())),
            Way::Deltas => deltas().for_each(|delta| _ = self.writer.apply(delta)),
            Way::Backwards => deltas().rev().for_each(|delta| _ = self.writer.apply(delta)),
            Way::Group => {
                let group = deltas().fold(T::Delta::default(), |mut group, delta| {
                    group.join(delta);
                    group
                });
                self.writer.apply(group);
            }
            Way::Ops => {
                self.replace_state(|mine| {
                    deltas().flat_map(|op| [op.clone(), op]).for_each(|op| mine.effect(op));
                });
            }
            #[cfg(feature = "serde")]
            Way::StateAsJson => _ = self.writer.join(through_json(other.writer.state())),
            #[cfg(feature = "serde")]
            Way::DeltasAsJson => {
                deltas().for_each(|delta| _ = self.writer.apply(through_json(&delta)));
            }
        }
        assert_eq!(*self.writer.state(), expected, "by {way:?}");
        assert!(!expected.join_borrowed(other.writer.state()), "hearing again is no news");

        for delta in &other.log {
            if !self.log.iter().any(|mine| Rc::ptr_eq(mine, delta)) {
                self.log.push(Rc::clone(delta));
            }
        }
    }

    /// Learns of these deltas and nothing else: in each way, from somebody who knows nothing but them.
    pub(crate) fn hear_only<const N: usize>(&mut self, deltas: [&Rc<T::Delta>; N], ways: &mut Ways) {
        self.hear(&Site::who_knows(deltas), ways);
    }

    fn who_knows<const N: usize>(deltas: [&Rc<T::Delta>; N]) -> Self {
        let mut bearer = Site::<T>::called(ReplicaId::from_u128(u128::MAX));
        for delta in deltas {
            bearer.writer.apply(T::Delta::clone(delta));
            bearer.log.push(Rc::clone(delta));
        }
        bearer
    }

    /// Lets `change` work on a copy of the state, which then takes its place.
    fn replace_state(&mut self, change: impl FnOnce(&mut T)) {
        let mut state = self.writer.state().clone();
        change(&mut state);
        self.writer.join(state);
    }

    /// Goes on under a new id, with nothing but the saved state.
    pub(crate) fn save_and_load(&mut self) {
        #[cfg(feature = "serde")]
        let state: T = through_json(self.writer.state());
        #[cfg(not(feature = "serde"))]
        let state = self.writer.state().clone();
        assert_eq!(state, *self.writer.state());
        let next = ReplicaId::from_u128(self.id().as_u128() ^ 1 << 90);
        let log = std::mem::take(&mut self.log);
        *self = Site { log, ..Site::over(next, state) };
    }
}

impl<T: Subject> Deref for Site<T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.writer.state()
    }
}

#[cfg(feature = "serde")]
pub(crate) fn through_json<T: Wire>(value: &T) -> T {
    let json = serde_json::to_string(value).expect("it can be written");
    serde_json::from_str(&json).expect("what was written can be read")
}

/// Everybody hears of everything, the first one first, and then all must be equal, look equal, and read as `read` says.
pub(crate) fn agree<T: Subject, const N: usize>(
    ways: &mut Ways,
    mut sites: [&mut Site<T>; N],
    read: impl Fn(&T),
) {
    let mut round = ways.round();
    let mut next = || round.next().expect("a round does not end");
    let (first, others) = sites.split_first_mut().expect("there is somebody");
    for other in others.iter() {
        first.hear_by(next(), other);
    }
    for other in others {
        other.hear_by(next(), first);
        assert_eq!(first.writer.state(), other.writer.state());
        assert_eq!(format!("{:?}", first.writer.state()), format!("{:?}", other.writer.state()));
        #[cfg(feature = "serde")]
        assert_eq!(
            serde_json::to_string(first.writer.state()).expect("it can be written"),
            serde_json::to_string(other.writer.state()).expect("it can be written"),
        );
    }
    read(first);
}
