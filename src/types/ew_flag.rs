use core::fmt;

use crate::store::{Dots, Edit, Newtype};

/// A flag in which enabling wins. It starts disabled.
///
/// # When replicas disagree
///
/// | one does | another does | both read |
/// |---|---|---|
/// | `enable()` | `disable()` | enabled |
/// | `enable()` | `enable()` | enabled |
/// | `disable()` | `disable()` | disabled |
///
/// # Writing
///
/// In a transaction of a [`Writer`](crate::Writer), through [`Edit`](crate::Edit): `enable()`, `disable()`.
///
/// # Example
///
/// ```
/// use rejoin::{Causal, EwFlag, Writer};
///
/// let mut author = Writer::<Causal<EwFlag>>::new();
/// author.edit(|needs_review| needs_review.enable());
/// let mut reviewer = author.fork();
///
/// reviewer.edit(|needs_review| needs_review.disable()); // reviewed what there was
/// author.edit(|needs_review| needs_review.enable()); // and changed again, meanwhile
///
/// reviewer.join_ref(author.state());
/// assert!(reviewer.is_enabled());
/// ```
///
/// # Cost
///
/// 16 bytes, plus 8 per concurrent enabling, until the next write. Everything is `O(1)` but for those.
///
/// # Not for
///
/// Flags that must stay off once someone has switched them off: take [`DwFlag`](crate::DwFlag). One flag for several
/// owners, such as the presence of a person with several devices: who disables it disables what he has seen of the
/// others too. Give each device a flag of its own, in a [`Map`](crate::Map).
///
/// # Where it comes from
///
/// The enable-wins flag of Riak. It is an [`OrSet`](crate::OrSet) with one possible member.
#[derive(Clone, Default)]
pub struct EwFlag {
    enabled: Dots<()>,
}

impl EwFlag {
    /// Whether the flag is enabled.
    pub fn is_enabled(&self) -> bool {
        !self.enabled.is_empty()
    }
}

impl Edit<'_, EwFlag> {
    /// Enables the flag.
    pub fn enable(&mut self) {
        self.inner().write(());
    }

    /// Disables the flag; if it is not enabled, nothing happens.
    pub fn disable(&mut self) {
        self.inner().clear();
    }
}

impl Newtype for EwFlag {
    type Inner = Dots<()>;

    fn inner(&self) -> &Dots<()> {
        &self.enabled
    }

    fn inner_mut(&mut self) -> &mut Dots<()> {
        &mut self.enabled
    }

    fn into_inner(self) -> Dots<()> {
        self.enabled
    }
}

impl PartialEq for EwFlag {
    fn eq(&self, other: &Self) -> bool {
        self.is_enabled() == other.is_enabled()
    }
}

impl Eq for EwFlag {}

impl fmt::Debug for EwFlag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("EwFlag").field(&self.is_enabled()).finish()
    }
}
