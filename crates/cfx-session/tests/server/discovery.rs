//! Out-of-band datagrams, `/info.json`, `/dynamic.json`, `/players.json` and their limits (SPEC OOB,
//! INFO).

use std::net::SocketAddr;

use cfx_control::manifest::{Manifest, Resource};
use cfx_session::http::Request;
use cfx_session::server::{Config, Decision, Event, Input, Network, Output};
use serde_json::{Value, json};

use super::{Host, address, get};

fn config() -> Config {
    let resource = |name: &str| Resource { name: name.into(), ..Resource::default() };
    Config {
        hostname: "^1Test ^7server".into(),
        gametype: "race".into(),
        mapname: "isle".into(),
        vars: [("tags".to_owned(), "a, b".to_owned())].into(),
        version: "FXServer-test".into(),
        manifest: Manifest {
            resources: vec![resource("chat"), resource("hardcap")],
            ..Manifest::default()
        },
        ..Config::default()
    }
}

/// An out-of-band datagram, and what the server sends back, in text.
fn oob(host: &mut Host, from: SocketAddr, text: impl AsRef<[u8]>) -> Vec<String> {
    let data = [b"\xFF\xFF\xFF\xFF", text.as_ref()].concat();
    host.input(Input::Datagram { from, data: &data });
    let answers = host.take().into_iter().filter_map(|output| match output {
        Output::Datagram { to, data } => {
            assert_eq!(to, from);
            let text = data.strip_prefix(b"\xFF\xFF\xFF\xFF").expect("out of band");
            Some(String::from_utf8(text.to_vec()).expect("text"))
        }
        _ => None,
    });
    answers.collect()
}

/// How many of many datagrams in one instant are answered.
fn answered(host: &mut Host, from: SocketAddr, text: &str) -> usize {
    (0..40).filter(|_| !oob(host, from, text).is_empty()).count()
}

fn version(host: &mut Host) -> String {
    let (_, text) = host.ask(get(address(50), "/info.json"));
    let value: Value = serde_json::from_str(&text).expect("JSON");
    value["version"].to_string()
}

fn proxy() -> SocketAddr {
    SocketAddr::from(([10, 1, 2, 3], 50_000))
}

/// SPEC OOB-3, OOB-5, INFO-2: to the byte; only those who have joined count.
#[test]
fn getinfo() {
    let mut host = Host::new(config());
    let iv = version(&mut host);
    host.accept(address(8), "8");
    for clients in 0..2 {
        let answer = |challenge: &str| {
            format!(
                "infoResponse\n\\sv_maxclients\\48\\clients\\{clients}\\challenge\\{challenge}\\gamename\\CitizenFX\\protocol\\4\\hostname\\^1Test ^7server\\gametype\\race\\mapname\\isle\\iv\\{iv}"
            )
        };
        for (request, challenge) in [
            ("getinfo xyz", "xyz"),
            ("getinfo", ""),
            ("getinfo\nab cd", "ab"),
            ("getinfo x\0", "x\0"),
        ] {
            assert_eq!(oob(&mut host, address(1), request), [answer(challenge)], "{request}");
        }
        host.join(address(9), "9");
    }
}

/// SPEC OOB-2, OOB-4: what is not answered costs nothing.
#[test]
fn silence() {
    let mut host = Host::new(config());
    for _ in 0..20 {
        for text in
            ["", " ", "\n", "getinfo 123456789", "GETINFO xyz", "getinfos", "hello", "getstatus"]
        {
            assert_eq!(oob(&mut host, address(1), text), Vec::<String>::new(), "{text}");
        }
    }
    host.input(Input::Datagram { from: address(1), data: b"\xFF\xFF\xFFgetinfo" });
    assert_eq!(host.take(), []);
    assert_eq!(answered(&mut host, address(1), "getinfo 12345678"), 10);
}

/// SPEC OOB-6, OOB-14, OOB-15: 10 at once and 2 a second for an address, whatever its port.
#[test]
fn getinfo_is_limited() {
    let mut host = Host::new(config());
    assert_eq!(answered(&mut host, address(1), "getinfo"), 10);
    let other_port = SocketAddr::new(address(1).ip(), 1);
    assert_eq!(answered(&mut host, other_port, "getinfo"), 0);
    assert_eq!(answered(&mut host, address(2), "getinfo"), 10);
    for (ms, count) in [(499, 0), (500, 1), (999, 0), (1000, 1), (2000, 2), (60_000, 10)] {
        host.run_to(ms);
        assert_eq!(answered(&mut host, address(1), "getinfo"), count, "{ms}");
    }
    assert_eq!(answered(&mut host, proxy(), "getinfo"), 40);
    let proxies = vec![Network::new(address(1).ip(), 32)];
    let mut host = Host::new(Config { proxies, ..config() });
    assert_eq!(answered(&mut host, address(1), "getinfo"), 40);
    assert_eq!(answered(&mut host, proxy(), "getinfo"), 10);
}

/// SPEC section 17.1: an IPv6 sender has a /64 to itself, and an IPv4 one is the same however it is
/// written.
#[test]
fn limits_by_network() {
    let mut host = Host::new(config());
    let v6 = |text: &str| -> SocketAddr { text.parse().expect("an address") };
    assert_eq!(answered(&mut host, v6("[2001:db8::1]:1"), "getinfo"), 10);
    assert_eq!(answered(&mut host, v6("[2001:db8::ffff:0:0:2]:2"), "getinfo"), 0);
    assert_eq!(answered(&mut host, v6("[2001:db8:0:1::1]:1"), "getinfo"), 10);
    assert_eq!(answered(&mut host, v6("[::ffff:8.8.8.8]:1"), "getinfo"), 10);
    assert_eq!(answered(&mut host, v6("8.8.8.8:2"), "getinfo"), 0);
    assert_eq!(answered(&mut host, v6("[::ffff:8.8.4.4]:1"), "getinfo"), 10);
}

/// SPEC OOB-7, OOB-8
#[test]
fn getstatus() {
    let open = Config { enable_get_status: true, ..config() };
    let vars = "\\gamename\\gta5\\onesync_enabled\\true\\sv_enforceGameBuild\\\\sv_enhancedHostSupport\\false\\sv_hostname\\^1Test ^7server\\sv_lan\\true\\sv_maxClients\\48\\sv_pureLevel\\0\\sv_scriptHookAllowed\\false\\tags\\a, b";
    for (config, list) in [
        (open.clone(), "0 0 \"Ana\"\n0 0 \"Ana\"\n"),
        (Config { return_clients_list: false, ..open }, ""),
    ] {
        let mut host = Host::new(config);
        for guid in ["1", "2"] {
            host.join(address(1), guid);
        }
        host.accept(address(1), "3");
        host.take();
        let expected = format!("statusResponse\n\\sv_maxclients\\48\\clients\\2\n{list}{vars}");
        assert_eq!(oob(&mut host, address(1), "getstatus x"), [expected]);
        assert_eq!(answered(&mut host, address(1), "getstatus"), 4);
        host.run_for(1000);
        assert_eq!(answered(&mut host, address(1), "getstatus"), 1);
        assert_eq!(answered(&mut host, proxy(), "getstatus"), 40);
    }
}

/// SPEC OOB-9, OOB-10
#[test]
fn rcon() {
    let mut host = Host::new(config());
    let not_set = "print The server must set rcon_password to be able to use this command.\n";
    assert_eq!(oob(&mut host, address(1), "rcon secret status"), [not_set]);

    let mut host = Host::new(Config { rcon_password: "secret".into(), ..config() });
    let none: [&str; 0] = [];
    let wrong = ["print Invalid password.\n"];
    // Five in all, those without an answer among them.
    for (request, answer) in [
        ("rcon x status", &wrong[..]),
        ("rcon secret", &none),
        ("rcon  status", &none),
        ("rcon SECRET status", &wrong),
        ("rcon secre status", &wrong),
    ] {
        assert_eq!(oob(&mut host, address(1), request), answer, "{request}");
    }
    let command = |host: &mut Host, from: SocketAddr| {
        let data = b"\xFF\xFF\xFF\xFFrcon secret say hi";
        host.input(Input::Datagram { from, data });
        host.take()
    };
    assert_eq!(command(&mut host, address(1)), [], "no token is left");
    host.run_to(4999);
    assert_eq!(command(&mut host, address(1)), []);
    host.run_to(5000);
    let event = Output::Event(Event::Rcon { from: address(1), command: b" say hi".to_vec() });
    assert_eq!(command(&mut host, address(1)), [event]);
    // The right password gives all five back.
    assert_eq!(answered(&mut host, address(1), "rcon x status"), 5);
    for text in ["", "hi\n"] {
        host.decide(Decision::RconOutput { to: address(1), text: text.into() });
        let data = format!("\u{0}print {text}").into_bytes();
        let data = [b"\xFF\xFF\xFF\xFF", &data[1..]].concat();
        assert_eq!(host.take(), [Output::Datagram { to: address(1), data }]);
    }
}

/// SPEC INFO-1, INFO-2, INFO-3: the whole document, and its version in all three places.
#[test]
fn info_json() {
    let mut host = Host::new(Config { icon: Some("aWNvbg==".into()), ..config() });
    let (status, text) = host.ask(get(address(1), "/info.json"));
    let value: Value = serde_json::from_str(&text).expect("JSON");
    let version = &value["version"];
    assert_eq!(status, 200);
    assert_eq!(
        text,
        format!(
            r#"{{"enforceSteamAuth":false,"enhancedHostSupport":true,"icon":"aWNvbg==","requestSteamTicket":"unset","resources":["hardcap","chat"],"server":"FXServer-test","vars":{{"gamename":"gta5","onesync_enabled":"true","sv_enforceGameBuild":"","sv_enhancedHostSupport":"false","sv_lan":"true","sv_maxClients":"48","sv_pureLevel":"0","sv_scriptHookAllowed":"false","tags":"a, b"}},"version":{version}}}"#
        )
    );
    let unversioned = text.replace(&version.to_string(), "0");
    let hash = cfx_wire::hash::rage(unversioned.as_bytes()) & 0x7FFF_FFFF;
    assert_eq!(*version, json!(hash));
    let (_, dynamic) = host.ask(get(address(1), "/dynamic.json"));
    assert_eq!(
        dynamic,
        format!(
            r#"{{"clients":0,"gametype":"race","hostname":"^1Test ^7server","iv":"{version}","mapname":"isle","sv_maxclients":"48"}}"#
        )
    );
    assert!(oob(&mut host, address(1), "getinfo")[0].ends_with(&format!("\\iv\\{version}")));
}

/// SPEC INFO-6, INFO-10, OOB-14: each document for itself, ten at once and four a second.
#[test]
fn documents_are_limited() {
    let mut host = Host::new(config());
    let granted = |host: &mut Host, from: SocketAddr, target: &str| {
        let answers: Vec<_> = (0..40).map(|_| host.ask(get(from, target))).collect();
        let refused = answers.iter().filter(|answer| answer.0 == 429);
        assert!(refused.clone().all(|answer| answer.1 == "Rate limit exceeded."));
        answers.len() - refused.count()
    };
    for target in ["/info.json", "/players.json", "/dynamic.json"] {
        assert_eq!(granted(&mut host, address(1), target), 10, "{target}");
        assert_eq!(granted(&mut host, proxy(), target), 40, "{target}");
    }
    host.run_to(1000);
    for target in ["/info.json", "/players.json", "/dynamic.json"] {
        assert_eq!(granted(&mut host, address(1), target), 4, "{target}");
    }
}

/// SPEC INFO-5, INFO-9: who may see identifiers, and what privacy hides.
#[test]
fn players_json() {
    let players = |config: Config, target: &str, header: Option<&str>| {
        let mut host = Host::new(config);
        let joined = host.join(address(1), "1");
        host.accept(address(2), "2");
        let ask = |host: &mut Host| {
            let players_token = header.map(str::to_owned);
            host.ask(Request { players_token, ..get(address(3), target) }).1
        };
        let before = ask(&mut host);
        host.input(Input::Ping { peer: joined.peer, ms: 35 });
        assert_eq!(ask(&mut host), before.replace("\"ping\":-1", "\"ping\":35"));
        before
    };
    let open = Config { endpoint_privacy: false, ..config() };
    let guarded = Config { players_token: "s e".into(), ..open.clone() };
    let exposed = Config { expose_identifiers: true, ..open.clone() };
    let private = Config { expose_identifiers: true, ..config() };
    let player = |endpoint: &str, identifiers: &str| {
        format!(
            r#"[{{"endpoint":"{endpoint}","id":1,"identifiers":[{identifiers}],"name":"Ana","ping":-1}}]"#
        )
    };
    let endpoint = "100.0.0.1:50000";
    let (hidden, shown) = (player(endpoint, ""), player(endpoint, "\"ip:100.0.0.1\""));
    let rows: [(&Config, &str, Option<&str>, &str); 10] = [
        (&open, "/players.json", None, &hidden),
        (&open, "/players.json?token=", Some(""), &hidden),
        (&guarded, "/players.json", None, &hidden),
        (&guarded, "/players.json", Some("x"), &hidden),
        (&guarded, "/players.json?token=x", None, &hidden),
        (&guarded, "/players.json", Some("s e"), &shown),
        (&guarded, "/players.json?a=1&token=s+e", None, &shown),
        (&guarded, "/PLAYERS.json?token=s%20e", None, &shown),
        (&exposed, "/players.json", None, &shown),
        (&private, "/players.json", None, &player("127.0.0.1", "")),
    ];
    for (config, target, header, expected) in rows {
        assert_eq!(players(config.clone(), target, header), expected, "{target} {header:?}");
    }
    let mut host = Host::new(config());
    assert_eq!(host.ask(get(address(1), "/players.json")), (200, "[]".to_owned()));
}

/// SPEC SEC-1: an answer stays within a datagram, whatever the operator writes, and is cut between
/// characters.
#[test]
fn long_names_are_cut() {
    let long = || "é".repeat(2000);
    let texts = Config { hostname: long(), gametype: long(), mapname: long(), ..Config::default() };
    let mut host = Host::new(texts);
    let answers = oob(&mut host, address(1), "getinfo 12345678");
    let [answer] = answers.as_slice() else { panic!("{answers:?}") };
    assert!((1000..=1200).contains(&answer.len()), "{}", answer.len());
    assert!(answer.contains(&format!("\\hostname\\{}\\gametype", "é".repeat(256))));
}
