//! Rows 12, 13, 20 and 21 of the pitfalls, in worlds.

use rejoin::sim::{Network, Options, Report, Schedule, Step, World};
use rejoin::{Newtype, ReplicaId};

use super::seeds::{GroupTrade, Trade};

fn schedule(nodes: usize) -> Schedule {
    Schedule { seed: 11, nodes, network: Network::default(), steps: Vec::new() }
}

fn options() -> Options {
    let mut options = Options::default();
    options.config.probe = 1_000;
    options
}

fn finish(report: &Report) {
    assert!(report.violations.is_empty(), "{report}");
    assert!(report.converged, "{report}");
}

#[test]
fn who_loses_its_disk_goes_on_under_a_new_id() {
    let mut world = World::new(Trade, &schedule(2), options());
    for n in 0..5 {
        world.write_with(0, |shop| shop.books.insert(n));
    }
    world.run_until(1_000);
    let old = world.replica(0).unwrap().id();
    world.step(Step::LoseDisk { node: 0 });
    assert_ne!(world.replica(0).unwrap().id(), old);
    world.write_with(0, |shop| shop.books.insert(100));
    assert!(world.settle());
    assert_eq!(world.replica(1).unwrap().books.len(), 6, "what it had written and told is not erased");
    finish(&world.finish());
}

#[test]
fn a_copy_that_goes_on_elsewhere_writes_under_an_id_of_its_own() {
    let mut world = World::new(Trade, &schedule(3), options());
    world.write_with(0, |shop| shop.sold.entry(1).add(1));
    world.run_until(1_000);
    world.step(Step::Backup { node: 0 });
    world.write_with(0, |shop| shop.sold.entry(1).add(10));
    world.run_until(2_000);
    world.step(Step::Restore { node: 0 });
    world.write_with(0, |shop| shop.sold.entry(1).add(100));
    assert!(world.settle());
    assert_eq!(world.replica(2).unwrap().sold.get(&1).unwrap().get(), 111);
    finish(&world.finish());
}

fn id(world: &World<GroupTrade>, node: usize) -> ReplicaId {
    world.replica(node).unwrap().id()
}

#[test]
fn who_is_retired_on_two_nodes_at_once_counts_once() {
    let mut world = World::new(GroupTrade::default(), &schedule(3), options());
    world.run_until(3_000);
    world.write_with(2, |shared| shared.data.sold.entry(1).add(100));
    world.run_until(4_000);
    let third = id(&world, 2);
    world.step(Step::Crash { node: 2 });
    for (from, to) in [(0, 1), (1, 0)] {
        world.step(Step::Cut { from, to });
    }
    for node in [0, 1] {
        world.write_with(node, |shared| shared.left.insert(third));
    }
    world.run_until(6_000);
    for (from, to) in [(0, 1), (1, 0)] {
        world.step(Step::Heal { from, to });
    }
    world.run_until(20_000);
    for node in [0, 1] {
        let shared = world.replica(node).unwrap();
        assert_eq!(shared.data.sold.get(&1).unwrap().get(), 100);
        assert_eq!(shared.left.len(), 1);
    }
    world.step(Step::LoseDisk { node: 2 });
    world.run_until(40_000);
    assert!(world.settle());
    finish(&world.finish());
}

#[test]
fn who_comes_back_too_late_is_turned_away_and_resurrects_nothing() {
    let mut world = World::new(GroupTrade::default(), &schedule(3), options());
    world.run_until(3_000);
    world.write_with(0, |shared| shared.data.banned.insert(7));
    world.run_until(5_000);
    // Node 2 writes something that nobody hears of, and stops for long.
    for to in [0, 1] {
        world.step(Step::Cut { from: 2, to });
    }
    world.write_with(2, |shared| shared.data.banned.insert(7));
    world.run_until(6_000);
    let late = id(&world, 2);
    world.step(Step::Crash { node: 2 });
    world.write_with(0, |shared| shared.left.insert(late));
    world.write_with(0, |shared| shared.data.banned.remove(7));
    world.run_until(30_000);
    let banned = |world: &World<GroupTrade>, node| world.replica(node).unwrap().data.banned.contains(&7);
    assert!(!banned(&world, 0) && !banned(&world, 1));
    assert_eq!(world.replica(0).unwrap().data.banned.inner().len(), 0, "nobody even remembers the removal");

    // It comes back.
    for to in [0, 1] {
        world.step(Step::Heal { from: 2, to });
    }
    world.step(Step::Start { node: 2 });
    world.run_until(40_000);
    assert!(world.report().turned_away > 0);
    assert!(!banned(&world, 0) && !banned(&world, 1), "nothing is resurrected");

    // It begins with nothing, under a new id, and is let in.
    world.step(Step::LoseDisk { node: 2 });
    world.run_until(60_000);
    assert_ne!(id(&world, 2), late);
    assert!(!banned(&world, 2));
    assert!(world.write_with(2, |shared| shared.data.books.insert(3)));
    assert!(world.settle());
    assert!(world.replica(0).unwrap().data.books.contains(&3));
    finish(&world.finish());
}
