//! A body as a sequence of records.

use core::marker::PhantomData;

use crate::bits::{BitReader, BitWriter};
use crate::layout::Layout;

/// Bits of the type before each record.
pub(crate) const TYPE_BITS: u32 = 3;

/// The type of the record that ends a stream; writers always put it.
pub const END: u8 = 7;

/// A record of one of the four streams.
///
/// A field that the body has no bits for reads as 0, and a record whose fields run past the end is
/// still a record: the reference checks neither.
pub trait Record<'a>: Sized {
    /// Whether a receiver steps over the 3 bits of a type it does not know, and reads on. If not,
    /// the stream ends there.
    const SKIPS_UNKNOWN: bool;

    /// Reads the fields behind the type; nothing when the stream has no such type.
    fn read(kind: u8, reader: &mut BitReader<'a>, layout: Layout) -> Option<Self>;

    /// Appends type and fields. Numbers too great for their width lose their high bits.
    fn write(&self, writer: &mut BitWriter, layout: Layout);

    /// Bits of type and fields.
    fn bit_len(&self, layout: Layout) -> usize;
}

/// Why a stream had no more records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StreamEnd {
    /// The record [`END`], as every honest stream does. What lies behind it is padding.
    Marker,
    /// The body ran out.
    Exhausted,
    /// A type that the receiver does not know.
    Unknown(u8),
}

/// The records of an inflated body, read as they are asked for; they borrow from the body, and
/// nothing is allocated.
///
/// Never fails: what a receiver cannot read ends the stream, and [`end`](Self::end) says how.
#[derive(Debug, Clone)]
pub struct Records<'a, R> {
    reader: BitReader<'a>,
    layout: Layout,
    end: Option<StreamEnd>,
    kind: PhantomData<R>,
}

impl<'a, R: Record<'a>> Records<'a, R> {
    /// The records of `body`.
    pub const fn new(body: &'a [u8], layout: Layout) -> Self {
        let reader = BitReader::new(body, layout.length_hack);
        Self { reader, layout, end: None, kind: PhantomData }
    }

    /// How the stream ended; nothing while it may have more records.
    pub const fn end(&self) -> Option<StreamEnd> {
        self.end
    }

    /// The widths it is read by.
    pub const fn layout(&self) -> Layout {
        self.layout
    }

    /// Bits read so far, the end record included.
    pub const fn position(&self) -> usize {
        self.reader.position()
    }
}

impl<'a, R: Record<'a>> Iterator for Records<'a, R> {
    type Item = R;

    fn next(&mut self) -> Option<R> {
        while self.end.is_none() {
            if self.reader.is_at_end() {
                self.end = Some(StreamEnd::Exhausted);
                break;
            }
            let kind = self.reader.u8(TYPE_BITS);
            if kind == END {
                self.end = Some(StreamEnd::Marker);
            } else if let Some(record) = R::read(kind, &mut self.reader, self.layout) {
                return Some(record);
            } else if !R::SKIPS_UNKNOWN {
                self.end = Some(StreamEnd::Unknown(kind));
            }
        }
        None
    }
}
