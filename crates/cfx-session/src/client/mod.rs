//! A player's side of a connection (SPEC stages A to K).
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

mod api;
mod channel;
mod clock;
mod content;
mod control;
mod exchange;
mod latent;
mod link;
mod onesync;
mod url;

use std::collections::VecDeque;
use std::net::SocketAddr;

pub use crate::Delivery;
pub use api::{Config, Event, Input, Output, State};
pub use clock::Clock;
pub use onesync::{EntityEvent, EntityInput, Object};
pub use url::{DEFAULT_PORT, ServerUrl};

use crate::Poll;
use crate::entropy::{self, Entropy};
use crate::time::Time;
use exchange::Loose;

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
