//! Whose turn it is to pull: one link of a replica at a time, in the order in which they ask.

use alloc::collections::VecDeque;
use alloc::sync::{Arc, Weak};

/// How long a link that waits for its turn keeps its place without asking again: so many parts of a turn.
const KEEPS_PLACE: u64 = 4;

#[derive(Debug, Default)]
pub(super) struct Turn {
    holder: Weak<()>,
    since: u64,
    waiting: VecDeque<Waiting>,
}

#[derive(Debug)]
struct Waiting {
    ticket: Weak<()>,
    /// When it last asked. A link that does not ask again keeps nobody waiting.
    asked: u64,
}

/// A link's place among those that wait.
#[derive(Debug, Default)]
pub(super) struct Ticket(Arc<()>);

/// Says that the holder is pulling, until it is dropped or its turn is over.
#[derive(Debug)]
pub(super) struct Permit(#[allow(dead_code, reason = "it is there to be dropped")] Arc<()>);

impl Turn {
    /// Leave to pull, if no other link is at it, or has been for longer than its `turn`, and none has waited for longer. A link
    /// whose turn is over may go on: it only does not keep the others from beginning.
    pub(super) fn permit(&mut self, ticket: &Ticket, now: u64, turn: u64) -> Option<Permit> {
        let is_mine = |waiting: &Waiting| waiting.ticket.as_ptr() == Arc::as_ptr(&ticket.0);
        match self.waiting.iter_mut().find(|waiting| is_mine(waiting)) {
            Some(waiting) => waiting.asked = now,
            None => self.waiting.push_back(Waiting { ticket: Arc::downgrade(&ticket.0), asked: now }),
        }
        let is_late = |waiting: &Waiting| now > waiting.asked.saturating_add(turn / KEEPS_PLACE);
        self.waiting.retain(|waiting| waiting.ticket.strong_count() > 0 && !is_late(waiting));
        let is_free = self.holder.strong_count() == 0 || now >= self.since.saturating_add(turn);
        if !is_free || !self.waiting.front().is_some_and(is_mine) {
            return None;
        }
        self.waiting.pop_front();
        let permit = Arc::new(());
        (self.holder, self.since) = (Arc::downgrade(&permit), now);
        Some(Permit(permit))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_take_turns_in_the_order_in_which_they_asked() {
        let (mut turn, [a, b, c]) = (Turn::default(), [(); 3].map(|()| Ticket::default()));
        let _first = turn.permit(&a, 0, 100).expect("nobody is at it");
        for now in (10..100).step_by(10) {
            let asked = [&b, &c, &a].map(|ticket| turn.permit(ticket, now, 100).is_some());
            assert_eq!(asked, [false; 3]);
        }
        assert!(turn.permit(&a, 105, 100).is_none() && turn.permit(&c, 105, 100).is_none());
        let second = turn.permit(&b, 105, 100).expect("the first has had its turn");
        assert!(turn.permit(&a, 110, 100).is_none() && turn.permit(&c, 110, 100).is_none());
        drop(second);
        assert!(turn.permit(&a, 115, 100).is_none() && turn.permit(&c, 115, 100).is_some());
    }

    #[test]
    fn a_link_that_is_gone_or_does_not_ask_keeps_nobody_waiting() {
        let (mut turn, [a, b, c, d]) = (Turn::default(), [(); 4].map(|()| Ticket::default()));
        let first = turn.permit(&a, 0, 100).expect("nobody is at it");
        for ticket in [&b, &c, &d] {
            assert!(turn.permit(ticket, 10, 100).is_none());
        }
        drop((first, b));
        assert!(turn.permit(&d, 20, 100).is_none(), "c may still ask");
        assert!(turn.permit(&d, 40, 100).is_some(), "c has not asked for long");
    }

    #[test]
    fn a_turn_and_a_place_end_on_the_millisecond() {
        let place = |now| {
            let (mut turn, [a, b, c]) = (Turn::default(), [(); 3].map(|()| Ticket::default()));
            let first = turn.permit(&a, 0, 100).expect("nobody is at it");
            assert!(turn.permit(&b, 10, 100).is_none());
            drop(first);
            turn.permit(&c, now, 100).is_some()
        };
        assert_eq!([place(35), place(36)], [false, true], "a quarter of a turn after b has asked");
        let (mut turn, [a, b]) = (Turn::default(), [(); 2].map(|()| Ticket::default()));
        let _first = turn.permit(&a, 0, 100).expect("nobody is at it");
        assert!(turn.permit(&b, 99, 100).is_none() && turn.permit(&b, 100, 100).is_some());
    }
}
