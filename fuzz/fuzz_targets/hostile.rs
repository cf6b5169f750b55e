//! See `rejoin_fuzz::hostile`.
#![cfg_attr(fuzzing, no_main)]

rejoin_fuzz::target!(rejoin_fuzz::hostile::run);
