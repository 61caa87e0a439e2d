//! `msgServerCommand`: a line that the player typed, for the server to run.

use bytes::BufMut;
use cfx_wire::{Decode, DecodeError, Encode, Reader};

use crate::fields::{cut_u16, put_sized_u16, sized_u16};
use crate::frame::{MessageType, Payload};

/// The most bytes of a command.
pub const MAX_COMMAND: usize = 4096;

/// Client to server (reference: `net-packet/include/ServerCommand.h`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServerCommand<'a> {
    /// The line, 1 to [`MAX_COMMAND`] bytes.
    pub command: &'a [u8],
    /// Once a hash of the line. The server does not look at it, and today's client sends 0.
    pub command_hash: u32,
}

impl Payload for ServerCommand<'_> {
    const KIND: MessageType = MessageType::SERVER_COMMAND;
}

impl<'a> Decode<'a> for ServerCommand<'a> {
    /// The length, the shortest command and the hash.
    const MIN_SIZE: usize = 2 + 1 + 4;
    const MAX_SIZE: usize = 2 + MAX_COMMAND + 4;

    fn decode(reader: &mut Reader<'a>) -> Result<Self, DecodeError> {
        Ok(Self {
            command: sized_u16(reader, "command", 1, MAX_COMMAND)?,
            command_hash: reader.u32("command hash")?,
        })
    }
}

/// Cuts the command to what its length can tell, 65535 bytes.
impl Encode for ServerCommand<'_> {
    fn encoded_len(&self) -> usize {
        2 + cut_u16(self.command).len() + 4
    }

    fn encode(&self, out: &mut impl BufMut) {
        put_sized_u16(out, self.command);
        out.put_u32_le(self.command_hash);
    }
}
