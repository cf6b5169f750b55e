#!/usr/bin/env python3
"""Plants small mistakes, one at a time, and asks the quick tests whether they notice.

    .ci/planted.py            # all of them, an hour and more
    .ci/planted.py sync       # those in what replicas say to each other, which the simulator must notice by itself
    .ci/planted.py NAME ...   # some

Each must be noticed. What noticed it is printed, the number of tests and some of their names.
"""

import os
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
        "causality/version.rs",
        "before.last = before.last.max(run.last)",
        "before.last = run.last",
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
        "fresh.subtract(&self.seen);\n        if fresh.is_empty() {",
        "if self.seen.covers(&fresh) {",
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

# The same for what replicas say to each other: the checker of the simulator must notice these by itself.
SYNC = [
    (
        "what the other side had before it restarted is taken for what it has",
        "sync/link.rs",
        "*self = Link { stream, stats: self.stats, ..Link::new(1, self.config.clone()) };",
        "let theirs = core::mem::take(&mut self.theirs);\n"
        "                *self = Link { stream, stats: self.stats, theirs, ..Link::new(1, self.config.clone()) };",
    ),
    (
        "what comes early is taken in as if it were its turn",
        "sync/stream.rs",
        "if number > self.expected {",
        "if number > self.expected + 1 {",
    ),
    ("the log is believed to reach back for ever", "sync/replica.rs", "        missing.is_empty()\n", "        missing.is_empty() || true\n"),
    ("what left the log is believed to be in it", "sync/log.rs", "        self.events.subtract(entry.delta.events());\n", ""),
    ("who lacks more than the log has gets what is new", "sync/link.rs", "if self.is_beyond { None } else", "if false { None } else"),
    ("links do not notice that a state was joined", "sync/replica.rs", "            self.jumps += 1;\n", ""),
    (
        "a comparison forgets what is gone elsewhere",
        "sync/link.rs",
        "state.complete(&theirs.seen, &theirs.ahead, gone, facts)?;",
        "let _ = gone;\n    state.complete(&theirs.seen, &theirs.ahead, &Version::new(), facts)?;",
    ),
    (
        "a comparison does not tell what the other side lacks",
        "sync/link.rs",
        "let facts = mine.facts_of(&part(&only_mine, false, &theirs));",
        "let facts = mine.facts_of(&part(&only_mine, false, &theirs).difference(&only_mine));",
    ),
    (
        "the acknowledgement of one is taken for that of the next",
        "sync/stream.rs",
        "flight.number < head.acknowledged || is_later",
        "flight.number <= head.acknowledged || is_later",
    ),
    ("events are told in the wrong order", "sync/link.rs", "        self.cursor = replica.log().span().0;\n", "        self.cursor = replica.log().span().0 + 1;\n"),
    (
        "a backup is restored with the identity that it was made under",
        "sim/world.rs",
        "let writer = Writer::with_ids(saved.state, ids(&self.ids, self.seed));",
        "let writer = Writer::resume_with_ids(saved.identity, saved.state, ids(&self.ids, self.seed));",
    ),
    (
        "what a member has is believed to be stable though its writes are on their way",
        "sync/group.rs",
        ".all(|(id, first, last)| seen.has_run(id, first, last))",
        ".all(|(id, first, last)| seen.has_run(id, first, last) || true)",
    ),
    (
        "something settles before all know who has left",
        "sync/group.rs",
        "if !said.sound.covers(leaves) {",
        "if false && !said.sound.covers(leaves) {",
    ),
    (
        "who has left is listened to",
        "sync/link.rs",
        "Some(Standing::Left) => Err(Refused::HasLeft(name)),",
        "Some(Standing::Left) => Ok(()),",
    ),
    (
        "members say to have what they have not stored",
        "sync/replica.rs",
        "self.stored.is_none_or(|stored| stored == self.changes())",
        "self.stored.is_none_or(|stored| stored == self.changes() || true)",
    ),
    ("a write is told before it is durable", "sim/world.rs", "        self.save(at);\n        self.pump(at);\n        true\n", "        self.pump(at);\n        true\n"),
]


def tests(only_sim):
    command = ["cargo", "test", "--all-features", "--test", "it", "--no-fail-fast"]
    command += ["sim::seeds"] if only_sim else ["--lib"]
    env = {**os.environ, "REJOIN_SEEDS": "150"}
    try:
        run = subprocess.run(command, cwd=COPY, capture_output=True, text=True, timeout=900, env=env)
    except subprocess.TimeoutExpired:
        return ["(it does not end)"]
    if "test result" not in run.stdout:
        sys.exit(f"it does not build:\n{run.stderr[-3000:]}")
    return sorted(set(re.findall(r"^test (\S+)(?: - should panic)? \.\.\. FAILED$", run.stdout, re.M)))


def main():
    shutil.rmtree(COPY / "src", ignore_errors=True)
    ignore = shutil.ignore_patterns("target", ".git")
    shutil.copytree(ROOT, COPY, dirs_exist_ok=True, ignore=ignore)
    unnoticed = 0
    for name, file, there, planted in MISTAKES + SYNC:
        is_sync = file.startswith(("sync/", "sim/"))
        if sys.argv[1:] and name not in sys.argv[1:] and not (is_sync and "sync" in sys.argv[1:]):
            continue
        path = COPY / "src" / file
        source = path.read_text()
        if source.count(there) != 1:
            sys.exit(f"{file} has changed, and where to plant “{name}” is not clear")
        path.write_text(source.replace(there, planted))
        failed = tests(is_sync)
        path.write_text(source)
        unnoticed += not failed
        print(f"{'caught' if failed else 'MISSED'}  {name}: {len(failed)} tests", flush=True)
        for test in failed[:4]:
            print(f"        {test}", flush=True)
    if unnoticed:
        sys.exit(f"{unnoticed} not noticed")


if __name__ == "__main__":
    main()
