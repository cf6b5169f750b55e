use core::fmt;

use crate::store::{Dots, Edit, Newtype, Settling};

/// A flag in which disabling wins. It starts disabled.
///
/// # When replicas disagree
///
/// | one does | another does | both read |
/// |---|---|---|
/// | `enable()` | `disable()` | disabled |
/// | `enable()` | `enable()` | enabled |
/// | `disable()` | `disable()` | disabled |
/// | `enable()` | `reset()` | enabled: a reset takes away only what it has observed |
/// | `disable()` | `reset()` | disabled |
///
/// Disabling counts even if the flag is not enabled, because enabling may be under way elsewhere.
///
/// # Writing
///
/// In a transaction of a [`Writer`](crate::Writer), through [`Edit`](crate::Edit): `enable()`, `disable()`,
/// `reset()`.
///
/// # Example
///
/// ```
/// use rejoin::{Causal, DwFlag, Writer};
///
/// let mut a = Writer::<Causal<DwFlag>>::new();
/// a.edit(|sharing| sharing.enable());
/// let mut b = a.fork();
///
/// a.edit(|sharing| sharing.disable());
/// b.edit(|sharing| sharing.enable());
///
/// b.join_ref(a.state());
/// assert!(!b.is_enabled());
/// ```
///
/// # Cost
///
/// 16 bytes, plus 16 per concurrent operation, until the next one. Everything is `O(1)` but for those. A flag that is disabled
/// takes nothing once that is [settled](crate::Causal::settle).
///
/// # Not for
///
/// Signs of life, which must show as long as anybody shows them: take [`EwFlag`](crate::EwFlag).
///
/// # Where it comes from
///
/// The disable-wins flag of Riak and Antidote. It is an [`RwSet`](crate::RwSet) with one possible member.
#[derive(Clone, Default)]
pub struct DwFlag {
    /// The operations that no later operation has seen: true enables, false disables.
    operations: Dots<bool>,
}

impl DwFlag {
    /// Whether the flag is enabled.
    pub fn is_enabled(&self) -> bool {
        !self.operations.is_empty() && self.operations.values().all(|enables| *enables)
    }
}

impl Edit<'_, DwFlag> {
    /// Enables the flag.
    pub fn enable(&mut self) {
        self.inner().overwrite(true);
    }

    /// Disables the flag, also if it is not enabled.
    pub fn disable(&mut self) {
        self.inner().overwrite(false);
    }

    /// Forgets all that was done here, as if it had never been: the flag is disabled, and does not insist. Removing the
    /// key of a map under which the flag is does the same.
    pub fn reset(&mut self) {
        self.inner().clear();
    }
}

impl Newtype for DwFlag {
    type Inner = Dots<bool>;

    fn inner(&self) -> &Dots<bool> {
        &self.operations
    }

    fn inner_mut(&mut self) -> &mut Dots<bool> {
        &mut self.operations
    }

    fn into_inner(self) -> Dots<bool> {
        self.operations
    }

    fn is_visible(&self) -> bool {
        self.is_enabled()
    }

    fn settle_facts(&mut self, settling: &Settling) {
        self.operations.drop_settled(settling, |operations| operations.values().any(|enables| !enables));
    }
}

impl PartialEq for DwFlag {
    fn eq(&self, other: &Self) -> bool {
        self.is_enabled() == other.is_enabled()
    }
}

impl Eq for DwFlag {}

impl fmt::Debug for DwFlag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("DwFlag").field(&self.is_enabled()).finish()
    }
}
