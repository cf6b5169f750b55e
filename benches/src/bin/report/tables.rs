//! Figures as tables in Markdown, which the terminal shows too.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::figures::{Figures, LIBRARIES};

/// Nanoseconds as people read them.
pub(crate) fn time(ns: f64) -> String {
    let (value, unit) = match ns {
        ns if ns < 1e3 => (ns, "ns"),
        ns if ns < 1e6 => (ns / 1e3, "µs"),
        ns if ns < 1e9 => (ns / 1e6, "ms"),
        ns => (ns / 1e9, "s"),
    };
    format!("{} {unit}", digits(value))
}

/// Three digits, or all before the point.
pub(crate) fn digits(value: f64) -> String {
    match value {
        v if v < 9.995 => format!("{v:.2}"),
        v if v < 99.95 => format!("{v:.1}"),
        v => format!("{v:.0}"),
    }
}

pub(crate) fn count(n: usize) -> String {
    let digits = n.to_string();
    let groups: Vec<_> = digits.as_bytes().rchunks(3).rev().map(String::from_utf8_lossy).collect();
    groups.join(",")
}

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
