//! The handshake: its checks, `connectOK`, net ids, slots, another peer (SPEC GAME-1 to GAME-13).

use cfx_control::game::Game;
use cfx_game::frame::MessageType;
use cfx_session::http::RequestId;
use cfx_session::server::{self, Config, Decision, Event, OneSync, Output};

use super::{
    Form, Host, address, connect_ok, error_to, frame, gone, handshake, no_con_vars, player_event,
};

/// SPEC GAME-3, GAME-4: silence for an unknown guid; an error for a wrong token, and the client stays
/// (our departure).
#[test]
fn guid_and_token() {
    let mut host = Host::new(Config::default());
    let accepted = host.accept(address(1), "1");
    let peer = host.peer(accepted.data());
    for guid in ["2", "", "01", "1 "] {
        host.packet(peer, address(1), &handshake(&accepted.token, guid));
        assert_eq!(host.take(), [], "{guid}");
    }
    // A form ends at an empty value (SPEC WIRE-2): this one names nobody.
    host.packet(peer, address(1), &handshake("", "1"));
    assert_eq!(host.take(), []);
    let invalid = error_to(address(2), "Invalid connection token received.");
    for token in ["%00", "x", &accepted.token[..35], &accepted.token.to_uppercase()] {
        // From elsewhere, so that it is seen whom the error goes to.
        host.packet(peer, address(2), &handshake(token, "1"));
        assert_eq!(host.take(), std::slice::from_ref(&invalid), "{token}");
    }
    host.packet(peer, address(1), &accepted.handshake());
    assert_eq!(host.server.joined(), 1);
    // A connected client is no one's to remove either.
    let stranger = host.accept(address(3), "3");
    let third = host.peer(stranger.data());
    host.take();
    host.packet(third, address(3), &handshake(&stranger.token, "1"));
    assert_eq!(host.take(), [error_to(address(3), "Invalid connection token received.")]);
    assert_eq!((host.server.joined(), host.server.records()), (1, 2));
}

/// SPEC GAME-5
#[test]
fn a_client_that_is_still_deferring() {
    let mut host = Host::new(Config::default());
    let pending = host.connect(address(1), &Form::init("1"));
    let resource = "a".to_owned();
    host.decide(Decision::Defer { client: pending.client, resource });
    // The token is in the first card.
    host.handled(pending.client);
    let (client, resource, card) = (pending.client, "a".to_owned(), "{}".to_owned());
    host.decide(Decision::PresentCard { client, resource, card });
    let text = host.answer(pending.request).text();
    let card: serde_json::Value =
        serde_json::from_str(text.lines().last().expect("a card")).expect("JSON");
    let token = card["token"].as_str().expect("its token");
    let peer = host.peer(cfx_wire::hash::lower(token.as_bytes()));
    host.packet(peer, address(1), &handshake(token, "1"));
    let text = "Invalid connection.";
    let expected = [error_to(address(1), text), Output::Reset(peer), gone(client, None, text)];
    assert_eq!(host.take(), expected);
    assert_eq!(host.server.records(), 0);
    let answer = host.answer(RequestId(0));
    assert!(answer.ended && answer.text().ends_with("{\"error\":\"Invalid connection.\"}\r\n"));
}

/// SPEC GAME-7, GAME-8, GAME-17, ENET-6: everything that a good handshake gives, in its order. The
/// client learns of itself twice: as one of everyone, and as one that is there.
#[test]
fn a_good_handshake() {
    let mut host = Host::new(Config::default());
    host.accept(address(9), "9");
    let accepted = host.accept(address(1), "1");
    host.run_to(1234);
    let peer = host.enter(&accepted);
    let (client, net_id, temporary, slot) = (accepted.client, 1, 0x1_0001, Some(128));
    let joined = Event::Joined { client, net_id, temporary, slot };
    let itself = player_event(peer, "onPlayerJoining", b"\x93\x01\xA3Ana\xCC\x80");
    assert_eq!(
        host.take_without_ids(),
        [
            Output::Tune(peer),
            connect_ok(peer, " 1 -1 -1 128 1234"),
            Output::Event(joined),
            itself.clone(),
            itself,
            no_con_vars(peer),
            frame(peer)
        ]
    );
    // SPEC GAME-13
    host.packet(peer, address(1), &accepted.handshake());
    host.packet(peer, address(1), &handshake("x", "9"));
    assert_eq!(host.take(), []);
    assert_eq!(host.server.joined(), 1);
}

/// SPEC GAME-8
#[test]
fn what_connect_ok_says() {
    let host_of = server::Host { net_id: 7, base: 77 };
    let rows = [
        (Game::Gta5, OneSync::Off, None, " 1 -1 -1 -1 -1", None),
        (Game::Gta5, OneSync::Off, Some(host_of), " 1 7 77 -1 -1", None),
        (Game::Gta5, OneSync::On, Some(host_of), " 1 -1 -1 128 5000", Some(128)),
        (Game::Gta5, OneSync::Big, None, " 1 -1 -1 128 5000", Some(2048)),
        (Game::Rdr3, OneSync::On, None, " 1 -1 -1 128 5000", Some(128)),
        (Game::Rdr3, OneSync::Big, None, " 1 -1 -1 16 5000", Some(2048)),
    ];
    for (game, onesync, told, text, slot) in rows {
        let mut host = Host::new(Config { game, onesync, ..Config::default() });
        host.decide(Decision::Host(told));
        host.run_to(5000);
        let form = Form::init("1").with("gameName", game.name());
        let pending = host.connect(address(1), &form);
        host.handled(pending.client);
        let token = host.answer(pending.request).json()["token"].as_str().expect("it").to_owned();
        let peer = host.peer(cfx_wire::hash::lower(token.as_bytes()));
        host.packet(peer, address(1), &handshake(&token, "1"));
        let outputs = host.take();
        assert_eq!(outputs[1], connect_ok(peer, text), "{game:?} {onesync:?}");
        assert!(
            matches!(outputs[2], Output::Event(Event::Joined { slot: given, .. }) if given == slot)
        );
    }
}

/// SPEC GAME-1, GAME-13: what a peer says before its handshake, and what is no message.
#[test]
fn messages_of_unbound_peers() {
    let mut host = Host::new(Config::default());
    let accepted = host.accept(address(1), "1");
    let peer = host.peer(accepted.data());
    let quit = [&MessageType::I_QUIT.0.to_le_bytes()[..], b"bye\0"].concat();
    let payloads: [&[u8]; 5] = [b"", b"\x01\0\0", b"\x63\x9E\x56\xCA", &quit, b"\x01\0\0\0"];
    for payload in payloads {
        host.packet(peer, address(1), payload);
        assert_eq!(host.take(), [], "{payload:?}");
    }
    assert_eq!(host.server.records(), 1);
}

/// SPEC GAME-6, GAME-10: slots from the highest down, never 31, the lowest free place reused last.
#[test]
fn slots() {
    let mut host = Host::new(Config::default());
    let mut joined: Vec<_> = (0..128).map(|n| host.join(address(n), &n.to_string())).collect();
    let slots: Vec<_> = joined.iter().filter_map(|client| client.slot).collect();
    assert_eq!(slots, (0..=128).rev().filter(|slot| *slot != 31).collect::<Vec<_>>());

    let late = host.accept(address(200), "200");
    let peer = host.enter(&late);
    let text = "Not enough client slot IDs.";
    let expected =
        [error_to(address(200), text), Output::Reset(peer), gone(late.client, None, text)];
    assert_eq!(host.take(), expected);
    assert_eq!((host.server.joined(), host.server.records()), (128, 128));

    for at in [100, 20, 60] {
        let leaver = joined.remove(at);
        host.decide(Decision::Drop { client: leaver.accepted.client, reason: String::new() });
        host.take();
        assert_eq!(host.join(address(300), &format!("300{at}")).slot, leaver.slot);
    }
}

/// SPEC GAME-8, GAME-10: 2048 slots in big mode.
#[test]
fn slots_in_big_mode() {
    let mut host = Host::new(Config { onesync: OneSync::Big, ..Config::default() });
    for n in 0..2048_u32 {
        let joined = host.join(address(n), &n.to_string());
        let slot = 2048 - n - u32::from(n > 2048 - 32);
        assert_eq!(joined.slot.map(u32::from), Some(slot));
        assert_eq!(u32::from(joined.net_id), n + 1);
    }
    let late = host.accept(address(3000), "3000");
    host.enter(&late);
    assert_eq!(host.take()[0], error_to(address(3000), "Not enough client slot IDs."));
}

/// SPEC GAME-9: from 1 upwards, and those of players who left are not given out again soon. (The
/// registry's own test goes past the last.)
#[test]
fn net_ids() {
    let mut host = Host::new(Config { onesync: OneSync::Off, ..Config::default() });
    for expected in 1..=300 {
        let joined = host.join(address(1), &expected.to_string());
        assert_eq!(joined.net_id, expected);
        if expected % 3 == 0 {
            let client = joined.accepted.client;
            host.decide(Decision::Drop { client, reason: String::new() });
            host.take();
        }
    }
    assert_eq!(host.server.joined(), 200);
}

/// SPEC GAME-11: a second peer takes over, with net id and slot as they were; the first is reset, and
/// its token is free again.
#[test]
fn another_peer() {
    let mut host = Host::new(Config::default());
    let first = host.join(address(1), "1");
    let second = host.join(address(2), "2");
    host.run_to(500);
    let third = host.accept(address(3), "3");
    let peer = host.peer(third.data());
    host.take();
    host.packet(peer, address(3), &second.accepted.handshake());
    assert_eq!(
        host.take_without_ids(),
        [
            Output::Reset(second.peer),
            Output::Tune(peer),
            connect_ok(peer, " 2 -1 -1 127 500"),
            frame(peer)
        ]
    );
    assert!(host.admits(address(2), 9, second.accepted.data()));
    // The old peer is nobody's: what it still says, or its end, means nothing.
    host.packet(second.peer, address(2), b"\x63\x9E\x56\xCA");
    host.input(server::Input::PeerGone(second.peer));
    assert_eq!((host.take(), host.server.joined()), (vec![], 2));
    // Errors go to the new address.
    host.decide(Decision::Drop { client: second.accepted.client, reason: "Bye".into() });
    assert_eq!(
        host.take(),
        [
            error_to(address(3), "Bye"),
            Output::Reset(peer),
            gone(second.accepted.client, second.net_id, "Bye"),
            player_event(first.peer, "onPlayerDropped", b"\x93\x02\xA3Ana\x7F")
        ]
    );
    assert_eq!(first.net_id, 1);
}
