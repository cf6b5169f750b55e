//! What `record!` accepts, and how records change over time.

use rejoin::*;

record! {
    /// Documented, generic, with bounds of its own, and of mixed visibility.
    #[derive(Debug, Clone, Default, PartialEq, Eq)]
    #[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
    pub(crate) struct Tagged<T: Ord + Clone, V>
    where
        V: Clone + Eq,
    {
        /// Documented too.
        #[cfg_attr(feature = "serde", serde(rename = "labels"))]
        pub tags: OrSet<T>,
        pub(crate) value: MvRegister<V>,
        touched: EwFlag,
    }
}

record! {
    /// A record that contains itself, by way of a map.
    #[derive(Debug, PartialEq)]
    #[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
    struct Folder {
        name: Lww<String>,
        folders: Map<String, Folder>,
    }

    /// Two in one call.
    struct Nothing {}
}

#[test]
fn generic_fields_are_handles_of_the_same_name() {
    let mut a = Writer::<Causal<Tagged<&str, u8>>>::with_id(ReplicaId::from_u128(1));
    let mut b = Writer::<Causal<Tagged<&str, u8>>>::with_id(ReplicaId::from_u128(2));
    let from_a = a.edit(|note| {
        note.tags.insert("x");
        note.touched.enable();
        assert!(note.tags.contains("x"), "a transaction reads its own writes");
    });
    let from_b = b.edit(|note| note.value.set(3));
    assert_eq!(from_a.events().dot_count(), 2);
    a.apply(from_b);
    b.apply(from_a);
    assert_eq!(a.state(), b.state());
    assert_eq!(**a.state(), **b.state());
    assert!(a.tags.contains("x") && a.touched.is_enabled() && a.value.get() == Some(&3));
}

#[test]
fn a_recursive_record_is_removed_at_any_depth() {
    let mut a = Writer::<Causal<Folder>>::with_id(ReplicaId::from_u128(1));
    a.edit(|root| {
        let mut home = root.folders.entry("home".into());
        home.name.set("Home".into());
        home.folders.entry("music".into()).name.set("Music".into());
    });
    let mut b = a.fork();
    a.edit(|root| root.folders.remove("home"));
    b.edit(|root| root.folders.entry("home".into()).folders.entry("music".into()).name.set("Jazz".into()));
    a.join_ref(b.state());
    let home = a.folders.get("home").unwrap();
    assert_eq!(home.name.get(), None, "the removal took what it had seen");
    assert_eq!(home.folders.get("music").unwrap().name.get().unwrap(), "Jazz", "and nothing else");
}

#[test]
fn handles_that_write_nothing_leave_nothing() {
    let mut a = Writer::<Causal<Folder>>::with_id(ReplicaId::from_u128(1));
    let delta = a.edit(|root| {
        let _ = root.folders.entry("a".into()).folders.entry("b".into());
        root.folders.remove("a");
        root.name.clear();
    });
    assert!(delta.is_empty());
    assert_eq!(a.state(), &Causal::default());
    assert_eq!(a.folders.iter().count(), 0);
}

/// Types of a user's own may be called as the kernel's are.
mod namesakes {
    use rejoin::{Causal, Map, MvRegister, OrSet, ReplicaId, Writer, record};

    #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
    pub(super) struct Change(u8);
    pub(super) type Pen = OrSet<Change>;
    pub(super) type Names = MvRegister<Change>;

    record! {
        struct Store {
            pen: Pen,
            names: Map<Change, Names>,
        }
    }

    #[test]
    fn do_not_get_in_the_way() {
        let mut a = Writer::<Causal<Store>>::with_id(ReplicaId::from_u128(1));
        a.edit(|store| store.pen.insert(Change(1)));
        a.edit(|store| store.names.entry(Change(1)).set(Change(2)));
        assert!(a.pen.contains(&Change(1)) && a.names.get(&Change(1)).is_some());
    }
}

#[test]
fn a_record_without_fields_is_a_store() {
    let mut a = Writer::<Causal<Nothing>>::with_id(ReplicaId::from_u128(1));
    assert!(a.edit(|_| {}).is_empty());
}

#[cfg(feature = "serde")]
mod over_time {
    use serde_json::{Value, json};

    use super::*;

    record! {
        #[derive(Debug, serde::Serialize, serde::Deserialize)]
        struct CartV1 {
            items: OrSet<u8>,
        }
    }

    record! {
        #[derive(Debug, serde::Serialize, serde::Deserialize)]
        struct CartV2 {
            items: OrSet<u8>,
            note: Lww<String>,
        }
    }

    fn v1() -> Value {
        let mut cart = Writer::<Causal<CartV1>>::with_id(ReplicaId::from_u128(1));
        cart.edit_at(0, |cart| cart.items.extend([1, 2]));
        serde_json::to_value(cart.state()).unwrap()
    }

    fn v2() -> (Value, Value) {
        let mut cart = Writer::<Causal<CartV2>>::with_id(ReplicaId::from_u128(2));
        let delta = cart.edit_at(0, |cart| cart.note.set("fragile".into()));
        (serde_json::to_value(cart.state()).unwrap(), serde_json::to_value(delta).unwrap())
    }

    #[test]
    fn old_data_reads_with_the_new_field_empty() {
        let cart: Causal<CartV2> = serde_json::from_value(v1()).unwrap();
        assert!(cart.items.iter().eq(&[1, 2]));
        assert_eq!(cart.note.get(), None);
    }

    #[test]
    fn old_and_new_code_exchange_what_both_know() {
        let mut new = Writer::<Causal<CartV2>>::with_id(ReplicaId::from_u128(1));
        let mut old = Writer::<Causal<CartV1>>::with_id(ReplicaId::from_u128(2));
        let from_new = new.edit_at(0, |cart| cart.items.insert(1));
        let from_old = old.edit_at(0, |cart| cart.items.insert(2));
        old.apply(serde_json::from_value(serde_json::to_value(from_new).unwrap()).unwrap());
        new.apply(serde_json::from_value(serde_json::to_value(from_old).unwrap()).unwrap());
        assert!(old.items.iter().eq(&[1, 2]) && new.items.iter().eq(&[1, 2]));
        let (old, new) =
            (serde_json::to_value(old.state()).unwrap(), serde_json::to_value(new.state()).unwrap());
        assert_eq!(old, new);
    }

    #[test]
    fn a_field_that_comes_twice_is_refused() {
        let twice = r#"{"events": [], "change": {"items": [], "items": []}}"#;
        assert!(serde_json::from_str::<Delta<CartV1>>(twice).is_err());
    }

    #[test]
    fn data_with_a_field_that_is_not_known_is_refused_whole() {
        let (state, delta) = v2();
        let error = serde_json::from_value::<Causal<CartV1>>(state).unwrap_err();
        assert!(error.to_string().contains("unknown field `note`"), "{error}");
        let error = serde_json::from_value::<Delta<CartV1>>(delta).unwrap_err();
        assert!(error.to_string().contains("unknown field `note`"), "{error}");
    }

    #[test]
    fn fields_are_renamed_as_serde_says() {
        let mut a = Writer::<Causal<Tagged<u8, u8>>>::with_id(ReplicaId::from_u128(1));
        let delta = a.edit_at(0, |note| note.tags.insert(7));
        let json = serde_json::to_value(&delta).unwrap();
        assert_eq!(json["change"]["labels"][0][0], json!(7));
        assert_eq!(serde_json::from_value::<Delta<Tagged<u8, u8>>>(json).unwrap(), delta);
    }
}
