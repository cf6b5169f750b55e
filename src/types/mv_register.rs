use core::fmt;

use crate::store::{Dots, Edit, Newtype};

/// A value; when several are written at the same time, all of them are kept until somebody chooses.
///
/// # When replicas disagree
///
/// | one does | another does | both read |
/// |---|---|---|
/// | `set(x)` | `set(y)` | `x` and `y`, in the same order everywhere |
/// | `set(x)` | `set(x)` | `x`, once |
/// | `set(x)` | `clear()` | `x` |
/// | `clear()` | `clear()` | nothing |
///
/// A write replaces what it has observed, so the next write after a conflict settles it.
///
/// # Writing
///
/// In a transaction of a [`Writer`](crate::Writer), through [`Edit`](crate::Edit): `set(value)`, `clear()`.
///
/// # Example
///
/// ```
/// use rejoin::{Causal, MvRegister, Writer};
///
/// let mut a = Writer::<Causal<MvRegister<&str>>>::new();
/// let mut b = Writer::<Causal<MvRegister<&str>>>::new();
/// a.edit(|title| title.set("On Tea"));
/// b.edit(|title| title.set("On Coffee"));
///
/// a.join_ref(b.state());
/// assert!(a.is_conflicted());
/// assert_eq!(a.values().count(), 2);
/// assert_eq!(a.get(), None); // there is not *one* value
///
/// a.edit(|title| title.set("On Tea and Coffee"));
/// b.join_ref(a.state());
/// assert_eq!(b.get(), Some(&"On Tea and Coffee"));
/// ```
///
/// # Cost
///
/// 8 bytes and the value, 16 at least; more while there are concurrent values. Everything is `O(1)` but for those;
/// [`values`](Self::values) compares them with each other.
///
/// # Not for
///
/// Readers who cannot choose: take [`Lww`](crate::Lww). Counting, which would show each count as a conflict: take
/// [`Counter`](crate::Counter).
///
/// # Where it comes from
///
/// The multi-value register of Amazon's Dynamo (2007), with the dotted siblings of Preguiça, Baquero et al. (2010).
#[derive(Clone)]
pub struct MvRegister<V> {
    siblings: Dots<V>,
}

impl<V> MvRegister<V> {
    /// Whether no value is set.
    pub fn is_empty(&self) -> bool {
        self.siblings.is_empty()
    }
}

impl<V: Eq> MvRegister<V> {
    /// The one value: `None` if none is set, and also if there are several.
    pub fn get(&self) -> Option<&V> {
        self.values().next().filter(|_| !self.is_conflicted())
    }

    /// The different values, in the same order on every replica: by writer and counter.
    ///
    /// Equal values that were written concurrently are one. Every write on its own, with its event, is in
    /// [`Causal::facts`](crate::Causal::facts).
    pub fn values(&self) -> impl Iterator<Item = &V> {
        let earlier = |upto: usize, value: &V| self.siblings.values().take(upto).any(|other| other == value);
        self.siblings.values().enumerate().filter(move |(at, v)| !earlier(*at, v)).map(|(_, value)| value)
    }

    /// Whether there are different values.
    pub fn is_conflicted(&self) -> bool {
        self.values().nth(1).is_some()
    }
}

impl<V: Clone + Eq> Edit<'_, MvRegister<V>> {
    /// Sets the value, in place of all that are here.
    pub fn set(&mut self, value: V) {
        self.inner().write(value);
    }

    /// Removes all values; if there is none, nothing happens.
    pub fn clear(&mut self) {
        self.inner().clear();
    }
}

impl<V: Clone + Eq> Newtype for MvRegister<V> {
    type Inner = Dots<V>;

    fn inner(&self) -> &Dots<V> {
        &self.siblings
    }

    fn inner_mut(&mut self) -> &mut Dots<V> {
        &mut self.siblings
    }

    fn into_inner(self) -> Dots<V> {
        self.siblings
    }
}

impl<V> Default for MvRegister<V> {
    fn default() -> Self {
        MvRegister { siblings: Dots::default() }
    }
}

impl<V: Eq> PartialEq for MvRegister<V> {
    fn eq(&self, other: &Self) -> bool {
        self.values().eq(other.values())
    }
}

impl<V: Eq> Eq for MvRegister<V> {}

impl<V: fmt::Debug> fmt::Debug for MvRegister<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.siblings.values()).finish()
    }
}
