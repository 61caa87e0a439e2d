//! What cases speak to a server with: plain datagrams, HTTP, and an ENet peer without a session
//! behind it, so that they can say what no client of ours would.

pub mod enet;
pub mod game;
pub mod http;
pub mod oob;
pub mod players;
pub mod ticket;
