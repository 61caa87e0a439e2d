//! Every message from a server to a client.
//!
//! Until `connectOK` a client ignores every type but the handshake; the first other packet after it
//! makes the client active (SPEC GAME-16).

use bytes::BufMut;
use cfx_wire::{Decode, DecodeError, Encode, Reader};

use crate::frame::{Frame, HEADER_SIZE, MAX_PACKET, MessageType, Payload, Strictness};
use crate::handshake::s2c::ConnectOk;
use crate::keep_alive::KeepAlive;
use crate::server_frame::ServerFrame;

/// A packet that a client receives: decoded from and encoded to whole packets, type included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message<'a> {
    /// Type 1: the server has taken the client in (SPEC GAME-7).
    ConnectOk(ConnectOk),
    /// `msgEnd`: no more than any packet says; the client does nothing else with it.
    KeepAlive(KeepAlive),
    /// `msgFrame`: lockdown mode and sync style (SPEC GAME-17).
    Frame(ServerFrame),
    /// Any other type, kept as it is.
    Unknown(Frame<'a>),
}

impl<'a> Message<'a> {
    /// The type on the wire.
    pub fn kind(&self) -> MessageType {
        match self {
            Self::ConnectOk(_) => ConnectOk::KIND,
            Self::KeepAlive(_) => KeepAlive::KIND,
            Self::Frame(_) => ServerFrame::KIND,
            Self::Unknown(frame) => frame.kind,
        }
    }

    fn read(frame: Frame<'a>, strictness: Strictness) -> Result<Self, DecodeError> {
        Ok(match frame.kind {
            ConnectOk::KIND => Self::ConnectOk(frame.read(strictness)?),
            KeepAlive::KIND => Self::KeepAlive(frame.read(strictness)?),
            ServerFrame::KIND => Self::Frame(frame.read(strictness)?),
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
            Self::ConnectOk(ok) => ok.packet_len(),
            Self::KeepAlive(keep_alive) => keep_alive.packet_len(),
            Self::Frame(frame) => frame.packet_len(),
            Self::Unknown(frame) => frame.encoded_len(),
        }
    }

    fn encode(&self, out: &mut impl BufMut) {
        match self {
            Self::ConnectOk(ok) => ok.encode_packet(out),
            Self::KeepAlive(keep_alive) => keep_alive.encode_packet(out),
            Self::Frame(frame) => frame.encode_packet(out),
            Self::Unknown(frame) => frame.encode(out),
        }
    }
}
