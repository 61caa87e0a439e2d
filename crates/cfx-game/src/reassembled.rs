//! `msgReassembledEvent` and `msgReassembledEventV2`: one fragment of a large event, or its
//! acknowledgement, both ways (reference: `net-packet/include/ReassembledEventPacket.h`,
//! `citizen-resources-core/src/EventReassemblyComponent.cpp`).
//!
//! A fragment without payload acknowledges the one with its numbers. The fragments together are a
//! `u16` length, the event's name and its data. The second version is for servers of bit version
//! 2025-01-01 and later; such a server takes the first and does nothing with it.

use alloc::borrow::Cow;
use alloc::vec::Vec;

use bytes::BufMut;
use cfx_wire::{Decode, DecodeError, Encode, ErrorKind, Reader};

use crate::fields::{cut, sized, tail};
use crate::frame::{MessageType, Payload};

/// Bytes of payload of every fragment but the last, in the first version.
pub const FRAGMENT_SIZE: usize = 1023;

/// Bytes of payload of every fragment but the last, in the second version.
pub const FRAGMENT_SIZE_V2: usize = 2047;

/// Bytes of the first version's 108 bits before the payload, which begins in the last of them.
const HEADER_V1: usize = 14;

/// The most that 17 bits hold.
const MAX_17_BITS: u32 = (1 << 17) - 1;

/// Both receivers ignore a fragment behind the last, and so one of none.
fn check_index(reader: &Reader<'_>, index: u32, total: u32) -> Result<(), DecodeError> {
    if index < total {
        return Ok(());
    }
    Err(reader.error("packet index", ErrorKind::Malformed("not below the number of packets")))
}

/// `msgReassembledEvent`: bit-packed, the first bit of each byte being its highest. Event id, 32
/// low bits first, then its 32 high bits; packet index, 17 bits; total packets, 17; length of the
/// payload, 10; payload.
///
/// The payload lies across bytes, so it is copied. A packet that has less of it than its length
/// says is an error here; the reference goes on with the remains of its memory. The last four bits
/// are not looked at and written as 0; clients leave there what was in their memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReassembledEvent<'a> {
    /// Names the event among the sender's own.
    pub event_id: u64,
    /// Which fragment, from 0; 17 bits.
    pub packet_index: u32,
    /// How many fragments the event has, 1 to 131071.
    pub total_packets: u32,
    /// The fragment, at most [`FRAGMENT_SIZE`] bytes; none is an acknowledgement.
    pub payload: Cow<'a, [u8]>,
}

impl ReassembledEvent<'_> {
    /// Whether this acknowledges a fragment.
    pub fn is_ack(&self) -> bool {
        self.payload.is_empty()
    }

    fn cut(&self) -> &[u8] {
        cut(&self.payload, FRAGMENT_SIZE)
    }

    /// The 108 bits, at the top of 112.
    fn header(&self) -> u128 {
        let low_first = self.event_id.rotate_left(32);
        let mut bits = u128::from(low_first);
        bits = bits << 17 | u128::from(self.packet_index & MAX_17_BITS);
        bits = bits << 17 | u128::from(self.total_packets & MAX_17_BITS);
        bits = bits << 10 | u128::try_from(self.cut().len()).unwrap_or_default();
        bits << 4
    }
}

impl Payload for ReassembledEvent<'_> {
    const KIND: MessageType = MessageType::REASSEMBLED_EVENT;
}

impl<'a> Decode<'a> for ReassembledEvent<'a> {
    /// The packet's own bound is 1 byte; then the header does not fit.
    const MIN_SIZE: usize = HEADER_V1;
    /// More than a fragment needs.
    const MAX_SIZE: usize = 1088;

    fn decode(reader: &mut Reader<'a>) -> Result<Self, DecodeError> {
        let header = reader.bytes("header", HEADER_V1)?;
        let bits = header.iter().fold(0, |bits, byte| bits << 8 | u128::from(*byte));
        let (low, high) = (take(bits, 80, 32), take(bits, 48, 32));
        let (packet_index, total_packets) = (take(bits, 31, 17), take(bits, 14, 17));
        let length = take(bits, 4, 10) as usize;
        check_index(reader, packet_index, total_packets)?;
        let packed = sized(reader, "payload", length, 0, FRAGMENT_SIZE)?;
        let first = header.last().copied().unwrap_or_default();
        Ok(Self {
            event_id: u64::from(high) << 32 | u64::from(low),
            packet_index,
            total_packets,
            payload: shifted(first, packed),
        })
    }
}

/// The `width` bits, 1 to 32, that have `below` bits behind them.
#[expect(clippy::cast_possible_truncation, reason = "what is cut off is not asked for")]
const fn take(bits: u128, below: u32, width: u32) -> u32 {
    (bits >> below) as u32 & (u32::MAX >> (32 - width))
}

/// Bytes that begin in the middle of `first` and end in the middle of the last of `packed`.
fn shifted(first: u8, packed: &[u8]) -> Cow<'static, [u8]> {
    let mut before = first;
    let bytes = packed.iter().map(|byte| {
        let whole = before << 4 | byte >> 4;
        before = *byte;
        whole
    });
    Cow::Owned(bytes.collect::<Vec<u8>>())
}

/// Cuts the payload to a fragment, and index and total to 17 bits, which is what their fields hold.
impl Encode for ReassembledEvent<'_> {
    fn encoded_len(&self) -> usize {
        HEADER_V1 + self.cut().len()
    }

    fn encode(&self, out: &mut impl BufMut) {
        let payload = self.cut();
        let [_, _, header @ .., last] = self.header().to_be_bytes();
        out.put_slice(&header);
        let mut before = last >> 4;
        for byte in payload {
            out.put_u8(before << 4 | byte >> 4);
            before = *byte;
        }
        out.put_u8(before << 4);
    }
}

/// `msgReassembledEventV2`: the same in whole bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReassembledEventV2<'a> {
    /// Names the event among the sender's own.
    pub event_id: u64,
    /// Which fragment, from 0.
    pub packet_index: u16,
    /// How many fragments the event has, 1 or more.
    pub total_packets: u16,
    /// The fragment, at most [`FRAGMENT_SIZE_V2`] bytes; none is an acknowledgement.
    pub payload: &'a [u8],
}

impl ReassembledEventV2<'_> {
    /// Whether this acknowledges a fragment.
    pub const fn is_ack(&self) -> bool {
        self.payload.is_empty()
    }
}

impl Payload for ReassembledEventV2<'_> {
    const KIND: MessageType = MessageType::REASSEMBLED_EVENT_V2;
}

impl<'a> Decode<'a> for ReassembledEventV2<'a> {
    const MIN_SIZE: usize = 8 + 2 + 2;
    const MAX_SIZE: usize = 8 + 2 + 2 + FRAGMENT_SIZE_V2;

    fn decode(reader: &mut Reader<'a>) -> Result<Self, DecodeError> {
        let event_id = reader.u64("event id")?;
        let packet_index = reader.u16("packet index")?;
        let total_packets = reader.u16("total packets")?;
        check_index(reader, packet_index.into(), total_packets.into())?;
        let payload = tail(reader, "payload", 0, FRAGMENT_SIZE_V2)?;
        Ok(Self { event_id, packet_index, total_packets, payload })
    }
}

impl Encode for ReassembledEventV2<'_> {
    fn encoded_len(&self) -> usize {
        Self::MIN_SIZE + self.payload.len()
    }

    fn encode(&self, out: &mut impl BufMut) {
        out.put_u64_le(self.event_id);
        out.put_u16_le(self.packet_index);
        out.put_u16_le(self.total_packets);
        out.put_slice(self.payload);
    }
}
