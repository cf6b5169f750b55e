//! Tables of what replicas do and what all of them read afterwards.

use std::collections::BTreeSet;
use std::fmt::Display;

use rejoin::store::Root;
use rejoin::{ReplicaId, Writer};

use super::exchange::{Apart, Subject, after, orders};

/// A mutator, by the name it has in the table.
pub(super) type Word<'t, T> = (&'t str, &'t dyn Fn(&mut <T as Root>::Edit<'_>));

/// What the tables of a type are written in: its mutators, and what a reader sees.
pub(super) struct Table<'t, T: Root> {
    pub(super) words: &'t [Word<'t, T>],
    pub(super) read: &'t dyn Fn(&T) -> String,
}

impl<T: Subject> Table<'_, T> {
    /// Checks a table of two replicas:
    ///
    /// `| one does | another does | at once | one first | another first |`, what all read in each case, or
    /// `| one does | another does | all read |`, where the order does not matter.
    ///
    /// It must have every pair of the transactions that are in it.
    pub(super) fn pairs(&self, start: &str, table: &str) {
        for (turn, row) in complete_rows(table, 2).iter().enumerate() {
            let casts = casts(2, writers(start).count(), turn);
            for cast in casts.iter().filter(|cast| !is_mirrored(cast, &row[..2])) {
                self.pair(cast, start, row);
            }
        }
    }

    /// As [`pairs`](Self::pairs), with given ids: of one, of another, and of the writers of the start.
    pub(super) fn pairs_as(&self, cast: &[ReplicaId], start: &str, table: &str) {
        for row in complete_rows(table, 2) {
            self.pair(cast, start, &row);
        }
    }

    /// Checks a table of three replicas: `| one does | another does | a third does | all read |`.
    ///
    /// It must have every triple of the transactions that are in it.
    pub(super) fn triples(&self, start: &str, table: &str) {
        for (turn, row) in complete_rows(table, 3).iter().enumerate() {
            let casts = casts(3, writers(start).count(), turn);
            for cast in casts.iter().filter(|cast| !is_mirrored(cast, &row[..3])) {
                self.check(&Case { cast, start, parts: &row[..3], when: When::AtOnce }, row[3]);
            }
        }
    }

    /// As [`triples`](Self::triples), with given ids: of the three, and of the writers of the start.
    pub(super) fn triples_as(&self, cast: &[ReplicaId], start: &str, table: &str) {
        for row in complete_rows(table, 3) {
            self.check(&Case { cast, start, parts: &row[..3], when: When::AtOnce }, row[3]);
        }
    }

    /// Checks a table of three replicas, of which the second has seen what the first has done:
    ///
    /// `| one does | another then does | meanwhile, a third does | all read |`
    pub(super) fn relays(&self, start: &str, table: &str) {
        for (turn, row) in rows(table).iter().enumerate() {
            for cast in &casts(3, writers(start).count(), turn) {
                self.check(&Case { cast, start, parts: &row[..3], when: When::Relay }, row[3]);
            }
        }
    }

    fn pair(&self, cast: &[ReplicaId], start: &str, row: &[&str]) {
        let (one, another) = (row[0], row[1]);
        let [at_once, one_first, another_first] = outcomes(row);
        let swapped = &[&[cast[1], cast[0]], &cast[2..]].concat();
        self.check(&Case { cast, start, parts: &[one, another], when: When::AtOnce }, at_once);
        self.check(&Case { cast, start, parts: &[one, another], when: When::InTurn }, one_first);
        self.check(&Case { cast: swapped, start, parts: &[another, one], when: When::InTurn }, another_first);
    }

    /// Lets each replica do its part; then all must read `expected`, however they come to know of it.
    fn check(&self, case: &Case<'_>, expected: &str) {
        let apart = self.play(case);
        let end = apart.rejoin();
        // Text is slow.
        if case.when != When::InTurn && case.cast[..case.parts.len()].is_sorted() {
            apart.by_text(&end);
        }
        assert_eq!((self.read)(&end), expected);
    }

    fn play(&self, case: &Case<'_>) -> Apart<T> {
        let (ids, starters) = case.cast.split_at(case.parts.len());
        let start = starters.iter().zip(writers(case.start));
        let start: Vec<T::Delta> =
            start.flat_map(|(id, part)| self.perform(&mut Writer::with_id(*id), part)).collect();
        let mut replicas: Vec<(T, Vec<T::Delta>)> = Vec::new();
        for (this, (id, part)) in ids.iter().zip(case.parts).enumerate() {
            let mut writer = Writer::<T>::with_id(*id);
            let seen = replicas.iter().enumerate().filter(|(other, _)| case.when.sees(this, *other));
            for delta in start.iter().chain(seen.flat_map(|(_, (_, deltas))| deltas)) {
                writer.apply(delta.clone());
            }
            let deltas = self.perform(&mut writer, part);
            replicas.push((writer.into_state(), deltas));
        }
        Apart { start, replicas }
    }

    /// Carries out the transactions of a cell, and returns what they have to tell.
    fn perform(&self, writer: &mut Writer<T>, part: &str) -> Vec<T::Delta> {
        let transact = |transaction: &str| {
            let (names, now) = transaction.split_once(" at ").unwrap_or((transaction, "1"));
            let before = writer.state().clone();
            let delta = writer.edit_at(now.parse().expect("a time in milliseconds"), |handle| {
                names.split(", ").for_each(|name| self.word(name)(handle));
            });
            let is_news = *writer.state() != before;
            assert_eq!(is_news, delta != T::Delta::default(), "what changes nothing says nothing");
            assert_eq!(after(before, [&delta]), *writer.state(), "a writer does what its delta does");
            is_news.then_some(delta)
        };
        part.split("; ").filter_map(transact).collect()
    }

    fn word(&self, name: &str) -> &dyn Fn(&mut T::Edit<'_>) {
        let word = self.words.iter().find(|(known, _)| *known == name);
        word.unwrap_or_else(|| panic!("`{name}` is not among the words")).1
    }
}

/// What the replicas have seen of each other's parts when they do their own.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum When {
    /// Nothing.
    AtOnce,
    /// The parts before their own.
    InTurn,
    /// The second has seen the first one's; the third has seen nothing.
    Relay,
}

impl When {
    pub(super) fn sees(self, this: usize, other: usize) -> bool {
        match self {
            When::AtOnce => false,
            When::InTurn => other < this,
            When::Relay => (this, other) == (1, 0),
        }
    }
}

/// One case of one row. If it fails, it says which.
struct Case<'a> {
    /// Who does the parts, and after them who writes the start.
    cast: &'a [ReplicaId],
    start: &'a str,
    parts: &'a [&'a str],
    when: When,
}

impl Drop for Case<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let cast: Vec<u128> = self.cast.iter().map(|id| id.as_u128()).collect();
            eprintln!("from {:?}: {:?} {:?}, by {cast:?}", self.start, self.parts, self.when);
        }
    }
}

/// Ids for the replicas, in every order, and for those who write the start: these are, in turn, below,
/// between and above the others.
pub(super) fn casts(replicas: usize, starters: usize, turn: usize) -> Vec<Vec<ReplicaId>> {
    let id = |place: usize, n: usize| ReplicaId::from_u128((10 * place + n) as u128);
    let cast = |(n, order): (usize, Vec<usize>)| {
        let place = (turn + n) % (replicas + 1);
        let starters = (1..=starters).map(|n| id(place, n));
        order.into_iter().map(|place| id(place, 0)).chain(starters).collect()
    };
    orders((1..=replicas).collect()).into_iter().enumerate().map(cast).collect()
}

/// Whether replicas that do the same have each other's ids, which makes no new case.
fn is_mirrored(cast: &[ReplicaId], parts: &[&str]) -> bool {
    (1..parts.len()).any(|n| parts[n - 1] == parts[n] && cast[n - 1] > cast[n])
}

/// What each writer of a start does.
fn writers(start: &str) -> impl Iterator<Item = &str> {
    start.split(" ∥ ")
}

/// The rows below the table's head, cell by cell.
pub(super) fn rows(table: &str) -> Vec<Vec<&str>> {
    let below = table.trim().lines().skip(1);
    below.map(|row| row.trim().trim_matches('|').split('|').map(str::trim).collect()).collect()
}

/// The rows of a table whose first cells say what so many replicas do. Every choice of what is done must be
/// there, once.
pub(super) fn complete_rows(table: &str, replicas: usize) -> Vec<Vec<&str>> {
    let rows = rows(table);
    let mut done: Vec<Vec<&str>> = rows.iter().map(|row| row[..replicas].to_vec()).collect();
    for choice in &mut done {
        choice.sort_unstable();
    }
    let parts: BTreeSet<&str> = done.iter().flatten().copied().collect();
    for choice in choices(&parts.into_iter().collect::<Vec<_>>(), replicas) {
        let times = done.iter().filter(|row| **row == choice).count();
        assert_eq!(times, 1, "rows of the table for {choice:?}");
    }
    rows
}

/// What all read after a row for two: at once, one first, another first.
pub(super) fn outcomes<'t>(row: &[&'t str]) -> [&'t str; 3] {
    match row[2..] {
        [all] => [all; 3],
        [at_once, one_first, another_first] => [at_once, one_first, another_first],
        _ => panic!("what do all read after {row:?}?"),
    }
}

/// All choices of so many parts, each of which may be chosen again.
fn choices<'p>(parts: &[&'p str], len: usize) -> Vec<Vec<&'p str>> {
    let Some(shorter) = len.checked_sub(1) else { return vec![vec![]] };
    let from = |n: usize| {
        let rest = choices(&parts[n..], shorter).into_iter();
        rest.map(move |rest| [vec![parts[n]], rest].concat())
    };
    (0..parts.len()).flat_map(from).collect()
}

/// Things in a row, as the tables write them; `-` if there are none.
pub(super) fn list<X: Display>(things: impl IntoIterator<Item = X>) -> String {
    let list: Vec<String> = things.into_iter().map(|x| x.to_string()).collect();
    if list.is_empty() { "-".into() } else { list.join(" ") }
}
