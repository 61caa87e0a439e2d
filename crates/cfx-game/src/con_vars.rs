//! `msgConVars`: console variables that clients share with the server.

use bytes::BufMut;
use cfx_wire::{Decode, DecodeError, Encode, Reader};

use crate::frame::{MAX_PAYLOAD, MessageType, Payload};

/// Server to client, on channel 0, reliable: all of them when a client joins, then those that
/// change (reference: `net-packet/include/ConVars.h`, the server's `ServerConsoleReplication.cpp`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConVars<'a> {
    /// A msgpack map of strings to strings, of any length.
    pub data: &'a [u8],
}

impl Payload for ConVars<'_> {
    const KIND: MessageType = MessageType::CON_VARS;
}

impl<'a> Decode<'a> for ConVars<'a> {
    const MIN_SIZE: usize = 0;
    const MAX_SIZE: usize = MAX_PAYLOAD;

    fn decode(reader: &mut Reader<'a>) -> Result<Self, DecodeError> {
        Ok(Self { data: reader.rest() })
    }
}

impl Encode for ConVars<'_> {
    fn encoded_len(&self) -> usize {
        self.data.len()
    }

    fn encode(&self, out: &mut impl BufMut) {
        out.put_slice(self.data);
    }
}
