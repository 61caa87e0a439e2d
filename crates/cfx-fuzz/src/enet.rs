//! `cfx-net`'s ENet: datagrams, the filter before the host, and the host behind it.

use std::net::SocketAddr;
use std::time::Duration;

use cfx_net::enet::filter::{self, Rules};
use cfx_net::enet::{ConnectRequest, Delivery, Enet, Event, PeerId, RustyEnet, Settings, wire};

use crate::source::Source;

/// The connect data that the server admits.
const DATA: u32 = 0xC0FF_EE11;

/// One datagram: its header, its commands, and what the filter says of them.
pub fn enet_datagram(data: &[u8]) {
    let Some(header) = wire::header(data) else { return assert!(data.len() < 4) };
    assert!(header.length <= data.len() && header.peer <= wire::NO_PEER);
    let commands = &data[header.length..];
    let mut rest = commands;
    while let Some((command, after)) = wire::split_command(rest) {
        assert!(command.data <= command.bytes.len() && !command.bytes.is_empty());
        assert_eq!(command.bytes.len() + after.len(), rest.len());
        let _ = (wire::fragment(&command), wire::verified_channels(&command));
        rest = after;
    }
    let rules =
        [Rules { max_packet: 1000, channels: None }, Rules { max_packet: 1000, channels: Some(2) }];
    for rules in rules {
        for fragment_size in [None, Some(4)] {
            if filter::commands(commands, rules, fragment_size).is_ok() {
                assert!(rest.is_empty(), "a command that cannot be split passed");
            }
        }
    }
    if let Ok((request, passed)) = filter::connect(data) {
        assert_eq!(wire::connect_request(data), Some(request));
        assert_eq!(passed.len(), header.length + 48);
        assert!(data.starts_with(passed));
    }
}

/// A server and a client that are connected, and what a third sends to either. For each datagram a
/// byte for the time, one that says to whom, whether the header of the true peer goes before it,
/// and whether to send an honest packet as well, then the datagram.
pub fn enet_host(data: &[u8]) {
    let mut source = Source::new(data);
    let mut network = Network::connected();
    let mut datagrams = 0;
    while !source.is_empty() && datagrams < 100 {
        datagrams += 1;
        network.now += Duration::from_millis(u64::from(source.take::<u8>()) * 4);
        let flags: u8 = source.take();
        if flags & 4 != 0 {
            network.send_both();
        }
        let to_server = flags & 1 == 0;
        let header = if to_server { network.to_server } else { network.to_client };
        let header = if flags & 2 == 0 { &header[..] } else { &[] };
        let datagram = [header, source.bytes(300)].concat();
        network.give(to_server, &datagram);
        network.run();
    }
    for _ in 0..20 {
        network.now += Duration::from_millis(500);
        network.run();
    }
}

/// Two hosts in memory.
struct Network {
    server: RustyEnet,
    client: RustyEnet,
    now: Duration,
    /// The headers that each side's peer writes, time included.
    to_server: [u8; 4],
    to_client: [u8; 4],
    peers: [Option<PeerId>; 2],
}

fn server_address() -> SocketAddr {
    SocketAddr::from(([192, 0, 2, 1], 30120))
}

fn client_address() -> SocketAddr {
    SocketAddr::from(([198, 51, 100, 2], 50000))
}

impl Network {
    fn connected() -> Self {
        // Few peers, so that a host is made quickly, and bounds that an input can reach.
        let narrow = |settings: Settings| Settings {
            peer_limit: 4,
            max_incoming_packet: 20_000,
            max_waiting: 40_000,
            ..settings
        };
        let mut network = Self {
            server: RustyEnet::new(narrow(Settings::server(1))).expect("good settings"),
            client: RustyEnet::new(narrow(Settings::client(2))).expect("good settings"),
            now: Duration::ZERO,
            to_server: [0x80, 0, 0, 0],
            to_client: [0x80, 0, 0, 0],
            peers: [None, None],
        };
        network.client.connect(server_address(), DATA, network.now).expect("a peer");
        for _ in 0..6 {
            network.now += Duration::from_millis(20);
            network.run();
        }
        assert!(network.peers.iter().all(Option::is_some), "no connection");
        network.send_both();
        network.run();
        network
    }

    /// Sends a packet each way, if the connection still stands.
    fn send_both(&mut self) {
        let [server, client] = self.peers;
        let hosts = [(&mut self.server, server), (&mut self.client, client)];
        for (host, peer) in hosts {
            if let Some(peer) = peer {
                let _ = host.send(peer, 1, Delivery::Unsequenced, b"honest");
            }
        }
    }

    fn give(&mut self, to_server: bool, datagram: &[u8]) {
        if to_server {
            self.server.handle(client_address(), datagram, self.now, &mut admit);
        } else {
            self.client.handle(server_address(), datagram, self.now, &mut |_, _| false);
        }
    }

    /// Runs both hosts until neither has anything to say.
    fn run(&mut self) {
        for _ in 0..50 {
            self.events();
            let up = self.client.transmit();
            let down = self.server.transmit();
            if up.is_none() && down.is_none() {
                return;
            }
            if let Some((_, datagram)) = up {
                note_header(&mut self.to_server, &datagram);
                self.give(true, &datagram);
            }
            if let Some((to, datagram)) = down
                && to == client_address()
            {
                note_header(&mut self.to_client, &datagram);
                self.give(false, &datagram);
            }
        }
    }

    fn events(&mut self) {
        let hosts = [&mut self.server, &mut self.client];
        for (host, peer) in hosts.into_iter().zip(&mut self.peers) {
            let mut events = 0;
            while let Some(event) = host.poll(self.now) {
                match event {
                    Event::Connected { peer: connected, .. } => *peer = Some(connected),
                    Event::Received { channel, payload, .. } => {
                        assert!(channel < 2 && payload.len() <= 20_000);
                    }
                    Event::Disconnected { peer: gone, .. } => {
                        *peer = peer.filter(|peer| *peer != gone);
                    }
                }
                events += 1;
                assert!(events < 20_000, "the host does not come to rest");
            }
        }
    }
}

fn admit(_: SocketAddr, request: &ConnectRequest) -> bool {
    request.data == DATA
}

/// Keeps the header of a peer that has its number, with the flag that says a time follows.
fn note_header(header: &mut [u8; 4], datagram: &[u8]) {
    if let Some(found) = wire::header(datagram)
        && found.peer != wire::NO_PEER
    {
        *header = [datagram[0] | 0x80, datagram[1], 0, 0];
    }
}
