use alloc::borrow::Cow;

use crate::codec::{Codec, Columns, DecodeError, Element, FactList, Input, Kind, Output, Shape, Wrong};
use crate::store::{Author, Change, EditError, Full, Refused, Rest, Root};
use crate::{Causal, Crdt, Delta, Dot, Lattice, ReplicaId, Version};

/// A state that replicas keep in step: its version says what it has taken in.
///
/// [`Causal`] roots are such states. Plain lattices become such states inside [`Numbered`].
pub trait Replicated: Root<Delta: Events> + Codec + Clone {
    /// The events that this state has taken in.
    fn version(&self) -> &Version;

    /// The facts that it knows to be dead without having seen them.
    fn ahead(&self) -> Version {
        Version::new()
    }

    /// What it has settled.
    fn horizon(&self) -> Version {
        Version::new()
    }

    /// Settles what is stable: see [`Causal::settle`].
    fn settle(&mut self, stable: &Version) -> bool {
        let _ = stable;
        false
    }

    /// Takes in a delta, or refuses it whole.
    ///
    /// # Errors
    ///
    /// [`Refused`]; nothing has changed.
    fn take(&mut self, delta: Self::Delta) -> Result<bool, Refused>;

    /// Joins with a state, or refuses it whole.
    ///
    /// # Errors
    ///
    /// [`Full`] if the state cannot name the replicas of both; nothing has changed.
    fn meet(&mut self, other: Cow<'_, Self>) -> Result<bool, Full>;

    /// Whether it is made of facts that can be compared one by one. If not, it is sent whole to who lacks much.
    const HAS_FACTS: bool = false;

    /// Lists all live facts.
    fn list_facts(&self) -> FactList {
        FactList::default()
    }

    /// The live ones of some facts, as a delta to complete another state with, and not to apply.
    fn facts_of(&self, wanted: &Version) -> Self::Delta {
        let _ = wanted;
        Self::Delta::default()
    }

    /// Becomes the join with a state that has settled the same, of which only the rest is at hand.
    ///
    /// # Errors
    ///
    /// [`Full`], as for [`meet`](Self::meet).
    fn complete(&mut self, rest: Rest<Self::Delta>) -> Result<(), Full> {
        let _ = rest;
        Err(Full)
    }
}

/// A delta that names its events.
pub trait Events: Lattice + Clone + Codec {
    /// The events that it brings.
    fn events(&self) -> &Version;

    /// What is left for somebody who has seen `seen`. It names no other events, even if it cannot be split and brings more.
    fn without(&self, seen: &Version) -> Self;

    /// Whether each of its events adds a fact, and it does nothing else: see [`Replicated::facts_of`].
    fn only_adds(&self) -> bool {
        false
    }

    /// Writes what its only event changes: the body of [`Kind::Event`] without the dot, which it begins with.
    fn write_event(&self, out: &mut Output<'_>);

    /// Reads what an event changes.
    ///
    /// # Errors
    ///
    /// If what is there is not what `write_event` writes.
    fn read_event(dot: Dot, input: &mut Input<'_>) -> Result<Self, DecodeError>;
}

impl<S: Columns + 'static> Replicated for Causal<S> {
    fn version(&self) -> &Version {
        self.version()
    }

    fn ahead(&self) -> Version {
        self.ahead().clone()
    }

    fn horizon(&self) -> Version {
        self.horizon().clone()
    }

    fn settle(&mut self, stable: &Version) -> bool {
        self.settle(stable)
    }

    fn take(&mut self, delta: Delta<S>) -> Result<bool, Refused> {
        self.try_apply(delta)
    }

    fn meet(&mut self, other: Cow<'_, Self>) -> Result<bool, Full> {
        self.try_join(other)
    }

    const HAS_FACTS: bool = true;

    fn list_facts(&self) -> FactList {
        self.list_facts()
    }

    fn facts_of(&self, wanted: &Version) -> Delta<S> {
        self.facts_of(wanted)
    }

    fn complete(&mut self, rest: Rest<Delta<S>>) -> Result<(), Full> {
        self.complete(rest)
    }
}

impl<S: Columns> Events for Delta<S> {
    fn events(&self) -> &Version {
        self.events()
    }

    fn without(&self, seen: &Version) -> Self {
        self.without(seen)
    }

    fn only_adds(&self) -> bool {
        let (mut only_adds, mut facts) = (self.sweeps().len() == 0, 0_u128);
        self.change().visit(&mut |_, adds, kills| {
            only_adds &= adds && kills.is_empty();
            facts += 1;
        });
        only_adds && facts == self.events().dot_count()
    }

    fn write_event(&self, out: &mut Output<'_>) {
        S::write_event(self.change(), out);
    }

    fn read_event(dot: Dot, input: &mut Input<'_>) -> Result<Self, DecodeError> {
        Delta::read_event(dot, input)
    }
}

/// A plain lattice whose writes are numbered, so that a [`Replica`](super::Replica) can tell who lacks what.
///
/// ```
/// use rejoin::sync::{Numbered, Replica};
/// use rejoin::GCounter;
///
/// let mut likes = Replica::<Numbered<GCounter>>::new();
/// likes.edit(|likes| likes.increment(1).unwrap());
/// assert_eq!(likes.state().get(), 1);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Numbered<T> {
    seen: Version,
    value: T,
}

/// What some writes to a [`Numbered`] lattice changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NumberedDelta<D> {
    events: Version,
    change: D,
}

impl<T> core::ops::Deref for Numbered<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T: Crdt> Lattice for Numbered<T> {
    fn join(&mut self, other: Self) -> bool {
        self.value.join(other.value);
        self.seen.join(other.seen)
    }
}

impl<T: Crdt> Crdt for Numbered<T> {
    type Delta = NumberedDelta<T::Delta>;

    fn apply(&mut self, delta: Self::Delta) -> bool {
        self.value.apply(delta.change);
        self.seen.join(delta.events)
    }
}

impl<D: Lattice> Lattice for NumberedDelta<D> {
    fn join(&mut self, other: Self) -> bool {
        self.change.join(other.change);
        self.events.join(other.events)
    }
}

/// A transaction on a numbered value. If it fails and cannot be undone, the remaining writes get a number all the same.
struct Transaction<'a> {
    author: &'a mut Author,
    seen: &'a mut Version,
}

impl Transaction<'_> {
    fn next(&self) -> Dot {
        Dot::trusted(self.author.replica(), self.seen.last(self.author.replica()) + 1)
    }
}

impl Drop for Transaction<'_> {
    fn drop(&mut self) {
        if self.author.has_left_something() {
            self.seen.insert(self.next());
        }
    }
}

impl<T: Root<Delta: Clone> + 'static> Root for Numbered<T> {
    type Edit<'a>
        = T::Edit<'a>
    where
        T: 'a;

    const MOST_MADE: u128 = (Dot::MAX_COUNTER - (1 << 40)) as u128;

    fn edit<E>(
        &mut self,
        author: &mut Author,
        write: impl FnOnce(&mut Self::Edit<'_>) -> Result<(), E>,
        admit: impl FnOnce(&Self::Delta) -> bool,
    ) -> Result<Self::Delta, EditError<E>> {
        let transaction = Transaction { author, seen: &mut self.seen };
        let (dot, mut numbered) = (transaction.next(), Self::Delta::default());
        self.value.edit(&mut *transaction.author, write, |change| {
            // A transaction that changes nothing needs no number.
            if numbered.change.join(change.clone()) {
                numbered.events.insert(dot);
            }
            admit(&numbered)
        })?;
        transaction.seen.join(numbered.events.clone());
        Ok(numbered)
    }

    fn made_by(&self, replica: ReplicaId) -> u128 {
        self.seen.last(replica).into()
    }
}

impl<T: Root<Delta: Clone + Element> + Element + Clone + 'static> Replicated for Numbered<T> {
    fn version(&self) -> &Version {
        &self.seen
    }

    fn take(&mut self, delta: Self::Delta) -> Result<bool, Refused> {
        Ok(self.apply(delta))
    }

    fn meet(&mut self, other: Cow<'_, Self>) -> Result<bool, Full> {
        Ok(self.join(other.into_owned()))
    }
}

impl<D: Lattice + Clone + Element> Events for NumberedDelta<D> {
    fn events(&self) -> &Version {
        &self.events
    }

    fn without(&self, seen: &Version) -> Self {
        let events = self.events.difference(seen);
        // The change cannot be split. Some of it will be known, which does no harm.
        if events.is_empty() {
            NumberedDelta::default()
        } else {
            NumberedDelta { events, change: self.change.clone() }
        }
    }

    fn write_event(&self, out: &mut Output<'_>) {
        self.change.write(out);
    }

    fn read_event(dot: Dot, input: &mut Input<'_>) -> Result<Self, DecodeError> {
        Ok(NumberedDelta { events: Version::of_one(dot), change: D::read(input)? })
    }
}

impl<T: Element> Codec for Numbered<T> {
    const KINDS: &'static [Kind] = &[Kind::State];

    fn shape(shape: &mut Shape) {
        T::shape(shape);
    }

    fn write_body(&self, out: &mut Output<'_>) {
        self.seen.write(out);
        self.value.write(out);
    }

    fn read_body(_: Kind, input: &mut Input<'_>) -> Result<Self, DecodeError> {
        Ok(Numbered { seen: Version::read(input)?, value: T::read(input)? })
    }
}

impl<D: Element> Codec for NumberedDelta<D> {
    const KINDS: &'static [Kind] = &[Kind::Event, Kind::Delta];

    fn kind(&self) -> Kind {
        if self.events.only().is_some() { Kind::Event } else { Kind::Delta }
    }

    fn shape(shape: &mut Shape) {
        D::shape(shape);
    }

    fn write_body(&self, out: &mut Output<'_>) {
        match self.events.only() {
            Some(dot) => dot.write(out),
            None => self.events.write(out),
        }
        self.change.write(out);
    }

    fn read_body(kind: Kind, input: &mut Input<'_>) -> Result<Self, DecodeError> {
        let events = match kind {
            Kind::Event => Version::of_one(Dot::read(input)?),
            _ => Version::read(input)?,
        };
        // In the first format there was no other form for one event.
        let has_this_form = kind == Kind::Event || events.only().is_none() || !input.is_compact();
        input.check(has_this_form, Wrong::Kind(kind as u8))?;
        Ok(NumberedDelta { events, change: D::read(input)? })
    }
}
