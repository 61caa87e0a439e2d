//! The streamed answer to `initConnect`: what ends it, what is shown, cards (SPEC HTTP-6, HTTP-7,
//! HTTP-18, HTTP-19, HTTP-28, DEFER-3, DEFER-6).

use cfx_control::answer::{Accepted, deferral_card, deferral_message, error};
use cfx_control::game::Game;
use cfx_control::info::ClientBuild;
use cfx_session::client::{Config, Event, Input, Output, State};
use cfx_session::http::RequestId;
use proptest::prelude::*;
use serde_json::json;

use crate::player::{Piece, Player, Step, TOKEN, accepted, assert_refused, failed, ok, status};

const FAILED: &str = "Failed handshake to server http://203.0.113.5:30120/";

#[test]
fn every_refusal_has_its_text() {
    assert_refused(&[
        ("Connection rejected by server: You are banned.", |s| {
            s.handshake = ok(&error("You are banned."));
        }),
        (
            "Server is using a outdated deferVersion. Please update the server or contact the server owner.",
            |s| {
                s.handshake = ok(&json!({ "defer": true, "message": "wait" }));
            },
        ),
        (
            "Invalid server response from initConnect (missing JSON data), is this server running a broken resource?",
            |s| {
                s.handshake = ok("{}");
            },
        ),
        ("Server is outdated. Please update the server or contact the server owner.", |s| {
            s.handshake = ok(&Accepted { bit_version: 0x2021_0329_2049, ..accepted() }.to_json());
        }),
        (
            "NetLibraryImplV3/NetLibraryImplV4 are no longer supported. Please reset `netlib` to the default value.",
            |s| {
                s.handshake = ok(&Accepted { netlib_version: 3, ..accepted() }.to_json());
            },
        ),
        (
            "NetLibraryImplV3/NetLibraryImplV4 are no longer supported. Please reset `netlib` to the default value.",
            |s| {
                s.handshake = ok(&Accepted { netlib_version: 4, ..accepted() }.to_json());
            },
        ),
        (
            "Legacy servers are incompatible with this version of CitizenFX. Please tell the server owner to the server to the latest FXServer build. See https://fivem.net/ for more info.",
            |s| {
                s.handshake = ok(&json!({ "sH": true, "protocol": 5, "token": TOKEN }));
            },
        ),
    ]);
}

#[test]
fn failures_of_http_and_json_have_theirs() {
    let unreadable = |what: &str| format!("{FAILED} - {what}.");
    let rows: Vec<(String, Vec<Piece>)> = vec![
        (unreadable("connection reset"), failed("connection reset")),
        (unreadable("HTTP 500"), status(500, "")),
        // A server's own words come first.
        (unreadable("oops"), status(500, "oops")),
        (
            unreadable("oo"),
            vec![Piece::Head(502), Piece::Data(b"oo".to_vec()), Piece::Failed("half".into())],
        ),
        (
            unreadable("the answer broke off"),
            vec![
                Piece::Head(200),
                Piece::Data(deferral_message(Some("wait")).into()),
                Piece::Failed("the answer broke off".into()),
            ],
        ),
        (
            unreadable("The answer is larger than 1048576 bytes"),
            vec![Piece::Head(500), Piece::Data(vec![b'x'; (1 << 20) + 1])],
        ),
        (unreadable("not JSON at byte 0: a value is missing"), ok("<html>")),
        (
            unreadable(
                "the body ends inside a value, at byte 13: a comma or the closing brace is missing",
            ),
            ok("{\"defer\":true"),
        ),
        (
            unreadable("a value is longer than 4194304 bytes, at byte 4194304"),
            vec![Piece::Head(200), Piece::Data([b"\"", vec![b'x'; 5 << 20].as_slice()].concat())],
        ),
        (unreadable("more than 127 arrays and objects are open at byte 127"), ok(&"[".repeat(128))),
        (format!("{FAILED} - it closed the connection while deferring."), ok("")),
        (
            format!("{FAILED} - it closed the connection while deferring."),
            ok(&deferral_message(Some("wait"))),
        ),
        (
            format!("{FAILED} - it closed the connection while deferring."),
            ok(&deferral_message(None)),
        ),
    ];
    for (text, handshake) in rows {
        let player = Player::join(|script| script.handshake = handshake);
        assert_eq!(player.refusal(), Some(text.as_str()));
    }
}

#[test]
fn members_of_the_wrong_type_are_refused() {
    let type_error = |wanted: &str, is: &str| {
        format!("[json.exception.type_error.302] type must be {wanted}, but is {is}")
    };
    let with = |name: &str, value: serde_json::Value| {
        let mut last = json!({ "sH": true, "protocol": 5, "netlibVersion": 2, "token": TOKEN });
        last[name] = value;
        last
    };
    for (text, value) in [
        (type_error("string", "number"), json!({ "token": 5 })),
        (type_error("string", "number"), json!({ "defer": true, "deferVersion": 2, "message": 5 })),
        (type_error("string", "array"), json!({ "defer": true, "deferVersion": 2, "card": [] })),
        (type_error("string", "null"), json!({ "defer": true, "deferVersion": 2, "card": "{}" })),
        (type_error("string", "boolean"), json!({ "error": true })),
        (type_error("boolean", "string"), with("sH", "yes".into())),
        (type_error("number", "string"), with("bitVersion", "1".into())),
        (type_error("boolean", "number"), with("onesync", 1.into())),
        (type_error("number", "string"), with("maxClients", "48".into())),
        (type_error("number", "null"), with("protocol", serde_json::Value::Null)),
        (type_error("number", "string"), with("netlibVersion", "2".into())),
    ] {
        let player = Player::join(|script| script.handshake = ok(&value));
        assert_eq!(player.refusal(), Some(text.as_str()), "{value}");
    }
    for value in ["[]", "\"text\"", "5 ", "5", "true"] {
        let player = Player::join(|script| script.handshake = ok(value));
        let text = player.refusal().unwrap_or_default();
        assert!(text.starts_with("[json.exception.type_error.305]"), "{value}: {text}");
    }
    // A null counts as an object without members.
    let player = Player::join(|script| script.handshake = ok("null"));
    assert!(player.refusal().unwrap_or_default().contains("missing JSON data"));
}

#[test]
fn redm_wants_a_redm_server() {
    let build = ClientBuild {
        game: Game::Rdr3,
        build: 1491,
        default_build: 1491,
        ..Config::default().build
    };
    for (gamename, refused) in [("rdr3", false), ("gta5", true), ("", true)] {
        let mut player = Player::new(Config { build: build.clone(), ..Config::default() });
        player.script.handshake =
            ok(&Accepted { gamename: gamename.into(), ..accepted() }.to_json());
        player.connect();
        player.reach(Step::Endpoints);
        let text = "This server is not compatible with RedM, as it's for FiveM. Please join an actual RedM server instead.";
        assert_eq!(player.refusal(), refused.then_some(text), "{gamename:?}");
    }
}

/// What a server of many words says before it lets a player in.
fn talk() -> String {
    let values = [
        deferral_message(Some("wait\n")),
        deferral_message(None),
        deferral_card(r#"{"type":"AdaptiveCard","body":"ä \" \\"}"#, "other-token"),
        deferral_message(Some("€ \u{1F600}")),
        deferral_message(Some("almost")),
        accepted().to_json(),
    ];
    values.join("\r\n") + "\r\n"
}

fn events_of(pieces: Vec<Piece>) -> Vec<Event> {
    let player = Player::scripted(Step::Endpoints, |script| script.handshake = pieces);
    player.events().cloned().collect()
}

fn cut(body: &str, sizes: impl IntoIterator<Item = usize>) -> Vec<Piece> {
    let mut rest = body.as_bytes();
    let mut pieces = vec![Piece::Head(200)];
    for size in sizes {
        let (piece, behind) = rest.split_at(size.min(rest.len()));
        pieces.push(Piece::Data(piece.to_vec()));
        rest = behind;
    }
    pieces.extend([Piece::Data(rest.to_vec()), Piece::End]);
    pieces
}

#[test]
fn a_byte_at_a_time_is_as_good_as_all_at_once() {
    let talk = talk();
    let whole = events_of(cut(&talk, []));
    assert!(whole.contains(&Event::Card(r#"{"type":"AdaptiveCard","body":"ä \" \\"}"#.into())));
    assert_eq!(events_of(cut(&talk, vec![1; talk.len()])), whole);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_cut_gives_the_same_events(sizes in proptest::collection::vec(0_usize..40, 0..60)) {
        let talk = talk();
        prop_assert_eq!(events_of(cut(&talk, sizes)), events_of(cut(&talk, [])));
    }

    /// An answer that breaks off inside its values is refused wherever that is.
    #[test]
    fn any_prefix_is_refused(length in 0_usize..600) {
        let talk = talk();
        let last = talk.len() - 2;
        prop_assume!(length < last && talk.is_char_boundary(length));
        let player = Player::scripted(Step::Endpoints, |script| script.handshake = ok(&talk[..length]));
        prop_assert!(player.refusal().is_some_and(|text| text.starts_with(FAILED)));
    }
}

#[test]
fn a_keep_alive_is_not_shown_and_keeps_the_client_waiting() {
    let mut player = Player::at(Step::Handshake);
    player.answer(&[Piece::Head(200)]);
    let before = player.log.len();
    for _ in 0..300 {
        player.pass(1000);
        player.answer(&[Piece::Data((deferral_message(None) + "\r\n").into())]);
    }
    assert_eq!(player.log.len(), before, "five minutes of nothing to see");
    player.answer(&[Piece::Data(deferral_message(Some("now")).into())]);
    assert_eq!(player.last_text(), "now");
}

#[test]
fn only_the_first_deciding_value_counts() {
    let two = format!("{}\r\n{}\r\n", accepted().to_json(), error("too late"));
    let player = Player::join(|script| script.handshake = ok(&two));
    assert_eq!(player.refusal(), None);
    assert_eq!(player.client.state(), State::Active);
    let two = format!("{}\r\n{}\r\n", error("no"), accepted().to_json());
    let player = Player::join(|script| script.handshake = ok(&two));
    assert_eq!(player.refusal(), Some("Connection rejected by server: no"));
}

/// The token of each value counts, the last one's for the connection.
#[test]
fn tokens_are_remembered_as_they_come() {
    let first = json!({ "defer": true, "deferVersion": 2, "token": "first" });
    let mut player = Player::at(Step::Handshake);
    player.answer(&[Piece::Head(200), Piece::Data(first.to_string().into())]);
    assert_eq!(player.client.token(), "first");
    player.answer(&ok(&accepted().to_json())[1..]);
    assert_eq!(player.client.token(), TOKEN);
    assert_eq!(player.call().body, format!("method=getEndpoints&token={TOKEN}").into_bytes());
}

#[test]
fn a_card_is_shown_and_answered_with_its_token() {
    let mut player = Player::at(Step::Handshake);
    let answer = Input::SubmitCard { data: r#"{"name":"a b"}"# };
    player.give(answer.clone());
    assert_eq!(player.open.len(), 1, "there is no card to answer yet");
    player.answer(&[Piece::Head(200), Piece::Data(deferral_card("{}", "card-token").into())]);
    assert!(player.events().any(|event| *event == Event::Card("{}".into())));
    player.give(answer.clone());
    let call = player.call();
    assert_eq!((call.method, call.url.as_str()), ("POST", "http://203.0.113.5:30120/client"));
    assert_eq!(
        String::from_utf8_lossy(&call.body),
        "data=%7b%22name%22%3a%22a+b%22%7d&method=submitCard&token=card-token"
    );
    // Whatever the server says to that, the handshake decides.
    let card = player.open.keys().max().copied().expect("the card's answer");
    player.http(card, &Piece::Head(500));
    player.http(card, &Piece::Data(b"{\"error\":\"no client\"}".to_vec()));
    player.http(card, &Piece::End);
    player.give(answer.clone());
    assert_eq!(player.open.len(), 2, "a card may be answered again");
    let handshake = player.open.keys().min().copied().expect("the handshake");
    player.http(handshake, &Piece::Data(accepted().to_json().into()));
    player.http(handshake, &Piece::End);
    assert_eq!(player.last_text(), "Requesting server endpoints...");
    let calls = player.open.len();
    player.give(answer);
    assert_eq!(player.open.len(), calls, "the handshake is over");
}

#[test]
fn open_card_answers_are_few_and_end_with_the_attempt() {
    let mut player = Player::at(Step::Handshake);
    player.answer(&[Piece::Head(200), Piece::Data(deferral_card("{}", "t").into())]);
    for _ in 0..100 {
        player.give(Input::SubmitCard { data: "{}" });
    }
    assert!(player.open.len() <= 17, "{} requests are open", player.open.len());
    // The player sees that every one of them is aborted.
    player.give(Input::Cancel);
    assert_eq!(player.client.state(), State::Idle);
}

#[test]
fn an_answer_that_goes_on_behind_its_last_value_is_stopped_with_the_attempt() {
    let mut player = Player::at(Step::Handshake);
    player.answer(&[Piece::Head(200), Piece::Data(accepted().to_json().into())]);
    let handshake = RequestId(1);
    player.http(handshake, &Piece::Data(b"\r\n{\"error\":\"late\"}\r\n".to_vec()));
    player.step = Step::Endpoints;
    player.reach(Step::Active);
    player.news();
    player.give(Input::Cancel);
    player.give(Input::Disconnect { reason: "x" });
    assert!(player.news().contains(&Output::Abort(handshake)));
}
