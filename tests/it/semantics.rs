//! What concurrent mutations come to: the tables of the documentation, with every pair and every triple in
//! them.
//!
//! A table is checked from a common start, which all replicas know. Each of the next cells is what one
//! replica then does, and the last ones are what *all* read in the end, however they come to know of it (see
//! [`exchange`]), and whichever of them has which id.
//!
//! | cell | |
//! |---|---|
//! | `insert(x)` | a transaction |
//! | `remove(x), insert(x)` | a transaction of two writes |
//! | `remove(x); insert(x)` | two transactions |
//! | `set(x) at 3` | a transaction at a time |
//! | `set(x) ∥ set(y)` | a start with two writers, who know nothing of each other |
//! | `-` | there is nothing to read |

mod alone;
mod counters;
mod exchange;
mod flags;
mod maps;
mod ops;
mod records;
mod registers;
mod sets;
mod table;
