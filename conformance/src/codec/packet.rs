//! Packets of the game channel, and the streams of `OneSync` inside them.

use cfx_game::frame::{Frame, MessageType};
use cfx_game::object_ids::ObjectIds;
use cfx_game::quit::Quit;
use cfx_game::{c2s, s2c};
use cfx_onesync::block::Inflater;
use cfx_onesync::dictionary::Dictionary;
use cfx_onesync::layout::{Game, Layout};
use cfx_onesync::route::{RoutePayload, StreamType};
use cfx_onesync::{acks, clones};
use cfx_wire::Decode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::input::{Hex, arguments};
use super::{Refusal, UNKNOWN_TYPE, fields, hex, records};

#[derive(Deserialize)]
struct Packet {
    direction: Direction,
    hex: Hex,
    #[serde(default)]
    big_mode: bool,
    #[serde(flatten)]
    widths: Widths,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Direction {
    ClientToServer,
    ServerToClient,
}

#[derive(Deserialize)]
struct Route {
    hex: Hex,
    #[serde(flatten)]
    widths: Widths,
}

/// What decides the widths of a stream's fields.
#[derive(Deserialize)]
struct Widths {
    #[serde(default)]
    length_hack: bool,
    #[serde(default)]
    game: GameName,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "snake_case")]
enum GameName {
    #[default]
    Gta5,
    Rdr3,
}

impl From<Widths> for Layout {
    fn from(widths: Widths) -> Self {
        let game = match widths.game {
            GameName::Gta5 => Game::Gta5,
            GameName::Rdr3 => Game::Rdr3,
        };
        Self { game, length_hack: widths.length_hack }
    }
}

fn named(name: &str, fields: &Value) -> Value {
    json!({ "name": name, "fields": fields })
}

/// `decode_packet`: a whole packet, type included.
pub(super) fn decode(input: &Value) -> Result<Value, Refusal> {
    let Packet { direction, hex: Hex(packet), big_mode, widths } = arguments(input)?;
    match direction {
        Direction::ClientToServer => from_client(&packet),
        Direction::ServerToClient => from_server(&packet, big_mode, widths.into()),
    }
}

fn from_client(packet: &[u8]) -> Result<Value, Refusal> {
    let frame = Frame::from_slice(packet)?;
    if frame.kind == MessageType::I_QUIT {
        // The server takes a quit whatever its length is, and cuts its reason's last byte off. Here
        // it is read as the reference's decoder does, which has bounds and keeps the byte.
        Quit::from_slice(frame.payload)?;
        return Ok(named("msgIQuit", &json!({ "reason": hex(frame.payload) })));
    }
    let message = c2s::Message::from_slice(packet)?;
    message.kind().name().ok_or(UNKNOWN_TYPE)?;
    let (name, fields) = fields::from_client(&message);
    Ok(named(name, &fields))
}

fn from_server(packet: &[u8], big_mode: bool, layout: Layout) -> Result<Value, Refusal> {
    let frame = Frame::from_slice(packet)?;
    if big_mode && frame.kind == MessageType::OBJECT_IDS {
        let ids = ObjectIds::from_slice_big(frame.payload)?;
        return Ok(named("msgObjectIds", &fields::object_ids(&ids)));
    }
    let message = s2c::Message::from_slice(packet)?;
    message.kind().name().ok_or(UNKNOWN_TYPE)?;
    let (name, mut fields) = fields::from_server(&message);
    let mut inflater = Inflater::new();
    match &message {
        s2c::Message::PackedClones(clones) => {
            let body = inflater.inflate(clones.block)?;
            records::show(&mut fields, clones::s2c::records(body, layout));
        }
        s2c::Message::PackedAcks(acks) => {
            let body = inflater.inflate(acks.block)?;
            records::show(&mut fields, acks::s2c::records(body, layout));
        }
        _ => {}
    }
    Ok(named(name, &fields))
}

/// `decode_route_payload`: what a client's `msgRoute` carries to the server.
pub(super) fn decode_route_payload(
    input: &Value,
    dictionary: Option<&Dictionary>,
) -> Result<Value, Refusal> {
    let Route { hex: Hex(payload), widths } = arguments(input)?;
    let dictionary = dictionary.ok_or(Refusal::Lacking)?;
    let payload = RoutePayload::from_slice(&payload)?;
    let name = payload.kind.name().ok_or(UNKNOWN_TYPE)?;
    let mut inflater = Inflater::new();
    let body = inflater.inflate_with(payload.block, dictionary)?;
    let mut fields = json!({});
    if payload.kind == StreamType::NET_CLONES {
        records::show(&mut fields, clones::c2s::records(body, widths.into()));
    } else {
        records::show(&mut fields, acks::c2s::records(body, widths.into()));
    }
    Ok(named(name, &fields))
}
