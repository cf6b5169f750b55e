//! Work that tests count, since no test may go by time. Outside of tests nothing is counted.

#[cfg(test)]
pub(crate) use counted::{Work, compared, moved, of};
#[cfg(not(test))]
pub(crate) use uncounted::{compared, moved};

#[cfg(not(test))]
mod uncounted {
    #[inline(always)]
    pub(crate) fn compared() {}

    #[inline(always)]
    pub(crate) fn moved(_: usize) {}
}

#[cfg(test)]
mod counted {
    extern crate std;

    use core::cell::Cell;

    /// Counts of work.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub(crate) struct Work {
        /// How often two intervals, or a fact and an interval, were compared.
        pub(crate) compared: usize,
        /// How many intervals, names and facts were moved or copied.
        pub(crate) moved: usize,
    }

    std::thread_local! {
        static DONE: Cell<Work> = const { Cell::new(Work { compared: 0, moved: 0 }) };
    }

    pub(crate) fn compared() {
        DONE.set(Work { compared: DONE.get().compared + 1, ..DONE.get() });
    }

    pub(crate) fn moved(n: usize) {
        DONE.set(Work { moved: DONE.get().moved + n, ..DONE.get() });
    }

    /// The result, and the work that it took.
    pub(crate) fn of<R>(act: impl FnOnce() -> R) -> (R, Work) {
        DONE.set(Work::default());
        (act(), DONE.get())
    }
}
