//! Histories of map keys whose values remember removals: what is present, and what merely insists.

use rejoin::{Causal, Counter, DwFlag, Map, ReplicaId, RwSet, Store, Writer};

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

type Groups = Map<&'static str, RwSet<&'static str>>;

#[test]
fn key_under_which_there_are_only_removals_is_not_present_but_they_hold() {
    let [mut a, mut b, mut c] = trio::<Causal<Groups>>();
    let removal = a.edit(|groups| groups.entry("admins").remove("eve"));
    assert!(!removal.is_empty());
    assert!(!a.contains_key("admins") && a.get("admins").is_none());
    assert!(a.is_empty() && a.keys().next().is_none() && a.values().next().is_none());
    let insertion = b.edit(|groups| groups.entry("admins").insert("eve"));
    c.apply(insertion);
    assert!(c.contains_key("admins"));
    c.apply(removal);
    assert!(c.get("admins").is_none_or(|admins| !admins.contains("eve")));
    let other = c.edit(|groups| groups.entry("admins").insert("ada"));
    a.apply(other);
    assert!(a.get("admins").is_some_and(|admins| admins.iter().eq(&["ada"])));
    agree([&mut a, &mut b, &mut c]);
    let back = b.edit(|groups| groups.entry("admins").insert("eve"));
    a.apply(back);
    assert!(a.get("admins").is_some_and(|admins| admins.len() == 2));
}

#[test]
fn removal_of_a_key_forgets_the_removals_under_it_that_it_saw() {
    let [mut a, mut b, mut c] = trio::<Causal<Groups>>();
    a.edit(|groups| groups.entry("admins").extend(["ada", "eve"]));
    agree([&mut a, &mut b, &mut c]);
    let out = a.edit(|groups| groups.entry("admins").remove("eve"));
    b.apply(out);
    let gone = b.edit(|groups| groups.remove("admins")); // with the removal of eve
    let back = c.edit(|groups| groups.entry("admins").insert("eve")); // knows of neither
    a.apply(back);
    assert!(a.get("admins").is_some_and(|admins| admins.iter().eq(&["ada"])), "the removal wins");
    a.apply(gone);
    assert!(a.get("admins").is_some_and(|admins| admins.iter().eq(&["eve"])), "until it is forgotten");
    agree([&mut a, &mut b, &mut c]);
    assert_eq!(c.len(), 1);
}

#[test]
fn removal_inside_survives_a_removal_outside_and_does_not_make_the_key_present() {
    let [mut a, mut b, mut c] = trio::<Causal<Groups>>();
    a.edit(|groups| groups.entry("admins").extend(["ada", "eve"]));
    agree([&mut a, &mut b, &mut c]);
    let inside = a.edit(|groups| groups.entry("admins").remove("eve"));
    let outside = b.edit(|groups| groups.remove("admins"));
    a.apply(outside.clone());
    assert!(!a.contains_key("admins") && a.is_empty());
    let late = c.edit(|groups| groups.entry("admins").extend(["eve", "bob"]));
    c.apply(inside);
    assert!(c.get("admins").is_some_and(|admins| admins.iter().eq(&["ada", "bob"])));
    c.apply(outside);
    assert!(c.get("admins").is_some_and(|admins| admins.iter().eq(&["bob"])));
    a.apply(late);
    agree([&mut a, &mut b, &mut c]);

    // A second removal of the key takes the removal of eve too, though the key was not present for it.
    a.edit(|groups| groups.entry("admins").remove("bob"));
    a.edit(|groups| groups.remove("admins"));
    let again = b.edit(|groups| groups.entry("admins").insert("eve"));
    assert!(b.get("admins").is_some_and(|admins| admins.iter().eq(&["bob", "eve"])));
    a.apply(again);
    agree([&mut a, &mut b, &mut c]);
    assert!(c.get("admins").is_some_and(|admins| admins.iter().eq(&["eve"])));
}

#[test]
fn disabled_flags_are_no_keys_and_removing_the_key_of_one_lets_go() {
    let [mut a, mut b, mut c] = trio::<Causal<Map<&str, DwFlag>>>();
    let off = a.edit(|shares| shares.entry("photos").disable());
    assert!(!a.contains_key("photos") && a.is_empty());
    let on = b.edit(|shares| shares.entry("photos").enable());
    assert!(b.get("photos").is_some_and(DwFlag::is_enabled));
    c.apply(off);
    let remove = c.edit(|shares| shares.remove("photos"));
    assert!(!remove.is_empty(), "it removes all that was seen, and the disabling was");
    a.apply(on);
    assert!(a.get("photos").is_none_or(|photos| !photos.is_enabled()));
    a.apply(remove);
    assert!(a.get("photos").is_some_and(DwFlag::is_enabled));
    agree([&mut a, &mut b, &mut c]);

    // Removing the key while somebody disables: the disabling survives, and insists.
    a.edit(|shares| shares.remove("photos"));
    b.edit(|shares| shares.entry("photos").disable());
    c.edit(|shares| shares.entry("photos").enable());
    agree([&mut a, &mut b, &mut c]);
    assert!(a.get("photos").is_none_or(|photos| !photos.is_enabled()));
    a.edit(|shares| shares.entry("photos").enable());
    agree([&mut a, &mut b, &mut c]);
    assert!(c.get("photos").is_some_and(DwFlag::is_enabled) && c.len() == 1);
}

#[test]
fn presence_goes_up_through_maps_of_maps() {
    let [mut a, mut b, mut c] = trio::<Causal<Map<u8, Map<u8, RwSet<u8>>>>>();
    let removal = a.edit(|map| map.entry(1).entry(1).remove(1));
    assert!(a.is_empty() && !a.contains_key(&1) && a.iter().next().is_none());
    b.apply(removal);
    b.edit(|map| map.entry(1).entry(2).insert(5));
    let one = b.get(&1).expect("there is a five");
    assert!(one.keys().eq(&[2]) && one.len() == 1 && !one.contains_key(&1));
    c.edit(|map| map.entry(1).entry(1).insert(1)); // loses against the removal
    c.edit(|map| map.entry(1).entry(1).insert(6));
    agree([&mut a, &mut b, &mut c]);
    let one = a.get(&1).expect("there are a five and a six");
    assert!(one.get(&1).is_some_and(|set| set.iter().eq(&[6])));
    a.edit(|map| map.entry(1).clear());
    assert!(a.is_empty());
    b.edit(|map| map.entry(1).entry(2).clear()); // as a set: each member is removed, and stays so
    assert!(b.get(&1).is_some_and(|one| one.keys().eq(&[1])));
    agree([&mut a, &mut b, &mut c]);
    assert!(a.is_empty() && !a.contains_key(&1));
    c.edit(|map| map.entry(1).entry(2).insert(5));
    assert_eq!(c.len(), 1);
}

#[test]
fn flags_beside_counts_at_different_depths_under_one_removed_key() {
    rejoin::record! {
        struct Account {
            blocked: DwFlag,
            visits: Counter,
        }
    }
    let [mut a, mut b, mut c] = trio::<Causal<Map<&str, Account>>>();
    a.edit(|accounts| {
        accounts.entry("ada").blocked.disable();
    });
    assert!(!a.contains_key("ada"));
    let visit = a.edit(|accounts| accounts.entry("ada").visits.add(1));
    assert!(a.contains_key("ada"));
    b.apply(visit.clone());
    let removal = b.edit(|accounts| accounts.remove("ada")); // saw the visit, and not the flag
    c.apply(removal.clone());
    c.edit(|accounts| accounts.entry("ada").blocked.enable());
    assert!(c.get("ada").is_some_and(|ada| ada.blocked.is_enabled() && ada.visits.get() == 0));
    a.apply(removal);
    assert!(!a.contains_key("ada"), "what is left of it records only a removal");
    c.apply(visit);
    agree([&mut a, &mut b, &mut c]);
    assert!(a.get("ada").is_none_or(|ada| !ada.blocked.is_enabled() && ada.visits.get() == 0));
}

#[test]
fn enabling_that_lost_against_a_disabling_shows_no_key() {
    let [mut a, mut b, mut c] = trio::<Causal<Map<&str, DwFlag>>>();
    a.edit(|shares| shares.entry("photos").enable());
    b.edit(|shares| shares.entry("photos").disable());
    agree([&mut a, &mut b, &mut c]);
    assert!(!c.contains_key("photos"));
}
