//! `infoResponse`, the answer to `getinfo`.

use alloc::vec::Vec;

use bytes::BufMut;
use cfx_wire::info::{MAX_INFO_STRING, strip_colors, value};
use cfx_wire::{DecodeError, Encode, ErrorKind};

use super::Response;

/// `infoResponse\n\sv_maxclients\48\clients\3…` (SPEC OOB-3).
///
/// The accessors read keys as the client does: without regard to case, the first match wins, an
/// info string of 8192 bytes or more has none (SPEC WIRE-5). A missing text is empty; a number that
/// is missing or is none is `None`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InfoResponse<'a> {
    /// The info string, from its first backslash to the end of the datagram.
    pub info: &'a [u8],
}

impl<'a> InfoResponse<'a> {
    /// The value of any key, empty when it is missing.
    pub fn value(&self, key: &[u8]) -> &'a [u8] {
        value(self.info, key)
    }

    /// `hostname`, with its colour codes.
    pub fn hostname(&self) -> &'a [u8] {
        self.value(b"hostname")
    }

    /// `hostname` without `^0` to `^9`, as the client shows it (SPEC WIRE-6).
    pub fn hostname_stripped(&self) -> Vec<u8> {
        strip_colors(self.hostname())
    }

    /// `clients`: how many are connected.
    pub fn clients(&self) -> Option<u32> {
        self.number(b"clients")
    }

    /// `sv_maxclients`: how many may be.
    pub fn max_clients(&self) -> Option<u32> {
        self.number(b"sv_maxclients")
    }

    /// `gametype`.
    pub fn gametype(&self) -> &'a [u8] {
        self.value(b"gametype")
    }

    /// `mapname`.
    pub fn mapname(&self) -> &'a [u8] {
        self.value(b"mapname")
    }

    /// `iv`: the `version` of the server's `/info.json` (SPEC INFO-2).
    pub fn info_version(&self) -> Option<u32> {
        self.number(b"iv")
    }

    /// `challenge`: what the request carried (SPEC OOB-5).
    pub fn challenge(&self) -> &'a [u8] {
        self.value(b"challenge")
    }

    /// `protocol`: 4.
    pub fn protocol(&self) -> Option<u32> {
        self.number(b"protocol")
    }

    /// `gamename`: `CitizenFX`.
    pub fn gamename(&self) -> &'a [u8] {
        self.value(b"gamename")
    }

    fn number(&self, key: &[u8]) -> Option<u32> {
        core::str::from_utf8(self.value(key)).ok()?.parse().ok()
    }
}

impl Encode for InfoResponse<'_> {
    fn encoded_len(&self) -> usize {
        Response::Info(*self).encoded_len()
    }

    fn encode(&self, out: &mut impl BufMut) {
        Response::Info(*self).encode(out);
    }
}

/// Refuses an info string, which begins at `offset` of its message, that is not made of whole pairs
/// or too long for the client to read.
pub(super) fn check(info: &[u8], offset: usize) -> Result<(), DecodeError> {
    let error = |kind| Err(DecodeError::new("info", offset, kind));
    // Whole pairs split into the nothing before the first backslash, keys and values.
    let whole = info.split(|byte| *byte == b'\\').count() % 2 == 1;
    match info.first() {
        _ if info.len() >= MAX_INFO_STRING => {
            error(ErrorKind::TooLong { max: MAX_INFO_STRING - 1 })
        }
        None => error(ErrorKind::Incomplete { needed: 1 }),
        Some(b'\\') if whole => Ok(()),
        Some(b'\\') => error(ErrorKind::Malformed("a key without a value")),
        Some(_) => error(ErrorKind::Malformed("no backslash at the start")),
    }
}
