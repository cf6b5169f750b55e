#!/usr/bin/env python3
"""Plants small mistakes in the kernel, one at a time, and asks the quick tests whether they notice.

    .ci/planted.py            # all of them, some twenty minutes
    .ci/planted.py NAME ...   # some

Each must be noticed. What noticed it is printed, the number of tests and some of their names.
"""

import pathlib
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
COPY = ROOT / "target" / "planted"

# Name, file, what is there, what is planted.
MISTAKES = [
    ("a merge forgets what was killed ahead", "store/causal.rs", "        self.ahead.union(&ahead);\n", ""),
    (
        "a merge does not ask what the other side has killed ahead",
        "store/passage.rs",
        "self.knows(&self.seen_there, self.ahead_there, tag)",
        "self.knows(&self.seen_there, None, tag)",
    ),
    (
        "a write kills what it replaces here, and tells nobody",
        "store/dots.rs",
        "add: Some(value.clone()), kills });\n        self.state.facts = Facts::one(tag, value);",
        "add: Some(value.clone()), kills: SmallVec::new() });\n"
        "        let _ = kills;\n        self.state.facts = Facts::one(tag, value);",
    ),
    (
        "a write does not kill what it has observed",
        "store/dots.rs",
        "        self.change.insert(Event { dot: self.pen.dot(tag), add: Some(value.clone()), kills });\n"
        "        self.state.facts = Facts::one(tag, value);",
        "        let _ = kills;\n"
        "        self.change.insert(Event { dot: self.pen.dot(tag), add: Some(value.clone()), kills: SmallVec::new() });\n"
        "        self.state.insert(self.pen.names(), tag, value);",
    ),
    (
        "of two runs that overlap, the end of the later one is taken",
        "causality/version/runs.rs",
        "end.last = end.last.max(run.last)",
        "end.last = run.last",
    ),
    (
        "a group drops the kills of the delta that joins it",
        "store/change.rs",
        "other.events.into_iter().for_each(|event| self.insert(event));",
        "other.events.into_iter().for_each(|event| self.insert(Event { kills: SmallVec::new(), ..event }));",
    ),
    (
        "a fact that was killed ahead is let in",
        "store/dots.rs",
        "event.add.take().filter(|_| !receipt.ahead.contains(event.dot))?",
        "event.add.take()?",
    ),
    (
        "facts are ordered by the names of their replicas, not by their ids",
        "store/dots.rs",
        "names.id(a.slot()).cmp(&names.id(b.slot()))",
        "{ let _ = names; a.slot().cmp(&b.slot()) }",
    ),
    (
        "kills of facts that are not here yet are forgotten",
        "store/dots.rs",
        "        receipt.ahead.union(&ahead);\n",
        "        let _ = ahead;\n",
    ),
    (
        "what was removed last is taken for something that is there",
        "store/change.rs",
        "last.is_some_and(|event| event.add.is_some())",
        "last.is_some()",
    ),
    (
        "keys that the other side lacks are kept whole",
        "store/keyed.rs",
        "break mine.merge(Cow::Borrowed(&nothing), meeting),",
        "break,",
    ),
    (
        "a transaction claims its first event only",
        "store/causal.rs",
        "self.seen.insert_run(self.pen.replica(), first, last);",
        "{ let _ = last; self.seen.insert_run(self.pen.replica(), first, first); }",
    ),
    (
        "a state that has seen more is taken for one that has seen all",
        "store/causal.rs",
        "if other.seen.covers(&self.seen) {",
        "if other.seen.dot_count() > self.seen.dot_count() {",
    ),
    (
        "events that have arrived already are applied again",
        "store/causal.rs",
        "delta.events.difference(&self.seen)",
        "delta.events.clone()",
    ),
    (
        "increments are combined with those of earlier transactions",
        "store/edit.rs",
        "dot.replica() == self.replica && dot.counter() >= self.first",
        "dot.replica() == self.replica",
    ),
    (
        "of equal times the first write wins, not that of the greater id",
        "types/lww.rs",
        "self.writes.values().max_by_key(",
        "self.writes.values().rev().max_by_key(",
    ),
    (
        "one insertion is enough, whatever was removed at the same time",
        "types/rw_set.rs",
        "operations.values().all(|inserts| *inserts)",
        "operations.values().any(|inserts| *inserts)",
    ),
]


def tests():
    command = ["cargo", "test", "--all-features", "--lib", "--test", "it", "--no-fail-fast"]
    run = subprocess.run(command, cwd=COPY, capture_output=True, text=True, timeout=1500)
    if "test result" not in run.stdout:
        sys.exit(f"it does not build:\n{run.stderr[-3000:]}")
    return sorted(set(re.findall(r"^test (\S+)(?: - should panic)? \.\.\. FAILED$", run.stdout, re.M)))


def main():
    shutil.rmtree(COPY / "src", ignore_errors=True)
    ignore = shutil.ignore_patterns("target", ".git")
    shutil.copytree(ROOT, COPY, dirs_exist_ok=True, ignore=ignore)
    unnoticed = 0
    for name, file, there, planted in MISTAKES:
        if sys.argv[1:] and name not in sys.argv[1:]:
            continue
        path = COPY / "src" / file
        source = path.read_text()
        if source.count(there) != 1:
            sys.exit(f"{file} has changed, and where to plant “{name}” is not clear")
        path.write_text(source.replace(there, planted))
        failed = tests()
        path.write_text(source)
        unnoticed += not failed
        print(f"{'caught' if failed else 'MISSED'}  {name}: {len(failed)} tests", flush=True)
        for test in failed[:4]:
            print(f"        {test}", flush=True)
    if unnoticed:
        sys.exit(f"{unnoticed} not noticed")


if __name__ == "__main__":
    main()
