//! What we want, what was measured, and whether that is enough.

use std::fmt::Write;

use rejoin_benches::page::{count, digits, time};

use crate::figures::{Figures, LIBRARIES};

/// A wish that some ratio be at most, or at least, so much.
struct Target {
    wish: String,
    measured: Option<(f64, String)>,
    limit: Limit,
}

enum Limit {
    AtMost(f64),
    AtLeast(f64),
}

pub(crate) fn table(figures: &Figures) -> String {
    let mut text = String::from("| target | measured | |\n|---|---|---|\n");
    for Target { wish, measured, limit } in targets(figures) {
        let (shown, verdict) = match measured {
            None => ("not measured".to_string(), "–"),
            Some((ratio, shown)) => {
                let is_met = match limit {
                    Limit::AtMost(most) => ratio <= most,
                    Limit::AtLeast(least) => ratio >= least,
                };
                (shown, if is_met { "met" } else { "**not met**" })
            }
        };
        writeln!(text, "| {wish} | {shown} | {verdict} |").unwrap();
    }
    text
}

fn targets(figures: &Figures) -> Vec<Target> {
    use Limit::{AtLeast, AtMost};
    let slower = |wish: &str, work: &str, most: f64| Target {
        wish: format!("{wish}: at most {most} × std"),
        measured: ratio(figures, work, "rejoin", "std"),
        limit: AtMost(most),
    };
    let faster = |wish: &str, work: &str, least: f64| Target {
        wish: format!("{wish}: at least {} times faster than `crdts`", count(least as usize)),
        measured: ratio(figures, work, "crdts", "rejoin"),
        limit: AtLeast(least),
    };
    let mut targets = vec![
        slower("insert into a set of u64", "set of u64: build by inserts", 2.0),
        slower("insert into a set of texts", "set of text: build by inserts", 3.0),
        slower("contains", "set of u64: contains", 1.2),
        slower("iterate", "set of u64: iterate", 1.5),
        memory_beside_std(figures),
        faster("insert into a set of u64", "set of u64: build by inserts", 3.0),
        faster("merge, 1% diverged", "merge sets of u64: 1% diverged", 20.0),
        memory_beside_crdts(figures),
        faster("merge, nothing new, by reference", "merge sets of u64: nothing new", 10_000.0),
        apply_beside_insert(figures),
        apply_by_size(figures),
        slower("merge, 1% diverged (std: a walk over two maps)", "merge sets of u64: 1% diverged", 2.0),
        slower("set all keys of a document", "document: set all, one transaction", 2.0),
    ];
    for work in figures.times.keys().filter(|it| it.starts_with("document: ") || it.starts_with("counter: "))
    {
        targets.push(beside_documents(figures, work));
    }
    for what in [
        "document, loaded: live",
        "document: saved",
        "document: a message for each key",
        "document: difference",
    ] {
        targets.push(smaller_than_documents(figures, what));
    }
    for work in ["covers an equal one, per replica", "union, all is news, per replica"] {
        let of = figures.time(&format!("version: {work}"), "rejoin", 10_000);
        targets.push(Target {
            wish: format!("version {work}, of 10,000: at most 2 ns"),
            measured: of.map(|ns| (ns, time(ns))),
            limit: AtMost(2.0),
        });
    }
    targets
}

/// How many times as long the first takes, where both have done the most.
fn ratio(figures: &Figures, work: &str, slow: &str, fast: &str) -> Option<(f64, String)> {
    let n = Figures::most(&figures.times, work, [slow, fast])?;
    let (slow, fast) = (figures.time(work, slow, n)?, figures.time(work, fast, n)?);
    let ratio = slow / fast;
    Some((ratio, format!("{} × ({} / {}, n = {})", digits(ratio), time(slow), time(fast), count(n))))
}

fn memory_beside_std(figures: &Figures) -> Target {
    let what = "set of u64: live";
    let measured = Figures::most(&figures.bytes, what, ["rejoin", "std"]).and_then(|n| {
        let (ours, std) = (figures.bytes(what, "rejoin", n)?, figures.bytes(what, "std", n)?);
        let most = 2.0 * std + 24.0;
        Some((ours / most, format!("{ours:.1} B of at most {most:.1} B (std {std:.1} B, n = {})", count(n))))
    });
    Target {
        wish: "memory of a set of u64: at most 2 × std and 24 B".into(),
        measured,
        limit: Limit::AtMost(1.0),
    }
}

fn memory_beside_crdts(figures: &Figures) -> Target {
    let what = "set of u64: live";
    let measured = Figures::most(&figures.bytes, what, ["rejoin", "crdts"]).and_then(|n| {
        let (ours, crdts) = (figures.bytes(what, "rejoin", n)?, figures.bytes(what, "crdts", n)?);
        Some((
            crdts / ours,
            format!("1/{} ({ours:.1} B / {crdts:.1} B, n = {})", digits(crdts / ours), count(n)),
        ))
    });
    Target {
        wish: "memory of a set of u64: at most 1/6 of `crdts`".into(),
        measured,
        limit: Limit::AtLeast(6.0),
    }
}

fn apply_beside_insert(figures: &Figures) -> Target {
    let (apply, insert) = ("set of u64: apply a delta", "set of u64: insert");
    let measured = Figures::most(&figures.times, apply, ["rejoin", "rejoin"]).and_then(|n| {
        let (apply, insert) = (figures.time(apply, "rejoin", n)?, figures.time(insert, "rejoin", n)?);
        let shown =
            format!("{} × ({} / {}, n = {})", digits(apply / insert), time(apply), time(insert), count(n));
        Some((apply / insert, shown))
    });
    Target {
        wish: "apply a delta: at most 1.5 × a local insert".into(), measured, limit: Limit::AtMost(1.5)
    }
}

/// Deeper trees take longer, and so do larger ones that the caches do not hold: std's figure is there to compare.
fn apply_by_size(figures: &Figures) -> Target {
    let growth = |library: &str| {
        let of = |n| figures.time("set of u64: apply a delta", library, n);
        Some(of(1_000_000)? / of(10_000)? / (1e6_f64.log2() / 1e4_f64.log2()))
    };
    let measured = growth("rejoin").map(|ours| {
        let std = growth("std").map_or("–".into(), digits);
        (ours, format!("{} × (std {std} ×)", digits(ours)))
    });
    Target {
        wish: "apply a delta at 10⁶ beside 10⁴: at most 1.2 × beyond log n".into(),
        measured,
        limit: Limit::AtMost(1.2),
    }
}

const DOCUMENTS: [&str; 3] = ["automerge", "yrs", "loro"];

/// The least of the three.
fn best<'a>(of: impl Fn(&'a str) -> Option<f64>) -> Option<(&'a str, f64)> {
    let figures = DOCUMENTS.into_iter().filter_map(|library| Some((library, of(library)?)));
    figures.min_by(|a, b| a.1.total_cmp(&b.1))
}

fn beside_documents(figures: &Figures, work: &str) -> Target {
    let n = figures.times[work].keys().rev().find(|n| best(|it| figures.time(work, it, **n)).is_some());
    let measured = n.and_then(|n| {
        let ours = figures.time(work, "rejoin", *n)?;
        let (library, theirs) = best(|it| figures.time(work, it, *n))?;
        let shown = format!(
            "{} × ({} / {library} {}, n = {})",
            digits(ours / theirs),
            time(ours),
            time(theirs),
            count(*n)
        );
        Some((ours / theirs, shown))
    });
    Target {
        wish: format!("{work}: faster than automerge, yrs and loro"),
        measured,
        limit: Limit::AtMost(1.0),
    }
}

fn smaller_than_documents(figures: &Figures, what: &str) -> Target {
    debug_assert!(DOCUMENTS.iter().all(|name| LIBRARIES.iter().any(|it| it.0 == *name)));
    let n = figures.bytes.get(what).and_then(|sizes| sizes.keys().next_back()).copied();
    let measured = n.and_then(|n| {
        let ours = figures.bytes(what, "rejoin", n)?;
        let (library, theirs) = best(|it| figures.bytes(what, it, n))?;
        let shown = format!("{} × ({ours:.1} B / {library} {theirs:.1} B per key)", digits(ours / theirs));
        Some((ours / theirs, shown))
    });
    Target {
        wish: format!("{what}: smaller than automerge, yrs and loro"),
        measured,
        limit: Limit::AtMost(1.0),
    }
}
