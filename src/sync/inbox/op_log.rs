use alloc::collections::VecDeque;
use alloc::vec::Vec;

use super::Envelope;
use crate::Version;
use crate::codec::{DecodeError, Element, Input, Output, Shape, Wrong};

/// What an inbox has delivered: which events, and the last of their envelopes, to send them again.
///
/// ```text
/// a  1 2 3 4 5 6        the version: 1..=6 of a, 1..=4 of b
/// b  1 2 3 4
///    ------ -----
///    let go  kept: a:5 b:3 a:6 b:4, in the order in which they were delivered here
/// ```
///
/// Stored with the state, it is what an inbox [resumes](super::CausalInbox::resume) from. A log whose envelopes are not
/// the last ones of its version, in causal order, cannot be built or decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(
    feature = "serde",
    serde(try_from = "Unchecked<O>", bound(deserialize = "O: serde::Deserialize<'de>"))
)]
pub struct OpLog<O> {
    /// One interval for each replica, from 1.
    version: Version,
    /// The part of the version whose envelopes are not kept: again one interval for each replica, from 1.
    #[cfg_attr(feature = "serde", serde(skip))]
    let_go: Version,
    kept: VecDeque<Envelope<O>>,
}

impl<O> OpLog<O> {
    /// `None` if the envelopes are not the last ones of the version, in causal order.
    fn checked(version: Version, kept: VecDeque<Envelope<O>>) -> Option<Self> {
        let let_go = version.difference(&kept.iter().map(Envelope::dot).collect());
        let has_no_gaps =
            let_go.intervals().all(|(replica, first, last)| first == 1 && last == let_go.last(replica));
        let mut delivered = let_go.clone();
        let are_in_order = kept
            .iter()
            .all(|envelope| envelope.awaits(&delivered, None).is_none() && delivered.insert(envelope.dot()));
        (has_no_gaps && are_in_order && delivered == version).then_some(OpLog { version, let_go, kept })
    }

    /// All that has been delivered: the answer to who asks what we have. No replica's part has a gap.
    pub fn version(&self) -> &Version {
        &self.version
    }

    /// What was delivered here and is not in `seen`, in an order in which it can be delivered there; `None` if some of
    /// it is not kept any more, and the other has to begin with a state.
    ///
    /// `O(n)` for the `n` envelopes that were delivered since the first of them.
    pub fn since(&self, seen: &Version) -> Option<Vec<&Envelope<O>>> {
        let lacking = self.version.difference(seen);
        if lacking.intersects(&self.let_go) {
            return None;
        }
        let mut news: Vec<_> = Vec::new();
        let mut left = lacking.dot_count();
        for envelope in self.kept.iter().rev() {
            if left == 0 {
                break;
            }
            if lacking.contains(envelope.dot()) {
                news.push(envelope);
                left -= 1;
            }
        }
        news.reverse();
        Some(news)
    }

    /// Those of the events in `wanted` that are kept, in an order in which they can be delivered: the answer to who is
    /// [missing](super::CausalInbox::missing) some. `O(n log r)` for `n` envelopes that are kept.
    pub fn resend<'a>(&'a self, wanted: &'a Version) -> impl Iterator<Item = &'a Envelope<O>> {
        self.kept.iter().filter(|envelope| wanted.contains(envelope.dot()))
    }

    /// The envelopes that are kept, in the order in which they were delivered here.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Envelope<O>> + DoubleEndedIterator {
        self.kept.iter()
    }

    /// What is not kept any more.
    pub(super) fn let_go(&self) -> &Version {
        &self.let_go
    }

    pub(super) fn push(&mut self, envelope: Envelope<O>) {
        debug_assert!(envelope.awaits(&self.version, None).is_none(), "delivered before its time");
        let is_news = self.version.insert(envelope.dot());
        debug_assert!(is_news, "delivered twice");
        self.kept.push_back(envelope);
    }

    /// Lets the first envelope go.
    pub(super) fn pop(&mut self) -> Option<Envelope<O>> {
        let envelope = self.kept.pop_front()?;
        self.let_go.insert(envelope.dot());
        Some(envelope)
    }
}

/// The log of who has not delivered anything.
impl<O> Default for OpLog<O> {
    fn default() -> Self {
        OpLog { version: Version::new(), let_go: Version::new(), kept: VecDeque::new() }
    }
}

impl<O: Element> Element for OpLog<O> {
    fn shape(shape: &mut Shape) {
        shape.name("OpLog");
        O::shape(shape);
    }

    fn write(&self, out: &mut Output<'_>) {
        self.version.write(out);
        out.count(self.kept.len());
        self.kept.iter().for_each(|envelope| envelope.write(out));
    }

    fn read(input: &mut Input<'_>) -> Result<Self, DecodeError> {
        let version = Version::read(input)?;
        let n = input.count()?;
        input.room::<Envelope<O>>(n)?;
        let mut kept = VecDeque::with_capacity(n);
        for _ in 0..n {
            kept.push_back(Envelope::read(input)?);
        }
        OpLog::checked(version, kept).ok_or_else(|| input.error(Wrong::Value(SOUND)))
    }
}

const SOUND: &str = "a version and its last envelopes, in causal order";

#[cfg(feature = "serde")]
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Unchecked<O> {
    version: Version,
    kept: VecDeque<Envelope<O>>,
}

#[cfg(feature = "serde")]
impl<O> TryFrom<Unchecked<O>> for OpLog<O> {
    type Error = &'static str;

    fn try_from(Unchecked { version, kept }: Unchecked<O>) -> Result<Self, Self::Error> {
        OpLog::checked(version, kept).ok_or("this is not a version and its last envelopes, in causal order")
    }
}
