//! A peer that says what it likes, byte by byte.

use rejoin::Version;
use rejoin::sync::{Link, Refused, Replica, Replicated};

use super::net::mix;

/// Says what it likes to a link.
pub(crate) struct Forger {
    /// When it speaks.
    pub(crate) now: u64,
    theirs: u32,
    said: u64,
}

impl Forger {
    const SESSION: u32 = 0xBAD;

    /// Gets acquainted, with another version than the replica's.
    pub(crate) fn meet<T: Replicated>(link: &mut Link<T>, replica: &mut Replica<T>) -> Self {
        let call = link.poll_frame(replica, 0).unwrap();
        let theirs = u32::from_le_bytes(call[2..6].try_into().unwrap());
        // The greeting tells the type of the state, and the fingerprint of a version.
        let mut greeting = call[11..].to_vec();
        greeting[5] ^= 1;
        let mut answer = vec![b'r', 3];
        answer.extend(Forger::SESSION.to_le_bytes());
        answer.extend(theirs.to_le_bytes());
        answer.push(1);
        answer.extend(greeting);
        link.handle_frame(replica, 0, &answer).unwrap();
        Forger { now: 0, theirs, said: 0 }
    }

    pub(crate) fn say<T: Replicated>(
        &mut self,
        link: &mut Link<T>,
        replica: &mut Replica<T>,
        message: &[u8],
    ) -> Result<bool, Refused> {
        self.said += 1;
        // A checked frame with the whole of a message.
        let (kind, mut rest) = (0x80 | 1 | 2 | 16, leb128(self.said));
        rest.extend(message);
        let check = check(Forger::SESSION, self.theirs, kind, &rest);
        let frame = [&[kind][..], &check.to_le_bytes(), &rest].concat();
        link.handle_frame(replica, self.now, &frame)
    }
}

fn check(sender: u32, receiver: u32, kind: u8, rest: &[u8]) -> u32 {
    let mut state = mix(u64::from(sender) << 32 | u64::from(receiver)) ^ u64::from(kind);
    let (words, tail) = rest.as_chunks::<8>();
    let mut last = [0; 8];
    last[..tail.len()].copy_from_slice(tail);
    for word in words.iter().chain([&last]) {
        state = mix(state ^ u64::from_le_bytes(*word));
    }
    (mix(state ^ rest.len() as u64) >> 32) as u32
}

fn leb128(mut n: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while n > 127 {
        bytes.push(n as u8 | 128);
        n >>= 7;
    }
    bytes.push(n as u8);
    bytes
}

/// Tells a version, as all that the forger has.
pub(crate) fn have(version: &Version) -> Vec<u8> {
    let mut message = vec![1];
    message.extend(leb128(version.replicas().count() as u64));
    let mut print = 0_u128;
    for replica in version.replicas() {
        message.push(0); // no number, but the whole id
        message.extend(replica.as_u128().to_be_bytes());
        let runs: Vec<_> = version.intervals().filter(|(id, _, _)| *id == replica).collect();
        message.extend(leb128(runs.len() as u64));
        let mut earliest = 1;
        for (_, first, last) in runs {
            message.extend(leb128(first - earliest));
            message.extend(leb128(last - first));
            earliest = last + 2;
            let ends = [last + 1, first].map(|counter| end(replica.as_u128(), counter));
            print = print.wrapping_add(ends[0].wrapping_sub(ends[1]));
        }
    }
    message.extend(((print >> 64) as u64).to_le_bytes());
    message
}

fn end(id: u128, counter: u64) -> u128 {
    let salt = u64::from(Forger::SESSION);
    let a = mix(salt ^ id as u64);
    let c = mix(mix(a ^ (id >> 64) as u64) ^ counter);
    let d = mix(c.rotate_left(32) ^ salt << 32 ^ a);
    u128::from(c) << 64 | u128::from(d)
}
