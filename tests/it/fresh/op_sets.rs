//! Histories of the one set that needs good delivery: exactly once, and causes before effects.

use rejoin::causality::Mint;
use rejoin::{OpBased, OpSet, ReplicaId};

fn mints() -> [Mint; 3] {
    [1, 2, 3].map(|n| Mint::new(ReplicaId::from_u128(n)))
}

#[test]
fn op_set_insertion_survives_a_removal_that_had_not_seen_it() {
    let mut sets = [OpSet::new(), OpSet::new(), OpSet::new()];
    let [mut at_a, mut at_b, mut at_c] = mints();
    let first = sets[0].prepare_insert("milk", &mut at_a);
    assert!(sets[0].is_empty(), "it changes nothing until it takes effect");
    sets.iter_mut().for_each(|set| set.effect(first.clone()));
    let removal = sets[0].prepare_remove("milk").expect("it is in");
    let again = sets[1].prepare_insert("milk", &mut at_b);
    let other = sets[2].prepare_insert("bread", &mut at_c);
    for (at, set) in sets.iter_mut().enumerate() {
        let mut ops = [removal.clone(), again.clone(), other.clone()];
        ops.rotate_left(at); // all three are concurrent: any order will do
        for op in ops {
            set.effect(op);
        }
    }
    assert!(sets[0].iter().eq(&["bread", "milk"]));
    assert!(sets[0] == sets[1] && sets[1] == sets[2]);
}

#[test]
fn op_set_removal_takes_all_insertions_it_saw_and_two_removals_are_one() {
    let mut sets = [OpSet::new(), OpSet::new(), OpSet::new()];
    let [mut at_a, mut at_b, _] = mints();
    let by_a = sets[0].prepare_insert("x", &mut at_a);
    let by_b = sets[1].prepare_insert("x", &mut at_b);
    sets.iter_mut().for_each(|set| set.effect(by_a.clone()));
    let half = sets[2].prepare_remove("x").expect("it is in"); // saw a's alone
    sets[2].effect(half.clone());
    assert!(!sets[2].contains("x") && sets[2].prepare_remove("x").is_none());
    sets.iter_mut().for_each(|set| set.effect(by_b.clone()));
    assert!(sets[2].contains("x"));
    let whole = sets[0].prepare_remove("x").expect("it is in"); // saw both
    sets[0].effect(whole.clone());
    sets[0].effect(half.clone());
    sets[1].effect(half);
    assert!(sets[1].contains("x") && sets[1].len() == 1);
    sets[1].effect(whole.clone());
    sets[2].effect(whole);
    assert!(sets.iter().all(OpSet::is_empty) && sets[0] == sets[1] && sets[1] == sets[2]);
}

#[test]
fn op_set_insertion_takes_the_place_of_the_ones_it_saw() {
    let mut sets = [OpSet::new(), OpSet::new(), OpSet::new()];
    let [mut at_a, mut at_b, mut at_c] = mints();
    let first = sets[0].prepare_insert("x", &mut at_a);
    sets.iter_mut().for_each(|set| set.effect(first.clone()));
    let second = sets[1].prepare_insert("x", &mut at_b); // saw the first
    let third = sets[2].prepare_insert("x", &mut at_c); // as well, but not the second
    let removal = sets[0].prepare_remove("x").expect("it is in"); // of the first
    let mut ops = [second, third, removal];
    for set in &mut sets {
        ops.rotate_right(1);
        ops.iter().for_each(|op| set.effect(op.clone()));
        assert!(set.contains("x") && set.len() == 1);
    }
    assert!(sets[0] == sets[1] && sets[1] == sets[2]);
    let last = sets[1].prepare_remove("x").expect("it is in");
    sets.iter_mut().for_each(|set| set.effect(last.clone()));
    assert!(sets.iter().all(OpSet::is_empty) && sets[0] == sets[2]);
}
