"""Proves, refutes, and exits with an error if anything is not as it must be. See README.md."""

import sys

import faults
import hostile
import kernel
import plain
from check import Checker
from model import Kernel

checker, k = Checker(show="--show" in sys.argv), Kernel()
for title, theorems in [
    ("One world: steps that the model takes together", kernel.steps(k)),
    ("One world: a version names a state", kernel.a_version_names_a_state(k)),
    ("One world: writing", kernel.writing(k)),
    ("One world: groups", kernel.grouping(k)),
    ("One world: the laws", kernel.laws(k)),
]:
    checker.section(title)
    for theorem in theorems:
        checker.prove(theorem)
hostile.check(checker, k)
plain.check(checker)
faults.check(checker)

print(f"\n{checker.proved} proved, {checker.refuted} refuted as they must be, {checker.failed} failed")
sys.exit(checker.failed > 0)
