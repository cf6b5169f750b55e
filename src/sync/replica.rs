use alloc::borrow::Cow;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::ops::Deref;

use super::allowance::Allowances;
use super::compare::Scan;
use super::identity::Membership;
use super::log::{Entry, Log};
use super::sharing::Sharing;
use super::storing::Storing;
use super::turn::{Permit, Ticket, Turn};
use super::{Events, LogBounds, Replicated, Watcher};
use crate::codec::roster::Roster;
use crate::store::{EditError, Full, MAX_DEPTH, Refused};
use crate::writer::{Identity, surely};
use crate::{ReplicaId, Version, Writer};

/// A state that is written here and elsewhere, with what it takes to tell others.
///
/// It owns an identity, as a [`Writer`] does, and remembers the latest deltas in a bounded log. It moves nothing by itself:
/// a [`Link`](super::Link) keeps it in step with one other replica, over whatever carries bytes; or you carry deltas
/// yourself, by [`since`](Self::since) and [`receive`](Self::receive).
///
/// ```
/// use rejoin::sync::Replica;
/// use rejoin::{Causal, OrSet};
///
/// let mut shop = Replica::<Causal<OrSet<String>>>::new();
/// let mut branch = Replica::<Causal<OrSet<String>>>::new();
///
/// let token = shop.edit(|books| books.insert("Emma".into())); // what was written
/// assert!(!branch.has(&token));
///
/// let news = shop.since(branch.version()).expect("the log reaches back so far");
/// branch.receive(news)?;
/// assert!(branch.has(&token) && branch.contains("Emma"));
/// # Ok::<(), rejoin::store::Refused>(())
/// ```
///
/// # Reading one's own writes
///
/// A version is a token. A client that keeps the [`version`](Self::version) after each of its writes and reads, and reads
/// and writes only where [`has`](Self::has) says yes to it, reads its own writes, never reads backwards, and writes after
/// what it has read. Since links deliver in causal order, whoever sees such a write sees what it followed.
///
/// # Watching
///
/// [`watch`](Self::watch) gives a cursor that tells what has changed since it was last asked, and costs nothing in
/// between; [`on_change`](Self::on_change) sets what is called when something has, to wake those who should ask.
pub struct Replica<T: Replicated> {
    pub(super) writer: Writer<T>,
    log: Log<T::Delta>,
    /// Counts what was taken in that is not in the log.
    jumps: u64,
    /// Counts what was settled.
    settled: u64,
    pub(super) storing: Storing,
    /// What it remembers of its group, if it is in one.
    pub(super) membership: Option<Membership<T>>,
    /// What the word of vouched-for peers has cost.
    pub(super) allowances: Allowances,
    /// The greatest claim about writes of its own that was not believed: under which id, and how many.
    pub(super) claimed: Option<(ReplicaId, u64)>,
    on_change: Option<Arc<dyn Fn() + Send + Sync>>,
    sharing: Sharing,
    /// Where its links put messages together, one after the other.
    pub(super) spare: Vec<u8>,
    /// Which link may pull.
    turn: Turn,
}

#[cfg(feature = "std")]
impl<T: Replicated> Replica<T> {
    /// A replica of an empty state, under a random id.
    #[allow(clippy::new_without_default, reason = "two defaults of one type would be two different replicas")]
    pub fn new() -> Self {
        Replica::from_writer(Writer::new())
    }

    /// A replica that goes on with `state`, under a random id: for data from elsewhere, and after a restart from a backup.
    pub fn over(state: T) -> Self {
        Replica::from_writer(Writer::over(state))
    }

    /// Goes on after a restart under a stored identity: see [`snapshot`](Self::snapshot), and
    /// [`Writer::resume`] for what else it takes.
    ///
    /// If it was in a [group](super::Shared), give the writer to `in_group` instead.
    pub fn restore(identity: Identity, state: T) -> Self {
        Replica::from_writer(Writer::resume(identity, state))
    }

    /// Runs a transaction, and returns what to ask for with [`has`](Self::has): the version that it led to. The time is the
    /// system's.
    ///
    /// # Panics
    ///
    /// As [`Writer::edit`]; nothing has been written.
    pub fn edit(&mut self, write: impl FnOnce(&mut T::Edit<'_>)) -> Version {
        self.transact(None, surely::<T>(write), |_| ()).unwrap_or_else(EditError::raise);
        self.version().clone()
    }

    /// Runs a transaction that may fail: see [`Writer::try_edit`].
    ///
    /// # Errors
    ///
    /// As [`try_edit_at`](Self::try_edit_at): all or nothing.
    pub fn try_edit<E>(
        &mut self,
        write: impl FnOnce(&mut T::Edit<'_>) -> Result<(), E>,
    ) -> Result<Version, EditError<E>> {
        self.transact(None, write, |_| ())?;
        Ok(self.version().clone())
    }
}

impl<T: Replicated> Replica<T> {
    /// A replica that writes as `writer` does. What the writer has taken in before is not in the log.
    pub fn from_writer(writer: Writer<T>) -> Self {
        Replica {
            writer,
            log: Log::new(LogBounds::default()),
            jumps: 0,
            settled: 0,
            storing: Storing::default(),
            membership: None,
            allowances: Allowances::default(),
            claimed: None,
            on_change: None,
            sharing: Sharing::default(),
            spare: Vec::new(),
            turn: Turn::default(),
        }
    }

    /// Sets how much it remembers of what it took in.
    pub fn set_log_bounds(&mut self, bounds: LogBounds) {
        self.log.set_bounds(bounds);
    }

    /// Runs a transaction at the given time, in milliseconds since the Unix epoch, and returns what to ask for with
    /// [`has`](Self::has): the version that it led to.
    ///
    /// # Panics
    ///
    /// As [`Writer::edit_at`]; nothing has been written.
    pub fn edit_at(&mut self, now: u64, write: impl FnOnce(&mut T::Edit<'_>)) -> Version {
        self.transact(Some(now), surely::<T>(write), |_| ()).unwrap_or_else(EditError::raise);
        self.version().clone()
    }

    /// As [`edit_at`](Self::edit_at), and returns what was changed.
    #[cfg(feature = "sim")]
    pub(crate) fn write_at(&mut self, now: u64, write: impl FnOnce(&mut T::Edit<'_>)) -> T::Delta {
        self.transact(Some(now), surely::<T>(write), T::Delta::clone).unwrap_or_else(EditError::raise)
    }

    /// Runs a transaction that may fail, at the given time.
    ///
    /// # Errors
    ///
    /// As [`Writer::try_edit_at`]; also [`EditError::TooDeep`], if a key or value nests deeper than others read. Nothing has been
    /// written, and nothing is told to others.
    pub fn try_edit_at<E>(
        &mut self,
        now: u64,
        write: impl FnOnce(&mut T::Edit<'_>) -> Result<(), E>,
    ) -> Result<Version, EditError<E>> {
        self.transact(Some(now), write, |_| ())?;
        Ok(self.version().clone())
    }

    /// Runs a transaction, shows its delta, and logs it.
    fn transact<E, R>(
        &mut self,
        now: Option<u64>,
        write: impl FnOnce(&mut T::Edit<'_>) -> Result<(), E>,
        show: impl FnOnce(&T::Delta) -> R,
    ) -> Result<R, EditError<E>> {
        let mut writing = Writing { replica: self, is_unlogged: false };
        let Replica { writer, log, .. } = &mut *writing.replica;
        let (names, mut entry) = (log.roster().len(), None);
        let result = writer.transact(now, write, |delta| {
            if delta.events().is_empty() {
                return true;
            }
            let (encoded, depth) = log.prepare(delta);
            entry = Some(encoded);
            depth <= MAX_DEPTH
        });
        let delta = match result {
            Ok(delta) => delta,
            Err(error) => {
                log.refused(names);
                return Err(error);
            }
        };
        writing.is_unlogged = !delta.events().is_empty();
        let shown = show(&delta);
        if let Some(entry) = entry.filter(|_| writing.is_unlogged) {
            writing.replica.log.push(entry);
            writing.is_unlogged = false;
            writing.replica.changed();
        }
        Ok(shown)
    }

    /// Takes in a delta from another replica. Returns true if anything in it was news.
    ///
    /// # Errors
    ///
    /// [`Refused`] if the state cannot name the replicas of the delta, or does not know what it is based on; nothing has
    /// changed. In a [group](super::Shared) it is also [`Refused::Behind`] if some of it is by a replica that nobody has admitted, as
    /// far as this one and the delta know: the admission, or a state, must come first.
    pub fn receive(&mut self, delta: T::Delta) -> Result<bool, Refused> {
        if self.has(delta.events()) {
            return Ok(false);
        }
        let news =
            if self.version().intersects(delta.events()) { delta.without(self.version()) } else { delta };
        if self.group().is_some_and(|group| !group.admits(&news)) {
            return Err(Refused::Behind);
        }
        let names = self.log.roster().len();
        let (entry, _) = self.log.prepare(&news);
        if let Err(refused) = self.writer.state_mut().take(news) {
            self.log.refused(names);
            return Err(refused);
        }
        self.log.push(entry);
        self.changed();
        Ok(true)
    }

    /// Takes in a state of another replica. Returns true if anything in it was news.
    ///
    /// # Errors
    ///
    /// [`Full`] if the state cannot name the replicas of both; nothing has changed.
    pub fn join(&mut self, other: Cow<'_, T>) -> Result<bool, Full> {
        let grew = self.writer.state_mut().meet(other)?;
        if grew {
            self.jumps += 1;
            self.changed();
        }
        Ok(grew)
    }

    fn changed(&self) {
        if let Some(on_change) = &self.on_change {
            on_change();
        }
    }

    /// What somebody at version `seen` lacks; `None` if the log does not reach back so far, and only a state will do.
    pub fn since(&self, seen: &Version) -> Option<T::Delta> {
        self.reaches(seen).then(|| self.log.since(seen))
    }

    /// Whether the log has all that somebody at version `seen` lacks.
    pub fn reaches(&self, seen: &Version) -> bool {
        if self.group().is_some_and(|group| group.needs_state(seen)) {
            return false;
        }
        let mut missing = self.version().difference(seen);
        missing.subtract(self.log.events());
        missing.is_empty()
    }

    /// Whether the events of `token` have been taken in.
    pub fn has(&self, token: &Version) -> bool {
        self.version().covers(token)
    }

    /// The state.
    pub fn state(&self) -> &T {
        self.writer.state()
    }

    /// The events that it has taken in.
    pub fn version(&self) -> &Version {
        self.writer.state().version()
    }

    /// The replica id that the next transaction writes under, unless it must take a new one.
    pub fn id(&self) -> ReplicaId {
        self.writer.replica()
    }

    /// What to store together, in one atomic write, *before* anything of it leaves: to go on later under the same id. That it
    /// has something is told by links, too, and others may settle it. [`stored`](Self::stored) makes links wait. A replica whose
    /// storage cannot promise that stores the state alone, and goes on by [`over`](Self::over).
    pub fn snapshot(&self) -> (&Identity, &T) {
        (self.writer.identity(), self.writer.state())
    }

    /// Takes note that a [`snapshot`](Self::snapshot) of the replica as it is has been stored. From the first call on, links
    /// say nothing as long as there is something that was not: first stored, then told, whoever forgets to store.
    ///
    /// ```
    /// use rejoin::sync::{Config, Link, Replica};
    /// use rejoin::{Causal, OrSet};
    ///
    /// let mut shop = Replica::<Causal<OrSet<String>>>::new();
    /// let mut link = Link::new(1, Config::default());
    /// shop.stored(); // there is nothing yet
    /// shop.edit(|books| books.insert("Emma".into()));
    ///
    /// assert!(link.poll_frame(&mut shop, 0).is_none());
    /// let (identity, state) = shop.snapshot(); // to the disk
    /// # let _ = (identity, state);
    /// shop.stored();
    /// assert!(link.poll_frame(&mut shop, 0).is_some());
    /// ```
    pub fn stored(&mut self) {
        self.storing.stored(self.changes());
    }

    /// Whether links may speak: all that is here was [stored](Self::stored), or nobody has ever said so; and what a replica that this
    /// one was [forked](Self::fork) from had then is stored there. As long as it is not, there is no use in polling, nor in waiting
    /// for a link's time.
    pub fn is_stored(&self) -> bool {
        self.storing.is_stored(self.changes())
    }

    /// A second replica of the same state, with an id of its own. Its log is empty. If this one is in a
    /// [group](super::Shared), the other goes by the same rules, and is to be admitted.
    ///
    /// If this one has something that is to be [stored](Self::stored) first, links of the fork say nothing before this one is stored,
    /// either. If it never is, because it has crashed, the fork knows what may be written again otherwise: discard it.
    pub fn fork(&self) -> Self {
        let mut fork = Replica::from_writer(self.writer.fork());
        fork.storing = self.storing.fork(self.changes());
        let rules = self.membership.as_ref().map(|membership| membership.rules.clone());
        fork.membership = rules.map(|rules| Membership::new(rules, fork.id()));
        fork
    }

    /// How many deltas it remembers, and how many bytes they have when they are sent.
    pub fn log_len(&self) -> (usize, u64) {
        (self.log.len(), self.log.bytes())
    }

    /// Forgets those of the oldest deltas that everybody has, as far as the caller knows.
    pub fn forget(&mut self, known: &Version) {
        self.log.drop_known(known);
    }

    /// Sets what is called when the state has grown: for waking those who should look. It must not block.
    pub fn on_change(&mut self, call: impl Fn() + Send + Sync + 'static) {
        self.on_change = Some(Arc::new(call));
    }

    /// Watches from now on.
    pub fn watch(&self) -> Watcher {
        Watcher::at(self.version())
    }

    /// What this replica has written under its present id that is not in `seen`, as far as the log reaches.
    #[cfg(feature = "sim")]
    pub(crate) fn written_since(&self, seen: &Version) -> Vec<T::Delta> {
        let (first, end) = self.log.span();
        let entries = (first..end).rev().filter_map(|number| self.log.get(number));
        let mut news: Vec<_> = entries
            .take_while(|entry| !seen.covers(&entry.events))
            .filter(|entry| entry.events.replicas().eq([self.id()]))
            .map(|entry| self.log.read(entry))
            .collect();
        news.reverse();
        news
    }

    pub(super) fn log(&self) -> &Log<T::Delta> {
        &self.log
    }

    pub(super) fn roster(&mut self) -> &mut Roster {
        self.log.roster()
    }

    /// The part of a delta in the log that a peer which will have `theirs` lacks.
    pub(super) fn part_for(&mut self, number: u64, theirs: &Version) -> Option<Entry> {
        let part = self.log.read(self.log.get(number)?).without(theirs);
        Some(self.log.prepare(&part).0)
    }

    /// How often the state has grown.
    pub(super) fn changes(&self) -> u64 {
        self.log.span().1 + self.jumps + self.settled
    }

    /// Settles what is stable: see [`Causal::settle`](crate::Causal::settle), which says what that means, and loses data if it
    /// is not so. Returns true if anything was settled. [Groups](super::Shared) know what is stable.
    pub fn settle_all(&mut self, stable: &Version) -> bool {
        let is_news = self.writer.state_mut().settle(stable);
        self.settled += u64::from(is_news);
        is_news
    }

    pub(super) fn jumps(&self) -> u64 {
        self.jumps
    }

    /// The facts of the state as it is, shared by all links that compare them.
    pub(super) fn scan(&mut self) -> Arc<Scan> {
        self.sharing.scan(self.writer.state())
    }

    /// The state as a message, shared by all links that send it.
    pub(super) fn state_message(&mut self) -> Arc<Vec<u8>> {
        self.sharing.state_message(self.writer.state())
    }

    /// Leave to pull, once it is the link's turn.
    pub(super) fn permit(&mut self, ticket: &Ticket, now: u64, turn: u64) -> Option<Permit> {
        self.turn.permit(ticket, now, turn)
    }

    /// Takes in what the state lacks of another one.
    pub(super) fn complete<E>(&mut self, complete: impl FnOnce(&mut T) -> Result<(), E>) -> Result<bool, E> {
        let before = self.version().clone();
        complete(self.writer.state_mut())?;
        let grew = before != *self.version();
        if grew {
            self.jumps += 1;
            self.changed();
        }
        Ok(grew)
    }
}

/// A transaction on a replica. If something panics after the writes count and before they are logged, they are counted as a
/// jump: so they do not pass for stored, and others are told of them by comparing states.
struct Writing<'a, T: Replicated> {
    replica: &'a mut Replica<T>,
    /// True while the writes are in the state, and not in the log.
    is_unlogged: bool,
}

impl<T: Replicated> Drop for Writing<'_, T> {
    fn drop(&mut self) {
        if self.is_unlogged || self.replica.writer.has_left_something() {
            self.replica.jumps += 1;
            self.replica.changed();
        }
    }
}

impl<T: Replicated> Deref for Replica<T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.state()
    }
}

impl<T: Replicated + fmt::Debug> fmt::Debug for Replica<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Replica").field("id", &self.id()).field("state", self.state()).finish_non_exhaustive()
    }
}
