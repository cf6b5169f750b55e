//! The peer of a link: which replica it is, how far it is believed, and what it may do.

use super::allowance::PeerName;
use super::membership::{Group, Standing};
use super::{Refused, Replica, Replicated};
use crate::codec::{DecodeError, Element, Input, Output};
use crate::{ReplicaId, Version};

/// How long a replica waits before it settles on the same peer's word again, in milliseconds.
const SETTLES_AFTER: u64 = 1_000;

/// How a replica introduces itself in a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Name {
    /// The id under which it stands in the group.
    pub(super) id: ReplicaId,
    /// A founder of its group; `None` if it is in no group yet.
    pub(super) founder: Option<ReplicaId>,
    /// The id under which it will write next, if that is another one, which a member is to admit.
    pub(super) successor: Option<ReplicaId>,
}

impl Name {
    pub(super) fn write(&self, out: &mut Output<'_>) {
        self.id.write(out);
        self.founder.write(out);
        self.successor.write(out);
    }

    pub(super) fn read(input: &mut Input<'_>) -> Result<Self, DecodeError> {
        Ok(Name {
            id: ReplicaId::read(input)?,
            founder: Option::read(input)?,
            successor: Option::read(input)?,
        })
    }
}

/// The peer of one link.
///
/// Outside groups events are taken from everybody; but an id is given up, and what is [settled](Self::note) is believed, on the
/// word of a peer only that the application vouches for.
#[derive(Debug)]
pub(super) struct Peer {
    /// The name under which the application has authenticated it, if it has.
    vouched: Option<PeerName>,
    /// Whether it had nothing when it greeted.
    is_new: bool,
    /// The name that it has given.
    name: Option<Name>,
    /// The name that it was given from here.
    told: Option<Name>,
    /// Whether something of it was refused because it is a stranger.
    was_refused: bool,
    /// Whether it has been told that it is not in the group.
    is_told_off: bool,
    /// What is settled there, as the peer said last.
    settled: Option<Settled>,
    /// Before this nothing more is settled on the peer's word: each time goes through the whole state.
    settles_from: u64,
}

/// What is settled at the peer, and what the peer had when it said so, or later.
#[derive(Debug)]
struct Settled {
    horizon: Version,
    seen: Option<Version>,
}

/// What a message brings that is to be taken in.
pub(super) enum Brings<'a, T: Replicated> {
    Events(&'a T::Delta),
    /// Some facts of a comparison, before it is known which state they complete.
    Facts,
    /// A state of the peer, or one that was completed by its facts; and what the peer had seen when it had that.
    State(&'a T, &'a Version),
}

/// What a peer is told whose writes are not taken in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Outside {
    /// Whether it was a member once.
    pub(super) has_left: bool,
}

impl Outside {
    /// What it means to the replica that is told.
    pub(super) fn refused(self) -> Refused {
        if self.has_left { Refused::Left } else { Refused::Outside }
    }
}

/// What to do with what a message brings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Take {
    Yes,
    /// Nothing is wrong with it, but it is not for this replica.
    Ignore,
}

/// In which form the peer is told what it lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tell {
    /// Not now.
    Nothing,
    Events,
    /// As a whole state, also where the log would reach.
    State,
}

impl Peer {
    /// A peer that has not said anything. The carrier has authenticated it if there is a name.
    pub(super) fn new(vouched: Option<PeerName>) -> Self {
        Peer {
            vouched,
            is_new: false,
            name: None,
            told: None,
            was_refused: false,
            is_told_off: false,
            settled: None,
            settles_from: 0,
        }
    }

    /// Whether the application vouches for it.
    pub(super) fn is_vouched_for(&self) -> bool {
        self.vouched.is_some()
    }

    /// The same peer in a new conversation.
    pub(super) fn anew(&self) -> Self {
        Peer { was_refused: self.was_refused, settles_from: self.settles_from, ..Peer::new(self.vouched) }
    }

    /// The intervals that it holds.
    pub(super) fn intervals(&self) -> usize {
        let of = |Settled { horizon, seen }: &Settled| {
            horizon.interval_count() + seen.as_ref().map_or(0, Version::interval_count)
        };
        self.settled.as_ref().map_or(0, of)
    }

    /// The peer has greeted, and had nothing or something then.
    pub(super) fn greeted(&mut self, is_new: bool) {
        self.is_new = is_new;
    }

    /// The peer has said how it stands to its group.
    pub(super) fn named(&mut self, name: Name) {
        if self.name.replace(name).is_some_and(|before| before.id != name.id) {
            self.is_told_off = false;
        }
    }

    /// The peer has said what is settled there.
    pub(super) fn settled(&mut self, horizon: Version) {
        self.settled = Some(Settled { horizon, seen: None });
    }

    /// The name to give to the peer, if it does not know it yet: the first thing to say. After a change of names the version must be
    /// told again before anything else is: a member counts when it has said that it has seen its admission.
    pub(super) fn must_name<T: Replicated>(&mut self, replica: &Replica<T>) -> Option<Name> {
        let group = replica.group()?;
        let (id, successor) = (group.me, replica.successor());
        let is_told = |told: &Name| {
            told.id == id
                && told.successor == successor
                && (told.founder.is_some() || replica.version().is_empty())
        };
        if self.told.as_ref().is_some_and(is_told) {
            return None;
        }
        let name = Name { id, founder: group.founder(), successor };
        (self.told.replace(name) != Some(name)).then_some(name)
    }

    /// What to tell the peer, once: that it has left, or is not in the group, so that what it writes is not taken in.
    pub(super) fn must_tell_off<T: Replicated>(
        &mut self,
        replica: &Replica<T>,
        heard: &Version,
    ) -> Option<Outside> {
        if self.is_told_off {
            return None;
        }
        let (group, name) = replica.group().zip(self.name)?;
        let outside = match group.standing(name.id) {
            Standing::Left => Outside { has_left: true },
            // It was in the conversation before, when it had said what it has.
            _ if self.was_refused && !heard.is_empty() && self.is_stranger(replica, heard) => {
                Outside { has_left: false }
            }
            _ => return None,
        };
        (self.is_told_off, self.was_refused) = (true, false);
        Some(outside)
    }

    /// Whether nothing is said to the peer before both are members: it has nothing, would ask for a state as soon as it hears of
    /// one, and must be a member in that.
    pub(super) fn must_wait<T: Replicated>(&self, replica: &Replica<T>, heard: &Version) -> bool {
        let Some(group) = replica.group() else { return false };
        let is_member = |id| group.standing(id) == Standing::Member;
        let are_members = is_member(group.me) && self.name.is_some_and(|name| is_member(name.id));
        self.is_newcomer(heard) && !replica.version().is_empty() && !are_members
    }

    fn is_newcomer(&self, heard: &Version) -> bool {
        self.is_new && heard.is_empty()
    }

    /// In which form the peer, which has `heard`, is told what it lacks.
    pub(super) fn tell<T: Replicated>(&self, replica: &Replica<T>, heard: &Version) -> Tell {
        let Some(group) = replica.group() else { return Tell::Events };
        // A newcomer asks for a state by itself. And what was written under an id that nobody has admitted would be refused.
        if heard.is_empty() || replica.awaits_admission() {
            return Tell::Nothing;
        }
        match self.founder_apart(&group, heard) {
            Some(founder) if group.is_pending(founder) => Tell::State,
            // Until both groups are at rest there is nothing that could be taken in.
            Some(_) => Tell::Nothing,
            None => Tell::Events,
        }
    }

    /// Whether the peer's whole state, or a comparison, may be asked for: not of another group before this one has united with it.
    pub(super) fn may_ask<T: Replicated>(&self, replica: &Replica<T>, heard: &Version) -> bool {
        replica.group().is_none_or(|group| {
            self.founder_apart(&group, heard).is_none_or(|founder| group.is_pending(founder))
        })
    }

    /// The founder of the peer's group, if that was founded apart, and the application vouches for the peer.
    fn founder_apart<T: Replicated>(&self, group: &Group<'_, T>, heard: &Version) -> Option<ReplicaId> {
        let name = self.name.filter(|_| self.vouched.is_some())?;
        let founder = name.founder?;
        let is_apart = group.own_standing() == Standing::Member && group.is_apart(name.id, founder, heard);
        is_apart.then_some(founder)
    }

    /// Whether the peer is in no group that this replica is in, so that facts are not compared with it.
    pub(super) fn is_stranger<T: Replicated>(&self, replica: &Replica<T>, heard: &Version) -> bool {
        let is_stranger = |(group, name): (Group<'_, T>, Name)| {
            group.standing(name.id) != Standing::Left && !group.counts(name.id, |dot| heard.contains(dot))
        };
        replica.group().zip(self.name).is_some_and(is_stranger)
    }

    /// Whether the peer, which has `heard`, may bring what is in a message.
    ///
    /// # Errors
    ///
    /// [`Refused`], and nothing of it is to be taken in.
    pub(super) fn may_bring<T: Replicated>(
        &mut self,
        replica: &Replica<T>,
        heard: &Version,
        brings: &Brings<'_, T>,
    ) -> Result<Take, Refused> {
        let take = self.judge(replica, heard, brings);
        if let (Err(Refused::Stranger(id)), Some(name)) = (&take, self.name) {
            self.was_refused |= *id == name.id;
        }
        take
    }

    fn judge<T: Replicated>(
        &self,
        replica: &Replica<T>,
        heard: &Version,
        brings: &Brings<'_, T>,
    ) -> Result<Take, Refused> {
        let Some(group) = replica.group() else { return Ok(Take::Yes) };
        let Some(name) = self.name else { return Err(Refused::Nonsense("in a group, a name comes first")) };
        match (group.own_standing(), brings) {
            // It goes on telling what it has, and takes nothing in.
            (Standing::Left, _) => return Ok(Take::Ignore),
            (Standing::Stranger, Brings::State(state, _)) if group.may_begin_with(state, name.id) => {
                return Ok(Take::Yes);
            }
            (Standing::Stranger, _) => return Err(Refused::Outside),
            (Standing::Member, _) => {}
        }
        match brings {
            Brings::Events(delta) => group.check_events(name.id, heard, delta)?,
            Brings::State(state, seen) => group.check_state(name.id, heard, state, seen)?,
            Brings::Facts if group.standing(name.id) == Standing::Left => {
                return Err(Refused::HasLeft(name.id));
            }
            // It is sent the whole state instead.
            Brings::Facts if self.is_stranger(replica, heard) => return Ok(Take::Ignore),
            Brings::Facts => {}
        }
        Ok(Take::Yes)
    }

    /// The peer says to have events of this replica. If this replica does not know them it has forgotten them, or the peer lies: an
    /// id is given up on the word of a peer only that the application vouches for, and not without end.
    pub(super) fn hears<T: Replicated>(&self, replica: &mut Replica<T>, news: &Version, now: u64) {
        let (id, made) = (replica.id(), news.last(replica.id()));
        if !replica.is_behind(made) || replica.successor().is_some() {
            return;
        }
        let is_believed = self.vouched.is_some_and(|peer| replica.allowances.spend(peer, id, now));
        if is_believed {
            replica.hear_of(news);
        } else {
            replica.claim(made);
        }
    }

    /// Takes note of what the peer, which has `heard`, has and has settled; and lets in replicas that the application vouches for.
    /// To be called when a message was taken in.
    ///
    /// # Errors
    ///
    /// [`Refused::Left`] or [`Refused::Outside`] if the peer has settled something without this replica.
    pub(super) fn note<T: Replicated>(
        &mut self,
        replica: &mut Replica<T>,
        heard: &Version,
        now: u64,
    ) -> Result<(), Refused> {
        replica.keep_standing();
        self.let_in(replica, heard, now);
        let counts = match (replica.group(), self.name) {
            // Nothing but the application tells who must have seen what is settled.
            (None, _) => self.vouched.is_some(),
            (Some(group), Some(name)) => group.counts(name.id, |dot| heard.contains(dot)),
            (Some(_), None) => false,
        };
        if !counts {
            return Ok(());
        }
        if let Some(name) = self.name {
            replica.heard_from_member(name.id, heard);
        }
        if let Some(settled) = self.settled.as_mut().filter(|settled| settled.seen.is_none()) {
            if now < self.settles_from {
                return Ok(());
            }
            self.settles_from = now.saturating_add(SETTLES_AFTER);
            settled.seen = Some(heard.clone());
        }
        self.settle(replica)
    }

    /// Settles what the peer has settled, once the replica has seen all that the peer had.
    fn settle<T: Replicated>(&mut self, replica: &mut Replica<T>) -> Result<(), Refused> {
        let has_seen = |settled: &mut Settled| settled.seen.as_ref().is_some_and(|seen| replica.has(seen));
        let Some(Settled { horizon, seen: Some(seen) }) = self.settled.take_if(has_seen) else {
            return Ok(());
        };
        if let Some(group) = replica.group() {
            match (group.own_standing(), group.standing_with(&seen)) {
                (Standing::Member, Standing::Member) => {}
                (Standing::Member, Standing::Left) => return Err(Refused::Left),
                (Standing::Member, Standing::Stranger) => return Err(Refused::Outside),
                (Standing::Stranger | Standing::Left, _) => return Ok(()),
            }
        }
        replica.settle_all(&horizon);
        Ok(())
    }

    /// Lets in the peer, its next id, or its group, if the application vouches for it.
    fn let_in<T: Replicated>(&self, replica: &mut Replica<T>, heard: &Version, now: u64) {
        let (Some(vouched), Some(name), Some(group)) = (self.vouched, self.name, replica.group()) else {
            return;
        };
        if group.own_standing() != Standing::Member {
            return;
        }
        let is_elsewhere = |founder| group.is_elsewhere(name.id, founder, heard);
        if name.founder.is_some_and(is_elsewhere) && replica.allowances.has_spent(vouched, name.id) {
            replica.withdraw(name.id);
            return;
        }
        if let Some(founder) = self.founder_apart(&group, heard) {
            let is_wanted = !group.is_pending(founder)
                && (replica.is_suitor(founder) || replica.allowances.spend(vouched, founder, now));
            if is_wanted {
                replica.unite_when_at_rest(founder);
            }
            return;
        }
        let counts = group.counts(name.id, |dot| heard.contains(dot));
        let newcomer = match name.successor {
            // A member goes on under another id: it has all that it has ever acknowledged.
            Some(successor) if counts => successor,
            None if self.is_newcomer(heard) => name.id,
            _ => return,
        };
        if group.standing(newcomer) == Standing::Stranger && replica.allowances.spend(vouched, newcomer, now)
        {
            replica.let_in(newcomer);
        }
    }
}
