//! Tickets at the server: the key and its rotation, single use, what a good one gives (SPEC TICKET).

use std::sync::LazyLock;

use cfx_control::ticket::mint::{Mint, test_key};
use cfx_control::ticket::{PublicKey, TicketExtra};
use cfx_session::http::RequestId;
use cfx_session::server::{Config, Decision, Event, Input, Output};

use super::{Form, Host, address, post, refusal};

const GUID: u64 = 148_618_792_331_476_182;
/// The wall clock at the test's zero.
const UNIX: u64 = 1_900_000_000;
const EXPIRY: u64 = UNIX + 7200;
const CLAIMS: &str = r#"{"gn":"gta5","hw":["2:aa"],"si":"abcd12","tk":["discord:1","fivem:2"]}"#;
const MINUTE: u64 = 60_000;

const INVALID: &str = "Ticket authorization failed. Invalid ticket signature.";
const NO_KEY: &str = "public key request failed.";
const NO_KEY_AGAIN: &str = "public key request failed (2).";

static GOOD: LazyLock<String> = LazyLock::new(|| mint(EXPIRY, CLAIMS));

fn mint(expiry: u64, claims: &str) -> String {
    let extra = TicketExtra {
        entitlement_hash: Some([0x0A; 20]),
        extra_json: Some(claims.as_bytes().to_vec()),
    };
    let key = test_key().expect("the key is good");
    Mint { guid: GUID, expiry, extra }.sign(&key).expect("it signs")
}

/// A ticket with another digit at this place of its base64.
fn with_another_digit(mut ticket: String, at: usize) -> String {
    let other = if ticket.as_bytes()[at] == b'A' { "B" } else { "A" };
    ticket.replace_range(at..=at, other);
    ticket
}

/// The good ticket with another digit at this place of its base64.
fn forged(at: usize) -> String {
    with_another_digit(GOOD.clone(), at)
}

/// The good ticket with a first signature that is no one's.
fn unsigned() -> String {
    forged(100)
}

fn key() -> Decision {
    Decision::TicketKey(Some((&test_key().expect("the key is good")).into()))
}

/// A key that signed none of these tickets.
fn other_key() -> Decision {
    let modulus = cfx_fixtures::vectors("ticket")[0].bytes("key_n");
    let key = PublicKey::from_components(&modulus, &[1, 0, 1]);
    Decision::TicketKey(Some(key.expect("a key")))
}

fn form(ticket: &str) -> Form {
    Form::init(&GUID.to_string()).with("cfxTicket2", ticket)
}

fn host() -> Host {
    Host::new(Config {
        lan: false,
        server_id: "abcd12".into(),
        unix_time_at_zero: UNIX,
        ..Config::default()
    })
}

/// A server that was given this key when it first asked.
fn host_with(key: Decision) -> Host {
    let mut host = host();
    host.request(post(address(99), form("AAAA").body()));
    wanted(&mut host);
    host.decide(key);
    host
}

/// A server whose key is just old enough to be asked for again, and a ticket that waits for it.
fn asked_again() -> (Host, RequestId) {
    let mut host = host_with(other_key());
    host.run_to(5 * MINUTE + 1);
    let id = send(&mut host, &GOOD);
    wanted(&mut host);
    (host, id)
}

fn send(host: &mut Host, ticket: &str) -> RequestId {
    host.request(post(address(1), form(ticket).body()))
}

/// The server wants the key, and nothing else.
#[track_caller]
fn wanted(host: &mut Host) {
    assert_eq!(host.take(), [Output::Event(Event::TicketKeyWanted)]);
}

#[track_caller]
fn assert_refused(host: &Host, id: RequestId, text: &str) {
    let answer = host.answer(id);
    assert_eq!((answer.text(), answer.ended), (refusal(text), true));
}

#[track_caller]
fn assert_waits(host: &mut Host, id: RequestId) {
    assert_eq!((host.answer(id).pieces, host.take()), (Vec::<Vec<u8>>::new(), vec![]));
}

/// SPEC TICKET-5, TICKET-9: the first ticket makes the server ask for the key; a good one gives the
/// player's identifiers, and passes once, however often the reference empties its memory.
#[test]
fn a_good_ticket_passes_once() {
    let mut host = host();
    let id = send(&mut host, &GOOD);
    wanted(&mut host);
    host.decide(key());
    let events = host.take();
    let [Output::Event(Event::Connecting { client, identifiers, .. })] = &events[..] else {
        panic!("{events:?}");
    };
    let license = format!("license:{}", "0a".repeat(20));
    assert_eq!(identifiers, &[&license, "discord:1", "fivem:2", "ip:100.0.0.1"]);
    host.handled(*client);
    assert!(host.answer(id).text().starts_with("{\"bitVersion\""));
    for minutes in [0, 31, 62, 119] {
        host.run_to(minutes * MINUTE);
        let id = send(&mut host, &GOOD);
        assert_refused(&host, id, "Ticket authorization failed. Reused ticket.");
    }
    assert_eq!(host.server.records(), 0, "it timed out long ago");
}

/// SPEC TICKET-3, TICKET-4, TICKET-7
#[test]
fn refusals() {
    let mut host = host_with(key());
    let authorization = |text: &str| format!("Ticket authorization failed. {text}");
    let parsing =
        "Parsing error while verifying ticket. base64_decode: invalid base64 character '!'";
    let rows = [
        ("AAAA!".to_owned(), parsing.to_owned()),
        ("AAAA".to_owned(), authorization("Invalid ticket length.")),
        (forged(0), authorization("Invalid ticket length. (2)")),
        (unsigned(), authorization("Invalid ticket signature.")),
        (forged(GOOD.len() - 40), authorization("(2)")),
        (
            mint(UNIX - 1, CLAIMS),
            authorization("Ticket expired. Please check your server's system time."),
        ),
    ];
    for (ticket, text) in rows {
        let id = send(&mut host, &ticket);
        assert_refused(&host, id, &text);
    }
    let other = Form::init(&(GUID + 1).to_string()).with("cfxTicket2", &*GOOD);
    assert_eq!(host.post(other.body()), refusal("Ticket authorization failed. Mismatching GUID."));
    assert_eq!(
        host.post(Form::init("1").body()),
        refusal("No authentication ticket was specified.")
    );
    assert_eq!((host.take(), host.server.records()), (vec![], 0));
    // SPEC TICKET-10: none of them used the pair up.
    send(&mut host, &GOOD);
    host.connecting();
}

/// SPEC TICKET-3: good up to and in its last second.
#[test]
fn the_last_second() {
    let ticket = mint(UNIX + 10, CLAIMS);
    for (at, good) in [(10_999, true), (11_000, false)] {
        let mut host = host_with(key());
        host.run_to(at);
        let id = send(&mut host, &ticket);
        assert_eq!(host.answer(id).ended, !good, "{at}");
        assert_eq!(host.take().len(), usize::from(good), "{at}");
    }
}

/// SPEC TICKET-6: a key is fetched anew for a bad signature only when it is more than 5 minutes old.
#[test]
fn a_young_key_is_not_asked_for_again() {
    let mut host = host_with(other_key());
    for at in [0, 1000, 5 * MINUTE] {
        host.run_to(at);
        let id = send(&mut host, &GOOD);
        assert_refused(&host, id, INVALID);
        assert_eq!(host.take(), []);
    }
}

/// SPEC TICKET-6, and our departure: the ticket is checked with the new key, where the reference finds
/// it used.
#[test]
fn an_old_key_is_replaced() {
    let (mut host, id) = asked_again();
    host.decide(key());
    let client = host.connecting();
    host.handled(client);
    assert!(host.answer(id).ended);
}

/// SPEC TICKET-6: the second bad signature refuses, as the new key is young.
#[test]
fn a_second_bad_signature_refuses() {
    let (mut host, id) = asked_again();
    host.decide(other_key());
    assert_refused(&host, id, INVALID);
    let id = send(&mut host, &GOOD);
    assert_refused(&host, id, INVALID);
    assert_eq!(host.take(), []);
}

/// SPEC TICKET-7: no key, by the application's word or by its silence of 30 s.
#[test]
fn no_key() {
    let mut host = host();
    let id = send(&mut host, &GOOD);
    wanted(&mut host);
    host.decide(Decision::TicketKey(None));
    assert_refused(&host, id, NO_KEY);
    // The next one asks again.
    let id = send(&mut host, &GOOD);
    wanted(&mut host);
    host.run_for(29_999);
    assert_waits(&mut host, id);
    host.run_for(1);
    assert_refused(&host, id, NO_KEY);
    // A key that comes too late is a key.
    host.decide(key());
    send(&mut host, &GOOD);
    host.connecting();

    let (mut host, id) = asked_again();
    host.run_for(30_000);
    assert_refused(&host, id, NO_KEY_AGAIN);
}

/// A bad ticket has the key looked for again, and costs nobody else anything: the key at hand stays
/// good meanwhile, and after it was looked for in vain. The reference throws it away first.
#[test]
fn a_bad_ticket_locks_nobody_out() {
    let mut host = host_with(key());
    host.run_to(6 * MINUTE);
    let bad = send(&mut host, &unsigned());
    wanted(&mut host);
    send(&mut host, &GOOD);
    host.connecting();
    assert_waits(&mut host, bad);
    host.decide(Decision::TicketKey(None));
    assert_refused(&host, bad, NO_KEY_AGAIN);
    send(&mut host, &mint(EXPIRY + 1, CLAIMS));
    let is_connecting = |output: &Output| matches!(output, Output::Event(Event::Connecting { .. }));
    assert!(host.take().iter().any(is_connecting));
    // It is not looked for again at once.
    let bad = send(&mut host, &with_another_digit(mint(EXPIRY + 2, CLAIMS), 100));
    assert_refused(&host, bad, INVALID);
}

/// SPEC SERVER-5: the key is asked for once, and those who wait for it are bounded.
#[test]
fn many_wait_for_the_key() {
    let mut host = host();
    let waiting: Vec<_> = (0..256).map(|_| send(&mut host, "AAAA")).collect();
    wanted(&mut host);
    let id = send(&mut host, "AAAA");
    assert_refused(&host, id, NO_KEY);
    // One whose peer went away makes room, and is not answered.
    host.input(Input::HttpGone(waiting[7]));
    let last = send(&mut host, &GOOD);
    assert_waits(&mut host, last);
    host.decide(key());
    for (n, id) in waiting.into_iter().enumerate() {
        if n == 7 {
            assert_eq!(host.answer(id).status, None);
        } else {
            assert_refused(&host, id, "Ticket authorization failed. Invalid ticket length.");
        }
    }
    host.connecting();
}

/// SPEC TICKET-8: for another game or server; an older client of the guid is dropped before that.
#[test]
fn tickets_for_others() {
    let mut host = host_with(key());
    let (game, server) = (
        "CitizenFX ticket authorization failed. (3)",
        "CitizenFX ticket authorization failed. (4)",
    );
    let rows = [
        (r#"{"gn":"rdr3","si":"abcd12"}"#, game),
        (r#"{"gn":1,"si":"abcd12"}"#, game),
        (r#"{"si":"abcd12"}"#, game),
        ("{", game),
        ("[]", game),
        (r#"{"gn":"gta5","si":"abcd13"}"#, server),
        (r#"{"gn":"gta5","si":null}"#, server),
        (r#"{"gn":"gta5"}"#, server),
    ];
    for (expiry, (claims, text)) in (EXPIRY..).zip(rows) {
        let id = send(&mut host, &mint(expiry, claims));
        assert_refused(&host, id, text);
    }
    let guid = GUID.to_string();
    let first = host.connect(address(1), &form(&mint(EXPIRY - 1, CLAIMS)));
    let id = send(&mut host, &mint(EXPIRY - 2, "{}"));
    assert_refused(&host, id, game);
    assert_refused(&host, first.request, "Reconnecting");
    assert_eq!(host.server.records(), 0, "{guid}");
}

/// SPEC TICKET-1: under `sv_lan` nobody looks at a ticket.
#[test]
fn tickets_on_a_local_network() {
    let mut host = Host::new(Config::default());
    let id = send(&mut host, "AAAA!");
    let events = host.take();
    let [Output::Event(Event::Connecting { identifiers, .. })] = &events[..] else {
        panic!("{events:?} {:?}", host.answer(id));
    };
    assert_eq!(identifiers, &["ip:100.0.0.1"]);
}
