use alloc::string::ToString;

use super::*;

fn id(n: u128) -> ReplicaId {
    ReplicaId::from_u128(n)
}

fn envelope(sender: u128, counter: u64) -> Envelope<u64> {
    Envelope::new(Dot::new(id(sender), counter).unwrap(), VectorClock::default(), 0).unwrap()
}

/// A replica of which something was delivered has been heard of, and so has one of which something waits.
#[test]
fn a_sender_that_was_heard_of_is_heard_when_there_are_no_others() {
    let limits = InboxLimits { replicas: 2, ..InboxLimits::default() };
    let mut inbox = CausalInbox::resume(id(1), OpLog::default(), limits);
    inbox.receive(envelope(2, 1)).unwrap();
    assert_eq!(inbox.poll(), Some(0));
    inbox.receive(envelope(3, 2)).unwrap();
    assert_eq!(inbox.poll(), None, "the first of the same sender is missing");
    assert_eq!(inbox.receive(envelope(4, 1)), Err(Refused::TooManyReplicas));
    assert_eq!(inbox.receive(envelope(2, 2)), Ok(true));
    assert_eq!(inbox.receive(envelope(3, 1)), Ok(true));
}

#[test]
fn each_reason_to_refuse_has_a_text() {
    let reasons = [
        (Refused::Full, "room"),
        (Refused::SenderFull, "sender"),
        (Refused::TooFar, "far ahead"),
        (Refused::TooManyReplicas, "too many replicas"),
        (Refused::Forgotten, "does not know of"),
    ];
    assert!(reasons.iter().all(|(refused, part)| refused.to_string().contains(part)));
}
