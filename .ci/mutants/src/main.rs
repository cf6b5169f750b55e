//! Mutation testing in one build.
//!
//! cargo-mutants builds the tests once for each mutant. Here they are built once for all: its list of mutants is
//! written into a copy of the sources, each mutant behind a guard (`rewrite.rs`), and the environment variable `MUTANT`
//! turns one on (`switch.rs`). Mutants that do not compile are found by the compiler's complaints (`build.rs`). The
//! tests that reach a mutant are run against it, the quick ones first, until one fails (`run.rs`): unit tests, while the
//! others are built, and then all.
//!
//! Called by `run.sh`: `rejoin-mutants LIST.json SOURCES WORK [--missed | --file TEXT ...]`.

mod build;
mod rewrite;
mod run;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use rewrite::Mutant;
use serde_json::{Value, json};

/// What became of a mutant.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// It does not compile.
    Unviable,
    /// It is in a constant, and left to cargo-mutants.
    Constant,
    /// The first test that failed.
    Caught(String),
    Timeout,
    Missed,
}

/// The mutants that cannot be told from the original, with reasons: a line for each, and reasons indented below.
fn equivalents(path: &Path) -> BTreeSet<String> {
    let text = fs::read_to_string(path).unwrap_or_default();
    let entry = |line: &&str| !line.is_empty() && !line.starts_with(['#', ' ']);
    text.lines().filter(entry).map(|line| line.trim_end().to_string()).collect()
}

/// Reads cargo-mutants' list.
fn mutants(list: &Path, sources: &Path) -> Vec<Mutant> {
    let list: Value = serde_json::from_str(&fs::read_to_string(list).expect("the list")).expect("JSON");
    let text = |value: &Value| value.as_str().expect("a text").to_string();
    let place = |value: &Value| {
        let number = |name: &str| usize::try_from(value[name].as_u64().expect("a number")).expect("small");
        (number("line"), number("column"))
    };
    let mutant = |(id, value): (usize, &Value)| {
        let file = text(&value["file"]);
        let (start, end) = (place(&value["span"]["start"]), place(&value["span"]["end"]));
        let (name, genre) = (text(&value["name"]), text(&value["genre"]));
        let what = name.splitn(4, ':').nth(3).expect("file:line:column: what").trim();
        let mut key = format!("{file}: {what}");
        if genre != "FnValue" {
            // Which of several like it, by the code around it.
            let source = fs::read_to_string(sources.join(&file)).expect("a source file");
            let line: Vec<char> = source.lines().nth(start.0 - 1).expect("a line").chars().collect();
            let until = if end.0 == start.0 { end.1 } else { line.len() + 1 } - 1;
            let part = |range: &[char]| range.iter().collect::<String>();
            let (before, cut, behind) =
                (part(&line[..start.1 - 1]), part(&line[start.1 - 1..until]), part(&line[until..]));
            write!(key, " | {}«{cut}»{behind}", before.trim_start()).expect("text");
        }
        Mutant { id, file, genre, key, replacement: text(&value["replacement"]), start, end }
    };
    let mut mutants: Vec<Mutant> =
        list.as_array().expect("an array").iter().enumerate().map(mutant).collect();
    // Two functions may have one name, if only one of them is compiled.
    let mut met = BTreeMap::<String, usize>::new();
    for mutant in &mut mutants {
        let times = met.entry(mutant.key.clone()).or_default();
        *times += 1;
        if *times > 1 {
            write!(mutant.key, " ({times})").expect("text");
        }
    }
    mutants
}

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let [list, sources, work] = [(); 3].map(|()| PathBuf::from(args.next().expect("LIST SOURCES WORK")));
    let options: Vec<String> = args.collect();
    let mutants = mutants(&list, &sources);
    let results = work.join("results.json");

    let before = saved(&results);
    let wanted = |m: &Mutant| match options.first().map(String::as_str) {
        None => true,
        Some("--missed") => before.get(&m.key).is_none_or(|outcome| outcome == "missed"),
        Some(_) => options.iter().any(|text| m.key.contains(text)),
    };
    let mut chosen: Vec<Mutant> = mutants.iter().filter(|m| wanted(m)).cloned().collect();
    chosen.sort_by_key(|m| options.iter().position(|text| m.key.contains(text)));
    let built = build::build(&chosen, &sources, &work);
    let mut outcomes: BTreeMap<usize, Outcome> = BTreeMap::new();
    outcomes.extend(built.unviable.iter().map(|id| (*id, Outcome::Unviable)));
    outcomes.extend(built.constants.iter().map(|id| (*id, Outcome::Constant)));
    let to_run: Vec<&Mutant> = chosen.iter().filter(|m| !outcomes.contains_key(&m.id)).collect();
    let outcomes = Mutex::new(outcomes);
    let save = |outcomes: &BTreeMap<usize, Outcome>| save(&results, &mutants, &before, outcomes);
    let missed = || {
        let outcomes = outcomes.lock().expect("no panic");
        to_run.iter().copied().filter(|m| outcomes.get(&m.id).is_none_or(|o| *o == Outcome::Missed)).collect()
    };
    let pass = |tests: &run::Tests, slow: bool| {
        let mutants: Vec<&Mutant> = missed();
        println!("{} tests against {} mutants:", if slow { "Slow" } else { "Quick" }, mutants.len());
        run_all(&mutants, |id| tests.run(id, slow), &outcomes, save);
    };
    let units = build::tests(&work, "--lib");
    let mut tests = run::Tests::default();
    tests.record(&units, &work);
    let others = std::thread::scope(|scope| {
        // It takes long, and most mutants do not need it.
        let others = scope.spawn(|| build::tests(&work, "--tests"));
        pass(&tests, false);
        others.join().expect("they build")
    });
    let others: Vec<PathBuf> = others.into_iter().filter(|binary| !units.contains(binary)).collect();
    tests.record(&others, &work);
    pass(&tests, false);
    pass(&tests, true);
    let outcomes = outcomes.into_inner().expect("no panic");
    save(&outcomes);
    report(&mutants, &outcomes, &equivalents(&sources.join(".ci/mutants/equivalent.txt")))
}

fn saved(results: &Path) -> BTreeMap<String, String> {
    fs::read_to_string(results).ok().and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default()
}

/// Runs tests against all of some mutants, prints which are missed, and writes down what becomes of each.
fn run_all(
    mutants: &[&Mutant],
    run: impl Fn(usize) -> Outcome + Sync,
    outcomes: &Mutex<BTreeMap<usize, Outcome>>,
    save: impl Fn(&BTreeMap<usize, Outcome>) + Sync,
) {
    let (next, done) = (AtomicUsize::new(0), AtomicUsize::new(0));
    on_all_cores(|| {
        while let Some(mutant) = mutants.get(next.fetch_add(1, Ordering::Relaxed)) {
            let outcome = run(mutant.id);
            let mut outcomes = outcomes.lock().expect("no panic");
            let done = done.fetch_add(1, Ordering::Relaxed) + 1;
            if matches!(outcome, Outcome::Missed | Outcome::Timeout) || done.is_multiple_of(100) {
                println!("{done:5}/{} {outcome:?}: {}", mutants.len(), mutant.key);
            }
            outcomes.insert(mutant.id, outcome);
            if done.is_multiple_of(50) || done == mutants.len() {
                save(&outcomes);
            }
        }
    });
}

/// Tests share nothing but the processor.
fn on_all_cores(work: impl Fn() + Sync) {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| (0..cores).for_each(|_| drop(scope.spawn(&work))));
}

/// Writes down what became of the mutants, now and in earlier runs.
fn save(
    results: &Path,
    mutants: &[Mutant],
    before: &BTreeMap<String, String>,
    outcomes: &BTreeMap<usize, Outcome>,
) {
    let known: BTreeSet<&String> = mutants.iter().map(|m| &m.key).collect();
    let mut all = before.clone();
    all.retain(|key, _| known.contains(key));
    for (id, outcome) in outcomes {
        let outcome = match outcome {
            Outcome::Caught(test) => format!("caught by {test}"),
            other => format!("{other:?}").to_lowercase(),
        };
        all.insert(mutants[*id].key.clone(), outcome);
    }
    fs::write(results, format!("{:#}\n", json!(all))).expect("a file to write to");
}

/// Prints the table, and what is to be done. Fails if anything is.
fn report(
    mutants: &[Mutant],
    outcomes: &BTreeMap<usize, Outcome>,
    equivalents: &BTreeSet<String>,
) -> ExitCode {
    let mut table: BTreeMap<&str, [usize; 7]> = BTreeMap::new();
    let (mut missed, mut stale) = (Vec::new(), Vec::new());
    for (id, outcome) in outcomes {
        let mutant = &mutants[*id];
        let listed = equivalents.contains(&mutant.key);
        let column = match outcome {
            Outcome::Unviable => 1,
            Outcome::Caught(_) => 2,
            Outcome::Timeout => 3,
            Outcome::Constant => 4,
            Outcome::Missed if listed => 5,
            Outcome::Missed => 6,
        };
        match outcome {
            Outcome::Missed if !listed => missed.push(&mutant.key),
            Outcome::Caught(_) | Outcome::Timeout if listed => stale.push(&mutant.key),
            _ => {}
        }
        for row in [mutant.file.as_str(), "all"] {
            let row = table.entry(row).or_default();
            row[0] += 1;
            row[column] += 1;
        }
    }
    println!(
        "\n| file | mutants | do not compile | caught | hang: caught | in constants | equivalent | missed |"
    );
    println!("|---|---:|---:|---:|---:|---:|---:|---:|");
    let all = table.remove("all");
    for (file, row) in table.into_iter().chain(all.map(|row| ("all", row))) {
        println!("| {file} | {} |", row.map(|n| n.to_string()).join(" | "));
    }
    let mut sections = vec![("Missed", missed), ("Listed as equivalent, but caught", stale)];
    let unknown = equivalents.iter().filter(|key| !mutants.iter().any(|m| m.key == **key)).collect();
    sections.push(("Listed as equivalent, but not there", unknown));
    sections.retain(|(_, keys)| !keys.is_empty());
    for (title, keys) in &sections {
        println!("\n{title}:");
        keys.iter().for_each(|key| println!("  {key}"));
    }
    if sections.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
