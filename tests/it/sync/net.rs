//! Two replicas, and what is between them.

#[cfg(feature = "serde")]
use rejoin::sync::PeerName;
use rejoin::sync::{Config, Link, Refused, Replica, Replicated};

/// The finaliser of `SplitMix64`: enough of a random source here.
pub(crate) fn mix(n: u64) -> u64 {
    let n = n.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let n = (n ^ (n >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let n = (n ^ (n >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    n ^ (n >> 31)
}

pub(crate) struct Pair<T: Replicated> {
    pub(crate) replicas: [Replica<T>; 2],
    pub(crate) links: [Link<T>; 2],
    pub(crate) now: u64,
    random: u64,
    /// Out of a hundred.
    pub(crate) loss: u64,
    pub(crate) doubled: u64,
    pub(crate) latest: u64,
    wire: Vec<(u64, usize, Vec<u8>)>,
    pub(crate) frames: u64,
    pub(crate) bytes: u64,
    /// How often it went one way or the other: half round trips, when nothing is late.
    pub(crate) legs: u64,
}

impl<T: Replicated> Pair<T> {
    pub(crate) fn new(a: Replica<T>, b: Replica<T>, seed: u64) -> Self {
        let link = |n| Link::new(mix(seed + n) as u32, Config::default());
        Pair {
            replicas: [a, b],
            links: [link(1), link(2)],
            now: 0,
            random: seed,
            loss: 0,
            doubled: 0,
            latest: 1,
            wire: Vec::new(),
            frames: 0,
            bytes: 0,
            legs: 0,
        }
    }

    pub(crate) fn config(&mut self, set: impl Fn(&mut Config)) {
        let mut config = Config::default();
        set(&mut config);
        self.links = [1, 2].map(|n| Link::new(mix(self.random + n) as u32, config.clone()));
    }

    /// Each side vouches for the other, in a new conversation.
    #[cfg(feature = "serde")]
    pub(crate) fn vouch(&mut self) {
        self.links = [1, 2].map(|n| {
            let session = mix(self.random ^ self.now ^ n) as u32;
            Link::new(session, Config::default()).vouched_for(PeerName::from_u128(n.into()))
        });
    }

    /// One of the replicas is another from now on, with a link that knows nothing.
    pub(crate) fn replace(&mut self, side: usize, by: Replica<T>) {
        self.replicas[side] = by;
        self.links[side] = Link::new(mix(self.random ^ self.now) as u32, Config::default());
    }

    fn random(&mut self, below: u64) -> u64 {
        self.random = mix(self.random);
        self.random % below
    }

    /// One step of time.
    pub(crate) fn step(&mut self) {
        for from in [0, 1] {
            while let Some(frame) = self.links[from].poll_frame(&mut self.replicas[from], self.now) {
                self.frames += 1;
                self.bytes += frame.len() as u64;
                if self.random(100) >= self.loss {
                    let at = self.now + 1 + self.random(self.latest);
                    self.wire.push((at, 1 - from, frame.clone()));
                }
                if self.random(100) < self.doubled {
                    let at = self.now + 1 + self.random(self.latest * 3);
                    self.wire.push((at, 1 - from, frame));
                }
            }
        }
        self.now += 1;
        let now = self.now;
        let due: Vec<_> = self.wire.extract_if(.., |(at, _, _)| *at <= now).collect();
        self.legs += u64::from(!due.is_empty());
        for (_, to, frame) in due {
            self.links[to].handle_frame(&mut self.replicas[to], now, &frame).unwrap();
        }
    }

    /// Until either side has refused something, and for a while after that.
    pub(crate) fn run_until_refused(&mut self) -> Vec<Refused> {
        let mut refused = Vec::new();
        for now in 0..200 {
            for from in [0, 1] {
                while let Some(frame) = self.links[from].poll_frame(&mut self.replicas[from], now) {
                    refused.extend(
                        self.links[1 - from].handle_frame(&mut self.replicas[1 - from], now, &frame).err(),
                    );
                }
            }
        }
        refused
    }

    pub(crate) fn is_quiet(&self) -> bool {
        self.wire.is_empty() && (0..2).all(|n| self.links[n].is_quiet(&self.replicas[n]))
    }

    /// Until nothing is left to say.
    pub(crate) fn run(&mut self) {
        let start = self.now;
        loop {
            self.step();
            if self.is_quiet() {
                return;
            }
            assert!(
                self.now < start + 1_000_000,
                "they come to an end: {:?} {:?}",
                self.links[0],
                self.links[1]
            );
        }
    }
}
