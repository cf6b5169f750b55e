use rejoin::laws::{Hand, Known, Subject};
use rejoin::*;

use super::subject::subjects;

/// To whom rights are given.
const RECEIVER: ReplicaId = ReplicaId::from_u128(1);

subjects! {
    g_counter: GCounter, reads u128, does Do { Increment(u64) }
    all [Increment(1), Increment(5)]
    write |counter, what| match *what { Increment(n) => counter.increment(n).unwrap() };
    read |counter| counter.get();
    specify |known| known.events().map(|(_, event)| match event.mutation { Increment(n) => u128::from(n) }).sum();

    pn_counter: PnCounter, reads i128, does Do { Add(u64), Subtract(u64) }
    all [Add(1), Subtract(5)]
    write |counter, what| match *what {
        Add(n) => counter.add(n).unwrap(),
        Subtract(n) => counter.subtract(n).unwrap(),
    };
    read |counter| counter.get();
    specify |known| known.events().map(|(_, event)| match event.mutation {
        Add(n) => i128::from(n),
        Subtract(n) => -i128::from(n),
    }).sum();

    g_set: GSet<u8>, reads Vec<u8>, does Do { Insert(u8) }
    all [Insert(1), Insert(2)]
    write |set, what| match *what { Insert(x) => set.insert(x) };
    read |set| set.iter().copied().collect();
    specify |known| (1..=2).filter(|x| known.live(|m| *m == Insert(*x), |_, _| false).next().is_some()).collect();

    two_phase_set: TwoPhaseSet<u8>, reads Vec<u8>, does Do { Insert(u8), Remove(u8) }
    all [Insert(1), Insert(2), Remove(1)]
    write |set, what| match *what {
        Insert(x) => set.insert(x),
        Remove(x) => set.remove(&x),
    };
    read |set| set.iter().copied().collect();
    // Inserted, and not removed by anybody who had seen an insertion.
    specify |known| (1..=2).filter(|x| {
        let insertions: Vec<_> = known.live(|m| *m == Insert(*x), |_, _| false).collect();
        let mut removals = known.live(|m| *m == Remove(*x), |_, _| false);
        let saw_one = |r| insertions.iter().any(|(i, _)| known.before(*i, r));
        !insertions.is_empty() && !removals.any(|(r, _)| saw_one(r))
    }).collect();

    max: Max<u8>, reads Option<u8>, does Do { Offer(u8) }
    all [Offer(3), Offer(5)]
    write |max, what| match *what { Offer(x) => max.offer(x) };
    read |max| max.get().copied();
    specify |known| known.events().map(|(_, event)| match event.mutation { Offer(x) => x }).max();

    min: Min<u8>, reads Option<u8>, does Do { Offer(u8) }
    all [Offer(3), Offer(5)]
    write |min, what| match *what { Offer(x) => min.offer(x) };
    read |min| min.get().copied();
    specify |known| known.events().map(|(_, event)| match event.mutation { Offer(x) => x }).min();

    bounded_counter: BoundedCounter, reads u128, does Do { Increment, Decrement, Give }
    all [Increment, Decrement, Give]
    write |stock, what| match *what {
        Increment => stock.increment(1).unwrap(),
        // A refusal is no mutation.
        Decrement => drop(stock.decrement(1)),
        Give => drop(stock.transfer(RECEIVER, 1)),
    };
    read |stock| stock.get();
    // Who takes or gives must own a right, as far as that replica knew: it has added it or was given it, and has not
    // spent it or given it away.
    specify |known| {
        let mut done: Vec<(usize, ReplicaId, Do)> = Vec::new();
        for (n, event) in known.events() {
            let seen = done.iter().filter(|(earlier, ..)| known.before(*earlier, n));
            let rights: i32 = seen.map(|(_, by, what)| {
                let (mine, received) = (*by == event.replica, event.replica == RECEIVER);
                match what {
                    Increment => i32::from(mine),
                    Decrement => -i32::from(mine),
                    Give => i32::from(received) - i32::from(mine),
                }
            }).sum();
            assert!(rights >= 0, "a right was spent twice");
            if event.mutation == Increment || rights > 0 {
                done.push((n, event.replica, event.mutation));
            }
        }
        let count = |what| done.iter().filter(|(.., done)| *done == what).count() as u128;
        count(Increment) - count(Decrement)
    };
}
