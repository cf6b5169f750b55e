use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use crate::ReplicaId;

/// The name under which an application knows a peer that its carrier has authenticated: see
/// [`Link::vouched_for`](super::Link::vouched_for).
///
/// It is the application's own number of 128 bits: a hash of the peer's public key, say, or the number of an account. It is
/// not a [`ReplicaId`](crate::ReplicaId): replicas come and go, and one person may have several.
/// Nor does it say which replica ids are the peer's: a peer that is vouched for is trusted not to speak in the name of others.
///
/// ```
/// use rejoin::sync::PeerName;
///
/// let account = 4_711;
/// assert_eq!(PeerName::from_u128(account).as_u128(), 4_711);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PeerName(u128);

impl PeerName {
    /// The name with this number.
    pub const fn from_u128(number: u128) -> Self {
        PeerName(number)
    }

    /// Its number.
    pub const fn as_u128(self) -> u128 {
        self.0
    }
}

/// How many replica ids the word of each vouched-for peer has cost, which stay in every version for ever. A replica keeps it, so
/// that a new connection does not begin anew.
#[derive(Debug, Default)]
pub(super) struct Allowances {
    by: BTreeMap<PeerName, Spent>,
}

#[derive(Debug, Default)]
struct Spent {
    /// The ids that were spent.
    ids: Vec<ReplicaId>,
    in_hour: u32,
    /// When the hour began, in milliseconds.
    since: u64,
}

impl Allowances {
    /// Ids that one peer's word may cost within an hour. A restored backup costs one.
    pub(super) const EACH_HOUR: u32 = 4;
    /// Ids that one peer's word may cost as long as the replica runs.
    pub(super) const IN_ALL: usize = 64;
    /// Peers that are remembered. The application vouches for each name, so strangers cannot use them up.
    const MOST_PEERS: usize = 4_096;
    const HOUR: u64 = 3_600_000;

    /// Whether one more id may be spent on the peer's word, which is then spent.
    pub(super) fn spend(&mut self, peer: PeerName, id: ReplicaId, now: u64) -> bool {
        if self.by.len() >= Self::MOST_PEERS && !self.by.contains_key(&peer) {
            return false;
        }
        let spent = self.by.entry(peer).or_insert(Spent { since: now, ..Spent::default() });
        // A clock that runs backwards does not begin another hour.
        if now.saturating_sub(spent.since) >= Self::HOUR {
            (spent.since, spent.in_hour) = (now, 0);
        }
        if spent.in_hour >= Self::EACH_HOUR || spent.ids.len() >= Self::IN_ALL {
            return false;
        }
        spent.in_hour += 1;
        spent.ids.push(id);
        true
    }

    /// Whether the id was spent on the word of this peer.
    pub(super) fn has_spent(&self, peer: PeerName, id: ReplicaId) -> bool {
        self.by.get(&peer).is_some_and(|spent| spent.ids.contains(&id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_its_number() {
        assert_eq!(PeerName::from_u128(4_711).as_u128(), 4_711);
    }

    #[test]
    fn an_allowance_ends_by_the_hour_and_in_all() {
        let (mut allowances, liar, id) =
            (Allowances::default(), PeerName::from_u128(1), ReplicaId::from_u128(1));
        let spent = |allowances: &mut Allowances, now| {
            let mut times = 0;
            while allowances.spend(liar, id, now) {
                times += 1;
            }
            times
        };
        assert_eq!(spent(&mut allowances, 5), Allowances::EACH_HOUR);
        assert_eq!(spent(&mut allowances, 0), 0, "the clock was set back");
        assert_eq!(spent(&mut allowances, 5 + Allowances::HOUR - 1), 0);
        assert_eq!(spent(&mut allowances, 5 + Allowances::HOUR), Allowances::EACH_HOUR);
        let later: u32 = (2..1_000).map(|hour| spent(&mut allowances, 5 + hour * Allowances::HOUR)).sum();
        assert_eq!(later as usize, Allowances::IN_ALL - 2 * Allowances::EACH_HOUR as usize);
        let other = PeerName::from_u128(2);
        assert!(!allowances.has_spent(other, id));
        assert!(allowances.spend(other, id, 0), "others have theirs");
        assert!(allowances.has_spent(other, id));
    }

    #[test]
    fn names_beyond_the_bound_have_no_allowance() {
        let (mut allowances, id) = (Allowances::default(), ReplicaId::from_u128(1));
        let names = (0..2 * Allowances::MOST_PEERS as u128).map(PeerName::from_u128);
        assert_eq!(names.filter(|name| allowances.spend(*name, id, 0)).count(), Allowances::MOST_PEERS);
        assert_eq!(allowances.by.len(), Allowances::MOST_PEERS);
        assert!(allowances.spend(PeerName::from_u128(0), id, 0));
    }
}
