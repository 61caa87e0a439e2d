//! Events in fragments, paced and acknowledged: what scripts call latent events (reference:
//! `ReassembledEventPacketHandler.cpp`, `EventReassemblyComponent.cpp`).
//!
//! A server speaks the second version only.

use cfx_control::texts::dropped as texts;
use cfx_game::frame::Payload;
use cfx_game::reassembled::ReassembledEventV2;
use cfx_onesync::reassembly::{
    Event as Whole, Fragment, Limits, Received, Receiver, Sender, Version,
};
use cfx_wire::Decode;

use super::channel::Allowed;
use super::{ClientId, Delivery, Event, Server};
use crate::time::Time;

/// Bytes that may wait for one client's acknowledgement; an event beyond them is not sent.
const MAX_QUEUED: usize = 32 << 20;

/// Both directions of one client.
#[derive(Debug)]
pub(super) struct Latent {
    receiver: Receiver,
    sender: Sender,
}

impl Latent {
    pub(super) const fn new(limits: Limits) -> Self {
        Self {
            receiver: Receiver::new(Version::V2, limits),
            sender: Sender::new(Version::V2, MAX_QUEUED),
        }
    }

    /// When the next fragment is to be sent.
    pub(super) fn due(&self) -> Option<Time> {
        self.sender.next_due().map(Time::at_or_after)
    }
}

impl Server {
    /// Counts a fragment or acknowledgement. One beyond the rate is ignored. The flood limit counts
    /// those within it, so that it is reached only where it is set lower.
    pub(super) fn fragment_allowed(&mut self, id: ClientId, now: Time) -> bool {
        let rate = self.config.message_rates.fragments;
        let allowed = self.registry.update(id, |client| {
            let allowance = &mut client.channel.fragments;
            if !allowance.messages.take(rate.messages, 1.0, now) {
                return Allowed::No;
            }
            let counted = allowance.flood.take(rate.flood, 1.0, now);
            if counted { Allowed::Yes } else { Allowed::Flood }
        });
        if allowed == Some(Allowed::Flood) {
            self.drop_client(id, texts::FRAGMENT_OVERFLOW);
        }
        allowed == Some(Allowed::Yes)
    }

    pub(super) fn fragment(&mut self, id: ClientId, payload: &[u8], now: Time) {
        let Ok(message) = ReassembledEventV2::from_slice(payload) else { return };
        let fragment = Fragment::from(&message);
        let limits = self.config.latent_limits;
        let received = self.registry.update(id, |client| {
            let latent = client.channel.latent.get_or_insert_with(|| Box::new(Latent::new(limits)));
            if fragment.is_ack() {
                latent.sender.acknowledge(&fragment);
            }
            latent.receiver.receive(&fragment, now.elapsed())
        });
        let whole = match received {
            Some(Received::Kept) => None,
            Some(Received::Complete(payload)) => Some(payload),
            Some(Received::Ignored(_)) | None => return,
        };
        self.send(id, 1, Delivery::Unreliable, fragment.ack().to_v2().to_packet());
        if let Some(payload) = whole {
            self.latent_event(id, &payload, now);
        }
    }

    /// A whole event. It counts apart from those that come in one message.
    fn latent_event(&mut self, id: ClientId, payload: &[u8], now: Time) {
        let rate = self.config.message_rates.latent_events;
        let allowed = self
            .registry
            .update(id, |client| client.channel.latent_events.take(&rate, payload.len(), now));
        match allowed {
            Some(Allowed::Yes) => {
                let Ok(Whole { name, data }) = Whole::from_payload(payload, Version::V2) else {
                    return;
                };
                let (name, args) = (name.to_vec(), data.to_vec());
                self.event(Event::ServerEvent { client: id, name, args, latent: true });
            }
            Some(Allowed::Flood | Allowed::Size) => {
                self.drop_client(id, texts::LATENT_EVENT_OVERFLOW);
            }
            Some(Allowed::No) | None => {}
        }
    }

    /// Queues an event for one client; its first fragment goes out at the next poll.
    pub(super) fn send_latent(
        &mut self,
        id: ClientId,
        name: &str,
        args: &[u8],
        bytes_per_second: u32,
        now: Time,
    ) {
        let event = Whole { name: name.as_bytes(), data: args };
        let Some(payload) = event.to_payload(Version::V2) else { return };
        let limits = self.config.latent_limits;
        let sent = self.registry.update(id, |client| {
            let latent = client.channel.latent.get_or_insert_with(|| Box::new(Latent::new(limits)));
            latent.sender.send(payload, bytes_per_second)
        });
        // What does not fit is gone, as in the reference.
        if matches!(sent, Some(Ok(_))) {
            self.latent_due(id, now);
        }
    }

    /// Sends the fragments of one client that are due.
    pub(super) fn latent_due(&mut self, id: ClientId, now: Time) {
        let packets = self.registry.update(id, |client| {
            let mut packets = Vec::new();
            if let Some(latent) = &mut client.channel.latent {
                while let Some(fragment) = latent.sender.poll(now.elapsed()) {
                    packets.push(fragment.to_v2().to_packet());
                }
            }
            packets
        });
        for packet in packets.into_iter().flatten() {
            self.send(id, 1, Delivery::Unreliable, packet);
        }
    }
}
