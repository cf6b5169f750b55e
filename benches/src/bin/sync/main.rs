//! What it costs to keep replicas in step:
//!
//!     sync DOCS-DIRECTORY [links]
//!
//! With `links` only what links cost while they are open.
//!
//! Tables go to the terminal and into `sync.md`, plots beside it: see `sync.sh`.

mod clock;
mod links;
mod merkle;
mod pair;
mod ranges;
mod speed;
mod spread;
mod targets;
mod together;
mod wire;

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use rejoin_benches::draw::{Axes, bars, panels, short};
use rejoin_benches::page::{between_markers, count};
use spread::Spread;
use targets::Targets;
use together::Together;

const COLOURS: [(&str, [u8; 3]); 9] = [
    (together::SKETCH, [0x1f, 0x4e, 0xb4]),
    (together::LOG, [0x17, 0xa2, 0xb8]),
    (together::RANGES, [0xd6, 0x27, 0x28]),
    (together::MERKLE, [0xe0, 0x7b, 0x00]),
    (together::WHOLE, [0x80, 0x80, 0x80]),
    (spread::OURS, [0x1f, 0x4e, 0xb4]),
    (spread::BP_RR, [0x2c, 0xa0, 0x2c]),
    (spread::CLASSIC, [0xe0, 0x7b, 0x00]),
    (spread::STATES, [0x80, 0x80, 0x80]),
];

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args_os().skip(1);
    let docs = PathBuf::from(arguments.next().ok_or("where the documents are is needed")?);
    let links = links::measure();
    if arguments.next().is_some_and(|only| only == "links") {
        return publish(&docs, &links);
    }
    let together = together::measure();
    let (cells, crossover) = (together::cells(), together::crossover());
    let spread = spread::measure();
    let speed = speed::measure();
    let mut tables = links;
    tables.extend([
        ("together", together.tables()),
        ("equal", together.equal()),
        ("cells", cells),
        ("crossover", crossover),
        ("scan", together.scan.clone()),
        ("spread", spread.table()),
        ("speed", speed),
        ("targets", targets(&together, &spread)),
    ]);
    publish(&docs, &tables)?;

    let dir = docs.join("sync");
    fs::create_dir_all(&dir)?;
    let axes = Axes { x: "differences", y: "bytes", format: &short };
    let title = "Bringing two sets of u64 together: bytes, both ways, with the elements";
    panels(&together.panels(), title, &axes, &COLOURS, &dir.join("bytes.svg"))?;
    let title = "Fifteen nodes: elements sent, relative to delta-states with BP+RR";
    let axis = "times as many as with BP+RR: left of 1 fewer are sent";
    bars(&spread.rows(), title, axis, Some(1.0), &COLOURS, &dir.join("spread.svg"))
}

/// Prints tables, and puts them into `sync.md`.
fn publish(docs: &Path, tables: &[(&str, String)]) -> Result<(), Box<dyn Error>> {
    let file = docs.join("sync.md");
    let mut page = fs::read_to_string(&file)?;
    for (name, table) in tables {
        println!("{name}\n\n{table}");
        page = between_markers(&page, name, table.trim());
    }
    Ok(fs::write(file, page)?)
}

fn targets(together: &Together, spread: &Spread) -> String {
    let mut targets = Targets::new();
    targets.at_most("equal replicas: at most 32 bytes a frame", together.worst_of_equals(), 32.0);
    for d in [100, 1_000] {
        let wish = format!(
            "by sketch, {} differences and more, up to a tenth of all: at most 20 bytes for each beside the elements",
            count(d as usize)
        );
        targets.at_most(&wish, together.worst_of_sketches(d), 20.0);
    }
    let (bytes, legs) = together.news();
    targets.at_most("by log, 1,000 new elements: at most 3 bytes for each beside its own 8", bytes, 3.0);
    targets.at_most("by log, ways until equal: a round trip to greet, and one more", legs, 4.0);
    let wish = "GSet, GMap, Retwis among 15: elements sent, relative to BP+RR, at worst: no more";
    targets.at_most(wish, spread.worst(), 1.0);
    targets.into_table()
}
