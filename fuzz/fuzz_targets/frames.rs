//! See `rejoin_fuzz::frames`.
#![cfg_attr(fuzzing, no_main)]

rejoin_fuzz::target!(rejoin_fuzz::frames::run);
