//! What was measured, read from where criterion and the memory probe have left it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use serde_json::Value;

/// All libraries, in the order in which they are shown; each has a colour in all plots.
pub(crate) const LIBRARIES: [(&str, [u8; 3]); 8] = [
    ("rejoin", [0x1f, 0x4e, 0xb4]),
    ("std", [0x80, 0x80, 0x80]),
    ("crdts", [0xe0, 0x7b, 0x00]),
    ("dson", [0x8c, 0x56, 0x4b]),
    ("lattices", [0x2c, 0xa0, 0x2c]),
    ("automerge", [0xd6, 0x27, 0x28]),
    ("yrs", [0x17, 0xa2, 0xb8]),
    ("loro", [0xc5, 0x4b, 0xb0]),
];

/// By what is measured, then by size, then by library.
type Table = BTreeMap<String, BTreeMap<usize, BTreeMap<String, f64>>>;

#[derive(Default)]
pub(crate) struct Figures {
    /// Nanoseconds, per element where the work has elements. The median.
    pub(crate) times: Table,
    /// Bytes per element, by "what: format".
    pub(crate) bytes: Table,
}

impl Figures {
    /// # Panics
    ///
    /// If something there is not as criterion and the memory probe write it.
    pub(crate) fn read(criterion: &Path, memory: &Path) -> Self {
        let mut figures = Figures::default();
        for group in children(criterion) {
            for library in children(&group) {
                for size in children(&library) {
                    figures.read_estimate(&size.join("new"));
                }
            }
        }
        for line in fs::read_to_string(memory).expect("what the memory probe has printed").lines() {
            let [what, library, n, format, bytes] =
                line.split('\t').collect::<Vec<_>>().try_into().expect("five columns");
            let n = n.parse().expect("a number of elements");
            let bytes = bytes.parse().expect("bytes per element");
            add(&mut figures.bytes, format!("{what}: {format}"), n, library, bytes);
        }
        figures
    }

    fn read_estimate(&mut self, dir: &Path) {
        let (Ok(of), Ok(estimates)) =
            (fs::read(dir.join("benchmark.json")), fs::read(dir.join("estimates.json")))
        else {
            return; // Criterion's own reports lie beside its figures.
        };
        let of: Value = serde_json::from_slice(&of).expect("JSON");
        let estimates: Value = serde_json::from_slice(&estimates).expect("JSON");
        let text = |key: &str| of[key].as_str().expect("a text").to_string();
        let n = text("value_str").parse().expect("a number of elements");
        let units = of["throughput"]["Elements"].as_f64().expect("a number of units");
        let time = estimates["median"]["point_estimate"].as_f64().expect("nanoseconds");
        add(&mut self.times, text("group_id"), n, &text("function_id"), time / units);
    }

    pub(crate) fn time(&self, work: &str, library: &str, n: usize) -> Option<f64> {
        self.times.get(work)?.get(&n)?.get(library).copied()
    }

    pub(crate) fn bytes(&self, what: &str, library: &str, n: usize) -> Option<f64> {
        self.bytes.get(what)?.get(&n)?.get(library).copied()
    }

    /// The greatest size at which both libraries have done this work.
    pub(crate) fn most(table: &Table, work: &str, libraries: [&str; 2]) -> Option<usize> {
        let sizes = table.get(work)?;
        sizes.iter().rev().find(|(_, of)| libraries.iter().all(|it| of.contains_key(*it))).map(|(n, _)| *n)
    }

    /// What comes before the colon in the names of works.
    pub(crate) fn families(table: &Table) -> Vec<&str> {
        let names: BTreeSet<_> =
            table.keys().map(|work| work.split_once(": ").map_or(&**work, |it| it.0)).collect();
        names.into_iter().collect()
    }

    /// The works of a family: what is after the colon, with the figures.
    pub(crate) fn works<'a>(
        table: &'a Table,
        family: &'a str,
    ) -> impl Iterator<Item = (&'a str, &'a BTreeMap<usize, BTreeMap<String, f64>>)> {
        table
            .iter()
            .filter_map(move |(work, sizes)| Some((work.strip_prefix(family)?.strip_prefix(": ")?, sizes)))
    }
}

fn children(dir: &Path) -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir(dir).into_iter().flatten();
    entries.map(|entry| entry.expect("a readable directory").path()).filter(|path| path.is_dir()).collect()
}

fn add(table: &mut Table, work: String, n: usize, library: &str, figure: f64) {
    table.entry(work).or_default().entry(n).or_default().insert(library.to_string(), figure);
}
