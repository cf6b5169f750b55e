//! Which type something is of, in a few bytes.

use smallvec::SmallVec;

use super::{DecodeError, Input, Output, Wrong};

/// Says which type something is of: see [`Element::shape`](super::Element::shape).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shape(SmallVec<[u8; 32]>);

impl Shape {
    /// A type of your own, by a name. Parts that may vary, such as those of a generic type, come after it.
    pub fn name(&mut self, name: &str) {
        self.code(NAMED);
        self.number(name.len() as u64);
        self.0.extend_from_slice(name.as_bytes());
    }

    pub(crate) fn code(&mut self, code: u8) {
        self.0.push(code);
    }

    pub(super) fn number(&mut self, n: u64) {
        let mut out = Output::default();
        out.number(n);
        self.0.extend_from_slice(&out.finish());
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }

    pub(super) fn write(&self, out: &mut Output<'_>) {
        out.count(self.0.len());
        out.put(&self.0);
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
