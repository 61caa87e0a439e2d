//! The memory that joined players cost: bytes asked of the allocator, at 2,048 players.
//!
//! Ends with status 1 when the server machine needs more than [`LIMIT`] a player.

use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;

use cfx_benches::{Joins, inputs};
use cfx_control::ticket::mint::test_key;
use cfx_net::enet::{Enet, Event, RustyEnet, Settings};
use cfx_session::client;
use cfx_session::server::{Config, OneSync};
use peak_alloc::PeakAlloc;

#[global_allocator]
static HEAP: PeakAlloc = PeakAlloc;

/// Players, the most that a server has.
const PLAYERS: usize = 2048;

/// Bytes of the server machine that a joined player may cost.
const LIMIT: usize = 16 << 10;

/// Bytes of the server machine with every player in: each came with a ticket of six identifiers and
/// a long name, from an address of its own.
fn server_machine() -> usize {
    let key = test_key().expect("a key");
    let config =
        Config { onesync: OneSync::Big, max_clients: 2048, lan: false, ..Default::default() };
    let before = HEAP.current_usage();
    let mut joins = Joins::new(config, Some((&key).into()));
    for number in 0..PLAYERS {
        let ticket = inputs::ticket(joins.guid(0), &key);
        let name = format!("A player with a name {number:05}");
        let fields = vec![("cfxTicket2".to_owned(), ticket)];
        // The client is not kept.
        joins.join(client::Config { name, ..Default::default() }, fields);
    }
    assert_eq!(joins.server().joined(), PLAYERS);
    HEAP.current_usage() - before
}

/// Bytes of the ENet host with the server's settings: empty, and with every player connected.
fn enet_host() -> (usize, usize) {
    let before = HEAP.current_usage();
    let mut server = RustyEnet::new(Settings::server(1)).expect("settings");
    let empty = HEAP.current_usage() - before;
    for number in 0..PLAYERS {
        let number = u32::try_from(number).expect("a small number");
        connect(&mut server, number);
    }
    (empty, HEAP.current_usage() - before)
}

/// Connects a client of its own address, which then falls silent.
fn connect(server: &mut RustyEnet, number: u32) {
    let server_address = SocketAddr::from(([198, 51, 100, 1], 30120));
    let [_, a, b, c] = number.to_be_bytes();
    let address = SocketAddr::from(([100, a, b, c], 50_000));
    let now = Duration::ZERO;
    let mut client = RustyEnet::new(Settings::client(number + 1)).expect("settings");
    client.connect(server_address, 1, now).expect("an attempt");
    let mut connected = 0;
    while connected < 2 {
        while let Some((_, datagram)) = client.transmit() {
            server.handle(address, &datagram, now, &mut |_, _| true);
        }
        while let Some((to, datagram)) = server.transmit() {
            assert_eq!(to, address, "nobody else has anything to say");
            client.handle(server_address, &datagram, now, &mut |_, _| false);
        }
        for host in [&mut client, &mut *server] {
            while let Some(event) = host.poll(now) {
                connected += usize::from(matches!(event, Event::Connected { .. }));
            }
        }
    }
    // The last acknowledgements.
    while server.poll(now).is_some() || server.transmit().is_some() {}
}

fn main() -> ExitCode {
    let machine = server_machine() / PLAYERS;
    println!("server machine: {machine} bytes a joined player at {PLAYERS} players");
    let (empty, full) = enet_host();
    println!("ENet host: {empty} bytes without peers, {full} with {PLAYERS} connected");
    println!(
        "ENet host: {} bytes a connected peer, its share of the empty host with it",
        full / PLAYERS
    );
    if machine > LIMIT {
        eprintln!("the server machine's limit is {LIMIT} bytes a player");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}
