//! Records to packets.
//!
//! A writer collects records and closes a packet before it could outgrow the reference's target:
//! the bound of the compressed block counts, not its size. [`push`](ClonesWriter::push) hands out
//! the packet that had to be closed to make room, `finish` the last one. Every block ends with the
//! end record and is padded with zeros. Memory is kept from one frame to the next; what is
//! allocated is the packet.
//!
//! A record that alone is over the target (its data may have 4095 bytes) gets a packet of its own.

use alloc::vec::Vec;

use cfx_game::frame::Payload;
use cfx_game::packed::{FrameIndex, PackedAcks, PackedClones};
use cfx_wire::Encode;

use crate::bits::BitWriter;
use crate::block::{MAX_BODY, compress, compress_bound, compress_with};
use crate::dictionary::Dictionary;
use crate::layout::Layout;
use crate::route::{RoutePayload, StreamType};
use crate::stream::{END, Record, TYPE_BITS};
use crate::{acks, clones};

/// The most bytes that a server's block may come to, bar a record that is greater alone: 1100, less
/// twice the 12 bytes of type and index.
pub const SERVER_TARGET: usize = 1100 - 12 - 12;

/// The most bytes that a client's block may come to, bar a record that is greater alone.
pub const CLIENT_TARGET: usize = 1100;

/// The records of one block.
#[derive(Debug, Clone)]
struct Body {
    writer: BitWriter,
    layout: Layout,
    target: usize,
}

impl Body {
    const fn new(layout: Layout, target: usize) -> Self {
        Self { writer: BitWriter::new(MAX_BODY, layout.length_hack), layout, target }
    }

    const fn is_empty(&self) -> bool {
        self.writer.position() == 0
    }

    /// Whether the record and the end record behind it fit below the target. In an empty body every
    /// record does: the greatest one is far below [`MAX_BODY`].
    fn has_room<'a>(&self, record: &impl Record<'a>) -> bool {
        let bits = self.writer.position() + record.bit_len(self.layout) + TYPE_BITS as usize;
        self.is_empty() || compress_bound(bits.div_ceil(8)) <= self.target
    }

    fn push<'a>(&mut self, record: &impl Record<'a>) {
        record.write(&mut self.writer, self.layout);
    }

    /// Ends the body, gives it to `pack` and begins the next one.
    fn close(&mut self, pack: impl FnOnce(&[u8]) -> Vec<u8>) -> Vec<u8> {
        self.writer.unsigned(u32::from(END), TYPE_BITS);
        let packet = pack(self.writer.as_bytes());
        self.writer.clear();
        packet
    }

    /// Closes a client's body, unless it is empty.
    fn close_route(&mut self, kind: StreamType, dictionary: &Dictionary) -> Option<Vec<u8>> {
        let pack =
            |body: &[u8]| RoutePayload { kind, block: &compress_with(body, dictionary) }.to_vec();
        (!self.is_empty()).then(|| self.close(pack))
    }
}

/// Writes a server's frames: packets of `msgPackedClones`, type included.
#[derive(Debug, Clone)]
pub struct ClonesWriter {
    body: Body,
    frame: u64,
    fragment: u8,
}

impl ClonesWriter {
    /// A writer at the start of frame `frame` (56 bits).
    pub const fn new(layout: Layout, frame: u64) -> Self {
        Self { body: Body::new(layout, SERVER_TARGET), frame, fragment: 0 }
    }

    /// Adds a record. Gives the fragment that had to be closed to make room for it.
    ///
    /// The 128th fragment of a frame is numbered 0, as in the reference, and clients drop it; keep
    /// frames below some 130 KB.
    #[must_use = "a packet to send"]
    pub fn push(&mut self, record: &clones::s2c::Record<'_>) -> Option<Vec<u8>> {
        let full = (!self.body.has_room(record)).then(|| self.close(false));
        self.body.push(record);
        full
    }

    /// Closes the frame and begins the next one. Gives its last fragment, with no records in it if
    /// there were none: clients acknowledge frames, not records.
    #[must_use = "a packet to send"]
    pub fn finish(&mut self) -> Vec<u8> {
        let packet = self.close(true);
        self.frame = self.frame.wrapping_add(1);
        self.fragment = 0;
        packet
    }

    fn close(&mut self, last: bool) -> Vec<u8> {
        self.fragment = self.fragment.wrapping_add(1);
        let frame_index = FrameIndex::new(self.frame, self.fragment, last);
        self.body.close(|body| PackedClones { frame_index, block: &compress(body) }.to_packet())
    }
}

/// Writes a server's answers to `netClones`: packets of `msgPackedAcks`, type included.
#[derive(Debug, Clone)]
pub struct AcksWriter {
    body: Body,
}

impl AcksWriter {
    /// A writer without records.
    pub const fn new(layout: Layout) -> Self {
        Self { body: Body::new(layout, SERVER_TARGET) }
    }

    /// Adds a record. Gives the packet that had to be closed to make room for it.
    #[must_use = "a packet to send"]
    pub fn push(&mut self, record: &acks::s2c::Record) -> Option<Vec<u8>> {
        let full = (!self.body.has_room(record)).then(|| self.finish());
        self.body.push(record);
        full
    }

    /// Closes what there is, which may be nothing: the reference answers each `netClones`.
    #[must_use = "a packet to send"]
    pub fn finish(&mut self) -> Vec<u8> {
        self.close(FrameIndex(0))
    }

    /// Drops what there is and acknowledges all of the client's frame `frame` instead: the answer
    /// to a client that sent [`Index`](clones::c2s::Record::Index).
    #[must_use = "a packet to send"]
    pub fn finish_frame(&mut self, frame: u32) -> Vec<u8> {
        self.body.writer.clear();
        self.close(FrameIndex::new(u64::from(frame), 0, false))
    }

    fn close(&mut self, frame_index: FrameIndex) -> Vec<u8> {
        self.body.close(|body| PackedAcks { frame_index, block: &compress(body) }.to_packet())
    }
}

/// Writes a client's `netClones`: payloads of `msgRoute` to
/// [`SERVER_TARGET`](crate::route::SERVER_TARGET).
#[derive(Debug, Clone)]
pub struct NetClonesWriter<'d> {
    body: Body,
    dictionary: &'d Dictionary,
}

impl<'d> NetClonesWriter<'d> {
    /// A writer without records.
    pub const fn new(layout: Layout, dictionary: &'d Dictionary) -> Self {
        Self { body: Body::new(layout, CLIENT_TARGET), dictionary }
    }

    /// Adds a record. Gives the payload that had to be closed to make room for it.
    #[must_use = "a payload to send"]
    pub fn push(&mut self, record: &clones::c2s::Record<'_>) -> Option<Vec<u8>> {
        let full = if self.body.has_room(record) { None } else { self.finish() };
        self.body.push(record);
        full
    }

    /// Closes what there is; nothing when there are no records, for clients send no empty stream.
    #[must_use = "a payload to send"]
    pub fn finish(&mut self) -> Option<Vec<u8>> {
        self.body.close_route(StreamType::NET_CLONES, self.dictionary)
    }
}

/// Writes a client's `netAcks`, as [`NetClonesWriter`] does its `netClones`.
#[derive(Debug, Clone)]
pub struct NetAcksWriter<'d> {
    body: Body,
    dictionary: &'d Dictionary,
}

impl<'d> NetAcksWriter<'d> {
    /// A writer without records.
    pub const fn new(layout: Layout, dictionary: &'d Dictionary) -> Self {
        Self { body: Body::new(layout, CLIENT_TARGET), dictionary }
    }

    /// Adds a record. Gives the payload that had to be closed to make room for it.
    #[must_use = "a payload to send"]
    pub fn push(&mut self, record: &acks::c2s::Record) -> Option<Vec<u8>> {
        let full = if self.body.has_room(record) { None } else { self.finish() };
        self.body.push(record);
        full
    }

    /// Closes what there is; nothing when there are no records.
    #[must_use = "a payload to send"]
    pub fn finish(&mut self) -> Option<Vec<u8>> {
        self.body.close_route(StreamType::NET_ACKS, self.dictionary)
    }
}
