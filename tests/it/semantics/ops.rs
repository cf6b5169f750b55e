//! The set that is replicated by operations alone: each takes effect exactly once, and after those that its
//! sender had seen.

use rejoin::causality::Mint;
use rejoin::{OpBased, OpSet, ReplicaId, SetOp};

use super::exchange::{Wire, orders};
use super::table::{When, casts, complete_rows, list, outcomes, rows};

/// An operation on its way.
struct Sent {
    op: SetOp<char>,
    /// Which replica sends it; none, if it belongs to the start.
    by: Option<usize>,
    /// Which of the operations before it the sender has seen.
    seen: Vec<usize>,
}

#[test]
fn op_set() {
    let pairs = "
        | one does             | another does         | at once | one first | another first |
        | insert(x)            | insert(x)            | x       |
        | insert(x)            | insert(y)            | x y     |
        | insert(x)            | remove(x)            | x       | -         | x             |
        | insert(x)            | remove(y)            | x       |
        | insert(x)            | insert(y); remove(y) | x       |
        | insert(y)            | insert(y)            | x y     |
        | insert(y)            | remove(x)            | y       |
        | insert(y)            | remove(y)            | x y     | x         | x y           |
        | insert(y)            | insert(y); remove(y) | x y     | x         | x y           |
        | remove(x)            | remove(x)            | -       |
        | remove(x)            | remove(y)            | -       |
        | remove(x)            | insert(y); remove(y) | -       |
        | remove(y)            | remove(y)            | x       |
        | remove(y)            | insert(y); remove(y) | x       |
        | insert(y); remove(y) | insert(y); remove(y) | x       |
    ";
    for (turn, row) in complete_rows(pairs, 2).iter().enumerate() {
        for cast in casts(2, 1, turn) {
            let [at_once, one_first, another_first] = outcomes(row);
            check(&cast, &[row[0], row[1]], When::AtOnce, at_once);
            check(&cast, &[row[0], row[1]], When::InTurn, one_first);
            check(&[cast[1], cast[0], cast[2]], &[row[1], row[0]], When::InTurn, another_first);
        }
    }
    let triples = "
        | one does  | another does | a third does | all read |
        | insert(x) | insert(x)    | insert(x)    | x        |
        | insert(x) | insert(x)    | insert(y)    | x y      |
        | insert(x) | insert(x)    | remove(x)    | x        |
        | insert(x) | insert(x)    | remove(y)    | x        |
        | insert(x) | insert(y)    | insert(y)    | x y      |
        | insert(x) | insert(y)    | remove(x)    | x y      |
        | insert(x) | insert(y)    | remove(y)    | x y      |
        | insert(x) | remove(x)    | remove(x)    | x        |
        | insert(x) | remove(x)    | remove(y)    | x        |
        | insert(x) | remove(y)    | remove(y)    | x        |
        | insert(y) | insert(y)    | insert(y)    | x y      |
        | insert(y) | insert(y)    | remove(x)    | y        |
        | insert(y) | insert(y)    | remove(y)    | x y      |
        | insert(y) | remove(x)    | remove(x)    | y        |
        | insert(y) | remove(x)    | remove(y)    | y        |
        | insert(y) | remove(y)    | remove(y)    | x y      |
        | remove(x) | remove(x)    | remove(x)    | -        |
        | remove(x) | remove(x)    | remove(y)    | -        |
        | remove(x) | remove(y)    | remove(y)    | -        |
        | remove(y) | remove(y)    | remove(y)    | x        |
    ";
    for (turn, row) in complete_rows(triples, 3).iter().enumerate() {
        for cast in casts(3, 1, turn) {
            check(&cast, &row[..3], When::AtOnce, row[3]);
        }
    }
    let relays = "
        | one does  | another then does | meanwhile, a third does | all read |
        | insert(x) | remove(x)         | insert(x)               | x        |
        | insert(x) | remove(x)         | remove(x)               | -        |
        | remove(x) | insert(x)         | insert(x)               | x        |
        | remove(x) | insert(x)         | remove(x)               | x        |
        | insert(y) | remove(y)         | insert(y)               | x y      |
        | insert(y) | remove(y)         | remove(y)               | x        |
    ";
    for (turn, row) in rows(relays).iter().enumerate() {
        for cast in casts(3, 1, turn) {
            check(&cast, &row[..3], When::Relay, row[3]);
        }
    }
}

/// From a start at which `x` is in, lets each replica do its part; then all must read `expected`, in whatever
/// order consistent with what the senders had seen they have carried out the operations.
fn check(cast: &[ReplicaId], parts: &[&str], when: When, expected: &str) {
    let (replicas, starter) = cast.split_at(parts.len());
    let mut sent = Vec::new();
    perform("insert(x)", None, starter[0], Vec::new(), &mut sent);
    for (this, (id, part)) in replicas.iter().zip(parts).enumerate() {
        let seen = |n: &usize| sent[*n].by.is_none_or(|other| when.sees(this, other));
        let seen = (0..sent.len()).filter(seen).collect();
        perform(part, Some(this), *id, seen, &mut sent);
    }
    let mut ends = orders((0..sent.len()).collect()).into_iter().filter_map(|order| {
        let causal = |at: usize| sent[order[at]].seen.iter().all(|seen| order[..at].contains(seen));
        (0..order.len()).all(causal).then(|| state(&order, &sent))
    });
    let end = ends.next().expect("at least the order of sending");
    assert_eq!(list(end.iter()), expected, "{parts:?} {when:?}, by {cast:?}");
    assert!(ends.all(|other| other == end), "{parts:?} {when:?}, by {cast:?}");
    assert_eq!(end.sent(), end);
}

/// Carries out what one replica does, having seen some operations, and sends it.
fn perform(part: &str, by: Option<usize>, id: ReplicaId, mut seen: Vec<usize>, sent: &mut Vec<Sent>) {
    let mut mint = Mint::new(id);
    for name in part.split("; ") {
        let here = state(&seen, sent);
        let op = match name {
            "insert(x)" => Some(here.prepare_insert('x', &mut mint)),
            "insert(y)" => Some(here.prepare_insert('y', &mut mint)),
            "remove(x)" => here.prepare_remove(&'x'),
            "remove(y)" => here.prepare_remove(&'y'),
            _ => panic!("`{name}` is not among the operations"),
        };
        if let Some(op) = op {
            sent.push(Sent { op, by, seen: seen.clone() });
            seen.push(sent.len() - 1);
        }
    }
}

/// The state of a replica that has carried out some of the operations, in this order.
fn state(order: &[usize], sent: &[Sent]) -> OpSet<char> {
    let mut state = OpSet::new();
    for n in order {
        state.effect(sent[*n].op.sent());
    }
    state
}
