//! Groups: who may write, what is stable, and who comes back too late.

use rejoin::sync::{Refused, Replica, Shared, Standing};
use rejoin::{Causal, Counter, ReplicaId, RwSet, Writer, record};

use super::net::Pair;

record! {
    #[derive(Debug, PartialEq, Codec)]
    pub(crate) struct Ledger {
        pub(crate) sold: Counter,
        pub(crate) banned: RwSet<String>,
    }
}

type Group = Replica<Causal<Shared<Ledger>>>;

fn writer(id: u128) -> Writer<Causal<Shared<Ledger>>> {
    let next = std::sync::atomic::AtomicU64::new(0);
    Writer::with_ids(Causal::default(), move || {
        ReplicaId::from_u128(id + 1_000 * u128::from(next.fetch_add(1, std::sync::atomic::Ordering::Relaxed)))
    })
}

/// A founder and a newcomer, who know each other.
fn pair() -> Pair<Causal<Shared<Ledger>>> {
    let (mut founder, newcomer) = (Group::found_as(writer(1)), Group::in_group(writer(2)));
    founder.admit(newcomer.id()).unwrap();
    let mut pair = Pair::new(founder, newcomer, 7);
    pair.run();
    assert!(pair.replicas[1].is_member());
    pair
}

fn probe(pair: &mut Pair<Causal<Shared<Ledger>>>) {
    pair.links.iter_mut().for_each(|link| link.tell());
    pair.run();
}

fn sell(replica: &mut Group, n: i64) {
    replica.edit_at(0, |shared| shared.data.sold.add(n));
}

#[test]
fn what_all_have_said_to_have_is_settled() {
    let mut pair = pair();
    for n in 1..=20 {
        sell(&mut pair.replicas[n as usize % 2], n);
    }
    pair.replicas[0].edit_at(0, |shared| shared.data.banned.remove("tea".into()));
    pair.run();
    assert!(!pair.replicas[0].stable().covers(pair.replicas[1].version()), "the other has not said so yet");
    probe(&mut pair);
    let before = pair.replicas[0].state().clone();
    assert!(pair.replicas[0].settle());
    let after = pair.replicas[0].state();
    assert_eq!((after.data.sold.get(), after.data.banned.contains("tea")), (210, false));
    assert_eq!(
        after.facts(|shared| Some(rejoin::Newtype::inner(&shared.data.sold))).count(),
        2,
        "one for each"
    );
    assert!(before.facts(|shared| Some(rejoin::Newtype::inner(&shared.data.sold))).count() == 20);
    assert_eq!(pair.replicas[0].log_len().0, 0, "and the log is trimmed");

    // The other is told what is settled, and settles it too.
    probe(&mut pair);
    assert_eq!(pair.replicas[0].state(), pair.replicas[1].state());
    assert_eq!(pair.replicas[0].state().horizon(), pair.replicas[1].state().horizon());
    sell(&mut pair.replicas[1], -10);
    pair.replicas[0].edit_at(0, |shared| shared.data.sold.reset());
    pair.run();
    assert_eq!(pair.replicas.each_ref().map(|replica| replica.data.sold.get()), [-10, -10]);
}

/// Everybody has seen the increments, but a reset that has not seen the last of them may be on its way.
#[test]
fn that_everybody_has_seen_it_is_not_enough() {
    let mut pair = pair();
    sell(&mut pair.replicas[0], 1);
    pair.run();
    // The second resets what it knows, and then hears of another increment, before it tells of the reset.
    sell(&mut pair.replicas[0], 10);
    let increment = pair.replicas[0].since(pair.replicas[1].version()).unwrap();
    let known = pair.replicas[1].version().clone();
    pair.replicas[1].edit_at(0, |shared| shared.data.sold.reset());
    pair.replicas[1].receive(increment).unwrap();
    let (name, has) = (pair.replicas[1].id(), pair.replicas[1].version().clone());

    let founder = &mut pair.replicas[0];
    founder.heard_from(name, &has);
    assert!(has.covers(founder.version()), "everybody has seen all increments");
    assert!(founder.stable().dots().all(|dot| known.contains(dot)), "but they are not stable");
    founder.settle();
    let reset = pair.replicas[1].since(pair.replicas[0].version()).unwrap();
    pair.replicas[0].receive(reset).unwrap();
    assert_eq!(pair.replicas.each_ref().map(|replica| replica.data.sold.get()), [10, 10]);
    let founder = &mut pair.replicas[0];
    assert!(founder.stable().covers(&has), "now they are");
    assert!(founder.settle());
    assert_eq!(founder.data.sold.get(), 10);
}

#[test]
fn one_who_says_nothing_keeps_all_from_settling() {
    let mut pair = pair();
    probe(&mut pair);
    pair.replicas[0].settle();
    let third = pair.replicas[0].fork_member();
    sell(&mut pair.replicas[0], 1);
    sell(&mut pair.replicas[1], 2);
    probe(&mut pair);
    assert!(!pair.replicas[0].settle(), "the third has said nothing");
    pair.replicas[0].retire(third.id()).unwrap();
    pair.run();
    probe(&mut pair);
    assert!(pair.replicas[0].settle(), "and is gone");
}

/// The admission of a fork is news, too: as long as it is not stored, the fork would be told apart from nobody.
#[test]
fn a_forked_member_is_silent_until_its_admission_is_stored() {
    let mut founder = Group::found_as(writer(1));
    founder.stored();
    let mut fork = founder.fork_member();
    fork.stored();
    assert!(!fork.is_stored() && !founder.is_stored());
    founder.stored();
    assert!(fork.is_stored());
}

#[test]
fn a_fork_is_a_member_and_knows_it() {
    let mut pair = pair();
    let mut fork = pair.replicas[0].fork_member();
    assert!(fork.is_member());
    sell(&mut fork, 5);
    pair.run();
    pair.replace(1, fork);
    pair.run();
    assert_eq!(pair.replicas.each_ref().map(|replica| replica.data.sold.get()), [5, 5]);
}

/// Row 20 of the pitfalls: two nodes retire a third at once; then somebody brings a copy from before.
#[test]
fn who_is_retired_twice_is_not_counted_twice() {
    let mut pair = pair();
    let mut third = pair.replicas[0].fork_member();
    sell(&mut third, 100);
    let news = third.since(pair.replicas[0].version()).unwrap();
    pair.replicas[0].receive(news).unwrap();
    pair.run();
    let copy = pair.replicas[1].state().clone();
    let id = third.id();
    pair.replicas.iter_mut().for_each(|replica| {
        replica.retire(id).unwrap();
    });
    pair.run();
    probe(&mut pair);
    assert!(pair.replicas.iter_mut().all(|replica| replica.settle()));
    pair.replicas[0].join(std::borrow::Cow::Owned(copy)).unwrap();
    probe(&mut pair);
    assert_eq!(pair.replicas.each_ref().map(|replica| replica.data.sold.get()), [100, 100]);
    assert_eq!(pair.replicas[0].state().standing(id), Standing::Left);
}

/// Row 21 of the pitfalls: a replica that was away when all was settled comes back with what it had, and is refused.
#[test]
fn who_comes_back_too_late_is_refused_and_told_so() {
    let mut pair = pair();
    let mut late = pair.replicas[0].fork_member();
    pair.replicas[0].edit_at(0, |shared| shared.data.banned.insert("tea".into()));
    pair.run();
    // While it is away, tea is banned from the banned; everybody settles, and nobody remembers.
    late.edit_at(0, |shared| shared.data.banned.insert("tea".into()));
    pair.replicas[0].retire(late.id()).unwrap();
    pair.replicas[0].edit_at(0, |shared| shared.data.banned.remove("tea".into()));
    pair.run();
    probe(&mut pair);
    assert!(pair.replicas[0].settle());
    let [founder, _] = pair.replicas;
    let (id, state) = (late.id(), founder.state().clone());
    let mut pair = Pair::new(founder, late, 11);
    let refused = pair.run_until_refused();
    assert!(refused.contains(&Refused::HasLeft(id)) || refused.contains(&Refused::Left), "{refused:?}");
    assert_eq!(pair.replicas[0].state(), &state, "nothing is resurrected");

    // Under a new id, and with nothing, it is welcome.
    let newcomer = Group::in_group(writer(77));
    let [mut founder, _] = pair.replicas;
    founder.admit(newcomer.id()).unwrap();
    let mut pair = Pair::new(founder, newcomer, 13);
    pair.run();
    assert!(!pair.replicas[1].data.banned.contains("tea"));
    sell(&mut pair.replicas[1], 3);
    pair.run();
    assert_eq!(pair.replicas[0].data.sold.get(), 3);
}

#[test]
fn strangers_are_not_listened_to() {
    let founder = Group::found_as(writer(1));
    let mut stranger = Group::found_as(writer(2));
    sell(&mut stranger, 5);
    let mut pair = Pair::new(founder, stranger, 17);
    let refused = pair.run_until_refused();
    assert!(!refused.is_empty());
    assert_eq!(pair.replicas[0].data.sold.get(), 0);
}

/// Somebody has left, and a member who has not heard of it yet listens to it once more.
#[test]
fn nothing_settles_before_all_know_who_has_left() {
    let mut pair = pair();
    let mut third = pair.replicas[0].fork_member();
    sell(&mut pair.replicas[0], 5);
    third.receive(pair.replicas[0].since(third.version()).unwrap()).unwrap();
    sell(&mut pair.replicas[0], 3);
    pair.run();
    probe(&mut pair);
    // The third has not seen the 3. What it is about to say is a write of a member, as far as the second knows.
    third.edit_at(0, |shared| shared.data.sold.reset());
    pair.replicas[0].retire(third.id()).unwrap();
    pair.replicas[0].settle();
    let [founder, second] = pair.replicas;
    let mut pair = Pair::new(second, third, 19);
    pair.run();
    let [second, _] = pair.replicas;
    let mut pair = Pair::new(founder, second, 23);
    pair.run();
    probe(&mut pair);
    assert_eq!(pair.replicas.each_ref().map(|replica| replica.data.sold.get()), [3, 3]);
    assert_eq!(pair.replicas[0].state(), pair.replicas[1].state());
    pair.replicas[0].settle();
    probe(&mut pair);
    probe(&mut pair);
    let stable = pair.replicas[1].stable();
    assert!(!stable.is_empty() && pair.replicas[0].state().horizon().covers(&stable), "now all know");
    assert_eq!(pair.replicas.each_ref().map(|replica| replica.data.sold.get()), [3, 3]);
    assert_eq!(pair.replicas[0].state(), pair.replicas[1].state());
}

/// The copy of a member goes by the rules of its group.
#[test]
fn a_plain_fork_is_in_the_group_too() {
    let pair = pair();
    let fork = pair.replicas[0].fork();
    let mut stranger = Group::found_as(writer(5));
    sell(&mut stranger, 5);
    let mut pair = Pair::new(fork, stranger, 29);
    assert!(!pair.run_until_refused().is_empty());
    assert_eq!(pair.replicas[0].data.sold.get(), 0);
}

/// A founder, and one that it has let go, who does not know, and has not heard of the ten that were sold with the one.
fn let_go() -> (Group, Group) {
    let mut founder = Group::found_as(writer(1));
    let mut expelled = founder.fork_member();
    sell(&mut founder, 1);
    expelled.receive(founder.since(expelled.version()).unwrap()).unwrap();
    sell(&mut founder, 10);
    founder.retire(expelled.id()).unwrap();
    assert!(founder.settle(), "nobody else is to be waited for");
    (founder, expelled)
}

/// Somebody whom the others have let go, and who does not know, meets a newcomer before they do.
#[test]
fn a_newcomer_takes_nothing_from_who_does_not_know_it() {
    let (mut founder, mut expelled) = let_go();
    expelled.edit_at(0, |shared| shared.data.sold.reset());

    let newcomer = Group::in_group(writer(2));
    founder.admit(newcomer.id()).unwrap();
    let mut pair = Pair::new(expelled, newcomer, 31);
    assert!(pair.run_until_refused().is_empty());
    let [_, newcomer] = pair.replicas;
    assert!(
        newcomer.version().is_empty(),
        "the reset would be taken in from a member, and spoil what is settled"
    );

    let mut pair = Pair::new(founder, newcomer, 37);
    pair.run();
    assert!(pair.replicas[1].is_member());
    assert_eq!(pair.replicas.each_ref().map(|replica| replica.data.sold.get()), [11, 11]);
}

/// Somebody was let go, and has written what nobody else has: what the others have settled does not fit to it.
#[test]
fn who_was_let_go_takes_nothing_in_that_is_settled() {
    let (mut founder, mut expelled) = let_go();
    expelled.edit_at(0, |shared| shared.data.sold.reset());
    let newcomer = Group::in_group(writer(2));
    founder.admit(newcomer.id()).unwrap();
    let mut pair = Pair::new(founder, newcomer, 41);
    pair.run();
    let [founder, newcomer] = pair.replicas;

    // By the newcomer, which the expelled one does not know either, nor by the founder.
    for (peer, seed) in [(newcomer, 43), (founder, 47)] {
        let mut pair = Pair::new(peer, expelled, seed);
        let refused = pair.run_until_refused();
        assert!(refused.contains(&Refused::Left), "{refused:?}");
        let [peer, back] = pair.replicas;
        assert_eq!(peer.data.sold.get(), 11);
        assert!(back.state().horizon().is_empty(), "it reads what its events make");
        expelled = back;
    }
}

/// A member crashes after it has heard something, and before that was on its disk.
#[cfg(feature = "serde")]
#[test]
fn nothing_is_told_before_it_is_stored() {
    let mut pair = pair();
    sell(&mut pair.replicas[0], 1);
    pair.run();
    let (identity, state) = pair.replicas[1].snapshot();
    let disk = (serde_json::to_string(identity).unwrap(), state.clone());
    pair.replicas[1].stored();

    sell(&mut pair.replicas[0], 10);
    for now in (pair.now..pair.now + 20_000).step_by(50) {
        while let Some(frame) = pair.links[0].poll_frame(&mut pair.replicas[0], now) {
            pair.links[1].handle_frame(&mut pair.replicas[1], now, &frame).unwrap();
        }
        assert!(pair.links[1].poll_frame(&mut pair.replicas[1], now).is_none());
        pair.now = now;
    }
    assert_eq!(pair.replicas[1].data.sold.get(), 11, "it has heard of it");
    assert!(!pair.replicas[1].is_stored());
    pair.replicas[0].settle();

    // It goes on from its disk, and resets the count that it knows. Had it told, the ten would be folded into the one.
    let writer = Writer::resume(serde_json::from_str(&disk.0).unwrap(), disk.1);
    let mut restarted = Group::in_group(writer);
    restarted.edit_at(0, |shared| shared.data.sold.reset());
    pair.replace(1, restarted);
    pair.run();
    assert_eq!(pair.replicas.each_ref().map(|replica| replica.data.sold.get()), [10, 10]);
    probe(&mut pair);
    assert!(pair.replicas[0].settle());
    assert_eq!(pair.replicas[0].data.sold.get(), 10);
}

/// Two members let the same newcomer in; it begins with the state of one whom the other has let go, and writes.
#[test]
fn who_was_let_in_twice_counts_from_the_admission_that_it_has_seen() {
    let (mut founder, mut expelled) = let_go();
    let newcomer = Group::in_group(writer(2));
    founder.admit(newcomer.id()).unwrap();
    expelled.admit(newcomer.id()).unwrap();

    let mut pair = Pair::new(expelled, newcomer, 53);
    pair.run();
    let [_, mut newcomer] = pair.replicas;
    assert!(newcomer.is_member());
    newcomer.edit_at(0, |shared| shared.data.sold.reset());

    let id = newcomer.id();
    let mut pair = Pair::new(founder, newcomer, 59);
    let refused = pair.run_until_refused();
    assert!(refused.contains(&Refused::Stranger(id)) || refused.contains(&Refused::Outside), "{refused:?}");
    assert_eq!(pair.replicas[0].data.sold.get(), 11, "the reset does not fit to what is settled");
    assert!(pair.replicas[1].state().horizon().is_empty());
}

#[test]
fn who_is_a_member_is_not_let_in_again() {
    let mut founder = Group::found_as(writer(1));
    let before = founder.version().clone();
    assert_eq!(founder.admit(founder.id()), Ok(before));
}

#[test]
fn who_leaves_takes_nothing_more_in_and_goes_on_telling() {
    let mut pair = pair();
    sell(&mut pair.replicas[1], 1);
    let leaver = pair.replicas[1].id();
    pair.replicas[1].retire(leaver).unwrap();
    sell(&mut pair.replicas[0], 10);
    let now = pair.now;
    while let Some(frame) = pair.links[0].poll_frame(&mut pair.replicas[0], now) {
        pair.links[1].handle_frame(&mut pair.replicas[1], now, &frame).unwrap();
    }
    assert_eq!(pair.replicas[1].data.sold.get(), 1);
    pair.run_until_refused();
    assert_eq!(pair.replicas.each_ref().map(|replica| replica.data.sold.get()), [11, 1]);
}
