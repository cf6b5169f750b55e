//! What strangers may send: JSON that no replica has written, and states and deltas that are well-formed but lie.
//!
//! Each is refused whole, or taken in. Whatever is taken in, nobody panics, hangs, swells or freezes: those who took
//! it in go on writing, hear of each other, and can load what they have saved.
//!
//! Liars are not found out: who claims somebody else's events can hide them from those who believe it.

use std::fmt::Debug;

use rejoin::causality::Ticks;
use rejoin::{
    BoundedCounter, Causal, Crdt, Delta, Dot, EwFlag, GCounter, GSet, Lattice, Lww, LwwMap, LwwRegister, Map,
    Max, Min, MvRegister, OpBased, OpSet, OrSet, PnCounter, ReplicaId, Stamp, TwoPhaseSet, VectorClock,
    Version, Writer, record,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

const A: ReplicaId = ReplicaId::from_u128(1);
const B: ReplicaId = ReplicaId::from_u128(2);
const MALLORY: ReplicaId = ReplicaId::from_u128(3);
const LAST: u64 = Dot::MAX_COUNTER;

type Book = Map<u8, MvRegister<u8>>;

record! {
    #[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
    struct Tree {
        flag: EwFlag,
        twigs: Map<u8, Tree>,
    }
}

fn accepts<T: DeserializeOwned>(json: &Value) -> bool {
    serde_json::from_str::<T>(&json.to_string()).is_ok()
}

/// All of these are refused; and so that it is for their own fault, what they are variations of is accepted.
fn refuses<T: DeserializeOwned>(sound: &Value, unsound: impl IntoIterator<Item = Value>) {
    assert!(accepts::<T>(sound), "refused: {sound}");
    for json in unsound {
        assert!(!accepts::<T>(&json), "accepted: {json}");
    }
}

fn event(replica: ReplicaId, counter: u64, value: u8) -> Value {
    json!({ "dot": [replica, counter], "add": [value], "kills": [] })
}

#[test]
fn versions_have_one_form() {
    let (zero, next) = (0, LAST + 1);
    refuses::<Version>(
        &json!([[A, [[1, 2], [4, LAST]]], [B, [[7, 7]]]]),
        [
            json!([[A, []]]),
            json!([[A, [[zero, 2]]]]),
            json!([[A, [[2, 1]]]]),
            json!([[A, [[1, next]]]]),
            json!([[A, [[1, u64::MAX]]]]),
            json!([[A, [[u64::MAX, u64::MAX]]]]),
            json!([[A, [[1, 2], [3, 4]]]]),
            json!([[A, [[1, 5], [4, 9]]]]),
            json!([[A, [[4, 5], [1, 2]]]]),
            json!([[A, [[1, LAST], [LAST, LAST]]]]),
            json!([[B, [[1, 1]]], [A, [[1, 1]]]]),
            json!([[A, [[1, 1]]], [A, [[3, 3]]]]),
            json!([[A, [[-1, 1]]]]),
            json!([[A, [[1, 1.5]]]]),
            json!([[A, [[1]]]]),
            json!([["A", [[1, 1]]]]),
        ],
    );
    refuses::<Dot>(
        &json!([A, LAST]),
        [json!([A, 0]), json!([A, LAST + 1]), json!([A, u64::MAX]), json!([A, -1])],
    );
    let last = Ticks::MAX.millis();
    refuses::<Stamp>(
        &json!([[last, 65_534], A]),
        [json!([[last, 65_535], A]), json!([[0, 65_536], A]), json!([[last + 1, 0], A]), json!([[-1, 0], A])],
    );
}

#[test]
fn plain_values_have_one_form() {
    refuses::<GCounter>(
        &json!([[A, 1], [B, u64::MAX]]),
        [json!([[A, 0]]), json!([[A, -1]]), json!([[B, 1], [A, 1]]), json!([[A, 1], [A, 1]])],
    );
    refuses::<PnCounter>(
        &json!([[A, [0, 1]], [B, [u64::MAX, u64::MAX]]]),
        [json!([[A, [0, 0]]]), json!([[A, [1]]]), json!([[A, [1, -1]]]), json!([[A, [1, 1]], [A, [2, 2]]])],
    );
    refuses::<VectorClock>(&json!([[A, u64::MAX]]), [json!([[A, 0]]), json!([[A, 1], [A, 1]])]);
    refuses::<GSet<u8>>(&json!([1, 2]), [json!([2, 1]), json!([1, 1]), json!([256])]);
    refuses::<TwoPhaseSet<u8>>(
        &json!({ "live": [1], "removed": [2] }),
        [
            json!({ "live": [1], "removed": [1] }),
            json!({ "live": [2, 1], "removed": [] }),
            json!({ "live": [1] }),
            json!({ "live": [], "removed": [], "more": [] }),
        ],
    );
    refuses::<BoundedCounter>(
        &json!({ "given": [[[A, A], 1], [[A, B], 9]], "spent": [[A, 7]] }),
        [
            json!({ "given": [[[A, A], 0]], "spent": [] }),
            json!({ "given": [], "spent": [[A, 0]] }),
            json!({ "given": [[[B, A], 1], [[A, B], 1]], "spent": [] }),
            json!({ "given": [[[A, A], 1]] }),
        ],
    );
    refuses::<LwwRegister<u8>>(
        &json!([[[0, 5], A], 1]),
        [json!([[[u64::MAX, 0], A], 1]), json!([[[0, 5], A]]), json!([[[0, 5], A], 1, 1])],
    );
    refuses::<OpSet<u8>>(
        &json!([[1, [[A, 1], [B, 1]]]]),
        [
            json!([[1, []]]),
            json!([[1, [[B, 1], [A, 1]]]]),
            json!([[1, [[A, 1], [A, 1]]]]),
            json!([[1, [[A, 0]]]]),
        ],
    );
}

#[test]
fn states_that_contradict_themselves_are_refused() {
    let state = |version: Value, ahead: Value, facts: Value| json!({ "version": version, "ahead": ahead, "facts": facts });
    let version = || json!([[A, [[1, 2]]]]);
    let (one, two) = (event(A, 1, 7), event(A, 2, 8));
    let killer = json!({ "dot": [A, 1], "add": [7], "kills": [[A, 2]] });
    let absence = json!({ "dot": [A, 1], "add": [], "kills": [] });
    let twice = json!({ "dot": [A, 1], "add": [7, 8], "kills": [] });
    refuses::<Causal<Book>>(
        &state(version(), json!([[B, [[1, LAST]]]]), json!([[1, [one]], [2, [two]]])),
        [
            // One event in two places, or twice in one.
            state(version(), json!([]), json!([[1, [one]], [2, [one]]])),
            state(version(), json!([]), json!([[1, [one, one]]])),
            state(version(), json!([]), json!([[1, [one, event(A, 1, 9)]]])),
            // Facts of which the version knows nothing.
            state(version(), json!([]), json!([[1, [event(A, 3, 7)]]])),
            state(version(), json!([]), json!([[1, [event(B, 1, 7)]]])),
            state(version(), json!([[B, [[1, 1]]]]), json!([[1, [event(B, 1, 7)]]])),
            state(json!([]), json!([]), json!([[1, [one]]])),
            // What has been seen is not ahead.
            state(version(), version(), json!([])),
            state(version(), json!([[A, [[2, LAST]]]]), json!([[1, [one]]])),
            // Where nothing was seen, nothing can be ahead of it.
            state(json!([]), json!([[B, [[1, LAST]]]]), json!([])),
            // A state has facts, and neither removals nor nothing.
            state(version(), json!([]), json!([[1, [killer]]])),
            state(version(), json!([]), json!([[1, [absence]]])),
            state(version(), json!([]), json!([[1, [twice]]])),
            state(version(), json!([]), json!([[1, []]])),
            // Order.
            state(version(), json!([]), json!([[2, [two]], [1, [one]]])),
            state(version(), json!([]), json!([[1, [one]], [1, [two]]])),
            state(version(), json!([]), json!([[1, [two, one]]])),
            // Shape.
            state(Value::Null, json!([]), json!([])),
            json!({ "version": [], "facts": [] }),
            json!({ "version": [], "ahead": [], "facts": [], "more": [] }),
            json!(null),
            json!([]),
        ],
    );

    let tree = |twig: u64| {
        let flag = |counter| json!([{ "dot": [A, counter], "add": [null], "kills": [] }]);
        state(
            version(),
            json!([]),
            json!({ "flag": flag(1), "twigs": [[1, { "flag": flag(twig), "twigs": [] }]] }),
        )
    };
    refuses::<Causal<Tree>>(&tree(2), [tree(1), tree(3)]);
}

#[test]
fn deltas_that_contradict_themselves_are_refused() {
    let delta = |events: Value, change: Value| json!({ "events": events, "change": change });
    let events = || json!([[A, [[1, 2]]]]);
    let kills = |victims: Value| json!([[1, [{ "dot": [A, 1], "add": [7], "kills": victims }]]]);
    refuses::<Delta<Book>>(
        &delta(events(), kills(json!([[A, 2], [B, 1], [B, 2]]))),
        [
            delta(events(), json!([[1, [event(A, 1, 7)]], [2, [event(A, 1, 7)]]])),
            delta(events(), json!([[1, [event(A, 1, 7), event(A, 1, 8)]]])),
            delta(events(), json!([[1, [event(A, 2, 7), event(A, 1, 8)]]])),
            delta(events(), json!([[1, [event(A, 3, 7)]]])),
            delta(events(), json!([[1, [event(B, 1, 7)]]])),
            delta(json!([]), kills(json!([]))),
            delta(events(), kills(json!([[A, 1]]))),
            delta(events(), kills(json!([[B, 2], [B, 1]]))),
            delta(events(), kills(json!([[B, 1], [B, 1]]))),
            delta(events(), kills(json!([[B, 0]]))),
            delta(events(), kills(json!([[B, LAST + 1]]))),
            delta(events(), json!([[1, []]])),
            delta(events(), json!([[2, [event(A, 1, 7)]], [1, [event(A, 2, 7)]]])),
            json!({ "events": events() }),
            json!({ "events": events(), "change": [], "more": [] }),
        ],
    );
    refuses::<Delta<Tree>>(
        &delta(events(), json!({})),
        [
            delta(events(), json!({ "leaf": [] })),
            delta(events(), json!({ "flag": null })),
            delta(events(), json!(null)),
        ],
    );
}

#[test]
fn changes_alone_are_refused_as_they_are_in_deltas() {
    refuses::<rejoin::store::DotsChange<u8>>(
        &json!([event(A, 1, 7), event(A, 2, 8)]),
        [json!([event(A, 1, 7), event(A, 1, 7)]), json!([event(A, 2, 8), event(A, 1, 7)])],
    );
}

#[test]
fn what_is_of_another_kind_is_refused_by_the_name_of_what_was_expected() {
    let refusal = serde_json::from_str::<Version>("5").unwrap_err().to_string();
    assert!(refusal.contains("expected a strictly sorted sequence"), "{refusal}");
    let delta = json!({ "events": [], "change": 5 }).to_string();
    let refusal = serde_json::from_str::<Delta<Tree>>(&delta).unwrap_err().to_string();
    assert!(refusal.contains("expected the changed fields of a record"), "{refusal}");
}

#[test]
fn what_is_cut_short_is_refused() {
    let mut writer = Writer::<Causal<Book>>::with_id(A);
    let delta = writer.edit(|book| (1..3).for_each(|n| book.entry(n).set(n)));
    for json in [serde_json::to_string(&delta).unwrap(), serde_json::to_string(writer.state()).unwrap()] {
        for end in 0..json.len() {
            assert!(serde_json::from_str::<Delta<Book>>(&json[..end]).is_err());
            assert!(serde_json::from_str::<Causal<Book>>(&json[..end]).is_err());
        }
    }
}

#[test]
fn bottomless_nesting_is_refused() {
    let nested = |open: &str, close: &str, inside: &str| {
        let (open, close) = (open.repeat(100_000), close.repeat(100_000));
        format!(r#"{{"events":[],"change":{open}{inside}{close}}}"#)
    };
    for json in [
        nested("[", "]", ""),
        nested("{\"twigs\":[[1,", "]]}", "{}"),
        nested("{\"more\":", "}", "null"),
        nested("[", "", ""),
    ] {
        assert!(serde_json::from_str::<Delta<Tree>>(&json).is_err());
        assert!(serde_json::from_str::<Delta<Book>>(&json).is_err());
    }
}

/// A tree in postcard: in so many records, one in the other, a flag.
fn nested_in_postcard(records: usize) -> Vec<u8> {
    // One field; its name; a map of one key, which is 1. At the end, one event: of A, its first; it adds, and kills nothing.
    let twigs = [&[1, 5][..], b"twigs", &[1, 1]].concat();
    let flag = [&[1, 4][..], b"flag", &[1, 16], &A.as_u128().to_be_bytes(), &[1, 1, 0]].concat();
    let events = [&[1, 16][..], &A.as_u128().to_be_bytes(), &[1, 1, 1]].concat();
    [&events[..], &twigs.repeat(records - 1), &flag, &[0]].concat()
}

/// 120 kB overflowed the stack.
#[test]
fn bottomless_nesting_is_refused_in_formats_that_do_not_count_it() {
    fn write(tree: &mut rejoin::store::Handle<'_, Tree>, records: usize) {
        if records == 1 { tree.flag.enable() } else { write(&mut tree.twigs.entry(1), records - 1) }
    }
    let honest = |records| Writer::<Causal<Tree>>::with_id(A).edit(|tree| write(tree, records));
    for records in [1, 2, 64] {
        let bytes = postcard::to_stdvec(&honest(records)).unwrap();
        assert_eq!(bytes, nested_in_postcard(records));
        assert_eq!(postcard::from_bytes::<Delta<Tree>>(&bytes).unwrap(), honest(records));
    }
    for records in [65, 120_000 / 9] {
        assert!(postcard::from_bytes::<Delta<Tree>>(&nested_in_postcard(records)).is_err());
    }
    // A state begins with its version, and what is ahead: nothing.
    let as_state = |mut bytes: Vec<u8>, events: usize| {
        bytes.insert(events, 0);
        bytes
    };
    let events = 2 + 16 + 3;
    assert!(postcard::from_bytes::<Causal<Tree>>(&as_state(nested_in_postcard(64), events)).is_ok());
    for records in [65, 120_000 / 9] {
        let bytes = as_state(nested_in_postcard(records), events);
        assert!(postcard::from_bytes::<Causal<Tree>>(&bytes).is_err());
    }
}

/// Two replicas of one book, each of which has written and knows what the other has written.
fn two_readers() -> [Writer<Causal<Book>>; 2] {
    let [mut a, mut b] = [A, B].map(Writer::<Causal<Book>>::with_id);
    a.edit(|book| (1..3).for_each(|n| book.entry(n).set(n)));
    b.edit(|book| book.entry(2).set(9));
    a.join_ref(b.state());
    b.join_ref(a.state());
    [a, b]
}

fn save_and_load<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: &T) -> usize {
    let json = serde_json::to_string(value).unwrap();
    let back: T = serde_json::from_str(&json).unwrap_or_else(|error| panic!("{json}: {error}"));
    assert_eq!(&back, value);
    json.len()
}

/// Both have taken in something of so many bytes from a stranger, and must be as alive as before.
fn live_on([mut a, mut b]: [Writer<Causal<Book>>; 2], bytes: usize) {
    for _ in 0..2 {
        let from_a = a.edit(|book| book.entry(101).set(1));
        let from_b = b.edit(|book| book.entry(102).set(2));
        assert!(b.apply(from_a) && a.apply(from_b));
        for reader in [&a, &b] {
            assert_eq!(reader.get(&101).and_then(MvRegister::get), Some(&1));
            assert_eq!(reader.get(&102).and_then(MvRegister::get), Some(&2));
        }
    }
    a.edit(|book| book.remove(&101));
    b.join_ref(a.state());
    assert!(!b.contains_key(&101) && b.contains_key(&102));
    a.join_ref(b.state());
    for reader in [a, b] {
        let size = save_and_load(reader.state());
        assert!(size < 2_000 + bytes, "{size} bytes, after {bytes} from a stranger");
        assert!(format!("{:?}", *reader).len() < 2_000 + 2 * bytes);
        save_and_load(&reader.fork().edit(|book| (1..103).for_each(|n| book.remove(&n))));
    }
}

fn take_in_state(json: &str) -> bool {
    let Ok(state) = serde_json::from_str::<Causal<Book>>(json) else { return false };
    save_and_load(&state);
    for way in 0..2 {
        let [mut a, mut b] = two_readers();
        if way == 0 {
            a.join_ref(&state);
            b.join(state.clone());
        } else {
            let mut stranger = state.clone();
            stranger.join_ref(a.state());
            save_and_load(&stranger);
            a.join(stranger);
            b.join_ref(a.state());
        }
        live_on([a, b], json.len());
    }
    true
}

fn take_in_delta(json: &str) -> bool {
    let Ok(delta) = serde_json::from_str::<Delta<Book>>(json) else { return false };
    let [mut a, mut b] = two_readers();
    save_and_load(&delta.clone().without(a.version()));
    a.apply(delta.clone());
    b.join_ref(a.state());
    b.apply(delta.clone());
    live_on([a, b], json.len());

    let mut alone = Causal::<Book>::default();
    alone.apply(delta);
    let [mut a, mut b] = two_readers();
    a.join_ref(&alone);
    b.join(alone);
    live_on([a, b], json.len());
    true
}

#[test]
fn liars_freeze_nobody() {
    let everything = json!([[A, [[1, LAST]]], [B, [[1, LAST]]], [MALLORY, [[1, LAST]]]]);
    let lies_of_states = [
        // All events there are, and no fact: everything is gone.
        json!({ "version": everything, "ahead": [], "facts": [] }),
        // All events are dead before they come.
        json!({ "version": [[MALLORY, [[1, 1]]]], "ahead": [[A, [[1, LAST]]], [B, [[1, LAST]]]], "facts": [] }),
        json!({ "version": [[MALLORY, [[1, 1]]]], "ahead": [[A, [[LAST, LAST]]], [B, [[4, 4]]]], "facts": [] }),
        // The victims' own events, elsewhere and with other values; the last that there can be; all but the first.
        json!({ "version": [[A, [[1, 1]]], [MALLORY, [[1, 1]]]], "ahead": [], "facts": [[9, [event(A, 1, 9)]]] }),
        json!({ "version": everything, "ahead": [], "facts": [[9, [event(A, LAST, 9), event(B, LAST, 9)]]] }),
        json!({ "version": [[A, [[2, LAST]]], [B, [[2, 2], [4, LAST - 1]]]], "ahead": [], "facts": [] }),
    ];
    for json in lies_of_states {
        assert!(take_in_state(&json.to_string()), "refused: {json}");
    }

    let kills =
        |counter: u64, victims: Value| json!({ "dot": [MALLORY, counter], "add": [], "kills": victims });
    let mallory = |last: u64| json!([[MALLORY, [[1, last]]]]);
    let lies_of_deltas = [
        json!({ "events": everything, "change": [] }),
        json!({ "events": [[A, [[1, LAST]]]], "change": [[9, [event(A, 1, 9), event(A, LAST, 9)]]] }),
        // Kills of what is elsewhere, of what will never be, of each other, of the next.
        json!({ "events": mallory(1), "change": [[9, [kills(1, json!([[A, 1], [A, 2], [B, 1]]))]]] }),
        json!({ "events": mallory(1), "change": [[1, [kills(1, json!([[A, LAST], [B, LAST], [MALLORY, LAST]]))]]] }),
        json!({
            "events": mallory(2),
            "change": [[1, [kills(1, json!([[MALLORY, 2]])), kills(2, json!([[MALLORY, 1]]))]]],
        }),
        json!({ "events": mallory(1), "change": [[1, [kills(1, json!([[A, 3], [B, 2]]))]]] }),
        // Events that do nothing.
        json!({ "events": mallory(LAST), "change": [[1, [kills(7, json!([]))]]] }),
    ];
    for json in lies_of_deltas {
        assert!(take_in_delta(&json.to_string()), "refused: {json}");
    }
}

/// The places in `json`, as pointers.
fn places(json: &Value, path: String) -> Vec<String> {
    let parts: Vec<(String, &Value)> = match json {
        Value::Array(items) => {
            items.iter().enumerate().map(|(n, item)| (format!("{path}/{n}"), item)).collect()
        }
        Value::Object(fields) => fields.iter().map(|(name, item)| (format!("{path}/{name}"), item)).collect(),
        _ => vec![],
    };
    let inside = parts.into_iter().flat_map(|(path, part)| places(part, path));
    std::iter::once(path).chain(inside).collect()
}

/// Takes in `json` under every single change: each part replaced by odd values and by every other part, left out,
/// doubled, and moved to the end. At least some of that must be refused, and some accepted.
fn take_in_every_edit(json: &Value, take_in: fn(&str) -> bool) {
    let places = places(json, String::new());
    let mut values: Vec<Value> = places.iter().filter_map(|place| json.pointer(place).cloned()).collect();
    values.extend([
        json!(null),
        json!(0),
        json!(LAST),
        json!(LAST + 1),
        json!(u64::MAX),
        json!(-1),
        json!(0.5),
    ]);
    values.extend([
        json!(""),
        json!("\u{0}"),
        json!([]),
        json!({}),
        json!([[]]),
        json!(MALLORY),
        json!(true),
    ]);
    values.sort_by_key(Value::to_string);
    values.dedup();

    let (mut refused, mut accepted) = (0, 0);
    let mut edit = |place: &str, change: &dyn Fn(&mut Value)| {
        let mut edited = json.clone();
        edited.pointer_mut(place).map(change).expect("the place is there");
        *if take_in(&edited.to_string()) { &mut accepted } else { &mut refused } += 1;
    };
    for place in &places {
        for value in &values {
            edit(place, &|part| *part = value.clone());
        }
        let len = json.pointer(place).and_then(Value::as_array).map_or(0, Vec::len);
        let changes: [fn(&mut Vec<Value>, usize); 3] = [
            |items, at| drop(items.remove(at)),
            |items, at| items.insert(at, items[at].clone()),
            |items, at| items[at..].rotate_left(1),
        ];
        for (at, change) in (0..len).flat_map(|at| changes.map(|change| (at, change))) {
            edit(place, &|part| change(part.as_array_mut().expect("it has items"), at));
        }
    }
    assert!(refused > 1_000 && accepted > 50, "{refused} refused, {accepted} accepted");
}

#[test]
fn every_edit_of_a_sound_state_is_refused_or_survived() {
    let [mut a, mut b] = two_readers();
    b.edit(|book| book.entry(1).set(5));
    let removal = b.edit(|book| book.remove(&1));
    a.apply(removal); // of what a has not heard of
    assert!(!a.ahead().is_empty() && a.version().interval_count() == 3);
    take_in_every_edit(&serde_json::to_value(a.state()).unwrap(), take_in_state);
}

#[test]
fn every_edit_of_a_sound_delta_is_refused_or_survived() {
    let [mut a, _] = two_readers();
    let sound = a.edit(|book| {
        book.entry(2).set(5);
        book.entry(3).set(6);
    });
    take_in_every_edit(&serde_json::to_value(sound).unwrap(), take_in_delta);
}

#[test]
fn the_end_of_time_does_not_wedge_a_causal_register() {
    for ticks in [Ticks::MAX, Ticks::new(u64::MAX - 2).unwrap()] {
        let lie: Causal<LwwMap<u8, u8>> = serde_json::from_value(json!({
            "version": [[MALLORY, [[1, 1]]]],
            "ahead": [],
            "facts": [[1, [{ "dot": [MALLORY, 1], "add": [[ticks, 66]], "kills": [] }]]],
        }))
        .unwrap();
        let [mut a, mut b] = [A, B].map(Writer::<Causal<LwwMap<u8, u8>>>::with_id);
        a.join_ref(&lie);
        assert_eq!(a.get(&1), Some(&66));
        for n in 0..3 {
            b.join_ref(&lie);
            a.edit_at(1_000, |map| map.insert(1, n));
            b.join_ref(a.state());
            assert_eq!((a.get(&1), b.get(&1)), (Some(&n), Some(&n)));
            b.edit_at(1_000, |map| map.insert(1, n + 10));
            a.join_ref(b.state());
            assert_eq!((a.get(&1), b.get(&1)), (Some(&(n + 10)), Some(&(n + 10))));
        }
        a.edit_at(1_000, |map| map.remove(&1));
        b.join_ref(a.state());
        assert!(b.is_empty());
        a.edit_at(1_000, |map| map.insert(2, 1));
    }
    // Nor does the greatest of ids: it wins ties with what it has not seen, and no more.
    let greatest = ReplicaId::from_u128(u128::MAX);
    let [mut a, mut m] = [A, greatest].map(Writer::<Causal<Lww<u8>>>::with_id);
    m.edit_at(u64::MAX, |register| register.set(66));
    a.join_ref(m.state());
    a.edit_at(0, |register| register.set(1));
    m.join_ref(a.state());
    assert_eq!(m.get(), Some(&1));
}

#[test]
fn rights_from_nowhere_do_no_harm() {
    let lie: BoundedCounter = serde_json::from_value(json!({
        "given": [[[A, B], u64::MAX], [[B, A], u64::MAX], [[MALLORY, MALLORY], u64::MAX]],
        "spent": [[A, u64::MAX], [B, 5], [MALLORY, u64::MAX]],
    }))
    .unwrap();
    let mut a = Writer::<BoundedCounter>::with_id(A);
    a.try_edit(|stock| stock.increment(3)).unwrap();
    a.join(lie);
    assert_eq!(a.get(), 0);
    assert!(a.try_edit(|stock| stock.decrement(1)).is_err());
    assert_ne!(a.replica(), A, "somebody has spent in its name, so it takes another");
    a.try_edit(|stock| stock.increment(3)).unwrap();
    a.try_edit(|stock| stock.decrement(3)).unwrap();
    assert_eq!(a.rights(a.replica()), 0);
    save_and_load(a.state());
}

#[test]
fn many_gaps_and_many_replicas_take_no_time() {
    let gaps =
        |start: u64| -> Vec<[u64; 2]> { (0..20_000).map(|n| [start + 4 * n, start + 4 * n]).collect() };
    let states = [1, 3].map(|start| {
        let json =
            json!({ "version": [[A, gaps(start)]], "ahead": [[B, gaps(start)]], "facts": [] }).to_string();
        serde_json::from_str::<Causal<Book>>(&json).unwrap()
    });
    let mut both = states[0].clone();
    assert!(both.join_ref(&states[1]) && !both.join_ref(&states[0]));
    assert_eq!((both.version().interval_count(), both.ahead().interval_count()), (40_000, 40_000));
    assert_eq!(both.version().difference(states[0].version()), *states[1].version());

    let crowd = |start: u128| -> Vec<Value> {
        (0..5_000).map(|n| json!([ReplicaId::from_u128(start + 2 * n), [[1, LAST]]])).collect()
    };
    let states = [1, 2].map(|start| {
        let json = json!({ "version": crowd(start), "ahead": [], "facts": [] }).to_string();
        serde_json::from_str::<Causal<Book>>(&json).unwrap()
    });
    let mut both = states[0].clone();
    assert!(both.join_ref(&states[1]) && !both.join_ref(&states[0]));
    assert_eq!(both.version().dot_count(), 10_000 * u128::from(LAST));
    let mut writer = Writer::over(both);
    writer.edit(|book| book.entry(1).set(1));
    assert_eq!(writer.get(&1).and_then(MvRegister::get), Some(&1));
}

/// Sets are compared and joined by intervals: the events of a liar are not counted one by one.
#[test]
fn huge_intervals_cost_nothing() {
    let all: Version = serde_json::from_value(json!([[A, [[1, LAST]]], [B, [[1, LAST]]]])).unwrap();
    let some: Version =
        serde_json::from_value(json!([[A, [[5, LAST - 5]]], [MALLORY, [[1, LAST]]]])).unwrap();
    assert_eq!(all.partial_cmp(&some), None);
    assert!(all.intersects(&some));
    let mut rest = all.difference(&some);
    assert_eq!(rest.intervals().collect::<Vec<_>>(), [(A, 1, 4), (A, LAST - 4, LAST), (B, 1, LAST)]);
    assert!(rest.union(&some));
    assert_eq!(rest.dot_count(), 3 * u128::from(LAST));
    assert!(rest.covers(&all) && format!("{rest:?}").len() < 300);

    let lie: Delta<OrSet<u8>> = serde_json::from_value(json!({ "events": rest, "change": [] })).unwrap();
    let mut set = Causal::<OrSet<u8>>::default();
    assert!(set.apply(lie.clone()) && !set.apply(lie.clone()));
    assert!(lie.without(&some).events().covers(&Version::from_iter(Dot::new(B, LAST))));
}

#[test]
fn deltas_that_lie_cannot_bring_one_event_into_two_places() {
    let event = |counter, key: u8| json!([key, [{ "dot": [A, counter], "add": [null], "kills": [] }]]);
    let delta = |last, changes: Value| -> Delta<OrSet<u8>> {
        serde_json::from_value(json!({ "events": [[A, [[1, last]]]], "change": changes })).unwrap()
    };
    let mut group = delta(1, json!([event(1, 1)]));
    group.join(delta(2, json!([event(1, 2), event(2, 3)])));
    let mut state = Causal::<OrSet<u8>>::new();
    state.apply(group.clone());
    assert!(state.iter().eq(&[1, 3]));
    assert_eq!(serde_json::from_value::<Delta<_>>(serde_json::to_value(&group).unwrap()).unwrap(), group);
    assert_eq!(serde_json::from_value::<Causal<_>>(serde_json::to_value(&state).unwrap()).unwrap(), state);
}

#[test]
fn ids_that_were_used_up_before_they_were_given_are_passed_over() {
    let given = std::sync::atomic::AtomicU32::new(0);
    let ids = move || ReplicaId::from_u128(given.fetch_add(1, std::sync::atomic::Ordering::Relaxed).into());
    let mut writer = Writer::with_ids(Causal::<OrSet<u8>>::default(), ids);
    let foretold: Vec<_> = (0..5).map(|id| json!([ReplicaId::from_u128(id), [[1, LAST]]])).collect();
    let lie: Delta<OrSet<u8>> = serde_json::from_value(json!({ "events": foretold, "change": [] })).unwrap();
    writer.apply(lie);
    writer.edit(|set| set.insert(1));
    assert!(writer.contains(&1));
    assert_eq!(writer.replica(), ReplicaId::from_u128(5));
}

/// Nothing tells a set without a version that one dot was given to two members; so it must live with it.
#[test]
fn a_dot_that_was_used_twice_does_not_keep_an_op_set_from_loading() {
    let mut set = OpSet::<u8>::new();
    for value in [0, 1] {
        let lie = json!({ "Insert": { "value": value, "dot": [MALLORY, 1], "replaces": [] } });
        set.effect(serde_json::from_value(lie).unwrap());
    }
    save_and_load(&set);
}

#[test]
fn null_is_a_value_like_any_other() {
    let none = Max::new(None::<u8>);
    let json = serde_json::to_value(none).unwrap();
    assert_eq!(serde_json::from_value::<Max<Option<u8>>>(json).unwrap(), none);
    let unit = Min::new(());
    assert_eq!(serde_json::from_value::<Min<()>>(serde_json::to_value(unit).unwrap()).unwrap(), unit);
}
