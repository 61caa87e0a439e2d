//! What the cases run against: a server somewhere, or our own.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use cfx_net::http::client::HttpClient;
use cfx_net::http::server::is_proxy_address;
use cfx_net::server::{Application, Running, Server, accept_all};
use cfx_session::server::Config;
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::case::{Outcome, skipped};
use crate::embedded;

/// How long an answer may take.
pub const PATIENCE: Duration = Duration::from_secs(3);

/// How long silence is listened to before it counts as silence.
pub const SILENCE: Duration = Duration::from_millis(250);

/// A server that cases run against.
pub struct Target {
    /// Its address, for UDP, ENet and HTTP.
    pub address: SocketAddr,
    /// Makes HTTP requests.
    pub http: HttpClient,
    /// Whether it is ours: then cases may start further servers with settings of their own.
    embedded: bool,
    guids: AtomicU32,
    /// When the target may next be asked without hitting its limit by address.
    next_question: Mutex<Instant>,
}

impl Target {
    /// A server somewhere.
    ///
    /// # Errors
    /// TLS could not be set up.
    pub fn remote(address: SocketAddr) -> std::io::Result<Self> {
        Self::new(address, false)
    }

    /// A server of ours.
    ///
    /// # Errors
    /// TLS could not be set up.
    pub fn embedded(address: SocketAddr) -> std::io::Result<Self> {
        Self::new(address, true)
    }

    fn new(address: SocketAddr, embedded: bool) -> std::io::Result<Self> {
        Ok(Self {
            address,
            http: HttpClient::new()?,
            embedded,
            guids: AtomicU32::new(std::process::id()),
            next_question: Mutex::new(Instant::now()),
        })
    }

    /// Starts another server of ours, with settings of the case's choice, for cases that need them.
    ///
    /// # Errors
    /// The case is skipped where the target is not ours.
    pub fn own(&self, config: Config) -> Outcome<Own> {
        self.own_with(config, accept_all())
    }

    /// As [`own`](Self::own), with an application of the case's choice.
    ///
    /// # Errors
    /// The case is skipped where the target is not ours.
    pub fn own_with(&self, config: Config, application: Application) -> Outcome<Own> {
        if !self.embedded {
            return Err(skipped("needs a server whose settings the suite chooses"));
        }
        let address = SocketAddr::from(([127, 0, 0, 1], 0));
        let own = Server::bind(address, config, application)
            .and_then(|server| Ok((Self::embedded(server.address())?, server.spawn())));
        let (target, running) = own.map_err(|error| skipped(format!("no free port: {error}")))?;
        Ok(Own { target, running })
    }

    /// A guid that no other case uses.
    pub fn guid(&self) -> String {
        let number = self.guids.fetch_add(1, Ordering::Relaxed);
        cfx_control::request::guid_text(cfx_control::request::client_guid(number))
    }

    /// Waits until a question that servers limit by address (`getinfo`, `/info.json`,
    /// `/players.json`) may be asked. Proxies and loopback have no limit (SPEC OOB-14).
    pub async fn may_ask(&self) {
        if is_proxy_address(self.address.ip()) {
            return;
        }
        let mut next = self.next_question.lock().await;
        tokio::time::sleep_until(*next).await;
        *next = Instant::now() + Duration::from_millis(600);
    }
}

/// A server of ours that one case uses; it stops when this is dropped.
pub struct Own {
    /// It, as a target.
    pub target: Target,
    /// It, for decisions of its application.
    pub running: Running,
}

/// Starts the server that the suite runs against when it is given no other.
///
/// # Errors
/// No port is free on loopback.
pub fn start_embedded() -> std::io::Result<Own> {
    let address = SocketAddr::from(([127, 0, 0, 1], 0));
    let server = Server::bind(address, embedded::config(), accept_all())?;
    Ok(Own { target: Target::embedded(server.address())?, running: server.spawn() })
}
