//! All integration tests, in one binary.

mod histories;
mod pitfalls;
