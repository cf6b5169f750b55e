//! A key whose own code panics when it is told to.

use std::cell::Cell;
use std::cmp::Ordering;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use rejoin::codec::{DecodeError, Element, Input, Output, Shape};

thread_local! {
    /// The calls of keys' code so far.
    static CALLS: Cell<u64> = const { Cell::new(0) };
    /// The first call that panics, and how many in a row do.
    static PANICS: Cell<(u64, u64)> = const { Cell::new((0, 0)) };
}

fn call() {
    let n = CALLS.get() + 1;
    CALLS.set(n);
    let (first, many) = PANICS.get();
    if first <= n && n < first + many {
        resume_unwind(Box::new("a key's own code")); // without a message
    }
}

/// Counts the calls of keys' code in `work`.
pub(super) fn calls_of<R>(work: impl FnOnce() -> R) -> (R, u64) {
    PANICS.set((0, 0));
    CALLS.set(0);
    let result = work();
    (result, CALLS.get())
}

/// Does `work` while the key's code panics at the calls from `first` on, `many` times. `None` if it panicked.
pub(super) fn panicking<R>(first: u64, many: u64, work: impl FnOnce() -> R) -> Option<R> {
    CALLS.set(0);
    PANICS.set((first, many));
    let result = catch_unwind(AssertUnwindSafe(work)).ok();
    PANICS.set((0, 0));
    result
}

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Key(pub(super) u8);

impl Clone for Key {
    fn clone(&self) -> Self {
        call();
        Key(self.0)
    }
}

impl Ord for Key {
    fn cmp(&self, other: &Self) -> Ordering {
        call();
        self.0.cmp(&other.0)
    }
}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Element for Key {
    fn shape(shape: &mut Shape) {
        shape.name("Key");
    }

    fn write(&self, out: &mut Output<'_>) {
        call();
        self.0.write(out);
    }

    fn read(input: &mut Input<'_>) -> Result<Self, DecodeError> {
        u8::read(input).map(Key)
    }
}

/// Numbers, the same again for the same seed.
pub(super) struct Numbers(pub(super) u64);

impl Numbers {
    pub(super) fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }

    pub(super) fn byte(&mut self, below: u8) -> u8 {
        u8::try_from(self.below(below.into())).unwrap()
    }
}
