//! Two or more ENet hosts joined by a network in memory, on a clock that the test moves.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::Duration;

use cfx_net::enet::{ConnectRequest, Enet, Event, PeerId, RustyEnet, Settings};

/// The connect data that the server admits.
pub(crate) const DATA: u32 = 0xC0FF_EE11;

/// A datagram under way.
struct Packet {
    arrives: Duration,
    from: SocketAddr,
    to: SocketAddr,
    bytes: Vec<u8>,
}

/// Hosts by address, and what is between them.
pub(crate) struct Network {
    pub(crate) now: Duration,
    /// How many of 100 datagrams are lost; as many are doubled, and half are delayed by up to 30 ms.
    pub(crate) loss: u64,
    /// The longest datagram seen so far.
    pub(crate) longest: usize,
    hosts: HashMap<SocketAddr, (RustyEnet, Vec<Event>)>,
    wire: Vec<Packet>,
    random: u64,
}

pub(crate) fn server_address() -> SocketAddr {
    "192.0.2.1:30120".parse().expect("an address")
}

pub(crate) fn client_address() -> SocketAddr {
    "198.51.100.2:50000".parse().expect("an address")
}

/// The gate of every host here.
pub(crate) fn admit(_: SocketAddr, request: &ConnectRequest) -> bool {
    request.data == DATA
}

impl Network {
    /// A server and a client, not connected yet.
    pub(crate) fn new() -> Self {
        let mut network = Self {
            now: Duration::ZERO,
            loss: 0,
            longest: 0,
            hosts: HashMap::new(),
            wire: Vec::new(),
            random: 0x9E37_79B9_7F4A_7C15,
        };
        network.add(server_address(), Settings::server(1));
        network.add(client_address(), Settings::client(2));
        network
    }

    /// A server and a client with a connection: the server's peer and the client's.
    pub(crate) fn connected() -> (Self, PeerId, PeerId) {
        let mut network = Self::new();
        let (at_server, at_client) = network.join();
        (network, at_server, at_client)
    }

    /// Connects the client.
    pub(crate) fn join(&mut self) -> (PeerId, PeerId) {
        let now = self.now;
        let at_client = self.client().connect(server_address(), DATA, now).expect("a free peer");
        self.run(Duration::from_secs(20), |network| {
            network.saw(server_address(), is_connected)
                && network.saw(client_address(), is_connected)
        });
        let Some(Event::Connected { peer: at_server, from, data }) =
            self.take(server_address(), is_connected)
        else {
            panic!("the server saw no connection");
        };
        assert_eq!((from, data), (client_address(), DATA));
        assert_eq!(
            self.take(client_address(), is_connected),
            Some(Event::Connected { peer: at_client, from: server_address(), data: 0 })
        );
        (at_server, at_client)
    }

    pub(crate) fn add(&mut self, address: SocketAddr, settings: Settings) {
        let host = RustyEnet::new(settings).expect("valid settings");
        self.hosts.insert(address, (host, Vec::new()));
    }

    pub(crate) fn host(&mut self, address: SocketAddr) -> &mut RustyEnet {
        &mut self.hosts.get_mut(&address).expect("a host").0
    }

    pub(crate) fn server(&mut self) -> &mut RustyEnet {
        self.host(server_address())
    }

    pub(crate) fn client(&mut self) -> &mut RustyEnet {
        self.host(client_address())
    }

    /// Takes a host away, as if its machine had lost its cable.
    pub(crate) fn remove(&mut self, address: SocketAddr) {
        self.hosts.remove(&address);
    }

    pub(crate) fn events(&mut self, address: SocketAddr) -> Vec<Event> {
        std::mem::take(&mut self.hosts.get_mut(&address).expect("a host").1)
    }

    pub(crate) fn saw(&self, address: SocketAddr, what: fn(&Event) -> bool) -> bool {
        self.hosts.get(&address).is_some_and(|(_, events)| events.iter().any(what))
    }

    fn take(&mut self, address: SocketAddr, what: fn(&Event) -> bool) -> Option<Event> {
        let events = &mut self.hosts.get_mut(&address)?.1;
        let index = events.iter().position(what)?;
        Some(events.remove(index))
    }

    /// Runs for this long, or until `done`.
    pub(crate) fn run(&mut self, longest: Duration, done: impl Fn(&Self) -> bool) {
        let end = self.now + longest;
        while self.now < end && !done(self) {
            self.step();
        }
    }

    /// Runs for this long.
    pub(crate) fn run_for(&mut self, time: Duration) {
        self.run(time, |_| false);
    }

    /// Moves time on by 5 ms.
    pub(crate) fn step(&mut self) {
        self.now += Duration::from_millis(5);
        let now = self.now;
        let mut sent = Vec::new();
        for (address, (host, events)) in &mut self.hosts {
            while let Some(event) = host.poll(now) {
                events.push(event);
            }
            while let Some((to, bytes)) = host.transmit() {
                sent.push((*address, to, bytes));
            }
        }
        // The order of the hosts is the map's, which differs from run to run.
        sent.sort_by_key(|(from, ..)| *from);
        for (from, to, bytes) in sent {
            self.longest = self.longest.max(bytes.len());
            self.carry(from, to, &bytes);
        }
        self.wire.sort_by_key(|packet| packet.arrives);
        while self.wire.first().is_some_and(|packet| packet.arrives <= now) {
            let packet = self.wire.remove(0);
            if let Some((host, _)) = self.hosts.get_mut(&packet.to) {
                host.handle(packet.from, &packet.bytes, now, &mut admit);
            }
        }
    }

    fn carry(&mut self, from: SocketAddr, to: SocketAddr, bytes: &[u8]) {
        let copies = match self.chance() {
            roll if roll < self.loss => 0,
            roll if roll < 2 * self.loss => 2,
            _ => 1,
        };
        for _ in 0..copies {
            let late = if self.loss > 0 && self.chance() < 50 { self.chance() % 30 } else { 0 };
            let arrives = self.now + Duration::from_millis(late);
            self.wire.push(Packet { arrives, from, to, bytes: bytes.to_vec() });
        }
    }

    /// A number below 100, from a generator that always gives the same ones (xorshift).
    fn chance(&mut self) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random % 100
    }
}

pub(crate) fn is_connected(event: &Event) -> bool {
    matches!(event, Event::Connected { .. })
}

pub(crate) fn is_disconnected(event: &Event) -> bool {
    matches!(event, Event::Disconnected { .. })
}

/// The packets among events: channel and payload.
pub(crate) fn packets(events: Vec<Event>) -> Vec<(u8, Vec<u8>)> {
    events
        .into_iter()
        .filter_map(|event| match event {
            Event::Received { channel, payload, .. } => Some((channel, payload)),
            _ => None,
        })
        .collect()
}

/// A CONNECT as a client with this number for the attempt sends it.
pub(crate) fn connect_datagram(connect_id: u32, data: u32) -> Vec<u8> {
    let mut bytes = vec![0x8F, 0xFF, 0, 0, 0x82, 0xFF, 0, 1];
    bytes.extend([0, 0, 0xFF, 0xFF]);
    for field in [1300_u32, 65536, 2, 0, 0, 5000, 2, 2] {
        bytes.extend(field.to_be_bytes());
    }
    bytes.extend(connect_id.to_le_bytes());
    bytes.extend(data.to_be_bytes());
    bytes
}

/// A command with a payload behind it.
pub(crate) fn command(number: u8, channel: u8, sequence: u16, fields: &[u8]) -> Vec<u8> {
    let mut bytes = vec![number, channel];
    bytes.extend(sequence.to_be_bytes());
    bytes.extend(fields);
    bytes
}

/// A reliable fragment of a packet that begins at sequence number `start` of channel 0.
pub(crate) fn fragment(
    start: u16,
    count: u32,
    number: u32,
    total: u32,
    offset: u32,
    data: &[u8],
) -> Vec<u8> {
    let mut fields = start.to_be_bytes().to_vec();
    fields.extend(u16::try_from(data.len()).expect("a short piece").to_be_bytes());
    for field in [count, number, total, offset] {
        fields.extend(field.to_be_bytes());
    }
    fields.extend(data);
    let number = u16::try_from(number).expect("a small number");
    command(0x88, 0, start.wrapping_add(number), &fields)
}
