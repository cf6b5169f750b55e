use alloc::borrow::Cow;

use super::{Change, Edit, Editable, Meeting, Naming, Pen, Receipt, Selection, Settling, Store};
use crate::causality::Names;

/// A store that is another store inside, with a meaning of its own.
///
/// Every causal type of this crate is one: [`OrSet<T>`](crate::OrSet) is a `Keyed<T, Dots<()>>` that reads as a
/// set. Yours can be one too, and is then a [`Store`] like any other: see
/// [the guide](crate::guide::your_own_type).
pub trait Newtype: Default + Clone {
    /// The store inside.
    type Inner: Store;

    /// The store inside, to read.
    fn inner(&self) -> &Self::Inner;

    /// The store inside, to write.
    fn inner_mut(&mut self) -> &mut Self::Inner;

    /// The store inside, taken out.
    fn into_inner(self) -> Self::Inner;

    /// Whether a reader would say that something is here: the answer is yes iff any fact is live, unless some
    /// facts only record removals.
    fn is_visible(&self) -> bool {
        self.inner().is_present()
    }

    /// Folds or drops facts that are settled: see [`Causal::settle`](crate::Causal::settle). Nothing, unless something inside
    /// does.
    ///
    /// A type that [folds](crate::Dots::fold) takes its facts away by [`clear_folded`](crate::Dots::clear_folded); one that
    /// [drops](crate::Dots::drop_settled) writes by [`overwrite`](crate::Dots#method.overwrite).
    fn settle_facts(&mut self, settling: &Settling) {
        self.inner_mut().settle(settling);
    }

    /// Kills every fact that is live here.
    fn clear_facts(&mut self, change: &mut <Self::Inner as Editable>::Change, pen: &Pen<'_>) {
        self.inner_mut().clear(change, pen);
    }
}

impl<T: Newtype> Editable for T {
    type Change = <T::Inner as Editable>::Change;
    type Edit<'a>
        = Edit<'a, T>
    where
        T: 'a;

    fn edit<'a>(&'a mut self, change: &'a mut Self::Change, pen: &'a Pen<'a>) -> Edit<'a, T> {
        Edit::new(self, change, pen)
    }
}

impl<T: Newtype> Edit<'_, T> {
    /// A handle on the store inside.
    pub fn inner(&mut self) -> <T::Inner as Editable>::Edit<'_> {
        self.state.inner_mut().edit(self.change, self.pen)
    }
}

impl<T: Newtype> Store for T
where
    <T::Inner as Editable>::Change: Change,
{
    fn is_empty(&self) -> bool {
        self.inner().is_empty()
    }

    fn is_present(&self) -> bool {
        self.is_visible()
    }

    fn clear(&mut self, change: &mut Self::Change, pen: &Pen<'_>) {
        self.clear_facts(change, pen);
    }

    fn apply(&mut self, change: Self::Change, receipt: &mut Receipt<'_>) {
        self.inner_mut().apply(change, receipt);
    }

    fn merge(&mut self, other: Cow<'_, Self>, meeting: &Meeting<'_>) {
        let other = match other {
            Cow::Borrowed(other) => Cow::Borrowed(other.inner()),
            Cow::Owned(other) => Cow::Owned(other.into_inner()),
        };
        self.inner_mut().merge(other, meeting);
    }

    fn same(&self, other: &Self, naming: &Naming) -> bool {
        self.inner().same(other.inner(), naming)
    }

    fn export(&self, names: &Names, wanted: &Selection<'_>) -> Self::Change {
        self.inner().export(names, wanted)
    }

    fn prune(&mut self, gone: &Selection<'_>) {
        self.inner_mut().prune(gone);
    }

    fn settle(&mut self, settling: &Settling) {
        self.settle_facts(settling);
    }

    fn undo(&mut self, change: &mut Self::Change, pen: &Pen<'_>) {
        self.inner_mut().undo(change, pen);
    }

    fn tidy(&mut self, change: &mut Self::Change, pen: &Pen<'_>) {
        self.inner_mut().tidy(change, pen);
    }
}
