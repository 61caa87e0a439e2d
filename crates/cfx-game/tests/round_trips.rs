//! Any message that is sent is received as it was.

use std::borrow::Cow;

use cfx_game::command::ServerCommand;
use cfx_game::con_vars::ConVars;
use cfx_game::event::{EventName, NetEvent, ServerEvent};
use cfx_game::game_state::{GameStateAck, GameStateNack, IgnoreEntry, MissingFrames};
use cfx_game::list::List;
use cfx_game::object_ids::{ObjectIds, RequestObjectIds};
use cfx_game::packed::{FrameIndex, PackedAcks, PackedClones};
use cfx_game::reassembled::{ReassembledEvent, ReassembledEventV2};
use cfx_game::resource::{ResStart, ResStop};
use cfx_game::rpc_native::RpcNative;
use cfx_game::state_bag::{StateBag, StateBagV2};
use cfx_game::time_sync::{TimeSync, TimeSyncReq};
use cfx_game::world_grid::WorldGrid;
use cfx_game::{array_update, c2s, game_event, host, route, s2c};
use cfx_wire::{Decode, Encode};
use proptest::collection::vec;
use proptest::prelude::*;

fn sent_by_a_client(message: &c2s::Message<'_>) {
    let packet = message.to_vec();
    assert_eq!(packet.len(), message.encoded_len());
    assert_eq!(&c2s::Message::from_slice(&packet), &Ok(message.clone()));
    assert_eq!(&c2s::Message::from_slice_strict(&packet), &Ok(message.clone()));
}

fn sent_by_a_server(message: &s2c::Message<'_>) {
    let packet = message.to_vec();
    assert_eq!(packet.len(), message.encoded_len());
    assert_eq!(&s2c::Message::from_slice(&packet), &Ok(message.clone()));
    assert_eq!(&s2c::Message::from_slice_strict(&packet), &Ok(message.clone()));
}

fn bytes(most: usize) -> impl Strategy<Value = Vec<u8>> {
    vec(any::<u8>(), 0..=most)
}

fn some_bytes(most: usize) -> impl Strategy<Value = Vec<u8>> {
    vec(any::<u8>(), 1..=most)
}

/// A name without a NUL.
fn name() -> impl Strategy<Value = Vec<u8>> {
    vec(1..=u8::MAX, 1..40)
}

fn players() -> impl Strategy<Value = List<'static, u16>> {
    vec(any::<u16>(), 0..=255).prop_map(|ids| ids.into_iter().collect())
}

fn ignored() -> impl Strategy<Value = List<'static, IgnoreEntry>> {
    vec(any::<(u16, u64)>(), 0..=255).prop_map(|entries| {
        let entry = |(entry, last_frame)| IgnoreEntry { entry, last_frame };
        entries.into_iter().map(entry).collect()
    })
}

proptest! {
    #[test]
    fn hosts(net_id: u16, alleged_new_id: u32, base_num: u32) {
        sent_by_a_client(&c2s::Message::IHost(host::c2s::IHost { base_num }));
        sent_by_a_client(&c2s::Message::HeHost(host::c2s::HeHost { alleged_new_id, base_num }));
        sent_by_a_server(&s2c::Message::IHost(host::s2c::IHost { net_id, base_num }));
    }

    #[test]
    fn times(request_time: u32, request_sequence: u32, server_time: u32) {
        let request = TimeSyncReq { request_time, request_sequence };
        sent_by_a_client(&c2s::Message::TimeSyncReq(request));
        sent_by_a_server(&s2c::Message::TimeSync(TimeSync { request, server_time }));
    }

    #[test]
    fn events(name in name(), data in bytes(300), source_net_id: u16) {
        let name = EventName::new(&name);
        sent_by_a_client(&c2s::Message::ServerEvent(ServerEvent { name, data: &data }));
        sent_by_a_server(&s2c::Message::NetEvent(NetEvent { source_net_id, name, data: &data }));
    }

    #[test]
    fn commands_and_resources(text in some_bytes(4096), command_hash: u32) {
        let command = ServerCommand { command: &text, command_hash };
        sent_by_a_client(&c2s::Message::ServerCommand(command));
        sent_by_a_server(&s2c::Message::ConVars(ConVars { data: &text }));
        sent_by_a_server(&s2c::Message::ResStart(ResStart { resource_name: &text }));
        sent_by_a_server(&s2c::Message::ResStop(ResStop { resource_name: &text }));
        sent_by_a_server(&s2c::Message::RpcNative(RpcNative { data: &text }));
    }

    #[test]
    fn state_bags(bag_name in some_bytes(128), key in some_bytes(1024), data in some_bytes(500)) {
        let bag = StateBag { data: &data };
        sent_by_a_client(&c2s::Message::StateBag(bag));
        sent_by_a_server(&s2c::Message::StateBag(bag));
        let bag = StateBagV2 { bag_name: &bag_name, key: &key, data: &data };
        sent_by_a_client(&c2s::Message::StateBagV2(bag));
        sent_by_a_server(&s2c::Message::StateBagV2(bag));
    }

    #[test]
    fn game_events(
        target_players in players(), event_id: u16, is_reply in 0..=1_u8, event_type: u16,
        event_name_hash: u32, client_net_id: u16, data in bytes(1025),
    ) {
        sent_by_a_client(&c2s::Message::NetGameEvent(game_event::c2s::NetGameEvent {
            target_players: target_players.clone(), event_id, is_reply, event_type, data: &data,
        }));
        sent_by_a_client(&c2s::Message::NetGameEventV2(game_event::c2s::NetGameEventV2 {
            target_players, event_name_hash, event_id, is_reply, data: &data,
        }));
        let event = game_event::s2c::NetGameEvent { data: &data };
        sent_by_a_server(&s2c::Message::NetGameEvent(event));
        sent_by_a_server(&s2c::Message::NetGameEventV2(game_event::s2c::NetGameEventV2 {
            client_net_id, event_name_hash, event_id, is_reply, data: &data,
        }));
    }

    #[test]
    fn arrays_and_grids(handler: u8, owner_net_id: u16, index: u32, data in bytes(128)) {
        let element = array_update::c2s::ArrayUpdate { handler, index: owner_net_id, data: &data };
        sent_by_a_client(&c2s::Message::ArrayUpdate(element));
        let element =
            array_update::s2c::ArrayUpdate { handler, owner_net_id, index, data: &data };
        sent_by_a_server(&s2c::Message::ArrayUpdate(element));
        sent_by_a_server(&s2c::Message::WorldGrid(WorldGrid { base: index, data: &data }));
    }

    #[test]
    fn frames(frame in 0..1_u64 << 56, fragment in 0..128_u8, last: bool, block in some_bytes(99)) {
        let frame_index = FrameIndex::new(frame, fragment, last);
        prop_assert_eq!(
            (frame_index.frame(), frame_index.fragment(), frame_index.is_last()),
            (frame, fragment, last)
        );
        let clones = PackedClones { frame_index, block: &block };
        sent_by_a_server(&s2c::Message::PackedClones(clones));
        sent_by_a_server(&s2c::Message::PackedAcks(PackedAcks { frame_index, block: &block }));
    }

    #[test]
    fn acknowledgements(
        frame_index: u64, missing in any::<Option<(u64, u64)>>(), other_flags: u8,
        ignore in prop::option::of(ignored()), recreate in prop::option::of(players()),
    ) {
        sent_by_a_client(&c2s::Message::GameStateAck(GameStateAck {
            frame_index,
            ignore_list: ignore.clone().unwrap_or(List::empty()),
            recreate_list: recreate.clone().unwrap_or(List::empty()),
        }));
        sent_by_a_client(&c2s::Message::GameStateNack(GameStateNack {
            frame_index,
            missing_frames: missing.map(|(first, last)| MissingFrames { first, last }),
            ignore_list: ignore,
            recreate_list: recreate,
            // The others are those of the fields.
            other_flags: other_flags & !7,
        }));
    }

    #[test]
    fn routes(net_id: u16, data in some_bytes(600)) {
        sent_by_a_client(&c2s::Message::Route(route::c2s::Route::new(net_id, &data)));
        sent_by_a_server(&s2c::Message::Route(route::s2c::Route { net_id, data: &data }));
    }

    #[test]
    fn fragments(event_id: u64, total in 1..=131_071_u32, at: u32, payload in bytes(1023)) {
        let event = ReassembledEvent {
            event_id, packet_index: at % total, total_packets: total, payload: Cow::Borrowed(&payload),
        };
        sent_by_a_client(&c2s::Message::ReassembledEvent(event.clone()));
        sent_by_a_server(&s2c::Message::ReassembledEvent(event));
        let total_packets = u16::try_from(total).unwrap_or(u16::MAX);
        let packet_index = u16::try_from(at % u32::from(total_packets)).expect("less than a u16");
        let event = ReassembledEventV2 { event_id, packet_index, total_packets, payload: &payload };
        sent_by_a_client(&c2s::Message::ReassembledEventV2(event));
        sent_by_a_server(&s2c::Message::ReassembledEventV2(event));
    }

    #[test]
    fn object_ids(ids in vec(prop_oneof![0..200_u16, any::<u16>()], 0..=64)) {
        let message: ObjectIds<'_> = ids.iter().copied().collect();
        prop_assert!(message.ids().eq(ids.iter().copied()));
        sent_by_a_server(&s2c::Message::ObjectIds(message));
    }

    #[test]
    fn long_runs_of_object_ids(first: u16, count in 0..140_000_usize) {
        let ids = || (first..=u16::MAX).chain((0..=u16::MAX).cycle()).take(count);
        let message: ObjectIds<'_> = ids().collect();
        prop_assert!(message.ids().eq(ids()));
        prop_assert!(message.runs().len() <= 8);
        sent_by_a_server(&s2c::Message::ObjectIds(message));
    }
}

#[test]
fn requests_for_object_ids() {
    sent_by_a_client(&c2s::Message::RequestObjectIds(RequestObjectIds));
    // The server does not look at what follows.
    let packet = [&c2s::Message::RequestObjectIds(RequestObjectIds).to_vec()[..], b"x"].concat();
    let read = c2s::Message::from_slice(&packet);
    assert_eq!(read, Ok(c2s::Message::RequestObjectIds(RequestObjectIds)));
    assert!(c2s::Message::from_slice_strict(&packet).is_err());
}
