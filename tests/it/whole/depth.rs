//! Everything that can be written can be read: no writer nests deeper than readers follow.

use rejoin::codec::{DecodeError, Element, Input, Limits, Output, Shape};
use rejoin::store::Editable;
use rejoin::sync::{Numbered, Replica};
use rejoin::{Causal, Codec, EditError, GSet, Lww, Map, OrSet, ReplicaId, Writer, record};

record! {
    #[derive(Debug, PartialEq, Codec)]
    struct Folder {
        name: Lww<u8>,
        folders: Map<u8, Folder>,
        trees: OrSet<Tree>,
    }
}

type Edit<'a> = <Folder as Editable>::Edit<'a>;

/// A value that contains others of its type.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Tree(Option<Box<Tree>>);

impl Tree {
    /// So many within one another.
    fn of(levels: u32) -> Self {
        (1..levels).fold(Tree(None), |inner, _| Tree(Some(Box::new(inner))))
    }
}

impl Element for Tree {
    fn shape(shape: &mut Shape) {
        shape.name("Tree");
    }

    fn write(&self, out: &mut Output<'_>) {
        out.enter();
        self.0.write(out);
        out.leave();
    }

    fn read(input: &mut Input<'_>) -> Result<Self, DecodeError> {
        input.enter()?;
        let tree = Tree(Option::read(input)?);
        input.leave();
        Ok(tree)
    }
}

/// Writes in a folder so many levels down, where the root is the first.
fn at_level(folder: &mut Edit<'_>, level: u32, write: &mut dyn FnMut(&mut Edit<'_>)) {
    if level == 1 { write(folder) } else { at_level(&mut folder.folders.entry(7), level - 1, write) }
}

fn set_name(folder: &mut Edit<'_>, level: u32) {
    at_level(folder, level, &mut |folder| folder.name.set(1));
}

/// As a transaction that could fail.
fn try_name(level: u32) -> impl Fn(&mut Edit<'_>) -> Result<(), ()> {
    move |folder| {
        folder.trees.insert(Tree(None));
        set_name(folder, level);
        Ok(())
    }
}

fn writer() -> Writer<Causal<Folder>> {
    Writer::with_id(ReplicaId::from_u128(1))
}

#[test]
fn records_are_written_as_deep_as_they_are_read() {
    let mut writer = writer();
    let deepest = Limits::default().depth;
    assert_eq!(deepest, 64);
    for level in 1..=deepest {
        let delta = writer.try_edit_at(level.into(), try_name(level)).unwrap();
        assert_eq!(rejoin::Delta::decode(&delta.encode()), Ok(delta));
        assert_eq!(Causal::decode(&writer.state().encode()).as_ref(), Ok(writer.state()));
    }
    let before = writer.state().clone();
    for level in [deepest + 1, deepest + 2, 100] {
        let refused = writer.try_edit_at(99, try_name(level));
        assert_eq!(refused, Err(EditError::TooDeep));
        assert_eq!(writer.state(), &before);
    }
    let removal = writer.edit_at(100, |folder| folder.folders.clear());
    assert_eq!(rejoin::Delta::decode(&removal.encode()), Ok(removal));
}

#[test]
fn to_look_too_deep_is_no_write() {
    let mut writer = writer();
    let delta = writer.try_edit_at(0, |folder| {
        at_level(folder, 90, &mut |folder| folder.name.clear());
        at_level(folder, 90, &mut |folder| folder.name.set(1));
        folder.folders.entry(7).folders.remove(&7);
        Ok::<(), ()>(())
    });
    // The name is removed again, but its events remain, and they are too deep.
    assert_eq!(delta, Err(EditError::TooDeep));
    let delta = writer.edit_at(0, |folder| at_level(folder, 90, &mut |folder| folder.name.clear()));
    assert!(delta.is_empty() && writer.state() == &Causal::default());
}

#[test]
fn an_edit_that_cannot_be_refused_panics_and_leaves_nothing() {
    let mut writer = writer();
    writer.edit_at(0, |folder| folder.name.set(1));
    let before = writer.state().clone();
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        writer.edit_at(1, |folder| set_name(folder, 65))
    }));
    let message = *panicked.unwrap_err().downcast::<String>().unwrap();
    assert_eq!(message, "the transaction nests more than 64 levels deep; nothing was written");
    assert_eq!(writer.state(), &before);
}

#[test]
fn values_are_written_as_deep_as_they_are_read() {
    let mut replica = Replica::from_writer(writer());
    for (folders, levels, is_read) in
        [(1, 63, true), (1, 64, false), (40, 24, true), (40, 25, false), (64, 1, false)]
    {
        let before = (replica.state().clone(), replica.log_len(), replica.version().clone());
        let written = replica.try_edit_at(0, |folder| {
            at_level(folder, folders, &mut |folder| folder.trees.insert(Tree::of(levels)));
            Ok::<(), ()>(())
        });
        assert_eq!(written.is_ok(), is_read, "{folders} folders, {levels} levels");
        if is_read {
            assert_eq!(Causal::decode(&replica.state().encode()).as_ref(), Ok(replica.state()));
        } else {
            assert_eq!(written, Err(EditError::TooDeep));
            assert_eq!((replica.state().clone(), replica.log_len(), replica.version().clone()), before);
        }
    }
}

#[test]
fn values_in_plain_sets_are_written_as_deep_as_they_are_read() {
    let mut replica = Replica::<Numbered<GSet<Tree>>>::from_writer(Writer::with_id(ReplicaId::from_u128(1)));
    replica.edit_at(0, |set| set.insert(Tree::of(64)));
    assert_eq!(Numbered::decode(&replica.state().encode()).as_ref(), Ok(replica.state()));
    let refused = replica.try_edit_at(0, |set| {
        set.extend([Tree::of(3), Tree::of(65)]);
        Ok::<(), ()>(())
    });
    assert_eq!(refused, Err(EditError::TooDeep));
    assert_eq!((replica.state().len(), replica.version().dot_count()), (1, 1));
}
