//! Settled states and the deltas of their writers as bytes.

use rejoin::codec::Wrong;

use super::*;

fn travels<T: Codec + PartialEq + std::fmt::Debug>(value: &T) -> Vec<u8> {
    let bytes = value.encode();
    assert_eq!(T::decode(&bytes).as_ref(), Ok(value));
    assert_eq!(value.encoded_len(), bytes.len() as u64);
    bytes
}

/// A settled state, and a delta that sweeps.
fn settled() -> (Causal<Counter>, Delta<Counter>) {
    let mut a = writer::<Counter>(1);
    for n in [3, 4, 5] {
        a.edit(|count| count.add(n));
    }
    a.settle(&up_to(&[(1, 2)]));
    let state = a.state().clone();
    (state, a.edit(|count| count.reset()))
}

#[test]
fn states_and_deltas_are_of_a_kind_of_their_own() {
    let (state, delta) = settled();
    let id = 1_u128.to_be_bytes();
    let bytes = [
        &b"rj\x01\x03\x02\x30\x0B"[..], // a settled state of a counter
        &[1],
        &id,
        &[1, 0, 2], // events 1 to 3
        &[2],       // of which the first two are settled
        &[0],       // nothing is ahead
        &[2, 0, 1], // two facts, of the first replica both
        &[2, 0],    // the second, and the next
        &[14, 10],  // 7 and 5
    ]
    .concat();
    assert_eq!(travels(&state), bytes);
    let bytes = [
        &crate::codec::delta_head(4, &[0x30, 0x0B])[..], // a delta that sweeps, of a counter
        &[1],
        &id,
        &[1, 3, 0], // event 4
        &[1],       // one sweep:
        &[1, 3, 0], // by event 4
        &[2],       // of the first two
        &[1, 0, 0], // one event: of the first replica, the first there is;
        &[0],       // it adds nothing,
        &[2, 0, 1], // and kills two facts of the first replica:
        &[5, 0],    // two back, and the next
    ]
    .concat();
    assert_eq!(travels(&delta), bytes);
}

#[test]
fn nothing_settled_is_written_as_ever() {
    let mut a = writer::<Counter>(1);
    let delta = a.edit(|count| count.add(1));
    assert_eq!((travels(a.state())[3], travels(&delta)[1]), (1, 0x25));
    let all = a.version().clone();
    let before = a.state().digest();
    a.settle(&all);
    assert_ne!(a.state().digest(), before, "the horizon is part of what a state is");
}

fn wrong<T: Codec + std::fmt::Debug>(bytes: &[u8]) -> Wrong {
    T::decode(bytes).unwrap_err().wrong
}

#[test]
fn each_invariant_has_its_error() {
    let (state, delta) = settled();
    let changed = |bytes: &[u8], at: usize, to: u8| {
        let mut bytes = bytes.to_vec();
        bytes[at] = to;
        bytes
    };
    let bytes = state.encode();
    let horizon = 7 + 17 + 3;
    assert_eq!(bytes[horizon], 2);
    assert_eq!(wrong::<Causal<Counter>>(&changed(&bytes, horizon, 0)), Wrong::Empty);
    assert_eq!(wrong::<Causal<Counter>>(&changed(&bytes, horizon, 4)), Wrong::Settled);
    assert_eq!(wrong::<Causal<Counter>>(&changed(&bytes, 3, 4)), Wrong::Kind(4));
    assert_eq!(wrong::<Delta<Counter>>(&bytes), Wrong::Kind(3));
    assert!(Causal::<Counter>::decode(&changed(&bytes, 3, 1)).is_err());

    let bytes = delta.encode();
    let sweeps = 6 + 17 + 3;
    assert_eq!(bytes[sweeps..sweeps + 5], [1, 1, 3, 0, 2]);
    assert_eq!(wrong::<Delta<Counter>>(&changed(&bytes, sweeps, 0)), Wrong::Empty);
    assert_eq!(
        wrong::<Delta<Counter>>(&changed(&bytes, sweeps + 2, 4)),
        Wrong::Settled,
        "not an event of it"
    );
    assert_eq!(wrong::<Delta<Counter>>(&changed(&bytes, sweeps + 4, 0)), Wrong::Empty);
    assert_eq!(
        wrong::<Delta<Counter>>(&changed(&bytes, sweeps + 4, 4)),
        Wrong::Settled,
        "it would sweep itself"
    );
    assert!(Delta::<Counter>::decode(&changed(&bytes, sweeps + 4, 3)).is_ok());

    // Events 1 and 2, and two sweeps: in the wrong order, of one event, of one horizon.
    let two = |sweeps: &[u8]| {
        let ids = [1_u128.to_be_bytes(), 2_u128.to_be_bytes()].concat();
        [&b"rj\x01\x04\x02\x30\x0B\x02"[..], &ids, &[0, 1, 0, 1, 2], sweeps, &[0]].concat()
    };
    let read = |sweeps: &[u8]| Delta::<Counter>::decode(&two(sweeps)).map(drop).map_err(|error| error.wrong);
    assert_eq!(read(&[0, 1, 0, 0, 1, 0, 0, 1, 1, 0, 2, 0]), Ok(()));
    assert_eq!(read(&[0, 1, 1, 0, 2, 0, 0, 1, 0, 0, 1, 0]), Err(Wrong::Settled));
    assert_eq!(read(&[0, 1, 0, 0, 1, 0, 0, 1, 0, 1, 2, 0]), Err(Wrong::Settled));
    assert_eq!(read(&[0, 1, 0, 0, 1, 0, 0, 1, 1, 0, 1, 0]), Err(Wrong::Settled));
}

#[test]
fn many_sweeps_of_strangers_take_no_time() {
    let (n, id) = (30_000_u32, 1_u128.to_be_bytes());
    let number = |n: u32| {
        let mut bytes = n.encode();
        bytes.drain(..6);
        bytes
    };
    let each = (0..n).flat_map(|k| [&[1][..], &number(2 * k + n + 1), &[0], &number(k + 1)].concat());
    let bytes = [
        &b"rj\x01\x04\x02\x30\x0B\x01"[..],
        &id,
        &[1],
        &number(n),
        &number(4 * n),
        &number(n),
        &each.collect::<Vec<u8>>(),
        &[0],
    ];
    let delta = Delta::<Counter>::decode(&bytes.concat()).unwrap();
    assert_eq!(delta.sweeps().len(), n as usize);
    let mut group = delta.clone();
    assert!(!group.join(delta.clone()));
    assert_eq!(Causal::<Counter>::default().try_apply(delta), Err(Refused::Behind));
}

#[cfg(feature = "serde")]
mod with_serde {
    use serde_json::{from_value, json, to_value};

    use super::*;

    #[test]
    fn all_of_it_travels() {
        let (state, delta) = settled();
        let saved = to_value(&state).unwrap();
        assert_eq!(saved["horizon"], json!([[id(1), [[1, 2]]]]));
        assert_eq!(from_value::<Causal<Counter>>(saved).unwrap(), state);
        let sent = to_value(&delta).unwrap();
        assert_eq!(
            sent["sweeps"],
            json!([{ "events": [[id(1), [[4, 4]]]], "horizon": [[id(1), [[1, 2]]]] }])
        );
        assert_eq!(from_value::<Delta<Counter>>(sent).unwrap(), delta);
        let bytes = postcard::to_stdvec(&(&state, &delta)).unwrap();
        assert_eq!(
            postcard::from_bytes::<(Causal<Counter>, Delta<Counter>)>(&bytes).unwrap(),
            (state, delta)
        );
    }

    #[test]
    fn what_is_empty_is_left_out() {
        let mut a = writer::<Counter>(1);
        let delta = a.edit(|count| count.add(1));
        let (state, delta) = (to_value(a.state()).unwrap(), to_value(&delta).unwrap());
        assert!(state.get("horizon").is_none() && delta.get("sweeps").is_none());
        assert_eq!(&from_value::<Causal<Counter>>(state).unwrap(), a.state());
    }

    #[test]
    fn what_cannot_be_is_refused() {
        let (state, delta) = settled();
        let (state, delta) = (to_value(state).unwrap(), to_value(delta).unwrap());
        for horizon in [json!([[id(1), [[1, 4]]]]), json!([[id(1), [[2, 3]]]]), json!([[id(2), [[1, 1]]]])] {
            let mut state = state.clone();
            state["horizon"] = horizon;
            assert!(from_value::<Causal<Counter>>(state).is_err());
        }
        let sweep = |events: [u64; 2], horizon: [u64; 2]| json!({ "events": [[id(1), [events]]], "horizon": [[id(1), [horizon]]] });
        for (sweeps, is_sound) in [
            (json!([sweep([4, 4], [1, 3])]), true),
            (json!([sweep([4, 4], [1, 4])]), false),
            (json!([sweep([4, 4], [2, 3])]), false),
            (json!([sweep([3, 4], [1, 2])]), false),
            (json!([sweep([4, 4], [1, 3]), sweep([4, 4], [1, 2])]), false),
            (json!([{ "events": [], "horizon": [[id(1), [[1, 1]]]] }]), false),
            (json!([{ "events": [[id(1), [[4, 4]]]], "horizon": [] }]), false),
        ] {
            let mut delta = delta.clone();
            delta["sweeps"] = sweeps;
            assert_eq!(from_value::<Delta<Counter>>(delta.clone()).is_ok(), is_sound, "{delta}");
        }
    }
}
