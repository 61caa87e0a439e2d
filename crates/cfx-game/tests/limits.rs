//! What receivers accept: the shortest and the longest of every message, and fields that do not fit.

use std::borrow::Cow;

use cfx_game::event::{EventName, NetEvent, ServerEvent};
use cfx_game::frame::{Frame, MAX_PAYLOAD, MessageType, Payload};
use cfx_game::game_state::{GameStateAck, GameStateNack, IgnoreEntry, MissingFrames};
use cfx_game::list::List;
use cfx_game::object_ids::{ObjectIds, RequestObjectIds};
use cfx_game::packed::{FrameIndex, PackedAcks, PackedClones};
use cfx_game::reassembled::{ReassembledEvent, ReassembledEventV2};
use cfx_game::resource::{ResStart, ResStop};
use cfx_game::state_bag::{StateBag, StateBagV2};
use cfx_game::time_sync::{TimeSync, TimeSyncReq};
use cfx_game::world_grid::WorldGrid;
use cfx_game::{array_update, c2s, command, con_vars, game_event, host, route, rpc_native, s2c};
use cfx_wire::{Decode, DecodeError, Encode, ErrorKind};

/// 256 KiB and more.
static BYTES: [u8; 400_000] = [7; 400_000];

fn bytes(length: usize) -> &'static [u8] {
    &BYTES[..length]
}

fn full_list<T: cfx_game::list::Item>(item: T) -> List<'static, T> {
    std::iter::repeat_n(item, 255).collect()
}

/// The two are as long as a message of the kind may be: a byte less or more is refused.
fn bounded<M: Payload>(
    shortest: &M,
    longest: &M,
    [minimum, maximum]: [usize; 2],
    to: fn(&[u8]) -> Result<MessageType, DecodeError>,
) {
    let (shortest, longest) = (shortest.to_packet(), longest.to_packet());
    assert_eq!((shortest.len() - 4, longest.len() - 4), (minimum, maximum), "{}", M::KIND);
    assert_eq!(to(&shortest), Ok(M::KIND));
    assert_eq!(to(&longest), Ok(M::KIND));
    assert!(to(&shortest[..shortest.len() - 1]).is_err(), "{}", M::KIND);
    assert!(to(&[&longest[..], b"x"].concat()).is_err(), "{}", M::KIND);
}

/// What a server knows a packet for.
fn server(packet: &[u8]) -> Result<MessageType, DecodeError> {
    match c2s::Message::from_slice(packet)? {
        c2s::Message::Unknown(frame) => panic!("{} has no variant", frame.kind),
        message => Ok(message.kind()),
    }
}

/// What a client knows a packet for.
fn client(packet: &[u8]) -> Result<MessageType, DecodeError> {
    match s2c::Message::from_slice(packet)? {
        s2c::Message::Unknown(frame) => panic!("{} has no variant", frame.kind),
        message => Ok(message.kind()),
    }
}

fn from_client<M: Payload>(shortest: &M, longest: &M, sizes: [usize; 2]) {
    bounded(shortest, longest, sizes, server);
}

fn from_server<M: Payload>(shortest: &M, longest: &M, sizes: [usize; 2]) {
    bounded(shortest, longest, sizes, client);
}

#[test]
fn bounds_of_what_a_server_receives() {
    let claim = host::c2s::IHost { base_num: 1 };
    from_client(&claim, &claim, [4, 4]);
    let vote = host::c2s::HeHost { alleged_new_id: 1, base_num: 2 };
    from_client(&vote, &vote, [8, 8]);
    let request = TimeSyncReq { request_time: 1, request_sequence: 2 };
    from_client(&request, &request, [8, 8]);
    from_client(
        &ServerEvent { name: EventName::new(b"x"), data: b"" },
        &ServerEvent { name: EventName::new(bytes(65_534)), data: bytes(393_216) },
        [4, 458_753],
    );
    from_client(
        &command::ServerCommand { command: b"x", command_hash: 0 },
        &command::ServerCommand { command: bytes(4096), command_hash: 0 },
        [7, 4102],
    );
    from_client(&StateBag { data: b"x" }, &StateBag { data: bytes(262_144) }, [1, 262_144]);
    from_client(
        &StateBagV2 { bag_name: b"x", key: b"x", data: b"x" },
        &StateBagV2 { bag_name: bytes(128), key: bytes(1024), data: bytes(262_144) },
        [7, 263_300],
    );
    let event = game_event::c2s::NetGameEvent {
        target_players: List::empty(),
        event_id: 1,
        is_reply: 0,
        event_type: 2,
        data: b"",
    };
    let longest = game_event::c2s::NetGameEvent {
        target_players: full_list(3),
        data: bytes(1025),
        ..event.clone()
    };
    from_client(&event, &longest, [8, 1543]);
    let event = game_event::c2s::NetGameEventV2 {
        target_players: List::empty(),
        event_name_hash: 4,
        event_id: 1,
        is_reply: 1,
        data: b"",
    };
    let longest = game_event::c2s::NetGameEventV2 {
        target_players: full_list(3),
        data: bytes(1025),
        ..event.clone()
    };
    from_client(&event, &longest, [8, 1543]);
    from_client(
        &array_update::c2s::ArrayUpdate { handler: 1, index: 2, data: b"" },
        &array_update::c2s::ArrayUpdate { handler: 1, index: 2, data: bytes(128) },
        [5, 133],
    );
    from_client(
        &route::c2s::Route::new(0xFFFF, b"x"),
        &route::c2s::Route::new(0xFFFF, bytes(65_535)),
        [5, 65_539],
    );
    let fragment =
        ReassembledEventV2 { event_id: 1, packet_index: 0, total_packets: 1, payload: b"" };
    from_client(&fragment, &ReassembledEventV2 { payload: bytes(2047), ..fragment }, [12, 2059]);
}

#[test]
fn bounds_of_acknowledgements() {
    let entry = IgnoreEntry { entry: 1, last_frame: 2 };
    from_client(
        &GameStateAck { frame_index: 1, ignore_list: List::empty(), recreate_list: List::empty() },
        &GameStateAck {
            frame_index: 1,
            ignore_list: full_list(entry),
            recreate_list: full_list(1),
        },
        [10, 3070],
    );
    from_client(
        &GameStateNack {
            frame_index: 1,
            missing_frames: None,
            ignore_list: None,
            recreate_list: None,
            other_flags: GameStateNack::RESEND_FRAME,
        },
        &GameStateNack {
            frame_index: 1,
            missing_frames: Some(MissingFrames { first: 1, last: 2 }),
            ignore_list: Some(full_list(entry)),
            recreate_list: Some(full_list(1)),
            other_flags: GameStateNack::RESEND_FRAME,
        },
        [9, 3087],
    );
}

#[test]
fn bounds_of_what_a_client_receives() {
    let host = host::s2c::IHost { net_id: 1, base_num: 2 };
    from_server(&host, &host, [6, 6]);
    let request = TimeSyncReq { request_time: 1, request_sequence: 2 };
    let time = TimeSync { request, server_time: 3 };
    from_server(&time, &time, [12, 12]);
    from_server(&StateBag { data: b"x" }, &StateBag { data: bytes(262_144) }, [1, 262_144]);
    from_server(
        &StateBagV2 { bag_name: b"x", key: b"x", data: b"x" },
        &StateBagV2 { bag_name: bytes(128), key: bytes(1024), data: bytes(262_144) },
        [7, 263_300],
    );
    from_server(
        &game_event::s2c::NetGameEvent { data: b"" },
        &game_event::s2c::NetGameEvent { data: bytes(2048) },
        [0, 2048],
    );
    let event = game_event::s2c::NetGameEventV2 {
        client_net_id: 1,
        event_name_hash: 2,
        event_id: 3,
        is_reply: 0,
        data: b"",
    };
    let longest = game_event::s2c::NetGameEventV2 { data: bytes(1025), ..event };
    from_server(&event, &longest, [9, 1034]);
    let update =
        array_update::s2c::ArrayUpdate { handler: 1, owner_net_id: 2, index: 3, data: b"" };
    let longest = array_update::s2c::ArrayUpdate { data: bytes(128), ..update };
    from_server(&update, &longest, [11, 139]);
    from_server(
        &[].into_iter().collect::<ObjectIds<'_>>(),
        &(0..64).map(|id| 2 * id).collect::<ObjectIds<'_>>(),
        [2, 258],
    );
    let fragment =
        ReassembledEventV2 { event_id: 1, packet_index: 0, total_packets: 1, payload: b"" };
    from_server(&fragment, &ReassembledEventV2 { payload: bytes(2047), ..fragment }, [12, 2059]);
}

/// `ENet` alone bounds these, and bytes that are added are data or ignored.
#[test]
fn messages_of_any_length() {
    fn shortest<M: Payload>(
        message: &M,
        minimum: usize,
        to: fn(&[u8]) -> Result<MessageType, DecodeError>,
    ) {
        let packet = message.to_packet();
        assert_eq!(packet.len() - 4, minimum, "{}", M::KIND);
        assert_eq!(to(&packet), Ok(M::KIND));
        assert_eq!(to(&[&packet[..], bytes(400_000)].concat()), Ok(M::KIND));
        assert!(to(&packet[..packet.len() - 1]).is_err(), "{}", M::KIND);
    }
    shortest(&con_vars::ConVars { data: b"" }, 0, client);
    shortest(&ResStart { resource_name: b"" }, 0, client);
    shortest(&ResStop { resource_name: b"" }, 0, client);
    shortest(&rpc_native::RpcNative { data: b"x" }, 1, client);
    shortest(&route::s2c::Route { net_id: 1, data: b"" }, 4, client);
    shortest(&WorldGrid { base: 0, data: b"" }, 8, client);
    let name = EventName::new(b"x");
    shortest(&NetEvent { source_net_id: 65_535, name, data: b"" }, 6, client);
    shortest(&RequestObjectIds, 0, server);
}

#[test]
fn fields_that_do_not_fit() {
    let kind = |error: DecodeError| (error.field, error.offset, error.kind);
    let event = ServerEvent::from_slice(b"\x01\0\0more").unwrap_err();
    assert_eq!(kind(event), ("event name", 2, ErrorKind::TooShort { min: 2 }));
    let event = NetEvent::from_slice(b"\xFF\xFF\x01\0\0more").unwrap_err();
    assert_eq!(kind(event), ("event name", 4, ErrorKind::TooShort { min: 2 }));
    let event = NetEvent::from_slice(b"\xFF\xFF\x09\0name").unwrap_err();
    assert_eq!(kind(event), ("event name", 4, ErrorKind::Incomplete { needed: 5 }));
    let command = command::ServerCommand::from_slice(b"\0\0\0\0\0\0\0").unwrap_err();
    assert_eq!(kind(command), ("command", 2, ErrorKind::TooShort { min: 1 }));

    let bag = |bag_name: usize, key: usize, data: usize| {
        let bag = StateBagV2 { bag_name: bytes(bag_name), key: bytes(key), data: bytes(data) };
        StateBagV2::from_slice(&bag.to_vec()).is_ok()
    };
    assert!(bag(128, 1024, 1) && bag(1, 1, 262_144));
    for (bag_name, key, data) in
        [(0, 9, 9), (129, 9, 9), (9, 0, 9), (9, 1025, 9), (9, 9, 0), (9, 9, 262_145)]
    {
        assert!(!bag(bag_name, key, data), "{bag_name} {key} {data}");
    }

    // The length is within the bounds, and says more than there may be.
    let update = array_update::s2c::ArrayUpdate::from_slice(
        b"\x01\x02\0\x03\0\0\0\x81\0\0\0..............................",
    );
    assert_eq!(kind(update.unwrap_err()), ("data", 11, ErrorKind::TooLong { max: 128 }));
    let grid = WorldGrid::from_slice(b"\0\0\0\0\xFF\xFF\xFF\xFFdata").unwrap_err();
    assert_eq!(kind(grid), ("data", 8, ErrorKind::TooLong { max: MAX_PAYLOAD }));
}

#[test]
fn directions_differ() {
    // A route's length counts at the client, and not at the server.
    let payload = b"\x01\0\x02\0abcd";
    assert_eq!(route::c2s::Route::from_slice(payload).unwrap().data, b"abcd");
    assert_eq!(route::s2c::Route::from_slice(payload).unwrap().data, b"ab");
    assert!(route::c2s::Route::from_slice_strict(payload).is_err());
    assert!(route::c2s::Route::from_slice(b"\x01\0\0\0").is_err());
    assert!(route::s2c::Route::from_slice(b"\x01\0\0\0").is_ok());
    // A message that only the other side receives is any other packet.
    let packet = RequestObjectIds.to_packet();
    assert!(matches!(s2c::Message::from_slice(&packet), Ok(s2c::Message::Unknown(_))));
    let packet = ResStop { resource_name: b"x" }.to_packet();
    assert!(matches!(c2s::Message::from_slice(&packet), Ok(c2s::Message::Unknown(_))));
    for kind in [
        MessageType::CONFIRM,
        MessageType::ENTITY_CREATE,
        MessageType::PAYMENT_REQUEST,
        MessageType::RPC_ENTITY_CREATION,
    ] {
        let packet = Frame { kind, payload: b"x" }.to_vec();
        assert!(matches!(c2s::Message::from_slice(&packet), Ok(c2s::Message::Unknown(_))));
        assert!(matches!(s2c::Message::from_slice(&packet), Ok(s2c::Message::Unknown(_))));
    }
}

#[test]
fn a_name_keeps_the_byte_behind_it() {
    let payload = b"\x03\0ab\x8Edata";
    let event = ServerEvent::from_slice(payload).unwrap();
    assert_eq!(
        (event.name.as_bytes(), event.name.last(), event.data),
        (&b"ab"[..], 0x8E, &b"data"[..])
    );
    assert_eq!(event.to_vec(), payload);
    assert!(ServerEvent::from_slice_strict(payload).is_err());
    assert!(ServerEvent::from_slice_strict(b"\x03\0a\0\0data").is_err());
    assert!(ServerEvent::from_slice_strict(b"\x03\0ab\0data").is_ok());
    // What is too long is cut, and so arrives.
    let long = NetEvent { source_net_id: 0, name: EventName::new(bytes(70_000)), data: b"x" };
    assert_eq!(NetEvent::from_slice(&long.to_vec()), Ok(long));
    assert_eq!(long.name.as_bytes().len(), 65_534);
}

#[test]
fn runs_of_object_ids() {
    let read = |runs: &[[u16; 2]]| {
        let count = u16::try_from(runs.len()).unwrap();
        let mut payload = count.to_le_bytes().to_vec();
        payload.extend(runs.iter().flatten().flat_map(|number| number.to_le_bytes()));
        ObjectIds::from_slice(&payload).map(|ids| ids.ids().collect::<Vec<_>>())
    };
    // One that never ends in the reference.
    let error = read(&[[0, 1], [0, 65_535]]).unwrap_err();
    assert_eq!((error.field, error.offset), ("run", 6));
    assert!(read(&[[0, 65_534]]).unwrap().into_iter().eq(1..=65_535));
    // Ids count modulo 65536.
    assert_eq!(read(&[[65_532, 3]]), Ok(vec![65_533, 65_534, 65_535, 0]));
    assert_eq!(read(&[[65_535, 0], [65_535, 0]]), Ok(vec![0, 1]));
    assert!(read(&[[9, 0]; 64]).is_ok());
    assert!(read(&[[9, 0]; 65]).is_err());
    for (runs, big) in [(6, true), (7, false)] {
        let ids: ObjectIds<'_> = (0..runs).map(|id| 3 * id).collect();
        assert_eq!(ObjectIds::from_slice_big(&ids.to_vec()).is_ok(), big);
        assert!(ObjectIds::from_slice(&ids.to_vec()).is_ok());
    }
}

#[test]
fn bits_of_the_first_reassembled_event() {
    // The acknowledgement of fragment 0 of 2, as the vectors have it.
    let ack = ReassembledEvent {
        event_id: 6_069_854_106,
        packet_index: 0,
        total_packets: 2,
        payload: Cow::Borrowed(b""),
    };
    assert!(ack.is_ack());
    assert_eq!(ack.to_vec(), b"\x69\xCA\x9F\x9A\0\0\0\x01\0\0\0\0\x80\0");
    let full = ReassembledEvent {
        event_id: u64::MAX,
        packet_index: 131_070,
        total_packets: 131_071,
        payload: Cow::Borrowed(bytes(1023)),
    };
    assert_eq!(ReassembledEvent::from_slice_strict(&full.to_vec()), Ok(full.clone()));
    // A length that the payload does not keep, which the reference fills with its memory.
    let mut short = full.to_vec();
    short.pop();
    let error = ReassembledEvent::from_slice(&short).unwrap_err();
    assert_eq!((error.field, error.kind), ("payload", ErrorKind::Incomplete { needed: 1 }));
    // The packet's bound, and the four bits that are left.
    let mut long = full.to_vec();
    long.resize(1088, 7);
    assert_eq!(ReassembledEvent::from_slice(&long), Ok(full.clone()));
    long.push(7);
    assert!(ReassembledEvent::from_slice(&long).is_err());
    for (packet_index, total_packets) in [(0_u16, 0_u16), (2, 2), (3, 2)] {
        let event = ReassembledEventV2 { event_id: 1, packet_index, total_packets, payload: b"x" };
        assert!(ReassembledEventV2::from_slice(&event.to_vec()).is_err());
        let (packet_index, total_packets) = (packet_index.into(), total_packets.into());
        let event = ReassembledEvent { packet_index, total_packets, ..ack.clone() };
        assert!(ReassembledEvent::from_slice(&event.to_vec()).is_err());
    }
    // What is too long is cut.
    let long = ReassembledEvent { payload: Cow::Borrowed(bytes(2000)), ..full.clone() };
    assert_eq!(ReassembledEvent::from_slice(&long.to_vec()), Ok(full));
}

/// A client reads a frame index that is not all there as 0, and does not move on.
#[test]
fn frames_without_a_whole_index() {
    let clones = PackedClones::from_slice(b"\x01\x02\x03\x04\x05\x06\x07").unwrap();
    assert_eq!(
        (clones.frame_index, clones.block),
        (FrameIndex(0), &b"\x01\x02\x03\x04\x05\x06\x07"[..])
    );
    let acks = PackedAcks::from_slice(b"\x01\x02\x03\x04\x05\x06\x07\x08").unwrap();
    assert_eq!((acks.frame_index, acks.block), (FrameIndex(0x0807_0605_0403_0201), &b""[..]));
    assert!(PackedClones::from_slice(b"").is_err());
    assert!(PackedClones::from_slice_strict(b"\x01\x02\x03\x04\x05\x06\x07").is_err());
    assert!(PackedAcks::from_slice_strict(b"\x01\x02\x03\x04\x05\x06\x07\x08").is_err());
    assert!(PackedAcks::from_slice_strict(b"\x01\x02\x03\x04\x05\x06\x07\x08\x10").is_ok());
}

#[test]
fn a_piece_of_the_grid_may_lie_beside_it() {
    let within = |base, length| WorldGrid { base, data: bytes(length) }.is_within_grid();
    assert!(within(0, 128) && within(124, 4) && within(128, 0));
    assert!(!within(0, 129) && !within(125, 4) && !within(129, 0) && !within(u32::MAX, 4));
}

/// What is longer than its length can tell is cut, and what is written is as long as was said.
#[test]
fn what_is_written_is_well_formed() {
    fn written(message: &impl Encode) -> Vec<u8> {
        let written = message.to_vec();
        assert_eq!(written.len(), message.encoded_len());
        written
    }
    let players: List<'_, u16> = (0..300).collect();
    let event = game_event::c2s::NetGameEvent {
        target_players: players.clone(),
        event_id: 1,
        is_reply: 0,
        event_type: 2,
        data: b"data",
    };
    let packet = written(&event);
    let read = game_event::c2s::NetGameEvent::from_slice(&packet).unwrap();
    assert_eq!((read.target_players.len(), read.data), (255, &b"data"[..]));
    let ack = GameStateAck { frame_index: 1, ignore_list: List::empty(), recreate_list: players };
    assert_eq!(GameStateAck::from_slice(&written(&ack)).unwrap().recreate_list.len(), 255);
    let long = bytes(70_000);
    let route = route::s2c::Route { net_id: 1, data: long };
    assert_eq!(route::s2c::Route::from_slice(&written(&route)).unwrap().data.len(), 65_535);
    let route = route::c2s::Route::new(1, long);
    assert_eq!((route.packet_length, route.data.len()), (65_535, 65_535));
    for packet in [
        written(&command::ServerCommand { command: long, command_hash: 0 }),
        written(&StateBagV2 { bag_name: long, key: long, data: long }),
    ] {
        assert_eq!(packet[..2], [0xFF, 0xFF]);
    }
}
