//! Whatever JSON comes, every reader gives a value or an error.

use cfx_control::answer::{Accepted, Reply};
use cfx_control::endpoints;
use cfx_control::game::Game;
use cfx_control::info::{DynamicJson, InfoJson, PlayerJson, ServerVars};
use cfx_control::manifest::Manifest;
use cfx_control::policy::{self, Policy};
use cfx_control::ticket::{PublicKey, Ticket};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

/// Member names that one of the readers looks for, so that what is behind them is reached.
const NAMES: &[&str] = &[
    "token",
    "defer",
    "deferVersion",
    "message",
    "card",
    "error",
    "sH",
    "gamename",
    "bitVersion",
    "protocol",
    "pure",
    "enhancedHostSupport",
    "onesync",
    "onesync_big",
    "onesync_lh",
    "onesync_population",
    "netlibVersion",
    "maxClients",
    "handover",
    "endpoints",
    "fileServer",
    "resources",
    "name",
    "files",
    "streamFiles",
    "hash",
    "size",
    "rscFlags",
    "rscVersion",
    "e",
    "uri",
    "vars",
    "server",
    "version",
    "requestSteamTicket",
    "enforceSteamAuth",
    "sv_enforceGameBuild",
    "sv_defaultGameBuild",
    "sv_pureLevel",
    "sv_poolSizesIncrease",
    "sv_replaceExeToSwitchBuilds",
    "sv_licenseKeyToken",
    "clients",
    "hostname",
    "iv",
    "sv_maxclients",
    "endpoint",
    "id",
    "identifiers",
    "ping",
    "key",
    "other",
];

/// Texts that one of the readers takes for more than text.
const TEXTS: &[&str] =
    &["", "on", "gta5", "3258", "-1", "99999999999", "{\"a\":1}", "AAAA", "onesync", "rdr3"];

fn leaf() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        proptest::sample::select(TEXTS).prop_map(Value::from),
        ".{0,6}".prop_map(Value::from),
    ]
}

fn json_value() -> impl Strategy<Value = Value> {
    leaf().prop_recursive(4, 48, 8, |inner| {
        let name = prop_oneof![
            9 => proptest::sample::select(NAMES).prop_map(str::to_owned),
            1 => ".{0,4}",
        ];
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            proptest::collection::btree_map(name, inner, 0..8)
                .prop_map(|members| Value::Object(members.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

proptest! {
    #[test]
    fn every_reader_answers(value in json_value(), bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let text = value.to_string();
        for game in [Game::Gta4, Game::Gta5, Game::Rdr3] {
            let reply = Reply::read(&text, game);
            prop_assert_eq!(&reply, &Reply::read(&text, game));
            let vars = ServerVars::read(&value, game);
            let _ = vars.announced_build();
        }
        if let Ok(manifest) = Manifest::read(&text) {
            prop_assert_eq!(&manifest, &Manifest::read(&text).expect("once more"));
        }
        if let Ok(policy) = Policy::read(&text) {
            let accepted = Accepted { max_clients: 200, onesync: true, ..Accepted::default() };
            let _ = policy::check(Some(Ok(policy)), &accepted);
        }
        let handover = value.as_object().cloned().unwrap_or_default();
        let accepted = Accepted { extra: handover.clone(), handover, ..Accepted::default() };
        if let Ok(candidates) = endpoints::candidates(Some(&value), &accepted, "own") {
            prop_assert!(!candidates.is_empty());
        }
        // Where one of these reads, what it read is written and read again alike.
        if let Ok(info) = serde_json::from_value::<InfoJson>(value.clone()) {
            prop_assert_eq!(&serde_json::from_str::<InfoJson>(&info.to_json()).expect("our own"), &info);
        }
        let _ = serde_json::from_value::<DynamicJson>(value.clone());
        let _ = serde_json::from_value::<Vec<PlayerJson>>(json!([value]));
        let _ = PublicKey::from_answer(&text);
        let _ = PublicKey::from_answer(&String::from_utf8_lossy(&bytes));
        let _ = PublicKey::from_components(&bytes, &bytes);
        let _ = Ticket::decode(&bytes);
        let _ = endpoints::known(&String::from_utf8_lossy(&bytes));
    }
}
