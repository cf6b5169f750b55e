//! What the fuzz targets run. Each takes bytes, of which any are valid, and panics if something is wrong.

pub mod codec;
pub mod crossed;
pub mod dearest;
pub mod decode;
mod forge;
pub mod formats;
pub mod frames;
pub mod histories;
pub mod hostile;
pub mod roots;
mod source;
mod tamper;
mod wire;

/// All memory is counted, so that a decoder can be asked how much it took.
#[global_allocator]
pub(crate) static MEMORY: peak_alloc::PeakAlloc = peak_alloc::PeakAlloc;

/// A fuzz target that runs `$run`; and, when it is built without a fuzzer, a program that runs it on files.
#[macro_export]
macro_rules! target {
    ($run:path) => {
        #[cfg(fuzzing)]
        libfuzzer_sys::fuzz_target!(|bytes: &[u8]| $run(bytes));

        #[cfg(not(fuzzing))]
        fn main() {
            for file in std::env::args_os().skip(1) {
                $run(&std::fs::read(&file).expect("a file to run on"));
                println!("{}: nothing wrong", file.display());
            }
        }
    };
}
