//! Bytes of the past, which every later version must read. `REJOIN_GOLDEN=write` writes files that are missing.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use rejoin::causality::Ticks;
use rejoin::*;

use super::id;

fn file(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "tests", "golden", name].iter().collect()
}

/// The file says the same as the value, both ways; and whatever single byte of it is wrong, that is noticed, or it is
/// another value.
fn golden<T: Codec + PartialEq + std::fmt::Debug>(name: &str, value: &T) {
    let path = file(name);
    if !path.exists() && std::env::var("REJOIN_GOLDEN").is_ok_and(|what| what == "write") {
        std::fs::write(&path, value.encode()).unwrap();
    }
    let bytes = old(name, value);
    assert_eq!(value.encode(), bytes, "{name}");
    noticed(name, value, &bytes, |other, corrupted| assert_eq!(other.encode(), corrupted, "{name}"));
}

/// A file in the first format of deltas, which is read and not written any more.
fn golden_old<T: Codec + PartialEq + std::fmt::Debug>(name: &str, value: &T) {
    let bytes = old(name, value);
    noticed(name, value, &bytes, |other, _| {
        assert_eq!(&T::decode(&other.encode()).unwrap(), other, "{name}")
    });
}

/// A delta in both formats.
fn golden_delta<T: Codec + PartialEq + std::fmt::Debug>(name: &str, value: &T) {
    golden_old(name, value);
    golden(&format!("{name}.2"), value);
}

fn old<T: Codec + PartialEq + std::fmt::Debug>(name: &str, value: &T) -> Vec<u8> {
    let bytes = std::fs::read(file(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
    assert_eq!(&T::decode(&bytes).unwrap(), value, "{name}");
    bytes
}

/// Whatever is still accepted of bytes of which one is wrong is another value.
fn noticed<T: Codec + PartialEq>(name: &str, value: &T, bytes: &[u8], accepted: impl Fn(&T, &[u8])) {
    for end in 0..bytes.len() {
        assert!(T::decode(&bytes[..end]).is_err(), "{name}, cut off after {end}");
    }
    let mut corrupted = bytes.to_vec();
    for at in 0..bytes.len() {
        // All values in small files, and in others those of which one bit is wrong, or all.
        let is_small = bytes.len() <= 80;
        for byte in (0..=u8::MAX).filter(|byte| is_small || (byte ^ bytes[at]).count_ones() % 7 <= 1) {
            corrupted[at] = byte;
            if let Ok(other) = T::decode(&corrupted) {
                accepted(&other, &corrupted);
                assert_eq!(other == *value, corrupted == bytes, "{name}, byte {at} as {byte}");
            }
        }
        corrupted[at] = bytes[at];
    }
}

record! {
    #[derive(Debug, PartialEq, Codec)]
    struct Article {
        title: MvRegister<String>,
        tags: OrSet<String>,
        price: Lww<u32>,
        stock: Counter,
        #[serde(rename = "for-sale")]
        for_sale: EwFlag,
        parts: Map<u8, Article>,
    }
}

/// Two replicas write apart, meet, and write again; the state of the first, a group of the deltas of both, which
/// lacks the first delta, and one of these that is of one event.
fn apart<S: Store + codec::Columns + 'static>(
    write: impl Fn(&mut <Causal<S> as store::Root>::Edit<'_>, u8),
) -> (Causal<S>, Delta<S>, Option<Delta<S>>) {
    let mut a = Writer::<Causal<S>>::with_id(id(0xA));
    let mut b = Writer::<Causal<S>>::with_id(id(0xB));
    let at = |minute: u64| 1_700_000_000_000 + minute * 60_000;
    a.edit_at(at(0), |edit| write(edit, 0));
    let mut group = b.edit_at(at(1), |edit| write(edit, 1));
    group.join(a.edit_at(at(2), |edit| write(edit, 2)));
    a.join_ref(b.state());
    let last = [a.edit_at(at(3), |edit| write(edit, 3)), b.edit_at(at(4), |edit| write(edit, 4))];
    for delta in &last {
        group.join(delta.clone());
    }
    a.join_ref(b.state());
    let event = last.into_iter().find(|delta| delta.kind() == codec::Kind::Event);
    (a.into_state(), group, event)
}

fn both<S>(name: &str, write: impl Fn(&mut <Causal<S> as store::Root>::Edit<'_>, u8))
where
    S: codec::Columns + Store<Change: PartialEq + std::fmt::Debug> + std::fmt::Debug + 'static,
{
    let (state, group, event) = apart::<S>(write);
    golden(&format!("{name}.state"), &state);
    golden_delta(&format!("{name}.delta"), &group);
    golden(&format!("{name}.event"), &event.expect("a delta of one event"));
    // The group lacks the first delta, so it kills what has not arrived.
    let mut gaps = Causal::<S>::default();
    gaps.apply(group);
    golden(&format!("{name}.gaps"), &gaps);
}

#[test]
fn sets() {
    both::<OrSet<String>>("or_set", |set, n| match n {
        3 => set.remove("tea"),
        n => set.extend([["tea", "milk", "teapot"][usize::from(n % 3)].to_string(), "tea".to_string()]),
    });
    both::<RwSet<u64>>("rw_set", |set, n| match n {
        2 | 3 => set.remove(1 << 40),
        n => set.extend([u64::from(n), 1 << 40]),
    });
}

#[test]
fn flags_registers_and_counters() {
    both::<EwFlag>("ew_flag", |flag, n| if n == 3 { flag.disable() } else { flag.enable() });
    both::<DwFlag>("dw_flag", |flag, n| if n == 2 { flag.disable() } else { flag.enable() });
    both::<MvRegister<i64>>("mv_register", |register, n| register.set(-i64::from(n) * 1_000));
    both::<Lww<(bool, Option<char>)>>("lww", |register, n| {
        register.set((n > 2, (n % 2 == 0).then_some('é')))
    });
    both::<Counter>(
        "counter",
        |counter, n| if n == 3 { counter.reset() } else { counter.add(i64::from(n) - 2) },
    );
}

#[test]
fn maps_and_records() {
    both::<LwwMap<i32, Vec<u8>>>("lww_map", |map, n| match n {
        3 => map.remove(&-1),
        n => map.extend([(-1, vec![n; 3]), (i32::from(n), vec![])]),
    });
    both::<Map<String, Map<u8, Counter>>>("map", |map, n| match n {
        3 => map.remove("shop"),
        n => map.entry("shop".to_string()).entry(n).add(5),
    });
    both::<Article>("record", |article, n| match n {
        0 => article.title.set("A book".to_string()),
        1 => {
            article.tags.insert("new".to_string());
            article.price.set(1_200);
            article.for_sale.enable();
        }
        2 => article.parts.entry(7).stock.add(3),
        3 => article.title.set("The book".to_string()),
        _ => article.parts.entry(7).parts.entry(8).title.set("A page".to_string()),
    });
}

/// States of which a part is settled, and what their writers sweep.
#[test]
fn settled() {
    let mut a = Writer::<Causal<Counter>>::with_id(id(0xA));
    let mut b = Writer::<Causal<Counter>>::with_id(id(0xB));
    for n in 1..=4 {
        a.edit(|count| count.add(n));
        b.edit(|count| count.add(100 * n));
    }
    a.join_ref(b.state());
    a.settle(&b.version().clone());
    a.settle(&a.version().dots().filter(|dot| dot.counter() < 4).collect());
    golden("counter.settled", a.state());
    let mut group = a.edit(|count| count.reset());
    a.edit(|count| count.add(7));
    a.settle(&a.version().clone());
    group.join(a.edit(|count| count.reset()));
    group.join(a.edit(|count| count.add(9)));
    golden_delta("counter.sweeping", &group);

    let mut set = Writer::<Causal<RwSet<u64>>>::with_id(id(0xA));
    set.edit(|set| set.extend([1, 2, 3]));
    set.edit(|set| set.remove(2));
    set.settle(&set.version().clone());
    set.edit(|set| set.remove(3));
    golden("rw_set.settled", set.state());
    golden_delta("rw_set.sweeping", &set.edit(|set| set.extend([1, 2])));
}

#[test]
fn plain_values() {
    let mut counts = GCounter::new();
    let mut account = PnCounter::new();
    let mut stock = BoundedCounter::new();
    for n in [0xA, 0xB] {
        counts.increment(id(n), 300).unwrap();
        account.add(id(n), 5).unwrap();
        account.subtract(id(n), 7).unwrap();
        stock.increment(id(n), 9).unwrap();
    }
    stock.transfer(id(0xA), id(0xB), 4).unwrap();
    stock.decrement(id(0xB), 12).unwrap();
    golden("g_counter", &counts);
    golden("pn_counter", &account);
    golden("bounded_counter", &stock);

    let mut grown = Writer::<GSet<String>>::with_id(id(1));
    grown.edit(|set| ["a", "abc", "abd"].into_iter().for_each(|x| set.insert(x.to_string())));
    golden("g_set", grown.state());
    let mut twice = Writer::<TwoPhaseSet<u8>>::with_id(id(1));
    twice.edit(|set| {
        (0..4).for_each(|n| set.insert(n));
        set.remove(&2);
    });
    golden("two_phase_set", twice.state());

    let stamp = Stamp::new(Ticks::at_millis(1_700_000_000_000), id(0xA));
    golden("lww_register", &LwwRegister::written(stamp, "x".to_string()));
    golden("max_and_min", &(Max::new(7_u16), Min::new(-7_i16), Max::<u8>::default()));
    golden("lex", &lattice::Lex::new(Max::new(1_u8), BTreeSet::from([5_u32, 6, 900])));
    golden("map_of_options", &BTreeMap::from([(1_u8, Some(true)), (2, None)]));
    golden("dot", &Dot::new(id(0xA), 1 << 43).unwrap());
    let dots = [(0xA, 1), (0xA, 2), (0xA, 9), (0xB, 4)].map(|(r, n)| Dot::new(id(r), n).unwrap());
    golden("version", &dots.into_iter().collect::<Version>());
    golden("floats", &vec![0.0_f64, -0.0, 1.5, f64::NEG_INFINITY]);
}

/// A group of before there were unions: its admissions and departures, data, and what is settled.
#[test]
fn groups() {
    use rejoin::sync::{Replica, Shared};

    type Group = Replica<Causal<Shared<RwSet<u64>>>>;
    let mut founder = Group::found_as(Writer::with_id(id(0xA)));
    founder.edit_at(0, |shared| shared.data.extend([1, 2]));
    founder.edit_at(0, |shared| shared.data.remove(2));
    founder.settle();
    let before = founder.version().clone();
    founder.admit(id(0xB)).unwrap();
    founder.admit(id(0xC)).unwrap();
    founder.retire(id(0xC)).unwrap();
    founder.edit_at(0, |shared| shared.data.remove(1));
    golden("shared.state", founder.state());
    let delta = founder.since(&before).unwrap();
    assert_eq!(delta.events().dot_count(), 4);
    // In the first format, and in the second.
    let read = |name| Delta::<Shared<RwSet<u64>>>::decode(&std::fs::read(file(name)).unwrap()).unwrap();
    assert_eq!(read("shared.delta").encode(), delta.encode());
    if !file("shared.delta.2").exists() && std::env::var("REJOIN_GOLDEN").is_ok_and(|what| what == "write") {
        std::fs::write(file("shared.delta.2"), delta.encode()).unwrap();
    }
    assert_eq!(std::fs::read(file("shared.delta.2")).unwrap(), delta.encode());
    assert_eq!(read("shared.delta.2").events(), delta.events());
}
