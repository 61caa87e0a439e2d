//! What the server tells everyone of itself: variables, resources, and the settings of `msgFrame`
//! (reference: `ServerConsoleReplication.cpp`, `ServerResources.cpp`, `GameServer.cpp`).

use std::collections::BTreeMap;

use cfx_game::con_vars::ConVars;
use cfx_game::frame::Payload;
use cfx_game::resource::{ResStart, ResStop};
use cfx_game::server_frame::ServerFrame;

use super::registry::Client;
use super::{ClientId, Delivery, Server, SyncStyle};
use crate::msgpack;
use crate::time::Time;

impl Server {
    /// All variables, for a client that joins; a message without any is sent as well.
    pub(super) fn send_con_vars(&mut self, client: ClientId) {
        let data = msgpack::texts(self.config.con_vars.iter());
        self.send(client, 0, Delivery::Reliable, ConVars { data: &data }.to_packet());
    }

    /// Sets variables and tells everyone those that changed.
    pub(super) fn set_con_vars(&mut self, values: BTreeMap<String, String>) {
        let mut changed = values;
        changed.retain(|name, value| self.config.con_vars.get(name) != Some(value));
        if changed.is_empty() {
            return;
        }
        let data = msgpack::texts(changed.iter());
        self.config.con_vars.append(&mut changed);
        self.broadcast(&ConVars { data: &data }.to_packet());
    }

    /// A resource has started; each client may ask for one more configuration (SPEC MANIFEST-3).
    pub(super) fn start_resource(&mut self, name: &str, now: Time) {
        self.broadcast(&ResStart { resource_name: name.as_bytes() }.to_packet());
        for client in self.registry.ids() {
            self.limits.configuration.give_back(&client, now);
        }
    }

    pub(super) fn stop_resource(&mut self, name: &str) {
        self.broadcast(&ResStop { resource_name: name.as_bytes() }.to_packet());
    }

    /// What `msgFrame` tells this client (SPEC GAME-17).
    pub(super) fn frame_for(&self, client: &Client) -> ServerFrame {
        let strict = client.channel.lockdown.unwrap_or(self.config.strict_lockdown);
        let arq = self.config.sync_style == SyncStyle::Arq;
        ServerFrame { index: 0, lockdown_mode: strict.into(), sync_style: arq.into() }
    }

    /// Sets the lockdown of one client, or of all that have none of their own.
    pub(super) fn set_lockdown(&mut self, client: Option<ClientId>, strict: bool, now: Time) {
        self.change_frames(now, |server| match client {
            Some(id) => {
                server.registry.update(id, |client| client.channel.lockdown = Some(strict));
            }
            None => server.config.strict_lockdown = strict,
        });
    }

    pub(super) fn set_sync_style(&mut self, style: SyncStyle, now: Time) {
        self.change_frames(now, |server| server.config.sync_style = style);
    }

    /// Makes a change; those whose frame it changes are told at once.
    fn change_frames(&mut self, now: Time, change: impl FnOnce(&mut Self)) {
        let before: Vec<_> =
            self.registry.players().map(|client| (client.id, self.frame_for(client))).collect();
        change(self);
        for (id, frame) in before {
            if self.registry.get(id).is_some_and(|client| self.frame_for(client) != frame) {
                self.registry.update(id, |client| client.next_frame = now);
            }
        }
    }
}
