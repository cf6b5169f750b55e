use super::{Replica, Replicated};
use crate::Version;

/// Tells what has changed in a [`Replica`] since it was last asked.
///
/// ```
/// use rejoin::sync::{News, Replica};
/// use rejoin::{Causal, OrSet};
///
/// let mut shop = Replica::<Causal<OrSet<String>>>::new();
/// let mut watcher = shop.watch();
/// assert!(watcher.news(&shop).is_none());
///
/// shop.edit(|books| books.insert("Emma".into()));
/// let Some(News::Changes(delta)) = watcher.news(&shop) else { panic!("something changed") };
/// assert_eq!(delta.events().dot_count(), 1);
/// assert!(watcher.news(&shop).is_none());
/// ```
#[derive(Clone, Debug)]
pub struct Watcher {
    seen: Version,
}

/// What has changed in a [`Replica`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News<D> {
    /// These changes.
    Changes(D),
    /// More than the log remembers: look at the state.
    Anything,
}

impl Watcher {
    /// A watcher that knows this version.
    pub(super) fn at(version: &Version) -> Self {
        Watcher { seen: version.clone() }
    }

    /// What has changed since this was last asked; `None` if nothing has. `O(replicas)` then, else `O(log)`.
    pub fn news<T: Replicated>(&mut self, replica: &Replica<T>) -> Option<News<T::Delta>> {
        if self.seen == *replica.version() {
            return None;
        }
        let news = replica.since(&self.seen).map_or(News::Anything, News::Changes);
        self.seen = replica.version().clone();
        Some(news)
    }
}
