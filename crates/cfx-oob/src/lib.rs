//! Out-of-band datagrams of the `CitizenFX` (FiveM/RedM) protocol, for both roles.
//!
//! They share the UDP port with `ENet` and are told apart by their first four bytes (SPEC OOB-1).
//!
//! | module | holds |
//! |---|---|
//! | [`c2s`] | what a server receives: `getinfo`, `getstatus`, `rcon`, as [`c2s::Request`] |
//! | [`answer`] | what a server sends back: [`answer::answer`], a pure function |
//! | [`s2c`] | what a client receives: `infoResponse`, `statusResponse`, `print`, `error`, as [`s2c::Response`] |
//!
//! Parsing borrows from the datagram and allocates nothing. `parse` reads as the reference does,
//! `parse_strict` refuses what no honest peer sends. Rate limits need a clock and are the caller's;
//! [`c2s`] says what counts against which.
//!
//! ```
//! use cfx_oob::answer::{Answer, ServerInfo, answer};
//! use cfx_oob::{c2s::Request, s2c::Response};
//!
//! // A server answers.
//! let request = Request::parse(b"\xFF\xFF\xFF\xFFgetinfo xyz").expect("out of band");
//! let names = ["Alice"];
//! let server = ServerInfo {
//!     max_clients: "48",
//!     clients: names.len(),
//!     hostname: "^1My Server",
//!     gametype: "Freeroam",
//!     mapname: "San Andreas",
//!     info_version: "1822222681",
//!     players: names.iter().copied(),
//!     server_info: [("sv_lan", "false")].into_iter(),
//!     enable_get_status: false,
//!     return_clients_list: true,
//!     rcon_password: "",
//! };
//! let Answer::Reply(reply) = answer(&request, &server) else { panic!("answered") };
//!
//! // A client reads the answer.
//! let Some(Response::Info(info)) = Response::from_datagram(&reply) else { panic!("an answer") };
//! assert_eq!(info.challenge(), b"xyz");
//! assert_eq!(info.hostname_stripped(), b"My Server");
//! assert_eq!(info.max_clients(), Some(48));
//! ```
#![no_std]

extern crate alloc;

pub mod answer;
pub mod c2s;
pub mod s2c;

/// The first four bytes of every out-of-band datagram (SPEC OOB-1).
pub const PREFIX: [u8; 4] = [0xFF; 4];

/// Whether a datagram is out of band; every other belongs to `ENet` (SPEC OOB-1).
///
/// One shorter than the prefix is not. The reference client compares four bytes without a look at
/// the length, so there the bytes of an earlier datagram can make up for the missing ones.
pub fn is_out_of_band(datagram: &[u8]) -> bool {
    datagram.starts_with(&PREFIX)
}

/// What follows the prefix, or nothing when the datagram is not out of band.
pub fn body(datagram: &[u8]) -> Option<&[u8]> {
    datagram.strip_prefix(&PREFIX)
}

/// The text before the first space or newline, and the rest with that separator in front; the rest
/// is empty when there is none (SPEC OOB-2).
fn split_word(text: &[u8]) -> (&[u8], &[u8]) {
    let end = text.iter().position(|byte| matches!(byte, b' ' | b'\n')).unwrap_or(text.len());
    text.split_at(end)
}

/// What is behind the separator that [`split_word`] leaves in front.
fn behind_separator(rest: &[u8]) -> &[u8] {
    rest.get(1..).unwrap_or_default()
}
