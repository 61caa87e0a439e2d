//! Messages of the `CitizenFX` (FiveM/RedM) game channel: what `ENet` packets carry.
//!
//! | module | holds | type |
//! |---|---|---|
//! | [`frame`] | the frame around every message, its type, the names of the types | any |
//! | [`c2s`], [`s2c`] | all messages of a direction, as an enum | any |
//! | [`handshake`] | [`handshake::c2s::ConnectHandshake`], [`handshake::s2c::ConnectOk`] | 1 |
//! | [`keep_alive`] | [`keep_alive::KeepAlive`], both ways | `msgEnd` |
//! | [`quit`] | [`quit::Quit`], client to server | `msgIQuit` |
//! | [`server_frame`] | [`server_frame::ServerFrame`], server to client | `msgFrame` |
//!
//! A message that has no type here yet arrives as [`frame::Frame`], its bytes untouched.
//!
//! # Adding a message
//! 1. A file with the payload's struct and its [`Decode`](cfx_wire::Decode) (the receiver's bounds
//!    with it), [`Encode`](cfx_wire::Encode) and [`Payload`](frame::Payload). Where the directions
//!    differ in layout, a struct in each of its `c2s` and `s2c` modules.
//! 2. A variant and one line in `read`, `kind` and the two of `Encode`, in [`c2s`], [`s2c`] or both.
//! 3. A row in the table above, and the vector file's cases in `tests/vectors.rs`.
//!
//! ```
//! use cfx_game::frame::Payload;
//! use cfx_game::handshake::s2c::ConnectOk;
//! use cfx_game::s2c::Message;
//! use cfx_wire::Decode;
//!
//! let ok = ConnectOk {
//!     net_id: 1, host_net_id: -1, host_base: -1, slot_id: 128, server_time: 1_767_024_900_123,
//! };
//! let packet = ok.to_packet();
//! assert_eq!(packet, b"\x01\0\0\0 1 -1 -1 128 1767024900123");
//! assert_eq!(Message::from_slice(&packet), Ok(Message::ConnectOk(ok)));
//! // The client keeps ids in 16 bits, so no host shows as 65535 in its log.
//! assert_eq!(ok.host_net_id_u16(), 65535);
//! ```
#![no_std]

extern crate alloc;

pub mod c2s;
pub mod frame;
pub mod handshake;
pub mod keep_alive;
pub mod quit;
pub mod s2c;
pub mod server_frame;
