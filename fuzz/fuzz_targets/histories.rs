//! See `rejoin_fuzz::histories`.
#![cfg_attr(fuzzing, no_main)]

rejoin_fuzz::target!(rejoin_fuzz::histories::run);
