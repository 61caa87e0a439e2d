//! The HTTP control plane of the CitizenFX (FiveM/RedM) connection protocol: what goes over
//! `POST /client`, `/info.json` and their like, as values.
//!
//! | module | holds |
//! |---|---|
//! | [`request`] | bodies of `POST /client`: `initConnect`, `submitCard`, `getEndpoints`, `getConfiguration` |
//! | [`answer`] | the JSON values of the answer to `initConnect`, and how a client reads them |
//! | [`stream`] | values out of a streamed answer, however it is cut |
//! | [`deferral`] | the progress text of a deferred connection |
//! | [`ticket`] | `cfxTicket2`: layout, checks, signatures, identifiers |
//! | [`endpoints`] | the answer to `getEndpoints`, and a client's choice |
//! | [`manifest`] | the answer to `getConfiguration` |
//! | [`info`] | `/info.json`, `/dynamic.json`, `/players.json`; what a client does about builds |
//! | [`policy`] | feature policies, and how many slots they allow |
//! | [`game`] | games, builds and revisions |
//! | [`bit_version`] | what a server's game channel can do |
//! | [`texts`] | every text that a player reads, to the byte |
//!
//! Nothing here opens a socket, reads a clock or draws a random number; nothing panics on input, and
//! everything costs time and memory at most linear in its input.
//!
//! ```
//! use cfx_control::answer::{Accepted, Reply, ReplyBody, deferral_message};
//! use cfx_control::game::Game;
//! use cfx_control::request::Request;
//!
//! // A client asks to join …
//! let body = b"gameName=gta5&guid=148618792331476182&method=initConnect&name=J%c3%b6rg&protocol=12";
//! let Ok(Request::InitConnect(request)) = Request::parse(body) else { panic!("another request") };
//! assert_eq!(request.protocol_number(), 12);
//!
//! // … is asked to wait …
//! let wait = Reply::read(&deferral_message(Some("queue: 3 of 5\n")), Game::Gta5);
//! assert_eq!(wait.body, ReplyBody::Progress(Some("queue: 3 of 5\n".into())));
//!
//! // … and is let in.
//! let accepted = Accepted { token: "6f1c0b9e".into(), sh: true, ..Accepted::default() };
//! let last = Reply::read(&accepted.to_json(), Game::Gta5);
//! assert_eq!(last.token.as_deref(), Some("6f1c0b9e"));
//! assert_eq!(last.body, ReplyBody::Accepted(Box::new(accepted)));
//! ```
//!
//! The feature `mint` adds `ticket::mint`, which signs tickets.

pub mod answer;
pub mod bit_version;
pub mod deferral;
pub mod endpoints;
pub mod game;
pub mod info;
mod json;
pub mod manifest;
pub mod policy;
pub mod request;
pub mod stream;
pub mod texts;
pub mod ticket;
