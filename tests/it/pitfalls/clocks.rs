//! Last writers, their clocks, and the order of siblings.

use rejoin::causality::{ClockError, Ticks};
use rejoin::{
    Causal, HybridClock, Lattice, Lww, LwwMap, LwwRegister, MvRegister, Newtype, ReplicaId, Stamp, Writer,
};

use super::ways::{NOON, Site, agree, every_way, sites};

/// Ids of which each pair has many bits in common, wherever one may have cut them off; in order.
const IDS: [ReplicaId; 5] = [
    ReplicaId::from_u128(0x7),
    ReplicaId::from_u128(0x8),
    ReplicaId::from_u128(0x1_0000_0007),
    ReplicaId::from_u128(0x1_0000_0000_0000_0007),
    ReplicaId::from_u128(0x1_0000_0000_0000_0000_0000_0000_0007),
];

/// A day in the year 9987, in milliseconds.
const FAR: u64 = 253_000_000_000_000;

#[test]
fn a_tie_of_stamps_goes_by_the_whole_id_and_then_by_the_value() {
    let join = |mut a: LwwRegister<u8>, b: &LwwRegister<u8>| {
        a.join(b.clone());
        a
    };
    for (at, low) in IDS.iter().enumerate() {
        for high in &IDS[at..] {
            let low = LwwRegister::written(Stamp::new(Ticks::at_millis(5), *low), 9);
            let high = LwwRegister::written(Stamp::new(Ticks::at_millis(5), *high), 1);
            let expected = if low.stamp() == high.stamp() { 9 } else { 1 };
            let (one, other) = (join(low.clone(), &high), join(high, &low));
            assert_eq!((one.get(), &one), (Some(&expected), &other));
        }
    }
    // What has no total order, such as a float that may be NaN, is no value for a register.
    assert_not_impl!(LwwRegister<f64>: Lattice);
    assert_not_impl!(Lww<f64>: rejoin::Store);
}

#[test]
fn a_tie_in_a_causal_register_goes_by_the_whole_id() {
    for [low, high] in IDS.windows(2).map(|pair| [pair[0], pair[1]]) {
        every_way(|ways| {
            let [mut low, mut high] = [low, high].map(Site::<Causal<Lww<u8>>>::called);
            low.edit_at(NOON, |register| register.set(9));
            high.edit_at(NOON, |register| register.set(1));
            assert_eq!(low.written_at(), high.written_at());
            agree(ways, [&mut low, &mut high], |register| assert_eq!(register.get(), Some(&1)));
        });
    }
}

#[test]
fn a_millisecond_does_not_run_out_of_stamps() {
    let mut writer = Writer::<LwwRegister<u32>>::with_id(IDS[0]);
    let mut before = None;
    for n in 0..66_000 {
        writer.try_edit_at(NOON, |register| register.set(n)).unwrap();
        assert!(writer.stamp() > before);
        assert_eq!(writer.get(), Some(&n));
        before = writer.stamp();
    }
    assert!(before.unwrap().millis() > NOON, "the count has carried into the time");

    // A clock that is made anew goes on above what it finds.
    let mut again = Writer::over(writer.into_state());
    again.try_edit_at(NOON, |register| register.set(0)).unwrap();
    assert!(again.stamp() > before && again.get() == Some(&0));
}

#[test]
fn the_far_future_does_not_wedge_a_register() {
    every_way(|ways| {
        let [mut a, mut b, mut c] = sites::<LwwRegister<u8>, 3>();
        a.edit_at(FAR, |register| register.set(1).unwrap());
        b.edit(|register| register.set(2).unwrap());
        b.hear(&a, ways);
        assert_eq!(b.get(), Some(&1));
        for n in 3..6 {
            b.edit(|register| register.set(n).unwrap());
            assert_eq!(b.get(), Some(&n));
        }
        c.hear(&b, ways);
        c.edit(|register| register.set(6).unwrap());
        agree(ways, [&mut a, &mut b, &mut c], |register| assert_eq!(register.get(), Some(&6)));
    });

    let mut clock = HybridClock::new(IDS[0]);
    let far = Stamp::new(Ticks::at_millis(FAR), IDS[1]);
    assert_eq!(clock.observe(far, FAR - clock.max_drift()), Ok(()));
    let mut clock = HybridClock::new(IDS[0]);
    assert!(matches!(clock.observe(far, NOON), Err(ClockError::Drift { .. })));
    assert_eq!(clock.last(), Ticks::default());
}

#[test]
fn the_far_future_does_not_wedge_a_map() {
    every_way(|ways| {
        let [mut a, mut b, mut c] = sites::<Causal<LwwMap<char, u8>>, 3>();
        a.edit_at(FAR, |map| map.insert('k', 1));
        c.edit_at(FAR - 1, |map| map.insert('k', 9)); // loses to a, hence to b who replaces a's
        b.hear(&a, ways);
        b.edit(|map| {
            map.insert('k', 2);
            map.insert('l', 3);
        });
        assert_eq!(b.get(&'k'), Some(&2));
        // b's clock is not dragged along: what is written elsewhere a little later still wins.
        c.edit_at(NOON + 1, |map| map.insert('l', 4));
        c.hear(&b, ways);
        assert_eq!(c.get(&'l'), Some(&4));
        agree(ways, [&mut a, &mut b, &mut c], |map| assert!(map.iter().eq([(&'k', &2), (&'l', &4)])));
    });
}

#[test]
fn siblings_have_one_order_and_equal_ones_read_as_one() {
    every_way(|ways| {
        let [mut a, mut b, mut c, mut d] = sites::<Causal<MvRegister<u8>>, 4>();
        a.edit(|register| register.set(2));
        b.edit(|register| register.set(1));
        c.edit(|register| register.set(2));

        let writers = [&a, &b, &c];
        for who in ways.shuffle([0, 1, 2]) {
            d.hear_by(super::ways::Way::State, writers[who]);
        }
        c.hear(&a, ways);
        assert_eq!(
            (c.get(), c.facts(|register| Some(register.inner())).count()),
            (Some(&2), 2),
            "one value, though written twice"
        );

        agree(ways, [&mut b, &mut d, &mut c, &mut a], |register| {
            assert!(register.values().eq(&[2, 1]));
            let raw: Vec<_> = register
                .facts(|register| Some(register.inner()))
                .map(|(dot, n)| (dot.replica().as_u128(), *n))
                .collect();
            assert_eq!(raw, [(1, 2), (2, 1), (3, 2)]);
        });
    });
}
