//! Three replicas talk, each with each, and somebody crosses their conversations: frames come where they do not belong, late,
//! twice, cut or changed. At last everybody is honest, and all end equal.
//!
//! The first byte chooses a type and a carrier, the second how much is known to all and remembered, the others what happens.

use rejoin::sync::{Carrier, Config, Link, LogBounds, Numbered, Replica, Shared};
use rejoin::{Causal, Counter, GCounter, Map, OrSet, RwSet};

use crate::frames::Subject;
use crate::source::Source;

/// The replica of each link: of the first to the second and the third, of the second to the third and the first, and so on.
const REPLICAS: [usize; 6] = [0, 0, 1, 1, 2, 2];
/// The other side of each link.
const PEERS: [usize; 6] = [3, 4, 5, 0, 1, 2];
/// Frames that may come again, at most.
const MOST_KEPT: usize = 64;

struct World<T: Subject> {
    replicas: Vec<Replica<T>>,
    links: Vec<Link<T>>,
    config: Config,
    now: u64,
    /// Frames that were sent, and the link that sent each.
    kept: Vec<(usize, Vec<u8>)>,
    /// Nothing was changed that a link would take for a peer's word.
    is_honest: bool,
}

impl<T: Subject> World<T> {
    fn new(how: u8, config: Config) -> Self {
        let mut replicas = T::three();
        let entries = if how & 1 == 0 { 1_000 } else { 0 };
        replicas
            .iter_mut()
            .for_each(|replica| replica.set_log_bounds(LogBounds { entries, bytes: u64::MAX }));
        let mut world =
            World { replicas, links: Vec::new(), config, now: 0, kept: Vec::new(), is_honest: true };
        world.connect(0);
        // Members of a group begin with what its founder has.
        (0..600).for_each(|_| {
            if !world.have_the_same() {
                world.step()
            }
        });
        for n in 0..how / 8 {
            world.replicas[usize::from(n % 3)].edit_at(0, |edit| T::write(n.wrapping_mul(37), edit));
        }
        world
    }

    fn connect(&mut self, from: u32) {
        self.links = (1..=6).map(|n| Link::new(from + n, self.config.clone())).collect();
    }

    fn poll(&mut self, link: usize) -> Option<Vec<u8>> {
        self.links[link].poll_frame(&mut self.replicas[REPLICAS[link]], self.now)
    }

    fn deliver(&mut self, link: usize, frame: &[u8]) {
        let replica = &mut self.replicas[REPLICAS[link]];
        let seen = replica.version().clone();
        let _ = self.links[link].handle_frame(replica, self.now, frame);
        assert!(replica.has(&seen), "nothing is forgotten");
        let most = 4 * (self.config.window + self.config.max_frame);
        assert!(self.links[link].held() <= most, "memory is bounded");
    }

    /// One frame of a link goes where the script says.
    fn disturb(&mut self, source: &mut Source<'_>) {
        let from = source.below(6);
        let Some(mut frame) = self.poll(from) else { return };
        if self.kept.len() < MOST_KEPT {
            self.kept.push((from, frame.clone()));
        }
        match source.below(8) {
            0..=2 => self.deliver(PEERS[from], &frame),
            3 => self.is_honest &= self.config.carrier == Carrier::Datagrams, // it is lost
            4 => {
                self.doubt();
                self.deliver(source.below(6), &frame);
            }
            5 => {
                self.doubt();
                let (_, frame) = self.kept[source.below(self.kept.len())].clone();
                self.deliver(source.below(6), &frame);
            }
            6 => {
                self.doubt();
                frame.truncate(source.below(frame.len()));
                self.deliver(PEERS[from], &frame);
            }
            _ => {
                self.doubt();
                let place = source.below(frame.len());
                frame[place] ^= source.byte();
                self.deliver(PEERS[from], &frame);
            }
        }
    }

    /// Datagrams carry a check, so what does not belong there is noise. An ordered carrier promises what was just broken.
    fn doubt(&mut self) {
        self.is_honest &= self.config.carrier == Carrier::Datagrams;
    }

    /// All that is sent arrives.
    fn step(&mut self) {
        for from in 0..6 {
            while let Some(frame) = self.poll(from) {
                self.deliver(PEERS[from], &frame);
            }
        }
        self.now += 100;
    }

    fn have_the_same(&self) -> bool {
        self.replicas.iter().all(|replica| replica.version() == self.replicas[0].version())
    }

    fn become_equal(&mut self) {
        if self.config.carrier == Carrier::Ordered {
            self.connect(100); // that connection is broken
        }
        for _ in 0..6_000 {
            self.step();
            if self.have_the_same() {
                break;
            }
        }
        assert!(self.have_the_same(), "they do not become equal: {:?}", self.links);
        let are_equal = self.replicas.iter().all(|replica| replica.state() == self.replicas[0].state());
        assert!(are_equal || !self.is_honest, "replicas that know the same have the same");
    }
}

fn talk<T: Subject>(chosen: u8, how: u8, source: &mut Source<'_>) {
    let mut config = Config::default();
    (config.patience, config.turn) = (5_000, 1_000);
    if chosen & 4 != 0 {
        config.carrier = Carrier::Ordered;
    }
    let mut world = World::<T>::new(how, config);
    while !source.is_empty() {
        match source.below(16) {
            0 => world.now += [10, 300, 3_000, 30_000][source.below(4)],
            1 => {
                let (at, n, now) = (source.below(3), source.byte(), world.now);
                world.replicas[at].edit_at(now, |edit| T::write(n, edit));
            }
            2 => world.step(),
            _ => world.disturb(source),
        }
    }
    // A group takes a lie about its members for what it is, or for good: see `docs/limits.md`.
    if T::IS_OPEN || world.is_honest {
        world.become_equal();
    }
}

/// Lets three talk.
///
/// # Panics
///
/// If the bytes show a mistake.
pub fn run(bytes: &[u8]) {
    let [chosen, how, script @ ..] = bytes else { return };
    let mut source = Source::new(script);
    match chosen % 4 {
        0 => talk::<Causal<OrSet<u8>>>(*chosen, *how, &mut source),
        1 => talk::<Causal<Map<u8, RwSet<u8>>>>(*chosen, *how, &mut source),
        2 => talk::<Causal<Shared<Counter>>>(*chosen, *how, &mut source),
        _ => talk::<Numbered<GCounter>>(*chosen, *how, &mut source),
    }
}
