//! `msgResStart` and `msgResStop`: a resource of the server starts or stops (reference:
//! `net-packet/include/ResourcePacket.h`).

use bytes::BufMut;
use cfx_wire::{Decode, DecodeError, Encode, Reader};

use crate::frame::{MAX_PAYLOAD, MessageType, Payload};

/// `msgResStart`, server to client: the client asks for the resource's configuration and starts it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResStart<'a> {
    /// The resource's name: any bytes, of any length, without a NUL behind it.
    pub resource_name: &'a [u8],
}

impl Payload for ResStart<'_> {
    const KIND: MessageType = MessageType::RES_START;
}

impl<'a> Decode<'a> for ResStart<'a> {
    const MIN_SIZE: usize = 0;
    const MAX_SIZE: usize = MAX_PAYLOAD;

    fn decode(reader: &mut Reader<'a>) -> Result<Self, DecodeError> {
        Ok(Self { resource_name: reader.rest() })
    }
}

impl Encode for ResStart<'_> {
    fn encoded_len(&self) -> usize {
        self.resource_name.len()
    }

    fn encode(&self, out: &mut impl BufMut) {
        out.put_slice(self.resource_name);
    }
}

/// `msgResStop`, server to client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResStop<'a> {
    /// The resource's name: any bytes, of any length, without a NUL behind it. One that the client
    /// does not have is ignored.
    pub resource_name: &'a [u8],
}

impl Payload for ResStop<'_> {
    const KIND: MessageType = MessageType::RES_STOP;
}

impl<'a> Decode<'a> for ResStop<'a> {
    const MIN_SIZE: usize = 0;
    const MAX_SIZE: usize = MAX_PAYLOAD;

    fn decode(reader: &mut Reader<'a>) -> Result<Self, DecodeError> {
        Ok(Self { resource_name: reader.rest() })
    }
}

impl Encode for ResStop<'_> {
    fn encoded_len(&self) -> usize {
        self.resource_name.len()
    }

    fn encode(&self, out: &mut impl BufMut) {
        out.put_slice(self.resource_name);
    }
}
