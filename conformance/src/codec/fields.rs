//! Messages as JSON: a name, and the fields.
//!
//! `cfx-game`'s own test of the vectors includes this file, so it uses nothing of this crate but
//! `super::hex`.

use cfx_game::event::EventName;
use cfx_game::game_state::{IgnoreEntry, MissingFrames};
use cfx_game::list::List;
use cfx_game::object_ids::ObjectIds;
use cfx_game::packed::FrameIndex;
use cfx_game::reassembled::{ReassembledEvent, ReassembledEventV2};
use cfx_game::state_bag::StateBagV2;
use cfx_game::{c2s, s2c};
use serde_json::{Value, json};

use super::hex;

fn event_name(name: &EventName<'_>) -> String {
    hex(&[name.as_bytes(), &[name.last()]].concat())
}

fn ids(list: &List<'_, u16>) -> Value {
    list.iter().collect()
}

fn ignored(list: &List<'_, IgnoreEntry>) -> Value {
    list.iter().map(|entry| json!([entry.entry, entry.last_frame.to_string()])).collect()
}

/// Either form of the message: the run lengths differ.
pub(super) fn object_ids(message: &ObjectIds<'_>) -> Value {
    json!({ "object_ids": message.ids().collect::<Vec<_>>() })
}

/// What frames have outside of their block.
fn frame_index(index: FrameIndex) -> Value {
    json!({
        "frame_index": index.frame().to_string(),
        "fragment": index.fragment(),
        "last_fragment": index.is_last(),
    })
}

fn state_bag_v2(bag: &StateBagV2<'_>) -> Value {
    json!({ "bag_name": hex(bag.bag_name), "key": hex(bag.key), "data": hex(bag.data) })
}

fn reassembled(event: &ReassembledEvent<'_>) -> Value {
    json!({
        "event_id": event.event_id.to_string(),
        "packet_index": event.packet_index,
        "total_packets": event.total_packets,
        "payload_length": event.payload.len(),
        "payload": hex(&event.payload),
    })
}

fn reassembled_v2(event: &ReassembledEventV2<'_>) -> Value {
    json!({
        "event_id": event.event_id.to_string(),
        "packet_index": event.packet_index,
        "total_packets": event.total_packets,
        "payload": hex(event.payload),
    })
}

/// A message to the server: its name, and its fields.
pub(super) fn from_client(message: &c2s::Message<'_>) -> (&'static str, Value) {
    use c2s::Message;
    let name = message.kind().name().unwrap_or_default();
    let fields = match message {
        Message::Connect(connect) => {
            let fields = json!({ "token": hex(&connect.token), "guid": hex(&connect.guid) });
            return ("connect", fields);
        }
        Message::IHost(host) => json!({ "base_num": host.base_num }),
        Message::HeHost(vote) => {
            json!({ "alleged_new_id": vote.alleged_new_id, "base_num": vote.base_num })
        }
        Message::ServerEvent(event) => {
            json!({ "event_name": event_name(&event.name), "event_data": hex(event.data) })
        }
        Message::ServerCommand(command) => {
            json!({ "command": hex(command.command), "command_hash": command.command_hash })
        }
        Message::TimeSyncReq(request) => json!({
            "request_time": request.request_time,
            "request_sequence": request.request_sequence,
        }),
        Message::StateBag(bag) => json!({ "data": hex(bag.data) }),
        Message::StateBagV2(bag) => state_bag_v2(bag),
        Message::NetGameEvent(event) => json!({
            "target_players": ids(&event.target_players),
            "event_id": event.event_id,
            "is_reply": event.is_reply,
            "event_type": event.event_type,
            "data": hex(event.data),
        }),
        Message::NetGameEventV2(event) => json!({
            "target_players": ids(&event.target_players),
            "event_name_hash": event.event_name_hash,
            "event_id": event.event_id,
            "is_reply": event.is_reply,
            "data": hex(event.data),
        }),
        Message::ArrayUpdate(update) => json!({
            "handler": update.handler,
            "index": update.index,
            "data": hex(update.data),
        }),
        Message::GameStateNack(nack) => {
            let missing = nack.missing_frames.unwrap_or(MissingFrames { first: 0, last: 0 });
            json!({
                "flags": nack.flags(),
                "frame_index": nack.frame_index.to_string(),
                "first_missing_frame": missing.first.to_string(),
                "last_missing_frame": missing.last.to_string(),
                "ignore_list": nack.ignore_list.as_ref().map_or(json!([]), ignored),
                "recreate_list": nack.recreate_list.as_ref().map_or(json!([]), ids),
            })
        }
        Message::GameStateAck(ack) => json!({
            "frame_index": ack.frame_index.to_string(),
            "ignore_list": ignored(&ack.ignore_list),
            "recreate_list": ids(&ack.recreate_list),
        }),
        Message::Route(route) => json!({
            "target_net_id": route.target_net_id,
            "packet_length": route.packet_length,
            "data": hex(route.data),
        }),
        Message::ReassembledEvent(event) => reassembled(event),
        Message::ReassembledEventV2(event) => reassembled_v2(event),
        Message::Quit(quit) => json!({ "reason": hex(quit.reason) }),
        Message::KeepAlive(_) | Message::RequestObjectIds(_) => json!({}),
        Message::Unknown(frame) => json!({ "data": hex(frame.payload) }),
    };
    (name, fields)
}

/// A message to a client: its name, and its fields.
pub(super) fn from_server(message: &s2c::Message<'_>) -> (&'static str, Value) {
    use s2c::Message;
    let name = message.kind().name().unwrap_or_default();
    let fields = match message {
        Message::ConnectOk(ok) => {
            let fields = json!({
                "net_id": ok.net_id,
                "host_net_id": ok.host_net_id,
                "host_base": ok.host_base,
                "slot_id": ok.slot_id,
                "server_time": ok.server_time.to_string(),
            });
            return ("connectOK", fields);
        }
        Message::Frame(frame) => json!({
            "index": frame.index,
            "lockdown_mode": frame.lockdown_mode,
            "sync_style": frame.sync_style,
        }),
        Message::IHost(host) => json!({ "net_id": host.net_id, "base_num": host.base_num }),
        Message::ConVars(variables) => json!({ "data": hex(variables.data) }),
        Message::NetEvent(event) => json!({
            "source_net_id": event.source_net_id,
            "event_name": event_name(&event.name),
            "event_data": hex(event.data),
        }),
        Message::TimeSync(sync) => json!({
            "request_time": sync.request.request_time,
            "request_sequence": sync.request.request_sequence,
            "server_time": sync.server_time,
        }),
        Message::StateBag(bag) => json!({ "data": hex(bag.data) }),
        Message::StateBagV2(bag) => state_bag_v2(bag),
        Message::NetGameEvent(event) => json!({ "data": hex(event.data) }),
        Message::NetGameEventV2(event) => json!({
            "client_net_id": event.client_net_id,
            "event_name_hash": event.event_name_hash,
            "event_id": event.event_id,
            "is_reply": event.is_reply,
            "data": hex(event.data),
        }),
        Message::ArrayUpdate(update) => json!({
            "handler": update.handler,
            "owner_net_id": update.owner_net_id,
            "index": update.index,
            "data": hex(update.data),
        }),
        Message::Route(route) => json!({ "net_id": route.net_id, "data": hex(route.data) }),
        Message::ReassembledEvent(event) => reassembled(event),
        Message::ReassembledEventV2(event) => reassembled_v2(event),
        Message::ResStart(start) => json!({ "resource_name": hex(start.resource_name) }),
        Message::ResStop(stop) => json!({ "resource_name": hex(stop.resource_name) }),
        Message::ObjectIds(message) => object_ids(message),
        Message::RpcNative(call) => json!({ "data": hex(call.data) }),
        Message::WorldGrid(grid) => json!({ "base": grid.base, "data": hex(grid.data) }),
        Message::PackedClones(clones) => frame_index(clones.frame_index),
        Message::PackedAcks(acks) => frame_index(acks.frame_index),
        Message::KeepAlive(_) => json!({}),
        Message::Unknown(frame) => json!({ "data": hex(frame.payload) }),
    };
    (name, fields)
}
