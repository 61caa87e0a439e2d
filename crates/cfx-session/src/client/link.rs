//! UDP at the client: discovery, the ENet connection, the handshake and what follows (states
//! fetching to active; reference: `NetLibrary.cpp`, `NetLibraryImplV2.cpp`).

use std::net::SocketAddr;

use cfx_control::request::guid_text;
use cfx_control::texts::{client as texts, progress};
use cfx_game::frame::{Frame, Payload};
use cfx_game::handshake::c2s::ConnectHandshake;
use cfx_game::handshake::s2c::ConnectOk;
use cfx_game::keep_alive::KeepAlive;
use cfx_game::quit::Quit;
use cfx_oob::c2s::{CLIENT_CHALLENGE, getinfo};
use cfx_oob::s2c::Response;
use cfx_wire::{Decode, hash};

use super::{Client, Delivery, Event, Output, Stage, State};
use crate::time::Time;

/// Milliseconds between two tries (SPEC OOB-12, ENET-5).
const RETRY: u64 = 5000;

/// The try that ends the attempt: it is still made (SPEC OOB-12, ENET-5).
const LAST_TRY: u32 = 4;

/// Milliseconds that a server may leave the handshake unanswered while ENet keeps the connection.
/// The reference waits for ever.
const HANDSHAKE_PATIENCE: u64 = 30_000;

/// Milliseconds between two keep-alives (SPEC GAME-14).
const KEEP_ALIVE: u64 = 100;

/// Tries of one kind.
pub(super) struct Retries {
    tried: u32,
    pub(super) next: Time,
}

/// Tries of an ENet connection.
pub(super) struct Connecting {
    retries: Retries,
    /// The connection that ENet has, over which the handshake went out.
    shaking: Option<Shaking>,
}

/// A handshake that waits for `connectOK`.
struct Shaking {
    until: Time,
    keep_alive: Time,
}

impl Connecting {
    /// The next try waits until ENet has given up on the last one.
    pub(super) fn due(&self, peer: bool) -> Option<Time> {
        match &self.shaking {
            Some(shaking) => Some(shaking.until.min(shaking.keep_alive)),
            None if peer => None,
            None => Some(self.retries.next),
        }
    }
}

impl Client {
    /// The content is in place: discovery next.
    pub(super) fn begin_fetching(&mut self, now: Time) {
        self.enter(Stage::Fetching(Retries { tried: 0, next: now }));
        self.progress(progress::DOWNLOADED);
    }

    /// Sends `getinfo`, or gives up (SPEC OOB-12).
    pub(super) fn fetch(&mut self, now: Time) {
        let (Stage::Fetching(retries), Some(to)) = (&mut self.stage, self.attempt.server) else {
            return;
        };
        retries.tried += 1;
        retries.next = now.after(RETRY);
        let tried = retries.tried;
        self.out.push_back(Output::Datagram { to, data: getinfo(CLIENT_CHALLENGE) });
        self.progress(progress::fetching_info(tried));
        if tried >= LAST_TRY {
            self.leave(texts::FETCH_TIMED_OUT, true);
        }
    }

    pub(super) fn connecting_due(&mut self, now: Time) {
        let Stage::Connecting(connecting) = &self.stage else { return };
        match &connecting.shaking {
            Some(shaking) if shaking.until > now => self.keep_alive(now),
            _ => self.try_connect(now),
        }
    }

    /// Connects, or gives up (SPEC ENET-5).
    fn try_connect(&mut self, now: Time) {
        let (Stage::Connecting(connecting), Some(to)) = (&mut self.stage, self.attempt.server)
        else {
            return;
        };
        if connecting.shaking.take().is_some() {
            // The handshake stayed unanswered: this try is lost.
            self.attempt.peer = false;
            self.out.push_back(Output::Reset);
        }
        connecting.retries.tried += 1;
        connecting.retries.next = now.after(RETRY);
        let tried = connecting.retries.tried;
        let data = hash::lower(self.attempt.token.as_bytes());
        self.attempt.peer = true;
        self.out.push_back(Output::Connect { to, data });
        self.progress(progress::connecting(tried));
        if tried >= LAST_TRY {
            self.leave(texts::CONNECT_TIMED_OUT, true);
        }
    }

    pub(super) fn datagram(&mut self, from: SocketAddr, data: &[u8], now: Time) {
        // SPEC OOB-11, OOB-13: nobody else is listened to.
        if self.attempt.server != Some(from) {
            return;
        }
        match Response::from_datagram(data) {
            // SPEC OOB-17: as the reference, whatever the challenge says.
            Some(Response::Info(_)) if matches!(self.stage, Stage::Fetching(_)) => {
                let retries = Retries { tried: 0, next: now };
                self.enter(Stage::Connecting(Connecting { retries, shaking: None }));
            }
            Some(Response::Error(error)) => {
                let reason = String::from_utf8_lossy(error.text).into_owned();
                self.disconnected(reason, error.is_time_out());
            }
            _ => {}
        }
    }

    pub(super) fn peer_connected(&mut self, now: Time) {
        let Stage::Connecting(connecting) = &mut self.stage else { return };
        if !self.attempt.peer || connecting.shaking.is_some() {
            return;
        }
        let (until, keep_alive) = (now.after(HANDSHAKE_PATIENCE), now.after(KEEP_ALIVE));
        connecting.shaking = Some(Shaking { until, keep_alive });
        let guid = guid_text(self.attempt.guid);
        let handshake = ConnectHandshake::new(self.attempt.token.as_bytes(), guid.as_bytes());
        let payload = handshake.to_packet();
        self.send(0, Delivery::Reliable, payload);
    }

    pub(super) fn packet(&mut self, payload: &[u8], now: Time) {
        let Ok(frame) = Frame::from_slice(payload) else { return };
        if frame.kind == ConnectOk::KIND {
            if let Ok(connect_ok) = ConnectOk::from_slice(frame.payload) {
                self.connect_ok(connect_ok);
            }
            return;
        }
        // SPEC GAME-16: the first other message behind connectOK makes the client active.
        if let Stage::Connected { keep_alive } = self.stage {
            self.enter(Stage::Active { keep_alive });
            self.event(Event::NetworkConnected);
            self.begin_session(now);
            self.onesync_active(now);
        }
        if matches!(self.stage, Stage::Active { .. }) {
            self.message(payload, now);
        }
    }

    fn connect_ok(&mut self, connect_ok: ConnectOk) {
        let keep_alive = match &self.stage {
            Stage::Connecting(Connecting { shaking: Some(shaking), .. }) => {
                Some(shaking.keep_alive)
            }
            Stage::Connected { .. } | Stage::Active { .. } => None,
            _ => return,
        };
        self.onesync_connected(connect_ok.net_id);
        self.event(Event::ConnectOk(connect_ok));
        if let Some(keep_alive) = keep_alive {
            self.enter(Stage::Connected { keep_alive });
        }
    }

    /// A sign of life, from the ENet connection on (SPEC GAME-14).
    pub(super) fn keep_alive(&mut self, now: Time) {
        let next = match &mut self.stage {
            Stage::Connecting(Connecting { shaking: Some(shaking), .. }) => &mut shaking.keep_alive,
            Stage::Connected { keep_alive } | Stage::Active { keep_alive } => keep_alive,
            _ => return,
        };
        *next = now.after(KEEP_ALIVE);
        self.send(1, Delivery::Unsequenced, KeepAlive.to_packet());
    }

    pub(super) fn peer_gone(&mut self) {
        self.attempt.peer = false;
        match &mut self.stage {
            // The next try, once its time has come.
            Stage::Connecting(connecting) => connecting.shaking = None,
            // SPEC CLIENT-8
            Stage::Connected { .. } | Stage::Active { .. } => {
                self.disconnected(texts::CONNECT_TIMED_OUT.to_owned(), true);
            }
            _ => {}
        }
    }

    /// The player leaves (SPEC CLIENT-6).
    pub(super) fn disconnect(&mut self, reason: &str) {
        if self.state() != State::Idle {
            self.leave(reason, false);
        }
    }

    /// Tells the server, if it listens, and ends.
    fn leave(&mut self, reason: &str, timed_out: bool) {
        self.quit(reason);
        self.disconnected(reason.to_owned(), timed_out);
    }

    /// Says goodbye over the ENet connection, if there is one.
    pub(super) fn quit(&mut self, reason: &str) {
        let shaken = match &self.stage {
            Stage::Connecting(connecting) => connecting.shaking.is_some(),
            Stage::Connected { .. } | Stage::Active { .. } => true,
            _ => false,
        };
        if shaken {
            let payload = Quit { reason: reason.as_bytes() }.to_packet();
            self.send(0, Delivery::Reliable, payload);
            self.out.push_back(Output::Disconnect);
            self.attempt.peer = false;
        }
    }

    fn disconnected(&mut self, reason: String, timed_out: bool) {
        self.end();
        self.event(Event::Disconnected { reason, timed_out });
    }

    pub(super) fn send(&mut self, channel: u8, delivery: Delivery, payload: Vec<u8>) {
        self.out.push_back(Output::Packet { channel, delivery, payload });
    }
}
