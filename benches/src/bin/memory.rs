//! What things cost in memory and as bytes:
//!
//!     cargo run --release --manifest-path benches/Cargo.toml --bin memory
//!
//! It counts what the allocator was asked for and has not got back, so that no library's own accounts are needed. One line
//! per figure, with tabs between: what, library, elements, format (or "live" for memory), bytes per element.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

use rejoin_benches::data::{Element, elements, is_quick, mix, pairs, sizes};
use rejoin_benches::peers::{
    AutomergeCounter, AutomergeDocument, Counter, CrdtsCounter, CrdtsCounters, CrdtsNested, CrdtsRegisters,
    CrdtsSet, Document, DsonNested, DsonRegisters, DsonSet, LatticesRegisters, LatticesSet, LoroCounter,
    LoroDocument, OurCounter, OurCounters, OurDocument, OurNested, OurRegisters, OurSet, Replica, Set,
    StdDocument, StdNested, StdSet, StdTable, Table, TextMap, YrsDocument,
};

/// The system's allocator, with the sum of what is live.
struct Counting;

static LIVE: AtomicUsize = AtomicUsize::new(0);

// SAFETY: everything is handed to the system's allocator as it comes.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        LIVE.fetch_add(layout.size(), Ordering::Relaxed);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        LIVE.fetch_sub(layout.size(), Ordering::Relaxed);
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn line(what: &str, library: &str, n: usize, format: &str, bytes: usize) {
    println!("{what}\t{library}\t{n}\t{format}\t{:.2}", bytes as f64 / n as f64);
}

/// What `make` leaves behind, by `n`, and what that is as bytes.
fn weigh<P: Replica>(what: &str, n: usize, make: impl FnOnce(&mut P)) {
    if n > P::MOST {
        return;
    }
    let before = LIVE.load(Ordering::Relaxed);
    let mut replica = P::new();
    make(&mut replica);
    line(what, P::NAME, n, "live", LIVE.load(Ordering::Relaxed) - before);
    for (format, bytes) in replica.encoded() {
        line(what, P::NAME, n, format, bytes);
    }
}

fn set<T: Element, P: Set<T>>(n: usize) {
    let values = (0..n as u64).map(T::nth);
    weigh::<P>(&format!("set of {}", T::NAME), n, |set| values.for_each(|value| set.insert(value)));
}

/// Each member was removed and inserted again, many times.
fn churn<P: Set<u64>>() {
    let n = 1_000;
    let members = elements::<u64>(0, n);
    weigh::<P>("set of u64 after churn", n, |set| {
        set.insert_all(members.clone());
        for member in members.iter().cycle().take(100 * n) {
            set.remove(member);
            set.insert(*member);
        }
    });
}

fn table<P: Table>(what: &str, n: usize) {
    weigh::<P>(what, n, |table| (0..n as u64).for_each(|key| table.write(mix(key), mix(!key))));
}

/// Just set, a document has more than it needs: `rejoin` what is to be sent, others what they have not packed yet.
fn text_map<P: TextMap>(n: usize) {
    weigh::<P>("document, just set", n, |document| document.set_all(pairs(n)));
}

fn document<P: Document>(n: usize) {
    text_map::<P>(n);
    let bytes = {
        let mut document = P::new();
        document.set_all(pairs(n));
        document.save()
    };
    let a_key = pairs(n).swap_remove(n / 2).0;
    weigh::<P>("document, loaded", n, |document| {
        *document = P::load(&bytes);
        // Some libraries load when they are read.
        assert!(document.get(&a_key).is_some());
    });
    let mut document = P::new();
    line("document", P::NAME, n, "a message for each key", document.set_each(pairs(n)));
    line("document", P::NAME, n, "saved", document.save().len());
    let mut there = P::load(&document.save());
    let version = there.version();
    // A difference is of the writes since the start of the program: see the benchmarks.
    let some: Vec<_> = pairs(n).into_iter().step_by(100).map(|(key, value)| (key, value + 1)).collect();
    let changed = some.len();
    there.set_all(some);
    line("document", P::NAME, changed, "difference", there.difference(&version).len());
    let now = there.version();
    line("document", P::NAME, 1, "difference when in sync", there.difference(&now).len());
}

fn counter<P: Counter>(times: usize) {
    weigh::<P>("counter, by increment", times, |counter| counter.increment(times));
}

fn main() {
    for n in sizes() {
        set::<u64, OurSet<u64>>(n);
        set::<u64, StdSet<u64>>(n);
        set::<u64, CrdtsSet<u64>>(n);
        set::<u64, DsonSet<u64>>(n);
        set::<u64, LatticesSet<u64>>(n);
        set::<String, OurSet<String>>(n);
        set::<String, StdSet<String>>(n);
        set::<String, CrdtsSet<String>>(n);
        set::<String, DsonSet<String>>(n);
        set::<String, LatticesSet<String>>(n);
    }
    churn::<OurSet<u64>>();
    churn::<StdSet<u64>>();
    churn::<CrdtsSet<u64>>();
    for n in if is_quick() { vec![1_000] } else { vec![1_000, 100_000] } {
        table::<OurRegisters>("map of registers", n);
        table::<StdTable>("map of registers", n);
        table::<CrdtsRegisters>("map of registers", n);
        table::<DsonRegisters>("map of registers", n);
        table::<LatticesRegisters>("map of registers", n);
        table::<OurCounters>("map of counters", n);
        table::<StdTable>("map of counters", n);
        table::<CrdtsCounters>("map of counters", n);
        table::<OurNested>("map of records", n);
        table::<StdNested>("map of records", n);
        table::<CrdtsNested>("map of records", n);
        table::<DsonNested>("map of records", n);
    }
    let n = if is_quick() { 10_000 } else { 100_000 };
    document::<OurDocument>(n);
    text_map::<StdDocument>(n);
    document::<AutomergeDocument>(n);
    document::<YrsDocument>(n);
    document::<LoroDocument>(n);
    counter::<OurCounter>(1_000);
    counter::<CrdtsCounter>(1_000);
    counter::<AutomergeCounter>(1_000);
    counter::<LoroCounter>(1_000);
}
