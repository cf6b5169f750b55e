//! A link's view of itself and of its peer.

use super::*;

#[test]
fn a_link_tells_what_the_peer_has() {
    let mut pair = Pair::new([replica::<Set>(1), replica(2)], &Config::default());
    pair.replicas[0].edit_at(0, |set| set.insert(1));
    for (link, replica) in pair.links.iter().zip(&pair.replicas) {
        assert!(link.heard().is_empty() && link.theirs().is_empty());
        assert!(!link.is_answered() && !link.is_quiet(replica));
        assert_eq!(link.held(), 0);
    }
    pair.run();
    let all = pair.replicas[0].version().clone();
    assert!(pair.links.iter().all(Link::is_answered));
    assert_eq!((pair.links[0].theirs(), pair.links[1].heard()), (&all, &all));
    assert!(pair.links[0].heard().is_empty(), "the peer has not said so yet");
    pair.links[1].tell();
    assert!(!pair.links[1].is_quiet(&pair.replicas[1]));
    pair.run();
    assert_eq!(pair.links[0].heard(), &all);
    pair.replicas[1].edit_at(0, |set| set.insert(2));
    assert!(!pair.links[1].is_quiet(&pair.replicas[1]), "the peer lacks something");
}

/// 32 bytes for each interval of a version, and what is held for names.
#[test]
fn all_that_a_link_holds_is_counted() {
    let mut pair = Pair::new([replica::<Set>(1), replica(2)], &Config::default());
    pair.replicas[0].edit_at(0, |set| set.insert(1));
    pair.replicas[1].edit_at(0, |set| set.insert(2));
    pair.run();
    for _ in 0..100 {
        pair.step();
    }
    // What it greeted with, and told; what the peer has, and will have, and has not reported.
    let link = &pair.links[0];
    assert_eq!([link.heard(), link.theirs()].map(Version::interval_count), [1, 2]);
    // One name was told, in a word of bits, and one was heard.
    assert_eq!(link.held(), 32 * (1 + 1 + 1 + 2 + 1) + 8 + 24);
}

/// The side that asks counts cells and tables; both count the facts that they visit.
#[test]
fn a_comparison_is_counted_on_the_side_that_asks() {
    let mut pair = beyond_the_log();
    let facts = [0, 1].map(|side: usize| pair.replicas[side].len() as u64);
    pair.run();
    let stats = [0, 1].map(|side: usize| pair.links[side].stats());
    let asker = usize::from(stats[1].comparisons > 0);
    let (asking, server) = (stats[asker], stats[1 - asker]);
    assert_eq!((asking.comparisons, asking.asked, asking.disagreed, asking.states), (1, 1, 0, 0));
    assert!(50 < asking.cells && asking.cells < 200, "{asking:?}");
    assert_eq!((server.comparisons, server.asked, server.cells, server.disagreed), (0, 0, 0, 0));
    assert_eq!([asking.visited, server.visited], [3 * facts[asker], 3 * facts[1 - asker]]);
}

#[test]
fn a_replica_and_a_link_can_be_printed() {
    let (replica, mut link) = (replica::<Set>(1), Link::<Set>::new(1, Config::default()));
    assert!(alloc::format!("{replica:?}").starts_with("Replica { id: "));
    assert!(alloc::format!("{link:?}").contains("phase: Calling"));
    link.phase = Phase::Differing { has_told: false };
    assert!(alloc::format!("{link:?}").contains("phase: Differing"));
}
