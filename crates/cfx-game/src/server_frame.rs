//! `msgFrame`: what of its state the server repeats to every client.

use bytes::BufMut;
use cfx_wire::{Decode, DecodeError, Encode, Reader};

use crate::frame::{MessageType, Payload};

/// `u32` index, `u8` lockdown mode, `u8` sync style; at least every second and on each change, on
/// channel 0, reliable (SPEC GAME-17). Exactly six bytes: the client refuses any other length
/// (reference: `net-packet/include/Frame.h`, `gta-net-five/include/FramePacketHandler.h`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServerFrame {
    /// Always 0; clients ignore it.
    pub index: u32,
    /// Whether entities are in strict lockdown: 0 is no, anything else yes; servers send 0 or 1.
    pub lockdown_mode: u8,
    /// How clients acknowledge frames: 1 is ARQ, anything else NAK; servers send 0 or 1.
    pub sync_style: u8,
}

impl ServerFrame {
    /// Whether the client takes entities to be in strict lockdown.
    pub const fn is_strict_lockdown(self) -> bool {
        self.lockdown_mode != 0
    }

    /// Whether the client acknowledges by ARQ instead of NAK.
    pub const fn is_arq(self) -> bool {
        self.sync_style == 1
    }
}

impl Payload for ServerFrame {
    const KIND: MessageType = MessageType::FRAME;
}

impl Decode<'_> for ServerFrame {
    const MIN_SIZE: usize = 6;
    const MAX_SIZE: usize = 6;

    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            index: reader.u32("index")?,
            lockdown_mode: reader.u8("lockdown mode")?,
            sync_style: reader.u8("sync style")?,
        })
    }
}

impl Encode for ServerFrame {
    fn encoded_len(&self) -> usize {
        Self::MAX_SIZE
    }

    fn encode(&self, out: &mut impl BufMut) {
        out.put_u32_le(self.index);
        out.put_u8(self.lockdown_mode);
        out.put_u8(self.sync_style);
    }
}
