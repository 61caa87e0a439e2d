//! The two traits that every message of the protocol implements.

use alloc::vec::Vec;

use bytes::BufMut;

use crate::error::{DecodeError, ErrorKind};
use crate::reader::Reader;

/// A layout that can be read from bytes, borrowing from them.
///
/// [`MIN_SIZE`](Self::MIN_SIZE) and [`MAX_SIZE`](Self::MAX_SIZE) are the receiver's bounds on the
/// whole message and stand beside the layout that they bound.
pub trait Decode<'a>: Sized {
    /// The fewest bytes that a receiver accepts.
    const MIN_SIZE: usize;
    /// The most bytes that a receiver accepts.
    const MAX_SIZE: usize;

    /// Reads the fields in order.
    ///
    /// # Errors
    /// The first field that does not fit.
    fn decode(reader: &mut Reader<'a>) -> Result<Self, DecodeError>;

    /// Reads one message as the reference does: its length must lie within the bounds, and bytes
    /// behind the last field are ignored.
    ///
    /// # Errors
    /// A length out of bounds, or the first field that does not fit.
    fn from_slice(data: &'a [u8]) -> Result<Self, DecodeError> {
        check_length("message", 0, data.len(), Self::MIN_SIZE, Self::MAX_SIZE)?;
        Self::decode(&mut Reader::new(data))
    }

    /// Reads one message and refuses bytes behind its last field, which no honest peer sends.
    ///
    /// # Errors
    /// As [`from_slice`](Self::from_slice), and [`ErrorKind::Trailing`].
    fn from_slice_strict(data: &'a [u8]) -> Result<Self, DecodeError> {
        check_length("message", 0, data.len(), Self::MIN_SIZE, Self::MAX_SIZE)?;
        let mut reader = Reader::new(data);
        let message = Self::decode(&mut reader)?;
        reader.finish()?;
        Ok(message)
    }
}

/// A layout that can be written as bytes and knows beforehand how many.
pub trait Encode {
    /// How many bytes [`encode`](Self::encode) writes.
    fn encoded_len(&self) -> usize;

    /// Appends the message to `out`.
    fn encode(&self, out: &mut impl BufMut);

    /// The message as bytes of its own.
    fn to_vec(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.encoded_len());
        self.encode(&mut out);
        out
    }
}

/// Checks a length against a receiver's bounds, before anything is read or allocated by it.
///
/// # Errors
/// [`ErrorKind::TooLong`], or [`ErrorKind::Incomplete`] when bytes are missing: the message may be
/// a prefix of a good one.
pub const fn check_length(
    field: &'static str,
    offset: usize,
    length: usize,
    min: usize,
    max: usize,
) -> Result<(), DecodeError> {
    if length < min {
        let needed = min - length;
        return Err(DecodeError::new(field, offset, ErrorKind::Incomplete { needed }));
    }
    if length > max {
        return Err(DecodeError::new(field, offset, ErrorKind::TooLong { max }));
    }
    Ok(())
}
