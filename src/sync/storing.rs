use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicBool, Ordering};

/// Whether links may speak: what is not stored is told by nobody, a fork included.
#[derive(Debug, Default)]
pub(super) struct Storing {
    /// How often the state had grown when it was last stored, if links are to wait for that.
    stored: Option<u64>,
    /// Becomes true when the state is stored next. Forks that were made before wait for it.
    next: Arc<AtomicBool>,
    /// What this one waits for itself: what its parents had not stored when it was forked.
    waits_for: Vec<Arc<AtomicBool>>,
}

impl Storing {
    /// Takes note that the state was stored as it is, after `changes` changes.
    pub(super) fn stored(&mut self, changes: u64) {
        self.stored = Some(changes);
        if Arc::strong_count(&self.next) > 1 {
            core::mem::take(&mut self.next).store(true, Ordering::Release);
        }
    }

    /// Whether all that is here after `changes` changes was stored.
    #[inline]
    pub(super) fn is_stored(&self, changes: u64) -> bool {
        self.has_stored(changes) && self.waits_for.iter().all(is_done)
    }

    fn has_stored(&self, changes: u64) -> bool {
        self.stored.is_none_or(|stored| stored == changes)
    }

    /// Returns what a fork of this replica goes by. It stores its own state, and is silent until this one has stored what it has
    /// now: otherwise this one could forget that, and write something else under the same name.
    pub(super) fn fork(&self, changes: u64) -> Self {
        let mut waits_for = self.waits_for.clone();
        waits_for.retain(|mark| !is_done(mark));
        if !self.has_stored(changes) {
            waits_for.push(Arc::clone(&self.next));
        }
        // No count of changes is so large: of the fork nothing is stored.
        Storing { stored: self.stored.map(|_| u64::MAX), next: Arc::default(), waits_for }
    }
}

fn is_done(mark: &Arc<AtomicBool>) -> bool {
    mark.load(Ordering::Acquire)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_may_speak_until_something_is_stored_for_the_first_time() {
        let mut storing = Storing::default();
        assert!(storing.is_stored(0) && storing.is_stored(7));
        storing.stored(7);
        assert!(storing.is_stored(7) && !storing.is_stored(8));
        assert!(!storing.fork(7).is_stored(0), "of the fork nothing is stored");
    }

    #[test]
    fn a_fork_waits_for_what_its_parents_had_not_stored() {
        let mut parent = Storing::default();
        parent.stored(1);
        let [mut early, mut late] = [parent.fork(1), parent.fork(2)];
        let mut child = late.fork(0);
        [&mut early, &mut late, &mut child].into_iter().for_each(|fork| fork.stored(0));
        assert!(early.is_stored(0), "the parent had stored all");
        assert!(!late.is_stored(0) && !child.is_stored(0));
        parent.stored(2);
        assert!(late.is_stored(0) && child.is_stored(0));
        assert!(late.fork(0).waits_for.is_empty(), "what is stored is not waited for");
    }
}
