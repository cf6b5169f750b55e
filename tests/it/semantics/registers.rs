//! Registers. A transaction is at the time that its cell says.

use rejoin::causality::Ticks;
use rejoin::{
    Causal, Crdt, Lattice, Lww, LwwMap, LwwRegister, MvRegister, Newtype, ReplicaId, Stamp, Version, Writer,
};

use super::exchange::Subject;
use super::table::{Table, casts, list};

impl Subject for LwwRegister<char> {}

#[test]
fn mv_register() {
    let table = Table::<Causal<MvRegister<char>>> {
        words: &[
            ("nothing", &|_| ()),
            ("set(x)", &|register| register.set('x')),
            ("set(y)", &|register| register.set('y')),
            ("set(z)", &|register| register.set('z')),
            ("clear()", &|register| register.clear()),
        ],
        read: &|register| {
            let mut values: Vec<&char> = register.values().collect();
            values.sort_unstable();
            assert_eq!(register.is_conflicted(), values.len() > 1);
            assert_eq!(register.get().is_some(), values.len() == 1);
            list(values)
        },
    };
    table.pairs(
        "set(x)",
        "
        | one does        | another does    | at once | one first | another first |
        | nothing         | nothing         | x       |
        | nothing         | set(x)          | x       |
        | nothing         | set(y)          | y       |
        | nothing         | clear()         | -       |
        | nothing         | set(x), set(y)  | y       |
        | nothing         | clear(), set(z) | z       |
        | set(x)          | set(x)          | x       |
        | set(x)          | set(y)          | x y     | y         | x             |
        | set(x)          | clear()         | x       | -         | x             |
        | set(x)          | set(x), set(y)  | x y     | y         | x             |
        | set(x)          | clear(), set(z) | x z     | z         | x             |
        | set(y)          | set(y)          | y       |
        | set(y)          | clear()         | y       | -         | y             |
        | set(y)          | set(x), set(y)  | y       |
        | set(y)          | clear(), set(z) | y z     | z         | y             |
        | clear()         | clear()         | -       |
        | clear()         | set(x), set(y)  | y       | y         | -             |
        | clear()         | clear(), set(z) | z       | z         | -             |
        | set(x), set(y)  | set(x), set(y)  | y       |
        | set(x), set(y)  | clear(), set(z) | y z     | z         | y             |
        | clear(), set(z) | clear(), set(z) | z       |
        ",
    );
    table.pairs(
        "set(x) ∥ set(y)",
        "
        | one does | another does | at once | one first | another first |
        | nothing  | nothing      | x y     |
        | nothing  | set(x)       | x       |
        | nothing  | set(z)       | z       |
        | nothing  | clear()      | -       |
        | set(x)   | set(x)       | x       |
        | set(x)   | set(z)       | x z     | z         | x             |
        | set(x)   | clear()      | x       | -         | x             |
        | set(z)   | set(z)       | z       |
        | set(z)   | clear()      | z       | -         | z             |
        | clear()  | clear()      | -       |
        ",
    );
    table.triples(
        "set(x)",
        "
        | one does | another does | a third does | all read |
        | set(x)   | set(x)       | set(x)       | x        |
        | set(x)   | set(x)       | set(y)       | x y      |
        | set(x)   | set(x)       | set(z)       | x z      |
        | set(x)   | set(x)       | clear()      | x        |
        | set(x)   | set(y)       | set(y)       | x y      |
        | set(x)   | set(y)       | set(z)       | x y z    |
        | set(x)   | set(y)       | clear()      | x y      |
        | set(x)   | set(z)       | set(z)       | x z      |
        | set(x)   | set(z)       | clear()      | x z      |
        | set(x)   | clear()      | clear()      | x        |
        | set(y)   | set(y)       | set(y)       | y        |
        | set(y)   | set(y)       | set(z)       | y z      |
        | set(y)   | set(y)       | clear()      | y        |
        | set(y)   | set(z)       | set(z)       | y z      |
        | set(y)   | set(z)       | clear()      | y z      |
        | set(y)   | clear()      | clear()      | y        |
        | set(z)   | set(z)       | set(z)       | z        |
        | set(z)   | set(z)       | clear()      | z        |
        | set(z)   | clear()      | clear()      | z        |
        | clear()  | clear()      | clear()      | -        |
        ",
    );
    table.relays(
        "set(x)",
        "
        | one does | another then does | meanwhile, a third does | all read |
        | set(y)   | set(z)            | set(x)                  | x z      |
        | set(y)   | set(z)            | clear()                 | z        |
        | set(y)   | clear()           | set(z)                  | z        |
        | set(y)   | clear()           | clear()                 | -        |
        | clear()  | set(y)            | set(z)                  | y z      |
        | clear()  | set(y)            | clear()                 | y        |
        ",
    );
}

#[test]
fn lww() {
    let table = Table::<Causal<Lww<char>>> {
        words: &[
            ("nothing", &|_| ()),
            ("set(v)", &|register| register.set('v')),
            ("set(w)", &|register| register.set('w')),
            ("set(x)", &|register| register.set('x')),
            ("set(y)", &|register| register.set('y')),
            ("set(z)", &|register| register.set('z')),
            ("clear()", &|register| register.clear()),
        ],
        read: &|register| list(register.get()),
    };
    table.pairs(
        "set(w) at 1",
        "
        | one does             | another does         | at once | one first | another first |
        | nothing              | nothing              | w       |
        | nothing              | set(x) at 3          | x       |
        | nothing              | set(y) at 4          | y       |
        | nothing              | clear() at 9         | -       |
        | nothing              | clear(), set(z) at 2 | z       |
        | nothing              | set(x), set(v) at 3  | v       |
        | set(x) at 3          | set(x) at 3          | x       |
        | set(x) at 3          | set(y) at 4          | y       | y         | x             |
        | set(x) at 3          | clear() at 9         | x       | -         | x             |
        | set(x) at 3          | clear(), set(z) at 2 | x       | z         | x             |
        | set(x) at 3          | set(x), set(v) at 3  | v       | v         | x             |
        | set(y) at 4          | set(y) at 4          | y       |
        | set(y) at 4          | clear() at 9         | y       | -         | y             |
        | set(y) at 4          | clear(), set(z) at 2 | y       | z         | y             |
        | set(y) at 4          | set(x), set(v) at 3  | y       | v         | y             |
        | clear() at 9         | clear() at 9         | -       |
        | clear() at 9         | clear(), set(z) at 2 | z       | z         | -             |
        | clear() at 9         | set(x), set(v) at 3  | v       | v         | -             |
        | clear(), set(z) at 2 | clear(), set(z) at 2 | z       |
        | clear(), set(z) at 2 | set(x), set(v) at 3  | v       | v         | z             |
        | set(x), set(v) at 3  | set(x), set(v) at 3  | v       |
        ",
    );
    table.triples(
        "set(w) at 1",
        "
        | one does     | another does | a third does | all read |
        | set(x) at 3  | set(x) at 3  | set(x) at 3  | x        |
        | set(x) at 3  | set(x) at 3  | set(y) at 4  | y        |
        | set(x) at 3  | set(x) at 3  | set(z) at 2  | x        |
        | set(x) at 3  | set(x) at 3  | clear() at 9 | x        |
        | set(x) at 3  | set(y) at 4  | set(y) at 4  | y        |
        | set(x) at 3  | set(y) at 4  | set(z) at 2  | y        |
        | set(x) at 3  | set(y) at 4  | clear() at 9 | y        |
        | set(x) at 3  | set(z) at 2  | set(z) at 2  | x        |
        | set(x) at 3  | set(z) at 2  | clear() at 9 | x        |
        | set(x) at 3  | clear() at 9 | clear() at 9 | x        |
        | set(y) at 4  | set(y) at 4  | set(y) at 4  | y        |
        | set(y) at 4  | set(y) at 4  | set(z) at 2  | y        |
        | set(y) at 4  | set(y) at 4  | clear() at 9 | y        |
        | set(y) at 4  | set(z) at 2  | set(z) at 2  | y        |
        | set(y) at 4  | set(z) at 2  | clear() at 9 | y        |
        | set(y) at 4  | clear() at 9 | clear() at 9 | y        |
        | set(z) at 2  | set(z) at 2  | set(z) at 2  | z        |
        | set(z) at 2  | set(z) at 2  | clear() at 9 | z        |
        | set(z) at 2  | clear() at 9 | clear() at 9 | z        |
        | clear() at 9 | clear() at 9 | clear() at 9 | -        |
        ",
    );
    table.relays(
        "set(w) at 1",
        "
        | one does     | another then does | meanwhile, a third does | all read |
        | set(x) at 9  | set(y) at 3       | set(z) at 4             | y        |
        | set(x) at 3  | set(y) at 4       | set(z) at 9             | z        |
        | set(x) at 3  | set(y) at 4       | clear() at 9            | y        |
        | set(y) at 4  | clear() at 9      | set(x) at 3             | x        |
        | set(x) at 9  | clear() at 9      | set(z) at 4             | z        |
        | set(x) at 9  | clear() at 9      | clear() at 4            | -        |
        | clear() at 9 | set(y) at 3       | set(z) at 4             | z        |
        | clear() at 9 | set(y) at 3       | clear() at 4            | y        |
        ",
    );
}

#[test]
fn lww_register() {
    let table = Table::<LwwRegister<char>> {
        words: &[
            ("nothing", &|_| ()),
            ("set(v)", &|register| register.set('v').unwrap()),
            ("set(w)", &|register| register.set('w').unwrap()),
            ("set(x)", &|register| register.set('x').unwrap()),
            ("set(y)", &|register| register.set('y').unwrap()),
            ("set(z)", &|register| register.set('z').unwrap()),
        ],
        read: &|register| list(register.get()),
    };
    // A clock at 0 is slow, and yet what it writes is after what it has seen.
    table.pairs(
        "set(w) at 1",
        "
        | one does            | another does        | at once | one first | another first |
        | nothing             | nothing             | w       |
        | nothing             | set(x) at 3         | x       |
        | nothing             | set(y) at 4         | y       |
        | nothing             | set(z) at 0         | z       |
        | nothing             | set(x), set(v) at 3 | v       |
        | set(x) at 3         | set(x) at 3         | x       |
        | set(x) at 3         | set(y) at 4         | y       | y         | x             |
        | set(x) at 3         | set(z) at 0         | x       | z         | x             |
        | set(x) at 3         | set(x), set(v) at 3 | v       | v         | x             |
        | set(y) at 4         | set(y) at 4         | y       |
        | set(y) at 4         | set(z) at 0         | y       | z         | y             |
        | set(y) at 4         | set(x), set(v) at 3 | y       | v         | y             |
        | set(z) at 0         | set(z) at 0         | z       |
        | set(z) at 0         | set(x), set(v) at 3 | v       | v         | z             |
        | set(x), set(v) at 3 | set(x), set(v) at 3 | v       |
        ",
    );
    table.triples(
        "nothing",
        "
        | one does    | another does | a third does | all read |
        | set(x) at 3 | set(x) at 3  | set(x) at 3  | x        |
        | set(x) at 3 | set(x) at 3  | set(y) at 4  | y        |
        | set(x) at 3 | set(x) at 3  | set(z) at 0  | x        |
        | set(x) at 3 | set(y) at 4  | set(y) at 4  | y        |
        | set(x) at 3 | set(y) at 4  | set(z) at 0  | y        |
        | set(x) at 3 | set(z) at 0  | set(z) at 0  | x        |
        | set(y) at 4 | set(y) at 4  | set(y) at 4  | y        |
        | set(y) at 4 | set(y) at 4  | set(z) at 0  | y        |
        | set(y) at 4 | set(z) at 0  | set(z) at 0  | y        |
        | set(z) at 0 | set(z) at 0  | set(z) at 0  | z        |
        ",
    );
    table.relays(
        "set(w) at 1",
        "
        | one does            | another then does | meanwhile, a third does | all read |
        | set(x) at 9         | set(y) at 3       | set(z) at 4             | y        |
        | set(x) at 3         | set(y) at 4       | set(z) at 9             | z        |
        | set(x) at 999999999 | set(y) at 3       | set(z) at 4             | y        |
        ",
    );
}

/// At the same instant, the greater replica id wins.
#[test]
fn ties() {
    let causal = Table::<Causal<Lww<char>>> {
        words: &[
            ("nothing", &|_| ()),
            ("set(x)", &|register| register.set('x')),
            ("set(y)", &|register| register.set('y')),
            ("set(z)", &|register| register.set('z')),
        ],
        read: &|register| list(register.get()),
    };
    let plain = Table::<LwwRegister<char>> {
        words: &[
            ("nothing", &|_| ()),
            ("set(x)", &|register| register.set('x').unwrap()),
            ("set(y)", &|register| register.set('y').unwrap()),
            ("set(z)", &|register| register.set('z').unwrap()),
        ],
        read: &|register| list(register.get()),
    };
    for cast in (0..3).flat_map(|turn| casts(2, 1, turn)) {
        let (_, winner) = (cast[0], 'x').max((cast[1], 'y'));
        let rows = format!(
            "
            | one does    | another does | at once  | one first | another first |
            | set(x) at 3 | set(x) at 3  | x        |
            | set(x) at 3 | set(y) at 3  | {winner} | y         | x             |
            | set(y) at 3 | set(y) at 3  | y        |
            "
        );
        causal.pairs_as(&cast, "set(z) at 1", &rows);
        plain.pairs_as(&cast, "set(z) at 1", &rows);
    }
    for cast in casts(3, 1, 0) {
        let winner = |values: &str| cast.iter().zip(values.chars()).max().unwrap().1;
        let rows = [
            ("set(x)", "set(x)", "set(x)", 'x'),
            ("set(x)", "set(x)", "set(y)", winner("xxy")),
            ("set(x)", "set(x)", "set(z)", winner("xxz")),
            ("set(x)", "set(y)", "set(y)", winner("xyy")),
            ("set(x)", "set(y)", "set(z)", winner("xyz")),
            ("set(x)", "set(z)", "set(z)", winner("xzz")),
            ("set(y)", "set(y)", "set(y)", 'y'),
            ("set(y)", "set(y)", "set(z)", winner("yyz")),
            ("set(y)", "set(z)", "set(z)", winner("yzz")),
            ("set(z)", "set(z)", "set(z)", 'z'),
        ];
        let rows = rows.map(|(one, another, third, all)| {
            format!("| {one} at 3 | {another} at 3 | {third} at 3 | {all} |")
        });
        let rows = format!("| one does | another does | a third does | all read |\n{}", rows.join("\n"));
        causal.triples_as(&cast, "nothing", &rows);
        plain.triples_as(&cast, "nothing", &rows);
    }
}

/// Of two values under one stamp, which only a mistake can bring about, the greater wins.
#[test]
fn one_stamp_twice() {
    let stamp = Stamp::new(Ticks::at_millis(3), ReplicaId::from_u128(1));
    for (mine, theirs) in [('x', 'y'), ('y', 'x')] {
        let mut register = LwwRegister::written(stamp, mine);
        register.join(LwwRegister::written(stamp, theirs));
        assert_eq!(register.get(), Some(&'y'));
    }
}

/// When what is under a key was written.
fn time(map: &Causal<LwwMap<char, u8>>, key: char) -> Ticks {
    let mut facts = map.facts(|map| Some(map.inner().get(&key)?.inner()));
    facts.next().map(|(_, (time, _))| *time).unwrap()
}

#[test]
fn a_transaction_is_one_moment() {
    let mut map = Writer::<Causal<LwwMap<char, u8>>>::with_id(ReplicaId::from_u128(1));
    map.edit_at(1_000, |map| map.extend([('a', 1), ('b', 2), ('c', 3)]));
    assert_eq!([time(&map, 'a'), time(&map, 'b'), time(&map, 'c')], [Ticks::at_millis(1_000); 3]);
    let before = time(&map, 'a');

    // The next one is later, though no time has passed; and what is replaced within one is earlier.
    map.edit_at(1_000, |map| map.extend([('a', 4), ('b', 5), ('b', 6), ('c', 7)]));
    assert!(before < time(&map, 'a') && time(&map, 'a') < time(&map, 'b'));
    assert_eq!(time(&map, 'b'), time(&map, 'c'));

    // Written, removed and written: whoever has not heard of the removal reads what was written last.
    let delta = map.edit_at(2_000, |map| {
        map.insert('d', 8);
        map.remove(&'d');
        map.insert('d', 9);
    });
    let removal: Version = delta.events().dots().skip(1).take(1).collect();
    let mut other = Causal::<LwwMap<char, u8>>::default();
    other.apply(delta.without(&removal));
    assert_eq!(other.facts(|map| Some(map.inner().get(&'d')?.inner())).count(), 2);
    assert_eq!(other.get(&'d'), Some(&9));
}

#[test]
fn one_value_from_the_far_future_does_not_take_the_others_there() {
    let mut fast = Writer::<Causal<LwwMap<char, u8>>>::with_id(ReplicaId::from_u128(1));
    let mut map = Writer::<Causal<LwwMap<char, u8>>>::with_id(ReplicaId::from_u128(2));
    map.apply(fast.edit_at(1_000_000_000, |map| map.insert('b', 1)));
    map.edit_at(1_000, |map| map.extend([('a', 2), ('b', 3), ('c', 4)]));
    assert_eq!((map.get(&'b'), time(&map, 'b').millis()), (Some(&3), 1_000_000_000));
    assert_eq!([time(&map, 'a'), time(&map, 'c')], [Ticks::at_millis(1_000); 2]);
}
