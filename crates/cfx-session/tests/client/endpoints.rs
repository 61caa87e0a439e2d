//! Where to connect to: `getEndpoints`, handover, the URL (SPEC HTTP-21, HTTP-22).

use std::collections::BTreeSet;
use std::net::SocketAddr;

use cfx_control::answer::Accepted;
use cfx_session::client::{Client, Config, Event, Input, Output, ServerUrl, State};
use cfx_session::{Poll, entropy};
use serde_json::{Map, Value, json};

use crate::player::{Piece, Player, Step, accepted, failed, ok, server, status};

/// What the client does with an answer to `getEndpoints` and a final value with these members.
fn chosen(answer: Vec<Piece>, handover: Value, own: Value) -> Player {
    let member = |value: Value| {
        if value.is_null() { Map::new() } else { Map::from_iter([("endpoints".to_owned(), value)]) }
    };
    let (handover, extra) = (member(handover), member(own));
    let handshake = ok(&Accepted { handover, extra, ..accepted() }.to_json());
    Player::scripted(Step::Permissions, |script| {
        script.endpoints = answer;
        script.handshake = handshake;
    })
}

fn resolves(player: &Player) -> Option<&str> {
    player.log.iter().find_map(|(_, output)| match output {
        Output::Resolve(name) => Some(name.as_str()),
        _ => None,
    })
}

#[test]
fn literal_addresses_need_no_look_up() {
    for (endpoint, address) in [
        ("192.0.2.7:30121", "192.0.2.7:30121"),
        ("192.0.2.7", "192.0.2.7:30120"),
        ("[2001:db8::7]:5", "[2001:db8::7]:5"),
        ("2001:db8::7", "[2001:db8::7]:30120"),
    ] {
        let player = chosen(ok(&json!([endpoint])), Value::Null, Value::Null);
        assert_eq!(player.client.server(), address.parse::<SocketAddr>().ok(), "{endpoint}");
        assert_eq!(resolves(&player), None);
        assert_eq!(player.last_text(), "Requesting server permissions...");
    }
}

#[test]
fn names_are_looked_up() {
    for name in ["play.example:30121", "play.example", "", "999.1.1.1", "1.2.3.4:port"] {
        let mut player =
            Player::scripted(Step::Endpoints, |script| script.endpoints = ok(&json!([name])));
        player.answer(&player.script.endpoints.clone());
        assert_eq!(resolves(&player), Some(name));
        assert_eq!(player.last_text(), "Requesting server endpoints...");
        player.give(Input::Resolved(Some(server())));
        assert_eq!(player.client.server(), Some(server()));
        assert_eq!(player.last_text(), "Requesting server permissions...");
        // Once is enough.
        let before = player.log.len();
        player.give(Input::Resolved(None));
        assert_eq!(player.log.len(), before);

        let player = Player::join(|script| {
            script.endpoints = ok(&json!([name]));
            script.resolved = None;
        });
        let text = format!("Could not resolve returned endpoint: {name}");
        assert_eq!(player.refusal(), Some(text.as_str()));
    }
}

/// SPEC HTTP-22, in its order of preference. The URL's own address stands for an empty list.
#[test]
fn the_list_is_looked_for_in_four_places() {
    let (null, a, b, c) =
        (Value::Null, json!(["192.0.2.1:1"]), json!(["192.0.2.2:2"]), json!(["192.0.2.3:3"]));
    let cases = [
        (ok(&b), &a, &c, "192.0.2.1:1"),
        (ok(&b), &null, &c, "192.0.2.2:2"),
        (ok("false\r\n"), &null, &c, "192.0.2.3:3"),
        (ok("null"), &null, &c, "192.0.2.3:3"),
        (ok("true"), &null, &null, "203.0.113.5:30120"),
        (ok("[]\r\n"), &null, &null, "203.0.113.5:30120"),
        (ok("[]"), &null, &c, "203.0.113.5:30120"),
        (ok("false"), &null, &null, "203.0.113.5:30120"),
        // A request that failed is no answer.
        (failed("reset"), &null, &c, "192.0.2.3:3"),
        (status(500, "[\"192.0.2.9:9\"]"), &null, &c, "192.0.2.3:3"),
        (ok("not JSON"), &null, &c, "192.0.2.3:3"),
        (ok(""), &null, &null, "203.0.113.5:30120"),
        (ok(&json!({ "error": "fields missing" })), &null, &c, "192.0.2.3:3"),
        (ok(&json!({ "error": "no" })), &null, &null, "203.0.113.5:30120"),
        (
            vec![Piece::Head(200), Piece::Data(vec![b'['; (1 << 20) + 1])],
            &null,
            &null,
            "203.0.113.5:30120",
        ),
    ];
    for (answer, handover, own, expected) in cases {
        let shown = format!("{answer:.80?} {handover} {own}");
        let player = chosen(answer, handover.clone(), own.clone());
        assert_eq!(player.client.server(), expected.parse().ok(), "{shown}");
    }
}

#[test]
fn a_list_of_anything_else_is_refused() {
    let player = chosen(ok("[5]"), Value::Null, Value::Null);
    let text = "[json.exception.type_error.302] type must be string, but is number";
    assert_eq!(player.refusal(), Some(text));
    assert_eq!(player.client.state(), State::Idle);
}

/// One at random: each seed takes one, and in the long run all are taken.
#[test]
fn the_choice_is_the_callers_randomness() {
    let list: Vec<_> = (0..8).map(|port| format!("192.0.2.1:{port}")).collect();
    let mut taken = BTreeSet::new();
    for seed in 0..64 {
        let pick = || {
            let mut player = Player::new(Config::default());
            player.client = Client::new(Config::default(), entropy::seeded(seed));
            player.script.endpoints = ok(&json!(list));
            player.connect();
            player.reach(Step::Permissions);
            player.client.server().expect("a literal")
        };
        let choice = pick();
        assert_eq!(pick(), choice);
        taken.insert(choice);
    }
    assert_eq!(taken.len(), list.len());
}

/// The URL decides where the control plane is, the endpoint all else (SPEC MANIFEST-1).
#[test]
fn a_url_of_another_kind() {
    let mut client = Client::new(Config::default(), entropy::seeded(1));
    let url = ServerUrl::parse("https://play.example/").expect("a URL");
    client.handle(Input::Connect { url, guid: 1 }, cfx_session::Time::ZERO);
    let mut urls = Vec::new();
    while let Poll::Ready(output) = client.poll(cfx_session::Time::ZERO) {
        if let Output::Call { call, .. } = output {
            urls.push(call.url);
        }
    }
    assert_eq!(urls, ["https://play.example/info.json"]);

    let endpoint = json!(["192.0.2.1:1"]);
    let mut player = chosen(ok(&endpoint), Value::Null, Value::Null);
    assert_eq!(player.call().url, "http://203.0.113.5:30120/info.json");
    player.reach(Step::Manifest);
    let call = player.call();
    assert_eq!(call.url, "http://192.0.2.1:1/client");
    assert_eq!(call.body, b"method=getConfiguration");
    assert_eq!(call.headers, [("X-CitizenFX-Token", crate::player::TOKEN.to_owned())]);
    player.reach(Step::Active);
    assert!(player.events().any(|event| *event == Event::NetworkConnected));
}

#[test]
fn a_look_up_has_thirty_seconds() {
    let mut player =
        Player::scripted(Step::Endpoints, |script| script.endpoints = ok(&json!(["play.example"])));
    player.answer(&player.script.endpoints.clone());
    player.pass(29_999);
    assert_eq!(player.refusal(), None);
    player.pass(1);
    assert_eq!(player.refusal(), Some("Could not resolve returned endpoint: play.example"));
    player.give(Input::Resolved(Some(server())));
    assert_eq!(player.client.server(), None);
}
