//! `msgServerEvent` and `msgNetEvent`: a script event for the other side's resources (reference:
//! `net-packet/include/NetEvent.h`).

use bytes::BufMut;
use cfx_wire::{Decode, DecodeError, Encode, Reader};

use crate::fields::{cut, sized_u16, strict, tail};
use crate::frame::{MAX_PAYLOAD, MessageType, Payload};

/// The most bytes of an event's name, with the one behind it.
pub const MAX_NAME: usize = u16::MAX as usize;

/// The most bytes of a server event's data.
pub const MAX_DATA: usize = 384 * 1024;

/// An event's name and the byte behind it, which receivers cut off whatever it is. It is a NUL from
/// an honest peer.
///
/// On the wire a `u16` that counts that byte, 2 or more, and the bytes: an empty name is refused.
/// Names are any bytes, not always UTF-8.
///
/// ```
/// use cfx_game::event::EventName;
/// let name = EventName::new(b"playerJoining");
/// assert_eq!(name.as_bytes(), b"playerJoining");
/// assert!(name.is_terminated());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventName<'a> {
    name: &'a [u8],
    last: u8,
}

impl<'a> EventName<'a> {
    /// A name to send, cut to the 65534 bytes that a receiver accepts.
    pub fn new(name: &'a [u8]) -> Self {
        Self { name: cut(name, MAX_NAME - 1), last: 0 }
    }

    /// The name, as receivers use it.
    pub const fn as_bytes(&self) -> &'a [u8] {
        self.name
    }

    /// The byte behind it.
    pub const fn last(&self) -> u8 {
        self.last
    }

    /// Whether that is a NUL, and the only one.
    pub fn is_terminated(&self) -> bool {
        self.last == 0 && !self.name.contains(&0)
    }

    fn read(reader: &mut Reader<'a>) -> Result<Self, DecodeError> {
        let bytes = sized_u16(reader, "event name", 2, MAX_NAME)?;
        let (last, name) = bytes.split_last().unwrap_or((&0, bytes));
        Ok(Self { name, last: *last })
    }

    /// Bytes of its length and itself.
    const fn encoded_len(&self) -> usize {
        2 + self.name.len() + 1
    }

    fn write(&self, out: &mut impl BufMut) {
        out.put_u16_le(u16::try_from(self.name.len() + 1).unwrap_or(u16::MAX));
        out.put_slice(self.name);
        out.put_u8(self.last);
    }

    fn honest(&self) -> Result<(), (&'static str, &'static str)> {
        if self.is_terminated() { Ok(()) } else { Err(("event name", "not one NUL, at the end")) }
    }
}

/// `msgServerEvent`, client to server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServerEvent<'a> {
    /// What happened.
    pub name: EventName<'a>,
    /// Its arguments in msgpack, at most [`MAX_DATA`] bytes. Servers count them, and the name,
    /// towards a limit per second.
    pub data: &'a [u8],
}

impl Payload for ServerEvent<'_> {
    const KIND: MessageType = MessageType::SERVER_EVENT;
}

impl<'a> Decode<'a> for ServerEvent<'a> {
    /// The name's length and the shortest name.
    const MIN_SIZE: usize = 2 + 2;
    const MAX_SIZE: usize = 2 + MAX_NAME + MAX_DATA;

    fn decode(reader: &mut Reader<'a>) -> Result<Self, DecodeError> {
        let name = EventName::read(reader)?;
        Ok(Self { name, data: tail(reader, "event data", 0, MAX_DATA)? })
    }

    fn from_slice_strict(data: &'a [u8]) -> Result<Self, DecodeError> {
        strict(data, |event: &Self| event.name.honest())
    }
}

impl Encode for ServerEvent<'_> {
    fn encoded_len(&self) -> usize {
        self.name.encoded_len() + self.data.len()
    }

    fn encode(&self, out: &mut impl BufMut) {
        self.name.write(out);
        out.put_slice(self.data);
    }
}

/// `msgNetEvent`, server to client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NetEvent<'a> {
    /// Whose event it is; servers always send [`NetEvent::SERVER`].
    pub source_net_id: u16,
    /// What happened.
    pub name: EventName<'a>,
    /// Its arguments in msgpack.
    pub data: &'a [u8],
}

impl NetEvent<'_> {
    /// The source that stands for the server.
    pub const SERVER: u16 = u16::MAX;
}

impl Payload for NetEvent<'_> {
    const KIND: MessageType = MessageType::NET_EVENT;
}

impl<'a> Decode<'a> for NetEvent<'a> {
    /// The source, the name's length and the shortest name.
    const MIN_SIZE: usize = 2 + 2 + 2;
    /// A client sets no bound to the data.
    const MAX_SIZE: usize = MAX_PAYLOAD;

    fn decode(reader: &mut Reader<'a>) -> Result<Self, DecodeError> {
        let source_net_id = reader.u16("source net id")?;
        let name = EventName::read(reader)?;
        Ok(Self { source_net_id, name, data: reader.rest() })
    }

    fn from_slice_strict(data: &'a [u8]) -> Result<Self, DecodeError> {
        strict(data, |event: &Self| event.name.honest())
    }
}

impl Encode for NetEvent<'_> {
    fn encoded_len(&self) -> usize {
        2 + self.name.encoded_len() + self.data.len()
    }

    fn encode(&self, out: &mut impl BufMut) {
        out.put_u16_le(self.source_net_id);
        self.name.write(out);
        out.put_slice(self.data);
    }
}
