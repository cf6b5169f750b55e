//! The frames of links in an hour in which nobody writes.

use std::collections::VecDeque;
use std::fmt::Write as _;

use rejoin::sync::{Config, Link, Replica};
use rejoin_benches::page::{count, digits};

use super::conversation::{Carried, link};
use super::work::{START, Table, key, value};
use crate::pair::{replica, writer};
use crate::targets::Targets;
use crate::wire::{handle, poll};

const HOUR: u64 = 3_600_000;
/// How long the replicas may take to become equal, and how long a frame takes, in milliseconds.
const BEFORE: u64 = 60_000;
const LATENCY: u64 = 10;
const KEYS: u64 = 1_000;

pub(crate) fn measure(targets: &mut Targets) -> String {
    let mut text = String::from(
        "| links | before | frames an hour | bytes an hour | of each link: frames in the time of a probe | bytes |\n\
         |--:|---|--:|--:|--:|--:|\n",
    );
    let mut worst = 0_f64;
    for (links, writes, before) in [
        (1, 0, "equal from the first"),
        (1, 100, "100 writes"),
        (16, 0, "equal from the first"),
        (16, 100, "100 writes"),
    ] {
        let said = Net::new(links, writes).idle();
        let probes = (HOUR / Config::default().probe) as f64 * links as f64;
        let [frames, bytes] = [said.frames, said.bytes].map(|of| of as f64 / probes);
        worst = worst.max(frames);
        let [all_frames, all_bytes] = [said.frames, said.bytes].map(|of| count(of as usize));
        let each = [frames, bytes].map(digits).join(" | ");
        writeln!(text, "| {links} | {before} | {all_frames} | {all_bytes} | {each} |").unwrap();
    }
    let wish = "equal replicas, idle: at most a probe each way, and its acknowledgement: frames of a link in the time of a probe";
    targets.at_most(wish, worst, 4.0);
    text
}

/// The hub's side of a link, the other side, and the replica there.
struct Ray {
    here: Link<Table>,
    there: Link<Table>,
    replica: Replica<Table>,
}

struct Flight {
    arrives: u64,
    ray: usize,
    is_to_hub: bool,
    frame: Vec<u8>,
}

struct Net {
    hub: Replica<Table>,
    rays: Vec<Ray>,
    /// In the order in which they arrive.
    flights: VecDeque<Flight>,
}

impl Net {
    fn new(links: u64, writes: u64) -> Self {
        let mut hub = replica::<Table>(1);
        hub.edit_at(START, |table| table.extend((0..KEYS).map(|n| (key(n), value(n)))));
        let ray = |n| Ray {
            here: link(1_000 + n),
            there: link(2_000 + n),
            replica: Replica::from_writer(writer(2 + n, hub.state().clone())),
        };
        let rays = (0..links).map(ray).collect();
        (0..writes).for_each(|n| {
            hub.edit_at(START + 1, |table| table.insert(key(n), value(KEYS + n)));
        });
        Net { hub, rays, flights: VecDeque::new() }
    }

    /// Counts the frames and bytes of an hour, after all replicas have become equal.
    fn idle(mut self) -> Carried {
        let (mut now, mut said) = (0, Carried::default());
        while now < BEFORE + HOUR {
            let carried = self.poll(now);
            if now >= BEFORE {
                said += carried;
            }
            let timeouts =
                self.rays.iter().flat_map(|ray| [ray.here.poll_timeout(), ray.there.poll_timeout()]);
            let arrival = self.flights.front().map(|flight| flight.arrives);
            let next = timeouts.chain([arrival]).flatten().min();
            now = next.unwrap_or(u64::MAX).max(now + 1);
            self.deliver(now);
            assert!(now < BEFORE || self.rays.iter().all(|ray| ray.replica.version() == self.hub.version()));
        }
        said
    }

    fn poll(&mut self, now: u64) -> Carried {
        let (mut frames, mut carried) = (Vec::new(), Carried::default());
        for (n, ray) in self.rays.iter_mut().enumerate() {
            for is_to_hub in [false, true] {
                if is_to_hub {
                    poll(&mut ray.there, &mut ray.replica, now, &mut frames);
                } else {
                    poll(&mut ray.here, &mut self.hub, now, &mut frames);
                }
                for frame in frames.drain(..) {
                    carried += Carried { frames: 1, bytes: frame.len() as u64 };
                    self.flights.push_back(Flight { arrives: now + LATENCY, ray: n, is_to_hub, frame });
                }
            }
        }
        carried
    }

    fn deliver(&mut self, now: u64) {
        while let Some(flight) = self.flights.pop_front_if(|flight| flight.arrives <= now) {
            let ray = &mut self.rays[flight.ray];
            if flight.is_to_hub {
                handle(&mut ray.here, &mut self.hub, now, &flight.frame);
            } else {
                handle(&mut ray.there, &mut ray.replica, now, &flight.frame);
            }
        }
    }
}
