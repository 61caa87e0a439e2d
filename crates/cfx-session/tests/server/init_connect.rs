//! `initConnect`: refusals and their order, and the final value (SPEC HTTP-8 to HTTP-17).

use cfx_control::game::Game;
use cfx_session::server::{Config, Event, OneSync, Output};
use serde_json::json;

use super::{Form, Host, address, handshake, post, refusal};

const MISMATCH: &str = "Client/server version mismatch. Restart your game client to update. If that did not help, this server is using too new a version for the current game client.";

fn config(game: Game) -> Config {
    Config { game, ..Config::default() }
}

/// What a server says to this form; it refuses at once, and nobody connects.
fn refused(config: Config, form: &Form) -> String {
    let mut host = Host::new(config);
    let text = host.post(form.body());
    assert_eq!((host.take(), host.server.records()), (vec![], 0), "{form:?}");
    text
}

/// SPEC HTTP-15: the last check comes last.
#[test]
fn checks_go_in_the_reference_s_order() {
    let config = Config { lan: false, enforce_game_build: "3258".into(), ..Config::default() };
    // Each step mends what the last one was refused for.
    let worst = Form::method("initConnect").with("protocol", "11").with("gameName", "rdr3");
    let mut unsettled = Host::unsettled(config.clone());
    let id = unsettled.request(post(address(1), worst.body()));
    // The request's own poll settles the server, after the request was looked at.
    assert_eq!(unsettled.answer(id).text(), refusal("The server is starting up."));

    let named = worst.clone().with("name", "Ana").with("guid", "1");
    let current = named.clone().with("protocol", "12");
    let right_game = current.clone().with("gameName", "gta5");
    for (form, text) in [
        (worst, "fields missing"),
        (named, MISMATCH),
        (current, "Client/Server game mismatch: rdr3/gta5"),
        (right_game, "No authentication ticket was specified."),
    ] {
        assert_eq!(refused(config.clone(), &form), refusal(text));
    }
}

/// SPEC HTTP-8: a server that has not settled refuses whatever `initConnect` says, and nothing else.
#[test]
fn a_server_that_starts_up() {
    for body in [Form::init("1").body(), Form::method("initConnect").body()] {
        let mut host = Host::unsettled(Config::default());
        assert_eq!(host.post(body), refusal("The server is starting up."));
        assert_eq!(host.take(), []);
        host.connect(address(1), &Form::init("1"));
    }
    let mut host = Host::unsettled(Config::default());
    assert_eq!(host.post("method=getEndpoints&token=x"), "false\r\n");
}

/// SPEC HTTP-9
#[test]
fn each_field_that_is_needed() {
    for field in ["name", "guid", "protocol"] {
        let form = Form::init("1").without(field);
        assert_eq!(refused(Config::default(), &form), refusal("fields missing"), "{field}");
    }
    // A missing build is 0, and that is no build.
    assert_eq!(
        refused(Config::default(), &Form::init("1").without("gameBuild")),
        refusal("Invalid game build has been passed (0).")
    );
}

/// SPEC HTTP-10: read by `atoi`.
#[test]
fn protocols() {
    for old in ["11", "abc", "0", "-12", "1x2"] {
        let form = Form::init("1").with("protocol", old);
        assert_eq!(refused(Config::default(), &form), refusal(MISMATCH), "{old}");
    }
    // The last is cut to 32 bits, which are 12 (WIRE-7).
    for good in ["12", "12x", " 12", "13", "2147483647", "4294967308"] {
        let form = Form::init("1").with("protocol", good);
        Host::new(Config::default()).connect(address(1), &form);
    }
}

/// SPEC HTTP-11
#[test]
fn games() {
    let rows: [(Game, Option<&str>, Option<&str>); 7] = [
        (Game::Gta5, Some("gta5"), None),
        (Game::Gta5, None, None),
        (Game::Rdr3, Some("rdr3"), None),
        (Game::Gta5, Some("GTA5"), Some("Client/Server game mismatch: GTA5/gta5")),
        (Game::Rdr3, Some("gta5"), Some("Client/Server game mismatch: gta5/rdr3")),
        (Game::Rdr3, None, Some("Client/Server game mismatch: /rdr3")),
        (Game::Gta4, None, Some("Client/Server game mismatch: /gta4")),
    ];
    for (game, sent, refusal_text) in rows {
        let form = Form::init("1").without("gameName");
        let form = match sent {
            Some(name) => form.with("gameName", name),
            None => form,
        };
        match refusal_text {
            Some(text) => assert_eq!(refused(config(game), &form), refusal(text)),
            None => drop(Host::new(config(game)).connect(address(1), &form)),
        }
    }
}

/// SPEC HTTP-12: 200 bytes first, then valid UTF-8.
#[test]
fn names() {
    let long = [vec![b'x'; 199], "\u{f6}".as_bytes().to_vec(), vec![b'y'; 99]].concat();
    let rows: [(&[u8], String); 4] = [
        (b"Ana", "Ana".to_owned()),
        (&long, format!("{}\u{fffd}", "x".repeat(199))),
        (b"a\xffb\xc0\xafc", "a\u{fffd}b\u{fffd}c".to_owned()),
        (&[0xFF; 300], "\u{fffd}".repeat(200)),
    ];
    for (sent, shown) in rows {
        let mut host = Host::new(Config::default());
        host.request(post(address(1), Form::init("1").with("name", sent).body()));
        let [Output::Event(Event::Connecting { name, .. })] = &host.take()[..] else {
            panic!("it connects");
        };
        assert_eq!(*name, shown);
    }
}

/// SPEC HTTP-15
#[test]
fn builds() {
    let gta5 =
        |enforced: &str| Config { enforce_game_build: enforced.into(), ..config(Game::Gta5) };
    let rdr3 =
        |enforced: &str| Config { enforce_game_build: enforced.into(), ..config(Game::Rdr3) };
    let revision = "Client/Server game build revision mismatch: you are running game build 3258 revision 2, while server expects revision 0.\n\nFor more information, please <a href=\"https://aka.cfx.re/game-build-revision-mismatch\">click here</a>.";
    let rows: [(Config, &str, Option<&str>); 10] = [
        (gta5(""), "0", Some("Invalid game build has been passed (0).")),
        (gta5(""), "latest", Some("Invalid game build has been passed (latest).")),
        (gta5(""), "0_0", Some("Invalid game build has been passed (0_0).")),
        (
            gta5("2944"),
            "3258",
            Some(
                "This server requires a different game build (2944) from the one you're using (3258). Tell the server owner to remove this check.",
            ),
        ),
        (
            rdr3("1491"),
            "1436",
            Some(
                "This server requires a different game build (1491) from the one you're using (1436).",
            ),
        ),
        (gta5("3258"), "3258_2", Some(revision)),
        (gta5(""), "3258_2", Some(revision)),
        (gta5("3258"), "3258", None),
        (rdr3("1491"), "1491_0", None),
        (config(Game::Gta4), "0", None),
    ];
    for (config, build, text) in rows {
        let game = config.game.name();
        let form = Form::init("1").with("gameBuild", build).with("gameName", game);
        match text {
            Some(text) => assert_eq!(refused(config, &form), refusal(text), "{game} {build}"),
            None => drop(Host::new(config).connect(address(1), &form)),
        }
    }
}

/// SPEC HTTP-16, HTTP-17: every member, to the byte.
#[test]
fn the_final_value() {
    let mut host = Host::new(Config {
        length_hack: true,
        max_clients: 1024,
        onesync: OneSync::Big,
        pure_level: 1,
        script_hook_allowed: true,
        ..Config::default()
    });
    let pending = host.connect(address(1), &Form::init("1"));
    host.handled(pending.client);
    let answer = host.answer(pending.request);
    let token = answer.json()["token"].as_str().expect("a token").to_owned();
    assert_eq!((answer.status, answer.ended), (Some(200), true));
    assert_eq!(
        answer.text(),
        format!(
            r#"{{"bitVersion":35343302721536,"enhancedHostSupport":false,"gamename":"gta5","handover":{{}},"maxClients":1024,"netlibVersion":2,"onesync":true,"onesync_big":true,"onesync_lh":true,"onesync_population":true,"protocol":5,"pure":1,"sH":true,"token":"{token}"}}"#
        ) + "\r\n"
    );
}

/// SPEC HTTP-16: what depends on the settings, and the client's own game name.
#[test]
fn what_the_final_value_tells_of_the_settings() {
    let modes = [
        (OneSync::Off, json!([false, false, true])),
        (OneSync::On, json!([true, false, false])),
        (OneSync::Big, json!([true, true, false])),
    ];
    for (onesync, expected) in modes {
        let mut host = Host::new(Config {
            enhanced_host_support: true,
            onesync,
            population: false,
            ..config(Game::Rdr3)
        });
        let form = Form::init("1").with("gameName", "rdr3").with("gameBuild", "1491");
        let pending = host.connect(address(1), &form);
        host.handled(pending.client);
        let value = host.answer(pending.request).json();
        let flags = json!([value["onesync"], value["onesync_big"], value["enhancedHostSupport"]]);
        assert_eq!(flags, expected);
        assert_eq!(value["gamename"], "rdr3");
        assert_eq!(value["onesync_population"], false);
        assert_eq!(value["onesync_lh"], false);
    }
    let mut host = Host::new(Config::default());
    let pending = host.connect(address(1), &Form::init("1").without("gameName"));
    host.handled(pending.client);
    assert_eq!(host.answer(pending.request).json()["gamename"], "");
}

/// SPEC SERVER-1, TICKET-9: what the application learns, and the temporary net ids.
#[test]
fn the_event() {
    let mut host = Host::new(Config::default());
    for n in 0..3 {
        let guid = format!("14861879233147618{n}");
        host.request(post(address(n), Form::init(&guid).body()));
        let events = host.take();
        let [Output::Event(Event::Connecting { guid: told, net_id, identifiers, .. })] =
            &events[..]
        else {
            panic!("{events:?}");
        };
        assert_eq!(told, guid.as_bytes());
        assert_eq!(*net_id, 0x1_0000 + n);
        assert_eq!(identifiers, &[format!("ip:100.0.0.{n}")]);
    }
    assert_eq!((host.server.records(), host.server.joined()), (3, 0));
}

/// SPEC HTTP-14: a fresh token of 36 bytes each time, in the form of a version 4 UUID.
#[test]
fn tokens() {
    let mut host = Host::new(Config::default());
    let tokens: Vec<_> = (1..=3).map(|n| host.accept(address(n), &n.to_string()).token).collect();
    for token in &tokens {
        let shape: String = token
            .chars()
            .map(|c| if matches!(c, '0'..='9' | 'a'..='f') { 'x' } else { c })
            .collect();
        assert_eq!(shape, "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx");
        assert_eq!(token.as_bytes()[14], b'4');
    }
    assert!(tokens[0] != tokens[1] && tokens[1] != tokens[2] && tokens[0] != tokens[2]);
}

/// Departures of SPEC SERVER: the guid is its text, so that `1` and `01` are two clients.
#[test]
fn a_guid_is_its_text() {
    let mut host = Host::new(Config::default());
    let one = host.join(address(1), "1");
    host.join(address(1), "01");
    assert_eq!(host.server.joined(), 2);
    // The handshake compares the text as well.
    let accepted = host.accept(address(2), "7");
    let peer = host.peer(accepted.data());
    host.packet(peer, accepted.from, &handshake(&accepted.token, "07"));
    assert_eq!(host.take(), []);
    assert_eq!(one.net_id, 1);
}

/// SPEC SEC-5: what a record keeps of a client is bounded.
#[test]
fn a_guid_has_at_most_64_bytes() {
    let mut host = Host::new(Config::default());
    host.connect(address(1), &Form::init(&"7".repeat(64)));
    assert_eq!(host.server.records(), 1);
    assert_eq!(refused(Config::default(), &Form::init(&"7".repeat(65))), refusal("fields missing"));
}
