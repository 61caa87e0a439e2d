//! UDP and TCP on the same port number: a server answers discovery, ENet and HTTP on one.

use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv6Addr, SocketAddr, SocketAddrV6};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::{TcpListener, UdpSocket};

/// The longest datagram that ENet sends or takes, in bytes.
pub const MAX_DATAGRAM: usize = 4096;

/// The longest datagram there can be. Windows calls it an error when one does not fit the buffer.
const MAX_UDP: usize = 65_536;

/// How many errors in a row make a socket useless, and how long to wait after each, in
/// milliseconds: a passing one that we do not know must not end a server.
const MAX_ERRORS: u32 = 100;
const ERROR_PAUSE: u64 = 10;

/// What ENet asks of a socket's buffers, in bytes.
const SOCKET_BUFFER: usize = 256 << 10;

/// How often a free UDP port is looked for whose number is free in TCP as well.
const ATTEMPTS: usize = 32;

/// How many connections may wait to be accepted.
const BACKLOG: i32 = 1024;

/// Binds UDP and TCP to the same address and port. Port 0 takes a number that is free in both;
/// the address `::` takes IPv4 as well.
///
/// # Errors
///
/// What the system says: the address is not ours, the port is in use or not allowed.
///
/// # Panics
///
/// Outside a tokio runtime with I/O enabled, as every socket of tokio.
pub fn bind(address: SocketAddr) -> io::Result<(UdpPort, TcpListener)> {
    let mut left = ATTEMPTS;
    loop {
        left -= 1;
        let udp = UdpPort::bind(address)?;
        match listen(SocketAddr::new(address.ip(), udp.local_address().port())) {
            Ok(tcp) => return Ok((udp, tcp)),
            Err(error) => {
                let taken =
                    matches!(error.kind(), ErrorKind::AddrInUse | ErrorKind::PermissionDenied);
                if address.port() != 0 || left == 0 || !taken {
                    return Err(error);
                }
            }
        }
    }
}

/// Listens on TCP; the address `::` takes IPv4 as well.
///
/// # Errors
///
/// What the system says.
///
/// # Panics
///
/// Outside a tokio runtime with I/O enabled.
pub fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = open(address, Type::STREAM, Protocol::TCP)?;
    // A server that starts again must not wait for the connections of its last run.
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    TcpListener::from_std(socket.into())
}

fn open(address: SocketAddr, kind: Type, protocol: Protocol) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), kind, Some(protocol))?;
    if address.is_ipv6() && address.ip().is_unspecified() {
        socket.set_only_v6(false)?;
    }
    socket.set_nonblocking(true)?;
    Ok(socket)
}

/// A UDP socket that notices datagrams which are too long, and for which no peer can cause an
/// error. Addresses of IPv4 peers are IPv4 addresses here, whatever the socket is.
pub struct UdpPort {
    socket: UdpSocket,
    /// The same socket for sending: tokio's would say "not ready" until its reactor first ran.
    sender: std::net::UdpSocket,
    local: SocketAddr,
    buffer: Box<[u8]>,
    lost: AtomicU64,
}

impl UdpPort {
    /// Binds a UDP port; port 0 takes any that is free, the address `::` takes IPv4 as well.
    ///
    /// # Errors
    ///
    /// What the system says.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime with I/O enabled.
    pub fn bind(address: SocketAddr) -> io::Result<Self> {
        let socket = open(address, Type::DGRAM, Protocol::UDP)?;
        // A system that gives less is no reason to fail.
        let _ = socket.set_recv_buffer_size(SOCKET_BUFFER);
        let _ = socket.set_send_buffer_size(SOCKET_BUFFER);
        socket.bind(&address.into())?;
        let sender: std::net::UdpSocket = socket.into();
        let socket = UdpSocket::from_std(sender.try_clone()?)?;
        let local = socket.local_addr()?;
        let buffer = vec![0; MAX_UDP].into_boxed_slice();
        Ok(Self { socket, sender, local, buffer, lost: AtomicU64::new(0) })
    }

    /// The address it is bound to.
    pub fn local_address(&self) -> SocketAddr {
        self.local
    }

    /// Waits for a datagram. One that is longer than [`MAX_DATAGRAM`] comes cut to one byte more
    /// than that. Nothing is lost when the future is dropped.
    ///
    /// # Errors
    ///
    /// An error of the socket itself, after which it is of no more use; what a peer can cause
    /// (such as "port unreachable") is none.
    pub async fn receive(&mut self) -> io::Result<(SocketAddr, &[u8])> {
        let mut errors = 0;
        loop {
            match self.socket.recv_from(&mut self.buffer).await {
                Ok((length, from)) => return Ok(self.received(length, from)),
                Err(error) if is_passing(&error) => {}
                Err(error) if errors >= MAX_ERRORS => return Err(error),
                Err(_) => {
                    errors += 1;
                    tokio::time::sleep(Duration::from_millis(ERROR_PAUSE)).await;
                }
            }
        }
    }

    /// A datagram that is already there.
    pub fn try_receive(&mut self) -> Option<(SocketAddr, &[u8])> {
        let (length, from) = self.socket.try_recv_from(&mut self.buffer).ok()?;
        Some(self.received(length, from))
    }

    fn received(&self, length: usize, from: SocketAddr) -> (SocketAddr, &[u8]) {
        let from = SocketAddr::new(from.ip().to_canonical(), from.port());
        let length = length.min(MAX_DATAGRAM + 1);
        (from, self.buffer.get(..length).unwrap_or(&self.buffer))
    }

    /// Sends a datagram. If that fails it is lost, as any datagram may be, and only
    /// [`lost`](Self::lost) tells.
    pub fn send(&self, to: SocketAddr, datagram: &[u8]) {
        let to = if self.local.is_ipv6() { mapped(to) } else { to };
        if self.sender.send_to(datagram, to).is_err() {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// How many datagrams could not be sent.
    pub fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }
}

/// An error that belongs to one datagram or peer, not to the socket.
fn is_passing(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::ConnectionReset
            | ErrorKind::ConnectionRefused
            | ErrorKind::HostUnreachable
            | ErrorKind::NetworkUnreachable
            | ErrorKind::Interrupted
    )
}

/// The address in the form that an IPv6 socket sends to.
fn mapped(address: SocketAddr) -> SocketAddr {
    match address.ip() {
        IpAddr::V4(v4) => {
            let ip: Ipv6Addr = v4.to_ipv6_mapped();
            SocketAddrV6::new(ip, address.port(), 0, 0).into()
        }
        IpAddr::V6(_) => address,
    }
}
