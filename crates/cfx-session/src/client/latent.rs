//! Events in fragments, both ways (reference: `EventReassemblyComponent.cpp`,
//! `ResourceNetBindings.cpp`). The server's bit version decides in which version a client sends; it
//! reads both.

use cfx_control::bit_version;
use cfx_game::frame::Payload;
use cfx_game::reassembled::{ReassembledEvent, ReassembledEventV2};
use cfx_onesync::reassembly::{
    Event as Whole, Fragment, Limits, Received, Receiver, Sender, Version,
};

use super::{Client, Delivery, Event};
use crate::time::Time;

/// Bytes that may wait for the server's acknowledgement; an event beyond them is not sent.
const MAX_QUEUED: usize = 32 << 20;

/// What a server may make a client hold. The reference sets no bound to a server.
const LIMITS: Limits = Limits {
    pending_events: 1000,
    event_bytes: 64 << 20,
    held_bytes: 128 << 20,
    finished_events: 16_384,
};

/// A client's fragments, by version and direction.
pub(super) struct Latent {
    receiver_v1: Receiver,
    receiver_v2: Receiver,
    sender_v1: Sender,
    sender_v2: Sender,
}

impl Default for Latent {
    fn default() -> Self {
        Self {
            receiver_v1: Receiver::new(Version::V1, LIMITS),
            receiver_v2: Receiver::new(Version::V2, LIMITS),
            sender_v1: Sender::new(Version::V1, MAX_QUEUED),
            sender_v2: Sender::new(Version::V2, MAX_QUEUED),
        }
    }
}

impl Latent {
    /// When the next fragment is to be sent.
    pub(super) fn due(&self) -> Option<Time> {
        let due = [self.sender_v1.next_due(), self.sender_v2.next_due()];
        due.into_iter().flatten().min().map(Time::at_or_after)
    }

    fn poll(&mut self, now: Time) -> Option<Vec<u8>> {
        if let Some(fragment) = self.sender_v1.poll(now.elapsed()) {
            return Some(fragment.to_v1().to_packet());
        }
        self.sender_v2.poll(now.elapsed()).map(|fragment| fragment.to_v2().to_packet())
    }
}

impl Client {
    pub(super) fn trigger_latent(&mut self, name: &str, args: &[u8], rate: u32, now: Time) {
        let event = Whole { name: name.as_bytes(), data: args };
        let (version, sender) = if self.session.supports(bit_version::REASSEMBLED_EVENT_V2) {
            (Version::V2, &mut self.session.latent.sender_v2)
        } else {
            (Version::V1, &mut self.session.latent.sender_v1)
        };
        // What does not fit is gone, as in the reference.
        let sent =
            event.to_payload(version).is_some_and(|payload| sender.send(payload, rate).is_ok());
        if sent {
            self.send_fragments(now);
        }
    }

    /// Sends the fragments that are due. They go on channel 0, not reliably: fragments have
    /// acknowledgements of their own.
    pub(super) fn send_fragments(&mut self, now: Time) {
        while let Some(packet) = self.session.latent.poll(now) {
            self.send(0, Delivery::Unreliable, packet);
        }
    }

    pub(super) fn fragment_v1(&mut self, message: &ReassembledEvent<'_>, now: Time) {
        let fragment = Fragment::from(message);
        let latent = &mut self.session.latent;
        if fragment.is_ack() {
            latent.sender_v1.acknowledge(&fragment);
        }
        let received = latent.receiver_v1.receive(&fragment, now.elapsed());
        self.fragment(received, fragment.ack().to_v1().to_packet(), Version::V1);
    }

    pub(super) fn fragment_v2(&mut self, message: &ReassembledEventV2<'_>, now: Time) {
        let fragment = Fragment::from(message);
        let latent = &mut self.session.latent;
        if fragment.is_ack() {
            latent.sender_v2.acknowledge(&fragment);
        }
        let received = latent.receiver_v2.receive(&fragment, now.elapsed());
        self.fragment(received, fragment.ack().to_v2().to_packet(), Version::V2);
    }

    fn fragment(&mut self, received: Received, ack: Vec<u8>, version: Version) {
        let whole = match received {
            Received::Kept => None,
            Received::Complete(payload) => Some(payload),
            Received::Ignored(_) => return,
        };
        self.send(0, Delivery::Unreliable, ack);
        let Some(payload) = whole else { return };
        if let Ok(Whole { name, data }) = Whole::from_payload(&payload, version) {
            let (name, args) = (name.to_vec(), data.to_vec());
            self.event(Event::NetEvent { name, args, latent: true });
        }
    }
}
