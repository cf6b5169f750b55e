//! The seeds, and the samples of which many of them were made.

use std::fs;
use std::path::{Path, PathBuf};

use rejoin_fuzz::decode::{FORGED, TYPES};
use rejoin_fuzz::formats::Format;
use rejoin_fuzz::{codec, crossed, dearest, decode, frames, histories, hostile};

fn seeds(target: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds").join(target)
}

fn replay(target: &str, run: fn(&[u8])) {
    let mut files: Vec<_> = fs::read_dir(seeds(target)).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(!files.is_empty());
    for file in files {
        println!("{}", file.display());
        run(&fs::read(file).unwrap());
    }
}

#[test]
fn seeds_of_histories() {
    replay("histories", histories::run);
}

#[test]
fn seeds_of_decode() {
    replay("decode", decode::run);
}

#[test]
fn seeds_of_codec() {
    replay("codec", codec::run);
}

#[test]
fn seeds_of_hostile() {
    replay("hostile", hostile::run);
}

#[test]
fn seeds_of_frames() {
    replay("frames", frames::run);
}

#[test]
fn seeds_of_crossed() {
    replay("crossed", crossed::run);
}

#[test]
fn seeds_of_dearest() {
    replay("dearest", dearest::run);
}

#[test]
fn samples_are_accepted() {
    for of in TYPES {
        for format in [Format::Json, Format::Postcard] {
            let sample = (of.sample)(format);
            assert!((of.accepts)(format, &sample), "{} in {format:?}: {sample:?}", of.name);
        }
    }
    assert!(TYPES.len() <= FORGED, "each can be chosen");
}

/// Writes a seed for each type, if it has none: the one half in JSON, the other in postcard.
#[test]
#[ignore = "writes files"]
fn write_samples() {
    fs::create_dir_all(seeds("decode")).unwrap();
    for (number, of) in (0..).zip(TYPES) {
        let format = if number % 2 == 0 { Format::Json } else { Format::Postcard };
        let first = if format == Format::Json { number } else { 128 + number };
        let words: Vec<_> =
            of.name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|w| !w.is_empty()).collect();
        let mut bytes = vec![first];
        bytes.extend((of.sample)(format));
        fs::write(seeds("decode").join(words.join("-")), bytes).unwrap();
    }
}
