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

/// Talks until both are equal, and returns how long that took.
fn time_until_equal(replicas: [&mut Replica<Set>; 2], links: [&mut Link<Set>; 2], from: u64) -> u64 {
    let ([a, b], [there, back]) = (replicas, links);
    for now in (from..from + 600_000).step_by(50) {
        while let Some(frame) = there.poll_frame(a, now) {
            drop(back.handle_frame(b, now, &frame));
        }
        while let Some(frame) = back.poll_frame(b, now) {
            drop(there.handle_frame(a, now, &frame));
        }
        if a.state() == b.state() {
            return now - from;
        }
    }
    panic!("they become equal: {there:?} {back:?}");
}

/// One side restarts while the other has yet to be paid for the last comparison. The question was given up before it was answered, and
/// the answer came while the side that had asked was silent, until it was paid for the question. So it went on for ever.
#[test]
fn a_comparison_that_takes_longer_to_pay_for_than_to_give_up_comes_to_an_end() {
    let config = Config { work: 100, patience: 5_000, ..Config::default() };
    let (mut here, mut there) = (set(1, 0..1_000), replica::<Set>(2));
    there.join(alloc::borrow::Cow::Borrowed(here.state())).unwrap();
    there.set_log_bounds(NO_LOG);
    let (mut now, mut back) = (0, Link::new(2, config.clone()));
    for session in [1, 11, 21] {
        there.edit_at(0, |set| set.insert(5_000 + u64::from(session)));
        let mut link = Link::new(session, config.clone());
        now += time_until_equal([&mut here, &mut there], [&mut link, &mut back], now);
    }
}

/// A liar's state of 100 kB says that so many events have been seen that they cannot be numbered. From then on two honest replicas
/// sent each other states that neither had asked for, and refused them.
#[test]
fn versions_of_too_many_events_for_a_comparison_do_not_stop_two_links() {
    let mut seen = Version::new();
    for n in 10_000..14_200 {
        seen.insert_run(id(n), 1, Dot::MAX_COUNTER);
    }
    let mut lie = Set::default();
    lie.complete(crate::store::Rest { seen, ..Default::default() }).unwrap();
    let mut replicas = [set(1, 0..500), set(2, 500..600)];
    for replica in &mut replicas {
        replica.join(alloc::borrow::Cow::Borrowed(&lie)).unwrap();
        replica.set_log_bounds(NO_LOG);
    }
    let [mut there, mut back] = [1, 2].map(|session| Link::new(session, Config::default()));
    let [a, b] = &mut replicas;
    time_until_equal([a, b], [&mut there, &mut back], 0);
    assert_eq!(replicas[0].len(), 600);
}
