//! What a hostile peer sends, and what becomes of it.

use std::net::SocketAddr;
use std::time::Duration;

use crate::support::{
    DATA, Network, admit, client_address, command, connect_datagram, fragment, packets,
    server_address,
};
use cfx_net::enet::filter::Refusal;
use cfx_net::enet::{Enet, Event, PeerId, RustyEnet, Settings};
use proptest::prelude::*;

const SECOND: Duration = Duration::from_secs(1);

/// A connected server, and the header that its only client sends.
fn victim() -> (Network, PeerId, Vec<u8>) {
    let (mut network, at_server, at_client) = Network::connected();
    network.client().send(at_client, 0, cfx_net::enet::Delivery::Unreliable, b"x").expect("sent");
    let (_, datagram) = network.client().transmit().expect("a datagram");
    let header = [datagram[0] | 0x80, datagram[1], 0, 0].to_vec();
    network.remove(client_address());
    (network, at_server, header)
}

/// Hands the server a datagram with these commands, as from its client.
fn inject(network: &mut Network, header: &[u8], commands: &[u8]) {
    let now = network.now;
    let datagram = [header, commands].concat();
    network.server().handle(client_address(), &datagram, now, &mut admit);
    network.step();
}

fn refusal(network: &mut Network) -> Option<Refusal> {
    network.server().last_refusal()
}

#[test]
fn the_injected_header_works() {
    let (mut network, _, header) = victim();
    inject(&mut network, &header, &command(0x86, 0, 1, b"\0\x05hello"));
    network.step();
    assert_eq!(packets(network.events(server_address())), [(0, b"hello".to_vec())]);
    let pieces = [fragment(2, 2, 0, 6, 0, b"abcd"), fragment(2, 2, 1, 6, 4, b"ef")];
    inject(&mut network, &header, &pieces.concat());
    network.step();
    assert_eq!(packets(network.events(server_address())), [(0, b"abcdef".to_vec())]);
    assert_eq!(network.server().dropped(), 0);
}

#[test]
fn fragments_at_the_same_place_complete_nothing() {
    let (mut network, _, header) = victim();
    let data = [0xAA; 100];
    // The same place twice; then a place that fits another size.
    inject(&mut network, &header, &fragment(1, 2, 0, 1000, 0, &data));
    assert_eq!(refusal(&mut network), Some(Refusal::Fragment), "10 pieces, said to be 2");
    inject(&mut network, &header, &fragment(1, 2, 0, 150, 0, &data));
    assert_eq!(network.server().dropped(), 1);
    inject(&mut network, &header, &fragment(1, 2, 1, 150, 0, &data));
    inject(&mut network, &header, &fragment(1, 2, 1, 150, 149, &data[..1]));
    inject(&mut network, &header, &fragment(1, 2, 1, 150, 50, &data));
    inject(&mut network, &header, &fragment(1, 2, 1, 150, 120, &data[..30]));
    assert_eq!(network.server().dropped(), 5);
    network.run_for(SECOND);
    assert_eq!(packets(network.events(server_address())), []);
    // The honest last piece still completes the packet.
    inject(&mut network, &header, &fragment(1, 2, 1, 150, 100, &data[..50]));
    network.run_for(SECOND);
    assert_eq!(packets(network.events(server_address())), [(0, vec![0xAA; 150])]);
}

#[test]
fn a_fragment_sets_aside_no_more_than_allowed() {
    let (mut network, _, header) = victim();
    let total: u32 = (512 << 10) + 1;
    inject(&mut network, &header, &fragment(1, total.div_ceil(8), 0, total, 0, &[0; 8]));
    assert_eq!(refusal(&mut network), Some(Refusal::Packet));
}

#[test]
fn drops_what_does_not_fit() {
    let (mut network, _, header) = victim();
    let server = server_address();
    let cases: [(&str, Vec<u8>, Refusal); 9] = [
        ("command 0", command(0, 0, 1, b""), Refusal::Command),
        ("command 13", command(0x8D, 0, 1, &[0; 40]), Refusal::Command),
        ("cut header", vec![0x86, 0], Refusal::Command),
        ("data beyond the end", command(0x86, 0, 1, b"\0\x06hello"), Refusal::Command),
        ("a good one, then rubbish", command(0x86, 0, 1, b"\0\x01x\0"), Refusal::Command),
        ("CONNECT of a peer", connect_datagram(1, DATA)[4..].to_vec(), Refusal::Value),
        ("VERIFY_CONNECT to a server", command(0x83, 0xFF, 1, &[0; 40]), Refusal::Value),
        ("empty fragment", fragment(1, 2, 0, 150, 0, b""), Refusal::Fragment),
        ("fragment number", fragment(1, 2, 2, 150, 100, &[0; 50]), Refusal::Fragment),
    ];
    for (name, commands, want) in cases {
        inject(&mut network, &header, &commands);
        assert_eq!(refusal(&mut network), Some(want), "{name}");
    }
    network.run_for(SECOND);
    assert_eq!(network.events(server), []);
}

#[test]
fn drops_datagrams_by_sender_and_length() {
    let (mut network, _, header) = victim();
    let now = network.now;
    let ping = [&header[..], &command(0x85, 0xFF, 9, b"")].concat();
    let elsewhere: SocketAddr = "203.0.113.5:50000".parse().expect("an address");
    let no_port: SocketAddr = "203.0.113.5:0".parse().expect("an address");
    let mut compressed = ping.clone();
    compressed[0] |= 0x40;
    let mut other_peer = ping.clone();
    other_peer[1] = 200;
    let long = [&header[..], &command(0x86, 0, 1, &2000_u16.to_be_bytes()), &[0; 2000]].concat();
    for (name, from, datagram, want) in [
        ("another address", elsewhere, ping, Refusal::Peer),
        ("port 0", no_port, connect_datagram(1, DATA), Refusal::Port),
        ("compressed", client_address(), compressed, Refusal::Header),
        ("another peer", client_address(), other_peer, Refusal::Peer),
        ("over the MTU", client_address(), long, Refusal::Length),
        ("over ENet's buffer", client_address(), vec![0x8F; 4097], Refusal::Length),
        ("nothing", client_address(), Vec::new(), Refusal::Header),
        ("no time", client_address(), vec![0x80, 0, 0], Refusal::Header),
    ] {
        network.server().handle(from, &datagram, now, &mut admit);
        assert_eq!(refusal(&mut network), Some(want), "{name}");
        assert_eq!(network.server().transmit(), None, "{name}");
    }
}

#[test]
fn a_client_keeps_its_channels() {
    let mut network = Network::new();
    let now = network.now;
    network.client().connect(server_address(), DATA, now).expect("a peer");
    let (_, connect) = network.client().transmit().expect("a CONNECT");
    network.server().handle(client_address(), &connect, now, &mut admit);
    let (_, mut verify) = network.server().transmit().expect("a VERIFY_CONNECT");
    assert_eq!(verify[4], 0x83);
    for channels in [1, 3] {
        verify[23] = channels;
        network.client().handle(server_address(), &verify, now, &mut admit);
        assert_eq!(network.client().last_refusal(), Some(Refusal::Value));
    }
    assert_eq!(network.client().poll(now), None);
    verify[23] = 2;
    network.client().handle(server_address(), &verify, now, &mut admit);
    assert!(matches!(network.client().poll(now), Some(Event::Connected { .. })));
}

fn server(settings: Settings) -> RustyEnet {
    RustyEnet::new(settings).expect("valid settings")
}

fn address(host: u8, port: u16) -> SocketAddr {
    SocketAddr::from(([203, 0, 113, host], port))
}

#[test]
fn a_connect_nobody_stands_behind_costs_little() {
    let mut host = server(Settings::server(1));
    let mut sent = Vec::new();
    host.handle(address(1, 1000), &connect_datagram(7, DATA), Duration::ZERO, &mut admit);
    for step in 0..4000_u64 {
        let now = Duration::from_millis(10 * step);
        assert_eq!(host.poll(now), None);
        while let Some((to, datagram)) = host.transmit() {
            assert_eq!(to, address(1, 1000));
            sent.push((now, datagram.len()));
        }
    }
    // Four tries in five seconds; ENet by itself sends six in 31.5.
    assert_eq!(sent.len(), 4, "{sent:?}");
    assert_eq!(sent.iter().map(|(_, length)| length).sum::<usize>(), 192);
    assert!(sent.iter().all(|(when, _)| *when < 5 * SECOND), "{sent:?}");
    assert_eq!(host.next_deadline(40 * SECOND), None, "the peer was given back");
}

#[test]
fn a_connect_not_admitted_costs_nothing() {
    let mut host = server(Settings::server(1));
    let mut asked = 0;
    for step in 0..1000_u16 {
        let mut gate = |from: SocketAddr, request: &cfx_net::enet::ConnectRequest| {
            assert_eq!((from.port(), request.connect_id), (step + 1, 7));
            asked += 1;
            false
        };
        host.handle(address(1, step + 1), &connect_datagram(7, DATA), Duration::ZERO, &mut gate);
        assert_eq!(host.poll(SECOND), None);
        assert_eq!(host.transmit(), None);
    }
    assert_eq!(asked, 1000);
    assert_eq!(host.dropped(), 1000);
    assert_eq!(host.next_deadline(SECOND), None);
}

#[test]
fn a_repeated_connect_is_asked_once() {
    let mut host = server(Settings::server(1));
    let mut asked = 0;
    for millisecond in [0, 500, 1500] {
        let now = Duration::from_millis(millisecond);
        let mut gate = |_: SocketAddr, _: &cfx_net::enet::ConnectRequest| {
            asked += 1;
            true
        };
        host.handle(address(1, 1000), &connect_datagram(7, DATA), now, &mut gate);
    }
    assert_eq!(asked, 1);
}

#[test]
fn half_open_connections_are_bounded() {
    let settings = Settings {
        peer_limit: 64,
        max_half_open: 10,
        max_half_open_per_source: 4,
        ..Settings::server(1)
    };
    let mut host = server(settings);
    let connect = |host: &mut RustyEnet, from: SocketAddr, now: Duration| {
        let before = host.dropped();
        host.handle(from, &connect_datagram(u32::from(from.port()), DATA), now, &mut admit);
        host.dropped() == before
    };
    // Four of one address, whatever the port.
    for port in 1..=8 {
        assert_eq!(connect(&mut host, address(1, port), Duration::ZERO), port <= 4);
    }
    // Ten in all.
    for other in 2..=9 {
        assert_eq!(connect(&mut host, address(other, 1), Duration::ZERO), other <= 7);
    }
    assert_eq!(host.last_refusal(), Some(Refusal::HalfOpen));
    // Five seconds later they are given back.
    assert!(!connect(&mut host, address(9, 9), Duration::from_millis(4999)));
    assert!(connect(&mut host, address(1, 9), 5 * SECOND));
    assert!(connect(&mut host, address(9, 9), 5 * SECOND));
}

#[test]
fn every_peer_in_use_is_no_error() {
    let settings = Settings { peer_limit: 2, ..Settings::server(1) };
    let mut host = server(settings);
    for from in 1..=5 {
        let datagram = connect_datagram(u32::from(from), DATA);
        host.handle(address(from, 1), &datagram, Duration::ZERO, &mut admit);
    }
    let mut answered = std::collections::BTreeSet::new();
    while let Some((to, _)) = host.transmit() {
        answered.insert(to);
    }
    assert_eq!(answered, [address(1, 1), address(2, 1)].into());
}

#[test]
fn a_caller_that_never_polls_is_bounded() {
    let (mut network, _, header) = victim();
    let now = network.now;
    for sequence in 0..20_000_u16 {
        let commands = command(0x86, 0, sequence.wrapping_add(1), b"\0\x01x");
        let datagram = [&header[..], &commands].concat();
        network.server().handle(client_address(), &datagram, now, &mut admit);
    }
    assert_eq!(refusal(&mut network), Some(Refusal::Queue));
    network.run_for(SECOND);
    assert_eq!(packets(network.events(server_address())).len(), 4096);
}

/// Commands with valid layouts and odd values.
fn odd_command() -> impl Strategy<Value = Vec<u8>> {
    let small = prop_oneof![0_u32..6, Just(u32::MAX), any::<u32>()];
    (0_u8..16, any::<bool>(), 0_u8..4, 0_u16..6, prop::collection::vec(small, 11), 0_usize..60)
        .prop_map(|(number, acknowledge, channel, sequence, fields, data)| {
            let data = vec![0x55; data];
            let length = u16::try_from(data.len()).expect("short").to_be_bytes();
            let start = sequence.to_be_bytes();
            let mut body = match number {
                6 => length.to_vec(),
                7 | 9 => [start, length].concat(),
                8 | 12 => {
                    let mut fields: Vec<u8> =
                        fields[..4].iter().flat_map(|field| (field % 200).to_be_bytes()).collect();
                    fields.splice(0..0, [start, length].concat());
                    fields
                }
                _ => fields.iter().flat_map(|field| field.to_be_bytes()).collect(),
            };
            let fixed: usize =
                [0, 8, 48, 44, 8, 4, 6, 8, 24, 8, 12, 16, 24, 4, 4, 4][usize::from(number)];
            body.truncate(usize::max(fixed, 4) - 4);
            if matches!(number, 6..=9 | 12) {
                body.extend(data);
            }
            command(number | if acknowledge { 0x80 } else { 0 }, channel, sequence, &body)
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_bytes_are_survived(datagrams in prop::collection::vec(
        (any::<bool>(), prop::collection::vec(any::<u8>(), 0..80)), 1..40))
    {
        let (mut network, _, header) = victim();
        for (addressed, bytes) in datagrams {
            inject(&mut network, if addressed { &header } else { &[] }, &bytes);
        }
        network.run_for(SECOND);
    }

    #[test]
    fn odd_commands_are_survived(datagrams in prop::collection::vec(
        prop::collection::vec(odd_command(), 1..4), 1..40))
    {
        let (mut network, _, header) = victim();
        for commands in datagrams {
            inject(&mut network, &header, &commands.concat());
        }
        network.run_for(SECOND);
        // Only what the injected datagrams carried comes out: no byte that was never written.
        for (_, payload) in packets(network.events(server_address())) {
            prop_assert!(payload.iter().all(|byte| *byte == 0x55));
        }
    }
}
