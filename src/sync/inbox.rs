//! Exactly once, and causes before effects, over networks that promise neither.
//!
//! ```text
//!             receive                     what it comes after is there             poll
//!  network ------------> held, by dot ------------------------------> ready ------------> state
//!                         waits: (awaited, waiting)                                         |
//!  network <--------------------------------------------------------- log <-----------------+
//!             since, resend                                            ^------ send
//! ```
//!
//! Each envelope that is held waits for one event: the first of those it names that has not been delivered. When that one
//! is, the envelope goes on to the next, and never back.

mod envelope;
mod op_log;
#[cfg(test)]
mod tests;

use alloc::collections::btree_map::Entry;
use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
use core::fmt;

pub use envelope::Envelope;
pub use op_log::OpLog;

use crate::causality::Mint;
use crate::{Dot, OpBased, ReplicaId, VectorClock, Version};

/// Delivers each operation exactly once, and after the operations that its sender had seen.
///
/// It is what an [`OpBased`] type such as [`OpSet`](crate::OpSet) needs between it and a network that loses, repeats
/// and reorders. It moves no bytes: envelopes that come in are [received](Self::receive), operations that are due come
/// out of [`poll`](Self::poll), and what travels is for the caller to carry. Nothing has to be called at any time; all that
/// counts is that replicas go on telling each other what they have (or what they miss), and answer.
///
/// # Example
///
/// ```
/// use rejoin::sync::inbox::CausalInbox;
/// use rejoin::{OpSet, ReplicaId};
///
/// let mut sets = [OpSet::new(), OpSet::new(), OpSet::new()];
/// let mut inboxes = [1, 2, 3].map(|n| CausalInbox::new(ReplicaId::from_u128(n)));
///
/// // To write is to prepare an operation, to carry it out here, and to send the envelope.
/// let mut network = Vec::new();
/// for n in 0..30 {
///     let at = n % 3;
///     network.extend(inboxes[at].send(&mut sets[at], |set, mint| Some(set.prepare_insert(n % 7, mint))));
///     network.extend(inboxes[at].send(&mut sets[at], |set, _| set.prepare_remove(&(n % 5))));
///
///     // A network that loses every third, reverses the rest, and brings it twice.
///     if n % 4 == 3 {
///         let sent = std::mem::take(&mut network);
///         let arrives = sent.iter().enumerate().filter(|(n, _)| n % 3 != 0).rev();
///         for (_, envelope) in arrives.clone().chain(arrives) {
///             for (inbox, set) in inboxes.iter_mut().zip(&mut sets) {
///                 inbox.receive(envelope.clone()).expect("there is room");
///                 inbox.deliver(set);
///             }
///         }
///     }
/// }
///
/// // Now and then everybody tells somebody what it has, and is told the rest.
/// for (teller, hearer) in [(0, 1), (1, 2), (2, 0), (0, 1)] {
///     let seen = inboxes[hearer].known();
///     let news = inboxes[teller].log().since(&seen).expect("not that far behind");
///     let news: Vec<_> = news.into_iter().cloned().collect();
///     for envelope in news {
///         inboxes[hearer].receive(envelope).expect("there is room");
///     }
///     inboxes[hearer].deliver(&mut sets[hearer]);
/// }
/// assert!(sets[0] == sets[1] && sets[1] == sets[2]);
/// ```
///
/// # When to use it
///
/// For operations that must come exactly once, in causal order, where nothing brings them so. Never for a
/// [`Crdt`](crate::Crdt): its deltas may come as they like, and an inbox only makes them wait.
///
/// # What comes from strangers
///
/// Whatever comes is taken in or refused whole, and memory is bounded by [`InboxLimits`]. Whoever sends envelopes that
/// wait for ever fills its own share of the room, and nobody else's. What waits for nothing is taken even if there is no
/// room at all, so replicas that answer each other by [`since`](OpLog::since) get on in any case.
///
/// Liars are not found out. Of two envelopes of one dot the first to come is delivered, and the second is taken for a
/// repetition: who sends different ones to different replicas makes them differ for ever. Who writes in another's name
/// is believed, except in the name of the replica itself. So authenticate who sends.
///
/// # Restarts and newcomers
///
/// Store the state and the [log](Self::log) in one atomic write, and [`resume`](Self::resume) from both: what was
/// delivered is not delivered again, and what only waited will be asked for again. Under the same id only if they were
/// stored before any envelope left; otherwise under a new one. A newcomer, and who has fallen behind what the logs of the
/// others reach, begins likewise with a state and its log from another replica, under an id of its own. An inbox that has
/// delivered something which that log has not would lose it: hand on what it [has](OpLog::since) first.
///
/// # Cost
///
/// `O(log n)` for each event that an envelope names, of which there are few: see [`Envelope`]. Memory: the log, what
/// waits, and 32 bytes for each replica that ever wrote.
///
/// # Where it comes from
///
/// Causal broadcast is by Birman, Schiper and Stephenson (1991). That it suffices to name the heads was shown by
/// Prakash, Raynal and Singhal (1997).
#[derive(Clone, Debug)]
pub struct CausalInbox<O> {
    replica: ReplicaId,
    limits: InboxLimits<O>,
    log: OpLog<O>,
    log_size: u64,
    /// What the next operation comes after, beside the one before it: see [`Envelope`].
    heads: VectorClock,
    /// What has come and has not been delivered.
    held: BTreeMap<Dot, Envelope<O>>,
    /// How much room that takes,
    taken: u64,
    /// and each sender of it.
    shares: BTreeMap<ReplicaId, u64>,
    /// Those of the senders of whom nothing was delivered.
    newcomers: BTreeSet<ReplicaId>,
    /// (awaited, waiting), for each that is held and not ready.
    waits: BTreeSet<(Dot, Dot)>,
    /// Those that are held and wait for nothing.
    ready: VecDeque<Dot>,
}

/// How much a [`CausalInbox`] takes in at most.
///
/// Room is in bytes, roughly: what an envelope takes by itself, and what `size` says of its operation. None counts for
/// more than 4 GiB.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct InboxLimits<O> {
    /// Room for envelopes that wait.
    pub waiting: u64,
    /// Room for envelopes of one sender that wait.
    pub waiting_of_one: u64,
    /// Room for envelopes that were delivered, to be sent again.
    pub log: u64,
    /// How many events ahead of what was delivered of a replica an envelope may be, or may name.
    pub ahead: u64,
    /// How many replicas may be heard of.
    pub replicas: usize,
    /// How many bytes an operation has on the heap. It must say the same each time.
    pub size: fn(&O) -> usize,
}

/// 16 MiB to wait in, 1 MiB of one sender, 16 MiB of log; a million events ahead; a million replicas; and operations that
/// have nothing on the heap.
impl<O> Default for InboxLimits<O> {
    fn default() -> Self {
        InboxLimits {
            waiting: 16 << 20,
            waiting_of_one: 1 << 20,
            log: 16 << 20,
            ahead: 1 << 20,
            replicas: 1 << 20,
            size: |_| 0,
        }
    }
}

impl<O> InboxLimits<O> {
    /// With the places in the trees that lead to it. No more than 32 bits, so that sums stay in bounds.
    fn room(&self, envelope: &Envelope<O>) -> u64 {
        const PLACES: usize = 4 * size_of::<Dot>();
        const HEAD: usize = 2 * size_of::<Dot>();
        let heads = envelope.after().iter().len().saturating_mul(HEAD);
        let room = heads
            .saturating_add((self.size)(envelope.op()))
            .saturating_add(size_of::<Envelope<O>>() + PLACES);
        u32::try_from(room).unwrap_or(u32::MAX).into()
    }
}

/// Why an envelope was not taken in. Nothing has changed, and it may be sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refused {
    /// It would have to wait, and there is no room: [poll](CausalInbox::poll), and ask for what is
    /// [missing](CausalInbox::missing).
    Full,
    /// It would have to wait, and its sender has no room left.
    SenderFull,
    /// It is, or comes after, an event far beyond those delivered: ask for what comes before.
    TooFar,
    /// Its sender was not heard of, and there are too many already.
    TooManyReplicas,
    /// It is, or comes after, an event of this replica that this replica does not know of. Somebody lies, or an older
    /// state was restored: go on under a new id ([resume](CausalInbox::resume)), and what was forgotten can be heard.
    Forgotten,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Refused::Full => "there is no room for envelopes that have to wait",
            Refused::SenderFull => "too many envelopes of this sender are waiting",
            Refused::TooFar => "the envelope is too far ahead of what was delivered",
            Refused::TooManyReplicas => "too many replicas have been heard of",
            Refused::Forgotten => "this replica is said to have sent what it does not know of",
        })
    }
}

impl core::error::Error for Refused {}

impl<O> CausalInbox<O> {
    /// An inbox that has delivered nothing, of a replica of which there must not be another.
    pub fn new(replica: ReplicaId) -> Self {
        CausalInbox::resume(replica, OpLog::default(), InboxLimits::default())
    }

    /// An inbox that has delivered what is in `log`. The state that goes with it must be the one that it was stored with.
    ///
    /// Under the id of before, or a new one: see [Restarts](Self#restarts-and-newcomers). The first operation after it
    /// names one event of each replica, unless the envelopes that are kept tell that fewer will do.
    pub fn resume(replica: ReplicaId, log: OpLog<O>, limits: InboxLimits<O>) -> Self {
        let log_size = log.iter().map(|envelope| limits.room(envelope)).sum();
        let last = log.let_go().intervals().map(|(id, _, last)| (id, last));
        let heads = last.filter(|(id, _)| *id != replica).collect();
        let mut inbox = CausalInbox {
            replica,
            limits,
            log: OpLog::default(),
            log_size,
            heads,
            held: BTreeMap::new(),
            taken: 0,
            shares: BTreeMap::new(),
            newcomers: BTreeSet::new(),
            waits: BTreeSet::new(),
            ready: VecDeque::new(),
        };
        log.iter().for_each(|envelope| inbox.head(envelope));
        inbox.log = log;
        inbox.trim();
        inbox
    }

    /// Who sends from here.
    pub fn replica(&self) -> ReplicaId {
        self.replica
    }

    /// What was delivered, with the last of its envelopes: to store with the state, and to answer others from.
    pub fn log(&self) -> &OpLog<O> {
        &self.log
    }

    /// Ends the inbox, and keeps the log: to [resume](Self::resume) under another id, say.
    pub fn into_log(self) -> OpLog<O> {
        self.log
    }

    /// Which events were delivered, sent ones included.
    pub fn delivered(&self) -> &Version {
        self.log.version()
    }

    /// Which events were delivered or are waiting: what nobody needs to send to us. `O(r + n)`.
    pub fn known(&self) -> Version {
        let mut known = self.delivered().clone();
        known.extend(self.held.keys().copied());
        known
    }

    /// Exactly the events that are waited for: what has to come before some envelope that is here, and is not here itself.
    /// `O(n)` for `n` events named by those that wait.
    ///
    /// It is empty if nothing waits. If something waits and it is empty nevertheless, there are envelopes that wait for each
    /// other, which honest ones do not: see [`discard`](Self::discard).
    pub fn missing(&self) -> Version {
        let mut missing = Version::new();
        for (replica, count) in self.held.values().flat_map(Envelope::names) {
            let last = self.delivered().last(replica);
            if last < count {
                missing.insert_run(replica, last + 1, count);
            }
        }
        missing.subtract(&self.held.keys().copied().collect());
        missing
    }

    /// What has come and has not been delivered, by dot. What is due, and was not polled, is among it.
    pub fn waiting(&self) -> impl ExactSizeIterator<Item = &Envelope<O>> {
        self.held.values()
    }

    /// How much room is taken by what is [waiting](Self::waiting).
    pub fn room_taken(&self) -> u64 {
        self.taken
    }

    /// Forgets all envelopes of `sender` that are waiting, and returns how many there were. They may be sent again.
    ///
    /// For senders whose envelopes wait for what nobody has. They take room, but hold up only what comes after them.
    pub fn discard(&mut self, sender: ReplicaId) -> usize {
        let before = self.held.len();
        self.held.retain(|dot, _| dot.replica() != sender);
        self.waits.retain(|(_, waiting)| waiting.replica() != sender);
        self.ready.retain(|dot| dot.replica() != sender);
        self.taken = self.taken.saturating_sub(self.shares.remove(&sender).unwrap_or(0));
        self.newcomers.remove(&sender);
        self.assert_invariants();
        before - self.held.len()
    }

    /// Takes in an envelope. Returns true if it is news, and false if it was here already: gossip goes on as long as this
    /// says true. What is due now comes out of [`poll`](Self::poll).
    ///
    /// # Errors
    ///
    /// [`Refused`], and nothing has changed. An envelope that is due is never refused for want of room.
    pub fn receive(&mut self, envelope: Envelope<O>) -> Result<bool, Refused> {
        let dot = envelope.dot();
        if self.delivered().contains(dot) || self.held.contains_key(&dot) {
            return Ok(false);
        }
        let awaited = envelope.awaits(self.delivered(), None);
        let room = self.limits.room(&envelope);
        self.admit(&envelope, awaited.is_some().then_some(room))?;
        self.take_room(dot.replica(), room);
        self.held.insert(dot, envelope);
        self.wait(dot, awaited);
        self.assert_invariants();
        Ok(true)
    }

    /// Whether an envelope may come in, of which `room` is the room to wait in, if it has to.
    fn admit(&self, envelope: &Envelope<O>, room: Option<u64>) -> Result<(), Refused> {
        let (delivered, sender) = (self.delivered(), envelope.dot().replica());
        if sender == self.replica || envelope.after().get(self.replica) > delivered.last(self.replica) {
            return Err(Refused::Forgotten);
        }
        let is_far =
            |(replica, count): (_, u64)| count.saturating_sub(delivered.last(replica)) > self.limits.ahead;
        if envelope.names().any(is_far) {
            return Err(Refused::TooFar);
        }
        let is_heard_of = delivered.last(sender) > 0 || self.newcomers.contains(&sender);
        if !is_heard_of && delivered.interval_count() + self.newcomers.len() >= self.limits.replicas {
            return Err(Refused::TooManyReplicas);
        }
        let Some(room) = room else { return Ok(()) };
        if self.shares.get(&sender).unwrap_or(&0) + room > self.limits.waiting_of_one {
            return Err(Refused::SenderFull);
        }
        if self.taken + room > self.limits.waiting {
            return Err(Refused::Full);
        }
        Ok(())
    }

    /// The next operation that is due, in the order in which they became so. It counts as delivered now: carry it out.
    pub fn poll(&mut self) -> Option<O>
    where
        O: Clone,
    {
        let dot = self.ready.pop_front()?;
        let envelope = self.held.remove(&dot)?;
        self.free_room(&envelope);
        let op = envelope.op().clone();
        self.record(envelope);
        while let Some(waiting) = self.take_one_that_awaits(dot) {
            let awaited = self.held.get(&waiting).and_then(|held| held.awaits(self.delivered(), Some(dot)));
            self.wait(waiting, awaited);
        }
        self.assert_invariants();
        Some(op)
    }

    /// Polls until nothing is due, and carries everything out. Returns how many operations that were.
    pub fn deliver(&mut self, state: &mut impl OpBased<Op = O>) -> usize
    where
        O: Clone,
    {
        let mut n = 0;
        while let Some(op) = self.poll() {
            state.effect(op);
            n += 1;
        }
        n
    }

    /// Makes an operation, carries it out on `state`, and returns the envelope that takes it to the other replicas; or
    /// `None` if `prepare` finds that there is nothing to do. It counts as delivered here.
    ///
    /// `prepare` is lent a [`Mint`] for the one dot that an operation may need. That is then the envelope's dot, too.
    ///
    /// # Panics
    ///
    /// If `prepare` takes more than one dot, or if this replica has used all of its 2⁴⁴ − 1 dots. Nothing has been done.
    pub fn send<T: OpBased<Op = O>>(
        &mut self,
        state: &mut T,
        prepare: impl FnOnce(&T, &mut Mint) -> Option<O>,
    ) -> Option<Envelope<O>>
    where
        O: Clone,
    {
        let last = self.delivered().last(self.replica);
        let before = Dot::new(self.replica, last);
        let mut mint = before.map_or_else(|| Mint::new(self.replica), Mint::resume);
        let op = prepare(state, &mut mint)?;
        let dot = Dot::new(self.replica, last + 1)
            .expect("this replica has used all its dots: resume under a new id");
        assert!(
            mint.replica() == self.replica && mint.last() <= dot.counter(),
            "an operation has one dot at most"
        );
        let envelope = Envelope::new(dot, self.heads.clone(), op)?;
        state.effect(envelope.op().clone());
        self.record(envelope.clone());
        self.assert_invariants();
        Some(envelope)
    }

    fn take_room(&mut self, sender: ReplicaId, room: u64) {
        if self.delivered().last(sender) == 0 {
            self.newcomers.insert(sender);
        }
        self.taken += room;
        *self.shares.entry(sender).or_default() += room;
    }

    /// For an envelope that is about to be delivered.
    fn free_room(&mut self, envelope: &Envelope<O>) {
        let (sender, room) = (envelope.dot().replica(), self.limits.room(envelope));
        self.newcomers.remove(&sender);
        self.taken = self.taken.saturating_sub(room);
        if let Entry::Occupied(mut share) = self.shares.entry(sender) {
            match share.get().saturating_sub(room) {
                0 => drop(share.remove()),
                left => *share.get_mut() = left,
            }
        }
    }

    /// Writes down that an envelope is delivered.
    fn record(&mut self, envelope: Envelope<O>) {
        self.head(&envelope);
        self.log_size += self.limits.room(&envelope);
        self.log.push(envelope);
        self.trim();
    }

    /// An envelope takes the place of the heads that it comes after. What is sent from here is no head: it is implied.
    fn head(&mut self, envelope: &Envelope<O>) {
        for (replica, count) in envelope.after().iter() {
            if self.heads.get(replica) <= count {
                self.heads.counts.remove(&replica);
            }
        }
        if envelope.dot().replica() != self.replica {
            self.heads.counts.insert(envelope.dot().replica(), envelope.dot().counter());
        }
    }

    /// Lets envelopes go until the log keeps to its limit.
    fn trim(&mut self) {
        while self.log_size > self.limits.log
            && let Some(envelope) = self.log.pop()
        {
            self.log_size = self.log_size.saturating_sub(self.limits.room(&envelope));
        }
    }

    /// Has an envelope wait for an event; or for nothing.
    fn wait(&mut self, waiting: Dot, awaited: Option<Dot>) {
        match awaited {
            Some(awaited) => {
                self.waits.insert((awaited, waiting));
            }
            None => self.ready.push_back(waiting),
        }
    }

    fn take_one_that_awaits(&mut self, dot: Dot) -> Option<Dot> {
        let first = Dot::trusted(ReplicaId::from_u128(0), 1);
        let wait = *self.waits.range((dot, first)..).next().filter(|(awaited, _)| *awaited == dot)?;
        self.waits.remove(&wait);
        Some(wait.1)
    }

    /// What can be checked without walking through everything. The rest is checked by the tests, from outside.
    fn assert_invariants(&self) {
        debug_assert_eq!(self.held.len(), self.waits.len() + self.ready.len(), "all wait, or are ready");
        debug_assert!(self.shares.len() <= self.held.len(), "who has a share has something that waits");
        debug_assert!(self.newcomers.len() <= self.shares.len(), "newcomers are senders");
        debug_assert_eq!(self.held.is_empty(), self.taken == 0, "nothing takes no room");
        debug_assert!(self.log_size <= self.limits.log, "the log keeps to its limit");
        debug_assert_eq!(self.heads.get(self.replica), 0, "what is sent from here is implied");
    }
}
