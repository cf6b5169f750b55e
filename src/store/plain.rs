use super::{Author, EditError, Editable, Pen, Root};
use crate::{Crdt, ReplicaId};

/// A plain value that a [`Writer`](crate::Writer) can own: its delta is a small value of its own type.
///
/// Maps and pairs of plain values are plain values: the handle on a `BTreeMap` has an `entry`, the handle on a pair is a
/// pair of handles.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a state that a `Writer` can own",
    label = "not a plain value",
    note = "causal types go into a root: `Writer<Causal<{Self}>>`"
)]
pub trait Plain: Editable<Change: Draft<Self>> + Crdt<Delta = Self> {
    /// How much `replica` has written here: see [`Root::made_by`]. Types that keep no account of who wrote what
    /// need none.
    fn made_by(&self, replica: ReplicaId) -> u128 {
        let _ = replica;
        0
    }
}

/// The writes of a transaction on a plain value: the delta so far, and what it takes to undo it.
///
/// Types of your own take [`Kept`].
pub trait Draft<T>: Default {
    /// Returns an empty delta with a place for each part that was written. This may compare and clone keys.
    fn outline(&self) -> T;

    /// Exchanges the delta so far with `outline`. This must not panic.
    fn swap(&mut self, outline: &mut T);

    /// Undoes the writes, part by part.
    fn undo(&mut self, value: &mut T);
}

/// The draft of a value that is small enough to be kept as a whole.
#[derive(Clone, Debug, Default)]
pub struct Kept<T> {
    delta: T,
    /// The value before the transaction changed it.
    before: Option<T>,
}

impl<T: Crdt<Delta = T> + Clone> Kept<T> {
    /// Joins `news` into `value` and into the delta. Returns true if the value grew.
    pub fn join(&mut self, value: &mut T, news: T) -> bool {
        self.before.get_or_insert_with(|| value.clone());
        let grew = value.join(news.clone());
        if grew {
            self.delta.join(news);
        }
        grew
    }
}

impl<T> Kept<T> {
    /// Replaces `value` by `news`, which is greater, and the delta by `copy`, which is equal to `news`.
    pub(crate) fn replace(&mut self, value: &mut T, news: T, copy: T) {
        let old = core::mem::replace(value, news);
        let sent = core::mem::replace(&mut self.delta, copy);
        // Dropping a value may panic, so this comes last.
        let _dropped = (sent, if self.before.is_none() { self.before.replace(old) } else { Some(old) });
    }
}

impl<T: Default> Draft<T> for Kept<T> {
    fn outline(&self) -> T {
        T::default()
    }

    fn swap(&mut self, outline: &mut T) {
        core::mem::swap(&mut self.delta, outline);
    }

    fn undo(&mut self, value: &mut T) {
        if let Some(before) = self.before.take() {
            *value = before;
        }
    }
}

/// A value of which one transaction changes a part only, such as the share of one replica.
pub trait Partial: Crdt<Delta = Self> {
    /// The changed part as it was before; the default stands for no change.
    type Part: Default;

    /// Restores a part.
    fn put_back(&mut self, part: Self::Part);
}

/// The draft of a value of which one part is kept.
#[derive(Clone, Debug)]
pub struct KeptPart<T: Partial> {
    delta: T,
    before: T::Part,
}

impl<T: Partial> KeptPart<T> {
    /// The part as it was before, to be noted before it changes.
    pub(crate) fn before(&mut self) -> &mut T::Part {
        &mut self.before
    }

    /// Joins `news`, which the value has already, into the delta.
    pub(crate) fn join(&mut self, news: T) {
        self.delta.join(news);
    }
}

impl<T: Partial> Default for KeptPart<T> {
    fn default() -> Self {
        KeptPart { delta: T::default(), before: T::Part::default() }
    }
}

impl<T: Partial> Draft<T> for KeptPart<T> {
    fn outline(&self) -> T {
        T::default()
    }

    fn swap(&mut self, outline: &mut T) {
        core::mem::swap(&mut self.delta, outline);
    }

    fn undo(&mut self, value: &mut T) {
        value.put_back(core::mem::take(&mut self.before));
    }
}

/// A transaction on a plain value. Dropping it while it is open undoes it.
struct Transaction<'a, T: Plain> {
    value: &'a mut T,
    draft: T::Change,
    /// The delta, once it was taken out of the draft.
    delta: Option<T>,
    pen: Pen<'a>,
    author: &'a mut Author,
    is_open: bool,
}

impl<T: Plain> Drop for Transaction<'_, T> {
    fn drop(&mut self) {
        if !self.is_open {
            return;
        }
        if let Some(delta) = &mut self.delta {
            self.draft.swap(delta);
        }
        // A key's own code may panic in the middle; then this stays true.
        self.author.set_left_something(true);
        self.draft.undo(self.value);
        self.author.set_left_something(false);
    }
}

impl<T: Plain + 'static> Root for T {
    type Edit<'a>
        = <T as Editable>::Edit<'a>
    where
        T: 'a;

    fn edit<E>(
        &mut self,
        author: &mut Author,
        write: impl FnOnce(&mut Self::Edit<'_>) -> Result<(), E>,
        admit: impl FnOnce(&T) -> bool,
    ) -> Result<T, EditError<E>> {
        let (draft, pen) = (T::Change::default(), Pen::plain(author));
        let mut transaction = Transaction { value: self, draft, delta: None, pen, author, is_open: true };
        {
            let mut handle = transaction.value.edit(&mut transaction.draft, &transaction.pen);
            write(&mut handle).map_err(EditError::Failed)?;
        }
        let outline = transaction.draft.outline();
        let delta = transaction.delta.insert(outline);
        transaction.draft.swap(delta);
        if !admit(delta) {
            return Err(EditError::TooDeep);
        }
        transaction.is_open = false;
        transaction.pen.put_down(transaction.author);
        Ok(transaction.delta.take().unwrap_or_default())
    }

    fn made_by(&self, replica: ReplicaId) -> u128 {
        Plain::made_by(self, replica)
    }
}
