//! Random inputs, where no fuzzer can be had: `RUNS=100000 cargo test --test random -- --ignored --nocapture`. Each target
//! begins with its seeds, and changes them. What it finds is written beside the seeds' names, to be replayed.

use std::panic::catch_unwind;
use std::path::Path;
use std::{env, fs};

use rejoin_fuzz::{crossed, dearest, frames};

/// The finaliser of `SplitMix64`.
fn mix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let n = (*state ^ (*state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let n = (n ^ (n >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    n ^ (n >> 31)
}

fn below(state: &mut u64, end: usize) -> usize {
    usize::try_from(mix(state) % end.max(1) as u64).unwrap()
}

fn change(input: &mut Vec<u8>, state: &mut u64) {
    for _ in 0..=below(state, 8) {
        let (at, byte) = (below(state, input.len() + 1), mix(state).to_le_bytes()[0]);
        match mix(state) % 4 {
            0 => input.insert(at, byte),
            1 if at < input.len() => drop(input.remove(at)),
            2 => input.extend((0..below(state, 64)).map(|_| mix(state).to_le_bytes()[0])),
            _ if at < input.len() => input[at] = byte,
            _ => {}
        }
    }
    input.truncate(600);
}

fn drive(target: &str, run: fn(&[u8])) {
    let number =
        |name: &str, default: u64| env::var(name).ok().and_then(|n| n.parse().ok()).unwrap_or(default);
    let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds").join(target);
    let mut files: Vec<_> = fs::read_dir(&seeds).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let corpus: Vec<Vec<u8>> = files.iter().map(|file| fs::read(file).unwrap()).collect();
    let (runs, mut state, mut found) = (number("RUNS", 1_000), number("SEED", 1), 0);
    for _ in 0..runs {
        let mut input = corpus[below(&mut state, corpus.len())].clone();
        change(&mut input, &mut state);
        if catch_unwind(|| run(&input)).is_err() {
            found += 1;
            let name = format!("found-{target}-{found}");
            fs::write(env::temp_dir().join(&name), &input).unwrap();
            println!("{name}: {input:?}");
        }
    }
    println!("{target}: {runs} inputs, {found} findings");
    assert_eq!(found, 0);
}

#[test]
#[ignore = "takes as long as it is told to"]
fn random_frames() {
    drive("frames", frames::run);
}

#[test]
#[ignore = "takes as long as it is told to"]
fn random_crossed() {
    drive("crossed", crossed::run);
}

#[test]
#[ignore = "takes as long as it is told to"]
fn random_dearest() {
    drive("dearest", dearest::run);
}
