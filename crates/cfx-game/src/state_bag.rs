//! `msgStateBag` and `msgStateBagV2`: one key of a state bag takes a value, both ways (reference:
//! `net-packet/include/StateBag.h`, `citizen-resources-core/src/StateBagComponent.cpp`).
//!
//! Servers send the first, as they cannot tell which clients know the second; clients send the
//! second to servers of bit version 2024-05-01 and later. Such a server takes the first and does
//! nothing with it. In strict state bag mode a server ignores both.

use bytes::BufMut;
use cfx_wire::{Decode, DecodeError, Encode, Reader};

use crate::fields::{cut_u16, put_sized_u16, sized_u16, tail};
use crate::frame::{MessageType, Payload};

/// The most bytes of a bag's name in the second version.
pub const MAX_NAME: usize = 128;

/// The most bytes of a key in the second version.
pub const MAX_KEY: usize = 1024;

/// The most bytes of a value in the second version, and of the whole first one.
pub const MAX_DATA: usize = 256 * 1024;

/// `msgStateBag`: name, key and value, packed as bits. They are not read here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StateBag<'a> {
    /// 1 to [`MAX_DATA`] bytes: twice a 16-bit length that counts a NUL, the text and the NUL, then
    /// the value in msgpack.
    pub data: &'a [u8],
}

impl Payload for StateBag<'_> {
    const KIND: MessageType = MessageType::STATE_BAG;
}

impl<'a> Decode<'a> for StateBag<'a> {
    const MIN_SIZE: usize = 1;
    const MAX_SIZE: usize = MAX_DATA;

    fn decode(reader: &mut Reader<'a>) -> Result<Self, DecodeError> {
        Ok(Self { data: tail(reader, "data", 1, MAX_DATA)? })
    }
}

impl Encode for StateBag<'_> {
    fn encoded_len(&self) -> usize {
        self.data.len()
    }

    fn encode(&self, out: &mut impl BufMut) {
        out.put_slice(self.data);
    }
}

/// `msgStateBagV2`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StateBagV2<'a> {
    /// The bag's name, as `entity:7` or `player:1`: 1 to [`MAX_NAME`] bytes.
    pub bag_name: &'a [u8],
    /// The key: 1 to [`MAX_KEY`] bytes.
    pub key: &'a [u8],
    /// The value in msgpack: 1 to [`MAX_DATA`] bytes.
    pub data: &'a [u8],
}

impl Payload for StateBagV2<'_> {
    const KIND: MessageType = MessageType::STATE_BAG_V2;
}

impl<'a> Decode<'a> for StateBagV2<'a> {
    /// Two lengths and one byte of everything.
    const MIN_SIZE: usize = 2 + 1 + 2 + 1 + 1;
    /// The server does not check the sum, which the fields keep to anyway.
    const MAX_SIZE: usize = 2 + MAX_NAME + 2 + MAX_KEY + MAX_DATA;

    fn decode(reader: &mut Reader<'a>) -> Result<Self, DecodeError> {
        Ok(Self {
            bag_name: sized_u16(reader, "bag name", 1, MAX_NAME)?,
            key: sized_u16(reader, "key", 1, MAX_KEY)?,
            data: tail(reader, "data", 1, MAX_DATA)?,
        })
    }
}

/// Cuts name and key to what their lengths can tell, 65535 bytes.
impl Encode for StateBagV2<'_> {
    fn encoded_len(&self) -> usize {
        4 + cut_u16(self.bag_name).len() + cut_u16(self.key).len() + self.data.len()
    }

    fn encode(&self, out: &mut impl BufMut) {
        put_sized_u16(out, self.bag_name);
        put_sized_u16(out, self.key);
        out.put_slice(self.data);
    }
}
