//! All integration tests, in one binary.

mod histories;
#[cfg(feature = "serde")]
mod hostile;
mod pitfalls;
