//! The bytes of frames.
//!
//! ```text
//! call   'r' FORMAT | mine u32 | yours u32, 0 if unknown | 1 if yours has spoken to mine | greeting, 16 bytes
//! data   0x80 + flags | check u32 if CHECKED | number if FRAGMENT and CHECKED | acknowledged if ACKNOWLEDGES
//!                     | later, as bits, if LATER | the fragment, if FRAGMENT
//! ```
//!
//! `check` is keyed by the numbers of both sides and covers the whole frame: it tells this conversation from earlier ones
//! between the same two, and a frame from a damaged one. An ordered carrier does both itself, so its frames have
//! neither check nor number.

use alloc::vec::Vec;

use crate::codec::{DecodeError, Input, Limits, Output, Wrong};
use crate::sync::hash::{high, mix};

const MAGIC: u8 = b'r';
const FORMAT: u8 = 3;

const DATA: u8 = 0x80;
const END: u8 = 1;
const FRAGMENT: u8 = 1 << 1;
const ACKNOWLEDGES: u8 = 1 << 2;
const LATER: u8 = 1 << 3;
const CHECKED: u8 = 1 << 4;

/// The bytes of a data frame that are not its fragment, at most.
pub(super) const HEAD: usize = 1 + 4 + 10 + 10 + 10;

/// What a side says of itself before anything else: see [`Greeting`](crate::sync::greeting).
pub(in crate::sync) type Payload = [u8; 16];

#[derive(Debug)]
pub(in crate::sync) enum Frame<'a> {
    Call(Call),
    Data(Data<'a>),
}

/// "I am here."
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::sync) struct Call {
    pub(super) mine: u32,
    /// The number of the side that is called, or 0.
    pub(super) yours: u32,
    /// Whether the side that is called has shown that it knows `mine`: then the call needs no answer.
    pub(super) is_met: bool,
    pub(super) greeting: Payload,
}

#[derive(Debug, Default)]
pub(in crate::sync) struct Data<'a> {
    /// The keyed check, and the bytes that it covers.
    pub(super) check: Option<(u32, u8, &'a [u8])>,
    /// The fragment's number; 0 on an ordered carrier, which has no need of it.
    pub(super) number: u64,
    pub(super) fragment: Option<&'a [u8]>,
    /// Whether the fragment is the last of its message.
    pub(super) is_last: bool,
    /// The number that the sender expects next.
    pub(super) acknowledged: Option<u64>,
    /// The numbers after that which have arrived, as bits.
    pub(super) later: u64,
}

impl<'a> Frame<'a> {
    pub(in crate::sync) fn read(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        let limits = Limits::default();
        let mut input = Input::of(bytes, &limits);
        let kind = input.byte()?;
        if kind & DATA != 0 {
            return Data::read(kind, bytes, &mut input).map(Frame::Data);
        }
        input.check(kind == MAGIC, Wrong::NotOurs)?;
        let format = input.byte()?;
        input.check(format == FORMAT, Wrong::Format(format))?;
        let [mine, yours] = [input.array()?, input.array()?].map(u32::from_le_bytes);
        let (is_met, greeting) = (input.byte()?, input.array()?);
        let is_at_end = input.is_at_end();
        input.check(mine != 0 && is_met <= 1 && is_at_end, Wrong::Value("a call"))?;
        Ok(Frame::Call(Call { mine, yours, is_met: is_met == 1, greeting }))
    }
}

impl Call {
    pub(super) fn write(&self) -> Vec<u8> {
        let mut frame = Vec::with_capacity(27);
        frame.extend([MAGIC, FORMAT]);
        frame.extend(self.mine.to_le_bytes());
        frame.extend(self.yours.to_le_bytes());
        frame.push(u8::from(self.is_met));
        frame.extend(self.greeting);
        frame
    }
}

/// The frame of a whole message on an ordered carrier, when nothing is to be acknowledged: as most are.
pub(super) fn whole(message: &[u8]) -> Vec<u8> {
    let mut frame = Vec::with_capacity(HEAD + message.len());
    frame.push(DATA | FRAGMENT | END);
    frame.extend_from_slice(message);
    frame
}

impl<'a> Data<'a> {
    fn read(kind: u8, bytes: &'a [u8], input: &mut Input<'_>) -> Result<Self, DecodeError> {
        let has = |flag| kind & flag != 0;
        let mut data =
            Data { check: None, number: 0, fragment: None, is_last: has(END), acknowledged: None, later: 0 };
        if has(CHECKED) {
            let check = u32::from_le_bytes(input.array()?);
            data.check = Some((check, kind, &bytes[5..]));
            if has(FRAGMENT) {
                data.number = input.number()?;
                input.check(data.number > 0, Wrong::Number)?;
            }
        }
        if has(ACKNOWLEDGES) {
            data.acknowledged = Some(input.number()?);
        }
        if has(LATER) {
            data.later = input.number()?;
        }
        let rest = &bytes[input.position()..];
        let is_sound = kind < DATA | CHECKED << 1 && (has(FRAGMENT) || rest.is_empty() && !has(END));
        input.check(is_sound, Wrong::Value("a frame"))?;
        data.fragment = has(FRAGMENT).then_some(rest);
        Ok(data)
    }

    /// The frame's bytes, checked if `numbers` of the sender and the receiver are given.
    #[inline]
    pub(super) fn write(&self, numbers: Option<(u32, u32)>) -> Vec<u8> {
        let flag = |is_set: bool, flag: u8| if is_set { flag } else { 0 };
        let kind = DATA
            | flag(self.is_last, END)
            | flag(self.fragment.is_some(), FRAGMENT)
            | flag(self.acknowledged.is_some(), ACKNOWLEDGES)
            | flag(self.later != 0, LATER)
            | flag(numbers.is_some(), CHECKED);
        let fragment = self.fragment.unwrap_or_default();
        let mut frame = Vec::with_capacity(HEAD + fragment.len());
        frame.push(kind);
        if numbers.is_some() {
            frame.extend([0; 4]);
        }
        // Most frames of an ordered carrier have no numbers.
        if kind & (ACKNOWLEDGES | LATER | CHECKED) != 0 {
            let mut out = Output::after(frame);
            if numbers.is_some() && self.fragment.is_some() {
                out.number(self.number);
            }
            if let Some(acknowledged) = self.acknowledged {
                out.number(acknowledged);
            }
            if self.later != 0 {
                out.number(self.later);
            }
            frame = out.finish();
        }
        frame.extend_from_slice(fragment);
        if let Some((sender, receiver)) = numbers {
            let check = check(sender, receiver, kind, &frame[5..]);
            frame[1..5].copy_from_slice(&check.to_le_bytes());
        }
        frame
    }

    /// Whether the frame is one of the conversation between these two, and undamaged.
    pub(super) fn is_of(&self, sender: u32, receiver: u32) -> bool {
        self.check.is_some_and(|(given, kind, rest)| given == check(sender, receiver, kind, rest))
    }
}

/// Not a signature: whoever can read the calls of a conversation can compute it.
fn check(sender: u32, receiver: u32, kind: u8, rest: &[u8]) -> u32 {
    let mut state = mix(u64::from(sender) << 32 | u64::from(receiver)) ^ u64::from(kind);
    let (words, tail) = rest.as_chunks::<8>();
    for word in words {
        state = mix(state ^ u64::from_le_bytes(*word));
    }
    let mut last = [0; 8];
    last[..tail.len()].copy_from_slice(tail);
    state = mix(state ^ u64::from_le_bytes(last));
    high(mix(state ^ rest.len() as u64))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn frames_are_read_as_written(
            number in 1..u64::MAX,
            fragment: Option<Vec<u8>>,
            is_last: bool,
            acknowledged: Option<u64>,
            later: u64,
            numbers: Option<(u32, u32)>,
        ) {
            let data = Data {
                check: None,
                number,
                fragment: fragment.as_deref(),
                is_last: is_last && fragment.is_some(),
                acknowledged,
                later,
            };
            let bytes = data.write(numbers);
            let Frame::Data(read) = Frame::read(&bytes).unwrap() else { panic!("it is data") };
            let has_number = numbers.is_some() && fragment.is_some();
            prop_assert_eq!(read.number, if has_number { number } else { 0 });
            prop_assert_eq!(read.fragment, data.fragment);
            prop_assert_eq!((read.is_last, read.acknowledged, read.later), (data.is_last, acknowledged, later));
            if let Some((sender, receiver)) = numbers {
                prop_assert!(read.is_of(sender, receiver));
                prop_assert!(!read.is_of(sender.wrapping_add(1), receiver));
            }
        }

        #[test]
        fn a_changed_bit_is_noticed(fragment: Vec<u8>, at: prop::sample::Index, bit in 0..8) {
            let data = Data {
                check: None,
                number: 7,
                fragment: Some(&fragment),
                is_last: true,
                acknowledged: Some(3),
                later: 0,
            };
            let mut bytes = data.write(Some((1, 2)));
            let at = at.index(bytes.len());
            bytes[at] ^= 1_u8 << bit;
            if let Ok(Frame::Data(read)) = Frame::read(&bytes) {
                prop_assert!(!read.is_of(1, 2));
            }
        }
    }
}
