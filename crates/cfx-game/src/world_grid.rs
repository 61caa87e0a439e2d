//! `msgWorldGrid3`: which sectors of the map a client answers for under `OneSync`.

use bytes::BufMut;
use cfx_wire::{Decode, DecodeError, Encode, Reader};

use crate::fields::{put_sized_u32, sized_u32};
use crate::frame::{MAX_PAYLOAD, MessageType, Payload};

/// Bytes of a client's grid: 32 entries of `u8` sector x, `u8` sector y and `u16` net id.
pub const GRID_SIZE: usize = 128;

/// Server to client, on channel 1, reliable: a piece of the client's grid (reference:
/// `net-packet/include/WorldGrid.h`, the client's `gta-net-five/include/WorldGridPacketHandler.h`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WorldGrid<'a> {
    /// Where in the grid the piece begins, in bytes.
    pub base: u32,
    /// The piece.
    pub data: &'a [u8],
}

impl WorldGrid<'_> {
    /// Whether the piece lies within the grid. A client accepts one that does not, and then ignores
    /// it.
    pub fn is_within_grid(&self) -> bool {
        usize::try_from(self.base)
            .ok()
            .and_then(|base| base.checked_add(self.data.len()))
            .is_some_and(|end| end <= GRID_SIZE)
    }
}

impl Payload for WorldGrid<'_> {
    const KIND: MessageType = MessageType::WORLD_GRID3;
}

impl<'a> Decode<'a> for WorldGrid<'a> {
    const MIN_SIZE: usize = 4 + 4;
    /// The reference's bound is four gigabytes.
    const MAX_SIZE: usize = MAX_PAYLOAD;

    fn decode(reader: &mut Reader<'a>) -> Result<Self, DecodeError> {
        Ok(Self { base: reader.u32("base")?, data: sized_u32(reader, "data", MAX_PAYLOAD)? })
    }
}

impl Encode for WorldGrid<'_> {
    fn encoded_len(&self) -> usize {
        Self::MIN_SIZE + self.data.len()
    }

    fn encode(&self, out: &mut impl BufMut) {
        out.put_u32_le(self.base);
        put_sized_u32(out, self.data);
    }
}
