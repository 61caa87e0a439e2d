//! Script events, both ways (reference: `ServerEventPacketHandler.cpp`; `ServerResources.cpp`,
//! `TriggerClientEvent`).

use cfx_control::texts::dropped as texts;
use cfx_game::event::{EventName, NetEvent, ServerEvent};
use cfx_game::frame::Payload;

use super::channel::{Allowed, quote};
use super::{ClientId, Event, Server, Target};
use crate::time::Time;

/// A server's event as a packet.
pub(super) fn net_event(name: &str, args: &[u8]) -> Vec<u8> {
    let name = EventName::new(name.as_bytes());
    NetEvent { source_net_id: NetEvent::SERVER, name, data: args }.to_packet()
}

impl Server {
    /// An event of a client. One that comes too often is ignored, and at last drops the client; one
    /// that brings too many bytes drops it at once.
    pub(super) fn server_event(&mut self, id: ClientId, event: &ServerEvent<'_>, now: Time) {
        let rate = self.config.message_rates.events;
        let name = event.name.as_bytes();
        let bytes = name.len() + event.data.len();
        let allowed =
            self.registry.update(id, |client| client.channel.events.take(&rate, bytes, now));
        match allowed {
            Some(Allowed::Yes) => {
                let (name, args) = (name.to_vec(), event.data.to_vec());
                self.event(Event::ServerEvent { client: id, name, args, latent: false });
            }
            Some(Allowed::Flood) => self.drop_client(id, texts::EVENT_OVERFLOW),
            Some(Allowed::Size) => self.drop_client(id, &texts::event_size(&quote(name))),
            Some(Allowed::No) | None => {}
        }
    }

    /// The application triggers an event for clients.
    pub(super) fn trigger_event(
        &mut self,
        target: Target,
        name: &str,
        args: &[u8],
        latent: Option<u32>,
        now: Time,
    ) {
        match (target, latent) {
            (Target::Client(client), None) if self.has_joined(client) => {
                self.trigger_for(client, name, args);
            }
            (Target::Client(client), Some(rate)) if self.has_joined(client) => {
                self.send_latent(client, name, args, rate, now);
            }
            (Target::Client(_), _) => {}
            (Target::Everyone, None) => self.trigger_for_all(name, args),
            (Target::Everyone, Some(rate)) => {
                for client in self.players() {
                    self.send_latent(client, name, args, rate, now);
                }
            }
        }
    }

    fn has_joined(&self, client: ClientId) -> bool {
        self.registry.get(client).is_some_and(super::registry::Client::has_joined)
    }
}
