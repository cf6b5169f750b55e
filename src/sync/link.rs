//! One replica's side of a conversation with one other.

use alloc::borrow::Cow;
use alloc::collections::VecDeque;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::ops::AddAssign;

use super::compare::{Knowledge, Tags, sum};
use super::group::Standing;
use super::message::{Message, digest, low};
use super::replica::Permit;
use super::sketch::{Cell, MOST_WANTED, Sketch, Solver, high, mix, read_cells, write_cells};
use super::stream::{Arrival, Frame, Stream};
use super::{Config, Events, Replica, Replicated};
use crate::codec::{Codec, DecodeError, Input, Limits, Output, Wrong};
use crate::store::{self, Full};
use crate::{Lattice, ReplicaId, Version};

/// One replica's side of a conversation with one other: a state machine that moves no bytes and reads no clock.
///
/// Both sides hold a link. What [`poll_frame`](Self::poll_frame) gives goes to the other's
/// [`handle_frame`](Self::handle_frame), by whatever carries bytes; it may be lost, doubled, and come late. What either
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
/// # What is said
///
/// Digests first: those who are equal have said all with 60 bytes. Else each says what it has, and gets the events that it lacks,
/// as long as the other's log reaches. If it does not, the two compare their facts by a sketch, at a cost in
/// proportion to the difference; and if they differ in most, or the type has no facts, one sends its whole state. From then
/// on events are pushed as they come. Now and then each says what it has once more: see [`Config::probe`].
///
/// # Order
///
/// Events arrive in an order that agrees with causality, in whatever order frames do.
///
/// # Memory
///
/// Two versions, a window of frames either way, and what is being put together, which [`Config::limits`] bound. While states
/// are compared, a copy of the state on each side, and 40 bytes per fact.
#[allow(clippy::struct_excessive_bools, reason = "each is one thing to be said")]
pub struct Link<T: Replicated> {
    config: Config,
    stream: Stream,
    /// What is to be said next.
    outbox: VecDeque<Message<T>>,
    /// The version that the greeting speaks of, and whether it was said.
    hello: Option<Version>,
    has_greeted: bool,
    /// Whether the other has greeted, and whether it had nothing then.
    is_met: bool,
    is_new: bool,
    /// Whether the other has said what it has.
    is_told: bool,
    /// What the other has said to have, exactly.
    heard: Version,
    /// What the other has, or will have when all that was sent arrives.
    theirs: Version,
    /// What the other knows that this replica has: its `heard`.
    told: Version,
    /// What the other knows that is settled here.
    told_horizon: Version,
    /// What is settled there, and what the other had when it said so.
    settled_there: Option<(Version, Version)>,
    /// Who the other is, and what it was told that this side is.
    name: Option<ReplicaId>,
    named: Option<ReplicaId>,
    /// Whether the other was told that it has left.
    is_told_off: bool,
    /// Whether to say what this replica has.
    must_tell: bool,
    /// Whether the other may lack something of what is in the log already.
    must_look_back: bool,
    /// The first entry of the log that has not been looked at.
    cursor: u64,
    jumps: u64,
    /// Whether the other was told that the log does not reach.
    is_beyond: bool,
    /// Whether the other has said so.
    must_pull: Option<How>,
    /// Whether the other has asked for the whole state.
    must_send: bool,
    task: Task<T>,
    /// When the task began, or last went on.
    task_since: u64,
    next_probe: Option<u64>,
    stats: Stats,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum How {
    Comparing,
    Whole,
}

enum Task<T: Replicated> {
    None,
    /// A whole state is on its way here.
    Awaiting {
        _permit: Permit,
    },
    /// Asked for a comparison.
    Asking {
        permit: Permit,
        mine: Arc<T>,
        salt: u64,
    },
    Solving {
        permit: Permit,
        mine: Arc<T>,
        salt: u64,
        theirs: Knowledge,
        count: u64,
        tags: Tags,
        solver: Solver,
    },
    /// The rest of the facts is on its way.
    Finishing {
        _permit: Permit,
        mine: Arc<T>,
        salt: u64,
        theirs: Knowledge,
        gone: Version,
        wanted: Version,
    },
    /// The other is solving.
    Serving {
        mine: Arc<T>,
        salt: u64,
        theirs: Knowledge,
        tags: Tags,
        sketch: Sketch,
        /// How many cells the other waits for.
        wanted: usize,
    },
}

/// What a [`Link`] has carried.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Frames sent, also those sent again.
    pub frames: u64,
    /// Bytes of them.
    pub bytes: u64,
    /// Events sent, once each.
    pub events: u64,
    /// Deltas sent.
    pub deltas: u64,
    /// Whole states sent.
    pub states: u64,
    /// Comparisons that this side has solved.
    pub comparisons: u64,
    /// Cells of sketches received for that.
    pub cells: u64,
    /// How often cells were asked for.
    pub asked: u64,
}

impl AddAssign for Stats {
    fn add_assign(&mut self, other: Stats) {
        self.frames += other.frames;
        self.bytes += other.bytes;
        self.events += other.events;
        self.deltas += other.deltas;
        self.states += other.states;
        self.comparisons += other.comparisons;
        self.cells += other.cells;
        self.asked += other.asked;
    }
}

/// Why something that came in a frame was not taken in. It has changed nothing, and the conversation begins anew.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refused {
    /// It is not what a link of this version writes, or larger than the limits.
    Malformed(DecodeError),
    /// The other's state is of another type.
    OtherType,
    /// The state cannot name the replicas that it brings.
    Full,
    /// It is based on what is settled there, and not known here: a state must come first.
    Behind,
    /// Who has sent it is not in the group, so what it writes is not taken in: a member must
    /// [admit](Replica::admit) it first.
    Stranger(ReplicaId),
    /// Who has sent it has left the group. It must take a new id, and be admitted under that.
    HasLeft(ReplicaId),
    /// The others do not count this replica in: it is not in the group. If it was admitted, it was by somebody whom they have
    /// let go, and it must begin with nothing, under a new id.
    Outside,
    /// The other side does not take in what this one writes any more: it has left the group. It must take a new id, and be
    /// admitted under that.
    Left,
    /// What it says cannot be.
    Nonsense(&'static str),
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refused::Malformed(error) => write!(f, "a frame is malformed: {error}"),
            Refused::OtherType => f.write_str("the other replica's state is of another type"),
            Refused::Full => Full.fmt(f),
            Refused::Behind => store::Refused::Behind.fmt(f),
            Refused::Stranger(id) => write!(f, "{id} is not in the group: a member must admit it"),
            Refused::HasLeft(id) => write!(f, "{id} has left the group: it must take a new id"),
            Refused::Outside => f.write_str("this replica is not in the group: a member must admit it"),
            Refused::Left => f.write_str("this replica has left the group: it must take a new id"),
            Refused::Nonsense(what) => write!(f, "a frame says what cannot be: {what}"),
        }
    }
}

impl core::error::Error for Refused {}

impl From<DecodeError> for Refused {
    fn from(error: DecodeError) -> Self {
        Refused::Malformed(error)
    }
}

impl From<Full> for Refused {
    fn from(_: Full) -> Self {
        Refused::Full
    }
}

impl From<store::Refused> for Refused {
    fn from(refused: store::Refused) -> Self {
        match refused {
            store::Refused::Full => Refused::Full,
            store::Refused::Behind => Refused::Behind,
        }
    }
}

impl<T: Replicated> Link<T> {
    /// A link that has not said anything. `session` tells this conversation from earlier ones between the same two: draw it at
    /// random.
    pub fn new(session: u32, mut config: Config) -> Self {
        for least in [&mut config.retry, &mut config.probe, &mut config.patience] {
            *least = (*least).max(1);
        }
        config.window = config.window.max(1);
        Link {
            stream: Stream::new(session.max(1)),
            outbox: VecDeque::new(),
            hello: None,
            has_greeted: false,
            is_met: false,
            is_new: false,
            is_told: false,
            heard: Version::new(),
            theirs: Version::new(),
            told: Version::new(),
            told_horizon: Version::new(),
            settled_there: None,
            name: None,
            named: None,
            is_told_off: false,
            must_tell: false,
            must_look_back: false,
            cursor: 0,
            jumps: 0,
            is_beyond: false,
            must_pull: None,
            must_send: false,
            task: Task::None,
            task_since: 0,
            next_probe: None,
            stats: Stats::default(),
            config,
        }
    }

    /// What the other replica has said to have: what was written there is safe there.
    pub fn heard(&self) -> &Version {
        &self.heard
    }

    /// What the other replica has, or will have when all that was sent to it has arrived.
    pub fn theirs(&self) -> &Version {
        &self.theirs
    }

    /// Whether the other has greeted, all that was sent has arrived, and nothing is left to say but what [`Config::probe`]
    /// asks for.
    pub fn is_quiet(&self, replica: &Replica<T>) -> bool {
        self.is_met
            && self.stream.is_quiet()
            && self.outbox.is_empty()
            && matches!(self.task, Task::None)
            && self.must_pull.is_none()
            && !self.must_send
            && self.theirs.covers(replica.version())
    }

    /// What it has carried.
    pub fn stats(&self) -> Stats {
        self.stats
    }

    /// How many bytes of frames and messages it holds.
    pub fn held(&self) -> usize {
        self.stream.held()
    }

    /// Says what this replica has with the next frame, without waiting for [`Config::probe`].
    pub fn tell(&mut self) {
        self.must_tell = true;
    }

    /// Takes in a frame from the other side. Returns true if the state grew. Then [poll](Self::poll_frame), this link and
    /// the replica's others.
    ///
    /// # Errors
    ///
    /// [`Refused`]: of what the message says nothing was taken in, and the conversation begins anew. Drop the link, or go on
    /// and let the other side try again. What came before it, also in the same frame, is not undone. What is no frame at all is
    /// noise, and does the conversation no harm.
    pub fn handle_frame(
        &mut self,
        replica: &mut Replica<T>,
        now: u64,
        frame: &[u8],
    ) -> Result<bool, Refused> {
        let frame = Frame::read(frame)?;
        let result = self.try_handle(replica, now, frame);
        if result.is_err() {
            self.begin_anew();
        }
        result
    }

    /// Under another number, so that the other side begins anew as well.
    fn begin_anew(&mut self) {
        let session = high(mix(u64::from(self.stream.sessions().0)));
        *self = Link { stats: self.stats, ..Link::new(session, self.config.clone()) };
    }

    fn try_handle(&mut self, replica: &mut Replica<T>, now: u64, frame: Frame) -> Result<bool, Refused> {
        let messages = match self.stream.handle(frame, now, &self.config)? {
            Arrival::Messages(messages) => messages,
            Arrival::Anew(messages) => {
                let stream = core::mem::replace(&mut self.stream, Stream::new(1));
                *self = Link { stream, stats: self.stats, ..Link::new(1, self.config.clone()) };
                messages
            }
        };
        let mut grew = false;
        for bytes in messages {
            for message in Message::read_all(&bytes, &self.config.limits)? {
                grew |= self.take(replica, now, message)?;
            }
            self.take_note(replica)?;
        }
        Ok(grew)
    }

    fn take(&mut self, replica: &mut Replica<T>, now: u64, message: Message<T>) -> Result<bool, Refused> {
        let is_hello = matches!(message, Message::Hello { .. });
        if is_hello == self.is_met {
            return Err(Refused::Nonsense("a greeting comes first, and once"));
        }
        if self.outbox.len() > MOST_UNSAID {
            return Err(Refused::Nonsense("questions without waiting for answers"));
        }
        self.check_standing(replica, &message)?;
        match message {
            Message::Hello { shape, digest } => self.greeted(replica, now, shape, digest)?,
            Message::Have { news, is_whole, digest } => {
                replica.hear_of(&news);
                self.learn(&news, is_whole, digest)?;
            }
            Message::Name(id) => {
                self.name = Some(id);
                self.is_told_off = false;
            }
            Message::Outside { has_left } => {
                return Err(if has_left { Refused::Left } else { Refused::Outside });
            }
            Message::Settled(horizon) => self.settled_there = Some((horizon, self.heard.clone())),
            Message::Repeat => {
                self.told = Version::new();
                self.must_tell = true;
            }
            Message::Events(delta) => {
                self.heard.union(delta.events());
                self.theirs.union(delta.events());
                if replica.own_standing() == Some(Standing::Left) {
                    return Ok(false);
                }
                return Ok(replica.receive(delta)?);
            }
            Message::Beyond => self.other_is_beyond(replica),
            Message::Whole => {
                self.must_send = true;
                if let Task::Serving { .. } = self.task {
                    self.task = Task::None;
                }
            }
            Message::Compare { salt, ahead, horizon } => self.serve(replica, now, salt, ahead, &horizon),
            Message::More(cells) => {
                self.task_since = now;
                if let Task::Serving { wanted, .. } = &mut self.task {
                    *wanted = usize::try_from(cells).unwrap_or(MOST_WANTED).min(MOST_WANTED);
                }
            }
            Message::Facts { count, ahead, horizon } => {
                let theirs = Knowledge { seen: self.heard.clone(), ahead };
                let Task::Asking { permit, mine, salt } = core::mem::replace(&mut self.task, Task::None)
                else {
                    return Ok(false);
                };
                if mine.horizon() != horizon {
                    // What one side has put together is several facts on the other.
                    self.outbox.push_back(Message::Whole);
                    self.task = Task::Awaiting { _permit: permit };
                    return Ok(false);
                }
                let tags = Tags::new(&Knowledge::of(&*mine), &theirs);
                let solver = Solver::new(tags.sketch(&*mine, salt));
                self.task = Task::Solving { permit, mine, salt, theirs, count, tags, solver };
            }
            Message::Cells(bytes) => self.solve(now, &bytes)?,
            Message::Solved { gone, facts, wanted } => {
                return self.serve_rest(replica, &gone, facts, &wanted);
            }
            Message::Rest { facts, sum } => return self.finish(replica, facts, sum),
            Message::State(state) => {
                if let Task::Awaiting { .. } = self.task {
                    self.task = Task::None;
                }
                self.heard.union(state.version());
                self.theirs.union(state.version());
                self.is_done();
                let theirs = state.version().clone();
                return Self::join(replica, Arc::unwrap_or_clone(state), &theirs);
            }
        }
        Ok(false)
    }

    /// Whether the other side may write what is in the message.
    fn check_standing(&self, replica: &Replica<T>, message: &Message<T>) -> Result<(), Refused> {
        let brings = matches!(
            message,
            Message::Events(_) | Message::State(_) | Message::Solved { .. } | Message::Rest { .. }
        );
        if !brings || !replica.is_in_group() {
            return Ok(());
        }
        let Some(name) = self.name else { return Err(Refused::Nonsense("in a group, a name comes first")) };
        match (replica.own_standing(), message) {
            (Some(Standing::Member) | None, _) => {}
            // It goes on telling what it has, and takes nothing in.
            (Some(Standing::Left), _) => return Ok(()),
            (Some(Standing::Stranger), Message::State(state)) if replica.may_begin_with(state, name) => {
                return Ok(());
            }
            (Some(Standing::Stranger), _) => return Err(Refused::Outside),
        }
        match self.standing(replica) {
            Some(Standing::Member) | None => Ok(()),
            Some(Standing::Left) => Err(Refused::HasLeft(name)),
            Some(Standing::Stranger) => {
                // It may be that a member has admitted it, and that nobody else is left to tell.
                let mut trial = replica.state().clone();
                let brought = match message {
                    Message::Events(delta) => {
                        trial.take(delta.clone())?;
                        delta.events()
                    }
                    Message::State(state) => {
                        trial.meet(Cow::Borrowed(&**state))?;
                        state.version()
                    }
                    // It is sent the whole state instead.
                    Message::Solved { .. } => return Ok(()),
                    _ => return Err(Refused::Stranger(name)),
                };
                let has_seen = |dot| self.heard.contains(dot) || brought.contains(dot);
                if replica.has_begun(&trial, name, has_seen) { Ok(()) } else { Err(Refused::Stranger(name)) }
            }
        }
    }

    /// How the other stands to the group. A member that has not seen that it is one is none yet.
    fn standing(&self, replica: &Replica<T>) -> Option<Standing> {
        let name = self.name?;
        let has_begun = || replica.has_begun(replica.state(), name, |dot| self.heard.contains(dot));
        match replica.standing(name)? {
            Standing::Member if !has_begun() => Some(Standing::Stranger),
            standing => Some(standing),
        }
    }

    fn is_stranger(&self, replica: &Replica<T>) -> bool {
        self.standing(replica) == Some(Standing::Stranger)
    }

    /// Takes note of what the other side has, and of what is settled there.
    fn take_note(&mut self, replica: &mut Replica<T>) -> Result<(), Refused> {
        if let (Some(name), Some(Standing::Member)) = (self.name, self.standing(replica)) {
            replica.heard.hear(name, &self.heard);
        } else if replica.is_in_group() {
            return Ok(());
        }
        // Who has seen all that the other had can settle what the other has settled.
        if let Some((horizon, seen)) = self.settled_there.take_if(|(_, seen)| replica.has(seen)) {
            match replica.own_standing() {
                None => {}
                Some(Standing::Member) => Self::check_place(replica, replica.state(), &seen)?,
                Some(Standing::Stranger | Standing::Left) => return Ok(()),
            }
            replica.settle_all(&horizon);
        }
        Ok(())
    }

    /// Whether those who have seen `seen` have waited for this replica before they settled.
    fn check_place(replica: &Replica<T>, state: &T, seen: &Version) -> Result<(), Refused> {
        match replica.standing_among(state, seen) {
            Standing::Member => Ok(()),
            Standing::Left => Err(Refused::Left),
            Standing::Stranger => Err(Refused::Outside),
        }
    }

    /// Takes in a state that is, or has been made of, the other side's.
    fn join(replica: &mut Replica<T>, state: T, theirs: &Version) -> Result<bool, Refused> {
        match replica.own_standing() {
            Some(Standing::Left) => return Ok(false),
            Some(Standing::Member) => Self::check_place(replica, &state, theirs)?,
            Some(Standing::Stranger) | None => {}
        }
        Ok(replica.join(Cow::Owned(state))?)
    }

    fn greeted(&mut self, replica: &Replica<T>, now: u64, shape: u64, theirs: u128) -> Result<(), Refused> {
        if shape != Message::<T>::shape() {
            return Err(Refused::OtherType);
        }
        self.is_met = true;
        self.next_probe = Some(now.saturating_add(self.config.probe));
        let mine = self.hello.get_or_insert_with(|| replica.version().clone());
        let session = self.stream.sessions().1.unwrap_or(0);
        self.is_new = digest(&Version::new(), session) == theirs;
        if digest(mine, session) == theirs {
            (self.heard, self.theirs, self.told) = (mine.clone(), mine.clone(), mine.clone());
            (self.is_told, self.must_look_back) = (true, true);
        } else {
            self.must_tell = true;
        }
        Ok(())
    }

    fn learn(&mut self, news: &Version, is_whole: bool, theirs: u64) -> Result<(), Refused> {
        if is_whole {
            self.heard = Version::new();
            if self.stream.is_quiet() {
                self.theirs = Version::new();
            }
        }
        self.is_told = true;
        self.heard.union(news);
        self.theirs.union(news);
        if self.heard.encoded_len() > self.config.limits.bytes {
            return Err(DecodeError { at: 0, wrong: Wrong::Limit("bytes") }.into());
        }
        let session = self.stream.sessions().1.unwrap_or(0);
        if low(digest(&self.heard, session)) != theirs {
            if is_whole {
                return Err(Refused::Nonsense("a version has another's digest"));
            }
            self.outbox.push_back(Message::Repeat);
        } else if self.stream.is_quiet() && self.outbox.is_empty() {
            // All that was sent has arrived, so what they have not said to have, they lack.
            self.theirs = self.heard.clone();
        }
        if matches!(self.task, Task::None) {
            // They may have learned what they lacked, and lack something else now.
            self.is_beyond = false;
        }
        self.must_look_back = true;
        Ok(())
    }

    fn other_is_beyond(&mut self, replica: &Replica<T>) {
        let (mine, yours) = self.stream.sessions();
        if replica.has(&self.heard) {
            self.must_tell = true;
        } else if self.must_pull.is_none() && (!self.is_beyond || Some(mine) >= yours) {
            // If both are beyond, one of them pulls for both. If both have drawn the same number, each pulls for itself.
            let pulls_alone = !self.is_beyond || Some(mine) > yours;
            let compares = T::HAS_FACTS && pulls_alone && !self.is_stranger(replica);
            self.must_pull = Some(if compares { How::Comparing } else { How::Whole });
        }
    }

    fn tell_of(&mut self, state: &T) {
        let version = state.version();
        let news = version.difference(&self.told);
        let digest = low(digest(version, self.stream.sessions().0));
        self.outbox.push_back(Message::Have { is_whole: self.told.is_empty(), news, digest });
        self.told = version.clone();
        self.must_tell = false;
        let horizon = state.horizon();
        if horizon != self.told_horizon {
            self.outbox.push_back(Message::Settled(horizon.clone()));
            self.told_horizon = horizon;
        }
    }

    fn serve(&mut self, replica: &mut Replica<T>, now: u64, salt: u64, ahead: Version, horizon: &Version) {
        let (mine, yours) = self.stream.sessions();
        if !matches!(self.task, Task::None | Task::Serving { .. }) && Some(mine) > yours {
            // Both have asked, and it is this side that solves.
            return;
        }
        let (mine, theirs) = (replica.share(), Knowledge { seen: self.heard.clone(), ahead });
        self.tell_of(&*mine);
        let facts = |count| Message::Facts { count, ahead: mine.ahead(), horizon: mine.horizon() };
        if mine.horizon() != *horizon {
            self.outbox.push_back(facts(0));
            return;
        }
        let tags = Tags::new(&Knowledge::of(&*mine), &theirs);
        let sketch = tags.sketch(&*mine, salt);
        let wanted = first_cells(mine.version(), &theirs.seen);
        self.outbox.push_back(facts(sketch.len() as u64));
        self.task = Task::Serving { mine, salt, theirs, tags, sketch, wanted };
        self.task_since = now;
    }

    fn solve(&mut self, now: u64, bytes: &[u8]) -> Result<(), Refused> {
        self.task_since = now;
        let Task::Solving { permit, mine, salt, theirs, count, tags, mut solver } =
            core::mem::replace(&mut self.task, Task::None)
        else {
            return Ok(());
        };
        let cells = read_cells_message(bytes, solver.len() as u64, count, tags.width)?;
        self.stats.asked += 1;
        self.stats.cells += cells.len() as u64;
        solver.take(cells);
        let Some((only_theirs, only_mine)) = solver.solution() else {
            let facts = usize::try_from(count).unwrap_or(usize::MAX).max(solver.facts());
            let is_worth_it =
                solver.estimate().max(solver.len() / 2) <= facts.saturating_mul(WHOLE_FROM) / 100;
            // How many facts there are is what the other says.
            let is_bounded = (solver.len() * size_of::<Cell>()) as u64 <= self.config.limits.bytes;
            if solver.len() > ENOUGH_TO_TELL && !(is_worth_it && is_bounded) {
                self.outbox.push_back(Message::Whole);
                self.task = Task::Awaiting { _permit: permit };
            } else {
                self.outbox.push_back(Message::More(solver.wants() as u64));
                self.task = Task::Solving { permit, mine, salt, theirs, count, tags, solver };
            }
            return Ok(());
        };
        let dots = |items: &[super::sketch::Item]| {
            let dots: Option<Version> = items.iter().map(|item| tags.dot(item.tag)).collect();
            dots.ok_or(Refused::Nonsense("a sketch holds events that nobody knows"))
        };
        let (only_theirs, only_mine) = (dots(&only_theirs)?, dots(&only_mine)?);
        if only_theirs.intersects(&only_mine) {
            // A fact has one value where the same is settled; somebody has lied.
            self.outbox.push_back(Message::Whole);
            self.task = Task::Awaiting { _permit: permit };
            return Ok(());
        }
        let known_here = Knowledge::of(&*mine);
        let part = |of: &Version, is_known: bool, by: &Knowledge| -> Version {
            of.dots().filter(|dot| by.contains(*dot) == is_known).collect()
        };
        let facts = mine.facts_of(&part(&only_mine, false, &theirs));
        let wanted = part(&only_theirs, false, &known_here);
        let gone_there = part(&only_theirs, true, &known_here);
        let gone = part(&only_mine, true, &theirs);
        self.stats.comparisons += 1;
        self.outbox.push_back(Message::Solved { gone: gone_there, facts, wanted: wanted.clone() });
        self.task = Task::Finishing { _permit: permit, mine, salt, theirs, gone, wanted };
        Ok(())
    }

    fn serve_rest(
        &mut self,
        replica: &mut Replica<T>,
        gone: &Version,
        facts: T::Delta,
        wanted: &Version,
    ) -> Result<bool, Refused> {
        let Task::Serving { mine, salt, theirs, .. } = core::mem::replace(&mut self.task, Task::None) else {
            return Ok(false);
        };
        if self.is_stranger(replica) {
            // Nothing is taken from it; it will ask for the whole state.
            self.outbox.push_back(Message::Rest { facts: T::Delta::default(), sum: 0 });
            return Ok(false);
        }
        let rest = mine.facts_of(wanted);
        let completed = completed(mine, &theirs, gone, facts)?;
        self.outbox.push_back(Message::Rest { facts: rest, sum: sum(&completed, salt) });
        self.theirs.union(completed.version());
        self.is_done();
        Self::join(replica, completed, &theirs.seen)
    }

    fn finish(&mut self, replica: &mut Replica<T>, facts: T::Delta, theirs: u64) -> Result<bool, Refused> {
        let Task::Finishing { mine, salt, theirs: known_there, gone, wanted, .. } =
            core::mem::replace(&mut self.task, Task::None)
        else {
            return Ok(false);
        };
        let is_all = *facts.events() == wanted;
        let completed = completed(mine, &known_there, &gone, facts)?;
        if !is_all || sum(&completed, salt) != theirs {
            self.must_pull = Some(How::Whole);
            return Ok(false);
        }
        self.theirs.union(completed.version());
        self.is_done();
        Self::join(replica, completed, &known_there.seen)
    }

    /// A comparison, or a transfer, is at its end.
    fn is_done(&mut self) {
        (self.is_beyond, self.must_pull) = (false, None);
        self.must_tell = true;
        self.must_look_back = true;
    }

    /// The next frame for the other side, if there is any. Call it until there is none, after frames have come in, after
    /// writing, and when it is [time](Self::poll_timeout). There is none as long as the replica has something that is to be
    /// [stored](Replica::stored).
    #[must_use = "what is not sent is lost, until it is sent again"]
    pub fn poll_frame(&mut self, replica: &mut Replica<T>, now: u64) -> Option<Vec<u8>> {
        if !replica.is_stored() {
            return None;
        }
        if self.next_probe.is_some_and(|at| now >= at) {
            self.must_tell = true;
            self.next_probe = Some(now.saturating_add(self.config.probe));
        }
        if !matches!(self.task, Task::None) && now >= self.task_ends() {
            // Who does not go on with it may not keep others from it.
            self.begin_anew();
        }
        if self.stream.has_room(&self.config) {
            let mut out = Output::default();
            while out.len() < self.config.max_frame
                && let Some(message) = self.next_message(replica, now)
            {
                message.write(&mut out);
            }
            self.stream.send(&out.finish(), &self.config);
        }
        let frame = self.stream.poll(now, &self.config)?;
        self.stats.frames += 1;
        self.stats.bytes += frame.len() as u64;
        Some(frame)
    }

    /// When to [poll](Self::poll_frame) again if nothing happens before.
    pub fn poll_timeout(&self) -> Option<u64> {
        let task = (!matches!(self.task, Task::None)).then(|| self.task_ends());
        [self.stream.timeout(&self.config), self.next_probe, task].into_iter().flatten().min()
    }

    fn task_ends(&self) -> u64 {
        self.task_since.max(self.stream.went_on()).saturating_add(self.config.patience)
    }

    fn next_message(&mut self, replica: &mut Replica<T>, now: u64) -> Option<Message<T>> {
        if !self.has_greeted {
            self.has_greeted = true;
            let version = self.hello.get_or_insert_with(|| replica.version().clone());
            let digest = digest(version, self.stream.sessions().0);
            return Some(Message::Hello { shape: Message::<T>::shape(), digest });
        }
        if !self.is_met {
            return None;
        }
        if replica.is_in_group() && self.named != Some(replica.id()) {
            self.named = Some(replica.id());
            return Some(Message::Name(replica.id()));
        }
        if let Some(message) = self.outbox.pop_front() {
            return Some(message);
        }
        if !self.is_told_off && self.name.and_then(|id| replica.standing(id)) == Some(Standing::Left) {
            self.is_told_off = true;
            return Some(Message::Outside { has_left: true });
        }
        let has_nothing = replica.version().is_empty();
        if replica.is_in_group() && self.is_new && self.heard.is_empty() && !has_nothing {
            // A newcomer asks for a state when it hears of one, and must be a member in it.
            let are_members = [self.name, Some(replica.id())]
                .into_iter()
                .all(|id| id.and_then(|id| replica.standing(id)) == Some(Standing::Member));
            if !are_members {
                return None;
            }
        }
        if let Task::Serving { sketch, tags, wanted, .. } = &mut self.task
            && *wanted > 0
        {
            return Some(cells_message(sketch, tags, core::mem::take(wanted)));
        }
        if core::mem::take(&mut self.must_send) {
            let state = replica.share();
            self.tell_of(&*state);
            self.theirs.union(state.version());
            self.stats.states += 1;
            self.outbox.push_back(Message::State(state));
            return self.outbox.pop_front();
        }
        // Who has heard of nothing here sends nothing.
        let has_told_nothing = replica.is_in_group() && self.told.is_empty() && !has_nothing;
        if self.must_tell || has_told_nothing {
            self.tell_of(replica.state());
            return self.outbox.pop_front();
        }
        let begins = replica.is_in_group() && has_nothing && !self.heard.is_empty();
        let must_pull = if begins { Some(How::Whole) } else { self.must_pull };
        if let (Some(how), Task::None) = (must_pull, &self.task)
            && let Some(permit) = replica.permit()
        {
            self.pull(replica, now, how, permit);
            return self.outbox.pop_front();
        }
        if !self.is_told || !matches!(self.task, Task::None) || replica.is_in_group() && self.heard.is_empty()
        {
            // What they lack is being found out, or they are about to ask for all.
            return None;
        }
        if self.must_look_back || self.jumps != replica.jumps() {
            self.look_back(replica);
            if let Some(message) = self.outbox.pop_front() {
                return Some(message);
            }
        }
        if self.is_beyond { None } else { self.push(replica) }
    }

    fn pull(&mut self, replica: &mut Replica<T>, now: u64, how: How, permit: Permit) {
        self.must_pull = None;
        self.task_since = now;
        let mine = replica.share();
        if how == How::Whole || mine.version().is_empty() {
            self.outbox.push_back(Message::Whole);
            self.task = Task::Awaiting { _permit: permit };
        } else {
            let (mine_session, theirs) = self.stream.sessions();
            let salt = mix(u64::from(mine_session) << 32 | u64::from(theirs.unwrap_or(0)));
            self.tell_of(&*mine);
            self.outbox.push_back(Message::Compare { salt, ahead: mine.ahead(), horizon: mine.horizon() });
            self.task = Task::Asking { permit, mine, salt };
        }
    }

    /// Looks for what the other lacks of what is in the log already, or is no more.
    fn look_back(&mut self, replica: &Replica<T>) {
        self.must_look_back = false;
        self.jumps = replica.jumps();
        if replica.reaches(&self.theirs) {
            self.is_beyond = false;
            self.cursor = replica.log().span().0;
        } else if !self.is_beyond {
            self.is_beyond = true;
            // Who does not know what it lacks would not ask for it.
            if self.told != *replica.version() {
                self.tell_of(replica.state());
            }
            self.outbox.push_back(Message::Beyond);
        }
    }

    /// The next events that the other lacks, about a frame full of them.
    fn push(&mut self, replica: &Replica<T>) -> Option<Message<T>> {
        let (first, end) = replica.log().span();
        if self.cursor < first {
            self.look_back(replica);
            return self.outbox.pop_front();
        }
        let (mut batch, mut bytes) = (T::Delta::default(), 0);
        while self.cursor < end
            && bytes < self.config.max_frame as u64
            && let Some(entry) = replica.log().get(self.cursor)
        {
            self.cursor += 1;
            if self.theirs.covers(entry.delta.events()) {
                continue;
            }
            bytes += entry.bytes();
            self.stats.deltas += 1;
            let news = entry.delta.without(&self.theirs);
            self.theirs.union(news.events());
            batch.join(news);
        }
        if batch.events().is_empty() {
            return None;
        }
        self.told.union(batch.events());
        self.stats.events += u64::try_from(batch.events().dot_count()).unwrap_or(u64::MAX);
        Some(Message::Events(batch))
    }
}

impl<T: Replicated> fmt::Debug for Link<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link")
            .field("sessions", &self.stream.sessions())
            .field("heard", &self.heard)
            .field("stats", &self.stats)
            .finish_non_exhaustive()
    }
}

/// How many answers may wait for their turn. Who asks for more does not listen.
const MOST_UNSAID: usize = 64;
/// How many cells come unasked, at most.
const FIRST_CELLS: usize = 256;
/// How many cells it takes to tell how large the difference is.
const ENOUGH_TO_TELL: usize = 32;
/// The whole state is sent if more than so many of a hundred facts differ.
const WHOLE_FROM: usize = 50;

/// How many cells come unasked: most likely enough for a difference of a fact for each event that one side lacks. But facts
/// may have been written and removed many times over.
fn first_cells(mine: &Version, theirs: &Version) -> usize {
    let events = mine.difference(theirs).dot_count() + theirs.difference(mine).dot_count();
    let events = usize::try_from(events).unwrap_or(usize::MAX).min(FIRST_CELLS);
    (events + events / 2 + 8).min(FIRST_CELLS)
}

fn cells_message<T: Replicated>(sketch: &mut Sketch, tags: &Tags, n: usize) -> Message<T> {
    let (from, count) = (sketch.made(), sketch.len() as u64);
    let cells = sketch.cells(n);
    let mut out = Output::default();
    out.count(cells.len());
    write_cells(&cells, from, count, tags.width, &mut out);
    Message::Cells(out.finish())
}

fn read_cells_message(bytes: &[u8], from: u64, count: u64, width: usize) -> Result<Vec<Cell>, Refused> {
    let limits = Limits::default();
    let mut input = Input::of(bytes, &limits);
    let n: usize = input.number()?;
    if n > MOST_WANTED {
        return Err(Refused::Nonsense("more cells than were asked for"));
    }
    Ok(read_cells(n, from, count, width, &mut input)?)
}

/// The join of both states, where one is at hand, and of the other the rest.
fn completed<T: Replicated>(
    mine: Arc<T>,
    theirs: &Knowledge,
    gone: &Version,
    facts: T::Delta,
) -> Result<T, Refused> {
    if !facts.only_adds() {
        return Err(Refused::Nonsense("facts that do more than add"));
    }
    let mut state = Arc::unwrap_or_clone(mine);
    state.complete(&theirs.seen, &theirs.ahead, gone, facts)?;
    Ok(state)
}
