//! The rules of a group: which replica may write, which has left, and what is believed on whose word.
//!
//! ```text
//! founder <- (itself)          a founding event: an admission of its own writer
//! b <- founder:4               an admission: the event by which a member has let b in
//! c <- b:1                     a chain: c counts where founder:4 is known, as long as b has not left
//! other founder <- c:9         a union: all that the other founder has let in are members too
//! ```
//!
//! All of it is a function of states and versions; nothing here is remembered. A [`Group`] is a view of one replica's state, and
//! [`Peer`](super::peer::Peer) asks it on behalf of a link.
//!
//! # Why a chain
//!
//! A replica settles what all members have acknowledged. So an event that it has not seen yet must be by a member that it has waited
//! for, or by one that was let in by such a member afterwards, and so began with all that the member had acknowledged. That
//! is a chain of admissions, each of which the replica in question has seen, from an admission that is known here. It does not
//! lead through a replica that has left, as far as is known here, because that one was not waited for.
//!
//! # Unions
//!
//! Groups that were founded apart have not waited for each other. So a group unites with another when it is at rest: a member has
//! settled all that it has seen. Then no other member has settled more, because each settles only what that one has
//! acknowledged; and none will before it knows of the union, and waits for the other group. From there on what each group had
//! settled is taken in by the other as one piece, as a state, and never event by event: see [`Group::needs_state`].

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use super::{Events, Refused, Replica, Replicated};
use crate::{Dot, ReplicaId, Version};

/// How a replica stands to a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It may write.
    Member,
    /// It was never admitted, as far as is known here.
    Stranger,
    /// It has left.
    Left,
}

/// An event by which a replica was let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Admission {
    pub(super) by: Dot,
    /// Whether the replica is the founder of a group that was founded apart.
    pub(super) is_union: bool,
}

impl Admission {
    /// Whether the replica has admitted itself, and so begun a group.
    fn is_founding(&self, of: ReplicaId) -> bool {
        !self.is_union && self.by.replica() == of
    }
}

/// Which replicas a state, or a delta, lets in, and with which admissions they have begun.
#[derive(Debug, Default)]
pub(super) struct Roster {
    admissions: BTreeMap<ReplicaId, Vec<Admission>>,
    begun: BTreeMap<ReplicaId, Vec<Dot>>,
}

impl Roster {
    pub(super) fn admit(&mut self, id: ReplicaId, admission: Admission) {
        self.admissions.entry(id).or_default().push(admission);
    }

    pub(super) fn begin(&mut self, id: ReplicaId, with: Dot) {
        self.begun.entry(id).or_default().push(with);
    }
}

/// Where a type of states keeps what the rules go by, and how a replica writes it.
#[derive(Clone)]
pub(super) struct Rules<T: Replicated> {
    pub(super) admissions: fn(&T, ReplicaId) -> Vec<Admission>,
    /// The admissions that a replica had seen when it began, as it has written down.
    pub(super) begun: fn(&T, ReplicaId) -> Vec<Dot>,
    /// The events by which a replica has left.
    pub(super) departures: fn(&T, ReplicaId) -> Vec<Dot>,
    /// The founders of other groups that this one has united with, and by which event.
    pub(super) unions: fn(&T) -> Vec<(ReplicaId, Dot)>,
    pub(super) roster: fn(&T) -> Roster,
    pub(super) roster_of: fn(&T::Delta) -> Roster,
    pub(super) admit: fn(&mut Replica<T>, ReplicaId),
    /// Takes an admission back that was not used.
    pub(super) withdraw: fn(&mut Replica<T>, ReplicaId),
    pub(super) unite: fn(&mut Replica<T>, ReplicaId),
    pub(super) retire: fn(&mut Replica<T>, ReplicaId),
    /// Writes down with which admissions this replica has begun.
    pub(super) begin: fn(&mut Replica<T>, Vec<Dot>),
}

/// A group as one replica's state knows it.
pub(super) struct Group<'a, T: Replicated> {
    pub(super) rules: &'a Rules<T>,
    pub(super) state: &'a T,
    /// The id under which the replica stands in the group.
    pub(super) me: ReplicaId,
}

impl<T: Replicated> Group<'_, T> {
    pub(super) fn standing(&self, id: ReplicaId) -> Standing {
        standing(self.rules, self.state, id)
    }

    pub(super) fn own_standing(&self) -> Standing {
        self.standing(self.me)
    }

    fn admissions(&self, id: ReplicaId) -> Vec<Admission> {
        (self.rules.admissions)(self.state, id)
    }

    fn has_left(&self, id: ReplicaId) -> bool {
        !(self.rules.departures)(self.state, id).is_empty()
    }

    /// Whether anything is known of the replica.
    fn is_known(&self, id: ReplicaId) -> bool {
        self.has_left(id) || !self.admissions(id).is_empty()
    }

    /// Whether the word of a member counts: it has seen an event that has let it in.
    pub(super) fn counts(&self, id: ReplicaId, has_seen: impl Fn(Dot) -> bool) -> bool {
        let is_seen = |admission: &Admission| !admission.is_union && has_seen(admission.by);
        self.standing(id) == Standing::Member && self.valid(id, &Roster::default()).iter().any(is_seen)
    }

    /// The admissions of this replica with which it has begun, if it has not written them down.
    pub(super) fn unwritten(&self) -> Vec<Dot> {
        let is_written = !(self.rules.begun)(self.state, self.me).is_empty();
        let admissions = self.admissions(self.me);
        if is_written || admissions.iter().any(|admission| admission.is_founding(self.me)) {
            return Vec::new();
        }
        let plain = admissions.into_iter().filter(|admission| !admission.is_union);
        plain.map(|admission| admission.by).collect()
    }

    /// Whether a replica that has seen `seen` may bring these events, and none of them is by a replica that nobody has let in.
    pub(super) fn check_events(
        &self,
        from: ReplicaId,
        seen: &Version,
        delta: &T::Delta,
    ) -> Result<(), Refused> {
        if self.has_left(from) {
            return Err(Refused::HasLeft(from));
        }
        // It may be that a member has let it in, and that nobody else is left to tell.
        let (events, brought) = (delta.events(), (self.rules.roster_of)(delta));
        let has_seen = |admission: &Admission| {
            !admission.is_union && (seen.contains(admission.by) || events.contains(admission.by))
        };
        if !self.leads_here(from, &brought, has_seen) {
            return Err(Refused::Stranger(from));
        }
        let news = events.difference(self.state.version());
        self.stranger_among(&news, &brought, false).map_or(Ok(()), |id| Err(Refused::Stranger(id)))
    }

    /// Whether deltas may be taken in that come from anywhere: none of their events is by a replica that nobody has let in.
    pub(super) fn admits(&self, delta: &T::Delta) -> bool {
        let news = delta.events().difference(self.state.version());
        self.stranger_among(&news, &(self.rules.roster_of)(delta), false).is_none()
    }

    /// Whether a replica, which has said to have `heard`, may bring a state that it had when it had seen `seen`, or this one a state
    /// that it has made of the facts of then. If those that have it know that this replica is a member, they have not settled
    /// anything that would be wrong here.
    pub(super) fn check_state(
        &self,
        from: ReplicaId,
        heard: &Version,
        state: &T,
        seen: &Version,
    ) -> Result<(), Refused> {
        if self.has_left(from) {
            return Err(Refused::HasLeft(from));
        }
        let brought = (self.rules.roster)(state);
        let is_answered = self.answers_union(seen, &brought);
        let has_seen = |admission: &Admission| {
            let is_seen = heard.contains(admission.by) || seen.contains(admission.by);
            is_seen || admission.is_union && is_answered
        };
        if !self.leads_here(from, &brought, has_seen) {
            return Err(Refused::Stranger(from));
        }
        // What is settled there has been believed by all.
        let mut news = seen.difference(self.state.version());
        news.subtract(&state.horizon());
        if let Some(id) = self.stranger_among(&news, &brought, true) {
            return Err(Refused::Stranger(id));
        }
        match self.standing_among(seen, &brought, |id| !(self.rules.departures)(state, id).is_empty()) {
            Standing::Member => Ok(()),
            Standing::Left => Err(Refused::Left),
            Standing::Stranger => Err(Refused::Outside),
        }
    }

    /// How those that have seen `seen` stand to this replica, which has seen it too.
    pub(super) fn standing_with(&self, seen: &Version) -> Standing {
        let has_left = |id| (self.rules.departures)(self.state, id).into_iter().any(|dot| seen.contains(dot));
        self.standing_among(seen, &Roster::default(), has_left)
    }

    fn standing_among(
        &self,
        seen: &Version,
        brought: &Roster,
        has_left: impl Fn(ReplicaId) -> bool,
    ) -> Standing {
        if has_left(self.me) {
            return Standing::Left;
        }
        let is_known = |admission: &Admission| seen.contains(admission.by);
        let leads_there = leads_back(self.me, |id| self.valid(id, brought), |_| true, is_known, has_left);
        if leads_there { Standing::Member } else { Standing::Stranger }
    }

    /// Whether a chain of admissions which `has_seen` accepts leads from a replica to one that is known here.
    fn leads_here(&self, id: ReplicaId, brought: &Roster, has_seen: impl Fn(&Admission) -> bool) -> bool {
        let is_known = |admission: &Admission| self.state.version().contains(admission.by);
        leads_back(id, |id| self.valid(id, brought), has_seen, is_known, |id| self.has_left(id))
    }

    /// The admissions of a replica, as far as they are known here or were brought, that say how old what it has may be. It may have been
    /// let in twice, and have written something before it heard of the second time: it counts from the admissions with which it
    /// has begun, and a founder from its founding.
    fn valid(&self, id: ReplicaId, brought: &Roster) -> Vec<Admission> {
        let mut valid = self.admissions(id);
        valid.extend(brought.admissions.get(&id).into_iter().flatten());
        let mut begun = (self.rules.begun)(self.state, id);
        begun.extend(brought.begun.get(&id).into_iter().flatten());
        if begun.is_empty() {
            begun.extend(
                valid.iter().filter(|admission| admission.is_founding(id)).map(|admission| admission.by),
            );
        }
        if !begun.is_empty() {
            begun.sort_unstable();
            valid.retain(|admission| admission.is_union || begun.binary_search(&admission.by).is_ok());
        }
        valid
    }

    /// Whether a state at version `seen` is of a group that was founded apart, has nothing of this one, and has united with it.
    fn answers_union(&self, seen: &Version, brought: &Roster) -> bool {
        let is_founder =
            |id: ReplicaId| self.admissions(id).iter().any(|admission| admission.is_founding(id));
        let names_us = |(id, admissions): (&ReplicaId, &Vec<Admission>)| {
            admissions.iter().any(|admission| admission.is_union) && is_founder(*id)
        };
        brought.admissions.iter().any(names_us) && !seen.intersects(self.state.version())
    }

    /// A writer of some events that nobody has let in, as far as is known here and in what was brought. That one has left
    /// does not matter: others may have taken in what it wrote before they knew.
    fn stranger_among(&self, news: &Version, brought: &Roster, crosses: bool) -> Option<ReplicaId> {
        let is_let_in = |id| self.admissions(id).iter().any(|admission| crosses || !admission.is_union);
        let unknown: Vec<ReplicaId> = news.replicas().filter(|id| !is_let_in(*id)).collect();
        if unknown.is_empty() {
            return None;
        }
        let mut let_in_by: BTreeMap<ReplicaId, Vec<ReplicaId>> = BTreeMap::new();
        for (id, admissions) in &brought.admissions {
            for admission in admissions.iter().filter(|admission| crosses || !admission.is_union) {
                let_in_by.entry(admission.by.replica()).or_default().push(*id);
            }
        }
        let mut known: BTreeSet<ReplicaId> = BTreeSet::new();
        let mut waiting: Vec<ReplicaId> = let_in_by.keys().copied().filter(|id| is_let_in(*id)).collect();
        while let Some(id) = waiting.pop() {
            let others = let_in_by.get(&id).into_iter().flatten();
            waiting.extend(others.filter(|id| known.insert(**id)));
        }
        unknown.into_iter().find(|id| !known.contains(id))
    }

    /// Whether a newcomer may begin with a state that `giver` has: both are members in it.
    pub(super) fn may_begin_with(&self, state: &T, giver: ReplicaId) -> bool {
        self.state.version().is_empty()
            && [self.me, giver].into_iter().all(|id| standing(self.rules, state, id) == Standing::Member)
    }

    /// A founder of the group, to which a chain of admissions leads from this replica.
    pub(super) fn founder(&self) -> Option<ReplicaId> {
        let (mut visited, mut waiting) = (BTreeSet::from([self.me]), Vec::from([self.me]));
        while let Some(id) = waiting.pop() {
            for admission in self.admissions(id).into_iter().filter(|admission| !admission.is_union) {
                if admission.is_founding(id) {
                    return Some(id);
                }
                let by = admission.by.replica();
                if visited.insert(by) {
                    waiting.push(by);
                }
            }
        }
        None
    }

    /// Whether a peer is of a group that was founded apart, by `founder`, and with which this one may unite. They have no event
    /// in common: a group that has split off by mistake is no other group.
    pub(super) fn is_apart(&self, peer: ReplicaId, founder: ReplicaId, seen: &Version) -> bool {
        self.standing(peer) == Standing::Stranger
            && (!self.is_known(founder) || self.is_pending(founder))
            && seen.last(founder) > 0
            && !seen.intersects(self.state.version())
    }

    /// Whether a peer that was let in here has begun in another group, as it says, and so never will in this one. Nobody need wait for it.
    pub(super) fn is_elsewhere(&self, peer: ReplicaId, founder: ReplicaId, seen: &Version) -> bool {
        self.standing(peer) == Standing::Member
            && !self.is_known(founder)
            && !seen.is_empty()
            && !seen.intersects(self.state.version())
    }

    /// Whether this group has united with another of which it has nothing yet.
    pub(super) fn is_pending(&self, founder: ReplicaId) -> bool {
        let admissions = self.admissions(founder);
        !admissions.is_empty()
            && admissions.iter().all(|admission| admission.is_union)
            && !self.has_left(founder)
    }

    /// Whether all that was seen here is settled, so that this group may unite with another. Unions themselves need not be: three
    /// groups, each of which waits for the next, would wait for ever.
    pub(super) fn is_at_rest(&self) -> bool {
        let mut unsettled = self.state.version().difference(&self.state.horizon());
        unsettled.subtract(&(self.rules.unions)(self.state).into_iter().map(|(_, by)| by).collect());
        unsettled.is_empty() && self.own_standing() == Standing::Member
    }

    /// Whether only a state will do for a replica at version `seen`: it has not seen a union by which this one has taken in what
    /// another group had settled. Taken in event by event that might read otherwise.
    pub(super) fn needs_state(&self, seen: &Version) -> bool {
        let unions = (self.rules.unions)(self.state);
        unions.into_iter().any(|(founder, by)| !seen.contains(by) && !self.is_pending(founder))
    }
}

fn standing<T: Replicated>(rules: &Rules<T>, state: &T, id: ReplicaId) -> Standing {
    if !(rules.departures)(state, id).is_empty() {
        Standing::Left
    } else if (rules.admissions)(state, id).iter().any(|admission| !admission.is_union) {
        Standing::Member
    } else {
        Standing::Stranger
    }
}

/// Whether a chain of admissions, each of which `counts`, leads from a replica back to one that `is_known`, and through none
/// that has left. Each replica is looked at once, so hostile admissions cost no more than honest ones.
fn leads_back(
    from: ReplicaId,
    admissions: impl Fn(ReplicaId) -> Vec<Admission>,
    counts: impl Fn(&Admission) -> bool,
    is_known: impl Fn(&Admission) -> bool,
    has_left: impl Fn(ReplicaId) -> bool,
) -> bool {
    let (mut visited, mut waiting) = (BTreeSet::from([from]), Vec::from([from]));
    while let Some(id) = waiting.pop() {
        for admission in admissions(id).into_iter().filter(&counts) {
            if is_known(&admission) {
                return true;
            }
            let by = admission.by.replica();
            if visited.insert(by) && !has_left(by) {
                waiting.push(by);
            }
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use core::cell::Cell;

    use super::*;

    /// Each replica is admitted by all before it, so paths are exponentially many; no admission is known.
    #[test]
    fn each_admission_is_looked_at_once() {
        let looked_at = |n: u128| {
            let (replicas, looks) = (Cell::new(0_u128), Cell::new(0_u128));
            let admissions = |id: ReplicaId| -> Vec<Admission> {
                replicas.set(replicas.get() + 1);
                let by = |earlier| Dot::new(ReplicaId::from_u128(earlier), 1).unwrap();
                (0..id.as_u128()).map(|earlier| Admission { by: by(earlier), is_union: false }).collect()
            };
            let counts = |_: &Admission| {
                looks.set(looks.get() + 1);
                true
            };
            assert!(!leads_back(ReplicaId::from_u128(n), admissions, counts, |_| false, |_| false));
            (replicas.get(), looks.get())
        };
        assert_eq!(looked_at(40), (41, 40 * 41 / 2));
        assert_eq!(looked_at(160), (161, 160 * 161 / 2));
    }

    #[test]
    fn a_chain_does_not_lead_through_a_replica_that_has_left() {
        // 3 <- 2 <- 1, and 1 is known.
        let by = |id: ReplicaId| Dot::new(ReplicaId::from_u128(id.as_u128() - 1), 1).unwrap();
        let admissions = |id| Vec::from([Admission { by: by(id), is_union: false }]);
        let leads = |left: u128| {
            let is_known = |admission: &Admission| admission.by.replica().as_u128() == 0;
            leads_back(ReplicaId::from_u128(3), admissions, |_| true, is_known, |id| id.as_u128() == left)
        };
        assert!(leads(9) && !leads(2) && !leads(1));
        assert!(leads(0), "the admission of the first is known, whoever has left");
    }
}
