//! HTTP as the state machines see it: requests and answers in pieces, without connections.

use std::net::SocketAddr;

use bytes::Bytes;

/// Names one HTTP exchange. The caller numbers the requests it hands to a server; a client numbers
/// its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(pub u64);

/// A request that a server received, whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The peer's address, as the TCP connection shows it.
    pub from: SocketAddr,
    /// The method, in upper case.
    pub method: String,
    /// The request target with its query, as it came: `/info.json?v=1`.
    pub target: String,
    /// The header `X-CitizenFX-Token`.
    pub token: Option<String>,
    /// The header `X-Players-Token`.
    pub players_token: Option<String>,
    /// The body; a caller may stop reading one byte behind [`cfx_control::request::MAX_BODY`].
    pub body: Bytes,
}

/// A piece of a server's answer. Every answer is one [`Head`](Self::Head), any number of
/// [`Data`](Self::Data) and one [`End`](Self::End).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// The status line.
    Head(u16),
    /// The next bytes of the body.
    Data(Bytes),
    /// The body is whole.
    End,
}

/// A request that a client makes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// `GET` or `POST`.
    pub method: &'static str,
    /// The absolute URL.
    pub url: String,
    /// Header names and values.
    pub headers: Vec<(&'static str, String)>,
    /// The body; empty for `GET`.
    pub body: Vec<u8>,
}

/// What became of a client's request so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress<'a> {
    /// The status line arrived.
    Head(u16),
    /// More of the body arrived, cut anywhere.
    Data(&'a [u8]),
    /// The body is whole.
    End,
    /// No answer, or half of one; the text is for the player.
    Failed(&'a str),
}
