//! Transactions on causal states: all or nothing.
//!
//! ```text
//! open      handles write to the store and to the change; facts that they kill move into the change
//! undone    written facts are dropped, killed facts move back; no version has the dots, so the next transaction mints them
//! closed    the version gets the dots, killed facts are dropped, and the change is the delta
//! ```

use super::edit::{Author, Pen};
use super::{Causal, Change, Delta, EditError, Editable, MAX_DEPTH, Root, Store, Sweeps};
use crate::causality::Names;
use crate::{Dot, ReplicaId, Version};

/// A transaction on a causal state. Dropping it while it is open undoes it.
struct Transaction<'a, S: Store> {
    author: &'a mut Author,
    store: &'a mut S,
    seen: &'a mut Version,
    delta: &'a mut Delta<S>,
    pen: Pen<'a>,
    is_open: bool,
}

impl<S: Store> Transaction<'_, S> {
    /// Brings the delta into the form in which it is sent. It can still be undone.
    #[inline]
    fn finish(&mut self) {
        if let Some((first, last)) = self.pen.minted() {
            self.delta.events.insert_run(self.pen.replica(), first, last);
        }
        if let Some((events, horizon)) = self.pen.sweeping() {
            self.delta.sweeps.union(Sweeps::one(*events, horizon.clone()));
        }
        self.store.tidy(&mut self.delta.change, &self.pen);
    }

    fn is_too_deep(&self) -> bool {
        !S::Change::IS_FLAT && self.delta.change.depth() > MAX_DEPTH
    }

    /// Makes the writes count: from here on they cannot be undone.
    #[inline]
    fn commit(&mut self) {
        self.is_open = false;
        if let Some((first, last)) = self.pen.minted() {
            self.seen.insert_run(self.pen.replica(), first, last);
        }
        self.pen.put_down(self.author);
    }

    /// Makes the writes count, and drops the facts that were kept in case of failure.
    #[inline]
    fn close(&mut self) {
        self.commit();
        if self.pen.has_killed() {
            // Dropping a value may panic; then this stays true.
            self.author.set_left_something(true);
            self.delta.change.forget();
            self.author.set_left_something(false);
        }
    }
}

impl<S: Store> Drop for Transaction<'_, S> {
    fn drop(&mut self) {
        if self.is_open {
            let undoing = Undoing(self);
            undoing.0.store.undo(&mut undoing.0.delta.change, &undoing.0.pen);
        }
    }
}

/// A transaction that is being undone. If the code of a key or value panics in the middle, the remaining writes count.
struct Undoing<'t, 'a, S: Store>(&'t mut Transaction<'a, S>);

impl<S: Store> Drop for Undoing<'_, '_, S> {
    fn drop(&mut self) {
        if !self.0.delta.change.is_empty() {
            self.0.commit();
            self.0.author.set_left_something(true);
            self.0.store.tidy(&mut self.0.delta.change, &self.0.pen);
        }
    }
}

/// A state with a name for its writer. The name is given back if nothing was ever written under it.
struct Named<'a, S> {
    state: &'a mut Causal<S>,
    replica: ReplicaId,
    slot: u32,
    is_new: bool,
}

impl<'a, S> Named<'a, S> {
    /// Names the writer; `None` if the state is full.
    fn new(state: &'a mut Causal<S>, replica: ReplicaId) -> Option<Self> {
        let known = state.names.slot(replica);
        let slot = match known {
            Some(slot) => slot,
            // A state that is written to must be readable after it is saved.
            None if state.names.len() >= Names::FOR_SAVED as usize => return None,
            None => state.names.intern(replica)?,
        };
        Some(Named { state, replica, slot, is_new: known.is_none() })
    }
}

impl<S> Drop for Named<'_, S> {
    fn drop(&mut self) {
        if self.is_new && self.state.seen.last(self.replica) == 0 {
            self.state.names.give_back(self.replica);
        }
    }
}

impl<S: Store + 'static> Root for Causal<S> {
    type Edit<'a>
        = <S as Editable>::Edit<'a>
    where
        S: 'a;

    /// Leaves a million million dots for the transaction in which the others run out.
    const MOST_MADE: u128 = (Dot::MAX_COUNTER - (1 << 40)) as u128;

    fn edit<E>(
        &mut self,
        author: &mut Author,
        write: impl FnOnce(&mut Self::Edit<'_>) -> Result<(), E>,
        admit: impl FnOnce(&Delta<S>) -> bool,
    ) -> Result<Delta<S>, EditError<E>> {
        let first = self.last_of(author.replica()) + 1;
        let named = Named::new(self, author.replica()).ok_or(EditError::Full)?;
        let Causal { names, seen, horizon, store, .. } = &mut *named.state;
        let horizon = Some(&*horizon).filter(|horizon| !horizon.is_empty());
        let pen = Pen::new(author, names, horizon, named.slot, first);
        let mut delta = Delta::default();
        let mut transaction = Transaction { author, store, seen, delta: &mut delta, pen, is_open: true };
        {
            let mut handle = transaction.store.edit(&mut transaction.delta.change, &transaction.pen);
            write(&mut handle).map_err(EditError::Failed)?;
        }
        transaction.finish();
        if transaction.is_too_deep() || !admit(transaction.delta) {
            return Err(EditError::TooDeep);
        }
        transaction.close();
        drop(transaction);
        Ok(delta)
    }

    #[inline]
    fn made_by(&self, replica: ReplicaId) -> u128 {
        self.last_of(replica).into()
    }

    fn has_room(&self) -> bool {
        self.names.len() < Names::FOR_STRANGERS as usize
    }
}
