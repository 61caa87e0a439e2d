//! The known answers for every message.

// The line protocol's own, so that there is one text of it. A dependency on the conformance suite
// would be a circle, and would put an async runtime under the tests of a `no_std` crate.
#[path = "../../../../conformance/src/codec/fields.rs"]
mod fields;

use std::collections::BTreeSet;

use cfx_fixtures::{Case, Expect, check, hex, prefixes, vectors};
use cfx_game::frame::{Frame, MessageType};
use cfx_game::object_ids::ObjectIds;
use cfx_game::packed::FrameIndex;
use cfx_game::quit::Quit;
use cfx_game::{c2s, s2c};
use cfx_wire::{Decode, DecodeError, Encode};
use serde_json::{Value, json};

fn is_from_client(case: &Case) -> bool {
    case.input["direction"] == "client_to_server"
}

/// What the line protocol answers for a packet: its name and fields.
fn decode_packet(case: &Case) -> Result<Value, DecodeError> {
    let packet = case.bytes("hex");
    let frame = Frame::from_slice(&packet)?;
    let (name, fields) = if is_from_client(case) && frame.kind == MessageType::I_QUIT {
        // As a message, a quit is one whatever its length is: see `quits_that_are_refused`. The
        // vectors hold the whole tail, of which a reason lacks the last byte.
        Quit::from_slice(frame.payload)?;
        ("msgIQuit", json!({ "reason": hex(frame.payload) }))
    } else if case.input["big_mode"] == true {
        ("msgObjectIds", fields::object_ids(&ObjectIds::from_slice_big(frame.payload)?))
    } else if is_from_client(case) {
        fields::from_client(&c2s::Message::from_slice(&packet)?)
    } else {
        fields::from_server(&s2c::Message::from_slice(&packet)?)
    };
    Ok(json!({ "name": name, "fields": fields }))
}

#[test]
fn handshake_vectors() {
    check("handshake", 33, |case| decode_packet(case).map_err(|error| error.to_string()));
}

#[test]
fn packet_vectors() {
    check("packets", 476, |case| decode_packet(case).map_err(|error| error.to_string()));
}

/// The frames of `OneSync`, as far as they are whole bytes. What is wrong with those that are
/// refused is inside the block.
#[test]
fn onesync_vectors() {
    let mut cases = vectors("onesync");
    cases.retain(|case| case.op == "decode_packet");
    assert_eq!(cases.len(), 68);
    for case in cases {
        let packet = case.bytes("hex");
        let (name, index, block) = match s2c::Message::from_slice(&packet).expect(&case.id) {
            s2c::Message::PackedClones(clones) => {
                ("msgPackedClones", clones.frame_index, clones.block)
            }
            s2c::Message::PackedAcks(acks) => ("msgPackedAcks", acks.frame_index, acks.block),
            other => panic!("{}: {other:?}", case.id),
        };
        assert_eq!(block, &packet[12..], "{}", case.id);
        let Expect::Ok(expected) = case.expect else { continue };
        assert_eq!(expected["name"], name, "{}", case.id);
        let fields = &expected["fields"];
        assert_eq!(fields["frame_index"], index.frame().to_string(), "{}", case.id);
        assert_eq!(fields["fragment"], index.fragment(), "{}", case.id);
        assert_eq!(fields["last_fragment"], index.is_last(), "{}", case.id);
        assert_eq!(FrameIndex::new(index.frame(), index.fragment(), index.is_last()), index);
    }
}

#[test]
fn quits_that_are_refused() {
    let mut refused = 0;
    for case in vectors("packets") {
        let packet = case.bytes("hex");
        if !packet.starts_with(&MessageType::I_QUIT.0.to_le_bytes()) {
            continue;
        }
        let Ok(c2s::Message::Quit(quit)) = c2s::Message::from_slice(&packet) else {
            panic!("{}: a quit is a quit, whatever its reason", case.id)
        };
        if case.expect == Expect::Error(Value::Bool(true)) {
            refused += 1;
            assert_eq!(quit.reason, b"", "{}", case.id);
        } else {
            assert_eq!(quit.reason, &packet[4..packet.len() - 1], "{}", case.id);
        }
    }
    assert_eq!(refused, 3);
}

/// What is written for a packet that was read.
fn rewrite(from_client: bool, packet: &[u8]) -> Option<Vec<u8>> {
    if from_client {
        c2s::Message::from_slice(packet).ok().map(|message| message.to_vec())
    } else {
        s2c::Message::from_slice(packet).ok().map(|message| message.to_vec())
    }
}

/// Bytes behind the last field, which are not read.
const TRAILING: [&str; 12] = [
    "packets/0068",
    "packets/0143",
    "packets/0154",
    "packets/0159",
    "packets/0170",
    "packets/0319",
    "packets/0359",
    "packets/0397",
    "packets/0400",
    "packets/0434",
    "packets/0436",
    "packets/0443",
];

/// Reasons that end in another byte than a NUL, which is not kept.
const NO_NUL: [&str; 11] = [
    "packets/0028",
    "packets/0031",
    "packets/0032",
    "packets/0033",
    "packets/0034",
    "packets/0035",
    "packets/0036",
    "packets/0037",
    "packets/0038",
    "packets/0040",
    "packets/0041",
];

/// Numbers of `connectOK` that are missing, not plain or too many, and a guid twice.
const LENIENT: [&str; 6] = [
    "handshake/0003",
    "handshake/0004",
    "handshake/0009",
    "handshake/0011",
    "handshake/0012",
    "handshake/0026",
];

#[test]
fn accepted_packets_are_written_as_they_came() {
    let mut odd: BTreeSet<_> = TRAILING.into_iter().chain(NO_NUL).chain(LENIENT).collect();
    let mut same = 0;
    for suite in ["handshake", "packets", "onesync"] {
        for case in vectors(suite) {
            if case.op != "decode_packet" || !matches!(case.expect, Expect::Ok(_)) {
                continue;
            }
            let packet = case.bytes("hex");
            let written = rewrite(is_from_client(&case), &packet).expect(&case.id);
            if odd.remove(case.id.as_str()) {
                assert_ne!(hex(&written), hex(&packet), "{} is canonical", case.id);
            } else {
                assert_eq!(hex(&written), hex(&packet), "{} is not canonical", case.id);
                same += 1;
            }
        }
    }
    assert_eq!(odd, BTreeSet::new(), "accepted packets that are not there");
    assert_eq!(same, 357);
}

/// Every prefix of every packet of the vectors is a value or an error, and a value again when it is
/// written.
#[test]
fn every_prefix_of_every_vector() {
    for suite in ["handshake", "packets", "onesync"] {
        for case in vectors(suite).iter().filter(|case| case.op == "decode_packet") {
            let packet = case.bytes("hex");
            // The longest are cut in their middle, where no field begins, at fewer places.
            let (head, long) = packet.split_at(packet.len().min(300));
            prefixes(head, |cut| check_cut(case, cut));
            for length in (0..long.len()).filter(|at| at % 97 == 0 || long.len() - at < 40) {
                check_cut(case, &packet[..head.len() + length]);
            }
        }
    }
}

fn check_cut(case: &Case, cut: &[u8]) {
    for from_client in [false, true] {
        if let Some(written) = rewrite(from_client, cut) {
            assert!(rewrite(from_client, &written).is_some(), "{}: {}", case.id, hex(cut));
        }
    }
}

#[test]
fn every_named_packet_of_the_vectors_is_a_known_type() {
    for suite in ["packets", "onesync"] {
        for case in vectors(suite) {
            let Expect::Ok(expected) = &case.expect else { continue };
            let Some(name) = expected["name"].as_str().filter(|_| case.op == "decode_packet")
            else {
                continue;
            };
            let packet = case.bytes("hex");
            let frame = Frame::from_slice(&packet).expect("a frame");
            assert_eq!(frame.kind.name(), Some(name), "{}", case.id);
        }
    }
}
