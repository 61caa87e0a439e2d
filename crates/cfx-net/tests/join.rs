//! Our client joins our server over real sockets: UDP, ENet and HTTP on one port.

use std::net::SocketAddr;
use std::time::Duration;

use cfx_net::client::{Client, Command};
use cfx_net::server::{Running, Server, accept_all};
use cfx_session::client::{self, Event, ServerUrl};
use cfx_session::server;
use tokio::time::timeout;

const PATIENCE: Duration = Duration::from_secs(20);

fn start(address: &str) -> Running {
    let address: SocketAddr = address.parse().expect("an address");
    Server::bind(address, server::Config::default(), accept_all()).expect("a free port").spawn()
}

/// Joins, and gives everything that happened up to the server's first `msgFrame`.
async fn join(server: SocketAddr) -> (Client, Vec<Event>) {
    let mut client = Client::start(client::Config::default()).expect("a client");
    client.command(Command::Connect { url: ServerUrl::from(server), guid: 0x0210_0001_0000_0001 });
    let mut events = Vec::new();
    loop {
        let event = timeout(PATIENCE, client.next()).await.expect("in time").expect("an event");
        match &event {
            Event::TicketWanted { .. } => client.command(Command::Ticket(Vec::new())),
            Event::SteamTicketWanted { .. } => client.command(Command::SteamTicket(Ok(None))),
            Event::Manifest(_) => client.command(Command::ContentDone),
            _ => {}
        }
        let last =
            matches!(event, Event::ServerFrame(_) | Event::Refused(_) | Event::Disconnected { .. });
        events.push(event);
        if last {
            return (client, events);
        }
    }
}

async fn joins_and_leaves(address: &str) {
    let server = start(address);
    let (client, events) = join(server.address()).await;
    let connect_ok = events.iter().find_map(|event| match event {
        Event::ConnectOk(connect_ok) => Some(*connect_ok),
        _ => None,
    });
    let connect_ok = connect_ok.unwrap_or_else(|| panic!("no connectOK: {events:?}"));
    assert_eq!((connect_ok.net_id, connect_ok.slot_id), (1, 128));
    assert!(matches!(events.last(), Some(Event::ServerFrame(_))));
    let itself = Event::PlayerJoining { net_id: 1, name: "player".into(), slot: 128 };
    assert!(events.contains(&itself), "{events:?}");
    client.leave("Bye").await;
    server.stop().await;
}

#[tokio::test]
async fn ipv4() {
    joins_and_leaves("127.0.0.1:0").await;
}

#[tokio::test]
async fn ipv6() {
    if std::net::UdpSocket::bind("[::1]:0").is_err() {
        println!("skipped: this machine has no IPv6");
        return;
    }
    joins_and_leaves("[::1]:0").await;
}
