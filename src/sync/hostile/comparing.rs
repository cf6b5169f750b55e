//! Comparisons, while other things happen.

use super::*;
use crate::sync::compare::{Comparing, Message as Part, Step};

/// A question waits until there is time for it. Meanwhile the peer learns from a third replica what it lacked, and reports it. The
/// answer left that out, as if the peer had known it when it asked, so the peer took it for removed: lost, for ever, on one side.
#[test]
fn what_a_peer_learns_after_it_has_asked_is_not_lost() {
    let third = set(2, 500..510);
    let mut here = set(1, 0..100);
    let mut peer = set(3, 1_000..1_005);
    peer.join(alloc::borrow::Cow::Borrowed(here.state())).unwrap();
    here.join(alloc::borrow::Cow::Borrowed(third.state())).unwrap();
    here.edit_at(0, |set| set.insert(7_000));
    let mut victim = Victim::new(here, &peer.version().clone(), &Config::default());

    let scan = peer.scan();
    let Step::Go(comparing, question) = Comparing::ask(scan, peer.state(), victim.replica.version(), 77)
    else {
        panic!("it asks")
    };
    let mut bytes = victim.forger.bytes_of(&Message::Compare(question));
    peer.join(alloc::borrow::Cow::Borrowed(third.state())).unwrap();
    let print = super::super::fingerprint::Fingerprint::of(peer.version(), 5).short();
    let report = Report { news: third.version().clone(), is_whole: false, print };
    bytes.extend(victim.forger.bytes_of(&Message::Have(report)));
    victim.say_bytes(&bytes);
    victim.wait(1_000);
    assert!(victim.refused.is_empty(), "{:?}", victim.refused);
    let answer = victim.heard().into_iter().find_map(|message| match message {
        Message::Compare(part @ Part::Answer(_)) => Some(part),
        _ => None,
    });
    let step = comparing.handle(answer.expect("it is answered"), victim.replica.version()).unwrap();
    let Step::Done(outcome, Some(_)) = step else { panic!("one table is enough: {step:?}") };
    peer.complete(|state| outcome.complete(state)).unwrap();
    assert!((500..510).all(|n| peer.contains(&n)), "what came from the third is still there");
    assert!(peer.contains(&7_000));
}
