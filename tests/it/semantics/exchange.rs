//! The ways in which replicas that were apart can tell each other what they have done.

use std::fmt::Debug;
use std::ops::RangeInclusive;

use rejoin::store::Root;
use rejoin::{Causal, Delta, Lattice, OpBased, Store};

/// A state that can be exchanged in every way.
pub(super) trait Subject:
    Root<Delta: Clone + PartialEq + Debug + Wire> + Clone + PartialEq + Debug + Wire
{
    /// Joins with a state that is only lent.
    fn join_lent(&mut self, other: &Self) -> bool {
        self.join(other.clone())
    }
}

impl<S: Store + Debug + 'static> Subject for Causal<S>
where
    Causal<S>: Wire,
    Delta<S>: PartialEq + Debug + Wire,
{
    fn join_lent(&mut self, other: &Self) -> bool {
        self.join_ref(other)
    }
}

/// What can be sent as text, if the crate is built for that.
pub(super) trait Wire: Sized {
    /// What arrives.
    fn sent(&self) -> Self;
}

#[cfg(feature = "serde")]
impl<T: serde::Serialize + serde::de::DeserializeOwned> Wire for T {
    fn sent(&self) -> Self {
        let text = serde_json::to_string(self).expect("it can be written");
        serde_json::from_str(&text).expect("what was written can be read")
    }
}

#[cfg(not(feature = "serde"))]
impl<T: Clone> Wire for T {
    fn sent(&self) -> Self {
        self.clone()
    }
}

/// Replicas that have each done their part after a common start, and have not met since.
pub(super) struct Apart<T: Subject> {
    /// The deltas of the start.
    pub(super) start: Vec<T::Delta>,
    /// The state in which each replica is, and the deltas of what it did.
    pub(super) replicas: Vec<(T, Vec<T::Delta>)>,
}

impl<T: Subject> Apart<T> {
    /// Lets them meet in every way. All ways must end in one state, which is returned.
    pub(super) fn rejoin(&self) -> T {
        let mut end = T::default();
        for (state, _) in &self.replicas {
            end.join(state.clone());
        }
        self.by_states(&end);
        self.by_deltas(&end);
        self.by_states_and_deltas(&end);
        self.by_way_of_others(&end);
        end
    }

    /// All that was written, in the order of writing.
    fn deltas(&self) -> impl DoubleEndedIterator<Item = &T::Delta> {
        self.start.iter().chain(self.replicas.iter().flat_map(|(_, deltas)| deltas))
    }

    fn states(&self) -> impl Iterator<Item = &T> {
        self.replicas.iter().map(|(state, _)| state)
    }

    /// Every replica joins with the others in every order, by value and by reference.
    fn by_states(&self, end: &T) {
        for order in orders(self.states().collect()) {
            let (mut by_value, mut by_reference) = (order[0].clone(), order[0].clone());
            for state in &order[1..] {
                by_value.join((*state).clone());
                by_reference.join_lent(state);
            }
            assert_eq!(by_value, *end, "states, joined in some order");
            assert_eq!(by_reference, *end, "states, joined by reference");
            assert!(!by_value.join(order[0].clone()), "a state that is known is news");
        }
    }

    /// A fresh replica gets the deltas in every order, and few of them in every grouping too. One that knows
    /// the start, and each of the others, gets what it lacks in every order and every grouping, and in one
    /// group with what it knows.
    fn by_deltas(&self, end: &T) {
        let all: Vec<&T::Delta> = self.deltas().collect();
        assert_eq!(joined(self.deltas().rev()), joined(self.deltas()), "deltas, joined in another order");
        in_every_grouping(&T::default(), &all, if all.len() > 3 { 1 } else { 3 }, end);
        in_every_grouping(&after(T::default(), &self.start), &all[self.start.len()..], all.len(), end);
        for (this, state) in self.states().enumerate() {
            let others = self.replicas.iter().enumerate().filter(|(other, _)| *other != this);
            let missing: Vec<&T::Delta> = others.flat_map(|(_, (_, deltas))| deltas).collect();
            in_every_grouping(state, &missing, all.len(), end);
            let group = joined(self.start.iter().chain(missing));
            assert_eq!(after(state.clone(), [&group]), *end, "a group of which some was known");
        }
    }

    /// A replica, or a fresh one, gets the deltas of some of the others, and then the states of the rest. The
    /// fresh one hears of the start last.
    fn by_states_and_deltas(&self, end: &T) {
        let fresh = T::default();
        for (this, receiver) in self.states().chain([&fresh]).enumerate() {
            let others = self.replicas.iter().enumerate().filter(|(other, _)| *other != this);
            let others: Vec<_> = others.map(|(_, replica)| replica).collect();
            for (some, rest) in splits(&others, 1..=others.len() - 1) {
                let mut receiver = after(receiver.clone(), some.iter().flat_map(|(_, deltas)| deltas));
                for (state, _) in rest {
                    receiver.join_lent(state);
                }
                let receiver = after(receiver, &self.start);
                assert_eq!(receiver, *end, "some deltas and some states");
            }
        }
    }

    /// Two fresh replicas get some of the deltas each, and meet.
    fn by_way_of_others(&self, end: &T) {
        let all: Vec<&T::Delta> = self.deltas().collect();
        for (some, rest) in splits(&all, 1..=all.len() / 2) {
            let [mut one, another] = [some, rest].map(|deltas| after(T::default(), deltas));
            one.join_lent(&another);
            assert_eq!(one, *end, "two states with gaps");
        }
    }

    /// States and deltas are sent as text; so is, after each delta, the state that it has led to.
    pub(super) fn by_text(&self, end: &T) {
        let (mut by_state, mut by_delta) = (T::default(), T::default());
        for state in self.states() {
            by_state.join(state.sent());
        }
        for delta in self.deltas().rev() {
            let sent = delta.sent();
            assert_eq!(sent, *delta);
            by_delta.apply(sent);
            by_delta = by_delta.sent();
        }
        assert_eq!(by_state, *end, "states, sent as text");
        assert_eq!(by_delta, *end, "deltas, sent as text, the last one first");
    }
}

/// Gives `state` the deltas that are missing, in every order and in every grouping with so many in a group at
/// most; a single one as an operation, and then again as a delta.
fn in_every_grouping<T: Subject>(state: &T, missing: &[&T::Delta], most: usize, end: &T) {
    if missing.is_empty() {
        assert_eq!(state, end, "deltas, in some order and grouping");
    }
    for (group, rest) in splits(missing, 1..=most) {
        let mut next = state.clone();
        if let [one] = group[..] {
            next.effect(one.clone());
            assert!(!next.apply(one.clone()), "a delta that is known is news");
        } else {
            next.apply(joined(group));
        }
        in_every_grouping(&next, &rest, most, end);
    }
}

/// The state after it has taken in some deltas.
pub(super) fn after<'d, T: Subject>(mut state: T, deltas: impl IntoIterator<Item = &'d T::Delta>) -> T {
    for delta in deltas {
        state.apply(delta.clone());
    }
    state
}

/// The deltas as one.
fn joined<'d, D: Lattice + Clone + 'd>(deltas: impl IntoIterator<Item = &'d D>) -> D {
    let mut group = D::default();
    for delta in deltas {
        group.join(delta.clone());
    }
    group
}

/// All ways to choose so many items, with the rest of them.
fn splits<X: Copy>(items: &[X], so_many: RangeInclusive<usize>) -> impl Iterator<Item = (Vec<X>, Vec<X>)> {
    let choices =
        (0..1_u32 << items.len()).filter(move |choice| so_many.contains(&(choice.count_ones() as usize)));
    choices.map(|choice| {
        let chosen = |is: u32| (0..items.len()).filter(move |n| choice >> n & 1 == is).map(|n| items[n]);
        (chosen(1).collect(), chosen(0).collect())
    })
}

/// All orders of some items.
pub(super) fn orders<X: Clone>(items: Vec<X>) -> Vec<Vec<X>> {
    if items.len() < 2 {
        return vec![items];
    }
    let mut all = Vec::new();
    for first in 0..items.len() {
        let mut rest = items.clone();
        let first = rest.remove(first);
        all.extend(orders(rest).into_iter().map(|mut order| {
            order.insert(0, first.clone());
            order
        }));
    }
    all
}
