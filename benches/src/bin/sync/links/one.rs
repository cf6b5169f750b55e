//! One link: what a write costs both sides, beside the same write without a link.

use std::fmt::Write as _;

use rejoin::sync::{Replica, Replicated};
use rejoin::{Codec, Crdt, Lattice, Writer};
use rejoin_benches::page::{count, digits, time};

use super::conversation::Conversation;
use super::work::{Insert, Overwrite, START, Work};
use crate::clock::{Turn, Turns, clock};
use crate::targets::Targets;

/// Writes in a turn, each of which begins anew, and how many turns count.
const WRITES: u64 = 50_000;
const ROUNDS: usize = 7;
/// Writes between two polls, where there are several.
const GROUP: usize = 64;

const APPLIED: usize = 0;
const ENCODED: usize = 1;
const GROUPS_ENCODED: usize = 2;
const ONE: usize = 4;
const GROUPS: usize = 6;

const NAMES: [&str; 7] = [
    "bare: edit, apply",
    "bare: edit, encode the delta, decode it, apply",
    "bare, 64 at a time: edits, deltas joined; encode, decode, apply",
    "writing to a replica, nobody told",
    "over a link, 1 at a time",
    "over a link, 10 at a time",
    "over a link, 64 at a time",
];

pub(crate) fn measure(targets: &mut Targets) -> String {
    let mut text = String::from(
        "| write | how | time of both | writes per second | × edit, apply | × edit, encode, decode, apply |\n\
         |---|---|--:|--:|--:|--:|\n",
    );
    work::<Overwrite>(&mut text, targets);
    work::<Insert>(&mut text, targets);
    text
}

fn work<W: Work>(text: &mut String, targets: &mut Targets) {
    let mut works: [Turn<'_>; NAMES.len()] = [
        bare::<W>(1, |delta, there| take(there, delta)),
        bare::<W>(1, |delta, there| take_bytes(there, &delta)),
        bare::<W>(GROUP, |delta, there| take_bytes(there, &delta)),
        untold::<W>(),
        over_a_link::<W>(1),
        over_a_link::<W>(10),
        over_a_link::<W>(GROUP),
    ];
    let turns = Turns::measure(ROUNDS, &mut works);
    for (n, name) in NAMES.iter().enumerate() {
        let took = turns.time(n);
        let ratios = [APPLIED, ENCODED].map(|bare| digits(turns.ratio(n, bare)));
        let per_second = count((1e9 / took) as usize);
        writeln!(text, "| {} | {name} | {} | {per_second} | {} |", W::NAME, time(took), ratios.join(" | "))
            .unwrap();
    }
    for (link, most, how) in [(ONE, 3.2, "1 at a time"), (GROUPS, 2.0, "64 at a time")] {
        for (bare, beside) in [(APPLIED, "edit, apply"), (ENCODED, "edit, encode, decode, apply")] {
            let wish = format!("{}, over a link, {how}: at most {most} × {beside}", W::NAME);
            targets.at_most(&wish, turns.ratio(link, bare), most);
        }
    }
    let wish = format!("{}, over a link, 64 at a time: at most 2 × the bare groups, joined", W::NAME);
    targets.at_most(&wish, turns.ratio(GROUPS, GROUPS_ENCODED), 2.0);
}

type DeltaOf<W> = <<W as Work>::State as Crdt>::Delta;

fn take<T: Replicated>(there: &mut T, delta: T::Delta) {
    there.take(delta).expect("room for the names");
}

fn take_bytes<T: Replicated>(there: &mut T, delta: &T::Delta) {
    take(there, T::Delta::decode(&delta.encode()).expect("what was encoded"));
}

/// All writes, ready, in groups.
fn prepare<W: Work>(group: usize) -> Vec<Vec<W::Write>> {
    let mut writes = (0..WRITES).map(W::prepare);
    let next = || Some(writes.by_ref().take(group).collect::<Vec<_>>()).filter(|group| !group.is_empty());
    std::iter::from_fn(next).collect()
}

/// A turn, in nanoseconds of processor time for each write. Only `work` is in it, and not what it begins with.
fn turn<W: Work, B: 'static>(
    group: usize,
    begin: impl Fn(Writer<W::State>) -> B + 'static,
    work: impl Fn(&mut B, Vec<W::Write>) + 'static,
) -> Turn<'static> {
    Box::new(move || {
        let (mut begun, groups) = (begin(W::writer()), prepare::<W>(group));
        let start = clock();
        groups.into_iter().for_each(|group| work(&mut begun, group));
        (clock() - start).as_secs_f64() * 1e9 / WRITES as f64
    })
}

fn bare<W: Work>(group: usize, send: impl Fn(DeltaOf<W>, &mut W::State) + 'static) -> Turn<'static> {
    let begin = |here: Writer<W::State>| {
        let there = here.state().clone();
        (here, there, START)
    };
    turn::<W, _>(group, begin, move |(here, there, now), writes| {
        let mut deltas = writes.into_iter().map(|write| {
            *now += 1;
            here.edit_at(*now, |edit| W::write(edit, write))
        });
        let mut joined = deltas.next().expect("a group has writes");
        for delta in deltas {
            joined.join(delta);
        }
        send(joined, there);
    })
}

fn untold<W: Work>() -> Turn<'static> {
    let begin = |here| (Replica::from_writer(here), START);
    turn::<W, _>(1, begin, |(replica, now), writes| {
        for write in writes {
            *now += 1;
            replica.edit_at(*now, |edit| W::write(edit, write));
        }
    })
}

fn over_a_link<W: Work>(group: usize) -> Turn<'static> {
    let begin = |here| Conversation::of(Replica::from_writer(here));
    turn::<W, _>(group, begin, |conversation, writes| {
        writes.into_iter().for_each(|write| conversation.edit(|edit| W::write(edit, write)));
        conversation.carry(0);
        conversation.carry(1);
    })
}
