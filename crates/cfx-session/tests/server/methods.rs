//! Routes, errors of `/client`, `getEndpoints` and `getConfiguration` (SPEC HTTP-1 to HTTP-5, HTTP-21,
//! INFO-7, MANIFEST).

use cfx_control::manifest::{Manifest, Resource};
use cfx_control::request::MAX_BODY;
use cfx_session::http::Request;
use cfx_session::server::{Config, Decision, OneSync};

use super::{Form, Host, address, get, get_endpoints, post, refusal};

const ENDPOINTS: &str = "192.0.2.1:30120 192.0.2.2";

fn manifest(names: &[&str]) -> Manifest {
    let resource = |name: &&str| Resource {
        name: (*name).to_owned(),
        files: [("resource.rpf".to_owned(), "da39a3ee".to_owned())].into(),
        ..Resource::default()
    };
    Manifest { resources: names.iter().map(resource).collect(), ..Manifest::default() }
}

/// `getConfiguration`, with a token or without.
fn configuration(from: u32, token: Option<&str>) -> Request {
    let token = token.map(str::to_owned);
    Request { token, ..post(address(from), "method=getConfiguration") }
}

/// SPEC INFO-7: a prefix in any case, and the query is part of the path.
#[test]
fn routes() {
    let rows: [(&str, u16); 15] = [
        ("/client", 405),
        ("/CLIENT", 405),
        ("/clientele?x", 405),
        ("/info.json", 200),
        ("/Info.JSON?v=1", 200),
        ("/info.jsonx", 200),
        ("/dynamic.json", 200),
        ("/players.json", 200),
        ("/", 404),
        ("", 404),
        ("/clien", 404),
        ("/info", 404),
        ("//info.json", 404),
        ("/x?/info.json", 404),
        ("/infö.json", 404),
    ];
    let mut host = Host::new(Config::default());
    for (target, status) in rows {
        let (given, text) = host.ask(get(address(1), target));
        assert_eq!(given, status, "{target}");
        if status == 404 {
            assert_eq!(text, format!("Route {target} not found."));
        }
    }
}

/// SPEC HTTP-1, HTTP-2, HTTP-3, HTTP-4, HTTP-5: errors of the dispatcher have no line end, errors of
/// methods have one.
#[test]
fn errors_of_the_dispatcher_and_of_methods() {
    let mut host = Host::new(Config::default());
    for method in ["GET", "HEAD", "PUT", "DELETE"] {
        let request = Request { method: method.into(), ..post(address(1), "method=getEndpoints") };
        assert_eq!(host.ask(request), (405, "/client is POST only".to_owned()));
    }
    let padded = |length: usize| {
        let mut body = b"method=getEndpoints&token=".to_vec();
        body.resize(length, b'x');
        body
    };
    let rows: [(Vec<u8>, &str); 12] = [
        (padded(MAX_BODY + 1), r#"{"error":"POST data too big"}"#),
        (vec![0; 2 * MAX_BODY], r#"{"error":"POST data too big"}"#),
        (padded(MAX_BODY), "false\r\n"),
        (vec![], r#"{"error":"missing method"}"#),
        (b"METHOD=getEndpoints".to_vec(), r#"{"error":"missing method"}"#),
        (b"method=".to_vec(), r#"{"error":"missing method"}"#),
        (b"method=getendpoints".to_vec(), r#"{"error":"invalid method"}"#),
        (b"method=\xff%00".to_vec(), r#"{"error":"invalid method"}"#),
        (b"method=initConnect".to_vec(), "{\"error\":\"fields missing\"}\r\n"),
        (b"method=getEndpoints".to_vec(), "{\"error\":\"fields missing\"}\r\n"),
        (b"method=submitCard&data=1".to_vec(), "{\"error\":\"fields missing\"}\r\n"),
        (b"method=getConfiguration".to_vec(), "{\"error\":\"Not a valid client.\"}\r\n"),
    ];
    for (body, expected) in rows {
        let shown = String::from_utf8_lossy(&body[..body.len().min(40)]).into_owned();
        assert_eq!(host.post(body), expected, "{shown}");
    }
}

/// SPEC HTTP-21
#[test]
fn endpoints() {
    for (setting, answer) in [
        ("", "[]\r\n"),
        (ENDPOINTS, "[\"192.0.2.1:30120\",\"192.0.2.2\"]\r\n"),
        ("192.0.2.1 ", "[\"192.0.2.1\",\"\"]\r\n"),
    ] {
        let mut host = Host::new(Config { endpoints: setting.into(), ..Config::default() });
        let joined = host.join(address(1), "1");
        let accepted = host.accept(address(2), "2");
        for token in [&joined.accepted.token, &accepted.token] {
            assert_eq!(host.post(get_endpoints(token)), answer);
        }
        let other = accepted.token.to_uppercase();
        for token in ["x", "\u{0}", &other, &accepted.token[..35]] {
            assert_eq!(host.post(get_endpoints(token)), "false\r\n", "{token}");
        }
    }
}

/// SPEC MANIFEST-1, MANIFEST-2
#[test]
fn whose_configuration() {
    let mut host = Host::new(Config { manifest: manifest(&["chat"]), ..Config::default() });
    let whole = "{\"fileServer\":\"https://%s/files\",\"resources\":[{\"name\":\"chat\",\"files\":{\"resource.rpf\":\"da39a3ee\"},\"streamFiles\":{}}]}\r\n";
    let not_valid = refusal("Not a valid client.");
    let connecting = refusal("Client is still connecting.");
    assert_eq!(host.ask(configuration(1, Some("x"))).1, not_valid);

    let pending = host.connect(address(1), &Form::init("1"));
    assert_eq!(host.ask(configuration(1, None)).1, connecting);
    assert_eq!(host.ask(configuration(2, None)).1, not_valid);
    host.handled(pending.client);
    let token = host.answer(pending.request).json()["token"].as_str().expect("it").to_owned();

    assert_eq!(host.ask(configuration(2, Some(&token))), (200, whole.to_owned()), "by token");
    assert_eq!(host.ask(configuration(1, None)), (200, whole.to_owned()), "by address");
    // The reference goes on to the address when the token is nobody's.
    assert_eq!(host.ask(configuration(1, Some("x"))), (200, whole.to_owned()));
    assert_eq!(host.ask(configuration(2, Some("x"))).1, not_valid);
}

/// SPEC MANIFEST-3: a burst of three or the number of resources, then one a second, each client for
/// itself.
#[test]
fn configuration_is_limited() {
    for (resources, burst) in [(&["a", "b"][..], 3), (&["a", "b", "c", "d", "e"], 5)] {
        let mut host = Host::new(Config { manifest: manifest(resources), ..Config::default() });
        let one = host.accept(address(1), "1").token;
        let two = host.accept(address(1), "2").token;
        let granted = |host: &mut Host, token: &str| {
            let limited = refusal("Rate limit exceeded.");
            (0..10).filter(|_| host.ask(configuration(9, Some(token))).1 != limited).count()
        };
        assert_eq!(granted(&mut host, &one), burst);
        host.run_for(999);
        assert_eq!(granted(&mut host, &one), 0);
        host.run_for(1);
        assert_eq!(granted(&mut host, &one), 1);
        assert_eq!(granted(&mut host, &two), burst);
        // A resource that starts gives each one back, but no more than the burst.
        host.decide(Decision::StartResource("a".to_owned()));
        assert_eq!([&one, &two].map(|token| granted(&mut host, token)), [1, 1]);
        host.run_for(10_000);
        host.decide(Decision::StartResource("a".to_owned()));
        assert_eq!(granted(&mut host, &one), burst);
    }
}

/// SPEC MANIFEST-5
#[test]
fn configuration_of_some_resources() {
    let names = ["a", "b", "c", "d", "e", "f", "g", "h"];
    let mut host = Host::new(Config { manifest: manifest(&names), ..Config::default() });
    host.accept(address(1), "1");
    let rows: [(&str, &[&str]); 6] = [
        ("a", &["a"]),
        ("c;a", &["a", "c"]),
        ("x", &[]),
        ("b;;a", &["b"]),
        (";a", &names),
        ("b;x;B", &["b"]),
    ];
    for (list, expected) in rows {
        let form = Form::method("getConfiguration").with("resources", list);
        let (_, text) = host.ask(post(address(1), form.body()));
        let value: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        let given: Vec<_> = value["resources"].as_array().expect("a list").iter().collect();
        let given: Vec<_> = given.iter().map(|one| one["name"].as_str().expect("it")).collect();
        assert_eq!(given, expected, "{list}");
    }
}

/// SPEC MANIFEST-6: pieces of at most 16,384 bytes, which make up one JSON value and CR LF.
#[test]
fn configuration_comes_in_pieces() {
    let names: Vec<_> = (0..1000).map(|n| format!("resource-{n}")).collect();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    let manifest = manifest(&names);
    let mut whole = serde_json::to_vec(&manifest).expect("JSON");
    whole.extend(b"\r\n");
    let mut host = Host::new(Config { manifest, onesync: OneSync::Off, ..Config::default() });
    host.accept(address(1), "1");
    let id = host.request(configuration(1, None));
    let answer = host.answer(id);
    assert!(answer.ended && answer.pieces.concat() == whole);
    let lengths: Vec<_> = answer.pieces.iter().map(Vec::len).collect();
    let (last, full) = lengths.split_last().expect("pieces");
    assert!(full.len() > 2 && full.iter().all(|length| *length == 16_384), "{lengths:?}");
    assert!((1..=16_384).contains(last), "{lengths:?}");
}
