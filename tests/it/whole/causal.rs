//! Causal states: random transactions that fail at a random point, or panic at every point.

use rejoin::{
    Causal, Codec, Counter, Delta, DwFlag, EditError, EwFlag, Lww, LwwMap, Map, MvRegister, OrSet, ReplicaId,
    RwSet, Version, Writer, record,
};

use super::key::{Key, Numbers, calls_of, panicking};

record! {
    #[derive(Debug, PartialEq, Codec)]
    struct Card {
        title: Lww<Key>,
        tags: OrSet<Key>,
        votes: Counter,
        cards: Map<Key, Card>,
    }

    #[derive(Debug, PartialEq, Codec)]
    struct Board {
        cards: Map<Key, Card>,
        barred: RwSet<Key>,
        names: LwwMap<Key, Key>,
        rows: Map<Key, Map<Key, MvRegister<Key>>>,
        open: DwFlag,
        seen: EwFlag,
        visits: Counter,
        marks: OrSet<Key>,
    }
}

type Edit<'a> = <Board as rejoin::store::Editable>::Edit<'a>;

/// One write, somewhere; keys of `0..keys`.
fn write(board: &mut Edit<'_>, numbers: &mut Numbers, keys: u8) {
    let [a, b] = [numbers.byte(keys), numbers.byte(keys)];
    let [a, b, c] = [Key(a), Key(b), Key(numbers.byte(keys))];
    match numbers.below(24) {
        0 => board.cards.entry(a).title.set(b),
        1 => board.cards.entry(a).tags.insert(b),
        2 => board.cards.entry(a).tags.remove(&b),
        3 => board.cards.entry(a).votes.add(1),
        4 => board.cards.entry(a).cards.entry(b).tags.insert(c),
        5 => board.cards.entry(a).cards.remove(&b),
        6 => board.cards.remove(&a),
        7 => board.barred.insert(a),
        8 => board.barred.remove(a),
        9 => board.barred.clear(),
        10 => board.names.insert(a, b),
        11 => board.names.remove(&a),
        12 => board.names.clear(),
        13 => board.rows.entry(a).entry(b).set(c),
        14 => board.rows.entry(a).remove(&b),
        15 => board.rows.clear(),
        16 => board.open.enable(),
        17 => board.open.disable(),
        18 if a.0 % 2 == 0 => board.seen.enable(),
        18 => board.seen.disable(),
        19 => board.visits.add(3),
        20 => board.visits.reset(),
        21 => board.marks.extend((0..keys).map(Key)),
        22 if a.0 % 4 == 0 => board.cards.clear(),
        22 => board.cards.entry(a).cards.clear(),
        _ => board.marks.remove(&a),
    }
}

fn write_all(board: &mut Edit<'_>, seed: u64, size: u64, keys: u8) {
    let mut numbers = Numbers(seed);
    (0..size).for_each(|_| write(board, &mut numbers, keys));
}

type Writing = Writer<Causal<Board>>;

fn writers() -> [Writing; 2] {
    [1, 2].map(|n| Writer::with_id(ReplicaId::from_u128(n)))
}

/// All that there is of a state, its names included.
fn all_of(writer: &Writing) -> (Causal<Board>, Vec<u8>, String) {
    let state = writer.state();
    (state.clone(), state.encode(), format!("{:?} {:?}", state.names(), writer.identity()))
}

/// Two replicas that write and meet. Those that `fail` try each transaction first in ways that fail.
fn history(seed: u64, keys: u8, mut fail: impl FnMut(&mut Writing, u64, u64, u64)) -> Vec<Delta<Board>> {
    let (mut numbers, mut writers, mut deltas) = (Numbers(seed), writers(), Vec::new());
    for now in 0..12 {
        let (who, transaction, size) = (numbers.below(2), numbers.below(1 << 40), 1 + numbers.below(5));
        let [a, b] = &mut writers;
        let (writer, other) = if who == 0 { (a, b) } else { (b, a) };
        fail(writer, now, transaction, size);
        let delta = writer.edit_at(now, |board| write_all(board, transaction, size, keys));
        match numbers.below(4) {
            0 => {
                other.apply(delta.clone());
            }
            1 => {
                other.join_ref(writer.state());
                writer.join_ref(other.state());
                // Both have all, so all of it is stable.
                let all: Version = writer.version().clone();
                assert_eq!(writer.settle(&all), other.settle(&all));
            }
            _ => {}
        }
        deltas.push(delta);
    }
    deltas
}

#[test]
fn a_transaction_that_fails_leaves_nothing() {
    for seed in 0..300 {
        let mut ends = Numbers(seed + 1_000);
        let with = history(seed, 6, |writer, now, transaction, size| {
            let before = all_of(writer);
            let fails_after = ends.below(size + 1);
            let failed = writer.try_edit_at(now, |board| {
                write_all(board, transaction, fails_after, 6);
                Err("no")
            });
            assert_eq!(failed, Err(EditError::Failed("no")));
            assert_eq!(all_of(writer), before);
        });
        assert_eq!(with, history(seed, 6, |_, _, _, _| {}), "as if it had not been");
    }
}

/// Panics at every call of a key's own code, one after the other, until there are no more and it succeeds.
fn panics_everywhere(writer: &mut Writing, now: u64, keys: u8, transaction: u64, size: u64) -> u64 {
    let before = all_of(writer);
    for at in 1.. {
        let write = || writer.edit_at(now, |board| write_all(board, transaction, size, keys));
        if panicking(at, 1, write).is_some() {
            return at - 1;
        }
        assert_eq!(writer.state(), &before.0, "at call {at}");
        if at % 50 == 0 {
            assert_eq!(all_of(writer), before, "at call {at}");
        }
    }
    unreachable!("it ends")
}

#[test]
fn a_transaction_that_panics_anywhere_leaves_nothing() {
    let mut panics = 0;
    for (seed, keys) in (0..40).map(|seed| (seed, 6)).chain([(100, 80), (101, 120)]) {
        let (mut numbers, mut writers) = (Numbers(seed), writers());
        let mut twins = self::writers();
        for now in 0..6 {
            let who = usize::try_from(numbers.below(2)).unwrap();
            let (transaction, size) = (numbers.below(1 << 40), 1 + numbers.below(5));
            panics += panics_everywhere(&mut writers[who], now, keys, transaction, size);
            twins[who].edit_at(now, |board| write_all(board, transaction, size, keys));
            assert_eq!(all_of(&writers[who]), all_of(&twins[who]), "as if nothing had failed");
            if numbers.below(2) == 0 {
                for [a, b] in [&mut writers, &mut twins] {
                    a.join_ref(b.state());
                    b.join_ref(a.state());
                }
            }
        }
    }
    assert!(panics > 5_000, "{panics}");
}

/// Many keys in any order: a change becomes a tree, and a row again.
#[test]
fn a_large_transaction_that_panics_anywhere_leaves_nothing() {
    let work = |board: &mut Edit<'_>| {
        for n in (0..60).rev() {
            board.cards.entry(Key(n)).votes.add(1);
        }
        for n in 0..60 {
            board.cards.entry(Key(n)).votes.add(1);
            board.cards.remove(&Key(59 - n));
        }
        board.marks.remove(&Key(7));
        board.marks.remove(&Key(3));
        board.marks.extend((0..60).map(Key));
        board.marks.clear();
        board.cards.clear();
    };
    let mut writer = Writing::with_id(ReplicaId::from_u128(1));
    writer.edit_at(0, |board| {
        (0..60).for_each(|n| board.cards.entry(Key(n)).title.set(Key(n)));
        board.marks.extend((0..9).map(Key));
    });
    let before = all_of(&writer);
    let (_, calls) = calls_of(|| {
        writer.try_edit_at(1, |board| {
            work(board);
            Err::<(), ()>(())
        })
    });
    for at in (1..calls).step_by(7) {
        assert!(panicking(at, 1, || writer.edit_at(1, work)).is_none(), "at call {at} of {calls}");
        assert_eq!(writer.state(), &before.0, "at call {at} of {calls}");
    }
    assert_eq!(all_of(&writer), before);
}

/// A panic in a panic ends the process. But a transaction that fails without one can meet one when it is undone.
#[test]
fn what_cannot_be_undone_stays_as_events() {
    let work = |board: &mut Edit<'_>| {
        for n in 0..4 {
            board.marks.insert(Key(n));
            board.cards.remove(&Key(n));
        }
        Err::<(), &str>("no")
    };
    let begun = || {
        let mut writer = Writing::with_id(ReplicaId::from_u128(1));
        writer.edit_at(0, |board| (0..6).for_each(|n| board.cards.entry(Key(n)).votes.add(1)));
        writer
    };
    let mut whole = begun();
    let (failed, calls) = calls_of(|| whole.try_edit_at(1, work));
    assert!(failed.is_err());
    let mut left = 0;
    for at in 1..=calls {
        let mut writer = begun();
        let before = writer.state().clone();
        let failed = panicking(at, 1, || writer.try_edit_at(1, work));
        assert!(failed.is_none(), "at call {at} of {calls}");
        let was_undone = writer.state() == &before;
        left += u32::from(!was_undone);
        assert_eq!(writer.version() == before.version(), was_undone, "what is left has its events");
        // The state is like any other: it can be saved and joined, and the writer goes on.
        let bytes = writer.state().encode();
        assert_eq!(Causal::decode(&bytes).as_ref(), Ok(writer.state()));
        let mut peer = Writing::with_id(ReplicaId::from_u128(2));
        peer.join_ref(&before);
        peer.join_ref(writer.state());
        let next = writer.edit_at(2, |board| board.visits.add(1));
        peer.apply(next);
        assert_eq!(peer.state(), writer.state());
        assert_eq!(writer.renewed(), None);
    }
    assert!(left > 0, "some cannot be undone");
}
