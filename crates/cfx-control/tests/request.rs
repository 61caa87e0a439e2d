//! Bodies of `POST /client`, names and builds (SPEC HTTP-2, HTTP-3, HTTP-9 to HTTP-13, HTTP-15).

use std::collections::BTreeMap;

use cfx_control::game::{Game, GameBuild, check_build};
use cfx_control::request::{
    GetConfiguration, GetEndpoints, InitConnect, MAX_BODY, Method, Request, RequestError,
    SubmitCard, client_guid, display_name, guid_number, guid_text, replace_invalid,
};
use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;

/// A body as a client sends it, every field in place.
const BODY: &[u8] = b"authTicket=14000000&cfxTicket2=EAAAANZ8%2b%3d&gameBuild=3258&gameName=gta5&guid=148618792331476182&method=initConnect&name=J%c3%b6rg+%26+Co&protocol=12&x=1";

#[test]
fn init_connect_keeps_every_field() {
    let Ok(Request::InitConnect(request)) = Request::parse(BODY) else { panic!("not read") };
    assert_eq!(request.name, "Jörg & Co".as_bytes());
    assert_eq!(guid_number(&request.guid), client_guid(0x13DD_7CD6));
    assert_eq!(request.protocol_number(), 12);
    assert_eq!(request.game_build.as_deref(), Some(&b"3258"[..]));
    assert_eq!(request.game_name(), b"gta5");
    assert_eq!(request.cfx_ticket.as_deref(), Some(&b"EAAAANZ8+="[..]));
    assert_eq!(request.auth_ticket.as_deref(), Some(&b"14000000"[..]));
    assert_eq!(request.other, BTreeMap::from([(b"x".to_vec(), b"1".to_vec())]));
    assert_eq!(Request::InitConnect(request).to_body(), BODY);
}

#[test]
fn errors_come_in_the_reference_s_order() {
    let error = |body: &[u8]| Request::parse(body).unwrap_err();
    let big = |length| [&b"method=x&a="[..], &vec![b'a'; length - 11]].concat();
    assert_eq!(error(&big(MAX_BODY + 1)).text(), "POST data too big");
    assert_eq!(error(&big(MAX_BODY)).text(), "invalid method");
    assert_eq!(error(b"").text(), "missing method");
    assert_eq!(error(b"Method=initConnect").text(), "missing method");
    assert_eq!(error(b"method=initconnect"), RequestError::InvalidMethod);
    for (method, body) in [
        (Method::InitConnect, &b"method=initConnect&name=a&guid=1"[..]),
        (Method::InitConnect, b"method=initConnect&name=a&protocol=12"),
        (Method::InitConnect, b"method=initConnect&guid=1&protocol=12"),
        // An empty value ends the form.
        (Method::InitConnect, b"method=initConnect&guid=1&protocol=12&name="),
        (Method::SubmitCard, b"method=submitCard&token=t"),
        (Method::SubmitCard, b"method=submitCard&data=d"),
        (Method::GetEndpoints, b"method=getEndpoints"),
    ] {
        assert_eq!(error(body), RequestError::MissingFields(method));
        assert_eq!(error(body).text(), "fields missing");
    }
    let all = Request::GetConfiguration(GetConfiguration { resources: None });
    assert_eq!(Request::parse(b"method=getConfiguration"), Ok(all));
}

#[test]
fn a_prefix_is_a_shorter_request_or_an_error() {
    cfx_fixtures::prefixes(BODY, |body| {
        if let Ok(Request::InitConnect(request)) = Request::parse(body) {
            assert!(b"12".starts_with(&request.protocol[..]) && !request.protocol.is_empty());
        }
    });
}

#[test]
fn names_are_cut_then_repaired() {
    // The cut leaves the first byte of a two-byte character, which becomes one replacement.
    let long = [&[b'a'; 199][..], "öö".as_bytes()].concat();
    assert_eq!(display_name(&long), format!("{}\u{fffd}", "a".repeat(199)));
    assert_eq!(display_name(&[b'a'; 200]).len(), 200);
}

#[test]
fn broken_utf8_is_replaced_as_utfcpp_does() {
    // What utfcpp 4.0.4 made of these bytes, R standing for U+FFFD.
    for (bytes, expected) in [
        (&b"a\x80b"[..], "aRb"),
        (b"\x80\x80", "RR"),
        (b"\xff\xf8\x80", "RRR"),
        (b"\xc3", "R"),
        (b"\xe2\x82", "R"),
        (b"\xe2\x82x", "Rx"),
        (b"\xe2\xe2\x82\xac", "R\u{20ac}"),
        (b"\xf0\x9f\x98", "R"),
        (b"\xf0\x9fx\x98", "RxR"),
        (b"\xc0\x80\x80\x80!", "R!"),
        (b"\xe0\x80\x80!", "R!"),
        (b"\xed\xa0\x80\xed\xb0\x80", "RR"),
        (b"\xf4\x90\x80\x80.", "R."),
        (b"\xf7\xbf\xbf\xbf\xbf", "R"),
        (b"\xf0\x9f\x98\x80\x80", "\u{1f600}R"),
    ] {
        assert_eq!(replace_invalid(bytes), expected.replace('R', "\u{fffd}"), "{bytes:x?}");
    }
}

#[test]
fn builds_are_read_as_sscanf_does() {
    let parse = |text: &str| {
        let build = GameBuild::parse(text.as_bytes());
        (build.build, build.revision)
    };
    assert_eq!(parse("3258"), (3258, 0));
    assert_eq!(parse("3258_"), (3258, 0));
    assert_eq!(parse("3258_3_4"), (3258, 3));
    assert_eq!(parse("3258 _3"), (3258, 0));
    assert_eq!(parse(" +1_-2"), (1, -2));
    assert_eq!(parse("_3"), (0, 0));
    assert_eq!(parse("-_3"), (0, 0));
    assert_eq!(parse("4294967297"), (1, 0));
    assert_eq!(parse(&format!("{:>31}", 7)), (7, 0));
    assert_eq!(parse(&format!("{:>32}", 7)), (0, 0));
}

#[test]
fn builds_are_refused_with_the_reference_s_texts() {
    let check = |game, field: Option<&str>, enforced| {
        check_build(game, field.map(str::as_bytes), enforced).map(GameBuild::field)
    };
    assert_eq!(check(Game::Gta5, Some("3258"), "3258"), Ok("3258".into()));
    assert_eq!(check(Game::Gta5, Some("1604"), ""), Ok("1604".into()));
    assert_eq!(check(Game::Gta4, None, "3258"), Ok("0".into()));
    assert_eq!(check(Game::Rdr3, Some("1491"), "1491"), Ok("1491".into()));
    for (game, field, enforced, text) in [
        (Game::Gta5, None, "3258", "Invalid game build has been passed (0)."),
        (Game::Rdr3, Some("new"), "", "Invalid game build has been passed (new)."),
        (
            Game::Gta5,
            Some("1604"),
            "3258",
            "This server requires a different game build (3258) from the one you're using (1604). Tell the server owner to remove this check.",
        ),
        (
            Game::Rdr3,
            Some("1436"),
            "1491",
            "This server requires a different game build (1491) from the one you're using (1436).",
        ),
        (
            Game::Rdr3,
            Some("1491_2"),
            "1491",
            "Client/Server game build revision mismatch: you are running game build 1491 revision 2, while server expects revision 0.\n\nFor more information, please <a href=\"https://aka.cfx.re/game-build-revision-mismatch\">click here</a>.",
        ),
    ] {
        assert_eq!(check(game, field, enforced), Err(text.to_owned()));
    }
}

#[test]
fn games_match_by_name_and_gta5_by_none() {
    for (game, name, accepted) in [
        (Game::Gta5, "gta5", true),
        (Game::Gta5, "", true),
        (Game::Gta5, "GTA5", false),
        (Game::Rdr3, "rdr3", true),
        (Game::Rdr3, "", false),
        (Game::Gta4, "gta4", true),
        (Game::Gta4, "gta5", false),
    ] {
        assert_eq!(game.accepts(name.as_bytes()), accepted, "{game:?} {name}");
    }
}

fn value() -> impl Strategy<Value = Vec<u8>> {
    vec(any::<u8>(), 1..24)
}

fn request() -> impl Strategy<Value = Request> {
    let known = (value(), value(), value());
    let optional = [(); 4].map(|()| option::of(value()));
    let other = btree_map("[a-e]{1,3}", value(), 0..4);
    let connect = (known, optional, other).prop_map(|(known, optional, other)| {
        let [game_build, game_name, cfx_ticket, auth_ticket] = optional;
        let (name, guid, protocol) = known;
        let other = other.into_iter().map(|(key, value)| (key.into_bytes(), value)).collect();
        Request::InitConnect(InitConnect {
            name,
            guid,
            protocol,
            game_build,
            game_name,
            cfx_ticket,
            auth_ticket,
            other,
        })
    });
    let card = (value(), value())
        .prop_map(|(data, token)| Request::SubmitCard(SubmitCard { data, token }));
    let endpoints = value().prop_map(|token| Request::GetEndpoints(GetEndpoints { token }));
    let configuration = option::of(value())
        .prop_map(|resources| Request::GetConfiguration(GetConfiguration { resources }));
    prop_oneof![connect, card, endpoints, configuration]
}

proptest! {
    #[test]
    fn bodies_round_trip(request in request()) {
        prop_assert_eq!(Request::parse(&request.to_body()), Ok(request));
    }

    #[test]
    fn any_body_is_a_request_or_an_error(tail in vec(any::<u8>(), 0..200)) {
        let _ = Request::parse(&tail);
        let _ = Request::parse(&[b"method=initConnect&", &tail[..]].concat());
    }

    #[test]
    fn any_name_becomes_text(name in vec(any::<u8>(), 0..400)) {
        let text = display_name(&name);
        prop_assert!(text.len() <= 600);
        if let Ok(valid) = std::str::from_utf8(&name[..name.len().min(200)]) {
            prop_assert_eq!(text, valid);
        }
    }

    #[test]
    fn any_build_is_read(field in vec(any::<u8>(), 0..40), enforced in "[0-9]{0,5}") {
        let _ = check_build(Game::Gta5, Some(&field), &enforced);
    }

    #[test]
    fn guids_round_trip(guid: u64) {
        prop_assert_eq!(guid_number(guid_text(guid).as_bytes()), guid);
    }
}
