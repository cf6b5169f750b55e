//! Histories from bytes: run, generate, shrink.

use alloc::string::ToString;
use alloc::vec::Vec;

use super::world::{Verdict, World, name};
use super::{Failure, Subject};

/// What happens in a history: any four bytes are a step, so any bytes are a history, and a history without some of its
/// steps is one too.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct History {
    /// Two to four, by the first byte.
    pub replicas: u8,
    /// The steps.
    pub steps: Vec<[u8; 4]>,
}

impl History {
    /// The history that some bytes stand for: for fuzzers.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        let (replicas, steps) = bytes.split_first().unwrap_or((&0, &[]));
        History {
            replicas: *replicas,
            steps: steps.chunks_exact(4).map(|s| [s[0], s[1], s[2], s[3]]).collect(),
        }
    }
}

/// Runs one history, and checks every law at every step.
///
/// # Errors
///
/// The first law that is broken, with the story so far.
pub fn run<S: Subject>(subject: &S, history: &History) -> Result<(), Failure> {
    live_through(subject, history).map(drop)
}

/// Runs one history, checks every law, and returns all states that anybody was in: values of a causal type to test
/// something else with. They are of one history, so they may be joined.
///
/// ```
/// # #[cfg(feature = "proptest")] {
/// use proptest::prelude::*;
/// use rejoin::laws::{self, Hand, History, Subject};
/// use rejoin::{Causal, Delta, EwFlag};
///
/// struct Flags;
///
/// impl Subject for Flags {
///     type State = Causal<EwFlag>;
///     type Mutation = bool;
///     type Reading = bool;
///
///     fn mutations(&self) -> Vec<bool> {
///         vec![true, false]
///     }
///     fn write(&self, flag: &mut Causal<EwFlag>, hand: &mut Hand, on: &bool) -> Delta<EwFlag> {
///         hand.edit(flag, |flag| if *on { flag.enable() } else { flag.disable() })
///     }
///     fn read(&self, flag: &Causal<EwFlag>) -> bool {
///         flag.is_enabled()
///     }
/// }
///
/// let states = any::<History>().prop_map(|history| laws::states(&Flags, &history).unwrap());
/// proptest!(|(states in states)| {
///     laws::lattice(&states[..states.len().min(4)]).unwrap();
/// });
/// # }
/// ```
///
/// # Errors
///
/// The first law that is broken, with the story so far.
pub fn states<S: Subject>(subject: &S, history: &History) -> Result<Vec<S::State>, Failure> {
    live_through(subject, history).map(World::into_states)
}

fn live_through<'s, S: Subject>(subject: &'s S, history: &History) -> Result<World<'s, S>, Failure> {
    let mutations = subject.mutations();
    let mut world = World::new(subject, 2 + usize::from(history.replicas % 3));
    let mut verdict = Ok(());
    for step in &history.steps {
        verdict = verdict.and_then(|()| take(&mut world, &mutations, *step));
    }
    match verdict.and_then(|()| world.end()) {
        Ok(()) => Ok(world),
        Err(broken) => Err(world.fail(broken)),
    }
}

fn take<S: Subject>(
    world: &mut World<'_, S>,
    mutations: &[S::Mutation],
    [kind, who, a, b]: [u8; 4],
) -> Verdict {
    let pick = |n: u8, of: usize| usize::from(n) % of.max(1);
    let who = pick(who, world.replicas.len());
    let events = world.events.len();
    match kind % 12 {
        0..=4 => world.write(who, &mutations[pick(a, mutations.len())]),
        5 | 6 if events > 0 => world.hear(who, &[pick(a, events)]),
        7 if events > 0 && b % 2 == 0 => world.hear(who, &[pick(a, events), pick(b / 2, events)]),
        7 if events > 0 => world.hear_out_of(who, pick(a, events), pick(b / 2, events)),
        8 | 9 => {
            let other = pick(a, world.replicas.len());
            let state = world.replicas[other].clone();
            world.merge(who, &state, name(other).to_string())
        }
        10 if b % 2 == 0 => {
            world.keep(who);
            Ok(())
        }
        10 if !world.snapshots.is_empty() => {
            let old = world.snapshots[pick(a, world.snapshots.len())].clone();
            world.merge(who, &old, "an old copy".to_string())
        }
        11 => world.save_and_load(who),
        _ => Ok(()),
    }
}

/// Checks the laws on 200 random histories of up to 48 steps.
///
/// The environment variable `REJOIN_CASES` sets another number, `REJOIN_SEED` another seed.
///
/// # Panics
///
/// If a law is broken: with the law, the shortest story that was found, what was read, and the seed.
#[cfg(feature = "std")]
pub fn check<S: Subject>(subject: &S) {
    let setting = |name, default| std::env::var(name).ok().and_then(|n| n.parse().ok()).unwrap_or(default);
    let seed = setting("REJOIN_SEED", 0x5EED);
    if let Err(failure) = check_with(subject, setting("REJOIN_CASES", 200), seed) {
        panic!("{failure}\n(REJOIN_SEED={seed})");
    }
}

/// Checks the laws on so many random histories, from a seed.
///
/// # Errors
///
/// The law that is broken, and the shortest story that was found.
pub fn check_with<S: Subject>(subject: &S, histories: u64, seed: u64) -> Result<(), Failure> {
    let mut random = Random(seed | 1);
    for n in 0..histories {
        let length = random.next() % (8 + n % 40);
        let history = History {
            replicas: random.byte(),
            steps: (0..length).map(|_| core::array::from_fn(|_| random.byte())).collect(),
        };
        if let Err(failure) = run(subject, &history) {
            return Err(shrink(subject, history, failure));
        }
    }
    Ok(())
}

/// Leaves out steps, and lowers bytes, as long as the same law stays broken.
fn shrink<S: Subject>(subject: &S, mut history: History, mut failure: Failure) -> Failure {
    let law = failure.law;
    loop {
        let still_broken = candidates(&history)
            .find_map(|smaller| run(subject, &smaller).err().filter(|f| f.law == law).map(|f| (smaller, f)));
        match still_broken {
            Some((smaller, shorter)) => (history, failure) = (smaller, shorter),
            None => return failure,
        }
    }
}

/// Histories that are a little simpler.
fn candidates(history: &History) -> impl Iterator<Item = History> + '_ {
    let steps = history.steps.len();
    let chunks = core::iter::successors(Some(steps / 2), |size| Some(size / 2)).take_while(|size| *size > 0);
    let shorter = chunks.chain([1]).flat_map(move |size| {
        (0..steps).step_by(size.max(1)).map(move |from| {
            let mut shorter = history.clone();
            shorter.steps.drain(from..steps.min(from + size));
            shorter
        })
    });
    let lower = (0..steps).flat_map(move |at| {
        (0..4).flat_map(move |byte| {
            let value = history.steps[at][byte];
            [0, value / 2, value.saturating_sub(1)].into_iter().filter(move |less| *less < value).map(
                move |less| {
                    let mut lower = history.clone();
                    lower.steps[at][byte] = less;
                    lower
                },
            )
        })
    });
    let fewer = (0..history.replicas.min(2)).map(move |replicas| History { replicas, ..history.clone() });
    shorter.chain(fewer).chain(lower)
}

/// Marsaglia's xorshift, which is enough to choose steps.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn byte(&mut self) -> u8 {
        self.next().to_le_bytes()[3]
    }
}

#[cfg(feature = "proptest")]
impl proptest::arbitrary::Arbitrary for History {
    type Parameters = ();
    type Strategy = proptest::strategy::BoxedStrategy<Self>;

    fn arbitrary_with((): ()) -> Self::Strategy {
        use proptest::prelude::*;
        (any::<u8>(), prop::collection::vec(any::<[u8; 4]>(), 0..40))
            .prop_map(|(replicas, steps)| History { replicas, steps })
            .boxed()
    }
}

#[cfg(feature = "quickcheck")]
impl quickcheck::Arbitrary for History {
    fn arbitrary(g: &mut quickcheck::Gen) -> Self {
        let steps = Vec::<(u8, u8, u8, u8)>::arbitrary(g);
        History { replicas: u8::arbitrary(g), steps: steps.into_iter().map(<[u8; 4]>::from).collect() }
    }

    fn shrink(&self) -> alloc::boxed::Box<dyn Iterator<Item = Self>> {
        alloc::boxed::Box::new(candidates(self).collect::<Vec<_>>().into_iter())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_generator_is_the_published_one() {
        let mut random = Random(1);
        assert_eq!([random.next(), random.next()], [1_082_269_761, 1_152_992_998_833_853_505]);
    }

    #[test]
    fn simpler_histories_lack_steps_or_replicas_or_have_lesser_bytes() {
        let whole = History { replicas: 9, steps: (0..5).map(|n| [n, 9, 1, 0]).collect() };
        let simpler: Vec<History> = candidates(&whole).collect();
        let lengths: Vec<usize> = simpler.iter().map(|h| h.steps.len()).take_while(|n| *n < 5).collect();
        assert_eq!(lengths[..3], [3, 3, 4], "pairs of steps are left out");
        assert_eq!(lengths[3..8], [4; 5], "then steps one by one");
        assert_eq!(simpler[0].steps, whole.steps[2..]);
        let same_steps: Vec<&History> = simpler.iter().filter(|h| h.steps.len() == 5).collect();
        let fewer: Vec<u8> =
            same_steps.iter().filter(|h| h.steps == whole.steps).map(|h| h.replicas).collect();
        assert_eq!(fewer, [0, 1]);
        let of_the_second = same_steps.iter().filter(|h| h.steps[1][1] != 9).map(|h| h.steps[1]);
        assert!(of_the_second.eq([[1, 0, 1, 0], [1, 4, 1, 0], [1, 8, 1, 0]]));
        assert_eq!(
            candidates(&History { replicas: 0, steps: alloc::vec![[0; 4]] }).count(),
            1,
            "no step at all"
        );
    }

    #[cfg(feature = "quickcheck")]
    #[test]
    fn quickcheck_generates_histories_with_steps() {
        let mut g = quickcheck::Gen::new(20);
        let histories: Vec<History> = (0..50).map(|_| quickcheck::Arbitrary::arbitrary(&mut g)).collect();
        assert!(histories.iter().any(|history| history.steps.len() > 3));
    }
}
