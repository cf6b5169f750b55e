use rejoin::laws::{Hand, Known, Subject};
use rejoin::*;

use super::subject::subjects;

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

    bounded_counter: BoundedCounter, reads u128, does Do { Increment, Decrement, Give }
    all [Increment, Decrement, Give]
    write |stock, what| match *what {
        Increment => stock.increment(2).unwrap(),
        // A refusal is no mutation.
        Decrement => drop(stock.decrement(1)),
        Give => drop(stock.transfer(ReplicaId::from_u128(1), 1)),
    };
    read |stock| stock.get();
    // What a decrement does depends on rights, which are asked elsewhere; here: never more than was added.
    specify |known| {
        let added = known.events().filter(|(_, event)| event.mutation == Increment).count();
        let spent = known.events().filter(|(_, event)| event.mutation == Decrement).count();
        if spent > 0 {
            return None;
        }
        2 * added as u128
    };
}
