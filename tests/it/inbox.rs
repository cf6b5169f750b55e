//! Exactly once, and causes before effects, whatever the network does and whatever strangers send.

use std::collections::BTreeSet;

use proptest::prelude::*;
use rejoin::sync::inbox::{CausalInbox, Envelope, InboxLimits, OpLog, Refused};
use rejoin::{Codec, Dot, OpBased, OpSet, ReplicaId, SetOp, VectorClock, Version};

const A: ReplicaId = id(1);
const B: ReplicaId = id(2);
const C: ReplicaId = id(3);
const MALLORY: ReplicaId = id(66);

const fn id(n: u128) -> ReplicaId {
    ReplicaId::from_u128(n)
}

fn dot(replica: ReplicaId, counter: u64) -> Dot {
    Dot::new(replica, counter).unwrap()
}

/// A list of what was delivered: its operations are values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Told(Vec<u64>);

impl OpBased for Told {
    type Op = u64;

    fn effect(&mut self, op: u64) {
        self.0.push(op);
    }
}

/// An envelope as anybody could send it, by way of its bytes, since nothing else makes one.
fn forged(dot: Dot, after: &[(ReplicaId, u64)], op: u64) -> Envelope<u64> {
    Envelope::decode(&forged_bytes(dot, after, op)).expect("well-formed")
}

fn forged_bytes(dot: Dot, after: &[(ReplicaId, u64)], op: u64) -> Vec<u8> {
    let mut inbox = CausalInbox::new(A);
    let honest = inbox.send(&mut Told::default(), |_, _| Some(0)).unwrap().encode();
    let forged = (dot, after.iter().copied().collect::<VectorClock>(), op).encode();
    [&honest[..head(&honest)], &forged[head(&forged)..]].concat()
}

/// How long the head of some bytes is: magic, format, kind, and the type with its length.
fn head(bytes: &[u8]) -> usize {
    5 + usize::from(bytes[4])
}

fn limited(change: impl FnOnce(&mut InboxLimits<u64>)) -> CausalInbox<u64> {
    let mut limits = InboxLimits::default();
    change(&mut limits);
    CausalInbox::resume(A, OpLog::default(), limits)
}

/// How much room one envelope without heads takes.
fn room() -> u64 {
    let mut inbox = CausalInbox::new(A);
    inbox.receive(forged(dot(B, 2), &[], 0)).unwrap();
    inbox.room_taken()
}

fn polled(inbox: &mut CausalInbox<u64>) -> Vec<u64> {
    std::iter::from_fn(|| inbox.poll()).collect()
}

/// All that can be seen of an inbox.
fn looks<O: Clone + std::fmt::Debug>(inbox: &CausalInbox<O>) -> String {
    format!("{inbox:?}")
}

#[test]
fn effects_wait_for_their_causes() {
    let (mut a, mut b, mut c) = (CausalInbox::new(A), CausalInbox::new(B), CausalInbox::new(C));
    let mut told = [Told::default(), Told::default(), Told::default()];
    let question = a.send(&mut told[0], |_, _| Some(1)).unwrap();
    assert!(b.receive(question.clone()).unwrap());
    assert_eq!(b.deliver(&mut told[1]), 1);
    let answer = b.send(&mut told[1], |_, _| Some(2)).unwrap();

    assert!(c.receive(answer.clone()).unwrap());
    assert_eq!(c.poll(), None);
    assert_eq!(c.missing(), Version::from_iter([question.dot()]));
    assert_eq!(c.known(), Version::from_iter([answer.dot()]));
    assert!(c.delivered().is_empty() && c.waiting().eq([&answer]));
    assert_eq!(a.log().resend(&c.missing()).collect::<Vec<_>>(), [&question]);
    assert!(c.receive(question.clone()).unwrap());
    assert!(!c.receive(question.clone()).unwrap(), "it is here, and was not polled");
    c.deliver(&mut told[2]);
    assert_eq!(told[2].0, [1, 2]);
    for envelope in [question, answer] {
        assert_eq!(c.receive(envelope), Ok(false));
        assert_eq!(c.poll(), None);
    }
    assert!(c.missing().is_empty() && c.room_taken() == 0);
}

#[test]
fn what_is_concurrent_comes_in_the_order_in_which_it_was_due() {
    let mut inbox = CausalInbox::new(A);
    for envelope in [
        forged(dot(C, 2), &[], 32),
        forged(dot(C, 1), &[(B, 1)], 31),
        forged(dot(MALLORY, 1), &[], 66),
        forged(dot(B, 1), &[], 21),
    ] {
        inbox.receive(envelope).unwrap();
    }
    assert_eq!(polled(&mut inbox), [66, 21, 31, 32]);
}

#[test]
fn taking_turns_names_one_event_each_time() {
    let mut told = [(); 5].map(|()| Told::default());
    let mut inboxes = [1, 2, 3, 4, 5].map(|n| CausalInbox::new(id(n)));
    for turn in 0..40 {
        let at = turn % 5;
        let envelope = inboxes[at].send(&mut told[at], |_, _| Some(0)).unwrap();
        assert_eq!(envelope.after().iter().len(), usize::from(turn > 0));
        for (inbox, told) in inboxes.iter_mut().zip(&mut told) {
            inbox.receive(envelope.clone()).unwrap();
            inbox.deliver(told);
        }
    }
}

#[test]
fn an_envelope_is_some_18_bytes_and_as_many_for_each_head() {
    let len = |after: &[_]| {
        let bytes = forged_bytes(dot(A, 1), after, 0);
        bytes.len() - head(&bytes) - 1 // of the operation
    };
    assert_eq!(len(&[]), 18);
    assert_eq!(len(&[(B, 1)]), 18 + 17);
    assert_eq!(len(&[(B, 200), (C, 1)]), 18 + 18 + 17);
}

#[test]
fn an_operations_dot_is_that_of_its_envelope() {
    let (mut inbox, mut set) = (CausalInbox::new(A), OpSet::new());
    inbox.send(&mut set, |set, mint| Some(set.prepare_insert("x", mint)));
    inbox.send(&mut set, |set, _| set.prepare_remove("x"));
    assert_eq!(inbox.send(&mut set, |set, _| set.prepare_remove("x")), None);
    let third = inbox.send(&mut set, |set, mint| Some(set.prepare_insert("y", mint))).unwrap();
    assert_eq!(third.dot(), dot(A, 3));
    assert!(matches!(third.op(), SetOp::Insert { dot, .. } if *dot == third.dot()));
}

#[test]
#[should_panic(expected = "an operation has one dot at most")]
fn two_dots_are_one_too_many() {
    CausalInbox::new(A).send(&mut Told::default(), |_, mint| {
        mint.mint();
        Some(mint.mint().counter())
    });
}

#[test]
fn who_waits_for_ever_holds_up_only_what_comes_after_it() {
    let mut inbox = CausalInbox::new(A);
    inbox.receive(forged(dot(MALLORY, 1), &[(C, 9)], 1)).unwrap(); // c:9 never comes
    inbox.receive(forged(dot(MALLORY, 2), &[], 2)).unwrap();
    inbox.receive(forged(dot(B, 1), &[(MALLORY, 1)], 3)).unwrap();
    for n in 1..9 {
        inbox.receive(forged(dot(C, n), &[], 100 + n)).unwrap();
        assert_eq!(polled(&mut inbox), [100 + n]);
    }
    assert_eq!(inbox.missing(), Version::from_iter([dot(C, 9)]));
    assert_eq!(inbox.discard(MALLORY), 2);
    assert_eq!(inbox.missing(), Version::from_iter([dot(MALLORY, 1)]));
    assert_eq!(inbox.discard(B) + inbox.discard(B), 1);
    assert!(inbox.missing().is_empty() && inbox.room_taken() == 0 && inbox.waiting().len() == 0);
    inbox.receive(forged(dot(B, 1), &[], 3)).unwrap();
    inbox.discard(B); // even what is due
    assert_eq!(inbox.poll(), None);
    inbox.receive(forged(dot(B, 1), &[], 3)).unwrap();
    assert_eq!(polled(&mut inbox), [3]);
}

#[test]
fn a_circle_waits_for_itself_and_for_nothing_else() {
    let mut inbox = CausalInbox::new(A);
    inbox.receive(forged(dot(B, 1), &[(C, 1)], 1)).unwrap();
    inbox.receive(forged(dot(C, 1), &[(B, 1)], 2)).unwrap();
    assert_eq!((inbox.poll(), inbox.missing(), inbox.waiting().len()), (None, Version::new(), 2));
    inbox.discard(C);
    inbox.receive(forged(dot(C, 1), &[], 3)).unwrap();
    assert_eq!(polled(&mut inbox), [3, 1]);
}

#[test]
fn envelopes_after_themselves_cannot_be_decoded() {
    let cannot = |dot, after: &[_]| assert!(Envelope::<u64>::decode(&forged_bytes(dot, after, 0)).is_err());
    cannot(dot(B, 5), &[(B, 5)]);
    cannot(dot(B, 5), &[(B, 6)]);
    cannot(dot(B, 5), &[(A, 1), (B, 1)]);
    cannot(dot(B, 5), &[(A, Dot::MAX_COUNTER + 1)]);
    cannot(dot(B, 5), &[(A, u64::MAX)]);
    let sound = forged_bytes(dot(B, 5), &[(A, Dot::MAX_COUNTER)], 0);
    assert_eq!(Envelope::<u64>::decode(&sound).unwrap().encode(), sound);
    for n in 0..sound.len() {
        assert!(Envelope::<u64>::decode(&sound[..n]).is_err());
    }
}

#[test]
fn the_first_of_two_with_one_dot_is_delivered() {
    let mut inbox = CausalInbox::new(A);
    assert_eq!(inbox.receive(forged(dot(B, 1), &[], 1)), Ok(true));
    assert_eq!(inbox.receive(forged(dot(B, 1), &[], 2)), Ok(false));
    assert_eq!(polled(&mut inbox), [1]);
    assert_eq!(inbox.receive(forged(dot(B, 1), &[(C, 1)], 2)), Ok(false));
    assert_eq!(inbox.poll(), None);
}

/// Refused for this reason, and nothing has changed.
#[track_caller]
fn refuses(inbox: &mut CausalInbox<u64>, envelope: Envelope<u64>, why: Refused) {
    let before = looks(inbox);
    assert_eq!(inbox.receive(envelope), Err(why));
    assert_eq!(looks(inbox), before);
}

#[test]
fn what_is_far_ahead_is_refused() {
    let mut inbox = limited(|limits| limits.ahead = 10);
    refuses(&mut inbox, forged(dot(B, Dot::MAX_COUNTER), &[], 0), Refused::TooFar);
    refuses(&mut inbox, forged(dot(B, 12), &[], 0), Refused::TooFar);
    refuses(&mut inbox, forged(dot(B, 1), &[(C, 1 << 40)], 0), Refused::TooFar);
    refuses(&mut inbox, forged(dot(B, 1), &[(C, 11)], 0), Refused::TooFar);
    assert_eq!(inbox.receive(forged(dot(B, 11), &[(C, 10)], 0)), Ok(true));
    assert_eq!(inbox.missing().dot_count(), 20);
}

#[test]
fn one_sender_cannot_fill_the_room_of_all() {
    let mut inbox = limited(|limits| (limits.waiting, limits.waiting_of_one) = (5 * room(), 3 * room()));
    for n in 2..5 {
        assert_eq!(inbox.receive(forged(dot(MALLORY, n), &[], n)), Ok(true));
    }
    refuses(&mut inbox, forged(dot(MALLORY, 5), &[], 5), Refused::SenderFull);
    assert_eq!(inbox.receive(forged(dot(B, 2), &[], 22)), Ok(true));
    assert_eq!(inbox.receive(forged(dot(C, 2), &[], 32)), Ok(true));
    assert_eq!(inbox.room_taken(), 5 * room());
    refuses(&mut inbox, forged(dot(C, 3), &[], 33), Refused::Full);
    // What is due comes in even so, and makes room.
    assert_eq!(inbox.receive(forged(dot(B, 1), &[], 21)), Ok(true));
    refuses(&mut inbox, forged(dot(C, 3), &[], 33), Refused::Full);
    assert_eq!(polled(&mut inbox), [21, 22]);
    assert_eq!(inbox.receive(forged(dot(C, 3), &[], 33)), Ok(true));
    // Honest senders that send in order get on, whatever Mallory fills.
    for n in 3..100 {
        assert_eq!(inbox.receive(forged(dot(B, n), &[], n)), Ok(true));
        assert_eq!(polled(&mut inbox), [n]);
    }
    assert_eq!(inbox.receive(forged(dot(MALLORY, 1), &[], 1)), Ok(true));
    assert_eq!(polled(&mut inbox), [1, 2, 3, 4]);
}

#[test]
fn operations_are_counted_by_their_size() {
    let mut inbox = limited(|limits| {
        limits.size = |op| usize::try_from(*op).unwrap();
        limits.waiting_of_one = 10_000;
        limits.log = 10_000;
    });
    refuses(&mut inbox, forged(dot(B, 2), &[], 10_000), Refused::SenderFull);
    refuses(&mut inbox, forged(dot(B, 2), &[], u64::MAX), Refused::SenderFull);
    assert_eq!(inbox.receive(forged(dot(B, 2), &[], 9_000)), Ok(true));
    refuses(&mut inbox, forged(dot(B, 3), &[], 900), Refused::SenderFull);
    // What is due is taken, be it as large as it may, and the log does not keep it.
    assert_eq!(inbox.receive(forged(dot(B, 1), &[], u64::MAX)), Ok(true));
    assert_eq!(polled(&mut inbox), [u64::MAX, 9_000]);
    assert!(inbox.log().iter().map(|envelope| *envelope.op()).eq([9_000]));
    assert!(inbox.waiting().len() == 0 && inbox.missing().is_empty());
}

#[test]
fn strangers_are_counted() {
    let mut inbox = limited(|limits| limits.replicas = 3);
    assert_eq!(inbox.receive(forged(dot(B, 1), &[], 1)), Ok(true));
    assert_eq!(inbox.receive(forged(dot(MALLORY, 2), &[], 1)), Ok(true));
    assert_eq!(polled(&mut inbox), [1]);
    assert_eq!(inbox.receive(forged(dot(MALLORY, 3), &[], 1)), Ok(true));
    assert_eq!(inbox.receive(forged(dot(B, 3), &[], 3)), Ok(true));
    assert_eq!(inbox.receive(forged(dot(C, 1), &[], 1)), Ok(true));
    refuses(&mut inbox, forged(dot(id(4), 1), &[], 1), Refused::TooManyReplicas);
    inbox.discard(MALLORY);
    assert_eq!(inbox.receive(forged(dot(id(4), 1), &[], 4)), Ok(true));
    assert_eq!(polled(&mut inbox), [1, 4]);
    refuses(&mut inbox, forged(dot(MALLORY, 1), &[], 1), Refused::TooManyReplicas);
}

#[test]
fn who_hears_of_events_of_its_own_that_it_has_not_made_has_forgotten() {
    let (mut inbox, mut told) = (CausalInbox::new(A), Told::default());
    let first = inbox.send(&mut told, |_, _| Some(1)).unwrap();
    assert_eq!(inbox.receive(first), Ok(false));
    refuses(&mut inbox, forged(dot(A, 2), &[], 2), Refused::Forgotten);
    refuses(&mut inbox, forged(dot(B, 1), &[(A, 2)], 2), Refused::Forgotten);
    // Under a new id, what was forgotten is heard as anybody's.
    let mut inbox = CausalInbox::resume(C, inbox.into_log(), InboxLimits::default());
    assert_eq!(inbox.receive(forged(dot(B, 1), &[(A, 2)], 21)), Ok(true));
    assert_eq!(inbox.receive(forged(dot(A, 2), &[], 12)), Ok(true));
    assert_eq!(polled(&mut inbox), [12, 21]);
    let next = inbox.send(&mut told, |_, _| Some(0)).unwrap();
    assert!(next.dot() == dot(C, 1) && next.after().iter().eq([(B, 1)]));
}

#[test]
fn a_flood_takes_no_more_than_its_room() {
    let mut inbox = limited(|limits| (limits.waiting, limits.waiting_of_one) = (100 * room(), 10 * room()));
    let mut refused = 0;
    for n in 0..2_000_u64 {
        let sender = id(u128::from(1_000 + n % 40));
        let heads = [(id(7), n), (id(8), 1 + n % 3)];
        refused += u64::from(inbox.receive(forged(dot(sender, 2 + n), &heads, n)).is_err());
        assert!(inbox.room_taken() <= 100 * room() && inbox.waiting().len() <= 100);
    }
    assert!(refused > 1_900);
    assert_eq!(inbox.receive(forged(dot(B, 1), &[], 0)), Ok(true));
    assert_eq!(polled(&mut inbox), [0]);
}

#[test]
fn the_log_keeps_to_its_limit_and_says_when_it_does_not_reach() {
    let mut inbox = limited(|limits| limits.log = 4 * room());
    for n in 1..=6 {
        inbox.receive(forged(dot(B, n), &[], n)).unwrap();
        inbox.receive(forged(dot(C, n), &[], 10 + n)).unwrap();
        polled(&mut inbox);
    }
    let since = |seen: &[Dot]| -> Option<Vec<u64>> {
        let news = inbox.log().since(&seen.iter().copied().collect())?;
        Some(news.into_iter().map(|envelope| *envelope.op()).collect())
    };
    let up_to = |b, c| (1..=b).map(|n| dot(B, n)).chain((1..=c).map(|n| dot(C, n))).collect::<Vec<_>>();
    assert_eq!(since(&up_to(6, 6)), Some(vec![]));
    assert_eq!(since(&up_to(4, 4)), Some(vec![5, 15, 6, 16]));
    assert_eq!(since(&up_to(6, 4)), Some(vec![15, 16]));
    assert_eq!(since(&up_to(3, 4)), None);
    assert_eq!(since(&[]), None);
    // With gaps, and beyond what there is.
    assert_eq!(since(&[up_to(4, 5), vec![dot(B, 6), dot(C, 99)]].concat()), Some(vec![5, 16]));
    let wanted = Version::from_iter([dot(C, 6), dot(B, 5), dot(B, 1)]);
    assert!(inbox.log().resend(&wanted).map(|envelope| *envelope.op()).eq([5, 16]));
    let all = Version::decode(&(1..=20).map(|n| dot(C, n)).collect::<Version>().encode()).unwrap();
    assert!(inbox.log().resend(&all).map(|envelope| *envelope.op()).eq([15, 16]));
    // It can be stored; what it does not reach is still known to have been delivered.
    let log = OpLog::decode(&inbox.log().encode()).unwrap();
    assert_eq!(&log, inbox.log());
    let mut limits = InboxLimits::default();
    limits.log = 2 * room();
    let mut resumed = CausalInbox::resume(A, log, limits);
    assert_eq!(resumed.log().iter().len(), 2);
    assert_eq!(resumed.receive(forged(dot(B, 1), &[], 1)), Ok(false));
    let next = resumed.send(&mut Told::default(), |_, _| Some(0)).unwrap();
    assert!(next.after().iter().eq([(B, 6), (C, 6)]));
}

#[test]
fn a_newcomer_begins_with_the_state_and_the_log_of_another() {
    let (mut old, mut told) = (limited(|limits| limits.log = 2 * room()), Told::default());
    for n in 0..5 {
        old.send(&mut told, |_, _| Some(n)).unwrap();
    }
    let mut inbox = CausalInbox::new(B);
    assert!(old.log().since(&inbox.known()).is_none(), "too far back");
    let mut copy = told.clone();
    let log = OpLog::decode(&old.log().encode()).unwrap();
    assert!(log.version() >= inbox.delivered(), "nothing is lost");
    inbox = CausalInbox::resume(B, log, InboxLimits::default());
    let sixth = old.send(&mut told, |_, _| Some(5)).unwrap();
    let again: Vec<_> = old.log().iter().cloned().collect();
    again.into_iter().for_each(|envelope| assert!(inbox.receive(envelope).is_ok()));
    assert_eq!((inbox.deliver(&mut copy), &copy), (1, &told));
    let answer = inbox.send(&mut copy, |_, _| Some(6)).unwrap();
    assert!(answer.dot() == dot(B, 1) && answer.after().iter().eq([(A, sixth.dot().counter())]));
    assert_eq!(old.receive(answer), Ok(true));
    assert_eq!((old.deliver(&mut told), told), (1, copy));
}

#[test]
fn what_the_log_has_let_go_still_comes_before_what_is_sent() {
    let (mut inbox, mut told) = (limited(|limits| limits.log = 0), Told::default());
    for envelope in [forged(dot(B, 1), &[], 1), forged(dot(B, 2), &[], 2), forged(dot(C, 1), &[(B, 2)], 3)] {
        inbox.receive(envelope).unwrap();
    }
    inbox.deliver(&mut told);
    inbox.send(&mut told, |_, _| Some(0));
    assert_eq!(inbox.log().iter().len(), 0);
    let mut inbox = CausalInbox::resume(A, inbox.into_log(), InboxLimits::default());
    let next = inbox.send(&mut told, |_, _| Some(0)).unwrap();
    assert!(next.dot() == dot(A, 2) && next.after().iter().eq([(B, 2), (C, 1)]));
    let after = inbox.send(&mut told, |_, _| Some(0)).unwrap();
    assert!(after.dot() == dot(A, 3) && after.after().iter().len() == 0);
}

#[test]
fn logs_that_lie_cannot_be_decoded() {
    let mut inbox = CausalInbox::new(A);
    for envelope in
        [forged(dot(B, 1), &[], 1), forged(dot(C, 1), &[(B, 1)], 2), forged(dot(B, 2), &[(C, 1)], 3)]
    {
        inbox.receive(envelope).unwrap();
    }
    polled(&mut inbox);
    let bytes = inbox.log().encode();
    let (version, kept) = (inbox.delivered().clone(), inbox.log().iter().cloned().collect::<Vec<_>>());
    let decode = |version: &Version, kept: &[Envelope<u64>]| {
        OpLog::<u64>::decode(&[&bytes[..head(&bytes)], &body(version, kept)].concat())
    };
    assert_eq!(&decode(&version, &kept).unwrap(), inbox.log());
    assert!(decode(&version, &kept[1..]).is_ok());
    assert!(decode(&version, &[]).is_ok());
    assert!(decode(&version, &kept[..2]).is_err(), "not the last");
    assert!(
        decode(&version, &[kept[0].clone(), kept[2].clone(), kept[1].clone()]).is_err(),
        "no causal order"
    );
    assert!(decode(&version, &[kept[2].clone(), kept[2].clone()]).is_err(), "twice");
    assert!(decode(&Version::new(), &kept).is_err());
    let gap = version.difference(&Version::from_iter([dot(B, 1)]));
    assert!(decode(&gap, &[]).is_err() && decode(&gap, &kept[2..]).is_err(), "a gap");
}

fn body(version: &Version, kept: &[Envelope<u64>]) -> Vec<u8> {
    let strip = |bytes: Vec<u8>| bytes[head(&bytes)..].to_vec();
    let mut body = strip(version.encode());
    body.push(u8::try_from(kept.len()).unwrap());
    kept.iter().for_each(|envelope| body.extend(strip(envelope.encode())));
    body
}

#[cfg(feature = "serde")]
#[test]
fn serde_refuses_the_same() {
    use serde_json::json;

    let accepts = |json: serde_json::Value| serde_json::from_str::<Envelope<u64>>(&json.to_string()).is_ok();
    assert!(accepts(json!({ "dot": [B, 5], "after": [[A, 1]], "op": 0 })));
    assert!(!accepts(json!({ "dot": [B, 5], "after": [[B, 1]], "op": 0 })));
    assert!(!accepts(json!({ "dot": [B, 5], "after": [[A, 0]], "op": 0 })));
    assert!(!accepts(json!({ "dot": [B, 5], "after": [[A, Dot::MAX_COUNTER + 1]], "op": 0 })));
    assert!(!accepts(json!({ "dot": [B, 0], "after": [], "op": 0 })));
    assert!(!accepts(json!({ "dot": [B, 1], "after": [], "op": 0, "more": 0 })));

    let mut inbox = CausalInbox::new(A);
    inbox.receive(forged(dot(B, 1), &[], 1)).unwrap();
    inbox.send(&mut Told::default(), |_, _| Some(0)).unwrap();
    polled(&mut inbox);
    let text = serde_json::to_string(inbox.log()).unwrap();
    assert_eq!(&serde_json::from_str::<OpLog<u64>>(&text).unwrap(), inbox.log());
    let mut lie: serde_json::Value = serde_json::from_str(&text).unwrap();
    lie["version"] = json!([[A, [[2, 2]]]]);
    assert!(serde_json::from_str::<OpLog<u64>>(&lie.to_string()).is_err());
}

// Random histories.

/// An operation on a set, with the number by which the oracle knows it.
type Numbered = (u32, SetOp<u8>);

/// A set, and the numbers of the operations in the order in which they took effect.
#[derive(Clone, Debug, Default)]
struct Site {
    set: OpSet<u8>,
    took: Vec<u32>,
}

impl OpBased for Site {
    type Op = (u32, SetOp<u8>);

    fn effect(&mut self, (number, op): Numbered) {
        self.took.push(number);
        self.set.effect(op);
    }
}

/// Knows of each operation what its sender had carried out before, and nothing of dots.
#[derive(Default)]
struct Oracle(Vec<BTreeSet<u32>>);

impl Oracle {
    fn check(&self, site: &Site) {
        let mut before = BTreeSet::new();
        for number in &site.took {
            assert!(self.0[*number as usize].is_subset(&before), "{number} came before its causes");
            assert!(before.insert(*number), "{number} came twice");
        }
    }
}

#[derive(Clone, Copy, Debug)]
enum Step {
    /// Insert, or remove; and how it travels to each of the others: lost, once, or twice, and how late.
    Write { at: usize, insert: bool, value: u8, fates: [u8; 3] },
    /// Carry out what is due, or one of it only.
    Poll { at: usize, all: bool },
    /// Something in flight arrives.
    Arrive { which: usize },
    /// Ask another for what is missing.
    Ask { at: usize, from: usize },
    /// Tell another what is known, and take what it has beside.
    Catch { at: usize, from: usize },
    /// Start again from what was stored, under a new id or the old one.
    Restart { at: usize, renew: bool },
}

fn step(n: usize) -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0..n, any::<bool>(), 0..5_u8, any::<[u8; 3]>())
            .prop_map(|(at, insert, value, fates)| Step::Write { at, insert, value, fates }),
        6 => (0..n, prop::bool::weighted(0.7)).prop_map(|(at, all)| Step::Poll { at, all }),
        10 => any::<usize>().prop_map(|which| Step::Arrive { which }),
        1 => (0..n, 0..n).prop_map(|(at, from)| Step::Ask { at, from }),
        1 => (0..n, 0..n).prop_map(|(at, from)| Step::Catch { at, from }),
        1 => (0..n, any::<bool>()).prop_map(|(at, renew)| Step::Restart { at, renew }),
    ]
}

struct World {
    sites: Vec<Site>,
    inboxes: Vec<CausalInbox<Numbered>>,
    flying: Vec<(usize, Envelope<Numbered>)>,
    oracle: Oracle,
    ids: u128,
    waiting: u64,
}

impl World {
    fn new(n: usize, waiting: u64) -> Self {
        let inboxes = (0..n as u128).map(|n| Self::inbox(id(n), OpLog::default(), waiting)).collect();
        let sites = vec![Site::default(); n];
        World { sites, inboxes, flying: Vec::new(), oracle: Oracle::default(), ids: n as u128, waiting }
    }

    fn inbox(id: ReplicaId, log: OpLog<Numbered>, waiting: u64) -> CausalInbox<Numbered> {
        let mut limits = InboxLimits::default();
        (limits.waiting, limits.waiting_of_one) = (waiting, waiting / 2);
        CausalInbox::resume(id, log, limits)
    }

    fn take(&mut self, step: Step) {
        match step {
            Step::Write { at, insert, value, fates } => {
                let number = u32::try_from(self.oracle.0.len()).unwrap();
                let past = self.sites[at].took.iter().copied().collect();
                let envelope = self.inboxes[at].send(&mut self.sites[at], |site, mint| {
                    let op = if insert {
                        Some(site.set.prepare_insert(value, mint))
                    } else {
                        site.set.prepare_remove(&value)
                    };
                    op.map(|op| (number, op))
                });
                let Some(envelope) = envelope else { return };
                self.oracle.0.push(past);
                let envelope = Envelope::decode(&envelope.encode()).expect("what is written can be read");
                let others = (0..self.sites.len()).filter(|other| *other != at);
                for (other, fate) in others.zip(fates) {
                    let times = usize::from(fate % 3);
                    self.flying.extend(vec![(other, envelope.clone()); times]);
                }
            }
            Step::Poll { at, all: true } => {
                self.inboxes[at].deliver(&mut self.sites[at]);
            }
            Step::Poll { at, all: false } => {
                let op = self.inboxes[at].poll();
                op.into_iter().for_each(|op| self.sites[at].effect(op));
            }
            Step::Arrive { which } => {
                if !self.flying.is_empty() {
                    let which = which % self.flying.len();
                    let (at, envelope) = self.flying.swap_remove(which);
                    self.receive(at, &envelope);
                }
            }
            Step::Ask { at, from } => {
                let missing = self.inboxes[at].missing();
                let found: Vec<_> = self.inboxes[from].log().resend(&missing).cloned().collect();
                found.into_iter().for_each(|envelope| self.receive(at, &envelope));
            }
            Step::Catch { at, from } => {
                let known = self.inboxes[at].known();
                let news = self.inboxes[from].log().since(&known).expect("all is kept");
                let news: Vec<_> = news.into_iter().cloned().collect();
                for envelope in news {
                    // In an order in which each is due when it comes, unless something before it is still waiting.
                    self.receive(at, &envelope);
                    self.inboxes[at].deliver(&mut self.sites[at]);
                }
            }
            Step::Restart { at, renew } => {
                let log =
                    OpLog::decode(&self.inboxes[at].log().encode()).expect("what is stored can be read");
                assert_eq!(&log, self.inboxes[at].log());
                let id = if renew { id(self.ids) } else { self.inboxes[at].replica() };
                self.ids += u128::from(renew);
                self.inboxes[at] = Self::inbox(id, log, self.waiting);
            }
        }
    }

    fn receive(&mut self, at: usize, envelope: &Envelope<Numbered>) {
        let inbox = &mut self.inboxes[at];
        let is_known = inbox.known().contains(envelope.dot());
        let before = looks(inbox);
        match inbox.receive(envelope.clone()) {
            Ok(is_news) => {
                assert_eq!(is_news, !is_known);
                assert!(is_news || looks(inbox) == before);
                assert!(inbox.known().contains(envelope.dot()));
            }
            Err(why) => {
                assert!(matches!(why, Refused::Full | Refused::SenderFull), "{why}");
                assert_eq!(looks(inbox), before);
                assert!(envelope.dot().counter() > 1 || envelope.after().iter().len() > 0, "it was due");
            }
        }
    }

    /// `missing` by its definition, one by one.
    fn check_missing(&self) {
        for inbox in &self.inboxes {
            let mut missing = Version::new();
            for envelope in inbox.waiting() {
                let own = Dot::new(envelope.dot().replica(), envelope.dot().counter() - 1);
                let heads = envelope.after().iter().map(|(replica, count)| dot(replica, count));
                for head in heads.chain(own) {
                    missing.extend((1..=head.counter()).map(|n| dot(head.replica(), n)));
                }
            }
            assert_eq!(inbox.missing(), missing.difference(&inbox.known()));
        }
    }

    fn check(&self) {
        self.sites.iter().for_each(|site| self.oracle.check(site));
        for (inbox, site) in self.inboxes.iter().zip(&self.sites) {
            assert_eq!(inbox.delivered().dot_count(), site.took.len() as u128);
            assert_eq!(OpSet::decode(&site.set.encode()).as_ref(), Ok(&site.set));
            assert_eq!(inbox.log().iter().map(|envelope| envelope.op().0).collect::<Vec<_>>(), site.took);
            // Beyond the limit only what is due, of which there is one of each replica at most.
            let due = u64::try_from(self.ids).unwrap() * 1_000;
            assert!(inbox.room_taken() <= self.waiting + due);
        }
    }

    /// Everybody asks everybody until nobody has news.
    fn settle(&mut self) {
        for _ in 0..2 {
            for at in 0..self.sites.len() {
                for from in 0..self.sites.len() {
                    self.take(Step::Poll { at, all: true });
                    self.take(Step::Catch { at, from });
                    self.take(Step::Ask { at, from });
                    self.take(Step::Poll { at, all: true });
                }
            }
        }
    }
}

fn config() -> ProptestConfig {
    let cases = std::env::var("REJOIN_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(128);
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn each_once_after_its_causes_and_all_agree(
        n in 3..=4_usize,
        steps in prop::collection::vec(step(3), 0..120),
        waiting in prop_oneof![Just(1 << 40), 0..4_000_u64],
    ) {
        let mut world = World::new(n, waiting);
        for step in steps {
            world.take(step);
            world.check_missing();
        }
        world.check();
        world.settle();
        world.check();
        for (inbox, site) in world.inboxes.iter().zip(&world.sites) {
            prop_assert_eq!(site.took.len(), world.oracle.0.len());
            prop_assert_eq!(&site.set, &world.sites[0].set);
            prop_assert!(inbox.missing().is_empty() && inbox.waiting().len() == 0 && inbox.room_taken() == 0);
        }
    }

    /// Whatever comes: no panic, no more than the room there is, and each dot once.
    #[test]
    fn anything_may_come(
        envelopes in prop::collection::vec((1..5_u128, 1..6_u64, prop::collection::btree_map(1..5_u128, 1..6_u64, 0..3)), 0..60),
        discards in prop::collection::vec((0..60_usize, 1..5_u128), 0..4),
    ) {
        let room = room();
        let mut inbox = limited(|limits| {
            (limits.waiting, limits.waiting_of_one, limits.log) = (9 * room, 4 * room, 9 * room);
            (limits.replicas, limits.ahead) = (4, 4);
        });
        let mut delivered = BTreeSet::new();
        for (at, (replica, counter, after)) in envelopes.into_iter().enumerate() {
            let after: Vec<_> = after.into_iter().filter(|(id, _)| *id != replica).map(|(n, count)| (id(n), count)).collect();
            let envelope = forged(dot(id(replica), counter), &after, 0);
            let before = looks(&inbox);
            if inbox.receive(envelope.clone()) != Ok(true) {
                prop_assert_eq!(looks(&inbox), before);
            }
            for (_, sender) in discards.iter().filter(|(when, _)| *when == at) {
                inbox.discard(id(*sender));
            }
            while inbox.poll().is_some() {
                let last = inbox.log().iter().next_back().expect("the log has room for it");
                prop_assert!(delivered.insert(last.dot()));
                prop_assert!(last.after().iter().all(|(id, count)| delivered.contains(&dot(id, count))));
            }
            prop_assert!(inbox.room_taken() <= 9 * room);
            prop_assert!(inbox.log().iter().len() <= 9);
            prop_assert_eq!(inbox.delivered(), &delivered.iter().copied().collect::<Version>());
            prop_assert_eq!(&OpLog::decode(&inbox.log().encode()).unwrap(), inbox.log());
        }
    }
}
