//! Runs the tests that reach a mutant against it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use crate::Outcome;

/// The tests, the quick ones first.
pub struct Tests {
    tests: Vec<Test>,
    tree: PathBuf,
}

struct Test {
    binary: PathBuf,
    name: String,
    takes: Duration,
    reaches: BTreeSet<usize>,
}

/// So long do the quick tests take that are run against a mutant before the others are.
const QUICK: Duration = Duration::from_millis(200);

impl Tests {
    /// Runs each test alone, without a mutant, and finds out which mutants it reaches.
    pub fn record(binaries: &[PathBuf], tree: &Path) -> Self {
        let mut tests = Vec::new();
        let record = tree.with_file_name("reached.txt");
        for binary in binaries {
            let list =
                Command::new(binary).args(["--list", "--format=terse"]).output().expect("a test binary");
            for name in String::from_utf8_lossy(&list.stdout).lines().filter_map(|l| l.strip_suffix(": test"))
            {
                drop(fs::remove_file(&record));
                let begin = Instant::now();
                let mut command = command(binary, &[name], tree);
                let output = command.env("MUTANTS_REACHED", &record).output().expect("a test binary");
                assert!(output.status.success(), "{name} passes without a mutant");
                let reached = fs::read_to_string(&record).unwrap_or_default();
                tests.push(Test {
                    binary: binary.clone(),
                    name: name.to_string(),
                    takes: begin.elapsed(),
                    reaches: reached.lines().filter_map(|line| line.parse().ok()).collect(),
                });
            }
        }
        tests.sort_by_key(|test| test.takes);
        let all: Duration = tests.iter().map(|test| test.takes).sum();
        println!("{} tests, one after the other in {:.1} s", tests.len(), all.as_secs_f64());
        Tests { tests, tree: tree.to_path_buf() }
    }

    /// Runs the tests against a mutant until one fails.
    pub fn run(&self, mutant: usize) -> Outcome {
        let mut before = Duration::ZERO;
        let mut batches = BTreeMap::<(bool, &Path), Vec<&Test>>::new();
        for test in self.tests.iter().filter(|test| test.reaches.contains(&mutant)) {
            before += test.takes;
            batches.entry((before > QUICK, &test.binary)).or_default().push(test);
        }
        for ((_, binary), tests) in batches {
            let names: Vec<&str> = tests.iter().map(|test| test.name.as_str()).collect();
            let expected: Duration = tests.iter().map(|test| test.takes).sum();
            let mut command = command(binary, &names, &self.tree);
            let outcome =
                watch(command.env("MUTANT", mutant.to_string()), Duration::from_secs(5) + 8 * expected);
            if outcome != Outcome::Missed {
                return outcome;
            }
        }
        Outcome::Missed
    }
}

/// A run of some tests, in a process group of its own, with 4 GB of memory at most.
fn command(binary: &Path, names: &[&str], tree: &Path) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", "ulimit -v 4000000; exec \"$0\" \"$@\""]).arg(binary);
    command.args(["--exact", "--test-threads=1"]).args(names);
    command.current_dir(tree).process_group(0).env_remove("RUST_BACKTRACE");
    // What one mutant has failed with is not kept for the others.
    command.env("PROPTEST_DISABLE_FAILURE_PERSISTENCE", "1");
    command
}

/// Waits for the first test that fails, but not forever.
fn watch(command: &mut Command, limit: Duration) -> Outcome {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("a test binary");
    let output = BufReader::new(child.stdout.take().expect("its output"));
    let (send, lines) = channel();
    let reader = std::thread::spawn(move || {
        output.split(b'\n').map_while(Result::ok).all(|line| send.send(line).is_ok());
    });
    let end = Instant::now() + limit;
    let mut last = String::new();
    let outcome = loop {
        match lines.recv_timeout(end.saturating_duration_since(Instant::now())) {
            Ok(line) => {
                let line = String::from_utf8_lossy(&line);
                if let Some(failed) = line.strip_prefix("test ").and_then(|l| l.strip_suffix(" ... FAILED")) {
                    break Outcome::Caught(failed.trim_end_matches(" - should panic").to_string());
                }
                last = line.into_owned();
            }
            Err(RecvTimeoutError::Timeout) => break Outcome::Timeout,
            Err(RecvTimeoutError::Disconnected) => break ended(&mut child, &last),
        }
    };
    // With what it has started: a test may run the command.
    drop(
        Command::new("kill")
            .args(["-KILL", "--", &format!("-{}", child.id())])
            .stderr(Stdio::null())
            .status(),
    );
    drop(child.wait());
    drop(reader.join());
    outcome
}

fn ended(child: &mut Child, last: &str) -> Outcome {
    if child.wait().is_ok_and(|status| status.success()) {
        Outcome::Missed
    } else {
        // It ended in the middle of a test: a stack overflow, or no memory.
        Outcome::Caught(last.trim_start_matches("test ").trim_end_matches(" ... ").to_string())
    }
}
