//! What clients and query tools send to a server.
//!
//! | request | rate limit (per address; proxies are exempt, SPEC OOB-14) | counted |
//! |---|---|---|
//! | [`GetInfo`](Request::GetInfo) | 2/s, burst 10 (SPEC OOB-6) | every one; one with too long a challenge is dropped before |
//! | [`GetStatus`](Request::GetStatus) | 1/s, burst 5 (SPEC OOB-8) | only while the server answers it |
//! | [`Rcon`](Request::Rcon) | 0.2/s, burst 5, reset by the right password (SPEC OOB-10) | every one, [`Ignored::IncompleteRcon`] too |
//!
//! Reference: `citizen-server-impl/include/decorators/WithOutOfBand.h` and `outofbandhandlers/`.

use alloc::vec::Vec;

use bytes::BufMut;
use cfx_wire::hash::rage;
use cfx_wire::{DecodeError, Encode, ErrorKind};

use crate::{PREFIX, behind_separator, body, split_word};

/// `getinfo` with more bytes of data than this is dropped (SPEC OOB-4).
pub const MAX_CHALLENGE: usize = 8;

/// The challenge that the reference client sends; it does not check the echo (SPEC OOB-12).
pub const CLIENT_CHALLENGE: &[u8] = b"xyz";

const GET_INFO: &[u8] = b"getinfo";
const GET_STATUS: &[u8] = b"getstatus";
const RCON: &[u8] = b"rcon";

// The server compares hashes, so that a key with an equal hash is the same key to it.
const GET_INFO_HASH: u32 = rage(GET_INFO);
const GET_STATUS_HASH: u32 = rage(GET_STATUS);
const RCON_HASH: u32 = rage(RCON);

/// An out-of-band datagram as a server reads it.
///
/// Written by [`Encode`] as a whole datagram, prefix included, with spaces for separators. The
/// format has no escape: a field that holds a separator is written as it is and read otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Request<'a> {
    /// Taken from the port and not answered.
    Ignored {
        /// The reason.
        why: Ignored,
        /// Everything behind the prefix.
        body: &'a [u8],
    },
    /// `getinfo [challenge]`: who and how full the server is.
    GetInfo {
        /// Echoed byte for byte; at most [`MAX_CHALLENGE`] bytes, possibly none, without space and
        /// newline (SPEC OOB-5).
        challenge: &'a [u8],
    },
    /// `getstatus`: the same with players and variables. Its data is ignored (SPEC OOB-7).
    GetStatus,
    /// `rcon <password> <command>`: a console command (SPEC OOB-9).
    Rcon {
        /// At least one byte, without space and newline.
        password: &'a [u8],
        /// The command with the separator before it: a space or a newline, then at least one byte.
        command: &'a [u8],
    },
    /// A key that this protocol does not know, left to whoever else listens on the port; keys are
    /// case-sensitive (SPEC OOB-2).
    Unknown {
        /// At least one byte, without space and newline.
        key: &'a [u8],
        /// What follows the one separator.
        data: &'a [u8],
    },
}

/// Why a server takes a datagram from the port and does nothing with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ignored {
    /// The body is empty or begins with a separator (SPEC OOB-2).
    NoKey,
    /// `getinfo` with more than [`MAX_CHALLENGE`] bytes of data, separators counted (SPEC OOB-4).
    LongChallenge,
    /// `rcon` without a password or without a command; it counts against the rate limit
    /// (SPEC OOB-9).
    IncompleteRcon,
}

impl<'a> Request<'a> {
    /// Reads a datagram as the reference server does; nothing when it is not out of band.
    ///
    /// The reference compares the `rage` hash of the key, so a key that collides with one of the
    /// three is read as that one: `481y7na` as `rcon`.
    ///
    /// ```
    /// use cfx_oob::c2s::Request;
    /// let request = Request::parse(b"\xFF\xFF\xFF\xFFrcon secret say hi");
    /// assert_eq!(request, Some(Request::Rcon { password: b"secret", command: b" say hi" }));
    /// ```
    pub fn parse(datagram: &'a [u8]) -> Option<Self> {
        let body = body(datagram)?;
        let (key, rest) = split_word(body);
        let data = behind_separator(rest);
        let ignored = |why| Self::Ignored { why, body };
        Some(match rage(key) {
            _ if key.is_empty() => ignored(Ignored::NoKey),
            GET_INFO_HASH if data.len() > MAX_CHALLENGE => ignored(Ignored::LongChallenge),
            GET_INFO_HASH => Self::GetInfo { challenge: split_word(data).0 },
            GET_STATUS_HASH => Self::GetStatus,
            RCON_HASH => rcon_data(data).unwrap_or(ignored(Ignored::IncompleteRcon)),
            _ => Self::Unknown { key, data },
        })
    }

    /// Reads a datagram and refuses what no honest client sends: anything that the server would
    /// ignore, a key that only has the right hash, and data behind the challenge of `getinfo`.
    ///
    /// # Errors
    /// The field that is wrong, with its offset in the datagram.
    pub fn parse_strict(datagram: &'a [u8]) -> Result<Self, DecodeError> {
        let error = |field, offset, kind| Err(DecodeError::new(field, offset, kind));
        let Some(request) = Self::parse(datagram) else {
            return error("prefix", 0, ErrorKind::Malformed("not out of band"));
        };
        let (key, rest) = split_word(body(datagram).unwrap_or_default());
        let data = behind_separator(rest);
        let data_at = PREFIX.len() + key.len() + 1;
        match request {
            Self::Ignored { why: Ignored::NoKey, .. } => {
                error("key", PREFIX.len(), ErrorKind::TooShort { min: 1 })
            }
            Self::Ignored { why: Ignored::LongChallenge, .. } => {
                error("challenge", data_at, ErrorKind::TooLong { max: MAX_CHALLENGE })
            }
            Self::Ignored { why: Ignored::IncompleteRcon, .. } => {
                error("command", data_at, ErrorKind::Malformed("no password or no command"))
            }
            Self::GetInfo { challenge } if challenge.len() < data.len() => {
                let left = data.len() - challenge.len();
                error("challenge", data_at + challenge.len(), ErrorKind::Trailing { left })
            }
            _ if request.key().is_some_and(|exact| exact != key) => {
                error("key", PREFIX.len(), ErrorKind::Malformed("only the hash is right"))
            }
            _ => Ok(request),
        }
    }

    /// The key as an honest client writes it; nothing for what is ignored.
    fn key(&self) -> Option<&'a [u8]> {
        match self {
            Self::Ignored { .. } => None,
            Self::GetInfo { .. } => Some(GET_INFO),
            Self::GetStatus => Some(GET_STATUS),
            Self::Rcon { .. } => Some(RCON),
            Self::Unknown { key, .. } => Some(key),
        }
    }

    /// What stands behind the prefix, in parts.
    fn parts(&self) -> [&'a [u8]; 4] {
        match self {
            Self::Ignored { body, .. } => [body, b"", b"", b""],
            Self::GetInfo { challenge: b"" } => [GET_INFO, b"", b"", b""],
            Self::GetInfo { challenge } => [GET_INFO, b" ", challenge, b""],
            Self::GetStatus => [GET_STATUS, b"", b"", b""],
            Self::Rcon { password, command } => [RCON, b" ", password, command],
            Self::Unknown { key, data: b"" } => [key, b"", b"", b""],
            Self::Unknown { key, data } => [key, b" ", data, b""],
        }
    }
}

/// `<password><separator><command>`, or nothing when a part is missing.
fn rcon_data(data: &[u8]) -> Option<Request<'_>> {
    let (password, command) = split_word(data);
    (!password.is_empty() && command.len() > 1).then_some(Request::Rcon { password, command })
}

impl Encode for Request<'_> {
    fn encoded_len(&self) -> usize {
        PREFIX.len() + self.parts().iter().map(|part| part.len()).sum::<usize>()
    }

    fn encode(&self, out: &mut impl BufMut) {
        out.put_slice(&PREFIX);
        self.parts().iter().for_each(|part| out.put_slice(part));
    }
}

/// The datagram `getinfo <challenge>`, without the space when the challenge is empty. The reference
/// client sends [`CLIENT_CHALLENGE`].
pub fn getinfo(challenge: &[u8]) -> Vec<u8> {
    Request::GetInfo { challenge }.to_vec()
}

/// The datagram `getstatus`.
pub fn getstatus() -> Vec<u8> {
    Request::GetStatus.to_vec()
}

/// The datagram `rcon <password> <command>`. The command comes without the separator that
/// [`Request::Rcon`] keeps.
pub fn rcon(password: &[u8], command: &[u8]) -> Vec<u8> {
    let mut datagram = Request::Rcon { password, command: b" " }.to_vec();
    datagram.extend_from_slice(command);
    datagram
}
