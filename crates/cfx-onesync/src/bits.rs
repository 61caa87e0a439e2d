//! Fields of any width, most significant bit first (reference: `shared/state/RlMessageBuffer.h`).

use alloc::vec::Vec;

/// The width that the length hack widens, in bits.
const HACKED_WIDTH: u32 = 13;
/// The width that it is widened to, in bits.
const WIDENED: u32 = 16;

const fn widened(width: u32, length_hack: bool) -> u32 {
    if length_hack && width == HACKED_WIDTH { WIDENED } else { width }
}

/// Reads fields of up to 32 bits, and runs of any length.
///
/// As in the reference, a number that does not fit in what is left is lost and the position moves
/// past the end all the same; a run that does not fit leaves the position where it was. With the
/// length hack every number of 13 bits is read as one of 16, whatever it stands for.
///
/// ```
/// use cfx_onesync::bits::BitReader;
///
/// let mut reader = BitReader::new(&[0b1010_0001, 0xF0], false);
/// assert_eq!(reader.unsigned(3), Some(0b101));
/// assert_eq!(reader.unsigned(9), Some(0b0_0001_1111));
/// assert_eq!(reader.unsigned(5), None);
/// assert_eq!(reader.position(), 17);
/// ```
#[derive(Debug, Clone)]
pub struct BitReader<'a> {
    data: &'a [u8],
    position: usize,
    length_hack: bool,
}

impl<'a> BitReader<'a> {
    /// A reader at the first bit of `data`.
    pub const fn new(data: &'a [u8], length_hack: bool) -> Self {
        Self { data, position: 0, length_hack }
    }

    /// Bits read so far; beyond the end after a failed read.
    pub const fn position(&self) -> usize {
        self.position
    }

    /// Bits not yet read.
    pub const fn remaining(&self) -> usize {
        self.data.len().saturating_mul(8).saturating_sub(self.position)
    }

    /// Whether no bit is left.
    pub const fn is_at_end(&self) -> bool {
        self.remaining() == 0
    }

    /// A number of `width` bits, 1 to 32; nothing when fewer are left.
    pub fn unsigned(&mut self, width: u32) -> Option<u32> {
        let width = widened(width.min(32), self.length_hack);
        let left = self.remaining();
        let start = self.position;
        self.position = start.saturating_add(width as usize);
        (width as usize <= left).then(|| window(self.data, start, width))
    }

    /// A number as a sign bit and `width - 1` bits of magnitude, as the reference reads it: bits
    /// that are not there count as zero.
    ///
    /// It is not the inverse of [`BitWriter::signed`]: the reference writes a negative number's
    /// ones' complement and reads it as a magnitude, so what was written as `-5` reads as `-4`.
    pub fn signed(&mut self, width: u32) -> i32 {
        let negative = self.u32(1) == 1;
        let magnitude = self.u32(width.saturating_sub(1)).cast_signed();
        if negative { magnitude.wrapping_neg() } else { magnitude }
    }

    /// One bit; no bit at the end, where the position stays.
    pub fn bit(&mut self) -> bool {
        !self.is_at_end() && self.u32(1) == 1
    }

    /// The next `count` bits; nothing, and no step, when fewer are left.
    pub fn bits(&mut self, count: usize) -> Option<Bits<'a>> {
        if count > self.remaining() {
            return None;
        }
        // Nothing may be left of an empty run behind the end.
        let source = self.data.get(self.position / 8..).unwrap_or(&[]);
        let bits = Bits { source, start: self.position % 8, count };
        self.position += count;
        Some(bits)
    }

    /// A number that is 0 where the reference reads past the end, as all of its records do.
    pub(crate) fn u32(&mut self, width: u32) -> u32 {
        self.unsigned(width).unwrap_or(0)
    }

    /// As [`u32`](Self::u32), cut to 16 bits.
    pub(crate) fn u16(&mut self, width: u32) -> u16 {
        (self.u32(width) & 0xFFFF) as u16
    }

    /// As [`u32`](Self::u32), cut to 8 bits.
    pub(crate) fn u8(&mut self, width: u32) -> u8 {
        low_byte(self.u32(width))
    }
}

/// `width` bits (at most 32) of `data` from bit `start` on; zeros behind the end.
fn window(data: &[u8], start: usize, width: u32) -> u32 {
    let tail = data.get(start / 8..).unwrap_or(&[]);
    let chunk = tail.first_chunk().copied().unwrap_or_else(|| {
        let mut chunk = [0; 8];
        chunk.iter_mut().zip(tail).for_each(|(to, from)| *to = *from);
        chunk
    });
    let top = u64::from_be_bytes(chunk) << (start % 8);
    // Shifted in two steps, since a width of 0 would shift by 64.
    let value = top >> 32 >> (32 - width.min(32));
    (value & 0xFFFF_FFFF) as u32
}

const fn low_byte(value: u32) -> u8 {
    value.to_le_bytes()[0]
}

/// A borrowed run of bits, which need not begin at a byte.
#[derive(Debug, Clone, Copy)]
pub struct Bits<'a> {
    source: &'a [u8],
    /// Bits to skip in `source`, 0 to 7.
    start: usize,
    count: usize,
}

impl<'a> Bits<'a> {
    /// All bits of `bytes`.
    pub const fn from_bytes(bytes: &'a [u8]) -> Self {
        Self { source: bytes, start: 0, count: bytes.len().saturating_mul(8) }
    }

    /// How many bits there are.
    pub const fn len(&self) -> usize {
        self.count
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// How many bytes they fill, the last one perhaps in part.
    pub const fn byte_len(&self) -> usize {
        self.count.div_ceil(8)
    }

    /// The run as a slice, when it is whole bytes that begin at a byte.
    pub fn as_slice(&self) -> Option<&'a [u8]> {
        let aligned = self.start == 0 && self.count.is_multiple_of(8);
        if aligned { self.source.get(..self.count / 8) } else { None }
    }

    /// The run as bytes, the first bit on top; spare bits of the last byte are zero.
    pub fn bytes(&self) -> impl Iterator<Item = u8> + 'a {
        let Self { source, start, count } = *self;
        (0..count.div_ceil(8)).map(move |at| {
            let width = (count - 8 * at).min(8);
            low_byte(window(source, start + 8 * at, 8) & !(0xFF >> width))
        })
    }

    /// Copies the run to the front of `out` and gives how many bytes it took; what does not fit is
    /// left out.
    pub fn copy_to(&self, out: &mut [u8]) -> usize {
        let length = self.byte_len().min(out.len());
        let out = out.get_mut(..length).unwrap_or_default();
        match self.as_slice().and_then(|slice| slice.get(..length)) {
            Some(slice) => out.copy_from_slice(slice),
            None => out.iter_mut().zip(self.bytes()).for_each(|(to, from)| *to = from),
        }
        length
    }

    /// A copy of the run.
    pub fn to_vec(&self) -> Vec<u8> {
        self.bytes().collect()
    }
}

/// By their bits, wherever they begin.
impl PartialEq for Bits<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.count == other.count && self.bytes().eq(other.bytes())
    }
}

impl Eq for Bits<'_> {}

/// Writes fields of up to 32 bits, and runs of any length, to a buffer of its own.
///
/// A field that does not fit below the limit is left out whole.
///
/// ```
/// use cfx_onesync::bits::BitWriter;
///
/// let mut writer = BitWriter::new(2, false);
/// assert!(writer.unsigned(0b101, 3));
/// assert!(writer.unsigned(0b0_0001_1111, 9));
/// assert!(!writer.unsigned(0, 5));
/// assert_eq!(writer.as_bytes(), [0b1010_0001, 0xF0]);
/// ```
#[derive(Debug, Clone)]
pub struct BitWriter {
    bytes: Vec<u8>,
    position: usize,
    limit: usize,
    length_hack: bool,
}

impl BitWriter {
    /// An empty buffer that takes up to `limit` bytes. Memory is taken as it is needed.
    pub const fn new(limit: usize, length_hack: bool) -> Self {
        Self { bytes: Vec::new(), position: 0, limit: limit.saturating_mul(8), length_hack }
    }

    /// Bits written so far.
    pub const fn position(&self) -> usize {
        self.position
    }

    /// What was written, the spare bits of the last byte zero.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Forgets what was written and keeps the memory.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.position = 0;
    }

    /// The low `width` bits of `value`, 1 to 32; says whether they fitted. The length hack makes a
    /// width of 13 one of 16.
    pub fn unsigned(&mut self, value: u32, width: u32) -> bool {
        let width = widened(width.min(32), self.length_hack) as usize;
        let fits = self.fits(width);
        if fits {
            self.put(value, width);
        }
        fits
    }

    /// A sign bit and `width - 1` bits, complemented when negative, as the reference writes them;
    /// says whether all fitted. See [`BitReader::signed`].
    pub fn signed(&mut self, value: i32, width: u32) -> bool {
        let sign = self.unsigned(u32::from(value < 0), 1);
        let rest = if value < 0 { !value } else { value };
        self.unsigned(rest.cast_unsigned(), width.saturating_sub(1)) && sign
    }

    /// One bit; says whether it fitted.
    pub fn bit(&mut self, value: bool) -> bool {
        self.unsigned(u32::from(value), 1)
    }

    /// A run of bits; says whether it fitted.
    pub fn bits(&mut self, run: &Bits<'_>) -> bool {
        if !self.fits(run.len()) {
            return false;
        }
        match run.as_slice() {
            Some(slice) if self.position.is_multiple_of(8) => {
                self.bytes.extend_from_slice(slice);
                self.position += run.len();
            }
            _ => {
                let mut left = run.len();
                for byte in run.bytes() {
                    let width = left.min(8);
                    self.put(u32::from(byte) >> (8 - width), width);
                    left -= width;
                }
            }
        }
        true
    }

    fn fits(&self, width: usize) -> bool {
        width <= self.limit.saturating_sub(self.position)
    }

    /// Appends the low `width` bits of `value`, at most 32.
    fn put(&mut self, value: u32, width: usize) {
        let mut left = width;
        while left > 0 {
            let used = self.position % 8;
            if used == 0 {
                self.bytes.push(0);
            }
            let room = 8 - used;
            let take = left.min(room);
            left -= take;
            let part = (value >> left) & (0xFF >> (8 - take));
            if let Some(last) = self.bytes.last_mut() {
                *last |= low_byte(part << (room - take));
            }
            self.position += take;
        }
    }
}
