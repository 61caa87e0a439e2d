//! Seeds of the crates that read packets: game, onesync.

use cfx_fixtures::vectors;
use cfx_game::frame::{Frame, MessageType};
use cfx_game::{c2s, s2c};
use cfx_onesync::block::Inflater;
use cfx_onesync::clones;
use cfx_onesync::data::Data;
use cfx_onesync::layout::{Game, Layout};
use cfx_onesync::writer::ClonesWriter;
use cfx_wire::Decode;

use crate::{Input, Seeds, cases, packets};

const DIRECTIONS: [(&str, bool); 2] = [("client_to_server", true), ("server_to_client", false)];

pub(crate) fn game(seeds: &mut Seeds) {
    for suite in ["handshake", "packets", "onesync"] {
        for (direction, is_client) in DIRECTIONS {
            for (name, packet) in packets(suite, direction) {
                let target = if is_client { "game_c2s" } else { "game_s2c" };
                seeds.add(target, &kind(&packet, is_client), &name, packet);
            }
        }
    }
    let targets =
        [("game_c2s_values", cfx_fuzz::C2S_KINDS), ("game_s2c_values", cfx_fuzz::S2C_KINDS)];
    for (target, kinds) in targets {
        // Any bytes are values: those of a few packets are varied.
        for (name, packet) in packets("packets", "client_to_server").iter().step_by(90).take(3) {
            for kind in 0..kinds {
                let bytes = packet.get(4..).unwrap_or_default().iter().take(300);
                let input = [kind, 3, 0, 9].iter().chain(bytes).copied().collect::<Vec<u8>>();
                seeds.add(target, &kind.to_string(), &format!("kind-{kind:02}-{name}"), input);
            }
        }
    }
}

/// The type of a packet, and whether it is accepted.
fn kind(packet: &[u8], from_client: bool) -> String {
    let accepted = if from_client {
        c2s::Message::from_slice(packet).is_ok()
    } else {
        s2c::Message::from_slice(packet).is_ok()
    };
    let kind = Frame::from_slice(packet).map_or(MessageType(0), |frame| frame.kind);
    format!("{kind} {accepted}")
}

pub(crate) fn onesync(seeds: &mut Seeds) {
    streams(seeds);
    bits(seeds);
    for (direction, is_client) in DIRECTIONS {
        for (name, packet) in packets("packets", direction) {
            let Ok(frame) = Frame::from_slice(&packet) else { continue };
            match frame.kind {
                MessageType::STATE_BAG => {
                    seeds.add("onesync_payload", "state bag", &name, frame.payload);
                }
                MessageType::REASSEMBLED_EVENT_V2 => {
                    let data = frame.payload.get(12..).unwrap_or_default();
                    seeds.add("onesync_payload", "event", &name, data);
                    fragment(seeds, &name, &packet, is_client);
                }
                MessageType::SERVER_EVENT => {
                    // The same layout: name and data.
                    seeds.add("onesync_payload", "event", &name, frame.payload);
                }
                _ => {}
            }
        }
    }
    let bag = b"\0\x09player:1\0\0\x04key\0\xa5value";
    seeds.add("onesync_payload", "state bag", "a-state-bag", &bag[..]);
    for length in [1_u16, 7, 900, 3000] {
        for (version, fate) in [(0, 0), (1, 1), (0, 2), (1, 3)] {
            let event = [&length.to_le_bytes()[..], &40_000_u32.to_le_bytes()].concat();
            let input = Input::new().raw([version, 1]).raw(&event).raw(&event).raw([fate, 0, fate]);
            let name = format!("events-{length}-{version}-{fate}");
            seeds.add("onesync_transfer", "transfer", &name, input);
        }
        let input = Input::new().bytes("player:1").bytes("key").bytes(vec![7; length.into()]);
        seeds.add("onesync_payload_values", "value", &format!("value-{length}"), input);
    }
}

fn streams(seeds: &mut Seeds) {
    let mut inflater = Inflater::new();
    for case in vectors("onesync") {
        let game = u8::from(case.input["game"] == "rdr3");
        let layout = game | u8::from(case.input["length_hack"] == true) << 1;
        let bytes = case.bytes("hex");
        let from_server = case.op == "decode_packet";
        let kind = format!("{from_server} {:?}", bytes.get(..4));
        let (packet, block) = if from_server {
            (bytes.clone(), bytes.get(12..))
        } else {
            let route = cfx_game::route::c2s::Route::new(0xFFFF, &bytes);
            (cfx_game::frame::Payload::to_packet(&route), bytes.get(4..))
        };
        let input = Input::new().raw([layout, from_server.into()]).raw(packet);
        seeds.add("onesync_packet", &kind, &case.id, input);
        let block = block.unwrap_or_default();
        seeds.add("onesync_block", &kind, &case.id, block);
        if let Ok(body) = inflater.inflate(block) {
            seeds.add("onesync_records", &kind, &case.id, Input::new().raw([layout]).raw(body));
            for stream in 0..4 {
                let head = body.get(..600).unwrap_or(body);
                let input = Input::new().raw([stream, layout]).raw(head);
                let kind = format!("stream {stream}");
                seeds.add("onesync_values", &kind, &format!("{}-{stream}", case.id), input);
            }
        }
    }
    // A body of records as a server writes them, for the streams that have no dictionary here.
    let layout = Layout { game: Game::Gta5, length_hack: false };
    let mut writer = ClonesWriter::new(layout, 1);
    let data = Data::new(&[0xAB; 40]).expect("not too long");
    for object_id in 0..3 {
        let sync = clones::s2c::Sync {
            object_id,
            client_id: 1,
            uniqifier: 2,
            dependent_frame_index: 3,
            timestamp: 4,
            data,
        };
        let full = writer.push(&clones::s2c::Record::Sync(sync));
        assert!(full.is_none(), "three small records fit");
    }
    seeds.add("onesync_packet", "own", "own", Input::new().raw([0, 1]).raw(writer.finish()));
}

fn bits(seeds: &mut Seeds) {
    for case in cases("bits", "read_bits") {
        let hack = u8::from(case.input["length_hack"] == true);
        let reads = case.input["reads"].as_array().expect("reads");
        let reads: Vec<u8> = reads.iter().filter_map(|read| bit_op(read.as_str()?)).collect();
        let count = u8::try_from(reads.len()).expect("few");
        let input = Input::new().raw([hack, count]).raw(reads).raw(case.bytes("hex"));
        seeds.add("onesync_bits", "read", &case.id, input);
    }
    for case in cases("bits", "write_bits") {
        let hack = u8::from(case.input["length_hack"] == true);
        let size = case.input["size"].as_u64().unwrap_or(0).to_le_bytes();
        let mut input = Input::new().raw([hack, size[0], size[1]]);
        for write in case.input["writes"].as_array().expect("writes") {
            let (op, value) =
                write.as_str().and_then(|write| write.split_once(':')).expect("a write");
            input = if op.starts_with('b') {
                input.raw([200]).bytes(cfx_fixtures::unhex(value))
            } else {
                let value = value.parse::<i64>().unwrap_or(0).to_le_bytes();
                input.raw([bit_op(op).unwrap_or(0) & 31]).raw(&value[..4])
            };
        }
        seeds.add("onesync_bits_values", "write", &case.id, input);
    }
}

/// `u13`, `s31`, `i20`, `t1`, `b40` as a byte of the target's.
fn bit_op(text: &str) -> Option<u8> {
    let width: u8 = text.get(1..)?.parse().ok()?;
    Some(match text.as_bytes().first()? {
        b'b' => 64 + width.min(63),
        b'i' => width.wrapping_sub(1) & 31,
        b't' => 32,
        _ => 128 | width.wrapping_sub(1) & 31,
    })
}

/// A fragment of the vectors, then the others of its event.
fn fragment(seeds: &mut Seeds, name: &str, packet: &[u8], version_2: bool) {
    let data = packet.get(16..).unwrap_or_default();
    let data = data.get(..400).unwrap_or(data);
    let mut input = Input::new().raw([version_2.into()]);
    for index in [0_u8, 2, 1, 1, 0] {
        input = input.raw([9, 1, 0, index, 3]).bytes(data);
    }
    seeds.add("onesync_receiver", "fragments", name, input);
}
