//! How much is sent when much is on its way.

use rejoin::sim::{Delay, Network, Options, Random, Schedule, Workload, World};
use rejoin::store::Edit;
use rejoin::{Causal, OrSet};

#[derive(Default)]
struct Inserts;

impl Workload for Inserts {
    type State = Causal<OrSet<u64>>;

    fn write(&mut self, random: &mut Random, set: &mut Edit<'_, OrSet<u64>>) {
        set.insert(random.number());
    }
}

/// What is missing is sent again, and not once more for each frame that comes after it: 66,230 frames it was once.
#[test]
fn a_loss_does_not_call_forth_a_storm() {
    for delay in [Delay::Fixed(35), Delay::Uniform(10, 60), Delay::LongTail { least: 10, mean: 60 }] {
        for loss in [0, 20, 200] {
            let network = Network { delay, loss, doubled: 0 };
            let schedule = Schedule { seed: 1, nodes: 2, network, steps: Vec::new() };
            let mut world = World::new(Inserts, &schedule, Options::default());
            world.run_until(1_000);
            for n in 0..400 {
                world.write(0, n);
                world.run_until(world.now() + 1);
            }
            world.run_until_converged(100_000);
            world.run_until(world.now() + 1_000);
            let frames = world.report().frames;
            assert!(frames < 5_000, "{delay:?}, {loss} lost: {frames} frames for 400 writes");
        }
    }
}
