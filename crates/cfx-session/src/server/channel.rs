//! The game channel after the handshake: which message goes to whom, and what one client may send.

use cfx_game::c2s::Message;
use cfx_game::frame::{Frame, MessageType, Payload};
use cfx_game::reassembled::{ReassembledEvent, ReassembledEventV2};
use cfx_game::state_bag::{StateBag, StateBagV2};
use cfx_game::time_sync::{TimeSync, TimeSyncReq};
use cfx_wire::Decode;

use super::config::MessageRate;
use super::latent::Latent;
use super::{ClientId, Delivery, Event, Output, Server};
use crate::limiter::Bucket;
use crate::time::Time;

/// What the server keeps of one client's game channel.
#[derive(Debug, Default)]
pub(crate) struct Channel {
    pub(super) events: Allowance,
    pub(super) commands: Allowance,
    pub(super) bags: Allowance,
    pub(super) fragments: Allowance,
    pub(super) latent_events: Allowance,
    /// Events in fragments, once there was one.
    pub(super) latent: Option<Box<Latent>>,
    /// Whether entities are in strict lockdown, where that differs from the server's setting.
    pub(super) lockdown: Option<bool>,
    /// It has sent something to another client (`HasRouted`): its voice counts among the voters.
    pub(super) routed: bool,
}

impl Channel {
    /// When something of it is due.
    pub(crate) fn due(&self) -> Option<Time> {
        self.latent.as_ref().and_then(|latent| latent.due())
    }
}

/// What is left of one kind of message to one client.
#[derive(Debug, Default)]
pub(super) struct Allowance {
    pub(super) messages: Bucket,
    pub(super) flood: Bucket,
    pub(super) bytes: Bucket,
}

/// What an [`Allowance`] says of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Allowed {
    Yes,
    /// The message is ignored.
    No,
    /// The client is dropped for sending too often.
    Flood,
    /// The client is dropped for sending too much.
    Size,
}

impl Allowance {
    /// The usual rule: a message beyond the rate is ignored, and counted as a flood.
    pub(super) fn take(&mut self, rate: &MessageRate, bytes: usize, now: Time) -> Allowed {
        if !self.messages.take(rate.messages, 1.0, now) {
            let counted = self.flood.take(rate.flood, 1.0, now);
            return if counted { Allowed::No } else { Allowed::Flood };
        }
        self.take_bytes(rate, bytes, now)
    }

    pub(super) fn take_bytes(&mut self, rate: &MessageRate, bytes: usize, now: Time) -> Allowed {
        // No message is near 2^53 bytes.
        #[expect(clippy::cast_precision_loss, reason = "the size of a message")]
        let bytes = bytes as f64;
        let granted = rate.bytes.is_none_or(|rate| self.bytes.take(rate, bytes, now));
        if granted { Allowed::Yes } else { Allowed::Size }
    }
}

/// What takes part of a reason that goes into one datagram.
const MAX_QUOTE: usize = 512;

/// A text of a client's own in the reason that it is dropped with; the reference sends all of it.
pub(super) fn quote(text: &[u8]) -> String {
    String::from_utf8_lossy(text.get(..MAX_QUOTE).unwrap_or(text)).into_owned()
}

impl Server {
    /// A message of a client that has joined.
    pub(super) fn message(&mut self, client: ClientId, packet: &[u8], now: Time) {
        let Ok(frame) = Frame::from_slice(packet) else { return };
        if self.counted_unread(client, frame.kind, frame.payload, now) {
            return;
        }
        match Message::from_slice(packet) {
            Ok(Message::ServerEvent(event)) => self.server_event(client, &event, now),
            Ok(Message::ServerCommand(command)) => self.command(client, &command, now),
            Ok(Message::TimeSyncReq(request)) => self.tell_time(client, request, now),
            Ok(Message::IHost(host)) => self.i_host(client, host),
            Ok(Message::HeHost(vote)) => self.he_host(vote),
            Ok(Message::Route(route)) if !self.config.onesync.is_on() => self.route(client, &route),
            Ok(Message::Route(route)) => self.onesync_route(client, &route),
            Ok(Message::GameStateNack(nack)) => self.game_state_nack(client, &nack),
            Ok(Message::GameStateAck(ack)) => self.game_state_ack(client, &ack),
            Ok(Message::RequestObjectIds(_)) => self.more_ids(client),
            Ok(Message::KeepAlive(_)) | Err(_) => {}
            Ok(_) => self.event(Event::Message { client, payload: packet.to_vec() }),
        }
    }

    /// Messages that count before they are read, whether they can be or not. Of the first versions
    /// nothing else becomes (reference: `StateBagComponent.cpp`, `EventReassemblyComponent.cpp`).
    fn counted_unread(
        &mut self,
        client: ClientId,
        kind: MessageType,
        payload: &[u8],
        now: Time,
    ) -> bool {
        match kind {
            StateBag::KIND | StateBagV2::KIND => {
                if self.bag_allowed(client, payload.len(), now) && kind == StateBagV2::KIND {
                    self.client_sets_bag(client, payload);
                }
            }
            ReassembledEventV2::KIND => {
                if self.fragment_allowed(client, now) {
                    self.fragment(client, payload, now);
                }
            }
            ReassembledEvent::KIND => {}
            _ => return false,
        }
        true
    }

    /// Reference: `TimeSyncReqPacketHandler.h`.
    fn tell_time(&mut self, client: ClientId, request: TimeSyncReq, now: Time) {
        // The low 32 bits.
        #[expect(clippy::cast_possible_truncation, reason = "the message has 32 bits")]
        let server_time = now.as_millis() as u32;
        let payload = TimeSync { request, server_time }.to_packet();
        self.send(client, 1, Delivery::Reliable, payload);
    }

    /// Sends a packet to a client, if it has a connection.
    pub(super) fn send(
        &mut self,
        client: ClientId,
        channel: u8,
        delivery: Delivery,
        payload: Vec<u8>,
    ) {
        if let Some((peer, _)) = self.registry.get(client).and_then(|client| client.peer) {
            self.out.push_back(Output::Packet { peer, channel, delivery, payload });
        }
    }

    /// Sends a packet to every client that has joined, on channel 0, reliably.
    pub(super) fn broadcast(&mut self, payload: &[u8]) {
        for client in self.players() {
            self.send(client, 0, Delivery::Reliable, payload.to_vec());
        }
    }

    /// The clients that have joined, in the order in which they came.
    pub(super) fn players(&self) -> Vec<ClientId> {
        self.registry.players().map(|client| client.id).collect()
    }
}
