use rejoin::laws::{Hand, Known, Subject};
use rejoin::*;

use super::subject::subjects;

subjects! {
    or_set: Causal<OrSet<u8>>, reads Vec<u8>, does Do { Insert(u8), Remove(u8), Clear }
    all [Insert(1), Insert(2), Remove(1), Clear]
    write |set, what| match *what {
        Insert(x) => set.insert(x),
        Remove(x) => set.remove(&x),
        Clear => set.clear(),
    };
    read |set| set.iter().copied().collect();
    // Some insertion that no removal has seen.
    specify |known| (1..=2).filter(|x| {
        known.live(|m| *m == Insert(*x), |_, later| *later == Remove(*x) || *later == Clear).next().is_some()
    }).collect();

    rw_set: Causal<RwSet<u8>>, reads Vec<u8>, does Do { Insert(u8), Remove(u8), Reset }
    all [Insert(1), Insert(2), Remove(1), Reset]
    write |set, what| match *what {
        Insert(x) => set.insert(x),
        Remove(x) => set.remove(x),
        Reset => set.reset(),
    };
    read |set| set.iter().copied().collect();
    // An insertion that no reset has seen, and every removal that no reset has seen was seen by such an insertion.
    specify |known| (1..=2).filter(|x| {
        let insertions: Vec<_> = known.live(|m| *m == Insert(*x), |_, later| *later == Reset).collect();
        let mut removals = known.live(|m| *m == Remove(*x), |_, later| *later == Reset);
        !insertions.is_empty() && removals.all(|(r, _)| insertions.iter().any(|(i, _)| known.before(r, *i)))
    }).collect();

    ew_flag: Causal<EwFlag>, reads bool, does Do { Enable, Disable }
    all [Enable, Disable]
    write |flag, what| match *what {
        Enable => flag.enable(),
        Disable => flag.disable(),
    };
    read |flag| flag.is_enabled();
    specify |known| known.live(|m| *m == Enable, |_, later| *later == Disable).next().is_some();

    dw_flag: Causal<DwFlag>, reads bool, does Do { Enable, Disable, Reset }
    all [Enable, Disable, Reset]
    write |flag, what| match *what {
        Enable => flag.enable(),
        Disable => flag.disable(),
        Reset => flag.reset(),
    };
    read |flag| flag.is_enabled();
    specify |known| {
        let enablings: Vec<_> = known.live(|m| *m == Enable, |_, later| *later == Reset).collect();
        let mut disablings = known.live(|m| *m == Disable, |_, later| *later == Reset);
        !enablings.is_empty() && disablings.all(|(d, _)| enablings.iter().any(|(e, _)| known.before(d, *e)))
    };

    mv_register: Causal<MvRegister<u8>>, reads Vec<u8>, does Do { Set(u8), Clear }
    all [Set(1), Set(2), Clear]
    write |register, what| match *what {
        Set(x) => register.set(x),
        Clear => register.clear(),
    };
    read |register| {
        let mut values: Vec<u8> = register.values().copied().collect();
        values.sort_unstable();
        values
    };
    // The values that nothing has replaced.
    specify |known| (1..=2).filter(|x| known.live(|m| *m == Set(*x), |_, _| true).next().is_some()).collect();

    counter: Causal<Counter>, reads i128, does Do { Add(i64), Reset }
    all [Add(1), Add(-5), Reset]
    write |counter, what| match *what {
        Add(n) => counter.add(n),
        Reset => counter.reset(),
    };
    read |counter| counter.get();
    specify |known| known.live(|m| *m != Reset, |_, later| *later == Reset).map(|(_, event)| match event.mutation {
        Add(n) => i128::from(n),
        Reset => 0,
    }).sum();
}
