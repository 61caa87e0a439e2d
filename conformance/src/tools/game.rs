//! The steps of a join, one by one, and an ENet peer that says what the case wants.

use std::time::Duration;

use cfx_control::texts::server as texts;
use cfx_game::frame::Payload;
use cfx_game::handshake::c2s::ConnectHandshake;
use cfx_game::handshake::s2c::ConnectOk;
use cfx_net::enet::{Delivery, Enet, Event, PeerId, RustyEnet, Settings};
use cfx_wire::{Decode, hash};
use serde_json::Value;
use tokio::time::{Instant, timeout_at};

use super::http::{Stream, form};
use super::oob::{Port, show};
use crate::case::{Outcome, failed, skipped};
use crate::target::{PATIENCE, Target};

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
    let body = form(&init_connect_fields(guid));
    let mut stream = Stream::start(target, "POST", "/client", &[], &body);
    while let Some(value) = stream.value().await? {
        if let Some(error) = value["error"].as_str() {
            return Err(match error {
                texts::NO_TICKET => skipped("the target asks for tickets (sv_lan is off)"),
                error => skipped(format!("the target refuses players: {error}")),
            });
        }
        if !value["sH"].is_null() {
            let token = value["token"].as_str().unwrap_or_default().to_owned();
            return Ok(Admitted { guid: guid.to_owned(), token, last: value });
        }
    }
    Err(failed("a final value of initConnect, with sH", "the end of the body"))
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

/// An ENet peer without a session behind it.
pub struct Peer {
    port: Port,
    enet: RustyEnet,
    peer: PeerId,
    zero: Instant,
    target: std::net::SocketAddr,
}

impl Peer {
    /// Sends a CONNECT with this data; it is not answered yet.
    ///
    /// # Errors
    /// The case is skipped where no port is free.
    pub fn connecting(target: &Target, data: u32) -> Outcome<Self> {
        let port = Port::open(target)?;
        let seed = data ^ std::process::id().rotate_left(16) ^ Instant::now().elapsed().subsec_nanos();
        let skip = |error: &dyn std::fmt::Display| skipped(format!("no ENet host: {error}"));
        let mut enet = RustyEnet::new(Settings::client(seed)).map_err(|error| skip(&error))?;
        let peer = enet
            .connect(target.address, data, Duration::ZERO)
            .map_err(|error| skip(&error))?;
        let zero = Instant::now();
        let mut connecting = Self { port, enet, peer, zero, target: target.address };
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
        let _ = self.enet.send(self.peer, channel, delivery, payload);
        self.transmit();
    }

    /// Sends the handshake, as a client writes it.
    pub fn shake_hands(&mut self, token: &str, guid: &str) {
        let handshake = ConnectHandshake::new(token.as_bytes(), guid.as_bytes());
        self.send(0, Delivery::Reliable, &handshake.to_packet());
    }

    /// Ends the connection.
    pub fn disconnect(&mut self) {
        self.enet.disconnect(self.peer, 0);
        self.transmit();
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
            let Ok(Some(datagram)) =
                timeout_at(pause, self.port.receive_until(pause)).await
            else {
                continue;
            };
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
                    return Err(failed("an out-of-band error", format!("connectOK {}", show(&packet))));
                }
                Heard::Packet(_) | Heard::Connected => {}
                other => return Err(failed("an out-of-band error", other.show())),
            }
        }
    }

    fn transmit(&mut self) {
        while let Some((_, datagram)) = self.enet.transmit() {
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
