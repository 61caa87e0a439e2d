//! A server, and a world that may do anything to it: steps out of order, twice, from the wrong peer.

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

use super::{MAX_OPS, message, wait};
use crate::source::Source;

const MAX_RECORDS: usize = 5;

/// Operations on a server: a byte for its settings, then a byte for each and what it needs. Twice,
/// with the same outcome.
pub fn session_server(data: &[u8]) {
    assert_eq!(run(data), run(data), "not the same the second time");
}

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
    /// In the order of their `Connecting`; and those that are not gone, with what names them.
    clients: Vec<ClientId>,
    live: BTreeMap<ClientId, Option<u16>>,
    guid: String,
    next_peer: u64,
    peers: BTreeSet<PeerId>,
    connects: u32,
}

fn run(data: &[u8]) -> Vec<(Time, Output)> {
    let mut source = Source::new(data);
    let mut world = World::new(&mut source);
    let mut ops = 0;
    while !source.is_empty() && ops < MAX_OPS {
        world.take(&mut source);
        world.drain();
        ops += 1;
    }
    world.log
}

fn address(number: u8) -> SocketAddr {
    // The last one is inside the proxy ranges.
    let first = if number == 3 { 10 } else { 198 };
    SocketAddr::from(([first, 51, 100, number], 40_000 + u16::from(number)))
}

/// One of four, so that they meet.
fn few(source: &mut Source<'_>) -> u8 {
    source.take::<u8>() % 4
}

impl World {
    fn new(source: &mut Source<'_>) -> Self {
        let flags: u8 = source.take();
        let config = Config {
            onesync: [OneSync::Off, OneSync::On, OneSync::Big][usize::from(flags % 3)],
            lan: flags & 0x80 == 0,
            rcon_password: "secret".into(),
            enable_get_status: true,
            max_records: MAX_RECORDS,
            max_connecting_per_address: 3,
            ..Config::default()
        };
        Self {
            server: Server::new(config, entropy::seeded(flags.into())),
            now: Time::ZERO,
            log: Vec::new(),
            answers: BTreeMap::new(),
            tokens: Vec::new(),
            clients: Vec::new(),
            live: BTreeMap::new(),
            guid: String::new(),
            next_peer: 0,
            peers: BTreeSet::new(),
            connects: 0,
        }
    }

    fn give(&mut self, input: Input<'_>) {
        self.server.handle(input, self.now);
    }

    fn decide(&mut self, decision: Decision) {
        self.give(Input::Decision(decision));
    }

    fn take(&mut self, source: &mut Source<'_>) {
        match source.pick(20) {
            0..=3 => self.next(),
            4 | 5 => self.now = self.now.after(wait(source)),
            6 => self.init_connect(few(source), few(source), source.take()),
            7 => {
                let body = match source.pick(3) {
                    0 => format!("method=getEndpoints&token={}", self.token(few(source))),
                    1 => format!("method=submitCard&data=%7b%7d&token={}", self.token(few(source))),
                    _ => "method=getConfiguration&resources=a;b".to_owned(),
                };
                let token = source.take::<bool>().then(|| self.token(few(source)));
                self.http(few(source), "POST", "/client", token, body.into());
            }
            8 => self.any_http(source),
            9 => {
                let number = few(source);
                let open = self.answers.iter_mut().rev().filter(|(_, answer)| !answer.ended);
                if let Some((id, answer)) = open.into_iter().nth(number.into()) {
                    answer.gone = true;
                    let id = *id;
                    self.give(Input::HttpGone(id));
                }
            }
            10 => self.connect(few(source), few(source)),
            11 => self.connected(source.take()),
            12 => self.handshake(few(source), few(source), few(source).to_string().as_bytes()),
            13 => self.packet(few(source), message(source)),
            14 => {
                let peer = self.peer(few(source));
                self.peers.remove(&peer);
                self.give(Input::PeerGone(peer));
            }
            15 => self.give(Input::Ping { peer: self.peer(few(source)), ms: source.take() }),
            16 => {
                let from = address(few(source));
                self.give(Input::Datagram { from, data: message(source) });
            }
            17 => match source.pick(3) {
                0 => self.decide(Decision::TicketKey(None)),
                1 => {
                    let text = source.text(40);
                    self.decide(Decision::RconOutput { to: address(1), text });
                }
                _ => {
                    let host = Host { net_id: source.take(), base: source.take() };
                    self.decide(Decision::Host(source.take::<bool>().then_some(host)));
                }
            },
            _ => {
                if let Some(decision) = self.decision(source) {
                    self.decide(decision);
                }
            }
        }
    }

    /// What leads on the client that came last, or a new one.
    fn next(&mut self) {
        let Some((&client, None)) = self.live.last_key_value() else {
            let guid = u8::try_from(self.clients.len() % 4).unwrap_or(0);
            return self.init_connect(guid, guid, false);
        };
        self.decide(Decision::Handled { client, verdict: Verdict::Continue });
        for resource in ["a", "b", "r"].map(str::to_owned) {
            self.decide(Decision::Done { client, resource, reason: None });
        }
        self.drain();
        self.connect(0, 1);
        let guid = self.guid.clone();
        self.handshake(0, 0, guid.as_bytes());
    }

    fn init_connect(&mut self, guid: u8, from: u8, ticket: bool) {
        let ticket = if ticket { "&cfxTicket2=EAAAAA%3d%3d" } else { "" };
        let body = format!(
            "method=initConnect&name=n&guid={guid}&protocol=12&gameBuild=3258&gameName=gta5{ticket}"
        );
        self.http(from, "POST", "/client", None, body.into());
    }

    fn any_http(&mut self, source: &mut Source<'_>) {
        let from = few(source);
        let method = ["GET", "POST", "PUT"][source.pick(3)];
        let target = match source.pick(8) {
            0 => "/client".into(),
            1 => "/CLIENT?x".into(),
            2 => "/info.json".into(),
            3 => "/dynamic.json".into(),
            4 => "/players.json".into(),
            5 => "/players.json?token=".into(),
            _ => source.text(30),
        };
        self.http(from, method, &target, None, message(source).to_vec());
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

    /// A CONNECT with the hash of a token; if it is admitted, ENet's connection.
    fn connect(&mut self, token: u8, from: u8) {
        let data = hash::lower(self.token(token).as_bytes());
        self.connects += 1;
        if self.server.admits(address(from), self.connects, data) {
            self.connected(data);
        }
    }

    fn connected(&mut self, data: u32) {
        let peer = PeerId(self.next_peer);
        self.next_peer += 1;
        self.peers.insert(peer);
        self.give(Input::PeerConnected { peer, data });
    }

    fn handshake(&mut self, peer: u8, token: u8, guid: &[u8]) {
        let token = self.token(token);
        let payload = ConnectHandshake::new(token.as_bytes(), guid).to_packet();
        self.packet(peer, &payload);
    }

    fn packet(&mut self, peer: u8, payload: &[u8]) {
        let peer = self.peer(peer);
        // ENet delivers nothing of a peer that is gone.
        if self.peers.contains(&peer) {
            self.give(Input::Packet { peer, from: address(1), payload });
        }
    }

    /// One of the last few.
    fn token(&self, number: u8) -> String {
        let token = self.tokens.iter().rev().nth(number.into());
        token.cloned().unwrap_or_else(|| "none".into())
    }

    fn peer(&self, number: u8) -> PeerId {
        PeerId(self.next_peer.saturating_sub(1 + u64::from(number)))
    }

    fn decision(&self, source: &mut Source<'_>) -> Option<Decision> {
        let client = *self.clients.iter().rev().nth(few(source).into())?;
        let resource = ["a", "b"][source.pick(2)].to_owned();
        Some(match source.pick(8) {
            0 => Decision::Defer { client, resource },
            1 => Decision::Update { client, resource, message: source.text(40) },
            2 => Decision::PresentCard { client, resource, card: source.text(40) },
            3 => Decision::Done { client, resource, reason: None },
            4 => Decision::Done { client, resource, reason: Some(source.text(40)) },
            5 => {
                let data = [(source.text(20), 1.into())].into_iter().collect();
                Decision::Handover { client, data }
            }
            6 => {
                let reason = source.take::<bool>().then(|| source.text(40));
                let verdict =
                    if source.take() { Verdict::Continue } else { Verdict::Cancel(reason) };
                Decision::Handled { client, verdict }
            }
            _ => Decision::Drop { client, reason: source.text(40) },
        })
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
        let different: BTreeSet<_> = joined.iter().collect();
        assert_eq!(different.len(), joined.len(), "net ids are unique");
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
            Event::Message { client, .. } | Event::CardAnswer { client, .. } => {
                assert!(self.live.contains_key(client));
            }
            _ => {}
        }
    }
}
