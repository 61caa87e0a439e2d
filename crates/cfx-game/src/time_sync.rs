//! `msgTimeSyncReq` and `msgTimeSync`: the client asks for the server's time under `OneSync`
//! (reference: `net-packet/include/TimeSync.h`, `gta-net-five/src/netTimeSync.cpp`).

use bytes::BufMut;
use cfx_wire::{Decode, DecodeError, Encode, Reader};

use crate::frame::{MessageType, Payload};

/// `msgTimeSyncReq`, client to server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeSyncReq {
    /// The client's own time in milliseconds.
    pub request_time: u32,
    /// Counts the client's requests.
    pub request_sequence: u32,
}

impl Payload for TimeSyncReq {
    const KIND: MessageType = MessageType::TIME_SYNC_REQ;
}

impl Decode<'_> for TimeSyncReq {
    const MIN_SIZE: usize = 8;
    const MAX_SIZE: usize = 8;

    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            request_time: reader.u32("request time")?,
            request_sequence: reader.u32("request sequence")?,
        })
    }
}

impl Encode for TimeSyncReq {
    fn encoded_len(&self) -> usize {
        Self::MAX_SIZE
    }

    fn encode(&self, out: &mut impl BufMut) {
        out.put_u32_le(self.request_time);
        out.put_u32_le(self.request_sequence);
    }
}

/// `msgTimeSync`, server to client: the answer, on channel 1, reliable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeSync {
    /// The request, as it came.
    pub request: TimeSyncReq,
    /// The server's time in milliseconds, the low 32 bits.
    pub server_time: u32,
}

impl Payload for TimeSync {
    const KIND: MessageType = MessageType::TIME_SYNC;
}

impl Decode<'_> for TimeSync {
    const MIN_SIZE: usize = 12;
    const MAX_SIZE: usize = 12;

    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self { request: TimeSyncReq::decode(reader)?, server_time: reader.u32("server time")? })
    }
}

impl Encode for TimeSync {
    fn encoded_len(&self) -> usize {
        Self::MAX_SIZE
    }

    fn encode(&self, out: &mut impl BufMut) {
        self.request.encode(out);
        out.put_u32_le(self.server_time);
    }
}
