//! One side of a comparison, and of the transfer of a state.

use super::*;
use crate::sync::compare::Message as Part;
use crate::sync::link::Names;
use crate::sync::link::exchange::{Exchange, With};
use crate::sync::link::push::Push;

/// One side, which knows the version of the other.
struct Side {
    exchange: Exchange<Set>,
    here: Here,
    replica: Replica<Set>,
    known: Known,
    sessions: (u32, Option<u32>),
}

impl Side {
    fn next(&mut self) -> Option<Message<Set>> {
        let known = core::mem::replace(&mut self.known, Known::nothing(1));
        let with =
            With { known: &known, sessions: self.sessions, is_stranger: false, may_ask: true, now: 1_000 };
        let next = self.exchange.next_message(&mut self.replica, with, &mut self.here);
        self.known = known;
        next
    }

    fn take(&mut self, part: Part<<Set as crate::Crdt>::Delta>) -> Result<bool, Refused> {
        let known = core::mem::replace(&mut self.known, Known::nothing(1));
        let with =
            With { known: &known, sessions: self.sessions, is_stranger: false, may_ask: true, now: 1_000 };
        let taken = self.exchange.take_part(part, with, &mut self.here);
        self.known = known;
        taken.map(|outcome| outcome.is_some())
    }
}

/// Both sides had `0..1_000`. The second has removed some of these since, and each has inserted one. The first side has asked.
fn asked(removed: u64) -> [Side; 2] {
    let (mut a, mut b) = (replica::<Set>(1), replica::<Set>(2));
    a.edit_at(0, |set| set.extend(0..1_000));
    b.join(alloc::borrow::Cow::Borrowed(a.state())).unwrap();
    a.edit_at(0, |set| set.insert(4_000));
    b.edit_at(0, |set| {
        (0..removed).for_each(|n| set.remove(&n));
        set.insert(5_000);
    });
    let versions = [&a, &b].map(|replica| replica.version().clone());
    let mut sides = [(a, 1), (b, 0)].map(|(replica, other)| Side {
        exchange: Exchange::new(),
        here: Link::<Set>::new(1, Config::default()).here,
        replica,
        known: Known::equal(&versions[other], 9),
        sessions: (u32::from(other == 0) + 1, Some(u32::from(other == 1) + 1)),
    });
    sides[0].exchange.wish();
    let Some(Message::Compare(question)) = sides[0].next() else { panic!("it asks") };
    assert!(!sides[1].take(question).unwrap());
    sides
}

#[test]
fn a_side_that_has_answered_takes_no_state() {
    let [asker, mut server] = asked(3);
    assert!(matches!(server.next(), Some(Message::Compare(Part::Answer(_)))));
    let refused = server.exchange.take_state(asker.replica.state());
    assert!(matches!(refused, Err(Refused::Nonsense(_))), "{refused:?}");
}

/// A server that has removed nearly everything sends its state. The asker's reply covers the version that it has scanned.
#[test]
fn a_state_in_place_of_an_answer_ends_the_comparison() {
    let [mut asker, mut server] = asked(990);
    assert!(server.next().is_none());
    assert!(server.exchange.is_about_to(1_000, &mut server.here), "the comparison has paid for the state");
    server.here.told.tell(server.replica.version(), 2);
    assert!(server.exchange.next_state(&mut server.replica, 1_000, &mut server.here).is_some());
    let shown = asker.exchange.take_state(server.replica.state()).unwrap();
    assert_eq!(shown.as_ref(), Some(asker.replica.version()));
    let Some(Message::Compare(solved @ Part::Solved(_))) = asker.next() else {
        panic!("it tells what is gone")
    };
    assert!(asker.exchange.is_idle());
    assert!(server.take(solved).unwrap());
    assert_eq!([asker.here.stats.comparisons, server.here.stats.comparisons], [0, 0]);
}

/// Both sides ask at once: the one with the lesser number answers.
#[test]
fn the_side_with_the_lesser_number_answers_if_both_ask_at_once() {
    for (mine, yours, gives_way) in [(1, 2, true), (3, 2, false)] {
        let [mut a, mut b] = asked(3);
        // The second asks as well, before it hears the first.
        (a.sessions, b.sessions) = ((mine, Some(yours)), (yours, Some(mine)));
        b.exchange = Exchange::new();
        b.exchange.wish();
        let Some(Message::Compare(question)) = b.next() else { panic!("it asks") };
        assert!(!a.take(question).unwrap());
        let answer = a.next();
        assert_eq!(
            matches!(answer, Some(Message::Compare(Part::Answer(_)))),
            gives_way,
            "{mine} and {yours}"
        );
    }
}

#[test]
fn an_unexpected_answer_is_refused_and_an_unexpected_solution_puts_the_sides_at_odds() {
    let [mut asker, mut server] = asked(3);
    let Some(Message::Compare(answer)) = server.next() else { panic!("an answer") };
    asker.exchange = Exchange::new();
    assert!(asker.take(answer).is_err() && !asker.exchange.is_at_odds());
    let [mut asker, mut server] = asked(3);
    let Some(Message::Compare(answer)) = server.next() else { panic!("an answer") };
    assert!(asker.take(answer).unwrap());
    let Some(Message::Compare(solved)) = asker.next() else { panic!("the solution") };
    server.exchange = Exchange::new();
    assert!(!server.take(solved).unwrap() && server.exchange.is_at_odds());
    // The same while the server asks for something itself.
    let [mut asker, mut server] = asked(3);
    let Some(Message::Compare(answer)) = server.next() else { panic!("an answer") };
    assert!(asker.take(answer).unwrap());
    let Some(Message::Compare(solved)) = asker.next() else { panic!("the solution") };
    (server.exchange, server.here) = (Exchange::new(), Link::<Set>::new(1, Config::default()).here);
    server.exchange.wish();
    assert!(matches!(server.next(), Some(Message::Compare(Part::Ask(_)))));
    assert!(!server.take(solved).unwrap() && server.exchange.is_at_odds());
}

/// A stranger was sent a state in place of an answer, and answers as if what it says could be taken in.
#[test]
fn a_solution_that_is_ignored_does_not_end_what_this_side_waits_for() {
    let [mut asker, mut server] = asked(3);
    let Some(Message::Compare(answer)) = server.next() else { panic!("an answer") };
    assert!(asker.take(answer).unwrap());
    let Some(Message::Compare(solved)) = asker.next() else { panic!("the solution") };
    server.exchange.ignore(&solved);
    assert!(server.exchange.is_idle(), "that was its comparison");
    (server.exchange, server.here) = (Exchange::new(), Link::<Set>::new(1, Config::default()).here);
    server.exchange.wish_whole();
    assert!(matches!(server.next(), Some(Message::Whole)));
    server.exchange.ignore(&solved);
    assert!(server.exchange.take_state(asker.replica.state()).is_ok());
}

/// A look at the log costs one for each interval of the version and one for eight entries, less 64; another eight for each entry if
/// the peer says that it lacks what it was sent.
#[test]
fn a_look_at_the_log_is_charged() {
    let mut here = Link::<Set>::new(1, Config { work: 1_000, ..Config::default() }).here;
    let mut replica = replica::<Set>(1);
    (0..900).for_each(|n| drop(replica.edit_at(0, |set| set.insert(n))));
    let mut known = Version::new();
    known.insert_run(ReplicaId::from_u128(1), 1, 100);
    replica.forget(&known);
    let (mut push, mut known) = (Push::new(), Known::equal(replica.version(), 2));
    let mut poll = |push: &mut Push, now| {
        let mut out = Vec::new();
        push.poll(&mut replica, &mut known, true, now, (&mut out, &mut Names::new()), &mut here);
        assert!(out.is_empty(), "the peer has all");
        here.allowance.opens_at(1_000)
    };
    assert_eq!(poll(&mut push, 1_000), Some(1_037));
    assert_eq!(poll(&mut push, 1_000), Some(1_037), "nothing is new");
    push.look_again();
    assert_eq!(poll(&mut push, 1_030), Some(1_037));
    assert!(push.must_look_again(), "it waits until it is paid for");
    assert_eq!(poll(&mut push, 2_000), Some(2_000 + 8 * 800 + 37));
    assert!(!push.must_look_again());
    push.look_back();
    assert_eq!(poll(&mut push, 2_000), Some(2_000 + 8 * 800 + 37 + 37));
}

#[test]
fn a_message_of_events_ends_with_the_delta_that_fills_a_frame() {
    let mut replica = replica::<Set>(1);
    (0..10).for_each(|n| drop(replica.edit_at(0, |set| set.insert(n))));
    let mut deltas = |max_frame| {
        let mut here = Link::<Set>::new(1, Config { max_frame, ..Config::default() }).here;
        let mut out = Vec::new();
        Push::new().poll(
            &mut replica,
            &mut Known::nothing(2),
            true,
            0,
            (&mut out, &mut Names::new()),
            &mut here,
        );
        assert_eq!(here.stats.deltas, here.stats.events);
        (here.stats.deltas, out.len())
    };
    let (first, len) = deltas(1);
    assert_eq!(first, 1);
    assert_eq!([deltas(len).0, deltas(len + 1).0, deltas(10_000).0], [1, 2, 10]);
}

#[test]
fn a_link_that_rests_says_nothing_until_it_has_rested() {
    let (mut link, mut replica) = (Link::<Set>::new(1, Config::default()), replica(1));
    (0..2).for_each(|_| link.fail(10_000));
    assert_eq!(link.poll_timeout(), Some(10_400));
    assert!(link.poll_frame(&mut replica, 10_399).is_none());
    assert!(link.poll_frame(&mut replica, 10_400).is_some());
    let stats = link.stats();
    assert_eq!((stats.frames, stats.bytes), (1, 27));
}
