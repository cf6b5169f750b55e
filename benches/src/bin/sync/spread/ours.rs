//! The same by replicas and links, frames and all.

use rejoin::sync::{Config, Link, Replica, Replicated};
use rejoin::{Causal, Map, MvRegister, OrSet};
use rejoin_benches::data::mix;

use super::work::{Op, Work, added, follower};
use super::{NODES, Net, Sent};
use crate::pair::replica;
use crate::wire::{handle, poll};

pub(super) fn elements(work: &Work, net: &Net) -> Sent {
    run::<Causal<OrSet<u64>>>(work, net, |replica, ops| {
        replica.edit_at(0, |set| {
            for op in ops {
                let followers = |of: u32| {
                    let all = follower(of, 0)..=follower(of, u32::MAX);
                    let known = set.iter().filter(|key| all.contains(key));
                    known.map(|key| (key & u64::from(u32::MAX)) as u32).collect()
                };
                for element in added(*op, followers) {
                    if !set.contains(&element) {
                        set.insert(element);
                    }
                }
            }
        });
    })
}

pub(super) fn registers(work: &Work, net: &Net) -> Sent {
    run::<Causal<Map<u64, MvRegister<u32>>>>(work, net, |replica, ops| {
        replica.edit_at(0, |map| {
            for op in ops {
                if let Op::Set(key, value) = op {
                    map.entry(u64::from(*key)).set(*value);
                }
            }
        });
    })
}

fn run<T: Replicated>(work: &Work, net: &Net, write: impl Fn(&mut Replica<T>, &[Op])) -> Sent {
    let mut replicas: Vec<Replica<T>> = (0..NODES as u64).map(replica).collect();
    let link =
        |me: usize, n: usize| Link::new((mix((me * NODES + n) as u64 + 1) >> 32) as u32, Config::default());
    let mut links: Vec<Vec<Link<T>>> =
        (0..NODES).map(|me| net[me].iter().map(|n| link(me, *n)).collect()).collect();
    let mut sent = Sent::default();
    // They meet before anything is written, as those of the other protocols know each other.
    let mut now = 0;
    loop {
        let is_quiet = (0..NODES).all(|me| links[me].iter().all(|link| link.is_quiet(&replicas[me])));
        let writes = if is_quiet || sent.ticks > 0 { work.ticks.get(sent.ticks as usize) } else { None };
        if writes.is_none()
            && sent.ticks > 0
            && replicas.iter().all(|it| it.version() == replicas[0].version())
        {
            break;
        }
        for (me, ops) in writes.into_iter().flatten().enumerate() {
            write(&mut replicas[me], ops);
        }
        let (mut wire, mut frames) = (Vec::new(), Vec::new());
        for me in 0..NODES {
            for (link, to) in links[me].iter_mut().zip(&net[me]) {
                let from = net[*to].iter().position(|n| *n == me).expect("neighbours of one another");
                poll(link, &mut replicas[me], now, &mut frames);
                wire.extend(frames.drain(..).map(|frame| (*to, from, frame)));
            }
        }
        for (to, from, frame) in wire {
            handle(&mut links[to][from], &mut replicas[to], now, &frame);
        }
        now += 1;
        sent.ticks += u64::from(writes.is_some() || sent.ticks > 0);
        assert!(now < 100_000, "they come to an end");
    }
    for stats in links.iter().flatten().map(|link| link.stats()) {
        sent.elements += stats.events;
        sent.bytes += stats.bytes;
    }
    sent
}
