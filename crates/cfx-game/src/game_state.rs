//! `gameStateNAck` and `gameStateAck`: what a client makes of the `OneSync` frames that it gets.
//!
//! The first is sent when something is wrong (the default), the second for every frame under ARQ
//! ([`ServerFrame::is_arq`](crate::server_frame::ServerFrame::is_arq)). A server takes only the one
//! that its sync style asks for. Frames are named by their number alone
//! ([`FrameIndex::frame`](crate::packed::FrameIndex::frame)).

use bytes::BufMut;
use cfx_wire::{Decode, DecodeError, Encode, Reader};

use crate::frame::{MessageType, Payload};
use crate::list::{Item, List, private};

/// Bytes of the longest list of `T`, with its count.
const fn max_list<T: Item>() -> usize {
    1 + T::SIZE * u8::MAX as usize
}

/// An entity that the client could not update.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IgnoreEntry {
    /// The entity's object id.
    pub entry: u16,
    /// The frame up to which the client has it, from which the server sends it again.
    pub last_frame: u64,
}

impl private::Sealed for IgnoreEntry {}

impl Item for IgnoreEntry {
    const SIZE: usize = 10;

    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self { entry: reader.u16("entry")?, last_frame: reader.u64("last frame")? })
    }

    fn write(self, out: &mut impl BufMut) {
        out.put_u16_le(self.entry);
        out.put_u64_le(self.last_frame);
    }
}

/// Frames that a client has not received.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MissingFrames {
    /// The number of the first.
    pub first: u64,
    /// The number of the last. Nothing says that it is not less, nor how many there are.
    pub last: u64,
}

/// `gameStateNAck`, client to server (reference: `net-packet/include/GameStateNAck.h`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GameStateNack<'a> {
    /// The number of the frame that the client has just read. A server that has forgotten it drops
    /// the client.
    pub frame_index: u64,
    /// Flag 1: frames between the last and this one are missing.
    pub missing_frames: Option<MissingFrames>,
    /// Flag 2: at most 255 entities that were not updated.
    pub ignore_list: Option<List<'a, IgnoreEntry>>,
    /// Flag 4: object ids of at most 255 entities to create again.
    pub recreate_list: Option<List<'a, u16>>,
    /// The flags besides those three, kept as they are. Clients send
    /// [`RESEND_FRAME`](Self::RESEND_FRAME); the server looks at none.
    pub other_flags: u8,
}

impl GameStateNack<'_> {
    /// Frames are missing.
    pub const MISSING_FRAMES: u8 = 1;
    /// There is an ignore list.
    pub const IGNORE_LIST: u8 = 2;
    /// There is a recreate list.
    pub const RECREATE_LIST: u8 = 4;
    /// Entries of the ignore list have a frame, as they always have.
    pub const RESEND_FRAME: u8 = 8;

    /// The flags on the wire.
    pub const fn flags(&self) -> u8 {
        let mut flags =
            self.other_flags & !(Self::MISSING_FRAMES | Self::IGNORE_LIST | Self::RECREATE_LIST);
        if self.missing_frames.is_some() {
            flags |= Self::MISSING_FRAMES;
        }
        if self.ignore_list.is_some() {
            flags |= Self::IGNORE_LIST;
        }
        if self.recreate_list.is_some() {
            flags |= Self::RECREATE_LIST;
        }
        flags
    }
}

impl Payload for GameStateNack<'_> {
    const KIND: MessageType = MessageType::GAME_STATE_NACK;
}

impl<'a> Decode<'a> for GameStateNack<'a> {
    /// The flags and the frame.
    const MIN_SIZE: usize = 1 + 8;
    const MAX_SIZE: usize = 1 + 8 + 16 + max_list::<IgnoreEntry>() + max_list::<u16>();

    fn decode(reader: &mut Reader<'a>) -> Result<Self, DecodeError> {
        let flags = reader.u8("flags")?;
        let has = |flag| flags & flag != 0;
        let frame_index = reader.u64("frame index")?;
        let missing_frames = if has(Self::MISSING_FRAMES) {
            let first = reader.u64("first missing frame")?;
            Some(MissingFrames { first, last: reader.u64("last missing frame")? })
        } else {
            None
        };
        let ignore_list =
            if has(Self::IGNORE_LIST) { Some(List::read_u8(reader, "ignore list")?) } else { None };
        let recreate_list = if has(Self::RECREATE_LIST) {
            Some(List::read_u8(reader, "recreate list")?)
        } else {
            None
        };
        let other_flags = flags & !(Self::MISSING_FRAMES | Self::IGNORE_LIST | Self::RECREATE_LIST);
        Ok(Self { frame_index, missing_frames, ignore_list, recreate_list, other_flags })
    }
}

/// Cuts each list to 255 items, which is what its count tells.
impl Encode for GameStateNack<'_> {
    fn encoded_len(&self) -> usize {
        Self::MIN_SIZE
            + self.missing_frames.map_or(0, |_| 16)
            + self.ignore_list.as_ref().map_or(0, List::len_u8)
            + self.recreate_list.as_ref().map_or(0, List::len_u8)
    }

    fn encode(&self, out: &mut impl BufMut) {
        out.put_u8(self.flags());
        out.put_u64_le(self.frame_index);
        if let Some(missing) = self.missing_frames {
            out.put_u64_le(missing.first);
            out.put_u64_le(missing.last);
        }
        if let Some(list) = &self.ignore_list {
            list.put_u8(out);
        }
        if let Some(list) = &self.recreate_list {
            list.put_u8(out);
        }
    }
}

/// `gameStateAck`, client to server (reference: `net-packet/include/GameStateAck.h`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GameStateAck<'a> {
    /// The number of the frame that the client has read.
    pub frame_index: u64,
    /// At most 255 entities that were not updated.
    pub ignore_list: List<'a, IgnoreEntry>,
    /// Object ids of at most 255 entities to create again.
    pub recreate_list: List<'a, u16>,
}

impl Payload for GameStateAck<'_> {
    const KIND: MessageType = MessageType::GAME_STATE_ACK;
}

impl<'a> Decode<'a> for GameStateAck<'a> {
    /// The frame and two counts.
    const MIN_SIZE: usize = 8 + 1 + 1;
    const MAX_SIZE: usize = 8 + max_list::<IgnoreEntry>() + max_list::<u16>();

    fn decode(reader: &mut Reader<'a>) -> Result<Self, DecodeError> {
        Ok(Self {
            frame_index: reader.u64("frame index")?,
            ignore_list: List::read_u8(reader, "ignore list")?,
            recreate_list: List::read_u8(reader, "recreate list")?,
        })
    }
}

/// Cuts each list to 255 items, which is what its count tells.
impl Encode for GameStateAck<'_> {
    fn encoded_len(&self) -> usize {
        8 + self.ignore_list.len_u8() + self.recreate_list.len_u8()
    }

    fn encode(&self, out: &mut impl BufMut) {
        out.put_u64_le(self.frame_index);
        self.ignore_list.put_u8(out);
        self.recreate_list.put_u8(out);
    }
}
