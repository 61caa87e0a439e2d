//! What a decoder says of bytes it does not accept.

use core::fmt;

/// A decoder's refusal: what was wrong, in which field, and where.
///
/// An incomplete message ([`ErrorKind::Incomplete`]) is told apart from a wrong one, so that a
/// reader of a stream knows whether to wait for more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DecodeError {
    /// The field that was being read, by the name the specification gives it.
    pub field: &'static str,
    /// Where the field begins, in bytes from the start of the message.
    pub offset: usize,
    /// What was wrong with it.
    pub kind: ErrorKind,
}

/// The ways in which bytes can be wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The input ends inside the field; at least this many more bytes are needed.
    Incomplete {
        /// How many bytes are missing at the least.
        needed: usize,
    },
    /// The field is longer than its receiver accepts.
    TooLong {
        /// The most bytes that the field may have.
        max: usize,
    },
    /// The field is shorter than its receiver accepts.
    TooShort {
        /// The fewest bytes that the field may have.
        min: usize,
    },
    /// Bytes are left behind the last field, and the caller asked for none.
    Trailing {
        /// How many are left.
        left: usize,
    },
    /// The bytes are all there and mean nothing; the text says why.
    Malformed(&'static str),
}

impl DecodeError {
    /// An error in `field`, which begins at `offset`.
    pub const fn new(field: &'static str, offset: usize, kind: ErrorKind) -> Self {
        Self { field, offset, kind }
    }

    /// Whether more input could still make the message whole.
    pub const fn is_incomplete(&self) -> bool {
        matches!(self.kind, ErrorKind::Incomplete { .. })
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {}: {}", self.field, self.offset, self.kind)
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Incomplete { needed } => write!(f, "{needed} more bytes needed"),
            Self::TooLong { max } => write!(f, "longer than {max} bytes"),
            Self::TooShort { min } => write!(f, "shorter than {min} bytes"),
            Self::Trailing { left } => write!(f, "{left} bytes left over"),
            Self::Malformed(why) => f.write_str(why),
        }
    }
}

impl core::error::Error for DecodeError {}
