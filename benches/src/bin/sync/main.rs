//! What it costs to keep replicas in step:
//!
//!     sync DOCS-DIRECTORY
//!
//! Tables go to the terminal and into `sync.md`, plots beside it: see `sync.sh`.

mod merkle;
mod pair;
mod ranges;
mod speed;
mod spread;
mod together;

use std::error::Error;
use std::fs;
use std::path::PathBuf;

use rejoin_benches::draw::{Axes, bars, panels, short};
use rejoin_benches::page::{between_markers, count, digits};

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
    let docs = PathBuf::from(std::env::args_os().nth(1).ok_or("where the documents are is needed")?);
    let together = together::measure();
    let (cells, crossover) = (together::cells(), together::crossover());
    let spread = spread::measure();
    let speed = speed::measure();

    let mut targets = String::from("| target | measured | |\n|---|--:|---|\n");
    let mut target = |wish: &str, measured: f64, most: f64| {
        let verdict = if measured <= most { "met" } else { "**not met**" };
        // What is missed by little is not to look as if it were met.
        let figure = if measured > most && digits(measured) == digits(most) {
            format!("{measured:.5}")
        } else {
            digits(measured)
        };
        targets.push_str(&format!("| {wish} | {figure} | {verdict} |\n"));
    };
    target("equal replicas: at most 32 bytes a frame", together.worst_of_equals(), 32.0);
    for d in [100, 1_000] {
        let wish = format!(
            "by sketch, {} differences and more, up to a tenth of all: at most 20 bytes for each beside the elements",
            count(d as usize)
        );
        target(&wish, together.worst_of_sketches(d), 20.0);
    }
    let (bytes, legs) = together.news();
    target("by log, 1,000 new elements: at most 3 bytes for each beside its own 8", bytes, 3.0);
    target("by log, ways until equal: a round trip to greet, and one more", legs, 4.0);
    target(
        "GSet, GMap, Retwis among 15: elements sent, relative to BP+RR, at worst: no more",
        spread.worst(),
        1.0,
    );

    let file = docs.join("sync.md");
    let mut page = fs::read_to_string(&file)?;
    for (name, table) in [
        ("targets", &targets),
        ("together", &together.tables()),
        ("equal", &together.equal()),
        ("cells", &cells),
        ("crossover", &crossover),
        ("scan", &together.scan),
        ("spread", &spread.table()),
        ("speed", &speed),
    ] {
        println!("{name}\n\n{table}");
        page = between_markers(&page, name, table.trim());
    }
    fs::write(file, page)?;

    let dir = docs.join("sync");
    fs::create_dir_all(&dir)?;
    let axes = Axes { x: "differences", y: "bytes", format: &short };
    let title = "Bringing two sets of u64 together: bytes, both ways, with the elements";
    panels(&together.panels(), title, &axes, &COLOURS, &dir.join("bytes.svg"))?;
    let title = "Fifteen nodes: elements sent, relative to delta-states with BP+RR";
    let axis = "times as many as with BP+RR: left of 1 fewer are sent";
    bars(&spread.rows(), title, axis, Some(1.0), &COLOURS, &dir.join("spread.svg"))
}
