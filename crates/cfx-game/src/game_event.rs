//! `msgNetGameEvent` and `msgNetGameEventV2`: events of the game itself, which the server passes
//! from one client to others under `OneSync` (reference: `net-packet/include/NetGameEventPacket.h`).
//!
//! The second version, for servers of bit version 2024-08-01 and later, names the event by a hash
//! instead of an index that depends on the game's build. Such a server ignores the first version
//! and never sends it.

/// The most bytes of an event's data.
pub const MAX_DATA: usize = 1025;

/// Refuses other values than the two that a client writes for "is a reply".
fn honest(is_reply: u8) -> Result<(), (&'static str, &'static str)> {
    if is_reply <= 1 { Ok(()) } else { Err(("is reply", "neither 0 nor 1")) }
}

/// Client to server.
pub mod c2s {
    use bytes::BufMut;
    use cfx_wire::{Decode, DecodeError, Encode, Reader};

    use super::{MAX_DATA, honest};
    use crate::fields::{cut_u16, put_sized_u16, sized_u16, strict, tail};
    use crate::frame::{MessageType, Payload};
    use crate::list::List;

    /// Bytes of the longest list of targets, with its count.
    const MAX_TARGETS: usize = 1 + 2 * u8::MAX as usize;

    /// `msgNetGameEvent`. No event: today's server has no handler for it.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct NetGameEvent<'a> {
        /// Net ids of the clients that get it, at most 255; others than those near the sender are
        /// left out.
        pub target_players: List<'a, u16>,
        /// Names the event among the sender's own.
        pub event_id: u16,
        /// Whether it answers an event: 0 is no, anything else yes; clients send 0 or 1.
        pub is_reply: u8,
        /// The index of the kind of event.
        pub event_type: u16,
        /// The game's own bits, at most [`MAX_DATA`] bytes.
        pub data: &'a [u8],
    }

    impl Payload for NetGameEvent<'_> {
        const KIND: MessageType = MessageType::NET_GAME_EVENT;
    }

    impl<'a> Decode<'a> for NetGameEvent<'a> {
        const MIN_SIZE: usize = 1 + 2 + 1 + 2 + 2;
        const MAX_SIZE: usize = MAX_TARGETS + 2 + 1 + 2 + 2 + MAX_DATA;

        fn decode(reader: &mut Reader<'a>) -> Result<Self, DecodeError> {
            Ok(Self {
                target_players: List::read_u8(reader, "target players")?,
                event_id: reader.u16("event id")?,
                is_reply: reader.u8("is reply")?,
                event_type: reader.u16("event type")?,
                data: sized_u16(reader, "data", 0, MAX_DATA)?,
            })
        }

        fn from_slice_strict(data: &'a [u8]) -> Result<Self, DecodeError> {
            strict(data, |event: &Self| honest(event.is_reply))
        }
    }

    /// Cuts the list to 255 players and the data to 65535 bytes, which is what their lengths tell.
    impl Encode for NetGameEvent<'_> {
        fn encoded_len(&self) -> usize {
            self.target_players.len_u8() + 7 + cut_u16(self.data).len()
        }

        fn encode(&self, out: &mut impl BufMut) {
            self.target_players.put_u8(out);
            out.put_u16_le(self.event_id);
            out.put_u8(self.is_reply);
            out.put_u16_le(self.event_type);
            put_sized_u16(out, self.data);
        }
    }

    /// `msgNetGameEventV2`.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct NetGameEventV2<'a> {
        /// Net ids of the clients that get it, at most 255; others than those near the sender are
        /// left out.
        pub target_players: List<'a, u16>,
        /// The hash of the event's name.
        pub event_name_hash: u32,
        /// Names the event among the sender's own.
        pub event_id: u16,
        /// Whether it answers an event: 0 is no, anything else yes; clients send 0 or 1.
        pub is_reply: u8,
        /// The game's own bits, at most [`MAX_DATA`] bytes.
        pub data: &'a [u8],
    }

    impl Payload for NetGameEventV2<'_> {
        const KIND: MessageType = MessageType::NET_GAME_EVENT_V2;
    }

    impl<'a> Decode<'a> for NetGameEventV2<'a> {
        const MIN_SIZE: usize = 1 + 4 + 2 + 1;
        const MAX_SIZE: usize = MAX_TARGETS + 4 + 2 + 1 + MAX_DATA;

        fn decode(reader: &mut Reader<'a>) -> Result<Self, DecodeError> {
            Ok(Self {
                target_players: List::read_u8(reader, "target players")?,
                event_name_hash: reader.u32("event name hash")?,
                event_id: reader.u16("event id")?,
                is_reply: reader.u8("is reply")?,
                data: tail(reader, "data", 0, MAX_DATA)?,
            })
        }

        fn from_slice_strict(data: &'a [u8]) -> Result<Self, DecodeError> {
            strict(data, |event: &Self| honest(event.is_reply))
        }
    }

    /// Cuts the list to 255 players, which is what its count tells.
    impl Encode for NetGameEventV2<'_> {
        fn encoded_len(&self) -> usize {
            self.target_players.len_u8() + 7 + self.data.len()
        }

        fn encode(&self, out: &mut impl BufMut) {
            self.target_players.put_u8(out);
            out.put_u32_le(self.event_name_hash);
            out.put_u16_le(self.event_id);
            out.put_u8(self.is_reply);
            out.put_slice(self.data);
        }
    }
}

/// Server to client.
pub mod s2c {
    use bytes::BufMut;
    use cfx_wire::{Decode, DecodeError, Encode, Reader};

    use super::{MAX_DATA, honest};
    use crate::fields::{strict, tail};
    use crate::frame::{MessageType, Payload};

    /// The most bytes of a first version's payload.
    pub const MAX_V1: usize = 2048;

    /// `msgNetGameEvent`, from older servers.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct NetGameEvent<'a> {
        /// At most [`MAX_V1`] bytes: `u16` net id of the sender, `u16` event id, `u8` is reply,
        /// `u16` event type, `u16` length, data. The client reads what is missing as zero.
        pub data: &'a [u8],
    }

    impl Payload for NetGameEvent<'_> {
        const KIND: MessageType = MessageType::NET_GAME_EVENT;
    }

    impl<'a> Decode<'a> for NetGameEvent<'a> {
        const MIN_SIZE: usize = 0;
        const MAX_SIZE: usize = MAX_V1;

        fn decode(reader: &mut Reader<'a>) -> Result<Self, DecodeError> {
            Ok(Self { data: tail(reader, "data", 0, MAX_V1)? })
        }
    }

    impl Encode for NetGameEvent<'_> {
        fn encoded_len(&self) -> usize {
            self.data.len()
        }

        fn encode(&self, out: &mut impl BufMut) {
            out.put_slice(self.data);
        }
    }

    /// `msgNetGameEventV2`, on channel 1, reliable.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct NetGameEventV2<'a> {
        /// The net id of the client whose event it is.
        pub client_net_id: u16,
        /// The hash of the event's name.
        pub event_name_hash: u32,
        /// Names the event among that client's own.
        pub event_id: u16,
        /// Whether it answers an event: 0 is no, anything else yes.
        pub is_reply: u8,
        /// The game's own bits, at most [`MAX_DATA`] bytes.
        pub data: &'a [u8],
    }

    impl Payload for NetGameEventV2<'_> {
        const KIND: MessageType = MessageType::NET_GAME_EVENT_V2;
    }

    impl<'a> Decode<'a> for NetGameEventV2<'a> {
        const MIN_SIZE: usize = 2 + 4 + 2 + 1;
        const MAX_SIZE: usize = 2 + 4 + 2 + 1 + MAX_DATA;

        fn decode(reader: &mut Reader<'a>) -> Result<Self, DecodeError> {
            Ok(Self {
                client_net_id: reader.u16("client net id")?,
                event_name_hash: reader.u32("event name hash")?,
                event_id: reader.u16("event id")?,
                is_reply: reader.u8("is reply")?,
                data: tail(reader, "data", 0, MAX_DATA)?,
            })
        }

        fn from_slice_strict(data: &'a [u8]) -> Result<Self, DecodeError> {
            strict(data, |event: &Self| honest(event.is_reply))
        }
    }

    impl Encode for NetGameEventV2<'_> {
        fn encoded_len(&self) -> usize {
            Self::MIN_SIZE + self.data.len()
        }

        fn encode(&self, out: &mut impl BufMut) {
            out.put_u16_le(self.client_net_id);
            out.put_u32_le(self.event_name_hash);
            out.put_u16_le(self.event_id);
            out.put_u8(self.is_reply);
            out.put_slice(self.data);
        }
    }
}
