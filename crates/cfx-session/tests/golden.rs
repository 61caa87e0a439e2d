//! A real join, replayed: the client is told what a server told the one in
//! `fixtures/sessions/2025-12-29.json`, at the same times, and must show the same markers in the same
//! order with the same values. Then the client joins our own server, configured alike.

use std::fmt::Write;
use std::net::SocketAddr;

use cfx_control::answer::{Accepted, deferral_message};
use cfx_control::info::InfoJson;
use cfx_control::manifest::{self, Manifest, ManifestAnswer, ResourceProgress};
use cfx_control::request::client_guid;
use cfx_control::texts::progress;
use cfx_fixtures::manifest::{JOIN_BYTES, JOIN_RESOURCES, manifest_json};
use cfx_game::frame::{HEADER_SIZE, MessageType, Payload};
use cfx_game::handshake::s2c::ConnectOk;
use cfx_game::server_frame::ServerFrame;
use cfx_oob::s2c::InfoResponse;
use cfx_session::client::{self, Client, Event, Input, Output, ServerUrl};
use cfx_session::http::{Progress, RequestId};
use cfx_session::pair::{self, Pair};
use cfx_session::server::{self, Decision, Verdict};
use cfx_session::{Poll, Time, entropy};
use cfx_wire::Encode;
use serde_json::{Value, json};

const TOKEN: &str = "0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d";
const LICENSE_KEY_TOKEN: &str = "9k0aaaaaaaaa_1x2:0123456789abcdef";
const SLOTS: u32 = 64;

/// The markers of the session: milliseconds, and what was shown.
fn markers() -> Vec<(u64, Value)> {
    let path = cfx_fixtures::folder().join("sessions/2025-12-29.json");
    let text = std::fs::read_to_string(path).expect("the session's file");
    let session: Value = serde_json::from_str(&text).expect("JSON");
    let markers = session["markers"].as_array().expect("markers").iter();
    let split = |marker: &Value| {
        let mut marker = marker.clone();
        let ms = marker.as_object_mut().and_then(|marker| marker.remove("ms"));
        (ms.and_then(|ms| ms.as_u64()).expect("ms"), marker)
    };
    markers.map(split).collect()
}

fn policies() -> Value {
    let policy = markers().into_iter().find_map(|(_, mut marker)| {
        marker.as_object_mut().and_then(|marker| marker.remove("policy"))
    });
    policy.expect("the log has a policy")
}

/// What an event is in the terms of the session files, if it is anything there.
fn marker(event: &Event) -> Option<Value> {
    Some(match event {
        Event::Progress(text) => json!({ "progress": text }),
        Event::Policy(policy) => {
            let inner = policy.trim_start_matches('[').trim_end_matches(']');
            json!({ "policy": inner.split("][").collect::<Vec<_>>() })
        }
        Event::ConnectOk(ok) => json!({ "connect_ok": {
            "server_id": ok.net_id_u16(),
            "slot_id": ok.slot_id_u16(),
            "host_id": ok.host_net_id_u16(),
        } }),
        Event::NetworkConnected => json!({ "network_connected": "load" }),
        Event::Refused(text) => json!({ "error": text }),
        Event::Disconnected { reason, .. } => json!({ "disconnected": reason }),
        _ => return None,
    })
}

fn server() -> SocketAddr {
    SocketAddr::from(([203, 0, 113, 20], 30120))
}

/// The server of the session, as its client met it.
struct Script {
    client: Client,
    now: Time,
    /// What the client showed.
    shown: Vec<Value>,
    /// What the client did, one line each.
    transcript: String,
    /// The request that is open.
    call: RequestId,
    /// How much of the manifest was given out.
    sent: usize,
    manifest: Vec<u8>,
    mounted: usize,
}

impl Script {
    fn new() -> Self {
        let config = client::Config { name: "Ana María".into(), ..client::Config::default() };
        let mut manifest = manifest_json(JOIN_RESOURCES, JOIN_BYTES - 2).into_bytes();
        // To the very byte of the log: white space behind the value, then the end of the line.
        manifest.resize(JOIN_BYTES - 2, b' ');
        manifest.extend_from_slice(b"\r\n");
        Self {
            client: Client::new(config, entropy::seeded(1)),
            now: Time::ZERO,
            shown: Vec::new(),
            transcript: String::new(),
            call: RequestId(0),
            sent: 0,
            manifest,
            mounted: 0,
        }
    }

    fn give(&mut self, input: Input<'_>) {
        self.client.handle(input, self.now);
    }

    /// Does what is due until `ms`, at its times.
    fn run_until(&mut self, ms: u64) {
        let target = Time::from_millis(ms);
        while let Some(next) = self.drain().filter(|next| *next <= target) {
            self.now = self.now.max(next);
        }
        self.now = target;
    }

    fn drain(&mut self) -> Option<Time> {
        loop {
            match self.client.poll(self.now) {
                Poll::Ready(output) => self.output(output),
                Poll::Idle { until } => return until,
            }
        }
    }

    fn output(&mut self, output: Output) {
        let line = match output {
            Output::Event(event) => {
                self.shown.extend(marker(&event));
                return;
            }
            Output::Call { id, call } => {
                self.call = id;
                let mut line = format!("call {} {} {}", id.0, call.method, call.url);
                for (name, value) in call.headers {
                    write!(line, "\n  {name}: {value}").expect("a String");
                }
                let body = String::from_utf8(call.body).expect("a form is text");
                if !body.is_empty() {
                    write!(line, "\n  {body}").expect("a String");
                }
                line
            }
            Output::Datagram { to, data } => {
                let (mark, text) = data.split_at(4);
                format!("datagram {to} {} {}", cfx_fixtures::hex(mark), text.escape_ascii())
            }
            Output::Packet { channel, delivery, payload } => {
                let (kind, rest) = payload.split_first_chunk::<HEADER_SIZE>().expect("a type");
                let kind = MessageType(u32::from_le_bytes(*kind));
                format!("packet channel {channel} {delivery:?} {kind} {}", rest.escape_ascii())
            }
            other => format!("{other:?}"),
        };
        writeln!(self.transcript, "{:>5} {line}", self.now.as_millis()).expect("a String");
    }

    fn http(&mut self, progress: Progress<'_>) {
        let id = self.call;
        self.give(Input::Http { id, progress });
    }

    /// The whole answer to the open request, in pieces that end anywhere.
    fn answer(&mut self, body: &str) {
        self.http(Progress::Head(200));
        self.data(body);
        self.http(Progress::End);
    }

    fn data(&mut self, body: &str) {
        for piece in body.as_bytes().chunks(7) {
            self.http(Progress::Data(piece));
        }
    }

    /// Gives the client what made it show `marker`.
    fn provoke(&mut self, marker: &Value) {
        if let Some(text) = marker["progress"].as_str() {
            self.provoke_progress(text);
        } else if marker["policy"].is_array() {
            self.answer(&marker["policy"].to_string());
        } else if marker["connect_ok"].is_object() {
            self.give(Input::PeerConnected);
            self.drain();
            let ok = ConnectOk {
                net_id: 1,
                host_net_id: -1,
                host_base: -1,
                slot_id: 128,
                server_time: 86_400_000,
            };
            self.give(Input::Packet(&ok.to_packet()));
        } else if marker["network_connected"].is_string() {
            let frame = ServerFrame { index: 0, lockdown_mode: 0, sync_style: 0 };
            self.give(Input::Packet(&frame.to_packet()));
        } else {
            panic!("nothing makes a client show {marker}");
        }
    }

    fn provoke_progress(&mut self, text: &str) {
        match text {
            progress::VARIABLES => {
                self.give(Input::Connect { url: server().into(), guid: client_guid(0x13DD_7CD6) });
            }
            progress::TICKET | progress::POLICY => self.answer(&info()),
            progress::STEAM_TICKET => {
                self.give(Input::Ticket(vec![("cfxTicket2".into(), b"EAAAAJZ+/g==".to_vec())]));
            }
            progress::HANDSHAKE => {
                self.give(Input::SteamTicket(Ok(Some("14000000A5".into()))));
            }
            progress::ENDPOINTS => {
                self.data(&format!("{}\r\n", accepted().to_json()));
                self.http(Progress::End);
            }
            progress::PERMISSIONS => self.answer("[]\r\n"),
            manifest::LOADING => self.http(Progress::End),
            progress::DOWNLOADED => self.give(Input::ContentDone),
            _ if text == progress::connecting(1) => {
                let info = br"\sv_maxclients\64\clients\0\challenge\xyz\gamename\CitizenFX\protocol\4\hostname\^5Golden\gametype\\mapname\\iv\1";
                let data = InfoResponse { info }.to_vec();
                self.give(Input::Datagram { from: server(), data: &data });
            }
            // These follow from what came before.
            progress::DOWNLOADING => {}
            _ if text == manifest::downloading(0, None) || text == progress::fetching_info(1) => {}
            _ => self.provoke_other(text),
        }
    }

    fn provoke_other(&mut self, text: &str) {
        if let Some(size) = text.strip_prefix("Downloading content manifest (") {
            self.manifest_until(size.strip_suffix(" kB)").expect("a size"));
        } else if let Some((verb, rest)) = text.split_once(' ')
            && matches!(verb, "Verifying" | "Downloading" | "Mounted")
        {
            self.content(verb, rest);
        } else {
            if text.ends_with("Deferring connection...\n") {
                self.http(Progress::Head(200));
            }
            // Keep-alives are for nobody's eyes.
            for value in [None, Some(text), None] {
                self.data(&format!("{}\r\n", deferral_message(value)));
            }
        }
    }

    /// More of the manifest, up to so many thousand bytes.
    fn manifest_until(&mut self, kilobytes: &str) {
        let hundredths: usize = kilobytes.replace('.', "").parse().expect("a number");
        if self.sent == 0 {
            self.http(Progress::Head(200));
        }
        let manifest = std::mem::take(&mut self.manifest);
        for piece in manifest[self.sent..hundredths * 10].chunks(16_384) {
            self.http(Progress::Data(piece));
        }
        self.sent = hundredths * 10;
        self.manifest = manifest;
    }

    /// `NAME (3 of 333 - 0.50/1.00 MiB)`, and the resources that were mounted unseen before it.
    fn content(&mut self, verb: &str, rest: &str) {
        let (resource, numbers) = rest.split_once(" (").expect("a name");
        let (done, rest) = numbers.split_once(" of ").expect("a count");
        let done: usize = done.parse().expect("a number");
        for number in self.mounted..done - usize::from(verb == "Mounted") {
            let resource = &format!("resource_{number:03}");
            self.give(Input::Content { resource, progress: ResourceProgress::Mounted });
        }
        self.mounted = done;
        let bytes = rest.split_once(" - ").map(|(_, sizes)| {
            let (now, total) = sizes.trim_end_matches(" MiB)").split_once('/').expect("sizes");
            (bytes(now), bytes(total))
        });
        let progress = match (verb, bytes) {
            ("Verifying", Some((now, total))) => ResourceProgress::Verifying { now, total },
            ("Downloading", Some((now, total))) => ResourceProgress::Downloading { now, total },
            _ => ResourceProgress::Mounted,
        };
        self.give(Input::Content { resource, progress });
    }
}

/// The bytes of so many MiB, of which the text has hundredths.
fn bytes(mebibytes: &str) -> u64 {
    let hundredths: u64 = mebibytes.replace('.', "").parse().expect("a number");
    (hundredths << 20).div_ceil(100)
}

fn info() -> String {
    let info = InfoJson {
        server: "FXServer-master SERVER v1.0.0.12913 linux".into(),
        request_steam_ticket: "on".into(),
        vars: [("sv_licenseKeyToken".into(), LICENSE_KEY_TOKEN.into())].into(),
        ..InfoJson::default()
    };
    info.with_version().to_json()
}

fn accepted() -> Accepted {
    Accepted {
        onesync: true,
        onesync_population: true,
        token: TOKEN.into(),
        gamename: "gta5".into(),
        max_clients: SLOTS.into(),
        ..Accepted::default()
    }
}

#[test]
fn the_recorded_join() {
    let mut script = Script::new();
    let markers = markers();
    for (ms, marker) in &markers {
        script.run_until(*ms);
        script.provoke(marker);
        script.drain();
    }
    let expected: Vec<_> = markers.into_iter().map(|(_, marker)| marker).collect();
    assert_eq!(script.shown, expected);
    // A little of the game, and out.
    script.run_until(25_700);
    script.give(Input::Disconnect { reason: "Exiting" });
    script.drain();
    insta::assert_snapshot!(script.transcript);
}

fn config() -> server::Config {
    let manifest = manifest_json(JOIN_RESOURCES, JOIN_BYTES);
    let Ok(ManifestAnswer::Manifest(manifest)) = Manifest::read(&manifest) else {
        panic!("the fixture is a manifest")
    };
    server::Config {
        max_clients: SLOTS,
        manifest,
        vars: [("sv_licenseKeyToken".into(), LICENSE_KEY_TOKEN.into())].into(),
        ..server::Config::default()
    }
}

/// One line an event: what was said, and when.
fn lines<T: std::fmt::Debug>(events: &[(Time, T)]) -> String {
    events.iter().fold(String::new(), |mut lines, (time, event)| {
        let mut event = format!("{event:?}");
        if event.len() > 400 {
            event = format!("{} [{} bytes]", &event[..60], event.len());
        }
        writeln!(lines, "{:>5} {event}", time.as_millis()).expect("a String");
        lines
    })
}

#[test]
fn our_client_at_our_server() {
    let mut pair = Pair::new(config(), entropy::seeded(7));
    pair.set_latency(8);
    pair.policy = policies().to_string();
    pair.on_server_event = |_| Vec::new();
    let player =
        pair.add_client(client::Config { name: "Ana María".into(), ..client::Config::default() });
    let until = |pair: &mut Pair, ms: u64| pair.run_for(ms - pair.now().as_millis());
    until(&mut pair, 15_156);
    let url = ServerUrl::from(pair::server_address());
    pair.input(player, Input::Connect { url, guid: client_guid(0x13DD_7CD6) });
    // txAdmin's resource, as the log shows its work.
    until(&mut pair, 16_172);
    let (client, resource) = (pair.last_connecting(), "monitor".to_owned());
    let message = |step| format!("\n[txAdmin] Checking banlist/whitelist... ({step}/5)");
    pair.decide(Decision::Defer { client, resource: resource.clone() });
    pair.decide(Decision::Handled { client, verdict: Verdict::Continue });
    pair.decide(Decision::Update { client, resource: resource.clone(), message: message(0) });
    until(&mut pair, 16_219);
    pair.decide(Decision::Update { client, resource: resource.clone(), message: message(1) });
    until(&mut pair, 16_297);
    pair.decide(Decision::Done { client, resource, reason: None });
    until(&mut pair, 16_700);

    // No Steam here, no progress in between, and content at hand; all else is as in the log.
    let in_between = |marker: &Value| {
        let text = marker["progress"].as_str().unwrap_or_default();
        text == progress::STEAM_TICKET
            || text.contains('(') && text.ends_with("B)")
            || text.starts_with("Mounted ")
    };
    let kept = |marker: &Value| !in_between(marker);
    let expected: Vec<_> = markers().into_iter().map(|(_, marker)| marker).filter(kept).collect();
    let shown: Vec<_> =
        pair.events(player).iter().filter_map(|(_, event)| marker(event)).filter(kept).collect();
    assert_eq!(shown, expected);
    assert_eq!(pair.client(player).state(), client::State::Active);
    insta::assert_snapshot!("our_client", lines(pair.events(player)));
    insta::assert_snapshot!("our_server", lines(pair.server_events()));
}
