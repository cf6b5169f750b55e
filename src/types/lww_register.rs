use core::fmt;

use crate::causality::ClockError;
use crate::store::{Edit, Editable, Kept, Pen, Plain};
use crate::{Crdt, Lattice, Stamp};

/// One value; of several written at the same time, the latest by clock is kept.
///
/// This is the register that stands alone, and keeps nothing but its value. In records and maps take
/// [`Lww`](crate::Lww), which can be removed.
///
/// # When replicas disagree
///
/// | one does | another does | both read |
/// |---|---|---|
/// | `set(x)` at 3 o'clock | `set(y)` at 4 o'clock | `y` |
/// | `set(x)` | `set(y)` under the same time | the write of the greater replica id |
/// | `set(x)` | `set(y)` under the same stamp, by mistake | the greater value |
///
/// A write that has *seen* another comes after it, whatever the clocks say. A stamp from the far future is not
/// refused, since that would cut its writer off; but the next write stamps above it, and the local clock does not
/// follow it: see [`HybridClock`](crate::HybridClock).
///
/// # Writing
///
/// In a transaction of a [`Writer`](crate::Writer), through [`Edit`](crate::Edit): `set(value)`.
///
/// # Example
///
/// ```
/// use rejoin::{LwwRegister, Writer};
///
/// let mut a = Writer::<LwwRegister<&str>>::new();
/// let mut b = Writer::<LwwRegister<&str>>::new();
/// let late = a.try_edit_at(4_000, |color| color.set("red"))?;
/// let early = b.try_edit_at(3_000, |color| color.set("blue"))?;
///
/// a.apply(early);
/// b.apply(late);
/// assert_eq!(a.get(), Some(&"red"));
/// assert_eq!(a.state(), b.state());
/// # Ok::<(), rejoin::EditError<rejoin::ClockError>>(())
/// ```
///
/// # Cost
///
/// 32 bytes and the value. It does not grow.
///
/// # Not for
///
/// Values of which none may be lost: take [`MvRegister`](crate::MvRegister).
///
/// # Where it comes from
///
/// Johnson and Thomas (1975), with the hybrid clocks of Kulkarni et al. (2014). Ours compares time, then the whole
/// replica id, then the value: no tie is left to diverge over.
#[derive(Clone, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
pub struct LwwRegister<V> {
    pub(crate) latest: Option<(Stamp, V)>,
}

impl<V> LwwRegister<V> {
    /// A register without a value.
    pub fn new() -> Self {
        LwwRegister::default()
    }

    /// A register with one write.
    pub fn written(stamp: Stamp, value: V) -> Self {
        LwwRegister { latest: Some((stamp, value)) }
    }

    /// The latest value.
    pub fn get(&self) -> Option<&V> {
        self.latest.as_ref().map(|(_, value)| value)
    }

    /// When, and by whom, the latest value was written.
    pub fn stamp(&self) -> Option<Stamp> {
        self.latest.as_ref().map(|(stamp, _)| *stamp)
    }
}

impl<V: Ord + Clone> Edit<'_, LwwRegister<V>> {
    /// Sets the value.
    ///
    /// # Errors
    ///
    /// [`ClockError::Exhausted`] if the present value has the greatest stamp that there is, which no clock tells
    /// before the year 10889 but a hostile peer may send; nothing has changed.
    pub fn set(&mut self, value: V) -> Result<(), ClockError> {
        let stamp = self.pen.stamp_above(self.stamp())?;
        let copy = LwwRegister::written(stamp, value.clone());
        // A later stamp wins whatever the values are.
        self.change.replace(self.state, LwwRegister::written(stamp, value), copy);
        Ok(())
    }
}

impl<V: Ord + Clone> Editable for LwwRegister<V> {
    type Change = Kept<Self>;
    type Edit<'a>
        = Edit<'a, Self>
    where
        V: 'a;

    fn edit<'a>(&'a mut self, change: &'a mut Self::Change, pen: &'a Pen<'a>) -> Edit<'a, Self> {
        Edit::new(self, change, pen)
    }
}

impl<V: Ord + Clone> Plain for LwwRegister<V> {}

impl<V> Default for LwwRegister<V> {
    fn default() -> Self {
        LwwRegister { latest: None }
    }
}

impl<V: Ord> Lattice for LwwRegister<V> {
    fn join(&mut self, other: Self) -> bool {
        let wins = other.latest > self.latest;
        if wins {
            *self = other;
        }
        wins
    }
}

impl<V: Ord> Crdt for LwwRegister<V> {
    type Delta = Self;

    fn apply(&mut self, delta: Self) -> bool {
        self.join(delta)
    }
}

impl<V: fmt::Debug> fmt::Debug for LwwRegister<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("LwwRegister").field(&self.latest).finish()
    }
}
