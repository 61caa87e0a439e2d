//! A server on sockets: the session's server machine behind UDP, ENet and HTTP on one port number.
//!
//! ```
//! use cfx_net::server::{Server, accept_all};
//!
//! # async fn example() -> std::io::Result<()> {
//! let config = cfx_session::server::Config { hostname: "My server".into(), ..Default::default() };
//! let server = Server::bind("127.0.0.1:0".parse().unwrap(), config, accept_all())?;
//! println!("listening on {}", server.address());
//! let server = server.spawn();
//! // … until it is time to go:
//! server.stop().await;
//! # Ok(())
//! # }
//! ```

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::net::SocketAddr;

use cfx_session::Poll;
use cfx_session::http::{Part, Request, RequestId};
use cfx_session::server::{
    Config, Decision, Event, Input, Output, PeerId, Server as Machine, Verdict,
};
use cfx_session::{Entropy, Time};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};

use crate::clock::{self, Clock};
use crate::enet::{Enet, Event as EnetEvent, PeerId as EnetPeer, RustyEnet, Settings};
use crate::http::server::{HttpServer, Incoming, Input as HttpInput, Limits, Responder};
use crate::udp::{self, UdpPort};

/// What the application makes of an event: decisions for the machine, now. Later ones go through
/// [`Running::decide`].
pub type Application = Box<dyn FnMut(&Event) -> Vec<Decision> + Send>;

/// Lets every client in at once.
pub fn accept_all() -> Application {
    Box::new(|event| match event {
        Event::Connecting { client, .. } => {
            vec![Decision::Handled { client: *client, verdict: Verdict::Continue }]
        }
        _ => Vec::new(),
    })
}

/// Datagrams that are taken before anything else gets its turn.
const BATCH: usize = 64;

/// Milliseconds between two looks at the peers' round trips.
const PING_INTERVAL: u64 = 1000;

/// A server that holds its port and does not run yet.
pub struct Server {
    udp: UdpPort,
    tcp: TcpListener,
    config: Config,
    limits: Limits,
    application: Application,
    entropy: Entropy,
}

/// A server that runs in a task of its own. Dropping this stops it.
pub struct Running {
    address: SocketAddr,
    decisions: mpsc::UnboundedSender<Decision>,
    stop: Option<oneshot::Sender<()>>,
    task: tokio::task::JoinHandle<()>,
}

impl Server {
    /// Binds UDP and TCP to `address`; port 0 takes one that is free in both. The wall clock is the
    /// system's, whatever `config` says of it.
    ///
    /// # Errors
    /// The port is taken or not allowed, or the system has no randomness.
    ///
    /// # Panics
    /// Outside a tokio runtime with I/O enabled.
    pub fn bind(address: SocketAddr, config: Config, application: Application) -> io::Result<Self> {
        let entropy = clock::entropy()?;
        let (udp, tcp) = udp::bind(address)?;
        let config = Config { unix_time_at_zero: clock::unix_time(), ..config };
        Ok(Self { udp, tcp, config, limits: Limits::default(), application, entropy })
    }

    /// Sets other bounds for HTTP.
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.udp.local_address()
    }

    /// Runs it in a task.
    ///
    /// # Panics
    /// Outside a tokio runtime with I/O and time enabled.
    pub fn spawn(self) -> Running {
        let address = self.address();
        let (decisions, receiver) = mpsc::unbounded_channel();
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(self.run(receiver, stopped));
        Running { address, decisions, stop: Some(stop), task }
    }

    async fn run(
        self,
        mut decisions: mpsc::UnboundedReceiver<Decision>,
        mut stopped: oneshot::Receiver<()>,
    ) {
        let Self { mut udp, tcp, config, limits, application, mut entropy } = self;
        // The settings are the crate's own; they are in range.
        let Ok(enet) = RustyEnet::new(Settings::server(clock::seed(&mut entropy))) else { return };
        let mut http = HttpServer::new(tcp, limits);
        let mut driver = Driver {
            clock: Clock::new(),
            machine: Machine::new(config, entropy),
            application,
            enet,
            answers: HashMap::new(),
            peers: BTreeMap::new(),
            next_pings: Time::ZERO,
            idle_until: None,
        };
        loop {
            driver.drain(&udp);
            let wake = driver.clock.sleep_until(driver.idle_until, driver.enet_deadline());
            tokio::select! {
                datagram = udp.receive() => {
                    let Ok((from, datagram)) = datagram else { return };
                    driver.datagram(from, datagram);
                    for _ in 1..BATCH {
                        let Some((from, datagram)) = udp.try_receive() else { break };
                        driver.datagram(from, datagram);
                    }
                }
                input = http.next() => driver.http(input),
                Some(decision) = decisions.recv() => driver.input(Input::Decision(decision)),
                () = wake => {}
                _ = &mut stopped => return,
            }
        }
    }
}

impl Running {
    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Tells the machine what the application decided. After the server ended, nothing hears it.
    pub fn decide(&self, decision: Decision) {
        let _ = self.decisions.send(decision);
    }

    /// Tells the machine from elsewhere, for as long as the server runs.
    pub fn decisions(&self) -> mpsc::UnboundedSender<Decision> {
        self.decisions.clone()
    }

    /// Stops it and waits until its port is free.
    pub async fn stop(mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        let _ = (&mut self.task).await;
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
    }
}

struct Driver {
    clock: Clock,
    machine: Machine,
    application: Application,
    enet: RustyEnet,
    answers: HashMap<RequestId, Responder>,
    peers: BTreeMap<EnetPeer, SocketAddr>,
    next_pings: Time,
    idle_until: Option<Time>,
}

impl Driver {
    fn input(&mut self, input: Input<'_>) {
        self.machine.handle(input, self.clock.now());
    }

    fn datagram(&mut self, from: SocketAddr, datagram: &[u8]) {
        // SPEC OOB-1
        if cfx_oob::is_out_of_band(datagram) {
            return self.input(Input::Datagram { from, data: datagram });
        }
        let machine = &mut self.machine;
        self.enet.handle(from, datagram, self.clock.elapsed(), &mut |from, connect| {
            machine.admits(from, connect.connect_id, connect.data)
        });
    }

    fn http(&mut self, input: HttpInput) {
        match input {
            HttpInput::Request(incoming) => self.request(incoming),
            HttpInput::Gone(id) => {
                let id = RequestId(id.number());
                self.answers.remove(&id);
                self.input(Input::HttpGone(id));
            }
        }
    }

    fn request(&mut self, incoming: Incoming) {
        let header = |name| {
            let value = incoming.headers.get(name).and_then(|value| value.to_str().ok());
            value.filter(|value| !value.is_empty()).map(str::to_owned)
        };
        let target = match &incoming.query {
            Some(query) => format!("{}?{query}", incoming.path),
            None => incoming.path.clone(),
        };
        let request = Request {
            from: incoming.from,
            method: incoming.method.clone(),
            target,
            token: header("x-citizenfx-token"),
            players_token: header("x-players-token"),
            body: incoming.body.clone(),
        };
        let id = RequestId(incoming.id.number());
        self.answers.insert(id, incoming.respond);
        self.input(Input::Http { id, request });
    }

    /// Does all that is due, until the machine and ENet have nothing more to say.
    fn drain(&mut self, udp: &UdpPort) {
        self.pings();
        loop {
            self.machine_outputs(udp);
            let heard = self.enet_events();
            while let Some((to, datagram)) = self.enet.transmit() {
                udp.send(to, &datagram);
            }
            if !heard {
                break;
            }
        }
    }

    fn machine_outputs(&mut self, udp: &UdpPort) {
        loop {
            match self.machine.poll(self.clock.now()) {
                Poll::Ready(output) => self.output(output, udp),
                Poll::Idle { until } => {
                    self.idle_until = until;
                    return;
                }
            }
        }
    }

    fn output(&mut self, output: Output, udp: &UdpPort) {
        match output {
            Output::Datagram { to, data } => udp.send(to, &data),
            Output::Http { id, part } => self.answer(id, part),
            Output::Packet { peer, channel, delivery, payload } => {
                // A peer that is gone or cannot take more is noticed by its time-out.
                let _ = self.enet.send(enet_peer(peer), channel, delivery.into(), &payload);
            }
            Output::Tune(peer) => self.enet.tune(enet_peer(peer)),
            Output::Reset(peer) => {
                self.peers.remove(&enet_peer(peer));
                self.enet.reset(enet_peer(peer));
            }
            Output::Event(event) => {
                for decision in (self.application)(&event) {
                    self.input(Input::Decision(decision));
                }
            }
        }
    }

    fn answer(&mut self, id: RequestId, part: Part) {
        let Some(responder) = self.answers.get_mut(&id) else { return };
        match part {
            Part::Head(status) => responder.head(status, &[]),
            Part::Data(data) => {
                if responder.write(data).is_err() {
                    self.answers.remove(&id);
                    self.input(Input::HttpGone(id));
                }
            }
            Part::End => {
                if let Some(responder) = self.answers.remove(&id) {
                    responder.end();
                }
            }
        }
    }

    /// Takes ENet's events; says whether there were any.
    fn enet_events(&mut self) -> bool {
        let mut heard = false;
        while let Some(event) = self.enet.poll(self.clock.elapsed()) {
            heard = true;
            match event {
                EnetEvent::Connected { peer, from, data } => {
                    self.peers.insert(peer, from);
                    self.input(Input::PeerConnected { peer: PeerId(peer.number()), data });
                }
                EnetEvent::Received { peer, payload, .. } => self.packet(peer, &payload),
                EnetEvent::Disconnected { peer, .. } => {
                    self.peers.remove(&peer);
                    self.input(Input::PeerGone(PeerId(peer.number())));
                }
            }
        }
        heard
    }

    fn packet(&mut self, peer: EnetPeer, payload: &[u8]) {
        let Some(&from) = self.peers.get(&peer) else { return };
        self.input(Input::Packet { peer: PeerId(peer.number()), from, payload });
    }

    fn enet_deadline(&self) -> Option<core::time::Duration> {
        self.enet.next_deadline(self.clock.elapsed())
    }

    /// Tells the machine the round trips, for `/players.json`.
    fn pings(&mut self) {
        let now = self.clock.now();
        if now < self.next_pings {
            return;
        }
        self.next_pings = now.after(PING_INTERVAL);
        for &peer in self.peers.keys() {
            if let Some((ms, _)) = self.enet.round_trip(peer) {
                self.machine.handle(Input::Ping { peer: PeerId(peer.number()), ms }, now);
            }
        }
    }
}

fn enet_peer(peer: PeerId) -> EnetPeer {
    EnetPeer::new(peer.0)
}
