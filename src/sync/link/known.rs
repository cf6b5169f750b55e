//! What each side is known to have.

use crate::Version;
use crate::codec::{DecodeError, Wrong};
use crate::sync::fingerprint::Fingerprint;
use crate::sync::{Config, Refused};

/// How often in a row a peer may report a version whose fingerprint is another's.
const MOST_MISUNDERSTANDINGS: u32 = 3;

/// What the peer has.
#[derive(Debug)]
pub(super) struct Known {
    /// The peer's version, as it last reported it.
    heard: Version,
    print: Fingerprint,
    /// The peer's version once all that was sent to it has arrived.
    theirs: Version,
    /// Events that were sent and that the peer has not reported.
    unreported: Version,
    misunderstandings: u32,
}

/// What a replica reports to have.
#[derive(Debug)]
pub(crate) struct Report {
    /// What the peer does not know that it has.
    pub(in crate::sync) news: Version,
    /// The news are all: what the peer knew before is void.
    pub(in crate::sync) is_whole: bool,
    /// The fingerprint of all that it has.
    pub(in crate::sync) print: u64,
}

/// What a report of the peer leads to.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Heard {
    /// The peer lacks events that were sent to it: it has not taken them in.
    pub(super) lacks_more: bool,
    /// The fingerprint is another's, so the peer must tell its version from the beginning.
    pub(super) is_misunderstood: bool,
}

impl Known {
    /// Of a peer that has said nothing yet. `session` is its number.
    pub(super) fn nothing(session: u32) -> Self {
        Known {
            heard: Version::new(),
            print: Fingerprint::new(session),
            theirs: Version::new(),
            unreported: Version::new(),
            misunderstandings: 0,
        }
    }

    /// Of a peer whose greeting has shown that it has just this version.
    pub(super) fn equal(version: &Version, session: u32) -> Self {
        Known {
            heard: version.clone(),
            print: Fingerprint::of(version, session),
            theirs: version.clone(),
            ..Known::nothing(session)
        }
    }

    pub(super) fn heard(&self) -> &Version {
        &self.heard
    }

    pub(super) fn theirs(&self) -> &Version {
        &self.theirs
    }

    /// The intervals that it holds.
    pub(super) fn intervals(&self) -> usize {
        self.heard.interval_count() + self.theirs.interval_count() + self.unreported.interval_count()
    }

    /// Takes in what the peer reports to have, and the fingerprint of all that it has. `is_quiet`: all that was sent to
    /// it has arrived.
    pub(super) fn hear(
        &mut self,
        Report { news, is_whole, print }: Report,
        is_quiet: bool,
        config: &Config,
    ) -> Result<Heard, Refused> {
        if is_whole {
            self.heard = Version::new();
            self.print.clear();
            self.theirs = self.unreported.clone();
        }
        self.has(news, config)?;
        let mut heard = Heard::default();
        if self.print.short() == print {
            self.misunderstandings = 0;
        } else {
            self.misunderstandings += 1;
            if is_whole || self.misunderstandings > MOST_MISUNDERSTANDINGS {
                return Err(Refused::Nonsense("a version has another's fingerprint"));
            }
            heard.is_misunderstood = true;
        }
        if is_quiet && !self.unreported.is_empty() && !heard.is_misunderstood {
            self.theirs.subtract(&self.unreported);
            self.unreported = Version::new();
            heard.lacks_more = true;
        }
        Ok(heard)
    }

    /// Takes note of events that the peer has: it has reported or sent them.
    pub(super) fn has(&mut self, events: Version, config: &Config) -> Result<(), Refused> {
        let news = if self.heard.intersects(&events) { events.difference(&self.heard) } else { events };
        self.print.add(&news);
        self.heard.union(&news);
        self.theirs.union(&news);
        if !self.unreported.is_empty() {
            self.unreported.subtract(&news);
        }
        // Each interval came in as bytes, but the bytes are gone and the interval stays.
        if self.intervals() > config.intervals {
            return Err(DecodeError { at: 0, wrong: Wrong::Limit("intervals") }.into());
        }
        Ok(())
    }

    /// Takes note of events that are on their way to the peer, if it is known to have none of them.
    #[inline]
    pub(super) fn pushes(&mut self, events: &Version) -> bool {
        let is_next = self.theirs.append(events);
        is_next && self.unreported.append(events) || self.pushes_any(events, is_next)
    }

    fn pushes_any(&mut self, events: &Version, is_noted: bool) -> bool {
        if !is_noted && self.theirs.intersects(events) {
            return false;
        }
        self.theirs.union(events);
        self.unreported.union(events);
        true
    }

    /// Takes note of what is on its way to the peer; it may have some of it.
    pub(super) fn sent(&mut self, events: &Version) {
        self.theirs.union(events);
        if self.heard.intersects(events) {
            self.unreported.union(&events.difference(&self.heard));
        } else {
            self.unreported.union(events);
        }
    }
}

/// What the peer knows of this side.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// This replica's version, as the peer knows it.
    version: Version,
    /// What is settled here, as the peer knows it.
    horizon: Version,
    /// The version is to be told with the next frame.
    is_due: bool,
    /// The peer has misunderstood, and is to be told from the beginning once it may have this side do so much work.
    must_repeat: bool,
    /// The version was just told; what is settled comes after it.
    was_version: bool,
}

impl Told {
    /// A peer whose greeting has shown that it has just this version.
    pub(super) fn equal(version: Version) -> Self {
        Told { version, ..Told::default() }
    }

    pub(super) fn version(&self) -> &Version {
        &self.version
    }

    pub(super) fn intervals(&self) -> usize {
        self.version.interval_count() + self.horizon.interval_count()
    }

    pub(super) fn is_due(&self) -> bool {
        self.is_due || self.must_repeat
    }

    /// Whether it may be told now.
    pub(super) fn is_now_due(&self) -> bool {
        self.is_due
    }

    /// Whether something is to be told: a version, or what is settled as of the last one.
    pub(super) fn has_news(&self) -> bool {
        self.is_due || self.must_repeat || self.was_version
    }

    pub(super) fn set_due(&mut self) {
        self.is_due = true;
    }

    /// The peer has misunderstood: it is to be told from the beginning.
    pub(super) fn set_repeat(&mut self) {
        self.must_repeat = true;
    }

    pub(super) fn must_repeat(&self) -> bool {
        self.must_repeat
    }

    /// Tells from the beginning next.
    pub(super) fn repeat(&mut self) {
        (self.version, self.is_due, self.must_repeat) = (Version::new(), true, false);
    }

    /// Tells the version. `session` is this side's number.
    pub(super) fn tell(&mut self, version: &Version, session: u32) -> Report {
        let news = version.difference(&self.version);
        let is_whole = self.version.is_empty();
        self.version = version.clone();
        (self.is_due, self.was_version) = (false, true);
        Report { news, is_whole, print: Fingerprint::of(version, session).short() }
    }

    /// Tells what is settled as of the version that was just told, if the peer does not know it.
    pub(super) fn tell_settled(&mut self, horizon: impl FnOnce() -> Version) -> Option<Version> {
        if !core::mem::take(&mut self.was_version) {
            return None;
        }
        let horizon = horizon();
        (self.horizon != horizon).then(|| {
            self.horizon = horizon.clone();
            horizon
        })
    }

    /// Takes note of events that are on their way to the peer: it learns from them that they are here.
    #[inline]
    pub(super) fn sent(&mut self, events: &Version) {
        if !self.version.append(events) {
            self.version.union(events);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Dot, ReplicaId};

    fn events(counters: core::ops::RangeInclusive<u64>) -> Version {
        counters.map(|counter| Dot::new(ReplicaId::from_u128(1), counter).unwrap()).collect()
    }

    fn report(news: Version, is_whole: bool, print: u64) -> Report {
        Report { news, is_whole, print }
    }

    fn print(counters: core::ops::RangeInclusive<u64>) -> u64 {
        Fingerprint::of(&events(counters), 5).short()
    }

    #[test]
    fn events_that_were_sent_and_are_not_reported_are_lacking() {
        let (mut known, config) = (Known::nothing(5), Config::default());
        known.sent(&events(1..=4));
        // They may still be on their way.
        let heard = known.hear(report(events(1..=2), true, print(1..=2)), false, &config).unwrap();
        assert_eq!(heard, Heard::default());
        assert_eq!(*known.theirs(), events(1..=4));
        let heard = known.hear(report(events(3..=3), false, print(1..=3)), true, &config).unwrap();
        assert!(heard.lacks_more);
        assert_eq!((known.heard(), known.theirs()), (&events(1..=3), &events(1..=3)));
    }

    #[test]
    fn a_fingerprint_that_never_fits_is_refused() {
        let (mut known, config) = (Known::nothing(5), Config::default());
        assert!(known.hear(report(events(1..=2), true, 7), true, &config).is_err());
        let mut known = Known::nothing(5);
        for _ in 0..MOST_MISUNDERSTANDINGS {
            assert!(known.hear(report(events(1..=2), false, 7), true, &config).unwrap().is_misunderstood);
        }
        assert!(known.hear(report(events(1..=2), false, 7), true, &config).is_err());
    }

    #[test]
    fn what_a_peer_claims_is_bounded() {
        let (mut known, mut config) = (Known::nothing(5), Config::default());
        config.intervals = 100;
        let gaps = |from: u64| (from..from + 20).map(|n| Dot::new(ReplicaId::from_u128(1), 2 * n).unwrap());
        known.has(gaps(1).collect(), &config).unwrap();
        assert!((1..10).any(|n| known.has(gaps(100 * n).collect(), &config).is_err()));
        assert!(known.intervals() <= 140);
    }
}
