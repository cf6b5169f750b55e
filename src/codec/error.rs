use alloc::string::String;
use core::fmt;

/// Why some bytes are not what they were taken for. Nothing of them was used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecodeError {
    /// After how many bytes it was noticed.
    pub at: u64,
    /// What was wrong.
    pub wrong: Wrong,
}

/// What was wrong with some bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Wrong {
    /// They end too early.
    Truncated,
    /// They go on after the end.
    Trailing,
    /// They were not written by this crate.
    NotOurs,
    /// They are of a format of the future; `0` is the version of the format.
    Format(u8),
    /// They are something else: a state, say, where a delta was expected.
    Kind(u8),
    /// They are of another type, or of one of the future.
    Type,
    /// A record has a field that is not known here.
    Field(String),
    /// A number does not fit, or could be shorter.
    Number,
    /// Something comes twice, or is not in order.
    Order,
    /// Something is empty that would not have been written.
    Empty,
    /// A replica is named that nothing is said of, or one that there is not.
    Replica,
    /// A number stands for a name that was not told, or not for a name of this sort.
    Name,
    /// A version's intervals are empty, touching or out of bounds.
    Version,
    /// A fact or a change is of an event that is not among those that were seen.
    NotSeen,
    /// Something is ahead that was seen, or ahead of nothing.
    Ahead,
    /// Something is settled that was not seen, or swept that cannot have been.
    Settled,
    /// An event is in two places, or kills itself.
    Twice,
    /// A value is not one of its type; what it should be.
    Value(&'static str),
    /// There is more than [`Limits`](super::Limits) allow of this.
    Limit(&'static str),
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (at byte {})", self.wrong, self.at)
    }
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Wrong::Truncated => f.write_str("the bytes end too early"),
            Wrong::Trailing => f.write_str("the bytes go on after the end"),
            Wrong::NotOurs => f.write_str("these are not bytes of rejoin"),
            Wrong::Format(format) => write!(f, "format {format} is not known here"),
            Wrong::Kind(kind) => write!(f, "this is something else (kind {kind})"),
            Wrong::Type => f.write_str("this is of another type"),
            Wrong::Field(name) => write!(f, "the field `{name}` is not known here"),
            Wrong::Number => f.write_str("a number does not fit, or could be shorter"),
            Wrong::Order => f.write_str("something comes twice, or out of order"),
            Wrong::Empty => f.write_str("something is empty"),
            Wrong::Replica => f.write_str("a replica is not what it should be"),
            Wrong::Name => f.write_str("a number does not stand for a name that is expected here"),
            Wrong::Version => f.write_str("intervals are empty, touching or out of bounds"),
            Wrong::NotSeen => f.write_str("something is of an event that was not seen"),
            Wrong::Ahead => f.write_str("something is ahead that cannot be"),
            Wrong::Settled => f.write_str("something is settled that cannot be"),
            Wrong::Twice => f.write_str("an event is in two places, or kills itself"),
            Wrong::Value(expected) => write!(f, "this is not {expected}"),
            Wrong::Limit("memory") => f.write_str("this takes too much memory for so few bytes"),
            Wrong::Limit(what) => write!(f, "too many {what}"),
        }
    }
}

impl core::error::Error for DecodeError {}
