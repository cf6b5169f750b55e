//! States, deltas and ops in one replica's history, for every type there is.

use rejoin::{
    BoundedCounter, Causal, Counter, DwFlag, EwFlag, GCounter, GSet, Lww, LwwMap, LwwRegister, Map, Max, Min,
    MvRegister, OrSet, PnCounter, RwSet, TwoPhaseSet, record,
};

use super::ways::{NOON, Site, Subject, agree, every_way, sites};

impl Subject for BoundedCounter {}
impl Subject for GCounter {}
impl Subject for GSet<u8> {}
impl Subject for LwwRegister<u8> {}
impl Subject for Max<u8> {}
impl Subject for Min<u8> {}
impl Subject for PnCounter {}
impl Subject for TwoPhaseSet<char> {}

record! {
    #[derive(Debug, PartialEq, Eq)]
    #[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
    pub(super) struct Everything {
        pub(super) or_set: OrSet<u8>,
        pub(super) rw_set: RwSet<u8>,
        pub(super) ew_flag: EwFlag,
        pub(super) dw_flag: DwFlag,
        pub(super) mv_register: MvRegister<u8>,
        pub(super) lww: Lww<u8>,
        pub(super) counter: Counter,
        pub(super) map: Map<u8, Map<u8, Counter>>,
        pub(super) lww_map: LwwMap<u8, u8>,
        pub(super) inner: Map<u8, Everything>,
    }
}

type Handle<'a> = <Everything as rejoin::store::Editable>::Edit<'a>;

/// Writes `n` wherever one can be written, and into sets 0 as well.
fn fill(all: &mut Handle<'_>, n: u8) {
    all.or_set.extend([0, n]);
    all.rw_set.extend([0, n]);
    all.ew_flag.enable();
    all.dw_flag.enable();
    all.mv_register.set(n);
    all.lww.set(n);
    all.counter.add(n.into());
    all.map.entry(n).entry(n).add(n.into());
    all.lww_map.insert(n, n);
    all.inner.entry(0).counter.add(n.into());
}

/// Takes away whatever is there.
fn empty(all: &mut Handle<'_>) {
    all.or_set.clear();
    all.rw_set.clear();
    all.ew_flag.disable();
    all.dw_flag.disable();
    all.mv_register.clear();
    all.lww.clear();
    all.counter.reset();
    all.map.clear();
    all.lww_map.clear();
    all.inner.clear();
}

#[test]
fn a_record_of_everything_by_any_mixture() {
    every_way(|ways| {
        let [mut a, mut b, mut c] = sites::<Causal<Everything>, 3>();
        a.edit(|all| fill(all, 1));
        b.hear(&a, ways);
        a.edit(empty);
        b.edit_at(NOON + 1, |all| fill(all, 2));
        c.hear(&b, ways);
        c.edit_at(NOON + 2, |all| fill(all, 3));

        agree(ways, [&mut a, &mut b, &mut c], |all| {
            assert!(all.or_set.iter().eq(&[0, 2, 3]));
            assert!(all.rw_set.iter().eq(&[2, 3]), "a's removal of 0 was seen by nobody");
            assert!(all.ew_flag.is_enabled());
            assert!(!all.dw_flag.is_enabled(), "a's disabling was seen by nobody");
            assert!(all.mv_register.values().eq(&[3]));
            assert_eq!(all.lww.get(), Some(&3));
            assert_eq!(all.counter.get(), 5);
            let inner: Vec<_> =
                all.map.iter().flat_map(|(k, map)| map.iter().map(|(l, n)| (*k, *l, n.get()))).collect();
            assert_eq!(inner, [(2, 2, 2), (3, 3, 3)]);
            assert!(all.lww_map.iter().eq([(&2, &2), (&3, &3)]));
            assert_eq!(all.inner.get(&0).map(|inner| inner.counter.get()), Some(5));
        });
    });
}

/// Three replicas do three things, the third of which knows of the second, which knows of the first.
fn mix<T: Subject>(
    [first, second, third, fourth]: [fn(&mut Site<T>); 4],
    apart: impl Fn([&T; 3]),
    together: impl Fn(&T),
) {
    every_way(|ways| {
        let [mut a, mut b, mut c] = sites::<T, 3>();
        first(&mut a);
        b.hear(&a, ways);
        second(&mut b);
        third(&mut a);
        c.hear(&b, ways);
        fourth(&mut c);
        apart([&a, &b, &c]);
        agree(ways, [&mut a, &mut b, &mut c], &together);
    });
}

#[test]
fn counters_by_any_mixture() {
    mix::<GCounter>(
        [
            |a| drop(a.edit(|count| count.increment(1).unwrap())),
            |b| drop(b.edit(|count| count.increment(2).unwrap())),
            |a| drop(a.edit(|count| count.increment(4).unwrap())),
            |c| drop(c.edit(|count| count.increment(8).unwrap())),
        ],
        |all| assert_eq!(all.map(GCounter::get), [5, 3, 11]),
        |all| assert_eq!(all.get(), 15),
    );
    mix::<PnCounter>(
        [
            |a| drop(a.edit(|count| count.add(1).unwrap())),
            |b| drop(b.edit(|count| count.subtract(2).unwrap())),
            |a| drop(a.edit(|count| count.subtract(4).unwrap())),
            |c| drop(c.edit(|count| count.add(8).unwrap())),
        ],
        |all| assert_eq!(all.map(PnCounter::get), [-3, -1, 7]),
        |all| assert_eq!(all.get(), 3),
    );
    mix::<BoundedCounter>(
        [
            |a| {
                a.edit(|stock| {
                    stock.increment(10).unwrap();
                    stock.transfer(rejoin::ReplicaId::from_u128(2), 4).unwrap();
                });
            },
            |b| {
                b.edit(|stock| {
                    stock.decrement(3).unwrap();
                    assert!(stock.decrement(2).is_err());
                    stock.transfer(rejoin::ReplicaId::from_u128(3), 1).unwrap();
                });
            },
            |a| drop(a.edit(|stock| stock.decrement(6).unwrap())),
            |c| drop(c.edit(|stock| stock.decrement(1).unwrap())),
        ],
        |all| assert_eq!(all.map(BoundedCounter::get), [4, 7, 6]),
        |all| assert_eq!(all.get(), 0),
    );
}

#[test]
fn sets_by_any_mixture() {
    mix::<GSet<u8>>(
        [
            |a| drop(a.edit(|set| set.insert(1))),
            |b| drop(b.edit(|set| set.insert(2))),
            |a| drop(a.edit(|set| set.insert(3))),
            |c| drop(c.edit(|set| set.insert(4))),
        ],
        |all| assert_eq!(all.map(GSet::len), [2, 2, 3]),
        |all| assert!(all.iter().eq(&[1, 2, 3, 4])),
    );
    mix::<TwoPhaseSet<char>>(
        [
            |a| drop(a.edit(|set| set.extend(['x', 'y']))),
            |b| drop(b.edit(|set| set.insert('z'))),
            |a| drop(a.edit(|set| set.remove(&'x'))),
            |c| drop(c.edit(|set| set.insert('x'))),
        ],
        |all| assert_eq!(all.map(|set| set.contains(&'x')), [false, true, true]),
        |all| assert!(all.iter().eq(&['y', 'z'])),
    );
}

#[test]
fn single_values_by_any_mixture() {
    mix::<Max<u8>>(
        [
            |a| drop(a.edit(|max| max.offer(5))),
            |b| drop(b.edit(|max| max.offer(3))),
            |a| drop(a.edit(|max| max.offer(9))),
            |c| drop(c.edit(|max| max.offer(7))),
        ],
        |all| assert_eq!(all.map(|max| max.get().copied()), [Some(9), Some(5), Some(7)]),
        |all| assert_eq!(all.get(), Some(&9)),
    );
    mix::<Min<u8>>(
        [
            |a| drop(a.edit(|min| min.offer(5))),
            |b| drop(b.edit(|min| min.offer(7))),
            |a| drop(a.edit(|min| min.offer(1))),
            |c| drop(c.edit(|min| min.offer(3))),
        ],
        |all| assert_eq!(all.map(|min| min.get().copied()), [Some(1), Some(5), Some(3)]),
        |all| assert_eq!(all.get(), Some(&1)),
    );
    mix::<LwwRegister<u8>>(
        [
            |a| drop(a.edit_at(NOON + 5, |register| register.set(1).unwrap())),
            |b| drop(b.edit_at(NOON, |register| register.set(2).unwrap())),
            |a| drop(a.edit_at(NOON + 9, |register| register.set(3).unwrap())),
            |c| drop(c.edit_at(NOON, |register| register.set(4).unwrap())),
        ],
        |all| assert_eq!(all.map(|register| register.get().copied()), [Some(3), Some(2), Some(4)]),
        |all| assert_eq!(all.get(), Some(&3)),
    );
}
