"""Asks z3, keeps the table, and counts what is not as it must be."""

import time
from dataclasses import dataclass, field
from itertools import product

from z3 import (
    And, BoolRef, Const, ForAll, Not, Or, Solver, is_app, is_quantifier, is_true, sat, substitute_vars, unknown,
    unsat,
)

from model import Delta, Dot, Leaf, State

PATIENCE = 60_000  # milliseconds for one question
SIZES = [(dots, leaves) for dots in (1, 2, 3, 4) for leaves in (1, 2)]


@dataclass
class Theorem:
    """`goal` holds whenever all of `given` do. `cast` are the states and deltas to show in a counterexample."""

    name: str
    goal: BoolRef
    given: dict[str, BoolRef] = field(default_factory=dict)
    cast: dict = field(default_factory=dict)


class Checker:
    def __init__(self, show: bool = False):
        self.show = show
        self.proved = self.refuted = self.failed = 0

    def section(self, title):
        print(f"\n{title}")

    def prove(self, theorem: Theorem, all_needed: bool = True):
        """The goal follows from what is given; what is given is possible; and none of it can be left out."""
        given = list(theorem.given.values())
        answer, ms, _ = ask(given + [Not(theorem.goal)])
        self.proved += self.row("proved", theorem.name, ms, answer, unsat)
        if given:
            answer, ms, _ = ask(given)
            if answer != sat:
                self.row("possible", f"  all that is given for: {theorem.name}", ms, answer, sat)
        for name in theorem.given if all_needed else ():
            rest = {other: fact for other, fact in theorem.given.items() if other != name}
            self.refute(Theorem(f"  without: {name}", theorem.goal, rest, theorem.cast))

    def refute(self, theorem: Theorem, show: bool = False):
        """There is a world in which all that is given holds, and the goal does not. A smallest one may be shown."""
        answer, ms, world = smallest(list(theorem.given.values()) + [Not(theorem.goal)])
        self.refuted += self.row("refuted", theorem.name, ms, answer, sat)
        if world and (show or self.show):
            for name, it in theorem.cast.items():
                print(f"{name:>30}  {world.describe(it)}")

    def row(self, word, name, ms, answer, expected) -> bool:
        good = answer == expected
        self.failed += not good
        print(f"{word if good else 'FAILED':9} {ms:6.0f} ms  {name}{'' if good else f'   ({answer})'}", flush=True)
        return good


def ask(facts):
    solver = Solver()
    solver.set(timeout=PATIENCE)
    solver.add(*facts)
    begin = time.perf_counter()
    answer = solver.check()
    ms = (time.perf_counter() - begin) * 1000
    return answer, ms, solver.model() if answer == sat else None


def smallest(facts):
    """A counterexample with as few dots and leaves as possible, so that there is something to look at."""
    total, answer = 0, unknown
    for dots, leaves in SIZES:
        world = World(dots, leaves)
        answer, ms, world.model = ask([world.spell_out(fact) for fact in facts] + world.there_are_no_others())
        total += ms
        if answer == sat:
            return answer, total, world
    return answer, total, None


class World:
    """A few dots and leaves, and nothing else."""

    def __init__(self, dots: int, leaves: int):
        self.all = {
            Dot: [Const(f"e{i + 1}", Dot) for i in range(dots)],
            Leaf: [Const(f"leaf{i + 1}", Leaf) for i in range(leaves)],
        }
        self.model = None
        self.spelled = {}

    def there_are_no_others(self):
        return [
            ForAll([x], Or([x == one for one in few])) for sort, few in self.all.items() for x in [Const("x", sort)]
        ]

    def spell_out(self, fact):
        """The same without quantifiers over dots and leaves: "all" is these and these and these."""
        key = fact.get_id()
        if key not in self.spelled:
            # The fact is kept too, so that its id stays its own.
            self.spelled[key] = fact, self.spell(fact)
        return self.spelled[key][1]

    def spell(self, fact):
        if is_quantifier(fact):
            sorts = [fact.var_sort(i) for i in range(fact.num_vars())]
            if not all(sort in self.all for sort in sorts):
                return fact
            # The last variable comes first.
            choices = [list(reversed(choice)) for choice in product(*(self.all[sort] for sort in sorts))]
            cases = [self.spell_out(substitute_vars(fact.body(), *choice)) for choice in choices]
            return And(cases) if fact.is_forall() else Or(cases)
        if is_app(fact) and fact.num_args() > 0:
            return fact.decl()(*(self.spell_out(part) for part in fact.children()))
        return fact

    def value(self, of):
        return str(self.model.eval(self.spell_out(of), model_completion=True))

    def holds(self, fact) -> bool:
        return is_true(self.model.eval(self.spell_out(fact), model_completion=True))

    def different(self, sort):
        """Those of a sort, each once: two names may be of one thing."""
        return list({self.value(one): one for one in reversed(self.all[sort])}.values())[::-1]

    def name(self, it):
        return next((str(one) for one in self.all[it.sort()] if self.value(one) == self.value(it)))

    def describe(self, it) -> str:
        """A state, a delta, a set of dots, or a single dot."""
        dots, leaves = self.different(Dot), self.different(Leaf)
        members = lambda of: "{" + " ".join(str(dot) for dot in dots if self.holds(of(dot))) + "}"
        fact = lambda of, leaf, dot: self.value(of.value(leaf, dot)).replace("Value!val!", "v")
        if isinstance(it, State):
            live = [f"{dot}={fact(it, p, dot)} in {p}" for p in leaves for dot in dots if self.holds(it.live(p, dot))]
            return f"seen {members(it.seen)}  ahead {members(it.ahead)}  live {{{', '.join(live)}}}"
        if isinstance(it, Delta):
            events = []
            for dot in (dot for dot in dots if self.holds(it.events(dot))):
                does = [f"adds {fact(it, p, dot)} in {p}" for p in leaves if self.holds(it.adds(p, dot))]
                does += [f"kills {v} in {p}" for p in leaves for v in dots if self.holds(it.kills(p, dot, v))]
                events.append(f"{dot} {' and '.join(does) or 'does nothing'}")
            return "[" + "; ".join(events) + "]"
        return members(it) if callable(it) else self.name(it)
