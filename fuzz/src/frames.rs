//! Two replicas talk, and somebody sits in between: the first byte chooses a type, the second what both have and remember,
//! the others what happens to one frame after the other.
//!
//! Heads can be kept while what they carry is replaced. On an ordered carrier, which half of the inputs choose, frames have no
//! check, so whatever is said arrives in its turn, in a conversation that is going on. A replica that refuses a message stays
//! as it was. At last a new replica comes, to which nobody lies, and must end with the same version; and with the same state,
//! if frames were lost and nothing else (liars can keep states apart, as rejoin documents).

use rejoin::store::{Edit, Root};
use rejoin::sync::{Carrier, Config, Link, LogBounds, Numbered, Replica, Replicated, Shared};
use rejoin::{Causal, Codec, Counter, GCounter, Map, OrSet, ReplicaId, RwSet, Writer};

use crate::source::Source;

/// What there is to be said about a type.
pub(crate) trait Subject: Replicated + Codec + PartialEq {
    fn write(n: u8, edit: &mut Self::Edit<'_>);

    fn replica(writer: Writer<Self>) -> Replica<Self> {
        Replica::from_writer(writer)
    }

    /// Three that listen to each other.
    fn three() -> Vec<Replica<Self>> {
        (1..=3).map(|id| Self::replica(Writer::with_id(ReplicaId::from_u128(id)))).collect()
    }

    /// Whether a new replica is listened to by all.
    const IS_OPEN: bool = true;
}

impl Subject for Causal<OrSet<u8>> {
    fn write(n: u8, set: &mut Edit<'_, OrSet<u8>>) {
        if n % 4 == 3 {
            set.remove(&(n / 4 % 16));
        } else {
            set.insert(n / 4);
        }
    }
}

impl Subject for Causal<Map<u8, RwSet<u8>>> {
    fn write(n: u8, map: &mut Edit<'_, Map<u8, RwSet<u8>>>) {
        match n % 4 {
            0 | 1 => map.entry(n / 4 % 4).insert(n / 16),
            2 => map.entry(n / 4 % 4).remove(n / 16),
            _ => map.remove(&(n / 4 % 4)),
        }
    }
}

impl Subject for Causal<Shared<Counter>> {
    fn write(n: u8, shared: &mut <Self as Root>::Edit<'_>) {
        shared.data.add(i64::from(n) - 100);
    }

    fn replica(writer: Writer<Self>) -> Replica<Self> {
        let mut replica = Replica::in_group(writer);
        (1..3).for_each(|id| drop(replica.admit(ReplicaId::from_u128(id))));
        replica
    }

    fn three() -> Vec<Replica<Self>> {
        let writer = |id| Writer::with_id(ReplicaId::from_u128(id));
        let mut founder = Replica::found_as(writer(1));
        (2..=3).for_each(|id| drop(founder.admit(ReplicaId::from_u128(id))));
        vec![founder, Replica::in_group(writer(2)), Replica::in_group(writer(3))]
    }

    const IS_OPEN: bool = false;
}

impl Subject for Numbered<GCounter> {
    fn write(n: u8, counter: &mut <Self as Root>::Edit<'_>) {
        let _ = counter.increment(n.into());
    }
}

/// How long a head is: of a call all but the greeting; of data the kind, and whatever the kind says comes before the
/// fragment.
fn head(frame: &[u8]) -> usize {
    const CALL: usize = 11;
    let kind = frame[0];
    if kind < 0x80 {
        return frame.len().min(CALL);
    }
    let has = |flag: u8| kind & flag != 0;
    let (is_fragment, acknowledges, has_later, is_checked) = (has(2), has(4), has(8), has(16));
    let mut at = if is_checked { 5 } else { 1 };
    for is_there in [is_fragment && is_checked, acknowledges, has_later] {
        if is_there {
            at += frame[at..].iter().take_while(|byte| **byte >= 0x80).count() + 1;
        }
    }
    at
}

/// What becomes of a frame.
fn tamper(frame: &mut Vec<u8>, source: &mut Source<'_>) {
    let start = head(frame);
    let place = start + source.below(frame.len() - start);
    match source.below(6) {
        // It carries something else.
        0 => {
            let body: Vec<u8> = (0..source.below(48)).map(|_| source.byte()).collect();
            frame.truncate(start);
            frame.extend(body);
        }
        1 => frame.truncate(place),
        2 => frame.insert(place, source.byte()),
        3 if place < frame.len() => frame[place] = source.byte(),
        4 if place < frame.len() => frame[place] ^= 1 << source.below(8),
        _ => {
            let place = source.below(frame.len());
            frame[place] = source.byte();
        }
    }
}

fn talk<T: Subject>(chosen: u8, how: u8, source: &mut Source<'_>) {
    let mut config = Config::default();
    config.patience = 2_000;
    if chosen & 4 != 0 {
        // Frames have no check, so whatever becomes of them is looked at.
        config.carrier = Carrier::Ordered;
    }
    let mut replicas = [1, 2].map(|id| {
        let mut replica = T::replica(Writer::with_id(ReplicaId::from_u128(id)));
        let entries = if how & 1 == 0 { 1_000 } else { 0 };
        replica.set_log_bounds(LogBounds { entries, bytes: u64::MAX });
        replica
    });
    for n in 0..how / 2 {
        // Some is known to both.
        replicas[usize::from(n & 1)].edit_at(0, |edit| T::write(n.wrapping_mul(37), edit));
        if n == how / 8 {
            let both = replicas[0].state().clone();
            let _ = replicas[1].join(std::borrow::Cow::Owned(both));
        }
    }
    let mut links = [1, 2].map(|session| Link::<T>::new(session, config.clone()));
    let (mut now, mut is_honest) = (0, true);
    while !source.is_empty() {
        now += [0, 10, 300, 3_000][source.below(4)];
        for from in [0, 1] {
            for _ in 0..20 {
                let Some(mut frame) = links[from].poll_frame(&mut replicas[from], now) else { break };
                match source.below(4) {
                    0 | 1 => {}
                    2 => {
                        tamper(&mut frame, source);
                        is_honest = false;
                    }
                    _ => {
                        is_honest &= config.carrier == Carrier::Datagrams; // an ordered carrier loses none
                        continue;
                    }
                }
                let to = &mut replicas[1 - from];
                let (before, seen) = (to.state().encode(), to.version().clone());
                match links[1 - from].handle_frame(to, now, &frame) {
                    Ok(_) => {}
                    // A frame may bring several messages, of which the first were taken in.
                    Err(_) if *to.version() == seen => {
                        assert_eq!(to.state().encode(), before, "who refuses stays as it was");
                    }
                    Err(_) => assert!(to.has(&seen), "nothing is forgotten"),
                }
                assert!(
                    links[1 - from].held() <= 4 * (config.window + config.max_frame),
                    "memory is bounded"
                );
            }
        }
        let n = source.byte();
        if n % 8 == 7 {
            replicas[usize::from(n >> 7)].edit_at(now, |edit| T::write(n, edit));
        }
    }
    for mut replica in replicas {
        let bytes = replica.state().encode();
        assert!(T::decode(&bytes).is_ok_and(|again| again.encode() == bytes), "it can be saved and loaded");
        if T::IS_OPEN {
            meet_somebody_new(&mut replica, is_honest);
        }
    }
}

fn meet_somebody_new<T: Subject>(replica: &mut Replica<T>, is_honest: bool) {
    let mut newcomer = T::replica(Writer::with_id(ReplicaId::from_u128(3)));
    newcomer.edit_at(0, |edit| T::write(1, edit));
    let (mut there, mut back) = (Link::new(5, Config::default()), Link::new(6, Config::default()));
    for now in (0..100_000).step_by(100) {
        while let Some(frame) = there.poll_frame(replica, now) {
            back.handle_frame(&mut newcomer, now, &frame).expect("nobody lies here");
        }
        while let Some(frame) = back.poll_frame(&mut newcomer, now) {
            there.handle_frame(replica, now, &frame).expect("nobody lies here");
        }
        if replica.version() == newcomer.version() {
            let are_equal = replica.state() == newcomer.state();
            assert!(are_equal || !is_honest, "who knows the same has the same");
            return;
        }
    }
    panic!("they do not become equal");
}

/// Lets two talk.
///
/// # Panics
///
/// If the bytes show a mistake.
pub fn run(bytes: &[u8]) {
    let [chosen, how, script @ ..] = bytes else { return };
    let mut source = Source::new(script);
    match chosen % 4 {
        0 => talk::<Causal<OrSet<u8>>>(*chosen, *how, &mut source),
        1 => talk::<Causal<Map<u8, RwSet<u8>>>>(*chosen, *how, &mut source),
        2 => talk::<Causal<Shared<Counter>>>(*chosen, *how, &mut source),
        _ => talk::<Numbered<GCounter>>(*chosen, *how, &mut source),
    }
}
