//! What a stream sends next.

use alloc::vec::Vec;

use super::frame::{Call, Data, HEAD, whole};
use super::incoming::Incoming;
use super::{Bytes, MOST_UNMET, Owed, Peer, Stream, numbers};
use crate::sync::{Carrier, Config};

impl Stream {
    /// The next frame to send, if there is any, but for messages that are yet to be [sent](Self::send).
    #[cfg(any(test, feature = "sim"))]
    #[cfg_attr(not(feature = "sim"), allow(dead_code, reason = "only adversaries use it"))]
    pub(in crate::sync) fn poll(&mut self, now: u64, config: &Config) -> Option<Vec<u8>> {
        self.poll_begun(now, config).or_else(|| self.poll_acknowledgement(now, config))
    }

    /// The next frame that is due before another message is begun: a call, a fragment once more, or the next one of a message.
    #[inline]
    pub(in crate::sync) fn poll_begun(&mut self, now: u64, config: &Config) -> Option<Vec<u8>> {
        // On an ordered carrier there is none as a rule.
        let has_none =
            config.carrier == Carrier::Ordered && self.outgoing.is_empty() && !self.is_calling(now, config);
        if has_none { None } else { self.poll_any_begun(now, config) }
    }

    fn poll_any_begun(&mut self, now: u64, config: &Config) -> Option<Vec<u8>> {
        self.polled = now;
        if let Some(call) = self.poll_call(now, config) {
            return Some(call.write());
        }
        let peer = self.peer?;
        // A peer that is not met gets each fragment once: it may be somebody who has not asked for anything.
        if config.carrier == Carrier::Datagrams
            && peer.is_met
            && let Some(frame) = self.poll_repeated(peer, now, config)
        {
            return Some(frame);
        }
        let most = most_in(config);
        let len = self.outgoing.next_len(most)?;
        if !self.window.has_room(config) || !self.may_send(len) {
            return None;
        }
        let (data, numbers) = (self.begin(config), numbers(config, self.mine, peer));
        let window = &mut self.window;
        self.outgoing.take(most, |bytes, is_last| {
            window.push(kept(bytes, config), bytes.len(), is_last, now);
            Data { fragment: Some(bytes), is_last, ..data }.write(numbers)
        })
    }

    /// The frame that brings a message, which is what `bytes` hold. If it takes several, or there is none to be sent now, the
    /// message [waits](Self::send).
    pub(in crate::sync) fn poll_message(
        &mut self,
        bytes: &mut Vec<u8>,
        now: u64,
        config: &Config,
    ) -> Option<Vec<u8>> {
        let is_one = bytes.len() <= most_in(config) && self.outgoing.is_empty() && self.may_send(bytes.len());
        let Some(peer) = self.peer.filter(|_| is_one) else {
            self.send(Bytes::Own(core::mem::take(bytes)));
            return self.poll_begun(now, config);
        };
        if config.carrier == Carrier::Ordered && self.owed.fragments == 0 {
            self.window.push(Vec::new(), bytes.len(), true, now);
            return Some(whole(bytes));
        }
        let data = self.begin(config);
        self.window.push(kept(bytes, config), bytes.len(), true, now);
        let data = Data { fragment: Some(bytes), is_last: true, ..data };
        Some(data.write(numbers(config, self.mine, peer)))
    }

    /// A frame that acknowledges, if it is time.
    pub(in crate::sync) fn poll_acknowledgement(&mut self, now: u64, config: &Config) -> Option<Vec<u8>> {
        let is_due = self.owed.at.is_some_and(|at| now >= at);
        let peer = self.peer.filter(|_| is_due)?;
        Some(acknowledgement(&self.incoming, &mut self.owed).write(numbers(config, self.mine, peer)))
    }

    fn poll_repeated(&mut self, peer: Peer, now: u64, config: &Config) -> Option<Vec<u8>> {
        let pace = self.pace(now, config);
        let (number, bytes, is_last) = self.window.repeat(now, pace, config)?;
        // A call that was lost is not repeated by itself once the peer is met.
        self.must_call |= !peer.has_met && now >= self.call_at;
        let acknowledgement = acknowledgement(&self.incoming, &mut self.owed);
        let data = Data { number, fragment: Some(bytes), is_last, ..acknowledgement };
        Some(data.write(Some((self.mine, peer.number))))
    }

    /// What the next fragment's frame says beside it: on an ordered carrier an acknowledgement only if one is owed.
    fn begin(&mut self, config: &Config) -> Data<'static> {
        if config.carrier == Carrier::Ordered && self.owed.fragments == 0 {
            return Data::default();
        }
        let number = self.window.next();
        Data { number, ..acknowledgement(&self.incoming, &mut self.owed) }
    }

    /// Whether the peer has shown that it reads what it is sent, or a fragment of so many bytes is little.
    fn may_send(&self, len: usize) -> bool {
        self.peer.is_some_and(|peer| peer.is_met) || self.window.bytes() + len <= MOST_UNMET
    }

    fn poll_call(&mut self, now: u64, config: &Config) -> Option<Call> {
        let (mine, greeting) = (self.mine, self.greeting);
        if let Some(yours) = self.hint.take() {
            return Some(Call { mine, yours, is_met: false, greeting });
        }
        if !self.is_calling(now, config) {
            return None;
        }
        let heard = *self.heard.get_or_insert(now);
        let is_met = self.peer.is_some_and(|peer| peer.is_met);
        self.must_call = false;
        // The longer nothing is heard, the longer the next call waits.
        let silence = now.saturating_sub(heard) / 2;
        let wait = silence.clamp(config.retry, config.retry_at_most.max(config.retry));
        (self.called_at, self.call_at) = (now, now.saturating_add(wait));
        let yours = self.peer.as_mut().map_or(0, |peer| {
            peer.is_called = true;
            peer.number
        });
        Some(Call { mine, yours, is_met, greeting })
    }

    #[inline]
    fn is_calling(&self, now: u64, config: &Config) -> bool {
        // A peer that was heard just now has not been silent for long enough.
        let is_near = self.peer.is_some_and(|peer| peer.is_met)
            && self.heard.is_some_and(|heard| now <= heard.saturating_add(config.retry.saturating_mul(4)));
        self.must_call || self.hint.is_some() || !is_near && self.calls_at(config).is_some_and(|at| now >= at)
    }
}

/// The bytes of a fragment, at most.
fn most_in(config: &Config) -> usize {
    config.max_frame.saturating_sub(HEAD).max(1)
}

/// What is kept of a fragment to send it again: nothing on an ordered carrier.
fn kept(bytes: &[u8], config: &Config) -> Vec<u8> {
    if config.carrier == Carrier::Datagrams { bytes.to_vec() } else { Vec::new() }
}

/// A frame that acknowledges all that has come in; nothing is owed then.
pub(super) fn acknowledgement(incoming: &Incoming, owed: &mut Owed) -> Data<'static> {
    *owed = Owed::default();
    Data { acknowledged: Some(incoming.expected()), later: incoming.later(), ..Data::default() }
}
