//! Which type something is of, in a few bytes.

use smallvec::SmallVec;

use super::{DecodeError, Input, Output, Wrong};

/// Says which type something is of: see [`Element::shape`](super::Element::shape).
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Shape(SmallVec<[u8; 32]>);

impl Shape {
    pub(super) fn of(write: fn(&mut Shape)) -> Self {
        let mut shape = Shape::default();
        write(&mut shape);
        shape
    }

    /// A type of your own, by a name. Parts that may vary, such as those of a generic type, come after it.
    pub fn name(&mut self, name: &str) {
        self.code(NAMED);
        self.number(name.len() as u64);
        self.0.extend_from_slice(name.as_bytes());
    }

    pub(crate) fn code(&mut self, code: u8) {
        self.0.push(code);
    }

    pub(super) fn number(&mut self, mut n: u64) {
        while n >= 0x80 {
            self.code(n.to_le_bytes()[0] | 0x80);
            n >>= 7;
        }
        self.code(n.to_le_bytes()[0]);
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// A short name of it, for what is too short to tell it in full: FNV-1a in 64 bits, of which the halves are put together.
    pub(super) fn hash(&self) -> [u8; 4] {
        let step = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01B3);
        let hash = self.0.iter().fold(0xCBF2_9CE4_8422_2325, step);
        let [a, b, c, d, ..] = (hash >> 32 ^ hash).to_le_bytes();
        [a, b, c, d]
    }

    pub(super) fn write(&self, out: &mut Output<'_>) {
        out.count(self.0.len());
        out.put(&self.0);
    }

    /// Reads some type, of so many bytes at most.
    pub(super) fn read(most: usize, input: &mut Input<'_>) -> Result<Self, DecodeError> {
        let n: usize = input.number()?;
        input.check(n <= most, Wrong::Type)?;
        Ok(Shape(SmallVec::from_vec(input.bytes(n)?)))
    }

    /// That it is this type, and not another.
    pub(super) fn check(&self, input: &mut Input<'_>) -> Result<(), DecodeError> {
        let n: usize = input.number()?;
        let is_same = n == self.0.len() && input.is_next(&self.0)?;
        input.check(is_same, Wrong::Type)
    }
}

pub(super) const UNIT: u8 = 0x01;
pub(super) const BOOL: u8 = 0x02;
pub(super) const U8: u8 = 0x03;
pub(super) const U16: u8 = 0x04;
pub(super) const U32: u8 = 0x05;
pub(super) const U64: u8 = 0x06;
pub(super) const U128: u8 = 0x07;
pub(super) const I8: u8 = 0x08;
pub(super) const I16: u8 = 0x09;
pub(super) const I32: u8 = 0x0A;
pub(super) const I64: u8 = 0x0B;
pub(super) const I128: u8 = 0x0C;
pub(super) const F32: u8 = 0x0D;
pub(super) const F64: u8 = 0x0E;
pub(super) const CHAR: u8 = 0x0F;
pub(super) const STRING: u8 = 0x10;
pub(super) const ARRAY: u8 = 0x11;
pub(super) const UUID: u8 = 0x12;
pub(super) const OPTION: u8 = 0x13;
pub(super) const TUPLE: u8 = 0x14;
pub(super) const VEC: u8 = 0x15;
pub(super) const SET: u8 = 0x16;
pub(super) const MAP: u8 = 0x17;
pub(super) const NAMED: u8 = 0x1F;
pub(super) const REPLICA: u8 = 0x20;
pub(super) const DOT: u8 = 0x21;
pub(super) const TICKS: u8 = 0x22;
pub(super) const STAMP: u8 = 0x23;
pub(super) const VERSION: u8 = 0x24;
pub(super) const DOTS: u8 = 0x30;
pub(super) const KEYED: u8 = 0x31;
pub(super) const RECORD: u8 = 0x32;
