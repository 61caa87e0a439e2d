//! Deferrals, cards and refusals by the application (SPEC DEFER, HTTP-24).

use cfx_session::server::{ClientId, Config, Decision, Event, Input, Output, Verdict};
use serde_json::{Map, Value, json};

use super::{Form, Host, Pending, address, get_endpoints, gone, refusal};

const KEEP_ALIVE: &str = "{\"defer\":true,\"deferVersion\":2,\"message\":null}\r\n";

fn message(text: &str) -> String {
    format!("{}\r\n", json!({ "defer": true, "deferVersion": 2, "message": text }))
}

fn defer(client: ClientId, resource: &str) -> Decision {
    Decision::Defer { client, resource: resource.into() }
}

fn update(client: ClientId, resource: &str, message: &str) -> Decision {
    Decision::Update { client, resource: resource.into(), message: message.into() }
}

fn card(client: ClientId, resource: &str, card: &str) -> Decision {
    Decision::PresentCard { client, resource: resource.into(), card: card.into() }
}

fn done(client: ClientId, resource: &str, reason: Option<&str>) -> Decision {
    Decision::Done { client, resource: resource.into(), reason: reason.map(str::to_owned) }
}

fn cancel(client: ClientId, reason: Option<&str>) -> Decision {
    let verdict = Verdict::Cancel(reason.map(str::to_owned));
    Decision::Handled { client, verdict }
}

fn submit(host: &mut Host, token: &str, data: &str) -> String {
    host.post(Form::method("submitCard").with("data", data).with("token", token).body())
}

/// A server with one client that `resource` defers.
fn deferred(resource: &str) -> (Host, Pending) {
    let mut host = Host::new(Config::default());
    let pending = host.connect(address(1), &Form::init("1"));
    host.decide(defer(pending.client, resource));
    host.handled(pending.client);
    (host, pending)
}

/// What the client read since the last look.
fn told(host: &mut Host, pending: Pending) -> String {
    let answer = host.answers.get_mut(&pending.request).expect("an answer");
    let text = answer.text();
    answer.pieces.clear();
    text
}

fn token_of(host: &mut Host, pending: Pending) -> String {
    host.decide(card(pending.client, "card", "{}"));
    let text = told(host, pending);
    let value: Value = serde_json::from_str(text.lines().last().expect("a card")).expect("JSON");
    value["token"].as_str().expect("its token").to_owned()
}

/// SPEC DEFER-1, DEFER-2, DEFER-5, DEFER-8: one line for each resource, in the order of their names,
/// and nothing before the handlers are done.
#[test]
fn several_resources_at_once() {
    let mut host = Host::new(Config::default());
    let pending = host.connect(address(1), &Form::init("1"));
    let client = pending.client;
    for decision in [
        defer(client, "queue"),
        defer(client, "bans"),
        defer(client, "Zoo"),
        update(client, "bans", "Looking you up"),
        done(client, "Zoo", None),
    ] {
        host.decide(decision);
        assert_eq!(told(&mut host, pending), "");
    }
    host.handled(client);
    let line = "bans: Looking you up\nqueue: Deferring connection...\n";
    assert_eq!(told(&mut host, pending), message(line));
    for (decision, expected) in [
        (update(client, "queue", "3 of 5"), message("bans: Looking you up\nqueue: 3 of 5\n")),
        (done(client, "bans", None), message("queue: 3 of 5\n")),
        // `defer` again makes it unfinished again.
        (defer(client, "Zoo"), message("Zoo: Deferring connection...\nqueue: 3 of 5\n")),
        (done(client, "queue", None), message("Zoo: Deferring connection...\n")),
    ] {
        host.decide(decision);
        assert_eq!(told(&mut host, pending), expected);
    }
    host.decide(done(client, "Zoo", None));
    assert!(told(&mut host, pending).starts_with("{\"bitVersion\":"));
    assert!(host.answer(pending.request).ended);
    // SPEC DEFER-11: what comes after the end has no effect.
    for late in [defer(client, "a"), done(client, "a", Some("no")), cancel(client, None)] {
        host.decide(late);
    }
    assert_eq!((told(&mut host, pending), host.take()), (String::new(), vec![]));
}

/// SPEC DEFER-3: each second, counted from the first `defer`, however often others defer.
#[test]
fn keep_alives() {
    let mut host = Host::new(Config::default());
    let pending = host.connect(address(1), &Form::init("1"));
    host.run_to(250);
    host.decide(defer(pending.client, "a"));
    host.run_to(700);
    host.decide(defer(pending.client, "b"));
    host.handled(pending.client);
    told(&mut host, pending);
    for second in 1..5 {
        host.run_to(249 + second * 1000);
        assert_eq!(told(&mut host, pending), "", "{second}");
        host.run_for(1);
        assert_eq!(told(&mut host, pending), KEEP_ALIVE, "{second}");
    }
    host.decide(done(pending.client, "a", None));
    host.decide(done(pending.client, "b", None));
    told(&mut host, pending);
    host.run_for(10_000);
    assert_eq!(told(&mut host, pending), "");
}

/// SPEC DEFER-8: handlers that take their time keep their client alive, and nothing is told before
/// they have returned.
#[test]
fn slow_handlers() {
    let mut host = Host::new(Config::default());
    let pending = host.connect(address(1), &Form::init("1"));
    host.decide(defer(pending.client, "a"));
    host.run_to(200_500);
    assert_eq!(told(&mut host, pending), "");
    host.handled(pending.client);
    assert_eq!(told(&mut host, pending), message("a: Deferring connection...\n"));
    host.run_to(201_000);
    assert_eq!(told(&mut host, pending), KEEP_ALIVE);
    assert_eq!(host.take(), []);
}

/// A server that is polled late writes one keep-alive, not those that it missed.
#[test]
fn keep_alives_are_not_made_up_for() {
    let (mut host, pending) = deferred("a");
    told(&mut host, pending);
    host.now = 10_700;
    host.drain();
    assert_eq!(told(&mut host, pending), KEEP_ALIVE);
}

/// SPEC SERVER-2: a client that waits for its resources is never given up, with a keep-alive timer or,
/// where no resource called `defer`, without.
#[test]
fn a_deferral_may_take_an_hour() {
    for first in [defer, |client, resource: &str| update(client, resource, "hm")] {
        let mut host = Host::new(Config::default());
        let pending = host.connect(address(1), &Form::init("1"));
        host.decide(first(pending.client, "a"));
        host.handled(pending.client);
        host.run_to(3_600_000);
        assert_eq!((host.take(), host.server.records()), (vec![], 1));
        host.decide(done(pending.client, "a", None));
        assert!(host.answer(pending.request).ended);
        // Acceptance is a sign of life: its two minutes begin only now.
        host.run_for(120_000);
        assert_eq!(host.server.records(), 1);
    }
}

/// SPEC DEFER-4, HTTP-28: the first refusal ends it, whatever the others say.
#[test]
fn refusals() {
    let (mut host, pending) = deferred("b");
    host.decide(defer(pending.client, "a"));
    told(&mut host, pending);
    host.decide(done(pending.client, "b", Some("You are \"banned\".\n")));
    assert_eq!(told(&mut host, pending), refusal("You are \"banned\".\n"));
    assert!(host.answer(pending.request).ended);
    assert_eq!(host.take(), [gone(pending.client, None, "You are \"banned\".\n")]);
    assert_eq!(host.server.records(), 0);
    host.run_for(5000);
    assert_eq!(told(&mut host, pending), "");

    // Of several that refused before it was told, the first by name.
    let pending = host.connect(address(1), &Form::init("1"));
    for (resource, reason) in [("b", "second"), ("a", "first"), ("c", "third")] {
        host.decide(done(pending.client, resource, Some(reason)));
    }
    host.handled(pending.client);
    assert_eq!(told(&mut host, pending), refusal("first"));
}

/// SPEC DEFER-10
#[test]
fn cancelled() {
    for (reason, text) in
        [(None, "Resource prevented connection."), (Some("Go away"), "Go away"), (Some(""), "")]
    {
        for defers in [false, true] {
            let mut host = Host::new(Config::default());
            let pending = host.connect(address(1), &Form::init("1"));
            if defers {
                host.decide(defer(pending.client, "a"));
            }
            host.decide(cancel(pending.client, reason));
            assert_eq!(told(&mut host, pending), refusal(text));
            assert!(host.answer(pending.request).ended);
            assert_eq!(host.take(), [gone(pending.client, None, text)]);
        }
    }
}

/// SPEC SERVER-4: the application may drop a client that is still deferring.
#[test]
fn dropped_while_deferring() {
    for (reason, text) in [("Full", "Full"), ("", "Dropped.")] {
        let (mut host, pending) = deferred("a");
        told(&mut host, pending);
        host.decide(Decision::Drop { client: pending.client, reason: reason.into() });
        assert_eq!(told(&mut host, pending), refusal(text));
        assert_eq!(host.take(), [gone(pending.client, None, text)]);
    }
}

/// SPEC DEFER-7
#[test]
fn handover_is_merged() {
    let (mut host, pending) = deferred("a");
    let object = |value: Value| value.as_object().cloned().unwrap_or_default();
    for data in [json!({ "a": 1, "b": [2] }), json!({ "b": { "c": null } }), json!({})] {
        let client = pending.client;
        host.decide(Decision::Handover { client, data: object(data) });
    }
    host.decide(done(pending.client, "a", None));
    let text = told(&mut host, pending);
    let value: Value = serde_json::from_str(text.lines().last().expect("it")).expect("JSON");
    assert_eq!(value["handover"], json!({ "a": 1, "b": { "c": null } }));
    // Too late.
    host.decide(Decision::Handover { client: pending.client, data: Map::new() });
}

/// SPEC DEFER-6, DEFER-8: a card is text, with the token; one from before `Handled` comes after the
/// progress, and of several the last.
#[test]
fn cards() {
    let mut host = Host::new(Config::default());
    let pending = host.connect(address(1), &Form::init("1"));
    host.decide(defer(pending.client, "a"));
    for early in [r#"{"n":1}"#, r#"{"n":2}"#] {
        host.decide(card(pending.client, "a", early));
    }
    assert_eq!(told(&mut host, pending), "");
    host.handled(pending.client);
    let text = told(&mut host, pending);
    let token = token_of(&mut host, pending);
    let expected = |n: u32| {
        format!(
            "{{\"card\":\"{{\\\"n\\\":{n}}}\",\"defer\":true,\"deferVersion\":2,\"token\":\"{token}\"}}\r\n"
        )
    };
    assert_eq!(text, message("a: Deferring connection...\n") + &expected(2));
    host.decide(card(pending.client, "a", r#"{"n":3}"#));
    assert_eq!(told(&mut host, pending), expected(3));
    // A card that came too late is told to nobody.
    let mut host = Host::new(Config::default());
    let pending = host.connect(address(1), &Form::init("1"));
    host.decide(card(pending.client, "a", "{}"));
    host.decide(done(pending.client, "a", None));
    host.handled(pending.client);
    assert!(told(&mut host, pending).starts_with("{\"bitVersion\""));
}

/// SPEC HTTP-24, SEC-8
#[test]
fn card_answers() {
    let (mut host, pending) = deferred("a");
    assert_eq!(host.post("method=submitCard&token=x"), refusal("fields missing"));
    assert_eq!(host.post("method=submitCard&data=x"), refusal("fields missing"));
    assert_eq!(submit(&mut host, "x", "{}"), refusal("no client"));

    let token = token_of(&mut host, pending);
    let ok = "{\"result\":\"ok\"}\r\n";
    let data = "{\"name\":\"J\u{f6}rg & co\"}";
    assert_eq!(submit(&mut host, &token, data), ok);
    let answer = Event::CardAnswer { client: pending.client, data: data.into() };
    assert_eq!(host.take(), [Output::Event(answer)]);
    // What is no JSON reaches no handler.
    for broken in ["{", "x", "\u{0}"] {
        assert_eq!(submit(&mut host, &token, broken), ok);
        assert_eq!(host.take(), [], "{broken}");
    }
    // Nor does an answer after the end.
    host.decide(done(pending.client, "a", None));
    host.decide(done(pending.client, "card", None));
    assert!(host.answer(pending.request).ended);
    assert_eq!(submit(&mut host, &token, data), ok);
    assert_eq!(host.take(), []);
}

/// SPEC SEC-8: a client that was shown no card has none to answer.
#[test]
fn an_answer_without_a_card() {
    let mut host = Host::new(Config::default());
    let pending = host.connect(address(1), &Form::init("1"));
    host.decide(card(pending.client, "a", "{}"));
    // The card is not out yet, so the token can't be known; entropy is the test's.
    let mut twin = Host::new(Config::default());
    let token = twin.accept(address(1), "1").token;
    assert_eq!(submit(&mut host, &token, "{}"), "{\"result\":\"ok\"}\r\n");
    assert_eq!(host.take(), []);
    host.handled(pending.client);
    submit(&mut host, &token, "{}");
    assert_eq!(host.take().len(), 1);
}

/// SPEC DEFER-9: a client that went away leaves nothing behind.
#[test]
fn went_away() {
    let (mut host, pending) = deferred("a");
    let token = token_of(&mut host, pending);
    host.input(Input::HttpGone(pending.request));
    let reason = "The player went away while connecting.";
    assert_eq!(host.take(), [gone(pending.client, None, reason)]);
    assert_eq!(told(&mut host, pending), "", "nobody is there to read it");
    assert_eq!((host.server.records(), host.until), (0, None));
    assert_eq!(host.post(get_endpoints(&token)), "false\r\n");
    for late in [defer(pending.client, "a"), done(pending.client, "a", None)] {
        host.decide(late);
    }
    host.input(Input::HttpGone(pending.request));
    assert_eq!((host.take(), host.server.records()), (vec![], 0));
    host.join(address(1), "1");
    // The end of an answer that is over means nothing.
    host.input(Input::HttpGone(pending.request));
    assert_eq!(host.server.joined(), 1);
}
