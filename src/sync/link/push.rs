//! Pushing: the events of the log that the peer lacks go out in the order of the log.

use alloc::vec::Vec;

use super::Here;
use super::known::Known;
use crate::codec::roster::Numbers;
use crate::sync::message::{put_beyond, put_events};
use crate::sync::{Replica, Replicated};

/// What it costs to send an entry of the log once more.
const AGAIN: u64 = 8;

/// Where this side is in telling the peer what the log has.
#[derive(Debug)]
pub(super) struct Push {
    /// The number of the first entry of the log that has not been looked at.
    cursor: u64,
    /// How much the replica had taken in past its log when the log was last looked at from the beginning.
    jumps: u64,
    look: Look,
    reach: Reach,
}

/// Where to look for what the peer lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Look {
    /// From the cursor on.
    On,
    /// From the beginning.
    Back,
    /// From the beginning, once the peer may have this side do so much work: it says that it lacks what it was sent.
    Again,
}

/// Whether the log has all that the peer lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reach {
    Within,
    /// It has not, and the peer is to be told so once it knows this replica's version.
    Beyond,
    /// It has not, and the peer knows.
    BeyondAndTold,
}

impl Push {
    pub(super) fn new() -> Self {
        Push { cursor: 0, jumps: 0, look: Look::Back, reach: Reach::Within }
    }

    /// Something before the cursor may be news to the peer.
    pub(super) fn look_back(&mut self) {
        self.look = Look::Back;
    }

    /// The peer says that something before the cursor is news to it.
    pub(super) fn look_again(&mut self) {
        if self.look == Look::On {
            self.look = Look::Again;
        }
    }

    pub(super) fn must_look_again(&self) -> bool {
        self.look == Look::Again
    }

    pub(super) fn is_beyond(&self) -> bool {
        self.reach != Reach::Within
    }

    /// The peer may have caught up with the log, or is told again.
    pub(super) fn forget_beyond(&mut self) {
        if self.is_beyond() {
            (self.reach, self.look) = (Reach::Within, Look::Back);
        }
    }

    /// Appends to `out` the next deltas that the peer lacks, about a frame full of them, and returns the names that they use;
    /// or tells the peer that it lacks more than the log has, or may tell it `with_events`.
    pub(super) fn poll<T: Replicated>(
        &mut self,
        replica: &mut Replica<T>,
        known: &mut Known,
        with_events: bool,
        now: u64,
        out: &mut Vec<u8>,
        here: &mut Here,
    ) -> Numbers {
        let (first, end) = replica.log().span();
        if self.look == Look::Again {
            // A peer that has lost what it was sent waits, and so do later events: they come in order.
            if !here.allowance.is_open(now, here.config.work) {
                return Numbers::new();
            }
            here.allowance.charge(AGAIN * (end - first), now);
            (self.look, self.reach) = (Look::Back, Reach::Within);
        }
        if self.look == Look::Back || self.jumps != replica.jumps() || self.cursor < first {
            (self.look, self.jumps, self.cursor) = (Look::On, replica.jumps(), first);
            let work = replica.version().interval_count() as u64 + (end - first) / 8;
            here.allowance.charge(work.saturating_sub(super::FREE), now);
            if with_events && replica.reaches(known.theirs()) {
                self.reach = Reach::Within;
            } else if self.reach == Reach::Within {
                // A peer that does not know what it lacks would not ask for it.
                here.told.set_due();
                self.reach = Reach::Beyond;
            }
        }
        if self.reach == Reach::Beyond && here.told.version() == replica.version() {
            self.reach = Reach::BeyondAndTold;
            put_beyond(out);
        }
        let mut names = Numbers::new();
        while !self.is_beyond() && self.cursor < end && out.len() < here.config.max_frame {
            self.put_next(replica, known, out, &mut names, here);
            self.cursor += 1;
        }
        names
    }

    /// Appends the delta at the cursor, as far as the peer lacks it.
    fn put_next<T: Replicated>(
        &self,
        replica: &mut Replica<T>,
        known: &mut Known,
        out: &mut Vec<u8>,
        names: &mut Numbers,
        here: &mut Here,
    ) {
        let Some(entry) = replica.log().get(self.cursor) else { return };
        let part = if known.theirs().covers(&entry.events) {
            return;
        } else if known.theirs().intersects(&entry.events) {
            replica.part_for(self.cursor, known.theirs())
        } else {
            None
        };
        let Some(entry) = part.as_ref().or_else(|| replica.log().get(self.cursor)) else { return };
        put_events(&entry.bytes, out);
        names.extend_from_slice(&entry.names);
        known.sent(&entry.events);
        here.told.sent(&entry.events);
        here.stats.deltas += 1;
        here.stats.count_events(&entry.events);
    }
}
