//! A client, and a world that may do anything to it.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use cfx_control::answer::{Accepted, deferral_card, deferral_message};
use cfx_control::manifest::ResourceProgress;
use cfx_session::client::{Client, Config, Input, Output, ServerUrl, State};
use cfx_session::http::{Progress, RequestId};
use cfx_session::{Poll, Time, entropy};

use super::{MAX_OPS, message, wait};
use crate::source::Source;

/// Operations on a client: a byte for each, and what it needs. Twice, with the same outcome.
pub fn session_client(data: &[u8]) {
    assert_eq!(run(data), run(data), "not the same the second time");
}

struct World {
    client: Client,
    now: Time,
    log: Vec<(Time, Output)>,
    /// Open requests, with their URL and body.
    open: BTreeMap<RequestId, String>,
}

fn run(data: &[u8]) -> Vec<(Time, Output)> {
    let mut source = Source::new(data);
    let mut world = World {
        client: Client::new(Config::default(), entropy::seeded(source.take())),
        now: Time::ZERO,
        log: Vec::new(),
        open: BTreeMap::new(),
    };
    let mut ops = 0;
    while !source.is_empty() && ops < MAX_OPS {
        world.take(&mut source);
        world.drain(data.len());
        ops += 1;
    }
    world.log
}

fn server(number: u8) -> SocketAddr {
    SocketAddr::from(([192, 0, 2, 1], 30_120 + u16::from(number % 8)))
}

impl World {
    fn give(&mut self, input: Input<'_>) {
        self.client.handle(input, self.now);
    }

    fn take(&mut self, source: &mut Source<'_>) {
        match source.pick(20) {
            0..=3 => self.next(),
            4 | 5 => self.now = self.now.after(wait(source)),
            6 => {
                let number: u8 = source.take();
                let url = ServerUrl::from(server(number));
                self.give(Input::Connect { url, guid: number.into() });
            }
            7..=9 => self.piece(source),
            10 => self.give(Input::Ticket(vec![(source.text(20), source.bytes(60).to_vec())])),
            11 => {
                let ticket = source.take::<bool>().then(|| source.text(60));
                self.give(Input::SteamTicket(if source.take() {
                    Ok(ticket)
                } else {
                    Err("no".into())
                }));
            }
            12 => {
                let found = source.take::<bool>().then(|| server(source.take()));
                self.give(Input::Resolved(found));
            }
            13 => {
                let progress = match source.pick(3) {
                    0 => ResourceProgress::Mounted,
                    1 => ResourceProgress::Verifying { now: source.take(), total: source.take() },
                    _ => ResourceProgress::Downloading { now: source.take(), total: source.take() },
                };
                self.give(Input::Content { resource: &source.text(20), progress });
            }
            14 => self.give(Input::ContentDone),
            15 => {
                let known = self.client.server().filter(|_| source.take());
                let from = known.unwrap_or(server(7));
                self.give(Input::Datagram { from, data: message(source) });
            }
            16 => self.give(Input::PeerConnected),
            17 => self.give(Input::Packet(message(source))),
            18 => self.give(Input::PeerGone),
            _ => match source.pick(3) {
                0 => self.give(Input::SubmitCard { data: &source.text(60) }),
                1 => self.give(Input::Cancel),
                _ => self.give(Input::Disconnect { reason: &source.text(60) }),
            },
        }
    }

    /// What leads on: the good answer to whatever the client waits for.
    fn next(&mut self) {
        if let Some((&id, asked)) = self.open.last_key_value() {
            let body = good_answer(asked);
            self.http(id, Progress::Head(200));
            self.http(id, Progress::Data(body.as_bytes()));
            return self.http(id, Progress::End);
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

    /// A piece of an answer to a request that was ever made, or not.
    fn piece(&mut self, source: &mut Source<'_>) {
        let id = RequestId(u64::from(source.take::<u8>()) % 32);
        match source.pick(5) {
            0 => self.http(id, Progress::Head([200, 204, 404, 500][source.pick(4)])),
            1 => self.http(id, Progress::Data(source.bytes(600))),
            2 => self.http(id, Progress::Data(known_body(source.pick(12)).as_bytes())),
            3 => self.http(id, Progress::End),
            _ => self.http(id, Progress::Failed(&source.text(40))),
        }
    }

    fn http(&mut self, id: RequestId, progress: Progress<'_>) {
        if matches!(progress, Progress::End | Progress::Failed(_)) {
            self.open.remove(&id);
        }
        self.give(Input::Http { id, progress });
    }

    fn drain(&mut self, input: usize) {
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
            assert!(self.log.len() - before < 200 + input, "the client does not come to rest");
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

fn accepted() -> String {
    Accepted { token: "token".into(), onesync: true, max_clients: 64, ..Accepted::default() }
        .to_json()
}

fn known_body(number: usize) -> String {
    match number {
        0 => deferral_message(Some("wait")),
        1 => deferral_message(None),
        2 => deferral_card("{}", "t"),
        3 => accepted(),
        4 => "[]".into(),
        5 => "{".into(),
        6 => r#"{"error":"no"}"#.into(),
        7 => r#"{"defer":true}"#.into(),
        8 => r#"{"vars":{"sv_enforceGameBuild":"1604"}}"#.into(),
        9 => r#"{"fileServer":"x","resources":[{"name":"a","files":{}}]}"#.into(),
        10 => r#"["play.example","192.0.2.1:5"]"#.into(),
        _ => r#"["onesync"]"#.into(),
    }
}

fn good_answer(asked: &str) -> String {
    let has = |part: &str| asked.contains(part);
    if has("method=initConnect") {
        known_body(0) + "\r\n" + &accepted()
    } else if has("getEndpoints") {
        known_body(4)
    } else if has("getConfiguration") {
        known_body(9)
    } else if has("/api/policy/") {
        known_body(11)
    } else {
        r#"{"vars":{"sv_licenseKeyToken":"k"},"requestSteamTicket":"on"}"#.to_owned()
    }
}
