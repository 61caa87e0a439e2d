//! The values of the answer to `initConnect`, endpoints and policies (SPEC HTTP-4, HTTP-16 to
//! HTTP-19, HTTP-21 to HTTP-25, DEFER-1).

use cfx_control::answer::{
    Accepted, CARD_TAKEN, Reply, ReplyBody, deferral_card, deferral_message, error,
};
use cfx_control::game::Game;
use cfx_control::policy::{Policy, check, required};
use cfx_control::{bit_version, endpoints};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

const FINAL: &str = r#"{"bitVersion":35343302721536,"enhancedHostSupport":false,"gamename":"gta5","handover":{"motd":"hi"},"maxClients":48,"netlibVersion":2,"onesync":true,"onesync_big":false,"onesync_lh":false,"onesync_population":true,"protocol":5,"pure":1,"sH":false,"token":"6f1c0b9e"}"#;

fn accepted() -> Accepted {
    Accepted {
        pure: 1,
        onesync: true,
        onesync_population: true,
        token: "6f1c0b9e".to_owned(),
        gamename: "gta5".to_owned(),
        handover: Map::from_iter([("motd".to_owned(), json!("hi"))]),
        ..Accepted::default()
    }
}

fn read(text: &str) -> ReplyBody {
    Reply::read(text, Game::Gta5).body
}

/// `FINAL` with one member set to another value.
fn with(name: &str, value: Value) -> String {
    let mut object: Map<String, Value> = serde_json::from_str(FINAL).unwrap();
    object.insert(name.to_owned(), value);
    Value::Object(object).to_string()
}

fn without(name: &str) -> String {
    let mut object: Map<String, Value> = serde_json::from_str(FINAL).unwrap();
    object.remove(name);
    Value::Object(object).to_string()
}

fn accept(text: &str) -> Accepted {
    match read(text) {
        ReplyBody::Accepted(accepted) => *accepted,
        other => panic!("{text}: {other:?}"),
    }
}

#[test]
fn server_values_are_these_to_the_byte() {
    assert_eq!(error("a \"b\"\n\u{1f}ö"), "{\"error\":\"a \\\"b\\\"\\n\\u001fö\"}");
    assert_eq!(deferral_message(None), r#"{"defer":true,"deferVersion":2,"message":null}"#);
    assert_eq!(deferral_message(Some("")), deferral_message(None));
    assert_eq!(
        deferral_message(Some("a: b\n")),
        r#"{"defer":true,"deferVersion":2,"message":"a: b\n"}"#
    );
    assert_eq!(
        deferral_card(r#"{"type":"AdaptiveCard"}"#, "t"),
        r#"{"card":"{\"type\":\"AdaptiveCard\"}","defer":true,"deferVersion":2,"token":"t"}"#
    );
    assert_eq!(CARD_TAKEN, r#"{"result":"ok"}"#);
    assert_eq!(accepted().to_json(), FINAL);
}

#[test]
fn a_client_reads_them_back() {
    assert_eq!(read(&error("no")), ReplyBody::Rejected("no".into()));
    assert_eq!(read(&deferral_message(None)), ReplyBody::Progress(None));
    assert_eq!(read(&deferral_message(Some("x"))), ReplyBody::Progress(Some("x".into())));
    let card = ReplyBody::Card { card: "{}".into(), token: "t".into() };
    let reply = Reply { token: Some("t".into()), body: card };
    assert_eq!(Reply::read(&deferral_card("{}", "t"), Game::Gta5), reply);
    assert_eq!(accept(FINAL), accepted());
}

#[test]
fn the_order_of_reading_is_the_client_s() {
    // A deferral hides an error, whatever `defer` is but null.
    for defer in ["true", "false", "0", "[]"] {
        let text = format!(r#"{{"defer":{defer},"deferVersion":2,"error":"e","message":"m"}}"#);
        assert_eq!(read(&text), ReplyBody::Progress(Some("m".into())));
    }
    assert_eq!(read(r#"{"defer":null,"error":"e"}"#), ReplyBody::Rejected("e".into()));
    assert_eq!(read(r#"{"defer":true,"error":"e"}"#), ReplyBody::OutdatedDeferral);
    // A message hides a card, an error hides a missing sH, and sH the rest.
    let both = r#"{"defer":1,"deferVersion":0,"message":"m","card":"c","token":"t"}"#;
    assert_eq!(read(both), ReplyBody::Progress(Some("m".into())));
    assert_eq!(read(r#"{"token":"t"}"#), ReplyBody::NoSh);
    assert_eq!(read("null"), ReplyBody::NoSh);
    assert_eq!(read(&with("sH", Value::Null)), ReplyBody::NoSh);
    // The token is kept even of a refusal.
    let refused = Reply::read(r#"{"token":"t","error":"e"}"#, Game::Gta5);
    assert_eq!(refused.token.as_deref(), Some("t"));
    // RedM looks at the game before the bit version, FiveM not at all.
    let old = with("bitVersion", json!(0x2021_0329_2049_u64));
    assert_eq!(Reply::read(&old, Game::Rdr3).body, ReplyBody::WrongGame);
    assert_eq!(Reply::read(&without("gamename"), Game::Rdr3).body, ReplyBody::WrongGame);
    assert_eq!(read(&old), ReplyBody::OutdatedServer);
    let redm = Reply::read(&with("gamename", json!("rdr3")), Game::Rdr3).body;
    assert!(matches!(redm, ReplyBody::Accepted(_)));
    assert_eq!(accept(&with("bitVersion", json!(0))).bit_version, 0);
    assert_eq!(accept(&without("bitVersion")).bit_version, 0);
}

#[test]
fn members_have_the_client_s_defaults() {
    assert_eq!(accept(&without("maxClients")).max_clients, 64);
    assert_eq!(accept(&without("netlibVersion")).netlib_version, 1);
    assert!(!accept(&without("onesync")).onesync);
    assert!(accept(&without("handover")).handover.is_empty());
    assert_eq!(accept(&with("maxClients", json!(true))).max_clients, 1);
    assert_eq!(accept(&with("maxClients", json!(-1))).max_clients, -1);
    // Population means nothing to a server that is older than it.
    let old = with("bitVersion", json!(bit_version::STATE_BAG_V2));
    assert!(!accept(&old).onesync_population);
}

#[test]
fn wrong_types_are_shown_as_the_reference_shows_them() {
    for (text, shown) in [
        (
            "[]".to_owned(),
            "[json.exception.type_error.305] cannot use operator[] with a string argument with array",
        ),
        (
            "1".to_owned(),
            "[json.exception.type_error.305] cannot use operator[] with a string argument with number",
        ),
        (
            with("token", json!(1)),
            "[json.exception.type_error.302] type must be string, but is number",
        ),
        (
            r#"{"error":{}}"#.to_owned(),
            "[json.exception.type_error.302] type must be string, but is object",
        ),
        (
            r#"{"defer":true,"deferVersion":2,"card":"{}"}"#.to_owned(),
            "[json.exception.type_error.302] type must be string, but is null",
        ),
        (
            with("sH", json!("no")),
            "[json.exception.type_error.302] type must be boolean, but is string",
        ),
        (
            with("bitVersion", json!(true)),
            "[json.exception.type_error.302] type must be number, but is boolean",
        ),
        (
            with("onesync", json!(1)),
            "[json.exception.type_error.302] type must be boolean, but is number",
        ),
        (
            with("handover", json!("x")),
            "[json.exception.type_error.305] cannot use operator[] with a string argument with string",
        ),
        (without("protocol"), "[json.exception.type_error.302] type must be number, but is null"),
        (
            with("netlibVersion", Value::Null),
            "[json.exception.type_error.302] type must be number, but is null",
        ),
    ] {
        assert_eq!(read(&text), ReplyBody::Unreadable(shown.to_owned()), "{text}");
        assert_eq!(read(&text).failure().as_deref(), Some(shown));
    }
}

#[test]
fn game_channels_that_clients_do_not_speak_are_refused() {
    let check = |version: u32| accept(&with("netlibVersion", json!(version))).check_netlib();
    assert_eq!(check(2), Ok(()));
    assert_eq!(check(3), check(4));
    assert!(check(3).unwrap_err().starts_with("NetLibraryImplV3/"));
    assert_eq!(check(5), check(1));
    assert!(check(1).unwrap_err().starts_with("Legacy servers"));
}

#[test]
fn every_prefix_is_unreadable() {
    for text in [FINAL, &deferral_card("{}", "t"), &error("e")] {
        cfx_fixtures::prefixes(text.as_bytes(), |prefix| {
            let prefix = std::str::from_utf8(prefix).expect("the text is ASCII");
            assert!(matches!(read(prefix), ReplyBody::Unreadable(_)), "{prefix}");
        });
    }
}

#[test]
fn endpoints_are_chosen_in_order() {
    let own = json!(["own:1"]);
    let choose = |answer: Option<Value>, accepted: &Accepted| {
        endpoints::candidates(answer.as_ref(), accepted, "host:30120")
    };
    let plain = accepted();
    let named = accept(&with("endpoints", own));
    let handed = accept(&with("handover", json!({"endpoints": ["a", "b"]})));
    let list = |words: &[&str]| Ok(words.iter().map(ToString::to_string).collect::<Vec<_>>());

    assert_eq!(choose(Some(json!(["x:1", "y"])), &plain), list(&["x:1", "y"]));
    assert_eq!(choose(Some(json!(["x:1"])), &handed), list(&["a", "b"]));
    // Nothing, null and a boolean fall back to the final value's own, then to the URL.
    for answer in [None, Some(Value::Null), Some(json!(false)), Some(json!(true))] {
        assert_eq!(choose(answer.clone(), &named), list(&["own:1"]));
        assert_eq!(choose(answer, &plain), list(&["host:30120"]));
    }
    // An empty list goes to the URL at once.
    assert_eq!(choose(Some(json!([])), &named), list(&["host:30120"]));
    assert_eq!(choose(Some(json!("x")), &plain), list(&["x"]));
    assert_eq!(choose(Some(json!({"error": "fields missing"})), &plain), list(&["fields missing"]));
    assert!(choose(Some(json!(["x", 1])), &plain).unwrap_err().ends_with("but is number"));
    // A null in the handover is none, a boolean there hides the answer.
    let null = accept(&with("handover", json!({"endpoints": null})));
    assert_eq!(choose(Some(json!(["x"])), &null), list(&["x"]));
    let off = accept(&with("handover", json!({"endpoints": false})));
    assert_eq!(choose(Some(json!(["x"])), &off), list(&["host:30120"]));
    // Without an answer, the final value's own are taken as they are.
    assert_eq!(choose(None, &accept(&with("endpoints", json!("lone")))), list(&["lone"]));
}

#[test]
fn sv_endpoints_is_split_as_the_reference_splits() {
    for (text, answer) in [
        ("", "[]"),
        ("a", r#"["a"]"#),
        ("a \t\n b:1", r#"["a","b:1"]"#),
        (" a ", r#"["","a",""]"#),
        (" ", r#"["",""]"#),
    ] {
        assert_eq!(endpoints::known(text), answer);
    }
}

#[test]
fn policies_gate_slots() {
    let server = |max_clients, onesync_big| Accepted {
        onesync: true,
        onesync_big,
        max_clients,
        ..Accepted::default()
    };
    let policy = |list: &str| Some(Policy::read(list));
    for (slots, small, big) in [
        (48, None, None),
        (49, Some("onesync"), Some("onesync")),
        (64, Some("onesync"), Some("onesync")),
        (65, Some("onesync_plus"), Some("onesync_medium")),
        (129, Some("onesync_big"), Some("onesync_big")),
        (2048, Some("onesync_big"), Some("onesync_big")),
        (2049, Some("onesync"), Some("onesync")),
    ] {
        assert_eq!((required(slots, false), required(slots, true)), (small, big), "{slots}");
    }
    assert!(check(policy(r#"["onesync_medium"]"#), &server(128, true)).is_ok());
    // Not asked, or not OneSync: not checked.
    assert!(check(None, &server(128, true)).is_ok());
    let legacy = Accepted { onesync: false, ..server(128, true) };
    assert!(check(policy("[]"), &legacy).is_ok());
    // The facts of a failed look-up, only where it matters.
    let failed = check(policy("{}"), &server(64, true)).unwrap_err();
    assert_eq!(failed, "Could not check server feature policy. Parsing policy failed (2).");
    assert!(check(policy("nonsense"), &server(48, true)).is_ok());
    let refused = |list, slots, big| check(policy(list), &server(slots, big)).unwrap_err();
    assert_eq!(
        refused(r#"["onesync"]"#, 128, true),
        "This server uses more slots than allowed by the current subscription. The allowed slot count is 64, but the server has a maximum slot count of 128."
    );
    assert!(refused(r#"["onesync"]"#, 128, false).contains("Element Club Aurum"));
    assert!(refused(r#"["onesync_plus"]"#, 256, false).contains("slot count is 128, but"));
    let small = check(policy(r#"["b","a",1]"#), &server(8, true)).unwrap();
    assert_eq!(small.to_string(), "[a][b][local_evaluation][subdir_file_mapping]");
    let ten = check(None, &server(10, true)).unwrap();
    assert_eq!(ten.to_string(), "[subdir_file_mapping]");
}

fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(2, 16, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::btree_map("[a-z]{1,9}", inner, 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn unknown_members_survive(value in json_value(), name in "[a-z]{3}[0-9]") {
        let read = accept(&with(&name, value.clone()));
        prop_assert_eq!(&read.extra[&name], &value);
        prop_assert_eq!(accept(&read.to_json()), read);
    }

    #[test]
    fn any_member_of_any_type_is_read_or_refused(
        name in prop_oneof![Just("handover"), Just("sH"), Just("bitVersion"), Just("maxClients"),
            Just("protocol"), Just("defer"), Just("error"), Just("token"), Just("endpoints")],
        value in json_value(),
        answer in proptest::option::of(json_value()),
    ) {
        if let ReplyBody::Accepted(accepted) = read(&with(name, value))
            && let Ok(list) = endpoints::candidates(answer.as_ref(), &accepted, "host")
        {
            prop_assert!(!list.is_empty());
        }
    }

    #[test]
    fn any_text_is_a_reply(text in ".{0,60}") {
        let _ = Reply::read(&text, Game::Rdr3);
        let _ = Policy::read(&text);
    }

    #[test]
    fn any_text_survives_as_an_error(text in ".{0,60}") {
        prop_assert_eq!(read(&error(&text)), ReplyBody::Rejected(text));
    }
}
