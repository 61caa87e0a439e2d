//! The HTTP server and client on loopback, against plain sockets and against each other.

mod client;
mod server;

use std::future::Future;
use std::net::SocketAddr;
use std::time::Duration;

use cfx_net::http::server::{HttpServer, Incoming, Input, Limits};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// How long a test waits for what must come.
const PATIENCE: Duration = Duration::from_secs(20);

async fn in_time<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, what).await.expect("in time")
}

/// A server on a free port of loopback.
async fn serve(limits: Limits) -> (HttpServer, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("bound");
    let address = listener.local_addr().expect("an address");
    (HttpServer::new(listener, limits), address)
}

async fn next_request(server: &mut HttpServer) -> Incoming {
    match in_time(server.next()).await {
        Input::Request(request) => request,
        Input::Gone(id) => panic!("{id} is gone"),
    }
}

/// A peer that sends what it likes.
struct Peer(TcpStream);

impl Peer {
    async fn connect(to: SocketAddr) -> Self {
        Self(in_time(TcpStream::connect(to)).await.expect("connected"))
    }

    async fn send(&mut self, bytes: &[u8]) {
        in_time(self.0.write_all(bytes)).await.expect("sent");
    }

    /// What comes until the text ends with `end`.
    async fn read_until(&mut self, end: &str) -> String {
        let mut text = String::new();
        while !text.ends_with(end) {
            let byte = in_time(self.0.read_u8()).await.unwrap_or_else(|_| panic!("end of {text}"));
            text.push(char::from(byte));
        }
        text
    }

    /// What comes until the connection is closed.
    async fn read_all(&mut self) -> String {
        let mut bytes = Vec::new();
        // A reset is an end as well.
        let _ = in_time(self.0.read_to_end(&mut bytes)).await;
        String::from_utf8(bytes).expect("text")
    }
}
