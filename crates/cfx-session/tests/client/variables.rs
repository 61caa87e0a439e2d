//! `/info.json`, the build that the server wants, and tickets (SPEC INFO-8, HTTP-20).

use std::collections::BTreeMap;

use cfx_control::game::Game;
use cfx_control::info::ClientBuild;
use cfx_session::client::{Config, Event, Input, State};
use serde_json::{Value, json};

use crate::player::{Piece, Player, Script, Step, assert_refused, failed, ok, status};

fn vars(vars: &Value) -> Vec<Piece> {
    ok(&json!({ "vars": vars, "requestSteamTicket": "off" }))
}

#[test]
fn a_failed_request_is_told_and_ends_the_attempt() {
    assert_refused(&[
        ("Failed to fetch server variables. no route", |s| s.variables = failed("no route")),
        ("Failed to fetch server variables. HTTP 500", |s| s.variables = status(500, "oops")),
        ("Failed to fetch server variables. HTTP 404", |s| s.variables = status(404, "")),
        ("Failed to fetch server variables. HTTP 429", |s| {
            s.variables = status(429, "Rate limit exceeded.");
        }),
        ("Failed to fetch server variables. half", |s| {
            s.variables =
                [Piece::Head(200), Piece::Data(b"{\"va".to_vec()), Piece::Failed("half".into())]
                    .to_vec();
        }),
        ("Failed to fetch server variables. The answer is larger than 8388608 bytes", |s| {
            s.variables = vec![Piece::Head(200), Piece::Data(vec![b' '; (8 << 20) + 1])];
        }),
        ("Server specified an invalid game build enforcement (9999).", |s| {
            s.variables = vars(&json!({ "sv_enforceGameBuild": "9999" }));
        }),
        ("Server specified an invalid default game build (9999).", |s| {
            s.variables = vars(&json!({ "sv_defaultGameBuild": "9999" }));
        }),
    ]);
}

#[test]
fn a_document_that_says_nothing_demands_nothing() {
    let bodies = [
        "",
        "null",
        "[]",
        "{",
        "\u{1}",
        "{\"vars\":5}",
        "{\"vars\":{\"sv_pureLevel\":7}}",
        "{\"vars\":{\"sv_enforceGameBuild\":\"x\"}}",
    ];
    for body in bodies {
        let player = Player::scripted(Step::Ticket, |script| script.variables = ok(body));
        assert_eq!(player.last_text(), "Requesting authentication ticket...", "{body:?}");
        let wanted = Event::TicketWanted { license_key_token: String::new() };
        assert!(player.events().any(|event| *event == wanted), "{body:?}");
    }
}

fn switched(config: Config, demanded: &Value) -> Option<ClientBuild> {
    let mut player = Player::new(config);
    player.script.variables = vars(demanded);
    player.connect();
    player.reach(Step::Ticket);
    let switch = player.events().find_map(|event| match event {
        Event::BuildSwitch(build) => Some(build.clone()),
        _ => None,
    });
    assert_eq!(player.client.state() == State::Idle, switch.is_some());
    switch
}

#[test]
fn a_server_for_another_build_switches_builds() {
    let base = Config::default().build;
    let enforced = |build| json!({ "sv_enforceGameBuild": build });
    assert_eq!(switched(Config::default(), &enforced("3258")), None);
    assert_eq!(
        switched(Config::default(), &enforced("3095")),
        Some(ClientBuild { build: 3095, default_build: 3095, ..base.clone() })
    );
    // A number that was given away again.
    assert_eq!(switched(Config::default(), &enforced("3717")).map(|build| build.build), Some(3751));
    let pure = json!({ "sv_enforceGameBuild": "3258", "sv_pureLevel": "2" });
    assert_eq!(
        switched(Config::default(), &pure),
        Some(ClientBuild { pure_level: 2, ..base.clone() })
    );
    let pools = json!({ "sv_enforceGameBuild": "3258", "sv_poolSizesIncrease": "{\"Ped\":8}" });
    let pool_sizes = BTreeMap::from([("Ped".to_owned(), 8)]);
    assert_eq!(
        switched(Config::default(), &pools),
        Some(ClientBuild { pool_sizes, ..base.clone() })
    );
    let default = json!({ "sv_defaultGameBuild": "3407" });
    assert_eq!(
        switched(Config::default(), &default),
        Some(ClientBuild { build: 3407, default_build: 3407, ..base })
    );
}

#[test]
fn a_renumbered_build_is_announced_by_its_old_number() {
    let build = ClientBuild { build: 3751, default_build: 3751, ..Config::default().build };
    let mut player = Player::new(Config { build, ..Config::default() });
    player.script.variables = vars(&json!({ "sv_enforceGameBuild": "3717" }));
    player.connect();
    player.reach(Step::Handshake);
    let body = String::from_utf8_lossy(&player.call().body).into_owned();
    assert!(
        body.contains("&gameBuild=3717&") || body.starts_with("cfxTicket2=ticket&gameBuild=3717&"),
        "{body}"
    );
}

#[test]
fn a_game_of_another_kind_names_itself() {
    let build = ClientBuild {
        game: Game::Rdr3,
        build: 1491,
        default_build: 1491,
        ..Config::default().build
    };
    let mut player = Player::new(Config { build, ..Config::default() });
    player.connect();
    player.reach(Step::Handshake);
    let body = String::from_utf8_lossy(&player.call().body).into_owned();
    assert!(body.contains("gameBuild=1491&gameName=rdr3&"), "{body}");
}

#[test]
fn init_connect_holds_every_field_sorted_and_escaped() {
    let mut player = Player::new(Config { name: "Ana & María".into(), ..Config::default() });
    player.script.ticket =
        vec![("cfxTicket2".into(), b"a+/=".to_vec()), ("other".into(), b"1".to_vec())];
    player.script.steam_ticket = Ok(Some("14 00".into()));
    player.connect();
    player.reach(Step::Handshake);
    let call = player.call();
    assert_eq!((call.method, call.url.as_str()), ("POST", "http://203.0.113.5:30120/client"));
    assert_eq!(
        String::from_utf8_lossy(&call.body),
        "authTicket=14+00&cfxTicket2=a%2b%2f%3d&gameBuild=3258&gameName=gta5&guid=148618792331476182\
         &method=initConnect&name=Ana+%26+Mar%c3%ada&other=1&protocol=12"
    );
}

/// SPEC HTTP-20: in that order, the Steam ticket only where the server wants it.
#[test]
fn steam_is_asked_only_where_the_server_says_on() {
    let steam = "Obtaining Steam ticket...";
    for (request, enforce, asked) in [
        ("on", true, Some(true)),
        ("on", false, Some(false)),
        ("off", true, None),
        ("unset", true, None),
    ] {
        let body =
            json!({ "vars": {}, "requestSteamTicket": request, "enforceSteamAuth": enforce });
        let player = Player::scripted(Step::Handshake, |script| script.variables = ok(&body));
        let texts = player.texts();
        assert_eq!(texts.contains(&steam), asked.is_some(), "{request}");
        assert_eq!(texts.last(), Some(&"Handshaking with server..."));
        let wanted = player.events().find_map(|event| match event {
            Event::SteamTicketWanted { enforced } => Some(*enforced),
            _ => None,
        });
        assert_eq!(wanted, asked);
    }
    // A document without vars leaves the default, which asks.
    let player = Player::scripted(Step::Handshake, |script| script.variables = ok("{}"));
    assert!(player.texts().contains(&steam));
}

#[test]
fn steam_without_a_ticket() {
    fn enforcing(script: &mut Script) {
        script.variables = ok(&json!({ "vars": {}, "enforceSteamAuth": true }));
    }
    assert_refused(&[
        ("Failed to obtain Steam ticket, Steam is not running.", |script| {
            script.steam_ticket = Err("Steam is not running".into());
        }),
        ("Failed to obtain Steam ticket, ticket response is empty.", |script| {
            enforcing(script);
            script.steam_ticket = Ok(None);
        }),
    ]);
    let player = Player::scripted(Step::Handshake, |script| script.steam_ticket = Ok(None));
    assert!(!String::from_utf8_lossy(&player.call().body).contains("authTicket"));
}

#[test]
fn tickets_at_another_time_change_nothing() {
    for step in crate::player::STEPS {
        let mut player = Player::at(step);
        let before = player.log.len();
        if step != Step::Ticket {
            player.give(Input::Ticket(vec![("cfxTicket2".into(), b"late".to_vec())]));
        }
        if step != Step::SteamTicket {
            player.give(Input::SteamTicket(Err("late".into())));
        }
        assert_eq!(player.log.len(), before, "{step:?}");
    }
}
