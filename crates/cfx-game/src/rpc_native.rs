//! `msgRpcNative`: the server has a client call one of the game's functions.

use bytes::BufMut;
use cfx_wire::{Decode, DecodeError, Encode, Reader};

use crate::fields::tail;
use crate::frame::{MAX_PAYLOAD, MessageType, Payload};

/// Server to client (reference: `net-packet/include/RpcNative.h`, the server's
/// `state/ServerRPC.cpp`, the client's `gta-net-five/src/ClientRPC.cpp`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RpcNative<'a> {
    /// 1 byte or more: `u64` hash of the function, `u32` `lower` hash of the resource's name, `u32`
    /// creation token if the function creates something, then the arguments, whose types are those
    /// of the function. The client reads what is missing as zero.
    pub data: &'a [u8],
}

impl Payload for RpcNative<'_> {
    const KIND: MessageType = MessageType::RPC_NATIVE;
}

impl<'a> Decode<'a> for RpcNative<'a> {
    const MIN_SIZE: usize = 1;
    const MAX_SIZE: usize = MAX_PAYLOAD;

    fn decode(reader: &mut Reader<'a>) -> Result<Self, DecodeError> {
        Ok(Self { data: tail(reader, "data", 1, MAX_PAYLOAD)? })
    }
}

impl Encode for RpcNative<'_> {
    fn encoded_len(&self) -> usize {
        self.data.len()
    }

    fn encode(&self, out: &mut impl BufMut) {
        out.put_slice(self.data);
    }
}
