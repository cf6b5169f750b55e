//! Runs the tests that reach a mutant against it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use crate::Outcome;

/// The tests, the quick ones first.
#[derive(Default)]
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

/// So long do the quickest tests take that are run against a mutant before the others are.
const QUICK: Duration = Duration::from_millis(200);

/// All mutants go through the rounds below this one, some seconds each at most, before any goes through the others.
const SLOW: u32 = 3;

/// Each round of tests takes three times as long as all before it: most mutants need the first only.
fn round(until: Duration) -> u32 {
    (0..).find(|round| until <= QUICK * 4_u32.pow(*round)).expect("an end")
}

impl Test {
    fn record(binary: &Path, name: &str, tree: &Path) -> Self {
        let record = tree.with_file_name(format!("reached-{}.txt", name.replace("::", "-")));
        drop(fs::remove_file(&record));
        let mut command = command(binary, &[name], tree, r#""$0" "$@"; passed=$?; times >&2; exit $passed"#);
        let output = command.env("MUTANTS_REACHED", &record).output().expect("a test binary");
        assert!(output.status.success(), "{name} passes without a mutant");
        let takes = children_took(&String::from_utf8_lossy(&output.stderr)).expect("the shell's times");
        let reached = fs::read_to_string(&record).unwrap_or_default();
        drop(fs::remove_file(&record));
        Test {
            binary: binary.to_path_buf(),
            name: name.to_string(),
            takes,
            reaches: reached.lines().filter_map(|line| line.parse().ok()).collect(),
        }
    }
}

impl Tests {
    /// Runs each test in a process of its own, without a mutant, and finds out which mutants it reaches.
    pub fn record(&mut self, binaries: &[PathBuf], work: &Path) {
        self.tree = work.join("tree");
        let named = |binary: &PathBuf| {
            let list =
                Command::new(binary).args(["--list", "--format=terse"]).output().expect("a test binary");
            let list = String::from_utf8_lossy(&list.stdout).into_owned();
            let names = list.lines().filter_map(|line| line.strip_suffix(": test"));
            names.map(|name| (binary.clone(), name.to_string())).collect::<Vec<_>>()
        };
        let named: Vec<(PathBuf, String)> = binaries.iter().flat_map(named).collect();
        let (next, tests) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
        crate::on_all_cores(|| {
            while let Some((binary, name)) = named.get(next.fetch_add(1, Ordering::Relaxed)) {
                let test = Test::record(binary, name, &self.tree);
                tests.lock().expect("no panic").push(test);
            }
        });
        self.tests.extend(tests.into_inner().expect("no panic"));
        self.tests.sort_by_key(|test| test.takes);
        let all: Duration = self.tests.iter().map(|test| test.takes).sum();
        println!("{} tests, one after the other in {:.1} s", self.tests.len(), all.as_secs_f64());
    }

    /// Runs the quick tests, or the slow ones, against a mutant until one fails.
    pub fn run(&self, mutant: usize, slow: bool) -> Outcome {
        let mut before = Duration::ZERO;
        let mut batches = BTreeMap::<(u32, &Path), Vec<&Test>>::new();
        for test in self.tests.iter().filter(|test| test.reaches.contains(&mutant)) {
            before += test.takes;
            batches.entry((round(before), &test.binary)).or_default().push(test);
        }
        for ((_, binary), tests) in batches.into_iter().filter(|((round, _), _)| (*round >= SLOW) == slow) {
            let names: Vec<&str> = tests.iter().map(|test| test.name.as_str()).collect();
            let expected: Duration = tests.iter().map(|test| test.takes).sum();
            let limit = 5 + (8 * expected).as_secs();
            let mut command = command(binary, &names, &self.tree, &format!(r#"ulimit -S -t {limit}; exec "$0" "$@""#));
            // Beside other work it may take many times as long as the processor needs for it.
            let outcome = watch(command.env("MUTANT", mutant.to_string()), Duration::from_secs(20 * limit));
            if outcome != Outcome::Missed {
                return outcome;
            }
        }
        Outcome::Missed
    }
}

/// The processor time of what a shell has run, from the end of its output: `0m0.010s 0m0.000s`, in the program and for it.
fn children_took(output: &str) -> Option<Duration> {
    output.lines().last()?.split_whitespace().try_fold(Duration::ZERO, |sum, part| {
        let (minutes, seconds) = part.strip_suffix('s')?.split_once('m')?;
        Some(sum + Duration::from_secs_f64(60.0 * minutes.parse::<f64>().ok()? + seconds.parse::<f64>().ok()?))
    })
}

/// A run of some tests by a shell script, in a process group of its own, with 4 GB of memory at most.
fn command(binary: &Path, names: &[&str], tree: &Path, script: &str) -> Command {
    let mut command = Command::new("sh");
    command.arg("-c").arg(format!("ulimit -v 4000000; {script}")).arg(binary);
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
    /// The signal for too much processor time.
    const XCPU: i32 = 24;
    match child.wait() {
        Ok(status) if status.success() => Outcome::Missed,
        Ok(status) if status.signal() == Some(XCPU) => Outcome::Timeout,
        // It ended in the middle of a test: a stack overflow, or no memory.
        _ => Outcome::Caught(last.trim_start_matches("test ").trim_end_matches(" ... ").to_string()),
    }
}
