"""The plain lattices of src/lattice. Each join returns the joined value, and whether it says that it grew."""

from z3 import (
    And, BoolSort, Const, Consts, Datatype, DeclareSort, ForAll, Function, If, Implies, Ints, IntSort, Not, Or,
)

from check import Checker, Theorem


def total_order(sort, name):
    less = Function(f"{name}.less", sort, sort, BoolSort())
    x, y, z = Consts("x y z", sort)
    return less, And(
        ForAll([x], Not(less(x, x))),
        ForAll([x, y, z], Implies(And(less(x, y), less(y, z)), less(x, z))),
        ForAll([x, y], Or(less(x, y), x == y, less(y, x))),
    )


def any_lattice(name):
    """A lattice of which nothing is known but its laws; with the order that belongs to it."""
    sort = DeclareSort(name)
    join, bottom = Function(f"{name}.join", sort, sort, sort), Const(f"{name}.bottom", sort)
    x, y, z = Consts("x y z", sort)
    laws = And(
        ForAll([x, y], join(x, y) == join(y, x)),
        ForAll([x, y, z], join(join(x, y), z) == join(x, join(y, z))),
        ForAll([x], join(x, x) == x),
        ForAll([x], join(bottom, x) == x),
    )
    # Its own join says that it grew iff it did.
    return sort, lambda a, b: (join(a, b), join(a, b) != a), bottom, laws


def option_of(sort):
    option = Datatype(f"Option {sort}")
    option.declare("none")
    option.declare("some", ("it", sort))
    return option.create()


def check(checker: Checker):
    checker.section("Plain lattices")
    t = DeclareSort("T")
    less, ordered = total_order(t, "T")
    given = {"T is totally ordered": ordered}
    maximum = option_of(t)
    greater = lambda x, y: less(y, x)
    laws(checker, "Max, LwwRegister", maximum, lambda x, y: extreme(maximum, greater, x, y), maximum.none, given)
    laws(checker, "Min", maximum, lambda x, y: extreme(maximum, less, x, y), maximum.none, given)
    a_pair_is_ordered(checker)

    a, join_a, bottom_a, laws_a = any_lattice("A")
    b, join_b, bottom_b, laws_b = any_lattice("B")
    parts = {"A is a lattice": laws_a, "B is a lattice": laws_b}

    option = option_of(a)
    laws(
        checker,
        "Option<A>, BTreeMap<K, A> at each key",
        option,
        lambda x, y: join_options(option, join_a, x, y),
        option.none,
        {"A is a lattice": laws_a},
    )

    pair = Datatype("Pair")
    pair.declare("pair", ("first", a), ("second", b))
    pair = pair.create()
    laws(
        checker,
        "(A, B)",
        pair,
        lambda x, y: join_pairs(pair, join_a, join_b, x, y),
        pair.pair(bottom_a, bottom_b),
        parts,
    )

    # `PartialOrd` of the first part is the order of its join.
    own_order = lambda x, y: join_a(x, y)[0] == y
    lex = lambda order: lambda x, y: join_lex(pair, order, join_a, join_b, bottom_b, x, y)
    laws(checker, "Lex<A, B>", pair, lex(own_order), pair.pair(bottom_a, bottom_b), parts)

    count = IntSort()
    x, y, z = Ints("x y z")
    natural = {"counts are not negative": And(x >= 0, y >= 0, z >= 0)}
    laws(checker, "counts (join_counts) at each key", count, lambda x, y: (If(y > x, y, x), y > x), 0, natural)

    checker.section("Plain lattices: these do not hold (counterexamples)")
    # A partial order that has nothing to do with the join, as std's of tuples, sets and maps has.
    leq = Function("A.leq", a, a, BoolSort())
    x, y, z = Consts("x y z", a)
    partial_order = And(
        ForAll([x], leq(x, x)),
        ForAll([x, y], Implies(And(leq(x, y), leq(y, x)), x == y)),
        ForAll([x, y, z], Implies(And(leq(x, y), leq(y, z)), leq(x, z))),
    )
    join = lex(leq)
    x, y, z = Consts("x y z", pair)
    checker.refute(
        Theorem(
            "Lex<A, B> is associative, if A's order is not that of its join",
            join(join(x, y)[0], z)[0] == join(x, join(y, z)[0])[0],
            {**parts, "A is partially ordered": partial_order},
        )
    )
    joined = lambda x, y: lex_that_joins_seconds(pair, own_order, join_a, join_b, x, y)
    checker.refute(
        Theorem(
            "Lex<A, B>, if the second parts of incomparable first parts were joined",
            joined(joined(x, y), z) == joined(x, joined(y, z)),
            parts,
        )
    )
    t_max = lambda x, y: extreme(maximum, lambda p, q: Not(less(q, p)), x, y)
    x, y = Consts("x y", maximum)
    checker.refute(
        Theorem(
            "Max says that it grew iff it did, if an equal value wins", t_max(x, y)[1] == (t_max(x, y)[0] != x), given
        )
    )


def laws(checker: Checker, name, sort, join, bottom, given):
    x, y, z = Consts("x y z", sort)
    value = lambda a, b: join(a, b)[0]
    goals = {
        "commutative": value(x, y) == value(y, x),
        "associative": value(value(x, y), z) == value(x, value(y, z)),
        "idempotent": value(x, x) == x,
        "bottom is the unit": And(value(bottom, x) == x, value(x, bottom) == x),
        "grew iff changed": join(x, y)[1] == (value(x, y) != x),
    }
    for law, goal in goals.items():
        checker.prove(Theorem(f"{name}: {law}", goal, given), all_needed=False)


def extreme(option, wins_over, mine, theirs):
    """`Max::join`, with `theirs > mine`; `Min::join`, with less. `LwwRegister::join` is `Max` over (Stamp, V)."""
    wins = If(
        option.is_none(theirs), False, If(option.is_none(mine), True, wins_over(option.it(theirs), option.it(mine)))
    )
    return If(wins, theirs, mine), wins


def join_options(option, join, mine, theirs):
    """`Option::join`; of a `BTreeMap`, what happens to one key."""
    inside, grew = join(option.it(mine), option.it(theirs))
    value = If(option.is_none(theirs), mine, If(option.is_none(mine), theirs, option.some(inside)))
    return value, And(Not(option.is_none(theirs)), If(option.is_none(mine), True, grew))


def join_pairs(pair, join_a, join_b, mine, theirs):
    """`(A, B)::join`"""
    (a, a_grew), (b, b_grew) = (
        join_a(pair.first(mine), pair.first(theirs)),
        join_b(pair.second(mine), pair.second(theirs)),
    )
    return pair.pair(a, b), Or(a_grew, b_grew)


def join_lex(pair, leq, join_a, join_b, bottom_b, mine, theirs):
    """`Lex::join`; `leq(a, b)` is `a.join(b) == b` there."""
    first, other = pair.first(mine), pair.first(theirs)
    second, grew = join_b(pair.second(mine), pair.second(theirs))
    equal, less, greater = first == other, leq(first, other), leq(other, first)
    incomparable = pair.pair(join_a(first, other)[0], bottom_b)
    value = If(equal, pair.pair(first, second), If(greater, mine, If(less, theirs, incomparable)))
    return value, If(equal, grew, Not(greater))


def lex_that_joins_seconds(pair, leq, join_a, join_b, mine, theirs):
    first, other = pair.first(mine), pair.first(theirs)
    second = join_b(pair.second(mine), pair.second(theirs))[0]
    both = pair.pair(join_a(first, other)[0], second)
    return If(first == other, both, If(leq(other, first), mine, If(leq(first, other), theirs, both)))


def a_pair_is_ordered(checker: Checker):
    """(Stamp, V), and the parts of a stamp: derived orders, the first part first."""
    s, v = DeclareSort("Stamp"), DeclareSort("V")
    (less_s, ordered_s), (less_v, ordered_v) = total_order(s, "Stamp"), total_order(v, "V")
    less = lambda p, q: Or(less_s(p[0], q[0]), And(p[0] == q[0], less_v(p[1], q[1])))
    p, q, r = ((Const(f"s{i}", s), Const(f"v{i}", v)) for i in range(3))
    checker.prove(
        Theorem(
            "a pair of totally ordered parts is totally ordered",
            And(
                Not(less(p, p)),
                Implies(And(less(p, q), less(q, r)), less(p, r)),
                Or(less(p, q), And(p[0] == q[0], p[1] == q[1]), less(q, p)),
            ),
            {"the first parts are": ordered_s, "the second parts are": ordered_v},
        )
    )
