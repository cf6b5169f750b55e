//! Replicas of groups that meet as the test says, and what their events make of themselves.

use std::sync::atomic::{AtomicU64, Ordering};

use rejoin::sync::{Config, Link, PeerName, Refused, Replica, Shared};
use rejoin::{Causal, Counter, Delta, DwFlag, Newtype, ReplicaId, RwSet, Version, Writer, record};

use super::net::mix;

record! {
    #[derive(Debug, PartialEq, Codec)]
    pub(crate) struct Ledger {
        pub(crate) sold: Counter,
        pub(crate) banned: RwSet<u8>,
        pub(crate) open: DwFlag,
    }
}

pub(crate) type State = Causal<Shared<Ledger>>;
pub(crate) type Group = Replica<State>;

/// Ids in a row: `id`, `id + 1000`, and so on.
pub(crate) fn writer(id: u128) -> Writer<State> {
    let next = AtomicU64::new(0);
    let ids = move || ReplicaId::from_u128(id + 1_000 * u128::from(next.fetch_add(1, Ordering::Relaxed)));
    Writer::with_ids(Causal::default(), ids)
}

pub(crate) fn sell(group: &mut Group, n: i64) {
    group.edit_at(0, |shared| shared.data.sold.add(n));
}

pub(crate) fn sold(group: &Group) -> i128 {
    group.data.sold.get()
}

/// What a reader sees.
pub(crate) fn reading(state: &State) -> (i128, Vec<u8>, bool) {
    let data = &state.data;
    (data.sold.get(), data.banned.iter().copied().collect(), data.open.is_enabled())
}

/// How two replicas meet.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Meeting {
    /// Whether each side vouches for the other, in this order.
    pub(crate) vouched: [bool; 2],
    /// After so many rounds the link breaks.
    pub(crate) rounds: u64,
}

impl Meeting {
    pub(crate) const PLAIN: Meeting = Meeting { vouched: [false; 2], rounds: 40 };
    pub(crate) const VOUCHED: Meeting = Meeting { vouched: [true; 2], rounds: 40 };
}

/// Two replicas talk until nothing is left to say, or one of them has refused something three times. Then each says once more what it
/// has. `after` is called whenever one of the replicas has taken in a frame.
#[allow(clippy::needless_pass_by_value, reason = "the replicas are lent one by one")]
pub(crate) fn meet(
    replicas: [&mut Group; 2],
    names: [u128; 2],
    meeting: Meeting,
    seed: u64,
    mut after: impl FnMut(usize, &Group),
) -> Vec<Refused> {
    let mut links = [0, 1].map(|side| {
        let link = Link::new(mix(seed + side as u64) as u32, Config::default());
        if meeting.vouched[side] { link.vouched_for(PeerName::from_u128(names[1 - side])) } else { link }
    });
    let mut refused = Vec::new();
    let mut idle = 0;
    for now in 0..meeting.rounds {
        let mut is_idle = true;
        for from in [0, 1] {
            while let Some(frame) = links[from].poll_frame(&mut *replicas[from], now) {
                is_idle = false;
                let result = links[1 - from].handle_frame(&mut *replicas[1 - from], now, &frame);
                after(1 - from, &*replicas[1 - from]);
                refused.extend(result.err());
                if refused.len() >= 3 {
                    return refused;
                }
            }
        }
        if is_idle {
            idle += 1;
            if idle == 3 {
                break;
            }
            links.iter_mut().for_each(Link::tell);
        }
    }
    refused
}

/// Replicas, and all that they have written.
#[derive(Default)]
pub(crate) struct World {
    pub(crate) replicas: Vec<Group>,
    seen: Vec<Version>,
    deltas: Vec<Delta<Shared<Ledger>>>,
    /// What groups had settled when they united: each is one piece for the others.
    pieces: Vec<State>,
    meetings: u64,
    seed: u64,
}

impl World {
    pub(crate) fn new(seed: u64) -> Self {
        World { seed, ..World::default() }
    }

    pub(crate) fn add(&mut self, replica: Group) -> usize {
        self.replicas.push(replica);
        self.seen.push(Version::new());
        self.note(self.replicas.len() - 1);
        self.replicas.len() - 1
    }

    /// One that goes on with what others have written down already.
    #[cfg(feature = "serde")]
    pub(crate) fn restore(&mut self, replica: Group) -> usize {
        self.seen.push(replica.version().clone());
        self.replicas.push(replica);
        self.replicas.len() - 1
    }

    /// A newcomer, or a founder.
    pub(crate) fn begin(&mut self, is_founder: bool) -> usize {
        let writer = writer(self.replicas.len() as u128 + 1);
        self.add(if is_founder { Group::found_as(writer) } else { Group::in_group(writer) })
    }

    pub(crate) fn fork(&mut self, parent: usize) -> usize {
        let fork = self.replicas[parent].fork_member();
        self.note(parent);
        self.add(fork)
    }

    pub(crate) fn id(&self, at: usize) -> ReplicaId {
        self.replicas[at].id()
    }

    pub(crate) fn write(&mut self, at: usize, choice: u64) {
        let place = (choice >> 16) as u8 % 2;
        self.replicas[at].edit_at(0, |shared| match choice % 10 {
            0..=2 => shared.data.sold.add(1 + (choice >> 8) as i64 % 9),
            3..=5 => shared.data.sold.reset(),
            6 => shared.data.banned.insert(place),
            7 => shared.data.banned.remove(place),
            8 => shared.data.open.enable(),
            _ => shared.data.open.disable(),
        });
        self.note(at);
    }

    pub(crate) fn sell(&mut self, at: usize, n: i64) {
        sell(&mut self.replicas[at], n);
        self.note(at);
    }

    pub(crate) fn reset(&mut self, at: usize) {
        self.replicas[at].edit_at(0, |shared| shared.data.sold.reset());
        self.note(at);
    }

    pub(crate) fn admit(&mut self, by: usize, id: ReplicaId) {
        let _ = self.replicas[by].admit(id);
        self.note(by);
    }

    pub(crate) fn retire(&mut self, by: usize, id: ReplicaId) {
        let _ = self.replicas[by].retire(id);
        self.note(by);
    }

    pub(crate) fn settle(&mut self, at: usize) -> bool {
        let is_news = self.replicas[at].settle();
        self.note(at);
        is_news
    }

    /// Settles, and keeps the log.
    pub(crate) fn settle_all(&mut self, at: usize) -> bool {
        let stable = self.replicas[at].stable();
        self.replicas[at].settle_all(&stable)
    }

    pub(crate) fn meet(&mut self, a: usize, b: usize, meeting: Meeting) -> Vec<Refused> {
        self.meetings += 1;
        let seed = mix(self.seed ^ self.meetings << 32);
        let mut replicas = std::mem::take(&mut self.replicas);
        let [first, second] = replicas.get_disjoint_mut([a, b]).unwrap();
        let names = [a as u128, b as u128];
        let refused =
            meet([first, second], names, meeting, seed, |side, group| self.note_of([a, b][side], group));
        self.replicas = replicas;
        refused
    }

    fn note(&mut self, at: usize) {
        let replicas = std::mem::take(&mut self.replicas);
        self.note_of(at, &replicas[at]);
        self.replicas = replicas;
    }

    /// Writes down what a replica has written itself.
    fn note_of(&mut self, at: usize, replica: &Group) {
        let news = replica.version().difference(&self.seen[at]);
        let own: Version = news.dots().filter(|dot| dot.replica() == replica.id()).collect();
        self.seen[at] = replica.version().clone();
        if own.is_empty() {
            return;
        }
        let delta = replica.since(&replica.version().difference(&own)).expect("it has just written it");
        let delta = delta.only(&own);
        let is_own = |founder| {
            replica.facts(|shared| shared.united.inner().get(founder)).any(|(dot, ())| own.contains(dot))
        };
        let is_union = replica.united.iter().any(is_own);
        if is_union {
            let unions = |founder| replica.facts(move |shared| shared.united.inner().get(founder));
            let unions = replica.united.iter().flat_map(unions).map(|(dot, ())| dot).collect();
            let unsettled = replica.version().difference(replica.horizon());
            assert!(unsettled.difference(&unions).is_empty(), "a group that unites is at rest");
            self.pieces.push(replica.state().clone());
        }
        self.deltas.push(delta);
    }

    /// What the events of a replica make, one by one, where nobody ever settles; only what a group had settled before it united comes
    /// in one piece.
    pub(crate) fn twin(&self, at: usize) -> State {
        let version = self.replicas[at].version();
        let mut twin = State::default();
        for piece in self.pieces.iter().filter(|piece| version.covers(piece.version())) {
            twin.join_ref(piece);
        }
        let mut waiting: Vec<_> = self.deltas.iter().map(|delta| delta.only(version)).collect();
        loop {
            let before = waiting.len();
            waiting.retain(|delta| {
                let news = delta.without(twin.version());
                !news.is_empty() && twin.try_apply(news).is_err()
            });
            if waiting.is_empty() {
                return twin;
            }
            assert!(waiting.len() < before, "the events of a replica stand on each other");
        }
    }

    /// Each replica reads what its events make; and those that have seen and settled the same are equal.
    pub(crate) fn check(&self) -> Result<(), String> {
        for (at, replica) in self.replicas.iter().enumerate() {
            let twin = self.twin(at);
            if twin.version() != replica.version() {
                return Err(format!("replica {at} has events that nobody wrote"));
            }
            if reading(&twin) != reading(replica) {
                return Err(format!(
                    "replica {at} reads {:?}, its events say {:?}",
                    reading(replica),
                    reading(&twin)
                ));
            }
            for (other, theirs) in self.replicas.iter().enumerate().take(at) {
                if theirs.same_version(replica) && theirs.state() != replica.state() {
                    return Err(format!("replicas {other} and {at} differ at one version"));
                }
            }
        }
        Ok(())
    }
}
