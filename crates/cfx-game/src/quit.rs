//! `msgIQuit`: a client says that it leaves, and why.

use bytes::BufMut;
use cfx_wire::codec::check_length;
use cfx_wire::{Decode, DecodeError, Encode, ErrorKind, Reader};

use crate::frame::{MessageType, Payload};

/// The most bytes of a reason that a server takes, without the NUL.
pub const MAX_REASON: usize = 1023;

/// The reason and one NUL, 2 to 1024 bytes together, on channel 0, reliable, before the client
/// leaves `ENet` (SPEC GAME-15, CLIENT-6; reference: `net-packet/include/IQuit.h` and the server's
/// `IQuitPacketHandler.h`).
///
/// [`from_slice`](Decode::from_slice) refuses other lengths, as the reference's decoder does. Its
/// server drops the client all the same: [`as_the_server`](Self::as_the_server) does so too.
/// [`from_slice_strict`](Decode::from_slice_strict) also wants the one NUL, at the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quit<'a> {
    /// The reason without its last byte, which the server cuts off whatever it is. Any bytes, not
    /// always UTF-8; shown to other players.
    pub reason: &'a [u8],
}

impl<'a> Quit<'a> {
    /// Reads any payload as the server does: an empty reason when the length is out of bounds.
    pub fn as_the_server(payload: &'a [u8]) -> Self {
        Self::from_slice(payload).unwrap_or(Self { reason: b"" })
    }

    fn cut(&self) -> &'a [u8] {
        self.reason.get(..MAX_REASON).unwrap_or(self.reason)
    }
}

impl Payload for Quit<'_> {
    const KIND: MessageType = MessageType::I_QUIT;
}

impl<'a> Decode<'a> for Quit<'a> {
    const MIN_SIZE: usize = 2;
    const MAX_SIZE: usize = MAX_REASON + 1;

    fn decode(reader: &mut Reader<'a>) -> Result<Self, DecodeError> {
        let offset = reader.offset();
        let tail = reader.rest();
        check_length("reason", offset, tail.len(), Self::MIN_SIZE, Self::MAX_SIZE)?;
        let (_, reason) = tail.split_last().unwrap_or((&0, tail));
        Ok(Self { reason })
    }

    fn from_slice_strict(data: &'a [u8]) -> Result<Self, DecodeError> {
        let quit = Self::from_slice(data)?;
        let error = |offset, kind| Err(DecodeError::new("reason", offset, kind));
        match data.iter().position(|byte| *byte == 0) {
            Some(at) if at == quit.reason.len() => Ok(quit),
            Some(at) => error(at, ErrorKind::Malformed("a NUL before the end")),
            None => error(data.len(), ErrorKind::Incomplete { needed: 1 }),
        }
    }
}

/// Adds the NUL and cuts the reason to what a server takes. An empty one is a single NUL, which the
/// server finds too short, and so empty.
impl Encode for Quit<'_> {
    fn encoded_len(&self) -> usize {
        self.cut().len() + 1
    }

    fn encode(&self, out: &mut impl BufMut) {
        out.put_slice(self.cut());
        out.put_u8(0);
    }
}
