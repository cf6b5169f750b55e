//! Bytes that nobody has written.

use std::collections::BTreeSet;

use proptest::prelude::*;
use rejoin::causality::Ticks;
use rejoin::codec::{Columns, Wrong};
use rejoin::*;

use super::{delta_head, id};

fn refused<T: Codec>(bytes: &[u8]) -> Wrong {
    T::decode(bytes).map(drop).expect_err("accepted").wrong
}

/// Head of a state of a flag.
const FLAG: [u8; 7] = [b'r', b'j', 1, 1, 2, 0x30, 0x01];

fn state(parts: &[&[u8]]) -> Vec<u8> {
    [&FLAG[..], &parts.concat()].concat()
}

fn table(ids: &[u128]) -> Vec<u8> {
    let mut bytes = vec![u8::try_from(ids.len()).unwrap()];
    ids.iter().for_each(|id| bytes.extend(id.to_be_bytes()));
    bytes
}

#[test]
fn each_invariant_has_its_error() {
    let one = table(&[1]);
    let seen = [1, 0, 1]; // events 1 and 2
    let nothing_ahead = [0];
    let fact = [1, 0, 0]; // one fact: of the first replica, its first event
    let accepted = state(&[&one, &seen, &nothing_ahead, &fact]);
    let flag = Causal::<EwFlag>::decode(&accepted).unwrap();
    assert!(flag.is_enabled() && flag.encode() == accepted);

    let wrong = |parts: &[&[u8]]| refused::<Causal<EwFlag>>(&state(parts));
    assert_eq!(wrong(&[&table(&[2, 1]), &seen, &seen, &nothing_ahead, &fact]), Wrong::Order);
    assert_eq!(wrong(&[&table(&[1, 1]), &seen, &seen, &nothing_ahead, &fact]), Wrong::Order);
    // A second replica of which nothing is said.
    assert_eq!(wrong(&[&table(&[1, 2]), &seen, &[0], &nothing_ahead, &fact]), Wrong::Replica);
    // What is ahead was seen; is ahead of nothing.
    let ahead = [&[1][..], &1_u128.to_be_bytes(), &[1, 1, 0]].concat();
    assert_eq!(wrong(&[&one, &seen, &ahead, &fact]), Wrong::Ahead);
    assert_eq!(wrong(&[&one, &[0], &ahead, &[0]]), Wrong::Ahead);
    // A fact of no replica, of an event that was not seen, before the first, twice.
    assert_eq!(wrong(&[&one, &seen, &nothing_ahead, &[1, 1, 0]]), Wrong::Replica);
    assert_eq!(wrong(&[&one, &seen, &nothing_ahead, &[1, 0, 4]]), Wrong::NotSeen);
    assert_eq!(wrong(&[&one, &seen, &nothing_ahead, &[1, 0, 1]]), Wrong::Number);
    assert_eq!(wrong(&[&one, &seen, &nothing_ahead, &[2, 0, 1, 0, 1]]), Wrong::Order);
    // Runs that go on after the end, or could be one.
    assert_eq!(wrong(&[&one, &seen, &nothing_ahead, &[2, 0, 2, 0, 0]]), Wrong::Number);
    assert_eq!(wrong(&[&one, &seen, &nothing_ahead, &[2, 0, 0, 0, 0, 0]]), Wrong::Number);
    // Numbers that could be shorter.
    assert_eq!(wrong(&[&[0x81, 0], &one[1..], &seen, &nothing_ahead, &fact]), Wrong::Number);
    // Counters beyond the last.
    let far = [1, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F, 0];
    assert_eq!(wrong(&[&one, &far, &nothing_ahead, &fact]), Wrong::Version);
}

#[test]
fn each_invariant_of_a_delta_has_its_error() {
    let one = table(&[1]);
    let seen = [1, 0, 2]; // events 1, 2 and 3
    let delta = |change: &[u8]| [&delta_head(2, &[0x30, 0x01])[..], &one, &seen, change].concat();
    // Two events: of the first replica both, the second and the third; both add; the first kills nothing, the other
    // kills two, of the first replica both, events 1 and 2.
    let change = |counters: [u8; 2], adds: u8, kills: &[u8]| {
        delta(&[&[2, 0, 1], &counters[..], &[adds], kills].concat())
    };
    let accepted = change([2, 0], 0b11, &[0, 0, 2, 0, 1, 5, 0]);
    let read = Delta::<EwFlag>::decode(&accepted).unwrap();
    assert_eq!(read.encode(), accepted);

    let wrong = |bytes: &[u8]| refused::<Delta<EwFlag>>(bytes);
    // The same event again, and one before.
    assert_eq!(wrong(&change([2, 1], 0b11, &[0, 1])), Wrong::Order);
    assert_eq!(wrong(&change([2, 3], 0b11, &[0, 1])), Wrong::Order);
    // More bits than events.
    assert_eq!(wrong(&change([2, 0], 0b111, &[0, 1])), Wrong::Value("false or true"));
    // The same kill again, and one before; itself; a dot that cannot be.
    assert_eq!(wrong(&change([2, 0], 0b11, &[0, 0, 2, 0, 1, 5, 1])), Wrong::Order);
    assert_eq!(wrong(&change([2, 0], 0b11, &[0, 0, 2, 0, 1, 3, 3])), Wrong::Order);
    assert_eq!(wrong(&change([2, 0], 0b11, &[0, 0, 1, 0, 1])), Wrong::Twice);
    assert_eq!(wrong(&change([2, 0], 0b11, &[0, 0, 1, 0, 7])), Wrong::Number);
    // An event that is not in the delta.
    assert_eq!(wrong(&change([2, 2], 0b11, &[0, 1])), Wrong::NotSeen);
    // Events that change nothing are taken, and written again; replicas without events must be killed by somebody.
    let nothing = delta(&[0]);
    assert_eq!(Delta::<EwFlag>::decode(&nothing).map(|read| read.encode()), Ok(nothing));
    let stranger = [&delta_head(2, &[0x30, 0x01])[..], &table(&[1, 2]), &seen, &[0], &[0]].concat();
    assert_eq!(wrong(&stranger), Wrong::Replica);
    // Two leaves may have one event only if they are one.
    let twice =
        [&b"rj\x01\x02\x04\x31\x03\x30\x01"[..], &one, &seen, &[2, 7, 8, 1, 1, 0, 1, 2, 1, 0b11, 0, 1]];
    assert_eq!(refused::<Delta<OrSet<u8>>>(&twice.concat()), Wrong::Twice);
}

#[test]
fn each_invariant_of_an_event_has_its_error() {
    let bytes =
        |change: &[u8]| [&delta_head(5, &[0x30, 0x01])[..], &5_u128.to_be_bytes(), &[4], change].concat();
    let wrong = |change: &[u8]| refused::<Delta<EwFlag>>(&bytes(change));
    let read = |change: &[u8]| {
        let delta = Delta::<EwFlag>::decode(&bytes(change)).unwrap();
        assert_eq!(delta.encode(), bytes(change));
        let [event] = delta.change().events() else { panic!("one event") };
        (
            event.add().is_some(),
            event.kills().iter().map(|dot| (dot.replica().as_u128(), dot.counter())).collect(),
        )
    };
    let (one, nine) = (1_u128.to_be_bytes(), 9_u128.to_be_bytes());
    // Of the fourth event of the fifth replica: it adds; it kills the event before, and the two after.
    assert_eq!(read(&[1]), (true, vec![]));
    assert_eq!(read(&[2, 2 << 2]), (false, vec![(5, 3)]));
    assert_eq!(read(&[2, 1 << 2 | 2, 0, 0]), (false, vec![(5, 5), (5, 6)]));
    // Of three replicas, in order.
    let three = [&[7, 8 << 2 | 3][..], &one, &[1, 1, 0], &[6 << 2], &[8 << 2 | 1], &nine].concat();
    assert_eq!(read(&three), (true, vec![(1, 8), (1, 10), (1, 11), (5, 1), (9, 8)]));

    let two =
        |first: &[u8; 16], second: &[u8; 16]| [&[5, 8 << 2 | 1][..], first, &[8 << 2 | 1], second].concat();
    assert_eq!(wrong(&two(&nine, &one)), Wrong::Order);
    assert_eq!(wrong(&two(&one, &one)), Wrong::Order);
    assert_eq!(wrong(&[4, 2 << 2, 4 << 2]), Wrong::Order, "two groups of the event's own");
    assert_eq!(
        wrong(&[&[3, 8 << 2 | 1][..], &5_u128.to_be_bytes()].concat()),
        Wrong::Replica,
        "its own, as another"
    );
    // Itself: at once, and after others.
    assert_eq!(wrong(&[2, 0]), Wrong::Twice);
    assert_eq!(wrong(&[2, 2 << 2 | 2, 0, 0]), Wrong::Twice);
    // No events, and events beyond the last.
    assert_eq!(wrong(&[2, 8 << 2]), Wrong::Number);
    assert_eq!(wrong(&[&[2, 1][..], &one].concat()), Wrong::Number);
    for far_away in [0xFC, 0xF8] {
        assert_eq!(wrong(&[&[2, far_away][..], &[0xFF; 7], &[0x7F]].concat()), Wrong::Number);
    }
    let far = [&[0xFF; 8][..], &[0x7F]].concat();
    assert_eq!(wrong(&[&[2, 1 << 2 | 2, 0][..], &far].concat()), Wrong::Number);
    // More than there is, and than there may be.
    assert_eq!(wrong(&[&[2, 1 << 2 | 2][..], &far, &[0]].concat()), Wrong::Truncated);
    assert_eq!(wrong(&far), Wrong::Truncated);
    let mut limits = codec::Limits::default();
    limits.elements = 4;
    let within = Delta::<EwFlag>::decode_within(&bytes(&three), &limits);
    assert_eq!(within.map_err(|error| error.wrong), Err(Wrong::Limit("elements")));
    limits.elements = 5;
    assert!(Delta::<EwFlag>::decode_within(&bytes(&three), &limits).is_ok());
    // One event that changes something has one form only; one that changes nothing has the other.
    let group =
        |change: &[u8]| [&delta_head(2, &[0x30, 0x01])[..], &table(&[5]), &[1, 3, 0], change].concat();
    assert_eq!(refused::<Delta<EwFlag>>(&group(&[1, 0, 0, 1, 0])), Wrong::Kind(2));
    let nothing = Delta::<EwFlag>::decode(&group(&[0])).unwrap();
    assert_eq!(nothing.encode(), group(&[0]));
    assert!(!nothing.is_empty() && nothing.change().events().is_empty());
}

#[test]
fn who_has_nothing_to_do_with_what_is_swept_is_not_named() {
    let mut count = Writer::<Causal<Counter>>::with_id(id(1));
    count.edit(|count| count.add(1));
    count.edit(|count| count.add(2));
    count.settle(&count.version().clone());
    let sweeping = count.edit(|count| count.reset());

    // Its third event, which sweeps what is settled: two events; it adds nothing, and kills what was put together.
    let delta = |ids: &[u128], nothing: &[u8]| {
        let event = [&[1, 2, 0][..], nothing].concat();
        let horizon = [&[2][..], nothing].concat();
        let change = [1, 0, 0, 0, 1, 0, 3];
        [&delta_head(4, &[0x30, 0x0B])[..], &table(ids), &event, &[1], &event, &horizon, &change].concat()
    };
    assert_eq!(sweeping.encode(), delta(&[1], &[]));
    assert_eq!(refused::<Delta<Counter>>(&delta(&[1, 2], &[0])), Wrong::Replica);
}

#[test]
fn promises_take_no_memory() {
    // A billion members, replicas, intervals, bytes of text; of none of them there is any.
    let billion = [0x80, 0x94, 0xEB, 0xDC, 0x03];
    let one = table(&[1]);
    for parts in [
        [&billion[..], &[], &[], &[]],
        [&one, &billion, &[], &[]],
        [&one, &[1, 0, 1], &billion, &[]],
        [&one, &[1, 0, 1], &[0], &billion],
        [&one, &[1, 0, 1], &[0], &[&billion[..], &[0, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F]].concat()],
    ] {
        assert!(Causal::<EwFlag>::decode(&state(&parts)).is_err());
    }
    let text = [&b"rj\x01\x00\x01\x10"[..], &billion, b"abc"].concat();
    assert_eq!(refused::<String>(&text), Wrong::Truncated);
    let units = [&b"rj\x01\x00\x02\x15\x01"[..], &billion].concat();
    assert_eq!(refused::<Vec<()>>(&units), Wrong::Truncated);
}

/// Else a few bytes could stand for a text of any length, again and again.
#[test]
fn a_text_shares_no_more_than_64_bytes_with_the_one_before() {
    let text = |len: usize, end: &str| "x".repeat(len) + end;
    let head = |n: u8| [&b"rj\x01\x00\x02\x16\x10"[..], &[n]].concat();
    let alike = BTreeSet::from([text(64, "a"), text(64, "b")]);
    let bytes = [&head(2)[..], &[65], text(64, "a").as_bytes(), &[64, 1], b"b"].concat();
    assert_eq!((alike.encode(), BTreeSet::decode(&bytes)), (bytes, Ok(alike)));
    let more_alike = BTreeSet::from([text(65, "a"), text(65, "b")]);
    let bytes = [&head(2)[..], &[66], text(65, "a").as_bytes(), &[64, 2], b"xb"].concat();
    assert_eq!((more_alike.encode(), BTreeSet::decode(&bytes)), (bytes, Ok(more_alike)));

    let shares = |common: u8, rest: &[u8]| {
        let rest = [&[common, u8::try_from(rest.len()).unwrap()], rest].concat();
        [&head(2)[..], &[66], text(65, "a").as_bytes(), &rest].concat()
    };
    assert_eq!(refused::<BTreeSet<String>>(&shares(65, b"b")), Wrong::Number);
    // It could share more.
    assert_eq!(refused::<BTreeSet<String>>(&shares(63, b"xxb")), Wrong::Number);
}

record! {
    #[derive(Debug, PartialEq, Codec)]
    struct Old {
        name: Lww<u8>,
        twigs: Map<u8, Old>,
    }
}

record! {
    #[derive(Debug, PartialEq, Codec)]
    struct New {
        name: Lww<u8>,
        note: Lww<u8>,
        twigs: Map<u8, New>,
    }
}

record! {
    #[derive(Debug, PartialEq, Codec)]
    struct Other {
        name: Lww<u16>,
    }
}

#[test]
fn records_grow() {
    let mut old = Writer::<Causal<Old>>::with_id(id(1));
    let mut new = Writer::<Causal<New>>::with_id(id(2));
    let hello = old.edit_at(1, |tree| tree.twigs.entry(1).name.set(7));
    new.apply(Delta::decode(&hello.encode()).unwrap());
    let known = new.edit_at(2, |tree| tree.twigs.entry(1).name.set(8));
    assert!(old.apply(Delta::decode(&known.encode()).unwrap()));
    assert_eq!(old.encode(), new.encode());

    let before = old.encode();
    let unknown = new.edit_at(3, |tree| tree.twigs.entry(1).note.set(9));
    assert_eq!(refused::<Delta<Old>>(&unknown.encode()), Wrong::Field("note".to_string()));
    assert_eq!(refused::<Causal<Old>>(&new.encode()), Wrong::Field("note".to_string()));
    assert_eq!(old.encode(), before);

    // A field twice.
    let twice = |n: u8| {
        let name = [&[4][..], b"name", &[5, 0x30, 0x14, 2, 0x22, 0x03]].concat();
        let head = [&b"rj\x01\x01\x01\x32"[..], &table(&[1]), &[1, 0, 1], &[0], &[n]].concat();
        [head, name.clone(), vec![1, 0, 0, 14, 7], name, vec![1, 0, 0, 14, 7]].concat()
    };
    assert_eq!(refused::<Causal<Old>>(&twice(1)), Wrong::Trailing);
    assert_eq!(refused::<Causal<Old>>(&twice(2)), Wrong::Order);

    let other = old.edit_at(4, |tree| tree.name.set(1));
    assert_eq!(refused::<Delta<Other>>(&other.encode()), Wrong::Type);
}

#[test]
fn depth_is_bounded() {
    fn write(tree: &mut store::Handle<'_, Old>, levels: u32) {
        if levels == 0 { tree.name.set(1) } else { write(&mut tree.twigs.entry(1), levels - 1) }
    }
    let deep = Writer::<Causal<Old>>::with_id(id(1)).edit_at(1, |tree| write(tree, 63));
    let bytes = deep.encode();
    assert_eq!(Delta::<Old>::decode(&bytes).as_ref(), Ok(&deep));
    let mut limits = codec::Limits::default();
    limits.depth -= 1;
    let refused = Delta::<Old>::decode_within(&bytes, &limits).unwrap_err();
    assert_eq!(refused.wrong, Wrong::Limit("levels"), "no writer nests deeper than the limit, and liars may");
}

proptest! {
    /// Whatever is accepted is written again as it was.
    #[test]
    fn what_is_accepted_has_one_form(body in prop::collection::vec(0..6_u8, 0..60)) {
        fn accept<S: Columns>(kind: u8, body: &[u8]) {
            let mut shape = codec::Shape::default();
            S::shape(&mut shape);
            let mut bytes = Causal::<S>::default().encode();
            bytes.truncate(bytes.len() - 3);
            bytes[3] = kind;
            bytes.extend(table(&[3, 5]));
            bytes.extend(body);
            if let Ok(state) = Causal::<S>::decode(&bytes) {
                assert_eq!(state.encode(), bytes);
            }
            if let Ok(delta) = Delta::<S>::decode(&bytes) {
                assert_eq!(Delta::<S>::decode(&delta.encode()).as_ref().map(|read| read.events()), Ok(delta.events()));
                let mut state = Causal::<S>::default();
                state.apply(delta);
                assert_eq!(Causal::decode(&state.encode()).as_ref().map(|read| *read == state), Ok(true));
            }
        }
        fn accept_delta<S: Columns>(kind: u8, body: &[u8]) {
            let mut bytes = Delta::<S>::default().encode();
            bytes.truncate(6);
            bytes[1] = 0x20 | kind;
            if kind == 2 {
                bytes.extend(table(&[3, 5]));
            } else {
                bytes.extend(3_u128.to_be_bytes());
            }
            bytes.extend(body);
            if let Ok(delta) = Delta::<S>::decode(&bytes) {
                assert_eq!(delta.encode(), bytes);
                assert_eq!(delta.kind() as u8, kind);
            }
        }
        for kind in [2, 5] {
            accept_delta::<EwFlag>(kind, &body);
            accept_delta::<OrSet<u8>>(kind, &body);
            accept_delta::<Map<u8, MvRegister<u8>>>(kind, &body);
            accept_delta::<LwwMap<bool, Option<bool>>>(kind, &body);
        }
        for kind in 1..=2 {
            accept::<EwFlag>(kind, &body);
            accept::<OrSet<u8>>(kind, &body);
            accept::<Map<u8, MvRegister<u8>>>(kind, &body);
        }
    }
}

/// Of more events than stand in one block: among events without large gaps, and with them.
#[test]
fn among_many_too_nothing_comes_twice() {
    for rounds in [1, 70] {
        let mut set = Writer::<Causal<OrSet<u16>>>::with_id(id(1));
        (0..rounds).for_each(|_| drop(set.edit(|set| set.extend(0..1_100))));
        let mut bytes = set.state().encode();
        assert_eq!(&Causal::decode(&bytes).unwrap(), set.state());
        *bytes.last_mut().unwrap() = 1; // the last event is not the next one, but the one before
        assert_eq!(refused::<Causal<OrSet<u16>>>(&bytes), Wrong::Twice);
    }
}

/// As above, of several replicas: their events are told apart.
#[test]
fn among_many_of_several_replicas_all_are_met() {
    let mut sets = [1, 2, 3].map(|n| Writer::<Causal<OrSet<u16>>>::with_id(id(n)));
    let mut all = Causal::<OrSet<u16>>::default();
    for (n, set) in (0..).zip(&mut sets) {
        all.apply(set.edit(|set| set.extend((0..700).map(|i| 3 * i + n))));
    }
    let bytes = all.encode();
    assert_eq!(Causal::decode(&bytes).as_ref(), Ok(&all));
    for n in [1, 699, 700] {
        let mut bytes = bytes.clone();
        // Steps from event to event of one replica, most of them one byte that says: the next.
        let at = bytes.len() - n;
        assert_eq!(bytes[at], 0);
        bytes[at] = 1;
        assert_ne!(Causal::<OrSet<u16>>::decode(&bytes).as_ref(), Ok(&all));
        assert!(Causal::<OrSet<u16>>::decode(&bytes).is_err());
    }
}

/// Whoever claims to have seen all events there can be, and has many facts, is given no room for a bit of each.
#[test]
fn what_was_seen_takes_no_memory() {
    let mut set = Writer::<Causal<OrSet<u16>>>::with_id(id(1));
    set.edit(|set| set.extend(0..1_100));
    let mut bytes = set.state().encode();
    // One run, from the first on, and 1,099 more. Now: all that there can be.
    let at = bytes.windows(4).position(|four| four == [1, 0, 0xCB, 0x08]).unwrap() + 2;
    bytes.splice(at..at + 2, [0xFE, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x03]);
    let read = Causal::<OrSet<u16>>::decode(&bytes).unwrap();
    assert_eq!(read.version().last(id(1)), Dot::MAX_COUNTER);
    assert_eq!((read.len(), read.encode()), (1_100, bytes));
}

/// A key under which nothing is, first or last, in a state or a delta.
#[test]
fn no_key_is_empty() {
    let mut set = Writer::<Causal<OrSet<u8>>>::with_id(id(1));
    let delta = set.edit(|set| set.extend([7, 9])).encode();
    let state = set.state().encode();
    // Under each of two keys is one fact: "1, and again 1". Two under one of them, and none under the other: "0, 2", "2, 0".
    for (bytes, is_state) in [(state, true), (delta, false)] {
        let at = bytes.windows(4).rposition(|four| four == [7, 9, 1, 1]).unwrap() + 2;
        for sizes in [[0, 0, 2], [2, 0, 0]] {
            let mut bytes = bytes.clone();
            bytes.splice(at..at + 2, sizes);
            let wrong = if is_state {
                refused::<Causal<OrSet<u8>>>(&bytes)
            } else {
                refused::<Delta<OrSet<u8>>>(&bytes)
            };
            assert_eq!(wrong, Wrong::Empty);
        }
    }
}

/// The first key of a block is written in full, and may come after the last of the block before.
#[test]
fn keys_are_in_order_across_blocks() {
    fn ends_with(last: u16, mut bytes: Vec<u8>) -> Vec<u8> {
        let number = |n: u16| [n.to_le_bytes()[0] | 0x80, (n >> 7).to_le_bytes()[0]];
        let at = bytes.windows(2).rposition(|pair| pair == number(2_024)).unwrap();
        bytes[at..at + 2].copy_from_slice(&number(last));
        bytes
    }

    let mut set = Writer::<Causal<OrSet<u16>>>::with_id(id(1));
    let delta = set.edit(|set| set.extend(1_000..2_025));
    let (state, delta) = (set.state().encode(), delta.encode());
    assert!(Causal::<OrSet<u16>>::decode(&ends_with(2_025, state.clone())).is_ok());
    for last in [1_000, 1_500, 2_023] {
        assert_eq!(refused::<Causal<OrSet<u16>>>(&ends_with(last, state.clone())), Wrong::Order);
        assert_eq!(refused::<Delta<OrSet<u16>>>(&ends_with(last, delta.clone())), Wrong::Order);
    }
}

#[test]
fn what_a_time_is_as_the_one_before_is_said_once() {
    // Three times of which the others are: as the one before, and a tick more.
    let times = |others: &[u8]| [&b"rj\x01\x00\x02\x15\x22"[..], &[3, 5], others].concat();
    let ticks = [5, 5, 6].map(|ticks| Ticks::new(ticks).unwrap()).to_vec();
    assert_eq!(ticks.encode(), times(&[0b01, 2]));
    assert_eq!(Vec::<Ticks>::decode(&times(&[0b01, 2])).unwrap(), ticks);

    let wrong = |others: &[u8]| refused::<Vec<Ticks>>(&times(others));
    assert_eq!(wrong(&[0b01, 0]), Wrong::Value("a time"));
    assert_eq!(wrong(&[0b101, 2]), Wrong::Value("false or true"));
    // Before the first, and after the last.
    assert_eq!(wrong(&[0b01, 11]), Wrong::Value("a time"));
    let to_the_end = |least: u8| {
        let more = u128::from(u64::MAX - 5) << 1;
        let mut bytes: Vec<u8> = (0..9).map(|at| (more >> (7 * at)).to_le_bytes()[0] | 0x80).collect();
        bytes[0] = least | 0x80;
        [&[0b01][..], &bytes, &[0x03]].concat()
    };
    assert_eq!(Vec::<Ticks>::decode(&times(&to_the_end(0x72))).unwrap()[2], Ticks::MAX);
    assert_eq!(wrong(&to_the_end(0x74)), Wrong::Value("a time"));
}
