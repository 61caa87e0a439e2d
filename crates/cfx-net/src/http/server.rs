//! The HTTP server's shell: sockets, limits and HTTP/1.1 itself. It knows no route; every request
//! goes to the driver, which answers through the request's [`Responder`] whenever it likes.
//!
//! A peer cannot hold it up: heads, bodies and idle connections have time-outs, a peer that stops
//! reading loses its connection, and connections are counted in all and by address (SPEC SEC-5,
//! SEC-6).
//!
//! ```
//! use cfx_net::http::server::{HttpServer, Input, Limits};
//!
//! # async fn example() -> std::io::Result<()> {
//! let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
//! let mut server = HttpServer::new(listener, Limits::default());
//! loop {
//!     match server.next().await {
//!         Input::Request(request) if request.path == "/dynamic.json" => {
//!             request.respond.all(200, &[("content-type", "application/json")], "{}");
//!         }
//!         Input::Request(mut request) => {
//!             request.respond.head(404, &[("content-type", "text/plain")]);
//!             request.respond.write("nothing here").ok();
//!             request.respond.end();
//!         }
//!         Input::Gone(_) => {}
//!     }
//! }
//! # }
//! ```

mod connection;
mod response;

use std::collections::HashMap;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::task::{AbortHandle, JoinSet};

use crate::address::source;
pub use response::{Closed, Responder};

/// What the server bounds.
#[derive(Clone)]
pub struct Limits {
    /// The longest body that is handed over whole, in bytes. Of a longer one comes one byte more
    /// than this, for the session to refuse (SPEC HTTP-2).
    pub body: usize,
    /// How much of a body is read and thrown away behind that, so that a peer which sends all of
    /// it first gets to see the answer. The connection is closed afterwards.
    pub discarded: usize,
    /// How long a peer may take for a request's head, from its first byte; and for its first byte
    /// on a new connection.
    pub head_time: Duration,
    /// How long it may take for all of a body.
    pub body_time: Duration,
    /// How long a connection may wait for its next request.
    pub idle_time: Duration,
    /// How long a peer may take nothing of what is sent to it.
    pub write_time: Duration,
    /// How many bytes of a response may wait for the peer; beyond that the response is aborted.
    /// Every chunk counts 64 bytes more than it has.
    pub queued: usize,
    /// How many connections may be open.
    pub connections: usize,
    /// How many of these from one address (IPv6: from one /64).
    pub connections_per_source: usize,
    /// Which addresses may have any number.
    pub is_exempt: fn(IpAddr) -> bool,
    /// How many requests may wait for the driver; the connections of more wait with them.
    pub waiting_requests: usize,
}

impl Default for Limits {
    /// Body 102400 bytes (the reference's) and 5 MiB discarded (the most that the reference
    /// buffers), 10 s for a head, 10 s for a body, 30 s idle, 30 s without taking anything, 8 MiB
    /// queued, 4096 connections, 64 an address, loopback and private networks exempt
    /// (SPEC OOB-14), 256 requests waiting.
    fn default() -> Self {
        Self {
            body: 102_400,
            discarded: 5 << 20,
            head_time: Duration::from_secs(10),
            body_time: Duration::from_secs(10),
            idle_time: Duration::from_secs(30),
            write_time: Duration::from_secs(30),
            queued: 8 << 20,
            connections: 4096,
            connections_per_source: 64,
            is_exempt: is_proxy_address,
            waiting_requests: 256,
        }
    }
}

/// Loopback and the private networks of IPv4, where proxies are (SPEC OOB-14).
pub fn is_proxy_address(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => v4.is_loopback() || v4.is_private(),
        IpAddr::V6(v6) => v6.is_loopback(),
    }
}

/// Names a request for as long as the server runs.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct RequestId(u64);

impl RequestId {
    /// The number in the id.
    pub const fn number(self) -> u64 {
        self.0
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "request {}", self.0)
    }
}

/// What the server tells its driver.
#[derive(Debug)]
// Nearly every input is a request, so that a box would save nothing.
#[allow(clippy::large_enum_variant)]
pub enum Input {
    /// A request to answer.
    Request(Incoming),
    /// The peer of this request went away before the response was ended. Writing to it fails from
    /// now on. It may come for a request that was ended a moment ago; there it means nothing.
    Gone(RequestId),
}

/// A request.
#[derive(Debug)]
pub struct Incoming {
    /// Names it in [`Input::Gone`].
    pub id: RequestId,
    /// The peer's address; that of an IPv4 peer is an IPv4 address.
    pub from: SocketAddr,
    /// The method, as sent.
    pub method: String,
    /// The path, as sent: percent-encoded, beginning with `/` unless the peer sent none.
    pub path: String,
    /// What follows the path's `?`.
    pub query: Option<String>,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, at most [`Limits::body`] bytes and one.
    pub body: Bytes,
    /// Answers it.
    pub respond: Responder,
}

/// A running server. Dropping it closes the port and every connection.
pub struct HttpServer {
    inputs: mpsc::UnboundedReceiver<(Input, Option<OwnedSemaphorePermit>)>,
    accepting: AbortHandle,
}

impl HttpServer {
    /// Starts to serve on `listener`.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime with I/O and time enabled.
    pub fn new(listener: TcpListener, limits: Limits) -> Self {
        let (sender, inputs) = mpsc::unbounded_channel();
        let shared = Arc::new(Shared {
            waiting: Arc::new(Semaphore::new(limits.waiting_requests)),
            limits,
            inputs: sender,
            requests: AtomicU64::new(0),
            open: Mutex::new(HashMap::new()),
        });
        let accepting = tokio::spawn(accept(listener, shared)).abort_handle();
        Self { inputs, accepting }
    }

    /// Waits for what happens next. Nothing is lost when the future is dropped.
    pub async fn next(&mut self) -> Input {
        match self.inputs.recv().await {
            // The permit goes back as the driver takes the request.
            Some((input, _permit)) => input,
            // The task that accepts never ends while this value lives.
            None => std::future::pending().await,
        }
    }

    /// What has happened already.
    pub fn try_next(&mut self) -> Option<Input> {
        self.inputs.try_recv().ok().map(|(input, _permit)| input)
    }
}

impl Drop for HttpServer {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// What every connection shares.
struct Shared {
    limits: Limits,
    /// Its length is bounded: requests by `waiting`, and each makes at most one [`Input::Gone`],
    /// after which its connection is over.
    inputs: mpsc::UnboundedSender<(Input, Option<OwnedSemaphorePermit>)>,
    waiting: Arc<Semaphore>,
    requests: AtomicU64,
    /// How many connections are open, by source.
    open: Mutex<HashMap<IpAddr, usize>>,
}

impl Shared {
    fn next_request(&self) -> RequestId {
        RequestId(self.requests.fetch_add(1, Ordering::Relaxed) + 1)
    }
}

/// A connection in the count of its source; leaves it when dropped.
struct Counted {
    shared: Arc<Shared>,
    source: IpAddr,
}

impl Counted {
    fn new(shared: &Arc<Shared>, address: IpAddr) -> Option<Self> {
        let source = source(address);
        let mut open = shared.open.lock().unwrap_or_else(PoisonError::into_inner);
        let count = open.entry(source).or_insert(0);
        if *count >= shared.limits.connections_per_source && !(shared.limits.is_exempt)(address) {
            return None;
        }
        *count += 1;
        Some(Self { shared: Arc::clone(shared), source })
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        let mut open = self.shared.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = open.get_mut(&self.source) {
            *count -= 1;
            if *count == 0 {
                open.remove(&self.source);
            }
        }
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    // Aborting this task drops the set, and with it every connection.
    let mut connections = JoinSet::new();
    loop {
        match listener.accept().await {
            Ok((stream, from)) => {
                while connections.try_join_next().is_some() {}
                if connections.len() < shared.limits.connections {
                    start(&mut connections, stream, from, &shared);
                }
            }
            // Out of file descriptors, or a connection that broke off at once: later ones may do.
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}

fn start(connections: &mut JoinSet<()>, stream: TcpStream, from: SocketAddr, shared: &Arc<Shared>) {
    let from = SocketAddr::new(from.ip().to_canonical(), from.port());
    if let Some(counted) = Counted::new(shared, from.ip()) {
        let shared = Arc::clone(shared);
        connections.spawn(async move {
            connection::serve(stream, from, shared).await;
            drop(counted);
        });
    }
}
