//! One replica's side of a conversation with one other.
//!
//! ```text
//! link        frames in, frames out; which idea has the next word
//! greeting    the handshake
//! known       what each side is known to have
//! push        the events of the log that the peer lacks
//! exchange    what a log no longer has: comparing facts, and sending whole states
//! names       small numbers in place of replica ids
//! allowance   how much work a peer may ask for
//! ../peer     the peer's identity, and what a group lets it do
//! ../stream   messages in order, of frames that may be lost
//! ```

mod allowance;
mod exchange;
mod greeting;
mod known;
mod names;
mod open;
mod poll;
mod push;
mod stats;

use core::fmt;

use self::allowance::Allowance;
pub(super) use self::greeting::Greeting;
use self::greeting::Meeting;
pub(super) use self::known::Report;
use self::known::{Known, Told};
use self::names::Names;
use self::open::Open;
pub use self::stats::Stats;
use super::allowance::PeerName;
use super::message::{Message, STATE};
use super::peer::Peer;
use super::stream::{Frame, Stream};
use super::{Config, Refused, Replica, Replicated};
use crate::codec::{DecodeError, Input, Wrong};
use crate::{ReplicaId, Version};

/// One replica's side of a conversation with one other: a state machine that moves no bytes and reads no clock.
///
/// Both sides hold a link. The frames that [`poll_frame`](Self::poll_frame) returns go to the peer's
/// [`handle_frame`](Self::handle_frame), by whatever carries bytes; they may be lost, doubled, and come late. What either
/// replica learns, from whomever, reaches the other, each event once, and never back to where it came from.
///
/// ```
/// use rejoin::sync::{Config, Link, Replica};
/// use rejoin::{Causal, OrSet};
///
/// let mut shop = Replica::<Causal<OrSet<String>>>::new();
/// let mut branch = Replica::<Causal<OrSet<String>>>::new();
/// shop.edit(|books| books.insert("Emma".into()));
/// branch.edit(|books| books.insert("Persuasion".into()));
///
/// // A link draws a number that tells this conversation from earlier ones: from the system, say.
/// let mut to_branch = Link::new(0x5EED, Config::default());
/// let mut to_shop = Link::new(0xF00D, Config::default());
/// loop {
///     let (there, back) = (to_branch.poll_frame(&mut shop, 0), to_shop.poll_frame(&mut branch, 0));
///     if there.is_none() && back.is_none() {
///         break;
///     }
///     if let Some(frame) = there {
///         to_shop.handle_frame(&mut branch, 0, &frame)?;
///     }
///     if let Some(frame) = back {
///         to_branch.handle_frame(&mut shop, 0, &frame)?;
///     }
/// }
/// assert_eq!(shop.state(), branch.state());
/// # Ok::<(), rejoin::sync::Refused>(())
/// ```
///
/// # Phases
///
/// Fingerprints first: replicas that are equal have said all with 81 bytes. Else each tells its version, and gets the
/// events that it lacks, as long as the other's log reaches. If it does not, the two compare their facts by a sketch, at
/// a cost in proportion to the difference; and if most facts differ, or the type has none, one sends its whole state.
/// From then on events are pushed as they come. Now and then each tells its version once more: see [`Config::probe`].
///
/// # Order
///
/// Events arrive in an order that agrees with causality, in whatever order frames do.
///
/// # Cost
///
/// Handling a frame costs `O(bytes · log n)`. Work that a message asks for beyond its own bytes (looking at facts, at logs,
/// at versions) is bounded by [`Config::work`] for each peer, and shared by links that are asked for the same.
///
/// # Memory
///
/// Three versions ([`Config::intervals`]), a window of frames either way ([`Config::window`]), and the message that is
/// being put together ([`Config::limits`]). While states are compared, 24 bytes per fact, shared by all links of the
/// replica that compare.
pub struct Link<T: Replicated> {
    stream: Stream,
    /// The version that the greeting speaks of.
    hello: Option<Version>,
    names: Names,
    here: Here,
    rest: Rest,
    /// When all was said, and after how many changes of the replica: until a frame comes in there is nothing more then.
    said: Option<(u64, u64)>,
    phase: Phase<T>,
}

/// What all phases use.
struct Here {
    config: Config,
    peer: Peer,
    told: Told,
    allowance: Allowance,
    /// How many replicas that are unknown here the peer may still bring.
    names_left: usize,
    stats: Stats,
}

/// Where the conversation is.
#[allow(clippy::large_enum_variant, reason = "there is one for each link, and nearly all are open")]
enum Phase<T: Replicated> {
    /// Nobody has answered yet.
    Calling {
        has_told: bool,
    },
    /// The versions differ, and the peer has not told its own.
    Differing {
        has_told: bool,
    },
    Open(Open<T>),
}

impl<T: Replicated> fmt::Debug for Phase<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Phase::Calling { .. } => f.write_str("Calling"),
            Phase::Differing { .. } => f.write_str("Differing"),
            Phase::Open(open) => open.fmt(f),
        }
    }
}

/// A pause after conversations that came to nothing: the more of them in a row, the longer.
#[derive(Clone, Copy, Debug, Default)]
struct Rest {
    failures: u32,
    until: u64,
}

/// Versions of so many intervals are looked at for free.
const FREE: u64 = 64;

impl Here {
    /// The peer brings events of replicas that may be unknown here: returns how many are, to be [counted](Self::introduced) once they
    /// were taken in. Their names stay for ever, so there is a bound to them, unless the application vouches for the peer, or this
    /// replica has nothing and begins with what the peer has.
    fn introduce<T: Replicated>(&self, replica: &Replica<T>, events: &Version) -> Result<usize, Refused> {
        if replica.version().is_empty() || self.peer.is_vouched_for() {
            return Ok(0);
        }
        let is_stranger = |id: &ReplicaId| replica.version().last(*id) == 0;
        let strangers = match events.only() {
            Some(dot) => usize::from(is_stranger(&dot.replica())),
            None => events.replicas().filter(is_stranger).count(),
        };
        if strangers > self.names_left { Err(Refused::TooManyNames) } else { Ok(strangers) }
    }

    /// So many names that were unknown here have been taken in.
    fn introduced(&mut self, strangers: usize) {
        self.names_left -= strangers;
    }

    /// Whether versions of so many intervals may be held beside those of both sides.
    fn check_intervals(&self, intervals: usize) -> Result<(), Refused> {
        if intervals > self.config.intervals {
            return Err(DecodeError { at: 0, wrong: Wrong::Limit("intervals") }.into());
        }
        Ok(())
    }
}

impl<T: Replicated> Link<T> {
    /// A link that has not said anything. `session` tells this conversation from earlier ones between the same two: draw it
    /// at random.
    pub fn new(session: u32, config: Config) -> Self {
        let config = config.sound();
        Link {
            stream: Stream::new(session.max(1)),
            hello: None,
            names: Names::new(),
            here: Here {
                peer: Peer::new(None),
                names_left: config.names,
                config,
                told: Told::default(),
                allowance: Allowance::default(),
                stats: Stats::default(),
            },
            rest: Rest::default(),
            said: None,
            phase: Phase::Calling { has_told: false },
        }
    }

    /// The same link, to a peer that the carrier has authenticated and that belongs to this application's replicas. `name` is
    /// the application's own name for it, and the same in each conversation with it.
    ///
    /// Everything else is taken from all peers alike. [What remains possible](crate::guide::replicas#peers-that-are-vouched-for) is told
    /// in the guide. A peer that is vouched for
    ///
    /// * is believed if it has writes of this replica that this one does not know: then they are forgotten here, and it
    ///   goes on under another id;
    /// * is let into the [group](super::Shared) of this replica: as a newcomer that has nothing, or under another id if it is a
    ///   member that must take one. A group of its own that was founded apart unites with this one, if it vouches for this
    ///   replica too;
    /// * may bring more replicas that are unknown here than [`Config::names`].
    ///
    /// Each id that the word of a peer costs stays in all versions for ever, so there is an allowance for each name: 4 within an
    /// hour, and 64 as long as the replica runs.
    #[must_use]
    pub fn vouched_for(mut self, name: PeerName) -> Self {
        self.here.peer = Peer::new(Some(name));
        self
    }

    /// The peer's version, as it last reported it: what was written there is safe there. Empty before it has.
    pub fn heard(&self) -> &Version {
        self.known().map_or(Version::EMPTY, Known::heard)
    }

    /// The peer's version once all that was sent to it has arrived.
    pub fn theirs(&self) -> &Version {
        self.known().map_or(Version::EMPTY, Known::theirs)
    }

    fn known(&self) -> Option<&Known> {
        if let Phase::Open(open) = &self.phase { Some(&open.known) } else { None }
    }

    /// Whether the peer has answered, all that was sent has arrived, and nothing is left to say but what
    /// [`Config::probe`] asks for.
    pub fn is_quiet(&self, replica: &Replica<T>) -> bool {
        let Phase::Open(open) = &self.phase else { return false };
        self.stream.is_quiet() && !self.here.told.is_due() && open.is_quiet(replica)
    }

    /// Whether the peer has answered.
    pub(super) fn is_answered(&self) -> bool {
        !matches!(self.phase, Phase::Calling { .. })
    }

    /// This side's number and the peer's.
    #[cfg(test)]
    pub(super) fn sessions(&self) -> (u32, Option<u32>) {
        self.stream.sessions()
    }

    /// What it has carried.
    pub fn stats(&self) -> Stats {
        self.here.stats
    }

    /// The bytes that it holds, but for those that several links share.
    pub fn held(&self) -> usize {
        let intervals = self.here.told.intervals()
            + self.here.peer.intervals()
            + self.known().map_or(0, Known::intervals)
            + self.hello.as_ref().map_or(0, Version::interval_count);
        self.stream.held() + intervals * 32 + self.names.held()
    }

    /// Tells this replica's version with the next frame, without waiting for [`Config::probe`].
    pub fn tell(&mut self) {
        self.said = None;
        self.here.told.set_due();
    }

    /// Takes in a frame from the peer. Returns true if the state grew. Then [poll](Self::poll_frame), this link and the
    /// replica's others.
    ///
    /// # Errors
    ///
    /// [`Refused`]: nothing of the refused message was taken in, and the conversation begins anew. Drop the link, or go on
    /// and let the peer try again, as [the error says](Refused::should_wait). What came before it, also in the same frame, is
    /// not undone. Bytes that are no frame are noise, and do the conversation no harm.
    pub fn handle_frame(
        &mut self,
        replica: &mut Replica<T>,
        now: u64,
        frame: &[u8],
    ) -> Result<bool, Refused> {
        let frame = Frame::read(frame)?;
        self.said = None;
        let result = self.try_handle(replica, now, frame);
        if result.is_err() {
            self.fail(now);
        }
        result
    }

    /// Begins anew, under another number, so that the peer does so as well.
    fn begin_anew(&mut self) {
        self.stream = self.stream.renewed();
        self.hello = None;
        self.forget();
    }

    /// Whatever was known of the peer is void. What it may have this side do is not.
    fn forget(&mut self) {
        self.names = Names::new();
        self.here.told = Told::default();
        self.here.peer = self.here.peer.anew();
        self.phase = Phase::Calling { has_told: false };
    }

    /// The conversation has come to nothing. Once is an accident, and repeated at once.
    fn fail(&mut self, now: u64) {
        self.begin_anew();
        if self.rest.failures > 0 {
            let wait = self.here.config.retry.saturating_mul(1 << self.rest.failures.min(16));
            self.rest.until = now.saturating_add(wait.min(self.here.config.probe));
        }
        self.rest.failures += 1;
    }

    fn try_handle(&mut self, replica: &mut Replica<T>, now: u64, frame: Frame<'_>) -> Result<bool, Refused> {
        let arrival = self.stream.handle(frame, now, &self.here.config)?;
        if arrival.is_anew {
            self.forget();
            // The greeting stays as long as this side's number does.
            if !arrival.is_met {
                self.hello = None;
            }
        }
        if arrival.is_met {
            self.meet(replica, now)?;
        }
        let mut grew = false;
        for bytes in &arrival.messages {
            grew |= self.take_all(replica, now, bytes)?;
            if matches!(&self.phase, Phase::Open(open) if open.is_at_odds()) {
                self.fail(now);
                break;
            }
        }
        Ok(grew)
    }

    /// Takes in the messages that make up one message of the stream.
    fn take_all(&mut self, replica: &mut Replica<T>, now: u64, bytes: &[u8]) -> Result<bool, Refused> {
        let limits = self.here.config.limits.clone();
        let mut directory = core::mem::take(&mut self.names.heard);
        let is_state = bytes.first() == Some(&STATE);
        let mut input = if is_state {
            // It is encoded for all peers and names replicas in full.
            Input::of(bytes, &limits)
        } else {
            Input::within(bytes, &limits, &mut directory)
        };
        let (mut grew, mut result, mut last) = (false, Ok(()), None);
        let is_at_odds = |link: &Self| matches!(&link.phase, Phase::Open(open) if open.is_at_odds());
        while result.is_ok() && !input.is_at_end() && !is_at_odds(self) {
            result = match Message::read(&mut input, &mut last) {
                Ok(None) => break,
                Ok(Some(message)) => self.take(replica, now, message).map(|news| grew |= news),
                Err(error) => Err(error.into()),
            };
        }
        self.names.heard = directory;
        result?;
        if let Phase::Open(open) = &mut self.phase {
            self.here.peer.note(replica, open.known.heard(), now)?;
        }
        Ok(grew)
    }

    fn take(&mut self, replica: &mut Replica<T>, now: u64, message: Message<T>) -> Result<bool, Refused> {
        match (&mut self.phase, message) {
            (_, Message::Name(name)) => self.here.peer.named(name),
            (_, Message::Outside(outside)) => return Err(outside.refused()),
            (Phase::Differing { has_told }, Message::Have(report @ Report { is_whole: true, .. })) => {
                if !*has_told {
                    self.here.told.set_due();
                }
                self.here.peer.hears(replica, &report.news, now);
                let known = Known::nothing(self.stream.sessions().1.unwrap_or(0));
                let mut open = Open::new(known, now, &self.here.config);
                open.hear(report, false, &mut self.here)?;
                self.phase = Phase::Open(open);
            }
            (Phase::Open(open), message) => {
                let grew = open.take(replica, now, message, &self.stream, &mut self.here)?;
                if grew {
                    self.rest.failures = 0;
                }
                return Ok(grew);
            }
            _ => return Err(Refused::Nonsense("a version comes first")),
        }
        Ok(false)
    }

    /// Says what this side is, as soon as it says anything.
    fn greet(&mut self, replica: &Replica<T>) -> &Version {
        let (stream, hello) = (&mut self.stream, &mut self.hello);
        hello.get_or_insert_with(|| {
            let version = replica.version().clone();
            stream.greet(Greeting::of::<T>(&version, stream.sessions().0).write());
            version
        })
    }

    /// The peer has answered.
    fn meet(&mut self, replica: &Replica<T>, now: u64) -> Result<(), Refused> {
        let (Some(session), Some(theirs)) = (self.stream.sessions().1, self.stream.greeting()) else {
            return Ok(());
        };
        let hello = self.greet(replica).clone();
        // A peer that begins anew again and again has this side hash its version each time.
        self.here.allowance.charge((hello.interval_count() as u64).saturating_sub(FREE), now);
        let has_told = matches!(self.phase, Phase::Calling { has_told: true });
        self.phase = match Greeting::read(theirs).meets::<T>(&hello, session)? {
            Meeting::Equal => {
                self.here.peer.greeted(hello.is_empty());
                self.rest.failures = 0;
                self.here.told = Told::equal(hello.clone());
                Phase::Open(Open::new(Known::equal(&hello, session), now, &self.here.config))
            }
            Meeting::Different { is_new } => {
                self.here.peer.greeted(is_new);
                Phase::Differing { has_told }
            }
        };
        Ok(())
    }
}

impl<T: Replicated> fmt::Debug for Link<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link")
            .field("sessions", &self.stream.sessions())
            .field("heard", &self.heard())
            .field("phase", &self.phase)
            .field("stats", &self.here.stats)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
