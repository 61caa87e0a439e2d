//! A cursor over a received message.

use crate::error::{DecodeError, ErrorKind};

/// Reads fields from a byte slice, in order; integers are little-endian.
///
/// Every method takes the field's name for its error and never reads past the slice. A failed read
/// leaves the reader where it was.
///
/// ```
/// use cfx_wire::Reader;
///
/// let mut reader = Reader::new(&[1, 0, 0, 0, b'x']);
/// assert_eq!(reader.u32("type"), Ok(1));
/// assert_eq!(reader.rest(), b"x");
/// assert_eq!(reader.u16("length").unwrap_err().to_string(), "length at byte 5: 2 more bytes needed");
/// ```
#[derive(Debug, Clone)]
pub struct Reader<'a> {
    data: &'a [u8],
    offset: usize,
}

impl<'a> Reader<'a> {
    /// A reader at the start of `data`.
    pub const fn new(data: &'a [u8]) -> Self {
        Self { data, offset: 0 }
    }

    /// Bytes read so far.
    pub const fn offset(&self) -> usize {
        self.offset
    }

    /// Bytes not yet read.
    pub const fn remaining(&self) -> usize {
        self.data.len() - self.offset
    }

    /// Takes everything that is left, possibly nothing.
    pub fn rest(&mut self) -> &'a [u8] {
        let rest = &self.data[self.offset..];
        self.offset = self.data.len();
        rest
    }

    /// Takes `count` bytes.
    ///
    /// # Errors
    /// [`ErrorKind::Incomplete`] when fewer are left.
    pub fn bytes(&mut self, field: &'static str, count: usize) -> Result<&'a [u8], DecodeError> {
        let left = &self.data[self.offset..];
        let Some(taken) = left.get(..count) else {
            let needed = count - left.len();
            return Err(self.error(field, ErrorKind::Incomplete { needed }));
        };
        self.offset += count;
        Ok(taken)
    }

    /// An error of `kind` in a field that begins here.
    pub const fn error(&self, field: &'static str, kind: ErrorKind) -> DecodeError {
        DecodeError::new(field, self.offset, kind)
    }

    /// Refuses bytes behind the last field.
    ///
    /// # Errors
    /// [`ErrorKind::Trailing`] when any are left.
    pub const fn finish(&self) -> Result<(), DecodeError> {
        match self.remaining() {
            0 => Ok(()),
            left => Err(self.error("end", ErrorKind::Trailing { left })),
        }
    }

    fn array<const N: usize>(&mut self, field: &'static str) -> Result<[u8; N], DecodeError> {
        let mut array = [0; N];
        array.copy_from_slice(self.bytes(field, N)?);
        Ok(array)
    }

    /// One byte.
    ///
    /// # Errors
    /// [`ErrorKind::Incomplete`] at the end.
    pub fn u8(&mut self, field: &'static str) -> Result<u8, DecodeError> {
        self.array(field).map(|[byte]| byte)
    }

    /// Two bytes, little-endian.
    ///
    /// # Errors
    /// [`ErrorKind::Incomplete`] when fewer are left.
    pub fn u16(&mut self, field: &'static str) -> Result<u16, DecodeError> {
        self.array(field).map(u16::from_le_bytes)
    }

    /// Four bytes, little-endian.
    ///
    /// # Errors
    /// [`ErrorKind::Incomplete`] when fewer are left.
    pub fn u32(&mut self, field: &'static str) -> Result<u32, DecodeError> {
        self.array(field).map(u32::from_le_bytes)
    }

    /// Eight bytes, little-endian.
    ///
    /// # Errors
    /// [`ErrorKind::Incomplete`] when fewer are left.
    pub fn u64(&mut self, field: &'static str) -> Result<u64, DecodeError> {
        self.array(field).map(u64::from_le_bytes)
    }
}
