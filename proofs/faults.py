"""The check can fail: faults are planted in the kernel, one by one, and each must be found.

And lines that could go, as far as the result is concerned: whoever plants a fault there finds nothing.
"""

from z3 import And, BoolVal, Not, Or

from check import Checker, Theorem
from kernel import IN_ITS_LEAF, E, V, a_version_names_a_state, grouping, leaf_by_leaf, steps, writing
from model import (
    BOTTOM, Delta, Dot, Kernel, State, any_of, choose, covers, delta_of, difference, intersects, nothing, state_of, union,
)

JOIN = "join: state(V) with state(W) is state(V + W)"
APPLY = "apply: state(V) with the events E is state(V + E)"


class AheadForgottenOnMerge(Kernel):
    found_by = JOIN

    def joined_ahead(self, a, b, seen):
        return difference(a.ahead, seen)


class AheadNotSubtractedOnMerge(Kernel):
    found_by = JOIN

    def joined_ahead(self, a, b, seen):
        return union(a.ahead, b.ahead)


class AheadNotAskedOnMerge(Kernel):
    found_by = JOIN

    def knows(self, x, d):
        return x.seen(d)


class TheirsTakenThoughKnownHere(Kernel):
    found_by = JOIN

    def merge_facts(self, a, b, leaf, d):
        return Or(And(a.live(leaf, d), Not(self.knows(b, d))), b.live(leaf, d))


class MineKeptThoughKnownThere(Kernel):
    found_by = JOIN

    def merge_facts(self, a, b, leaf, d):
        return Or(a.live(leaf, d), And(b.live(leaf, d), Not(self.knows(a, d))))


class CommonFactsDropped(Kernel):
    found_by = JOIN

    def merge_facts(self, a, b, leaf, d):
        return Or(And(a.live(leaf, d), Not(self.knows(b, d))), And(b.live(leaf, d), Not(self.knows(a, d))))


class SeenNotJoined(Kernel):
    found_by = JOIN

    def joined_seen(self, a, b):
        return b.seen


class ShortcutOnTheWrongSide(Kernel):
    found_by = JOIN

    def nothing_new(self, a, b):
        return covers(b.seen, a.seen)


class ShortcutThoughOnlySomeIsCovered(Kernel):
    found_by = JOIN

    def nothing_old(self, a, b):
        return intersects(b.seen, a.seen)


class FreshNotComputed(Kernel):
    """What was removed since comes back with a delta that comes again."""

    found_by = APPLY

    def fresh(self, x, delta):
        return delta.events


class GroupRefusedBecausePartIsKnown(Kernel):
    found_by = APPLY

    def nothing_new_in(self, x, delta):
        return intersects(x.seen, delta.events)


class AheadNotAskedOnApply(Kernel):
    found_by = APPLY

    def take_in(self, x, delta, fresh, leaf):
        return lambda d: Or(x.live(leaf, d), And(delta.adds(leaf, d), fresh(d)))


class AheadNotSubtractedOnApply(Kernel):
    found_by = APPLY

    def applied_ahead(self, ahead, seen):
        return ahead


class GroupForgetsUnknownVictims(Kernel):
    found_by = APPLY

    def kill_all(self, x, delta, fresh, seen, leaf):
        return nothing, super().kill_all(x, delta, fresh, seen, leaf)[1]


class SingleEventForgetsUnknownVictim(Kernel):
    found_by = "one event that kills one fact: kill is as kill_all"

    def kill(self, x, delta, fresh, seen, leaf, victim):
        killed = super().kill(x, delta, fresh, seen, leaf, victim)
        return State(killed.seen, x.ahead, killed.live, killed.value)


class KillsBeforeFacts(Kernel):
    """Within one group, an event may kill what a later one has added, in the order of leaves and dots."""

    found_by = APPLY

    def kill_all(self, x, delta, fresh, seen, leaf):
        victims = lambda v: any_of(Dot, lambda k: And(fresh(k), delta.kills(leaf, k, v)))
        news = lambda d: And(delta.adds(leaf, d), fresh(d), Not(x.ahead(d)))
        new = lambda v: And(victims(v), Not(seen(v)), Not(x.live(leaf, v)))
        return new, lambda d: Or(And(x.live(leaf, d), Not(victims(d))), news(d))


class WriteForgetsToKill(Kernel):
    """The writer replaces what was there, and tells nobody."""

    found_by = "write: state(V + T) becomes state(V + T + dot)"

    def write(self, x, leaf, minted, value):
        state, delta = super().write(x, leaf, minted, value)
        return state, Delta(delta.events, delta.adds, nothing, delta.value)


class ClearKillsAndKeeps(Kernel):
    found_by = "clear: state(V + T) becomes state(V + T + dot)"

    def clear(self, x, leaf, minted, value):
        return x, super().clear(x, leaf, minted, value)[1]


class MintsWhatIsAhead(Kernel):
    """Who has lost his memory, but not his id, writes what others have removed."""

    found_by = "add: state(V + T) becomes state(V + T + dot)"

    def mints(self, x, minted):
        return Not(x.seen(minted))


class TransactionNotSeen(Kernel):
    found_by = "the end of a transaction: state(V + T)"

    def close(self, x, minted):
        return x


class GroupDropsWhatItKillsItself(Kernel):
    """It was so in the first design, and is wrong once the group is split."""

    found_by = "deltas: the join of E and F is E + F"

    def join_deltas(self, x, y):
        joined = super().join_deltas(x, y)
        killed = lambda leaf, d: any_of(Dot, lambda k: joined.kills(leaf, k, d))
        return Delta(joined.events, difference(joined.adds, killed), joined.kills, joined.value)


class WithoutKeepsWhatIsKnown(Kernel):
    found_by = "deltas: E without P is E - P"

    def without(self, x, seen):
        return self.select(x, lambda d: And(x.events(d), seen(d)))


class AheadNotSaved(Kernel):
    found_by = "save and load: state(V) is state(V)"

    def save_and_load(self, x):
        loaded = super().save_and_load(x)
        loaded.ahead = BOTTOM.ahead
        return loaded


FAULTS = [
    AheadForgottenOnMerge,
    AheadNotSubtractedOnMerge,
    AheadNotAskedOnMerge,
    TheirsTakenThoughKnownHere,
    MineKeptThoughKnownThere,
    CommonFactsDropped,
    SeenNotJoined,
    ShortcutOnTheWrongSide,
    ShortcutThoughOnlySomeIsCovered,
    FreshNotComputed,
    GroupRefusedBecausePartIsKnown,
    AheadNotAskedOnApply,
    AheadNotSubtractedOnApply,
    GroupForgetsUnknownVictims,
    SingleEventForgetsUnknownVictim,
    KillsBeforeFacts,
    WriteForgetsToKill,
    ClearKillsAndKeeps,
    MintsWhatIsAhead,
    TransactionNotSeen,
    GroupDropsWhatItKillsItself,
    WithoutKeepsWhatIsKnown,
    AheadNotSaved,
]


class NoFirstShortcut(Kernel):
    still = JOIN

    def nothing_new(self, a, b):
        return BoolVal(False)


class NoSecondShortcut(Kernel):
    still = JOIN

    def nothing_old(self, a, b):
        return BoolVal(False)


class VictimsNotLookedUpInSeen(Kernel):
    """`ahead` loses them again at the end."""

    still = APPLY

    def kill_all(self, x, delta, fresh, seen, leaf):
        return super().kill_all(x, delta, fresh, nothing, leaf)


class VictimsNotLookedUpInTheLeaf(Kernel):
    """A fact is of an event seen."""

    still = APPLY

    def kill_all(self, x, delta, fresh, seen, leaf):
        victims = lambda v: any_of(Dot, lambda k: And(fresh(k), delta.kills(leaf, k, v)))
        return lambda v: And(victims(v), Not(seen(v))), super().kill_all(x, delta, fresh, seen, leaf)[1]


class KnownEventsTakenTwiceIntoAGroup(Kernel):
    """Deltas that do not lie say the same of an event."""

    still = "deltas: the join of E and F is E + F"

    def join_deltas(self, x, y):
        joined = Delta(union(x.events, y.events), union(x.adds, y.adds), union(x.kills, y.kills), y.value)
        return choose(covers(x.events, y.events), x, joined)


HARMLESS = [
    NoFirstShortcut,
    NoSecondShortcut,
    VictimsNotLookedUpInSeen,
    VictimsNotLookedUpInTheLeaf,
    KnownEventsTakenTwiceIntoAGroup,
]


def check(checker: Checker):
    checker.section("Planted faults: each must be found")
    for fault in FAULTS:
        theorem = named(fault(), fault.found_by)
        theorem.name = f'{fault.__name__}: not "{theorem.name}"'
        checker.refute(theorem)

    checker.section("Lines that could go in one world, as far as the result is concerned")
    for change in HARMLESS:
        found = [named(change(), change.still)]
        if change.still == APPLY:
            in_turn = leaf_by_leaf(change(), state_of(V), delta_of(E))
            found.append(Theorem(in_turn.name, in_turn.goal, in_turn.given | IN_ITS_LEAF))
        for theorem in found:
            theorem.name = f'{change.__name__}: still "{theorem.name}"'
            checker.prove(theorem, all_needed=False)


def named(kernel: Kernel, name: str):
    return next(
        theorem
        for some in (steps, a_version_names_a_state, writing, grouping)
        for theorem in some(kernel)
        if theorem.name == name
    )
