
/// Whether mutant `n` is on. Never while constants are computed.
#[doc(hidden)]
#[inline]
pub const fn mutant(n: u32) -> bool {
    const fn never(_: u32) -> bool {
        false
    }
    core::intrinsics::const_eval_select((n,), never, mutant_is_on)
}

#[doc(hidden)]
#[inline]
pub fn mutant_is_on(n: u32) -> bool {
    match MUTANT.load(core::sync::atomic::Ordering::Relaxed) {
        UNKNOWN => mutant_asked(n),
        RECORD => mutant_recorded(n),
        on => on == n,
    }
}

#[doc(hidden)]
pub static MUTANT: core::sync::atomic::AtomicU32 = core::sync::atomic::AtomicU32::new(UNKNOWN);
const UNKNOWN: u32 = u32::MAX;
const RECORD: u32 = u32::MAX - 1;

#[cold]
fn mutant_asked(n: u32) -> bool {
    let on = std::env::var("MUTANT").ok().and_then(|on| on.parse().ok());
    let on = on.unwrap_or(if std::env::var_os("MUTANTS_REACHED").is_some() { RECORD } else { RECORD - 1 });
    MUTANT.store(on, core::sync::atomic::Ordering::Relaxed);
    mutant_is_on(n)
}

/// Writes down which mutants are asked for at all.
fn mutant_recorded(n: u32) -> bool {
    use std::io::Write;
    static REACHED: [core::sync::atomic::AtomicBool; 1 << 13] = [const { core::sync::atomic::AtomicBool::new(false) }; 1 << 13];
    if !REACHED[n as usize].swap(true, core::sync::atomic::Ordering::Relaxed) {
        let path = std::env::var_os("MUTANTS_REACHED").expect("recording");
        let mut file = std::fs::OpenOptions::new().append(true).create(true).open(path).expect("a file to write to");
        writeln!(file, "{n}").expect("a file to write to");
    }
    false
}

/// What a function returns whose return type has no name.
#[doc(hidden)]
#[derive(Clone, Debug)]
pub enum MutantOr<M, O> {
    Mutant(M),
    Original(O),
}

impl<O: Iterator, M: Iterator<Item = O::Item>> Iterator for MutantOr<M, O> {
    type Item = O::Item;

    fn next(&mut self) -> Option<O::Item> {
        match self {
            MutantOr::Mutant(mutant) => mutant.next(),
            MutantOr::Original(original) => original.next(),
        }
    }
}
