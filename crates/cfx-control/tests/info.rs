//! `/info.json` and its like, and a client's switch of build (SPEC INFO-1 to INFO-5, INFO-8).

use std::collections::BTreeMap;

use cfx_control::game::Game;
use cfx_control::info::{
    BuildSwitch, ClientBuild, DynamicJson, InfoJson, PlayerJson, ServerVars, players_json,
    server_version,
};
use cfx_wire::hash::rage;
use proptest::prelude::*;
use serde_json::{Value, json};

const INFO: &str = r#"{"enforceSteamAuth":false,"enhancedHostSupport":true,"icon":"iVBORw0KGgo=","requestSteamTicket":"unset","resources":["hardcap","chat"],"server":"FXServer-master SERVER v1.0.0.7290 linux","vars":{"sv_lan":"true","sv_maxClients":"48"},"version":VERSION}"#;

fn info() -> InfoJson {
    InfoJson {
        server: "FXServer-master SERVER v1.0.0.7290 linux".to_owned(),
        icon: Some("iVBORw0KGgo=".to_owned()),
        resources: vec!["hardcap".to_owned(), "chat".to_owned()],
        vars: [("sv_maxClients", "48"), ("sv_lan", "true")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
        ..InfoJson::default()
    }
}

#[test]
fn info_is_this_to_the_byte_and_hashes_itself() {
    let info = info().with_version();
    let version = rage(INFO.replace("VERSION", "0").as_bytes()) & 0x7FFF_FFFF;
    assert_eq!(info.to_json(), INFO.replace("VERSION", &version.to_string()));
    assert_eq!(serde_json::to_string(&info).unwrap(), info.to_json());
    // The version does not depend on an older one.
    assert_eq!(info.clone().with_version(), info);
}

#[test]
fn the_other_documents_are_these_to_the_byte() {
    let dynamic = DynamicJson {
        clients: 3,
        gametype: "Freeroam".to_owned(),
        hostname: "^1Home".to_owned(),
        iv: "77".to_owned(),
        mapname: "Los Santos".to_owned(),
        sv_maxclients: "48".to_owned(),
        ..DynamicJson::default()
    };
    let text = r#"{"clients":3,"gametype":"Freeroam","hostname":"^1Home","iv":"77","mapname":"Los Santos","sv_maxclients":"48"}"#;
    assert_eq!(dynamic.to_json(), text);
    assert_eq!(serde_json::from_str::<DynamicJson>(text).unwrap(), dynamic);

    let player = PlayerJson {
        endpoint: "127.0.0.1".to_owned(),
        id: 1,
        name: "Jörg".to_owned(),
        ping: -1,
        ..PlayerJson::default()
    };
    let text = r#"[{"endpoint":"127.0.0.1","id":1,"identifiers":[],"name":"Jörg","ping":-1}]"#;
    assert_eq!(players_json(std::slice::from_ref(&player)), text);
    assert_eq!(serde_json::from_str::<Vec<PlayerJson>>(text).unwrap(), [player]);
    assert_eq!(players_json(&[]), "[]");
}

#[test]
fn other_servers_documents_are_read() {
    let text = r#"{"clients":"3","iv":77,"sv_maxclients":48,"online":true}"#;
    let dynamic: DynamicJson = serde_json::from_str(text).unwrap();
    assert_eq!((dynamic.clients, &*dynamic.iv, &*dynamic.sv_maxclients), (3, "77", "48"));
    assert_eq!(dynamic.extra["online"], json!(true));
    let info: InfoJson = serde_json::from_str(r#"{"vars":{"a":1,"b":[]},"x":1}"#).unwrap();
    assert_eq!(info.vars, BTreeMap::from([("a".to_owned(), "1".to_owned())]));
    assert_eq!(info.request_steam_ticket, "on");
    assert_eq!(info.extra["x"], json!(1));
}

#[test]
fn every_prefix_is_an_error() {
    let text = info().with_version().to_json();
    cfx_fixtures::prefixes(text.as_bytes(), |prefix| {
        assert!(serde_json::from_slice::<InfoJson>(prefix).is_err());
    });
}

#[test]
fn versions_are_found_as_the_client_finds_them() {
    for (server, version) in [
        ("FXServer-master SERVER v1.0.0.12345 win32", 12345),
        ("FXServer-no-version", 0),
        ("v1.0.0.99999999999", 0),
        ("77", 77),
        ("1.2.", 0),
        ("1. 5x", 5),
    ] {
        assert_eq!(server_version(server), version, "{server}");
    }
}

fn client() -> ClientBuild {
    ClientBuild {
        game: Game::Gta5,
        build: 3258,
        pure_level: 0,
        pool_sizes: BTreeMap::new(),
        default_build: 3258,
    }
}

fn vars(vars: &Value) -> ServerVars {
    ServerVars::read(&json!({ "vars": vars, "requestSteamTicket": "off" }), Game::Gta5)
}

/// `sv_enforceGameBuild` with the `sv_defaultGameBuild` that today's servers send.
fn enforce(build: &str) -> Value {
    json!({ "sv_enforceGameBuild": build, "sv_defaultGameBuild": "3258" })
}

#[test]
fn a_client_of_the_right_build_goes_on() {
    assert_eq!(vars(&enforce("3258")).build_switch(&client()), None);
    assert_eq!(vars(&json!({})).build_switch(&client()), None);
    let other = ClientBuild { build: 1604, ..client() };
    assert_eq!(vars(&enforce("1604")).build_switch(&other), None);
    // Without an enforced build, only the build itself is looked at.
    assert_eq!(vars(&json!({ "sv_pureLevel": "2" })).build_switch(&client()), None);
}

#[test]
fn a_client_of_another_build_switches() {
    let to = |vars_json: Value| match vars(&vars_json).build_switch(&client()) {
        Some(BuildSwitch::To(client)) => client,
        other => panic!("{vars_json}: {other:?}"),
    };
    assert_eq!(to(enforce("2060")), ClientBuild { build: 2060, ..client() });
    // An older server takes the executable along, unless told not to, or for build 1.
    let older = to(json!({ "sv_enforceGameBuild": "2060" }));
    assert_eq!((older.build, older.default_build), (2060, 2060));
    let kept = json!({ "sv_enforceGameBuild": "2060", "sv_replaceExeToSwitchBuilds": "false" });
    assert_eq!(to(kept).default_build, 3258);
    assert_eq!(to(json!({ "sv_enforceGameBuild": "1" })).default_build, 3258);
    // A default below the client's own counts as none.
    let low = json!({ "sv_enforceGameBuild": "2060", "sv_defaultGameBuild": "1604" });
    assert_eq!(to(low).default_build, 2060);
    let high = json!({ "sv_enforceGameBuild": "3258", "sv_defaultGameBuild": "3570" });
    assert_eq!(to(high), ClientBuild { default_build: 3570, ..client() });
    // Pure level and pools are part of it.
    let mut pure = enforce("3258");
    pure["sv_pureLevel"] = json!("1");
    pure["sv_poolSizesIncrease"] = json!(r#"{"TxdStore":100}"#);
    let pure = to(pure);
    assert_eq!((pure.pure_level, pure.pool_sizes["TxdStore"]), (1, 100));
    // Without an enforced build, the default one.
    let default = to(json!({ "sv_defaultGameBuild": "3570" }));
    assert_eq!((default.build, default.default_build), (3570, 3570));
}

#[test]
fn the_renumbered_build_is_announced_under_its_old_number() {
    let vars = vars(&enforce("3717"));
    let Some(BuildSwitch::To(to)) = vars.build_switch(&client()) else { panic!("no switch") };
    assert_eq!(to.build, 3751);
    assert_eq!(vars.announced_build(), Some(3717));
    assert_eq!(vars.build_switch(&to), None);
}

#[test]
fn builds_that_are_none_are_refused() {
    let refusal = |vars_json: Value| match vars(&vars_json).build_switch(&client()) {
        Some(BuildSwitch::Unsupported(text)) => text,
        other => panic!("{vars_json}: {other:?}"),
    };
    assert_eq!(refusal(enforce("9")), "Server specified an invalid game build enforcement (9).");
    let zero = json!({ "sv_enforceGameBuild": "0", "sv_pureLevel": "1" });
    assert_eq!(refusal(zero), "Server specified an invalid game build enforcement (0).");
    let default = json!({ "sv_defaultGameBuild": "9999" });
    assert_eq!(refusal(default), "Server specified an invalid default game build (9999).");
}

#[test]
fn only_gta5_clients_follow_a_bare_default() {
    let info = json!({ "vars": { "sv_defaultGameBuild": "9999" } });
    let client = ClientBuild { game: Game::Rdr3, build: 1491, default_build: 1491, ..client() };
    assert_eq!(ServerVars::read(&info, Game::Rdr3).build_switch(&client), None);
    assert_eq!(ServerVars::read(&info, Game::Gta4), ServerVars::default());
}

#[test]
fn reading_stops_at_the_first_bad_member() {
    let mut bad = enforce("2060");
    bad["sv_pureLevel"] = json!("high");
    bad["sv_licenseKeyToken"] = json!("abc");
    assert_eq!(vars(&bad), ServerVars::default());
    let read = vars(&json!({ "sv_licenseKeyToken": "abc" }));
    assert_eq!((&*read.license_key_token, &*read.request_steam_ticket), ("abc", "off"));
    let info = json!({ "vars": enforce("2060"), "enforceSteamAuth": "yes" });
    let read = ServerVars::read(&info, Game::Gta5);
    assert!(read.builds.is_some() && !read.enforce_steam_auth);
}

proptest! {
    #[test]
    fn any_bytes_are_a_document_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
        let _ = serde_json::from_slice::<InfoJson>(&bytes);
        let _ = serde_json::from_slice::<DynamicJson>(&bytes);
        let _ = serde_json::from_slice::<Vec<PlayerJson>>(&bytes);
    }

    #[test]
    fn documents_round_trip(
        name in "[a-z]{2}[0-9]",
        value in ".{0,12}",
        resources in proptest::collection::vec(".{0,6}", 0..4),
    ) {
        let mut info = InfoJson { resources, ..info() };
        info.vars.insert(name.clone(), value.clone());
        info.extra.insert(name, json!(value));
        let info = info.with_version();
        prop_assert_eq!(serde_json::from_str::<InfoJson>(&info.to_json()).unwrap(), info);
    }

    #[test]
    fn any_variables_are_read(
        names in proptest::collection::vec(0..5usize, 0..5),
        values in proptest::collection::vec("[0-9 x{}:\"]{0,6}", 5),
    ) {
        const NAMES: [&str; 5] = ["sv_enforceGameBuild", "sv_defaultGameBuild", "sv_pureLevel",
            "sv_poolSizesIncrease", "sv_replaceExeToSwitchBuilds"];
        let map = names.iter().map(|at| (NAMES[*at].to_owned(), json!(values[*at]))).collect();
        if let Some(BuildSwitch::To(to)) = vars(&Value::Object(map)).build_switch(&client()) {
            prop_assert!(to.game.builds().contains(&to.build));
        }
    }
}
