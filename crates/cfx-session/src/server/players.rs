//! Players are introduced to each other and taken leave of (stage J; reference:
//! `ClientRegistry.cpp`, `HandleConnectedClient`, and `GameServer.cpp`, `DropClientInternal`).

use super::{ClientId, Delivery, OneSync, Server};
use crate::msgpack;

/// A client's slot as events have it: all bits set without one.
fn slot_number(slot: Option<u16>) -> u32 {
    slot.map_or(u32::MAX, u32::from)
}

impl Server {
    /// A client holds its net id: everyone learns of it, and it of everyone, itself included. In big
    /// mode it learns of itself alone; there players meet as they come near each other.
    ///
    /// The reference tells a joiner of clients that are still connecting as well, under their
    /// temporary net ids.
    pub(super) fn introduce(&mut self, id: ClientId) {
        let Some(client) = self.registry.get(id) else { return };
        let (net_id, name) = (client.net_id, client.name.clone());
        if self.config.onesync == OneSync::Big {
            let slot = self.slot_told(0).unsigned_abs();
            self.tell_of_player(id, net_id, &name, slot);
        } else {
            let news = msgpack::player(net_id, &name, slot_number(client.slot));
            self.trigger_for_all("onPlayerJoining", &news);
            let others: Vec<_> = self.registry.players().map(|other| other.id).collect();
            for other in others {
                let Some(other) = self.registry.get(other) else { continue };
                let (net_id, name, slot) = (other.net_id, other.name.clone(), other.slot);
                self.tell_of_player(id, net_id, &name, slot_number(slot));
            }
        }
        self.join_bags(id);
        self.send_con_vars(id);
    }

    /// Tells one client of a player: `onPlayerJoining`.
    pub(super) fn tell_of_player(&mut self, to: ClientId, net_id: u32, name: &str, slot: u32) {
        self.trigger_for(to, "onPlayerJoining", &msgpack::player(net_id, name, slot));
    }

    /// A client that had joined is gone: those who stay learn of it, but in big mode. The reference
    /// tells the one that goes, too, and then resets its connection.
    pub(super) fn take_leave(&mut self, id: ClientId, net_id: u16, name: &str, slot: Option<u16>) {
        self.host_left(net_id);
        self.leave_bags(id, net_id);
        if self.config.onesync != OneSync::Big {
            let news = msgpack::player(net_id.into(), name, slot_number(slot));
            self.trigger_for_all("onPlayerDropped", &news);
        }
    }

    pub(super) fn trigger_for(&mut self, to: ClientId, name: &str, args: &[u8]) {
        let payload = super::events::net_event(name, args);
        self.send(to, 0, Delivery::Reliable, payload);
    }

    pub(super) fn trigger_for_all(&mut self, name: &str, args: &[u8]) {
        let payload = super::events::net_event(name, args);
        self.broadcast(&payload);
    }
}
