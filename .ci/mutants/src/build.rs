//! Builds the tests with all mutants in them, less those that do not compile.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::rewrite::{Mutant, rewrite};

pub struct Built {
    /// The test binaries, those with the fewest tests first.
    pub binaries: Vec<PathBuf>,
    pub unviable: BTreeSet<usize>,
    pub constants: BTreeSet<usize>,
}

type Places = BTreeMap<String, Vec<(usize, Range<usize>)>>;

pub fn build(mutants: &[Mutant], sources: &Path, work: &Path) -> Built {
    let tree = work.join("tree");
    drop(fs::remove_dir_all(&tree));
    fs::create_dir_all(&tree).expect("a directory to work in");
    for part in ["Cargo.toml", "Cargo.lock", "README.md", "src", "docs", "tests", "examples"] {
        let done = Command::new("cp").arg("-R").arg(sources.join(part)).arg(&tree).status();
        assert!(done.is_ok_and(|status| status.success()), "{part} is copied");
    }
    let mut unviable = BTreeSet::new();
    loop {
        let (places, constants) = write(mutants, &mut unviable, sources, &tree);
        let (failed, messages) = cargo(&tree, &["check", "--lib"]);
        if !failed {
            let (failed, messages) = cargo(&tree, &["test", "--lib", "--tests", "--no-run"]);
            assert!(!failed, "the tests build:\n{}", rendered(&messages));
            let mut binaries: Vec<PathBuf> = messages
                .iter()
                .filter(|m| m["profile"]["test"] == true)
                .filter_map(|m| Some(PathBuf::from(m["executable"].as_str()?)))
                .collect();
            binaries.sort();
            return Built { binaries, unviable, constants };
        }
        let before = unviable.len();
        unviable.extend(messages.iter().flat_map(|message| to_blame(&message["message"], &places)));
        assert!(unviable.len() > before, "a mutant is to blame for each error:\n{}", rendered(&messages));
        println!("{} mutants do not compile, so far", unviable.len());
    }
}

/// Writes the sources with all mutants that are left.
fn write(
    mutants: &[Mutant],
    unviable: &mut BTreeSet<usize>,
    sources: &Path,
    tree: &Path,
) -> (Places, BTreeSet<usize>) {
    let mut of_file = BTreeMap::<&str, Vec<Mutant>>::new();
    for mutant in mutants {
        of_file.entry(&mutant.file).or_default().push(mutant.clone());
    }
    of_file.entry("src/lib.rs").or_default();
    let (mut places, mut constants) = (Places::new(), BTreeSet::new());
    for (file, mut mutants) in of_file {
        mutants.retain(|mutant| !unviable.contains(&mutant.id));
        let source = fs::read_to_string(sources.join(file)).expect("a source file");
        let rewritten = rewrite(&source, &mutants);
        unviable.extend(rewritten.broken);
        for id in rewritten.left_out {
            let mutant = mutants.iter().find(|m| m.id == id).expect("one of them");
            assert!(mutant.genre == "BinaryOperator", "a place is found for {}", mutant.key);
            constants.insert(id);
        }
        let text = if file == "src/lib.rs" {
            format!("#![feature(core_intrinsics, const_eval_select)] {}{}", rewritten.text, include_str!("switch.rs"))
        } else {
            rewritten.text
        };
        if fs::read_to_string(tree.join(file)).ok().as_ref() != Some(&text) {
            fs::write(tree.join(file), text).expect("a file to write to");
        }
        places.insert(file.to_string(), rewritten.places);
    }
    (places, constants)
}

/// The mutants that an error of the compiler is about: by the places that it points at, else by those that it mentions.
fn to_blame(message: &Value, places: &Places) -> Vec<usize> {
    if message["level"] != "error" {
        return Vec::new();
    }
    let no_spans = Vec::new();
    let spans = message["spans"].as_array().unwrap_or(&no_spans);
    for primary in [true, false] {
        let found: Vec<usize> = spans
            .iter()
            .filter(|span| span["is_primary"] == primary)
            .filter_map(|span| {
                let number = |name| usize::try_from(span[name].as_u64()?).ok();
                let (start, end) = (number("byte_start")?, number("byte_end")?);
                let around = |place: &&(usize, Range<usize>)| place.1.start <= start && end <= place.1.end;
                let places = places.get(span["file_name"].as_str()?)?;
                Some(places.iter().filter(around).min_by_key(|(_, place)| place.len())?.0)
            })
            .collect();
        if !found.is_empty() {
            return found;
        }
    }
    Vec::new()
}

/// Runs cargo; returns whether it failed, and what it said.
fn cargo(tree: &Path, args: &[&str]) -> (bool, Vec<Value>) {
    let output = Command::new("cargo")
        .args(args)
        .args(["--all-features", "--message-format=json"])
        .current_dir(tree)
        .env("CARGO_TARGET_DIR", tree.with_file_name("target"))
        // `const_eval_select`: so that mutants can be in functions that are called in constants too.
        .env("RUSTC_BOOTSTRAP", "1")
        .env("RUSTFLAGS", "--cap-lints=allow")
        .envs(["DEV", "TEST"].map(|profile| (format!("CARGO_PROFILE_{profile}_OPT_LEVEL"), "1")))
        .envs(["DEV", "TEST"].map(|profile| (format!("CARGO_PROFILE_{profile}_DEBUG"), "0")))
        .stderr(Stdio::inherit())
        .output()
        .expect("cargo is there");
    let lines = String::from_utf8_lossy(&output.stdout);
    let messages = lines.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    (!output.status.success(), messages)
}

fn rendered(messages: &[Value]) -> String {
    let errors = messages.iter().map(|m| &m["message"]).filter(|m| m["level"] == "error");
    errors.filter_map(|m| m["rendered"].as_str()).collect()
}
