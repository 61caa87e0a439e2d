//! The state of an object, as a clone record carries it.

use crate::bits::{BitReader, BitWriter, Bits};

/// The most bytes of an object's state: its length has 12 bits.
pub const MAX_DATA: usize = 4095;

/// Bits of the length.
const LENGTH_BITS: u32 = 12;

/// Up to [`MAX_DATA`] bytes, borrowed from the body.
///
/// They mean something to the game's sync trees alone. Where they begin at a byte of the body they
/// can be borrowed; elsewhere [`bytes`](Self::bytes) shifts them into the caller's buffer.
#[derive(Debug, Clone, Copy)]
pub struct Data<'a> {
    bits: Bits<'a>,
    /// The length that was announced, in bytes.
    length: u16,
}

impl<'a> Data<'a> {
    /// These bytes; nothing when they are more than [`MAX_DATA`].
    pub fn new(bytes: &'a [u8]) -> Option<Self> {
        let length = u16::try_from(bytes.len()).ok()?;
        (bytes.len() <= MAX_DATA).then_some(Self { bits: Bits::from_bytes(bytes), length })
    }

    /// How many bytes were announced.
    pub const fn len(&self) -> usize {
        self.length as usize
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Whether the body ended before the bytes did. Both peers of the reference then read zeros,
    /// as many as announced, and go on right behind the length.
    pub const fn is_truncated(&self) -> bool {
        self.bits.len() < 8 * self.length as usize
    }

    /// The bytes, when they can be borrowed from the body.
    pub fn as_slice(&self) -> Option<&'a [u8]> {
        if self.is_truncated() { None } else { self.bits.as_slice() }
    }

    /// The bytes: borrowed where that can be, else copied to the front of `buffer`.
    pub fn bytes<'b>(&self, buffer: &'b mut [u8; MAX_DATA]) -> &'b [u8]
    where
        'a: 'b,
    {
        if let Some(slice) = self.as_slice() {
            return slice;
        }
        let length = self.len().min(MAX_DATA);
        let out = buffer.get_mut(..length).unwrap_or_default();
        if self.is_truncated() {
            out.fill(0);
        } else {
            self.bits.copy_to(out);
        }
        out
    }

    pub(crate) fn read(reader: &mut BitReader<'a>) -> Self {
        let length = reader.u16(LENGTH_BITS);
        let bits = reader.bits(8 * usize::from(length)).unwrap_or(Bits::from_bytes(&[]));
        Self { bits, length }
    }

    /// Truncated data is written as it was found: a length and nothing behind it.
    pub(crate) fn write(&self, writer: &mut BitWriter) {
        writer.unsigned(u32::from(self.length), LENGTH_BITS);
        writer.bits(&self.bits);
    }

    pub(crate) const fn bit_len(&self) -> usize {
        LENGTH_BITS as usize + self.bits.len()
    }
}

/// By length and bits, wherever they lie.
impl PartialEq for Data<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.length == other.length && self.bits == other.bits
    }
}

impl Eq for Data<'_> {}
