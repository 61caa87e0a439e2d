//! The CitizenFX (FiveM/RedM) connection protocol: every pure crate of the project under one name.
//!
//! | module | crate | holds |
//! |---|---|---|
//! | [`wire`] | `cfx-wire` | readers, writers, hashes, info strings, forms |
//! | [`oob`] | `cfx-oob` | out-of-band datagrams: `getinfo`, `rcon`, `error` … |
//! | [`control`] | `cfx-control` | HTTP: `/client`, deferrals, tickets, the manifest |
//! | [`game`] | `cfx-game` | messages of the ENet channel: the handshake, `connectOK` … |
//! | [`onesync`] | `cfx-onesync` | OneSync's streams, state bags, reassembled events |
//! | [`session`] | `cfx-session` | the client's and the server's state machine |
//!
//! None of them opens a socket, reads a clock or draws a random number; `cfx-net` does that.
//!
//! ```
//! use cfx_protocol::oob::s2c::Response;
//!
//! let datagram = b"\xFF\xFF\xFF\xFFinfoResponse\n\\hostname\\^2My server\\clients\\3";
//! let Some(Response::Info(info)) = Response::from_datagram(datagram) else { panic!() };
//! assert_eq!(info.hostname_stripped(), b"My server");
//! assert_eq!(info.clients(), Some(3));
//! ```

pub use cfx_control as control;
pub use cfx_game as game;
pub use cfx_onesync as onesync;
pub use cfx_oob as oob;
pub use cfx_session as session;
pub use cfx_wire as wire;
