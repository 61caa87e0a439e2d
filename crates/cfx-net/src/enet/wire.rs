//! ENet datagrams as they lie in memory (ENet 1.3 `protocol.h`). All integers are big-endian.
//!
//! A datagram is a header and commands to its end. The header is a `u16` (flags, session, peer)
//! and, if its flag is set, the `u16` time of sending. A command is a header of four bytes
//! (`u8` number and flags, `u8` channel, `u16` reliable sequence number), fields of a length fixed
//! by its number, and data where it carries some.

/// The peer number of a sender that was not given one yet: only CONNECT comes so.
pub const NO_PEER: u16 = 0x0FFF;

const PEER_MASK: u16 = 0x0FFF;
const FLAG_COMPRESSED: u16 = 0x4000;
const FLAG_SENT_TIME: u16 = 0x8000;
const COMMAND_MASK: u8 = 0x0F;

/// The command numbers of ENet 1.3.
pub mod command {
    /// Acknowledges a reliable command.
    pub const ACKNOWLEDGE: u8 = 1;
    /// Opens a connection.
    pub const CONNECT: u8 = 2;
    /// Answers CONNECT.
    pub const VERIFY_CONNECT: u8 = 3;
    /// Ends a connection.
    pub const DISCONNECT: u8 = 4;
    /// Nothing but a command to acknowledge.
    pub const PING: u8 = 5;
    /// A reliable packet.
    pub const SEND_RELIABLE: u8 = 6;
    /// An unreliable packet.
    pub const SEND_UNRELIABLE: u8 = 7;
    /// A piece of a reliable packet.
    pub const SEND_FRAGMENT: u8 = 8;
    /// A packet outside any order.
    pub const SEND_UNSEQUENCED: u8 = 9;
    /// Bandwidths of the sender.
    pub const BANDWIDTH_LIMIT: u8 = 10;
    /// How the sender throttles unreliable packets.
    pub const THROTTLE_CONFIGURE: u8 = 11;
    /// A piece of an unreliable packet.
    pub const SEND_UNRELIABLE_FRAGMENT: u8 = 12;
}

/// The header of a datagram.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Header {
    /// The receiver's number for the sender, 0 to 4094, or [`NO_PEER`].
    pub peer: u16,
    /// The commands are compressed.
    pub compressed: bool,
    /// Where the first command begins: 4, or 2 without a time of sending.
    pub length: usize,
}

/// Reads the header. `None` if the datagram is too short for it.
pub fn header(datagram: &[u8]) -> Option<Header> {
    let word = u16_at(datagram, 0)?;
    let length = if word & FLAG_SENT_TIME == 0 { 2 } else { 4 };
    if datagram.len() < length {
        return None;
    }
    Some(Header { peer: word & PEER_MASK, compressed: word & FLAG_COMPRESSED != 0, length })
}

/// One command of a datagram, with its data.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Command<'a> {
    /// Its number, one of [`command`].
    pub number: u8,
    /// Its bytes: header, fields and data.
    pub bytes: &'a [u8],
    /// How many of these are data.
    pub data: usize,
}

/// Takes the command at the front of `bytes`, and gives what follows it. `None` if the number is
/// unknown or the command does not fit.
pub fn split_command(bytes: &[u8]) -> Option<(Command<'_>, &[u8])> {
    let number = bytes.first()? & COMMAND_MASK;
    let (fixed, data_length_at) = layout(number)?;
    if bytes.len() < fixed {
        return None;
    }
    let data = match data_length_at {
        Some(at) => usize::from(u16_at(bytes, at)?),
        None => 0,
    };
    let (command, rest) = bytes.split_at_checked(fixed + data)?;
    Some((Command { number, bytes: command, data }, rest))
}

/// The length of a command's header and fields, and where its data's length lies.
fn layout(number: u8) -> Option<(usize, Option<usize>)> {
    Some(match number {
        command::ACKNOWLEDGE | command::DISCONNECT => (8, None),
        command::CONNECT => (48, None),
        command::VERIFY_CONNECT => (44, None),
        command::PING => (4, None),
        command::SEND_RELIABLE => (6, Some(4)),
        command::SEND_UNRELIABLE | command::SEND_UNSEQUENCED => (8, Some(6)),
        command::SEND_FRAGMENT | command::SEND_UNRELIABLE_FRAGMENT => (24, Some(6)),
        command::BANDWIDTH_LIMIT => (12, None),
        command::THROTTLE_CONFIGURE => (16, None),
        _ => return None,
    })
}

/// The fields of a fragment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Fragment {
    /// Bytes of data that it carries.
    pub length: u32,
    /// How many fragments the packet has.
    pub count: u32,
    /// Which of these it is, from 0.
    pub number: u32,
    /// The length of the packet.
    pub total: u32,
    /// Where in the packet its data goes.
    pub offset: u32,
}

/// Reads a fragment's fields. `None` for any other command.
pub fn fragment(of: &Command<'_>) -> Option<Fragment> {
    if !matches!(of.number, command::SEND_FRAGMENT | command::SEND_UNRELIABLE_FRAGMENT) {
        return None;
    }
    Some(Fragment {
        length: u32::from(u16_at(of.bytes, 6)?),
        count: u32_at(of.bytes, 8)?,
        number: u32_at(of.bytes, 12)?,
        total: u32_at(of.bytes, 16)?,
        offset: u32_at(of.bytes, 20)?,
    })
}

/// What a CONNECT asks for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ConnectRequest {
    /// The connect data: the hash of a connection token (SPEC ENET-2).
    pub data: u32,
    /// The sender's number for this attempt; it stays the same when the command is sent again.
    /// Opaque: ENet copies it in the sender's byte order, it is read here as little-endian.
    pub connect_id: u32,
    /// The sender's number for us, 0 to 4094 from an honest peer.
    pub peer: u16,
    /// How many channels it wants.
    pub channels: u32,
    /// Its MTU.
    pub mtu: u32,
}

/// Reads a datagram that opens a connection: one without a peer number (`FFF`) whose first command
/// is CONNECT. The time of sending may be missing and other commands may follow, as in ENet.
/// `None` for any other datagram.
pub fn connect_request(datagram: &[u8]) -> Option<ConnectRequest> {
    let header = header(datagram)?;
    if header.peer != NO_PEER || header.compressed {
        return None;
    }
    let (command, _) = split_command(datagram.get(header.length..)?)?;
    if command.number != command::CONNECT {
        return None;
    }
    let bytes = command.bytes;
    Some(ConnectRequest {
        data: u32_at(bytes, 44)?,
        connect_id: u32_at(bytes, 40)?.swap_bytes(),
        peer: u16_at(bytes, 4)?,
        channels: u32_at(bytes, 16)?,
        mtu: u32_at(bytes, 8)?,
    })
}

/// The channel count of `VERIFY_CONNECT`. `None` for any other command.
pub fn verified_channels(of: &Command<'_>) -> Option<u32> {
    if of.number == command::VERIFY_CONNECT { u32_at(of.bytes, 16) } else { None }
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    let (_, rest) = bytes.split_at_checked(at)?;
    rest.first_chunk().copied().map(u16::from_be_bytes)
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    let (_, rest) = bytes.split_at_checked(at)?;
    rest.first_chunk().copied().map(u32::from_be_bytes)
}
