use rejoin::laws::{Hand, Known, Subject};
use rejoin::*;

use super::subject::subjects;

record! {
    #[derive(Debug, PartialEq, Codec)]
    #[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
    pub(super) struct Article {
        tags: OrSet<u8>,
        stock: Counter,
    }
}

record! {
    #[derive(Debug, PartialEq, Codec)]
    #[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
    pub(super) struct Everything {
        members: OrSet<u8>,
        banned: RwSet<u8>,
        title: MvRegister<u8>,
        color: Lww<u8>,
        visits: Counter,
        open: EwFlag,
        public: DwFlag,
    }
}

subjects! {
    map_of_counters: Causal<Map<u8, Counter>>, reads Vec<(u8, i128)>, does Do { Add(u8, i64), Remove(u8), Clear }
    all [Add(1, 1), Add(2, 1), Remove(1), Clear]
    write |map, what| match *what {
        Add(key, n) => map.entry(key).add(n),
        Remove(key) => map.remove(&key),
        Clear => map.clear(),
    };
    read |map| map.iter().map(|(key, counter)| (*key, counter.get())).collect();
    specify |known| (1..=2).filter_map(|key| {
        let of_key = |m: &Do| matches!(m, Add(k, _) if *k == key);
        let adds: Vec<_> = known.live(of_key, |_, later| *later == Remove(key) || *later == Clear).collect();
        (!adds.is_empty()).then_some((key, i128::try_from(adds.len()).unwrap()))
    }).collect();

    map_of_remove_wins_sets: Causal<Map<u8, RwSet<u8>>>, reads Vec<u8>,
    does Do { Insert(u8), Remove(u8), RemoveKey }
    all [Insert(1), Insert(2), Remove(1), RemoveKey]
    write |map, what| match *what {
        Insert(x) => map.entry(7).insert(x),
        Remove(x) => map.entry(7).remove(x),
        RemoveKey => map.remove(&7),
    };
    read |map| {
        assert_eq!(map.contains_key(&7), map.get(&7).is_some_and(|set| !set.is_empty()));
        map.get(&7).into_iter().flat_map(RwSet::iter).copied().collect()
    };
    specify |known| (1..=2).filter(|x| {
        let insertions: Vec<_> = known.live(|m| *m == Insert(*x), |_, later| *later == RemoveKey).collect();
        let mut removals = known.live(|m| *m == Remove(*x), |_, later| *later == RemoveKey);
        !insertions.is_empty() && removals.all(|(r, _)| insertions.iter().any(|(i, _)| known.before(r, *i)))
    }).collect();

    map_of_maps: Causal<Map<u8, Map<u8, OrSet<u8>>>>, reads Vec<(u8, u8)>,
    does Do { Insert(u8, u8), RemoveInner(u8, u8), RemoveOuter(u8) }
    all [Insert(1, 1), Insert(1, 2), RemoveInner(1, 1), RemoveOuter(1)]
    write |map, what| match *what {
        Insert(outer, inner) => map.entry(outer).entry(inner).insert(0),
        RemoveInner(outer, inner) => map.entry(outer).remove(&inner),
        RemoveOuter(outer) => map.remove(&outer),
    };
    read |map| map.iter().flat_map(|(outer, maps)| maps.keys().map(|inner| (*outer, *inner))).collect();
    specify |known| [(1, 1), (1, 2)].into_iter().filter(|(outer, inner)| {
        known.live(|m| *m == Insert(*outer, *inner), |_, later| {
            *later == RemoveInner(*outer, *inner) || *later == RemoveOuter(*outer)
        }).next().is_some()
    }).collect();

    map_of_records: Causal<Map<u8, Article>>, reads Option<(bool, i128)>, does Do { Tag, Untag, Stock, Remove }
    all [Tag, Untag, Stock, Remove]
    write |map, what| match *what {
        Tag => map.entry(7).tags.insert(1),
        Untag => map.entry(7).tags.remove(&1),
        Stock => map.entry(7).stock.add(1),
        Remove => map.remove(&7),
    };
    read |map| map.get(&7).map(|article| (article.tags.contains(&1), article.stock.get()));
    specify |known| {
        let tagged = known.live(|m| *m == Tag, |_, later| matches!(later, Untag | Remove)).next().is_some();
        let stock = known.live(|m| *m == Stock, |_, later| *later == Remove).count();
        (tagged || stock > 0).then_some((tagged, i128::try_from(stock).unwrap()))
    };

    map_of_registers: Causal<Map<u8, MvRegister<u8>>>, reads Vec<(u8, Vec<u8>)>,
    does Do { Set(u8, u8), Unset(u8), Remove(u8), Clear }
    all [Set(1, 1), Set(1, 2), Set(2, 1), Unset(1), Remove(1), Clear]
    write |map, what| match *what {
        Set(key, value) => map.entry(key).set(value),
        Unset(key) => map.entry(key).clear(),
        Remove(key) => map.remove(&key),
        Clear => map.clear(),
    };
    read |map| map.iter().map(|(key, register)| {
        let mut values: Vec<u8> = register.values().copied().collect();
        values.sort_unstable();
        (*key, values)
    }).collect();
    specify |known| (1..=2).map(|key| {
        let is_here = |m: &Do| matches!(m, Set(k, _) | Unset(k) | Remove(k) if *k == key);
        let live = known.live(|m| is_here(m), |_, later| is_here(later) || *later == Clear);
        let mut values: Vec<u8> =
            live.filter_map(|(_, event)| if let Set(_, value) = event.mutation { Some(value) } else { None }).collect();
        values.sort_unstable();
        values.dedup();
        (key, values)
    }).filter(|(_, values)| !values.is_empty()).collect();

    record_of_everything: Causal<Everything>, reads (bool, bool, bool, bool, i128, Vec<u8>, Option<u8>),
    does Do { Join, Leave, Ban, Open, Shut, Hide, Count, Title(u8), Color }
    all [Join, Leave, Ban, Open, Shut, Hide, Count, Title(1), Title(2), Color]
    write |record, what| match *what {
        Join => record.members.insert(1),
        Leave => record.members.remove(&1),
        Ban => record.banned.remove(1),
        Open => { record.open.enable(); record.public.enable(); }
        Shut => record.open.disable(),
        Hide => record.public.disable(),
        Count => record.visits.add(2),
        Title(x) => record.title.set(x),
        Color => { record.color.set(7); record.banned.insert(1); }
    };
    read |record| {
        let mut titles: Vec<u8> = record.title.values().copied().collect();
        titles.sort_unstable();
        (
            record.members.contains(&1), record.banned.contains(&1), record.open.is_enabled(),
            record.public.is_enabled(), record.visits.get(), titles, record.color.get().copied(),
        )
    };
    specify |known| {
        let is_live = |what: Do, ends: Do| known.live(|m| *m == what, |_, later| *later == ends).next().is_some();
        // Wins over every `against` that nothing of it has followed.
        let wins = |what: Do, against: Do| {
            let ours: Vec<_> = known.live(|m| *m == what, |_, _| false).collect();
            let mut theirs = known.live(|m| *m == against, |_, _| false);
            !ours.is_empty() && theirs.all(|(t, _)| ours.iter().any(|(o, _)| known.before(t, *o)))
        };
        let mut titles: Vec<u8> = known.live(|m| matches!(m, Title(_)), |_, later| matches!(later, Title(_)))
            .filter_map(|(_, event)| if let Title(x) = event.mutation { Some(x) } else { None }).collect();
        titles.sort_unstable();
        titles.dedup();
        let visits = known.events().filter(|(_, event)| event.mutation == Count).count();
        (
            is_live(Join, Leave), wins(Color, Ban), is_live(Open, Shut), wins(Open, Hide),
            2 * i128::try_from(visits).unwrap(), titles, known.events().any(|(_, event)| event.mutation == Color).then_some(7),
        )
    };
}
