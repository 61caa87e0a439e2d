//! Every message from a client to a server.

use bytes::BufMut;
use cfx_wire::{Decode, DecodeError, Encode, Reader};

use crate::array_update::c2s::ArrayUpdate;
use crate::command::ServerCommand;
use crate::event::ServerEvent;
use crate::frame::{Frame, HEADER_SIZE, MAX_PACKET, MessageType, Payload, Strictness};
use crate::game_event::c2s::{NetGameEvent, NetGameEventV2};
use crate::game_state::{GameStateAck, GameStateNack};
use crate::handshake::c2s::ConnectHandshake;
use crate::host::c2s::{HeHost, IHost};
use crate::keep_alive::KeepAlive;
use crate::object_ids::RequestObjectIds;
use crate::quit::Quit;
use crate::reassembled::{ReassembledEvent, ReassembledEventV2};
use crate::route::c2s::Route;
use crate::state_bag::{StateBag, StateBagV2};
use crate::time_sync::TimeSyncReq;

/// A packet that a server receives: decoded from and encoded to whole packets, type included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message<'a> {
    /// Type 1: the client names itself (SPEC GAME-2).
    Connect(ConnectHandshake<'a>),
    /// `msgEnd`: the client is alive (SPEC GAME-14).
    KeepAlive(KeepAlive),
    /// `msgIQuit`: the client leaves (SPEC GAME-15).
    Quit(Quit<'a>),
    /// `msgIHost`: the client takes itself for the host.
    IHost(IHost),
    /// `msgHeHost`: the client votes for a host.
    HeHost(HeHost),
    /// `msgServerEvent`: an event for the server's resources.
    ServerEvent(ServerEvent<'a>),
    /// `msgServerCommand`: a line for the server's console.
    ServerCommand(ServerCommand<'a>),
    /// `msgTimeSyncReq`: what is the time?
    TimeSyncReq(TimeSyncReq),
    /// `msgStateBag`: a key of a state bag, packed as bits.
    StateBag(StateBag<'a>),
    /// `msgStateBagV2`: a key of a state bag.
    StateBagV2(StateBagV2<'a>),
    /// `msgNetGameEvent`: an event of the game for other clients.
    NetGameEvent(NetGameEvent<'a>),
    /// `msgNetGameEventV2`: an event of the game for other clients.
    NetGameEventV2(NetGameEventV2<'a>),
    /// `msgArrayUpdate`: an element of a shared array.
    ArrayUpdate(ArrayUpdate<'a>),
    /// `gameStateAck`: a frame was read.
    GameStateAck(GameStateAck<'a>),
    /// `gameStateNAck`: a frame was not, or not wholly, read.
    GameStateNack(GameStateNack<'a>),
    /// `msgRoute`: bytes for another client, or the client's entities under `OneSync`.
    Route(Route<'a>),
    /// `msgReassembledEvent`: a fragment of a large event, packed as bits.
    ReassembledEvent(ReassembledEvent<'a>),
    /// `msgReassembledEventV2`: a fragment of a large event.
    ReassembledEventV2(ReassembledEventV2<'a>),
    /// `msgRequestObjectIds`: the client is out of object ids.
    RequestObjectIds(RequestObjectIds),
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
            Self::IHost(_) => IHost::KIND,
            Self::HeHost(_) => HeHost::KIND,
            Self::ServerEvent(_) => ServerEvent::KIND,
            Self::ServerCommand(_) => ServerCommand::KIND,
            Self::TimeSyncReq(_) => TimeSyncReq::KIND,
            Self::StateBag(_) => StateBag::KIND,
            Self::StateBagV2(_) => StateBagV2::KIND,
            Self::NetGameEvent(_) => NetGameEvent::KIND,
            Self::NetGameEventV2(_) => NetGameEventV2::KIND,
            Self::ArrayUpdate(_) => ArrayUpdate::KIND,
            Self::GameStateAck(_) => GameStateAck::KIND,
            Self::GameStateNack(_) => GameStateNack::KIND,
            Self::Route(_) => Route::KIND,
            Self::ReassembledEvent(_) => ReassembledEvent::KIND,
            Self::ReassembledEventV2(_) => ReassembledEventV2::KIND,
            Self::RequestObjectIds(_) => RequestObjectIds::KIND,
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
            IHost::KIND => Self::IHost(frame.read(strictness)?),
            HeHost::KIND => Self::HeHost(frame.read(strictness)?),
            ServerEvent::KIND => Self::ServerEvent(frame.read(strictness)?),
            ServerCommand::KIND => Self::ServerCommand(frame.read(strictness)?),
            TimeSyncReq::KIND => Self::TimeSyncReq(frame.read(strictness)?),
            StateBag::KIND => Self::StateBag(frame.read(strictness)?),
            StateBagV2::KIND => Self::StateBagV2(frame.read(strictness)?),
            NetGameEvent::KIND => Self::NetGameEvent(frame.read(strictness)?),
            NetGameEventV2::KIND => Self::NetGameEventV2(frame.read(strictness)?),
            ArrayUpdate::KIND => Self::ArrayUpdate(frame.read(strictness)?),
            GameStateAck::KIND => Self::GameStateAck(frame.read(strictness)?),
            GameStateNack::KIND => Self::GameStateNack(frame.read(strictness)?),
            Route::KIND => Self::Route(frame.read(strictness)?),
            ReassembledEvent::KIND => Self::ReassembledEvent(frame.read(strictness)?),
            ReassembledEventV2::KIND => Self::ReassembledEventV2(frame.read(strictness)?),
            RequestObjectIds::KIND => Self::RequestObjectIds(frame.read(strictness)?),
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
            Self::IHost(message) => message.packet_len(),
            Self::HeHost(message) => message.packet_len(),
            Self::ServerEvent(message) => message.packet_len(),
            Self::ServerCommand(message) => message.packet_len(),
            Self::TimeSyncReq(message) => message.packet_len(),
            Self::StateBag(message) => message.packet_len(),
            Self::StateBagV2(message) => message.packet_len(),
            Self::NetGameEvent(message) => message.packet_len(),
            Self::NetGameEventV2(message) => message.packet_len(),
            Self::ArrayUpdate(message) => message.packet_len(),
            Self::GameStateAck(message) => message.packet_len(),
            Self::GameStateNack(message) => message.packet_len(),
            Self::Route(message) => message.packet_len(),
            Self::ReassembledEvent(message) => message.packet_len(),
            Self::ReassembledEventV2(message) => message.packet_len(),
            Self::RequestObjectIds(message) => message.packet_len(),
            Self::Unknown(frame) => frame.encoded_len(),
        }
    }

    fn encode(&self, out: &mut impl BufMut) {
        match self {
            Self::Connect(connect) => connect.encode_packet(out),
            Self::KeepAlive(keep_alive) => keep_alive.encode_packet(out),
            Self::Quit(quit) => quit.encode_packet(out),
            Self::IHost(message) => message.encode_packet(out),
            Self::HeHost(message) => message.encode_packet(out),
            Self::ServerEvent(message) => message.encode_packet(out),
            Self::ServerCommand(message) => message.encode_packet(out),
            Self::TimeSyncReq(message) => message.encode_packet(out),
            Self::StateBag(message) => message.encode_packet(out),
            Self::StateBagV2(message) => message.encode_packet(out),
            Self::NetGameEvent(message) => message.encode_packet(out),
            Self::NetGameEventV2(message) => message.encode_packet(out),
            Self::ArrayUpdate(message) => message.encode_packet(out),
            Self::GameStateAck(message) => message.encode_packet(out),
            Self::GameStateNack(message) => message.encode_packet(out),
            Self::Route(message) => message.encode_packet(out),
            Self::ReassembledEvent(message) => message.encode_packet(out),
            Self::ReassembledEventV2(message) => message.encode_packet(out),
            Self::RequestObjectIds(message) => message.encode_packet(out),
            Self::Unknown(frame) => frame.encode(out),
        }
    }
}
