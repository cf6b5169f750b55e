//! Histories written against the documentation alone, by somebody who had not seen the code.

mod bounded;
mod clocks;
mod counters;
mod delivery;
mod flags_registers;
mod lattices;
mod maps;
mod markers;
mod op_sets;
mod records;
mod sets;
