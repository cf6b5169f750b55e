use alloc::vec::Vec;
use core::sync::atomic::{AtomicU64, Ordering};

use super::*;
use crate::causality::Names;
use crate::{BoundedCounter, Crdt, OrSet};

type Set = Causal<OrSet<u64>>;

/// Ids from `first` on.
fn ids(first: u64) -> impl Fn() -> ReplicaId {
    let next = AtomicU64::new(first);
    move || ReplicaId::from_u128(next.fetch_add(1, Ordering::Relaxed).into())
}

/// A state that names so many strangers, and none of them twice.
fn crowd(strangers: u32) -> Set {
    let ids = (0..strangers).map(|n| ReplicaId::from_u128(1 << 64 | u128::from(n))).collect();
    Causal::from_decoded(ids, Version::new(), Version::new(), Version::new(), OrSet::default()).unwrap()
}

/// An event that others say to be of `replica`: the one after those that `state` knows.
fn forged(state: &Set, replica: ReplicaId) -> Delta<OrSet<u64>> {
    let mut delta = Delta::default();
    let next = state.version().last(replica) + 1;
    delta.events.insert_run(replica, next, next);
    delta
}

/// Lets strangers claim writes that the writer has not made, by versions and by events, with writes in between. Returns
/// how many new ids it took.
fn besieged(strangers: u32, claims: u64) -> usize {
    let mut writer = Writer::with_ids(crowd(strangers), ids(1));
    let (mut peer, mut renewals) = (Set::default(), Vec::new());
    for n in 0..claims {
        if n % 2 == 0 {
            writer.hear_of(u128::MAX);
        } else {
            let forged = forged(&writer, writer.replica());
            peer.apply(forged.clone());
            writer.apply(forged);
        }
        let id = writer.replica();
        peer.apply(writer.edit_at(n, |set| set.insert(n)));
        let told: Vec<_> = core::iter::from_fn(|| writer.renewed()).collect();
        assert!(told.iter().all(|renewal| renewal.because == Because::Forgotten));
        assert!(told.windows(2).all(|pair| pair[0].new == pair[1].old));
        assert_eq!(told.last().map_or(id, |renewal| renewal.new), writer.replica());
        renewals.extend(told);
    }
    assert_eq!(&peer, writer.state());
    assert_eq!(peer.len() as u64, claims);
    renewals.len()
}

#[test]
fn hearsay_and_forged_events_use_up_no_names_that_others_lack() {
    assert_eq!(besieged(0, 500), 500);
    assert_eq!(besieged(Names::FOR_STRANGERS - 100, 5_000), 100);
    assert_eq!(besieged(Names::FOR_STRANGERS, 5_000), 0);
}

#[test]
fn names_under_which_nothing_was_written_are_given_back() {
    let mut writer = Writer::with_ids(crowd(3), ids(1));
    for n in 0..10 {
        writer.hear_of(u128::MAX);
        assert!(
            writer
                .try_edit_at(n, |set| {
                    set.insert(n);
                    Err(())
                })
                .is_err()
        );
        assert!(writer.edit_at(n, |set| set.remove(&n)).is_empty());
        assert_eq!(writer.names().len(), 3);
    }
    writer.edit_at(10, |set| set.insert(10));
    assert_eq!(writer.names().len(), 4);
    assert_eq!(writer.names().slot(writer.replica()), Some(3));
    writer
        .try_edit_at(11, |set| {
            set.clear();
            Err(())
        })
        .unwrap_err();
    assert_eq!(writer.names().len(), 4, "it has written before");
}

#[test]
fn a_full_state_refuses_new_writers() {
    let mut writer = Writer::with_ids(crowd(Names::FOR_SAVED - 1), ids(1));
    writer.edit_at(0, |set| set.insert(1));
    assert_eq!(writer.names().len(), Names::FOR_SAVED as usize);
    let mut fork = writer.fork();
    let refused = fork.try_edit_at(0, |set| {
        set.insert(2);
        Ok::<(), ()>(())
    });
    assert_eq!(refused, Err(EditError::Full));
    assert_eq!(fork.state(), writer.state());
    writer.edit_at(1, |set| set.insert(3));
    assert_eq!(writer.len(), 2, "its writer goes on");
}

#[test]
#[should_panic = "the state names too many replicas"]
fn a_full_state_cannot_be_edited_without_an_error() {
    Writer::with_ids(crowd(Names::FOR_SAVED), ids(1)).edit_at(0, |set| set.insert(1));
}

#[test]
fn each_renewal_is_told_once_and_in_order() {
    let mut writer = Writer::with_ids(BoundedCounter::new(), ids(1));
    writer.edit_at(0, |stock| stock.increment(5).unwrap());
    writer.hear_of(9);
    writer.edit_at(0, |stock| stock.increment(3).unwrap());
    writer.hear_of(9);
    let told: Vec<_> = core::iter::from_fn(|| writer.settle_identity()).collect();
    let each = told.iter().map(|renewal| (renewal.old.as_u128(), renewal.new.as_u128()));
    assert!(each.eq([(1, 2), (2, 3)]));
    let rights = told.iter().map(|renewal| writer.rights(renewal.old));
    assert!(rights.eq([5, 3]), "both ids had rights");
    assert_eq!((writer.settle_identity(), writer.renewed()), (None, None));
}

/// A state that is older than the identity: the next dots are those of writes that others may have.
#[test]
fn a_full_state_that_is_older_than_its_writer_is_not_written_under_the_old_id() {
    let mut writer = Writer::with_ids(crowd(Names::FOR_STRANGERS), ids(1));
    let old = writer.state().clone();
    writer.edit_at(0, |set| set.insert(1));
    let (identity, _) = writer.suspend();
    let mut writer = Writer::resume_with_ids(identity, old, ids(100));
    let delta = writer.edit_at(0, |set| set.insert(2));
    assert_eq!(delta.events().last(ReplicaId::from_u128(1)), 0);
}

/// A state that so many replicas have written to, once each.
fn written_by(replicas: u32) -> Set {
    let ids: Vec<_> = (0..replicas).map(|n| ReplicaId::from_u128(1 << 64 | u128::from(n))).collect();
    let mut seen = Version::new();
    assert!(ids.iter().all(|id| seen.push(*id, [(1, 1)])));
    Causal::from_decoded(ids, seen, Version::new(), Version::new(), OrSet::default()).unwrap()
}

#[test]
fn a_full_state_that_moves_in_leaves_room_for_own_writers() {
    let mut writer = Writer::with_ids(Set::default(), ids(1));
    assert_eq!(writer.try_join(Cow::Owned(written_by(Names::FOR_STATES + 1))), Err(Full));
    assert_eq!(writer.state(), &Set::default());
    assert_eq!(writer.try_join(Cow::Owned(written_by(Names::FOR_STATES))), Ok(true));
    assert_eq!(writer.edit_at(0, |set| set.insert(1)).events().dot_count(), 1);
    let read = <Set as crate::Codec>::decode(&crate::Codec::encode(writer.state()));
    assert_eq!(read.as_ref(), Ok(writer.state()));
}
