//! How many bytes one write takes.

use std::fmt::Write as _;

use rejoin::Codec;
use rejoin::sync::Replica;
use rejoin_benches::data::mix;
use rejoin_benches::page::digits;

use super::conversation::{Carried, Conversation};
use super::work::{KEYS, Overwrite, START, Table, Work, key, value};
use crate::targets::Targets;

/// Writes that are counted, after as many that are not.
const WRITES: u64 = 1_600;
const GROUP: usize = 16;
/// The longest time between two polls, in milliseconds.
const LONGEST_GAP: u64 = 20;

/// Which keys are written.
#[derive(Clone, Copy)]
enum Keys {
    /// Those that are not there yet.
    New,
    /// Those that are there.
    Old,
}

impl Keys {
    fn nth(self, n: u64) -> String {
        match self {
            // Keys that follow each other would share most of their bytes.
            Keys::New => key(KEYS + n * 48_271 % KEYS),
            Keys::Old => key(mix(n) % KEYS),
        }
    }
}

const BOTH: [Keys; 2] = [Keys::New, Keys::Old];

/// Bytes of a write that is sent alone, and of one in a group, in new keys and in old ones.
struct Row {
    alone: [Option<f64>; 2],
    grouped: [Option<f64>; 2],
}

pub(crate) fn measure(targets: &mut Targets) -> String {
    let mut text = String::from(
        "| a write of 11 + 4 bytes | new key, alone | new key, in groups of 16 | old key, alone | old key, in groups of 16 |\n\
         |---|--:|--:|--:|--:|\n",
    );
    let mut row = |what: &str, Row { alone, grouped }: Row| {
        let cell = |bytes: Option<f64>| bytes.map_or("–".into(), digits);
        let cells = [alone[0], grouped[0], alone[1], grouped[1]].map(cell);
        writeln!(text, "| {what} | {} |", cells.join(" | ")).unwrap();
    };
    let [alone, grouped] = [1, GROUP].map(|group| BOTH.map(|keys| over_a_link(keys, group)));
    let [there, back] = [0, 1].map(|way| [&alone, &grouped].map(|of| of.map(|bytes| bytes[way])));
    let deltas = BOTH.map(delta);
    row("rejoin over a link, frames and all", Row { alone: there[0], grouped: there[1] });
    row("… each frame that comes back, and acknowledges", Row { alone: back[0], grouped: back[1] });
    row("rejoin, a delta by itself", Row { alone: deltas, grouped: [None; 2] });
    #[cfg(feature = "peers")]
    for (name, of) in others::measure() {
        row(name, of);
    }
    let mut at_most = |wish: &str, measured: Option<f64>, most: f64| {
        targets.at_most(&format!("{wish}: at most {most} bytes"), measured.unwrap_or(f64::NAN), most);
    };
    at_most("a write of a new key over a link, alone, frame and all", there[0][0], 36.0);
    at_most("a write of a new key over a link, in groups of 16, frame and all", there[1][0], 24.0);
    at_most("a delta of a new key by itself", deltas[0], 52.0);
    at_most("a frame that only acknowledges, over an ordered carrier", back[0][0], 6.0);
    text
}

/// Bytes of each write, and of each frame that comes back, in a running conversation.
fn over_a_link(keys: Keys, group: usize) -> [Option<f64>; 2] {
    let mut conversation = Conversation::<Table>::of(Replica::from_writer(Overwrite::writer()));
    let mut sum = [Carried::default(); 2];
    for from in (0..2 * WRITES).step_by(group) {
        conversation.now += mix(from) % LONGEST_GAP;
        for n in from..from + group as u64 {
            conversation.edit(|table| table.insert(keys.nth(n), value(KEYS + n)));
        }
        let carried = [0, 1].map(|side| conversation.carry(side));
        if from >= WRITES {
            sum.iter_mut().zip(carried).for_each(|(sum, more)| *sum += more);
        }
    }
    let [there, back] = sum;
    let per = |bytes: u64, many: u64| (many > 0).then(|| bytes as f64 / many as f64);
    conversation.settle();
    [per(there.bytes, WRITES), per(back.bytes, back.frames)]
}

/// Bytes of the delta of one write, by itself.
fn delta(keys: Keys) -> Option<f64> {
    let mut writer = Overwrite::writer();
    let mut now = START;
    let sizes = (0..WRITES).map(|n| {
        now += 1 + mix(n) % LONGEST_GAP;
        writer.edit_at(now, |table| table.insert(keys.nth(n), value(KEYS + n))).encode().len()
    });
    Some(sizes.sum::<usize>() as f64 / WRITES as f64)
}

/// The same by libraries of documents.
#[cfg(feature = "peers")]
mod others {
    use rejoin_benches::peers::{AutomergeDocument, Document, LoroDocument, YrsDocument};

    use super::{BOTH, GROUP, KEYS, Keys, Row, WRITES, key, value};

    pub(super) fn measure() -> [(&'static str, Row); 3] {
        [
            ("yrs", document::<YrsDocument>()),
            ("automerge", document::<AutomergeDocument>()),
            ("loro", document::<LoroDocument>()),
        ]
    }

    /// The message of one transaction, and what somebody lacks after several.
    fn document<P: Document>() -> Row {
        let pair = |key: String, n: u64| (key, i64::from(value(n)));
        let of = |keys: Keys| {
            let mut document = P::new();
            document.set_all((0..KEYS).map(|n| pair(key(n), n)).collect());
            let some =
                |from: u64, many: u64| (from..from + many).map(|n| pair(keys.nth(n), KEYS + n)).collect();
            let alone = document.set_each(some(0, WRITES));
            let mut grouped = 0;
            for from in (WRITES..2 * WRITES).step_by(GROUP) {
                let version = document.version();
                document.set_each(some(from, GROUP as u64));
                grouped += document.difference(&version).len();
            }
            [alone, grouped].map(|bytes| Some(bytes as f64 / WRITES as f64))
        };
        let [new, old] = BOTH.map(of);
        Row { alone: [new[0], old[0]], grouped: [new[1], old[1]] }
    }
}
