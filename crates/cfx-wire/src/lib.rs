//! The bytes below every message of the CitizenFX (FiveM/RedM) connection protocol.
//!
//! | module | holds |
//! |---|---|
//! | [`hash`] | the two Jenkins hashes that name messages, events and tokens |
//! | [`info`] | backslash-delimited info strings (`\hostname\…`), colour codes |
//! | [`form`] | the form bodies of `POST /client` and of the ENet handshake |
//! | [`codec`] | [`Decode`] and [`Encode`], the traits every message implements |
//! | [`reader`] | [`Reader`], a cursor whose errors name the field |
//! | [`number`] | the C library's forgiving decimal parser, which the peers use |
//! | [`secret`] | comparing passwords in constant time |
//! | [`error`] | [`DecodeError`]: what was wrong, in which field, at which offset |
//!
//! The crate is `no_std` (with `alloc`), has no `unsafe`, and never panics on input: a panic is a
//! bug here, never the peer's fault. Every decoder costs time and memory at most linear in its
//! input.
//!
//! ```
//! use cfx_wire::{form::Form, hash::rage};
//!
//! // The handshake's payload, as a client sends it.
//! let form = Form::decode(b"token=6f1c0b9e&guid=148618792331476182");
//! assert_eq!(form.get("guid"), Some(&b"148618792331476182"[..]));
//!
//! // Game-channel messages are named by a hash.
//! assert_eq!(rage(b"msgEnd"), 0xCA56_9E63);
//! ```
#![no_std]

extern crate alloc;

pub mod codec;
pub mod error;
pub mod form;
pub mod hash;
pub mod info;
pub mod number;
pub mod reader;
pub mod secret;

pub use codec::{Decode, Encode};
pub use error::{DecodeError, ErrorKind};
pub use reader::Reader;
