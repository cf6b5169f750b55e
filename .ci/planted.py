#!/usr/bin/env python3
"""Plants small mistakes, one at a time, and asks the quick tests whether they notice.

    .ci/planted.py            # all of them, an hour and more
    .ci/planted.py sync       # those in what replicas say to each other
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
        "add: Some(value.clone()), kills });\n        let killed",
        "add: Some(value.clone()), kills: SmallVec::new() });\n        let _ = kills;\n        let killed",
    ),
    (
        "a write does not kill what it has observed",
        "store/dots.rs",
        "add: Some(value.clone()), kills });\n        let killed = core::mem::replace(&mut self.state.facts, Facts::one(tag, value));\n        self.change.keep(killed, self.pen);\n",
        "add: Some(value.clone()), kills: SmallVec::new() });\n        let _ = kills;\n        self.state.insert(self.pen.names(), tag, value);\n",
    ),
    (
        "of two runs that overlap, the end of the later one is taken",
        "causality/version.rs",
        "before.last = before.last.max(next.last);",
        "before.last = next.last;",
    ),
    (
        "a group drops the kills of the delta that joins it",
        "store/change.rs",
        "<= 2 {\n            other.events.into_iter().for_each(|event| self.insert(event));",
        "<= 2 {\n            other.events.into_iter().for_each(|event| self.insert(Event { kills: SmallVec::new(), ..event }));",
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
    ("kills of facts that are not here yet are forgotten", "store/causal.rs", "        ahead.extend(killed);\n", "        let _ = killed;\n"),
    (
        "what was removed last is taken for something that is there",
        "store/change.rs",
        "self.events.last().is_some_and(|event| event.add.is_some())",
        "self.events.last().is_some()",
    ),
    (
        "keys that the other side lacks are kept whole",
        "store/keyed.rs",
        "break mine.merge(Cow::Borrowed(&nothing), meeting),",
        "break,",
    ),
    (
        "a transaction claims its first event only",
        "store/transaction.rs",
        "self.seen.insert_run(self.pen.replica(), first, last);",
        "{ let _ = last; self.seen.insert_run(self.pen.replica(), first, first); }",
    ),
    (
        "a state that has seen more is taken for one that has seen all",
        "store/causal.rs",
        "if other.seen.covers(&self.seen) && other.names",
        "if other.seen.dot_count() > self.seen.dot_count() && other.names",
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
        "tag.slot() == self.slot && tag.counter() >= self.first",
        "tag.slot() == self.slot",
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

# The same for what replicas say to each other.
SYNC = [
    (
        "what the peer had before it began anew is taken for what it has",
        "sync/link.rs",
        "        self.here.peer = self.here.peer.anew();\n        self.phase = Phase::Calling { has_told: false };\n",
        "        self.here.peer = self.here.peer.anew();\n",
    ),
    (
        "what comes early is taken in as if it were its turn",
        "sync/stream/incoming.rs",
        "if number != self.expected {",
        "if number != self.expected && number != self.expected + 1 {",
    ),
    ("the log is believed to reach back for ever", "sync/replica.rs", "        missing.is_empty()\n", "        missing.is_empty() || true\n"),
    ("what left the log is believed to be in it", "sync/log.rs", "        self.events.subtract(&entry.events);\n", ""),
    (
        "a log that was trimmed past a cursor is read on from there",
        "sync/link/push.rs",
        "self.jumps == replica.jumps() && self.cursor >= first",
        "self.jumps == replica.jumps()",
    ),
    (
        "links do not notice that a state was joined",
        "sync/replica.rs",
        "        let grew = self.writer.state_mut().meet(other)?;\n        if grew {\n            self.jumps += 1;\n",
        "        let grew = self.writer.state_mut().meet(other)?;\n        if grew {\n",
    ),
    (
        "a solution does not say what is gone",
        "sync/compare/asking.rs",
        "Message::Solved(Solved { gone, sum: others, facts: news })",
        "Message::Solved(Solved { gone: Vec::new(), sum: others, facts: news })",
    ),
    (
        "a comparison forgets what is gone elsewhere",
        "sync/compare/asking.rs",
        "rest.gone = common.events(&only_mine).ok_or(Nonsense(\"a sketch holds events that nobody has\"))?;",
        "let _ = common.events(&only_mine).ok_or(Nonsense(\"a sketch holds events that nobody has\"))?;\n"
        "        rest.gone = Version::new();",
    ),
    (
        "the state that is given is numbered as it was when it was scanned",
        "sync/compare.rs",
        "            shown.scan = scan;\n",
        "            let _ = (shown, scan);\n",
    ),
    (
        "a solution is taken whose sum does not agree",
        "sync/compare/asking.rs",
        "!= self.sum {",
        "!= self.sum && self.sum == 0 {",
    ),
    (
        "a cell is taken for an item whose check is another",
        "sync/sketch.rs",
        "check(hash) != expected || !table.places(hash).contains(&at)",
        "!table.places(hash).contains(&at)",
    ),
    (
        "a cell is taken for an item that is not in it",
        "sync/sketch.rs",
        "check(hash) != expected || !table.places(hash).contains(&at)",
        "check(hash) != expected",
    ),
    (
        "the same items are found without end",
        "sync/sketch.rs",
        "if self.found.len() >= cells {",
        "if self.found.len() >= usize::MAX / 2 {",
    ),
    (
        "an estimator may have any number of buckets",
        "sync/compare/estimate.rs",
        "(len.is_power_of_two() && (Self::FEWEST..=Self::MOST).contains(&len))",
        "len.is_power_of_two()",
    ),
    ("facts of a comparison may do more than add", "sync/compare.rs", "if !facts.only_adds() {", "if !facts.only_adds() && seen.is_empty() {"),
    (
        "a task that stands still is not given up",
        "sync/link/exchange.rs",
        "is_running.then(|| self.since",
        "(is_running && self.since == u64::MAX).then(|| self.since",
    ),
    ("all links pull at once", "sync/turn.rs", "let is_free = self.holder.strong_count() == 0 ||", "let is_free = true ||"),
    (
        "the acknowledgement of one is taken for that of the next",
        "sync/stream/window.rs",
        "acknowledged.saturating_sub(self.first)",
        "(acknowledged + 1).saturating_sub(self.first)",
    ),
    (
        "a number that was buried by mistake stays buried",
        "sync/stream.rs",
        "let is_anew = self.is_lost(now, config) && self.revive",
        "let is_anew = self.is_lost(now, config) && self.mine == 0 && self.revive",
    ),
    (
        "events are told in the wrong order",
        "sync/link/push.rs",
        "(self.look, self.jumps, self.cursor) = (Look::On, replica.jumps(), first);",
        "(self.look, self.jumps, self.cursor) = (Look::On, replica.jumps(), first + 1);",
    ),
    (
        "a backup is restored with the identity that it was made under",
        "sim/world/nodes.rs",
        "let writer = Writer::with_ids(saved.state, ids(&self.ids, self.seed));",
        "let writer = Writer::resume_with_ids(saved.identity, saved.state, ids(&self.ids, self.seed));",
    ),
    (
        "what a member has is believed to be stable though its writes are on their way",
        "sync/heard.rs",
        ".all(|(id, first, last)| seen.has_run(id, first, last))",
        ".all(|(id, first, last)| seen.has_run(id, first, last) || true)",
    ),
    (
        "what members had that have left need not be seen",
        "sync/heard.rs",
        "id == *member || !members.contains(&id)",
        "id == *member",
    ),
    (
        "something settles before all know which members have left",
        "sync/heard.rs",
        "if !said.sound.covers(leaves) {",
        "if !said.sound.covers(leaves) && leaves.is_empty() {",
    ),
    (
        "what members had that have left is kept for ever",
        "sync/heard.rs",
        "        self.by.retain(|id, _| members.contains(id));\n",
        "",
    ),
    (
        "a replica that has left is a member still",
        "sync/membership.rs",
        "    if !(rules.departures)(state, id).is_empty() {\n        Standing::Left\n    } else if",
        "    if",
    ),
    (
        "a replica that has left takes in what others have settled",
        "sync/peer.rs",
        "            (Standing::Left, _) => return Ok(Take::Ignore),\n",
        "            (Standing::Left, _) => {}\n",
    ),
    (
        "members say to have what they have not stored",
        "sync/storing.rs",
        "self.stored.is_none_or(|stored| stored == changes)",
        "self.stored.is_none_or(|stored| stored == changes || true)",
    ),
    (
        "a fork tells what its parent has not stored",
        "sync/storing.rs",
        "        if !self.has_stored(changes) {\n            waits_for",
        "        if !self.has_stored(changes) && changes == u64::MAX {\n            waits_for",
    ),
    ("a write is told before it is durable", "sim/world.rs", "        self.save(at);\n        self.pump(at);\n        true\n", "        self.pump(at);\n        true\n"),
]


def tests(is_sync):
    # The quick ones first: one that fails is enough.
    steps = [["--lib", "sync::"], ["--test", "it", "sync::"], ["--test", "it", "sim::"]] if is_sync else [["--test", "it", "--lib"]]
    for step in steps:
        failed = tests_of(["cargo", "test", "--all-features", "--no-fail-fast", *step])
        if failed:
            return failed
    return []


def tests_of(command):
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
