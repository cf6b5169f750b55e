use alloc::collections::{BTreeMap, VecDeque};
use alloc::vec::Vec;
use core::fmt;

use super::sketch::{high, mix};
use super::{Config, Link, Refused, Replica, Replicated, Stats};

/// Links to many others, by whatever name you call them: an address, a number, a subject.
///
/// Who is [kept](Self::keep) always has a link, through which all that is new goes at once. With [gossip](Self::gossip), each
/// round some others are drawn, and have a link for a while: what is new is pushed to them and to those drawn before, and
/// those who differ find out by a digest. So a rumour reaches n replicas in about log n rounds, whoever fails, and
/// no replica needs more than some links.
///
/// ```
/// use rejoin::sync::{Config, Replica, Swarm};
/// use rejoin::{Causal, OrSet};
///
/// type Books = Causal<OrSet<String>>;
/// let mut shops: Vec<_> =
///     (0..5).map(|n| (Replica::<Books>::new(), Swarm::<Books, usize>::new(n, Config::default()))).collect();
/// for (n, (_, swarm)) in shops.iter_mut().enumerate() {
///     swarm.keep((n + 1) % 5); // a ring
/// }
/// shops[2].0.edit(|books| books.insert("Emma".into()));
///
/// let mut network = Vec::new();
/// loop {
///     for (n, (replica, swarm)) in shops.iter_mut().enumerate() {
///         while let Some((to, frame)) = swarm.poll_frame(replica, 0) {
///             network.push((n, to, frame));
///         }
///     }
///     let Some((from, to, frame)) = network.pop() else { break };
///     let (replica, swarm) = &mut shops[to];
///     swarm.handle_frame(replica, 0, from, &frame)?;
/// }
/// assert!(shops.iter().all(|(replica, _)| replica.contains("Emma")));
/// # Ok::<(), rejoin::sync::Refused>(())
/// ```
pub struct Swarm<T: Replicated, P> {
    config: Config,
    links: BTreeMap<P, Place<T>>,
    /// Whom there may be something to say to.
    due: VecDeque<P>,
    /// How often the replica had changed when all were asked.
    changes: u64,
    wake: Option<u64>,
    gossip: Option<Gossip<P>>,
    /// When to draw again.
    next_round: u64,
    random: u64,
    most_links: usize,
    /// Of links that are no more.
    closed: Stats,
}

struct Place<T: Replicated> {
    link: Link<T>,
    is_kept: bool,
    used: u64,
}

/// How a [`Swarm`] gossips.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gossip<P> {
    /// Who can be drawn.
    pub peers: Vec<P>,
    /// How many are drawn in each round.
    pub fanout: usize,
    /// How long a round is, in milliseconds.
    pub interval: u64,
    /// After how many rounds a link that has nothing to say is closed. One that nobody answers is closed after
    /// [`Config::patience`], if that is longer.
    pub rounds_open: u64,
}

impl<T: Replicated, P: Clone + Ord> Swarm<T, P> {
    /// Links to nobody yet. The numbers that it draws, for sessions and for gossip, follow from `seed`: take one that was
    /// never taken before, from the system, say.
    pub fn new(seed: u64, config: Config) -> Self {
        Swarm {
            config,
            links: BTreeMap::new(),
            due: VecDeque::new(),
            changes: 0,
            wake: None,
            gossip: None,
            next_round: 0,
            random: seed,
            most_links: 1_024,
            closed: Stats::default(),
        }
    }

    /// Sets how many links there may be that are not kept. Frames from strangers are not taken in beyond.
    pub fn set_most_links(&mut self, links: usize) {
        self.most_links = links;
    }

    /// Has a link to `peer` from now on.
    pub fn keep(&mut self, peer: P) {
        self.open(peer, 0).is_kept = true;
        self.wake = Some(0);
    }

    /// Drops the link to `peer`.
    pub fn drop_peer(&mut self, peer: &P) {
        if let Some(place) = self.links.remove(peer) {
            self.closed += place.link.stats();
        }
    }

    /// Gossips from now on, or no more. Links that are open then stay open: [drop](Self::drop_peer) them, or keep them.
    pub fn gossip(&mut self, gossip: Option<Gossip<P>>) {
        self.gossip = gossip;
        self.next_round = 0;
        self.wake = Some(0);
    }

    /// The link to `peer`, if there is one.
    pub fn link(&self, peer: &P) -> Option<&Link<T>> {
        self.links.get(peer).map(|place| &place.link)
    }

    /// All links.
    pub fn links(&self) -> impl Iterator<Item = (&P, &Link<T>)> {
        self.links.iter().map(|(peer, place)| (peer, &place.link))
    }

    /// What all links have carried, also those that are closed.
    pub fn stats(&self) -> Stats {
        let mut stats = self.closed;
        self.links.values().for_each(|place| stats += place.link.stats());
        stats
    }

    /// Whether nothing is left to say to anybody.
    pub fn is_quiet(&self, replica: &Replica<T>) -> bool {
        self.links.values().all(|place| place.link.is_quiet(replica))
    }

    fn draw(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9E37_79B9_7F4A_7C15);
        mix(self.random)
    }

    fn open(&mut self, peer: P, now: u64) -> &mut Place<T> {
        if !self.links.contains_key(&peer) {
            self.due.push_back(peer.clone());
        }
        let session = high(self.draw());
        let config = &self.config;
        self.links.entry(peer).or_insert_with(|| Place {
            link: Link::new(session, config.clone()),
            is_kept: false,
            used: now,
        })
    }

    /// Takes in a frame that has come from `peer`. Returns true if the state grew.
    ///
    /// # Errors
    ///
    /// As [`Link::handle_frame`]; the conversation with this peer begins anew.
    pub fn handle_frame(
        &mut self,
        replica: &mut Replica<T>,
        now: u64,
        peer: P,
        frame: &[u8],
    ) -> Result<bool, Refused> {
        let is_new = !self.links.contains_key(&peer);
        if is_new && self.not_kept() >= self.most_links {
            self.close_idle(replica, now, 0);
            if self.not_kept() >= self.most_links {
                return Ok(false);
            }
        }
        let place = self.open(peer.clone(), now);
        let result = place.link.handle_frame(replica, now, frame);
        if result.is_ok() {
            place.used = now;
        } else if is_new {
            // Whoever it is has nothing to say.
            self.drop_peer(&peer);
        }
        self.due.push_back(peer);
        result
    }

    /// The next frame to send, and to whom, if there is any.
    #[must_use = "what is not sent is lost, until it is sent again"]
    pub fn poll_frame(&mut self, replica: &mut Replica<T>, now: u64) -> Option<(P, Vec<u8>)> {
        if !replica.is_stored() {
            return None;
        }
        if self.changes != replica.changes() {
            self.changes = replica.changes();
            self.due = self.links.keys().cloned().collect();
        }
        if self.wake.is_some_and(|at| now >= at) {
            self.wake = None;
            if now >= self.next_round {
                self.round(replica, now);
            }
            let due = |place: &Place<T>| place.link.poll_timeout().is_some_and(|at| now >= at);
            self.due.extend(self.links.iter().filter(|(_, place)| due(place)).map(|(peer, _)| peer.clone()));
        }
        while let Some(peer) = self.due.front() {
            if let Some(place) = self.links.get_mut(peer)
                && let Some(frame) = place.link.poll_frame(replica, now)
            {
                return Some((peer.clone(), frame));
            }
            self.due.pop_front();
        }
        let links = self.links.values().filter_map(|place| place.link.poll_timeout());
        let round = self.gossip.as_ref().map(|_| self.next_round);
        self.wake = links.chain(round).min();
        None
    }

    /// When to [poll](Self::poll_frame) again if nothing happens before.
    pub fn poll_timeout(&self) -> Option<u64> {
        self.wake
    }

    /// Draws whom to talk to, once in a while.
    fn round(&mut self, replica: &Replica<T>, now: u64) {
        let Some(gossip) = &self.gossip else { return };
        let (fanout, len, interval) = (gossip.fanout, gossip.peers.len(), gossip.interval.max(1));
        let open = gossip.rounds_open.saturating_mul(interval);
        self.next_round = (now / interval + 1).saturating_mul(interval);
        let mut random = self.random;
        let drawn = choose(fanout, len, || {
            random = random.wrapping_add(0x9E37_79B9_7F4A_7C15);
            mix(random)
        });
        self.random = random;
        let peers: Vec<P> = drawn.into_iter().map(|at| gossip.peers[at].clone()).collect();
        self.close_idle(replica, now, open);
        for peer in peers {
            self.open(peer, now).used = now;
        }
    }

    fn not_kept(&self) -> usize {
        self.links.values().filter(|place| !place.is_kept).count()
    }

    /// Closes links that have nothing to say, and those that nobody answers.
    fn close_idle(&mut self, replica: &Replica<T>, now: u64, after: u64) {
        let (closed, patience) = (&mut self.closed, self.config.patience.max(after));
        self.links.retain(|_, place| {
            let unused = now.saturating_sub(place.used);
            let is_idle = unused >= after && place.link.is_quiet(replica) || unused >= patience;
            let stays = place.is_kept || !is_idle;
            if !stays {
                *closed += place.link.stats();
            }
            stays
        });
    }
}

/// So many different ones of the numbers below `len`, or all of them.
pub(crate) fn choose(count: usize, len: usize, mut random: impl FnMut() -> u64) -> Vec<usize> {
    let mut chosen = Vec::with_capacity(count.min(len));
    if count >= len {
        chosen.extend(0..len);
    }
    while chosen.len() < count.min(len) {
        let at = usize::try_from((u128::from(random()) * len as u128) >> 64).unwrap_or(0);
        if !chosen.contains(&at) {
            chosen.push(at);
        }
    }
    chosen
}

impl<T: Replicated, P: fmt::Debug> fmt::Debug for Swarm<T, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.links.iter().map(|(peer, place)| (peer, &place.link))).finish()
    }
}
