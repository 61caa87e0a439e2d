//! A client and a world that may do anything to it.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use cfx_control::answer::{Accepted, deferral_card, deferral_message};
use cfx_control::manifest::ResourceProgress;
use cfx_session::client::{Client, Config, Input, Output, ServerUrl, State};
use cfx_session::http::{Progress, RequestId};
use cfx_session::{Poll, Time, entropy};
use proptest::prelude::*;

use crate::{bytes, text};

#[derive(Debug, Clone)]
pub(crate) enum Op {
    /// What leads on: the good answer to whatever the client waits for.
    Next,
    Wait(u32),
    Connect(u64),
    /// A piece of an answer to any request that was ever made, or not.
    Http(u64, Piece),
    Ticket(Vec<(String, Vec<u8>)>),
    SteamTicket(Result<Option<String>, String>),
    Resolved(Option<u16>),
    Content(String, ResourceProgress),
    ContentDone,
    Datagram(bool, Vec<u8>),
    PeerConnected,
    Packet(Vec<u8>),
    PeerGone,
    SubmitCard(String),
    Cancel,
    Disconnect(String),
}

#[derive(Debug, Clone)]
pub(crate) enum Piece {
    Head(u16),
    Data(Vec<u8>),
    End,
    Failed(String),
}

pub(crate) fn strategy() -> impl Strategy<Value = Op> {
    let resource = prop_oneof![
        Just(ResourceProgress::Mounted),
        any::<(u64, u64)>().prop_map(|(now, total)| ResourceProgress::Verifying { now, total }),
        any::<(u64, u64)>().prop_map(|(now, total)| ResourceProgress::Downloading { now, total }),
    ];
    prop_oneof![
        12 => Just(Op::Next),
        3 => prop_oneof![0_u32..200, 0_u32..40_000, any::<u32>()].prop_map(Op::Wait),
        1 => (0_u64..3).prop_map(Op::Connect),
        4 => (0_u64..24, piece()).prop_map(|(id, piece)| Op::Http(id, piece)),
        1 => prop::collection::vec((text(), bytes()), 0..3).prop_map(Op::Ticket),
        1 => prop::result::maybe_err(prop::option::of(text()), text()).prop_map(Op::SteamTicket),
        1 => any::<Option<u16>>().prop_map(Op::Resolved),
        1 => (text(), resource).prop_map(|(name, progress)| Op::Content(name, progress)),
        1 => Just(Op::ContentDone),
        2 => (any::<bool>(), bytes()).prop_map(|(known, data)| Op::Datagram(known, data)),
        1 => Just(Op::PeerConnected),
        2 => bytes().prop_map(Op::Packet),
        1 => Just(Op::PeerGone),
        1 => text().prop_map(Op::SubmitCard),
        1 => Just(Op::Cancel),
        1 => text().prop_map(Op::Disconnect),
    ]
}

fn piece() -> impl Strategy<Value = Piece> {
    let bodies = [
        "",
        "[]",
        "{",
        "null ",
        "5",
        r#"{"error":"no"}"#,
        r#"{"defer":true}"#,
        r#"{"vars":{"sv_enforceGameBuild":"1604"}}"#,
        r#"{"vars":{"sv_licenseKeyToken":"k"},"requestSteamTicket":"on"}"#,
        r#"{"fileServer":"x","resources":[{"name":"a","files":{}}]}"#,
        r#"["play.example","192.0.2.1:5"]"#,
        r#"["onesync"]"#,
    ];
    let known = bodies.map(str::to_owned).into_iter().chain([
        deferral_message(Some("wait")),
        deferral_message(None),
        deferral_card("{}", "t"),
        accepted(),
    ]);
    let known = known.collect::<Vec<_>>();
    prop_oneof![
        2 => prop::sample::select(vec![200_u16, 200, 200, 0, 204, 404, 500, u16::MAX]).prop_map(Piece::Head),
        6 => prop::sample::select(known).prop_map(|body| Piece::Data(body.into_bytes())),
        2 => bytes().prop_map(Piece::Data),
        1 => Just(Piece::Data(vec![b'['; 1 << 17])),
        3 => Just(Piece::End),
        1 => text().prop_map(Piece::Failed),
    ]
}

fn accepted() -> String {
    Accepted { token: "token".into(), onesync: true, max_clients: 64, ..Accepted::default() }
        .to_json()
}

fn server(url: u64) -> SocketAddr {
    SocketAddr::from(([192, 0, 2, 1], 30_120 + u16::try_from(url % 8).unwrap_or(0)))
}

struct World {
    client: Client,
    now: Time,
    log: Vec<(Time, Output)>,
    /// Open requests, with their URL and body.
    open: BTreeMap<RequestId, String>,
}

/// Everything that the client does, whatever is done to it.
pub(crate) fn run(ops: &[Op], seed: u64) -> Vec<(Time, Output)> {
    let mut world = World {
        client: Client::new(Config::default(), entropy::seeded(seed)),
        now: Time::ZERO,
        log: Vec::new(),
        open: BTreeMap::new(),
    };
    for op in ops {
        world.take(op);
        world.drain();
    }
    world.log
}

impl World {
    fn give(&mut self, input: Input<'_>) {
        self.client.handle(input, self.now);
    }

    fn take(&mut self, op: &Op) {
        match op {
            Op::Next => self.next(),
            Op::Wait(ms) => self.now = self.now.after(u64::from(*ms)),
            Op::Connect(url) => {
                self.give(Input::Connect { url: ServerUrl::from(server(*url)), guid: *url });
            }
            Op::Http(id, piece) => self.http(RequestId(*id), piece),
            Op::Ticket(fields) => self.give(Input::Ticket(fields.clone())),
            Op::SteamTicket(ticket) => self.give(Input::SteamTicket(ticket.clone())),
            Op::Resolved(port) => {
                self.give(Input::Resolved(port.map(|port| ([192, 0, 2, 1], port).into())));
            }
            Op::Content(resource, progress) => {
                self.give(Input::Content { resource, progress: *progress });
            }
            Op::ContentDone => self.give(Input::ContentDone),
            Op::Datagram(known, data) => {
                let from = self.client.server().filter(|_| *known).unwrap_or(server(7));
                self.give(Input::Datagram { from, data });
            }
            Op::PeerConnected => self.give(Input::PeerConnected),
            Op::Packet(payload) => self.give(Input::Packet(payload)),
            Op::PeerGone => self.give(Input::PeerGone),
            Op::SubmitCard(data) => self.give(Input::SubmitCard { data }),
            Op::Cancel => self.give(Input::Cancel),
            Op::Disconnect(reason) => self.give(Input::Disconnect { reason }),
        }
    }

    fn next(&mut self) {
        if let Some((&id, asked)) = self.open.last_key_value() {
            let body = good_answer(asked);
            for piece in [Piece::Head(200), Piece::Data(body.into_bytes()), Piece::End] {
                self.http(id, &piece);
            }
            return;
        }
        match self.client.state() {
            State::Idle => self.give(Input::Connect { url: server(0).into(), guid: 1 }),
            State::Initing => {
                self.give(Input::Ticket(Vec::new()));
                self.give(Input::SteamTicket(Ok(None)));
                self.give(Input::Resolved(Some(server(0))));
            }
            State::Downloading => self.give(Input::ContentDone),
            State::Fetching => {
                let from = self.client.server().unwrap_or(server(0));
                let data = b"\xFF\xFF\xFF\xFFinfoResponse\n\\challenge\\xyz";
                self.give(Input::Datagram { from, data });
            }
            State::Connecting => {
                self.give(Input::PeerConnected);
                self.give(Input::Packet(b"\x01\0\0\0 1 -1 -1 128 5"));
            }
            _ => self.give(Input::Packet(b"\x3F\xFA\xFF\x53\0\0\0\0\0\0")),
        }
    }

    fn http(&mut self, id: RequestId, piece: &Piece) {
        let progress = match piece {
            Piece::Head(status) => Progress::Head(*status),
            Piece::Data(data) => Progress::Data(data),
            Piece::End => Progress::End,
            Piece::Failed(text) => Progress::Failed(text),
        };
        if matches!(piece, Piece::End | Piece::Failed(_)) {
            self.open.remove(&id);
        }
        self.give(Input::Http { id, progress });
    }

    fn drain(&mut self) {
        let before = self.log.len();
        loop {
            match self.client.poll(self.now) {
                Poll::Ready(output) => {
                    self.check(&output);
                    self.log.push((self.now, output));
                }
                Poll::Idle { until } => {
                    assert!(until.is_none_or(|until| until > self.now), "idle until the past");
                    break;
                }
            }
            // The longest input holds some fifty values.
            assert!(self.log.len() - before < 200, "the client does not come to rest");
        }
        if self.client.state() == State::Idle {
            assert!(self.open.is_empty(), "an idle client left {:?}", self.open);
            assert_eq!(self.client.server(), None);
        }
        assert!(self.open.len() <= 17, "too many open requests");
    }

    fn check(&mut self, output: &Output) {
        match output {
            Output::Call { id, call } => {
                let asked = format!("{} {}", call.url, String::from_utf8_lossy(&call.body));
                assert!(self.open.insert(*id, asked).is_none(), "{id:?} was used before");
            }
            Output::Abort(id) => assert!(self.open.remove(id).is_some(), "{id:?} is not open"),
            Output::Packet { payload, .. } => assert!(payload.len() <= 2048),
            _ => {}
        }
    }
}

fn good_answer(asked: &str) -> String {
    let has = |part: &str| asked.contains(part);
    if has("method=initConnect") {
        deferral_message(Some("wait")) + "\r\n" + &accepted()
    } else if has("getEndpoints") {
        "[]".to_owned()
    } else if has("getConfiguration") {
        r#"{"fileServer":"x","resources":[{"name":"a","files":{}}]}"#.to_owned()
    } else if has("/api/policy/") {
        r#"["onesync"]"#.to_owned()
    } else {
        r#"{"vars":{"sv_licenseKeyToken":"k"},"requestSteamTicket":"on"}"#.to_owned()
    }
}
