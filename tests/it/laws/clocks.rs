//! Registers in which the last writer wins. Everybody's wall clock stands still here, so times are counts: a write comes
//! after what it replaces, and after what its writer has written before; ties go to the greater replica id.

use rejoin::laws::{Hand, Known, Subject};
use rejoin::*;

use super::subject::subjects;

/// Of the writes in one place that nothing has replaced, the one that wins.
///
/// `place` says where a mutation writes, if it does; `replaces`, whether a later mutation ends an earlier write.
fn latest<M: Copy>(
    known: &Known<'_, M>,
    here: u8,
    place: impl Fn(&M) -> Option<u8>,
    replaces: impl Fn(&M, &M) -> bool,
) -> Option<M> {
    let events: Vec<_> = known.events().collect();
    let mut times: Vec<(usize, u64)> = Vec::new();
    for (n, event) in events.iter().filter(|(_, event)| place(&event.mutation).is_some()) {
        let comes_after = |earlier: usize| {
            let (_, write) = events.iter().find(|(m, _)| *m == earlier).unwrap();
            let is_gone = events.iter().any(|(later, by)| {
                known.before(earlier, *later)
                    && known.before(*later, *n)
                    && replaces(&write.mutation, &by.mutation)
            });
            let is_here = place(&write.mutation) == place(&event.mutation);
            known.before(earlier, *n) && (write.by == event.by || (is_here && !is_gone))
        };
        let before = times.iter().filter(|(earlier, _)| comes_after(*earlier)).map(|(_, time)| *time).max();
        times.push((*n, 1 + before.unwrap_or(0)));
    }
    let time = |write: usize| times.iter().find(|(n, _)| *n == write).map(|(_, time)| *time);
    let live = known.live(|m| place(m) == Some(here), &replaces);
    live.max_by_key(|(n, event)| (time(*n), event.replica)).map(|(_, event)| event.mutation)
}

subjects! {
    lww: Causal<Lww<u8>>, reads Option<u8>, does Do { Set(u8), Clear }
    all [Set(1), Set(2), Clear]
    write |register, what| match *what {
        Set(x) => register.set(x),
        Clear => register.clear(),
    };
    read |register| register.get().copied();
    specify |known| latest(known, 0, |m| (*m != Clear).then_some(0), |_, _| true).map(|m| match m {
        Set(x) => x,
        Clear => 0,
    });

    lww_map: Causal<LwwMap<u8, u8>>, reads Vec<(u8, u8)>, does Do { Insert(u8, u8), Remove(u8), Clear }
    all [Insert(1, 1), Insert(1, 2), Insert(2, 1), Remove(1), Clear]
    write |map, what| match *what {
        Insert(key, value) => map.insert(key, value),
        Remove(key) => map.remove(&key),
        Clear => map.clear(),
    };
    read |map| map.iter().map(|(key, value)| (*key, *value)).collect();
    specify |known| {
        let place = |m: &Do| match *m {
            Insert(key, _) => Some(key),
            Remove(_) | Clear => None,
        };
        let replaces = |earlier: &Do, later: &Do| match *later {
            Insert(key, _) | Remove(key) => place(earlier) == Some(key),
            Clear => true,
        };
        (1..=2).filter_map(|key| latest(known, key, place, replaces)).filter_map(|m| match m {
            Insert(key, value) => Some((key, value)),
            Remove(_) | Clear => None,
        }).collect()
    };

    // It has no dots: it knows only the greatest write it has seen, so that is all that a write must come after.
    lww_register: LwwRegister<u8>, reads Option<u8>, does Do { Set(u8) }
    all [Set(1), Set(2), Set(3)]
    write |register, what| match *what { Set(x) => register.set(x).unwrap() };
    read |register| register.get().copied();
    specify |known| latest(known, 0, |_| Some(0), |_, _| false).map(|Set(x)| x);
}
