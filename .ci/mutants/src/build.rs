//! Builds the tests with all mutants in them, less those that do not compile.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::rewrite::{Mutant, rewrite};

pub struct Built {
    pub unviable: BTreeSet<usize>,
    pub constants: BTreeSet<usize>,
}

type Places = BTreeMap<String, Vec<(usize, Range<usize>)>>;

/// Writes the sources with all mutants that compile to `work/tree`. Which do is found out beside it, so that what is there
/// already need not be built again.
pub fn build(mutants: &[Mutant], sources: &Path, work: &Path) -> Built {
    let (tree, trial) = (work.join("tree"), work.join("trial"));
    for tree in [&tree, &trial] {
        fs::create_dir_all(tree).expect("a directory to build in");
        for part in ["Cargo.toml", "Cargo.lock", "README.md", "src", "docs", "tests", "examples"] {
            copy(&sources.join(part), &tree.join(part), part != "src");
        }
    }
    let mut unviable = BTreeSet::new();
    loop {
        let (places, constants) = write(mutants, &mut unviable, sources, &trial);
        let (failed, messages) = cargo(&trial, &["check", "--lib"]);
        if !failed {
            write(mutants, &mut unviable, sources, &tree);
            return Built { unviable, constants };
        }
        let before = unviable.len();
        unviable.extend(messages.iter().flat_map(|message| to_blame(&message["message"], &places)));
        assert!(unviable.len() > before, "a mutant is to blame for each error:\n{}", rendered(&messages));
        println!("{} mutants do not compile, so far", unviable.len());
    }
}

/// Builds the tests of some targets: the binaries.
pub fn tests(work: &Path, targets: &str) -> Vec<PathBuf> {
    let (failed, messages) = cargo(&work.join("tree"), &["test", targets, "--no-run"]);
    assert!(!failed, "the tests build:\n{}", rendered(&messages));
    let binaries = messages.iter().filter(|m| m["profile"]["test"] == true);
    binaries.filter_map(|m| Some(PathBuf::from(m["executable"].as_str()?))).collect()
}

/// Makes `to` the same as `from`; of Rust's files only if `rust`, because others are written in their place.
fn copy(from: &Path, to: &Path, rust: bool) {
    if !from.is_dir() {
        if rust || from.extension().is_none_or(|extension| extension != "rs") {
            update(to, &fs::read(from).expect("a file to copy"));
        }
        return;
    }
    fs::create_dir_all(to).expect("a directory to copy to");
    for entry in fs::read_dir(to).expect("a directory").map(|entry| entry.expect("an entry")) {
        let gone = !from.join(entry.file_name()).exists();
        if gone && entry.path().is_dir() {
            fs::remove_dir_all(entry.path()).expect("an old directory");
        } else if gone {
            fs::remove_file(entry.path()).expect("an old file");
        }
    }
    for entry in fs::read_dir(from).expect("a directory").map(|entry| entry.expect("an entry")) {
        copy(&entry.path(), &to.join(entry.file_name()), rust);
    }
}

/// Writes a file, unless it is so already: then cargo need not build it again.
fn update(path: &Path, text: &[u8]) {
    if fs::read(path).ok().as_deref() != Some(text) {
        fs::write(path, text).expect("a file to write to");
    }
}

/// Names the Rust files in a directory.
fn rust_files(directory: &Path, name: &str, found: &mut dyn FnMut(String)) {
    for entry in fs::read_dir(directory).expect("a directory").map(|entry| entry.expect("an entry")) {
        let name = format!("{name}/{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            rust_files(&entry.path(), &name, found);
        } else if name.ends_with(".rs") {
            found(name);
        }
    }
}

/// Writes the sources with all mutants that are left.
fn write(
    mutants: &[Mutant],
    unviable: &mut BTreeSet<usize>,
    sources: &Path,
    tree: &Path,
) -> (Places, BTreeSet<usize>) {
    let mut of_file = BTreeMap::<String, Vec<Mutant>>::new();
    rust_files(&sources.join("src"), "src", &mut |file| drop(of_file.insert(file, Vec::new())));
    for mutant in mutants {
        of_file.get_mut(&mutant.file).expect("a source file").push(mutant.clone());
    }
    let (mut places, mut constants) = (Places::new(), BTreeSet::new());
    for (file, mut mutants) in of_file {
        mutants.retain(|mutant| !unviable.contains(&mutant.id));
        let source = fs::read_to_string(sources.join(&file)).expect("a source file");
        let rewritten = rewrite(&source, &mutants);
        unviable.extend(rewritten.broken);
        for id in rewritten.left_out {
            let mutant = mutants.iter().find(|m| m.id == id).expect("one of them");
            assert!(mutant.genre == "BinaryOperator", "a place is found for {}", mutant.key);
            constants.insert(id);
        }
        let text = if file == "src/lib.rs" {
            format!(
                "#![feature(core_intrinsics, const_eval_select)] {}{}",
                rewritten.text,
                include_str!("switch.rs")
            )
        } else {
            rewritten.text
        };
        update(&tree.join(&file), text.as_bytes());
        places.insert(file, rewritten.places);
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
        .env("CARGO_INCREMENTAL", "0")
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
