//! The frames of links: every call of the frame interface in this program is here.

use rejoin::sync::{Link, Replica, Replicated, Swarm};

/// Appends all frames that a link has for the other side.
pub(crate) fn poll<T: Replicated>(
    link: &mut Link<T>,
    replica: &mut Replica<T>,
    now: u64,
    frames: &mut Vec<Vec<u8>>,
) {
    while let Some(frame) = link.poll_frame(replica, now) {
        frames.push(frame);
    }
}

/// Hands a frame to a link.
///
/// # Panics
///
/// If the link refuses it: all frames here are honest.
pub(crate) fn handle<T: Replicated>(link: &mut Link<T>, replica: &mut Replica<T>, now: u64, frame: &[u8]) {
    link.handle_frame(replica, now, frame).expect("a frame that is taken in");
}

/// Appends all frames that a swarm has, each with the number of its peer.
pub(crate) fn poll_swarm<T: Replicated>(
    swarm: &mut Swarm<T, usize>,
    replica: &mut Replica<T>,
    now: u64,
    frames: &mut Vec<(usize, Vec<u8>)>,
) {
    while let Some(frame) = swarm.poll_frame(replica, now) {
        frames.push(frame);
    }
}

/// Hands a frame of a peer to a swarm.
///
/// # Panics
///
/// If the swarm refuses it.
pub(crate) fn handle_swarm<T: Replicated>(
    swarm: &mut Swarm<T, usize>,
    replica: &mut Replica<T>,
    now: u64,
    peer: usize,
    frame: &[u8],
) {
    swarm.handle_frame(replica, now, peer, frame).expect("a frame that is taken in");
}
