//! How many events go through a replica in a second.

use std::fmt::Write;
use std::time::Duration;

use rejoin::sync::{Link, Replica};
use rejoin::{Delta, OrSet, Writer};
use rejoin_benches::data::{is_quick, mix};
use rejoin_benches::page::{count, digits};

use crate::clock::clock;
use crate::pair::{config, replica};
use crate::together::Set;
use crate::wire::{handle, poll};

/// The shortest of some runs; what comes before each is not in it.
fn best<T>(mut before: impl FnMut() -> T, mut work: impl FnMut(T)) -> Duration {
    let runs = (0..3).map(|_| {
        let ready = before();
        let start = clock();
        work(ready);
        clock() - start
    });
    runs.min().expect("some runs")
}

pub(crate) fn measure() -> String {
    let n: u64 = if is_quick() { 10_000 } else { 100_000 };
    let mut text = String::from(
        "| work | events | events per second | times as long as the bare work |\n|---|--:|--:|--:|\n",
    );
    let bare = best(
        || [1, 2].map(|_| Writer::<Set>::new()),
        |[mut a, mut b]| {
            (0..n).for_each(|event| {
                b.apply(a.edit_at(0, |set| set.insert(mix(event))));
            });
        },
    );
    let mut row = |work: &str, took: Duration| {
        let per_second = n as f64 / took.as_secs_f64();
        let ratio = digits(took.as_secs_f64() / bare.as_secs_f64());
        writeln!(text, "| {work} | {} | {} | {ratio} |", count(n as usize), count(per_second as usize))
            .unwrap();
    };
    row("bare", bare);
    row("writing to a replica, nobody told", best(|| replica(1), |mut a| write(&mut a, 0, n)));
    let deltas = || -> Vec<Delta<OrSet<u64>>> {
        let mut writer = Writer::<Set>::new();
        (0..n).map(|event| writer.edit_at(0, |set| set.insert(mix(event)))).collect()
    };
    row(
        "a replica receives one at a time",
        best(
            || (replica::<Set>(1), deltas()),
            |(mut a, deltas)| {
                deltas.into_iter().for_each(|delta| {
                    a.receive(delta).expect("room for their names");
                });
            },
        ),
    );
    for at_once in [1, 10, 100] {
        let took = best(|| Star::new(1), |mut star| star.run(n, at_once));
        row(&format!("over a link, {at_once} at a time"), took);
    }
    for links in [4, 16] {
        let took = best(|| Star::new(links), |mut star| star.run(n, 10));
        row(&format!("over {links} links, 10 at a time, all {links} receive"), took);
    }
    text
}

fn write(replica: &mut Replica<Set>, from: u64, to: u64) {
    (from..to).for_each(|event| {
        replica.edit_at(0, |set| set.insert(mix(event)));
    });
}

/// One that writes, and some that it tells.
struct Star {
    hub: Replica<Set>,
    /// The hub's side and the other, with who is there.
    rays: Vec<(Link<Set>, Link<Set>, Replica<Set>)>,
    now: u64,
    wire: Vec<Vec<u8>>,
}

impl Star {
    fn new(rays: u64) -> Self {
        let link = |n: u64| Link::new((mix(n + 7) >> 32) as u32, config());
        let rays = (1..=rays).map(|n| (link(n), link(n << 20), replica(n + 1))).collect();
        let mut star = Star { hub: replica(1), rays, now: 0, wire: Vec::new() };
        star.exchange();
        star
    }

    /// Carries frames to and fro until there are none.
    fn exchange(&mut self) {
        let mut is_busy = true;
        while is_busy {
            is_busy = false;
            for (here, there, replica) in &mut self.rays {
                poll(here, &mut self.hub, self.now, &mut self.wire);
                is_busy |= !self.wire.is_empty();
                self.wire.drain(..).for_each(|frame| handle(there, replica, self.now, &frame));
                poll(there, replica, self.now, &mut self.wire);
                is_busy |= !self.wire.is_empty();
                self.wire.drain(..).for_each(|frame| handle(here, &mut self.hub, self.now, &frame));
            }
            self.now += 1;
        }
    }

    fn run(&mut self, n: u64, at_once: u64) {
        for from in (0..n).step_by(at_once as usize) {
            write(&mut self.hub, from, n.min(from + at_once));
            self.exchange();
        }
        assert!(self.rays.iter().all(|(_, _, replica)| replica.version() == self.hub.version()));
    }
}
