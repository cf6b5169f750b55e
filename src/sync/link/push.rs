//! Pushing: the events of the log that the peer lacks go out in the order of the log.

use alloc::vec::Vec;

use super::Here;
use super::known::Known;
use super::names::Names;
use crate::sync::message::{put_beyond, put_events, put_next};
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

    /// Whether the log has something that has not been looked at, or the peer is to be told that it has not.
    pub(super) fn has_events<T: Replicated>(&self, replica: &Replica<T>) -> bool {
        let is_at_end = self.cursor == replica.log().span().1 && self.jumps == replica.jumps();
        !is_at_end || self.look != Look::On || self.reach == Reach::Beyond
    }

    /// Appends to `out` the next deltas that the peer lacks, about a frame full of them, and takes note of the names that they
    /// use; or tells the peer that it lacks more than the log has, or may tell it `with_events`.
    pub(super) fn poll<T: Replicated>(
        &mut self,
        replica: &mut Replica<T>,
        known: &mut Known,
        with_events: bool,
        now: u64,
        out: (&mut Vec<u8>, &mut Names),
        here: &mut Here,
    ) {
        let ((first, end), (bytes, names)) = (replica.log().span(), out);
        let goes_on = self.look == Look::On && self.jumps == replica.jumps() && self.cursor >= first;
        if !goes_on && !self.begin(replica, known, with_events, now, here) {
            return;
        }
        if self.reach == Reach::Beyond && here.told.version() == replica.version() {
            self.reach = Reach::BeyondAndTold;
            put_beyond(bytes);
        }
        let mut goes_on = false;
        while !self.is_beyond() && self.cursor < end && bytes.len() < here.config.max_frame {
            goes_on = self.put_delta(replica, known, (bytes, names), goes_on, here);
            self.cursor += 1;
        }
    }

    /// Goes back to the beginning of the log, and finds out whether it has all that the peer lacks. False if the peer is to wait.
    fn begin<T: Replicated>(
        &mut self,
        replica: &Replica<T>,
        known: &Known,
        with_events: bool,
        now: u64,
        here: &mut Here,
    ) -> bool {
        let (first, end) = replica.log().span();
        if self.look == Look::Again {
            // A peer that has lost what it was sent waits, and so do later events: they come in order.
            if !here.allowance.is_open(now, here.config.work) {
                return false;
            }
            here.allowance.charge(AGAIN * (end - first), now);
            self.reach = Reach::Within;
        }
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
        true
    }

    /// Appends the delta at the cursor, as far as the peer lacks it. `goes_on`: the one before it was appended just now. Returns
    /// whether this one was, in whole.
    fn put_delta<T: Replicated>(
        &self,
        replica: &mut Replica<T>,
        known: &mut Known,
        (out, names): (&mut Vec<u8>, &mut Names),
        goes_on: bool,
        here: &mut Here,
    ) -> bool {
        let Some(entry) = replica.log().get(self.cursor) else { return false };
        let part = if known.pushes(&entry.events) {
            None
        } else if known.theirs().covers(&entry.events) {
            return false;
        } else {
            let part = replica.part_for(self.cursor, known.theirs());
            part.inspect(|part| known.sent(&part.events))
        };
        let Some(entry) = part.as_ref().or_else(|| replica.log().get(self.cursor)) else { return false };
        let before = if goes_on { replica.log().get(self.cursor - 1) } else { None };
        match before.and_then(|before| entry.next_after(before)) {
            Some(change) => put_next(change, out),
            None => put_events(&entry.bytes, out),
        }
        names.uses(&entry.names);
        here.told.sent(&entry.events);
        here.stats.deltas += 1;
        here.stats.events += entry.count();
        part.is_none()
    }
}
