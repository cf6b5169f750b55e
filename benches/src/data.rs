//! The values that all libraries are given, and how many of them.

/// A permutation of all 64-bit numbers: random to a tree or a hash table, and the same in each run.
pub fn mix(n: u64) -> u64 {
    let n = (n ^ (n >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let n = (n ^ (n >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    n ^ (n >> 31)
}

/// Something to put into a set. Different numbers give different elements.
pub trait Element: Ord + std::hash::Hash + Clone + std::fmt::Debug + Send + 'static {
    const NAME: &'static str;

    fn nth(n: u64) -> Self;

    /// A word of it, so that reading it cannot be optimised away.
    fn word(&self) -> u64;
}

impl Element for u64 {
    const NAME: &'static str = "u64";

    fn nth(n: u64) -> Self {
        mix(n)
    }

    fn word(&self) -> u64 {
        *self
    }
}

impl Element for String {
    const NAME: &'static str = "text";

    /// 24 bytes, random from the first on.
    fn nth(n: u64) -> Self {
        format!("{:016x}{n:08x}", mix(n))
    }

    fn word(&self) -> u64 {
        self.len() as u64
    }
}

/// Elements number `from` to `to`, without the latter.
pub fn elements<T: Element>(from: usize, to: usize) -> Vec<T> {
    (from as u64..to as u64).map(T::nth).collect()
}

/// Keys and values of a document.
pub fn pairs(n: usize) -> Vec<(String, i64)> {
    (0..n as u64).map(|n| (format!("key-{:08x}", mix(n) >> 32), (mix(n) >> 40).cast_signed())).collect()
}

/// A short run, with nothing above 10,000 elements: see `run.sh`.
pub fn is_quick() -> bool {
    std::env::var_os("QUICK").is_some()
}

/// How many elements a collection has.
pub fn sizes() -> Vec<usize> {
    if is_quick() { vec![100, 1_000, 10_000] } else { vec![100, 1_000, 10_000, 1_000_000] }
}
