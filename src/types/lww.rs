use core::fmt;

use crate::Stamp;
use crate::causality::Ticks;
use crate::store::{Dots, Edit, Newtype};

/// A value; of several written at the same time, the latest by clock is read.
///
/// This is the register for records and maps. For a single value on its own, the plain
/// [`LwwRegister`](crate::LwwRegister) is smaller.
///
/// # When replicas disagree
///
/// | one does | another does | both read |
/// |---|---|---|
/// | `set(x)` at 3 o'clock | `set(y)` at 4 o'clock | `y` |
/// | `set(x)` | `set(y)` under the same time | the write of the greater replica id |
/// | `set(x)` at 3, `set(y)` at 4 | `clear()`, having seen `y` | `x`: it was not seen by the clearing |
/// | `set(x)` | `clear()` | `x`, whatever the clocks say |
/// | `clear()` | `clear()` | nothing |
///
/// A write that *replaces* another comes after it, whatever the clocks say. Times are finer than milliseconds: each
/// transaction at a replica has a later one than the transaction before it, for all that it writes. (So two replicas with slow clocks that both replace a value
/// from the future have equal times, just after that.)
///
/// # Writing
///
/// In a transaction of a [`Writer`](crate::Writer), through [`Edit`](crate::Edit): `set(value)`, `clear()`.
///
/// # Example
///
/// ```
/// use rejoin::{Causal, Lww, Writer};
///
/// let mut a = Writer::<Causal<Lww<&str>>>::new();
/// let mut b = Writer::<Causal<Lww<&str>>>::new();
/// a.edit_at(4_000, |color| color.set("red"));
/// b.edit_at(3_000, |color| color.set("blue"));
///
/// b.join_ref(a.state());
/// assert_eq!(b.get(), Some(&"red"));
///
/// b.edit_at(3_500, |color| color.set("green")); // b's clock is slow, but b has seen "red"
/// a.join_ref(b.state());
/// assert_eq!(a.get(), Some(&"green"));
/// ```
///
/// # Cost
///
/// 16 bytes and the value, more while there are concurrent values. Everything is `O(1)` but for those.
///
/// # Not for
///
/// Values of which none may be lost: take [`MvRegister`](crate::MvRegister). All but one of the concurrent values are
/// never read.
///
/// # Where it comes from
///
/// The last-writer-wins register of Johnson and Thomas (1975). Ours keeps the concurrent writes as a multi-value
/// register does and chooses when it is read; so a removal takes away exactly what it has observed, and what is
/// left is the same on all replicas.
#[derive(Clone)]
pub struct Lww<V> {
    /// Concurrent writes, with the time of each.
    writes: Dots<(Ticks, V)>,
}

impl<V> Lww<V> {
    /// The latest value.
    pub fn get(&self) -> Option<&V> {
        self.latest().map(|(_, value)| value)
    }

    /// Whether no value is set.
    pub fn is_empty(&self) -> bool {
        self.writes.is_empty()
    }

    /// When the latest value was written, in milliseconds since the Unix epoch, by its writer's clock.
    pub fn written_at(&self) -> Option<u64> {
        self.latest().map(|(time, _)| time.millis())
    }

    /// The write with the greatest time; of equal ones the last, which has the greatest dot.
    fn latest(&self) -> Option<&(Ticks, V)> {
        self.writes.values().max_by_key(|(time, _)| *time)
    }
}

impl<V: Clone + Eq> Edit<'_, Lww<V>> {
    /// Sets the value. It comes after what it replaces, whatever the clocks say, even at the end of time.
    pub fn set(&mut self, value: V) {
        let floor = self.latest().map(|(time, _)| Stamp::new(*time, self.replica()));
        // At the end of time the write still replaces what it has observed.
        let time = self.pen.stamp_above(floor).map_or(Ticks::MAX, Stamp::time);
        self.inner().write((time, value));
    }

    /// Removes the value; if there is none, nothing happens.
    pub fn clear(&mut self) {
        self.inner().clear();
    }
}

impl<V: Clone + Eq> Newtype for Lww<V> {
    type Inner = Dots<(Ticks, V)>;

    fn inner(&self) -> &Self::Inner {
        &self.writes
    }

    fn inner_mut(&mut self) -> &mut Self::Inner {
        &mut self.writes
    }

    fn into_inner(self) -> Self::Inner {
        self.writes
    }
}

impl<V> Default for Lww<V> {
    fn default() -> Self {
        Lww { writes: Dots::default() }
    }
}

impl<V: PartialEq> PartialEq for Lww<V> {
    fn eq(&self, other: &Self) -> bool {
        self.get() == other.get()
    }
}

impl<V: Eq> Eq for Lww<V> {}

impl<V: fmt::Debug> fmt::Debug for Lww<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Lww").field(&self.get()).finish()
    }
}
