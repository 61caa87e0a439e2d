//! One attempt after another: cancelling, leaving, joining elsewhere, late answers (SPEC CLIENT-1,
//! CLIENT-5, CLIENT-6, CLIENT-9, HTTP-30).

use cfx_session::client::{Delivery, Event, Input, Output, ServerUrl, State};

use crate::player::{Piece, Player, STEPS, Step, TOKEN, connect_ok, frame, ok};

fn aborted(news: &[Output]) -> bool {
    news.iter().any(|output| matches!(output, Output::Abort(_)))
}

fn quit(reason: &[u8]) -> [Output; 2] {
    let payload = [&0x522C_ADD1_u32.to_le_bytes(), reason].concat();
    [Output::Packet { channel: 0, delivery: Delivery::Reliable, payload }, Output::Disconnect]
}

#[test]
fn cancelling() {
    for step in STEPS {
        let mut player = Player::at(step);
        player.news();
        player.give(Input::Cancel);
        let news = player.news();
        if matches!(step, Step::Connected | Step::Active) {
            assert_eq!(news, [], "there is a connection to leave instead");
            continue;
        }
        assert_eq!(player.client.state(), State::Idle, "{step:?}");
        assert_eq!(player.client.server(), None);
        assert_eq!(aborted(&news), step.is_http(), "{step:?}");
        assert_eq!(news.contains(&Output::Reset), step == Step::Peer, "{step:?}");
        assert_eq!(news.starts_with(&quit(b"\0")), step == Step::ConnectOk, "{step:?}");
        assert_eq!(news.last(), Some(&Output::Event(Event::State(State::Idle))));
        // Once is enough.
        player.give(Input::Cancel);
        assert_eq!(player.news(), []);
    }
}

#[test]
fn leaving() {
    for step in STEPS {
        let mut player = Player::at(step);
        player.news();
        player.give(Input::Disconnect { reason: "Exiting" });
        let news = player.news();
        assert_eq!(player.client.state(), State::Idle, "{step:?}");
        assert_eq!(player.disconnection(), Some(("Exiting", false)), "{step:?}");
        // SPEC CLIENT-6: the server is told, if there is an ENet connection to tell it by.
        assert_eq!(news.starts_with(&quit(b"Exiting\0")), step >= Step::ConnectOk, "{step:?}");
        assert_eq!(news.contains(&Output::Disconnect), step >= Step::ConnectOk, "{step:?}");
        assert_eq!(news.contains(&Output::Reset), step == Step::Peer, "{step:?}");
        assert_eq!(aborted(&news), step.is_http(), "{step:?}");
        player.give(Input::Disconnect { reason: "again" });
        player.give(Input::PeerGone);
        player.pass(100_000);
        assert_eq!(player.news(), []);
    }
}

/// SPEC GAME-15: 1024 bytes with the NUL.
#[test]
fn a_long_reason_is_cut() {
    let mut player = Player::at(Step::Active);
    player.give(Input::Disconnect { reason: &"x".repeat(5000) });
    let length = player.log.iter().find_map(|(_, output)| match output {
        Output::Packet { channel: 0, payload, .. }
            if payload.starts_with(&0x522C_ADD1_u32.to_le_bytes()) =>
        {
            Some(payload.len())
        }
        _ => None,
    });
    assert_eq!(length, Some(4 + 1024));
}

#[test]
fn joining_elsewhere_leaves_first() {
    for step in STEPS {
        let mut player = Player::at(step);
        player.news();
        let url = ServerUrl::parse("192.0.2.1:40120").expect("a URL");
        player.give(Input::Connect { url, guid: player.guid + 1 });
        let news = player.news();
        assert_eq!(
            player.disconnection(),
            Some(("Connecting to another server.", false)),
            "{step:?}"
        );
        assert_eq!(
            news.starts_with(&quit(b"Connecting to another server.\0")),
            step >= Step::ConnectOk,
            "{step:?}"
        );
        assert_eq!(player.client.state(), State::Initing);
        assert_eq!((player.client.token(), player.client.server()), ("", None));
        assert_eq!(player.call().url, "http://192.0.2.1:40120/info.json");
        assert_eq!(player.open.len(), 1, "nothing of the old attempt is open");
        player.step = Step::Variables;
        player.reach(Step::Active);
        assert_eq!(player.client.state(), State::Active, "{step:?}");
    }
}

/// SPEC CLIENT-9 leaves the guid to the application: the same one is as good to this machine.
#[test]
fn joining_again_with_the_same_guid() {
    let mut player = Player::at(Step::Active);
    player.give(Input::Disconnect { reason: "x" });
    player.script.handshake = ok(&crate::player::accepted().to_json().replace(TOKEN, "second"));
    player.connect();
    player.reach(Step::Active);
    assert_eq!(player.client.state(), State::Active);
    assert_eq!(player.client.token(), "second");
    let handshakes = player.log.iter().filter_map(|(_, output)| match output {
        Output::Packet { channel: 0, payload, .. } => payload.strip_prefix(b"\x01\0\0\0"),
        _ => None,
    });
    let handshakes: Vec<_> =
        handshakes.map(|form| String::from_utf8_lossy(form).into_owned()).collect();
    assert_eq!(
        handshakes,
        [TOKEN, "second"].map(|token| format!("token={token}&guid={}", player.guid))
    );
}

#[test]
fn the_fields_of_one_attempt_do_not_reach_another() {
    let mut player = Player::at(Step::Handshake);
    player.give(Input::Cancel);
    player.script.variables = ok(r#"{"vars":{},"requestSteamTicket":"off"}"#);
    player.script.ticket = Vec::new();
    player.connect();
    player.reach(Step::Handshake);
    let body = String::from_utf8_lossy(&player.call().body).into_owned();
    assert!(!body.contains("icket"), "{body}");
}

/// SPEC CLIENT-1: whatever comes of a request of an attempt that was left.
#[test]
fn late_answers_change_nothing() {
    for old in STEPS.into_iter().filter(|step| step.is_http()) {
        for new in STEPS {
            let mut player = Player::at(old);
            let (&id, _) = player.open.last_key_value().expect("a request");
            player.give(Input::Cancel);
            player.connect();
            player.reach(new);
            let before = player.log.len();
            for piece in [
                Piece::Head(200),
                Piece::Data(crate::player::accepted().to_json().into()),
                Piece::Data(b"{\"error\":\"late\"}".to_vec()),
                Piece::End,
                Piece::Failed("late".into()),
            ] {
                player.late(id, &piece);
            }
            assert_eq!(player.log.len(), before, "{old:?} in {new:?}");
        }
    }
}

#[test]
fn an_idle_client_is_moved_by_connect_alone() {
    let mut player = Player::at(Step::Active);
    player.give(Input::Cancel);
    player.give(Input::Disconnect { reason: "x" });
    let before = player.log.len();
    player.give(Input::PeerConnected);
    player.give(Input::Packet(&connect_ok()));
    player.give(Input::Packet(&frame()));
    player.give(Input::PeerGone);
    player.hear(b"\xFF\xFF\xFF\xFFerror late");
    player.give(Input::Ticket(Vec::new()));
    player.give(Input::SteamTicket(Ok(None)));
    player.give(Input::Resolved(None));
    player.give(Input::ContentDone);
    player.give(Input::SubmitCard { data: "{}" });
    player.give(Input::Cancel);
    player.give(Input::Disconnect { reason: "y" });
    player.pass(1_000_000);
    assert_eq!(player.log.len(), before);
}
