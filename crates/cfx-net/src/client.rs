//! A client on sockets: the session's client machine behind UDP, ENet and HTTP.
//!
//! ```
//! use cfx_net::client::{Client, Command};
//! use cfx_session::client::{Config, Event, ServerUrl};
//!
//! # async fn example() -> std::io::Result<()> {
//! let mut client = Client::start(Config { name: "Ana".into(), ..Default::default() })?;
//! let url = ServerUrl::parse("127.0.0.1:30120").unwrap();
//! client.command(Command::Connect { url, guid: 0x0210_0001_0000_0001 });
//! while let Some(event) = client.next().await {
//!     match event {
//!         Event::TicketWanted { .. } => client.command(Command::Ticket(Vec::new())),
//!         Event::SteamTicketWanted { .. } => client.command(Command::SteamTicket(Ok(None))),
//!         Event::Manifest(_) => client.command(Command::ContentDone),
//!         Event::Progress(text) => println!("{text}"),
//!         Event::NetworkConnected | Event::Refused(_) => break,
//!         _ => {}
//!     }
//! }
//! client.leave("Bye").await;
//! # Ok(())
//! # }
//! ```

use std::collections::HashMap;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use cfx_control::manifest::ResourceProgress;
use cfx_session::Poll;
use cfx_session::Time;
use cfx_session::client::{
    Client as Machine, Config, DEFAULT_PORT, Event, Input, Output, ServerUrl,
};
use cfx_session::http::{Call, Progress, RequestId};
use tokio::sync::mpsc;
use tokio::task::AbortHandle;

use crate::clock::{self, Clock};
use crate::enet::{Enet, Event as EnetEvent, PeerId, RustyEnet, Settings};
use crate::http::client::{HttpClient, HttpEvent, OutgoingRequest};
use crate::udp::UdpPort;

/// What the application tells its client; see [`Input`] for each.
#[derive(Debug, Clone)]
pub enum Command {
    /// Join a server.
    Connect {
        /// Which.
        url: ServerUrl,
        /// As whom.
        guid: u64,
    },
    /// Further fields of `initConnect`, such as `cfxTicket2`.
    Ticket(Vec<(String, Vec<u8>)>),
    /// The Steam ticket, or why there is none.
    SteamTicket(Result<Option<String>, String>),
    /// An answer to a card.
    SubmitCard(String),
    /// How the content of a resource comes along.
    Content(String, ResourceProgress),
    /// All content is in place.
    ContentDone,
    /// Trigger an event at the server.
    TriggerServerEvent {
        /// The event's name.
        name: String,
        /// Its arguments: an array in `MessagePack`.
        args: Vec<u8>,
        /// In fragments, at so many bytes a second; else in one message.
        latent: Option<u32>,
    },
    /// A command for the server.
    SendCommand(String),
    /// Set a value in a state bag.
    SetBag {
        /// The bag's name.
        bag: String,
        /// The key.
        key: String,
        /// The value in `MessagePack`.
        value: Vec<u8>,
    },
    /// Give up before the connection is there.
    Cancel,
    /// Leave, with this reason.
    Disconnect(String),
}

/// Events that may wait for the application. Messages beyond them are lost; an application that
/// does not read for so long is not interested.
const MAX_EVENTS: usize = 4096;

/// How much of that messages leave free, so that the end of a connection is never lost.
const RESERVED_EVENTS: usize = 256;

/// HTTP events that may wait for the machine.
const MAX_HTTP_EVENTS: usize = 64;

/// How long a client that leaves waits for the server's acknowledgement, in milliseconds. A server
/// that forgets it at once, as the reference does, sends none.
const FAREWELL: u64 = 250;

/// A client in a task of its own. Dropping this ends it at once; [`leave`](Self::leave) tells the
/// server.
pub struct Client {
    commands: mpsc::UnboundedSender<Command>,
    events: mpsc::Receiver<Event>,
    task: tokio::task::JoinHandle<()>,
}

impl Client {
    /// Starts an idle client on a UDP port of its own.
    ///
    /// # Errors
    /// No port is free, or the system has no randomness.
    ///
    /// # Panics
    /// Outside a tokio runtime with I/O and time enabled.
    pub fn start(config: Config) -> io::Result<Self> {
        let mut entropy = clock::entropy()?;
        let any_v6 = SocketAddr::from((Ipv6Addr::UNSPECIFIED, 0));
        let any_v4 = SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0));
        let udp = UdpPort::bind(any_v6).or_else(|_| UdpPort::bind(any_v4))?;
        let settings = Settings::client(clock::seed(&mut entropy));
        let enet = RustyEnet::new(settings).map_err(io::Error::other)?;
        let (commands, receiver) = mpsc::unbounded_channel();
        let (events, event_receiver) = mpsc::channel(MAX_EVENTS);
        let (http_events, http_receiver) = mpsc::channel(MAX_HTTP_EVENTS);
        let driver = Driver {
            clock: Clock::new(),
            machine: Machine::new(config, entropy),
            enet,
            peer: None,
            http: HttpClient::new()?,
            http_events,
            calls: HashMap::new(),
            look_up: None,
            events,
            idle_until: None,
        };
        let task = tokio::spawn(driver.run(udp, receiver, http_receiver));
        Ok(Self { commands, events: event_receiver, task })
    }

    /// Tells the client something. After it ended, nothing hears it.
    pub fn command(&self, command: Command) {
        let _ = self.commands.send(command);
    }

    /// Waits for the next event; nothing comes after the client ended.
    pub async fn next(&mut self) -> Option<Event> {
        self.events.recv().await
    }

    /// Leaves, tells the server why, and waits until it knows, for a quarter of a second at the most.
    pub async fn leave(mut self, reason: &str) {
        self.command(Command::Disconnect(reason.to_owned()));
        let (closed, _) = mpsc::unbounded_channel();
        self.commands = closed;
        let _ = (&mut self.task).await;
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.task.abort();
    }
}

struct Driver {
    clock: Clock,
    machine: Machine,
    enet: RustyEnet,
    peer: Option<PeerId>,
    http: HttpClient,
    http_events: mpsc::Sender<(u64, HttpEvent)>,
    calls: HashMap<u64, AbortHandle>,
    look_up: Option<tokio::task::JoinHandle<Option<SocketAddr>>>,
    events: mpsc::Sender<Event>,
    idle_until: Option<Time>,
}

impl Driver {
    async fn run(
        mut self,
        mut udp: UdpPort,
        mut commands: mpsc::UnboundedReceiver<Command>,
        mut http: mpsc::Receiver<(u64, HttpEvent)>,
    ) {
        let mut leaving = None;
        loop {
            self.drain(&udp);
            if let Some(until) = leaving {
                let told = self.enet.next_deadline(self.clock.elapsed()).is_none();
                if told || self.clock.now() >= until {
                    return;
                }
                self.idle_until = Some(self.idle_until.unwrap_or(until).min(until));
            }
            let enet = self.enet.next_deadline(self.clock.elapsed());
            let wake = self.clock.sleep_until(self.idle_until, enet);
            tokio::select! {
                datagram = udp.receive() => {
                    let Ok((from, datagram)) = datagram else { return };
                    self.datagram(from, datagram);
                }
                Some((id, event)) = http.recv() => self.http(id, &event),
                command = commands.recv(), if leaving.is_none() => match command {
                    Some(command) => self.command(command),
                    None => leaving = Some(self.clock.now().after(FAREWELL)),
                },
                address = looked_up(&mut self.look_up) => {
                    self.look_up = None;
                    self.input(Input::Resolved(address));
                }
                () = wake => {}
            }
        }
    }

    fn input(&mut self, input: Input<'_>) {
        self.machine.handle(input, self.clock.now());
    }

    fn command(&mut self, command: Command) {
        match command {
            Command::Connect { url, guid } => self.input(Input::Connect { url, guid }),
            Command::Ticket(fields) => self.input(Input::Ticket(fields)),
            Command::SteamTicket(ticket) => self.input(Input::SteamTicket(ticket)),
            Command::SubmitCard(data) => self.input(Input::SubmitCard { data: &data }),
            Command::Content(resource, progress) => {
                self.input(Input::Content { resource: &resource, progress });
            }
            Command::ContentDone => self.input(Input::ContentDone),
            Command::TriggerServerEvent { name, args, latent } => {
                self.input(Input::TriggerServerEvent { name: &name, args: &args, latent });
            }
            Command::SendCommand(line) => self.input(Input::SendCommand(&line)),
            Command::SetBag { bag, key, value } => {
                self.input(Input::SetBag { bag: &bag, key: &key, value: &value });
            }
            Command::Cancel => self.input(Input::Cancel),
            Command::Disconnect(reason) => self.input(Input::Disconnect { reason: &reason }),
        }
    }

    fn datagram(&mut self, from: SocketAddr, datagram: &[u8]) {
        if cfx_oob::is_out_of_band(datagram) {
            return self.input(Input::Datagram { from, data: datagram });
        }
        self.enet.handle(from, datagram, self.clock.elapsed(), &mut |_, _| false);
    }

    fn http(&mut self, id: u64, event: &HttpEvent) {
        // What was aborted may still be in the channel.
        if !self.calls.contains_key(&id) {
            return;
        }
        if matches!(event, HttpEvent::End | HttpEvent::Failed(_)) {
            self.calls.remove(&id);
        }
        let progress = match event {
            HttpEvent::Head { status, .. } => Progress::Head(*status),
            HttpEvent::Data(data) => Progress::Data(data),
            HttpEvent::End => Progress::End,
            HttpEvent::Failed(text) => Progress::Failed(text),
        };
        self.input(Input::Http { id: RequestId(id), progress });
    }

    fn drain(&mut self, udp: &UdpPort) {
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
            Output::Call { id, call } => self.call(id, call),
            Output::Abort(id) => {
                if let Some(call) = self.calls.remove(&id.0) {
                    call.abort();
                }
            }
            Output::Resolve(endpoint) => self.look_up = Some(tokio::spawn(look_up(endpoint))),
            Output::Datagram { to, data } => udp.send(to, &data),
            Output::Connect { to, data } => {
                self.peer = self.enet.connect(to, data, self.clock.elapsed()).ok();
                if self.peer.is_none() {
                    self.input(Input::PeerGone);
                }
            }
            Output::Packet { channel, delivery, payload } => {
                if let Some(peer) = self.peer {
                    // A connection that cannot take it is noticed by its time-out.
                    let _ = self.enet.send(peer, channel, delivery.into(), &payload);
                }
            }
            Output::Disconnect => {
                if let Some(peer) = self.peer.take() {
                    self.enet.disconnect_later(peer, 0);
                }
            }
            Output::Reset => {
                if let Some(peer) = self.peer.take() {
                    self.enet.reset(peer);
                }
            }
            Output::Event(event) => {
                // Messages leave room for what the machine itself has to say, see MAX_EVENTS.
                let has_room = self.events.capacity() > RESERVED_EVENTS;
                if has_room || !event.is_of_the_channel() {
                    let _ = self.events.try_send(event);
                }
            }
        }
    }

    fn call(&mut self, id: RequestId, call: Call) {
        let headers = call.headers.into_iter().map(|(name, value)| (name.to_owned(), value));
        let request = OutgoingRequest {
            method: call.method.to_owned(),
            url: call.url,
            headers: headers.collect(),
            body: call.body,
        };
        let call = self.http.start(id.0, request, self.http_events.clone());
        self.calls.insert(id.0, call);
    }

    /// Takes ENet's events; says whether there were any. What a connection that was left says is of
    /// no interest any more.
    fn enet_events(&mut self) -> bool {
        let mut heard = false;
        while let Some(event) = self.enet.poll(self.clock.elapsed()) {
            heard = true;
            match event {
                EnetEvent::Connected { peer, .. } if self.peer == Some(peer) => {
                    self.input(Input::PeerConnected);
                }
                EnetEvent::Received { peer, payload, .. } if self.peer == Some(peer) => {
                    self.input(Input::Packet(&payload));
                }
                EnetEvent::Disconnected { peer, .. } if self.peer == Some(peer) => {
                    self.peer = None;
                    self.input(Input::PeerGone);
                }
                _ => {}
            }
        }
        heard
    }
}

/// Waits for a look-up, if one is under way.
async fn looked_up(
    look_up: &mut Option<tokio::task::JoinHandle<Option<SocketAddr>>>,
) -> Option<SocketAddr> {
    match look_up {
        Some(task) => task.await.ok().flatten(),
        None => std::future::pending().await,
    }
}

/// The first address of `HOST` or `HOST:PORT`, IPv4 before IPv6 as the reference prefers.
async fn look_up(endpoint: String) -> Option<SocketAddr> {
    let named = if endpoint.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok()) {
        endpoint
    } else {
        format!("{endpoint}:{DEFAULT_PORT}")
    };
    let found: Vec<_> = tokio::net::lookup_host(named).await.ok()?.collect();
    let found = found.iter().find(|address| address.is_ipv4()).or(found.first())?;
    // Datagrams come from the canonical form, so that is who is waited for.
    Some(SocketAddr::new(found.ip().to_canonical(), found.port()))
}
