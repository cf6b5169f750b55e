//! Mistakes in types that are lattices by themselves.

use std::collections::{BTreeMap, BTreeSet};

use rejoin::laws::{Hand, Known, Law, Subject};
use rejoin::*;

/// A broken type: its parts of a lattice, its mutations, and the law that it breaks.
macro_rules! broken {
    (
        $(#[doc = $doc:literal])+
        $name:ident breaks $($law:ident)|+: $state:ty, does $mutation:ty: [$($all:expr),+]
        join |$me:ident, $other:ident| $join:expr;
        write |$target:ident, $id:ident, $what:ident| $write:expr;
        $(reads $reading:ty: |$seen:ident| $read:expr; specify |$known:ident| $specify:expr;)?
    ) => {
        mod $name {
            use super::*;

            $(#[doc = $doc])+
            #[derive(Clone, Debug, Default, PartialEq)]
            struct State($state);

            impl Lattice for State {
                fn join(&mut self, other: Self) -> bool {
                    let ($me, $other) = (&mut self.0, other.0);
                    $join
                }
            }

            impl Crdt for State {
                type Delta = Self;

                fn apply(&mut self, delta: Self) -> bool {
                    self.join(delta)
                }
            }

            struct This;

            impl Subject for This {
                type State = State;
                type Mutation = $mutation;
                type Reading = broken!(@reading $($reading)?);

                fn mutations(&self) -> Vec<$mutation> {
                    vec![$($all),+]
                }

                fn write(&self, state: &mut State, hand: &mut Hand, $what: &$mutation) -> State {
                    let ($target, $id) = (&mut state.0, hand.replica().as_u128());
                    let _ = $id;
                    State($write)
                }

                fn read(&self, state: &State) -> Self::Reading {
                    broken!(@read state $(|$seen| $read)?)
                }

                $(fn specify(&self, $known: &Known<'_, $mutation>) -> Option<$reading> {
                    Some($specify)
                })?
            }

            #[test]
            fn is_rejected() {
                super::super::is_rejected(&This, &[$(Law::$law),+], 6);
            }
        }
    };
    (@reading) => { () };
    (@reading $reading:ty) => { $reading };
    (@read $state:ident) => {{ let _ = $state; }};
    (@read $state:ident |$seen:ident| $read:expr) => {{ let $seen = &$state.0; $read }};
}

/// Takes the greater, and says whether that was news.
fn raise<T: Ord + Copy>(mine: &mut T, theirs: T) -> bool {
    let news = theirs > *mine;
    *mine = theirs.max(*mine);
    news
}

broken! {
    /// Counts are added on merge.
    adds_on_merge breaks Idempotent: u64, does u64: [1, 5]
    join |me, other| { *me += other; other > 0 };
    write |total, id, n| { *total += n; *n };
}

broken! {
    /// The delta is the increment, and the state the share: they do not speak of the same thing.
    delta_is_not_a_part breaks DeltaIsMutation: BTreeMap<u128, u64>, does u64: [1, 2]
    join |me, other| other.into_iter().fold(false, |grew, (id, n)| raise(me.entry(id).or_insert(0), n) | grew);
    write |shares, id, n| { *shares.entry(id).or_insert(0) += n; BTreeMap::from([(id, *n)]) };
}

broken! {
    /// A removal is forgotten, and what was removed comes back with the next merge.
    resurrects breaks Inflates | DeltaIsMutation: BTreeSet<u8>, does (bool, u8): [(true, 1), (false, 1)]
    join |me, other| { let before = me.len(); me.extend(other); me.len() > before };
    write |set, id, what| match *what {
        (true, x) => { set.insert(x); BTreeSet::from([x]) }
        (false, x) => { set.remove(&x); BTreeSet::new() }
    };
}

broken! {
    /// The last writer wins, and of equal times the one that is here.
    no_tie_break breaks Commutative | SameEventsSameState: (u64, u8), does u8: [1, 2]
    join |me, other| { let wins = other.0 > me.0; if wins { *me = other } wins };
    write |register, id, value| { *register = (register.0 + 1, *value); *register };
}

broken! {
    /// Ties are broken by an id that was cut short.
    truncated_id breaks Commutative | SameEventsSameState: (u64, u128, u8), does u8: [1, 2]
    join |me, other| { let wins = (other.0, other.1 % 2) > (me.0, me.1 % 2); if wins { *me = other } wins };
    write |register, id, value| { *register = (register.0 + 1, id, *value); *register };
}

broken! {
    /// Siblings are kept in the order of their arrival.
    order_of_arrival breaks Commutative | SameEventsSameState: Vec<(u128, u64)>, does u8: [0]
    join |me, other| {
        let before = me.len();
        for sibling in other {
            if !me.contains(&sibling) { me.push(sibling) }
        }
        me.len() > before
    };
    write |siblings, id, _what| {
        let sibling = (id, siblings.len() as u64);
        siblings.push(sibling);
        vec![sibling]
    };
}

broken! {
    /// Enabled is true on either side; so it can never be disabled.
    or_of_flags breaks Inflates: bool, does bool: [true, false]
    join |me, other| { let grew = other && !*me; *me |= other; grew };
    write |flag, id, on| { *flag = *on; *on };
}

broken! {
    /// The bool speaks of what can be seen, and is silent about removals.
    silent_about_removals breaks TellsGrowth: (BTreeSet<u8>, BTreeSet<u8>), does (bool, u8): [(true, 1), (false, 1)]
    join |me, other| {
        let seen = |set: &(BTreeSet<u8>, BTreeSet<u8>)| set.0.difference(&set.1).count();
        let before = seen(me);
        me.0.extend(other.0);
        me.1.extend(other.1);
        seen(me) > before
    };
    write |set, id, what| {
        let delta = if what.0 { ([what.1].into(), [].into()) } else { ([].into(), [what.1].into()) };
        set.0.extend(&delta.0);
        set.1.extend(&delta.1);
        delta
    };
}

broken! {
    /// Tombstones are honoured on merge, and not taken along.
    drops_tombstones breaks UpperBound | SameEventsSameState | DeltaIsMutation | Commutative | TellsGrowth:
    (BTreeSet<u8>, BTreeSet<u8>), does (bool, u8): [(true, 1), (false, 1)]
    join |me, other| {
        let before = me.clone();
        me.0.extend(&other.0);
        me.0.retain(|x| !me.1.contains(x) && !other.1.contains(x));
        *me != before
    };
    write |set, id, what| {
        if what.0 {
            if !set.1.contains(&what.1) { set.0.insert(what.1); }
            ([what.1].into(), [].into())
        } else {
            set.0.remove(&what.1);
            set.1.insert(what.1);
            ([].into(), [what.1].into())
        }
    };
}

broken! {
    /// The least, from 0: the bottom is not below what is offered.
    wrong_bottom breaks Inflates | BottomIsUnit: u8, does u8: [3, 5]
    join |me, other| { let less = other < *me; *me = other.min(*me); less };
    write |least, id, value| { *least = *value; *value };
}

broken! {
    /// The side with the greater clock wins whole, although neither had seen the other.
    greater_clock_wins breaks UpperBound | Commutative | Inflates | Associative | SameEventsSameState:
    (BTreeMap<u128, u64>, BTreeSet<u8>), does u8: [1, 2]
    join |me, other| {
        let clock = |side: &(BTreeMap<u128, u64>, BTreeSet<u8>)| side.0.values().sum::<u64>();
        let wins = clock(&other) > clock(me);
        if wins { me.1 = other.1; }
        let before = me.0.clone();
        other.0.into_iter().for_each(|(id, n)| { raise(me.0.entry(id).or_insert(0), n); });
        wins || me.0 != before
    };
    write |state, id, value| {
        *state.0.entry(id).or_insert(0) += 1;
        state.1.insert(*value);
        state.clone()
    };
}

broken! {
    /// A reset begins a new epoch, which throws away what was counted in the old one by those who had not heard.
    reset_by_epoch breaks Specification: (u64, BTreeMap<u128, u64>), does bool: [true, false]
    join |me, other| {
        if other.0 < me.0 { return false }
        let before = me.clone();
        if other.0 > me.0 { *me = (other.0, BTreeMap::new()); }
        other.1.into_iter().for_each(|(id, n)| { raise(me.1.entry(id).or_insert(0), n); });
        *me != before
    };
    write |counter, id, count| {
        if *count { *counter.1.entry(id).or_insert(0) += 1; } else { *counter = (counter.0 + 1, BTreeMap::new()); }
        counter.clone()
    };
    reads u64: |counter| counter.1.values().sum();
    specify |known| known.live(|count| *count, |_, later| !later).count() as u64;
}

broken! {
    /// A set by timestamps in which a removal wins over an insertion that it has not seen, where adding should win.
    removal_wins_by_time breaks Specification: BTreeMap<u8, (u64, bool)>, does (bool, u8): [(true, 1), (false, 1)]
    join |me, other| other.into_iter().fold(false, |grew, (x, latest)| {
        // false is less than true, so a removal at the same time wins.
        let key = |(time, is_in): (u64, bool)| (time, !is_in);
        let mine = me.get(&x).copied();
        let wins = mine.is_none_or(|mine| key(latest) > key(mine));
        if wins { me.insert(x, latest); }
        wins | grew
    });
    write |set, id, what| {
        let time = set.get(&what.1).map_or(0, |(time, _)| *time) + 1;
        set.insert(what.1, (time, what.0));
        BTreeMap::from([(what.1, (time, what.0))])
    };
    reads bool: |set| set.get(&1).is_some_and(|(_, is_in)| *is_in);
    specify |known| known.live(|m| m.0, |_, later| !later.0).next().is_some();
}
