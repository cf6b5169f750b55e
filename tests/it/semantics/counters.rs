//! Counters, and the greatest and the least.

use rejoin::{BoundedCounter, Causal, Counter, GCounter, Max, Min, PnCounter};

use super::exchange::Subject;
use super::table::{Table, casts, list};

impl Subject for GCounter {}
impl Subject for PnCounter {}
impl Subject for BoundedCounter {}
impl Subject for Max<i32> {}
impl Subject for Min<i32> {}

#[test]
fn g_counter() {
    let table = Table::<GCounter> {
        words: &[
            ("increment(5)", &|count| count.increment(5).unwrap()),
            ("increment(1)", &|count| count.increment(1).unwrap()),
            ("increment(2)", &|count| count.increment(2).unwrap()),
            ("increment(0)", &|count| count.increment(0).unwrap()),
        ],
        read: &|count| count.get().to_string(),
    };
    table.pairs(
        "increment(5)",
        "
        | one does                   | another does               | all read |
        | increment(1)               | increment(1)               | 7        |
        | increment(1)               | increment(2)               | 8        |
        | increment(1)               | increment(0)               | 6        |
        | increment(1)               | increment(1), increment(2) | 9        |
        | increment(2)               | increment(2)               | 9        |
        | increment(2)               | increment(0)               | 7        |
        | increment(2)               | increment(1), increment(2) | 10       |
        | increment(0)               | increment(0)               | 5        |
        | increment(0)               | increment(1), increment(2) | 8        |
        | increment(1), increment(2) | increment(1), increment(2) | 11       |
        ",
    );
    table.triples(
        "increment(5)",
        "
        | one does     | another does | a third does | all read |
        | increment(1) | increment(1) | increment(1) | 8        |
        | increment(1) | increment(1) | increment(2) | 9        |
        | increment(1) | increment(1) | increment(0) | 7        |
        | increment(1) | increment(2) | increment(2) | 10       |
        | increment(1) | increment(2) | increment(0) | 8        |
        | increment(1) | increment(0) | increment(0) | 6        |
        | increment(2) | increment(2) | increment(2) | 11       |
        | increment(2) | increment(2) | increment(0) | 9        |
        | increment(2) | increment(0) | increment(0) | 7        |
        | increment(0) | increment(0) | increment(0) | 5        |
        ",
    );
}

#[test]
fn pn_counter() {
    let table = Table::<PnCounter> {
        words: &[
            ("add(5)", &|count| count.add(5).unwrap()),
            ("add(2)", &|count| count.add(2).unwrap()),
            ("add(0)", &|count| count.add(0).unwrap()),
            ("subtract(3)", &|count| count.subtract(3).unwrap()),
            ("subtract(9)", &|count| count.subtract(9).unwrap()),
        ],
        read: &|count| count.get().to_string(),
    };
    table.pairs(
        "add(5)",
        "
        | one does            | another does        | all read |
        | add(2)              | add(2)              | 9        |
        | add(2)              | subtract(3)         | 4        |
        | add(2)              | add(0)              | 7        |
        | add(2)              | subtract(9)         | -2       |
        | add(2)              | add(2), subtract(3) | 6        |
        | subtract(3)         | subtract(3)         | -1       |
        | subtract(3)         | add(0)              | 2        |
        | subtract(3)         | subtract(9)         | -7       |
        | subtract(3)         | add(2), subtract(3) | 1        |
        | add(0)              | add(0)              | 5        |
        | add(0)              | subtract(9)         | -4       |
        | add(0)              | add(2), subtract(3) | 4        |
        | subtract(9)         | subtract(9)         | -13      |
        | subtract(9)         | add(2), subtract(3) | -5       |
        | add(2), subtract(3) | add(2), subtract(3) | 3        |
        ",
    );
    table.triples(
        "add(5)",
        "
        | one does            | another does        | a third does        | all read |
        | add(2)              | add(2)              | add(2)              | 11       |
        | add(2)              | add(2)              | subtract(3)         | 6        |
        | add(2)              | add(2)              | add(2), subtract(3) | 8        |
        | add(2)              | subtract(3)         | subtract(3)         | 1        |
        | add(2)              | subtract(3)         | add(2), subtract(3) | 3        |
        | add(2)              | add(2), subtract(3) | add(2), subtract(3) | 5        |
        | subtract(3)         | subtract(3)         | subtract(3)         | -4       |
        | subtract(3)         | subtract(3)         | add(2), subtract(3) | -2       |
        | subtract(3)         | add(2), subtract(3) | add(2), subtract(3) | 0        |
        | add(2), subtract(3) | add(2), subtract(3) | add(2), subtract(3) | 2        |
        ",
    );
    table.relays(
        "add(5)",
        "
        | one does    | another then does | meanwhile, a third does | all read |
        | add(2)      | subtract(3)       | add(2)                  | 6        |
        | subtract(9) | add(2)            | subtract(3)             | -5       |
        ",
    );
}

/// Of the rights, each of two replicas has 4 and the first writer 2. What is read is the count, and then the
/// rights of one, of the other, and of the first writer.
#[test]
fn bounded_counter_between_two() {
    for cast in (0..3).flat_map(|turn| casts(2, 1, turn)) {
        let (one, another, first) = (cast[0], cast[1], cast[2]);
        let table = Table::<BoundedCounter> {
            words: &[
                ("increment(10)", &|stock| stock.increment(10).unwrap()),
                ("give(4) to both", &|stock| cast[..2].iter().for_each(|to| stock.transfer(*to, 4).unwrap())),
                ("increment(2)", &|stock| stock.increment(2).unwrap()),
                ("decrement(1)", &|stock| stock.decrement(1).unwrap()),
                ("decrement(4)", &|stock| stock.decrement(4).unwrap()),
                ("try decrement(5)", &|stock| _ = stock.decrement(5)),
                ("decrement(5)", &|stock| stock.decrement(5).unwrap()),
                ("give(2)", &|stock| {
                    let to = if stock.replica() == one { another } else { one };
                    stock.transfer(to, 2).unwrap();
                }),
            ],
            read: &|stock| {
                format!("{}: {}", stock.get(), list([one, another, first].map(|id| stock.rights(id))))
            },
        };
        table.pairs_as(
            &cast,
            "increment(10), give(4) to both",
            "
            | one does                   | another does               | at once   | one first | another first |
            | increment(2)               | increment(2)               | 14: 6 6 2 |
            | increment(2)               | decrement(1)               | 11: 6 3 2 |
            | increment(2)               | decrement(4)               | 8: 6 0 2  |
            | increment(2)               | try decrement(5)           | 12: 6 4 2 |
            | increment(2)               | give(2)                    | 12: 8 2 2 |
            | increment(2)               | increment(2), decrement(5) | 9: 6 1 2  |
            | decrement(1)               | decrement(1)               | 8: 3 3 2  |
            | decrement(1)               | decrement(4)               | 5: 3 0 2  |
            | decrement(1)               | try decrement(5)           | 9: 3 4 2  |
            | decrement(1)               | give(2)                    | 9: 5 2 2  |
            | decrement(1)               | increment(2), decrement(5) | 6: 3 1 2  |
            | decrement(4)               | decrement(4)               | 2: 0 0 2  |
            | decrement(4)               | try decrement(5)           | 6: 0 4 2  |
            | decrement(4)               | give(2)                    | 6: 2 2 2  |
            | decrement(4)               | increment(2), decrement(5) | 3: 0 1 2  |
            | try decrement(5)           | try decrement(5)           | 10: 4 4 2 |
            | try decrement(5)           | give(2)                    | 10: 6 2 2 | 10: 6 2 2 | 5: 1 2 2      |
            | try decrement(5)           | increment(2), decrement(5) | 7: 4 1 2  |
            | give(2)                    | give(2)                    | 10: 4 4 2 |
            | give(2)                    | increment(2), decrement(5) | 7: 2 3 2  |
            | increment(2), decrement(5) | increment(2), decrement(5) | 4: 1 1 2  |
            ",
        );
    }
}

/// Of the rights, each of three replicas has 3 and the first writer 3. What is read is the count, and then
/// the rights of one, of another, of the third, and of the first writer.
#[test]
fn bounded_counter_between_three() {
    for cast in casts(3, 1, 0) {
        let table = Table::<BoundedCounter> {
            words: &[
                ("increment(12)", &|stock| stock.increment(12).unwrap()),
                ("give(3) to all", &|stock| cast[..3].iter().for_each(|to| stock.transfer(*to, 3).unwrap())),
                ("increment(2)", &|stock| stock.increment(2).unwrap()),
                ("decrement(3)", &|stock| stock.decrement(3).unwrap()),
                ("give(1) to the next", &|stock| {
                    let this = cast.iter().position(|id| *id == stock.replica()).unwrap();
                    stock.transfer(cast[(this + 1) % 3], 1).unwrap();
                }),
            ],
            read: &|stock| format!("{}: {}", stock.get(), list(cast.iter().map(|id| stock.rights(*id)))),
        };
        table.triples_as(
            &cast,
            "increment(12), give(3) to all",
            "
            | one does            | another does        | a third does        | all read    |
            | increment(2)        | increment(2)        | increment(2)        | 18: 5 5 5 3 |
            | increment(2)        | increment(2)        | decrement(3)        | 13: 5 5 0 3 |
            | increment(2)        | increment(2)        | give(1) to the next | 16: 6 5 2 3 |
            | increment(2)        | decrement(3)        | decrement(3)        | 8: 5 0 0 3  |
            | increment(2)        | decrement(3)        | give(1) to the next | 11: 6 0 2 3 |
            | increment(2)        | give(1) to the next | give(1) to the next | 14: 6 2 3 3 |
            | decrement(3)        | decrement(3)        | decrement(3)        | 3: 0 0 0 3  |
            | decrement(3)        | decrement(3)        | give(1) to the next | 6: 1 0 2 3  |
            | decrement(3)        | give(1) to the next | give(1) to the next | 9: 1 2 3 3  |
            | give(1) to the next | give(1) to the next | give(1) to the next | 12: 3 3 3 3 |
            ",
        );
    }
}

#[test]
fn counter() {
    let table = Table::<Causal<Counter>> {
        words: &[
            ("add(5)", &|count| count.add(5)),
            ("add(1)", &|count| count.add(1)),
            ("add(2)", &|count| count.add(2)),
            ("add(-3)", &|count| count.add(-3)),
            ("add(0)", &|count| count.add(0)),
            ("reset()", &|count| count.reset()),
        ],
        read: &|count| count.get().to_string(),
    };
    table.pairs(
        "add(5)",
        "
        | one does        | another does    | at once | one first | another first |
        | add(1)          | add(1)          | 7       |
        | add(1)          | add(-3)         | 3       |
        | add(1)          | add(0)          | 6       |
        | add(1)          | reset()         | 1       | 0         | 1             |
        | add(1)          | add(2), add(2)  | 10      |
        | add(1)          | reset(), add(1) | 2       | 1         | 2             |
        | add(1)          | add(1), reset() | 1       | 0         | 1             |
        | add(-3)         | add(-3)         | -1      |
        | add(-3)         | add(0)          | 2       |
        | add(-3)         | reset()         | -3      | 0         | -3            |
        | add(-3)         | add(2), add(2)  | 6       |
        | add(-3)         | reset(), add(1) | -2      | 1         | -2            |
        | add(-3)         | add(1), reset() | -3      | 0         | -3            |
        | add(0)          | add(0)          | 5       |
        | add(0)          | reset()         | 0       |
        | add(0)          | add(2), add(2)  | 9       |
        | add(0)          | reset(), add(1) | 1       |
        | add(0)          | add(1), reset() | 0       |
        | reset()         | reset()         | 0       |
        | reset()         | add(2), add(2)  | 4       | 4         | 0             |
        | reset()         | reset(), add(1) | 1       | 1         | 0             |
        | reset()         | add(1), reset() | 0       |
        | add(2), add(2)  | add(2), add(2)  | 13      |
        | add(2), add(2)  | reset(), add(1) | 5       | 1         | 5             |
        | add(2), add(2)  | add(1), reset() | 4       | 0         | 4             |
        | reset(), add(1) | reset(), add(1) | 2       | 1         | 1             |
        | reset(), add(1) | add(1), reset() | 1       | 0         | 1             |
        | add(1), reset() | add(1), reset() | 0       |
        ",
    );
    table.pairs(
        "add(0)",
        "
        | one does        | another does    | at once | one first | another first |
        | add(1); add(2)  | add(1); add(2)  | 6       |
        | add(1); add(2)  | reset()         | 3       | 0         | 3             |
        | add(1); add(2)  | add(1); reset() | 3       | 0         | 3             |
        | reset()         | reset()         | 0       |
        | reset()         | add(1); reset() | 0       |
        | add(1); reset() | add(1); reset() | 0       |
        ",
    );
    table.triples(
        "add(5)",
        "
        | one does        | another does    | a third does    | all read |
        | add(1)          | add(1)          | add(1)          | 8        |
        | add(1)          | add(1)          | add(-3)         | 4        |
        | add(1)          | add(1)          | reset()         | 2        |
        | add(1)          | add(1)          | reset(), add(1) | 3        |
        | add(1)          | add(-3)         | add(-3)         | 0        |
        | add(1)          | add(-3)         | reset()         | -2       |
        | add(1)          | add(-3)         | reset(), add(1) | -1       |
        | add(1)          | reset()         | reset()         | 1        |
        | add(1)          | reset()         | reset(), add(1) | 2        |
        | add(1)          | reset(), add(1) | reset(), add(1) | 3        |
        | add(-3)         | add(-3)         | add(-3)         | -4       |
        | add(-3)         | add(-3)         | reset()         | -6       |
        | add(-3)         | add(-3)         | reset(), add(1) | -5       |
        | add(-3)         | reset()         | reset()         | -3       |
        | add(-3)         | reset()         | reset(), add(1) | -2       |
        | add(-3)         | reset(), add(1) | reset(), add(1) | -1       |
        | reset()         | reset()         | reset()         | 0        |
        | reset()         | reset()         | reset(), add(1) | 1        |
        | reset()         | reset(), add(1) | reset(), add(1) | 2        |
        | reset(), add(1) | reset(), add(1) | reset(), add(1) | 3        |
        ",
    );
    table.relays(
        "add(5)",
        "
        | one does | another then does | meanwhile, a third does | all read |
        | add(1)   | reset()           | add(2)                  | 2        |
        | add(1)   | reset()           | reset()                 | 0        |
        | add(1)   | add(2)            | reset()                 | 3        |
        | reset()  | add(1)            | add(2)                  | 3        |
        | reset()  | add(1)            | reset()                 | 1        |
        | reset()  | reset()           | add(1)                  | 1        |
        ",
    );
}

#[test]
fn max() {
    let table = Table::<Max<i32>> {
        words: &[
            ("nothing", &|_| ()),
            ("offer(2)", &|most| most.offer(2)),
            ("offer(5)", &|most| most.offer(5)),
            ("offer(7)", &|most| most.offer(7)),
            ("offer(9)", &|most| most.offer(9)),
        ],
        read: &|most| list(most.get()),
    };
    table.pairs(
        "offer(5)",
        "
        | one does           | another does       | all read |
        | offer(2)           | offer(2)           | 5        |
        | offer(2)           | offer(5)           | 5        |
        | offer(2)           | offer(7)           | 7        |
        | offer(2)           | offer(9), offer(7) | 9        |
        | offer(5)           | offer(5)           | 5        |
        | offer(5)           | offer(7)           | 7        |
        | offer(5)           | offer(9), offer(7) | 9        |
        | offer(7)           | offer(7)           | 7        |
        | offer(7)           | offer(9), offer(7) | 9        |
        | offer(9), offer(7) | offer(9), offer(7) | 9        |
        ",
    );
    table.triples(
        "nothing",
        "
        | one does | another does | a third does | all read |
        | nothing  | nothing      | nothing      | -        |
        | nothing  | nothing      | offer(2)     | 2        |
        | nothing  | nothing      | offer(7)     | 7        |
        | nothing  | offer(2)     | offer(2)     | 2        |
        | nothing  | offer(2)     | offer(7)     | 7        |
        | nothing  | offer(7)     | offer(7)     | 7        |
        | offer(2) | offer(2)     | offer(2)     | 2        |
        | offer(2) | offer(2)     | offer(7)     | 7        |
        | offer(2) | offer(7)     | offer(7)     | 7        |
        | offer(7) | offer(7)     | offer(7)     | 7        |
        ",
    );
}

#[test]
fn min() {
    let table = Table::<Min<i32>> {
        words: &[
            ("nothing", &|_| ()),
            ("offer(2)", &|least| least.offer(2)),
            ("offer(3)", &|least| least.offer(3)),
            ("offer(5)", &|least| least.offer(5)),
            ("offer(7)", &|least| least.offer(7)),
        ],
        read: &|least| list(least.get()),
    };
    table.pairs(
        "offer(5)",
        "
        | one does           | another does       | all read |
        | offer(7)           | offer(7)           | 5        |
        | offer(7)           | offer(5)           | 5        |
        | offer(7)           | offer(3)           | 3        |
        | offer(7)           | offer(2), offer(3) | 2        |
        | offer(5)           | offer(5)           | 5        |
        | offer(5)           | offer(3)           | 3        |
        | offer(5)           | offer(2), offer(3) | 2        |
        | offer(3)           | offer(3)           | 3        |
        | offer(3)           | offer(2), offer(3) | 2        |
        | offer(2), offer(3) | offer(2), offer(3) | 2        |
        ",
    );
    table.triples(
        "nothing",
        "
        | one does | another does | a third does | all read |
        | nothing  | nothing      | nothing      | -        |
        | nothing  | nothing      | offer(2)     | 2        |
        | nothing  | nothing      | offer(7)     | 7        |
        | nothing  | offer(2)     | offer(2)     | 2        |
        | nothing  | offer(2)     | offer(7)     | 2        |
        | nothing  | offer(7)     | offer(7)     | 7        |
        | offer(2) | offer(2)     | offer(2)     | 2        |
        | offer(2) | offer(2)     | offer(7)     | 2        |
        | offer(2) | offer(7)     | offer(7)     | 2        |
        | offer(7) | offer(7)     | offer(7)     | 7        |
        ",
    );
}
