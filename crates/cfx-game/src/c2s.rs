//! Every message from a client to a server.

use bytes::BufMut;
use cfx_wire::{Decode, DecodeError, Encode, Reader};

use crate::frame::{Frame, HEADER_SIZE, MAX_PACKET, MessageType, Payload, Strictness};
use crate::handshake::c2s::ConnectHandshake;
use crate::keep_alive::KeepAlive;
use crate::quit::Quit;

/// A packet that a server receives: decoded from and encoded to whole packets, type included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message<'a> {
    /// Type 1: the client names itself (SPEC GAME-2).
    Connect(ConnectHandshake<'a>),
    /// `msgEnd`: the client is alive (SPEC GAME-14).
    KeepAlive(KeepAlive),
    /// `msgIQuit`: the client leaves (SPEC GAME-15).
    Quit(Quit<'a>),
    /// Any other type, kept as it is.
    Unknown(Frame<'a>),
}

impl<'a> Message<'a> {
    /// The type on the wire.
    pub fn kind(&self) -> MessageType {
        match self {
            Self::Connect(_) => ConnectHandshake::KIND,
            Self::KeepAlive(_) => KeepAlive::KIND,
            Self::Quit(_) => Quit::KIND,
            Self::Unknown(frame) => frame.kind,
        }
    }

    fn read(frame: Frame<'a>, strictness: Strictness) -> Result<Self, DecodeError> {
        Ok(match frame.kind {
            ConnectHandshake::KIND => Self::Connect(frame.read(strictness)?),
            KeepAlive::KIND => Self::KeepAlive(frame.read(strictness)?),
            // The server drops the client whatever follows the type.
            Quit::KIND if strictness == Strictness::Reference => {
                Self::Quit(Quit::as_the_server(frame.payload))
            }
            Quit::KIND => Self::Quit(frame.read(strictness)?),
            _ => Self::Unknown(frame),
        })
    }
}

impl<'a> Decode<'a> for Message<'a> {
    const MIN_SIZE: usize = HEADER_SIZE;
    const MAX_SIZE: usize = MAX_PACKET;

    fn decode(reader: &mut Reader<'a>) -> Result<Self, DecodeError> {
        Self::read(Frame::decode(reader)?, Strictness::Reference)
    }

    fn from_slice_strict(data: &'a [u8]) -> Result<Self, DecodeError> {
        Self::read(Frame::from_slice_strict(data)?, Strictness::Strict)
    }
}

impl Encode for Message<'_> {
    fn encoded_len(&self) -> usize {
        match self {
            Self::Connect(connect) => connect.packet_len(),
            Self::KeepAlive(keep_alive) => keep_alive.packet_len(),
            Self::Quit(quit) => quit.packet_len(),
            Self::Unknown(frame) => frame.encoded_len(),
        }
    }

    fn encode(&self, out: &mut impl BufMut) {
        match self {
            Self::Connect(connect) => connect.encode_packet(out),
            Self::KeepAlive(keep_alive) => keep_alive.encode_packet(out),
            Self::Quit(quit) => quit.encode_packet(out),
            Self::Unknown(frame) => frame.encode(out),
        }
    }
}
