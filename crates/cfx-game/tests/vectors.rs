//! The known answers for the messages of this crate.

use cfx_fixtures::{check, hex, vectors};
use cfx_game::frame::MessageType;
use cfx_game::{c2s, s2c};
use cfx_wire::{Decode, DecodeError};
use serde_json::{Value, json};

/// What the line protocol answers for a packet: its name and fields.
fn decode_packet(direction: &str, packet: &[u8]) -> Result<Value, DecodeError> {
    let (name, fields) = if direction == "client_to_server" {
        from_client(&c2s::Message::from_slice(packet)?)
    } else {
        from_server(&s2c::Message::from_slice(packet)?)
    };
    Ok(json!({ "name": name, "fields": fields }))
}

fn from_client(message: &c2s::Message<'_>) -> (String, Value) {
    match message {
        c2s::Message::Connect(connect) => {
            ("connect".into(), json!({ "token": hex(&connect.token), "guid": hex(&connect.guid) }))
        }
        // The vectors hold the whole tail, of which a reason lacks the last byte.
        c2s::Message::Quit(quit) => ("msgIQuit".into(), json!({ "reason": hex(quit.reason) })),
        other => (other.kind().to_string(), Value::Null),
    }
}

fn from_server(message: &s2c::Message<'_>) -> (String, Value) {
    match message {
        s2c::Message::ConnectOk(ok) => (
            "connectOK".into(),
            json!({
                "net_id": ok.net_id,
                "host_net_id": ok.host_net_id,
                "host_base": ok.host_base,
                "slot_id": ok.slot_id,
                "server_time": ok.server_time.to_string(),
            }),
        ),
        s2c::Message::Frame(frame) => (
            "msgFrame".into(),
            json!({
                "index": frame.index,
                "lockdown_mode": frame.lockdown_mode,
                "sync_style": frame.sync_style,
            }),
        ),
        other => (other.kind().to_string(), Value::Null),
    }
}

#[test]
fn handshake_vectors() {
    check("handshake", 33, |case| {
        let direction = case.input["direction"].as_str().expect("a direction");
        decode_packet(direction, &case.bytes("hex")).map_err(|error| error.to_string())
    });
}

/// The `packets` cases of one message that this crate has.
fn packets_of(kind: MessageType) -> Vec<cfx_fixtures::Case> {
    let mut cases = vectors("packets");
    cases.retain(|case| case.bytes("hex").starts_with(&kind.0.to_le_bytes()));
    cases
}

#[test]
fn server_frame_vectors() {
    let cases = packets_of(MessageType::FRAME);
    assert_eq!(cases.len(), 14);
    for case in cases {
        let given = decode_packet("server_to_client", &case.bytes("hex")).ok();
        let expected = match case.expect {
            cfx_fixtures::Expect::Ok(value) => Some(value),
            cfx_fixtures::Expect::Error(_) => None,
        };
        assert_eq!(given, expected, "{}", case.id);
    }
}

#[test]
fn quit_vectors() {
    let cases = packets_of(MessageType::I_QUIT);
    assert_eq!(cases.len(), 14);
    for case in cases {
        let packet = case.bytes("hex");
        let payload = cfx_game::quit::Quit::from_slice(&packet[4..]);
        let Ok(c2s::Message::Quit(quit)) = c2s::Message::from_slice(&packet) else {
            panic!("{}: a quit is a quit, whatever its reason", case.id)
        };
        match case.expect {
            cfx_fixtures::Expect::Ok(expected) => {
                let reason = hex(&packet[4..packet.len() - 1]);
                let last = hex(&packet[packet.len() - 1..]);
                assert_eq!(expected["fields"]["reason"], format!("{reason}{last}"), "{}", case.id);
                assert_eq!(hex(payload.expect("in bounds").reason), reason, "{}", case.id);
                assert_eq!(hex(quit.reason), reason, "{}", case.id);
            }
            cfx_fixtures::Expect::Error(_) => {
                assert!(payload.is_err(), "{}", case.id);
                assert_eq!(quit.reason, b"", "{}", case.id);
            }
        }
    }
}

#[test]
fn every_named_packet_of_the_vectors_is_a_known_type() {
    for suite in ["packets", "onesync"] {
        for case in vectors(suite) {
            let cfx_fixtures::Expect::Ok(expected) = &case.expect else { continue };
            let Some(name) = expected["name"].as_str().filter(|_| case.op == "decode_packet")
            else {
                continue;
            };
            let packet = case.bytes("hex");
            let frame = cfx_game::frame::Frame::from_slice(&packet).expect("a frame");
            assert_eq!(frame.kind.name(), Some(name), "{}", case.id);
        }
    }
}
