//! Groups: the operator, which admits and retires nodes, and what nodes write by themselves.

use super::{World, kept};
use crate::sim::Workload;
use crate::sync::{Events, Replicated, Standing};
use crate::{Crdt, ReplicaId, Version};

impl<W: Workload> World<W> {
    /// Writes down what a node has written by itself, because it is in a group: it takes in what links bring, and may let others in.
    pub(super) fn note_writes(&mut self, at: usize, before: &Version) {
        let Some(replica) = self.nodes[at].replica.as_ref().filter(|_| W::IS_GROUP) else { return };
        let written = replica.written_since(before);
        let mut context = replica.version().clone();
        written.iter().for_each(|delta| context.subtract(delta.events()));
        for delta in written {
            let events = delta.events().clone();
            self.note_admissions(&delta);
            if let Err(violation) = self.journal.write(delta, context.clone()) {
                self.violation(violation);
            }
            context.union(&events);
        }
    }

    /// Writes down which nodes a delta lets in.
    pub(super) fn note_admissions(&mut self, delta: &<W::State as Crdt>::Delta) {
        let mut alone = W::State::default();
        if alone.take(delta.clone()).is_ok() {
            let ids: Vec<ReplicaId> = self.nodes.iter().filter_map(|node| node.id).collect();
            let let_in = ids.into_iter().filter(|id| self.workload.standing(&alone, *id) == Standing::Member);
            let let_in: Vec<_> = let_in.map(|id| (id, delta.events().clone())).collect();
            self.admissions.extend(let_in);
        }
    }

    pub(super) fn settle_at(&mut self, node: usize) {
        if let Some(replica) = &mut self.nodes[node].replica {
            let before = replica.state().horizon();
            self.workload.settle(replica);
            self.report.settled += u64::from(before != replica.state().horizon());
        }
    }

    /// Whether a node is up and a member.
    pub(super) fn may_write(&self, at: usize) -> bool {
        let node = &self.nodes[at];
        node.replica.as_ref().is_some_and(|replica| {
            !node.is_leaving && self.workload.standing(replica.state(), replica.id()) == Standing::Member
        })
    }

    /// What a node has in its memory, or would start with.
    pub(super) fn state(&self, at: usize) -> Option<&W::State> {
        let node = &self.nodes[at];
        let saved = node.disk.as_ref().map(|saved| &saved.state);
        node.replica.as_ref().map(|replica| replica.state()).or(saved)
    }

    /// Whether a node is a member, as far as it knows, now or when it starts again, and is not mistaken.
    pub(super) fn is_member(&self, at: usize) -> bool {
        self.standing(at) == Some(Standing::Member) && !self.is_expelled(at)
    }

    pub(super) fn is_expelled(&self, at: usize) -> bool {
        self.nodes[at].id.is_some_and(|id| self.expelled.contains(&id))
    }

    /// How a node stands to the group, as far as it knows.
    pub(super) fn standing(&self, at: usize) -> Option<Standing> {
        self.state(at).zip(self.nodes[at].id).map(|(state, id)| self.workload.standing(state, id))
    }

    /// Whether a group would be at its end without a node: no other will still be a member if it crashes.
    pub(super) fn is_last(&self, at: usize) -> bool {
        let is_safe = |other: &usize| {
            let node = &self.nodes[*other];
            let saved = node.disk.as_ref().map(|saved| &saved.state).zip(node.id);
            !self.options.disks
                || saved.is_some_and(|(state, id)| self.workload.standing(state, id) == Standing::Member)
        };
        let stays = |other: &usize| !self.nodes[*other].is_leaving && self.is_member(*other);
        W::IS_GROUP && !(0..self.nodes.len()).any(|other| other != at && stays(&other) && is_safe(&other))
    }

    pub(super) fn admit(&mut self, sponsor: usize, id: ReplicaId) {
        let before = kept(&self.nodes[sponsor]);
        let mut workload = std::mem::take(&mut self.workload);
        self.edit(sponsor, |edit| workload.admit(edit, id));
        self.workload = workload;
        self.admissions.push((id, kept(&self.nodes[sponsor]).difference(&before)));
    }

    /// What those do who run a group: they let new nodes in, and let those go that are gone. And nodes settle.
    pub(super) fn tend(&mut self) {
        // One whom all others know: whom only those have let in that were let go is not inside.
        let able = (0..self.nodes.len()).filter(|at| self.may_write(*at) && self.is_member(*at));
        let Some(sponsor) = able.min_by_key(|at| self.inside(*at).len()) else { return };
        self.admit_all(sponsor);
        for id in std::mem::take(&mut self.gone) {
            self.retire(sponsor, id);
        }
        for at in 0..self.nodes.len() {
            self.settle_at(at);
            self.save_soon(at);
            self.pump(at);
        }
    }

    /// Lets in who is not a member yet.
    pub(super) fn admit_all(&mut self, sponsor: usize) {
        let inside = self.inside(sponsor);
        for at in (0..self.nodes.len()).filter(|at| *at != sponsor) {
            let (Some(node), Some(here)) = (self.replica(at), self.replica(sponsor)) else { continue };
            let (id, version) = (node.id(), node.version());
            let standing = self.workload.standing(here.state(), id);
            if version.is_empty() {
                if standing == Standing::Stranger && !self.nodes[at].is_leaving {
                    self.admit(sponsor, id);
                }
                continue;
            }
            if !inside.contains(&at) && standing != Standing::Left {
                // Somebody has let it in who was let go meanwhile: nobody else knows of it.
                self.replace(at, None);
            }
        }
    }

    /// The nodes that are members for one, directly or by others that are: they have begun with an event that let them in, and
    /// that is known inside.
    pub(super) fn inside(&self, sponsor: usize) -> Vec<usize> {
        let mut inside = vec![sponsor];
        let mut known = vec![kept(&self.nodes[sponsor])];
        let mut next = 0;
        while next < known.len() {
            for other in (0..self.nodes.len()).filter(|other| !inside.contains(other)).collect::<Vec<_>>() {
                let (id, has) = (self.nodes[other].id, kept(&self.nodes[other]));
                let beginning = id.and_then(|id| self.journal.beginning(id));
                let beginning = beginning.as_ref().unwrap_or(&has);
                let is_in = |(let_in, by): &(ReplicaId, Version)| {
                    id == Some(*let_in) && beginning.covers(by) && known[next].covers(by)
                };
                if self.admissions.iter().any(is_in) {
                    inside.push(other);
                    known.push(has);
                }
            }
            next += 1;
        }
        inside
    }

    pub(super) fn retire(&mut self, by: usize, id: ReplicaId) {
        let mut workload = std::mem::take(&mut self.workload);
        self.edit(by, |edit| workload.retire(edit, id));
        self.workload = workload;
    }

    /// Another member lets a node go that may still be there.
    pub(super) fn expel(&mut self, at: usize) {
        let is_able = |by: &usize| *by != at && self.may_write(*by) && self.is_member(*by);
        let (Some(id), Some(by)) = (self.nodes[at].id, (0..self.nodes.len()).find(is_able)) else { return };
        if W::IS_GROUP && !self.is_last(at) && !self.nodes[at].is_leaving {
            self.expelled.push(id);
            self.retire(by, id);
        }
    }
}
