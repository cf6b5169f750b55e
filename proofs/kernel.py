"""What is proved of the kernel in one world: each dot names one event, and the same one for everybody."""

from z3 import And, BoolSort, Const, Function, Implies, Not, Or

from check import Theorem
from model import (
    BOTTOM, KILLS_IN_ITS_LEAF, Delta, Dot, Kernel, Leaf, State, Value, adds, all_of, any_of, covers, delta_of,
    difference, equal, equal_deltas, kills, nothing, place, says, some_delta, some_state, some_version, state_of, union,
)

V, W, X = some_version("V"), some_version("W"), some_version("X")
E, F, P = some_version("E"), some_version("F"), some_version("P")
leaf = Const("leaf", Leaf)
dot, victim = Const("dot", Dot), Const("victim", Dot)
value = Const("value", Value)

IN_ITS_LEAF = {"an event kills in its own leaf only": KILLS_IN_ITS_LEAF}


def intersection(a, b):
    return lambda d: And(a(d), b(d))


def steps(k: Kernel) -> list[Theorem]:
    """What the model says in one step, and the code in several. Of any state and any delta."""
    x, y, delta = some_state("x"), some_state("y"), some_delta("delta")
    fresh = k.fresh(x, delta)
    seen = union(x.seen, fresh)
    kills_in_leaf = lambda v: any_of(Dot, lambda d: And(fresh(d), delta.kills(leaf, d, v)))
    in_leaf = k.apply_to_leaf(x, delta, fresh, seen, leaf)
    taken = k.take_in(x, delta, fresh, leaf)
    return [
        leaf_by_leaf(k, x, delta),
        Theorem(
            "leaf by leaf: before the first, nothing has changed",
            equal(k.apply_to_leaves(x, delta, fresh, seen, nothing), x),
        ),
        Theorem(
            "one event that kills one fact: kill is as kill_all",
            equal(k.kill(x, delta, fresh, seen, leaf, victim), in_leaf),
            {"it is the only victim": all_of(Dot, lambda v: kills_in_leaf(v) == (v == victim))},
        ),
        Theorem(
            "one event that kills nothing: kill_all does nothing",
            And(
                all_of(Dot, lambda d: in_leaf.live(leaf, d) == taken(d)),
                all_of(Dot, lambda d: in_leaf.ahead(d) == x.ahead(d)),
            ),
            {"there is no victim": all_of(Dot, lambda v: Not(kills_in_leaf(v)))},
        ),
        Theorem(
            "the shortcut for a leaf with the same single fact on both sides",
            all_of(Dot, lambda d: k.merge_facts(x, y, leaf, d) == x.live(leaf, d)),
            {
                "both hold one fact, of the same dot": all_of(
                    Dot, lambda d: And(x.live(leaf, d) == (d == dot), y.live(leaf, d) == (d == dot))
                )
            },
        ),
    ]


def leaf_by_leaf(k: Kernel, x: State, delta: Delta) -> Theorem:
    fresh = k.fresh(x, delta)
    seen = union(x.seen, fresh)
    done = Function("done", Leaf, BoolSort())
    before = k.apply_to_leaves(x, delta, fresh, seen, done)
    after = k.apply_to_leaves(x, delta, fresh, seen, lambda other: Or(done(other), other == leaf))
    return Theorem(
        "leaf by leaf: a leaf that has its turn does not care which were before it",
        equal(k.apply_to_leaf(before, delta, fresh, seen, leaf), after),
        {"the leaf has not had its turn": Not(done(leaf))},
    )


def a_version_names_a_state(k: Kernel) -> list[Theorem]:
    return [
        Theorem("the empty state is that of the empty version", equal(BOTTOM, state_of(nothing))),
        Theorem(
            "join: state(V) with state(W) is state(V + W)",
            equal(k.join(state_of(V), state_of(W)), state_of(union(V, W))),
            cast={
                "V": state_of(V),
                "W": state_of(W),
                "joined": k.join(state_of(V), state_of(W)),
                "V + W": state_of(union(V, W)),
            },
        ),
        Theorem(
            "join without its shortcuts comes to the same",
            equal(k.walk(state_of(V), state_of(W)), state_of(union(V, W))),
            cast={
                "V": state_of(V),
                "W": state_of(W),
                "joined": k.walk(state_of(V), state_of(W)),
                "V + W": state_of(union(V, W)),
            },
        ),
        Theorem(
            "apply: state(V) with the events E is state(V + E)",
            equal(k.apply(state_of(V), delta_of(E)), state_of(union(V, E))),
            IN_ITS_LEAF,
            {
                "V": state_of(V),
                "E": delta_of(E),
                "applied": k.apply(state_of(V), delta_of(E)),
                "V + E": state_of(union(V, E)),
            },
        ),
        Theorem(
            "save and load: state(V) is state(V)",
            equal(k.save_and_load(state_of(V)), state_of(V)),
            cast={"V": state_of(V), "loaded": k.save_and_load(state_of(V))},
        ),
    ]


def writing(k: Kernel) -> list[Theorem]:
    """A transaction began at state(V) and has made the events T. It writes once more, in one leaf, under a new dot.

    As long as it lasts, `seen` is V; store and `ahead` are as of V + T.
    """
    V, T = some_version("V"), some_version("T")
    so_far = union(V, T)
    so_good = state_of(so_far)
    page = State(V, state_of(V).ahead, so_good.live, so_good.value)
    minted = lambda d: d == dot
    one_more = union(so_far, minted)
    found = []
    for write in (k.write, k.add, k.clear):
        written, delta = write(page, leaf, dot, value)
        goal = equal(State(one_more, written.ahead, written.live, written.value), state_of(one_more))
        given = {
            "the dot is beyond all that the state has heard of": k.mints(page, dot),
            "nothing is ahead for the transaction's own events": all_of(
                Dot, lambda d: so_good.ahead(d) == page.ahead(d)
            ),
            "the event is what the delta says": recorded(delta),
        }
        if write != k.clear:
            given["the dot is not one of the transaction's"] = Not(T(dot))
        cast = {"before": page, "delta": delta, "after": written, "V + T + dot": state_of(one_more)}
        found.append(Theorem(f"{write.__name__}: state(V + T) becomes state(V + T + dot)", goal, given, cast))
        in_its_leaf = all_of(
            Leaf,
            Dot,
            Dot,
            lambda where, d, v: Implies(
                delta.kills(where, d, v), And(where == leaf, d == dot, place(v) == leaf, adds(v), so_far(v))
            ),
        )
        found.append(
            Theorem(f"{write.__name__} kills facts of its own leaf only, of events that it has seen", in_its_leaf)
        )
    found.append(
        Theorem(
            "the end of a transaction: state(V + T)",
            equal(k.close(page, T), so_good),
            {
                "nothing is ahead for the transaction's own events": all_of(
                    Dot, lambda d: so_good.ahead(d) == page.ahead(d)
                )
            },
            {"page": page, "closed": k.close(page, T), "V + T": so_good},
        )
    )
    return found


def recorded(delta):
    """The events of this delta are as they are in the world."""
    return And(
        all_of(
            Leaf,
            Dot,
            lambda where, d: Implies(
                delta.events(d),
                And(
                    delta.adds(where, d) == And(place(d) == where, adds(d)),
                    Implies(delta.adds(where, d), delta.value(where, d) == says(d)),
                ),
            ),
        ),
        all_of(
            Leaf,
            Dot,
            Dot,
            lambda where, d, v: Implies(
                delta.events(d), delta.kills(where, d, v) == And(place(d) == where, kills(d, v))
            ),
        ),
    )


def grouping(k: Kernel) -> list[Theorem]:
    e, f = delta_of(E), delta_of(F)
    x, group = state_of(V), delta_of(union(E, F))
    return [
        Theorem(
            "deltas: the join of E and F is E + F",
            equal_deltas(k.join_deltas(e, f), group),
            cast={"E": e, "F": f, "joined": k.join_deltas(e, f)},
        ),
        Theorem(
            "deltas: E without P is E - P",
            equal_deltas(k.without(e, P), delta_of(difference(E, P))),
            cast={"E": e, "P": P, "left": k.without(e, P)},
        ),
        Theorem("deltas: only P of E is what is in both", equal_deltas(k.only(e, P), delta_of(intersection(E, P)))),
        Theorem(
            "a group is as its parts, one after the other",
            equal(k.apply(x, group), k.apply(k.apply(x, e), f)),
            IN_ITS_LEAF,
        ),
        Theorem("what a receiver has seen may be left out", equal(k.apply(x, k.without(e, V)), k.apply(x, e))),
        Theorem(
            "a group may be split anywhere",
            equal(k.apply(k.apply(x, k.only(e, P)), k.without(e, P)), k.apply(x, e)),
            IN_ITS_LEAF,
        ),
        Theorem(
            "a group may be split anywhere, and arrive in the other order",
            equal(k.apply(k.apply(x, k.without(e, P)), k.only(e, P)), k.apply(x, e)),
            IN_ITS_LEAF,
        ),
    ]


def laws(k: Kernel) -> list[Theorem]:
    """They follow from what is above. Here they are again, asked of the algorithm itself."""
    a, b, c = state_of(V), state_of(W), state_of(X)
    e, f = delta_of(E), delta_of(F)
    join, apply = k.join, k.apply
    below = lambda x, y: equal(join(x, y), y)
    return [
        Theorem("join is commutative", equal(join(a, b), join(b, a))),
        Theorem("join is associative", equal(join(join(a, b), c), join(a, join(b, c)))),
        Theorem("join is idempotent", equal(join(a, a), a)),
        Theorem("the empty state is the unit of join", And(equal(join(a, BOTTOM), a), equal(join(BOTTOM, a), a))),
        Theorem("a join is an upper bound of both", And(below(a, join(a, b)), below(b, join(a, b)))),
        Theorem("and the least", Implies(And(below(a, c), below(b, c)), below(join(a, b), c))),
        Theorem("a state is below another iff its version is", below(a, b) == covers(W, V)),
        Theorem("states are equal iff their versions are", equal(a, b) == And(covers(V, W), covers(W, V))),
        Theorem("deltas in any order", equal(apply(apply(a, e), f), apply(apply(a, f), e)), IN_ITS_LEAF),
        Theorem("a delta before a join or after it", equal(join(apply(a, e), b), apply(join(a, b), e)), IN_ITS_LEAF),
        Theorem("a state is the delta of its events", equal(join(a, b), apply(a, delta_of(W))), IN_ITS_LEAF),
    ]
