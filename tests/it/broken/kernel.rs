//! A small add-wins set, made as the kernel is but of nothing else than sets of dots, and the mistakes that can be made in
//! it. Without a mistake the kit accepts it.

use std::collections::{BTreeMap, BTreeSet};

use rejoin::laws::{self, Hand, Known, Law, Scope, Subject};
use rejoin::{Crdt, Lattice};

use super::is_rejected;

/// Whose event, and the how-manieth.
type Dot = (u128, u64);

/// What is done wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
enum Mistake {
    None,
    /// A group keeps all its kills in one heap, so that whoever takes a part of it takes the kills of all.
    KillsOfTheGroup,
    /// A decoder skips a field that it does not know, and what came with it is seen, but not there.
    UnknownFieldDropped,
    /// `join` says whether the members changed, and is silent about events whose effect was there already.
    BoolOfTheStore,
    /// `apply` does the same.
    BoolOfTheStoreOnApply,
    /// A merge forgets what was killed before it arrived.
    AheadForgotten,
    /// What was killed before it arrived is let in when it comes.
    AheadIgnored,
    /// A removal kills only what is here already.
    KillsTheKnown,
    /// A delta claims all that its sender has seen.
    DeltaClaimsAll,
    /// A version is one number per replica, so that it cannot have gaps.
    NoGaps,
    /// Dots are counted by the members that are there, so that they come again.
    DotsReused,
    /// A delta of which a part was seen is not applied.
    PartlyKnownIsKnown,
    /// A removal takes away whatever there is of the element, seen by the remover or not.
    RemovesUnseen,
    /// A merge keeps what only one side has, seen by the other or not.
    MergeIsUnion,
    /// A merge drops what only one side has.
    MergeIsIntersection,
    /// Of two states, the one that has seen more events wins.
    MoreEventsWin,
    /// Merging forgets the events of the other side.
    SeenForgotten,
}

#[derive(Clone, Debug, Default, PartialEq)]
struct Event {
    add: Option<u8>,
    kills: BTreeSet<Dot>,
}

#[derive(Clone, Debug, Default, PartialEq)]
struct Events<const MISTAKE: u8> {
    events: BTreeMap<Dot, Event>,
    /// Seen by the sender: for those who claim it.
    claims: BTreeSet<Dot>,
}

#[derive(Clone, Debug, Default, PartialEq)]
struct Set<const MISTAKE: u8> {
    seen: BTreeSet<Dot>,
    ahead: BTreeSet<Dot>,
    live: BTreeMap<Dot, u8>,
}

impl<const MISTAKE: u8> Lattice for Events<MISTAKE> {
    fn join(&mut self, other: Self) -> bool {
        let before = self.clone();
        for (dot, event) in other.events {
            self.events.entry(dot).or_insert(event);
        }
        self.claims.extend(other.claims);
        if MISTAKE == Mistake::KillsOfTheGroup as u8 {
            let all: BTreeSet<Dot> = self.events.values().flat_map(|event| event.kills.clone()).collect();
            self.events.values_mut().for_each(|event| event.kills.clone_from(&all));
        }
        *self != before
    }
}

impl<const MISTAKE: u8> Set<MISTAKE> {
    const fn is(mistake: Mistake) -> bool {
        MISTAKE == mistake as u8
    }

    fn knows(&self, dot: &Dot) -> bool {
        if Self::is(Mistake::NoGaps) {
            return self.seen.range((dot.0, dot.1)..=(dot.0, u64::MAX)).next().is_some();
        }
        self.seen.contains(dot) || self.ahead.contains(dot)
    }

    fn members(&self) -> BTreeSet<u8> {
        self.live.values().copied().collect()
    }

    fn write(&mut self, id: u128, add: Option<u8>, remove: u8) -> Events<MISTAKE> {
        let kills: BTreeSet<Dot> =
            self.live.iter().filter(|(_, x)| **x == remove).map(|(dot, _)| *dot).collect();
        let mut delta = Events::default();
        if add.is_some() || !kills.is_empty() {
            let made = self.seen.union(&self.ahead).filter(|dot| dot.0 == id).map(|dot| dot.1);
            let mine = self.live.keys().filter(|dot| dot.0 == id).count() as u64;
            let counter = if Self::is(Mistake::DotsReused) { mine } else { made.max().unwrap_or(0) } + 1;
            delta.events.insert((id, counter), Event { add, kills });
            if Self::is(Mistake::DeltaClaimsAll) {
                delta.claims.clone_from(&self.seen);
            }
            self.take_in(delta.clone(), true);
        }
        delta
    }

    fn take_in(&mut self, delta: Events<MISTAKE>, is_mine: bool) -> bool {
        let before = self.clone();
        let events = delta.events;
        let known = events.keys().filter(|dot| self.seen.contains(dot)).count();
        if Self::is(Mistake::PartlyKnownIsKnown) && known > 0 {
            return false;
        }
        let fresh: Vec<(Dot, Event)> =
            events.into_iter().filter(|(dot, _)| !self.seen.contains(dot)).collect();
        self.seen.extend(fresh.iter().map(|(dot, _)| *dot));
        self.seen.extend(delta.claims);
        for (dot, event) in &fresh {
            let is_dead = self.ahead.contains(dot) && !Self::is(Mistake::AheadIgnored);
            let is_skipped = Self::is(Mistake::UnknownFieldDropped) && !is_mine && event.add == Some(2);
            if let Some(x) = event.add
                && !is_dead
                && !is_skipped
            {
                self.live.insert(*dot, x);
            }
        }
        for (_, event) in &fresh {
            for kill in &event.kills {
                let killed = self.live.remove(kill);
                if Self::is(Mistake::RemovesUnseen) && event.add.is_none() {
                    self.live.retain(|_, x| Some(*x) != killed);
                }
                if !self.seen.contains(kill) && !Self::is(Mistake::KillsTheKnown) {
                    self.ahead.insert(*kill);
                }
            }
        }
        self.ahead.retain(|dot| !self.seen.contains(dot));
        if Self::is(Mistake::BoolOfTheStoreOnApply) { self.live != before.live } else { *self != before }
    }
}

impl<const MISTAKE: u8> Crdt for Set<MISTAKE> {
    type Delta = Events<MISTAKE>;

    fn apply(&mut self, delta: Events<MISTAKE>) -> bool {
        self.take_in(delta, false)
    }
}

impl<const MISTAKE: u8> Lattice for Set<MISTAKE> {
    fn join(&mut self, other: Self) -> bool {
        let before = self.clone();
        if Self::is(Mistake::MoreEventsWin) {
            if other.seen.len() > self.seen.len() {
                self.live = other.live;
            }
        } else {
            let unknown_there = |dot: &Dot| !other.knows(dot) || Self::is(Mistake::MergeIsUnion);
            self.live.retain(|dot, _| {
                let is_there = other.live.contains_key(dot);
                is_there || (unknown_there(dot) && !Self::is(Mistake::MergeIsIntersection))
            });
            let news =
                other.live.iter().filter(|(dot, _)| !before.knows(dot) || Self::is(Mistake::MergeIsUnion));
            self.live
                .extend(news.filter(|_| !Self::is(Mistake::MergeIsIntersection)).map(|(dot, x)| (*dot, *x)));
        }
        if !Self::is(Mistake::SeenForgotten) {
            self.seen.extend(other.seen);
        }
        if !Self::is(Mistake::AheadForgotten) {
            self.ahead.extend(other.ahead);
        }
        self.ahead.retain(|dot| !self.seen.contains(dot));
        if Self::is(Mistake::BoolOfTheStore) { self.live != before.live } else { *self != before }
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Do {
    Insert(u8),
    Remove(u8),
}

struct This<const MISTAKE: u8>;

impl<const MISTAKE: u8> Subject for This<MISTAKE> {
    type State = Set<MISTAKE>;
    type Mutation = Do;
    type Reading = BTreeSet<u8>;

    fn mutations(&self) -> Vec<Do> {
        vec![Do::Insert(1), Do::Insert(2), Do::Remove(1)]
    }

    fn write(&self, set: &mut Set<MISTAKE>, hand: &mut Hand, what: &Do) -> Events<MISTAKE> {
        match *what {
            Do::Insert(x) => set.write(hand.replica().as_u128(), Some(x), x),
            Do::Remove(x) => set.write(hand.replica().as_u128(), None, x),
        }
    }

    fn read(&self, set: &Set<MISTAKE>) -> BTreeSet<u8> {
        set.members()
    }

    fn specify(&self, known: &Known<'_, Do>) -> Option<BTreeSet<u8>> {
        let is_in = |x: &u8| {
            let mut live = known.live(|m| *m == Do::Insert(*x), |_, later| *later == Do::Remove(*x));
            live.next().is_some()
        };
        Some((1..=2).filter(is_in).collect())
    }

    fn only(&self, group: &Events<MISTAKE>, wanted: &Events<MISTAKE>) -> Option<Events<MISTAKE>> {
        let events = group.events.iter().filter(|(dot, _)| wanted.events.contains_key(dot));
        Some(Events {
            events: events.map(|(dot, e)| (*dot, e.clone())).collect(),
            claims: group.claims.clone(),
        })
    }
}

#[test]
fn without_a_mistake_it_is_accepted() {
    let subject = This::<{ Mistake::None as u8 }>;
    laws::check(&subject);
    for (updates, deltas) in [(4, false), (3, true)] {
        laws::exhaust(&subject, Scope { replicas: 2, updates, deltas })
            .unwrap_or_else(|failure| panic!("{failure}"));
    }
}

/// A test per mistake: the laws of which it must break one.
macro_rules! mistakes {
    ($($test:ident: $mistake:ident breaks $($law:ident)|+;)+) => {
        $(
            #[test]
            fn $test() {
                is_rejected(&This::<{ Mistake::$mistake as u8 }>, &[$(Law::$law),+], 6);
            }
        )+
    };
}

mistakes! {
    kills_of_the_group: KillsOfTheGroup breaks Specification | SameEventsSameState;
    unknown_field_dropped: UnknownFieldDropped breaks DeltaIsMutation;
    bool_of_the_store: BoolOfTheStore breaks TellsGrowth;
    bool_of_the_store_on_apply: BoolOfTheStoreOnApply breaks TellsGrowth;
    ahead_forgotten: AheadForgotten breaks SameEventsSameState | Commutative | UpperBound | BottomIsUnit;
    ahead_ignored: AheadIgnored breaks SameEventsSameState | Commutative;
    kills_the_known: KillsTheKnown breaks SameEventsSameState | Commutative;
    delta_claims_all: DeltaClaimsAll breaks SameEventsSameState | Commutative;
    no_gaps: NoGaps breaks SameEventsSameState | Commutative | UpperBound;
    dots_reused: DotsReused breaks Specification | SameEventsSameState | Inflates;
    partly_known_is_known: PartlyKnownIsKnown breaks Specification | SameEventsSameState;
    removes_unseen: RemovesUnseen breaks Specification | SameEventsSameState | Commutative;
    merge_is_union: MergeIsUnion breaks Inflates | Commutative | SameEventsSameState;
    merge_is_intersection: MergeIsIntersection breaks Inflates | BottomIsUnit | Specification | SameEventsSameState;
    more_events_win: MoreEventsWin breaks Commutative | SameEventsSameState | UpperBound;
    seen_forgotten: SeenForgotten breaks BottomIsUnit | SameEventsSameState;
}
