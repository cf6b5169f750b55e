//! Messages in order and exactly once, over a network that loses, repeats and reorders.
//!
//! A message is cut into fragments; a frame carries at most one. Frames are numbered, acknowledged, and sent again when
//! nobody acknowledges them. A conversation is named by two numbers that its sides drew. Who begins anew draws another, and
//! says that it is here; the other side tells its own number; and whoever then speaks to that number is the other side from
//! now on. No fragments are sent before both numbers are known, so late frames of earlier conversations do no harm.
//!
//! ```text
//! frame   'r' FORMAT | mine u32 | yours u32, 0 if unknown | acknowledged | those after it, as bits | number and end | bytes
//! ```

use alloc::collections::{BTreeMap, VecDeque};
use alloc::vec::Vec;

use smallvec::SmallVec;

use super::Config;
use super::sketch::{high, mix};
use crate::codec::{DecodeError, Input, Limits, Output, Wrong};

const MAGIC: u8 = b'r';
const FORMAT: u8 = 1;
/// What a frame has beside a fragment, at most.
const HEAD: usize = 2 + 4 + 4 + 10 + 5 + 10;
/// How many numbers that the other side had before are remembered.
const REMEMBERED: usize = 16;
/// How many later frames must have arrived for an earlier one to be taken as lost.
const LOST_AFTER: usize = 3;

/// What has happened to a conversation when a frame came in.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Arrival {
    /// It goes on; these messages are complete.
    Messages(Vec<Vec<u8>>),
    /// The other side has begun anew: what was known of it is void. Then these messages.
    Anew(Vec<Vec<u8>>),
}

#[derive(Debug)]
pub(super) struct Stream {
    mine: u32,
    yours: Option<u32>,
    /// Fragments that have not been sent.
    queue: VecDeque<Fragment>,
    flight: VecDeque<Flight>,
    flying: usize,
    next: u64,
    /// How many fragments have been sent, those sent again counted again.
    turns: u64,
    /// The next number that is expected; and fragments that came before their turn.
    expected: u64,
    early: BTreeMap<u64, Fragment>,
    early_bytes: usize,
    /// The message that is being put together.
    partial: Vec<u8>,
    owes_ack: bool,
    /// Who is to be told this side's number.
    hint: Option<u32>,
    /// The numbers that the other side had before.
    dead: Vec<u32>,
    /// When to say again that this side is here, as long as the other is not known.
    call_at: u64,
    /// Round trip, smoothed, in milliseconds.
    round_trip: Option<u64>,
    /// When something was last heard of the other side; before that, when something was first sent to it.
    heard: Option<u64>,
    /// When it was last asked what to send.
    polled: u64,
    /// When a message of several fragments last went on, here or there.
    went_on: u64,
}

#[derive(Debug)]
struct Fragment {
    is_last: bool,
    bytes: Vec<u8>,
}

#[derive(Debug)]
struct Flight {
    number: u64,
    fragment: Fragment,
    sent: u64,
    tries: u32,
    has_arrived: bool,
    /// When it was sent last: its place among all that were sent.
    turn: u64,
    /// How many that were sent after it have arrived.
    passed: usize,
}

/// A frame that was read.
pub(super) struct Frame {
    head: Head,
    /// The number of the fragment, or 0 for none.
    number: u64,
    fragment: Fragment,
}

struct Head {
    mine: u32,
    yours: u32,
    /// The number that is expected next.
    acknowledged: u64,
    /// Which of those after it have come, as bits.
    later: u32,
}

impl Frame {
    pub(super) fn read(frame: &[u8]) -> Result<Self, DecodeError> {
        let limits = Limits::default();
        let mut input = Input::of(frame, &limits);
        let magic = input.byte()?;
        input.check(magic == MAGIC, Wrong::NotOurs)?;
        let format = input.byte()?;
        input.check(format == FORMAT, Wrong::Format(format))?;
        let mine = u32::from_le_bytes(input.array()?);
        let yours = u32::from_le_bytes(input.array()?);
        let acknowledged = input.number()?;
        let later = input.number()?;
        let number: u64 = input.number()?;
        let fragment = Fragment { is_last: number & 1 == 1, bytes: input.rest() };
        let is_sound = mine != 0 && (number > 1 && yours != 0 || number == 0 && fragment.bytes.is_empty());
        input.check(is_sound, Wrong::Value("a frame"))?;
        let head = Head { mine, yours, acknowledged, later };
        Ok(Frame { head, number: number >> 1, fragment })
    }
}

impl Head {
    fn write(&self, number: u64, bytes: &[u8]) -> Vec<u8> {
        let mut out = Output::default();
        out.put(&[MAGIC, FORMAT]);
        out.put(&self.mine.to_le_bytes());
        out.put(&self.yours.to_le_bytes());
        out.number(self.acknowledged);
        out.number(self.later);
        out.number(number);
        out.put(bytes);
        out.finish()
    }
}

impl Stream {
    /// `session` names this side of the conversation, and is not 0.
    pub(super) fn new(session: u32) -> Self {
        Stream {
            mine: session,
            yours: None,
            queue: VecDeque::new(),
            flight: VecDeque::new(),
            flying: 0,
            next: 1,
            turns: 0,
            expected: 1,
            early: BTreeMap::new(),
            early_bytes: 0,
            partial: Vec::new(),
            owes_ack: false,
            hint: None,
            dead: Vec::new(),
            call_at: 0,
            round_trip: None,
            heard: None,
            polled: 0,
            went_on: 0,
        }
    }

    /// This side's number and the other's, once it is known.
    pub(super) fn sessions(&self) -> (u32, Option<u32>) {
        (self.mine, self.yours)
    }

    /// Whether there is room for another message.
    pub(super) fn has_room(&self, config: &Config) -> bool {
        self.queue.is_empty() && self.flying < config.window
    }

    /// Whether all that was sent has arrived.
    pub(super) fn is_quiet(&self) -> bool {
        self.queue.is_empty() && self.flight.is_empty()
    }

    /// When a message of several fragments last went on, here or there.
    pub(super) fn went_on(&self) -> u64 {
        self.went_on
    }

    /// What it holds, in bytes.
    pub(super) fn held(&self) -> usize {
        let queued: usize = self.queue.iter().map(|fragment| fragment.bytes.len()).sum();
        queued + self.flying + self.early_bytes + self.partial.len()
    }

    /// Hands over a message.
    pub(super) fn send(&mut self, message: &[u8], config: &Config) {
        let mut fragments = message.chunks(config.max_frame.saturating_sub(HEAD).max(1)).peekable();
        while let Some(bytes) = fragments.next() {
            self.queue.push_back(Fragment { is_last: fragments.peek().is_none(), bytes: bytes.to_vec() });
        }
    }

    /// Takes in a frame.
    pub(super) fn handle(&mut self, frame: Frame, now: u64, config: &Config) -> Result<Arrival, DecodeError> {
        let Frame { head, number, fragment } = frame;
        let is_known = self.yours == Some(head.mine);
        if head.yours != self.mine {
            // It speaks to nobody yet, or to whom this side was before; and may have been on its way for long. If whoever has
            // sent it is still there, it shall answer to the number that this side has now.
            if head.yours == 0 && self.yours.is_none() {
                (self.yours, self.heard) = (Some(head.mine), Some(now));
                self.owes_ack = true;
            } else if is_known {
                self.owes_ack = true;
            } else if !self.dead.contains(&head.mine) {
                self.hint = Some(head.mine);
            }
            return Ok(Arrival::Messages(Vec::new()));
        }
        let mut is_anew = false;
        if !is_known && let Some(yours) = self.yours {
            let is_lost =
                now.saturating_sub(self.heard.unwrap_or(now)) > self.patience(config).saturating_mul(10);
            if !self.dead.contains(&head.mine) {
                // It knows this side's number, so it is the other side, under another number. No way leads back.
                let mut dead = core::mem::take(&mut self.dead);
                dead.truncate(REMEMBERED - 1);
                dead.insert(0, yours);
                *self = Stream { round_trip: self.round_trip, dead, ..Stream::new(self.mine) };
                is_anew = true;
            } else if is_lost {
                // That was a mistake: whom this side took for the other is gone.
                *self = Stream::new(high(mix(self.mine.into())).max(1));
                return Ok(Arrival::Anew(Vec::new()));
            } else {
                return Ok(Arrival::Messages(Vec::new()));
            }
        }
        if head.acknowledged > self.next {
            return Err(DecodeError { at: 0, wrong: Wrong::Value("an acknowledgement of what was sent") });
        }
        (self.yours, self.heard) = (Some(head.mine), Some(now));
        self.acknowledge(&head, now);
        let mut messages = Vec::new();
        if number != 0 {
            self.owes_ack = true;
            self.take(number, fragment, config, &mut messages)?;
            if !self.partial.is_empty() {
                self.went_on = now;
            }
        }
        Ok(if is_anew { Arrival::Anew(messages) } else { Arrival::Messages(messages) })
    }

    fn take(
        &mut self,
        number: u64,
        fragment: Fragment,
        config: &Config,
        messages: &mut Vec<Vec<u8>>,
    ) -> Result<(), DecodeError> {
        if number > self.expected {
            let size = fragment.bytes.len() + HEAD;
            // What there is no room for will come again.
            if self.early_bytes + size <= config.window && !self.early.contains_key(&number) {
                self.early_bytes += size;
                self.early.insert(number, fragment);
            }
            return Ok(());
        }
        if number < self.expected {
            return Ok(());
        }
        let mut next = Some(fragment);
        while let Some(fragment) = next {
            self.expected += 1;
            if (self.partial.len() + fragment.bytes.len()) as u64 > config.limits.bytes {
                return Err(DecodeError { at: 0, wrong: Wrong::Limit("bytes") });
            }
            self.partial.extend_from_slice(&fragment.bytes);
            if fragment.is_last {
                messages.push(core::mem::take(&mut self.partial));
            }
            next = self.early.remove(&self.expected);
            self.early_bytes -= next.as_ref().map_or(0, |fragment| fragment.bytes.len() + HEAD);
        }
        Ok(())
    }

    fn acknowledge(&mut self, head: &Head, now: u64) {
        // The turns of those that have arrived, and surely in that turn: in order, since they were sent once.
        let mut arrived: SmallVec<[u64; 8]> = SmallVec::new();
        for flight in self.flight.iter_mut().filter(|flight| !flight.has_arrived) {
            let is_later = flight
                .number
                .checked_sub(head.acknowledged + 1)
                .is_some_and(|bit| bit < 32 && head.later >> bit & 1 == 1);
            if flight.number < head.acknowledged || is_later {
                flight.has_arrived = true;
                self.flying -= flight.fragment.bytes.len();
                if flight.tries == 1 {
                    arrived.push(flight.turn);
                    let took = now.saturating_sub(flight.sent).max(1);
                    self.round_trip = Some(
                        self.round_trip.map_or(took, |mean| mean.saturating_mul(7).saturating_add(took) / 8),
                    );
                }
            }
        }
        // What was sent again is not overtaken by what was sent before that: else each acknowledgement would call for more.
        for flight in self.flight.iter_mut().filter(|flight| !flight.has_arrived) {
            flight.passed += arrived.len() - arrived.partition_point(|turn| *turn < flight.turn);
        }
        while self.flight.front().is_some_and(|flight| flight.has_arrived) {
            self.flight.pop_front();
            if !self.queue.is_empty() {
                self.went_on = now;
            }
        }
    }

    /// The next frame to send, if there is any.
    pub(super) fn poll(&mut self, now: u64, config: &Config) -> Option<Vec<u8>> {
        self.polled = now;
        if let Some(yours) = self.hint.take() {
            return Some(Head { mine: self.mine, yours, acknowledged: 1, later: 0 }.write(0, &[]));
        }
        let heard = *self.heard.get_or_insert(now);
        if self.yours.is_none() {
            let silence = now.saturating_sub(heard) / 2;
            return (now >= self.call_at).then(|| {
                let wait = silence.clamp(config.retry, config.retry_at_most.max(config.retry));
                self.call_at = now.saturating_add(wait);
                self.frame(None)
            });
        }
        // Who is not heard of gets one frame at a time.
        let is_silent = now.saturating_sub(heard) > self.patience(config).saturating_mul(4);
        let among = if is_silent { 1 } else { self.flight.len() };
        let lost = self.flight.iter().take(among).position(|flight| {
            !flight.has_arrived && (flight.passed >= LOST_AFTER || now >= self.again_at(flight, config))
        });
        if let Some(at) = lost {
            self.turns += 1;
            let flight = &mut self.flight[at];
            (flight.sent, flight.tries, flight.passed) = (now, flight.tries + 1, 0);
            flight.turn = self.turns;
            return Some(self.frame(Some(at)));
        }
        if self.flying < config.window
            && let Some(fragment) = self.queue.pop_front()
        {
            self.flying += fragment.bytes.len();
            let number = self.next;
            self.next += 1;
            self.turns += 1;
            self.flight.push_back(Flight {
                number,
                fragment,
                sent: now,
                tries: 1,
                has_arrived: false,
                turn: self.turns,
                passed: 0,
            });
            return Some(self.frame(Some(self.flight.len() - 1)));
        }
        self.owes_ack.then(|| self.frame(None))
    }

    /// When to poll again, if nothing comes in before.
    pub(super) fn timeout(&self, config: &Config) -> Option<u64> {
        if self.yours.is_none() {
            return Some(self.call_at);
        }
        let mut open = self.flight.iter().filter(|flight| !flight.has_arrived);
        let first = self.again_at(open.next()?, config);
        let any = open.map(|flight| self.again_at(flight, config)).fold(first, u64::min);
        let then = any.max(self.polled);
        let silence = then.saturating_sub(self.heard.unwrap_or(then));
        let is_silent = silence > self.patience(config).saturating_mul(4);
        Some(if is_silent { first } else { any })
    }

    /// How long to wait for an acknowledgement.
    fn patience(&self, config: &Config) -> u64 {
        self.round_trip
            .map_or(config.retry, |mean| mean.saturating_mul(2).saturating_add(mean / 2).max(config.retry))
    }

    /// When to send something again: ever later the longer nothing was heard.
    fn again_at(&self, flight: &Flight, config: &Config) -> u64 {
        let silence = flight.sent.saturating_sub(self.heard.unwrap_or(flight.sent));
        flight.sent.saturating_add(
            self.patience(config).max(silence / 2).min(config.retry_at_most.max(config.retry)),
        )
    }

    fn frame(&mut self, flight: Option<usize>) -> Vec<u8> {
        let mut later = 0_u32;
        for number in self.early.range(self.expected + 1..=self.expected + 32).map(|(number, _)| number) {
            later |= 1 << (number - self.expected - 1);
        }
        self.owes_ack = false;
        let head =
            Head { mine: self.mine, yours: self.yours.unwrap_or(0), acknowledged: self.expected, later };
        match flight.map(|at| &self.flight[at]) {
            Some(Flight { number, fragment, .. }) => {
                head.write(number << 1 | u64::from(fragment.is_last), &fragment.bytes)
            }
            None => head.write(0, &[]),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::sync::sketch::mix;

    fn deliver(side: &mut Stream, frame: &[u8], now: u64, config: &Config, got: &mut Vec<Vec<u8>>) {
        match side.handle(Frame::read(frame).unwrap(), now, config).unwrap() {
            Arrival::Messages(messages) | Arrival::Anew(messages) => got.extend(messages),
        }
    }

    proptest! {
        /// Whatever is lost, doubled and reordered, each side gets what the other has sent, in order.
        #[test]
        fn messages_arrive_once_and_in_order(
            seed: u64,
            sizes in prop::collection::vec(1..5_000usize, 1..30),
            loss in 0..60u64,
            doubled in 0..30u64,
        ) {
            let config = Config { max_frame: 300, window: 2_000, retry: 20, ..Config::default() };
            let sent: Vec<Vec<u8>> = (0..).zip(&sizes).map(|(n, size)| alloc::vec![n; *size]).collect();
            let mut sides = [Stream::new(1), Stream::new(2)];
            for message in &sent {
                sides.iter_mut().for_each(|side| side.send(message, &config));
            }
            let (mut got, mut wire, mut random) = ([Vec::new(), Vec::new()], Vec::new(), seed);
            let mut now = 0;
            while sides.iter().any(|side| !side.is_quiet()) {
                for from in [0, 1] {
                    while let Some(frame) = sides[from].poll(now, &config) {
                        prop_assert!(frame.len() <= config.max_frame);
                        for copy in 0..2 {
                            random = mix(random);
                            let keep = if copy == 0 { random % 100 >= loss } else { random % 100 < doubled };
                            if keep {
                                wire.push((now + 1 + random / 128 % 40, 1 - from, frame.clone()));
                            }
                        }
                    }
                }
                now += 1;
                prop_assert!(now < 1_000_000, "it ends");
                let due: Vec<_> = wire.extract_if(.., |(at, _, _)| *at <= now).collect();
                for (_, to, frame) in due {
                    deliver(&mut sides[to], &frame, now, &config, &mut got[to]);
                    prop_assert!(sides[to].early_bytes <= config.window);
                }
            }
            prop_assert_eq!(&got[0], &sent);
            prop_assert_eq!(&got[1], &sent);
        }

        #[test]
        fn nothing_that_comes_in_makes_it_panic(frames in prop::collection::vec(any::<Vec<u8>>(), 0..20), heads: bool) {
            let config = Config::default();
            let mut stream = Stream::new(7);
            for mut frame in frames {
                if heads && frame.len() > 10 {
                    frame[..2].copy_from_slice(&[MAGIC, FORMAT]);
                    frame[6..10].copy_from_slice(&7_u32.to_le_bytes());
                }
                let _ = Frame::read(&frame).and_then(|frame| stream.handle(frame, 0, &config));
                let _ = stream.poll(0, &config);
            }
        }
    }

    #[test]
    fn who_restarts_is_met_anew() {
        let config = Config::default();
        let (mut a, mut b, mut got) = (Stream::new(1), Stream::new(2), Vec::new());
        let talk = |a: &mut Stream, b: &mut Stream, now: u64, got: &mut Vec<Vec<u8>>| loop {
            let frames = [a.poll(now, &config), b.poll(now, &config)];
            let [there, back] = &frames;
            there.iter().for_each(|frame| deliver(b, frame, now, &config, got));
            back.iter().for_each(|frame| deliver(a, frame, now, &config, got));
            if frames == [None, None] {
                return;
            }
        };
        a.send(b"one", &config);
        talk(&mut a, &mut b, 0, &mut got);
        assert_eq!(got, [b"one".to_vec()]);
        b.send(b"for who was before", &config);
        let late = b.poll(1, &config).unwrap();
        let mut a = Stream::new(3);
        deliver(&mut a, &late, 1, &config, &mut got);
        assert_eq!(got.len(), 1, "not for who is now");
        talk(&mut a, &mut b, 1, &mut got);
        assert_eq!(b.sessions(), (2, Some(3)));
        a.send(b"two", &config);
        b.send(b"for who is now", &config);
        talk(&mut a, &mut b, 2, &mut got);
        assert_eq!(got[1..], [b"two".to_vec(), b"for who is now".to_vec()]);
        deliver(&mut a, &late, 3, &config, &mut got);
        assert_eq!(got.len(), 3);
    }
}
