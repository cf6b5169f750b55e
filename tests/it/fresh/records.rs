//! Histories of records, and of last-writer-wins maps: field by field, and key by key.

use rejoin::{
    Causal, Counter, EwFlag, Lattice, Lww, LwwMap, Map, MvRegister, OrSet, ReplicaId, RwSet, Store, Version,
    Writer, record,
};

fn trio<T: rejoin::store::Root>() -> [Writer<T>; 3] {
    [1, 2, 3].map(|n| Writer::with_id(ReplicaId::from_u128(n)))
}

/// Everybody hears of everything, by state, in an order of their own.
fn agree<S: Store + 'static>([a, b, c]: [&mut Writer<Causal<S>>; 3]) {
    c.join_ref(a.state());
    a.join_ref(b.state());
    a.join_ref(c.state());
    b.join_ref(c.state());
    b.join_ref(a.state());
    c.join_ref(b.state());
    assert!(a.state() == b.state() && b.state() == c.state());
}

record! {
    struct Note {
        text: Lww<&'static str>,
        tags: OrSet<&'static str>,
        readers: RwSet<&'static str>,
        edits: Counter,
        pinned: EwFlag,
    }
}

record! {
    /// A folder holds notes, and folders.
    struct Folder {
        name: MvRegister<&'static str>,
        notes: Map<u8, Note>,
        folders: Map<u8, Folder>,
    }
}

#[test]
fn record_merges_field_by_field_and_may_be_cut_between_fields() {
    let [mut a, mut b, mut c] = trio::<Causal<Note>>();
    let delta = a.edit_at(1_000, |note| {
        note.text.set("tea");
        note.tags.insert("shop");
        note.edits.add(1);
        note.pinned.enable();
    });
    assert_eq!(delta.events().dot_count(), 4);
    let first: Version = delta.events().dots().take(1).collect();
    c.apply(delta.without(&first));
    assert!(c.text.is_empty() && c.tags.contains("shop") && c.edits.get() == 1);
    let by_c = c.edit_at(500, |note| {
        note.text.set("milk"); // has not seen the tea
        note.pinned.disable();
        note.tags.remove("shop");
        note.edits.reset();
    });
    b.apply(delta.clone());
    let by_b = b.edit_at(2_000, |note| {
        note.pinned.enable();
        note.edits.add(10);
        note.tags.insert("drinks");
    });
    b.apply(by_c.clone());
    assert_eq!(b.text.get(), Some(&"tea"), "the later one");
    assert!(b.pinned.is_enabled() && b.tags.iter().eq(&["drinks"]) && b.edits.get() == 10);
    c.apply(delta);
    a.apply(by_b);
    a.apply(by_c);
    agree([&mut a, &mut b, &mut c]);
    assert_eq!(a.text.get(), Some(&"tea"));
}

#[test]
fn record_under_a_removed_key_keeps_only_the_field_that_was_written_meanwhile() {
    let [mut a, mut b, mut c] = trio::<Causal<Map<u8, Note>>>();
    a.edit_at(1_000, |notes| {
        let mut note = notes.entry(1);
        note.text.set("tea");
        note.tags.extend(["shop", "drinks"]);
        note.edits.add(3);
        note.readers.insert("eve");
    });
    agree([&mut a, &mut b, &mut c]);
    a.edit(|notes| notes.remove(&1));
    let secret = b.edit(|notes| notes.entry(1).readers.remove("eve"));
    a.apply(secret);
    assert!(!a.contains_key(&1), "what is left of it records only a removal");
    c.edit(|notes| {
        let mut note = notes.entry(1);
        note.readers.insert("eve");
        note.edits.add(-1);
    });
    agree([&mut a, &mut b, &mut c]);
    let note = a.get(&1).expect("it was written meanwhile");
    assert!(note.text.is_empty() && note.tags.is_empty() && !note.pinned.is_enabled());
    assert_eq!(note.edits.get(), -1);
    assert!(note.readers.is_empty(), "b's removal has not been removed");
    let clean = b.edit(|notes| notes.entry(1).edits.reset());
    a.apply(clean);
    assert!(a.get(&1).is_none_or(|note| note.edits.get() == 0));
    b.edit(|notes| notes.remove(&1));
    agree([&mut a, &mut b, &mut c]);
    assert!(a.is_empty());
}

#[test]
fn record_inside_itself_is_removed_outside_while_it_is_written_deep_inside() {
    let [mut a, mut b, mut c] = trio::<Causal<Folder>>();
    a.edit_at(1_000, |root| {
        let mut work = root.folders.entry(1);
        work.name.set("work");
        let mut year = work.folders.entry(1);
        year.name.set("2024");
        year.notes.entry(1).text.set("plan");
    });
    agree([&mut a, &mut b, &mut c]);
    let removal = a.edit(|root| root.folders.remove(&1));
    let rename = b.edit(|root| root.folders.entry(1).name.set("labour"));
    c.edit_at(2_000, |root| root.folders.entry(1).folders.entry(1).notes.entry(1).edits.add(1));
    c.apply(rename);
    let work = c.folders.get(&1).expect("not removed here");
    assert_eq!(work.name.get(), Some(&"labour"));
    c.apply(removal.clone());
    b.apply(removal);
    agree([&mut a, &mut b, &mut c]);
    let work = a.folders.get(&1).expect("renamed meanwhile");
    assert_eq!(work.name.get(), Some(&"labour"));
    let year = work.folders.get(&1).expect("written in meanwhile");
    assert!(year.name.is_empty());
    let note = year.notes.get(&1).expect("counted meanwhile");
    assert!(note.text.is_empty() && note.edits.get() == 1);
    a.edit(|root| root.folders.entry(1).folders.entry(1).notes.remove(&1));
    let work = a.folders.get(&1).expect("it has its name");
    assert!(work.folders.is_empty(), "no year without a note or a name");
}

#[test]
fn lww_map_removal_takes_what_it_saw_and_no_clock_can_help() {
    let [mut a, mut b, mut c] = trio::<Causal<LwwMap<&str, u8>>>();
    let late = a.edit_at(9_000, |map| map.insert("k", 1));
    let early = c.edit_at(1_000, |map| map.insert("k", 2));
    b.apply(late.clone());
    let removal = b.edit_at(50_000, |map| map.remove("k"));
    assert!(!b.contains_key("k") && b.is_empty());
    c.apply(late.clone());
    assert_eq!(c.get("k"), Some(&1));
    c.apply(removal.clone());
    assert_eq!(c.get("k"), Some(&2), "the removal had not seen it");
    a.apply(removal);
    assert!(a.is_empty());
    let anew = a.edit_at(10, |map| map.insert("k", 3)); // the clock went back
    assert_eq!(a.get("k"), Some(&3));
    b.apply(anew);
    assert!(!b.apply(late));
    assert_eq!(b.get("k"), Some(&3));
    b.apply(early);
    let sum = b.edit_at(20, |map| map.insert("k", 5)); // has seen both
    a.apply(sum);
    agree([&mut a, &mut b, &mut c]);
    assert_eq!((a.get("k"), a.len()), (Some(&5), 1));
}

#[test]
fn lww_map_clear_leaves_what_was_inserted_meanwhile() {
    let [mut a, mut b, mut c] = trio::<Causal<LwwMap<&str, u8>>>();
    a.edit_at(5_000, |map| map.extend([("x", 1), ("y", 1), ("z", 1)]));
    agree([&mut a, &mut b, &mut c]);
    let stale = c.state().clone();
    let clearing = a.edit_at(9_000, |map| map.clear());
    let overwriting = b.edit_at(6_000, |map| map.insert("x", 2));
    c.edit_at(10, |map| {
        map.insert("w", 3); // with a slow clock
        map.remove("y");
    });
    b.apply(clearing);
    assert!(b.iter().eq([(&"x", &2)]));
    a.apply(overwriting);
    agree([&mut a, &mut b, &mut c]);
    assert!(a.iter().eq([(&"w", &3), (&"x", &2)]));
    assert!(!a.join_ref(&stale));
    assert!(a.values().eq(&[3, 2]) && a.keys().eq(&["w", "x"]));
}

#[test]
fn lww_map_insertions_tie_and_their_removal_comes_first() {
    let [mut a, mut b, mut c] = trio::<Causal<LwwMap<u8, &str>>>();
    let by_a = a.edit_at(7_000, |map| map.extend([(1, "a"), (2, "a")]));
    let by_b = b.edit_at(7_000, |map| map.extend([(2, "b"), (1, "b")]));
    a.apply(by_b.clone());
    assert_eq!(a.get(&1), Some(&"b"), "the greater replica, and the later write of its transaction");
    let removal = a.edit(|map| map.remove(&1)); // saw both siblings
    assert!(!a.contains_key(&1));
    let mut group = removal;
    group.join(by_b.clone());
    c.apply(group);
    assert!(c.keys().eq(&[2]), "b's insertion under 1 comes dead");
    c.apply(by_a);
    assert!(c.keys().eq(&[2]));
    agree([&mut a, &mut b, &mut c]);
    assert!(!c.apply(by_b));
    let again = c.edit_at(0, |map| map.insert(1, "c"));
    a.apply(again);
    assert_eq!(a.get(&1), Some(&"c"));
}
