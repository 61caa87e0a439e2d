//! `cfx-game` the other way: messages of any content, written and read.

use std::borrow::Cow;

use cfx_game::array_update;
use cfx_game::command::ServerCommand;
use cfx_game::con_vars::ConVars;
use cfx_game::event::{EventName, NetEvent, ServerEvent};
use cfx_game::frame::{Frame, MessageType};
use cfx_game::game_event;
use cfx_game::game_state::{GameStateAck, GameStateNack, IgnoreEntry, MissingFrames};
use cfx_game::handshake::c2s::ConnectHandshake;
use cfx_game::handshake::s2c::ConnectOk;
use cfx_game::host;
use cfx_game::keep_alive::KeepAlive;
use cfx_game::list::List;
use cfx_game::object_ids::RequestObjectIds;
use cfx_game::packed::{FrameIndex, PackedAcks, PackedClones};
use cfx_game::quit::Quit;
use cfx_game::reassembled::{ReassembledEvent, ReassembledEventV2};
use cfx_game::resource::{ResStart, ResStop};
use cfx_game::route;
use cfx_game::rpc_native::RpcNative;
use cfx_game::server_frame::ServerFrame;
use cfx_game::state_bag::{StateBag, StateBagV2};
use cfx_game::time_sync::{TimeSync, TimeSyncReq};
use cfx_game::world_grid::WorldGrid;
use cfx_game::{c2s, s2c};
use cfx_wire::{Decode, Encode};

use crate::source::Source;

/// How many kinds of message [`game_c2s_values`] makes.
pub const C2S_KINDS: u8 = 20;

/// How many kinds of message [`game_s2c_values`] makes.
pub const S2C_KINDS: u8 = 23;

/// Messages of a client: a byte for the kind, then the fields.
pub fn game_c2s_values(data: &[u8]) {
    let mut source = Source::new(data);
    while !source.is_empty() {
        let message = from_client(&mut source);
        let packet = message.to_vec();
        assert_eq!(packet.len(), message.encoded_len());
        assert_eq!(c2s::Message::from_slice_strict(&packet).as_ref(), Ok(&message));
        assert_eq!(c2s::Message::from_slice(&packet).as_ref(), Ok(&message));
    }
}

/// Messages of a server: a byte for the kind, then the fields.
pub fn game_s2c_values(data: &[u8]) {
    let mut source = Source::new(data);
    while !source.is_empty() {
        let message = from_server(&mut source);
        let packet = message.to_vec();
        assert_eq!(packet.len(), message.encoded_len());
        assert_eq!(s2c::Message::from_slice_strict(&packet).as_ref(), Ok(&message));
        assert_eq!(s2c::Message::from_slice(&packet).as_ref(), Ok(&message));
    }
}

fn from_client<'a>(source: &mut Source<'a>) -> c2s::Message<'a> {
    match source.pick(C2S_KINDS.into()) {
        0 => {
            let (token, guid) = (word(source), word(source));
            c2s::Message::Connect(ConnectHandshake { token, guid })
        }
        1 => c2s::Message::KeepAlive(KeepAlive),
        2 => c2s::Message::Quit(Quit { reason: source.name(1023) }),
        3 => c2s::Message::IHost(host::c2s::IHost { base_num: source.take() }),
        4 => {
            let (alleged_new_id, base_num) = (source.take(), source.take());
            c2s::Message::HeHost(host::c2s::HeHost { alleged_new_id, base_num })
        }
        5 => {
            let (name, data) = (EventName::new(source.name(100)), source.bytes(2000));
            c2s::Message::ServerEvent(ServerEvent { name, data })
        }
        6 => {
            let (command_hash, command) = (source.take(), source.some_bytes(4096));
            c2s::Message::ServerCommand(ServerCommand { command, command_hash })
        }
        7 => c2s::Message::TimeSyncReq(time_sync_req(source)),
        8 => c2s::Message::StateBag(StateBag { data: source.some_bytes(2000) }),
        9 => c2s::Message::StateBagV2(state_bag(source)),
        10 => c2s::Message::NetGameEvent(game_event::c2s::NetGameEvent {
            event_id: source.take(),
            is_reply: source.take::<bool>().into(),
            event_type: source.take(),
            target_players: players(source),
            data: source.bytes(1025),
        }),
        11 => c2s::Message::NetGameEventV2(game_event::c2s::NetGameEventV2 {
            event_name_hash: source.take(),
            event_id: source.take(),
            is_reply: source.take::<bool>().into(),
            target_players: players(source),
            data: source.bytes(1025),
        }),
        12 => c2s::Message::ArrayUpdate(array_update::c2s::ArrayUpdate {
            handler: source.take(),
            index: source.take(),
            data: source.bytes(128),
        }),
        13 => c2s::Message::GameStateAck(GameStateAck {
            frame_index: source.take(),
            ignore_list: ignored(source),
            recreate_list: players(source),
        }),
        14 => c2s::Message::GameStateNack(nack(source)),
        15 => {
            let target_net_id = source.take();
            c2s::Message::Route(route::c2s::Route::new(target_net_id, source.some_bytes(2000)))
        }
        16 => c2s::Message::ReassembledEvent(fragment(source)),
        17 => c2s::Message::ReassembledEventV2(fragment_v2(source)),
        18 => c2s::Message::RequestObjectIds(RequestObjectIds),
        _ => c2s::Message::Unknown(unknown(source)),
    }
}

fn from_server<'a>(source: &mut Source<'a>) -> s2c::Message<'a> {
    match source.pick(S2C_KINDS.into()) {
        0 => s2c::Message::ConnectOk(ConnectOk {
            net_id: source.take(),
            host_net_id: source.take(),
            host_base: source.take(),
            slot_id: source.take(),
            server_time: source.take(),
        }),
        1 => s2c::Message::KeepAlive(KeepAlive),
        2 => s2c::Message::Frame(ServerFrame {
            index: source.take(),
            lockdown_mode: source.take(),
            sync_style: source.take(),
        }),
        3 => {
            let (net_id, base_num) = (source.take(), source.take());
            s2c::Message::IHost(host::s2c::IHost { net_id, base_num })
        }
        4 => s2c::Message::ConVars(ConVars { data: source.some_bytes(2000) }),
        5 => {
            let source_net_id = source.take();
            let (name, data) = (EventName::new(source.name(100)), source.bytes(2000));
            s2c::Message::NetEvent(NetEvent { source_net_id, name, data })
        }
        6 => {
            let (request, server_time) = (time_sync_req(source), source.take());
            s2c::Message::TimeSync(TimeSync { request, server_time })
        }
        7 => s2c::Message::StateBag(StateBag { data: source.some_bytes(2000) }),
        8 => s2c::Message::StateBagV2(state_bag(source)),
        9 => {
            let event = game_event::s2c::NetGameEvent { data: source.bytes(2048) };
            s2c::Message::NetGameEvent(event)
        }
        10 => s2c::Message::NetGameEventV2(game_event::s2c::NetGameEventV2 {
            client_net_id: source.take(),
            event_name_hash: source.take(),
            event_id: source.take(),
            is_reply: source.take::<bool>().into(),
            data: source.bytes(1025),
        }),
        11 => s2c::Message::ArrayUpdate(array_update::s2c::ArrayUpdate {
            handler: source.take(),
            owner_net_id: source.take(),
            index: source.take(),
            data: source.bytes(128),
        }),
        12 => {
            let (net_id, data) = (source.take(), source.bytes(2000));
            s2c::Message::Route(route::s2c::Route { net_id, data })
        }
        13 => s2c::Message::ReassembledEvent(fragment(source)),
        14 => s2c::Message::ReassembledEventV2(fragment_v2(source)),
        15 => s2c::Message::ResStart(ResStart { resource_name: source.some_bytes(100) }),
        16 => s2c::Message::ResStop(ResStop { resource_name: source.some_bytes(100) }),
        17 => {
            let count = source.pick(65);
            s2c::Message::ObjectIds((0..count).map(|_| source.take::<u16>()).collect())
        }
        18 => {
            let (frame_index, block) = (frame_index(source), source.some_bytes(1200));
            s2c::Message::PackedClones(PackedClones { frame_index, block })
        }
        19 => {
            let (frame_index, block) = (frame_index(source), source.some_bytes(1200));
            s2c::Message::PackedAcks(PackedAcks { frame_index, block })
        }
        20 => s2c::Message::RpcNative(RpcNative { data: source.some_bytes(200) }),
        21 => {
            let (base, data) = (source.take(), source.bytes(200));
            s2c::Message::WorldGrid(WorldGrid { base, data })
        }
        _ => s2c::Message::Unknown(unknown(source)),
    }
}

/// Bytes that mean themselves in a form.
fn word(source: &mut Source<'_>) -> Cow<'static, [u8]> {
    let bytes = source.some_bytes(60).iter();
    bytes.map(|byte| if b"&=%+".contains(byte) { b'-' } else { *byte }).collect::<Vec<_>>().into()
}

fn time_sync_req(source: &mut Source<'_>) -> TimeSyncReq {
    TimeSyncReq { request_time: source.take(), request_sequence: source.take() }
}

fn state_bag<'a>(source: &mut Source<'a>) -> StateBagV2<'a> {
    let (bag_name, key) = (source.some_bytes(128), source.some_bytes(1024));
    StateBagV2 { bag_name, key, data: source.some_bytes(2000) }
}

fn players(source: &mut Source<'_>) -> List<'static, u16> {
    (0..source.take::<u8>()).map(|_| source.take()).collect()
}

fn ignored(source: &mut Source<'_>) -> List<'static, IgnoreEntry> {
    let count = source.take::<u8>();
    (0..count).map(|_| IgnoreEntry { entry: source.take(), last_frame: source.take() }).collect()
}

fn nack(source: &mut Source<'_>) -> GameStateNack<'static> {
    let flags: u8 = source.take();
    let missing =
        |source: &mut Source<'_>| MissingFrames { first: source.take(), last: source.take() };
    GameStateNack {
        frame_index: source.take(),
        missing_frames: (flags & 1 != 0).then(|| missing(source)),
        ignore_list: (flags & 2 != 0).then(|| ignored(source)),
        recreate_list: (flags & 4 != 0).then(|| players(source)),
        // The others are those of the fields.
        other_flags: flags & !7,
    }
}

fn fragment<'a>(source: &mut Source<'a>) -> ReassembledEvent<'a> {
    let total_packets = source.take::<u32>() % 131_071 + 1;
    ReassembledEvent {
        event_id: source.take(),
        packet_index: source.take::<u32>() % total_packets,
        total_packets,
        payload: Cow::Borrowed(source.bytes(1023)),
    }
}

fn fragment_v2<'a>(source: &mut Source<'a>) -> ReassembledEventV2<'a> {
    let total_packets = source.take::<u16>().max(1);
    ReassembledEventV2 {
        event_id: source.take(),
        packet_index: source.take::<u16>() % total_packets,
        total_packets,
        payload: source.bytes(2047),
    }
}

fn frame_index(source: &mut Source<'_>) -> FrameIndex {
    let (frame, fragment) = (source.take::<u64>() >> 8, source.take::<u8>() & 0x7F);
    let index = FrameIndex::new(frame, fragment, source.take());
    assert_eq!((index.frame(), index.fragment()), (frame, fragment));
    index
}

/// A packet of a type without a name.
fn unknown<'a>(source: &mut Source<'a>) -> Frame<'a> {
    let kind = MessageType(source.take());
    let kind = if kind.name().is_some() { MessageType(2) } else { kind };
    Frame { kind, payload: source.bytes(200) }
}
