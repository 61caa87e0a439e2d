//! A server and its clients in one memory, on a virtual clock: for tests, simulations and benches.
//!
//! HTTP, datagrams and ENet are carried as the machines see them, each after the same latency and
//! without loss, unless a [`Link`] spoils ENet's packets; ENet's own bytes are not made (`cfx-net` runs it for real). A peer that is reset
//! goes silent, and the other side notices after ENet's 30 s.
//!
//! Unless a test says otherwise the applications are agreeable: every client is accepted at once,
//! has no ticket and its content at hand.

mod link;

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

pub use link::{Link, Weather};

use crate::client::{self, Client, ServerUrl};
use crate::entropy::{self, Entropy};
use crate::http::{Call, Part, Progress, Request, RequestId};
use crate::server::{self, Decision, PeerId, Server, Verdict};
use crate::{Delivery, Poll, Time};
use cfx_control::request::client_guid;

/// Milliseconds after which ENet gives a silent peer up.
const ENET_TIMEOUT: u64 = 30_000;

/// Names a client of a [`Pair`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Player(usize);

/// A server and its clients. See the [module's page](self).
pub struct Pair {
    server: Server,
    seats: Vec<Seat>,
    now: Time,
    latency: u64,
    link: Option<Link>,
    /// Clients that were given something, and when the others want to be polled.
    given: BTreeSet<usize>,
    wakes: BTreeSet<(Time, usize)>,
    /// What is under way, in the order of its arrival.
    parcels: BTreeMap<(Time, u64), (Player, Parcel)>,
    next_parcel: u64,
    next_request: u64,
    next_peer: u64,
    next_connect: u32,
    requests: BTreeMap<RequestId, (Player, RequestId)>,
    peers: BTreeMap<PeerId, Player>,
    server_events: Vec<(Time, server::Event)>,
    /// What the policy service answers.
    pub policy: String,
    /// What the server's application decides at an event; [`accept_all`] to begin with.
    pub on_server_event: fn(&server::Event) -> Vec<Decision>,
    /// What a client's application answers to an event; [`agree`] to begin with.
    pub on_client_event: fn(&client::Event) -> Vec<client::Input<'static>>,
    /// Whether events are kept for [`events`](Pair::events) and
    /// [`server_events`](Pair::server_events); so they are to begin with.
    pub keeps_events: bool,
}

struct Seat {
    client: Client,
    address: SocketAddr,
    peer: Option<PeerId>,
    /// Which of its tries to connect by ENet is the last.
    connection: u64,
    attempts: u32,
    calls: BTreeMap<RequestId, RequestId>,
    events: Vec<(Time, client::Event)>,
    wake: Option<Time>,
}

enum Parcel {
    DatagramUp(Vec<u8>),
    DatagramDown(Vec<u8>),
    Call(RequestId, Call),
    CallGone(RequestId),
    PolicyAnswer(RequestId),
    Part(RequestId, Part),
    Connect { data: u32, connection: u64 },
    PacketUp(PeerId, Vec<u8>),
    PacketDown(PeerId, Vec<u8>),
    PeerGoneUp(PeerId),
    PeerGoneDown { connection: u64 },
}

/// Accepts every client as soon as it asks.
pub fn accept_all(event: &server::Event) -> Vec<Decision> {
    match event {
        server::Event::Connecting { client, .. } => {
            vec![Decision::Handled { client: *client, verdict: Verdict::Continue }]
        }
        _ => Vec::new(),
    }
}

/// Has no tickets, and all content at hand.
pub fn agree(event: &client::Event) -> Vec<client::Input<'static>> {
    match event {
        client::Event::TicketWanted { .. } => vec![client::Input::Ticket(Vec::new())],
        client::Event::SteamTicketWanted { .. } => vec![client::Input::SteamTicket(Ok(None))],
        client::Event::Manifest(_) => vec![client::Input::ContentDone],
        _ => Vec::new(),
    }
}

/// Where the server is.
pub fn server_address() -> SocketAddr {
    SocketAddr::from(([198, 51, 100, 1], 30120))
}

impl Pair {
    /// A server without clients, settled, at time zero.
    pub fn new(config: server::Config, entropy: Entropy) -> Self {
        let mut server = Server::new(config, entropy);
        // The first frame settles the server.
        let _ = server.poll(Time::ZERO);
        Self {
            server,
            seats: Vec::new(),
            now: Time::ZERO,
            latency: 0,
            link: None,
            given: BTreeSet::new(),
            wakes: BTreeSet::new(),
            parcels: BTreeMap::new(),
            next_parcel: 0,
            next_request: 0,
            next_peer: 0,
            next_connect: 0,
            requests: BTreeMap::new(),
            peers: BTreeMap::new(),
            server_events: Vec::new(),
            policy: "[]".to_owned(),
            on_server_event: accept_all,
            on_client_event: agree,
            keeps_events: true,
        }
    }

    /// Sets how long everything is under way, in milliseconds.
    pub fn set_latency(&mut self, ms: u64) {
        self.latency = ms;
    }

    /// Lets ENet's packets suffer from now on.
    pub fn set_link(&mut self, link: Link) {
        self.link = Some(link);
    }

    /// The line that [`set_link`](Self::set_link) gave.
    pub const fn link(&self) -> Option<&Link> {
        self.link.as_ref()
    }

    /// The same, to change its weather.
    pub const fn link_mut(&mut self) -> Option<&mut Link> {
        self.link.as_mut()
    }

    /// Adds an idle client, at an address of its own.
    ///
    /// # Panics
    /// Beyond 16 million clients.
    pub fn add_client(&mut self, config: client::Config) -> Player {
        let number = u32::try_from(self.seats.len() + 1).expect("few clients");
        let [_, a, b, c] = number.to_be_bytes();
        self.seats.push(Seat {
            client: Client::new(config, entropy::seeded(u64::from(number))),
            address: SocketAddr::from(([100, a, b, c], 50_000)),
            peer: None,
            connection: 0,
            attempts: 0,
            calls: BTreeMap::new(),
            events: Vec::new(),
            wake: None,
        });
        Player(self.seats.len() - 1)
    }

    /// The server.
    pub const fn server(&self) -> &Server {
        &self.server
    }

    /// A client.
    pub fn client(&self, player: Player) -> &Client {
        &self.seats[player.0].client
    }

    /// A client's address, for HTTP and UDP.
    pub fn address(&self, player: Player) -> SocketAddr {
        self.seats[player.0].address
    }

    /// What a client told its application, and when.
    pub fn events(&self, player: Player) -> &[(Time, client::Event)] {
        &self.seats[player.0].events
    }

    /// The last text that a client was refused or dropped with.
    pub fn refusal(&self, player: Player) -> Option<&str> {
        self.events(player).iter().rev().find_map(|(_, event)| match event {
            client::Event::Refused(text) | client::Event::Disconnected { reason: text, .. } => {
                Some(text.as_str())
            }
            _ => None,
        })
    }

    /// What the server told its application, and when.
    pub fn server_events(&self) -> &[(Time, server::Event)] {
        &self.server_events
    }

    /// The server's name for the client that asked last.
    ///
    /// # Panics
    /// When none did.
    pub fn last_connecting(&self) -> server::ClientId {
        let connecting = self.server_events.iter().rev().find_map(|(_, event)| match event {
            server::Event::Connecting { client, .. } => Some(*client),
            _ => None,
        });
        connecting.expect("a client is connecting")
    }

    /// The virtual time.
    pub const fn now(&self) -> Time {
        self.now
    }

    /// Lets a client join with a guid of its own, raised at every attempt as the reference does.
    pub fn join(&mut self, player: Player) {
        let seat = &mut self.seats[player.0];
        seat.attempts += 1;
        let number = u32::try_from(player.0).unwrap_or(0).wrapping_mul(1000);
        let guid = client_guid(number.wrapping_add(seat.attempts));
        self.join_as(player, guid);
    }

    /// Lets a client join with this guid.
    pub fn join_as(&mut self, player: Player, guid: u64) {
        let url = ServerUrl::from(server_address());
        self.input(player, client::Input::Connect { url, guid });
    }

    /// Gives a client an input of its application.
    pub fn input(&mut self, player: Player, input: client::Input<'_>) {
        let now = self.now;
        self.seats[player.0].client.handle(input, now);
        self.given.insert(player.0);
        self.settle();
    }

    /// Gives the server an input from outside its clients.
    pub fn server_input(&mut self, input: server::Input<'_>) {
        self.server.handle(input, self.now);
        self.settle();
    }

    /// Gives the server a decision of its application.
    pub fn decide(&mut self, decision: Decision) {
        self.server_input(server::Input::Decision(decision));
    }

    /// Cuts a client's ENet connection, which only the server notices.
    pub fn cut(&mut self, player: Player) {
        if let Some(peer) = self.seats[player.0].peer.take() {
            self.peers.remove(&peer);
            self.server_input(server::Input::PeerGone(peer));
        }
    }

    /// Lets `ms` milliseconds pass.
    pub fn run_for(&mut self, ms: u64) {
        let until = self.now.after(ms);
        loop {
            let next = self.settle();
            match next.filter(|next| *next <= until) {
                Some(next) => self.now = self.now.max(next),
                None => break,
            }
        }
        self.now = until;
        self.settle();
    }

    /// Does all that is due now; says when something is due next.
    fn settle(&mut self) -> Option<Time> {
        loop {
            let server = self.poll_server();
            self.poll_clients();
            let next = earlier(server, self.wakes.first().map(|(at, _)| *at));
            let Some((&(at, number), _)) = self.parcels.first_key_value() else { return next };
            if at > self.now {
                return earlier(next, Some(at));
            }
            if let Some((player, parcel)) = self.parcels.remove(&(at, number)) {
                self.deliver(player, parcel);
            }
        }
    }

    /// Polls the clients that were given something or want to be polled by now. The others have
    /// nothing to say.
    fn poll_clients(&mut self) {
        while let Some(&(at, seat)) = self.wakes.first().filter(|(at, _)| *at <= self.now) {
            self.wakes.remove(&(at, seat));
            self.seats[seat].wake = None;
            self.given.insert(seat);
        }
        for seat in core::mem::take(&mut self.given) {
            let wake = self.poll_client(Player(seat));
            if let Some(old) = core::mem::replace(&mut self.seats[seat].wake, wake) {
                self.wakes.remove(&(old, seat));
            }
            self.wakes.extend(wake.map(|wake| (wake, seat)));
        }
    }

    fn post(&mut self, player: Player, parcel: Parcel) {
        self.post_after(self.latency, player, parcel);
    }

    fn post_after(&mut self, ms: u64, player: Player, parcel: Parcel) {
        self.post_at(self.now.after(ms), player, parcel);
    }

    fn post_at(&mut self, at: Time, player: Player, parcel: Parcel) {
        self.parcels.insert((at, self.next_parcel), (player, parcel));
        self.next_parcel += 1;
    }

    /// Sends a packet of ENet's.
    fn post_packet(
        &mut self,
        player: Player,
        peer: PeerId,
        up: bool,
        delivery: Delivery,
        payload: Vec<u8>,
    ) {
        let parcel = |payload| {
            if up { Parcel::PacketUp(peer, payload) } else { Parcel::PacketDown(peer, payload) }
        };
        let Some(link) = &mut self.link else { return self.post(player, parcel(payload)) };
        let path = path(player, up);
        let [first, second] = link.carry(path, delivery, self.now, self.latency, &payload);
        if let Some(at) = second {
            self.post_at(at, player, parcel(payload.clone()));
        }
        if let Some(at) = first {
            self.post_at(at, player, parcel(payload));
        }
    }

    /// Ends a client's connection, behind what it sent reliably.
    fn post_end(&mut self, player: Player, peer: PeerId) {
        let end =
            self.link.as_ref().map(|link| link.end(path(player, true), self.now, self.latency));
        let at = end.unwrap_or_else(|| self.now.after(self.latency));
        self.post_at(at, player, Parcel::PeerGoneUp(peer));
    }

    fn poll_server(&mut self) -> Option<Time> {
        loop {
            match self.server.poll(self.now) {
                Poll::Ready(output) => self.server_output(output),
                Poll::Idle { until } => return until,
            }
        }
    }

    fn server_output(&mut self, output: server::Output) {
        match output {
            server::Output::Datagram { to, data } => {
                let seat = self.seats.iter().position(|seat| seat.address == to);
                if let Some(seat) = seat {
                    self.post(Player(seat), Parcel::DatagramDown(data));
                }
            }
            server::Output::Http { id, part } => {
                if let Some(&(player, call)) = self.requests.get(&id) {
                    if part == Part::End {
                        self.requests.remove(&id);
                        self.seats[player.0].calls.remove(&call);
                    }
                    self.post(player, Parcel::Part(call, part));
                }
            }
            server::Output::Packet { peer, delivery, payload, .. } => {
                if let Some(&player) = self.peers.get(&peer) {
                    self.post_packet(player, peer, false, delivery, payload);
                }
            }
            server::Output::Tune(_) => {}
            server::Output::Reset(peer) => {
                if let Some(player) = self.peers.remove(&peer) {
                    let connection = self.seats[player.0].connection;
                    self.post_after(ENET_TIMEOUT, player, Parcel::PeerGoneDown { connection });
                }
            }
            server::Output::Event(event) => {
                let decisions = (self.on_server_event)(&event);
                if self.keeps_events {
                    self.server_events.push((self.now, event));
                }
                for decision in decisions {
                    self.server.handle(server::Input::Decision(decision), self.now);
                }
            }
        }
    }

    fn poll_client(&mut self, player: Player) -> Option<Time> {
        loop {
            match self.seats[player.0].client.poll(self.now) {
                Poll::Ready(output) => self.client_output(player, output),
                Poll::Idle { until } => return until,
            }
        }
    }

    fn client_output(&mut self, player: Player, output: client::Output) {
        let seat = &mut self.seats[player.0];
        match output {
            client::Output::Call { id, call } => self.post(player, Parcel::Call(id, call)),
            client::Output::Abort(id) => {
                if let Some(request) = seat.calls.remove(&id) {
                    self.requests.remove(&request);
                    self.post(player, Parcel::CallGone(request));
                } else {
                    // It has not arrived yet, and never will.
                    let aborted =
                        |parcel: &Parcel| matches!(parcel, Parcel::Call(call, _) if *call == id);
                    self.parcels.retain(|_, (from, parcel)| *from != player || !aborted(parcel));
                }
            }
            client::Output::Resolve(_) => {
                let found = client::Input::Resolved(Some(server_address()));
                seat.client.handle(found, self.now);
            }
            client::Output::Datagram { data, .. } => self.post(player, Parcel::DatagramUp(data)),
            client::Output::Connect { data, .. } => {
                seat.connection += 1;
                let connection = seat.connection;
                self.post(player, Parcel::Connect { data, connection });
            }
            client::Output::Packet { delivery, payload, .. } => {
                if let Some(peer) = seat.peer {
                    self.post_packet(player, peer, true, delivery, payload);
                }
            }
            client::Output::Disconnect => {
                seat.connection += 1;
                if let Some(peer) = seat.peer.take() {
                    self.post_end(player, peer);
                }
            }
            client::Output::Reset => {
                seat.connection += 1;
                if let Some(peer) = seat.peer.take() {
                    self.post_after(ENET_TIMEOUT, player, Parcel::PeerGoneUp(peer));
                }
            }
            client::Output::Event(event) => {
                let answers = (self.on_client_event)(&event);
                if self.keeps_events {
                    seat.events.push((self.now, event));
                }
                for answer in answers {
                    seat.client.handle(answer, self.now);
                }
            }
        }
    }

    fn deliver(&mut self, player: Player, parcel: Parcel) {
        let now = self.now;
        let from = self.seats[player.0].address;
        match parcel {
            Parcel::DatagramUp(data) => {
                self.server.handle(server::Input::Datagram { from, data: &data }, now);
            }
            Parcel::DatagramDown(data) => {
                let from = server_address();
                self.give_client(player, client::Input::Datagram { from, data: &data });
            }
            Parcel::Call(id, call) => self.deliver_call(player, id, call),
            Parcel::CallGone(id) => self.server.handle(server::Input::HttpGone(id), now),
            Parcel::PolicyAnswer(id) => {
                let policy = self.policy.clone();
                let data = Progress::Data(policy.as_bytes());
                for progress in [Progress::Head(200), data, Progress::End] {
                    self.give_client(player, client::Input::Http { id, progress });
                }
            }
            Parcel::Part(id, part) => {
                let progress = match &part {
                    Part::Head(status) => Progress::Head(*status),
                    Part::Data(data) => Progress::Data(data),
                    Part::End => Progress::End,
                };
                self.give_client(player, client::Input::Http { id, progress });
            }
            Parcel::Connect { data, connection } => {
                self.deliver_connect(player, data, connection);
            }
            Parcel::PacketUp(peer, payload) => {
                if self.peers.contains_key(&peer) {
                    let input = server::Input::Packet { peer, from, payload: &payload };
                    self.server.handle(input, now);
                }
            }
            Parcel::PacketDown(peer, payload) => {
                if self.seats[player.0].peer == Some(peer) {
                    self.give_client(player, client::Input::Packet(&payload));
                }
            }
            Parcel::PeerGoneUp(peer) => {
                if self.peers.remove(&peer).is_some() {
                    self.server.handle(server::Input::PeerGone(peer), now);
                }
            }
            Parcel::PeerGoneDown { connection } => {
                // A client that tries again, or has left, has forgotten the connection.
                if self.seats[player.0].connection == connection {
                    self.seats[player.0].peer = None;
                    self.give_client(player, client::Input::PeerGone);
                }
            }
        }
    }

    fn give_client(&mut self, player: Player, input: client::Input<'_>) {
        self.seats[player.0].client.handle(input, self.now);
        self.given.insert(player.0);
    }

    fn deliver_call(&mut self, player: Player, call_id: RequestId, call: Call) {
        let own = ServerUrl::from(server_address()).to_string();
        let Some(path) = call.url.strip_prefix(&own) else {
            return self.post(player, Parcel::PolicyAnswer(call_id));
        };
        let id = RequestId(self.next_request);
        self.next_request += 1;
        self.requests.insert(id, (player, call_id));
        let seat = &mut self.seats[player.0];
        seat.calls.insert(call_id, id);
        let token = call.headers.into_iter().find(|(name, _)| *name == "X-CitizenFX-Token");
        let request = Request {
            from: seat.address,
            method: call.method.to_owned(),
            target: format!("/{path}"),
            token: token.map(|(_, token)| token),
            players_token: None,
            body: call.body.into(),
        };
        self.server.handle(server::Input::Http { id, request }, self.now);
    }

    fn deliver_connect(&mut self, player: Player, data: u32, connection: u64) {
        let from = self.seats[player.0].address;
        self.next_connect += 1;
        if !self.server.admits(from, self.next_connect, data) {
            return self.post_after(ENET_TIMEOUT, player, Parcel::PeerGoneDown { connection });
        }
        // Without a client that answers it, the connection is never complete.
        if self.seats[player.0].connection != connection {
            return;
        }
        let peer = PeerId(self.next_peer);
        self.next_peer += 1;
        self.peers.insert(peer, player);
        self.seats[player.0].peer = Some(peer);
        self.server.handle(server::Input::PeerConnected { peer, data }, self.now);
        self.give_client(player, client::Input::PeerConnected);
    }
}

/// A client's way to the server, or the way back.
const fn path(player: Player, up: bool) -> u64 {
    player.0 as u64 * 2 + up as u64
}

fn earlier(a: Option<Time>, b: Option<Time>) -> Option<Time> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}
