//! Layouts to the byte, bounds, every prefix, any bytes.

use std::borrow::Cow;
use std::collections::BTreeSet;

use cfx_fixtures::{prefixes, vectors};
use cfx_game::frame::{Frame, MessageType, Payload};
use cfx_game::handshake::c2s::ConnectHandshake;
use cfx_game::handshake::s2c::ConnectOk;
use cfx_game::keep_alive::KeepAlive;
use cfx_game::quit::Quit;
use cfx_game::server_frame::ServerFrame;
use cfx_game::{c2s, s2c};
use cfx_wire::{Decode, Encode, ErrorKind};
use proptest::prelude::*;

/// Hashes as the reference's list of packets notes them (`shared/net/PacketNames.h`).
const HASHES: [(u32, &str); 27] = [
    (0x0976_E783, "msgArrayUpdate"),
    (0x6ACB_D583, "msgConVars"),
    (0xBA96_192A, "msgConfirm"),
    (0xCA56_9E63, "msgEnd"),
    (0x0F21_6A2A, "msgEntityCreate"),
    (0x53FF_FA3F, "msgFrame"),
    (0x86E9_F87B, "msgHeHost"),
    (0xB3EA_30DE, "msgIHost"),
    (0x522C_ADD1, "msgIQuit"),
    (0x7337_FD7A, "msgNetEvent"),
    (0x100D_66A8, "msgNetGameEvent"),
    (0x48E3_9581, "msgObjectIds"),
    (0x258D_FDB4, "msgPackedAcks"),
    (0x81E1_C835, "msgPackedClones"),
    (0xB8E6_11CF, "msgRequestObjectIds"),
    (0xAFE4_CD4A, "msgResStart"),
    (0x45E8_55D7, "msgResStop"),
    (0xE938_445B, "msgRoute"),
    (0x211C_AB17, "msgRpcNative"),
    (0xB18D_4FC4, "msgServerCommand"),
    (0xFA77_6E18, "msgServerEvent"),
    (0xDE3D_1A59, "msgStateBag"),
    (0xE56E_37ED, "msgTimeSync"),
    (0x1C13_03F8, "msgTimeSyncReq"),
    (0x852C_1561, "msgWorldGrid3"),
    (0xA5D4_E2BC, "gameStateAck"),
    (0xD2F8_6A6E, "gameStateNAck"),
];

#[test]
fn types_are_the_hashes_of_their_names() {
    for (hash, name) in HASHES {
        assert_eq!(MessageType(hash).name(), Some(name), "{hash:08x}");
    }
    for (kind, name) in &MessageType::KNOWN[1..] {
        assert_eq!(*kind, MessageType::named(name));
    }
    let distinct: BTreeSet<_> = MessageType::KNOWN.iter().map(|(kind, _)| kind).collect();
    assert_eq!(distinct.len(), MessageType::KNOWN.len());
    assert_eq!(format!("{:?}", MessageType(0xDEAD)), "MessageType(0x0000dead)");
}

const OK: ConnectOk = ConnectOk {
    net_id: 1,
    host_net_id: -1,
    host_base: -1,
    slot_id: 128,
    server_time: 1_767_024_900_123,
};

#[test]
fn packets_to_the_byte() {
    assert_eq!(KeepAlive.to_packet(), [0x63, 0x9E, 0x56, 0xCA]);
    assert_eq!(OK.to_packet(), b"\x01\0\0\0 1 -1 -1 128 1767024900123");
    assert_eq!(Quit { reason: b"Exiting" }.to_packet(), b"\xD1\xAD\x2C\x52Exiting\0");
    let frame = ServerFrame { index: 0, lockdown_mode: 1, sync_style: 1 };
    assert_eq!(frame.to_packet(), b"\x3F\xFA\xFF\x53\0\0\0\0\x01\x01");
}

#[test]
fn a_client_keeps_sixteen_bits_of_an_id() {
    let ok = ConnectOk { net_id: 65_537, slot_id: -1, ..OK };
    assert_eq!((ok.net_id_u16(), ok.host_net_id_u16(), ok.slot_id_u16()), (1, 65_535, 65_535));
}

#[test]
fn connect_ok_is_read_by_the_rules_of_the_client() {
    let read = |payload: &[u8]| ConnectOk::from_slice(payload);
    // Whatever the first byte is, it is skipped; a NUL ends the text.
    assert_eq!(read(b"\x001 -1 -1 128 1767024900123"), Ok(OK));
    assert_eq!(read(b" 1 -1 -1 128 1767024900123\0junk"), Ok(OK));
    assert!(read(b" 1 -1\0 -1").is_err());
    // Two spaces make an empty field between them.
    let zeros = ConnectOk { net_id: 0, host_net_id: 0, host_base: 0, slot_id: -1, server_time: -1 };
    assert_eq!(read(b"   "), Ok(zeros));
    // Numbers are clamped to their type.
    let clamped = read(b" 4294967297 -4294967297 \t7x 1 99999999999999999999").unwrap();
    assert_eq!((clamped.net_id, clamped.host_net_id), (i32::MAX, i32::MIN));
    assert_eq!((clamped.host_base, clamped.server_time), (7, i64::MAX));
}

#[test]
fn connect_ok_fits_the_clients_buffer() {
    let packet = |length| {
        let mut packet = OK.to_packet();
        packet.resize(length, b' ');
        packet
    };
    assert_eq!(s2c::Message::from_slice(&packet(8191)), Ok(s2c::Message::ConnectOk(OK)));
    let error = s2c::Message::from_slice(&packet(8192)).unwrap_err();
    assert_eq!((error.offset, error.kind), (4, ErrorKind::TooLong { max: 8187 }));
}

#[test]
fn a_quit_is_a_quit_whatever_its_reason() {
    let reason = |payload: &[u8]| {
        let packet = [b"\xD1\xAD\x2C\x52", payload].concat();
        match c2s::Message::from_slice(&packet) {
            Ok(c2s::Message::Quit(quit)) => quit.reason.to_vec(),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(reason(b"Bye\0"), b"Bye");
    // The last byte goes, NUL or not.
    assert_eq!(reason(b"Bye"), b"By");
    assert_eq!(reason(b""), b"");
    assert_eq!(reason(b"x"), b"");
    assert_eq!(reason(&[b'x'; 1024]), [b'x'; 1023]);
    assert_eq!(reason(&[b'x'; 1025]), b"");
    // What is too long is cut, and so arrives.
    assert_eq!(reason(&Quit { reason: &[b'x'; 2000] }.to_vec()), [b'x'; 1023]);
}

#[test]
fn strict_refuses_what_no_honest_peer_sends() {
    for payload in [
        &b"1 1 -1 -1 128 5"[..],
        b" 1 -1 -1",
        b" 1 -1 -1 128",
        b" 01 -1 -1 128 5",
        b" +1 -1 -1 128 5",
        b" 1 -1 -1 128 5 ",
        b" 1 -1 -1 128 5\0",
        b" 2147483648 -1 -1 128 5",
    ] {
        let packet = [b"\x01\0\0\0", payload].concat();
        assert!(s2c::Message::from_slice(&packet).is_ok(), "{payload:?}");
        assert!(s2c::Message::from_slice_strict(&packet).is_err(), "{payload:?}");
    }
    for packet in [
        &b"\x01\0\0\0"[..],
        b"\x01\0\0\0token=a",
        b"\x01\0\0\0token=a&guid=1&x=y",
        b"\x01\0\0\0token=a&guid=1&guid=1",
        b"\x01\0\0\0token=%zz&guid=1",
        b"\xD1\xAD\x2C\x52",
        b"\xD1\xAD\x2C\x52no NUL",
        b"\xD1\xAD\x2C\x52two\0\0",
        b"\x63\x9E\x56\xCAx",
    ] {
        assert!(c2s::Message::from_slice(packet).is_ok(), "{packet:?}");
        assert!(c2s::Message::from_slice_strict(packet).is_err(), "{packet:?}");
    }
}

#[test]
fn errors_count_from_the_start_of_the_packet() {
    let error = s2c::Message::from_slice(b"\x3F\xFA\xFF\x53\0\0").unwrap_err();
    assert_eq!((error.offset, error.kind), (4, ErrorKind::Incomplete { needed: 4 }));
    let error = c2s::Message::from_slice_strict(b"\xD1\xAD\x2C\x52a\0b\0").unwrap_err();
    assert_eq!((error.field, error.offset), ("reason", 5));
    assert!(c2s::Message::from_slice(b"\x01\0\0").unwrap_err().is_incomplete());
}

/// Decodes both ways by both rules. What is accepted is written and read again.
fn decode_all(packet: &[u8]) {
    if let Ok(message) = c2s::Message::from_slice(packet) {
        assert_eq!(message.kind().0.to_le_bytes(), packet[..4]);
        let written = message.to_vec();
        assert_eq!(written.len(), message.encoded_len());
        // A form is written unescaped, and an empty reason as one that is too short.
        if !matches!(message, c2s::Message::Connect(_) | c2s::Message::Quit(_)) {
            assert_eq!(c2s::Message::from_slice(&written), Ok(message));
        }
    }
    if let Ok(message) = s2c::Message::from_slice(packet) {
        let written = message.to_vec();
        assert_eq!(written.len(), message.encoded_len());
        assert_eq!(s2c::Message::from_slice(&written), Ok(message));
    }
    if let Ok(message) = s2c::Message::from_slice_strict(packet) {
        // Nobody looks at the last four bits of this one.
        if !matches!(message, s2c::Message::ReassembledEvent(_)) {
            assert_eq!(message.to_vec(), packet);
        }
        assert_eq!(s2c::Message::from_slice(packet), Ok(message));
    }
    if let Ok(message) = c2s::Message::from_slice_strict(packet) {
        if !matches!(message, c2s::Message::ReassembledEvent(_) | c2s::Message::Connect(_)) {
            assert_eq!(message.to_vec(), packet);
        }
        assert_eq!(c2s::Message::from_slice(packet), Ok(message));
    }
}

#[test]
fn every_prefix_of_every_message() {
    let mut packets = vec![
        KeepAlive.to_packet(),
        OK.to_packet(),
        ConnectHandshake::new(b"6f1c0b9e", b"7").to_packet(),
        Quit { reason: b"Exiting" }.to_packet(),
        ServerFrame { index: 0, lockdown_mode: 1, sync_style: 0 }.to_packet(),
    ];
    packets.extend(vectors("handshake").iter().map(|case| case.bytes("hex")));
    for packet in packets {
        decode_all(&packet);
        prefixes(&packet, |cut| {
            decode_all(cut);
            let complete = cut.len() >= 4;
            assert_eq!(c2s::Message::from_slice(cut).is_ok(), complete, "{cut:?}");
        });
    }
}

fn packets_of_the_vectors() -> Vec<Vec<u8>> {
    let suites = ["handshake", "packets", "onesync"].into_iter().flat_map(vectors);
    suites.filter(|case| case.op == "decode_packet").map(|case| case.bytes("hex")).collect()
}

fn known_type() -> impl Strategy<Value = u32> {
    let kinds: Vec<u32> = MessageType::KNOWN.iter().map(|(kind, _)| kind.0).collect();
    prop_oneof![
        prop::sample::select(vec![
            MessageType::HANDSHAKE.0,
            MessageType::END.0,
            MessageType::I_QUIT.0,
            MessageType::FRAME.0
        ]),
        prop::sample::select(kinds),
        any::<u32>(),
    ]
}

proptest! {
    #[test]
    fn any_bytes_are_a_message_or_an_error(packet in prop::collection::vec(any::<u8>(), 0..64)) {
        decode_all(&packet);
    }

    #[test]
    fn any_payload_of_any_type_is_a_message_or_an_error(
        kind in known_type(),
        payload in prop_oneof![
            prop::collection::vec(any::<u8>(), 0..40),
            prop::collection::vec(any::<u8>(), 1020..1030),
            // Small numbers, which lengths and counts are.
            prop::collection::vec(0..4_u8, 0..60),
            "[ 0-9+\0-]{0,40}".prop_map(String::into_bytes),
            "[tokenguid=&%+a]{0,40}".prop_map(String::into_bytes),
        ],
    ) {
        decode_all(&Frame { kind: MessageType(kind), payload: &payload }.to_vec());
    }

    #[test]
    fn a_packet_of_the_vectors_with_other_bytes_is_a_message_or_an_error(
        packet in prop::sample::select(packets_of_the_vectors()),
        changes in prop::collection::vec((0..40_usize, any::<u8>()), 1..4),
        added in prop::collection::vec(any::<u8>(), 0..3),
    ) {
        let mut packet = [packet, added].concat();
        for (at, byte) in changes {
            // Not the type.
            if let Some(place) = packet.get_mut(4 + at) {
                *place = byte;
            }
        }
        decode_all(&packet);
    }

    #[test]
    fn connect_ok_survives_the_wire(
        net_id: i32, host_net_id: i32, host_base: i32, slot_id: i32, server_time: i64,
    ) {
        let ok = ConnectOk { net_id, host_net_id, host_base, slot_id, server_time };
        prop_assert_eq!(ConnectOk::from_slice(&ok.to_vec()), Ok(ok));
        prop_assert_eq!(ConnectOk::from_slice_strict(&ok.to_vec()), Ok(ok));
    }

    #[test]
    fn connects_survive_the_wire(token in "[0-9a-f-]{1,40}", guid: u64) {
        let guid = guid.to_string();
        let connect = c2s::Message::Connect(ConnectHandshake {
            token: Cow::Borrowed(token.as_bytes()),
            guid: Cow::Borrowed(guid.as_bytes()),
        });
        let packet = connect.to_vec();
        prop_assert_eq!(&c2s::Message::from_slice(&packet), &Ok(connect.clone()));
        prop_assert_eq!(&c2s::Message::from_slice_strict(&packet), &Ok(connect));
    }

    #[test]
    fn quits_survive_the_wire(reason in prop::collection::vec(any::<u8>(), 0..1100)) {
        let packet = Quit { reason: &reason }.to_packet();
        let sent = &reason[..reason.len().min(1023)];
        let quit = c2s::Message::Quit(Quit { reason: sent });
        prop_assert_eq!(c2s::Message::from_slice(&packet), Ok(quit));
    }

    #[test]
    fn server_frames_survive_the_wire(index: u32, lockdown_mode: u8, sync_style: u8) {
        let frame = s2c::Message::Frame(ServerFrame { index, lockdown_mode, sync_style });
        let packet = frame.to_vec();
        prop_assert_eq!(s2c::Message::from_slice_strict(&packet), Ok(frame));
    }
}
