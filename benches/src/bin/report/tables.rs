//! Figures as tables in Markdown, which the terminal shows too.

use std::collections::BTreeMap;
use std::fmt::Write;

use rejoin_benches::page::{count, digits, time};

use crate::figures::{Figures, LIBRARIES};

/// All times, a table per kind of thing.
pub(crate) fn times(figures: &Figures) -> String {
    all(&figures.times, "work", time)
}

/// All sizes, a table per kind of thing.
pub(crate) fn bytes(figures: &Figures) -> String {
    all(&figures.bytes, "bytes per element", digits)
}

fn all(
    table: &BTreeMap<String, BTreeMap<usize, BTreeMap<String, f64>>>,
    work: &str,
    show: fn(f64) -> String,
) -> String {
    let mut text = String::new();
    for family in Figures::families(table) {
        let libraries: Vec<_> = LIBRARIES
            .iter()
            .map(|(name, _)| *name)
            .filter(|name| {
                Figures::works(table, family)
                    .any(|(_, sizes)| sizes.values().any(|of| of.contains_key(*name)))
            })
            .collect();
        writeln!(text, "**{}**\n\n| {work} | n | {} |", capital(family), libraries.join(" | ")).unwrap();
        writeln!(text, "|---|--:|{}", "--:|".repeat(libraries.len())).unwrap();
        for (work, sizes) in Figures::works(table, family) {
            for (n, of) in sizes {
                let cells =
                    libraries.iter().map(|it| of.get(*it).map_or("–".into(), |figure| show(*figure)));
                writeln!(text, "| {work} | {} | {} |", count(*n), cells.collect::<Vec<_>>().join(" | "))
                    .unwrap();
            }
        }
        text.push('\n');
    }
    text
}

fn capital(text: &str) -> String {
    let (first, rest) = text.split_at(1);
    first.to_uppercase() + rest
}
