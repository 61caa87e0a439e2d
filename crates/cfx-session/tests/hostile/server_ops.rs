//! A server and a world that may do anything to it: steps out of order, twice, from the wrong peer.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

use cfx_game::frame::Payload;
use cfx_game::handshake::c2s::ConnectHandshake;
use cfx_session::http::{Part, Request, RequestId};
use cfx_session::server::{
    ClientId, Config, Decision, Event, Host, Input, OneSync, Output, PeerId, Server, Verdict,
};
use cfx_session::{Poll, Time, entropy};
use cfx_wire::hash;
use proptest::prelude::*;

use crate::{bytes, text};

#[derive(Debug, Clone)]
pub(crate) enum Op {
    /// What leads on the client that came last, or a new one.
    Next,
    Wait(u32),
    /// `initConnect` of a guid, from an address.
    InitConnect {
        guid: u8,
        from: u8,
        ticket: bool,
    },
    /// One of the other methods with a token that was issued, or none.
    Method {
        method: u8,
        token: u8,
        from: u8,
        header: bool,
    },
    Http {
        from: u8,
        method: u8,
        target: u8,
        body: Vec<u8>,
    },
    HttpGone(u8),
    /// A CONNECT with the hash of a token; if it is admitted, ENet's connection.
    Connect {
        token: u8,
        from: u8,
    },
    /// A peer that ENet let in without asking.
    PeerConnected {
        data: u32,
    },
    Handshake {
        peer: u8,
        token: u8,
        guid: u8,
    },
    Packet {
        peer: u8,
        payload: Vec<u8>,
    },
    PeerGone(u8),
    Ping {
        peer: u8,
        ms: u32,
    },
    Datagram {
        from: u8,
        data: Vec<u8>,
    },
    Defer(u8, String),
    Update(u8, String),
    PresentCard(u8, String),
    Done(u8, Option<String>),
    Handover(u8, String),
    Handled(u8, Verdict),
    Drop(u8, String),
    NoKey,
    RconOutput(String),
    Host(Option<(u16, u32)>),
}

pub(crate) fn strategy() -> impl Strategy<Value = Op> {
    // Few of each, so that they meet.
    let few = || 0_u8..4;
    prop_oneof![
        12 => Just(Op::Next),
        4 => prop_oneof![0_u32..200, 0_u32..130_000].prop_map(Op::Wait),
        8 => (few(), few(), any::<bool>())
            .prop_map(|(guid, from, ticket)| Op::InitConnect { guid, from, ticket }),
        3 => (0_u8..3, few(), few(), any::<bool>())
            .prop_map(|(method, token, from, header)| Op::Method { method, token, from, header }),
        2 => (few(), 0_u8..3, 0_u8..9, bytes())
            .prop_map(|(from, method, target, body)| Op::Http { from, method, target, body }),
        1 => few().prop_map(Op::HttpGone),
        6 => (few(), few()).prop_map(|(token, from)| Op::Connect { token, from }),
        1 => any::<u32>().prop_map(|data| Op::PeerConnected { data }),
        6 => (few(), few(), few()).prop_map(|(peer, token, guid)| Op::Handshake { peer, token, guid }),
        3 => (few(), bytes()).prop_map(|(peer, payload)| Op::Packet { peer, payload }),
        1 => few().prop_map(Op::PeerGone),
        1 => (few(), any::<u32>()).prop_map(|(peer, ms)| Op::Ping { peer, ms }),
        3 => (few(), bytes()).prop_map(|(from, data)| Op::Datagram { from, data }),
        2 => (few(), text()).prop_map(|(client, resource)| Op::Defer(client, resource)),
        2 => (few(), text()).prop_map(|(client, message)| Op::Update(client, message)),
        1 => (few(), text()).prop_map(|(client, card)| Op::PresentCard(client, card)),
        3 => (few(), prop::option::weighted(0.2, text())).prop_map(|(client, why)| Op::Done(client, why)),
        1 => (few(), text()).prop_map(|(client, key)| Op::Handover(client, key)),
        8 => (few(), verdict()).prop_map(|(client, verdict)| Op::Handled(client, verdict)),
        1 => (few(), text()).prop_map(|(client, reason)| Op::Drop(client, reason)),
        1 => Just(Op::NoKey),
        1 => text().prop_map(Op::RconOutput),
        1 => any::<Option<(u16, u32)>>().prop_map(Op::Host),
    ]
}

fn verdict() -> impl Strategy<Value = Verdict> {
    prop_oneof![
        9 => Just(Verdict::Continue),
        1 => prop::option::of(text()).prop_map(Verdict::Cancel),
    ]
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Settings {
    onesync: OneSync,
    lan: bool,
}

pub(crate) fn settings() -> impl Strategy<Value = Settings> {
    let onesync = prop::sample::select(vec![OneSync::Off, OneSync::On, OneSync::Big]);
    (onesync, prop::bool::weighted(0.8)).prop_map(|(onesync, lan)| Settings { onesync, lan })
}

const MAX_RECORDS: usize = 5;
const MAX_CONNECTING: usize = 3;

/// How an HTTP answer stands.
#[derive(Default)]
struct Answer {
    begun: bool,
    ended: bool,
    gone: bool,
    body: Vec<u8>,
}

struct World {
    server: Server,
    now: Time,
    log: Vec<(Time, Output)>,
    answers: BTreeMap<RequestId, Answer>,
    tokens: Vec<String>,
    /// How many of them were known when the last client came, and its guid.
    known: usize,
    guid: String,
    /// In the order of their `Connecting`; and those that are not gone.
    clients: Vec<ClientId>,
    live: BTreeMap<ClientId, Option<u16>>,
    next_peer: u64,
    peers: BTreeSet<PeerId>,
    connects: u32,
}

fn address(number: u8) -> SocketAddr {
    // The last one is inside the proxy ranges.
    let first = if number == 3 { 10 } else { 198 };
    SocketAddr::from(([first, 51, 100, number], 40_000 + u16::from(number)))
}

/// Everything that the server does, whatever is done to it.
pub(crate) fn run(ops: &[Op], settings: Settings, seed: u64) -> Vec<(Time, Output)> {
    let mut world = World::new(settings, seed);
    for op in ops {
        world.take(op);
        world.drain();
    }
    world.log
}

impl World {
    fn new(settings: Settings, seed: u64) -> Self {
        let config = Config {
            onesync: settings.onesync,
            lan: settings.lan,
            rcon_password: "secret".into(),
            enable_get_status: true,
            max_records: MAX_RECORDS,
            max_connecting_per_address: MAX_CONNECTING,
            ..Config::default()
        };
        Self {
            server: Server::new(config, entropy::seeded(seed)),
            now: Time::ZERO,
            log: Vec::new(),
            answers: BTreeMap::new(),
            tokens: Vec::new(),
            known: 0,
            guid: String::new(),
            clients: Vec::new(),
            live: BTreeMap::new(),
            next_peer: 0,
            peers: BTreeSet::new(),
            connects: 0,
        }
    }

    /// One of the last few.
    fn token(&self, number: u8) -> String {
        let token = self.tokens.iter().rev().nth(usize::from(number));
        token.cloned().unwrap_or_else(|| "none".into())
    }

    fn client(&self, number: u8) -> Option<ClientId> {
        self.clients.iter().rev().nth(usize::from(number)).copied()
    }

    fn peer(&self, number: u8) -> PeerId {
        let peer = self.next_peer.saturating_sub(1 + u64::from(number));
        PeerId(peer)
    }

    fn give(&mut self, input: Input<'_>) {
        self.server.handle(input, self.now);
    }

    fn take(&mut self, op: &Op) {
        match op {
            Op::Next => self.next(),
            Op::Wait(ms) => self.now = self.now.after(u64::from(*ms)),
            Op::InitConnect { guid, from, ticket } => {
                let ticket = if *ticket { "&cfxTicket2=EAAAAA%3d%3d" } else { "" };
                let body = format!(
                    "method=initConnect&name=n&guid={guid}&protocol=12&gameBuild=3258&gameName=gta5{ticket}"
                );
                self.http(*from, "POST", "/client", None, body.into_bytes());
            }
            Op::Method { method, token, from, header } => {
                self.method(*method, *token, *from, *header);
            }
            Op::Http { from, method, target, body } => {
                let method = ["GET", "POST", "PUT"][usize::from(*method)];
                let target = [
                    "/",
                    "/client",
                    "/CLIENT?x",
                    "/info.json",
                    "/dynamic.json",
                    "/players.json",
                    "/players.json?token=",
                    "",
                    "/\u{e9}\u{20ac}lient",
                ][usize::from(*target)];
                self.http(*from, method, target, None, body.clone());
            }
            Op::HttpGone(number) => {
                let open = self.answers.iter_mut().rev().filter(|(_, answer)| !answer.ended);
                if let Some((id, answer)) = open.into_iter().nth(usize::from(*number)) {
                    answer.gone = true;
                    let id = *id;
                    self.give(Input::HttpGone(id));
                }
            }
            Op::Connect { token, from } => {
                let data = hash::lower(self.token(*token).as_bytes());
                self.connects += 1;
                if self.server.admits(address(*from), self.connects, data) {
                    self.connected(data);
                }
            }
            Op::PeerConnected { data } => self.connected(*data),
            Op::Handshake { peer, token, guid } => {
                let (token, guid) = (self.token(*token), guid.to_string());
                let payload = ConnectHandshake::new(token.as_bytes(), guid.as_bytes()).to_packet();
                self.packet(*peer, &payload);
            }
            Op::Packet { peer, payload } => self.packet(*peer, payload),
            Op::PeerGone(peer) => {
                let peer = self.peer(*peer);
                self.peers.remove(&peer);
                self.give(Input::PeerGone(peer));
            }
            Op::Ping { peer, ms } => self.give(Input::Ping { peer: self.peer(*peer), ms: *ms }),
            Op::Datagram { from, data } => {
                self.give(Input::Datagram { from: address(*from), data });
            }
            Op::NoKey => self.give(Input::Decision(Decision::TicketKey(None))),
            Op::RconOutput(text) => {
                let decision = Decision::RconOutput { to: address(1), text: text.clone() };
                self.give(Input::Decision(decision));
            }
            Op::Host(host) => {
                let host = host.map(|(net_id, base)| Host { net_id, base });
                self.give(Input::Decision(Decision::Host(host)));
            }
            other => {
                if let Some(decision) = self.decision(other) {
                    self.give(Input::Decision(decision));
                }
            }
        }
    }

    fn next(&mut self) {
        match self.live.last_key_value() {
            Some((&client, None)) if self.tokens.len() == self.known => {
                let verdict = Verdict::Continue;
                self.give(Input::Decision(Decision::Handled { client, verdict }));
                for resource in ["a", "b", "r"].map(str::to_owned) {
                    let done = Decision::Done { client, resource, reason: None };
                    self.give(Input::Decision(done));
                }
            }
            Some((_, None)) => {
                self.take(&Op::Connect { token: 0, from: 1 });
                let (token, guid) = (self.token(0), self.guid.clone());
                let payload = ConnectHandshake::new(token.as_bytes(), guid.as_bytes()).to_packet();
                self.packet(0, &payload);
            }
            _ => {
                let guid = u8::try_from(self.clients.len() % 4).unwrap_or(0);
                self.take(&Op::InitConnect { guid, from: guid, ticket: false });
            }
        }
    }

    fn method(&mut self, method: u8, token: u8, from: u8, header: bool) {
        let token = self.token(token);
        let body = match method {
            0 => format!("method=getEndpoints&token={token}"),
            1 => format!("method=submitCard&data=%7b%7d&token={token}"),
            _ => "method=getConfiguration&resources=a;b".to_owned(),
        };
        self.http(from, "POST", "/client", header.then_some(token), body.into_bytes());
    }

    fn decision(&self, op: &Op) -> Option<Decision> {
        let resource = "r".to_owned();
        Some(match op {
            Op::Defer(client, resource) => {
                Decision::Defer { client: self.client(*client)?, resource: resource.clone() }
            }
            Op::Update(client, message) => Decision::Update {
                client: self.client(*client)?,
                resource,
                message: message.clone(),
            },
            Op::PresentCard(client, card) => Decision::PresentCard {
                client: self.client(*client)?,
                resource,
                card: card.clone(),
            },
            Op::Done(client, reason) => {
                // Whoever deferred is done.
                let resource = if reason.is_some() { resource } else { "a".to_owned() };
                Decision::Done { client: self.client(*client)?, resource, reason: reason.clone() }
            }
            Op::Handover(client, key) => Decision::Handover {
                client: self.client(*client)?,
                data: [(key.clone(), 1.into())].into_iter().collect(),
            },
            Op::Handled(client, verdict) => {
                Decision::Handled { client: self.client(*client)?, verdict: verdict.clone() }
            }
            Op::Drop(client, reason) => {
                Decision::Drop { client: self.client(*client)?, reason: reason.clone() }
            }
            _ => return None,
        })
    }

    fn http(&mut self, from: u8, method: &str, target: &str, token: Option<String>, body: Vec<u8>) {
        let id = RequestId(self.answers.len() as u64);
        self.answers.insert(id, Answer::default());
        let request = Request {
            from: address(from),
            method: method.to_owned(),
            target: target.to_owned(),
            token,
            players_token: None,
            body: body.into(),
        };
        self.give(Input::Http { id, request });
    }

    fn connected(&mut self, data: u32) {
        let peer = PeerId(self.next_peer);
        self.next_peer += 1;
        self.peers.insert(peer);
        self.give(Input::PeerConnected { peer, data });
    }

    fn packet(&mut self, peer: u8, payload: &[u8]) {
        let peer = self.peer(peer);
        // ENet delivers nothing of a peer that is gone.
        if self.peers.contains(&peer) {
            self.give(Input::Packet { peer, from: address(1), payload });
        }
    }

    fn drain(&mut self) {
        let before = self.log.len();
        loop {
            match self.server.poll(self.now) {
                Poll::Ready(output) => {
                    self.check(&output);
                    self.log.push((self.now, output));
                }
                Poll::Idle { until } => {
                    assert!(until.is_none_or(|until| until > self.now), "idle until the past");
                    break;
                }
            }
            assert!(self.log.len() - before < 200, "the server does not come to rest");
        }
        assert!(self.server.records() <= MAX_RECORDS);
        assert_eq!(self.server.records(), self.live.len());
        let joined: Vec<_> = self.live.values().flatten().collect();
        assert_eq!(self.server.joined(), joined.len());
        assert_eq!(
            joined.iter().collect::<BTreeSet<_>>().len(),
            joined.len(),
            "net ids are unique"
        );
        // An answer is open for a client that is deferred, or whose ticket waits for the key.
        let open = self.answers.values().filter(|answer| !answer.ended && !answer.gone).count();
        assert!(open <= MAX_RECORDS + 256);
    }

    fn check(&mut self, output: &Output) {
        match output {
            Output::Http { id, part } => self.check_part(*id, part),
            Output::Packet { peer, .. } | Output::Tune(peer) => {
                assert!(self.peers.contains(peer), "{peer:?} is gone");
            }
            // A client's end may name a peer whose end was the cause of it.
            Output::Reset(peer) => {
                self.peers.remove(peer);
            }
            Output::Event(event) => self.check_event(event),
            Output::Datagram { data, .. } => assert!(data.starts_with(b"\xFF\xFF\xFF\xFF")),
        }
    }

    fn check_part(&mut self, id: RequestId, part: &Part) {
        let answer = self.answers.get_mut(&id).expect("a request");
        assert!(!answer.ended, "{id:?} goes on behind its end");
        match part {
            Part::Head(_) => assert!(!std::mem::replace(&mut answer.begun, true)),
            Part::Data(data) => {
                assert!(answer.begun);
                answer.body.extend_from_slice(data);
            }
            Part::End => answer.ended = true,
        }
        let body = String::from_utf8_lossy(&answer.body);
        let token = body.rsplit_once("\"token\":\"").and_then(|(_, rest)| rest.get(..36));
        if let Some(token) = token.filter(|token| !self.tokens.iter().any(|known| known == token)) {
            self.tokens.push(token.to_owned());
        }
    }

    fn check_event(&mut self, event: &Event) {
        match event {
            Event::Connecting { client, net_id, guid, .. } => {
                self.known = self.tokens.len();
                self.guid = String::from_utf8_lossy(guid).into_owned();
                assert!(*net_id >= 0x1_0000);
                self.clients.push(*client);
                assert!(self.live.insert(*client, None).is_none(), "{client:?} is used twice");
            }
            Event::Joined { client, net_id, slot, .. } => {
                assert!((1..=0xFFFE).contains(net_id));
                assert_ne!(*slot, Some(31));
                let was = self.live.insert(*client, Some(*net_id));
                assert_eq!(was, Some(None), "{client:?} joins once");
            }
            Event::Gone { client, net_id, .. } => {
                assert_eq!(self.live.remove(client), Some(*net_id), "{client:?} goes once");
            }
            Event::Message { client, .. }
            | Event::ServerEvent { client, .. }
            | Event::Command { client, .. }
            | Event::BagChange { client, .. }
            | Event::CardAnswer { client, .. } => {
                assert!(self.live.contains_key(client));
            }
            _ => {}
        }
    }
}
