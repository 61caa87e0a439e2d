//! The game channel's side of the server: the handshake, `connectOK`, quitting and time-outs.

use std::net::SocketAddr;

use cfx_control::answer;
use cfx_control::game::Game;
use cfx_control::texts::dropped as texts;
use cfx_game::c2s::Message;
use cfx_game::frame::{Frame, Payload};
use cfx_game::handshake::c2s::ConnectHandshake;
use cfx_game::handshake::s2c::ConnectOk;
use cfx_oob::s2c;
use cfx_wire::{Decode, Encode};

use super::registry::{Client, Stage};
use super::{ClientId, Delivery, Event, OneSync, Output, PeerId, Server};
use crate::time::Time;

/// Milliseconds between two `msgFrame` (SPEC GAME-17).
const FRAME_INTERVAL: u64 = 1000;

impl Server {
    pub(super) fn packet(&mut self, peer: PeerId, from: SocketAddr, payload: &[u8], now: Time) {
        // Without a type it is no message at all (SPEC GAME-1).
        if Frame::from_slice(payload).is_err() {
            return;
        }
        let client = self.registry.by_peer(peer).map(|client| client.id);
        match (client, Message::from_slice(payload)) {
            (None, Ok(Message::Connect(handshake))) => {
                self.handshake(peer, from, &handshake, now);
            }
            // SPEC GAME-13: neither a second handshake nor a message before the first counts.
            (Some(_), Ok(Message::Connect(_))) | (None, _) => {}
            (Some(client), Ok(Message::Quit(quit))) => {
                let reason = String::from_utf8_lossy(quit.reason).into_owned();
                self.drop_client(client, &reason);
            }
            // SPEC SERVER-2: a message that cannot be read is a sign of life as well.
            (Some(client), _) => {
                self.registry.update(client, |client| client.last_seen = now);
                self.message(client, payload, now);
            }
        }
    }

    fn handshake(
        &mut self,
        peer: PeerId,
        from: SocketAddr,
        handshake: &ConnectHandshake<'_>,
        now: Time,
    ) {
        // SPEC GAME-3: a guid that nobody has is not answered.
        let Some(client) = self.registry.by_guid(&handshake.guid) else { return };
        let id = client.id;
        // SPEC GAME-4: the reference also removes the client, which anyone who knows its guid could
        // then throw out.
        if client.token.as_bytes() != &*handshake.token {
            return self.send_error(from, texts::INVALID_TOKEN);
        }
        // SPEC GAME-5
        if !client.is_validated() {
            return self.refuse_peer(from, id, texts::INVALID_CONNECTION);
        }
        if let Some(old) = self.registry.bind(id, peer, from) {
            self.out.push_back(Output::Reset(old));
        }
        let slot = self.registry.get(id).and_then(|client| client.slot);
        if self.config.onesync.is_on() && slot.is_none() {
            return self.refuse_peer(from, id, texts::NO_SLOT);
        }
        self.connect_ok(id, peer, slot, now);
    }

    fn connect_ok(&mut self, id: ClientId, peer: PeerId, slot: Option<u16>, now: Time) {
        let Some(client) = self.registry.get(id) else { return };
        let (was, had_joined) = (client.net_id, client.has_joined());
        let net_id =
            if had_joined { u16::try_from(was).ok() } else { self.registry.assign_net_id(id) };
        // The records are fewer than the net ids, so there always is one.
        let Some(net_id) = net_id else { return };
        self.registry.update(id, |client| {
            client.last_seen = now;
            client.next_frame = now;
        });
        // SPEC GAME-8: there is none under OneSync.
        let host = self.host.filter(|_| !self.config.onesync.is_on());
        let message = ConnectOk {
            net_id: i32::from(net_id),
            host_net_id: host.map_or(-1, |host| i32::from(host.net_id)),
            host_base: host.map_or(-1, |host| host.base.cast_signed()),
            slot_id: slot.map_or(-1, |slot| self.slot_told(slot)),
            server_time: self.time_told(now),
        };
        self.out.push_back(Output::Tune(peer));
        self.reliable(peer, message.to_packet());
        if !had_joined {
            self.event(Event::Joined { client: id, net_id, temporary: was, slot });
            self.introduce(id);
        }
        self.onesync_joined(id, net_id, !had_joined, now);
    }

    /// SPEC GAME-8: in big mode every client is told the same slot of its own game.
    pub(super) fn slot_told(&self, slot: u16) -> i32 {
        match (self.config.onesync, self.config.game) {
            (OneSync::Big, Game::Gta5) => 128,
            (OneSync::Big, _) => 16,
            _ => i32::from(slot),
        }
    }

    fn time_told(&self, now: Time) -> i64 {
        if self.config.onesync.is_on() {
            i64::try_from(now.as_millis()).unwrap_or(i64::MAX)
        } else {
            -1
        }
    }

    fn refuse_peer(&mut self, to: SocketAddr, client: ClientId, text: &str) {
        self.send_error(to, text);
        self.remove(client, text);
    }

    /// ENet completed a connection. One that nobody could bind, as its token is dead or connected
    /// already, is reset (SPEC ENET-4, SERVER-6).
    pub(super) fn peer_connected(&mut self, peer: PeerId, data: u32, now: Time) {
        if !self.registry.peer_connected(peer, data, now) {
            self.out.push_back(Output::Reset(peer));
        }
    }

    pub(super) fn peer_gone(&mut self, peer: PeerId, now: Time) {
        // SPEC SERVER-3: a client without its ENet peer is dead.
        if let Some(client) = self.registry.peer_gone(peer) {
            self.time_out(client, now);
        }
    }

    pub(super) fn ping(&mut self, peer: PeerId, ms: u32) {
        if let Some(client) = self.registry.by_peer(peer).map(|client| client.id) {
            let ping = i32::try_from(ms).unwrap_or(i32::MAX);
            self.registry.update(client, |client| client.ping = ping);
        }
    }

    /// A client's time has come: a keep-alive, a frame, or its end.
    pub(super) fn wake(&mut self, id: ClientId, now: Time) {
        let Some(client) = self.registry.get(id) else { return };
        match (&client.stage, client.peer) {
            // First, as each of the others may be due at the same time and sets the next wake-up.
            _ if client.unbound_until().is_some_and(|until| until <= now) => {
                // SPEC SERVER-6
                if let Some(peer) = self.registry.release(id) {
                    self.out.push_back(Output::Reset(peer));
                }
            }
            (Stage::Deferring { deferral, .. }, _) if deferral.keep_alive().is_some() => {
                self.keep_alive(id, now);
            }
            _ if client.deadline() <= now => self.time_out(id, now),
            _ if client.channel.due().is_some_and(|due| due <= now) => self.latent_due(id, now),
            (Stage::Validated, Some((peer, _))) if client.next_frame <= now => {
                let frame = self.frame_for(client);
                self.reliable(peer, frame.to_packet());
                self.registry.update(id, |client| client.next_frame = now.after(FRAME_INTERVAL));
            }
            // Nothing was due after all: `update` sets the next wake-up.
            _ => drop(self.registry.update(id, |_| ())),
        }
    }

    fn time_out(&mut self, id: ClientId, now: Time) {
        let Some(client) = self.registry.get(id) else { return };
        let reason = texts::timed_out(now.since(client.last_seen));
        self.drop_client(id, &reason);
    }

    /// Tells a client why, and forgets it (SPEC SERVER-4).
    pub(super) fn drop_client(&mut self, id: ClientId, reason: &str) {
        let reason = if reason.is_empty() { texts::DROPPED } else { reason };
        let Some(client) = self.registry.get(id) else { return };
        if let Some((_, address)) = client.peer {
            self.send_error(address, reason);
        }
        self.remove(id, reason);
    }

    /// Takes a client out of every table, and ends its open answer.
    pub(super) fn remove(&mut self, id: ClientId, reason: &str) {
        if let Some(request) = self.registry.get(id).and_then(Client::request) {
            self.last_value(request, answer::error(reason));
        }
        self.forget(id, reason);
    }

    /// Takes a client out of every table, with its ENet peers.
    pub(super) fn forget(&mut self, id: ClientId, reason: &str) {
        let Some(client) = self.registry.remove(id) else { return };
        self.limits.configuration.reset(&id);
        for peer in client.peers() {
            self.out.push_back(Output::Reset(peer));
        }
        self.onesync_left(id);
        let net_id = u16::try_from(client.net_id).ok();
        self.event(Event::Gone { client: id, net_id, reason: reason.to_owned() });
        if let Some(net_id) = net_id {
            self.take_leave(id, net_id, &client.name, client.slot);
        }
    }

    /// Sends a packet on channel 0, reliably, as most messages go.
    pub(super) fn reliable(&mut self, peer: PeerId, payload: Vec<u8>) {
        self.out.push_back(Output::Packet {
            peer,
            channel: 0,
            delivery: Delivery::Reliable,
            payload,
        });
    }

    pub(super) fn send_error(&mut self, to: SocketAddr, text: &str) {
        let data = s2c::Error { text: text.as_bytes() }.to_vec();
        self.out.push_back(Output::Datagram { to, data });
    }
}
