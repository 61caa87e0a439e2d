//! What a client sends the server inside `msgRoute`: a hash that names the stream, then an LZ4 block
//! against the preset dictionary.

use core::fmt;

use bytes::BufMut;
use cfx_game::frame::MAX_PAYLOAD;
use cfx_wire::hash::lower;
use cfx_wire::{Decode, DecodeError, Encode, Reader};

/// The net id to which such a `msgRoute` is addressed: the server itself.
pub const SERVER_TARGET: u16 = 0xFFFF;

/// Which stream follows: the `lower` hash of its name. The set is open; the server ignores what it
/// does not know.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamType(pub u32);

impl StreamType {
    /// `netClones`: [`clones::c2s`](crate::clones::c2s) records.
    pub const NET_CLONES: Self = Self(lower(b"netClones"));
    /// `netAcks`: [`acks::c2s`](crate::acks::c2s) records.
    pub const NET_ACKS: Self = Self(lower(b"netAcks"));

    /// The name, when it is known.
    pub const fn name(self) -> Option<&'static str> {
        match self {
            Self::NET_CLONES => Some("netClones"),
            Self::NET_ACKS => Some("netAcks"),
            _ => None,
        }
    }
}

impl fmt::Display for StreamType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.pad(name),
            None => write!(f, "{:#010x}", self.0),
        }
    }
}

impl fmt::Debug for StreamType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StreamType({self})")
    }
}

/// The payload of a `msgRoute` to [`SERVER_TARGET`]. Unlike a server's streams it has no index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RoutePayload<'a> {
    /// What the block holds.
    pub kind: StreamType,
    /// See [`Inflater::inflate_with`](crate::block::Inflater::inflate_with). The server ignores a
    /// payload whose block does not inflate, or to nothing.
    pub block: &'a [u8],
}

impl<'a> Decode<'a> for RoutePayload<'a> {
    const MIN_SIZE: usize = 4;
    const MAX_SIZE: usize = MAX_PAYLOAD;

    fn decode(reader: &mut Reader<'a>) -> Result<Self, DecodeError> {
        Ok(Self { kind: StreamType(reader.u32("stream type")?), block: reader.rest() })
    }
}

impl Encode for RoutePayload<'_> {
    fn encoded_len(&self) -> usize {
        4 + self.block.len()
    }

    fn encode(&self, out: &mut impl BufMut) {
        out.put_u32_le(self.kind.0);
        out.put_slice(self.block);
    }
}
