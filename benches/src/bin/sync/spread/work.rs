//! What each node writes at each tick.

use rejoin_benches::data::{is_quick, mix};

use super::NODES;

#[derive(Clone, Copy)]
pub(super) enum Op {
    /// Puts an element into a set that only grows.
    Put(u32),
    /// Sets a key to a value that is greater than those before.
    Set(u32, u32),
    /// A user follows another.
    Follow(u32, u32),
    /// A user writes to their own wall, and to the timelines of those who, as far as is known here, follow them.
    Post(u32, u32),
}

pub(super) struct Work {
    pub(super) name: String,
    /// By tick, then by node.
    pub(super) ticks: Vec<Vec<Vec<Op>>>,
}

pub(super) const USERS: u32 = 1_000;
const KEYS: u32 = 1_000;
/// Of Retwis, by each node at each tick.
const OPS: u32 = 4;

pub(super) fn all() -> Vec<Work> {
    let ticks = if is_quick() { 20 } else { 100 };
    let work = |name: &str, ops: &mut dyn FnMut(u32, usize) -> Vec<Op>| Work {
        name: name.to_string(),
        ticks: (0..ticks).map(|tick| (0..NODES).map(|node| ops(tick, node)).collect()).collect(),
    };
    let mut all = vec![work("GSet", &mut |tick, node| vec![Op::Put(tick * NODES as u32 + node as u32)])];
    for percent in [10, 30, 60, 100] {
        // Each key has one node that writes it.
        all.push(work(&format!("GMap {percent}%"), &mut |tick, node| {
            let mut keys = shuffled(tick, (node as u32..KEYS).step_by(NODES));
            keys.truncate((keys.len() as u32 * percent).div_ceil(100) as usize);
            keys.into_iter().map(|key| Op::Set(key, tick + 1)).collect()
        }));
    }
    all.push(work("GMap 100%, another writer each time", &mut |tick, node| {
        let keys = shuffled(tick, 0..KEYS).into_iter().skip(node).step_by(NODES);
        keys.map(|key| Op::Set(key, tick + 1)).collect()
    }));
    let zipf = Zipf::new();
    all.push(work("Retwis", &mut |tick, node| {
        (0..OPS)
            .filter_map(|n| {
                let number = (tick * NODES as u32 + node as u32) * OPS + n;
                let random = mix(u64::from(number) + (1 << 50));
                let (who, whom) = (zipf.user(mix(random)), zipf.user(mix(!random)));
                match random % 100 {
                    0..15 => Some(Op::Follow(who, whom)),
                    15..50 => Some(Op::Post(who, number)),
                    _ => None, // Somebody reads their timeline.
                }
            })
            .collect()
    }));
    all
}

fn shuffled(tick: u32, keys: impl Iterator<Item = u32>) -> Vec<u32> {
    let mut keys: Vec<u32> = keys.collect();
    keys.sort_by_key(|key| mix(u64::from(*key) << 32 | u64::from(tick)));
    keys
}

/// User `n` is chosen in proportion to `1 / (n + 1)`.
struct Zipf(Vec<f64>);

impl Zipf {
    fn new() -> Self {
        let sums = (1..=USERS).scan(0.0, |sum, n| {
            *sum += 1.0 / f64::from(n);
            Some(*sum)
        });
        Zipf(sums.collect())
    }

    fn user(&self, random: u64) -> u32 {
        let at = random as f64 / u64::MAX as f64 * self.0.last().expect("some users");
        self.0.partition_point(|sum| *sum < at).min(USERS as usize - 1) as u32
    }
}

/// The name of an element of Retwis: somebody's follower, or a post on somebody's timeline; their own wall is among these.
pub(super) fn follower(of: u32, who: u32) -> u64 {
    u64::from(of) << 32 | u64::from(who)
}

pub(super) fn on_timeline(of: u32, post: u32) -> u64 {
    1 << 63 | u64::from(of) << 32 | u64::from(post)
}

/// What an operation adds, given the followers that are known.
pub(super) fn added(op: Op, followers: impl Fn(u32) -> Vec<u32>) -> Vec<u64> {
    match op {
        Op::Put(element) | Op::Set(element, _) => vec![element.into()],
        Op::Follow(who, whom) => vec![follower(whom, who)],
        Op::Post(who, post) => {
            let mut on: Vec<u32> = followers(who);
            on.push(who);
            on.sort_unstable();
            on.dedup();
            on.into_iter().map(|of| on_timeline(of, post)).collect()
        }
    }
}
