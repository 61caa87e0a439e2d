//! The steps of a join, one by one, and an ENet peer that says what the case wants.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use cfx_control::game::Game;
use cfx_control::texts::server as texts;
use cfx_game::frame::{MessageType, Payload};
use cfx_game::handshake::c2s::ConnectHandshake;
use cfx_game::handshake::s2c::ConnectOk;
use cfx_net::enet::{Delivery, Enet, Event, PeerId, RustyEnet, Settings};
use cfx_session::server::{Decision, Event as ServerEvent, Verdict};
use cfx_wire::{Decode, hash};
use serde_json::Value;
use tokio::time::{Instant, timeout_at};

use super::http::{Stream, form};
use super::oob::{Port, show};
use crate::case::{Outcome, failed, skipped};
use crate::embedded;
use crate::target::{Own, PATIENCE, SILENCE, Target};

/// The fields of an `initConnect` that the embedded server accepts.
pub fn init_connect_fields(guid: &str) -> Vec<(&str, &str)> {
    vec![
        ("method", "initConnect"),
        ("name", "cfx-conformance"),
        ("guid", guid),
        ("protocol", "12"),
        ("gameBuild", "3258"),
        ("gameName", "gta5"),
    ]
}

/// A client that was let in by `initConnect`.
#[derive(Debug, Clone)]
pub struct Admitted {
    /// Its guid.
    pub guid: String,
    /// Its connection token.
    pub token: String,
    /// The final value.
    pub last: Value,
}

/// Gets through `initConnect`, deferrals included.
///
/// # Errors
/// The case fails when the answer makes no sense, and is skipped where the target wants a ticket or
/// refuses for reasons of its own.
pub async fn admit(target: &Target) -> Outcome<Admitted> {
    let guid = target.guid();
    admit_as(target, &guid).await
}

/// As [`admit`], with this guid.
///
/// # Errors
/// As [`admit`].
pub async fn admit_as(target: &Target, guid: &str) -> Outcome<Admitted> {
    let (mut game, mut build) = (None::<Game>, None::<String>);
    // The target says which game and build it is for, one in each refusal.
    loop {
        let mut fields = init_connect_fields(guid);
        for (key, value) in &mut fields {
            match (*key, game, &build) {
                ("gameName", Some(game), _) => *value = game.name(),
                ("gameBuild", _, Some(build)) => *value = build,
                _ => {}
            }
        }
        match knock(target, guid, &fields).await? {
            Knock::Admitted(admitted) => return Ok(admitted),
            Knock::Refused(error) => match (wanted_game(&error), wanted_build(&error)) {
                (Some(other), _) if game.is_none() => game = Some(other),
                (_, Some(other)) if build.is_none() => build = Some(other),
                _ if error == texts::NO_TICKET => {
                    return Err(skipped("the target asks for tickets (sv_lan is off)"));
                }
                _ => return Err(skipped(format!("the target refuses players: {error}"))),
            },
        }
    }
}

/// How `initConnect` ended.
#[derive(Debug, Clone)]
pub enum Knock {
    /// With a final value.
    Admitted(Admitted),
    /// With an error, whose text this is.
    Refused(String),
}

/// Sends an `initConnect` of these fields and waits for its end, deferrals included.
///
/// # Errors
/// The case fails when the answer makes no sense.
pub async fn knock(target: &Target, guid: &str, fields: &[(&str, &str)]) -> Outcome<Knock> {
    knock_with(target, guid, &form(fields)).await
}

/// As [`knock`], with a body of the case's own making.
///
/// # Errors
/// As [`knock`].
pub async fn knock_with(target: &Target, guid: &str, body: &[u8]) -> Outcome<Knock> {
    let mut stream = Stream::start(target, "POST", "/client", &[], body);
    while let Some(value) = stream.value().await? {
        if let Some(error) = value["error"].as_str() {
            return Ok(Knock::Refused(error.to_owned()));
        }
        if !value["sH"].is_null() {
            let token = value["token"].as_str().unwrap_or_default().to_owned();
            return Ok(Knock::Admitted(Admitted { guid: guid.to_owned(), token, last: value }));
        }
    }
    Err(failed("a final value of initConnect, with sH", "the end of the body"))
}

/// The game of a server that refused a client of another one (SPEC HTTP-11).
pub fn wanted_game(error: &str) -> Option<Game> {
    let (_, server) = error.rsplit_once("Client/Server game mismatch: ")?.1.split_once('/')?;
    Game::from_name(server)
}

/// The build of a server that refused a client of another one (SPEC HTTP-15).
fn wanted_build(error: &str) -> Option<String> {
    let rest = error.strip_prefix("This server requires a different game build (")?;
    rest.split_once(')').map(|(build, _)| build.to_owned())
}

/// The name of a client that [`hold`] keeps waiting.
const HELD: &str = "held";

/// A client that waits in the deferral of a server of ours. A card told it its token.
pub struct Held {
    /// The server. It lets in everybody else.
    pub own: Own,
    /// The client's guid.
    pub guid: String,
    /// The client's token.
    pub token: String,
    /// Its open request: closed, the client is gone.
    _open: Stream,
}

/// Starts a server of ours that shows its first client a card and waits.
///
/// # Errors
/// The case is skipped where the target is not ours, and fails when no card comes.
pub async fn hold(target: &Target) -> Outcome<Held> {
    let own = target.own_with(embedded::config(), Box::new(hold_back))?;
    let guid = target.guid();
    let mut fields = init_connect_fields(&guid);
    for (key, value) in &mut fields {
        if *key == "name" {
            *value = HELD;
        }
    }
    let mut open = Stream::start(&own.target, "POST", "/client", &[], &form(&fields));
    while let Some(value) = open.value().await? {
        if let Some(token) = value["token"].as_str().filter(|_| value["card"].is_string()) {
            let token = token.to_owned();
            return Ok(Held { own, guid, token, _open: open });
        }
    }
    Err(failed("a card with the connection token", "the end of the body"))
}

fn hold_back(event: &ServerEvent) -> Vec<Decision> {
    let ServerEvent::Connecting { client, name, .. } = event else { return Vec::new() };
    let (client, resource) = (*client, "cards".to_owned());
    let handled = Decision::Handled { client, verdict: Verdict::Continue };
    if name != HELD {
        return vec![handled];
    }
    let card = r#"{"type":"AdaptiveCard","version":"1.0","body":[]}"#.to_owned();
    vec![
        Decision::Defer { client, resource: resource.clone() },
        Decision::PresentCard { client, resource, card },
        handled,
    ]
}

/// What came to a [`Peer`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// ENet has the connection.
    Connected,
    /// A packet.
    Packet(Vec<u8>),
    /// An out-of-band datagram, without its prefix.
    OutOfBand(Vec<u8>),
    /// ENet gave the connection up, or the server ended it.
    Disconnected,
    /// Nothing, up to the moment that was given.
    Nothing,
}

impl Heard {
    /// As a person reads it.
    pub fn show(&self) -> String {
        match self {
            Self::Connected => "an ENet connection".to_owned(),
            Self::Packet(bytes) => format!("a packet {}", show(bytes)),
            Self::OutOfBand(bytes) => format!("an out-of-band datagram {}", show(bytes)),
            Self::Disconnected => "the end of the ENet connection".to_owned(),
            Self::Nothing => "nothing".to_owned(),
        }
    }
}

/// The longest packet that a [`Peer`] can send, in bytes.
const MAX_PACKET: usize = 4 << 20;

/// Makes the connect ids of peers differ, which ENet derives from a seed.
static SEED: AtomicU32 = AtomicU32::new(0);

/// An ENet peer without a session behind it. It disconnects when it is dropped, so that no player
/// of a case is there for the next one.
pub struct Peer {
    port: Port,
    enet: RustyEnet,
    id: PeerId,
    zero: Instant,
    target: SocketAddr,
    /// The first two bytes of what it sent last.
    header: [u8; 2],
    received: usize,
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.disconnect();
    }
}

impl Peer {
    /// Sends a CONNECT with this data; it is not answered yet.
    ///
    /// # Errors
    /// The case is skipped where no port is free.
    pub fn connecting(target: &Target, data: u32) -> Outcome<Self> {
        let port = Port::open(target)?;
        let seed = SEED.fetch_add(1, Ordering::Relaxed) ^ std::process::id().rotate_left(16);
        let skip = |error: &dyn std::fmt::Display| skipped(format!("no ENet host: {error}"));
        let settings = Settings { max_outgoing_packet: MAX_PACKET, ..Settings::client(seed) };
        let mut enet = RustyEnet::new(settings).map_err(|error| skip(&error))?;
        let id =
            enet.connect(target.address, data, Duration::ZERO).map_err(|error| skip(&error))?;
        let (zero, target) = (Instant::now(), target.address);
        let mut connecting = Self { port, enet, id, zero, target, header: [0xFF; 2], received: 0 };
        connecting.transmit();
        Ok(connecting)
    }

    /// Connects with a token's hash.
    ///
    /// # Errors
    /// The case fails when the server does not take it.
    pub async fn connect(target: &Target, token: &str) -> Outcome<Self> {
        let mut peer = Self::connecting(target, hash::lower(token.as_bytes()))?;
        match peer.hear(PATIENCE).await {
            Heard::Connected => Ok(peer),
            other => Err(failed("an ENet connection for a token's hash", other.show())),
        }
    }

    /// Sends a packet.
    pub fn send(&mut self, channel: u8, delivery: Delivery, payload: &[u8]) {
        // A connection that is gone shows in what is heard.
        let _ = self.enet.send(self.id, channel, delivery, payload);
        self.transmit();
    }

    /// Sends the handshake, as a client writes it.
    pub fn shake_hands(&mut self, token: &str, guid: &str) {
        let handshake = ConnectHandshake::new(token.as_bytes(), guid.as_bytes());
        self.send(0, Delivery::Reliable, &handshake.to_packet());
    }

    /// Ends the connection.
    pub fn disconnect(&mut self) {
        self.enet.disconnect(self.id, 0);
        self.transmit();
    }

    /// Sends a datagram of the case's own making from the peer's port.
    pub fn send_datagram(&self, datagram: &[u8]) {
        self.port.send(datagram);
    }

    /// How a datagram of this peer begins: its number at the server and its session, without flags.
    pub const fn header(&self) -> [u8; 2] {
        [self.header[0] & 0x3F, self.header[1]]
    }

    /// How many bytes of datagrams came so far.
    pub const fn received(&self) -> usize {
        self.received
    }

    /// The next thing that comes, within `patience`.
    pub async fn hear(&mut self, patience: Duration) -> Heard {
        let until = Instant::now() + patience;
        loop {
            let event = self.enet.poll(self.zero.elapsed());
            self.transmit();
            match event {
                Some(Event::Connected { .. }) => return Heard::Connected,
                Some(Event::Received { payload, .. }) => return Heard::Packet(payload),
                Some(Event::Disconnected { .. }) => return Heard::Disconnected,
                None => {}
            }
            let now = Instant::now();
            if now >= until {
                return Heard::Nothing;
            }
            // ENet wants its turn from time to time.
            let pause = until.min(now + Duration::from_millis(10));
            let Ok(Some(datagram)) = timeout_at(pause, self.port.receive_until(pause)).await else {
                continue;
            };
            self.received += datagram.len();
            if let Some(body) = cfx_oob::body(&datagram) {
                return Heard::OutOfBand(body.to_vec());
            }
            self.enet.handle(self.target, &datagram, self.zero.elapsed(), &mut |_, _| false);
        }
    }

    /// Waits for `connectOK`; what else comes is passed over.
    ///
    /// # Errors
    /// The case fails when another end comes first.
    pub async fn connect_ok(&mut self) -> Outcome<Vec<u8>> {
        let until = Instant::now() + PATIENCE;
        loop {
            match self.hear(until.saturating_duration_since(Instant::now())).await {
                Heard::Packet(packet) if packet.starts_with(&[1, 0, 0, 0]) => return Ok(packet),
                Heard::Packet(_) | Heard::Connected => {}
                other => return Err(failed("connectOK", other.show())),
            }
        }
    }

    /// Waits for an out-of-band `error`; what else comes is passed over.
    ///
    /// # Errors
    /// The case fails when none comes.
    pub async fn error(&mut self) -> Outcome<String> {
        let until = Instant::now() + PATIENCE;
        loop {
            match self.hear(until.saturating_duration_since(Instant::now())).await {
                Heard::OutOfBand(body) => {
                    let text = body.strip_prefix(b"error ").map(String::from_utf8_lossy);
                    let text = text.map(std::borrow::Cow::into_owned);
                    return text.ok_or_else(|| failed("an out-of-band error", show(&body)));
                }
                Heard::Packet(packet) if packet.starts_with(&[1, 0, 0, 0]) => {
                    return Err(failed(
                        "an out-of-band error",
                        format!("connectOK {}", show(&packet)),
                    ));
                }
                Heard::Packet(_) | Heard::Connected => {}
                other => return Err(failed("an out-of-band error", other.show())),
            }
        }
    }

    /// Waits for a packet of this type; what else comes is passed over.
    ///
    /// # Errors
    /// The case fails when none comes within `patience`.
    pub async fn packet(&mut self, kind: MessageType, patience: Duration) -> Outcome<Vec<u8>> {
        let until = Instant::now() + patience;
        loop {
            match self.hear(until.saturating_duration_since(Instant::now())).await {
                Heard::Packet(packet) if packet.starts_with(&kind.0.to_le_bytes()) => {
                    return Ok(packet);
                }
                Heard::Packet(_) | Heard::Connected => {}
                other => {
                    return Err(failed(format!("{kind} within {patience:?}"), other.show()));
                }
            }
        }
    }

    /// Checks that the server says nothing to `what` was sent: neither connectOK nor an error nor
    /// the end. What it says to every player is passed over.
    ///
    /// # Errors
    /// The case fails when it does.
    pub async fn ignored(&mut self, what: &str) -> Outcome {
        self.undisturbed(what, SILENCE).await
    }

    /// As [`ignored`](Self::ignored), for this long.
    ///
    /// # Errors
    /// As [`ignored`](Self::ignored).
    pub async fn undisturbed(&mut self, what: &str, time: Duration) -> Outcome {
        let until = Instant::now() + time;
        loop {
            match self.hear(until.saturating_duration_since(Instant::now())).await {
                Heard::Nothing => return Ok(()),
                Heard::Packet(packet) if !packet.starts_with(&[1, 0, 0, 0]) => {}
                other => return Err(failed(format!("no answer to {what}"), other.show())),
            }
        }
    }

    /// Takes whatever comes, up to the end of the connection or a pause of this length.
    pub async fn drain(&mut self, pause: Duration) {
        while !matches!(self.hear(pause).await, Heard::Nothing | Heard::Disconnected) {}
    }

    /// Waits for the end of the ENet connection; what else comes is passed over.
    ///
    /// # Errors
    /// The case fails when it does not end.
    pub async fn ended(&mut self) -> Outcome {
        let until = Instant::now() + PATIENCE;
        loop {
            match self.hear(until.saturating_duration_since(Instant::now())).await {
                Heard::Disconnected => return Ok(()),
                Heard::Nothing => {
                    return Err(failed("the end of the ENet connection", "nothing"));
                }
                _ => {}
            }
        }
    }

    fn transmit(&mut self) {
        while let Some((_, datagram)) = self.enet.transmit() {
            if let Some(header) = datagram.first_chunk() {
                self.header = *header;
            }
            self.port.send(&datagram);
        }
    }
}

/// Joins up to `connectOK`.
///
/// # Errors
/// As each of its steps.
pub async fn join(target: &Target) -> Outcome<(Admitted, Peer, ConnectOk)> {
    let admitted = admit(target).await?;
    let (peer, connect_ok) = enter(target, &admitted).await?;
    Ok((admitted, peer, connect_ok))
}

/// Connects an admitted client and reads its `connectOK`.
///
/// # Errors
/// As each of its steps.
pub async fn enter(target: &Target, admitted: &Admitted) -> Outcome<(Peer, ConnectOk)> {
    let mut peer = Peer::connect(target, &admitted.token).await?;
    peer.shake_hands(&admitted.token, &admitted.guid);
    let packet = peer.connect_ok().await?;
    match cfx_game::s2c::Message::from_slice(&packet) {
        Ok(cfx_game::s2c::Message::ConnectOk(connect_ok)) => Ok((peer, connect_ok)),
        _ => Err(failed("a connectOK that the client reads", show(&packet))),
    }
}
