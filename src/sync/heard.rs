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

#[cfg(test)]
mod tests {
    use super::*;

    fn id(n: u128) -> ReplicaId {
        ReplicaId::from_u128(n)
    }

    fn version(runs: &[(u128, u64)]) -> Version {
        let mut version = Version::new();
        for (replica, last) in runs {
            version.insert_run(id(*replica), 1, *last);
        }
        version
    }

    /// The stable events of replica 1, at version `seen`, in a group with 2 and 3 that have both acknowledged `said`.
    fn stable(said: &Version, leaves: &Version, seen: &Version) -> Version {
        let mut heard = Heard::default();
        heard.hear(id(2), said);
        heard.hear(id(3), said);
        heard.stable(id(1), &[1, 2, 3].map(id), leaves, seen)
    }

    #[test]
    fn events_that_all_members_have_acknowledged_are_stable() {
        let said = version(&[(1, 3), (2, 2), (3, 2)]);
        let seen = version(&[(1, 5), (2, 2), (3, 2)]);
        assert_eq!(stable(&said, &Version::new(), &seen), said);
        let mut silent = Heard::default();
        silent.hear(id(2), &said);
        assert!(
            silent.stable(id(1), &[1, 2, 3].map(id), &Version::new(), &seen).is_empty(),
            "3 has said nothing"
        );
    }

    /// A report counts once the writes of its sender, and of replicas that are no members, have arrived.
    #[test]
    fn a_report_counts_once_the_writes_of_its_sender_and_of_strangers_are_here() {
        let said = version(&[(1, 3), (2, 2), (4, 1)]);
        let none = Version::new();
        assert!(
            stable(&said, &none, &version(&[(1, 5), (2, 1), (4, 1)])).is_empty(),
            "a write of 2 is on its way"
        );
        assert!(stable(&said, &none, &version(&[(1, 5), (2, 2)])).is_empty(), "a write of 4 is on its way");
        let seen = version(&[(1, 2), (2, 2), (4, 1)]);
        assert_eq!(stable(&said, &none, &seen), seen, "each member speaks for itself");
    }

    #[test]
    fn nothing_is_stable_before_all_members_know_who_has_left() {
        let (said, leaves) = (version(&[(1, 3)]), version(&[(1, 4)]));
        assert!(stable(&said, &leaves, &version(&[(1, 5)])).is_empty());
        assert_eq!(stable(&said, &version(&[(1, 3)]), &version(&[(1, 5)])), said);
    }
}
