//! Settling: what is folded and dropped, when that is right, and what goes wrong otherwise.

use rejoin::store::Refused;
use rejoin::*;

mod bytes;
mod random;
mod rules;

fn id(n: u128) -> ReplicaId {
    ReplicaId::from_u128(n)
}

fn writer<S: Store + 'static>(n: u128) -> Writer<Causal<S>> {
    Writer::<Causal<S>>::with_id(id(n))
}

fn dot(replica: u128, counter: u64) -> Dot {
    Dot::new(id(replica), counter).unwrap()
}

/// All events of the given replicas up to those.
fn up_to(ends: &[(u128, u64)]) -> Version {
    ends.iter().flat_map(|(replica, last)| (1..=*last).map(|counter| dot(*replica, counter))).collect()
}

/// The increments of a counter, as (replica, counter, amount).
fn increments(state: &Causal<Counter>) -> Vec<(u128, u64, i64)> {
    let facts = state.facts(|counter| Some(counter.inner()));
    facts.map(|(dot, n)| (dot.replica().as_u128(), dot.counter(), *n)).collect()
}

/// What is stable at a state: in an acknowledgement of each member whose own events, as far as that acknowledgement knows
/// them, are all here.
fn stable<S>(here: &Causal<S>, acknowledged: &[Vec<(ReplicaId, Version)>]) -> Version {
    let of_member = |given: &Vec<(ReplicaId, Version)>| -> Version {
        let is_known = |(member, version): &&(ReplicaId, Version)| {
            version.dots().filter(|dot| dot.replica() == *member).all(|dot| here.version().contains(dot))
        };
        given.iter().filter(is_known).flat_map(|(_, version)| version.dots()).collect()
    };
    let of_members: Vec<Version> = acknowledged.iter().map(of_member).collect();
    here.version().dots().filter(|dot| of_members.iter().all(|version| version.contains(*dot))).collect()
}
