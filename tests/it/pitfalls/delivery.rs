//! What arrives late, early, in part, or not at all.

use rejoin::{
    Causal, Counter, Crdt, DwFlag, EwFlag, Lww, LwwMap, Map, MvRegister, OpBased, OrSet, RwSet, Store,
    TwoPhaseSet,
};

use super::ways::{Handle, Site, Subject, Way, agree, every_way, sites};

type Set = Causal<OrSet<char>>;
type Shelves = Causal<Map<char, OrSet<char>>>;

fn members(set: &OrSet<char>) -> String {
    set.iter().collect()
}

fn shelves(map: &Map<char, OrSet<char>>) -> Vec<(char, String)> {
    map.iter().map(|(key, set)| (*key, members(set))).collect()
}

#[test]
fn a_removal_before_its_addition_is_remembered() {
    every_way(|ways| {
        let [mut a, mut b, mut c, mut d] = sites::<Set, 4>();
        a.edit(|set| set.insert('x'));
        b.hear_by(Way::State, &a);
        let removal = b.edit(|set| set.remove(&'x'));

        c.hear_only([&removal], ways);
        assert_eq!((members(&c), c.version(), c.ahead()), (String::new(), removal.events(), a.version()));
        if ways.perhaps() {
            c.save_and_load();
            assert_eq!(c.ahead(), a.version());
        }
        d.hear(&c, ways);
        d.hear(&a, ways);
        assert_eq!((members(&a), members(&d)), ("x".into(), String::new()));
        assert!(d.ahead().is_empty());
        c.hear_by(Way::Ops, &a);
        assert!(d.writer.state() == b.writer.state() && c.writer.state() == b.writer.state());
    });
}

#[test]
fn a_parents_removal_before_the_additions_is_remembered() {
    every_way(|ways| {
        let [mut a, mut b, mut c] = sites::<Shelves, 3>();
        a.edit(|map| map.entry('p').extend(['x', 'y']));
        b.hear_by(Way::State, &a);
        let removal = b.edit(|map| map.remove(&'p'));
        a.edit(|map| map.entry('p').extend(['y', 'z'])); // knows nothing of the removal

        c.hear_only([&removal], ways);
        assert_eq!((c.is_empty(), c.ahead().dot_count()), (true, 2));
        if ways.perhaps() {
            c.save_and_load();
        }
        c.hear(&a, ways);
        assert_eq!(shelves(&a), [('p', "xyz".into())]);
        assert_eq!(shelves(&c), [('p', "yz".into())]);

        agree(ways, [&mut a, &mut b, &mut c], |map| assert_eq!(shelves(map), [('p', "yz".into())]));
    });
}

#[test]
fn an_early_removal_outlives_the_parent_it_was_in() {
    every_way(|ways| {
        let [mut a, mut b, mut c] = sites::<Shelves, 3>();
        a.edit(|map| map.entry('p').insert('x'));
        b.hear_by(Way::State, &a);
        let removal = b.edit(|map| map.entry('p').remove(&'x'));

        c.edit(|map| map.entry('p').insert('z'));
        c.hear_only([&removal], ways);
        assert_eq!(shelves(&c), [('p', "z".into())]);
        c.edit(|map| map.remove(&'p'));
        assert_eq!((shelves(&c), c.ahead()), (vec![], a.version()));
        if ways.perhaps() {
            c.save_and_load();
        }
        c.hear(&a, ways);
        assert_eq!((shelves(&a), shelves(&c)), (vec![('p', "x".into())], vec![]));

        agree(ways, [&mut a, &mut b, &mut c], |map| assert!(map.is_empty()));
    });
}

#[test]
fn an_early_removal_in_a_two_phase_set_is_remembered() {
    every_way(|ways| {
        let [mut a, mut b, mut c] = sites::<TwoPhaseSet<char>, 3>();
        a.edit(|set| set.insert('x'));
        b.hear_by(Way::State, &a);
        let removal = b.edit(|set| set.remove(&'x'));
        c.hear_only([&removal], ways);
        if ways.perhaps() {
            c.save_and_load();
        }
        c.hear(&a, ways);
        assert!(a.contains(&'x') && !c.contains(&'x'));

        agree(ways, [&mut a, &mut b, &mut c], |set| assert!(set.is_empty() && set.was_removed(&'x')));
    });
}

#[test]
fn present_on_both_sides_yet_removed() {
    every_way(|ways| {
        let [mut a, mut b, mut c] = sites::<Set, 3>();
        a.edit(|set| set.insert('x'));
        b.edit(|set| set.insert('x'));
        c.hear(&a, ways);
        a.edit(|set| set.remove(&'x'));
        a.hear(&b, ways);
        assert_eq!([&a, &b, &c].map(|site| members(site)), ["x", "x", "x"]);
        b.edit(|set| set.remove(&'x'));

        // a and c both have it, under dots of which each is removed by what the other has seen, or by b.
        agree(ways, [&mut a, &mut b, &mut c], |set| assert!(set.is_empty()));
    });
}

/// Who compares versions must learn of what `erase` takes away from what `write` wrote.
fn shows<S>(write: impl Fn(&mut Handle<'_, Causal<S>>), erase: impl Fn(&mut Handle<'_, Causal<S>>))
where
    S: Store + 'static,
    Causal<S>: Subject + Crdt<Delta = rejoin::Delta<S>>,
{
    every_way(|ways| {
        let [mut a, mut b, mut c] = sites::<Causal<S>, 3>();
        a.edit(&write);
        b.hear(&a, ways);
        assert!(b.is_present());

        let removal = a.edit(&erase);
        assert!(!a.is_present());
        assert_eq!(removal.events().dot_count(), 1);
        assert!(b.version() < a.version());
        assert_eq!(&a.version().difference(b.version()), removal.events());
        assert_eq!(a.edit(&erase).is_empty(), !counts_even_then(&a), "of what is absent");

        let lacking = rejoin::Delta::clone(&removal).without(b.version());
        assert!(!lacking.is_empty());
        b.writer.apply(lacking);
        assert!(!b.is_present());

        agree(ways, [&mut a, &mut b, &mut c], |state| assert!(!state.is_present()));
    });
}

/// Removals of remove-wins types leave a fact, and count although nothing is there.
fn counts_even_then<S: Store + 'static>(site: &Site<Causal<S>>) -> bool
where
    Causal<S>: Subject,
{
    !site.is_empty()
}

#[test]
fn every_removal_is_an_event_that_versions_show() {
    shows::<OrSet<char>>(|set| set.insert('x'), |set| set.remove(&'x'));
    shows::<OrSet<char>>(|set| set.insert('x'), |set| set.clear());
    shows::<RwSet<char>>(|set| set.insert('x'), |set| set.remove('x'));
    shows::<RwSet<char>>(|set| set.insert('x'), |set| set.reset());
    shows::<EwFlag>(|flag| flag.enable(), |flag| flag.disable());
    shows::<DwFlag>(|flag| flag.enable(), |flag| flag.disable());
    shows::<DwFlag>(|flag| flag.enable(), |flag| flag.reset());
    shows::<MvRegister<u8>>(|register| register.set(1), |register| register.clear());
    shows::<Lww<u8>>(|register| register.set(1), |register| register.clear());
    shows::<Counter>(|counter| counter.add(1), |counter| counter.reset());
    shows::<LwwMap<u8, u8>>(|map| map.insert(1, 1), |map| map.remove(&1));
    shows::<Map<u8, Counter>>(|map| map.entry(1).add(1), |map| map.remove(&1));
    shows::<Map<u8, Counter>>(|map| map.entry(1).add(1), |map| map.clear());
}

#[test]
fn a_partial_delta_claims_its_own_events_only() {
    every_way(|ways| {
        let [mut a, mut b, mut c] = sites::<Shelves, 3>();
        a.edit(|map| map.entry('p').insert('x'));
        let second = a.edit(|map| map.entry('p').insert('y'));
        a.edit(|map| map.entry('q').insert('z'));
        b.edit(|map| map.entry('p').insert('w'));
        c.hear_by(Way::State, &a);
        assert_eq!(second.events().intervals().collect::<Vec<_>>(), [(a.id(), 2, 2)]);

        b.hear_only([&second], ways);
        assert_eq!(shelves(&b), [('p', "wy".into())]);
        c.hear(&b, ways);
        assert_eq!(shelves(&c), [('p', "wxy".into()), ('q', "z".into())]);

        agree(ways, [&mut a, &mut b, &mut c], |map| {
            assert_eq!(shelves(map), [('p', "wxy".into()), ('q', "z".into())]);
        });
    });
}

#[test]
fn a_hole_in_the_version_is_not_a_deletion() {
    every_way(|ways| {
        let [mut a, mut b] = sites::<Set, 2>();
        let x = a.edit(|set| set.insert('x'));
        let y = a.edit(|set| set.insert('y'));
        let no_x = a.edit(|set| set.remove(&'x'));
        let deltas = [('x', x), ('y', y), ('-', no_x)];

        let mut heard = String::new();
        for place in ways.shuffle([0, 1, 2]) {
            let (name, delta) = &deltas[place];
            b.hear_only([delta], ways);
            heard.push(*name);

            let mut expected = String::new();
            expected.extend(Some('x').filter(|_| heard.contains('x') && !heard.contains('-')));
            expected.extend(Some('y').filter(|_| heard.contains('y')));
            assert_eq!(members(&b), expected, "after {heard}");
            assert_eq!(b.version().dot_count(), heard.len() as u128);
        }
        assert_eq!(a.writer.state(), b.writer.state());
    });
}

#[test]
fn an_op_that_was_overtaken_still_counts() {
    let [mut a] = sites::<Causal<Counter>, 1>();
    let first = a.edit(|counter| counter.add(10));
    let second = a.edit(|counter| counter.add(5));

    let mut by_ops = Causal::<Counter>::default();
    by_ops.effect(rejoin::Delta::clone(&second));
    assert_eq!(by_ops.get(), 5);
    assert_eq!(by_ops.version().intervals().collect::<Vec<_>>(), [(a.id(), 2, 2)]);
    assert!(by_ops.apply(rejoin::Delta::clone(&first)), "the first is news, although the second is not");
    assert_eq!((by_ops.get(), &by_ops), (15, a.writer.state()));

    every_way(|ways| {
        let [_, mut b, mut c] = sites::<Causal<Counter>, 3>();
        b.hear_only([&second], ways);
        c.hear_only([&first], ways);
        assert_eq!((b.get(), c.get()), (5, 10));
        assert_eq!(b.version().partial_cmp(c.version()), None);
        agree(ways, [&mut b, &mut c], |counter| assert_eq!(counter.get(), 15));
    });
}
