//! How the subjects of the law tests are written.

use rejoin::laws::{Failure, History};

/// Runs one history of a subject.
pub(crate) type Run = fn(&History) -> Result<(), Failure>;

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

                    #[cfg(feature = "serde")]
                    fn save_and_load(&self, state: &$state) -> Option<$state> {
                        // What cannot be loaded is lost, and that breaks a law.
                        Some(serde_json::from_value(serde_json::to_value(state).unwrap()).unwrap_or_default())
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
