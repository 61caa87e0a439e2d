//! A piece of an event, whichever message it travels in.

use alloc::borrow::Cow;

use cfx_game::reassembled::{ReassembledEvent, ReassembledEventV2};

/// A piece of an event's payload; without bytes, the acknowledgement of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fragment<'a> {
    /// The sender's number of the event.
    pub event_id: u64,
    /// Which piece, from 0 on.
    pub index: u32,
    /// How many pieces the event has, at most
    /// [`Version::max_fragments`](super::Version::max_fragments).
    pub count: u32,
    /// The piece, at most [`Version::fragment_size`](super::Version::fragment_size) bytes.
    pub data: &'a [u8],
}

impl<'a> Fragment<'a> {
    /// Whether this acknowledges a fragment.
    pub const fn is_ack(&self) -> bool {
        self.data.is_empty()
    }

    /// The acknowledgement of this fragment.
    pub const fn ack(&self) -> Fragment<'static> {
        let Self { event_id, index, count, .. } = *self;
        Fragment { event_id, index, count, data: &[] }
    }

    /// Whether there can be such a piece. Receivers ignore others.
    pub const fn is_in_range(&self) -> bool {
        self.index < self.count
    }

    /// As a message of the first version.
    pub const fn to_v1(&self) -> ReassembledEvent<'a> {
        ReassembledEvent {
            event_id: self.event_id,
            packet_index: self.index,
            total_packets: self.count,
            payload: Cow::Borrowed(self.data),
        }
    }

    /// As a message of the second version; numbers that its fields cannot hold become their
    /// greatest.
    pub fn to_v2(&self) -> ReassembledEventV2<'a> {
        ReassembledEventV2 {
            event_id: self.event_id,
            packet_index: u16::try_from(self.index).unwrap_or(u16::MAX),
            total_packets: u16::try_from(self.count).unwrap_or(u16::MAX),
            payload: self.data,
        }
    }
}

impl<'a> From<&'a ReassembledEvent<'_>> for Fragment<'a> {
    fn from(message: &'a ReassembledEvent<'_>) -> Self {
        Self {
            event_id: message.event_id,
            index: message.packet_index,
            count: message.total_packets,
            data: &message.payload,
        }
    }
}

impl<'a> From<&ReassembledEventV2<'a>> for Fragment<'a> {
    fn from(message: &ReassembledEventV2<'a>) -> Self {
        Self {
            event_id: message.event_id,
            index: message.packet_index.into(),
            count: message.total_packets.into(),
            data: message.payload,
        }
    }
}
