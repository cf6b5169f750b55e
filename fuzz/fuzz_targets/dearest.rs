//! See `rejoin_fuzz::dearest`.
#![cfg_attr(fuzzing, no_main)]

rejoin_fuzz::target!(rejoin_fuzz::dearest::run);
