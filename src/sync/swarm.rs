use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

use super::hash::{high, mix};
use super::{Config, Link, PeerName, Refused, Replica, Replicated, Stats};

/// Links to many others, by whatever name you call them: an address, a number, a subject.
///
/// A peer that is [kept](Self::keep) always has a link, through which all that is new goes at once. With
/// [gossip](Self::gossip), each round some peers are drawn, and have a link for a while: what is new is pushed to them and to
/// those drawn before, and replicas that differ find out by a fingerprint. So a rumour reaches n replicas in about log n
/// rounds, whichever fail, and no replica needs more than some links.
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
/// let mut network = std::collections::VecDeque::new();
/// loop {
///     for (n, (replica, swarm)) in shops.iter_mut().enumerate() {
///         while let Some((to, frame)) = swarm.poll_frame(replica, 0) {
///             network.push_back((n, to, frame));
///         }
///     }
///     let Some((from, to, frame)) = network.pop_front() else { break };
///     let (replica, swarm) = &mut shops[to];
///     swarm.handle_frame(replica, 0, from, &frame)?;
/// }
/// assert!(shops.iter().all(|(replica, _)| replica.contains("Emma")));
/// # Ok::<(), rejoin::sync::Refused>(())
/// ```
///
/// # Strangers
///
/// Peers that are not kept share [so many](Self::set_most_links) links. When all are taken, a newcomer gets the link of the
/// stranger that has been of no use for longest: it has neither brought nor taken events, nor answered a call.
pub struct Swarm<T: Replicated, P> {
    config: Config,
    places: BTreeMap<P, Place<T>>,
    /// How many places are not kept.
    strangers: usize,
    most_strangers: usize,
    /// Before this no stranger gives its place to another.
    full_until: u64,
    /// The peers to poll now, each once.
    due: VecDeque<P>,
    /// When to poll peers again, at the latest; a place knows its present entry.
    wakes: BTreeSet<(u64, P)>,
    /// How often the replica had changed when all links were polled.
    changes: u64,
    gossip: Option<Gossip<P>>,
    /// Says which peers the application vouches for.
    vouched: Option<Arc<Vouching<P>>>,
    /// When to draw again.
    next_round: u64,
    random: u64,
    /// What links that are closed have carried.
    closed: Stats,
}

struct Place<T: Replicated> {
    link: Link<T>,
    is_kept: bool,
    is_due: bool,
    wake: Option<u64>,
    /// When a frame last came in.
    used: u64,
    /// When the peer last answered for the first time, or an event last went either way.
    useful: u64,
    /// How many events the link had sent then.
    events: u64,
    has_answered: bool,
}

impl<T: Replicated> Place<T> {
    /// When it may be given to another stranger, if it is of no use until then.
    fn given_up_at(&self, config: &Config) -> u64 {
        // A call may come from a forged address, which answers nothing.
        let wait = if self.has_answered { config.turn } else { config.retry.saturating_mul(2) };
        self.useful.saturating_add(wait)
    }

    /// Has nothing more to say until its link is to be polled again.
    fn rest<P: Clone + Ord>(&mut self, peer: &P, wakes: &mut BTreeSet<(u64, P)>) {
        self.is_due = false;
        // An entry that is too early costs one poll; only one that is too late must be replaced.
        if let Some(at) = self.link.poll_timeout()
            && self.wake.is_none_or(|wake| at < wake)
        {
            if let Some(before) = self.wake.replace(at) {
                wakes.remove(&(before, peer.clone()));
            }
            wakes.insert((at, peer.clone()));
        }
    }
}

/// The name of a peer that the application vouches for.
type Vouching<P> = dyn Fn(&P) -> Option<PeerName> + Send + Sync;

/// How a [`Swarm`] gossips.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gossip<P> {
    /// The peers that may be drawn.
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
            config: config.sound(),
            places: BTreeMap::new(),
            strangers: 0,
            most_strangers: 1_024,
            full_until: 0,
            due: VecDeque::new(),
            wakes: BTreeSet::new(),
            changes: 0,
            gossip: None,
            vouched: None,
            next_round: 0,
            random: seed,
            closed: Stats::default(),
        }
    }

    /// Sets how many links there may be to peers that are not kept.
    pub fn set_most_links(&mut self, links: usize) {
        self.most_strangers = links;
    }

    /// Has a link to `peer` from now on.
    pub fn keep(&mut self, peer: P) {
        let place = self.open(peer, 0);
        if !core::mem::replace(&mut place.is_kept, true) {
            self.strangers -= 1;
        }
    }

    /// Drops the link to `peer`.
    pub fn drop_peer(&mut self, peer: &P) {
        if let Some(place) = self.places.remove(peer) {
            self.closed += place.link.stats();
            self.strangers -= usize::from(!place.is_kept);
            if let Some(wake) = place.wake {
                self.wakes.remove(&(wake, peer.clone()));
            }
        }
    }

    /// Sets which peers the carrier has authenticated, and the application's names for them: see
    /// [`Link::vouched_for`]. It holds for links that open from now on.
    pub fn vouch_for(&mut self, name: impl Fn(&P) -> Option<PeerName> + Send + Sync + 'static) {
        self.vouched = Some(Arc::new(name));
    }

    /// Gossips from now on, or no more. Links that are open then stay open: [drop](Self::drop_peer) them, or keep them.
    pub fn gossip(&mut self, gossip: Option<Gossip<P>>) {
        self.gossip = gossip;
        self.next_round = 0;
    }

    /// The link to `peer`, if there is one.
    pub fn link(&self, peer: &P) -> Option<&Link<T>> {
        self.places.get(peer).map(|place| &place.link)
    }

    /// All links.
    pub fn links(&self) -> impl Iterator<Item = (&P, &Link<T>)> {
        self.places.iter().map(|(peer, place)| (peer, &place.link))
    }

    /// What all links have carried, those that are closed included.
    pub fn stats(&self) -> Stats {
        let mut stats = self.closed;
        self.places.values().for_each(|place| stats += place.link.stats());
        stats
    }

    /// Whether nothing is left to say to anybody.
    pub fn is_quiet(&self, replica: &Replica<T>) -> bool {
        self.places.values().all(|place| place.link.is_quiet(replica))
    }

    fn draw(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9E37_79B9_7F4A_7C15);
        mix(self.random)
    }

    fn open(&mut self, peer: P, now: u64) -> &mut Place<T> {
        if !self.places.contains_key(&peer) {
            self.strangers += 1;
            self.due.push_back(peer.clone());
        }
        let session = high(self.draw());
        let name = self.vouched.as_ref().and_then(|vouched| vouched(&peer));
        let config = &self.config;
        self.places.entry(peer).or_insert_with(|| {
            let link = Link::new(session, config.clone());
            Place {
                link: if let Some(name) = name { link.vouched_for(name) } else { link },
                is_kept: false,
                is_due: true,
                wake: None,
                used: now,
                useful: now,
                events: 0,
                has_answered: false,
            }
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
        let is_new = !self.places.contains_key(&peer);
        if is_new && self.strangers >= self.most_strangers && !self.make_room(now) {
            return Ok(false);
        }
        let place = self.open(peer.clone(), now);
        let result = place.link.handle_frame(replica, now, frame);
        if is_new && result.is_err() {
            // Bytes from nobody known that are no frame are not worth a link.
            self.drop_peer(&peer);
            return result;
        }
        if result.is_ok() {
            place.used = now;
            let (events, has_answered) = (place.link.stats().events, place.link.is_answered());
            if result == Ok(true) || events > place.events || has_answered && !place.has_answered {
                place.useful = now;
            }
            (place.events, place.has_answered) = (events, has_answered);
        }
        if !core::mem::replace(&mut place.is_due, true) {
            self.due.push_back(peer);
        }
        result
    }

    /// Takes the place of the stranger that has been of no use for longest, if any has been for long enough.
    fn make_room(&mut self, now: u64) -> bool {
        if now < self.full_until {
            return false;
        }
        let strangers = self.places.iter().filter(|(_, place)| !place.is_kept);
        let first = strangers.min_by_key(|(_, place)| place.given_up_at(&self.config));
        match first.map(|(peer, place)| (peer.clone(), place.given_up_at(&self.config))) {
            Some((peer, at)) if at <= now => {
                self.drop_peer(&peer);
                true
            }
            other => {
                self.full_until = other.map_or(0, |(_, at)| at);
                false
            }
        }
    }

    /// The next frame to send, and to which peer, if there is any.
    #[must_use = "a frame that is not sent is lost, until it is sent again"]
    pub fn poll_frame(&mut self, replica: &mut Replica<T>, now: u64) -> Option<(P, Vec<u8>)> {
        if !replica.is_stored() {
            return None;
        }
        if self.changes != replica.changes() {
            self.changes = replica.changes();
            for (peer, place) in &mut self.places {
                if !core::mem::replace(&mut place.is_due, true) {
                    self.due.push_back(peer.clone());
                }
            }
        }
        if self.gossip.is_some() && now >= self.next_round {
            self.round(replica, now);
        }
        while self.wakes.first().is_some_and(|(at, _)| now >= *at)
            && let Some((_, peer)) = self.wakes.pop_first()
            && let Some(place) = self.places.get_mut(&peer)
        {
            place.wake = None;
            if !core::mem::replace(&mut place.is_due, true) {
                self.due.push_back(peer);
            }
        }
        while let Some(peer) = self.due.pop_front() {
            let Some(place) = self.places.get_mut(&peer) else { continue };
            let frame = place.link.poll_frame(replica, now);
            if frame.is_some() && !place.link.has_said_all(replica, now) {
                self.due.push_front(peer.clone());
                return frame.map(|frame| (peer, frame));
            }
            place.rest(&peer, &mut self.wakes);
            if let Some(frame) = frame {
                return Some((peer, frame));
            }
        }
        None
    }

    /// When to [poll](Self::poll_frame) again if nothing happens before.
    pub fn poll_timeout(&self) -> Option<u64> {
        if !self.due.is_empty() {
            return Some(0);
        }
        let round = self.gossip.as_ref().map(|_| self.next_round);
        self.wakes.first().map(|(at, _)| *at).into_iter().chain(round).min()
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

    /// Closes links that have nothing to say, and those that nobody answers.
    fn close_idle(&mut self, replica: &Replica<T>, now: u64, after: u64) {
        let patience = self.config.patience.max(after);
        let is_idle = |place: &Place<T>| {
            let unused = now.saturating_sub(place.used);
            !place.is_kept && (unused >= after && place.link.is_quiet(replica) || unused >= patience)
        };
        let idle = self.places.iter().filter(|(_, place)| is_idle(place));
        let idle: Vec<P> = idle.map(|(peer, _)| peer.clone()).collect();
        idle.iter().for_each(|peer| self.drop_peer(peer));
    }
}

/// So many different ones of the numbers below `len`, or all of them: the beginning of a shuffled row, of which only
/// what was moved is kept.
pub(crate) fn choose(count: usize, len: usize, mut random: impl FnMut() -> u64) -> Vec<usize> {
    if count >= len {
        return (0..len).collect();
    }
    let mut moved: BTreeMap<usize, usize> = BTreeMap::new();
    let draw = |at: usize| {
        let left = (len - at) as u128;
        let other = at + usize::try_from((u128::from(random()) * left) >> 64).unwrap_or(0);
        let here = moved.get(&at).copied().unwrap_or(at);
        moved.insert(other, here).unwrap_or(other)
    };
    (0..count).map(draw).collect()
}

impl<T: Replicated, P: fmt::Debug> fmt::Debug for Swarm<T, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.places.iter().map(|(peer, place)| (peer, &place.link))).finish()
    }
}

#[cfg(test)]
mod tests;
