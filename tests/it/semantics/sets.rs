//! Sets: what is in them. `!x` is a member that is out for ever.

use rejoin::{Causal, GSet, OrSet, RwSet, TwoPhaseSet};

use super::exchange::Subject;
use super::table::{Table, list};

impl Subject for GSet<char> {}
impl Subject for TwoPhaseSet<char> {}

#[test]
fn g_set() {
    let table = Table::<GSet<char>> {
        words: &[
            ("insert(x)", &|set| set.insert('x')),
            ("insert(y)", &|set| set.insert('y')),
            ("insert(z)", &|set| set.insert('z')),
        ],
        read: &|set| list(set.iter()),
    };
    table.pairs(
        "insert(x)",
        "
        | one does             | another does         | all read |
        | insert(x)            | insert(x)            | x        |
        | insert(x)            | insert(y)            | x y      |
        | insert(x)            | insert(z)            | x z      |
        | insert(x)            | insert(y), insert(z) | x y z    |
        | insert(y)            | insert(y)            | x y      |
        | insert(y)            | insert(z)            | x y z    |
        | insert(y)            | insert(y), insert(z) | x y z    |
        | insert(z)            | insert(z)            | x z      |
        | insert(z)            | insert(y), insert(z) | x y z    |
        | insert(y), insert(z) | insert(y), insert(z) | x y z    |
        ",
    );
    table.triples(
        "insert(x)",
        "
        | one does  | another does | a third does | all read |
        | insert(x) | insert(x)    | insert(x)    | x        |
        | insert(x) | insert(x)    | insert(y)    | x y      |
        | insert(x) | insert(x)    | insert(z)    | x z      |
        | insert(x) | insert(y)    | insert(y)    | x y      |
        | insert(x) | insert(y)    | insert(z)    | x y z    |
        | insert(x) | insert(z)    | insert(z)    | x z      |
        | insert(y) | insert(y)    | insert(y)    | x y      |
        | insert(y) | insert(y)    | insert(z)    | x y z    |
        | insert(y) | insert(z)    | insert(z)    | x y z    |
        | insert(z) | insert(z)    | insert(z)    | x z      |
        ",
    );
}

#[test]
fn two_phase_set() {
    let table = Table::<TwoPhaseSet<char>> {
        words: &[
            ("insert(x)", &|set| set.insert('x')),
            ("insert(y)", &|set| set.insert('y')),
            ("remove(x)", &|set| set.remove(&'x')),
            ("remove(y)", &|set| set.remove(&'y')),
        ],
        read: &|set| {
            let gone = set.removed().map(|member| format!("!{member}"));
            list(set.iter().map(char::to_string).chain(gone))
        },
    };
    table.pairs(
        "insert(x)",
        "
        | one does             | another does         | at once | one first | another first |
        | insert(x)            | insert(x)            | x       |
        | insert(x)            | insert(y)            | x y     |
        | insert(x)            | remove(x)            | !x      |
        | insert(x)            | remove(y)            | x       |
        | insert(x)            | remove(x), insert(x) | !x      |
        | insert(x)            | insert(y), remove(y) | x !y    |
        | insert(y)            | insert(y)            | x y     |
        | insert(y)            | remove(x)            | y !x    |
        | insert(y)            | remove(y)            | x y     | x !y      | x y           |
        | insert(y)            | remove(x), insert(x) | y !x    |
        | insert(y)            | insert(y), remove(y) | x !y    |
        | remove(x)            | remove(x)            | !x      |
        | remove(x)            | remove(y)            | !x      |
        | remove(x)            | remove(x), insert(x) | !x      |
        | remove(x)            | insert(y), remove(y) | !x !y   |
        | remove(y)            | remove(y)            | x       |
        | remove(y)            | remove(x), insert(x) | !x      |
        | remove(y)            | insert(y), remove(y) | x !y    |
        | remove(x), insert(x) | remove(x), insert(x) | !x      |
        | remove(x), insert(x) | insert(y), remove(y) | !x !y   |
        | insert(y), remove(y) | insert(y), remove(y) | x !y    |
        ",
    );
    table.triples(
        "insert(x)",
        "
        | one does             | another does         | a third does         | all read |
        | insert(x)            | insert(x)            | insert(x)            | x        |
        | insert(x)            | insert(x)            | insert(y)            | x y      |
        | insert(x)            | insert(x)            | remove(x)            | !x       |
        | insert(x)            | insert(x)            | insert(y), remove(y) | x !y     |
        | insert(x)            | insert(y)            | insert(y)            | x y      |
        | insert(x)            | insert(y)            | remove(x)            | y !x     |
        | insert(x)            | insert(y)            | insert(y), remove(y) | x !y     |
        | insert(x)            | remove(x)            | remove(x)            | !x       |
        | insert(x)            | remove(x)            | insert(y), remove(y) | !x !y    |
        | insert(x)            | insert(y), remove(y) | insert(y), remove(y) | x !y     |
        | insert(y)            | insert(y)            | insert(y)            | x y      |
        | insert(y)            | insert(y)            | remove(x)            | y !x     |
        | insert(y)            | insert(y)            | insert(y), remove(y) | x !y     |
        | insert(y)            | remove(x)            | remove(x)            | y !x     |
        | insert(y)            | remove(x)            | insert(y), remove(y) | !x !y    |
        | insert(y)            | insert(y), remove(y) | insert(y), remove(y) | x !y     |
        | remove(x)            | remove(x)            | remove(x)            | !x       |
        | remove(x)            | remove(x)            | insert(y), remove(y) | !x !y    |
        | remove(x)            | insert(y), remove(y) | insert(y), remove(y) | !x !y    |
        | insert(y), remove(y) | insert(y), remove(y) | insert(y), remove(y) | x !y     |
        ",
    );
    table.relays(
        "insert(x)",
        "
        | one does  | another then does | meanwhile, a third does | all read |
        | remove(x) | insert(x)         | insert(x)               | !x       |
        | insert(y) | remove(y)         | insert(y)               | x !y     |
        | insert(y) | remove(y)         | remove(y)               | x !y     |
        | insert(y) | remove(x)         | insert(x)               | y !x     |
        ",
    );
}

#[test]
#[allow(clippy::too_many_lines, reason = "it is tables")]
fn or_set() {
    let table = Table::<Causal<OrSet<char>>> {
        words: &[
            ("nothing", &|_| ()),
            ("insert(x)", &|set| set.insert('x')),
            ("insert(y)", &|set| set.insert('y')),
            ("remove(x)", &|set| set.remove(&'x')),
            ("remove(y)", &|set| set.remove(&'y')),
            ("clear()", &|set| set.clear()),
        ],
        read: &|set| list(set.iter()),
    };
    table.pairs(
        "insert(x)",
        "
        | one does             | another does         | at once | one first | another first |
        | insert(x)            | insert(x)            | x       |
        | insert(x)            | insert(y)            | x y     |
        | insert(x)            | remove(x)            | x       | -         | x             |
        | insert(x)            | remove(y)            | x       |
        | insert(x)            | clear()              | x       | -         | x             |
        | insert(x)            | remove(x), insert(x) | x       |
        | insert(x)            | insert(y), remove(y) | x       |
        | insert(y)            | insert(y)            | x y     |
        | insert(y)            | remove(x)            | y       |
        | insert(y)            | remove(y)            | x y     | x         | x y           |
        | insert(y)            | clear()              | y       | -         | y             |
        | insert(y)            | remove(x), insert(x) | x y     |
        | insert(y)            | insert(y), remove(y) | x y     | x         | x y           |
        | remove(x)            | remove(x)            | -       |
        | remove(x)            | remove(y)            | -       |
        | remove(x)            | clear()              | -       |
        | remove(x)            | remove(x), insert(x) | x       | x         | -             |
        | remove(x)            | insert(y), remove(y) | -       |
        | remove(y)            | remove(y)            | x       |
        | remove(y)            | clear()              | -       |
        | remove(y)            | remove(x), insert(x) | x       |
        | remove(y)            | insert(y), remove(y) | x       |
        | clear()              | clear()              | -       |
        | clear()              | remove(x), insert(x) | x       | x         | -             |
        | clear()              | insert(y), remove(y) | -       |
        | remove(x), insert(x) | remove(x), insert(x) | x       |
        | remove(x), insert(x) | insert(y), remove(y) | x       |
        | insert(y), remove(y) | insert(y), remove(y) | x       |
        ",
    );
    table.pairs(
        "nothing",
        "
        | one does             | another does         | at once | one first | another first |
        | insert(x)            | insert(x)            | x       |
        | insert(x)            | remove(x)            | x       | -         | x             |
        | insert(x)            | clear()              | x       | -         | x             |
        | insert(x)            | insert(x); remove(x) | x       | -         | x             |
        | remove(x)            | remove(x)            | -       |
        | remove(x)            | clear()              | -       |
        | remove(x)            | insert(x); remove(x) | -       |
        | clear()              | clear()              | -       |
        | clear()              | insert(x); remove(x) | -       |
        | insert(x); remove(x) | insert(x); remove(x) | -       |
        ",
    );
    table.triples(
        "insert(x)",
        "
        | one does  | another does | a third does | all read |
        | insert(x) | insert(x)    | insert(x)    | x        |
        | insert(x) | insert(x)    | insert(y)    | x y      |
        | insert(x) | insert(x)    | remove(x)    | x        |
        | insert(x) | insert(x)    | clear()      | x        |
        | insert(x) | insert(y)    | insert(y)    | x y      |
        | insert(x) | insert(y)    | remove(x)    | x y      |
        | insert(x) | insert(y)    | clear()      | x y      |
        | insert(x) | remove(x)    | remove(x)    | x        |
        | insert(x) | remove(x)    | clear()      | x        |
        | insert(x) | clear()      | clear()      | x        |
        | insert(y) | insert(y)    | insert(y)    | x y      |
        | insert(y) | insert(y)    | remove(x)    | y        |
        | insert(y) | insert(y)    | clear()      | y        |
        | insert(y) | remove(x)    | remove(x)    | y        |
        | insert(y) | remove(x)    | clear()      | y        |
        | insert(y) | clear()      | clear()      | y        |
        | remove(x) | remove(x)    | remove(x)    | -        |
        | remove(x) | remove(x)    | clear()      | -        |
        | remove(x) | clear()      | clear()      | -        |
        | clear()   | clear()      | clear()      | -        |
        ",
    );
    table.relays(
        "insert(x)",
        "
        | one does  | another then does | meanwhile, a third does | all read |
        | insert(x) | remove(x)         | insert(x)               | x        |
        | insert(x) | remove(x)         | remove(x)               | -        |
        | insert(x) | remove(x)         | clear()                 | -        |
        | remove(x) | insert(x)         | insert(x)               | x        |
        | remove(x) | insert(x)         | remove(x)               | x        |
        | clear()   | insert(x)         | clear()                 | x        |
        | insert(y) | clear()           | insert(y)               | y        |
        | insert(y) | clear()           | remove(x)               | -        |
        | insert(y) | remove(y)         | clear()                 | -        |
        ",
    );
}

#[test]
#[allow(clippy::too_many_lines, reason = "it is tables")]
fn rw_set() {
    let table = Table::<Causal<RwSet<char>>> {
        words: &[
            ("nothing", &|_| ()),
            ("insert(x)", &|set| set.insert('x')),
            ("insert(y)", &|set| set.insert('y')),
            ("remove(x)", &|set| set.remove('x')),
            ("remove(y)", &|set| set.remove('y')),
            ("clear()", &|set| set.clear()),
            ("reset()", &|set| set.reset()),
        ],
        read: &|set| list(set.iter()),
    };
    table.pairs(
        "insert(x)",
        "
        | one does             | another does         | at once | one first | another first |
        | insert(x)            | insert(x)            | x       |
        | insert(x)            | insert(y)            | x y     |
        | insert(x)            | remove(x)            | -       | -         | x             |
        | insert(x)            | remove(y)            | x       |
        | insert(x)            | clear()              | -       | -         | x             |
        | insert(x)            | reset()              | x       | -         | x             |
        | insert(x)            | remove(x), insert(x) | x       |
        | insert(y)            | insert(y)            | x y     |
        | insert(y)            | remove(x)            | y       |
        | insert(y)            | remove(y)            | x       | x         | x y           |
        | insert(y)            | clear()              | y       | -         | y             |
        | insert(y)            | reset()              | y       | -         | y             |
        | insert(y)            | remove(x), insert(x) | x y     |
        | remove(x)            | remove(x)            | -       |
        | remove(x)            | remove(y)            | -       |
        | remove(x)            | clear()              | -       |
        | remove(x)            | reset()              | -       |
        | remove(x)            | remove(x), insert(x) | -       | x         | -             |
        | remove(y)            | remove(y)            | x       |
        | remove(y)            | clear()              | -       |
        | remove(y)            | reset()              | -       |
        | remove(y)            | remove(x), insert(x) | x       |
        | clear()              | clear()              | -       |
        | clear()              | reset()              | -       |
        | clear()              | remove(x), insert(x) | -       | x         | -             |
        | reset()              | reset()              | -       |
        | reset()              | remove(x), insert(x) | x       | x         | -             |
        | remove(x), insert(x) | remove(x), insert(x) | x       |
        ",
    );
    // Removing what is not in counts.
    table.pairs(
        "nothing",
        "
        | one does             | another does         | at once | one first | another first |
        | insert(x)            | insert(x)            | x       |
        | insert(x)            | remove(x)            | -       | -         | x             |
        | insert(x)            | clear()              | x       | -         | x             |
        | insert(x)            | reset()              | x       | -         | x             |
        | insert(x)            | insert(x); remove(x) | -       | -         | x             |
        | remove(x)            | remove(x)            | -       |
        | remove(x)            | clear()              | -       |
        | remove(x)            | reset()              | -       |
        | remove(x)            | insert(x); remove(x) | -       |
        | clear()              | clear()              | -       |
        | clear()              | reset()              | -       |
        | clear()              | insert(x); remove(x) | -       |
        | reset()              | reset()              | -       |
        | reset()              | insert(x); remove(x) | -       |
        | insert(x); remove(x) | insert(x); remove(x) | -       |
        ",
    );
    // An insertion beats the removals that it has seen.
    table.pairs(
        "insert(x); remove(x)",
        "
        | one does  | another does | at once | one first | another first |
        | insert(x) | insert(x)    | x       |
        | insert(x) | remove(x)    | -       | -         | x             |
        | insert(x) | clear()      | x       | -         | x             |
        | insert(x) | reset()      | x       | -         | x             |
        | remove(x) | remove(x)    | -       |
        | remove(x) | clear()      | -       |
        | remove(x) | reset()      | -       |
        | clear()   | clear()      | -       |
        | clear()   | reset()      | -       |
        | reset()   | reset()      | -       |
        ",
    );
    table.triples(
        "insert(x)",
        "
        | one does  | another does | a third does | all read |
        | insert(x) | insert(x)    | insert(x)    | x        |
        | insert(x) | insert(x)    | insert(y)    | x y      |
        | insert(x) | insert(x)    | remove(x)    | -        |
        | insert(x) | insert(x)    | reset()      | x        |
        | insert(x) | insert(y)    | insert(y)    | x y      |
        | insert(x) | insert(y)    | remove(x)    | y        |
        | insert(x) | insert(y)    | reset()      | x y      |
        | insert(x) | remove(x)    | remove(x)    | -        |
        | insert(x) | remove(x)    | reset()      | -        |
        | insert(x) | reset()      | reset()      | x        |
        | insert(y) | insert(y)    | insert(y)    | x y      |
        | insert(y) | insert(y)    | remove(x)    | y        |
        | insert(y) | insert(y)    | reset()      | y        |
        | insert(y) | remove(x)    | remove(x)    | y        |
        | insert(y) | remove(x)    | reset()      | y        |
        | insert(y) | reset()      | reset()      | y        |
        | remove(x) | remove(x)    | remove(x)    | -        |
        | remove(x) | remove(x)    | reset()      | -        |
        | remove(x) | reset()      | reset()      | -        |
        | reset()   | reset()      | reset()      | -        |
        ",
    );
    table.triples(
        "nothing",
        "
        | one does  | another does | a third does | all read |
        | insert(x) | insert(x)    | insert(x)    | x        |
        | insert(x) | insert(x)    | remove(x)    | -        |
        | insert(x) | insert(x)    | clear()      | x        |
        | insert(x) | remove(x)    | remove(x)    | -        |
        | insert(x) | remove(x)    | clear()      | -        |
        | insert(x) | clear()      | clear()      | x        |
        | remove(x) | remove(x)    | remove(x)    | -        |
        | remove(x) | remove(x)    | clear()      | -        |
        | remove(x) | clear()      | clear()      | -        |
        | clear()   | clear()      | clear()      | -        |
        ",
    );
    table.relays(
        "insert(x)",
        "
        | one does  | another then does | meanwhile, a third does | all read |
        | insert(x) | remove(x)         | insert(x)               | -        |
        | insert(x) | reset()           | remove(x)               | -        |
        | remove(x) | insert(x)         | insert(x)               | x        |
        | remove(x) | insert(x)         | remove(x)               | -        |
        | remove(x) | insert(x)         | clear()                 | -        |
        | remove(x) | insert(x)         | reset()                 | x        |
        | remove(x) | reset()           | insert(x)               | x        |
        | clear()   | reset()           | insert(x)               | x        |
        | reset()   | insert(x)         | remove(x)               | -        |
        | reset()   | insert(x)         | clear()                 | -        |
        | remove(y) | insert(y)         | insert(y)               | x y      |
        | remove(y) | reset()           | insert(y)               | y        |
        ",
    );
}
