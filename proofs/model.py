"""The kernel of src/store, as functions of sets.

A set of dots is a function from Dot to Bool. Nothing bounds how many dots, leaves and values there are. Each method of
`Kernel` names the Rust function it stands for, and does the same in the same order.
"""

from dataclasses import dataclass
from typing import Callable

from z3 import (
    And, BoolRef, BoolSort, BoolVal, Const, DeclareSort, Exists, ForAll, FreshConst, Function, If, Implies, Not, Or,
)

Dot = DeclareSort("Dot")  # names an event, and the fact that the event adds
Leaf = DeclareSort("Leaf")  # a place that holds facts: a `Dots`, wherever in the tree
Value = DeclareSort("Value")


@dataclass
class State:
    """`Causal`: { seen, ahead, store }. The store is all its leaves: which dots are live in which, with which value."""

    seen: Callable  # Dot -> Bool
    ahead: Callable  # Dot -> Bool
    live: Callable  # Leaf, Dot -> Bool
    value: Callable  # Leaf, Dot -> Value; means something where a fact is live


@dataclass
class Delta:
    """`Delta`: { events, change }. The change is its events, leaf by leaf: what they add, and what they kill."""

    events: Callable  # Dot -> Bool
    adds: Callable  # Leaf, Dot -> Bool: there is an event of this dot in this leaf, and it adds a fact
    kills: Callable  # Leaf, Dot, Dot -> Bool: such an event of the first dot kills the second
    value: Callable  # Leaf, Dot -> Value; means something where an event adds a fact


# Sets ---------------------------------------------------------------------------------------------------------------


def nothing(*_) -> BoolRef:
    return BoolVal(False)


def union(a, b):
    return lambda *x: Or(a(*x), b(*x))


def difference(a, b):
    return lambda *x: And(a(*x), Not(b(*x)))


def all_of(*sorts_and_body) -> BoolRef:
    """all_of(Leaf, Dot, body): body(leaf, dot) holds for all of them."""
    *sorts, body = sorts_and_body
    names = [FreshConst(sort) for sort in sorts]
    return ForAll(names, body(*names))


def any_of(*sorts_and_body) -> BoolRef:
    *sorts, body = sorts_and_body
    names = [FreshConst(sort) for sort in sorts]
    return Exists(names, body(*names))


def covers(a, b) -> BoolRef:
    """`Version::covers`: every dot of b is in a."""
    return all_of(Dot, lambda d: Implies(b(d), a(d)))


def intersects(a, b) -> BoolRef:
    """`Version::intersects`: some dot is in both."""
    return any_of(Dot, lambda d: And(a(d), b(d)))


def choose(condition, x, y):
    """One of two states, or of two deltas: `if condition { x } else { y }`."""

    def one(f, g):
        return lambda *args: If(condition, f(*args), g(*args))

    return type(x)(*(one(getattr(x, name), getattr(y, name)) for name in x.__dataclass_fields__))


def equal(x: State, y: State) -> BoolRef:
    """`Causal::eq`: the same version, the same ahead, the same facts under the same dots."""
    return And(
        all_of(Dot, lambda d: And(x.seen(d) == y.seen(d), x.ahead(d) == y.ahead(d))),
        all_of(
            Leaf,
            Dot,
            lambda leaf, d: And(
                x.live(leaf, d) == y.live(leaf, d),
                Implies(x.live(leaf, d), x.value(leaf, d) == y.value(leaf, d)),
            ),
        ),
    )


def equal_deltas(x: Delta, y: Delta) -> BoolRef:
    """`Delta::eq`."""
    return And(
        all_of(Dot, lambda d: x.events(d) == y.events(d)),
        all_of(
            Leaf,
            Dot,
            lambda leaf, d: And(
                x.adds(leaf, d) == y.adds(leaf, d),
                Implies(x.adds(leaf, d), x.value(leaf, d) == y.value(leaf, d)),
            ),
        ),
        all_of(Leaf, Dot, Dot, lambda leaf, k, v: x.kills(leaf, k, v) == y.kills(leaf, k, v)),
    )


BOTTOM = State(nothing, nothing, nothing, lambda leaf, d: Const("no_value", Value))


def some_state(name: str) -> State:
    """Any state at all, of which nothing is known yet."""
    return State(
        Function(f"{name}.seen", Dot, BoolSort()),
        Function(f"{name}.ahead", Dot, BoolSort()),
        Function(f"{name}.live", Leaf, Dot, BoolSort()),
        Function(f"{name}.value", Leaf, Dot, Value),
    )


def some_delta(name: str) -> Delta:
    """Any delta at all, of which nothing is known yet."""
    return Delta(
        Function(f"{name}.events", Dot, BoolSort()),
        Function(f"{name}.adds", Leaf, Dot, BoolSort()),
        Function(f"{name}.kills", Leaf, Dot, Dot, BoolSort()),
        Function(f"{name}.value", Leaf, Dot, Value),
    )


# One world ----------------------------------------------------------------------------------------------------------
#
# What the event of each dot is, once and for all: in which leaf, whether it adds a fact, which, and which it kills.

place = Function("place", Dot, Leaf)
adds = Function("adds", Dot, BoolSort())
says = Function("says", Dot, Value)
kills = Function("kills", Dot, Dot, BoolSort())

KILLS_IN_ITS_LEAF = all_of(Dot, Dot, lambda k, v: Implies(kills(k, v), place(k) == place(v)))


def some_version(name: str):
    return Function(name, Dot, BoolSort())


def killed_by(version):
    return lambda d: any_of(Dot, lambda k: And(version(k), kills(k, d)))


def state_of(version) -> State:
    """The state that a version names: `Chronicle::facts` in tests/it/histories.rs."""
    killed = killed_by(version)
    return State(
        seen=version,
        ahead=lambda d: And(killed(d), Not(version(d))),
        live=lambda leaf, d: And(version(d), adds(d), place(d) == leaf, Not(killed(d))),
        value=lambda leaf, d: says(d),
    )


def delta_of(events) -> Delta:
    """A group of events, each as it is in the world."""
    return Delta(
        events=events,
        adds=lambda leaf, d: And(events(d), place(d) == leaf, adds(d)),
        kills=lambda leaf, k, v: And(events(k), place(k) == leaf, kills(k, v)),
        value=lambda leaf, d: says(d),
    )


# The algorithm ------------------------------------------------------------------------------------------------------


class Kernel:
    # Two states meet.

    def join(self, a: State, b: State) -> State:
        """`Causal::try_join`: a.join(b)."""
        return choose(self.nothing_new(a, b), a, choose(self.nothing_old(a, b), b, self.walk(a, b)))

    def nothing_new(self, a: State, b: State) -> BoolRef:
        """self.seen.covers(&other.seen): the first shortcut. Then `join` returns false, otherwise true."""
        return covers(a.seen, b.seen)

    def nothing_old(self, a: State, b: State) -> BoolRef:
        """other.seen.covers(&self.seen): the second shortcut."""
        return covers(b.seen, a.seen)

    def walk(self, a: State, b: State) -> State:
        """`Causal::try_join` where neither covers the other."""
        seen = self.joined_seen(a, b)
        return State(
            seen=seen,
            ahead=self.joined_ahead(a, b, seen),
            live=lambda leaf, d: self.merge_facts(a, b, leaf, d),
            value=lambda leaf, d: If(a.live(leaf, d), a.value(leaf, d), b.value(leaf, d)),
        )

    def joined_seen(self, a: State, b: State):
        """self.seen.union(&seen)"""
        return union(a.seen, b.seen)

    def joined_ahead(self, a: State, b: State, seen):
        """self.ahead.union(&ahead); self.ahead.subtract(&self.seen)"""
        return difference(union(a.ahead, b.ahead), seen)

    def merge_facts(self, a: State, b: State, leaf, d) -> BoolRef:
        """`Dots::merge_facts`: whether d is live in this leaf after the walk.

        A leaf or a key that only one side has is met with an empty one: `Keyed::merge_children`.
        """
        mine, theirs = a.live(leaf, d), b.live(leaf, d)
        known_here, known_there = self.knows(a, d), self.knows(b, d)
        return Or(
            And(mine, theirs),  # order.is_eq()
            And(mine, Not(theirs), Not(known_there)),
            And(Not(mine), theirs, Not(known_here)),
        )

    def knows(self, x: State, d) -> BoolRef:
        """`Meeting::knows`"""
        return Or(x.seen(d), x.ahead(d))

    # A delta is taken in.

    def apply(self, x: State, delta: Delta) -> State:
        """`Causal::apply_within`"""
        fresh = self.fresh(x, delta)
        seen = union(x.seen, fresh)
        applied = self.apply_to_leaves(x, delta, fresh, seen, lambda leaf: BoolVal(True))
        applied.seen, applied.ahead = seen, self.applied_ahead(applied.ahead, seen)
        return choose(self.nothing_new_in(x, delta), x, applied)

    def nothing_new_in(self, x: State, delta: Delta) -> BoolRef:
        """self.seen.covers(&delta.events). Then `apply` returns false, otherwise true."""
        return covers(x.seen, delta.events)

    def fresh(self, x: State, delta: Delta):
        """delta.events.difference(&self.seen), or all events if there is nothing to subtract."""
        return difference(delta.events, x.seen)

    def applied_ahead(self, ahead, seen):
        """ahead.subtract(&self.seen)"""
        return difference(ahead, seen)

    def apply_to_leaves(self, x: State, delta: Delta, fresh, seen, done) -> State:
        """`Store::apply` of a tree, when the leaves for which `done` holds have had their turn.

        That it may be written thus, every leaf as if it were the first, is proved: "leaf by leaf".
        """

        def ahead(d):
            new = lambda leaf: And(done(leaf), self.kill_all(x, delta, fresh, seen, leaf)[0](d))
            return Or(x.ahead(d), any_of(Leaf, new))

        def live(leaf, d):
            return If(done(leaf), self.kill_all(x, delta, fresh, seen, leaf)[1](d), x.live(leaf, d))

        return State(x.seen, ahead, live, self.taken_in_value(x, delta))

    def apply_to_leaf(self, x: State, delta: Delta, fresh, seen, leaf) -> State:
        """`Dots::apply`, with `kill_all`."""
        new, left = self.kill_all(x, delta, fresh, seen, leaf)
        return State(
            x.seen,
            union(x.ahead, new),
            lambda where, d: If(where == leaf, left(d), x.live(where, d)),
            self.taken_in_value(x, delta),
        )

    def take_in(self, x: State, delta: Delta, fresh, leaf):
        """`Dots::take_in`: what is live in this leaf when fresh events have added their facts.

        The fresh events of the leaf are what change.events.retain(..) has left in `Dots::apply`.
        """
        news = lambda d: And(delta.adds(leaf, d), fresh(d), Not(x.ahead(d)))
        return lambda d: Or(x.live(leaf, d), news(d))

    def taken_in_value(self, x: State, delta: Delta):
        """`Dots::insert` and dedup_by_key(..): what is there already stays."""
        return lambda leaf, d: If(x.live(leaf, d), x.value(leaf, d), delta.value(leaf, d))

    def kill_all(self, x: State, delta: Delta, fresh, seen, leaf):
        """`Dots::kill_all` after `take_in`: what is new in `ahead`, and what is left in this leaf."""
        taken = self.take_in(x, delta, fresh, leaf)
        victims = lambda v: any_of(Dot, lambda k: And(fresh(k), delta.kills(leaf, k, v)))
        new = lambda v: And(victims(v), Not(seen(v)), Not(taken(v)))
        left = lambda d: And(taken(d), Not(victims(d)))
        return new, left

    def kill(self, x: State, delta: Delta, fresh, seen, leaf, victim) -> State:
        """`Dots::apply` with `kill`: the fresh events of this leaf are one, and it kills one victim."""
        taken = self.take_in(x, delta, fresh, leaf)
        live = taken(victim)
        remove = lambda d: And(taken(d), Not(And(live, d == victim)))
        return State(
            x.seen,
            lambda d: Or(x.ahead(d), And(d == victim, Not(live), Not(seen(victim)))),
            lambda where, d: If(where == leaf, remove(d), x.live(where, d)),
            self.taken_in_value(x, delta),
        )

    # Local writes, in a transaction: `seen` and the events of the delta are brought up to date at its end.

    def write(self, x: State, leaf, minted, value) -> tuple[State, Delta]:
        """`Edit<Dots>::write`: a fact in place of all that are live here."""
        return self.mutate(x, leaf, minted, BoolVal(True), value, kills=lambda v: x.live(leaf, v))

    def add(self, x: State, leaf, minted, value) -> tuple[State, Delta]:
        """`Edit<Dots>::add`: a fact beside those that are live here."""
        return self.mutate(x, leaf, minted, BoolVal(True), value, kills=nothing)

    def clear(self, x: State, leaf, minted, value) -> tuple[State, Delta]:
        """`Dots::clear`: no facts. `Keyed::clear` and `Keyed::remove` do it leaf by leaf, each with an event."""
        return self.mutate(x, leaf, minted, BoolVal(False), value, kills=lambda v: x.live(leaf, v))

    def mutate(self, x: State, leaf, minted, adds, value, kills) -> tuple[State, Delta]:
        here = lambda d: Or(And(adds, d == minted), And(x.live(leaf, d), Not(kills(d))))
        state = State(
            x.seen,
            x.ahead,
            lambda where, d: If(where == leaf, here(d), x.live(where, d)),
            lambda where, d: If(And(where == leaf, d == minted), value, x.value(where, d)),
        )
        delta = Delta(
            lambda d: d == minted,
            lambda where, d: And(where == leaf, d == minted, adds),
            lambda where, k, v: And(where == leaf, k == minted, kills(v)),
            lambda where, d: value,
        )
        return state, delta

    def mints(self, x: State, minted) -> BoolRef:
        """`Causal::last_of`, `Pen::mint`: a dot beyond all of its replica that this state has heard of."""
        return And(Not(x.seen(minted)), Not(x.ahead(minted)))

    def close(self, x: State, minted) -> State:
        """Drop of `Transaction`: self.seen.insert_run(..)"""
        return State(union(x.seen, minted), x.ahead, x.live, x.value)

    # Deltas are grouped and split.

    def join_deltas(self, x: Delta, y: Delta) -> Delta:
        """`Delta::join`: x.join(y)."""
        news = self.without(y, x.events)
        joined = Delta(
            union(x.events, news.events),
            union(x.adds, news.adds),
            union(x.kills, news.kills),
            lambda leaf, d: If(x.adds(leaf, d), x.value(leaf, d), news.value(leaf, d)),
        )
        return choose(covers(x.events, y.events), x, joined)

    def without(self, x: Delta, seen) -> Delta:
        """`Delta::without`"""
        return choose(intersects(x.events, seen), self.select(x, difference(x.events, seen)), x)

    def only(self, x: Delta, wanted) -> Delta:
        """`Delta::only`"""
        return self.select(x, difference(x.events, difference(x.events, wanted)))

    def select(self, x: Delta, events) -> Delta:
        """`Delta::select`, `Change::select`"""
        return Delta(
            events,
            lambda leaf, d: And(x.adds(leaf, d), events(d)),
            lambda leaf, k, v: And(x.kills(leaf, k, v), events(k)),
            x.value,
        )

    # A state is saved and loaded.

    def save_and_load(self, x: State) -> State:
        """`Store::export`, then `Causal::from_parts`."""
        facts = Delta(x.seen, x.live, nothing, x.value)
        loaded = self.apply(BOTTOM, facts)
        loaded.ahead = x.ahead
        return loaded
