//! A client and the server that it is told of: what the server says is in a [`Script`], one field a
//! step, and every step can be reached from idle.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use cfx_control::answer::Accepted;
use cfx_game::frame::Payload;
use cfx_game::handshake::s2c::ConnectOk;
use cfx_game::server_frame::ServerFrame;
use cfx_oob::s2c::InfoResponse;
use cfx_session::client::{Client, Config, Event, Input, Output, ServerUrl, State};
use cfx_session::http::{Call, Progress, RequestId};
use cfx_session::{Poll, Time, entropy};
use cfx_wire::Encode;
use serde_json::json;

pub(crate) const TOKEN: &str = "0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d";
pub(crate) const GUID: u64 = 148_618_792_331_476_182;
pub(crate) const URL: &str = "http://203.0.113.5:30120/";

pub(crate) fn server() -> SocketAddr {
    SocketAddr::from(([203, 0, 113, 5], 30120))
}

/// What a client can be waiting for, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Step {
    Variables,
    Ticket,
    SteamTicket,
    Handshake,
    Endpoints,
    Permissions,
    Policy,
    Manifest,
    Content,
    Fetching,
    Peer,
    ConnectOk,
    Connected,
    Active,
}

pub(crate) const STEPS: [Step; 14] = [
    Step::Variables,
    Step::Ticket,
    Step::SteamTicket,
    Step::Handshake,
    Step::Endpoints,
    Step::Permissions,
    Step::Policy,
    Step::Manifest,
    Step::Content,
    Step::Fetching,
    Step::Peer,
    Step::ConnectOk,
    Step::Connected,
    Step::Active,
];

impl Step {
    /// Whether the client waits for an HTTP answer.
    pub(crate) fn is_http(self) -> bool {
        use Step::{Endpoints, Handshake, Manifest, Permissions, Policy, Variables};
        matches!(self, Variables | Handshake | Endpoints | Permissions | Policy | Manifest)
    }
}

/// A piece of an HTTP answer.
#[derive(Debug, Clone)]
pub(crate) enum Piece {
    Head(u16),
    Data(Vec<u8>),
    End,
    Failed(String),
}

pub(crate) fn status(status: u16, body: &str) -> Vec<Piece> {
    vec![Piece::Head(status), Piece::Data(body.into()), Piece::End]
}

pub(crate) fn ok(body: &(impl ToString + ?Sized)) -> Vec<Piece> {
    status(200, &body.to_string())
}

pub(crate) fn failed(text: &str) -> Vec<Piece> {
    vec![Piece::Failed(text.to_owned())]
}

/// What the server and the application say; by default what leads to an active connection.
pub(crate) struct Script {
    pub(crate) variables: Vec<Piece>,
    pub(crate) ticket: Vec<(String, Vec<u8>)>,
    pub(crate) steam_ticket: Result<Option<String>, String>,
    pub(crate) handshake: Vec<Piece>,
    pub(crate) endpoints: Vec<Piece>,
    pub(crate) resolved: Option<SocketAddr>,
    pub(crate) permissions: Vec<Piece>,
    pub(crate) policy: Vec<Piece>,
    pub(crate) manifest: Vec<Piece>,
}

impl Default for Script {
    fn default() -> Self {
        let info =
            json!({ "vars": { "sv_licenseKeyToken": "key_1:2" }, "requestSteamTicket": "on" });
        let manifest = json!({ "fileServer": "https://%s/files", "resources": [
            { "name": "a", "files": {} },
            { "name": "b", "files": {} },
        ] });
        Self {
            variables: ok(&info),
            ticket: vec![("cfxTicket2".into(), b"ticket".to_vec())],
            steam_ticket: Ok(Some("steam".into())),
            handshake: ok(&accepted().to_json()),
            endpoints: ok("[]\r\n"),
            resolved: Some(server()),
            permissions: ok(&info),
            policy: ok(r#"["onesync"]"#),
            manifest: ok(&manifest),
        }
    }
}

pub(crate) fn accepted() -> Accepted {
    Accepted { token: TOKEN.into(), onesync: true, max_clients: 64, ..Accepted::default() }
}

pub(crate) fn connect_ok() -> Vec<u8> {
    let (host_net_id, host_base) = (-1, -1);
    ConnectOk { net_id: 1, host_net_id, host_base, slot_id: 128, server_time: 5 }.to_packet()
}

pub(crate) fn frame() -> Vec<u8> {
    ServerFrame { index: 0, lockdown_mode: 0, sync_style: 0 }.to_packet()
}

pub(crate) fn info_response() -> Vec<u8> {
    InfoResponse { info: br"\challenge\xyz\hostname\h" }.to_vec()
}

pub(crate) struct Player {
    pub(crate) client: Client,
    pub(crate) script: Script,
    pub(crate) now: Time,
    /// Everything the client put out, and when.
    pub(crate) log: Vec<(u64, Output)>,
    /// How much of the log was looked at by [`Player::news`].
    seen: usize,
    /// The requests that are open.
    pub(crate) open: BTreeMap<RequestId, Call>,
    pub(crate) guid: u64,
    /// What the client waits for.
    pub(crate) step: Step,
}

impl Player {
    pub(crate) fn new(config: Config) -> Self {
        Self {
            client: Client::new(config, entropy::seeded(1)),
            script: Script::default(),
            now: Time::ZERO,
            log: Vec::new(),
            seen: 0,
            open: BTreeMap::new(),
            guid: GUID,
            step: Step::Variables,
        }
    }

    /// A client that waits for what `step` names.
    pub(crate) fn at(step: Step) -> Self {
        Self::scripted(step, |_| ())
    }

    /// The same with another script.
    pub(crate) fn scripted(step: Step, change: impl FnOnce(&mut Script)) -> Self {
        let mut player = Self::new(Config::default());
        change(&mut player.script);
        player.connect();
        player.reach(step);
        player
    }

    /// A client that goes as far as the script lets it.
    pub(crate) fn join(change: impl FnOnce(&mut Script)) -> Self {
        Self::scripted(Step::Active, change)
    }

    pub(crate) fn connect(&mut self) {
        self.step = Step::Variables;
        let url = ServerUrl::parse(URL).expect("a URL");
        self.give(Input::Connect { url, guid: self.guid });
    }

    /// Follows the script up to `step`, or as far as the client goes.
    pub(crate) fn reach(&mut self, step: Step) {
        for past in STEPS {
            if past >= self.step && past < step && self.client.state() != State::Idle {
                self.go_on_from(past);
            }
        }
        self.step = step;
    }

    /// Says what the client waits for at `step`.
    fn go_on_from(&mut self, step: Step) {
        match step {
            Step::Variables => self.answer(&self.script.variables.clone()),
            Step::Ticket => self.give(Input::Ticket(self.script.ticket.clone())),
            Step::SteamTicket => self.give(Input::SteamTicket(self.script.steam_ticket.clone())),
            Step::Handshake => self.answer(&self.script.handshake.clone()),
            Step::Endpoints => {
                self.answer(&self.script.endpoints.clone());
                self.give(Input::Resolved(self.script.resolved));
            }
            Step::Permissions => self.answer(&self.script.permissions.clone()),
            Step::Policy => {
                if self.open.values().any(|call| call.url.contains("/api/policy/")) {
                    self.answer(&self.script.policy.clone());
                }
            }
            Step::Manifest => self.answer(&self.script.manifest.clone()),
            Step::Content => self.give(Input::ContentDone),
            Step::Fetching => self.hear(&info_response()),
            Step::Peer => self.give(Input::PeerConnected),
            Step::ConnectOk => self.give(Input::Packet(&connect_ok())),
            Step::Connected | Step::Active => self.give(Input::Packet(&frame())),
        }
    }

    /// Gives one input and takes what comes of it.
    pub(crate) fn give(&mut self, input: Input<'_>) {
        self.client.handle(input, self.now);
        self.drain();
    }

    /// A datagram from the server.
    pub(crate) fn hear(&mut self, data: &[u8]) {
        self.give(Input::Datagram { from: self.client.server().unwrap_or(server()), data });
    }

    /// Answers the request that was made last.
    pub(crate) fn answer(&mut self, pieces: &[Piece]) {
        let Some((&id, _)) = self.open.last_key_value() else { return };
        for piece in pieces {
            self.http(id, piece);
        }
    }

    /// A piece of an answer, if the request is still open.
    pub(crate) fn http(&mut self, id: RequestId, piece: &Piece) {
        if !self.open.contains_key(&id) {
            return;
        }
        if matches!(piece, Piece::End | Piece::Failed(_)) {
            self.open.remove(&id);
        }
        self.late(id, piece);
    }

    /// A piece of an answer that nobody need be waiting for.
    pub(crate) fn late(&mut self, id: RequestId, piece: &Piece) {
        let progress = match piece {
            Piece::Head(status) => Progress::Head(*status),
            Piece::Data(data) => Progress::Data(data),
            Piece::End => Progress::End,
            Piece::Failed(text) => Progress::Failed(text),
        };
        self.give(Input::Http { id, progress });
    }

    /// Lets time pass, and the client do all that falls due.
    pub(crate) fn pass(&mut self, ms: u64) {
        let target = self.now.after(ms);
        while let Some(next) = self.drain().filter(|next| *next <= target) {
            assert!(next > self.now, "the client is idle until a time that has come");
            self.now = next;
        }
        self.now = target;
        self.drain();
    }

    fn drain(&mut self) -> Option<Time> {
        loop {
            match self.client.poll(self.now) {
                Poll::Ready(output) => {
                    self.note(&output);
                    self.log.push((self.now.as_millis(), output));
                }
                Poll::Idle { until } => {
                    let idle = self.client.state() == State::Idle;
                    assert!(!idle || self.open.is_empty(), "left open: {:?}", self.open);
                    assert!(!idle || until.is_none(), "an idle client waits for nothing");
                    return until;
                }
            }
        }
    }

    fn note(&mut self, output: &Output) {
        match output {
            Output::Call { id, call } => {
                assert!(self.open.insert(*id, call.clone()).is_none(), "{id:?} again");
            }
            Output::Abort(id) => {
                assert!(self.open.remove(id).is_some(), "{id:?} is not open");
            }
            _ => {}
        }
    }

    /// What the client put out since the last look.
    pub(crate) fn news(&mut self) -> Vec<Output> {
        let news = self.log[self.seen..].iter().map(|(_, output)| output.clone()).collect();
        self.seen = self.log.len();
        news
    }

    pub(crate) fn events(&self) -> impl Iterator<Item = &Event> {
        self.log.iter().filter_map(|(_, output)| match output {
            Output::Event(event) => Some(event),
            _ => None,
        })
    }

    /// The progress texts so far.
    pub(crate) fn texts(&self) -> Vec<&str> {
        self.events()
            .filter_map(|event| match event {
                Event::Progress(text) => Some(text.as_str()),
                _ => None,
            })
            .collect()
    }

    pub(crate) fn last_text(&self) -> &str {
        self.texts().last().copied().unwrap_or_default()
    }

    /// The text of the last refusal.
    pub(crate) fn refusal(&self) -> Option<&str> {
        self.events()
            .filter_map(|event| match event {
                Event::Refused(text) => Some(text.as_str()),
                _ => None,
            })
            .last()
    }

    /// The reason of the last disconnection, and whether it was a time-out.
    pub(crate) fn disconnection(&self) -> Option<(&str, bool)> {
        self.events()
            .filter_map(|event| match event {
                Event::Disconnected { reason, timed_out } => Some((reason.as_str(), *timed_out)),
                _ => None,
            })
            .last()
    }

    /// The last request.
    pub(crate) fn call(&self) -> &Call {
        let calls = self.log.iter().rev().filter_map(|(_, output)| match output {
            Output::Call { call, .. } => Some(call),
            _ => None,
        });
        calls.into_iter().next().expect("a call")
    }

    /// When each output that `wanted` likes came.
    pub(crate) fn times(&self, wanted: impl Fn(&Output) -> bool) -> Vec<u64> {
        self.log.iter().filter(|(_, output)| wanted(output)).map(|(ms, _)| *ms).collect()
    }
}

/// A change of the script, and the text of the refusal that it ends in.
type Refusal = (&'static str, fn(&mut Script));

/// Checks that each script ends in its refusal.
pub(crate) fn assert_refused(table: &[Refusal]) {
    for &(text, change) in table {
        let player = Player::join(change);
        assert_eq!(player.refusal(), Some(text));
        assert_eq!(player.client.state(), State::Idle);
    }
}
