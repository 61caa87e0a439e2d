//! The server's side of a connection, for any number of players (SPEC stages A to K).
//!
//! # The loop
//! Hand every input to [`Server::handle`]; then call [`Server::poll`] until it is
//! [`Poll::Idle`], doing what each [`Output`] says. Come back with the next input, or at the time
//! that `Idle` names. Before an ENet host answers a CONNECT, ask [`Server::admits`].
//!
//! The server decides nothing that is the application's: it asks with an [`Event`] and waits for a
//! [`Decision`]. A deferral may take as long as it likes.

mod bags;
mod channel;
mod commands;
mod config;
mod deferral;
mod discovery;
mod events;
mod game;
mod hosting;
mod init_connect;
mod latent;
mod methods;
mod onesync;
mod players;
mod registry;
mod resources;
mod tickets;

use std::collections::{BTreeMap, VecDeque};
use std::net::{IpAddr, SocketAddr};

use bytes::Bytes;
use cfx_control::ticket::PublicKey;
use serde_json::{Map, Value};

pub use bags::{BagOwner, BagTargets};
pub use config::{Config, MessageRate, MessageRates, Network, OneSync, Rates, SyncStyle};

pub use crate::Delivery;
use crate::Poll;
use crate::entropy::Entropy;
use crate::http::{Part, Request, RequestId};
use crate::limiter::{Limiter, Rate};
use crate::time::Time;
use discovery::Info;
pub use onesync::{Entity, EntityDecision, EntityEvent};
use registry::Registry;
use tickets::Tickets;

/// Names a client from the issue of its token on; never used twice by one server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClientId(pub(crate) u64);

/// Names an ENet connection; the caller never uses one twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PeerId(pub u64);

/// What happened outside.
#[derive(Debug, Clone)]
pub enum Input<'a> {
    /// A datagram that begins FF FF FF FF.
    Datagram {
        /// Its sender.
        from: SocketAddr,
        /// All of it.
        data: &'a [u8],
    },
    /// An HTTP request, whole.
    Http {
        /// The caller's name for it, for the answer; not used twice.
        id: RequestId,
        /// The request.
        request: Request,
    },
    /// The peer of an open HTTP request went away.
    HttpGone(RequestId),
    /// ENet completed a connection.
    PeerConnected {
        /// Its name from now on.
        peer: PeerId,
        /// The `data` of its CONNECT.
        data: u32,
    },
    /// A packet of a peer.
    Packet {
        /// The peer.
        peer: PeerId,
        /// The peer's address.
        from: SocketAddr,
        /// All of it, type included.
        payload: &'a [u8],
    },
    /// A peer disconnected or timed out.
    PeerGone(PeerId),
    /// A peer's round trip, for `/players.json`.
    Ping {
        /// The peer.
        peer: PeerId,
        /// Milliseconds.
        ms: u32,
    },
    /// The application decided something.
    Decision(Decision),
}

/// What the application decides.
#[derive(Debug, Clone)]
pub enum Decision {
    /// A resource called `deferrals.defer()`.
    Defer {
        /// Of which [`Event::Connecting`].
        client: ClientId,
        /// The resource.
        resource: String,
    },
    /// A resource called `deferrals.update(message)`.
    Update {
        /// The client.
        client: ClientId,
        /// The resource.
        resource: String,
        /// What the player reads.
        message: String,
    },
    /// A resource called `deferrals.presentCard(card)`.
    PresentCard {
        /// The client.
        client: ClientId,
        /// The resource.
        resource: String,
        /// An Adaptive Card, in JSON.
        card: String,
    },
    /// A resource called `deferrals.done()`, or `deferrals.done(reason)` to refuse.
    Done {
        /// The client.
        client: ClientId,
        /// The resource.
        resource: String,
        /// Why the player is refused, if so.
        reason: Option<String>,
    },
    /// A resource called `deferrals.handover(data)`.
    Handover {
        /// The client.
        client: ClientId,
        /// Added to the `handover` of the final value.
        data: Map<String, Value>,
    },
    /// The handlers of `playerConnecting` have returned. The client is accepted at once when no
    /// resource defers it. Every [`Event::Connecting`] needs this answer.
    Handled {
        /// The client.
        client: ClientId,
        /// Whether one of them cancelled the event, and the reason that was set.
        verdict: Verdict,
    },
    /// Removes a client, whatever it is doing.
    Drop {
        /// The client.
        client: ClientId,
        /// What the player reads; `Dropped.` when empty.
        reason: String,
    },
    /// The answer to [`Event::TicketKeyWanted`]; nothing when the key cannot be had.
    TicketKey(Option<PublicKey>),
    /// The answer to [`Event::Rcon`].
    RconOutput {
        /// Who asked.
        to: SocketAddr,
        /// What the command printed.
        text: String,
    },
    /// The host of a session without `OneSync`, told to clients that join later.
    Host(Option<Host>),
    /// `TriggerClientEvent` and `TriggerLatentClientEvent`.
    TriggerEvent {
        /// For whom.
        target: Target,
        /// The event's name.
        name: String,
        /// Its arguments: an array in `MessagePack`.
        args: Vec<u8>,
        /// In fragments, at so many bytes a second (0 is 25,000); else in one message. A latent
        /// event that is too long, or more than a client's queue holds, is not sent.
        latent: Option<u32>,
    },
    /// What a client's command printed ([`Event::Command`]).
    CommandOutput {
        /// The client.
        client: ClientId,
        /// What it printed.
        text: String,
    },
    /// Sets replicated console variables; those that change are told to everyone.
    SetConVars(BTreeMap<String, String>),
    /// A resource that clients have a part of has started.
    StartResource(String),
    /// A resource that clients have a part of stops.
    StopResource(String),
    /// Whether entities are in strict lockdown.
    SetLockdown {
        /// For this client, or for all that have no setting of their own.
        client: Option<ClientId>,
        /// Whether they are.
        strict: bool,
    },
    /// How clients acknowledge frames.
    SetSyncStyle(SyncStyle),
    /// Who owns an object, and which clients have it.
    Entity(EntityDecision),
    /// Adds a state bag, or gives one another owner and other targets. `global` and a `player:N` for
    /// each client are there by themselves.
    RegisterBag {
        /// Its name.
        bag: String,
        /// Whose values it takes.
        owner: BagOwner,
        /// Who is told of them.
        targets: BagTargets,
    },
    /// Removes a state bag. Clients are not told.
    RemoveBag(String),
    /// Adds a target to a state bag that is not for everyone, or takes it out.
    TargetBag {
        /// The bag.
        bag: String,
        /// Who.
        client: ClientId,
        /// Whether it is told of values from now on, and of those that there are.
        told: bool,
    },
    /// Sets a value in a state bag that there is.
    SetBag {
        /// The bag.
        bag: String,
        /// The key.
        key: String,
        /// The value in `MessagePack`; nil removes the key.
        value: Vec<u8>,
        /// Whether the bag's targets are told.
        replicated: bool,
    },
}

/// For whom an event is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// Every client that has joined.
    Everyone,
    /// One client, if it has joined.
    Client(ClientId),
}

/// How the handlers of `playerConnecting` ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// No one objected.
    Continue,
    /// The event was cancelled, with the reason that was set, if one was.
    Cancel(Option<String>),
}

/// The host of a session without `OneSync`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Host {
    /// Its net id.
    pub net_id: u16,
    /// The base it announced.
    pub base: u32,
}

/// What the caller must do.
#[derive(Debug, Clone, PartialEq)]
pub enum Output {
    /// Send a datagram from the server's UDP port.
    Datagram {
        /// To whom.
        to: SocketAddr,
        /// All of it.
        data: Vec<u8>,
    },
    /// Write a piece of an HTTP answer.
    Http {
        /// Of which request.
        id: RequestId,
        /// The piece.
        part: Part,
    },
    /// Send a packet.
    Packet {
        /// To whom.
        peer: PeerId,
        /// On which channel.
        channel: u8,
        /// How.
        delivery: Delivery,
        /// All of it, type included.
        payload: Vec<u8>,
    },
    /// Turn a peer's throttle off and set its time-out to 30 s (SPEC ENET-6).
    Tune(PeerId),
    /// Forget a peer at once.
    Reset(PeerId),
    /// Tell the application.
    Event(Event),
}

/// What the application learns.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// `playerConnecting`: a client passed every check of `initConnect`. Answer with any decisions
    /// about its deferral and then [`Decision::Handled`].
    Connecting {
        /// The client.
        client: ClientId,
        /// Its name, as it will be shown.
        name: String,
        /// Its guid, as it wrote it.
        guid: Vec<u8>,
        /// Its temporary net id.
        net_id: u32,
        /// `license:…`, `ip:…` and the ticket's own.
        identifiers: Vec<String>,
    },
    /// The player answered a card that was shown to it; each answer is told.
    CardAnswer {
        /// The client.
        client: ClientId,
        /// What it filled in, in JSON.
        data: String,
    },
    /// The key of the ticket service is needed, for the first time or because it may have changed.
    /// Answer with [`Decision::TicketKey`].
    TicketKeyWanted,
    /// `playerJoining`: a client holds its net id.
    Joined {
        /// The client.
        client: ClientId,
        /// Its net id from now on.
        net_id: u16,
        /// The temporary one it had.
        temporary: u32,
        /// Its slot, with `OneSync`.
        slot: Option<u16>,
    },
    /// A client triggers an event.
    ServerEvent {
        /// The client.
        client: ClientId,
        /// The event's name: any bytes, not always UTF-8.
        name: Vec<u8>,
        /// Its arguments, which should be an array in `MessagePack`.
        args: Vec<u8>,
        /// Whether it came in fragments.
        latent: bool,
    },
    /// A player typed a command. Answer with [`Decision::CommandOutput`], if it printed anything.
    Command {
        /// The client.
        client: ClientId,
        /// The line: any bytes, not always UTF-8.
        line: Vec<u8>,
    },
    /// A client set a value in a state bag.
    BagChange {
        /// The client.
        client: ClientId,
        /// The bag's name.
        bag: Vec<u8>,
        /// The key.
        key: Vec<u8>,
        /// The value, which should be `MessagePack`; nil removed the key.
        value: Vec<u8>,
    },
    /// Clients made one of them the host, or the host has left.
    HostChanged(Option<Host>),
    /// Something happened to an object.
    Entity(EntityEvent),
    /// A message that this machine does not handle.
    Message {
        /// The client.
        client: ClientId,
        /// All of it, type included.
        payload: Vec<u8>,
    },
    /// A client is gone; its names mean nothing any more.
    Gone {
        /// The client.
        client: ClientId,
        /// Its net id, where it had joined (`playerDropped`).
        net_id: Option<u16>,
        /// Why.
        reason: String,
    },
    /// A console command with the right password. Answer with [`Decision::RconOutput`].
    Rcon {
        /// Who sent it.
        from: SocketAddr,
        /// The command, with the separator before it.
        command: Vec<u8>,
    },
}

/// The server machine. See the [module's page](self) for the loop that drives it.
pub struct Server {
    config: Config,
    registry: Registry,
    limits: Limits,
    tickets: Tickets,
    info: Info,
    manifest: Bytes,
    host: Option<Host>,
    votes: hosting::Votes,
    game_state: onesync::GameState,
    bags: bags::Bags,
    entropy: Entropy,
    /// The first frame has run (`HasSettled`).
    settled: bool,
    out: VecDeque<Output>,
}

struct Limits {
    getinfo: Limiter<IpAddr>,
    getstatus: Limiter<IpAddr>,
    rcon: Limiter<IpAddr>,
    info: Limiter<IpAddr>,
    dynamic: Limiter<IpAddr>,
    players: Limiter<IpAddr>,
    configuration: Limiter<ClientId>,
}

impl Limits {
    fn new(config: &Config) -> Self {
        let rates = &config.rates;
        // SPEC MANIFEST-3: clients that fetch one resource at a time get as many requests.
        #[expect(clippy::cast_precision_loss, reason = "a count of resources")]
        let burst = (config.manifest.resources.len() as f64).max(3.0);
        Self {
            getinfo: Limiter::new(rates.getinfo),
            getstatus: Limiter::new(rates.getstatus),
            rcon: Limiter::new(rates.rcon),
            info: Limiter::new(rates.info),
            dynamic: Limiter::new(rates.info),
            players: Limiter::new(rates.players),
            configuration: Limiter::new(Rate { per_second: 1.0, burst }),
        }
    }
}

impl Server {
    /// A server that has not run yet; the first [`poll`](Self::poll) settles it.
    pub fn new(config: Config, entropy: Entropy) -> Self {
        let info = Info::new(&config);
        Self {
            registry: Registry::new(config.onesync.slots()),
            limits: Limits::new(&config),
            tickets: Tickets::default(),
            info,
            manifest: methods::manifest_answer(&config.manifest),
            host: None,
            votes: hosting::Votes::new(),
            game_state: onesync::GameState::new(&config),
            bags: bags::Bags::new(),
            entropy,
            settled: false,
            out: VecDeque::new(),
            config,
        }
    }

    /// The settings.
    pub const fn config(&self) -> &Config {
        &self.config
    }

    /// How many clients have joined.
    pub fn joined(&self) -> usize {
        self.registry.joined()
    }

    /// How many clients the tables hold, connecting and joined.
    pub fn records(&self) -> usize {
        self.registry.len()
    }

    /// Whether an ENet CONNECT is to be answered (SPEC ENET-3, ENET-4): `data` must be the hash of a
    /// token that is not connected, tried from one address only, at most four times.
    pub fn admits(&mut self, from: SocketAddr, connect_id: u32, data: u32) -> bool {
        self.registry.admits(from, connect_id, data)
    }

    /// Takes one input. What comes of it is in the following [`poll`](Self::poll)s.
    pub fn handle(&mut self, input: Input<'_>, now: Time) {
        match input {
            Input::Datagram { from, data } => self.datagram(from, data, now),
            Input::Http { id, request } => self.request(id, &request, now),
            Input::HttpGone(id) => self.request_gone(id),
            Input::PeerConnected { peer, data } => self.peer_connected(peer, data, now),
            Input::Packet { peer, from, payload } => self.packet(peer, from, payload, now),
            Input::PeerGone(peer) => self.peer_gone(peer, now),
            Input::Ping { peer, ms } => self.ping(peer, ms),
            Input::Decision(decision) => self.decide(decision, now),
        }
    }

    /// Gives the next thing to do, or says that there is none before a certain time.
    pub fn poll(&mut self, now: Time) -> Poll<Output> {
        self.settled = true;
        loop {
            if let Some(output) = self.out.pop_front() {
                return Poll::Ready(output);
            }
            if let Some(client) = self.registry.due(now) {
                self.wake(client, now);
            } else if !self.tickets_due(now) && !self.send_frame(now) {
                return Poll::Idle { until: self.next_deadline() };
            }
        }
    }

    fn next_deadline(&self) -> Option<Time> {
        let frame = self.game_state.next_frame();
        [self.registry.next_wake(), self.tickets.deadline(), frame].into_iter().flatten().min()
    }

    fn decide(&mut self, decision: Decision, now: Time) {
        match decision {
            Decision::Defer { client, resource } => {
                self.step(client, now, |deferral| deferral.defer(&resource, now));
            }
            Decision::Update { client, resource, message } => {
                self.step(client, now, |deferral| deferral.update(&resource, message));
            }
            Decision::PresentCard { client, resource, card } => {
                self.present_card(client, &resource, card);
            }
            Decision::Done { client, resource, reason } => {
                self.step(client, now, |deferral| deferral.done(&resource, reason));
            }
            Decision::Handover { client, data } => self.hand_over(client, data),
            Decision::Handled { client, verdict } => self.handled(client, verdict, now),
            Decision::Drop { client, reason } => self.drop_client(client, &reason),
            Decision::TicketKey(key) => self.ticket_key(key, now),
            Decision::RconOutput { to, text } => self.rcon_output(to, &text),
            Decision::Host(host) => self.host = host,
            Decision::TriggerEvent { target, name, args, latent } => {
                self.trigger_event(target, &name, &args, latent, now);
            }
            Decision::CommandOutput { client, text } => self.command_output(client, &text),
            Decision::SetConVars(values) => self.set_con_vars(values),
            Decision::StartResource(name) => self.start_resource(&name, now),
            Decision::StopResource(name) => self.stop_resource(&name),
            Decision::SetLockdown { client, strict } => self.set_lockdown(client, strict, now),
            Decision::SetSyncStyle(style) => self.set_sync_style(style, now),
            Decision::Entity(decision) => self.decide_entity(decision),
            Decision::RegisterBag { bag, owner, targets } => {
                self.register_bag(bag.as_bytes(), owner, targets);
            }
            Decision::RemoveBag(bag) => self.remove_bag(bag.as_bytes()),
            Decision::TargetBag { bag, client, told: true } => {
                self.add_bag_target(bag.as_bytes(), client);
            }
            Decision::TargetBag { bag, client, told: false } => {
                self.remove_bag_target(bag.as_bytes(), client);
            }
            Decision::SetBag { bag, key, value, replicated } => {
                self.set_bag(bag.as_bytes(), key.as_bytes(), &value, replicated);
            }
        }
    }

    fn event(&mut self, event: Event) {
        self.out.push_back(Output::Event(event));
    }

    /// Whether no rate limit holds `address`.
    fn is_proxy(&self, address: IpAddr) -> bool {
        self.config.proxies.iter().any(|network| network.contains(address))
    }
}
