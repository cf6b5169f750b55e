use rejoin::laws::{Hand, Known, Subject};
use rejoin::*;

use super::subject::subjects;

record! {
    #[derive(Debug, PartialEq)]
    #[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
    pub(super) struct Article {
        tags: OrSet<u8>,
        stock: Counter,
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
}
