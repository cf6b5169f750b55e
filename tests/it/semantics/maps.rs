//! Maps: `x:5` is a count of 5 under the key `x`; `x{a b}` is what is in the set or the map under `x`. A key
//! that is not there is not present.

use rejoin::{Causal, Counter, DwFlag, LwwMap, Map, RwSet};

use super::table::{Table, list};

#[test]
#[allow(clippy::too_many_lines, reason = "it is tables")]
fn map_of_counters() {
    let table = Table::<Causal<Map<char, Counter>>> {
        words: &[
            ("nothing", &|_| ()),
            ("x+5", &|map| map.entry('x').add(5)),
            ("x+1", &|map| map.entry('x').add(1)),
            ("x-1", &|map| map.entry('x').add(-1)),
            ("y+1", &|map| map.entry('y').add(1)),
            ("entry(y)", &|map| _ = map.entry('y')),
            ("remove(x)", &|map| map.remove(&'x')),
            ("remove(y)", &|map| map.remove(&'y')),
            ("clear()", &|map| map.clear()),
        ],
        read: &|map| {
            assert_eq!(map.len(), map.keys().filter(|key| map.contains_key(key)).count());
            list(map.iter().map(|(key, count)| format!("{key}:{}", count.get())))
        },
    };
    table.pairs(
        "x+5",
        "
        | one does       | another does   | at once | one first | another first |
        | x+1            | x+1            | x:7     |
        | x+1            | y+1            | x:6 y:1 |
        | x+1            | entry(y)       | x:6     |
        | x+1            | remove(x)      | x:1     | -         | x:1           |
        | x+1            | remove(y)      | x:6     |
        | x+1            | clear()        | x:1     | -         | x:1           |
        | x+1            | remove(x), x+1 | x:2     | x:1       | x:2           |
        | y+1            | y+1            | x:5 y:2 |
        | y+1            | entry(y)       | x:5 y:1 |
        | y+1            | remove(x)      | y:1     |
        | y+1            | remove(y)      | x:5 y:1 | x:5       | x:5 y:1       |
        | y+1            | clear()        | y:1     | -         | y:1           |
        | y+1            | remove(x), x+1 | x:1 y:1 |
        | entry(y)       | entry(y)       | x:5     |
        | entry(y)       | remove(x)      | -       |
        | entry(y)       | remove(y)      | x:5     |
        | entry(y)       | clear()        | -       |
        | entry(y)       | remove(x), x+1 | x:1     |
        | remove(x)      | remove(x)      | -       |
        | remove(x)      | remove(y)      | -       |
        | remove(x)      | clear()        | -       |
        | remove(x)      | remove(x), x+1 | x:1     | x:1       | -             |
        | remove(y)      | remove(y)      | x:5     |
        | remove(y)      | clear()        | -       |
        | remove(y)      | remove(x), x+1 | x:1     |
        | clear()        | clear()        | -       |
        | clear()        | remove(x), x+1 | x:1     | x:1       | -             |
        | remove(x), x+1 | remove(x), x+1 | x:2     | x:1       | x:1           |
        ",
    );
    // A key is present as long as something is written under it, be it that it comes to 0.
    table.pairs(
        "nothing",
        "
        | one does       | another does   | at once | one first | another first |
        | x+1            | x+1            | x:2     |
        | x+1            | x-1            | x:0     |
        | x+1            | remove(x)      | x:1     | -         | x:1           |
        | x+1            | x+1; remove(x) | x:1     | -         | x:1           |
        | x-1            | x-1            | x:-2    |
        | x-1            | remove(x)      | x:-1    | -         | x:-1          |
        | x-1            | x+1; remove(x) | x:-1    | -         | x:-1          |
        | remove(x)      | remove(x)      | -       |
        | remove(x)      | x+1; remove(x) | -       |
        | x+1; remove(x) | x+1; remove(x) | -       |
        ",
    );
    table.triples(
        "x+5",
        "
        | one does  | another does | a third does | all read |
        | x+1       | x+1          | x+1          | x:8      |
        | x+1       | x+1          | y+1          | x:7 y:1  |
        | x+1       | x+1          | remove(x)    | x:2      |
        | x+1       | x+1          | clear()      | x:2      |
        | x+1       | y+1          | y+1          | x:6 y:2  |
        | x+1       | y+1          | remove(x)    | x:1 y:1  |
        | x+1       | y+1          | clear()      | x:1 y:1  |
        | x+1       | remove(x)    | remove(x)    | x:1      |
        | x+1       | remove(x)    | clear()      | x:1      |
        | x+1       | clear()      | clear()      | x:1      |
        | y+1       | y+1          | y+1          | x:5 y:3  |
        | y+1       | y+1          | remove(x)    | y:2      |
        | y+1       | y+1          | clear()      | y:2      |
        | y+1       | remove(x)    | remove(x)    | y:1      |
        | y+1       | remove(x)    | clear()      | y:1      |
        | y+1       | clear()      | clear()      | y:1      |
        | remove(x) | remove(x)    | remove(x)    | -        |
        | remove(x) | remove(x)    | clear()      | -        |
        | remove(x) | clear()      | clear()      | -        |
        | clear()   | clear()      | clear()      | -        |
        ",
    );
    table.relays(
        "x+5",
        "
        | one does  | another then does | meanwhile, a third does | all read |
        | x+1       | remove(x)         | x+1                     | x:1      |
        | x+1       | remove(x)         | remove(x)               | -        |
        | remove(x) | x+1               | x+1                     | x:2      |
        | remove(x) | x+1               | remove(x)               | x:1      |
        | clear()   | x+1               | clear()                 | x:1      |
        | y+1       | clear()           | y+1                     | y:1      |
        | y+1       | remove(y)         | clear()                 | -        |
        ",
    );
}

/// Facts that only record removals do not make a key present.
#[test]
fn map_of_sets_in_which_removing_wins() {
    let table = Table::<Causal<Map<char, RwSet<char>>>> {
        words: &[
            ("nothing", &|_| ()),
            ("x.insert(a)", &|map| map.entry('x').insert('a')),
            ("x.insert(b)", &|map| map.entry('x').insert('b')),
            ("x.remove(a)", &|map| map.entry('x').remove('a')),
            ("x.remove(b)", &|map| map.entry('x').remove('b')),
            ("x.reset()", &|map| map.entry('x').reset()),
            ("remove(x)", &|map| map.remove(&'x')),
        ],
        read: &|map| list(map.iter().map(|(key, set)| format!("{key}{{{}}}", list(set.iter())))),
    };
    table.pairs(
        "x.insert(a)",
        "
        | one does               | another does           | at once | one first | another first |
        | x.insert(a)            | x.insert(a)            | x{a}    |
        | x.insert(a)            | x.insert(b)            | x{a b}  |
        | x.insert(a)            | x.remove(a)            | -       | -         | x{a}          |
        | x.insert(a)            | x.remove(b)            | x{a}    |
        | x.insert(a)            | x.reset()              | x{a}    | -         | x{a}          |
        | x.insert(a)            | remove(x)              | x{a}    | -         | x{a}          |
        | x.insert(a)            | remove(x), x.insert(a) | x{a}    |
        | x.insert(b)            | x.insert(b)            | x{a b}  |
        | x.insert(b)            | x.remove(a)            | x{b}    |
        | x.insert(b)            | x.remove(b)            | x{a}    | x{a}      | x{a b}        |
        | x.insert(b)            | x.reset()              | x{b}    | -         | x{b}          |
        | x.insert(b)            | remove(x)              | x{b}    | -         | x{b}          |
        | x.insert(b)            | remove(x), x.insert(a) | x{a b}  | x{a}      | x{a b}        |
        | x.remove(a)            | x.remove(a)            | -       |
        | x.remove(a)            | x.remove(b)            | -       |
        | x.remove(a)            | x.reset()              | -       |
        | x.remove(a)            | remove(x)              | -       |
        | x.remove(a)            | remove(x), x.insert(a) | -       | x{a}      | -             |
        | x.remove(b)            | x.remove(b)            | x{a}    |
        | x.remove(b)            | x.reset()              | -       |
        | x.remove(b)            | remove(x)              | -       |
        | x.remove(b)            | remove(x), x.insert(a) | x{a}    |
        | x.reset()              | x.reset()              | -       |
        | x.reset()              | remove(x)              | -       |
        | x.reset()              | remove(x), x.insert(a) | x{a}    | x{a}      | -             |
        | remove(x)              | remove(x)              | -       |
        | remove(x)              | remove(x), x.insert(a) | x{a}    | x{a}      | -             |
        | remove(x), x.insert(a) | remove(x), x.insert(a) | x{a}    |
        ",
    );
    table.pairs(
        "x.insert(a) ∥ x.remove(a)",
        "
        | one does    | another does | at once | one first | another first |
        | nothing     | nothing      | -       |
        | nothing     | x.insert(a)  | x{a}    |
        | nothing     | remove(x)    | -       |
        | x.insert(a) | x.insert(a)  | x{a}    |
        | x.insert(a) | remove(x)    | x{a}    | -         | x{a}          |
        | remove(x)   | remove(x)    | -       |
        ",
    );
    table.triples(
        "nothing",
        "
        | one does    | another does | a third does | all read |
        | x.insert(a) | x.insert(a)  | x.insert(a)  | x{a}     |
        | x.insert(a) | x.insert(a)  | x.remove(a)  | -        |
        | x.insert(a) | x.insert(a)  | remove(x)    | x{a}     |
        | x.insert(a) | x.remove(a)  | x.remove(a)  | -        |
        | x.insert(a) | x.remove(a)  | remove(x)    | -        |
        | x.insert(a) | remove(x)    | remove(x)    | x{a}     |
        | x.remove(a) | x.remove(a)  | x.remove(a)  | -        |
        | x.remove(a) | x.remove(a)  | remove(x)    | -        |
        | x.remove(a) | remove(x)    | remove(x)    | -        |
        | remove(x)   | remove(x)    | remove(x)    | -        |
        ",
    );
    table.relays(
        "x.insert(a)",
        "
        | one does    | another then does | meanwhile, a third does | all read |
        | x.remove(a) | remove(x)         | x.insert(a)             | x{a}     |
        | x.remove(a) | x.insert(a)       | remove(x)               | x{a}     |
        | x.remove(a) | x.insert(a)       | x.remove(a)             | -        |
        | remove(x)   | x.remove(a)       | x.insert(a)             | -        |
        | remove(x)   | x.insert(a)       | x.remove(a)             | -        |
        | remove(x)   | x.insert(b)       | x.insert(a)             | x{a b}   |
        ",
    );
}

#[test]
fn map_of_flags_in_which_disabling_wins() {
    let table = Table::<Causal<Map<char, DwFlag>>> {
        words: &[
            ("x.enable()", &|map| map.entry('x').enable()),
            ("x.disable()", &|map| map.entry('x').disable()),
            ("x.reset()", &|map| map.entry('x').reset()),
            ("remove(x)", &|map| map.remove(&'x')),
        ],
        read: &|map| {
            assert!(map.values().all(DwFlag::is_enabled));
            list(map.keys())
        },
    };
    table.pairs(
        "x.enable()",
        "
        | one does    | another does | at once | one first | another first |
        | x.enable()  | x.enable()   | x       |
        | x.enable()  | x.disable()  | -       | -         | x             |
        | x.enable()  | x.reset()    | x       | -         | x             |
        | x.enable()  | remove(x)    | x       | -         | x             |
        | x.disable() | x.disable()  | -       |
        | x.disable() | x.reset()    | -       |
        | x.disable() | remove(x)    | -       |
        | x.reset()   | x.reset()    | -       |
        | x.reset()   | remove(x)    | -       |
        | remove(x)   | remove(x)    | -       |
        ",
    );
}

#[test]
fn map_of_maps() {
    let table = Table::<Causal<Map<char, Map<char, Counter>>>> {
        words: &[
            ("xa+5", &|map| map.entry('x').entry('a').add(5)),
            ("xb+5", &|map| map.entry('x').entry('b').add(5)),
            ("xa+1", &|map| map.entry('x').entry('a').add(1)),
            ("ya+1", &|map| map.entry('y').entry('a').add(1)),
            ("entry(yb)", &|map| _ = map.entry('y').entry('b')),
            ("x.remove(a)", &|map| map.entry('x').remove(&'a')),
            ("x.clear()", &|map| map.entry('x').clear()),
            ("remove(x)", &|map| map.remove(&'x')),
            ("clear()", &|map| map.clear()),
        ],
        read: &|map| {
            let counts =
                |map: &Map<char, Counter>| list(map.iter().map(|(key, n)| format!("{key}:{}", n.get())));
            list(map.iter().map(|(key, inner)| format!("{key}{{{}}}", counts(inner))))
        },
    };
    table.pairs(
        "xa+5, xb+5",
        "
        | one does        | another does    | at once           | one first | another first |
        | xa+1            | xa+1            | x{a:7 b:5}        |
        | xa+1            | ya+1            | x{a:6 b:5} y{a:1} |
        | xa+1            | entry(yb)       | x{a:6 b:5}        |
        | xa+1            | x.remove(a)     | x{a:1 b:5}        | x{b:5}    | x{a:1 b:5}    |
        | xa+1            | x.clear()       | x{a:1}            | -         | x{a:1}        |
        | xa+1            | remove(x)       | x{a:1}            | -         | x{a:1}        |
        | xa+1            | clear()         | x{a:1}            | -         | x{a:1}        |
        | xa+1            | remove(x), xa+1 | x{a:2}            | x{a:1}    | x{a:2}        |
        | ya+1            | ya+1            | x{a:5 b:5} y{a:2} |
        | ya+1            | entry(yb)       | x{a:5 b:5} y{a:1} |
        | ya+1            | x.remove(a)     | x{b:5} y{a:1}     |
        | ya+1            | x.clear()       | y{a:1}            |
        | ya+1            | remove(x)       | y{a:1}            |
        | ya+1            | clear()         | y{a:1}            | -         | y{a:1}        |
        | ya+1            | remove(x), xa+1 | x{a:1} y{a:1}     |
        | entry(yb)       | entry(yb)       | x{a:5 b:5}        |
        | entry(yb)       | x.remove(a)     | x{b:5}            |
        | entry(yb)       | x.clear()       | -                 |
        | entry(yb)       | remove(x)       | -                 |
        | entry(yb)       | clear()         | -                 |
        | entry(yb)       | remove(x), xa+1 | x{a:1}            |
        | x.remove(a)     | x.remove(a)     | x{b:5}            |
        | x.remove(a)     | x.clear()       | -                 |
        | x.remove(a)     | remove(x)       | -                 |
        | x.remove(a)     | clear()         | -                 |
        | x.remove(a)     | remove(x), xa+1 | x{a:1}            | x{a:1}    | -             |
        | x.clear()       | x.clear()       | -                 |
        | x.clear()       | remove(x)       | -                 |
        | x.clear()       | clear()         | -                 |
        | x.clear()       | remove(x), xa+1 | x{a:1}            | x{a:1}    | -             |
        | remove(x)       | remove(x)       | -                 |
        | remove(x)       | clear()         | -                 |
        | remove(x)       | remove(x), xa+1 | x{a:1}            | x{a:1}    | -             |
        | clear()         | clear()         | -                 |
        | clear()         | remove(x), xa+1 | x{a:1}            | x{a:1}    | -             |
        | remove(x), xa+1 | remove(x), xa+1 | x{a:2}            | x{a:1}    | x{a:1}        |
        ",
    );
    table.triples(
        "xa+5, xb+5",
        "
        | one does    | another does | a third does | all read          |
        | xa+1        | xa+1         | xa+1         | x{a:8 b:5}        |
        | xa+1        | xa+1         | ya+1         | x{a:7 b:5} y{a:1} |
        | xa+1        | xa+1         | x.remove(a)  | x{a:2 b:5}        |
        | xa+1        | xa+1         | remove(x)    | x{a:2}            |
        | xa+1        | ya+1         | ya+1         | x{a:6 b:5} y{a:2} |
        | xa+1        | ya+1         | x.remove(a)  | x{a:1 b:5} y{a:1} |
        | xa+1        | ya+1         | remove(x)    | x{a:1} y{a:1}     |
        | xa+1        | x.remove(a)  | x.remove(a)  | x{a:1 b:5}        |
        | xa+1        | x.remove(a)  | remove(x)    | x{a:1}            |
        | xa+1        | remove(x)    | remove(x)    | x{a:1}            |
        | ya+1        | ya+1         | ya+1         | x{a:5 b:5} y{a:3} |
        | ya+1        | ya+1         | x.remove(a)  | x{b:5} y{a:2}     |
        | ya+1        | ya+1         | remove(x)    | y{a:2}            |
        | ya+1        | x.remove(a)  | x.remove(a)  | x{b:5} y{a:1}     |
        | ya+1        | x.remove(a)  | remove(x)    | y{a:1}            |
        | ya+1        | remove(x)    | remove(x)    | y{a:1}            |
        | x.remove(a) | x.remove(a)  | x.remove(a)  | x{b:5}            |
        | x.remove(a) | x.remove(a)  | remove(x)    | -                 |
        | x.remove(a) | remove(x)    | remove(x)    | -                 |
        | remove(x)   | remove(x)    | remove(x)    | -                 |
        ",
    );
    table.relays(
        "xa+5, xb+5",
        "
        | one does    | another then does | meanwhile, a third does | all read |
        | xa+1        | remove(x)         | xa+1                    | x{a:1}   |
        | xa+1        | x.remove(a)       | remove(x)               | -        |
        | remove(x)   | xa+1              | xa+1                    | x{a:2}   |
        | remove(x)   | xa+1              | remove(x)               | x{a:1}   |
        | x.remove(a) | xa+1              | remove(x)               | x{a:1}   |
        | x.clear()   | xa+1              | clear()                 | x{a:1}   |
        | xa+1        | clear()           | ya+1                    | y{a:1}   |
        ",
    );
}

#[test]
fn lww_map() {
    let table = Table::<Causal<LwwMap<char, char>>> {
        words: &[
            ("insert(x,a)", &|map| map.insert('x', 'a')),
            ("insert(x,b)", &|map| map.insert('x', 'b')),
            ("insert(x,c)", &|map| map.insert('x', 'c')),
            ("insert(x,e)", &|map| map.insert('x', 'e')),
            ("insert(y,d)", &|map| map.insert('y', 'd')),
            ("remove(x)", &|map| map.remove(&'x')),
            ("remove(y)", &|map| map.remove(&'y')),
            ("clear()", &|map| map.clear()),
        ],
        read: &|map| {
            assert_eq!(map.len(), map.iter().count());
            list(map.iter().map(|(key, value)| format!("{key}:{value}")))
        },
    };
    table.pairs(
        "insert(x,a) at 1",
        "
        | one does                    | another does                | at once | one first | another first |
        | insert(x,b) at 3            | insert(x,b) at 3            | x:b     |
        | insert(x,b) at 3            | insert(x,c) at 4            | x:c     | x:c       | x:b           |
        | insert(x,b) at 3            | insert(y,d) at 2            | x:b y:d |
        | insert(x,b) at 3            | remove(x) at 9              | x:b     | -         | x:b           |
        | insert(x,b) at 3            | remove(y) at 9              | x:b     |
        | insert(x,b) at 3            | clear() at 9                | x:b     | -         | x:b           |
        | insert(x,b) at 3            | remove(x), insert(x,e) at 2 | x:b     | x:e       | x:b           |
        | insert(x,c) at 4            | insert(x,c) at 4            | x:c     |
        | insert(x,c) at 4            | insert(y,d) at 2            | x:c y:d |
        | insert(x,c) at 4            | remove(x) at 9              | x:c     | -         | x:c           |
        | insert(x,c) at 4            | remove(y) at 9              | x:c     |
        | insert(x,c) at 4            | clear() at 9                | x:c     | -         | x:c           |
        | insert(x,c) at 4            | remove(x), insert(x,e) at 2 | x:c     | x:e       | x:c           |
        | insert(y,d) at 2            | insert(y,d) at 2            | x:a y:d |
        | insert(y,d) at 2            | remove(x) at 9              | y:d     |
        | insert(y,d) at 2            | remove(y) at 9              | x:a y:d | x:a       | x:a y:d       |
        | insert(y,d) at 2            | clear() at 9                | y:d     | -         | y:d           |
        | insert(y,d) at 2            | remove(x), insert(x,e) at 2 | x:e y:d |
        | remove(x) at 9              | remove(x) at 9              | -       |
        | remove(x) at 9              | remove(y) at 9              | -       |
        | remove(x) at 9              | clear() at 9                | -       |
        | remove(x) at 9              | remove(x), insert(x,e) at 2 | x:e     | x:e       | -             |
        | remove(y) at 9              | remove(y) at 9              | x:a     |
        | remove(y) at 9              | clear() at 9                | -       |
        | remove(y) at 9              | remove(x), insert(x,e) at 2 | x:e     |
        | clear() at 9                | clear() at 9                | -       |
        | clear() at 9                | remove(x), insert(x,e) at 2 | x:e     | x:e       | -             |
        | remove(x), insert(x,e) at 2 | remove(x), insert(x,e) at 2 | x:e     |
        ",
    );
    table.triples(
        "insert(x,a) at 1",
        "
        | one does         | another does     | a third does     | all read |
        | insert(x,b) at 3 | insert(x,b) at 3 | insert(x,b) at 3 | x:b      |
        | insert(x,b) at 3 | insert(x,b) at 3 | insert(x,c) at 4 | x:c      |
        | insert(x,b) at 3 | insert(x,b) at 3 | remove(x) at 9   | x:b      |
        | insert(x,b) at 3 | insert(x,b) at 3 | clear() at 9     | x:b      |
        | insert(x,b) at 3 | insert(x,c) at 4 | insert(x,c) at 4 | x:c      |
        | insert(x,b) at 3 | insert(x,c) at 4 | remove(x) at 9   | x:c      |
        | insert(x,b) at 3 | insert(x,c) at 4 | clear() at 9     | x:c      |
        | insert(x,b) at 3 | remove(x) at 9   | remove(x) at 9   | x:b      |
        | insert(x,b) at 3 | remove(x) at 9   | clear() at 9     | x:b      |
        | insert(x,b) at 3 | clear() at 9     | clear() at 9     | x:b      |
        | insert(x,c) at 4 | insert(x,c) at 4 | insert(x,c) at 4 | x:c      |
        | insert(x,c) at 4 | insert(x,c) at 4 | remove(x) at 9   | x:c      |
        | insert(x,c) at 4 | insert(x,c) at 4 | clear() at 9     | x:c      |
        | insert(x,c) at 4 | remove(x) at 9   | remove(x) at 9   | x:c      |
        | insert(x,c) at 4 | remove(x) at 9   | clear() at 9     | x:c      |
        | insert(x,c) at 4 | clear() at 9     | clear() at 9     | x:c      |
        | remove(x) at 9   | remove(x) at 9   | remove(x) at 9   | -        |
        | remove(x) at 9   | remove(x) at 9   | clear() at 9     | -        |
        | remove(x) at 9   | clear() at 9     | clear() at 9     | -        |
        | clear() at 9     | clear() at 9     | clear() at 9     | -        |
        ",
    );
    table.relays(
        "insert(x,a) at 1",
        "
        | one does         | another then does | meanwhile, a third does | all read |
        | insert(x,b) at 9 | insert(x,c) at 3  | insert(x,e) at 4        | x:c      |
        | insert(x,b) at 9 | remove(x) at 9    | insert(x,e) at 4        | x:e      |
        | remove(x) at 9   | insert(x,b) at 3  | insert(x,c) at 4        | x:c      |
        | remove(x) at 9   | insert(x,b) at 3  | remove(x) at 9          | x:b      |
        | insert(y,d) at 2 | clear() at 9      | insert(x,b) at 3        | x:b      |
        ",
    );
}
