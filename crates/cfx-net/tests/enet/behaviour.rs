//! Two hosts in memory on a virtual clock: what the boundary promises.

use std::time::Duration;

use crate::support::{
    DATA, Network, client_address, is_connected, is_disconnected, packets, server_address,
};
use cfx_net::enet::filter::Refusal;
use cfx_net::enet::{
    ConnectError, Delivery, Enet, Event, RustyEnet, SendError, Settings, connect_request,
};

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn connects_with_data() {
    let (mut network, at_server, at_client) = Network::connected();
    assert!(network.server().round_trip(at_server).is_some());
    assert!(network.client().round_trip(at_client).is_some());
    let now = network.now;
    assert!(network.server().next_deadline(now).is_some());
}

#[test]
fn a_host_without_peers_wants_no_time() {
    let host = RustyEnet::new(Settings::server(1)).expect("valid settings");
    assert_eq!(host.next_deadline(SECOND), None);
}

#[test]
fn does_not_answer_who_is_not_admitted() {
    let mut network = Network::new();
    let now = network.now;
    let peer = network.client().connect(server_address(), DATA ^ 1, now).expect("a peer");
    let mut answered = false;
    for _ in 0..1000 {
        network.step();
        answered |= network.server().transmit().is_some();
    }
    assert!(!answered);
    assert_eq!(network.server().last_refusal(), Some(Refusal::NotAdmitted));
    // The client gives up after its time-out (SPEC ENET-6).
    network.run(40 * SECOND, |network| network.saw(client_address(), is_disconnected));
    assert!(network.now > 30 * SECOND && network.now < 40 * SECOND, "{:?}", network.now);
    assert_eq!(network.events(client_address()), [Event::Disconnected { peer, data: 0 }]);
    assert_eq!(network.events(server_address()), []);
}

#[test]
fn carries_packets_of_every_kind_both_ways() {
    let (mut network, at_server, at_client) = Network::connected();
    let all = [Delivery::Reliable, Delivery::Unreliable, Delivery::Unsequenced];
    for (delivery, payload) in all.into_iter().zip([&b"one"[..], b"two", b"three"]) {
        for channel in [0, 1] {
            network.client().send(at_client, channel, delivery, payload).expect("sent");
            network.server().send(at_server, channel, delivery, payload).expect("sent");
        }
    }
    network.run_for(SECOND);
    for address in [server_address(), client_address()] {
        let mut got = packets(network.events(address));
        got.sort();
        let mut want = Vec::new();
        for channel in [0, 1] {
            for payload in [&b"one"[..], b"three", b"two"] {
                want.push((channel, payload.to_vec()));
            }
        }
        assert_eq!(got, want);
    }
}

#[test]
fn an_empty_packet_arrives() {
    let (mut network, _, at_client) = Network::connected();
    network.client().send(at_client, 0, Delivery::Reliable, b"").expect("sent");
    network.run_for(SECOND);
    assert_eq!(packets(network.events(server_address())), [(0, Vec::new())]);
}

fn numbered(length: usize) -> Vec<u8> {
    (0..length).map(|index| u8::try_from(index % 251).expect("below 251")).collect()
}

#[test]
fn carries_long_packets_in_fragments() {
    let (mut network, at_server, at_client) = Network::connected();
    let payload = numbered(200 << 10);
    network.client().send(at_client, 0, Delivery::Reliable, &payload).expect("sent");
    network.server().send(at_server, 1, Delivery::Reliable, &payload).expect("sent");
    network.run_for(10 * SECOND);
    assert_eq!(packets(network.events(server_address())), [(0, payload.clone())]);
    assert_eq!(packets(network.events(client_address())), [(1, payload)]);
    assert_eq!(network.longest, 1300);
    assert_eq!(network.server().dropped(), 0);
    assert_eq!(network.client().dropped(), 0);
}

#[test]
fn reliable_packets_survive_loss_and_disorder() {
    let mut network = Network::new();
    network.loss = 15;
    let (at_server, at_client) = network.join();
    let payloads: Vec<_> = (1..40_usize).map(|step| numbered(step * 400)).collect();
    for payload in &payloads {
        network.client().send(at_client, 0, Delivery::Reliable, payload).expect("sent");
        network.server().send(at_server, 0, Delivery::Reliable, payload).expect("sent");
    }
    network.run_for(60 * SECOND);
    let want: Vec<_> = payloads.into_iter().map(|payload| (0, payload)).collect();
    assert_eq!(packets(network.events(server_address())), want);
    assert_eq!(packets(network.events(client_address())), want);
    assert_eq!(network.server().dropped(), 0, "{:?}", network.server().last_refusal());
    assert_eq!(network.client().dropped(), 0, "{:?}", network.client().last_refusal());
}

#[test]
fn disconnects_with_data_and_without_losing_what_came_before() {
    let (mut network, at_server, at_client) = Network::connected();
    network.client().send(at_client, 0, Delivery::Reliable, b"bye").expect("sent");
    network.client().disconnect_later(at_client, 77);
    network.run_for(SECOND);
    assert_eq!(
        network.events(server_address()),
        [
            Event::Received { peer: at_server, channel: 0, payload: b"bye".to_vec() },
            Event::Disconnected { peer: at_server, data: 77 },
        ]
    );
    assert_eq!(
        network.events(client_address()),
        [Event::Disconnected { peer: at_client, data: 0 }]
    );
    assert_eq!(
        network.server().send(at_server, 0, Delivery::Reliable, b"x"),
        Err(SendError::NotConnected)
    );
    assert_eq!(network.server().round_trip(at_server), None);
}

#[test]
fn a_server_disconnects_too() {
    let (mut network, at_server, at_client) = Network::connected();
    network.server().disconnect(at_server, 5);
    network.run_for(SECOND);
    assert_eq!(
        network.events(client_address()),
        [Event::Disconnected { peer: at_client, data: 5 }]
    );
    assert_eq!(
        network.events(server_address()),
        [Event::Disconnected { peer: at_server, data: 0 }]
    );
}

#[test]
fn a_silent_peer_times_out_no_sooner_than_30_seconds() {
    let (mut network, at_server, _) = Network::connected();
    network.server().tune(at_server);
    network.run_for(2 * SECOND);
    network.remove(client_address());
    let gone = network.now;
    // ENet looks only as it sends a command again, and it waits twice as long each time: up to
    // twice the time-out goes by.
    network.run(90 * SECOND, |network| network.saw(server_address(), is_disconnected));
    let waited = network.now.saturating_sub(gone);
    assert!(waited > 29 * SECOND && waited < 62 * SECOND, "{waited:?}");
    assert_eq!(
        network.events(server_address()),
        [Event::Disconnected { peer: at_server, data: 0 }]
    );
}

#[test]
fn reset_is_silent_and_ids_are_not_used_again() {
    let (mut network, first, at_client) = Network::connected();
    network.server().reset(first);
    network.client().reset(at_client);
    network.run_for(SECOND);
    assert_eq!(network.events(server_address()), []);
    assert_eq!(network.events(client_address()), []);
    let (second, again) = network.join();
    assert_ne!(first, second);
    assert_ne!(at_client, again);
    // A late call for the first connection does not touch the second, which has its place.
    network.server().disconnect(first, 1);
    network.server().reset(first);
    let late = network.server().send(first, 0, Delivery::Reliable, b"late");
    assert_eq!(late, Err(SendError::NotConnected));
    network.run_for(SECOND);
    assert_eq!(network.events(client_address()), []);
}

#[test]
fn a_client_has_one_peer_and_takes_no_connection() {
    let mut network = Network::new();
    let now = network.now;
    network.client().connect(server_address(), DATA, now).expect("a peer");
    let second = network.client().connect(server_address(), DATA, now);
    assert_eq!(second, Err(ConnectError::NoFreePeer));
    let datagram = crate::support::connect_datagram(1, DATA);
    network.client().handle(server_address(), &datagram, now, &mut |_, _| true);
    assert_eq!(network.client().last_refusal(), Some(Refusal::HalfOpen));
}

#[test]
fn refuses_what_it_cannot_send() {
    let (mut network, _, at_client) = Network::connected();
    let client = network.client();
    let too_long = vec![0; (512 << 10) + 1];
    assert_eq!(client.send(at_client, 0, Delivery::Reliable, &too_long), Err(SendError::TooLarge));
    assert_eq!(client.send(at_client, 2, Delivery::Reliable, b"x"), Err(SendError::Channel));
    let nowhere = "192.0.2.9:0".parse().expect("an address");
    assert_eq!(client.connect(nowhere, 0, SECOND), Err(ConnectError::Address));
}

#[test]
fn refuses_settings_out_of_range() {
    let settings = || Settings::server(1);
    for (field, settings) in [
        ("peer_limit", Settings { peer_limit: 0, ..settings() }),
        ("peer_limit", Settings { peer_limit: 4096, ..settings() }),
        ("channels", Settings { channels: 0, ..settings() }),
        ("mtu", Settings { mtu: 575, ..settings() }),
        ("mtu", Settings { mtu: 4097, ..settings() }),
        ("max_waiting", Settings { max_waiting: 0, ..settings() }),
    ] {
        assert_eq!(RustyEnet::new(settings).err().map(|error| error.0), Some(field));
    }
}

#[test]
fn tells_what_a_connect_asks_for() {
    let mut network = Network::new();
    let now = network.now;
    network.client().connect(server_address(), DATA, now).expect("a peer");
    let (_, datagram) = network.client().transmit().expect("a datagram");
    assert_eq!(datagram.len(), 52);
    let request = connect_request(&datagram).expect("a CONNECT");
    assert_eq!((request.data, request.peer, request.channels, request.mtu), (DATA, 0, 2, 1300));
    // Without the time of sending, and with a command behind it, it is one all the same.
    let mut short = vec![0x0F, 0xFF];
    short.extend(&datagram[4..]);
    short.extend([0x85, 0xFF, 0, 1]);
    assert_eq!(connect_request(&short), Some(request));
    for cut in 0..52 {
        assert_eq!(connect_request(&datagram[..cut]), None);
    }
    for (byte, value) in [(0, 0xCF), (1, 0xFE), (4, 0x83), (4, 0x8E)] {
        let mut other = datagram.clone();
        other[byte] = value;
        assert_eq!(connect_request(&other), None, "byte {byte} is {value:#x}");
    }
}

#[test]
fn connects_over_a_bad_network() {
    let mut network = Network::new();
    network.loss = 40;
    network.join();
    assert!(!network.saw(server_address(), is_connected));
}

#[test]
fn is_send() {
    fn check<T: Send>() {}
    check::<RustyEnet>();
}
