//! Where libraries of CRDTs have gone wrong, as seen in their issue trackers; and that this one does not.
//!
//! | # | the trap | the test |
//! |---|---|---|
//! | 1 | a counter in a map is removed, and counted again | [`maps::a_counter_removed_and_counted_again_counts_afresh`] |
//! | 2 | a counter is removed while somebody else counts | [`maps::a_removal_leaves_concurrent_increments_alone`] |
//! | 3 | a nested type has a clock of its own | [`maps::nested_types_mint_from_the_roots_version`] |
//! | 4 | an outer key is removed while somebody writes under an inner one | [`maps::a_removed_outer_key_survives_with_the_concurrent_inner_key_alone`] |
//! | 5 | a removal arrives before the addition | [`delivery::a_removal_before_its_addition_is_remembered`], [`delivery::a_parents_removal_before_the_additions_is_remembered`], [`delivery::an_early_removal_outlives_the_parent_it_was_in`], [`delivery::an_early_removal_in_a_two_phase_set_is_remembered`] |
//! | 6 | present on both sides, yet removed | [`delivery::present_on_both_sides_yet_removed`] |
//! | 7 | removals are no events, so comparing versions sends nothing | [`delivery::every_removal_is_an_event_that_versions_show`] |
//! | 8 | a partial delta claims the whole version | [`delivery::a_partial_delta_claims_its_own_events_only`] |
//! | 9 | deltas out of order: a hole acts as a deletion | [`delivery::a_hole_in_the_version_is_not_a_deletion`] |
//! | 10 | an op is dropped as old, because a newer one came first | [`delivery::an_op_that_was_overtaken_still_counts`] |
//! | 11 | ops, deltas and states are mixed | [`mixtures::a_record_of_everything_by_any_mixture`], [`mixtures::counters_by_any_mixture`], [`mixtures::sets_by_any_mixture`], [`mixtures::single_values_by_any_mixture`], and every other test with `every_way` |
//! | 12 | a replica loses its disk, and starts again under its old id | [`identity::a_replica_without_its_disk_erases_nothing`], [`identity::an_identity_without_its_state_is_not_used_again`], [`identity::an_identity_older_than_its_state_is_not_used_again`] |
//! | 13 | a replica is cloned, and written to on both sides | [`identity::a_fork_writes_under_an_id_of_its_own`], [`identity::a_copied_identity_is_found_out`] |
//! | 14 | one read context, two writes, one dot | [`identity::no_dot_is_used_twice_in_a_transaction`], [`identity::no_dot_is_used_twice_after_a_transaction_that_failed`] |
//! | 15 | last writer wins, with a tie | [`clocks::a_tie_of_stamps_goes_by_the_whole_id_and_then_by_the_value`], [`clocks::a_tie_in_a_causal_register_goes_by_the_whole_id`] |
//! | 16 | last writer wins inside a map, and a removal that has seen both writes, or one | [`maps::a_removal_that_saw_both_writes_of_a_register_removes_both`], [`maps::a_removal_that_saw_one_write_of_a_register_leaves_the_other`] |
//! | 17 | a clock overflows within a millisecond; the far future wedges a register | [`clocks::a_millisecond_does_not_run_out_of_stamps`], [`clocks::the_far_future_does_not_wedge_a_register`], [`clocks::the_far_future_does_not_wedge_a_map`] |
//! | 18 | the order of siblings depends on who merged with whom | [`clocks::siblings_have_one_order_and_equal_ones_read_as_one`] |
//! | 19 | a counter at `u64::MAX` | [`limits::counters_end_in_an_error_and_nothing_wraps`], [`limits::a_counter_at_its_end_from_a_peer_freezes_nobody`], [`limits::a_peers_claim_of_the_last_dot_freezes_nobody`] |
//! | 24 | JSON: "key must be a string"; disorder is accepted | [`bytes::everything_travels_as_json`], [`bytes::duplicates_and_disorder_are_refused`] |
//! | 25 | one element, added by a thousand replicas, keeps a thousand dots | [`limits::an_element_added_by_a_thousand_replicas_has_one_dot`] |
//! | 26 | fresh keys come and go, and leave garbage | [`limits::keys_that_come_and_go_leave_nothing`] |
//! | 27 | bytes depend on who met whom first | [`bytes::who_met_whom_first_cannot_be_seen`] |
//! | 28 | old code drops a field that it does not know | [`bytes::a_field_that_the_code_does_not_know_is_refused_whole`], [`bytes::a_field_that_the_data_does_not_know_is_empty`] |
//!
//! Dropping or folding what is stable (21 and 22) is in `tests/it/settle`, where 22 is
//! [`everybody_has_seen_it_is_not_enough`](crate::settle::rules::everybody_has_seen_it_is_not_enough). Not here, since nothing
//! here can fall into them: 20 (retiring replicas), 23 (sequences).

#![allow(clippy::redundant_closure_for_method_calls, reason = "`|set| set.clear()` says what is cleared")]

/// Compiles as long as the type does not implement the trait.
macro_rules! assert_not_impl {
    ($type:ty: $trait:path) => {
        const _: fn() = || {
            trait Ambiguous<A> {
                fn pick() {}
            }
            impl<T: ?Sized> Ambiguous<()> for T {}
            impl<T: ?Sized + $trait> Ambiguous<u8> for T {}
            let _ = <$type as Ambiguous<_>>::pick;
        };
    };
}

#[cfg(feature = "serde")]
mod bytes;
mod clocks;
mod delivery;
mod identity;
mod limits;
mod maps;
mod mixtures;
mod ways;
