//! Histories that are kept beside the fuzz targets: those that broke something once, and those that the fuzzer begins
//! with. Each runs on every subject, whichever it was found on.

use std::fs;
use std::path::Path;

use crate::laws::bytes;

#[test]
fn seeds_keep_the_laws() {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz");
    if !fuzz.exists() {
        return; // The published package comes without.
    }
    let seeds: Vec<_> =
        fs::read_dir(fuzz.join("seeds/histories")).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(!seeds.is_empty());
    for seed in seeds {
        let (_, history) = bytes::read(&fs::read(&seed).unwrap());
        for (name, run) in bytes::all() {
            run(&history).unwrap_or_else(|failure| panic!("{name}, {}: {failure}", seed.display()));
        }
    }
}
