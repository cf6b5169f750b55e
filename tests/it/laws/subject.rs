//! How the subjects of the law tests are written.

use rejoin::laws::{Failure, History};
use rejoin::store::Store;
use rejoin::*;

/// Runs one history of a subject.
pub(crate) type Run = fn(&History) -> Result<(), Failure>;

/// Whose groups of deltas can be taken apart: those of causal states. Plain deltas melt into one another.
pub(crate) trait Groups: Crdt {
    fn only(_group: &Self::Delta, _wanted: &Self::Delta) -> Option<Self::Delta> {
        None
    }
}

impl<S: Store> Groups for Causal<S> {
    fn only(group: &Delta<S>, wanted: &Delta<S>) -> Option<Delta<S>> {
        Some(group.only(wanted.events()))
    }
}

impl Groups for GCounter {}
impl Groups for PnCounter {}
impl Groups for BoundedCounter {}
impl<T: Ord + Clone> Groups for GSet<T> {}
impl<T: Ord + Clone> Groups for TwoPhaseSet<T> {}
impl<T: Ord> Groups for Max<T> {}
impl<T: Ord> Groups for Min<T> {}
impl<V: Ord> Groups for LwwRegister<V> {}

/// A subject per type: its mutations, how they are written, how it reads, and how it should; and all of them by name.
macro_rules! subjects {
    ($(
        $name:ident: $state:ty, reads $reading:ty, does $mutation:ident { $($variant:ident $(($($value:ty),+))?),+ }
        all [$($all:expr),+]
        write |$edit:ident, $what:ident| $write:expr;
        read |$seen:ident| $read:expr;
        specify |$known:ident| $specify:expr;
    )+) => {
        pub(crate) const ALL: &[(&str, super::subject::Run)] =
            &[$((stringify!($name), $name::run)),+];

        $(
            mod $name {
                use super::*;

                #[derive(Clone, Copy, Debug, PartialEq)]
                enum $mutation { $($variant $(($($value),+))?),+ }
                use $mutation::*;

                struct This;

                impl Subject for This {
                    type State = $state;
                    type Mutation = $mutation;
                    type Reading = $reading;

                    fn mutations(&self) -> Vec<$mutation> {
                        vec![$($all),+]
                    }

                    fn write(&self, state: &mut $state, hand: &mut Hand, $what: &$mutation) -> <$state as Crdt>::Delta {
                        hand.edit(state, |$edit| $write)
                    }

                    fn read(&self, $seen: &$state) -> $reading {
                        $read
                    }

                    fn specify(&self, $known: &Known<'_, $mutation>) -> Option<$reading> {
                        Some($specify)
                    }

                    fn only(
                        &self,
                        group: &<$state as Crdt>::Delta,
                        wanted: &<$state as Crdt>::Delta,
                    ) -> Option<<$state as Crdt>::Delta> {
                        <$state as super::super::subject::Groups>::only(group, wanted)
                    }

                    fn encode(&self, state: &$state) -> Option<Vec<u8>> {
                        Some(state.encode())
                    }

                    fn save_and_load(&self, state: &$state) -> Option<$state> {
                        let bytes = state.encode();
                        let loaded = <$state>::decode(&bytes).unwrap();
                        assert_eq!(loaded.encode(), bytes);
                        #[cfg(feature = "serde")]
                        assert_eq!(serde_json::from_value(serde_json::to_value(state).unwrap()).ok(), Some(loaded.clone()));
                        Some(loaded)
                    }
                }

                pub(super) fn run(history: &rejoin::laws::History) -> Result<(), rejoin::laws::Failure> {
                    rejoin::laws::run(&This, history)
                }

                #[test]
                fn keeps_the_laws() {
                    super::super::keeps_the_laws(&This);
                }
            }
        )+
    };
}
pub(super) use subjects;
