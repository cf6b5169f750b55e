//! See `rejoin_fuzz::codec`.
#![cfg_attr(fuzzing, no_main)]

rejoin_fuzz::target!(rejoin_fuzz::codec::run);
