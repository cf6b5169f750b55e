//! Registers and counters in maps.

use rejoin::{Causal, Counter, Dot, LwwMap, Map, MvRegister, Newtype, Version};

use super::ways::{agree, every_way, sites};

type Votes = Causal<Map<char, Counter>>;

fn votes(map: &Map<char, Counter>) -> Vec<(char, i128)> {
    map.iter().map(|(key, count)| (*key, count.get())).collect()
}

#[test]
fn a_counter_removed_and_counted_again_counts_afresh() {
    every_way(|ways| {
        let [mut a, mut b] = sites::<Votes, 2>();
        a.edit(|map| map.entry('t').add(5));
        b.hear(&a, ways);
        a.edit(|map| map.remove(&'t'));
        if ways.perhaps() {
            b.hear(&a, ways);
            assert_eq!(votes(&b), []);
        }
        a.edit(|map| map.entry('t').add(1));
        assert_eq!(votes(&a), [('t', 1)]);
        assert_ne!(votes(&b), votes(&a));

        agree(ways, [&mut a, &mut b], |map| assert_eq!(votes(map), [('t', 1)]));
    });
}

#[test]
fn a_removal_leaves_concurrent_increments_alone() {
    every_way(|ways| {
        let [mut a, mut b, mut c] = sites::<Votes, 3>();
        a.edit(|map| map.entry('t').add(100));
        b.hear(&a, ways);
        if ways.perhaps() {
            a.edit(|map| map.remove(&'t'));
        } else {
            a.edit(|map| map.entry('t').reset());
        }
        b.edit(|map| map.entry('t').add(1));
        assert_eq!((votes(&a), votes(&b)), (vec![], vec![('t', 101)]));

        c.hear(&b, ways);
        agree(ways, [&mut a, &mut b, &mut c], |map| assert_eq!(votes(map), [('t', 1)]));
    });
}

#[test]
fn nested_types_mint_from_the_roots_version() {
    type Pages = Causal<Map<char, Map<char, MvRegister<u8>>>>;
    every_way(|ways| {
        let [mut a, mut b] = sites::<Pages, 2>();
        let mut minted = Version::new();
        let mut mint = |events: &Version| {
            assert_eq!(events.dot_count(), 1);
            assert!(minted.union(events), "{events:?} was used before");
        };
        mint(a.edit(|pages| pages.entry('p').entry('x').set(1)).events());
        mint(a.edit(|pages| pages.entry('p').entry('y').set(2)).events());
        b.hear(&a, ways);
        mint(a.edit(|pages| pages.entry('p').remove(&'x')).events());
        mint(a.edit(|pages| pages.remove(&'p')).events());
        mint(a.edit(|pages| pages.entry('p').entry('x').set(3)).events());
        mint(b.edit(|pages| pages.entry('p').entry('x').set(4)).events());
        assert_eq!(minted.intervals().collect::<Vec<_>>(), [(a.id(), 1, 5), (b.id(), 1, 1)]);

        let fifth_of_a = Dot::new(a.id(), 5).unwrap();
        let first_of_b = Dot::new(b.id(), 1).unwrap();
        agree(ways, [&mut a, &mut b], |pages| {
            let page = pages.get(&'p').unwrap();
            let siblings = pages.facts(|pages| Some(pages.get(&'p')?.get(&'x')?.inner()));
            assert_eq!(siblings.collect::<Vec<_>>(), [(fifth_of_a, &3), (first_of_b, &4)]);
            assert!(!page.contains_key(&'y'));
        });
    });
}

#[test]
fn a_removed_outer_key_survives_with_the_concurrent_inner_key_alone() {
    every_way(|ways| {
        let [mut a, mut b, mut c] = sites::<Causal<Map<char, Map<char, Counter>>>, 3>();
        a.edit(|map| {
            map.entry('o').entry('x').add(5);
            map.entry('o').entry('y').add(7);
            map.entry('p').entry('x').add(9);
        });
        b.hear(&a, ways);
        a.edit(|map| map.remove(&'o'));
        b.edit(|map| map.entry('o').entry('x').add(1));
        assert!(!a.contains_key(&'o'));
        assert_eq!(b.get(&'o').map(votes), Some(vec![('x', 6), ('y', 7)]));

        c.hear(&b, ways);
        agree(ways, [&mut a, &mut b, &mut c], |map| {
            let all: Vec<_> = map.iter().map(|(key, inner)| (*key, votes(inner))).collect();
            assert_eq!(all, [('o', vec![('x', 1)]), ('p', vec![('x', 9)])]);
        });
    });
}

#[test]
fn a_removal_that_saw_both_writes_of_a_register_removes_both() {
    every_way(|ways| {
        let [mut a, mut b, mut c] = sites::<Causal<LwwMap<char, char>>, 3>();
        a.edit_at(1, |map| map.insert('k', 'a'));
        b.edit_at(0, |map| map.insert('k', 'b'));
        c.hear(&a, ways);
        c.hear(&b, ways);
        assert_eq!(c.get(&'k'), Some(&'a'));
        c.edit_at(0, |map| map.remove(&'k'));
        assert_eq!((a.get(&'k'), b.get(&'k'), c.get(&'k')), (Some(&'a'), Some(&'b'), None));

        if ways.perhaps() {
            b.hear_by(super::ways::Way::State, &a);
            assert_eq!(b.get(&'k'), Some(&'a'));
        }
        agree(ways, [&mut a, &mut b, &mut c], |map| assert!(map.is_empty()));
    });
}

#[test]
fn a_removal_that_saw_one_write_of_a_register_leaves_the_other() {
    every_way(|ways| {
        let [mut a, mut b, mut c] = sites::<Causal<LwwMap<char, char>>, 3>();
        a.edit_at(1, |map| map.insert('k', 'a'));
        b.edit_at(0, |map| map.insert('k', 'b'));
        c.hear(&a, ways);
        c.edit_at(0, |map| map.remove(&'k'));
        b.hear(&a, ways);
        assert_eq!((b.get(&'k'), c.get(&'k')), (Some(&'a'), None));

        agree(ways, [&mut a, &mut b, &mut c], |map| assert_eq!(map.get(&'k'), Some(&'b')));
    });
}
