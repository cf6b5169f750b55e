//! See `rejoin_fuzz::crossed`.
#![cfg_attr(fuzzing, no_main)]

rejoin_fuzz::target!(rejoin_fuzz::crossed::run);
