use core::convert::Infallible;
use core::fmt;

use super::Author;
use crate::{Crdt, ReplicaId};

/// A state that a [`Writer`](crate::Writer) can own: a [`Causal`](crate::Causal) or a [`Plain`](super::Plain) value.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a state that a `Writer` can own",
    label = "neither a `Causal` of a store nor a plain value",
    note = "inside a `Causal`, keys are `Ord + Clone` and values `Clone + Eq`; wrap floats in a type with a total order",
    note = "plain lattices (`GCounter`, ...) are owned as they are, not inside a `Causal`"
)]
pub trait Root: Crdt + 'static {
    /// The handle through which it is written.
    type Edit<'a>
    where
        Self: 'a;

    /// Runs `write` as one transaction, and returns its delta. `admit` sees the delta before it counts; by returning false it
    /// refuses a delta that nests too deep.
    ///
    /// A transaction that fails, panics or is refused is undone: the state is as it was, and no dot is used up.
    ///
    /// Undoing calls `Ord`, `Clone` and `Drop` of the keys and values. If one of these panics while another panic unwinds,
    /// the process aborts. If one panics after an error, the panic unwinds, and the writes that are not undone yet stay in
    /// the state: as events of the writer, which no delta carries.
    ///
    /// # Errors
    ///
    /// [`EditError`]; the state is as it was.
    fn edit<E>(
        &mut self,
        author: &mut Author,
        write: impl FnOnce(&mut Self::Edit<'_>) -> Result<(), E>,
        admit: impl FnOnce(&Self::Delta) -> bool,
    ) -> Result<Self::Delta, EditError<E>>;

    /// Beyond this much, a writer goes on under a new id: see [`made_by`](Self::made_by).
    const MOST_MADE: u128 = u128::MAX;

    /// How much `replica` has written here, in a measure that grows with each of its writes (as far as the type
    /// can tell). If that is more than a writer knows it has made, the writer has forgotten something.
    fn made_by(&self, replica: ReplicaId) -> u128;

    /// Returns true if this state, and a peer that names the same replicas, can name one more.
    fn has_room(&self) -> bool {
        true
    }
}

/// The reason why a transaction was not carried out. Nothing was written: the state is as it was before.
///
/// ```
/// use rejoin::{BoundedCounter, EditError, Writer};
///
/// let mut stock = Writer::<BoundedCounter>::new();
/// let sale = stock.try_edit(|stock| {
///     stock.increment(2)?;
///     stock.decrement(3)
/// });
/// let Err(EditError::Failed(too_few)) = sale else { panic!("it has two") };
/// assert_eq!(too_few.held, 2);
/// assert_eq!(stock.get(), 0); // the increment is undone
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EditError<E> {
    /// The closure has returned this error.
    Failed(E),
    /// The transaction nests records, keys or values more than 64 levels deep. Every reader would refuse such bytes: see
    /// [`Limits::depth`](crate::codec::Limits::depth).
    TooDeep,
    /// The state names about a million replicas, and the writer is not one of them.
    Full,
}

impl<E> EditError<E> {
    /// Returns the closure's error, if there is one.
    pub fn failed(self) -> Option<E> {
        match self {
            EditError::Failed(error) => Some(error),
            EditError::TooDeep | EditError::Full => None,
        }
    }
}

impl EditError<Infallible> {
    /// Panics with the reason.
    pub(crate) fn raise<T>(self) -> T {
        panic!("{self}")
    }
}

impl<E: fmt::Display> fmt::Display for EditError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            EditError::Failed(error) => error.fmt(f),
            EditError::TooDeep => {
                f.write_str("the transaction nests more than 64 levels deep; nothing was written")
            }
            EditError::Full => {
                f.write_str("the state names too many replicas to name the writer; nothing was written")
            }
        }
    }
}

impl<E: core::error::Error + 'static> core::error::Error for EditError<E> {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            EditError::Failed(error) => error.source(),
            EditError::TooDeep | EditError::Full => None,
        }
    }
}
