//! What a flood may cost (SPEC SERVER-5, SEC-5).

use std::net::SocketAddr;

use cfx_game::frame::Payload;
use cfx_game::keep_alive::KeepAlive;
use cfx_session::server::{Config, Input, Output};

use super::{Form, Host, address, frame, post, refusal};

const NO_ROOM: &str = "The server can't take any more connections right now. Try again later.";

/// How many of these many requests with guids of their own are let in.
fn let_in(host: &mut Host, from: impl Fn(u32) -> SocketAddr, many: u32) -> usize {
    let before = host.server.records();
    for n in 0..many {
        let guid = format!("{n}@{}", from(n));
        let id = host.request(post(from(n), Form::init(&guid).body()));
        let answer = host.answer(id);
        assert!(answer.pieces.is_empty() || answer.text() == refusal(NO_ROOM));
    }
    host.server.records() - before
}

#[test]
fn records_are_bounded() {
    let mut host = Host::new(Config { max_records: 10, ..Config::default() });
    let stays = host.join(address(1000), "stays");
    assert_eq!(let_in(&mut host, address, 50), 9);
    // The same guid again takes its own place.
    host.connect(address(0), &Form::init(&format!("0@{}", address(0))));
    assert_eq!((host.server.records(), host.server.joined()), (10, 1));
    // Those who never go on make room after two minutes.
    for _ in 0..13 {
        host.packet(stays.peer, address(1000), &KeepAlive.to_packet());
        host.run_for(10_000);
    }
    assert_eq!((host.server.records(), host.server.joined()), (1, 1));
    host.connect(address(1), &Form::init("1"));
}

#[test]
fn connecting_clients_of_an_address_are_bounded() {
    let mut host = Host::new(Config { max_connecting_per_address: 3, ..Config::default() });
    let v6 = |n: u32| format!("[2001:db8::{n:x}]:1").parse().expect("an address");
    let proxy = |_| SocketAddr::from(([10, 0, 0, 1], 1));
    assert_eq!(let_in(&mut host, |_| address(1), 10), 3);
    assert_eq!(let_in(&mut host, |_| address(2), 10), 3);
    assert_eq!(let_in(&mut host, v6, 10), 3, "a /64 is one");
    assert_eq!(let_in(&mut host, proxy, 10), 10);
    // Whoever has joined does not count any more, and neither do those who went away.
    for n in 0..5 {
        host.join(address(3), &format!("joined {n}"));
    }
    for n in 0..5 {
        let pending = host.connect(address(4), &Form::init(&format!("leaves {n}")));
        host.input(Input::HttpGone(pending.request));
    }
}

/// 100,000 clients of as many addresses: the table stays bounded, and who plays goes on playing.
#[test]
fn a_flood() {
    let mut host = Host::new(Config { max_records: 256, ..Config::default() });
    let players: Vec<_> = (0..4).map(|n| host.join(address(n), &format!("player {n}"))).collect();
    let body = Form::init("GUID").body();
    let body = String::from_utf8(body).expect("a form");
    for n in 0..100_000_u32 {
        let id = host.request(post(address(1000 + n), body.replace("GUID", &n.to_string())));
        assert!(host.server.records() <= 256);
        host.answers.remove(&id);
        if n % 10_000 == 0 {
            host.run_for(10_000);
            host.take();
            for player in &players {
                host.packet(player.peer, player.accepted.from, &KeepAlive.to_packet());
            }
        }
    }
    assert_eq!(host.server.joined(), 4);
    host.take();
    host.run_for(1000);
    let frames: Vec<_> = players.iter().map(|player| frame(player.peer)).collect();
    assert_eq!(host.take(), frames);
}

/// More addresses than a limiter remembers: a newcomer is answered all the same.
#[test]
fn a_flood_of_getinfo() {
    let mut host = Host::new(Config::default());
    for n in 0..20_000 {
        host.input(Input::Datagram { from: address(n), data: b"\xFF\xFF\xFF\xFFgetinfo" });
        let answers = host.take();
        assert!(matches!(answers[..], [Output::Datagram { .. }]), "{n}");
    }
}
