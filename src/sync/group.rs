use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use core::fmt;

use super::Replica;
use crate::codec::Columns;
use crate::{Causal, Dot, Newtype, OrSet, ReplicaId, Version, Writer, record};

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
    /// berlin.admit(lyon.id());
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
    /// # Ok::<(), rejoin::sync::Refused>(())
    /// ```
    ///
    /// # Rules
    ///
    /// * Whoever is not a member is not listened to, unless it brings the word of a member that it is one. Who is to join has
    ///   nothing, must be [admitted](Replica::admit) by a member, and takes nothing in but the state of a member that knows
    ///   of it. Then it may write.
    /// * An event is stable here if each member has said to have it, and to know who has left, and this replica has all that
    ///   the member, and those who have left, had written when it said so. Then whatever has not arrived yet was written by
    ///   somebody who knew it.
    /// * A member that [has left](Replica::retire), or was let go, takes nothing more in, is refused, and is told so: it must
    ///   begin with nothing, under a new id. What it had written and told nobody of is not taken in any more; whom it had let
    ///   in, and told nobody of, goes with it.
    /// * What a member has said to have, others may settle. So it must still have it after a restart: store a
    ///   [snapshot](Replica::snapshot) after frames have come in and before links are polled, and say so by
    ///   [`stored`](Replica::stored), which makes them wait. Whoever may have forgotten something goes on with nothing, under
    ///   a new id, and is admitted again.
    /// * A member that is away for long keeps the others from settling. Let it leave.
    #[derive(Codec)]
    pub struct Shared<S: Columns> {
        /// Who was ever admitted. Nobody is to be taken out of it: see [`Replica::retire`].
        pub admitted: OrSet<ReplicaId>,
        /// Who has left. Nobody is to be taken out of it.
        pub left: OrSet<ReplicaId>,
        /// What is shared.
        pub data: S,
    }
}

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

impl<S: Columns + fmt::Debug> fmt::Debug for Shared<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared")
            .field("admitted", &self.admitted)
            .field("left", &self.left)
            .field("data", &self.data)
            .finish()
    }
}

impl<S: Columns> Shared<S> {
    /// Who may write.
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

/// What a replica must know of the group that it is in.
#[derive(Clone)]
pub(super) struct GroupRules<T> {
    pub(super) standing: fn(&T, ReplicaId) -> Standing,
    /// The events that have let a replica in.
    pub(super) admissions: fn(&T, ReplicaId) -> Vec<Dot>,
}

impl<S: Columns + 'static> GroupRules<Causal<Shared<S>>> {
    fn shared() -> Self {
        GroupRules {
            standing: |state, id| state.standing(id),
            admissions: |state, id| {
                state.facts(|shared| shared.admitted.inner().get(&id)).map(|(dot, ())| dot).collect()
            },
        }
    }
}

/// What others have said to have.
#[derive(Debug, Default)]
pub(super) struct Heard {
    by: BTreeMap<ReplicaId, Said>,
}

#[derive(Debug, Default)]
struct Said {
    /// The last that was said.
    last: Version,
    /// The last of which all that must be known here is known.
    sound: Version,
}

impl Heard {
    pub(super) fn hear(&mut self, from: ReplicaId, version: &Version) {
        let said = self.by.entry(from).or_default();
        if said.last != *version {
            said.last.union(version);
        }
    }

    /// What each of `members` but `me` has said to have, and nothing else stands in the way of. `leaves` are the events by
    /// which others have left.
    fn stable(&mut self, me: ReplicaId, members: &[ReplicaId], leaves: &Version, seen: &Version) -> Version {
        let mut stable = seen.clone();
        for member in members.iter().filter(|member| **member != me) {
            let Some(said) = self.by.get_mut(member) else { return Version::new() };
            // Who is a member, and another, speaks for itself.
            let must_be_seen = |id: ReplicaId| id == *member || !members.contains(&id);
            if said
                .last
                .intervals()
                .filter(|(id, _, _)| must_be_seen(*id))
                .all(|(id, first, last)| seen.has_run(id, first, last))
            {
                said.sound = said.last.clone();
            }
            // Who has not heard that somebody has left may still take in what that one writes, whatever it has not seen.
            if !said.sound.covers(leaves) {
                return Version::new();
            }
            let unsaid = stable.difference(&said.sound);
            stable.subtract(&unsaid);
        }
        self.by.retain(|id, _| members.contains(id));
        stable
    }
}

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
        replica.admit(id);
        replica
    }

    /// A replica that is, or will be, in a group: after a restart, or before it is [admitted](Self::admit).
    pub fn in_group(writer: Writer<Causal<Shared<S>>>) -> Self {
        let mut replica = Replica::from_writer(writer);
        replica.set_group(GroupRules::shared());
        replica
    }

    /// Lets a replica in. Returns what to ask for with [`has`](Self::has): the newcomer must have it before it writes.
    ///
    /// It must have nothing. Who has something, and is refused as a stranger, was let in by somebody who has left since: let it
    /// begin with nothing, under a new id.
    pub fn admit(&mut self, id: ReplicaId) -> Version {
        if self.state().standing(id) == Standing::Member {
            return self.version().clone();
        }
        self.edit_at(0, |shared| shared.admitted.insert(id))
    }

    /// Lets a replica go, or goes itself. It is refused from now on: let it tell the others all that it has before. Whom it had
    /// let in, and told nobody of, would have to begin anew as well.
    pub fn retire(&mut self, id: ReplicaId) -> Version {
        self.edit_at(0, |shared| shared.left.insert(id))
    }

    /// Whether this replica is a member, as far as it knows.
    pub fn is_member(&self) -> bool {
        self.state().standing(self.id()) == Standing::Member
    }

    /// A second member, with the state of this one and an id of its own.
    pub fn fork_member(&mut self) -> Self {
        let mut fork = self.fork();
        self.admit(fork.id());
        // The fork knows that it is one before it writes.
        let joined = fork.join(alloc::borrow::Cow::Borrowed(self.state()));
        debug_assert!(joined.is_ok(), "it is one event more");
        fork
    }

    /// What is stable: see [`Shared`].
    pub fn stable(&mut self) -> Version {
        let me = self.id();
        let members: Vec<ReplicaId> = self.state().members().collect();
        if !members.contains(&me) {
            return Version::new();
        }
        let (state, seen) = (self.state(), self.version().clone());
        let left = state.left.iter();
        let leaves = left
            .flat_map(|id| state.facts(|shared| shared.left.inner().get(id)))
            .map(|(dot, ())| dot)
            .collect();
        self.heard.stable(me, &members, &leaves, &seen)
    }

    /// Settles what is stable, and forgets the deltas that all members have. Returns true if anything was settled.
    ///
    /// `O(n)` if there is anything to settle: call it now and then.
    pub fn settle(&mut self) -> bool {
        let stable = self.stable();
        self.forget(&stable);
        self.settle_all(&stable)
    }

    /// Takes note that a member has said to have all of `version`, by a way other than a [`Link`](super::Link).
    pub fn heard_from(&mut self, member: ReplicaId, version: &Version) {
        self.heard.hear(member, version);
    }
}
