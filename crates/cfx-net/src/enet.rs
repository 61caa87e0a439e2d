//! ENet without sockets: what an ENet host must do for this protocol, and one that does it.
//!
//! | item | holds |
//! |---|---|
//! | [`Enet`] | the boundary: datagrams and time in, datagrams and events out |
//! | [`RustyEnet`] | the boundary on top of the crate `rusty_enet`, behind a filter |
//! | [`wire`] | headers and commands as they lie in a datagram |
//! | [`filter`] | what a datagram must look like before a host sees it |
//!
//! CitizenFX speaks plain ENet 1.3 with two channels, no checksum and no compression (SPEC ENET-1).
//! Out-of-band datagrams share the port (SPEC OOB-1); the caller takes them out before
//! [`Enet::handle`].

pub mod filter;
mod rusty;
pub mod wire;

use core::fmt;
use core::time::Duration;
use std::net::SocketAddr;

pub use rusty::RustyEnet;
pub use wire::{ConnectRequest, connect_request};

/// How long a peer may leave reliable commands unacknowledged before ENet gives it up, in
/// milliseconds (SPEC ENET-6). ENet looks at it only when it sends a command again, for which it
/// waits twice as long each time, so that up to twice this time goes by.
pub const TIMEOUT: u32 = 30_000;

/// Both thresholds of ENet's back-off time-out, set so high that only [`TIMEOUT`] counts
/// (SPEC ENET-6).
const NO_BACKOFF_TIMEOUT: u32 = 10_000_000;

/// A connection, or an attempt at one. A host never gives the same id to another connection, so
/// an event or a call that comes late cannot hit somebody else.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct PeerId(u64);

impl PeerId {
    /// The id with this number, for an implementation of [`Enet`] or a test.
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// The number in the id.
    pub const fn number(self) -> u64 {
        self.0
    }
}

impl fmt::Display for PeerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "peer {}", self.0)
    }
}

/// How a packet travels. On receipt ENet does not say which it was.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Delivery {
    /// Acknowledged, resent, in order within its channel.
    Reliable,
    /// Sent once; one that arrives after a later one of its channel is dropped. A packet that does
    /// not fit a datagram is sent reliably, as ENet does without its unreliable-fragment flag.
    Unreliable,
    /// Sent once and delivered whenever it arrives.
    Unsequenced,
}

impl From<cfx_session::Delivery> for Delivery {
    fn from(delivery: cfx_session::Delivery) -> Self {
        match delivery {
            cfx_session::Delivery::Reliable => Self::Reliable,
            cfx_session::Delivery::Unreliable => Self::Unreliable,
            cfx_session::Delivery::Unsequenced => Self::Unsequenced,
        }
    }
}

/// What happened on a host.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Event {
    /// A connection stands: a client's was acknowledged, or an attempt of ours was answered.
    Connected {
        /// The connection.
        peer: PeerId,
        /// The other side's address.
        from: SocketAddr,
        /// The `data` of the CONNECT command (SPEC ENET-2); 0 for an attempt of ours.
        data: u32,
    },
    /// A packet arrived.
    Received {
        /// The connection.
        peer: PeerId,
        /// The channel, below [`Settings::channels`].
        channel: u8,
        /// The whole packet, reassembled.
        payload: Vec<u8>,
    },
    /// A connection ended, or an attempt of ours failed. The id is not used again.
    Disconnected {
        /// The connection.
        peer: PeerId,
        /// The `data` the other side gave; 0 for a time-out and for an end that we asked for.
        data: u32,
    },
}

/// Why [`Enet::connect`] made no attempt.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ConnectError {
    /// Every peer of the host is in use.
    NoFreePeer,
    /// Nothing can be sent to the address, since its port is 0.
    Address,
}

impl fmt::Display for ConnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoFreePeer => "every peer of the host is in use",
            Self::Address => "the address has port 0",
        })
    }
}

impl std::error::Error for ConnectError {}

/// Why [`Enet::send`] queued nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SendError {
    /// The peer is unknown or not (or no longer) connected.
    NotConnected,
    /// The connection has no such channel.
    Channel,
    /// The packet is longer than [`Settings::max_outgoing_packet`].
    TooLarge,
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotConnected => "the peer is not connected",
            Self::Channel => "the connection has no such channel",
            Self::TooLarge => "the packet is too large",
        })
    }
}

impl std::error::Error for SendError {}

/// Settings that no host can be made with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct InvalidSettings(
    /// The name of the field that is out of range.
    pub &'static str,
);

impl fmt::Display for InvalidSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ENet setting `{}` is out of range", self.0)
    }
}

impl std::error::Error for InvalidSettings {}

/// What a host is made with.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How many peers the host holds at once, 1 to 4095; half-open ones count.
    pub peer_limit: usize,
    /// Channels of a connection, 1 to 255; the protocol has 2 (SPEC ENET-1).
    pub channels: u8,
    /// The longest datagram in bytes, 576 to 4096. ENet agrees on the smaller of both sides', so
    /// anything longer that arrives is dropped.
    pub mtu: u16,
    /// Seed of the connect ids of our own attempts. It must differ from run to run.
    pub seed: u32,
    /// The longest packet that is taken, in bytes: one fragment makes the host set this much aside.
    pub max_incoming_packet: usize,
    /// The longest packet that can be sent, in bytes.
    pub max_outgoing_packet: usize,
    /// How many bytes a peer may have waiting (incomplete, out of order) before more is refused;
    /// one packet may go over.
    pub max_waiting: usize,
    /// How many incoming connections may be half open at once.
    pub max_half_open: usize,
    /// How many of these from one address (IPv6: from one /64).
    pub max_half_open_per_source: usize,
    /// How long a connection may stay half open before its peer is given back, silently.
    pub half_open_timeout: Duration,
}

impl Settings {
    /// A server: peers as the reference has (2048 clients and 32 to spare) and ENet's MTU. A
    /// packet may be as long as the longest message a client may send, a server event of 384 KiB
    /// with a name of 64 KiB (reference `net-packet/include/NetEvent.h`).
    pub fn server(seed: u32) -> Self {
        Self {
            peer_limit: 2048 + 32,
            channels: 2,
            mtu: 1392,
            seed,
            max_incoming_packet: 512 << 10,
            max_outgoing_packet: 8 << 20,
            max_waiting: 4 << 20,
            max_half_open: 256,
            max_half_open_per_source: 8,
            half_open_timeout: Duration::from_secs(5),
        }
    }

    /// A client: one peer, MTU 1300 (SPEC ENET-1), no connection taken from outside.
    pub fn client(seed: u32) -> Self {
        Self {
            peer_limit: 1,
            mtu: 1300,
            max_incoming_packet: 8 << 20,
            max_outgoing_packet: 512 << 10,
            max_waiting: 16 << 20,
            max_half_open: 0,
            ..Self::server(seed)
        }
    }
}

/// An ENet host without socket, clock or randomness.
///
/// A driver calls [`handle`](Self::handle) for each datagram, then [`poll`](Self::poll) until it
/// says `None`, then [`transmit`](Self::transmit) until it says `None`; and the last two again
/// after it sent something and whenever [`next_deadline`](Self::next_deadline) has come. `now` is
/// time since a zero of the caller's, the same for every call; a time before one given earlier
/// counts as that one.
///
/// Nothing here fails for what a peer does: what it may not do is dropped.
pub trait Enet {
    /// Takes a datagram that arrived. `admit` is asked for each new connection that passed every
    /// other check; where it says no, nothing is sent in answer (SPEC ENET-3, ENET-4). A client
    /// passes `&mut |_, _| false`.
    fn handle(
        &mut self,
        from: SocketAddr,
        datagram: &[u8],
        now: Duration,
        admit: &mut dyn FnMut(SocketAddr, &ConnectRequest) -> bool,
    );

    /// Runs timers, and gives the next event.
    fn poll(&mut self, now: Duration) -> Option<Event>;

    /// The next datagram to send, and where to.
    fn transmit(&mut self) -> Option<(SocketAddr, Vec<u8>)>;

    /// Starts an attempt to connect, with the time-out of [`TIMEOUT`] (SPEC ENET-6). It ends in
    /// [`Event::Connected`] or [`Event::Disconnected`].
    ///
    /// # Errors
    ///
    /// [`ConnectError`] where no attempt could be made.
    fn connect(&mut self, to: SocketAddr, data: u32, now: Duration)
    -> Result<PeerId, ConnectError>;

    /// Queues a packet.
    ///
    /// # Errors
    ///
    /// [`SendError`] where the packet was not queued.
    fn send(
        &mut self,
        peer: PeerId,
        channel: u8,
        delivery: Delivery,
        payload: &[u8],
    ) -> Result<(), SendError>;

    /// Ends a connection: drops what is queued, tells the other side, and gives
    /// [`Event::Disconnected`] when that has acknowledged or timed out. A connection that does not
    /// stand yet ends at once and without an event.
    fn disconnect(&mut self, peer: PeerId, data: u32);

    /// As [`disconnect`](Self::disconnect), but after everything queued has been sent and
    /// acknowledged.
    fn disconnect_later(&mut self, peer: PeerId, data: u32);

    /// Forgets a connection at once: nothing is sent, no event follows.
    fn reset(&mut self, peer: PeerId);

    /// What the server does to a connection as it sends connectOK: no throttling of unreliable
    /// packets, a time-out of [`TIMEOUT`] without back-off (SPEC ENET-6).
    fn tune(&mut self, peer: PeerId);

    /// The mean round trip time and its variance, in milliseconds; 500 and 0 until measured.
    /// `None` for a peer that is not there.
    fn round_trip(&self, peer: PeerId) -> Option<(u32, u32)>;

    /// When [`poll`](Self::poll) wants to be called again at the latest, on the same scale as
    /// `now`; `None` while there is nobody to serve.
    fn next_deadline(&self, now: Duration) -> Option<Duration>;
}
