//! What servers send to clients and query tools.
//!
//! The game client reads [`InfoResponse`] and [`Error`] and nothing else, and only from the address
//! of the server it is joining (SPEC OOB-11, OOB-13); that check is the caller's. [`StatusResponse`]
//! and [`Print`] are for query and rcon tools.
//!
//! The reference (`net/src/NetLibrary.cpp`) reads its receive buffer as C text without a look at
//! the datagram's length, and so past the end of a short one. Here the end of the datagram ends the
//! text, as a NUL there would.

mod info;
mod status;

use bytes::BufMut;
use cfx_wire::{DecodeError, Encode, ErrorKind};

use crate::{PREFIX, behind_separator, body, split_word};

pub use info::InfoResponse;
pub use status::{Player, StatusResponse};

pub(crate) const INFO_RESPONSE: &[u8] = b"infoResponse";
pub(crate) const STATUS_RESPONSE: &[u8] = b"statusResponse";
const PRINT: &[u8] = b"print";
const ERROR: &[u8] = b"error";

/// An out-of-band datagram as a client reads it.
///
/// Written by [`Encode`] as a whole datagram, prefix included, in the form a server gives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Response<'a> {
    /// The answer to `getinfo`.
    Info(InfoResponse<'a>),
    /// The answer to `getstatus`.
    Status(StatusResponse<'a>),
    /// What an rcon command printed.
    Print(Print<'a>),
    /// The server dropped or refused the client.
    Error(Error<'a>),
    /// Anything else; a client ignores it.
    Unknown {
        /// The text before the first space or newline; empty when the body begins with one.
        key: &'a [u8],
        /// What follows the one separator.
        data: &'a [u8],
    },
}

impl<'a> Response<'a> {
    /// Reads a body, which is a datagram without its prefix, as the reference client does.
    ///
    /// `infoResponse` and `error` are matched without regard to ASCII case and need no separator:
    /// the byte behind the key is skipped, whatever it is (SPEC OOB-13). `error` without a byte
    /// behind it is ignored, so it is [`Unknown`](Self::Unknown). The other keys, which the
    /// reference client does not read, are matched exactly.
    ///
    /// ```
    /// use cfx_oob::s2c::{Error, Response};
    /// let body = b"error Invalid connection.";
    /// assert_eq!(Response::parse(body), Response::Error(Error { text: b"Invalid connection." }));
    /// ```
    pub fn parse(body: &'a [u8]) -> Self {
        if let Some(rest) = strip_prefix_ignore_case(body, INFO_RESPONSE) {
            return Self::Info(InfoResponse { info: behind_separator(rest) });
        }
        if let Some([_, text @ ..]) = strip_prefix_ignore_case(body, ERROR) {
            return Self::Error(Error { text });
        }
        let (key, rest) = split_word(body);
        let data = behind_separator(rest);
        match key {
            STATUS_RESPONSE => Self::Status(StatusResponse::parse(data)),
            PRINT => Self::Print(Print { text: data }),
            _ => Self::Unknown { key, data },
        }
    }

    /// Reads a whole datagram as [`parse`](Self::parse) does its body; nothing when it is not out
    /// of band.
    pub fn from_datagram(datagram: &'a [u8]) -> Option<Self> {
        body(datagram).map(Self::parse)
    }

    /// Reads a body and refuses what no honest server sends: no key, a known key with another
    /// separator than the server's, a NUL in a known message, an info string that is cut or too
    /// long for the client, a line of `statusResponse` that is no player. Keys are matched exactly,
    /// so `INFORESPONSE` is [`Unknown`](Self::Unknown).
    ///
    /// # Errors
    /// The field that is wrong, with its offset in the body.
    pub fn parse_strict(body: &'a [u8]) -> Result<Self, DecodeError> {
        let (key, rest) = split_word(body);
        let at = key.len() + 1;
        Ok(match key {
            b"" => return Err(DecodeError::new("key", 0, ErrorKind::TooShort { min: 1 })),
            INFO_RESPONSE => {
                let info = text_behind(b'\n', key, rest)?;
                info::check(info, at)?;
                Self::Info(InfoResponse { info })
            }
            STATUS_RESPONSE => {
                Self::Status(StatusResponse::parse_strict(text_behind(b'\n', key, rest)?, at)?)
            }
            PRINT => Self::Print(Print { text: text_behind(b' ', key, rest)? }),
            ERROR => Self::Error(Error { text: text_behind(b' ', key, rest)? }),
            _ => Self::Unknown { key, data: behind_separator(rest) },
        })
    }

    /// What stands behind the prefix, in parts.
    fn parts(&self) -> [&'a [u8]; 6] {
        match self {
            Self::Info(InfoResponse { info }) => [INFO_RESPONSE, b"\n", info, b"", b"", b""],
            Self::Status(status) => {
                [STATUS_RESPONSE, b"\n", status.info, b"\n", status.player_lines, status.variables]
            }
            Self::Print(Print { text }) => [PRINT, b" ", text, b"", b"", b""],
            Self::Error(Error { text }) => [ERROR, b" ", text, b"", b"", b""],
            Self::Unknown { key, data: b"" } => [key, b"", b"", b"", b"", b""],
            Self::Unknown { key, data } => [key, b" ", data, b"", b"", b""],
        }
    }
}

impl Encode for Response<'_> {
    fn encoded_len(&self) -> usize {
        PREFIX.len() + self.parts().iter().map(|part| part.len()).sum::<usize>()
    }

    fn encode(&self, out: &mut impl BufMut) {
        out.put_slice(&PREFIX);
        self.parts().iter().for_each(|part| out.put_slice(part));
    }
}

/// `print <text>`: what an rcon command printed (SPEC OOB-10). The game client ignores it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Print<'a> {
    /// The text, possibly empty.
    pub text: &'a [u8],
}

impl Encode for Print<'_> {
    fn encoded_len(&self) -> usize {
        Response::Print(*self).encoded_len()
    }

    fn encode(&self, out: &mut impl BufMut) {
        Response::Print(*self).encode(out);
    }
}

/// `error <text>`: the client leaves and shows the text (SPEC OOB-11).
///
/// ```
/// use cfx_oob::s2c::Error;
/// use cfx_wire::Encode;
/// let datagram = Error { text: b"Invalid connection." }.to_vec();
/// assert_eq!(datagram, b"\xFF\xFF\xFF\xFFerror Invalid connection.");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Error<'a> {
    /// The reason for the user to read, possibly empty.
    pub text: &'a [u8],
}

impl Error<'_> {
    /// Whether the client shows it as a time-out: the text before any NUL has `Timed out` or
    /// `timed out` in it.
    pub fn is_time_out(&self) -> bool {
        let text = self.text.split(|byte| *byte == 0).next().unwrap_or_default();
        text.windows(9).any(|window| matches!(window, b"Timed out" | b"timed out"))
    }
}

impl Encode for Error<'_> {
    fn encoded_len(&self) -> usize {
        Response::Error(*self).encoded_len()
    }

    fn encode(&self, out: &mut impl BufMut) {
        Response::Error(*self).encode(out);
    }
}

fn strip_prefix_ignore_case<'a>(text: &'a [u8], prefix: &[u8]) -> Option<&'a [u8]> {
    let (head, rest) = text.split_at_checked(prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then_some(rest)
}

/// What is behind the one separator that a server puts after a key.
fn text_behind<'a>(separator: u8, key: &[u8], rest: &'a [u8]) -> Result<&'a [u8], DecodeError> {
    let error = |offset, kind| Err(DecodeError::new("text", offset, kind));
    match rest.split_first() {
        None => error(key.len(), ErrorKind::Incomplete { needed: 1 }),
        Some((first, _)) if *first != separator => {
            error(key.len(), ErrorKind::Malformed("another separator than the server's"))
        }
        Some((_, text)) => match text.iter().position(|byte| *byte == 0) {
            Some(at) => error(key.len() + 1 + at, ErrorKind::Malformed("a NUL in the text")),
            None => Ok(text),
        },
    }
}
