//! Draws up the report of what `run.sh` has measured: tables in the terminal and in `docs/performance.md`, and plots.
//!
//!     report CRITERION-DIRECTORY MEMORY-FILE CODEC-FILE PIECES-FILE DOCS-DIRECTORY

mod figures;
mod plots;
mod tables;
mod targets;

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use figures::{Figures, LIBRARIES};
use rejoin_benches::draw::{Row, bars};
use rejoin_benches::page::{between_markers, count};

/// Families of works with a picture of their own.
const PICTURES: [(&str, &str, &str); 8] = [
    ("set of u64", "Sets of u64: time per element", "set-u64"),
    ("set of text", "Sets of texts of 24 bytes: time per element", "set-text"),
    ("merge sets of u64", "Merging two sets of u64: time per merge", "merge-u64"),
    ("merge sets of text", "Merging two sets of texts of 24 bytes: time per merge", "merge-text"),
    ("map of registers", "Maps of registers: time per key written, or per merge", "map-registers"),
    ("map of counters", "Maps of counters: time per key written, or per merge", "map-counters"),
    ("map of records", "Maps of records: time per key written, or per merge", "map-records"),
    ("version", "Versions: time per replica", "version"),
];

fn main() -> Result<(), Box<dyn Error>> {
    let paths: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let [criterion, memory, codec, pieces, docs] =
        <[PathBuf; 5]>::try_from(paths).map_err(|_| "five paths are needed")?;
    let figures = Figures::read(&criterion, &memory);
    let (codec, pieces) = (fs::read_to_string(codec)?, fs::read_to_string(pieces)?);

    let (times, bytes, targets) =
        (tables::times(&figures), tables::bytes(&figures), targets::table(&figures));
    println!("{times}\n{bytes}\n{codec}\n{pieces}\n{targets}");

    let file = docs.join("performance.md");
    let mut page = fs::read_to_string(&file)?;
    let parts =
        [("targets", &targets), ("pieces", &pieces), ("times", &times), ("bytes", &bytes), ("codec", &codec)];
    for (name, table) in parts {
        page = between_markers(&page, name, table.trim());
    }
    fs::write(file, page)?;
    draw(&figures, &docs.join("performance"))
}

fn draw(figures: &Figures, dir: &Path) -> Result<(), Box<dyn Error>> {
    fs::create_dir_all(dir)?;
    for (family, title, file) in PICTURES {
        if Figures::works(&figures.times, family).any(|(_, sizes)| sizes.len() > 1) {
            plots::by_size(figures, family, title, &dir.join(file).with_extension("svg"))?;
        }
    }
    let ratios = [
        ("ratios-sets", "Sets of u64", vec!["set of u64", "merge sets of u64"]),
        ("ratios-maps", "Maps and counters", vec!["map of registers", "map of counters", "counter"]),
        ("ratios-documents", "Documents: text keys to numbers", vec!["document"]),
    ];
    for (file, title, families) in ratios {
        let title = format!("{title}: how many times as long others take");
        let axis = "times as long as rejoin: right of 1 rejoin is faster, left of it slower";
        let rows = plots::ratios(figures, &families);
        bars(&rows, &title, axis, Some(1.0), &LIBRARIES, &dir.join(file).with_extension("svg"))?;
    }
    let rows: Vec<Row> = figures
        .bytes
        .iter()
        .filter(|(what, _)| what.ends_with(": live") && !what.starts_with("counter"))
        .filter_map(|(what, sizes)| {
            let (n, of) = sizes.iter().next_back()?;
            Some((format!("{}, {}", what.trim_end_matches(": live"), count(*n)), of.clone()))
        })
        .collect();
    bars(&rows, "Live memory", "bytes per element", None, &LIBRARIES, &dir.join("memory.svg"))
}
