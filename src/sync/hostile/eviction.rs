//! A peer says to have writes of this replica that it never made. That cost it its membership, or an id each time.

use super::*;
use crate::sync::PeerName;

/// 103 bytes once gave the replica another id at its next write, and the next 103 bytes another one.
#[test]
fn a_write_never_made_costs_no_id() {
    let mut victim = Victim::new(set(1, 0..3), &events(1, 1..=1_000), &Config::default());
    for made in 0..900 {
        victim.forger.begin_anew(&events(1, 1..=2_000 + made));
        victim.exchange();
        victim.forger.say_have(&events(1, 1..=2_000 + made));
        victim.exchange();
        victim.replica.edit_at(made, |set| set.insert(made));
        assert_eq!(victim.replica.id(), id(1));
    }
    assert!(victim.replica.claimed().is_some(), "it is reported");
    assert_eq!(victim.replica.renewed(), None);
    assert_eq!(victim.replica.version().interval_count(), 1);
}

/// A peer that the application vouches for is believed, within bounds: 900 such messages once cost 900 ids.
#[test]
fn the_word_of_a_vouched_for_peer_costs_a_few_ids() {
    let config = Config::default();
    let link = Link::new(7, config.clone()).vouched_for(PeerName::from_u128(3));
    let mut victim = Victim::over(set(1, 0..3), link, &events(1, 1..=1_000), &config);
    for made in 0..900_u64 {
        let own = victim.replica.id();
        let claim: Version = (1..=3 + made).map(|counter| Dot::new(own, counter).unwrap()).collect();
        victim.forger.begin_anew(&claim);
        victim.exchange();
        victim.forger.say_have(&claim);
        victim.exchange();
        victim.replica.edit_at(made, |set| set.insert(made));
    }
    let ids = victim.replica.version().replicas().count();
    assert!((2..=5).contains(&ids), "{ids} ids within an hour");
}

/// Two members, of which the second is a victim. It was no member any more after its next write.
#[test]
fn a_write_never_made_costs_no_membership() {
    for names_itself in [id(1), id(2), id(9)] {
        let mut founder = Replica::<Group>::found_as(Writer::with_id(id(1)));
        founder.admit(id(2)).unwrap();
        let mut member = Replica::<Group>::in_group(Writer::with_id(id(2)));
        talk([&mut founder, &mut member], 0);
        member.edit_at(0, |shared| shared.data.add(5));

        let mut claim = founder.version().clone();
        claim.union(&events(2, 1..=1_000));
        let mut victim = Victim::new(member, &claim, &Config::default());
        victim.forger.say_name(names_itself);
        victim.forger.say_have(&claim);
        victim.exchange();
        let mut member = victim.replica;
        member.edit_at(0, |shared| shared.data.add(2));
        assert!(member.is_member() && member.id() == id(2), "after {names_itself}");
        talk([&mut founder, &mut member], 0);
        assert_eq!(founder.data.get(), 7, "its writes arrive");
        assert_eq!(founder.members().count(), 2);
    }
}

/// The founder of a group is the one that a lie would have cost most: nobody is left to admit it.
#[test]
fn a_founder_alone_stays_a_member() {
    let mut founder = Replica::<Group>::found_as(Writer::with_id(id(1)));
    founder.edit_at(0, |shared| shared.data.add(5));
    let mut victim = Victim::new(founder, &events(1, 1..=1_000), &Config::default());
    victim.forger.say_name(id(9));
    victim.forger.say_have(&events(1, 1..=1_000));
    victim.exchange();
    victim.replica.edit_at(0, |shared| shared.data.add(1));
    assert!(victim.replica.is_member());
    assert_eq!(victim.replica.id(), id(1));
}
