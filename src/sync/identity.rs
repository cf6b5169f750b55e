//! Under which id a replica stands in its group, and how it goes on when it must take another.
//!
//! A replica that has forgotten writes of its own, or is told so, writes under a new id from then on. In a group that id must be
//! admitted. Until it is, the replica is the member that it has been: it takes in and acknowledges under the old id, and asks the
//! members that vouch for it to admit the new one. When it has seen that, it retires the old id, with the first event under the new
//! one. It never forgets anything on the way, and nobody waits for an id that says nothing any more.

use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use super::heard::Heard;
use super::membership::{Group, Rules, Standing};
use super::{Replica, Replicated};
use crate::writer::Renewal;
use crate::{ReplicaId, Version};

/// Groups that wait for this one to be at rest, at most. Those beyond come again.
const MOST_SUITORS: usize = 16;

/// What a replica in a group remembers beside its state.
pub(super) struct Membership<T: Replicated> {
    pub(super) rules: Rules<T>,
    pub(super) heard: Heard,
    /// The last id under which the replica has been a member.
    name: ReplicaId,
    /// The founders of groups with which to unite when this one is at rest.
    suitors: BTreeSet<ReplicaId>,
}

impl<T: Replicated> Membership<T> {
    pub(super) fn new(rules: Rules<T>, name: ReplicaId) -> Self {
        Membership { rules, heard: Heard::default(), name, suitors: BTreeSet::new() }
    }
}

/// Writes of its own that a replica may have forgotten.
impl<T: Replicated> Replica<T> {
    /// Takes note of what others are known to have, by an application that trusts it: if there are writes of this replica in it that
    /// it does not know, it has forgotten them, and takes a new id before its next write.
    ///
    /// Links do this on the word of peers that the application [vouches for](super::Link::vouched_for), within bounds. What others
    /// claim they only [report](Self::claimed).
    pub fn hear_of(&mut self, version: &Version) {
        let made = version.last(self.id());
        if self.membership.is_none() {
            self.writer.hear_of(made.into());
        } else if self.is_behind(made) {
            // It stays the member that it is until the next id is admitted.
            self.writer.reserve();
        }
    }

    /// How many writes of this replica somebody claims to have, more than it has made as far as it knows, where that was not believed
    /// because no link [vouches](super::Link::vouched_for) for the peer, or its allowance is spent. Nothing has come of it.
    ///
    /// It is a lie, unless this replica was restored from an old copy. If that may be, ask somebody, and call
    /// [`hear_of`](Self::hear_of) with a version that can be trusted.
    pub fn claimed(&self) -> Option<u64> {
        self.claimed.filter(|(id, made)| *id == self.id() && self.is_behind(*made)).map(|(_, made)| made)
    }

    /// Takes note of a claim that is not believed.
    pub(super) fn claim(&mut self, made: u64) {
        let id = self.id();
        let before = self.claimed.filter(|(of, _)| *of == id);
        self.claimed = before.max(Some((id, made)));
    }

    /// Whether it has made fewer writes, as far as it knows.
    pub(super) fn is_behind(&self, made: u64) -> bool {
        self.writer.is_behind(made.into())
    }

    /// Finds out whether it has forgotten writes of its own, which others know. If so, it has taken a new id, and says so.
    ///
    /// Good to call after a restart, when others have been heard and before anything is written.
    pub fn settle_identity(&mut self) -> Option<Renewal> {
        self.writer.settle_identity()
    }

    /// Whether it has taken a new id since this was last asked, and why.
    pub fn renewed(&mut self) -> Option<Renewal> {
        self.writer.renewed()
    }
}

/// Its standing in the group.
impl<T: Replicated> Replica<T> {
    /// The group that the replica is in, if it is in one.
    pub(super) fn group(&self) -> Option<Group<'_, T>> {
        let Membership { rules, name, .. } = self.membership.as_ref()?;
        let mut group = Group { rules, state: self.state(), me: self.id() };
        if group.own_standing() == Standing::Stranger {
            group.me = *name;
        }
        Some(group)
    }

    /// The id that the replica needs to be admitted under, to write: `None` if it may write under the one that it has.
    pub(super) fn successor(&self) -> Option<ReplicaId> {
        let group = self.group()?;
        if group.me == self.id() { self.writer.reserved() } else { Some(self.id()) }
    }

    /// Whether the replica has written under an id that it has not been admitted under yet.
    pub(super) fn awaits_admission(&self) -> bool {
        self.group().is_some_and(|group| group.me != self.id()) && self.version().last(self.id()) > 0
    }

    /// Goes on under another id, if it must and may.
    pub(super) fn keep_standing(&mut self) {
        let is_member =
            |replica: &Self, id| replica.group().is_some_and(|group| group.standing(id) == Standing::Member);
        if self.writer.has_forgotten() && is_member(self, self.id()) {
            self.writer.reserve();
        }
        if self.writer.reserved().is_some_and(|id| is_member(self, id)) {
            self.writer.settle_identity();
        }
        if !is_member(self, self.id()) {
            return;
        }
        let (me, unwritten) = (self.id(), self.group().map(|group| group.unwritten()));
        let Some(membership) = &mut self.membership else { return };
        let name = core::mem::replace(&mut membership.name, me);
        let (retire, begin) = (membership.rules.retire, membership.rules.begin);
        if let Some(unwritten) = unwritten.filter(|unwritten| !unwritten.is_empty()) {
            begin(self, unwritten);
        }
        if name != me {
            retire(self, name);
        }
    }

    /// Takes note of what a member has acknowledged.
    pub(super) fn heard_from_member(&mut self, member: ReplicaId, version: &Version) {
        if let Some(membership) = &mut self.membership {
            membership.heard.hear(member, version);
        }
    }

    /// Lets a replica in, which has nothing, or is a member under another id.
    pub(super) fn let_in(&mut self, id: ReplicaId) {
        if let Some(admit) = self.membership.as_ref().map(|membership| membership.rules.admit) {
            admit(self, id);
        }
    }

    /// Takes an admission back that was not used.
    pub(super) fn withdraw(&mut self, id: ReplicaId) {
        if let Some(withdraw) = self.membership.as_ref().map(|membership| membership.rules.withdraw) {
            withdraw(self, id);
        }
    }

    /// Whether a group waits for this one to be at rest.
    pub(super) fn is_suitor(&self, founder: ReplicaId) -> bool {
        self.membership.as_ref().is_some_and(|membership| membership.suitors.contains(&founder))
    }

    /// Unites with the group of another founder, now or when this one is at rest.
    pub(super) fn unite_when_at_rest(&mut self, founder: ReplicaId) {
        if let Some(membership) = &mut self.membership
            && membership.suitors.len() < MOST_SUITORS
        {
            membership.suitors.insert(founder);
        }
        self.unite_at_rest();
    }

    /// Unites with the groups that wait for it, if this one is at rest.
    pub(super) fn unite_at_rest(&mut self) {
        let Some(membership) = self.membership.as_mut().filter(|membership| !membership.suitors.is_empty())
        else {
            return;
        };
        let suitors: Vec<ReplicaId> = core::mem::take(&mut membership.suitors).into_iter().collect();
        let unite = membership.rules.unite;
        for founder in suitors {
            let Some(group) = self.group() else { return };
            if group.standing(founder) != Standing::Stranger || group.is_pending(founder) {
                continue;
            }
            if group.is_at_rest() {
                unite(self, founder);
            } else if let Some(membership) = &mut self.membership {
                membership.suitors.insert(founder);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use core::sync::atomic::{AtomicU64, Ordering};

    use super::*;
    use crate::sync::Shared;
    use crate::{Causal, Counter, Writer};

    type Group = Causal<Shared<Counter>>;

    fn id(n: u128) -> ReplicaId {
        ReplicaId::from_u128(n)
    }

    fn founder() -> Replica<Group> {
        let next = AtomicU64::new(1);
        let ids = move || id(next.fetch_add(1_000, Ordering::Relaxed).into());
        Replica::found_as(Writer::with_ids(Causal::default(), ids))
    }

    #[test]
    fn sixteen_groups_at_most_wait_for_one_that_is_not_at_rest() {
        let mut replica = founder();
        (2..30).for_each(|n| replica.unite_when_at_rest(id(n)));
        assert!(replica.united.is_empty(), "its founding is not settled");
        let waiting: Vec<u128> = (2..30).filter(|n| replica.is_suitor(id(*n))).collect();
        assert_eq!(waiting, (2..18).collect::<Vec<u128>>());
        assert!(replica.settle());
        assert_eq!(replica.united.len(), 16);
        assert!((2..30).all(|n| !replica.is_suitor(id(n))));
    }

    /// A new id alone does not hold back the writes of others; a write under it does.
    #[test]
    fn a_replica_waits_to_be_admitted_once_it_has_written_under_another_id() {
        let mut replica = founder();
        let before = replica.id();
        let mut claim = Version::new();
        claim.insert_run(before, 1, 100);
        replica.hear_of(&claim);
        assert!(!replica.awaits_admission());
        assert!(replica.settle_identity().is_some());
        assert_ne!(replica.id(), before);
        assert_eq!(replica.successor(), Some(replica.id()));
        assert!(!replica.awaits_admission());
        replica.edit_at(0, |shared| shared.data.add(1));
        assert!(replica.awaits_admission());
    }
}
