use alloc::collections::BTreeMap;

use crate::{ReplicaId, Version};

/// What the members of a group have acknowledged, and what follows from it.
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
    pub(super) fn stable(
        &mut self,
        me: ReplicaId,
        members: &[ReplicaId],
        leaves: &Version,
        seen: &Version,
    ) -> Version {
        let mut stable = seen.clone();
        for member in members.iter().filter(|member| **member != me) {
            let Some(said) = self.by.get_mut(member) else { return Version::new() };
            // Each member speaks for itself.
            let must_be_seen = |id: ReplicaId| id == *member || !members.contains(&id);
            if said
                .last
                .intervals()
                .filter(|(id, _, _)| must_be_seen(*id))
                .all(|(id, first, last)| seen.has_run(id, first, last))
            {
                said.sound = said.last.clone();
            }
            // A member that has not heard that another has left may still take in what that one writes, whatever it has not
            // seen.
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
