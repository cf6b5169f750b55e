//! How large things get as bytes, and how fast, beside serde's formats on the same types and beside `crdts`:
//!
//!     cargo run --release --manifest-path benches/Cargo.toml --bin codec [ELEMENTS]
//!
//! Every figure is the best of some runs, all in one process. Speeds are in millions of elements a second, so that a
//! format that is large does not look fast.

use std::hint::black_box;
use std::time::Instant;

use rejoin::{Causal, Codec, Lww, Map, OrSet, ReplicaId, Writer};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// A permutation of all 64-bit numbers.
fn mix(n: u64) -> u64 {
    let n = (n ^ (n >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let n = (n ^ (n >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    n ^ (n >> 31)
}

fn best<T>(mut work: impl FnMut() -> T) -> f64 {
    let mut best = f64::MAX;
    for _ in 0..7 {
        let start = Instant::now();
        let value = black_box(work());
        best = best.min(start.elapsed().as_secs_f64());
        drop(value);
    }
    best
}

struct Row {
    elements: usize,
}

impl Row {
    fn print(&self, format: &str, bytes: usize, encode: f64, decode: f64) {
        let (per_element, n) = (bytes as f64 / self.elements as f64, self.elements as f64 / 1e6);
        let mb = bytes as f64 / 1e6;
        println!(
            "| {format} | {per_element:.2} | {:.1} | {:.1} | {:.0} | {:.0} |",
            n / encode,
            n / decode,
            mb / encode,
            mb / decode
        );
    }

    fn ours<T: Codec>(&self, value: &T) {
        let bytes = value.encode();
        let decode = best(|| T::decode(&bytes).unwrap());
        self.print("rejoin, its own", bytes.len(), best(|| value.encode()), decode);
    }

    fn serde<T: Serialize + DeserializeOwned>(&self, whose: &str, value: &T) {
        let bytes = postcard::to_stdvec(value).unwrap();
        let decode = best(|| postcard::from_bytes::<T>(&bytes).unwrap());
        self.print(&format!("{whose}, postcard"), bytes.len(), best(|| postcard::to_stdvec(value)), decode);
        let bytes = bincode::serialize(value).unwrap();
        let decode = best(|| bincode::deserialize::<T>(&bytes).unwrap());
        self.print(&format!("{whose}, bincode"), bytes.len(), best(|| bincode::serialize(value)), decode);
    }
}

fn headline(what: &str) {
    println!(
        "\n**{what}**\n\n| format | bytes/element | encode, M/s | decode, M/s | encode, MB/s | decode, MB/s |"
    );
    println!("|---|---|---|---|---|---|");
}

/// A set of ours and one of `crdts` with the same members, inserted one by one by one replica.
fn sets<T>(what: &str, values: &[T])
where
    T: Ord + Clone + std::hash::Hash + rejoin::codec::Element + Serialize + DeserializeOwned + 'static,
{
    let mut ours = Writer::<Causal<OrSet<T>>>::with_id(ReplicaId::from_u128(1));
    let mut theirs = crdts::Orswot::<T, u128>::new();
    for value in values {
        ours.edit(|set| set.insert(value.clone()));
        let add = theirs.add(value.clone(), theirs.read_ctx().derive_add_ctx(1));
        crdts::CmRDT::apply(&mut theirs, add);
    }
    let row = Row { elements: values.len() };
    headline(&format!("{what}, {} elements", values.len()));
    row.ours(ours.state());
    row.serde("rejoin", ours.state());
    row.serde("crdts", &theirs);
}

fn main() {
    let n = std::env::args().nth(1).map_or(100_000, |n| n.parse().expect("a number of elements"));
    sets("A set of random u64", &(0..n).map(mix).collect::<Vec<_>>());
    sets("A set of u64 as they are appended", &(0..n).collect::<Vec<_>>());
    sets("A set of random texts of 24", &(0..n).map(|n| format!("{:024x}", mix(n))).collect::<Vec<_>>());

    let mut map = Writer::<Causal<Map<String, Lww<u64>>>>::with_id(ReplicaId::from_u128(1));
    for key in 0..n {
        map.edit_at(1_700_000_000_000 + key, |map| map.entry(format!("key-{:08}", mix(key) % n)).set(key));
    }
    headline(&format!("A map of texts to registers, {} keys", map.len()));
    let row = Row { elements: map.len() };
    row.ours(map.state());
    row.serde("rejoin", map.state());

    let delta = map.edit_at(1_800_000_000_000, |map| map.entry("milk and honey".to_string()).set(7));
    headline("The delta of one write to that map");
    let row = Row { elements: 1 };
    row.ours(&delta);
    row.serde("rejoin", &delta);
}
