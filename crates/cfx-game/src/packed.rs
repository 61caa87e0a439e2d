//! `msgPackedClones` and `msgPackedAcks`: the frames of `OneSync`, as far as they are whole bytes
//! (reference: `net-packet/include/PackedClonesPacket.h` and `PackedAcksPacket.h`, the client's
//! `gta-net-five/src/CloneManager.cpp`).
//!
//! Both are a [`FrameIndex`] and an LZ4 block, on channel 1, unreliable. What the block holds is not
//! read here.

use bytes::BufMut;
use cfx_wire::{Decode, DecodeError, Encode, Reader};

use crate::fields::{strict, tail};
use crate::frame::{MAX_PAYLOAD, MessageType, Payload};

/// Bytes of a frame index.
const INDEX_SIZE: usize = 8;

/// Which frame, and which piece of it: bit 0 says that the piece is the last, bits 1 to 7 count the
/// pieces from 1, the other 56 are the frame's number.
///
/// ```
/// use cfx_game::packed::FrameIndex;
/// let index = FrameIndex::new(0x80, 12, true);
/// assert_eq!(index.0, 0x8019);
/// assert_eq!((index.frame(), index.fragment(), index.is_last()), (0x80, 12, true));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FrameIndex(pub u64);

impl FrameIndex {
    /// Packs the three, cut to 56 and 7 bits.
    pub const fn new(frame: u64, fragment: u8, last: bool) -> Self {
        Self(frame << 8 | ((fragment & 0x7F) as u64) << 1 | last as u64)
    }

    /// The number of the frame.
    pub const fn frame(self) -> u64 {
        self.0 >> 8
    }

    /// The number of the piece in it: from 1, 0 in acknowledgements.
    pub const fn fragment(self) -> u8 {
        (self.0 >> 1 & 0x7F) as u8
    }

    /// Whether no piece follows it.
    pub const fn is_last(self) -> bool {
        self.0 & 1 != 0
    }
}

/// Reads the layout of both. A client reads an index that is not all there as 0, and all of the
/// bytes as the block.
fn read<'a>(reader: &mut Reader<'a>) -> Result<(FrameIndex, &'a [u8]), DecodeError> {
    let index = if reader.remaining() < INDEX_SIZE { 0 } else { reader.u64("frame index")? };
    Ok((FrameIndex(index), tail(reader, "block", 0, MAX_PAYLOAD)?))
}

/// No server sends an index without a block.
fn honest(block: &[u8]) -> Result<(), (&'static str, &'static str)> {
    if block.is_empty() { Err(("block", "empty")) } else { Ok(()) }
}

/// `msgPackedClones`, server to client: creations, updates and removals of entities.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PackedClones<'a> {
    /// Which frame this is a piece of.
    pub frame_index: FrameIndex,
    /// An LZ4 block that unpacks to at most 16384 bytes of records.
    pub block: &'a [u8],
}

impl Payload for PackedClones<'_> {
    const KIND: MessageType = MessageType::PACKED_CLONES;
}

impl<'a> Decode<'a> for PackedClones<'a> {
    /// A client takes a message without its whole index, which then reads as 0.
    const MIN_SIZE: usize = 1;
    const MAX_SIZE: usize = MAX_PAYLOAD;

    fn decode(reader: &mut Reader<'a>) -> Result<Self, DecodeError> {
        let (frame_index, block) = read(reader)?;
        Ok(Self { frame_index, block })
    }

    fn from_slice_strict(data: &'a [u8]) -> Result<Self, DecodeError> {
        Reader::new(data).u64("frame index")?;
        strict(data, |clones: &Self| honest(clones.block))
    }
}

impl Encode for PackedClones<'_> {
    fn encoded_len(&self) -> usize {
        INDEX_SIZE + self.block.len()
    }

    fn encode(&self, out: &mut impl BufMut) {
        out.put_u64_le(self.frame_index.0);
        out.put_slice(self.block);
    }
}

/// `msgPackedAcks`, server to client: what the server has read of the client's entities.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PackedAcks<'a> {
    /// 0, or the client's own frame, all of which is acknowledged: when [`FrameIndex::frame`] is not
    /// 0, the client does not look at the block.
    pub frame_index: FrameIndex,
    /// An LZ4 block that unpacks to at most 16384 bytes of records.
    pub block: &'a [u8],
}

impl Payload for PackedAcks<'_> {
    const KIND: MessageType = MessageType::PACKED_ACKS;
}

impl<'a> Decode<'a> for PackedAcks<'a> {
    /// A client takes a message without its whole index, which then reads as 0.
    const MIN_SIZE: usize = 1;
    const MAX_SIZE: usize = MAX_PAYLOAD;

    fn decode(reader: &mut Reader<'a>) -> Result<Self, DecodeError> {
        let (frame_index, block) = read(reader)?;
        Ok(Self { frame_index, block })
    }

    fn from_slice_strict(data: &'a [u8]) -> Result<Self, DecodeError> {
        Reader::new(data).u64("frame index")?;
        strict(data, |acks: &Self| honest(acks.block))
    }
}

impl Encode for PackedAcks<'_> {
    fn encoded_len(&self) -> usize {
        INDEX_SIZE + self.block.len()
    }

    fn encode(&self, out: &mut impl BufMut) {
        out.put_u64_le(self.frame_index.0);
        out.put_slice(self.block);
    }
}
