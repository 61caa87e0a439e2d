//! A server and what a test does to it. Every HTTP answer is checked as it is written: one head, then
//! data, then one end (SPEC HTTP-28).

mod bounds;
mod deferrals;
mod discovery;
mod gate;
mod handshake;
mod init_connect;
mod lifetime;
mod methods;
mod pair;
mod reconnect;
mod tickets;

use std::collections::BTreeMap;
use std::net::SocketAddr;

use cfx_game::con_vars::ConVars;
use cfx_game::event::{EventName, NetEvent};
use cfx_game::frame::Payload;
use cfx_game::handshake::c2s::ConnectHandshake;
use cfx_session::http::{Part, Request, RequestId};
use cfx_session::server::{
    ClientId, Config, Decision, Delivery, Event, Input, Output, PeerId, Server, Verdict,
};
use cfx_session::{Poll, Time, entropy};
use cfx_wire::hash;
use serde_json::Value;

/// What came of one HTTP request so far.
#[derive(Debug, Default, Clone, PartialEq)]
struct Answer {
    status: Option<u16>,
    pieces: Vec<Vec<u8>>,
    ended: bool,
}

impl Answer {
    fn text(&self) -> String {
        String::from_utf8(self.pieces.concat()).expect("answers are UTF-8")
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.text()).expect("JSON")
    }
}

/// A server, its clock in milliseconds, and what it did.
struct Host {
    server: Server,
    now: u64,
    until: Option<Time>,
    answers: BTreeMap<RequestId, Answer>,
    /// Outputs but HTTP's, since the last look.
    out: Vec<Output>,
    next_request: u64,
    next_peer: u64,
}

/// A client behind the event `Connecting`.
#[derive(Debug, Clone, Copy)]
struct Pending {
    request: RequestId,
    client: ClientId,
}

/// A client that was accepted.
#[derive(Debug, Clone)]
struct Accepted {
    client: ClientId,
    guid: String,
    token: String,
    /// Where it comes from, by HTTP and UDP.
    from: SocketAddr,
}

impl Accepted {
    /// The `data` of its CONNECT.
    fn data(&self) -> u32 {
        hash::lower(self.token.as_bytes())
    }

    fn handshake(&self) -> Vec<u8> {
        handshake(&self.token, &self.guid)
    }
}

/// A client that has joined.
#[derive(Debug, Clone)]
struct Joined {
    accepted: Accepted,
    peer: PeerId,
    net_id: u16,
    slot: Option<u16>,
}

impl Host {
    fn new(config: Config) -> Self {
        let mut host = Self::unsettled(config);
        host.drain();
        host
    }

    /// A server whose first frame has not run.
    fn unsettled(config: Config) -> Self {
        Self {
            server: Server::new(config, entropy::seeded(1)),
            now: 0,
            until: None,
            answers: BTreeMap::new(),
            out: Vec::new(),
            next_request: 0,
            next_peer: 0,
        }
    }

    fn time(&self) -> Time {
        Time::from_millis(self.now)
    }

    fn drain(&mut self) {
        loop {
            match self.server.poll(self.time()) {
                Poll::Ready(Output::Http { id, part }) => self.part(id, part),
                Poll::Ready(output) => self.out.push(output),
                Poll::Idle { until } => {
                    assert!(until.is_none_or(|until| until > self.time()), "due, and not done");
                    self.until = until;
                    return;
                }
            }
        }
    }

    fn part(&mut self, id: RequestId, part: Part) {
        let answer = self.answers.entry(id).or_default();
        assert!(!answer.ended, "{part:?} behind the end of {answer:?}");
        assert_eq!(matches!(part, Part::Head(_)), answer.status.is_none(), "{part:?}");
        match part {
            Part::Head(status) => answer.status = Some(status),
            Part::Data(data) => answer.pieces.push(data.to_vec()),
            Part::End => answer.ended = true,
        }
    }

    fn input(&mut self, input: Input<'_>) {
        self.server.handle(input, self.time());
        self.drain();
    }

    fn decide(&mut self, decision: Decision) {
        self.input(Input::Decision(decision));
    }

    /// Goes on to a later time, polling whenever the server wants it.
    fn run_to(&mut self, ms: u64) {
        while let Some(until) = self.until.filter(|until| until.as_millis() <= ms) {
            self.now = until.as_millis();
            self.drain();
        }
        self.now = ms;
        self.drain();
    }

    fn run_for(&mut self, ms: u64) {
        self.run_to(self.now + ms);
    }

    /// What the server did besides HTTP since the last look.
    fn take(&mut self) -> Vec<Output> {
        std::mem::take(&mut self.out)
    }

    /// The same, without the object ids that `OneSync` gives out.
    fn take_without_ids(&mut self) -> Vec<Output> {
        let mut outputs = self.take();
        outputs.retain(|output| match output {
            Output::Packet { payload, .. } => !payload.starts_with(b"\x81\x95\xE3\x48"),
            _ => true,
        });
        outputs
    }

    fn request(&mut self, request: Request) -> RequestId {
        let id = RequestId(self.next_request);
        self.next_request += 1;
        self.input(Input::Http { id, request });
        id
    }

    fn answer(&self, id: RequestId) -> Answer {
        self.answers.get(&id).cloned().unwrap_or_default()
    }

    /// The status and the text of a request that is answered at once.
    fn ask(&mut self, request: Request) -> (u16, String) {
        let id = self.request(request);
        let answer = self.answers.remove(&id).expect("an answer at once");
        assert!(answer.ended, "{answer:?}");
        (answer.status.expect("a head"), answer.text())
    }

    /// The text of an answer of status 200 to a `POST /client` from the address numbered 1.
    fn post(&mut self, body: impl Into<Vec<u8>>) -> String {
        let (status, text) = self.ask(post(address(1), body));
        assert_eq!(status, 200);
        text
    }

    /// Sends an `initConnect` and wants it to pass every check.
    fn connect(&mut self, from: SocketAddr, form: &Form) -> Pending {
        let request = self.request(post(from, form.body()));
        Pending { request, client: self.connecting() }
    }

    /// The client of the event `Connecting` that came last.
    fn connecting(&mut self) -> ClientId {
        let at = self
            .out
            .iter()
            .rposition(|output| matches!(output, Output::Event(Event::Connecting { .. })));
        match at.map(|at| self.out.remove(at)) {
            Some(Output::Event(Event::Connecting { client, .. })) => client,
            _ => panic!("nobody is connecting: {:?} {:?}", self.out, self.answers),
        }
    }

    fn handled(&mut self, client: ClientId) {
        self.decide(Decision::Handled { client, verdict: Verdict::Continue });
    }

    /// Takes a client of this guid as far as the final value.
    fn accept(&mut self, from: SocketAddr, guid: &str) -> Accepted {
        let pending = self.connect(from, &Form::init(guid));
        self.handled(pending.client);
        let answer = self.answers.remove(&pending.request).expect("the final value");
        let token = answer.json()["token"].as_str().expect("a token").to_owned();
        Accepted { client: pending.client, guid: guid.to_owned(), token, from }
    }

    /// A completed ENet connection with this `data`, admitted or not.
    fn peer(&mut self, data: u32) -> PeerId {
        let peer = PeerId(self.next_peer);
        self.next_peer += 1;
        self.input(Input::PeerConnected { peer, data });
        peer
    }

    fn packet(&mut self, peer: PeerId, from: SocketAddr, payload: &[u8]) {
        self.input(Input::Packet { peer, from, payload });
    }

    /// Takes a client all the way, and forgets what that gave to do.
    fn join(&mut self, from: SocketAddr, guid: &str) -> Joined {
        let accepted = self.accept(from, guid);
        let peer = self.enter(&accepted);
        let joined = self.take().into_iter().find_map(|output| match output {
            Output::Event(Event::Joined { net_id, slot, .. }) => Some((net_id, slot)),
            _ => None,
        });
        let (net_id, slot) = joined.expect("it joins");
        Joined { accepted, peer, net_id, slot }
    }

    /// CONNECT and handshake of an accepted client.
    fn enter(&mut self, accepted: &Accepted) -> PeerId {
        let connect_id = u32::try_from(self.next_peer).expect("few peers");
        assert!(self.server.admits(accepted.from, connect_id, accepted.data()));
        let peer = self.peer(accepted.data());
        self.packet(peer, accepted.from, &accepted.handshake());
        peer
    }

    /// Whether a CONNECT with the client's token is answered; each call is another try.
    fn admits(&mut self, from: SocketAddr, connect_id: u32, data: u32) -> bool {
        self.server.admits(from, connect_id, data)
    }
}

/// The fields of a `POST /client`.
#[derive(Debug, Clone)]
struct Form(Vec<(&'static str, Vec<u8>)>);

impl Form {
    /// An `initConnect` that a gta5 server on a local network accepts.
    fn init(guid: &str) -> Self {
        let own = Self::method("initConnect").with("name", "Ana").with("guid", guid);
        own.with("protocol", "12").with("gameBuild", "3258").with("gameName", "gta5")
    }

    fn method(name: &str) -> Self {
        Self(Vec::new()).with("method", name)
    }

    /// With this field, in place of the one there is.
    fn with(self, name: &'static str, value: impl AsRef<[u8]>) -> Self {
        let mut form = self.without(name);
        form.0.push((name, value.as_ref().to_vec()));
        form
    }

    fn without(mut self, name: &str) -> Self {
        self.0.retain(|(other, _)| *other != name);
        self
    }

    fn body(&self) -> Vec<u8> {
        let pairs: Vec<_> = self.0.iter().map(|(name, value)| (*name, value.as_slice())).collect();
        let mut body = Vec::new();
        cfx_wire::form::encode(&pairs, &mut body);
        body
    }
}

/// An address of its own for each number; no proxy's.
fn address(number: u32) -> SocketAddr {
    let [_, a, b, c] = number.to_be_bytes();
    SocketAddr::from(([100, a, b, c], 50_000))
}

fn get(from: SocketAddr, target: &str) -> Request {
    Request {
        from,
        method: "GET".into(),
        target: target.into(),
        token: None,
        players_token: None,
        body: Vec::new().into(),
    }
}

fn post(from: SocketAddr, body: impl Into<Vec<u8>>) -> Request {
    Request { method: "POST".into(), body: body.into().into(), ..get(from, "/client") }
}

fn get_endpoints(token: &str) -> Vec<u8> {
    Form::method("getEndpoints").with("token", token).body()
}

fn handshake(token: &str, guid: &str) -> Vec<u8> {
    ConnectHandshake::new(token.as_bytes(), guid.as_bytes()).to_packet()
}

/// One value that refuses, as a method writes it (SPEC HTTP-4, HTTP-5).
fn refusal(text: &str) -> String {
    format!("{}\r\n", serde_json::json!({ "error": text }))
}

/// An out-of-band `error` (SPEC SERVER-4).
fn error_to(to: SocketAddr, text: &str) -> Output {
    Output::Datagram { to, data: [b"\xFF\xFF\xFF\xFFerror ", text.as_bytes()].concat() }
}

fn gone(client: ClientId, net_id: impl Into<Option<u16>>, reason: &str) -> Output {
    Output::Event(Event::Gone { client, net_id: net_id.into(), reason: reason.to_owned() })
}

fn connect_ok(peer: PeerId, text: &str) -> Output {
    reliable(peer, [b"\x01\0\0\0", text.as_bytes()].concat())
}

/// `msgFrame` as this machine sends it (SPEC GAME-17).
fn frame(peer: PeerId) -> Output {
    reliable(peer, b"\x3F\xFA\xFF\x53\0\0\0\0\0\0".to_vec())
}

/// `onPlayerJoining` or `onPlayerDropped`, to this peer; the arguments as msgpack.
fn player_event(peer: PeerId, name: &str, args: &[u8]) -> Output {
    let name = EventName::new(name.as_bytes());
    let event = NetEvent { source_net_id: NetEvent::SERVER, name, data: args };
    reliable(peer, event.to_packet())
}

/// `msgConVars` without any.
fn no_con_vars(peer: PeerId) -> Output {
    reliable(peer, ConVars { data: b"\x80" }.to_packet())
}

/// A packet on channel 0, reliable.
fn reliable(peer: PeerId, payload: Vec<u8>) -> Output {
    Output::Packet { peer, channel: 0, delivery: Delivery::Reliable, payload }
}
