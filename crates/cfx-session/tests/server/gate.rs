//! Which ENet CONNECTs are answered, and what becomes of connections without a handshake (SPEC ENET-3,
//! ENET-4, ENET-7, ENET-8, SERVER-6).

use std::net::SocketAddr;

use cfx_session::server::{Config, Decision, Event, Input, Output, Verdict};
use cfx_wire::hash;

use super::{Form, Host, address, connect_ok, frame};

fn other_port(from: SocketAddr) -> SocketAddr {
    SocketAddr::new(from.ip(), from.port() + 1)
}

/// SPEC ENET-3
#[test]
fn unknown_hashes() {
    let mut host = Host::new(Config::default());
    for data in [0, 1, u32::MAX, hash::lower(b"")] {
        assert!(!host.admits(address(1), 1, data));
    }
    let accepted = host.accept(address(1), "1");
    assert!(!host.admits(address(1), 1, accepted.data() ^ 1));
    assert!(host.admits(address(1), 1, accepted.data()));
    host.decide(Decision::Drop { client: accepted.client, reason: String::new() });
    assert!(!host.admits(address(1), 2, accepted.data()), "the token is dead");
}

/// SPEC ENET-4, ENET-7: four tries with different connect ids; one repeated is no try.
#[test]
fn tries() {
    let mut host = Host::new(Config::default());
    let from = address(1);
    let data = host.accept(from, "1").data();
    for connect_id in 1..=4 {
        for _ in 0..10 {
            assert!(host.admits(from, connect_id, data), "{connect_id}");
        }
    }
    assert!(!host.admits(from, 5, data));
    assert!(host.admits(from, 4, data), "the last one is still known");
}

/// SPEC ENET-4, ENET-8: the address of the first try is the token's, the port is free; tries of others
/// are not counted.
#[test]
fn addresses() {
    let mut host = Host::new(Config::default());
    let from = address(1);
    // The token's HTTP address says nothing.
    let data = host.accept(address(7), "1").data();
    assert!(host.admits(from, 1, data));
    for connect_id in 0..100 {
        assert!(!host.admits(address(2), connect_id, data));
    }
    assert!(host.admits(other_port(from), 1, data), "another port is another try");
    assert!(host.admits(from, 3, data) && host.admits(from, 4, data));
    assert!(!host.admits(from, 5, data));
}

/// SPEC ENET-4: a connected token admits no one, and a disconnect clears count and address.
#[test]
fn connected_tokens() {
    let mut host = Host::new(Config::default());
    let accepted = host.accept(address(1), "1");
    let data = accepted.data();
    for connect_id in 1..=3 {
        assert!(host.admits(address(1), connect_id, data));
    }
    let peer = host.peer(data);
    for (from, connect_id) in [(address(1), 3), (address(1), 9), (address(2), 9)] {
        assert!(!host.admits(from, connect_id, data));
    }
    host.input(Input::PeerGone(peer));
    assert_eq!(host.take(), []);
    for connect_id in 11..=14 {
        assert!(host.admits(address(2), connect_id, data));
    }
    assert!(!host.admits(address(2), 15, data));
    assert!(!host.admits(address(1), 16, data));
}

/// SPEC ENET-4: of two connections that a token had under way, the second to complete is reset.
#[test]
fn two_connections_of_one_token() {
    let mut host = Host::new(Config::default());
    let accepted = host.accept(address(1), "1");
    assert!(host.admits(address(1), 1, accepted.data()));
    assert!(host.admits(address(1), 2, accepted.data()));
    let first = host.peer(accepted.data());
    assert_eq!(host.take(), []);
    let second = host.peer(accepted.data());
    assert_eq!(host.take(), [Output::Reset(second)]);
    assert!(!host.admits(address(1), 3, accepted.data()));
    host.packet(first, address(1), &accepted.handshake());
    let joined = |output: &Output| matches!(output, Output::Event(Event::Joined { .. }));
    assert!(host.take().iter().any(joined));
    assert_eq!(host.server.joined(), 1);
}

/// SPEC SERVER-6: a connection whose client went away while ENet was still connecting is reset: nobody
/// could ever bind it.
#[test]
fn a_connection_of_nobody() {
    let mut host = Host::new(Config::default());
    let accepted = host.accept(address(1), "1");
    assert!(host.admits(address(1), 1, accepted.data()));
    host.decide(Decision::Drop { client: accepted.client, reason: String::new() });
    host.take();
    let peer = host.peer(accepted.data());
    assert_eq!(host.take(), [Output::Reset(peer)]);
}

/// SPEC SERVER-6: 30 s without a good handshake, whatever the client does meanwhile.
#[test]
fn unbound_connections() {
    let settings: [fn(&mut Host) -> u32; 3] = [
        |host| host.accept(address(1), "1").data(),
        // A client that is still deferred may connect, and has a keep-alive each second.
        |host| deferring(host, |client| Decision::Defer { client, resource: "a".into() }),
        |host| {
            deferring(host, |client| {
                let (resource, message) = ("a".into(), "hm".into());
                Decision::Update { client, resource, message }
            })
        },
    ];
    for setting in settings {
        let mut host = Host::new(Config::default());
        let data = setting(&mut host);
        host.run_to(10_300);
        assert!(host.admits(address(1), 1, data));
        let peer = host.peer(data);
        host.run_to(40_299);
        assert_eq!(host.take(), []);
        host.run_to(40_300);
        assert_eq!(host.take(), [Output::Reset(peer)]);
        // The client is there still, and may try again.
        assert_eq!(host.server.records(), 1);
        assert!(host.admits(address(1), 2, data));
        host.run_to(100_000);
        assert_eq!(host.take(), []);
    }
}

/// A client that one resource defers, with the `data` of its CONNECT.
fn deferring(
    host: &mut Host,
    decision: impl FnOnce(cfx_session::server::ClientId) -> Decision,
) -> u32 {
    let pending = host.connect(address(1), &Form::init("1"));
    host.decide(decision(pending.client));
    host.decide(Decision::Handled { client: pending.client, verdict: Verdict::Continue });
    let (client, resource, card) = (pending.client, "a".into(), "{}".into());
    host.decide(Decision::PresentCard { client, resource, card });
    let text = host.answer(pending.request).text();
    let card: serde_json::Value =
        serde_json::from_str(text.lines().last().expect("a card")).expect("JSON");
    hash::lower(card["token"].as_str().expect("its token").as_bytes())
}

/// A connection that is bound stays.
#[test]
fn bound_connections_stay() {
    let mut host = Host::new(Config::default());
    let accepted = host.accept(address(1), "1");
    let peer = host.enter(&accepted);
    host.take();
    for second in 1..=45 {
        host.run_to(second * 1000);
        assert_eq!(host.take(), [frame(peer)], "{second}");
    }
}

/// A bound peer may have come with another token than its client's: it belongs to neither's time limit,
/// and goes with its own client alone.
#[test]
fn a_connection_by_another_s_token() {
    let mut host = Host::new(Config::default());
    let (one, two) = (host.accept(address(1), "1"), host.accept(address(1), "2"));
    assert!(host.admits(address(1), 1, two.data()));
    let peer = host.peer(two.data());
    host.packet(peer, address(1), &one.handshake());
    assert!(host.take().contains(&connect_ok(peer, " 1 -1 -1 128 0")));
    host.run_to(31_000);
    assert!(!host.take().contains(&Output::Reset(peer)));
    assert!(!host.admits(address(1), 2, two.data()), "the other's token is connected");
    host.decide(Decision::Drop { client: two.client, reason: String::new() });
    assert!(!host.take().contains(&Output::Reset(peer)));
    assert_eq!(host.server.joined(), 1);
    host.decide(Decision::Drop { client: one.client, reason: String::new() });
    assert!(host.take().contains(&Output::Reset(peer)));
}

/// With that peer, the token it came with is free again.
#[test]
fn the_end_of_a_connection_by_another_s_token() {
    let mut host = Host::new(Config::default());
    let (one, two) = (host.accept(address(1), "1"), host.accept(address(2), "2"));
    let peer = host.peer(two.data());
    host.packet(peer, address(1), &one.handshake());
    host.decide(Decision::Drop { client: one.client, reason: String::new() });
    host.enter(&two);
    assert_eq!(host.server.joined(), 1);
}
