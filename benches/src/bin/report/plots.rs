//! What of the figures becomes which picture.

use std::collections::BTreeMap;
use std::path::Path;

use rejoin_benches::draw::{Axes, Outcome, Panel, Row, panels};
use rejoin_benches::page::time;

use crate::figures::{Figures, LIBRARIES};

/// A panel for each work of a family that was done at several sizes: nanoseconds against size.
pub(crate) fn by_size(figures: &Figures, family: &str, title: &str, file: &Path) -> Outcome {
    let works = Figures::works(&figures.times, family).filter(|(_, sizes)| sizes.len() > 1);
    let works: Vec<_> =
        works.map(|(work, sizes)| Panel { caption: work.to_string(), figures: sizes.clone() }).collect();
    let format = |ns| time(ns).replace(".00", "").replace(".0 ", " ");
    let axes = Axes { x: "elements", y: "time per unit", format: &format };
    panels(&works, title, &axes, &LIBRARIES, file)
}

/// How many times as long as `rejoin` each other library takes for the works of some families, at the greatest size at
/// which it was measured.
pub(crate) fn ratios(figures: &Figures, families: &[&str]) -> Vec<Row> {
    let mut rows = Vec::new();
    for family in families {
        for (work, sizes) in Figures::works(&figures.times, family) {
            let mut others = BTreeMap::new();
            for of in sizes.values() {
                let Some(ours) = of.get("rejoin") else { continue };
                let others_here = of.iter().filter(|(library, _)| *library != "rejoin");
                others.extend(others_here.map(|(library, time)| (library.clone(), time / ours)));
            }
            if !others.is_empty() {
                let is_merge = family.starts_with("merge");
                rows.push((if is_merge { format!("merge, {work}") } else { work.to_string() }, others));
            }
        }
    }
    rows
}
