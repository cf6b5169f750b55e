//! One that writes, and its peers: what each further one costs the writer.

use std::fmt::Write as _;

use rejoin::sync::{Link, Replica, Swarm};
use rejoin_benches::data::mix;
use rejoin_benches::page::{digits, time};

use super::conversation::{config, link};
use super::work::{START, Table, key, value};
use crate::clock::{Stopwatch, Turn, Turns};
use crate::pair::{replica, writer};
use crate::targets::Targets;
use crate::wire::{handle, handle_swarm, poll, poll_swarm};

/// Few, so that seventeen replicas in one program do not drive each other out of the caches.
const KEYS: u64 = 1_000;
/// Writes in a turn, and how many turns count.
const WRITES: u64 = 500;
const ROUNDS: usize = 21;
const PEERS: [usize; 6] = [0, 1, 2, 4, 8, 16];
const MOST: usize = 16;

pub(crate) fn measure(targets: &mut Targets) -> String {
    let mut text = String::from(
        "| | peers | writer's time | × one peer | each further peer | of the first, with the write | of the first, without the write |\n\
         |---|--:|--:|--:|--:|--:|--:|\n",
    );
    rows("links", Told::by_links, &mut text, targets);
    rows("a swarm", Told::by_swarm, &mut text, targets);
    text
}

fn rows(name: &str, told: fn(usize) -> Told, text: &mut String, targets: &mut Targets) {
    let mut works: Vec<Turn<'_>> = PEERS.iter().map(|peers| Star::new(told(*peers)).turns()).collect();
    let turns = Turns::measure(ROUNDS, &mut works);
    for (n, peers) in PEERS.iter().enumerate() {
        let mut cells = vec![time(turns.time(n)), digits(turns.ratio(n, 1))];
        if *peers > 1 {
            let further = |times: &[f64]| (times[n] - times[1]) / (peers - 1) as f64;
            let each = turns.median_of(further);
            let with = turns.median_of(|times| further(times) / times[1]);
            let without = turns.median_of(|times| further(times) / (times[1] - times[0]));
            cells.extend([time(each), percent(with), percent(without)]);
            if *peers == MOST {
                let wish = format!(
                    "a write to 16 peers by {name}: each further one at most 10% of the first, with the write"
                );
                targets.at_most(&wish, 100.0 * with, 10.0);
            }
        } else {
            cells.extend(["–"; 3].map(String::from));
        }
        writeln!(text, "| {name} | {peers} | {} |", cells.join(" | ")).unwrap();
    }
}

fn percent(share: f64) -> String {
    format!("{}%", digits(100.0 * share))
}

/// The writer's side of all links.
enum Told {
    Links(Vec<Link<Table>>),
    Swarm(Box<Swarm<Table, usize>>),
}

impl Told {
    fn by_links(peers: usize) -> Self {
        Told::Links((0..peers as u64).map(|n| link(1_000 + n)).collect())
    }

    fn by_swarm(peers: usize) -> Self {
        let mut swarm = Swarm::new(7, config());
        (0..peers).for_each(|peer| swarm.keep(peer));
        Told::Swarm(Box::new(swarm))
    }

    fn poll(&mut self, hub: &mut Replica<Table>, now: u64, wire: &mut Vec<(usize, Vec<u8>)>) {
        match self {
            Told::Links(links) => {
                let mut frames = Vec::new();
                for (peer, link) in links.iter_mut().enumerate() {
                    poll(link, hub, now, &mut frames);
                    wire.extend(frames.drain(..).map(|frame| (peer, frame)));
                }
            }
            Told::Swarm(swarm) => poll_swarm(swarm, hub, now, wire),
        }
    }

    fn handle(&mut self, hub: &mut Replica<Table>, now: u64, peer: usize, frame: &[u8]) {
        match self {
            Told::Links(links) => handle(&mut links[peer], hub, now, frame),
            Told::Swarm(swarm) => handle_swarm(swarm, hub, now, peer, frame),
        }
    }

    fn len(&self) -> usize {
        match self {
            Told::Links(links) => links.len(),
            Told::Swarm(swarm) => swarm.links().count(),
        }
    }
}

struct Star {
    hub: Replica<Table>,
    told: Told,
    peers: Vec<(Link<Table>, Replica<Table>)>,
    /// Frames to peers, and the answers to the hub.
    there: Vec<(usize, Vec<u8>)>,
    back: Vec<(usize, Vec<u8>)>,
    now: u64,
    watch: Stopwatch,
}

impl Star {
    fn new(told: Told) -> Self {
        let mut hub = replica::<Table>(1);
        hub.edit_at(START, |table| table.extend((0..KEYS).map(|n| (key(n), value(n)))));
        let peers = (0..told.len() as u64)
            .map(|n| (link(2_000 + n), Replica::from_writer(writer(2 + n, hub.state().clone()))))
            .collect();
        let (there, back, watch) = (Vec::new(), Vec::new(), Stopwatch::new());
        let mut star = Star { hub, told, peers, there, back, now: 0, watch };
        star.settle();
        star
    }

    /// The writer's work for one write: the answers to the write before, the write, and its frames.
    fn write(&mut self, key: String, value: u32) {
        self.now += 1;
        let Star { hub, told, there, back, now, watch, .. } = self;
        watch.during(|| {
            back.drain(..).for_each(|(peer, frame)| told.handle(hub, *now, peer, &frame));
            hub.edit_at(START + *now, |table| table.insert(key, value));
            told.poll(hub, *now, there);
        });
        self.answer();
    }

    /// The work of all peers, outside of the time that is measured.
    fn answer(&mut self) {
        for (peer, frame) in self.there.drain(..) {
            let (link, replica) = &mut self.peers[peer];
            handle(link, replica, self.now, &frame);
        }
        let mut frames = Vec::new();
        for (peer, (link, replica)) in self.peers.iter_mut().enumerate() {
            poll(link, replica, self.now, &mut frames);
            self.back.extend(frames.drain(..).map(|frame| (peer, frame)));
        }
    }

    /// Carries frames until all are equal, and there are none.
    fn settle(&mut self) {
        for _ in 0..10_000 {
            self.told.poll(&mut self.hub, self.now, &mut self.there);
            let is_quiet = self.there.is_empty() && self.back.is_empty();
            if is_quiet && self.peers.iter().all(|(link, replica)| link.is_quiet(replica)) {
                break;
            }
            self.answer();
            for (peer, frame) in std::mem::take(&mut self.back) {
                self.told.handle(&mut self.hub, self.now, peer, &frame);
            }
            self.now += 1;
        }
        assert!(self.peers.iter().all(|(_, replica)| replica.version() == self.hub.version()));
    }

    fn turns(mut self) -> Turn<'static> {
        let mut from = 0;
        Box::new(move || {
            for n in from..from + WRITES {
                self.write(key(mix(n) % KEYS), value(n + KEYS));
            }
            from += WRITES;
            let took = self.watch.take();
            self.settle();
            took.as_secs_f64() * 1e9 / WRITES as f64
        })
    }
}
