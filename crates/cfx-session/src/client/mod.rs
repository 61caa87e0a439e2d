//! A player's side of a connection (SPEC stages A to I).
//!
//! # The loop
//! Hand every input to [`Client::handle`]; then call [`Client::poll`] until it is [`Poll::Idle`],
//! doing what each [`Output`] says. Come back with the next input, or at the time that `Idle` names.
//!
//! The machine asks the application for what it cannot know: tickets ([`Event::TicketWanted`],
//! [`Event::SteamTicketWanted`]), the answers to cards, the address of a host name
//! ([`Output::Resolve`]), and the content, which the application downloads and reports
//! ([`Input::Content`], [`Input::ContentDone`]). What it was asked by an attempt that has ended since
//! is not to be answered any more.

mod channel;
mod clock;
mod content;
mod control;
mod exchange;
mod latent;
mod link;
mod onesync;
mod url;

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::sync::Arc;

use cfx_control::game::Game;
use cfx_control::info::ClientBuild;
use cfx_control::manifest::{Manifest, ResourceProgress};
use cfx_game::handshake::s2c::ConnectOk;
use cfx_game::server_frame::ServerFrame;
use cfx_onesync::dictionary::Dictionary;

pub use crate::Delivery;
pub use clock::Clock;
pub use onesync::{EntityEvent, EntityInput, Object};
pub use url::{DEFAULT_PORT, ServerUrl};

use crate::Poll;
use crate::entropy::{self, Entropy};
use crate::http::{Call, Progress, RequestId};
use crate::time::Time;
use exchange::Loose;

/// A client's settings.
#[derive(Debug, Clone)]
pub struct Config {
    /// The player's name.
    pub name: String,
    /// The game and the build of it that runs.
    pub build: ClientBuild,
    /// Where the feature policy is asked for: `URL` + `api/policy/` + the server's key token.
    pub policy_url: String,
    /// The preset dictionary of clients' streams. Without it the client cannot send objects.
    pub dictionary: Option<Arc<Dictionary>>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            name: "player".to_owned(),
            build: ClientBuild {
                game: Game::Gta5,
                build: Game::Gta5.default_build(),
                pure_level: 0,
                pool_sizes: BTreeMap::new(),
                default_build: Game::Gta5.default_build(),
            },
            policy_url: "https://policy-live.fivem.net/".to_owned(),
            dictionary: None,
        }
    }
}

/// The states of the reference client (SPEC CLIENT-1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum State {
    /// Not connecting.
    #[default]
    Idle,
    /// From the first `/info.json` to the feature policy.
    Initing,
    /// The control plane is done; content comes next.
    InitReceived,
    /// The manifest and the content are fetched.
    Downloading,
    /// The content is there.
    DownloadComplete,
    /// `getinfo` is out.
    Fetching,
    /// The ENet connection and the handshake.
    Connecting,
    /// `connectOK` is there.
    Connected,
    /// The first message behind `connectOK` is there.
    Active,
}

/// What happened outside.
#[derive(Debug, Clone)]
pub enum Input<'a> {
    /// The player wants to join a server.
    Connect {
        /// Which.
        url: ServerUrl,
        /// The guid of this attempt. The reference raises it at every attempt
        /// ([`cfx_control::request::client_guid`], SPEC CLIENT-9).
        guid: u64,
    },
    /// An HTTP request went on.
    Http {
        /// Of which [`Output::Call`].
        id: RequestId,
        /// How.
        progress: Progress<'a>,
    },
    /// The answer to [`Event::TicketWanted`]: further fields for `initConnect`, such as
    /// `cfxTicket2`, or none for a server on a local network.
    Ticket(Vec<(String, Vec<u8>)>),
    /// The answer to [`Event::SteamTicketWanted`]: the `authTicket`, nothing, or why there is none.
    SteamTicket(Result<Option<String>, String>),
    /// The answer to [`Output::Resolve`].
    Resolved(Option<SocketAddr>),
    /// The content of one resource went on.
    Content {
        /// The resource.
        resource: &'a str,
        /// How.
        progress: ResourceProgress,
    },
    /// All content is in place.
    ContentDone,
    /// A datagram that begins FF FF FF FF.
    Datagram {
        /// Its sender.
        from: SocketAddr,
        /// All of it.
        data: &'a [u8],
    },
    /// ENet completed the connection that [`Output::Connect`] asked for.
    PeerConnected,
    /// A packet arrived.
    Packet(&'a [u8]),
    /// The ENet connection is gone, or did not come about.
    PeerGone,
    /// The player answers a card. Until the handshake ends a card can be answered more than once.
    SubmitCard {
        /// What was filled in, in JSON.
        data: &'a str,
    },
    /// A script triggers an event at the server. Like the inputs below it counts from `connectOK` on.
    TriggerServerEvent {
        /// The event's name.
        name: &'a str,
        /// Its arguments: an array in `MessagePack`.
        args: &'a [u8],
        /// In fragments, at so many bytes a second (0 is 25,000); else in one message.
        latent: Option<u32>,
    },
    /// The player typed a command for the server.
    SendCommand(&'a str),
    /// A script sets a value in a state bag.
    SetBag {
        /// The bag's name.
        bag: &'a str,
        /// The key.
        key: &'a str,
        /// The value in `MessagePack`; nil removes the key.
        value: &'a [u8],
    },
    /// Makes, changes and ends objects.
    Entity(EntityInput<'a>),
    /// Without `OneSync`: the client takes itself for the host.
    ClaimHost {
        /// Its base.
        base: u32,
    },
    /// Without `OneSync`: the client votes for another as host.
    VoteHost {
        /// The other's net id.
        net_id: u16,
        /// The other's base.
        base: u32,
    },
    /// Bytes for another client; under `OneSync`, for the server.
    Route {
        /// The other's net id; 65535 under `OneSync`.
        target: u16,
        /// The bytes, at most 65535.
        data: &'a [u8],
    },
    /// The player gives up before the connection is there.
    Cancel,
    /// The player leaves.
    Disconnect {
        /// What the server is told.
        reason: &'a str,
    },
}

/// What the caller must do.
#[derive(Debug, Clone, PartialEq)]
pub enum Output {
    /// Make an HTTP request and report it with [`Input::Http`].
    Call {
        /// Its name.
        id: RequestId,
        /// The request.
        call: Call,
    },
    /// Stop an HTTP request; nothing more of it is heard.
    Abort(RequestId),
    /// Look up `HOST` or `HOST:PORT` ([`DEFAULT_PORT`]) and answer with [`Input::Resolved`].
    Resolve(String),
    /// Send a datagram from the client's UDP port.
    Datagram {
        /// To whom.
        to: SocketAddr,
        /// All of it.
        data: Vec<u8>,
    },
    /// Connect by ENet: two channels, MTU 1300, time-out 30 s (SPEC ENET-1, ENET-6).
    Connect {
        /// To whom.
        to: SocketAddr,
        /// The CONNECT's data.
        data: u32,
    },
    /// Send a packet.
    Packet {
        /// On which channel.
        channel: u8,
        /// How.
        delivery: Delivery,
        /// All of it, type included.
        payload: Vec<u8>,
    },
    /// Disconnect once what was sent is acknowledged; nothing more of the connection is heard.
    Disconnect,
    /// Forget the ENet connection at once; nothing more of it is heard.
    Reset,
    /// Tell the application.
    Event(Event),
}

/// What the application learns.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// The state changed.
    State(State),
    /// A progress text for the player (`OnConnectionProgress`).
    Progress(String),
    /// A card to show; answer with [`Input::SubmitCard`].
    Card(String),
    /// A ticket is needed, for the server of this key token; answer with [`Input::Ticket`].
    TicketWanted {
        /// The server's `sv_licenseKeyToken`, if it has one.
        license_key_token: String,
    },
    /// A Steam ticket is wanted; answer with [`Input::SteamTicket`].
    SteamTicketWanted {
        /// Whether the server refuses clients without one.
        enforced: bool,
    },
    /// The server wants another build of the game (SPEC INFO-8); the client is idle again.
    BuildSwitch(ClientBuild),
    /// The server's feature policies, `[a][b]`.
    Policy(String),
    /// The content to fetch: [`Input::Content`], then [`Input::ContentDone`].
    Manifest(Manifest),
    /// `connectOK` arrived.
    ConnectOk(ConnectOk),
    /// The first message behind `connectOK` arrived: the game may load.
    NetworkConnected,
    /// The server triggers an event.
    NetEvent {
        /// The event's name: any bytes, not always UTF-8.
        name: Vec<u8>,
        /// Its arguments, which should be an array in `MessagePack`.
        args: Vec<u8>,
        /// Whether it came in fragments.
        latent: bool,
    },
    /// `onPlayerJoining`: a player is there, maybe this client itself.
    PlayerJoining {
        /// Its net id.
        net_id: u32,
        /// Its name.
        name: String,
        /// Its slot; 4294967295 without one.
        slot: u32,
    },
    /// `onPlayerDropped`: a player is gone.
    PlayerDropped {
        /// Its net id.
        net_id: u32,
        /// Its name.
        name: String,
        /// Its slot; 4294967295 without one.
        slot: u32,
    },
    /// Replicated console variables: all of them at first, then those that change.
    ConVars(BTreeMap<String, String>),
    /// `msgFrame` says something new.
    ServerFrame(ServerFrame),
    /// A resource of the server has started: its configuration can be asked for.
    ResourceStart(String),
    /// A resource of the server stops.
    ResourceStop(String),
    /// There is another host, or none: 65535.
    HostChanged {
        /// Its net id.
        net_id: u16,
        /// Its base.
        base: u32,
    },
    /// A value in a state bag. Clients of the reference keep those of `global` and of names that
    /// begin with `entity:` or `player:`.
    BagChange {
        /// The bag's name.
        bag: Vec<u8>,
        /// The key.
        key: Vec<u8>,
        /// The value in `MessagePack`; nil removes the key.
        value: Vec<u8>,
    },
    /// Without `OneSync`: bytes of another client.
    Route {
        /// The other's net id.
        net_id: u16,
        /// The bytes.
        data: Vec<u8>,
    },
    /// Something happened to an object.
    Entity(EntityEvent),
    /// A message that this machine does not handle, type included.
    Message(Vec<u8>),
    /// The attempt failed; the text is the player's. The client is idle again.
    Refused(String),
    /// The connection ended; the client is idle again.
    Disconnected {
        /// Why.
        reason: String,
        /// Whether it went silent, as opposed to being ended.
        timed_out: bool,
    },
}

impl Event {
    /// Whether this is what a message behind `connectOK` brought, of which a server may send any
    /// number, as opposed to how the connection itself goes on.
    pub const fn is_of_the_channel(&self) -> bool {
        matches!(
            self,
            Self::NetEvent { .. }
                | Self::PlayerJoining { .. }
                | Self::PlayerDropped { .. }
                | Self::ConVars(_)
                | Self::ServerFrame(_)
                | Self::ResourceStart(_)
                | Self::ResourceStop(_)
                | Self::HostChanged { .. }
                | Self::BagChange { .. }
                | Self::Route { .. }
                | Self::Entity(_)
                | Self::Message(_)
        )
    }
}

/// The client machine. See the [module's page](self) for the loop that drives it.
pub struct Client {
    config: Config,
    entropy: Entropy,
    stage: Stage,
    told: State,
    /// What outlives a stage of one attempt.
    attempt: Attempt,
    /// What follows `connectOK` in it.
    session: channel::Session,
    /// Objects, under `OneSync`.
    onesync: onesync::State,
    /// Requests whose answers decide nothing any more.
    loose: Loose,
    next_request: u64,
    /// The latest content progress that was not shown yet, and when one last was.
    pending_progress: Option<String>,
    last_progress: Option<Time>,
    out: VecDeque<Output>,
}

/// How far an attempt is, with what only that stage needs.
enum Stage {
    Idle,
    Control(Box<control::Control>),
    InitReceived,
    Downloading(content::Content),
    DownloadComplete,
    Fetching(link::Retries),
    Connecting(link::Connecting),
    Connected { keep_alive: Time },
    Active { keep_alive: Time },
}

/// One attempt to join: whom, as whom.
struct Attempt {
    url: ServerUrl,
    guid: u64,
    token: String,
    /// Whether the handshake has shown a card.
    card: bool,
    /// The chosen endpoint: where discovery and ENet go, and the only source of datagrams.
    server: Option<SocketAddr>,
    /// Whether an ENet connection is there or being made.
    peer: bool,
}

impl Attempt {
    const fn new(url: ServerUrl, guid: u64) -> Self {
        Self { url, guid, token: String::new(), card: false, server: None, peer: false }
    }
}

/// Content progress is shown once in so many milliseconds, the latest first (SPEC MANIFEST-8).
const PROGRESS_INTERVAL: u64 = 34;

impl Client {
    /// An idle client.
    pub fn new(config: Config, entropy: Entropy) -> Self {
        let nowhere = ServerUrl::from(SocketAddr::from(([0; 4], 0)));
        Self {
            config,
            entropy,
            stage: Stage::Idle,
            told: State::Idle,
            attempt: Attempt::new(nowhere, 0),
            session: channel::Session::default(),
            onesync: onesync::State::default(),
            loose: Loose::default(),
            next_request: 0,
            pending_progress: None,
            last_progress: None,
            out: VecDeque::new(),
        }
    }

    /// The state, in the reference's terms.
    pub const fn state(&self) -> State {
        match &self.stage {
            Stage::Idle => State::Idle,
            Stage::Control(_) => State::Initing,
            Stage::InitReceived => State::InitReceived,
            Stage::Downloading(_) => State::Downloading,
            Stage::DownloadComplete => State::DownloadComplete,
            Stage::Fetching(_) => State::Fetching,
            Stage::Connecting(_) => State::Connecting,
            Stage::Connected { .. } => State::Connected,
            Stage::Active { .. } => State::Active,
        }
    }

    /// The connection token of this attempt; empty before the server issued one.
    pub fn token(&self) -> &str {
        &self.attempt.token
    }

    /// The endpoint of this attempt, once it is chosen.
    pub const fn server(&self) -> Option<SocketAddr> {
        self.attempt.server
    }

    /// Takes one input. What comes of it is in the following [`poll`](Self::poll)s. An input that
    /// does not fit the state, such as a late answer, changes nothing.
    pub fn handle(&mut self, input: Input<'_>, now: Time) {
        match input {
            Input::Connect { url, guid } => self.connect(url, guid, now),
            Input::Http { id, progress } => self.http(id, &progress, now),
            Input::Ticket(fields) => self.ticket(fields, now),
            Input::SteamTicket(ticket) => self.steam_ticket(ticket, now),
            Input::Resolved(address) => self.resolved(address, now),
            Input::Content { resource, progress } => self.content_progress(resource, progress),
            Input::ContentDone => self.content_done(),
            Input::Datagram { from, data } => self.datagram(from, data, now),
            Input::PeerConnected => self.peer_connected(now),
            Input::Packet(payload) => self.packet(payload, now),
            Input::PeerGone => self.peer_gone(),
            Input::SubmitCard { data } => self.submit_card(data),
            Input::TriggerServerEvent { name, args, latent } => {
                self.trigger_event(name, args, latent, now);
            }
            Input::SendCommand(line) => self.send_command(line),
            Input::SetBag { bag, key, value } => self.set_bag(bag, key, value),
            Input::Entity(input) => self.entity_input(input),
            Input::ClaimHost { base } => self.claim_host(base),
            Input::VoteHost { net_id, base } => self.vote_host(net_id, base),
            Input::Route { target, data } => self.send_route(target, data),
            Input::Cancel => self.cancel(),
            Input::Disconnect { reason } => self.disconnect(reason),
        }
    }

    /// Gives the next thing to do, or says that there is none before a certain time.
    pub fn poll(&mut self, now: Time) -> Poll<Output> {
        loop {
            if let Some(output) = self.out.pop_front() {
                return Poll::Ready(output);
            }
            if self.progress_due().is_some_and(|due| due <= now) {
                self.last_progress = Some(now);
                self.flush_progress();
            } else if !self.run(now) {
                let until = [self.progress_due(), self.stage_due()].into_iter().flatten().min();
                return Poll::Idle { until };
            }
        }
    }

    /// Does what the stage has due; says whether there was anything.
    fn run(&mut self, now: Time) -> bool {
        match &self.stage {
            Stage::InitReceived => self.begin_content(now),
            Stage::DownloadComplete => self.begin_fetching(now),
            _ if self.stage_due().is_some_and(|due| due <= now) => self.stage_timer(now),
            _ => return false,
        }
        true
    }

    /// When the stage next needs a look.
    fn stage_due(&self) -> Option<Time> {
        match &self.stage {
            Stage::Idle | Stage::InitReceived | Stage::DownloadComplete => None,
            Stage::Control(control) => control.deadline(),
            Stage::Downloading(content) => content.deadline(),
            Stage::Fetching(retries) => Some(retries.next),
            Stage::Connecting(connecting) => connecting.due(self.attempt.peer),
            Stage::Connected { keep_alive } | Stage::Active { keep_alive } => {
                let due = [self.session.due(), self.onesync.due()].into_iter().flatten().min();
                Some(due.map_or(*keep_alive, |due| due.min(*keep_alive)))
            }
        }
    }

    fn stage_timer(&mut self, now: Time) {
        match &self.stage {
            Stage::Control(_) => self.control_timed_out(now),
            Stage::Downloading(_) => self.content_timed_out(),
            Stage::Fetching(_) => self.fetch(now),
            Stage::Connecting(_) => self.connecting_due(now),
            Stage::Connected { keep_alive } | Stage::Active { keep_alive } => {
                if *keep_alive <= now {
                    self.keep_alive(now);
                }
                self.session_due(now);
                self.onesync_due(now);
            }
            Stage::Idle | Stage::InitReceived | Stage::DownloadComplete => {}
        }
    }

    fn connect(&mut self, url: ServerUrl, guid: u64, now: Time) {
        if self.state() != State::Idle {
            self.disconnect(cfx_control::texts::client::OTHER_SERVER);
        }
        self.attempt = Attempt::new(url, guid);
        self.begin_control(now);
    }

    /// Gives up before the connection is there (SPEC CLIENT-5). A server that was shaken hands with
    /// is told so (SPEC CLIENT-6).
    fn cancel(&mut self) {
        if !matches!(self.state(), State::Connected | State::Active) {
            self.quit("");
            self.end();
        }
    }

    /// The attempt failed, and the player reads why.
    fn refused(&mut self, text: impl Into<String>) {
        self.end();
        self.event(Event::Refused(text.into()));
    }

    /// Back to idle: whatever is open is dropped.
    fn end(&mut self) {
        self.abort_all();
        if core::mem::take(&mut self.attempt.peer) {
            self.out.push_back(Output::Reset);
        }
        self.attempt.server = None;
        self.session = channel::Session::default();
        self.onesync = onesync::State::default();
        self.pending_progress = None;
        self.enter(Stage::Idle);
    }

    /// Changes the stage, and tells the application where that is another state.
    fn enter(&mut self, stage: Stage) {
        self.stage = stage;
        self.tell(self.state());
    }

    /// Tells the application of a state, once.
    fn tell(&mut self, state: State) {
        if core::mem::replace(&mut self.told, state) != state {
            self.event(Event::State(state));
        }
    }

    fn event(&mut self, event: Event) {
        self.out.push_back(Output::Event(event));
    }

    fn progress(&mut self, text: impl Into<String>) {
        self.event(Event::Progress(text.into()));
    }

    /// Content progress comes faster than anyone can read: the latest waits for its turn.
    fn progress_soon(&mut self, text: String) {
        self.pending_progress = Some(text);
    }

    fn progress_due(&self) -> Option<Time> {
        self.pending_progress.as_ref()?;
        Some(self.last_progress.map_or(Time::ZERO, |last| last.after(PROGRESS_INTERVAL)))
    }

    fn flush_progress(&mut self) {
        if let Some(text) = self.pending_progress.take() {
            self.progress(text);
        }
    }

    fn choose(&mut self, count: usize) -> usize {
        entropy::below(&mut self.entropy, count)
    }
}
