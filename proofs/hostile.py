"""What is true of any states and deltas, also of such as are of no one world; and what is not.

All assumptions that are named are needed: whenever one is left out, there is a counterexample.
"""

from z3 import And, Const, Implies, Not

from check import Checker, Theorem
from model import (
    BOTTOM, Delta, Dot, Kernel, Leaf, State, Value, all_of, any_of, covers, equal, equal_deltas, some_delta,
    some_state, some_version,
)

a, b, c, x = (some_state(name) for name in "abcx")
d, e, f = (some_delta(name) for name in "def")
P = some_version("P")

# What decoding checks of a state (`Causal::from_parts`, `Delta::from_parts`).


def facts_are_seen(*states: State):
    return And(*(all_of(Leaf, Dot, lambda leaf, dot: Implies(s.live(leaf, dot), s.seen(dot))) for s in states))


def ahead_is_not_seen(*states: State):
    return And(*(all_of(Dot, lambda dot: Not(And(s.seen(dot), s.ahead(dot)))) for s in states))


def one_dot_one_place(*states: State):
    return And(
        *(
            all_of(Leaf, Leaf, Dot, lambda p, q, dot: Implies(And(s.live(p, dot), s.live(q, dot)), p == q))
            for s in states
        )
    )


def decodable(*states: State):
    return {
        "facts are of events seen": facts_are_seen(*states),
        "what is ahead is not seen": ahead_is_not_seen(*states),
        "one dot, one place": one_dot_one_place(*states),
    }


# What decoding cannot check.


def same_facts(*states: State):
    """Where two hold a fact of one dot in one leaf, it is one fact."""
    pairs = [(s, t) for i, s in enumerate(states) for t in states[i + 1 :]]
    return And(
        *(
            all_of(
                Leaf,
                Dot,
                lambda p, dot: Implies(And(s.live(p, dot), t.live(p, dot)), s.value(p, dot) == t.value(p, dot)),
            )
            for s, t in pairs
        )
    )


def equal_versions_are_equal_states(s: State, t: State):
    return Implies(And(covers(s.seen, t.seen), covers(t.seen, s.seen)), equal(s, t))


# Of deltas.


def made_of_its_events(*deltas: Delta):
    """Decoding checks this."""
    return And(
        *(
            And(
                all_of(Leaf, Dot, lambda p, dot: Implies(g.adds(p, dot), g.events(dot))),
                all_of(Leaf, Dot, Dot, lambda p, k, v: Implies(g.kills(p, k, v), g.events(k))),
            )
            for g in deltas
        )
    )


def one_event_one_place(g: Delta):
    """Decoding checks this."""
    return And(
        all_of(Leaf, Leaf, Dot, lambda p, q, m: Implies(And(g.adds(p, m), g.adds(q, m)), p == q)),
        all_of(Leaf, Leaf, Dot, Dot, lambda p, q, m, v: Implies(And(g.kills(p, m, v), g.adds(q, m)), p == q)),
        all_of(
            Leaf, Leaf, Dot, Dot, Dot, lambda p, q, m, v, w: Implies(And(g.kills(p, m, v), g.kills(q, m, w)), p == q)
        ),
    )


def nobody_kills_himself(g: Delta):
    """Decoding checks this."""
    return all_of(Leaf, Dot, lambda p, m: Not(g.kills(p, m, m)))


def same_events(g: Delta, h: Delta):
    """One dot, one event: where both have it, they say the same of it."""
    both = lambda dot: And(g.events(dot), h.events(dot))
    return And(
        all_of(Leaf, Dot, lambda p, dot: Implies(both(dot), g.adds(p, dot) == h.adds(p, dot))),
        all_of(Leaf, Dot, lambda p, dot: Implies(And(both(dot), g.adds(p, dot)), g.value(p, dot) == h.value(p, dot))),
        all_of(Leaf, Dot, Dot, lambda p, k, v: Implies(both(k), g.kills(p, k, v) == h.kills(p, k, v))),
    )


def kills_in_their_leaf(g: Delta, h: Delta):
    """What g kills of what h adds, it kills in the leaf where h adds it."""
    return all_of(Leaf, Leaf, Dot, Dot, lambda p, q, k, v: Implies(And(g.kills(p, k, v), h.adds(q, v)), p == q))


def check(checker: Checker, k: Kernel):
    checker.section("Any states: what `join` and `apply` return, and what they keep")
    returned(checker, k)
    checker.section("Any states: join without its shortcuts")
    walking(checker, k)
    checker.section("Any states: join")
    joining(checker, k)
    checker.section("Any state, any deltas")
    applying(checker, k)


def returned(checker: Checker, k: Kernel):
    joined, applied, grouped = k.join(a, b), k.apply(x, d), k.join_deltas(d, e)
    differ = lambda s, t: any_of(Dot, lambda dot: s(dot) != t(dot))
    for theorem in [
        Theorem(
            "join returns true iff the version has changed", Not(k.nothing_new(a, b)) == differ(a.seen, joined.seen)
        ),
        Theorem("join returns true iff the state has changed", Not(k.nothing_new(a, b)) == Not(equal(a, joined))),
        Theorem(
            "apply returns true iff the version has changed",
            Not(k.nothing_new_in(x, d)) == differ(x.seen, applied.seen),
        ),
        Theorem(
            "apply returns true iff the state has changed", Not(k.nothing_new_in(x, d)) == Not(equal(x, applied))
        ),
        Theorem(
            "the join of deltas returns true iff the delta has changed",
            Not(covers(d.events, e.events)) == Not(equal_deltas(d, grouped)),
        ),
        Theorem("join keeps: facts are of events seen", facts_are_seen(joined), {"of both": facts_are_seen(a, b)}),
        Theorem(
            "join keeps: what is ahead is not seen", ahead_is_not_seen(joined), {"of both": ahead_is_not_seen(a, b)}
        ),
        Theorem(
            "join keeps: one dot, one place",
            one_dot_one_place(joined),
            {"of both": one_dot_one_place(a, b), "facts are of events seen": facts_are_seen(a, b)},
        ),
        Theorem(
            "apply keeps: facts are of events seen", facts_are_seen(applied), {"of the state": facts_are_seen(x)}
        ),
        Theorem(
            "apply keeps: what is ahead is not seen",
            ahead_is_not_seen(applied),
            {"of the state": ahead_is_not_seen(x)},
        ),
        Theorem(
            "apply keeps: one dot, one place",
            one_dot_one_place(applied),
            {
                "of the state": one_dot_one_place(x),
                "facts are of events seen": facts_are_seen(x),
                "of the delta": one_event_one_place(d),
            },
        ),
        Theorem(
            "the join of deltas keeps: one dot, one place",
            one_event_one_place(grouped),
            {
                "of both": And(one_event_one_place(d), one_event_one_place(e)),
                "a delta is made of its events": made_of_its_events(d, e),
            },
        ),
        Theorem(
            "save and load gives the state back",
            equal(k.save_and_load(x), x),
            {"facts are of events seen": facts_are_seen(x)},
        ),
    ]:
        checker.prove(theorem)


def walking(checker: Checker, k: Kernel):
    walk = k.walk
    for theorem in [
        Theorem("walk is commutative", equal(walk(a, b), walk(b, a)), {"one dot, one fact": same_facts(a, b)}),
        Theorem("walk is associative", equal(walk(walk(a, b), c), walk(a, walk(b, c)))),
        Theorem("walk is idempotent", equal(walk(a, a), a), {"what is ahead is not seen": ahead_is_not_seen(a)}),
        Theorem(
            "the empty state is the unit of walk",
            And(equal(walk(a, BOTTOM), a), equal(walk(BOTTOM, a), a)),
            {"what is ahead is not seen": ahead_is_not_seen(a)},
        ),
        Theorem(
            "a walk is an upper bound of both",
            And(equal(walk(a, walk(a, b)), walk(a, b)), equal(walk(b, walk(a, b)), walk(a, b))),
            {"one dot, one fact": same_facts(a, b)},
        ),
        Theorem(
            "and the least", Implies(And(equal(walk(a, c), c), equal(walk(b, c), c)), equal(walk(walk(a, b), c), c))
        ),
    ]:
        checker.prove(theorem)


def joining(checker: Checker, k: Kernel):
    join = k.join
    same_seen = lambda s, t: And(covers(s.seen, t.seen), covers(t.seen, s.seen))
    as_walked = lambda s, t: Implies(covers(s.seen, t.seen), And(equal(k.walk(s, t), s), equal(k.walk(t, s), s)))
    for theorem in [
        Theorem("versions agree after an exchange, whatever the states", same_seen(join(a, b), join(b, a))),
        Theorem("join is idempotent", equal(join(a, a), a)),
        Theorem("joining the empty state changes nothing", equal(join(a, BOTTOM), a)),
        Theorem(
            "joining into the empty state copies",
            equal(join(BOTTOM, a), a),
            {
                "facts are of events seen": facts_are_seen(a),
                "nothing is ahead of nothing": Implies(
                    all_of(Dot, lambda dot: Not(a.seen(dot))), all_of(Dot, lambda dot: Not(a.ahead(dot)))
                ),
            },
        ),
        Theorem(
            "join is commutative",
            equal(join(a, b), join(b, a)),
            {
                "one dot, one fact": same_facts(a, b),
                "equal versions are equal states": equal_versions_are_equal_states(a, b),
            },
        ),
        Theorem("a join is an upper bound of what was here", equal(join(a, join(a, b)), join(a, b))),
        Theorem(
            "a join is an upper bound of what came",
            equal(join(b, join(a, b)), join(a, b)),
            {
                "equal versions are equal states": equal_versions_are_equal_states(a, b),
            },
        ),
        Theorem(
            "join is walk",
            equal(join(a, b), k.walk(a, b)),
            {
                "where a version covers, nothing would change": And(
                    Implies(covers(a.seen, b.seen), equal(k.walk(a, b), a)),
                    Implies(covers(b.seen, a.seen), equal(k.walk(a, b), b)),
                ),
            },
        ),
    ]:
        checker.prove(theorem)

    checker.section("Any states that can be decoded: these laws do not hold (counterexamples)")
    believed = {**decodable(a, b, c), "one dot, one fact": same_facts(a, b, c)}
    below = lambda s, t: equal(join(s, t), t)
    for theorem in [
        Theorem(
            "join is commutative",
            equal(join(a, b), join(b, a)),
            believed,
            {"a": a, "b": b, "a + b": join(a, b), "b + a": join(b, a)},
        ),
        Theorem("joining into the empty state copies", equal(join(BOTTOM, a), a), believed, {"a": a}),
        Theorem(
            "join is associative",
            equal(join(join(a, b), c), join(a, join(b, c))),
            believed,
            {"a": a, "b": b, "c": c, "(a + b) + c": join(join(a, b), c), "a + (b + c)": join(a, join(b, c))},
        ),
        Theorem(
            "join is associative, even if where a version covers another, the walk would say the same",
            equal(join(join(a, b), c), join(a, join(b, c))),
            {
                **believed,
                "the walk would say the same": And(*(as_walked(s, t) for s in (a, b, c) for t in (a, b, c))),
            },
            {"a": a, "b": b, "c": c, "(a + b) + c": join(join(a, b), c), "a + (b + c)": join(a, join(b, c))},
        ),
        Theorem(
            "a join is the least upper bound",
            Implies(And(below(a, c), below(b, c)), below(join(a, b), c)),
            believed,
            {"a": a, "b": b, "c": c, "a + b": join(a, b)},
        ),
    ]:
        checker.refute(theorem, show=True)


def applying(checker: Checker, k: Kernel):
    apply, join_deltas = k.apply, k.join_deltas
    leaf, dot, value = Const("leaf", Leaf), Const("dot", Dot), Const("value", Value)
    events = {"a delta is made of its events": made_of_its_events(d, e)}
    cross = {
        "what d kills of e, it kills there": kills_in_their_leaf(d, e),
        "what e kills of d, it kills there": kills_in_their_leaf(e, d),
    }
    within = {"what d kills of itself, it kills there": kills_in_their_leaf(d, d)}
    seen = {"facts are of events seen": facts_are_seen(x)}
    theorems = []
    for write in (k.write, k.add, k.clear):
        state, delta = write(x, leaf, dot, value)
        theorems.append(
            Theorem(
                f"{write.__name__} is the application of its delta",
                equal(k.close(state, lambda other: other == dot), apply(x, delta)),
                {
                    "the dot is beyond all that the state has heard of": k.mints(x, dot),
                    "what is ahead is not seen": ahead_is_not_seen(x),
                    **(seen if write != k.clear else {}),
                },
                {"x": x, "delta": delta, "written": state, "applied": apply(x, delta)},
            )
        )
    theorems += [
        Theorem("a delta twice is a delta once", equal(apply(apply(x, d), d), apply(x, d))),
        Theorem("a delta again, after another", equal(apply(apply(apply(x, d), e), d), apply(apply(x, d), e))),
        Theorem(
            "deltas in any order",
            equal(apply(apply(x, d), e), apply(apply(x, e), d)),
            {**seen, "one dot, one event": same_events(d, e), **cross},
        ),
        Theorem(
            "a group is as its parts, one after the other",
            equal(apply(x, join_deltas(d, e)), apply(apply(x, d), e)),
            {**seen, **events, "what d kills of e, it kills there": kills_in_their_leaf(d, e)},
        ),
        Theorem("what a receiver has seen may be left out", equal(apply(x, k.without(d, x.seen)), apply(x, d))),
        Theorem(
            "a group may be split anywhere",
            equal(apply(apply(x, k.only(d, P)), k.without(d, P)), apply(x, d)),
            {**seen, **within},
        ),
        Theorem(
            "a group may be split anywhere, and arrive in the other order",
            equal(apply(apply(x, k.without(d, P)), k.only(d, P)), apply(x, d)),
            {**seen, **within},
        ),
        Theorem(
            "the join of deltas is commutative",
            equal_deltas(join_deltas(d, e), join_deltas(e, d)),
            {**events, "one dot, one event": same_events(d, e)},
        ),
        Theorem(
            "the join of deltas is associative",
            equal_deltas(join_deltas(join_deltas(d, e), f), join_deltas(d, join_deltas(e, f))),
            {"a delta is made of its events": made_of_its_events(e, f)},
        ),
        Theorem("the join of deltas is idempotent", equal_deltas(join_deltas(d, d), d)),
    ]
    for theorem in theorems:
        checker.prove(theorem)

    checker.section("Two events that can be decoded, each told to all alike: this does not hold (counterexample)")
    told = {
        "a delta is made of its events": made_of_its_events(d, e),
        "one dot, one place": And(one_event_one_place(d), one_event_one_place(e)),
        "nobody kills himself": And(nobody_kills_himself(d), nobody_kills_himself(e)),
        "they are of different events": all_of(Dot, lambda m: Not(And(d.events(m), e.events(m)))),
    }
    checker.refute(
        Theorem(
            "deltas in any order",
            equal(apply(apply(BOTTOM, d), e), apply(apply(BOTTOM, e), d)),
            told,
            {"d": d, "e": e, "d then e": apply(apply(BOTTOM, d), e), "e then d": apply(apply(BOTTOM, e), d)},
        ),
        show=True,
    )
