//! The parts of a link, one by one.

use super::*;
use crate::codec::roster::Roster;
use crate::codec::{Element, Output};
use crate::sync::link::exchange::{Exchange, With};
use crate::sync::message::NAMES;

fn id(n: u128) -> ReplicaId {
    ReplicaId::from_u128(n)
}

/// What happens to an exchange before it is looked at.
type Change = dyn Fn(&mut Exchange<Set>);

fn link() -> Link<Set> {
    Link::new(1, Config::default())
}

fn with(known: &Known) -> With<'_> {
    With { known, sessions: (1, Some(2)), is_stranger: false, may_ask: true, now: 1_000 }
}

/// Charges the peer with three seconds of work.
fn charge(here: &mut Here) {
    here.allowance.charge(here.config.work * 3, 1_000);
}

#[test]
fn conversations_that_fail_in_a_row_rest_for_longer_each_time() {
    let mut link = link();
    let mut rest = || {
        link.fail(10_000);
        link.rest.until.saturating_sub(10_000)
    };
    assert_eq!([(); 7].map(|()| rest()), [0, 400, 800, 1_600, 3_200, 5_000, 5_000]);
}

#[test]
fn a_number_is_told_once() {
    let mut roster = Roster::default();
    let mut ids = Output::within(Vec::new(), &mut roster);
    (1..200).for_each(|n| id(n).write(&mut ids));
    drop(ids);
    let mut names = Names::new();
    assert_eq!(names.held(), 0);
    let mut put = |numbers: &[u32]| {
        let mut message = alloc::vec![7];
        names.uses(numbers);
        names.put_ahead(&roster, &mut message);
        (message.len(), message[0] == NAMES, names.held())
    };
    // A kind and a count, for each a number and 16 bytes, and the message.
    assert_eq!(put(&[2]), (2 + 17 + 1, true, 8));
    assert_eq!(put(&[2]), (1, false, 8));
    assert_eq!(put(&[3, 2, 63]), (2 + 17 + 17 + 1, true, 8));
    assert_eq!(put(&[64, 63]), (2 + 18 + 1, true, 16));
    assert_eq!(put(&[66, 67]), (2 + 2 * 18 + 1, true, 16));
    assert_eq!(put(&[130]), (2 + 18 + 1, true, 24));
    assert_eq!(put(&[2, 3, 63, 64, 66, 67, 130]), (1, false, 24));
}

#[test]
fn an_exchange_is_idle_until_somebody_wants_something() {
    let is = |change: &Change| {
        let (mut exchange, mut here) = (Exchange::<Set>::new(), link().here);
        change(&mut exchange);
        let is_about_to = exchange.is_about_to(1_000, &mut here);
        charge(&mut here);
        (exchange.is_idle(), is_about_to, exchange.is_about_to(1_000, &mut here))
    };
    assert_eq!(is(&|_| ()), (true, false, false));
    assert_eq!(is(&|exchange| exchange.wish()), (false, true, false), "if nothing is owed");
    assert_eq!(is(&|exchange| exchange.wish_whole()), (false, true, false));
    assert_eq!(is(&|exchange| exchange.ask_whole()), (false, true, false));
}

#[test]
fn an_exchange_that_waits_says_until_when() {
    let mut here = link().here;
    let timeouts = |here: &Here| {
        let changes: [&Change; 3] = [&|_| (), &|exchange| exchange.wish(), &|exchange| exchange.ask_whole()];
        changes.map(|change| {
            let mut exchange = Exchange::<Set>::new();
            change(&mut exchange);
            exchange.timeout(0, here)
        })
    };
    // A link that is to pull looks whether it is its turn; one that was asked is polled anyway.
    assert_eq!(timeouts(&here), [None, Some(200), None]);
    charge(&mut here);
    assert_eq!(timeouts(&here), [None, Some(4_000), Some(4_000)], "three seconds are owed");
}

#[test]
fn a_state_is_asked_for_and_awaited_with_patience() {
    let (mut exchange, mut here, known) = (Exchange::<Set>::new(), link().here, Known::nothing(2));
    let (mut mine, mut theirs) = (replica::<Set>(1), replica::<Set>(2));
    theirs.edit_at(0, |set| set.insert(1));
    assert!(exchange.take_state(theirs.state()).is_err(), "nobody has asked for it");
    let mut heard = known;
    heard.has(theirs.version().clone(), &here.config).unwrap();
    exchange.wish_whole();
    assert!(matches!(exchange.next_message(&mut mine, with(&heard), &mut here), Some(Message::Whole)));
    assert!(exchange.is_busy() && !exchange.is_idle());
    assert_eq!(exchange.timeout(0, &here), Some(61_000));
    assert_eq!(exchange.timeout(5_000, &here), Some(65_000), "it goes on");
    assert!(!exchange.is_stalled(60_999, 0, &here.config) && exchange.is_stalled(61_000, 0, &here.config));
    assert_eq!(exchange.take_state(theirs.state()).unwrap(), None);
    assert!(exchange.is_idle());
}

#[test]
fn a_state_is_asked_for_if_facts_cannot_be_compared() {
    let asks = |change: &Change, is_stranger: bool, is_empty: bool, yours: u32| {
        let (mut exchange, mut here) = (Exchange::<Set>::new(), link().here);
        let (mut mine, mut theirs) = (replica::<Set>(1), replica::<Set>(2));
        if !is_empty {
            mine.edit_at(0, |set| set.insert(1));
        }
        theirs.edit_at(0, |set| set.insert(2));
        let known = Known::equal(theirs.version(), 2);
        change(&mut exchange);
        let with = With { is_stranger, sessions: (1, Some(yours)), ..with(&known) };
        matches!(exchange.next_message(&mut mine, with, &mut here), Some(Message::Whole))
    };
    let (compare, whole): (&Change, &Change) =
        (&|exchange| exchange.wish(), &|exchange| exchange.wish_whole());
    assert!(!asks(compare, false, false, 2));
    assert!(asks(whole, false, false, 2));
    assert!(asks(compare, true, false, 2), "nothing else is taken from a stranger");
    assert!(asks(compare, false, true, 2), "there is nothing to compare");
    assert!(asks(compare, false, false, 1), "neither of two equal numbers gives way");
}

#[test]
fn a_state_is_given_once_for_each_version_and_paid_for() {
    let (mut exchange, mut here) = (Exchange::<Set>::new(), link().here);
    let mut mine = replica::<Set>(1);
    mine.edit_at(0, |set| set.extend(0..100));
    exchange.ask_whole();
    assert!(exchange.next_state(&mut mine, 1_000, &mut here).is_none(), "the peer does not know the version");
    here.told.tell(mine.version(), 1);
    let state = exchange.next_state(&mut mine, 1_000, &mut here).expect("the state");
    assert_eq!((state.first(), here.stats.states), (Some(&STATE), 1));
    // 12 bytes stand for a fact, and time pays for 200,000 facts a second.
    let owed = state.len() as u64 / 12;
    assert_eq!(
        here.allowance.opens_at(here.config.work),
        Some(1_000 + (owed * 1_000).div_ceil(here.config.work))
    );
    exchange.ask_whole();
    assert!(exchange.next_state(&mut mine, 1_000, &mut here).is_none(), "it is owed");
    assert!(
        exchange.next_state(&mut mine, 2_000, &mut here).is_none() && exchange.is_idle(),
        "the peer has it"
    );
    assert_eq!(here.stats.states, 1);
}

/// A salt that comes twice would let a peer prepare facts whose hashes collide.
#[test]
fn each_question_has_a_salt_of_its_own() {
    let mut salts = Vec::new();
    for (mine, yours, now) in [(1, 2, 1_000), (3, 2, 1_000), (1, 3, 1_000), (1, 2, 1_001)] {
        let (mut exchange, mut here) = (Exchange::<Set>::new(), link().here);
        let (mut replica, mut other) = (replica::<Set>(1), replica::<Set>(2));
        replica.edit_at(0, |set| set.extend(0..3));
        other.edit_at(0, |set| set.insert(1));
        let mut known = Known::nothing(2);
        known.has(other.version().clone(), &here.config).unwrap();
        exchange.wish();
        let with = With { sessions: (mine, Some(yours)), now, ..with(&known) };
        let Some(Message::Compare(compare)) = exchange.next_message(&mut replica, with, &mut here) else {
            panic!("it asks")
        };
        let mut out = Output::default();
        compare.write(&mut out);
        salts.push(out.finish()[1..9].to_vec());
    }
    salts.sort_unstable();
    salts.dedup();
    assert_eq!(salts.len(), 4);
}
