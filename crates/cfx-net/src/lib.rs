//! The only crate of the workspace with sockets: what the protocol needs from a network.
//!
//! | module | holds |
//! |---|---|
//! | [`server`] | a whole server: the session's machine on UDP, ENet and HTTP |
//! | [`client`] | a whole client, likewise |
//! | [`enet`] | [`Enet`](enet::Enet), the boundary to an ENet host without sockets, and [`RustyEnet`](enet::RustyEnet) behind it |
//! | [`http`] | an HTTP/1.1 server shell and client that hand requests and responses to a driver |
//! | [`udp`] | UDP and TCP on the same port number |
//!
//! ```
//! # async fn example() -> std::io::Result<()> {
//! use cfx_net::client::{Client, Command};
//! use cfx_net::server::{Server, accept_all};
//! use cfx_session::{client, server};
//!
//! let server = Server::bind("127.0.0.1:0".parse().unwrap(), server::Config::default(), accept_all())?;
//! let server = server.spawn();
//! let client = Client::start(client::Config::default())?;
//! let url = client::ServerUrl::from(server.address());
//! client.command(Command::Connect { url, guid: 0x0210_0001_0000_0001 });
//! # Ok(())
//! # }
//! ```
//!
//! Below the two, `enet`, `http` and `udp` know no message of the protocol: they carry datagrams,
//! packets, requests and chunks, and guard against peers that are slow, greedy or hostile.
//!
//! ```
//! use cfx_net::enet::{Delivery, Enet, Event, RustyEnet, Settings};
//! use std::time::Duration;
//!
//! // Two hosts that talk in memory: no socket, no clock but the one given here.
//! let server_address = "192.0.2.1:30120".parse()?;
//! let client_address = "192.0.2.2:50000".parse()?;
//! let mut server = RustyEnet::new(Settings::server(1))?;
//! let mut client = RustyEnet::new(Settings::client(2))?;
//! let to_server = client.connect(server_address, 0x1234_5678, Duration::ZERO)?;
//!
//! let mut connected = None;
//! for milliseconds in (0..200).step_by(10) {
//!     let now = Duration::from_millis(milliseconds);
//!     while let Some((_, datagram)) = client.transmit() {
//!         server.handle(client_address, &datagram, now, &mut |_, request| request.data == 0x1234_5678);
//!     }
//!     while let Some((_, datagram)) = server.transmit() {
//!         client.handle(server_address, &datagram, now, &mut |_, _| false);
//!     }
//!     if let Some(Event::Connected { peer, .. }) = client.poll(now) {
//!         client.send(peer, 0, Delivery::Reliable, b"hello")?;
//!         connected = Some(peer);
//!     }
//!     server.poll(now);
//! }
//! assert_eq!(connected, Some(to_server));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod address;
pub mod client;
mod clock;
pub mod enet;
pub mod http;
pub mod server;
pub mod udp;
