//! Flags.

use rejoin::{Causal, DwFlag, EwFlag};

use super::table::Table;

#[test]
fn ew_flag() {
    let table = Table::<Causal<EwFlag>> {
        words: &[
            ("nothing", &|_| ()),
            ("enable()", &|flag| flag.enable()),
            ("disable()", &|flag| flag.disable()),
        ],
        read: &|flag| if flag.is_enabled() { "on".into() } else { "off".into() },
    };
    for start in ["nothing", "enable()"] {
        table.pairs(
            start,
            "
            | one does            | another does        | at once | one first | another first |
            | enable()            | enable()            | on      |
            | enable()            | disable()           | on      | off       | on            |
            | enable()            | enable(), disable() | on      | off       | on            |
            | enable()            | disable(), enable() | on      |
            | disable()           | disable()           | off     |
            | disable()           | enable(), disable() | off     |
            | disable()           | disable(), enable() | on      | on        | off           |
            | enable(), disable() | enable(), disable() | off     |
            | enable(), disable() | disable(), enable() | on      | on        | off           |
            | disable(), enable() | disable(), enable() | on      |
            ",
        );
    }
    table.pairs(
        "enable() ∥ enable()",
        "
        | one does  | another does | at once | one first | another first |
        | nothing   | nothing      | on      |
        | nothing   | enable()     | on      |
        | nothing   | disable()    | off     |
        | enable()  | enable()     | on      |
        | enable()  | disable()    | on      | off       | on            |
        | disable() | disable()    | off     |
        ",
    );
    table.triples(
        "enable()",
        "
        | one does            | another does        | a third does        | all read |
        | enable()            | enable()            | enable()            | on       |
        | enable()            | enable()            | disable()           | on       |
        | enable()            | enable()            | enable(), disable() | on       |
        | enable()            | disable()           | disable()           | on       |
        | enable()            | disable()           | enable(), disable() | on       |
        | enable()            | enable(), disable() | enable(), disable() | on       |
        | disable()           | disable()           | disable()           | off      |
        | disable()           | disable()           | enable(), disable() | off      |
        | disable()           | enable(), disable() | enable(), disable() | off      |
        | enable(), disable() | enable(), disable() | enable(), disable() | off      |
        ",
    );
    table.relays(
        "enable()",
        "
        | one does  | another then does | meanwhile, a third does | all read |
        | enable()  | disable()         | enable()                | on       |
        | enable()  | disable()         | disable()               | off      |
        | disable() | enable()          | enable()                | on       |
        | disable() | enable()          | disable()               | on       |
        ",
    );
}

#[test]
fn dw_flag() {
    let table = Table::<Causal<DwFlag>> {
        words: &[
            ("nothing", &|_| ()),
            ("enable()", &|flag| flag.enable()),
            ("disable()", &|flag| flag.disable()),
            ("reset()", &|flag| flag.reset()),
        ],
        read: &|flag| if flag.is_enabled() { "on".into() } else { "off".into() },
    };
    for start in ["nothing", "enable()", "disable()"] {
        table.pairs(
            start,
            "
            | one does            | another does        | at once | one first | another first |
            | enable()            | enable()            | on      |
            | enable()            | disable()           | off     | off       | on            |
            | enable()            | reset()             | on      | off       | on            |
            | enable()            | enable(), disable() | off     | off       | on            |
            | enable()            | disable(), enable() | on      |
            | disable()           | disable()           | off     |
            | disable()           | reset()             | off     |
            | disable()           | enable(), disable() | off     |
            | disable()           | disable(), enable() | off     | on        | off           |
            | reset()             | reset()             | off     |
            | reset()             | enable(), disable() | off     |
            | reset()             | disable(), enable() | on      | on        | off           |
            | enable(), disable() | enable(), disable() | off     |
            | enable(), disable() | disable(), enable() | off     | on        | off           |
            | disable(), enable() | disable(), enable() | on      |
            ",
        );
    }
    table.pairs(
        "enable() ∥ disable()",
        "
        | one does  | another does | at once | one first | another first |
        | nothing   | nothing      | off     |
        | nothing   | enable()     | on      |
        | nothing   | disable()    | off     |
        | nothing   | reset()      | off     |
        | enable()  | enable()     | on      |
        | enable()  | disable()    | off     | off       | on            |
        | enable()  | reset()      | on      | off       | on            |
        | disable() | disable()    | off     |
        | disable() | reset()      | off     |
        | reset()   | reset()      | off     |
        ",
    );
    table.triples(
        "enable()",
        "
        | one does  | another does | a third does | all read |
        | enable()  | enable()     | enable()     | on       |
        | enable()  | enable()     | disable()    | off      |
        | enable()  | enable()     | reset()      | on       |
        | enable()  | disable()    | disable()    | off      |
        | enable()  | disable()    | reset()      | off      |
        | enable()  | reset()      | reset()      | on       |
        | disable() | disable()    | disable()    | off      |
        | disable() | disable()    | reset()      | off      |
        | disable() | reset()      | reset()      | off      |
        | reset()   | reset()      | reset()      | off      |
        ",
    );
    table.relays(
        "enable()",
        "
        | one does  | another then does | meanwhile, a third does | all read |
        | enable()  | disable()         | enable()                | off      |
        | enable()  | reset()           | disable()               | off      |
        | enable()  | reset()           | enable()                | on       |
        | disable() | enable()          | enable()                | on       |
        | disable() | enable()          | disable()               | off      |
        | disable() | enable()          | reset()                 | on       |
        | disable() | reset()           | enable()                | on       |
        | disable() | reset()           | disable()               | off      |
        ",
    );
}
