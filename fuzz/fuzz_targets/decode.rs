//! See `rejoin_fuzz::decode`.
#![cfg_attr(fuzzing, no_main)]

rejoin_fuzz::target!(rejoin_fuzz::decode::run);
