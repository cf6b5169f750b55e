//! One replica alone: every type behaves as the plain collection that it stands for.

use std::collections::{BTreeMap, BTreeSet};

use rejoin::store::Root;
use rejoin::{
    BoundedCounter, Causal, Counter, DwFlag, EwFlag, GCounter, GSet, Lww, LwwMap, LwwRegister, Map, Max, Min,
    MvRegister, OrSet, PnCounter, ReplicaId, RwSet, TwoPhaseSet, Writer,
};

use super::exchange::Subject;

const X: char = 'x';
const Y: char = 'y';

/// What is done to a type, and what is done to the collection.
type Deed<'t, T, M> = (&'t dyn Fn(&mut <T as Root>::Edit<'_>), &'t dyn Fn(&mut M));

/// Does four of the deeds, one after the other, in every way there is; as transactions of their own, which
/// somebody follows by their deltas, and as one transaction.
fn alone<T: Subject, M: Default>(deeds: &[Deed<'_, T, M>], assert_alike: &dyn Fn(&T, &M)) {
    for way in 0..deeds.len().pow(4) {
        let sequence = || (0..4).map(|n| &deeds[way / deeds.len().pow(n) % deeds.len()]);
        let (mut writer, mut follower) = (Writer::<T>::with_id(ReplicaId::from_u128(1)), T::default());
        let mut model = M::default();
        for (write, write_model) in sequence() {
            follower.apply(writer.edit_at(1, write));
            write_model(&mut model);
            assert_alike(&writer, &model);
            assert_eq!(follower, *writer.state());
        }
        let mut at_once = Writer::<T>::with_id(ReplicaId::from_u128(1));
        at_once.edit_at(1, |handle| sequence().for_each(|(write, _)| write(handle)));
        assert_alike(&at_once, &model);
    }
}

#[test]
fn sets_are_as_a_set() {
    alone::<GSet<char>, BTreeSet<char>>(
        &[
            (&|set| set.insert(X), &|model| _ = model.insert(X)),
            (&|set| set.insert(Y), &|model| _ = model.insert(Y)),
            (&|set| set.extend([X, Y]), &|model| model.extend([X, Y])),
        ],
        &|set, model| {
            assert!(set.iter().eq(model));
            assert_eq!((set.len(), set.is_empty()), (model.len(), model.is_empty()));
            assert_eq!([X, Y].map(|x| set.contains(&x)), [X, Y].map(|x| model.contains(&x)));
        },
    );
    alone::<Causal<OrSet<char>>, BTreeSet<char>>(
        &[
            (&|set| set.insert(X), &|model| _ = model.insert(X)),
            (&|set| set.extend([X, Y]), &|model| model.extend([X, Y])),
            (&|set| set.remove(&X), &|model| _ = model.remove(&X)),
            (&|set| set.remove(&Y), &|model| _ = model.remove(&Y)),
            (&|set| set.clear(), &|model| model.clear()),
        ],
        &|set, model| {
            assert!(set.iter().eq(model));
            assert_eq!((set.len(), set.is_empty()), (model.len(), model.is_empty()));
            assert_eq!([X, Y].map(|x| set.contains(&x)), [X, Y].map(|x| model.contains(&x)));
        },
    );
    alone::<Causal<RwSet<char>>, BTreeSet<char>>(
        &[
            (&|set| set.insert(X), &|model| _ = model.insert(X)),
            (&|set| set.extend([X, Y]), &|model| model.extend([X, Y])),
            (&|set| set.remove(X), &|model| _ = model.remove(&X)),
            (&|set| set.clear(), &|model| model.clear()),
            (&|set| set.reset(), &|model| model.clear()),
        ],
        &|set, model| {
            assert!(set.iter().eq(model));
            assert_eq!((set.len(), set.is_empty()), (model.len(), model.is_empty()));
            assert_eq!([X, Y].map(|x| set.contains(&x)), [X, Y].map(|x| model.contains(&x)));
        },
    );
    // Two sets: what is in, and what was removed and will never be in again.
    let insert = |[live, gone]: &mut [BTreeSet<char>; 2], x| {
        if !gone.contains(&x) {
            live.insert(x);
        }
    };
    alone::<TwoPhaseSet<char>, [BTreeSet<char>; 2]>(
        &[
            (&|set| set.insert(X), &|model| insert(model, X)),
            (&|set| set.insert(Y), &|model| insert(model, Y)),
            (&|set| set.remove(&X), &|[live, gone]| gone.extend(live.take(&X))),
            (&|set| set.remove(&Y), &|[live, gone]| gone.extend(live.take(&Y))),
        ],
        &|set, [live, gone]| {
            assert!(set.iter().eq(live) && set.removed().eq(gone));
            assert_eq!((set.len(), set.is_empty()), (live.len(), live.is_empty()));
            assert_eq!([X, Y].map(|x| set.was_removed(&x)), [X, Y].map(|x| gone.contains(&x)));
        },
    );
}

#[test]
fn counters_are_as_an_integer() {
    alone::<GCounter, u128>(
        &[
            (&|count| count.increment(1).unwrap(), &|model| *model += 1),
            (&|count| count.increment(2).unwrap(), &|model| *model += 2),
            (&|count| count.increment(0).unwrap(), &|_| ()),
        ],
        &|count, model| assert_eq!(count.get(), *model),
    );
    alone::<PnCounter, i128>(
        &[
            (&|count| count.add(1).unwrap(), &|model| *model += 1),
            (&|count| count.subtract(2).unwrap(), &|model| *model -= 2),
            (&|count| count.add(0).unwrap(), &|_| ()),
        ],
        &|count, model| assert_eq!(count.get(), *model),
    );
    alone::<BoundedCounter, u128>(
        &[
            (&|count| count.increment(2).unwrap(), &|model| *model += 2),
            (&|count| _ = count.decrement(1), &|model| *model = model.checked_sub(1).unwrap_or(*model)),
            (&|count| _ = count.decrement(3), &|model| *model = model.checked_sub(3).unwrap_or(*model)),
        ],
        &|count, model| assert_eq!(count.get(), *model),
    );
    alone::<Causal<Counter>, i128>(
        &[
            (&|count| count.add(1), &|model| *model += 1),
            (&|count| count.add(-3), &|model| *model -= 3),
            (&|count| count.add(0), &|_| ()),
            (&|count| count.reset(), &|model| *model = 0),
        ],
        &|count, model| assert_eq!(count.get(), *model),
    );
}

#[test]
fn registers_are_as_an_option() {
    alone::<Causal<MvRegister<char>>, Option<char>>(
        &[
            (&|register| register.set(X), &|model| *model = Some(X)),
            (&|register| register.set(Y), &|model| *model = Some(Y)),
            (&|register| register.clear(), &|model| *model = None),
        ],
        &|register, model| {
            assert_eq!(register.get(), model.as_ref());
            assert!(register.values().eq(model));
            assert!(!register.is_conflicted());
        },
    );
    alone::<Causal<Lww<char>>, Option<char>>(
        &[
            (&|register| register.set(X), &|model| *model = Some(X)),
            (&|register| register.set(Y), &|model| *model = Some(Y)),
            (&|register| register.clear(), &|model| *model = None),
        ],
        &|register, model| {
            assert_eq!(register.get(), model.as_ref());
            assert_eq!(register.written_at(), model.map(|_| 1));
        },
    );
    alone::<LwwRegister<char>, Option<char>>(
        &[
            (&|register| register.set(X).unwrap(), &|model| *model = Some(X)),
            (&|register| register.set(Y).unwrap(), &|model| *model = Some(Y)),
        ],
        &|register, model| assert_eq!(register.get(), model.as_ref()),
    );
    alone::<Max<i32>, Option<i32>>(
        &[
            (&|most| most.offer(1), &|model| *model = (*model).max(Some(1))),
            (&|most| most.offer(2), &|model| *model = (*model).max(Some(2))),
            (&|most| most.offer(3), &|model| *model = (*model).max(Some(3))),
        ],
        &|most, model| assert_eq!(most.get(), model.as_ref()),
    );
    alone::<Min<i32>, Option<i32>>(
        &[
            (&|least| least.offer(1), &|model| *model = Some(model.unwrap_or(1).min(1))),
            (&|least| least.offer(2), &|model| *model = Some(model.unwrap_or(2).min(2))),
            (&|least| least.offer(3), &|model| *model = Some(model.unwrap_or(3).min(3))),
        ],
        &|least, model| assert_eq!(least.get(), model.as_ref()),
    );
}

#[test]
fn flags_are_as_a_bool() {
    alone::<Causal<EwFlag>, bool>(
        &[(&|flag| flag.enable(), &|model| *model = true), (&|flag| flag.disable(), &|model| *model = false)],
        &|flag, model| assert_eq!(flag.is_enabled(), *model),
    );
    alone::<Causal<DwFlag>, bool>(
        &[
            (&|flag| flag.enable(), &|model| *model = true),
            (&|flag| flag.disable(), &|model| *model = false),
            (&|flag| flag.reset(), &|model| *model = false),
        ],
        &|flag, model| assert_eq!(flag.is_enabled(), *model),
    );
}

#[test]
fn maps_are_as_a_map() {
    alone::<Causal<LwwMap<char, char>>, BTreeMap<char, char>>(
        &[
            (&|map| map.insert(X, 'a'), &|model| _ = model.insert(X, 'a')),
            (&|map| map.extend([(X, 'b'), (Y, 'b')]), &|model| model.extend([(X, 'b'), (Y, 'b')])),
            (&|map| map.remove(&X), &|model| _ = model.remove(&X)),
            (&|map| map.remove(&Y), &|model| _ = model.remove(&Y)),
            (&|map| map.clear(), &|model| model.clear()),
        ],
        &|map, model| {
            assert!(map.iter().eq(model) && map.keys().eq(model.keys()) && map.values().eq(model.values()));
            assert_eq!((map.len(), map.is_empty()), (model.len(), model.is_empty()));
            assert_eq!([X, Y].map(|key| map.get(&key)), [X, Y].map(|key| model.get(&key)));
            assert_eq!([X, Y].map(|key| map.contains_key(&key)), [X, Y].map(|key| model.contains_key(&key)));
        },
    );
    alone::<Causal<Map<char, Counter>>, BTreeMap<char, i128>>(
        &[
            (&|map| map.entry(X).add(1), &|model| *model.entry(X).or_default() += 1),
            (&|map| map.entry(X).add(-1), &|model| *model.entry(X).or_default() -= 1),
            (&|map| map.entry(Y).add(1), &|model| *model.entry(Y).or_default() += 1),
            (&|map| map.remove(&X), &|model| _ = model.remove(&X)),
            (&|map| map.clear(), &|model| model.clear()),
        ],
        &|map, model| {
            assert!(map.iter().map(|(key, count)| (*key, count.get())).eq(model.clone()));
            assert!(
                map.keys().eq(model.keys()) && map.values().map(Counter::get).eq(model.values().copied())
            );
            assert_eq!((map.len(), map.is_empty()), (model.len(), model.is_empty()));
            assert_eq!([X, Y].map(|key| map.contains_key(&key)), [X, Y].map(|key| model.contains_key(&key)));
        },
    );
    // An inner map is there as long as something is in it.
    alone::<Causal<Map<char, Map<char, Counter>>>, BTreeMap<(char, char), i128>>(
        &[
            (&|map| map.entry(X).entry(X).add(1), &|model| *model.entry((X, X)).or_default() += 1),
            (&|map| map.entry(X).entry(Y).add(1), &|model| *model.entry((X, Y)).or_default() += 1),
            (&|map| map.entry(X).remove(&X), &|model| _ = model.remove(&(X, X))),
            (&|map| map.entry(X).clear(), &|model| model.retain(|(outer, _), _| *outer != X)),
            (&|map| map.remove(&X), &|model| model.retain(|(outer, _), _| *outer != X)),
        ],
        &|map, model| {
            let inner = |outer: char, map: &Map<char, Counter>| -> Vec<_> {
                map.iter().map(|(key, count)| ((outer, *key), count.get())).collect()
            };
            assert!(map.iter().flat_map(|(outer, map)| inner(*outer, map)).eq(model.clone()));
            assert_eq!((map.len(), map.is_empty()), (usize::from(!model.is_empty()), model.is_empty()));
        },
    );
}
