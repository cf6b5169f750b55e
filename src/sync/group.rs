use alloc::collections::BTreeSet;
use alloc::vec::Vec;
use core::fmt;

use super::Replica;
use super::identity::Membership;
use super::membership::{Admission, Roster, Rules, Standing};
use crate::codec::Columns;
use crate::{Causal, Delta, Dot, Map, Newtype, OrSet, ReplicaId, Version, Writer, record};

record! {
    /// A store that is shared by a group: who may write is a part of the data.
    ///
    /// Joining and leaving are writes, so who is in the group is a function of the version, like all else. That is what makes it
    /// possible to tell what is *stable*, and to [settle](Replica::settle) it: counters become one number for each
    /// replica again, and removals of [`RwSet`](crate::RwSet)s are forgotten.
    ///
    /// ```
    /// use rejoin::sync::{Config, Link, Replica, Shared};
    /// use rejoin::{Causal, Counter};
    ///
    /// type Shop = Causal<Shared<Counter>>;
    /// let mut berlin = Replica::<Shop>::found(); // begins a group
    /// let mut lyon = Replica::<Shop>::join_group(); // has nothing, and waits for a state
    /// berlin.admit(lyon.id())?;
    /// for _ in 0..10 {
    ///     berlin.edit(|shared| shared.data.add(1));
    /// }
    ///
    /// let (mut there, mut back) = (Link::new(1, Config::default()), Link::new(2, Config::default()));
    /// for now in (0..20_000).step_by(100) {
    ///     while let Some(frame) = there.poll_frame(&mut berlin, now) {
    ///         back.handle_frame(&mut lyon, now, &frame)?;
    ///     }
    ///     while let Some(frame) = back.poll_frame(&mut lyon, now) {
    ///         there.handle_frame(&mut berlin, now, &frame)?;
    ///     }
    /// }
    /// assert!(berlin.settle()); // lyon has said to have it all
    /// assert_eq!(berlin.data.get(), 10);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Rules
    ///
    /// * A replica that is not a member is not listened to, unless it brings a chain of admissions that leads back to one that is known.
    ///   A newcomer has nothing, must be [admitted](Replica::admit) by a member, and takes nothing in but the state of a member
    ///   that knows of it. It writes down with which admission it has begun; then it may write.
    /// * A link that the application [vouches for](super::Link::vouched_for) admits newcomers by itself.
    /// * An event is stable here if each member has said to have it, and to know who has left, and this replica has all that
    ///   the member, and those who have left, had written when it said so. Then whatever has not arrived yet was written by
    ///   a member that knew it.
    /// * A member that [has left](Replica::retire), or was let go, takes nothing more in, is refused, and is told so: it must
    ///   begin with nothing, under a new id. What it had written and told nobody of is not taken in any more; whom it had let
    ///   in, and told nobody of, goes with it.
    /// * What a member has said to have, others may settle. So it must still have it after a restart: store a
    ///   [snapshot](Replica::snapshot) after frames have come in and before links are polled, and say so by
    ///   [`stored`](Replica::stored), which makes them wait. A replica that may have forgotten something goes on with nothing, under
    ///   a new id, and is admitted again.
    /// * A member that must take another id, because somebody knows writes of it that it does not know, stays the member that it
    ///   is until the new id is admitted. Over a link that vouches for it that happens by itself. Then it retires the old one.
    /// * Groups that were founded apart unite when members of both vouch for each other, each at a moment when it has settled all that
    ///   it has seen: a founder that is alone can always. What was settled before is united as it is: a removal that one group had
    ///   settled, and so forgotten, takes nothing away from the other. From the union until its state has come, nothing
    ///   more is settled. A union that comes to nothing is given up by [retiring](Replica::retire) the other founder. A member that is
    ///   retired while it unites takes the other group along, outside: let members unite that stay.
    /// * A member that is away for long keeps the others from settling. Let it leave.
    #[derive(Codec)]
    pub struct Shared<S: Columns> {
        /// The replicas that were ever admitted. None is to be taken out of it: see [`Replica::retire`].
        pub admitted: OrSet<ReplicaId>,
        /// The replicas that have left. None is to be taken out of it.
        pub left: OrSet<ReplicaId>,
        /// What is shared.
        pub data: S,
        /// The founders of groups that were founded apart and have united with this one. Links write it; none is to be taken out of it.
        pub united: OrSet<ReplicaId>,
        /// The admissions that each newcomer had seen when it began, which it writes down before all else. Links write it.
        pub begun: Map<ReplicaId, OrSet<Dot>>,
    }
}

impl<S: Columns + fmt::Debug> fmt::Debug for Shared<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared")
            .field("admitted", &self.admitted)
            .field("left", &self.left)
            .field("data", &self.data)
            .field("united", &self.united)
            .field("begun", &self.begun)
            .finish()
    }
}

impl<S: Columns> Shared<S> {
    /// The replicas that may write.
    pub fn members(&self) -> impl Iterator<Item = ReplicaId> + '_ {
        self.admitted.iter().copied().filter(|id| !self.left.contains(id))
    }

    /// How a replica stands to the group.
    pub fn standing(&self, id: ReplicaId) -> Standing {
        match (self.admitted.contains(&id), self.left.contains(&id)) {
            (_, true) => Standing::Left,
            (true, false) => Standing::Member,
            (false, false) => Standing::Stranger,
        }
    }
}

/// Admissions of one replica that count. Each message of it has them looked at, so a hostile member must not make them many.
const MOST_ADMISSIONS: usize = 1_024;

/// The events by which `id` was put into a set, of those that nobody has replaced.
fn dots_in<S: Columns>(
    state: &Causal<Shared<S>>,
    set: impl for<'s> FnOnce(&'s Shared<S>) -> &'s OrSet<ReplicaId>,
    id: ReplicaId,
) -> Vec<Dot> {
    state.facts(|shared| set(shared).inner().get(&id)).map(|(dot, ())| dot).take(MOST_ADMISSIONS).collect()
}

fn admissions<S: Columns>(state: &Causal<Shared<S>>, id: ReplicaId) -> Vec<Admission> {
    let plain = dots_in(state, |shared| &shared.admitted, id);
    let unions = dots_in(state, |shared| &shared.united, id);
    let plain = plain.into_iter().map(|by| Admission { by, is_union: false });
    plain.chain(unions.into_iter().map(|by| Admission { by, is_union: true })).collect()
}

fn begun<S: Columns>(state: &Causal<Shared<S>>, id: ReplicaId) -> Vec<Dot> {
    state.begun.get(&id).into_iter().flat_map(OrSet::iter).copied().take(MOST_ADMISSIONS).collect()
}

fn roster<S: Columns>(state: &Causal<Shared<S>>) -> Roster {
    let mut roster = Roster::default();
    let ids: BTreeSet<ReplicaId> = state.admitted.iter().chain(state.united.iter()).copied().collect();
    for id in ids {
        admissions(state, id).into_iter().for_each(|admission| roster.admit(id, admission));
        begun(state, id).into_iter().for_each(|with| roster.begin(id, with));
    }
    roster
}

fn roster_of<S: Columns>(delta: &Delta<Shared<S>>) -> Roster {
    let (mut roster, change) = (Roster::default(), delta.change());
    for (set, is_union) in [(&change.admitted, false), (&change.united, true)] {
        for (id, change) in set.iter() {
            let added = change.events().iter().filter(|event| event.add().is_some());
            added.for_each(|event| roster.admit(*id, Admission { by: event.dot(), is_union }));
        }
    }
    for (id, change) in change.begun.iter() {
        change.iter().for_each(|(with, _)| roster.begin(*id, *with));
    }
    roster
}

fn rules<S: Columns + 'static>() -> Rules<Causal<Shared<S>>> {
    Rules {
        admissions,
        begun,
        departures: |state, id| dots_in(state, |shared| &shared.left, id),
        unions: |state| {
            let founders = state.united.iter().copied();
            let each = |founder| {
                let events = dots_in(state, |shared| &shared.united, founder);
                events.into_iter().map(move |by| (founder, by))
            };
            founders.flat_map(each).collect()
        },
        roster,
        roster_of,
        admit: |replica, id| drop(replica.edit_at(0, |shared| shared.admitted.insert(id))),
        withdraw: |replica, id| drop(replica.edit_at(0, |shared| shared.admitted.remove(&id))),
        unite: |replica, founder| drop(replica.edit_at(0, |shared| shared.united.insert(founder))),
        retire: |replica, id| drop(replica.retire(id)),
        begin: |replica, with| {
            let id = replica.id();
            replica.edit_at(0, |shared| shared.begun.entry(id).extend(with));
        },
    }
}

/// Why a member was not admitted, or not retired. Nothing was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unchanged {
    /// The replica has left, and cannot come back under this id: let it begin with nothing, under a new one.
    HasLeft(ReplicaId),
    /// The replica was never admitted, so it cannot be retired.
    Stranger(ReplicaId),
}

impl fmt::Display for Unchanged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unchanged::HasLeft(id) => write!(f, "{id} has left the group: it must take a new id"),
            Unchanged::Stranger(id) => write!(f, "{id} is not in the group"),
        }
    }
}

impl core::error::Error for Unchanged {}

#[cfg(feature = "std")]
impl<S: Columns + 'static> Replica<Causal<Shared<S>>> {
    /// Begins a group, of which this is the only member.
    pub fn found() -> Self {
        Replica::found_as(Writer::new())
    }

    /// A replica that has nothing, and is to be [admitted](Self::admit).
    pub fn join_group() -> Self {
        Replica::in_group(Writer::new())
    }
}

impl<S: Columns + 'static> Replica<Causal<Shared<S>>> {
    /// Begins a group, of which this is the only member.
    pub fn found_as(writer: Writer<Causal<Shared<S>>>) -> Self {
        let mut replica = Replica::in_group(writer);
        let id = replica.id();
        replica.let_in(id);
        replica
    }

    /// A replica that is, or will be, in a group: after a restart, or before it is [admitted](Self::admit).
    pub fn in_group(writer: Writer<Causal<Shared<S>>>) -> Self {
        let mut replica = Replica::from_writer(writer);
        replica.membership = Some(Membership::new(rules(), replica.id()));
        replica
    }

    /// Lets a replica in. Returns what to ask for with [`has`](Self::has): the newcomer must have it before it writes. Nothing is
    /// written if it is a member.
    ///
    /// It must have nothing. A replica that has something, and is refused as a stranger, was let in by one that has left since: let it
    /// begin with nothing, under a new id.
    ///
    /// # Errors
    ///
    /// [`Unchanged::HasLeft`] if it has left; nothing was written.
    pub fn admit(&mut self, id: ReplicaId) -> Result<Version, Unchanged> {
        match self.state().standing(id) {
            Standing::Member => Ok(self.version().clone()),
            Standing::Left => Err(Unchanged::HasLeft(id)),
            Standing::Stranger => Ok(self.edit_at(0, |shared| shared.admitted.insert(id))),
        }
    }

    /// Lets a replica go, or goes itself. It is refused from now on: let it tell the others all that it has before. Replicas that it had
    /// let in, and told nobody of, would have to begin anew as well.
    ///
    /// Retiring the founder of another group, with which this one has [united](Shared::united) without having heard of it since,
    /// gives the union up.
    ///
    /// # Errors
    ///
    /// [`Unchanged`] if it has left already, or was never admitted; nothing was written.
    pub fn retire(&mut self, id: ReplicaId) -> Result<Version, Unchanged> {
        match self.state().standing(id) {
            Standing::Left => Err(Unchanged::HasLeft(id)),
            Standing::Stranger if !self.state().united.contains(&id) => Err(Unchanged::Stranger(id)),
            Standing::Member | Standing::Stranger => Ok(self.edit_at(0, |shared| shared.left.insert(id))),
        }
    }

    /// Whether this replica is a member, as far as it knows.
    pub fn is_member(&self) -> bool {
        self.group().is_some_and(|group| group.own_standing() == Standing::Member)
    }

    /// A second member, with the state of this one and an id of its own. As [`fork`](Self::fork), it tells nobody anything before this
    /// one is [stored](Self::stored).
    pub fn fork_member(&mut self) -> Self {
        let mut fork = self.fork();
        self.let_in(fork.id());
        // The fork knows that it is one before it writes.
        let joined = fork.join(alloc::borrow::Cow::Borrowed(self.state()));
        debug_assert!(joined.is_ok(), "it is one event more");
        fork.keep_standing();
        fork.storing = self.storing.fork(self.changes());
        fork
    }

    /// What is stable: see [`Shared`].
    pub fn stable(&mut self) -> Version {
        let Some(me) = self.group().map(|group| group.me) else { return Version::new() };
        // Nothing is settled between a union and the state of the other group.
        let state = self.state();
        let mut members: Vec<ReplicaId> = state.members().collect();
        members.extend(state.united.iter().filter(|id| state.standing(**id) == Standing::Stranger));
        if !members.contains(&me) {
            return Version::new();
        }
        let seen = self.version().clone();
        let left = state.left.iter();
        let leaves = left.flat_map(|id| dots_in(state, |shared| &shared.left, *id)).collect();
        let heard = self.membership.as_mut().map(|membership| &mut membership.heard);
        heard.map_or_else(Version::new, |heard| heard.stable(me, &members, &leaves, &seen))
    }

    /// Settles what is stable, and forgets the deltas that all members have. Returns true if anything was settled.
    ///
    /// When all that is here is settled, this replica unites with groups that its [vouched-for](super::Link::vouched_for) peers are
    /// in and that were founded apart.
    ///
    /// `O(n)` if there is anything to settle: call it now and then.
    pub fn settle(&mut self) -> bool {
        let stable = self.stable();
        self.forget(&stable);
        let is_news = self.settle_all(&stable);
        self.unite_at_rest();
        is_news
    }

    /// Takes note that a member has said to have all of `version`, by a way other than a [`Link`](super::Link).
    pub fn heard_from(&mut self, member: ReplicaId, version: &Version) {
        self.heard_from_member(member, version);
    }
}

#[cfg(test)]
mod tests {
    use alloc::format;

    use super::*;
    use crate::Counter;

    type Group = Replica<Causal<Shared<Counter>>>;

    #[test]
    fn a_newcomer_is_no_member_before_it_is_admitted() {
        let [one, two] = [1, 2].map(|n| Writer::with_id(ReplicaId::from_u128(n)));
        let (founder, newcomer) = (Group::found_as(one), Group::in_group(two));
        assert!(founder.is_member() && !newcomer.is_member());
        assert!(
            !Group::from_writer(Writer::with_id(ReplicaId::from_u128(3))).is_member(),
            "it is in no group"
        );
    }

    #[test]
    fn what_is_shared_and_why_nothing_was_changed_can_be_read() {
        let id = ReplicaId::from_u128(7);
        let founder = Group::found_as(Writer::with_id(id));
        let shared: &Shared<Counter> = founder.state();
        assert!(format!("{shared:?}").starts_with("Shared { admitted: "));
        for (reason, text) in [
            (Unchanged::HasLeft(id), "has left the group: it must take a new id"),
            (Unchanged::Stranger(id), "is not in the group"),
        ] {
            assert_eq!(format!("{reason}"), format!("{id} {text}"));
        }
    }
}
