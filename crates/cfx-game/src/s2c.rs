//! Every message from a server to a client.
//!
//! Until `connectOK` a client ignores every type but the handshake; the first other packet after it
//! makes the client active (SPEC GAME-16).

use bytes::BufMut;
use cfx_wire::{Decode, DecodeError, Encode, Reader};

use crate::array_update::s2c::ArrayUpdate;
use crate::con_vars::ConVars;
use crate::event::NetEvent;
use crate::frame::{Frame, HEADER_SIZE, MAX_PACKET, MessageType, Payload, Strictness};
use crate::game_event::s2c::{NetGameEvent, NetGameEventV2};
use crate::handshake::s2c::ConnectOk;
use crate::host::s2c::IHost;
use crate::keep_alive::KeepAlive;
use crate::object_ids::ObjectIds;
use crate::packed::{PackedAcks, PackedClones};
use crate::reassembled::{ReassembledEvent, ReassembledEventV2};
use crate::resource::{ResStart, ResStop};
use crate::route::s2c::Route;
use crate::rpc_native::RpcNative;
use crate::server_frame::ServerFrame;
use crate::state_bag::{StateBag, StateBagV2};
use crate::time_sync::TimeSync;
use crate::world_grid::WorldGrid;

/// A packet that a client receives: decoded from and encoded to whole packets, type included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message<'a> {
    /// Type 1: the server has taken the client in (SPEC GAME-7).
    ConnectOk(ConnectOk),
    /// `msgEnd`: no more than any packet says; the client does nothing else with it.
    KeepAlive(KeepAlive),
    /// `msgFrame`: lockdown mode and sync style (SPEC GAME-17).
    Frame(ServerFrame),
    /// `msgIHost`: another client is the host.
    IHost(IHost),
    /// `msgConVars`: shared console variables.
    ConVars(ConVars<'a>),
    /// `msgNetEvent`: an event for the client's resources.
    NetEvent(NetEvent<'a>),
    /// `msgTimeSync`: the server's time.
    TimeSync(TimeSync),
    /// `msgStateBag`: a key of a state bag, packed as bits.
    StateBag(StateBag<'a>),
    /// `msgStateBagV2`: a key of a state bag.
    StateBagV2(StateBagV2<'a>),
    /// `msgNetGameEvent`: another client's event of the game.
    NetGameEvent(NetGameEvent<'a>),
    /// `msgNetGameEventV2`: another client's event of the game.
    NetGameEventV2(NetGameEventV2<'a>),
    /// `msgArrayUpdate`: an element of a shared array.
    ArrayUpdate(ArrayUpdate<'a>),
    /// `msgRoute`: bytes from another client.
    Route(Route<'a>),
    /// `msgReassembledEvent`: a fragment of a large event, packed as bits.
    ReassembledEvent(ReassembledEvent<'a>),
    /// `msgReassembledEventV2`: a fragment of a large event.
    ReassembledEventV2(ReassembledEventV2<'a>),
    /// `msgResStart`: a resource starts.
    ResStart(ResStart<'a>),
    /// `msgResStop`: a resource stops.
    ResStop(ResStop<'a>),
    /// `msgObjectIds`: ids for new entities.
    ObjectIds(ObjectIds<'a>),
    /// `msgPackedClones`: a piece of a `OneSync` frame.
    PackedClones(PackedClones<'a>),
    /// `msgPackedAcks`: what the server has read of the client's entities.
    PackedAcks(PackedAcks<'a>),
    /// `msgRpcNative`: a function of the game to call.
    RpcNative(RpcNative<'a>),
    /// `msgWorldGrid3`: sectors of the map to answer for.
    WorldGrid(WorldGrid<'a>),
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
            Self::IHost(_) => IHost::KIND,
            Self::ConVars(_) => ConVars::KIND,
            Self::NetEvent(_) => NetEvent::KIND,
            Self::TimeSync(_) => TimeSync::KIND,
            Self::StateBag(_) => StateBag::KIND,
            Self::StateBagV2(_) => StateBagV2::KIND,
            Self::NetGameEvent(_) => NetGameEvent::KIND,
            Self::NetGameEventV2(_) => NetGameEventV2::KIND,
            Self::ArrayUpdate(_) => ArrayUpdate::KIND,
            Self::Route(_) => Route::KIND,
            Self::ReassembledEvent(_) => ReassembledEvent::KIND,
            Self::ReassembledEventV2(_) => ReassembledEventV2::KIND,
            Self::ResStart(_) => ResStart::KIND,
            Self::ResStop(_) => ResStop::KIND,
            Self::ObjectIds(_) => ObjectIds::KIND,
            Self::PackedClones(_) => PackedClones::KIND,
            Self::PackedAcks(_) => PackedAcks::KIND,
            Self::RpcNative(_) => RpcNative::KIND,
            Self::WorldGrid(_) => WorldGrid::KIND,
            Self::Unknown(frame) => frame.kind,
        }
    }

    fn read(frame: Frame<'a>, strictness: Strictness) -> Result<Self, DecodeError> {
        Ok(match frame.kind {
            ConnectOk::KIND => Self::ConnectOk(frame.read(strictness)?),
            KeepAlive::KIND => Self::KeepAlive(frame.read(strictness)?),
            ServerFrame::KIND => Self::Frame(frame.read(strictness)?),
            IHost::KIND => Self::IHost(frame.read(strictness)?),
            ConVars::KIND => Self::ConVars(frame.read(strictness)?),
            NetEvent::KIND => Self::NetEvent(frame.read(strictness)?),
            TimeSync::KIND => Self::TimeSync(frame.read(strictness)?),
            StateBag::KIND => Self::StateBag(frame.read(strictness)?),
            StateBagV2::KIND => Self::StateBagV2(frame.read(strictness)?),
            NetGameEvent::KIND => Self::NetGameEvent(frame.read(strictness)?),
            NetGameEventV2::KIND => Self::NetGameEventV2(frame.read(strictness)?),
            ArrayUpdate::KIND => Self::ArrayUpdate(frame.read(strictness)?),
            Route::KIND => Self::Route(frame.read(strictness)?),
            ReassembledEvent::KIND => Self::ReassembledEvent(frame.read(strictness)?),
            ReassembledEventV2::KIND => Self::ReassembledEventV2(frame.read(strictness)?),
            ResStart::KIND => Self::ResStart(frame.read(strictness)?),
            ResStop::KIND => Self::ResStop(frame.read(strictness)?),
            ObjectIds::KIND => Self::ObjectIds(frame.read(strictness)?),
            PackedClones::KIND => Self::PackedClones(frame.read(strictness)?),
            PackedAcks::KIND => Self::PackedAcks(frame.read(strictness)?),
            RpcNative::KIND => Self::RpcNative(frame.read(strictness)?),
            WorldGrid::KIND => Self::WorldGrid(frame.read(strictness)?),
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
            Self::IHost(message) => message.packet_len(),
            Self::ConVars(message) => message.packet_len(),
            Self::NetEvent(message) => message.packet_len(),
            Self::TimeSync(message) => message.packet_len(),
            Self::StateBag(message) => message.packet_len(),
            Self::StateBagV2(message) => message.packet_len(),
            Self::NetGameEvent(message) => message.packet_len(),
            Self::NetGameEventV2(message) => message.packet_len(),
            Self::ArrayUpdate(message) => message.packet_len(),
            Self::Route(message) => message.packet_len(),
            Self::ReassembledEvent(message) => message.packet_len(),
            Self::ReassembledEventV2(message) => message.packet_len(),
            Self::ResStart(message) => message.packet_len(),
            Self::ResStop(message) => message.packet_len(),
            Self::ObjectIds(message) => message.packet_len(),
            Self::PackedClones(message) => message.packet_len(),
            Self::PackedAcks(message) => message.packet_len(),
            Self::RpcNative(message) => message.packet_len(),
            Self::WorldGrid(message) => message.packet_len(),
            Self::Unknown(frame) => frame.encoded_len(),
        }
    }

    fn encode(&self, out: &mut impl BufMut) {
        match self {
            Self::ConnectOk(ok) => ok.encode_packet(out),
            Self::KeepAlive(keep_alive) => keep_alive.encode_packet(out),
            Self::Frame(frame) => frame.encode_packet(out),
            Self::IHost(message) => message.encode_packet(out),
            Self::ConVars(message) => message.encode_packet(out),
            Self::NetEvent(message) => message.encode_packet(out),
            Self::TimeSync(message) => message.encode_packet(out),
            Self::StateBag(message) => message.encode_packet(out),
            Self::StateBagV2(message) => message.encode_packet(out),
            Self::NetGameEvent(message) => message.encode_packet(out),
            Self::NetGameEventV2(message) => message.encode_packet(out),
            Self::ArrayUpdate(message) => message.encode_packet(out),
            Self::Route(message) => message.encode_packet(out),
            Self::ReassembledEvent(message) => message.encode_packet(out),
            Self::ReassembledEventV2(message) => message.encode_packet(out),
            Self::ResStart(message) => message.encode_packet(out),
            Self::ResStop(message) => message.encode_packet(out),
            Self::ObjectIds(message) => message.encode_packet(out),
            Self::PackedClones(message) => message.encode_packet(out),
            Self::PackedAcks(message) => message.encode_packet(out),
            Self::RpcNative(message) => message.encode_packet(out),
            Self::WorldGrid(message) => message.encode_packet(out),
            Self::Unknown(frame) => frame.encode(out),
        }
    }
}
