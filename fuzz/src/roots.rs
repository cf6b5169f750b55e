//! The causal roots that are fuzzed: what their changes look like on the wire, and how they are written honestly.

use std::fmt::Debug;

use rejoin::codec::Columns;
use rejoin::store::Handle;
use rejoin::{Counter, DwFlag, EwFlag, Lww, LwwMap, Map, MvRegister, OrSet, RwSet, Store, record};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::wire::Shape::{self, Keyed, Leaf, Record};
use crate::wire::Value;

record! {
    /// A field of every type, and itself inside.
    #[derive(Debug, PartialEq, Serialize, Deserialize, Codec)]
    pub struct Everything {
        /// Adding wins.
        pub members: OrSet<u8>,
        /// Removing wins.
        pub banned: RwSet<u8>,
        /// All values are kept.
        pub title: MvRegister<u8>,
        /// The latest is read.
        pub color: Lww<u8>,
        /// All increments count.
        pub visits: Counter,
        /// Enabling wins.
        pub open: EwFlag,
        /// Disabling wins.
        pub public: DwFlag,
        /// The latest is read, key by key.
        pub settings: LwwMap<u8, u8>,
        /// The same once more, by key.
        pub inside: Map<u8, Everything>,
    }
}

/// A store to fuzz.
pub(crate) trait Root {
    type Store: Store<Change: Serialize + DeserializeOwned + PartialEq + Debug>
        + Columns
        + PartialEq
        + Debug
        + 'static;

    /// What a change of it looks like.
    const SHAPE: &'static Shape;

    /// Writes something, as two bytes say.
    fn write(edit: &mut Handle<'_, Self::Store>, what: u8, value: u8);

    /// Writes something that nothing else here writes.
    fn mark(edit: &mut Handle<'_, Self::Store>);

    /// Whether that can be read.
    fn is_marked(store: &Self::Store) -> bool;

    /// Removes everything.
    fn erase(edit: &mut Handle<'_, Self::Store>);
}

/// What only [`Root::mark`] writes.
const MARK: u8 = 250;

pub(crate) struct Set;

impl Root for Set {
    type Store = OrSet<u8>;

    const SHAPE: &'static Shape = &Keyed(&Leaf(Value::Unit));

    fn write(set: &mut Handle<'_, OrSet<u8>>, what: u8, value: u8) {
        match what % 8 {
            0..=4 => set.insert(value % 4),
            5 | 6 => set.remove(&(value % 4)),
            _ => set.clear(),
        }
    }

    fn mark(set: &mut Handle<'_, OrSet<u8>>) {
        set.insert(MARK);
    }

    fn is_marked(set: &OrSet<u8>) -> bool {
        set.contains(&MARK)
    }

    fn erase(set: &mut Handle<'_, OrSet<u8>>) {
        set.clear();
    }
}

pub(crate) struct Settings;

impl Root for Settings {
    type Store = LwwMap<u8, u8>;

    const SHAPE: &'static Shape = &Keyed(&Leaf(Value::Timed));

    fn write(map: &mut Handle<'_, LwwMap<u8, u8>>, what: u8, value: u8) {
        match what % 8 {
            0..=4 => map.insert(value % 4, what),
            5 | 6 => map.remove(&(value % 4)),
            _ => map.clear(),
        }
    }

    fn mark(map: &mut Handle<'_, LwwMap<u8, u8>>) {
        map.insert(MARK, MARK);
    }

    fn is_marked(map: &LwwMap<u8, u8>) -> bool {
        map.get(&MARK) == Some(&MARK)
    }

    fn erase(map: &mut Handle<'_, LwwMap<u8, u8>>) {
        map.clear();
    }
}

pub(crate) struct Nested;

impl Root for Nested {
    type Store = Map<u8, Map<u8, RwSet<u8>>>;

    const SHAPE: &'static Shape = &Keyed(&Keyed(&Keyed(&Leaf(Value::Bool))));

    fn write(map: &mut Handle<'_, Self::Store>, what: u8, value: u8) {
        let (outer, inner, member) = (value % 2, value / 2 % 2, value / 4 % 2);
        match what % 8 {
            0..=2 => map.entry(outer).entry(inner).insert(member),
            3 => map.entry(outer).entry(inner).remove(member),
            4 => map.entry(outer).entry(inner).reset(),
            5 => map.entry(outer).remove(&inner),
            6 => map.remove(&outer),
            _ => map.clear(),
        }
    }

    fn mark(map: &mut Handle<'_, Self::Store>) {
        map.entry(MARK).entry(MARK).insert(MARK);
    }

    fn is_marked(map: &Self::Store) -> bool {
        map.get(&MARK).and_then(|map| map.get(&MARK)).is_some_and(|set| set.contains(&MARK))
    }

    fn erase(map: &mut Handle<'_, Self::Store>) {
        map.clear();
    }
}

impl Root for Everything {
    type Store = Everything;

    const SHAPE: &'static Shape = &EVERYTHING;

    fn write(record: &mut Handle<'_, Everything>, what: u8, value: u8) {
        let (field, what) = (what % 11, what / 11);
        match field {
            0 => Set::write(&mut record.members, what, value),
            1 if what == 0 => record.banned.reset(),
            1 if what % 2 == 0 => record.banned.remove(value % 3),
            1 => record.banned.insert(value % 3),
            2 if what == 0 => record.title.clear(),
            2 => record.title.set(value % 4),
            3 if what == 0 => record.color.clear(),
            3 => record.color.set(value),
            4 if what == 0 => record.visits.reset(),
            4 => record.visits.add(i64::from(value) << (what % 8 * 8)),
            5 if what % 2 == 0 => record.open.disable(),
            5 => record.open.enable(),
            6 if what == 0 => record.public.reset(),
            6 if what % 2 == 0 => record.public.disable(),
            6 => record.public.enable(),
            7 => Settings::write(&mut record.settings, what, value),
            8 => record.inside.remove(&(value % 2)),
            _ => Everything::write(&mut record.inside.entry(what % 2), value, what),
        }
    }

    fn mark(record: &mut Handle<'_, Everything>) {
        record.members.insert(MARK);
        record.inside.entry(MARK).color.set(MARK);
    }

    fn is_marked(record: &Everything) -> bool {
        record.members.contains(&MARK)
            && record.inside.get(&MARK).is_some_and(|inner| inner.color.get() == Some(&MARK))
    }

    fn erase(record: &mut Handle<'_, Everything>) {
        record.members.clear();
        record.banned.reset();
        record.title.clear();
        record.color.clear();
        record.visits.reset();
        record.open.disable();
        record.public.reset();
        record.settings.clear();
        record.inside.clear();
    }
}

static EVERYTHING: Shape = Record(&[
    ("members", &Keyed(&Leaf(Value::Unit))),
    ("banned", &Keyed(&Leaf(Value::Bool))),
    ("title", &Leaf(Value::Byte)),
    ("color", &Leaf(Value::Timed)),
    ("visits", &Leaf(Value::Number)),
    ("open", &Leaf(Value::Unit)),
    ("public", &Leaf(Value::Bool)),
    ("settings", &Keyed(&Leaf(Value::Timed))),
    ("inside", &Keyed(&EVERYTHING)),
]);
