//! ENet, the handshake and what follows (SPEC ENET-2, ENET-5, GAME-2, GAME-12, GAME-14, GAME-16,
//! CLIENT-4, CLIENT-6, CLIENT-8).

use cfx_game::handshake::s2c::ConnectOk;
use cfx_game::server_frame::ServerFrame;
use cfx_session::client::{Delivery, Event, Input, Output, State};
use cfx_wire::hash;

use crate::player::{GUID, Player, Step, TOKEN, connect_ok, frame, server};

const MSG_END: [u8; 4] = 0xCA56_9E63_u32.to_le_bytes();

fn connect() -> Output {
    Output::Connect { to: server(), data: hash::lower(TOKEN.as_bytes()) }
}

fn connects(player: &Player) -> Vec<u64> {
    player.times(|output| *output == connect())
}

#[test]
fn the_handshake_goes_out_on_the_connection() {
    let mut player = Player::at(Step::Peer);
    assert_eq!(connects(&player), [0]);
    player.news();
    player.give(Input::PeerConnected);
    let payload = format!("\u{1}\0\0\0token={TOKEN}&guid={GUID}").into_bytes();
    let handshake = Output::Packet { channel: 0, delivery: Delivery::Reliable, payload };
    assert_eq!(player.news(), [handshake]);
    // ENet says so once.
    player.give(Input::PeerConnected);
    assert_eq!(player.news(), []);
}

/// SPEC ENET-5: ENet gives a silent peer up after 31.5 s.
#[test]
fn a_try_begins_when_enet_gave_the_last_up() {
    let mut player = Player::at(Step::Peer);
    for _ in 0..3 {
        player.pass(31_500);
        player.give(Input::PeerGone);
    }
    player.pass(0);
    assert_eq!(connects(&player), [0, 31_500, 63_000, 94_500]);
    let texts = player.texts();
    let expected = [
        "Connecting to server...",
        "Connecting to server... (attempt 2)",
        "Connecting to server... (attempt 3)",
        "Connecting to server... (attempt 4)",
    ];
    assert_eq!(texts[texts.len() - 4..], expected);
    assert_eq!(player.disconnection(), Some(("Connection timed out.", true)));
    // The fourth was begun, and is dropped.
    assert_eq!(player.times(|output| *output == Output::Reset), [94_500]);
}

#[test]
fn five_seconds_lie_between_two_tries() {
    let mut player = Player::at(Step::Peer);
    player.pass(100);
    player.give(Input::PeerGone);
    player.pass(4899);
    assert_eq!(connects(&player), [0]);
    player.pass(1);
    assert_eq!(connects(&player), [0, 5000]);
    // No time alone begins another.
    player.pass(600_000);
    assert_eq!(connects(&player), [0, 5000]);
}

#[test]
fn a_handshake_without_an_answer_is_lost_after_30_s() {
    let mut player = Player::at(Step::Peer);
    for _ in 0..3 {
        player.give(Input::PeerConnected);
        player.pass(30_000);
    }
    assert_eq!(connects(&player), [0, 30_000, 60_000, 90_000]);
    assert_eq!(player.times(|output| *output == Output::Reset), [30_000, 60_000, 90_000, 90_000]);
    assert_eq!(player.disconnection(), Some(("Connection timed out.", true)));
}

#[test]
fn a_peer_that_goes_during_the_handshake_is_tried_again() {
    let mut player = Player::at(Step::ConnectOk);
    player.pass(1000);
    player.give(Input::PeerGone);
    player.news();
    // Without a connection no packet counts.
    player.give(Input::Packet(&connect_ok()));
    assert_eq!(player.news(), []);
    player.pass(4000);
    assert_eq!(connects(&player), [0, 5000]);
    player.give(Input::PeerConnected);
    player.give(Input::Packet(&connect_ok()));
    assert_eq!(player.client.state(), State::Connected);
}

/// SPEC GAME-12, GAME-18: read as the client reads it, or ignored.
#[test]
fn connect_ok_in_all_forms() {
    let read = |text: &[u8]| {
        let mut player = Player::at(Step::ConnectOk);
        player.give(Input::Packet(&[&[1, 0, 0, 0], text].concat()));
        let ok = player.events().find_map(|event| match event {
            Event::ConnectOk(ok) => Some(*ok),
            _ => None,
        });
        assert_eq!(player.client.state() == State::Connected, ok.is_some());
        ok
    };
    let full =
        ConnectOk { net_id: 1, host_net_id: -1, host_base: -1, slot_id: 128, server_time: 5 };
    assert_eq!(read(b" 1 -1 -1 128 5"), Some(full));
    assert_eq!(read(b" 1 -1 -1 128"), Some(ConnectOk { server_time: -1, ..full }));
    assert_eq!(read(b" 1 -1 -1"), Some(ConnectOk { slot_id: -1, server_time: -1, ..full }));
    let ids = read(b" 65537 -1 7 -1 -1")
        .map(|ok| (ok.net_id_u16(), ok.host_net_id_u16(), ok.slot_id_u16()));
    assert_eq!(ids, Some((1, 65535, 65535)));
    for malformed in [&b""[..], b" ", b" 1", b" 1 2", b"1 2"] {
        assert_eq!(read(malformed), None, "{}", malformed.escape_ascii());
    }
    assert_eq!(read(&[b" 1 -1 -1 128 ", vec![b'5'; 8192].as_slice()].concat()), None);
}

#[test]
fn before_connect_ok_every_other_packet_is_ignored() {
    let mut player = Player::at(Step::ConnectOk);
    player.news();
    for packet in [frame(), MSG_END.to_vec(), vec![9; 100], vec![1, 0, 0], Vec::new()] {
        player.give(Input::Packet(&packet));
    }
    assert_eq!(player.news(), []);
    assert_eq!(player.client.state(), State::Connecting);
}

#[test]
fn the_first_other_packet_makes_the_client_active() {
    // Whatever it is, as long as it has a type; and if it can be read or is unknown, it is handled.
    let read = Event::ServerFrame(ServerFrame { index: 0, lockdown_mode: 0, sync_style: 0 });
    let unknown = vec![9; 4];
    let rows = [
        (frame(), Some(read), false),
        (unknown.clone(), Some(Event::Message(unknown)), true),
        (MSG_END.to_vec(), Some(Event::Message(MSG_END.to_vec())), true),
        (frame()[..5].to_vec(), None, false),
    ];
    for (packet, told, again) in rows {
        let mut player = Player::at(Step::Connected);
        player.give(Input::Packet(&connect_ok()));
        player.give(Input::Packet(&[1, 0]));
        assert_eq!(player.client.state(), State::Connected);
        player.news();
        player.give(Input::Packet(&packet));
        let mut expected = vec![Event::State(State::Active), Event::NetworkConnected];
        expected.extend(told.clone());
        let events = |player: &mut Player| {
            let mut news = player.news();
            news.retain(|output| matches!(output, Output::Event(_)));
            news
        };
        assert_eq!(
            events(&mut player),
            expected.into_iter().map(Output::Event).collect::<Vec<_>>()
        );
        player.give(Input::Packet(&packet));
        let expected: Vec<_> = told.filter(|_| again).into_iter().map(Output::Event).collect();
        assert_eq!(events(&mut player), expected);
    }
}

#[test]
fn a_later_connect_ok_leaves_an_active_client_active() {
    let mut player = Player::at(Step::Active);
    player.give(Input::Packet(&frame()));
    player.news();
    player.give(Input::Packet(b"\x01\0\0\0 2 -1 -1 127 9"));
    let ok = ConnectOk { net_id: 2, host_net_id: -1, host_base: -1, slot_id: 127, server_time: 9 };
    assert_eq!(player.news(), [Output::Event(Event::ConnectOk(ok))]);
    assert_eq!(player.client.state(), State::Active);
}

/// SPEC GAME-14: from the ENet connection on.
#[test]
fn a_keep_alive_goes_out_ten_times_a_second() {
    let keep_alive =
        Output::Packet { channel: 1, delivery: Delivery::Unsequenced, payload: MSG_END.to_vec() };
    let mut player = Player::at(Step::ConnectOk);
    let keep_alives = |player: &Player| player.times(|output| *output == keep_alive);
    player.pass(250);
    assert_eq!(keep_alives(&player), [100, 200]);
    player.reach(Step::Active);
    player.pass(9750);
    let expected: Vec<_> = (1..=100).map(|tenth| tenth * 100).collect();
    assert_eq!(keep_alives(&player), expected);
    // A client that was not looked at for long makes up for nothing.
    player.now = player.now.after(5000);
    player.pass(0);
    assert_eq!(keep_alives(&player).len(), 101);
    player.give(Input::PeerGone);
    player.pass(1000);
    assert_eq!(keep_alives(&player).len(), 101);
}

/// SPEC CLIENT-8
#[test]
fn a_lost_peer_is_a_time_out() {
    for step in [Step::Connected, Step::Active] {
        let mut player = Player::at(step);
        player.news();
        player.give(Input::PeerGone);
        assert_eq!(player.disconnection(), Some(("Connection timed out.", true)));
        assert_eq!(player.client.state(), State::Idle);
        let news = player.news();
        assert!(
            !news.contains(&Output::Reset) && !news.contains(&Output::Disconnect),
            "it is gone: {news:?}"
        );
    }
}
