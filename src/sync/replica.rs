use alloc::borrow::Cow;
use alloc::sync::{Arc, Weak};
use core::fmt;
use core::ops::Deref;

use super::group::{GroupRules, Heard, Standing};
use super::log::Log;
use super::{Events, LogBounds, Replicated};
use crate::store::{Full, Refused};
use crate::writer::{Identity, Renewal};
use crate::{Dot, Lattice, ReplicaId, Version, Writer};

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
    writer: Writer<T>,
    log: Log<T::Delta>,
    /// Counts what was taken in that is not in the log.
    jumps: u64,
    /// Counts what was settled.
    settled: u64,
    /// How often the state had grown when it was last stored, if links are to wait for that.
    stored: Option<u64>,
    /// What members of the group have said to have.
    pub(super) heard: Heard,
    /// Who may write, if there is a group.
    group: Option<GroupRules<T>>,
    on_change: Option<Arc<dyn Fn() + Send + Sync>>,
    /// The copy of the state that others are being told about.
    snapshot: Weak<T>,
    /// Held by the one link that is pulling a state.
    pulling: Arc<()>,
}

/// Says that the holder is pulling a state, until it is dropped.
#[derive(Debug)]
pub(super) struct Permit(#[allow(dead_code, reason = "it is there to be dropped")] Arc<()>);

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
    pub fn edit(&mut self, write: impl FnOnce(&mut T::Edit<'_>)) -> Version {
        let delta = self.writer.edit(write);
        self.wrote(delta)
    }

    /// Runs a transaction that may fail: see [`Writer::try_edit`].
    ///
    /// # Errors
    ///
    /// The closure's error. What it had written before stays written, and is told to others.
    pub fn try_edit<E>(
        &mut self,
        write: impl FnOnce(&mut T::Edit<'_>) -> Result<(), E>,
    ) -> Result<Version, E> {
        let result = self.writer.try_edit(write);
        self.tried(result)
    }
}

impl<T: Replicated> Replica<T> {
    /// A replica that writes as `writer` does. What the writer has taken in before is not in the log.
    pub fn from_writer(mut writer: Writer<T>) -> Self {
        let unsent = writer.unsent();
        let mut replica = Replica {
            writer,
            log: Log::new(LogBounds::default()),
            jumps: 0,
            settled: 0,
            stored: None,
            heard: Heard::default(),
            group: None,
            on_change: None,
            snapshot: Weak::new(),
            pulling: Arc::new(()),
        };
        if !unsent.events().is_empty() {
            replica.log.push(unsent);
        }
        replica
    }

    /// Sets how much it remembers of what it took in.
    pub fn set_log_bounds(&mut self, bounds: LogBounds) {
        self.log.set_bounds(bounds);
    }

    /// Runs a transaction at the given time, in milliseconds since the Unix epoch, and returns what to ask for with
    /// [`has`](Self::has): the version that it led to.
    pub fn edit_at(&mut self, now: u64, write: impl FnOnce(&mut T::Edit<'_>)) -> Version {
        self.write_at(now, write);
        self.version().clone()
    }

    /// As [`edit_at`](Self::edit_at), and returns what was changed.
    pub(crate) fn write_at(&mut self, now: u64, write: impl FnOnce(&mut T::Edit<'_>)) -> T::Delta {
        let delta = self.writer.edit_at(now, write);
        self.wrote(delta.clone());
        delta
    }

    /// Runs a transaction that may fail, at the given time.
    ///
    /// # Errors
    ///
    /// The closure's error. What it had written before stays written, and is told to others.
    pub fn try_edit_at<E>(
        &mut self,
        now: u64,
        write: impl FnOnce(&mut T::Edit<'_>) -> Result<(), E>,
    ) -> Result<Version, E> {
        let result = self.writer.try_edit_at(now, write);
        self.tried(result)
    }

    fn tried<E>(&mut self, result: Result<T::Delta, E>) -> Result<Version, E> {
        let (delta, error) = match result {
            Ok(delta) => (delta, None),
            Err(error) => (self.writer.unsent(), Some(error)),
        };
        let version = self.wrote(delta);
        error.map_or(Ok(version), Err)
    }

    fn wrote(&mut self, delta: T::Delta) -> Version {
        if !delta.events().is_empty() {
            self.log.push(delta);
            self.changed();
        }
        self.version().clone()
    }

    /// Takes in a delta from another replica. Returns true if anything in it was news.
    ///
    /// # Errors
    ///
    /// [`Refused`] if the state cannot name the replicas of the delta, or does not know what it is based on; nothing has
    /// changed.
    pub fn receive(&mut self, delta: T::Delta) -> Result<bool, Refused> {
        if self.has(delta.events()) {
            return Ok(false);
        }
        let news =
            if self.version().intersects(delta.events()) { delta.without(self.version()) } else { delta };
        self.writer.state_mut().take(news.clone())?;
        self.log.push(news);
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
        if !self.reaches(seen) {
            return None;
        }
        let (first, end) = self.log.span();
        let mut news = T::Delta::default();
        for entry in (first..end).filter_map(|number| self.log.get(number)) {
            if !seen.covers(entry.delta.events()) {
                news.join(entry.delta.without(seen));
            }
        }
        Some(news)
    }

    /// Whether the log has all that somebody at version `seen` lacks.
    pub fn reaches(&self, seen: &Version) -> bool {
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
        self.stored = Some(self.changes());
    }

    /// Whether links may speak: all that is here was [stored](Self::stored), or nobody has ever said so. As long as it is not, there
    /// is no use in polling, nor in waiting for a link's time.
    pub fn is_stored(&self) -> bool {
        self.stored.is_none_or(|stored| stored == self.changes())
    }

    /// A second replica of the same state, with an id of its own. Its log is empty. If this one is in a
    /// [group](super::Shared), the other goes by the same rules, and is to be admitted.
    pub fn fork(&self) -> Self {
        // Of one that is to be stored nothing is.
        let stored = self.stored.map(|_| u64::MAX);
        Replica { group: self.group.clone(), stored, ..Replica::from_writer(self.writer.fork()) }
    }

    /// Takes note of what somebody says to have: if there are writes of this replica in it that it does not know, it has
    /// forgotten them, and takes a new id before its next write. Links do this by themselves.
    pub fn hear_of(&mut self, version: &Version) {
        self.writer.hear_of(version.last(self.id()).into());
    }

    /// Finds out whether it has forgotten writes of its own, which others know. If so, it has taken a new id, and says so.
    ///
    /// Good to call after a restart, when others have been heard and before anything is written.
    pub fn settle_identity(&mut self) -> Option<Renewal> {
        self.writer.settle_identity()
    }

    /// Whether it has taken a new id since this was last asked, and why.
    pub fn renewed(&mut self) -> Option<Renewal> {
        self.writer.renewed()
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
        Watcher { seen: self.version().clone() }
    }

    pub(super) fn log(&self) -> &Log<T::Delta> {
        &self.log
    }

    /// How often the state has grown.
    pub(super) fn changes(&self) -> u64 {
        self.log.span().1 + self.jumps + self.settled
    }

    /// Listens to members only.
    pub(super) fn set_group(&mut self, rules: GroupRules<T>) {
        self.group = Some(rules);
    }

    /// How a replica stands to the group, if there is one.
    pub(super) fn standing(&self, id: ReplicaId) -> Option<Standing> {
        self.group.as_ref().map(|rules| (rules.standing)(self.state(), id))
    }

    /// Whether a replica was let in, as `state` knows, by an event that it has seen, and that is known here or is a member's.
    /// It may have been let in twice: what it has is as old as the admission that it has seen, and only since the others know
    /// of that have they waited for it.
    pub(super) fn has_begun(&self, state: &T, id: ReplicaId, has_seen: impl Fn(Dot) -> bool) -> bool {
        self.group.as_ref().is_some_and(|rules| {
            let is_member = |id| (rules.standing)(self.state(), id) == Standing::Member;
            let counts = |dot: Dot| self.version().contains(dot) || is_member(dot.replica());
            (rules.standing)(state, id) == Standing::Member
                && (rules.admissions)(state, id).iter().any(|dot| has_seen(*dot) && counts(*dot))
        })
    }

    /// How this replica stands to the group itself.
    pub(super) fn own_standing(&self) -> Option<Standing> {
        self.standing(self.id())
    }

    /// How those stand to this replica, a member, who have what they settle in `state`, and have seen `seen`. If they know that
    /// it is a member, they have not settled anything that would be wrong here.
    pub(super) fn standing_among(&self, state: &T, seen: &Version) -> Standing {
        let Some(rules) = &self.group else { return Standing::Member };
        let (me, is_member) = (self.id(), |id| (rules.standing)(state, id) == Standing::Member);
        let may_know = |dot: &Dot| seen.contains(*dot) || is_member(dot.replica());
        match (rules.standing)(state, me) {
            Standing::Left => Standing::Left,
            _ if (rules.admissions)(self.state(), me).iter().any(may_know) => Standing::Member,
            _ => Standing::Stranger,
        }
    }

    /// Whether a newcomer may begin with a state that `giver` has: both are members in it.
    pub(super) fn may_begin_with(&self, state: &T, giver: ReplicaId) -> bool {
        self.version().is_empty()
            && self.group.as_ref().is_some_and(|rules| {
                [self.id(), giver].into_iter().all(|id| (rules.standing)(state, id) == Standing::Member)
            })
    }

    /// Whether there is a group, so that who speaks must say who it is.
    pub(super) fn is_in_group(&self) -> bool {
        self.group.is_some()
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

    /// The state as it is, to be told about for a while.
    pub(super) fn share(&mut self) -> Arc<T> {
        if let Some(snapshot) = self.snapshot.upgrade()
            && snapshot.version() == self.version()
        {
            return snapshot;
        }
        let snapshot = Arc::new(self.state().clone());
        self.snapshot = Arc::downgrade(&snapshot);
        snapshot
    }

    /// Leave to pull a state, if nobody else is at it.
    pub(super) fn permit(&self) -> Option<Permit> {
        (Arc::strong_count(&self.pulling) == 1).then(|| Permit(Arc::clone(&self.pulling)))
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

/// Tells what has changed in a [`Replica`] since it was last asked.
///
/// ```
/// use rejoin::sync::{News, Replica};
/// use rejoin::{Causal, OrSet};
///
/// let mut shop = Replica::<Causal<OrSet<String>>>::new();
/// let mut watcher = shop.watch();
/// assert!(watcher.news(&shop).is_none());
///
/// shop.edit(|books| books.insert("Emma".into()));
/// let Some(News::Changes(delta)) = watcher.news(&shop) else { panic!("something changed") };
/// assert_eq!(delta.events().dot_count(), 1);
/// assert!(watcher.news(&shop).is_none());
/// ```
#[derive(Clone, Debug)]
pub struct Watcher {
    seen: Version,
}

/// What has changed in a [`Replica`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News<D> {
    /// These changes.
    Changes(D),
    /// More than the log remembers: look at the state.
    Anything,
}

impl Watcher {
    /// What has changed since this was last asked; `None` if nothing has. `O(replicas)` then, else `O(log)`.
    pub fn news<T: Replicated>(&mut self, replica: &Replica<T>) -> Option<News<T::Delta>> {
        if self.seen == *replica.version() {
            return None;
        }
        let news = replica.since(&self.seen).map_or(News::Anything, News::Changes);
        self.seen = replica.version().clone();
        Some(news)
    }
}
